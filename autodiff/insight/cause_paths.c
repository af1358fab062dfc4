/* cause_paths.c -- causes of a wrong derivative: the sum over paths with one slope, one node or one path changed.
 *
 * A derivative is linear in every single slope: with slope p of operand k of node i changed to p', dA/dB changes by
 * adjoint(i) (p' - p) tangent(operand). So each hypothesis costs one multiplication a point. */
#include "cause_search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;

#define EACH_POINT(S, j, sample) for (size_t j = (sample) * (S)->s->rows; j < ((sample) + 1) * (S)->s->rows; j++)

static uint32_t operand_of(const ad_search *S, uint32_t i, uint32_t k) { return ad_paths_operands(S->s->paths, i)[k]; }
static double product(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

/* What goes through operand k of node i, its own slope left out. */
static double through(const ad_search *S, size_t j, uint32_t i, uint32_t k)
{
    return product(ad_adjoint_in(S, j, i), ad_tangent_in(S, j, operand_of(S, i, k)));
}

static double slope(const ad_search *S, size_t j, uint32_t i, uint32_t k)
{
    return ad_paths_slope(S->s->paths, ad_values_at(S, j), i, k);
}

static int goes_on(const ad_search *S, uint32_t i, uint32_t k)
{
    size_t j = S->first * S->s->rows;
    return through(S, j, i, k) != 0 && slope(S, j, i, k) != 0;
}

/* ---- One slope changed ------------------------------------------------------------------------------------------------------ */

/* p becomes number times p to the power `other`: 0 and 1 for nothing and one, -1, 2, 1/2 for a slip in it, p^2, 1/p. */
static double slope_becomes(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    EACH_POINT(S, j, sample) {
        double p = slope(S, j, g->i, g->k), power = g->other == 0 ? 1 : g->other == 1 ? p : g->other == 2 ? p * p : 1 / p;
        h += product(through(S, j, g->i, g->k), g->number * power - p);
    }
    return h;
}

/* The slope as textbooks write it by the row's own value z. */
static double slope_by_value(enum ad_op op, double z)
{
    switch (op) {
    case AD_OP_sigmoid:  return z * (1 - z);
    case AD_OP_tanh:     return 1 - z * z;
    case AD_OP_exp:      return z;
    case AD_OP_exp2:     return z * 0.69314718055994531;
    case AD_OP_expm1:    return z + 1;
    case AD_OP_sqrt:     return 0.5 / z;
    case AD_OP_cbrt:     return 1 / (3 * z * z);
    case AD_OP_tan:      return 1 + z * z;
    case AD_OP_softplus: return 1 - exp(-z);
    case AD_OP_relu:     return z > 0;
    case AD_OP_elu:      return z > 0 ? 1 : z + 1;
    default:             return NAN;
    }
}

/* The rule's slope with its operand at the value of another place. */
static double slope_at_other(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    EACH_POINT(S, j, sample) {
        double at = g->other == NONE ? g->number * ad_value_in(S, j, operand_of(S, g->i, g->length)) : ad_value_in(S, j, g->other);
        double p = slope(S, j, g->i, g->k), q = ad_paths_slope_with(S->s->paths, ad_values_at(S, j), g->i, g->k, g->length, at);
        h += product(through(S, j, g->i, g->k), q - p);
    }
    return h;
}

/* The value where the slope belongs. */
static double not_differentiated(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    EACH_POINT(S, j, sample)
        h += product(through(S, j, g->i, g->k), ad_value_in(S, j, g->i) - slope(S, j, g->i, g->k));
    return h;
}

static void seek_not_differentiated(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    char text[AD_WORDS], exact[AD_DETAIL];
    if (S->s->paths->places[i].n == 1 && ad_guess_fits(S, &(ad_guess){.predict = not_differentiated, .i = i, .k = k}, bits))
        ad_suspicions_add(S->findings, AD_CAUSE_UNKNOWN, 5, "%.100s stands where its slope belongs%.150s",
                        ad_words_of_formula(S, i, text, sizeof text), ad_words_of_exact(S, exact, sizeof exact));
}

/* The slope written by the row's value, with another place for that value. */
static double slope_of_other_value(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    EACH_POINT(S, j, sample) {
        double q = slope_by_value(S->s->paths->places[g->i].op, ad_value_in(S, j, g->other));
        h += product(through(S, j, g->i, g->k), q - slope(S, j, g->i, g->k));
    }
    return h;
}

static const char *words_of_use(ad_search *S, uint32_t i, uint32_t k, char *text, size_t size)
{
    char from[AD_WORDS], to[AD_WORDS];
    snprintf(text, size, "%.50s straight into %.50s", ad_words_of_place(S, operand_of(S, i, k), from, sizeof from),
             ad_words_of_place(S, i, to, sizeof to));
    return text;
}

static void seek_changed_slope(ad_search *S, uint32_t i, uint32_t k, double bits, int bridge)
{
    static const struct { double number; uint32_t power; double rank, bits; ad_cause cause; const char *words; } changes[] = {
        {1, 0, 2.4, 0, AD_CAUSE_MISSING_FACTOR, "missing factor %s"},
        {0, 0, 2.6, 0, AD_CAUSE_MISSING_PATH, "a missing path: %s"},
        {-1, 1, 2.8, 0, AD_CAUSE_SIGN, "the sign of %s"},
        {2, 1, 4.0, 1, AD_CAUSE_FACTOR, "a factor 2 too large in %s"},
        {0.5, 1, 4.0, 1, AD_CAUSE_FACTOR, "a factor 2 too small in %s"},
        {1, 2, 5.0, 1, AD_CAUSE_FACTOR, "%s is there twice"},
        {1, 3, 5.0, 1, AD_CAUSE_FACTOR, "divided by %s, not multiplied"},
    };
    const ad_paths *p = S->s->paths;
    char words[AD_DETAIL], exact[AD_DETAIL], text[AD_WORDS];
    double first = slope(S, S->first * S->s->rows, i, k);
    enum ad_op op = p->places[i].op;
    uint32_t other = p->places[i].n == 2 ? operand_of(S, i, !k) : NONE;
    int literal = other != NONE && p->places[other].op == AD_OP_CONSTANT && !ad_words_name(S, other);
    for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
        int missing = changes[c].cause == AD_CAUSE_MISSING_FACTOR;
        int plain = fabs(first) == 1 && (missing || changes[c].power > 1);
        if (plain || (changes[c].cause == AD_CAUSE_MISSING_PATH && bridge))
            continue;
        double rank = changes[c].rank - (missing && bridge ? 0.4 : 0) + (missing && (literal || op == AD_OP_div || op == AD_OP_mean) ? 1.5 : 0);
        ad_guess g = {.predict = slope_becomes, .i = i, .k = k, .number = changes[c].number, .other = changes[c].power};
        if (!ad_guess_fits(S, &g, bits + changes[c].bits))
            continue;
        snprintf(words, sizeof words, changes[c].words, changes[c].cause == AD_CAUSE_MISSING_PATH ?
                 words_of_use(S, i, k, text, sizeof text) : ad_words_of_slope(S, i, k, text, sizeof text));
        ad_suspicions_add(S->findings, changes[c].cause, rank, "%.160s%.150s", words, ad_words_of_exact(S, exact, sizeof exact));
    }
}

