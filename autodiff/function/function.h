/* function.h -- recorded functions: a graph taken off its tape, evaluated at a point, over rows, with derivatives.
 *
 * A function's inputs are the params of the tape (one value for all rows) and its columns (one value per row), in order
 * of creation, used or not; its outputs are what it was made for. It is immutable, outlives the tape and may be
 * evaluated by many threads at once. Evaluation returns a status and writes to the caller's arrays alone.
 *
 *   params   [ad_function_params]                 values of the params
 *   columns  [ad_function_columns] arrays [rows]  values of the columns, one array a column
 *
 * Either may be NULL where the function has none. Columns may be one another. What is written may overlap neither columns
 * nor anything else that is written; values and gradients, being few, may stand where the params do.
 */
#ifndef AUTODIFF_FUNCTION_FUNCTION_H
#define AUTODIFF_FUNCTION_FUNCTION_H

#include "../tape/tape.h"

#include <stdio.h>

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

/** Values at one point.  columns [columns] one value a column; values [outputs]. What the tape computes, but for lists:
 *  sums are chains here, and so are sum, mean, dot, logsumexp and norm2, a rounding an element. */
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

/** Whether an output has one value per row (it depends on a column other than through a sum over rows). */
AD_API int          ad_function_varies(const ad_function *f, size_t output);
/** Values row by row, row-major.  values [rows][outputs]. Takes the memory of a block of rows, not of all of them, unless
 *  an output varies and depends on a sum over rows as well. */
AD_API ad_status    ad_function_rows_interleaved(const ad_function *f, const double *params, const double *const *columns,
                                                 size_t rows, double *values);

/* ---- Functions from functions -------------------------------------------------------------------------------------------
 *
 * What comes out is a function like any other: it outlives what it was made from, and may be derived again, as often as
 * one likes. Its inputs are those of f, in the same places, and then any new ones. In these notes f has m outputs y. */

/** What ad_function_derive makes of the chosen inputs x [n].
 *  AD_REVERSE  n m outputs: dy_k / dx_j at k n + j. One sweep for each y.
 *  AD_FORWARD  the same outputs by one sweep for each x: for few inputs of many outputs. Derivatives by columns are those
 *              of a row by what its own columns hold.
 *  AD_TANGENT  m outputs: the directional derivatives sum_j (dy_k / dx_j) v_j. v are new inputs: for every chosen param a
 *              param, for every chosen column a column, in the order chosen; the direction of w is named w', in later
 *              derivations w'2, w'3, .... With `directions` D the outputs are D m, direction by direction, and so are
 *              the new inputs.
 *  AD_ADJOINT  n outputs: sum_k g_k (dy_k / dx_j), in one sweep. g are m new inputs named g1', g2', ...: columns, but
 *              params where no y varies. */
typedef enum ad_derive_mode { AD_REVERSE, AD_TANGENT, AD_ADJOINT, AD_FORWARD } ad_derive_mode;

/** Options of ad_function_derive; zero members are defaults. */
typedef struct ad_derive_options {
    ad_derive_mode mode;
    size_t         n;               /* how many inputs are chosen                                                  */
    const size_t  *inputs;          /* [n] params from 0 on, then columns from ad_function_params on; NULL: all params */
    size_t         directions;      /* of AD_TANGENT, at once; 0 means 1                                           */
    int            keep_outputs;    /* f's outputs stay, before the derivatives: all of them in one evaluation      */
    ad_status     *status;          /* if there is one: AD_OK, or why there is no function                         */
} ad_derive_options;

/** The derivative of a function, as a function. `ad_function_derive(f, (ad_derive_options){0})` is its Jacobian.
 *  Derivatives of an output that varies are by row, those of one that does not are sums over rows where f sums over rows.
 *  NULL on error: AD_ERROR_ARGUMENT (no such input; nothing chosen; AD_REVERSE or AD_ADJOINT of an output that varies and
 *  depends on a chosen input through a sum over rows: its derivatives are rows by rows, AD_TANGENT has their products; AD_FORWARD
 *  by a column that a sum over rows depends on),
 *  AD_ERROR_LIMIT (more outputs than there are ids), AD_ERROR_NO_MEMORY. */
AD_API ad_function *ad_function_derive(const ad_function *f, ad_derive_options options);
/** The function whose outputs are f's summed over the rows (what does not vary counts once a row). They do not vary: see
 *  ad_function_over. Derivatives of it are sums over rows, with common factors taken out of the rows. NULL: no memory. */
AD_API ad_function *ad_function_total(const ad_function *f);
/** Values of a function whose outputs do not vary, over the rows.  values [outputs]. AD_ERROR_ARGUMENT if one varies. */
AD_API ad_status    ad_function_over(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                     double *values);

