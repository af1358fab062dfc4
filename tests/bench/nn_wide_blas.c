/* nn_wide_blas.c -- the gradient of nn_wide.h as matrix products of a BLAS, all rows of a batch at once. A reference. */
#include "nn_wide.h"
#include "nn_wide_blas.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

/* Y [rows][m] = X [rows][n] W' + b, rectified if asked. */
static void forward(int rows, int m, int n, const double *w, const double *b, const double *x, double *y, int rectify)
{
    for (int r = 0; r < rows; r++)
        memcpy(y + (size_t)r * (size_t)m, b, (size_t)m * sizeof *y);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, m, n, 1, x, n, w, n, 1, y, m);
    for (size_t i = 0; rectify && i < (size_t)rows * (size_t)m; i++)
        y[i] = y[i] > 0 ? y[i] : 0;
}

/* gw = D' X, gb = sums of D, DX = D W where X is positive. */
static void backward(int rows, int m, int n, const double *w, const double *d, const double *x, double *gw, double *gb, double *dx)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, rows, 1, d, m, x, n, 0, gw, n);
    memset(gb, 0, (size_t)m * sizeof *gb);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < m; i++)
            gb[i] += d[r * m + i];
    if (!dx)
        return;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, n, m, 1, d, m, w, n, 0, dx, n);
    for (size_t i = 0; i < (size_t)rows * (size_t)n; i++)
        dx[i] = x[i] > 0 ? dx[i] : 0;
}

double nn_wide_blas(const wide_problem *P, wide_network *g)
{
    int rows = (int)P->rows;
    size_t n = P->rows;
    double *room = malloc(2 * n * (WIDE_1 + WIDE_2 + WIDE_OUT) * sizeof *room), E = 0;
    double *h1 = room, *h2 = h1 + n * WIDE_1, *y = h2 + n * WIDE_2, *d1 = y + n * WIDE_OUT, *d2 = d1 + n * WIDE_1, *d3 = d2 + n * WIDE_2;
    if (!room)
        abort();
    forward(rows, WIDE_1, WIDE_IN, P->p->w1[0], P->p->b1, P->x[0], h1, 1);
    forward(rows, WIDE_2, WIDE_1, P->p->w2[0], P->p->b2, h1, h2, 1);
    forward(rows, WIDE_OUT, WIDE_2, P->p->w3[0], P->p->b3, h2, y, 0);
    for (size_t r = 0; r < n; r++) {
        double *z = y + r * WIDE_OUT, *d = d3 + r * WIDE_OUT, most = z[0], sum = 0;
        for (int i = 1; i < WIDE_OUT; i++)
            most = z[i] > most ? z[i] : most;
        for (int i = 0; i < WIDE_OUT; i++)
            sum += d[i] = exp(z[i] - most);
        for (int i = 0; i < WIDE_OUT; i++)
            d[i] = d[i] / sum - (i == (int)P->class[r]);
        E += log(sum) + most - z[(int)P->class[r]];
    }
    backward(rows, WIDE_OUT, WIDE_2, P->p->w3[0], d3, h2, g->w3[0], g->b3, d2);
    backward(rows, WIDE_2, WIDE_1, P->p->w2[0], d2, h1, g->w2[0], g->b2, d1);
    backward(rows, WIDE_1, WIDE_IN, P->p->w1[0], d1, P->x[0], g->w1[0], g->b1, NULL);
    free(room);
    return E;
}
