/* derive.c -- derivatives of a graph as more of the graph: the reverse sweep, by the texts of ops.def. */
#include "callee.h"
#include "internal.h"

#include <math.h>

static const uint32_t NONE = UINT32_MAX;

typedef struct sweep {
    ad_graph      *G;
    uint32_t      *here, *across;          /* [of + 1] adjoints so far, or NONE; what is yet to be summed over rows */
    unsigned char *active;                 /* [of + 1] depends on what is asked for */
    int            by_row;                 /* `of` varies: nothing is summed over rows */
    int            refused;                /* for a row sum is on the way */
} sweep;

static int is_zero(const ad_graph *G, uint32_t i)
{
    return ad_graph_at(G, i)->op == AD_OP_CONSTANT && ad_graph_at(G, i)->number == 0;
}

static uint32_t plus(ad_graph *G, uint32_t a, uint32_t b)
{
    return a == NONE ? b : b == NONE ? a : ad_graph_make(G, AD_OP_add, a, b, 0);
}

uint32_t ad_graph_partial(ad_graph *G, uint32_t i, int place)
{
    ad_graph_node node = *ad_graph_at(G, i);
    const ad_program *program = ad_partial_program((enum ad_op)node.op, place);
    uint32_t stack[AD_DEPTH + 1];
    int depth = 0;
    for (int k = 0; program && k < program->size; k++) {
        int step = program->step[k].op;
        if (step < AD_OP_COUNT) {
            int arity = ad_rules[step].arity;
            depth -= arity - 1;
            uint32_t *at = stack + depth - 1;
            *at = ad_graph_make(G, (uint32_t)step, at[0], arity > 1 ? at[1] : 0, arity > 2 ? at[2] : 0);
        } else
            stack[depth++] = step == AD_PUSH_X ? node.x : step == AD_PUSH_Y ? node.y : step == AD_PUSH_W ? node.w
                           : step == AD_PUSH_Z ? i : ad_graph_number(G, program->step[k].number);
    }
    return depth == 1 ? stack[0] : ad_graph_number(G, NAN);
}

/* What a node that varies contributes to one that does not, it contributes once a row. */
static void contribute(sweep *s, uint32_t from, uint32_t target, uint32_t term)
{
    ad_graph *G = s->G;
    int each_row = !s->by_row && ad_graph_varies(G, from) && !ad_graph_varies(G, target);
    uint32_t *part = each_row ? &s->across[target] : &s->here[target];
    if (G->failed || is_zero(G, term))
        return;
    *part = plus(G, *part, term);
}

static uint32_t adjoint(sweep *s, uint32_t i)
{
    uint32_t summed = s->across[i] == NONE || s->G->failed ? NONE : ad_graph_row_sum(s->G, s->across[i]);
    return plus(s->G, s->here[i], summed);
}

/* A call of the callee's adjoint on operands and adjoints of results; what comes of it goes to the operands, times h. */
static void call_adjoint(sweep *s, uint32_t call, uint32_t *x, const uint32_t *g, uint32_t h)
{
    ad_graph *G = s->G;
    ad_status status;
    const ad_callee *c = ad_graph_callee(G, ad_graph_at(G, call)->y);
    uint32_t n = ad_callee_params(c), m = ad_callee_outputs(c);
    ad_graph_arguments(G, call, x);
    memcpy(x + n, g, m * sizeof *x);
    uint32_t callee = ad_graph_add_callee(G, ad_callee_with(c, ad_function_adjoint(c->f, &status)));
    uint32_t made = ad_graph_call(G, callee, x);
    for (uint32_t j = 0; j < n && !G->failed; j++)
        if (s->active[x[j]])
            contribute(s, call, x[j], ad_graph_make(G, AD_OP_chain, h, ad_graph_make(G, AD_OP_RESULT, made, j, 0), 0));
}

/* The results, which come later, have their adjoints. Those of a row do not enter a call, which does not vary: then each
 * result is derived by itself. */
