/* gamma.c -- the gamma family of scalar.h: log Gamma and its derivatives, by recurrences and asymptotic series in the pairs of
 * pairs.h. Like scalar.c it holds no derivative of the rule book: those are rows of ops.def. */
#define _DEFAULT_SOURCE /* for lgamma_r: NOLINT(bugprone-reserved-identifier) */

#include "pairs.h"
#include "scalar.h"

/* The logarithm good to 2^-59: one correction of the library's by the exponential. */
static struct pair log_of(struct pair x)
{
    double z = log(x.hi);
    struct parts e = exp_parts(-z, 0);
    double scaled_x = scaled(x.hi, e.exponent);
    struct pair p = product_of(scaled_x, e.hi);
    return ordered_sum(z, ((p.hi - 1) + p.lo) + scaled_x * e.lo + x.lo / x.hi);
}

/* digamma for x > 0, and not tiny: shifted up by psi(x) = psi(x + 1) - 1 / x (DLMF 5.5.2), then the asymptotic
 * series DLMF 5.11.2. */
static struct pair digamma_above_0(struct pair x)
{
    static const double series[] = { /* B_2k / (2 k) */
        0x1.5555555555555p-4, -0x1.1111111111111p-7, 0x1.0410410410410p-8, -0x1.1111111111111p-8,
        0x1.f07c1f07c1f08p-8, -0x1.5995995995996p-6, 0x1.5555555555555p-4, -0x1.c5e5e5e5e5e5ep-2,
        0x1.86e7f9b9fe6e8p+1
    };
    struct pair below = {0, 0};
    for (; x.hi < 12; x = add(x, (struct pair){1, 0}))
        below = add(below, divide((struct pair){-1, 0}, x));
    double square = 1 / x.hi / x.hi;
    struct pair z = add(log_of(x), divide((struct pair){-0.5, 0}, x));
    return add(add(z, (struct pair){-square * polynomial(square, series, 9), 0}), below);
}

/* log Gamma(1 + u) for 0 <= u <= 1: u (u - 1) times a polynomial in u - 1/2, to 2^-60; less the constant term. */
static struct pair lgamma_of_one_plus(double u)
{
    static const double fit[] = {
        -0x1.2aed059bd608ap-3, 0x1.01af62a2929c0p-4, -0x1.007aa83cee1acp-5, 0x1.133423527f1f2p-6,
        -0x1.34dbda14971e2p-7, 0x1.64f0664c4f943p-8, -0x1.a5035232a7d25p-9, 0x1.f814bab49d011p-10,
        -0x1.313e8a3ddad6fp-10, 0x1.750a7900f071ep-11, -0x1.cb44dee9fac00p-12, 0x1.1c7e3a261c9ebp-12,
        -0x1.623f109df00eep-13, 0x1.b9e43433855c2p-14, -0x1.156abea920aefp-14, 0x1.68f13e0fbb796p-15,
        -0x1.c85e4bc95846cp-16, 0x1.ba730a9784e07p-17, -0x1.18598e23bb974p-17, 0x1.9759e019683d0p-17,
        -0x1.0467902760469p-17
    };
    double t = u - 0.5;
    struct pair slope = ordered_sum(0x1.eeb95b094c191p-2, t * polynomial(t, fit, 21));
    slope.lo += 0x1.3ed469cc0967dp-56;
    return multiply(multiply((struct pair){u, 0}, sum_of(u, -1)), slope);
}

