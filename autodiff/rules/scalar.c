/* scalar.c -- the special functions behind scalar.h.
 *
 * It holds no derivative: those are rows of ops.def made of these functions. Every function here is built from
 * two tools, the exponential split into a short exact factor and a small tail, and numbers kept as unevaluated
 * sums of two doubles, so that one rounding at the end is nearly the whole error. The splittings are those of
 * T. J. Dekker (Numer. Math. 18, 1971) and D. E. Knuth (TAOCP 2, 4.2.2); no fused multiply-add is assumed, and
 * none may be made by the compiler (-ffp-contract=off).
 */
#define _DEFAULT_SOURCE /* for lgamma_r: NOLINT(bugprone-reserved-identifier) */

#include "scalar.h"
#include "sigmoid_pair.h"

#include <stdint.h>
#include <string.h>

/* ---- numbers as sums of two doubles ---- */

struct pair { double hi, lo; };

static struct pair sum_of(double a, double b) /* exact: TwoSum */
{
    double s = a + b, t = s - a;
    return (struct pair){s, (a - (s - t)) + (b - t)};
}

static struct pair ordered_sum(double a, double b) /* exact when |a| >= |b| or a = 0: Fast2Sum */
{
    double s = a + b;
    return (struct pair){s, b - (s - a)};
}

static struct pair halves_of(double a) /* exact, 26 bits each; |a| < 2^996 */
{
    double c = 134217729 * a, hi = c - (c - a);
    return (struct pair){hi, a - hi};
}

static struct pair product_of(double a, double b) /* exact without under- or overflow: TwoProduct */
{
    struct pair p = halves_of(a), q = halves_of(b);
    double s = a * b;
    return (struct pair){s, ((p.hi * q.hi - s) + p.hi * q.lo + p.lo * q.hi) + p.lo * q.lo};
}

static struct pair add(struct pair a, struct pair b)
{
    struct pair s = sum_of(a.hi, b.hi), t = sum_of(a.lo, b.lo);
    s = ordered_sum(s.hi, s.lo + t.hi);
    return ordered_sum(s.hi, s.lo + t.lo);
}

