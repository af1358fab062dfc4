/* vector_gamma.h -- lgamma, digamma and its derivatives over lanes.
 *
 * The methods of rules/gamma.c: shifted up by the recurrence, then the asymptotic series (DLMF 5.5.2, 5.11.2, 5.15.8); near
 * the zero of digamma a polynomial. Lanes at 0 or below, tiny, huge, or of an order that is not small run the scalar row,
 * one by one. A lane's result depends on that lane alone. Scalar and in AVX-512, ns a value: digamma 37 to 178 and 1.7 to
 * 15, trigamma 153 to 494 and 3.7 to 14.
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_GAMMA_H
#define AUTODIFF_FUNCTION_VECTOR_GAMMA_H

#include "autodiff/rules/scalar.h"

#include "vector_log.h"

LANE_INLINE struct lane_pair lane_add_pairs(struct lane_pair a, struct lane_pair b)
{
    struct lane_pair s = lane_sum(a.hi, b.hi);
    return lane_ordered_sum(s.hi, s.lo + (a.lo + b.lo));
}

LANE_INLINE struct lane_pair lane_multiply_pairs(struct lane_pair a, struct lane_pair b)
{
    struct lane_pair p = lane_product(a.hi, b.hi);
    return lane_ordered_sum(p.hi, lane_fma(a.hi, b.lo, lane_fma(a.lo, b.hi, p.lo)));
}

LANE_INLINE struct lane_pair lane_inverse_of(struct lane_pair a)
{
    return lane_divide((struct lane_pair){lane_all(1), LANE_0}, a);
}

/* What lies where the mask is not set becomes 0. */
LANE_INLINE struct lane_pair lane_pair_where(lane_mask m, struct lane_pair a)
{
    return (struct lane_pair){lane_where(m, a.hi), lane_where(m, a.lo)};
}

/* a^n for a whole 1 <= n <= 16 */
LANE_INLINE struct lane_pair lane_pair_power(struct lane_pair a, int n)
{
    struct lane_pair z = a;
    while (--n)
        z = lane_multiply_pairs(z, a);
    return z;
}

/* On [1, 2]: (x - x0) times a polynomial, x0 the zero. */
LANE_INLINE ad_lane lane_digamma_near_zero(ad_lane x)
{
    ad_lane t = x - 1.5, t2 = t * t, t4 = t2 * t2, t10 = t4 * t4 * t2;
    ad_lane high = LANE_POLY(t, -0x1.1002aaf6255f5p-10, 0x1.7b3b41b0b38cdp-11, -0x1.f99f529bd0771p-12, 0x1.dc8ae08af0fc4p-13,
                             -0x1.3db05b36d9a48p-13, 0x1.104c9d0897b58p-12, -0x1.6b107f71aa124p-13, 0, 0, 0, 0);
    ad_lane middle = LANE_POLY(t, -0x1.5a071c746535bp-8, 0x1.cd3e42d157015p-9, -0x1.33661f9073563p-9, 0x1.980fc9c9f0be8p-10, 0);
    ad_lane low = LANE_POLY(t, -0x1.b1cb63005ee97p-2, 0x1.eca189b8e6da1p-3, -0x1.2feeeb98a7cd8p-3, 0x1.8512e5905d18p-4,
                            -0x1.fb442029cdbf4p-5, 0x1.4de9aa05d3418p-5, -0x1.b9f8b1367959dp-6, 0x1.256475e5ac975p-6,
                            -0x1.86355f6f68797p-7, 0x1.03c00801ba958p-7);
    ad_lane rest = lane_fma(t10, lane_fma(t4, high, middle), low);
    struct lane_pair slope = lane_ordered_sum(lane_all(0x1.e6f0cbb873617p-1), t * rest);
    slope.lo = slope.lo - 0x1.f789c8f062b61p-55;
    struct lane_pair distance = lane_sum(x - 0x1.762d86356be3fp+0, lane_all(-0x1.b86a722197829p-54));
    struct lane_pair z = lane_multiply_pairs(distance, slope);
    return z.hi + z.lo;
}

