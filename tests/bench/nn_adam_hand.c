/* nn_adam_hand.c -- one epoch of mini-batches on P1 with Adam, as a good C programmer writes it: the gradient of p1_hand.c, and the
 * update of D. P. Kingma and J. Ba in a plain loop. A reference, compiled apart. */
#include "nn_adam.h"
#include "hand.h"

double HAND_NAME(p1)(const p1_problem *, p1_network *);

static void adam(size_t n, double *restrict p, const double *restrict g, double *restrict m, double *restrict v, double t, double scale)
{
    double first = 0.001 / (1 - pow(0.9, t)), second = 1 / sqrt(1 - pow(0.999, t));
    for (size_t i = 0; i < n; i++) {
        double d = g[i] * scale;
        m[i] = 0.9 * m[i] + 0.1 * d;
        v[i] = 0.999 * v[i] + 0.001 * d * d;
        p[i] -= first * m[i] / (sqrt(v[i]) * second + 1e-8);
    }
}

void HAND_NAME(nn_adam)(adam_problem *A)
{
    p1_problem batch = A->P;
    p1_network g;
    for (size_t from = 0; from < A->P.rows; from += A->batch) {
        size_t rows = A->P.rows - from < A->batch ? A->P.rows - from : A->batch;
        batch.p = A->P.p;
        batch.rows = rows;
        batch.x = A->P.x + from;
        batch.t = A->P.t + from;
        HAND_NAME(p1)(&batch, &g);
        adam(P1_PARAMS, (double *)&A->P.p, (double *)&g, A->m, A->v, ++A->t, 1 / (double)rows);
    }
}
