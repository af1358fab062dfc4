/* kinks.c -- at kinks and singular points one stated convention holds, and a zero meets an infinity without a trace: in
 * the backward sweep and in the gradient as new nodes alike.
 */
#include "unit.h"
#include "../functions/zero_infinity.h"

static ad_tape *tape;
static void begin(void) { tape = ad_tape_new(); }
static void end(void)
{
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
TestSuite(kinks, .init = begin, .fini = end);
TestSuite(zero_times_infinity, .init = begin, .fini = end);

static ad_var at(double x) { return ad_param(tape, NULL, x); }

/* dE/dx in both tiers. */
static void slope(int line, ad_var E, ad_var x, double want)
{
    ad_var d;
    ad_backward(E);
    double eager = ad_grad(x);
    cr_assert(same(eager, want), "line %d: the sweep gives %.17g, not %.17g", line, eager, want);
    ad_gradient(E, 1, &x, &d);
    cr_assert(same(d.value, want), "line %d: the gradient as nodes is %.17g, not %.17g", line, d.value, want);
}
#define SLOPE(E, x, want) slope(__LINE__, E, x, want)

/* The slope of one operation at one point. */
#define AT(point, operation, want) \
    do { \
        ad_var x = at(point); \
        SLOPE(operation, x, want); \
    } while (0)

/* The table that the audit tells them from; tests/functions/kinks.c holds functions, lanes and generated C to it. */
Test(kinks, are_those_of_the_table)
{
    static const struct { const char *row; enum ad_op op; int by; double at[3], slope; } table[] = {
#define KINK(row, by, x, y, w, left, slope, right, words) {#row, AD_OP_##row, by, {x, y, w}, slope},
#include "autodiff/kinks.def"
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ad_var v[3], E = ad_const(NAN);
        for (int k = 0; k < 3; k++)
            v[k] = k == table[i].by ? at(table[i].at[k]) : ad_const(table[i].at[k]);
        switch (table[i].op) {
#define OP1(name, ...) case AD_OP_##name: E = ad_##name(v[0]); break;
#define OP2(name, ...) case AD_OP_##name: E = ad_##name(v[0], v[1]); break;
#define OP3(name, ...) case AD_OP_##name: E = ad_##name(v[0], v[1], v[2]); break;
#define FC1(name, ...)
#include "autodiff/ops.def"
        case AD_OP_leaky_relu: E = ad_leaky_relu(v[0], table[i].at[1]); break;
        case AD_OP_powi:       E = ad_powi(v[0], (int)table[i].at[1]); break;
        default: cr_assert(0, "%s", table[i].row);
        }
        slope((int)i, E, v[table[i].by], table[i].slope);
    }
}

Test(zero_times_infinity, is_nothing_in_all_of_the_table)
{
    for (int i = 0; i < ZEROS_TIMES_INFINITIES; i++) {
        ad_var x = at(zeros_times_infinities[i].x);
        slope(i, zero_times_infinity(i, x), x, zeros_times_infinities[i].slope);
    }
}

Test(kinks, have_the_least_slope)
{
    AT(0, ad_abs(x), 0);
    AT(-0.0, ad_abs(x), 0);
    AT(0, ad_relu(x), 0);
    AT(-0.0, ad_relu(x), 0);
    AT(0, ad_hypot(x, 0), 0);
    AT(0, ad_norm2(1, &x), 0);
    AT(0, ad_copysign(x, 1), 0);
    AT(0, ad_leaky_relu(x, 0.1), 0.1);
    AT(0, ad_elu(x), 1);
    AT(-1e-300, ad_abs(x), -1);
    AT(1e-300, ad_relu(x), 1);
}

Test(kinks, ties_share)
{
    ad_var x = at(2), y = at(2);
    SLOPE(ad_max(x, y), x, 0.5);
    SLOPE(ad_max(x, y), y, 0.5);
    SLOPE(ad_min(x, y), x, 0.5);
    SLOPE(ad_min(x, y), y, 0.5);
    SLOPE(ad_max(x, x), x, 1);
    AT(0, ad_max(x, 0), 0.5);
    AT(0, ad_max(0, x), 0.5);
    AT(-0.0, ad_max(x, 0), 0.5);
    AT(0, ad_min(x, 0), 0.5);
    AT(1e-300, ad_max(x, 0), 1);
    AT(-1e-300, ad_max(x, 0), 0);
}

/* Nested, the tie is shared pair by pair: a subgradient, though not the third that ad_maximum gives each. */
Test(kinks, three_tied_in_nested_maxima_share_a_whole_one)
{
    ad_var x = at(1), y = at(1), w = at(1), z = ad_max(ad_max(x, y), w);
    SLOPE(z, x, 0.25);
    SLOPE(z, y, 0.25);
    SLOPE(z, w, 0.5);
}

Test(kinks, ends_of_a_domain_have_the_one_sided_limit)
{
    AT(0, ad_sqrt(x), INFINITY);
    AT(-0.0, ad_sqrt(x), INFINITY);
    AT(0, ad_cbrt(x), INFINITY);
    AT(-0.0, ad_cbrt(x), INFINITY);
    AT(0, ad_log(x), INFINITY);
    AT(-0.0, ad_log(x), INFINITY);
    AT(0, ad_log2(x), INFINITY);
    AT(0, ad_log10(x), INFINITY);
    AT(-1, ad_log1p(x), INFINITY);
    AT(1, ad_asin(x), INFINITY);
    AT(-1, ad_asin(x), INFINITY);
    AT(1, ad_acos(x), -INFINITY);
    AT(-1, ad_acos(x), -INFINITY);
    AT(1, ad_acosh(x), INFINITY);
    AT(1, ad_atanh(x), INFINITY);
    AT(-1, ad_atanh(x), INFINITY);
}

Test(kinks, outside_of_a_domain_there_is_no_slope)
{
    AT(-1, ad_sqrt(x), NAN);
    AT(-1, ad_log(x), NAN);
    AT(-1, ad_log2(x), NAN);
    AT(-1, ad_log10(x), NAN);
    AT(-2, ad_log1p(x), NAN);
    AT(2, ad_asin(x), NAN);
    AT(-2, ad_acos(x), NAN);
    AT(0.5, ad_acosh(x), NAN);
    AT(-2, ad_acosh(x), NAN);
    AT(2, ad_atanh(x), NAN);
}

/* Nor is there one of the slope, however often it is derived: 0 would be a lie. */
Test(kinks, outside_of_a_domain_there_are_no_higher_derivatives)
{
    for (int i = 0; i < 12; i++) {
        ad_var x = at(i < 9 ? -2 : 2), y = ad_param(tape, NULL, 3), d;
        ad_var E = i == 0   ? ad_log(x)
                   : i == 1 ? ad_log2(x)
                   : i == 2 ? ad_log10(x)
                   : i == 3 ? ad_log1p(x)
                   : i == 4 ? ad_sqrt(x)
                   : i == 5 ? ad_acosh(x)
                   : i == 6 ? ad_acosh(ad_add(x, 2.5))
                   : i == 7 ? ad_atanh(x)
                   : i == 8 ? ad_pow(x, y)
                   : i == 9 ? ad_atanh(x)
                   : i == 10 ? ad_asin(x)
                             : ad_acos(x);
        ad_var by = i == 8 ? y : x;
        for (int order = 1; order < 4; order++) {
            slope(10 * i + order, E, by, NAN);
            ad_gradient(E, 1, &by, &d);
            E = d;
        }
    }
}

Test(kinks, clamp_passes_at_its_bounds_and_an_active_bound_passes)
{
    AT(1, ad_clamp(x, 1, 2), 1);
    AT(2, ad_clamp(x, 1, 2), 1);
    AT(1.5, ad_clamp(x, 1, 2), 1);
    AT(0.5, ad_clamp(x, 1, 2), 0);
    AT(2.5, ad_clamp(x, 1, 2), 0);
    AT(1, ad_clamp(0.5, x, 2), 1);
    AT(1, ad_clamp(1, x, 2), 0);
    AT(1, ad_clamp(1.5, x, 2), 0);
    AT(2, ad_clamp(2.5, 1, x), 1);
    AT(2, ad_clamp(2, 1, x), 0);
}

Test(kinks, steps_are_flat)
{
    const double points[] = {0, 0.5, 1, -1.5, 2.75, 1e300};
    for (int i = 0; i < 6; i++) {
        AT(points[i], ad_floor(x), 0);
        AT(points[i], ad_ceil(x), 0);
        AT(points[i], ad_round(x), 0);
        AT(points[i], ad_sign(x), 0);
        AT(points[i], ad_less(x, 0.5), 0);
        AT(points[i], ad_less_equal(x, 0.5), 0);
        AT(points[i], ad_greater(0.5, x), 0);
        AT(points[i], ad_greater_equal(x, 0.5), 0);
        AT(points[i], ad_equal(x, 0.5), 0);
        AT(points[i], ad_not_equal(x, 0.5), 0);
    }
}

Test(kinks, powers_at_zero)
{
    const struct {
        double y, dx, dy;
    } table[] = {
        {0, 0, -INFINITY},
        {0.25, INFINITY, 0},
        {0.5, INFINITY, 0},
        {0.75, INFINITY, 0},
        {1, 1, 0},
        {1.5, 0, 0},
        {2, 0, 0},
        {3, 0, 0},
        {-0.5, -INFINITY, -INFINITY},
        {-1, -INFINITY, -INFINITY},
        {-2, -INFINITY, -INFINITY},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ad_var x = at(0), y = at(table[i].y), z = ad_pow(x, y);
        ad_backward(z);
        cr_assert(same(ad_grad(x), table[i].dx), "0^%g: dx %g", table[i].y, ad_grad(x));
        SLOPE(z, x, table[i].dx);
        SLOPE(z, y, table[i].dy);
        AT(0, ad_pow(x, table[i].y), table[i].dx);
    }
    AT(0, ad_powi(x, 0), 0);
    AT(0, ad_powi(x, 1), 1);
    AT(0, ad_powi(x, 2), 0);
    AT(0, ad_powi(x, 5), 0);
    AT(0, ad_powi(x, -1), -INFINITY);
    AT(3, ad_powi(x, 0), 0);
    AT(3, ad_pow(x, 0), 0);
}

Test(kinks, powers_of_negative_numbers)
{
    ad_var x = at(-2), y = at(3), z = ad_pow(x, y);
    EQUAL(ad_value(z), -8);
    SLOPE(z, x, 12);
    SLOPE(z, y, NAN);
    AT(-2, ad_pow(x, 3), 12);                          /* the constant's slope concerns nobody */
    AT(-2, ad_pow(x, -1), -0.25);
    AT(-2, ad_powi(x, 3), 12);
    AT(-2, ad_powi(x, -2), 0.25);
    AT(2, ad_pow(0, x), 0);
}

Test(kinks, the_origin_of_angles_and_lengths_is_flat)
{
    const double zeros[] = {0, -0.0};
    for (int i = 0; i < 4; i++) {
        ad_var x = at(zeros[i / 2]), y = at(zeros[i % 2]), list[] = {x, y};
        SLOPE(ad_atan2(x, y), x, 0);
        SLOPE(ad_atan2(x, y), y, 0);
        SLOPE(ad_hypot(x, y), x, 0);
        SLOPE(ad_hypot(x, y), y, 0);
        SLOPE(ad_norm2(2, list), x, 0);
        SLOPE(ad_norm2(2, list), y, 0);
        SLOPE(ad_sqrt(ad_add(ad_square(x), ad_square(y))), x, 0);
    }
}

Test(kinks, a_branch_written_out_has_the_slope_of_the_branch_taken)
{
    AT(0, ad_select(ad_greater(x, 0), x, 0), 0);
    AT(0, ad_select(ad_greater_equal(x, 0), x, 0), 1);
    AT(0, x.value > 0 ? x : ad_mul(0, x), 0);
}

Test(zero_times_infinity, is_nothing)
{
    AT(0, ad_mul(0, ad_sqrt(x)), 0);
    AT(0, ad_mul(ad_sqrt(x), 0), 0);
    AT(0, ad_sqrt(ad_mul(x, x)), 0);
    AT(0, ad_sqrt(ad_square(x)), 0);
    AT(0, ad_sqrt(ad_mul(0, x)), 0);
    AT(0, ad_mul(0, ad_log(x)), 0);
    AT(-1, ad_mul(0, ad_log(x)), 0);
    AT(0, ad_mul(0, ad_div(1, x)), 0);
    AT(0, ad_cbrt(ad_mul(x, ad_mul(x, x))), 0);
    AT(0, ad_pow(ad_square(x), 0.5), 0);
    AT(0, ad_exp(ad_mul(0, ad_pow(x, 0.5))), 0);
    AT(0, ad_fma(0, ad_sqrt(x), x), 1);
    AT(0, ad_sqrt(ad_abs(x)), 0);
    AT(0, ad_asin(ad_cos(x)), 0);                      /* asin'(1) is infinite, cos'(0) is 0 */
    AT(1, ad_div(0, ad_sub(x, 1)), NAN);               /* 0/0: no zero slope anywhere */
}

Test(zero_times_infinity, keeps_what_comes_by_other_paths)
{
    ad_var x = at(0), y = at(3);
    ad_var E = ad_add(ad_mul(ad_mul(0, ad_sqrt(x)), y), ad_add(ad_mul(5, x), ad_mul(x, y)));
    SLOPE(E, x, 8);
    SLOPE(E, y, 0);
    ad_var h = ad_mul(x, y), F = ad_add(ad_mul(0, ad_log(h)), ad_square(ad_add(h, 2)));
    SLOPE(F, x, 12);
    SLOPE(F, h, 4);
}

Test(zero_times_infinity, stops_a_nan_from_a_branch_that_was_not_taken)
{
    ad_var condition = at(0);
    AT(-1, ad_select(ad_greater(x, 0), ad_log(x), x), 1);
    AT(-1, ad_select(ad_greater(x, 0), ad_sqrt(x), ad_mul(2, x)), 2);
    AT(0, ad_select(ad_greater(x, 0), ad_div(1, x), x), 1);
    AT(0, ad_select(ad_greater(x, 0), ad_mul(NAN, x), x), 1);
    AT(0, ad_select(ad_greater(x, 0), ad_mul(INFINITY, x), x), 1);
    AT(2, ad_select(ad_greater(x, 0), ad_square(x), ad_log(ad_neg(x))), 4);
    AT(1000, ad_select(ad_less(x, 1), ad_exp(x), x), 1);
    AT(1000, ad_select(ad_less(x, 1), ad_exp(ad_exp(x)), ad_mul(3, x)), 3);
    AT(1000, ad_elu(x), 1);
    AT(1000, ad_select(ad_less(x, 1), ad_elu(ad_exp(x)), x), 1);
    AT(-1, ad_max(ad_select(ad_equal(x, 0), ad_lgamma(x), 7), 0), 0);
    SLOPE(ad_select(condition, ad_log(condition), 1), condition, 0);
    SLOPE(ad_select(ad_not_equal(condition, 0), ad_div(ad_sin(condition), condition), 1), condition, 0);
}

Test(zero_times_infinity, a_nan_that_is_on_the_path_stays)
{
    AT(-1, ad_log(x), NAN);
    AT(-1, ad_mul(2, ad_sqrt(x)), NAN);
    AT(-1, ad_select(ad_less(x, 0), ad_log(x), x), NAN);
    AT(NAN, ad_square(x), NAN);
    AT(INFINITY, ad_sub(ad_square(x), ad_square(x)), NAN);
}

Test(zero_times_infinity, is_nothing_in_second_derivatives_too)
{
    const double points[] = {0, 0, -1, 1000, 2};
    for (int i = 0; i < 5; i++) {
        ad_var x = at(points[i]), d, dd;
        ad_var E = i == 0   ? ad_mul(0, ad_sqrt(x))
                   : i == 1 ? ad_fma(x, x, ad_mul(0, ad_log(x)))
                   : i == 2 ? ad_select(ad_greater(x, 0), ad_log(x), ad_square(x))
                   : i == 3 ? ad_select(ad_less(x, 1), ad_exp(x), ad_square(x))
                            : ad_select(ad_greater(x, 0), ad_square(x), ad_sqrt(ad_neg(x)));
        ad_gradient(E, 1, &x, &d);
        double want = i == 0 ? 0 : 2;
        slope(1000 + i, d, x, want);
        ad_gradient(d, 1, &x, &dd);
        EQUAL(dd.value, want);
    }
}

Test(zero_times_infinity, does_not_hide_in_lists)
{
    ad_var x = at(0), y = at(3), root = ad_sqrt(x), list[] = {root, y}, zeros[] = {ad_const(0), ad_const(1)};
    SLOPE(ad_dot(2, list, zeros), x, 0);
    SLOPE(ad_dot(2, list, zeros), y, 1);
    SLOPE(ad_mul(0, ad_sum(2, list)), x, 0);
    ad_var squares[] = {ad_square(x), ad_square(x)};
    SLOPE(ad_norm2(2, squares), x, 0);
    SLOPE(ad_sqrt(ad_sum(2, squares)), x, 0);
    ad_var far[] = {ad_log(x), y};                     /* log 0 = -inf weighs nothing */
    SLOPE(ad_logsumexp(2, far), x, 0);
    SLOPE(ad_logsumexp(2, far), y, 1);
}

/* Lists with infinite operands: flat, in every order. */
Test(kinks, sums_at_infinity_are_flat)
{
    const double ends[] = {INFINITY, -INFINITY};
    for (int i = 0; i < 2; i++) {
        ad_var x = at(ends[i]), y = at(3), list[] = {y, x, x};
        SLOPE(ad_norm2(3, list), x, 0);
        SLOPE(ad_norm2(3, list), y, 0);
        SLOPE(ad_logsumexp(3, list), x, 0);
        SLOPE(ad_logsumexp(3, list), y, i);            /* -inf weighs nothing */
        SLOPE(ad_logsumexp(2, list + 1), x, 0);
    }
    PLAIN_NAN(ad_copysign(2, NAN));
    PLAIN_NAN(ad_copysign(NAN, 2));
}

Test(zero_times_infinity, textbook_forms_that_fail_elsewhere)
{
    AT(800, ad_softplus(x), 1);
    AT(-800, ad_sigmoid(x), 0);
    AT(-800, ad_log_sigmoid(x), 1);
    ad_var x = at(1e200), y = at(1e200);
    ad_backward(ad_atan2(x, y));
    NEAR(ad_grad(x), 5e-201, 1e-15);
    NEAR(ad_grad(y), -5e-201, 1e-15);
    x = at(1e-200), y = at(1e-200);
    ad_backward(ad_atan2(x, y));
    NEAR(ad_grad(x), 5e199, 1e-15);
    NEAR(ad_grad(y), -5e199, 1e-15);
    ad_backward(ad_div(x, y));
    NEAR(ad_grad(y), -1e200, 1e-15);
    x = at(20);
    ad_backward(ad_tanh(x));
    NEAR(ad_grad(x), 1.6993417021166355e-17, 1e-14);
    x = at(40);
    ad_backward(ad_sigmoid(x));
    NEAR(ad_grad(x), 4.248354255291589e-18, 1e-14);
}
