/* tangent.c -- derivatives of a graph as more of the graph: the forward sweep, by the same texts of ops.def as the reverse
 * one in derive.c. A node's tangent is the sum of its operands' tangents times the partials. */
#include "callee.h"
#include "internal.h"

static const uint32_t NONE = UINT32_MAX;

static int is_zero(const ad_graph *G, uint32_t i)
{
    return ad_graph_at(G, i)->op == AD_OP_CONSTANT && ad_graph_at(G, i)->number == 0;
}

/* A call of the callee's tangent on the operands and their tangents. */
static uint32_t tangent_of_call(ad_graph *G, uint32_t call, const uint32_t *dot)
{
    ad_status status;
    const ad_callee *c = ad_graph_callee(G, ad_graph_at(G, call)->y);
    uint32_t n = ad_callee_params(c), some = 0, made = NONE, *x = ad_make(&G->allocator, 2 * (size_t)n, sizeof *x);
    G->failed |= !x;
    if (x)
        ad_graph_arguments(G, call, x);
    for (uint32_t j = 0; j < n && !G->failed; j++) {
        some |= dot[x[j]] != NONE;
        x[n + j] = dot[x[j]] == NONE ? ad_graph_number(G, 0) : dot[x[j]];
    }
    if (some && !G->failed) {
        uint32_t callee = ad_graph_add_callee(G, ad_callee_with(c, ad_function_tangent(c->f, &status)));
        made = ad_graph_call(G, callee, x);
    }
    ad_drop(&G->allocator, x, 2 * (size_t)n, sizeof *x);
    return made;
}

static uint32_t tangent(ad_graph *G, uint32_t i, const uint32_t *dot)
{
    ad_graph_node node = *ad_graph_at(G, i);
    uint32_t sum = NONE;
    if (node.op == AD_OP_ROW_SUM)
        return dot[node.x] == NONE ? NONE : ad_graph_row_sum(G, dot[node.x]);
    if (node.op == AD_OP_SLOPE_OF)
        return dot[node.y];
    if (node.op == AD_OP_CALL)
        return tangent_of_call(G, i, dot);
    if (node.op >= AD_OP_COUNT)            /* an argument or a result */
        return dot[node.x] == NONE || node.op == AD_OP_ARGUMENT ? NONE : ad_graph_make(G, AD_OP_RESULT, dot[node.x], node.y, 0);
    for (int k = 0; k < (node.op <= AD_OP_THIRD ? 0 : ad_rules[node.op].partials) && !G->failed; k++) {
        uint32_t dx = dot[ad_graph_operand(&node, k)];
        if (dx == NONE)
            continue;
        uint32_t term = ad_graph_make(G, AD_OP_chain, dx, ad_graph_partial(G, i, k), 0);
        if (!G->failed && !is_zero(G, term))
            sum = sum == NONE ? term : ad_graph_make(G, AD_OP_add, sum, term, 0);
    }
    return sum;
}

void ad_graph_tangent(ad_graph *G, uint32_t n, uint32_t *dot)
{
    for (uint32_t i = 0; i < n && !G->failed; i++)
        if (dot[i] == NONE)
            dot[i] = tangent(G, i, dot);
}
