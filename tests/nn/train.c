/* train.c -- training: what it learns, when it stops, that it is the same every time, and what it says when it cannot. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../functions/failing.h"
#include "problems.h"
#include <fcntl.h>
#include <unistd.h>

static int right(const nn_network *net, nn_data data)
{
    static double y[MOONS];
    double *outputs[] = {y};
    int n = 0;
    cr_assert_eq(nn_predict(net, data.rows, data.input_columns, outputs), AD_OK);
    for (size_t r = 0; r < data.rows; r++)
        n += (y[r] > 0) == (data.target_columns[0][r] > 0.5);
    return n;
}

/* ---- Learning ----------------------------------------------------------------------------------------------------------- */

Test(train, every_method_learns_xor)
{
    static const struct { nn_optimiser_options with; size_t epochs; } methods[] = {
        {{.method = NN_GRADIENT_DESCENT, .rate = 0.5}, 3000}, {{.method = NN_MOMENTUM, .rate = 0.2}, 1000},
        {{.method = NN_NESTEROV, .rate = 0.2}, 1000},         {{.method = NN_RMSPROP, .rate = 0.02}, 1000},
        {{.method = NN_ADAM, .rate = 0.05}, 1000},            {{.method = NN_ADAMW, .rate = 0.05, .weight_decay = 1e-4}, 1000},
        {{.method = NN_LBFGS}, 100},
    };
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        nn_network *net = network(4, 1);
        nn_result r = nn_train(net, xor_data(), (nn_train_options){.error = nn_binary_cross_entropy, .optimiser = methods[m].with,
                                                                  .epochs = methods[m].epochs, .goal = 0.01});
        TRAINED(r);
        cr_assert(r.reason == NN_GOAL_REACHED && r.error <= 0.01, "method %zu: reason %d, error %g", m, (int)r.reason, r.error);
        cr_assert_eq(right(net, xor_data()), 4);
        nn_network_free(net);
    }
}

Test(train, mini_batches_learn_two_moons)
{
    nn_data data = moons();
    nn_network *net = network(16, 2);
    nn_result r = nn_train(net, data, (nn_train_options){.error = nn_binary_cross_entropy, .optimiser = {.method = NN_ADAM, .rate = 0.02},
                                                         .epochs = 100, .batch = 32, .seed = 5, .validation = 0.25});
    TRAINED(r);
    cr_assert(r.reason == NN_EPOCHS_DONE && r.epochs == 100 && r.steps == 1000, "reason %d, %zu steps", (int)r.reason, r.steps);
    cr_assert(r.error < 0.035 && r.validation_error < 0.05, "%g, %g", r.error, r.validation_error);
    cr_assert_geq(right(net, data), MOONS - 4);
    nn_network_free(net);
}

/* Three classes by number: quadrants of the circle. */
Test(train, softmax_learns_classes_by_number_and_by_one_of_each)
{
    static double x[300], y[300], class[300], one[3][300];
    uint64_t state = 3;
    for (int r = 0; r < 300; r++) {
        double angle = 2 * M_PI / 3 * ((r % 3) + random_within(&state, 0.1, 0.9));
        x[r] = cos(angle);
        y[r] = sin(angle);
        class[r] = r % 3;
        for (int k = 0; k < 3; k++)
            one[k][r] = k == r % 3;
    }
    for (int how = 0; how < 2; how++) {
        nn_network *net = nn_network_new((nn_network_options){
            .inputs = 2, .seed = 4, .layers = NN_LAYERS({.neurons = 8, .activation = ad_tanh}, {.neurons = 3})});
        nn_result r = nn_train(net, (nn_data){.rows = 300, .input_columns = NN_COLUMNS(x, y),
                                              .target_columns = how ? NN_COLUMNS(one[0], one[1], one[2]) : NN_COLUMNS(class)},
                               (nn_train_options){.error = nn_softmax_cross_entropy, .optimiser = {.method = NN_LBFGS}, .epochs = 60});
        TRAINED(r);
        cr_assert_lt(r.error, 1e-3);
        nn_network_free(net);
    }
}

