/* vector_exp.h -- exponentials over lanes, and what is made of one: the logistic, hyperbolic and Gaussian functions.
 *
 * It has no derivatives and no logarithms. The method is Cody and Waite's (Software Manual for the Elementary
 * Functions, 1980): x = k log 2 + r with |r| <= log(2) / 2, a minimax polynomial for exp(r) (fitted with Sollya,
 * error 2^-57), and 2^k by the exponent's bits. What is made of exp takes it as a head and a tail, so that one
 * rounding at the end is nearly the whole error.
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_EXP_H
#define AUTODIFF_FUNCTION_VECTOR_EXP_H

#include "vector_lane.h"

/* exp(x + x_low) = 2^k (1 + head + tail), |head| <= 0.35, |tail| <= 0.08; good to 2^-57 for |x| < 2000. */
struct lane_exp {
    ad_lane k, head, tail;
};

LANE_INLINE ad_lane lane_exp_series(ad_lane r) /* (exp(r) - 1 - r) / r^2 */
{
    return LANE_POLY(r, 0x1p-1, 0x1.555555555553fp-3, 0x1.55555555530b9p-5, 0x1.1111111115347p-7, 0x1.6c16c17d323bdp-10,
                     0x1.a01a01933ef28p-13, 0x1.a019a9c170a2dp-16, 0x1.71de33c5cd256p-19, 0x1.28a101ad9768bp-22,
                     0x1.af0651ca8d7bdp-26);
}

LANE_INLINE ad_lane lane_exp_cubic(ad_lane r) /* its coefficients from r on: (exp(r) - 1 - r - r^2/2) / r^3 */
{
    return LANE_POLY(r, 0x1.555555555553fp-3, 0x1.55555555530b9p-5, 0x1.1111111115347p-7, 0x1.6c16c17d323bdp-10,
                     0x1.a01a01933ef28p-13, 0x1.a019a9c170a2dp-16, 0x1.71de33c5cd256p-19, 0x1.28a101ad9768bp-22,
                     0x1.af0651ca8d7bdp-26);
}

LANE_INLINE ad_lane lane_exp_count(ad_lane x)
{
    return lane_fma(x, lane_all(0x1.71547652b82fep+0), lane_all(0x1.8p52)) - 0x1.8p52;
}

LANE_INLINE struct lane_exp lane_exp_parts(ad_lane x, ad_lane x_low)
{
    ad_lane k = lane_exp_count(x);
    ad_lane high = lane_fnma(k, lane_all(0x1.62e42ffp-1), x); /* exact: the constant has 28 bits */
    ad_lane low = lane_fnma(k, lane_all(-0x1.718432a1b0e26p-35), x_low);
    ad_lane r = high + low, r_low = (high - r) + low;
    struct lane_pair square = lane_product(r, r);
    ad_lane rest = lane_fma(square.hi * r, lane_exp_cubic(r), lane_fma(square.lo, lane_all(0.5), r_low));
    return (struct lane_exp){k, r, lane_fma(square.hi, lane_all(0.5), rest)};
}

/* 1 + head + tail: in [0.7, 1.42] */
LANE_INLINE struct lane_pair lane_exp_factor(struct lane_exp e)
{
    ad_lane t = e.head + e.tail, s = t + 1.0;
    return (struct lane_pair){s, (t - (s - 1.0)) + ((e.head - t) + e.tail)};
}

/* x within [low, high]; NaN stays. */
LANE_INLINE ad_lane lane_within(ad_lane x, double low, double high)
{
    return lane_smaller(lane_all(high), lane_larger(lane_all(low), x));
}

LANE_INLINE ad_lane ad_lane_exp(ad_lane x)
{
    ad_lane a = lane_within(x, -800, 800), k = lane_exp_count(a);
    ad_lane high = lane_fnma(k, lane_all(0x1.62e42ffp-1), a);
    ad_lane r = lane_fnma(k, lane_all(-0x1.718432a1b0e26p-35), high);
    return lane_scaled(lane_fma(r * r, lane_exp_series(r), r) + 1.0, k);
}
#define AD_LANE_HAS_exp ~, 1

