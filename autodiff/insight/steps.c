/* steps.c -- taking a graph apart into named steps, and the slopes between them. What is made of it: explain.c, draw.c. */
#include "steps.h"

#include "../tape/derivatives.h"
#include "../tape/operations.h"
#include "node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A formula longer than that has a part of it named on its own. Operations count ONE; a list as one, however long, and so
 * does a sum of terms, each but a little. */
enum { ONE = 64, LONG = 24 * ONE, NONE = -1 };

typedef struct taking {
    ad_steps      *s;
    ad_tape       *tape;
    uint32_t       top, names;             /* E's node; v1 ... given so far */
    unsigned char *needed;                 /* [top + 1] */
    uint32_t      *uses, *size;            /* [top + 1] by how many operands; how long the formula is so far */
    ad_var        *form;                   /* [top + 1] on the notebook: a symbol, a number, or part of a formula */
    size_t        *place;                  /* [s->n] the last edge from a step */
    ad_tape       *scratch;                /* where one formula is derived */
    ad_status      status;
} taking;

static void *grown(taking *t, void *block, size_t *size, size_t bytes)
{
    size_t wanted = *size < bytes ? 2 * bytes : *size;
    void *moved = wanted == *size ? block : ad_resize(&t->s->allocator, block, *size, wanted);
    if (!moved) {
        t->status = AD_ERROR_NO_MEMORY;
        return NULL;
    }
    *size = wanted;
    return moved;
}

static void *zeros(taking *t, size_t n, size_t size)
{
    void *block = ad_resize(&t->s->allocator, NULL, 0, n * size);
    if (block)
        memset(block, 0, n * size);
    else
        t->status = AD_ERROR_NO_MEMORY;
    return block;
}

/* ---- Steps -------------------------------------------------------------------------------------------------------------- */

static int is_taken(taking *t, const char *name)
{
    return !ad_is_plain(ad_find(t->tape, name));
}

static void name_step(taking *t, ad_step *step, uint32_t i)
{
    const char *name = ad_name_of(ad_var_at(t->tape, i));
    ad_node node = ad_node_at(t->tape, i);
    if (name)
        snprintf(step->name, sizeof step->name, "%s", name);
    else if (node.rule->kind == AD_LEAF)
        snprintf(step->name, sizeof step->name, "input[%u]", (unsigned)ad_word_y(t->tape->head->words[i]));
    else if (i == t->top && !is_taken(t, "E"))
        snprintf(step->name, sizeof step->name, "E");
    else
        do
            snprintf(step->name, sizeof step->name, "v%u", (unsigned)++t->names);
        while (is_taken(t, step->name));
}

/* formula: plain NaN for an input. */
static void add_step(taking *t, uint32_t i, ad_var formula, int input)
{
    ad_steps *s = t->s;
    ad_step *moved = grown(t, s->step, &s->step_size, (s->n + 1) * sizeof *moved);
    if (!moved)
        return;
    s->step = moved;
    ad_step *step = &s->step[s->n++];
    *step = (ad_step){.node = i, .input = input, .formula = formula};
    name_step(t, step, i);
    t->form[i] = step->symbol = ad_param(s->notebook, step->name, t->tape->head->values[i]);
}

/* Records row `op` with operands x [n] (of pairs: x then y) on whatever tape they are of. */
static ad_var record(const ad_node *node, const ad_var *x)
{
    size_t n = node->n / (node->rule->kind == AD_PAIRS ? 2 : 1);
    switch (node->op) {
#define NA1(name, ...) case AD_OP_##name: return ad_##name(n, x);
#define NA2(name, ...) case AD_OP_##name: return ad_##name(n, x, x + n);
#include "../ops.def"
    default: return ad_record(node->op, x[0], node->n > 1 ? x[1] : ad_const(0), node->n > 2 ? x[2] : ad_const(0));
    }
}

ad_var ad_steps_again(ad_steps *s, const ad_node *node, const ad_var *form)
{
    ad_var fixed[3], *x = fixed, z;
    size_t width = node->rule->kind == AD_PAIRS ? 2 : 1, n = node->n / width;
    if (node->list && !(x = ad_resize(&s->allocator, NULL, 0, (node->n + 1) * sizeof *x)))
        return ad_fault_memory(s->notebook, "explain", "operands");
    for (size_t k = 0; k < node->n; k++)
        x[k % width * n + k / width] = form[ad_node_operand(node, k)];
    z = record(node, x);
    if (node->list)
        ad_resize(&s->allocator, x, (node->n + 1) * sizeof *x, 0);
    return z;
}

