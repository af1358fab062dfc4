/* nested.c -- functions that call others and sum over rows, through every tier that has them, each held against the same graph with
 * calls and sums written out (nested.h), which the witness evaluates. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE                        /* setenv */
#endif
#include "nested.h"
#include "tiers.h"
#include "witness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_WRT = NESTED_PARAMS + NESTED_COLUMNS * DISTINCT, MOST_OF = NESTED_OUTPUTS * DISTINCT + 1, MANY_ROWS = 40000, STEPS = 3,
       TIMES = 8 };

static const char *const isas[] = {"avx512", "avx2", "baseline"};
static const double direction[NESTED_PARAMS] = {1, 1.5, -0.5};

static char said[640];

static int say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    return 0;
}

typedef struct run {
    nested           g;
    nested_function *top;
    size_t           p, c, m, rows, wrt;   /* of the top function; p + c DISTINCT */
    tier_counts     *counts;
    ad_function     *f, *first;            /* the top function; its first output */
    double           column[NESTED_COLUMNS][NESTED_ROWS];
    const double    *columns[NESTED_COLUMNS];
    bounded          value[MOST_OF];       /* [m][DISTINCT], then the sum over the rows of the first */
    bounded          slope[(DISTINCT + 1) * MOST_WRT], Hv[MOST_WRT];   /* of the first in each row, of its sum; of the sum */
} run;

/* Slopes that are constants were summed up when they were written out. */
static int holds(run *R, const char *how, const char *isa, size_t k, size_t r, double got, bounded wanted)
{
    wanted.error += ROUNDINGS * fabs(wanted.value);
    int told = isfinite(wanted.value) && isfinite(wanted.error) ? agrees(got, wanted, TIMES) : -1;
    R->counts->compared += told >= 0;
    R->counts->untold += told < 0;
    return told != 0 || say("nested, %s, %s: %zu, row %zu is %.17g, not %.17g +- %.3g", how, isa, k, r, got, wanted.value, wanted.error);
}

/* What the outputs of a function written out are at a point; it goes. */
static int watch(ad_function *f, const double *point, bounded *outputs)
{
    bounded *v = f ? malloc((f->graph.n + (size_t)1) * sizeof *v) : NULL;
    if (v) {
        witness(&f->graph, point, NULL, v);
        for (size_t k = 0; k < f->n_outputs; k++)
            outputs[k] = v[f->outputs[k]];
    }
    int done = v != NULL;
    free(v);
    ad_function_free(f);
    return done || say("nested: no function written out");
}

/* ---- The functions --------------------------------------------------------------------------------------------------- */

static ad_function *record(const nested *g, const nested_function *f, size_t outputs)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[NESTED_PARAMS + NESTED_COLUMNS], y[NESTED_OUTPUTS];
    for (int i = 0; i < f->params + f->columns; i++)
        inputs[i] = i < f->params ? ad_param(tape, NULL, 0.5) : ad_column(tape, NULL);
    record_nested(tape, g, f, inputs, y);
    ad_function *made = ad_function_new(tape, outputs, y);
    if (!made)
        say("nested: %s", ad_tape_error_message(tape));
    ad_tape_free(tape);
    return made;
}

static int written_out(run *R)
{
    static written w;
    ad_tape *tape = ad_tape_new();
    ad_var inputs[MOST_WRT], of[MOST_OF];
    by_row columns[NESTED_COLUMNS], outputs[NESTED_OUTPUTS];
    size_t all[MOST_WRT], n = 0;
    w.tape = tape;
    w.n = 0;
    for (size_t i = 0; i < R->wrt; i++) {
        all[i] = i;
        inputs[i] = given(&w, i < R->p ? R->g.param[i] : R->column[(i - R->p) / DISTINCT][(i - R->p) % DISTINCT]);
        if (i >= R->p)
            columns[(i - R->p) / DISTINCT][(i - R->p) % DISTINCT] = inputs[i];
    }
    write_out(&w, &R->g, R->top, inputs, columns, R->rows, DISTINCT, outputs);
    for (size_t k = 0; k < R->m; k++)
        for (size_t r = 0; r < DISTINCT; r++)
            of[n++] = outputs[k][r];
    ad_var sum = of[n++] = sum_of_rows(outputs[0], R->rows);
    ad_function *values = ad_function_new(tape, n, of), *total = ad_function_new(tape, 1, &sum), *slopes = NULL, *product = NULL;
    of[DISTINCT] = sum;
    ad_function *first = ad_function_new(tape, DISTINCT + 1, of);
    ad_tape_free(tape);
    if (R->wrt)
        slopes = ad_function_derive(first, (ad_derive_options){.n = R->wrt, .inputs = all});
    if (R->p) {
        ad_function *by_params = ad_function_derive(total, (ad_derive_options){.n = R->p, .inputs = all});
        product = ad_function_derive(by_params, (ad_derive_options){.mode = AD_TANGENT, .n = R->p, .inputs = all});
        ad_function_free(by_params);
    }
    ad_function_free(first);
    ad_function_free(total);
    memcpy(w.point + w.n, direction, R->p * sizeof *direction);    /* the tangent's params come last */
    return watch(values, w.point, R->value) & (!R->wrt || watch(slopes, w.point, R->slope)) & (!R->p || watch(product, w.point, R->Hv));
}

