/* cause_slopes.c -- causes of a wrong derivative: one slope changed.
 *
 * A derivative is linear in every single slope: with slope p of operand k of node i changed to p', dA/dB changes by
 * adjoint(i) (p' - p) tangent(operand). So each hypothesis costs one multiplication a point. */
#include "cause_on_paths.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;

/* ---- One slope changed ------------------------------------------------------------------------------------------------------ */

/* p becomes number times p to the power `other`: 0 and 1 for nothing and one, -1, 2, 1/2 for a slip in it, p^2, 1/p; or p less
 * its operand as a factor. */
static double slope_becomes(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    AD_EACH_POINT(S, j, sample) {
        double p = ad_slope_in(S, j, g->i, g->k), power = g->other == 0 ? 1 : g->other == 1 ? p : g->other == 2 ? p * p
                       : g->other == 3 ? 1 / p : p / ad_value_in(S, j, ad_operand_in(S, g->i, g->k));
        h += ad_product(ad_through(S, j, g->i, g->k), g->number * power - p);
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
    AD_EACH_POINT(S, j, sample) {
        double at = g->other == NONE ? g->number * ad_value_in(S, j, ad_operand_in(S, g->i, g->length)) : ad_value_in(S, j, g->other);
        double p = ad_slope_in(S, j, g->i, g->k), q = ad_paths_slope_with(S->s->paths, ad_values_at(S, j), g->i, g->k, g->length, at);
        h += ad_product(ad_through(S, j, g->i, g->k), q - p);
    }
    return h;
}

/* The value where the slope belongs. */
static double not_differentiated(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    AD_EACH_POINT(S, j, sample)
        h += ad_product(ad_through(S, j, g->i, g->k), ad_value_in(S, j, g->i) - ad_slope_in(S, j, g->i, g->k));
    return h;
}

/* The slope of the other squashing function, by the row's own value. */
static double slope_of_sibling(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    AD_EACH_POINT(S, j, sample) {
        double z = ad_value_in(S, j, g->i), q = S->s->paths->places[g->i].op == AD_OP_tanh ? z * (1 - z) : 1 - z * z;
        h += ad_product(ad_through(S, j, g->i, g->k), q - ad_slope_in(S, j, g->i, g->k));
    }
    return h;
}

static void seek_sibling(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    enum ad_op op = S->s->paths->places[i].op;
    char exact[AD_DETAIL], text[AD_WORDS];
    if ((op == AD_OP_tanh || op == AD_OP_sigmoid) && ad_guess_fits(S, &(ad_guess){.predict = slope_of_sibling, .i = i, .k = k}, bits))
        ad_suspicions_add(S->findings, AD_CAUSE_UNKNOWN, 3.5, "%.100s is written as the slope of %s%.150s", ad_words_of_slope(S, i, k, text, sizeof text),
                          op == AD_OP_tanh ? "a sigmoid, z (1 - z)" : "a tanh, 1 - z^2", ad_words_of_exact(S, exact, sizeof exact));
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
    AD_EACH_POINT(S, j, sample) {
        double q = slope_by_value(S->s->paths->places[g->i].op, ad_value_in(S, j, g->other));
        h += ad_product(ad_through(S, j, g->i, g->k), q - ad_slope_in(S, j, g->i, g->k));
    }
    return h;
}

static const char *words_of_use(ad_search *S, uint32_t i, uint32_t k, char *text, size_t size)
{
    char from[AD_WORDS], to[AD_WORDS];
    snprintf(text, size, "%.50s straight into %.50s", ad_words_of_place(S, ad_operand_in(S, i, k), from, sizeof from),
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
        {1, 4, 3.32, 1, AD_CAUSE_MISSING_FACTOR, "missing factor %s"},
    };
    const ad_paths *p = S->s->paths;
    char words[AD_DETAIL], exact[AD_DETAIL], text[AD_WORDS];
    enum ad_op op = p->places[i].op;
    uint32_t other = p->places[i].n == 2 ? ad_operand_in(S, i, !k) : NONE;
    int unit = ad_is_unit(S, i, k), literal = other != NONE && p->places[other].op == AD_OP_CONSTANT && !ad_words_name(S, other);
    for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
        int missing = changes[c].cause == AD_CAUSE_MISSING_FACTOR;
        int plain = unit && (missing || changes[c].power > 1), of_power = op == AD_OP_square || op == AD_OP_pow || op == AD_OP_powi;
        if (plain || (changes[c].power == 4 && (!of_power || k)) || (changes[c].cause == AD_CAUSE_MISSING_PATH && bridge))
            continue;
        double rank = changes[c].rank - (missing && bridge ? 0.4 : 0) + (missing && (literal || op == AD_OP_div || op == AD_OP_mean) ? 1.5 : 0);
        if (S->told > 2 && changes[c].power == 1 && changes[c].cause == AD_CAUSE_FACTOR)
            rank = 3.35;                   /* a formula says it at many points, and simply */
        ad_guess g = {.predict = slope_becomes, .i = i, .k = k, .number = changes[c].number, .other = changes[c].power,
                      .may_vanish = changes[c].cause == AD_CAUSE_MISSING_PATH};
        if (!ad_guess_fits(S, &g, bits + changes[c].bits))
            continue;
        if (changes[c].power == 4) {
            char operand[AD_WORDS];
            ad_words_of_place(S, ad_operand_in(S, i, k), operand, sizeof operand);
            snprintf(text, sizeof text, "%.40s in the slope of %.60s", operand, ad_words_of_formula(S, i, (char[AD_WORDS]){0}, AD_WORDS));
        } else if (changes[c].cause == AD_CAUSE_MISSING_PATH)
            words_of_use(S, i, k, text, sizeof text);
        else
            (missing ? ad_words_of_slope : ad_words_of_slope_in)(S, i, k, text, sizeof text);
        snprintf(words, sizeof words, changes[c].words, text);
        ad_suspicions_add(S->findings, changes[c].cause, rank, "%.160s%.150s", words, ad_words_of_exact(S, exact, sizeof exact));
    }
}

