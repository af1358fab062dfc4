/* arena.c -- pieces of memory in a chain. */
#include "arena.h"

#include <string.h>

enum { ALIGNMENT = 16, PIECE = 4096 };

struct ad_arena_piece {
    struct ad_arena_piece *next;
    size_t size;                           /* with this head */
};

enum { HEAD = (sizeof(struct ad_arena_piece) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

void *ad_arena_take(ad_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 4)
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct ad_arena_piece *piece = arena->pieces;
    if (!piece || piece->size - arena->used < bytes) {
        size_t size = bytes + HEAD > PIECE ? bytes + HEAD : PIECE;
        if (!(piece = ad_resize(&arena->allocator, NULL, 0, size)))
            return NULL;
        *piece = (struct ad_arena_piece){arena->pieces, size};
        arena->pieces = piece;
        arena->used = HEAD;
    }
    void *taken = (char *)piece + arena->used;
    arena->used += bytes;
    return taken;
}

char *ad_arena_text(ad_arena *arena, const char *text, size_t length)
{
    char *copy = ad_arena_take(arena, length + 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

void ad_arena_free(ad_arena *arena)
{
    for (struct ad_arena_piece *piece; (piece = arena->pieces);) {
        arena->pieces = piece->next;
        ad_resize(&arena->allocator, piece, piece->size, 0);
    }
    arena->used = 0;
}
