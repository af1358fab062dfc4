/* transform.c -- functions from functions: derivatives, totals. The sweeps over graphs are in derive.c and tangent.c. */
#include "callee.h"
#include "internal.h"

#include <stdio.h>

static const uint32_t NONE = UINT32_MAX;

/* ---- A function of part of a graph ------------------------------------------------------------------------------------- */

/* Returns how many of them are no inputs. */
static uint32_t mark_needed(const ad_graph *G, size_t n_outputs, const uint32_t *outputs, unsigned char *needed)
{
    uint32_t n = 0;
    for (size_t k = 0; k < n_outputs; k++)
        needed[outputs[k]] = 1;
    for (uint32_t i = G->n; i-- > 0;) {
        const ad_graph_node *node = ad_graph_at(G, i);
        n += needed[i] && node->op != AD_OP_PARAM && node->op != AD_OP_COLUMN;
        for (int k = 0; needed[i] && k < ad_graph_arity(node->op); k++)
            needed[ad_graph_operand(node, k)] = 1;
    }
    return n;
}

/* callee [from's]: where they are in `to`, NONE until first needed. */
static uint32_t add_node(ad_graph *to, const ad_graph *from, uint32_t i, const uint32_t *node, uint32_t *callee, int fresh)
{
    const ad_graph_node *n = ad_graph_at(from, i);
    uint32_t operand[3] = {0, 0, 0};
    if (n->op == AD_OP_CONSTANT)
        return fresh ? ad_graph_append(to, n) : ad_graph_number(to, n->number);
    for (int k = 0; k < ad_graph_arity(n->op); k++)
        operand[k] = node[ad_graph_operand(n, k)];
    if (n->op == AD_OP_CALL && callee[n->y] == NONE)
        callee[n->y] = ad_graph_add_callee(to, ad_callee_hold(ad_graph_callee(from, n->y)));
    if (n->op == AD_OP_CALL || n->op == AD_OP_RESULT)
        operand[1] = n->op == AD_OP_CALL ? callee[n->y] : n->y;
    if (fresh)
        return ad_graph_append(to, &(ad_graph_node){.op = n->op, .x = operand[0], .y = operand[1], .w = operand[2]});
    return ad_graph_make(to, n->op, operand[0], operand[1], operand[2]);
}

void ad_graph_add(ad_graph *to, const ad_graph *from, const unsigned char *needed, const uint32_t *params,
                  const uint32_t *columns, int one_row, uint32_t *node)
{
    uint32_t *callee = ad_make(&to->allocator, from->n_callees, sizeof *callee);
    to->failed |= !callee;
    if (callee)
        memset(callee, 0xff, from->n_callees * sizeof *callee);
    for (uint32_t i = 0; i < from->n && !to->failed; i++) {
        const ad_graph_node *n = ad_graph_at(from, i);
        if (needed && !needed[i])
            continue;
        node[i] = n->op == AD_OP_PARAM ? params[n->x] : n->op == AD_OP_COLUMN ? columns[n->x]
                : n->op == AD_OP_ROW_SUM && one_row ? node[n->x] : add_node(to, from, i, node, callee, needed != NULL);
    }
    ad_drop(&to->allocator, callee, from->n_callees, sizeof *callee);
}

void ad_function_find_depth(ad_function *f)
{
    for (uint32_t k = 0; k < f->graph.n_callees; k++) {
        uint32_t depth = ad_graph_callee(&f->graph, k)->f->depth + 1;
        f->depth = depth > f->depth ? depth : f->depth;
    }
}

static int copy_inputs(const ad_function *f, ad_function *to)
{
    for (uint32_t i = 0; i < to->n_params; i++)
        to->param_nodes[i] = ad_graph_make(&to->graph, AD_OP_PARAM, i, 0, 0);
    for (uint32_t i = 0; i < to->n_columns; i++)
        to->column_nodes[i] = ad_graph_make(&to->graph, AD_OP_COLUMN, i, 0, 0);
    for (uint32_t i = 0; i < f->n_params; i++)
        if (!ad_function_set_name(to, i, ad_function_param_name(f, i), NULL))
            return 0;
    for (uint32_t i = 0; i < f->n_columns; i++)
        if (!ad_function_set_name(to, to->n_params + (size_t)i, ad_function_column_name(f, i), NULL))
            return 0;
    return !to->graph.failed;
}

