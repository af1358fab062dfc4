/* epochs.c -- resets and rewinds by the million: no stale variable is ever accepted, no living one rejected.
 *
 * AD_SOAK in the environment makes it 10^8 of each. ad_grad asks without recording: NaN means stale.
 */
#include "unit.h"

#include <stdlib.h>

enum { KEPT = 4096 };

static long rounds(void) { return getenv("AD_SOAK") ? 100000000L : 200000L; }

/* Stale variables, of the first epochs, of the last ones, and spread evenly between. */
typedef struct witnesses {
    ad_var   first[KEPT / 4], spread[KEPT / 2], last[KEPT / 4];
    long     n, stride;
    uint64_t state;
} witnesses;

static void keep(witnesses *w, ad_var v)
{
    if (w->n < KEPT / 4)
        w->first[w->n] = v;
    if (w->n % w->stride == 0)
        w->spread[w->n / w->stride] = v;
    w->last[w->n++ % (KEPT / 4)] = v;
}

static int accepted(ad_var v) { return !isnan(ad_grad(v)); }

static void check_stale(witnesses *w, int all)
{
    long first = w->n < KEPT / 4 ? w->n : KEPT / 4, spread = (w->n - 1) / w->stride + 1;
    if (!all) {
        long i = (long)(random_bits(&w->state) >> 40);
        cr_assert(!accepted(w->first[i % first]) && !accepted(w->spread[i % spread]) && !accepted(w->last[i % first]),
                  "a stale variable was accepted in round %ld", w->n);
        return;
    }
    for (long i = 0; i < first; i++)
        cr_assert(!accepted(w->first[i]) && !accepted(w->last[i]), "stale variable %ld was accepted in round %ld", i,
                  w->n);
    for (long i = 0; i < spread; i++)
        cr_assert(!accepted(w->spread[i]), "stale variable %ld was accepted in round %ld", i * w->stride, w->n);
}

/* Marks `depth` marks, each over nodes of its own, and goes round and round above the last; with none it resets. */
static void go_round(int depth, long times)
{
    static witnesses w;
    static ad_var living[200];
    w = (witnesses){.stride = times / (KEPT / 2) + 1, .state = 0x9e3779b97f4a7c15u};
    ad_tape *tape = ad_tape_new();
    ad_mark mark = ad_tape_mark(NULL);
    for (int i = 0; i < depth; i++) {
        living[i] = ad_param(tape, NULL, i);
        mark = ad_tape_mark(tape);
    }
    for (long i = 0; i < times; i++) {
        ad_var v = ad_param(tape, NULL, 1), u = ad_neg(v);
        if (i % 4 == 0) {
            cr_assert(accepted(v) && accepted(u), "a living variable was rejected in round %ld", i);
            if (depth)
                cr_assert(accepted(living[i / 4 % depth]), "living variable %ld was rejected in round %ld",
                          i / 4 % depth, i);
        }
        if (depth)
            ad_tape_rewind(tape, mark);
        else
            ad_tape_reset(tape);
        keep(&w, v);
        if (i % 4 == 0)
            check_stale(&w, i % (times / 8) == 0);
    }
    check_stale(&w, 1);
    ad_tape_free(tape);
}

Test(epochs, resets_never_bring_a_stale_variable_back) { go_round(0, rounds()); }
Test(epochs, rewinds_never_bring_a_stale_variable_back) { go_round(1, rounds()); }
Test(epochs, rewinds_above_eight_marks_never_bring_a_stale_variable_back) { go_round(8, rounds()); }
Test(epochs, rewinds_above_sixty_marks_never_bring_a_stale_variable_back) { go_round(60, rounds()); }
Test(epochs, rewinds_above_two_hundred_marks_never_bring_a_stale_variable_back) { go_round(200, rounds()); }

/* Epochs must not be used up faster where many marks are alive: 2^22 rewinds are few. */
static void wear(int depth)
{
    ad_tape *tape = ad_tape_new();
    ad_mark mark = ad_tape_mark(NULL);
    for (int i = 0; i < depth; i++) {
        ad_param(tape, NULL, i);
        mark = ad_tape_mark(tape);
    }
    ad_var stale[64];
    long times = getenv("AD_SOAK") ? rounds() : (1L << 22) + 1000;
    for (long i = 0; i < times; i++) {
        ad_var v = ad_param(tape, NULL, 1);
        if (i >= 64 && (accepted(stale[i % 64]) || accepted(stale[(i + 1) % 64])))
            cr_assert_fail("with %d marks alive, a stale variable was accepted after %ld rewinds", depth, i);
        if (i < 64)
            stale[i] = v;
        ad_tape_rewind(tape, mark);
    }
    ad_tape_free(tape);
}

Test(epochs, are_not_worn_out_by_thirty_marks_alive) { wear(31); }
Test(epochs, are_not_worn_out_by_forty_marks_alive) { wear(40); }

/* Half of all epochs on, what is alive is still alive, and numbers still mix with it. */
Test(epochs, that_are_many_do_not_make_the_living_look_dead)
{
    ad_tape *tape = ad_tape_new();
    ad_var stale = ad_param(tape, NULL, 1), oldest, v;
    ad_tape_reset(tape);
    oldest = ad_param(tape, NULL, 1);
    ad_mark mark = ad_tape_mark(tape);
    for (long i = 0; i < (1L << 26) + 1000; i++) {
        ad_param(tape, NULL, 1);
        ad_tape_rewind(tape, mark);
    }
    v = ad_param(tape, NULL, 2);
    cr_assert(accepted(v) && accepted(oldest), "a living variable was rejected after 2^26 rewinds");
    ad_var E = ad_mul(ad_mul(v, 3), ad_add(oldest, 4));
    ad_backward(E);
    EQUAL(ad_grad(v), 15);
    EQUAL(ad_grad(oldest), 6);
    STATUS(tape, AD_OK);
    cr_assert(!accepted(stale));
    ad_tape_free(tape);
}

Test(epochs, of_tapes_made_and_freed_never_bring_a_stale_variable_back)
{
    static witnesses w;
    long times = rounds() / 20;
    w = (witnesses){.stride = times / (KEPT / 2) + 1, .state = 1};
    for (long i = 0; i < times; i++) {
        ad_tape *tape = ad_tape_new();
        ad_var v = ad_param(tape, NULL, 1);
        cr_assert(accepted(v));
        if (i)
            check_stale(&w, 0);
        ad_tape_free(tape);
        keep(&w, v);
    }
}
