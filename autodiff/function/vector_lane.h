/* vector_lane.h -- what the vector functions are written in: lanes, masks, choices, the fused multiply-add.
 *
 * It is no mathematics: that is in the other vector_*.h. An ad_lane is as wide as the instruction set for which the
 * file is compiled: AVX-512 (F, DQ, VL) 64 bytes, AVX2 with FMA 32, anything else 16 (SSE2, NEON). A mask is what a
 * comparison yields: 8 bits in a mask register on AVX-512, all ones or zeros per lane elsewhere. Compile with
 * -ffp-contract=off: lane_fma below is the only contraction there is.
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_LANE_H
#define AUTODIFF_FUNCTION_VECTOR_LANE_H

#include <math.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__FMA__)
#define AD_LANE_BYTES 64
#define AD_LANE_ISA "AVX-512"
#include <immintrin.h>
#elif defined(__AVX2__) && defined(__FMA__)
#define AD_LANE_BYTES 32
#define AD_LANE_ISA "AVX2"
#include <immintrin.h>
#else
#define AD_LANE_BYTES 16
#define AD_LANE_ISA "baseline"
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
#endif
#define AD_LANES (AD_LANE_BYTES / 8)

typedef double ad_lane __attribute__((vector_size(AD_LANE_BYTES)));
typedef int64_t ad_lane_bits __attribute__((vector_size(AD_LANE_BYTES)));
typedef uint64_t ad_lane_words __attribute__((vector_size(AD_LANE_BYTES))); /* where sums may wrap */

/* All of it is inlined, whatever the compiler would weigh: constants stay in registers over a block of rows. */
#define LANE_INLINE static inline __attribute__((always_inline, unused))

#define LANE_0 ((ad_lane){0})

/* Constants mix with lanes in + - * /; where a whole lane is wanted, this makes one. Exact for every c. */
LANE_INLINE ad_lane lane_all(double c) { return c - (ad_lane){0}; }
LANE_INLINE ad_lane_bits lane_bits(ad_lane x) { return (ad_lane_bits)x; }
LANE_INLINE ad_lane lane_of_bits(ad_lane_bits x) { return (ad_lane)x; }

/* ---- masks: comparisons, choices, any ---- */

#if AD_LANE_BYTES == 64
typedef __mmask8 lane_mask;
LANE_INLINE lane_mask lane_less(ad_lane x, ad_lane y) { return _mm512_cmp_pd_mask(x, y, _CMP_LT_OQ); }
LANE_INLINE lane_mask lane_less_equal(ad_lane x, ad_lane y) { return _mm512_cmp_pd_mask(x, y, _CMP_LE_OQ); }
LANE_INLINE lane_mask lane_equal(ad_lane x, ad_lane y) { return _mm512_cmp_pd_mask(x, y, _CMP_EQ_OQ); }
LANE_INLINE lane_mask lane_unequal(ad_lane x, ad_lane y) { return _mm512_cmp_pd_mask(x, y, _CMP_NEQ_UQ); }
LANE_INLINE lane_mask lane_not(lane_mask m) { return (lane_mask)~m; }
LANE_INLINE lane_mask lane_and(lane_mask m, lane_mask n) { return m & n; }
LANE_INLINE lane_mask lane_or(lane_mask m, lane_mask n) { return m | n; }
LANE_INLINE lane_mask lane_bit_set(ad_lane_bits x, int64_t bit)
{
    return _mm512_test_epi64_mask((__m512i)x, _mm512_set1_epi64(bit));
}
LANE_INLINE ad_lane lane_pick(lane_mask m, ad_lane yes, ad_lane no) { return _mm512_mask_blend_pd(m, no, yes); }
LANE_INLINE ad_lane lane_where(lane_mask m, ad_lane yes) { return _mm512_maskz_mov_pd(m, yes); } /* else 0 */
LANE_INLINE int lane_any(lane_mask m) { return m != 0; }
LANE_INLINE int lane_is_on(lane_mask m, int i) { return m >> i & 1; }
#else
typedef ad_lane_bits lane_mask;
LANE_INLINE lane_mask lane_less(ad_lane x, ad_lane y) { return (lane_mask)(x < y); }
LANE_INLINE lane_mask lane_less_equal(ad_lane x, ad_lane y) { return (lane_mask)(x <= y); }
LANE_INLINE lane_mask lane_equal(ad_lane x, ad_lane y) { return (lane_mask)(x == y); }
LANE_INLINE lane_mask lane_unequal(ad_lane x, ad_lane y) { return (lane_mask)(x != y); }
LANE_INLINE lane_mask lane_not(lane_mask m) { return ~m; }
LANE_INLINE lane_mask lane_and(lane_mask m, lane_mask n) { return m & n; }
LANE_INLINE lane_mask lane_or(lane_mask m, lane_mask n) { return m | n; }
LANE_INLINE lane_mask lane_bit_set(ad_lane_bits x, int64_t bit) { return (lane_mask)((x & bit) != 0); }
LANE_INLINE ad_lane lane_where(lane_mask m, ad_lane yes) { return lane_of_bits(m & lane_bits(yes)); }
LANE_INLINE int lane_is_on(lane_mask m, int i) { return m[i] != 0; }
#if AD_LANE_BYTES == 32
LANE_INLINE ad_lane lane_pick(lane_mask m, ad_lane yes, ad_lane no) { return _mm256_blendv_pd(no, yes, (__m256d)m); }
LANE_INLINE int lane_any(lane_mask m) { return _mm256_movemask_pd((__m256d)m) != 0; }
#else
LANE_INLINE ad_lane lane_pick(lane_mask m, ad_lane yes, ad_lane no)
{
    return lane_of_bits((m & lane_bits(yes)) | (~m & lane_bits(no)));
}
#if defined(__SSE2__)
LANE_INLINE int lane_any(lane_mask m) { return _mm_movemask_pd((__m128d)m) != 0; }
#else
LANE_INLINE int lane_any(lane_mask m) { return (m[0] | m[1]) != 0; }
#endif
#endif
#endif

