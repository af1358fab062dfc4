/* scan.c -- recurrences: the step run forward, and its adjoint, made once, run back. */
#include "scan.h"

#include "internal.h"
#include "run.h"

struct ad_scan {
    ad_allocator       allocator;
    const ad_function *step;               /* held */
    ad_function       *adjoint;            /* of the step's columns and its new states' adjoints; slopes as `back` has them, then params' */
    ad_scan_column    *columns;            /* [n_columns] */
    size_t             n_columns, n_states, n_fixed, n_sequences, before, after;   /* rows beyond the ends that shifts look at */
    size_t            *back;               /* [n_back] columns that are differentiated by */
    size_t             n_back;
    struct scanning   *spare;              /* memory of the last run, taken and given back by exchange */
};

/* ---- Memory ------------------------------------------------------------------------------------------------------------- */

/* One run. A vector is an array of rows with what is before and after it, `stride` numbers in all. */
typedef struct scanning {
    const ad_scan      *s;
    const ad_scan_data *data;
    size_t              rows, stride, kept;  /* kept: steps whose states stand in memory; 2 where only the last is wanted */
    double             *states;            /* [kept][n_states][stride] */
    double             *fixed;             /* [n_fixed][stride] */
    double             *adjoint;           /* [2][n_states][stride] */
    double             *slope;             /* [n_fixed][stride] */
    double             *out;               /* [n_back][rows] */
    double             *values;            /* [most outputs] */
    const double      **columns;           /* [n_columns + n_states] */
    double            **results;           /* [most outputs] */
} scanning;

enum { MOST_KEPT = 1 << 20 };              /* numbers that wait for the next run */

static size_t most_outputs(const ad_scan *s) { return s->step->n_outputs + s->n_back + s->step->n_params; }

static double *vector(const scanning *w, double *of, size_t k) { return of + k * w->stride + w->s->before; }
static double *state(const scanning *w, size_t t, size_t k) { return vector(w, w->states, t % w->kept * w->s->n_states + k); }

static void free_memory(scanning *w)
{
    const ad_scan *s = w->s;
    const ad_allocator *a = &s->allocator;
    ad_drop(a, w->states, w->kept * s->n_states * w->stride, sizeof *w->states);
    ad_drop(a, w->fixed, s->n_fixed * w->stride, sizeof *w->fixed);
    ad_drop(a, w->adjoint, 2 * s->n_states * w->stride, sizeof *w->adjoint);
    ad_drop(a, w->slope, s->n_fixed * w->stride, sizeof *w->slope);
    ad_drop(a, w->out, s->n_back * w->rows, sizeof *w->out);
    ad_drop(a, w->values, most_outputs(s), sizeof *w->values);
    ad_drop(a, w->columns, s->n_columns + s->n_states, sizeof *w->columns);
    ad_drop(a, w->results, most_outputs(s), sizeof *w->results);
    ad_drop(a, w, 1, sizeof *w);
}

static scanning *make_memory(const ad_scan *s, size_t rows, size_t kept)
{
    const ad_allocator *a = &s->allocator;
    size_t stride = s->before + rows + s->after;
    scanning *w = kept > SIZE_MAX / 16 / (s->n_states * (stride + 1)) ? NULL : ad_make(a, 1, sizeof *w);
    if (!w)
        return NULL;
    *w = (scanning){.s = s, .rows = rows, .stride = stride, .kept = kept};
    w->states  = ad_make(a, kept * s->n_states * stride, sizeof *w->states);
    w->fixed   = ad_make(a, s->n_fixed * stride, sizeof *w->fixed);
    w->adjoint = ad_make(a, 2 * s->n_states * stride, sizeof *w->adjoint);
    w->slope   = ad_make(a, s->n_fixed * stride, sizeof *w->slope);
    w->out     = ad_make(a, s->n_back * rows, sizeof *w->out);
    w->values  = ad_make(a, most_outputs(s), sizeof *w->values);
    w->columns = ad_make(a, s->n_columns + s->n_states, sizeof *w->columns);
    w->results = ad_make(a, most_outputs(s), sizeof *w->results);
    if (w->states && w->fixed && w->adjoint && w->slope && w->out && w->values && w->columns && w->results)
        return w;
    free_memory(w);
    return NULL;
}

