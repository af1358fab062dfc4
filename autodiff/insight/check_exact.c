/* check_exact.c -- what a hand-written gradient is held against, and what one point says of it. */
#include "check_inside.h"

#include "beside.h"
#include "replay.h"
#include "ridders.h"

#include <float.h>
#include <math.h>

/* Agreement is to 1e-9; of an estimate with an error, to what the error leaves. */
static const double AGREES = 1e-9;

/* ---- A recorded function ----------------------------------------------------------------------------------------------------- */

enum { MOST_PLACES = 1 << 24 };            /* rows times places: beyond, no kinks, no rounding, no causes from the graph */

int ad_check_look_inside(ad_checking *c)
{
    size_t n = c->n, columns = ad_function_columns(c->o.function);
    c->tape = ad_tape_create((ad_tape_options){.allocator = c->o.allocator});
    c->by     = ad_checking_take(c, n, sizeof *c->by);
    c->slopes = ad_checking_take(c, n, sizeof *c->slopes);
    c->inputs = ad_checking_take(c, n + columns, sizeof *c->inputs);
    ad_var *params = ad_checking_take(c, 2 * n, sizeof *params), *slopes = params ? params + n : NULL;
    uint32_t *ids = ad_checking_take(c, 2 * n + 1, sizeof *ids);
    int done = c->tape && c->by && c->slopes && c->inputs && params && ids;
    ad_var E = done ? ad_replay(c->o.function, c->tape) : ad_const(NAN);
    if (done && !ad_is_plain(E)) {
        size_t n_ids = 0;
        for (size_t i = 0; i < n; i++)
            params[i] = ad_var_at(c->tape, ((const uint32_t *)c->tape->inputs.base)[i]);
        ad_gradient(E, n, params, slopes);
        for (size_t i = 0; i < n; i++) {
            ids[n_ids++] = ad_id(params[i]);
            if (!ad_is_plain(slopes[i]))
                ids[n_ids++] = ad_id(slopes[i]);
        }
        ids[n_ids++] = ad_id(E);
        done = ad_tape_error(c->tape) == AD_OK && ad_paths_take(&c->paths, c->tape, n_ids, ids);
        c->value   = done ? ad_checking_take(c, c->paths.n, sizeof(double)) : NULL;
        c->adjoint = done ? ad_checking_take(c, c->paths.n, sizeof(double)) : NULL;
        c->tangent = done ? ad_checking_take(c, c->paths.n, sizeof(double)) : NULL;
        c->wide    = done ? ad_checking_take(c, c->paths.n, sizeof *c->wide) : NULL;
        done = c->value && c->adjoint && c->tangent && c->wide;
        c->looks_inside = done && c->paths.n * (double)ad_check_rows(c) <= MOST_PLACES;
        c->of = done ? ad_paths_place(&c->paths, ad_id(E)) : 0;
        for (size_t i = 0; i < n && done; i++) {
            c->by[i] = ad_paths_place(&c->paths, ad_id(params[i]));
            c->slopes[i] = ad_is_plain(slopes[i]) ? UINT32_MAX : ad_paths_place(&c->paths, ad_id(slopes[i]));
        }
    }
    ad_checking_drop(c, params, 2 * n, sizeof *params);
    ad_checking_drop(c, ids, 2 * n + 1, sizeof *ids);
    return done;
}

void ad_check_inputs(const ad_checking *c, size_t sample, size_t row, double *inputs)
{
    for (size_t i = 0; i < c->n; i++)
        inputs[i] = c->points[sample * c->n + i];
    for (size_t k = 0; k < ad_function_columns(c->o.function); k++)
        inputs[c->n + k] = c->o.columns[k][row];
}

/* How far rounding may have moved the exact derivative, and anyone else's. */
static double rounding(ad_checking *c, size_t sample, size_t i)
{
    double sum = 0, largest;
    if (!c->looks_inside || c->slopes[i] == UINT32_MAX)
        return 0;
    for (size_t r = 0; r < ad_check_rows(c); r++) {
        ad_check_inputs(c, sample, r, c->inputs);
        ad_paths_values(&c->paths, c->inputs, 0, NULL, c->value);
        ad_paths_adjoints(&c->paths, c->value, c->slopes[i], c->adjoint);
        sum += ad_paths_rounding(&c->paths, c->value, c->adjoint, c->slopes[i], &largest) + DBL_EPSILON * largest;
    }
    return 8 * sum;
}

/* The derivative in long double, summed over rows. */
static ad_wide wide_slope(ad_checking *c, size_t sample, size_t i)
{
    ad_wide sum = 0;
    for (size_t r = 0; r < ad_check_rows(c); r++) {
        ad_check_inputs(c, sample, r, c->inputs);
        ad_paths_values_wide(&c->paths, c->inputs, c->wide);
        sum += c->wide[c->slopes[i]];
    }
    return sum;
}

/* Whether it has the same slope on both sides nevertheless, at the values that are there. */
static int is_smooth(ad_checking *c, size_t i)
{
    const ad_paths *p = &c->paths;
    for (uint32_t k = 0; k < p->n; k++)
        c->tape->head->values[p->places[k].id] = c->value[k];
    ad_var E = ad_var_at(c->tape, p->places[c->of].id), x = ad_var_at(c->tape, p->places[c->by[i]].id);
    return ad_is_smooth_along(E, x, c->slopes[i] == UINT32_MAX ? 0 : c->value[c->slopes[i]]);
}

