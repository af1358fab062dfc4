/* examples.c -- the two smallest uses of the engine give the numbers that are promised for them, digit for digit. */
#include "unit.h"

Test(examples, a_neuron_has_the_promised_numbers)
{
    ad_tape *tape = ad_tape_new();
    const double x = 2, t = 1;
    ad_var w = ad_param(tape, "w", 0.5), b = ad_param(tape, "b", -0.1);
    ad_var y = ad_sigmoid(ad_add(ad_mul(w, x), b)), E = ad_squared_error(t, y);
    ad_backward(E);
    PRINTS(ad_value(y), "0.710949502625");
    PRINTS(ad_value(E), "0.0417750950164");
    PRINTS(ad_grad(w), "-0.118799932096");
    PRINTS(ad_grad(b), "-0.059399966048");
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

/* The public test of micrograd, test_more_ops: shared nodes, constants on either side. */
static ad_var diamond(ad_var a, ad_var b)
{
    ad_var c = ad_add(a, b), d = ad_add(ad_mul(a, b), ad_pow(b, 3));
    c = ad_add(c, ad_add(c, 1));
    c = ad_add(c, ad_sub(ad_add(1, c), a));
    d = ad_add(d, ad_add(ad_mul(d, 2), ad_relu(ad_add(b, a))));
    d = ad_add(d, ad_add(ad_mul(3, d), ad_relu(ad_sub(b, a))));
    ad_var f = ad_square(ad_sub(c, d));
    return ad_add(ad_div(f, 2.0f), ad_div(10, f));
}

Test(examples, a_diamond_has_the_promised_numbers_twice)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", -4), b = ad_param(tape, "b", 2), g = diamond(a, b);
    for (int i = 0; i < 2; i++) {
        ad_backward(g);
        PRINTS(ad_value(g), "24.7040816327");
        PRINTS(ad_grad(a), "138.833819242");
        PRINTS(ad_grad(b), "645.577259475");
    }
    ad_tape_reset(tape);
    ad_add(a, b);
    STATUS(tape, AD_ERROR_STALE);
    ad_tape_free(tape);
}

Test(examples, a_tape_that_was_reset_gives_the_same_bits_again)
{
    ad_tape *tape = ad_tape_new();
    double first[2] = {0, 0};
    for (int i = 0; i < 10; i++) {
        ad_var a = ad_param(tape, "a", -4), b = ad_param(tape, "b", 2);
        ad_backward(diamond(a, b));
        if (i == 0) {
            first[0] = ad_grad(a);
            first[1] = ad_grad(b);
        }
        cr_assert(identical(ad_grad(a), first[0]) && identical(ad_grad(b), first[1]), "run %d differs", i);
        ad_tape_reset(tape);
    }
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
