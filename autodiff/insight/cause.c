/* cause.c -- the search for causes: samples, what fits, and the causes that need no graph. */
#include "cause_search.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *ad_verdict_name(ad_verdict verdict)
{
    return verdict == AD_RIGHT ? "right" : verdict == AD_WRONG ? "wrong" : "cannot tell";
}

const char *ad_cause_name(ad_cause cause)
{
    static const char *const names[] = {NULL, "sign", "factor", "missing_factor", "missing_path", "swapped", "other_variable",
                                        "stale_value", "wrong_point", "offset", "single_precision", "unknown"};
    return (size_t)cause < sizeof names / sizeof *names ? names[cause] : NULL;
}

void ad_suspicions_add(ad_suspicions *f, ad_cause cause, double rank, const char *format, ...)
{
    size_t i = 0, at;
    while (i < f->n && f->found[i].cause != cause)
        i++;
    if (i < f->n && f->found[i].rank <= rank)
        return;
    if (i < f->n)
        memmove(&f->found[i], &f->found[i + 1], (--f->n - i) * sizeof *f->found);
    for (at = 0; at < f->n && f->found[at].rank <= rank;)
        at++;
    if (at == AD_SUSPICIONS)
        return;
    if (f->n == AD_SUSPICIONS)
        f->n--;
    memmove(&f->found[at + 1], &f->found[at], (f->n++ - at) * sizeof *f->found);
    f->found[at].cause = cause;
    f->found[at].rank = rank;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(f->found[at].detail, sizeof f->found[at].detail, format, arguments);
    va_end(arguments);
}

size_t ad_suspicions_causes(const ad_suspicions *f, ad_cause *causes)
{
    size_t n = 0;
    for (size_t k = 0; k < f->n; k++)
        if (!k || f->found[k].cause != AD_CAUSE_UNKNOWN)
            causes[n++] = f->found[k].cause;
    return n;
}

/* ---- What fits ------------------------------------------------------------------------------------------------------------- */

static double ulps(double x, double n) { return n * DBL_EPSILON * fabs(x); }

int ad_guess_fits(const ad_search *S, const ad_guess *g, double bits)
{
    const ad_suspect *s = S->s;
    int vanishes = !g->may_vanish;
    if (S->told == 1 && S->bits < bits + 1)
        return 0;
    for (size_t i = S->first; i < s->samples; i++) {
        if (!ad_says_something(s, i))
            continue;
        double h = g->predict(S, g, i);
        if (!isfinite(h) || !(fabs(h - s->claimed[i]) <= s->tolerance[i] + ulps(h, 4)))
            return 0;
        vanishes &= fabs(h) <= s->tolerance[i];
    }
    return !vanishes;
}

static double scaled(const ad_search *S, const ad_guess *g, size_t i) { return g->number * S->s->exact[i]; }
static double shifted(const ad_search *S, const ad_guess *g, size_t i) { return S->s->exact[i] + g->number; }
double ad_guess_numbers(const ad_search *S, const ad_guess *g, size_t i) { (void)S; return g->numbers[i]; }

/* ---- Factors ---------------------------------------------------------------------------------------------------------------- */

static void say_factor(ad_search *S, double ratio, double rank, const char *name)
{
    char exact[AD_DETAIL], amount[64];
    double size = fabs(ratio) < 1 ? 1 / fabs(ratio) : fabs(ratio);
    if (name)
        snprintf(amount, sizeof amount, "%s", name);
    else
        snprintf(amount, sizeof amount, "%.6g", size);
    ad_suspicions_add(S->findings, AD_CAUSE_FACTOR, rank, "a factor %s too %s%s%s", amount, fabs(ratio) < 1 ? "small" : "large",
                    ratio < 0 ? ", and the sign" : "", ad_words_of_exact(S, exact, sizeof exact));
}

/* Whether c = ratio times the exact value, at every sample. */
static int is_ratio(const ad_search *S, double ratio, double bits)
{
    int nothing = S->told == 1 && fabs(S->s->claimed[S->first]) <= S->s->tolerance[S->first];      /* which any small factor gives */
    return !nothing && ad_guess_fits(S, &(ad_guess){.predict = scaled, .number = ratio}, bits);
}

