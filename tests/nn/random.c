/* random.c -- networks of any shape, any activations, any error: the tape, the lanes, threads and files agree; files torn at random
 * are read or refused, never worse. AD_SOAK multiplies how many.
 */
#include "../unit/unit.h"
#include <nn/nn.h>
#include <stdlib.h>
#include <unistd.h>

/* Beyond this size of a gradient a row has hit a pole of tan, lgamma or their like, which turns the last digit of one function into
 * the ninth of another: no two evaluations can be asked to agree. */
static const double LARGEST = 1e6;
enum { MOST_LAYERS = 4, WIDEST = 7, ROWS = 150 };

#define OP1(name, ...) #name,
static const char *const unary[] = {
#include <autodiff/ops.def>
};
enum { UNARY = sizeof unary / sizeof *unary };

static int soak(int n) { return n * (getenv("AD_SOAK") ? atoi(getenv("AD_SOAK")) : 1); }

static nn_network *random_network(uint64_t *state)
{
    nn_layer_options layers[MOST_LAYERS + 1] = {{.neurons = 0}};
    int n = 1 + random_below(state, MOST_LAYERS);
    for (int l = 0; l < n; l++)
        layers[l] = (nn_layer_options){.neurons = 1 + (size_t)random_below(state, WIDEST), .no_bias = random_below(state, 3) == 0,
                                       .activation_name = random_below(state, 4) ? unary[random_below(state, UNARY)] : NULL,
                                       .initialiser = (nn_initialiser)random_below(state, NN_NORMAL + 1)};
    return nn_network_new((nn_network_options){.inputs = 1 + (size_t)random_below(state, WIDEST), .layers = layers, .seed = random_bits(state)});
}

static const struct { nn_error *error; int one; } errors[] = {
    {nn_half_squared_error, 0}, {nn_mean_squared_error, 0}, {nn_mean_absolute_error, 0}, {nn_huber_error, 0},
    {nn_binary_cross_entropy, 0}, {nn_softmax_cross_entropy, 0}, {nn_softmax_cross_entropy, 1}, {nn_hinge_error, 0}};
enum { ERRORS = sizeof errors / sizeof *errors };

static double numbers[2 * WIDEST][ROWS];
static const double *columns[2 * WIDEST];

static size_t fill(uint64_t *state, const nn_network *net, int e)
{
    size_t inputs = nn_network_inputs(net), outputs = nn_network_outputs(net), targets = errors[e].one ? 1 : outputs;
    for (size_t k = 0; k < inputs + targets; k++) {
        columns[k] = numbers[k];
        for (int r = 0; r < ROWS; r++)
            numbers[k][r] = k < inputs ? random_within(state, -1.5, 1.5) : errors[e].one ? random_below(state, (int)outputs)
                          : errors[e].error == nn_hinge_error ? 2 * random_below(state, 2) - 1 : random_within(state, 0, 1);
    }
    return targets;
}

/* Recorded row by row, swept row by row. Returns the largest of sums of absolute contributions, or NaN. */
static double on_the_tape(const nn_network *net, nn_error *error, size_t targets, double *value, double *gradient)
{
    size_t n = nn_network_size(net), inputs = nn_network_inputs(net);
    double *magnitude = calloc(n, sizeof *magnitude), most = 0;
    ad_tape *tape = ad_tape_new();
    ad_var *p = malloc(n * sizeof *p), x[WIDEST], t[WIDEST], y[WIDEST];
    nn_network_params(net, tape, p);
    ad_mark start = ad_tape_mark(tape);
    *value = 0;
    memset(gradient, 0, n * sizeof *gradient);
    for (int r = 0; r < ROWS; r++) {
        for (size_t k = 0; k < inputs; k++)
            x[k] = ad_const(columns[k][r]);
        for (size_t k = 0; k < targets; k++)
            t[k] = ad_const(columns[inputs + k][r]);
        nn_mlp(net, p, x, y);
        ad_var E = error(nn_network_outputs(net), y, targets, t);
        ad_backward(E);
        *value += ad_value(E);
        for (size_t i = 0; i < n; i++) {
            gradient[i] += ad_grad(p[i]);
            magnitude[i] += fabs(ad_grad(p[i]));
        }
        ad_tape_rewind(tape, start);
    }
    for (size_t i = 0; i < n; i++)
        most = isfinite(magnitude[i]) ? fmax(most, magnitude[i]) : NAN;
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
    free(magnitude);
    free(p);
    return most;
}

