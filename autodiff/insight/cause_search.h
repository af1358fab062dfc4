/* cause_search.h -- the search for causes as its files share it. Not installed.
 *
 *   cause.c        samples, what fits, the causes that need no graph
 *   cause_slopes.c a derivative: one slope changed
 *   cause_paths.c  nodes, stretches and paths left out, other variables; cause_stale.c  older and newer values
 *   cause_value.c  a value: its own formula with one operation changed
 *   cause_words.c  what people call a slope, a place, a number
 */
#ifndef AUTODIFF_INSIGHT_CAUSE_SEARCH_H
#define AUTODIFF_INSIGHT_CAUSE_SEARCH_H

#include "cause.h"

typedef struct ad_search {
    const ad_suspect  *s;
    const ad_allocator *allocator;
    ad_suspicions       *findings;
    size_t             told;               /* samples that say something */
    size_t             first;              /* the first of them */
    double             bits;               /* what the claim weighs, if it is one number; many say enough */
    size_t             points;             /* samples times rows */
    double            *value, *adjoint, *tangent, *scratch;   /* [points][places], scratch [places] */
    ad_given          *given;              /* [n_given + 1] scratch */
    int                failed;
} ad_search;

/* A hypothesis: what it predicts for a sample. */
typedef struct ad_guess {
    double (*predict)(const ad_search *S, const struct ad_guess *g, size_t sample);
    uint32_t i, k, other;                  /* a place, its operand, another place */
    double   number;
    const double *numbers;                 /* [samples] */
    const uint32_t *path;                  /* pairs of places and operands */
    uint32_t length;
    int      may_vanish;                   /* that it predicts 0 everywhere is no chance: something was left out */
} ad_guess;

/* Whether the guess predicts all that was claimed; `bits` is what one of its many likes costs. */
int  ad_guess_fits(const ad_search *S, const ad_guess *g, double bits);

/* A guess that has its numbers. */
double ad_guess_numbers(const ad_search *S, const ad_guess *g, size_t sample);

static inline const double *ad_values_at(const ad_search *S, size_t point) { return S->value + point * S->s->paths->n; }
static inline double ad_value_in(const ad_search *S, size_t point, uint32_t i) { return S->value[point * S->s->paths->n + i]; }
static inline double ad_adjoint_in(const ad_search *S, size_t point, uint32_t i) { return S->adjoint[point * S->s->paths->n + i]; }
static inline double ad_tangent_in(const ad_search *S, size_t point, uint32_t i) { return S->tangent[point * S->s->paths->n + i]; }

void ad_cause_of_derivative(ad_search *S);
void ad_cause_of_value(ad_search *S);

/* Words; each writes into text [size] and returns it. */
enum { AD_WORDS = 120 };
/* The place's name or formula. */
const char *ad_words_of_place(const ad_search *S, uint32_t i, char *text, size_t size);
/* The same, with parentheses where it is more than a name or a call. */
const char *ad_words_of_factor(const ad_search *S, uint32_t i, char *text, size_t size);
const char *ad_words_of_formula(const ad_search *S, uint32_t i, char *text, size_t size);
/* Its name, or NULL. */
const char *ad_words_name(const ad_search *S, uint32_t i);
/* The slope of a place by its operand k: "sigmoid'(e6)", "x = de/dw"; and that with what it is the slope of: "2*x (the slope of x^2)". */
const char *ad_words_of_slope(const ad_search *S, uint32_t i, uint32_t k, char *text, size_t size);
const char *ad_words_of_slope_in(const ad_search *S, uint32_t i, uint32_t k, char *text, size_t size);
/* ": the exact value is -0.35620132", from the first sample. */
const char *ad_words_of_exact(const ad_search *S, char *text, size_t size);

#endif