/* What is before and after a vector of states or of what is fixed is 0, and never written to. */
static scanning *begin(const ad_scan *s, const ad_scan_data *data, int back)
{
    if (data->rows > SIZE_MAX / 64 - s->before - s->after || data->steps > SIZE_MAX / 64)
        return NULL;
    size_t kept = back ? data->steps + 1 : 2;
    scanning *w = __atomic_exchange_n(&((ad_scan *)(uintptr_t)s)->spare, NULL, __ATOMIC_ACQUIRE);
    if (w && (w->rows != data->rows || w->kept != kept)) {
        free_memory(w);
        w = NULL;
    }
    if (w) {
        memset(w->adjoint, 0, 2 * s->n_states * w->stride * sizeof *w->adjoint);
        memset(w->slope, 0, s->n_fixed * w->stride * sizeof *w->slope);
    } else if (!(w = make_memory(s, data->rows, kept)))
        return NULL;
    w->data = data;
    return w;
}

static void end(scanning *w)
{
    ad_scan *s = (ad_scan *)(uintptr_t)w->s;
    scanning *none = NULL;
    size_t numbers = (w->kept + 2) * s->n_states * w->stride + 2 * s->n_fixed * w->stride + s->n_back * w->rows;
    if (numbers > MOST_KEPT || !__atomic_compare_exchange_n(&s->spare, &none, w, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        free_memory(w);
}

/* ---- Life --------------------------------------------------------------------------------------------------------------- */

static ad_status check_columns(ad_scan *s)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        const ad_scan_column *c = &s->columns[i];
        size_t *n = c->role == AD_SCAN_FIXED ? &s->n_fixed : c->role == AD_SCAN_SEQUENCE ? &s->n_sequences : NULL;
        if ((unsigned)c->role > AD_SCAN_SEQUENCE || (!n && c->which >= s->n_states) || c->which > UINT32_MAX ||
            (c->role == AD_SCAN_SEQUENCE && c->shift) || c->shift > INT32_MAX || c->shift < -INT32_MAX)
            return AD_ERROR_ARGUMENT;
        if (n && c->which >= *n)
            *n = c->which + 1;
        if (c->shift < 0 && (size_t)-c->shift > s->before)
            s->before = (size_t)-c->shift;
        if (c->shift > 0 && (size_t)c->shift > s->after)
            s->after = (size_t)c->shift;
        if (c->role != AD_SCAN_SEQUENCE)
            s->back[s->n_back++] = i;
    }
    return AD_OK;
}

/* The slopes of: sum over rows of new states times their adjoints, which are new columns, plus the total. */
static ad_function *make_adjoint(const ad_scan *s)
{
    const ad_function *f = s->step;
    size_t n = s->n_back + f->n_params;
    uint32_t *wrt = ad_make(&s->allocator, n, sizeof *wrt), *out = ad_make(&s->allocator, n, sizeof *out), sum = UINT32_MAX;
    ad_graph G = {.allocator = s->allocator};
    ad_function *made = NULL;
    if (wrt && out && ad_graph_copy(&G, &f->graph)) {
        for (uint32_t k = 0; k < f->n_outputs && !G.failed; k++) {
            uint32_t term = f->outputs[k];
            if (k < s->n_states) {
                uint32_t g = ad_graph_make(&G, AD_OP_COLUMN, (uint32_t)(s->n_columns + k), 0, 0);
                term = ad_graph_row_sum(&G, ad_graph_make(&G, AD_OP_chain, g, term, 0));
            }
            sum = k ? ad_graph_make(&G, AD_OP_add, sum, term, 0) : term;
        }
        for (size_t i = 0; i < n; i++)
            wrt[i] = i < s->n_back ? f->column_nodes[s->back[i]] : f->param_nodes[i - s->n_back];
        if (!G.failed)
            ad_graph_reverse(&G, sum, (uint32_t)n, wrt, out);
        if (!G.failed)
            made = ad_function_extract(f, &G, 0, s->n_states, n, out);
    }
    ad_graph_free(&G);
    ad_drop(&s->allocator, wrt, n, sizeof *wrt);
    ad_drop(&s->allocator, out, n, sizeof *out);
    return made;
}

static ad_status fill(ad_scan *s, const ad_scan_column *columns)
{
    const ad_allocator *a = &s->allocator;
    s->columns = ad_make(a, s->n_columns, sizeof *s->columns);
    s->back    = ad_make(a, s->n_columns, sizeof *s->back);
    if (!s->columns || !s->back)
        return AD_ERROR_NO_MEMORY;
    memcpy(s->columns, columns, s->n_columns * sizeof *columns);
    ad_status status = check_columns(s);
    if (status != AD_OK || s->n_back + s->step->n_params == 0)
        return status;
    s->adjoint = make_adjoint(s);
    return s->adjoint ? AD_OK : AD_ERROR_NO_MEMORY;
}

