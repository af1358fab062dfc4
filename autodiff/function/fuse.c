/* fuse.c -- lowering a pass: which nodes become instructions of their own and which dissolve in others. Sums are put together in
 * forms.c, sums over rows in gather.c.
 *
 * What was measured (ms, P1 and P2 of tests/bench, 64 lanes): nothing fused 1.31 and 0.46, all of it 0.58 and 0.22. */
#include "factors.h"

#include <string.h>

/* FAR: instructions after which a node that is cheap is computed once more rather than kept in a slot, where there are MANY
 * (half a megabyte of them). */
enum { FAR = 40, MANY = 1000 };

/* ---- What the pass computes -------------------------------------------------------------------------------------------- */

static void wanted(lowering *L, uint32_t i, uint32_t times)
{
    if (!varies(L, i))
        return;
    L->in_pass[i] = 1;
    L->uses[i] += times;
}

/* An operand of a sum, or what is summed over rows. */
static void wanted_term(lowering *L, uint32_t i)
{
    int minus = 0;
    i = unsigned_of(L, i, &minus);
    wanted(L, varies(L, i) && is_free(L, i) ? factors(L, i).b : i, 1);
}

static void want_operands(lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    if (is_product(L, i)) {
        product p = factors(L, i);
        wanted(L, p.a, 1);
        wanted(L, p.b, 1);
    } else
        for (int k = 0; k < ad_graph_arity(n->op); k++)
            if (n->op == AD_OP_add || n->op == AD_OP_sub)
                wanted_term(L, ad_graph_operand(n, k));
            else
                wanted(L, ad_graph_operand(n, k), 1);
}

/* What the row sums and stored outputs of the pass need, and how often each is used; 0 if there are none, as after the
 * row sums of a gradient. */
static int mark_pass(lowering *L, uint32_t level, int last, const uint32_t *outputs)
{
    uint32_t n = L->G->n, some = !last;
    for (uint32_t k = 0; last && k < L->n_outputs; k++)
        some |= varies(L, outputs[k]) != 0;
    if (!some)
        return 0;
    memset(L->in_pass, 0, n);
    memset(L->fused, 0, n);
    memset(L->done, 0, n);
    memset(L->uses, 0, n * sizeof *L->uses);
    memset(L->first_sum, 0xff, n * sizeof *L->first_sum);
    memset(L->first_out, 0xff, n * sizeof *L->first_out);
    for (uint32_t i = 0; i < n; i++)
        if (varies(L, i))
            L->seen[i] = NONE;
    for (uint32_t k = L->n_outputs; last && k-- > 0;)
        if (varies(L, outputs[k])) {
            wanted(L, outputs[k], 2);      /* stored: it must have a slot */
            L->next_out[k] = L->first_out[outputs[k]];
            L->first_out[outputs[k]] = k;
        }
    for (uint32_t i = n; i-- > 0;) {
        if (at(L, i)->op == AD_OP_ROW_SUM && L->needed[i] && L->level[i] == level + 1) {
            int minus = 0;
            uint32_t x = unsigned_of(L, at(L, i)->x, &minus);
            wanted_term(L, x);
            if (!L->in_pass[x])
                L->in_pass[x] = 2;         /* stands where it is summed, but is not computed */
            L->next_sum[i] = L->first_sum[x];
            L->first_sum[x] = i;
        }
        if (L->in_pass[i] == 1 && varies(L, i))
            want_operands(L, i);
    }
    return 1;
}

/* A product that an instruction computes, and those of its factors that are products used once and can dissolve in it. */
static int is_multiplied(const lowering *L, uint32_t i)
{
    return L->in_pass[i] == 1 && varies(L, i) && !L->fused[i] && is_product(L, i);
}

static void fuse_factors(lowering *L, uint32_t i)
{
    product p = factors(L, i);
    uint32_t x[2] = {p.a, p.b};
    int some = 0;
    for (int k = 0; k < 2; k++) {
        product q = {0, 0, 0};
        if (L->uses[x[k]] != 1 || !is_multiplied(L, x[k]) || L->compound[x[k]])
            continue;
        q = factors(L, x[k]);
        if (q.minus || p.minus)
            continue;
        L->fused[x[k]] = 1;
        some = 1;
    }
    L->compound[i] = (unsigned char)some;
}

static int may_be_difference(const lowering *L, uint32_t i)
{
    return L->in_pass[i] == 1 && !L->fused[i] && varies(L, i) && at(L, i)->op == AD_OP_sub && is_cheap(L, i) &&
           varies(L, at(L, i)->x) != varies(L, at(L, i)->y);
}

/* Differences that are wanted only as squares in sums and as factors of products that are summed over rows: a subtraction there
 * costs less than a slot, of which kmeans would need one for every coordinate of every centroid. */
