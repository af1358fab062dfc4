/* store.h -- zeroed memory that is taken piece by piece and given back at once: an arena that remembers whether a piece was
 * refused. Not installed. */
#ifndef AUTODIFF_FIT_STORE_H
#define AUTODIFF_FIT_STORE_H

#include "autodiff/model/arena.h"

#include <stdint.h>
#include <string.h>

typedef struct ad_store {
    ad_arena arena;
    int      failed;                       /* a piece could not be had, and was NULL */
} ad_store;

static inline void *ad_store_make(ad_store *store, size_t n, size_t size)
{
    size_t bytes = n <= SIZE_MAX / 4 / (size + 1) ? n * size + 1 : 0;
    void *piece = bytes ? ad_arena_take(&store->arena, bytes) : NULL;
    if (piece)
        memset(piece, 0, bytes);
    else
        store->failed = 1;
    return piece;
}

static inline double *ad_store_numbers(ad_store *store, size_t n) { return ad_store_make(store, n, sizeof(double)); }
static inline void    ad_store_free(ad_store *store) { ad_arena_free(&store->arena); }

#endif