static void say_wrong_point(ad_search *S, uint32_t i, uint32_t k, const char *at, double rank)
{
    char text[AD_WORDS], exact[AD_DETAIL];
    ad_suspicions_add(S->findings, AD_CAUSE_WRONG_POINT, rank, "%.100s is taken at %.80s%.130s",
                    ad_words_of_slope(S, i, k, text, sizeof text), at, ad_words_of_exact(S, exact, sizeof exact));
}

/* The slope of one operand with another place's value for one of the row's operands, or for its own value. */
static void seek_wrong_point(ad_search *S, uint32_t i, uint32_t k, uint32_t other, double bits)
{
    const ad_paths *p = S->s->paths;
    char at[AD_WORDS], words[AD_DETAIL];
    uint32_t n = p->places[i].n, from = n > 3 ? k - k % 2 : 0, to = n > 3 ? from + 2 : n;
    ad_words_of_place(S, other, at, sizeof at);
    for (uint32_t j = from; j < to && j < n; j++) {
        const ad_place *operand = &p->places[operand_of(S, i, j)];
        if (operand_of(S, i, j) == other || (operand->op == AD_OP_CONSTANT && n > 1))
            continue;
        if (ad_guess_fits(S, &(ad_guess){.predict = slope_at_other, .i = i, .k = k, .length = j, .other = other}, bits))
            say_wrong_point(S, i, k, at, n == 1 ? 3.4 : 3.6);
    }
    if (n == 1 && other != i && ad_guess_fits(S, &(ad_guess){.predict = slope_of_other_value, .i = i, .k = k, .other = other}, bits)) {
        snprintf(words, sizeof words, "%s for %s", at, ad_rules[p->places[i].op].name);
        say_wrong_point(S, i, k, words, 3.4);
    }
}

static void seek_degrees(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    enum ad_op op = S->s->paths->places[i].op;
    if (op != AD_OP_sin && op != AD_OP_cos && op != AD_OP_tan)
        return;
    for (int way = 0; way < 2; way++)
        if (ad_guess_fits(S, &(ad_guess){.predict = slope_at_other, .i = i, .k = k, .other = NONE,
                                         .number = way ? 57.295779513082323 : 0.017453292519943296}, bits))
            say_wrong_point(S, i, k, way ? "the angle in degrees" : "the angle as if it were in degrees", 3.4);
}

