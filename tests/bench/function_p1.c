/* function_p1.c -- recorded functions on P1: loss and gradient over 10 000 rows, in lanes, against the loops by hand. */
#include "p1_race.h"
#include "function_bench.h"
#include "p1_function.h"

enum { ROWS = 10000, ROUNDS = 31 };

#define V(variant) double HAND_EXPAND(p1_value, variant)(const p1_problem *);
HANDS
#undef V

typedef struct value_entry {
    const p1_problem *P;
    double (*value)(const p1_problem *);
    double E;
} value_entry;

static void run_value(void *problem)
{
    value_entry *e = problem;
    e->E = e->value(e->P);
}

typedef struct columns {
    const double *x[3];                               /* the problem's rows, column by column  */
} columns;

static columns turned;

static ad_function *f;

static double in_lanes(ad_tape *unused, const p1_problem *P, p1_network *g)
{
    double E = NAN;
    (void)unused;
    ad_function_sum_gradient(f, (const double *)&P->p, turned.x, P->rows, &E, (double *)g);
    return E;
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 3 : ROUNDS;
    size_t rows = small ? 200 : ROWS;
    double (*x)[P1_INPUTS] = malloc(rows * sizeof *x), *t = malloc(rows * sizeof *t), *column = malloc(2 * rows * sizeof *t);
    if (!x || !t || !column)
        return 1;
    p1_problem P = p1_make(rows, x, t);
    for (size_t r = 0; r < rows; r++) {
        column[r] = x[r][0];
        column[rows + r] = x[r][1];
    }
    turned = (columns){{column, column + rows, t}};
    f = p1_function();

    p1_entry entry[P1_HANDS + 1];
    value_entry values[P1_HANDS];
    bench_runner runner[2 * P1_HANDS + 1], *value_runner = runner + P1_HANDS + 1;
    bench_begin(rounds);
    p1_enter_hands(&P, entry, runner);
    entry[P1_HANDS] = (p1_entry){.P = &P, .recorded = in_lanes};
    runner[P1_HANDS] = (bench_runner){"P1 in lanes, value and gradient", p1_run, &entry[P1_HANDS], 0};
#define V(variant) \
    values[HAND_EXPAND(P1_HAND, variant)] = (value_entry){&P, HAND_EXPAND(p1_value, variant), 0}; \
    value_runner[HAND_EXPAND(P1_HAND, variant)] = \
        (bench_runner){#variant, run_value, &values[HAND_EXPAND(P1_HAND, variant)], 0};
    HANDS
#undef V
    bench_race(2 * P1_HANDS + 1, runner, rounds);
    bench_hand hand = bench_hands(P1_HANDS, runner);
    bench_print_hand("P1 by hand", P1_OPS * (double)rows, hand);
    bench_print(&runner[P1_HANDS], P1_OPS * (double)rows, hand, "bar 0.26x best, 0.15x O3");
    function_print_value(&runner[P1_HANDS], bench_hands(P1_HANDS, value_runner), "P1");
    int agree = bench_agree("P1 in lanes", P1_PARAMS, (double *)&entry[P1_HANDS].g, (double *)&entry[0].g) &
                bench_agree("P1 in lanes, value", 1, &entry[P1_HANDS].E, &values[0].E);
    ad_function_free(f);
    free(x);
    free(t);
    free(column);
    return !agree;
}
