/* contract.c -- what a recorded function promises at its edges: shapes, inputs, zero rows, one row, ragged blocks. */
#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static void near(double got, double wanted)
{
    cr_assert(fabs(got - wanted) <= 1e-12 * fmax(1, fabs(wanted)), "%.17g is not %.17g", got, wanted);
}

static ad_function *neuron(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.3), b = ad_param(tape, "b", 0.1);
    ad_var x = ad_column(tape, "x"), t = ad_column(tape, "t");
    ad_var E = ad_squared_error(t, ad_sigmoid(ad_add(ad_mul(w, x), b)));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

/* Loss and gradient of the neuron in plain C. */
static double by_hand(const double *p, const double *x, const double *t, size_t rows, double *g)
{
    double sum = g[0] = g[1] = 0;
    for (size_t i = 0; i < rows; i++) {
        double y = 1 / (1 + exp(-(p[0] * x[i] + p[1]))), d = (y - t[i]) * y * (1 - y);
        sum += (t[i] - y) * (t[i] - y) / 2;
        g[0] += d * x[i];
        g[1] += d;
    }
    return sum;
}

Test(contract, the_loss_of_rows_and_its_gradient_are_those_of_the_published_example)
{
    ad_function *f = neuron();
    const double x[] = {0.5, 1.5, -2.0, 3.0}, t[] = {1, 0, 1, 0}, *columns[] = {x, t}, p[] = {0.3, 0.1};
    double value, g[2];
    cr_assert_eq(ad_function_sum_gradient(f, p, columns, 4, &value, g), AD_OK);
    near(value, 0.757859814276);
    near(g[0], 0.89056984168);
    near(g[1], 0.0368156055298);
    ad_function_free(f);
}

Test(contract, every_number_of_rows_gives_the_sum_over_just_those_rows)
{
    enum { MOST = 5000 };
    static double x[MOST], t[MOST];
    for (int i = 0; i < MOST; i++) {
        x[i] = sin(i);
        t[i] = cos(3 * i);
    }
    ad_function *f = neuron();
    const double *columns[] = {x, t}, p[] = {0.3, 0.1};
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 4095, MOST};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        double value, g[2], hand[2], wanted = by_hand(p, x, t, counts[k], hand);
        cr_assert_eq(ad_function_sum_gradient(f, p, columns, counts[k], &value, g), AD_OK);
        near(value, wanted);
        near(g[0], hand[0]);
        near(g[1], hand[1]);
        double summed, rows[MOST], *out = rows, sum = 0;
        cr_assert_eq(ad_function_sum(f, p, columns, counts[k], &summed), AD_OK);
        near(summed, wanted);
        cr_assert_eq(ad_function_rows(f, p, columns, counts[k], &out), AD_OK);
        for (size_t i = 0; i < counts[k]; i++)
            sum += rows[i];
        near(sum, wanted);
    }
    ad_function_free(f);
}

Test(contract, inputs_are_all_params_and_columns_in_order_used_or_not)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 2), c = ad_column(tape, "c");
    ad_param(tape, "unused", 7);
    ad_column(tape, NULL);
    ad_var b = ad_param(tape, "b", 3), y = ad_mul(ad_mul(a, b), c);
    ad_function *f = ad_function_new(tape, 1, &y);
    ad_tape_free(tape);
    cr_assert_eq(ad_function_params(f), 3);
    cr_assert_eq(ad_function_columns(f), 2);
    cr_assert_str_eq(ad_function_param_name(f, 1), "unused");
    cr_assert_str_eq(ad_function_column_name(f, 0), "c");
    cr_assert_null(ad_function_column_name(f, 1));
    cr_assert_null(ad_function_param_name(f, 3));
    const double cs[] = {1, 2, 4}, *columns[] = {cs, cs}, p[] = {5, 7, 11};
    double value, g[3];
    cr_assert_eq(ad_function_sum_gradient(f, p, columns, 3, &value, g), AD_OK);
    near(value, 55 * 7);
    near(g[0], 11 * 7);
    cr_assert_eq(g[1], 0);
    near(g[2], 5 * 7);
    ad_function_free(f);
}

Test(contract, what_does_not_vary_counts_once_a_row)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 2), y = ad_mul(a, a);
    ad_function *f = ad_function_new(tape, 1, &y);
    ad_tape_free(tape);
    const double p[] = {3};
    double value, g, at;
    cr_assert_eq(ad_function_at(f, p, NULL, &at), AD_OK);
    cr_assert_eq(at, 9);
    cr_assert_eq(ad_function_sum_gradient(f, p, NULL, 100, &value, &g), AD_OK);
    near(value, 900);
    near(g, 600);
    cr_assert_eq(ad_function_sum_gradient(f, p, NULL, 0, &value, &g), AD_OK);
    cr_assert_eq(value, 0);
    cr_assert_eq(g, 0);
    ad_function_free(f);
}

