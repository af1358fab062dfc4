/* vector_normal.h -- the error function over lanes, and what is made of it: normal_cdf, gelu and its slope.
 *
 * The density alone is in vector_exp.h. Near 0 the odd series of erf; beyond, exp(x^2) erfc(x) (1 + 2 x) is nearly
 * constant and a polynomial in (x - 3.75) / (x + 3.75): M. M. Shepherd and J. G. Laframboise, Math. Comp. 36 (1981).
 * Both are fitted anew with Sollya (errors 2^-56 and 2^-57).
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_NORMAL_H
#define AUTODIFF_FUNCTION_VECTOR_NORMAL_H

#include "vector_exp.h"

LANE_INLINE ad_lane lane_erf_series(ad_lane z) /* erf(u) / u - 1 for z = u^2, |u| <= 0.6 */
{
    return LANE_POLY(z, 0x1.06eba8214db69p-3, -0x1.812746b037a06p-2, 0x1.ce2f21a043ddep-4, -0x1.b82ce312c23c6p-6,
                     0x1.565bcd0e859f6p-8, -0x1.c02db0aeedf02p-11, 0x1.f9a208823bb4ap-14, -0x1.f4a46ec107188p-17,
                     0x1.b5db12ad794e3p-20, -0x1.2ecba22ed81c5p-23);
}

/* exp(u^2) erfc(u) for 0.47 <= u <= 28.3; u_low within an ulp of u */
LANE_INLINE struct lane_pair lane_erfc_over_gaussian(ad_lane u, ad_lane u_low)
{
    struct lane_pair d = lane_sum(u * 2.0, lane_all(1));
    ad_lane bottom = u + 3.75, inverse = 1.0 / (bottom * d.hi), r = bottom * inverse, t = (u - 3.75) * d.hi * inverse;
    ad_lane t2 = t * t, t4 = t2 * t2, t10 = t4 * t4 * t2;
    ad_lane high =
        LANE_POLY(t, -0x1.303fb0d00d09fp-12, 0x1.b13f38f353c27p-15, 0x1.778eca3a5661bp-16, -0x1.7fc73e6275925p-17,
                  -0x1.05dd9d66f0549p-20, 0x1.d26fdd21d8a0ep-20, -0x1.cfec22e83f18fp-25, -0x1.01e22bcf52d9ap-22,
                  0x1.5a1fae42bf868p-26, 0x1.a5417e49adf31p-26, -0x1.272657616fa65p-29);
    ad_lane rest = LANE_POLY(t, -0x1.1f367683f89a5p-3, 0x1.d5f294815b2c6p-9, 0x1.510169d096623p-4,
                             -0x1.bda9309a2b688p-4, 0x1.7a14188a9e3a6p-4, -0x1.e0d0fa6d6870dp-5, 0x1.d0b0037c86991p-6,
                             -0x1.3f603c5427f9cp-7, 0x1.cc3a0eed7d1f8p-10, 0x1.33fb44cfc8f07p-12);
    ad_lane tail = lane_fma(t, lane_fma(t10, high, rest), lane_all(0x1.cb458e8ee2358p-54));
    struct lane_pair p = lane_ordered_sum(lane_all(0x1.3ccda0b5d5dc2p0), tail);
    ad_lane q = p.hi * r;
    return (struct lane_pair){
        q, r * (lane_residual(q, d.hi, p.hi) + lane_fnma(q, lane_fma(u_low, lane_all(2), d.lo), p.lo))};
}

LANE_INLINE ad_lane ad_lane_erf(ad_lane x)
{
    ad_lane a = lane_smaller(lane_all(7), lane_abs(x)), u = lane_larger(lane_all(0.5), a);
    ad_lane far = 1.0 - lane_exp_times(lane_exp_minus_square(u, 1), lane_erfc_over_gaussian(u, LANE_0));
    ad_lane near = lane_fma(a, lane_erf_series(a * a), a);
    return lane_copysign(lane_pick(lane_less(lane_all(0.6), a), far, near), x);
}
#define AD_LANE_HAS_erf ~, 1

LANE_INLINE ad_lane ad_lane_erfc(ad_lane x)
{
    ad_lane a = lane_smaller(lane_all(28), lane_abs(x)), u = lane_larger(lane_all(0.47), a);
    ad_lane far = lane_exp_times(lane_exp_minus_square(u, 1), lane_erfc_over_gaussian(u, LANE_0));
    far = lane_pick(lane_less(x, LANE_0), 2.0 - far, far);
    struct lane_pair s = lane_ordered_sum(lane_all(1), -x);
    return lane_pick(lane_less(lane_all(0.475), a), far, s.hi + lane_fnma(x, lane_erf_series(x * x), s.lo));
}
#define AD_LANE_HAS_erfc ~, 1

struct lane_tail {                         /* of the normal distribution: exp(-b^2 / 2) times q */
    struct lane_exp e;
    struct lane_pair q;
};

LANE_INLINE struct lane_tail lane_tail_of(ad_lane b) /* 0.67 <= b <= 40 */
{
    const double root = 0x1.6a09e667f3bcdp-1, root_low = -0x1.bdd3413b26456p-55; /* sqrt(1/2) */
    struct lane_pair u = lane_product(b, lane_all(root));
    struct lane_pair q = lane_erfc_over_gaussian(u.hi, lane_fma(b, lane_all(root_low), u.lo));
    return (struct lane_tail){lane_exp_minus_square(b, 0.5), {q.hi * 0.5, q.lo * 0.5}};
}

