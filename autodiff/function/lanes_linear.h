/* lanes_linear.h -- the executor's sums of terms and sums over rows: where most of a gradient's time goes. A part of lanes.c,
 * which includes it once. Eight vectors of rows at a time stand in registers, or four of each of two results that share
 * operands: then one load serves two products, as in a product of matrices. */
#ifndef AUTODIFF_FUNCTION_LANES_LINEAR_H
#define AUTODIFF_FUNCTION_LANES_LINEAR_H

/* ---- Linear forms ------------------------------------------------------------------------------------------------------ */

enum { CHUNK = AT_ONCE * VECTOR };

#define TWO(M, a)   M(a, 0) M(a, 1)
#define FOUR(M, a)  TWO(M, a) M(a, 2) M(a, 3)
#define EIGHT(M, a) FOUR(M, a) M(a, 4) M(a, 5) M(a, 6) M(a, 7)
#if AT_ONCE == 8
#define EACH EIGHT
#elif AT_ONCE == 4
#define EACH FOUR
#else
#define EACH TWO
#endif
#define DECLARE(a, k) ad_lane a##k = lane_all(-0.0);
#define FETCH(a, k)   ad_lane a##k = load(q + k * VECTOR);
#define FMA_VV(a, k)  a##k = lane_fma(load(p + k * VECTOR), load(q + k * VECTOR), a##k);
#define FNMA_VV(a, k) a##k = lane_fnma(load(p + k * VECTOR), load(q + k * VECTOR), a##k);
#define FMA_UV(a, k)  a##k = lane_fma(u, load(q + k * VECTOR), a##k);
#define FNMA_UV(a, k) a##k = lane_fnma(u, load(q + k * VECTOR), a##k);
#define ADD_V(a, k)   a##k += load(q + k * VECTOR);
#define SUB_V(a, k)   a##k -= load(q + k * VECTOR);
#define ADD_U(a, k)   a##k += u;
#define SUB_U(a, k)   a##k -= u;
#define STORE(a, k)   store(z + k * VECTOR, a##k);
#define FMA_DD(a, k)  { const ad_lane d = load(q + k * VECTOR) - u; a##k = lane_fma(d, d, a##k); }
#define FNMA_DD(a, k) { const ad_lane d = load(q + k * VECTOR) - u; a##k = lane_fnma(d, d, a##k); }
#define BLANK(a, k)   a##k = lane_of_bits(lane_bits(a##k) & lane_bits(load(blank + k * VECTOR)));

/* All terms of a class: pairs of slots, a uniform value and a slot, a slot, a uniform value; the difference of a slot and a uniform
 * value, squared, is of the second kind. */
#define PAIRS(REPEAT, M, a) \
    for (; x < end; x += 2) { \
        const double *p = work + x[0], *q = work + x[1]; \
        REPEAT(M, a) \
    } \
    break;
#define SCALED(REPEAT, M, a) \
    for (; x < end; x += 2) { \
        const ad_lane u = lane_all(uniform[x[0] & ~AD_UNIFORM]); \
        const double *q = work + x[1]; \
        REPEAT(M, a) \
    } \
    break;
#define SINGLE(REPEAT, M, a) \
    for (; x < end; x++) { \
        const double *q = work + x[0]; \
        REPEAT(M, a) \
    } \
    break;
#define NUMBERS(REPEAT, M, a) \
    for (; x < end; x++) { \
        const ad_lane u = lane_all(uniform[x[0] & ~AD_UNIFORM]); \
        REPEAT(M, a) \
    } \
    break;
/* Adds the terms at x, by class, to a0, a1, ...; x at their end. */
#define TERMS(REPEAT, a) \
    for (uint32_t classes = *x++; classes; classes--) { \
        const uint32_t class = x[0], *end = x + 2 + x[1] * ad_term_width(class); \
        x += 2; \
        switch (class) { \
        case 0: PAIRS(REPEAT, FMA_VV, a) \
        case 1: PAIRS(REPEAT, FNMA_VV, a) \
        case 2: SCALED(REPEAT, FMA_UV, a) \
        case 3: SCALED(REPEAT, FNMA_UV, a) \
        case 4: SINGLE(REPEAT, ADD_V, a) \
        case 5: SINGLE(REPEAT, SUB_V, a) \
        case 6: NUMBERS(REPEAT, ADD_U, a) \
        case 7: NUMBERS(REPEAT, SUB_U, a) \
        case 8: SCALED(REPEAT, FMA_DD, a) \
        default: SCALED(REPEAT, FNMA_DD, a) \
        } \
    }
