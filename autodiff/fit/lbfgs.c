/* lbfgs.c -- losses of many params: limited-memory BFGS (Liu and Nocedal 1989; Nocedal and Wright, 2nd ed., algorithm 7.4) with
 * a line search for the weak Wolfe conditions by bisection (Lewis and Overton 2013), which also gets past kinks. On bounds, what
 * pushes outwards stays, and steps are projected.
 */
#include "solver.h"

#include "dense.h"

#include <float.h>
#include <math.h>

enum { PAIRS = 12 };

typedef struct state {
    ad_objective *P;
    ad_solution  *s;
    size_t  n;
    double *g, *d, *trial, *trial_g;       /* [n] */
    double *S, *Y, rho[PAIRS];             /* [PAIRS][n] steps and changes of the gradient, the newest at (count - 1) % PAIRS */
    size_t  count;
    int     edge;                          /* the last search met a place where the loss is no number */
} state;

static int fill(void *state_, ad_objective *P)
{
    state *t = state_;
    ad_store *a = P->store;
    t->P = P;
    t->n = P->n;
    double **numbers[] = {&t->g, &t->d, &t->trial, &t->trial_g};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        *numbers[k] = ad_store_numbers(a, t->n);
    t->S = ad_store_numbers(a, PAIRS * t->n);
    t->Y = ad_store_numbers(a, PAIRS * t->n);
    return !a->failed;
}

static int is_held(const state *t, size_t j)
{
    const ad_objective *P = t->P;
    return P->lower[j] == P->upper[j] || (t->s->p[j] <= P->lower[j] && t->g[j] > 0) || (t->s->p[j] >= P->upper[j] && t->g[j] < 0);
}

/* d = -H g by the two loops; what bounds hold does not move. */
static void direct(state *t)
{
    size_t n = t->n, pairs = t->count < PAIRS ? t->count : PAIRS;
    double alpha[PAIRS];
    for (size_t j = 0; j < n; j++)
        t->d[j] = is_held(t, j) ? 0 : -t->g[j];
    for (size_t k = 0; k < pairs; k++) {
        size_t i = (t->count - 1 - k) % PAIRS;
        alpha[i] = t->rho[i] * ad_dot_product(n, t->S + i * n, t->d);
        for (size_t j = 0; j < n; j++)
            t->d[j] -= alpha[i] * t->Y[i * n + j];
    }
    if (pairs) {
        size_t i = (t->count - 1) % PAIRS;
        double gamma = 1 / (t->rho[i] * ad_dot_product(n, t->Y + i * n, t->Y + i * n));
        for (size_t j = 0; j < n; j++)
            t->d[j] *= gamma;
    }
    for (size_t k = pairs; k-- > 0;) {
        size_t i = (t->count - 1 - k) % PAIRS;
        double beta = t->rho[i] * ad_dot_product(n, t->Y + i * n, t->d);
        for (size_t j = 0; j < n; j++)
            t->d[j] += (alpha[i] - beta) * t->S[i * n + j];
    }
    for (size_t j = 0; j < n; j++)
        if (is_held(t, j))
            t->d[j] = 0;
}

static double evaluate_at(state *t, double length)
{
    for (size_t j = 0; j < t->n; j++) {
        double to = t->s->p[j] + length * t->d[j];
        t->trial[j] = to < t->P->lower[j] ? t->P->lower[j] : to > t->P->upper[j] ? t->P->upper[j] : to;
    }
    double loss = ad_objective_gradient(t->P, t->trial, t->trial_g);
    for (size_t j = 0; j < t->n; j++)
        loss += t->trial_g[j] * 0;
    return loss;
}

