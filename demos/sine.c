/* sine.c -- regression: six neurons learn a wave from noisy samples, by L-BFGS with a small penalty on large weights.
 *
 * With a file name, samples, wave and fit are drawn there.
 */
#include "plot.h"

enum { ROWS = 80, FINE = 300 };
static double x[ROWS], t[ROWS], at[FINE], wave[FINE], fit[FINE];
static plot_history history;

static double noise(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / (1 << 23) - 1;
}

static int draw(const char *path)
{
    picture p = picture_new(880, 420);
    plot f = {&p, 70, 40, 460, 330, -4, 4, -1.6, 1.6, 0}, curve = plot_for_history(&p, 620, 40, 240, 330, &history);
    plot_axes(&f, "samples, sine (grey), network (red)", "x");
    plot_curve(&f, FINE, at, wave, PLOT_GREY);
    plot_points(&f, ROWS, x, t, NULL);
    plot_curve(&f, FINE, at, fit, PLOT_RED);
    plot_axes(&curve, "error", "iteration");
    plot_curve(&curve, history.n, NULL, history.error, PLOT_BLUE);
    return picture_save(&p, path);
}

int main(int argc, char **argv)
{
    unsigned seed = 7;
    for (int r = 0; r < ROWS; r++) {
        x[r] = 8. * r / (ROWS - 1) - 4;
        t[r] = sin(x[r]) + 0.25 * noise(&seed);
    }
    for (int i = 0; i < FINE; i++) {
        at[i] = 8. * i / (FINE - 1) - 4;
        wave[i] = sin(at[i]);
    }
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = 1,
        .layers = NN_LAYERS({.neurons = 6, .activation = ad_tanh}, {.neurons = 1}),
        .seed   = 1,
    });
    nn_result result = nn_train(net, (nn_data){.rows = ROWS, .input_columns = NN_COLUMNS(x), .target_columns = NN_COLUMNS(t)}, (nn_train_options){
        .error      = nn_half_squared_error,
        .optimiser  = {.method = NN_LBFGS},
        .l2         = 1e-3,
        .epochs     = 3000,
        .each_epoch = plot_remember,
        .user       = &history,
    });
    double worst = 0, *outputs = fit;
    int failed = result.fault.status != AD_OK || nn_predict(net, FINE, NN_COLUMNS(at), &outputs) != AD_OK;
    for (int i = 0; i < FINE; i++)
        worst = fmax(worst, fabs(fit[i] - wave[i]));
    if (failed)
        fprintf(stderr, "sine: %s\n", result.fault.message);
    else {
        printf("   x      sin x    network\n");
        for (int k = -4; k <= 4; k += 2)
            printf("%5.2f   %7.2f   %7.2f\n", at[(k + 4) * (FINE - 1) / 8], wave[(k + 4) * (FINE - 1) / 8], fit[(k + 4) * (FINE - 1) / 8]);
        printf("\n%zu parameters; error %.3f, of which the noise is 0.010; never further than %.1f from the sine\n", nn_network_size(net),
               result.error, worst);
    }
    if (!failed && argc > 1 && !draw(argv[1])) {
        fprintf(stderr, "sine: cannot write %s\n", argv[1]);
        failed = 1;
    }
    nn_network_free(net);
    return failed;
}
