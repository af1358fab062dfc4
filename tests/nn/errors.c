/* errors.c -- errors and penalties: their values, their gradients by formula and by differences, and the tails. */
#include "../unit/unit.h"
#include "checked.h"
#include <nn/nn.h>

enum { N = 3 };

typedef struct problem {
    nn_error *error;
    size_t m;
    const double *t;
} problem;

static double value_at(size_t n, const double *y, void *p)
{
    (void)n;
    problem *P = p;
    ad_var ys[N], ts[N];
    for (size_t i = 0; i < N; i++)
        ys[i] = ad_const(y[i]);
    for (size_t i = 0; i < P->m; i++)
        ts[i] = ad_const(P->t[i]);
    return ad_value(P->error(N, ys, P->m, ts));
}

/* Value, and gradient by y, of an error at one row. */
static double gradient_at(nn_error *error, size_t n, const double *y, size_t m, const double *t, double *g)
{
    ad_tape *tape = ad_tape_new();
    ad_var ys[16], ts[16];
    for (size_t i = 0; i < n; i++)
        ys[i] = ad_param(tape, NULL, y[i]);
    for (size_t i = 0; i < m; i++)
        ts[i] = ad_const(t[i]);
    ad_var E = error(n, ys, m, ts);
    ad_backward(E);
    for (size_t i = 0; i < n; i++)
        g[i] = ad_grad(ys[i]);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
    return ad_value(E);
}

static ad_var huber_at_2(size_t n, const ad_var *y, size_t m, const ad_var *t) { return nn_huber_error_at(2, n, y, m, t); }

static const double outputs[N] = {0.3, -1.2, 2.1}, real[N] = {0.5, 1.4, -2.3}, bits[N] = {1, 0, 1}, signs[N] = {1, -1, 1};
static const double soft[N] = {0.2, 0.5, 0.3}, class[] = {2};

/* Values by arithmetic on the formulas, in another program, to 15 digits. */
static const struct { const char *name; nn_error *error; size_t m; const double *t; double value, gradient[N]; } cases[] = {
    {"half squared", nn_half_squared_error, N, real, 13.08, {-0.2, -2.6, 4.4}},
    {"mean squared", nn_mean_squared_error, N, real, 8.72, {-0.13333333333333333, -1.7333333333333334, 2.9333333333333333}},
    {"mean absolute", nn_mean_absolute_error, N, real, 2.4, {-1. / 3, -1. / 3, 1. / 3}},
    {"huber", nn_huber_error, N, real, 2.0066666666666667, {-0.2 / 3, -1. / 3, 1. / 3}},
    {"huber at 2", huber_at_2, N, real, 3.3400000000000003, {-0.2 / 3, -2. / 3, 2. / 3}},
    {"binary cross-entropy", nn_binary_cross_entropy, N, bits, 0.31105241166210446,
     {-0.14185249439611367, 0.07715840550032746, -0.03636560706520431}},
    {"softmax, one of each", nn_softmax_cross_entropy, N, soft, 2.1941382852287337,
     {-0.06250095195777278, -0.46931981539008116, 0.5318207673478539}},
    {"softmax, class", nn_softmax_cross_entropy, 1, class, 0.18413828522873388,
     {0.13749904804222723, 0.030680184609918816, -0.16817923265214618}},
    {"hinge", nn_hinge_error, N, signs, 0.7 / 3, {-1. / 3, 0, 0}},
};
enum { CASES = sizeof cases / sizeof *cases };

static void slopes_at(size_t n, const double *y, double *g, void *p)
{
    problem *P = p;
    gradient_at(P->error, n, y, P->m, P->t, g);
}

Test(errors, gradients_are_found_right)
{
    for (int c = 0; c < CASES; c++) {
        problem P = {cases[c].error, cases[c].m, cases[c].t};
        checked_right(cases[c].name, N, outputs, value_at, slopes_at, &P, 20);
    }
}

