/* p2_hand.c -- the gradient of P2 as a good C programmer derives and writes it: plain scalar loops, one row after another.
 *
 * The reference the library is measured against, not a user of it. Compiled several times, once per compiler and
 * optimisation level, each under its own name (-DHAND=gcc_O2 and so on). p2_value is the value alone.
 */
#include "p2.h"
#include "hand.h"

/* What does not depend on the row. */
typedef struct {
    double diagonal[P2_K][P2_D], offset[P2_K], normal;
} prepared;

static double log_sum_exp(const double *x, double *weight)
{
    double most = x[0], sum = 0;
    for (int k = 1; k < P2_K; k++)
        most = x[k] > most ? x[k] : most;
    for (int k = 0; k < P2_K; k++)
        sum += weight[k] = exp(x[k] - most);
    for (int k = 0; k < P2_K; k++)
        weight[k] /= sum;
    return most + log(sum);
}

static void prepare(const p2_mixture *p, prepared *u, double *weight)
{
    for (int k = 0; k < P2_K; k++) {
        u->offset[k] = p->alpha[k];
        for (int i = 0; i < P2_D; i++) {
            u->diagonal[k][i] = exp(p->q[k][i]);
            u->offset[k] += p->q[k][i];
        }
    }
    u->normal = log_sum_exp(p->alpha, weight);
}

/* The exponent of component k; d = x - mu, z = Q d. */
static double exponent(const p2_mixture *restrict p, const prepared *restrict u, int k, const double *restrict x,
                       double *restrict d, double *restrict z)
{
    const double *l = p->l[k];
    double s = 0;
    for (int i = 0; i < P2_D; i++)
        d[i] = x[i] - p->mu[k][i];
    for (int i = 0; i < P2_D; i++) {
        double e = u->diagonal[k][i] * d[i];
        for (int j = 0; j < i; j++)
            e += *l++ * d[j];
        z[i] = e;
        s += e * e;
    }
    return u->offset[k] - 0.5 * s;
}

static double row(const p2_mixture *restrict p, const prepared *restrict u, const double *restrict x, p2_mixture *restrict g)
{
    double d[P2_K][P2_D], z[P2_K][P2_D], e[P2_K], weight[P2_K];
    for (int k = 0; k < P2_K; k++)
        e[k] = exponent(p, u, k, x, d[k], z[k]);
    double value = log_sum_exp(e, weight);
    for (int k = 0; k < P2_K; k++) {
        double dd[P2_D] = {0}, *gl = g->l[k];
        const double *l = p->l[k];
        g->alpha[k] += weight[k];
        for (int i = 0; i < P2_D; i++) {
            double dz = -weight[k] * z[k][i];
            for (int j = 0; j < i; j++) {
                *gl++ += dz * d[k][j];
                dd[j] += dz * *l++;
            }
            dd[i] += dz * u->diagonal[k][i];
            g->q[k][i] += weight[k] + dz * d[k][i] * u->diagonal[k][i];
        }
        for (int i = 0; i < P2_D; i++)
            g->mu[k][i] -= dd[i];
    }
    return value;
}

double HAND_NAME(p2)(const p2_problem *P, p2_mixture *g)
{
    prepared u;
    double E = 0, weight[P2_K];
    *g = (p2_mixture){.alpha = {0}};
    prepare(&P->p, &u, weight);
    for (size_t r = 0; r < P->rows; r++)
        E += row(&P->p, &u, P->x[r], g);
    for (int k = 0; k < P2_K; k++)
        g->alpha[k] -= (double)P->rows * weight[k];
    return E - (double)P->rows * u.normal;
}

double HAND_NAME(p2_value)(const p2_problem *P)
{
    prepared u;
    double E = 0, weight[P2_K], e[P2_K], d[P2_D], z[P2_D];
    prepare(&P->p, &u, weight);
    for (size_t r = 0; r < P->rows; r++) {
        for (int k = 0; k < P2_K; k++)
            e[k] = exponent(&P->p, &u, k, P->x[r], d, z);
        E += log_sum_exp(e, weight);
    }
    return E - (double)P->rows * u.normal;
}
