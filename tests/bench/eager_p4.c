/* eager_p4.c -- the tape on P4, a recurrence of 10^5 operations in which each needs the one before. */
#include "bench.h"
#include "hand.h"
#include "p4.h"
#include <autodiff/autodiff.h>

enum { ROUNDS = 3000 };

typedef struct {
    double (*hand)(const double *, double *);
    ad_tape *tape;
    double E, g[P4_PARAMS];
} p4_entry;

#define V(variant) double HAND_EXPAND(p4, variant)(const double *, double *);
HANDS
#undef V

enum {
#define V(variant) HAND_EXPAND(P4_HAND, variant),
    HANDS
#undef V
    P4_HANDS
};

static void run_hand(void *problem)
{
    p4_entry *e = problem;
    e->E = e->hand(p4_params, e->g);
}

static void run_tape(void *problem)
{
    p4_entry *entry = problem;
    ad_tape *tape = entry->tape;
    const double h = p4_h;

    ad_tape_reset(tape);
    ad_var p[P4_PARAMS];
    for (int i = 0; i < P4_PARAMS; i++)
        p[i] = ad_param(tape, NULL, p4_params[i]);
    const ad_var k = p[0], b = p[1], c = p[2], a = p[3];
    ad_var x = p[4], v = p[5];

    for (int i = 0; i < P4_STEPS; i++) {
        ad_var cube = ad_mul(ad_mul(x, x), x);
        ad_var f = ad_add(ad_add(ad_mul(k, x), ad_mul(b, cube)), ad_mul(c, v));
        v = ad_sub(v, ad_mul(h, f));
        x = ad_add(x, ad_mul(h, v));
        if (i % P4_KICK == P4_KICK - 1)
            v = ad_add(v, ad_mul(a, ad_sin(x)));
    }
    ad_var E = ad_squared_error(p4_t, x);

    ad_backward(E);
    for (int i = 0; i < P4_PARAMS; i++)
        entry->g[i] = ad_grad(p[i]);
    entry->E = ad_value(E);
}

static int entries_agree(const p4_entry *entry, const bench_runner *runner)
{
    int agree = 1;
    for (int i = 1; i <= P4_HANDS; i++) {
        agree &= bench_agree(runner[i].name, 1, &entry[i].E, &entry[0].E);
        agree &= bench_agree(runner[i].name, P4_PARAMS, entry[i].g, entry[0].g);
    }
    return agree;
}

int main(int argc, char **argv)
{
    const int rounds = bench_is_small(argc, argv) ? 1 : ROUNDS;
    p4_entry entry[P4_HANDS + 1] = {
#define V(variant) {.hand = HAND_EXPAND(p4, variant)},
        HANDS
#undef V
        {.tape = ad_tape_new()}
    };
    bench_runner runner[P4_HANDS + 1] = {
#define V(variant) {.name = #variant, .run = run_hand},
        HANDS
#undef V
        {.name = "P4 recurrence", .run = run_tape}
    };
    for (int i = 0; i <= P4_HANDS; i++)
        runner[i].problem = &entry[i];

    bench_begin(rounds);
    bench_race(P4_HANDS + 1, runner, rounds);
    bench_hand hand = bench_hands(P4_HANDS, runner);
    bench_print_hand("P4 by hand", P4_OPS, hand);
    bench_print(&runner[P4_HANDS], P4_OPS, hand, "bar 2.7 ns");

    int agree = entries_agree(entry, runner);
    if (ad_tape_error(entry[P4_HANDS].tape) != AD_OK) {
        printf("P4: %s\n", ad_tape_error_message(entry[P4_HANDS].tape));
        agree = 0;
    }
    ad_tape_free(entry[P4_HANDS].tape);
    return !agree;
}