/* The slopes of node i and of its operand k, by operand `length` of that, both left out. */
static double without_two(const ad_search *S, const ad_guess *g, size_t sample)
{
    double h = S->s->exact[sample];
    uint32_t below = ad_operand_in(S, g->i, g->k);
    AD_EACH_POINT(S, j, sample) {
        double slopes = ad_slope_in(S, j, g->i, g->k) * ad_slope_in(S, j, below, g->length);
        h += ad_product(ad_product(ad_adjoint_in(S, j, g->i), ad_tangent_in(S, j, ad_operand_in(S, below, g->length))), 1 - slopes);
    }
    return h;
}

/* A chain of two in one place of the formula, as d(y - x^2)/d(x), is one factor to those who derive. */
static void seek_missing_two(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    uint32_t below = ad_operand_in(S, i, k);
    char top[AD_WORDS], bottom[AD_WORDS], exact[AD_DETAIL];
    for (uint32_t m = 0; m < S->s->paths->places[below].n && !ad_words_name(S, below); m++) {
        if (!ad_goes_on(S, below, m) || (ad_is_unit(S, i, k) && ad_is_unit(S, below, m)) ||
            !ad_guess_fits(S, &(ad_guess){.predict = without_two, .i = i, .k = k, .length = m}, bits + 1))
            continue;
        ad_words_of_place(S, ad_operand_in(S, below, m), bottom, sizeof bottom);
        ad_suspicions_add(S->findings, AD_CAUSE_MISSING_FACTOR, 3.38, "missing factor d(%.60s)/d(%.60s)%.150s",
                          ad_words_of_formula(S, i, top, sizeof top), bottom, ad_words_of_exact(S, exact, sizeof exact));
    }
}

