/* cause_value.c -- causes of a wrong value: its own formula with one operation changed. What it is made of by name is not
 * looked into: mistakes there are those of other claims. */
#include "cause_search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;

static uint32_t operand_of(const ad_search *S, uint32_t i, uint32_t k) { return ad_paths_operands(S->s->paths, i)[k]; }

/* What an operation may have been done as. */
enum {
    WITHOUT_TERM, TERM_NEGATED, WITHOUT_FACTOR, INVERTED, NOT_APPLIED, OTHER_OPERAND, SCALED_ANGLE, OTHER_LOGARITHM, OTHER_NUMBER,
    OTHER_FUNCTION, SCALED_OPERAND, SQUARED_OPERAND, RAISED
};

static double changed(const ad_search *S, const ad_guess *g, const double *value)
{
    const ad_paths *p = S->s->paths;
    const ad_place *place = &p->places[g->i];
    double x = value[operand_of(S, g->i, 0)], y = place->n > 1 ? value[operand_of(S, g->i, 1)] : 0, term = value[operand_of(S, g->i, g->k)];
    switch (g->length) {
    case WITHOUT_TERM:
        return value[g->i] - (place->op == AD_OP_sub && g->k == 1 ? -term : term);
    case TERM_NEGATED:
        return value[g->i] - 2 * (place->op == AD_OP_sub && g->k == 1 ? -term : term);
    case WITHOUT_FACTOR: return g->k == 0 ? (place->op == AD_OP_div ? 1 / y : y) : x;
    case INVERTED:       return place->op == AD_OP_mul ? (g->k == 0 ? y / x : x / y) : x * y;
    case NOT_APPLIED:    return x;
    case OTHER_OPERAND: {
        double at = value[g->other];
        return ad_evaluate(place->op, g->k == 0 ? at : x, g->k == 1 ? at : y, 0);
    }
    case OTHER_NUMBER:   return ad_evaluate(place->op, g->k == 0 ? g->number : x, g->k == 1 ? g->number : y, 0);
    case OTHER_FUNCTION: return ad_evaluate((enum ad_op)g->other, x, 0, 0);
    case SCALED_OPERAND: return ad_evaluate(place->op, g->k == 0 ? g->number * x : x, g->k == 1 ? g->number * y : y, 0);
    case SQUARED_OPERAND: return ad_evaluate(place->op, g->k == 0 ? x * x : x, g->k == 1 ? y * y : y, 0);
    case RAISED:         return value[g->i] * x;
    case SCALED_ANGLE:   return ad_evaluate(place->op, x * g->number, 0, 0);
    default:             return value[g->i] * g->number;
    }
}

/* The value with one place's own changed. */
static double with_change(const ad_search *S, const ad_guess *g, size_t sample)
{
    const ad_suspect *s = S->s;
    const double *value = ad_values_at(S, sample);
    size_t n = 0, own = sample == 0 ? s->n_given : 0;
    for (size_t m = 0; m < own; m++)
        if (s->given[m].place < g->i)
            S->given[n++] = s->given[m];
    S->given[n++] = (ad_given){g->i, changed(S, g, value)};
    for (size_t m = 0; m < own; m++)
        if (s->given[m].place > g->i)
            S->given[n++] = s->given[m];
    ad_paths_values(s->paths, s->inputs ? s->inputs[sample] : NULL, n, S->given, S->scratch);
    return S->scratch[s->of];
}

/* The places of the formula itself, marked in part [n]: what leads to `of` without a name in between. */
static size_t own_formula(const ad_search *S, unsigned char *part)
{
    const ad_suspect *s = S->s;
    size_t n = 0;
    memset(part, 0, s->paths->n);
    part[s->of] = 1;
    for (uint32_t i = s->of + 1; i-- > 0;) {
        part[i] &= i == s->of || !ad_words_name(S, i);
        n += part[i] && s->paths->places[i].n > 0;
        for (uint32_t k = 0; part[i] && k < s->paths->places[i].n; k++)
            part[operand_of(S, i, k)] = 1;
    }
    return n;
}

static int fits(ad_search *S, uint32_t i, uint32_t k, uint32_t kind, uint32_t other, double number, double bits)
{
    return ad_guess_fits(S, &(ad_guess){.predict = with_change, .i = i, .k = k, .length = kind, .other = other, .number = number}, bits);
}

