/* second.c -- second derivatives of a sum over rows: products of the Hessian with vectors, and the Hessian put together from
 * as few of them as its pattern allows. */
#include "internal.h"

/* Most products in one pass over the rows: they share all but what the direction changes. */
enum { AT_ONCE = 8 };

typedef struct ad_second {
    ad_pattern     pattern;
    uint32_t      *colour;                 /* [n] of each column */
    unsigned char *mirrored;               /* [nonzeros] read in the other half */
    uint32_t       n_colours;
    size_t         at_once;                /* products that the function makes */
    ad_function   *products;
} ad_second;

void ad_second_free(ad_second *s, const ad_allocator *a)
{
    if (!s)
        return;
    ad_function_free(s->products);
    ad_drop(a, s->colour, s->pattern.n, sizeof *s->colour);
    ad_drop(a, s->mirrored, s->pattern.nonzeros, sizeof *s->mirrored);
    ad_pattern_free(&s->pattern, a);
    ad_drop(a, s, 1, sizeof *s);
}

/* ---- Products ----------------------------------------------------------------------------------------------------------- */

/* Tangents first, then one reverse sweep of each: n params and `directions` times n more give as many products [n]. */
static ad_function *make_products(const ad_function *f, size_t directions, ad_status *status)
{
    ad_function *total = ad_function_total(f), *tangents = NULL, *products = NULL;
    size_t *wrt = ad_make(&f->allocator, f->n_params, sizeof *wrt);
    *status = AD_ERROR_NO_MEMORY;
    for (size_t i = 0; wrt && i < f->n_params; i++)
        wrt[i] = i;
    if (total && wrt)
        tangents = ad_function_derive(total, (ad_derive_options){.mode = AD_TANGENT, .directions = directions, .status = status});
    if (tangents)
        products = ad_function_derive(tangents, (ad_derive_options){.n = f->n_params, .inputs = wrt, .status = status});
    ad_drop(&f->allocator, wrt, f->n_params, sizeof *wrt);
    ad_function_free(total);
    ad_function_free(tangents);
    return products;
}

static ad_function *make_product(const ad_function *f, ad_status *status) { return make_products(f, 1, status); }

ad_status ad_function_hessian_vector(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                     const double *v, double *Hv)
{
    ad_status status;
    if (!ad_arguments_fit(f, params, columns, rows) || f->n_outputs != 1 || (f->n_params && (!v || !Hv)))
        return AD_ERROR_ARGUMENT;
    size_t n = f->n_params;
    if (!n)
        return AD_OK;
    const ad_function *H = ad_function_made_once(f, AD_ITS_PRODUCT, make_product, &status);
    if (!H)
        return status;
    double *both = ad_make(&f->allocator, 2 * n, sizeof *both);
    if (!both)
        return AD_ERROR_NO_MEMORY;
    memcpy(both, params, n * sizeof *both);
    memcpy(both + n, v, n * sizeof *both);
    status = ad_function_over(H, both, columns, rows, Hv);
    ad_drop(&f->allocator, both, 2 * n, sizeof *both);
    return status;
}

/* ---- What is made once -------------------------------------------------------------------------------------------------- */

/* The pattern is that of the gradient, which must be a function first. */
static ad_status find_pattern(const ad_function *f, ad_pattern *p)
{
    ad_status status = AD_ERROR_NO_MEMORY;
    ad_function *total = ad_function_total(f), *gradient = NULL;
    if (total)
        gradient = ad_function_derive(total, (ad_derive_options){.status = &status});
    if (gradient && !ad_pattern_of_graph(p, &gradient->graph, gradient->n_outputs, gradient->outputs))
        status = AD_ERROR_NO_MEMORY;
    ad_function_free(total);
    ad_function_free(gradient);
    return status;
}

static ad_status fill(const ad_function *f, ad_second *s)
{
    const ad_allocator *a = &f->allocator;
    ad_status status = AD_OK;
    if (!f->n_params) {
        s->pattern.starts  = ad_make(a, 1, sizeof *s->pattern.starts);
        s->pattern.columns = ad_make(a, 0, sizeof *s->pattern.columns);
        return s->pattern.starts && s->pattern.columns ? AD_OK : AD_ERROR_NO_MEMORY;
    }
    if ((status = find_pattern(f, &s->pattern)) != AD_OK)
        return status;
    s->colour   = ad_make(a, s->pattern.n, sizeof *s->colour);
    s->mirrored = ad_make(a, s->pattern.nonzeros, sizeof *s->mirrored);
    if (!s->colour || !s->mirrored || !ad_colour_symmetric(&s->pattern, a, s->colour, s->mirrored, &s->n_colours))
        return AD_ERROR_NO_MEMORY;
    if (!s->n_colours)
        return AD_OK;
    uint32_t passes = (s->n_colours + AT_ONCE - 1) / AT_ONCE;
    s->at_once  = (s->n_colours + passes - 1) / passes;
    s->products = make_products(f, s->at_once, &status);
    return status;
}

