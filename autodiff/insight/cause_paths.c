/* cause_paths.c -- causes of a wrong derivative: nodes, stretches of the chain and whole paths left out, other variables. One
 * slope changed is cause_slopes.c, stale values are cause_stale.c. */
#include "cause_on_paths.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;

/* (u v)' taken as u' v', and (u / v)' as u' / v'. */
static double naive_product(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    AD_EACH_POINT(S, j, sample) {
        double u = ad_tangent_in(S, j, ad_operand_in(S, g->i, 0)), v = ad_tangent_in(S, j, ad_operand_in(S, g->i, 1));
        double naive = S->s->paths->places[g->i].op == AD_OP_mul ? u * v : u / v;
        h += ad_product(ad_adjoint_in(S, j, g->i), naive - ad_tangent_in(S, j, g->i));
    }
    return h;
}

static void seek_naive_product(ad_search *S, uint32_t i, double bits)
{
    enum ad_op op = S->s->paths->places[i].op;
    char text[AD_WORDS], exact[AD_DETAIL];
    size_t first = S->first * S->s->rows;
    if ((op != AD_OP_mul && op != AD_OP_div) || ad_tangent_in(S, first, ad_operand_in(S, i, 0)) == 0 || ad_tangent_in(S, first, ad_operand_in(S, i, 1)) == 0)
        return;
    if (ad_guess_fits(S, &(ad_guess){.predict = naive_product, .i = i}, bits + 1))
        ad_suspicions_add(S->findings, AD_CAUSE_UNKNOWN, 5, "the derivative of the %s %.80s was taken as that of the derivatives%.150s",
                        op == AD_OP_mul ? "product" : "quotient", ad_words_of_formula(S, i, text, sizeof text),
                        ad_words_of_exact(S, exact, sizeof exact));
}

/* ---- One node left out, or alone ----------------------------------------------------------------------------------------------- */

static double without_node(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    AD_EACH_POINT(S, j, sample)
        h -= ad_product(ad_adjoint_in(S, j, g->i), ad_tangent_in(S, j, g->i));
    return h;
}

/* From `by` up to other, and from i up to `of`: what lies between left out. With other == i what goes through it. */
static double two_parts(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = 0;
    AD_EACH_POINT(S, j, sample)
        h += ad_product(ad_adjoint_in(S, j, g->i), ad_tangent_in(S, j, g->other));
    return h;
}

static double adjoint_alone(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = 0;
    AD_EACH_POINT(S, j, sample)
        h += ad_adjoint_in(S, j, g->i);
    return h;
}

static double tangent_alone(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = 0;
    AD_EACH_POINT(S, j, sample)
        h += ad_tangent_in(S, j, g->i);
    return h;
}

static void seek_node(ad_search *S, uint32_t i, double bits)
{
    char text[AD_WORDS], exact[AD_DETAIL];
    if (ad_guess_fits(S, &(ad_guess){.predict = without_node, .i = i, .may_vanish = 1}, bits))
        ad_suspicions_add(S->findings, AD_CAUSE_MISSING_PATH, ad_words_name(S, i) ? 2.55 : 2.65,
                        "a missing path: the one through %.80s, which was held constant%.150s",
                        ad_words_of_place(S, i, text, sizeof text), ad_words_of_exact(S, exact, sizeof exact));
    if (ad_guess_fits(S, &(ad_guess){.predict = two_parts, .i = i, .other = i, .may_vanish = 1}, bits + 1))
        ad_suspicions_add(S->findings, AD_CAUSE_MISSING_PATH, 2.7, "missing paths: only the one through %.80s is there%.150s",
                        ad_words_of_place(S, i, text, sizeof text),
                        ad_words_of_exact(S, exact, sizeof exact));
}

/* ---- A stretch of the chain left out ----------------------------------------------------------------------------------------------- */

enum { MOST_BRIDGES = 96, MOST_UNNAMED = 24 };

/* Nodes that every path goes through, from `by` up to `of`: those that no operand in use leaps over. */
static uint32_t find_bridges(ad_search *S, uint32_t *bridges)
{
    const ad_suspect *s = S->s;
    double *leaps = S->scratch, over = 0;  /* begun at a node, less those that end there */
    uint32_t n = 0;
    memset(leaps, 0, s->paths->n * sizeof *leaps);
    for (uint32_t i = s->by + 1; i <= s->of; i++)
        for (uint32_t k = 0; k < s->paths->places[i].n; k++)
            if (ad_goes_on(S, i, k)) {
                leaps[ad_operand_in(S, i, k) + 1]++;
                leaps[i]--;
            }
    for (uint32_t i = s->by; i <= s->of && n < MOST_BRIDGES; i++) {
        over += leaps[i];
        if (over == 0 && ad_is_active(S, i))
            bridges[n++] = i;
    }
    return n;
}

