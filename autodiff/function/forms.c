/* forms.c -- linear forms: the terms of a sum and of the sums and products that dissolve in it, as one instruction; or as one
 * with the next form, when they share operands. Row sums are in gather.c. */
#include "factors.h"

#include <string.h>

static uint32_t width(int class) { return ad_term_width((uint32_t)class); }
static uint32_t *terms(const lower_form *f, int class) { return f->term[class].base; }

static void add_term(lowering *L, lower_form *f, int class, uint32_t a, uint32_t b)
{
    uint32_t *t = lower_grown(L, &f->term[class], (f->n[class] + (size_t)1) * width(class) * sizeof *t);
    if (!t)
        return;
    t += f->n[class]++ * width(class);
    t[0] = a;
    if (width(class) == 2)
        t[1] = b;
}

/* The terms of a node, as ids: sums used once open up, products used once become pairs. The top one opens when asked to. */
void lower_collect(lowering *L, lower_form *f, uint32_t top, int open_top)
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
            if (p.a == p.b && is_difference(L, p.a)) {
                difference d = difference_of(L, p.a);
                add_term(L, f, AD_SQUARED + (minus != p.minus), d.u, d.v);
            } else
                add_term(L, f, (varies(L, p.a) ? 0 : 2) + (minus != p.minus), p.a, p.b);
        } else
            add_term(L, f, 4 + minus, i, 0);
    }
}

uint32_t lower_count_terms(const lower_form *f)
{
    uint32_t n = 0;
    for (int c = 0; c < AD_CLASSES; c++)
        n += f->n[c];
    return n;
}

void lower_near_terms(lowering *L, ad_pass *pass, const lower_form *f)
{
    for (int c = 0; c < AD_CLASSES; c++)
        for (uint32_t k = 0; k < f->n[c] * width(c) && !L->failed; k++)
            lower_near(L, pass, terms(f, c)[k]);
}

/* From the number of classes on. */
static void emit_classes(lowering *L, ad_pass *pass, const lower_form *f)
{
    uint32_t classes = 0;
    for (int c = 0; c < AD_CLASSES; c++)
        classes += f->n[c] > 0;
    lower_emit(L, pass, classes);
    for (int c = 0; c < AD_CLASSES; c++) {
        if (!f->n[c])
            continue;
        lower_emit(L, pass, (uint32_t)c);
        lower_emit(L, pass, f->n[c]);
        for (uint32_t k = 0; k < f->n[c] * width(c) && !L->failed; k++)
            lower_emit(L, pass, lower_operand(L, terms(f, c)[k]));
    }
}

void lower_emit_terms(lowering *L, ad_pass *pass, uint32_t code, uint32_t to)
{
    lower_begin(L, pass, code, 6 + 5 * lower_count_terms(&L->form));
    lower_emit(L, pass, to);
    emit_classes(L, pass, &L->form);
}

/* The class of the k-th term, and its operands. */
int lower_term_at(const lowering *L, uint32_t k, uint32_t *x)
{
    int c = 0;
    while (k >= L->form.n[c])
        k -= L->form.n[c++];
    const uint32_t *t = terms(&L->form, c) + k * width(c);
    x[0] = t[0];
    if (width(c) == 2)
        x[1] = t[1];
    return c;
}

/* Two terms have instructions of their own: a third of the time of the general one. */
static int emit_two_terms(lowering *L, ad_pass *pass, uint32_t to)
{
    uint32_t x[4], swapped[4];
    int first = lower_term_at(L, 0, x), pair = first < 4, second = lower_term_at(L, 1, x + (pair ? 2 : 1)), code;
    if ((first & second & 1) || first >= AD_SQUARED || second >= AD_SQUARED)
        return 0;
    if (!pair) {
        if (first & 1)
            swapped[0] = x[1], swapped[1] = x[0];
        lower_emit_row(L, pass, (first | second) & 1 ? AD_OP_sub : AD_OP_add, to, first & 1 ? swapped : x);
        return 1;
    }
    if (second < 4) {
        if (first & 1)
            swapped[0] = x[2], swapped[1] = x[3], swapped[2] = x[0], swapped[3] = x[1];
        code = (first | second) & 1 ? AD_MUL_SUB_MUL : AD_MUL_ADD_MUL;
        lower_emit_row(L, pass, (uint32_t)code, to, first & 1 ? swapped : x);
        return 1;
    }
    code = first & 1 ? AD_SUB_MUL : second & 1 ? AD_MUL_SUB : AD_MUL_ADD;
    lower_emit_row(L, pass, (uint32_t)code, to, x);
    return 1;
}

/* ---- Two forms at once ------------------------------------------------------------------------------------------------- */

enum { SCALED = 2, LEAST_SHARED = 2 };     /* the class u v; as many terms on the same v are worth it */

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
    lower_collect(L, &L->other, j, 1);
    for (int c = 0; c < AD_CLASSES && !L->failed; c++)
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
    lower_near_terms(L, pass, &L->form);
    lower_near_terms(L, pass, &L->other);
    lower_begin(L, pass, AD_LINEAR_TWO, 6 + 5 * (lower_count_terms(&L->form) + lower_count_terms(&L->other)));
    lower_emit(L, pass, i);
    lower_emit(L, pass, j);
    size_t count = pass->n_code;
    lower_emit(L, pass, 0);
    mark_scaled(L);
    for (uint32_t k = 0; k < L->other.n[SCALED] && !L->failed; k++) {
        uint32_t u = t[2 * k], v = t[2 * k + 1], at_first = find_scaled(L, v);
        if (at_first == NONE) {
            t[2 * rest] = u;
            t[2 * rest++ + 1] = v;
            continue;
        }
        lower_emit(L, pass, lower_operand(L, s[2 * at_first]));
        lower_emit(L, pass, lower_operand(L, u));
        lower_emit(L, pass, v);
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

void lower_emit_sum(lowering *L, ad_pass *pass, uint32_t i)
{
    if (at(L, i)->op == AD_OP_neg) {
        lower_near(L, pass, at(L, i)->x);
        lower_emit_row(L, pass, AD_OP_neg, i, &at(L, i)->x);
        return;
    }
    lower_collect(L, &L->form, i, 1);
    uint32_t second = L->form.n[SCALED] >= LEAST_SHARED ? next_form(L, i) : NONE;
    if (second != NONE && shares_operands(L)) {
        emit_two_forms(L, pass, i, second);
        return;
    }
    lower_near_terms(L, pass, &L->form);
    if (lower_count_terms(&L->form) != 2 || !emit_two_terms(L, pass, i))
        lower_emit_terms(L, pass, AD_LINEAR, i);
}
