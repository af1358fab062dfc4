/* p1.h -- problem P1: a 2-16-16-1 network of sigmoids with biases, half squared error, summed over rows.
 *
 * The statement of the problem and its data; no way of solving it. p1_hand.c has the gradient derived by hand,
 * p1_tape.c the loss written with the library.
 *
 * One row is 642 operations (32 + 256 + 16 products, as many sums, 33 sigmoids, one error) on three numbers of its
 * own (x, x, t); its plain graph has 645 nodes, and that is what a figure in ns/op divides by.
 */
#ifndef P1_H
#define P1_H

#include <math.h>
#include <stddef.h>

enum { P1_INPUTS = 2, P1_HIDDEN = 16, P1_PARAMS = 337, P1_OPS = 645 };

/* The network over any type of number; also the shape of its gradient. No padding: an array of 337. */
#define P1_NETWORK(NUMBER)                 \
    struct {                               \
        NUMBER w1[P1_HIDDEN][P1_INPUTS];   \
        NUMBER b1[P1_HIDDEN];              \
        NUMBER w2[P1_HIDDEN][P1_HIDDEN];   \
        NUMBER b2[P1_HIDDEN];              \
        NUMBER w3[P1_HIDDEN];              \
        NUMBER b3;                         \
    }

typedef P1_NETWORK(double) p1_network;

/* A network and the rows it is to learn. */
typedef struct {
    p1_network p;
    size_t rows;
    const double (*x)[P1_INPUTS];                     /* [rows]                                 */
    const double *t;                                  /* [rows] targets                         */
} p1_problem;

/* Numbers in (-1, 1) that are the same everywhere. */
static inline double p1_number(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / (1 << 23) - 1;
}

/* Fills x and t, which the caller made for `rows` rows and keeps. */
static inline p1_problem p1_make(size_t rows, double (*x)[P1_INPUTS], double *t)
{
    unsigned seed = 1;
    p1_problem P;
    double *p = (double *)&P.p;
    P.rows = rows;
    P.x = (const double (*)[P1_INPUTS])x;
    P.t = t;
    for (int i = 0; i < P1_PARAMS; i++)
        p[i] = p1_number(&seed);
    for (size_t r = 0; r < rows; r++) {
        x[r][0] = 2 * p1_number(&seed);
        x[r][1] = 2 * p1_number(&seed);
        t[r] = sin(x[r][0]) * x[r][1] > 0;
    }
    return P;
}

#endif
