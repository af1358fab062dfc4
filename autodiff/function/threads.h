/* threads.h -- how many threads an evaluation over rows may use.
 *
 * Threads are made when an evaluation first has work for them (about half a millisecond), then parked and used again; they
 * sleep with all signals blocked and end when the library is unloaded or the program exits. How many there are never
 * changes a result: rows are dealt out and sums are added in an order that depends on their number and the function alone.
 * When several threads of the program evaluate at once, one of them has the parked ones and the others work alone. After
 * fork the child makes its own when it needs them; but a function that another thread was evaluating for the first time at
 * the fork is locked in the child for good. Where a thread cannot be made, fewer do the work.
 */
#ifndef AUTODIFF_FUNCTION_THREADS_H
#define AUTODIFF_FUNCTION_THREADS_H

#include "../tape/variable.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Lets later evaluations use n threads, the calling one included: 1 works alone; 0 is the default, which is AD_THREADS of
 *  the environment or else the processors this process may run on; at most 64. Negative changes nothing. Returns the
 *  number that then holds. May be called at any time by any thread. */
AD_API int ad_threads(int n);

#ifdef __cplusplus
}
#endif
#endif