ad_scan *ad_scan_new(const ad_function *step, size_t n_states, const ad_scan_column *columns, ad_status *status)
{
    ad_status ours = AD_OK;
    ad_scan *s = NULL;
    if (!step || !n_states || (step->n_columns && !columns) || (step->n_outputs != n_states && step->n_outputs != n_states + 1) ||
        (step->n_outputs > n_states && ad_function_varies(step, n_states)))
        ours = AD_ERROR_ARGUMENT;
    else if (!(s = ad_make(&step->allocator, 1, sizeof *s)))
        ours = AD_ERROR_NO_MEMORY;
    else {
        s->allocator = step->allocator;
        s->step = ad_function_hold(step);
        s->n_states = n_states;
        s->n_columns = step->n_columns;
        ours = fill(s, columns);
    }
    if (ours != AD_OK) {
        ad_scan_free(s);
        s = NULL;
    }
    if (status)
        *status = ours;
    return s;
}

void ad_scan_free(ad_scan *s)
{
    if (!s)
        return;
    ad_allocator a = s->allocator;
    if (s->spare)
        free_memory(s->spare);
    ad_function_free(s->adjoint);
    ad_function_free((ad_function *)(uintptr_t)s->step);
    ad_drop(&a, s->columns, s->n_columns, sizeof *s->columns);
    ad_drop(&a, s->back, s->n_columns, sizeof *s->back);
    ad_drop(&a, s, 1, sizeof *s);
}

/* ---- Running ------------------------------------------------------------------------------------------------------------ */

static void set_columns(scanning *w, size_t t)
{
    const ad_scan *s = w->s;
    for (size_t i = 0; i < s->n_columns; i++) {
        const ad_scan_column *c = &s->columns[i];
        w->columns[i] = c->role == AD_SCAN_STATE ? state(w, t, c->which) + c->shift
                      : c->role == AD_SCAN_FIXED ? vector(w, w->fixed, c->which) + c->shift
                                                 : w->data->sequences[c->which] + t * w->data->rows;
    }
}

/* One evaluation; where zero met infinity, with care. */
static ad_status evaluate(const scanning *w, const ad_made *m, ad_runner *r, int first)
{
    ad_results to = {.values = w->values, .rows = w->results};
    ad_status status = ad_runner_go(r, first ? w->data->params : NULL, w->columns, &to);
    if (status != AD_OK || !m->plan.chains || !to.nan)
        return status;
    return ad_graph_run(&m->graph, m->n_outputs, m->outputs, w->data->params, w->columns, w->data->rows, &to);
}

static void spread(double *to, double value, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        to[r] = value;
}

static ad_status forward(scanning *w, double *total)
{
    const ad_scan *s = w->s;
    const ad_made *m = ad_made_for(s->step, AD_FOR_ROWS);
    ad_runner *r = m ? ad_runner_open(&m->plan, w->data->rows) : NULL;
    ad_status status = r ? AD_OK : AD_ERROR_NO_MEMORY;
    double sum = 0;
    for (size_t t = 0; t < w->data->steps && status == AD_OK; t++) {
        set_columns(w, t);
        for (size_t k = 0; k < s->n_states; k++)
            w->results[k] = state(w, t + 1, k);
        status = evaluate(w, m, r, t == 0);
        for (size_t k = 0; k < s->n_states; k++)
            if (m->plan.output[k] != UINT32_MAX)
                spread(w->results[k], w->values[k], w->data->rows);
        if (s->step->n_outputs > s->n_states)
            sum += w->values[s->n_states];
    }
    if (total)
        *total = sum;
    ad_runner_close(r);
    return status;
}

/* to and from do not overlap. */
static void add_rows(double *restrict to, const double *restrict from, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        to[r] += from[r];
}

/* The slopes of a step go to the states before it, to what is fixed, and to the params. */
static void distribute(scanning *w, const ad_made *m, double *before, double *params)
{
    const ad_scan *s = w->s;
    size_t rows = w->data->rows;
    memset(before, 0, s->n_states * w->stride * sizeof *before);
    for (size_t i = 0; i < s->n_back; i++) {
        const ad_scan_column *c = &s->columns[s->back[i]];
        double *to = vector(w, c->role == AD_SCAN_STATE ? before : w->slope, c->which) + c->shift;
        if (m->plan.output[i] == UINT32_MAX)
            add_rows(to, w->results[i], rows);
        else if (w->values[i] != 0)
            for (size_t r = 0; r < rows; r++)
                to[r] += w->values[i];
    }
    for (size_t i = 0; params && i < s->step->n_params; i++)
        params[i] += w->values[s->n_back + i];
}