/* Taken at a place, or at what `words` says. */
static void say_wrong_point(ad_search *S, uint32_t i, uint32_t k, uint32_t other, const char *words, double rank)
{
    char text[AD_WORDS], exact[AD_DETAIL], at[AD_WORDS] = "";
    if (other != NONE)
        ad_words_of_place(S, other, at, sizeof at);
    ad_suspicions_add(S->findings, AD_CAUSE_WRONG_POINT, rank, "%.100s is taken at %.80s%.40s%.130s",
                    ad_words_of_slope_in(S, i, k, text, sizeof text), at, words, ad_words_of_exact(S, exact, sizeof exact));
}

/* The slope of one operand with another place's value for one of the row's operands, or for its own value. */
static void seek_wrong_point(ad_search *S, uint32_t i, uint32_t k, uint32_t other, double bits)
{
    const ad_paths *p = S->s->paths;
    char words[AD_WORDS];
    uint32_t n = p->places[i].n, from = n > 3 ? k - k % 2 : 0, to = n > 3 ? from + 2 : n;
    double number = ad_value_in(S, S->first * S->s->rows, other);
    double plain = number == 0 || fabs(number) == 1 ? 1 : 0;                 /* which may stand for a number, not for its name */
    for (uint32_t j = from; j < to && j < n; j++) {
        const ad_place *operand = &p->places[ad_operand_in(S, i, j)];
        if (ad_operand_in(S, i, j) == other || (operand->op == AD_OP_CONSTANT && n > 1))
            continue;
        if (ad_guess_fits(S, &(ad_guess){.predict = slope_at_other, .i = i, .k = k, .length = j, .other = other}, bits))
            say_wrong_point(S, i, k, other, "", (n == 1 ? 3.4 : 3.6) + plain);
    }
    if (n == 1 && other != i && ad_guess_fits(S, &(ad_guess){.predict = slope_of_other_value, .i = i, .k = k, .other = other}, bits)) {
        snprintf(words, sizeof words, " for %s", ad_rules[p->places[i].op].name);
        say_wrong_point(S, i, k, other, words, 3.4 + plain);
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
            say_wrong_point(S, i, k, NONE, way ? "the angle in degrees" : "the angle as if it were in degrees", 3.4);
}

/* ---- All of one operand ------------------------------------------------------------------------------------------------------- */

/* What a wrong point costs: there are so many functions on the paths, and so many names; few where the name is of the same
 * function, which is the commonest mix-up. */
static double bits_of_point(const ad_search *S, uint32_t i, uint32_t other, double bits, double functions)
{
    const ad_suspect *s = S->s;
    size_t same = 0;
    if (s->paths->places[i].n > 1)
        return bits + 2 + log2(3 + (double)s->n_names);
    if (s->paths->places[other].op != s->paths->places[i].op)
        return 2 + log2(1 + functions) + log2(1 + (double)s->n_names);
    for (size_t v = 0; v < s->n_names; v++)
        same += s->paths->places[s->names[v]].op == s->paths->places[i].op;
    return 1 + log2(1 + functions) + log2(1 + (double)same);
}

void ad_seek_at_operand(ad_search *S, uint32_t i, uint32_t k, int bridge, double bits, double functions, int with_names)
{
    const ad_suspect *s = S->s;
    seek_changed_slope(S, i, k, bits, bridge);
    seek_missing_two(S, i, k, bits);
    for (size_t v = 0; v < s->n_names && with_names; v++)
        seek_wrong_point(S, i, k, s->names[v], bits_of_point(S, i, s->names[v], bits, functions));
    if (s->paths->places[i].n == 1) {
        seek_wrong_point(S, i, k, i, 1 + log2(1 + functions));
        seek_wrong_point(S, i, k, ad_operand_in(S, i, k), 1 + log2(1 + functions));
    }
    seek_not_differentiated(S, i, k, bits + 1);
    seek_sibling(S, i, k, bits + 1);
    seek_degrees(S, i, k, bits + 1);
}