ad_function *ad_function_extract(const ad_function *f, const ad_graph *G, size_t more_params, size_t more_columns,
                                 size_t n_outputs, const uint32_t *outputs)
{
    const ad_allocator *a = &f->allocator;
    ad_function *to = ad_function_blank(a, f->n_params + more_params, f->n_columns + more_columns, n_outputs);
    unsigned char *needed = ad_make(a, G->n, 1);
    uint32_t *node = ad_make(a, G->n, sizeof *node);
    uint32_t inputs = to ? to->n_params + to->n_columns : 0;
    int done = to && needed && node && ad_graph_room(&to->graph, inputs + mark_needed(G, n_outputs, outputs, needed)) &&
               copy_inputs(f, to);
    if (done) {
        to->level = f->level;
        ad_graph_add(&to->graph, G, needed, to->param_nodes, to->column_nodes, 0, node);
        for (size_t k = 0; k < n_outputs; k++)
            to->outputs[k] = node[outputs[k]];
        ad_function_find_depth(to);
        ad_graph_close(&to->graph);
        done = !to->graph.failed;
    }
    ad_drop(a, needed, G->n, 1);
    ad_drop(a, node, G->n, sizeof *node);
    if (done)
        return to;
    ad_function_free(to);
    return NULL;
}

/* ---- Deriving ----------------------------------------------------------------------------------------------------------- */

typedef struct derivation {
    const ad_function *f;
    ad_derive_options  o;
    ad_graph           graph;              /* f's, and what is derived */
    size_t             n, directions;      /* inputs chosen; directions at once */
    uint32_t          *chosen;             /* [n] their nodes */
    size_t             n_outputs;
    uint32_t          *outputs;            /* [n_outputs] */
    size_t             more_params, more_columns;
    ad_status          status;
} derivation;

static size_t input_at(const derivation *d, size_t j) { return d->o.inputs ? d->o.inputs[j] : j; }

/* The nodes of the chosen inputs. */
static void choose(derivation *d)
{
    const ad_function *f = d->f;
    for (size_t j = 0; j < d->n; j++) {
        size_t i = input_at(d, j);
        if (i >= f->n_params + (size_t)f->n_columns) {
            d->status = AD_ERROR_ARGUMENT;
            return;
        }
        d->chosen[j] = i < f->n_params ? f->param_nodes[i] : f->column_nodes[i - f->n_params];
    }
}

static uint32_t new_input(derivation *d, uint32_t op)
{
    size_t x = op == AD_OP_PARAM ? d->f->n_params + d->more_params++ : d->f->n_columns + d->more_columns++;
    return ad_graph_make(&d->graph, op, (uint32_t)x, 0, 0);
}

static void reverse(derivation *d, uint32_t *out)
{
    for (uint32_t k = 0; k < d->f->n_outputs && d->status == AD_OK && !d->graph.failed; k++)
        if (!ad_graph_reverse(&d->graph, d->f->outputs[k], (uint32_t)d->n, d->chosen, out + k * d->n))
            d->status = AD_ERROR_ARGUMENT;
}

/* One reverse sweep of the outputs' sum, each times its seed. */
static void adjoint(derivation *d, uint32_t *out)
{
    const ad_function *f = d->f;
    ad_graph *G = &d->graph;
    uint32_t op = AD_OP_PARAM, sum = NONE;
    for (uint32_t k = 0; k < f->n_outputs; k++)
        if (ad_function_varies(f, k))
            op = AD_OP_COLUMN;
    for (uint32_t k = 0; k < f->n_outputs && !G->failed; k++) {
        uint32_t term = ad_graph_make(G, AD_OP_chain, new_input(d, op), f->outputs[k], 0);
        sum = sum == NONE ? term : ad_graph_make(G, AD_OP_add, sum, term, 0);
    }
    if (!G->failed && !ad_graph_reverse(G, sum, (uint32_t)d->n, d->chosen, out))
        d->status = AD_ERROR_ARGUMENT;
}

static void tangent(derivation *d, uint32_t *out)
{
    ad_graph *G = &d->graph;
    uint32_t n = d->f->graph.n, *dot = ad_make(&G->allocator, n, sizeof *dot);
    G->failed |= !dot;
    for (size_t direction = 0; direction < d->directions && !G->failed; direction++) {
        memset(dot, 0xff, n * sizeof *dot);
        for (size_t j = 0; j < d->n && !G->failed; j++) {
            uint32_t *place = &dot[d->chosen[j]], v = new_input(d, ad_graph_at(G, d->chosen[j])->op);
            *place = *place == NONE || G->failed ? v : ad_graph_make(G, AD_OP_add, *place, v, 0);
        }
        ad_graph_tangent(G, n, dot);
        for (uint32_t k = 0; k < d->f->n_outputs && !G->failed; k++, out++)
            *out = dot[d->f->outputs[k]] == NONE ? ad_graph_number(G, 0) : dot[d->f->outputs[k]];
    }
    ad_drop(&G->allocator, dot, n, sizeof *dot);
}

