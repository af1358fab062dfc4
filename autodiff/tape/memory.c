/* memory.c -- blocks and regions over an allocator, and the allocator of the system. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined __SANITIZE_ADDRESS__
#define AD_WATCHED 1
#elif defined __has_feature
#define AD_WATCHED __has_feature(address_sanitizer)
#else
#define AD_WATCHED 0
#endif

/* The last step is one huge page: with two, P1's whole batch took 24.9 bytes per node instead of 24.25, no faster. */
enum { AD_FIRST_STEP = 1 << 16, AD_LAST_STEP = 1 << 21, AD_HUGE_PAGE = 1 << 21, AD_SMALL_REGION = 1 << 19 };

static size_t rounded(size_t bytes, size_t step) { return (bytes + step - 1) / step * step; }

static void prefer_huge_pages(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    uintptr_t page = 4096, from = ((uintptr_t)block + page - 1) / page * page, to = ((uintptr_t)block + bytes) / page * page;
    if (to - from >= AD_HUGE_PAGE)
        madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
    (void)block, (void)bytes;
#endif
}

/* The bytes of a block that has pages of its own, huge ones; 0 for one of the C library's, as all are that a sanitizer watches.
 * On a virtual machine a first touch took 11 us for a small page and 120 us for a huge one, which is 512 of them. */
static size_t mapped_size(size_t size)
{
    return AD_WATCHED || size < AD_HUGE_PAGE / 2 ? 0 : rounded(size, AD_HUGE_PAGE);
}

/* The GNU library returns to the system what is free beyond twice the largest block that it mapped itself and that was freed.
 * Where all large blocks are mapped here, that is next to nothing, and small ones would be touched anew each time: making the
 * gradient of a chain of 10^4 nodes for the second time took 225 faults in place of 2. */
static void keep_some_memory(void)
{
    static int done;
    if (!__atomic_exchange_n(&done, 1, __ATOMIC_RELAXED)) {
        void *volatile block = malloc(2 * AD_HUGE_PAGE);
        free(block);
    }
}

/* Address space that begins where a huge page may. */
static char *map_aligned(size_t bytes, int protection)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    char *all = mmap(NULL, bytes + AD_HUGE_PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)all % AD_HUGE_PAGE;
    if (before)
        munmap(all, before);
    munmap(all + before + bytes, AD_HUGE_PAGE - before);
    return all + before;
}

static void *map(size_t bytes)
{
    void *block = map_aligned(bytes, PROT_READ | PROT_WRITE);
    if (block) {
        prefer_huge_pages(block, bytes);
        keep_some_memory();
    }
    return block;
}

/* The pages move, not what they hold. */
static void *remap(void *block, size_t from, size_t to)
{
#ifdef MREMAP_FIXED
    if (to < from)
        return mremap(block, from, to, 0);
    char *place = map_aligned(to, PROT_NONE);
    if (!place)
        return NULL;
    void *moved = mremap(block, from, to, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    if (moved != MAP_FAILED)
        return moved;
    munmap(place, to);
    return NULL;
#else
    void *moved = map(to);
    if (moved) {
        memcpy(moved, block, from < to ? from : to);
        munmap(block, from);
    }
    return moved;
#endif
}

static void *system_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    size_t from = mapped_size(old_size), to = mapped_size(new_size);
    (void)user;
    if (from && to)
        return from == to ? block : remap(block, from, to);
    if (!from && !to && new_size)
        return realloc(block, new_size);
    void *moved = to ? map(to) : new_size ? malloc(new_size) : NULL;
    if (new_size && !moved)
        return NULL;
    if (block && moved)
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
    if (from)
        munmap(block, from);
    else
        free(block);
    return moved;
}

static void *system_reserve(void *user, size_t bytes)
{
    (void)user;
    return map_aligned(bytes, PROT_NONE);
}

static int system_commit(void *user, void *block, size_t bytes)
{
    (void)user;
    if (mprotect(block, bytes, PROT_READ | PROT_WRITE))
        return 0;
    prefer_huge_pages(block, bytes);
    return 1;
}

