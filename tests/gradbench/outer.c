/* outer.c -- see outer.h. */
#include "outer.h"

enum { MOST = 4 };

static ad_status forward(ad_tape *tape, ad_var result, const double *at, double *slope)
{
    ad_status status = AD_ERROR_NO_MEMORY;
    ad_function *f = ad_function_new(tape, 1, &result), *d = NULL;
    if (f)
        d = ad_function_derive(f, (ad_derive_options){.mode = AD_FORWARD, .status = &status});
    if (d)
        status = ad_function_at(d, at, NULL, slope);
    ad_function_free(d);
    ad_function_free(f);
    return status;
}

void gb_outer_gradient(gb_case *c, ad_tape *tape, int reverse, ad_var (*program)(void *user, const ad_var *x), void *user, size_t n,
                       const ad_var *x, ad_var *g)
{
    ad_var input[MOST];
    double at[MOST], slope[MOST];
    ad_tape_reset(tape);
    for (size_t i = 0; i < n; i++)
        input[i] = ad_param(tape, NULL, at[i] = ad_value(x[i]));
    ad_var result = program(user, input);
    gb_check_tape(c, tape);
    if (!reverse)
        gb_check(c, forward(tape, result, at, slope));
    else
        ad_backward(result);
    for (size_t i = 0; i < n; i++)
        g[i] = ad_const(reverse ? ad_grad(input[i]) : slope[i]);
    gb_check_tape(c, tape);
}
