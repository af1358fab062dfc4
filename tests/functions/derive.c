/* derive.c -- derivatives of functions as functions: random formulas against gradients nested on the tape, forward against
 * reverse, totals; and what derived functions promise at their edges. */
#include "formulas.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = PARAMS + COLUMNS, ROWS = 65 };

static int trials(int few) { return getenv("AD_SOAK") ? 20 * few : few; }

static int close_to(double got, double wanted, double tolerance)
{
    return got == wanted || (isnan(got) && isnan(wanted)) || fabs(got - wanted) <= tolerance * (1 + fabs(wanted));
}

/* The formula of a seed as a function of PARAMS params and COLUMNS columns. */
static ad_function *record(uint64_t seed)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[INPUTS];
    for (int i = 0; i < INPUTS; i++)
        inputs[i] = i < PARAMS ? ad_param(tape, NULL, 0) : ad_column(tape, NULL);
    ad_var E = formula(inputs, seed);
    ad_function *f = ad_function_new(tape, 1, &E);
    cr_assert_not_null(f, "%s", ad_tape_error_message(tape));
    ad_tape_free(tape);
    return f;
}

static ad_function *derived(ad_function *f, ad_derive_options o)
{
    ad_status status = AD_OK;
    o.status = &status;
    ad_function *g = ad_function_derive(f, o);
    cr_assert(g && status == AD_OK, "not derived: %d", (int)status);
    return g;
}

static ad_function *by(ad_function *f, ad_derive_mode mode, size_t input)
{
    return derived(f, (ad_derive_options){.mode = mode, .n = 1, .inputs = &input});
}

/* First, second and third derivatives on the tape, each by an input w[k] that what was derived so far depends on. */
static void nested(uint64_t seed, const double *x, size_t *w, double *d)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[INPUTS], slopes[INPUTS];
    for (int i = 0; i < INPUTS; i++)
        inputs[i] = ad_param(tape, NULL, x[i]);
    ad_var E = formula(inputs, seed);
    for (int k = 0; k < 3; k++) {
        ad_gradient(E, INPUTS, inputs, slopes);
        w[k] = draw(INPUTS);
        for (int i = 0; i < INPUTS && ad_value(slopes[w[k]]) == 0; i++)
            w[k] = (w[k] + 1) % INPUTS;
        E = slopes[w[k]];
        d[k] = ad_value(E);
    }
    cr_assert_eq(ad_tape_error(tape), AD_OK);
    ad_tape_free(tape);
}

Test(derive, three_times_is_what_nested_gradients_give, .timeout = 240)
{
    int told = 0, n = trials(2000);
    for (int trial = 0; trial < n; trial++) {
        double x[INPUTS], wanted[3], got;
        size_t w[3];
        state = (uint64_t)trial * 104729 + 5;
        for (int i = 0; i < INPUTS; i++)
            x[i] = 1.5 * uniform();
        nested((uint64_t)trial, x, w, wanted);
        ad_function *f = record((uint64_t)trial);
        for (int k = 0; k < 3; k++) {
            ad_function *g = by(f, AD_REVERSE, w[k]);
            ad_function_free(f);
            f = g;
            cr_assert_eq(ad_function_at(f, x, x + PARAMS, &got), AD_OK);
            cr_assert(close_to(got, wanted[k], 1e-9), "trial %d: derivative %d is %.17g, nested %.17g", trial, k + 1, got,
                      wanted[k]);
            told += k == 2 && got != 0;
        }
        ad_function_free(f);
    }
    cr_assert(told > n / 2, "only %d third derivatives are not 0", told);
}

