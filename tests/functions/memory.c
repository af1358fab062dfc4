/* memory.c -- what evaluations take and touch: no more memory for more rows, none the second time, inputs as they were, results
 * where params stood, the same column twice; the fewest and the most rows. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE                        /* setenv */
#endif
#include "failing.h"

#include <criterion/criterion.h>
#include <math.h>

enum { PARAMS = 4, FIRST = 10 };           /* rows of the first call, in which what it needs is made */

static ad_function *record(failing *m)
{
    ad_tape *tape = m ? ad_tape_create((ad_tape_options){.allocator = failing_allocator(m)}) : ad_tape_new();
    ad_var a = ad_param(tape, "a", 1), b = ad_param(tape, "b", 1), c = ad_param(tape, "c", 1), unused = ad_param(tape, "unused", 1),
           x = ad_column(tape, "x"), t = ad_column(tape, "t");
    (void)unused;
    ad_var y = ad_add(ad_mul(a, ad_tanh(ad_add(ad_mul(b, x), c))), ad_logsumexp(3, (ad_var[]){x, c, ad_mul(a, t)}));
    ad_var E = ad_squared_error(t, y);
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    cr_assert_not_null(f);
    return f;
}

static double *column(size_t rows, double pace)
{
    double *x = malloc((rows + 1) * sizeof *x);
    cr_assert_not_null(x);
    for (size_t r = 0; r < rows; r++)
        x[r] = sin(pace * (double)(r + 1));
    return x;
}

static const double p[PARAMS] = {0.7, -0.3, 0.2, 9};

static ad_status ask(const ad_function *f, int which, const double *const *columns, size_t rows, double *const *outs)
{
    double value, g[PARAMS];
    return which == 0   ? ad_function_sum_gradient(f, p, columns, rows, &value, g)
           : which == 1 ? ad_function_rows(f, p, columns, rows, outs)
           : which == 2 ? ad_function_rows_interleaved(f, p, columns, rows, outs[0])
           : which == 3 ? ad_function_jacobian(f, p, columns, rows, outs)
           : which == 4 ? ad_function_jacobian_interleaved(f, p, columns, rows, outs[0])
                        : ad_function_hessian_vector(f, p, columns, rows, p, g);
}

/* The most bytes there were at once; what an evaluation works in is kept for the next, which takes
 * room for a few numbers at most. */
static size_t taken(const ad_function *f, failing *m, size_t rows, int which)
{
    double *x = column(rows, 0.1), *t = column(rows, 0.3), *out = malloc((rows * PARAMS + 1) * sizeof *out), *outs[PARAMS];
    const double *columns[] = {x, t};
    for (int k = 0; k < PARAMS; k++)
        outs[k] = out + (size_t)k * rows;
    m->peak = m->live;
    cr_assert_eq(ask(f, which, columns, rows, outs), AD_OK);
    size_t peak = m->peak, kept = m->peak = m->live;
    cr_assert_eq(ask(f, which, columns, rows, outs), AD_OK);
    cr_assert(m->live == kept, "%d: %zu bytes were kept, and then %zu", which, kept, m->live);
    cr_assert(m->peak - kept < 3 * PARAMS * sizeof(double), "%d: %zu bytes were taken again", which, m->peak - kept);
    free(out);
    free(t);
    free(x);
    return peak;
}

Test(memory, does_not_grow_with_rows)
{
    for (int threads = 1; threads <= 3; threads += 2)
        for (int which = 0; which < 6; which++) {
            failing m = {0};
            ad_function *f = record(&m);
            size_t recorded = m.live;
            ad_threads(threads);
            taken(f, &m, FIRST, which);
            size_t few = taken(f, &m, 1000, which), many = taken(f, &m, 300000, which), more = taken(f, &m, 600000, which);
            cr_assert(few > recorded && few < recorded + 300000, "%d: %zu bytes", which, few - recorded);
            cr_assert(threads > 1 || (many == few && more == few), "%d: %zu bytes for 1000 rows, %zu for 300 000", which, few, many);
            cr_assert(more == many && many < recorded + (size_t)threads * (few - recorded) + 70000,
                      "%d, %d threads: %zu bytes for 300 000 rows, %zu for 600 000", which, threads, many, more);
            ad_function_free(f);
            cr_assert(m.live == 0 && !m.wrong);
        }
}

/* 10^7 of them with AD_SOAK. */
Test(memory, the_most_rows_give_the_sum_of_their_parts, .timeout = 300)
{
    size_t rows = getenv("AD_SOAK") ? 10000000 : 200000, part = rows / 7;
    double *x = column(rows, 0.1), *t = column(rows, 0.3), value, g[PARAMS], all = 0, sums[PARAMS] = {0};
    const double *columns[] = {x, t};
    ad_function *f = record(NULL);
    cr_assert_eq(ad_function_sum_gradient(f, p, columns, rows, &value, g), AD_OK);
    for (size_t from = 0; from < rows; from += part) {
        double v, s[PARAMS];
        const double *some[] = {x + from, t + from};
        cr_assert_eq(ad_function_sum_gradient(f, p, some, rows - from < part ? rows - from : part, &v, s), AD_OK);
        all += v;
        for (int i = 0; i < PARAMS; i++)
            sums[i] += s[i];
    }
    cr_assert(fabs(value - all) <= 1e-11 * all, "%.17g, in parts %.17g", value, all);
    for (int i = 0; i < PARAMS; i++)
        cr_assert(fabs(g[i] - sums[i]) <= 1e-10 * all, "slope %d is %.17g, in parts %.17g", i, g[i], sums[i]);
    cr_assert_eq(g[3], 0);
    ad_function_free(f);
    free(t);
    free(x);
}

