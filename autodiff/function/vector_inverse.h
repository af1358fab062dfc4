/* vector_inverse.h -- inverse circular and hyperbolic functions over lanes.
 *
 * Reductions as in fdlibm (Sun Microsystems, 1993) and DLMF 4.23, 4.24, 4.37, 4.38; polynomials fitted anew with
 * Sollya (errors 2^-58 and less).
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_INVERSE_H
#define AUTODIFF_FUNCTION_VECTOR_INVERSE_H

#include "vector_log.h"

#define LANE_PI_4 0x1.921fb54442d2p-1 /* 48 bits: small multiples are exact */
#define LANE_PI_4_LOW (-0x1.ee59d9cceba4p-51)

/* ---- the arctangent ---- */

/* (atan(t) / t - 1) / z for z = t^2 <= tan(pi/8)^2 */
LANE_INLINE ad_lane lane_atan_series(ad_lane z)
{
    return LANE_POLY(z, -0x1.5555555555555p-2, 0x1.9999999999452p-3, -0x1.249249243faa8p-3, 0x1.c71c718a1a80ep-4,
                     -0x1.745d0bd21e6eap-4, 0x1.3b12709f90fdbp-4, -0x1.10fb24631830bp-4, 0x1.dff0fee7a986ap-5,
                     -0x1.a0cd519ed7631p-5, 0x1.41eda3f87cc3ap-5, -0x1.3b6fea6942201p-6);
}

/* quarters pi/4 + atan(t), where quarters is 0 or above |t|; with t's sign flipped where asked */
LANE_INLINE ad_lane lane_atan_sum(ad_lane quarters, struct lane_pair t, ad_lane_bits flip)
{
    ad_lane tail = lane_fma(t.hi * t.hi * t.hi, lane_atan_series(t.hi * t.hi), t.lo);
    struct lane_pair s = lane_ordered_sum(quarters * LANE_PI_4, lane_flip(t.hi, flip));
    return s.hi + (lane_fma(quarters, lane_all(LANE_PI_4_LOW), s.lo) + lane_flip(tail, flip));
}

/* atan(a) is atan(a), pi/4 + atan((a - 1) / (a + 1)) or pi/2 - atan(1 / a). */
LANE_INLINE ad_lane ad_lane_atan(ad_lane x)
{
    ad_lane a = lane_smaller(lane_all(0x1p900), lane_abs(x));
    lane_mask over = lane_less(lane_all(0x1.a827999fcef32p-2), a), large = lane_less(lane_all(0x1.3504f333f9de6p+1), a);
    struct lane_pair less = lane_sum(a, lane_all(-1)), more = lane_sum(a, lane_all(1));
    struct lane_pair n = {lane_pick(large, lane_all(-1), lane_pick(over, less.hi, a)),
                          lane_pick(large, LANE_0, lane_where(over, less.lo))};
    struct lane_pair d = {lane_pick(large, a, lane_pick(over, more.hi, lane_all(1))),
                          lane_pick(large, LANE_0, lane_where(over, more.lo))};
    ad_lane quarters = lane_pick(large, lane_all(2), lane_where(over, lane_all(1)));
    return lane_copysign(lane_atan_sum(quarters, lane_divide(n, d), (ad_lane_bits){0}), x);
}
#define AD_LANE_HAS_atan ~, 1

/* The angle of (y, x): the first operand is the upright side, as in C. */
LANE_INLINE ad_lane ad_lane_atan2(ad_lane x, ad_lane y)
{
    ad_lane a = lane_abs(x), b = lane_abs(y), large = lane_larger(a, b),
            small = lane_smaller(b, a); /* one is NaN if x or y is */
    lane_mask over = lane_less(large * 0x1.a827999fcef32p-2, small), steep = lane_less(b, a),
              back = lane_less(y, LANE_0);
    struct lane_pair less = lane_ordered_sum(-large, small), more = lane_ordered_sum(large, small);
    struct lane_pair n = {lane_pick(over, less.hi, small), lane_where(over, less.lo)};
    struct lane_pair d = {lane_pick(over, more.hi, large), lane_where(over, more.lo)};
    ad_lane quarters = lane_where(over, lane_all(1));
    quarters = lane_pick(steep, 2.0 - quarters, quarters);
    quarters = lane_pick(back, 4.0 - quarters, quarters);
    ad_lane_bits flip = lane_sign_bit(lane_pick(steep, lane_all(-1), lane_all(1))) ^ lane_sign_bit(y);
    ad_lane z = lane_copysign(lane_atan_sum(quarters, lane_divide(n, d), flip), x);
    lane_mask plain = lane_and(lane_less(large, lane_all(0x1p900)), lane_less(lane_all(0x1p-900), small));
    lane_mask rare = lane_not(plain);
    return lane_any(rare) ? lane_rare_2(z, rare, atan2, x, y) : z;
}
#define AD_LANE_HAS_atan2 ~, 1

/* ---- the arcsine: its series up to 1/2, beyond it the half-angle, asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2)) ---- */