/* Whether a chosen column reaches a sum over rows: a tangent of 1 would be one of all rows at once. */
static int column_is_summed(const derivation *d, const uint32_t *dot)
{
    for (uint32_t i = 0; i < d->f->graph.n; i++)
        if (ad_graph_at(&d->graph, i)->op == AD_OP_ROW_SUM && dot[i] != NONE)
            return 1;
    return 0;
}

static void forward(derivation *d, uint32_t *out)
{
    ad_graph *G = &d->graph;
    uint32_t n = d->f->graph.n, *dot = ad_make(&G->allocator, n, sizeof *dot);
    G->failed |= !dot;
    for (size_t j = 0; j < d->n && !G->failed; j++) {
        memset(dot, 0xff, n * sizeof *dot);
        dot[d->chosen[j]] = ad_graph_number(G, 1);
        ad_graph_tangent(G, n, dot);
        if (!G->failed && ad_graph_varies(G, d->chosen[j]) && column_is_summed(d, dot))
            d->status = AD_ERROR_ARGUMENT;
        for (uint32_t k = 0; k < d->f->n_outputs && !G->failed; k++) {
            uint32_t slope = dot[d->f->outputs[k]];
            out[k * d->n + j] = slope == NONE ? ad_graph_number(G, 0) : slope;
        }
    }
    ad_drop(&G->allocator, dot, n, sizeof *dot);
}

/* w becomes w', and in later derivations w'2, w'3, ...; seeds are g1', g2', ... */
static int name_new_inputs(const derivation *d, ad_function *to)
{
    char name[24] = "", suffix[24] = "'";
    size_t param = d->f->n_params, column = to->n_params + (size_t)d->f->n_columns;
    for (size_t k = 0; k < d->directions; k++) {
        if (++to->level > 1)
            snprintf(suffix, sizeof suffix, "'%u", to->level);
        for (size_t j = 0; d->o.mode == AD_TANGENT && j < d->n; j++) {
            size_t i = input_at(d, j);
            const char *from = i < d->f->n_params ? ad_function_param_name(d->f, i)
                                                  : ad_function_column_name(d->f, i - d->f->n_params);
            if (!ad_function_set_name(to, i < d->f->n_params ? param++ : column++, from, suffix))
                return 0;
        }
    }
    for (size_t k = 0; d->o.mode == AD_ADJOINT && k < d->f->n_outputs; k++) {
        snprintf(name, sizeof name, "g%zu", k + 1);
        if (!ad_function_set_name(to, d->more_params ? param++ : column++, name, suffix))
            return 0;
    }
    return 1;
}

static ad_function *derive(derivation *d)
{
    size_t kept = d->o.keep_outputs ? d->f->n_outputs : 0;
    choose(d);
    if (d->status != AD_OK)
        return NULL;
    if (!ad_graph_copy(&d->graph, &d->f->graph)) {
        d->status = AD_ERROR_NO_MEMORY;
        return NULL;
    }
    memcpy(d->outputs, d->f->outputs, kept * sizeof *d->outputs);
    static void (*const sweep[])(derivation *, uint32_t *) = {reverse, tangent, adjoint, forward};
    sweep[d->o.mode](d, d->outputs + kept);
    ad_graph_close(&d->graph);             /* before there is another of its size */
    ad_function *to = d->graph.failed || d->status != AD_OK ? NULL
                    : ad_function_extract(d->f, &d->graph, d->more_params, d->more_columns, d->n_outputs, d->outputs);
    if (to && (d->o.mode == AD_TANGENT || d->o.mode == AD_ADJOINT) && !name_new_inputs(d, to)) {
        ad_function_free(to);
        to = NULL;
    }
    if (!to && d->status == AD_OK)
        d->status = AD_ERROR_NO_MEMORY;
    return to;
}

/* Numbers of outputs and inputs must fit in ids; a function has an output. */
static void count_outputs(derivation *d)
{
    size_t m = d->f->n_outputs, most = UINT32_MAX / 8, each = d->o.mode == AD_REVERSE || d->o.mode == AD_FORWARD ? m : 1;
    d->n = d->o.inputs || d->o.n ? d->o.n : d->f->n_params;
    d->directions = d->o.mode == AD_TANGENT && d->o.directions ? d->o.directions : 1;
    if (d->o.n && !d->o.inputs)
        d->status = AD_ERROR_ARGUMENT;
    else if (d->directions > most || d->n > most / d->directions || d->n > most / each || m > most / d->directions)
        d->status = AD_ERROR_LIMIT;
    d->n_outputs = d->o.mode == AD_TANGENT ? d->directions * m : each * d->n;
    if (d->o.keep_outputs)
        d->n_outputs += m;
    if (d->status == AD_OK && !d->n_outputs)
        d->status = AD_ERROR_ARGUMENT;
}

