/* objective.c -- evaluating what is fitted: sums, triangles of Jacobians and curvatures, a block of rows at a time. */
#include "inside.h"

#include "dense.h"
#include "squares.h"

#include <math.h>

static const uint32_t NONE = UINT32_MAX;
enum { MOST_NORMAL = 12, LEAST_NORMAL_ROWS = 4096, BLOCK_NUMBERS = 1 << 15 };

/* ---- Making the functions ------------------------------------------------------------------------------------------------ */

static ad_function *of_outputs(ad_objective *P, const ad_graph *G, size_t more, size_t n, const uint32_t *outputs)
{
    ad_function *made = G->failed ? NULL : ad_function_extract(P->f, G, 0, more, n, outputs);
    if (!made)
        P->status = AD_ERROR_NO_MEMORY;
    return made;
}

/* A copy of f's graph to add to; 0: no memory. */
static int copied(ad_objective *P, ad_graph *G, const ad_function *f)
{
    if (ad_graph_copy(G, &f->graph))
        return 1;
    ad_graph_free(G);
    P->status = AD_ERROR_NO_MEMORY;
    return 0;
}

/* A row's squares. */
static void make_row_squares(ad_objective *P, ad_squares *s, size_t more)
{
    ad_graph *G = &s->G;
    uint32_t sum = NONE;
    for (size_t k = 0; k < s->m && !G->failed; k++) {
        uint32_t square = ad_graph_make(G, AD_OP_square, s->residual[k], 0, 0);
        sum = sum == NONE ? square : ad_graph_make(G, AD_OP_add, sum, square, 0);
    }
    P->loss = of_outputs(P, G, more, 1, &sum);
}

/* The normal equations as sums over rows: J'J by rows of its upper half, then J'r, then r'r. */
static void make_normal(ad_objective *P)
{
    size_t n = P->n, n_sums = (n + 1) * (n + 2) / 2, at = 0;
    ad_graph G;
    uint32_t *sums = ad_store_make(P->store, n_sums, sizeof *sums);
    if (!sums || !copied(P, &G, P->jacobian))
        return;
    for (size_t i = 0; i <= n; i++)
        for (size_t j = i; j <= n && !G.failed; j++) {
            uint32_t sum = NONE;
            for (size_t k = 0; k < P->m && !G.failed; k++) {
                const uint32_t *out = P->jacobian->outputs, *row = out + P->m + k * n;
                uint32_t term = ad_graph_make(&G, AD_OP_mul, i < n ? row[i] : out[k], j < n ? row[j] : out[k], 0);
                sum = sum == NONE ? term : ad_graph_make(&G, AD_OP_add, sum, term, 0);
            }
            if (!G.failed)
                sums[at++] = ad_graph_make(&G, AD_OP_ROW_SUM, sum, 0, 0);
        }
    P->normal = G.failed ? NULL : ad_function_extract(P->jacobian, &G, 0, 0, n_sums, sums);
    if (!P->normal)
        P->status = AD_ERROR_NO_MEMORY;
    ad_graph_free(&G);
}

/* The sum of residuals, each times a column of its own: its Hessian is the curvature. */
static void make_curve(ad_objective *P)
{
    ad_graph G;
    uint32_t sum = NONE;
    if (!copied(P, &G, P->residuals))
        return;
    for (size_t k = 0; k < P->m && !G.failed; k++) {
        uint32_t g = ad_graph_make(&G, AD_OP_COLUMN, (uint32_t)(P->n_columns + k), 0, 0);
        uint32_t term = G.failed ? 0 : ad_graph_make(&G, AD_OP_chain, g, P->residuals->outputs[k], 0);
        sum = sum == NONE ? term : ad_graph_make(&G, AD_OP_add, sum, term, 0);
    }
    P->curve = G.failed ? NULL : ad_function_extract(P->residuals, &G, 0, P->m, 1, &sum);
    if (!P->curve)
        P->status = AD_ERROR_NO_MEMORY;
    ad_graph_free(&G);
}

static void make_blocks(ad_objective *P)
{
    size_t n = P->jacobian ? P->n : 0, rows = BLOCK_NUMBERS / ((n + 1) * P->m) / 64 * 64;
    P->block_rows = rows < 64 ? 64 : rows;
    P->block_rows = P->block_rows < P->rows ? P->block_rows : P->rows;
    P->residual_column = n;
    P->curvature = ad_store_numbers(P->store, n * n);
    P->exact_R = ad_store_numbers(P->store, (n + 1) * (n + 1));
    if ((P->exact_p = ad_store_numbers(P->store, n + 1)) != NULL)
        P->exact_p[0] = NAN;
    P->block = ad_store_numbers(P->store, (n + 1) * P->m * P->block_rows);
    P->at = ad_store_make(P->store, P->n_columns + P->m, sizeof *P->at);
    P->to = ad_store_make(P->store, P->m * (n + 1), sizeof *P->to);
    if (P->store->failed)
        P->status = AD_ERROR_NO_MEMORY;
}

