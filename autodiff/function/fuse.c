/* fuse.c -- lowering a pass: which nodes become instructions of their own and which dissolve in others.
 *
 * What was measured (ms, P1 and P2 of tests/bench, 64 lanes): nothing fused 1.31 and 0.46, all of it 0.58 and 0.22. */
#include "lower.h"

#include <string.h>

/* FAR: instructions after which a node that is cheap is computed once more rather than kept in a slot, where there are MANY
 * (half a megabyte of them). PATIENCE: after which a group of products is emitted although it might still grow. */
enum { FAR = 40, MANY = 1000, PATIENCE = 24, MOST_HOPS = 4 };

/* ---- Nodes seen through signs and powers of two ------------------------------------------------------------------------ */

static int is_sum(uint32_t op) { return op == AD_OP_add || op == AD_OP_sub || op == AD_OP_neg; }

static int is_product(const lowering *L, uint32_t i)
{
    uint32_t op = at(L, i)->op;
    return op == AD_OP_mul || op == AD_OP_square || (op == AD_OP_chain && !L->exact[i]);
}

/* Through negations: the sign is exact wherever it is applied. */
static uint32_t unsigned_of(const lowering *L, uint32_t i, int *minus)
{
    while (varies(L, i) && at(L, i)->op == AD_OP_neg) {
        *minus = !*minus;
        i = at(L, i)->x;
    }
    return i;
}

/* Whether i is 2^k v, |k| < 500, v varying. */
static int is_scaled(const lowering *L, uint32_t i, uint32_t *v, int *k, int *minus)
{
    const ad_graph_node *n = at(L, i);
    if (!varies(L, i) || !is_product(L, i) || n->op == AD_OP_square)
        return 0;
    uint32_t constant = varies(L, n->x) ? n->y : n->x;
    uint64_t bits;
    if (at(L, constant)->op != AD_OP_CONSTANT)
        return 0;
    memcpy(&bits, &at(L, constant)->number, sizeof bits);
    int e = (int)(bits >> 52 & 0x7ff) - 1023;
    if (bits << 12 || e < -500 || e > 500)
        return 0;
    *v = constant == n->x ? n->y : n->x;
    *k += e;
    *minus ^= (int)(bits >> 63);
    return 1;
}

/* Through signs and powers of two, a few of them. */
static uint32_t unscaled_of(const lowering *L, uint32_t i, int *k, int *minus)
{
    for (int hops = 0; hops < MOST_HOPS; hops++) {
        i = unsigned_of(L, i, minus);
        if (!is_scaled(L, i, &i, k, minus))
            break;
    }
    return unsigned_of(L, i, minus);
}

typedef struct product {
    uint32_t a, b;                         /* a does not vary where only one of them does */
    int      minus;
} product;

/* The factors of a product node. Powers of two that cancel, as in g / 2 times 2 x, go: less to do, no rounding. */
static product factors(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    product p = {n->x, n->op == AD_OP_square ? n->x : n->y, 0}, q = {0, 0, 0};
    int k = 0;
    if (varies(L, p.a) && varies(L, p.b)) {
        q.a = unscaled_of(L, p.a, &k, &q.minus);
        q.b = unscaled_of(L, p.b, &k, &q.minus);
        if (k == 0)
            return q;
    }
    p.a = unsigned_of(L, p.a, &p.minus);
    p.b = unsigned_of(L, p.b, &p.minus);
    if (varies(L, p.a) && !varies(L, p.b))
        p = (product){p.b, p.a, p.minus};
    return p;
}

/* A product that costs a term of a sum no more than its factor would. */
static int is_free(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    return is_product(L, i) && n->op != AD_OP_square && varies(L, n->x) != varies(L, n->y);
}

