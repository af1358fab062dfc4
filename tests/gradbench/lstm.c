/* lstm.c -- a recurrent network with diagonal weights over a sequence of characters: its negative log likelihood, and the
 * gradient by all weights. A scan: a step is a character, a row is a unit, whose weights are columns. */
#include "gradbench.h"

enum { GATES = 4, EXTRA = 3, FORGET = 0, IN, OUT, CHANGE };

typedef struct lstm {
    size_t         layers, length, units;
    double        *params, *state, *sequence;                /* [n_params]; [layers][hidden, cell][units]; [length][units] */
    size_t         n_params, n_fixed;                        /* n_fixed vectors of a unit each */
    double         value, *gradient;
    ad_scan       *scan;
    const double **fixed, **start;
    double       **slopes;
} lstm;

/* A unit's gates: forget and out see the input, in and change the hidden state. */
static void cell(const ad_var *weight, const ad_var *bias, ad_var input, ad_var *hidden, ad_var *state)
{
    ad_var gate[GATES];
    for (int g = 0; g < GATES; g++) {
        ad_var sum = ad_add(ad_mul(g == FORGET || g == OUT ? input : *hidden, weight[g]), bias[g]);
        gate[g] = g == CHANGE ? ad_tanh(sum) : ad_sigmoid(sum);
    }
    *state = ad_add(ad_mul(*state, gate[FORGET]), ad_mul(gate[IN], gate[CHANGE]));
    *hidden = ad_mul(gate[OUT], ad_tanh(*state));
}

/* Columns: hidden and cell of each layer; weights and biases of each layer, then of input and output; this character, the next. */
static ad_function *record(gb_case *c, size_t layers, size_t n_fixed, double scale)
{
    ad_tape *tape = gb_tape(c);
    ad_var *state = gb_make(c, 2 * layers + 1, sizeof *state), *fixed = gb_make(c, n_fixed, sizeof *fixed);
    for (size_t k = 0; k < 2 * layers; k++)
        state[k] = ad_column(tape, NULL);
    for (size_t k = 0; k < n_fixed; k++)
        fixed[k] = ad_column(tape, NULL);
    ad_var now = ad_column(tape, "now"), next = ad_column(tape, "next"), *extra = fixed + layers * 2 * GATES;
    ad_var x = ad_mul(now, extra[0]);
    for (size_t k = 0; k < layers; k++) {
        cell(fixed + 2 * GATES * k, fixed + 2 * GATES * k + GATES, x, &state[2 * k], &state[2 * k + 1]);
        x = state[2 * k];
    }
    ad_var y = ad_add(ad_mul(x, extra[1]), extra[2]);        /* the likelihood, normalised by log(2 + sum of exp) */
    ad_var norm = ad_log(ad_add(2, ad_row_sum(ad_exp(y))));
    state[2 * layers] = ad_mul(scale, ad_sub(ad_row_sum(ad_mul(next, y)), ad_mul(ad_row_sum(next), norm)));
    return gb_keep(c, ad_function_new(tape, 2 * layers + 1, state), tape);
}

static void free_scan(void *scan) { ad_scan_free(scan); }

static void make_scan(gb_case *c, lstm *l)
{
    size_t n_states = 2 * l->layers, n = 0;
    ad_status status;
    ad_scan_column *column = gb_make(c, n_states + l->n_fixed + 2, sizeof *column);
    l->fixed = gb_make(c, l->n_fixed, sizeof *l->fixed);
    l->slopes = gb_make(c, l->n_fixed, sizeof *l->slopes);
    l->start = gb_make(c, n_states, sizeof *l->start);
    for (size_t k = 0; k < n_states; k++) {
        column[n++] = (ad_scan_column){AD_SCAN_STATE, k, 0};
        l->start[k] = l->state + k * l->units;
    }
    for (size_t k = 0; k < l->n_fixed; k++) {
        column[n++] = (ad_scan_column){AD_SCAN_FIXED, k, 0};
        l->fixed[k] = l->params + k * l->units;
        l->slopes[k] = l->gradient + k * l->units;
    }
    for (size_t k = 0; k < 2; k++)
        column[n++] = (ad_scan_column){AD_SCAN_SEQUENCE, k, 0};
    l->scan = ad_scan_new(record(c, l->layers, l->n_fixed, -1 / ((double)(l->length - 1) * (double)l->units)), n_states, column, &status);
    gb_own(c, l->scan, free_scan);
}

static void prepare(gb_case *c)
{
    lstm *l = c->state = gb_make(c, 1, sizeof *l);
    size_t rows, wide, extra, units, states, bits;
    double *main_params = gb_matrix(c, c->input, "main_params", &rows, &wide);
    double *extra_params = gb_matrix(c, c->input, "extra_params", &extra, &l->units);
    l->layers = rows / 2;
    l->state = gb_matrix(c, c->input, "state", &states, &units);
    l->sequence = gb_matrix(c, c->input, "sequence", &l->length, &bits);
    if (!l->units || !l->layers || rows != 2 * l->layers || wide != GATES * l->units || extra != EXTRA || states != rows ||
        units != l->units || bits != units || l->length < 2)
        gb_fail(c, "%zu by %zu main_params, %zu by %zu extra_params, %zu by %zu states, %zu characters of %zu bits do not match", rows,
                wide, extra, l->units, states, units, l->length, bits);
    l->n_params = rows * wide + extra * units;
    l->n_fixed = l->n_params / units;
    l->params = gb_make(c, l->n_params, sizeof *l->params);
    l->gradient = gb_make(c, l->n_params, sizeof *l->gradient);
    for (size_t i = 0; i < l->n_params; i++)
        l->params[i] = i < rows * wide ? main_params[i] : extra_params[i - rows * wide];
    make_scan(c, l);
}

static void evaluate(gb_case *c, int slopes)
{
    lstm *l = c->state;
    const double *const sequences[] = {l->sequence, l->sequence + l->units};
    const ad_scan_data data = {.rows = l->units, .steps = l->length - 1, .fixed = l->fixed, .sequences = sequences,
                               .start = l->start};
    gb_check(c, slopes ? ad_scan_gradient(l->scan, &data, NULL, NULL, &l->value, &(ad_scan_slopes){.fixed = l->slopes})
                       : ad_scan_run(l->scan, &data, NULL, &l->value));
}

static void objective(gb_case *c) { evaluate(c, 0); }
static void jacobian(gb_case *c) { evaluate(c, 1); }

/* Lowered when first evaluated, and memory for so many steps taken: here. */
static void prepare_objective(gb_case *c)
{
    prepare(c);
    objective(c);
}

static void prepare_jacobian(gb_case *c)
{
    prepare(c);
    jacobian(c);
}

static json_t *value(gb_case *c) { return json_real(((const lstm *)c->state)->value); }

static json_t *slopes(gb_case *c)
{
    const lstm *l = c->state;
    return gb_json_list(l->gradient, l->n_params);
}

const gb_module gb_lstm = {"lstm", {{"objective", prepare_objective, objective, value}, {"jacobian", prepare_jacobian, jacobian, slopes}}};
