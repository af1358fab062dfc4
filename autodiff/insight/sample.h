/* sample.h -- the random points around a point at which formulas and gradients are compared. Not installed. */
#ifndef AUTODIFF_INSIGHT_SAMPLE_H
#define AUTODIFF_INSIGHT_SAMPLE_H

#include <math.h>
#include <stdint.h>

enum { AD_SAMPLES = 20 };

/* splitmix64, G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators" (2014): any seed will do. */
static inline double ad_sample_uniform(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* Within max(|p|/2, 0.1) of p and strictly between lo and hi, where there is room between them. */
static inline double ad_sample_near(double p, double lo, double hi, uint64_t *state)
{
    double u = ad_sample_uniform(state), reach = fmax(0.5 * fabs(p), 0.1);
    double from = fmax(p - reach, lo), to = fmin(p + reach, hi), x = from + (to - from) * u;
    return x > lo && x < hi ? x : p;
}

#endif
