/* fitting.h -- what the tests of fits share: a formula of params and columns, fitted in one call. It holds no test. */
#ifndef TESTS_FIT_FITTING_H
#define TESTS_FIT_FITTING_H

#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Names separated by blanks. */
static inline size_t split(const char *names, char parts[][16], size_t most)
{
    size_t n = 0;
    for (int used = 0; n < most && sscanf(names, " %15s%n", parts[n], &used) == 1; names += used)
        n++;
    return n;
}

/* The function of formulas of params and columns named in two lists; NULL never: a formula that cannot be read fails the test. */
static inline ad_function *formulas(size_t n, const char *const *text, const char *params, const char *columns, ad_allocator *allocator)
{
    char names[32][16];
    ad_var outputs[8];
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = allocator ? *allocator : (ad_allocator){0}});
    size_t count = split(params, names, 32);
    for (size_t k = 0; k < count; k++)
        ad_param(tape, names[k], 0.5);
    count = split(columns, names, 32);
    for (size_t k = 0; k < count; k++)
        ad_column(tape, names[k]);
    for (size_t k = 0; k < n; k++)
        outputs[k] = ad_formula(tape, text[k]);
    ad_function *f = ad_function_new(tape, n, outputs);
    if (ad_tape_error(tape) != AD_OK) {                                    /* recorded without memory: not the formula */
        ad_function_free(f);
        f = NULL;
    }
    cr_assert(f || allocator, "%s: %s", text[0], ad_tape_error_message(tape));
    ad_tape_free(tape);
    return f;
}

static inline ad_fit_result *fitted(const char *text, const char *params, const double *start, const char *names,
                                    const double *const *columns, size_t rows, ad_fit_options options)
{
    ad_function *f = formulas(1, &text, params, names, NULL);
    ad_fit_result *fit = ad_fit(f, start, columns, rows, options);
    ad_function_free(f);
    return fit;
}

static inline int is_near(double x, double y, double relative) { return fabs(x - y) <= relative * fmax(fabs(x), fabs(y)); }

#define NEAR(got, wanted, relative) \
    do { \
        double got_ = (got), wanted_ = (wanted); \
        cr_assert(is_near(got_, wanted_, relative), "%s is %.17g, not %.17g", #got, got_, wanted_); \
    } while (0)
#define CONVERGED(fit) cr_assert_eq((fit)->outcome, AD_FIT_CONVERGED, "%s", (fit)->message)

/* splitmix64; uniform in (0, 1), and normal by Box and Muller's transform. */
static inline double uniform(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53;
}

static inline double normal(uint64_t *state)
{
    double u = uniform(state);
    return sqrt(-2 * log(u)) * cos(2 * M_PI * uniform(state));
}

#endif
