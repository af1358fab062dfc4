/* call.c -- functions as operations on a tape: at a point, over data of their own, over the tape's rows; their derivatives by
 * every way there is, functions recorded with calls in them, ownership, errors, lack of memory. */
#include "failing.h"
#include "formulas.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { ROWS = 133 };

static double xs[ROWS], ts[ROWS];
static const double *const data[] = {xs, ts};

static void fill(void)
{
    for (int r = 0; r < ROWS; r++) {
        xs[r] = sin(3 * r + 1);
        ts[r] = cos(0.7 * r);
    }
}

static void near_to(double got, double wanted, double relative, int line)
{
    cr_assert(fabs(got - wanted) <= relative * fmax(1, fabs(wanted)), "line %d: %.17g is not %.17g", line, got, wanted);
}
#define NEAR(got, wanted) near_to(got, wanted, 1e-11, __LINE__)

/* tanh(w x + b) - t, squared and halved; and the exponential of w x: two outputs, two params, two columns. */
static void row(const ad_var *p, const ad_var *c, ad_var *y)
{
    y[0] = ad_squared_error(ad_tanh(ad_add(ad_mul(p[0], c[0]), p[1])), c[1]);
    y[1] = ad_exp(ad_mul(p[0], c[0]));
}

static ad_function *row_function(size_t outputs)
{
    ad_tape *tape = ad_tape_new();
    ad_var p[] = {ad_param(tape, "w", 0), ad_param(tape, "b", 0)}, c[] = {ad_column(tape, "x"), ad_column(tape, "t")}, y[2];
    row(p, c, y);
    ad_function *f = ad_function_new(tape, outputs, y);
    cr_assert_eq(ad_tape_error(tape), AD_OK);
    ad_tape_free(tape);
    return f;
}

static void tape_is_sound(ad_tape *tape)
{
    cr_assert_eq(ad_tape_error(tape), AD_OK, "%s", ad_tape_error_message(tape));
    ad_tape_free(tape);
}

/* ---- One point ---------------------------------------------------------------------------------------------------------- */

Test(call, is_the_formula_and_its_gradient_by_params_and_columns)
{
    ad_function *f = row_function(2);
    ad_tape *tape = ad_tape_new();
    ad_var v[4], y[2], z[2];
    for (int i = 0; i < 4; i++)
        v[i] = ad_param(tape, NULL, 0.3 * i - 0.4);
    row(v, v + 2, y);
    ad_var first = ad_call(f, 2, v, 2, v + 2, z);
    cr_assert_eq(first.link, z[0].link);
    size_t before = ad_tape_size(tape);
    for (int k = 0; k < 2; k++) {
        double wanted[4];
        NEAR(ad_value(z[k]), ad_value(y[k]));
        ad_backward(y[k]);
        for (int i = 0; i < 4; i++)
            wanted[i] = ad_grad(v[i]);
        ad_backward(z[k]);
        for (int i = 0; i < 4; i++)
            NEAR(ad_grad(v[i]), wanted[i]);
        NEAR(ad_grad(z[k]), 1);
    }
    ad_call(f, 2, v, 2, v + 2, NULL);
    cr_assert_eq(ad_tape_size(tape), before + 2);      /* one node a result */
    ad_function_free(f);
    tape_is_sound(tape);
}

Test(call, takes_numbers_and_the_same_variable_twice_and_may_overwrite_its_operands)
{
    ad_function *f = row_function(2);
    ad_tape *tape = ad_tape_new();
    ad_var v = ad_param(tape, NULL, 0.6), p[] = {v, ad_const(0.2)}, c[] = {v, ad_const(-1)}, y[2], z[2];
    row(p, c, y);
    ad_call(f, 2, p, 2, c, z);
    ad_backward(ad_mul(y[0], y[1]));
    double wanted = ad_grad(v);
    ad_backward(ad_mul(z[0], z[1]));
    NEAR(ad_grad(v), wanted);
    ad_call(f, 2, p, 2, c, p);
    cr_assert_eq(ad_value(p[1]), ad_value(z[1]));
    ad_var plain[] = {ad_const(0.6), ad_const(0.2)}, at[] = {ad_const(0.6), ad_const(-1)}, number = ad_call(f, 2, plain, 2, at, NULL);
    cr_assert_eq(number.link, 0);
    NEAR(ad_value(number), ad_value(y[0]));
    ad_function_free(f);
    tape_is_sound(tape);
}

