/* nearest.h -- "did you mean": the known name that is nearest to one that was written. Not installed. */
#ifndef AUTODIFF_MODEL_NEAREST_H
#define AUTODIFF_MODEL_NEAREST_H

#include <stddef.h>

/* How many insertions, deletions, changes and swaps of neighbours apart two names are, letters of different case half a
 * change: in halves. SIZE_MAX for names too long to be slips of one another (over 63 bytes, or more than 3 apart in length). */
size_t ad_nearest_distance(const char *written, const char *known);
/* Whether a distance is small enough for a name of that length to be offered. */
int    ad_nearest_is_near(size_t distance, const char *written);

#endif
