/* initialisers.c -- where weights begin: the same bits everywhere, the distributions that are promised. */
#include "../unit/unit.h"
#include <nn/nn.h>
#include <nn/random.h>

static nn_network *layer(size_t inputs, size_t neurons, nn_initialiser how, double scale, uint64_t seed)
{
    return nn_network_new((nn_network_options){
        .inputs = inputs, .layers = NN_LAYERS({.neurons = neurons}), .initialiser = how, .scale = scale, .seed = seed});
}

/* The published first numbers of xoshiro256** behind splitmix64 at seed 0. */
Test(initialisers, the_generator_is_xoshiro)
{
    nn_random r = nn_random_from(0, 0);
    cr_assert_eq(nn_random_bits(&r), UINT64_C(0x99ec5f36cb75f2b4));
    cr_assert_eq(nn_random_bits(&r), UINT64_C(0xbf6e1f784956452a));
    cr_assert_eq(nn_random_bits(&r), UINT64_C(0x1a5f849d4933e6e0));
}

/* Computed by a program in another language from the papers. */
Test(initialisers, weights_have_the_same_bits_everywhere)
{
    static const struct { nn_initialiser how; double w[6]; } expected[] = {
        {NN_INITIALISER_DEFAULT, {-0x1.d2cbb9b0657b5p-1, -0x1.0f811e66befdap-2, 0x1.93ec1a7362741p-2, 0x1.dc64adfcb117ep-1,
                                  0x1.13d64778ad722p+0, 0x1.2e938f879eb09p-1}},
        {NN_XAVIER_UNIFORM, {-0x1.d2cbb9b0657b5p-1, -0x1.0f811e66befdap-2, 0x1.93ec1a7362741p-2, 0x1.dc64adfcb117ep-1,
                             0x1.13d64778ad722p+0, 0x1.2e938f879eb09p-1}},
        {NN_HE_UNIFORM, {-0x1.2d50bdb3cc7a7p+0, -0x1.5e82b8f3e9463p-2, 0x1.04bb0fca7a941p-1, 0x1.3382b2bd28739p+0,
                         0x1.641aa476427b9p+0, 0x1.869fdce19dd3ep-1}},
        {NN_UNIFORM, {-0x1.aa1fd347cf450p-1, -0x1.efb267992eec8p-3, 0x1.70ba9991cf24cp-2, 0x1.b2e2b51c0ecd8p-1,
                      0x1.f79b71ff8bb16p-1, 0x1.143694c405e54p-1}},
        {NN_XAVIER_NORMAL, {-0x1.b86b67aa180f2p-2, -0x1.02669d0fb23cap-2, -0x1.934d6124f0034p-2, -0x1.fa11cf7e660b5p+0,
                            -0x1.fc2ba9804443dp-1, -0x1.2245cd16fc830p-2}},
        {NN_HE_NORMAL, {-0x1.1c4a230eb101dp-1, -0x1.4d9813286fc37p-2, -0x1.04549b1abad00p-1, -0x1.46aaa00674e46p+1,
                        -0x1.4805ce8af1f6fp+0, -0x1.76bd8a6e771bdp-2}},
        {NN_NORMAL, {-0x1.5c2ea66473c93p-1, -0x1.98914dbd6b560p-2, -0x1.3ed6a3a61aa05p-1, -0x1.901547bb440c7p+1,
                     -0x1.91be7d3d72cecp+0, -0x1.caf61cadb631cp-2}},
    };
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        nn_network *net = layer(3, 2, expected[k].how, 0, 42);
        for (size_t i = 0; i < 6; i++)
            cr_assert(identical(nn_network_values(net)[i], expected[k].w[i]), "initialiser %d: weight %zu is %a, not %a",
                      (int)expected[k].how, i, nn_network_values(net)[i], expected[k].w[i]);
        EQUAL(nn_network_values(net)[6], 0);
        EQUAL(nn_network_values(net)[7], 0);
        nn_network_free(net);
    }
}