/* A sum or product of columns and uniform values. */
static int is_cheap(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    int cheap = is_sum(n->op) || is_product(L, i);
    for (int k = 0; cheap && k < ad_graph_arity(n->op); k++) {
        uint32_t x = ad_graph_operand(n, k);
        cheap = !varies(L, x) || at(L, x)->op == AD_OP_COLUMN;
    }
    return cheap;
}

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
    memset(L->seen, 0xff, n * sizeof *L->seen);
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
    uint32_t *of = L->slot, n = L->G->n;   /* by operand; slots come later */
    memset(L->twin, 0xff, n * sizeof *L->twin);
    memset(of, 0xff, n * sizeof *of);
    for (uint32_t i = 0; i < n; i++)
        if (L->in_pass[i] && varies(L, i) && at(L, i)->op == AD_OP_sigmoid && at(L, at(L, i)->x)->op == AD_OP_neg)
            of[at(L, at(L, i)->x)->x] = i;
    for (uint32_t i = 0; i < n; i++)
        if (L->in_pass[i] && varies(L, i) && at(L, i)->op == AD_OP_sigmoid)
            pair(L, i, of[at(L, i)->x]);
    memset(of, 0xff, n * sizeof *of);
    for (uint32_t i = 0; i < n; i++)
        if (L->in_pass[i] && varies(L, i) && at(L, i)->op == AD_OP_cos)
            of[at(L, i)->x] = i;
    for (uint32_t i = 0; i < n; i++)
        if (L->in_pass[i] && varies(L, i) && at(L, i)->op == AD_OP_sin)
            pair(L, i, of[at(L, i)->x]);
}

/* ---- Emitting ---------------------------------------------------------------------------------------------------------- */

static void emit(lowering *L, ad_pass *pass, uint32_t word)
{
    if (pass->n_code * sizeof word >= pass->code_block.size)
        pass->code = lower_grown(L, &pass->code_block, (pass->n_code + 1) * sizeof word);
    if (!L->failed)
        pass->code[pass->n_code++] = word;
}

static void begin(lowering *L, ad_pass *pass, uint32_t code, double cost)
{
    uint32_t *starts = lower_grown(L, &L->starts, (L->n_starts + (size_t)1) * sizeof *starts);
    if (starts)
        starts[L->n_starts++] = (uint32_t)pass->n_code;
    pass->cost += cost;
    emit(L, pass, code);
}

/* Operands are node ids until slots are known; uniform ones have their place at once. */
static uint32_t operand(const lowering *L, uint32_t i) { return varies(L, i) ? i : AD_UNIFORM | L->uniform[i]; }

static void emit_row(lowering *L, ad_pass *pass, uint32_t code, uint32_t to, const uint32_t *x)
{
    int simple = code >= AD_GRAPH_OPS || is_sum(code) || code == AD_OP_mul || code == AD_OP_square;
    begin(L, pass, code, simple ? 8 : code == AD_OP_div || code == AD_OP_sqrt ? 20 : 60);
    emit(L, pass, to);
    for (int k = 0; k < ad_code_arity(code); k++)
        emit(L, pass, operand(L, x[k]));
}

/* Before an instruction names a node: one that is far behind and cheap is computed again. Only where that keeps the
 * workspace in the cache: P2 has 300 slots in place of 550 and takes 0.072 ns/op in place of 0.067. */
static void near(lowering *L, ad_pass *pass, uint32_t i)
{
    if (!varies(L, i) || at(L, i)->op == AD_OP_COLUMN)
        return;
    if (L->n_cheap > MANY && L->seen[i] != NONE && L->n_starts - L->seen[i] > FAR && is_cheap(L, i)) {
        const ad_graph_node *n = at(L, i);
        emit_row(L, pass, n->op == AD_OP_chain ? (uint32_t)AD_OP_mul : n->op, i, (uint32_t[]){n->x, n->y, 0});
    }
    L->seen[i] = L->n_starts;
}

static uint32_t width(int class) { return class < 4 ? 2 : 1; }
static uint32_t *terms(const lower_form *f, int class) { return f->term[class].base; }

static void add_term(lowering *L, lower_form *f, int class, uint32_t a, uint32_t b)
{
    uint32_t *t = lower_grown(L, &f->term[class], (f->n[class] + (size_t)1) * width(class) * sizeof *t);
    if (!t)
        return;
    t += f->n[class]++ * width(class);
    t[0] = a;
    if (class < 4)
        t[1] = b;
}

