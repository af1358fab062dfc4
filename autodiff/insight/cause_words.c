/* cause_words.c -- what people call a place of a graph, a slope, the exact value. */
#include "cause_search.h"

#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static ad_var variable(const ad_search *S, uint32_t i)
{
    return ad_var_at(S->s->paths->tape, S->s->paths->places[i].id);
}

const char *ad_words_of_place(const ad_search *S, uint32_t i, char *text, size_t size)
{
    ad_text_of(variable(S, i), text, size);
    return text;
}

const char *ad_words_of_formula(const ad_search *S, uint32_t i, char *text, size_t size)
{
    ad_formula_of(variable(S, i), text, size);
    return text;
}

const char *ad_words_name(const ad_search *S, uint32_t i)
{
    return S->s->paths->places[i].op == AD_OP_CONSTANT ? NULL : ad_name_of(variable(S, i));
}

/* How often operands up to a place are this one. */
static int uses_of(const ad_paths *p, uint32_t operand, uint32_t up_to)
{
    int n = 0;
    for (uint32_t i = operand + 1; i <= up_to; i++)
        for (uint32_t k = 0; k < p->places[i].n; k++)
            n += ad_paths_operands(p, i)[k] == operand;
    return n;
}

/* The named node that a place is part of by additions alone, and its operand by no other way: of w*x in e = w*x + b it is e. */
static const char *name_above(const ad_search *S, uint32_t i, uint32_t operand)
{
    const ad_paths *p = S->s->paths;
    for (int step = 0; step < 64; step++) {
        const char *name = ad_words_name(S, i);
        uint32_t above = UINT32_MAX;
        if (name)
            return uses_of(p, operand, i) == 1 ? name : NULL;
        for (uint32_t j = i + 1; j < p->n && above == UINT32_MAX; j++)
            for (uint32_t k = 0; k < p->places[j].n; k++)
                if (ad_paths_operands(p, j)[k] == i)
                    above = (p->places[j].op == AD_OP_add || p->places[j].op == AD_OP_sum || (p->places[j].op == AD_OP_sub && k == 0))
                          ? j : UINT32_MAX - 1;
        if (above >= UINT32_MAX - 1)
            return NULL;
        i = above;
    }
    return NULL;
}

const char *ad_words_of_factor(const ad_search *S, uint32_t i, char *text, size_t size)
{
    char inside[AD_WORDS];
    ad_words_of_place(S, i, inside, sizeof inside - 2);
    int plain = strcspn(inside, " +-*/?^") == strlen(inside);
    snprintf(text, size, plain ? "%s" : "(%s)", inside);
    return text;
}

const char *ad_words_of_slope(const ad_search *S, uint32_t i, uint32_t k, char *text, size_t size)
{
    const ad_paths *p = S->s->paths;
    const ad_place *place = &p->places[i];
    const uint32_t *operand = ad_paths_operands(p, i);
    char x[AD_WORDS], y[AD_WORDS];
    ad_words_of_place(S, operand[k], x, sizeof x);
    switch (place->op) {
    case AD_OP_mul: case AD_OP_chain:
        snprintf(text, size, "%s", ad_words_of_place(S, operand[!k], y, sizeof y));
        break;
    case AD_OP_dot:
        snprintf(text, size, "%s", ad_words_of_place(S, operand[k ^ 1], y, sizeof y));
        break;
    case AD_OP_div:
        if (k == 0)
            snprintf(text, size, "1/%s", ad_words_of_factor(S, operand[1], y, sizeof y));
        else
            snprintf(text, size, "d(%s)/d(%s)", ad_words_of_formula(S, i, y, sizeof y), x);
        break;
    case AD_OP_mean:
        snprintf(text, size, "1/%u", (unsigned)place->n);
        break;
    case AD_OP_square:
        snprintf(text, size, "2*%s", ad_words_of_factor(S, operand[0], y, sizeof y));
        break;
    case AD_OP_pow: case AD_OP_powi:
        if (k == 0 && p->places[operand[1]].op == AD_OP_CONSTANT && p->places[operand[1]].number != 0) {
            double n = p->places[operand[1]].number;
            snprintf(text, size, n == 2 ? "%g*%s" : n < 1 ? "%g*%s^(%g)" : "%g*%s^%g", n, ad_words_of_factor(S, operand[0], y, sizeof y), n - 1);
            break;
        }
        /* fall through */
    default:
        if (place->n == 1 && place->op != AD_OP_neg)
            snprintf(text, size, "%s'(%s)", ad_rules[place->op].name, x);
        else
            snprintf(text, size, "d(%s)/d(%s)", ad_words_of_formula(S, i, y, sizeof y), x);
    }
    const char *above = name_above(S, i, operand[k]), *below = ad_words_name(S, operand[k]);
    size_t n = strlen(text);
    if (above && below && strlen(above) + strlen(below) < 60 && n < size)
        snprintf(text + n, size - n, strchr(above, '.') || strchr(below, '.') ? " = d(%s)/d(%s)" : " = d%s/d%s", above, below);
    return text;
}

const char *ad_words_of_slope_in(const ad_search *S, uint32_t i, uint32_t k, char *text, size_t size)
{
    char whole[AD_WORDS];
    ad_words_of_slope(S, i, k, text, size);
    size_t n = strlen(text);
    if (!strchr(text, '\'') && !strstr(text, "d(") && !strchr(text, '=') && n < size)
        snprintf(text + n, size - n, " (the slope of %.60s)", ad_words_of_formula(S, i, whole, sizeof whole));
    return text;
}

const char *ad_words_of_exact(const ad_search *S, char *text, size_t size)
{
    const ad_suspect *s = S->s;
    snprintf(text, size, ": %s is %.*g", s->exact_words, s->printed && s->digits > 6 ? (s->digits < 15 ? s->digits + 2 : 17) : 8,
             s->exact[S->first]);
    return text;
}
