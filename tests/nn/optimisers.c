/* optimisers.c -- optimisers: published formulas step by step, published minima, schedules, bounds, state. */
#include "../functions/failing.h"
#include "../unit/unit.h"
#include <float.h>
#include <nn/nn.h>

/* A quadratic with neighbours linked: dE/dp_i = a_i (p_i - c_i) + p_{i+1} / 4. */
static void gradient(const double *p, double *g)
{
    static const double a[] = {3, 0.5, 1.25}, c[] = {1, -2, 0.5};
    for (int i = 0; i < 3; i++)
        g[i] = a[i] * (p[i] - c[i]) + 0.25 * p[(i + 1) % 3];
}

static const double start[] = {0.5, 1.5, -1};

/* Ten steps at rate 0.05, by the formulas of torch.optim in decimal arithmetic of 50 digits; PyTorch 1.13 in float64 agrees. */
static const struct { const char *name; nn_optimiser_options with; double p[3]; } ten[] = {
    {"descent", {.method = NN_GRADIENT_DESCENT}, {0.82918717714836832, 0.79067883631801317, -0.35331553588957731}},
    {"descent, decay", {.method = NN_GRADIENT_DESCENT, .weight_decay = 0.1},
     {0.81237805887760661, 0.7384162378771959, -0.32878930178245203}},
    {"momentum", {.method = NN_MOMENTUM}, {1.2047993877518364, -1.2634000304266251, 0.91005615820380059}},
    {"momentum, damped", {.method = NN_MOMENTUM, .momentum = 0.8, .dampening = 0.3, .weight_decay = 0.1},
     {1.0551634528362852, -0.25928765060281644, 0.37777862701877241}},
    {"nesterov", {.method = NN_NESTEROV}, {1.1469042365568296, -1.4620222041599233, 0.75389086395262539}},
    {"nesterov, decay", {.method = NN_NESTEROV, .momentum = 0.5, .weight_decay = 0.1},
     {0.92206068331216418, 0.1470219884958231, 0.013350420966535473}},
    {"rmsprop", {.method = NN_RMSPROP}, {1.0522637303126483, -0.70844234181576304, 0.26077147128479916}},
    {"rmsprop, centred", {.method = NN_RMSPROP, .centred = 1, .smoothing = 0.9},
     {0.9504712263947388, 0.42437215096248287, -0.12193592565273365}},
    {"rmsprop, momentum", {.method = NN_RMSPROP, .momentum = 0.5, .weight_decay = 0.1, .smoothing = 0.8},
     {0.92944558260957566, 0.32152777001872568, -0.0041169156333697183}},
    {"adam", {.method = NN_ADAM}, {0.94437374753663295, 1.0014497567123131, -0.50981329207939585}},
    {"adam, all", {.method = NN_ADAM, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.1},
     {0.91486722358205019, 1.0028812126044004, -0.51441312525137328}},
    {"adam, amsgrad", {.method = NN_ADAM, .amsgrad = 1, .beta2 = 0.5}, {0.91021470213079503, 0.99792998842652847, -0.51253673075914596}},
    {"adamw", {.method = NN_ADAMW}, {0.94173975223271122, 0.99511710666905506, -0.50602232972732575}},
    {"adamw, amsgrad", {.method = NN_ADAMW, .weight_decay = 0.3, .amsgrad = 1, .beta2 = 0.6},
     {0.84909472423588073, 0.81886176085711915, -0.40346734666237272}},
};
enum { TEN = sizeof ten / sizeof *ten };

static nn_optimiser *optimiser(int i)
{
    nn_optimiser_options with = ten[i].with;
    with.rate = 0.05;
    return nn_optimiser_new(3, with);
}