static void system_release(void *user, void *block, size_t bytes)
{
    (void)user;
    munmap(block, bytes);
}

ad_allocator ad_allocator_complete(ad_allocator a)
{
    if (!a.resize && !a.reserve) {
        a.reserve = system_reserve;
        a.commit  = system_commit;
        a.release = system_release;
    }
    if (!a.resize)
        a.resize = system_resize;
    if (!a.reserve || !a.commit || !a.release)
        a.reserve = NULL;
    return a;
}

void *ad_resize(const ad_allocator *a, void *block, size_t old_size, size_t new_size)
{
    return a->resize(a->user, block, old_size, new_size);
}

size_t ad_scratch_size(const ad_allocator *a, size_t bytes)
{
    return a->resize == system_resize && bytes >= AD_HUGE_PAGE / 8 && bytes < AD_HUGE_PAGE / 2 ? AD_HUGE_PAGE / 2 : bytes;
}

static size_t at_least(size_t size, size_t bytes, size_t first, size_t last)
{
    size_t step = size < first ? first : size < last ? size : last;
    return size + step > bytes ? size + step : bytes;
}

int ad_block_grow(ad_block *block, const ad_allocator *a, size_t bytes)
{
    if (bytes <= block->size)
        return 1;
    size_t size = at_least(block->size, bytes, 256, SIZE_MAX / 4);
    void  *base = ad_resize(a, block->base, block->size, size);
    if (!base)
        return 0;
    block->base = base;
    block->size = size;
    return 1;
}

static int reserve(ad_region *region, const ad_allocator *a, size_t most)
{
    for (size_t bytes = most; bytes >= AD_FIRST_STEP; bytes /= 2)
        if ((region->base = a->reserve(a->user, bytes)) != NULL) {
            region->reserved = bytes;
            return 1;
        }
    return 0;
}

static int grow_as_block(ad_region *region, const ad_allocator *a, size_t bytes)
{
    ad_block block = {region->base, region->size};
    int done = ad_block_grow(&block, a, bytes);
    region->base = block.base;
    region->size = block.size;
    return done;
}

/* A region moves once, out of a small reservation: with large ones a tape of ten nodes, recorded, swept and freed, took 670 us in
 * place of 200 on a virtual machine. As plain blocks it would be 0.6, but then the sweep row by row took 3.7 ns a node in place of 3.4. */
int ad_region_grow(ad_region *region, const ad_allocator *a, size_t bytes, size_t most)
{
    if (bytes <= region->size)
        return 1;
    if (!a->reserve)
        return grow_as_block(region, a, bytes);
    ad_region larger = *region;
    if (bytes > region->reserved) {
        larger = (ad_region){0};
        if (!reserve(&larger, a, rounded(bytes <= AD_SMALL_REGION && AD_SMALL_REGION < most ? AD_SMALL_REGION : most, AD_FIRST_STEP)))
            return 0;
    }
    size_t step = larger.reserved <= AD_SMALL_REGION ? AD_FIRST_STEP : AD_LAST_STEP;      /* whole huge pages */
    size_t size = rounded(at_least(region->size, bytes, step, AD_LAST_STEP), step);
    if (size > larger.reserved)
        size = larger.reserved;
    int moves = larger.base != region->base, done = bytes <= size && a->commit(a->user, larger.base, size);
    if (moves && !done)
        ad_region_free(&larger, a);
    if (!done)
        return 0;
    if (moves && region->base) {
        memcpy(larger.base, region->base, region->size);
        ad_region_free(region, a);
    }
    larger.size = size;
    *region = larger;
    return 1;
}

void ad_block_free(ad_block *block, const ad_allocator *a)
{
    if (block->base)
        ad_resize(a, block->base, block->size, 0);
    *block = (ad_block){0};
}

void ad_region_free(ad_region *region, const ad_allocator *a)
{
    if (region->base && region->reserved)
        a->release(a->user, region->base, region->reserved);
    else if (region->base)
        ad_resize(a, region->base, region->size, 0);
    *region = (ad_region){0};
}
