/* jacobian.c -- first derivatives row by row: by columns, row-major and by products, over every shape of block; also from
 * several threads at once, and with every allocation failing. */
#include "failing.h"
#include "formulas.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 3, ROWS = 1000 };

static int close_to(double got, double wanted, double tolerance)
{
    return got == wanted || (isnan(got) && isnan(wanted)) || fabs(got - wanted) <= tolerance * (1 + fabs(wanted));
}

typedef struct data {
    double        p[PARAMS], column[COLUMNS][ROWS];
    const double *columns[COLUMNS];
} data;

static void fill(uint64_t seed, data *d)
{
    state = seed * 7919 + 11;
    for (int i = 0; i < PARAMS; i++)
        d->p[i] = 1.5 * uniform();
    for (int k = 0; k < COLUMNS; k++) {
        d->columns[k] = d->column[k];
        for (int r = 0; r < ROWS; r++)
            d->column[k][r] = 1.5 * uniform();
    }
}

/* Three formulas of the same inputs, the last of params alone. */
static ad_function *record(uint64_t seed)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[PARAMS + COLUMNS], y[OUTPUTS];
    for (int i = 0; i < PARAMS + COLUMNS; i++)
        inputs[i] = i < PARAMS ? ad_param(tape, NULL, 0) : ad_column(tape, NULL);
    y[0] = formula(inputs, 3 * seed);
    y[1] = formula(inputs, 3 * seed + 1);
    for (int k = 0; k < COLUMNS; k++)
        inputs[PARAMS + k] = inputs[k];
    y[2] = formula(inputs, 3 * seed + 2);
    ad_function *f = ad_function_new(tape, OUTPUTS, y);
    cr_assert_not_null(f);
    ad_tape_free(tape);
    return f;
}

/* Arrays [count] of rows each, in one block. */
static double **arrays(size_t count)
{
    double **a = malloc(count * sizeof *a), *all = malloc(count * ROWS * sizeof *all);
    for (size_t k = 0; k < count; k++)
        a[k] = all + k * ROWS;
    return a;
}

static void free_arrays(double **a)
{
    free(a[0]);
    free(a);
}

Test(jacobian, by_columns_row_major_and_from_products_agree, .timeout = 240)
{
    static const size_t counts[] = {0, 1, 63, 64, 65, ROWS};
    static data d;
    for (int trial = 0; trial < (getenv("AD_SOAK") ? 2000 : 60); trial++) {
        ad_function *f = record((uint64_t)trial);
        double **J = arrays(OUTPUTS * PARAMS), **Jv = arrays(OUTPUTS), **gJ = arrays(PARAMS), **g = arrays(OUTPUTS);
        double *M = malloc(ROWS * OUTPUTS * PARAMS * sizeof *M), v[PARAMS], p[2 * PARAMS];
        fill((uint64_t)trial, &d);
        for (int i = 0; i < PARAMS; i++)
            v[i] = uniform();
        for (int r = 0; r < OUTPUTS * ROWS; r++)
            g[0][r] = uniform();
        memcpy(p, d.p, sizeof d.p);
        memcpy(p + PARAMS, v, sizeof v);
        size_t rows = counts[trial % 6];
        cr_assert_eq(ad_function_jacobian(f, d.p, d.columns, rows, J), AD_OK);
        cr_assert_eq(ad_function_jacobian_interleaved(f, d.p, d.columns, rows, M), AD_OK);
        cr_assert_eq(ad_function_jacobian_vector(f, d.p, d.columns, rows, v, Jv), AD_OK);
        cr_assert_eq(ad_function_vector_jacobian(f, d.p, d.columns, rows, (const double *const *)g, gJ), AD_OK);
        for (size_t r = 0; r < rows; r++) {
            double forward[OUTPUTS] = {0}, back[PARAMS] = {0};
            for (int k = 0; k < OUTPUTS; k++)
                for (int i = 0; i < PARAMS; i++) {
                    double slope = J[k * PARAMS + i][r];
                    cr_assert(!memcmp(&slope, &M[(r * OUTPUTS + (size_t)k) * PARAMS + (size_t)i], sizeof slope),
                              "trial %d row %zu: %g by columns, another row-major", trial, r, slope);
                    forward[k] += slope * v[i];
                    back[i] += slope * g[k][r];
                }
            for (int k = 0; k < OUTPUTS; k++)
                cr_assert(close_to(Jv[k][r], forward[k], 1e-9), "trial %d row %zu: J v is %.17g, not %.17g", trial, r, Jv[k][r],
                          forward[k]);
            for (int i = 0; i < PARAMS; i++)
                cr_assert(close_to(gJ[i][r], back[i], 1e-9), "trial %d row %zu: g J is %.17g, not %.17g", trial, r, gJ[i][r],
                          back[i]);
        }
        free_arrays(J), free_arrays(Jv), free_arrays(gJ), free_arrays(g);
        free(M);
        ad_function_free(f);
    }
}

