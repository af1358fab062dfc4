/* pattern.c -- which outputs of a graph depend on which params: the pattern of a Jacobian, and of a Hessian when the outputs
 * are a gradient's.
 *
 * Dependence is structural. A row's operand counts where its partial is not 0 for good: a comparison passes nothing on.
 * Two ways, either without recursion and in the memory of the graph. What each output depends on is walked, one after
 * another: quick where that is little. Where it turns out to be much, params are followed through all nodes in order
 * instead, GROUP at a time, a bit each. */
#include "internal.h"

enum { WORDS = 4, GROUP = 64 * WORDS };

typedef struct group { uint64_t bit[WORDS]; } group;
typedef struct entry { uint32_t row, column; } entry;

typedef struct entries {
    ad_allocator allocator;
    ad_block     block;
    size_t       n;
    int          failed;
} entries;

static void add(entries *e, uint32_t row, uint32_t column)
{
    if (e->failed || !ad_block_grow(&e->block, &e->allocator, (e->n + 1) * sizeof(entry)))
        e->failed = 1;
    else
        ((entry *)e->block.base)[e->n++] = (entry){row, column};
}

/* Bit k: whether operand k of a row has a slope anywhere. */
static void find_slopes(unsigned char *slopes)
{
    for (int op = AD_OP_THIRD + 1; op < AD_OP_COUNT; op++) {
        slopes[op] = 0;
        for (int k = 0; k < ad_rules[op].partials && ad_rules[op].kind != AD_LIST && ad_rules[op].kind != AD_PAIRS; k++) {
            const ad_program *p = ad_partial_program((enum ad_op)op, k);
            if (!p || p->size != 1 || p->step[0].op != AD_PUSH_NUMBER || p->step[0].number != 0)
                slopes[op] |= (unsigned char)(1 << k);
        }
    }
    slopes[AD_OP_ROW_SUM] = slopes[AD_OP_CALL] = slopes[AD_OP_RESULT] = 1;
    slopes[AD_OP_SLOPE_OF] = 2;
    slopes[AD_OP_ARGUMENT] = 3;
}

static void link_both(entries *e, uint32_t i, uint32_t j)
{
    add(e, i, j);
    if (i != j)
        add(e, j, i);
}

/* ---- One output after another ------------------------------------------------------------------------------------------- */

typedef struct walk {
    const ad_graph      *G;
    const unsigned char *slopes;
    unsigned char       *moves;            /* [nodes] depends on a param at all */
    uint32_t            *seen, *stack;     /* [nodes] the last output it was met from, + 1; nodes to look at */
    size_t               left;             /* nodes that may still be met */
} walk;

static void find_moving(walk *w)
{
    for (uint32_t i = 0; i < w->G->n; i++) {
        const ad_graph_node *n = ad_graph_at(w->G, i);
        w->moves[i] = n->op == AD_OP_PARAM;
        for (int k = 0; k < ad_graph_arity(n->op); k++)
            w->moves[i] |= (w->slopes[n->op] >> k & 1) && w->moves[ad_graph_operand(n, k)];
    }
}

static uint32_t meet(walk *w, uint32_t i, uint32_t output, uint32_t depth)
{
    if (!w->moves[i] || w->seen[i] == output + 1)
        return depth;
    w->seen[i] = output + 1;
    w->stack[depth] = i;
    w->left -= w->left > 0;
    return depth + 1;
}

/* 0 when more nodes are met than were allowed. */
static int walk_outputs(walk *w, entries *e, uint32_t n, const uint32_t *outputs)
{
    find_moving(w);
    for (uint32_t i = 0; i < n && w->left; i++)
        for (uint32_t depth = meet(w, outputs[i], i, 0); depth && w->left;) {
            const ad_graph_node *node = ad_graph_at(w->G, w->stack[--depth]);
            if (node->op == AD_OP_PARAM)
                link_both(e, i, node->x);
            for (int k = 0; k < ad_graph_arity(node->op); k++)
                if (w->slopes[node->op] >> k & 1)
                    depth = meet(w, ad_graph_operand(node, k), i, depth);
        }
    return w->left > 0;
}

/* Allowed is what the other way costs. 1: done; else nothing was found. */
static int by_outputs(const ad_graph *G, const unsigned char *slopes, entries *e, uint32_t n, const uint32_t *outputs)
{
    walk w = {.G = G, .slopes = slopes, .left = (size_t)G->n * (1 + n / 64) + 1};
    w.moves = ad_make(&G->allocator, G->n, 1);
    w.seen  = ad_make(&G->allocator, G->n, sizeof *w.seen);
    w.stack = ad_make(&G->allocator, G->n, sizeof *w.stack);
    e->failed |= !w.moves || !w.seen || !w.stack;
    int done = !e->failed && walk_outputs(&w, e, n, outputs);
    ad_drop(&G->allocator, w.moves, G->n, 1);
    ad_drop(&G->allocator, w.seen, G->n, sizeof *w.seen);
    ad_drop(&G->allocator, w.stack, G->n, sizeof *w.stack);
    if (!done)
        e->n = 0;
    return done;
}

