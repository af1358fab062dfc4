/* graph.c -- a model as a graph: on a tape, symbol by symbol, and from there as a function. */
#include "internal.h"

#include "autodiff/tape/internal.h"
#include "autodiff/tape/operations.h"

#include <math.h>
#include <string.h>

/* How inputs and constants enter: all as params of the tape, or as the inputs of a function. */
typedef struct entering {
    int    function;
    ad_var anchor;                         /* of a function: any input */
    const unsigned char *by;               /* of a function: symbols that some formula is differentiated by */
} entering;

/* A constant as a node that is no input. The anchor has slope 0 in it, exactly. */
static ad_var anchored(const entering *in, double value) { return ad_select(1, value, in->anchor); }

static ad_var constant(const entering *in, ad_tape *tape, size_t i, const char *name, double value)
{
    if (!in->function)
        return ad_param(tape, name, value);
    return in->by[i] ? anchored(in, value) : ad_const(value);
}

/* A formula's variable is a node of its own: another's would have that one's derivative, a number none. What a row makes is. */
static ad_var own_node(const entering *in, ad_tape *tape, size_t i, const ad_symbol *s, ad_var v)
{
    if (ad_is_plain(v))
        return isnan(v.value) && ad_tape_error(tape) != AD_OK ? v : constant(in, tape, i, s->name, v.value);
    if (s->formula->nodes[s->formula->size - 1].kind != AD_NODE_ROW)
        v = ad_mul(v, 1);
    return in->function ? v : ad_name(v, s->name);
}

static void record_inputs(const ad_model *m, ad_tape *tape, entering *in, ad_var *vars)
{
    for (int which = AD_PARAMS; which <= AD_COLUMNS; which++)
        for (size_t k = 0; k < m->n_inputs[which]; k++) {
            size_t i = ((const size_t *)m->inputs[which].base)[k];
            const ad_symbol *s = ad_symbol_at(m, i);
            in->anchor = vars[i] = which == AD_PARAMS ? ad_param(tape, s->name, s->value) : ad_column(tape, s->name);
        }
}

static int has_derivative(const ad_expression *e)
{
    for (size_t i = 0; i < e->size; i++)
        if (e->nodes[i].kind == AD_NODE_DERIVATIVE)
            return 1;
    return 0;
}

static int uses_from(const ad_expression *e, size_t symbol)
{
    for (size_t i = 0; i < e->size; i++)
        if (e->nodes[i].name && e->nodes[i].symbol >= symbol)
            return 1;
    return 0;
}

/* Formulas from i on that hold derivatives and none of which needs another: so a gradient written out, name by name, takes
 * one sweep. */
static size_t end_of_group(const ad_model *m, size_t i)
{
    size_t end = i + 1;
    if (has_derivative(ad_symbol_at(m, i)->formula))
        while (end < m->scope.count && ad_symbol_at(m, end)->formula && has_derivative(ad_symbol_at(m, end)->formula) &&
               !uses_from(ad_symbol_at(m, end)->formula, i))
            end++;
    return end;
}

static void record_group(const ad_model *m, ad_tape *tape, const entering *in, size_t i, size_t end, ad_var *vars)
{
    size_t n = end - i, bytes = n * sizeof(const ad_expression *);
    const ad_expression *one = ad_symbol_at(m, i)->formula, **e = n > 1 ? ad_resize(&tape->allocator, NULL, 0, bytes) : &one;
    if (!e) {
        ad_fault_memory(tape, "model_record", "a gradient");
        while (i < end)
            vars[i++] = ad_const(NAN);
        return;
    }
    for (size_t k = 0; k < n; k++)
        e[k] = ad_symbol_at(m, i + k)->formula;
    ad_expressions_record(n, e, tape, vars, vars + i);
    for (size_t k = i; k < end; k++)
        vars[k] = own_node(in, tape, k, ad_symbol_at(m, k), vars[k]);
    if (n > 1)
        ad_resize(&tape->allocator, e, bytes, 0);
}

static void record(const ad_model *m, ad_tape *tape, entering in, ad_var *vars)
{
    if (in.function)                               /* inputs first: any of them is the anchor */
        record_inputs(m, tape, &in, vars);
    for (size_t i = 0, end; i < m->scope.count; i = end) {
        const ad_symbol *s = ad_symbol_at(m, i);
        end = s->kind == AD_SYMBOL_FORMULA ? end_of_group(m, i) : i + 1;
        if (s->kind == AD_SYMBOL_FORMULA)
            record_group(m, tape, &in, i, end, vars);
        else if (s->kind == AD_SYMBOL_CONST)
            vars[i] = constant(&in, tape, i, s->name, s->value);
        else if (!in.function)
            vars[i] = ad_param(tape, s->name, s->value);
    }
}

