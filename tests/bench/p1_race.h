/* p1_race.h -- P1's runners for a race: every hand-written reference and every way of recording, with their gradients.
 *
 * Shared by the benchmarks on P1, one of which is C++; no measuring here.
 */
#ifndef P1_RACE_H
#define P1_RACE_H

#include "bench.h"
#include "p1_tape.h"
#include "hand.h"

typedef struct p1_entry p1_entry;

/* What a runner runs: a gradient by hand, or one on a tape, and where the answer goes. */
struct p1_entry {
    const p1_problem *P;
    double (*hand)(const p1_problem *, p1_network *);
    double (*recorded)(ad_tape *, const p1_problem *, p1_network *);
    ad_tape *tape;
    p1_network g;
    double E;
};

static inline void p1_run(void *problem)
{
    p1_entry *e = (p1_entry *)problem;
    e->E = e->hand ? e->hand(e->P, &e->g) : e->recorded(e->tape, e->P, &e->g);
}

#ifdef __cplusplus
extern "C" {
#endif
#define V(variant) double HAND_EXPAND(p1, variant)(const p1_problem *, p1_network *);
HANDS
#undef V
#ifdef __cplusplus
}
#endif

enum {
#define V(variant) HAND_EXPAND(P1_HAND, variant),
    HANDS
#undef V
    P1_HANDS
};

/* Enters the references of this build; entry and runner have room for P1_HANDS. */
static inline void p1_enter_hands(const p1_problem *P, p1_entry *entry, bench_runner *runner)
{
    memset(entry, 0, P1_HANDS * sizeof *entry);
#define V(variant)                                                \
    entry[HAND_EXPAND(P1_HAND, variant)].hand = HAND_EXPAND(p1, variant); \
    runner[HAND_EXPAND(P1_HAND, variant)].name = #variant;
    HANDS
#undef V
    for (int i = 0; i < P1_HANDS; i++) {
        entry[i].P = P;
        runner[i].run = p1_run;
        runner[i].problem = &entry[i];
    }
}

/* Enters one way of recording. */
static inline void p1_enter_tape(const p1_problem *P, const char *name, ad_tape *tape,
                                 double (*recorded)(ad_tape *, const p1_problem *, p1_network *), p1_entry *entry,
                                 bench_runner *runner)
{
    memset(entry, 0, sizeof *entry);
    entry->P = P;
    entry->recorded = recorded;
    entry->tape = tape;
    runner->name = name;
    runner->run = p1_run;
    runner->problem = entry;
}

/* Whether n entries have the error and the gradient of the first, which is by hand. */
static inline int p1_entries_agree(int n, const p1_entry *entry, const bench_runner *runner)
{
    int agree = 1;
    for (int i = 1; i < n; i++) {
        agree &= bench_agree(runner[i].name, 1, &entry[i].E, &entry[0].E);
        agree &= bench_agree(runner[i].name, P1_PARAMS, (const double *)&entry[i].g, (const double *)&entry[0].g);
        if (entry[i].tape && ad_tape_error(entry[i].tape) != AD_OK) {
            printf("%s: %s\n", runner[i].name, ad_tape_error_message(entry[i].tape));
            agree = 0;
        }
    }
    return agree;
}

#endif
