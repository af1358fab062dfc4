/* eager_p1.c -- the tape on P1, 100 rows: as one batch, row by row, and row by row with dot products.
 *
 * Each way starts as a user would, from a reset tape, and ends with all 337 slopes read. The whole batch that leaves
 * the caches is eager_whole.c.
 */
#include "p1_race.h"

enum { ROWS = 100, ROUNDS = 3000, WAYS = 3 };

static double x[ROWS][P1_INPUTS], t[ROWS];
static p1_entry entry[P1_HANDS + WAYS];

int main(int argc, char **argv)
{
    const int small = bench_is_small(argc, argv), rounds = small ? 1 : ROUNDS;
    const p1_problem P = p1_make(small ? 5 : ROWS, x, t);
    const double ops = (double)P.rows * P1_OPS;
    bench_runner runner[P1_HANDS + WAYS], *way = runner + P1_HANDS;
    ad_tape *tape = ad_tape_new();

    p1_enter_hands(&P, entry, runner);
    p1_enter_tape(&P, small ? "P1 batch, 5 rows" : "P1 batch, 100 rows", tape, p1_tape_batch, &entry[P1_HANDS], &way[0]);
    p1_enter_tape(&P, "P1 row by row", tape, p1_tape_rows, &entry[P1_HANDS + 1], &way[1]);
    p1_enter_tape(&P, "P1 row by row, ad_dot", tape, p1_tape_dots, &entry[P1_HANDS + 2], &way[2]);

    bench_begin(rounds);
    bench_race(P1_HANDS + WAYS, runner, rounds);
    bench_hand hand = bench_hands(P1_HANDS, runner);
    bench_print_hand("P1 by hand", ops, hand);
    bench_print(&way[0], ops, hand, "bar 2.7 ns, 3.5x");
    bench_print(&way[1], ops, hand, "bar 2.6 ns, 3.4x");
    bench_print(&way[2], ops, hand, "bar 1.5 ns, 2.0x");

    int agree = p1_entries_agree(P1_HANDS + WAYS, entry, runner);
    ad_tape_free(tape);
    return !agree;
}