static uint32_t size_of(const taking *t, const ad_node *node)
{
    uint32_t size = ONE;
    if (node->op == AD_OP_add || node->op == AD_OP_sub) {
        uint32_t x = t->size[node->fixed[0]] + 1, y = t->size[node->fixed[1]] + ONE;
        return x > y ? x : y;
    }
    for (size_t k = 0; !node->list && k < node->n; k++)
        size += t->size[ad_node_operand(node, k)];
    return size;
}

static void take_node(taking *t, uint32_t i)
{
    ad_node node = ad_node_at(t->tape, i);
    const char *name = ad_name_of(ad_var_at(t->tape, i));
    if (node.op == AD_OP_CONSTANT && !name) {
        t->form[i] = ad_const(t->tape->head->values[i]);
        return;
    }
    if (node.rule->kind == AD_LEAF) {
        add_step(t, i, ad_const(NAN), 1);
        return;
    }
    t->size[i] = size_of(t, &node);
    ad_var formula = ad_steps_again(t->s, &node, t->form);
    if (name || i == t->top || t->uses[i] > 1 || t->size[i] >= LONG) {
        add_step(t, i, formula, 0);
        t->size[i] = 0;
    } else
        t->form[i] = formula;
}

static void take_nodes(taking *t)
{
    t->needed[t->top] = 1;
    for (uint32_t i = t->top + 1; i-- > 0;) {
        ad_node node = ad_node_at(t->tape, i);
        for (size_t k = 0; t->needed[i] && k < node.n; k++) {
            t->needed[ad_node_operand(&node, k)] = 1;
            t->uses[ad_node_operand(&node, k)]++;
        }
    }
    for (uint32_t i = 0; i <= t->top; i++)
        if (t->needed[i] && ad_word_op(t->tape->head->words[i]) >= AD_OP_COUNT)
            t->status = AD_ERROR_ARGUMENT;
    for (uint32_t i = 0; i <= t->top && t->status == AD_OK; i++)
        if (t->needed[i] && ad_node_at(t->tape, i).op != AD_OP_THIRD)
            take_node(t, i);
}

/* ---- Slopes ------------------------------------------------------------------------------------------------------------- */

/* The nodes of one formula on the notebook, the root first, each with the place of the one that uses it. */
typedef struct formula_nodes {
    struct { uint32_t id; int by; } *node;
    size_t n, size;
} formula_nodes;

static int hold(taking *t, formula_nodes *f, uint32_t id, int by)
{
    void *moved = grown(t, f->node, &f->size, (f->n + 1) * sizeof *f->node);
    if (!moved)
        return 0;
    f->node = moved;
    f->node[f->n].id = id;
    f->node[f->n++].by = by;
    return 1;
}

static int walk(taking *t, formula_nodes *f, ad_var formula)
{
    f->n = 0;
    if (!hold(t, f, ad_id(formula), NONE))
        return 0;
    for (size_t at = 0; at < f->n; at++) {
        ad_node node = ad_node_at(t->s->notebook, f->node[at].id);
        for (size_t k = 0; k < node.n; k++)
            if (!hold(t, f, ad_node_operand(&node, k), (int)at))
                return 0;
    }
    return 1;
}

/* The step whose symbol a node of the notebook is; n for any other. Symbols are the notebook's first inputs, in order. */
static size_t step_at(const ad_steps *s, uint32_t id)
{
    uint64_t word = s->notebook->head->words[id];
    return ad_word_op(word) == AD_OP_PARAM && ad_word_y(word) < s->n ? ad_word_y(word) : s->n;
}

/* The rules from the formula's root to a leaf, the first few. */
static void note_rules(const ad_steps *s, const formula_nodes *f, size_t leaf, ad_edge *edge)
{
    const ad_rule *up[64];
    int n = 0;
    memset(edge->rules, 0, sizeof edge->rules);
    for (int at = f->node[leaf].by; at != NONE && n < 64; at = f->node[at].by)
        up[n++] = ad_node_at(s->notebook, f->node[at].id).rule;
    for (int k = 0; k < 3 && n;) {
        const ad_rule *rule = up[--n];
        int known = 0;
        for (int j = 0; j < k; j++)
            known |= edge->rules[j] == rule->words;
        if (known)
            continue;
        edge->rows[k] = rule->name;
        edge->rules[k++] = rule->words;
    }
}

