/* mpfr_error.h -- what the tests of the rules against 256 bits share: points drawn, errors in ulp, how many points. */
#ifndef AD_TESTS_LAWS_MPFR_ERROR_H
#define AD_TESTS_LAWS_MPFR_ERROR_H

#include "mpfr_big.h"

#include <stdint.h>

static uint64_t random_state; /* set anew for every rule, so that a row alone sees the points of the whole run */

static UNUSED uint64_t random_bits(void) /* xorshift64*, G. Marsaglia and S. Vigna: the same points on every run */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1du;
}

static UNUSED double uniform(double from, double to)
{
    double t = (double)(random_bits() >> 11) * 0x1p-53;
    return from * (1 - t) + to * t;
}

static UNUSED double either_sign(double a) { return random_bits() >> 63 ? a : -a; }

static UNUSED double magnitude(double low, double high) /* log-uniform in 2^low .. 2^high, either sign */
{
    double e = floor(uniform(low, high));
    return either_sign(ldexp(uniform(1, 2), (int)e));
}

static UNUSED double neighbour(double c) /* c, or within a few ulps of it, or at a log-uniform distance */
{
    if (random_bits() >> 63) return c + magnitude(-60, 0) * fmax(fabs(c), 1);
    for (uint64_t n = random_bits() >> 61; n; n--) c = nextafter(c, random_bits() >> 63 ? INFINITY : -INFINITY);
    return c;
}

/* |got - exact| in units in the last place of the exact result, or of what its terms measure. Where the exact
 * result is not a normal double only the side is asked for: 0 when got is as tiny, or as huge, and infinity
 * (never NaN) when it is not. */
static UNUSED double error_in_ulp(double got, big exact, big measure)
{
    if (mpfr_nan_p(exact)) return isnan(got) ? 0 : INFINITY;
    if (measure && mpfr_regular_p(measure) && mpfr_cmpabs(measure, exact) > 0 && isfinite(got)) {
        big error = big_abs(big_sub(num(got), exact));
        mpfr_mul_2si(error, error, 53 - mpfr_get_exp(measure), MPFR_RNDN);
        return mpfr_cmpabs(measure, num(DBL_MIN)) < 0 ? 0 : mpfr_get_d(error, MPFR_RNDN);
    }
    if (mpfr_zero_p(exact)) return got == 0 ? 0 : INFINITY;
    double rounded = mpfr_get_d(exact, MPFR_RNDN);
    if (isinf(rounded)) return got * copysign(1, rounded) > 0.999 * DBL_MAX ? 0 : INFINITY;
    if (fabs(rounded) < DBL_MIN) return fabs(got) < 1.001 * DBL_MIN ? 0 : INFINITY;
    if (isinf(got) && fabs(rounded) > DBL_MAX * (1 - 4 * DBL_EPSILON)) return got * rounded > 0 ? 1 : INFINITY;
    if (!isfinite(got)) return INFINITY;
    mpfr_exp_t exponent = mpfr_get_exp(exact);
    big error = big_abs(big_sub(num(got), exact));
    mpfr_mul_2si(error, error, 53 - exponent, MPFR_RNDN);
    return mpfr_get_d(error, MPFR_RNDN);
}

static UNUSED long points_asked_for(void)
{
    const char *asked = getenv("AD_TEST_POINTS");
    long n = asked ? strtol(asked, NULL, 10) : 0;
    return n > 0 ? n : 10000;
}

#endif
