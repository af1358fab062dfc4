/* wide.c -- the texts of ops.def compiled a second time, every function meaning its long double version. */
#include "wide.h"

#include <math.h>

static ad_wide wide_square(ad_wide x) { return x * x; }
static ad_wide wide_sign(ad_wide x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }
static ad_wide wide_min(ad_wide x, ad_wide y) { return x < y || x != x ? x : y; }
static ad_wide wide_max(ad_wide x, ad_wide y) { return x > y || x != x ? x : y; }
static ad_wide wide_clamp(ad_wide x, ad_wide lo, ad_wide hi)
{
    return lo != lo || hi != hi ? lo + hi : x < lo ? lo : x > hi ? hi : x;
}
static ad_wide wide_chain(ad_wide x, ad_wide y) { return x == 0 || y == 0 ? 0 : x * y; }
static ad_wide wide_product_over(ad_wide x, ad_wide y, ad_wide w) /* rounded once: x y / x is y */
{
    ad_wide p = x * y, z = p / w, rest = (fmal(x, y, -p) - fmal(z, w, -p)) / w;
    return isfinite(rest) ? z + rest : z;
}
static ad_wide wide_leaky(ad_wide x, ad_wide slope) { return x > 0 ? x : slope == 0 && x == x ? 0 : slope * x; }
static ad_wide wide_sigmoid(ad_wide x)
{
    ad_wide e = expl(-fabsl(x));
    return (x < 0 ? e : 1) / (1 + e);
}
static ad_wide wide_softplus(ad_wide x) { return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x))); }
static ad_wide wide_silu(ad_wide x) { return isinf(x) && x < 0 ? 0 : x * wide_sigmoid(x); }

/* A row of the rule book at the double next to x, and from there along its slope: close to the row's zero, where it is right to 2
 * ulp and terms in long double would cancel. */
static ad_wide wide_along(enum ad_op op, ad_wide x, ad_wide slope) { return ad_evaluate(op, (double)x, 0, 0) + (x - (double)x) * slope; }

static ad_wide wide_silu_slope(ad_wide x)
{
    ad_wide s = wide_sigmoid(x), other = wide_sigmoid(-x);
    if (fabsl(x + 1.278464542761073795L) < 0x1p-10L)
        return wide_along(AD_OP_silu_slope, x, s * other * (2 - x * tanhl(x / 2)));
    return isinf(x) ? x > 0 : s * (1 + x * other);
}
static ad_wide wide_softmax2(ad_wide x, ad_wide y) { return x == y ? 0.5L : wide_sigmoid(x - y); }
static ad_wide wide_logaddexp(ad_wide x, ad_wide y)
{
    return x == y ? x + logl(2) : wide_max(x, y) + log1pl(expl(-fabsl(x - y)));
}
static ad_wide wide_gaussian(ad_wide x) { return expl(-x * x); }

#define PI_ 3.14159265358979323846264338327950288L
static ad_wide wide_normal_pdf(ad_wide x) { return expl(-x * x / 2) / sqrtl(2 * PI_); }
static ad_wide wide_normal_cdf(ad_wide x) { return erfcl(-x / sqrtl(2)) / 2; }
static ad_wide wide_gelu(ad_wide x) { return isinf(x) && x < 0 ? 0 : x * wide_normal_cdf(x); }
static ad_wide wide_gelu_slope(ad_wide x)
{
    if (fabsl(x + 0.751791524693564457L) < 0x1p-10L)
        return wide_along(AD_OP_gelu_slope, x, wide_normal_pdf(x) * (2 - x * x));
    return isinf(x) ? x > 0 : wide_normal_cdf(x) + x * wide_normal_pdf(x);
}

/* Shifted up to where the asymptotic series converges (DLMF 5.11.2, 5.15.8); far below 0 or of a high order it is what the
 * rule book has, in double. */
