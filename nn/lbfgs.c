/* lbfgs.c -- limited-memory BFGS: a direction from the last steps, and a line search along it.
 *
 * J. Nocedal, Updating quasi-Newton matrices with limited storage, Math. Comp. 35, 1980 (the two loops); J. J. Moré and D. J.
 * Thuente, Line search algorithms with guaranteed sufficient decrease, ACM TOMS 20, 1994 (the search, as MINPACK-2 has it).
 */
#include "optimiser_inside.h"

#include <float.h>
#include <math.h>

/* Of the state, behind the head: whether x holds a point, the value there, steps remembered, where the next goes; x, g, d, a trial
 * point and its gradient, [n] each; 1 / (y s) of each step and a coefficient, [history] each; the steps s and the changes of the
 * gradient y, [history][n] each. */
enum { KNOWN, VALUE, COUNT, NEXT, HEAD };

typedef struct lbfgs {
    size_t n, history;
    double *head, *x, *g, *d, *trial, *trial_g, *rho, *alpha, *s, *y;
} lbfgs;

size_t nn_lbfgs_numbers(size_t n, size_t history) { return HEAD + 5 * n + 2 * history + 2 * history * n; }

static int is_whole_up_to(double x, double most) { return x >= 0 && x <= most && x == floor(x); }

int nn_lbfgs_state_fits(size_t history, const double *state)
{
    const double *head = state + NN_STATE_HEAD;
    return is_whole_up_to(head[COUNT], (double)history) && is_whole_up_to(head[NEXT], (double)(history - 1));
}

static lbfgs open_state(nn_optimiser *o)
{
    size_t n = o->n, history = o->options.history;
    lbfgs L = {.n = n, .history = history, .head = o->state + NN_STATE_HEAD};
    L.x       = L.head + HEAD;
    L.g       = L.x + n;
    L.d       = L.g + n;
    L.trial   = L.d + n;
    L.trial_g = L.trial + n;
    L.rho     = L.trial_g + n;
    L.alpha   = L.rho + history;
    L.s       = L.alpha + history;
    L.y       = L.s + history * n;
    return L;
}

