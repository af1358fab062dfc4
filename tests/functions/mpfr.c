/* mpfr.c -- derivatives of random formulas, on the tape and of functions, up to the third, against differences of the same
 * formulas in 256 bits. The bound is that of tests/fuzz/witness.h. Looks inside the library. */
#include "formulas.h"

#include "../fuzz/witness.h"
#include "../laws/mpfr_rules.h"

#include <criterion/criterion.h>

enum { INPUTS = PARAMS + COLUMNS, MOST_NODES = 1 << 15 };

/* ---- A function's graph in 256 bits ------------------------------------------------------------------------------------- */

static mpfr_t node[MOST_NODES];

static big row_in_bits(uint32_t op, big x, big y, big w)
{
    switch (op) {
#define OP1(name, ...) case AD_OP_##name: return reference_##name.value(x, y, w);
#define OP2 OP1
#define OP3 OP1
#define FC1 OP1
#include <autodiff/ops.def>
    default: return num(NAN);
    }
}

/* At x + step v. */
static void value_in_bits(const ad_function *f, const double *x, const double *v, double step, mpfr_t result)
{
    const ad_graph *G = &f->graph;
    for (uint32_t i = 0; i < G->n; i++) {
        const ad_graph_node *n = ad_graph_at(G, i);
        size_t input = n->op == AD_OP_PARAM ? n->x : PARAMS + (size_t)n->x;
        big_reset();
        if (n->op == AD_OP_CONSTANT)
            mpfr_set_d(node[i], n->number, MPFR_RNDN);
        else if (n->op == AD_OP_PARAM || n->op == AD_OP_COLUMN)
            mpfr_set(node[i], big_add(num(x[input]), big_mul(num(step), num(v[input]))), MPFR_RNDN);
        else if (n->op >= AD_OP_COUNT)
            mpfr_set(node[i], node[n->x], MPFR_RNDN);
        else
            mpfr_set(node[i], row_in_bits(n->op, node[n->x], node[n->y], node[n->w]), MPFR_RNDN);
    }
    mpfr_set(result, node[f->outputs[0]], MPFR_RNDN);
}

/* The first and third derivative along v at x, by central differences; 0 where the slopes of the two sides differ: a kink. */
static int differences(const ad_function *f, const double *x, const double *v, double *first, double *third)
{
    const double h = 0x1p-40;
    mpfr_t y[5], left, right;
    mpfr_inits2(BITS, left, right, (mpfr_ptr)NULL);
    for (int k = 0; k < 5; k++) {
        mpfr_init2(y[k], BITS);
        value_in_bits(f, x, v, (k - 2) * h, y[k]);
    }
    big_reset();
    big one = big_div(big_sub(y[3], y[1]), num(2 * h));
    big eight = big_sub(big_mul(num(8), big_sub(y[3], y[1])), big_sub(y[4], y[0]));        /* good to h^4 */
    big three = big_div(big_sub(big_sub(y[4], y[0]), big_mul(num(2), big_sub(y[3], y[1]))), num(2 * h * h * h));
    big bend = big_div(big_sub(big_add(y[3], y[1]), big_mul(num(2), y[2])), num(h));
    big far = big_div(big_sub(big_add(y[4], y[0]), big_mul(num(2), y[2])), num(2 * h));
    double kink = mpfr_get_d(bend, MPFR_RNDN), wider = mpfr_get_d(far, MPFR_RNDN), slope = mpfr_get_d(one, MPFR_RNDN);
    *first = mpfr_get_d(big_div(eight, num(12 * h)), MPFR_RNDN);
    *third = mpfr_get_d(three, MPFR_RNDN);
    for (int k = 0; k < 5; k++)
        mpfr_clear(y[k]);
    mpfr_clears(left, right, (mpfr_ptr)NULL);
    return fabs(kink) + fabs(wider) < 1e-6 * (1 + fabs(slope)) && isfinite(*third);
}

/* ---- The same by the engine --------------------------------------------------------------------------------------------- */

/* f's tangent along new inputs, which stand after its own; of a tangent again along the same ones. */
static ad_function *tangent_of(const ad_function *f)
{
    size_t chosen[INPUTS], params = ad_function_params(f);
    for (size_t i = 0; i < INPUTS; i++)
        chosen[i] = i < PARAMS ? i : params + i - PARAMS;
    ad_function *t = ad_function_derive(f, (ad_derive_options){.mode = AD_TANGENT, .n = INPUTS, .inputs = chosen});
    cr_assert_not_null(t);
    return t;
}