/* Columns for the weights and their roots; 0 where one is not 0 or more. */
static int weigh_rows(ad_objective *P, char *message, size_t size)
{
    size_t n = ad_function_columns(P->f);
    const double *w = P->options->weights;
    P->n_columns = n + (w ? 2 : 0);
    P->columns = ad_store_make(P->store, P->n_columns, sizeof *P->columns);
    double *roots = w ? ad_store_numbers(P->store, P->rows) : NULL;
    if (P->store->failed) {
        P->status = AD_ERROR_NO_MEMORY;
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        P->columns[i] = P->given[i];
    for (size_t r = 0; w && r < P->rows; r++) {
        if (!(w[r] >= 0 && w[r] < INFINITY)) {
            snprintf(message, size, "the weight of row %zu is %g; weights are finite, and 0 or more", r + 1, w[r]);
            P->status = AD_ERROR_ARGUMENT;
            return 0;
        }
        roots[r] = sqrt(w[r]);
    }
    if (w) {
        P->columns[n] = w;
        P->columns[n + 1] = roots;
    }
    return 1;
}

/* A loss: weighted, if there are weights. */
static void make_loss(ad_objective *P)
{
    ad_graph G;
    if (!copied(P, &G, P->f))
        return;
    uint32_t out = P->f->outputs[0];
    int sums_rows = 0;
    for (uint32_t i = 0; i < G.n; i++)
        sums_rows |= ad_graph_at(&G, i)->op == AD_OP_ROW_SUM;
    P->scale = sums_rows && !ad_function_varies(P->f, 0) ? 1 / (double)P->rows : 1;
    if (P->options->weights)
        out = ad_graph_make(&G, AD_OP_mul, ad_graph_make(&G, AD_OP_COLUMN, P->f->n_columns, 0, 0), out, 0);
    P->loss = of_outputs(P, &G, P->options->weights ? 2 : 0, 1, &out);
    ad_graph_free(&G);
}

/* ---- What the data say by themselves -------------------------------------------------------------------------------------- */

/* Observations are responses of positive weight; the sum of squares about the weighted mean, in two passes. */
static int weigh_responses(ad_objective *P, const ad_squares *s, const ad_function *data, char *message, size_t size)
{
    size_t B = P->block_rows, m = s->m;
    double *mean = ad_store_numbers(P->store, m), *sum = ad_store_numbers(P->store, m), squares = 0;
    double *values = ad_store_numbers(P->store, 2 * m * B), **to = ad_store_make(P->store, 2 * m, sizeof *to);
    double *params = ad_store_numbers(P->store, P->n);
    if (P->store->failed)
        return 0;
    for (size_t k = 0; k < 2 * m; k++)
        to[k] = values + k * B;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t begin = 0; begin < P->rows; begin += B) {
            size_t rows = P->rows - begin < B ? P->rows - begin : B;
            for (size_t i = 0; i < P->n_columns; i++)
                P->at[i] = P->columns[i] + begin;
            if ((P->status = ad_function_rows(data, params, P->at, rows, to)) != AD_OK)
                return 0;
            for (size_t k = 0; k < m; k++)
                for (size_t r = 0; r < rows; r++) {
                    double w = to[2 * k][r], y = to[2 * k + 1][r];
                    if (!(w >= 0 && w < INFINITY)) {
                        snprintf(message, size, "the weight of row %zu is %g; weights are finite, and 0 or more", begin + r + 1, w);
                        P->status = AD_ERROR_ARGUMENT;
                        return 0;
                    }
                    if (pass)
                        squares += w > 0 ? w * (y - mean[k]) * (y - mean[k]) : 0;
                    else if (w > 0) {
                        P->observations++;
                        P->log_weights += w == 1 ? 0 : log(w);
                        sum[k] += w;
                        mean[k] += w * y;
                    }
                }
        }
        for (size_t k = 0; !pass && k < m; k++)
            mean[k] /= sum[k];
    }
    P->total_squares = squares;
    return 1;
}

