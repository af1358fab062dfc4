/* random.c -- correct gradients of random formulas over all rows of the rule book: none is called wrong, neither against the
 * recorded function nor, kinks and jumps and noise included, against differences of its value. AD_SOAK=1: 25 times as many. */
#include "../functions/formulas.h"

#include <autodiff/insight/check.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static ad_function *f;
static uint64_t seed;

static double value(size_t n, const double *x)
{
    double z;
    (void)n;
    return ad_function_at(f, x, NULL, &z) == AD_OK ? z : NAN;
}

/* As a program of its own would compute it: on a tape, one point at a time. */
static void gradient(size_t n, const double *x, double *g)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[PARAMS + COLUMNS] = {{0, 0}};
    for (size_t i = 0; i < n; i++)
        inputs[i] = ad_param(tape, NULL, x[i]);
    ad_backward(formula(inputs, seed));
    for (size_t i = 0; i < n; i++)
        g[i] = ad_grad(inputs[i]);
    ad_tape_free(tape);
}

enum { INPUTS = PARAMS + COLUMNS };

static void record(double *x)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[INPUTS];
    state = seed * 7919 + 1;
    for (int i = 0; i < INPUTS; i++)
        x[i] = 1.5 * uniform();
    for (int i = 0; i < INPUTS; i++)
        inputs[i] = ad_param(tape, NULL, x[i]);
    ad_var E = formula(inputs, seed);
    f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
}

/* right, wrong and undecided components over many formulas. */
static void check_all(uint64_t trials, int by_differences, size_t *counts)
{
    for (seed = 0; seed < trials; seed++) {
        double x[INPUTS];
        record(x);
        ad_check *c = ad_check_gradient(INPUTS, x, (ad_check_options){.function = by_differences ? NULL : f, .value = value,
                                        .gradient = gradient, .points = by_differences ? 3 : 20, .seed = seed});
        cr_assert_eq(c->status, AD_OK, "%s", c->message);
        for (size_t i = 0; i < c->n; i++)
            cr_assert(c->entries[i].verdict != AD_WRONG, "formula %llu, input %zu at point %zu: yours %.17g, %s %.17g +- %.2g: %s",
                      (unsigned long long)seed, i, c->entries[i].point, c->entries[i].yours, by_differences ? "differences" : "exact",
                      c->entries[i].exact, c->entries[i].error, c->entries[i].detail);
        counts[0] += c->right;
        counts[1] += c->cannot_tell;
        ad_check_free(c);
        ad_function_free(f);
    }
    if (getenv("AD_SOAK"))
        fprintf(stderr, "%s: %zu right, 0 wrong, %zu cannot be told\n", by_differences ? "differences" : "exact", counts[0], counts[1]);
}

static uint64_t times(uint64_t normal) { return getenv("AD_SOAK") ? 25 * normal : normal; }

Test(random_gradients, held_against_the_recorded_function_are_never_wrong, .timeout = 0)
{
    size_t counts[2] = {0, 0};
    check_all(times(600), 0, counts);
    cr_assert(counts[0] > 8 * counts[1], "%zu right, but %zu undecided", counts[0], counts[1]);
}

Test(random_gradients, held_against_differences_are_never_wrong, .timeout = 0)
{
    size_t counts[2] = {0, 0};
    check_all(times(40), 1, counts);
    cr_assert(counts[0] > 2 * counts[1], "%zu right, but %zu undecided", counts[0], counts[1]);
}
