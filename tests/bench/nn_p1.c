/* nn_p1.c -- the 2-16-16-1 network of P1 as nn_train runs it: its full-batch gradient, and whole epochs of mini-batches of 64 with
 * Adam, everything included (recording, lowering, shuffling, updates). By hand beside. */
#include "bench.h"
#include "p1_race.h"
#include "nn_adam.h"
#include <nn/nn.h>

enum { ROWS = 10000, ROUNDS = 15, EPOCHS = 20, BATCH = 64 };

#define V(variant) void HAND_EXPAND(nn_adam, variant)(adam_problem *);
HANDS
#undef V

static const double *columns[3];
static ad_function *f;
static nn_network *net;
static size_t rows;
static int failed;

static double gradient(ad_tape *unused, const p1_problem *P, p1_network *g)
{
    double E = NAN;
    (void)unused;
    ad_function_sum_gradient(f, (const double *)&P->p, columns, P->rows, &E, (double *)g);
    return E;
}

typedef struct training {
    adam_problem A;
    void (*hand)(adam_problem *);
    int in_order;
} training;

static void train(void *problem)
{
    training *T = problem;
    if (T->hand) {
        for (int e = 0; e < EPOCHS; e++)
            T->hand(&T->A);
        return;
    }
    nn_result r = nn_train(net, (nn_data){.rows = rows, .input_columns = NN_COLUMNS(columns[0], columns[1]), .target_columns = NN_COLUMNS(columns[2])},
                           (nn_train_options){.optimiser = {.method = NN_ADAM}, .batch = BATCH, .epochs = EPOCHS, .in_order = T->in_order, .seed = 1});
    failed |= r.fault.status != AD_OK;
}

enum { SHUFFLED = P1_HANDS, IN_ORDER, RUNNERS };

/* After the same epochs in order, from the same start, the library's parameters are those by hand. */
static int same_training(const p1_problem *P)
{
    static training hand, lanes;
    memcpy(nn_network_values(net), &P->p, sizeof P->p);
    hand.A.P = *P;
    hand.A.batch = BATCH;
#define V(variant) hand.hand = hand.hand ? hand.hand : HAND_EXPAND(nn_adam, variant);
    HANDS
#undef V
    lanes.in_order = 1;
    train(&hand);
    train(&lanes);
    for (int i = 0; i < P1_PARAMS; i++)
        if (!(fabs(nn_network_values(net)[i] - ((double *)&hand.A.P.p)[i]) <= 1e-9)) {
            printf("after %d epochs parameter %d is %.17g, by hand %.17g\n", EPOCHS, i, nn_network_values(net)[i], ((double *)&hand.A.P.p)[i]);
            return 0;
        }
    return 1;
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 3 : ROUNDS;
    rows = small ? 200 : ROWS;
    double (*x)[P1_INPUTS] = malloc(rows * sizeof *x), *t = malloc(rows * sizeof *t), *turned = malloc(2 * rows * sizeof *t);
    net = nn_network_new((nn_network_options){
        .inputs = P1_INPUTS, .layers = NN_LAYERS({.neurons = P1_HIDDEN, .activation = ad_sigmoid}, {.neurons = P1_HIDDEN, .activation = ad_sigmoid},
                                                 {.neurons = 1, .activation = ad_sigmoid})});
    f = nn_error_function(net, nn_half_squared_error, 1, NULL);
    if (!x || !t || !turned || !net || !f || nn_network_size(net) != P1_PARAMS)
        return 1;
    p1_problem P = p1_make(rows, x, t);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < 2; k++)
            turned[k * rows + r] = x[r][k];
    columns[0] = turned;
    columns[1] = turned + rows;
    columns[2] = t;
    ad_threads(1);

    p1_entry entry[P1_HANDS + 1];
    bench_runner runner[RUNNERS];
    bench_begin(rounds);
    p1_enter_hands(&P, entry, runner);
    entry[P1_HANDS] = (p1_entry){.P = &P, .recorded = gradient};
    runner[P1_HANDS] = (bench_runner){"nn full-batch gradient", p1_run, &entry[P1_HANDS], 0};
    bench_race(P1_HANDS + 1, runner, rounds);
    bench_hand hand = bench_hands(P1_HANDS, runner);
    bench_print_hand("P1 by hand, full batch", P1_OPS * (double)rows, hand);
    bench_print(&runner[P1_HANDS], P1_OPS * (double)rows, hand, "bar 0.16x O3");
    int agree = bench_agree("nn full batch", P1_PARAMS, (double *)&entry[P1_HANDS].g, (double *)&entry[0].g);

    static training T[RUNNERS];
    int i = 0;
#define V(variant) T[i].hand = HAND_EXPAND(nn_adam, variant), runner[i++].name = #variant;
    HANDS
#undef V
    runner[SHUFFLED].name = "nn_train, batches of 64, shuffled";
    runner[IN_ORDER].name = "nn_train, batches of 64, in order";
    T[IN_ORDER].in_order = 1;
    for (i = 0; i < RUNNERS; i++) {
        T[i].A.P = P;
        T[i].A.batch = BATCH;
        runner[i].run = train;
        runner[i].problem = &T[i];
    }
    memcpy(nn_network_values(net), &P.p, sizeof P.p);
    bench_race(RUNNERS, runner, rounds);
    hand = bench_hands(P1_HANDS, runner);
    double work = (double)rows * EPOCHS;
    printf("%-36s %6.1f ns/row and epoch (best, %s)  %.1f (O3, %s)\n", "Adam by hand, batches of 64", hand.best->median / work, hand.best->name,
           hand.O3->median / work, hand.O3->name);
    for (i = SHUFFLED; i < RUNNERS; i++)
        printf("%-36s %6.1f ns/row and epoch  %5.2fx hand best  %5.2fx hand O3   (bar 150 ns)\n", runner[i].name, runner[i].median / work,
               runner[i].median / hand.best->median, runner[i].median / hand.O3->median);
    agree &= !failed && same_training(&P);
    ad_function_free(f);
    nn_network_free(net);
    free(x);
    free(t);
    free(turned);
    return !agree;
}
