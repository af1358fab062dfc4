/* operations.h -- every operation that can be recorded: the second home of each row of ops.def.
 *
 * Each takes variables and plain numbers in any mix (`ad_mul(0.5, v)`); of plain numbers alone it gives a plain number.
 * In the notes, x y w are the operands in order and z is the value. Values and slopes are as IEEE 754 has them: NaN and
 * infinity flow and are not errors. Errors: AD_ERROR_STALE, AD_ERROR_FOREIGN, AD_ERROR_LIMIT, AD_ERROR_NO_MEMORY.
 */
#ifndef AUTODIFF_TAPE_OPERATIONS_H
#define AUTODIFF_TAPE_OPERATIONS_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Arithmetic ------------------------------------------------------------------------------------------------- */

/** x + y.  Slopes 1 and 1. */
static inline ad_var ad_add(ad_var x, ad_var y);
#define ad_add(x, y) AD_LIFT2(ad_add, x, y)
/** x - y.  Slopes 1 and -1. */
static inline ad_var ad_sub(ad_var x, ad_var y);
#define ad_sub(x, y) AD_LIFT2(ad_sub, x, y)
/** x y.  Slopes y and x. */
static inline ad_var ad_mul(ad_var x, ad_var y);
#define ad_mul(x, y) AD_LIFT2(ad_mul, x, y)
/** x / y.  Slopes 1/y and -z/y. At y = 0 value and slopes are infinite or NaN, as IEEE says. */
static inline ad_var ad_div(ad_var x, ad_var y);
#define ad_div(x, y) AD_LIFT2(ad_div, x, y)
/** -x.  Slope -1. */
static inline ad_var ad_neg(ad_var x);
#define ad_neg(x) AD_LIFT1(ad_neg, x)
/** x^2.  Slope 2x. */
static inline ad_var ad_square(ad_var x);
#define ad_square(x) AD_LIFT1(ad_square, x)
/** (x - y)^2 / 2, the half squared error of a target and an output, in either order.  Slopes x - y and y - x. */
static inline ad_var ad_squared_error(ad_var x, ad_var y);
#define ad_squared_error(x, y) AD_LIFT2(ad_squared_error, x, y)
/** max(x, 0).  Slope 1 above 0, 0 below and at 0. NaN stays NaN. */
static inline ad_var ad_relu(ad_var x);
#define ad_relu(x) AD_LIFT1(ad_relu, x)
/** x y + w, rounded once.  Slopes y, x and 1. */
AD_API ad_var ad_fma(ad_var x, ad_var y, ad_var w);
#define ad_fma(x, y, w) AD_LIFT3(ad_fma, x, y, w)
/** x y / w, rounded once: the product neither overflows nor underflows.  Slopes y/w, x/w and -z/w. */
AD_API ad_var ad_product_over(ad_var x, ad_var y, ad_var w);
#define ad_product_over(x, y, w) AD_LIFT3(ad_product_over, x, y, w)
/** x / (y w), rounded once: the product neither overflows nor underflows.  Slopes 1/(y w), -z/y and -z/w. */
AD_API ad_var ad_over_product(ad_var x, ad_var y, ad_var w);
#define ad_over_product(x, y, w) AD_LIFT3(ad_over_product, x, y, w)

/* ---- Powers, exponentials, logarithms --------------------------------------------------------------------------- */

/** the square root of x.  Slope 1/(2z): +inf at 0, NaN below. */
AD_API ad_var ad_sqrt(ad_var x);
#define ad_sqrt(x) AD_LIFT1(ad_sqrt, x)
/** the cube root of x.  Slope 1/(3 z^2): +inf at 0. */
AD_API ad_var ad_cbrt(ad_var x);
#define ad_cbrt(x) AD_LIFT1(ad_cbrt, x)
/** x to the y.
 *  Slopes y x^(y-1) and z log x. At x = 0: d/dx is 0 for y = 0 and y > 1, 1 for y = 1, +inf for 0 < y < 1, -inf for
 *  y < 0; d/dy is 0 for y > 0, else -inf. For x < 0: d/dy is NaN. */
