/* call.h -- recorded functions as operations on a tape: a call at a point, a call summed over rows of data, and the sum over
 * the rows of the tape's own columns.
 *
 *     #include <autodiff/autodiff.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         ad_tape *tape = ad_tape_new();
 *         ad_var w = ad_param(tape, "w", 0), x = ad_column(tape, "x"), t = ad_column(tape, "t");
 *         ad_var e = ad_squared_error(t, ad_mul(w, x));
 *         ad_function *loss = ad_function_new(tape, 1, &e);          // of one row
 *         ad_tape_reset(tape);
 *
 *         const double xs[] = {1, 2, 3}, ts[] = {2, 3, 5}, *data[] = {xs, ts};
 *         ad_var v = ad_param(tape, "v", 1.5);
 *         ad_var E = ad_add(ad_call_sum(loss, 1, &v, 2, data, 3, NULL), ad_mul(0.1, ad_square(v)));
 *         ad_backward(E);                                            // the data's loss and a prior
 *         printf("E %.6f  dE/dv %.6f\n", ad_value(E), ad_grad(v));
 *         ad_tape_free(tape);
 *         ad_function_free(loss);
 *     }
 *
 * prints  E 0.475000  dE/dv -1.700000
 *
 * Each is one operation, however large the function, and differentiable like any other: ad_backward and ad_accumulate pass
 * through it, ad_gradient records a call of the function's derivative, and so on, as often as one likes. A function
 * recorded from a tape takes its calls with it. Conventions at kinks are those of the function's operations; a zero
 * adjoint contributes nothing.
 *
 * Ownership: a call holds the function, so that ad_function_free may come before or after; it goes when the last call of
 * it is rewound, reset or freed. Data is not copied: columns must stay where they are, with their numbers, as long as the
 * tape has the call, or any function recorded from it lives.
 *
 * Errors stick to the tape of the operands: AD_ERROR_ARGUMENT (no function; other numbers of params or columns than it has;
 * calls within calls 64 deep), AD_ERROR_STALE, AD_ERROR_FOREIGN, AD_ERROR_LIMIT, AD_ERROR_NO_MEMORY. All results are then
 * plain NaN. Of plain numbers alone the results are plain numbers.
 */
#ifndef AUTODIFF_FUNCTION_CALL_H
#define AUTODIFF_FUNCTION_CALL_H

#include "function.h"

#ifdef __cplusplus
extern "C" {
#endif

/** f at one point.
 *  params  [n_params = ad_function_params(f)] variables or plain numbers
 *  columns [n_columns = ad_function_columns(f)] the same: what the columns are at this point; differentiated by, too
 *  results [ad_function_outputs(f)] or NULL; may be params or columns
 *  returns the first result
 *
 *  A function recorded from the tape has f's formula in place of the call, so that columns may be columns again. */
AD_API ad_var ad_call(const ad_function *f, size_t n_params, const ad_var *params, size_t n_columns, const ad_var *columns,
                      ad_var *results);

/** f summed over rows of data, as ad_function_sum has it: 0 rows give 0, what does not vary counts once a row.
 *  params  [n_params = ad_function_params(f)] variables or plain numbers
 *  columns [n_columns = ad_function_columns(f)] arrays [rows], not copied
 *  results [ad_function_outputs(f)] or NULL; may be params
 *  returns the first result
 *
 *  In a function recorded from the tape the data stays that of the call. Its params then must not have one value per row
 *  of that function: ad_function_new says AD_ERROR_ARGUMENT. */
AD_API ad_var ad_call_sum(const ad_function *f, size_t n_params, const ad_var *params, size_t n_columns,
                          const double *const *columns, size_t rows, ad_var *results);

/** The sum of x over the rows that a function recorded from this tape will be evaluated for: a log-sum-exp over rows is
 *  ad_log(ad_row_sum(ad_exp(x))). What does not vary counts once a row. There are no rows on the tape: its value there, and
 *  what ad_backward finds through it, is NaN; ad_gradient records it right.  x a variable; a plain number, which belongs to no
 *  tape, gives NaN: multiply it with ad_rows. */
AD_API ad_var ad_row_sum(ad_var x);
/** The number of those rows: the sum of 1. NaN on the tape. */
AD_API ad_var ad_rows(ad_tape *tape);

#ifdef __cplusplus
}
#endif
#endif
