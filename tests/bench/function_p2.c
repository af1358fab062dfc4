/* function_p2.c -- recorded functions on P2: value and gradient over 1000 rows, in lanes, against the loops by hand. */
#include "bench.h"
#include "function_bench.h"
#include "hand.h"
#include "p2_function.h"

enum { ROWS = 1000, ROUNDS = 61 };

#define V(variant) double HAND_EXPAND(p2, variant)(const p2_problem *, p2_mixture *); \
    double HAND_EXPAND(p2_value, variant)(const p2_problem *);
HANDS
#undef V

typedef struct entry {
    const p2_problem *P;
    double (*hand)(const p2_problem *, p2_mixture *);
    double (*value)(const p2_problem *);
    const ad_function *f;
    const double *const *columns;
    p2_mixture g;
    double E;
} entry;

static void run(void *problem)
{
    entry *e = problem;
    if (e->f)
        ad_function_sum_gradient(e->f, (const double *)&e->P->p, e->columns, e->P->rows, &e->E, (double *)&e->g);
    else
        e->E = e->hand ? e->hand(e->P, &e->g) : e->value(e->P);
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 3 : ROUNDS;
    size_t rows = small ? 100 : ROWS;
    double (*x)[P2_D] = malloc(rows * sizeof *x), *turned = malloc(rows * sizeof *x);
    const double *columns[P2_D];
    if (!x || !turned)
        return 1;
    p2_problem P = p2_make(rows, x);
    for (int i = 0; i < P2_D; i++) {
        columns[i] = turned + (size_t)i * rows;
        for (size_t r = 0; r < rows; r++)
            turned[(size_t)i * rows + r] = x[r][i];
    }
    ad_function *f = p2_function();
    enum {
#define V(variant) HAND_EXPAND(HAND_OF, variant),
        HANDS
#undef V
        N_HANDS, LANES = 2 * N_HANDS
    };
    static entry e[LANES + 1];
    bench_runner runner[LANES + 1];
#define V(variant) \
    e[HAND_EXPAND(HAND_OF, variant)].hand = HAND_EXPAND(p2, variant); \
    e[N_HANDS + HAND_EXPAND(HAND_OF, variant)].value = HAND_EXPAND(p2_value, variant); \
    runner[HAND_EXPAND(HAND_OF, variant)].name = runner[N_HANDS + HAND_EXPAND(HAND_OF, variant)].name = #variant;
    HANDS
#undef V
    e[LANES].f = f;
    e[LANES].columns = columns;
    runner[LANES].name = "P2 in lanes, value and gradient";
    for (int i = 0; i <= LANES; i++) {
        e[i].P = &P;
        runner[i].run = run;
        runner[i].problem = &e[i];
    }
    bench_begin(rounds);
    bench_race(LANES + 1, runner, rounds);
    bench_hand hand = bench_hands(N_HANDS, runner), value = bench_hands(N_HANDS, runner + N_HANDS);
    bench_print_hand("P2 by hand", P2_OPS * (double)rows, hand);
    bench_print(&runner[LANES], P2_OPS * (double)rows, hand, "bar 0.21x best, 0.18x O3");
    function_print_value(&runner[LANES], value, "P2");
    int agree = bench_agree("P2 in lanes", P2_PARAMS, (double *)&e[LANES].g, (double *)&e[0].g) &
                bench_agree("P2 in lanes, value", 1, &e[LANES].E, &e[0].E);
    ad_function_free(f);
    free(x);
    free(turned);
    return !agree;
}