Test(derive, forward_and_reverse_agree_in_any_order, .timeout = 240)
{
    int n = trials(1000);
    for (int trial = 0; trial < n; trial++) {
        double x[INPUTS + 6] = {0}, wanted[3], params[PARAMS + 3], columns[COLUMNS + 3], got;
        size_t w[3], n_params = PARAMS, n_columns = COLUMNS;
        state = (uint64_t)trial * 15485863 + 3;
        for (int i = 0; i < INPUTS; i++)
            x[i] = 1.5 * uniform();
        memcpy(params, x, PARAMS * sizeof *x);
        memcpy(columns, x + PARAMS, COLUMNS * sizeof *x);
        nested((uint64_t)trial, x, w, wanted);
        ad_function *f = record((uint64_t)trial);
        for (int k = 0; k < 3; k++) {
            int forward = (int)draw(2), param = w[k] < PARAMS;
            size_t input = param ? w[k] : n_params + w[k] - PARAMS;
            ad_function *g = by(f, forward ? AD_TANGENT : AD_REVERSE, input);
            ad_function_free(f);
            f = g;
            if (forward && param)
                params[n_params++] = 1;
            else if (forward)
                columns[n_columns++] = 1;
            cr_assert_eq(ad_function_params(f), n_params);
            cr_assert_eq(ad_function_columns(f), n_columns);
            cr_assert_eq(ad_function_at(f, params, columns, &got), AD_OK);
            cr_assert(close_to(got, wanted[k], 1e-8), "trial %d: derivative %d is %.17g, nested %.17g", trial, k + 1, got,
                      wanted[k]);
        }
        ad_function_free(f);
    }
}

/* Tame data for formulas over rows, away from jumps of the formula itself. */
static void fill(uint64_t seed, double *p, double data[COLUMNS][ROWS], const double **columns)
{
    state = seed * 7919 + 11;
    for (int i = 0; i < PARAMS; i++)
        p[i] = 1.5 * uniform();
    for (int k = 0; k < COLUMNS; k++) {
        columns[k] = data[k];
        for (int r = 0; r < ROWS; r++)
            data[k][r] = 1.5 * uniform();
    }
}

Test(derive, the_derivative_of_a_total_is_the_gradient_of_the_sum, .timeout = 240)
{
    for (int trial = 0; trial < trials(500); trial++) {
        double p[PARAMS], data[COLUMNS][ROWS], value, g[PARAMS], both[1 + PARAMS], sum;
        const double *columns[COLUMNS];
        fill((uint64_t)trial, p, data, columns);
        ad_function *f = record((uint64_t)trial), *total = ad_function_total(f);
        cr_assert(total && !ad_function_varies(total, 0));
        ad_function *d = derived(total, (ad_derive_options){.keep_outputs = 1});
        cr_assert_eq(ad_function_outputs(d), 1 + PARAMS);
        static const size_t counts[] = {0, 1, 63, 64, 65};
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            cr_assert_eq(ad_function_sum_gradient(f, p, columns, counts[k], &value, g), AD_OK);
            cr_assert_eq(ad_function_over(total, p, columns, counts[k], &sum), AD_OK);
            cr_assert_eq(ad_function_over(d, p, columns, counts[k], both), AD_OK);
            cr_assert(close_to(sum, value, 1e-11) && close_to(both[0], value, 1e-11), "trial %d", trial);
            for (int i = 0; i < PARAMS; i++)
                cr_assert(close_to(both[1 + i], g[i], 1e-10), "trial %d, %zu rows, slope %d: %.17g, %.17g", trial, counts[k],
                          i, both[1 + i], g[i]);
        }
        ad_function_free(f);
        ad_function_free(total);
        ad_function_free(d);
    }
}

/* y = (w x + b)^2 and w, over params w, b, unused and columns x, t. */
static ad_function *small(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), x = ad_column(tape, "x"), b = ad_param(tape, "b", 0);
    ad_param(tape, NULL, 0);
    ad_column(tape, "t");
    const ad_var y[] = {ad_square(ad_add(ad_mul(w, x), b)), w};
    ad_function *f = ad_function_new(tape, 2, y);
    ad_tape_free(tape);
    return f;
}

