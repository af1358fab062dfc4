/* p1_tape.h -- P1 as users of the library write it: a whole batch, row by row, and with dot products.
 *
 * The recording and the sweep; the races and the printing are in eager_p1.c and eager_whole.c.
 */
#ifndef P1_TAPE_H
#define P1_TAPE_H

#include "p1.h"
#include <autodiff/autodiff.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Resets the tape, records every row, sums the errors, sweeps once. Returns the error, writes its gradient to g. */
double p1_tape_batch(ad_tape *tape, const p1_problem *P, p1_network *g);

/* Resets the tape, creates the parameters once, then records, sweeps and rewinds row after row. */
double p1_tape_rows(ad_tape *tape, const p1_problem *P, p1_network *g);

/* The same with one ad_dot per neuron for its products and their sum. */
double p1_tape_dots(ad_tape *tape, const p1_problem *P, p1_network *g);

#ifdef __cplusplus
}
#endif
#endif
