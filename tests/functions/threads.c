/* threads.c -- evaluations on several threads: the same bits however many, many callers at once, fork, and no threads to be
 * had. The build routes the library's pthread_create through here. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE                        /* setenv */
#endif
#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HIDDEN = 8, PARAMS = 4 * HIDDEN + 1, ROWS = 30011, CALLERS = 8 };

static int refused, made, refuse;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    if (refuse) {
        refused++;
        return EAGAIN;
    }
    made++;
    return __real_pthread_create(thread, attributes, run, argument);
}

static double x[2][ROWS], p[PARAMS];
static const double *columns[] = {x[0], x[1]};

/* The error of a small network, and a row sum within: two passes over the rows. */
static ad_function *network(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var w[PARAMS], in = ad_column(tape, "x"), t = ad_column(tape, "t"), y;
    for (int i = 0; i < PARAMS; i++) {
        p[i] = sin(i + 1);
        w[i] = ad_param(tape, NULL, p[i]);
    }
    y = w[0];
    for (int i = 0; i < HIDDEN; i++) {
        const ad_var *v = w + 1 + 4 * i;
        y = ad_add(y, ad_mul(v[0], ad_sin(ad_mul(v[1], ad_sigmoid(ad_add(v[2], ad_mul(v[3], in)))))));
    }
    ad_var E = ad_squared_error(t, y);
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    for (int r = 0; r < ROWS; r++) {
        x[0][r] = sin(0.1 * r);
        x[1][r] = cos(0.3 * r);
    }
    return f;
}

typedef struct answer {
    double value, gradient[PARAMS], rows[ROWS], jacobian[ROWS][PARAMS];
} answer;

static void evaluate(const ad_function *f, answer *a)
{
    double *rows = a->rows;
    memset(a, 0, sizeof *a);
    cr_assert_eq(ad_function_sum_gradient(f, p, columns, ROWS, &a->value, a->gradient), AD_OK);
    cr_assert_eq(ad_function_rows(f, p, columns, ROWS, &rows), AD_OK);
    cr_assert_eq(ad_function_jacobian_interleaved(f, p, columns, ROWS, a->jacobian[0]), AD_OK);
}

static answer wanted, got;

Test(threads, one_two_and_seven_give_the_same_bits)
{
    ad_function *f = network();
    cr_assert_eq(ad_threads(1), 1);
    evaluate(f, &wanted);
    cr_assert_eq(made, 0);
    static const int counts[] = {2, 7, 3, 64, 1};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        cr_assert_eq(ad_threads(counts[k]), counts[k]);
        for (int again = 0; again < 5; again++) {
            evaluate(f, &got);
            cr_assert_eq(memcmp(&got, &wanted, sizeof got), 0, "%d threads", counts[k]);
        }
    }
    cr_assert_geq(made, 6);
    ad_function_free(f);
}

Test(threads, small_work_makes_none)
{
    ad_function *f = network();
    double value, g[PARAMS];
    ad_threads(7);
    cr_assert_eq(ad_function_sum_gradient(f, p, columns, 200, &value, g), AD_OK);
    cr_assert_eq(made, 0);
    ad_function_free(f);
}

Test(threads, the_number_is_that_asked_for_within_limits)
{
    setenv("AD_THREADS", "5", 1);
    cr_assert_eq(ad_threads(0), 5);
    cr_assert_eq(ad_threads(3), 3);
    cr_assert_eq(ad_threads(-1), 3);
    cr_assert_eq(ad_threads(1000), 64);
    setenv("AD_THREADS", "nonsense", 1);
    cr_assert_geq(ad_threads(0), 1);
}

Test(threads, where_none_can_be_made_the_caller_works_alone)
{
    ad_function *f = network();
    ad_threads(1);
    evaluate(f, &wanted);
    ad_threads(7);
    refuse = 1;
    evaluate(f, &got);
    cr_assert_geq(refused, 1);
    cr_assert_eq(memcmp(&got, &wanted, sizeof got), 0);
    refuse = 0;
    evaluate(f, &got);
    cr_assert_eq(memcmp(&got, &wanted, sizeof got), 0);
    ad_function_free(f);
}

static const ad_function *shared;

static void *caller(void *failures)
{
    double g[PARAMS], value;
    for (int i = 0; i < 20; i++)
        if (ad_function_sum_gradient(shared, p, columns, ROWS, &value, g) != AD_OK || value != wanted.value ||
            memcmp(g, wanted.gradient, sizeof g))
            ++*(int *)failures;
    return NULL;
}

static void call_from_many(void)
{
    pthread_t thread[CALLERS];
    int failures[CALLERS] = {0};
    for (int i = 0; i < CALLERS; i++)
        cr_assert_eq(__real_pthread_create(&thread[i], NULL, caller, &failures[i]), 0);
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(thread[i], NULL);
        cr_assert_eq(failures[i], 0, "caller %d", i);
    }
}

Test(threads, many_callers_at_once_each_get_their_answer)
{
    ad_function *f = network();
    shared = f;
    ad_threads(1);
    evaluate(f, &wanted);
    ad_threads(3);
    call_from_many();
    ad_function_free(f);
}

static void *evaluate_on_and_on(void *stop)
{
    double g[PARAMS], value;
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
        ad_function_sum_gradient(shared, p, columns, ROWS, &value, g);
    return NULL;
}

/* While another thread keeps the pool busy. */
Test(threads, a_forked_child_neither_hangs_nor_differs, .timeout = 60)
{
    ad_function *f = network();
    pthread_t other;
    int stop = 0;
    shared = f;
    ad_threads(1);
    evaluate(f, &wanted);
    ad_threads(3);
    cr_assert_eq(__real_pthread_create(&other, NULL, evaluate_on_and_on, &stop), 0);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            int failures = 0;
            alarm(20);
            caller(&failures);
            _exit(failures != 0);
        }
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(other, NULL);
    ad_function_free(f);
}

Test(threads, the_program_may_exit_while_they_are_parked_or_at_work, .timeout = 60)
{
    ad_function *f = network();
    shared = f;
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            static int stop;
            pthread_t other;
            double g[PARAMS], value;
            alarm(20);
            ad_threads(3);
            ad_function_sum_gradient(f, p, columns, ROWS, &value, g);
            if (i % 2 && __real_pthread_create(&other, NULL, evaluate_on_and_on, &stop))
                _exit(2);
            exit(0);
        }
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    }
    ad_function_free(f);
}
