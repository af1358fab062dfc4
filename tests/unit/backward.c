/* backward.c -- after ad_backward every variable of the tape has an answer, and it does not depend on what came before.
 */
#include "unit.h"

Test(backward, answers_for_intermediates_inputs_and_the_result)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 3), y = ad_param(tape, "y", 5), t = ad_column(tape, "t");
    ad_var unused = ad_param(tape, "u", 1), aside = ad_exp(unused);
    ad_var h = ad_mul(x, y), k = ad_add(h, x), E = ad_mul(k, h);
    ad_var newer = ad_mul(E, 2);
    EQUAL(ad_grad(x), 0);
    EQUAL(ad_grad(E), 0);
    ad_backward(E);
    EQUAL(ad_grad(E), 1);
    EQUAL(ad_grad(k), 15);
    EQUAL(ad_grad(h), 15 + 18);
    EQUAL(ad_grad(x), 33 * 5 + 15);
    EQUAL(ad_grad(y), 33 * 3);
    EQUAL(ad_grad(unused), 0);
    EQUAL(ad_grad(aside), 0);
    EQUAL(ad_grad(t), 0);
    EQUAL(ad_grad(newer), 0);
    ad_var later = ad_param(tape, "later", 1);
    EQUAL(ad_grad(later), 0);
    EQUAL(ad_grad(ad_const(3)), 0);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(backward, twice_gives_the_same_answer_and_records_nothing)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0.3), E = ad_mul(ad_sin(x), ad_add(x, x));
    size_t size = ad_tape_size(tape);
    ad_backward(E);
    double once = ad_grad(x);
    ad_backward(E);
    cr_assert(identical(ad_grad(x), once));
    cr_assert(ad_tape_size(tape) == size);
    ad_tape_free(tape);
}

Test(backward, of_one_result_leaves_nothing_of_another)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), a = ad_square(x), y = ad_param(tape, "y", 7), b = ad_mul(a, y), c = ad_mul(b, b);
    ad_backward(c);
    ad_backward(a);
    EQUAL(ad_grad(x), 4);
    EQUAL(ad_grad(a), 1);
    EQUAL(ad_grad(y), 0);
    EQUAL(ad_grad(b), 0);
    EQUAL(ad_grad(c), 0);
    ad_backward(b);
    EQUAL(ad_grad(x), 28);
    EQUAL(ad_grad(y), 4);
    EQUAL(ad_grad(c), 0);
    ad_backward(x);
    EQUAL(ad_grad(x), 1);
    EQUAL(ad_grad(a), 0);
    EQUAL(ad_grad(y), 0);
    ad_tape_free(tape);
}

Test(backward, of_a_plain_number_does_nothing)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), E = ad_square(x);
    ad_backward(E);
    ad_backward(ad_const(5));
    ad_accumulate(ad_const(NAN));
    EQUAL(ad_grad(x), 4);
    EQUAL(ad_grad(E), 1);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(backward, adds_where_paths_meet)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 3), E = ad_const(0);
    for (int i = 1; i <= 1000; i++)
        E = ad_add(E, ad_mul(i, x));
    ad_backward(E);
    EQUAL(ad_grad(x), 500500);
    ad_backward(ad_mul(x, x));
    EQUAL(ad_grad(x), 6);
    ad_backward(ad_div(x, x));
    EQUAL(ad_grad(x), 0);
    ad_backward(ad_fma(x, x, x));
    EQUAL(ad_grad(x), 7);
    ad_backward(ad_sum(3, (ad_var[]){x, x, x}));
    EQUAL(ad_grad(x), 3);
    ad_backward(ad_dot(2, (ad_var[]){x, x}, (ad_var[]){x, ad_const(5)}));
    EQUAL(ad_grad(x), 11);
    ad_tape_free(tape);
}

Test(backward, forgets_what_was_rewound_and_knows_nothing_of_what_is_newer)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2);
    ad_mark mark = ad_tape_mark(tape);
    ad_var E = ad_mul(ad_square(x), 3);
    ad_backward(E);
    EQUAL(ad_grad(x), 12);
    ad_tape_rewind(tape, mark);
    EQUAL(ad_grad(x), 12);
    ad_var y = ad_param(tape, "y", 1), F = ad_mul(ad_square(y), 3); /* the ids of before */
    EQUAL(ad_grad(y), 0);
    EQUAL(ad_grad(F), 0);
    EQUAL(ad_grad(x), 12);
    ad_backward(F);
    EQUAL(ad_grad(x), 0);
    EQUAL(ad_grad(y), 6);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(backward, after_a_reset_starts_from_nothing)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2);
    ad_backward(ad_square(x));
    ad_tape_reset(tape);
    ad_var y = ad_param(tape, "y", 2), E = ad_square(y);
    EQUAL(ad_grad(y), 0);
    EQUAL(ad_grad(E), 0);
    ad_backward(E);
    EQUAL(ad_grad(y), 4);
    ad_tape_free(tape);
}

Test(backward, grad_clear_sets_every_gradient_to_zero)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), E = ad_square(x);
    ad_backward(E);
    ad_grad_clear(tape);
    EQUAL(ad_grad(x), 0);
    EQUAL(ad_grad(E), 0);
    ad_accumulate(E);
    EQUAL(ad_grad(x), 4);
    ad_tape_free(tape);
}

Test(backward, of_a_stale_result_is_an_error_and_of_a_freed_one_harmless)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), E = ad_square(x);
    ad_tape_reset(tape);
    ad_backward(E);
    STATUS(tape, AD_ERROR_STALE);
    SAYS(tape, "ad_backward");
    ad_tape_reset(tape);
    ad_accumulate(E);
    STATUS(tape, AD_ERROR_STALE);
    SAYS(tape, "ad_accumulate");
    ad_tape_free(tape);
    ad_backward(E);
    ad_accumulate(E);
    EQUAL(ad_grad(E), NAN);
}

Test(backward, reaches_operands_of_three_and_lists_everywhere_on_a_long_tape)
{
    ad_tape *tape = ad_tape_new();
    ad_var x[100], s = ad_const(0);
    for (int i = 0; i < 100; i++) {
        x[i] = ad_param(tape, NULL, i);
        s = ad_add(s, ad_fma(x[i], 2, ad_select(1, x[i], s)));   /* params come between nodes */
    }
    ad_var E = ad_add(s, ad_add(ad_sum(100, x), ad_dot(100, x, x)));
    ad_backward(E);
    for (int i = 0; i < 100; i++)
        cr_assert(same(ad_grad(x[i]), 2 + 1 + 1 + 2 * i), "x[%d]: %g", i, ad_grad(x[i]));
    ad_tape_free(tape);
}
