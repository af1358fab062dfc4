/* function.c -- recorded functions: taking a graph off its tape, and what is asked of it. */
#include "function.h"

#include "autodiff/tape/internal.h"
#include "internal.h"
#include "run.h"

#include <math.h>
#include <string.h>

static void *make(const ad_allocator *a, size_t n, size_t size)
{
    void *block = ad_resize(a, NULL, 0, n * size + 1);
    if (block)
        memset(block, 0, n * size + 1);
    return block;
}

static void drop(const ad_allocator *a, void *block, size_t n, size_t size)
{
    if (block)
        ad_resize(a, block, n * size + 1, 0);
}

/* ---- Off the tape ----------------------------------------------------------------------------------------------------- */

typedef struct taking {
    ad_tape       *tape;
    ad_function   *f;
    unsigned char *needed;                 /* [n] */
    uint32_t      *node;                   /* [n] of the graph */
    uint32_t       n;
} taking;

static void need(taking *t, uint32_t i)
{
    uint64_t word = t->tape->head->words[i];
    const ad_rule *rule = &ad_rules[ad_word_op(word)];
    if (rule->kind == AD_LIST || rule->kind == AD_PAIRS) {
        const uint32_t *list = ad_word_list(t->tape, word);
        for (size_t k = 0; k < list[0] * (size_t)rule->arity; k++)
            t->needed[list[1 + k]] = 1;
    } else if (rule->kind != AD_LEAF) {
        t->needed[ad_word_x(word)] = 1;
        if (rule->arity > 1)
            t->needed[ad_word_y(word)] = 1;
        if (rule->arity > 2)
            t->needed[ad_word_x(t->tape->head->words[i - 1])] = 1;
    }
}

/* Lists become chains of two-operand rows, which derive and fuse like all others. */
static uint32_t take_list(taking *t, enum ad_op op, const uint32_t *list)
{
    ad_graph *G = &t->f->graph;
    uint32_t n = list[0], z = UINT32_MAX;
    static const struct { enum ad_op list, pair; } join[] = {
        {AD_OP_sum, AD_OP_add}, {AD_OP_mean, AD_OP_add}, {AD_OP_dot, AD_OP_add}, {AD_OP_norm2, AD_OP_hypot},
        {AD_OP_logsumexp, AD_OP_logaddexp},
    };
    uint32_t with = AD_OP_add;
    for (size_t k = 0; k < sizeof join / sizeof *join; k++)
        if (join[k].list == op)
            with = join[k].pair;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t x = op == AD_OP_dot
                   ? ad_graph_make(G, AD_OP_mul, t->node[list[1 + 2 * k]], t->node[list[2 + 2 * k]], 0) : t->node[list[1 + k]];
        z = z == UINT32_MAX ? x : ad_graph_make(G, with, z, x, 0);
    }
    if (op == AD_OP_norm2 && n == 1)
        z = ad_graph_make(G, AD_OP_abs, z, 0, 0);
    return op == AD_OP_mean ? ad_graph_make(G, AD_OP_div, z, ad_graph_number(G, n), 0) : z;
}

static uint32_t take_node(taking *t, uint32_t i)
{
    ad_graph *G = &t->f->graph;
    uint64_t word = t->tape->head->words[i];
    enum ad_op op = (enum ad_op)ad_word_op(word);
    const ad_rule *rule = &ad_rules[op];
    if (op == AD_OP_CONSTANT)
        return ad_graph_number(G, t->tape->head->values[i]);
    if (rule->kind == AD_LIST || rule->kind == AD_PAIRS)
        return take_list(t, op, ad_word_list(t->tape, word));
    return ad_graph_make(G, op, t->node[ad_word_x(word)], rule->arity > 1 ? t->node[ad_word_y(word)] : 0,
                         rule->arity > 2 ? t->node[ad_word_x(t->tape->head->words[i - 1])] : 0);
}