/* ---- the fused multiply-add: one rounding where the hardware has it, else a product and a sum ---- */

#if AD_LANE_BYTES == 64
#define AD_LANE_FUSED 1
LANE_INLINE ad_lane lane_fma(ad_lane x, ad_lane y, ad_lane w) { return _mm512_fmadd_pd(x, y, w); }
LANE_INLINE ad_lane lane_fnma(ad_lane x, ad_lane y, ad_lane w) { return _mm512_fnmadd_pd(x, y, w); } /* w - x y */
#elif AD_LANE_BYTES == 32
#define AD_LANE_FUSED 1
LANE_INLINE ad_lane lane_fma(ad_lane x, ad_lane y, ad_lane w) { return _mm256_fmadd_pd(x, y, w); }
LANE_INLINE ad_lane lane_fnma(ad_lane x, ad_lane y, ad_lane w) { return _mm256_fnmadd_pd(x, y, w); }
#elif defined(__FMA__)
#define AD_LANE_FUSED 1
#include <immintrin.h>
LANE_INLINE ad_lane lane_fma(ad_lane x, ad_lane y, ad_lane w) { return _mm_fmadd_pd(x, y, w); }
LANE_INLINE ad_lane lane_fnma(ad_lane x, ad_lane y, ad_lane w) { return _mm_fnmadd_pd(x, y, w); }
#elif defined(__aarch64__)
#define AD_LANE_FUSED 1
LANE_INLINE ad_lane lane_fma(ad_lane x, ad_lane y, ad_lane w)
{
    return (ad_lane)vfmaq_f64((float64x2_t)w, (float64x2_t)x, (float64x2_t)y);
}
LANE_INLINE ad_lane lane_fnma(ad_lane x, ad_lane y, ad_lane w)
{
    return (ad_lane)vfmsq_f64((float64x2_t)w, (float64x2_t)x, (float64x2_t)y);
}
#else
#define AD_LANE_FUSED 0
LANE_INLINE ad_lane lane_fma(ad_lane x, ad_lane y, ad_lane w) { return x * y + w; }
LANE_INLINE ad_lane lane_fnma(ad_lane x, ad_lane y, ad_lane w) { return w - x * y; }
#endif

/* ---- a loaded lane kept in its register: gcc would rather read it once more for every product it stands in ---- */

#if AD_LANE_BYTES == 64
#define LANE_KEEP(x) __asm__("" : "+v"(x))
#elif defined(__SSE2__)
#define LANE_KEEP(x) __asm__("" : "+x"(x))
#elif defined(__aarch64__)
#define LANE_KEEP(x) __asm__("" : "+w"(x))
#else
#define LANE_KEEP(x) ((void)(x))
#endif

/* ---- past the caches, to an address aligned to a lane; what other threads may see only after lane_streamed ---- */