static int make(run *R)
{
    for (int j = 0; j < NESTED_FUNCTIONS; j++) {
        nested_function *f = &R->g.function[j];
        if (!(f->f = record(&R->g, f, (size_t)f->outputs)))
            return 0;
    }
    R->f = R->top->f;
    return (R->first = record(&R->g, R->top, 1)) != NULL && written_out(R);
}

/* Slopes mean something where values are numbers, second ones where the first are. */
static void forgive(run *R)
{
    const bounded *sum = &R->slope[DISTINCT * R->wrt];
    int finite = isfinite(R->value[R->m * DISTINCT].value);
    for (size_t i = 0; i < R->p; i++)
        finite &= isfinite(sum[i].value);
    for (size_t i = 0; i < R->p && !finite; i++)
        R->Hv[i].error = INFINITY;
}

/* ---- The tiers ----------------------------------------------------------------------------------------------------------- */

static int on_the_tape(run *R, size_t r)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[NESTED_PARAMS + NESTED_COLUMNS], y[NESTED_OUTPUTS], slope[NESTED_PARAMS + NESTED_COLUMNS];
    size_t n = R->p + R->c;
    int sound = 1;
    for (size_t i = 0; i < n; i++)
        inputs[i] = ad_param(tape, NULL, i < R->p ? R->g.param[i] : R->column[i - R->p][r]);
    record_nested(tape, &R->g, R->top, inputs, y);
    for (size_t k = 0; k < R->m && sound; k++)
        sound = holds(R, "on the tape", "value", k, r, ad_value(y[k]), R->value[k * DISTINCT + r]);
    if (y[0].link && n && sound) {
        ad_backward(y[0]);
        for (size_t i = 0; i < n && sound; i++) {
            size_t at = i < R->p ? i : R->p + (i - R->p) * DISTINCT + r;
            sound = holds(R, "on the tape", "sweep", i, r, ad_grad(inputs[i]), R->slope[r * R->wrt + at]);
        }
        ad_gradient(y[0], n, inputs, slope);
        for (size_t i = 0; i < n && sound; i++) {
            size_t at = i < R->p ? i : R->p + (i - R->p) * DISTINCT + r;
            sound = holds(R, "on the tape", "gradient as nodes", i, r, ad_value(slope[i]), R->slope[r * R->wrt + at]);
        }
    }
    sound = sound && (ad_tape_error(tape) == AD_OK || say("nested: %s", ad_tape_error_message(tape)));
    ad_tape_free(tape);
    return sound;
}

static int at_a_point(run *R, size_t r)
{
    double point[NESTED_COLUMNS], values[NESTED_OUTPUTS];
    for (size_t k = 0; k < R->c; k++)
        point[k] = R->column[k][r];
    if (ad_function_at(R->f, R->g.param, point, values) != AD_OK)
        return say("nested, at a point: a status");
    for (size_t k = 0; k < R->m; k++)
        if (!holds(R, "at a point", "", k, r, values[k], R->value[k * DISTINCT + r]))
            return 0;
    return 1;
}

static int over_rows(run *R, const char *isa)
{
    static double out[NESTED_OUTPUTS][NESTED_ROWS], inter[NESTED_OUTPUTS * NESTED_ROWS];
    double *outs[] = {out[0], out[1]};
    if (ad_function_rows(R->f, R->g.param, R->columns, R->rows, outs) != AD_OK ||
        ad_function_rows_interleaved(R->f, R->g.param, R->columns, R->rows, inter) != AD_OK)
        return say("nested, over rows: a status");
    for (size_t k = 0; k < R->m; k++)
        for (size_t r = 0; r < R->rows; r++) {
            double a = out[k][r], b = inter[r * R->m + k];
            if (!holds(R, "over rows", isa, k, r, a, R->value[k * DISTINCT + r % DISTINCT]))
                return 0;
            if (memcmp(&a, &b, sizeof a) && !(isnan(a) && isnan(b)))
                return say("nested, %s: output %zu, row %zu is %.17g by columns, %.17g row-major", isa, k, r, a, b);
        }
    return 1;
}

