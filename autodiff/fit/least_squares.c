/* least_squares.c -- sums of squares: a trust region on the exact Jacobian, then Newton's method for the last digits.
 *
 * The triangle R of the Jacobian is scaled by its column lengths D and taken apart into singular values, R D^-1 = U S V'. In
 * the coordinates y = V' D (p - p0) the model is diagonal, so every radius costs n^2, rank is seen, and Newton's matrix becomes
 * 1 + S^-1 V' D^-1 K D^-1 V S^-1, with K the curvature: it has the accuracy of reflections, not of J'J.
 */
#include "solver.h"

#include "dense.h"
#include "region.h"

#include <float.h>
#include <math.h>

static const double RANK = 1e-13;          /* singular values under this part of the largest are none */

typedef struct state {
    ad_objective *P;
    ad_solution *s;
    size_t  n, n_free;
    double *R, *R_trial, *D;               /* [n + 1][n + 1] the triangle of [J r] at p, and at trial; [n] scales */
    double *G, *V, *h, *c, *y, *z;         /* [n][n_free] R D^-1 V; [n_free][n_free]; [n_free] squares of singular values, ... */
    double *q, *step, *trial, *g;          /* [n] what the fixed part of a step leaves; the step; p + step; J'r */
    double *from, *back;                   /* [n] the start; where to come back to */
    double *K, *M;                         /* [n][n] */
    size_t *free;                          /* [n_free] params that may move */
    unsigned char *fixed;                  /* [n] */
    double  radius, length;                /* of the region; of the last step: scaled */
    int     has_trial;                     /* R_trial is that at trial */
} state;

static int fill(void *state_, ad_objective *P)
{
    state *t = state_;
    ad_store *a = P->store;
    t->P = P;
    t->n = P->n;
    size_t n = t->n;
    double **numbers[] = {&t->D, &t->h, &t->c, &t->y, &t->z, &t->q, &t->step, &t->trial, &t->g, &t->from, &t->back};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        *numbers[k] = ad_store_numbers(a, n);
    double **squares[] = {&t->G, &t->V, &t->K, &t->M};
    for (size_t k = 0; k < sizeof squares / sizeof *squares; k++)
        *squares[k] = ad_store_numbers(a, n * n);
    t->R = ad_store_numbers(a, (n + 1) * (n + 1));
    t->R_trial = ad_store_numbers(a, (n + 1) * (n + 1));
    t->free = ad_store_make(a, n, sizeof *t->free);
    t->fixed = ad_store_make(a, n, 1);
    return !a->failed;
}

/* ---- The model ----------------------------------------------------------------------------------------------------------- */

static double R_at(const state *t, size_t i, size_t j) { return t->R[i * (t->n + 1) + j]; }

static double column_length(const state *t, size_t j)
{
    double sum = 0;
    for (size_t i = 0; i <= j; i++)
        sum = hypot(sum, R_at(t, i, j));
    return sum;
}

/* The gradient J'r, and which params their bounds hold. */
static void find_active(state *t)
{
    const double *p = t->s->p;
    for (size_t j = 0; j < t->n; j++) {
        double g = 0;
        for (size_t i = 0; i <= j; i++)
            g += R_at(t, i, j) * R_at(t, i, t->n);
        t->g[j] = g;
        t->fixed[j] = t->P->lower[j] == t->P->upper[j] || (p[j] <= t->P->lower[j] && g > 0) || (p[j] >= t->P->upper[j] && g < 0);
    }
}

/* Takes the free columns apart, and the part of the residual that q leaves. */
static void take_apart(state *t)
{
    size_t n = t->n, f = 0;
    for (size_t j = 0; j < n; j++)
        if (!t->fixed[j])
            t->free[f++] = j;
    t->n_free = f;
    for (size_t a = 0; a < f; a++)
        for (size_t i = 0; i < n; i++)
            t->G[a * n + i] = i <= t->free[a] ? R_at(t, i, t->free[a]) / t->D[t->free[a]] : 0;
    ad_singular(n, f, t->G, t->V);
    for (size_t a = 0; a < f; a++)
        t->h[a] = ad_dot_product(n, t->G + a * n, t->G + a * n);
}

static void project(state *t)
{
    double most = 0;
    for (size_t a = 0; a < t->n_free; a++)
        most = fmax(most, t->h[a]);
    for (size_t a = 0; a < t->n_free; a++)
        t->c[a] = t->h[a] > RANK * RANK * most ? ad_dot_product(t->n, t->G + a * t->n, t->q) : 0;
}

