/* nn.h -- networks built from the scalar graph, which learn at the speed of recorded functions. Start here.
 *
 *     #include <nn/nn.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         nn_network *net = nn_network_new((nn_network_options){
 *             .inputs = 2,
 *             .layers = NN_LAYERS({.neurons = 4, .activation = ad_tanh}, {.neurons = 1}),
 *             .seed   = 1,
 *         });
 *         const double x[] = {0, 0, 1, 1}, y[] = {0, 1, 0, 1}, t[] = {0, 1, 1, 0};
 *         nn_data data = {.rows = 4, .input_columns = NN_COLUMNS(x, y), .target_columns = NN_COLUMNS(t)};
 *         nn_result result = nn_train(net, data, (nn_train_options){
 *             .error     = nn_binary_cross_entropy,
 *             .optimiser = {.method = NN_ADAM, .rate = 0.1},
 *             .epochs    = 1000,
 *             .goal      = 0.01,
 *         });
 *         if (result.fault.status != AD_OK)
 *             fprintf(stderr, "%s\n", result.fault.message);
 *
 *         double e[4], *outputs[] = {e};
 *         nn_predict(net, 4, data.input_columns, outputs);
 *         for (int r = 0; r < 4; r++)
 *             printf("%g xor %g: %.2f\n", x[r], y[r], ad_value(ad_sigmoid(e[r])));
 *         printf("%zu parameters, %s the last, error %.4f after %zu epochs\n", nn_network_size(net), nn_network_name(net, 16),
 *                result.error, result.epochs);
 *         nn_network_free(net);
 *     }
 *
 * prints
 *     0 xor 0: 0.00
 *     0 xor 1: 0.99
 *     1 xor 0: 0.98
 *     1 xor 1: 0.02
 *     17 parameters, layer2.neuron1.b the last, error 0.0098 after 55 epochs
 *
 * Read on in this order: network.h (neuron, layer, network), errors.h (what is made small), optimisers.h (how parameters
 * move), train.h (epochs and batches), save.h (files).
 */
#ifndef NN_NN_H
#define NN_NN_H

#include "errors.h"
#include "network.h"
#include "optimisers.h"
#include "save.h"
#include "train.h"

#endif