static double dot(size_t n, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* ---- The direction ------------------------------------------------------------------------------------------------------ */

static size_t place(const lbfgs *L, size_t back) { return ((size_t)L->head[NEXT] + L->history - back) % L->history; }

/* d = -H g, H the inverse Hessian that the steps remembered make of a multiple of the identity. */
static void find_direction(lbfgs *L)
{
    size_t n = L->n, count = (size_t)L->head[COUNT];
    for (size_t i = 0; i < n; i++)
        L->d[i] = -L->g[i];
    for (size_t back = 1; back <= count; back++) {
        size_t k = place(L, back);
        L->alpha[k] = L->rho[k] * dot(n, L->s + k * n, L->d);
        for (size_t i = 0; i < n; i++)
            L->d[i] -= L->alpha[k] * L->y[k * n + i];
    }
    if (count) {
        size_t k = place(L, 1);
        double scale = 1 / (L->rho[k] * dot(n, L->y + k * n, L->y + k * n));
        for (size_t i = 0; i < n; i++)
            L->d[i] *= scale;
    }
    for (size_t back = count; back >= 1; back--) {
        size_t k = place(L, back);
        double beta = L->rho[k] * dot(n, L->y + k * n, L->d);
        for (size_t i = 0; i < n; i++)
            L->d[i] += (L->alpha[k] - beta) * L->s[k * n + i];
    }
}

/* Remembers the step from x to the trial point, unless the curvature along it is none. */
static void remember(lbfgs *L)
{
    size_t n = L->n, k = (size_t)L->head[NEXT];
    double *s = L->s + k * n, *y = L->y + k * n;
    for (size_t i = 0; i < n; i++) {
        s[i] = L->trial[i] - L->x[i];
        y[i] = L->trial_g[i] - L->g[i];
    }
    double ys = dot(n, y, s);
    if (!(ys > DBL_EPSILON * sqrt(dot(n, y, y)) * sqrt(dot(n, s, s))))
        return;
    L->rho[k] = 1 / ys;
    L->head[NEXT] = (double)((k + 1) % L->history);
    L->head[COUNT] += L->head[COUNT] < (double)L->history;
}

/* ---- The search --------------------------------------------------------------------------------------------------------- */

/* A point of the search: how far, the value there, the slope along the direction. */
typedef struct point {
    double at, f, slope;
} point;

/* Where the cubic through a and b with their slopes has its minimum: a part of the way from b to a. sign chooses the root. */
static double cubic(point a, point b, double sign)
{
    double theta = 3 * (a.f - b.f) / (b.at - a.at) + a.slope + b.slope;
    double s = fmax(fabs(theta), fmax(fabs(a.slope), fabs(b.slope)));
    double under = (theta / s) * (theta / s) - (a.slope / s) * (b.slope / s);
    double gamma = sign * s * sqrt(fmax(0, under));
    return ((gamma - b.slope) + theta) / ((gamma + (a.slope - b.slope)) + gamma);
}

/* dcstep of MINPACK-2: best and other become the interval of uncertainty with the trial in it; returns where to look next. */
static double next_trial(point *best, point *other, point trial, int *bracketed, double low, double high)
{
    double span = trial.at - best->at, opposite = trial.slope * (best->slope < 0 ? -1 : 1), next;
    if (trial.f > best->f) {                       /* higher: the minimum is between */
        double r = cubic(trial, *best, trial.at < best->at ? -1 : 1);
        double c = best->at + r * span;
        double q = best->at + best->slope / ((best->f - trial.f) / span + best->slope) / 2 * span;
        next = fabs(c - best->at) < fabs(q - best->at) ? c : c + (q - c) / 2;
        *bracketed = 1;
    } else {
        double secant = trial.at - trial.slope / (trial.slope - best->slope) * span;
        if (opposite < 0) {                        /* lower, slopes of opposite sign: between too */
            double c = trial.at - cubic(*best, trial, trial.at > best->at ? -1 : 1) * span;
            next = fabs(c - trial.at) > fabs(secant - trial.at) ? c : secant;
            *bracketed = 1;
        } else if (fabs(trial.slope) < fabs(best->slope)) {   /* lower and flatter */
            double r = cubic(*best, trial, trial.at > best->at ? -1 : 1);
            double c = r < 0 && isfinite(r) ? trial.at - r * span : trial.at > best->at ? high : low;
            if (*bracketed) {
                double guard = trial.at + 0.66 * (other->at - trial.at);
                next = fabs(c - trial.at) < fabs(secant - trial.at) ? c : secant;
                next = trial.at > best->at ? fmin(guard, next) : fmax(guard, next);
            } else
                next = fmax(low, fmin(high, fabs(c - trial.at) > fabs(secant - trial.at) ? c : secant));
        } else if (*bracketed)                     /* lower and steeper */
            next = trial.at + cubic(*other, trial, trial.at > other->at ? -1 : 1) * (other->at - trial.at);
        else
            next = trial.at > best->at ? high : low;
    }
    if (trial.f > best->f)
        *other = trial;
    else {
        if (opposite < 0)
            *other = *best;
        *best = trial;
    }
    return next;
}

typedef struct search {
    lbfgs        *L;
    nn_objective *objective;
    void         *user;
    ad_status     status;
} search;

static point look(search *S, double at)
{
    lbfgs *L = S->L;
    point p = {.at = at, .f = NAN, .slope = NAN};
    for (size_t i = 0; i < L->n; i++)
        L->trial[i] = L->x[i] + at * L->d[i];
    S->status = S->objective(S->user, L->trial, &p.f, L->trial_g);
    if (S->status == AD_OK)
        p.slope = dot(L->n, L->trial_g, L->d);
    return p;
}

static int better(point p, point start, double sufficient) { return p.f <= start.f + sufficient * p.at * start.slope; }

/* From a first guess to a point of sufficient decrease (1e-4) and curvature (0.9), which the trial point then holds with its
 * gradient; else to one that is at least lower. Returns the value there, NaN if there is none. */
static double search_line(search *S, double first, double f0, double slope0)
{
    enum { MOST = 20 };
    const double sufficient = 1e-4, curvature = 0.9;
    const point start = {0, f0, slope0};
    point best = start, other = start;
    double at = first, most = first * 1e10, low = 0, high = first * 5, width = INFINITY, before = INFINITY;
    double lowest = NAN, lowest_at = 0;
    int bracketed = 0, stage = 1;
    for (int tries = 0; tries < MOST; tries++) {
        point trial = look(S, at);
        if (S->status != AD_OK)
            return NAN;
        if (!isfinite(trial.f) || !isfinite(trial.slope)) {           /* outside: come back */
            most = at;
            high = fmin(high, most);
            at = best.at + (at - best.at) / 10;
            continue;
        }
        if (trial.f < f0 && !(trial.f >= lowest)) {
            lowest = trial.f;
            lowest_at = at;
        }
        if (better(trial, start, sufficient) && fabs(trial.slope) <= -curvature * slope0)
            return trial.f;
        if (stage == 1 && better(trial, start, sufficient) && trial.slope >= 0)
            stage = 2;
        if (bracketed && (at <= fmin(best.at, other.at) || at >= fmax(best.at, other.at)))
            break;                                                    /* rounding: no further */
        double shift = sufficient * slope0;
        if (stage == 1 && trial.f <= best.f && !better(trial, start, sufficient)) {   /* of the function less its decrease */
            point b = {best.at, best.f - best.at * shift, best.slope - shift};
            point o = {other.at, other.f - other.at * shift, other.slope - shift};
            point t = {trial.at, trial.f - trial.at * shift, trial.slope - shift};
            at = next_trial(&b, &o, t, &bracketed, low, high);
            best = (point){b.at, b.f + b.at * shift, b.slope + shift};
            other = (point){o.at, o.f + o.at * shift, o.slope + shift};
        } else
            at = next_trial(&best, &other, trial, &bracketed, low, high);
        if (bracketed) {
            if (fabs(other.at - best.at) >= 0.66 * before)
                at = best.at + (other.at - best.at) / 2;
            before = width;
            width = fabs(other.at - best.at);
            low = fmin(best.at, other.at);
            high = fmax(best.at, other.at);
            if (!(width > DBL_EPSILON * high))
                break;
        } else {
            low = fmin(most, at + 1.1 * (at - best.at));
            high = fmin(most, at + 4 * (at - best.at));
        }
        at = fmin(most, at);
    }
    if (isnan(lowest))
        return NAN;
    return look(S, lowest_at).f;
}

/* ---- One iteration ------------------------------------------------------------------------------------------------------ */

/* Takes p for x when it is another than x. */
static ad_status begin(lbfgs *L, const double *p, nn_objective *objective, void *user)
{
    if (L->head[KNOWN] != 0 && !memcmp(L->x, p, L->n * sizeof *p))
        return AD_OK;
    memcpy(L->x, p, L->n * sizeof *p);
    L->head[COUNT] = L->head[KNOWN] = 0;
    ad_status status = objective(user, p, &L->head[VALUE], L->g);
    if (status == AD_OK && !isfinite(L->head[VALUE] + dot(L->n, L->g, L->g)))
        status = AD_ERROR_ARGUMENT;
    L->head[KNOWN] = status == AD_OK;
    return status;
}

ad_status nn_lbfgs_iterate(nn_optimiser *o, double *p, nn_objective *objective, void *user, double *value, int *moved)
{
    lbfgs L = open_state(o);
    *moved = 0;
    ad_status status = begin(&L, p, objective, user);
    if (status != AD_OK)
        return status;
    *value = L.head[VALUE];
    search S = {.L = &L, .objective = objective, .user = user, .status = AD_OK};
    while (!*moved) {
        find_direction(&L);
        double slope = dot(L.n, L.g, L.d), length = sqrt(dot(L.n, L.d, L.d));
        int steepest = L.head[COUNT] == 0;
        double f = slope < 0 && isfinite(slope) ? search_line(&S, steepest ? fmin(1, 1 / length) : 1, *value, slope) : NAN;
        if (S.status != AD_OK)
            return S.status;
        if (f < *value) {
            remember(&L);
            memcpy(L.x, L.trial, L.n * sizeof *L.x);
            memcpy(L.g, L.trial_g, L.n * sizeof *L.g);
            memcpy(p, L.x, L.n * sizeof *p);
            *value = L.head[VALUE] = f;
            *moved = 1;
        } else if (steepest)
            return AD_OK;
        L.head[COUNT] = *moved ? L.head[COUNT] : 0;                   /* once more, straight down */
    }
    o->state[NN_STATE_T] += 1;
    return AD_OK;
}
