/* accumulate.c -- ad_accumulate over terms gives inputs the gradient of the sum; other variables that of the term. */
#include "unit.h"

static ad_var term(ad_var w, ad_var b, double x, double t)
{
    return ad_squared_error(t, ad_sigmoid(ad_add(ad_mul(w, x), b)));
}

Test(accumulate, over_terms_with_a_rewind_between_is_the_gradient_of_the_sum)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.3), b = ad_param(tape, "b", 0.1), sum = ad_const(0);
    ad_mark mark = ad_tape_mark(tape);
    for (int i = 0; i < 50; i++)
        sum = ad_add(sum, term(w, b, 0.1 * i - 2, i % 2));
    ad_backward(sum);
    double dw = ad_grad(w), db = ad_grad(b);
    ad_tape_rewind(tape, mark);
    ad_grad_clear(tape);
    for (int i = 0; i < 50; i++) {
        ad_accumulate(term(w, b, 0.1 * i - 2, i % 2));
        ad_tape_rewind(tape, mark);
    }
    NEAR(ad_grad(w), dw, 1e-13);
    NEAR(ad_grad(b), db, 1e-13);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(accumulate, adds_to_the_last_backward)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), h = ad_square(x), E = ad_mul(h, 3), F = ad_mul(h, 5);
    ad_backward(E);
    ad_accumulate(F);
    EQUAL(ad_grad(x), 12 + 20);
    EQUAL(ad_grad(h), 5);
    EQUAL(ad_grad(F), 1);
    EQUAL(ad_grad(E), 0);
    ad_accumulate(E);
    EQUAL(ad_grad(x), 44);
    EQUAL(ad_grad(h), 3);
    EQUAL(ad_grad(E), 1);
    EQUAL(ad_grad(F), 0);
    ad_backward(F);
    EQUAL(ad_grad(x), 20);
    ad_tape_free(tape);
}

Test(accumulate, without_a_backward_before_starts_from_zero)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), c = ad_column(tape, "c"), E = ad_add(ad_mul(3, x), ad_mul(2, c));
    ad_accumulate(E);
    ad_accumulate(E);
    EQUAL(ad_grad(x), 6);
    EQUAL(ad_grad(c), 4);
    ad_accumulate(x);
    ad_accumulate(c);
    EQUAL(ad_grad(x), 7);
    EQUAL(ad_grad(c), 5);
    EQUAL(ad_grad(E), 0);
    ad_tape_free(tape);
}

Test(accumulate, counts_params_that_come_after_other_nodes)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), h = ad_mul(x, 3), y = ad_param(tape, "y", 5);
    ad_accumulate(ad_mul(h, y));
    EQUAL(ad_grad(y), 6);
    ad_var z = ad_param(tape, "z", 7), E = ad_mul(ad_mul(h, y), z);
    EQUAL(ad_grad(z), 0);
    ad_accumulate(E);
    EQUAL(ad_grad(x), 15 + 105);
    EQUAL(ad_grad(y), 6 + 42);
    EQUAL(ad_grad(z), 30);
    EQUAL(ad_grad(h), 35);
    ad_var last = ad_param(tape, "last", 1);
    ad_accumulate(y);                                  /* an older result: newer inputs keep what they hold */
    EQUAL(ad_grad(x), 120);
    EQUAL(ad_grad(y), 49);
    EQUAL(ad_grad(z), 30);
    EQUAL(ad_grad(last), 0);
    EQUAL(ad_grad(h), 0);
    ad_tape_free(tape);
}

Test(accumulate, gives_a_param_made_anew_after_a_rewind_nothing_of_the_old_one)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), h = ad_square(x);
    ad_mark mark = ad_tape_mark(tape);
    for (int i = 1; i <= 5; i++) {
        ad_var y = ad_param(tape, "y", i);
        EQUAL(ad_grad(y), 0);
        ad_accumulate(ad_mul(h, y));
        EQUAL(ad_grad(y), 4);
        ad_tape_rewind(tape, mark);
    }
    EQUAL(ad_grad(x), 4 * (1 + 2 + 3 + 4 + 5));
    ad_tape_free(tape);
}

