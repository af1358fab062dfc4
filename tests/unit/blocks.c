/* blocks.c -- blocks of the system's allocator: as they grow and shrink, small, of pages of their own, and back, they keep what they
 * hold. */
#include <autodiff/tape/memory.h>

#include <criterion/criterion.h>

enum { STRIDE = 4001, SMALL = 3 << 20, LARGE = 12 << 20, ROUNDS = 300 };

static unsigned char byte_at(size_t i) { return (unsigned char)(i * 31 >> 3); }

Test(blocks, keep_what_they_hold_whatever_their_size)
{
    ad_allocator a = ad_allocator_complete((ad_allocator){0});
    unsigned char *block = NULL;
    size_t size = 0;
    unsigned seed = 1;
    for (int round = 0; round <= ROUNDS; round++) {
        seed = seed * 1664525u + 1013904223u;
        size_t new = round == ROUNDS ? 0 : (seed >> 8) % (seed >> 7 & 1 ? LARGE : SMALL);
        block = ad_resize(&a, block, size, new);
        cr_assert_eq(block != NULL, new > 0);
        for (size_t i = 0; i < size && i < new; i += STRIDE)
            cr_assert_eq(block[i], byte_at(i), "byte %zu of %zu, made %zu", i, size, new);
        for (size_t i = 0; i < new; i += STRIDE)
            block[i] = byte_at(i);
        size = new;
    }
}

Test(blocks, are_aligned_for_everything)
{
    ad_allocator a = ad_allocator_complete((ad_allocator){0});
    for (size_t size = 1; size <= LARGE; size *= 2) {
        void *block = ad_resize(&a, NULL, 0, size);
        cr_assert(block && (uintptr_t)block % 16 == 0, "%zu bytes", size);
        ad_resize(&a, block, size, 0);
    }
}