/* The factor is taken out of the rows, of which there are none: nothing was infinite. */
Test(contract, sums_over_no_rows_are_0_whatever_the_params)
{
    const double bad[] = {INFINITY, -INFINITY, NAN, 1e308};
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 2), b = ad_param(tape, "b", 2), x = ad_column(tape, "x");
    ad_var y = ad_add(ad_mul(ad_exp(a), ad_mul(b, x)), ad_sub(ad_mul(ad_square(a), ad_sin(x)), ad_div(b, a)));
    ad_function *f = ad_function_new(tape, 1, &y), *total = ad_function_total(f), *slopes = ad_function_derive(total, (ad_derive_options){0});
    ad_tape_free(tape);
    for (int i = 0; i < 16; i++) {
        const double p[] = {bad[i / 4], bad[i % 4]};
        double value = 1, g[] = {1, 1}, H[] = {1, 1, 1, 1}, none[] = {1, 1};
        cr_assert_eq(ad_function_sum(f, p, NULL, 0, &value), AD_OK);
        cr_assert_eq(value, 0, "a %g, b %g: %g", p[0], p[1], value);
        cr_assert_eq(ad_function_sum_gradient(f, p, NULL, 0, &value, g), AD_OK);
        cr_assert(value == 0 && g[0] == 0 && g[1] == 0, "a %g, b %g: %g, slopes %g %g", p[0], p[1], value, g[0], g[1]);
        cr_assert_eq(ad_function_over(slopes, p, NULL, 0, none), AD_OK);
        cr_assert(none[0] == 0 && none[1] == 0, "a %g, b %g: derived %g %g", p[0], p[1], none[0], none[1]);
        cr_assert_eq(ad_function_hessian(f, p, NULL, 0, H), AD_OK);
        cr_assert(H[0] == 0 && H[1] == 0 && H[2] == 0 && H[3] == 0, "a %g, b %g: %g %g %g %g", p[0], p[1], H[0], H[1], H[2], H[3]);
    }
    ad_function_free(slopes);
    ad_function_free(total);
    ad_function_free(f);
}

Test(contract, outputs_may_be_inputs_constants_or_each_other)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 2), x = ad_column(tape, "x"), y = ad_add(a, x);
    const ad_var outputs[] = {x, a, ad_const(4), y, y};
    ad_function *f = ad_function_new(tape, 5, outputs);
    cr_assert_eq(ad_function_outputs(f), 5);
    ad_tape_free(tape);
    const double xs[] = {1, 2}, *columns[] = {xs}, p[] = {10}, wanted[5][2] = {{1, 2}, {10, 10}, {4, 4}, {11, 12}, {11, 12}};
    double rows[5][2], *out[] = {rows[0], rows[1], rows[2], rows[3], rows[4]}, sum[5];
    cr_assert_eq(ad_function_rows(f, p, columns, 2, out), AD_OK);
    cr_assert_eq(ad_function_sum(f, p, columns, 2, sum), AD_OK);
    for (int k = 0; k < 5; k++) {
        cr_assert_eq(rows[k][0], wanted[k][0]);
        cr_assert_eq(rows[k][1], wanted[k][1]);
        cr_assert_eq(sum[k], wanted[k][0] + wanted[k][1]);
    }
    ad_function_free(f);
}

Test(contract, wrong_arguments_are_refused)
{
    ad_tape *tape = ad_tape_new(), *other = ad_tape_new();
    ad_var a = ad_param(tape, "a", 2), z = ad_param(other, "z", 2);
    cr_assert_null(ad_function_new(NULL, 1, &a));
    cr_assert_null(ad_function_new(tape, 0, &a));
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_ARGUMENT);
    ad_tape_reset(tape);
    a = ad_param(tape, "a", 2);
    cr_assert_null(ad_function_new(tape, 1, &z));
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_FOREIGN);
    ad_tape_reset(tape);
    cr_assert_null(ad_function_new(tape, 1, &a));
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_STALE);
    ad_tape_reset(tape);
    a = ad_param(tape, "a", 2);
    const ad_var two[] = {a, a};
    ad_function *f = ad_function_new(tape, 2, two);
    double p = 1, value, g;
    cr_assert_eq(ad_function_sum_gradient(f, &p, NULL, 1, &value, &g), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_sum(f, NULL, NULL, 1, &value), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_sum(NULL, &p, NULL, 1, &value), AD_ERROR_ARGUMENT);
    ad_function_free(f);
    ad_function_free(NULL);
    ad_tape_free(tape);
    ad_tape_free(other);
}

Test(contract, zero_against_infinity_contributes_nothing_over_rows)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 1), x = ad_column(tape, "x");
    ad_var bad = ad_div(1, ad_mul(a, x)), y = ad_select(ad_greater(x, 0), ad_log(ad_mul(a, x)), ad_mul(0, bad));
    y = ad_add(y, ad_sqrt(ad_square(ad_mul(a, x))));
    ad_function *f = ad_function_new(tape, 1, &y);
    ad_tape_free(tape);
    const double xs[] = {2, 0, -3, 1}, *columns[] = {xs}, p[] = {1};
    double g;
    cr_assert_eq(ad_function_sum_gradient(f, p, columns, 4, NULL, &g), AD_OK);
    near(g, 1 + 1 + 2 + 0 + 3 + 1);        /* 1/a where x > 0; |x| */
    ad_function_free(f);
}