LANE_INLINE ad_lane lane_asin_series(ad_lane z) /* (asin(t) / t - 1) / z for z = t^2 <= 1/4 */
{
    return LANE_POLY(z, 0x1.5555555555556p-3, 0x1.3333333332d9ep-4, 0x1.6db6db6e48dfep-5, 0x1.f1c71c1187fb9p-6,
                     0x1.6e8bb383be85bp-6, 0x1.1c4d0fc1f1632p-6, 0x1.c9d336d8d3d2bp-7, 0x1.77ff42edd9f3cp-7,
                     0x1.533650a538ec1p-7, 0x1.5dc13ab6834p-8, 0x1.224dc1f6ecf3p-6, -0x1.f6742fa25a87ap-7,
                     0x1.dc68fbe7fc6eep-6);
}

LANE_INLINE ad_lane ad_lane_asin(ad_lane x)
{
    ad_lane a = lane_abs(x);
    lane_mask over = lane_less(lane_all(0.5), a);
    ad_lane z = lane_pick(over, 0.5 - a * 0.5, a * a);
    ad_lane t = lane_pick(over, lane_sqrt(z) * -2.0, a), quarters = lane_where(over, lane_all(2));
    struct lane_pair s = lane_ordered_sum(quarters * LANE_PI_4, t);
    ad_lane low = lane_fma(quarters, lane_all(LANE_PI_4_LOW), s.lo);
    return lane_copysign(s.hi + lane_fma(t * z, lane_asin_series(z), low), x);
}
#define AD_LANE_HAS_asin ~, 1

LANE_INLINE ad_lane ad_lane_acos(ad_lane x)
{
    ad_lane a = lane_abs(x);
    lane_mask over = lane_less(lane_all(0.5), a), below = lane_less(x, LANE_0);
    ad_lane z = lane_pick(over, 0.5 - a * 0.5, a * a), root = lane_sqrt(z) * 2.0;
    ad_lane t = lane_pick(over, lane_pick(below, -root, root), -x);
    ad_lane quarters = lane_pick(over, lane_where(below, lane_all(4)), lane_all(2));
    struct lane_pair s = lane_ordered_sum(quarters * LANE_PI_4, t);
    ad_lane low = lane_fma(quarters, lane_all(LANE_PI_4_LOW), s.lo);
    return s.hi + lane_fma(t * z, lane_asin_series(z), low);
}
#define AD_LANE_HAS_acos ~, 1

/* ---- the inverse hyperbolic functions, by log1p ---- */

/* log(1 + 2 a / (1 - a)) / 2 */
LANE_INLINE ad_lane ad_lane_atanh(ad_lane x)
{
    ad_lane a = lane_abs(x);
    struct lane_pair q = lane_divide((struct lane_pair){a * 2.0, LANE_0}, lane_ordered_sum(lane_all(1), -a));
    ad_lane z = lane_copysign(lane_log1p(q.hi, q.lo) * 0.5, x);
    lane_mask outside = lane_not(lane_less(a, lane_all(1)));
    return lane_any(outside) ? lane_rare(z, outside, atanh, x) : z;
}
#define AD_LANE_HAS_atanh ~, 1

/* log(1 + a + a^2 / (1 + sqrt(1 + a^2))), and log(2 a) past 2^30 */
LANE_INLINE ad_lane ad_lane_asinh(ad_lane x)
{
    ad_lane a = lane_abs(x);
    lane_mask large = lane_less(lane_all(0x1p30), a);
    ad_lane square = a * a, rest = square / (lane_sqrt(square + 1.0) + 1.0);
    struct lane_pair y = lane_ordered_sum(a, rest), u = lane_sum(lane_all(1), y.hi);
    u.hi = lane_pick(large, a, u.hi);
    u.lo = lane_pick(large, LANE_0, u.lo);
    ad_lane z = lane_log_of_sum(u, lane_where(lane_not(large), y.lo), lane_where(large, lane_all(1)));
    lane_mask ends = lane_not(lane_less(a, lane_all(INFINITY)));
    return lane_copysign(lane_any(ends) ? lane_pick(ends, x, z) : z, x);
}
#define AD_LANE_HAS_asinh ~, 1

/* log(1 + t + sqrt(t (t + 2))) with t = x - 1, the root corrected; and log(2 x) past 2^30: DLMF 4.37.19 */
LANE_INLINE ad_lane ad_lane_acosh(ad_lane x)
{
    lane_mask large = lane_less(lane_all(0x1p30), x);
    struct lane_pair t = lane_sum(x, lane_all(-1)), more = lane_sum(x, lane_all(1)),
                     inside = lane_product(t.hi, more.hi);
    ad_lane root = lane_sqrt(inside.hi);
    ad_lane low = lane_fma(t.hi, more.lo, lane_fma(t.lo, more.hi, inside.lo)) + lane_residual(root, root, inside.hi);
    low = low / lane_larger(lane_all(0x1p-1000), root * 2.0);
    struct lane_pair y = lane_sum(t.hi, root), u = lane_sum(lane_all(1), y.hi);
    u.hi = lane_pick(large, x, u.hi);
    u.lo = lane_pick(large, LANE_0, u.lo);
    ad_lane z = lane_log_of_sum(u, lane_where(lane_not(large), y.lo + t.lo + low), lane_where(large, lane_all(1)));
    lane_mask ends = lane_not(lane_and(lane_less_equal(lane_all(1), x), lane_less(x, lane_all(INFINITY))));
    return lane_any(ends) ? lane_pick(ends, lane_pick(lane_less(x, lane_all(1)), lane_all(NAN), x), z) : z;
}
#define AD_LANE_HAS_acosh ~, 1

#endif