static int know_data(ad_objective *P, ad_squares *s, char *message, size_t size)
{
    uint32_t *outputs = ad_store_make(P->store, 2 * s->m, sizeof *outputs);
    int known = 1;
    if (!outputs)
        return 0;
    for (size_t k = 0; k < s->m; k++) {
        known &= s->response[k] != NONE;
        outputs[2 * k] = s->weight[k];
        outputs[2 * k + 1] = s->response[k] != NONE ? s->response[k] : ad_graph_number(&s->G, 0);
    }
    ad_function *data = of_outputs(P, &s->G, P->options->weights ? 2 : 0, 2 * s->m, outputs);
    int done = data && weigh_responses(P, s, data, message, size);
    ad_function_free(data);
    P->total_squares = known ? P->total_squares : NAN;
    return done;
}

static int make_squares(ad_objective *P, ad_squares *s, char *message, size_t size)
{
    size_t more = P->options->weights ? 2 : 0;
    P->m = s->m;
    P->scale = 1;
    P->residuals = of_outputs(P, &s->G, more, s->m, s->residual);
    if (P->status == AD_OK)
        make_row_squares(P, s, more);
    if (P->status == AD_OK && P->n <= AD_FIT_MOST_ERRORS)
        P->jacobian = ad_function_derive(P->residuals, (ad_derive_options){.keep_outputs = 1, .status = &P->status});
    if (P->jacobian && P->n <= MOST_NORMAL && P->rows * P->m >= LEAST_NORMAL_ROWS)
        make_normal(P);
    if (P->status == AD_OK)
        make_blocks(P);
    return P->status == AD_OK && know_data(P, s, message, size);
}

int ad_objective_make(ad_objective *P, char *message, size_t size)
{
    const ad_fit_options *o = P->options;
    ad_squares s = {0};
    P->total_squares = NAN;
    if (!weigh_rows(P, message, size))
        return 0;
    P->squares = o->objective != AD_FIT_LIKELIHOOD && ad_squares_read(P->f, o->objective == AD_FIT_RESIDUALS, o->weights != NULL, P->store, &s);
    if (P->store->failed || s.G.failed)
        P->status = AD_ERROR_NO_MEMORY;
    else if (P->squares)
        make_squares(P, &s, message, size);
    else if (o->objective == AD_FIT_RESIDUALS || o->method == AD_FIT_LEAST_SQUARES) {
        snprintf(message, size, o->objective == AD_FIT_RESIDUALS
                 ? "residuals that depend on sums over rows cannot be fitted by least squares; give the loss instead"
                 : "the loss is not a sum of squares that can be seen to be one; give residuals, or another method");
        P->status = AD_ERROR_ARGUMENT;
    } else
        make_loss(P);
    ad_graph_free(&s.G);
    if (P->store->failed && P->status == AD_OK)
        P->status = AD_ERROR_NO_MEMORY;
    return P->status == AD_OK;
}

void ad_objective_free(ad_objective *P)
{
    ad_function *made[] = {P->loss, P->residuals, P->jacobian, P->normal, P->curve};
    for (size_t k = 0; k < sizeof made / sizeof *made; k++)
        ad_function_free(made[k]);
}

/* ---- Evaluating ----------------------------------------------------------------------------------------------------------- */

static int is_well(ad_objective *P, ad_status status)
{
    if (P->status == AD_OK)
        P->status = status;
    return P->status == AD_OK;
}

double ad_objective_value(ad_objective *P, const double *p)
{
    double value = NAN;
    P->evaluations++;
    return is_well(P, ad_function_sum(P->loss, p, P->columns, P->rows, &value)) ? value * P->scale : NAN;
}

double ad_objective_gradient(ad_objective *P, const double *p, double *g)
{
    double value = NAN;
    P->evaluations++;
    P->jacobians++;
    if (!is_well(P, ad_function_sum_gradient(P->loss, p, P->columns, P->rows, &value, g)))
        return NAN;
    for (size_t j = 0; j < P->n; j++)
        g[j] *= P->scale;
    return value * P->scale;
}

static int all_finite(size_t n, const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * 0;
    return sum == 0;
}

int ad_objective_hessian(ad_objective *P, const double *p, double *H)
{
    if (!is_well(P, ad_function_hessian(P->loss, p, P->columns, P->rows, H)))
        return 0;
    for (size_t i = 0; i < P->n * P->n; i++)
        H[i] *= P->scale;
    return all_finite(P->n * P->n, H);
}

/* Residuals, and the Jacobian if wanted, of rows from `begin` on, as columns [n + 1] of the block; its rows. */
static size_t fill_block(ad_objective *P, const double *p, size_t begin, int with_jacobian)
{
    size_t n = P->n, m = P->m, stride = P->block_rows * m, rows = P->rows - begin;
    rows = rows < P->block_rows ? rows : P->block_rows;
    for (size_t i = 0; i < P->n_columns; i++)
        P->at[i] = P->columns[i] + begin;
    for (size_t k = 0; k < m; k++) {
        P->to[k] = P->block + P->residual_column * stride + k * rows;
        for (size_t j = 0; with_jacobian && j < n; j++)
            P->to[m + k * n + j] = P->block + j * stride + k * rows;
    }
    const ad_function *f = with_jacobian ? P->jacobian : P->residuals;
    return is_well(P, ad_function_rows(f, p, P->at, rows, P->to)) ? rows : 0;
}