/* Of 1e-9 <= x <= 1e17. */
LANE_INLINE ad_lane lane_digamma_above_0(ad_lane x)
{
    struct lane_pair y = {x, LANE_0}, below = {LANE_0, LANE_0};
    for (lane_mask m; m = lane_less(y.hi, lane_all(12)), lane_any(m);) {
        below = lane_add_pairs(below, lane_pair_where(m, lane_inverse_of(y)));
        struct lane_pair next = lane_sum(y.hi, lane_where(m, lane_all(1)));
        y = lane_ordered_sum(next.hi, next.lo + y.lo);
    }
    struct lane_pair inverse = lane_inverse_of(y);
    ad_lane square = inverse.hi * inverse.hi;
    ad_lane series = square * LANE_POLY(square, 0x1.5555555555555p-4, -0x1.1111111111111p-7, 0x1.0410410410410p-8,
                                        -0x1.1111111111111p-8, 0x1.f07c1f07c1f08p-8, -0x1.5995995995996p-6, 0x1.5555555555555p-4,
                                        -0x1.c5e5e5e5e5e5ep-2, 0x1.86e7f9b9fe6e8p+1, 0);
    struct lane_split a = lane_split_of(y.hi);
    struct lane_pair l = lane_log_pair(a.m - 1.0), s = lane_ordered_sum(a.k * 0x1.62e42feep-1, l.hi);
    l = lane_ordered_sum(s.hi, s.lo + (lane_fma(a.k, lane_all(0x1.a39ef35793c76p-33), l.lo) + y.lo * inverse.hi));
    struct lane_pair z = lane_add_pairs(l, (struct lane_pair){inverse.hi * -0.5, lane_fma(inverse.lo, lane_all(-0.5), -series)});
    z = lane_add_pairs(z, (struct lane_pair){-below.hi, -below.lo});
    return z.hi + z.lo;
}

/* log(a), good to 2^-57 of itself where the parts do not cancel; a > 0, not huge. */
LANE_INLINE struct lane_pair lane_log_of_pair(struct lane_pair a)
{
    struct lane_split b = lane_split_of(a.hi);
    struct lane_pair l = lane_log_pair(b.m - 1.0), s = lane_sum(b.k * 0x1.62e42feep-1, l.hi);
    return lane_ordered_sum(s.hi, s.lo + (lane_fma(b.k, lane_all(0x1.a39ef35793c76p-33), l.lo) + a.lo / a.hi));
}

/* log Gamma(1 + u) for 0 <= u <= 1: u (u - 1) times a polynomial in u - 1/2. */
LANE_INLINE struct lane_pair lane_lgamma_of_one_plus(ad_lane u)
{
    ad_lane t = u - 0.5, t2 = t * t, t4 = t2 * t2, t10 = t4 * t4 * t2;
    ad_lane high = LANE_POLY(t, -0x1.156abea920aefp-14, 0x1.68f13e0fbb796p-15, -0x1.c85e4bc95846cp-16, 0x1.ba730a9784e07p-17, -0x1.18598e23bb974p-17, 0x1.9759e019683d0p-17, -0x1.0467902760469p-17, 0, 0, 0, 0);
    ad_lane middle = LANE_POLY(t, -0x1.cb44dee9fac00p-12, 0x1.1c7e3a261c9ebp-12, -0x1.623f109df00eep-13, 0x1.b9e43433855c2p-14, 0);
    ad_lane low = LANE_POLY(t, -0x1.2aed059bd608ap-3, 0x1.01af62a2929c0p-4, -0x1.007aa83cee1acp-5, 0x1.133423527f1f2p-6, -0x1.34dbda14971e2p-7, 0x1.64f0664c4f943p-8, -0x1.a5035232a7d25p-9, 0x1.f814bab49d011p-10, -0x1.313e8a3ddad6fp-10, 0x1.750a7900f071ep-11);
    ad_lane rest = lane_fma(t10, lane_fma(t4, high, middle), low);
    struct lane_pair slope = lane_ordered_sum(lane_all(0x1.eeb95b094c191p-2), t * rest);
    slope.lo = slope.lo + 0x1.3ed469cc0967dp-56;
    struct lane_pair v = lane_sum(u, lane_all(-1)), w = lane_product(u, v.hi);
    return lane_multiply_pairs((struct lane_pair){w.hi, lane_fma(u, v.lo, w.lo)}, slope);
}

