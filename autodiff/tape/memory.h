/* memory.h -- the one seam through which the library takes memory.
 *
 * A block is a resizable array. A region is address space reserved once, of which pages are made usable as it grows, so
 * that 10^8 nodes move no more than once; where the allocator cannot reserve, a region is a block. Both keep their memory until
 * they are freed. Not installed.
 */
#ifndef AUTODIFF_TAPE_MEMORY_H
#define AUTODIFF_TAPE_MEMORY_H

#include "tape.h"

typedef struct ad_block {
    void  *base;
    size_t size;                           /* bytes */
} ad_block;

typedef struct ad_region {
    void  *base;
    size_t size, reserved;                 /* bytes usable; bytes of address space, 0 for a block */
} ad_region;

/* Fills in the C library and the system where the allocator names nothing. */
ad_allocator ad_allocator_complete(ad_allocator allocator);
void *ad_resize(const ad_allocator *allocator, void *block, size_t old_size, size_t new_size);
/* As many bytes, or more where the system would sooner give a whole huge page: for what is filled and soon given back. */
size_t ad_scratch_size(const ad_allocator *allocator, size_t bytes);
/* Both make at least `bytes` usable and return 1, or change nothing and return 0. */
int   ad_block_grow(ad_block *block, const ad_allocator *allocator, size_t bytes);
int   ad_region_grow(ad_region *region, const ad_allocator *allocator, size_t bytes, size_t most);
void  ad_block_free(ad_block *block, const ad_allocator *allocator);
void  ad_region_free(ad_region *region, const ad_allocator *allocator);

#endif
