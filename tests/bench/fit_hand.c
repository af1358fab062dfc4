/* fit_hand.c -- a four-parameter logistic curve fitted by hand: derivatives by hand, normal equations, Levenberg's damping.
 *
 * The reference that ad_fit is measured against: what one writes who knows the model and wants no more than the estimates.
 */
#include "fit_rows.h"
#include "hand.h"

#include <math.h>
#include <string.h>

/* J'J, J'r and the sum of squares. */
static double normal_equations(const fit_data *data, const double *p, double A[4][4], double g[4])
{
    double a[10] = {0}, b[4] = {0}, rss = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double e = exp(-p[2] * (data->x[i] - p[3])), y = 1 / (1 + e), slope = (p[1] - p[0]) * y * y * e;
        double r = p[0] + (p[1] - p[0]) * y - data->y[i], J[4] = {1 - y, y, slope * (data->x[i] - p[3]), -slope * p[2]};
        for (int j = 0, k = 0; j < 4; j++) {
            b[j] += J[j] * r;
            for (int l = 0; l <= j; l++, k++)
                a[k] += J[j] * J[l];
        }
        rss += r * r;
    }
    for (int j = 0, k = 0; j < 4; j++) {
        g[j] = b[j];
        for (int l = 0; l <= j; l++, k++)
            A[j][l] = A[l][j] = a[k];
    }
    return rss;
}

static int solve(double A[4][4], const double g[4], double damping, double step[4])
{
    double M[4][5];
    for (int i = 0; i < 4; i++) {
        memcpy(M[i], A[i], sizeof A[i]);
        M[i][i] *= 1 + damping;
        M[i][4] = -g[i];
    }
    for (int i = 0; i < 4; i++)
        for (int k = i + 1; k < 4; k++) {
            double f = M[k][i] / M[i][i];
            for (int j = i; j < 5; j++)
                M[k][j] -= f * M[i][j];
        }
    for (int i = 3; i >= 0; i--) {
        step[i] = M[i][4];
        for (int j = i + 1; j < 4; j++)
            step[i] -= M[i][j] * step[j];
        step[i] /= M[i][i];
    }
    return 1;
}

int HAND_NAME(fit)(const fit_data *data, double *p)
{
    double A[4][4], g[4], B[4][4], h[4], step[4], to[4], damping = 1e-3, rss = normal_equations(data, p, A, g);
    for (int passes = 1; passes < 100; passes++) {
        double size = 0;
        solve(A, g, damping, step);
        for (int j = 0; j < 4; j++) {
            to[j] = p[j] + step[j];
            size = fmax(size, fabs(step[j] / p[j]));
        }
        double there = normal_equations(data, to, B, h);
        if (there <= rss) {
            memcpy(p, to, sizeof to);
            memcpy(A, B, sizeof A);
            memcpy(g, h, sizeof g);
            rss = there;
            damping *= 0.1;
            if (size < 1e-10)
                return passes + 1;
        } else if (size < 1e-9)
            return passes + 1;
        else
            damping *= 10;
    }
    return 100;
}