/* 0 sqrt(0): the quick sweep makes a NaN of it, and the careful one must start from what was held. */
static ad_var trouble(ad_var v) { return ad_mul(0, ad_sqrt(ad_mul(0, v))); }

Test(accumulate, keeps_what_it_holds_when_one_term_needs_a_careful_sweep)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), h = ad_square(x), y = ad_param(tape, "y", 3);
    ad_accumulate(ad_mul(h, y));
    ad_accumulate(ad_add(trouble(x), ad_add(trouble(y), ad_mul(y, 10))));
    EQUAL(ad_grad(x), 12);
    EQUAL(ad_grad(y), 4 + 10);
    ad_accumulate(ad_mul(h, y));
    EQUAL(ad_grad(x), 24);
    EQUAL(ad_grad(y), 18);
    ad_tape_free(tape);
}

Test(accumulate, lets_a_nan_stay_with_the_inputs_that_it_reaches)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", -2), h = ad_mul(x, 1), y = ad_param(tape, "y", 3);
    ad_accumulate(ad_mul(h, y));
    ad_accumulate(ad_add(ad_sqrt(h), ad_mul(y, 2)));
    EQUAL(ad_grad(x), NAN);
    EQUAL(ad_grad(y), -2 + 2);
    ad_accumulate(ad_mul(h, y));
    EQUAL(ad_grad(x), NAN);
    EQUAL(ad_grad(y), -2);
    ad_backward(ad_mul(h, y));
    EQUAL(ad_grad(x), 3);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

/* A random program of params, terms, sweeps, marks and rewinds against plain bookkeeping. All numbers are small whole
 * ones, so that every sum is exact. */
enum { MOST = 64 };

Test(accumulate, agrees_with_bookkeeping_over_random_programs)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t state = seed * 0x9e3779b97f4a7c15u;
        ad_tape *tape = ad_tape_new();
        ad_var p[MOST];
        double held[MOST];
        int n = 0, n_marks = 0, params_at[MOST];
        ad_mark mark[MOST];
        for (int step = 0; step < 150; step++) {
            int what = random_below(&state, 12);
            if ((what < 2 || n == 0) && n < MOST) {
                p[n] = ad_param(tape, NULL, 1 + random_below(&state, 5));
                held[n++] = 0;
            } else if (what < 8) {
                ad_var E = ad_const(0);
                double slope[MOST] = {0};
                for (int k = 0; k < n; k++)
                    if (random_below(&state, 2)) {
                        int c = random_below(&state, 7) - 3;
                        E = ad_add(E, ad_mul(c, ad_square(p[k])));
                        slope[k] = 2 * c * p[k].value;
                        if (!random_below(&state, 6))
                            E = ad_add(trouble(p[k]), E);
                    }
                int fresh = !random_below(&state, 5);
                if (fresh)
                    ad_backward(E);
                else
                    ad_accumulate(E);
                for (int k = 0; k < n && !is_plain(E); k++)
                    held[k] = slope[k] + (fresh ? 0 : held[k]);
            } else if (what == 8) {
                ad_grad_clear(tape);
                memset(held, 0, sizeof held);
            } else if (what == 9 && n_marks < MOST) {
                params_at[n_marks] = n;
                mark[n_marks++] = ad_tape_mark(tape);
            } else if (what > 9 && n_marks) {
                n_marks = random_below(&state, n_marks) + 1;
                ad_tape_rewind(tape, mark[n_marks - 1]);
                n = params_at[n_marks - 1];
            }
            for (int k = 0; k < n; k++)
                cr_assert(same(ad_grad(p[k]), held[k]), "seed %d, step %d: param %d of %d has %.17g, not %.17g",
                          (int)seed, step, k, n, ad_grad(p[k]), held[k]);
        }
        STATUS(tape, AD_OK);
        ad_tape_free(tape);
    }
}
