/* network.c -- networks: shape, names, values, and the same numbers on a tape, off it, and by hand. */
#include "../functions/failing.h"
#include "../unit/unit.h"
#include "checked.h"
#include <nn/nn.h>

#define OP1(name, ...) #name,
static const char *const unary[] = {
#include <autodiff/ops.def>
};
enum { UNARY = sizeof unary / sizeof *unary };

Test(network, every_unary_row_is_an_activation_by_name_and_by_function)
{
#define OP1(name, ...)                                            \
    {                                                             \
        nn_activation *mine = (ad_##name), *theirs = nn_activation_named(#name);  \
        cr_assert(theirs, #name);                                 \
        EQUAL(ad_value(mine(ad_const(0.3))), ad_value(theirs(ad_const(0.3))));    \
        cr_assert_str_eq(nn_activation_name(mine), #name);        \
        cr_assert_str_eq(nn_activation_name(theirs), #name);      \
    }
#include <autodiff/ops.def>
    cr_assert_geq((int)UNARY, 40);
}

static ad_var leaky(ad_var x) { return ad_leaky_relu(x, 0.01); }
static ad_var swish_by_hand(ad_var x) { return ad_mul(x, ad_sigmoid(x)); }
static ad_var forgetful(ad_var x) { return ad_const(ad_value(x)); }
static ad_var identity(ad_var x) { return x; }

Test(network, what_is_no_row_has_no_name)
{
    static const char *const not_rows[] = {"", "mul", "tanhh", "leaky_relu", "sum", "Tanh", "ad_tanh"};
    for (size_t i = 0; i < sizeof not_rows / sizeof *not_rows; i++)
        cr_assert_null(nn_activation_named(not_rows[i]), "%s", not_rows[i]);
    cr_assert_null(nn_activation_named(NULL));
    nn_activation *const own[] = {leaky, swish_by_hand, forgetful, identity, NULL};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        cr_assert_null(nn_activation_name(own[i]), "%zu", i);
}

/* 2-3-1; the middle layer without biases. */
static nn_network *small(void)
{
    return nn_network_new((nn_network_options){
        .inputs = 2,
        .layers = NN_LAYERS({.neurons = 3, .activation = ad_tanh, .no_bias = 1}, {.neurons = 2, .activation_name = "sigmoid"},
                            {.neurons = 1}),
        .seed = 1,
    });
}

Test(network, parameters_are_one_flat_named_array)
{
    static const char *const names[] = {
        "layer1.neuron1.w1", "layer1.neuron1.w2", "layer1.neuron2.w1", "layer1.neuron2.w2", "layer1.neuron3.w1",
        "layer1.neuron3.w2", "layer2.neuron1.w1", "layer2.neuron1.w2", "layer2.neuron1.w3", "layer2.neuron2.w1",
        "layer2.neuron2.w2", "layer2.neuron2.w3", "layer2.neuron1.b", "layer2.neuron2.b", "layer3.neuron1.w1",
        "layer3.neuron1.w2", "layer3.neuron1.b"};
    enum { N = sizeof names / sizeof *names };
    nn_network *net = small();
    cr_assert_eq(nn_network_size(net), N);
    ad_tape *tape = ad_tape_new();
    ad_var p[N];
    nn_network_params(net, tape, p);
    for (size_t i = 0; i < N; i++) {
        cr_assert_str_eq(nn_network_name(net, i), names[i]);
        cr_assert_eq(nn_network_find(net, names[i]), i);
        cr_assert_str_eq(ad_name_of(p[i]), names[i]);
        EQUAL(ad_value(p[i]), nn_network_values(net)[i]);
    }
    cr_assert_null(nn_network_name(net, N));
    EQUAL(nn_network_value(net, 3), nn_network_values(net)[3]);
    cr_assert(isnan(nn_network_value(net, N)) && isnan(nn_network_value(NULL, 0)));
    cr_assert_eq(nn_network_find(net, "layer1.neuron1.b"), SIZE_MAX);
    cr_assert_eq(nn_network_find(net, NULL), SIZE_MAX);
    ad_tape_free(tape);
    nn_network_free(net);
}

Test(network, shape_is_as_asked_for)
{
    nn_network *net = small();
    cr_assert_eq(nn_network_inputs(net), 2);
    cr_assert_eq(nn_network_outputs(net), 1);
    cr_assert_eq(nn_network_layers(net), 3);
    cr_assert_eq(nn_network_neurons(net, 0), 3);
    cr_assert_eq(nn_network_neurons(net, 3), 0);
    cr_assert(!nn_network_has_bias(net, 0) && nn_network_has_bias(net, 1) && !nn_network_has_bias(net, 9));
    cr_assert(nn_network_activation(net, 0) == (nn_activation *)ad_tanh);
    cr_assert_str_eq(nn_activation_name(nn_network_activation(net, 1)), "sigmoid");
    cr_assert_null(nn_network_activation(net, 2));
    nn_network_free(net);
    nn_network_free(NULL);
    cr_assert_eq(nn_network_size(NULL), 0);
    cr_assert_null(nn_network_values(NULL));
    cr_assert_null(nn_network_name(NULL, 0));
}

Test(network, given_values_are_taken_as_they_are)
{
    static const double given[] = {0.1, -0.2, 0.3};
    nn_network *net = nn_network_new((nn_network_options){.inputs = 2, .layers = NN_LAYERS({.neurons = 1}), .values = given});
    for (size_t i = 0; i < 3; i++)
        EQUAL(nn_network_values(net)[i], given[i]);
    nn_network_free(net);
}

Test(network, wrong_options_are_named)
{
    const struct { nn_network_options options; ad_status status; const char *says; } wrong[] = {
        {{.inputs = 0, .layers = (const nn_layer_options[]){{.neurons = 1}, {.neurons = 0}}}, AD_ERROR_ARGUMENT, "no inputs"},
        {{.inputs = 2}, AD_ERROR_ARGUMENT, "no layers"},
        {{.inputs = 2, .layers = (const nn_layer_options[]){{.neurons = 0}}}, AD_ERROR_ARGUMENT, "no layers"},
        {{.inputs = 2, .layers = (const nn_layer_options[]){{.neurons = 2}, {.neurons = 1, .activation_name = "tahn"}, {.neurons = 0}}},
         AD_ERROR_ARGUMENT, "\"tahn\", the activation of layer 2"},
        {{.inputs = 100000, .layers = (const nn_layer_options[]){{.neurons = 100000}, {.neurons = 0}}}, AD_ERROR_LIMIT, "layer 1"},
        {{.inputs = SIZE_MAX, .layers = (const nn_layer_options[]){{.neurons = SIZE_MAX}, {.neurons = 0}}}, AD_ERROR_LIMIT, "layer 1"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        nn_fault fault;
        nn_network_options options = wrong[i].options;
        cr_assert_null(nn_network_new(options));
        options.fault = &fault;
        cr_assert_null(nn_network_new(options));
        cr_assert_eq(fault.status, wrong[i].status, "case %zu: %d", i, (int)fault.status);
        cr_assert(strstr(fault.message, wrong[i].says), "case %zu: %s", i, fault.message);
    }
}

/* The article's network: the same bits as neuron by neuron. */
Test(network, the_article_has_its_numbers)
{
    static const double W[] = {0.01, 0.02, 0.05, 0.08, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.15};
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = 2, .no_bias = 1, .values = W,
        .layers = NN_LAYERS({.neurons = 2, .activation = ad_sigmoid}, {.neurons = 3, .activation = ad_sigmoid},
                            {.neurons = 1, .activation = ad_sigmoid})});
    cr_assert_eq(nn_network_size(net), 13);
    ad_tape *tape = ad_tape_new();
    ad_var p[13], x[] = {ad_const(2), ad_const(4)}, y, t = ad_const(0.9), plain;
    nn_network_params(net, tape, p);
    cr_assert_eq(nn_mlp(net, p, x, &y), AD_OK);
    ad_var E = nn_half_squared_error(1, &y, 1, &t);
    ad_backward(E);
    PRINTS(ad_value(y), "0.543798684305");
    cr_assert(fabs(ad_value(E) - 0.06343969) < 5e-9);
    cr_assert(fabs(ad_grad(p[10]) - -0.045064604242) < 5e-13 && fabs(ad_grad(p[0]) - -0.000200258843) < 5e-13);
    NEAR(ad_value(ad_find(tape, "layer2.neuron2.y")), 0.51560941, 1e-8);
    NEAR(ad_value(ad_find(tape, "layer3.neuron1.e")), 0.17564492, 1e-7);
    size_t size = ad_tape_size(tape);
    cr_assert_eq(nn_mlp(net, NULL, x, &plain), AD_OK);
    cr_assert(is_plain(plain) && identical(ad_value(plain), ad_value(y)) && ad_tape_size(tape) == size);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
    nn_network_free(net);
}

/* ---- Gradients --------------------------------------------------------------------------------------------------------- */

/* By hand, as linear algebra: of tanh layers with biases and half the squared error. */
Test(network, the_gradient_is_that_of_the_matrices)
{
    enum { N = 3, M = 4, K = 2, P = M * N + M + K * M + K };
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = N, .layers = NN_LAYERS({.neurons = M, .activation = ad_tanh}, {.neurons = K, .activation = ad_tanh}), .seed = 3});
    const double *w = nn_network_values(net), x[N] = {0.3, -1.1, 0.7}, t[K] = {0.2, -0.4};
    for (size_t i = 0; i < M; i++)
        nn_network_values(net)[M * N + i] = 0.1 * (double)i;
    double g[P] = {0}, h[M], y[K], d[K], dh[M] = {0};
    for (int i = 0; i < M; i++) {
        double e = w[M * N + i];
        for (int k = 0; k < N; k++)
            e += w[i * N + k] * x[k];
        h[i] = tanh(e);
    }
    const double *v = w + M * N + M;
    for (int i = 0; i < K; i++) {
        double e = v[K * M + i];
        for (int k = 0; k < M; k++)
            e += v[i * M + k] * h[k];
        y[i] = tanh(e);
        d[i] = (y[i] - t[i]) * (1 - y[i] * y[i]);
        g[M * N + M + K * M + i] = d[i];
        for (int k = 0; k < M; k++) {
            g[M * N + M + i * M + k] = d[i] * h[k];
            dh[k] += d[i] * v[i * M + k];
        }
    }
    for (int i = 0; i < M; i++) {
        g[M * N + i] = dh[i] * (1 - h[i] * h[i]);
        for (int k = 0; k < N; k++)
            g[i * N + k] = g[M * N + i] * x[k];
    }
    ad_tape *tape = ad_tape_new();
    ad_var p[P], xs[N], ys[K], ts[K];
    nn_network_params(net, tape, p);
    for (int k = 0; k < N; k++)
        xs[k] = ad_const(x[k]);
    for (int k = 0; k < K; k++)
        ts[k] = ad_const(t[k]);
    nn_mlp(net, p, xs, ys);
    ad_backward(nn_half_squared_error(K, ys, K, ts));
    for (int i = 0; i < P; i++)
        cr_assert(fabs(ad_grad(p[i]) - g[i]) <= 1e-14, "%s: %.17g, by hand %.17g", nn_network_name(net, (size_t)i), ad_grad(p[i]), g[i]);
    ad_tape_free(tape);
    nn_network_free(net);
}

typedef struct layer_problem {
    nn_activation *activation;
    double x[2];
} layer_problem;

enum { LAYER = 2 * 2 + 2 };

/* The sum of a layer's outputs, on plain numbers; and its gradient by a sweep. */
static double layer_at(size_t n, const double *p, void *problem)
{
    layer_problem *P = problem;
    ad_var w[LAYER], x[] = {ad_const(P->x[0]), ad_const(P->x[1])}, y[2];
    for (size_t i = 0; i < n; i++)
        w[i] = ad_const(p[i]);
    nn_layer(2, 2, w, x, w + 4, P->activation, y);
    return ad_value(ad_add(y[0], y[1]));
}

static void layer_slopes(size_t n, const double *p, double *gradient, void *problem)
{
    layer_problem *P = problem;
    ad_tape *tape = ad_tape_new();
    ad_var w[LAYER], x[] = {ad_const(P->x[0]), ad_const(P->x[1])}, y[2];
    for (size_t i = 0; i < n; i++)
        w[i] = ad_param(tape, NULL, p[i]);
    nn_layer(2, 2, w, x, w + 4, P->activation, y);
    ad_backward(ad_add(y[0], y[1]));
    for (size_t i = 0; i < n; i++)
        gradient[i] = ad_grad(w[i]);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

/* Sums near 0.4, but 1.6 where that is outside of the domain (acosh); steps are flat. */
Test(network, a_layer_of_every_activation_has_its_gradient_found_right)
{
    for (int u = 0; u < UNARY; u++) {
        layer_problem P = {nn_activation_named(unary[u]), {0.4, 0.3}};
        double p[LAYER] = {0.2, 0.3, 0.1, 0.5, 0.23, 0.18};
        if (!strcmp(unary[u], "acosh"))
            p[4] = p[5] = 1.5;
        checked_right(unary[u], LAYER, p, layer_at, layer_slopes, &P, 5);
    }
}

/* ---- Whole networks ----------------------------------------------------------------------------------------------------- */

typedef struct whole {
    const nn_network  *net;
    nn_error          *error;
    const ad_function *f;
    const double      *const *columns;
    size_t             rows, inputs, targets;
} whole;

/* Row by row, the network on plain numbers. */
static double whole_at(size_t n, const double *p, void *user)
{
    whole *W = user;
    double sum = 0;
    ad_var w[64], x[4], y[4], t[4];
    for (size_t i = 0; i < n; i++)
        w[i] = ad_const(p[i]);
    for (size_t r = 0; r < W->rows; r++) {
        for (size_t k = 0; k < W->inputs; k++)
            x[k] = ad_const(W->columns[k][r]);
        for (size_t k = 0; k < W->targets; k++)
            t[k] = ad_const(W->columns[W->inputs + k][r]);
        cr_assert_eq(nn_mlp(W->net, w, x, y), AD_OK);
        sum += ad_value(W->error(nn_network_outputs(W->net), y, W->targets, t));
    }
    return sum;
}

static void whole_slopes(size_t n, const double *p, double *gradient, void *user)
{
    whole *W = user;
    (void)n;
    cr_assert_eq(ad_function_sum_gradient(W->f, p, W->columns, W->rows, NULL, gradient), AD_OK);
}

/* What training runs: in lanes, over rows. */
Test(network, every_error_of_a_network_has_its_gradient_found_right)
{
    static const double x[2][5] = {{0.3, -1.2, 0.8, 1.9, -0.4}, {1.1, 0.2, -0.7, 0.4, -1.6}}, real[2][5] = {{0.3, 2, -1, 0.5, 7}, {1, -3, 0.2, 0.1, 0}};
    static const double bits[2][5] = {{0, 1, 1, 0, 0.3}, {1, 0, 0.5, 1, 0}}, signs[2][5] = {{1, -1, 1, 1, -1}, {-1, -1, 1, -1, 1}}, class[5] = {0, 1, 1, 0, 1};
    static const struct { const char *name; nn_error *error; size_t targets; const double *t[2]; } errors[] = {
        {"half squared", nn_half_squared_error, 2, {real[0], real[1]}}, {"mean squared", nn_mean_squared_error, 2, {real[0], real[1]}},
        {"absolute", nn_mean_absolute_error, 2, {real[0], real[1]}},    {"huber", nn_huber_error, 2, {real[0], real[1]}},
        {"binary", nn_binary_cross_entropy, 2, {bits[0], bits[1]}},     {"softmax", nn_softmax_cross_entropy, 1, {class, NULL}},
        {"hinge", nn_hinge_error, 2, {signs[0], signs[1]}},
    };
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
        nn_network *net = nn_network_new((nn_network_options){
            .inputs = 2, .seed = 6, .layers = NN_LAYERS({.neurons = 2, .activation = ad_tanh}, {.neurons = 2, .activation = ad_silu}, {.neurons = 2})});
        const double *columns[] = {x[0], x[1], errors[e].t[0], errors[e].t[1]};
        ad_function *f = nn_error_function(net, errors[e].error, errors[e].targets, NULL);
        cr_assert(f);
        whole W = {net, errors[e].error, f, columns, 3, 2, errors[e].targets};
        checked_right(errors[e].name, nn_network_size(net), nn_network_values(net), whole_at, whole_slopes, &W, 1);
        ad_function_free(f);
        nn_network_free(net);
    }
}

/* ---- Off the tape ------------------------------------------------------------------------------------------------------- */

Test(network, predictions_are_those_of_the_tape_for_every_row)
{
    enum { ROWS = 1000 };
    static double x[2][ROWS], y[ROWS];
    nn_network *net = small();
    uint64_t state = 5;
    for (int r = 0; r < ROWS; r++)
        for (int k = 0; k < 2; k++)
            x[k][r] = random_within(&state, -2, 2);
    const double *columns[] = {x[0], x[1]};
    double *outputs[] = {y};
    cr_assert_eq(nn_predict(net, ROWS, columns, outputs), AD_OK);
    for (int r = 0; r < ROWS; r++) {
        ad_var in[] = {ad_const(x[0][r]), ad_const(x[1][r])}, out;
        nn_mlp(net, NULL, in, &out);
        NEAR(y[r], ad_value(out), 1e-13);
    }
    nn_network_free(net);
}

Test(network, its_function_has_its_names)
{
    nn_network *net = small();
    nn_fault fault;
    ad_function *f = nn_network_function(net, &fault);
    cr_assert_eq(fault.status, AD_OK);
    cr_assert_eq(ad_function_params(f), nn_network_size(net));
    for (size_t i = 0; i < nn_network_size(net); i++)
        cr_assert_str_eq(ad_function_param_name(f, i), nn_network_name(net, i));
    cr_assert_str_eq(ad_function_column_name(f, 1), "x2");
    ad_function_free(f);
    cr_assert_null(nn_network_function(NULL, &fault));
    cr_assert_eq(fault.status, AD_ERROR_ARGUMENT);
    nn_network_free(net);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------------- */

static int life(failing *m)
{
    nn_fault fault;
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = 2, .layers = NN_LAYERS({.neurons = 3, .activation = ad_tanh}, {.neurons = 1}), .allocator = failing_allocator(m),
        .fault = &fault});
    cr_assert((net != NULL) == (fault.status == AD_OK));
    if (!net) {
        cr_assert(strstr(fault.message, "memory"), "%s", fault.message);
        return 0;
    }
    static const double column[] = {0.1, 0.2, 0.3};
    const double *columns[] = {column, column};
    double y[3] = {7, 7, 7}, *outputs[] = {y};
    ad_status status = nn_predict(net, 3, columns, outputs);
    ad_var x[] = {ad_const(0.1), ad_const(0.1)}, out;
    ad_status mlp = nn_mlp(net, NULL, x, &out);
    cr_assert(mlp == AD_OK ? isfinite(ad_value(out)) : isnan(ad_value(out)));
    nn_network_free(net);
    return status == AD_OK && mlp == AD_OK;
}

Test(network, each_allocation_may_fail)
{
    failing m = {0};
    cr_assert(life(&m));
    long calls = m.calls;
    cr_assert_gt(calls, 20);
    for (int on = 0; on < 2; on++)
        for (long k = 1; k <= calls; k++) {
            m = (failing){.fail_at = k, .fail_on = on};
            cr_assert(!life(&m) || !on, "allocation %ld", k);
            cr_assert(m.live == 0 && !m.wrong, "allocation %ld: %zu bytes leaked, wrong size %d", k, m.live, m.wrong);
        }
}
