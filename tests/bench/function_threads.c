/* function_threads.c -- recorded functions on two threads: P1's and P2's sums and gradients over as many rows as take one
 * thread 1, 10 and 100 ms, against one thread in turn; the same bits.
 *
 * Nothing is pinned: the system deals out the cores. Medians, and the best of each beside them: where the cores are shared
 * with others the median says how busy those were.
 */
#include "bench.h"
#include "p1_function.h"
#include "p2_function.h"

#include <unistd.h>

enum { THREADS = 2, ROUNDS = 21 };

typedef struct work {
    const char  *name;
    ad_function *f;
    size_t       n_params, n_columns, rows;
    double      *params, *gradient[THREADS], value[THREADS];
    double      *data;                                /* [n_columns][rows]                      */
} work;

static double run(work *w, int threads)
{
    const double *columns[P2_D];
    for (size_t k = 0; k < w->n_columns; k++)
        columns[k] = w->data + k * w->rows;
    ad_threads(threads);
    double start = bench_now();
    ad_function_sum_gradient(w->f, w->params, columns, w->rows, &w->value[threads - 1], w->gradient[threads - 1]);
    return bench_now() - start;
}

static int make(work *w, size_t rows)
{
    unsigned seed = 3;
    free(w->data);
    w->rows = rows;
    w->data = (double *)malloc(w->n_columns * rows * sizeof *w->data);
    for (size_t i = 0; w->data && i < w->n_columns * rows; i++)
        w->data[i] = p1_number(&seed);
    return w->data != NULL;
}

/* The time of a row on one thread, ns. */
static double pace(work *w)
{
    double best = INFINITY;
    if (!make(w, 2048))
        return NAN;
    for (int round = 0; round < 5; round++)
        best = fmin(best, run(w, 1) / 2048);
    return best;
}

static int race(work *w, double ms, double each, int rounds)
{
    double time[THREADS][ROUNDS], best[THREADS] = {INFINITY, INFINITY};
    if (!make(w, (size_t)(ms * 1e6 / each) + 1))
        return 0;
    run(w, THREADS);
    for (int round = 0; round < rounds; round++)
        for (int n = 0; n < THREADS; n++) {
            time[n][round] = run(w, n + 1);
            best[n] = fmin(best[n], time[n][round]);
        }
    double one = bench_median(rounds, time[0]), two = bench_median(rounds, time[1]);
    printf("%s, %3.0f ms of work %16.2f ms on one thread, %7.2f on two: %5.2fx, best %.2fx   (bar 1.8x above 10 ms)\n", w->name, ms,
           one / 1e6, two / 1e6, one / two, best[0] / best[1]);
    if (w->value[0] == w->value[1] && !memcmp(w->gradient[0], w->gradient[1], w->n_params * sizeof(double)))
        return 1;
    printf("%s: not the same bits on one thread and on two\n", w->name);
    return 0;
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 2 : ROUNDS, same = 1;
    work all[] = {{.name = "P1", .n_params = P1_PARAMS, .n_columns = 3}, {.name = "P2", .n_params = P2_PARAMS, .n_columns = P2_D}};
    all[0].f = p1_function();
    all[1].f = p2_function();
    printf("# %ld processors, nothing pinned; medians of %d rounds, one thread and two in turn\n", sysconf(_SC_NPROCESSORS_ONLN),
           rounds);
    for (int k = 0; k < 2; k++) {
        work *w = &all[k];
        unsigned seed = 1;
        w->params = (double *)calloc(w->n_params, sizeof(double));
        for (int n = 0; n < THREADS; n++)
            w->gradient[n] = (double *)calloc(w->n_params, sizeof(double));
        if (!w->f || !w->params || !w->gradient[0] || !w->gradient[1])
            return 1;
        for (size_t i = 0; i < w->n_params; i++)
            w->params[i] = p1_number(&seed);
        double each = pace(w);
        for (double ms = 1; ms <= (small ? 1 : 100) && isfinite(each); ms *= 10)
            same &= race(w, ms, each, rounds);
        same &= isfinite(each) != 0;
        free(w->data);
        free(w->params);
        for (int n = 0; n < THREADS; n++)
            free(w->gradient[n]);
        ad_function_free(w->f);
    }
    return !same;
}
