/* sweep.h -- the careful sweep over values other than the tape's own, or into other adjoints than the tape's. Not installed. */
#ifndef AUTODIFF_TAPE_SWEEP_H
#define AUTODIFF_TAPE_SWEEP_H

#include "internal.h"

/* A sweep looks two nodes ahead: adjoints need so many places before the first. */
enum { AD_SWEEP_BEFORE = 2 };

/* Hands A[top], which is set, on to what top was computed from; all other adjoints are 0 before. Zero against infinity is
 * nothing. values [top + 1]; own says that they are the tape's. */
void ad_sweep_carefully(const ad_tape *tape, const double *values, int own, double *A, uint32_t top);

#endif