/* Stirling's series for x >= 8, DLMF 5.11.1, a power of two below where the product's halves would overflow. */
static double lgamma_far(double x)
{
    static const double series[] = { /* B_2k / (2 k (2 k - 1)) */
        0x1.5555555555555p-4, -0x1.6c16c16c16c17p-9, 0x1.a01a01a01a01ap-11, -0x1.3813813813814p-11,
        0x1.b951e2b18ff23p-11, -0x1.f6ab0d9993c7dp-10, 0x1.a41a41a41a41ap-8, -0x1.e4286cb0f5398p-6,
        0x1.6fe96381e0680p-3, -0x1.6476701181f3ap+0
    };
    double scale = x > 1e250 ? 0x1p-100 : 1, inverse = 1 / x;
    struct pair l = add(log_of((struct pair){x, 0}), (struct pair){-1, 0}), y = sum_of(x * scale, -0.5 * scale);
    struct pair z = multiply(y, l);
    double rest = 0x1.3494bc9001442p-56 + inverse * polynomial(inverse * inverse, series, 10);
    z = add(z, (struct pair){0x1.acfe390c97d69p-2 * scale, rest * scale});
    return (z.hi + z.lo) / scale;
}

/* log(1 + f) for -1/4 <= f < 1/2, good to 2^-57 of itself: 2 atanh(f / (2 + f)), as in function/vector_log.h. */
static struct pair log_near_1(double f)
{
    static const double series[] = {
        0x1.5555555555555p-1, 0x1.999999999a008p-2, 0x1.24924923cccf4p-2, 0x1.c71c72f137c3fp-3,
        0x1.745ca7aa58afap-3, 0x1.3b2a7126a1ee7p-3, 0x1.0e8136b534634p-3, 0x1.16ea8853f37e5p-3
    };
    double s = f / (f + 2), z = s * s;
    struct pair square = product_of(f, f);
    double half = square.hi * 0.5, hi = f - half;
    return (struct pair){hi, ((f - hi) - half) + (s * (half + z * polynomial(z, series, 8)) - square.lo * 0.5)};
}

static double libm_lgamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* Shifted into [1, 2] by the recurrence, upwards or downwards: log Gamma there, and the logarithm of the product that was
 * passed, of which long ones stay within the range. */
static double lgamma_near(double x)
{
    struct pair product = {1, 0}, y = {x, 0};
    double up = x < 1 ? 1 : -1;
    if (x < 1)
        for (; y.hi + y.lo < 1; y = add(y, (struct pair){1, 0}))
            product = multiply(product, y);
    else
        while (y.hi > 2) {
            y.hi--;
            product = multiply(product, y);
        }
    double above = x < 1 && x > 0 ? x : x < 1 ? (y.hi - 1) + y.lo : y.hi - 1;
    if (product.hi < 0)
        product = (struct pair){-product.hi, -product.lo};
    struct pair l = product.lo == 0 && product.hi > 0.75 && product.hi < 1.5 ? log_near_1(product.hi - 1) : log_of(product);
    struct pair z = add(lgamma_of_one_plus(above), (struct pair){-up * l.hi, -up * l.lo});
    if (x < 0 && fabs(z.hi) < 0.1 + 0x1p-5 * fabs(l.hi))
        return libm_lgamma(x);             /* near a zero, which that knows to more digits */
    return z.hi + z.lo;
}

/* A pole is at every whole number from 0 down. */
static int is_pole(double x) { return x <= 0 && x == floor(x); }

double ad_scalar_lgamma(double x)
{
    if (x != x || fabs(x) == INFINITY)
        return fabs(x);
    if (is_pole(x))
        return INFINITY;
    if (x == 1 || x == 2)
        return 0;
    if (fabs(x) < 1e-20)
        return -log(fabs(x));
    if (x >= 8)
        return x < 2.6e305 ? lgamma_far(x) : INFINITY;
    if (x > -20)
        return lgamma_near(x);
    /* Gamma(x) Gamma(-x) = -pi / (x sin(pi x)), DLMF 5.5.3: no zero is so far down. */
    return log(M_PI / -x / fabs(sin(M_PI * (x - round(x))))) - lgamma_far(-x);
}

