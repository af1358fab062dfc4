/* faults.c -- every allocation fails once, and from some one on all fail: no crash, no leak, an error that sticks, and
 * after a reset with memory back everything works.
 *
 * The allocator here counts, moves every block it resizes, checks the old sizes it is told, and keeps what was freed,
 * spoiled, to see at the end that nobody wrote there.
 */
#include "unit.h"
#include "rows.h"
#include <nn/nn.h>

#include <stdlib.h>
#include <sys/mman.h>

/* ---- An allocator that fails on demand ------------------------------------------------------------------------------
 */

typedef struct heading {
    size_t size, magic;
    struct heading *next;                  /* among the freed */
    size_t unused;
} heading;

typedef struct memory {
    heading *freed;
    long   calls, fail_at, refused;        /* the fail_at-th call fails; 0: none */
    int    fail_on;                        /* and so do all after it */
    size_t live, reserved;                 /* bytes */
    int    wrong, reserve_refused;         /* a wrong size was told; only a reservation was refused */
} memory;

static int refuses(memory *m)
{
    m->calls++;
    int refuse = m->fail_at && (m->calls == m->fail_at || (m->fail_on && m->calls > m->fail_at));
    m->refused += refuse;
    return refuse;
}

static void *resize(void *user, void *block, size_t old_size, size_t new_size)
{
    memory *m = user;
    heading *old = block ? (heading *)block - 1 : NULL;
    if (block ? old->size != old_size || old->magic != ~old_size : old_size != 0)
        m->wrong = 1;
    if (new_size && refuses(m))
        return NULL;
    heading *new = new_size ? malloc(sizeof *new + new_size) : NULL;
    if (new) {
        *new = (heading){.size = new_size, .magic = ~new_size};
        memset(new + 1, 0xa5, new_size);
        if (old)
            memcpy(new + 1, block, old_size < new_size ? old_size : new_size);
        m->live += new_size;
    }
    if (old) {
        m->live -= old->size;
        memset(old + 1, 0x5a, old->size);
        old->next = m->freed;
        old->magic = 0;
        m->freed = old;
    }
    return new ? new + 1 : NULL;
}

static void *reserve(void *user, size_t bytes)
{
    memory *m = user;
    if (refuses(m)) {
        m->reserve_refused = 1;
        return NULL;
    }
    void *base = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    m->reserved += bytes;
    return base;
}

static int commit(void *user, void *block, size_t bytes)
{
    memory *m = user;
    return !refuses(m) && !mprotect(block, bytes, PROT_READ | PROT_WRITE);
}

static void release(void *user, void *block, size_t bytes)
{
    memory *m = user;
    m->wrong |= munmap(block, bytes) != 0 || bytes > m->reserved;
    m->reserved -= bytes;
}

/* Nothing was leaked, told wrong, or written to after it was freed. */
static void is_clean(memory *m, const char *what, long at)
{
    cr_assert(m->live == 0 && m->reserved == 0, "%s %ld: %zu bytes leaked", what, at, m->live + m->reserved);
    cr_assert(!m->wrong, "%s %ld: a wrong size was told", what, at);
    for (heading *block; (block = m->freed);) {
        const unsigned char *byte = (const unsigned char *)(block + 1);
        for (size_t i = 0; i < block->size; i++)
            cr_assert(byte[i] == 0x5a, "%s %ld: byte %zu of a freed block of %zu was written to", what, at, i,
                      block->size);
        m->freed = block->next;
        free(block);
    }
}

static ad_tape_options options(memory *m, int regions)
{
    ad_tape_options o = {.allocator = {.resize = resize, .user = m}};
    if (regions) {
        o.allocator.reserve = reserve;
        o.allocator.commit = commit;
        o.allocator.release = release;
    }
    return o;
}

/* ---- A scenario that touches the whole interface ----------------------------------------------------------------- */

enum { INPUTS = 12 };

