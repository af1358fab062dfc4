/* kmeans.c -- the squared distances of points to their nearest centroids, and Newton's direction: the gradient over the diagonal
 * of the Hessian. A row is a point.
 *
 * The Hessian has nothing beside its diagonal, which is therefore its product with a vector of ones: the tangent of the
 * gradient, which is evaluated along with it. */
#include "gradbench.h"

typedef struct kmeans {
    size_t         n, k, d;
    double        *at, cost, *both, *steps;                  /* centroids [k][d] and ones; gradient and curvature; their ratio */
    const double **points;                                   /* columns */
    ad_function   *nearest, *slopes;
} kmeans;

static ad_function *record(gb_case *c, size_t k, size_t d)
{
    ad_tape *tape = gb_tape(c);
    ad_var *point = gb_make(c, d, sizeof *point), *distance = gb_make(c, k, sizeof *distance);
    for (size_t j = 0; j < d; j++)
        point[j] = ad_column(tape, NULL);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < d; j++) {
            ad_var square = ad_square(ad_sub(ad_param(tape, NULL, 0), point[j]));
            distance[i] = j ? ad_add(distance[i], square) : square;
        }
    ad_var least = ad_minimum(k, distance);
    return gb_keep(c, ad_function_new(tape, 1, &least), tape);
}

static void prepare(gb_case *c)
{
    kmeans *m = c->state = gb_make(c, 1, sizeof *m);
    size_t d;
    double *points = gb_matrix(c, c->input, "points", &m->n, &d);
    const double *centroids = gb_matrix(c, c->input, "centroids", &m->k, &m->d);
    if (!m->k || d != m->d)
        gb_fail(c, "points have %zu coordinates, the %zu centroids %zu", d, m->k, m->d);
    m->points = gb_columns(c, points, m->n, d);
    m->at = gb_make(c, 2 * m->k * d, sizeof *m->at);
    m->both = gb_make(c, 2 * m->k * d, sizeof *m->both);
    m->steps = gb_make(c, m->k * d, sizeof *m->steps);
    for (size_t i = 0; i < m->k * d; i++) {
        m->at[i] = centroids[i];
        m->at[m->k * d + i] = 1;
    }
    m->nearest = record(c, m->k, d);
}

static void cost(gb_case *c)
{
    kmeans *m = c->state;
    gb_check(c, ad_function_sum(m->nearest, m->at, m->points, m->n, &m->cost));
}

static void direction_over(gb_case *c, size_t rows)
{
    kmeans *m = c->state;
    gb_check(c, ad_function_over(m->slopes, m->at, m->points, rows, m->both));
}

static void direction(gb_case *c)
{
    kmeans *m = c->state;
    direction_over(c, m->n);
    for (size_t i = 0; i < m->k * m->d; i++)
        m->steps[i] = m->both[i] / m->both[m->k * m->d + i];
}

static void prepare_cost(gb_case *c)
{
    prepare(c);
    kmeans *m = c->state;
    gb_check(c, ad_function_sum(m->nearest, m->at, m->points, gb_few(m->n), &m->cost));
}

static void prepare_direction(gb_case *c)
{
    prepare(c);
    kmeans *m = c->state;
    ad_function *total = gb_keep(c, ad_function_total(m->nearest), NULL);
    ad_function *gradient = gb_keep(c, ad_function_derive(total, (ad_derive_options){0}), NULL);
    m->slopes = gb_keep(c, ad_function_derive(gradient, (ad_derive_options){.mode = AD_TANGENT, .keep_outputs = 1}), NULL);
    direction_over(c, gb_few(m->n));
}

static json_t *value(gb_case *c) { return json_real(((const kmeans *)c->state)->cost); }

static json_t *steps(gb_case *c)
{
    const kmeans *m = c->state;
    return gb_json_matrix(m->steps, m->k, m->d);
}

const gb_module gb_kmeans = {"kmeans", {{"cost", prepare_cost, cost, value}, {"dir", prepare_direction, direction, steps}}};
