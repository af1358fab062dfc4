/* lanes.c -- the executor: a pass's instructions over blocks of rows, in vectors. Compiled once for each instruction set,
 * with AD_LANES_RUN naming the result; which one runs is chosen in run.c. It computes values only: a gradient is a
 * program like any other. And once more with AD_LIVE for the few rows at the start of a block that are computed at all: the
 * steps of a recurrence may have no more (LSTM of 14 units 27 -> 9 ms). */
#include "plan.h"
#include "vector.h"

#include <math.h>
#include <string.h>

#ifndef AD_LIVE
#define AD_LIVE AD_BLOCK
#define AT_ONCE 8                          /* vectors in registers */
#else
#define AT_ONCE (AD_LIVE / AD_LANES)
#endif
enum { VECTOR = AD_LANE_BYTES / 8, VECTORS = AD_LIVE / VECTOR };

typedef struct source {
    const double *at;
    int           step;                    /* numbers from one vector to the next: 0 for a uniform value */
} source;

static inline ad_lane load(const double *x)
{
    ad_lane v;
    memcpy(&v, __builtin_assume_aligned(x, AD_LANE_BYTES), sizeof v);
    return v;
}

static inline void store(double *x, ad_lane v) { memcpy(__builtin_assume_aligned(x, AD_LANE_BYTES), &v, sizeof v); }

typedef struct context {
    const double *uniform;
    double       *work, *sums;
    const double *mask;                    /* [AD_BLOCK] all ones in rows that count; NULL when all do */
} context;

/* A uniform operand is spread over one vector, which every step reads again. */
static inline source find(const context *c, uint32_t operand, double *spread)
{
    if (!(operand & AD_UNIFORM))
        return (source){c->work + operand, VECTOR};
    store(spread, lane_all(c->uniform[operand & ~AD_UNIFORM]));
    return (source){spread, 0};
}

static inline int all_vary(const uint32_t *operands, int n)
{
    uint32_t some = 0;
    for (int k = 0; k < n; k++)
        some |= operands[k];
    return n == 1 || !(some & AD_UNIFORM); /* what is made of uniform values alone is no instruction */
}

/* Operands that all vary are the rule, and addresses that are known are worth a loop of their own. */
#define ROW_OF(name, n_operands, value) \
    static __attribute__((flatten)) void row_##name(const context *c, const uint32_t *code) \
    { \
        double spread[n_operands][VECTOR] __attribute__((aligned(AD_LANE_BYTES))), *z = c->work + code[1]; \
        source s[n_operands]; \
        if (all_vary(code + 2, n_operands)) { \
            for (int k = 0; k < n_operands; k++) \
                s[k] = (source){c->work + code[2 + k], VECTOR}; \
            for (int j = 0; j < VECTORS; j++) \
                store(z + j * VECTOR, value); \
            return; \
        } \
        for (int k = 0; k < n_operands; k++) \
            s[k] = find(c, code[2 + k], spread[k]); \
        for (int j = 0; j < VECTORS; j++) \
            store(z + j * VECTOR, value); \
    }
#define ROW(name, n_operands, ...) ROW_OF(name, n_operands, AD_LANE_VALUE(name, __VA_ARGS__))
#define AT(k) load(s[k].at + j * s[k].step)
#define OP1(name, ...) ROW(name, 1, AT(0))
#define OP2(name, ...) ROW(name, 2, AT(0), AT(1))
#define OP3(name, ...) ROW(name, 3, AT(0), AT(1), AT(2))
#define FC1(name, ...) ROW(name, 2, AT(0), AT(1))
#include "../ops.def"
ROW_OF(mul_neg, 2, -(AT(0) * AT(1)))
ROW_OF(mul_add, 3, lane_fma(AT(0), AT(1), AT(2)))
ROW_OF(mul_sub, 3, lane_fma(AT(0), AT(1), -AT(2)))
ROW_OF(sub_mul, 3, lane_fnma(AT(0), AT(1), AT(2)))
ROW_OF(mul_mul, 3, AT(0) * AT(1) * AT(2))
ROW_OF(mul_mul_mul, 4, (AT(0) * AT(1)) * (AT(2) * AT(3)))
ROW_OF(mul_add_mul, 4, lane_fma(AT(0), AT(1), AT(2) * AT(3)))
ROW_OF(mul_sub_mul, 4, lane_fnma(AT(2), AT(3), AT(0) * AT(1)))

