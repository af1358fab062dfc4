/* shadow.c -- values and adjoints in double and in long double side by side: a graph's points, values in double, and the sweep.
 * Values in long double are exact.c.
 */
#include "shadow.h"

#include "autodiff/tape/operations.h"
#include "autodiff/tape/sweep.h"

#include <math.h>
#include <string.h>

/* ---- Life, and what is needed ------------------------------------------------------------------------------------------ */

static void *zeroed(const ad_allocator *a, size_t n, size_t size)
{
    void *block = ad_resize(a, NULL, 0, n * size);
    if (block)
        memset(block, 0, n * size);
    return block;
}

/* What needs what, as the graph stands; then what depends on the requested variables. */
static void mark_graph(ad_shadow *s, size_t n, const ad_var *wrt)
{
    s->mark[s->top] = AD_MARK_NEEDED;
    for (uint32_t i = s->top + 1; i-- > 0;) {
        if (!s->mark[i])
            continue;
        ad_node node = ad_node_at(s->tape, i);
        for (size_t k = 0; k < node.n; k++)
            s->mark[ad_node_operand(&node, k)] |= AD_MARK_NEEDED;
        if (node.list && node.n > s->longest)
            s->longest = node.n;
        if (node.called && 2 * node.n + node.called->m > s->most)
            s->most = 2 * node.n + node.called->m;
        s->opaque |= node.called || node.op == AD_OP_ROW_SUM;
    }
    for (size_t j = 0; j < n; j++)
        if (!ad_is_plain(wrt[j]) && ad_id(wrt[j]) <= s->top)
            s->mark[ad_id(wrt[j])] |= AD_MARK_WANTED | AD_MARK_DEPENDS;
    for (uint32_t i = 0; i <= s->top; i++) {
        if (!(s->mark[i] & AD_MARK_NEEDED))
            continue;
        ad_node node = ad_node_at(s->tape, i);
        for (size_t k = 0; k + (size_t)node.constant < node.n; k++)
            s->mark[i] |= s->mark[ad_node_operand(&node, k)] & AD_MARK_DEPENDS;
    }
}

static int is_whole(const ad_shadow *s)
{
    return s->mark && s->v && s->g && s->t && s->e && s->G && s->low && s->size && s->doubt && s->noise && s->list && s->numbers;
}

int ad_shadow_make(ad_shadow *s, ad_tape *tape, ad_var E, size_t n, const ad_var *wrt)
{
    const ad_allocator *a = &tape->allocator;
    *s = (ad_shadow){.tape = tape, .top = ad_id(E), .own = 1};
    size_t nodes = s->top + (size_t)1;
    s->mark = zeroed(a, nodes, 1);
    if (s->mark)
        mark_graph(s, n, wrt);
    s->v    = zeroed(a, nodes, sizeof *s->v);
    s->g    = zeroed(a, nodes + AD_SWEEP_BEFORE, sizeof *s->g);
    s->t    = zeroed(a, nodes, sizeof *s->t);
    s->e    = zeroed(a, nodes, sizeof *s->e);
    s->G    = zeroed(a, nodes, sizeof *s->G);
    s->low  = zeroed(a, nodes, sizeof *s->low);
    s->size = zeroed(a, nodes, sizeof *s->size);
    s->doubt = zeroed(a, nodes, sizeof *s->doubt);
    s->noise = zeroed(a, nodes, sizeof *s->noise);
    s->list = zeroed(a, s->longest + 1, sizeof *s->list);
    s->numbers = zeroed(a, s->most + 1, sizeof *s->numbers);
    if (!is_whole(s))
        return 0;
    s->g += AD_SWEEP_BEFORE;
    memcpy(s->v, tape->head->values, nodes * sizeof *s->v);
    return 1;
}