/* (u v)' taken as u' v', and (u / v)' as u' / v'. */
static double naive_product(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    EACH_POINT(S, j, sample) {
        double u = ad_tangent_in(S, j, operand_of(S, g->i, 0)), v = ad_tangent_in(S, j, operand_of(S, g->i, 1));
        double naive = S->s->paths->places[g->i].op == AD_OP_mul ? u * v : u / v;
        h += product(ad_adjoint_in(S, j, g->i), naive - ad_tangent_in(S, j, g->i));
    }
    return h;
}

static void seek_naive_product(ad_search *S, uint32_t i, double bits)
{
    enum ad_op op = S->s->paths->places[i].op;
    size_t first = S->first * S->s->rows;
    char text[AD_WORDS], exact[AD_DETAIL];
    if ((op != AD_OP_mul && op != AD_OP_div) || ad_tangent_in(S, first, operand_of(S, i, 0)) == 0 || ad_tangent_in(S, first, operand_of(S, i, 1)) == 0)
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
    EACH_POINT(S, j, sample)
        h -= product(ad_adjoint_in(S, j, g->i), ad_tangent_in(S, j, g->i));
    return h;
}

/* From `by` up to other, and from i up to `of`: what lies between left out. With other == i what goes through it. */
static double two_parts(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = 0;
    EACH_POINT(S, j, sample)
        h += product(ad_adjoint_in(S, j, g->i), ad_tangent_in(S, j, g->other));
    return h;
}

static double adjoint_alone(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = 0;
    EACH_POINT(S, j, sample)
        h += ad_adjoint_in(S, j, g->i);
    return h;
}

static double tangent_alone(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = 0;
    EACH_POINT(S, j, sample)
        h += ad_tangent_in(S, j, g->i);
    return h;
}