#include "lanes_linear.h"

/* ---- Two functions at once --------------------------------------------------------------------------------------------- */

/* sigmoid(x) and sigmoid(-x) from one exponential; in two steps, with the compiler kept from making them one again. */
static __attribute__((flatten)) void sigmoids(const context *c, const uint32_t *code)
{
    double *z = c->work + code[1], *opposite = c->work + code[2];
    const double *x = c->work + code[3];
    struct lane_decay e[VECTORS];
    ad_lane least = LANE_0;                /* whatever NaN there are */
    for (int j = 0; j < VECTORS; j++) {
        ad_lane a = lane_minus_abs(load(x + j * VECTOR));
        least = lane_smaller(a, least);
        e[j] = lane_decay_of(a);
    }
    __asm__ volatile("" : : "r"(e) : "memory");
    int anywhere = lane_is_far(least);
    for (int j = 0; j < VECTORS; j++) {
        ad_lane v = load(x + j * VECTOR);
        struct ad_lane_sigmoids both = anywhere ? lane_sigmoids_anywhere(v) : lane_sigmoids_of(v, e[j]);
        store(z + j * VECTOR, both.of);
        store(opposite + j * VECTOR, both.of_minus);
    }
}

static __attribute__((flatten)) void sine_cosine(const context *c, const uint32_t *code)
{
    double *sine = c->work + code[1], *cosine = c->work + code[2];
    const double *x = c->work + code[3];
    for (int j = 0; j < AD_LIVE; j += VECTOR) {
        struct ad_lane_sine_cosine both = ad_lane_sin_cos(load(x + j));
        store(sine + j, both.sine);
        store(cosine + j, both.cosine);
    }
}

/* ---- A pass ----------------------------------------------------------------------------------------------------------- */

static inline ad_lane load_any(const double *x)
{
    ad_lane v;
    memcpy(&v, x, sizeof v);
    return v;
}

enum { LINE = 8 };                         /* numbers in a line of the cache */

static void load_columns(const ad_pass *pass, double *work, const double *const *columns, size_t from, size_t rows)
{
    for (uint32_t k = 0; k < pass->n_columns; k++) {
        double *slot = work + (size_t)k * AD_BLOCK;
        const double *column = columns[pass->columns[k]] + from;
        if (rows == AD_BLOCK) {
            for (int j = 0; j < AD_BLOCK; j += LINE)
                __builtin_prefetch(column + AD_BLOCK + j);  /* the next block's: no hardware follows so many columns */
            for (int j = 0; j < AD_BLOCK; j += VECTOR)
                store(slot + j, load_any(column + j));
            continue;
        }
        /* Beyond the end an ordinary row again: nothing strange to compute. The last rows are stored over it. */
        for (size_t j = rows / VECTOR * VECTOR; j < AD_LIVE; j += VECTOR)
            store(slot + j, lane_all(column[rows - 1]));
        if (rows < VECTOR)
            for (size_t i = 0; i < rows; i++)
                slot[i] = column[i];
        else {
            ad_lane last = load_any(column + rows - VECTOR);
            for (size_t j = 0; j + VECTOR <= rows; j += VECTOR)
                store(slot + j, load_any(column + j));
            memcpy(slot + rows - VECTOR, &last, sizeof last);
        }
    }
}

/* Copies n numbers to where they may stay, past the caches: a line that is written whole need not be read first. The line
 * at the end is not, unless all are aligned: the next piece of n, which shares it, finds it on its way. P3 by columns,
 * 100 000 rows: 62 ns a row with ordinary stores, 47 without the prefetch, 29 with both. */