/* Inputs of an order-th tangent: x, then v order times. */
static void inputs_of(int order, const double *x, const double *v, double *params, double *columns)
{
    for (int k = 0; k <= order; k++) {
        for (int i = 0; i < PARAMS; i++)
            params[k * PARAMS + i] = k ? v[i] : x[i];
        for (int i = 0; i < COLUMNS; i++)
            columns[k * COLUMNS + i] = k ? v[PARAMS + i] : x[PARAMS + i];
    }
}

/* Whether a difference is what the engine has, at a point and in the lanes. 1, 0, or -1: nothing can be told. */
static int is_that(const ad_function *t, int order, const double *x, const double *v, double wanted, double *got)
{
    double params[4 * PARAMS], columns[4 * COLUMNS], lanes;
    const double *arrays[4 * COLUMNS];
    static bounded w[MOST_NODES];
    inputs_of(order, x, v, params, columns);
    for (int k = 0; k < 4 * COLUMNS; k++)
        arrays[k] = &columns[k];
    cr_assert(t->graph.n < MOST_NODES);
    witness(&t->graph, params, columns, w);
    cr_assert_eq(ad_function_at(t, params, columns, got), AD_OK);
    cr_assert_eq(ad_function_sum(t, params, arrays, 1, &lanes), AD_OK);
    bounded z = w[t->outputs[0]];
    z.value = wanted;
    z.error += 1e-14 * fabs(wanted) + 1e-18;
    if (!(z.error < 1e-6 * (1 + fabs(wanted))))
        return -1;
    return agrees(*got, z, 4) && agrees(lanes, z, 4);
}

static double on_the_tape(uint64_t seed, const double *x, const double *v)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[INPUTS];
    double slope = 0;
    for (int i = 0; i < INPUTS; i++)
        inputs[i] = ad_param(tape, NULL, x[i]);
    at_a_jump = 0;
    ad_backward(formula(inputs, seed));
    for (int i = 0; i < INPUTS; i++)
        slope += ad_grad(inputs[i]) * v[i];
    ad_tape_free(tape);
    return slope;
}

Test(mpfr, first_and_third_derivatives_are_limits_of_differences, .timeout = 600)
{
    int trials = getenv("AD_SOAK") ? 10000 : 150, told = 0, skipped = 0;
    big_start();
    for (int i = 0; i < MOST_NODES; i++)
        mpfr_init2(node[i], BITS);
    for (int trial = 0; trial < trials; trial++) {
        uint64_t seed = (uint64_t)trial * 1009 + 3;
        double x[INPUTS], v[INPUTS], first, third, got1, got3;
        ad_tape *tape = ad_tape_new();
        ad_var inputs[INPUTS];
        for (int i = 0; i < INPUTS; i++)
            inputs[i] = i < PARAMS ? ad_param(tape, NULL, 0) : ad_column(tape, NULL);
        ad_var E = formula(inputs, seed);
        ad_function *f = ad_function_new(tape, 1, &E);
        ad_tape_free(tape);
        cr_assert_not_null(f);
        state = seed + 17;
        for (int i = 0; i < INPUTS; i++) {
            x[i] = 1.5 * uniform();
            v[i] = uniform();
        }
        double slope = on_the_tape(seed, x, v);
        if (at_a_jump || !differences(f, x, v, &first, &third)) {
            skipped++;
            ad_function_free(f);
            continue;
        }
        ad_function *t1 = tangent_of(f), *t2 = tangent_of(t1), *t3 = tangent_of(t2);
        int one = is_that(t1, 1, x, v, first, &got1), three = is_that(t3, 3, x, v, third, &got3);
        cr_assert(one, "trial %d: the derivative is %.17g, by differences %.17g", trial, got1, first);
        cr_assert(one < 0 || fabs(slope - first) <= 1e-12 * (1 + fabs(first)), "trial %d: on the tape the derivative is %.17g, by "
                  "differences %.17g", trial, slope, first);
        cr_assert(three, "trial %d: the third derivative is %.17g, by differences %.17g", trial, got3, third);
        told += (one > 0) + (three > 0);
        ad_function_free(t3);
        ad_function_free(t2);
        ad_function_free(t1);
        ad_function_free(f);
    }
    for (int i = 0; i < MOST_NODES; i++)
        mpfr_clear(node[i]);
    big_stop();
    printf("%d of %d derivatives told, %d formulas skipped at jumps and kinks\n", told, 2 * trials, skipped);
    cr_assert(told > trials, "%d of %d derivatives could be told, %d formulas were skipped", told, 2 * trials, skipped);
}
