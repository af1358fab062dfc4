/* newton.c -- any loss of not too many params: Newton's method in a trust region on the eigenvalues of the scaled Hessian, which
 * may have any signs on the way. Bounds by an active set. Sums of squares have least_squares.c.
 */
#include "solver.h"

#include "dense.h"
#include "region.h"

#include <float.h>
#include <math.h>

static const double FLAT = 1e-13;          /* eigenvalues under this part of the largest are rounding */

typedef struct state {
    ad_objective *P;
    ad_solution  *s;
    size_t  n, n_free;
    double *g, *H, *D;                     /* [n], [n][n], [n] scales: roots of the Hessian's diagonal */
    double *A, *V, *h, *c, *y;             /* the scaled Hessian of the free params, its directions, eigenvalues; D^-1 g */
    double *step, *trial, *back, *work;    /* [n], ..., [3 n] */
    size_t *free;
    unsigned char *fixed;
    double  radius, length;                /* of the region; of the last step: scaled */
} state;

static int fill(void *state_, ad_objective *P)
{
    state *t = state_;
    ad_store *a = P->store;
    t->P = P;
    t->n = P->n;
    double **numbers[] = {&t->g, &t->D, &t->h, &t->c, &t->y, &t->step, &t->trial, &t->back};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        *numbers[k] = ad_store_numbers(a, t->n);
    double **squares[] = {&t->H, &t->A, &t->V};
    for (size_t k = 0; k < sizeof squares / sizeof *squares; k++)
        *squares[k] = ad_store_numbers(a, t->n * t->n);
    t->work = ad_store_numbers(a, 3 * t->n);
    t->free = ad_store_make(a, t->n, sizeof *t->free);
    t->fixed = ad_store_make(a, t->n, 1);
    return !a->failed;
}

/* Loss, gradient and Hessian at p; 0 where one of them is no number. */
static int evaluate(state *t)
{
    double loss = ad_objective_gradient(t->P, t->s->p, t->g);
    for (size_t j = 0; j < t->n; j++)
        loss += t->g[j] * 0;
    return loss < INFINITY && ad_objective_hessian(t->P, t->s->p, t->H);
}

static void scale(state *t, int first)
{
    double most = 0;
    for (size_t j = 0; j < t->n; j++)
        most = fmax(most, fabs(t->H[j * t->n + j]));
    for (size_t j = 0; j < t->n; j++) {
        double d = sqrt(fabs(t->H[j * t->n + j])), least = 1e-8 * sqrt(most);
        d = d > least ? d : most > 0 ? least : 1;
        t->D[j] = first ? d : fmax(d, 0.5 * t->D[j]);
    }
}

static void find_active(state *t)
{
    for (size_t j = 0; j < t->n; j++)
        t->fixed[j] = t->P->lower[j] == t->P->upper[j] || (t->s->p[j] <= t->P->lower[j] && t->g[j] > 0)
                   || (t->s->p[j] >= t->P->upper[j] && t->g[j] < 0);
}

