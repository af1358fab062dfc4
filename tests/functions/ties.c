/* ties.c -- the largest and the smallest of many: of m that tie each has 1/m, in the sweep, in the gradient as nodes, in
 * functions at a point and over rows, in their derivatives either way and again; so has generated C, see emit.c. */
#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { MOST = 6, ROWS = 67 };

static int same(double x, double y) { return (isnan(x) && isnan(y)) || x == y; }

static ad_var extreme(int least, size_t n, const ad_var *x) { return least ? ad_minimum(n, x) : ad_maximum(n, x); }

static double value_of(int least, int n, const double *x)
{
    double z = x[0];
    for (int i = 1; i < n; i++)
        z = isnan(z) || isnan(x[i]) ? NAN : least ? fmin(z, x[i]) : fmax(z, x[i]);
    return z;
}

/* What every tier should give. */
static double slope_of(int least, int n, const double *x, int i)
{
    double z = value_of(least, n, x), m = 0;
    for (int k = 0; k < n; k++)
        m += x[k] == z;
    return x[i] == z ? 1 / m : 0;
}

static void on_the_tape(int least, int n, const double *x)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[MOST], g[MOST];
    for (int i = 0; i < n; i++)
        v[i] = ad_param(tape, NULL, x[i]);
    ad_var z = extreme(least, (size_t)n, v);
    cr_assert(same(ad_value(z), value_of(least, n, x)), "%.17g, not %.17g", ad_value(z), value_of(least, n, x));
    ad_backward(z);
    ad_gradient(z, (size_t)n, v, g);
    for (int i = 0; i < n; i++) {
        double wanted = slope_of(least, n, x, i);
        cr_assert(ad_grad(v[i]) == wanted, "the sweep: slope %d is %.17g, not %.17g", i, ad_grad(v[i]), wanted);
        cr_assert(ad_value(g[i]) == wanted, "as nodes: slope %d is %.17g, not %.17g", i, ad_value(g[i]), wanted);
    }
    ad_tape_free(tape);
}

static ad_function *function_of(int least, int n, int by_rows)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[MOST], z;
    for (int i = 0; i < n; i++)
        v[i] = by_rows ? ad_column(tape, NULL) : ad_param(tape, NULL, 0);
    z = extreme(least, (size_t)n, v);
    ad_function *f = ad_function_new(tape, 1, &z);
    ad_tape_free(tape);
    cr_assert_not_null(f);
    return f;
}

static ad_function *derived(const ad_function *f, ad_derive_mode mode, size_t n)
{
    size_t all[2 * MOST];
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    ad_function *d = ad_function_derive(f, (ad_derive_options){.mode = mode, .inputs = all, .n = n});
    cr_assert_not_null(d);
    return d;
}

/* All at the same point: at it, over rows of it, by reverse and tangent, and the second derivatives, which are 0. */
static void as_functions(int least, int n, const double *x)
{
    ad_function *f = function_of(least, n, 0), *by_rows = function_of(least, n, 1);
    ad_function *reverse = derived(by_rows, AD_REVERSE, (size_t)n), *tangent = derived(by_rows, AD_TANGENT, (size_t)n),
                *second = derived(reverse, AD_REVERSE, (size_t)n);
    double value, g[MOST], column[2 * MOST][ROWS], out[MOST * MOST][ROWS], point[2 * MOST] = {0}, at[MOST * MOST];
    const double *columns[2 * MOST];
    double *outs[MOST * MOST];
    for (int i = 0; i < 2 * n; i++) {
        for (int r = 0; r < ROWS; r++)
            column[i][r] = i < n ? x[i] : 0;
        columns[i] = column[i];
        point[i] = column[i][0];
    }
    for (int i = 0; i < n * n; i++)
        outs[i] = out[i];
    cr_assert_eq(ad_function_sum_gradient(f, x, NULL, 1, &value, g), AD_OK);
    cr_assert(same(value, value_of(least, n, x)));
    cr_assert_eq(ad_function_rows(by_rows, NULL, columns, ROWS, outs), AD_OK);
    for (int r = 0; r < ROWS; r++)
        cr_assert(same(out[0][r], value_of(least, n, x)), "row %d: %.17g", r, out[0][r]);
    cr_assert_eq(ad_function_rows(reverse, NULL, columns, ROWS, outs), AD_OK);
    cr_assert_eq(ad_function_at(reverse, NULL, point, at), AD_OK);
    for (int i = 0; i < n; i++) {
        double wanted = slope_of(least, n, x, i);
        cr_assert(g[i] == wanted, "the sum: slope %d is %.17g, not %.17g", i, g[i], wanted);
        cr_assert(at[i] == wanted, "at a point: slope %d is %.17g, not %.17g", i, at[i], wanted);
        for (int r = 0; r < ROWS; r++)
            cr_assert(out[i][r] == wanted, "row %d: slope %d is %.17g, not %.17g", r, i, out[i][r], wanted);
    }
    for (int i = 0; i < n; i++) {
        double wanted = slope_of(least, n, x, i);
        for (int r = 0; r < ROWS; r++)
            column[n + i][r] = 1;
        cr_assert_eq(ad_function_rows(tangent, NULL, columns, ROWS, outs), AD_OK);
        for (int r = 0; r < ROWS; r++) {
            cr_assert(out[0][r] == wanted, "row %d: tangent %d is %.17g, not %.17g", r, i, out[0][r], wanted);
            column[n + i][r] = 0;
        }
    }
    cr_assert_eq(ad_function_rows(second, NULL, columns, ROWS, outs), AD_OK);
    for (int i = 0; i < n * n; i++)
        for (int r = 0; r < ROWS; r++)
            cr_assert(out[i][r] == 0, "row %d: second slope %d is %.17g", r, i, out[i][r]);
    ad_function_free(second);
    ad_function_free(tangent);
    ad_function_free(reverse);
    ad_function_free(by_rows);
    ad_function_free(f);
}

