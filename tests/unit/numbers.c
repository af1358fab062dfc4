/* numbers.c -- plain numbers of any type mix with variables on either side, and alone they record nothing. */
#include "unit.h"
#include "rows.h"

#include <stdbool.h>

static int calls;
static ad_var counted(ad_var v) { calls++; return v; }

/* w (n) and (n) w must both be the product with the double, and so must the slopes. */
#define MIXES(n) \
    do { \
        ad_var left_ = ad_mul(n, w), right_ = ad_mul(w, n); \
        EQUAL(ad_value(left_), (double)(n) * 0.5); \
        EQUAL(ad_value(right_), 0.5 * (double)(n)); \
        ad_backward(left_); \
        EQUAL(ad_grad(w), (double)(n)); \
        ad_backward(right_); \
        EQUAL(ad_grad(w), (double)(n)); \
    } while (0)

Test(numbers, of_every_type_mix_on_either_side)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    const double constant = 0.1;
    volatile float changing = 1.5f;
    const bool yes = true;
    MIXES(3);
    MIXES(-2.25);
    MIXES(0.1f);
    MIXES(1234567890123L);
    MIXES(7u);
    MIXES((size_t)12);
    MIXES((char)5);
    MIXES((short)-5);
    MIXES('a');
    MIXES(yes);
    MIXES(2.5L);
    MIXES(AD_ERROR_LIMIT);
    MIXES(constant);
    MIXES(changing);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(numbers, mix_in_every_place_of_three)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    EQUAL(ad_value(ad_fma(w, 3, 1L)), 2.5);
    EQUAL(ad_value(ad_fma(3, w, 1.0f)), 2.5);
    ad_var E = ad_fma(true, 2, w);
    EQUAL(ad_value(E), 2.5);
    ad_backward(E);
    EQUAL(ad_grad(w), 1);
    ad_var held = ad_clamp(w, 0, 1L), taken = ad_select(true, w, 0), missed = ad_select(false, w, 7);
    EQUAL(ad_value(held), 0.5);
    EQUAL(ad_value(taken), 0.5);
    EQUAL(ad_value(missed), 7);
    ad_backward(taken);
    EQUAL(ad_grad(w), 1);
    ad_backward(missed);
    EQUAL(ad_grad(w), 0);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(numbers, and_variables_may_be_const_and_in_arrays)
{
    ad_tape *tape = ad_tape_new();
    const ad_var w = ad_param(tape, "w", 0.5);
    const ad_var several[] = {w, ad_const(4)};
    const double factors[] = {8};
    ad_var E = ad_add(ad_mul(several[0], several[1]), ad_mul(factors[0], w));
    ad_backward(E);
    EQUAL(ad_value(E), 6);
    EQUAL(ad_grad(w), 12);
    ad_tape_free(tape);
}

Test(numbers, and_variables_are_evaluated_once)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    int i = 1;
    ad_var E = ad_add(ad_mul(counted(w), i++), ad_exp(counted(w)));
    cr_assert(calls == 2 && i == 2, "%d calls, i = %d", calls, i);
    EQUAL(ad_value(E), 0.5 + exp(0.5));
    ad_tape_free(tape);
}

