/* p1_hand.c -- the gradient of P1 as a good C programmer derives and writes it: plain scalar loops, one row after another.
 *
 * The reference the library is measured against, not a user of it. Compiled several times, once per compiler and
 * optimisation level, each under its own name (-DHAND=gcc_O2 and so on).
 */
#include "p1.h"
#include "hand.h"

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The network's answer, and the hidden layers'. */
static double forward(const p1_network *restrict p, const double *restrict x, double *restrict y1, double *restrict y2)
{
    for (int i = 0; i < P1_HIDDEN; i++)
        y1[i] = sigmoid(p->b1[i] + p->w1[i][0] * x[0] + p->w1[i][1] * x[1]);
    for (int i = 0; i < P1_HIDDEN; i++) {
        double e = p->b2[i];
        for (int k = 0; k < P1_HIDDEN; k++)
            e += p->w2[i][k] * y1[k];
        y2[i] = sigmoid(e);
    }
    double e = p->b3;
    for (int k = 0; k < P1_HIDDEN; k++)
        e += p->w3[k] * y2[k];
    return sigmoid(e);
}

/* Adds the gradient of one row's error to g; returns the error. */
static double row(const p1_network *restrict p, const double *restrict x, double t, p1_network *restrict g)
{
    double y1[P1_HIDDEN], y2[P1_HIDDEN], d1[P1_HIDDEN] = {0}, d2[P1_HIDDEN], y = forward(p, x, y1, y2);

    double d3 = (y - t) * y * (1 - y);
    g->b3 += d3;
    for (int k = 0; k < P1_HIDDEN; k++) {
        g->w3[k] += d3 * y2[k];
        d2[k] = d3 * p->w3[k] * y2[k] * (1 - y2[k]);
    }
    for (int i = 0; i < P1_HIDDEN; i++) {
        g->b2[i] += d2[i];
        for (int k = 0; k < P1_HIDDEN; k++)
            g->w2[i][k] += d2[i] * y1[k];
    }
    for (int k = 0; k < P1_HIDDEN; k++)
        for (int i = 0; i < P1_HIDDEN; i++)
            d1[k] += d2[i] * p->w2[i][k];
    for (int i = 0; i < P1_HIDDEN; i++) {
        d1[i] *= y1[i] * (1 - y1[i]);
        g->b1[i] += d1[i];
        g->w1[i][0] += d1[i] * x[0];
        g->w1[i][1] += d1[i] * x[1];
    }
    return 0.5 * (y - t) * (y - t);
}

double HAND_NAME(p1)(const p1_problem *P, p1_network *g)
{
    double E = 0;
    *g = (p1_network){.b3 = 0};
    for (size_t r = 0; r < P->rows; r++)
        E += row(&P->p, P->x[r], P->t[r], g);
    return E;
}

/* The error alone. */
double HAND_NAME(p1_value)(const p1_problem *P)
{
    double E = 0, y1[P1_HIDDEN], y2[P1_HIDDEN];
    for (size_t r = 0; r < P->rows; r++) {
        double y = forward(&P->p, P->x[r], y1, y2);
        E += 0.5 * (y - P->t[r]) * (y - P->t[r]);
    }
    return E;
}