/* The terms of a node, as ids: sums used once open up, products used once become pairs. The top one opens when asked to. */
static void collect(lowering *L, lower_form *f, uint32_t top, int open_top)
{
    uint32_t depth = 0;
    memset(f->n, 0, sizeof f->n);
    L->stack[depth] = top;
    L->signs[depth++] = 1;
    while (depth) {
        int minus = L->signs[--depth] < 0;
        uint32_t i = unsigned_of(L, L->stack[depth], &minus);
        const ad_graph_node *n = at(L, i);
        if (!varies(L, i))
            add_term(L, f, 6 + minus, i, 0);
        else if (is_sum(n->op) && (L->fused[i] || (open_top && i == top))) {
            int less = n->op == AD_OP_sub ? !minus : minus;
            L->stack[depth] = n->y;        /* the later operand is opened last: terms stay in order */
            L->signs[depth++] = less ? -1 : 1;
            L->stack[depth] = n->x;
            L->signs[depth++] = minus ? -1 : 1;
        } else if (is_product(L, i) && (L->fused[i] || is_free(L, i))) {
            product p = factors(L, i);
            add_term(L, f, (varies(L, p.a) ? 0 : 2) + (minus != p.minus), p.a, p.b);
        } else
            add_term(L, f, 4 + minus, i, 0);
    }
}

static uint32_t count_terms(const lower_form *f)
{
    uint32_t n = 0;
    for (int c = 0; c < AD_CLASSES; c++)
        n += f->n[c];
    return n;
}

static void near_terms(lowering *L, ad_pass *pass, const lower_form *f)
{
    for (int c = 0; c < AD_CLASSES; c++)
        for (uint32_t k = 0; k < f->n[c] * width(c) && !L->failed; k++)
            near(L, pass, terms(f, c)[k]);
}

/* From the number of classes on. */
static void emit_classes(lowering *L, ad_pass *pass, const lower_form *f)
{
    uint32_t classes = 0;
    for (int c = 0; c < AD_CLASSES; c++)
        classes += f->n[c] > 0;
    emit(L, pass, classes);
    for (int c = 0; c < AD_CLASSES; c++) {
        if (!f->n[c])
            continue;
        emit(L, pass, (uint32_t)c);
        emit(L, pass, f->n[c]);
        for (uint32_t k = 0; k < f->n[c] * width(c) && !L->failed; k++)
            emit(L, pass, operand(L, terms(f, c)[k]));
    }
}

static void emit_terms(lowering *L, ad_pass *pass, uint32_t code, uint32_t to)
{
    begin(L, pass, code, 6 + 5 * count_terms(&L->form));
    emit(L, pass, to);
    emit_classes(L, pass, &L->form);
}

/* The class of the k-th term, and its operands. */
static int term_at(const lowering *L, uint32_t k, uint32_t *x)
{
    int c = 0;
    while (k >= L->form.n[c])
        k -= L->form.n[c++];
    const uint32_t *t = terms(&L->form, c) + k * width(c);
    x[0] = t[0];
    if (c < 4)
        x[1] = t[1];
    return c;
}

/* Two terms have instructions of their own: a third of the time of the general one. */
static int emit_two_terms(lowering *L, ad_pass *pass, uint32_t to)
{
    uint32_t x[4], swapped[4];
    int first = term_at(L, 0, x), pair = first < 4, second = term_at(L, 1, x + (pair ? 2 : 1)), code;
    if (first & second & 1)
        return 0;
    if (!pair) {
        if (first & 1)
            swapped[0] = x[1], swapped[1] = x[0];
        emit_row(L, pass, (first | second) & 1 ? AD_OP_sub : AD_OP_add, to, first & 1 ? swapped : x);
        return 1;
    }
    if (second < 4) {
        if (first & 1)
            swapped[0] = x[2], swapped[1] = x[3], swapped[2] = x[0], swapped[3] = x[1];
        code = (first | second) & 1 ? AD_MUL_SUB_MUL : AD_MUL_ADD_MUL;
        emit_row(L, pass, (uint32_t)code, to, first & 1 ? swapped : x);
        return 1;
    }
    code = first & 1 ? AD_SUB_MUL : second & 1 ? AD_MUL_SUB : AD_MUL_ADD;
    emit_row(L, pass, (uint32_t)code, to, x);
    return 1;
}

/* ---- Two forms at once ------------------------------------------------------------------------------------------------- */

enum { SCALED = 2, LEAST_SHARED = 3 };     /* the class u v; as many terms on the same v are worth it */

/* The next sum that will be an instruction, when it can be one here already; its terms in L->other. The search is linear
 * over all: it ends at the first there is. */
