/* tapes.c -- a thousand tapes live side by side, interleave in one thread, and travel to another with their variables.
 */
#include "unit.h"

#include <pthread.h>

enum { THOUSAND = 1000 };

Test(tapes, live_by_the_thousand_and_tell_their_variables_apart)
{
    static ad_tape *tape[THOUSAND];
    static ad_var   w[THOUSAND], E[THOUSAND];
    for (int i = 0; i < THOUSAND; i++) {
        tape[i] = ad_tape_new();
        cr_assert(tape[i], "tape %d", i);
        w[i] = ad_param(tape[i], "w", i);
    }
    for (int i = 0; i < THOUSAND; i++)
        E[i] = ad_mul(w[i], ad_add(w[i], 1));
    for (int i = 0; i < THOUSAND; i++)
        ad_backward(E[i]);
    for (int i = 0; i < THOUSAND; i++) {
        EQUAL(ad_grad(w[i]), 2 * i + 1);
        cr_assert(ad_find(tape[i], "w").link == w[i].link);
        STATUS(tape[i], AD_OK);
    }
    for (int i = 0; i + 1 < THOUSAND; i += 2) {
        PLAIN_NAN(ad_add(w[i], w[THOUSAND - 1 - i]));
        STATUS(tape[i], AD_ERROR_FOREIGN);
        STATUS(tape[THOUSAND - 1 - i], AD_ERROR_FOREIGN);
    }
    for (int i = 0; i < THOUSAND; i++)
        ad_tape_free(tape[i]);
    for (int i = 0; i < THOUSAND; i++)
        PLAIN_NAN(ad_exp(w[i]));
}

Test(tapes, run_out_at_1023_with_null_and_come_back)
{
    static ad_tape *tape[1100];
    int n = 0;
    while (n < 1100 && (tape[n] = ad_tape_new()))
        n++;
    cr_assert(n == 1023, "%d tapes", n);
    cr_assert(ad_tape_new() == NULL);
    ad_tape_free(tape[500]);
    tape[500] = ad_tape_new();
    ad_var w = ad_param(tape[500], "w", 2);
    ad_backward(ad_square(w));
    EQUAL(ad_grad(w), 4);
    for (int i = 0; i < n; i++)
        ad_tape_free(tape[i]);
}

Test(tapes, interleave_in_one_thread)
{
    ad_tape *a = ad_tape_new(), *b = ad_tape_new();
    ad_var x = ad_param(a, "x", 0.5), y = ad_param(b, "y", 0.25), u = x, v = y;
    for (int i = 0; i < 1000; i++) {
        u = ad_add(ad_mul(u, 0.5), x);
        v = ad_sin(ad_sub(v, i % 3));
        if (i % 10 == 0) {
            ad_backward(u);
            ad_backward(v);
        }
    }
    EQUAL(ad_grad(u), 0);                              /* newer than the sweep */
    double dx = 0, dy = 1, t = 0.25;
    for (int i = 0; i < 1000; i++) {
        dx = 0.5 * dx + 1;
        dy *= cos(t - i % 3);
        t = sin(t - i % 3);
    }
    ad_backward(u);
    ad_backward(v);
    NEAR(ad_grad(x), dx, 1e-12);
    NEAR(ad_grad(y), dy, 1e-12);
    STATUS(a, AD_OK);
    STATUS(b, AD_OK);
    cr_assert(ad_tape_size(a) == 1 + 1 + 2000);
    cr_assert(ad_tape_size(b) == 1 + 3 + 2000);
    ad_tape_free(a);
    ad_tape_free(b);
}

Test(tapes, may_be_freed_in_any_order_and_leave_the_others_alone)
{
    ad_tape *a = ad_tape_new(), *b = ad_tape_new();
    ad_var x = ad_param(a, "x", 3), y = ad_param(b, "y", 5);
    ad_exp(y);
    ad_tape_free(b);                                   /* the one this thread recorded on last */
    ad_var E = ad_mul(x, x);
    ad_backward(E);
    EQUAL(ad_grad(x), 6);
    PLAIN_NAN(ad_mul(y, y));
    EQUAL(ad_value(ad_mul(2, 3)), 6);
    ad_tape_free(a);
    PLAIN_NAN(ad_mul(x, x));
    PLAIN_NAN(ad_mul(x, 2));
    EQUAL(ad_value(ad_mul(2, 3)), 6);
}

typedef struct handed {
    ad_tape *tape;
    ad_var   w, E;
    double   slope;
} handed;

static void *go_on(void *argument)
{
    handed *h = argument;
    ad_var v = ad_param(h->tape, "v", 3);
    h->E = ad_mul(ad_square(h->E), v);
    ad_backward(h->E);
    h->slope = ad_grad(h->w);
    return NULL;
}

static void in_a_thread(void *(*work)(void *), void *argument)
{
    pthread_t thread;
    cr_assert(!pthread_create(&thread, NULL, work, argument));
    pthread_join(thread, NULL);
}

Test(tapes, travel_to_another_thread_with_their_variables)
{
    handed h = {.tape = ad_tape_new()};
    h.w = ad_param(h.tape, "w", 2);
    h.E = ad_exp(h.w);
    in_a_thread(go_on, &h);
    NEAR(h.slope, 3 * 2 * exp(4), 1e-15);
    EQUAL(ad_grad(h.w), h.slope);
    ad_var F = ad_log(h.E);                            /* and back */
    ad_backward(F);
    NEAR(ad_grad(h.w), 2, 1e-15);
    EQUAL(ad_value(ad_find(h.tape, "v")), 3);
    STATUS(h.tape, AD_OK);
    ad_tape_free(h.tape);
}

static void *free_it(void *argument)
{
    ad_tape_free(((handed *)argument)->tape);
    return NULL;
}

Test(tapes, may_be_freed_by_another_thread)
{
    handed h = {.tape = ad_tape_new()};
    ad_tape *living = ad_tape_new();
    ad_var v = ad_param(living, "v", 2);
    h.w = ad_param(h.tape, "w", 2);
    ad_exp(h.w);
    in_a_thread(free_it, &h);
    PLAIN_NAN(ad_exp(h.w));
    EQUAL(ad_value(ad_add(1, 2)), 3);
    STATUS(living, AD_OK);
    PLAIN_NAN(ad_add(v, h.w));
    STATUS(living, AD_ERROR_STALE);
    ad_tape_free(living);
}
