/* vector_trig.h -- sine, cosine and tangent over lanes.
 *
 * It has no inverse functions (vector_inverse.h). x is reduced to [-pi/4, pi/4] by a multiple of pi/2 held in three
 * doubles (Cody and Waite, 1980; with fused multiply-adds as in S. Boldo, M. Daumas and R.-C. Li, IEEE Trans.
 * Comput. 58, 2009); both polynomials (fitted with Sollya, error 2^-56) are computed and a mask picks. Lanes beyond
 * LANE_TRIG_LIMIT, and infinities, go to libm one by one.
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_TRIG_H
#define AUTODIFF_FUNCTION_VECTOR_TRIG_H

#include "vector_lane.h"

#define LANE_TRIG_LIMIT 1e6

/* a = k pi/2 + r + r_low, |r| <= pi/4, for 0 <= a <= LANE_TRIG_LIMIT; the last bits of count are those of k. */
struct lane_turn {
    ad_lane r, r_low;
    ad_lane_bits count;
};

LANE_INLINE struct lane_turn lane_turn_of(ad_lane a)
{
    ad_lane shifted = lane_fma(a, lane_all(0x1.45f306dc9c883p-1), lane_all(0x1.8p52)), k = shifted - 0x1.8p52;
#if AD_LANE_FUSED
    const double first = 0x1.921fb54442d18p0, second = 0x1.1a62633145c07p-54, third = -0x1.f1976b7ed8fbcp-110;
    ad_lane r = lane_fnma(k, lane_all(first), a); /* exact */
    ad_lane t = k * second, s = r - t;
    ad_lane low = ((r - s) - t) - lane_fma(k, lane_all(second), -t);
    return (struct lane_turn){s, lane_fnma(k, lane_all(third), low), lane_bits(shifted)};
#else
    const double first = 0x1.921fb544p0, second = 0x1.0b4611a6p-34, third = 0x1.3198a2ep-69,
                 rest = 0x1.b839a252049c1p-104;
    ad_lane r = a - k * first; /* exact, as are the products by second and third */
    struct lane_pair s = lane_sum(r, -(k * second)), t = lane_sum(s.hi, -(k * third));
    s = lane_ordered_sum(t.hi, t.lo + (s.lo - k * rest));
    return (struct lane_turn){s.hi, s.lo, lane_bits(shifted)};
#endif
}

LANE_INLINE struct lane_pair lane_sine(struct lane_turn a) /* of r + r_low, as a sum of two */
{
    ad_lane z = a.r * a.r;
    ad_lane p = LANE_POLY(z, -0x1.5555555555555p-3, 0x1.1111111110c81p-7, -0x1.a01a019ea0a8bp-13, 0x1.71de37b1147aep-19,
                          -0x1.ae602042d85e4p-26, 0x1.5e11494b3fb11p-33);
    return (struct lane_pair){a.r, lane_fma(a.r * z, p, a.r_low)};
}

LANE_INLINE struct lane_pair lane_cosine(struct lane_turn a)
{
    ad_lane z = a.r * a.r, half = z * 0.5, w = 1.0 - half;
    ad_lane p = LANE_POLY(z, 0x1.5555555555555p-5, -0x1.6c16c16c168cbp-10, 0x1.a01a019f386d6p-16,
                          -0x1.27e4fa03161a7p-22, 0x1.1eeb57f5def52p-29, -0x1.90739324da542p-37);
    return (struct lane_pair){w, ((1.0 - w) - half) + lane_fma(z * z, p, -(a.r * a.r_low))};
}

LANE_INLINE lane_mask lane_trig_far(ad_lane a) { return lane_not(lane_less(a, lane_all(LANE_TRIG_LIMIT))); }

/* The sine and the cosine together, from one reduction. */
struct ad_lane_sine_cosine {
    ad_lane sine, cosine;
};

LANE_INLINE struct ad_lane_sine_cosine lane_sine_cosine(ad_lane x)
{
    struct lane_turn a = lane_turn_of(lane_abs(x));
    lane_mask odd = lane_bit_set(a.count, 1);
    struct lane_pair sine = lane_sine(a), cosine = lane_cosine(a);
    ad_lane s = sine.hi + sine.lo, c = cosine.hi + cosine.lo;
    return (struct ad_lane_sine_cosine){lane_flip(lane_pick(odd, c, s), ((a.count << 62) ^ lane_bits(x)) & LANE_SIGN),
                                        lane_flip(lane_pick(odd, s, c), ((a.count + 1) << 62) & LANE_SIGN)};
}

LANE_INLINE ad_lane ad_lane_sin(ad_lane x)
{
    lane_mask far = lane_trig_far(lane_abs(x));
    ad_lane z = lane_sine_cosine(x).sine;
    return lane_any(far) ? lane_rare(z, far, sin, x) : z;
}
#define AD_LANE_HAS_sin ~, 1

LANE_INLINE ad_lane ad_lane_cos(ad_lane x)
{
    lane_mask far = lane_trig_far(lane_abs(x));
    ad_lane z = lane_sine_cosine(x).cosine;
    return lane_any(far) ? lane_rare(z, far, cos, x) : z;
}
#define AD_LANE_HAS_cos ~, 1

LANE_INLINE struct ad_lane_sine_cosine ad_lane_sin_cos(ad_lane x)
{
    lane_mask far = lane_trig_far(lane_abs(x));
    struct ad_lane_sine_cosine z = lane_sine_cosine(x);
    if (lane_any(far))
        z.sine = lane_rare(z.sine, far, sin, x), z.cosine = lane_rare(z.cosine, far, cos, x);
    return z;
}

LANE_INLINE ad_lane ad_lane_tan(ad_lane x)
{
    lane_mask far = lane_trig_far(lane_abs(x));
    struct lane_turn a = lane_turn_of(lane_abs(x));
    lane_mask odd = lane_bit_set(a.count, 1);
    struct lane_pair s = lane_sine(a), c = lane_cosine(a);
    s = lane_ordered_sum(s.hi, s.lo);
    c = lane_ordered_sum(c.hi, c.lo);
    struct lane_pair n = {lane_pick(odd, -c.hi, s.hi), lane_pick(odd, -c.lo, s.lo)};
    struct lane_pair d = {lane_pick(odd, s.hi, c.hi), lane_pick(odd, s.lo, c.lo)}, q = lane_divide(n, d);
    ad_lane z = lane_flip(q.hi + q.lo, lane_sign_bit(x));
    return lane_any(far) ? lane_rare(z, far, tan, x) : z;
}
#define AD_LANE_HAS_tan ~, 1

#endif
