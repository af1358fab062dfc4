/* gradient.c -- ad_gradient records dE/dv as nodes that can be named, computed with and differentiated again. The
 * numbers themselves are held against the sweep in tests/laws. */
#include "unit.h"

static ad_var by(ad_var E, ad_var x)
{
    ad_var d;
    ad_gradient(E, 1, &x, &d);
    return d;
}

Test(gradient, can_be_computed_with_and_differentiated_again)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), y = ad_param(tape, "y", 3), E = ad_mul(ad_powi(x, 3), y);
    ad_var dx = ad_name(by(E, x), "dx"), dxy = by(dx, y), dxx = by(dx, x), dxxx = by(dxx, x), dxxxx = by(dxxx, x);
    EQUAL(ad_value(dx), 36);
    EQUAL(ad_value(dxy), 12);
    EQUAL(ad_value(dxx), 36);
    EQUAL(ad_value(dxxx), 18);
    EQUAL(ad_value(dxxxx), 0);
    ad_backward(ad_square(dx));
    EQUAL(ad_grad(x), 2 * 36 * 36);
    EQUAL(ad_grad(y), 2 * 36 * 12);
    EQUAL(ad_grad(dx), 72);
    cr_assert(!strcmp(ad_name_of(ad_find(tape, "dx")), "dx"));
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(gradient, by_intermediates_holds_the_others_as_the_graph_has_them)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), h = ad_square(x), k = ad_mul(h, x), E = ad_mul(k, h);
    ad_var wrt[] = {E, k, h, x, h}, d[5];
    ad_gradient(E, 5, wrt, d);
    EQUAL(ad_value(d[0]), 1);
    EQUAL(ad_value(d[1]), 4);
    EQUAL(ad_value(d[2]), 8 + 4 * 2);
    EQUAL(ad_value(d[3]), 5 * 16);
    EQUAL(ad_value(d[4]), 16);
    ad_gradient(E, 5, wrt, wrt);                       /* in place */
    for (int i = 0; i < 5; i++)
        EQUAL(ad_value(wrt[i]), ad_value(d[i]));
    ad_tape_free(tape);
}

Test(gradient, is_a_plain_zero_where_there_is_no_dependence)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), y = ad_param(tape, "y", 2), t = ad_column(tape, "t"), E = ad_exp(x),
           newer = ad_exp(E);
    ad_var wrt[] = {y, t, newer, ad_const(5), ad_column(tape, NULL)}, d[5];
    size_t size = ad_tape_size(tape);
    ad_gradient(E, 5, wrt, d);
    for (int i = 0; i < 5; i++)
        cr_assert(is_plain(d[i]) && d[i].value == 0, "out[%d] is %g", i, d[i].value);
    cr_assert(ad_tape_size(tape) == size, "%zu nodes were recorded for nothing", ad_tape_size(tape) - size);
    ad_gradient(ad_const(7), 5, wrt, d);
    for (int i = 0; i < 5; i++)
        cr_assert(is_plain(d[i]) && d[i].value == 0);
    ad_gradient(ad_const(NAN), 1, wrt, d);
    PLAIN_NAN(d[0]);
    ad_gradient(E, 0, NULL, NULL);
    EQUAL(ad_value(by(y, y)), 1);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

/* What is not on a path to the wanted variables costs nothing. */
Test(gradient, records_only_what_is_wanted)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), y = ad_param(tape, "y", 0.5), far = y;
    for (int i = 0; i < 1000; i++)
        far = ad_tanh(far);
    ad_var E = ad_mul(x, far);
    size_t size = ad_tape_size(tape);
    EQUAL(ad_value(by(E, x)), ad_value(far));
    cr_assert(ad_tape_size(tape) - size < 10, "%zu nodes", ad_tape_size(tape) - size);
    ad_tape_free(tape);
}

Test(gradient, leaves_the_numbers_of_the_last_sweep_alone)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), E = ad_powi(x, 3);
    ad_backward(E);
    by(ad_exp(x), x);
    EQUAL(ad_grad(x), 12);
    EQUAL(ad_grad(E), 1);
    ad_tape_free(tape);
}

Test(gradient, may_be_forgotten_by_a_rewind)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 2), E = ad_powi(x, 3);
    ad_mark mark = ad_tape_mark(tape);
    for (int i = 0; i < 100; i++) {
        ad_var d = by(by(E, x), x);
        EQUAL(ad_value(d), 12);
        ad_tape_rewind(tape, mark);
        cr_assert(isnan(ad_grad(d)));
        ad_tape_reset(tape);
        x = ad_param(tape, "x", 2), E = ad_powi(x, 3);
        mark = ad_tape_mark(tape);
    }
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