LANE_INLINE ad_lane ad_lane_exp2(ad_lane x)
{
    ad_lane a = lane_within(x, -1100, 1100), k = lane_nearest(a), r = a - k;
    ad_lane p = LANE_POLY(r, 0x1.62e42fefa39efp-1, 0x1.ebfbdff82c5a5p-3, 0x1.c6b08d704a0d7p-5, 0x1.3b2ab6fb9fe0dp-7,
                          0x1.5d87fe78a0d8ap-10, 0x1.4309130f76392p-13, 0x1.ffcbfc7c824fep-17, 0x1.62bfc60fd9192p-20,
                          0x1.b524cd6375c3ap-24, 0x1.e61dfff93a415p-28, 0x1.ea191db268884p-32);
    return lane_scaled(lane_fma(r, p, lane_all(1)), k);
}
#define AD_LANE_HAS_exp2 ~, 1

/* exp(x) - 1 = 2 (n + n_low) with |n_low| within half an ulp of n; x within [-40, 710]. */
LANE_INLINE struct lane_pair lane_half_expm1(ad_lane x)
{
    struct lane_exp e = lane_exp_parts(x, LANE_0);
    ad_lane half = lane_power_of_two(e.k - 1.0), whole = half - 0.5; /* half of 2^k */
    ad_lane part = half * e.head;
    struct lane_pair s = lane_sum(whole, part);
    return lane_ordered_sum(s.hi, lane_fma(half, e.tail, s.lo));
}

LANE_INLINE ad_lane ad_lane_expm1(ad_lane x)
{
    struct lane_exp e = lane_exp_parts(lane_within(x, -40, 720), LANE_0);
    ad_lane half = lane_power_of_two(lane_smaller(lane_all(1024), e.k) - 1.0), whole = half - 0.5, part = half * e.head;
    struct lane_pair s = lane_sum(whole, part);
    ad_lane z = (s.hi + lane_fma(half, e.tail, s.lo)) * 2.0;
    z = lane_pick(lane_less(lane_all(709.79), x), lane_all(INFINITY), z);
    return lane_pick(lane_less(lane_abs(x), lane_all(0x1p-60)), x, z);
}
#define AD_LANE_HAS_expm1 ~, 1

LANE_INLINE ad_lane ad_lane_elu(ad_lane x) { return lane_pick(lane_less(LANE_0, x), x, ad_lane_expm1(x)); }
#define AD_LANE_HAS_elu ~, 1

/* ---- the logistic family ---- */

/* With e = exp(-|x|) <= 1 nothing overflows: 1 / (1 + e) and e / (1 + e), from one exponential and one division. */
struct lane_logistic {
    ad_lane k;
    struct lane_pair factor, inverse;
};

LANE_INLINE struct lane_logistic lane_logistic_of(ad_lane x)
{
    struct lane_logistic s;
    ad_lane a = lane_larger(lane_all(-800), -lane_abs(x)), k = lane_exp_count(a);
    ad_lane r = lane_fnma(k, lane_all(-0x1.718432a1b0e26p-35), lane_fnma(k, lane_all(0x1.62e42ffp-1), a));
    ad_lane t = lane_fma(r * r, lane_exp_series(r), r), f = t + 1.0;
    s.k = k;
    s.factor = (struct lane_pair){f, t - (f - 1.0)};
#if AD_LANE_BYTES == 64
    ad_lane e = lane_scaled(f, k), e_low = lane_scaled(s.factor.lo, k);
#else
    ad_lane scale = lane_power_of_two(lane_larger(lane_all(-1000), k)), e = scale * f, e_low = scale * s.factor.lo;
#endif
    ad_lane d = e + 1.0, inverse = 1.0 / d, d_low = (e - (d - 1.0)) + e_low;
    s.inverse = (struct lane_pair){inverse, inverse * (lane_residual(inverse, d, lane_all(1)) - inverse * d_low)};
    return s;
}

