/* fit.c -- a fit from its arguments to its result: which solver, from which starts, and which of their ends is kept. */
#include "inside.h"

#include "autodiff/function/internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { MANY_PARAMS = 200 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Arguments ----------------------------------------------------------------------------------------------------------- */

static int refuse(ad_fitting *F, ad_status status, const char *what)
{
    F->result.status = status;
    snprintf(F->message, sizeof F->message, "%s", what);
    return 0;
}

static int arguments_fit(ad_fitting *F, const double *start, const double *const *columns)
{
    const ad_objective *P = F->P;
    const ad_fit_options *o = P->options;
    if (!P->n)
        return refuse(F, AD_ERROR_ARGUMENT, "there is no param to fit");
    if (!start || !P->rows || (ad_function_columns(P->f) && !columns))
        return refuse(F, AD_ERROR_ARGUMENT, P->rows ? "there is no start, or there are no columns" : "there are no rows to fit to");
    if (o->objective != AD_FIT_RESIDUALS && ad_function_outputs(P->f) != 1)
        return refuse(F, AD_ERROR_ARGUMENT, "a loss is a function of one output; say AD_FIT_RESIDUALS if these are residuals");
    if (o->level < 0 || o->level >= 1 || o->level != o->level)
        return refuse(F, AD_ERROR_ARGUMENT, "the level of intervals is between 0 and 1");
    for (size_t j = 0; j < P->n; j++) {
        ad_fit_param *q = &F->result.params[j];
        if (!(P->lower[j] <= P->upper[j])) {
            snprintf(F->message, sizeof F->message, "the bounds of %s, %g and %g, exclude one another", q->name, P->lower[j], P->upper[j]);
            F->result.status = AD_ERROR_ARGUMENT;
            return 0;
        }
        if (!(fabs(start[j]) < INFINITY)) {
            snprintf(F->message, sizeof F->message, "the start of %s is %g; start from a finite number", q->name, start[j]);
            F->result.status = AD_ERROR_ARGUMENT;
            return 0;
        }
    }
    return 1;
}

/* The result's arrays, and the names. */
static int make_result(ad_fitting *F, const double *start)
{
    ad_fit_result *r = &F->result;
    const ad_objective *P = F->P;
    size_t n = P->n;
    r->params = ad_store_make(&F->kept, n, sizeof *r->params);
    r->covariance = n <= AD_FIT_MOST_ERRORS ? ad_store_numbers(&F->kept, n * n) : NULL;
    r->correlation = n <= AD_FIT_MOST_ERRORS ? ad_store_numbers(&F->kept, n * n) : NULL;
    F->p = ad_store_numbers(&F->kept, n);
    for (size_t j = 0; j < n && !F->kept.failed; j++) {
        const char *name = ad_function_param_name(P->f, j);
        size_t size = name ? strlen(name) + 1 : 24;
        char *copy = ad_store_make(&F->kept, size, 1);
        if (copy && name)
            memcpy(copy, name, size);
        else if (copy)
            snprintf(copy, size, "p%zu", j + 1);
        r->params[j] = (ad_fit_param){copy, start ? start[j] : NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0};
    }
    for (size_t i = 0; r->covariance && i < n * n && !F->kept.failed; i++)
        r->covariance[i] = r->correlation[i] = NAN;
    return !F->kept.failed;
}

static void make_bounds(ad_objective *P)
{
    double *lower = ad_store_numbers(P->store, P->n), *upper = ad_store_numbers(P->store, P->n);
    const ad_fit_options *o = P->options;
    for (size_t j = 0; j < P->n && !P->store->failed; j++) {
        lower[j] = o->lower ? o->lower[j] : -INFINITY;
        upper[j] = o->upper ? o->upper[j] : INFINITY;
    }
    P->lower = lower;
    P->upper = upper;
}

/* ---- Starts -------------------------------------------------------------------------------------------------------------- */

/* Steele, Lea and Flood's splitmix64, as a number between -1 and 1. */
static double random_number(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-52 - 1;
}

/* Within the bounds where both are finite; else around the start, over three powers of ten, one in four with another sign. */
static double random_start(const ad_objective *P, double start, size_t j, uint64_t *state)
{
    double u = random_number(state), v = random_number(state), low = P->lower[j], high = P->upper[j];
    if (high - low < INFINITY)
        return low + (high - low) * (0.5 + 0.5 * u);
    double size = fabs(start) > 0 ? fabs(start) : 1, to = copysign(size * pow(10, 1.5 * u), start) * (v > 0.5 ? -1 : 1);
    return to < low ? low + size * fabs(u) : to > high ? high - size * fabs(u) : to;
}

