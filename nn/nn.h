/* nn.h -- neurons and layers as sub-graphs of a tape.
 *
 *     ad_var h[2];
 *     nn_layer(2, 2, w, x, NULL, ad_sigmoid, h);           h = sigmoid(w x), two neurons of two inputs, no biases
 *     ad_var y = nn_neuron(2, v, h, &b, ad_sigmoid);       y = sigmoid(v . h + b)
 *
 * What comes out are ordinary variables: name them, look at them, differentiate by them.
 */
#ifndef NN_NN_H
#define NN_NN_H

#include <autodiff/autodiff.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Any operation of one operand: ad_sigmoid, ad_tanh, ad_relu, ... NULL leaves the sum as it is. */
typedef ad_var nn_activation(ad_var x);

/** activation(w[0] x[0] + ... + w[n-1] x[n-1] + bias).  w [n], x [n]; bias NULL for none. Each product and each sum is an
 *  operation of its own, in that order. n = 0 gives activation(bias). Errors: those of the operations. */
AD_API ad_var nn_neuron(size_t n, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation);

/** m neurons of the same n inputs.  w [m][n], a row a neuron; x [n]; bias [m] or NULL; y [m], not overlapping x. */
AD_API void nn_layer(size_t n, size_t m, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation,
                     ad_var *y);

#ifdef __cplusplus
}
#endif
#endif
