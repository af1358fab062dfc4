/* marks.c -- a mark is a place to come back to: older variables live, newer ones die, and a mark that is no longer
 * valid forgets nothing. */
#include "unit.h"

Test(marks, nest)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 2), v[60];
    ad_mark mark[60];
    for (int i = 0; i < 60; i++) {
        mark[i] = ad_tape_mark(tape);
        v[i] = ad_mul(i ? v[i - 1] : w, 1.5);
    }
    for (int i = 60; i-- > 0;) {
        for (int k = 0; k <= i; k++)
            cr_assert(!isnan(ad_grad(v[k])), "variable %d before the rewind to mark %d", k, i);
        ad_tape_rewind(tape, mark[i]);
        for (int k = i; k-- > 0;)
            cr_assert(!is_plain(ad_neg(v[k])), "variable %d after the rewind to mark %d", k, i);
        ad_tape_rewind(tape, mark[i]);
        STATUS(tape, AD_OK);
        cr_assert(ad_tape_size(tape) == (size_t)i + 1 + (i > 0), "%zu nodes at mark %d", ad_tape_size(tape), i);
    }
    for (int i = 0; i < 60; i++)
        cr_assert(isnan(ad_grad(v[i])));
    cr_assert(!isnan(ad_grad(w)));
    ad_tape_free(tape);
}

Test(marks, may_be_used_again)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 2);
    ad_mark mark = ad_tape_mark(tape);
    for (int i = 0; i < 1000; i++) {
        ad_exp(ad_mul(w, i));
        ad_tape_rewind(tape, mark);
        cr_assert(ad_tape_size(tape) == 1);
    }
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(marks, at_the_same_place_are_as_good_as_one)
{
    ad_tape *tape = ad_tape_new();
    ad_mark empty = ad_tape_mark(tape);
    ad_var w = ad_param(tape, "w", 2);
    ad_mark a = ad_tape_mark(tape), b = ad_tape_mark(tape);
    ad_var v = ad_exp(w);
    ad_tape_rewind(tape, b);
    cr_assert(isnan(ad_grad(v)) && !isnan(ad_grad(w)));
    ad_tape_reset(tape);
    empty = ad_tape_mark(tape);
    w = ad_param(tape, "w", 2);
    a = ad_tape_mark(tape);
    ad_exp(w);
    ad_tape_rewind(tape, a);
    EQUAL(ad_grad(w), 0);
    ad_tape_rewind(tape, empty);
    STATUS(tape, AD_OK);
    cr_assert(ad_tape_size(tape) == 0);
    EQUAL(ad_grad(w), NAN);
    ad_tape_free(tape);
}

Test(marks, out_of_order_are_caught_and_forget_nothing)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 2);
    ad_mark older = ad_tape_mark(tape);
    ad_exp(w);
    ad_mark newer = ad_tape_mark(tape);
    ad_exp(w);
    ad_tape_rewind(tape, older);
    ad_var v = ad_exp(w);                              /* the count of `newer` again */
    ad_mark same_count = ad_tape_mark(tape);
    ad_var u = ad_exp(v);
    cr_assert(same_count.count == newer.count);
    size_t size = ad_tape_size(tape);
    ad_tape_rewind(tape, newer);
    STATUS(tape, AD_ERROR_STALE);
    SAYS(tape, "ad_tape_rewind");
    cr_assert(ad_tape_size(tape) == size && !isnan(ad_grad(u)));
    ad_tape_rewind(tape, same_count);                  /* the valid one still works */
    cr_assert(ad_tape_size(tape) == size - 1 && isnan(ad_grad(u)) && !isnan(ad_grad(v)));
    ad_tape_free(tape);
}

Test(marks, are_invalid_after_a_reset)
{
    ad_tape *tape = ad_tape_new();
    ad_mark empty = ad_tape_mark(tape);
    ad_var w = ad_param(tape, "w", 2);
    ad_mark mark = ad_tape_mark(tape);
    ad_exp(w);
    ad_tape_reset(tape);
    w = ad_param(tape, "w", 2);
    ad_tape_rewind(tape, mark);
    STATUS(tape, AD_ERROR_STALE);
    cr_assert(ad_tape_size(tape) == 1 && !isnan(ad_grad(w)));
    ad_tape_reset(tape);
    w = ad_param(tape, "w", 2);
    ad_tape_rewind(tape, empty);
    STATUS(tape, AD_ERROR_STALE);
    cr_assert(ad_tape_size(tape) == 1 && !isnan(ad_grad(w)));
    ad_tape_free(tape);
}

Test(marks, of_the_empty_tape_are_invalid_after_a_reset_too)
{
    ad_tape *tape = ad_tape_new();
    ad_mark empty = ad_tape_mark(tape);
    ad_tape_reset(tape);
    ad_var w = ad_param(tape, "w", 2);
    ad_tape_rewind(tape, empty);
    STATUS(tape, AD_ERROR_STALE);
    cr_assert(ad_tape_size(tape) == 1 && !isnan(ad_grad(w)));
    ad_tape_free(tape);
}

