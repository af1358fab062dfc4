/* lstm.c -- a recurrent network with diagonal weights over a sequence of characters: its negative log likelihood, and the
 * gradient by all weights. */
#include "gradbench.h"

enum { GATES = 4 };                                          /* forget, in, out, change */

typedef struct lstm {
    size_t   layers, length, bits;
    double  *params, *state, *sequence;                      /* [n_params]; [layers][2][bits]; [length][bits] */
    size_t   n_params;                                       /* layers 2 GATES bits of the layers, 3 bits more */
    double   value, *gradient;
    ad_tape *tape;
    ad_var  *p, *now, *predicted;
} lstm;

/* hidden and cell [bits] move on by one input. */
static void layer(size_t bits, const ad_var *weight, const ad_var *bias, ad_var *hidden, ad_var *cell, const ad_var *input)
{
    for (size_t i = 0; i < bits; i++) {
        ad_var gate[GATES];
        for (size_t g = 0; g < GATES; g++) {
            ad_var sum = ad_add(ad_mul(g == 0 || g == 2 ? input[i] : hidden[i], weight[g * bits + i]), bias[g * bits + i]);
            gate[g] = g == 3 ? ad_tanh(sum) : ad_sigmoid(sum);
        }
        cell[i] = ad_add(ad_mul(cell[i], gate[0]), ad_mul(gate[1], gate[3]));
        hidden[i] = ad_mul(gate[2], ad_tanh(cell[i]));
    }
}

/* The likelihood of the next character: log(2 + sum of exp) as the eval has it. */
static ad_var step(const lstm *l, const ad_var *p, ad_var *state, const double *input, const double *next, ad_var *y)
{
    size_t b = l->bits;
    const ad_var *extra = p + l->layers * 2 * GATES * b, *x = y;
    for (size_t i = 0; i < b; i++)
        y[i] = ad_mul(input[i], extra[i]);
    for (size_t k = 0; k < l->layers; k++) {
        ad_var *hidden = state + 2 * k * b;
        layer(b, p + 2 * k * GATES * b, p + (2 * k + 1) * GATES * b, hidden, hidden + b, x);
        x = hidden;
    }
    ad_var sum = ad_const(2), gold = ad_const(0);
    double all = 0;
    for (size_t i = 0; i < b; i++) {
        ad_var out = ad_add(ad_mul(x[i], extra[b + i]), extra[2 * b + i]);
        sum = ad_add(sum, ad_exp(out));
        if (next[i] != 0)
            gold = ad_add(gold, ad_mul(next[i], out));
        all += next[i];
    }
    return ad_sub(gold, ad_mul(all, ad_log(sum)));
}

static ad_var loss(lstm *l, const ad_var *p)
{
    ad_var total = ad_const(0);
    for (size_t i = 0; i < l->layers * 2 * l->bits; i++)
        l->now[i] = ad_const(l->state[i]);
    for (size_t t = 0; t + 1 < l->length; t++)
        total = ad_add(total, step(l, p, l->now, l->sequence + t * l->bits, l->sequence + (t + 1) * l->bits, l->predicted));
    return ad_mul(-1 / ((double)(l->length - 1) * (double)l->bits), total);
}

static void prepare(gb_case *c)
{
    lstm *l = c->state = gb_make(c, 1, sizeof *l);
    size_t rows, wide, extra, bits, states;
    double *main_params = gb_matrix(c, c->input, "main_params", &rows, &wide);
    double *extra_params = gb_matrix(c, c->input, "extra_params", &extra, &bits);
    l->bits = bits;
    l->layers = rows / 2;
    l->state = gb_matrix(c, c->input, "state", &states, &bits);
    l->sequence = gb_matrix(c, c->input, "sequence", &l->length, &bits);
    if (!l->bits || !l->layers || rows != 2 * l->layers || wide != GATES * l->bits || extra != 3 || states != rows ||
        bits != l->bits || l->length < 2)
        gb_fail(c, "shapes do not match: %zu by %zu main_params, %zu extra_params of %zu, %zu states, %zu characters of %zu bits",
                rows, wide, extra, l->bits, states, l->length, bits);
    l->n_params = rows * wide + extra * bits;
    l->params = gb_make(c, l->n_params, sizeof *l->params);
    for (size_t i = 0; i < l->n_params; i++)
        l->params[i] = i < rows * wide ? main_params[i] : extra_params[i - rows * wide];
    l->gradient = gb_make(c, l->n_params, sizeof *l->gradient);
    l->tape = gb_tape(c);
    l->p = gb_make(c, l->n_params, sizeof *l->p);
    l->now = gb_make(c, l->layers * 2 * bits, sizeof *l->now);
    l->predicted = gb_make(c, bits, sizeof *l->predicted);
}

static void objective(gb_case *c)
{
    lstm *l = c->state;
    for (size_t i = 0; i < l->n_params; i++)
        l->p[i] = ad_const(l->params[i]);
    l->value = ad_value(loss(l, l->p));
}

static void jacobian(gb_case *c)
{
    lstm *l = c->state;
    ad_tape_reset(l->tape);
    for (size_t i = 0; i < l->n_params; i++)
        l->p[i] = ad_param(l->tape, NULL, l->params[i]);
    ad_backward(loss(l, l->p));
    gb_check_tape(c, l->tape);
    for (size_t i = 0; i < l->n_params; i++)
        l->gradient[i] = ad_grad(l->p[i]);
}

static json_t *value(gb_case *c) { return json_real(((const lstm *)c->state)->value); }

static json_t *slopes(gb_case *c)
{
    const lstm *l = c->state;
    return gb_json_list(l->gradient, l->n_params);
}

const gb_module gb_lstm = {"lstm", {{"objective", prepare, objective, value}, {"jacobian", prepare, jacobian, slopes}}};
