/* region.c -- the trust-region subproblem on a diagonal, by Newton's method on its secular equation. */
#include "region.h"

#include "dense.h"

#include <float.h>
#include <math.h>

static double at(size_t n, const double *h, const double *c, double mu, double *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = c[i] == 0 ? 0 : -c[i] / (h[i] + mu);
    return ad_length(n, z);
}

double ad_region_least(size_t n, const double *h, const double *c, double radius, double *z)
{
    double least = INFINITY, most = 0, all = ad_length(n, c);
    size_t lowest = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(h[i]));
        if (h[i] < least)
            least = h[lowest = i];
    }
    if (least > 16 * DBL_EPSILON * DBL_EPSILON * most && at(n, h, c, 0, z) <= radius)
        return 0;
    double low = fmax(0, -least), high = low + all / radius + DBL_MIN;     /* |z| at high is no more than the radius */
    if (all == 0 && least >= 0) {
        at(n, h, c, 1, z);
        return 0;
    }
    double mu = fmax(low + (high - low) * 1e-3, low * (1 + 1e-10));
    for (int k = 0; k < 200; k++) {
        double length = at(n, h, c, mu, z), slope = 0;
        if (!(length < INFINITY)) {
            low = mu;
            mu = low + (high - low) / 2;
            continue;
        }
        if (fabs(length - radius) <= 0.01 * radius)
            return mu;
        *(length > radius ? &low : &high) = mu;
        for (size_t i = 0; i < n; i++)
            slope -= z[i] == 0 ? 0 : (z[i] / length) * (z[i] / length) / (h[i] + mu);
        double next = mu - (1 - length / radius) / slope;                  /* on 1 / |z| - 1 / radius */
        if (!(next > low && next < high))
            next = low > 0 && high / low > 100 ? sqrt(low) * sqrt(high) : low + (high - low) / 2;
        if (fabs(next - mu) <= 4 * DBL_EPSILON * mu) {
            mu = next;
            break;
        }
        mu = next;
    }
    double length = at(n, h, c, mu, z);
    if (least < 0 && length < radius)                                      /* the hard case: along the lowest eigenvector */
        z[lowest] += copysign(sqrt((radius - length) * (radius + length)), -c[lowest]);
    return mu;
}
