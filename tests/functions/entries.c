/* entries.c -- every function that the headers of this folder declare, by itself: what it gives for no rows, one, a block, a ragged
 * one and many, and what it refuses. Headers and cases name the same functions. The formula is sigma(a x + b) against t, by hand. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "failing.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>

enum { PARAMS = 2, MOST_ROWS = 1000, MOST_OUT = 4, MANY_ROWS = 10000000, GUARD = 77 };

static const double p[PARAMS] = {0.7, -0.3}, direction[PARAMS] = {1, -0.5};
static double x[MOST_ROWS], t[MOST_ROWS];
static const double *const data[] = {x, t};

/* ---- The functions, and by hand -------------------------------------------------------------------------------------------- */

static ad_function *record(failing *m, size_t n_outputs)
{
    ad_tape *tape = m ? ad_tape_create((ad_tape_options){.allocator = failing_allocator(m)}) : ad_tape_new();
    ad_var a = ad_param(tape, "a", 1), b = ad_param(tape, "b", 1), x_ = ad_column(tape, "x"), t_ = ad_column(tape, NULL);
    ad_var y = ad_sigmoid(ad_add(ad_mul(a, x_), b)), outputs[] = {ad_squared_error(t_, y), y};
    ad_function *f = ad_function_new(tape, n_outputs, outputs);
    ad_tape_free(tape);
    cr_assert_not_null(f);
    return f;
}

static void fill(void)
{
    for (int r = 0; r < MOST_ROWS; r++) {
        x[r] = sin(r + 1);
        t[r] = r % 3 * 0.5;
    }
}

typedef struct by_hand { double value, slope[PARAMS], second; } by_hand;

static by_hand at(size_t r)
{
    double y = 1 / (1 + exp(-(p[0] * x[r] + p[1]))), e = y - t[r], s = y * (1 - y);
    return (by_hand){e * e / 2, {e * s * x[r], e * s}, s * s + e * s * (1 - 2 * y)};
}

static double second_at(size_t r, int i, int j) { return at(r).second * (i ? 1 : x[r]) * (j ? 1 : x[r]); }

/* ---- Evaluations ------------------------------------------------------------------------------------------------------------ */

/* An evaluation with its results in one array, and what they are: of row r and number k, or k of all rows. NULL results stay NULL. */
typedef struct evaluation {
    ad_status (*evaluate)(const ad_function *f, const double *params, const double *const *columns, size_t rows, double *out);
    double    (*by_hand)(size_t r, int k);
    int       per_row, n, interleaved, one_output;       /* results for each row; how many; row-major; refuses two outputs */
} evaluation;

static double value_at(size_t r, int k) { return at(r).value + 0 * k; }
static double slope_at(size_t r, int k) { return at(r).slope[k]; }
static double both_at(size_t r, int k) { return k ? slope_at(r, k - 1) : value_at(r, 0); }
static double along_at(size_t r, int k) { return slope_at(r, 0) * direction[0] + slope_at(r, 1) * direction[1] + 0 * k; }
static double seeded_at(size_t r, int k) { return x[r] * slope_at(r, k); }
static double product_at(size_t r, int k) { return second_at(r, k, 0) * direction[0] + second_at(r, k, 1) * direction[1]; }
static double entry_at(size_t r, int k) { return second_at(r, k / PARAMS, k % PARAMS); }
static double diagonal_at(size_t r, int k) { return second_at(r, k, k); }

#define EVALUATION(name) static ad_status name(const ad_function *f, const double *q, const double *const *c, size_t rows, double *out)
#define ARRAYS {out, out + rows}