/* Whether from one bridge up to another there is one path alone. */
static int is_chain(const ad_search *S, uint32_t from, uint32_t to, uint32_t bridges)
{
    uint32_t uses = 0;
    for (uint32_t i = from + 1; i <= to; i++)
        for (uint32_t k = 0; k < S->s->paths->places[i].n; k++)
            uses += ad_operand_in(S, i, k) >= from && ad_goes_on(S, i, k) ? 1 : 0;
    return uses == bridges;
}

/* A slope of 1 or -1 is no factor to miss. */
static int is_unit_stretch(const ad_search *S, uint32_t from, uint32_t to)
{
    AD_EACH_FIRST(S, j) {
        double without = ad_adjoint_in(S, j, to) * ad_tangent_in(S, j, from);
        if (!(fabs(fabs(without) - fabs(ad_tangent_in(S, j, S->s->of))) <= 1e-12 * fabs(without)))
            return 0;
    }
    return 1;
}

static void seek_missing_stretch(ad_search *S, const uint32_t *bridges, uint32_t n)
{
    char exact[AD_DETAIL];
    const char *names[MOST_BRIDGES];
    double bits = 1 + log2(1 + n * (double)n / 2);
    for (uint32_t a = 0; a < n; a++)
        names[a] = ad_words_name(S, bridges[a]);
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = a + 1; b < n; b++) {
            const char *below = names[a], *above = names[b];
            int whole = a == 0 && b == n - 1;
            if (((!below || !above) && n > MOST_UNNAMED) || is_unit_stretch(S, bridges[a], bridges[b]))
                continue;
            if (!ad_guess_fits(S, &(ad_guess){.predict = two_parts, .i = bridges[b], .other = bridges[a]}, bits))
                continue;
            const ad_place *top = &S->s->paths->places[bridges[b]];
            int single = top->n == 1 && ad_operand_in(S, bridges[b], 0) == bridges[a];
            char from[AD_WORDS], to[AD_WORDS];
            ad_words_of_place(S, bridges[a], from, sizeof from);
            ad_words_of_place(S, bridges[b], to, sizeof to);
            if (whole)
                ad_suspicions_add(S->findings, AD_CAUSE_MISSING_FACTOR, 3.35, "missing factor d(%.60s)/d(%.60s) itself%.150s", to, from,
                                ad_words_of_exact(S, exact, sizeof exact));
            else if (!single && (!above || !below))
                ad_suspicions_add(S->findings, AD_CAUSE_MISSING_FACTOR, 2.69, "missing factor d(%.60s)/d(%.60s)%.150s", to, from,
                                ad_words_of_exact(S, exact, sizeof exact));
            else if (!single)              /* else it is that slope, and has a name of its own */
                ad_suspicions_add(S->findings, AD_CAUSE_MISSING_FACTOR, is_chain(S, bridges[a], bridges[b], b - a) ? 2.3 : 2.68, "missing factor d%.60s/d%.60s%.150s", above, below,
                                ad_words_of_exact(S, exact, sizeof exact));
        }
}

/* ---- Other variables ------------------------------------------------------------------------------------------------------------------ */

static void seek_other_variable(ad_search *S)
{
    const ad_suspect *s = S->s;
    char exact[AD_DETAIL];
    double bits = 2 + log2(1 + (double)s->n_names);
    const char *of = ad_words_name(S, s->of), *by = ad_words_name(S, s->by);
    for (size_t v = 0; v < s->n_names; v++) {
        uint32_t i = s->names[v];
        const char *name = ad_words_name(S, i);
        int input = s->paths->places[i].op == AD_OP_PARAM || s->paths->places[i].op == AD_OP_COLUMN;
        if (i == NONE || !name)
            continue;
        if (i != s->by && i < s->of && ad_guess_fits(S, &(ad_guess){.predict = adjoint_alone, .i = i}, bits))
            ad_suspicions_add(S->findings, AD_CAUSE_OTHER_VARIABLE, input ? 3.2 : 3.3, "it is the derivative with respect to %.60s%s%.60s%.150s",
                            name, by ? ", not " : "", by ? by : "", ad_words_of_exact(S, exact, sizeof exact));
        if (i != s->of && i > s->by && ad_guess_fits(S, &(ad_guess){.predict = tangent_alone, .i = i}, bits))
            ad_suspicions_add(S->findings, AD_CAUSE_OTHER_VARIABLE, 3.35, "it is the derivative of %.60s%s%.60s%.150s",
                            name, of ? ", not of " : "", of ? of : "", ad_words_of_exact(S, exact, sizeof exact));
    }
}

