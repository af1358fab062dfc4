/* nearest.h -- "did you mean": the known name that is nearest to one that was written. Not installed. */
#ifndef AUTODIFF_MODEL_NEAREST_H
#define AUTODIFF_MODEL_NEAREST_H

#include <stddef.h>

/* Known names are offered one by one; `best` is the first of the nearest, if any is near enough to be meant. */
typedef struct ad_nearest {
    const char *written;           /* [length] */
    size_t      length;
    const char *best;              /* NULL: none */
    size_t      distance;
} ad_nearest;

void ad_nearest_offer(ad_nearest *nearest, const char *name);

#endif
