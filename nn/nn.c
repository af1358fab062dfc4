/* nn.c -- neurons and layers. */
#include "nn.h"

ad_var nn_neuron(size_t n, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation)
{
    ad_var e = n ? ad_mul(w[0], x[0]) : ad_const(0);
    for (size_t i = 1; i < n; i++)
        e = ad_add(e, ad_mul(w[i], x[i]));
    if (bias)
        e = n ? ad_add(e, *bias) : *bias;
    return activation ? activation(e) : e;
}

void nn_layer(size_t n, size_t m, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation,
              ad_var *y)
{
    for (size_t i = 0; i < m; i++)
        y[i] = nn_neuron(n, w + i * n, x, bias ? bias + i : NULL, activation);
}
