/* stale.c -- a variable that outlived its node is caught wherever it is used, and one that did not never is. */
#include "unit.h"
#include "rows.h"

Test(stale, a_variable_of_before_a_reset_is_caught)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_tape_reset(tape);
    for (int i = 0; i < 4; i++) {
        ad_var v = ad_param(tape, "v", 2);             /* uses the id again */
        PLAIN_NAN(i == 0 ? ad_add(w, v) : i == 1 ? ad_exp(w) : i == 2 ? ad_mul(w, 2) : ad_pow(v, w));
        STATUS(tape, AD_ERROR_STALE);
        SAYS(tape, "stale");
        EQUAL(ad_value(w), 0.5);                       /* the number stays readable */
        ad_tape_reset(tape);
    }
    ad_tape_free(tape);
}

Test(stale, a_variable_is_caught_by_every_row)
{
    ad_tape *tape = ad_tape_new();
    ad_var old = ad_param(tape, "old", 0.5);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < rows[i].operands; k++) {
            ad_tape_reset(tape);
            ad_var v[OPERANDS], living = ad_param(tape, "w", 0.25);
            for (int j = 0; j < rows[i].operands; j++)
                v[j] = j == k ? old : living;
            ad_var z = rows[i].record(v, 2);
            cr_assert(is_plain(z) && isnan(z.value), "%s, operand %d", rows[i].name, k);
            cr_assert(ad_tape_error(tape) == AD_ERROR_STALE, "%s, operand %d", rows[i].name, k);
            char call[64];
            snprintf(call, sizeof call, "ad_%s:", rows[i].name);
            SAYS(tape, call);
            cr_assert(ad_tape_size(tape) == 1, "%s left %zu nodes", rows[i].name, ad_tape_size(tape));
        }
    ad_tape_free(tape);
}

Test(stale, the_gradient_of_one_is_nan_and_marks_the_tape)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_backward(ad_square(w));
    ad_tape_reset(tape);
    ad_var v = ad_param(tape, "v", 2);
    ad_backward(ad_square(v));
    EQUAL(ad_grad(w), NAN);
    STATUS(tape, AD_ERROR_STALE);
    SAYS(tape, "ad_grad");
    ad_tape_free(tape);
}

Test(stale, a_variable_past_a_rewind_is_caught_though_its_id_is_used_again)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_mark mark = ad_tape_mark(tape);
    ad_var old = ad_exp(w);
    ad_tape_rewind(tape, mark);
    ad_var again = ad_exp(w);
    EQUAL(ad_value(ad_add(w, again)), 0.5 + exp(0.5));
    STATUS(tape, AD_OK);
    PLAIN_NAN(ad_add(w, old));
    STATUS(tape, AD_ERROR_STALE);
    ad_tape_free(tape);
}

Test(stale, other_questions_about_one_are_answered_with_an_error)
{
    ad_tape *tape = ad_tape_new();
    ad_var old = ad_param(tape, "old", 0.5), out[1];
    for (int i = 0; i < 4; i++) {
        ad_tape_reset(tape);
        ad_var w = ad_param(tape, "w", 2), E = ad_square(w);
        if (i == 0)
            cr_assert(ad_name_of(old) == NULL);
        if (i == 1)
            ad_name(old, "again");
        if (i == 2) {
            ad_gradient(E, 1, &old, out);
            PLAIN_NAN(out[0]);
        }
        if (i == 3) {
            ad_gradient(old, 1, &w, out);
            PLAIN_NAN(out[0]);
        }
        STATUS(tape, AD_ERROR_STALE);
        cr_assert(ad_name_of(w) != NULL && !strcmp(ad_name_of(w), "w"));
    }
    ad_tape_free(tape);
}

Test(stale, a_variable_of_a_freed_tape_is_caught_by_a_living_one)
{
    ad_tape *tape = ad_tape_new(), *living = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5), v = ad_param(living, "v", 2);
    ad_tape_free(tape);
    PLAIN_NAN(ad_exp(w));
    PLAIN_NAN(ad_add(w, 2));
    EQUAL(ad_grad(w), NAN);
    cr_assert(ad_name_of(w) == NULL);
    STATUS(living, AD_OK);
    PLAIN_NAN(ad_add(w, v));
    STATUS(living, AD_ERROR_STALE);
    SAYS(living, "freed");
    ad_tape_reset(living);
    v = ad_param(living, "v", 2);
    PLAIN_NAN(ad_add(v, w));
    STATUS(living, AD_ERROR_STALE);
    ad_tape_free(living);
}

/* The new tape most likely has the place of the old one, and its ids; it has met no variable of it. */
Test(stale, a_variable_of_a_freed_tape_is_caught_by_the_tape_that_took_its_place)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    for (int i = 0; i < 50; i++) {
        ad_tape_free(tape);
        tape = ad_tape_new();
        ad_var v = ad_param(tape, "v", 2);
        PLAIN_NAN(ad_add(v, w));
        STATUS(tape, AD_ERROR_STALE);
    }
    ad_tape_free(tape);
}

Test(stale, a_variable_of_a_freed_tape_alone_does_not_mark_the_tape_that_took_its_place)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_tape_free(tape);
    tape = ad_tape_new();
    ad_param(tape, "v", 2);
    PLAIN_NAN(ad_exp(w));
    EQUAL(ad_grad(w), NAN);
    ad_backward(w);
    cr_assert(ad_name_of(w) == NULL);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(stale, a_variable_of_a_freed_tape_marks_only_the_tape_that_it_meets)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_tape_free(tape);
    ad_tape *heir = ad_tape_new(), *other = ad_tape_new();
    ad_param(heir, "v", 2);
    ad_var x = ad_param(other, "x", 2);
    PLAIN_NAN(ad_add(w, x));
    PLAIN_NAN(ad_add(x, w));
    STATUS(other, AD_ERROR_STALE);
    STATUS(heir, AD_OK);
    ad_tape_free(heir);
    ad_tape_free(other);
}

Test(stale, a_plain_number_never_is)
{
    ad_tape *tape = ad_tape_new();
    ad_var c = ad_const(3);
    for (int i = 0; i < 3; i++) {
        EQUAL(ad_value(ad_mul(ad_param(tape, "w", 2), c)), 6);
        ad_tape_reset(tape);
    }
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
