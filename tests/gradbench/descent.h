/* descent.h -- the gradient descent of saddle and particle, on variables: what is found is differentiable by what the problem
 * depends on, through all steps, so that searches nest. Plain numbers are variables too.
 *
 * The steps are those of J. M. Siskind and B. A. Pearlmutter, "Using programming language theory to make automatic
 * differentiation sound and efficient" (2008): a rate that grows after ten good steps and shrinks after a bad one. */
#ifndef TESTS_GRADBENCH_DESCENT_H
#define TESTS_GRADBENCH_DESCENT_H

#include "gradbench.h"

enum { GB_MOST_UNKNOWNS = 4 };

typedef struct gb_problem {
    size_t   n;                                              /* unknowns, at most GB_MOST_UNKNOWNS */
    ad_var (*value)(void *user, const ad_var *x);
    void   (*gradient)(void *user, const ad_var *x, ad_var *g);
    void    *user;
} gb_problem;

/* x [n] from start [n]; fails after a million steps. */
void gb_argmin(gb_case *c, const gb_problem *p, const ad_var *start, ad_var *x);

#endif
