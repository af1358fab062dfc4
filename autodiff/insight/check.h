/* check.h -- is a hand-written gradient right, and if not, where did it go wrong?
 *
 *     static double f(size_t n, const double *x)            { (void)n; return x[0] * x[0] * sin(x[1]); }
 *     static void   g(size_t n, const double *x, double *d) { (void)n; d[0] = 2 * x[0] * sin(x[1]); d[1] = x[0] * cos(x[1]); }
 *
 *     ad_check *check = ad_check_gradient(2, (double[]){3, 0.5}, (ad_check_options){.value = f, .gradient = g});
 *     ad_check_print(check, stdout);
 *     ad_check_free(check);
 *
 * The gradient is held against the exact derivatives of a recorded function, or, where there is only C code for the value,
 * against differences that choose their own steps and state their own error; then no verdict is firmer than that error
 * allows. It is looked at in the given point and in random ones around it, inside bounds. There is no tolerance to choose.
 */
#ifndef AUTODIFF_INSIGHT_CHECK_H
#define AUTODIFF_INSIGHT_CHECK_H

#include "../function/function.h"
#include "verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is checked, and against what. Zero members are defaults. */
typedef struct ad_check_options {
    /* The hand-written gradient, one of: it is given the point x [n] and fills gradient [n]. */
    void (*gradient)(size_t n, const double *x, double *gradient);
    void (*gradient_with)(size_t n, const double *x, double *gradient, void *user);

    /* What it is the gradient of, one of: a recorded function of one output whose params are x, summed over the rows of its
     * columns if it has any; or C code. */
    const ad_function   *function;
    const double *const *columns;          /* [ad_function_columns] arrays [rows] */
    size_t               rows;
    double (*value)(size_t n, const double *x);
    double (*value_with)(size_t n, const double *x, void *user);
    void                *user;             /* handed to value_with and gradient_with */

    const double        *lower, *upper;    /* [n] nothing is evaluated outside; NULL: no bounds. Infinities are welcome */
    const char *const   *names;            /* [n] of the components; NULL: the params' names, else x[0], x[1], ... */
    size_t               points;           /* random points beside the given one; 0: 20. For C code alone fewer, where n is large */
    int                  given_only;       /* no random points */
    uint64_t             seed;             /* of the random points; the same seed, the same points */
    ad_allocator         allocator;
} ad_check_options;

/** One component of the gradient. yours and exact are those at the given point, or at the random point where they first
 *  differ. Where the exact one is an estimate, error is how far it may be off; of a recorded function it is 0. */
typedef struct ad_check_entry {
    const char     *name;
    ad_verdict      verdict;
    double          yours, exact, error;
    double          ulps, digits;          /* the difference in units in the last place of exact; digits that agree, 0 to 17 */
    size_t          point;                 /* 0: the given one; k: the k-th random one                                      */
    ad_cause        cause;                 /* the likeliest; AD_CAUSE_NONE unless wrong                                     */
    size_t          n_causes;
    const ad_cause *causes;                /* [n_causes] all that fit, best first                                           */
    const char     *detail;                /* a sentence: the cause, or why it cannot be told; "" where it is right         */
} ad_check_entry;

/** What a check found. Read its members, write none; all it points to is its own. */
typedef struct ad_check {
    ad_status             status;          /* AD_OK, or why nothing was checked                     */
    const char           *message;         /* that in words                                         */
    ad_verdict            verdict;         /* wrong if an entry is; else cannot tell if one cannot be */
    size_t                n, right, wrong, cannot_tell;
    const ad_check_entry *entries;         /* [n] */
    size_t                points;          /* random points that could be used                      */
    int                   by_differences;  /* there was no recorded function                        */
    const double         *x;               /* [n] the given point */
} ad_check;

/** Checks a gradient at x [n]. Calls the functions that it is given from this thread, the gradient once a point, the given one
 *  first, and nothing outside the bounds. NULL only when there is no memory for the report itself; free it with
 *  ad_check_free. Its status: AD_ERROR_ARGUMENT (no gradient, nothing to hold it against, n not the number of params, more than
 *  one output, x outside the bounds), AD_ERROR_NO_MEMORY. */
AD_API ad_check *ad_check_gradient(size_t n, const double *x, ad_check_options options);
AD_API void      ad_check_free(ad_check *check);
/** Prints the report: a line for each component, cause and all, and a summary. AD_ERROR_IO where the stream fails. */
AD_API ad_status ad_check_print(const ad_check *check, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