/* A straight line with known answer: least squares. */
Test(train, a_linear_network_finds_the_least_squares_line)
{
    static const double x[] = {1, 2, 3, 4}, t[] = {6, 5, 7, 10};              /* y = 3.5 + 1.4 x, sum of squares 4.2 */
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .seed = 1});
    nn_result r = nn_train(net, (nn_data){.rows = 4, .input_columns = NN_COLUMNS(x), .target_columns = NN_COLUMNS(t)},
                           (nn_train_options){.error = nn_mean_squared_error, .optimiser = {.method = NN_LBFGS}});
    TRAINED(r);
    cr_assert_eq(r.reason, NN_CONVERGED);
    cr_assert(fabs(nn_network_values(net)[0] - 1.4) < 1e-7 && fabs(nn_network_values(net)[1] - 3.5) < 1e-7);
    NEAR(r.error, 4.2 / 4, 1e-13);
    nn_network_free(net);
}

/* Ridge regression: the minimum of mean (t - w x)^2 + l2 w^2 / 2 is w = sum x t / (sum x^2 + n l2 / 2); lasso by soft threshold. */
Test(train, penalties_move_the_minimum_as_their_formulas_say)
{
    static const double x[] = {1, -2, 3, 0.5}, t[] = {2, -3, 7, 1};
    double xx = 0, xt = 0;
    for (int i = 0; i < 4; i++) {
        xx += x[i] * x[i];
        xt += x[i] * t[i];
    }
    for (int how = 0; how < 2; how++)
        for (int lbfgs = 0; lbfgs < 2; lbfgs++) {
            nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .no_bias = 1, .seed = 1});
            nn_result r = nn_train(net, (nn_data){.rows = 4, .input_columns = NN_COLUMNS(x), .target_columns = NN_COLUMNS(t)},
                                   (nn_train_options){.error = nn_mean_squared_error, .l1 = how ? 0.3 : 0, .l2 = how ? 0 : 0.5, .epochs = 500,
                                                      .optimiser = {.method = lbfgs ? NN_LBFGS : NN_GRADIENT_DESCENT, .rate = 0.05}});
            TRAINED(r);
            double w = how ? (xt - 4 * 0.3 / 2) / xx : xt / (xx + 4 * 0.5 / 2);
            cr_assert(fabs(nn_network_values(net)[0] - w) < 1e-8, "%.12g, not %.12g", nn_network_values(net)[0], w);
            double error = 0;
            for (int i = 0; i < 4; i++)
                error += pow(t[i] - w * x[i], 2) / 4;
            cr_assert(fabs(r.error - error) < 1e-7, "the error told has penalties in it: %g, not %g", r.error, error);
            nn_network_free(net);
        }
}

/* Two steps of two batches in order, by hand. */
Test(train, steps_are_those_of_the_formula)
{
    static const double x[] = {1, 2, 3}, t[] = {2, 3, 7};
    const double start = 0.5, rate = 0.01;
    double w = start, b = 0;
    for (int epoch = 0; epoch < 2; epoch++)
        for (int from = 0; from < 3; from += 2) {
            double gw = 0, gb = 0;
            int n = from ? 1 : 2;
            for (int r = from; r < from + n; r++) {
                double d = w * x[r] + b - t[r];
                gw += d * x[r] / n;
                gb += d / n;
            }
            double norm = hypot(gw, gb), factor = norm > 2 ? 2 / (norm + 1e-6) : 1, now = epoch ? rate / 2 : rate;
            w -= now * fmax(-1.5, fmin(1.5, factor * gw));
            b -= now * fmax(-1.5, fmin(1.5, factor * gb));
        }
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .values = (double[]){start, 0}});
    nn_result r = nn_train(net, (nn_data){.rows = 3, .input_columns = NN_COLUMNS(x), .target_columns = NN_COLUMNS(t)},
                           (nn_train_options){.epochs = 2, .batch = 2, .in_order = 1, .clip_norm = 2, .clip_value = 1.5,
                                              .optimiser = {.rate = rate}, .schedule = {.kind = NN_STEPS, .factor = 0.5}});
    TRAINED(r);
    cr_assert_eq(r.steps, 4);
    NEAR(nn_network_values(net)[0], w, 1e-14);
    NEAR(nn_network_values(net)[1], b, 1e-14);
    nn_network_free(net);
}