/* Returns a digest of what it computed. */
static double scenario(ad_tape *tape)
{
    double digest = 0;
    char name[64];
    ad_var p[INPUTS], t = ad_column(tape, "t"), E = ad_const(0);
    for (int i = 0; i < INPUTS; i++) {
        snprintf(name, sizeof name, "param_%d_with_a_rather_long_name_that_fills_the_text", i);
        p[i] = ad_param(tape, i % 3 ? name : NULL, 0.25 + 0.125 * i);
    }
    for (int i = 0; i < ROWS; i++) {                   /* every row, variables and numbers mixed */
        ad_var v[OPERANDS];
        for (int k = 0; k < OPERANDS; k++)
            v[k] = (i + k) % 4 ? p[(i + k) % INPUTS] : ad_const(0.125 * k + i);
        ad_var z = rows[i].record(v, 2);
        E = ad_add(E, ad_select(ad_less(ad_abs(z), 1e6), z, 0));
        ad_name(z, rows[i].name);
    }
    ad_mark mark = ad_tape_mark(tape);
    ad_var many[300];
    for (int i = 0; i < 300; i++)
        many[i] = i % 5 ? ad_mul(p[i % INPUTS], i) : ad_const(i);
    ad_var s = ad_add(ad_sum(300, many), ad_dot(150, many, many + 150));
    ad_name(s, "s");
    ad_mark inner = ad_tape_mark(tape);
    ad_var out[INPUTS];
    ad_gradient(ad_mul(s, E), INPUTS, p, out);
    digest += ad_value(out[1]) + ad_value(out[2]);
    ad_tape_rewind(tape, inner);
    ad_accumulate(ad_mul(s, 0.001));
    ad_accumulate(ad_mul(0, ad_sqrt(ad_mul(0, s))));
    digest += ad_grad(p[1]);
    ad_tape_rewind(tape, mark);
    ad_var h[3], y;
    nn_layer(4, 3, p, p, p, ad_tanh, h);
    y = nn_neuron(3, p, h, &p[5], ad_sigmoid);
    ad_var error = ad_add(E, ad_squared_error(y, 1));
    ad_backward(error);
    for (int i = 0; i < INPUTS; i++)
        digest += ad_grad(p[i]);
    digest +=
        ad_value(ad_find(tape, "mul")) + !ad_name_of(p[1]) + !ad_name_of(h[0]) + isnan(ad_value(ad_find(tape, "s")));
    for (int k = 0; k < 40; k++) {                     /* many segments */
        ad_tape_mark(tape);
        y = ad_name(ad_mul(y, 1.5), k % 2 ? "y" : "z");
    }
    for (int k = 0; k < 9000; k++)                     /* past the first step of a region */
        y = ad_add(ad_mul(y, 0.5), p[k % INPUTS]);
    ad_backward(y);
    ad_grad_clear(tape);
    ad_accumulate(y);
    ad_accumulate(t);
    digest += ad_grad(p[3]) + ad_grad(t) + ad_value(ad_find(tape, "y"));
    return digest;
}

static double expected;

/* One life with failing memory: whatever fails, it is told, and afterwards the same tape works. */
static void live(int regions, long fail_at, int fail_on, long *calls)
{
    memory m = {.fail_at = fail_at, .fail_on = fail_on};
    ad_tape *tape = ad_tape_create(options(&m, regions));
    if (!tape) {
        cr_assert(m.refused, "no tape though no allocation failed");
    } else {
        double digest = scenario(tape);
        if (!m.refused) {
            STATUS(tape, AD_OK);
            cr_assert(identical(digest, expected), "%.17g, not %.17g", digest, expected);
        } else if (ad_tape_error(tape) == AD_OK) {     /* a smaller reservation did */
            cr_assert(m.reserve_refused && !fail_on, "allocation %ld failed and nobody said so", fail_at);
            cr_assert(identical(digest, expected), "allocation %ld: %.17g, not %.17g", fail_at, digest, expected);
        } else {
            cr_assert(ad_tape_error(tape) == AD_ERROR_NO_MEMORY, "allocation %ld: %s", fail_at,
                      ad_tape_error_message(tape));
            SAYS(tape, "ad_");
            SAYS(tape, "no memory");
            m.fail_at = 0;
            ad_var w = ad_param(tape, "w", 2);         /* memory is back, the error stays */
            ad_backward(ad_square(w));
            EQUAL(ad_grad(w), 4);
            cr_assert(ad_tape_error(tape) == AD_ERROR_NO_MEMORY);
        }
        if (calls)
            *calls = m.calls;
        m.fail_at = 0;
        ad_tape_reset(tape);
        STATUS(tape, AD_OK);
        digest = scenario(tape);
        cr_assert(ad_tape_error(tape) == AD_OK, "allocation %ld, after the reset: %s", fail_at,
                  ad_tape_error_message(tape));
        cr_assert(identical(digest, expected), "allocation %ld: %.17g, not %.17g after the reset", fail_at, digest,
                  expected);
        ad_tape_free(tape);
    }
    is_clean(&m, fail_on ? "no memory from allocation" : "no memory for allocation", fail_at);
}

static void fail_each(int regions, int fail_on)
{
    ad_tape *tape = ad_tape_new();
    expected = scenario(tape);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
    cr_assert(isfinite(expected), "the scenario computes nothing: %g", expected);
    long calls = 0;
    live(regions, 0, 0, &calls);
    cr_assert(calls > 30, "only %ld allocations", calls);
    for (long k = 1; k <= calls; k++)
        live(regions, k, fail_on, NULL);
}

