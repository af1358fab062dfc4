/* zero_infinity.h -- formulas of x in whose derivative a zero meets an infinity or NaN, and their slope all the same: the
 * limit, or what the branch taken has; and lists at their kinks, which kinks.def has no place for. Tested in every tier from
 * here. It holds no test.
 */
#ifndef TESTS_FUNCTIONS_ZERO_INFINITY_H
#define TESTS_FUNCTIONS_ZERO_INFINITY_H

#include <autodiff/autodiff.h>
#include <math.h>

#define LIST(...) ((ad_var[]){__VA_ARGS__})
#define ZERO_TIMES_INFINITY(FORMULA) \
    FORMULA( 0,    0, ad_mul(0, ad_sqrt(x))) \
    FORMULA( 0,    0, ad_mul(ad_sqrt(x), 0)) \
    FORMULA( 0,    0, ad_sqrt(ad_mul(x, x))) \
    FORMULA( 0,    0, ad_sqrt(ad_square(x))) \
    FORMULA( 0,    0, ad_sqrt(ad_add(ad_square(x), ad_mul(x, x)))) \
    FORMULA( 0,    0, ad_sqrt(ad_abs(x))) \
    FORMULA( 0,    0, ad_pow(ad_square(x), 0.5)) \
    FORMULA( 0,    0, ad_cbrt(ad_mul(x, ad_mul(x, x)))) \
    FORMULA( 0,    0, ad_asin(ad_cos(x))) \
    FORMULA( 0,    0, ad_mul(0, ad_log(x))) \
    FORMULA( 0,    0, ad_mul(0, ad_div(1, x))) \
    FORMULA( -1,   0, ad_mul(0, ad_log(x))) \
    FORMULA( 0,    1, ad_fma(0, ad_sqrt(x), x)) \
    FORMULA( 0,    5, ad_add(ad_mul(0, ad_log(x)), ad_mul(5, x))) \
    FORMULA( -1,   1, ad_select(ad_greater(x, 0), ad_log(x), x)) \
    FORMULA( -1,   2, ad_select(ad_greater(x, 0), ad_sqrt(x), ad_mul(2, x))) \
    FORMULA( 0,    1, ad_select(ad_greater(x, 0), ad_div(1, x), x)) \
    FORMULA( 0,    1, ad_select(ad_greater(x, 0), ad_mul(NAN, x), x)) \
    FORMULA( 0,    1, ad_select(ad_greater(x, 0), ad_mul(INFINITY, x), x)) \
    FORMULA( 2,    4, ad_select(ad_greater(x, 0), ad_square(x), ad_log(ad_neg(x)))) \
    FORMULA( 1000, 1, ad_select(ad_less(x, 1), ad_exp(x), x)) \
    FORMULA( 1000, 3, ad_select(ad_less(x, 1), ad_exp(ad_exp(x)), ad_mul(3, x))) \
    FORMULA( 1000, 1, ad_select(ad_less(x, 1), ad_elu(ad_exp(x)), x)) \
    FORMULA( 1000, 1, ad_select(ad_greater(x, 0), x, ad_sub(ad_exp(x), 1))) \
    FORMULA( 0,    1, ad_add(x, ad_max(ad_sqrt(x), 1))) \
    FORMULA( 0,    1, ad_add(x, ad_clamp(ad_sqrt(x), 1, 2))) \
    FORMULA( 0,    0, ad_exp(ad_mul(0, ad_pow(x, 0.5)))) \
    FORMULA( 0,    0, ad_mul(0, ad_product_over(1, 1, x))) \
    FORMULA( 0,    0, ad_mul(0, ad_over_product(1, x, x))) \
    FORMULA( 0,    0, ad_dot(2, LIST(ad_sqrt(x), ad_const(3)), LIST(ad_const(0), ad_const(1)))) \
    FORMULA( 0,    2, ad_dot(2, LIST(ad_const(0), ad_const(2)), LIST(ad_sqrt(x), x))) \
    FORMULA( 0,    0, ad_mul(0, ad_sum(2, LIST(ad_sqrt(x), ad_const(3))))) \
    FORMULA( 0,    0, ad_mul(0, ad_mean(2, LIST(ad_log(x), x)))) \
    FORMULA( 0,    0, ad_mul(0, ad_norm2(2, LIST(ad_cbrt(x), x)))) \
    FORMULA( 0,    0, ad_norm2(2, LIST(ad_square(x), ad_square(x)))) \
    FORMULA( 0,    0, ad_sqrt(ad_sum(2, LIST(ad_square(x), ad_square(x))))) \
    FORMULA( 0,    0, ad_sqrt(ad_dot(2, LIST(x, x), LIST(x, x)))) \
    FORMULA( 0,    1, ad_maximum(3, LIST(ad_sqrt(x), ad_add(x, 1), ad_const(-1)))) \
    FORMULA( 0,    2, ad_minimum(3, LIST(ad_add(ad_sqrt(x), 1), ad_mul(2, x), ad_const(7)))) \
    FORMULA( 2,    1, ad_maximum(3, LIST(x, x, x))) \
    FORMULA( 2,    1, ad_minimum(3, LIST(x, x, x))) \
    FORMULA( 2,    1.0 / 3, ad_maximum(4, LIST(ad_const(2), x, ad_const(1), ad_const(2)))) \
    FORMULA( 2,    1.0 / 3, ad_minimum(4, LIST(ad_const(2), x, ad_const(3), ad_const(2)))) \
    FORMULA( 2,    0.5, ad_maximum(2, LIST(ad_const(2), x))) \
    FORMULA( 0,    0, ad_norm2(3, LIST(x, x, x))) \
    FORMULA( 0,    0, ad_norm2(2, LIST(x, ad_const(3)))) \
    FORMULA( -INFINITY, 0, ad_logsumexp(3, LIST(x, x, x))) \
    FORMULA( -INFINITY, 0, ad_logsumexp(3, LIST(ad_const(3), x, x))) \
    FORMULA( INFINITY, 0, ad_logsumexp(3, LIST(ad_const(3), x, x))) \
    FORMULA( INFINITY, 0, ad_norm2(3, LIST(ad_const(3), x, x))) \
    FORMULA( INFINITY, 0, ad_dot(2, LIST(x, ad_const(1)), LIST(ad_const(0), ad_const(1)))) \
    FORMULA( -1,   NAN, ad_log(x)) \
    FORMULA( -1,   NAN, ad_select(ad_less(x, 0), ad_log(x), x))

static const struct { double x, slope; const char *text; } zeros_times_infinities[] = {
#define FORMULA(at, want, formula) {at, want, #formula},
    ZERO_TIMES_INFINITY(FORMULA)
#undef FORMULA
};
enum { ZEROS_TIMES_INFINITIES = sizeof zeros_times_infinities / sizeof *zeros_times_infinities };

static inline ad_var zero_times_infinity(int i, ad_var x)
{
    int at = 0;
#define FORMULA(point, want, formula) if (at++ == i) return formula;
    ZERO_TIMES_INFINITY(FORMULA)
#undef FORMULA
    return ad_const(NAN);
}

#endif
