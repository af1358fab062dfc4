/* p3_hand.c -- the Jacobian of P3 as a good C programmer derives and writes it: plain scalar code, one row after another.
 *
 * The reference the library is measured against, not a user of it. Compiled several times, once per compiler and
 * optimisation level, each under its own name (-DHAND=gcc_O2 and so on).
 */
#include "p3.h"
#include "hand.h"

static void cross(const double *restrict a, const double *restrict b, double *restrict c)
{
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

static double dot(const double *a, const double *b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/* y = cos X + sin (n x X) + (1 - cos) (n . X) n, n the axis, X the point from the camera's centre. */
typedef struct {
    double n[3], X[3], nX[3], turn[3], angle, c, s, along;
} rotation;

static void rotate(rotation *R, const double *restrict in, double *restrict y)
{
    const double *r = in + P3_ROTATION;
    R->angle = sqrt(dot(r, r));
    R->c = cos(R->angle);
    R->s = sin(R->angle);
    for (int i = 0; i < 3; i++) {
        R->n[i] = r[i] / R->angle;
        R->X[i] = in[P3_POINT + i] - in[P3_CENTRE + i];
    }
    cross(R->n, R->X, R->nX);
    R->along = dot(R->n, R->X);
    for (int i = 0; i < 3; i++) {
        y[i] = R->c * R->X[i] + R->s * R->nX[i] + (1 - R->c) * R->along * R->n[i];
        R->turn[i] = -R->s * R->X[i] + R->c * R->nX[i] + R->s * R->along * R->n[i];
    }
}

/* Given g = de/dy: de/drotation, de/dcentre, de/dpoint. */
static void rotate_back(const rotation *restrict R, const double *restrict g, double *restrict J)
{
    double Xg[3], gn[3], dn[3], angle = dot(g, R->turn), by_axis = dot(g, R->n);
    cross(R->X, g, Xg);
    cross(g, R->n, gn);
    for (int i = 0; i < 3; i++) {
        dn[i] = R->s * Xg[i] + (1 - R->c) * (by_axis * R->X[i] + R->along * g[i]);
        J[P3_POINT + i] = R->c * g[i] + R->s * gn[i] + (1 - R->c) * by_axis * R->n[i];
        J[P3_CENTRE + i] = -J[P3_POINT + i];
    }
    double radial = dot(R->n, dn);
    for (int i = 0; i < 3; i++)
        J[P3_ROTATION + i] = (dn[i] - radial * R->n[i]) / R->angle + angle * R->n[i];
}

static void row(const double *restrict in, double (*restrict J)[P3_WRT])
{
    rotation R;
    double y[3], f = in[P3_FOCAL], w = in[P3_WEIGHT], k1 = in[P3_RADIAL], k2 = in[P3_RADIAL + 1];
    rotate(&R, in, y);
    double inverse = 1 / y[2], p[2] = {y[0] * inverse, y[1] * inverse}, rr = p[0] * p[0] + p[1] * p[1];
    double L = 1 + k1 * rr + k2 * rr * rr, dL = 2 * (k1 + 2 * k2 * rr);
    for (int e = 0; e < P3_OUT; e++) {
        double *j = J[e], wf = w * f, dp[2], g[3];
        dp[0] = wf * p[e] * dL * p[0];
        dp[1] = wf * p[e] * dL * p[1];
        dp[e] += wf * L;
        g[0] = dp[0] * inverse;
        g[1] = dp[1] * inverse;
        g[2] = -(dp[0] * p[0] + dp[1] * p[1]) * inverse;
        rotate_back(&R, g, j);
        j[P3_FOCAL] = w * p[e] * L;
        j[P3_PRINCIPAL] = j[P3_PRINCIPAL + 1] = 0;
        j[P3_PRINCIPAL + e] = w;
        j[P3_RADIAL] = wf * p[e] * rr;
        j[P3_RADIAL + 1] = wf * p[e] * rr * rr;
        j[P3_WEIGHT] = p[e] * L * f + in[P3_PRINCIPAL + e] - in[P3_SEEN + e];
    }
}

void HAND_NAME(p3)(const p3_problem *P)
{
    for (size_t r = 0; r < P->rows; r++)
        row(P->in[r], P->jacobian[r]);
}
