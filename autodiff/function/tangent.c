/* tangent.c -- derivatives of a graph as more of the graph: the forward sweep, by the same texts of ops.def as the reverse
 * one in derive.c. A node's tangent is the sum of its operands' tangents times the partials. */
#include "internal.h"

static const uint32_t NONE = UINT32_MAX;

static int is_zero(const ad_graph *G, uint32_t i)
{
    return ad_graph_at(G, i)->op == AD_OP_CONSTANT && ad_graph_at(G, i)->number == 0;
}

static uint32_t tangent(ad_graph *G, uint32_t i, const uint32_t *dot)
{
    ad_graph_node node = *ad_graph_at(G, i);
    uint32_t sum = NONE;
    if (node.op == AD_OP_ROW_SUM)
        return dot[node.x] == NONE ? NONE : ad_graph_row_sum(G, dot[node.x]);
    if (node.op == AD_OP_SLOPE_OF)
        return dot[node.y];
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
