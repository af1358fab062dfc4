/* take.c -- taking a function off a tape: what the outputs need, n-ary rows as chains of two-operand ones. */
#include "callee.h"
#include "internal.h"

#include "autodiff/tape/call.h"

#include <math.h>

typedef struct taking {
    ad_tape       *tape;
    ad_function   *f;
    unsigned char *needed;                 /* [n] */
    uint32_t      *node;                   /* [n] of the graph */
    unsigned char *called;                 /* [calls on the tape] taken already */
    const char   **names;                  /* [inputs] or NULL */
    uint32_t       n;
    int            refused;                /* for a call over data has an operand that varies, or one within a call at a point */
} taking;

static void need(taking *t, uint32_t i)
{
    uint64_t word = t->tape->head->words[i];
    const ad_rule *rule = &ad_rules[ad_word_op(word)];
    if (ad_word_op(word) == AD_OP_CALL) {
        const ad_called *c = ad_called_at(t->tape, ad_word_x(word));
        for (uint32_t j = 0; j < c->n; j++)
            t->needed[ad_called_operands(t->tape, c)[j]] = 1;
    }
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

/* x, with the slope that the lists' rows give a single element. */
static uint32_t flat_at_infinity(ad_graph *G, uint32_t x)
{
    uint32_t end = ad_graph_make(G, AD_OP_equal, ad_graph_make(G, AD_OP_abs, x, 0, 0), ad_graph_number(G, INFINITY), 0);
    uint32_t one = ad_graph_make(G, AD_OP_select, ad_graph_make(G, AD_OP_equal, x, x, 0), ad_graph_number(G, 1),
                                 ad_graph_number(G, NAN));
    uint32_t slope = ad_graph_make(G, AD_OP_select, end, ad_graph_number(G, 0), one);
    return ad_graph_make(G, AD_OP_SLOPE_OF, x, ad_graph_make(G, AD_OP_mul, x, slope, 0), 0);
}

/* m + log(exp(x_1 - m) + ... + exp(x_n - m)): one exponential an element, where a chain of logaddexp takes two functions and
 * its derivative two more. Any m near the largest will do; floor has no slope, so that none is derived of the choice, and
 * the limits keep infinite elements from meeting their like. P2 runs in 0.7 of the time. An infinite sum has no slope. */
static uint32_t take_logsumexp(taking *t, const uint32_t *list)
{
    ad_graph *G = &t->f->graph;
    uint32_t m = t->node[list[1]], sum = UINT32_MAX;
    if (list[0] == 1)
        return flat_at_infinity(G, m);
    for (uint32_t k = 1; k < list[0]; k++)
        m = ad_graph_make(G, AD_OP_max, m, t->node[list[1 + k]], 0);
    m = ad_graph_make(G, AD_OP_clamp, ad_graph_make(G, AD_OP_floor, m, 0, 0), ad_graph_number(G, -0x1p1000),
                      ad_graph_number(G, 0x1p1000));
    for (uint32_t k = 0; k < list[0]; k++) {
        uint32_t e = ad_graph_make(G, AD_OP_exp, ad_graph_make(G, AD_OP_sub, t->node[list[1 + k]], m, 0), 0, 0);
        sum = k ? ad_graph_make(G, AD_OP_add, sum, e, 0) : e;
    }
    return ad_graph_make(G, AD_OP_add, m, ad_graph_make(G, AD_OP_log, sum, 0, 0), 0);
}

/* s root((x_1 / s)^2 + ... + (x_n / s)^2), s the power of two next below the largest: a chain of hypot costs more, and gives
 * infinite operands slopes that depend on their order. As above floor keeps s flat. At 0 it is flat to every order, as the row is. */
static uint32_t take_norm2(taking *t, const uint32_t *list)
{
    ad_graph *G = &t->f->graph;
    uint32_t s = UINT32_MAX, sum = UINT32_MAX;
    for (uint32_t k = 0; k < list[0]; k++) {
        uint32_t x = ad_graph_make(G, AD_OP_abs, t->node[list[1 + k]], 0, 0);
        s = k ? ad_graph_make(G, AD_OP_max, s, x, 0) : x;
    }
    s = ad_graph_make(G, AD_OP_clamp, ad_graph_make(G, AD_OP_floor, ad_graph_make(G, AD_OP_log2, s, 0, 0), 0, 0),
                      ad_graph_number(G, -1000), ad_graph_number(G, 1000));
    s = ad_graph_make(G, AD_OP_exp2, s, 0, 0);
    for (uint32_t k = 0; k < list[0]; k++) {
        uint32_t square = ad_graph_make(G, AD_OP_square, ad_graph_make(G, AD_OP_div, t->node[list[1 + k]], s, 0), 0, 0);
        sum = k ? ad_graph_make(G, AD_OP_add, sum, square, 0) : square;
    }
    uint32_t zero = ad_graph_number(G, 0), root = ad_graph_make(G, AD_OP_sqrt, sum, 0, 0);
    root = ad_graph_make(G, AD_OP_select, ad_graph_make(G, AD_OP_equal, sum, zero, 0), zero, root);
    return ad_graph_make(G, AD_OP_mul, s, root, 0);
}

/* The chain of max or min for the value. Its slope would share a tie of three as 1/4, 1/4, 1/2, so that is the slope of
 * the sum of s x instead, s = 1/m for the m elements that equal the value and 0 for the rest: flat, so that nothing else
 * comes of it however often it is derived. */
static uint32_t take_extreme(taking *t, enum ad_op pair, const uint32_t *list)
{
    ad_graph *G = &t->f->graph;
    uint32_t z = t->node[list[1]], m = UINT32_MAX, slope = UINT32_MAX, zero = ad_graph_number(G, 0);
    for (uint32_t k = 1; k < list[0]; k++)
        z = ad_graph_make(G, pair, z, t->node[list[1 + k]], 0);
    if (list[0] == 2)
        return z;
    for (uint32_t k = 0; k < list[0]; k++) {
        uint32_t tie = ad_graph_make(G, AD_OP_equal, t->node[list[1 + k]], z, 0);
        m = k ? ad_graph_make(G, AD_OP_add, m, tie, 0) : tie;
    }
    uint32_t share = ad_graph_make(G, AD_OP_div, ad_graph_number(G, 1), m, 0);
    for (uint32_t k = 0; k < list[0]; k++) {
        uint32_t tie = ad_graph_make(G, AD_OP_equal, t->node[list[1 + k]], z, 0);
        uint32_t term = ad_graph_make(G, AD_OP_mul, t->node[list[1 + k]], ad_graph_make(G, AD_OP_select, tie, share, zero), 0);
        slope = k ? ad_graph_make(G, AD_OP_add, slope, term, 0) : term;
    }
    return ad_graph_make(G, AD_OP_SLOPE_OF, z, slope, 0);
}

/* Lists become chains of two-operand rows, which derive and fuse like all others. */
static uint32_t take_list(taking *t, enum ad_op op, const uint32_t *list)
{
    ad_graph *G = &t->f->graph;
    uint32_t n = list[0], z = UINT32_MAX;
    if (op == AD_OP_logsumexp)
        return take_logsumexp(t, list);
    if (op == AD_OP_norm2)
        return take_norm2(t, list);
    if (op == AD_OP_maximum || op == AD_OP_minimum)
        return take_extreme(t, op == AD_OP_maximum ? AD_OP_max : AD_OP_min, list);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t x = op == AD_OP_dot
                   ? ad_graph_make(G, AD_OP_mul, t->node[list[1 + 2 * k]], t->node[list[2 + 2 * k]], 0) : t->node[list[1 + k]];
        z = k ? ad_graph_make(G, AD_OP_add, z, x, 0) : x;
    }
    return op == AD_OP_mean ? ad_graph_make(G, AD_OP_div, z, ad_graph_number(G, n), 0) : z;
}

