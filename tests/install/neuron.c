/* neuron.c -- one neuron against the installed library; check.sh compares what it prints. */
#include <autodiff/autodiff.h>
#include <nn/nn.h>
#include <stdio.h>

int main(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5), b = ad_param(tape, "b", -0.1), x = ad_const(2);
    ad_var y = nn_neuron(1, &w, &x, &b, ad_sigmoid);
    ad_var E = ad_squared_error(1, y);
    ad_backward(E);
    printf("y %.12g  E %.12g  dE/dw %.12g  dE/db %.12g\n", ad_value(y), ad_value(E), ad_grad(w), ad_grad(b));
    ad_tape_free(tape);
    return 0;
}
