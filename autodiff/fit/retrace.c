/* retrace.c -- a function recorded on a tape again, at one row. */
#include "retrace.h"

#include "autodiff/tape/internal.h"

#include <math.h>

static ad_var input(const ad_retrace *R, uint32_t i, const double *params, const double *const *columns, size_t row)
{
    const ad_graph_node *n = ad_graph_at(&R->f->graph, i);
    char name[32];
    int column = n->op == AD_OP_COLUMN;
    const char *known = column ? ad_function_column_name(R->f, n->x) : ad_function_param_name(R->f, n->x);
    snprintf(name, sizeof name, "%s%u", column ? "c" : "p", n->x + 1);
    return ad_param(R->tape, known ? known : name, column ? columns[n->x][row] : params[n->x]);
}

int ad_retrace_at(ad_retrace *R, const ad_function *f, ad_store *store, const double *params, const double *const *columns, size_t row)
{
    if (!R->node) {
        R->f = f;
        R->node = ad_store_make(store, f->graph.n, sizeof *R->node);
        R->tape = ad_tape_create((ad_tape_options){.allocator = f->allocator});
        R->scratch = ad_tape_create((ad_tape_options){.allocator = f->allocator});
        R->failed = !R->node || !R->tape || !R->scratch;
    }
    if (R->failed)
        return 0;
    ad_tape_reset(R->tape);
    for (uint32_t i = 0; i < f->graph.n; i++) {
        const ad_graph_node *n = ad_graph_at(&f->graph, i);
        if (n->op >= AD_OP_COUNT)
            return 0;
        R->node[i] = n->op == AD_OP_CONSTANT ? ad_const(n->number)
                   : n->op <= AD_OP_THIRD ? input(R, i, params, columns, row)
                   : ad_record((enum ad_op)n->op, R->node[n->x], R->node[n->y], R->node[n->w]);
    }
    R->failed |= ad_tape_error(R->tape) == AD_ERROR_NO_MEMORY;
    return ad_tape_error(R->tape) == AD_OK;
}

void ad_retrace_end(ad_retrace *R)
{
    R->failed |= R->tape && ad_tape_error(R->tape) == AD_ERROR_NO_MEMORY;
    ad_tape_free(R->tape);
    ad_tape_free(R->scratch);
    R->tape = R->scratch = NULL;
    R->node = NULL;
}

double ad_retrace_slope(ad_retrace *R, uint32_t i, int place)
{
    const ad_graph_node *n = ad_graph_at(&R->f->graph, i);
    ad_var operand[3] = {ad_const(0), ad_const(0), ad_const(0)};
    ad_tape_reset(R->scratch);
    for (int k = 0; k < ad_graph_arity(n->op); k++) {
        double value = R->node[ad_graph_operand(n, k)].value;
        operand[k] = k == place ? ad_param(R->scratch, NULL, value) : ad_const(value);
    }
    if (place >= ad_rules[n->op].partials)
        return 0;
    ad_backward(ad_record((enum ad_op)n->op, operand[0], operand[1], operand[2]));
    R->failed |= ad_tape_error(R->scratch) == AD_ERROR_NO_MEMORY;
    return ad_tape_error(R->scratch) == AD_OK ? ad_grad(operand[place]) : NAN;
}