/* Marks the components that feel a kink at the given point. */
static void mark_kinks(ad_checking *c, size_t sample)
{
    for (size_t r = 0; c->looks_inside && r < ad_check_rows(c); r++) {
        ad_check_inputs(c, sample, r, c->inputs);
        ad_paths_values(&c->paths, c->inputs, 0, NULL, c->value);
        ad_paths_adjoints(&c->paths, c->value, c->of, c->adjoint);
        if (ad_paths_kink(&c->paths, c->value, c->adjoint, NULL, c->of) == UINT32_MAX)
            continue;
        for (size_t i = 0; i < c->n; i++) {
            ad_paths_tangents(&c->paths, c->value, c->by[i], c->tangent);
            if (ad_paths_kink(&c->paths, c->value, c->adjoint, c->tangent, c->of) != UINT32_MAX && !is_smooth(c, i))
                c->state[i * c->samples + sample] = AT_POINT_KINK;
        }
    }
}

static int judge_exact(ad_checking *c, size_t sample, size_t i)
{
    double yours = c->yours[i * c->samples + sample], exact = c->exact[i * c->samples + sample];
    double *tolerance = &c->tolerance[i * c->samples + sample], size = fmax(fabs(yours), fabs(exact));
    if (isnan(exact))
        return sample ? AT_POINT_NOTHING : AT_POINT_NO_DERIVATIVE;
    if (isinf(exact))
        return yours == exact ? AT_POINT_RIGHT : AT_POINT_NO_DERIVATIVE;
    if (!isfinite(yours))
        return AT_POINT_WRONG;
    *tolerance = AGREES * size;
    if (fabs(yours - exact) <= *tolerance)
        return AT_POINT_RIGHT;
    double noise = rounding(c, sample, i);
    *tolerance += noise;
    if (fabs(yours - exact) > *tolerance)
        return AT_POINT_WRONG;
    ad_wide wide = noise > 0 ? wide_slope(c, sample, i) : NAN;
    int vanish = fabs(yours) <= noise && ad_wide_agree(wide, noise, 0, 0, 0);    /* yours is of double, and so is its noise */
    return ad_wide_agree(wide, 0, yours, 0, AGREES) || vanish ? AT_POINT_RIGHT : AT_POINT_NOISE;
}

/* ---- Differences ------------------------------------------------------------------------------------------------------------------ */

typedef struct along {
    const ad_checking *c;
    double *x;
    size_t  i;
} along;

static double value_along(void *user, double at)
{
    along *a = user;
    const ad_check_options *o = &a->c->o;
    double kept = a->x[a->i];
    a->x[a->i] = at;
    double z = o->value ? o->value(a->c->n, a->x) : o->value_with(a->c->n, a->x, o->user);
    a->x[a->i] = kept;
    return z;
}

static int judge_estimate(ad_checking *c, size_t sample, size_t i, const ad_estimate *e, double fx)
{
    double yours = c->yours[i * c->samples + sample], size = fmax(fabs(yours), fabs(e->slope));
    double difference = fabs(yours - e->slope), x = c->points[sample * c->n + i];
    double steep = fmax(fabs(e->slope), fmax(1e-3 * e->nearby, 1e-6 * fabs(fx) / fmax(1, fabs(x))));
    if (e->kink)
        return AT_POINT_KINK;
    if (!isfinite(e->slope) || !isfinite(e->error))
        return sample ? AT_POINT_NOTHING : AT_POINT_NO_DERIVATIVE;
    c->tolerance[i * c->samples + sample] = 4 * e->error + AGREES * size;
    if (!isfinite(yours))
        return e->error <= 1e-4 * steep ? AT_POINT_WRONG : AT_POINT_NO_DERIVATIVE;
    if (difference > fmax(20 * e->error, fmax(AGREES * size, 1e-13 * e->nearby)))
        return AT_POINT_WRONG;
    return difference <= 4 * e->error + AGREES * size && e->error <= 1e-4 * steep ? AT_POINT_RIGHT : AT_POINT_NOISE;
}

static void estimate(ad_checking *c, size_t sample)
{
    double *x = c->points + sample * c->n;
    for (size_t i = 0; i < c->n; i++) {
        along a = {c, x, i};
        ad_estimate e = ad_ridders(value_along, &a, x[i], c->o.lower ? c->o.lower[i] : -INFINITY, c->o.upper ? c->o.upper[i] : INFINITY);
        size_t at = i * c->samples + sample;
        c->exact[at] = e.kink ? NAN : e.slope;
        c->error[at] = e.error;
        c->state[at] = (unsigned char)judge_estimate(c, sample, i, &e, value_along(&a, x[i]));
    }
}

/* ---- A point ------------------------------------------------------------------------------------------------------------------------ */

ad_status ad_check_point(ad_checking *c, size_t sample)
{
    if (!c->o.function) {
        estimate(c, sample);
        return AD_OK;
    }
    const double *const *columns = c->o.columns;
    ad_status status = ad_function_sum_gradient(c->o.function, c->points + sample * c->n, columns, ad_check_rows(c), NULL, c->row);
    if (status != AD_OK)
        return status;
    for (size_t i = 0; i < c->n; i++)
        c->exact[i * c->samples + sample] = c->row[i];
    for (size_t i = 0; i < c->n; i++)
        c->state[i * c->samples + sample] = (unsigned char)judge_exact(c, sample, i);
    if (!sample)
        mark_kinks(c, sample);
    return AD_OK;
}