AD_API ad_var ad_pow(ad_var x, ad_var y);
#define ad_pow(x, y) AD_LIFT2(ad_pow, x, y)
/** x to a constant integer n.  Slope n x^(n-1): 0 for n = 0, everywhere. */
AD_API ad_var ad_powi(ad_var x, int n);
#define ad_powi(x, n) AD_LIFTC(ad_powi, x, n)
/** e to the x.  Slope z. Both overflow above 709.78. */
AD_API ad_var ad_exp(ad_var x);
#define ad_exp(x) AD_LIFT1(ad_exp, x)
/** 2 to the x.  Slope z log 2. */
AD_API ad_var ad_exp2(ad_var x);
#define ad_exp2(x) AD_LIFT1(ad_exp2, x)
/** e^x - 1, accurate near 0.  Slope e^x. */
AD_API ad_var ad_expm1(ad_var x);
#define ad_expm1(x) AD_LIFT1(ad_expm1, x)
/** the natural logarithm of x.  Slope 1/x: +inf at 0, NaN below. */
AD_API ad_var ad_log(ad_var x);
#define ad_log(x) AD_LIFT1(ad_log, x)
/** the logarithm of x to base 2.  Slope 1/(x log 2): +inf at 0, NaN below. */
AD_API ad_var ad_log2(ad_var x);
#define ad_log2(x) AD_LIFT1(ad_log2, x)
/** the logarithm of x to base 10.  Slope 1/(x log 10): +inf at 0, NaN below. */
AD_API ad_var ad_log10(ad_var x);
#define ad_log10(x) AD_LIFT1(ad_log10, x)
/** log(1 + x), accurate near 0.  Slope 1/(1 + x): +inf at -1, NaN below. */
AD_API ad_var ad_log1p(ad_var x);
#define ad_log1p(x) AD_LIFT1(ad_log1p, x)

/* ---- Trigonometric and hyperbolic functions (angles in radians) ------------------------------------------------- */

/** the sine of x.  Slope cos x. */
AD_API ad_var ad_sin(ad_var x);
#define ad_sin(x) AD_LIFT1(ad_sin, x)
/** the cosine of x.  Slope -sin x. */
AD_API ad_var ad_cos(ad_var x);
#define ad_cos(x) AD_LIFT1(ad_cos, x)
/** the tangent of x.  Slope 1 + z^2. */
AD_API ad_var ad_tan(ad_var x);
#define ad_tan(x) AD_LIFT1(ad_tan, x)
/** the arc sine of x, in [-pi/2, pi/2].  Slope 1/sqrt(1 - x^2): +inf at -1 and 1, NaN beyond. */
AD_API ad_var ad_asin(ad_var x);
#define ad_asin(x) AD_LIFT1(ad_asin, x)
/** the arc cosine of x, in [0, pi].  Slope -1/sqrt(1 - x^2): -inf at -1 and 1, NaN beyond. */
AD_API ad_var ad_acos(ad_var x);
#define ad_acos(x) AD_LIFT1(ad_acos, x)
/** the arc tangent of x, in [-pi/2, pi/2].  Slope 1/(1 + x^2). */
AD_API ad_var ad_atan(ad_var x);
#define ad_atan(x) AD_LIFT1(ad_atan, x)
/** the angle of the point with ordinate x and abscissa y, in [-pi, pi]: ad_atan2(ordinate, abscissa).
 *  Slopes y/r^2 and -x/r^2 with r^2 = x^2 + y^2, safe at any size. At the origin both are 0. */
AD_API ad_var ad_atan2(ad_var x, ad_var y);
#define ad_atan2(x, y) AD_LIFT2(ad_atan2, x, y)
/** the hyperbolic sine of x.  Slope cosh x. */
AD_API ad_var ad_sinh(ad_var x);
#define ad_sinh(x) AD_LIFT1(ad_sinh, x)
/** the hyperbolic cosine of x.  Slope sinh x. */
AD_API ad_var ad_cosh(ad_var x);
#define ad_cosh(x) AD_LIFT1(ad_cosh, x)
/** the hyperbolic tangent of x.  Slope 1/cosh^2 x, right in the tails. */
AD_API ad_var ad_tanh(ad_var x);
#define ad_tanh(x) AD_LIFT1(ad_tanh, x)
/** the hyperbolic secant of x, 1/cosh x.  Slope -z tanh x. */
AD_API ad_var ad_sech(ad_var x);
#define ad_sech(x) AD_LIFT1(ad_sech, x)
/** the inverse hyperbolic sine of x.  Slope 1/sqrt(x^2 + 1). */
AD_API ad_var ad_asinh(ad_var x);
#define ad_asinh(x) AD_LIFT1(ad_asinh, x)
/** the inverse hyperbolic cosine of x.  Slope 1/sqrt(x^2 - 1): +inf at 1, NaN below. */
AD_API ad_var ad_acosh(ad_var x);
#define ad_acosh(x) AD_LIFT1(ad_acosh, x)
/** the inverse hyperbolic tangent of x.  Slope 1/(1 - x^2): +inf at -1 and 1, NaN beyond. */
AD_API ad_var ad_atanh(ad_var x);
#define ad_atanh(x) AD_LIFT1(ad_atanh, x)