void ad_shadow_free(ad_shadow *s)
{
    const ad_allocator *a = &s->tape->allocator;
    size_t nodes = s->top + (size_t)1;
    int whole = is_whole(s);
    struct { void *block; size_t n, size; } blocks[] = {
        {s->mark, nodes, 1}, {s->v, nodes, sizeof *s->v}, {s->t, nodes, sizeof *s->t}, {s->e, nodes, sizeof *s->e},
        {s->G, nodes, sizeof *s->G}, {s->low, nodes, sizeof *s->low}, {s->size, nodes, sizeof *s->size},
        {s->doubt, nodes, sizeof *s->doubt}, {s->noise, nodes, sizeof *s->noise},
        {s->list, s->longest + 1, sizeof *s->list}, {s->numbers, s->most + 1, sizeof *s->numbers},
        {whole ? s->g - AD_SWEEP_BEFORE : s->g, nodes + AD_SWEEP_BEFORE, sizeof *s->g},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (blocks[i].block)
            ad_resize(a, blocks[i].block, blocks[i].n * blocks[i].size, 0);
}

/* ---- Values in double -------------------------------------------------------------------------------------------------- */

/* An n-ary row of plain numbers is computed and not recorded. */
static double value_of_list(ad_shadow *s, const ad_node *node)
{
    size_t pairs = node->width == 2, n = node->n / node->width;
    for (size_t k = 0; k < node->n; k++)
        s->list[pairs ? k / 2 + k % 2 * n : k] = ad_const(s->v[ad_node_operand(node, k)]);
    switch (node->op) {
    case AD_OP_sum:       return ad_sum(n, s->list).value;
    case AD_OP_mean:      return ad_mean(n, s->list).value;
    case AD_OP_logsumexp: return ad_logsumexp(n, s->list).value;
    case AD_OP_norm2:     return ad_norm2(n, s->list).value;
    case AD_OP_maximum:   return ad_maximum(n, s->list).value;
    case AD_OP_minimum:   return ad_minimum(n, s->list).value;
    default:              return ad_dot(n, s->list, s->list + n).value;
    }
}

/* Once for all results of a call, at the first that is needed. */
static void values_of_call(ad_shadow *s, const ad_node *node)
{
    double *x = s->numbers, *z = x + node->n;
    for (size_t k = 0; k < node->n; k++)
        x[k] = s->v[node->list[k]];
    ad_status status = node->called->kind->evaluate(node->called->object, x, z);
    for (uint32_t k = 0; k < node->called->m && node->called->first + k <= s->top; k++)
        s->v[node->called->first + k] = status == AD_OK ? z[k] : NAN;
}

static int is_first_needed(const ad_shadow *s, const ad_node *node, uint32_t i)
{
    for (uint32_t k = node->called->first; k < i; k++)
        if (s->mark[k] & AD_MARK_NEEDED)
            return 0;
    return 1;
}

void ad_shadow_move(ad_shadow *s, const double *params, const double *const *columns, size_t row)
{
    const uint32_t *inputs = s->tape->inputs.base;
    size_t param = 0, column = 0;
    for (uint32_t k = 0; k < s->tape->n_inputs && inputs[k] <= s->top; k++)
        s->v[inputs[k]] = ad_word_op(s->tape->head->words[inputs[k]]) == AD_OP_PARAM ? params[param++] : columns[column++][row];
    s->own = 0;
    for (uint32_t i = 0; i <= s->top; i++) {
        if (!(s->mark[i] & AD_MARK_NEEDED))
            continue;
        ad_node node = ad_node_at(s->tape, i);
        if (node.called) {
            if (is_first_needed(s, &node, i))
                values_of_call(s, &node);
        } else if (node.list)
            s->v[i] = value_of_list(s, &node);
        else if (node.n)
            s->v[i] = ad_evaluate(node.op, s->v[node.fixed[0]], s->v[node.fixed[1]], s->v[node.fixed[2]]);
    }
}

/* Operands that a choice leaves aside do not matter to it. */
static int passes(const ad_shadow *s, const ad_node *node, size_t k)
{
    const double *v = s->v;
    const uint32_t *o = node->fixed;
    switch (node->op) {
    case AD_OP_select: return k == 0 || (v[o[0]] != 0) == (k == 1);
    case AD_OP_chain:  return v[o[1 - k]] != 0;
    case AD_OP_max:    return !(v[o[k]] < v[o[1 - k]]);
    case AD_OP_min:    return !(v[o[k]] > v[o[1 - k]]);
    case AD_OP_clamp:  return isnan(node->ties) || k == (v[o[0]] < v[o[1]] ? 1 : v[o[0]] > v[o[2]] ? 2 : 0);
    case AD_OP_maximum: case AD_OP_minimum:
                       return v[node->list[k]] == node->ties || isnan(v[node->list[k]]);
    default:           return 1;
    }
}

void ad_shadow_choose(ad_shadow *s)
{
    for (uint32_t i = 0; i <= s->top; i++)
        s->mark[i] &= (unsigned char)~AD_MARK_MATTERS;
    s->mark[s->top] |= AD_MARK_MATTERS;
    for (uint32_t i = s->top + 1; i-- > 0;) {
        if (!(s->mark[i] & AD_MARK_MATTERS))
            continue;
        ad_node node = ad_node_at(s->tape, i);
        node.ties = s->v[i];               /* for passes: the value that was chosen */
        for (size_t k = 0; k < node.n; k++)
            if (passes(s, &node, k))
                s->mark[ad_node_operand(&node, k)] |= AD_MARK_MATTERS;
    }
}

ad_node ad_shadow_node(const ad_shadow *s, uint32_t i)
{
    ad_node node = ad_node_at(s->tape, i);
    for (size_t k = 0; ad_ties(node.op) && k < node.n; k++)
        node.ties += s->v[node.list[k]] == s->v[i];
    return node;
}

ad_at ad_at_operand(const ad_shadow *s, const ad_node *node, uint32_t i, size_t k)
{
    const double *v = s->v;
    size_t width = node->width, first = k / width * width;
    ad_at at = {.z = v[i], .n = (double)(node->n / width), .m = node->ties, .place = (int)(k - first)};
    at.x = v[ad_node_operand(node, first)];
    at.y = width > 1 ? v[ad_node_operand(node, first + 1)] : 0;
    at.w = width > 2 ? v[ad_node_operand(node, first + 2)] : 0;
    return at;
}

/* ---- The sweep ----------------------------------------------------------------------------------------------------------- */

static void give(ad_shadow *s, uint32_t i, const ad_node *node, size_t k)
{
    uint32_t to = ad_node_operand(node, k);
    ad_wide p = ad_exact_partial(s, i, node, k);
    if (p == 0 && !(k == 0 && ad_is_never_flat(node->op, s->v[to])))
        return;
    ad_wide term = s->G[i] * p;
    if (term == 0 && s->G[i] != 0)         /* too small for a long double, but not nothing */
        term = LDBL_MIN;
    ad_wide_add(&s->G[to], &s->low[to], term);
    if (s->low[i] != 0)
        ad_wide_add(&s->G[to], &s->low[to], s->low[i] * p);
    if (ad_partial_is_exact(s, node, k)) {
        ad_wide rest = fmal(s->G[i], p, -term);
        s->low[to] += isfinite(rest) ? rest : 0;
    } else
        s->noise[to] += 0x1p-62L * fabsl(term);
    s->noise[to] += fabsl(p) * s->noise[i];
    s->size[to] += fabsl(term);
}

/* Result by result, in double: nothing exact is known of what is inside. */
static void give_through_call(ad_shadow *s, uint32_t i, const ad_node *node)
{
    size_t n = node->n, m = node->called->m;
    double *x = s->numbers, *dx = x + n + m;
    for (size_t k = 0; k < n; k++)
        x[k] = s->v[node->list[k]];
    for (size_t k = 0; k < m; k++)
        x[n + k] = k == node->result ? (double)s->G[i] : 0;
    if (node->called->kind->adjoint(node->called->object, x, dx) != AD_OK)
        return;
    for (size_t k = 0; k < n; k++) {
        ad_wide_add(&s->G[node->list[k]], &s->low[node->list[k]], dx[k]);
        s->size[node->list[k]] += fabs(dx[k]);
        s->noise[node->list[k]] += 0x1p-51L * fabs(dx[k]);
    }
}

void ad_shadow_sweep(ad_shadow *s)
{
    size_t nodes = s->top + (size_t)1;
    memset(s->g - AD_SWEEP_BEFORE, 0, (nodes + AD_SWEEP_BEFORE) * sizeof *s->g);
    memset(s->G, 0, nodes * sizeof *s->G);
    memset(s->low, 0, nodes * sizeof *s->low);
    memset(s->size, 0, nodes * sizeof *s->size);
    memset(s->noise, 0, nodes * sizeof *s->noise);
    s->g[s->top] = 1;
    ad_sweep_carefully(s->tape, s->v, s->own, s->g, s->top);
    s->G[s->top] = 1;
    for (uint32_t i = s->top + 1; i-- > 0;) {
        ad_wide sum = s->G[i] + s->low[i];
        if (isfinite(sum)) {               /* so that the high part is what there is, also when all of it cancelled */
            s->low[i] = s->low[i] - (sum - s->G[i]);
            s->G[i] = sum;
        }
        if (s->G[i] == 0 || !(s->mark[i] & AD_MARK_DEPENDS))
            continue;
        ad_node node = ad_node_at(s->tape, i);
        for (size_t k = 0; ad_ties(node.op) && k < node.n; k++)
            node.ties += s->t[node.list[k]] == s->t[i];
        if (node.called)
            give_through_call(s, i, &node);
        else
            for (size_t k = 0; k + (size_t)node.constant < node.n; k++)
                give(s, i, &node, k);
    }
}
