/* emit_plan.c -- what of a function's graph and its gradient's is to be written as C, and how; no text.
 *
 * The graph is made anew without row sums: of one row, a sum is its term. Products of the chain rule contribute nothing
 * where a factor is 0, which as a call or a branch costs more than the product. Where a NaN cannot but reach the
 * gradient they are written as plain products; the generated function looks whether the factors that make the gradient
 * are finite, and only if not computes it again with care.
 */
#include "emit_plan.h"

#include <math.h>

static const uint32_t NONE = UINT32_MAX;

static void *array(ad_emission *e, size_t n, size_t size)
{
    void *block = ad_make(&e->graph.allocator, n, size);
    e->failed |= !block;
    return block;
}

/* ---- The graph ------------------------------------------------------------------------------------------------------------- */

static void take_graph(ad_emission *e)
{
    const ad_graph *from = &e->f->graph;
    uint32_t *node = array(e, from->n, sizeof *node);
    for (uint32_t i = 0; node && i < from->n && !e->graph.failed; i++) {
        const ad_graph_node *n = ad_graph_at(from, i);
        int arity = ad_graph_arity(n->op);
        node[i] = n->op == AD_OP_CONSTANT ? ad_graph_number(&e->graph, n->number)
                : n->op == AD_OP_ROW_SUM ? node[n->x]
                : arity ? ad_graph_make(&e->graph, n->op, node[n->x], arity > 1 ? node[n->y] : 0, arity > 2 ? node[n->w] : 0)
                : ad_graph_make(&e->graph, n->op, n->x, 0, 0);
    }
    for (uint32_t k = 0; node && k < e->f->n_outputs; k++)
        e->value[k] = node[e->f->outputs[k]];
    for (uint32_t k = 0; node && k < e->f->n_params; k++)
        e->gradient[k] = node[e->f->param_nodes[k]];
    ad_drop(&e->graph.allocator, node, from->n, sizeof *node);
}

/* In e->gradient are the nodes of the params, and then those of the slopes. */
static void differentiate(ad_emission *e)
{
    uint32_t n = e->f->n_params, *wrt = array(e, n, sizeof *wrt);
    if (wrt) {
        memcpy(wrt, e->gradient, n * sizeof *wrt);
        ad_graph_reverse(&e->graph, e->value[0], n, wrt, e->gradient);
    }
    ad_drop(&e->graph.allocator, wrt, n, sizeof *wrt);
}

/* ---- Nodes of interest ------------------------------------------------------------------------------------------------------ */

int ad_emission_operands(const ad_emission *e, uint32_t i, uint32_t *operand)
{
    const ad_graph_node *n = ad_graph_at(&e->graph, i);
    if (e->mark[i] & AD_MARK_COMPLEMENT) {
        operand[1] = e->mate[i];
        operand[0] = ad_graph_at(&e->graph, e->mate[i])->x;
        return 2;
    }
    for (int k = 0; k < ad_graph_arity(n->op); k++)
        operand[k] = ad_graph_operand(n, k);
    return ad_graph_arity(n->op);
}

/* Gives the mark to all that the marked need. */
static void spread(ad_emission *e, unsigned char mark)
{
    uint32_t operand[3];
    for (uint32_t i = e->graph.n; i-- > 0;)
        if (e->mark[i] & mark)
            for (int k = ad_emission_operands(e, i, operand); k-- > 0;)
                e->mark[operand[k]] |= mark;
}

/* sigmoid(-x), which the slope of sigmoid(x) wants, needs no second exponential beside it (sigmoid_both.h). Only where it
 * is no part of the value. */
static void pair_sigmoids(ad_emission *e)
{
    ad_graph *G = &e->graph;
    uint32_t *sigmoid = array(e, G->n, sizeof *sigmoid), *minus = array(e, G->n, sizeof *minus);
    for (uint32_t i = 0; sigmoid && minus && i < G->n; i++)
        sigmoid[i] = minus[i] = NONE;
    for (uint32_t i = 0; sigmoid && minus && i < G->n; i++) {
        const ad_graph_node *n = ad_graph_at(G, i);
        if (n->op == AD_OP_neg) {
            minus[i] = n->x;
            minus[n->x] = i;
        } else if (n->op == AD_OP_sigmoid) {
            uint32_t mate = minus[n->x] == NONE ? NONE : sigmoid[minus[n->x]];
            sigmoid[n->x] = i;
            if (mate != NONE && !(e->mark[i] & AD_MARK_VALUE) && !(e->mark[mate] & AD_MARK_COMPLEMENT)) {
                e->mate[i] = mate;
                e->mark[i] |= AD_MARK_COMPLEMENT;
            }
        }
    }
    ad_drop(&e->graph.allocator, sigmoid, G->n, sizeof *sigmoid);
    ad_drop(&e->graph.allocator, minus, G->n, sizeof *minus);
}

/* Whether a NaN in operand k makes the row's value NaN, or the operand does not count. */
static int passes_nan(uint32_t op, int k)
{
    switch (op) {
    case AD_OP_add: case AD_OP_sub: case AD_OP_mul: case AD_OP_div: case AD_OP_neg: case AD_OP_square: case AD_OP_chain:
        return 1;
    case AD_OP_select:
        return k > 0;
    default:
        return 0;
    }
}

