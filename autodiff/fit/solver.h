/* solver.h -- the solvers, all of the same form: from a start to where the loss is least near it. Not installed. */
#ifndef AUTODIFF_FIT_SOLVER_H
#define AUTODIFF_FIT_SOLVER_H

#include "objective.h"

typedef struct ad_solution {
    double        *p;                      /* [n] in: the start, within the bounds; out: the best found */
    double        *moved;                  /* [n] by the last step that was taken */
    double         loss;                   /* at p; of squares their sum */
    double         offset;                 /* the largest step left, in standard errors of the params, as far as it is known */
    ad_fit_outcome outcome;                /* converged, not converged, outside the domain, stopped, failed */
    const char    *why;                    /* not converged: in few words */
    int            flat;                   /* converged, but the loss does not change in some direction */
    size_t         idle;                   /* not converged: a param that ran to where it has no effect, or SIZE_MAX */
} ad_solution;

/* Why an iteration ended that had a slope yet. */
#define AD_FIT_AT_EDGE \
    "the loss still falls, but just beyond it is no number: write it so that it is one (log_sigmoid, softplus, log1p), or bound the params"

/* A solver's state, made and filled at the first start and kept for the next; the solution is that of no step yet. NULL, with
 * P->status, when memory runs out. fill takes arrays from P->store, and returns whether it had them. */
typedef int ad_solver_fill(void *state, ad_objective *P);
void *ad_solver_begin(ad_objective *P, ad_fit_method which, size_t size, ad_solver_fill *fill, ad_solution *s);

/* Levenberg-Marquardt in a trust region (More 1978) on singular values, with bounds by an active set; its last digits by
 * Newton's method. `reach`: the first region's radius, as a multiple of the scaled length of the start. */
void ad_solve_squares(ad_objective *P, double reach, ad_solution *s);
/* Newton's method in a trust region on the eigenvalues of the scaled Hessian (More and Sorensen 1983). */
void ad_solve_newton(ad_objective *P, double reach, ad_solution *s);
/* Limited-memory BFGS (Liu and Nocedal 1989), projected on the bounds. */
void ad_solve_lbfgs(ad_objective *P, ad_solution *s);

/* Whether a step from p to q changes no param by more than `relative` of itself. */
static inline int ad_is_small_step(size_t n, const double *p, const double *step, double relative)
{
    for (size_t j = 0; j < n; j++)
        if (!((step[j] < 0 ? -step[j] : step[j]) <= relative * (p[j] < 0 ? -p[j] : p[j])))
            return 0;
    return 1;
}

#endif