LANE_INLINE ad_lane lane_logistic_times(struct lane_logistic s, struct lane_pair n, ad_lane k)
{
    return lane_scaled(lane_multiply(n, s.inverse), k);
}

LANE_INLINE ad_lane ad_lane_sigmoid(ad_lane x)
{
    struct lane_logistic s = lane_logistic_of(x);
    lane_mask below = lane_less(x, LANE_0);
    struct lane_pair n = {lane_pick(below, s.factor.hi, lane_all(1)), lane_where(below, s.factor.lo)};
    return lane_logistic_times(s, n, lane_where(below, s.k));
}
#define AD_LANE_HAS_sigmoid ~, 1

/* sigmoid(x) and sigmoid(-x) together. Where |x| <= 700, exp(-|x|) = scale (1 + t) comes first and the
 * division in a second step, so that a loop can take each over many lanes: the chain of dependent operations is so long that
 * the processor overlaps two halves twice as well as the whole (P1 on AVX-512: 6.8 -> 4.3 ns per vector, AVX2 7.5 -> 4.1). */
LANE_INLINE int lane_is_far(ad_lane a) { return lane_any(lane_less(a, lane_all(-700))); }

struct ad_lane_sigmoids {
    ad_lane of, of_minus;
};

struct lane_decay {                        /* of a = -|x| */
    ad_lane scale, t;
};

#if AD_LANE_BYTES == 64
/* exp(a) = 2^(n/16) exp(r), |r| <= log(2) / 32, by a table that stands in registers: the bits of 2^(i/16), rounded, less
 * those that n << 48 adds to them, and what the rounding left out, relatively. Five coefficients (fitted with Sollya, error
 * 2^-56 of the result) in place of ten: 0.88 of the time. */
static const uint64_t lane_sixteenth[16] __attribute__((aligned(64))) = {
    0x3ff0000000000000, 0x3fefb5586cf9890f, 0x3fef72b83c7d517b, 0x3fef387a6e756238,
    0x3fef06fe0a31b715, 0x3feedea64c123422, 0x3feebfdad5362a27, 0x3feeab07dd485429,
    0x3feea09e667f3bcd, 0x3feea11473eb0187, 0x3feeace5422aa0db, 0x3feec49182a3f090,
    0x3feee89f995ad3ad, 0x3fef199bdd85529c, 0x3fef5818dcfba487, 0x3fefa4afa2a490da};
static const double lane_sixteenth_low[16] __attribute__((aligned(64))) = {
    0x0.0p+0, 0x1.79aa65d837b6dp-54, -0x1.01b15eaa59348p-55, 0x1.68efde3a8a894p-54,
    0x1.34d754db0abb6p-55, 0x1.59f48a72a4c6dp-55, 0x1.690cebb7aafb0p-56, 0x1.063e1e21c5409p-54,
    -0x1.3b3efbf5e2228p-54, -0x1.b32dcb94da51dp-56, 0x1.db72fc1f0eab4p-55, 0x1.1affc2b91ce27p-56,
    0x1.c1a7792cb3387p-55, 0x1.36eae30af0cb3p-56, 0x1.4a385a63d07a7p-56, -0x1.ff7128fd391f0p-55};

