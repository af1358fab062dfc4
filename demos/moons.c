/* moons.c -- two half circles that interlock, with noise: a network learns to tell them apart.
 *
 * Shows mini-batches, validation, a schedule and a progress bar; control-C ends early and keeps the best so far. With a file name,
 * the boundary and the errors are drawn there.
 */
#include "classes.h"

enum { ROWS = 400 };
static double x[ROWS], y[ROWS], moon[ROWS];

static void make(void)
{
    unsigned seed = 1;
    for (int r = 0; r < ROWS; r++) {
        double angle = M_PI * r / (ROWS - 1);
        moon[r] = r % 2;
        x[r] = (r % 2 ? 1 - cos(angle) : cos(angle)) + 0.2 * classes_number(&seed);
        y[r] = (r % 2 ? 0.5 - sin(angle) : sin(angle)) + 0.2 * classes_number(&seed);
    }
}

int main(int argc, char **argv)
{
    make();
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = 2,
        .layers = NN_LAYERS({.neurons = 16, .activation = ad_tanh}, {.neurons = 16, .activation = ad_tanh}, {.neurons = 1}),
        .seed   = 2,
    });
    nn_data data = {.rows = ROWS, .input_columns = NN_COLUMNS(x, y), .target_columns = NN_COLUMNS(moon)};
    nn_result result = classes_train(net, data, 60, 0.01);
    int failed = result.fault.status != AD_OK;
    if (failed)
        fprintf(stderr, "moons: %s\n", result.fault.message);
    else
        printf("two moons: %zu of %d points on the right side after %zu epochs, %zu parameters\n",
               classes_right(net, ROWS, data.input_columns, moon), ROWS, result.epochs, nn_network_size(net));
    if (!failed && argc > 1 && !plot_classifier(argv[1], "two moons", net, 0.5, 0.25, 1.75, ROWS, data.input_columns, moon, &classes_history)) {
        fprintf(stderr, "moons: cannot write %s\n", argv[1]);
        failed = 1;
    }
    nn_network_free(net);
    return failed;
}