/* ---- A named quantity too many or too few ---------------------------------------------------------------------------------------------- */

static double times_place(const ad_search *S, const ad_guess *g, size_t sample)
{
    double v = ad_value_in(S, sample * S->s->rows, g->i);
    return S->s->exact[sample] * (g->number > 0 ? v : 1 / v) * (g->k ? -1 : 1);
}

static void seek_named_factor(ad_search *S)
{
    const ad_suspect *s = S->s;
    char exact[AD_DETAIL];
    double bits = 2 + log2(1 + (double)s->n_names);
    for (size_t v = 0; v < s->n_names && s->rows == 1; v++) {
        uint32_t i = s->names[v];
        const char *name = ad_words_name(S, i);
        double number = ad_value_in(S, S->first, i);
        if (!name || number == 0 || fabs(number) == 1)
            continue;
        int input = s->paths->places[i].op == AD_OP_PARAM || s->paths->places[i].op == AD_OP_CONSTANT;
        int count = input && number == floor(number);      /* "a factor n = 3 too large"; others are "missing factor w" */
        double rank = count ? (fabs(number) == 2 ? 2.3 : 2.1) : S->told > 2 ? 3.37 : 5.5;
        for (uint32_t way = 0; way < 4; way++) {
            int times = !(way & 1), minus = (way & 2) != 0;
            if (!ad_guess_fits(S, &(ad_guess){.predict = times_place, .i = i, .k = (uint32_t)minus, .number = times ? 1 : -1},
                               bits + 2 * minus))
                continue;
            int large = (fabs(number) > 1) == times;
            if (count)
                ad_suspicions_add(S->findings, AD_CAUSE_FACTOR, rank + minus, "a factor %.60s = %.6g too %s%s%.150s", name,
                                number, large ? "large" : "small", minus ? ", and the sign" : "", ad_words_of_exact(S, exact, sizeof exact));
            else
                ad_suspicions_add(S->findings, times ? AD_CAUSE_FACTOR : AD_CAUSE_MISSING_FACTOR, rank + minus, "%s %.60s%s%.150s",
                                times ? "one factor too many:" : "missing factor", name, minus ? ", and the sign" : "",
                                ad_words_of_exact(S, exact, sizeof exact));
        }
    }
}

/* ---- Single paths ------------------------------------------------------------------------------------------------------------------------- */

static double path_changed(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = g->number == 1 ? 0 : S->s->exact[sample];
    AD_EACH_POINT(S, j, sample) {
        double path = 1;
        for (uint32_t e = 0; e < g->length; e++)
            path = ad_product(path, ad_slope_in(S, j, g->path[2 * e], g->path[2 * e + 1]));
        h += g->number * path;
    }
    return h;
}

/* "w -> e -> sigmoid(e) -> E": what has a name or is a function, from below. */
static const char *words_of_path(const ad_search *S, const uint32_t *path, uint32_t length, char *text, size_t size)
{
    char place[AD_WORDS];
    size_t n = (size_t)snprintf(text, size, "%.20s", ad_words_of_place(S, S->s->by, place, sizeof place));
    for (uint32_t e = length; e-- > 0 && n + 30 < size;) {
        uint32_t i = path[2 * e];
        const ad_place *at = &S->s->paths->places[i];
        if (ad_words_name(S, i) || (at->n == 1 && at->op != AD_OP_neg) || e == 0)
            n += (size_t)snprintf(text + n, size - n, " -> %.24s", ad_words_of_place(S, i, place, sizeof place));
    }
    return text;
}

static void seek_path(ad_search *S, const uint32_t *path, uint32_t length, double bits)
{
    static const struct { double number, rank; ad_cause cause; const char *words; } changes[] = {
        {-1, 2.62, AD_CAUSE_MISSING_PATH, "a missing path:"}, {-2, 2.82, AD_CAUSE_SIGN, "the sign of the path through"},
        {1, 2.72, AD_CAUSE_MISSING_PATH, "missing paths: all but"},
    };
    char text[AD_WORDS], exact[AD_DETAIL];
    for (size_t c = 0; c < sizeof changes / sizeof *changes; c++)
        if (ad_guess_fits(S, &(ad_guess){.predict = path_changed, .number = changes[c].number, .path = path, .length = length,
                                         .may_vanish = changes[c].cause == AD_CAUSE_MISSING_PATH}, bits))
            ad_suspicions_add(S->findings, changes[c].cause, changes[c].rank, "%s %.110s%.150s", changes[c].words,
                            words_of_path(S, path, length, text, sizeof text), ad_words_of_exact(S, exact, sizeof exact));
}