/* ---- Pieces, steps, branches ------------------------------------------------------------------------------------ */

/** |x|.  Slope the sign of x; 0 at 0. */
AD_API ad_var ad_abs(ad_var x);
#define ad_abs(x) AD_LIFT1(ad_abs, x)
/** the smaller of x and y.  Slope 1 to the smaller; a tie shares 1/2 each. NaN flows. */
AD_API ad_var ad_min(ad_var x, ad_var y);
#define ad_min(x, y) AD_LIFT2(ad_min, x, y)
/** the larger of x and y.  Slope 1 to the larger; a tie shares 1/2 each. NaN flows. */
AD_API ad_var ad_max(ad_var x, ad_var y);
#define ad_max(x, y) AD_LIFT2(ad_max, x, y)
/** sqrt(x^2 + y^2) without overflow.  Slopes x/z and y/z; 0 at the origin. */
AD_API ad_var ad_hypot(ad_var x, ad_var y);
#define ad_hypot(x, y) AD_LIFT2(ad_hypot, x, y)
/** the largest integer not above x.  Slope 0. */
AD_API ad_var ad_floor(ad_var x);
#define ad_floor(x) AD_LIFT1(ad_floor, x)
/** the smallest integer not below x.  Slope 0. */
AD_API ad_var ad_ceil(ad_var x);
#define ad_ceil(x) AD_LIFT1(ad_ceil, x)
/** the nearest integer, halves away from 0.  Slope 0. */
AD_API ad_var ad_round(ad_var x);
#define ad_round(x) AD_LIFT1(ad_round, x)
/** -1, 0 or 1.  Slope 0. sign(0) = 0. */
AD_API ad_var ad_sign(ad_var x);
#define ad_sign(x) AD_LIFT1(ad_sign, x)
/** |x| with the sign of y; NaN where y is, whose sign means nothing.  Slopes sign(x) sign(y), 0 at x = 0; and 0. */
AD_API ad_var ad_copysign(ad_var x, ad_var y);
#define ad_copysign(x, y) AD_LIFT2(ad_copysign, x, y)
/** x held within [y, w]: ad_clamp(x, low, high).
 *  Slope 1 within and at the bounds, else 0; an active bound has slope 1. */
AD_API ad_var ad_clamp(ad_var x, ad_var y, ad_var w);
#define ad_clamp(x, y, w) AD_LIFT3(ad_clamp, x, y, w)
/** y where x is not 0, else w: ad_select(condition, if_true, if_false).
 *  Slope 1 to the branch taken. The other one cannot disturb it, whatever it holds. */
AD_API ad_var ad_select(ad_var x, ad_var y, ad_var w);
#define ad_select(x, y, w) AD_LIFT3(ad_select, x, y, w)
/** 1 where x < y, else 0.  Slope 0. */
AD_API ad_var ad_less(ad_var x, ad_var y);
#define ad_less(x, y) AD_LIFT2(ad_less, x, y)
/** 1 where x <= y, else 0.  Slope 0. */
AD_API ad_var ad_less_equal(ad_var x, ad_var y);
#define ad_less_equal(x, y) AD_LIFT2(ad_less_equal, x, y)
/** 1 where x > y, else 0.  Slope 0. */
AD_API ad_var ad_greater(ad_var x, ad_var y);
#define ad_greater(x, y) AD_LIFT2(ad_greater, x, y)
/** 1 where x >= y, else 0.  Slope 0. */
AD_API ad_var ad_greater_equal(ad_var x, ad_var y);
#define ad_greater_equal(x, y) AD_LIFT2(ad_greater_equal, x, y)
/** 1 where x = y, else 0.  Slope 0. */
AD_API ad_var ad_equal(ad_var x, ad_var y);
#define ad_equal(x, y) AD_LIFT2(ad_equal, x, y)
/** 1 where x and y differ, else 0.  Slope 0. */
AD_API ad_var ad_not_equal(ad_var x, ad_var y);
#define ad_not_equal(x, y) AD_LIFT2(ad_not_equal, x, y)

