/* emit_p1.c -- generated C on P1: value and gradient of one row after another by the code that ad_function_emit_c wrote,
 * compiled at -O2 for this machine by each compiler; against the loops by hand, also asked for one row at a time.
 *
 * Nobody sums over the rows here: what is left of either is the last row's gradient.
 */
#include "p1_race.h"

enum { ROWS = 100, ROUNDS = 501 };

typedef double emitted_gradient(const double *params, const double *columns, double *gradient);

#define V(compiler) emitted_gradient HAND_EXPAND(p1_##compiler, gradient);
EMITTED
#undef V

static const struct { const char *name; emitted_gradient *gradient; } emitted[] = {
#define V(compiler) {"P1 generated, " #compiler " -O2", HAND_EXPAND(p1_##compiler, gradient)},
    EMITTED
#undef V
};

enum { EMITTERS = sizeof emitted / sizeof *emitted };

typedef struct by_row {
    p1_entry         *entry;
    emitted_gradient *gradient;                       /* NULL: by hand */
} by_row;

static void run(void *problem)
{
    by_row *b = problem;
    const p1_problem *P = b->entry->P;
    p1_problem row = *P;
    row.rows = 1;
    for (size_t r = 0; r < P->rows; r++, row.x++, row.t++) {
        double columns[] = {row.x[0][0], row.x[0][1], row.t[0]};
        b->entry->E = b->gradient ? b->gradient((const double *)&P->p, columns, (double *)&b->entry->g)
                                  : b->entry->hand(&row, &b->entry->g);
    }
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 3 : ROUNDS;
    static double x[ROWS][P1_INPUTS], t[ROWS];
    p1_problem P = p1_make(ROWS, x, t);
    p1_entry entry[P1_HANDS + EMITTERS];
    by_row each[P1_HANDS + EMITTERS];
    bench_runner runner[P1_HANDS + EMITTERS];
    bench_begin(rounds);
    p1_enter_hands(&P, entry, runner);
    for (int i = 0; i < EMITTERS; i++) {
        entry[P1_HANDS + i] = (p1_entry){.P = &P};
        runner[P1_HANDS + i] = (bench_runner){.name = emitted[i].name};
    }
    for (int i = 0; i < P1_HANDS + EMITTERS; i++) {
        each[i] = (by_row){&entry[i], i < P1_HANDS ? NULL : emitted[i - P1_HANDS].gradient};
        runner[i].run = run;
        runner[i].problem = &each[i];
    }
    bench_race(P1_HANDS + EMITTERS, runner, rounds);
    bench_hand hand = bench_hands(P1_HANDS, runner);
    bench_print_hand("P1 by hand, row by row", P1_OPS * (double)ROWS, hand);
    for (int i = 0; i < EMITTERS; i++)
        bench_print(&runner[P1_HANDS + i], P1_OPS * (double)ROWS, hand, "bar 1.2x");
    return !p1_entries_agree(P1_HANDS + EMITTERS, entry, runner);
}