Test(numbers, alone_give_a_plain_number_and_record_nothing_in_any_row)
{
    ad_tape *tape = ad_tape_new();
    ad_param(tape, "w", 0.5);
    ad_backward(ad_param(tape, "v", 0.5));
    size_t size = ad_tape_size(tape), memory = ad_tape_memory(tape);
    const double v[OPERANDS] = {0.75, 0.25, 0.5, 1.5, 2, 3};
    for (int i = 0; i < ROWS; i++) {
        ad_var plain[OPERANDS];
        for (int k = 0; k < OPERANDS; k++)
            plain[k] = ad_const(v[k]);
        ad_var z = rows[i].record(plain, 2);
        cr_assert(is_plain(z), "%s", rows[i].name);
        ad_backward(z);
        cr_assert(same(ad_grad(z), 0), "%s", rows[i].name);
        ad_name(z, "nothing");
        cr_assert(ad_name_of(z) == NULL, "%s", rows[i].name);
    }
    cr_assert(ad_tape_size(tape) == size && ad_tape_memory(tape) == memory);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(numbers, give_in_a_variable_the_bits_that_they_give_alone)
{
    ad_tape *tape = ad_tape_new();
    const double v[OPERANDS] = {0.75, 0.25, 0.5, 1.5, 2, 3};
    for (int i = 0; i < ROWS; i++) {
        ad_var variable[OPERANDS];
        for (int k = 0; k < OPERANDS; k++)
            variable[k] = ad_param(tape, NULL, v[k]);
        double recorded = rows[i].record(variable, 2).value, plain = row_value(&rows[i], v, 2);
        cr_assert(identical(recorded, plain) || (isnan(recorded) && isnan(plain)), "%s: %.17g %.17g", rows[i].name,
                  recorded, plain);
    }
    ad_tape_free(tape);
}

Test(numbers, in_an_empty_list_have_the_neutral_value)
{
    ad_var none[1] = {{0, 0}};
    EQUAL(ad_value(ad_sum(0, none)), 0);
    EQUAL(ad_value(ad_mean(0, none)), NAN);
    EQUAL(ad_value(ad_logsumexp(0, none)), -INFINITY);
    EQUAL(ad_value(ad_norm2(0, none)), 0);
    EQUAL(ad_value(ad_maximum(0, none)), -INFINITY);
    EQUAL(ad_value(ad_minimum(0, none)), INFINITY);
    EQUAL(ad_value(ad_dot(0, none, none)), 0);
    EQUAL(ad_value(ad_sum(0, NULL)), 0);
    EQUAL(ad_value(ad_dot(0, NULL, NULL)), 0);
    cr_assert(is_plain(ad_sum(0, NULL)) && is_plain(ad_mean(0, NULL)) && is_plain(ad_logsumexp(0, NULL)));
    PLAIN_NAN(ad_sum(2, NULL));
}

Test(numbers, alone_in_a_list_or_all_of_it_keep_the_sign_of_zero)
{
    ad_var zeros[] = {ad_const(-0.0), ad_const(-0.0), ad_const(-0.0)}, one[] = {ad_const(1), ad_const(1), ad_const(1)};
    cr_assert(signbit(ad_value(ad_sum(3, zeros))) && signbit(ad_value(ad_mean(3, zeros))) && signbit(ad_value(ad_dot(3, zeros, one))));
    cr_assert(signbit(ad_value(ad_logsumexp(1, zeros))) && !signbit(ad_value(ad_sum(0, zeros))));
}

Test(numbers, mix_with_variables_in_lists)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 3), x[] = {ad_const(1), w, ad_const(5), w}, y[] = {w, ad_const(2), ad_const(4), w};
    ad_var s = ad_sum(4, x), d = ad_dot(4, x, y);
    EQUAL(ad_value(s), 12);
    ad_backward(s);
    EQUAL(ad_grad(w), 2);
    EQUAL(ad_value(d), 3 + 6 + 20 + 9);
    ad_backward(d);
    EQUAL(ad_grad(w), 1 + 2 + 2 * 3);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(numbers, that_repeat_are_recorded_once)
{
    ad_tape *tape = ad_tape_new();
    ad_var v = ad_param(tape, "w", 0.5);
    for (int i = 0; i < 100; i++)
        v = ad_add(ad_mul(v, 0.25), 0.75);
    cr_assert(ad_tape_size(tape) == 1 + 2 + 200, "%zu nodes", ad_tape_size(tape));
    ad_tape_free(tape);
}

Test(numbers, that_differ_in_sign_of_zero_or_are_nan_are_kept_apart)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", -0.0);
    cr_assert(!signbit(ad_value(ad_add(w, 0.0))) && signbit(ad_value(ad_add(w, -0.0))));
    ad_var E = ad_add(ad_copysign(ad_add(w, 2), 0.0), ad_mul(0, ad_copysign(ad_add(w, 2), -0.0)));
    ad_backward(E);
    EQUAL(ad_grad(w), 1);
    ad_backward(ad_mul(w, NAN));
    EQUAL(ad_grad(w), NAN);
    ad_backward(ad_mul(w, 2));
    EQUAL(ad_grad(w), 2);
    ad_tape_free(tape);
}

Test(numbers, pass_through_without_touching_the_sign_of_gamma)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", -0.5);
    signgam = 7;
    ad_var E = ad_lgamma(x);
    ad_backward(E);
    cr_assert(signgam == 7 && isfinite(ad_value(E)) && isfinite(ad_grad(x)));
    ad_tape_free(tape);
}
