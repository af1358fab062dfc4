/* fit.h -- fitting params to data: least squares and other losses, with exact derivatives and honest uncertainties.
 *
 *     ad_var b1 = ad_param(tape, "b1", 500), b2 = ad_param(tape, "b2", 1e-4), x = ad_column(tape, "x"), y = ad_column(tape, "y");
 *     ad_var r = ad_sub(y, ad_mul(b1, ad_sub(1, ad_exp(ad_neg(ad_mul(b2, x))))));
 *     ad_function *residual = ad_function_new(tape, 1, &r);
 *     ad_fit_result *fit = ad_fit(residual, (double[]){500, 1e-4}, columns, rows, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
 *     ad_fit_print(fit, stdout);
 *     ad_fit_free(fit);
 *
 * A fit makes a loss small that is summed over rows. A loss that is a sum of squares, in whatever way it was written (r^2,
 * square(r), r*r, r^2/2, squared_error(a, b), weights times any of them, sums of them), is seen to be one and solved by a
 * trust-region Levenberg-Marquardt method on the exact Jacobian (More 1978), its last digits by Newton's method on the exact
 * Hessian. Any other loss is taken for a negative log-likelihood: Newton's method in a trust region on the exact Hessian, or
 * L-BFGS where there are many params.
 *
 * What the data do not fix, a start outside the domain and an iteration that does not settle are outcomes of their own, in
 * words; the start is never returned as an estimate.
 */
#ifndef AUTODIFF_FIT_FIT_H
#define AUTODIFF_FIT_FIT_H

#include "../function/function.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the outputs of the function are. */
typedef enum ad_fit_objective {
    AD_FIT_LOSS,               /* one output: the loss of a row                                    */
    AD_FIT_RESIDUALS,          /* residuals, one a response: the loss is the sum of their squares  */
    AD_FIT_LIKELIHOOD          /* one output: a negative log-likelihood, even if a sum of squares  */
} ad_fit_objective;

typedef enum ad_fit_method { AD_FIT_AUTOMATIC, AD_FIT_LEAST_SQUARES, AD_FIT_NEWTON, AD_FIT_LBFGS } ad_fit_method;

/** How far a fit is, for those who wait. */
typedef struct ad_fit_progress {
    size_t        iteration, start;        /* start: which of options.starts, from 0 */
    double        loss;                    /* the best so far; of squares their sum */
    size_t        n;
    const double *params;                  /* [n] where it is */
} ad_fit_progress;

/** How to fit; zero members are defaults. `(ad_fit_options){.weights = w, .lower = (double[]){0, -INFINITY}}`. */
typedef struct ad_fit_options {
    ad_fit_objective objective;
    ad_fit_method    method;           /* AD_FIT_AUTOMATIC: as the loss and the number of params suggest                   */
    const double    *weights;          /* [rows] multiply the rows' squares or losses, 0 or more; NULL: 1                  */
    const double    *lower, *upper;    /* [n] bounds; NULL: none; equal ones hold a param where it is                      */
    size_t           max_iterations;   /* 0: 1000, of L-BFGS 10000                                                         */
    size_t           starts;           /* so many more starts at random places around the first one, or within the bounds  */
    uint64_t         seed;             /* of those                                                                         */
    double           level;            /* of the intervals; 0: 0.95                                                        */
    int              profile;          /* profile-likelihood intervals too                                                 */
    int (*progress)(void *user, const ad_fit_progress *progress);  /* called each iteration; not 0 stops the fit          */
    void            *user;
} ad_fit_options;

typedef enum ad_fit_outcome {
    AD_FIT_CONVERGED,
    AD_FIT_NOT_CONVERGED,              /* the iteration ended before it settled: what moved last is in the message; or the loss
                                          has no least value: which params run for ever                                    */
    AD_FIT_NOT_IDENTIFIABLE,           /* the data do not fix a combination of params, which the message names             */
    AD_FIT_OUTSIDE_DOMAIN,             /* the loss or its derivative is no number at the start                             */
    AD_FIT_STOPPED,                    /* by the progress callback: the best so far                                        */
    AD_FIT_FAILED                      /* nothing was fitted: result.status says why                                       */
} ad_fit_outcome;

