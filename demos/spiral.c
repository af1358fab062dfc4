/* spiral.c -- two spirals, wound one and a half times around each other: the classic hard case for a small network (K. J. Lang and
 * M. J. Witbrock, 1988).
 *
 * Shows a deeper network trained as in moons.c, saved to a file and read back. With a file name, boundary and errors are drawn there.
 */
#include "classes.h"

#include <unistd.h>

enum { ROWS = 600 };
static double x[ROWS], y[ROWS], arm[ROWS];

static void make(void)
{
    unsigned seed = 3;
    for (int r = 0; r < ROWS; r++) {
        double part = (double)r / ROWS, angle = 3 * M_PI * sqrt(part) + (r % 2) * M_PI, radius = 0.1 + 0.9 * sqrt(part);
        arm[r] = r % 2;
        x[r] = radius * cos(angle) + 0.03 * classes_number(&seed);
        y[r] = radius * sin(angle) + 0.03 * classes_number(&seed);
    }
}

/* Saved, opened again, and the same bits. */
static int comes_back(const nn_network *net, nn_fault *fault)
{
    char path[] = "/tmp/spiral_XXXXXX";
    int file = mkstemp(path), same = 0;
    if (file < 0)
        return 0;
    close(file);
    nn_network *again = nn_network_save(net, path, fault) == AD_OK ? nn_network_open(path, (ad_allocator){0}, fault) : NULL;
    for (size_t i = same = again != NULL; again && i < nn_network_size(net); i++)
        same &= nn_network_value(again, i) == nn_network_value(net, i);
    nn_network_free(again);
    unlink(path);
    return same;
}

int main(int argc, char **argv)
{
    make();
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = 2,
        .layers = NN_LAYERS({.neurons = 24, .activation = ad_silu}, {.neurons = 24, .activation = ad_silu}, {.neurons = 1}),
        .initialiser = NN_HE_NORMAL,
        .seed   = 1,
    });
    nn_data data = {.rows = ROWS, .input_columns = NN_COLUMNS(x, y), .target_columns = NN_COLUMNS(arm)};
    nn_result result = classes_train(net, data, 300, 0.02);
    int failed = result.fault.status != AD_OK || !comes_back(net, &result.fault);
    if (failed)
        fprintf(stderr, "spiral: %s\n", result.fault.message);
    else
        printf("two spirals: %zu of %d points on the right side after %zu epochs, %zu parameters, saved and read back\n",
               classes_right(net, ROWS, data.input_columns, arm), ROWS, result.epochs, nn_network_size(net));
    if (!failed && argc > 1 && !plot_classifier(argv[1], "two spirals", net, 0, 0, 1.2, ROWS, data.input_columns, arm, &classes_history)) {
        fprintf(stderr, "spiral: cannot write %s\n", argv[1]);
        failed = 1;
    }
    nn_network_free(net);
    return failed;
}
