/* errors.c -- the first fault sticks to the tape with words that help, and what follows is harmless. */
#include "unit.h"
#include <nn/nn.h>

#include <stdbool.h>

Test(errors, the_first_one_wins_until_a_reset)
{
    ad_tape *tape = ad_tape_new(), *other = ad_tape_new();
    ad_var old = ad_param(tape, "old", 1.5);
    ad_tape_reset(tape);
    STATUS(tape, AD_OK);
    ad_var w = ad_param(tape, "w", 2), foreign = ad_param(other, "f", 3);
    PLAIN_NAN(ad_mul(w, old));
    STATUS(tape, AD_ERROR_STALE);
    char first[256];
    snprintf(first, sizeof first, "%s", ad_tape_error_message(tape));
    PLAIN_NAN(ad_sub(w, foreign));
    STATUS(tape, AD_ERROR_STALE);
    cr_assert(!strcmp(first, ad_tape_error_message(tape)));
    ad_var v = ad_mul(w, 4);                           /* still harmless, and still right */
    ad_backward(v);
    EQUAL(ad_value(v), 8);
    EQUAL(ad_grad(w), 4);
    STATUS(tape, AD_ERROR_STALE);
    ad_tape_reset(tape);
    STATUS(tape, AD_OK);
    cr_assert(!strcmp(ad_tape_error_message(tape), "no error"), "%s", ad_tape_error_message(tape));
    PLAIN_NAN(ad_sub(ad_param(tape, "w", 2), foreign));
    STATUS(tape, AD_ERROR_FOREIGN);
    ad_tape_free(tape);
    ad_tape_free(other);
}

Test(errors, name_the_operation_and_the_operand)
{
    ad_tape *tape = ad_tape_new();
    ad_var old = ad_param(tape, "old", 1.625), w, list[3];
#define FAULT(expression, operation, operand) \
    ad_tape_reset(tape); \
    w = ad_param(tape, "w", 2); \
    list[0] = w, list[1] = w, list[2] = old; \
    PLAIN_NAN(expression); \
    STATUS(tape, AD_ERROR_STALE); \
    SAYS(tape, operation); \
    SAYS(tape, operand); \
    SAYS(tape, "1.625")
    FAULT(ad_mul(w, old), "ad_mul:", "second");
    FAULT(ad_atan2(w, old), "ad_atan2:", "second");
    FAULT(ad_fma(w, w, old), "ad_fma:", "third");
    FAULT(ad_select(1, w, old), "ad_select:", "third");
    FAULT(ad_sum(3, list), "ad_sum:", "x[2]");
    FAULT(ad_dot(3, (ad_var[]){w, w, w}, list), "ad_dot:", "y[2]");
    FAULT(ad_sigmoid(old), "ad_sigmoid:", "stale");
    FAULT(ad_powi(old, 3), "ad_powi:", "stale");
    ad_tape_free(tape);
}

Test(errors, name_the_first_operand_too)
{
    ad_tape *tape = ad_tape_new();
    ad_var old = ad_param(tape, "old", 1.625);
    ad_tape_reset(tape);
    PLAIN_NAN(ad_div(old, ad_param(tape, "w", 2)));
    SAYS(tape, "ad_div:");
    SAYS(tape, "first");
    ad_tape_reset(tape);
    PLAIN_NAN(ad_sum(2, (ad_var[]){old, ad_param(tape, "w", 2)}));
    SAYS(tape, "ad_sum:");
    SAYS(tape, "x[0]");
    ad_tape_free(tape);
}

Test(errors, of_a_foreign_operand_mark_both_tapes)
{
    for (int place = 0; place < 6; place++) {
        ad_tape *a = ad_tape_new(), *b = ad_tape_new(), *c = ad_tape_new();
        ad_var x = ad_param(a, "x", 2), y = ad_param(b, "y", 3);
        ad_param(c, "z", 4);
        size_t sizes = ad_tape_size(a) + ad_tape_size(b);
        ad_var z = place == 0 ? ad_add(x, y) : place == 1 ? ad_add(y, x) : place == 2 ? ad_fma(x, 2, y)
                 : place == 3 ? ad_select(1, y, x) : place == 4 ? ad_sum(3, (ad_var[]){ad_const(1), x, y})
                 : ad_dot(2, (ad_var[]){x, x}, (ad_var[]){x, y});
        PLAIN_NAN(z);
        STATUS(a, AD_ERROR_FOREIGN);
        STATUS(b, AD_ERROR_FOREIGN);
        STATUS(c, AD_OK);
        SAYS(a, "another tape");
        SAYS(b, "another tape");
        cr_assert(ad_tape_size(a) + ad_tape_size(b) == sizes);
        ad_tape_free(a);
        ad_tape_free(b);
        ad_tape_free(c);
    }
}

Test(errors, of_a_foreign_variable_to_differentiate_by_mark_both_tapes)
{
    ad_tape *a = ad_tape_new(), *b = ad_tape_new();
    ad_var x = ad_param(a, "x", 2), y = ad_param(b, "y", 3), E = ad_square(x), wrt[] = {x, y};
    ad_gradient(E, 2, wrt, wrt);
    PLAIN_NAN(wrt[0]);
    PLAIN_NAN(wrt[1]);
    STATUS(a, AD_ERROR_FOREIGN);
    STATUS(b, AD_ERROR_FOREIGN);
    SAYS(a, "ad_gradient");
    ad_tape_free(a);
    ad_tape_free(b);
}

