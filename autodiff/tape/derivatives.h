/* derivatives.h -- the backward sweep, its adjoints, and the gradient as new nodes.
 *
 * The sweep visits nodes from E down and hands every adjoint g = dE/dz on to the operands: g times the partial of
 * ops.def. Contributions add where paths meet. A zero adjoint or a zero partial contributes exactly nothing, also
 * against infinity or NaN: a branch that was not taken cannot poison the gradient.
 */
#ifndef AUTODIFF_TAPE_DERIVATIVES_H
#define AUTODIFF_TAPE_DERIVATIVES_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Computes dE/dv for every variable v of E's tape. Calling it again gives the same answer. A plain number does nothing.
 *  Errors: AD_ERROR_STALE, AD_ERROR_NO_MEMORY (adjoints: 8 bytes a node). */
AD_API void   ad_backward(ad_var E);
/** As ad_backward, but adds to the gradients that params and columns hold, from sweeps since the last ad_backward or
 *  ad_grad_clear; other variables get dE/dv alone. For sums recorded term by term, with a rewind between. */
AD_API void   ad_accumulate(ad_var E);
/** Sets every gradient to zero. */
AD_API void   ad_grad_clear(ad_tape *tape);
/** dE/dv of the last sweep; 0 where E does not depend on v, where v is newer than the sweep, or before any sweep, and
 *  for a plain number. A stale v: NaN, AD_ERROR_STALE. */
AD_API double ad_grad(ad_var v);

/** Records dE/dwrt[i] as new nodes, so that they can be computed with and differentiated again.
 *  wrt [n] variables, inputs or intermediates (others on the way are held as the graph has them); out [n] may be wrt.
 *  Where E does not depend on wrt[i], out[i] is a plain 0. On error every out is a plain NaN. */
AD_API void   ad_gradient(ad_var E, size_t n, const ad_var *wrt, ad_var *out);

#ifdef __cplusplus
}
#endif
#endif
