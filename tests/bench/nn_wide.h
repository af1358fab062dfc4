/* nn_wide.h -- a 64-128-64-10 network of rectifiers, softmax cross-entropy by class, summed over rows: 17 226 parameters.
 *
 * The statement of the problem and its data; nn_wide_hand.c has the gradient as loops, nn_wide_blas.c as matrix products,
 * nn_wide.c the network written with the library. The flat order is that of nn/network.h.
 */
#ifndef NN_WIDE_H
#define NN_WIDE_H

#include <math.h>
#include <stddef.h>

enum { WIDE_IN = 64, WIDE_1 = 128, WIDE_2 = 64, WIDE_OUT = 10 };

typedef struct {
    double w1[WIDE_1][WIDE_IN], b1[WIDE_1], w2[WIDE_2][WIDE_1], b2[WIDE_2], w3[WIDE_OUT][WIDE_2], b3[WIDE_OUT];
} wide_network;

enum { WIDE_PARAMS = sizeof(wide_network) / sizeof(double) };

typedef struct {
    const wide_network *p;
    size_t rows;
    const double (*x)[WIDE_IN];                       /* [rows]                                 */
    const double *class;                              /* [rows] 0 ... 9                         */
} wide_problem;

#endif