EVALUATION(rows_) { double *outs[] = ARRAYS; return ad_function_rows(f, q, c, rows, out ? outs : NULL); }
EVALUATION(rows_interleaved) { return ad_function_rows_interleaved(f, q, c, rows, out); }
EVALUATION(jacobian) { double *outs[] = ARRAYS; return ad_function_jacobian(f, q, c, rows, out ? outs : NULL); }
EVALUATION(jacobian_interleaved) { return ad_function_jacobian_interleaved(f, q, c, rows, out); }
EVALUATION(jacobian_vector)
{
    double *outs[] = ARRAYS;
    return ad_function_jacobian_vector(f, q, c, rows, direction, out ? outs : NULL);
}
EVALUATION(vector_jacobian)
{
    double *outs[] = ARRAYS;
    const double *seeds[] = {x};
    return ad_function_vector_jacobian(f, q, c, rows, seeds, out ? outs : NULL);
}
EVALUATION(sum) { return ad_function_sum(f, q, c, rows, out); }
EVALUATION(sum_gradient) { return ad_function_sum_gradient(f, q, c, rows, out, out ? out + 1 : NULL); }
EVALUATION(hessian_vector) { return ad_function_hessian_vector(f, q, c, rows, direction, out); }
EVALUATION(hessian) { return ad_function_hessian(f, q, c, rows, out); }
EVALUATION(hessian_diagonal) { return ad_function_hessian_diagonal(f, q, c, rows, out); }
EVALUATION(hessian_sparse) { return ad_function_hessian_sparse(f, q, c, rows, out); }
EVALUATION(over)
{
    ad_function *total = f ? ad_function_total(f) : NULL;
    ad_status status = ad_function_over(total, q, c, rows, out);
    ad_function_free(total);
    return status;
}

/* Results are what they should be, and nothing stands behind them. */
static void gives(const char *name, const evaluation *e, const ad_function *f, size_t rows)
{
    size_t n = e->per_row ? rows * (size_t)e->n : (size_t)e->n;
    double *out = malloc((n + 1) * sizeof *out);
    for (size_t i = 0; i <= n; i++)
        out[i] = GUARD;
    cr_assert_eq(e->evaluate(f, p, data, rows, out), AD_OK, "%s, %zu rows", name, rows);
    for (int k = 0; k < e->n; k++) {
        double all = 0;
        for (size_t r = 0; r < rows; r++) {
            double wanted = e->by_hand(r, k), got = out[e->interleaved ? r * (size_t)e->n + (size_t)k : e->per_row ? (size_t)k * rows + r : 0];
            all += wanted;
            cr_assert(!e->per_row || fabs(got - wanted) <= 1e-14, "%s, %zu rows: number %d of row %zu is %.17g, not %.17g", name, rows, k, r,
                      got, wanted);
        }
        cr_assert(e->per_row || fabs(out[k] - all) <= 1e-14 * (double)(rows + 1), "%s, %zu rows: number %d is %.17g, not %.17g", name, rows, k,
                  out[k], all);
    }
    cr_assert_eq(out[n], GUARD, "%s, %zu rows: something stands behind the results", name, rows);
    free(out);
}

static void evaluates(const char *name, const evaluation *e)
{
    static const size_t rows[] = {0, 1, 63, 64, 65, MOST_ROWS, 129};
    double out[3 * MOST_OUT];
    ad_function *f = record(NULL, 1), *two = record(NULL, 2);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        gives(name, e, f, rows[k]);
    cr_assert_eq(e->evaluate(NULL, p, data, 3, out), AD_ERROR_ARGUMENT, "%s: no function", name);
    cr_assert_eq(e->evaluate(f, NULL, data, 3, out), AD_ERROR_ARGUMENT, "%s: no params", name);
    cr_assert_eq(e->evaluate(f, p, NULL, 3, out), AD_ERROR_ARGUMENT, "%s: no columns", name);
    cr_assert_eq(e->evaluate(f, p, data, 3, NULL), AD_ERROR_ARGUMENT, "%s: nowhere to put results", name);
    cr_assert_eq(e->evaluate(f, p, NULL, 0, out), AD_OK, "%s: no columns, nor rows", name);
    if (e->one_output)
        cr_assert_eq(e->evaluate(two, p, data, 3, out), AD_ERROR_ARGUMENT, "%s: two outputs", name);
    ad_function_free(f);
    ad_function_free(two);
}

