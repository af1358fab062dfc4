/* witness.h -- a second opinion on a gradient that knows nothing of rules: differences, extrapolated. It holds no test.
 *
 * Central differences at steps h, h/2, h/4, ... and Richardson's table of them (C. J. F. Ridders, Adv. Eng. Software 4, 1982),
 * the entry that changed least. Good to about 1e-10 where the function is smooth.
 */
#ifndef TESTS_NN_WITNESS_H
#define TESTS_NN_WITNESS_H

#include <math.h>
#include <stddef.h>

typedef double witness_function(void *problem, const double *x);

static inline double witness_slope(witness_function *f, void *problem, double *x, size_t i)
{
    enum { ROUNDS = 9 };
    double table[ROUNDS][ROUNDS], best = NAN, error = INFINITY, h = 0.05, at = x[i];
    for (int k = 0; k < ROUNDS; k++, h /= 1.6) {
        x[i] = at + h;
        double up = f(problem, x);
        x[i] = at - h;
        table[k][0] = (up - f(problem, x)) / (2 * h);
        double factor = 1.6 * 1.6;
        for (int j = 1; j <= k; j++, factor *= 1.6 * 1.6) {
            table[k][j] = (table[k][j - 1] * factor - table[k - 1][j - 1]) / (factor - 1);
            double change = fmax(fabs(table[k][j] - table[k][j - 1]), fabs(table[k][j] - table[k - 1][j - 1]));
            if (change < error) {
                error = change;
                best = table[k][j];
            }
        }
    }
    x[i] = at;
    return best;
}

#endif
