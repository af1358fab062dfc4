/* article_trained.c -- the article's network, trained until its error is small: as published, and once more with biases.
 *
 * Inputs 2 and 4, target 0.9, the thirteen weights of the article, six sigmoid neurons, half the squared error, gradient descent
 * at rate 0.1. Shows the article's quantities before and after, and what biases change. With a file name, both errors are drawn.
 */
#include "plot.h"

static const double x1[] = {2}, x2[] = {4}, t[] = {0.9}, goal = 1e-6;
static const double article[] = {0.01, 0.02, 0.05, 0.08,   0.03, 0.04, 0.05, 0.06, 0.07, 0.08,   0.09, 0.1, 0.15};
static const double with_biases[] = {0.01, 0.02, 0.05, 0.08, 0, 0,   0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0, 0, 0,   0.09, 0.1, 0.15, 0};
static plot_history history[2];

static nn_network *network(int biases)
{
    return nn_network_new((nn_network_options){
        .inputs = 2,
        .layers = NN_LAYERS({.neurons = 2, .activation = ad_sigmoid}, {.neurons = 3, .activation = ad_sigmoid},
                            {.neurons = 1, .activation = ad_sigmoid}),
        .no_bias = !biases,
        .values  = biases ? with_biases : article,
    });
}

/* The article's table: Y1 to Y6 and the error, as the network has them now. */
enum { QUANTITIES = 7 };
static void quantities(const nn_network *net, double *to)
{
    static const char *const node[] = {"layer1.neuron1.y", "layer1.neuron2.y", "layer2.neuron1.y", "layer2.neuron2.y", "layer2.neuron3.y",
                                       "layer3.neuron1.y"};
    ad_tape *tape = ad_tape_new();
    ad_var p[32], y, x[] = {ad_const(x1[0]), ad_const(x2[0])}, target = ad_const(t[0]);
    nn_network_params(net, tape, p);
    nn_mlp(net, p, x, &y);
    for (int i = 0; i < QUANTITIES - 1; i++)
        to[i] = ad_value(ad_find(tape, node[i]));
    to[QUANTITIES - 1] = ad_value(nn_half_squared_error(1, &y, 1, &target));
    ad_tape_free(tape);
}

static int draw(const char *path)
{
    picture p = picture_new(640, 420);
    plot f = plot_for_history(&p, 90, 40, 520, 330, &history[0]);
    plot_axes(&f, "error: as published (blue), biases (red)", "steps");
    plot_curve(&f, history[0].n, NULL, history[0].error, PLOT_BLUE);
    plot_curve(&f, history[1].n, NULL, history[1].error, PLOT_RED);
    return picture_save(&p, path);
}

int main(int argc, char **argv)
{
    static const char *const name[] = {"Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "E"};
    double before[QUANTITIES], after[2][QUANTITIES];
    size_t steps[2];
    int failed = 0;
    for (int biases = 0; biases < 2; biases++) {
        nn_network *net = network(biases);
        quantities(net, before);
        nn_data data = {.rows = 1, .input_columns = NN_COLUMNS(x1, x2), .target_columns = NN_COLUMNS(t)};
        nn_result result = nn_train(net, data, (nn_train_options){
            .optimiser  = {.method = NN_GRADIENT_DESCENT, .rate = 0.1},
            .epochs     = 100000,
            .goal       = goal,
            .each_epoch = plot_remember,
            .user       = &history[biases],
        });
        quantities(net, after[biases]);
        steps[biases] = result.steps;
        if (result.reason != NN_GOAL_REACHED)
            fprintf(stderr, "article_trained: %s\n", result.fault.status != AD_OK ? result.fault.message : "the goal was not reached");
        failed |= result.reason != NN_GOAL_REACHED;
        nn_network_free(net);
    }
    printf("           before      as published     with biases\n");
    for (int i = 0; i < QUANTITIES; i++)
        printf("%-6s %12.8f    %12.8f    %12.8f\n", name[i], before[i], after[0][i], after[1][i]);
    printf("steps  %12d    %12zu    %12zu\n", 0, steps[0], steps[1]);
    if (argc > 1 && !draw(argv[1])) {
        fprintf(stderr, "article_trained: cannot write %s\n", argv[1]);
        failed = 1;
    }
    return failed;
}