LANE_INLINE struct lane_decay lane_decay_of(ad_lane a)
{
    const double shift = 0x1.8p52;         /* leaves n in the low bits */
    ad_lane shifted = lane_fma(a, lane_all(0x1.71547652b82fep+4), lane_all(shift)), n = shifted - shift;
    ad_lane r = lane_fnma(n, lane_all(0x1.f473de6af278fp-34), lane_fnma(n, lane_all(0x1.62e42fep-5), a));
    ad_lane_words place = (ad_lane_words)shifted, scale = (ad_lane_words)lane_of_sixteen(lane_sixteenth, place);
    ad_lane low = lane_of_sixteen(lane_sixteenth_low, place);
    ad_lane series = LANE_POLY(r, 0x1.0000000000005p-1, 0x1.555555548f728p-3, 0x1.555555545e927p-5, 0x1.11123abf02b74p-7,
                               0x1.6c185e025cee3p-10);
    return (struct lane_decay){(ad_lane)(scale + (place << 48)), lane_fma(r * r, series, r + low)};
}
#else
LANE_INLINE struct lane_decay lane_decay_of(ad_lane a)
{
    const double shift = 0x1.8p52 + 1023;  /* leaves the exponent's bits of 2^k below */
    ad_lane shifted = lane_fma(a, lane_all(0x1.71547652b82fep+0), lane_all(shift)), k = shifted - shift;
    ad_lane r = lane_fnma(k, lane_all(-0x1.718432a1b0e26p-35), lane_fnma(k, lane_all(0x1.62e42ffp-1), a));
    return (struct lane_decay){lane_of_bits(lane_bits(shifted) << 52), lane_fma(r * r, lane_exp_series(r), r)};
}
#endif

LANE_INLINE struct ad_lane_sigmoids lane_sigmoids_of(ad_lane x, struct lane_decay s)
{
    ad_lane e = lane_fma(s.scale, s.t, s.scale), e_low = lane_fma(s.scale, s.t, s.scale - e), inverse = 1.0 / (e + 1.0);
    ad_lane c = lane_fnma(inverse, e_low, lane_residual(inverse, e, 1.0 - inverse));    /* 1 - inverse is exact */
#if AD_LANE_FUSED
    ad_lane larger = lane_fma(inverse, c, inverse), smaller = lane_fma(e, inverse, inverse * lane_fma(e, c, e_low));
#else                                      /* e inverse by halves, rounded once */
    ad_lane e_head = lane_head(e), head = lane_head(inverse), rest = e_head * (inverse - head) + (e - e_head) * inverse;
    ad_lane larger = inverse + inverse * c, smaller = e_head * head + (rest + inverse * (e * c + e_low));
#endif
    lane_mask below = lane_less(x, LANE_0);
    return (struct ad_lane_sigmoids){lane_pick(below, smaller, larger), lane_pick(below, larger, smaller)};
}

LANE_INLINE struct ad_lane_sigmoids lane_sigmoids_anywhere(ad_lane x)
{
    struct lane_logistic s = lane_logistic_of(x);
    lane_mask below = lane_less(x, LANE_0);
    ad_lane larger = s.inverse.hi + s.inverse.lo, smaller = lane_logistic_times(s, s.factor, s.k);
    return (struct ad_lane_sigmoids){lane_pick(below, smaller, larger), lane_pick(below, larger, smaller)};
}

LANE_INLINE struct ad_lane_sigmoids ad_lane_sigmoid_pair(ad_lane x)
{
    ad_lane a = lane_minus_abs(x);
    return lane_is_far(a) ? lane_sigmoids_anywhere(x) : lane_sigmoids_of(x, lane_decay_of(a));
}

LANE_INLINE ad_lane ad_lane_silu(ad_lane x)
{
    struct lane_logistic s = lane_logistic_of(x);
    lane_mask below = lane_less(x, LANE_0);
    struct lane_pair n = {lane_pick(below, s.factor.hi, lane_all(1)), lane_where(below, s.factor.lo)};
    struct lane_pair y = lane_product(n.hi, s.inverse.hi);
    y.lo = lane_fma(n.hi, s.inverse.lo, lane_fma(n.lo, s.inverse.hi, y.lo)); /* 0 for large x */
    ad_lane a = lane_larger(lane_all(-800), x);
    return lane_scaled(lane_fma(a, y.hi, lane_smaller(lane_all(800), a) * y.lo), lane_where(below, s.k));
}
#define AD_LANE_HAS_silu ~, 1