static int by_reflections(ad_objective *P, const double *p, double *R)
{
    size_t n1 = P->n + 1, rows;
    if (!memcmp(P->exact_p, p, P->n * sizeof *p)) {
        memcpy(R, P->exact_R, n1 * n1 * sizeof *R);
        return 1;
    }
    P->jacobians++;
    memset(R, 0, n1 * n1 * sizeof *R);
    for (size_t begin = 0; begin < P->rows; begin += rows) {
        if (!(rows = fill_block(P, p, begin, 1)))
            return 0;
        ad_triangle_absorb(n1, R, P->block, P->block_rows * P->m, rows * P->m);
    }
    if (!all_finite(n1 * n1, R))
        return 0;
    memcpy(P->exact_p, p, P->n * sizeof *p);
    memcpy(P->exact_R, R, n1 * n1 * sizeof *R);
    return 1;
}

/* The triangle as the Cholesky factor of the normal equations, scaled; 0 where they lose more than a third of the digits. */
static int by_normal_equations(ad_objective *P, const double *p, double *R)
{
    enum { N = MOST_NORMAL + 1 };
    double sums[N * (N + 1) / 2], L[N * N], d[N];
    size_t n = P->n + 1, at = 0;
    P->jacobians++;
    if (!is_well(P, ad_function_over(P->normal, p, P->columns, P->rows, sums)))
        return 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            L[j * n + i] = sums[at++];
    for (size_t i = 0; i < n; i++) {
        d[i] = sqrt(L[i * n + i]);
        if (!(d[i] > 0 && d[i] < INFINITY))
            return 0;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            L[i * n + j] /= d[i] * d[j];
    L[n * n - 1] += 1e-30;                 /* the corner alone may vanish */
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double s = L[i * n + j] - ad_dot_product(j, L + i * n, L + j * n);
            if (i == j && i + 1 < n && !(s > 1e-5))
                return 0;
            L[i * n + j] = i == j ? sqrt(fmax(s, 0)) : s / L[j * n + j];
        }
    memset(R, 0, n * n * sizeof *R);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            R[i * n + j] = L[j * n + i] * d[j];
    return 1;
}

int ad_objective_triangle(ad_objective *P, const double *p, double *R, int exactly)
{
    return (!exactly && P->normal && by_normal_equations(P, p, R)) || (P->status == AD_OK && by_reflections(P, p, R));
}

/* x + y = *sum + the error that is returned (Knuth's two-sum). */
static double add_exactly(double x, double y, double *sum)
{
    double s = x + y, part = s - x;
    *sum = s;
    return (x - (s - part)) + (y - part);
}

double ad_objective_squares(ad_objective *P, const double *p)
{
    double high = 0, low = 0;
    size_t rows;
    P->evaluations++;
    for (size_t begin = 0; begin < P->rows; begin += rows) {
        if (!(rows = fill_block(P, p, begin, 0)))
            return NAN;
        const double *r = P->block + P->residual_column * P->block_rows * P->m;
        for (size_t i = 0; i < rows * P->m; i++) {
            double square = r[i] * r[i], rest = fma(r[i], r[i], -square);
            low += add_exactly(high, square, &high) + rest;
        }
    }
    return high + low;
}

int ad_objective_curvature(ad_objective *P, const double *p, double *S)
{
    size_t n = P->n, m = P->m, rows;
    if (!P->curve)
        make_curve(P);
    if (!P->curve)
        return 0;
    double *part = P->curvature;
    memset(S, 0, n * n * sizeof *S);
    for (size_t begin = 0; begin < P->rows; begin += rows) {
        if (!(rows = fill_block(P, p, begin, 0)))
            return 0;
        for (size_t k = 0; k < m; k++)
            P->at[P->n_columns + k] = P->block + P->residual_column * P->block_rows * m + k * rows;
        if (!is_well(P, ad_function_hessian(P->curve, p, P->at, rows, part)))
            return 0;
        for (size_t i = 0; i < n * n; i++)
            S[i] += part[i];
    }
    return all_finite(n * n, S);
}

int ad_objective_tell(ad_objective *P, double loss, const double *p)
{
    ad_fit_progress progress = {P->iterations, P->start, loss, P->n, p};
    if (!P->stopped && P->options->progress && P->options->progress(P->options->user, &progress))
        P->stopped = 1;
    return P->stopped;
}
