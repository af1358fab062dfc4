/* scope.c -- names found through a hash. */
#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) ad_resize(allocator, NULL, 0, size)
#define uthash_free(block, size) ad_resize(allocator, block, size, 0)
#define uthash_nonfatal_oom(entry) (failed = 1)

#include "scope.h"

#include "autodiff/tape/internal.h"
#include "limits.h"

#include <string.h>
#include <uthash.h>

struct ad_scope_entry {
    ptrdiff_t      place;
    UT_hash_handle hh;
};

const char *ad_scope_name(const ad_scope *scope, size_t i)
{
    return i < scope->count ? ((const char *const *)scope->names.base)[i] : NULL;
}

ptrdiff_t ad_scope_add(ad_scope *scope, const char *name, size_t length)
{
    const ad_allocator *allocator = &scope->arena->allocator;
    char *copy = ad_arena_text(scope->arena, name, length);
    struct ad_scope_entry *entry = ad_arena_take(scope->arena, sizeof *entry);
    int failed = 0;
    if (!copy || !entry || !ad_block_grow(&scope->names, allocator, (scope->count + 1) * sizeof copy))
        return AD_NAME_NO_MEMORY;
    *entry = (struct ad_scope_entry){.place = (ptrdiff_t)scope->count};
    HASH_ADD_KEYPTR(hh, scope->index, copy, length, entry);
    if (failed)
        return AD_NAME_NO_MEMORY;
    ((const char **)scope->names.base)[scope->count] = copy;
    return (ptrdiff_t)scope->count++;
}

static int on_tape(ad_tape *tape, const char *name, size_t length)
{
    char ended[AD_NAME_LENGTH + 1];
    if (length > AD_NAME_LENGTH)
        return 0;
    memcpy(ended, name, length);
    ended[length] = '\0';
    return !ad_is_plain(ad_find(tape, ended));
}

ptrdiff_t ad_scope_find(ad_scope *scope, const char *name, size_t length)
{
    struct ad_scope_entry *entry;
    HASH_FIND(hh, scope->index, name, length, entry);
    if (entry)
        return entry->place;
    int known = scope->kind == AD_SCOPE_OPEN || (scope->kind == AD_SCOPE_OF_TAPE && on_tape(scope->tape, name, length));
    return known ? ad_scope_add(scope, name, length) : AD_NAME_UNKNOWN;
}

void ad_scope_offer(const ad_scope *scope, ad_nearest *nearest)
{
    for (size_t i = 0; i < scope->count; i++)
        ad_nearest_offer(nearest, ad_scope_name(scope, i));
    for (uint32_t i = 0; scope->tape && i < scope->tape->n_names; i++)
        ad_nearest_offer(nearest, (const char *)scope->tape->text.base + ((const ad_named *)scope->tape->names.base)[i].text);
}

void ad_scope_free(ad_scope *scope)
{
    struct ad_scope_entry *entry, *next;
    const ad_allocator *allocator = &scope->arena->allocator;
    HASH_ITER(hh, scope->index, entry, next)
        HASH_DEL(scope->index, entry);
    ad_block_free(&scope->names, allocator);
    scope->count = 0;
}