/* All results of a call, at the first one needed: of a call at a point its formula, else nodes of the call. */
static void take_call(taking *t, uint32_t call)
{
    ad_graph *G = &t->f->graph;
    const ad_called *c = ad_called_at(t->tape, call);
    ad_callee *callee = c->object;
    const ad_graph *from = &callee->f->graph;
    uint32_t *x = ad_make(&G->allocator, c->n + (size_t)from->n, sizeof *x), *node = x ? x + c->n : NULL;
    G->failed |= !x;
    t->called[call] = 1;
    for (uint32_t j = 0; j < c->n && !G->failed; j++)
        x[j] = t->node[ad_called_operands(t->tape, c)[j]];
    if (!G->failed && callee->at_a_point) {
        ad_graph_add(G, from, NULL, x, NULL, 1, node);
        for (uint32_t k = 0; k < c->m; k++)
            t->node[c->first + k] = node[callee->f->outputs[k]];
    } else if (!G->failed) {
        uint32_t made = ad_graph_call(G, ad_graph_add_callee(G, ad_callee_hold(callee)), x);
        for (uint32_t k = 0; k < c->m; k++)
            t->node[c->first + k] = ad_graph_make(G, AD_OP_RESULT, made, k, 0);
    }
    ad_drop(&G->allocator, x, c->n + (size_t)from->n, sizeof *x);
}