double ad_scalar_digamma(double x)
{
    /* psi(x) / (x - x0) in powers of x - 1.5 on [1, 2], x0 its zero, to 2e-17; less the constant term */
    static const double fit[] = {
        -0x1.b1cb63005ee97p-2, 0x1.eca189b8e6da1p-3, -0x1.2feeeb98a7cd8p-3, 0x1.8512e5905d18p-4,
        -0x1.fb442029cdbf4p-5, 0x1.4de9aa05d3418p-5, -0x1.b9f8b1367959dp-6, 0x1.256475e5ac975p-6,
        -0x1.86355f6f68797p-7, 0x1.03c00801ba958p-7, -0x1.5a071c746535bp-8, 0x1.cd3e42d157015p-9,
        -0x1.33661f9073563p-9, 0x1.980fc9c9f0be8p-10, -0x1.1002aaf6255f5p-10, 0x1.7b3b41b0b38cdp-11,
        -0x1.f99f529bd0771p-12, 0x1.dc8ae08af0fc4p-13, -0x1.3db05b36d9a48p-13, 0x1.104c9d0897b58p-12,
        -0x1.6b107f71aa124p-13
    };
    if (x == 0)
        return (copysign)(INFINITY, -x);
    if (x == -INFINITY || is_pole(x))
        return NAN;
    if (!(x < INFINITY))
        return x;
    if (fabs(x) < 1e-9)
        return -1 / x - 0.57721566490153286061;
    if (x > 1e17)
        return log(x);
    struct pair z;
    if (x >= 1 && x <= 2) {
        double t = x - 1.5;
        struct pair slope = ordered_sum(0x1.e6f0cbb873617p-1, t * polynomial(t, fit, 21));
        slope.lo += -0x1.f789c8f062b61p-55;
        z = multiply(sum_of(x - 0x1.762d86356be3fp+0, -0x1.b86a722197829p-54), slope);
    } else if (x > 0)
        z = digamma_above_0((struct pair){x, 0});
    else { /* psi(1 - x) less pi cot(pi x), DLMF 5.5.4, whose period is 1: both sides are taken above 0 */
        double from_whole = x - round(x); /* both sides of the whole number nearest to x */
        struct pair up = sum_of(from_whole < 0 ? 1 : 0, from_whole);
        struct pair down = sum_of(from_whole < 0 ? 0 : 1, -from_whole);
        z = add(digamma_above_0(up), digamma_above_0(sum_of(1, -x)));
        struct pair other = digamma_above_0(down);
        z = add(z, (struct pair){-other.hi, -other.lo});
    }
    return z.hi + z.lo;
}

/* value * 2^exponent, for what would leave the range on the way. */
struct wide { struct pair value; int exponent; };

static struct wide normalised(struct wide a)
{
    int shift;
    frexp(a.value.hi, &shift);
    return (struct wide){{ldexp(a.value.hi, -shift), ldexp(a.value.lo, -shift)}, a.exponent + shift};
}

static struct wide negative(struct wide a)
{
    return (struct wide){{-a.value.hi, -a.value.lo}, a.exponent};
}

static struct wide add_wide(struct wide a, struct wide b)
{
    if (a.value.hi == 0 || a.exponent < b.exponent)
        return b.value.hi == 0 ? a : add_wide(b, a);
    int shift = b.exponent - a.exponent;
    if (b.value.hi == 0 || shift < -300)
        return a;
    struct pair moved = {ldexp(b.value.hi, shift), ldexp(b.value.lo, shift)};
    return normalised((struct wide){add(a.value, moved), a.exponent});
}

static struct wide multiply_wide(struct wide a, struct pair b)
{
    struct wide factor = normalised((struct wide){b, 0});
    return normalised((struct wide){multiply(a.value, factor.value), a.exponent + factor.exponent});
}

static struct pair power_of(struct pair x, int n) /* of |x| <= 1 */
{
    struct pair z = {1, 0};
    for (; n; n >>= 1) {
        if (n & 1)
            z = multiply(z, x);
        x = multiply(x, x);
        if (x.hi < 0x1p-400)
            x = (struct pair){0, 0};
        if (z.hi < 0x1p-400)
            return (struct pair){0, 0};
    }
    return z;
}

