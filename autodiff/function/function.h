/* function.h -- recorded functions: a graph taken off its tape, evaluated at a point, over rows, with derivatives.
 *
 * A function's inputs are the params of the tape (one value for all rows) and its columns (one value per row), in order
 * of creation, used or not; its outputs are what it was made for. It is immutable, outlives the tape and may be
 * evaluated by many threads at once. Evaluation returns a status and writes to the caller's arrays alone.
 *
 *   params   [ad_function_params]                 values of the params
 *   columns  [ad_function_columns] arrays [rows]  values of the columns, one array a column
 *
 * Either may be NULL where the function has none.
 */
#ifndef AUTODIFF_FUNCTION_FUNCTION_H
#define AUTODIFF_FUNCTION_FUNCTION_H

#include "../tape/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ad_function ad_function;

/** Takes what outputs [n_outputs] need off the tape. NULL on error, which the tape then has: AD_ERROR_STALE,
 *  AD_ERROR_FOREIGN, AD_ERROR_ARGUMENT (no outputs), AD_ERROR_NO_MEMORY. Memory comes from the tape's allocator, which
 *  must outlive the function. Free it with ad_function_free. */
AD_API ad_function *ad_function_new(ad_tape *tape, size_t n_outputs, const ad_var *outputs);
AD_API void         ad_function_free(ad_function *f);

/** Numbers of inputs and outputs, and the inputs' names (NULL where unnamed or out of range). */
AD_API size_t      ad_function_params(const ad_function *f);
AD_API size_t      ad_function_columns(const ad_function *f);
AD_API size_t      ad_function_outputs(const ad_function *f);
AD_API const char *ad_function_param_name(const ad_function *f, size_t i);
AD_API const char *ad_function_column_name(const ad_function *f, size_t i);
/** Operations in the function, after what is equal was shared and what is constant was computed. */
AD_API size_t      ad_function_size(const ad_function *f);

/** Values at one point.  columns [columns] one value a column; values [outputs]. Exactly what the tape computes. */
AD_API ad_status ad_function_at(const ad_function *f, const double *params, const double *columns, double *values);
/** Values row by row.  values [outputs] arrays [rows]. */
AD_API ad_status ad_function_rows(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                  double *const *values);
/** Values summed over the rows.  values [outputs]; 0 rows give 0. */
AD_API ad_status ad_function_sum(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                 double *values);
/** The value of a function of one output, summed over the rows, and its gradient by the params.
 *  value may be NULL; gradient [params]. AD_ERROR_ARGUMENT unless the function has exactly one output. */
AD_API ad_status ad_function_sum_gradient(const ad_function *f, const double *params, const double *const *columns,
                                          size_t rows, double *value, double *gradient);

#ifdef __cplusplus
}
#endif
#endif