static void mark_differences(lowering *L)
{
    uint32_t *fitting = L->mark, n = L->G->n;
    memset(fitting, 0, n * sizeof *fitting);
    for (uint32_t i = 0; i < n; i++) {
        if (L->in_pass[i] != 1 || !L->fused[i] || !is_product(L, i))
            continue;
        product p = factors(L, i);
        int a = may_be_difference(L, p.a), b = may_be_difference(L, p.b);
        if (p.a == p.b)
            fitting[p.a] += 2;
        else if (L->first_sum[i] != NONE && a != b)
            fitting[a ? p.a : p.b]++;
    }
    for (uint32_t i = 0; i < n; i++)
        if (fitting[i] && fitting[i] == L->uses[i] && may_be_difference(L, i))
            L->fused[i] = LOWER_DIFFERENCE;
}

/* What is used once, by a sum, a row sum or a product, is fused into it. */
static void mark_fused(lowering *L)
{
    memset(L->compound, 0, L->G->n);
    L->n_cheap = 0;
    for (uint32_t i = 0; i < L->G->n; i++) {
        const ad_graph_node *n = at(L, i);
        int minus = 0;
        if (L->in_pass[i] != 1 || !varies(L, i))
            continue;
        L->n_cheap += (uint32_t)is_cheap(L, i);
        for (int k = 0; k < 2 && (n->op == AD_OP_add || n->op == AD_OP_sub); k++) {
            uint32_t x = unsigned_of(L, ad_graph_operand(n, k), &minus);
            if (varies(L, x) && L->uses[x] == 1 && (is_sum(at(L, x)->op) || is_product(L, x)) && !is_free(L, x))
                L->fused[x] = 1;
        }
        if (L->uses[i] == 1 && L->first_sum[i] != NONE && (is_sum(n->op) || is_product(L, i)) &&
            !is_free(L, i))
            L->fused[i] = 1;
    }
    mark_differences(L);
    for (uint32_t i = 0; i < L->G->n; i++)
        if (is_multiplied(L, i))
            fuse_factors(L, i);
}

static void pair(lowering *L, uint32_t i, uint32_t twin)
{
    if (twin != NONE) {
        L->twin[i] = twin;
        L->twin[twin] = i;
    }
}

/* sigmoid(x) and sigmoid(-x), sin(x) and cos(x) are computed together. */
static void mark_twins(lowering *L)
{
    uint32_t *minus = L->slot, *cosine = L->mark, n = L->G->n;     /* by operand; slots come later */
    for (uint32_t i = 0; i < n; i++)
        if (varies(L, i))
            minus[i] = cosine[i] = L->twin[i] = NONE;
    for (uint32_t i = 0; i < n; i++) {
        if (!L->in_pass[i] || !varies(L, i))
            continue;
        const ad_graph_node *node = at(L, i);
        if (node->op == AD_OP_sigmoid && at(L, node->x)->op == AD_OP_neg)
            minus[at(L, node->x)->x] = i;
        if (node->op == AD_OP_cos)
            cosine[node->x] = i;
    }
    for (uint32_t i = 0; i < n; i++)
        if (L->in_pass[i] && varies(L, i) && (at(L, i)->op == AD_OP_sigmoid || at(L, i)->op == AD_OP_sin))
            pair(L, i, (at(L, i)->op == AD_OP_sin ? cosine : minus)[at(L, i)->x]);
}

/* ---- Emitting ---------------------------------------------------------------------------------------------------------- */

void lower_emit(lowering *L, ad_pass *pass, uint32_t word)
{
    if (pass->n_code * sizeof word >= pass->code_block.size)
        pass->code = lower_grown(L, &pass->code_block, (pass->n_code + 1) * sizeof word);
    if (!L->failed)
        pass->code[pass->n_code++] = word;
}

void lower_begin(lowering *L, ad_pass *pass, uint32_t code, double cost)
{
    uint32_t *starts = lower_grown(L, &L->starts, (L->n_starts + (size_t)1) * sizeof *starts);
    if (starts)
        starts[L->n_starts++] = (uint32_t)pass->n_code;
    pass->cost += cost;
    lower_emit(L, pass, code);
}

/* An instruction or two of the machine. */
static int is_simple(uint32_t code)
{
    switch (code) {
    case AD_OP_add: case AD_OP_sub: case AD_OP_neg: case AD_OP_mul: case AD_OP_square: case AD_OP_min: case AD_OP_max:
    case AD_OP_abs: case AD_OP_relu: case AD_OP_select: case AD_OP_less: case AD_OP_less_equal: case AD_OP_greater:
    case AD_OP_greater_equal: case AD_OP_equal: case AD_OP_not_equal:
        return 1;
    default:
        return code >= AD_GRAPH_OPS;
    }
}

void lower_emit_row(lowering *L, ad_pass *pass, uint32_t code, uint32_t to, const uint32_t *x)
{
    lower_begin(L, pass, code, is_simple(code) ? 8 : code == AD_OP_div || code == AD_OP_sqrt ? 20 : 60);
    lower_emit(L, pass, to);
    for (int k = 0; k < ad_code_arity(code); k++)
        lower_emit(L, pass, lower_operand(L, x[k]));
}

/* Before an instruction names a node: one that is far behind and cheap is computed again. Only where that keeps the
 * workspace in the cache: P2 has 300 slots in place of 550 and takes 0.072 ns/op in place of 0.067. */