static void to_params(state *t)
{
    for (size_t a = 0; a < t->n_free; a++) {
        double sum = 0;
        for (size_t b = 0; b < t->n_free; b++)
            sum += t->V[b * t->n_free + a] * t->y[b];
        t->step[t->free[a]] = sum / t->D[t->free[a]];
    }
}

/* The step within the radius and the bounds: what would pass a bound is put there, and the rest solved again. Returns the
 * multiplier of the last round. */
static double find_step(state *t, double radius)
{
    size_t n = t->n;
    double mu = 0;
    find_active(t);
    memset(t->step, 0, n * sizeof *t->step);
    for (size_t round = 0; round <= n; round++) {
        take_apart(t);
        for (size_t i = 0; i < n; i++) {
            t->q[i] = R_at(t, i, n);
            for (size_t j = i; j < n; j++)
                if (t->fixed[j] && t->step[j] != 0)
                    t->q[i] += R_at(t, i, j) * t->step[j];
        }
        project(t);
        mu = ad_region_least(t->n_free, t->h, t->c, radius, t->y);
        to_params(t);
        int passed = 0;
        for (size_t a = 0; a < t->n_free; a++) {
            size_t j = t->free[a];
            double to = t->s->p[j] + t->step[j];
            if (to < t->P->lower[j] || to > t->P->upper[j]) {
                t->step[j] = (to < t->P->lower[j] ? t->P->lower[j] : t->P->upper[j]) - t->s->p[j];
                t->fixed[j] = 1;
                passed = 1;
            }
        }
        if (!passed)
            break;
    }
    t->length = 0;
    for (size_t j = 0; j < n; j++)
        t->length = hypot(t->length, t->step[j] * t->D[j]);
    return mu;
}

/* What the model says that a step takes off the sum of squares. */
static double predicted(const state *t)
{
    double fall = 0;
    for (size_t i = 0; i < t->n; i++) {
        double Rd = 0;
        for (size_t j = i; j < t->n; j++)
            Rd += R_at(t, i, j) * t->step[j];
        fall -= Rd * (2 * R_at(t, i, t->n) + Rd);
    }
    return fall;
}

static void go(state *t)
{
    const ad_objective *P = t->P;
    for (size_t j = 0; j < t->n; j++) {
        double to = t->s->p[j] + t->step[j];
        t->trial[j] = to < P->lower[j] ? P->lower[j] : to > P->upper[j] ? P->upper[j] : to;
    }
}

static void take(state *t, double rss)
{
    for (size_t j = 0; j < t->n; j++)
        t->s->moved[j] = t->trial[j] - t->s->p[j];
    memcpy(t->s->p, t->trial, t->n * sizeof *t->trial);
    t->s->loss = rss;
}

static void scale(state *t, int first)
{
    for (size_t j = 0; j < t->n; j++) {
        double length = column_length(t, j);
        t->D[j] = first ? (length > 0 ? length : 1) : fmax(t->D[j], length);
    }
}

/* The residual that no step can take away, as a standard deviation. */
static double noise(const state *t)
{
    size_t free = 0;
    for (size_t j = 0; j < t->n; j++)
        free += !t->fixed[j];
    double degrees = t->P->observations > free ? (double)(t->P->observations - free) : 1;
    return sqrt(t->s->loss / degrees);
}

/* The step left, in standard errors (Bates and Watts's relative offset), at p: |U'r| / s. */
static double offset(state *t)
{
    double left = 0, s = noise(t);
    find_active(t);
    take_apart(t);
    for (size_t i = 0; i < t->n; i++)
        t->q[i] = R_at(t, i, t->n);
    project(t);
    for (size_t a = 0; a < t->n_free; a++)
        if (t->c[a] != 0)
            left = hypot(left, t->c[a] / sqrt(t->h[a]));
    return s > 0 ? left / s : 0;
}

/* ---- The last digits ----------------------------------------------------------------------------------------------------- */

/* Newton's step in t->step, after offset(); 0 where the Hessian is not positive. */
static int newton_step(state *t)
{
    size_t n = t->n, f = t->n_free;
    if (!ad_objective_curvature(t->P, t->s->p, t->K))
        return 0;
    for (size_t a = 0; a < f; a++)
        if (t->c[a] == 0 && t->h[a] <= RANK * RANK * t->h[0])
            return 0;
    /* M = 1 + S^-1 V' D^-1 K D^-1 V S^-1, a column of D^-1 V S^-1 at a time */
    for (size_t b = 0; b < f; b++) {
        memset(t->z, 0, n * sizeof *t->z);
        for (size_t i = 0; i < f; i++)
            for (size_t j = 0; j < f; j++)
                t->z[i] += t->K[t->free[i] * n + t->free[j]] / t->D[t->free[i]] * (t->V[b * f + j] / t->D[t->free[j]] / sqrt(t->h[b]));
        for (size_t a = 0; a < f; a++)
            t->M[a * f + b] = (a == b) + ad_dot_product(f, t->V + a * f, t->z) / sqrt(t->h[a]);
    }
    for (size_t a = 0; a < f; a++)
        t->y[a] = -t->c[a] / sqrt(t->h[a]);
    if (!ad_cholesky(f, t->M))
        return 0;
    ad_cholesky_solve(f, t->M, t->y);
    for (size_t a = 0; a < f; a++)
        t->y[a] /= sqrt(t->h[a]);
    memset(t->step, 0, n * sizeof *t->step);
    to_params(t);
    return 1;
}

