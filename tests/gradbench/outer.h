/* outer.h -- the gradient of a program that itself takes gradients: it is recorded as it runs, data-dependent loops and all,
 * then swept in reverse, or derived forward as a function. */
#ifndef TESTS_GRADBENCH_OUTER_H
#define TESTS_GRADBENCH_OUTER_H

#include "gradbench.h"

/* g [n] plain numbers: the gradient of program(user, x) at the values of x [n]. The tape is the caller's, and is reset. */
void gb_outer_gradient(gb_case *c, ad_tape *tape, int reverse, ad_var (*program)(void *user, const ad_var *x), void *user, size_t n,
                       const ad_var *x, ad_var *g);

#endif