Test(marks, of_no_tape_or_of_nothing_are_caught)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 2);
    ad_tape_rewind(tape, ad_tape_mark(NULL));
    STATUS(tape, AD_ERROR_STALE);
    cr_assert(ad_tape_size(tape) == 1 && !isnan(ad_grad(w)));
    ad_tape_free(tape);
}

Test(marks, of_another_tape_are_caught)
{
    ad_tape *a = ad_tape_new(), *b = ad_tape_new();
    ad_var x = ad_param(a, "x", 2), y = ad_param(b, "y", 3);
    ad_mark of_a = ad_tape_mark(a), of_b = ad_tape_mark(b);
    ad_var u = ad_exp(x), v = ad_exp(y);
    ad_tape_rewind(b, of_a);
    cr_assert(ad_tape_error(b) != AD_OK);
    cr_assert(ad_tape_size(b) == 2 && !isnan(ad_grad(v)) && !isnan(ad_grad(u)));
    ad_tape_rewind(b, of_b);
    cr_assert(ad_tape_size(b) == 1 && ad_tape_size(a) == 2);
    ad_tape_free(a);
    ad_tape_free(b);
}

Test(marks, of_a_freed_tape_are_caught)
{
    ad_tape *tape = ad_tape_new();
    ad_param(tape, "x", 2);
    ad_mark mark = ad_tape_mark(tape);
    ad_tape_free(tape);
    tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2);
    ad_tape_mark(tape);
    ad_exp(x);
    ad_tape_rewind(tape, mark);
    STATUS(tape, AD_ERROR_STALE);
    cr_assert(ad_tape_size(tape) == 2);
    ad_tape_free(tape);
}

Test(marks, bring_back_lists_and_constants)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 2), x[] = {w, ad_const(3), ad_const(4)}, before = ad_sum(3, x);
    ad_mark mark = ad_tape_mark(tape);
    for (int i = 0; i < 100; i++) {
        ad_var y[] = {w, ad_const(3), ad_const(100 + i)}, after = ad_dot(3, x, y), E = ad_add(before, after);
        ad_backward(E);
        EQUAL(ad_value(E), 9 + 4 + 9 + 4 * (100 + i));
        EQUAL(ad_grad(w), 1 + 4);
        ad_tape_rewind(tape, mark);
    }
    ad_backward(before);
    EQUAL(ad_grad(w), 1);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

/* A random life against a plain stack of who is alive. ad_grad asks without recording: NaN means stale. */
enum { ALL = 6000, DEEP = 300 };

Test(marks, agree_with_bookkeeping_over_random_programs)
{
    static ad_var v[ALL];
    static int    alive[ALL], stack[ALL];
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint64_t state = seed * 0x9e3779b97f4a7c15u;
        struct { ad_mark mark; int depth; } marks[DEEP], dead[DEEP];
        int n = 0, depth = 0, n_marks = 0, n_dead = 0, deepest = 0;
        ad_tape *tape = ad_tape_new();
        while (n < ALL - 1) {
            int what = random_below(&state, 100);
            if (what < 52 || depth == 0) {
                v[n] = depth && what < 35 ? ad_neg(v[stack[random_below(&state, depth)]]) : ad_param(tape, NULL, n);
                cr_assert(!is_plain(v[n]), "seed %d, variable %d: a living operand was rejected", (int)seed, n);
                alive[n] = 1;
                stack[depth++] = n++;
            } else if (what < 86 && n_marks < DEEP && (!n_marks || marks[n_marks - 1].depth < depth)) {
                marks[n_marks].depth = depth;
                marks[n_marks++].mark = ad_tape_mark(tape);
            } else if (what < 89 && n_marks) {
                int down = random_below(&state, 3) ? 1 : 1 + random_below(&state, n_marks < 6 ? n_marks : 6);
                while (down-- > 1) {
                    dead[n_dead % DEEP].mark = marks[--n_marks].mark;
                    n_dead++;
                }
                ad_tape_rewind(tape, marks[n_marks - 1].mark);
                while (depth > marks[n_marks - 1].depth)
                    alive[stack[--depth]] = 0;
            } else if (what < 97 && n_dead)
                ad_tape_rewind(tape, dead[random_below(&state, n_dead < DEEP ? n_dead : DEEP)].mark);
            else if (what == 99 && !random_below(&state, 30)) {
                ad_tape_reset(tape);
                while (depth)
                    alive[stack[--depth]] = 0;
                for (; n_marks; n_dead++)
                    dead[n_dead % DEEP].mark = marks[--n_marks].mark;
            }
            deepest = n_marks > deepest ? n_marks : deepest;
            cr_assert(ad_tape_size(tape) == (size_t)depth, "seed %d: %zu nodes, not %d", (int)seed, ad_tape_size(tape),
                      depth);
            for (int i = 0; i < 8 && n; i++) {
                int k = i < 4 ? random_below(&state, n) : n - 1 - random_below(&state, n < 50 ? n : 50);
                cr_assert(isnan(ad_grad(v[k])) == !alive[k], "seed %d: variable %d of %d is %s", (int)seed, k, n,
                          alive[k] ? "alive and was rejected" : "stale and was accepted");
            }
        }
        cr_assert(deepest > 40, "only %d marks deep", deepest);
        ad_tape_free(tape);
    }
}