Test(derive, inputs_and_outputs_are_where_they_are_said_to_be)
{
    ad_function *f = small();
    const size_t chosen[] = {3, 0, 4};     /* x, w, t */
    const double p[] = {2, 3, 7}, row[] = {5, 11};
    double v[8];
    ad_function *g = derived(f, (ad_derive_options){.n = 3, .inputs = chosen, .keep_outputs = 1});
    cr_assert_eq(ad_function_outputs(g), 8);
    cr_assert_eq(ad_function_at(g, p, row, v), AD_OK);
    const double wanted[] = {169, 2, 2 * 13 * 2, 2 * 13 * 5, 0, 0, 1, 0};
    for (int k = 0; k < 8; k++)
        cr_assert_eq(v[k], wanted[k], "output %d is %g", k, v[k]);
    cr_assert(ad_function_varies(g, 2) && !ad_function_varies(g, 6) && !ad_function_varies(g, 8));
    ad_function_free(g);

    ad_function *t = derived(f, (ad_derive_options){.mode = AD_TANGENT, .n = 3, .inputs = chosen});
    cr_assert_eq(ad_function_outputs(t), 2);
    cr_assert_eq(ad_function_params(t), 4);
    cr_assert_eq(ad_function_columns(t), 4);
    cr_assert_str_eq(ad_function_param_name(t, 0), "w");
    cr_assert_str_eq(ad_function_param_name(t, 3), "w'");
    cr_assert_str_eq(ad_function_column_name(t, 2), "x'");
    cr_assert_str_eq(ad_function_column_name(t, 3), "t'");
    cr_assert_null(ad_function_param_name(t, 2));
    ad_function *tt = derived(t, (ad_derive_options){.mode = AD_TANGENT, .directions = 2});
    cr_assert_eq(ad_function_outputs(tt), 4);
    cr_assert_eq(ad_function_params(tt), 12);
    cr_assert_str_eq(ad_function_param_name(tt, 4), "w'2");
    cr_assert_str_eq(ad_function_param_name(tt, 7), "w''2");
    cr_assert_str_eq(ad_function_param_name(tt, 8), "w'3");
    ad_function_free(tt);

    ad_function *a = derived(f, (ad_derive_options){.mode = AD_ADJOINT, .n = 3, .inputs = chosen});
    cr_assert_eq(ad_function_outputs(a), 3);
    cr_assert_eq(ad_function_columns(a), 4);
    cr_assert_str_eq(ad_function_column_name(a, 3), "g2'");
    const double seeded[] = {5, 11, 10, 100};
    cr_assert_eq(ad_function_at(a, p, seeded, v), AD_OK);
    cr_assert(v[0] == 520 && v[1] == 1300 + 100 && v[2] == 0);
    ad_function_free(a);
    ad_function_free(t);
    ad_function_free(f);
}

Test(derive, what_was_derived_outlives_what_it_was_derived_from)
{
    ad_function *f = small(), *g = ad_function_derive(f, (ad_derive_options){0}), *h;
    ad_function_free(f);
    h = ad_function_derive(g, (ad_derive_options){0});
    ad_function_free(g);
    const double p[] = {2, 3, 7}, row[] = {5, 11};
    double v[18];
    cr_assert_eq(ad_function_at(h, p, row, v), AD_OK);
    cr_assert(v[0] == 50 && v[1] == 10 && v[3] == 10 && v[4] == 2 && v[2] == 0 && v[9] == 0);
    ad_function_free(h);
}

