/* cause_stale.c -- causes of a wrong derivative: values that were, or had become, others when it was computed. */
#include "cause_on_paths.h"

#include <math.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;

/* ---- Stale values --------------------------------------------------------------------------------------------------------------------------- */

/* How much of the computation saw the other value: one slope (see seek_stale), all slopes, or everything. */
enum { IN_SLOPES, EVERYWHERE };

/* The other value that one of these gives a place; NULL: none does. The last of several counts. */
static const ad_other_value *other_of(const ad_other_value *o, size_t n, uint32_t place)
{
    while (n-- > 0)
        if (o[n].of == place)
            return &o[n];
    return NULL;
}

static double value_of_other(const ad_search *S, const ad_other_value *o, size_t j)
{
    return o->place == NONE ? o->value : ad_value_in(S, j, o->place);
}

static double everywhere(ad_search *S, const ad_other_value *o, size_t n, size_t j)
{
    const ad_suspect *s = S->s;
    const ad_paths *p = s->paths;
    size_t most = s->n_given + n, given = 0, own = j == 0 ? s->n_given : 0;
    ad_given *all = ad_resize(S->allocator, NULL, 0, most * sizeof *all);
    double *value = ad_resize(S->allocator, NULL, 0, p->n * sizeof *value), slope = NAN;
    if (all && value) {
        for (uint32_t i = 0; i < p->n; i++) {          /* in rising order of places */
            const ad_other_value *other = other_of(o, n, i);
            if (other)
                all[given++] = (ad_given){i, value_of_other(S, other, j)};
            for (size_t m = 0; m < own && !other; m++)
                if (s->given[m].place == i)
                    all[given++] = s->given[m];
        }
        ad_paths_values(p, s->inputs ? s->inputs[j] : NULL, given, all, value);
        ad_paths_tangents(p, value, s->by, S->scratch);
        slope = S->scratch[s->of];
    } else
        S->failed = 1;
    if (all)
        ad_resize(S->allocator, all, most * sizeof *all, 0);
    if (value)
        ad_resize(S->allocator, value, p->n * sizeof *value, 0);
    return slope;
}

/* Slopes see the other values of their operands; values do not. */
static double in_slopes(ad_search *S, const ad_other_value *o, size_t n, size_t j)
{
    const ad_suspect *s = S->s;
    const ad_paths *p = s->paths;
    const double *value = ad_values_at(S, j);
    double *tangent = S->scratch;
    memset(tangent, 0, p->n * sizeof *tangent);
    tangent[s->by] = 1;
    for (uint32_t i = s->by + 1; i <= s->of; i++)
        for (uint32_t k = 0; k < p->places[i].n; k++) {
            uint32_t below = ad_operand_in(S, i, k), m = 0;
            if (tangent[below] == 0 || !ad_paths_has_slope(p, i, k))
                continue;
            while (m < p->places[i].n && !other_of(o, n, ad_operand_in(S, i, m)))
                m++;
            double q = m == p->places[i].n ? ad_paths_slope(p, value, i, k)
                     : ad_paths_slope_with(p, value, i, k, m, value_of_other(S, other_of(o, n, ad_operand_in(S, i, m)), j));
            tangent[i] += ad_product(q, tangent[below]);
        }
    return tangent[s->of];
}

static int is_stale(ad_search *S, const ad_other_value *o, size_t n, int where, double *numbers, double bits)
{
    const ad_suspect *s = S->s;
    for (size_t i = 0; i < s->samples; i++) {
        numbers[i] = 0;
        AD_EACH_POINT(S, j, i)
            numbers[i] += where == IN_SLOPES ? in_slopes(S, o, n, j) : everywhere(S, o, n, j);
    }
    return ad_guess_fits(S, &(ad_guess){.predict = ad_guess_numbers, .numbers = numbers}, bits);
}

void ad_seek_stale(ad_search *S)
{
    const ad_suspect *s = S->s;
    double bits = 1.5 + log2(1 + (double)s->n_others), *numbers = ad_resize(S->allocator, NULL, 0, s->samples * sizeof *numbers + 1);
    char exact[AD_DETAIL];
    if (!numbers) {
        S->failed = 1;
        return;
    }
    for (int where = IN_SLOPES; where <= EVERYWHERE; where++) {
        for (size_t o = 0; o < s->n_others; o++)
            if (is_stale(S, &s->others[o], 1, where, numbers, bits))
                ad_suspicions_add(S->findings, AD_CAUSE_STALE_VALUE, 1.9, "a stale value: right if %.120s is used%.150s",
                                  s->others[o].words, ad_words_of_exact(S, exact, sizeof exact));
        if (s->n_others > 1 && is_stale(S, s->others, s->n_others, where, numbers, bits))
            ad_suspicions_add(S->findings, AD_CAUSE_STALE_VALUE, 1.95, "stale values: right if %.80s and the others like it are used%.150s",
                              s->others[s->n_others - 1].words, ad_words_of_exact(S, exact, sizeof exact));
    }
    ad_resize(S->allocator, numbers, s->samples * sizeof *numbers + 1, 0);
}