/* s (1 + x s(-x)), as in scalar.c by a polynomial about its zero. */
LANE_INLINE ad_lane ad_lane_silu_slope(ad_lane x)
{
    ad_lane a = lane_within(x, -800, 800);
    struct lane_logistic s = lane_logistic_of(a);
    lane_mask below = lane_less(a, LANE_0);
    struct lane_pair y = lane_product(s.factor.hi, s.inverse.hi);    /* the smaller sigmoid, scaled by 2^k */
    y.lo = lane_fma(s.factor.hi, s.inverse.lo, lane_fma(s.factor.lo, s.inverse.hi, y.lo));
    ad_lane scale = lane_power_of_two(lane_larger(lane_all(-1000), s.k));
    struct lane_pair this = {lane_pick(below, y.hi, s.inverse.hi), lane_pick(below, y.lo, s.inverse.lo)};
    ad_lane other = lane_pick(below, s.inverse.hi, y.hi * scale), other_low = lane_pick(below, s.inverse.lo, y.lo * scale);
    struct lane_pair p = lane_product(a, other), t = lane_sum(lane_all(1), p.hi);
    t.lo = t.lo + lane_fma(a, other_low, p.lo);
    ad_lane far = lane_scaled(lane_multiply(this, t), lane_where(below, s.k));
    ad_lane d = (x + 0x1.474973c84120bp+0) + 0x1.f8d74bc9ac154p-54;
    ad_lane near = d * (LANE_POLY(d, -0x1.2869eee89469dp-58, 0x1.2c563458cc0adp-3, 0x1.353eb573ca46bp-6, -0x1.f2d0e32bc3047p-7,
                                  -0x1.b0f82c4994a07p-8, 0x1.098e92c63a75fp-13, 0x1.a2a7caff49e15p-11, 0x1.8574ce65a6744p-13,
                                  -0x1.5723b6ac91e39p-15, -0x1.f2d647a056bfdp-16, -0x1.8ab844c2f4a99p-19, 0x1.39faa85f320d8p-19,
                                  0x1.c2d7018e7b8b3p-21) + 0x1.be1410460527fp-3);
    return lane_pick(lane_less(lane_abs(d), lane_all(0.25)), near, far);
}
#define AD_LANE_HAS_silu_slope ~, 1

/* The sigmoid of x - y, whose rounding error enters by the slope. */
LANE_INLINE ad_lane ad_lane_softmax2(ad_lane x, ad_lane y)
{
    struct lane_pair d = lane_sum(x, -y);
    ad_lane z = ad_lane_sigmoid(d.hi), low = lane_where(lane_less(lane_abs(d.hi), lane_all(800)), d.lo);
    return lane_pick(lane_equal(x, y), lane_all(0.5), lane_fma(z - z * z, low, z));
}
#define AD_LANE_HAS_softmax2 ~, 1

/* ---- hyperbolic functions ---- */

/* m / (m + 2) with m = exp(2 |x|) - 1. */
LANE_INLINE ad_lane ad_lane_tanh(ad_lane x)
{
    struct lane_pair n = lane_half_expm1(lane_smaller(lane_all(40), lane_abs(x) * 2.0));
    struct lane_pair d = lane_sum(lane_all(1), n.hi);
    struct lane_pair q = lane_divide(n, (struct lane_pair){d.hi, d.lo + n.lo});
    return lane_copysign(q.hi + q.lo, x);
}
#define AD_LANE_HAS_tanh ~, 1

/* With n = (exp(|x|) - 1) / 2: sinh is n + n / (2 n + 1), cosh is
 * n + 1/2 + 1 / (4 n + 2); for large x both are exp / 2. */