/* The scaled Hessian of the free params on its eigenvectors; the gradient too, with what the fixed part of a step adds. */
static void take_apart(state *t)
{
    size_t n = t->n, f = 0;
    for (size_t j = 0; j < n; j++)
        if (!t->fixed[j])
            t->free[f++] = j;
    t->n_free = f;
    for (size_t a = 0; a < f; a++)
        for (size_t b = 0; b < f; b++)
            t->A[a * f + b] = t->H[t->free[a] * n + t->free[b]] / t->D[t->free[a]] / t->D[t->free[b]];
    ad_eigen(f, t->A, t->V, t->work);
    for (size_t a = 0; a < f; a++) {
        size_t i = t->free[a];
        t->h[a] = t->A[a * f + a];
        t->y[a] = t->g[i];
        for (size_t j = 0; j < n; j++)
            if (t->fixed[j] && t->step[j] != 0)
                t->y[a] += t->H[i * n + j] * t->step[j];
        t->y[a] /= t->D[i];
    }
    for (size_t a = 0; a < f; a++)
        t->c[a] = ad_dot_product(f, t->V + a * f, t->y);
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

static void find_step(state *t, double radius)
{
    find_active(t);
    memset(t->step, 0, t->n * sizeof *t->step);
    for (size_t round = 0, passed = 1; passed && round <= t->n; round++) {
        take_apart(t);
        ad_region_least(t->n_free, t->h, t->c, radius, t->y);
        to_params(t);
        passed = 0;
        for (size_t a = 0; a < t->n_free; a++) {
            size_t j = t->free[a];
            double to = t->s->p[j] + t->step[j];
            if (to < t->P->lower[j] || to > t->P->upper[j]) {
                t->step[j] = (to < t->P->lower[j] ? t->P->lower[j] : t->P->upper[j]) - t->s->p[j];
                t->fixed[j] = 1;
                passed = 1;
            }
        }
    }
    t->length = 0;
    for (size_t j = 0; j < t->n; j++)
        t->length = hypot(t->length, t->step[j] * t->D[j]);
}

static double predicted(const state *t)
{
    double fall = 0;
    for (size_t i = 0; i < t->n; i++)
        fall -= t->step[i] * (t->g[i] + 0.5 * ad_dot_product(t->n, t->H + i * t->n, t->step));
    return fall;
}

/* The step left in standard errors, root of g' H^-1 g; infinite where H is not positive on the free params, but for flat
 * directions without slope. */
static double offset(state *t)
{
    double left = 0, most = 0, slope = 0;
    find_active(t);
    memset(t->step, 0, t->n * sizeof *t->step);
    take_apart(t);
    for (size_t a = 0; a < t->n_free; a++) {
        most = fmax(most, fabs(t->h[a]));
        slope = fmax(slope, fabs(t->c[a]));
    }
    for (size_t a = 0; a < t->n_free; a++) {
        if (t->h[a] < -1e-8 * most || (t->h[a] <= FLAT * most && fabs(t->c[a]) > 1e-10 * fmax(slope, sqrt(most))))
            return INFINITY;
        if (t->h[a] > FLAT * most)
            left = hypot(left, t->c[a] / sqrt(t->h[a]));
    }
    return left;
}

static void newton_step(state *t)
{
    double most = 0;
    for (size_t a = 0; a < t->n_free; a++)
        most = fmax(most, t->h[a]);
    for (size_t a = 0; a < t->n_free; a++)
        t->y[a] = t->h[a] > FLAT * most ? -t->c[a] / t->h[a] : 0;
    to_params(t);
}

static void go(state *t)
{
    for (size_t j = 0; j < t->n; j++) {
        double to = t->s->p[j] + t->step[j];
        t->trial[j] = to < t->P->lower[j] ? t->P->lower[j] : to > t->P->upper[j] ? t->P->upper[j] : to;
    }
}

static void take(state *t, double loss)
{
    memcpy(t->back, t->s->p, t->n * sizeof *t->back);
    for (size_t j = 0; j < t->n; j++)
        t->s->moved[j] = t->trial[j] - t->s->p[j];
    memcpy(t->s->p, t->trial, t->n * sizeof *t->trial);
    t->s->loss = loss;
}

static int go_back(state *t, double loss)
{
    memcpy(t->s->p, t->back, t->n * sizeof *t->back);
    t->s->loss = loss;
    return evaluate(t);
}

/* Newton's steps as long as each leaves less than the one before. */
static int polish(state *t, double left)
{
    enum { MOST = 30 };
    int small = 0;
    for (int k = 0; k < MOST && left > 0; k++) {
        double was = t->s->loss, now = INFINITY;
        newton_step(t);
        go(t);
        for (size_t a = 0; a < t->n_free; a++)
            if (t->trial[t->free[a]] != t->s->p[t->free[a]] + t->step[t->free[a]])
                return 0;                                                  /* a bound is met: not settled yet */
        small = ad_is_small_step(t->n, t->s->p, t->step, 1e-9);
        if (ad_is_small_step(t->n, t->s->p, t->step, DBL_EPSILON))
            break;
        double loss = ad_objective_value(t->P, t->trial);
        if (loss <= was + 1e-9 * fabs(was) + left * left) {
            take(t, loss);
            now = evaluate(t) ? offset(t) : INFINITY;
            if (now < left) {
                left = now;
                continue;
            }
            if (go_back(t, was))
                offset(t);
        }
        break;
    }
    t->s->offset = left;
    return left < 1e-6 || small;
}

static void end(state *t, ad_fit_outcome outcome, const char *why)
{
    t->s->outcome = t->P->status != AD_OK ? AD_FIT_FAILED : outcome;
    t->s->why = why;
}

static void set_radius(state *t, double ratio, double loss)
{
    if (ratio < 0.25)
        t->radius = fmin(t->radius, t->length) * (ratio > -10 && loss < INFINITY ? fmax(0.1, fmin(0.5, 0.5 / (2 - ratio))) : 0.1);
    else if (ratio > 0.75)
        t->radius = fmax(t->radius, 2 * t->length);
}

/* Steps within ever smaller regions until one is taken, 1; or the iteration has come to its end, 0. */
static int descend(state *t)
{
    ad_objective *P = t->P;
    ad_solution *s = t->s;
    int edge = 0;                                                          /* a trial was where the loss is no number */
    for (;;) {
        find_step(t, t->radius);
        double fall = predicted(t), was = s->loss;
        if (!(fall > DBL_EPSILON / 4 * fabs(was)) || ad_is_small_step(t->n, s->p, t->step, DBL_EPSILON)) {
            double left = offset(t);
            int done = left < INFINITY && polish(t, left);
            end(t, done ? AD_FIT_CONVERGED : AD_FIT_NOT_CONVERGED,
                edge ? AD_FIT_AT_EDGE
                     : "no step makes the loss smaller, yet it has a slope: perhaps a kink");
            return 0;
        }
        go(t);
        double loss = ad_objective_value(P, t->trial), ratio = loss < INFINITY ? (was - loss) / fall : -1;
        edge |= !(loss < INFINITY);
        if (P->status != AD_OK || loss == -INFINITY) {
            end(t, AD_FIT_NOT_CONVERGED, "the loss falls without end");
            return 0;
        }
        set_radius(t, ratio, loss);
        if (!(ratio > 1e-4))
            continue;
        take(t, loss);
        if (evaluate(t))
            return 1;
        t->radius = 0.1 * t->length;                                       /* a value but no derivative: nearer */
        if (P->status != AD_OK || !go_back(t, was)) {
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
    double size = 0;
    scale(t, 1);
    for (size_t j = 0; j < t->n; j++)
        size = hypot(size, t->D[j] * s->p[j]);
    t->radius = reach * (size > 0 ? size : 1);
    for (size_t k = 0, refused = 0; k < most; k++) {
        P->iterations++;
        if (ad_objective_tell(P, s->loss, s->p)) {
            end(t, AD_FIT_STOPPED, "stopped");
            return;
        }
        scale(t, 0);
        double left = s->offset = offset(t);
        if (left < 1e-2 && !refused) {
            if (polish(t, left)) {
                end(t, AD_FIT_CONVERGED, NULL);
                return;
            }
            refused = 1;
        }
        if (!descend(t))
            return;
    }
    end(t, AD_FIT_NOT_CONVERGED, "it took as many iterations as it may");
}

void ad_solve_newton(ad_objective *P, double reach, ad_solution *s)
{
    state *t = ad_solver_begin(P, AD_FIT_NEWTON, sizeof *t, fill, s);
    if (!t)
        return;
    t->s = s;
    s->loss = ad_objective_value(P, s->p);
    if (!(fabs(s->loss) < INFINITY) || !evaluate(t)) {
        end(t, AD_FIT_OUTSIDE_DOMAIN, NULL);
        return;
    }
    iterate(t, reach);
}
