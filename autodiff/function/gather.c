/* gather.c -- sums over rows: products with a common factor are gathered by one instruction, two such factors that share the
 * others by one again. */
#include "factors.h"

#include <string.h>

/* PATIENCE: instructions after which a group is emitted although it might still grow. */
enum { PATIENCE = 24, LEAST_COMMON = 2 };

static void near_group(lowering *L, ad_pass *pass, const lower_group *g)
{
    const uint32_t *pairs = g->pairs.base;
    lower_near(L, pass, g->factor);
    for (uint32_t k = 0; k < g->n && !L->failed; k++)
        if (!is_difference(L, pairs[2 * k]))
            lower_near(L, pass, pairs[2 * k]);
}

static uint32_t count_differences(const lowering *L, const lower_group *g)
{
    const uint32_t *pairs = g->pairs.base;
    uint32_t n = 0;
    for (uint32_t k = 0; k < g->n; k++)
        n += is_difference(L, pairs[2 * k]) != 0;
    return n;
}

/* u - v is v - u with the sum taken away. */
static void emit_differences(lowering *L, ad_pass *pass, const lower_group *g, uint32_t n)
{
    const uint32_t *pairs = g->pairs.base;
    lower_begin(L, pass, AD_GATHER_DIFFERENCES, 6 + 8 * n);
    lower_emit(L, pass, g->factor);
    lower_emit(L, pass, n);
    for (uint32_t k = 0; k < g->n && !L->failed; k++) {
        if (!is_difference(L, pairs[2 * k]))
            continue;
        difference d = difference_of(L, pairs[2 * k]);
        lower_emit(L, pass, lower_operand(L, d.u));
        lower_emit(L, pass, d.v);
        lower_emit(L, pass, pairs[2 * k + 1]);
        if (d.minus)
            pass->sum_to[pairs[2 * k + 1]] ^= AD_UNIFORM;
    }
}

static void emit_group(lowering *L, ad_pass *pass, const lower_group *g)
{
    const uint32_t *pairs = g->pairs.base;
    uint32_t differences = count_differences(L, g), n = g->n - differences;
    near_group(L, pass, g);
    if (n || g->own != NONE) {
        lower_begin(L, pass, AD_GATHER_PRODUCTS, 6 + 6 * n);
        lower_emit(L, pass, g->factor);
        lower_emit(L, pass, g->own);
        lower_emit(L, pass, n);
    }
    for (uint32_t k = 0; k < g->n && !L->failed; k++)
        if (!is_difference(L, pairs[2 * k])) {
            lower_emit(L, pass, pairs[2 * k]);
            lower_emit(L, pass, pairs[2 * k + 1]);
        }
    if (differences)
        emit_differences(L, pass, g, differences);
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
    if (shared < LEAST_COMMON || count_differences(L, g) || count_differences(L, h))
        return 0;
    near_group(L, pass, g);
    near_group(L, pass, h);
    lower_begin(L, pass, AD_GATHER_TWO, 6 + 6 * (g->n + h->n));
    lower_emit(L, pass, g->factor);
    lower_emit(L, pass, h->factor);
    lower_emit(L, pass, g->own);
    lower_emit(L, pass, h->own);
    size_t counts = pass->n_code;
    for (int k = 0; k < 3; k++)
        lower_emit(L, pass, 0);
    shared = 0;
    for (uint32_t k = 0; k < h->n && !L->failed; k++) {
        uint32_t other = q[2 * k], to = q[2 * k + 1], at_first = find_other(L, g, other);
        if (at_first == NONE) {
            q[2 * more] = other;
            q[2 * more++ + 1] = to;
            continue;
        }
        lower_emit(L, pass, other);
        lower_emit(L, pass, p[2 * at_first + 1]);
        lower_emit(L, pass, to);
        p[2 * at_first] = NONE;            /* and so it is not found again */
        shared++;
    }
    for (uint32_t k = 0; k < g->n && !L->failed; k++)
        if (p[2 * k] != NONE) {
            lower_emit(L, pass, p[2 * k]);
            lower_emit(L, pass, p[2 * k + 1]);
            rest++;
        }
    for (uint32_t k = 0; k < 2 * more && !L->failed; k++)
        lower_emit(L, pass, q[k]);
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
static void close_group(lowering *L, ad_pass *pass)
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
    close_group(L, pass);
    L->group.open = 1;
    L->group.factor = factor;
    L->group.own = own;
    L->group.n = 0;
    L->group.since = L->n_starts;
}

/* A product joins the group of either factor; the first product of a group did not know which is the common one. A difference
 * never is. */
static void gather_product(lowering *L, ad_pass *pass, uint32_t a, uint32_t b, uint32_t sum)
{
    if (is_difference(L, a)) {
        gather_product(L, pass, b, a, sum);
        return;
    }
    uint32_t *pairs = L->group.pairs.base, factor = L->group.factor;
    int joins = L->group.open && L->n_starts - L->group.since < PATIENCE;
    if (joins && factor != a && factor != b && L->group.n == 1 && L->group.own == NONE && (pairs[0] == a || pairs[0] == b) &&
        !is_difference(L, pairs[0])) {
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

void lower_emit_gather(lowering *L, ad_pass *pass, uint32_t sum)
{
    pass->sum_to = lower_grown(L, &pass->sum_block, (pass->n_sums + (size_t)1) * sizeof *pass->sum_to);
    if (L->failed)
        return;
    uint32_t to = pass->n_sums++, x[2];
    pass->sum_to[to] = L->uniform[sum];
    lower_collect(L, &L->form, at(L, sum)->x, 0);
    int single = lower_count_terms(&L->form) == 1, class = single ? lower_term_at(L, 0, x) : -1;
    if (class < 0 || (class != 0 && class != 1 && class != 4 && class != 5)) {
        lower_near_terms(L, pass, &L->form);
        lower_emit_terms(L, pass, AD_GATHER, to);
        return;
    }
    if (class & 1)
        pass->sum_to[to] |= AD_UNIFORM;
    if (class < 4)
        gather_product(L, pass, x[0], x[1], to);
    else
        open_group(L, pass, x[0], to);
}

void lower_age_groups(lowering *L, ad_pass *pass)
{
    if (L->group.open && L->n_starts - L->group.since >= PATIENCE)
        close_group(L, pass);
    if (L->closed.open && L->n_starts - L->closed.since >= PATIENCE)
        flush_closed(L, pass);
}

void lower_end_groups(lowering *L, ad_pass *pass)
{
    close_group(L, pass);
    flush_closed(L, pass);
}
