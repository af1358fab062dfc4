/* pool.h -- parked threads that help with one piece of work at a time. Not installed; threads.h is what users see. */
#ifndef AUTODIFF_FUNCTION_POOL_H
#define AUTODIFF_FUNCTION_POOL_H

/* A share of work: what one thread does until nothing is left. `worker` is 0 for the caller, else a number of its own. */
typedef void ad_share(void *work, int worker);

/* Runs share(work, 0) here and share(work, 1 .. threads - 1) beside it, as far as there are threads to be had: none when
 * another caller has them. A share may start late, when the others have left nothing, or never. Returns when all that
 * started have ended. */
void ad_pool_run(int threads, ad_share *share, void *work);

#endif
