/* vector_power.h -- roots and powers over lanes: cbrt, hypot, pow, powi.
 *
 * The square root is the machine's (vector_choice.h). pow has a vector form only where multiply-adds are fused:
 * without them its exact products cost more than libm lane by lane.
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_POWER_H
#define AUTODIFF_FUNCTION_VECTOR_POWER_H

#include "vector_log.h"

/* x = 2^(3 q) m with m in [3/8, 3): a cubic step for m^(-1/3) from a polynomial, and one of Newton's for m^(1/3), its
 * residual taken in full. */
LANE_INLINE ad_lane ad_lane_cbrt(ad_lane x)
{
    ad_lane a = lane_abs(x);
    struct lane_split s = lane_split_of(a);
    ad_lane q = lane_nearest(s.k * (1.0 / 3)), r = s.k - q * 3.0, m = s.m * lane_power_of_two(r);
    ad_lane w = LANE_POLY(s.m, 0x1.d68c6df428787p0, -0x1.b8a2782978fc4p0, 0x1.5c60a0d940e9ap0, -0x1.2786011b60ff8p-1,
                          0x1.975f30ea56e7bp-4);
    w = w * lane_pick(lane_less(LANE_0, r), lane_all(0x1.965fea53d6e3dp-1),
                      lane_pick(lane_less(r, LANE_0), lane_all(0x1.428a2f98d728bp0), lane_all(1)));
    ad_lane h = lane_fnma(m * w, w * w, lane_all(1));
    w = lane_fma(w * h, lane_fma(h, lane_all(2.0 / 9), lane_all(1.0 / 3)), w);
    ad_lane w2 = w * w, y = m * w2;
    struct lane_pair square = lane_product(y, y);
    ad_lane residual = lane_fnma(square.lo, y, lane_residual(square.hi, y, m));
    y = lane_fma(residual, w2 * (1.0 / 3), y) * lane_power_of_two(q);
    lane_mask inside = lane_and(lane_less(LANE_0, a), lane_less(a, lane_all(INFINITY)));
    return lane_pick(inside, lane_copysign(y, x), x);
}
#define AD_LANE_HAS_cbrt ~, 1

/* Scaled only where a square would leave the range. An infinity outweighs NaN. */
LANE_INLINE ad_lane ad_lane_hypot(ad_lane x, ad_lane y)
{
    ad_lane a = lane_abs(x), b = lane_abs(y), large = lane_larger(a, b);
    lane_mask over = lane_less(lane_all(0x1p500), large), under = lane_less(large, lane_all(0x1p-450));
    ad_lane down = lane_pick(over, lane_all(0x1p-600), lane_pick(under, lane_all(0x1p600), lane_all(1)));
    ad_lane up = lane_pick(over, lane_all(0x1p600), lane_pick(under, lane_all(0x1p-600), lane_all(1)));
    ad_lane u = large * down, v = lane_smaller(a, b) * down;
    ad_lane z = lane_sqrt(lane_fma(u, u, v * v)) * up;
    lane_mask infinite = lane_or(lane_equal(a, lane_all(INFINITY)), lane_equal(b, lane_all(INFINITY)));
    z = lane_pick(lane_or(lane_unequal(x, x), lane_unequal(y, y)), lane_all(NAN), z);
    return lane_pick(infinite, lane_all(INFINITY), z);
}
#define AD_LANE_HAS_hypot ~, 1

#if AD_LANE_FUSED
/* log x for 0 < x < infinity, good to 2^-63 of itself: as in vector_log.h, the first two terms of the series as sums
 * of two. */
