/* sums.c -- functions that compute with sums over rows, as derived and called functions may: their derivatives by params and
 * columns, forward and in reverse, against differences. Built from nodes, for no tape records a sum over rows. */
#include <autodiff/autodiff.h>
#include <autodiff/function/internal.h>

#include <criterion/criterion.h>
#include <math.h>

enum { ROWS = 70 };

/* Params p, q and a column x:
 *   L = log S with S the sum of exp(p x), plus q^2 times the number of rows;
 *   z = p x - L q, which varies and depends on a sum over rows. */
static ad_function *record(int varying)
{
    ad_tape *tape = ad_tape_new();
    ad_var p = ad_param(tape, "p", 0), q = ad_param(tape, "q", 0), x = ad_column(tape, "x"), y[] = {p, q, x};
    ad_function *inputs = ad_function_new(tape, 3, y);
    ad_graph G;
    cr_assert(ad_graph_copy(&G, &inputs->graph));
    uint32_t P = inputs->outputs[0], Q = inputs->outputs[1], px = ad_graph_make(&G, AD_OP_mul, P, inputs->outputs[2], 0);
    uint32_t S = ad_graph_row_sum(&G, ad_graph_make(&G, AD_OP_exp, px, 0, 0)), L = ad_graph_make(&G, AD_OP_log, S, 0, 0);
    uint32_t squares = ad_graph_row_sum(&G, ad_graph_make(&G, AD_OP_square, Q, 0, 0));
    uint32_t out = varying ? ad_graph_make(&G, AD_OP_sub, px, ad_graph_make(&G, AD_OP_mul, L, Q, 0), 0)
                           : ad_graph_make(&G, AD_OP_add, L, squares, 0);
    ad_function *f = ad_function_extract(inputs, &G, 0, 0, 1, &out);
    ad_graph_free(&G);
    ad_function_free(inputs);
    ad_tape_free(tape);
    cr_assert(f && ad_function_varies(f, 0) == varying);
    return f;
}

static double x[ROWS];
static const double *columns[] = {x};

static void fill(void)
{
    for (int r = 0; r < ROWS; r++)
        x[r] = sin(3 * r + 1);
}

static double L_at(double p, double q, size_t rows)
{
    double sum = 0;
    for (size_t r = 0; r < rows; r++)
        sum += exp(p * x[r]);
    return log(sum) + q * q * (double)rows;
}

static void near(double got, double wanted)
{
    cr_assert(fabs(got - wanted) <= 1e-7 * (1 + fabs(wanted)), "%.17g is not %.17g", got, wanted);
}

Test(sums, a_logarithm_of_a_sum_has_gradient_and_products)
{
    enum { P_, Q_ };
    fill();
    ad_function *f = record(0), *g = ad_function_derive(f, (ad_derive_options){.keep_outputs = 1});
    const size_t params[] = {P_, Q_};
    ad_function *t = ad_function_derive(f, (ad_derive_options){.mode = AD_TANGENT});
    ad_function *h = ad_function_derive(t, (ad_derive_options){.n = 2, .inputs = params});
    const double p[] = {0.7, -0.4, 1, 2}, e = 1e-4;
    static const size_t counts[] = {1, 63, 64, 65, ROWS};
    for (size_t k = 0; k < 5; k++) {
        size_t rows = counts[k];
        double v[3], Hv[2], dp = (L_at(p[0] + e, p[1], rows) - L_at(p[0] - e, p[1], rows)) / (2 * e);
        double dpp = (L_at(p[0] + e, p[1], rows) - 2 * L_at(p[0], p[1], rows) + L_at(p[0] - e, p[1], rows)) / (e * e);
        cr_assert_eq(ad_function_over(g, p, columns, rows, v), AD_OK);
        near(v[0], L_at(p[0], p[1], rows));
        near(v[1], dp);
        near(v[2], 2 * p[1] * (double)rows);
        cr_assert_eq(ad_function_over(h, p, columns, rows, Hv), AD_OK);
        cr_assert(fabs(Hv[0] - dpp) < 1e-5, "%.17g is not %.17g", Hv[0], dpp);
        near(Hv[1], 4 * (double)rows);
    }
    ad_function_free(f), ad_function_free(g), ad_function_free(t), ad_function_free(h);
}

Test(sums, the_slope_by_a_column_has_one_value_a_row)
{
    fill();
    ad_function *f = record(0), *d = ad_function_derive(f, (ad_derive_options){.n = 1, .inputs = &(size_t){2}});
    double p[] = {0.7, -0.4}, rows[ROWS], major[ROWS], *out = rows, sum = exp(L_at(p[0], 0, ROWS));
    cr_assert(ad_function_varies(d, 0));
    cr_assert_eq(ad_function_rows(d, p, columns, ROWS, &out), AD_OK);
    cr_assert_eq(ad_function_rows_interleaved(d, p, columns, ROWS, major), AD_OK);
    for (int r = 0; r < ROWS; r++) {
        near(rows[r], p[0] * exp(p[0] * x[r]) / sum);
        cr_assert_eq(major[r], rows[r]);
    }
    ad_function_free(f), ad_function_free(d);
}

