/* side.c -- slopes from one side of a kink, and along a direction. */
#include "unit.h"

static ad_tape *tape;
static void begin(void) { tape = ad_tape_new(); }
static void end(void)
{
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
TestSuite(side, .init = begin, .fini = end);

static ad_var at(double x) { return ad_param(tape, NULL, x); }

static void sides(int line, ad_var E, ad_var x, double left, double right)
{
    double l = ad_one_sided(E, x, -1), r = ad_one_sided(E, x, 1);
    cr_expect(near(l, left, 1e-14) && near(r, right, 1e-14), "line %d: %.17g and %.17g, not %.17g and %.17g", line, l, r, left, right);
}
#define SIDES(E, x, left, right) sides(__LINE__, E, x, left, right)

Test(side, is_the_slope_where_a_formula_is_smooth)
{
    ad_var x = at(0.7), y = at(-1.2), list[] = {x, y, ad_mul(x, y)};
    ad_var formulas[] = {ad_exp(ad_mul(x, y)), ad_logsumexp(3, list), ad_dot(2, list, list + 1), ad_norm2(3, list), ad_mean(3, list),
                         ad_sum(3, list), ad_fma(x, y, x), ad_pow(x, y), ad_select(ad_less(x, y), y, ad_square(x)), ad_clamp(x, 0, 1)};
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        ad_backward(formulas[i]);
        sides((int)i, formulas[i], x, ad_grad(x), ad_grad(x));
        double direction[] = {0.3, -2}, want = 0.3 * ad_grad(x) - 2 * ad_grad(y);
        NEAR(ad_directional(formulas[i], 2, (ad_var[]){x, y}, direction), want, 1e-13);
    }
}

Test(side, of_corners_within_formulas)
{
    ad_var x = at(0);
    SIDES(ad_exp(ad_abs(x)), x, -1, 1);
    SIDES(ad_abs(ad_mul(-3, x)), x, -3, 3);
    SIDES(ad_sub(1, ad_relu(ad_neg(x))), x, 1, 0);
    SIDES(ad_abs(ad_abs(x)), x, -1, 1);
    SIDES(ad_max(x, ad_mul(2, x)), x, 1, 2);
    SIDES(ad_min(x, ad_mul(2, x)), x, 2, 1);
    SIDES(ad_max(ad_neg(x), x), x, -1, 1);
    SIDES(ad_mul(ad_abs(x), 0), x, 0, 0);
    SIDES(ad_sqrt(x), x, NAN, INFINITY);
    SIDES(ad_sqrt(ad_abs(x)), x, -INFINITY, INFINITY);
    SIDES(ad_leaky_relu(x, 0.25), x, 0.25, 1);
    SIDES(ad_hypot(x, ad_mul(2, x)), x, -sqrt(5), sqrt(5));
    ad_var list[] = {x, ad_mul(2, x), ad_mul(2, x)};
    SIDES(ad_norm2(3, list), x, -3, 3);
    SIDES(ad_maximum(3, list), x, 1, 2);
    SIDES(ad_minimum(3, list), x, 2, 1);
    SIDES(ad_clamp(x, 0, 1), x, 0, 1);
    SIDES(ad_copysign(2, x), x, 0, 0);
}

Test(side, of_a_written_branch_is_that_of_the_branch_on_that_side)
{
    ad_var x = at(0), y = at(2);
    SIDES(ad_select(ad_greater(x, 0), ad_mul(3, x), ad_mul(5, x)), x, 5, 3);
    SIDES(ad_select(ad_greater_equal(x, 0), ad_mul(3, x), ad_mul(5, x)), x, 5, 3);
    SIDES(ad_select(ad_equal(x, 0), 7, ad_mul(5, x)), x, 5, 5);
    SIDES(ad_mul(ad_floor(y), y), y, 1, 2);
    SIDES(ad_mul(ad_ceil(y), y), y, 2, 3);
    SIDES(ad_mul(ad_sign(x), ad_add(x, 1)), x, -1, 1);
}

/* sqrt(x x) has slope 0 inside and an infinite one outside: first derivatives do not tell. */
Test(side, that_first_derivatives_do_not_tell_is_nan)
{
    ad_var x = at(0);
    SIDES(ad_sqrt(ad_square(x)), x, NAN, NAN);
    SIDES(ad_pow(ad_square(x), 0.5), x, NAN, NAN);
}

Test(side, along_a_direction_at_a_tie)
{
    ad_var x = at(1), y = at(1), E = ad_max(x, y);
    NEAR(ad_directional(E, 2, (ad_var[]){x, y}, (double[]){3, 1}), 3, 0);
    NEAR(ad_directional(E, 2, (ad_var[]){x, y}, (double[]){-3, -1}), -1, 0);
    NEAR(ad_directional(ad_hypot(ad_sub(x, 1), ad_sub(y, 1)), 2, (ad_var[]){x, y}, (double[]){-3, 4}), 5, 0);
}

Test(side, by_an_intermediate_holds_the_others)
{
    ad_var x = at(2), h = ad_sub(x, 2), E = ad_add(ad_abs(h), ad_mul(x, 10));
    SIDES(E, h, -1, 1);
    SIDES(E, x, 9, 11);
    SIDES(E, E, 1, 1);
    SIDES(h, E, 0, 0);
    SIDES(ad_const(1), x, 0, 0);
}

Test(side, of_stale_and_missing_variables_is_nan)
{
    ad_tape *other = ad_tape_new();
    ad_var x = ad_param(other, NULL, 1), E = ad_abs(x);
    cr_assert(isnan(ad_directional(E, 1, NULL, NULL)));
    STATUS(other, AD_ERROR_ARGUMENT);
    ad_tape_reset(other);
    cr_assert(isnan(ad_one_sided(E, x, 1)));
    STATUS(other, AD_ERROR_STALE);
    ad_tape_free(other);
}
