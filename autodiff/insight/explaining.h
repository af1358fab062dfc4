/* explaining.h -- what the parts of an explanation share. Not installed. */
#ifndef AUTODIFF_INSIGHT_EXPLAINING_H
#define AUTODIFF_INSIGHT_EXPLAINING_H

#include "../tape/derivatives.h"
#include "../tape/operations.h"
#include "json.h"
#include "node.h"
#include "page.h"
#include "path_counts.h"
#include "text.h"

/* What the answer to a question tells, for programs: a number, or a text. */
typedef struct ad_fact {
    const char *key;
    int         is_text;
    double      number;
    char        text[AD_TEXT_SIZE];
} ad_fact;

enum { AD_FACTS = 8 };

typedef struct ad_explaining {
    ad_tape           *tape;               /* E's */
    ad_steps           s;
    ad_page            page;
    ad_json            json;
    ad_explain_options options;
    size_t             by;                 /* the chosen step; s.n: none */
    int                failed;             /* memory ran out */
    ad_equation        equation;           /* being written */
    ad_fact            fact[AD_FACTS];     /* [facts] of the question being answered */
    size_t             facts;
    ad_var            *form;               /* [forms] for ad_explain_numbers: nodes of the notebook, evaluated */
    uint32_t          *held;               /* [forms] those of one formula */
    unsigned char     *is_held;            /* [forms] */
    size_t             forms;
} ad_explaining;

/* x times a slope, without a factor 1; the number that an edge gives to its operand's adjoint. */
ad_var ad_explain_product(const ad_explaining *e, ad_var x, ad_var slope);
double ad_explain_contribution(const ad_explaining *e, const ad_edge *edge);
/* The equation of a step: its formula; its adjoint, as the sum of what all that use it give. */
void   ad_explain_forward(ad_explaining *e, size_t i);
void   ad_explain_adjoint(ad_explaining *e, size_t i);
/* Whether the step's adjoint is told; what it is not differentiated by, and E, is left out. */
int    ad_explain_has_adjoint(const ad_explaining *e, size_t i);

/* explain_numbers.c: a formula of the notebook with its numbers, into text [AD_LINE]: with as many digits that what is written
 * gives `value` but for its last digit shown. 0 where all the digits there are do not give that. */
int    ad_explain_numbers(ad_explaining *e, ad_var v, int named, double value, char *text);
/* Whether a formula was written with more left out than the middle of one list. */
int    ad_explain_is_torn(const char *text);
/* What stands for a slope in products: itself; de/dw where it is too long to be read; where numbers are put in and would not
 * give its number, that. */
ad_var ad_explain_slope(ad_explaining *e, const ad_edge *edge, int numbers);
void   ad_explain_numbers_free(ad_explaining *e);

/* explain_paths.c: the chosen variable's derivative in every other way. */
enum { AD_DIFFERENCES = 3 };
typedef struct ad_other_ways {
    ad_path_counts one, all;
    size_t walked;                         /* paths */
    int    summed;                         /* all of them were */
    double sum, dual;
    struct { double step, value; } difference[AD_DIFFERENCES];
    double extrapolated, estimate;         /* Ridders' differences, and what they are off by as they say */
} ad_other_ways;

/* Takes them; path by path calls visit, which may be NULL. 0 when there is no memory. */
int  ad_explain_other_ways(ad_explaining *e, ad_other_ways *o, ad_path_visitor *visit, void *context);
/* The equation of a path, and its product. */
void ad_explain_path(ad_explaining *e, const size_t *edges, size_t n);
double ad_explain_path_product(const ad_steps *s, const size_t *edges, size_t n);
void ad_explain_paths(ad_explaining *e);
/* E with the value of one of its steps replaced. NaN when there is no memory. */
double ad_explain_moved(ad_explaining *e, size_t step, double value);

/* The questions asked: explain_questions.c. That of kinks: explain_kinks.c. */
void ad_explain_questions(ad_explaining *e);
void ad_explain_kinks(ad_explaining *e);
void ad_explain_not_finite(ad_explaining *e);
/* Notes what an answer tells. */
void ad_explain_number(ad_explaining *e, const char *key, double number);
void ad_explain_text(ad_explaining *e, const char *key, const char *text);

/* The whole as a page to step through: explain_html.c. */
void ad_explain_html(ad_explaining *e);
/* The whole as JSON: explain_json.c. */
void ad_explain_json(ad_explaining *e);

#endif