Test(random, lanes_agree_with_the_tape_on_any_network, .timeout = 600)
{
    uint64_t state = 77;
    static double tape_gradient[1000], gradient[1000], again[1000];
    int compared = 0, asked = soak(150);
    for (int k = 0; k < asked; k++) {
        nn_network *net = random_network(&state);
        int e = random_below(&state, ERRORS);
        if (errors[e].error == nn_softmax_cross_entropy && nn_network_outputs(net) < 2)
            e = 0;
        size_t targets = fill(&state, net, e), n = nn_network_size(net);
        nn_fault fault;
        ad_function *f = nn_error_function(net, errors[e].error, targets, &fault);
        double tape_value, value, value_again;
        if (f) {
            double most = on_the_tape(net, errors[e].error, targets, &tape_value, tape_gradient);
            ad_threads(1);
            cr_assert_eq(ad_function_sum_gradient(f, nn_network_values(net), columns, ROWS, &value, gradient), AD_OK);
            ad_threads(3);
            cr_assert_eq(ad_function_sum_gradient(f, nn_network_values(net), columns, ROWS, &value_again, again), AD_OK);
            ad_threads(0);
            cr_assert(identical(value, value_again) && !memcmp(gradient, again, n * sizeof *gradient), "network %d: threads", k);
            for (size_t i = 0; isfinite(tape_value) && most < LARGEST && i < n; i++)
                cr_assert(fabs(gradient[i] - tape_gradient[i]) <= 1e-9 * most, "network %d, error %d, %s: %.15g, on the tape %.15g", k, e,
                          nn_network_name(net, i), gradient[i], tape_gradient[i]);
            compared += isfinite(tape_value) && most < LARGEST;
        } else                                        /* an output that depends on no parameter: 0 everywhere flat */
            cr_assert_eq(fault.status, AD_ERROR_DATA, "%s", fault.message);
        ad_function_free(f);
        nn_network_free(net);
    }
    cr_assert_gt(compared, asked / 2, "only %d of %d networks have finite errors", compared, asked);
}

static size_t read_all(const char *path, char *text, size_t size)
{
    FILE *f = fopen(path, "rb");
    size_t n = fread(text, 1, size, f);
    fclose(f);
    return n;
}

Test(random, files_of_any_network_come_back_and_torn_ones_do_no_harm, .timeout = 600)
{
    uint64_t state = 5;
    char path[] = "/tmp/nn_random_XXXXXX";
    static char text[100000], torn[200000];
    close(mkstemp(path));
    for (int k = 0, asked = soak(20); k < asked; k++) {
        nn_network *net = random_network(&state), *back;
        nn_fault fault;
        size_t n = nn_network_size(net);
        cr_assert_eq(nn_network_save(net, path, &fault), AD_OK, "%s", fault.message);
        back = nn_network_open(path, (ad_allocator){0}, &fault);
        cr_assert(back, "%s", fault.message);
        cr_assert(nn_network_size(back) == n && !memcmp(nn_network_values(back), nn_network_values(net), n * sizeof(double)));
        size_t size = read_all(path, text, sizeof text);
        for (int tear = 0; tear < 20; tear++) {       /* pieces moved, doubled, dropped, bytes changed; the checksum waived */
            size_t from = random_bits(&state) % size, length = random_bits(&state) % 60, to = random_bits(&state) % size, total = 0;
            length = length < size - from ? length : size - from;
            memcpy(torn, text, to);
            memcpy(torn + to, text + from, length);
            total = to + length;
            size_t rest = to + random_bits(&state) % 30;
            if (rest < size) {
                memcpy(torn + total, text + rest, size - rest);
                total += size - rest;
            }
            if (total && tear % 2)
                torn[random_bits(&state) % total] ^= (char)(1 << random_below(&state, 8));
            FILE *f = fopen(path, "wb");
            fwrite(torn, 1, total, f);
            fclose(f);
            nn_network *other = nn_network_open(path, (ad_allocator){0}, &fault);
            cr_assert((other == NULL) == (fault.status != AD_OK));
            cr_assert(other || fault.status == AD_ERROR_DATA, "%s", fault.message);
            if (nn_network_load(back, path, &fault) != AD_OK)
                cr_assert(!memcmp(nn_network_values(back), nn_network_values(net), n * sizeof(double)), "%s", fault.message);
            else
                memcpy(nn_network_values(back), nn_network_values(net), n * sizeof(double));
            nn_network_free(other);
        }
        nn_network_free(net);
        nn_network_free(back);
    }
    unlink(path);
}