Test(derive, wrong_arguments_are_refused_with_a_reason)
{
    ad_function *f = small(), *total = ad_function_total(f);
    ad_status status;
    const size_t beyond = 5, column = 3;
    double v[2] = {0, 0};
    const double p[] = {2, 3, 7}, x[] = {5}, *columns[] = {x, x};
    cr_assert_null(ad_function_derive(NULL, (ad_derive_options){.status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    cr_assert_null(ad_function_derive(NULL, (ad_derive_options){0}));
    cr_assert_null(ad_function_derive(f, (ad_derive_options){.n = 1, .inputs = &beyond, .status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    cr_assert_null(ad_function_derive(f, (ad_derive_options){.n = 1, .status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    cr_assert_null(ad_function_derive(f, (ad_derive_options){.inputs = &column, .status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    cr_assert_null(ad_function_derive(f, (ad_derive_options){.mode = (ad_derive_mode)9, .status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    cr_assert_null(ad_function_derive(f, (ad_derive_options){.mode = AD_TANGENT, .directions = SIZE_MAX / 2, .status = &status}));
    cr_assert_eq(status, AD_ERROR_LIMIT);
    cr_assert_null(ad_function_total(NULL));
    cr_assert_eq(ad_function_over(f, p, columns, 1, v), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_over(total, p, columns, 1, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_over(total, NULL, columns, 1, v), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_over(NULL, p, columns, 1, v), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_over(total, p, columns, 1, v), AD_OK);
    cr_assert(v[0] == 169 && v[1] == 2);
    cr_assert_eq(ad_function_over(total, p, NULL, 0, v), AD_OK);
    cr_assert(v[0] == 0 && v[1] == 0);
    ad_function_free(f);
    ad_function_free(total);
}

Test(derive, a_total_has_a_slope_by_every_row_of_a_column)
{
    ad_function *f = small(), *total = ad_function_total(f);
    const size_t x = 3;
    ad_function *d = derived(total, (ad_derive_options){.n = 1, .inputs = &x, .keep_outputs = 1});
    cr_assert(!ad_function_varies(d, 0) && ad_function_varies(d, 2));
    const double p[] = {2, 3, 7}, xs[] = {1, 2, 4}, *columns[] = {xs, xs};
    double sum[3], w[3], dx[3], dw[3], *out[] = {sum, w, dx, dw};
    cr_assert_eq(ad_function_rows(d, p, columns, 3, out), AD_OK);
    for (int r = 0; r < 3; r++) {
        cr_assert_eq(sum[r], 25 + 49 + 121);
        cr_assert_eq(w[r], 6);
        cr_assert_eq(dx[r], 4 * (2 * xs[r] + 3));
        cr_assert_eq(dw[r], 0);
    }
    ad_status status;                      /* a seed for each row, times a sum over rows: rows by rows */
    cr_assert_null(ad_function_derive(d, (ad_derive_options){.mode = AD_ADJOINT, .status = &status}));
    cr_assert_eq(status, AD_ERROR_ARGUMENT);
    ad_function_free(d);
    ad_function_free(total);
    ad_function_free(f);
}

Test(derive, functions_of_no_row_and_of_columns_only)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0), y = ad_mul(a, ad_square(a));
    ad_function *f = ad_function_new(tape, 1, &y), *total = ad_function_total(f), *d = ad_function_derive(total, (ad_derive_options){0});
    double p[] = {3}, v = 0;
    cr_assert_eq(ad_function_over(d, p, NULL, 5, &v), AD_OK);
    cr_assert_eq(v, 5 * 27);
    cr_assert_eq(ad_function_over(d, p, NULL, 0, &v), AD_OK);
    cr_assert_eq(v, 0);
    cr_assert_eq(ad_function_over(f, p, NULL, 0, &v), AD_OK);
    cr_assert_eq(v, 27);
    ad_function_free(f);
    ad_function_free(total);
    ad_function_free(d);
    ad_tape_reset(tape);
    ad_var x = ad_column(tape, "x"), z[] = {ad_exp(x), ad_const(3)};
    f = ad_function_new(tape, 2, z);
    cr_assert_null(ad_function_derive(f, (ad_derive_options){0}));      /* it has no params */
    d = derived(f, (ad_derive_options){.n = 1, .inputs = &(size_t){0}});
    const double xs[] = {0, 1}, *columns[] = {xs};
    double rows[2][2], *out[] = {rows[0], rows[1]};
    cr_assert_eq(ad_function_rows(d, NULL, columns, 2, out), AD_OK);
    cr_assert(rows[0][0] == 1 && fabs(rows[0][1] - exp(1)) < 1e-15 * 4 && rows[1][0] == 0 && rows[1][1] == 0);
    ad_function_free(f);
    ad_function_free(d);
    ad_tape_free(tape);
}

/* Kinks and zero against infinity, first and second slope at 0: the conventions of ops.def hold all the way. */
Test(derive, kinks_and_zero_times_infinity_stay_what_they_are_by_rows)
{
    enum { CASES = 9 };
    for (int k = 0; k < CASES; k++) {
        ad_tape *tape = ad_tape_new();
        double wanted[3];
        ad_function *f = NULL;
        for (int recorded = 0; recorded < 2; recorded++) {
            ad_tape_reset(tape);
            ad_var x = recorded ? ad_column(tape, "x") : ad_param(tape, "x", 0), y;
            switch (k) {
            case 0: y = ad_abs(x); break;
            case 1: y = ad_relu(x); break;
            case 2: y = ad_mul(0, ad_sqrt(x)); break;
            case 3: y = ad_sqrt(ad_square(x)); break;
            case 4: y = ad_select(ad_greater(x, 0), ad_log(x), ad_square(x)); break;
            case 5: y = ad_max(x, 0); break;
            case 6: y = ad_pow(x, 3); break;
            case 7: y = ad_hypot(x, 0); break;
            default: y = ad_mul(x, ad_pow(ad_abs(x), 1.5)); break;
            }
            if (recorded)
                f = ad_function_new(tape, 1, &y);
            for (int d = 0; d < 3 && !recorded; d++) {
                wanted[d] = ad_value(y);
                ad_gradient(y, 1, &x, &y);
            }
        }
        for (int d = 0; d < 3; d++) {
            double xs[65] = {0}, rows[65], *out = rows, at;
            const double *columns[] = {xs};
            cr_assert_eq(ad_function_at(f, NULL, xs, &at), AD_OK);
            cr_assert(at == wanted[d] || (isnan(at) && isnan(wanted[d])), "case %d, order %d: %g at a point, %g on the tape", k,
                      d, at, wanted[d]);
            cr_assert_eq(ad_function_rows(f, NULL, columns, 65, &out), AD_OK);
            cr_assert(rows[64] == at || (isnan(rows[64]) && isnan(at)), "case %d, order %d: %g in a row, %g at a point", k, d,
                      rows[64], at);
            ad_function *g = by(f, AD_REVERSE, 0);
            ad_function_free(f);
            f = g;
        }
        ad_function_free(f);
        ad_tape_free(tape);
    }
}

Test(derive, a_long_chain_is_derived_in_linear_time)
{
    enum { LENGTH = 200000 };
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0.5), y = a;
    for (int i = 0; i < LENGTH; i++)
        y = i % 2 ? ad_sin(y) : ad_add(y, a);
    ad_function *f = ad_function_new(tape, 1, &y), *g = by(f, AD_REVERSE, 0), *h = by(g, AD_TANGENT, 0);
    double got, second, p[] = {0.5, 1};
    cr_assert_eq(ad_function_at(g, p, NULL, &got), AD_OK);
    cr_assert_eq(ad_function_at(h, p, NULL, &second), AD_OK);
    ad_gradient(y, 1, &a, &y);
    cr_assert(close_to(got, ad_value(y), 1e-12), "%.17g %.17g", got, ad_value(y));
    ad_gradient(y, 1, &a, &y);
    cr_assert(close_to(second, ad_value(y), 1e-10), "%.17g %.17g", second, ad_value(y));
    ad_function_free(f);
    ad_function_free(g);
    ad_function_free(h);
    ad_tape_free(tape);
}
