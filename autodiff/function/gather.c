/* gather.c -- sums over rows: products with a common factor are gathered by one instruction, two such factors that share the
 * others by one again. A few groups of products wait for more, the oldest first to go. */
#include "factors.h"

#include <string.h>

/* PATIENCE: instructions after which a group is emitted although it might still grow. A sum of up to MOST_SPLIT products may go to
 * as many groups. */
enum { PATIENCE = 24, LEAST_COMMON = 2, MOST_SPLIT = 4, PAIR = 0, MINUS_PAIR = 1 };

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

/* Other factors that two groups share, those of the second with the place in the first; not where both are for the same
 * accumulator. Differences have an instruction of their own. */
static uint32_t count_shared(lowering *L, const lower_group *g, const lower_group *h)
{
    const uint32_t *p = g->pairs.base, *q = h->pairs.base;
    uint32_t shared = 0;
    for (uint32_t k = 0; k < g->n; k++)
        L->mark[p[2 * k]] = k + 1;
    for (uint32_t k = 0; k < h->n; k++) {
        uint32_t at_first = find_other(L, g, q[2 * k]);
        shared += at_first != NONE && p[2 * at_first + 1] != q[2 * k + 1];
    }
    return count_differences(L, g) || count_differences(L, h) ? 0 : shared;
}

/* Both in one instruction: what their products share is taken out of both. */
static void emit_two_groups(lowering *L, ad_pass *pass, const lower_group *g, const lower_group *h)
{
    uint32_t *p = g->pairs.base, *q = h->pairs.base, shared = 0, rest = 0, more = 0;
    for (uint32_t k = 0; k < g->n; k++)
        L->mark[p[2 * k]] = k + 1;
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
    for (uint32_t k = 0; k < h->n && !L->failed; k++) {
        uint32_t other = q[2 * k], to = q[2 * k + 1], at_first = find_other(L, g, other);
        if (at_first == NONE || p[2 * at_first + 1] == to) {
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
}

static void forget(lowering *L, uint32_t k)
{
    lower_group gone = L->group[k];
    memmove(L->group + k, L->group + k + 1, (--L->n_groups - k) * sizeof gone);
    L->group[L->n_groups] = gone;          /* its room stays */
}

/* Emits the oldest group, with the one that shares most if there is one. */
static void close_oldest(lowering *L, ad_pass *pass)
{
    uint32_t best = 0, most = LEAST_COMMON - 1;
    for (uint32_t k = 1; k < L->n_groups; k++) {
        uint32_t shared = count_shared(L, &L->group[0], &L->group[k]);
        if (shared > most) {
            most = shared;
            best = k;
        }
    }
    if (best) {
        emit_two_groups(L, pass, &L->group[0], &L->group[best]);
        forget(L, best);
    } else
        emit_group(L, pass, &L->group[0]);
    forget(L, 0);
}

/* A new group, of a factor alone (own its accumulator) or of products to come. */
static lower_group *open_group(lowering *L, ad_pass *pass, uint32_t factor, uint32_t own)
{
    if (L->n_groups == LOWER_GROUPS)
        close_oldest(L, pass);
    lower_group *g = &L->group[L->n_groups++];
    *g = (lower_group){.pairs = g->pairs, .factor = factor, .own = own, .since = L->n_starts};
    return g;
}

/* The newest group of either factor; else one of a single product, which did not know which factor is the common one. A
 * difference never is. */
static lower_group *find_group(lowering *L, uint32_t a, uint32_t b)
{
    for (uint32_t k = L->n_groups; k-- > 0;)
        if (L->group[k].factor == a || L->group[k].factor == b)
            return &L->group[k];
    for (uint32_t k = L->n_groups; k-- > 0;) {
        lower_group *g = &L->group[k];
        uint32_t *pair = g->pairs.base;
        if (g->n == 1 && g->own == NONE && (pair[0] == a || pair[0] == b) && !is_difference(L, pair[0])) {
            uint32_t factor = g->factor;
            g->factor = pair[0];
            pair[0] = factor;
            return g;
        }
    }
    return NULL;
}

static void gather_product(lowering *L, ad_pass *pass, uint32_t a, uint32_t b, uint32_t sum)
{
    if (is_difference(L, a)) {
        gather_product(L, pass, b, a, sum);
        return;
    }
    lower_group *g = find_group(L, a, b);
    if (!g)
        g = open_group(L, pass, a, NONE);
    uint32_t *pairs = lower_grown(L, &g->pairs, (g->n + (size_t)1) * 2 * sizeof *pairs);
    if (!pairs)
        return;
    pairs[2 * g->n] = g->factor == a ? b : a;
    pairs[2 * g->n++ + 1] = sum;
}

/* Whether a factor is one of some pairs. */
static int is_among(const uint32_t *pairs, uint32_t n, uint32_t factor)
{
    uint32_t k = 0;
    while (k < 2 * n && pairs[k] != factor)
        k++;
    return k < 2 * n;
}

/* A sum of products, all of one sign, is gathered product by product when each finds company: a group that waits for it, or a
 * product of the next row sum. Of two signs it is not: they may cancel in every row, and would not in two accumulators. */
static int may_split(lowering *L, uint32_t i, int class)
{
    uint32_t n = L->form.n[class], j = i + 1;
    const uint32_t *pairs = L->form.term[class].base;
    if (n != lower_count_terms(&L->form) || n > MOST_SPLIT)
        return 0;
    while (j < L->G->n && L->first_sum[j] == NONE)
        j++;
    memset(L->other.n, 0, sizeof L->other.n);
    if (j < L->G->n)
        lower_collect(L, &L->other, j, 0);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t a = pairs[2 * k], b = pairs[2 * k + 1];
        int company = is_among(L->other.term[class].base, L->other.n[class], a) ||
                      is_among(L->other.term[class].base, L->other.n[class], b);
        for (uint32_t g = 0; g < L->n_groups; g++)
            company |= L->group[g].factor == a || L->group[g].factor == b;
        if (!company)
            return 0;
    }
    return !L->failed;
}

void lower_emit_gather(lowering *L, ad_pass *pass, uint32_t sum)
{
    pass->sum_to = lower_grown(L, &pass->sum_block, (pass->n_sums + (size_t)1) * sizeof *pass->sum_to);
    if (L->failed)
        return;
    uint32_t to = pass->n_sums++, x[2];
    pass->sum_to[to] = L->uniform[sum];
    lower_collect(L, &L->form, at(L, sum)->x, 0);
    if (L->failed)
        return;
    int single = lower_count_terms(&L->form) == 1, class = lower_term_at(L, 0, x), minus = 0;
    int alone = single && (class == 4 || class == 5);
    if (!alone && !(class <= MINUS_PAIR && (single || may_split(L, unsigned_of(L, at(L, sum)->x, &minus), class)))) {
        lower_near_terms(L, pass, &L->form);
        lower_emit_terms(L, pass, AD_GATHER, to);
        return;
    }
    if (class & 1)
        pass->sum_to[to] |= AD_UNIFORM;
    if (alone)
        open_group(L, pass, x[0], to);
    for (uint32_t k = 0; !alone && k < L->form.n[class] && !L->failed; k++) {
        lower_term_at(L, k, x);            /* its class is the first there is */
        gather_product(L, pass, x[0], x[1], to);
    }
}

void lower_age_groups(lowering *L, ad_pass *pass)
{
    while (L->n_groups && L->n_starts - L->group[0].since >= PATIENCE)
        close_oldest(L, pass);
}

void lower_end_groups(lowering *L, ad_pass *pass)
{
    while (L->n_groups)
        close_oldest(L, pass);
}