/* Products all of whose ways to the gradient pass a NaN on may be plain. */
static void choose_forms(ad_emission *e)
{
    for (uint32_t i = e->graph.n; i-- > 0;) {
        uint32_t op = ad_graph_at(&e->graph, i)->op, operand[3];
        if (!(e->mark[i] & AD_MARK_GRADIENT))
            continue;
        if (op == AD_OP_chain && !(e->mark[i] & (AD_MARK_VALUE | AD_MARK_HIDDEN))) {
            e->mark[i] |= AD_MARK_PLAIN;
            e->any_plain = 1;
        }
        if (e->mark[i] & AD_MARK_COMPLEMENT)
            e->mark[e->mate[i]] |= AD_MARK_BOTH_SIGNS;
        for (int k = ad_emission_operands(e, i, operand); k-- > 0;)
            if ((e->mark[i] & AD_MARK_HIDDEN) || !passes_nan(op, k))
                e->mark[operand[k]] |= AD_MARK_HIDDEN;
    }
}

static int is_constant(const ad_emission *e, uint32_t i) { return ad_graph_at(&e->graph, i)->op == AD_OP_CONSTANT; }

/* A product of finite numbers is no NaN: it is enough to look at the factors, which are fewer than the products. With an
 * infinite constant, the limit of a slope, it may be. */
static void choose_checked(ad_emission *e)
{
    for (uint32_t k = 0; k < e->f->n_params; k++) {
        uint32_t i = e->gradient[k], operand[3] = {i};
        int n = e->mark[i] & AD_MARK_PLAIN ? ad_emission_operands(e, i, operand) : 1;
        for (int j = 0; j < n; j++)
            if (is_constant(e, operand[j]) && !isfinite(ad_graph_at(&e->graph, operand[j])->number)) {
                operand[0] = i;
                n = 1;
            }
        for (int j = 0; j < n; j++)
            if (!is_constant(e, operand[j]))
                e->mark[operand[j]] |= AD_MARK_CHECKED;
    }
}

/* What is a component of the gradient and nothing else is written where it is stored: in order of the params, which
 * compilers turn into vectors. */
static void choose_results(ad_emission *e)
{
    uint32_t *uses = array(e, e->graph.n, sizeof *uses), operand[3];
    for (uint32_t i = 0; uses && i < e->graph.n; i++)
        for (int k = e->mark[i] & AD_MARK_GRADIENT ? ad_emission_operands(e, i, operand) : 0; k-- > 0;)
            uses[operand[k]]++;
    for (uint32_t k = 0; uses && k < e->f->n_params; k++)
        uses[e->gradient[k]]++;
    for (uint32_t k = 0; uses && k < e->f->n_params; k++) {
        uint32_t i = e->gradient[k];
        int other = AD_MARK_VALUE | AD_MARK_CHECKED | AD_MARK_COMPLEMENT | AD_MARK_BOTH_SIGNS;
        if (uses[i] == 1 && !(e->mark[i] & other) && ad_graph_at(&e->graph, i)->op > AD_OP_THIRD)
            e->mark[i] |= AD_MARK_RESULT;
    }
    ad_drop(&e->graph.allocator, uses, e->graph.n, sizeof *uses);
}

static void number_nodes(ad_emission *e)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < e->graph.n; i++)
        if ((e->mark[i] & (AD_MARK_VALUE | AD_MARK_GRADIENT)) && !(e->mark[i] & AD_MARK_RESULT) && ad_graph_at(&e->graph, i)->op > AD_OP_THIRD)
            e->number[i] = ++last;
}

static void mark_all(ad_emission *e)
{
    for (uint32_t k = 0; k < e->f->n_outputs; k++)
        e->mark[e->value[k]] |= AD_MARK_VALUE;
    spread(e, AD_MARK_VALUE);
    if (e->with_gradient) {
        pair_sigmoids(e);
        e->mark[e->value[0]] |= AD_MARK_GRADIENT;
        for (uint32_t k = 0; k < e->f->n_params; k++)
            e->mark[e->gradient[k]] |= AD_MARK_GRADIENT;
        spread(e, AD_MARK_GRADIENT);
        choose_forms(e);
        if (e->any_plain)
            choose_checked(e);
        choose_results(e);
    }
    number_nodes(e);
}

/* ---- Making and freeing ------------------------------------------------------------------------------------------------------ */

int ad_emission_make(ad_emission *e, const ad_function *f, int with_gradient)
{
    *e = (ad_emission){.f = f, .with_gradient = with_gradient, .graph = {.allocator = f->allocator}};
    e->value    = array(e, f->n_outputs, sizeof *e->value);
    e->gradient = array(e, f->n_params, sizeof *e->gradient);
    if (!e->failed)
        take_graph(e);
    if (!e->failed && !e->graph.failed && with_gradient)
        differentiate(e);
    if (e->failed || e->graph.failed)
        return 0;
    ad_graph_settle(&e->graph, f->n_outputs, e->value);
    ad_graph_settle(&e->graph, f->n_params, e->gradient);
    e->mark   = array(e, e->graph.n, sizeof *e->mark);
    e->mate   = array(e, e->graph.n, sizeof *e->mate);
    e->number = array(e, e->graph.n, sizeof *e->number);
    if (!e->failed)
        mark_all(e);
    return !e->failed;
}

void ad_emission_free(ad_emission *e)
{
    ad_drop(&e->graph.allocator, e->mark, e->graph.n, sizeof *e->mark);
    ad_drop(&e->graph.allocator, e->mate, e->graph.n, sizeof *e->mate);
    ad_drop(&e->graph.allocator, e->number, e->graph.n, sizeof *e->number);
    ad_drop(&e->graph.allocator, e->value, e->f->n_outputs, sizeof *e->value);
    ad_drop(&e->graph.allocator, e->gradient, e->f->n_params, sizeof *e->gradient);
    ad_graph_free(&e->graph);
}