/* Memory for 10^7 rows is that for a thousand; both columns are one array. */
static void takes_many(const char *name, const evaluation *e)
{
    failing m = {0};
    ad_function *f = record(&m, 1);
    double *column = malloc(MANY_ROWS * sizeof *column), out[MOST_OUT], few[MOST_OUT];
    const double *const columns[] = {column, column};
    cr_assert_not_null(column);
    for (size_t r = 0; r < MANY_ROWS; r++)
        column[r] = x[r % MOST_ROWS];
    ad_threads(1);
    cr_assert_eq(e->evaluate(f, p, columns, MOST_ROWS, few), AD_OK);
    size_t kept = m.live, peak;
    m.peak = m.live;
    cr_assert_eq(e->evaluate(f, p, columns, MOST_ROWS, few), AD_OK);
    peak = m.peak;
    m.peak = m.live;
    cr_assert_eq(e->evaluate(f, p, columns, MANY_ROWS, out), AD_OK);
    cr_assert(m.live == kept && m.peak == peak, "%s: %zu bytes for %d rows, %zu for %d", name, peak, MOST_ROWS, m.peak, MANY_ROWS);
    for (int k = 0; k < e->n; k++)
        cr_assert(fabs(out[k] / MANY_ROWS - few[k] / MOST_ROWS) <= 1e-12, "%s, number %d: %.17g a row, not %.17g", name, k, out[k] / MANY_ROWS,
                  few[k] / MOST_ROWS);
    free(column);
    ad_function_free(f);
    cr_assert(!m.live && !m.wrong);
}

/* ---- The others --------------------------------------------------------------------------------------------------------------- */

static void function_new(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var y = ad_param(tape, "a", 1);
    cr_assert_null(ad_function_new(NULL, 1, &y));
    cr_assert_null(ad_function_new(tape, 0, &y));
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_ARGUMENT);
    cr_assert(strstr(ad_tape_error_message(tape), "0 outputs; at least one is needed"), "%s", ad_tape_error_message(tape));
    ad_tape_reset(tape);
    cr_assert_null(ad_function_new(tape, 1, NULL));
    ad_tape_reset(tape);
    cr_assert_null(ad_function_new(tape, 1, &y));
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_STALE);
    ad_tape_free(tape);
}

static void function_free(void)
{
    failing m = {0};
    ad_function_free(NULL);
    ad_function_free(record(&m, 2));
    cr_assert(m.live == 0 && !m.wrong);
}

static void shapes(void)
{
    ad_function *f = record(NULL, 2);
    cr_assert(ad_function_params(f) == 2 && ad_function_columns(f) == 2 && ad_function_outputs(f) == 2 && ad_function_size(f) == 4);
    cr_assert(!ad_function_params(NULL) && !ad_function_columns(NULL) && !ad_function_outputs(NULL) && !ad_function_size(NULL));
    cr_assert_str_eq(ad_function_param_name(f, 1), "b");
    cr_assert_str_eq(ad_function_column_name(f, 0), "x");
    cr_assert(!ad_function_column_name(f, 1) && !ad_function_param_name(f, 2) && !ad_function_column_name(f, 2));
    cr_assert(!ad_function_param_name(NULL, 0) && !ad_function_column_name(NULL, 0));
    ad_function_free(f);
}

static void function_at(void)
{
    ad_function *f = record(NULL, 1);
    for (size_t r = 0; r < 3; r++) {
        double row[] = {x[r], t[r]}, value[] = {GUARD, GUARD};
        cr_assert_eq(ad_function_at(f, p, row, value), AD_OK);
        cr_assert(fabs(value[0] - value_at(r, 0)) <= 1e-15 && value[1] == GUARD);
        cr_assert_eq(ad_function_at(NULL, p, row, value), AD_ERROR_ARGUMENT);
        cr_assert_eq(ad_function_at(f, NULL, row, value), AD_ERROR_ARGUMENT);
        cr_assert_eq(ad_function_at(f, p, NULL, value), AD_ERROR_ARGUMENT);
        cr_assert_eq(ad_function_at(f, p, row, NULL), AD_ERROR_ARGUMENT);
    }
    ad_function_free(f);
}