static int sums(run *R, const char *isa)
{
    double value[NESTED_OUTPUTS], one, total, slope[NESTED_PARAMS], Hv[NESTED_PARAMS];
    bounded wanted = R->value[R->m * DISTINCT];
    ad_function *over = ad_function_total(R->first);
    ad_status status = over ? ad_function_over(over, R->g.param, R->columns, R->rows, &total) : AD_ERROR_NO_MEMORY;
    ad_function_free(over);
    if (status != AD_OK || ad_function_sum(R->f, R->g.param, R->columns, R->rows, value) != AD_OK ||
        ad_function_sum_gradient(R->first, R->g.param, R->columns, R->rows, &one, slope) != AD_OK ||
        (R->p && ad_function_hessian_vector(R->first, R->g.param, R->columns, R->rows, direction, Hv) != AD_OK))
        return say("nested, a sum: a status");
    if (!holds(R, "the sum", isa, 0, R->rows, value[0], wanted) || !holds(R, "the total", isa, 0, R->rows, total, wanted) ||
        !holds(R, "the sum beside its gradient", isa, 0, R->rows, one, wanted))
        return 0;
    for (size_t i = 0; i < R->p; i++)
        if (!holds(R, "the gradient of the sum", isa, i, R->rows, slope[i], R->slope[DISTINCT * R->wrt + i]) ||
            !holds(R, "the Hessian's product", isa, i, R->rows, Hv[i], R->Hv[i]))
            return 0;
    return 1;
}

/* Slopes of the first output by all its inputs, row by row; those by columns back in the table that the columns came from. They
 * are refused where a row sum is on the way from what varies. */
static int slopes(run *R, const char *isa)
{
    static double out[NESTED_PARAMS + NESTED_COLUMNS][NESTED_ROWS];
    double *outs[NESTED_PARAMS + NESTED_COLUMNS], table[DISTINCT * NESTED_COLUMNS] = {0};
    size_t all[NESTED_PARAMS + NESTED_COLUMNS], index[NESTED_ROWS], n = R->p + (R->top->sums ? 0 : R->c);
    ad_status status;
    for (size_t i = 0; i < n; i++) {
        all[i] = i;
        outs[i] = out[i];
    }
    for (size_t r = 0; r < NESTED_ROWS; r++)
        index[r] = r % DISTINCT;
    ad_function *d = n ? ad_function_derive(R->first, (ad_derive_options){.n = n, .inputs = all, .status = &status}) : NULL;
    if (!d)
        return !n || (R->top->sums && status == AD_ERROR_ARGUMENT) || say("nested: no derivative");
    int sound = ad_function_rows(d, R->g.param, R->columns, R->rows, outs) == AD_OK || say("nested, slopes: a status");
    ad_function_free(d);
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < R->rows && sound; r++) {
            size_t here = r % DISTINCT, at = i < R->p ? i : R->p + (i - R->p) * DISTINCT + here;
            sound = holds(R, "slopes", isa, i, r, out[i][r], R->slope[here * R->wrt + at]);
        }
    if (n == R->p || !sound)
        return sound;
    if (ad_scatter_add(R->rows, index, DISTINCT, R->c, (const double *const *)(outs + R->p), table) != AD_OK)
        return say("nested, scattered: a status");
    for (size_t k = 0; k < R->c && sound; k++)
        for (size_t r = 0; r < DISTINCT && sound; r++)
            sound = holds(R, "slopes by the table", isa, k, r, table[r * R->c + k], R->slope[DISTINCT * R->wrt + R->p + k * DISTINCT + r]);
    return sound;
}

static int on_threads(run *R)
{
    static double column[NESTED_COLUMNS][MANY_ROWS], out[2][NESTED_OUTPUTS][MANY_ROWS];
    double g[2][NESTED_PARAMS + 1] = {{0}};
    const double *columns[] = {column[0], column[1]};
    for (size_t k = 0; k < R->c; k++)
        for (size_t r = 0; r < MANY_ROWS; r++)
            column[k][r] = R->column[k][r % DISTINCT] + (double)(r % 1000) * 0x1p-12;
    for (int i = 0; i < 2; i++) {
        double *outs[] = {out[i][0], out[i][1]};
        ad_threads(1 + i);
        if (ad_function_sum_gradient(R->first, R->g.param, columns, MANY_ROWS, &g[i][NESTED_PARAMS], g[i]) != AD_OK ||
            ad_function_rows(R->f, R->g.param, columns, MANY_ROWS, outs) != AD_OK)
            return say("nested, on threads: a status");
    }
    ad_threads(0);
    return (!memcmp(g[0], g[1], sizeof g[0]) && !memcmp(out[0], out[1], sizeof out[0])) ||
           say("nested: two threads give other bits than one");
}

