/* nn_wide.c -- a wide network, gradient of a mini-batch and of many rows: loops by hand, matrix products of OpenBLAS, lanes. */
#include "bench.h"
#include "hand.h"
#include "nn_wide.h"
#ifdef HAVE_BLAS
#include "nn_wide_blas.h"
#endif
#include <nn/nn.h>

enum { ROUNDS = 15, MANY = 4096, BATCH = 256 };

#define V(variant) double HAND_EXPAND(nn_wide, variant)(const wide_problem *, wide_network *);
HANDS
#undef V

typedef struct entry {
    wide_problem P;
    double (*hand)(const wide_problem *, wide_network *);
    const ad_function *f;
    const double *const *columns;
    double E;
    wide_network *g;
} entry;

static void run(void *problem)
{
    entry *e = problem;
    if (e->hand)
        e->E = e->hand(&e->P, e->g);
    else
        ad_function_sum_gradient(e->f, (const double *)e->P.p, e->columns, e->P.rows, &e->E, (double *)e->g);
}

enum {
#define V(variant) HAND_EXPAND(HAND_OF, variant),
    HANDS
#undef V
    LANES,
#ifdef HAVE_BLAS
    BLAS,
#endif
    RUNNERS
};

static int race(size_t rows, int rounds, nn_network *net, const ad_function *f, const double (*x)[WIDE_IN],
                const double *const *columns)
{
    static wide_network g[RUNNERS];
    entry e[RUNNERS];
    bench_runner runner[RUNNERS];
    int agree = 1;
    for (int i = 0; i < RUNNERS; i++) {
        e[i] = (entry){.P = {(const wide_network *)nn_network_values(net), rows, x, columns[WIDE_IN]},
                       .f = f, .columns = columns, .g = &g[i]};
        runner[i] = (bench_runner){"", run, &e[i], 0};
    }
#define V(variant) \
    e[HAND_EXPAND(HAND_OF, variant)].hand = HAND_EXPAND(nn_wide, variant); \
    runner[HAND_EXPAND(HAND_OF, variant)].name = #variant;
    HANDS
#undef V
    runner[LANES].name = "64-128-64-10 in lanes";
#ifdef HAVE_BLAS
    e[BLAS].hand = nn_wide_blas;
    runner[BLAS].name = "64-128-64-10 by OpenBLAS, one thread";
#endif
    bench_race(RUNNERS, runner, rounds);
    bench_hand hand = bench_hands(LANES, runner);
    printf("%4zu rows, by hand                     %7.0f ns/row (best, %s)  %.0f ns/row (O3, %s)\n", rows, hand.best->median / (double)rows,
           hand.best->name, hand.O3->median / (double)rows, hand.O3->name);
    for (int i = LANES; i < RUNNERS; i++)
        printf("%4zu rows, %-27s %7.0f ns/row  %5.2fx hand best  %5.2fx hand O3%s\n", rows, runner[i].name, runner[i].median / (double)rows,
               runner[i].median / hand.best->median, runner[i].median / hand.O3->median, i == LANES ? "   (aim 1.5x)" : "");
    for (int i = 1; i < RUNNERS; i++)
        agree &= bench_agree(runner[i].name, 1, &e[i].E, &e[0].E) &&
                 bench_agree(runner[i].name, WIDE_PARAMS, (double *)e[i].g, (double *)e[0].g);
    return agree;
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 3 : ROUNDS;
    size_t rows = small ? 100 : MANY;
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = WIDE_IN, .seed = 1, .initialiser = NN_HE_UNIFORM,
        .layers = NN_LAYERS({.neurons = WIDE_1, .activation = ad_relu}, {.neurons = WIDE_2, .activation = ad_relu}, {.neurons = WIDE_OUT})});
    ad_function *f = nn_error_function(net, nn_softmax_cross_entropy, 1, NULL);
    double (*x)[WIDE_IN] = malloc(rows * sizeof *x), *turned = malloc(rows * (WIDE_IN + 1) * sizeof *turned);
    const double *columns[WIDE_IN + 1];
    if (!net || !f || !x || !turned)
        return 1;
    unsigned seed = 1;
    for (size_t r = 0; r < rows; r++) {
        for (size_t k = 0; k < WIDE_IN; k++) {
            seed = seed * 1664525u + 1013904223u;
            turned[k * rows + r] = x[r][k] = (double)(seed >> 8) / (1 << 23) - 1;
        }
        turned[WIDE_IN * rows + r] = (double)(seed >> 8) / (1 << 24) * WIDE_OUT - fmod((double)(seed >> 8) / (1 << 24) * WIDE_OUT, 1);
    }
    for (size_t k = 0; k <= WIDE_IN; k++)
        columns[k] = turned + k * rows;
    ad_threads(1);
    bench_begin(rounds);
    int agree = race(small ? 64 : BATCH, rounds, net, f, (const double (*)[WIDE_IN])x, columns);
    agree &= race(rows, rounds, net, f, (const double (*)[WIDE_IN])x, columns);
    ad_function_free(f);
    nn_network_free(net);
    free(x);
    free(turned);
    return !agree;
}
