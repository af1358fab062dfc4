/* function.c -- recorded functions: their life, lowering when first asked, values and gradients. */
#include "function.h"

#include "autodiff/tape/internal.h"
#include "callee.h"
#include "internal.h"
#include "run.h"

#include <math.h>

/* ---- Life ---------------------------------------------------------------------------------------------------------------- */

ad_function *ad_function_blank(const ad_allocator *a, size_t n_params, size_t n_columns, size_t n_outputs)
{
    ad_function *f = ad_make(a, 1, sizeof *f);
    if (!f)
        return NULL;
    pthread_mutex_init(&f->lock, NULL);
    f->references = 1;
    f->allocator = f->graph.allocator = *a;
    f->n_params     = (uint32_t)n_params;
    f->n_columns    = (uint32_t)n_columns;
    f->n_outputs    = (uint32_t)n_outputs;
    f->outputs      = ad_make(a, n_outputs, sizeof *f->outputs);
    f->param_nodes  = ad_make(a, n_params, sizeof *f->param_nodes);
    f->column_nodes = ad_make(a, n_columns, sizeof *f->column_nodes);
    f->names        = ad_make(a, n_params + n_columns, sizeof *f->names);
    if (f->outputs && f->param_nodes && f->column_nodes && f->names) {
        memset(f->names, 0xff, (n_params + n_columns) * sizeof *f->names);
        return f;
    }
    ad_function_free(f);
    return NULL;
}

int ad_function_set_name(ad_function *f, size_t input, const char *name, const char *suffix)
{
    if (!name)
        return 1;
    size_t n = strlen(name), more = suffix ? strlen(suffix) : 0;
    if (!ad_block_grow(&f->text, &f->allocator, f->n_text + n + more + 1))
        return 0;
    char *text = (char *)f->text.base + f->n_text;
    memcpy(text, name, n);
    if (more)
        memcpy(text + n, suffix, more);
    text[n + more] = 0;
    f->names[input] = f->n_text;
    f->n_text += n + more + 1;
    return 1;
}

static void free_made(ad_made *m, const ad_allocator *a)
{
    if (!m)
        return;
    if (!m->shared)
        ad_graph_free(&m->graph);
    ad_plan_free(&m->plan);
    ad_drop(a, m->outputs, m->n_outputs, sizeof *m->outputs);
    ad_drop(a, m, 1, sizeof *m);
}

const ad_function *ad_function_hold(const ad_function *f)
{
    __atomic_add_fetch(&((ad_function *)(uintptr_t)f)->references, 1, __ATOMIC_RELAXED);
    return f;
}

void ad_function_free(ad_function *f)
{
    if (!f || __atomic_sub_fetch(&f->references, 1, __ATOMIC_ACQ_REL))
        return;
    ad_allocator a = f->allocator;
    for (int k = 0; k < AD_KINDS; k++)
        free_made(f->kinds[k], &a);
    for (int k = 0; k < AD_DERIVED; k++)
        ad_function_free(f->derived[k]);   /* as deep as derivatives were taken */
    ad_second_free(f->second, &a);
    ad_graph_free(&f->graph);
    ad_drop(&a, f->outputs, f->n_outputs, sizeof *f->outputs);
    ad_drop(&a, f->param_nodes, f->n_params, sizeof *f->param_nodes);
    ad_drop(&a, f->column_nodes, f->n_columns, sizeof *f->column_nodes);
    ad_drop(&a, f->names, f->n_params + (size_t)f->n_columns, sizeof *f->names);
    ad_block_free(&f->text, &a);
    pthread_mutex_destroy(&f->lock);
    ad_drop(&a, f, 1, sizeof *f);
}

size_t ad_function_params(const ad_function *f) { return f ? f->n_params : 0; }
size_t ad_function_columns(const ad_function *f) { return f ? f->n_columns : 0; }
size_t ad_function_outputs(const ad_function *f) { return f ? f->n_outputs : 0; }

size_t ad_function_size(const ad_function *f)
{
    size_t n = 0;
    for (uint32_t i = 0; f && i < f->graph.n; i++)
        n += ad_graph_at(&f->graph, i)->op > AD_OP_THIRD;
    return n;
}

int ad_function_varies(const ad_function *f, size_t output)
{
    return f && output < f->n_outputs && ad_graph_varies(&f->graph, f->outputs[output]);
}

static const char *name_at(const ad_function *f, size_t i)
{
    return f->names[i] == SIZE_MAX ? NULL : (const char *)f->text.base + f->names[i];
}

const char *ad_function_param_name(const ad_function *f, size_t i)
{
    return f && i < f->n_params ? name_at(f, i) : NULL;
}