static void seek_node(ad_search *S, uint32_t i, double bits)
{
    char text[AD_WORDS], exact[AD_DETAIL];
    ad_words_of_place(S, i, text, sizeof text);
    if (ad_guess_fits(S, &(ad_guess){.predict = without_node, .i = i}, bits))
        ad_suspicions_add(S->findings, AD_CAUSE_MISSING_PATH, ad_words_name(S, i) ? 2.55 : 2.65,
                        "a missing path: the one through %.80s, which was held constant%.150s", text, ad_words_of_exact(S, exact, sizeof exact));
    if (ad_guess_fits(S, &(ad_guess){.predict = two_parts, .i = i, .other = i}, bits + 1))
        ad_suspicions_add(S->findings, AD_CAUSE_MISSING_PATH, 2.7, "missing paths: only the one through %.80s is there%.150s", text,
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
            if (goes_on(S, i, k)) {
                leaps[operand_of(S, i, k) + 1]++;
                leaps[i]--;
            }
    for (uint32_t i = s->by; i <= s->of && n < MOST_BRIDGES; i++) {
        over += leaps[i];
        int active = ad_tangent_in(S, S->first * s->rows, i) != 0 && ad_adjoint_in(S, S->first * s->rows, i) != 0;
        if (active && over == 0)
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
            uses += operand_of(S, i, k) >= from && goes_on(S, i, k) ? 1 : 0;
    return uses == bridges;
}

static void seek_missing_stretch(ad_search *S, const uint32_t *bridges, uint32_t n)
{
    char exact[AD_DETAIL];
    double bits = 1 + log2(1 + n * (double)n / 2);
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = a + 1; b < n; b++) {
            const char *below = ad_words_name(S, bridges[a]), *above = ad_words_name(S, bridges[b]);
            int whole = a == 0 && b == n - 1;
            size_t first = S->first * S->s->rows;
            double without = ad_adjoint_in(S, first, bridges[b]) * ad_tangent_in(S, first, bridges[a]);
            if (fabs(fabs(without) - fabs(ad_tangent_in(S, first, S->s->of))) <= 1e-12 * fabs(without))
                continue;                  /* a slope of 1 or -1, which is no factor to miss */
            if ((!below || !above) && n > MOST_UNNAMED)
                continue;
            if (!ad_guess_fits(S, &(ad_guess){.predict = two_parts, .i = bridges[b], .other = bridges[a]}, bits))
                continue;
            const ad_place *top = &S->s->paths->places[bridges[b]];
            int single = top->n == 1 && operand_of(S, bridges[b], 0) == bridges[a];
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
        double rank = input && number == floor(number) ? 2.1 : 5.5;
        for (uint32_t way = 0; way < 4; way++) {
            int times = !(way & 1), minus = (way & 2) != 0;
            if (!ad_guess_fits(S, &(ad_guess){.predict = times_place, .i = i, .k = (uint32_t)minus, .number = times ? 1 : -1},
                               bits + 2 * minus))
                continue;
            int large = (fabs(number) > 1) == times;
            if (input)
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
    EACH_POINT(S, j, sample) {
        double path = 1;
        for (uint32_t e = 0; e < g->length; e++)
            path = product(path, slope(S, j, g->path[2 * e], g->path[2 * e + 1]));
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
        if (ad_guess_fits(S, &(ad_guess){.predict = path_changed, .number = changes[c].number, .path = path, .length = length}, bits))
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
            if (goes_on(S, i, k))
                count[i] += count[operand_of(S, i, k)];
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
        uint32_t below = operand_of(S, i, k);
        if (!goes_on(S, i, k) || count[below] == 0)
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
            uint32_t below = operand_of(S, i, k), m = 0;
            if (tangent[below] == 0 || !ad_paths_has_slope(p, i, k))
                continue;
            while (m < p->places[i].n && !other_of(o, n, operand_of(S, i, m)))
                m++;
            double q = m == p->places[i].n ? ad_paths_slope(p, value, i, k)
                     : ad_paths_slope_with(p, value, i, k, m, value_of_other(S, other_of(o, n, operand_of(S, i, m)), j));
            tangent[i] += product(q, tangent[below]);
        }
    return tangent[s->of];
}

static int is_stale(ad_search *S, const ad_other_value *o, size_t n, int where, double *numbers, double bits)
{
    const ad_suspect *s = S->s;
    for (size_t i = 0; i < s->samples; i++) {
        numbers[i] = 0;
        EACH_POINT(S, j, i)
            numbers[i] += where == IN_SLOPES ? in_slopes(S, o, n, j) : everywhere(S, o, n, j);
    }
    return ad_guess_fits(S, &(ad_guess){.predict = ad_guess_numbers, .numbers = numbers}, bits);
}

static void seek_stale(ad_search *S)
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

/* What a wrong point costs: there are so many functions on the paths, and so many names; few where the name is of the same
 * function, which is the commonest mix-up. */
static double bits_of_point(const ad_search *S, uint32_t i, uint32_t other, double bits, double functions)
{
    const ad_suspect *s = S->s;
    size_t same = 0;
    if (s->paths->places[i].n > 1)
        return bits + 1 + log2(3 + (double)s->n_names);
    if (s->paths->places[other].op != s->paths->places[i].op)
        return 1 + log2(1 + functions) + log2(1 + (double)s->n_names);
    for (size_t v = 0; v < s->n_names; v++)
        same += s->paths->places[s->names[v]].op == s->paths->places[i].op;
    return 1 + log2(1 + functions) + log2(1 + (double)same);
}

static void seek_at_operand(ad_search *S, uint32_t i, uint32_t k, int bridge, double bits, double functions, int with_names)
{
    const ad_suspect *s = S->s;
    seek_changed_slope(S, i, k, bits, bridge);
    for (size_t v = 0; v < s->n_names && with_names; v++)
        seek_wrong_point(S, i, k, s->names[v], bits_of_point(S, i, s->names[v], bits, functions));
    if (s->paths->places[i].n == 1) {
        seek_wrong_point(S, i, k, i, 1 + log2(1 + functions));
        seek_wrong_point(S, i, k, operand_of(S, i, k), 1 + log2(1 + functions));
    }
    seek_not_differentiated(S, i, k, bits + 1);
    seek_degrees(S, i, k, bits + 1);
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
            if (goes_on(S, i, k)) {
                active++;
                functions += p->places[i].n == 1 && p->places[i].op != AD_OP_neg;
            }
    n_bridges = find_bridges(S, bridges);
    double bits = 1 + log2(1 + (double)active), pairs = (double)active * (double)(s->n_names + 2) * (double)s->rows;
    size_t first = S->first * s->rows;
    for (uint32_t i = s->by + 1; i <= s->of; i++) {
        int bridge = is_bridge(bridges, n_bridges, i);
        for (uint32_t k = 0; k < p->places[i].n; k++)
            if (goes_on(S, i, k))
                seek_at_operand(S, i, k, bridge && is_bridge(bridges, n_bridges, operand_of(S, i, k)), bits, functions, pairs < MOST_PAIRS);
        if (ad_adjoint_in(S, first, i) != 0)
            seek_naive_product(S, i, bits);
        if (!bridge && ad_adjoint_in(S, first, i) != 0 && ad_tangent_in(S, first, i) != 0)
            seek_node(S, i, bits);
    }
    seek_missing_stretch(S, bridges, n_bridges);
    seek_other_variable(S);
    seek_named_factor(S);
    seek_paths(S);
    if (s->n_others)
        seek_stale(S);
}
