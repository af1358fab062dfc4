/* initialisers.c -- where weights begin. Biases are 0 by then. */
#include "internal.h"
#include "random.h"

#include <math.h>

/* Half the width of a uniform distribution, or the standard deviation of a normal one. */
static double spread(nn_initialiser how, double inputs, double neurons)
{
    switch (how) {
    case NN_INITIALISER_DEFAULT:
    case NN_XAVIER_UNIFORM: return sqrt(6 / (inputs + neurons));
    case NN_XAVIER_NORMAL:  return sqrt(2 / (inputs + neurons));
    case NN_HE_UNIFORM:     return sqrt(6 / inputs);
    case NN_HE_NORMAL:      return sqrt(2 / inputs);
    case NN_UNIFORM:
    case NN_NORMAL:         break;
    }
    return 1;
}

void nn_initialise(nn_network *net, const nn_network_options *options)
{
    nn_random r = nn_random_from(options->seed, 0);
    for (size_t l = 0; l < net->layers; l++) {
        const nn_shape *s = &net->layer[l];
        nn_initialiser how = options->layers[l].initialiser ? options->layers[l].initialiser : options->initialiser;
        double scale = options->layers[l].scale != 0 ? options->layers[l].scale : options->scale != 0 ? options->scale : 1;
        double width = scale * spread(how, (double)s->inputs, (double)s->neurons);
        int normal = how == NN_XAVIER_NORMAL || how == NN_HE_NORMAL || how == NN_NORMAL;
        for (size_t i = 0; i < s->inputs * s->neurons; i++)
            net->value[s->weights + i] = width * (normal ? nn_random_normal(&r) : 2 * nn_random_unit(&r) - 1);
    }
}