Test(initialisers, scale_multiplies_and_a_layers_own_comes_first)
{
    nn_network *one = layer(3, 2, NN_NORMAL, 0, 5), *three = layer(3, 2, NN_NORMAL, 3, 5);
    nn_network *own = nn_network_new((nn_network_options){
        .inputs = 3, .layers = NN_LAYERS({.neurons = 2, .initialiser = NN_NORMAL, .scale = 3}), .initialiser = NN_UNIFORM, .seed = 5});
    for (size_t i = 0; i < 6; i++) {
        EQUAL(nn_network_values(three)[i], 3 * nn_network_values(one)[i]);
        EQUAL(nn_network_values(own)[i], nn_network_values(three)[i]);
    }
    nn_network_free(one);
    nn_network_free(three);
    nn_network_free(own);
}

/* Four standard errors, at one fixed seed. */
static void has_moments(nn_initialiser how, double inputs, double variance, double fourth)
{
    enum { NEURONS = 400 };
    nn_network *net = layer((size_t)inputs, NEURONS, how, 0, 11);
    double n = inputs * NEURONS, mean = 0, second = 0, most = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        double w = nn_network_values(net)[i];
        mean += w / n;
        second += w * w / n;
        most = fmax(most, fabs(w));
    }
    cr_assert(fabs(mean) < 4 * sqrt(variance / n), "initialiser %d: mean %g", (int)how, mean);
    cr_assert(fabs(second - variance) < 4 * sqrt((fourth - variance * variance) / n), "initialiser %d: variance %g, not %g",
              (int)how, second, variance);
    if (how == NN_UNIFORM || how == NN_XAVIER_UNIFORM || how == NN_HE_UNIFORM)
        cr_assert(most <= sqrt(3 * variance), "initialiser %d: %g", (int)how, most);
    nn_network_free(net);
}

Test(initialisers, distributions_have_their_variance)
{
    has_moments(NN_UNIFORM, 100, 1. / 3, 1. / 5);
    has_moments(NN_XAVIER_UNIFORM, 100, 2. / 500, 9. / 5 * pow(2. / 500, 2));
    has_moments(NN_HE_UNIFORM, 100, 2. / 100, 9. / 5 * pow(2. / 100, 2));
    has_moments(NN_NORMAL, 100, 1, 3);
    has_moments(NN_XAVIER_NORMAL, 100, 2. / 500, 3 * pow(2. / 500, 2));
    has_moments(NN_HE_NORMAL, 100, 2. / 100, 3 * pow(2. / 100, 2));
}

/* Kolmogorov and Smirnov: 1.63 / sqrt(n) is the 1 % point. */
Test(initialisers, normal_numbers_have_the_normal_distribution)
{
    enum { N = 100000, BINS = 4000 };
    static int count[BINS + 1];
    nn_random r = nn_random_from(3, 1);
    for (int i = 0; i < N; i++) {
        double at = (nn_random_normal(&r) + 5) * BINS / 10;
        count[at < 0 ? 0 : at > BINS ? BINS : (int)at]++;
    }
    double seen = 0, worst = 0;
    for (int b = 0; b < BINS; b++) {
        seen += count[b];
        worst = fmax(worst, fabs(seen / N - 0.5 * erfc(-(10. * (b + 1) / BINS - 5) / sqrt(2))));
    }
    cr_assert_lt(worst, 1.63 / sqrt(N));
}

Test(initialisers, whole_numbers_below_n_are_equally_likely)
{
    nn_random r = nn_random_from(9, 2);
    int count[7] = {0};
    for (int i = 0; i < 70000; i++)
        count[nn_random_below(&r, 7)]++;
    double chi = 0;
    for (int k = 0; k < 7; k++)
        chi += pow(count[k] - 10000., 2) / 10000;
    cr_assert_lt(chi, 22.5, "chi squared of 6 degrees is %g; 22.5 is its 0.1 %% point", chi);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(nn_random_below(&r, 1), 0);
}
