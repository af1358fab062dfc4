/* replay.c -- a recorded function put back onto a tape. */
#include "replay.h"

#include "autodiff/function/internal.h"
#include "autodiff/tape/internal.h"

#include <math.h>

static ad_var replay_node(const ad_function *f, ad_tape *tape, uint32_t i, const ad_var *made)
{
    const ad_graph_node *node = ad_graph_at(&f->graph, i);
    if (node->op == AD_OP_CONSTANT)
        return ad_const(node->number);
    if (node->op == AD_OP_PARAM || node->op == AD_OP_COLUMN) {
        size_t k = node->x + (node->op == AD_OP_PARAM ? 0 : (size_t)f->n_params);
        return ad_var_at(tape, ((const uint32_t *)tape->inputs.base)[k]);
    }
    return ad_record((enum ad_op)node->op, made[node->x], ad_graph_arity(node->op) > 1 ? made[node->y] : ad_const(0),
                     ad_graph_arity(node->op) > 2 ? made[node->w] : ad_const(0));
}

ad_var ad_replay(const ad_function *f, ad_tape *tape) { return ad_replay_output(f, tape, 0); }

ad_var ad_replay_output(const ad_function *f, ad_tape *tape, size_t k)
{
    uint32_t n = f->graph.n;
    for (uint32_t i = 0; i < n; i++)
        if (ad_graph_at(&f->graph, i)->op >= AD_OP_COUNT)
            return ad_const(NAN);
    for (size_t i = 0; i < f->n_params; i++)
        ad_param(tape, ad_function_param_name(f, i), 0);
    for (size_t i = 0; i < f->n_columns; i++)
        ad_param(tape, ad_function_column_name(f, i), 0);
    ad_var *made = ad_make(&f->allocator, n, sizeof *made), output = ad_const(NAN);
    if (ad_tape_error(tape) == AD_OK && made) {
        for (uint32_t i = 0; i < n; i++)
            made[i] = replay_node(f, tape, i, made);
        output = made[f->outputs[k]];
    }
    ad_drop(&f->allocator, made, n, sizeof *made);
    return output;
}