Test(optimisers, ten_steps_are_those_of_the_formulas)
{
    for (int i = 0; i < TEN; i++) {
        nn_optimiser *o = optimiser(i);
        double p[3], g[3];
        memcpy(p, start, sizeof p);
        for (int t = 0; t < 10; t++) {
            gradient(p, g);
            cr_assert_eq(nn_optimiser_step(o, p, g), AD_OK);
        }
        for (int k = 0; k < 3; k++)
            cr_assert(fabs(p[k] - ten[i].p[k]) <= 1e-12, "%s: p[%d] is %.17g, not %.17g", ten[i].name, k, p[k], ten[i].p[k]);
        nn_optimiser_free(o);
    }
}

Test(optimisers, a_state_put_back_goes_on_with_the_same_bits)
{
    for (int i = 0; i < TEN; i++) {
        nn_optimiser *whole = optimiser(i), *rest = optimiser(i);
        double p[3], q[3], g[3], state[64];
        memcpy(p, start, sizeof p);
        for (int t = 0; t < 10; t++) {
            if (t == 5) {
                cr_assert_leq(nn_optimiser_state_size(whole), 64);
                nn_optimiser_get_state(whole, state);
                memcpy(q, p, sizeof q);
            }
            gradient(p, g);
            nn_optimiser_step(whole, p, g);
        }
        cr_assert_eq(nn_optimiser_set_state(rest, nn_optimiser_state_size(rest) + 1, state), AD_ERROR_ARGUMENT);
        cr_assert_eq(nn_optimiser_set_state(rest, nn_optimiser_state_size(rest), state), AD_OK);
        for (int t = 5; t < 10; t++) {
            gradient(q, g);
            nn_optimiser_step(rest, q, g);
        }
        cr_assert(!memcmp(p, q, sizeof p), "%s", ten[i].name);
        nn_optimiser_free(whole);
        nn_optimiser_free(rest);
    }
}

Test(optimisers, default_rates_are_pytorchs)
{
    static const struct { nn_method method; double rate; } rates[] = {
        {NN_GRADIENT_DESCENT, 0.01}, {NN_MOMENTUM, 0.01}, {NN_NESTEROV, 0.01}, {NN_RMSPROP, 0.01}, {NN_ADAM, 0.001}, {NN_ADAMW, 0.001}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        nn_optimiser *o = nn_optimiser_new(1, (nn_optimiser_options){.method = rates[i].method});
        EQUAL(nn_optimiser_rate(o), rates[i].rate);
        nn_optimiser_set_rate(o, 0.5);
        EQUAL(nn_optimiser_rate(o), 0.5);
        nn_optimiser_free(o);
    }
}