enum { MOST_PATHS = 2000 };

/* Every path from `of` down to `by`, where they are few. */
static void seek_paths(ad_search *S)
{
    const ad_suspect *s = S->s;
    double *count = S->scratch;
    memset(count, 0, s->paths->n * sizeof *count);
    count[s->by] = 1;
    for (uint32_t i = s->by + 1; i <= s->of; i++)
        for (uint32_t k = 0; k < s->paths->places[i].n; k++)
            if (ad_goes_on(S, i, k))
                count[i] += count[ad_operand_in(S, i, k)];
    if (!(count[s->of] > 1 && count[s->of] <= MOST_PATHS))
        return;
    double bits = 1 + log2(count[s->of]);
    uint32_t *path = ad_resize(S->allocator, NULL, 0, 2 * (size_t)s->paths->n * sizeof *path), length = 1;
    if (!path) {
        S->failed = 1;
        return;
    }
    path[0] = s->of;
    path[1] = 0;
    while (length) {
        uint32_t i = path[2 * length - 2], k = path[2 * length - 1];
        if (k == s->paths->places[i].n) {
            if (--length)
                path[2 * length - 1]++;
            continue;
        }
        uint32_t below = ad_operand_in(S, i, k);
        if (!ad_goes_on(S, i, k) || count[below] == 0)
            path[2 * length - 1]++;
        else if (below == s->by) {
            seek_path(S, path, length, bits);
            path[2 * length - 1]++;
        } else {
            path[2 * length] = below;
            path[2 * length + 1] = 0;
            length++;
        }
    }
    ad_resize(S->allocator, path, 2 * (size_t)s->paths->n * sizeof *path, 0);
}

/* ---- Nothing at all ------------------------------------------------------------------------------------------------- */

static void seek_nothing(ad_search *S)
{
    const ad_suspect *s = S->s;
    char of[AD_WORDS], by[AD_WORDS], exact[AD_DETAIL];
    for (size_t i = S->first; i < s->samples; i++)
        if (isfinite(s->claimed[i]) && (s->claimed[i] != 0 || s->tolerance[i] > 1e-3 * fabs(s->exact[i])))
            return;
    ad_suspicions_add(S->findings, AD_CAUSE_MISSING_PATH, 2.9, "missing paths: 0 says that %.60s does not depend on %.60s%.150s",
                      ad_words_of_place(S, s->of, of, sizeof of), ad_words_of_place(S, s->by, by, sizeof by),
                      ad_words_of_exact(S, exact, sizeof exact));
}

/* ---- All of them ------------------------------------------------------------------------------------------------------------------------------ */

/* Hypotheses that pair a slope with another place are tried while they are fewer than this. */
enum { MOST_PAIRS = 1 << 21 };

static int is_bridge(const uint32_t *bridges, uint32_t n, uint32_t i)
{
    for (uint32_t b = 0; b < n; b++)
        if (bridges[b] == i)
            return 1;
    return 0;
}

void ad_cause_of_derivative(ad_search *S)
{
    const ad_suspect *s = S->s;
    const ad_paths *p = s->paths;
    uint32_t bridges[MOST_BRIDGES], n_bridges, active = 0, functions = 0;
    if (s->by >= s->of)
        return;
    for (uint32_t i = s->by + 1; i <= s->of; i++)
        for (uint32_t k = 0; k < p->places[i].n; k++)
            if (ad_goes_on(S, i, k)) {
                active++;
                functions += p->places[i].n == 1 && p->places[i].op != AD_OP_neg;
            }
    n_bridges = find_bridges(S, bridges);
    double bits = 1 + log2(1 + (double)active), pairs = (double)active * (double)(s->n_names + 2) * (double)s->rows;
    for (uint32_t i = s->by + 1; i <= s->of; i++) {
        int bridge = is_bridge(bridges, n_bridges, i);
        for (uint32_t k = 0; k < p->places[i].n; k++)
            if (ad_goes_on(S, i, k))
                ad_seek_at_operand(S, i, k, bridge && is_bridge(bridges, n_bridges, ad_operand_in(S, i, k)), bits, functions, pairs < MOST_PAIRS);
        if (ad_is_active(S, i))
            seek_naive_product(S, i, bits);
        if (!bridge && ad_is_active(S, i))
            seek_node(S, i, bits);
    }
    seek_missing_stretch(S, bridges, n_bridges);
    seek_nothing(S);
    seek_other_variable(S);
    seek_named_factor(S);
    seek_paths(S);
    if (s->n_others)
        ad_seek_stale(S);
}