static int gauss_newton_step(state *t)
{
    for (size_t a = 0; a < t->n_free; a++)
        t->y[a] = t->c[a] == 0 ? 0 : -t->c[a] / t->h[a];
    memset(t->step, 0, t->n * sizeof *t->step);
    to_params(t);
    return 1;
}

/* Whether all free params stay between their bounds: else the active set is not settled yet. */
static int stays_within(const state *t)
{
    for (size_t j = 0; j < t->n; j++) {
        double to = t->s->p[j] + t->step[j];
        if (!(to >= t->P->lower[j] && to <= t->P->upper[j]))
            return 0;
    }
    return 1;
}

/* One such step, if it leaves less than before; else all is as it was. The triangle is exact at p before and after. */
static int improve(state *t, double *left)
{
    ad_objective *P = t->P;
    double was = t->s->loss, now = INFINITY;
    memcpy(t->back, t->s->p, t->n * sizeof *t->back);
    go(t);
    double to = ad_objective_value(P, t->trial);
    if (to <= was * (1 + 1e-9)) {
        take(t, to);
        now = ad_objective_triangle(P, t->s->p, t->R, 1) ? offset(t) : INFINITY;
    }
    if (now < *left) {
        *left = now;
        return 1;
    }
    memcpy(t->s->p, t->back, t->n * sizeof *t->back);
    t->s->loss = was;
    if (P->status == AD_OK && ad_objective_triangle(P, t->s->p, t->R, 1))
        offset(t);
    return 0;
}

/* Steps of Newton's method for as long as each leaves less than the one before. The triangle is exact at p. Settled, 1: the
 * step left is nothing beside the standard errors, or where those are rounding themselves, beside the params. */
static int polish(state *t)
{
    enum { MOST = 30 };
    double left = offset(t);
    int small = 0;
    for (int k = 0; k < MOST && left > 0 && t->P->status == AD_OK; k++) {
        if (!newton_step(t) && t->P->status == AD_OK)
            gauss_newton_step(t);
        if (t->P->status != AD_OK || !stays_within(t))
            break;
        small = ad_is_small_step(t->n, t->s->p, t->step, 1e-9);
        if (ad_is_small_step(t->n, t->s->p, t->step, DBL_EPSILON) || !improve(t, &left))
            break;
    }
    t->s->offset = left;
    return left < 1e-6 || small;
}

/* A param that ran to, or began at, where it has no effect: its derivative is nothing beside the noise, and fell to that or
 * never let it move. SIZE_MAX if there is none. */
static size_t find_idle(const state *t)
{
    double s = noise(t);
    for (size_t a = 0; a < t->n_free; a++) {
        size_t j = t->free[a];
        double p = t->s->p[j], from = t->from[j], length = column_length(t, j);
        if (!(length * fmax(fabs(p), fabs(from)) < 1e-8 * s))
            continue;
        if (length < 1e-6 * t->D[j] || (from != 0 && fabs(p - from) < 1e-3 * fabs(from)))
            return j;
    }
    return SIZE_MAX;
}

/* ---- All of it ----------------------------------------------------------------------------------------------------------- */

static int is_flat(const state *t)
{
    double most = 0, least = INFINITY;
    for (size_t a = 0; a < t->n_free; a++) {
        most = fmax(most, t->h[a]);
        least = fmin(least, t->h[a]);
    }
    return t->n_free && !(least > RANK * RANK * 100 * most);
}

static void end(state *t, ad_fit_outcome outcome, const char *why)
{
    t->s->flat = outcome == AD_FIT_CONVERGED && is_flat(t);
    if (t->P->status == AD_OK && outcome == AD_FIT_CONVERGED && (t->s->idle = find_idle(t)) != SIZE_MAX)
        outcome = AD_FIT_NOT_CONVERGED;
    t->s->outcome = t->P->status != AD_OK ? AD_FIT_FAILED : outcome;
    t->s->why = why;
}