static inline void stream(const double *from, size_t n, double *to)
{
    size_t head = (LINE - ((uintptr_t)to / sizeof *to) % LINE) % LINE, at = head;
    if (head)
        __builtin_prefetch(to + 2 * n - 1);
    memcpy(to, from, head * sizeof *to);
    for (; at + LINE <= n; at += LINE)
        for (size_t k = at; k < at + LINE; k += VECTOR)
            lane_stream(to + k, load_any(from + k));
    memcpy(to + at, from + at, (n - at) * sizeof *to);
}

/* Writes rows out. Looking for NaN here and not in the caller's arrays, by then out of the cache, is a tenth of P3. */
static int store_rows(const double *slot, double *to, size_t rows, int far)
{
    lane_mask nan = lane_unequal(LANE_0, LANE_0);
    if (rows < AD_BLOCK) {
        int some = 0;
        for (size_t i = 0; i < rows && rows < VECTOR; i++) {
            some |= isnan(slot[i]);
            to[i] = slot[i];
        }
        for (size_t j = 0; j < rows && rows >= VECTOR; j += VECTOR) {
            size_t at = j + VECTOR <= rows ? j : rows - VECTOR;
            ad_lane v = load_any(slot + at);
            nan = lane_or(nan, lane_unequal(v, v));
            memcpy(to + at, &v, sizeof v);
        }
        return some || (rows >= VECTOR && lane_any(nan));
    }
    for (int j = 0; j < AD_BLOCK; j += VECTOR) {
        ad_lane v = load(slot + j);
        nan = lane_or(nan, lane_unequal(v, v));
        if (!far)
            memcpy(to + j, &v, sizeof v);
    }
    if (far)
        stream(slot, AD_BLOCK, to);
    return lane_any(nan);
}

