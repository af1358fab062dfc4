/* second_lists_mpfr.c -- second derivatives of the n-ary rows against 256-bit arithmetic: the gradient of the gradient on the
 * tape, and the Hessian of a function of params. Of three elements, over magnitudes from 2^-200 to 2^200 (norm2: 2^900), with ties.
 *
 * Errors count against the terms: 1 / z of norm2, which is (d_ij - x_i x_j / z^2) / z, and p_i, the softmax, of logsumexp,
 * which is p_i d_ij - p_i p_j. Other lists are linear, or a product of two.
 */
#include "mpfr_error.h"

#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <stdio.h>

enum { N = 3 };

typedef struct point { double x[2 * N]; } point;
typedef ad_var recorder(const ad_var *v);
typedef big second_derivative(const point *p, int i, int j);

static big nothing(const point *p, int i, int j) { (void)p, (void)i, (void)j; return num(0); }
static big pairs(const point *p, int i, int j) { (void)p; return num(i % N == j % N && i != j); }
static big one(const point *p, int i, int j) { (void)p, (void)i, (void)j; return num(1); }

static big length(const point *p)
{
    big sum = num(0);
    for (int i = 0; i < N; i++) sum = big_add(sum, big_sqr(num(p->x[i])));
    return big_sqrt(sum);
}
static big inverse_length(const point *p, int i, int j) { (void)i, (void)j; return inverse(length(p)); }
static big of_length(const point *p, int i, int j)
{
    big z = length(p), cosines = big_div(big_mul(num(p->x[i]), num(p->x[j])), big_sqr(z));
    return big_div(big_sub(num(i == j), cosines), z);
}

static big share(const point *p, int i)
{
    big sum = num(0);
    for (int k = 0; k < N; k++) sum = big_add(sum, big_exp(big_sub(num(p->x[k]), num(p->x[i]))));
    return inverse(sum);
}
/* The shares are of x - z, rounded as the larger of them is. */
static big rounded_share(const point *p, int i, int j)
{
    double most = fmax(fmax(fabs(p->x[0]), fabs(p->x[1])), fabs(p->x[2]));
    return big_mul(num(fmax(1, most)), big_max(share(p, i), share(p, j)));
}
static big of_shares(const point *p, int i, int j) { return big_mul(share(p, i), big_sub(num(i == j), share(p, j))); }

#define RECORD(name) static ad_var record_##name(const ad_var *v) { return ad_##name(N, v); }
RECORD(sum) RECORD(mean) RECORD(logsumexp) RECORD(norm2) RECORD(maximum) RECORD(minimum)
static ad_var record_dot(const ad_var *v) { return ad_dot(N, v, v + N); }

static const struct list {
    const char *name;
    recorder *record;
    int operands;
    double exponent;                       /* elements are from 2^-exponent to 2^exponent */
    second_derivative *exact, *size;
} lists[] = {
    {"sum", record_sum, N, 200, nothing, one},         {"mean", record_mean, N, 200, nothing, one},
    {"norm2", record_norm2, N, 900, of_length, inverse_length}, {"logsumexp", record_logsumexp, N, 8, of_shares, rounded_share},
    {"maximum", record_maximum, N, 200, nothing, one}, {"minimum", record_minimum, N, 200, nothing, one},
    {"dot", record_dot, 2 * N, 200, pairs, one},
};
enum { LISTS = sizeof lists / sizeof *lists };

static void on_tape(const struct list *l, const point *p, double H[4 * N * N])
{
    ad_tape *tape = ad_tape_new();
    ad_var v[2 * N], g[2 * N], h[2 * N];
    size_t n = (size_t)l->operands;
    for (size_t i = 0; i < n; i++) v[i] = ad_param(tape, NULL, p->x[i]);
    ad_gradient(l->record(v), n, v, g);
    for (size_t i = 0; i < n; i++) {
        ad_gradient(g[i], n, v, h);
        for (size_t j = 0; j < n; j++) H[i * n + j] = h[j].value;
    }
    cr_assert_eq(ad_tape_error(tape), AD_OK);
    ad_tape_free(tape);
}

static ad_function *function_of(const struct list *l)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[2 * N];
    for (int i = 0; i < l->operands; i++) v[i] = ad_param(tape, NULL, 0);
    ad_var z = l->record(v);
    ad_function *f = ad_function_new(tape, 1, &z);
    ad_tape_free(tape);
    return f;
}

static point draw_list(const struct list *l)
{
    static const int ties = 3;
    point p;
    double scale = magnitude(-l->exponent, l->exponent - 3);
    for (int i = 0; i < l->operands; i++) {
        double any = magnitude(-l->exponent, l->exponent), alike = scale * uniform(-4, 4);
        p.x[i] = i && random_bits() % ties == 0 ? p.x[i - 1] : random_bits() >> 63 ? any : alike;
    }
    return p;
}

static double worst_of(const struct list *l, const point *p, const double *H)
{
    double worst = 0;
    for (int i = 0; i < l->operands; i++)
        for (int j = 0; j < l->operands; j++) {
            big_reset();
            double got = H[i * l->operands + j];
            big error = big_div(big_sub(num(got), l->exact(p, i, j)), l->size(p, i, j));
            worst = isfinite(got) ? fmax(worst, fabs(mpfr_get_d(error, MPFR_RNDN))) : INFINITY;
        }
    return worst;
}

Test(second_derivatives, of_lists_are_within_their_bound)
{
    const double bound = 1e-15;            /* at 20000 lists the largest was 6e-16 */
    long points = getenv("AD_TEST_POINTS") ? points_asked_for() : 1000;
    big_start();
    for (int i = 0; i < LISTS; i++) {
        const struct list *l = &lists[i];
        ad_function *f = function_of(l);
        double H[4 * N * N], worst[2] = {0, 0};
        point at[2] = {{{0}}, {{0}}};
        random_state = 0x9e3779b97f4a7c15u;
        for (long k = 0; k < points; k++) {
            point p = draw_list(l);
            for (int tier = 0; tier < 2; tier++) {
                if (tier) cr_assert_eq(ad_function_hessian(f, p.x, NULL, 1, H), AD_OK);
                else on_tape(l, &p, H);
                double error = worst_of(l, &p, H);
                if (error > worst[tier]) worst[tier] = error, at[tier] = p;
            }
        }
        for (int tier = 0; tier < 2; tier++) {
            if (getenv("AD_TEST_TABLE"))
                printf("%-12s %-8s %9.2g at %.17g %.17g %.17g\n", l->name, tier ? "Hessian" : "symbols", worst[tier], at[tier].x[0],
                       at[tier].x[1], at[tier].x[2]);
            cr_expect(worst[tier] <= bound, "%s: a second derivative by %s is %g off at %.17g %.17g %.17g", l->name,
                      tier ? "the Hessian" : "symbols", worst[tier], at[tier].x[0], at[tier].x[1], at[tier].x[2]);
        }
        ad_function_free(f);
    }
    big_stop();
}
