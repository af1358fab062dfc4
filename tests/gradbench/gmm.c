/* gmm.c -- the log posterior of a Gaussian mixture with a Wishart prior on the inverse covariances' factors: a sum over rows, a
 * row being a point, plus what depends on the params alone.
 *
 * Component i has weight alpha_i, mean mu_i and factor Q_i, whose diagonal is exp(q_i) and whose strictly lower triangle is l_i,
 * column by column. */
#include "gradbench.h"

#include <math.h>

typedef struct gmm {
    size_t         d, k, n, triangle, params;
    double        *p, value, *gradient;          /* alpha [k], mu [k][d], q [k][d], l [k][triangle] */
    const double **x;                            /* columns [d] */
    ad_function   *f;                            /* the posterior, or it and its gradient */
    double        *results;
} gmm;

typedef struct component { ad_var *mu, *q, *l, sum_q, *Q; } component;

static ad_var *params(gb_case *c, ad_tape *tape, size_t n)
{
    ad_var *v = gb_make(c, n, sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = ad_param(tape, NULL, 0);
    return v;
}

/* The square of |Q (x - mu)|; room [2 d]. */
static ad_var distance(size_t d, const component *m, const ad_var *x, ad_var *room)
{
    ad_var *centred = room, *y = room + d;
    for (size_t i = 0; i < d; i++) {
        centred[i] = ad_sub(x[i], m->mu[i]);
        y[i] = ad_mul(m->Q[i], centred[i]);
    }
    const ad_var *l = m->l;
    for (size_t i = 0; i < d; i++)
        for (size_t j = i + 1; j < d; j++)
            y[j] = ad_add(y[j], ad_mul(*l++, centred[i]));
    return ad_dot(d, y, y);
}

/* The logarithm of the multivariate gamma function. */
static double log_gamma(double a, size_t d)
{
    double sum = 0.25 * (double)(d * (d - 1)) * log(M_PI);
    for (size_t j = 0; j < d; j++)
        sum += lgamma(a - 0.5 * (double)j);
    return sum;
}

static ad_var wishart(const gmm *g, const component *m, double gamma, double degrees)
{
    double n = (double)g->d + degrees + 1, d = (double)g->d;
    double constant = n * d * (log(gamma) - 0.5 * log(2)) - log_gamma(0.5 * n, g->d);
    ad_var sum = ad_const((double)g->k * constant);
    for (size_t i = 0; i < g->k; i++) {
        ad_var frobenius = ad_add(ad_dot(g->d, m[i].Q, m[i].Q), ad_dot(g->triangle, m[i].l, m[i].l));
        sum = ad_sub(sum, ad_sub(ad_mul(0.5 * gamma * gamma, frobenius), ad_mul(degrees, m[i].sum_q)));
    }
    return sum;
}

static ad_function *record(gb_case *c, const gmm *g, double gamma, double degrees)
{
    ad_tape *tape = gb_tape(c);
    size_t d = g->d, k = g->k;
    ad_var *alpha = params(c, tape, k), *mu = params(c, tape, k * d), *q = params(c, tape, k * d);
    ad_var *l = params(c, tape, k * g->triangle), *x = gb_make(c, d, sizeof *x), *room = gb_make(c, 2 * d + k, sizeof *room);
    ad_var *Q = gb_make(c, k * d, sizeof *Q), *term = room + 2 * d;
    component *m = gb_make(c, k, sizeof *m);
    for (size_t j = 0; j < d; j++)
        x[j] = ad_column(tape, NULL);
    for (size_t i = 0; i < k; i++) {
        m[i] = (component){mu + i * d, q + i * d, l + i * g->triangle, ad_sum(d, q + i * d), Q + i * d};
        for (size_t j = 0; j < d; j++)
            m[i].Q[j] = ad_exp(m[i].q[j]);
        term[i] = ad_add(ad_add(alpha[i], m[i].sum_q), ad_mul(-0.5, distance(d, &m[i], x, room)));
    }
    ad_var rows = ad_row_sum(ad_logsumexp(k, term)), n = ad_rows(tape);
    ad_var each = ad_add(ad_logsumexp(k, alpha), 0.5 * (double)d * log(2 * M_PI));
    ad_var posterior = ad_add(ad_sub(rows, ad_mul(n, each)), wishart(g, m, gamma, degrees));
    ad_function *f = gb_keep(c, ad_function_new(tape, 1, &posterior), tape);
    const void *const done[] = {tape, alpha, mu, q, l, Q};
    for (size_t i = 0; i < sizeof done / sizeof *done; i++)
        gb_drop(c, done[i]);
    return f;
}

static double *part(gb_case *c, const char *name, double *to, size_t rows, size_t columns)
{
    size_t r = 1, n;
    double *x = columns ? gb_matrix(c, c->input, name, &r, &n) : gb_list(c, c->input, name, &n);
    if ((columns ? r : n) != rows || (columns && rows && n != columns))
        gb_fail(c, "\"%s\" has the wrong shape", name);
    for (size_t i = 0; i < rows * (columns ? columns : 1); i++)
        to[i] = x[i];
    gb_drop(c, x);
    return to + rows * (columns ? columns : 1);
}

static void prepare(gb_case *c)
{
    gmm *g = c->state = gb_make(c, 1, sizeof *g);
    size_t n, d;
    double *x = gb_matrix(c, c->input, "x", &n, &d), *to;
    g->d = gb_count(c, c->input, "d");
    g->k = gb_count(c, c->input, "k");
    g->n = gb_count(c, c->input, "n");
    if (!g->d || !g->k || n != g->n || (n && d != g->d))
        gb_fail(c, "\"x\" is %zu by %zu, \"n\" %zu and \"d\" %zu; \"k\" is %zu", n, d, g->n, g->d, g->k);
    g->triangle = g->d * (g->d - 1) / 2;
    g->params = g->k * (1 + 2 * g->d + g->triangle);
    to = g->p = gb_make(c, g->params, sizeof *g->p);
    to = part(c, "alpha", to, g->k, 0);
    to = part(c, "mu", to, g->k, g->d);
    to = part(c, "q", to, g->k, g->d);
    if (g->triangle)
        part(c, "l", to, g->k, g->triangle);
    g->x = gb_columns(c, x, n, g->d);
    gb_drop(c, x);
    g->results = gb_make(c, 1 + g->params, sizeof *g->results);
    g->f = record(c, g, gb_number(c, c->input, "gamma"), gb_number(c, c->input, "m"));
}

static void evaluate(gb_case *c)
{
    gmm *g = c->state;
    gb_check(c, ad_function_over(g->f, g->p, g->x, g->n, g->results));
}

static void lower(gb_case *c)
{
    gmm *g = c->state;
    gb_check(c, ad_function_over(g->f, g->p, g->x, gb_few(g->n), g->results));
}

static void prepare_objective(gb_case *c)
{
    prepare(c);
    lower(c);
}

static void prepare_jacobian(gb_case *c)
{
    prepare(c);
    gmm *g = c->state;
    ad_function *posterior = g->f;
    g->f = gb_keep(c, ad_function_derive(posterior, (ad_derive_options){.keep_outputs = 1}), NULL);
    gb_drop(c, posterior);
    lower(c);
}

static json_t *value(gb_case *c) { return json_real(((const gmm *)c->state)->results[0]); }

static json_t *slopes(gb_case *c)
{
    const gmm *g = c->state;
    const double *alpha = g->results + 1, *mu = alpha + g->k, *q = mu + g->k * g->d, *l = q + g->k * g->d;
    return json_pack("{s:o, s:o, s:o, s:o}", "alpha", gb_json_list(alpha, g->k), "l", gb_json_matrix(l, g->k, g->triangle),
                     "mu", gb_json_matrix(mu, g->k, g->d), "q", gb_json_matrix(q, g->k, g->d));
}

const gb_module gb_gmm = {"gmm", {{"objective", prepare_objective, evaluate, value}, {"jacobian", prepare_jacobian, evaluate, slopes}}};