/* ---- When it stops ------------------------------------------------------------------------------------------------------ */

Test(train, the_best_on_validation_is_kept_and_patience_ends)
{
    nn_data data = moons();
    for (int r = 0; r < MOONS; r += 7)
        moon_t[r] = 1 - moon_t[r];                                            /* something to overfit */
    nn_network *net = network(15, 3);
    cr_assert_leq(nn_network_size(net), 64);
    seen s = {.least = INFINITY};
    nn_result r = nn_train(net, data, (nn_train_options){
        .error = nn_binary_cross_entropy, .optimiser = {.method = NN_ADAM, .rate = 0.05}, .epochs = 2000, .batch = 20, .seed = 5,
        .validation = 0.5, .patience = 40, .each_epoch = watch, .user = &s});
    TRAINED(r);
    cr_assert(r.reason == NN_NO_GAIN && r.epochs == r.best_epoch + 40 && s.epochs == r.epochs, "reason %d, %zu epochs, best %zu",
              (int)r.reason, r.epochs, r.best_epoch);
    EQUAL(r.validation_error, s.least);
    cr_assert(!memcmp(nn_network_values(net), s.at_least, nn_network_size(net) * sizeof(double)));
    nn_network_free(net);
}

Test(train, the_callback_stops_and_so_does_a_signal)
{
    nn_network *net = network(4, 1);
    seen s = {.stop_at = 7, .least = NAN};
    nn_result r = nn_train(net, xor_data(), (nn_train_options){.each_epoch = watch, .user = &s, .schedule = {.kind = NN_COSINE}, .epochs = 10});
    TRAINED(r);
    cr_assert(r.reason == NN_STOPPED && r.epochs == 7 && s.epochs == 7);
    cr_assert(isnan(s.validation) && isnan(r.validation_error));
    NEAR(s.rate, 0.01 * 0.5 * (1 + cos(M_PI * 0.6)), 1e-14);
    volatile sig_atomic_t now = 1;
    r = nn_train(net, xor_data(), (nn_train_options){.interrupted = &now, .batch = 1});
    TRAINED(r);
    cr_assert(r.reason == NN_STOPPED && r.epochs == 0 && r.steps == 1, "%zu steps", r.steps);
    nn_network_free(net);
}

/* ---- The same every time ------------------------------------------------------------------------------------------------ */

Test(train, the_same_seed_gives_the_same_bits_on_any_number_of_threads)
{
    enum { ROWS = 20000, HIDDEN = 12 };
    static double x[ROWS], y[ROWS], t[ROWS], first[64];
    uint64_t state = 1;
    for (int r = 0; r < ROWS; r++) {
        x[r] = random_within(&state, -1, 1);
        y[r] = random_within(&state, -1, 1);
        t[r] = sin(3 * x[r]) * y[r];
    }
    static const int threads[] = {1, 2, 7, 1};
    for (size_t k = 0; k < 4; k++) {
        ad_threads(threads[k]);
        nn_network *net = network(HIDDEN, 8);
        nn_result r = nn_train(net, (nn_data){.rows = ROWS, .input_columns = NN_COLUMNS(x, y), .target_columns = NN_COLUMNS(t)},
                               (nn_train_options){.optimiser = {.method = NN_ADAM}, .epochs = 2, .batch = 7000, .seed = 9, .validation = 0.1});
        TRAINED(r);
        if (k == 0)
            memcpy(first, nn_network_values(net), nn_network_size(net) * sizeof(double));
        cr_assert(!memcmp(first, nn_network_values(net), nn_network_size(net) * sizeof(double)), "%d threads", threads[k]);
        nn_network_free(net);
    }
}

Test(train, another_seed_shuffles_otherwise)
{
    nn_data data = moons();
    double w[3];
    static const uint64_t seeds[] = {1, 1, 2};
    for (int k = 0; k < 3; k++) {
        nn_network *net = network(4, 1);
        TRAINED(nn_train(net, data, (nn_train_options){.epochs = 2, .batch = 16, .seed = seeds[k]}));
        w[k] = nn_network_values(net)[0];
        nn_network_free(net);
    }
    cr_assert(w[0] == w[1] && w[0] != w[2]);
}

