/* quantile.h -- Student's t, normal and F quantiles, for intervals. Not installed. */
#ifndef AUTODIFF_FIT_QUANTILE_H
#define AUTODIFF_FIT_QUANTILE_H

/* The regularised incomplete beta function I_x(a, b), a, b > 0 (DLMF 8.17.2), by its continued fraction (DLMF 8.17.22). */
double ad_incomplete_beta(double a, double b, double x);
/* P(|T| > t) for Student's T with so many degrees of freedom (DLMF 8.17.24 as I of nu/2 and 1/2); infinite: normal. */
double ad_student_tails(double t, double degrees);
/* The t with P(|T| <= t) = level, 0 < level < 1. */
double ad_student_quantile(double level, double degrees);

#endif
