/* nesting.c -- forty calls within one another compile at once: lifting a number must not repeat its argument. Were it
 * written twice at every level, this file would never be compiled.
 */
#include "unit.h"

Test(nesting, forty_calls_compile_and_count)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.3);
    ad_var E =
        ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(
        ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(
        ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(
        ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, ad_sigmoid(ad_mul(
        ad_add(0.25, ad_sigmoid(ad_mul(ad_add(0.25, w), 0.5))), 0.5))), 0.5))), 0.5))), 0.5))), 0.5))), 0.5)))
        , 0.5))), 0.5))), 0.5))), 0.5))), 0.5))), 0.5)));
    double z = 0.3, dz = 1;
    for (int i = 0; i < 40; i++) {
        z = i % 3 == 0 ? 0.25 + z : i % 3 == 1 ? z * 0.5 : 1 / (1 + exp(-z));
        dz *= i % 3 == 0 ? 1 : i % 3 == 1 ? 0.5 : z * (1 - z);
    }
    ad_backward(E);
    NEAR(ad_value(E), z, 1e-14);
    NEAR(ad_grad(w), dz, 1e-13);
    cr_assert(ad_tape_size(tape) == 1 + 2 + 40, "%zu nodes", ad_tape_size(tape));
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