/* The sum of squares at a point. Where it comes from sums over rows its derivatives come with it, in R. */
static double value_at(state *t, const double *p, double *R, int exact)
{
    t->has_trial = !exact && ad_objective_triangle(t->P, p, R, 0);
    if (!t->has_trial)
        return t->P->status == AD_OK ? ad_objective_value(t->P, p) : NAN;
    double length = 0;
    for (size_t i = 0; i <= t->n; i++)
        length = hypot(length, R[i * (t->n + 1) + t->n]);
    return length * length;
}

/* The triangle at p, which has just been tried. */
static int triangle_at_trial(state *t, int exact)
{
    double *R = t->R;
    if (!t->has_trial)
        return ad_objective_triangle(t->P, t->s->p, t->R, exact);
    t->R = t->R_trial;
    t->R_trial = R;
    return 1;
}

static void set_radius(state *t, double ratio, double rss)
{
    if (ratio < 0.25)
        t->radius = fmin(t->radius, t->length) * (rss < INFINITY && ratio > -10 ? fmax(0.1, fmin(0.5, 0.5 / (2 - ratio))) : 0.1);
    else if (ratio > 0.75)
        t->radius = fmax(t->radius, 2 * t->length);
}

/* Steps within ever smaller regions until one is taken, 1; or the iteration has come to its end, 0. */
static int descend(state *t, int exact)
{
    ad_objective *P = t->P;
    ad_solution *s = t->s;
    for (;;) {
        find_step(t, t->radius);
        double fall = predicted(t), was = s->loss;
        if (!(fall > DBL_EPSILON / 4 * was) || ad_is_small_step(t->n, s->p, t->step, DBL_EPSILON) || was == 0) {
            int done = (exact || ad_objective_triangle(P, s->p, t->R, 1)) && polish(t);
            end(t, done || was == 0 ? AD_FIT_CONVERGED : AD_FIT_NOT_CONVERGED, "no step makes the sum of squares smaller");
            return 0;
        }
        go(t);
        double rss = value_at(t, t->trial, t->R_trial, exact), ratio = rss < INFINITY ? (was - rss) / fall : -1;
        if (P->status != AD_OK) {
            end(t, AD_FIT_FAILED, NULL);
            return 0;
        }
        set_radius(t, ratio, rss);
        if (!(ratio > 1e-4))
            continue;
        memcpy(t->back, s->p, t->n * sizeof *t->back);
        take(t, rss);
        if (triangle_at_trial(t, exact))
            return 1;
        memcpy(s->p, t->back, t->n * sizeof *t->back);                     /* a value but no derivative: nearer */
        s->loss = was;
        t->radius = 0.1 * t->length;
        if (P->status != AD_OK || !ad_objective_triangle(P, s->p, t->R, exact)) {
            end(t, AD_FIT_NOT_CONVERGED, "the derivative is no number near there");
            return 0;
        }
    }
}

static void iterate(state *t, double reach)
{
    ad_objective *P = t->P;
    ad_solution *s = t->s;
    size_t most = P->options->max_iterations ? P->options->max_iterations : 1000;
    int exact = !P->normal, refused = 0;
    double size = 0;
    scale(t, 1);
    for (size_t j = 0; j < t->n; j++)
        size = hypot(size, t->D[j] * s->p[j]);
    t->radius = reach * (size > 0 ? size : 1);
    for (size_t k = 0; k < most; k++) {
        P->iterations++;
        if (ad_objective_tell(P, s->loss, s->p)) {
            end(t, AD_FIT_STOPPED, "stopped");
            return;
        }
        scale(t, 0);
        s->offset = offset(t);
        if (s->offset < 1e-2 && s->offset > 0 && !refused) {
            if (!exact && !ad_objective_triangle(P, s->p, t->R, 1))
                break;
            if (polish(t)) {
                end(t, AD_FIT_CONVERGED, NULL);
                return;
            }
            refused = 1;
        }
        if (!descend(t, exact))
            return;
    }
    end(t, AD_FIT_NOT_CONVERGED, "it took as many iterations as it may");
}

void ad_solve_squares(ad_objective *P, double reach, ad_solution *s)
{
    state *t = ad_solver_begin(P, AD_FIT_LEAST_SQUARES, sizeof *t, fill, s);
    if (!t)
        return;
    t->s = s;
    memcpy(t->from, s->p, P->n * sizeof *t->from);
    s->loss = value_at(t, s->p, t->R, !P->normal);
    if (!(s->loss < INFINITY) || (!t->has_trial && !ad_objective_triangle(P, s->p, t->R, 1))) {
        end(t, AD_FIT_OUTSIDE_DOMAIN, NULL);
        return;
    }
    iterate(t, reach);
}
