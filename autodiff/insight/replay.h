/* replay.h -- a recorded function put back onto a tape, so that its graph can be looked into. Not installed. */
#ifndef AUTODIFF_INSIGHT_REPLAY_H
#define AUTODIFF_INSIGHT_REPLAY_H

#include "autodiff/function/function.h"

/* Records a function of one output on an empty tape. Its params and then its columns become params of the tape, all at 0 and
 * named as they are. A plain NaN, with an error on the tape or not, where it cannot be: it sums over rows inside. */
ad_var ad_replay(const ad_function *f, ad_tape *tape);
/* The same of output k of several. */
ad_var ad_replay_output(const ad_function *f, ad_tape *tape, size_t k);

#endif
