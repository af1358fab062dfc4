/* failing.h -- an allocator that fails on demand, checks the sizes it is told and counts what is alive. */
#ifndef FAILING_H
#define FAILING_H

#include <autodiff/autodiff.h>
#include <stdlib.h>
#include <string.h>

typedef struct failing {
    long   calls, fail_at;                 /* the fail_at-th call fails; 0: none */
    int    fail_on, wrong;                 /* and so do all after it; a wrong size was told */
    size_t live, peak;                     /* bytes, and the most there were */
} failing;

static inline void *failing_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    enum { HEADING = 16 };
    failing *m = user;
    char *old = block ? (char *)block - HEADING : NULL, *new = NULL;
    size_t told = 0;
    if (old)
        memcpy(&told, old, sizeof told);
    m->wrong |= told != old_size;
    if (new_size) {
        m->calls++;
        if (m->fail_at && (m->calls == m->fail_at || (m->fail_on && m->calls > m->fail_at)))
            return NULL;
        if (!(new = malloc(HEADING + new_size)))
            return NULL;
        memcpy(new, &new_size, sizeof new_size);
        memset(new + HEADING, 0xa5, new_size);
        if (old)
            memcpy(new + HEADING, block, told < new_size ? told : new_size);
        m->live += new_size;
        m->peak = m->live > m->peak ? m->live : m->peak;
    }
    if (old)
        m->live -= told;
    free(old);
    return new ? new + HEADING : NULL;
}

static inline ad_allocator failing_allocator(failing *m)
{
    return (ad_allocator){.resize = failing_resize, .user = m};
}

#endif