static ad_wide wide_polygamma(ad_wide x, ad_wide order)
{
    static const ad_wide bernoulli[] = {
        1 / 6.0L, -1 / 30.0L, 1 / 42.0L, -1 / 30.0L, 5 / 66.0L, -691 / 2730.0L, 7 / 6.0L, -3617 / 510.0L, 43867 / 798.0L,
        -174611 / 330.0L, 854513 / 138.0L, -236364091 / 2730.0L, 8553103 / 6.0L, -23749461029.0L / 870, 8615841276005.0L / 14322,
    };
    if (!(order >= 0 && order <= 100 && x > -1000) || order != floorl(order) || (x <= 0 && x == floorl(x)))
        return ad_evaluate(AD_OP_polygamma, (double)x, (double)order, 0);
    ad_wide sum = 0, y = x, factorial = 1;
    for (int k = 2; k <= (int)order; k++)
        factorial *= k;
    for (; y < 30 + order; y += 1)
        sum += factorial / powl(y, order + 1);
    ad_wide power = powl(y, -order), term = order > 0 ? factorial / order * power : -logl(y);
    sum += term + factorial * power / (2 * y);
    ad_wide factor = factorial * (order + 1) * power / (2 * y * y);        /* (2k + n - 1)! / (2k)! y^-(2k+n) */
    for (int k = 1; k <= 15; k++) {
        sum += bernoulli[k - 1] * factor;
        factor *= (2 * k + 1 + order) * (2 * k + order) / ((2 * k + 2.0L) * (2 * k + 1) * y * y);
    }
    return order > 0 && fmodl(order, 2) == 1 ? sum : -sum;
}

static ad_wide wide_lgamma(ad_wide x)
{
    int sign;
    return lgammal_r(x, &sign);
}

/* ---- Double, before the names change their meaning -------------------------------------------------------------------- */

#include "autodiff/rules/scalar.h"

double ad_partial_at(enum ad_op op, int k, double x, double y, double w, double z, double n, double m)
{
    (void)y, (void)w, (void)z, (void)n, (void)m, (void)k;
    switch (op) {
#define OP1(name, z_, dx, ...)         case AD_OP_##name: return dx;
#define OP2(name, z_, dx, dy, ...)     case AD_OP_##name: return k == 0 ? (dx) : (dy);
#define OP3(name, z_, dx, dy, dw, ...) case AD_OP_##name: return k == 0 ? (dx) : k == 1 ? (dy) : (dw);
#define FC1(name, z_, dx, ...)         case AD_OP_##name: return dx;
#define NA1(name, z_, dx, ...)         case AD_OP_##name: return dx;
#define NA2(name, z_, dx, dy, ...)     case AD_OP_##name: return k == 0 ? (dx) : (dy);
#include "../ops.def"
    default: return NAN;
    }
}

int ad_holds_at(enum ad_op op, double x, double y, double w, double z, double m)
{
    const double n = 1;
    (void)n, (void)m, (void)x, (void)y, (void)w, (void)z;
    switch (op) {
#define OP1(name, z_, dx, holds, words)         case AD_OP_##name: return (holds) != 0;
#define OP2(name, z_, dx, dy, holds, words)     case AD_OP_##name: return (holds) != 0;
#define OP3(name, z_, dx, dy, dw, holds, words) case AD_OP_##name: return (holds) != 0;
#define FC1 OP1
#define NA1 OP1
#define NA2 OP2
#include "../ops.def"
    default: return 1;
    }
}

/* ---- Long double ------------------------------------------------------------------------------------------------------- */

