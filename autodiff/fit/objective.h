/* objective.h -- a fit as its solvers see it: what can be evaluated. Not installed. */
#ifndef AUTODIFF_FIT_OBJECTIVE_H
#define AUTODIFF_FIT_OBJECTIVE_H

#include "store.h"
#include "fit.h"

typedef struct ad_objective {
    ad_store          *store;
    const ad_function *f;                  /* as it was handed in */
    const ad_fit_options *options;
    size_t             n, m, rows, observations, n_columns;
    const double *const *given;            /* f's columns */
    const double     **columns;            /* [n_columns] f's, and the weights' where there are any */
    const double      *lower, *upper;      /* [n], infinite where there are none */
    int                squares;            /* a sum of squares: else a loss */
    double             scale;              /* of the loss: 1, or one over the rows where it sums over them itself */
    double             log_weights;        /* the sum of the weights' logarithms, of squares */
    double             total_squares;      /* of the responses about their means, NaN where that cannot be known */
    ad_function       *loss, *residuals, *jacobian, *normal, *curve;   /* loss: of a row; the rest of squares */
    double            *block;              /* [n + 1] columns [block_rows m]; without a Jacobian the last of them alone */
    size_t             residual_column;    /* of the block */
    double            *curvature;          /* [n][n] of a block */
    double            *exact_p, *exact_R;  /* [n], [n + 1][n + 1] the last triangle by reflections, and where; NaN: none */
    const double     **at;                 /* [n_columns + m] columns from a row on */
    double           **to;                 /* [m (n + 1)] places of a block's outputs */
    size_t             block_rows;
    size_t             evaluations, jacobians, iterations, start;
    ad_status          status;             /* AD_OK, or why nothing more can be evaluated */
    int                stopped;            /* by the callback */
    void              *solvers[3];         /* their memory, from one start to the next: AD_FIT_LEAST_SQUARES - 1, ... */
} ad_objective;

/* Makes the functions; 0 with the problem's status, and the message where it is not memory, if that fails. */
int  ad_objective_make(ad_objective *P, char *message, size_t size);
void ad_objective_free(ad_objective *P);

/* The loss: of squares their sum, never halved. */
double ad_objective_value(ad_objective *P, const double *p);
double ad_objective_gradient(ad_objective *P, const double *p, double *g);     /* [n]; returns the loss */
int    ad_objective_hessian(ad_objective *P, const double *p, double *H);      /* [n][n] */

/* Of squares: the triangle of [J r], R [n + 1][n + 1] row by row; exactly: by reflections, never from J'J. Its last corner is
 * the length of what no step can take away. 0 if it is not finite. Its last column's length is the root of the loss. */
int    ad_objective_triangle(ad_objective *P, const double *p, double *R, int exactly);
/* The sum of squares, to twice the precision. */
double ad_objective_squares(ad_objective *P, const double *p);
/* S [n][n]: the sum of r times r's Hessian, what J'J lacks of half the loss's Hessian. */
int    ad_objective_curvature(ad_objective *P, const double *p, double *S);

/* Tells the callback; not 0: it wants no more. */
int    ad_objective_tell(ad_objective *P, double loss, const double *p);

#endif