static struct pair multiply(struct pair a, struct pair b)
{
    struct pair p = product_of(a.hi, b.hi);
    return ordered_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static struct pair divide(struct pair a, struct pair b)
{
    double q = a.hi / b.hi;
    struct pair p = product_of(q, b.hi);
    return ordered_sum(q, (((a.hi - p.hi) - p.lo) + (a.lo - q * b.lo)) / b.hi);
}

static double polynomial(double x, const double *coefficient, int n) /* Horner's rule, odd and even powers apart */
{
    double square = x * x, a = coefficient[n - 1], b = coefficient[n - 2];
    for (n -= 2; n > 1; n -= 2) {
        a = a * square + coefficient[n - 1];
        b = b * square + coefficient[n - 2];
    }
    return n ? (a * x + b) * x + coefficient[0] : a * x + b;
}

/* ---- the exponential in parts ---- */

/* 2^exponent (hi + lo): hi has at most 26 bits and lies in [1, 2), |lo| < 2^-5, and the whole is good to 2^-59.
 * The method is P. T. P. Tang's (ACM TOMS 15, 1989). */
struct parts { double hi, lo; int exponent; };

static const struct pair roots_of_two[32] = { /* 2^(i/32) */
    {0x1p+0, 0}, {0x1.059b0dp+0, 0x1.8ac2ba1d73e2ap-27},
    {0x1.0b5587p+0, -0x1.833b784eb3a37p-27}, {0x1.11301dp+0, 0x1.25b50a4ebbf1bp-32},
    {0x1.172b84p+0, -0x1.c15742919041cp-27}, {0x1.1d4873p+0, 0x1.68b9aa7805b8p-28},
    {0x1.2387a7p+0, -0x1.8a9dc7993e052p-28}, {0x1.29e9df8p+0, -0x1.70108f69ed175p-27},
    {0x1.306fe08p+0, 0x1.18db8a96f46adp-27}, {0x1.371a738p+0, -0x1.8aac6ab1d756p-29},
    {0x1.3dea65p+0, -0x1.f6e5eee525f6fp-27}, {0x1.44e086p+0, 0x1.8624b40c4dbdp-30},
    {0x1.4bfdad8p+0, -0x1.64eaec715e343p-27}, {0x1.5342b58p+0, -0x1.62b07e20f57c4p-28},
    {0x1.5ab07ep+0, -0x1.5bd5eb539b67fp-27}, {0x1.6247ebp+0, 0x1.d2ac258f87d03p-31},
    {0x1.6a09e68p+0, -0x1.80c4336f74d05p-28}, {0x1.71f75e8p+0, 0x1.d8bee7ba46e1ep-29},
    {0x1.7a1147p+0, 0x1.f580c36bea881p-27}, {0x1.8258998p+0, 0x1.4cce128acf88bp-28},
    {0x1.8ace54p+0, 0x1.15506dadd3e2bp-27}, {0x1.93737bp+0, 0x1.9b8bc9e8a0388p-29},
    {0x1.9c4918p+0, 0x1.51f8480e3e236p-27}, {0x1.a5503bp+0, 0x1.1f12ae45a1225p-27},
    {0x1.ae89f98p+0, 0x1.5ad3ad5e8734dp-28}, {0x1.b7f76fp+0, 0x1.7daf237553d84p-27},
    {0x1.c199bep+0, -0x1.3d56b1eeef9a7p-27}, {0x1.cb720ep+0, -0x1.8837cb757e1a1p-27},
    {0x1.d5818ep+0, -0x1.822dbc6d12fd3p-27}, {0x1.dfc973p+0, 0x1.bdcdaf5cb4656p-27},
    {0x1.ea4afap+0, 0x1.52486cc2c7b9dp-27}, {0x1.f507658p+0, 0x1.b722a033a7c26p-27}
};

static inline struct parts exp_parts(double x, double x_low) /* of x + x_low; |x| < 2000 */
{
    const double shift = 0x1.8p52, per_step = 0x1.71547652b82fep+5, step = 0x1.62e42fef8p-6,
                 step_low = 0x1.1cf79abc9e3b4p-41; /* step + step_low = log(2) / 32 */
    double shifted = x * per_step + shift, k = shifted - shift;
    double r = (x - k * step) - (k * step_low - x_low), r2 = r * r;
    double series = r + r2 * ((0.5 + r * (1.0 / 6)) + r2 * ((1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720)));
    int steps = (int)k, i = steps & 31, many = 1 << 20; /* keeps the division unsigned */
    struct pair root = roots_of_two[i];
    int exponent = (int)((unsigned)(steps - i + many) / 32) - many / 32;
    return (struct parts){root.hi, root.lo + series * (root.hi + root.lo), exponent};
}

static inline double power_of_two(int exponent) /* -1022 <= exponent <= 1023 */
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* ldexp without the call, where the result is normal. */
static inline double scaled(double x, int exponent)
{
    return exponent > -1021 && exponent < 1023 ? x * power_of_two(exponent) : ldexp(x, exponent);
}

static inline double first_26_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~UINT64_C(0x7ffffff);
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 1 / (1 + e + e_low) for e > 0 of 26 bits, as a head of 26 bits and the rest, good to 2^-57. The residual of the
 * head is exact: larger terms cancel first. */
static inline struct pair reciprocal_of_one_plus(double e, double e_low)
{
    double r = 1 / (1 + e + e_low), head = first_26_bits(r), part = e * head;
    double larger = part > head ? part : head, smaller = part < head ? part : head;
    return (struct pair){head, (((1 - larger) - smaller) - e_low * head) * r};
}

/* ---- the logistic family ---- */

static inline struct pair sigmoid_within_708(double x)
{
    struct parts e = exp_parts(-x, 0);
    double scale = power_of_two(e.exponent);
    return reciprocal_of_one_plus(e.hi * scale, e.lo * scale);
}

double ad_scalar_sigmoid(double x) { return ad_sigmoid_rounded(x).value; }

double ad_scalar_softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

double ad_scalar_log_sigmoid(double x) { return -ad_scalar_softplus(-x); }

/* The larger plus log(1 + exp(-distance)); the distance is taken whole, since its rounding would be magnified. */
double ad_scalar_logaddexp(double x, double y)
{
    double larger = ad_scalar_max(x, y), smaller = ad_scalar_min(x, y);
    if (!(smaller - larger > -800) || larger == INFINITY)
        return larger;
    struct pair distance = sum_of(smaller, -larger);
    struct parts e = exp_parts(distance.hi, distance.lo);
    return larger + log1p(scaled(e.hi + e.lo, e.exponent));
}

double ad_scalar_silu(double x)
{
    if (!(fabs(x) < 700)) {
        if (!(x < 0))
            return x;
        if (x < -800)
            return -0.0;
        struct parts e = exp_parts(x, 0); /* sigmoid would be subnormal before silu is */
        return scaled(x * (e.hi + e.lo), e.exponent);
    }
    struct pair s = sigmoid_within_708(x), z = product_of(x, s.hi);
    return z.hi == 0 ? z.hi : z.hi + (z.lo + x * s.lo); /* 0 keeps its sign */
}

/* (1 - e) / (1 + e) with e = exp(-2 |x|); near 0 the Taylor series, DLMF 4.33.3. */
double ad_scalar_tanh(double x)
{
    if (x == 0) return x; /* keeps its sign */
    static const double taylor[] = { -1.0 / 3, 2.0 / 15, -17.0 / 315, 62.0 / 2835, -1382.0 / 155925,
                                     21844.0 / 6081075, -929569.0 / 638512875 };
    double a = fabs(x);
    if (a < 0.0625)
        return x + x * (x * x) * polynomial(x * x, taylor, 7);
    if (!(a < 20))
        return x != x ? x : (copysign)(1, x);
    struct parts e = exp_parts(-2 * a, 0);
    double scale = power_of_two(e.exponent), lead = e.hi * scale, low = e.lo * scale;
    struct pair n = ordered_sum(1, -lead), r = reciprocal_of_one_plus(lead, low);
    double top = first_26_bits(n.hi), rest = (n.hi - top) + (n.lo - low);
    return (copysign)(top * r.hi + (rest * (r.hi + r.lo) + top * r.lo), x);
}

/* 2 e / (1 + e^2) with e = exp(-|x|). */
double ad_scalar_sech(double x)
{
    double a = fabs(x);
    if (!(a < 800))
        return x != x ? x : 0;
    struct parts e = exp_parts(-a, 0);
    if (a > 20)
        return scaled(e.hi + e.lo, e.exponent + 1);
    double scale = power_of_two(e.exponent), lead = e.hi * scale, low = e.lo * scale;
    double square = lead * lead, head = first_26_bits(square);
    struct pair r = reciprocal_of_one_plus(head, (square - head) + low * (2 * lead + low));
    return 2 * (lead * r.hi + (low * (r.hi + r.lo) + lead * r.lo));
}

/* ---- the normal family ---- */

/* factor exp(-s x^2) for s a power of two; the square is kept whole, so large x lose nothing. */
static double gaussian_times(double s, double x, struct pair factor)
{
    struct pair square = product_of(x, x);
    struct parts e = exp_parts(-s * square.hi, -s * square.lo);
    double head = first_26_bits(factor.hi);
    return scaled(e.hi * head + (e.hi * ((factor.hi - head) + factor.lo) + e.lo * factor.hi), e.exponent);
}

double ad_scalar_gaussian(double x)
{
    if (!(fabs(x) < 28))
        return x != x ? x : 0;
    return gaussian_times(1, x, (struct pair){1, 0});
}

double ad_scalar_normal_pdf(double x)
{
    const struct pair one_over_root_two_pi = {0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56};
    if (!(fabs(x) < 39))
        return x != x ? x : 0;
    return gaussian_times(0.5, x, one_over_root_two_pi);
}

/* exp(x^2) erfc(x) for 0 <= x <= 28: (1 + 2 x) times it is nearly constant, and a polynomial in
 * (x - 3.75) / (x + 3.75): M. M. Shepherd and J. G. Laframboise, Math. Comp. 36 (1981). Fitted here anew, to
 * 3e-18. */
static struct pair erfc_over_gaussian(double x, double x_low)
{
    static const double fit[] = { /* less the constant term, which stands below in two parts */
        -0x1.1f367683f89a7p-3, 0x1.d5f2948159649p-9, 0x1.510169d096806p-4, -0x1.bda9309a27b0bp-4,
        0x1.7a14188a9a07ep-4, -0x1.e0d0fa6e2aab9p-5, 0x1.d0b0037d94f6ep-6, -0x1.3f603c2b6c6eap-7,
        0x1.cc3a0e5c60f68p-10, 0x1.33fb1ce091b75p-12, -0x1.303fa5bf1908ep-12, 0x1.b145555f6d1e5p-15,
        0x1.778ce9b2d5200p-16, -0x1.8014367d95749p-17, -0x1.05ba6798fe429p-20, 0x1.d74eb80ca8715p-20,
        -0x1.cc96e43b85d7dp-25, -0x1.1a66fb1dcfff8p-22, 0x1.37c7f966b7138p-26, 0x1.5e3e959653251p-25,
        0x1.c09f301813238p-33, -0x1.578c881e7c119p-28, -0x1.0c015eaa8b167p-30
    };
    double t = (x - 3.75) / (x + 3.75);
    struct pair p = ordered_sum(0x1.3ccda0b5d5dc2p+0, t * polynomial(t, fit, 23)), d = sum_of(1, 2 * x);
    return divide((struct pair){p.hi, p.lo + 0x1.ef6ea72388d6dp-54}, (struct pair){d.hi, d.lo + 2 * x_low});
}

double ad_scalar_erfc(double x)
{
    double a = fabs(x);
    if (!(a < 28))
        return x != x ? x : x > 0 ? 0 : 2;
    if (a < 0.5)
        return 1 - erf(x);
    double tail = gaussian_times(1, a, erfc_over_gaussian(a, 0));
    return x < 0 ? 2 - tail : tail;
}

/* factor times the normal distribution's tail beyond a >= 0. */
static double normal_tail_times(double factor, double a)
{
    if (a >= 39)
        return 0;
    const struct pair root = {0x1.6a09e68000000p-1, -0x1.80c4336f74d05p-29}; /* sqrt(1/2), the head in 26 bits */
    struct pair split = halves_of(a);
    double u = a * (root.hi + root.lo);
    double u_low = ((split.hi * root.hi - u) + split.lo * root.hi) + a * root.lo;
    if (u < 0.5)
        return factor * (0.5 - (0.5 * erf(u) + u_low * (0.5 * M_2_SQRTPI) * (1 - u * u)));
    struct pair q = erfc_over_gaussian(u, u_low);
    return gaussian_times(0.5, a, multiply((struct pair){0.5 * factor, 0}, q));
}

double ad_scalar_normal_cdf(double x)
{
    if (x != x)
        return x;
    return x > 0 ? 1 - normal_tail_times(1, x) : normal_tail_times(1, -x);
}

double ad_scalar_gelu(double x)
{
    if (x != x)
        return x;
    return x > 0 ? x * (1 - normal_tail_times(1, x)) : x < -39 ? -0.0 : normal_tail_times(x, -x);
}

/* ---- roots and inverses ---- */

/* One Newton step on the library's result, its residual taken exactly. */
double ad_scalar_cbrt(double x)
{
    if (x == 0 || !(fabs(x) < INFINITY))
        return (cbrt)(x);
    double scale = fabs(x) > 1e290 ? 0x1p-100 : fabs(x) < 1e-290 ? 0x1p200 : 1;
    double a = x * (scale * scale * scale), z = (cbrt)(a);
    struct pair square = product_of(z, z), cube = product_of(square.hi, z);
    double residual = (cube.hi - a) + (cube.lo + square.lo * z);
    return (z - residual / (3 * square.hi)) / scale;
}

/* log1p(t + sqrt(t (t + 2))) with t = x - 1, the root corrected: DLMF 4.37.19. */
double ad_scalar_acosh(double x)
{
    if (!(x > 1 && x < 2))
        return (acosh)(x);
    double t = x - 1;
    struct pair inside = multiply((struct pair){t, 0}, sum_of(2, t));
    double root = sqrt(inside.hi);
    struct pair square = product_of(root, root);
    double root_low = ((inside.hi - square.hi) - square.lo + inside.lo) / (2 * root);
    struct pair u = ordered_sum(root, t);
    return log1p(u.hi) + (u.lo + root_low) / (1 + u.hi);
}

/* ---- the gamma family ---- */

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
    z = add(z, (struct pair){0x1.acfe390c97d69p-2 * scale, (0x1.3494bc9001442p-56 + inverse * polynomial(inverse * inverse, series, 10)) * scale});
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