ad_function *ad_function_derive(const ad_function *f, ad_derive_options options)
{
    derivation d = {.f = f, .o = options, .status = AD_OK};
    ad_function *to = NULL;
    if (!f || options.mode < AD_REVERSE || options.mode > AD_FORWARD)
        d.status = AD_ERROR_ARGUMENT;
    else
        count_outputs(&d);
    if (d.status == AD_OK) {
        const ad_allocator *a = &f->allocator;
        d.chosen  = ad_make(a, d.n, sizeof *d.chosen);
        d.outputs = ad_make(a, d.n_outputs, sizeof *d.outputs);
        if (d.chosen && d.outputs)
            to = derive(&d);
        else
            d.status = AD_ERROR_NO_MEMORY;
        ad_drop(a, d.chosen, d.n, sizeof *d.chosen);
        ad_drop(a, d.outputs, d.n_outputs, sizeof *d.outputs);
        ad_graph_free(&d.graph);
    }
    if (options.status)
        *options.status = d.status;
    return to;
}

/* ---- Totals ------------------------------------------------------------------------------------------------------------- */

ad_function *ad_function_total(const ad_function *f)
{
    if (!f)
        return NULL;
    const ad_allocator *a = &f->allocator;
    ad_graph G = {.allocator = *a};
    ad_function *to = NULL;
    uint32_t *sums = ad_make(a, f->n_outputs, sizeof *sums);
    if (sums && ad_graph_copy(&G, &f->graph)) {
        for (uint32_t k = 0; k < f->n_outputs && !G.failed; k++)
            sums[k] = ad_graph_row_sum(&G, f->outputs[k]);
        if (!G.failed)
            to = ad_function_extract(f, &G, 0, 0, f->n_outputs, sums);
    }
    ad_graph_free(&G);
    ad_drop(a, sums, f->n_outputs, sizeof *sums);
    return to;
}

static ad_function *make_total(const ad_function *f, ad_status *status)
{
    ad_function *total = ad_function_total(f);
    *status = total ? AD_OK : AD_ERROR_NO_MEMORY;
    return total;
}

const ad_function *ad_function_its_total(const ad_function *f, ad_status *status)
{
    return ad_function_made_once(f, AD_ITS_TOTAL, make_total, status);
}

/* ---- One row ------------------------------------------------------------------------------------------------------------ */

static int fill_point(const ad_function *f, ad_function *to, uint32_t *node)
{
    ad_graph *G = &to->graph;
    for (uint32_t i = 0; i < to->n_params; i++) {
        const char *name = i < f->n_params ? ad_function_param_name(f, i) : ad_function_column_name(f, i - f->n_params);
        to->param_nodes[i] = ad_graph_make(G, AD_OP_PARAM, i, 0, 0);
        if (!ad_function_set_name(to, i, name, NULL))
            return 0;
    }
    ad_graph_add(G, &f->graph, NULL, to->param_nodes, to->param_nodes + f->n_params, 1, node);
    for (uint32_t k = 0; k < f->n_outputs; k++)
        to->outputs[k] = node[f->outputs[k]];
    to->level = f->level;
    ad_function_find_depth(to);
    ad_graph_close(G);
    return !G->failed;
}

static ad_function *make_point(const ad_function *f, ad_status *status)
{
    const ad_allocator *a = &f->allocator;
    ad_function *to = ad_function_blank(a, f->n_params + (size_t)f->n_columns, 0, f->n_outputs);
    uint32_t *node = ad_make(a, f->graph.n, sizeof *node);
    int done = to && node && fill_point(f, to, node);
    ad_drop(a, node, f->graph.n, sizeof *node);
    *status = done ? AD_OK : AD_ERROR_NO_MEMORY;
    if (done)
        return to;
    ad_function_free(to);
    return NULL;
}

const ad_function *ad_function_at_a_point(const ad_function *f, ad_status *status)
{
    return ad_function_made_once(f, AD_ITS_POINT, make_point, status);
}

/* ---- Made once ---------------------------------------------------------------------------------------------------------- */

const ad_function *ad_function_made_once(const ad_function *f, int which, ad_function_maker *make, ad_status *status)
{
    ad_function *owner = (ad_function *)(uintptr_t)f;
    ad_function **place = &owner->derived[which], *made = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    *status = AD_OK;
    if (made)
        return made;
    pthread_mutex_lock(&owner->lock);
    if (!(made = *place)) {
        made = make(f, status);
        __atomic_store_n(place, made, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&owner->lock);
    return made;
}