static void put_start(const ad_objective *P, const double *from, double *p)
{
    for (size_t j = 0; j < P->n; j++)
        p[j] = from[j] < P->lower[j] ? P->lower[j] : from[j] > P->upper[j] ? P->upper[j] : from[j];
}

static ad_fit_method method_for(const ad_objective *P)
{
    ad_fit_method asked = P->n <= AD_FIT_MOST_ERRORS ? P->options->method : AD_FIT_LBFGS;
    if (asked == AD_FIT_LBFGS || (asked == AD_FIT_AUTOMATIC && P->n > MANY_PARAMS))
        return AD_FIT_LBFGS;
    return P->squares && asked != AD_FIT_NEWTON ? AD_FIT_LEAST_SQUARES : AD_FIT_NEWTON;
}

static void solve(ad_objective *P, ad_fit_method method, double reach, ad_solution *s)
{
    if (method == AD_FIT_LEAST_SQUARES)
        ad_solve_squares(P, reach, s);
    else if (method == AD_FIT_NEWTON)
        ad_solve_newton(P, reach, s);
    else
        ad_solve_lbfgs(P, s);
}

/* How good an end is: what converged before what did not, then by the loss. */
static int is_better(const ad_solution *a, const ad_solution *b)
{
    int settled_a = a->outcome == AD_FIT_CONVERGED, settled_b = b->outcome == AD_FIT_CONVERGED;
    if (settled_a && settled_b && a->flat != b->flat)
        return b->flat;
    int some_a = a->outcome != AD_FIT_OUTSIDE_DOMAIN, some_b = b->outcome != AD_FIT_OUTSIDE_DOMAIN;
    if (settled_a != settled_b)
        return settled_a;
    if (some_a != some_b)
        return some_a;
    return a->loss < b->loss;
}

static void keep(size_t n, const ad_solution *from, ad_solution *to)
{
    double *p = to->p, *moved = to->moved;
    *to = *from;
    to->p = memcpy(p, from->p, n * sizeof *p);
    to->moved = memcpy(moved, from->moved, n * sizeof *moved);
}

static void try_one(ad_objective *P, ad_fit_method method, double reach, const double *start, ad_solution *s, ad_solution *best, int *any)
{
    put_start(P, start, s->p);
    solve(P, method, reach, s);
    if (!*any || is_better(s, best))
        keep(P->n, s, best);
    *any = 1;
}

/* From one start: a first step as long as the start, and where that leads nowhere, others. */
static void from_start(ad_objective *P, ad_fit_method method, const double *start, ad_solution *s, ad_solution *best, int *any)
{
    static const double reaches[] = {1, 10, 0.1, 100, 0.01};
    for (size_t k = 0; k < sizeof reaches / sizeof *reaches; k++) {
        try_one(P, method, reaches[k], start, s, best, any);
        int elsewhere = s->outcome == AD_FIT_NOT_CONVERGED || (s->outcome == AD_FIT_CONVERGED && s->flat);
        if (!elsewhere || (s->flat && P->normal) || method == AD_FIT_LBFGS || P->options->max_iterations)
            break;
    }
    if (method == AD_FIT_NEWTON && s->outcome == AD_FIT_NOT_CONVERGED && P->status == AD_OK)   /* a kink: no curvature to go by */
        try_one(P, AD_FIT_LBFGS, 1, start, s, best, any);
}

static void solve_all(ad_fitting *F, const double *start, ad_solution *best)
{
    ad_objective *P = F->P;
    size_t n = P->n;
    ad_fit_method method = F->result.method = method_for(P);
    ad_solution s = {.p = ad_store_numbers(P->store, n), .moved = ad_store_numbers(P->store, n)};
    double *from = ad_store_numbers(P->store, n);
    best->p = ad_store_numbers(P->store, n);
    best->moved = ad_store_numbers(P->store, n);
    best->outcome = AD_FIT_FAILED;
    if (P->store->failed) {
        P->status = AD_ERROR_NO_MEMORY;
        return;
    }
    uint64_t state = P->options->seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    int any = 0;
    memcpy(from, start, n * sizeof *from);
    for (P->start = 0; P->start <= P->options->starts && P->status == AD_OK && !P->stopped; P->start++) {
        for (size_t j = 0; P->start && j < n; j++)
            from[j] = random_start(P, start[j], j, &state);
        from_start(P, method, from, &s, best, &any);
    }
    F->result.starts = P->start;
}

/* ---- All of it ----------------------------------------------------------------------------------------------------------- */

