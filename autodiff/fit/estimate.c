/* estimate.c -- what a fit tells about its estimates: standard errors, intervals, correlations, criteria; and whether the data
 * fix them at all. How the estimates were found is not its business. */
#include "inside.h"

#include "dense.h"
#include "quantile.h"

#include <float.h>
#include <math.h>

/* Singular values of the scaled Jacobian below this part of the largest are rounding; eigenvalues of a scaled Hessian below its
 * square root's neighbourhood, for those are computed to one rounding of the largest. */
static const double FLAT_JACOBIAN = 1e-12, FLAT_HESSIAN = 1e-13;

typedef struct spectrum {
    size_t  n, f;                          /* params; free ones */
    size_t *free;                          /* [f] */
    double *scale;                         /* [f] lengths of the columns, roots of the diagonal */
    double *work;                          /* [3 n] */
    double *V, *value;                     /* [f][f] scaled directions; [f] eigenvalues of the scaled information */
    double  most, least;
    size_t  lowest, flat;                  /* where the least is; how many are nothing */
} spectrum;

static int make(spectrum *S, ad_store *a, size_t n, int errors)
{
    S->n = n;
    S->free = ad_store_make(a, n, sizeof *S->free);
    S->scale = ad_store_numbers(a, n);
    S->work = ad_store_numbers(a, 3 * n);
    S->value = ad_store_numbers(a, n);
    S->V = ad_store_numbers(a, errors ? n * n : 0);
    return !a->failed;
}

static void choose_free(spectrum *S, const ad_fit_param *params)
{
    for (size_t j = 0; j < S->n; j++)
        if (!params[j].bound)
            S->free[S->f++] = j;
}

static void find_ends(spectrum *S, double flat)
{
    S->most = 0;
    S->least = INFINITY;
    for (size_t a = 0; a < S->f; a++)
        S->most = fmax(S->most, S->value[a]);
    for (size_t a = 0; a < S->f; a++) {
        S->flat += !(S->value[a] > flat * S->most);
        if (S->value[a] < S->least)
            S->least = S->value[S->lowest = a];
    }
}

/* From the triangle of the Jacobian: eigenvalues as squares of singular values. */
static void of_triangle(spectrum *S, const double *R, double *G)
{
    size_t n = S->n;
    for (size_t a = 0; a < S->f; a++) {
        for (size_t i = 0; i < n; i++)
            G[a * n + i] = i <= S->free[a] ? R[i * (n + 1) + S->free[a]] : 0;
        S->scale[a] = ad_length(n, G + a * n);
        for (size_t i = 0; i < n && S->scale[a] > 0; i++)
            G[a * n + i] /= S->scale[a];
    }
    ad_singular(n, S->f, G, S->V);
    for (size_t a = 0; a < S->f; a++)
        S->value[a] = ad_dot_product(n, G + a * n, G + a * n);
    find_ends(S, FLAT_JACOBIAN * FLAT_JACOBIAN);
}

static void of_hessian(spectrum *S, const double *H, double *A)
{
    size_t f = S->f;
    for (size_t a = 0; a < f; a++)
        S->scale[a] = sqrt(fabs(H[S->free[a] * S->n + S->free[a]]));
    for (size_t a = 0; a < f; a++)
        for (size_t b = 0; b < f; b++) {
            double d = S->scale[a] * S->scale[b];
            A[a * f + b] = d > 0 ? H[S->free[a] * S->n + S->free[b]] / d : 0;
        }
    ad_eigen(f, A, S->V, S->work);
    for (size_t a = 0; a < f; a++)
        S->value[a] = A[a * f + a];
    find_ends(S, FLAT_HESSIAN);
}

/* Covariances  factor D^-1 V diag(1 / value) V' D^-1. */
static void invert(const spectrum *S, double factor, ad_fit_result *r)
{
    for (size_t a = 0; a < S->f; a++)
        for (size_t b = 0; b <= a; b++) {
            double sum = 0;
            for (size_t k = 0; k < S->f; k++)
                sum += S->V[k * S->f + a] / S->value[k] * S->V[k * S->f + b];
            size_t i = S->free[a], j = S->free[b];
            r->covariance[i * S->n + j] = r->covariance[j * S->n + i] = factor * (sum / S->scale[a] / S->scale[b]);
        }
    for (size_t a = 0; a < S->f; a++)
        r->params[S->free[a]].standard_error = sqrt(r->covariance[S->free[a] * S->n + S->free[a]]);
    for (size_t a = 0; a < S->f; a++)
        for (size_t b = 0; b < S->f; b++) {
            size_t i = S->free[a], j = S->free[b];
            r->correlation[i * S->n + j] = i == j ? 1 : r->covariance[i * S->n + j] / r->params[i].standard_error / r->params[j].standard_error;
        }
}

