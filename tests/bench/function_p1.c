/* function_p1.c -- recorded functions on P1: loss and gradient over 10 000 rows, in lanes, against the loops by hand. */
#include "p1_race.h"

enum { ROWS = 10000, ROUNDS = 31 };

typedef struct columns {
    const double *x[3];                               /* the problem's rows, column by column  */
} columns;

static columns turned;

static ad_var neuron(size_t n, const ad_var *w, const ad_var *x, ad_var b)
{
    ad_var e = b;
    for (size_t k = 0; k < n; k++)
        e = ad_add(e, ad_mul(w[k], x[k]));
    return ad_sigmoid(e);
}

/* The loss of one row: params in the order of p1_network, columns x0, x1, t. */
static ad_function *record(void)
{
    ad_tape *tape = ad_tape_new();
    P1_NETWORK(ad_var) p;
    ad_var x[P1_INPUTS], y1[P1_HIDDEN], y2[P1_HIDDEN];
    for (int i = 0; i < P1_PARAMS; i++)
        ((ad_var *)&p)[i] = ad_param(tape, NULL, 0);
    for (int k = 0; k < P1_INPUTS; k++)
        x[k] = ad_column(tape, NULL);
    ad_var t = ad_column(tape, NULL);
    for (int i = 0; i < P1_HIDDEN; i++)
        y1[i] = neuron(P1_INPUTS, p.w1[i], x, p.b1[i]);
    for (int i = 0; i < P1_HIDDEN; i++)
        y2[i] = neuron(P1_HIDDEN, p.w2[i], y1, p.b2[i]);
    ad_var E = ad_squared_error(t, neuron(P1_HIDDEN, p.w3, y2, p.b3));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

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
    f = record();

    p1_entry entry[P1_HANDS + 1];
    bench_runner runner[P1_HANDS + 1];
    bench_begin(rounds);
    p1_enter_hands(&P, entry, runner);
    entry[P1_HANDS] = (p1_entry){.P = &P, .recorded = in_lanes};
    runner[P1_HANDS] = (bench_runner){"P1 in lanes, value and gradient", p1_run, &entry[P1_HANDS], 0};
    bench_race(P1_HANDS + 1, runner, rounds);
    bench_hand hand = bench_hands(P1_HANDS, runner);
    bench_print_hand("P1 by hand", P1_OPS * (double)rows, hand);
    bench_print(&runner[P1_HANDS], P1_OPS * (double)rows, hand, "bar 0.26x best, 0.15x O3");
    int agree = bench_agree("P1 in lanes", P1_PARAMS, (double *)&entry[P1_HANDS].g, (double *)&entry[0].g);
    ad_function_free(f);
    free(x);
    free(t);
    free(column);
    return !agree;
}