/* Inputs first, all of them, so that their nodes are the same whatever is needed. */
static int take_inputs(taking *t)
{
    ad_function *f = t->f;
    const uint32_t *inputs = t->tape->inputs.base;
    uint32_t param = 0, column = 0;
    for (uint32_t k = 0; k < t->tape->n_inputs; k++) {
        uint32_t i = inputs[k];
        int is_param = ad_word_op(t->tape->head->words[i]) == AD_OP_PARAM;
        t->node[i] = ad_graph_make(&f->graph, is_param ? AD_OP_PARAM : AD_OP_COLUMN, is_param ? param : column, 0, 0);
        size_t *place = &f->names[is_param ? param : f->n_params + column];
        const char *name = ad_name_of(ad_var_at(t->tape, i));
        *place = SIZE_MAX;
        if (name) {
            size_t length = strlen(name) + 1;
            char *text = ad_resize(&f->allocator, f->text, f->n_text, f->n_text + length);
            if (!text)
                return 0;
            f->text = text;
            memcpy(text + f->n_text, name, length);
            *place = f->n_text;
            f->n_text += length;
        }
        if (is_param)
            f->param_nodes[param++] = t->node[i];
        else
            column++;
    }
    return !f->graph.failed;
}

static int take(taking *t, const ad_var *outputs)
{
    ad_function *f = t->f;
    if (!take_inputs(t))
        return 0;
    for (uint32_t k = 0; k < f->n_outputs; k++)
        if (!ad_is_plain(outputs[k]))
            t->needed[ad_id(outputs[k])] = 1;
    for (uint32_t i = t->n; i-- > 0;)
        if (t->needed[i])
            need(t, i);
    for (uint32_t i = 0; i < t->n; i++)
        if (t->needed[i] && (ad_word_op(t->tape->head->words[i]) == AD_OP_CONSTANT ||
                             ad_rules[ad_word_op(t->tape->head->words[i])].kind != AD_LEAF))
            t->node[i] = take_node(t, i);
    for (uint32_t k = 0; k < f->n_outputs; k++)
        f->outputs[k] = ad_is_plain(outputs[k]) ? ad_graph_number(&f->graph, outputs[k].value) : t->node[ad_id(outputs[k])];
    return !f->graph.failed;
}

static void count_inputs(const ad_tape *tape, ad_function *f)
{
    const uint32_t *inputs = tape->inputs.base;
    for (uint32_t k = 0; k < tape->n_inputs; k++)
        if (ad_word_op(tape->head->words[inputs[k]]) == AD_OP_PARAM)
            f->n_params++;
        else
            f->n_columns++;
}

ad_function *ad_function_new(ad_tape *tape, size_t n_outputs, const ad_var *outputs)
{
    const char *function = "function_new";
    if (!tape)
        return NULL;
    if (!n_outputs || !outputs || n_outputs > AD_ID_MASK) {
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_function_new: %zu outputs; at least one is needed", n_outputs);
        return NULL;
    }
    for (size_t k = 0; k < n_outputs; k++)
        if (!ad_is_plain(outputs[k]) && !ad_accepts(tape, outputs[k], function, "an output"))
            return NULL;
    const ad_allocator *a = &tape->allocator;
    ad_function *f = make(a, 1, sizeof *f);
    if (!f) {
        ad_fault_memory(tape, function, "the function");
        return NULL;
    }
    pthread_mutex_init(&f->lock, NULL);
    f->allocator = f->graph.allocator = *a;
    f->n_outputs = (uint32_t)n_outputs;
    count_inputs(tape, f);
    taking t = {.tape = tape, .f = f, .n = tape->head->count};
    f->outputs     = make(a, n_outputs, sizeof *f->outputs);
    f->param_nodes = make(a, f->n_params, sizeof *f->param_nodes);
    f->names       = make(a, f->n_params + (size_t)f->n_columns, sizeof *f->names);
    t.needed       = make(a, t.n, 1);
    t.node         = make(a, t.n, sizeof *t.node);
    int done = f->outputs && f->param_nodes && f->names && t.needed && t.node && take(&t, outputs);
    drop(a, t.needed, t.n, 1);
    drop(a, t.node, t.n, sizeof *t.node);
    if (done)
        return f;
    ad_function_free(f);
    ad_fault_memory(tape, function, "the function");
    return NULL;
}

