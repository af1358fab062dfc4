/* races.c -- the pool and the making of functions under ThreadSanitizer: many callers, first use by several at once, the
 * number of threads changed meanwhile, fork, exit with threads at work. A plain program, since Criterion does not start
 * under that sanitizer; races.sh runs it. Prints what went wrong; its exit status says whether anything did. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <autodiff/autodiff.h>
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARAMS = 6, ROWS = 50000, CALLERS = 4, ROUNDS = 6 };

static double column[2][ROWS], p[PARAMS], wanted[PARAMS + 1];
static const double *columns[] = {column[0], column[1]};
static const ad_function *shared;
static int failures, stop;

static void wrong(const char *what)
{
    printf("%s\n", what);
    __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
}

static ad_function *curve(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var w[PARAMS], x = ad_column(tape, "x"), t = ad_column(tape, "t"), y = ad_const(0);
    for (int i = 0; i < PARAMS; i++)
        w[i] = ad_param(tape, NULL, 0);
    for (int i = 0; i < PARAMS; i += 2)
        y = ad_add(y, ad_mul(w[i], ad_sin(ad_mul(w[i + 1], ad_sigmoid(ad_mul(i + 1, x))))));
    ad_var E = ad_squared_error(t, y);
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

static void evaluate(const ad_function *f)
{
    double g[PARAMS + 1];
    if (ad_function_sum_gradient(f, p, columns, ROWS, &g[PARAMS], g) != AD_OK || memcmp(g, wanted, sizeof g))
        wrong("another gradient on threads than alone");
}

static void *call(void *unused)
{
    double Hv[PARAMS], out[ROWS], *outs[] = {out};
    for (int i = 0; i < ROUNDS; i++)
        evaluate(shared);
    if (ad_function_hessian_vector(shared, p, columns, ROWS, p, Hv) != AD_OK || ad_function_rows(shared, p, columns, ROWS, outs) != AD_OK)
        wrong("a status");
    return unused;
}

static void *call_on(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        evaluate(shared);
    return unused;
}

static void *change_threads(void *unused)
{
    for (int i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        ad_threads(1 + i % 5);
        usleep(500);
    }
    return unused;
}

static void start(pthread_t *thread, void *(*run)(void *))
{
    if (pthread_create(thread, NULL, run, NULL))
        exit(2);
}

/* All of them the first to ask for everything that is made when first asked for. */
static void many_callers(void)
{
    pthread_t caller[CALLERS], changer;
    ad_function *f = curve();
    shared = f;
    stop = 0;
    start(&changer, change_threads);
    for (int i = 0; i < CALLERS; i++)
        start(&caller[i], call);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(caller[i], NULL);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(changer, NULL);
    ad_function_free(f);
}

/* Without any there is nothing to race. */
static void are_there_threads(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    while (tasks && readdir(tasks))
        n++;
    if (tasks && n < 2 + 2)                /* itself and another, . and .. */
        wrong("no thread was made: nothing is tested");
    if (tasks)
        closedir(tasks);
}

/* A child of a busy pool neither hangs nor differs. */
static void forks(void)
{
    pthread_t other;
    ad_function *f = curve();
    shared = f;
    ad_threads(3);
    evaluate(f);                           /* made ready: a lock held at the fork stays held in the child */
    stop = 0;
    start(&other, call_on);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            ad_threads(1);                 /* ThreadSanitizer lets a child of threads make none */
            evaluate(f);
            _exit(failures != 0);
        }
        int status = 1;
        if (child < 0 || waitpid(child, &status, 0) != child || status)
            wrong("a child failed");
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(other, NULL);
    ad_function_free(f);
}

int main(void)
{
    for (int i = 0; i < PARAMS; i++)
        p[i] = sin(i + 1);
    for (int r = 0; r < ROWS; r++) {
        column[0][r] = sin(0.1 * r);
        column[1][r] = cos(0.3 * r);
    }
    ad_threads(1);
    ad_function *f = curve();
    if (ad_function_sum_gradient(f, p, columns, ROWS, &wanted[PARAMS], wanted) != AD_OK)
        return 2;
    ad_function_free(f);
    many_callers();
    are_there_threads();
    forks();
    printf("%d failures\n", failures);
    fflush(stdout);
    pthread_t last;
    shared = curve();
    ad_threads(3);
    stop = 0;
    start(&last, call_on);                 /* exits meanwhile */
    usleep(20000);
    exit(failures != 0);
}
