/* p2.h -- problem P2: a mixture of Gaussians, the negated log-likelihood's gradient in all parameters, summed over rows.
 *
 * The statement of the problem and its data (the `gmm` of GradBench and ADBench without its prior); p2_hand.c has the
 * gradient derived by hand, function_p2.c the row's formula written with the library.
 *
 * A row x [D] gives log sum_k exp(alpha_k + sum_i q_ki - |Q_k (x - mu_k)|^2 / 2) - log sum_k exp(alpha_k), where Q_k is
 * lower triangular: exp(q_k) on the diagonal, l_k below it, row by row. A component is 10 differences, 55 products, 45
 * sums, the square length (19), the exponent (3) and its part of the logarithm (3): 135 operations, 3375 a row.
 */
#ifndef P2_H
#define P2_H

#include <math.h>
#include <stddef.h>

enum { P2_D = 10, P2_K = 25, P2_L = P2_D * (P2_D - 1) / 2, P2_PARAMS = P2_K * (1 + 2 * P2_D + P2_L), P2_OPS = 3375 };

/* The mixture over any type of number; also the shape of its gradient. No padding: an array of P2_PARAMS. */
#define P2_MIXTURE(NUMBER)                 \
    struct {                               \
        NUMBER alpha[P2_K];                \
        NUMBER mu[P2_K][P2_D];             \
        NUMBER q[P2_K][P2_D];              \
        NUMBER l[P2_K][P2_L];              \
    }

typedef P2_MIXTURE(double) p2_mixture;

typedef struct {
    p2_mixture p;
    size_t rows;
    const double (*x)[P2_D];                          /* [rows]                                 */
} p2_problem;

/* Numbers in (-1, 1) that are the same everywhere. */
static inline double p2_number(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / (1 << 23) - 1;
}

/* Fills x, which the caller made for `rows` rows and keeps. */
static inline p2_problem p2_make(size_t rows, double (*x)[P2_D])
{
    unsigned seed = 2;
    p2_problem P;
    double *p = (double *)&P.p;
    P.rows = rows;
    P.x = (const double (*)[P2_D])x;
    for (int i = 0; i < P2_PARAMS; i++)
        p[i] = p2_number(&seed);
    for (size_t r = 0; r < rows; r++)
        for (int i = 0; i < P2_D; i++)
            x[r][i] = p2_number(&seed);
    return P;
}

#endif
