/* nn_wide_hand.c -- the gradient of nn_wide.h as a good C programmer writes it: loops, one row after another.
 *
 * The reference the library is measured against, not a user of it. Sums of products carry a hint (omp simd) that lets the compiler
 * add in vectors; the other inner loops run along rows of the weights and vectorise by themselves. Compiled several times over.
 */
#include "nn_wide.h"
#include "hand.h"

#include <string.h>

/* y = W x + b, rectified if asked. */
static void forward(size_t m, size_t n, const double *restrict w, const double *restrict b, const double *restrict x,
                    double *restrict y, int rectify)
{
    for (size_t i = 0; i < m; i++) {
        double e = 0;
#pragma omp simd reduction(+ : e)
        for (size_t k = 0; k < n; k++)
            e += w[i * n + k] * x[k];
        e += b[i];
        y[i] = rectify && e <= 0 ? 0 : e;
    }
}

/* Given d = dE/de: gw += d x', gb += d, and dx = W' d where x was positive, if it is wanted. */
static void backward(size_t m, size_t n, const double *restrict w, const double *restrict d, const double *restrict x,
                     double *restrict gw, double *restrict gb, double *restrict dx)
{
    if (dx)
        memset(dx, 0, n * sizeof *dx);
    for (size_t i = 0; i < m; i++) {
        double di = d[i];
        gb[i] += di;
        for (size_t k = 0; k < n; k++)
            gw[i * n + k] += di * x[k];
        for (size_t k = 0; dx && k < n; k++)
            dx[k] += di * w[i * n + k];
    }
    for (size_t k = 0; dx && k < n; k++)
        dx[k] = x[k] > 0 ? dx[k] : 0;
}

static double row(const wide_network *restrict p, const double *restrict x, size_t class, wide_network *restrict g)
{
    double h1[WIDE_1], h2[WIDE_2], y[WIDE_OUT], d1[WIDE_1], d2[WIDE_2], d3[WIDE_OUT], most, sum = 0;
    forward(WIDE_1, WIDE_IN, p->w1[0], p->b1, x, h1, 1);
    forward(WIDE_2, WIDE_1, p->w2[0], p->b2, h1, h2, 1);
    forward(WIDE_OUT, WIDE_2, p->w3[0], p->b3, h2, y, 0);
    most = y[0];
    for (int i = 1; i < WIDE_OUT; i++)
        most = y[i] > most ? y[i] : most;
    for (int i = 0; i < WIDE_OUT; i++)
        sum += d3[i] = exp(y[i] - most);
    for (int i = 0; i < WIDE_OUT; i++)
        d3[i] = d3[i] / sum - ((size_t)i == class);
    backward(WIDE_OUT, WIDE_2, p->w3[0], d3, h2, g->w3[0], g->b3, d2);
    backward(WIDE_2, WIDE_1, p->w2[0], d2, h1, g->w2[0], g->b2, d1);
    backward(WIDE_1, WIDE_IN, p->w1[0], d1, x, g->w1[0], g->b1, NULL);
    return log(sum) + most - y[class];
}

double HAND_NAME(nn_wide)(const wide_problem *P, wide_network *g)
{
    double E = 0;
    memset(g, 0, sizeof *g);
    for (size_t r = 0; r < P->rows; r++)
        E += row(P->p, P->x[r], (size_t)P->class[r], g);
    return E;
}