/* ---- A group of params after another ------------------------------------------------------------------------------------ */

/* The params [first, first + GROUP) that each node depends on. */
static void follow(const ad_graph *G, const unsigned char *slopes, uint32_t first, group *of)
{
    for (uint32_t i = 0; i < G->n; i++) {
        const ad_graph_node *n = ad_graph_at(G, i);
        of[i] = (group){{0}};
        if (n->op == AD_OP_PARAM && n->x - first < GROUP && n->x >= first)
            of[i].bit[(n->x - first) / 64] = UINT64_C(1) << (n->x - first) % 64;
        for (int k = 0; k < ad_graph_arity(n->op); k++)
            for (int w = 0; w < WORDS && slopes[n->op] >> k & 1; w++)
                of[i].bit[w] |= of[ad_graph_operand(n, k)].bit[w];
    }
}

static void collect(entries *e, uint32_t n, const uint32_t *outputs, uint32_t first, const group *of)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t w = 0; w < WORDS; w++)
            for (uint64_t bits = of[outputs[i]].bit[w]; bits; bits &= bits - 1)
                link_both(e, i, first + 64 * w + (uint32_t)__builtin_ctzll(bits));
}

static void by_params(const ad_graph *G, const unsigned char *slopes, entries *e, uint32_t n, const uint32_t *outputs)
{
    group *of = ad_make(&G->allocator, G->n, sizeof *of);
    e->failed |= !of;
    for (uint32_t first = 0; first < n && !e->failed; first += GROUP) {
        follow(G, slopes, first, of);
        collect(e, n, outputs, first, of);
    }
    ad_drop(&G->allocator, of, G->n, sizeof *of);
}

/* ---- Compressed rows ---------------------------------------------------------------------------------------------------- */

/* Sorts by row or by column, keeping the order of equals; count [n + 1]. */
static void sort(const entry *from, entry *to, size_t n_entries, int by_row, size_t n, size_t *count)
{
    memset(count, 0, (n + 1) * sizeof *count);
    for (size_t k = 0; k < n_entries; k++)
        count[1 + (by_row ? from[k].row : from[k].column)]++;
    for (size_t i = 0; i < n; i++)
        count[i + 1] += count[i];
    for (size_t k = 0; k < n_entries; k++)
        to[count[by_row ? from[k].row : from[k].column]++] = from[k];
}

/* Entries in any order, some twice, to compressed rows. */
static int compress(ad_pattern *p, entries *e, size_t n)
{
    const ad_allocator *a = &e->allocator;
    entry *list = e->block.base, *other = ad_make(a, e->n, sizeof *other);
    size_t *count = ad_make(a, n + 1, sizeof *count), kept = 0;
    p->n = n;
    p->starts = ad_make(a, n + 1, sizeof *p->starts);
    int done = other && count && p->starts;
    if (done) {
        sort(list, other, e->n, 0, n, count);
        sort(other, list, e->n, 1, n, count);
        for (size_t k = 0; k < e->n; k++)
            if (!k || list[k].row != list[k - 1].row || list[k].column != list[k - 1].column) {
                other[kept++] = list[k];
                p->starts[list[k].row + (size_t)1]++;
            }
        for (size_t i = 0; i < n; i++)
            p->starts[i + 1] += p->starts[i];
        p->nonzeros = kept;
        p->columns = ad_make(a, kept, sizeof *p->columns);
        done = p->columns != NULL;
        for (size_t k = 0; done && k < kept; k++)
            p->columns[k] = other[k].column;
    }
    ad_drop(a, other, e->n, sizeof *other);
    ad_drop(a, count, n + 1, sizeof *count);
    return done;
}

int ad_pattern_of_graph(ad_pattern *p, const ad_graph *G, uint32_t n, const uint32_t *outputs)
{
    unsigned char slopes[AD_GRAPH_OPS] = {0};
    entries e = {.allocator = G->allocator};
    *p = (ad_pattern){0};
    find_slopes(slopes);
    if (!by_outputs(G, slopes, &e, n, outputs) && !e.failed)
        by_params(G, slopes, &e, n, outputs);
    int done = !e.failed && compress(p, &e, n);
    ad_block_free(&e.block, &e.allocator);
    if (!done)
        ad_pattern_free(p, &G->allocator);
    return done;
}

void ad_pattern_free(ad_pattern *p, const ad_allocator *a)
{
    ad_drop(a, p->starts, p->n + 1, sizeof *p->starts);
    ad_drop(a, p->columns, p->nonzeros, sizeof *p->columns);
    *p = (ad_pattern){0};
}
