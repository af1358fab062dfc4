/* fit_rows.c -- 10^6 rows fitted to a curve of four params: by ad_fit, by a loop written by hand, and, where it is installed, by
 * gnuplot, which reads its data too: so reading the table and fitting it is timed as well.
 */
#include "bench.h"
#include "fit_rows.h"
#include "hand.h"

#include <autodiff/autodiff.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define V(variant) int HAND_EXPAND(fit, variant)(const fit_data *, double *);
HANDS
#undef V

typedef int fit_by_hand(const fit_data *, double *);

typedef struct entry {
    const fit_data *data;
    fit_by_hand    *hand;                  /* NULL: ad_fit */
    ad_function    *f;
    double          p[4];
    int             passes;
} entry;

static void run(void *problem)
{
    entry *e = problem;
    memcpy(e->p, fit_start, sizeof e->p);
    if (e->hand) {
        e->passes = e->hand(e->data, e->p);
        return;
    }
    const double *columns[] = {e->data->x, e->data->y};
    ad_fit_result *fit = ad_fit(e->f, fit_start, columns, e->data->rows, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    for (int j = 0; j < 4; j++)
        e->p[j] = fit->params[j].estimate;
    e->passes = (int)(fit->evaluations + fit->jacobians);
    ad_fit_free(fit);
}

static double uniform(unsigned long long *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*state >> 11) * 0x1p-53;
}

static void fill(size_t rows, double *x, double *y)
{
    unsigned long long state = 1;
    for (size_t i = 0; i < rows; i++) {
        double noise = -6;
        x[i] = 10 * uniform(&state);
        for (int k = 0; k < 12; k++)
            noise += uniform(&state);
        y[i] = 1 + 4 / (1 + exp(-1.3 * (x[i] - 4.2))) + 0.1 * noise;
    }
}

static ad_function *residual(void)
{
    ad_tape *tape = ad_tape_new();
    for (int j = 0; j < 4; j++)
        ad_param(tape, (const char *const[]){"p", "q", "r", "s"}[j], fit_start[j]);
    ad_column(tape, "x");
    ad_column(tape, "y");
    ad_var r = ad_formula(tape, "y - (p + (q - p)/(1 + exp(-r*(x - s))))");
    ad_function *f = ad_function_new(tape, 1, &r);
    ad_tape_free(tape);
    return f;
}

/* Processor time, for gnuplot may share its core with others for long. */
static double children(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double own(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void against_gnuplot(const fit_data *data, ad_function *f)
{
    char path[] = "/tmp/fit_rows_XXXXXX", command[512];
    int file = mkstemp(path);
    FILE *to = file >= 0 ? fdopen(file, "w") : NULL;
    if (!to)
        return;
    fprintf(to, "x y\n");
    for (size_t i = 0; i < data->rows; i++)
        fprintf(to, "%.9f %.9f\n", data->x[i], data->y[i]);
    fclose(to);
    double begin = own();
    ad_table *table = ad_table_read(path, (ad_table_options){0});
    const double *columns[2];
    ad_table_select(table, 2, (const char *const[]){"x", "y"}, columns);
    double read = own();
    ad_fit_result *fit = ad_fit(f, fit_start, columns, ad_table_rows(table), (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    double all = own() - begin;
    ad_fit_free(fit);
    ad_table_free(table);
    printf("%-36s %8.3f s processor time, of which reading %.3f s\n", "table read and fitted", all, read - begin);
    snprintf(command, sizeof command,
             "gnuplot -e \"p=0.5;q=4;r=1;s=3.5;f(x)=p+(q-p)/(1+exp(-r*(x-s)));set fit quiet nolog;"
             "fit f(x) '%s' using 1:2 skip 1 via p,q,r,s\" >/dev/null 2>&1", path);
    begin = children();
    if (system("command -v gnuplot >/dev/null 2>&1") == 0 && system(command) == 0)
        printf("%-36s %8.3f s processor time, %.0fx\n", "gnuplot, the same", children() - begin, (children() - begin) / all);
    else
        printf("%-36s not installed, or it did not converge\n", "gnuplot, the same");
    remove(path);
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 1 : 5;
    fit_data data = {small ? 5000 : 1000000, NULL, NULL};
    double *x = malloc(data.rows * sizeof *x), *y = malloc(data.rows * sizeof *y);
    if (!x || !y)
        return 1;
    fill(data.rows, x, y);
    data.x = x;
    data.y = y;
    entry entries[] = {
        {.data = &data, .f = residual()},
#define V(variant) {.data = &data, .hand = HAND_EXPAND(fit, variant)},
        HANDS
#undef V
    };
    bench_runner runners[] = {
        {"ad_fit", run, &entries[0], 0},
#define V(variant) {#variant, run, NULL, 0},
        HANDS
#undef V
    };
    int n = sizeof entries / sizeof *entries;
    for (int i = 1; i < n; i++)
        runners[i].problem = &entries[i];
    ad_threads(1);                         /* as the loops by hand */
    bench_begin(rounds);
    bench_race(n, runners, rounds);
    int agree = 1;
    for (int i = 0; i < n; i++) {
        printf("%-36s %8.1f ms  %5.2fx ad_fit  (%d passes over %zu rows)\n", runners[i].name, runners[i].median * 1e-6,
               runners[i].median / runners[0].median, entries[i].passes, data.rows);
        for (int j = 0; j < 4; j++)
            agree &= fabs(entries[i].p[j] - entries[0].p[j]) <= 1e-7 * fabs(entries[0].p[j]);
    }
    if (!small)
        against_gnuplot(&data, entries[0].f);
    ad_function_free(entries[0].f);
    free(x);
    free(y);
    return !agree;
}