static void free_made(ad_made *m, const ad_allocator *a)
{
    if (!m)
        return;
    ad_graph_free(&m->graph);
    ad_plan_free(&m->plan);
    drop(a, m->outputs, m->n_outputs, sizeof *m->outputs);
    drop(a, m, 1, sizeof *m);
}

void ad_function_free(ad_function *f)
{
    if (!f)
        return;
    ad_allocator a = f->allocator;
    for (int k = 0; k < AD_KINDS; k++)
        free_made(f->kinds[k], &a);
    ad_graph_free(&f->graph);
    drop(&a, f->outputs, f->n_outputs, sizeof *f->outputs);
    drop(&a, f->param_nodes, f->n_params, sizeof *f->param_nodes);
    drop(&a, f->names, f->n_params + (size_t)f->n_columns, sizeof *f->names);
    if (f->text)
        ad_resize(&a, f->text, f->n_text, 0);
    pthread_mutex_destroy(&f->lock);
    drop(&a, f, 1, sizeof *f);
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

static const char *name_at(const ad_function *f, size_t i) { return f->names[i] == SIZE_MAX ? NULL : f->text + f->names[i]; }

const char *ad_function_param_name(const ad_function *f, size_t i)
{
    return f && i < f->n_params ? name_at(f, i) : NULL;
}

const char *ad_function_column_name(const ad_function *f, size_t i)
{
    return f && i < f->n_columns ? name_at(f, f->n_params + i) : NULL;
}

/* ---- Lowering, when first asked --------------------------------------------------------------------------------------- */

static int copy_graph(ad_graph *to, const ad_graph *from)
{
    *to = (ad_graph){.allocator = from->allocator};
    const ad_block *blocks[] = {&from->nodes, &from->varying, &from->table};
    ad_block *copies[] = {&to->nodes, &to->varying, &to->table};
    for (int k = 0; k < 3; k++) {
        if (!ad_block_grow(copies[k], &to->allocator, blocks[k]->size))
            return 0;
        if (blocks[k]->size)
            memcpy(copies[k]->base, blocks[k]->base, blocks[k]->size);
    }
    to->n = from->n;
    to->n_table = from->n_table;
    return 1;
}

static int prepare(const ad_function *f, int kind, ad_made *m)
{
    ad_graph *G = &m->graph;
    if (!copy_graph(G, &f->graph))
        return 0;
    for (uint32_t k = 0; k < f->n_outputs; k++)
        m->outputs[k] = kind == AD_FOR_ROWS ? f->outputs[k] : ad_graph_row_sum(G, f->outputs[k]);
    if (kind == AD_FOR_GRADIENT)
        ad_graph_reverse(G, m->outputs[0], f->n_params, f->param_nodes, m->outputs + 1);
    return !G->failed && ad_plan_make(&m->plan, G, f->n_params, m->n_outputs, m->outputs);
}

static const ad_made *made_for(const ad_function *f, int kind)
{
    ad_made **place = &((ad_function *)(uintptr_t)f)->kinds[kind], *m = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (m)
        return m;
    pthread_mutex_t *lock = &((ad_function *)(uintptr_t)f)->lock;
    pthread_mutex_lock(lock);
    if (!(m = *place) && (m = make(&f->allocator, 1, sizeof *m)) != NULL) {
        m->n_outputs = f->n_outputs + (kind == AD_FOR_GRADIENT ? f->n_params : 0);
        m->outputs = make(&f->allocator, m->n_outputs, sizeof *m->outputs);
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

static int any_nan(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]))
            return 1;
    return 0;
}

