/* gradient.c -- the check of a hand-written gradient against a recorded function: verdicts, points, arguments, faults. */
#include "exam.h"

#include "../functions/failing.h"

static ad_check *exam(slip s, ad_check_options o)
{
    exam_slip = s;
    if (!o.gradient && !o.gradient_with)
        o.gradient = exam_gradient;
    return ad_check_gradient(PARAMS, POINT, o);
}

Test(check, a_right_gradient_is_right_in_every_component)
{
    ad_function *f = exam_function();
    for (uint64_t seed = 0; seed < 50; seed++) {
        ad_check *c = exam(NO_SLIP, (ad_check_options){.function = f, .seed = seed});
        cr_assert_eq(c->status, AD_OK, "%s", c->message);
        cr_assert_eq(c->verdict, AD_RIGHT);
        cr_assert_eq(c->right, PARAMS);
        cr_assert_eq(c->points, 20);
        for (size_t i = 0; i < PARAMS; i++) {
            cr_assert_eq(c->entries[i].verdict, AD_RIGHT);
            cr_assert_eq(c->entries[i].cause, AD_CAUSE_NONE);
            cr_assert_eq(c->entries[i].error, 0);
            cr_assert_str_empty(c->entries[i].detail);
            cr_assert(c->entries[i].digits > 14 && c->entries[i].ulps < 20);
        }
        cr_assert_str_eq(c->entries[U].name, "u");
        ad_check_free(c);
    }
    ad_function_free(f);
}

Test(check, every_slip_is_found_and_only_where_it_is)
{
    ad_function *f = exam_function();
    for (slip s = SIGN; s < SLIPS; s++) {
        ad_check *c = exam(s, (ad_check_options){.function = f});
        cr_assert_eq(c->verdict, AD_WRONG, "slip %d", s);
        cr_assert_eq(c->entries[W].verdict, AD_WRONG, "slip %d", s);
        cr_assert_eq(c->entries[V].verdict, AD_RIGHT, "slip %d", s);
        cr_assert_eq(c->entries[U].verdict, s == SWAP_W_U ? AD_WRONG : AD_RIGHT, "slip %d", s);
        ad_check_free(c);
    }
    ad_function_free(f);
}

static void right_here_alone(size_t n, const double *x, double *g)
{
    exam_slip = NO_SLIP;
    exam_gradient(n, x, g);
    if (x[W] != POINT[W])
        g[B] *= 1.001;
}

Test(check, a_mistake_that_the_given_point_hides_shows_at_a_random_one)
{
    ad_function *f = exam_function();
    ad_check *c = exam(NO_SLIP, (ad_check_options){.function = f, .gradient = right_here_alone});
    cr_assert_eq(c->entries[B].verdict, AD_WRONG);
    cr_assert(c->entries[B].point > 0);
    cr_assert_eq(c->entries[W].verdict, AD_RIGHT);
    ad_check_free(c);
    c = exam(NO_SLIP, (ad_check_options){.function = f, .gradient = right_here_alone, .given_only = 1});
    cr_assert_eq(c->verdict, AD_RIGHT);
    cr_assert_eq(c->points, 0);
    ad_check_free(c);
    ad_function_free(f);
}

static void with_user(size_t n, const double *x, double *g, void *user)
{
    ++*(int *)user;
    exam_slip = NO_SLIP;
    exam_gradient(n, x, g);
    for (size_t i = 0; i < n; i++)
        cr_assert(x[i] >= POINT[i] - 0.01 && x[i] <= POINT[i] + 0.02, "component %zu at %g, out of its bounds", i, x[i]);
}

Test(check, nothing_is_evaluated_outside_the_bounds_and_the_user_pointer_is_handed_on)
{
    ad_function *f = exam_function();
    int calls = 0;
    double lower[PARAMS], upper[PARAMS];
    for (int i = 0; i < PARAMS; i++) {
        lower[i] = POINT[i] - 0.01;
        upper[i] = POINT[i] + 0.02;
    }
    ad_check *c = exam(NO_SLIP, (ad_check_options){.function = f, .gradient_with = with_user, .user = &calls, .lower = lower, .upper = upper,
                                                   .points = 7});
    cr_assert_eq(c->verdict, AD_RIGHT);
    cr_assert_eq(calls, 8);
    ad_check_free(c);
    ad_function_free(f);
}

