/* eager_whole.c -- the tape on P1, 10 000 rows as one batch: 6.5 million nodes, far out of every cache.
 *
 * "first touch" counts everything from a new tape on, page faults included; "warm" records again into the pages a
 * reset keeps. Memory is what the tape has committed after the sweep, adjoints included.
 */
#include "p1_race.h"

enum { ROWS = 10000, ROUNDS = 9 };

/* A new tape each time, freed by the next: the pages go back to the system in between. */
static double first_touch(ad_tape *unused, const p1_problem *P, p1_network *g)
{
    (void)unused;
    ad_tape *tape = ad_tape_new();
    double E = p1_tape_batch(tape, P, g);
    ad_tape_free(tape);
    return E;
}

static void print_memory(const ad_tape *tape)
{
    const double nodes = (double)ad_tape_size(tape), bytes = (double)ad_tape_memory(tape);
    printf("%-36s %6.2f bytes per node, %.0f nodes, %.1f MB   (bar 24 bytes)\n", "P1 whole batch, memory", bytes / nodes,
           nodes, bytes / 1e6);
}

int main(int argc, char **argv)
{
    enum { FIRST = P1_HANDS, WARM, ALL };
    static p1_entry entry[ALL];
    bench_runner runner[ALL];
    const int small = bench_is_small(argc, argv), rounds = small ? 1 : ROUNDS;
    const size_t rows = small ? 50 : ROWS;
    double (*x)[P1_INPUTS] = malloc(rows * sizeof *x), *t = malloc(rows * sizeof *t);
    if (!x || !t)
        return 77;
    const p1_problem P = p1_make(rows, x, t);
    ad_tape *tape = ad_tape_new();

    p1_enter_hands(&P, entry, runner);
    p1_enter_tape(&P, "P1 whole batch, first touch", NULL, first_touch, &entry[FIRST], &runner[FIRST]);
    p1_enter_tape(&P, "P1 whole batch, warm", tape, p1_tape_batch, &entry[WARM], &runner[WARM]);

    bench_begin(rounds);
    bench_race(ALL, runner, rounds);
    bench_hand hand = bench_hands(P1_HANDS, runner);
    bench_print_hand("P1 by hand, whole batch", (double)rows * P1_OPS, hand);
    bench_print(&runner[WARM], (double)rows * P1_OPS, hand, "bar 7 ns");
    bench_print(&runner[FIRST], (double)rows * P1_OPS, hand, "bar 10 ns, with its free");
    print_memory(tape);

    int agree = p1_entries_agree(ALL, entry, runner);
    ad_tape_free(tape);
    free(x);
    free(t);
    return !agree;
}
