/* path_counts.c -- counting paths without walking them, and walking some. */
#include "path_counts.h"

#include "../tape/memory.h"

#include <stdio.h>
#include <string.h>

enum { BASE = 1000000000 };

static void count_add(ad_count *to, const ad_count *c)
{
    uint64_t carry = 0;
    for (int i = 0; i < AD_COUNT_LIMBS; i++) {
        carry += (uint64_t)to->limb[i] + c->limb[i];
        to->limb[i] = (uint32_t)(carry % BASE);
        carry /= BASE;
    }
    for (int i = 0; carry && i < AD_COUNT_LIMBS; i++)
        to->limb[i] = BASE - 1;
}

/* c from what is no less. */
static void count_take(ad_count *from, const ad_count *c)
{
    uint32_t borrow = 0;
    for (int i = 0; i < AD_COUNT_LIMBS; i++) {
        uint32_t less = c->limb[i] + borrow;
        borrow = from->limb[i] < less;
        from->limb[i] += (borrow ? BASE : 0) - less;
    }
}

void ad_count_write(const ad_count *c, char *text)
{
    int top = AD_COUNT_LIMBS - 1, full = 1;
    for (int i = 0; i < AD_COUNT_LIMBS; i++)
        full &= c->limb[i] == BASE - 1;
    while (top && !c->limb[top])
        top--;
    if (full) {
        snprintf(text, AD_COUNT_TEXT, "more than 10^%d", 9 * AD_COUNT_LIMBS - 1);
        return;
    }
    int n = snprintf(text, AD_COUNT_TEXT, "%u", (unsigned)c->limb[top]);
    while (top-- > 0)
        n += snprintf(text + n, (size_t)(AD_COUNT_TEXT - n), "%09u", (unsigned)c->limb[top]);
}

/* Paths from every step up to E, and the slopes on all of them together. */
typedef struct tally { ad_count paths, slopes; } tally;

static void add_tally(ad_path_counts *to, const tally *t)
{
    ad_count products = t->slopes;
    count_add(&to->paths, &t->paths);
    count_take(&products, &t->paths);
    count_add(&to->multiplications, &products);
}

int ad_paths_count(const ad_steps *s, size_t from, ad_path_counts *one, ad_path_counts *all)
{
    size_t size = s->n * sizeof(tally);
    tally *t = ad_resize(&s->allocator, NULL, 0, size);
    if (!t)
        return 0;
    memset(t, 0, size);
    memset(one, 0, sizeof *one);
    memset(all, 0, sizeof *all);
    t[s->n - 1].paths.limb[0] = 1;
    for (size_t i = s->n - 1; i-- > 0;) {
        for (size_t k = 0; k < s->step[i].n_uses; k++) {
            const tally *up = &t[s->edge[s->uses[s->step[i].first_use + k]].to];
            count_add(&t[i].paths, &up->paths);
            count_add(&t[i].slopes, &up->slopes);
            count_add(&t[i].slopes, &up->paths);
        }
        if (s->step[i].input && !s->step[i].given)
            add_tally(all, &t[i]);
    }
    if (from < s->n - 1)
        add_tally(one, &t[from]);
    ad_resize(&s->allocator, t, size, 0);
    return 1;
}

size_t ad_sweep_count(const ad_steps *s)
{
    size_t n = 0;
    for (size_t k = 0; k < s->n_edges; k++)
        n += !s->step[s->edge[k].from].given && s->edge[k].to != s->n - 1;
    return n;
}

int ad_paths_visit(const ad_steps *s, size_t from, ad_path_visitor *visit, void *context)
{
    size_t size = s->n * 2 * sizeof(size_t), depth = 0;
    size_t *edges = ad_resize(&s->allocator, NULL, 0, size);
    if (!edges)
        return 0;
    size_t *next = edges + s->n, at = from;        /* next[d]: the use to try at depth d */
    next[0] = 0;
    for (int going = from < s->n - 1; going;) {
        if (at == s->n - 1) {
            going = visit(context, s, edges, depth);
        } else if (next[depth] < s->step[at].n_uses) {
            edges[depth] = s->uses[s->step[at].first_use + next[depth]++];
            at = s->edge[edges[depth++]].to;
            next[depth] = 0;
            continue;
        }
        if (!depth)
            break;
        at = s->edge[edges[--depth]].from;
    }
    ad_resize(&s->allocator, edges, size, 0);
    return 1;
}
