/* neuron.c -- one neuron and one sample: forward, backward, and one step down the gradient.
 *
 * Shows the whole round: record a formula, read its value, sweep once, read the derivatives, move the parameters, look
 * again. The derivatives stand beside the chain rule, dE/dw = -(t - y) y (1 - y) x.
 */
#include <autodiff/autodiff.h>
#include <stdio.h>

static const double x = 2, t = 1, rate = 0.5;

static ad_var neuron(ad_var w, ad_var b)
{
    return ad_sigmoid(ad_add(ad_mul(w, x), b));                   /* y = sigmoid(w x + b) */
}

int main(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_var b = ad_param(tape, "b", -0.1);

    ad_var y = neuron(w, b);
    ad_var E = ad_squared_error(t, y);                            /* E = (t - y)^2 / 2    */
    printf("forward    y = %.6f   E = %.6f\n", ad_value(y), ad_value(E));

    ad_backward(E);
    double Y = ad_value(y), d = -(t - Y) * Y * (1 - Y);
    printf("backward   dE/dw = %.6f   by hand %.6f\n", ad_grad(w), d * x);
    printf("           dE/db = %.6f   by hand %.6f\n", ad_grad(b), d);

    w = ad_param(tape, "w", ad_value(w) - rate * ad_grad(w));     /* the other way than the error grows */
    b = ad_param(tape, "b", ad_value(b) - rate * ad_grad(b));
    y = neuron(w, b);
    printf("one step   w = %.6f   b = %.6f\n", ad_value(w), ad_value(b));
    printf("forward    y = %.6f   E = %.6f\n", ad_value(y), ad_value(ad_squared_error(t, y)));

    int failed = ad_tape_error(tape) != AD_OK;
    if (failed)
        fprintf(stderr, "neuron: %s\n", ad_tape_error_message(tape));
    ad_tape_free(tape);
    return failed;
}