static uint32_t next_form(lowering *L, uint32_t i)
{
    uint32_t j = i + 1, n = L->G->n;
    while (j < n && !(L->in_pass[j] == 1 && varies(L, j) && !L->fused[j] && !L->done[j] && is_sum(at(L, j)->op) &&
                      at(L, j)->op != AD_OP_neg))
        j++;
    if (j == n)
        return NONE;
    collect(L, &L->other, j, 1);
    for (int c = 0; c < 6 && !L->failed; c++)
        for (uint32_t k = 0; k < L->other.n[c] * width(c); k++)
            if (terms(&L->other, c)[k] >= i && varies(L, terms(&L->other, c)[k]))
                return NONE;
    return L->failed ? NONE : j;
}

static void mark_scaled(lowering *L)
{
    const uint32_t *t = terms(&L->form, SCALED);
    for (uint32_t k = 0; k < L->form.n[SCALED]; k++)
        L->mark[t[2 * k + 1]] = k + 1;
}

/* Where the operand of a term u v stands in the first form, or NONE; each is found once. */
static uint32_t find_scaled(lowering *L, uint32_t v)
{
    uint32_t k = L->mark[v] - 1;
    if (k >= L->form.n[SCALED] || terms(&L->form, SCALED)[2 * k + 1] != v)
        return NONE;
    L->mark[v] = 0;
    return k;
}

static int shares_operands(lowering *L)
{
    const uint32_t *t = terms(&L->other, SCALED);
    uint32_t shared = 0;
    mark_scaled(L);
    for (uint32_t k = 0; k < L->other.n[SCALED]; k++)
        shared += find_scaled(L, t[2 * k + 1]) != NONE;
    return shared >= LEAST_SHARED;
}

/* What they share is taken out of both. */
static void emit_two_forms(lowering *L, ad_pass *pass, uint32_t i, uint32_t j)
{
    uint32_t *s = terms(&L->form, SCALED), *t = terms(&L->other, SCALED), n = 0, rest = 0;
    near_terms(L, pass, &L->form);
    near_terms(L, pass, &L->other);
    begin(L, pass, AD_LINEAR_TWO, 6 + 5 * (count_terms(&L->form) + count_terms(&L->other)));
    emit(L, pass, i);
    emit(L, pass, j);
    size_t count = pass->n_code;
    emit(L, pass, 0);
    mark_scaled(L);
    for (uint32_t k = 0; k < L->other.n[SCALED] && !L->failed; k++) {
        uint32_t u = t[2 * k], v = t[2 * k + 1], at_first = find_scaled(L, v);
        if (at_first == NONE) {
            t[2 * rest] = u;
            t[2 * rest++ + 1] = v;
            continue;
        }
        emit(L, pass, operand(L, s[2 * at_first]));
        emit(L, pass, operand(L, u));
        emit(L, pass, v);
        s[2 * at_first + 1] = NONE;
        n++;
    }
    if (L->failed)
        return;
    pass->code[count] = n;
    L->other.n[SCALED] = rest;
    rest = 0;
    for (uint32_t k = 0; k < L->form.n[SCALED]; k++)
        if (s[2 * k + 1] != NONE) {
            s[2 * rest] = s[2 * k];
            s[2 * rest++ + 1] = s[2 * k + 1];
        }
    L->form.n[SCALED] = rest;
    emit_classes(L, pass, &L->form);
    emit_classes(L, pass, &L->other);
    L->done[j] = 1;
    L->seen[j] = L->n_starts;
}

static void emit_sum(lowering *L, ad_pass *pass, uint32_t i)
{
    if (at(L, i)->op == AD_OP_neg) {
        near(L, pass, at(L, i)->x);
        emit_row(L, pass, AD_OP_neg, i, &at(L, i)->x);
        return;
    }
    collect(L, &L->form, i, 1);
    uint32_t second = L->form.n[SCALED] >= LEAST_SHARED ? next_form(L, i) : NONE;
    if (second != NONE && shares_operands(L)) {
        emit_two_forms(L, pass, i, second);
        return;
    }
    near_terms(L, pass, &L->form);
    if (count_terms(&L->form) != 2 || !emit_two_terms(L, pass, i))
        emit_terms(L, pass, AD_LINEAR, i);
}

