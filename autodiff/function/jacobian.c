/* jacobian.c -- first derivatives row by row: Jacobians by columns and row-major, products with vectors. Each is the
 * evaluation of a derived function that is made once. */
#include "internal.h"

ad_status ad_function_rows_interleaved(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                       double *values)
{
    if (!ad_arguments_fit(f, params, columns, rows) || (!values && rows))
        return AD_ERROR_ARGUMENT;
    const ad_made *made = ad_made_for(f, AD_FOR_ROWS);
    return made ? ad_made_run(made, params, columns, rows, NULL, NULL, values) : AD_ERROR_NO_MEMORY;
}

/* ---- Jacobians by all params -------------------------------------------------------------------------------------------- */

static ad_function *make_jacobian(const ad_function *f, ad_status *status)
{
    return ad_function_derive(f, (ad_derive_options){.mode = AD_REVERSE, .status = status});
}

static ad_function *make_tangent(const ad_function *f, ad_status *status)
{
    return ad_function_derive(f, (ad_derive_options){.mode = AD_TANGENT, .status = status});
}

static ad_function *make_adjoint(const ad_function *f, ad_status *status)
{
    return ad_function_derive(f, (ad_derive_options){.mode = AD_ADJOINT, .status = status});
}

const ad_function *ad_function_tangent(const ad_function *f, ad_status *status)
{
    return ad_function_made_once(f, AD_ITS_TANGENT, make_tangent, status);
}

const ad_function *ad_function_adjoint(const ad_function *f, ad_status *status)
{
    return ad_function_made_once(f, AD_ITS_ADJOINT, make_adjoint, status);
}

ad_status ad_function_jacobian(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                               double *const *jacobian)
{
    ad_status status;
    if (!ad_arguments_fit(f, params, columns, rows) || (f->n_params && !jacobian))
        return AD_ERROR_ARGUMENT;
    if (!f->n_params)
        return AD_OK;
    const ad_function *J = ad_function_made_once(f, AD_ITS_JACOBIAN, make_jacobian, &status);
    return J ? ad_function_rows(J, params, columns, rows, jacobian) : status;
}

ad_status ad_function_jacobian_interleaved(const ad_function *f, const double *params, const double *const *columns,
                                           size_t rows, double *jacobian)
{
    ad_status status;
    if (!ad_arguments_fit(f, params, columns, rows) || (f->n_params && rows && !jacobian))
        return AD_ERROR_ARGUMENT;
    if (!f->n_params)
        return AD_OK;
    const ad_function *J = ad_function_made_once(f, AD_ITS_JACOBIAN, make_jacobian, &status);
    return J ? ad_function_rows_interleaved(J, params, columns, rows, jacobian) : status;
}

/* ---- Products ----------------------------------------------------------------------------------------------------------- */

/* One array after another; NULL when out of memory. Elements are pointers or numbers of 8 bytes. */
static void *joined(const ad_allocator *a, const void *x, size_t n, const void *y, size_t m, size_t size)
{
    char *both = ad_make(a, n + m, size);
    if (both && n)
        memcpy(both, x, n * size);
    if (both && m)
        memcpy(both + n * size, y, m * size);
    return both;
}

ad_status ad_function_jacobian_vector(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                      const double *v, double *const *values)
{
    ad_status status;
    if (!ad_arguments_fit(f, params, columns, rows) || (f->n_params && !v) || !values)
        return AD_ERROR_ARGUMENT;
    const ad_function *T = ad_function_tangent(f, &status);
    if (!T)
        return status;
    double *both = joined(&f->allocator, params, f->n_params, v, f->n_params, sizeof *both);
    status = both ? ad_function_rows(T, both, columns, rows, values) : AD_ERROR_NO_MEMORY;
    ad_drop(&f->allocator, both, 2 * (size_t)f->n_params, sizeof *both);
    return status;
}

ad_status ad_function_vector_jacobian(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                      const double *const *g, double *const *values)
{
    ad_status status;
    if (!ad_arguments_fit(f, params, columns, rows) || (rows && !g) || (f->n_params && !values))
        return AD_ERROR_ARGUMENT;
    if (!f->n_params)
        return AD_OK;
    const ad_function *A = ad_function_adjoint(f, &status);
    if (!A)
        return status;
    if (A->n_columns == f->n_columns)      /* no output varies: the seeds are params */
        return AD_ERROR_ARGUMENT;
    const double **both = joined(&f->allocator, columns, rows ? f->n_columns : 0, g, rows ? f->n_outputs : 0, sizeof *both);
    status = both ? ad_function_rows(A, params, both, rows, values) : AD_ERROR_NO_MEMORY;
    ad_drop(&f->allocator, both, rows ? f->n_columns + (size_t)f->n_outputs : 0, sizeof *both);
    return status;
}