Test(faults, each_allocation_of_blocks_may_fail) { fail_each(0, 0); }
Test(faults, memory_for_blocks_may_run_out_anywhere) { fail_each(0, 1); }
Test(faults, each_allocation_of_regions_may_fail) { fail_each(1, 0); }
Test(faults, memory_for_regions_may_run_out_anywhere) { fail_each(1, 1); }

Test(faults, an_operation_that_found_no_memory_is_a_plain_nan)
{
    for (int regions = 0; regions < 2; regions++) {
        memory m = {0};
        ad_tape *tape = ad_tape_create(options(&m, regions));
        ad_var w = ad_param(tape, "w", 0.5), v = w;
        m.fail_at = m.calls + 1;
        m.fail_on = 1;
        long n = 0;
        while (!is_plain(v) && n++ < 10000000)
            v = ad_mul(w, w);
        PLAIN_NAN(v);
        STATUS(tape, AD_ERROR_NO_MEMORY);
        SAYS(tape, "ad_mul");
        PLAIN_NAN(ad_sin(w));
        PLAIN_NAN(ad_fma(w, w, w));
        PLAIN_NAN(ad_param(tape, NULL, 1));
        PLAIN_NAN(ad_sum(1, &w));
        size_t size = ad_tape_size(tape);
        ad_backward(w);                                /* no room for adjoints: an error, and zeros */
        EQUAL(ad_grad(w), 0);
        cr_assert(ad_tape_size(tape) == size);
        ad_tape_free(tape);
        is_clean(&m, "flavour", regions);
    }
}

/* Every out is a plain NaN when the gradient could not be recorded, also on a tape that has an error already. */
Test(faults, a_gradient_that_found_no_memory_is_plain_nan_throughout)
{
    for (int had_error = 0; had_error < 2; had_error++) {
        long calls = 0;
        for (long k = 0; k <= calls; k++) {
            memory m = {0};
            ad_tape *tape = ad_tape_create(options(&m, 0));
            ad_var old = ad_param(tape, NULL, 1);
            ad_tape_reset(tape);
            ad_var w[8], E = ad_const(1), out[8];
            for (int i = 0; i < 8; i++) {
                w[i] = ad_param(tape, NULL, i + 1);
                E = ad_mul(E, ad_sin(ad_mul(w[i], 3)));
            }
            if (had_error)
                ad_exp(old);
            long before = m.calls;
            m.fail_at = k ? m.calls + k : 0;
            m.fail_on = 0;
            ad_gradient(E, 8, w, out);
            if (k == 0)
                calls = m.calls - before;
            for (int i = 0; i < 8; i++) {
                int failed = is_plain(out[i]) && isnan(out[i].value);
                cr_assert(failed == (k != 0), "allocation %ld of %ld%s: out[%d] is %g, link %llx", k, calls,
                          had_error ? " after an error" : "", i, out[i].value, (unsigned long long)out[i].link);
            }
            STATUS(tape, had_error ? AD_ERROR_STALE : k ? AD_ERROR_NO_MEMORY : AD_OK);
            ad_tape_free(tape);
            is_clean(&m, "no memory for allocation", k);
        }
        cr_assert(calls >= 2, "%ld allocations", calls);
    }
}

Test(faults, memory_told_is_memory_held)
{
    memory m = {0};
    ad_tape *tape = ad_tape_create(options(&m, 0));
    ad_var w = ad_param(tape, NULL, 0.5);
    for (int i = 0; i < 1000; i++)
        ad_mul(w, i);
    ad_backward(ad_exp(w));
    cr_assert(ad_tape_memory(tape) == m.live, "%zu told, %zu held", ad_tape_memory(tape), m.live);
    ad_tape_free(tape);
    is_clean(&m, "tape", 0);
}

Test(faults, a_tape_that_is_used_again_takes_no_more_memory)
{
    memory m = {0};
    ad_tape *tape = ad_tape_create(options(&m, 1));
    scenario(tape);
    ad_tape_reset(tape);
    scenario(tape);
    ad_tape_reset(tape);
    size_t live = m.live, reserved = m.reserved;
    for (int i = 0; i < 3; i++) {
        scenario(tape);
        ad_tape_reset(tape);
    }
    cr_assert(m.live == live && m.reserved == reserved);
    ad_tape_free(tape);
    is_clean(&m, "reset", 0);
}

Test(faults, a_partial_allocator_is_completed)
{
    memory m = {0};
    ad_tape_options resize_and_reserve = {.allocator = {.resize = resize, .reserve = reserve, .user = &m}};
    ad_tape *tape = ad_tape_create(resize_and_reserve);/* without commit and release, blocks do */
    scenario(tape);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
    cr_assert(m.calls > 0);
    is_clean(&m, "mixed", 0);
}