/* ---- Scans --------------------------------------------------------------------------------------------------------------- */

/* The middle function, squashed, as the step of a recurrence over DISTINCT rows: its first column the state, shifted; its second what
 * is fixed, or another for each step. */
typedef struct recurrence {
    const nested_function *f;
    ptrdiff_t              shift;
    int                    sequence;
    double                 start[DISTINCT], other[STEPS * DISTINCT], seed[DISTINCT];
} recurrence;

static ad_scan *make_scan(run *R, const recurrence *s)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[NESTED_PARAMS + NESTED_COLUMNS], y[NESTED_OUTPUTS];
    ad_status status = AD_OK;
    for (int i = 0; i < s->f->params + s->f->columns; i++)
        inputs[i] = i < s->f->params ? ad_param(tape, NULL, 0.5) : ad_column(tape, NULL);
    record_nested(tape, &R->g, s->f, inputs, y);
    y[0] = ad_tanh(ad_add(y[0], ad_mul(0.5, inputs[s->f->params])));
    y[1] = ad_row_sum(ad_square(y[0]));
    ad_function *step = ad_function_new(tape, 2, y);
    const ad_scan_column columns[] = {{AD_SCAN_STATE, 0, s->shift}, {s->sequence ? AD_SCAN_SEQUENCE : AD_SCAN_FIXED, 0, 0}};
    ad_scan *scan = ad_scan_new(step, 1, columns, &status);
    if (!scan)
        say("nested, a scan: status %d", (int)status);
    ad_function_free(step);
    ad_tape_free(tape);
    return scan;
}

/* The last states, the total, then the slopes of E by params, start and what is fixed. */
static int write_scan_out(run *R, const recurrence *s, bounded *wanted)
{
    static written w;
    ad_tape *tape = ad_tape_new();
    size_t p = (size_t)s->f->params, n = p + 2 * DISTINCT, all[NESTED_PARAMS + 2 * DISTINCT];
    ad_var inputs[NESTED_PARAMS + 2 * DISTINCT], of[DISTINCT + 1], total = ad_const(0), E = ad_const(0);
    by_row columns[NESTED_COLUMNS], state, outputs[NESTED_OUTPUTS];
    w.tape = tape;
    w.n = 0;
    for (size_t i = 0; i < n; i++) {
        all[i] = i;
        inputs[i] = given(&w, i < p ? R->g.param[i] : i < p + DISTINCT ? s->start[i - p] : s->other[i - p - DISTINCT]);
    }
    memcpy(state, inputs + p, sizeof state);
    for (size_t t = 0; t < STEPS; t++) {
        for (size_t r = 0; r < DISTINCT; r++) {
            ptrdiff_t from = (ptrdiff_t)r + s->shift;
            columns[0][r] = from < 0 || from >= DISTINCT ? given(&w, 0) : state[from];
            columns[1][r] = s->sequence ? given(&w, s->other[t * DISTINCT + r]) : inputs[p + DISTINCT + r];
        }
        write_out(&w, &R->g, s->f, inputs, columns, DISTINCT, DISTINCT, outputs);
        for (size_t r = 0; r < DISTINCT; r++) {
            state[r] = ad_tanh(ad_add(outputs[0][r], ad_mul(0.5, columns[0][r])));
            total = ad_add(total, ad_square(state[r]));
        }
    }
    for (size_t r = 0; r < DISTINCT; r++) {
        of[r] = state[r];
        E = ad_add(E, ad_mul(s->seed[r], state[r]));
    }
    of[DISTINCT] = total;
    E = ad_add(E, total);
    ad_function *values = ad_function_new(tape, DISTINCT + 1, of), *f = ad_function_new(tape, 1, &E),
                *by_all = f ? ad_function_derive(f, (ad_derive_options){.n = n, .inputs = all}) : NULL;
    ad_tape_free(tape);
    ad_function_free(f);
    return watch(values, w.point, wanted) & watch(by_all, w.point, wanted + DISTINCT + 1);
}