Test(optimisers, options_out_of_range_make_none)
{
    static const nn_optimiser_options wrong[] = {
        {.rate = -1}, {.rate = NAN}, {.rate = INFINITY}, {.momentum = 1}, {.momentum = -0.1}, {.method = NN_ADAM, .beta1 = 1},
        {.method = NN_ADAM, .beta2 = NAN}, {.epsilon = -1e-8}, {.weight_decay = -1}, {.dampening = 2}, {.method = (nn_method)99},
        {.smoothing = 1.5}, {.method = NN_LBFGS, .history = SIZE_MAX}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_null(nn_optimiser_new(3, wrong[i]), "case %zu", i);
    cr_assert_null(nn_optimiser_new(0, (nn_optimiser_options){0}));
    cr_assert_null(nn_optimiser_new(SIZE_MAX, (nn_optimiser_options){0}));
    nn_optimiser_free(NULL);
    cr_assert_eq(nn_optimiser_step(NULL, NULL, NULL), AD_ERROR_ARGUMENT);
}

/* ---- L-BFGS ------------------------------------------------------------------------------------------------------------- */

typedef struct problem {
    int n, calls, fail_at;
    double (*f)(int n, const double *x, double *g);
} problem;

static ad_status objective(void *user, const double *x, double *value, double *g)
{
    problem *P = user;
    *value = P->f(P->n, x, g);
    return ++P->calls == P->fail_at ? AD_ERROR_IO : AD_OK;
}

/* Extended Rosenbrock, minimum 0 at (1, ..., 1): J. J. Moré, B. S. Garbow, K. E. Hillstrom, ACM TOMS 7, 1981, problem 21. */
static double rosenbrock(int n, const double *x, double *g)
{
    double f = 0;
    for (int i = 0; i < n; i += 2) {
        double a = 1 - x[i], b = x[i + 1] - x[i] * x[i];
        f += a * a + 100 * b * b;
        g[i] = -2 * a - 400 * b * x[i];
        g[i + 1] = 200 * b;
    }
    return f;
}

/* Problem 13 of the same, extended Powell singular: the Hessian at the minimum is singular. */
static double powell(int n, const double *x, double *g)
{
    double f = 0;
    for (int i = 0; i < n; i += 4) {
        double a = x[i] + 10 * x[i + 1], b = x[i + 2] - x[i + 3], c = x[i + 1] - 2 * x[i + 2], d = x[i] - x[i + 3];
        f += a * a + 5 * b * b + c * c * c * c + 10 * d * d * d * d;
        g[i] = 2 * a + 40 * d * d * d;
        g[i + 1] = 20 * a + 4 * c * c * c;
        g[i + 2] = 10 * b - 8 * c * c * c;
        g[i + 3] = -10 * b - 40 * d * d * d;
    }
    return f;
}

/* Problem 16, Beale: minimum 0 at (3, 0.5). */
static double beale(int n, const double *x, double *g)
{
    static const double y[] = {1.5, 2.25, 2.625};
    double f = 0, power = 1, before = 0;
    (void)n;
    g[0] = g[1] = 0;
    for (int i = 0; i < 3; i++) {
        before = power;
        power *= x[1];
        double r = y[i] - x[0] * (1 - power);
        f += r * r;
        g[0] -= 2 * r * (1 - power);
        g[1] += 2 * r * x[0] * (i + 1) * before;
    }
    return f;
}

/* x - log x, NaN where there is no logarithm: minimum 1 at 1 in every component. */
static double barrier(int n, const double *x, double *g)
{
    double f = 0;
    for (int i = 0; i < n; i++) {
        f += x[i] - (x[i] > 0 ? log(x[i]) : NAN);
        g[i] = 1 - 1 / x[i];
    }
    return f;
}

/* Minimum 1 at 0, around which steps disappear in its rounding. */
static double valley(int n, const double *x, double *g)
{
    double f = 1;
    for (int i = 0; i < n; i++) {
        double a = pow(10, 3. * i / (n - 1));
        f += 0.5 * a * x[i] * x[i];
        g[i] = a * x[i];
    }
    return f;
}

/* Iterates until nothing moves or at most so often; returns the value, and never sees it rise. */
static double minimise(problem *P, double *x, size_t most)
{
    nn_optimiser *o = nn_optimiser_new((size_t)P->n, (nn_optimiser_options){.method = NN_LBFGS});
    double f = INFINITY, before = INFINITY;
    int moved = 1;
    for (size_t i = 0; i < most && moved; i++, before = f) {
        cr_assert_eq(nn_optimiser_iterate(o, x, objective, P, &f, &moved), AD_OK);
        cr_assert(f <= before, "iteration %zu climbs from %g to %g", i, before, f);
    }
    cr_assert(!moved, "still moving after %zu iterations, at %g", most, f);
    nn_optimiser_free(o);
    return f;
}

Test(optimisers, lbfgs_finds_published_minima)
{
    static double x[1000];
    problem P = {.n = 2, .f = rosenbrock};
    x[0] = -1.2;
    x[1] = 1;
    cr_assert_lt(minimise(&P, x, 100), 1e-20);
    cr_assert(fabs(x[0] - 1) < 1e-9 && fabs(x[1] - 1) < 1e-9 && P.calls < 80, "%d calls", P.calls);

    P = (problem){.n = 1000, .f = rosenbrock};
    for (int i = 0; i < 1000; i++)
        x[i] = i % 2 ? 1 : -1.2;
    cr_assert_lt(minimise(&P, x, 200), 1e-17);
    cr_assert(fabs(x[997] - 1) < 1e-8 && P.calls < 100, "%d calls", P.calls);

    P = (problem){.n = 40, .f = powell};
    static const double far[] = {3, -1, 0, 1};
    for (int i = 0; i < 40; i++)
        x[i] = far[i % 4];
    cr_assert_lt(minimise(&P, x, 3000), 1e-12);

    P = (problem){.n = 2, .f = beale};
    x[0] = x[1] = 1;
    cr_assert_lt(minimise(&P, x, 100), 1e-20);
    cr_assert(fabs(x[0] - 3) < 1e-9 && fabs(x[1] - 0.5) < 1e-9);

    P = (problem){.n = 50, .f = valley};
    for (int i = 0; i < 50; i++)
        x[i] = 1;
    cr_assert_lt(minimise(&P, x, 3000), 1 + 1e-14);
}

Test(optimisers, lbfgs_comes_back_from_where_the_objective_is_nan)
{
    double x[] = {0.01, 30};
    problem P = {.n = 2, .f = barrier};
    NEAR(minimise(&P, x, 100), 2, 1e-15);
    cr_assert(fabs(x[0] - 1) < 1e-7 && fabs(x[1] - 1) < 1e-7);
}

Test(optimisers, lbfgs_stays_where_it_cannot_go_lower)
{
    double x[] = {1, 1}, f;
    int moved = 1;
    problem P = {.n = 2, .f = rosenbrock};
    nn_optimiser *o = nn_optimiser_new(2, (nn_optimiser_options){.method = NN_LBFGS});
    cr_assert_eq(nn_optimiser_iterate(o, x, objective, &P, &f, &moved), AD_OK);
    cr_assert(!moved && f == 0 && x[0] == 1 && x[1] == 1);
    double g[2] = {0};
    cr_assert_eq(nn_optimiser_step(o, x, g), AD_ERROR_ARGUMENT);
    nn_optimiser_free(o);
}

Test(optimisers, an_objective_that_fails_ends_the_iteration_and_moves_nothing)
{
    for (int at = 1; at <= 3; at++) {
        double x[] = {-1.2, 1}, f;
        problem P = {.n = 2, .f = rosenbrock, .fail_at = at};
        nn_optimiser *o = nn_optimiser_new(2, (nn_optimiser_options){.method = NN_LBFGS});
        ad_status status = AD_OK;
        double before[2];
        for (int i = 0; i < 5 && status == AD_OK; i++) {
            memcpy(before, x, sizeof x);
            status = nn_optimiser_iterate(o, x, objective, &P, &f, NULL);
        }
        cr_assert_eq(status, AD_ERROR_IO);
        cr_assert(!memcmp(before, x, sizeof x));
        nn_optimiser_free(o);
    }
    double x[] = {NAN, 1};
    problem P = {.n = 2, .f = rosenbrock};
    nn_optimiser *o = nn_optimiser_new(2, (nn_optimiser_options){.method = NN_LBFGS});
    cr_assert_eq(nn_optimiser_iterate(o, x, objective, &P, NULL, NULL), AD_ERROR_ARGUMENT);
    nn_optimiser_free(o);
}

Test(optimisers, every_method_iterates_on_an_objective)
{
    for (int m = NN_GRADIENT_DESCENT; m <= NN_LBFGS; m++) {
        double x[] = {0.3, 2}, f = NAN, first = NAN;
        problem P = {.n = 2, .f = barrier};
        nn_optimiser *o = nn_optimiser_new(2, (nn_optimiser_options){.method = (nn_method)m, .rate = 0.01, .weight_decay = DBL_MIN});
        for (int i = 0; i < 300; i++) {
            cr_assert_eq(nn_optimiser_iterate(o, x, objective, &P, &f, NULL), AD_OK);
            first = i ? first : f;
        }
        cr_assert(f < first && f < 2.05, "method %d: from %g to %g", m, first, f);
        nn_optimiser_free(o);
    }
}

/* ---- Schedules and bounds ----------------------------------------------------------------------------------------------- */

static double halves(size_t epoch, void *user)
{
    ++*(int *)user;
    return pow(0.5, (double)epoch);
}

Test(optimisers, schedules_are_their_formulas)
{
    int calls = 0;
    static const struct { nn_schedule s; double at[6]; } fixed[] = {
        {{.kind = NN_CONSTANT}, {1, 1, 1, 1, 1, 1}},
        {{.kind = NN_STEPS, .every = 2, .factor = 0.5}, {1, 1, 0.5, 0.5, 0.25, 0.25}},
        {{.kind = NN_STEPS}, {1, 0.1, 0.01, 1e-3, 1e-4, 1e-5}},
        {{.kind = NN_EXPONENTIAL, .factor = 0.5}, {1, 0.5, 0.25, 0.125, 0.0625, 0.03125}},
        {{.kind = NN_COSINE, .length = 4, .least = 0.1}, {1, 0.86819805153394638, 0.55, 0.23180194846605365, 0.1, 0.1}},
        {{.kind = NN_CONSTANT, .warm_up = 3}, {0.25, 0.5, 0.75, 1, 1, 1}},
        {{.kind = NN_CUSTOM}, {1, 1, 1, 1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        for (size_t e = 0; e < 6; e++)
            NEAR(nn_schedule_at(&fixed[i].s, e), fixed[i].at[e], 1e-14);
    nn_schedule own = {.kind = NN_CUSTOM, .custom = halves, .user = &calls};
    EQUAL(nn_schedule_at(&own, 3), 0.125);
    cr_assert_eq(calls, 1);
}

Test(optimisers, long_gradients_are_shortened)
{
    double g[] = {3, -4}, tiny[] = {3e-200, 4e-200}, huge[] = {3e200, -4e200}, none[] = {0, 0}, nan[] = {1, NAN};
    EQUAL(nn_clip_norm(2, g, 10), 5);
    EQUAL(g[0], 3);
    EQUAL(nn_clip_norm(2, g, 1), 5);
    NEAR(g[0], 3 / (5 + 1e-6), 1e-15);
    NEAR(g[1], -4 / (5 + 1e-6), 1e-15);
    NEAR(nn_clip_norm(2, tiny, 1), 5e-200, 1e-15);
    EQUAL(tiny[0], 3e-200);
    NEAR(nn_clip_norm(2, huge, 1), 5e200, 1e-15);
    NEAR(huge[1], -0.8, 1e-15);
    EQUAL(nn_clip_norm(2, none, 1), 0);
    cr_assert(isnan(nn_clip_norm(2, nan, 1)));
    double v[] = {3, -4, 0.5, NAN, INFINITY};
    nn_clip_value(5, v, 1);
    cr_assert(v[0] == 1 && v[1] == -1 && v[2] == 0.5 && isnan(v[3]) && v[4] == 1);
}

Test(optimisers, each_allocation_may_fail)
{
    for (int m = NN_GRADIENT_DESCENT; m <= NN_LBFGS; m++)
        for (long k = 1; k <= 4; k++) {
            failing memory = {.fail_at = k};
            nn_optimiser *o = nn_optimiser_new(2, (nn_optimiser_options){.method = (nn_method)m, .allocator = failing_allocator(&memory)});
            double x[] = {2, 2};
            problem P = {.n = 2, .f = barrier};
            cr_assert((o != NULL) == (k > 2));
            if (o) {
                ad_status status = nn_optimiser_iterate(o, x, objective, &P, NULL, NULL);
                cr_assert_eq(status, k == 3 && m != NN_LBFGS ? AD_ERROR_NO_MEMORY : AD_OK);
                cr_assert((x[0] == 2) == (status != AD_OK));
            }
            nn_optimiser_free(o);
            cr_assert(memory.live == 0 && !memory.wrong, "method %d, allocation %ld", m, k);
        }
}
