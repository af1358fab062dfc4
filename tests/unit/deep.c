/* deep.c -- a graph a million operations deep is swept, differentiated as nodes and freed on a stack of 64 kB: nothing
 * recurses. */
#include "unit.h"

#include <pthread.h>

enum { DEPTH = 1000000 };

typedef struct result {
    double eager, symbolic, expected;
    size_t size;
    ad_status status;
} result;

static void *dive(void *argument)
{
    result *r = argument;
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0.3), y = x, d;
    double z = 0.3, dz = 1;
    for (int i = 0; i < DEPTH / 4; i++) {
        y = ad_add(ad_mul(ad_sin(y), 0.75), ad_square(x));
        dz = cos(z) * dz * 0.75 + 2 * 0.3;
        z = sin(z) * 0.75 + 0.3 * 0.3;
    }
    r->size = ad_tape_size(tape);
    r->expected = dz;
    ad_backward(y);
    r->eager = ad_grad(x);
    ad_gradient(y, 1, &x, &d);
    r->symbolic = d.value;
    ad_backward(d);                                    /* through all that was recorded */
    r->status = ad_tape_error(tape);
    ad_tape_free(tape);
    return NULL;
}

Test(deep, a_million_operations_are_differentiated_on_a_small_stack)
{
    result r = {0};
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    cr_assert(!pthread_attr_setstacksize(&small, 64 << 10));
    cr_assert(!pthread_create(&thread, &small, dive, &r));
    pthread_join(thread, NULL);
    cr_assert(r.size >= DEPTH, "%zu nodes", r.size);
    cr_assert(r.status == AD_OK);
    NEAR(r.eager, r.expected, 1e-12);
    NEAR(r.symbolic, r.expected, 1e-12);
}
