/* shared_nodes.c -- a graph that is no tree: nodes used more than once, and what the backward sweep makes of them.
 *
 *     x --+--------------> p = x s --+
 *         +--> s = x + y --+         +--> z = p q        z = x y (x + y)^2
 *     y --+--------------> q = y s --+
 *
 * Shows that contributions add where a node fans out, that derivatives by intermediates are there for the asking, that
 * a second backward call gives the same answer and not twice it, and that a gradient can be differentiated again. At
 * x = 3 and y = 2 everything is a whole number.
 */
#include <autodiff/autodiff.h>
#include <stdio.h>

/* By hand: dz/dx = y s^2 + 2 x y s, and the second derivatives of it. */
static void second_derivatives(ad_var z, ad_var x, ad_var y)
{
    ad_var dz[2];
    ad_gradient(z, 2, (ad_var[]){x, y}, dz);                      /* nodes like any others  */

    ad_backward(dz[0]);
    double X = ad_value(x), Y = ad_value(y), S = X + Y;
    printf("d2z/dx2  %4g   by hand %4g\n", ad_grad(x), 4 * Y * S + 2 * X * Y);
    printf("d2z/dxdy %4g   by hand %4g\n", ad_grad(y), S * S + 2 * Y * S + 2 * X * S + 2 * X * Y);

    ad_backward(dz[1]);
    printf("d2z/dydx %4g   the other way round\n", ad_grad(x));
}

int main(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 3), y = ad_param(tape, "y", 2);
    ad_var s = ad_name(ad_add(x, y), "s");
    ad_var p = ad_name(ad_mul(x, s), "p");
    ad_var q = ad_name(ad_mul(y, s), "q");
    ad_var z = ad_name(ad_mul(p, q), "z");
    printf("z        %4g   = p q = %g * %g\n\n", ad_value(z), ad_value(p), ad_value(q));

    ad_backward(z);
    double by_p = ad_grad(p) * ad_value(x), by_q = ad_grad(q) * ad_value(y);
    printf("dz/ds    %4g   = %g through p + %g through q\n", ad_grad(s), by_p, by_q);
    printf("dz/dx    %4g   = %g through p + %g through s\n", ad_grad(x), ad_grad(p) * ad_value(s), ad_grad(s));
    printf("dz/dy    %4g   = %g through q + %g through s\n", ad_grad(y), ad_grad(q) * ad_value(s), ad_grad(s));

    ad_backward(z);
    printf("dz/dx    %4g   swept again: the same\n\n", ad_grad(x));

    second_derivatives(z, x, y);

    int failed = ad_tape_error(tape) != AD_OK;
    if (failed)
        fprintf(stderr, "shared_nodes: %s\n", ad_tape_error_message(tape));
    ad_tape_free(tape);
    return failed;
}