/* Both at the earlier one. The -x between sigmoid(x) and sigmoid(-x) is dropped when nothing else wants it. */
static void emit_twins(lowering *L, ad_pass *pass, uint32_t i, uint32_t twin)
{
    int sigmoid = at(L, i)->op == AD_OP_sigmoid;
    uint32_t second = at(L, i)->op == AD_OP_cos || (sigmoid && at(L, at(L, i)->x)->op == AD_OP_neg &&
                      at(L, at(L, i)->x)->x == at(L, twin)->x) ? i : twin, first = second == i ? twin : i;
    uint32_t x = at(L, first)->x, minus = at(L, second)->x;
    near(L, pass, x);
    begin(L, pass, sigmoid ? AD_SIGMOIDS : AD_SINE_COSINE, 80);
    emit(L, pass, first);
    emit(L, pass, second);
    emit(L, pass, operand(L, x));
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
        near(L, pass, x[k]);
    emit_row(L, pass, code, i, x);
}

static void emit_node(lowering *L, ad_pass *pass, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    uint32_t x[3] = {n->x, n->y, n->w};
    if (L->twin[i] != NONE)
        emit_twins(L, pass, i, L->twin[i]);
    else if (is_sum(n->op))
        emit_sum(L, pass, i);
    else if (is_product(L, i))
        emit_product(L, pass, i);
    else {
        for (int k = 0; k < ad_graph_arity(n->op); k++)
            near(L, pass, x[k]);
        emit_row(L, pass, n->op, i, x);
    }
    L->seen[i] = L->n_starts;
}

/* ---- Row sums ---------------------------------------------------------------------------------------------------------- */

static void near_group(lowering *L, ad_pass *pass, const lower_group *g)
{
    const uint32_t *pairs = g->pairs.base;
    near(L, pass, g->factor);
    for (uint32_t k = 0; k < g->n && !L->failed; k++)
        near(L, pass, pairs[2 * k]);
}

static void emit_group(lowering *L, ad_pass *pass, const lower_group *g)
{
    const uint32_t *pairs = g->pairs.base;
    near_group(L, pass, g);
    begin(L, pass, AD_GATHER_PRODUCTS, 6 + 6 * g->n);
    emit(L, pass, g->factor);
    emit(L, pass, g->own);
    emit(L, pass, g->n);
    for (uint32_t k = 0; k < 2 * g->n && !L->failed; k++)
        emit(L, pass, pairs[k]);
}

/* Where a product with that other factor stands in a marked group, or NONE. */
static uint32_t find_other(const lowering *L, const lower_group *g, uint32_t other)
{
    uint32_t k = L->mark[other] - 1;
    return k < g->n && ((uint32_t *)g->pairs.base)[2 * k] == other ? k : NONE;
}

/* What the closed group's products and the open one's share, taken out of both as they are emitted; 0: too little. */
static int emit_two_groups(lowering *L, ad_pass *pass)
{
    lower_group *g = &L->closed, *h = &L->group;
    uint32_t *p = g->pairs.base, *q = h->pairs.base, shared = 0, rest = 0, more = 0;
    for (uint32_t k = 0; k < g->n; k++)
        L->mark[p[2 * k]] = k + 1;
    for (uint32_t k = 0; k < h->n; k++)
        shared += find_other(L, g, q[2 * k]) != NONE;
    if (shared < LEAST_SHARED - 1)
        return 0;
    near_group(L, pass, g);
    near_group(L, pass, h);
    begin(L, pass, AD_GATHER_TWO, 6 + 6 * (g->n + h->n));
    emit(L, pass, g->factor);
    emit(L, pass, h->factor);
    emit(L, pass, g->own);
    emit(L, pass, h->own);
    size_t counts = pass->n_code;
    for (int k = 0; k < 3; k++)
        emit(L, pass, 0);
    shared = 0;
    for (uint32_t k = 0; k < h->n && !L->failed; k++) {
        uint32_t other = q[2 * k], to = q[2 * k + 1], at_first = find_other(L, g, other);
        if (at_first == NONE) {
            q[2 * more] = other;
            q[2 * more++ + 1] = to;
            continue;
        }
        emit(L, pass, other);
        emit(L, pass, p[2 * at_first + 1]);
        emit(L, pass, to);
        p[2 * at_first] = NONE;            /* and so it is not found again */
        shared++;
    }
    for (uint32_t k = 0; k < g->n && !L->failed; k++)
        if (p[2 * k] != NONE) {
            emit(L, pass, p[2 * k]);
            emit(L, pass, p[2 * k + 1]);
            rest++;
        }
    for (uint32_t k = 0; k < 2 * more && !L->failed; k++)
        emit(L, pass, q[k]);
    if (!L->failed) {
        pass->code[counts]     = shared;
        pass->code[counts + 1] = rest;
        pass->code[counts + 2] = more;
    }
    return 1;
}

