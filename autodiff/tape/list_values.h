/* list_values.h -- the values of the n-ary rows. Their recording is in record.c, their slopes are in ops.def.
 *
 * A sum keeps what its additions lose (A. Neumaier, ZAMM 54, 1974) and adds it at the end: while one addition waits for
 * the one before, there is time for that. So the error is that of a few roundings, however long the list. A dot product
 * does so for blocks of 64, which are summed by four sums side by side.
 */
#ifndef AUTODIFF_TAPE_LIST_VALUES_H
#define AUTODIFF_TAPE_LIST_VALUES_H

#include "autodiff/rules/scalar.h"
#include "variable.h"

#include <stddef.h>

/* sum + lost is what was added. It starts from -0, which added to changes nothing: a sum of -0 is -0, as that of two is. */
struct ad_total { double sum, lost; };

static inline void ad_total_add(struct ad_total *total, double x) /* D. E. Knuth, TAOCP 2, 4.2.2 */
{
    double s = total->sum + x, t = s - total->sum;
    total->lost += (total->sum - (s - t)) + (x - t);
    total->sum = s;
}

static inline double ad_total_value(struct ad_total total) /* nothing is lost of -0, and what an infinity loses is no number */
{
    return total.lost != 0 && isfinite(total.sum) ? total.sum + total.lost : total.sum;
}

static inline double ad_value_sum(size_t n, const ad_var *x)
{
    struct ad_total total = {n ? -0.0 : 0, 0};
    for (size_t i = 0; i < n; i++)
        ad_total_add(&total, x[i].value);
    return ad_total_value(total);
}

enum { AD_DOT_BLOCK = 64 };

/* dot_quickly in record.c adds in the same order. */
static inline double ad_value_dot(size_t n, const ad_var *x, const ad_var *y)
{
    struct ad_total total = {n ? -0.0 : 0, 0};
    for (size_t i = 0; i < n;) {
        const size_t end = n - i > AD_DOT_BLOCK ? i + AD_DOT_BLOCK : n;
        double s[4] = {-0.0, -0.0, -0.0, -0.0}, rest = -0.0;
        for (; i + 4 <= end; i += 4)
            for (size_t k = 0; k < 4; k++)
                s[k] += x[i + k].value * y[i + k].value;
        for (; i < end; i++)
            rest += x[i].value * y[i].value;
        ad_total_add(&total, ((s[0] + s[1]) + (s[2] + s[3])) + rest);
    }
    return ad_total_value(total);
}

/* max + log(1 + sum of exp(x - max) of the others); an infinite maximum is the answer itself, and so is what is alone: -0
 * too. `lost` is what the value lacks, of which the slopes would be short: the last rounding, and that of a large logarithm,
 * found by one more exponential. */
static inline double ad_value_logsumexp(size_t n, const ad_var *x, double *lost)
{
    double most = -INFINITY;
    size_t at = 0;
    *lost = 0;
    for (size_t i = 0; i < n; i++)
        most = max(most, x[i].value);
    if (n == 1 || !isfinite(most))
        return most;
    while (x[at].value != most)
        at++;
    struct ad_total others = {0, 0}, z = {most, 0};
    for (size_t i = 0; i < n; i++)
        if (i != at)
            ad_total_add(&others, exp(x[i].value - most));
    const double more = log1p(others.sum + others.lost);
    ad_total_add(&z, more);
    *lost = z.lost;
    if (more > 1) {
        const double e = exp(-more);
        ad_total_add(&others, 1);
        *lost += fma(others.sum, e, -1) + others.lost * e;
    }
    return z.sum;
}

/* Scaled by a power of two where squares would leave the range. */
static inline double ad_value_norm2(size_t n, const ad_var *x)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = max(most, fabs(x[i].value));
    if (most == 0 || !isfinite(most))
        return most;
    const double scale = most > 0x1p480 ? 0x1p-600 : most < 0x1p-450 ? 0x1p600 : 1;
    struct ad_total squares = {0, 0};
    for (size_t i = 0; i < n; i++)
        ad_total_add(&squares, square(x[i].value * scale));
    return sqrt(squares.sum + squares.lost) / scale;
}

static inline double ad_value_maximum(size_t n, const ad_var *x)
{
    double most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        most = max(most, x[i].value);
    return most;
}

static inline double ad_value_minimum(size_t n, const ad_var *x)
{
    double least = INFINITY;
    for (size_t i = 0; i < n; i++)
        least = min(least, x[i].value);
    return least;
}

#endif