static const double points[][MOST] = {
    {1, 1, 1, 1, 1, 1},    {1, 1, 1, 0, -1, 1},   {2, 1, 2, 2, 1, 0},  {0, -0.0, 0, -0.0, 0, 0}, {-0.0, -0.0, -0.0, 1, 1, 1},
    {INFINITY, INFINITY, INFINITY, 1, -INFINITY, 0}, {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY},
    {NAN, 1, 1, 2, 2, 2},  {1, 2, NAN, 2, 2, NAN}, {3, 2, 1, 0, -1, -2}, {1e308, 1e308, 1e308, 1e308, 1e308, 1e308},
    {5e-324, 5e-324, 5e-324, 0, 5e-324, 0},
};

Test(ties, share_alike_on_the_tape)
{
    for (size_t k = 0; k < sizeof points / sizeof *points; k++)
        for (int n = 1; n <= MOST; n++)
            for (int least = 0; least < 2; least++)
                on_the_tape(least, n, points[k]);
}

Test(ties, share_alike_in_functions)
{
    for (size_t k = 0; k < sizeof points / sizeof *points; k++)
        for (int n = 1; n <= MOST; n++)
            for (int least = 0; least < 2; least++)
                as_functions(least, n, points[k]);
}

/* -0 and 0 are equal, and yet the larger is 0. */
Test(ties, of_zeros_keep_the_sign)
{
    ad_var zeros[] = {ad_const(-0.0), ad_const(-0.0), ad_const(0.0)};
    cr_assert(!signbit(ad_value(ad_maximum(3, zeros))) && signbit(ad_value(ad_maximum(2, zeros))));
    cr_assert(signbit(ad_value(ad_minimum(3, zeros))));
    double x[] = {-0.0, -0.0, -0.0}, value, g[3];
    ad_function *f = function_of(0, 3, 0);
    cr_assert_eq(ad_function_sum(f, x, NULL, 1, &value), AD_OK);
    cr_assert_eq(value, 0);
    cr_assert_eq(ad_function_at(f, x, NULL, &value), AD_OK);
    cr_assert(signbit(value));
    cr_assert_eq(ad_function_sum_gradient(f, x, NULL, 0, &value, g), AD_OK);
    cr_assert(value == 0 && g[0] == 0);
    ad_function_free(f);
}

/* Constants count; the same variable twice has its share twice; one within another has its share of that share. */
Test(ties, with_constants_repeats_and_nesting)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 5), y = ad_param(tape, "y", 5), all[] = {x, ad_const(5), ad_const(5), ad_const(4), y, y};
    ad_var inner = ad_maximum(3, (ad_var[]){x, y, ad_const(5)}), outer = ad_maximum(3, (ad_var[]){inner, y, ad_const(5)});
    ad_var outputs[] = {ad_maximum(3, all), ad_maximum(5, all), ad_maximum(6, all), outer, ad_mul(outer, ad_exp(inner))};
    double e5 = exp(5), p[] = {5, 5}, values[5], slopes[10];
    const double wanted[5][2] = {{1 / 3., 0}, {.25, .25}, {.2, .4}, {1 / 9., 4 / 9.}, {e5 / 9 + 5 * e5 / 3, 4 * e5 / 9 + 5 * e5 / 3}};
    ad_function *f = ad_function_new(tape, 5, outputs), *d = ad_function_derive(f, (ad_derive_options){0});
    cr_assert_eq(ad_function_over(d, p, NULL, 1, slopes), AD_OK);
    cr_assert_eq(ad_function_over(f, p, NULL, 1, values), AD_OK);
    for (int k = 0; k < 5; k++) {
        cr_assert(values[k] == ad_value(outputs[k]) || k == 4);
        ad_backward(outputs[k]);
        for (int i = 0; i < 2; i++) {
            double grad = ad_grad(i ? y : x);
            cr_assert(fabs(grad - wanted[k][i]) <= 1e-15 * fabs(wanted[k][i]), "output %d, slope %d: %.17g, not %.17g", k, i, grad,
                      wanted[k][i]);
            cr_assert(fabs(slopes[2 * k + i] - wanted[k][i]) <= 1e-15 * fabs(wanted[k][i]), "output %d, slope %d: %.17g, not "
                      "%.17g", k, i, slopes[2 * k + i], wanted[k][i]);
        }
    }
    ad_function_free(d);
    ad_function_free(f);
    ad_tape_free(tape);
}

/* The gradient of ten thousand at once is recorded in linear time and room. */
Test(ties, of_ten_thousand_take_linear_room)
{
    enum { N = 10000 };
    static ad_var x[N], g[N];
    ad_tape *tape = ad_tape_new();
    for (int i = 0; i < N; i++)
        x[i] = ad_param(tape, NULL, i % 100 ? 0 : 7);
    ad_gradient(ad_maximum(N, x), N, x, g);
    cr_assert_eq(ad_tape_error(tape), AD_OK);
    for (int i = 0; i < N; i++)
        cr_assert(ad_value(g[i]) == (i % 100 ? 0 : 0.01));
    cr_assert_leq(ad_tape_size(tape), 8 * N);
    ad_tape_free(tape);
}