static void count(ad_fitting *F)
{
    F->result.iterations = F->P->iterations;
    F->result.evaluations = F->P->evaluations;
    F->result.jacobians = F->P->jacobians;
}

static void conclude(ad_fitting *F, const ad_solution *s)
{
    ad_fit_result *r = &F->result;
    ad_objective *P = F->P;
    memcpy(F->p, s->p, P->n * sizeof *F->p);
    for (size_t j = 0; j < P->n; j++)
        r->params[j].moved = s->moved[j];
    r->outcome = s->outcome;
    r->offset = s->offset;
    r->least_squares = P->squares;
    r->observations = P->squares ? P->observations : P->rows;
    r->responses = P->m;
    if (s->outcome == AD_FIT_OUTSIDE_DOMAIN) {
        count(F);
        ad_fit_name_domain(F);
        return;
    }
    for (size_t j = 0; j < P->n; j++)
        r->params[j].last = s->p[j];
    ad_fit_estimate(F, s->loss);
    if (P->status == AD_OK && r->outcome == AD_FIT_NOT_CONVERGED && s->idle < P->n && !*F->message) {
        r->outcome = AD_FIT_NOT_IDENTIFIABLE;
        ad_fit_name_idle(F, s->idle);
    } else if (P->status == AD_OK && r->outcome == AD_FIT_NOT_CONVERGED && !*F->message)
        ad_fit_name_last(F, s->why);
    for (size_t j = 0; j < P->n && r->outcome == AD_FIT_CONVERGED; j++)
        r->params[j].estimate = s->p[j];
    count(F);
    if (P->status == AD_OK && r->outcome == AD_FIT_CONVERGED && P->options->profile)
        ad_fit_profile(F);
}

static void fit(ad_fitting *F, const double *start, const double *const *columns)
{
    ad_objective *P = F->P;
    ad_solution best = {0};
    make_bounds(P);
    if (P->store->failed || !make_result(F, start)) {
        refuse(F, AD_ERROR_NO_MEMORY, "no memory for the fit");
        return;
    }
    if (!arguments_fit(F, start, columns))
        return;
    if (ad_objective_make(P, F->message, sizeof F->message)) {
        solve_all(F, start, &best);
        if (P->status == AD_OK && best.outcome != AD_FIT_FAILED)
            conclude(F, &best);
    }
    if (P->status != AD_OK) {
        F->result.outcome = AD_FIT_FAILED;
        F->result.status = P->status;
        if (!*F->message)
            refuse(F, P->status, P->status == AD_ERROR_NO_MEMORY ? "no memory for the fit" : "the function cannot be evaluated");
    }
}

ad_fit_result *ad_fit(const ad_function *f, const double *start, const double *const *columns, size_t rows, ad_fit_options options)
{
    double begin = now();
    ad_allocator a = f ? f->allocator : ad_allocator_complete((ad_allocator){0});
    ad_fitting *F = ad_resize(&a, NULL, 0, sizeof *F);
    if (!F)
        return NULL;
    memset(F, 0, sizeof *F);
    F->kept.arena.allocator = a;
    ad_store store = {.arena = {.allocator = a}};
    ad_objective P = {.store = &store, .f = f, .options = &options, .n = ad_function_params(f), .rows = rows, .given = columns};
    F->P = &P;
    F->result = (ad_fit_result){.outcome = AD_FIT_FAILED, .message = F->message, .n = P.n, .rows = rows, .row = SIZE_MAX,
                                .loss = NAN, .rss = NAN, .s = NAN, .r_squared = NAN, .log_likelihood = NAN, .aic = NAN, .bic = NAN,
                                .quantile = NAN, .offset = NAN, .condition = NAN, .eigenvalue = NAN};
    if (f)
        fit(F, start, columns);
    else
        refuse(F, AD_ERROR_ARGUMENT, "there is no function to fit");
    F->result.level = options.level > 0 ? options.level : 0.95;
    ad_objective_free(&P);
    ad_store_free(&store);
    F->P = NULL;
    if (F->result.outcome == AD_FIT_FAILED && F->result.status == AD_OK)
        refuse(F, AD_ERROR_ARGUMENT, "nothing was fitted");
    if (!F->result.params)
        F->result.n = 0;
    F->result.seconds = now() - begin;
    return &F->result;
}

void ad_fit_free(ad_fit_result *result)
{
    if (!result)
        return;
    ad_fitting *F = (ad_fitting *)(void *)result;
    ad_allocator a = F->kept.arena.allocator;
    ad_store_free(&F->kept);
    ad_resize(&a, F, sizeof *F, 0);
}