const char *ad_function_column_name(const ad_function *f, size_t i)
{
    return f && i < f->n_columns ? name_at(f, f->n_params + i) : NULL;
}

/* ---- Lowering, when first asked --------------------------------------------------------------------------------------- */

int ad_graph_copy(ad_graph *to, const ad_graph *from)
{
    *to = (ad_graph){.allocator = from->allocator};
    const ad_block *blocks[] = {&from->nodes, &from->varying, &from->table};
    ad_block *copies[] = {&to->nodes, &to->varying, &to->table};
    const size_t used[] = {from->n * sizeof(ad_graph_node), from->n, from->n_table * sizeof(uint32_t)};
    for (int k = 0; k < 3; k++) {
        if (!ad_block_grow(copies[k], &to->allocator, k < 2 ? AD_GRAPH_GROWTH * used[k] : used[k]))
            return 0;
        if (used[k])
            memcpy(copies[k]->base, blocks[k]->base, used[k]);
    }
    to->n = from->n;
    to->n_table = from->n_table;
    for (uint32_t k = 0; k < from->n_callees; k++)
        ad_graph_add_callee(to, ad_callee_hold(ad_graph_callee(from, k)));
    return !to->failed;
}

/* Whether it is ready to be lowered as it stands. */
static int is_settled(const ad_graph *G)
{
    for (uint32_t i = 0; i < G->n; i++)
        if (ad_graph_at(G, i)->op == AD_OP_SLOPE_OF)
            return 0;
    return 1;
}

static int prepare(const ad_function *f, int kind, ad_made *m)
{
    ad_graph *G = &m->graph;
    if (kind == AD_FOR_ROWS && is_settled(&f->graph)) {
        *G = f->graph;
        m->shared = 1;
        memcpy(m->outputs, f->outputs, f->n_outputs * sizeof *m->outputs);
        return ad_plan_make(&m->plan, G, f->n_params, m->n_outputs, m->outputs);
    }
    if (!ad_graph_copy(G, &f->graph))
        return 0;
    for (uint32_t k = 0; k < f->n_outputs; k++)
        m->outputs[k] = kind == AD_FOR_ROWS ? f->outputs[k] : ad_graph_row_sum(G, f->outputs[k]);
    if (kind == AD_FOR_GRADIENT)
        ad_graph_reverse(G, m->outputs[0], f->n_params, f->param_nodes, m->outputs + 1);
    ad_graph_settle(G, m->n_outputs, m->outputs);
    ad_graph_close(G);
    return !G->failed && ad_plan_make(&m->plan, G, f->n_params, m->n_outputs, m->outputs);
}

