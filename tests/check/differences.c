/* differences.c -- the check against plain C code: steps by itself, an honest error, kinks, domains, noise. */
#include "exam.h"

static double (*scalar)(double);
static double (*slope)(double);
static double value(size_t n, const double *x) { (void)n; return scalar(x[0]); }
static void gradient(size_t n, const double *x, double *g) { (void)n; g[0] = slope(x[0]); }

static ad_verdict verdict_at(double x, double (*f)(double), double (*d)(double), const double *lower, const double *upper)
{
    scalar = f;
    slope = d;
    ad_check *c = ad_check_gradient(1, &x, (ad_check_options){.value = value, .gradient = gradient, .lower = lower, .upper = upper});
    cr_assert_eq(c->status, AD_OK);
    cr_assert_eq(c->by_differences, 1);
    ad_verdict v = c->verdict;
    ad_check_free(c);
    return v;
}

static double squared(double x) { return x * x; }
static double twice(double x) { return 2 * x; }
static double minus_twice(double x) { return -2 * x; }
static double reciprocal(double x) { return 1 / x; }
static double log_inside(double x) { cr_assert(x > 0, "log was taken at %g", x); return log(x); }
static double one(double x) { (void)x; return 1; }
static double zero(double x) { (void)x; return 0; }
static double constant(double x) { (void)x; return 3; }
static double minus_sin(double x) { return -sin(x); }
static double large_and_linear(double x) { return 1e10 + x; }
static double in_floats(double x) { return (float)sin((float)x); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double sigmoid_slope(double x) { return exp(-fabs(x)) / ((1 + exp(-fabs(x))) * (1 + exp(-fabs(x)))); }
static double root(double x) { return x < 0 ? NAN : sqrt(x); }
static double root_slope(double x) { return 0.5 / sqrt(x); }
static double sign(double x) { return (x > 0) - (x < 0); }
static double slightly_off(double x) { return 2 * x * (1 + 1e-6); }
static double noisy(double x) { return sin(x) + 1e-6 * sin(1e9 * x); }
static double noisy_cos(double x) { return cos(x) * (1 + 1e-5); }

Test(differences, right_slopes_are_right_at_any_scale)
{
    cr_assert_eq(verdict_at(1e10, squared, twice, NULL, NULL), AD_RIGHT);
    cr_assert_eq(verdict_at(0, squared, twice, NULL, NULL), AD_RIGHT);
    cr_assert_eq(verdict_at(1e-8, squared, twice, NULL, NULL), AD_RIGHT);
    cr_assert_eq(verdict_at(1, exp, exp, NULL, NULL), AD_RIGHT);
    cr_assert_eq(verdict_at(600, exp, exp, NULL, NULL), AD_RIGHT);
    cr_assert_eq(verdict_at(1e-8, cos, minus_sin, NULL, NULL), AD_RIGHT);
    cr_assert_eq(verdict_at(2, constant, zero, NULL, NULL), AD_RIGHT);
    cr_assert_eq(verdict_at(-30, sigmoid, sigmoid_slope, NULL, NULL), AD_RIGHT);
}

Test(differences, the_domain_of_log_at_1e_8_is_not_left)
{
    cr_assert_eq(verdict_at(1e-8, log_inside, reciprocal, &(double){0}, NULL), AD_RIGHT);
    double x = 1e-8;
    scalar = log_inside, slope = reciprocal;
    ad_check *c = ad_check_gradient(1, &x, (ad_check_options){.value = value, .gradient = gradient, .given_only = 1});
    cr_assert_eq(c->verdict, AD_RIGHT);
    ad_check_free(c);
}

Test(differences, wrong_slopes_are_wrong)
{
    cr_assert_eq(verdict_at(1e10, squared, minus_twice, NULL, NULL), AD_WRONG);
    cr_assert_eq(verdict_at(3, squared, slightly_off, NULL, NULL), AD_WRONG);
    cr_assert_eq(verdict_at(1, exp, one, NULL, NULL), AD_WRONG);
    cr_assert_eq(verdict_at(2, constant, one, NULL, NULL), AD_WRONG);
    cr_assert_eq(verdict_at(2, large_and_linear, zero, NULL, NULL), AD_WRONG);
}

Test(differences, no_verdict_is_firmer_than_the_error_allows)
{
    cr_assert_neq(verdict_at(1, in_floats, cos, NULL, NULL), AD_WRONG);
    cr_assert_neq(verdict_at(1, noisy, noisy_cos, NULL, NULL), AD_WRONG);
    cr_assert_neq(verdict_at(2, large_and_linear, one, NULL, NULL), AD_WRONG);
    cr_assert_eq(verdict_at(1, in_floats, zero, NULL, NULL), AD_WRONG);
}

Test(differences, kinks_and_jumps_cannot_be_told)
{
    cr_assert_eq(verdict_at(0, fabs, sign, NULL, NULL), AD_CANNOT_TELL);
    cr_assert_eq(verdict_at(0, fabs, one, NULL, NULL), AD_WRONG);          /* at points below 0 */
    cr_assert_eq(verdict_at(0, root, root_slope, NULL, NULL), AD_CANNOT_TELL);
    double x = 0;
    scalar = fabs, slope = one;
    ad_check *c = ad_check_gradient(1, &x, (ad_check_options){.value = value, .gradient = gradient, .given_only = 1});
    cr_assert_eq(c->verdict, AD_CANNOT_TELL);
    cr_assert(strstr(c->entries[0].detail, "kink"));
    ad_check_free(c);
    x = 2;
    scalar = floor, slope = zero;
    c = ad_check_gradient(1, &x, (ad_check_options){.value = value, .gradient = gradient, .given_only = 1});
    cr_assert_eq(c->verdict, AD_CANNOT_TELL);
    ad_check_free(c);
}

static double within(size_t n, const double *x)
{
    for (size_t i = 0; i < n; i++)
        cr_assert(x[i] >= 0 && x[i] <= 1, "evaluated at %g", x[i]);
    return x[0] * x[0] * exp(x[1]);
}
static void within_gradient(size_t n, const double *x, double *g)
{
    (void)n;
    g[0] = 2 * x[0] * exp(x[1]);
    g[1] = x[0] * x[0] * exp(x[1]);
}

Test(differences, at_a_bound_they_look_inside_alone)
{
    double lower[] = {0, 0}, upper[] = {1, 1};
    double points[][2] = {{0, 0}, {1, 1}, {0, 1}, {0.5, 1e-9}, {1 - 1e-12, 0.3}};
    for (size_t k = 0; k < 5; k++) {
        ad_check *c = ad_check_gradient(2, points[k], (ad_check_options){.value = within, .gradient = within_gradient, .lower = lower, .upper = upper});
        cr_assert_neq(c->verdict, AD_WRONG, "point %zu", k);
        cr_assert(k == 4 || c->verdict == AD_RIGHT, "point %zu: %s %s", k, c->entries[0].detail, c->entries[1].detail);
        ad_check_free(c);
    }
}

Test(differences, causes_that_need_no_graph_are_named)
{
    static const struct { slip s; ad_cause cause; } slips[] = {
        {SIGN, AD_CAUSE_SIGN}, {TWICE, AD_CAUSE_FACTOR}, {HALF, AD_CAUSE_FACTOR}, {TIMES_N, AD_CAUSE_FACTOR}, {SWAP_W_U, AD_CAUSE_SWAPPED},
        {B_FOR_W, AD_CAUSE_OTHER_VARIABLE}, {PLUS_ONE, AD_CAUSE_OFFSET}, {FLOATS, AD_CAUSE_SINGLE_PRECISION}, {NO_PATH, AD_CAUSE_UNKNOWN},
    };
    for (size_t k = 0; k < sizeof slips / sizeof *slips; k++) {
        exam_slip = slips[k].s;
        ad_check *c = ad_check_gradient(PARAMS, POINT, (ad_check_options){.value = exam_value, .gradient = exam_gradient});
        cr_assert_eq(c->entries[W].verdict, AD_WRONG, "slip %zu", k);
        cr_assert_eq(c->entries[W].cause, slips[k].cause, "slip %zu: %s", k, c->entries[W].detail);
        cr_assert_eq(c->entries[V].verdict, AD_RIGHT, "slip %zu: %s", k, c->entries[V].detail);
        ad_check_free(c);
    }
}