LANE_INLINE ad_lane ad_lane_sinh(ad_lane x)
{
    struct lane_exp e = lane_exp_parts(lane_smaller(lane_all(800), lane_abs(x)), LANE_0);
    ad_lane half = lane_power_of_two(lane_smaller(lane_all(40), e.k) - 1.0);
    struct lane_pair f = lane_exp_factor(e), n = lane_sum(half - 0.5, half * e.head);
    n = lane_ordered_sum(n.hi, lane_fma(half, e.tail, n.lo));
    struct lane_pair d = {half * 2.0 * f.hi, half * 2.0 * f.lo}, q = lane_divide(n, d);
    ad_lane near = n.hi + (q.hi + (n.lo + q.lo)), far = lane_scaled(f.hi, e.k - 1.0);
    ad_lane z = lane_copysign(lane_pick(lane_less(lane_all(32), e.k), far, near), x);
    return lane_pick(lane_less(lane_abs(x), lane_all(0x1p-60)), x, z);
}
#define AD_LANE_HAS_sinh ~, 1

LANE_INLINE ad_lane ad_lane_cosh(ad_lane x)
{
    struct lane_exp e = lane_exp_parts(lane_smaller(lane_all(800), lane_abs(x)), LANE_0);
    struct lane_pair f = lane_exp_factor(e);
    ad_lane half = lane_power_of_two(lane_smaller(lane_all(40), e.k) - 1.0), hi = half * f.hi;
    ad_lane near = hi + (0.25 / hi + half * f.lo), far = lane_scaled(f.hi, e.k - 1.0);
    return lane_pick(lane_less(lane_all(32), e.k), far, near);
}
#define AD_LANE_HAS_cosh ~, 1

/* 2 e / (1 + e^2) with e = exp(-|x|). */
LANE_INLINE ad_lane ad_lane_sech(ad_lane x)
{
    struct lane_exp e = lane_exp_parts(lane_larger(lane_all(-800), -lane_abs(x)), LANE_0);
    ad_lane scale = lane_power_of_two(lane_larger(lane_all(-200), e.k));
    struct lane_pair f = lane_exp_factor(e), square = lane_product(scale * f.hi, scale * f.hi);
    struct lane_pair d = lane_ordered_sum(lane_all(1), square.hi);
    ad_lane d_low = lane_fma(scale * f.hi * 2.0, scale * f.lo, d.lo + square.lo), r = 1.0 / d.hi;
    ad_lane r_low = r * (lane_residual(r, d.hi, lane_all(1)) - r * d_low);
    return lane_scaled(lane_multiply(f, (struct lane_pair){r, r_low}), e.k + 1.0);
}
#define AD_LANE_HAS_sech ~, 1

/* ---- the Gaussian ---- */

/* exp(-scale x^2), the square kept whole: |x| <= 40 */
LANE_INLINE struct lane_exp lane_exp_minus_square(ad_lane x, double scale)
{
    struct lane_pair s = lane_product(x, x);
    return lane_exp_parts(s.hi * -scale, s.lo * -scale);
}

/* An exponential times q, rounded once. */
LANE_INLINE ad_lane lane_exp_times(struct lane_exp e, struct lane_pair q)
{
    struct lane_pair f = lane_exp_factor(e);
    return lane_scaled(lane_multiply(f, q), e.k);
}

LANE_INLINE ad_lane ad_lane_gaussian(ad_lane x)
{
    struct lane_exp e = lane_exp_minus_square(lane_within(x, -30, 30), 1);
    return lane_scaled((e.head + e.tail) + 1.0, e.k);
}
#define AD_LANE_HAS_gaussian ~, 1

LANE_INLINE ad_lane ad_lane_normal_pdf(ad_lane x)
{
    const struct lane_pair one_over_root_two_pi = {lane_all(0x1.9884533d43651p-2), lane_all(-0x1.cbc0d30ebfd15p-56)};
    return lane_exp_times(lane_exp_minus_square(lane_within(x, -40, 40), 0.5), one_over_root_two_pi);
}
#define AD_LANE_HAS_normal_pdf ~, 1

#endif