/* What is said of a change: that it was made by mistake, or that it would mend a formula. */
static void say(ad_search *S, ad_cause cause, double rank, const char *mistake, const char *mending, const char *what)
{
    char exact[AD_DETAIL], words[AD_DETAIL];
    snprintf(words, sizeof words, S->s->repairs ? mending : mistake, what);
    ad_suspicions_add(S->findings, cause, rank, "%s%.150s%.150s", S->s->repairs ? "right " : "", words,
                    S->s->repairs ? "" : ad_words_of_exact(S, exact, sizeof exact));
}

static void seek_in_sum(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    char term[AD_WORDS];
    ad_words_of_place(S, operand_of(S, i, k), term, sizeof term);
    if (fits(S, i, k, WITHOUT_TERM, NONE, 0, bits))
        say(S, S->s->repairs ? AD_CAUSE_UNKNOWN : AD_CAUSE_MISSING_PATH, 2.6, "the term %.100s is missing", "without the term %.100s", term);
    if (fits(S, i, k, TERM_NEGATED, NONE, 0, bits))
        say(S, AD_CAUSE_SIGN, 2.4, "the sign of the term %.100s", "with the other sign of the term %.100s", term);
}

static void seek_in_product(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    char factor[AD_WORDS];
    int divides = S->s->paths->places[i].op == AD_OP_div;
    ad_words_of_place(S, operand_of(S, i, k), factor, sizeof factor);
    if (fits(S, i, k, WITHOUT_FACTOR, NONE, 0, bits))
        say(S, S->s->repairs ? AD_CAUSE_FACTOR : AD_CAUSE_MISSING_FACTOR, 2.5, divides && k == 1 ? "missing divisor %.100s" : "missing factor %.100s",
            divides && k == 1 ? "without the divisor %.100s" : "without the factor %.100s", factor);
    if (fits(S, i, k, INVERTED, NONE, 0, bits))
        say(S, AD_CAUSE_FACTOR, 3.5, divides ? "multiplied, not divided, by %.100s" : "divided, not multiplied, by %.100s",
            divides ? "multiplied, not divided, by %.100s" : "divided, not multiplied, by %.100s", factor);
}

/* A number written in the formula, one more, one less, or of the other sign. */
static void seek_other_number(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    static const double more[] = {1, -1, 0, 0, 0}, times[] = {1, 1, -1, 2, 0.5};
    const ad_place *number = &S->s->paths->places[operand_of(S, i, k)];
    char words[AD_DETAIL], was[AD_WORDS];
    if (!S->s->repairs || number->op != AD_OP_CONSTANT || S->s->paths->places[i].n != 2)
        return;
    for (size_t c = 0; c < sizeof more / sizeof *more; c++) {
        double at = number->number * times[c] + more[c];
        if (!fits(S, i, k, OTHER_NUMBER, NONE, at, bits))
            continue;
        snprintf(was, sizeof was, "%.6g", number->number);
        snprintf(words, sizeof words, "with %.6g for %.40s in %.60s", at, was, ad_words_of_formula(S, i, (char[AD_WORDS]){0}, AD_WORDS));
        say(S, c > 2 ? AD_CAUSE_FACTOR : c == 2 ? AD_CAUSE_SIGN : AD_CAUSE_UNKNOWN, 3, "%s", "%s", words);
    }
}

/* An operand twice or half as large, or squared, in what was written. */
static void seek_other_scale(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    static const struct { uint32_t kind; double number; const char *words; } changes[] = {
        {SCALED_OPERAND, 2, "2*%.60s in the place of %.60s"}, {SCALED_OPERAND, 0.5, "%.60s/2 in the place of %.60s"},
        {SQUARED_OPERAND, 0, "%.60s^2 in the place of %.60s"},
    };
    char was[AD_WORDS], words[AD_DETAIL];
    const ad_place *operand = &S->s->paths->places[operand_of(S, i, k)];
    if (!S->s->repairs || operand->op == AD_OP_CONSTANT)
        return;
    ad_words_of_factor(S, operand_of(S, i, k), was, sizeof was);
    for (size_t c = 0; c < sizeof changes / sizeof *changes; c++)
        if (fits(S, i, k, changes[c].kind, NONE, changes[c].number, bits)) {
            snprintf(words, sizeof words, changes[c].words, was, was);
            say(S, changes[c].kind == SCALED_OPERAND ? AD_CAUSE_FACTOR : AD_CAUSE_MISSING_FACTOR, 3.1, "%s", "with %.140s", words);
        }
    enum ad_op op = S->s->paths->places[i].op;
    if (k == 0 && (op == AD_OP_square || op == AD_OP_pow) && fits(S, i, 0, RAISED, NONE, 0, bits)) {
        snprintf(words, sizeof words, "one more factor %.60s in %.60s", was, ad_words_of_formula(S, i, (char[AD_WORDS]){0}, AD_WORDS));
        say(S, AD_CAUSE_MISSING_FACTOR, 3.05, "%s", "with %.140s", words);
    }
}

