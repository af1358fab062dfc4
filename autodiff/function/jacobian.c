/* jacobian.c -- first derivatives row by row: Jacobians by columns and row-major, products with vectors. Each is the
 * evaluation of a derived function that is made once. */
#include "internal.h"

/* ---- Row-major ---------------------------------------------------------------------------------------------------------- */

/* Numbers that a block of rows may fill, and rows at a time within it: both stay in the caches. */
enum { SCRATCH = 1 << 15, AT_A_TIME = 8 };

static void transpose(const double *from, size_t stride, size_t rows, size_t m, double *to)
{
    for (size_t r = 0; r < rows; r += AT_A_TIME) {
        size_t n = rows - r < AT_A_TIME ? rows - r : AT_A_TIME;
        for (size_t k = 0; k < m; k++)
            for (size_t j = 0; j < n; j++)
                to[(r + j) * m + k] = from[k * stride + r + j];
    }
}

typedef struct interleaving {
    const ad_made *made;
    size_t         m, n_columns, block;    /* outputs, columns, rows in a block */
    const double **columns;                /* [n_columns] where the block's begin */
    double        *same, *scratch, **out;  /* [m]; [m][block]; [m] */
} interleaving;

static ad_status run_blocks(interleaving *I, const double *params, const double *const *columns, size_t rows, double *values)
{
    for (size_t k = 0; k < I->m; k++)
        I->out[k] = I->scratch + k * I->block;
    for (size_t first = 0, n; first < rows; first += n) {
        n = rows - first < I->block ? rows - first : I->block;
        for (size_t k = 0; k < I->n_columns; k++)
            I->columns[k] = columns[k] + first;
        ad_status status = ad_made_run(I->made, params, I->columns, n, I->same, I->out);
        if (status != AD_OK)
            return status;
        for (size_t k = 0; k < I->m; k++)
            for (size_t r = 0; I->made->plan.output[k] != UINT32_MAX && r < n; r++)
                I->out[k][r] = I->same[k];
        transpose(I->scratch, I->block, n, I->m, values + first * I->m);
    }
    return AD_OK;
}

/* A row sum must see all rows at once. */
static size_t rows_in_block(const ad_made *made, size_t m, size_t rows)
{
    size_t block = SCRATCH / m / AD_BLOCK * AD_BLOCK;
    block = block < AD_BLOCK ? AD_BLOCK : block;
    return made->plan.n_passes > 1 || block > rows ? rows : block;
}

ad_status ad_function_rows_interleaved(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                       double *values)
{
    if (!ad_arguments_fit(f, params, columns, rows) || (!values && rows))
        return AD_ERROR_ARGUMENT;
    interleaving I = {.made = ad_made_for(f, AD_FOR_ROWS), .m = f->n_outputs, .n_columns = f->n_columns};
    if (!I.made)
        return AD_ERROR_NO_MEMORY;
    const ad_allocator *a = &f->allocator;
    I.block   = rows_in_block(I.made, I.m, rows);
    I.columns = ad_make(a, I.n_columns, sizeof *I.columns);
    I.same    = ad_make(a, I.m, sizeof *I.same);
    I.out     = ad_make(a, I.m, sizeof *I.out);
    I.scratch = ad_make(a, I.m * I.block, sizeof *I.scratch);
    ad_status status = I.columns && I.same && I.out && I.scratch ? run_blocks(&I, params, columns, rows, values)
                                                                 : AD_ERROR_NO_MEMORY;
    ad_drop(a, I.columns, I.n_columns, sizeof *I.columns);
    ad_drop(a, I.same, I.m, sizeof *I.same);
    ad_drop(a, I.out, I.m, sizeof *I.out);
    ad_drop(a, I.scratch, I.m * I.block, sizeof *I.scratch);
    return status;
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
    const ad_function *T = ad_function_made_once(f, AD_ITS_TANGENT, make_tangent, &status);
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
    const ad_function *A = ad_function_made_once(f, AD_ITS_ADJOINT, make_adjoint, &status);
    if (!A)
        return status;
    if (A->n_columns == f->n_columns)      /* no output varies: the seeds are params */
        return AD_ERROR_ARGUMENT;
    const double **both = joined(&f->allocator, columns, rows ? f->n_columns : 0, g, rows ? f->n_outputs : 0, sizeof *both);
    status = both ? ad_function_rows(A, params, both, rows, values) : AD_ERROR_NO_MEMORY;
    ad_drop(&f->allocator, both, rows ? f->n_columns + (size_t)f->n_outputs : 0, sizeof *both);
    return status;
}