static void varies_and_over(void)
{
    double out;
    ad_function *f = record(NULL, 1), *total = ad_function_total(f);
    cr_assert(ad_function_varies(f, 0) && !ad_function_varies(f, 1) && !ad_function_varies(total, 0) && !ad_function_varies(NULL, 0));
    cr_assert_eq(ad_function_over(f, p, data, 3, &out), AD_ERROR_ARGUMENT);
    cr_assert_null(ad_function_total(NULL));
    ad_function_free(total);
    ad_function_free(f);
}

static void derive(void)
{
    static const struct { size_t n; size_t input; ad_derive_mode mode; ad_status status; } cases[] = {
        {0, 0, AD_REVERSE, AD_OK}, {1, 3, AD_FORWARD, AD_OK}, {1, 4, AD_REVERSE, AD_ERROR_ARGUMENT}, {1, 0, (ad_derive_mode)4, AD_ERROR_ARGUMENT},
        {1, 0, AD_TANGENT, AD_OK}, {1, 2, AD_ADJOINT, AD_OK}};
    ad_function *f = record(NULL, 1);
    ad_status status = AD_OK;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        ad_function *d = ad_function_derive(f, (ad_derive_options){.mode = cases[k].mode, .n = cases[k].n, .status = &status,
                                                                  .inputs = cases[k].n ? &cases[k].input : NULL});
        cr_assert(status == cases[k].status && (d != NULL) == (status == AD_OK), "case %zu: status %d", k, (int)status);
        ad_function_free(d);
    }
    cr_assert(!ad_function_derive(NULL, (ad_derive_options){.status = &status}) && status == AD_ERROR_ARGUMENT);
    cr_assert(!ad_function_derive(f, (ad_derive_options){.n = 1, .status = &status}) && status == AD_ERROR_ARGUMENT);
    ad_function_free(f);
}