#if AD_LANE_BYTES == 64
LANE_INLINE void lane_stream(double *to, ad_lane x) { _mm512_stream_pd(to, x); }
LANE_INLINE void lane_streamed(void) { _mm_sfence(); }
#elif AD_LANE_BYTES == 32
LANE_INLINE void lane_stream(double *to, ad_lane x) { _mm256_stream_pd(to, x); }
LANE_INLINE void lane_streamed(void) { _mm_sfence(); }
#elif defined(__SSE2__)
LANE_INLINE void lane_stream(double *to, ad_lane x) { _mm_stream_pd(to, x); }
LANE_INLINE void lane_streamed(void) { _mm_sfence(); }
#else
LANE_INLINE void lane_stream(double *to, ad_lane x) { *(ad_lane *)(void *)to = x; }
LANE_INLINE void lane_streamed(void) {}
#endif

/* ---- the rare lane: f instead, where the mask says so ---- */

static __attribute__((noinline, cold, unused)) ad_lane lane_rare(ad_lane z, lane_mask m, double (*f)(double), ad_lane x)
{
    for (int i = 0; i < AD_LANES; i++)
        if (lane_is_on(m, i))
            z[i] = f(x[i]);
    return z;
}

static __attribute__((noinline, cold, unused)) ad_lane lane_rare_2(ad_lane z, lane_mask m, double (*f)(double, double),
                                                                   ad_lane x, ad_lane y)
{
    for (int i = 0; i < AD_LANES; i++)
        if (lane_is_on(m, i))
            z[i] = f(x[i], y[i]);
    return z;
}

static __attribute__((noinline, cold, unused)) ad_lane lane_rare_3(ad_lane z, lane_mask m, double (*f)(double, double, double),
                                                                   ad_lane x, ad_lane y, ad_lane w)
{
    for (int i = 0; i < AD_LANES; i++)
        if (lane_is_on(m, i))
            z[i] = f(x[i], y[i], w[i]);
    return z;
}

/* ---- signs, roots, whole numbers ---- */

#define LANE_SIGN ((int64_t)((uint64_t)1 << 63))

LANE_INLINE ad_lane lane_abs(ad_lane x) { return lane_of_bits(lane_bits(x) & ~LANE_SIGN); }
LANE_INLINE ad_lane lane_minus_abs(ad_lane x) { return lane_of_bits(lane_bits(x) | LANE_SIGN); }
LANE_INLINE ad_lane_bits lane_sign_bit(ad_lane x) { return lane_bits(x) & LANE_SIGN; }
LANE_INLINE ad_lane lane_flip(ad_lane x, ad_lane_bits sign) { return lane_of_bits(lane_bits(x) ^ sign); }
LANE_INLINE ad_lane lane_copysign(ad_lane x, ad_lane y)
{
    return lane_of_bits((lane_bits(x) & ~LANE_SIGN) | lane_sign_bit(y));
}