ad_status ad_model_record(const ad_model *m, ad_tape *tape, ad_var *vars)
{
    if (!m || !tape)
        return tape ? AD_ERROR_ARGUMENT : AD_ERROR_NO_MEMORY;
    record(m, tape, (entering){0}, vars);
    ad_status status = ad_tape_error(tape);
    for (size_t i = 0; status != AD_OK && i < m->scope.count; i++)
        vars[i] = ad_const(NAN);
    return status;
}

/* ---- Functions ---------------------------------------------------------------------------------------------------------- */

static void mark_derivatives(const ad_expression *e, unsigned char *by)
{
    for (size_t i = 0; i < e->size; i++)
        if (e->nodes[i].kind == AD_NODE_DERIVATIVE)
            by[e->nodes[i].symbol] = 1;
}

typedef struct making {
    const ad_model *model;
    size_t   n;
    const ad_expression *const *outputs;   /* NULL: what is to be minimized */
    ad_tape *tape;
    ad_var  *vars, *results;
    unsigned char *by;
} making;

/* Without inputs all is constant: it is computed on another tape, where constants have derivatives. */
static int compute(making *w, ad_tape *tape)
{
    ad_model_record(w->model, tape, w->vars);
    if (w->outputs)
        ad_expressions_record(w->n, w->outputs, tape, w->vars, w->results);
    else
        w->results[0] = w->vars[w->model->minimize];
    for (size_t k = 0; k < w->n; k++)
        w->results[k] = ad_const(ad_value(w->results[k]));
    return ad_tape_error(tape) == AD_OK;
}

static int record_outputs(making *w)
{
    const ad_model *m = w->model;
    if (!m->n_inputs[AD_PARAMS] && !m->n_inputs[AD_COLUMNS]) {
        ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = m->arena.allocator});
        int done = tape && compute(w, tape);
        ad_tape_free(tape);
        return done;
    }
    for (size_t i = 0; i < m->scope.count; i++)
        if (ad_symbol_at(m, i)->formula)
            mark_derivatives(ad_symbol_at(m, i)->formula, w->by);
    for (size_t k = 0; w->outputs && k < w->n; k++)
        mark_derivatives(w->outputs[k], w->by);
    record(m, w->tape, (entering){.function = 1, .by = w->by}, w->vars);
    if (w->outputs)
        ad_expressions_record(w->n, w->outputs, w->tape, w->vars, w->results);
    else
        w->results[0] = w->vars[m->minimize];
    return ad_tape_error(w->tape) == AD_OK;
}

static void *make(const ad_allocator *a, size_t n, size_t size)
{
    void *block = ad_resize(a, NULL, 0, (n + 1) * size);
    if (block)
        memset(block, 0, (n + 1) * size);
    return block;
}

static void drop(const ad_allocator *a, void *block, size_t n, size_t size)
{
    if (block)
        ad_resize(a, block, (n + 1) * size, 0);
}

ad_function *ad_model_function(const ad_model *m, size_t n, const ad_expression *const *outputs, ad_problem *problem)
{
    ad_problem none;
    problem = problem ? problem : &none;
    *problem = (ad_problem){0};
    if (!m || (n && !outputs) || (!n && m->minimize == AD_NO_SYMBOL)) {
        ad_problem_state(problem, AD_ERROR_ARGUMENT, m ? "the model does not say what to minimize: expected a line 'minimize NAME'"
                                                       : "no model");
        return NULL;
    }
    const ad_allocator *a = &m->arena.allocator;
    size_t symbols = m->scope.count;
    making w = {.model = m, .n = n ? n : 1, .outputs = n ? outputs : NULL};
    w.tape = ad_tape_create((ad_tape_options){.allocator = *a});
    w.vars = make(a, symbols, sizeof *w.vars);
    w.results = make(a, w.n, sizeof *w.results);
    w.by = make(a, symbols, 1);
    ad_function *f = NULL;
    if (w.tape && w.vars && w.results && w.by && record_outputs(&w))
        f = ad_function_new(w.tape, w.n, w.results);
    if (!f && w.tape && ad_tape_error(w.tape) != AD_OK)
        ad_problem_state(problem, ad_tape_error(w.tape), "%s", ad_tape_error_message(w.tape));
    else if (!f)
        ad_problem_memory(problem);
    drop(a, w.by, symbols, 1);
    drop(a, w.results, w.n, sizeof *w.results);
    drop(a, w.vars, symbols, sizeof *w.vars);
    ad_tape_free(w.tape);
    return f;
}
