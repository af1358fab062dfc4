/* bench.h -- what every benchmark here needs: a clock, a pinned core, medians of interleaved runs, and lines to print.
 *
 * It is not a framework: no statistics beyond the median, no verdict on time. A benchmark fails only where two gradients
 * disagree; how long something took is printed beside its bar and left to the reader.
 * Include it first. For one main() per program; C11 and C++.
 */
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE                                   /* sched_setaffinity, clock_gettime      */
#endif
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One runner of a race: what it is called, what it runs, and the median of its times in ns. */
typedef struct {
    const char *name;
    void (*run)(void *problem);
    void *problem;
    double median;
} bench_runner;

static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static inline int bench_is_small(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--small") == 0;
}

/* Stays on the core it is running on, and says so. */
static inline void bench_pin(void)
{
#ifdef __linux__
    int core = sched_getcpu();
    cpu_set_t one;
    CPU_ZERO(&one);
    if (core >= 0) {
        CPU_SET((size_t)core, &one);
        if (sched_setaffinity(0, sizeof one, &one) == 0) {
            printf("# pinned to core %d", core);
            return;
        }
    }
#endif
    printf("# not pinned");
}

/* The first line of every benchmark. */
static inline void bench_begin(int rounds)
{
    bench_pin();
    printf("; medians of %d rounds, hand-written and recorded in turn\n", rounds);
}

static inline int bench_ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static inline double bench_median(int n, double *x)
{
    qsort(x, (size_t)n, sizeof *x, bench_ascending);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* Everyone runs once per round, so that a clock that drifts drifts for all; and directly before, untimed, once more, so
 * that nobody finds the caches as a neighbour left them. */
static inline void bench_race(int n, bench_runner *runner, int rounds)
{
    double *time = (double *)malloc((size_t)n * (size_t)rounds * sizeof *time);
    if (!time)
        abort();
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < n; i++) {
            runner[i].run(runner[i].problem);
            double start = bench_now();
            runner[i].run(runner[i].problem);
            double end = bench_now();
            time[i * rounds + round] = end - start;
        }
    for (int i = 0; i < n; i++)
        runner[i].median = bench_median(rounds, time + i * rounds);
    free(time);
}

/* The hand-written references among the runners: the fastest, and the one compiled with -O3. */
typedef struct {
    const bench_runner *best, *O3;
} bench_hand;

static inline bench_hand bench_hands(int n, const bench_runner *hand)
{
    bench_hand h = {hand, hand};
    for (int i = n - 1; i >= 0; i--) {
        if (hand[i].median < h.best->median)
            h.best = &hand[i];
        if (strstr(hand[i].name, "_O3"))
            h.O3 = &hand[i];                          /* the first listed wins: gcc's, if there */
    }
    return h;
}

static inline void bench_print_hand(const char *what, double ops, bench_hand h)
{
    printf("%-36s %6.2f ns/op (best, %s)  %.2f ns/op (O3, %s)\n", what, h.best->median / ops, h.best->name,
           h.O3->median / ops, h.O3->name);
}

/* One figure: ns per operation, and the ratios to the hand-written gradient of the same run. */
static inline void bench_print(const bench_runner *r, double ops, bench_hand h, const char *bar)
{
    printf("%-36s %6.2f ns/op  %5.2fx hand best  %5.2fx hand O3   (%s)\n", r->name, r->median / ops,
           r->median / h.best->median, r->median / h.O3->median, bar);
}

/* Whether n numbers agree to 1e-12 of the largest; otherwise says which does not. NaN never agrees. */
static inline int bench_agree(const char *who, size_t n, const double *got, const double *expected)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs(got[i] - expected[i]) <= 1e-12 * largest)) {
            printf("%s: component %zu is %.17g, by hand %.17g\n", who, i, got[i], expected[i]);
            return 0;
        }
    return 1;
}

#endif