Test(jacobian, of_chosen_inputs_forward_is_the_reverse_one, .timeout = 240)
{
    static data d;
    const size_t chosen[] = {PARAMS + 1, 0, 2};
    double p[PARAMS + 2], *column[COLUMNS + 1];
    static double ones[ROWS];
    for (int trial = 0; trial < 40; trial++) {
        fill((uint64_t)trial, &d);
        ad_function *f = record((uint64_t)trial);
        ad_function *R = ad_function_derive(f, (ad_derive_options){.n = 3, .inputs = chosen});
        ad_function *T = ad_function_derive(f, (ad_derive_options){.mode = AD_TANGENT, .n = 3, .inputs = chosen});
        double **J = arrays(3 * OUTPUTS), **t = arrays(OUTPUTS);
        cr_assert_eq(ad_function_rows(R, d.p, d.columns, 129, J), AD_OK);
        memcpy(p, d.p, sizeof d.p);
        for (int k = 0; k < COLUMNS; k++)
            column[k] = d.column[k];
        column[COLUMNS] = ones;
        for (size_t j = 0; j < 3; j++) {
            for (int r = 0; r < 129; r++)
                ones[r] = j == 0;
            p[PARAMS] = j == 1;
            p[PARAMS + 1] = j == 2;
            cr_assert_eq(ad_function_rows(T, p, (const double *const *)column, 129, t), AD_OK);
            for (size_t k = 0; k < OUTPUTS; k++)
                for (int r = 0; r < 129; r++)
                    cr_assert(close_to(t[k][r], J[3 * k + j][r], 1e-9), "trial %d: %.17g forward, %.17g in reverse", trial,
                              t[k][r], J[3 * k + j][r]);
        }
        free_arrays(J), free_arrays(t);
        ad_function_free(f), ad_function_free(R), ad_function_free(T);
    }
}

Test(jacobian, of_many_outputs_goes_block_by_block)
{
    enum { MANY = 700, FEW = 200 };        /* more than a block's scratch holds of 64 rows */
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), x = ad_column(tape, "x"), y[MANY];
    for (int k = 0; k < MANY; k++)
        y[k] = ad_mul(ad_mul(w, k), ad_add(x, k));
    ad_function *f = ad_function_new(tape, MANY, y);
    static double xs[FEW], values[FEW][MANY], slopes[FEW][MANY];
    const double p[] = {2}, *columns[] = {xs};
    for (int r = 0; r < FEW; r++)
        xs[r] = r;
    cr_assert_eq(ad_function_rows_interleaved(f, p, columns, FEW, values[0]), AD_OK);
    cr_assert_eq(ad_function_jacobian_interleaved(f, p, columns, FEW, slopes[0]), AD_OK);
    for (int r = 0; r < FEW; r++)
        for (int k = 0; k < MANY; k++)
            cr_assert(values[r][k] == 2.0 * k * (r + k) && slopes[r][k] == (double)k * (r + k));
    ad_function_free(f);
    ad_tape_free(tape);
}