/* AD_LANES rows of AD_LANES outputs, turned in registers. */
static inline void turn(const double *from, size_t m, double *to)
{
    ad_lane a[AD_LANES], b[AD_LANES];
    for (int k = 0; k < AD_LANES; k++)
        a[k] = load(from + k * AD_BLOCK);
#if AD_LANES == 8
    for (int k = 0; k < 8; k += 2) {
        b[k]     = __builtin_shufflevector(a[k], a[k + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        b[k + 1] = __builtin_shufflevector(a[k], a[k + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (int k = 0; k < 8; k += 4)
        for (int j = 0; j < 2; j++) {
            a[k + j]     = __builtin_shufflevector(b[k + j], b[k + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[k + j + 2] = __builtin_shufflevector(b[k + j], b[k + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int j = 0; j < 4; j++) {
        b[j]     = __builtin_shufflevector(a[j], a[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        b[j + 4] = __builtin_shufflevector(a[j], a[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
#elif AD_LANES == 4
    for (int k = 0; k < 4; k += 2) {
        b[k]     = __builtin_shufflevector(a[k], a[k + 1], 0, 4, 2, 6);
        b[k + 1] = __builtin_shufflevector(a[k], a[k + 1], 1, 5, 3, 7);
    }
    for (int j = 0; j < 2; j++) {
        a[j]     = __builtin_shufflevector(b[j], b[j + 2], 0, 1, 4, 5);
        a[j + 2] = __builtin_shufflevector(b[j], b[j + 2], 2, 3, 6, 7);
    }
    memcpy(b, a, sizeof b);
#else
    b[0] = __builtin_shufflevector(a[0], a[1], 0, 2);
    b[1] = __builtin_shufflevector(a[0], a[1], 1, 3);
#endif
    for (int r = 0; r < AD_LANES; r++)
        memcpy(to + (size_t)r * m, &b[r], sizeof b[r]);
}

/* LINE rows of block [m][AD_BLOCK] to [LINE][m]; the last few outputs are turned with some before them. */
static inline void turn_line(const double *block, size_t m, double *to)
{
    for (size_t r = 0; r < LINE; r += AD_LANES)
        for (size_t k = 0; k < m; k += AD_LANES) {
            size_t at = k + AD_LANES <= m ? k : m - AD_LANES;
            turn(block + at * AD_BLOCK + r, m, to + r * m + at);
        }
}

/* block [m][AD_BLOCK] to [rows][m]; what goes past the caches by way of strip [LINE][m]. */
static void interleave(const double *block, size_t rows, size_t m, double *strip, double *to, int far)
{
    size_t whole = m < AD_LANES ? 0 : rows / LINE * LINE;
    for (size_t r = 0; r < whole; r += LINE) {
        turn_line(block + r, m, far ? strip : to + r * m);
        if (far)
            stream(strip, LINE * m, to + r * m);
    }
    for (size_t r = whole; r < rows; r++)
        for (size_t k = 0; k < m; k++)
            to[r * m + k] = block[k * AD_BLOCK + r];
}

int AD_LANES_RUN(const ad_pass *pass, const double *uniform, const double *const *columns, size_t from, size_t to,
                  double *work, double *sums, const ad_stored *stored)
{
    union { uint64_t bits[AD_LIVE]; double lanes[AD_LIVE]; } mask __attribute__((aligned(64)));
    int nan = 0;
    context c = {uniform, work, sums, NULL};
    for (size_t rows; from < to; from += rows) {
        rows = to - from < AD_LIVE ? to - from : AD_LIVE;
        if (rows < AD_LIVE) {
            for (size_t i = 0; i < AD_LIVE; i++)
                mask.bits[i] = i < rows ? UINT64_MAX : 0;
            c.mask = mask.lanes;
        }
        load_columns(pass, work, columns, from, rows);
        for (const uint32_t *code = pass->code; *code != AD_END;) {
            switch (*code) {
#define OP1(name, ...) case AD_OP_##name: row_##name(&c, code); code += 3; continue;
#define OP2(name, ...) case AD_OP_##name: row_##name(&c, code); code += 4; continue;
#define OP3(name, ...) case AD_OP_##name: row_##name(&c, code); code += 5; continue;
#define FC1(name, ...) case AD_OP_##name: row_##name(&c, code); code += 4; continue;
#include "../ops.def"
            case AD_MUL_NEG:     row_mul_neg(&c, code);     code += 4; continue;
            case AD_MUL_ADD:     row_mul_add(&c, code);     code += 5; continue;
            case AD_MUL_SUB:     row_mul_sub(&c, code);     code += 5; continue;
            case AD_SUB_MUL:     row_sub_mul(&c, code);     code += 5; continue;
            case AD_MUL_MUL:     row_mul_mul(&c, code);     code += 5; continue;
            case AD_MUL_MUL_MUL: row_mul_mul_mul(&c, code); code += 6; continue;
            case AD_MUL_ADD_MUL: row_mul_add_mul(&c, code); code += 6; continue;
            case AD_MUL_SUB_MUL: row_mul_sub_mul(&c, code); code += 6; continue;
            case AD_LINEAR:      code = linear(&c, code);          continue;
            case AD_LINEAR_TWO:  code = linear_two(&c, code);      continue;
            case AD_GATHER:      code = gather(&c, code);          continue;
            case AD_GATHER_TWO:  code = gather_two(&c, code);      continue;
            case AD_GATHER_DIFFERENCES: code = gather_differences(&c, code); continue;
            case AD_STORE:
                nan |= stored->interleaved
                     ? store_rows(work + code[2], stored->block + code[1] * (size_t)AD_BLOCK, rows, 0)
                     : store_rows(work + code[2], stored->rows[code[1]] + from, rows, stored->far);
                code += 3;
                continue;
            case AD_GATHER_PRODUCTS:
                code = gather_products(&c, code);
                continue;
            case AD_SIGMOIDS:
                sigmoids(&c, code);
                code += 4;
                continue;
            default:
                sine_cosine(&c, code);
                code += 4;
            }
        }
        if (stored->interleaved)
            interleave(stored->block, rows, stored->n, stored->block + stored->n * AD_BLOCK,
                       stored->interleaved + from * stored->n, stored->far);
    }
    if (stored->far)
        lane_streamed();
    return nan;
}
