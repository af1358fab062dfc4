/* judge.h -- the judging of claims while it goes on, as its files share it. Not installed.
 *
 *   judge.c          a judgement's life: all claims, point by point, verdicts
 *   judge_sides.c    the sides of claims on a tape, the derivatives in them as nodes of their own
 *   judge_own.c      what follows from the author's own earlier numbers
 *   judge_cause.c    why a claim is wrong; update steps
 */
#ifndef AUTODIFF_MODEL_JUDGE_H
#define AUTODIFF_MODEL_JUDGE_H

#include "autodiff/insight/cause.h"
#include "autodiff/insight/sample.h"
#include "claims.h"

enum { AD_NO_ATOM = -1, AD_WORDS_OF_SIDE = 96 };

/* A derivative in a claim, not inside another. Equal ones of names are one. */
typedef struct ad_atom {
    size_t   of_symbol, by_symbol;         /* of_symbol AD_NO_SYMBOL: of a formula */
    ad_var   of, by, value;
    uint32_t of_place, by_place, place;    /* UINT32_MAX: a plain number */
    char    *text;                         /* "dE/dW36" */
    int      next;                         /* another one of the same of_symbol, or AD_NO_ATOM */
} ad_atom;

typedef struct ad_side {
    ad_literal literal;
    int        is_literal;
    ad_var     value;
    uint32_t   place;
    size_t     symbol;                     /* it is this name, or AD_NO_SYMBOL */
    int        atom;                       /* it is this derivative, or AD_NO_ATOM */
    int        n_atoms, first_atom;        /* in the list of uses */
} ad_side;

typedef struct ad_judged {
    ad_judgement found;
    ad_side      side[2];
    int          quantity;                 /* which side is computed, against the other */
    double      *value[2];                 /* [samples] of the sides */
    double       tolerance;                /* of a number */
    ad_cause     causes[AD_SUSPICIONS];
    char         detail[2 * AD_DETAIL];
} ad_judged;

/* A number that the author claimed for a name or a derivative. */
typedef struct ad_own {
    uint32_t place;
    double   value, half;                  /* half a unit of the last digit */
    size_t   claim;
    int      wrong, atom;                  /* atom AD_NO_ATOM: for a name */
} ad_own;

/* Two names of one quantity, older and newer: the other's value may stand for it. */
typedef struct ad_related { size_t of, other; } ad_related;
enum { AD_RELATED = 64 };

typedef struct ad_judging {
    ad_judgements      report;             /* first, so that it can be freed by its address */
    ad_allocator       allocator;
    const ad_model    *model;
    ad_judge_options   o;
    size_t             n, symbols, samples;
    ad_tape           *tape;
    ad_var            *vars;               /* [symbols] */
    ad_judged         *claims;             /* [n] */
    ad_judgement      *found;              /* [n] what the report shows */
    ad_atom           *atoms;              /* [n_atoms] */
    int                n_atoms, most_atoms, n_uses, *uses;   /* uses [most_atoms] atoms of the sides */
    ad_paths           paths;
    int                taken, has_kinks;
    uint32_t          *names;              /* [n_names] places of the symbols */
    size_t             n_names, n_inputs;
    double            *inputs;             /* [samples][n_inputs] */
    const double     **points;             /* [samples] */
    size_t             row_of[1 + AD_SAMPLES];               /* the row of the data that a random point is in, from 0 */
    double            *numbers;            /* [samples][2 n] the sides' values */
    double            *value, *adjoint, *tangent, *fixed;    /* [paths.n] scratch */
    ad_wide           *wide;               /* [paths.n] scratch */
    ad_own            *own;                /* [n_own] rising by place, the latest of a place */
    size_t             n_own;
    ad_given          *given;              /* [n + 1] scratch */
    ad_related         related[AD_RELATED];                  /* [n_related] once they are known */
    size_t             n_related;
    int                knows_related;
} ad_judging;

void *ad_judging_take(ad_judging *j, size_t n, size_t size);
void  ad_judging_drop(ad_judging *j, void *block, size_t n, size_t size);

/* judge_sides.c: 0 without memory, or with the tape's error. */
int  ad_judge_record(ad_judging *j);
void ad_judge_forget_sides(ad_judging *j);
/* The places of what was recorded. */
int  ad_judge_take_paths(ad_judging *j);

/* The side that is computed, and the other. */
static inline const ad_side *ad_computed_side(const ad_judged *c) { return &c->side[c->quantity]; }
static inline const ad_side *ad_claimed_side(const ad_judged *c) { return &c->side[!c->quantity]; }

/* judge.c: how far from the exact value a number may be: half a unit of its last digit, and 4 ulp. */
double ad_number_tolerance(const ad_literal *l, double exact);
/* How far rounding may move a place, at values and adjoints that it leaves in the scratch arrays. */
double ad_judge_rounding(ad_judging *j, size_t sample, uint32_t place, double *largest);

/* judge_own.c: remembers the number of a claim that was judged; what claim i follows from. */
void ad_own_remember(ad_judging *j, size_t i);
void ad_own_follow(ad_judging *j, size_t i);
/* The author's numbers as given values, but for the claim's own quantity; returns how many. */
size_t ad_own_given(ad_judging *j, size_t i, int wrong_alone, ad_given *given);
/* What a derivative is by the author's own derivatives and values; NAN where there are none. *line: of the latest wrong one. */
double ad_own_derivative(ad_judging *j, size_t i, int atom, size_t *line, double *slack);

/* judge_cause.c. 0 without memory. */
int  ad_judge_explain(ad_judging *j, size_t i);
void ad_judge_update(ad_judging *j, size_t i);

#endif