static void set_intervals(ad_fit_result *r)
{
    for (size_t j = 0; j < r->n; j++) {
        ad_fit_param *q = &r->params[j];
        q->low = q->last - r->quantile * q->standard_error;
        q->high = q->last + r->quantile * q->standard_error;
    }
}

static void set_criteria(ad_fit_result *r, const ad_objective *P, size_t n_free)
{
    double n = (double)r->observations, k = (double)n_free + (r->least_squares ? 1 : 0);
    if (r->least_squares) {
        r->log_likelihood = r->rss > 0 && r->degrees ? 0.5 * (P->log_weights - n * (log(2 * M_PI * r->rss / n) + 1)) : NAN;
        r->r_squared = P->total_squares > 0 ? 1 - r->rss / P->total_squares : NAN;
    } else
        r->log_likelihood = -r->loss;
    r->aic = 2 * k - 2 * r->log_likelihood;
    r->bic = k * log(n) - 2 * r->log_likelihood;
}

static void name_flat(ad_fitting *F, const spectrum *S)
{
    ad_fit_result *r = &F->result;
    r->eigenvalue = S->most > 0 ? S->least / S->most : 0;
    r->direction = ad_store_numbers(&F->kept, S->n);
    if (!r->direction) {
        F->P->status = AD_ERROR_NO_MEMORY;
        return;
    }
    for (size_t a = 0; a < S->f; a++)
        r->direction[S->free[a]] = S->V[S->lowest * S->f + a];
    double *move = ad_store_numbers(F->P->store, S->n);
    for (size_t a = 0; move && a < S->f; a++)
        move[S->free[a]] = S->scale[a] > 0 ? S->V[S->lowest * S->f + a] / S->scale[a] : S->V[S->lowest * S->f + a] == 0 ? 0 : 1;
    if (!move)
        F->P->status = AD_ERROR_NO_MEMORY;
    else if (!r->least_squares && r->outcome == AD_FIT_CONVERGED && ad_fit_is_kink(F, move)) {
        r->direction = NULL;
        r->eigenvalue = NAN;
        snprintf(F->message, sizeof F->message, "no standard errors: the loss has a kink where it is least, and no curvature to take them from");
    } else {
        r->outcome = AD_FIT_NOT_IDENTIFIABLE;
        ad_fit_name_direction(F, move, S->flat);
    }
}

/* Whether the loss has no slope along the flat direction either: else the iteration did not end where it is least. Of squares,
 * what moves no residual has none. */
static int is_stationary_along(const ad_fit_result *r, const spectrum *S)
{
    double slope = 0, size = 0;
    for (size_t a = 0; a < S->f; a++) {
        double v = S->V[S->lowest * S->f + a], scale = S->scale[a] > 0 ? S->scale[a] : 1, g = r->params[S->free[a]].gradient / scale;
        slope += v * g;
        size += fabs(v * g);
    }
    return r->least_squares || r->outcome == AD_FIT_CONVERGED || fabs(slope) <= 1e-6 * size || size == 0;
}

/* How many standard errors long a move [n] is, where the second derivative tells. */
static double length_of(const spectrum *S, const double *move)
{
    double length = 0;
    for (size_t k = 0; k < S->f; k++) {
        double along = 0;
        for (size_t b = 0; b < S->f; b++)
            along += S->V[k * S->f + b] * S->scale[b] * move[S->free[b]];
        length = hypot(length, sqrt(fmax(0, S->value[k])) * along);
    }
    return length;
}

/* Newton's step, in the directions that are not flat. */
static void find_newton(const ad_fit_result *r, const spectrum *S, double *step)
{
    double flat = r->least_squares ? FLAT_JACOBIAN * FLAT_JACOBIAN : FLAT_HESSIAN;
    for (size_t k = 0; k < S->f; k++) {
        const double *v = S->V + k * S->f;
        double slope = 0;
        for (size_t b = 0; b < S->f; b++)
            slope += S->scale[b] > 0 ? v[b] * (r->params[S->free[b]].gradient / S->scale[b]) : 0;
        for (size_t b = 0; b < S->f && S->value[k] > flat * S->most; b++)
            step[S->free[b]] -= S->scale[b] > 0 ? v[b] * slope / S->value[k] / S->scale[b] : 0;
    }
}

/* Whether it only came to where the loss no longer shows its slope; then that is the outcome. */
static int runs_away(ad_fitting *F, const spectrum *S)
{
    ad_fit_result *r = &F->result;
    ad_store *a = F->P->store;
    double *newton = ad_store_numbers(a, S->n), *travelled = ad_store_numbers(a, S->n), *errors = ad_store_numbers(a, S->n);
    double unit = r->least_squares ? r->s : 1;
    if (a->failed) {
        F->P->status = AD_ERROR_NO_MEMORY;
        return 0;
    }
    find_newton(r, S, newton);
    for (size_t b = 0; b < S->f; b++) {
        errors[S->free[b]] = unit / S->scale[b];
        travelled[S->free[b]] = r->params[S->free[b]].last - r->params[S->free[b]].start;
    }
    double left = length_of(S, newton), far = length_of(S, travelled);
    if (!(unit > 0) || (r->outcome != AD_FIT_CONVERGED && !(left < 1e-3 * unit)))
        return 0;
    const double *move = ad_fit_runs_away(F, newton, unit / left, travelled, unit / far, errors);
    if (move) {
        r->outcome = AD_FIT_NOT_CONVERGED;
        ad_fit_name_runaway(F, move);
    }
    return move != NULL;
}