void lower_near(lowering *L, ad_pass *pass, uint32_t i)
{
    if (!varies(L, i) || at(L, i)->op == AD_OP_COLUMN)
        return;
    if (L->n_cheap > MANY && L->seen[i] != NONE && L->n_starts - L->seen[i] > FAR && is_cheap(L, i)) {
        const ad_graph_node *n = at(L, i);
        lower_emit_row(L, pass, n->op == AD_OP_chain ? (uint32_t)AD_OP_mul : n->op, i, (uint32_t[]){n->x, n->y, 0});
    }
    L->seen[i] = L->n_starts;
}

/* Both at the earlier one. The -x between sigmoid(x) and sigmoid(-x) is dropped when nothing else wants it. */
static void emit_twins(lowering *L, ad_pass *pass, uint32_t i, uint32_t twin)
{
    int sigmoid = at(L, i)->op == AD_OP_sigmoid;
    uint32_t second = at(L, i)->op == AD_OP_cos || (sigmoid && at(L, at(L, i)->x)->op == AD_OP_neg &&
                      at(L, at(L, i)->x)->x == at(L, twin)->x) ? i : twin, first = second == i ? twin : i;
    uint32_t x = at(L, first)->x, minus = at(L, second)->x;
    lower_near(L, pass, x);
    lower_begin(L, pass, sigmoid ? AD_SIGMOIDS : AD_SINE_COSINE, 80);
    lower_emit(L, pass, first);
    lower_emit(L, pass, second);
    lower_emit(L, pass, lower_operand(L, x));
    L->done[twin] = 1;
    L->seen[twin] = L->n_starts;
    if (sigmoid && minus > i && --L->uses[minus] == 0)
        L->in_pass[minus] = 0;
}

static void emit_product(lowering *L, ad_pass *pass, uint32_t i)
{
    product p = factors(L, i);
    uint32_t x[4], n = 0, code = p.minus ? AD_MUL_NEG : AD_OP_mul;
    for (int k = 0; k < 2; k++) {
        uint32_t factor = k ? p.a : p.b;   /* a product comes first: (b b) a */
        if (L->compound[i] && L->fused[factor] && varies(L, factor)) {
            product q = factors(L, factor);
            code = n == 2 ? AD_MUL_MUL_MUL : AD_MUL_MUL;
            memmove(x + 2, x, n * sizeof *x);
            x[0] = q.a;
            x[1] = q.b;
            n += 2;
        } else
            x[n++] = factor;
    }
    for (uint32_t k = 0; k < n; k++)
        lower_near(L, pass, x[k]);
    lower_emit_row(L, pass, code, i, x);
}

static void emit_node(lowering *L, ad_pass *pass, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    uint32_t x[3] = {n->x, n->y, n->w};
    if (L->twin[i] != NONE)
        emit_twins(L, pass, i, L->twin[i]);
    else if (is_sum(n->op))
        lower_emit_sum(L, pass, i);
    else if (is_product(L, i))
        emit_product(L, pass, i);
    else {
        for (int k = 0; k < ad_graph_arity(n->op); k++)
            lower_near(L, pass, x[k]);
        lower_emit_row(L, pass, n->op, i, x);
    }
    L->seen[i] = L->n_starts;
}

/* ---- All of it --------------------------------------------------------------------------------------------------------- */

/* Creation order, every row sum after its operand. Greedy orders gain nothing; only late row sums are bad. */
static void emit_pass(lowering *L, ad_pass *pass)
{
    L->n_groups = 0;
    memset(L->mark, 0, L->G->n * sizeof *L->mark);
    for (uint32_t i = 0; i < L->G->n && !L->failed; i++) {
        if (!L->in_pass[i])
            continue;
        if (varies(L, i) && at(L, i)->op == AD_OP_COLUMN) {
            pass->columns = lower_grown(L, &pass->column_block, (pass->n_columns + (size_t)1) * sizeof *pass->columns);
            if (L->failed)
                return;
            L->slot[i] = pass->n_columns;
            pass->columns[pass->n_columns++] = at(L, i)->x;
        } else if (varies(L, i) && L->in_pass[i] == 1 && !L->fused[i] && !L->done[i])
            emit_node(L, pass, i);
        for (uint32_t s = L->first_sum[i]; s != NONE && !L->failed; s = L->next_sum[s])
            lower_emit_gather(L, pass, s);
        for (uint32_t k = L->first_out[i]; k != NONE && !L->failed; k = L->next_out[k]) {
            lower_near(L, pass, i);
            lower_begin(L, pass, AD_STORE, 10);
            lower_emit(L, pass, k);
            lower_emit(L, pass, i);
        }
        lower_age_groups(L, pass);
    }
    lower_end_groups(L, pass);
    lower_begin(L, pass, AD_END, 0);
}

void lower_fuse(lowering *L, ad_pass *pass, uint32_t level, int last, const uint32_t *outputs)
{
    L->n_starts = 0;
    if (!mark_pass(L, level, last, outputs)) {
        lower_begin(L, pass, AD_END, 0);
        return;
    }
    mark_fused(L);
    mark_twins(L);
    emit_pass(L, pass);
}