Test(call, of_random_formulas_has_their_first_and_second_derivatives)
{
    enum { N = PARAMS + COLUMNS };
    for (uint64_t seed = 1; seed <= 150; seed++) {
        ad_tape *tape = ad_tape_new();
        ad_var in[N], v[N], g[N], h[N];
        for (int i = 0; i < N; i++)
            in[i] = i < PARAMS ? ad_param(tape, NULL, 0) : ad_column(tape, NULL);
        ad_var E = formula(in, seed);
        ad_function *f = ad_function_new(tape, 1, &E);
        ad_tape_reset(tape);
        for (int i = 0; i < N; i++)
            v[i] = ad_param(tape, NULL, uniform());
        at_a_jump = 0;
        ad_var y = formula(v, seed), z = ad_call(f, PARAMS, v, COLUMNS, v + PARAMS, NULL);
        if (at_a_jump) {
            ad_function_free(f);
            ad_tape_free(tape);
            continue;
        }
        near_to(ad_value(z), ad_value(y), 1e-12, __LINE__);
        ad_gradient(y, N, v, g);
        ad_gradient(z, N, v, h);
        ad_backward(z);
        double size = 1;
        for (int i = 0; i < N; i++)
            size = fmax(size, fabs(ad_value(g[i])));
        for (int i = 0; i < N; i++) {
            cr_assert(fabs(ad_value(h[i]) - ad_value(g[i])) <= 1e-9 * size, "seed %llu: %.17g is not %.17g",
                      (unsigned long long)seed, ad_value(h[i]), ad_value(g[i]));
            cr_assert(fabs(ad_grad(v[i]) - ad_value(g[i])) <= 1e-9 * size);
        }
        ad_var a = ad_dot(N, g, g), b = ad_dot(N, h, h);
        double wanted[N], most = 1;
        ad_backward(a);
        for (int i = 0; i < N; i++)
            most = fmax(most, fabs(wanted[i] = ad_grad(v[i])));
        ad_backward(b);
        for (int i = 0; i < N && most < 1e6; i++)
            cr_assert(fabs(ad_grad(v[i]) - wanted[i]) <= 1e-7 * most, "seed %llu: %.17g is not %.17g", (unsigned long long)seed,
                      ad_grad(v[i]), wanted[i]);
        ad_function_free(f);
        tape_is_sound(tape);
    }
}

Test(call, hands_nothing_on_from_a_zero_adjoint)
{
    ad_tape *tape = ad_tape_new();
    ad_var p = ad_param(tape, NULL, 1), l = ad_log(p);
    ad_function *f = ad_function_new(tape, 1, &l);
    ad_tape_reset(tape);
    ad_var v = ad_param(tape, NULL, -1), z = ad_call(f, 1, &v, 0, NULL, NULL), E = ad_select(ad_less(v, 0), ad_square(v), z), g;
    cr_assert(isnan(ad_value(z)));
    ad_backward(E);
    cr_assert_eq(ad_grad(v), -2);
    ad_gradient(E, 1, &v, &g);
    cr_assert_eq(ad_value(g), -2);
    ad_function_free(f);
    tape_is_sound(tape);
}

/* ---- Data --------------------------------------------------------------------------------------------------------------- */

/* The same by hand, with its gradient and Hessian by w and b; and of the exponential. */
static double by_hand(double w, double b, double *g, double H[3])
{
    double sum = g[0] = g[1] = H[0] = H[1] = H[2] = 0;
    for (int r = 0; r < ROWS; r++) {
        double y = tanh(w * xs[r] + b), e = y - ts[r], d = 1 - y * y, s = d * d - 2 * e * y * d;
        sum += e * e / 2;
        g[0] += e * d * xs[r];
        g[1] += e * d;
        H[0] += s * xs[r] * xs[r];
        H[1] += s * xs[r];
        H[2] += s;
    }
    return sum;
}