Test(sums, what_varies_with_a_sum_goes_forward_but_not_in_reverse)
{
    fill();
    ad_status status;
    ad_function *f = record(1), *t = ad_function_derive(f, (ad_derive_options){.mode = AD_TANGENT});
    cr_assert_null(ad_function_derive(f, (ad_derive_options){.status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    cr_assert_null(ad_function_derive(f, (ad_derive_options){.mode = AD_ADJOINT, .status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    double p[] = {0.7, -0.4, 1, 2}, rows[ROWS], *out = rows, e = 1e-5;
    double before = L_at(p[0] - e, 0, ROWS) * (p[1] - 2 * e), after = L_at(p[0] + e, 0, ROWS) * (p[1] + 2 * e);
    cr_assert_eq(ad_function_rows(t, p, columns, ROWS, &out), AD_OK);
    for (int r = 0; r < ROWS; r++)
        near(rows[r], x[r] - (after - before) / (2 * e));
    cr_assert_eq(ad_function_jacobian(f, p, columns, ROWS, (double *[]){rows, rows}), AD_ERROR_ARGUMENT);
    /* By q alone it would pass through no sum of q: the sum is a factor. */
    ad_function *d = ad_function_derive(f, (ad_derive_options){.n = 1, .inputs = &(size_t){1}, .status = &status});
    cr_assert(d && status == AD_OK);
    cr_assert_eq(ad_function_rows(d, p, columns, ROWS, &out), AD_OK);
    near(rows[0], -L_at(p[0], 0, ROWS));
    ad_function *total = ad_function_total(f), *g = ad_function_derive(total, (ad_derive_options){0});
    double sum = 0, dp[2];                 /* summed, it goes in reverse as well */
    for (int r = 0; r < ROWS; r++)
        sum += x[r];
    cr_assert_eq(ad_function_over(g, p, columns, ROWS, dp), AD_OK);
    near(dp[0], sum - ROWS * p[1] * (L_at(p[0] + e, 0, ROWS) - L_at(p[0] - e, 0, ROWS)) / (2 * e));
    near(dp[1], -ROWS * L_at(p[0], 0, ROWS));
    ad_function_free(f), ad_function_free(t), ad_function_free(d), ad_function_free(total), ad_function_free(g);
}

/* Sums over rows of two products each are gathered product by product, in accumulators that they share. Whole numbers: exact. */
Test(sums, of_products_with_common_factors_are_exact)
{
    enum { COLUMNS = 8, SUMS = 8, SEVEN_BLOCKS = 450 };
    static double data[COLUMNS][SEVEN_BLOCKS];
    const double *at[COLUMNS];
    for (int k = 0; k < COLUMNS; k++) {
        at[k] = data[k];
        for (int r = 0; r < SEVEN_BLOCKS; r++)
            data[k][r] = (r * (k + 3) + k * k) % 17 - 8;
    }
    ad_tape *tape = ad_tape_new();
    ad_var v[COLUMNS];
    for (int k = 0; k < COLUMNS; k++)
        v[k] = ad_column(tape, NULL);
    ad_var a = v[0], b = v[1], c = v[2], d = v[3], x = v[4], y = v[5], z = v[6], w = v[7];
    ad_var sums[SUMS] = {
        ad_add(ad_mul(a, x), ad_mul(b, y)), ad_add(ad_mul(a, y), ad_mul(b, x)), ad_add(ad_mul(a, z), ad_mul(b, z)),
        ad_add(ad_mul(a, w), ad_mul(b, w)), ad_sub(ad_neg(ad_mul(c, x)), ad_mul(d, y)), ad_sub(ad_neg(ad_mul(c, y)), ad_mul(d, x)),
        ad_sub(ad_mul(c, z), ad_mul(d, w)), ad_add(c, ad_mul(d, z))};
    ad_function *f = ad_function_new(tape, SUMS, sums), *total = ad_function_total(f);
    static const size_t counts[] = {1, 15, 64, 70, SEVEN_BLOCKS};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        double got[SUMS], wanted[SUMS] = {0};
        for (size_t r = 0; r < counts[n]; r++) {
            double A = data[0][r], B = data[1][r], C = data[2][r], D = data[3][r];
            double X = data[4][r], Y = data[5][r], Z = data[6][r], W = data[7][r];
            const double row[SUMS] = {A * X + B * Y, A * Y + B * X, A * Z + B * Z, A * W + B * W, -C * X - D * Y, -C * Y - D * X,
                                      C * Z - D * W, C + D * Z};
            for (int k = 0; k < SUMS; k++)
                wanted[k] += row[k];
        }
        cr_assert_eq(ad_function_over(total, NULL, at, counts[n], got), AD_OK);
        for (int k = 0; k < SUMS; k++)
            cr_assert_eq(got[k], wanted[k], "sum %d over %zu rows is %g, not %g", k, counts[n], got[k], wanted[k]);
    }
    ad_function_free(f), ad_function_free(total), ad_tape_free(tape);
}