#undef square
#undef sign
#undef min
#undef max
#undef clamp
#undef chain
#undef powi
#undef product_over
#undef over_product
#undef leaky_relu
#undef elu
#undef sigmoid
#undef log_sigmoid
#undef softplus
#undef silu
#undef silu_slope
#undef logaddexp
#undef softmax2
#undef tanh
#undef sech
#undef gaussian
#undef normal_pdf
#undef normal_cdf
#undef erfc
#undef gelu
#undef gelu_slope
#undef cbrt
#undef acosh
#undef lgamma
#undef digamma
#undef polygamma
#undef copysign
#undef M_LN2
#undef M_LOG2E
#undef M_LOG10E
#undef M_2_SQRTPI
#define M_LN2      0.693147180559945309417232121458176568L
#define M_LOG2E    1.44269504088896340735992468100189214L
#define M_LOG10E   0.434294481903251827651128918916605082L
#define M_2_SQRTPI 1.12837916709551257389615890312154517L
#define square(x)         wide_square(x)
#define sign(x)           wide_sign(x)
#define min(x, y)         wide_min(x, y)
#define max(x, y)         wide_max(x, y)
#define clamp(x, y, w)    wide_clamp(x, y, w)
#define chain(x, y)       wide_chain(x, y)
#define powi(x, y)        powl(x, y)
#define product_over(x, y, w) wide_product_over(x, y, w)
#define over_product(x, y, w) ((x) / ((y) * (w)))
#define leaky_relu(x, y)  wide_leaky(x, y)
#define elu(x)            ((x) > 0 ? (x) : expm1l(x))
#define sigmoid(x)        wide_sigmoid(x)
#define log_sigmoid(x)    (-wide_softplus(-(x)))
#define softplus(x)       wide_softplus(x)
#define silu(x)           wide_silu(x)
#define silu_slope(x)     wide_silu_slope(x)
#define logaddexp(x, y)   wide_logaddexp(x, y)
#define softmax2(x, y)    wide_softmax2(x, y)
#define sech(x)           (1 / coshl(x))
#define gaussian(x)       wide_gaussian(x)
#define normal_pdf(x)     wide_normal_pdf(x)
#define normal_cdf(x)     wide_normal_cdf(x)
#define gelu(x)           wide_gelu(x)
#define gelu_slope(x)     wide_gelu_slope(x)
#define lgamma(x)         wide_lgamma(x)
#define digamma(x)        wide_polygamma(x, 0)
#define polygamma(x, y)   wide_polygamma(x, y)
#define fabs(x)           fabsl(x)
#define sqrt(x)           sqrtl(x)
#define cbrt(x)           cbrtl(x)
#define pow(x, y)         powl(x, y)
#define fma(x, y, w)      fmal(x, y, w)
#define exp(x)            expl(x)
#define exp2(x)           exp2l(x)
#define expm1(x)          expm1l(x)
#define log(x)            logl(x)
#define log2(x)           log2l(x)
#define log10(x)          log10l(x)
#define log1p(x)          log1pl(x)
#define sin(x)            sinl(x)
#define cos(x)            cosl(x)
#define tan(x)            tanl(x)
#define asin(x)           asinl(x)
#define acos(x)           acosl(x)
#define atan(x)           atanl(x)
#define atan2(x, y)       atan2l(x, y)
#define sinh(x)           sinhl(x)
#define cosh(x)           coshl(x)
#define tanh(x)           tanhl(x)
#define asinh(x)          asinhl(x)
#define acosh(x)          acoshl(x)
#define atanh(x)          atanhl(x)
#define hypot(x, y)       hypotl(x, y)
#define floor(x)          floorl(x)
#define ceil(x)           ceill(x)
#define round(x)          roundl(x)
#define copysign(x, y)    copysignl(x, y)
#define erf(x)            erfl(x)
#define erfc(x)           erfcl(x)

ad_wide ad_wide_value(enum ad_op op, ad_wide x, ad_wide y, ad_wide w)
{
    (void)y, (void)w;
    switch (op) {
#define OP1(name, z, ...) case AD_OP_##name: return z;
#define OP2(name, z, ...) case AD_OP_##name: return z;
#define OP3(name, z, ...) case AD_OP_##name: return z;
#define FC1(name, z, ...) case AD_OP_##name: return z;
#include "../ops.def"
    default: return NAN;
    }
}

ad_wide ad_wide_partial(enum ad_op op, int k, ad_wide x, ad_wide y, ad_wide w, ad_wide z, ad_wide n, ad_wide m)
{
    (void)y, (void)w, (void)z, (void)n, (void)m, (void)k;
    switch (op) {
#define OP1(name, z_, dx, ...)         case AD_OP_##name: return dx;
#define OP2(name, z_, dx, dy, ...)     case AD_OP_##name: return k == 0 ? (dx) : (dy);
#define OP3(name, z_, dx, dy, dw, ...) case AD_OP_##name: return k == 0 ? (dx) : k == 1 ? (dy) : (dw);
#define FC1(name, z_, dx, ...)         case AD_OP_##name: return dx;
#define NA1(name, z_, dx, ...)         case AD_OP_##name: return dx;
#define NA2(name, z_, dx, dy, ...)     case AD_OP_##name: return k == 0 ? (dx) : (dy);
#include "../ops.def"
    default: return NAN;
    }
}