/* ---- Tables ------------------------------------------------------------------------------------------------------------- */

static ad_table *table(const char *text, ad_missing missing)
{
    return ad_table_read_text(text, strlen(text), (ad_table_options){.missing = missing, .called = "growth.csv"});
}

static nn_result train_on(const char *text, ad_missing missing, const char *const *inputs, const char *const *targets)
{
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .seed = 1});
    ad_table *data = table(text, missing);
    nn_result r = nn_train(net, (nn_data){.table = data, .inputs = inputs, .targets = targets},
                           (nn_train_options){.error = nn_mean_squared_error, .optimiser = {.method = NN_LBFGS}});
    ad_table_free(data);
    nn_network_free(net);
    return r;
}

Test(train, columns_come_by_name_and_rows_without_a_value_are_dropped_as_asked)
{
    nn_result r = train_on("note,\"t\",x\na,6,1\nb,5,2\nc,,9\n\"d, e\",7,3\nf,10,4\n", AD_MISSING_DROP, NN_NAMES("x"), NN_NAMES("t"));
    TRAINED(r);
    NEAR(r.error, 4.2 / 4, 1e-13);
}

Test(train, malformed_data_are_refused_with_their_place)
{
    static const char *const x[] = {"x", NULL}, *const t[] = {"t", NULL}, *const xs[] = {"x", "x", NULL}, *const u[] = {"u", NULL},
                      *const none[] = {NULL};
    static const struct { const char *text; const char *const *inputs, *const *targets; const char *says; } cases[] = {
        {"x,t\n1,2\n3,\n", x, t, "line 3"},
        {"x,t\n1,2\n3,4,5\n", x, t, "line 3"},
        {"x,t\n1,2\n\"3,4\n", x, t, "line 3"},
        {"x,t\n1,two\n", x, t, "line 2"},
        {"x,t\n", x, t, "no rows"},
        {"", x, t, "growth.csv"},
        {"x,t\n1,2\n", u, t, "u"},
        {"x,t\n1,2\n", x, u, "u"},
        {"x,t\n1,2\n", xs, t, "2 input columns, the network has 1"},
        {"x,t\n1,2\n", none, t, "0 input columns"},
        {"x,t\n1,2\n", x, none, "no target columns"},
        {"x,t\n1,2\n", x, xs, "2 targets for 1 outputs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_result r = train_on(cases[i].text, AD_MISSING_REFUSE, cases[i].inputs, cases[i].targets);
        cr_assert(r.fault.status == AD_ERROR_DATA && r.reason == NN_FAILED, "case %zu: %d", i, (int)r.fault.status);
        cr_assert(strstr(r.fault.message, cases[i].says), "case %zu: %s", i, r.fault.message);
    }
}

Test(train, validation_data_of_their_own)
{
    ad_table *data = table("x,t\n1,6\n2,5\n3,7\n4,10\n", AD_MISSING_REFUSE), *held = table("y,t,x\n0,5,1\n0,7,2\n", AD_MISSING_REFUSE);
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .seed = 1});
    nn_data on = {.table = data, .inputs = NN_NAMES("x"), .targets = NN_NAMES("t")}, off = on;
    nn_train_options options = {.error = nn_mean_squared_error, .optimiser = {.method = NN_LBFGS}, .validation_data = &off};
    nn_result r = nn_train(net, on, options);
    cr_assert(r.fault.status == AD_ERROR_ARGUMENT && strstr(r.fault.message, "same table"), "%s", r.fault.message);
    off.table = held;
    r = nn_train(net, on, options);
    TRAINED(r);
    const double w = nn_network_value(net, 0), b = nn_network_value(net, 1);
    NEAR(r.validation_error, (pow(5 - w - b, 2) + pow(7 - 2 * w - b, 2)) / 2, 1e-12);
    off.targets = NN_NAMES("t", "y");
    r = nn_train(net, on, options);
    cr_assert(r.fault.status == AD_ERROR_DATA && strstr(r.fault.message, "2 target columns"), "%s", r.fault.message);
    ad_table_free(data);
    ad_table_free(held);
    nn_network_free(net);
}

