/* problems.h -- what the tests of training share: two small problems, a network for them, an eye on the epochs. It holds no test. */
#ifndef TESTS_NN_PROBLEMS_H
#define TESTS_NN_PROBLEMS_H

#include "../unit/unit.h"
#include <nn/nn.h>

static const double xor_x[] = {0, 0, 1, 1}, xor_y[] = {0, 1, 0, 1}, xor_t[] = {0, 1, 1, 0};

static inline nn_data xor_data(void)
{
    static const double *const inputs[] = {xor_x, xor_y, NULL}, *const targets[] = {xor_t, NULL};
    return (nn_data){.rows = 4, .input_columns = inputs, .target_columns = targets};
}

enum { MOONS = 400 };
static double moon_x[MOONS], moon_y[MOONS], moon_t[MOONS];

static inline nn_data moons(void)
{
    static const double *const inputs[] = {moon_x, moon_y, NULL}, *const targets[] = {moon_t, NULL};
    uint64_t state = 17;
    for (int r = 0; r < MOONS; r++) {
        double angle = random_within(&state, 0, M_PI);
        moon_t[r] = r % 2;
        moon_x[r] = (r % 2 ? 1 - cos(angle) : cos(angle)) + random_within(&state, -0.15, 0.15);
        moon_y[r] = (r % 2 ? 0.5 - sin(angle) : sin(angle)) + random_within(&state, -0.15, 0.15);
    }
    return (nn_data){.rows = MOONS, .input_columns = inputs, .target_columns = targets};
}

static inline nn_network *network(size_t hidden, uint64_t seed)
{
    return nn_network_new((nn_network_options){
        .inputs = 2, .seed = seed, .layers = NN_LAYERS({.neurons = hidden, .activation = ad_tanh}, {.neurons = 1})});
}

#define TRAINED(result) \
    cr_assert((result).fault.status == AD_OK, "%s", (result).fault.message)

typedef struct seen {
    size_t epochs, stop_at;
    double error, validation, least, rate;
    double at_least[64];
} seen;

static inline int watch(const nn_epoch *e, void *user)
{
    seen *s = user;
    s->epochs++;
    cr_assert_eq(e->epoch, s->epochs);
    s->error = e->error;
    s->validation = e->validation_error;
    s->rate = e->rate;
    if (!(e->validation_error >= s->least)) {
        s->least = e->validation_error;
        for (size_t i = 0; i < nn_network_size(e->net); i++)
            s->at_least[i] = nn_network_value(e->net, i);
    }
    return s->epochs == s->stop_at;
}

#endif
