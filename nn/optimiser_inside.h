/* optimiser_inside.h -- an optimiser as the files of this folder see it. Not installed. */
#ifndef NN_OPTIMISER_INSIDE_H
#define NN_OPTIMISER_INSIDE_H

#include "internal.h"

struct nn_optimiser {
    nn_optimiser_options options;          /* completed */
    ad_allocator         allocator;
    size_t               n, numbers;       /* of the state */
    double              *state;            /* [numbers] first: t, beta1^t, beta2^t, the rate; then arrays of n, as the method needs */
};

enum { NN_STATE_T, NN_STATE_BETA1, NN_STATE_BETA2, NN_STATE_RATE, NN_STATE_HEAD };

/* Whether there can be such an optimiser. */
int       nn_optimiser_fits(size_t n, nn_optimiser_options options);
/* lbfgs.c: numbers of state, behind the head; whether a state, head and all, can be one; one iteration. */
size_t    nn_lbfgs_numbers(size_t n, size_t history);
int       nn_lbfgs_state_fits(size_t history, const double *state);
ad_status nn_lbfgs_iterate(nn_optimiser *o, double *p, nn_objective *objective, void *user, double *value, int *moved);

#endif
