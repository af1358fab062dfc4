/* p1_emit.c -- writes the loss of P1 and its gradient as C to standard output, for emit_p1.c to time. No measuring here. */
#include "p1.h"
#include <autodiff/autodiff.h>

static ad_var neuron(size_t n, const ad_var *w, const ad_var *x, ad_var b)
{
    ad_var e = b;
    for (size_t k = 0; k < n; k++)
        e = ad_add(e, ad_mul(w[k], x[k]));
    return ad_sigmoid(e);
}

/* Params in the order of p1_network, columns x0, x1, t. */
int main(void)
{
    ad_tape *tape = ad_tape_new();
    P1_NETWORK(ad_var) p;
    ad_var x[P1_INPUTS], y1[P1_HIDDEN], y2[P1_HIDDEN];
    for (int i = 0; i < P1_PARAMS; i++)
        ((ad_var *)&p)[i] = ad_param(tape, NULL, 0);
    for (int k = 0; k < P1_INPUTS; k++)
        x[k] = ad_column(tape, NULL);
    ad_var t = ad_column(tape, "t");
    for (int i = 0; i < P1_HIDDEN; i++)
        y1[i] = neuron(P1_INPUTS, p.w1[i], x, p.b1[i]);
    for (int i = 0; i < P1_HIDDEN; i++)
        y2[i] = neuron(P1_HIDDEN, p.w2[i], y1, p.b2[i]);
    ad_var E = ad_squared_error(t, neuron(P1_HIDDEN, p.w3, y2, p.b3));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_status status = ad_function_emit_c(f, stdout, (ad_emit_options){.prefix = "p1", .what = AD_EMIT_GRADIENT});
    ad_function_free(f);
    ad_tape_free(tape);
    return status != AD_OK;
}