/** One param of a fit. Numbers that there are not are NaN. */
typedef struct ad_fit_param {
    const char *name;                  /* "p1", ... where it has none                                                      */
    double start, last;                /* where the iteration began, and where it ended: the best so far                   */
    double estimate;                   /* the same where it converged, else NaN                                            */
    double standard_error;
    double low, high;                  /* the interval: estimate -+ quantile * standard_error                              */
    double profile_low, profile_high;  /* where the profile likelihood crosses; infinite: it never does                    */
    double gradient;                   /* of the loss, where it ended: of squares half of it, J'r                          */
    double moved;                      /* by the last iteration                                                            */
    int    bound;                      /* -1, 1: at its lower, upper bound; 2: held. It has no standard error then         */
} ad_fit_param;

/** A fit. Its arrays and texts belong to it.
 *
 *  Of least squares: rss is the sum of w r^2, never halved, whether the loss was written r^2, square(r), r^2/2 or
 *  squared_error(a, b); standard errors are the roots of the diagonal of s^2 (J'J)^-1 with s^2 = rss / degrees; intervals are
 *  Student's t. Of another loss: errors from the inverse Hessian, normal intervals, rss NaN. Errors and intervals are those of
 *  estimates: where it did not converge there are none. */
typedef struct ad_fit_result {
    ad_fit_outcome outcome;
    ad_status      status;             /* AD_OK unless AD_FIT_FAILED                                                       */
    const char    *message;            /* what happened, and what to do about it; never NULL. Converged: why there are no errors */
    int            least_squares;
    ad_fit_method  method;             /* which was taken                                                                  */
    size_t         n;
    ad_fit_param  *params;             /* [n]                                                                              */
    double        *covariance;         /* [n][n], NaN where a param has no standard error; NULL beyond 500 params: then no errors */
    double        *correlation;        /* [n][n], or NULL                                                                  */
    double         loss;               /* as the function states it, weights included                                      */
    double         rss, s, r_squared;
    double         log_likelihood, aic, bic;
    double         level, quantile;    /* of the intervals                                                                 */
    double         offset;             /* distance from stationary: the largest step left, in standard errors              */
    double         condition;          /* of the scaled information matrix's root: 1 is best                               */
    double        *direction;          /* [n] not identifiable: the scaled null direction; NULL                            */
    double         eigenvalue;         /* of the scaled information matrix there, largest 1                                */
    size_t         rows, observations; /* observations: responses of weight other than 0                                   */
    size_t         degrees;            /* observations - params that were free                                             */
    size_t         responses;          /* residuals a row                                                                  */
    size_t         row;                /* outside the domain: the row, from 0; else SIZE_MAX                               */
    size_t         iterations, evaluations, jacobians, starts;
    double         seconds;
} ad_fit_result;

/** Fits the params of f.  start [params]; columns [columns] arrays [rows]. NULL only when there is no memory for the result
 *  itself; AD_FIT_FAILED for AD_ERROR_ARGUMENT (no params, no rows, outputs that do not suit the objective, bounds that
 *  exclude one another, a weight that is negative or no number) and AD_ERROR_NO_MEMORY. Memory comes from f's allocator. The
 *  same bits for any number of threads. Free it with ad_fit_free. */
AD_API ad_fit_result *ad_fit(const ad_function *f, const double *start, const double *const *columns, size_t rows,
                             ad_fit_options options);
AD_API void           ad_fit_free(ad_fit_result *fit);

/** What a sum of squares compares, as a function of f's inputs: outputs 2 k and 2 k + 1 are what is observed of response k and
 *  what is fitted to it, for plots and residuals. NULL where the loss is no sum of squares, or what is observed cannot be seen
 *  in it (y in (y - f)^2), or there is no memory. Free it with ad_function_free. */
AD_API ad_function   *ad_fit_responses(const ad_function *f, ad_fit_objective objective);

/** Writes the report for people. AD_ERROR_IO where the stream fails. */
AD_API ad_status      ad_fit_print(const ad_fit_result *fit, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
