/* graph.c -- making nodes: simplify, fold, share. */
#include "graph.h"

#include "callee.h"

#include "autodiff/tape/internal.h"

#include <math.h>
#include <string.h>

static int is_number(const ad_graph *G, uint32_t i, double number)
{
    const ad_graph_node *n = ad_graph_at(G, i);
    return n->op == AD_OP_CONSTANT && n->number == number;
}

static int is_constant(const ad_graph *G, uint32_t i) { return ad_graph_at(G, i)->op == AD_OP_CONSTANT; }

/* ---- The table of nodes ------------------------------------------------------------------------------------------------
 *
 * Open addressing; an entry is the id + 1. A node is first looked for in a few places of the stretch that goes with its
 * latest operand: nodes made one after another then share the cache, in the table and where they stand. Where too many share
 * that operand, as all products of one adjoint do, the stretch is full and the whole hash says where; from there in growing
 * steps, out of stretches that are full (a mixture of 80 Gaussians in 64 dimensions, 2 10^6 nodes: 5.8 -> 2.6 s). */

enum { NEARBY = 1024, BESIDE = 16 };      /* where the few places begin; how many they are */

static inline uint64_t hash(const ad_graph_node *n)
{
    uint64_t bits, h;
    memcpy(&bits, &n->number, sizeof bits);
    h = (bits ^ bits >> 29) * UINT64_C(0x9e3779b97f4a7c15) ^ ((uint64_t)n->op << 32 ^ n->w) * UINT64_C(0xd6e8feb86659fd93);
    return (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

static inline int is_same(const ad_graph_node *a, const ad_graph_node *b) { return !memcmp(a, b, sizeof *a); }

static uint32_t *place_of(const ad_graph *G, const ad_graph_node *n)
{
    uint64_t h = hash(n);
    uint32_t *table = G->table.base;
    uint32_t mask = G->n_table - 1, latest = n->x > n->y ? n->x : n->y;
    latest = n->w > latest ? n->w : latest;
    uint32_t i = 2 * latest + (uint32_t)(h >> 32) % NEARBY;
    for (uint32_t probe = 0;; i += ++probe <= BESIDE ? 1 : probe - BESIDE) {
        if (probe == BESIDE)
            i = (uint32_t)(h >> 16);
        uint32_t *entry = &table[i & mask];
        if (!*entry || is_same(ad_graph_at(G, *entry - 1), n))
            return entry;
    }
}

/* The stretches of nodes made one after another move on by two entries a node, each looked at anywhere: what comes next is
 * fetched before it is (10^6 nodes of networks: a quarter of the time was spent waiting for it). */
static inline void fetch_next(const ad_graph *G, uint32_t i)
{
    __builtin_prefetch((uint32_t *)G->table.base + ((2 * i + NEARBY + 4 * 16) & (G->n_table - 1)), 1);
}

static int make_room_for_node(ad_graph *G)
{
    return ad_block_grow(&G->nodes, &G->allocator, (G->n + (size_t)1) * sizeof(ad_graph_node)) &&
           ad_block_grow(&G->varying, &G->allocator, G->n + (size_t)1);
}

/* A table for n nodes and more; no two of the graph's are the same. */
static int make_table(ad_graph *G, uint64_t n)
{
    uint64_t size = 256;
    while (size <= 2 * n + 2)
        size *= 2;
    if (size > UINT32_MAX / 2 || !ad_block_grow(&G->table, &G->allocator, ad_scratch_size(&G->allocator, size * sizeof(uint32_t))))
        return 0;
    memset(G->table.base, 0, size * sizeof(uint32_t));
    G->n_table = (uint32_t)size;
    for (uint32_t i = 0; i < G->n; i++) {
        fetch_next(G, i);
        *place_of(G, ad_graph_at(G, i)) = i + 1;
    }
    return 1;
}

static int make_room(ad_graph *G)
{
    return make_room_for_node(G) &&
           (G->n_table > 2 * (uint64_t)G->n + 2 || make_table(G, G->n_table ? G->n_table / 2 : (uint64_t)AD_GRAPH_GROWTH * G->n));
}

int ad_graph_room(ad_graph *G, uint32_t n)
{
    return ad_block_grow(&G->nodes, &G->allocator, n * sizeof(ad_graph_node)) && ad_block_grow(&G->varying, &G->allocator, n);
}

int ad_graph_expect(ad_graph *G, uint32_t n)
{
    return ad_graph_room(G, n) && (G->n_table > 2 * (uint64_t)n + 2 || make_table(G, n));
}

static uint32_t append(ad_graph *G, const ad_graph_node *n)
{
    int varies = n->op == AD_OP_COLUMN;
    for (int k = 0; k < ad_graph_arity(n->op) && n->op != AD_OP_ROW_SUM; k++)
        varies |= ad_graph_varies(G, ad_graph_operand(n, k));
    *ad_graph_at(G, G->n) = *n;
    ((unsigned char *)G->varying.base)[G->n] = (unsigned char)varies;
    return G->n++;
}

static uint32_t share(ad_graph *G, const ad_graph_node *n)
{
    if (G->failed || !make_room(G)) {
        G->failed = 1;
        return 0;
    }
    uint32_t *place = place_of(G, n);
    if (*place)
        return *place - 1;
    fetch_next(G, G->n);
    *place = G->n + 1;
    return append(G, n);
}

uint32_t ad_graph_number(ad_graph *G, double number)
{
    ad_graph_node n = {.number = number, .op = AD_OP_CONSTANT};
    return share(G, &n);
}

/* ---- Simplifying ---------------------------------------------------------------------------------------------------- */

static int commutes(uint32_t op)
{
    return op == AD_OP_add || op == AD_OP_mul || op == AD_OP_chain;
}

/* An existing or simpler node that the operation equals, or UINT32_MAX. */
static uint32_t simpler(ad_graph *G, uint32_t op, uint32_t x, uint32_t y, uint32_t w)
{
    switch (op) {
    case AD_OP_neg:
        return ad_graph_at(G, x)->op == AD_OP_neg ? ad_graph_at(G, x)->x : UINT32_MAX;
    case AD_OP_chain:
        if (is_number(G, x, 0) || is_number(G, y, 0))
            return ad_graph_number(G, 0);
        /* fall through */
    case AD_OP_mul:
        if (is_number(G, x, 1))
            return y;
        if (is_number(G, y, 1))
            return x;
        if (is_number(G, x, -1))
            return ad_graph_make(G, AD_OP_neg, y, 0, 0);
        if (is_number(G, y, -1))
            return ad_graph_make(G, AD_OP_neg, x, 0, 0);
        return UINT32_MAX;
    case AD_OP_div:
        return is_number(G, y, 1) ? x : UINT32_MAX;
    case AD_OP_SLOPE_OF:
        return is_constant(G, x) ? x : UINT32_MAX;
    case AD_OP_select:
        return is_constant(G, x) ? (ad_graph_at(G, x)->number != 0 ? y : w) : UINT32_MAX;
    default:
        return UINT32_MAX;
    }
}

uint32_t ad_graph_append(ad_graph *G, const ad_graph_node *n)
{
    if (G->failed || G->n == UINT32_MAX || !make_room_for_node(G)) {
        G->failed = 1;
        return 0;
    }
    ad_graph_node ordered = *n;
    if (commutes(n->op) && n->x > n->y) {
        ordered.x = n->y;
        ordered.y = n->x;
    }
    return append(G, &ordered);
}

uint32_t ad_graph_make(ad_graph *G, uint32_t op, uint32_t x, uint32_t y, uint32_t w)
{
    if (G->failed)
        return 0;
    uint32_t known = simpler(G, op, x, y, w);
    if (known != UINT32_MAX || G->failed)
        return G->failed ? 0 : known;
    int arity = ad_graph_arity(op), constant = arity > 0;
    uint32_t operand[3] = {x, y, w};
    double value[3] = {0, 0, 0};
    for (int k = 0; k < arity; k++) {
        constant &= is_constant(G, operand[k]);
        value[k] = ad_graph_at(G, operand[k])->number;
    }
    if (constant && op < AD_OP_COUNT)
        return ad_graph_number(G, ad_evaluate((enum ad_op)op, value[0], value[1], value[2]));
    if (commutes(op) && x > y) {
        operand[0] = y;
        operand[1] = x;
    }
    ad_graph_node n = {.op = op, .x = operand[0], .y = operand[1], .w = operand[2]};
    return share(G, &n);
}

/* ---- Sums over rows ------------------------------------------------------------------------------------------------- */

typedef struct term {
    uint32_t x, factor, with;              /* factor UINT32_MAX: 1; with: a plain product or one of the chain rule */
    int      negative;
} term;

static int is_power_of_two(const ad_graph *G, uint32_t i)
{
    int exponent;
    double number = ad_graph_at(G, i)->number;
    return is_constant(G, i) && number != 0 && fabs(number) < INFINITY && fabs(frexp(number, &exponent)) == 0.5;
}

/* A power of two in one factor of a product, taken out of it, which rounds nothing: 0 if there is none. */
static int unscaled(ad_graph *G, ad_graph_node product, term *t)
{
    for (int k = 0; k < 2; k++) {
        uint32_t other = k ? product.x : product.y;
        ad_graph_node scaled = *ad_graph_at(G, k ? product.y : product.x);
        if (scaled.op != AD_OP_mul && scaled.op != AD_OP_chain)
            continue;
        for (int j = 0; j < 2; j++) {
            uint32_t scale = j ? scaled.y : scaled.x, v = j ? scaled.x : scaled.y;
            if (!is_power_of_two(G, scale))
                continue;
            t->factor = t->factor == UINT32_MAX ? scale : ad_graph_make(G, AD_OP_mul, t->factor, scale, 0);
            t->x = ad_graph_make(G, product.op, v, other, 0);
            return 1;
        }
    }
    return 0;
}

/* Takes signs and factors that do not vary out of x. */
static term taken_apart(ad_graph *G, uint32_t x, int negative)
{
    term t = {x, UINT32_MAX, AD_OP_mul, negative};
    while (!G->failed && ad_graph_varies(G, t.x)) {
        ad_graph_node n = *ad_graph_at(G, t.x);
        if (n.op == AD_OP_neg) {
            t.negative = !t.negative;
            t.x = n.x;
            continue;
        }
        if (n.op != AD_OP_mul && n.op != AD_OP_chain)
            break;
        if (ad_graph_varies(G, n.x) && ad_graph_varies(G, n.y)) {
            if (!unscaled(G, n, &t))
                break;
            continue;
        }
        uint32_t u = ad_graph_varies(G, n.x) ? n.y : n.x;
        if (n.op == AD_OP_chain)
            t.with = AD_OP_chain;
        t.factor = t.factor == UINT32_MAX ? u : ad_graph_make(G, t.with, t.factor, u, 0);
        t.x = u == n.x ? n.y : n.x;
    }
    return t;
}

static uint32_t sum_of_term(ad_graph *G, term t)
{
    uint32_t sum = ad_graph_make(G, AD_OP_ROW_SUM, t.x, 0, 0);
    if (t.factor != UINT32_MAX)
        sum = ad_graph_make(G, t.with, t.factor, sum, 0);
    return t.negative ? ad_graph_make(G, AD_OP_neg, sum, 0, 0) : sum;
}

enum { MOST_TERMS = 64 };                  /* so that sums over parts of sums stay linear */

/* The terms of a sum, in order, when each of them is a value that does not vary times one that does; else 0. Not
 * differences: theirs may cancel within a row. */
static int terms_of(const ad_graph *G, uint32_t x, uint32_t *terms)
{
    uint32_t stack[MOST_TERMS + 1];
    int depth = 0, n = 0;
    for (stack[depth++] = x; depth;) {
        uint32_t i = stack[--depth];
        const ad_graph_node *node = ad_graph_at(G, i), *inner = node->op == AD_OP_neg ? ad_graph_at(G, node->x) : node;
        if (node->op == AD_OP_add && n + depth < MOST_TERMS - 1) {
            stack[depth++] = node->y;
            stack[depth++] = node->x;
        } else if ((inner->op == AD_OP_mul || inner->op == AD_OP_chain) &&
                   ad_graph_varies(G, inner->x) != ad_graph_varies(G, inner->y))
            terms[n++] = i;
        else
            return 0;
    }
    return n;
}

/* A sum of uniform factors times values leaves the rows whole: the adjoint of a vector shifted by a param and multiplied
 * by a matrix of params, say. P2 0.286 -> 0.224 ms. */
uint32_t ad_graph_row_sum(ad_graph *G, uint32_t x)
{
    term t = taken_apart(G, x, 0);
    uint32_t terms[MOST_TERMS], sum = UINT32_MAX;
    int n = !G->failed && ad_graph_at(G, t.x)->op == AD_OP_add && ad_graph_varies(G, t.x) ? terms_of(G, t.x, terms) : 0;
    if (!n)
        return sum_of_term(G, t);
    for (int k = 0; k < n && !G->failed; k++) {
        uint32_t part = sum_of_term(G, taken_apart(G, terms[k], 0));
        sum = k ? ad_graph_make(G, AD_OP_add, sum, part, 0) : part;
    }
    if (t.factor != UINT32_MAX)
        sum = ad_graph_make(G, t.with, t.factor, sum, 0);
    return t.negative ? ad_graph_make(G, AD_OP_neg, sum, 0, 0) : sum;
}

/* Operands come before their node: those of a value are settled already. */
void ad_graph_settle(ad_graph *G, uint32_t n, uint32_t *outputs)
{
    for (uint32_t i = 0; i < G->n; i++) {
        ad_graph_node *node = ad_graph_at(G, i);
        uint32_t *operand[] = {&node->x, &node->y, &node->w};
        for (int k = 0; k < ad_graph_arity(node->op); k++)
            if (ad_graph_at(G, *operand[k])->op == AD_OP_SLOPE_OF)
                *operand[k] = ad_graph_at(G, *operand[k])->x;
    }
    for (uint32_t k = 0; k < n; k++)
        if (ad_graph_at(G, outputs[k])->op == AD_OP_SLOPE_OF)
            outputs[k] = ad_graph_at(G, outputs[k])->x;
}

void ad_graph_close(ad_graph *G)
{
    ad_block_free(&G->table, &G->allocator);
    G->n_table = 0;
}

void ad_graph_free(ad_graph *G)
{
    for (uint32_t k = 0; k < G->n_callees; k++)
        ad_callee_free(ad_graph_callee(G, k));
    ad_block_free(&G->callees, &G->allocator);
    G->n_callees = 0;
    ad_block_free(&G->nodes, &G->allocator);
    ad_block_free(&G->varying, &G->allocator);
    ad_block_free(&G->table, &G->allocator);
}