Test(call_sum, adds_data_to_a_prior_with_first_and_second_derivatives)
{
    fill();
    ad_function *f = row_function(1);
    ad_tape *tape = ad_tape_new();
    ad_var v[] = {ad_param(tape, NULL, 0.8), ad_param(tape, NULL, -0.3)}, g[2], h[2];
    ad_var E = ad_add(ad_call_sum(f, 2, v, 2, data, ROWS, NULL), ad_dot(2, v, v));
    double hand[2], H[3], value = by_hand(0.8, -0.3, hand, H);
    NEAR(ad_value(E), value + 0.73);
    ad_backward(E);
    NEAR(ad_grad(v[0]), hand[0] + 1.6);
    NEAR(ad_grad(v[1]), hand[1] - 0.6);
    ad_grad_clear(tape);
    ad_accumulate(E);
    ad_accumulate(E);
    NEAR(ad_grad(v[0]), 2 * (hand[0] + 1.6));
    ad_gradient(E, 2, v, g);
    NEAR(ad_value(g[1]), hand[1] - 0.6);
    ad_gradient(g[0], 2, v, h);
    NEAR(ad_value(h[0]), H[0] + 2);
    NEAR(ad_value(h[1]), H[1]);
    ad_backward(g[1]);
    NEAR(ad_grad(v[0]), H[1]);
    NEAR(ad_grad(v[1]), H[2] + 2);
    ad_var zero = ad_call_sum(f, 2, v, 2, NULL, 0, NULL);
    cr_assert_eq(ad_value(zero), 0);
    ad_backward(zero);
    cr_assert_eq(ad_grad(v[0]), 0);
    ad_function_free(f);
    tape_is_sound(tape);
}

Test(call_sum, in_a_function_is_derived_and_evaluated_anywhere)
{
    fill();
    ad_function *f = row_function(2);
    ad_tape *tape = ad_tape_new();
    ad_var v[] = {ad_param(tape, "v", 0), ad_param(tape, "u", 0)}, z[2], operands[] = {ad_mul(v[0], v[1]), v[1]};
    ad_call_sum(f, 2, operands, 2, data, ROWS, z);
    ad_var E = ad_add(z[0], ad_log(z[1]));
    ad_function *F = ad_function_new(tape, 1, &E), *G = ad_function_derive(F, (ad_derive_options){.keep_outputs = 1});
    cr_assert(F && G, "%s", ad_tape_error_message(tape));
    ad_tape_free(tape);
    ad_function_free(f);                               /* what F holds stays */
    const double p[] = {1.3, 0.4}, e = 1e-5;
    double value[3], at[3], up, down, H[4], Hv[2], q[2] = {p[0], p[1]};
    cr_assert_eq(ad_function_over(G, p, NULL, 1, value), AD_OK);
    cr_assert_eq(ad_function_at(G, p, NULL, at), AD_OK);
    for (int k = 0; k < 3; k++)
        NEAR(at[k], value[k]);
    cr_assert_eq(ad_function_hessian(F, p, NULL, 1, H), AD_OK);
    cr_assert_eq(ad_function_hessian_vector(F, p, NULL, 1, (double[]){1, -2}, Hv), AD_OK);
    for (int i = 0; i < 2; i++) {
        double wanted[2], up_g[3], down_g[3];
        q[i] = p[i] + e;
        cr_assert_eq(ad_function_over(F, q, NULL, 1, &up), AD_OK);
        cr_assert_eq(ad_function_over(G, q, NULL, 1, up_g), AD_OK);
        q[i] = p[i] - e;
        cr_assert_eq(ad_function_over(F, q, NULL, 1, &down), AD_OK);
        cr_assert_eq(ad_function_over(G, q, NULL, 1, down_g), AD_OK);
        q[i] = p[i];
        near_to(value[1 + i], (up - down) / (2 * e), 1e-7, __LINE__);
        for (int k = 0; k < 2; k++) {
            wanted[k] = (up_g[1 + k] - down_g[1 + k]) / (2 * e);
            near_to(H[2 * i + k], wanted[k], 1e-7, __LINE__);
        }
        near_to(Hv[i], wanted[0] - 2 * wanted[1], 1e-7, __LINE__);
    }
    double sum, gradient[2];
    cr_assert_eq(ad_function_sum_gradient(F, p, NULL, 3, &sum, gradient), AD_OK);
    NEAR(sum, 3 * value[0]);
    NEAR(gradient[0], 3 * value[1]);
    FILE *nowhere = fopen("/dev/null", "w");
    cr_assert_eq(ad_function_emit_c(F, nowhere, (ad_emit_options){0}), AD_ERROR_ARGUMENT);
    fclose(nowhere);
    ad_function_free(F);
    ad_function_free(G);
}

/* z = c S(w) with S the sum of exp(w x) over data, c a column of the outer function: its derivative by row must not sum the
 * data for every row, and be right. */
