/* region.h -- the least of a quadratic within a ball, in coordinates where it is diagonal. Not installed. */
#ifndef AUTODIFF_FIT_REGION_H
#define AUTODIFF_FIT_REGION_H

#include <stddef.h>

/* The z [n] that makes  c'z + z' diag(h) z / 2  least with |z| <= radius; returns the multiplier: 0 where the ball does not
 * matter. h may have any signs; where it is flat and c is nothing, z is 0 (More and Sorensen 1983; the hard case too). */
double ad_region_least(size_t n, const double *h, const double *c, double radius, double *z);

#endif