Test(errors, a_tape_that_is_full_says_how_to_mend_it)
{
    ad_tape *tape = ad_tape_create((ad_tape_options){.node_limit = 100});
    ad_var v = ad_param(tape, "w", 0.5), E = ad_const(0);
    for (int i = 0; i < 200; i++) {
        ad_var next = ad_sin(v);
        if (is_plain(next))
            break;
        E = v = next;
    }
    STATUS(tape, AD_ERROR_LIMIT);
    SAYS(tape, "100");
    SAYS(tape, "node_limit");
    SAYS(tape, "ad_tape_rewind");
    PLAIN_NAN(ad_sin(v));
    cr_assert(ad_tape_size(tape) <= 100);
    ad_backward(E);                                    /* what was recorded still works */
    cr_assert(ad_grad(E) == 1 && isfinite(ad_grad(v)));
    ad_tape_reset(tape);
    ad_var w = ad_param(tape, "w", 0.5);
    cr_assert(!is_plain(ad_sin(w)));
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

/* All ways of recording fill a tape to the last node, whatever the thread recorded on before. */
Test(errors, a_tape_holds_as_many_nodes_as_its_limit_says)
{
    for (int way = 0; way < 6; way++) {
        ad_tape *tape = ad_tape_create((ad_tape_options){.node_limit = 24}), *other = ad_tape_new();
        ad_var w = ad_param(tape, "w", 0.5), v = w, o = ad_param(other, "o", 1);
        for (int i = 0; i < 40 && ad_tape_error(tape) == AD_OK; i++) {
            ad_sin(o);                                 /* the thread now records on the other tape */
            v = way == 0   ? ad_sin(w)
                : way == 1 ? ad_atan2(w, w)
                : way == 2 ? ad_mul(w, 3)
                : way == 3 ? ad_param(tape, NULL, 1)
                : way == 4 ? ad_sum(3, (ad_var[]){w, w, w})
                           : ad_sub(w, w);
        }
        PLAIN_NAN(v);
        STATUS(tape, AD_ERROR_LIMIT);
        cr_assert(ad_tape_size(tape) == 24, "way %d: %zu nodes of 24", way, ad_tape_size(tape));
        ad_tape_free(tape);
        ad_tape_free(other);
    }
}

Test(errors, operations_of_three_fit_where_their_two_records_do)
{
    ad_tape *tape = ad_tape_create((ad_tape_options){.node_limit = 5});
    ad_var x = ad_param(tape, "x", 2), y = ad_param(tape, "y", 3), w = ad_param(tape, "w", 4), z = ad_fma(x, y, w);
    STATUS(tape, AD_OK);
    EQUAL(ad_value(z), 10);
    ad_backward(z);
    EQUAL(ad_grad(x), 3);
    PLAIN_NAN(ad_param(tape, "u", 1));
    STATUS(tape, AD_ERROR_LIMIT);
    ad_tape_free(tape);
}

Test(errors, a_list_longer_than_the_limit_is_refused)
{
    ad_tape *tape = ad_tape_create((ad_tape_options){.node_limit = 50});
    ad_var w = ad_param(tape, "w", 1), x[100];
    for (int i = 0; i < 100; i++)
        x[i] = i ? ad_const(i) : w;
    PLAIN_NAN(ad_sum(100, x));
    STATUS(tape, AD_ERROR_LIMIT);
    SAYS(tape, "ad_sum");
    ad_tape_free(tape);
}

Test(errors, without_a_tape_everything_is_legal_and_nan)
{
    ad_tape_free(NULL);
    ad_tape_reset(NULL);
    ad_grad_clear(NULL);
    cr_assert(ad_tape_error(NULL) == AD_ERROR_NO_MEMORY);
    cr_assert(ad_tape_error_message(NULL) && *ad_tape_error_message(NULL));
    cr_assert(ad_tape_size(NULL) == 0 && ad_tape_memory(NULL) == 0);
    ad_tape_rewind(NULL, ad_tape_mark(NULL));
    ad_var w = ad_param(NULL, "w", 0.5), t = ad_column(NULL, "t");
    PLAIN_NAN(w);
    PLAIN_NAN(t);
    PLAIN_NAN(ad_find(NULL, "w"));
    ad_var E = ad_squared_error(t, ad_sigmoid(ad_mul(w, 2)));
    PLAIN_NAN(E);
    ad_backward(E);
    ad_accumulate(E);
    EQUAL(ad_grad(w), 0);
    PLAIN_NAN(ad_name(w, "w"));
    cr_assert(ad_name_of(w) == NULL);
    ad_var out[2] = {w, t};
    ad_gradient(E, 2, out, out);
    PLAIN_NAN(out[0]);
    PLAIN_NAN(nn_neuron(1, &w, &t, NULL, ad_tanh));
}

Test(errors, nan_and_infinity_in_the_numbers_are_none)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", -1), big = ad_param(tape, "b", 1e308);
    cr_assert(isnan(ad_value(ad_log(w))) && !is_plain(ad_log(w)));
    EQUAL(ad_value(ad_mul(big, 10)), INFINITY);
    EQUAL(ad_value(ad_div(w, 0)), -INFINITY);
    ad_backward(ad_log(w));
    EQUAL(ad_grad(w), NAN);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(errors, the_version_is_the_headers)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", AD_VERSION_MAJOR, AD_VERSION_MINOR, AD_VERSION_PATCH);
    cr_assert(!strcmp(ad_version(), text));
}