const ad_made *ad_made_for(const ad_function *f, int kind)
{
    ad_made **place = &((ad_function *)(uintptr_t)f)->kinds[kind], *m = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (m)
        return m;
    pthread_mutex_t *lock = &((ad_function *)(uintptr_t)f)->lock;
    pthread_mutex_lock(lock);
    if (!(m = *place) && (m = ad_make(&f->allocator, 1, sizeof *m)) != NULL) {
        m->n_outputs = f->n_outputs + (kind == AD_FOR_GRADIENT ? f->n_params : 0);
        m->outputs = ad_make(&f->allocator, m->n_outputs, sizeof *m->outputs);
        if (!m->outputs || !prepare(f, kind, m)) {
            free_made(m, &f->allocator);
            m = NULL;
        }
        __atomic_store_n(place, m, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(lock);
    return m;
}

/* ---- Evaluating --------------------------------------------------------------------------------------------------------- */

/* The params where results would overwrite them before a second run; else themselves. NULL: no memory. */
static const double *kept(const ad_made *m, const double *params, const double *values)
{
    uintptr_t p = (uintptr_t)params, v = (uintptr_t)values;
    size_t bytes = m->plan.n_params * sizeof *params;
    if (!m->plan.chains || !values || v >= p + bytes || p >= v + m->n_outputs * sizeof *values)
        return params;
    double *copy = ad_make(&m->plan.allocator, m->plan.n_params, sizeof *copy);
    return copy ? memcpy(copy, params, bytes) : NULL;
}

/* Runs a plan; where its products of the chain rule may have met zero and infinity, runs the graph with care instead. */
ad_status ad_made_run(const ad_made *m, const double *params, const double *const *columns, size_t rows, double *values,
                      double *const *rows_out, double *interleaved)
{
    ad_results to = {.values = values, .rows = rows_out, .interleaved = interleaved};
    const double *p = params ? kept(m, params, values) : NULL;
    if (params && !p)
        return AD_ERROR_NO_MEMORY;
    ad_status status = ad_plan_run(&m->plan, p, columns, rows, &to);
    if (status == AD_OK && m->plan.chains && to.nan)
        status = ad_graph_run(&m->graph, m->n_outputs, m->outputs, p, columns, rows, &to);
    if (p != params)
        ad_drop(&m->plan.allocator, (void *)(uintptr_t)p, m->plan.n_params, sizeof *p);
    return status;
}

int ad_arguments_fit(const ad_function *f, const double *params, const void *columns, size_t rows)
{
    return f && (params || !f->n_params) && (columns || !f->n_columns || !rows);
}

ad_status ad_function_at(const ad_function *f, const double *params, const double *columns, double *values)
{
    if (!ad_arguments_fit(f, params, columns, 1) || !values)
        return AD_ERROR_ARGUMENT;
    size_t size = f->graph.n * sizeof(double);
    double *v = ad_resize(&f->allocator, NULL, 0, size + 1);
    ad_last_call last = {.call = UINT32_MAX};
    if (!v)
        return AD_ERROR_NO_MEMORY;
    for (uint32_t i = 0; i < f->graph.n; i++) {
        const ad_graph_node *n = ad_graph_at(&f->graph, i);
        v[i] = n->op == AD_OP_CONSTANT ? n->number : n->op == AD_OP_PARAM ? params[n->x]
             : n->op == AD_OP_COLUMN ? columns[n->x] : n->op == AD_OP_RESULT ? ad_last_call_result(&last, &f->graph, i, v)
             : n->op >= AD_OP_COUNT ? v[n->x]
             : ad_evaluate((enum ad_op)n->op, v[n->x], v[n->y], v[n->w]);
    }
    for (uint32_t k = 0; k < f->n_outputs; k++)
        values[k] = v[f->outputs[k]];
    ad_last_call_free(&last, &f->graph);
    ad_resize(&f->allocator, v, size + 1, 0);
    return last.status;
}

ad_status ad_function_rows(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                           double *const *values)
{
    if (!ad_arguments_fit(f, params, columns, rows) || !values)
        return AD_ERROR_ARGUMENT;
    const ad_made *m = ad_made_for(f, AD_FOR_ROWS);
    double *same = m ? ad_make(&f->allocator, f->n_outputs, sizeof *same) : NULL;
    ad_status status = same ? ad_made_run(m, params, columns, rows, same, values, NULL) : AD_ERROR_NO_MEMORY;
    for (uint32_t k = 0; status == AD_OK && k < f->n_outputs; k++)
        for (size_t r = 0; m->plan.output[k] != UINT32_MAX && r < rows; r++)
            values[k][r] = same[k];
    ad_drop(&f->allocator, same, f->n_outputs, sizeof *same);
    return status;
}

ad_status ad_function_over(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                           double *values)
{
    if (!ad_arguments_fit(f, params, columns, rows) || !values)
        return AD_ERROR_ARGUMENT;
    for (uint32_t k = 0; k < f->n_outputs; k++)
        if (ad_function_varies(f, k))
            return AD_ERROR_ARGUMENT;
    const ad_made *m = ad_made_for(f, AD_FOR_ROWS);
    return m ? ad_made_run(m, params, columns, rows, values, NULL, NULL) : AD_ERROR_NO_MEMORY;
}

ad_status ad_function_sum(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                          double *values)
{
    if (!ad_arguments_fit(f, params, columns, rows) || !values)
        return AD_ERROR_ARGUMENT;
    const ad_made *m = ad_made_for(f, AD_FOR_SUM);
    return m ? ad_made_run(m, params, columns, rows, values, NULL, NULL) : AD_ERROR_NO_MEMORY;
}

ad_status ad_function_sum_gradient(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                   double *value, double *gradient)
{
    if (!ad_arguments_fit(f, params, columns, rows) || f->n_outputs != 1 || (f->n_params && !gradient))
        return AD_ERROR_ARGUMENT;
    const ad_made *m = ad_made_for(f, AD_FOR_GRADIENT);
    double *both = m ? ad_make(&f->allocator, m->n_outputs, sizeof *both) : NULL;
    ad_status status = both ? ad_made_run(m, params, columns, rows, both, NULL, NULL) : AD_ERROR_NO_MEMORY;
    if (status == AD_OK) {
        if (value)
            *value = both[0];
        if (f->n_params)
            memcpy(gradient, both + 1, f->n_params * sizeof *gradient);
    }
    if (both)
        ad_drop(&f->allocator, both, m->n_outputs, sizeof *both);
    return status;
}