Test(errors, values_and_gradients_are_those_of_the_formulas)
{
    for (int c = 0; c < CASES; c++) {
        double g[N], E = gradient_at(cases[c].error, N, outputs, cases[c].m, cases[c].t, g);
        cr_assert(fabs(E - cases[c].value) <= 4e-15 * cases[c].value, "%s: %.17g, not %.17g", cases[c].name, E, cases[c].value);
        for (size_t i = 0; i < N; i++)
            cr_assert(fabs(g[i] - cases[c].gradient[i]) <= 1e-15, "%s, output %zu: %.17g, not %.17g", cases[c].name, i, g[i],
                      cases[c].gradient[i]);
    }
}

/* -log s(y) and s(y) - 1 for t = 1, at logits of any size: exp(-y) and -exp(-y) where y is large. */
Test(errors, binary_cross_entropy_keeps_its_digits_in_the_tails)
{
    static const struct { double y, t, E, slope; } tails[] = {
        {40, 1, 4.2483542552915889e-18, -4.2483542552915889e-18}, {-40, 0, 4.2483542552915889e-18, 4.2483542552915889e-18},
        {700, 1, 9.8596765437597708e-305, -9.8596765437597708e-305}, {40, 0, 40, 1}, {-800, 1, 800, -1}, {800, 0, 800, 1},
        {1e300, 1, 0, 0}, {1e300, 0, 1e300, 1}, {INFINITY, 1, 0, 0}, {-INFINITY, 0, 0, 0}, {INFINITY, 0, INFINITY, 1},
        {0, 0.5, M_LN2, 0},
    };
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        double g, E = gradient_at(nn_binary_cross_entropy, 1, &tails[i].y, 1, &tails[i].t, &g);
        cr_assert(near(E, tails[i].E, 1e-15) && near(g, tails[i].slope, 1e-15), "logit %g, target %g: %.17g and %.17g", tails[i].y,
                  tails[i].t, E, g);
    }
}

Test(errors, softmax_cross_entropy_is_safe_at_logits_of_any_size)
{
    static const struct { double y[3], E, g[3]; } tails[] = {
        {{1000, 0, -1000}, 0, {0, 0, 0}},
        {{-1000, 0, 1000}, 2000, {-1, 0, 1}},
        {{1e300, 1e300, 1e300}, 1.0986122886681098, {-2. / 3, 1. / 3, 1. / 3}},
        {{-1e15, -1e15, 1 - 1e15}, 1.5514447139320509, {-0.78805844238291455, 0.21194155761708547, 0.5761168847658291}},
        {{0, -INFINITY, 0}, M_LN2, {-0.5, 0, 0.5}},
        {{800, 800, -INFINITY}, M_LN2, {-0.5, 0.5, 0}},
        {{-745, -745, -745}, 1.0986122886681098, {-2. / 3, 1. / 3, 1. / 3}},
    };
    static const double one_hot[] = {1, 0, 0}, class = 0;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        for (size_t m = 1; m <= 3; m += 2) {
            double g[3], E = gradient_at(nn_softmax_cross_entropy, 3, tails[i].y, m, m == 1 ? &class : one_hot, g);
            cr_assert(fabs(E - tails[i].E) <= 1e-15 * fmax(1, tails[i].E), "case %zu, %zu targets: %.17g", i, m, E);
            for (int k = 0; k < 3; k++)
                cr_assert(fabs(g[k] - tails[i].g[k]) <= 1e-14, "case %zu, %zu targets: slope %d is %.17g", i, m, k, g[k]);
        }
}

/* The same in lanes: what training runs. */
Test(errors, tails_are_safe_in_lanes_too)
{
    enum { ROWS = 200 };
    static double logit[3][ROWS], target[ROWS], cross[ROWS];
    ad_tape *tape = ad_tape_new();
    ad_var y[3], t, E[2];
    for (int k = 0; k < 3; k++)
        y[k] = ad_column(tape, NULL);
    t = ad_column(tape, NULL);
    E[0] = nn_softmax_cross_entropy(3, y, 1, &t);
    E[1] = nn_binary_cross_entropy(1, y, 1, &t);
    ad_function *f = ad_function_new(tape, 2, E);
    static const double large[] = {-INFINITY, -1e300, -800, -40, 0, 40, 800, 1e300};
    static double binary[ROWS];
    for (int r = 0; r < ROWS; r++) {
        logit[0][r] = large[r % 8];
        logit[1][r] = large[r / 8 % 8];
        logit[2][r] = 1;
        target[r] = (double)(r % 2);
    }
    const double *columns[] = {logit[0], logit[1], logit[2], target};
    double *values[] = {cross, binary};
    cr_assert_eq(ad_function_rows(f, NULL, columns, ROWS, values), AD_OK);
    for (int r = 0; r < ROWS; r++) {
        double at[] = {logit[0][r], logit[1][r], logit[2][r]}, g[3];
        double one = gradient_at(nn_softmax_cross_entropy, 3, at, 1, &target[r], g), two = gradient_at(nn_binary_cross_entropy, 1, at, 1, &target[r], g);
        cr_assert(!isnan(one) && (same(cross[r], one) || fabs(cross[r] - one) <= 1e-12 * fmax(1, fabs(one))), "row %d: %g, on the tape %g", r, cross[r], one);
        cr_assert(!isnan(two) && near(binary[r], two, 1e-14), "row %d: %g, on the tape %g", r, binary[r], two);
    }
    ad_function_free(f);
    ad_tape_free(tape);
}