/* ---- Activations and special functions -------------------------------------------------------------------------- */

/** 1/(1 + e^-x).  Slope z (1 - z), right in the tails. */
AD_API ad_var ad_sigmoid(ad_var x);
#define ad_sigmoid(x) AD_LIFT1(ad_sigmoid, x)
/** log(1/(1 + e^-x)), safe at any x.  Slope 1/(1 + e^x). */
AD_API ad_var ad_log_sigmoid(ad_var x);
#define ad_log_sigmoid(x) AD_LIFT1(ad_log_sigmoid, x)
/** log(1 + e^x), safe at any x.  Slope 1/(1 + e^-x). */
AD_API ad_var ad_softplus(ad_var x);
#define ad_softplus(x) AD_LIFT1(ad_softplus, x)
/** log(e^x + e^y), safe at any x and y.  Slopes 1/(1 + e^(y-x)) and 1/(1 + e^(x-y)). */
AD_API ad_var ad_logaddexp(ad_var x, ad_var y);
#define ad_logaddexp(x, y) AD_LIFT2(ad_logaddexp, x, y)
/** e^x/(e^x + e^y), the sigmoid of x - y with the difference not rounded, safe at any x and y.  Slopes z (1 - z) and -z (1 - z). */
AD_API ad_var ad_softmax2(ad_var x, ad_var y);
#define ad_softmax2(x, y) AD_LIFT2(ad_softmax2, x, y)
/** x above 0, a constant slope times x below.  Slope 1 above 0, the slope below and at 0. */
AD_API ad_var ad_leaky_relu(ad_var x, double slope);
#define ad_leaky_relu(x, slope) AD_LIFTC(ad_leaky_relu, x, slope)
/** x above 0, e^x - 1 below.  Slope 1 above 0, e^x below. */
AD_API ad_var ad_elu(ad_var x);
#define ad_elu(x) AD_LIFT1(ad_elu, x)
/** x Phi(x), Phi the normal distribution function (the erf form).  Slope Phi(x) + x phi(x). */
AD_API ad_var ad_gelu(ad_var x);
#define ad_gelu(x) AD_LIFT1(ad_gelu, x)
/** the derivative of gelu, Phi(x) + x phi(x), right at its zero too.  Slope phi(x) (2 - x^2). */
AD_API ad_var ad_gelu_slope(ad_var x);
#define ad_gelu_slope(x) AD_LIFT1(ad_gelu_slope, x)
/** x/(1 + e^-x).  Slope s(x) (1 + x s(-x)) with s the sigmoid. */
AD_API ad_var ad_silu(ad_var x);
#define ad_silu(x) AD_LIFT1(ad_silu, x)
/** the derivative of silu, s(x) (1 + x s(-x)), right at its zero too.  Slope s(x) s(-x) (2 - x tanh(x/2)). */
AD_API ad_var ad_silu_slope(ad_var x);
#define ad_silu_slope(x) AD_LIFT1(ad_silu_slope, x)
/** e^(-x^2).  Slope -2 x z. */
AD_API ad_var ad_gaussian(ad_var x);
#define ad_gaussian(x) AD_LIFT1(ad_gaussian, x)
/** the density of the standard normal distribution, e^(-x^2/2)/sqrt(2 pi).  Slope -x z. */
AD_API ad_var ad_normal_pdf(ad_var x);
#define ad_normal_pdf(x) AD_LIFT1(ad_normal_pdf, x)
/** the standard normal distribution function.  Slope the density. */
AD_API ad_var ad_normal_cdf(ad_var x);
#define ad_normal_cdf(x) AD_LIFT1(ad_normal_cdf, x)
/** the error function (DLMF 7.2.1).  Slope 2/sqrt(pi) e^(-x^2). */
AD_API ad_var ad_erf(ad_var x);
#define ad_erf(x) AD_LIFT1(ad_erf, x)
/** 1 - erf(x), accurate for large x (DLMF 7.2.2).  Slope -2/sqrt(pi) e^(-x^2). */
AD_API ad_var ad_erfc(ad_var x);
#define ad_erfc(x) AD_LIFT1(ad_erfc, x)
/** log |Gamma(x)| (DLMF 5.2.1).  Slope digamma(x). */
AD_API ad_var ad_lgamma(ad_var x);
#define ad_lgamma(x) AD_LIFT1(ad_lgamma, x)
/** the logarithmic derivative of Gamma (DLMF 5.2.2).  Slope trigamma(x). */
AD_API ad_var ad_digamma(ad_var x);
#define ad_digamma(x) AD_LIFT1(ad_digamma, x)
/** the derivative of digamma of a constant order, 0 and up (DLMF 5.15).  Slope polygamma(x, order + 1). */
AD_API ad_var ad_polygamma(ad_var x, int order);
#define ad_polygamma(x, order) AD_LIFTC(ad_polygamma, x, order)
/** x y, but exactly 0 where x or y is 0, also against infinity and NaN: the product of the chain rule.
 *  Slopes y and x. */