static int at_squares(ad_fitting *F, spectrum *S, double *work)
{
    ad_fit_result *r = &F->result;
    ad_objective *P = F->P;
    size_t n = P->n;
    double *R = ad_store_numbers(P->store, (n + 1) * (n + 1));
    if (!R || !P->jacobian || !ad_objective_triangle(P, F->p, R, 1))
        return 0;
    for (size_t j = 0; j < n; j++) {
        double g = 0;
        for (size_t i = 0; i <= j; i++)
            g += R[i * (n + 1) + j] * R[i * (n + 1) + n];
        r->params[j].gradient = g;
    }
    of_triangle(S, R, work);
    return 1;
}

static int at_loss(ad_fitting *F, spectrum *S, double *work)
{
    ad_objective *P = F->P;
    double *H = ad_store_numbers(P->store, P->n * P->n);
    if (!H || !ad_objective_hessian(P, F->p, H))
        return 0;
    of_hessian(S, H, work);
    return 1;
}

static void set_gradient(ad_fitting *F)
{
    double *g = ad_store_numbers(F->P->store, F->P->n);
    double loss = g ? ad_objective_gradient(F->P, F->p, g) : NAN;
    for (size_t j = 0; g && j < F->P->n; j++)
        F->result.params[j].gradient = g[j];
    F->result.loss = loss;
}

static void set_bounds(ad_fitting *F)
{
    const ad_objective *P = F->P;
    for (size_t j = 0; j < P->n; j++) {
        ad_fit_param *q = &F->result.params[j];
        q->bound = P->lower[j] == P->upper[j] ? 2 : F->p[j] <= P->lower[j] ? -1 : F->p[j] >= P->upper[j] ? 1 : 0;
    }
}

/* Whether the direction that the data fix least is none that they fix: nine digits of the scaled Jacobian are gone in it, and
 * one standard error along it is a million times all that a param ever was. */
static int is_blown_up(const ad_fit_result *r, const spectrum *S)
{
    double unit = r->least_squares ? r->s : 1;
    if (!(unit > 0) || !(S->least < 1e-18 * S->most))
        return 0;
    for (size_t a = 0; a < S->f; a++) {
        const ad_fit_param *q = &r->params[S->free[a]];
        double error = unit / sqrt(S->least) * fabs(S->V[S->lowest * S->f + a]) / S->scale[a];
        if (error > 1e6 * fmax(fabs(q->last), fabs(q->start)) && fmax(fabs(q->last), fabs(q->start)) > 0)
            return 1;
    }
    return 0;
}

void ad_fit_estimate(ad_fitting *F, double loss)
{
    ad_objective *P = F->P;
    ad_fit_result *r = &F->result;
    spectrum S = {0};
    int errors = P->n <= AD_FIT_MOST_ERRORS;
    double *work = ad_store_numbers(P->store, errors ? P->n * P->n : 0);
    if (!work || !make(&S, P->store, P->n, errors)) {
        P->status = AD_ERROR_NO_MEMORY;
        return;
    }
    set_bounds(F);
    choose_free(&S, r->params);
    set_gradient(F);
    r->degrees = r->observations > S.f ? r->observations - S.f : 0;
    if (P->squares) {
        r->rss = ad_objective_squares(P, F->p);
        r->s = r->degrees ? sqrt(r->rss / (double)r->degrees) : NAN;
        r->offset = r->degrees ? r->offset : NAN;                          /* of errors that there are not */
    } else
        r->loss = loss;
    double level = P->options->level > 0 ? P->options->level : 0.95;
    r->quantile = ad_student_quantile(level, P->squares ? (double)r->degrees : INFINITY);
    int known = errors && S.f && (P->squares ? at_squares(F, &S, work) : at_loss(F, &S, work));
    set_criteria(r, P, S.f);
    if (!known || P->status != AD_OK)
        return;
    r->condition = S.least > 0 ? sqrt(S.most / S.least) : INFINITY;
    int ended = r->outcome == AD_FIT_CONVERGED || r->outcome == AD_FIT_NOT_CONVERGED;
    if (ended && runs_away(F, &S))
        return;
    if ((S.flat && is_stationary_along(r, &S)) || (r->outcome == AD_FIT_CONVERGED && is_blown_up(r, &S)))
        name_flat(F, &S);
    else if (r->outcome == AD_FIT_CONVERGED) {
        invert(&S, P->squares ? r->s * r->s : 1, r);
        set_intervals(r);
    }
}
