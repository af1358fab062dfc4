/* lanes_linear.h -- the executor's sums of terms and sums over rows: where most of a gradient's time goes. A part of lanes.c,
 * which includes it once. Eight vectors of rows at a time stand in registers, or four of each of two results that share
 * operands: then one load serves two products, as in a product of matrices. */
#ifndef AUTODIFF_FUNCTION_LANES_LINEAR_H
#define AUTODIFF_FUNCTION_LANES_LINEAR_H

/* ---- Linear forms ------------------------------------------------------------------------------------------------------ */

enum { CHUNK = 8 * VECTOR };

#define FOUR(M, a)  M(a, 0) M(a, 1) M(a, 2) M(a, 3)
#define EIGHT(M, a) FOUR(M, a) M(a, 4) M(a, 5) M(a, 6) M(a, 7)
#define DECLARE(a, k) ad_lane a##k = lane_all(-0.0);
#define FMA_VV(a, k)  a##k = lane_fma(load(p + k * VECTOR), load(q + k * VECTOR), a##k);
#define FNMA_VV(a, k) a##k = lane_fnma(load(p + k * VECTOR), load(q + k * VECTOR), a##k);
#define FMA_UV(a, k)  a##k = lane_fma(u, load(q + k * VECTOR), a##k);
#define FNMA_UV(a, k) a##k = lane_fnma(u, load(q + k * VECTOR), a##k);
#define ADD_V(a, k)   a##k += load(q + k * VECTOR);
#define SUB_V(a, k)   a##k -= load(q + k * VECTOR);
#define ADD_U(a, k)   a##k += u;
#define SUB_U(a, k)   a##k -= u;
#define STORE(a, k)   store(z + k * VECTOR, a##k);
#define BLANK(a, k)   a##k = lane_of_bits(lane_bits(a##k) & lane_bits(load(blank + k * VECTOR)));

/* All terms of a class: pairs of slots, a uniform value and a slot, a slot, a uniform value. */
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
        const uint32_t class = x[0], *end = x + 2 + x[1] * (class < 4 ? 2u : 1u); \
        x += 2; \
        switch (class) { \
        case 0: PAIRS(REPEAT, FMA_VV, a) \
        case 1: PAIRS(REPEAT, FNMA_VV, a) \
        case 2: SCALED(REPEAT, FMA_UV, a) \
        case 3: SCALED(REPEAT, FNMA_UV, a) \
        case 4: SINGLE(REPEAT, ADD_V, a) \
        case 5: SINGLE(REPEAT, SUB_V, a) \
        case 6: NUMBERS(REPEAT, ADD_U, a) \
        default: NUMBERS(REPEAT, SUB_U, a) \
        } \
    }
/* The linear form of rows [first, first + CHUNK) in a0 .. a7, from -0, which added to changes nothing. */
#define FORM(code, first) \
    const uint32_t *x = (code) + 2; \
    const double *work = c->work + (first), *uniform = c->uniform; \
    EIGHT(DECLARE, a) \
    TERMS(EIGHT, a)

/* All of these return where the next instruction is. */
static const uint32_t *linear(const context *c, const uint32_t *code)
{
    const uint32_t *next = code;
    for (size_t first = 0; first < AD_BLOCK; first += CHUNK) {
        double *z = c->work + code[1] + first;
        FORM(code, first)
        EIGHT(STORE, a)
        next = x;
    }
    return next;
}

#if AD_LANE_BYTES == 64                    /* 32 registers, else 16 */
#define SHARED EIGHT
enum { SHARED_CHUNK = 8 * VECTOR };
#else
#define SHARED FOUR
enum { SHARED_CHUNK = 4 * VECTOR };
#endif
#define FMA_BOTH(a, k) { const ad_lane v = load(q + k * VECTOR); a##k = lane_fma(u, v, a##k); b##k = lane_fma(w, v, b##k); }

