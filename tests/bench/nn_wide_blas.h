/* nn_wide_blas.h -- the reference by BLAS, where the build found one. */
#ifndef NN_WIDE_BLAS_H
#define NN_WIDE_BLAS_H

#include "nn_wide.h"

double nn_wide_blas(const wide_problem *P, wide_network *g);

#endif
