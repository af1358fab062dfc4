/* scalar.h -- the mathematics of ops.def that libm lacks, or has with more than 2 ulp of error.
 *
 * It is not a second libm: what the C library computes well (exp, log, sin, ...) is called there directly, and
 * n-ary rows (sum, norm2, ...) are at home in the tape. Include it, and every plain name used in ops.def means
 * C: `sigmoid(x)` and `tanh(x)` call the functions below, `exp(x)` and `sin(x)` the library's.
 *
 * All are pure functions of doubles: no errno that matters, no state, any thread. NaN flows through each, and
 * infinities have the limit as their value. An error bound is the largest found against MPFR by
 * tests/laws/rules_mpfr.c, in units in the last place; where none is stated the result is exact or within
 * 0.6 ulp.
 */
#ifndef AD_RULES_SCALAR_H
#define AD_RULES_SCALAR_H

#include <math.h>

/* POSIX has these beside C's own functions; strict C11 hides them. */
#ifndef M_LN2
#define M_E        2.7182818284590452354
#define M_LOG2E    1.4426950408889634074
#define M_LOG10E   0.43429448190325182765
#define M_LN2      0.69314718055994530942
#define M_LN10     2.30258509299404568402
#define M_PI       3.14159265358979323846
#define M_PI_2     1.57079632679489661923
#define M_PI_4     0.78539816339744830962
#define M_1_PI     0.31830988618379067154
#define M_2_PI     0.63661977236758134308
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2    1.41421356237309504880
#define M_SQRT1_2  0.70710678118654752440
#endif

/* Choices and steps: exact. */

static inline double ad_scalar_square(double x) { return x * x; }

/* -1, 0 or 1; 0 for both zeros. */
static inline double ad_scalar_sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }

/* The smaller and the larger; NaN when either is; -0 is below 0 (IEEE 754-2019 minimum and maximum). */
static inline double ad_scalar_min(double x, double y)
{
    return x < y || x != x ? x : x == y && signbit(x) ? x : y;
}

static inline double ad_scalar_max(double x, double y)
{
    return x > y || x != x ? x : x == y && signbit(y) ? x : y;
}

/* |x| with the sign of y; NaN when either is, whose own sign is anyone's. */
static inline double ad_scalar_copysign(double x, double y) { return y != y ? y : (copysign)(x, y); }

/* x within [lo, hi]; lo where the bounds cross; NaN when any is. */
static inline double ad_scalar_clamp(double x, double lo, double hi)
{
    return lo != lo || hi != hi ? lo + hi : x < lo ? lo : x > hi ? hi : x;
}