Test(train, wrong_options_are_named)
{
    static const struct { nn_train_options o; ad_status status; const char *says; } wrong[] = {
        {{.l2 = -1}, AD_ERROR_ARGUMENT, ".l2"}, {{.clip_norm = NAN}, AD_ERROR_ARGUMENT, ".clip_norm"},
        {{.validation = 1}, AD_ERROR_ARGUMENT, ".validation"}, {{.validation = 0.9}, AD_ERROR_DATA, "too few"},
        {{.resume = 1}, AD_ERROR_ARGUMENT, ".checkpoint"}, {{.optimiser = {.rate = -1}}, AD_ERROR_ARGUMENT, ".optimiser"},
        {{.checkpoint = "/nowhere/at/all"}, AD_ERROR_IO, "/nowhere/at/all"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        nn_network *net = network(2, 1);
        nn_result r = nn_train(net, xor_data(), wrong[i].o);
        cr_assert(r.fault.status == wrong[i].status && r.reason == NN_FAILED, "case %zu: %d", i, (int)r.fault.status);
        cr_assert(strstr(r.fault.message, wrong[i].says), "case %zu: %s", i, r.fault.message);
        nn_network_free(net);
    }
    cr_assert_eq(nn_train(NULL, xor_data(), (nn_train_options){0}).fault.status, AD_ERROR_ARGUMENT);
}

/* ---- Errors that are not finite ----------------------------------------------------------------------------------------- */

static ad_var log_error(size_t n, const ad_var *y, size_t m, const ad_var *t)
{
    (void)n, (void)m;
    return ad_square(ad_sub(t[0], ad_log(y[0])));
}

Test(train, an_error_that_is_not_finite_names_its_row_and_line)
{
    for (int m = NN_ADAM; m <= NN_LBFGS; m++) {
        nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .values = (double[]){1, 0}});
        ad_table *data = table("x,t\n1,0\n2,1\n# one that has no logarithm\n-3,1\n4,1\n", AD_MISSING_REFUSE);
        nn_result r = nn_train(net, (nn_data){.table = data, .inputs = NN_NAMES("x"), .targets = NN_NAMES("t")},
                               (nn_train_options){.error = log_error, .optimiser = {.method = (nn_method)m}, .batch = m == NN_ADAM ? 2 : 0, .seed = 3});
        cr_assert(r.reason == NN_NOT_FINITE && r.fault.status == AD_ERROR_ARGUMENT);
        cr_assert(strstr(r.fault.message, "epoch 1") && strstr(r.fault.message, "row 3 (line 5)"), "%s", r.fault.message);
        cr_assert(strstr(r.fault.message, "log(layer1.neuron1.y)"), "the operation is not named: %s", r.fault.message);
        cr_assert(nn_network_values(net)[0] == 1 && nn_network_values(net)[1] == 0);
        ad_table_free(data);
        nn_network_free(net);
    }
}

static ad_var root_error(size_t n, const ad_var *y, size_t m, const ad_var *t)
{
    (void)n, (void)m, (void)t;
    return ad_sqrt(y[0]);
}

/* The error is 0, its slope infinite. */
Test(train, a_slope_that_is_not_finite_is_found_too)
{
    static const double x[] = {1, 2, 4}, t[] = {0, 0, 0};
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .values = (double[]){-1, 4}});
    nn_result r = nn_train(net, (nn_data){.rows = 3, .input_columns = NN_COLUMNS(x), .target_columns = NN_COLUMNS(t)},
                           (nn_train_options){.error = root_error, .in_order = 1});
    cr_assert_eq(r.reason, NN_NOT_FINITE);
    cr_assert(strstr(r.fault.message, "row 3 ") && strstr(r.fault.message, "sqrt(layer1.neuron1.y)"), "%s", r.fault.message);
    nn_network_free(net);
}

