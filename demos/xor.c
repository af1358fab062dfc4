/* xor.c -- the smallest problem that no single neuron can solve: true when just one of two inputs is.
 *
 * Shows a network of two layers, its training, and what came out. With a file name, the plane that it learned is drawn there.
 */
#include <nn/nn.h>
#include "plot.h"

static const double x[] = {0, 0, 1, 1}, y[] = {0, 1, 0, 1}, t[] = {0, 1, 1, 0};
static plot_history history;

int main(int argc, char **argv)
{
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = 2,
        .layers = NN_LAYERS({.neurons = 4, .activation = ad_tanh}, {.neurons = 1}),
        .seed   = 1,
    });
    nn_data data = {.rows = 4, .input_columns = NN_COLUMNS(x, y), .target_columns = NN_COLUMNS(t)};
    nn_result result = nn_train(net, data, (nn_train_options){
        .error      = nn_binary_cross_entropy,
        .optimiser  = {.method = NN_GRADIENT_DESCENT, .rate = 0.5},
        .epochs     = 5000,
        .goal       = 0.01,
        .each_epoch = plot_remember,
        .user       = &history,
    });
    int failed = result.fault.status != AD_OK || result.reason != NN_GOAL_REACHED;
    if (failed)
        fprintf(stderr, "xor: %s\n", result.fault.status != AD_OK ? result.fault.message : "the goal was not reached");
    else {
        double e[4], *outputs[] = {e};
        failed = nn_predict(net, 4, data.input_columns, outputs) != AD_OK;
        printf("x y   xor   the network\n");
        for (int r = 0; r < 4; r++)
            printf("%g %g    %g    %.3f\n", x[r], y[r], t[r], ad_value(ad_sigmoid(e[r])));
        printf("\n%zu parameters, error %.4f after %zu steps of gradient descent\n", nn_network_size(net), result.error, result.steps);
    }
    if (!failed && argc > 1 &&
        !plot_classifier(argv[1], "where the network says 1", net, 0.5, 0.5, 1, 4, data.input_columns, t, &history)) {
        fprintf(stderr, "xor: cannot write %s\n", argv[1]);
        failed = 1;
    }
    nn_network_free(net);
    return failed;
}