static void seek_known_factors(ad_search *S)
{
    static const struct { double number, bits, rank; const char *name; } known[] = {
        {2, 1, 2.2, NULL}, {3, 3, 2.25, NULL}, {4, 3, 2.25, NULL}, {10, 4, 2.5, NULL}, {5, 4, 2.5, NULL}, {6, 4, 2.5, NULL},
        {8, 4, 2.5, NULL}, {7, 5, 2.6, NULL}, {9, 5, 2.6, NULL}, {12, 6, 3, NULL}, {16, 5, 3, NULL}, {100, 5, 3, NULL},
        {1000, 5, 3, NULL}, {1.5, 5, 3, NULL}, {2.3025850929940457, 6, 2.7, "ln 10 (a logarithm to base 10)"},
        {0.69314718055994531, 6, 2.7, "ln 2 (a logarithm or power of base 2)"},
        {57.295779513082323, 5, 2.7, "180/pi (degrees for radians)"}, {3.1415926535897931, 6, 3, "pi"},
        {6.2831853071795862, 6, 3, "2 pi"}, {2.5066282746310002, 7, 3.2, "the root of 2 pi"}, {1.4142135623730951, 7, 3.2, "the root of 2"}, {1.1283791670955126, 7, 3.2, "2 over the root of pi"},
        {1.7724538509055160, 7, 3.2, "the root of pi"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (int way = 0; way < 4; way++) {
            double ratio = (way & 1 ? 1 / known[i].number : known[i].number) * (way & 2 ? -1 : 1);
            if (is_ratio(S, ratio, known[i].bits + 1 + (way & 2)))
                say_factor(S, ratio, known[i].rank + (way & 2 ? 0.5 : 0), known[i].name);
        }
}

/* The number of few digits nearest to x. */
static double rounded(double x, int digits)
{
    char text[40];
    double number;
    snprintf(text, sizeof text, "%.*e", digits - 1, x);
    return sscanf(text, "%lf", &number) == 1 ? number : NAN;
}

/* How many times the margin fits between neighbours of so many digits: whether a number of few digits is more than chance. */
static double room_between(double number, int digits, double margin)
{
    return pow(10, floor(log10(fabs(number))) - digits + 1) / (2 * margin);
}

static double surest_of(const ad_search *S, double (*of)(double claimed, double exact))
{
    double best = NAN, size = -1;
    for (size_t i = 0; i < S->s->samples; i++)                      /* where the exact value is largest it is known best */
        if (ad_says_something(S->s, i) && fabs(S->s->exact[i]) / S->s->tolerance[i] > size) {
            size = fabs(S->s->exact[i]) / S->s->tolerance[i];
            best = of(S->s->claimed[i], S->s->exact[i]);
        }
    return best;
}

static double ratio_of(double claimed, double exact) { return claimed / exact; }
static double difference_of(double claimed, double exact) { return claimed - exact; }

static void seek_any_factor(ad_search *S)
{
    double ratio = surest_of(S, ratio_of);
    if (!isfinite(ratio) || ratio == 0 || is_ratio(S, -1, 0))
        return;
    double margin = S->s->tolerance[S->first] / fabs(S->s->exact[S->first]);
    for (int digits = 1; digits <= 3; digits++) {
        double number = rounded(ratio, digits), inverse = rounded(1 / ratio, digits);
        int chance = S->told == 1 && room_between(ratio, digits, margin) < 200;
        int chance_inverse = S->told == 1 && room_between(1 / ratio, digits, margin / (ratio * ratio)) < 200;
        if ((!chance && is_ratio(S, number, 0)) || (!chance_inverse && is_ratio(S, 1 / inverse, 0))) {
            say_factor(S, !chance && is_ratio(S, number, 0) ? number : 1 / inverse, 6.5, NULL);
            return;
        }
    }
    if (S->told > 2 && is_ratio(S, ratio, 0))
        say_factor(S, ratio, 6.5, NULL);
}

/* ---- Offsets ------------------------------------------------------------------------------------------------------------------ */

static void say_offset(ad_search *S, double offset, double rank)
{
    char exact[AD_DETAIL];
    ad_suspicions_add(S->findings, AD_CAUSE_OFFSET, rank, "%.6g is added%s", offset, ad_words_of_exact(S, exact, sizeof exact));
}

static void seek_offset(ad_search *S)
{
    double offset = surest_of(S, difference_of);
    for (int digits = 1; digits <= 3; digits++) {
        double number = rounded(offset, digits);
        if (number == 0 || (S->told == 1 && room_between(number, digits, S->s->tolerance[S->first]) < 60))
            continue;
        if (ad_guess_fits(S, &(ad_guess){.predict = shifted, .number = number}, 0)) {
            say_offset(S, number, S->told > 2 ? 3.25 : 4.5 + 0.5 * digits);
            return;
        }
    }
    if (S->told > 2 && ad_guess_fits(S, &(ad_guess){.predict = shifted, .number = offset}, 0))
        say_offset(S, offset, 3.3);
}

/* ---- Single precision, other entries ------------------------------------------------------------------------------------------- */

static void seek_single_precision(ad_search *S)
{
    const ad_suspect *s = S->s;
    int floats = 1, close = 1, near = 1;
    if (s->printed && s->digits <= 7)
        return;
    for (size_t i = S->first; i < s->samples; i++) {
        if (!ad_says_something(s, i))
            continue;
        double error = fabs(s->claimed[i] - s->exact[i]), size = fmax(fabs(s->exact[i]), fabs(s->claimed[i]));
        floats &= (double)(float)s->claimed[i] == s->claimed[i];
        close  &= error <= 0x1p-20 * size;
        near   &= error <= 1e-3 * size;
    }
    char exact[AD_DETAIL];
    if (close || (near && floats && !s->printed && S->told > 1))
        ad_suspicions_add(S->findings, AD_CAUSE_SINGLE_PRECISION, 1.2, "right in single precision only, to about %.0f digits%s",
                        fmax(0, -log10(fabs(s->claimed[S->first] / s->exact[S->first] - 1))), ad_words_of_exact(S, exact, sizeof exact));
}

static void seek_entries(ad_search *S)
{
    const ad_suspect *s = S->s;
    double bits = s->n_entries ? log2((double)s->n_entries) : 0;
    for (size_t i = 0; i < s->n_entries; i++) {
        const ad_entry *e = &s->entries[i];
        if (!ad_guess_fits(S, &(ad_guess){.predict = ad_guess_numbers, .numbers = e->exact}, e->mutual ? bits / 2 : bits + 1))
            continue;
        if (e->mutual)
            ad_suspicions_add(S->findings, AD_CAUSE_SWAPPED, 0.9, "swapped with %s: each stands in the other's place", e->name);
        else
            ad_suspicions_add(S->findings, AD_CAUSE_OTHER_VARIABLE, 3.1, "it is %s, not %s", e->name, s->quantity);
    }
}

static void seek_sign(ad_search *S)
{
    char exact[AD_DETAIL];
    if (is_ratio(S, -1, 0))
        ad_suspicions_add(S->findings, AD_CAUSE_SIGN, 1, "sign%s", ad_words_of_exact(S, exact, sizeof exact));
}

/* ---- The search ------------------------------------------------------------------------------------------------------------------ */

enum { MOST_NUMBERS = 1 << 24 };           /* of values, adjoints and tangents each: beyond, no look at the graph */

static double *numbers(ad_search *S, size_t n)
{
    double *block = ad_resize(S->allocator, NULL, 0, n * sizeof *block + 1);
    S->failed |= !block;
    return block;
}

static void give_back(ad_search *S, void *block, size_t bytes)
{
    if (block)
        ad_resize(S->allocator, block, bytes + 1, 0);
}

/* Values, adjoints and tangents at every point. */
static void sweep_all(ad_search *S)
{
    const ad_suspect *s = S->s;
    uint32_t n = s->paths->n;
    for (size_t j = 0; j < S->points; j++) {
        int own = j == 0;
        ad_paths_values(s->paths, s->inputs ? s->inputs[j] : NULL, own ? s->n_given : 0, s->given, S->value + j * n);
        ad_paths_adjoints(s->paths, S->value + j * n, s->of, S->adjoint + j * n);
        if (s->by != UINT32_MAX)
            ad_paths_tangents(s->paths, S->value + j * n, s->by, S->tangent + j * n);
        else
            memset(S->tangent + j * n, 0, n * sizeof *S->tangent);
    }
}

static void seek_in_graph(ad_search *S)
{
    const ad_suspect *s = S->s;
    S->points = s->samples * s->rows;
    if (!s->paths || s->of == UINT32_MAX || !s->paths->n || S->points > MOST_NUMBERS / s->paths->n)
        return;
    size_t n = S->points * s->paths->n;
    S->value   = numbers(S, n);
    S->adjoint = numbers(S, n);
    S->tangent = numbers(S, n);
    S->scratch = numbers(S, s->paths->n);
    S->given   = ad_resize(S->allocator, NULL, 0, (s->n_given + 1) * sizeof *S->given + 1);
    S->failed |= !S->given;
    if (!S->failed) {
        sweep_all(S);
        (s->by == UINT32_MAX ? ad_cause_of_value : ad_cause_of_derivative)(S);
    }
    give_back(S, S->value, n * sizeof(double));
    give_back(S, S->adjoint, n * sizeof(double));
    give_back(S, S->tangent, n * sizeof(double));
    give_back(S, S->scratch, s->paths->n * sizeof(double));
    give_back(S, S->given, (s->n_given + 1) * sizeof *S->given);
}

int ad_cause_find(const ad_suspect *s, const ad_allocator *allocator, ad_suspicions *findings)
{
    ad_search S = {.s = s, .allocator = allocator, .findings = findings, .first = SIZE_MAX};
    findings->n = 0;
    for (size_t i = s->samples; i-- > 0;)
        if (ad_says_something(s, i)) {
            S.told++;
            S.first = i;
        }
    if (S.told) {
        double size = fmax(fabs(s->claimed[S.first]), fabs(s->exact[S.first]));
        S.bits = fmin(52, log2(fmax(size, DBL_MIN) / fmax(s->tolerance[S.first], DBL_MIN)));
        if (s->repairs) {
            seek_in_graph(&S);
            return !S.failed;
        }
        seek_sign(&S);
        seek_known_factors(&S);
        seek_single_precision(&S);
        seek_entries(&S);
        seek_in_graph(&S);
        seek_offset(&S);
        seek_any_factor(&S);
    }
    if (!findings->n)
        ad_suspicions_add(findings, AD_CAUSE_UNKNOWN, 9, "no known slip explains it");
    return !S.failed;
}
