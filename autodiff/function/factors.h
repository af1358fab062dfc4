/* factors.h -- nodes seen through signs and powers of two: what is a sum, what a product, of which factors. For the files that
 * make a pass's instructions; no instruction is made here. */
#ifndef AUTODIFF_FUNCTION_FACTORS_H
#define AUTODIFF_FUNCTION_FACTORS_H

#include "lower.h"

#include <string.h>

enum { MOST_HOPS = 4 };

static inline int is_sum(uint32_t op) { return op == AD_OP_add || op == AD_OP_sub || op == AD_OP_neg; }

static inline int is_product(const lowering *L, uint32_t i)
{
    uint32_t op = at(L, i)->op;
    return op == AD_OP_mul || op == AD_OP_square || (op == AD_OP_chain && !L->exact[i]);
}

/* Through negations: the sign is exact wherever it is applied. */
static inline uint32_t unsigned_of(const lowering *L, uint32_t i, int *minus)
{
    while (varies(L, i) && at(L, i)->op == AD_OP_neg) {
        *minus = !*minus;
        i = at(L, i)->x;
    }
    return i;
}

/* Whether i is 2^k v, |k| < 500, v varying. */
static inline int is_scaled(const lowering *L, uint32_t i, uint32_t *v, int *k, int *minus)
{
    const ad_graph_node *n = at(L, i);
    if (!varies(L, i) || !is_product(L, i) || n->op == AD_OP_square)
        return 0;
    uint32_t constant = varies(L, n->x) ? n->y : n->x;
    uint64_t bits;
    if (at(L, constant)->op != AD_OP_CONSTANT)
        return 0;
    memcpy(&bits, &at(L, constant)->number, sizeof bits);
    int e = (int)(bits >> 52 & 0x7ff) - 1023;
    if (bits << 12 || e < -500 || e > 500)
        return 0;
    *v = constant == n->x ? n->y : n->x;
    *k += e;
    *minus ^= (int)(bits >> 63);
    return 1;
}

/* Through signs and powers of two, a few of them. */
static inline uint32_t unscaled_of(const lowering *L, uint32_t i, int *k, int *minus)
{
    for (int hops = 0; hops < MOST_HOPS; hops++) {
        i = unsigned_of(L, i, minus);
        if (!is_scaled(L, i, &i, k, minus))
            break;
    }
    return unsigned_of(L, i, minus);
}

typedef struct product {
    uint32_t a, b;                         /* a does not vary where only one of them does */
    int      minus;
} product;

/* The factors of a product node. Powers of two that cancel, as in g / 2 times 2 x, go: less to do, no rounding. */
static inline product factors(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    product p = {n->x, n->op == AD_OP_square ? n->x : n->y, 0}, q = {0, 0, 0};
    int k = 0;
    if (varies(L, p.a) && varies(L, p.b)) {
        q.a = unscaled_of(L, p.a, &k, &q.minus);
        q.b = unscaled_of(L, p.b, &k, &q.minus);
        if (k == 0)
            return q;
    }
    p.a = unsigned_of(L, p.a, &p.minus);
    p.b = unsigned_of(L, p.b, &p.minus);
    if (varies(L, p.a) && !varies(L, p.b))
        p = (product){p.b, p.a, p.minus};
    return p;
}

/* A product that costs a term of a sum no more than its factor would. */
static inline int is_free(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    return is_product(L, i) && n->op != AD_OP_square && varies(L, n->x) != varies(L, n->y);
}

/* A sum or product of columns and uniform values. */
static inline int is_cheap(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    int cheap = is_sum(n->op) || is_product(L, i);
    for (int k = 0; cheap && k < ad_graph_arity(n->op); k++) {
        uint32_t x = ad_graph_operand(n, k);
        cheap = !varies(L, x) || at(L, x)->op == AD_OP_COLUMN;
    }
    return cheap;
}

/* A column less a uniform value, or the other way round, which has no slot: what needs it computes it on the way. */
static inline int is_difference(const lowering *L, uint32_t i) { return L->fused[i] == LOWER_DIFFERENCE; }

typedef struct difference {
    uint32_t u, v;
    int      minus;                        /* u - v */
} difference;

static inline difference difference_of(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    return varies(L, n->x) ? (difference){n->y, n->x, 0} : (difference){n->x, n->y, 1};
}

#endif