static uint32_t take_node(taking *t, uint32_t i)
{
    ad_graph *G = &t->f->graph;
    uint64_t word = t->tape->head->words[i];
    enum ad_op op = (enum ad_op)ad_word_op(word);
    const ad_rule *rule = &ad_rules[op];
    if (op == AD_OP_CALL) {
        if (!t->called[ad_word_x(word)])
            take_call(t, ad_word_x(word));
        return t->node[i];
    }
    if (op == AD_OP_ROW_SUM)
        return ad_graph_row_sum(G, t->node[ad_word_x(word)]);
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
        size_t input = is_param ? param : f->n_params + (size_t)column;
        if (!ad_function_set_name(f, input, t->names[k], NULL))
            return 0;
        if (is_param)
            f->param_nodes[param++] = t->node[i];
        else
            f->column_nodes[column++] = t->node[i];
    }
    return !f->graph.failed;
}

static int take(taking *t, const ad_var *outputs)
{
    ad_function *f = t->f;
    uint32_t n = t->tape->n_inputs;
    for (uint32_t k = 0; k < f->n_outputs; k++)
        if (!ad_is_plain(outputs[k]))
            t->needed[ad_id(outputs[k])] = 1;
    for (uint32_t i = t->n; i-- > 0;)
        if (t->needed[i]) {
            need(t, i);
            n += ad_word_op(t->tape->head->words[i]) > AD_OP_THIRD;
        }
    if (!ad_graph_expect(&f->graph, n) || !take_inputs(t))
        return 0;
    for (uint32_t i = 0; i < t->n; i++)
        if (t->needed[i] && (ad_word_op(t->tape->head->words[i]) == AD_OP_CONSTANT || ad_word_op(t->tape->head->words[i]) == AD_OP_CALL ||
                             ad_rules[ad_word_op(t->tape->head->words[i])].kind != AD_LEAF))
            t->node[i] = take_node(t, i);
    for (uint32_t k = 0; k < f->n_outputs; k++)
        f->outputs[k] = ad_is_plain(outputs[k]) ? ad_graph_number(&f->graph, outputs[k].value) : t->node[ad_id(outputs[k])];
    for (uint32_t i = 0; i < f->graph.n && f->graph.n_callees; i++)
        t->refused |= ad_graph_at(&f->graph, i)->op == AD_OP_CALL && ad_graph_varies(&f->graph, i);
    ad_function_find_depth(f);
    ad_graph_close(&f->graph);
    return !f->graph.failed && !t->refused;
}

/* All tables are one block; its size. */
static size_t make_tables(taking *t)
{
    size_t inputs = t->tape->n_inputs, calls = t->tape->n_calls;
    size_t bytes = inputs * sizeof *t->names + t->n * (sizeof *t->node + 1) + calls + 1;
    size_t size = ad_scratch_size(&t->tape->allocator, bytes);
    t->names = ad_resize(&t->tape->allocator, NULL, 0, size);
    if (!t->names)
        return 0;
    memset(t->names, 0, bytes);
    t->node   = (uint32_t *)(t->names + inputs);
    t->needed = (unsigned char *)(t->node + t->n);
    t->called = t->needed + t->n;
    ad_names_of_inputs(t->tape, t->names);
    return size;
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
    size_t n_params = 0;
    for (uint32_t k = 0; k < tape->n_inputs; k++)
        n_params += ad_word_op(tape->head->words[((const uint32_t *)tape->inputs.base)[k]]) == AD_OP_PARAM;
    ad_function *f = ad_function_blank(a, n_params, tape->n_inputs - n_params, n_outputs);
    taking t = {.tape = tape, .f = f, .n = ad_recorded(tape)};
    size_t size = make_tables(&t);
    int done = f && t.names && take(&t, outputs);
    if (t.names)
        ad_resize(a, t.names, size, 0);
    if (done)
        return f;
    ad_function_free(f);
    if (t.refused)
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_function_new: an operand of ad_call_sum has one value per row: it depends on a column of the "
                 "tape; a call over data of its own has to be the same for all rows");
    else
        ad_fault_memory(tape, function, "the function");
    return NULL;
}