static ad_status backward(scanning *w, double *params)
{
    const ad_scan *s = w->s;
    const ad_made *m = ad_made_for(s->adjoint, AD_FOR_ROWS);
    ad_runner *r = m ? ad_runner_open(&m->plan, w->data->rows) : NULL;
    ad_status status = r ? AD_OK : AD_ERROR_NO_MEMORY;
    double *now = w->adjoint, *before = w->adjoint + s->n_states * w->stride;
    for (size_t i = 0; i < s->n_back; i++)
        w->results[i] = w->out + i * w->data->rows;
    for (size_t t = w->data->steps; t-- > 0 && status == AD_OK;) {
        set_columns(w, t);
        for (size_t k = 0; k < s->n_states; k++)
            w->columns[s->n_columns + k] = vector(w, now, k);
        if ((status = evaluate(w, m, r, t + 1 == w->data->steps)) == AD_OK)
            distribute(w, m, before, params);
        double *swap = now;
        now = before;
        before = swap;
    }
    if (now != w->adjoint)
        memcpy(w->adjoint, now, s->n_states * w->stride * sizeof *now);
    ad_runner_close(r);
    return status;
}

/* ---- What is asked ------------------------------------------------------------------------------------------------------- */

static int has_all(const double *const *arrays, size_t n, size_t numbers)
{
    for (size_t i = 0; i < n && numbers; i++)
        if (!arrays || !arrays[i])
            return 0;
    return 1;
}

static int fits(const ad_scan *s, const ad_scan_data *d)
{
    return s && d && (d->params || !s->step->n_params) && has_all(d->fixed, s->n_fixed, d->rows) &&
           has_all(d->start, s->n_states, d->rows) && has_all(d->sequences, s->n_sequences, d->rows * d->steps);
}

static void copy_in(scanning *w)
{
    size_t bytes = w->data->rows * sizeof(double);
    for (size_t k = 0; k < w->s->n_states && bytes; k++)
        memcpy(state(w, 0, k), w->data->start[k], bytes);
    for (size_t k = 0; k < w->s->n_fixed && bytes; k++)
        memcpy(vector(w, w->fixed, k), w->data->fixed[k], bytes);
}

static void copy_out(const scanning *w, double *const *to, double *from, size_t n)
{
    for (size_t k = 0; to && k < n && w->data->rows; k++)
        if (to[k])
            memcpy(to[k], vector(w, from, k), w->data->rows * sizeof(double));
}

static double *last_states(const scanning *w) { return w->states + w->data->steps % w->kept * w->s->n_states * w->stride; }

ad_status ad_scan_run(const ad_scan *s, const ad_scan_data *data, double *const *last, double *total)
{
    if (!fits(s, data))
        return AD_ERROR_ARGUMENT;
    scanning *w = begin(s, data, 0);
    if (!w)
        return AD_ERROR_NO_MEMORY;
    copy_in(w);
    ad_status status = forward(w, total);
    if (status == AD_OK)
        copy_out(w, last, last_states(w), s->n_states);
    end(w);
    return status;
}

ad_status ad_scan_gradient(const ad_scan *s, const ad_scan_data *data, const double *const *seeds, double *const *last,
                           double *total, const ad_scan_slopes *slopes)
{
    if (!fits(s, data) || !slopes || (seeds && !has_all(seeds, s->n_states, data->rows)))
        return AD_ERROR_ARGUMENT;
    scanning *w = begin(s, data, 1);
    if (!w)
        return AD_ERROR_NO_MEMORY;
    copy_in(w);
    for (size_t k = 0; seeds && k < s->n_states && data->rows; k++)
        memcpy(vector(w, w->adjoint, k), seeds[k], data->rows * sizeof(double));
    for (size_t i = 0; slopes->params && i < s->step->n_params; i++)
        slopes->params[i] = 0;
    ad_status status = forward(w, total);
    if (status == AD_OK && s->adjoint)
        status = backward(w, slopes->params);
    if (status == AD_OK) {
        copy_out(w, last, last_states(w), s->n_states);
        copy_out(w, slopes->fixed, w->slope, s->n_fixed);
        copy_out(w, slopes->start, w->adjoint, s->n_states);
    }
    end(w);
    return status;
}