Test(call_sum, scales_rows_of_another_function)
{
    fill();
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), x = ad_column(tape, "x"), y = ad_exp(ad_mul(w, x));
    ad_function *f = ad_function_new(tape, 1, &y);
    ad_tape_reset(tape);
    ad_var v = ad_param(tape, "v", 0), c = ad_column(tape, "c"), S = ad_call_sum(f, 1, &v, 1, data, ROWS, NULL), z = ad_mul(c, S), g;
    ad_function *F = ad_function_new(tape, 1, &z);
    ad_gradient(z, 1, &v, &g);
    ad_function *recorded = ad_function_new(tape, 1, &g);
    cr_assert(F && recorded, "%s", ad_tape_error_message(tape));
    double p = 0.4, sum = 0, jacobian[3], again[3], *out = jacobian, *out_again = again, value, gradient;
    const double cs[] = {1, -2, 0.5}, *columns[] = {cs};
    for (int r = 0; r < ROWS; r++)
        sum += xs[r] * exp(p * xs[r]);
    cr_assert_eq(ad_function_jacobian(F, &p, columns, 3, &out), AD_OK);
    cr_assert_eq(ad_function_rows(recorded, &p, columns, 3, &out_again), AD_OK);
    cr_assert_eq(ad_function_sum_gradient(F, &p, columns, 3, &value, &gradient), AD_OK);
    for (int r = 0; r < 3; r++) {
        NEAR(jacobian[r], cs[r] * sum);
        NEAR(again[r], cs[r] * sum);
    }
    NEAR(gradient, -0.5 * sum);
    ad_var varying = ad_mul(v, c), refused = ad_call_sum(f, 1, &varying, 1, data, ROWS, NULL);
    cr_assert_null(ad_function_new(tape, 1, &refused));
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_ARGUMENT);
    cr_assert(strstr(ad_tape_error_message(tape), "one value per row"));
    ad_function_free(f), ad_function_free(F), ad_function_free(recorded);
    ad_tape_free(tape);
}

/* Found by the fuzzer: such a function was made, and ran into memory of others. */
Test(call, refuses_data_by_row_within_a_call_at_a_point)
{
    fill();
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), x = ad_column(tape, "x"), y = ad_exp(ad_mul(w, x));
    ad_function *f = ad_function_new(tape, 1, &y);
    ad_tape_reset(tape);
    ad_var v = ad_param(tape, "v", 0), S = ad_call_sum(f, 1, &v, 1, data, ROWS, NULL);
    ad_function *of_sum = ad_function_new(tape, 1, &S);
    ad_tape_reset(tape);
    ad_var c = ad_column(tape, "c"), at_a_point = ad_call(of_sum, 1, &c, 0, NULL, NULL);
    cr_assert_null(ad_function_new(tape, 1, &at_a_point));
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_ARGUMENT);
    cr_assert(strstr(ad_tape_error_message(tape), "one value per row"), "%s", ad_tape_error_message(tape));
    ad_function_free(f), ad_function_free(of_sum);
    ad_tape_free(tape);
}

Test(call, of_a_gradient_within_a_gradient)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, NULL, 0), b = ad_param(tape, NULL, 0), f_ = ad_mul(ad_sin(ad_mul(a, b)), b), g[2];
    ad_gradient(f_, 2, (ad_var[]){a, b}, g);
    ad_function *slopes = ad_function_new(tape, 2, g);             /* of sin(a b) b */
    ad_tape_reset(tape);
    ad_var v = ad_param(tape, NULL, 0.7), s[2], d;
    ad_call(slopes, 2, (ad_var[]){v, ad_square(v)}, 0, NULL, s);
    ad_var E = ad_add(s[0], ad_mul(v, s[1]));
    ad_gradient(E, 1, &v, &d);
    ad_function *F = ad_function_new(tape, 1, &d), *D = ad_function_derive(F, (ad_derive_options){0});
    double p = 0.7, first, second, ends[2];
    cr_assert_eq(ad_function_at(F, &p, NULL, &first), AD_OK);
    cr_assert_eq(ad_function_at(D, &p, NULL, &second), AD_OK);
    NEAR(first, ad_value(d));
    for (int k = 0; k < 2; k++) {
        double x = p + (k ? 1e-5 : -1e-5), y = x * x, c = cos(x * y), s_ = sin(x * y);
        ends[k] = y * y * c + x * (s_ + x * y * c);
        cr_assert_eq(ad_function_at(F, &x, NULL, &first), AD_OK);
        ends[k] += 0 * first;
    }
    near_to(ad_value(d), (ends[1] - ends[0]) / 2e-5, 1e-8, __LINE__);
    double up, down;
    ad_function_at(F, (double[]){p + 1e-5}, NULL, &up);
    ad_function_at(F, (double[]){p - 1e-5}, NULL, &down);
    near_to(second, (up - down) / 2e-5, 1e-7, __LINE__);
    ad_function_free(slopes), ad_function_free(F), ad_function_free(D);
    tape_is_sound(tape);
}

