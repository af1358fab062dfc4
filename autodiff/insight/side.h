/* side.h -- slopes from one side: where a formula has a kink, what its slope is just beside it.
 *
 * A graph is followed forward in a direction. Where an operation is smooth that is the chain rule; at a kink the direction
 * decides, as it does for the function itself a little further on: |x| grows by |dx|, max by the larger of two that tie, a
 * comparison of equal operands and a step have the value that they have on that side.
 */
#ifndef AUTODIFF_INSIGHT_SIDE_H
#define AUTODIFF_INSIGHT_SIDE_H

#include "../tape/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The derivative of E along a direction, from the side it points to: lim of (E(x + h d) - E(x + 0 d)) / h as h falls to 0.
 *  x [n] variables, inputs or intermediates (others on the way are held as the graph has them), direction [n]. Linear in
 *  the direction where E is smooth. +-inf where the slope is, NaN where E is not defined on that side, or where first
 *  derivatives do not tell (sqrt of what has value and slope 0). Errors: AD_ERROR_STALE, AD_ERROR_FOREIGN,
 *  AD_ERROR_ARGUMENT (NULL), AD_ERROR_NO_MEMORY; then NaN. */
AD_API double ad_directional(ad_var E, size_t n, const ad_var *x, const double *direction);
/** dE/dx just to the right of x's value (side > 0) or just to the left of it (side < 0): -1 and 1 for |x| at 0. */
AD_API double ad_one_sided(ad_var E, ad_var x, int side);

#ifdef __cplusplus
}
#endif
#endif
