/* nn_adam.h -- mini-batches of P1 with Adam's moments: the problem that nn_adam_hand.c and nn_p1.c share. */
#ifndef NN_ADAM_H
#define NN_ADAM_H

#include "p1.h"

typedef struct {
    p1_problem P;
    size_t batch;
    double m[P1_PARAMS], v[P1_PARAMS], t;
} adam_problem;

#endif
