/* scalar.c -- the special functions behind scalar.h, but for the gamma family, which is gamma.c.
 *
 * It holds no derivative: those are rows of ops.def made of these functions. Every function here is built from the tools of
 * pairs.h, so that one rounding at the end is nearly the whole error.
 */
#include "pairs.h"
#include "scalar.h"
#include "sigmoid_pair.h"

/* ---- products and quotients ---- */

static inline int is_moderate(double a) { return fabs(a) > 0x1p-250 && fabs(a) < 0x1p250; }

static inline double limit_of(double a) { return a != 0 && fabs(a) < INFINITY ? (copysign)(1, a) : a; }

/* x y / (w v) */
static double quotient_of_products(double x, double y, double w, double v)
{
    if (is_moderate(x) && is_moderate(y) && is_moderate(w) && is_moderate(v))
        return divide(product_of(x, y), product_of(w, v)).hi;
    double limit = limit_of(x) * limit_of(y) / (limit_of(w) * limit_of(v)); /* of zeros, infinities, NaN */
    if (fabs(limit) != 1)
        return limit;
    int i, j, k, l;
    frexp(x, &i);
    frexp(y, &j);
    frexp(w, &k);
    frexp(v, &l);
    struct pair above = product_of(ldexp(x, -i), ldexp(y, -j)), below = product_of(ldexp(w, -k), ldexp(v, -l));
    return ldexp(divide(above, below).hi, i + j - k - l);
}

double ad_scalar_product_over(double x, double y, double w) { return quotient_of_products(x, y, w, 1); }

double ad_scalar_over_product(double x, double y, double w) { return quotient_of_products(x, 1, y, w); }

/* ---- the logistic family ---- */

