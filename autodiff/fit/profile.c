/* profile.c -- profile-likelihood intervals: how far a param can be held from its estimate, all others fitted again, before the
 * loss rises by what the level allows (Bates and Watts 1988, 6.1; Venzon and Moolgavkar 1988). */
#include "inside.h"

#include <math.h>

enum { MOST_STEPS = 60 };

typedef struct profile {
    ad_fitting   *F;
    size_t        j;                       /* the param that is held */
    double       *lower, *upper;           /* [n] the bounds, its own at the value */
    ad_solution   s;
    double        least;                   /* the loss at the estimates */
} profile;

/* The signed root of the rise, in standard deviations: t of squares, z of a likelihood; NaN where nothing can be fitted. */
static double root(profile *p, double value)
{
    ad_objective *P = p->F->P;
    const ad_fit_result *r = &p->F->result;
    p->lower[p->j] = p->upper[p->j] = p->s.p[p->j] = value;
    if (r->method == AD_FIT_LEAST_SQUARES)
        ad_solve_squares(P, 1, &p->s);
    else if (r->method == AD_FIT_NEWTON)
        ad_solve_newton(P, 1, &p->s);
    else
        ad_solve_lbfgs(P, &p->s);
    if (P->status != AD_OK || P->stopped || p->s.outcome == AD_FIT_OUTSIDE_DOMAIN)
        return NAN;
    double rise = fmax(0, p->s.loss - p->least);
    return sqrt(P->squares ? rise / (r->s * r->s) : 2 * rise);
}

/* Where the root reaches the quantile on one side: regula falsi (Illinois) between a value under and one over it. */
static double crossing(profile *p, int side)
{
    ad_objective *P = p->F->P;
    const ad_fit_result *r = &p->F->result;
    const ad_fit_param *q = &r->params[p->j];
    double bound = side < 0 ? P->options->lower ? P->options->lower[p->j] : -INFINITY : P->options->upper ? P->options->upper[p->j] : INFINITY;
    double low = q->estimate, f_low = -r->quantile, step = r->quantile * q->standard_error, high = q->estimate + side * step, f_high;
    memcpy(p->s.p, p->F->p, r->n * sizeof *p->s.p);
    for (int k = 0;; k++) {
        int at_bound = side < 0 ? high <= bound : high >= bound;
        high = at_bound ? bound : high;
        f_high = root(p, high) - r->quantile;
        if (f_high >= 0)
            break;
        if (at_bound)
            return bound;
        if (!(f_high == f_high) || k >= 20)
            return k >= 20 ? (side < 0 ? -INFINITY : INFINITY) : NAN;                        /* it never rises so far */
        low = high;
        f_low = f_high;
        step *= k < 2 ? 1 : 2;
        high += side * step;
    }
    for (int k = 0, last = 0; k < MOST_STEPS && fabs(high - low) > 1e-9 * q->standard_error; k++) {
        double middle = high - f_high * (high - low) / (f_high - f_low), f = root(p, middle) - r->quantile;
        if (!(f == f))
            return NAN;
        if (fabs(f) <= 1e-9 * r->quantile)
            return middle;
        if (f > 0) {
            high = middle;
            f_high = f;
            f_low *= last > 0 ? 0.5 : 1;
            last = 1;
        } else {
            low = middle;
            f_low = f;
            f_high *= last < 0 ? 0.5 : 1;
            last = -1;
        }
    }
    return low + (high - low) / 2;
}

void ad_fit_profile(ad_fitting *F)
{
    ad_objective *P = F->P;
    size_t n = P->n;
    const double *lower = P->lower, *upper = P->upper;
    profile p = {.F = F, .least = P->squares ? F->result.rss : F->result.loss};
    p.lower = ad_store_numbers(P->store, n);
    p.upper = ad_store_numbers(P->store, n);
    p.s.p = ad_store_numbers(P->store, n);
    p.s.moved = ad_store_numbers(P->store, n);
    if (P->store->failed) {
        P->status = AD_ERROR_NO_MEMORY;
        return;
    }
    P->lower = p.lower;
    P->upper = p.upper;
    for (p.j = 0; p.j < n && P->status == AD_OK && !P->stopped; p.j++) {
        ad_fit_param *q = &F->result.params[p.j];
        if (!(q->standard_error > 0))
            continue;
        memcpy(p.lower, lower, n * sizeof *p.lower);
        memcpy(p.upper, upper, n * sizeof *p.upper);
        q->profile_low = crossing(&p, -1);
        memcpy(p.lower, lower, n * sizeof *p.lower);
        memcpy(p.upper, upper, n * sizeof *p.upper);
        q->profile_high = crossing(&p, 1);
    }
    P->lower = lower;
    P->upper = upper;
}
