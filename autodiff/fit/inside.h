/* inside.h -- a fit as the files that fill in its result see it. Not installed. */
#ifndef AUTODIFF_FIT_INSIDE_H
#define AUTODIFF_FIT_INSIDE_H

#include "fit.h"
#include "objective.h"
#include "solver.h"

/* Beyond so many params there are no errors: they take matrices of that square. */
enum { AD_FIT_WORDS = 1600, AD_FIT_MOST_ERRORS = 500 };

typedef struct ad_fitting {
    ad_fit_result result;                  /* first: what the user holds */
    ad_store      kept;                    /* the result's arrays */
    char          message[AD_FIT_WORDS];
    ad_objective   *P;                       /* while fitting */
    double       *p;                       /* [n] the estimates, or the last params there were */
} ad_fitting;

/* estimate.c: errors, intervals, correlations and criteria at F->p; sets not identifiable where they are none. */
void ad_fit_estimate(ad_fitting *F, double loss);
/* runaway.c: a direction [n] along which the loss never rises, up to a standard error and beyond, or NULL: the Newton step or
 * the way from the start, each with the factor that makes it one standard error long, or one param, of which errors [n] are the
 * standard errors while the others stay. Whether the loss rises at once on both sides along a direction [n] of which the
 * Hessian says nothing, as where it has a kink. */
const double *ad_fit_runs_away(ad_fitting *F, double *newton, double one, double *travelled, double other, const double *errors);
int ad_fit_is_kink(ad_fitting *F, const double *direction);
/* profile.c: the intervals where the profile likelihood crosses. */
void ad_fit_profile(ad_fitting *F);
/* wording.c: the messages. A node as a formula, in so many bytes; which operation failed first, at which row, at F->p; what
 * of the params a direction [n] leaves unseen. */
void ad_fit_name_domain(ad_fitting *F);
void ad_fit_name_direction(ad_fitting *F, const double *direction, size_t flat);
void ad_fit_name_idle(ad_fitting *F, size_t param);
void ad_fit_name_runaway(ad_fitting *F, const double *move);
void ad_fit_name_last(ad_fitting *F, const char *why);

#endif