static inline struct pair sigmoid_within_708(double x, double x_low)
{
    struct parts e = exp_parts(-x, -x_low);
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

/* The difference is taken whole, for the same reason. */
double ad_scalar_softmax2(double x, double y)
{
    if (x == y)
        return 0.5;
    struct pair d = sum_of(x, -y);
    if (fabs(d.hi) < 708) {
        struct pair s = sigmoid_within_708(d.hi, d.lo);
        return s.hi + s.lo;
    }
    double z = ad_scalar_sigmoid(d.hi);
    return d.hi < 0 && d.hi > -800 ? z + z * d.lo : z;
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
    struct pair s = sigmoid_within_708(x, 0), z = product_of(x, s.hi);
    return z.hi == 0 ? z.hi : z.hi + (z.lo + x * s.lo); /* 0 keeps its sign */
}

/* By a polynomial about its zero, where the terms cancel; it is fitted to 2^-57 of the whole. */
double ad_scalar_silu_slope(double x)
{
    static const double fit[] = { /* of the slope over d; the constant term less 0x1.be1410460527fp-3 */
        -0x1.2869eee89469dp-58, 0x1.2c563458cc0adp-3, 0x1.353eb573ca46bp-6, -0x1.f2d0e32bc3047p-7, -0x1.b0f82c4994a07p-8,
        0x1.098e92c63a75fp-13, 0x1.a2a7caff49e15p-11, 0x1.8574ce65a6744p-13, -0x1.5723b6ac91e39p-15, -0x1.f2d647a056bfdp-16,
        -0x1.8ab844c2f4a99p-19, 0x1.39faa85f320d8p-19, 0x1.c2d7018e7b8b3p-21
    };
    double d = (x + 0x1.474973c84120bp+0) + 0x1.f8d74bc9ac154p-54;
    if (fabs(d) < 0.25)
        return d * (0x1.be1410460527fp-3 + polynomial(d, fit, 13));
    if (!(x < 0)) {
        double s = ad_scalar_sigmoid(x);
        return x < 800 ? s + x * s * ad_scalar_sigmoid(-x) : s;
    }
    if (x < -800)
        return -0.0;
    if (x < -40) {
        struct parts e = exp_parts(x, 0);
        return scaled((1 + x) * (e.hi + e.lo), e.exponent);
    }
    struct pair s = sigmoid_within_708(x, 0), p = product_of(x, 1 - s.hi), t = sum_of(1, p.hi);
    t = ordered_sum(t.hi, t.lo + (p.lo - x * s.lo));
    return multiply(t, ordered_sum(s.hi, s.lo)).hi;
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

static inline struct pair over_root_two_pi(double a)
{
    return multiply((struct pair){a, 0}, (struct pair){0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56});
}

double ad_scalar_normal_pdf(double x)
{
    if (!(fabs(x) < 39))
        return x != x ? x : 0;
    return gaussian_times(0.5, x, over_root_two_pi(1));
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
    if (a < 0.47)
        return 1 - erf(x);
    double tail = gaussian_times(1, a, erfc_over_gaussian(a, 0));
    return x < 0 ? 2 - tail : tail;
}

static struct pair over_root_two(double a)
{
    const struct pair root = {0x1.6a09e68000000p-1, -0x1.80c4336f74d05p-29}; /* sqrt(1/2), the head in 26 bits */
    struct pair split = halves_of(a);
    double u = a * (root.hi + root.lo);
    return (struct pair){u, ((split.hi * root.hi - u) + split.lo * root.hi) + a * root.lo};
}

/* factor times the normal distribution's tail beyond a >= 0. */
static double normal_tail_times(double factor, double a)
{
    if (a >= 39)
        return 0;
    struct pair u = over_root_two(a);
    if (u.hi < 0.47)
        return factor * (0.5 - (0.5 * erf(u.hi) + u.lo * (0.5 * M_2_SQRTPI) * (1 - u.hi * u.hi)));
    struct pair q = erfc_over_gaussian(u.hi, u.lo);
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

/* The slope of gelu at -a, for a >= 0: 1/2 less an odd function near 0; about its zero, where the terms cancel, a polynomial
 * fitted to 2^-57 of the whole; beyond, a factor times the Gaussian. */
static double gelu_slope_below(double a)
{
    static const double odd[] = { /* of (odd / a - 2 / sqrt(2 pi)) / a^2 by a^2 */
        -0x1.1058377e2cee0p-2, 0x1.ea3863e31da76p-5, -0x1.37403f6b9a795p-7, 0x1.2e9ae84ccd4dbp-10, -0x1.db5d71d2a6afcp-14,
        0x1.38d7334da5e33p-17, -0x1.61a5b32767b11p-21, 0x1.4c6bc56ab1833p-25
    };
    static const double fit[] = { /* of the slope over d; the constant term less 0x1.b9d98fa5a3215p-2 */
        0x1.fc9abed7f80d1p-56, 0x1.8d9a941de3ac4p-2, -0x1.2a2ef9bb86624p-6, -0x1.d2fa4c17c73fep-4, -0x1.e4088244ea449p-7,
        0x1.3e346dedf28f2p-6, 0x1.297b9d64f66d4p-8, -0x1.258a6b48925c8p-9, -0x1.8680e79e3305ap-11, 0x1.86c4acbd8a766p-13,
        0x1.69558f908247fp-14, -0x1.7554ea17045b4p-17, -0x1.ffa7b45fc853fp-18
    };
    double d = (0x1.80ead197f00b4p-1 - a) - 0x1.13e74c58cada8p-56;
    if (fabs(d) < 0.25)
        return d * (0x1.b9d98fa5a3215p-2 + polynomial(d, fit, 13));
    if (!(a < 39))
        return a != a ? a : -0.0;
    struct pair p = over_root_two_pi(-a);
    if (a < 0.6) {
        struct pair s = ordered_sum(0.5, 2 * p.hi);
        return s.hi + (s.lo + (2 * p.lo - a * (a * a) * polynomial(a * a, odd, 8)));
    }
    struct pair u = over_root_two(a), q = erfc_over_gaussian(u.hi, u.lo);
    return gaussian_times(0.5, a, add((struct pair){0.5 * q.hi, 0.5 * q.lo}, p));
}

double ad_scalar_gelu_slope(double x)
{
    double below = gelu_slope_below(fabs(x));
    return x > 0 ? 1 - below : below;
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