static int scan(run *R, const recurrence *s, const char *isa)
{
    bounded wanted[DISTINCT + 1 + NESTED_PARAMS + 2 * DISTINCT];
    size_t p = (size_t)s->f->params, n = 0;
    double end[2][DISTINCT], total[2], slope[NESTED_PARAMS], start[DISTINCT], fixed[DISTINCT] = {0};
    double *ends[] = {end[0]}, *ends_again[] = {end[1]}, *starts[] = {start}, *fixeds[] = {fixed};
    const double *from[] = {s->start}, *other[] = {s->other}, *seeds[] = {s->seed};
    ad_scan_data data = {.rows = DISTINCT, .steps = STEPS, .params = R->g.param, .fixed = other, .sequences = other, .start = from};
    ad_scan_slopes to = {.params = slope, .fixed = s->sequence || s->f->columns < 2 ? NULL : fixeds, .start = starts};
    ad_scan *made = make_scan(R, s);
    if (!made || !write_scan_out(R, s, wanted)) {
        ad_scan_free(made);
        return 0;
    }
    int sound = (ad_scan_run(made, &data, ends, &total[0]) == AD_OK &&
                 ad_scan_gradient(made, &data, seeds, ends_again, &total[1], &to) == AD_OK) || say("nested, a scan: a status");
    for (int again = 0; again < 2; again++) {
        for (n = 0; n < DISTINCT && sound; n++)
            sound = holds(R, "a scan", isa, n, 0, end[again][n], wanted[n]);
        sound = sound && holds(R, "a scan's total", isa, 0, 0, total[again], wanted[DISTINCT]);
    }
    n = DISTINCT + 1;
    for (size_t i = 0; i < p && sound; i++)
        sound = holds(R, "a scan's slopes by params", isa, i, 0, slope[i], wanted[n + i]);
    for (size_t r = 0; r < DISTINCT && sound; r++)
        sound = holds(R, "a scan's slopes by the start", isa, 0, r, start[r], wanted[n + p + r]) &&
                (!to.fixed || holds(R, "a scan's slopes by what is fixed", isa, 0, r, fixed[r], wanted[n + p + DISTINCT + r]));
    ad_scan_free(made);
    return sound;
}

/* ---- All of it ------------------------------------------------------------------------------------------------------------ */

static int agree(run *R, const recurrence *s, int many)
{
    if (!make(R))
        return 0;
    forgive(R);
    for (size_t r = 0; r < DISTINCT && !R->top->sums; r++)
        if (!on_the_tape(R, r) || !at_a_point(R, r))
            return 0;
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        setenv("AD_ISA", isas[i], 1);
        if (!over_rows(R, isas[i]) || !sums(R, isas[i]) || !slopes(R, isas[i]) || (s->f->columns && !scan(R, s, isas[i])))
            return 0;
    }
    unsetenv("AD_ISA");
    return !many || on_threads(R);
}

/* The columns come from a table. */
static int fill(run *R)
{
    double table[DISTINCT * NESTED_COLUMNS], *columns[] = {R->column[0], R->column[1]};
    size_t index[NESTED_ROWS];
    for (size_t r = 0; r < NESTED_ROWS; r++)
        index[r] = r % DISTINCT;
    for (size_t k = 0; k < NESTED_COLUMNS; k++) {
        R->columns[k] = R->column[k];
        for (size_t r = 0; r < DISTINCT; r++)
            table[r * NESTED_COLUMNS + k] = R->top->data[k][r];
    }
    return ad_gather(NESTED_ROWS, index, DISTINCT, NESTED_COLUMNS, table, columns) == AD_OK || say("nested, gathered: a status");
}

const char *nested_disagree(const uint8_t *data, size_t size, tier_counts *counts)
{
    static run R;
    memset(&R, 0, sizeof R);
    decode_nested(data, size, &R.g);
    R.top = &R.g.function[NESTED_FUNCTIONS - 1];
    R.counts = counts;
    R.p = (size_t)R.top->params;
    R.c = (size_t)R.top->columns;
    R.m = (size_t)R.top->outputs;
    R.wrt = R.p + R.c * DISTINCT;
    R.rows = (size_t)R.g.rows;
    recurrence s = {.f = &R.g.function[1], .shift = size ? data[0] / 8 % 3 - 1 : 0, .sequence = size && data[0] / 32 % 2,
                    .seed = {1, -0.5, 0.25}};
    for (size_t r = 0; r < DISTINCT; r++)
        s.start[r] = R.top->data[0][r];
    for (size_t i = 0; i < STEPS * DISTINCT; i++)
        s.other[i] = s.f->data[1][i % DISTINCT] + 0.125 * (double)(i / DISTINCT);
    int sound = fill(&R) && agree(&R, &s, size && data[0] >= 250);
    for (int j = 0; j < NESTED_FUNCTIONS; j++)
        ad_function_free(R.g.function[j].f);
    ad_function_free(R.first);
    counts->graphs++;
    return sound ? NULL : said;
}