static const ad_second *second(const ad_function *f, ad_status *status)
{
    ad_function *owner = (ad_function *)(uintptr_t)f;
    ad_second *s = __atomic_load_n(&owner->second, __ATOMIC_ACQUIRE);
    *status = AD_OK;
    if (s)
        return s;
    pthread_mutex_lock(&owner->lock);
    if (!(s = owner->second)) {
        s = ad_make(&f->allocator, 1, sizeof *s);
        *status = s ? fill(f, s) : AD_ERROR_NO_MEMORY;
        if (*status != AD_OK) {
            ad_second_free(s, &f->allocator);
            s = NULL;
        }
        __atomic_store_n(&owner->second, s, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&owner->lock);
    return s;
}

/* ---- Hessians ----------------------------------------------------------------------------------------------------------- */

/* The products with the sums of the columns of each colour, Y [colours rounded up to passes][n]. */
static ad_status multiply(const ad_function *f, const ad_second *s, const double *params, const double *const *columns,
                          size_t rows, double *Y)
{
    size_t n = f->n_params, n_arguments = n * (1 + s->at_once);
    double *arguments = ad_make(&f->allocator, n_arguments, sizeof *arguments), *v = arguments + n;
    ad_status status = arguments ? AD_OK : AD_ERROR_NO_MEMORY;
    if (arguments)
        memcpy(arguments, params, n * sizeof *arguments);
    for (size_t first = 0; status == AD_OK && first < s->n_colours; first += s->at_once) {
        memset(v, 0, s->at_once * n * sizeof *v);
        for (size_t j = 0; j < n; j++)
            if (s->colour[j] != UINT32_MAX && s->colour[j] >= first && s->colour[j] < first + s->at_once)
                v[(s->colour[j] - first) * n + j] = 1;
        status = ad_function_over(s->products, arguments, columns, rows, Y + first * n);
    }
    ad_drop(&f->allocator, arguments, n_arguments, sizeof *arguments);
    return status;
}

/* Where an entry goes: to its place among the nonzeros, in the square, or on the diagonal. */
enum { COMPRESSED, SQUARE, DIAGONAL };

static void distribute(const ad_second *s, const double *Y, int shape, double *out)
{
    const ad_pattern *p = &s->pattern;
    for (size_t i = 0; i < p->n; i++)
        for (size_t e = p->starts[i]; e < p->starts[i + 1]; e++) {
            size_t j = p->columns[e];
            double h = s->mirrored[e] ? Y[s->colour[i] * p->n + j] : Y[s->colour[j] * p->n + i];
            if (shape == COMPRESSED)
                out[e] = h;
            else if (shape == SQUARE)
                out[i * p->n + j] = h;
            else if (i == j)
                out[i] = h;
        }
}

static ad_status hessian(const ad_function *f, const double *params, const double *const *columns, size_t rows, int shape,
                         double *out)
{
    ad_status status;
    if (!ad_arguments_fit(f, params, columns, rows) || f->n_outputs != 1)
        return AD_ERROR_ARGUMENT;
    const ad_second *s = second(f, &status);
    if (!s)
        return status;
    size_t n = f->n_params, size = shape == COMPRESSED ? s->pattern.nonzeros : shape == SQUARE ? n * n : n;
    if (!size)
        return AD_OK;
    if (!out)
        return AD_ERROR_ARGUMENT;
    size_t n_products = s->at_once ? (s->n_colours + s->at_once - 1) / s->at_once * s->at_once * n : 0;
    double *Y = ad_make(&f->allocator, n_products, sizeof *Y);
    status = Y ? multiply(f, s, params, columns, rows, Y) : AD_ERROR_NO_MEMORY;
    if (status == AD_OK) {
        memset(out, 0, size * sizeof *out);
        distribute(s, Y, shape, out);
    }
    ad_drop(&f->allocator, Y, n_products, sizeof *Y);
    return status;
}

ad_status ad_function_hessian(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                              double *out)
{
    return hessian(f, params, columns, rows, SQUARE, out);
}

ad_status ad_function_hessian_diagonal(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                       double *out)
{
    return hessian(f, params, columns, rows, DIAGONAL, out);
}

ad_status ad_function_hessian_sparse(const ad_function *f, const double *params, const double *const *columns, size_t rows,
                                     double *values)
{
    return hessian(f, params, columns, rows, COMPRESSED, values);
}

ad_status ad_function_hessian_pattern(const ad_function *f, ad_sparsity *pattern)
{
    ad_status status;
    if (!f || !pattern || f->n_outputs != 1)
        return AD_ERROR_ARGUMENT;
    const ad_second *s = second(f, &status);
    if (s)
        *pattern = (ad_sparsity){f->n_params, s->pattern.nonzeros, s->n_colours, s->pattern.starts, s->pattern.columns};
    return status;
}