/* The linear form of rows [first, first + CHUNK) in a0 .. a7, from -0, which added to changes nothing. */
#define FORM(code, first) \
    const uint32_t *x = (code) + 2; \
    const double *work = c->work + (first), *uniform = c->uniform; \
    EACH(DECLARE, a) \
    TERMS(EACH, a)

/* All of these return where the next instruction is. */
static const uint32_t *linear(const context *c, const uint32_t *code)
{
    const uint32_t *next = code;
    for (size_t first = 0; first < AD_LIVE; first += CHUNK) {
        double *z = c->work + code[1] + first;
        FORM(code, first)
        EACH(STORE, a)
        next = x;
    }
    return next;
}

#if AD_LANE_BYTES == 64 && AT_ONCE == 8    /* 32 registers, else 16 */
#define SHARED EIGHT
#define SHARED_ONCE 8
#elif AT_ONCE >= 4
#define SHARED FOUR
#define SHARED_ONCE 4
#else
#define SHARED TWO
#define SHARED_ONCE 2
#endif
enum { SHARED_CHUNK = SHARED_ONCE * VECTOR };
/* One load for both, as it says: P1 11 % faster. */
#define LOAD_BOTH(v, from) ad_lane v = load(from); LANE_KEEP(v);
#define FMA_BOTH(a, k) { LOAD_BOTH(v, q + k * VECTOR) a##k = lane_fma(u, v, a##k); b##k = lane_fma(w, v, b##k); }

static const uint32_t *linear_two(const context *c, const uint32_t *code)
{
    const uint32_t *next = code;
    for (size_t first = 0; first < AD_LIVE; first += SHARED_CHUNK) {
        const double *work = c->work + first, *uniform = c->uniform;
        const uint32_t *x = code + 4, *both = x + 3 * code[3];
        SHARED(DECLARE, a)
        SHARED(DECLARE, b)
        for (; x < both; x += 3) {
            const ad_lane u = lane_all(uniform[x[0] & ~AD_UNIFORM]), w = lane_all(uniform[x[1] & ~AD_UNIFORM]);
            const double *q = work + x[2];
            SHARED(FMA_BOTH, a)
        }
        TERMS(SHARED, a)
        TERMS(SHARED, b)
        double *z = c->work + code[1] + first;
        SHARED(STORE, a)
        z = c->work + code[2] + first;
        SHARED(STORE, b)
        next = x;
    }
    return next;
}

/* ---- Sums over rows ---------------------------------------------------------------------------------------------------- */

#if AT_ONCE == 8
#define TOTAL ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7))
#elif AT_ONCE == 4
#define TOTAL (a0 + a1) + (a2 + a3)
#else
#define TOTAL a0 + a1
#endif

/* The rows' sum of a linear form, into the accumulator; rows that do not count are blanked, NaN and all. */
static const uint32_t *gather(const context *c, const uint32_t *code)
{
    const uint32_t *next = code;
    double *sum = c->sums + code[1] * (size_t)8;
    ad_lane total = load(sum);
    for (size_t first = 0; first < AD_LIVE; first += CHUNK) {
        FORM(code, first)
        if (c->mask) {
            const double *blank = c->mask + first;
            EACH(BLANK, a)
        }
        total += TOTAL;
        next = x;
    }
    store(sum, total);
    return next;
}

/* What the ragged last block of a column takes: rows that do not count are blanked in both factors, since a NaN of such a row
 * would survive a factor 0. q NULL: the factor p alone. */