/* A step along d that lowers the loss and meets a flatter slope, or at least lowers it; its loss, NaN where there is none. */
static double search(state *t, double slope, double first)
{
    double low = 0, high = INFINITY, length = first, best = NAN;
    t->edge = 0;
    for (int k = 0; k < 60 && t->P->status == AD_OK; k++) {
        double loss = evaluate_at(t, length), along = 0, back = 0;
        for (size_t j = 0; j < t->n; j++) {
            along += t->trial_g[j] * t->d[j];
            back += t->g[j] * (t->trial[j] - t->s->p[j]);                  /* projected: less than length * slope */
        }
        t->edge |= !(loss < INFINITY);
        if (!(loss <= t->s->loss + 1e-4 * fmin(back, 0)) || !(loss < INFINITY))
            high = length;
        else if (along < 0.9 * slope && k < 40) {
            low = length;
            best = loss;
        } else
            return loss;
        length = high < INFINITY ? low + (high - low) / 2 : 2 * length;
        if (high - low <= 1e-3 * high && low > 0)
            break;
    }
    return best == best ? evaluate_at(t, low) : NAN;
}

static void remember(state *t)
{
    size_t n = t->n, i = t->count % PAIRS;
    double *s = t->S + i * n, *y = t->Y + i * n;
    for (size_t j = 0; j < n; j++) {
        s[j] = t->trial[j] - t->s->p[j];
        y[j] = t->trial_g[j] - t->g[j];
    }
    double sy = ad_dot_product(n, s, y);
    if (sy > DBL_EPSILON * ad_dot_product(n, y, y)) {
        t->rho[i] = 1 / sy;
        t->count++;
    }
}

static void end(state *t, ad_fit_outcome outcome, const char *why)
{
    t->s->outcome = t->P->status != AD_OK ? AD_FIT_FAILED : outcome;
    t->s->why = why;
}

static void iterate(state *t)
{
    ad_objective *P = t->P;
    ad_solution *s = t->s;
    size_t n = t->n, most = P->options->max_iterations ? P->options->max_iterations : 10000;
    int still = 0;
    for (size_t k = 0; k < most; k++) {
        P->iterations++;
        if (ad_objective_tell(P, s->loss, s->p)) {
            end(t, AD_FIT_STOPPED, "stopped");
            return;
        }
        direct(t);
        double slope = ad_dot_product(n, t->g, t->d), length = ad_length(n, t->d);
        if (slope >= 0 && t->count) {                                      /* no descent: forget */
            t->count = 0;
            direct(t);
            slope = ad_dot_product(n, t->g, t->d);
            length = ad_length(n, t->d);
        }
        /* -slope / 2 is what the quadratic model has left to fall. */
        still = -slope <= 1e-15 * fabs(s->loss) ? still + 1 : 0;
        if (length == 0 || (still && t->count) || still > 2) {
            end(t, AD_FIT_CONVERGED, NULL);
            return;
        }
        double size = ad_length(n, s->p), first = t->count ? 1 : fmin(1, (size > 0 ? 0.1 * size : 1) / length);
        double loss = search(t, slope, first);
        if (!(loss < INFINITY) || !memcmp(t->trial, s->p, n * sizeof *t->trial)) {
            if (t->count) {
                t->count = 0;
                continue;
            }
            end(t, -slope <= 1e-10 * fabs(s->loss) ? AD_FIT_CONVERGED : AD_FIT_NOT_CONVERGED,
                t->edge ? AD_FIT_AT_EDGE : "no step makes the loss smaller, yet it has a slope: perhaps a kink");
            return;
        }
        remember(t);
        for (size_t j = 0; j < n; j++)
            s->moved[j] = t->trial[j] - s->p[j];
        memcpy(s->p, t->trial, n * sizeof *t->trial);
        memcpy(t->g, t->trial_g, n * sizeof *t->g);
        s->loss = loss;
    }
    end(t, AD_FIT_NOT_CONVERGED, "it took as many iterations as it may");
}

void ad_solve_lbfgs(ad_objective *P, ad_solution *s)
{
    state *t = ad_solver_begin(P, AD_FIT_LBFGS, sizeof *t, fill, s);
    if (!t)
        return;
    t->s = s;
    t->count = 0;
    s->loss = ad_objective_gradient(P, s->p, t->g);
    double sum = s->loss;
    for (size_t j = 0; j < P->n; j++)
        sum += t->g[j] * 0;
    if (!(fabs(sum) < INFINITY)) {
        end(t, AD_FIT_OUTSIDE_DOMAIN, NULL);
        return;
    }
    iterate(t);
}