static void flush_closed(lowering *L, ad_pass *pass)
{
    if (L->closed.open)
        emit_group(L, pass, &L->closed);
    L->closed.open = 0;
}

/* Closes the open group: it is emitted with the one closed before, or waits for the next. */
static void flush(lowering *L, ad_pass *pass)
{
    if (!L->group.open)
        return;
    L->group.open = 0;
    if (L->closed.open && emit_two_groups(L, pass)) {
        L->closed.open = 0;
        return;
    }
    flush_closed(L, pass);
    lower_group empty = L->closed;
    L->closed = L->group;
    L->closed.open = 1;
    L->closed.since = L->n_starts;
    L->group = empty;
    L->group.open = 0;
}

/* Opens a group, of a factor alone (sum its accumulator) or with a product. */
static void open_group(lowering *L, ad_pass *pass, uint32_t factor, uint32_t own)
{
    flush(L, pass);
    L->group.open = 1;
    L->group.factor = factor;
    L->group.own = own;
    L->group.n = 0;
    L->group.since = L->n_starts;
}

/* A product joins the group of either factor; the first product of a group did not know which is the common one. */
static void gather_product(lowering *L, ad_pass *pass, uint32_t a, uint32_t b, uint32_t sum)
{
    uint32_t *pairs = L->group.pairs.base, factor = L->group.factor;
    int joins = L->group.open && L->n_starts - L->group.since < PATIENCE;
    if (joins && factor != a && factor != b && L->group.n == 1 && L->group.own == NONE && (pairs[0] == a || pairs[0] == b)) {
        L->group.factor = pairs[0];
        pairs[0] = factor;
        factor = L->group.factor;
    }
    if (!joins || (factor != a && factor != b)) {
        open_group(L, pass, a, NONE);
        factor = a;
    }
    if (!(pairs = lower_grown(L, &L->group.pairs, (L->group.n + (size_t)1) * 2 * sizeof *pairs)))
        return;
    pairs[2 * L->group.n] = factor == a ? b : a;
    pairs[2 * L->group.n++ + 1] = sum;
}

static void emit_gather(lowering *L, ad_pass *pass, uint32_t sum)
{
    pass->sum_to = lower_grown(L, &pass->sum_block, (pass->n_sums + (size_t)1) * sizeof *pass->sum_to);
    if (L->failed)
        return;
    uint32_t to = pass->n_sums++, x[2];
    pass->sum_to[to] = L->uniform[sum];
    collect(L, &L->form, at(L, sum)->x, 0);
    int single = count_terms(&L->form) == 1, class = single ? term_at(L, 0, x) : -1;
    if (class < 0 || (class != 0 && class != 1 && class != 4 && class != 5)) {
        near_terms(L, pass, &L->form);
        emit_terms(L, pass, AD_GATHER, to);
        return;
    }
    if (class & 1)
        pass->sum_to[to] |= AD_UNIFORM;
    if (class < 4)
        gather_product(L, pass, x[0], x[1], to);
    else
        open_group(L, pass, x[0], to);
}

/* ---- All of it --------------------------------------------------------------------------------------------------------- */

/* Creation order, every row sum after its operand. Greedy orders gain nothing; only late row sums are bad. */
static void emit_pass(lowering *L, ad_pass *pass)
{
    L->group.open = L->closed.open = 0;
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
            emit_gather(L, pass, s);
        for (uint32_t k = L->first_out[i]; k != NONE && !L->failed; k = L->next_out[k]) {
            near(L, pass, i);
            begin(L, pass, AD_STORE, 10);
            emit(L, pass, k);
            emit(L, pass, i);
        }
        if (L->group.open && L->n_starts - L->group.since >= PATIENCE)
            flush(L, pass);
        if (L->closed.open && L->n_starts - L->closed.since >= PATIENCE)
            flush_closed(L, pass);
    }
    flush(L, pass);
    flush_closed(L, pass);
    begin(L, pass, AD_END, 0);
}

void lower_fuse(lowering *L, ad_pass *pass, uint32_t level, int last, const uint32_t *outputs)
{
    L->n_starts = 0;
    if (!mark_pass(L, level, last, outputs)) {
        begin(L, pass, AD_END, 0);
        return;
    }
    mark_fused(L);
    mark_twins(L);
    emit_pass(L, pass);
}