Test(errors, what_does_not_suit_is_a_plain_nan)
{
    static nn_error *const errors[] = {nn_half_squared_error, nn_mean_squared_error, nn_mean_absolute_error, nn_huber_error,
                                       nn_binary_cross_entropy, nn_softmax_cross_entropy, nn_hinge_error};
    ad_tape *tape = ad_tape_new();
    ad_var y[3] = {ad_param(tape, NULL, 1), ad_param(tape, NULL, 2), ad_param(tape, NULL, 3)};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        PLAIN_NAN(errors[i](3, y, 2, y));
        PLAIN_NAN(errors[i](0, y, 0, y));
    }
    PLAIN_NAN(nn_softmax_cross_entropy(1, y, 1, y));
    static const double no_class[] = {3, -1, 0.5, NAN};
    for (size_t i = 0; i < 4; i++) {
        ad_var t = ad_const(no_class[i]);
        cr_assert(isnan(ad_value(nn_softmax_cross_entropy(3, y, 1, &t))), "class %g", no_class[i]);
    }
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

/* More logits than are summed up at once. */
Test(errors, softmax_takes_any_number_of_classes)
{
    enum { MANY = 200 };
    ad_var y[MANY], p[MANY], class = ad_const(150);
    double sum = 0;
    for (int i = 0; i < MANY; i++) {
        y[i] = ad_const(700 + 0.01 * i);
        sum += exp(0.01 * i);
    }
    NEAR(ad_value(nn_softmax_cross_entropy(MANY, y, 1, &class)), log(sum) - 1.5, 1e-13);
    nn_softmax(MANY, y, p);
    for (int i = 0; i < MANY; i++)
        NEAR(ad_value(p[i]), exp(0.01 * i) / sum, 1e-12);
}

Test(errors, softmax_gives_probabilities)
{
    ad_var y[] = {ad_const(0.3), ad_const(-1.2), ad_const(2.1)}, far[] = {ad_const(1e300), ad_const(-1e300)};
    nn_softmax(3, y, y);
    NEAR(ad_value(y[0]), 0.13749904804222723, 1e-14);
    NEAR(ad_value(y[1]), 0.030680184609918816, 1e-14);
    NEAR(ad_value(y[2]), 1 - 0.16817923265214618, 1e-14);
    nn_softmax(2, far, far);
    EQUAL(ad_value(far[0]), 1);
    EQUAL(ad_value(far[1]), 0);
}

Test(errors, penalties_and_their_slopes)
{
    ad_tape *tape = ad_tape_new();
    ad_var w[] = {ad_param(tape, NULL, 3), ad_param(tape, NULL, -4), ad_param(tape, NULL, 0)};
    ad_var one = nn_l1(3, w), two = nn_l2(3, w);
    EQUAL(ad_value(one), 7);
    EQUAL(ad_value(two), 12.5);
    ad_backward(one);
    EQUAL(ad_grad(w[0]), 1);
    EQUAL(ad_grad(w[1]), -1);
    EQUAL(ad_grad(w[2]), 0);
    ad_backward(two);
    EQUAL(ad_grad(w[1]), -4);
    EQUAL(ad_value(nn_l1(0, w)), 0);
    EQUAL(ad_value(nn_l2(0, w)), 0);
    ad_tape_free(tape);
}