/* Nothing is read or written past the rows, ragged blocks among them: under a sanitizer not a byte. */
Test(memory, of_the_caller_is_touched_where_it_was_given)
{
    enum { MOST = 131 };
    ad_function *f = record(NULL);
    double g[PARAMS];
    static const char *const isas[] = {"avx512", "avx2", "baseline"};
    for (int isa = 0; isa < 3; isa++) {
        setenv("AD_ISA", isas[isa], 1);
        for (size_t rows = 0; rows <= MOST; rows++) {
            double *x = column(rows, 0.1), *t = column(rows, 0.3), *out = malloc((rows * PARAMS + 2) * sizeof *out), *outs[PARAMS];
            const double *columns[] = {x, t};
            x[rows] = t[rows] = NAN;       /* the row after the last */
            for (size_t i = 0; i < rows * PARAMS + 2; i++)
                out[i] = 77;
            for (int k = 0; k < PARAMS; k++)
                outs[k] = out + (size_t)k * rows;
            cr_assert_eq(ad_function_jacobian(f, p, columns, rows, outs), AD_OK);
            cr_assert(out[rows * PARAMS] == 77 && out[rows * PARAMS + 1] == 77, "%zu rows, by columns", rows);
            cr_assert_eq(ad_function_jacobian_interleaved(f, p, columns, rows, out), AD_OK);
            cr_assert(out[rows * PARAMS] == 77 && out[rows * PARAMS + 1] == 77, "%zu rows, row-major", rows);
            for (size_t i = 0; i < rows * PARAMS; i++)
                cr_assert(isfinite(out[i]) && out[i] != 77);
            cr_assert_eq(ad_function_sum_gradient(f, p, columns, rows, NULL, g), AD_OK);
            for (int i = 0; i < PARAMS; i++)
                cr_assert(isfinite(g[i]));
            for (size_t r = 0; r < rows; r++)
                cr_assert(x[r] == sin(0.1 * (double)(r + 1)) && t[r] == sin(0.3 * (double)(r + 1)));
            free(out);
            free(t);
            free(x);
        }
    }
    ad_function_free(f);
}

/* A function of so many outputs that fill the params; with zero against infinity, so that it runs twice. */
Test(memory, of_params_may_take_the_results)
{
    enum { ROWS = 70 };
    double x[ROWS], wanted[PARAMS], got[PARAMS], value;
    const double *columns[] = {x, x};
    for (int r = 0; r < ROWS; r++)
        x[r] = r % 3;                      /* 0 among them: sqrt has an infinite slope */
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 1), b = ad_param(tape, "b", 1), c = ad_param(tape, "c", 1), d = ad_param(tape, "d", 1),
           u = ad_column(tape, "u"), v = ad_column(tape, "v");
    ad_var E = ad_add(ad_mul(ad_sqrt(ad_mul(a, u)), ad_mul(b, v)), ad_mul(ad_exp(c), ad_sub(u, d)));
    ad_function *f = ad_function_new(tape, 1, &E), *total = ad_function_total(f), *slopes = ad_function_derive(total, (ad_derive_options){0});
    ad_tape_free(tape);
    double start[PARAMS] = {0.5, 2, 0.25, 1};
    for (int zero = 0; zero < 2; zero++) {
        start[0] = zero ? 0 : 0.5;
        cr_assert_eq(ad_function_over(slopes, start, columns, ROWS, wanted), AD_OK);
        memcpy(got, start, sizeof got);
        cr_assert_eq(ad_function_over(slopes, got, columns, ROWS, got), AD_OK);
        cr_assert_eq(memcmp(got, wanted, sizeof got), 0, "values: %g %g %g %g, not %g %g %g %g", got[0], got[1], got[2], got[3], wanted[0],
                     wanted[1], wanted[2], wanted[3]);
        cr_assert_eq(ad_function_sum_gradient(f, start, columns, ROWS, &value, wanted), AD_OK);
        memcpy(got, start, sizeof got);
        cr_assert_eq(ad_function_sum_gradient(f, got, columns, ROWS, &value, got), AD_OK);
        cr_assert_eq(memcmp(got, wanted, sizeof got), 0, "gradient");
        cr_assert_eq(ad_function_hessian_vector(f, start, columns, ROWS, start, wanted), AD_OK);
        memcpy(got, start, sizeof got);
        cr_assert_eq(ad_function_hessian_vector(f, got, columns, ROWS, got, got), AD_OK);
        cr_assert_eq(memcmp(got, wanted, sizeof got), 0, "product");
        cr_assert_eq(ad_function_hessian_diagonal(f, start, columns, ROWS, wanted), AD_OK);
        memcpy(got, start, sizeof got);
        cr_assert_eq(ad_function_hessian_diagonal(f, got, columns, ROWS, got), AD_OK);
        cr_assert_eq(memcmp(got, wanted, sizeof got), 0, "diagonal");
    }
    ad_function_free(slopes);
    ad_function_free(total);
    ad_function_free(f);
}