/* Whether the step has an edge from that one already; then it stands at place[from]. */
static int is_edge(const taking *t, size_t to, size_t from)
{
    size_t k = t->place[from];
    return k < t->s->n_edges && t->s->edge[k].to == to && t->s->edge[k].from == from;
}

/* Whether the way found first leads through a comparison, which has no slope. */
static int is_flat(const ad_edge *edge)
{
    for (int k = 0; k < 3 && edge->rules[k]; k++)
        if (strstr(edge->rules[k], "flat"))
            return 1;
    return 0;
}

static int find_edges(taking *t, size_t to, const formula_nodes *f)
{
    ad_steps *s = t->s;
    ad_step *step = &s->step[to];
    step->first_edge = s->n_edges;
    for (size_t k = 0; k < f->n; k++) {
        size_t from = step_at(s, f->node[k].id);
        if (from == s->n)
            continue;
        if (is_edge(t, to, from)) {
            if (is_flat(&s->edge[t->place[from]]))
                note_rules(s, f, k, &s->edge[t->place[from]]);
            continue;
        }
        ad_edge *moved = grown(t, s->edge, &s->edge_size, (s->n_edges + 1) * sizeof *moved);
        if (!moved)
            return 0;
        s->edge = moved;
        t->place[from] = s->n_edges;
        s->edge[s->n_edges] = (ad_edge){.from = (uint32_t)from, .to = (uint32_t)to};
        note_rules(s, f, k, &s->edge[s->n_edges++]);
        step->n_edges++;
    }
    return 1;
}

/* The formula once more on the scratch tape, by params in the order of the edges; its gradient there; that, tidied. */
static int derive(taking *t, size_t to, const formula_nodes *f)
{
    ad_steps *s = t->s;
    const ad_step *step = &s->step[to];
    const ad_tape *notebook = s->notebook;
    size_t n = step->n_edges, size = (3 * n + 2 * f->n + 1) * sizeof(ad_var);
    ad_var *param = ad_resize(&s->allocator, NULL, 0, size);
    if (!param)
        return 0;
    ad_var *slope = param + n, *symbol = slope + n, *form = symbol + n, *operand = form + f->n;
    ad_tape_reset(t->scratch);
    for (size_t k = 0; k < n; k++) {
        symbol[k] = s->step[s->edge[step->first_edge + k].from].symbol;
        param[k] = ad_param(t->scratch, NULL, symbol[k].value);
    }
    /* Operands stand behind what uses them, in order: from the back, every node finds its own. */
    size_t last = f->n;
    for (size_t i = f->n; i-- > 0;) {
        ad_node node = ad_node_at(notebook, f->node[i].id);
        size_t from = step_at(s, f->node[i].id);
        if (from < s->n)
            form[i] = param[t->place[from] - step->first_edge];
        else if (node.rule->kind == AD_LEAF)
            form[i] = ad_const(notebook->head->values[f->node[i].id]);
        else {
            size_t width = node.rule->kind == AD_PAIRS ? 2 : 1, length = node.n / width;
            last -= node.n;
            for (size_t k = 0; k < node.n; k++)
                operand[k % width * length + k / width] = form[last + k];
            form[i] = record(&node, operand);
        }
    }
    ad_gradient(form[0], n, param, slope);
    for (size_t k = 0; k < n; k++) {
        ad_edge *edge = &s->edge[step->first_edge + k];
        edge->value = slope[k].value;
        edge->slope = ad_tidy(t->scratch, slope[k], form[0], step->symbol, n, symbol, s->notebook);
    }
    ad_resize(&s->allocator, param, size, 0);
    return ad_tape_error(t->scratch) == AD_OK;
}

static void take_slopes(taking *t)
{
    ad_steps *s = t->s;
    formula_nodes f = {NULL, 0, 0};
    t->place = zeros(t, s->n, sizeof *t->place);
    for (size_t i = 0; i < s->n && t->status == AD_OK; i++) {
        s->step[i].first_edge = s->n_edges;
        if (s->step[i].input || ad_is_plain(s->step[i].formula))
            continue;
        if (!walk(t, &f, s->step[i].formula) || !find_edges(t, i, &f) || !derive(t, i, &f))
            t->status = AD_ERROR_NO_MEMORY;
    }
    ad_resize(&s->allocator, f.node, f.size, 0);
    ad_resize(&s->allocator, t->place, t->place ? s->n * sizeof *t->place : 0, 0);
}

/* ---- Uses and adjoints -------------------------------------------------------------------------------------------------- */