static __attribute__((noinline, cold)) void gather_blanked(const context *c, const double *p, const double *q, uint32_t to)
{
    double *sum = c->sums + to * (size_t)8;
    ad_lane total = load(sum);
    for (int j = 0; j < AD_LIVE; j += VECTOR) {
        ad_lane v = lane_of_bits(lane_bits(load(p + j)) & lane_bits(load(c->mask + j)));
        total = q ? lane_fma(v, lane_of_bits(lane_bits(load(q + j)) & lane_bits(load(c->mask + j))), total) : total + v;
    }
    store(sum, total);
}

/* The rows' sums of a factor and of its products with others: it stays in registers. An outer product's row. Two chains of
 * sums a product; what the loop needs of the context stands in locals, since its stores might change the context for all
 * the compiler knows (P1 8 % faster). */
#define PRODUCT(k, sum) lane_fma(a##k, load(p + k * VECTOR), sum)
static const uint32_t *gather_products(const context *c, const uint32_t *code)
{
    const uint32_t factor = code[1], own = code[2], *end = code + 4 + 2 * code[3];
    double *sums = c->sums;
    if (c->mask) {
        if (own != UINT32_MAX)
            gather_blanked(c, c->work + factor, NULL, own);
        for (const uint32_t *x = code + 4; x < end; x += 2)
            gather_blanked(c, c->work + factor, c->work + x[0], x[1]);
        return end;
    }
    for (size_t first = 0; first < AD_LIVE; first += CHUNK) {
        const double *work = c->work + first, *q = work + factor;
        EACH(FETCH, a)
        if (own != UINT32_MAX) {
            double *sum = sums + own * (size_t)8;
            store(sum, load(sum) + (TOTAL));
        }
        for (const uint32_t *x = code + 4; x < end; x += 2) {
            const double *p = work + x[0];
            double *sum = sums + x[1] * (size_t)8;
            ad_lane even = PRODUCT(0, load(sum)), odd = a1 * load(p + VECTOR);
#if AT_ONCE >= 4
            even = PRODUCT(2, even), odd = PRODUCT(3, odd);
#endif
#if AT_ONCE == 8
            even = PRODUCT(4, even), odd = PRODUCT(5, odd);
            even = PRODUCT(6, even), odd = PRODUCT(7, odd);
#endif
            store(sum, even + odd);
        }
    }
    return end;
}

/* The same of two factors, a and b, with others that they share and, each, with others of its own. */
#define PRODUCT_BOTH(k, s, t) { LOAD_BOTH(v, p + k * VECTOR) s = lane_fma(a##k, v, s), t = lane_fma(b##k, v, t); }
#define OWN_PRODUCTS(a, count) \
    for (const uint32_t *stop = x + 2 * (count); x < stop; x += 2) { \
        const double *p = work + x[0]; \
        double *sum = sums + x[1] * (size_t)8; \
        ad_lane s = load(sum); \
        SHARED(PRODUCT_OF, a) \
        store(sum, s); \
    }
#define PRODUCT_OF(a, k) s = lane_fma(a##k, load(p + k * VECTOR), s);
#define ADD_TO(a, k) s += a##k;
#define OWN_SUM(a, own) \
    if ((own) != UINT32_MAX) { \
        double *sum = sums + (own) * (size_t)8; \
        ad_lane s = load(sum); \
        SHARED(ADD_TO, a) \
        store(sum, s); \
    }

static __attribute__((noinline, cold)) void gather_two_blanked(const context *c, const uint32_t *code)
{
    const double *p = c->work + code[1], *q = c->work + code[2];
    const uint32_t *x = code + 8;
    if (code[3] != UINT32_MAX)
        gather_blanked(c, p, NULL, code[3]);
    if (code[4] != UINT32_MAX)
        gather_blanked(c, q, NULL, code[4]);
    for (uint32_t n = code[5]; n; n--, x += 3) {
        gather_blanked(c, p, c->work + x[0], x[1]);
        gather_blanked(c, q, c->work + x[0], x[2]);
    }
    for (uint32_t n = code[6]; n; n--, x += 2)
        gather_blanked(c, p, c->work + x[0], x[1]);
    for (uint32_t n = code[7]; n; n--, x += 2)
        gather_blanked(c, q, c->work + x[0], x[1]);
}