/* The sum over k >= 0 of (x / (x + k))^(n+1), x > 0, n >= 1: the terms as they stand while x + k is small, then
 * the asymptotic series DLMF 5.15.8. */
static struct wide relative_terms(struct pair x, int n)
{
    static const double series[] = { /* B_2k / (2 k)! */
        0x1.5555555555555p-4, -0x1.6c16c16c16c17p-10, 0x1.1566abc011567p-15, -0x1.bbd779334ef0bp-21,
        0x1.66a8f2bf70ebep-26, -0x1.22805d644267fp-31, 0x1.d6db2c4e09162p-37, -0x1.7da4e1f79955cp-42,
        0x1.355871d652e9ep-47, -0x1.f57d968caacf1p-53, 0x1.967e1f09c376fp-58, -0x1.497d9033a2b5cp-63,
        0x1.0b132d7c6ad06p-68
    };
    const struct pair one = {1, 0}, order = {n, 0};
    if (x.hi > 0x1p100)
        return multiply_wide(normalised((struct wide){x, 0}), divide(one, order));

    struct pair sum = {0, 0}, y = x;
    for (; y.hi < 8.4 + 0.8 * n; y = add(y, one))
        sum = add(sum, power_of(divide(x, y), n + 1));
    double term = 1, rest = 0; /* (2k + n - 1)! / n! y^(1 - 2k) */
    for (int k = 1; k <= 13; k++) {
        term *= k == 1 ? (n + 1) / y.hi : (n + 2.0 * k - 2) / y.hi * ((n + 2.0 * k - 1) / y.hi);
        rest += series[k - 1] * term;
    }
    struct pair last = add(divide(y, order), (struct pair){0.5, rest});
    return normalised((struct wide){add(sum, multiply(power_of(divide(x, y), n + 1), last)), 0});
}

/* |psi_n(x)|, the sum of n! (x + k)^-(n+1), for x > 0 and n >= 1: DLMF 5.15.1. */
static struct wide polygamma_above_0(struct pair x, int n)
{
    struct wide z = relative_terms(x, n), base = normalised((struct wide){x, 0});
    struct pair inverse = divide((struct pair){1, 0}, base.value);
    for (int j = 0; j <= n; j++) {
        z = multiply_wide(z, multiply(inverse, (struct pair){j ? j : 1, 0}));
        z.exponent -= base.exponent;
    }
    return z;
}

double ad_scalar_polygamma(double x, double order)
{
    if (order == 0)
        return ad_scalar_digamma(x);
    if (!(order > 0 && order <= 10000 && order == floor(order)) || x != x || x == -INFINITY)
        return NAN;
    int odd = fmod(order, 2) == 1;
    if (is_pole(x))
        return odd ? INFINITY : x == 0 ? (copysign)(INFINITY, -x) : NAN;
    double outer = odd ? 1 : -1;
    if (x == INFINITY)
        return outer * 0;
    int n = (int)order;
    struct wide z;
    if (x > 0)
        z = polygamma_above_0((struct pair){x, 0}, n);
    else { /* the reflection formula DLMF 5.15.6; the cotangent's derivative has period 1 */
        double from_whole = x - round(x); /* both sides of the whole number nearest to x */
        struct pair up = sum_of(from_whole < 0 ? 1 : 0, from_whole);
        struct pair down = sum_of(from_whole < 0 ? 0 : 1, -from_whole);
        struct wide mirror = polygamma_above_0(down, n), far = polygamma_above_0(sum_of(1, -x), n);
        z = add_wide(add_wide(polygamma_above_0(up, n), odd ? mirror : negative(mirror)), odd ? negative(far) : far);
    }
    return outer * ldexp(z.value.hi + z.value.lo, z.exponent);
}