/* Rows: the loss of a line through four points. */
static const double XS[] = {0.5, 1.5, -2, 3}, TS[] = {1, 0, 1, 0};
static double lost_factor;
static void line_gradient(size_t n, const double *p, double *g)
{
    (void)n;
    g[0] = g[1] = 0;
    for (int r = 0; r < 4; r++) {
        double y = 1 / (1 + exp(-(p[0] * XS[r] + p[1]))), d = (y - TS[r]) * (lost_factor ? 1 : y * (1 - y));
        g[0] += d * XS[r];
        g[1] += (y - TS[r]) * y * (1 - y);
    }
}

Test(check, rows_add_up_and_a_factor_missing_in_each_is_still_named)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), b = ad_param(tape, "b", 0), x = ad_column(tape, "x"), t = ad_column(tape, "t");
    ad_var E = ad_squared_error(t, ad_sigmoid(ad_add(ad_mul(w, x), b)));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    const double *columns[] = {XS, TS}, p[] = {0.3, 0.1};
    for (lost_factor = 0; lost_factor < 2; lost_factor++) {
        ad_check *c = ad_check_gradient(2, p, (ad_check_options){.function = f, .columns = columns, .rows = 4, .gradient = line_gradient});
        cr_assert_eq(c->status, AD_OK, "%s", c->message);
        cr_assert_eq(c->entries[1].verdict, AD_RIGHT);
        cr_assert_eq(c->entries[0].verdict, lost_factor ? AD_WRONG : AD_RIGHT);
        cr_assert(!lost_factor || c->entries[0].cause == AD_CAUSE_MISSING_FACTOR);
        cr_assert(!lost_factor || strstr(c->entries[0].detail, "sigmoid'(b + w*x)"), "%s", c->entries[0].detail);
        ad_check_free(c);
    }
    ad_function_free(f);
}

static double slope_at_kink;
static void kinked_gradient(size_t n, const double *x, double *g)
{
    (void)n;
    g[0] = x[0] > 0 ? 1 : x[0] < 0 ? -1 : slope_at_kink;
    g[1] = 2 * x[1];
}

Test(check, at_a_kink_it_cannot_tell)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0), y = ad_param(tape, "y", 0), E = ad_add(ad_abs(x), ad_square(y));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    for (slope_at_kink = -1; slope_at_kink <= 1; slope_at_kink++) {
        ad_check *c = ad_check_gradient(2, (double[]){0, 3}, (ad_check_options){.function = f, .gradient = kinked_gradient});
        cr_assert_eq(c->entries[0].verdict, AD_CANNOT_TELL);
        cr_assert(strstr(c->entries[0].detail, "kink"));
        cr_assert_eq(c->entries[1].verdict, AD_RIGHT);
        cr_assert_eq(c->verdict, AD_CANNOT_TELL);
        ad_check_free(c);
    }
    ad_function_free(f);
}

static void tie_gradient(size_t n, const double *x, double *g)
{
    (void)n;
    g[0] = 1;
    g[1] = 0 * x[1];
}

Test(check, a_tie_that_is_no_kink_is_judged)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0), y = ad_param(tape, "y", 0), E = ad_max(x, ad_min(x, y));      /* x, wherever y is */
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    ad_check *c = ad_check_gradient(2, (double[]){0.5, 3}, (ad_check_options){.function = f, .gradient = tie_gradient});
    cr_assert(c->entries[0].verdict == AD_RIGHT && c->entries[1].verdict == AD_RIGHT, "%s", c->entries[0].detail);
    ad_check_free(c);
    ad_function_free(f);
}

static void flat_gradient(size_t n, const double *x, double *g)
{
    (void)n;
    g[0] = cos(x[0]) * sin(x[0]) * 1.7 - 1.7 * sin(x[0]) * cos(x[0]);
}