/* Of 1e-20 <= x < 8: shifted down into [1, 2], or up from below 1, by the product that is passed. */
LANE_INLINE ad_lane lane_lgamma_near(ad_lane x)
{
    lane_mask below = lane_less(x, lane_all(1));
    ad_lane y = lane_pick(below, lane_all(1), x);
    struct lane_pair product = {lane_pick(below, x, lane_all(1)), LANE_0};
    for (lane_mask m; m = lane_less(lane_all(2), y), lane_any(m);) {
        y = y - lane_where(m, lane_all(1));
        product = lane_multiply_pairs(product, (struct lane_pair){lane_pick(m, y, lane_all(1)), LANE_0});
    }
    struct lane_pair z = lane_lgamma_of_one_plus(lane_pick(below, x, y - 1.0)), l = lane_log_of_pair(product);
    ad_lane_bits sign = lane_sign_bit(lane_pick(below, lane_all(-1), lane_all(1)));
    z = lane_add_pairs(z, (struct lane_pair){lane_flip(l.hi, sign), lane_flip(l.lo, sign)});
    return z.hi + z.lo;
}

/* Of 8 <= x <= 1e250: Stirling's series. */
LANE_INLINE ad_lane lane_lgamma_far(ad_lane x)
{
    ad_lane inverse = 1.0 / x;
    ad_lane series = inverse * LANE_POLY(inverse * inverse, 0x1.5555555555555p-4, -0x1.6c16c16c16c17p-9, 0x1.a01a01a01a01ap-11, -0x1.3813813813814p-11, 0x1.b951e2b18ff23p-11, -0x1.f6ab0d9993c7dp-10, 0x1.a41a41a41a41ap-8, -0x1.e4286cb0f5398p-6, 0x1.6fe96381e0680p-3, -0x1.6476701181f3ap+0);
    struct lane_pair l = lane_add_pairs(lane_log_of_pair((struct lane_pair){x, LANE_0}), (struct lane_pair){lane_all(-1), LANE_0});
    struct lane_pair z = lane_multiply_pairs(lane_sum(x, lane_all(-0.5)), l);
    z = lane_add_pairs(z, (struct lane_pair){lane_all(0x1.acfe390c97d69p-2), series + 0x1.3494bc9001442p-56});
    return z.hi + z.lo;
}

static __attribute__((noinline, unused)) ad_lane ad_lane_lgamma(ad_lane x)
{
    lane_mask inside = lane_and(lane_less_equal(lane_all(1e-20), x), lane_less_equal(x, lane_all(1e250)));
    ad_lane u = lane_pick(inside, x, lane_all(1.5));
    lane_mask far = lane_less_equal(lane_all(8), u);
    ad_lane z = lane_any(lane_not(far)) ? lane_lgamma_near(lane_pick(far, lane_all(1.5), u)) : LANE_0;
    if (lane_any(far))
        z = lane_pick(far, lane_lgamma_far(lane_pick(far, u, lane_all(8))), z);
    for (int i = 0; i < AD_LANES && lane_any(lane_not(inside)); i++)
        if (!lane_is_on(inside, i))
            z[i] = ad_scalar_lgamma(x[i]);
    return z;
}
#define AD_LANE_HAS_lgamma ~, 1

static __attribute__((noinline, unused)) ad_lane ad_lane_digamma(ad_lane x)
{
    lane_mask inside = lane_and(lane_less_equal(lane_all(1e-9), x), lane_less_equal(x, lane_all(1e17)));
    ad_lane u = lane_pick(inside, x, lane_all(1));
    lane_mask near = lane_and(lane_less_equal(lane_all(1), u), lane_less_equal(u, lane_all(2)));
    ad_lane z = lane_any(lane_not(near)) ? lane_digamma_above_0(u) : LANE_0;
    if (lane_any(near))
        z = lane_pick(near, lane_digamma_near_zero(u), z);
    for (int i = 0; i < AD_LANES && lane_any(lane_not(inside)); i++)
        if (!lane_is_on(inside, i))
            z[i] = ad_scalar_digamma(x[i]);
    return z;
}
#define AD_LANE_HAS_digamma ~, 1

