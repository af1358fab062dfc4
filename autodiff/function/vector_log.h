/* vector_log.h -- logarithms over lanes, and what ends in one: softplus, log_sigmoid, logaddexp.
 *
 * It has no inverse hyperbolic functions (vector_inverse.h). x = 2^k (1 + f) with 1 + f in [3/4, 3/2);
 * log(1 + f) = 2 atanh(s), s = f / (2 + f), as in fdlibm's e_log.c (K. C. Ng, Sun Microsystems, 1993), with a
 * polynomial fitted anew with Sollya (error 2^-60).
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_LOG_H
#define AUTODIFF_FUNCTION_VECTOR_LOG_H

#include "vector_choice.h"
#include "vector_exp.h"

/* x = 2^k m with m in [3/4, 3/2), for x > 0 and not infinite; other x have their limits or NaN only on AVX-512,
 * where k is -inf at 0 and inf at inf. */
struct lane_split {
    ad_lane k, m;
};

LANE_INLINE struct lane_split lane_split_of(ad_lane x)
{
#if AD_LANE_BYTES == 64
    ad_lane m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan), k = _mm512_getexp_pd(x);
    k = _mm512_mask_add_pd(k, lane_less(m, lane_all(1)), k, lane_all(1));
    return (struct lane_split){k, m};
#else
    lane_mask tiny = lane_less(x, lane_all(0x1p-1022));
    ad_lane a = lane_pick(tiny, x * 0x1p54, x);
    ad_lane_words bits = (ad_lane_words)a, biased = (bits + 0x0008000000000000) >> 52 & 0x7ff;
    ad_lane k = (ad_lane)(biased | 0x4330000000000000) - (0x1p52 + 1023); /* 2^52 + k */
    ad_lane m = (ad_lane)(bits - ((biased - 1023) << 52));
    return (struct lane_split){k - lane_where(tiny, lane_all(54)), m};
#endif
}

/* (2 atanh(s) / s - 2) / s^2 for z = s^2 */
#define LANE_LOG_SERIES(z)                                                                                             \
    LANE_POLY(z, 0x1.5555555555555p-1, 0x1.999999999a008p-2, 0x1.24924923cccf4p-2, 0x1.c71c72f137c3fp-3,               \
              0x1.745ca7aa58afap-3, 0x1.3b2a7126a1ee7p-3, 0x1.0e8136b534634p-3, 0x1.16ea8853f37e5p-3)

/* log(2^k (1 + f + f_low)) */
LANE_INLINE ad_lane lane_log_sum(ad_lane k, ad_lane f, ad_lane f_low)
{
    const double log_2 = 0x1.62e42feep-1, log_2_low = 0x1.a39ef35793c76p-33;
    ad_lane s = f / (f + 2.0), z = s * s, half_square = f * f * 0.5;
    ad_lane tail = lane_fma(s, lane_fma(z, LANE_LOG_SERIES(z), half_square), lane_fma(k, lane_all(log_2_low), f_low));
    struct lane_pair sum = lane_ordered_sum(k * log_2, f);
#if AD_LANE_BYTES == 64
    sum.lo = lane_smaller(sum.lo, lane_all(1)); /* k is infinite for 0 and infinity, sum.lo then NaN */
#endif
    return sum.hi - (half_square - (tail + sum.lo));
}

static __attribute__((noinline, cold, unused)) ad_lane lane_log_limits(ad_lane x, ad_lane z)
{
    z = lane_pick(lane_less(LANE_0, x), z, lane_all(NAN));
    z = lane_pick(lane_equal(x, LANE_0), lane_all(-INFINITY), z);
    return lane_pick(lane_or(lane_equal(x, lane_all(INFINITY)), lane_unequal(x, x)), x, z);
}

LANE_INLINE ad_lane lane_log_ends(ad_lane x, ad_lane z)
{
    lane_mask inside = lane_and(lane_less(LANE_0, x), lane_less(x, lane_all(INFINITY)));
    return lane_any(lane_not(inside)) ? lane_log_limits(x, z) : z;
}

LANE_INLINE ad_lane ad_lane_log(ad_lane x)
{
    struct lane_split a = lane_split_of(x);
    ad_lane z = lane_log_sum(a.k, a.m - 1.0, LANE_0);
#if AD_LANE_BYTES == 64
    return z; /* the split has seen to 0, infinity and below 0 */
#else
    return lane_log_ends(x, z);
#endif
}
#define AD_LANE_HAS_log ~, 1

/* log(1 + f), good to 2^-57 of itself. */
LANE_INLINE struct lane_pair lane_log_pair(ad_lane f)
{
    ad_lane s = f / (f + 2.0), z = s * s, p = LANE_LOG_SERIES(z);
    struct lane_pair square = lane_product(f, f);
    ad_lane half = square.hi * 0.5, hi = f - half;
    return (struct lane_pair){hi, ((f - hi) - half) + lane_fma(s, lane_fma(z, p, half), square.lo * -0.5)};
}