Test(check, what_is_0_but_for_rounding_is_right)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0), E = ad_mul(0.85, ad_add(ad_square(ad_sin(x)), ad_square(ad_cos(x))));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    ad_check *c = ad_check_gradient(1, (double[]){0.7}, (ad_check_options){.function = f, .gradient = flat_gradient});
    cr_assert_eq(c->entries[0].verdict, AD_RIGHT, "%s", c->entries[0].detail);
    ad_check_free(c);
    ad_function_free(f);
}

static void cancelling(size_t n, const double *x, double *g) { (void)n, (void)x; g[0] = 1; }

Test(check, digits_that_are_rounding_noise_are_no_mistake)
{
    ad_tape *tape = ad_tape_new();                    /* (x + 1e12 x) - 1e12 x: slope 1, of which rounding leaves four digits */
    ad_var x = ad_param(tape, "x", 0), s = ad_sin(ad_mul(1e-3, x)), E = ad_mul(1e3, ad_sub(ad_mul(1e12, ad_add(s, 1)), ad_mul(1e12, s)));
    E = ad_add(ad_mul(x, ad_sub(ad_add(1, ad_mul(1e15, ad_square(s))), ad_mul(1e15, ad_square(s)))), ad_mul(0, E));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    ad_check *c = ad_check_gradient(1, (double[]){2.3}, (ad_check_options){.function = f, .gradient = cancelling});
    cr_assert_neq(c->verdict, AD_WRONG, "%s", c->entries[0].detail);
    ad_check_free(c);
    ad_function_free(f);
}

static void writes_one(size_t n, const double *x, double *g)
{
    double all[PARAMS];
    exam_gradient(n, x, all);
    g[W] = all[W];
}

Test(check, entries_left_unwritten_are_wrong)
{
    ad_function *f = exam_function();
    ad_check *c = exam(NO_SLIP, (ad_check_options){.function = f, .gradient = writes_one});
    cr_assert_eq(c->right, 1);
    cr_assert_eq(c->wrong, PARAMS - 1);
    cr_assert(strstr(c->entries[V].detail, "never written"));
    ad_check_free(c);
    ad_function_free(f);
}

Test(check, bad_arguments_are_told_in_words)
{
    ad_function *f = exam_function();
    double low[PARAMS] = {1, 1, 1, 1};
    struct { ad_check_options o; size_t n; const char *says; } bad[] = {
        {{.function = f}, PARAMS, "no gradient"},
        {{.gradient = exam_gradient}, PARAMS, "nothing to hold"},
        {{.gradient = exam_gradient, .function = f}, PARAMS - 1, "params"},
        {{.gradient = exam_gradient, .function = f, .lower = low}, PARAMS, "outside"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        ad_check *c = ad_check_gradient(bad[k].n, POINT, bad[k].o);
        cr_assert_eq(c->status, AD_ERROR_ARGUMENT);
        cr_assert(strstr(c->message, bad[k].says), "%s", c->message);
        cr_assert_eq(c->verdict, AD_CANNOT_TELL);
        ad_check_free(c);
    }
    ad_check_free(NULL);
    ad_function_free(f);
}

Test(check, every_allocation_may_fail)
{
    ad_function *f = exam_function();
    long most = 1;
    for (long at = 1; at <= most + 1; at++) {
        failing m = {.fail_at = at <= most ? at : 0};
        if (at == 1) {
            m.fail_at = 0;
            ad_check *c = exam(NO_SIGMOID, (ad_check_options){.function = f, .allocator = failing_allocator(&m)});
            cr_assert_eq(c->verdict, AD_WRONG);
            ad_check_free(c);
            cr_assert(m.live == 0 && !m.wrong && m.calls > 20);
            most = m.calls;
            m = (failing){.fail_at = 1};
        }
        ad_check *c = exam(NO_SIGMOID, (ad_check_options){.function = f, .allocator = failing_allocator(&m)});
        cr_assert(!c ? at == 1 : c->status == (m.fail_at ? AD_ERROR_NO_MEMORY : AD_OK), "allocation %ld: %s", at, c ? c->message : "no report");
        ad_check_free(c);
        cr_assert(m.live == 0 && !m.wrong, "allocation %ld: %zu bytes left", at, m.live);
    }
    ad_function_free(f);
}