AD_API ad_var ad_chain(ad_var x, ad_var y);
#define ad_chain(x, y) AD_LIFT2(ad_chain, x, y)

/* ---- Many operands ----------------------------------------------------------------------------------------------- */

/** x[0] + ... + x[n-1].  x [n], plain numbers welcome; what additions lose is added at the end (2 ulp of the sum of |x|,
 *  mostly far less). Slopes 1. n = 0: a plain 0. */
AD_API ad_var ad_sum(size_t n, const ad_var *x);
/** The arithmetic mean of x [n].  Slopes 1/n. n = 0: a plain NaN. */
AD_API ad_var ad_mean(size_t n, const ad_var *x);
/** log(e^x[0] + ... + e^x[n-1]), safe at any x [n].  Slopes e^(x[i] - z): the softmax, in the sweep to 2 ulp (as nodes of
 *  ad_gradient with the rounding of z); 0 where z is infinite. n = 0: a plain -inf. */
AD_API ad_var ad_logsumexp(size_t n, const ad_var *x);
/** The Euclidean norm of x [n], without overflow.  Slopes x[i]/z; 0 for the zero vector and where z is
 *  infinite. n = 0: a plain 0. */
AD_API ad_var ad_norm2(size_t n, const ad_var *x);
/** The largest of x [n]; NaN when one is; -0 is below 0.  Slope 1 for it and 0 for the rest; of m that tie, 1/m each.
 *  n = 0: a plain -inf. */
AD_API ad_var ad_maximum(size_t n, const ad_var *x);
/** The smallest of x [n]; NaN when one is; -0 is below 0.  Slopes as of ad_maximum. n = 0: a plain inf. */
AD_API ad_var ad_minimum(size_t n, const ad_var *x);
/** x[0] y[0] + ... + x[n-1] y[n-1], within a few ulp of the sum of |x[i] y[i]| at any n.  x [n], y [n]. Slopes y[i] and x[i]. n = 0: a plain 0. */
AD_API ad_var ad_dot(size_t n, const ad_var *x, const ad_var *y);

/* ---- Machinery: the arithmetic rows, compiled into the caller --------------------------------------------------- */

#define OP1(name, z, ...) \
    static inline ad_var (ad_##name)(ad_var x_) \
    { const double x = x_.value; return ad_record1(AD_OP_##name, x_, z); }
#define OP2(name, z, ...) \
    static inline ad_var (ad_##name)(ad_var x_, ad_var y_) \
    { const double x = x_.value, y = y_.value; return ad_record2(AD_OP_##name, x_, y_, z); }
#define OP3(name, z, ...) \
    static inline ad_var (ad_##name)(ad_var x_, ad_var y_, ad_var w_) \
    { const double x = x_.value, y = y_.value, w = w_.value; return ad_record3(AD_OP_##name, x_, y_, w_, z); }
#define FN1(...)
#define FN2(...)
#define FN3(...)
#include "../ops.def"

#ifdef __cplusplus
}

/* Plain numbers in any place, for C++. */
struct ad_any {
    ad_var v;
    ad_any(ad_var x) : v(x) {}
    ad_any(double x) : v(ad_const(x)) {}
};
#define OP1(name, ...) inline ad_var ad_##name(ad_any x) { return ad_##name(x.v); }
#define OP2(name, ...) inline ad_var ad_##name(ad_any x, ad_any y) { return ad_##name(x.v, y.v); }
#define OP3(name, ...) inline ad_var ad_##name(ad_any x, ad_any y, ad_any w) { return ad_##name(x.v, y.v, w.v); }
#define FC1(name, ...) template <class C> inline ad_var ad_##name(double x, C c) { return ad_##name(ad_const(x), c); }
#include "../ops.def"
#endif
#endif