/* k step + log(1 + f) scale */
LANE_INLINE ad_lane lane_log_other(struct lane_split a, double step, double step_low, double scale, double scale_low)
{
    struct lane_pair l = lane_log_pair(a.m - 1.0), p = lane_product(l.hi, lane_all(scale));
    struct lane_pair s = lane_ordered_sum(a.k * step, p.hi);
    ad_lane low = lane_fma(l.lo, lane_all(scale), lane_fma(l.hi, lane_all(scale_low), p.lo));
    return s.hi + (s.lo + lane_fma(a.k, lane_all(step_low), low));
}

LANE_INLINE ad_lane ad_lane_log2(ad_lane x)
{
    struct lane_split a = lane_split_of(x);
    ad_lane z = lane_log_other(a, 1, 0, 0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56);
    return lane_log_ends(x, z);
}
#define AD_LANE_HAS_log2 ~, 1

LANE_INLINE ad_lane ad_lane_log10(ad_lane x)
{
    struct lane_split a = lane_split_of(x);
    ad_lane z = lane_log_other(a, 0x1.34413508p-2, 0x1.f79fef311f12bp-34, 0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57);
    return lane_log_ends(x, z);
}
#define AD_LANE_HAS_log10 ~, 1

static __attribute__((noinline, cold, unused)) ad_lane lane_log1p_ends(ad_lane x, ad_lane z)
{
    z = lane_pick(lane_less(lane_all(-1), x), z, lane_all(NAN));
    z = lane_pick(lane_equal(x, lane_all(-1)), lane_all(-INFINITY), z);
    z = lane_pick(lane_equal(x, lane_all(INFINITY)), x, z);
    return lane_pick(lane_unequal(x, x), x, z);
}

/* log(2^k u + u_more), where u is 1 + x or nearly, and u_more is within an ulp of x; u.hi > 0 and not infinite */
LANE_INLINE ad_lane lane_log_of_sum(struct lane_pair u, ad_lane u_more, ad_lane k)
{
    struct lane_split a = lane_split_of(u.hi);
    ad_lane scale = lane_power_of_two(lane_larger(lane_all(-1000), -a.k));
    struct lane_pair f = lane_ordered_sum(a.m - 1.0, u.lo * scale);
    return lane_log_sum(a.k + k, f.hi, lane_fma(u_more, scale, f.lo));
}

/* log(1 + x + x_low) for x > -1, not infinite, |x_low| within an ulp of x. */
LANE_INLINE ad_lane lane_log1p(ad_lane x, ad_lane x_low)
{
    return lane_log_of_sum(lane_sum(lane_all(1), x), x_low, LANE_0);
}

LANE_INLINE ad_lane ad_lane_log1p(ad_lane x)
{
    ad_lane z = lane_copysign(lane_log1p(x, LANE_0), x);
    lane_mask inside = lane_and(lane_less(lane_all(-1), x), lane_less(x, lane_all(INFINITY)));
    return lane_any(lane_not(inside)) ? lane_log1p_ends(x, z) : z;
}
#define AD_LANE_HAS_log1p ~, 1

/* max(x, 0) + log(1 + exp(-|x|)) */
LANE_INLINE ad_lane ad_lane_softplus(ad_lane x)
{
    struct lane_exp e = lane_exp_parts(lane_larger(lane_all(-800), -lane_abs(x)), LANE_0);
    struct lane_pair f = lane_exp_factor(e);
    ad_lane low = f.lo * lane_power_of_two(lane_larger(lane_all(-1022), e.k));
    return lane_larger(LANE_0, x) + lane_log1p(lane_scaled(f.hi, e.k), low);
}
#define AD_LANE_HAS_softplus ~, 1

/* log(exp(x) + exp(y)) = the larger + log(1 + exp(-distance)) */
LANE_INLINE ad_lane ad_lane_logaddexp(ad_lane x, ad_lane y)
{
    ad_lane larger = ad_lane_max(x, y);
    struct lane_pair distance = lane_sum(ad_lane_min(x, y), -larger);
    lane_mask apart = lane_less(distance.hi, lane_all(-800));
    struct lane_exp e =
        lane_exp_parts(lane_pick(apart, lane_all(-800), distance.hi), lane_where(lane_not(apart), distance.lo));
    struct lane_pair f = lane_exp_factor(e);
    ad_lane low = f.lo * lane_power_of_two(lane_larger(lane_all(-1022), e.k));
    ad_lane z = larger + lane_log1p(lane_scaled(f.hi, e.k), low);
    return lane_pick(lane_or(apart, lane_equal(lane_abs(larger), lane_all(INFINITY))), larger, z);
}
#define AD_LANE_HAS_logaddexp ~, 1

LANE_INLINE ad_lane ad_lane_log_sigmoid(ad_lane x) { return -ad_lane_softplus(-x); }
#define AD_LANE_HAS_log_sigmoid ~, 1

#endif