#if AD_LANE_BYTES == 64
LANE_INLINE ad_lane lane_sqrt(ad_lane x) { return _mm512_sqrt_pd(x); }
LANE_INLINE ad_lane lane_larger(ad_lane x, ad_lane y) { return _mm512_max_pd(x, y); } /* y where unordered */
LANE_INLINE ad_lane lane_smaller(ad_lane x, ad_lane y) { return _mm512_min_pd(x, y); }
LANE_INLINE ad_lane lane_floor(ad_lane x) { return _mm512_roundscale_pd(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
LANE_INLINE ad_lane lane_nearest(ad_lane x) /* ties to even */
{
    return _mm512_roundscale_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
#elif AD_LANE_BYTES == 32
LANE_INLINE ad_lane lane_sqrt(ad_lane x) { return _mm256_sqrt_pd(x); }
LANE_INLINE ad_lane lane_larger(ad_lane x, ad_lane y) { return _mm256_max_pd(x, y); }
LANE_INLINE ad_lane lane_smaller(ad_lane x, ad_lane y) { return _mm256_min_pd(x, y); }
LANE_INLINE ad_lane lane_floor(ad_lane x) { return _mm256_floor_pd(x); }
LANE_INLINE ad_lane lane_nearest(ad_lane x)
{
    return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
#else
#if defined(__SSE2__)
LANE_INLINE ad_lane lane_sqrt(ad_lane x) { return _mm_sqrt_pd(x); }
LANE_INLINE ad_lane lane_larger(ad_lane x, ad_lane y) { return _mm_max_pd(x, y); }
LANE_INLINE ad_lane lane_smaller(ad_lane x, ad_lane y) { return _mm_min_pd(x, y); }
#else
LANE_INLINE ad_lane lane_sqrt(ad_lane x) { return (ad_lane){sqrt(x[0]), sqrt(x[1])}; }
LANE_INLINE ad_lane lane_larger(ad_lane x, ad_lane y) { return lane_pick(lane_less(y, x), x, y); }
LANE_INLINE ad_lane lane_smaller(ad_lane x, ad_lane y) { return lane_pick(lane_less(x, y), x, y); }
#endif
LANE_INLINE ad_lane lane_nearest(ad_lane x) /* adding and taking 2^52 leaves a whole number */
{
    ad_lane a = lane_abs(x), whole = (a + 0x1p52) - 0x1p52;
    return lane_pick(lane_less(a, lane_all(0x1p52)), lane_copysign(whole, x), x);
}
LANE_INLINE ad_lane lane_floor(ad_lane x)
{
    ad_lane n = lane_nearest(x);
    return lane_copysign(n - lane_where(lane_less(x, n), lane_all(1)), x);
}
#endif

/* ---- polynomials, from the constant on: LANE_POLY(x, c0, c1, ...) with 5, 6, 8 to 11 or 13 coefficients ----
 * Estrin's scheme (ACM 1960) in powers of x^4: the chain of dependent operations, not their number, is what costs. */

#define LANE_POLY(...) LANE_POLY_OF(__VA_ARGS__, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, )(__VA_ARGS__)
#define LANE_POLY_OF(x, a, b, c, d, e, f, g, h, i, j, k, l, m, count, ...) LANE_POLY_AT(count)
#define LANE_POLY_AT(count) lane_poly_##count

LANE_INLINE ad_lane lane_linear(ad_lane x, double a, double b) { return lane_fma(x, lane_all(b), lane_all(a)); }

LANE_INLINE ad_lane lane_cubic(ad_lane x, ad_lane x2, double a, double b, double c, double d)
{
    return lane_fma(x2, lane_linear(x, c, d), lane_linear(x, a, b));
}

LANE_INLINE ad_lane lane_poly_5(ad_lane x, double a, double b, double c, double d, double e)
{
    ad_lane x2 = x * x;
    return lane_fma(x2, lane_fma(x2, lane_all(e), lane_linear(x, c, d)), lane_linear(x, a, b));
}

LANE_INLINE ad_lane lane_poly_6(ad_lane x, double a, double b, double c, double d, double e, double f)
{
    ad_lane x2 = x * x;
    return lane_fma(x2 * x2, lane_linear(x, e, f), lane_cubic(x, x2, a, b, c, d));
}

LANE_INLINE ad_lane lane_poly_8(ad_lane x, double a, double b, double c, double d, double e, double f, double g,
                                double h)
{
    ad_lane x2 = x * x;
    return lane_fma(x2 * x2, lane_cubic(x, x2, e, f, g, h), lane_cubic(x, x2, a, b, c, d));
}

LANE_INLINE ad_lane lane_poly_9(ad_lane x, double a, double b, double c, double d, double e, double f, double g,
                                double h, double i)
{
    ad_lane x2 = x * x, x4 = x2 * x2;
    return lane_fma(x4, lane_fma(x4, lane_all(i), lane_cubic(x, x2, e, f, g, h)), lane_cubic(x, x2, a, b, c, d));
}

LANE_INLINE ad_lane lane_poly_10(ad_lane x, double a, double b, double c, double d, double e, double f, double g,
                                 double h, double i, double j)
{
    ad_lane x2 = x * x, x4 = x2 * x2;
    return lane_fma(x4, lane_fma(x4, lane_linear(x, i, j), lane_cubic(x, x2, e, f, g, h)),
                    lane_cubic(x, x2, a, b, c, d));
}

LANE_INLINE ad_lane lane_poly_11(ad_lane x, double a, double b, double c, double d, double e, double f, double g,
                                 double h, double i, double j, double k)
{
    ad_lane x2 = x * x, x4 = x2 * x2, top = lane_fma(x2, lane_all(k), lane_linear(x, i, j));
    return lane_fma(x4, lane_fma(x4, top, lane_cubic(x, x2, e, f, g, h)), lane_cubic(x, x2, a, b, c, d));
}

LANE_INLINE ad_lane lane_poly_13(ad_lane x, double a, double b, double c, double d, double e, double f, double g,
                                 double h, double i, double j, double k, double l, double m)
{
    ad_lane x2 = x * x, x4 = x2 * x2, top = lane_fma(x4, lane_all(m), lane_cubic(x, x2, i, j, k, l));
    return lane_fma(x4, lane_fma(x4, top, lane_cubic(x, x2, e, f, g, h)), lane_cubic(x, x2, a, b, c, d));
}

#if AD_LANE_BYTES == 64
/* Numbers of a table of sixteen, of any 8-byte type, by the low four bits of place. */
LANE_INLINE ad_lane lane_of_sixteen(const void *table, ad_lane_words place)
{
    return _mm512_permutex2var_pd(_mm512_load_pd(table), (__m512i)place, _mm512_load_pd((const double *)table + 8));
}
#endif

/* ---- sums of two lanes: Dekker's and Knuth's, as in rules/pairs.h ---- */

struct lane_pair {
    ad_lane hi, lo;
};

LANE_INLINE struct lane_pair lane_sum(ad_lane a, ad_lane b) /* exact */
{
    ad_lane s = a + b, t = s - a;
    return (struct lane_pair){s, (a - (s - t)) + (b - t)};
}

LANE_INLINE struct lane_pair lane_ordered_sum(ad_lane a, ad_lane b) /* exact when |a| >= |b| or a = 0 */
{
    ad_lane s = a + b;
    return (struct lane_pair){s, b - (s - a)};
}

LANE_INLINE struct lane_pair lane_product(ad_lane a, ad_lane b) /* exact without under- or overflow */
{
    ad_lane s = a * b;
#if AD_LANE_FUSED
    return (struct lane_pair){s, lane_fma(a, b, -s)};
#else
    ad_lane c = a * 134217729.0, d = b * 134217729.0;
    ad_lane ah = c - (c - a), bh = d - (d - b), al = a - ah, bl = b - bh;
    return (struct lane_pair){s, ((ah * bh - s) + ah * bl + al * bh) + al * bl};
#endif
}

#if !AD_LANE_FUSED
LANE_INLINE ad_lane lane_head(ad_lane x) { return lane_of_bits(lane_bits(x) & ~(int64_t)0x7ffffff); } /* 26 bits */
#endif

LANE_INLINE ad_lane lane_multiply(struct lane_pair a, struct lane_pair b) /* rounded once */
{
#if AD_LANE_FUSED
    return lane_fma(a.hi, b.hi, lane_fma(a.hi, b.lo, a.lo * b.hi));
#else
    ad_lane x = lane_head(a.hi), y = lane_head(b.hi), rest = (a.hi - x) * b.hi + x * (b.hi - y);
    return x * y + (rest + (a.hi * b.lo + a.lo * b.hi));
#endif
}

/* ---- powers of two ---- */

/* 2^k for a whole -1022 <= k <= 1023. */
LANE_INLINE ad_lane lane_power_of_two(ad_lane k) { return lane_of_bits(lane_bits(k + (0x1.8p52 + 1023)) << 52); }

/* y 2^k for a whole |k| <= 2000 and |y| in [2^-500, 2^500]: rounded once where the result is subnormal. */
LANE_INLINE ad_lane lane_scaled(ad_lane y, ad_lane k)
{
#if AD_LANE_BYTES == 64
    return _mm512_scalef_pd(y, k);
#else
    ad_lane half = (k * 0.5 + 0x1.8p52) - 0x1.8p52;
    return y * lane_power_of_two(half) * lane_power_of_two(k - half);
#endif
}

/* w - x y, exactly rounded or nearly so where x y is close to w. */
LANE_INLINE ad_lane lane_residual(ad_lane x, ad_lane y, ad_lane w)
{
#if AD_LANE_FUSED
    return lane_fnma(x, y, w);
#else
    struct lane_pair p = lane_product(x, y);
    return (w - p.hi) - p.lo;
#endif
}

/* (n + n_low) / (d + d_low). */
LANE_INLINE struct lane_pair lane_divide(struct lane_pair n, struct lane_pair d)
{
    ad_lane r = 1.0 / d.hi, q = n.hi * r;
    return (struct lane_pair){q, r * (lane_residual(q, d.hi, n.hi) + lane_fnma(q, d.lo, n.lo))};
}

#endif