Test(jacobian, wrong_arguments_are_refused_and_nothing_is_nothing)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_column(tape, "x"), y = ad_exp(x);
    ad_function *f = ad_function_new(tape, 1, &y);
    double xs[] = {1}, v, *out = &v;
    const double *columns[] = {xs};
    cr_assert_eq(ad_function_jacobian(f, NULL, columns, 1, NULL), AD_OK);        /* by no params */
    cr_assert_eq(ad_function_jacobian_interleaved(f, NULL, columns, 1, NULL), AD_OK);
    cr_assert_eq(ad_function_vector_jacobian(f, NULL, columns, 1, columns, NULL), AD_OK);
    cr_assert_eq(ad_function_jacobian_vector(f, NULL, columns, 1, NULL, &out), AD_OK);
    cr_assert_eq(v, 0);
    ad_function_free(f);
    ad_var w = ad_param(tape, "w", 0);
    y = ad_mul(w, w);
    f = ad_function_new(tape, 1, &y);
    const double p[] = {3}, *g[] = {xs};
    cr_assert_eq(ad_function_jacobian(f, p, columns, 1, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_jacobian(f, NULL, columns, 1, &out), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_jacobian(f, p, NULL, 1, &out), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_jacobian(NULL, p, columns, 1, &out), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_jacobian_interleaved(f, p, columns, 1, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_jacobian_vector(f, p, columns, 1, NULL, &out), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_vector_jacobian(f, p, columns, 1, NULL, &out), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_vector_jacobian(f, p, columns, 1, g, &out), AD_ERROR_ARGUMENT);   /* nothing varies */
    cr_assert_eq(ad_function_rows_interleaved(f, p, columns, 1, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_jacobian(f, p, columns, 1, &out), AD_OK);
    cr_assert_eq(v, 6);
    cr_assert_eq(ad_function_rows_interleaved(f, p, NULL, 0, NULL), AD_OK);
    ad_function_free(f);
    ad_tape_free(tape);
}

/* ---- Threads ---------------------------------------------------------------------------------------------------------- */

enum { THREADS = 6, HERE = 300 };

typedef struct task {
    const ad_function *f;
    const data        *d;
    double             J[HERE * OUTPUTS * PARAMS];
    ad_status          status;
} task;

static void *work(void *of)
{
    task *t = of;
    t->status = ad_function_jacobian_interleaved(t->f, t->d->p, t->d->columns, HERE, t->J);
    return NULL;
}

Test(jacobian, many_threads_may_be_the_first_to_ask)
{
    static data d;
    static task tasks[THREADS];
    for (int trial = 0; trial < 20; trial++) {
        pthread_t thread[THREADS];
        ad_function *f = record((uint64_t)trial);
        fill((uint64_t)trial, &d);
        for (int i = 0; i < THREADS; i++) {
            tasks[i].f = f;
            tasks[i].d = &d;
            cr_assert_eq(pthread_create(&thread[i], NULL, work, &tasks[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(thread[i], NULL);
            cr_assert_eq(tasks[i].status, AD_OK);
            cr_assert(!memcmp(tasks[i].J, tasks[0].J, sizeof tasks[0].J));
        }
        ad_function_free(f);
    }
}

/* ---- Without memory ---------------------------------------------------------------------------------------------------- */

static int everything(const ad_function *f, const data *d, double *M, double *const *arrays, const double *const *g)
{
    ad_status status[] = {
        ad_function_jacobian_interleaved(f, d->p, d->columns, 10, M), ad_function_jacobian(f, d->p, d->columns, 10, arrays),
        ad_function_jacobian_vector(f, d->p, d->columns, 10, d->p, arrays),
        ad_function_vector_jacobian(f, d->p, d->columns, 10, g, arrays),
    };
    int done = 1;
    for (size_t k = 0; k < sizeof status / sizeof *status; k++) {
        cr_assert(status[k] == AD_OK || status[k] == AD_ERROR_NO_MEMORY);
        done &= status[k] == AD_OK;
    }
    return done;
}

Test(jacobian, every_allocation_may_fail, .timeout = 240)
{
    static data d;
    static double M[10 * OUTPUTS * PARAMS];
    double **J = arrays(OUTPUTS * PARAMS), **g = arrays(OUTPUTS);
    fill(1, &d);
    memset(g[0], 0, OUTPUTS * ROWS * sizeof **g);
    for (int on = 0; on < 2; on++)
        for (long k = 1, done = 0; !done; k++) {
            failing m = {0};
            ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = failing_allocator(&m)});
            ad_var inputs[PARAMS + COLUMNS], y[OUTPUTS];
            for (int i = 0; i < PARAMS + COLUMNS; i++)
                inputs[i] = i < PARAMS ? ad_param(tape, i ? "p" : NULL, 0) : ad_column(tape, "x");
            for (int i = 0; i < OUTPUTS; i++)
                y[i] = ad_exp(ad_mul(inputs[i], ad_sin(inputs[PARAMS + i])));
            m.fail_at = m.calls + k;
            m.fail_on = on;
            ad_function *f = ad_function_new(tape, OUTPUTS, y);
            if (f) {
                done = everything(f, &d, M, J, (const double *const *)g);
                if (!done) {
                    m.fail_at = 0;
                    cr_assert(everything(f, &d, M, J, (const double *const *)g), "not whole again after failure %ld", k);
                }
            }
            m.fail_at = 0;
            ad_function_free(f);
            ad_tape_free(tape);
            cr_assert(m.live == 0 && !m.wrong, "failure %ld: %zu bytes leaked or a wrong size told", k, m.live);
        }
    free_arrays(J), free_arrays(g);
}