/* The normal distribution of x as two: near 0 as a sum; far, the smaller side's tail. */
struct lane_normal {
    struct lane_pair near;
    struct lane_tail tail;
    lane_mask is_far;
};

LANE_INLINE struct lane_normal lane_normal_of(ad_lane x)
{
    ad_lane a = lane_smaller(lane_all(39.2), lane_abs(x));
    /* x / sqrt(2), but for a rest that is too small to count */
    struct lane_pair v = lane_product(lane_within(x, -1, 1), lane_all(0x1.6a09e667f3bcdp-1));
    struct lane_normal z;
    z.tail = lane_tail_of(lane_larger(lane_all(0.67), a));
    z.is_far = lane_less(lane_all(0.67), a);
    struct lane_pair s = lane_ordered_sum(lane_all(0.5), v.hi * 0.5);
    z.near =
        lane_ordered_sum(s.hi, lane_fma(v.hi * 0.5, lane_erf_series(v.hi * v.hi), lane_fma(v.lo, lane_all(0.5), s.lo)));
    return z;
}

LANE_INLINE ad_lane ad_lane_normal_cdf(ad_lane x)
{
    struct lane_normal n = lane_normal_of(x);
    ad_lane tail = lane_exp_times(n.tail.e, n.tail.q), far = lane_pick(lane_less(LANE_0, x), 1.0 - tail, tail);
    return lane_pick(n.is_far, far, n.near.hi + n.near.lo);
}
#define AD_LANE_HAS_normal_cdf ~, 1

LANE_INLINE ad_lane ad_lane_gelu(ad_lane x)
{
    struct lane_normal n = lane_normal_of(x);
    lane_mask above = lane_less(LANE_0, x);
    ad_lane low_x = lane_larger(lane_all(-39.2), x), factor = lane_pick(above, lane_all(1), low_x);
    struct lane_pair q = lane_product(n.tail.q.hi, factor);
    q.lo = lane_fma(n.tail.q.lo, factor, q.lo);
    ad_lane tail = lane_exp_times(n.tail.e, q);
    ad_lane far = lane_pick(above, x * (1.0 - tail), tail);
    return lane_pick(n.is_far, far, lane_fma(low_x, n.near.hi, low_x * n.near.lo));
}
#define AD_LANE_HAS_gelu ~, 1

/* The three parts of scalar.c's at -|x|; at |x|, 1 less that. */
LANE_INLINE ad_lane ad_lane_gelu_slope(ad_lane x)
{
    ad_lane a = lane_smaller(lane_all(39.2), lane_abs(x));
    struct lane_pair p = lane_product(a, lane_all(-0x1.9884533d43651p-2)); /* -a / sqrt(2 pi) */
    p.lo = lane_fma(a, lane_all(0x1.cbc0d30ebfd15p-56), p.lo);

    struct lane_pair s = lane_ordered_sum(lane_all(0.5), p.hi * 2.0);
    ad_lane z = a * a, odd = LANE_POLY(z, -0x1.1058377e2cee0p-2, 0x1.ea3863e31da76p-5, -0x1.37403f6b9a795p-7, 0x1.2e9ae84ccd4dbp-10,
                                       -0x1.db5d71d2a6afcp-14, 0x1.38d7334da5e33p-17, -0x1.61a5b32767b11p-21, 0x1.4c6bc56ab1833p-25);
    ad_lane near = s.hi + lane_fnma(a * z, odd, lane_fma(p.lo, lane_all(2), s.lo));

    ad_lane d = (0x1.80ead197f00b4p-1 - a) - 0x1.13e74c58cada8p-56;
    ad_lane fit = LANE_POLY(d, 0x1.fc9abed7f80d1p-56, 0x1.8d9a941de3ac4p-2, -0x1.2a2ef9bb86624p-6, -0x1.d2fa4c17c73fep-4,
                            -0x1.e4088244ea449p-7, 0x1.3e346dedf28f2p-6, 0x1.297b9d64f66d4p-8, -0x1.258a6b48925c8p-9,
                            -0x1.8680e79e3305ap-11, 0x1.86c4acbd8a766p-13, 0x1.69558f908247fp-14, -0x1.7554ea17045b4p-17,
                            -0x1.ffa7b45fc853fp-18);
    ad_lane middle = d * (fit + 0x1.b9d98fa5a3215p-2);

    struct lane_tail t = lane_tail_of(lane_larger(lane_all(1), a));
    struct lane_pair q = lane_sum(t.q.hi, p.hi);
    ad_lane far = lane_exp_times(t.e, (struct lane_pair){q.hi, q.lo + (t.q.lo + p.lo)});

    ad_lane below = lane_pick(lane_less(lane_abs(d), lane_all(0.25)), middle, lane_pick(lane_less(a, lane_all(0.6)), near, far));
    below = lane_pick(lane_less(LANE_0, x), 1.0 - below, below);
    return lane_pick(lane_unequal(x, x), x, below);
}
#define AD_LANE_HAS_gelu_slope ~, 1

#endif
