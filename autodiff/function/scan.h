/* scan.h -- recurrences: one step as a recorded function, run many times, and the gradient through all of them.
 *
 * A step is a function over rows. What its columns hold, step by step, says an ad_scan_column for each: a state that the
 * steps carry on; something fixed, such as weights that differ from row to row; or a sequence of data with rows of its own for
 * every step. States and what is fixed may be seen shifted: row r sees what row r + shift has, and 0 beyond the ends, so that
 * neighbours, stencils and delays within a row vector need no copies. Params are the same for all steps.
 *
 * The step's outputs are the next states, in order, and then, if there is one more, what the step adds to the total: it must
 * not vary (a sum over rows, ad_row_sum, or a formula of such).
 *
 *     h' = tanh(w h + x)          ad_var w = ad_column(tape, "w"), h = ad_column(tape, "h"), x = ad_column(tape, "x");
 *     total += sum of h'^2        ad_var next = ad_tanh(ad_add(ad_mul(w, h), x)), y[] = {next, ad_row_sum(ad_square(next))};
 *                                 const ad_scan_column roles[] = {{AD_SCAN_FIXED, 0, 0}, {AD_SCAN_STATE, 0, 0}, {AD_SCAN_SEQUENCE, 0, 0}};
 *
 * A scan is immutable and may be run by many threads at once. The gradient keeps the states of all steps: 8 bytes for each
 * state, row and step.
 */
#ifndef AUTODIFF_FUNCTION_SCAN_H
#define AUTODIFF_FUNCTION_SCAN_H

#include "function.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ad_scan_role { AD_SCAN_STATE, AD_SCAN_FIXED, AD_SCAN_SEQUENCE } ad_scan_role;

/** What a column of the step holds: the state, fixed array or sequence of that number, shifted (not a sequence: 0). */
typedef struct ad_scan_column {
    ad_scan_role role;
    size_t       which;
    ptrdiff_t    shift;
} ad_scan_column;

typedef struct ad_scan ad_scan;

/** Makes a scan of a step, which it holds (ad_function_free may come at once).
 *  columns [ad_function_columns(step)].  status, if not NULL: AD_OK, AD_ERROR_ARGUMENT (no step; no states; other than n_states or
 *  n_states + 1 outputs; a total that varies; a state that there is not; a shifted sequence), AD_ERROR_NO_MEMORY. */
AD_API ad_scan *ad_scan_new(const ad_function *step, size_t n_states, const ad_scan_column *columns, ad_status *status);
AD_API void     ad_scan_free(ad_scan *scan);

/** What a scan runs on; NULL where there is nothing of a kind. */
typedef struct ad_scan_data {
    size_t               rows, steps;
    const double        *params;           /* [ad_function_params(step)] */
    const double *const *fixed;            /* [as many as the columns name] arrays [rows] */
    const double *const *sequences;        /* [as many as the columns name] arrays [steps][rows] */
    const double *const *start;            /* [n_states] arrays [rows] */
} ad_scan_data;

/** Where derivatives go; NULL members are not wanted. */
typedef struct ad_scan_slopes {
    double        *params;                 /* [ad_function_params(step)] */
    double *const *fixed;                  /* arrays [rows] */
    double *const *start;                  /* [n_states] arrays [rows] */
} ad_scan_slopes;

/** Runs all steps.  end [n_states] arrays [rows], the last states, or NULL; total, or NULL. Without steps the end is the start.
 *  AD_ERROR_ARGUMENT for data that is missing, AD_ERROR_NO_MEMORY. */
AD_API ad_status ad_scan_run(const ad_scan *scan, const ad_scan_data *data, double *const *end, double *total);
/** The gradient of E = total + sum of seeds times last states, in one sweep back through the steps.
 *  seeds [n_states] arrays [rows], or NULL: E is the total.  total and end as in ad_scan_run. */
AD_API ad_status ad_scan_gradient(const ad_scan *scan, const ad_scan_data *data, const double *const *seeds, double *const *end,
                                  double *total, const ad_scan_slopes *slopes);

#ifdef __cplusplus
}
#endif
#endif