enum { LANE_MOST_ORDER = 8 };

/* n! times the sum over k >= 0 of (x + k)^-(n+1), for 1e-25 <= x <= 1e17 and 1 <= n <= LANE_MOST_ORDER. */
LANE_INLINE ad_lane lane_polygamma_above_0(ad_lane x, int n)
{
    static const double series[] = { /* B_2k / (2 k)! */
        0x1.5555555555555p-4, -0x1.6c16c16c16c17p-10, 0x1.1566abc011567p-15, -0x1.bbd779334ef0bp-21,
        0x1.66a8f2bf70ebep-26, -0x1.22805d644267fp-31, 0x1.d6db2c4e09162p-37, -0x1.7da4e1f79955cp-42,
        0x1.355871d652e9ep-47, -0x1.f57d968caacf1p-53, 0x1.967e1f09c376fp-58, -0x1.497d9033a2b5cp-63,
        0x1.0b132d7c6ad06p-68
    };
    struct lane_pair y = {x, LANE_0}, sum = {LANE_0, LANE_0};
    const ad_lane far = lane_all(8.4 + 0.8 * n);
    for (lane_mask m; m = lane_less(y.hi, far), lane_any(m);) {
        sum = lane_add_pairs(sum, lane_pair_where(m, lane_pair_power(lane_inverse_of(y), n + 1)));
        struct lane_pair next = lane_sum(y.hi, lane_where(m, lane_all(1)));
        y = lane_ordered_sum(next.hi, next.lo + y.lo);
    }
    struct lane_pair inverse = lane_inverse_of(y);
    ad_lane term = inverse.hi * (n + 1.0), rest = term * series[0], square = inverse.hi * inverse.hi;
    for (int k = 2; k <= 13; k++) {        /* (2k + n - 1)! / n! y^(1 - 2k) */
        term = term * square * ((n + 2.0 * k - 2) * (n + 2.0 * k - 1));
        rest = lane_fma(term, lane_all(series[k - 1]), rest);
    }
    struct lane_pair last = lane_divide(y, (struct lane_pair){lane_all(n), LANE_0});
    last = lane_add_pairs(last, (struct lane_pair){lane_all(0.5), rest});
    sum = lane_add_pairs(sum, lane_multiply_pairs(lane_pair_power(inverse, n + 1), last));
    double factorial = 1;
    for (int k = 2; k <= n; k++)
        factorial *= k;
    struct lane_pair z = lane_multiply_pairs(sum, (struct lane_pair){lane_all(factorial), LANE_0});
    return z.hi + z.lo;
}

/* Lanes of the first order that is left, until none is: one round where the order is a constant, as it is in the engine. */
static __attribute__((noinline, unused)) ad_lane ad_lane_polygamma(ad_lane x, ad_lane order)
{
    lane_mask inside = lane_and(lane_less_equal(lane_all(1e-25), x), lane_less_equal(x, lane_all(1e17)));
    ad_lane u = lane_pick(inside, x, lane_all(1)), z = LANE_0;
    lane_mask done = lane_unequal(LANE_0, LANE_0);
    for (int i = 0; i < AD_LANES; i++) {
        double n = order[i];
        if (lane_is_on(done, i))
            continue;
        if (!lane_is_on(inside, i) || !(n >= 1 && n <= LANE_MOST_ORDER && n == (int)n)) {
            z[i] = ad_scalar_polygamma(x[i], n);
            continue;
        }
        lane_mask same = lane_and(inside, lane_equal(order, lane_all(n)));
        ad_lane value = lane_polygamma_above_0(u, (int)n);
        z = lane_pick(same, (int)n % 2 ? value : -value, z);
        done = lane_or(done, same);
    }
    return z;
}
#define AD_LANE_HAS_polygamma ~, 1

#endif