LANE_INLINE struct lane_pair lane_log_exact(ad_lane x)
{
    const double log_2 = 0x1.62e42feep-1, log_2_low = 0x1.a39ef35793c76p-33;
    struct lane_split a = lane_split_of(x);
    struct lane_pair f = {a.m - 1.0, {0}}, s = lane_divide(f, lane_ordered_sum(lane_all(2), f.hi));
    struct lane_pair z = lane_product(s.hi, s.hi), t = lane_product(z.hi, lane_all(0x1.5555555555555p-1));
    z.lo = lane_fma(s.hi * 2.0, s.lo, z.lo);
    ad_lane rest =
        LANE_POLY(z.hi, 0x1.9999999999999p-2, 0x1.2492492492a62p-2, 0x1.c71c71c5b725ap-3, 0x1.745d1853a5a48p-3,
                  0x1.3b134c2e81171p-3, 0x1.1125aacafc2fp-3, 0x1.dd3e0ffe3e25bp-4, 0x1.f3ecbf92306ecp-4);
    ad_lane slope = lane_fma(z.hi, lane_all(0.8), lane_all(2.0 / 3)); /* of t, for what z.hi lacks */
    ad_lane t_low = lane_fma(z.hi, lane_all(0x1.5555555555555p-55), lane_fma(z.lo, slope, t.lo));
    t = lane_ordered_sum(t.hi, lane_fma(z.hi * z.hi, rest, t_low)); /* z (2/3 + z (2/5 + ...)) */
    struct lane_pair w = lane_product(s.hi, t.hi), sum = lane_ordered_sum(a.k * log_2, s.hi * 2.0);
    ad_lane low = lane_fma(s.lo, t.hi + 2.0, lane_fma(s.hi, t.lo, w.lo)) + lane_fma(a.k, lane_all(log_2_low), sum.lo);
    sum = lane_ordered_sum(sum.hi, w.hi);
    return lane_ordered_sum(sum.hi, sum.lo + low);
}

/* exp(y log x); lanes where x is not positive, or either is not finite, go to libm. */
LANE_INLINE ad_lane ad_lane_pow(ad_lane x, ad_lane y)
{
    struct lane_pair l = lane_log_exact(x), p = lane_product(l.hi, y);
    p = lane_ordered_sum(p.hi, lane_fma(l.lo, y, p.lo));
    lane_mask inside = lane_less(lane_abs(p.hi), lane_all(800));
    struct lane_exp e = lane_exp_parts(lane_within(p.hi, -800, 800), lane_where(inside, p.lo));
    struct lane_pair f = lane_exp_factor(e);
    ad_lane z = lane_scaled(f.hi + f.lo, e.k);
    lane_mask plain = lane_and(lane_and(lane_less(LANE_0, x), lane_less(x, lane_all(INFINITY))),
                               lane_less(lane_abs(y), lane_all(0x1p900)));
    lane_mask rare = lane_not(plain);
    return lane_any(rare) ? lane_rare_2(z, rare, pow, x, y) : z;
}
#define AD_LANE_HAS_pow ~, 1
#define LANE_POW ad_lane_pow
#else
#define LANE_POW(x, y) lane_rare_2(x, lane_equal(LANE_0, LANE_0), pow, x, y)
#endif

/* x^n for one n of at most 64 in all lanes, by products of sums of two, but by libm where a product could leave the
 * range; other exponents as pow. */
LANE_INLINE ad_lane lane_power_small(ad_lane x, ad_lane y, double exponent)
{
    struct lane_pair z = {lane_all(1), {0}}, base = {x, {0}};
    unsigned n = (unsigned)fabs(exponent);
    for (unsigned left = n; left; left >>= 1) {
        if (left & 1) {
            struct lane_pair p = lane_product(z.hi, base.hi);
            z = (struct lane_pair){p.hi, lane_fma(z.hi, base.lo, lane_fma(z.lo, base.hi, p.lo))};
        }
        if (left > 1) {
            struct lane_pair p = lane_product(base.hi, base.hi);
            base = (struct lane_pair){p.hi, lane_fma(base.hi * 2.0, base.lo, p.lo)};
        }
    }
    ad_lane r = 1.0 / z.hi, size = lane_abs(z.hi);
    ad_lane power = exponent > 0 ? z.hi + z.lo : r + r * lane_fnma(r, z.lo, lane_residual(r, z.hi, lane_all(1)));
    if (n & 1)
        power = lane_copysign(power, x);
    lane_mask plain = lane_and(lane_less(lane_all(0x1p-900), size), lane_less(size, lane_all(0x1p900)));
    if (exponent > 0)
        plain = lane_or(plain, lane_equal(x, LANE_0));
    lane_mask rare = lane_not(plain);
    return lane_any(rare) ? lane_rare_2(power, rare, pow, x, y) : power;
}

LANE_INLINE ad_lane ad_lane_powi(ad_lane x, ad_lane y)
{
    double n = y[0];
    if (!(fabs(n) <= 64) || n != (int)n || lane_any(lane_unequal(y, lane_all(n))))
        return LANE_POW(x, y);
    if (n == 2)
        return x * x;
    if (n == 1)
        return x;
    if (n == 0)
        return lane_all(1);
    if (n == -1)
        return 1.0 / x;
    return lane_power_small(x, y, n);
}
#define AD_LANE_HAS_powi ~, 1

#endif
