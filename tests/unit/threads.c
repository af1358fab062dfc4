/* threads.c -- threads with a tape each share nothing that one can observe. Build with -Db_sanitize=thread to see
 * races. */
#include "unit.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 60 };

static ad_var chain_of(ad_var x, int n)
{
    ad_var y = x;
    for (int i = 0; i < n; i++)
        y = ad_fma(ad_tanh(ad_mul(y, 1.25)), 0.5, ad_sin(ad_add(y, x)));
    return y;
}

/* A whole life again and again: tape, names, marks, sweeps, gradients, errors. Returns the last slope. */
static void *whole_lives(void *argument)
{
    double *slope = argument;
    for (int i = 0; i < ROUNDS; i++) {
        ad_tape *tape = ad_tape_new();
        ad_var x = ad_param(tape, "x", 0.3), stale = ad_exp(x), d;
        ad_mark mark = ad_tape_mark(tape);
        ad_accumulate(chain_of(x, 20));
        ad_tape_rewind(tape, mark);
        ad_gradient(chain_of(x, 5), 1, &x, &d);
        if (ad_find(tape, "x").link != x.link)
            *slope = NAN;
        ad_tape_reset(tape);
        x = ad_param(tape, "x", 0.3);
        ad_add(x, stale);
        ad_backward(chain_of(x, 50));
        *slope += ad_grad(x);
        if (ad_tape_error(tape) != AD_ERROR_STALE)
            *slope = NAN;
        ad_tape_free(tape);
        *slope += ad_value(ad_mul(2, 3));              /* plain numbers, with no tape */
    }
    return NULL;
}

static void together(void *(*work)(void *), void **arguments, int n)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < n; i++)
        cr_assert(!pthread_create(&thread[i], NULL, work, arguments[i]));
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

Test(threads, with_a_tape_each_get_the_same_bits)
{
    double slope[THREADS + 1] = {0};
    void *arguments[THREADS];
    for (int i = 0; i < THREADS; i++)
        arguments[i] = &slope[i];
    together(whole_lives, arguments, THREADS);
    whole_lives(&slope[THREADS]);
    for (int i = 0; i < THREADS; i++)
        cr_assert(identical(slope[i], slope[THREADS]) && isfinite(slope[i]), "thread %d: %.17g, not %.17g", i, slope[i],
                  slope[THREADS]);
}

typedef struct job {
    ad_tape *tape;
    ad_var   x;
    double   slope;
} job;

static void *work_on(void *argument)
{
    job *j = argument;
    ad_mark mark = ad_tape_mark(j->tape);
    for (int i = 0; i < ROUNDS; i++) {
        ad_backward(chain_of(j->x, 50));
        j->slope = ad_grad(j->x);
        ad_tape_rewind(j->tape, mark);
    }
    return NULL;
}

/* This thread recorded on the one tape last, gave it away, and goes on with another one. */
Test(threads, may_give_a_tape_away_and_go_on_with_another)
{
    job given = {.tape = ad_tape_new()}, kept = {.tape = ad_tape_new()};
    kept.x = ad_param(kept.tape, "x", 0.3);
    given.x = ad_param(given.tape, "x", 0.3);
    ad_exp(given.x);
    pthread_t thread;
    cr_assert(!pthread_create(&thread, NULL, work_on, &given));
    ad_var E = chain_of(kept.x, 50);
    double sum = 0;
    for (int i = 0; i < ROUNDS; i++)
        sum += ad_value(ad_add(1, i));
    work_on(&kept);
    pthread_join(thread, NULL);
    EQUAL(sum, ROUNDS * (ROUNDS + 1) / 2);
    cr_assert(isfinite(ad_value(E)) && identical(given.slope, kept.slope) && given.slope != 0);
    STATUS(given.tape, AD_OK);
    STATUS(kept.tape, AD_OK);
    ad_tape_free(given.tape);
    ad_tape_free(kept.tape);
}

static void *without_a_tape(void *argument)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 1);
    ad_exp(w);
    ad_tape_free(tape);
    for (int i = 0; i < 20000; i++)
        *(double *)argument += ad_value(ad_add(ad_mul(2, i), 1));
    return NULL;
}

/* A thread whose tape is gone, and whose place another thread's tape may take. */
Test(threads, without_a_tape_do_not_look_at_those_of_others)
{
    double sum[THREADS] = {0};
    void *arguments[THREADS];
    for (int i = 0; i < THREADS; i++)
        arguments[i] = &sum[i];
    for (int round = 0; round < 5; round++)
        together(without_a_tape, arguments, THREADS);
    for (int i = 0; i < THREADS; i++)
        EQUAL(sum[i], 5 * 20000.0 * 20000.0);
}

static ad_var widow;

static void *use_a_stale_one(void *argument)
{
    for (int i = 0; i < 20000; i++)
        *(double *)argument += !isnan(ad_value(ad_exp(widow))) + !isnan(ad_grad(widow));
    return NULL;
}

static void *live_in_its_place(void *argument)
{
    for (int i = 0; i < 300; i++) {
        ad_tape *tape = ad_tape_new();
        ad_var x = ad_param(tape, "x", 0.3);
        ad_backward(chain_of(x, 5));
        *(double *)argument += ad_tape_error(tape) != AD_OK;
        ad_tape_free(tape);
    }
    return NULL;
}

/* A variable of a freed tape, used in one thread, must not touch the tape that took its place in another. */
Test(threads, with_a_stale_variable_do_not_mark_those_of_others)
{
    ad_tape *tape = ad_tape_new();
    widow = ad_param(tape, "w", 1);
    ad_tape_free(tape);
    double accepted = 0, marked = 0;
    pthread_t a, b;
    cr_assert(!pthread_create(&a, NULL, use_a_stale_one, &accepted) &&
              !pthread_create(&b, NULL, live_in_its_place, &marked));
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    cr_assert(accepted == 0, "%g times a stale variable was accepted", accepted);
    cr_assert(marked == 0, "%g tapes of another thread were marked", marked);
}
