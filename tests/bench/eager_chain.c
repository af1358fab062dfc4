/* eager_chain.c -- a chain of 10^8 operations, recorded and swept on a stack of 64 kB within 2.6 GB.
 *
 * Says that the sweep does not recurse, that repeated constants are shared, and that a node is 24 bytes with its
 * adjoint. Not a race: the reference is one multiplication a step. Skipped (77) where memory does not suffice.
 */
#include "bench.h"
#include <autodiff/autodiff.h>
#include <pthread.h>

enum { STACK = 64 * 1024, OPS = 100000000, OPS_SMALL = 1000000 };

typedef struct {
    long ops;
    double slope, ns;
    size_t nodes, bytes;
    ad_status status;
} chain;

static const double shrink = 1 - 1e-8, shift = 1e-8;

/* x <- x shrink + shift, ops / 2 times. */
static void *record_and_sweep(void *problem)
{
    chain *C = problem;
    double start = bench_now();
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0.5), z = x;
    for (long i = 0; i < C->ops / 2; i++)
        z = ad_add(ad_mul(z, shrink), shift);
    ad_backward(z);
    C->slope = ad_grad(x);
    C->ns = bench_now() - start;
    C->nodes = ad_tape_size(tape);
    C->bytes = ad_tape_memory(tape);
    C->status = ad_tape_error(tape);
    ad_tape_free(tape);
    return NULL;
}

static double slope_by_hand(long ops)
{
    double g = 1;
    for (long i = 0; i < ops / 2; i++)
        g *= shrink;
    return g;
}

/* The most this process ever had in memory, in GB; 0 where the system does not say. */
static double resident_peak(void)
{
    char line[256];
    double kB = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status)
        return 0;
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %lf", &kB) == 1)
            break;
    fclose(status);
    return kB * 1024 / 1e9;
}

static int on_small_stack(void *(*run)(void *), void *problem)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int failed = pthread_attr_init(&attributes);
    if (failed)
        return failed;
    failed = pthread_attr_setstacksize(&attributes, STACK);
    if (!failed)
        failed = pthread_create(&thread, &attributes, run, problem);
    if (!failed)
        failed = pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

int main(int argc, char **argv)
{
    chain C = {.ops = bench_is_small(argc, argv) ? OPS_SMALL : OPS};
    bench_pin();
    printf("; one run on a stack of %d kB\n", STACK / 1024);
    if (on_small_stack(record_and_sweep, &C)) {
        printf("chain: no thread with that stack\n");
        return 1;
    }
    if (C.status == AD_ERROR_NO_MEMORY) {
        printf("chain: not enough memory here\n");
        return 77;
    }
    printf("%-36s %6.2f ns/op, first touch\n", C.ops == OPS ? "chain of 1e8 operations" : "chain of 1e6 operations",
           C.ns / (double)C.ops);
    printf("%-36s %6.2f GB at the peak, %.2f bytes per node   (bar 2.6 GB)\n", "chain, resident", resident_peak(),
           (double)C.bytes / (double)C.nodes);

    double expected = slope_by_hand(C.ops);
    return C.status != AD_OK || !bench_agree("chain", 1, &C.slope, &expected);
}