/* Functions that stand for one another by a slip of the pen or of the memory. */
static void seek_other_function(ad_search *S, uint32_t i, double bits)
{
    static const enum ad_op pairs[][2] = {
        {AD_OP_sin, AD_OP_cos}, {AD_OP_sinh, AD_OP_cosh}, {AD_OP_normal_pdf, AD_OP_normal_cdf},
        {AD_OP_sigmoid, AD_OP_tanh}, {AD_OP_tan, AD_OP_tanh},
        {AD_OP_sin, AD_OP_sinh}, {AD_OP_cos, AD_OP_cosh}, {AD_OP_exp, AD_OP_exp2}, {AD_OP_log, AD_OP_exp}, {AD_OP_lgamma, AD_OP_digamma},
    };
    enum ad_op op = S->s->paths->places[i].op;
    char words[AD_DETAIL];
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
        for (int way = 0; way < 2; way++)
            if (op == pairs[p][way] && fits(S, i, 0, OTHER_FUNCTION, (uint32_t)pairs[p][!way], 0, bits)) {
                if (S->s->repairs)
                    snprintf(words, sizeof words, "%.20s in the place of %.20s", ad_rules[pairs[p][!way]].name, ad_rules[op].name);
                else
                    snprintf(words, sizeof words, "%.20s was taken for %.20s", ad_rules[pairs[p][!way]].name, ad_rules[op].name);
                say(S, AD_CAUSE_UNKNOWN, 3.2, "%.140s", "with %.140s", words);
            }
}

static void seek_in_function(ad_search *S, uint32_t i, double bits)
{
    enum ad_op op = S->s->paths->places[i].op;
    const char *name = ad_rules[op].name;
    if (op == AD_OP_neg)
        return;
    seek_other_function(S, i, bits + 1);
    if (fits(S, i, 0, NOT_APPLIED, NONE, 0, bits))
        say(S, S->s->repairs ? AD_CAUSE_UNKNOWN : AD_CAUSE_MISSING_FACTOR, 2.5, "%.40s was not applied", "without %.40s", name);
    if (op == AD_OP_sin || op == AD_OP_cos || op == AD_OP_tan)
        for (int way = 0; way < 2; way++)
            if (fits(S, i, 0, SCALED_ANGLE, NONE, way ? 57.295779513082323 : 0.017453292519943296, bits))
                say(S, AD_CAUSE_WRONG_POINT, 2.5, way ? "%.40s is taken at the angle in degrees" : "%.40s is taken at the angle as if it were in degrees",
                    way ? "with the angle of %.40s in degrees" : "with the angle of %.40s in radians", name);
    if (op == AD_OP_log || op == AD_OP_log10 || op == AD_OP_log2)
        for (int way = 0; way < 4; way++) {
            static const double bases[] = {2.302585092994045684, 0.4342944819032518277, 0.6931471805599453094, 1.442695040888963407};
            if (fits(S, i, 0, OTHER_LOGARITHM, NONE, bases[way], bits + 1))
                say(S, AD_CAUSE_FACTOR, 2.5, way < 2 ? "%.40s is taken to another base, a factor ln 10" : "%.40s is taken to another base, a factor ln 2",
                    way < 2 ? "with another base of %.40s, a factor ln 10" : "with another base of %.40s, a factor ln 2", name);
        }
}