/* ---- The tape's rows ---------------------------------------------------------------------------------------------------- */

Test(row_sum, makes_a_log_sum_exp_over_rows_with_slopes_by_params_and_by_column)
{
    fill();
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), x = ad_column(tape, "x"), S = ad_row_sum(ad_exp(ad_mul(w, x))), L = ad_log(S), g[2];
    cr_assert(isnan(ad_value(S)));
    ad_gradient(L, 2, (ad_var[]){w, x}, g);
    ad_function *f = ad_function_new(tape, 1, &L), *recorded = ad_function_new(tape, 2, g);
    ad_function *d = ad_function_derive(f, (ad_derive_options){.n = 2, .inputs = (size_t[]){0, 1}});
    cr_assert(f && recorded && d, "%s", ad_tape_error_message(tape));
    double p = 0.9, sum = 0, moment = 0, value, rows[2][2 * ROWS];
    for (int r = 0; r < ROWS; r++) {
        sum += exp(p * xs[r]);
        moment += xs[r] * exp(p * xs[r]);
    }
    cr_assert_eq(ad_function_over(f, &p, data, ROWS, &value), AD_OK);
    NEAR(value, log(sum));
    const ad_function *both[] = {d, recorded};
    for (int k = 0; k < 2; k++) {
        cr_assert(!ad_function_varies(both[k], 0) && ad_function_varies(both[k], 1));
        cr_assert_eq(ad_function_rows_interleaved(both[k], &p, data, ROWS, rows[k]), AD_OK);
        for (int r = 0; r < ROWS; r++) {
            NEAR(rows[k][2 * r], moment / sum);
            NEAR(rows[k][2 * r + 1], p * exp(p * xs[r]) / sum);
        }
    }
    ad_function_free(f), ad_function_free(recorded), ad_function_free(d);
    tape_is_sound(tape);
}

Test(row_sum, counts_rows_and_takes_means)
{
    fill();
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5), x = ad_column(tape, "x"), n = ad_rows(tape);
    ad_var outputs[] = {ad_div(ad_row_sum(ad_mul(ad_square(w), x)), n), n, ad_row_sum(w)}, g[3];
    ad_function *f = ad_function_new(tape, 3, outputs);
    for (int k = 0; k < 3; k++)
        ad_gradient(outputs[k], 1, &w, &g[k]);
    ad_function *d = ad_function_new(tape, 3, g);
    double p = 3, sum = 0, values[3];
    for (int r = 0; r < ROWS; r++)
        sum += xs[r];
    cr_assert_eq(ad_function_over(f, &p, data, ROWS, values), AD_OK);
    NEAR(values[0], 9 * sum / ROWS);
    cr_assert_eq(values[1], ROWS);
    NEAR(values[2], 3 * ROWS);
    cr_assert_eq(ad_function_over(d, &p, data, ROWS, values), AD_OK);
    NEAR(values[0], 6 * sum / ROWS);
    cr_assert_eq(values[1], 0);
    cr_assert_eq(values[2], ROWS);
    ad_backward(outputs[0]);
    cr_assert(isnan(ad_grad(w)));
    cr_assert(isnan(ad_value(ad_row_sum(ad_const(2)))) && isnan(ad_value(ad_rows(NULL))));
    ad_function_free(f), ad_function_free(d);
    tape_is_sound(tape);
}

Test(row_sum, of_what_varies_with_a_sum_has_no_gradient_by_row_and_says_so)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), x = ad_column(tape, "x"), z = ad_sub(x, ad_row_sum(ad_mul(w, x))), g;
    ad_gradient(z, 1, &w, &g);
    cr_assert_eq(ad_tape_error(tape), AD_ERROR_ARGUMENT);
    cr_assert(strstr(ad_tape_error_message(tape), "ad_row_sum") && isnan(ad_value(g)));
    ad_tape_free(tape);
}