/* x y, but 0 when either is 0, even against an infinity or NaN: the product of the chain rule. */
static inline double ad_scalar_chain(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

/* x, or slope x below 0. A slope of 0 gives 0 at -inf also. */
static inline double ad_scalar_leaky_relu(double x, double slope)
{
    return x > 0 ? x : slope == 0 && x == x ? 0 : slope * x;
}

/* x, or exp(x) - 1 below 0. */
static inline double ad_scalar_elu(double x) { return x > 0 ? x : expm1(x); }

/* x^n. Compilers make products of these two powers where n is known. */
static inline double ad_scalar_powi(double x, double n) { return n == 2 ? x * x : n == -1 ? 1 / x : pow(x, n); }

/* Products and quotients rounded once, whose parts may leave the range. */

double ad_scalar_product_over(double x, double y, double w); /* x y / w */
double ad_scalar_over_product(double x, double y, double w); /* x / (y w) */

/* The logistic family. */

double ad_scalar_sigmoid(double x);     /* 1 / (1 + exp(-x)), 0.8 ulp */
double ad_scalar_log_sigmoid(double x); /* log sigmoid(x), 2 ulp */
double ad_scalar_softplus(double x);    /* log(1 + exp(x)), 2 ulp */
double ad_scalar_silu(double x);        /* x sigmoid(x), 1.2 ulp */
double ad_scalar_silu_slope(double x);  /* its derivative, sigmoid(x) (1 + x sigmoid(-x)), 2 ulp */
/* log(exp(x) + exp(y)) as the larger operand and the rest: 2 ulp of the larger of the two. */
double ad_scalar_logaddexp(double x, double y);
double ad_scalar_softmax2(double x, double y); /* exp(x) / (exp(x) + exp(y)), 2 ulp; 1/2 where x == y, infinities too */
double ad_scalar_tanh(double x);        /* 0.7 ulp; glibc 2.36 has 2.2 */
double ad_scalar_sech(double x);        /* 1 / cosh(x) */

/* The normal family. */

double ad_scalar_gaussian(double x);   /* exp(-x^2) */
double ad_scalar_normal_pdf(double x); /* exp(-x^2 / 2) / sqrt(2 pi) */
double ad_scalar_normal_cdf(double x); /* erfc(-x / sqrt 2) / 2, 2 ulp */
double ad_scalar_erfc(double x);       /* 2 ulp; glibc 2.36 has 5.2 */
double ad_scalar_gelu(double x);       /* x normal_cdf(x), 2 ulp */
double ad_scalar_gelu_slope(double x); /* its derivative, normal_cdf(x) + x normal_pdf(x), 2 ulp */

/* Roots and inverses where glibc 2.36 exceeds 2 ulp. */

double ad_scalar_cbrt(double x);  /* glibc 2.36 has 3.7 ulp */
double ad_scalar_acosh(double x); /* 2 ulp; glibc 2.36 has 2.3 */

/* The gamma family. */

/* log |Gamma(x)|, signgam untouched. 2 ulp (1 above 0), but close to a zero below 0 the C library's: 4 ulp. glibc 2.36 has
 * 3.3. */
double ad_scalar_lgamma(double x);

/* Gamma'(x) / Gamma(x). 2 ulp for x > 0; below 0, 2 ulp or 1/32 ulp of the nearest pole's term. At 0 and -0 it is -inf
 * and inf, at other poles NaN. */
double ad_scalar_digamma(double x);

/* The derivative of digamma of that order, a whole number from 0 (digamma) to 10000, else NaN. 2 ulp for x > 0; below
 * 0, 2 ulp or 1/32 ulp of the nearest pole's term. At a pole it is inf for odd orders; for even ones NaN, but -inf at
 * 0 and inf at -0. */
double ad_scalar_polygamma(double x, double order);

/* The plain names of ops.def. */
#define square(x)         ad_scalar_square(x)
#define sign(x)           ad_scalar_sign(x)
#define min(x, y)         ad_scalar_min(x, y)
#define max(x, y)         ad_scalar_max(x, y)
#define copysign(x, y)    ad_scalar_copysign(x, y)
#define clamp(x, y, w)    ad_scalar_clamp(x, y, w)
#define chain(x, y)       ad_scalar_chain(x, y)
#define powi(x, y)        ad_scalar_powi(x, y)
#define product_over(x, y, w) ad_scalar_product_over(x, y, w)
#define over_product(x, y, w) ad_scalar_over_product(x, y, w)
#define leaky_relu(x, y)  ad_scalar_leaky_relu(x, y)
#define elu(x)            ad_scalar_elu(x)
#define sigmoid(x)        ad_scalar_sigmoid(x)
#define log_sigmoid(x)    ad_scalar_log_sigmoid(x)
#define softplus(x)       ad_scalar_softplus(x)
#define silu(x)           ad_scalar_silu(x)
#define silu_slope(x)     ad_scalar_silu_slope(x)
#define logaddexp(x, y)   ad_scalar_logaddexp(x, y)
#define softmax2(x, y)    ad_scalar_softmax2(x, y)
#define tanh(x)           ad_scalar_tanh(x)
#define sech(x)           ad_scalar_sech(x)
#define gaussian(x)       ad_scalar_gaussian(x)
#define normal_pdf(x)     ad_scalar_normal_pdf(x)
#define normal_cdf(x)     ad_scalar_normal_cdf(x)
#define erfc(x)           ad_scalar_erfc(x)
#define gelu(x)           ad_scalar_gelu(x)
#define gelu_slope(x)     ad_scalar_gelu_slope(x)
#define cbrt(x)           ad_scalar_cbrt(x)
#define acosh(x)          ad_scalar_acosh(x)
#define lgamma(x)         ad_scalar_lgamma(x)
#define digamma(x)        ad_scalar_digamma(x)
#define polygamma(x, y)   ad_scalar_polygamma(x, y)

#endif