static void seek_other_operand(ad_search *S, uint32_t i, uint32_t k, double bits)
{
    const ad_suspect *s = S->s;
    char was[AD_WORDS], is[AD_WORDS], words[AD_DETAIL];
    for (size_t v = 0; v < s->n_names; v++) {
        uint32_t other = s->names[v];
        if (other >= i || other == operand_of(S, i, k) || !fits(S, i, k, OTHER_OPERAND, other, 0, bits + log2(1 + (double)s->n_names)))
            continue;
        snprintf(words, sizeof words, "%.70s in the place of %.70s", ad_words_of_place(S, other, is, sizeof is),
                 ad_words_of_place(S, operand_of(S, i, k), was, sizeof was));
        say(S, AD_CAUSE_WRONG_POINT, 3.4, "%.150s", "with %.150s", words);
    }
}

static double value_of_place(const ad_search *S, const ad_guess *g, size_t sample) { return ad_value_in(S, sample, g->i); }

static void seek_other_value(ad_search *S)
{
    const ad_suspect *s = S->s;
    char name[AD_WORDS], exact[AD_DETAIL];
    double bits = 2 + log2(1 + (double)s->n_names);
    for (size_t v = 0; v < s->n_names; v++)
        if (s->names[v] != s->of && ad_guess_fits(S, &(ad_guess){.predict = value_of_place, .i = s->names[v]}, bits))
            ad_suspicions_add(S->findings, AD_CAUSE_OTHER_VARIABLE, 2.45, "it is the value of %.100s%.150s",
                            ad_words_of_place(S, s->names[v], name, sizeof name), ad_words_of_exact(S, exact, sizeof exact));
}

/* Another value that something had, put in its place wherever it is used. */
static double with_other(const ad_search *S, const ad_guess *g, size_t sample)
{
    const ad_suspect *s = S->s;
    ad_given given = {g->i, g->other == NONE ? g->number : ad_value_in(S, sample, g->other)};
    ad_paths_values(s->paths, s->inputs ? s->inputs[sample] : NULL, 1, &given, S->scratch);
    return S->scratch[s->of];
}

static void seek_stale(ad_search *S)
{
    const ad_suspect *s = S->s;
    char exact[AD_DETAIL];
    for (size_t o = 0; o < s->n_others; o++)
        if (s->others[o].of <= s->of && ad_guess_fits(S, &(ad_guess){.predict = with_other, .i = s->others[o].of, .other = s->others[o].place,
                                                   .number = s->others[o].value}, 1.5 + log2(1 + (double)s->n_others)))
            ad_suspicions_add(S->findings, AD_CAUSE_STALE_VALUE, 1.9, "a stale value: right if %.120s is used%.150s", s->others[o].words,
                            ad_words_of_exact(S, exact, sizeof exact));
}

enum { MOST_WORK = 1 << 24 };

void ad_cause_of_value(ad_search *S)
{
    const ad_suspect *s = S->s;
    const ad_paths *p = s->paths;
    if (s->rows != 1)
        return;
    unsigned char *part = ad_resize(S->allocator, NULL, 0, p->n + (size_t)1);
    if (!part) {
        S->failed = 1;
        return;
    }
    size_t operations = own_formula(S, part);
    double bits = 2 + log2(1 + (double)operations);
    int few = operations * (s->n_names + 4) * p->n < MOST_WORK;
    for (uint32_t i = 0; i <= s->of && few; i++) {
        const ad_place *place = &p->places[i];
        for (uint32_t k = 0; part[i] && k < place->n; k++) {
            if (place->op == AD_OP_add || place->op == AD_OP_sub || place->op == AD_OP_sum)
                seek_in_sum(S, i, k, bits);
            else if (place->op == AD_OP_mul || place->op == AD_OP_div)
                seek_in_product(S, i, k, bits);
            if (place->n <= 2 && ad_rules[place->op].kind == AD_FIXED)
                seek_other_operand(S, i, k, bits);
            if (place->n <= 2 && ad_rules[place->op].kind == AD_FIXED && place->op != AD_OP_neg)
                seek_other_scale(S, i, k, bits);
            seek_other_number(S, i, k, bits);
        }
        if (part[i] && place->n == 1 && ad_rules[place->op].kind == AD_FIXED)
            seek_in_function(S, i, bits);
    }
    ad_resize(S->allocator, part, p->n + (size_t)1, 0);
    if (s->repairs)
        return;
    seek_other_value(S);
    seek_stale(S);
}