/* ---- Ownership ---------------------------------------------------------------------------------------------------------- */

Test(call, holds_its_function_until_it_is_rewound_reset_or_freed)
{
    fill();
    failing memory = {0};
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = failing_allocator(&memory)});
    ad_var w = ad_param(tape, NULL, 0), x = ad_column(tape, NULL), y = ad_mul(w, x);
    ad_function *f = ad_function_new(tape, 1, &y);
    ad_tape_reset(tape);
    for (int round = 0; round < 3; round++) {
        ad_var v = ad_param(tape, NULL, 2);
        ad_mark mark = ad_tape_mark(tape);
        size_t at_rest = 0;
        for (int k = 0; k < 3; k++) {                  /* the first time, rooms grow */
            ad_var E = ad_call_sum(f, 1, &v, 1, data, ROWS, NULL);
            ad_backward(E);
            if (round == 2 && k == 2) {
                ad_function_free(f);                   /* the call's own reference stays */
                ad_backward(E);
                cr_assert_neq(ad_grad(v), 0);
            }
            ad_tape_rewind(tape, mark);
            cr_assert(k < 2 || memory.live <= at_rest);
            at_rest = memory.live;
        }
        ad_tape_reset(tape);
    }
    ad_tape_free(tape);
    cr_assert_eq(memory.live, 0);
    cr_assert(!memory.wrong);
}

/* ---- Errors ------------------------------------------------------------------------------------------------------------- */

static void is_refused(ad_tape *tape, ad_var z, ad_status status, const char *text)
{
    cr_assert(z.link == 0 && isnan(z.value));
    cr_assert_eq(ad_tape_error(tape), status, "%d: %s", (int)ad_tape_error(tape), ad_tape_error_message(tape));
    cr_assert(strstr(ad_tape_error_message(tape), text), "\"%s\" lacks \"%s\"", ad_tape_error_message(tape), text);
}

Test(call, refuses_wrong_shapes_and_says_which_are_right)
{
    fill();
    ad_function *f = row_function(2);
    ad_tape *tape = ad_tape_new(), *other = ad_tape_new();
    ad_var v[4], z[2], foreign = ad_param(other, NULL, 1), stale;
    const double *const lacking[] = {xs, NULL};
    struct { int sum; size_t n_params, n_columns; int what; ad_status status; const char *text; } cases[] = {
        {0, 1, 2, 0, AD_ERROR_ARGUMENT, "1 params and 2 columns are given; the function has 2 params and 2 columns"},
        {0, 2, 0, 0, AD_ERROR_ARGUMENT, "2 params and 2 columns"}, {1, 3, 2, 0, AD_ERROR_ARGUMENT, "2 params and 2 columns"},
        {0, 2, 2, 1, AD_ERROR_ARGUMENT, "no function"}, {1, 2, 2, 1, AD_ERROR_ARGUMENT, "no function"},
        {0, 2, 2, 2, AD_ERROR_STALE, "params[1]"}, {1, 2, 2, 2, AD_ERROR_STALE, "params[1]"},
        {0, 2, 2, 3, AD_ERROR_FOREIGN, "columns[0]"}, {1, 2, 2, 4, AD_ERROR_ARGUMENT, "column 1 is NULL"},
        {1, 2, 2, 5, AD_ERROR_ARGUMENT, "columns is NULL"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        ad_tape_reset(tape), ad_tape_reset(other);
        stale = ad_param(tape, NULL, 1);
        ad_tape_reset(tape);
        foreign = ad_param(other, NULL, 1);
        for (int i = 0; i < 4; i++)
            v[i] = ad_param(tape, NULL, i);
        if (cases[k].what == 2)
            v[1] = stale;
        if (cases[k].what == 3)
            v[2] = foreign;
        z[1] = v[0];
        const ad_function *g = cases[k].what == 1 ? NULL : f;
        const double *const *columns = cases[k].what == 4 ? lacking : cases[k].what == 5 ? NULL : data;
        ad_var first = cases[k].sum ? ad_call_sum(g, cases[k].n_params, v, cases[k].n_columns, columns, ROWS, z)
                                    : ad_call(g, cases[k].n_params, v, cases[k].n_columns, v + 2, z);
        is_refused(tape, first, cases[k].status, cases[k].text);
        cr_assert(!g || (z[1].link == 0 && isnan(z[1].value)));
        cr_assert(cases[k].what != 3 || ad_tape_error(other) == AD_ERROR_FOREIGN);
    }
    cr_assert(isnan(ad_value(ad_call(NULL, 0, NULL, 0, NULL, NULL))));
    ad_function_free(f);
    ad_tape_free(tape), ad_tape_free(other);
}

Test(call_sum, nests_sixty_four_deep_and_no_deeper)
{
    fill();
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5), y = ad_sin(w);
    ad_function *f = ad_function_new(tape, 1, &y);
    int depth = 0;
    for (; depth < 100; depth++) {
        ad_tape_reset(tape);
        w = ad_param(tape, "w", 0.5);
        y = ad_call_sum(f, 1, &w, 0, NULL, 1, NULL);
        if (ad_tape_error(tape) != AD_OK)
            break;
        ad_backward(y);
        NEAR(ad_grad(w), cos(0.5));
        ad_function *next = ad_function_new(tape, 1, &y);
        ad_function_free(f);
        f = next;
    }
    cr_assert_eq(depth, 64);
    cr_assert(strstr(ad_tape_error_message(tape), "64"));
    ad_function_free(f);
    ad_tape_free(tape);
}