/* A rate so high that parameters explode: those of the beginning of the epoch come back, finite. */
Test(train, parameters_that_explode_are_put_back)
{
    static const double x[] = {1e3, 2e3}, t[] = {1, 2};
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .seed = 1});
    nn_result r = nn_train(net, (nn_data){.rows = 2, .input_columns = NN_COLUMNS(x), .target_columns = NN_COLUMNS(t)},
                           (nn_train_options){.optimiser = {.rate = 1}, .epochs = 1000});
    cr_assert_eq(r.reason, NN_NOT_FINITE);
    cr_assert(isfinite(nn_network_values(net)[0]) && isfinite(nn_network_values(net)[1]));
    nn_network_free(net);
}

/* ---- The bar ------------------------------------------------------------------------------------------------------------ */

/* What a training draws; a terminal hands it on when it likes, so a line's end is waited for. */
static size_t drawn_on(FILE *stream, int from, int wait, char *text, size_t size)
{
    nn_network *net = network(4, 1);
    TRAINED(nn_train(net, xor_data(), (nn_train_options){.progress = stream, .epochs = 50, .validation = 0.25}));
    nn_network_free(net);
    fflush(stream);
    size_t n = 0;
    for (int tries = 0; tries < (wait ? 500 : 1) && n < size - 1 && !memchr(text, '\n', n); tries++) {
        ssize_t got = read(from, text + n, size - 1 - n);
        n += got > 0 ? (size_t)got : 0;
        if (got <= 0 && wait)
            usleep(10000);
    }
    text[n] = 0;
    return n;
}

Test(train, a_bar_is_drawn_on_a_terminal_alone)
{
    char text[8000];
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    FILE *writes = fdopen(ends[1], "w");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    cr_assert_eq(drawn_on(writes, ends[0], 0, text, sizeof text), 0, "a pipe got: %s", text);
    fclose(writes);
    close(ends[0]);

    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master))
        cr_skip_test("no pseudo terminals here");
    FILE *terminal = fopen(ptsname(master), "w");
    cr_assert(terminal);
    fcntl(master, F_SETFL, O_NONBLOCK);
    cr_assert_gt(drawn_on(terminal, master, 1, text, sizeof text), 0);
    cr_assert(strstr(text, "epoch ") && strstr(text, "/50 [") && strstr(text, "error ") && strstr(text, "validation ") &&
              strstr(text, "rows/s"), "%s", text);
    fclose(terminal);
    close(master);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------------- */

static int life(failing *m, const char *path, nn_method method)
{
    nn_network *net = nn_network_new((nn_network_options){.inputs = 2, .seed = 1, .allocator = failing_allocator(m),
                                                          .layers = NN_LAYERS({.neurons = 2, .activation = ad_tanh}, {.neurons = 1})});
    if (!net)
        return 0;
    nn_result r = nn_train(net, xor_data(), (nn_train_options){.epochs = 3, .batch = 2, .validation = 0.25, .checkpoint = path, .resume = 1,
                                                              .optimiser = {.method = method}});
    cr_assert(r.fault.status == AD_OK || r.fault.message[0]);
    cr_assert((r.reason == NN_FAILED) == (r.fault.status != AD_OK), "reason %d, %s", (int)r.reason, r.fault.message);
    for (size_t i = 0; i < nn_network_size(net); i++)
        cr_assert(isfinite(nn_network_values(net)[i]));
    nn_network_free(net);
    return r.fault.status == AD_OK;
}

Test(train, each_allocation_may_fail)
{
    char path[] = "/tmp/nn_faults_XXXXXX";
    close(mkstemp(path));
    for (int method = NN_ADAM; method <= NN_LBFGS; method += NN_LBFGS - NN_ADAM) {
        failing m = {0};
        unlink(path);
        cr_assert(life(&m, path, (nn_method)method));
        long calls = m.calls;
        cr_assert_gt(calls, 40);
        for (long k = 1; k <= calls; k++) {
            unlink(path);
            m = (failing){.fail_at = k};
            life(&m, path, (nn_method)method);
            cr_assert(m.live == 0 && !m.wrong, "allocation %ld: %zu bytes, wrong %d", k, m.live, m.wrong);
        }
    }
    unlink(path);
}
