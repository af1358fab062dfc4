/* explaining.h -- what the parts of an explanation share. Not installed. */
#ifndef AUTODIFF_INSIGHT_EXPLAINING_H
#define AUTODIFF_INSIGHT_EXPLAINING_H

#include "../tape/derivatives.h"
#include "../tape/operations.h"
#include "node.h"
#include "page.h"
#include "path_counts.h"
#include "text.h"

typedef struct ad_explaining {
    ad_tape           *tape;               /* E's */
    ad_steps           s;
    ad_page            page;
    ad_explain_options options;
    size_t             by;                 /* the chosen step; s.n: none */
    int                failed;             /* memory ran out */
    ad_equation        equation;           /* being written */
} ad_explaining;

/* x times a slope, without a factor 1; the number that an edge gives to its operand's adjoint. */
ad_var ad_explain_product(const ad_explaining *e, ad_var x, ad_var slope);
double ad_explain_contribution(const ad_explaining *e, const ad_edge *edge);

/* The chosen variable: explain_paths.c. */
void ad_explain_paths(ad_explaining *e);
/* The questions asked: explain_questions.c. */
void ad_explain_questions(ad_explaining *e);
/* The whole as a page to step through: explain_html.c. */
void ad_explain_html(ad_explaining *e);

/* E with the value of one of its steps replaced: explain_paths.c. NaN when there is no memory. */
double ad_explain_moved(ad_explaining *e, size_t step, double value);

#endif