/* ---- Lack of memory ----------------------------------------------------------------------------------------------------- */

/* All there is, once; 1 if it went well. */
static int everything(ad_allocator allocator)
{
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = allocator});
    ad_function *f = NULL, *F = NULL, *D = NULL, *H = NULL;
    ad_status status = ad_tape_error(tape);
    ad_var p = ad_param(tape, "p", 0.5), x = ad_column(tape, "x"), y[] = {ad_exp(ad_mul(p, x)), ad_sin(p)}, z[2], g = ad_const(0), h;
    if (!(f = ad_function_new(tape, 2, y)) && tape && status == AD_OK)
        cr_assert_eq(ad_tape_error(tape), AD_ERROR_NO_MEMORY);
    int sound = ad_tape_error(tape) == AD_OK;
    ad_tape_reset(tape);
    ad_var v = ad_param(tape, "v", 0.3), c = ad_column(tape, "c");
    if (sound) {
        ad_call_sum(f, 1, &v, 1, data, 5, z);
        ad_var E = ad_add(ad_mul(z[0], z[1]), ad_call(f, 1, &v, 1, &z[0], NULL));
        ad_backward(E);
        ad_gradient(E, 1, &v, &g);
        ad_gradient(g, 1, &v, &h);
        ad_var S = ad_add(g, ad_row_sum(ad_mul(c, ad_call(f, 1, &v, 1, &c, NULL)))), s;
        ad_gradient(S, 1, &v, &s);
        F = ad_function_new(tape, 2, (ad_var[]){S, s});
    }
    if (sound && ad_tape_error(tape) == AD_OK) {
        double a = 0.3, values[4], Hv;
        cr_assert(F);
        D = ad_function_derive(F, (ad_derive_options){.status = &status});
        H = D ? ad_function_derive(D, (ad_derive_options){.mode = AD_TANGENT, .status = &status}) : NULL;
        if (D && status == AD_OK)
            status = ad_function_over(D, &a, data, 5, values);
        if (status == AD_OK)
            status = ad_function_at(D, &a, xs, values);
        if (status == AD_OK)
            status = ad_function_over(H, (double[]){a, 1}, data, 5, values);
        (void)Hv;
    } else
        status = sound ? ad_tape_error(tape) : AD_ERROR_NO_MEMORY;
    cr_assert(status == AD_OK || status == AD_ERROR_NO_MEMORY, "%s", ad_tape_error_message(tape));
    ad_tape_free(tape);
    ad_function_free(f), ad_function_free(F), ad_function_free(D), ad_function_free(H);
    return status == AD_OK;
}

Test(call, survives_the_failure_of_every_allocation, .timeout = 60)
{
    fill();
    for (int on = 0; on < 2; on++) {
        failing memory = {.fail_at = 1, .fail_on = on};
        while (!everything(failing_allocator(&memory))) {
            cr_assert_eq(memory.live, 0, "%zu bytes are lost after the failure of call %ld", memory.live, memory.fail_at);
            cr_assert(!memory.wrong);
            memory = (failing){.fail_at = memory.fail_at + 1, .fail_on = on};
            cr_assert(memory.fail_at < 20000);
        }
        cr_assert_eq(memory.live, 0);
        cr_assert(memory.fail_at > 200);
    }
}