static void hessian_pattern(void)
{
    ad_sparsity s;
    ad_function *f = record(NULL, 1), *two = record(NULL, 2);
    cr_assert_eq(ad_function_hessian_pattern(f, &s), AD_OK);
    cr_assert(s.n == 2 && s.nonzeros == 4 && s.starts[2] == 4 && s.columns[3] == 1);
    cr_assert_eq(ad_function_hessian_pattern(f, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_pattern(NULL, &s), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_pattern(two, &s), AD_ERROR_ARGUMENT);
    ad_function_free(f);
    ad_function_free(two);
}

static void emit_c(void)
{
    ad_function *f = record(NULL, 1), *two = record(NULL, 2);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    cr_assert_eq(ad_function_emit_c(NULL, stream, (ad_emit_options){0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(f, NULL, (ad_emit_options){0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(f, stream, (ad_emit_options){.prefix = "1"}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(two, stream, (ad_emit_options){.what = AD_EMIT_GRADIENT}), AD_ERROR_ARGUMENT);
    fflush(stream);
    cr_assert_eq(size, 0);
    cr_assert_eq(ad_function_emit_c(f, stream, (ad_emit_options){.prefix = "m"}), AD_OK);
    fclose(stream);
    cr_assert(strstr(text, "m_loss(") && strstr(text, "m_gradient("));
    free(text);
    ad_function_free(f);
    ad_function_free(two);
}

/* ---- On a tape ---------------------------------------------------------------------------------------------------------------- */

static void is_refused(ad_tape *tape, ad_var z, const char *shape)
{
    cr_assert(isnan(ad_value(z)) && ad_tape_error(tape) == AD_ERROR_ARGUMENT);
    cr_assert(strstr(ad_tape_error_message(tape), shape), "%s", ad_tape_error_message(tape));
    ad_tape_reset(tape);
}

static void call(void)
{
    ad_function *f = record(NULL, 1);
    ad_tape *tape = ad_tape_new();
    ad_var v[4];
    for (int again = 0; again < 3; again++) {
        for (int i = 0; i < 4; i++)
            v[i] = ad_param(tape, NULL, i < 2 ? p[i] : i == 2 ? x[0] : t[0]);
        if (again == 0)
            is_refused(tape, ad_call(NULL, 2, v, 2, v + 2, NULL), "no function");
        if (again == 1)
            is_refused(tape, ad_call(f, 1, v, 2, v + 2, NULL), "the function has 2 params and 2 columns");
    }
    ad_var E = ad_call(f, 2, v, 2, v + 2, NULL);
    ad_backward(E);
    cr_assert(fabs(ad_value(E) - value_at(0, 0)) <= 1e-15 && fabs(ad_grad(v[0]) - slope_at(0, 0)) <= 1e-15);
    ad_tape_free(tape);
    ad_function_free(f);
}

static void call_sum(void)
{
    static const size_t rows[] = {0, 1, 63, 64, 65, MOST_ROWS, 129};
    ad_function *f = record(NULL, 1);
    ad_tape *tape = ad_tape_new();
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        ad_var v[] = {ad_param(tape, NULL, p[0]), ad_param(tape, NULL, p[1])}, E = ad_call_sum(f, 2, v, 2, data, rows[k], NULL);
        double value = 0, slope = 0;
        for (size_t r = 0; r < rows[k]; r++) {
            value += value_at(r, 0);
            slope += slope_at(r, 1);
        }
        ad_backward(E);
        cr_assert(fabs(ad_value(E) - value) <= 1e-11 && fabs(ad_grad(v[1]) - slope) <= 1e-11, "%zu rows", rows[k]);
        is_refused(tape, ad_call_sum(f, 2, v, 1, data, rows[k], NULL), "the function has 2 params and 2 columns");
    }
    ad_tape_free(tape);
    ad_function_free(f);
}

static void row_sum_and_rows(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var c = ad_column(tape, NULL), y[] = {ad_row_sum(c), ad_rows(tape)};
    ad_function *f = ad_function_new(tape, 2, y);
    cr_assert(isnan(ad_value(y[0])) && isnan(ad_value(y[1])) && isnan(ad_value(ad_row_sum(ad_const(1)))) && isnan(ad_value(ad_rows(NULL))));
    ad_tape_free(tape);
    for (size_t rows = 0; rows <= 65; rows++) {
        double out[2], sum = 0;
        for (size_t r = 0; r < rows; r++)
            sum += x[r];
        cr_assert_eq(ad_function_over(f, NULL, data, rows, out), AD_OK);
        cr_assert(fabs(out[0] - sum) <= 1e-13 && out[1] == (double)rows, "%zu rows", rows);
    }
    ad_function_free(f);
}

/* ---- Tables, scans, threads -------------------------------------------------------------------------------------------------- */

static void gather_and_scatter(void)
{
    double table[] = {1, 2, 3}, back[3] = {0}, out[65], *outs[] = {out};
    size_t index[65];
    for (size_t r = 0; r < 65; r++)
        index[r] = r % 3;
    cr_assert_eq(ad_gather(65, index, 3, 1, table, outs), AD_OK);
    cr_assert_eq(ad_scatter_add(65, index, 3, 1, (const double *const *)outs, back), AD_OK);
    cr_assert(out[64] == 2 && back[0] == 22 && back[1] == 44 && back[2] == 63);
    cr_assert_eq(ad_gather(65, index, 2, 1, table, outs), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_scatter_add(65, index, 2, 1, (const double *const *)outs, back), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_gather(1, NULL, 3, 1, table, outs), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_scatter_add(1, index, 3, 1, NULL, back), AD_ERROR_ARGUMENT);
    cr_assert(ad_gather(0, NULL, 0, 1, NULL, NULL) == AD_OK && ad_scatter_add(0, NULL, 0, 1, NULL, NULL) == AD_OK);
}

/* h' = a h + x t: the state doubles where a is 2 and x 0. */
static void scans(void)
{
    static const size_t rows[] = {1, 63, 64, 65, 129};
    enum { MOST = 129, STEPS = 3 };
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, NULL, 1), h = ad_column(tape, NULL), w = ad_column(tape, NULL), y = ad_add(ad_mul(a, h), w);
    ad_function *step = ad_function_new(tape, 1, &y);
    ad_tape_free(tape);
    const ad_scan_column roles[] = {{AD_SCAN_STATE, 0, 0}, {AD_SCAN_FIXED, 0, 0}};
    ad_status status = AD_OK;
    cr_assert(!ad_scan_new(NULL, 1, roles, &status) && status == AD_ERROR_ARGUMENT);
    cr_assert(!ad_scan_new(step, 0, roles, &status) && status == AD_ERROR_ARGUMENT);
    cr_assert(!ad_scan_new(step, 2, roles, &status) && status == AD_ERROR_ARGUMENT);
    ad_scan *scan = ad_scan_new(step, 1, roles, &status);
    cr_assert(scan && status == AD_OK);
    ad_scan_free(NULL);
    ad_function_free(step);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        double two = 2, start[MOST], fixed[MOST] = {0}, end[MOST], seeds[MOST], slope, by_start[MOST], *ends[] = {end}, *starts[] = {by_start};
        const double *from[] = {start}, *others[] = {fixed}, *weights[] = {seeds};
        double total = 0;
        for (int r = 0; r < MOST; r++) {
            start[r] = x[r];
            seeds[r] = 1;
        }
        ad_scan_data run = {.rows = rows[k], .steps = STEPS, .params = &two, .fixed = others, .start = from};
        ad_scan_slopes to = {.params = &slope, .start = starts};
        cr_assert_eq(ad_scan_run(scan, &run, ends, NULL), AD_OK);
        for (size_t r = 0; r < rows[k]; r++) {
            cr_assert_eq(end[r], 8 * x[r]);
            total += 12 * x[r];
        }
        cr_assert_eq(ad_scan_gradient(scan, &run, weights, ends, NULL, &to), AD_OK);
        cr_assert(fabs(slope - total) <= 1e-11 && by_start[rows[k] - 1] == 8, "%zu rows", rows[k]);
        run.params = NULL;
        cr_assert(ad_scan_run(scan, &run, ends, NULL) == AD_ERROR_ARGUMENT && ad_scan_gradient(scan, &run, weights, ends, NULL, &to) == AD_ERROR_ARGUMENT);
        cr_assert(ad_scan_run(NULL, &run, ends, NULL) == AD_ERROR_ARGUMENT && ad_scan_run(scan, NULL, ends, NULL) == AD_ERROR_ARGUMENT);
        cr_assert(ad_scan_gradient(NULL, &run, weights, ends, NULL, &to) == AD_ERROR_ARGUMENT);
    }
    ad_scan_free(scan);
}

static void threads(void)
{
    cr_assert(ad_threads(3) == 3 && ad_threads(-1) == 3 && ad_threads(1000) == 64 && ad_threads(1) == 1 && ad_threads(0) >= 1);
}

/* ---- Both ways ------------------------------------------------------------------------------------------------------------------ */

static const struct entry {
    const char *name;
    evaluation  e;
    int         many;                      /* also for 10^7 rows */
    void      (*check)(void);
} entries[] = {
    {"ad_function_rows",                 {rows_, value_at, 1, 1, 0, 0}, 0, NULL},
    {"ad_function_rows_interleaved",     {rows_interleaved, value_at, 1, 1, 1, 0}, 0, NULL},
    {"ad_function_jacobian",             {jacobian, slope_at, 1, 2, 0, 0}, 0, NULL},
    {"ad_function_jacobian_interleaved", {jacobian_interleaved, slope_at, 1, 2, 1, 0}, 0, NULL},
    {"ad_function_jacobian_vector",      {jacobian_vector, along_at, 1, 1, 0, 0}, 0, NULL},
    {"ad_function_vector_jacobian",      {vector_jacobian, seeded_at, 1, 2, 0, 0}, 0, NULL},
    {"ad_function_sum",                  {sum, value_at, 0, 1, 0, 0}, 1, NULL},
    {"ad_function_sum_gradient",         {sum_gradient, both_at, 0, 3, 0, 1}, 1, NULL},
    {"ad_function_over",                 {over, value_at, 0, 1, 0, 0}, 0, varies_and_over},
    {"ad_function_hessian_vector",       {hessian_vector, product_at, 0, 2, 0, 1}, 1, NULL},
    {"ad_function_hessian",              {hessian, entry_at, 0, 4, 0, 1}, 1, NULL},
    {"ad_function_hessian_diagonal",     {hessian_diagonal, diagonal_at, 0, 2, 0, 1}, 0, NULL},
    {"ad_function_hessian_sparse",       {hessian_sparse, entry_at, 0, 4, 0, 1}, 0, NULL},
    {"ad_function_hessian_pattern", {0}, 0, hessian_pattern}, {"ad_function_at", {0}, 0, function_at},
    {"ad_function_new", {0}, 0, function_new}, {"ad_function_free", {0}, 0, function_free},
    {"ad_function_params", {0}, 0, shapes}, {"ad_function_columns", {0}, 0, shapes}, {"ad_function_outputs", {0}, 0, shapes},
    {"ad_function_param_name", {0}, 0, shapes}, {"ad_function_column_name", {0}, 0, shapes}, {"ad_function_size", {0}, 0, shapes},
    {"ad_function_varies", {0}, 0, varies_and_over}, {"ad_function_total", {0}, 0, varies_and_over},
    {"ad_function_derive", {0}, 0, derive}, {"ad_function_emit_c", {0}, 0, emit_c},
    {"ad_call", {0}, 0, call}, {"ad_call_sum", {0}, 0, call_sum}, {"ad_row_sum", {0}, 0, row_sum_and_rows}, {"ad_rows", {0}, 0, row_sum_and_rows},
    {"ad_gather", {0}, 0, gather_and_scatter}, {"ad_scatter_add", {0}, 0, gather_and_scatter},
    {"ad_scan_new", {0}, 0, scans}, {"ad_scan_free", {0}, 0, scans}, {"ad_scan_run", {0}, 0, scans}, {"ad_scan_gradient", {0}, 0, scans},
    {"ad_threads", {0}, 0, threads},
};
enum { ENTRIES = sizeof entries / sizeof *entries };

Test(entries, give_what_they_say_and_refuse_what_they_must, .timeout = 120)
{
    fill();
    for (int k = 0; k < ENTRIES; k++) {
        cr_assert(entries[k].check || entries[k].e.evaluate, "%s", entries[k].name);
        if (entries[k].check)
            entries[k].check();
        if (entries[k].e.evaluate)
            evaluates(entries[k].name, &entries[k].e);
    }
}

Test(entries, take_no_memory_for_ten_million_rows, .timeout = 120)
{
    fill();
    for (int k = 0; k < ENTRIES; k++)
        if (entries[k].many)
            takes_many(entries[k].name, &entries[k].e);
}

/* The names that headers declare after AD_API, each found among the entries; returns how many. */
static int declared_in(const char *path, int *found)
{
    int n = 0;
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    char text[1 << 15];
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    for (char *at = text; (at = strstr(at, "\nAD_API ")) != NULL; n++) {
        char *end = strchr(++at, '('), *name = end;
        cr_assert(end, "%s", path);
        while (isalnum((unsigned char)name[-1]) || name[-1] == '_')
            name--;
        *end = 0;
        int k = 0;
        while (k < ENTRIES && strcmp(entries[k].name, name))
            k++;
        cr_assert(k < ENTRIES, "%s is declared and has no case", name);
        found[k]++;
        at = end + 1;
    }
    return n;
}

Test(entries, are_those_that_the_headers_declare)
{
    static const char *const headers[] = {"call.h", "function.h", "indexed.h", "scan.h", "threads.h"};
    int found[ENTRIES] = {0};
    for (size_t k = 0; k < sizeof headers / sizeof *headers; k++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", HEADERS, headers[k]);
        cr_assert(declared_in(path, found) > 0, "%s declares nothing", headers[k]);
    }
    for (int k = 0; k < ENTRIES; k++)
        cr_assert_eq(found[k], 1, "%s has a case and is declared %d times", entries[k].name, found[k]);
}