static const uint32_t *linear_two(const context *c, const uint32_t *code)
{
    const uint32_t *next = code;
    for (size_t first = 0; first < AD_BLOCK; first += SHARED_CHUNK) {
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

#define TOTAL ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7))

/* The rows' sum of a linear form, into the accumulator; rows that do not count are blanked, NaN and all. */
static const uint32_t *gather(const context *c, const uint32_t *code)
{
    const uint32_t *next = code;
    double *sum = c->sums + code[1] * (size_t)8;
    ad_lane total = load(sum);
    for (size_t first = 0; first < AD_BLOCK; first += CHUNK) {
        FORM(code, first)
        if (c->mask) {
            const double *blank = c->mask + first;
            EIGHT(BLANK, a)
        }
        total += TOTAL;
        next = x;
    }
    store(sum, total);
    return next;
}

/* Numbers of a slot; those of rows that do not count, in a ragged last block, blanked. Both factors of a product are: a NaN
 * would survive a factor 0. The two ways have functions of their own, so that the common one keeps its registers. */
#define ALL(p, k)     load((p) + (k) * VECTOR)
#define COUNTED(p, k) lane_of_bits(lane_bits(load((p) + (k) * VECTOR)) & lane_bits(load(blank + (k) * VECTOR)))
#define FETCH_ALL(a, k)     const ad_lane a##k = ALL(q, k);
#define FETCH_COUNTED(a, k) const ad_lane a##k = COUNTED(q, k);

/* The rows' sums of a factor and of its products with others: it stays in registers. An outer product's row. Two chains of
 * sums a product; what the loop needs of the context stands in locals, since its stores might change the context for all
 * the compiler knows (P1 8 % faster). */
#define PRODUCT(k, sum, OF) lane_fma(a##k, OF(p, k), sum)
#define GATHER_PRODUCTS(name, OF, FETCH) \
    static const uint32_t *name(const context *c, const uint32_t *code) \
    { \
        const uint32_t *end = code + 4 + 2 * code[3]; \
        double *sums = c->sums; \
        for (size_t first = 0; first < AD_BLOCK; first += CHUNK) { \
            const double *work = c->work + first, *q = work + code[1], *blank = c->mask + first; \
            (void)blank; \
            EIGHT(FETCH, a) \
            if (code[2] != UINT32_MAX) { \
                double *sum = sums + code[2] * (size_t)8; \
                store(sum, load(sum) + (TOTAL)); \
            } \
            for (const uint32_t *x = code + 4; x < end; x += 2) { \
                const double *p = work + x[0]; \
                double *sum = sums + x[1] * (size_t)8; \
                ad_lane even = PRODUCT(0, load(sum), OF), odd = a1 * OF(p, 1); \
                even = PRODUCT(2, even, OF), odd = PRODUCT(3, odd, OF); \
                even = PRODUCT(4, even, OF), odd = PRODUCT(5, odd, OF); \
                even = PRODUCT(6, even, OF), odd = PRODUCT(7, odd, OF); \
                store(sum, even + odd); \
            } \
        } \
        return end; \
    }
GATHER_PRODUCTS(gather_all_products, ALL, FETCH_ALL)
GATHER_PRODUCTS(gather_counted_products, COUNTED, FETCH_COUNTED)

static inline const uint32_t *gather_products(const context *c, const uint32_t *code)
{
    return c->mask ? gather_counted_products(c, code) : gather_all_products(c, code);
}

/* The same of two factors, a and b, with others that they share and, each, with others of its own. */
#define ADD_TO(a, k) s += a##k;
#define OWN_SUM(a, own) \
    if ((own) != UINT32_MAX) { \
        double *sum = sums + (own) * (size_t)8; \
        ad_lane s = load(sum); \
        SHARED(ADD_TO, a) \
        store(sum, s); \
    }
#define OWN_PRODUCTS(PRODUCT_OF, a, count) \
    for (const uint32_t *stop = x + 2 * (count); x < stop; x += 2) { \
        const double *p = work + x[0]; \
        double *sum = sums + x[1] * (size_t)8; \
        ad_lane s = load(sum); \
        SHARED(PRODUCT_OF, a) \
        store(sum, s); \
    }
#define PRODUCT_ALL(a, k)     s = lane_fma(a##k, ALL(p, k), s);
#define PRODUCT_COUNTED(a, k) s = lane_fma(a##k, COUNTED(p, k), s);
#define PRODUCT_BOTH(k, s, t, OF) { const ad_lane v = OF(p, k); s = lane_fma(a##k, v, s), t = lane_fma(b##k, v, t); }
#if AD_LANE_BYTES == 64
#define PRODUCTS_BOTH(OF) \
    PRODUCT_BOTH(2, s, t, OF) PRODUCT_BOTH(3, s_odd, t_odd, OF) PRODUCT_BOTH(4, s, t, OF) PRODUCT_BOTH(5, s_odd, t_odd, OF) \
    PRODUCT_BOTH(6, s, t, OF) PRODUCT_BOTH(7, s_odd, t_odd, OF)
#else
#define PRODUCTS_BOTH(OF) PRODUCT_BOTH(2, s, t, OF) PRODUCT_BOTH(3, s_odd, t_odd, OF)
#endif
#define GATHER_TWO(name, OF, FETCH, PRODUCT_OF) \
    static const uint32_t *name(const context *c, const uint32_t *code) \
    { \
        const uint32_t *both = code + 8 + 3 * code[5], *end = both + 2 * (code[6] + code[7]); \
        double *sums = c->sums; \
        for (size_t first = 0; first < AD_BLOCK; first += SHARED_CHUNK) { \
            const double *work = c->work + first, *q = work + code[1], *blank = c->mask + first; \
            (void)blank; \
            SHARED(FETCH, a) \
            q = work + code[2]; \
            SHARED(FETCH, b) \
            OWN_SUM(a, code[3]) \
            OWN_SUM(b, code[4]) \
            const uint32_t *x = code + 8; \
            for (; x < both; x += 3) { \
                const double *p = work + x[0]; \
                double *to_a = sums + x[1] * (size_t)8, *to_b = sums + x[2] * (size_t)8; \
                const ad_lane v0 = OF(p, 0), v1 = OF(p, 1); \
                ad_lane s = lane_fma(a0, v0, load(to_a)), t = lane_fma(b0, v0, load(to_b)), s_odd = a1 * v1, t_odd = b1 * v1; \
                PRODUCTS_BOTH(OF) \
                store(to_a, s + s_odd); \
                store(to_b, t + t_odd); \
            } \
            OWN_PRODUCTS(PRODUCT_OF, a, code[6]) \
            OWN_PRODUCTS(PRODUCT_OF, b, code[7]) \
        } \
        return end; \
    }
GATHER_TWO(gather_all_two, ALL, FETCH_ALL, PRODUCT_ALL)
GATHER_TWO(gather_counted_two, COUNTED, FETCH_COUNTED, PRODUCT_COUNTED)

static inline const uint32_t *gather_two(const context *c, const uint32_t *code)
{
    return c->mask ? gather_counted_two(c, code) : gather_all_two(c, code);
}

#endif
