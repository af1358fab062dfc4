/* beside.h -- one row a little beside a point. Not installed. */
#ifndef AUTODIFF_INSIGHT_BESIDE_H
#define AUTODIFF_INSIGHT_BESIDE_H

#include "autodiff/tape/internal.h"

/* A number's limit from a side, how fast it leaves it, and whether it may: a constant does not. */
typedef struct ad_beside { double value, slope; int moves; } ad_beside;

/* A row of one to three operands; z is the tape's value where the operands' values are. */
ad_beside ad_row_beside(enum ad_op op, ad_beside x, ad_beside y, ad_beside w);

/* Whether E has, through all kinks on the way, one value and this slope on both sides of x: as max(x, min(x, y)) has. */
int ad_is_smooth_along(ad_var E, ad_var x, double slope);

#endif
