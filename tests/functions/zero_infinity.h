/* zero_infinity.h -- formulas of x in whose derivative a zero meets an infinity or NaN, and their slope all the same: the
 * limit, or what the branch taken has. Tested in every tier from here. It holds no test.
 */
#ifndef TESTS_FUNCTIONS_ZERO_INFINITY_H
#define TESTS_FUNCTIONS_ZERO_INFINITY_H

#include <autodiff/autodiff.h>
#include <math.h>

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