static void visit_call(sweep *s, uint32_t i, uint32_t of)
{
    ad_graph *G = s->G;
    const ad_callee *c = ad_graph_callee(G, ad_graph_at(G, i)->y);
    uint32_t n = ad_callee_params(c), m = ad_callee_outputs(c), some = 0, rows = 0;
    size_t room = n + 3 * (size_t)m;
    uint32_t *x = ad_make(&G->allocator, room, sizeof *x);
    G->failed |= !x;
    if (G->failed)
        return;
    uint32_t *g = x + n + m, *unit = g + m;
    for (uint32_t k = 0; k < m && !G->failed; k++) {
        uint32_t result = ad_graph_make(G, AD_OP_RESULT, i, k, 0);
        g[k] = G->failed || result > of ? NONE : s->here[result];
        some |= g[k] != NONE;
        rows |= g[k] != NONE && ad_graph_varies(G, g[k]);
        if (g[k] == NONE)
            g[k] = ad_graph_number(G, 0);
    }
    if (some && !rows && !G->failed)
        call_adjoint(s, i, x, g, ad_graph_number(G, 1));
    for (uint32_t k = 0; k < m && rows && !G->failed; k++) {
        for (uint32_t l = 0; l < m; l++)
            unit[l] = ad_graph_number(G, l == k);
        if (!G->failed && !is_zero(G, g[k]))
            call_adjoint(s, i, x, unit, g[k]);
    }
    ad_drop(&G->allocator, x, room, sizeof *x);
}

static void visit(sweep *s, uint32_t i, uint32_t of)
{
    ad_graph *G = s->G;
    uint32_t op = ad_graph_at(G, i)->op, g = adjoint(s, i);
    s->here[i] = g;
    s->across[i] = NONE;
    if (op == AD_OP_CALL && !G->failed)
        visit_call(s, i, of);
    if (g == NONE || G->failed || op == AD_OP_RESULT)
        return;
    if (op == AD_OP_ROW_SUM && s->by_row) {
        s->refused = 1;
        return;
    }
    if (op == AD_OP_ROW_SUM) {
        uint32_t x = ad_graph_at(G, i)->x;
        if (s->active[x] && !ad_graph_varies(G, x))
            g = ad_graph_make(G, AD_OP_chain, g, ad_graph_row_sum(G, ad_graph_number(G, 1)), 0);
        if (s->active[x] && !G->failed)
            contribute(s, i, x, g);
        return;
    }
    if (op == AD_OP_SLOPE_OF) {
        uint32_t y = ad_graph_at(G, i)->y;
        if (s->active[y])
            contribute(s, i, y, g);
        return;
    }
    for (int k = 0; k < (op <= AD_OP_THIRD ? 0 : ad_rules[op].partials); k++) {
        uint32_t target = ad_graph_operand(ad_graph_at(G, i), k);
        if (s->active[target] && !G->failed)
            contribute(s, i, target, ad_graph_make(G, AD_OP_chain, g, ad_graph_partial(G, i, k), 0));
    }
}

static void mark_active(sweep *s, uint32_t of, uint32_t n, const uint32_t *wrt)
{
    memset(s->active, 0, of + (size_t)1);
    for (uint32_t i = 0; i < n; i++)
        if (wrt[i] <= of)
            s->active[wrt[i]] = 1;
    for (uint32_t i = 0; i <= of; i++) {
        const ad_graph_node *node = ad_graph_at(s->G, i);
        for (int k = 0; k < ad_graph_arity(node->op); k++)
            s->active[i] |= s->active[ad_graph_operand(node, k)];
    }
}

int ad_graph_reverse(ad_graph *G, uint32_t of, uint32_t n, const uint32_t *wrt, uint32_t *out)
{
    size_t nodes = of + (size_t)1, size = ad_scratch_size(&G->allocator, nodes * (2 * sizeof(uint32_t) + 1));
    sweep s = {.G = G, .by_row = ad_graph_varies(G, of)};
    s.here = ad_resize(&G->allocator, NULL, 0, size);
    if (!s.here)
        G->failed = 1;
    else {
        s.across = s.here + nodes;
        s.active = (unsigned char *)(s.across + nodes);
        memset(s.here, 0xff, 2 * nodes * sizeof *s.here);
        mark_active(&s, of, n, wrt);
        s.here[of] = ad_graph_number(G, 1);
        for (uint32_t i = of + 1; i-- > 0 && !G->failed;)
            if (s.active[i])
                visit(&s, i, of);
    }
    for (uint32_t i = 0; i < n && !G->failed; i++)
        out[i] = wrt[i] <= of && s.here[wrt[i]] != NONE ? s.here[wrt[i]] : ad_graph_number(G, 0);
    if (s.here)
        ad_resize(&G->allocator, s.here, size, 0);
    return !s.refused;
}
