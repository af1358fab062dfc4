/* arena.h -- memory that grows in pieces, never moves and is given back all at once. Not installed. */
#ifndef AUTODIFF_MODEL_ARENA_H
#define AUTODIFF_MODEL_ARENA_H

#include "autodiff/tape/memory.h"

typedef struct ad_arena {
    ad_allocator allocator;        /* complete */
    struct ad_arena_piece *pieces;
    size_t used;                   /* of the newest piece */
} ad_arena;

/* bytes of it, aligned for anything, undefined; NULL without memory. */
void *ad_arena_take(ad_arena *arena, size_t bytes);
/* A copy of [text, text + length), ended by a 0. */
char *ad_arena_text(ad_arena *arena, const char *text, size_t length);
void  ad_arena_free(ad_arena *arena);

#endif
