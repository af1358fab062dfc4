/* callee.c -- functions bound to their data, and calls of them as nodes of a graph. Calls on a tape are in call.c. */
#include "callee.h"

#include "internal.h"

#include <math.h>

/* ---- The object --------------------------------------------------------------------------------------------------------- */

static size_t size_of(size_t n_columns) { return sizeof(ad_callee) + n_columns * sizeof(const double *); }

ad_callee *ad_callee_new(const ad_function *f, int at_a_point, const double *const *columns, size_t rows)
{
    ad_callee *c = ad_resize(&f->allocator, NULL, 0, size_of(f->n_columns));
    if (!c)
        return NULL;
    *c = (ad_callee){.allocator = f->allocator, .references = 1, .f = ad_function_hold(f), .at_a_point = at_a_point,
                     .rows = rows, .n_columns = f->n_columns};
    for (uint32_t k = 0; k < f->n_columns; k++)
        c->columns[k] = columns ? columns[k] : NULL;
    return c;
}

ad_callee *ad_callee_hold(ad_callee *c)
{
    __atomic_add_fetch(&c->references, 1, __ATOMIC_RELAXED);
    return c;
}

void ad_callee_free(void *callee)
{
    ad_callee *c = callee;
    if (!c || __atomic_sub_fetch(&c->references, 1, __ATOMIC_ACQ_REL))
        return;
    ad_allocator a = c->allocator;
    ad_function_free((ad_function *)(uintptr_t)c->f);
    ad_resize(&a, c, size_of(c->n_columns), 0);
}

ad_status ad_callee_evaluate(void *callee, const double *params, double *values)
{
    const ad_callee *c = callee;
    return ad_function_over(c->f, params, c->columns, c->rows, values);
}

ad_callee *ad_callee_with(const ad_callee *c, const ad_function *f)
{
    return f ? ad_callee_new(f, c->at_a_point, c->columns, c->rows) : NULL;
}

uint32_t ad_callee_params(const ad_callee *c) { return c->f->n_params; }
uint32_t ad_callee_outputs(const ad_callee *c) { return c->f->n_outputs; }

/* ---- Nodes -------------------------------------------------------------------------------------------------------------- */

uint32_t ad_graph_add_callee(ad_graph *G, ad_callee *c)
{
    if (c && !G->failed && ad_block_grow(&G->callees, &G->allocator, (G->n_callees + (size_t)1) * sizeof c)) {
        ((ad_callee **)G->callees.base)[G->n_callees] = c;
        return G->n_callees++;
    }
    ad_callee_free(c);
    G->failed = 1;
    return 0;
}

uint32_t ad_graph_call(ad_graph *G, uint32_t callee, const uint32_t *x)
{
    if (G->failed)
        return 0;
    uint32_t n = ad_callee_params(ad_graph_callee(G, callee)), last = x[0];
    for (uint32_t j = 0; j < n; j++)
        last = ad_graph_make(G, AD_OP_ARGUMENT, last, x[j], 0);
    return ad_graph_make(G, AD_OP_CALL, last, callee, 0);
}

void ad_graph_arguments(const ad_graph *G, uint32_t call, uint32_t *x)
{
    const ad_graph_node *n = ad_graph_at(G, call);
    uint32_t i = n->x;
    for (uint32_t j = ad_callee_params(ad_graph_callee(G, n->y)); j-- > 0; i = ad_graph_at(G, i)->x)
        x[j] = ad_graph_at(G, i)->y;
}

/* ---- Evaluating node by node -------------------------------------------------------------------------------------------- */

static int evaluate(ad_last_call *last, const ad_graph *G, uint32_t call, const double *v)
{
    ad_callee *c = ad_graph_callee(G, ad_graph_at(G, call)->y);
    uint32_t n = ad_callee_params(c), i = ad_graph_at(G, call)->x;
    size_t size = (n + (size_t)ad_callee_outputs(c)) * sizeof(double);
    if (size > last->size) {
        double *more = ad_resize(&G->allocator, last->values, last->size, size);
        if (!more)
            return 0;
        last->values = more;
        last->size = size;
    }
    for (uint32_t j = n; j-- > 0; i = ad_graph_at(G, i)->x)
        last->values[j] = v[ad_graph_at(G, i)->y];
    return ad_callee_evaluate(c, last->values, last->values + n) == AD_OK;
}

double ad_last_call_result(ad_last_call *last, const ad_graph *G, uint32_t i, const double *v)
{
    uint32_t call = ad_graph_at(G, i)->x;
    if (last->call != call) {
        last->call = UINT32_MAX;
        if (!evaluate(last, G, call, v)) {
            last->status = AD_ERROR_NO_MEMORY;
            return NAN;
        }
        last->call = call;
    }
    return last->values[ad_callee_params(ad_graph_callee(G, ad_graph_at(G, call)->y)) + ad_graph_at(G, i)->y];
}

void ad_last_call_free(ad_last_call *last, const ad_graph *G)
{
    if (last->values)
        ad_resize(&G->allocator, last->values, last->size, 0);
}
