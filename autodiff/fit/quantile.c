/* quantile.c -- quantiles of Student's t: the incomplete beta function, and its inverse by Newton's method. */
#include "quantile.h"

#include <float.h>
#include <math.h>

/* The continued fraction of DLMF 8.17.22 by the modified Lentz method (Thompson and Barnett 1986). */
static double fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 100000; m++) {
        double m2 = 2.0 * m;
        for (int odd = 0; odd < 2; odd++) {
            double e = odd ? -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1)) : m * (b - m) * x / ((a + m2 - 1) * (a + m2));
            d = 1 + e * d;
            c = 1 + e / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            h *= d * c;
        }
        if (fabs(d * c - 1) < 2 * DBL_EPSILON)
            break;
    }
    return h;
}

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

double ad_incomplete_beta(double a, double b, double x)
{
    if (!(x > 0))
        return x <= 0 ? 0 : NAN;
    if (x >= 1)
        return 1;
    double front = exp(a * log(x) + b * log1p(-x) - (log_gamma(a) + log_gamma(b) - log_gamma(a + b)));
    return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a : 1 - front * fraction(b, a, 1 - x) / b;
}

double ad_student_tails(double t, double nu)
{
    t = fabs(t);
    if (nu > 1e10)
        return erfc(t * M_SQRT1_2);
    double t2 = t * t;
    return t2 < nu ? 1 - ad_incomplete_beta(0.5, nu / 2, t2 / (nu + t2)) : ad_incomplete_beta(nu / 2, 0.5, nu / (nu + t2));
}

/* Twice the density: minus the slope of the tails. */
static double student_slope(double t, double nu)
{
    if (nu > 1e10)
        return 2 / sqrt(2 * M_PI) * exp(-t * t / 2);
    return 2 * exp(log_gamma((nu + 1) / 2) - log_gamma(nu / 2) - (nu + 1) / 2 * log1p(t * t / nu)) / sqrt(nu * M_PI);
}

/* Newton's method on the logarithm of the tails, kept within a bracket. */
double ad_student_quantile(double level, double nu)
{
    double tails = 1 - level, low = 0, high = 1;
    if (!(level > 0 && level < 1 && nu > 0))
        return level <= 0 && nu > 0 ? 0 : level >= 1 && nu > 0 ? INFINITY : NAN;
    while (ad_student_tails(high, nu) > tails && high < 1e300)
        high *= 4;
    double t = high / 2;
    for (int k = 0; k < 200; k++) {
        double p = ad_student_tails(t, nu);
        *(p > tails ? &low : &high) = t;
        double next = t + p * log(p / tails) / student_slope(t, nu);
        if (!(next > low && next < high))
            next = low + (high - low) / 2;
        if (fabs(next - t) <= 2 * DBL_EPSILON * t)
            return next;
        t = next;
    }
    return t;
}