static void take_uses(taking *t)
{
    ad_steps *s = t->s;
    size_t at = 0;
    s->uses = ad_resize(&s->allocator, NULL, 0, (s->n_edges + 1) * sizeof *s->uses);
    if (!s->uses) {
        t->status = AD_ERROR_NO_MEMORY;
        return;
    }
    for (size_t k = 0; k < s->n_edges; k++)
        s->step[s->edge[k].from].n_uses++;
    for (size_t i = 0; i < s->n; i++) {
        s->step[i].first_use = at;
        at += s->step[i].n_uses;
        s->step[i].n_uses = 0;
    }
    for (size_t k = s->n_edges; k-- > 0;) {
        ad_step *from = &s->step[s->edge[k].from];
        s->uses[from->first_use + from->n_uses++] = k;
    }
}

static void take_adjoints(taking *t, size_t n_wrt, const ad_var *wrt)
{
    ad_steps *s = t->s;
    ad_backward(ad_var_at(t->tape, t->top));
    for (size_t i = 0; i < s->n; i++) {
        char name[2 * AD_STEP_NAME + 4];
        ad_step *step = &s->step[i];
        snprintf(name, sizeof name, "d%s/d%s", s->step[s->n - 1].name, step->name);
        step->adjoint = ad_param(s->notebook, name, ad_grad(ad_var_at(t->tape, step->node)));
        step->given = step->input && wrt;
        for (size_t k = 0; k < n_wrt && step->given; k++)
            step->given = ad_is_plain(wrt[k]) || ad_id(wrt[k]) != step->node;
    }
}

/* ---- The whole ---------------------------------------------------------------------------------------------------------- */

void ad_steps_free(ad_steps *s)
{
    ad_tape_free(s->notebook);
    ad_resize(&s->allocator, s->step, s->step_size, 0);
    ad_resize(&s->allocator, s->edge, s->edge_size, 0);
    ad_resize(&s->allocator, s->uses, s->uses ? (s->n_edges + 1) * sizeof *s->uses : 0, 0);
    *s = (ad_steps){.allocator = s->allocator};
}

ad_status ad_steps_make(ad_steps *s, ad_var E, size_t n_wrt, const ad_var *wrt)
{
    if (ad_is_plain(E))
        return AD_ERROR_ARGUMENT;
    ad_tape *tape = ad_tape_of(E, "explain");
    if (!tape)
        return AD_ERROR_STALE;
    for (size_t k = 0; k < n_wrt; k++)
        if (!ad_is_plain(wrt[k]) && !ad_accepts(tape, wrt[k], "explain", "a variable to differentiate by"))
            return ad_tape_error(tape);
    *s = (ad_steps){.allocator = tape->allocator};
    taking t = {.s = s, .tape = tape, .top = ad_id(E), .status = AD_OK};
    size_t n = t.top + (size_t)1;
    s->notebook = ad_tape_create((ad_tape_options){.allocator = tape->allocator});
    t.scratch   = ad_tape_create((ad_tape_options){.allocator = tape->allocator});
    t.needed = zeros(&t, n, 1);
    t.uses   = zeros(&t, n, sizeof *t.uses);
    t.size   = zeros(&t, n, sizeof *t.size);
    t.form   = zeros(&t, n, sizeof *t.form);
    if (!s->notebook || !t.scratch)
        t.status = AD_ERROR_NO_MEMORY;
    if (t.status == AD_OK)
        take_nodes(&t);
    if (t.status == AD_OK)
        take_slopes(&t);
    if (t.status == AD_OK)
        take_uses(&t);
    if (t.status == AD_OK)
        take_adjoints(&t, n_wrt, wrt);
    if (t.status == AD_OK && (ad_tape_error(s->notebook) != AD_OK || ad_tape_error(tape) == AD_ERROR_NO_MEMORY))
        t.status = AD_ERROR_NO_MEMORY;
    ad_tape_free(t.scratch);
    ad_resize(&s->allocator, t.needed, t.needed ? n : 0, 0);
    ad_resize(&s->allocator, t.uses, t.uses ? n * sizeof *t.uses : 0, 0);
    ad_resize(&s->allocator, t.size, t.size ? n * sizeof *t.size : 0, 0);
    ad_resize(&s->allocator, t.form, t.form ? n * sizeof *t.form : 0, 0);
    if (t.status != AD_OK)
        ad_steps_free(s);
    return t.status;
}

size_t ad_step_of(const ad_steps *s, ad_var v)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->step[middle].node < ad_id(v))
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->n && !ad_is_plain(v) && s->step[low].node == ad_id(v) ? low : s->n;
}