/* Runs a plan; where its products of the chain rule may have met zero and infinity, runs the graph with care instead. */
static ad_status run(const ad_made *m, const double *params, const double *const *columns, size_t rows, double *values,
                     double *const *rows_out)
{
    ad_status status = ad_plan_run(&m->plan, params, columns, rows, values, rows_out);
    if (status != AD_OK || !m->plan.chains)
        return status;
    int nan = values && any_nan(values, m->n_outputs);
    for (uint32_t k = 0; rows_out && k < m->n_outputs && !nan; k++)
        nan = m->plan.output[k] == UINT32_MAX && any_nan(rows_out[k], rows);
    return nan ? ad_graph_run(&m->graph, m->n_outputs, m->outputs, params, columns, rows, values, rows_out) : AD_OK;
}

static int arguments_fit(const ad_function *f, const double *params, const void *columns, size_t rows)
{
    return f && (params || !f->n_params) && (columns || !f->n_columns || !rows);
}

ad_status ad_function_at(const ad_function *f, const double *params, const double *columns, double *values)
{
    if (!arguments_fit(f, params, columns, 1) || !values)
        return AD_ERROR_ARGUMENT;
    size_t size = f->graph.n * sizeof(double);
    double *v = ad_resize(&f->allocator, NULL, 0, size + 1);
    if (!v)
        return AD_ERROR_NO_MEMORY;
    for (uint32_t i = 0; i < f->graph.n; i++) {
        const ad_graph_node *n = ad_graph_at(&f->graph, i);
        v[i] = n->op == AD_OP_CONSTANT ? n->number : n->op == AD_OP_PARAM ? params[n->x]
             : n->op == AD_OP_COLUMN ? columns[n->x] : n->op == AD_OP_ROW_SUM ? v[n->x]
             : ad_evaluate((enum ad_op)n->op, v[n->x], v[n->y], v[n->w]);
    }
    for (uint32_t k = 0; k < f->n_outputs; k++)
        values[k] = v[f->outputs[k]];
    ad_resize(&f->allocator, v, size + 1, 0);
    return AD_OK;
}

ad_status ad_function_rows(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                           double *const *values)
{
    if (!arguments_fit(f, params, columns, rows) || !values)
        return AD_ERROR_ARGUMENT;
    const ad_made *m = made_for(f, AD_FOR_ROWS);
    double *same = m ? make(&f->allocator, f->n_outputs, sizeof *same) : NULL;
    ad_status status = same ? run(m, params, columns, rows, same, values) : AD_ERROR_NO_MEMORY;
    for (uint32_t k = 0; status == AD_OK && k < f->n_outputs; k++)
        for (size_t r = 0; m->plan.output[k] != UINT32_MAX && r < rows; r++)
            values[k][r] = same[k];
    drop(&f->allocator, same, f->n_outputs, sizeof *same);
    return status;
}

ad_status ad_function_sum(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                          double *values)
{
    if (!arguments_fit(f, params, columns, rows) || !values)
        return AD_ERROR_ARGUMENT;
    const ad_made *m = made_for(f, AD_FOR_SUM);
    return m ? run(m, params, columns, rows, values, NULL) : AD_ERROR_NO_MEMORY;
}

ad_status ad_function_sum_gradient(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                   double *value, double *gradient)
{
    if (!arguments_fit(f, params, columns, rows) || f->n_outputs != 1 || (f->n_params && !gradient))
        return AD_ERROR_ARGUMENT;
    const ad_made *m = made_for(f, AD_FOR_GRADIENT);
    double *both = m ? make(&f->allocator, m->n_outputs, sizeof *both) : NULL;
    ad_status status = both ? run(m, params, columns, rows, both, NULL) : AD_ERROR_NO_MEMORY;
    if (status == AD_OK) {
        if (value)
            *value = both[0];
        if (f->n_params)
            memcpy(gradient, both + 1, f->n_params * sizeof *gradient);
    }
    if (both)
        drop(&f->allocator, both, m->n_outputs, sizeof *both);
    return status;
}