static const uint32_t *gather_two(const context *c, const uint32_t *code)
{
    const uint32_t *both = code + 8 + 3 * code[5], *end = both + 2 * (code[6] + code[7]);
    double *sums = c->sums;
    if (c->mask) {
        gather_two_blanked(c, code);
        return end;
    }
    for (size_t first = 0; first < AD_LIVE; first += SHARED_CHUNK) {
        const double *work = c->work + first, *q = work + code[1];
        SHARED(FETCH, a)
        q = work + code[2];
        SHARED(FETCH, b)
        OWN_SUM(a, code[3])
        OWN_SUM(b, code[4])
        const uint32_t *x = code + 8;
        for (; x < both; x += 3) {
            const double *p = work + x[0];
            double *to_a = sums + x[1] * (size_t)8, *to_b = sums + x[2] * (size_t)8;
            ad_lane s = load(to_a), t = load(to_b), s_odd, t_odd;
            { LOAD_BOTH(v, p) s = lane_fma(a0, v, s), t = lane_fma(b0, v, t); }
            { LOAD_BOTH(v, p + VECTOR) s_odd = a1 * v, t_odd = b1 * v; }
#if SHARED_ONCE >= 4
            PRODUCT_BOTH(2, s, t)
            PRODUCT_BOTH(3, s_odd, t_odd)
#endif
#if SHARED_ONCE == 8
            PRODUCT_BOTH(4, s, t)
            PRODUCT_BOTH(5, s_odd, t_odd)
            PRODUCT_BOTH(6, s, t)
            PRODUCT_BOTH(7, s_odd, t_odd)
#endif
            store(to_a, s + s_odd);
            store(to_b, t + t_odd);
        }
        OWN_PRODUCTS(a, code[6])
        OWN_PRODUCTS(b, code[7])
    }
    return end;
}

/* Rows that do not count are blanked in the differences, too. */
static __attribute__((noinline, cold)) void gather_differences_blanked(const context *c, const uint32_t *code)
{
    const double *p = c->work + code[1];
    for (const uint32_t *x = code + 3, *end = x + 3 * code[2]; x < end; x += 3) {
        const ad_lane u = lane_all(c->uniform[x[0] & ~AD_UNIFORM]);
        double difference[AD_LIVE] __attribute__((aligned(64)));
        for (int j = 0; j < AD_LIVE; j += VECTOR)
            store(difference + j, load(c->work + x[1] + j) - u);
        gather_blanked(c, p, difference, x[2]);
    }
}

/* The rows' sums of a factor's products with columns less uniform values. */
#define DIFFERENCE(k, sum) lane_fma(a##k, load(p + k * VECTOR) - u, sum)
static const uint32_t *gather_differences(const context *c, const uint32_t *code)
{
    const uint32_t *end = code + 3 + 3 * code[2];
    const double *uniform = c->uniform;
    double *sums = c->sums;
    if (c->mask) {
        gather_differences_blanked(c, code);
        return end;
    }
    for (size_t first = 0; first < AD_LIVE; first += CHUNK) {
        const double *work = c->work + first, *q = work + code[1];
        EACH(FETCH, a)
        for (const uint32_t *x = code + 3; x < end; x += 3) {
            const ad_lane u = lane_all(uniform[x[0] & ~AD_UNIFORM]);
            const double *p = work + x[1];
            double *sum = sums + x[2] * (size_t)8;
            ad_lane even = DIFFERENCE(0, load(sum)), odd = a1 * (load(p + VECTOR) - u);
#if AT_ONCE >= 4
            even = DIFFERENCE(2, even), odd = DIFFERENCE(3, odd);
#endif
#if AT_ONCE == 8
            even = DIFFERENCE(4, even), odd = DIFFERENCE(5, odd);
            even = DIFFERENCE(6, even), odd = DIFFERENCE(7, odd);
#endif
            store(sum, even + odd);
        }
    }
    return end;
}

#endif