/* ---- First derivatives, row by row --------------------------------------------------------------------------------------
 *
 * By all n params, of all m outputs. What they need is derived at the first call and kept with the function: that call may
 * take long, and fail for the reasons of ad_function_derive. For other inputs, derive once and evaluate that. */

/** By columns.  jacobian [m n] arrays [rows]: dy_k / dp_j in array k n + j. */
AD_API ad_status ad_function_jacobian(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                      double *const *jacobian);
/** Row-major.  jacobian [rows][m][n]. */
AD_API ad_status ad_function_jacobian_interleaved(const ad_function *f, const double *params, const double *const *columns,
                                                  size_t rows, double *jacobian);
/** Jacobian times vector.  v [n], the same for all rows; values [m] arrays [rows]. */
AD_API ad_status ad_function_jacobian_vector(const ad_function *f, const double *params, const double *const *columns,
                                             size_t rows, const double *v, double *const *values);
/** Vector times Jacobian.  g [m] arrays [rows], values [n] arrays [rows]. AD_ERROR_ARGUMENT if no output varies (derive it
 *  with AD_ADJOINT). */
AD_API ad_status ad_function_vector_jacobian(const ad_function *f, const double *params, const double *const *columns,
                                             size_t rows, const double *const *g, double *const *values);

/* ---- Second derivatives of the sum over rows ----------------------------------------------------------------------------
 *
 * H [n][n] is the Hessian by all n params of the output of a function that has one, summed over the rows; AD_ERROR_ARGUMENT
 * of functions that have more. Derived at the first call and kept with the function. */

/** H times a vector, without H.  v [n], Hv [n], which may be v. */
AD_API ad_status ad_function_hessian_vector(const ad_function *f, const double *params, const double *const *columns,
                                            size_t rows, const double *v, double *Hv);
/** H in full.  out [n][n], exactly symmetric. Entries that no formula links are 0, and cost nothing: see below. */
AD_API ad_status ad_function_hessian(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                     double *out);
/** The diagonal of H.  out [n]. */
AD_API ad_status ad_function_hessian_diagonal(const ad_function *f, const double *params, const double *const *columns,
                                              size_t rows, double *out);

/** Where H may differ from 0, as compressed rows: the columns of row i are columns [starts[i] .. starts[i + 1]), rising.
 *  It is symmetric, both halves listed. Columns of one colour share a product with a vector, so that H takes `colours` of
 *  them: 2 w + 1 for a band of w on each side, 2 for an arrowhead, n for a full one. */
typedef struct ad_sparsity {
    size_t        n, nonzeros, colours;
    const size_t *starts;           /* [n + 1] */
    const size_t *columns;          /* [nonzeros] */
} ad_sparsity;

/** The pattern of H; its arrays belong to f and live as long. */
AD_API ad_status ad_function_hessian_pattern(const ad_function *f, ad_sparsity *pattern);
/** The entries of H in the order of its pattern.  values [nonzeros]. */
AD_API ad_status ad_function_hessian_sparse(const ad_function *f, const double *params, const double *const *columns,
                                            size_t rows, double *values);

/** What of a function becomes C, and what its names begin with. Zero members are defaults:
 *  `ad_function_emit_c(f, stdout, (ad_emit_options){.prefix = "model"})`. */
typedef enum ad_emit_what { AD_EMIT_BOTH, AD_EMIT_VALUE, AD_EMIT_GRADIENT } ad_emit_what;
typedef struct ad_emit_options {
    const char  *prefix;            /* an identifier; NULL: chainrule */
    ad_emit_what what;
} ad_emit_options;

/** Writes the function of one row to a stream as C99 that needs math.h alone, and links with -lm:
 *
 *      double PREFIX_loss(const double *params, const double *columns);                         one output
 *      double PREFIX_gradient(const double *params, const double *columns, double *gradient);   the value too
 *      void   PREFIX_values(const double *params, const double *columns, double *values);       several, no gradient
 *
 *  Values are bit for bit those of ad_function_at, but where a gradient needs both sigmoid(x) and sigmoid(-x) they come
 *  from one exponential, to 3 ulp, in PREFIX_gradient, whose value may then differ in its last digits; there the slope of
 *  sigmoid is good to 5 ulp. Results overlap no inputs. The inputs' names survive where C allows; the banner lists the rest.
 *  The same function gives the same bytes. Nothing is written unless all is: AD_ERROR_ARGUMENT (NULL, no identifier, the
 *  gradient of several outputs, calls over data of their own), AD_ERROR_NO_MEMORY; AD_ERROR_IO where the stream fails. */
AD_API ad_status ad_function_emit_c(const ad_function *f, FILE *stream, ad_emit_options options);

#ifdef __cplusplus
}
#endif
#endif
