/* function_build.c -- what it takes to have a gradient at all: recording, deriving and lowering, per node, of graphs from
 * 10^4 to 10^6 nodes on a stack of 64 kB; and the memory that P1 and P2 run in. It looks inside the library.
 *
 * A node is an operation recorded; the time is that of recording it, taking it off the tape and what the first
 * ad_function_sum_gradient does before it runs.
 */
#include "bench.h"
#include "p1_function.h"
#include "p2_function.h"
#include <autodiff/function/internal.h>
#include <autodiff/function/run.h>

#include <limits.h>

enum { INPUTS = 16, NEAR = 1000 };
static const size_t STACK = (size_t)64 << 10;

/* x -> sin(w x + b), over and over: as deep as it is long. */
static ad_var chain(ad_tape *tape, ad_var *in, size_t n, unsigned *seed)
{
    ad_var y = in[INPUTS];
    (void)tape, (void)seed;
    for (size_t i = 0; i < n; i += 3)
        y = ad_sin(ad_add(ad_mul(in[i % INPUTS], y), in[(i + 1) % INPUTS]));
    return y;
}

/* Sums, products and sigmoids of what is near and of inputs. */
static ad_var random_graph(ad_tape *tape, ad_var *in, size_t n, unsigned *seed)
{
    static ad_var recent[NEAR];
    ad_var y = in[INPUTS];
    (void)tape;
    for (int i = 0; i < NEAR; i++)
        recent[i] = in[i % (2 * INPUTS)];
    for (size_t i = 0; i < n; i++) {
        ad_var a = recent[(unsigned)(*seed = *seed * 1664525u + 1013904223u) >> 8 & 511];
        ad_var b = recent[(*seed >> 18) % NEAR], c = in[(*seed >> 4) % (2 * INPUTS)];
        y = i % 8 == 0 ? ad_sigmoid(a) : i % 3 == 0 ? ad_mul(a, c) : i % 3 == 1 ? ad_add(a, b) : ad_sub(b, c);
        recent[i % NEAR] = y;
    }
    y = recent[0];
    for (int i = 1; i < NEAR; i++)
        y = ad_add(y, recent[i]);
    return y;
}

/* Networks of P1's kind side by side, each with params of its own. */
static ad_var networks(ad_tape *tape, ad_var *in, size_t n, unsigned *seed)
{
    ad_var E = ad_const(0);
    (void)seed;
    for (size_t i = 0; i < n; i += P1_OPS) {
        P1_NETWORK(ad_var) p;
        ad_var y1[P1_HIDDEN], y2[P1_HIDDEN];
        for (int k = 0; k < P1_PARAMS; k++)
            ((ad_var *)&p)[k] = ad_param(tape, NULL, 0.01 * k);
        for (int k = 0; k < P1_HIDDEN; k++)
            y1[k] = p1_function_neuron(P1_INPUTS, p.w1[k], in + INPUTS, p.b1[k]);
        for (int k = 0; k < P1_HIDDEN; k++)
            y2[k] = p1_function_neuron(P1_HIDDEN, p.w2[k], y1, p.b2[k]);
        E = ad_add(E, ad_squared_error(in[INPUTS + 2], p1_function_neuron(P1_HIDDEN, p.w3, y2, p.b3)));
    }
    return E;
}

typedef struct build {
    const char *name;
    ad_var    (*graph)(ad_tape *tape, ad_var *in, size_t n, unsigned *seed);
    size_t      n;
    double      record, take, derive;                 /* ns                                     */
    int         failed;
} build;

static void *run(void *problem)
{
    build *b = problem;
    unsigned seed = 1;
    double start = bench_now();
    ad_tape *tape = ad_tape_new();
    static ad_var in[2 * INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        in[i] = ad_param(tape, NULL, 0.1 * i);
        in[INPUTS + i] = ad_column(tape, NULL);
    }
    ad_var y = b->graph(tape, in, b->n, &seed);
    double recorded = bench_now();
    ad_function *f = ad_function_new(tape, 1, &y);
    double taken = bench_now();
    b->failed = !ad_made_for(f, AD_FOR_GRADIENT);
    b->derive = bench_now() - taken;
    b->take = taken - recorded;
    b->record = recorded - start;
    ad_function_free(f);
    ad_tape_free(tape);
    return NULL;
}

static int on_a_small_stack(build *b)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    int failed = pthread_attr_setstacksize(&attributes, STACK) || pthread_create(&thread, &attributes, run, b);
    pthread_attr_destroy(&attributes);
    if (!failed)
        pthread_join(thread, NULL);
    return failed || b->failed;
}

static void print_workspace(const char *name, ad_function *f)
{
    const ad_made *m = ad_made_for(f, AD_FOR_GRADIENT);
    if (m)
        printf("%-36s %6.0f kB, %u slots of %d rows   (bar: within L2)\n", name,
               (double)(ad_plan_workspace(&m->plan, 0) + m->plan.n_uniform * sizeof(double)) / 1024, m->plan.passes->n_slots,
               AD_BLOCK);
    ad_function_free(f);
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), failed = 0;
    static build builds[] = {{.name = "a chain", .graph = chain}, {.name = "at random", .graph = random_graph},
                             {.name = "networks", .graph = networks}};
    ad_threads(1);
    bench_pin();
    printf("; record + derive + lower, best of 3, stack of 64 kB\n");
    for (size_t n = 10000; n <= (small ? 10000u : 1000000u); n *= 10)
        for (size_t k = 0; k < sizeof builds / sizeof *builds; k++) {
            build best = builds[k], b = builds[k];
            for (int round = 0; round < 3; round++) {
                b.n = n;
                failed |= on_a_small_stack(&b);
                if (!round || b.record + b.take + b.derive < best.record + best.take + best.derive)
                    best = b;
            }
            printf("%-10s %8zu nodes %20.0f ns/node  (record %.0f, take %.0f, derive and lower %.0f)   (bar 500)\n", best.name, n,
                   (best.record + best.take + best.derive) / (double)n, best.record / (double)n, best.take / (double)n,
                   best.derive / (double)n);
        }
    print_workspace("P1 workspace", p1_function());
    print_workspace("P2 workspace", p2_function());
    return failed;
}
