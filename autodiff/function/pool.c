/* pool.c -- parked threads. Making threads for every call costs 60 to 90 us; waking parked ones a tenth of it.
 *
 * It knows nothing of rows: run.c deals them out. One job at a time, that of the caller who came first; a caller who finds
 * the pool busy works alone, so nobody ever waits for another's work. */
#include "pool.h"

#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_THREADS = 64, STACK = 1 << 19 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t  job, idle;             /* there is one; a worker has left it */
    ad_share       *share;                 /* NULL: none, or closed to those who come late */
    void           *work;
    unsigned long   serial;                /* of the job */
    int             workers, wanted, active;   /* made; wanted in the job and in it, without the caller */
    int             busy, closed, fork_ready;
    pthread_t       thread[MOST_THREADS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .job = PTHREAD_COND_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER};

/* ---- How many ---------------------------------------------------------------------------------------------------------- */

static int asked;                          /* 0: the default */

static int clamped(long n) { return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : (int)n; }

static int default_threads(void)
{
    const char *text = getenv("AD_THREADS");
    long n = text ? strtol(text, NULL, 10) : 0;
    if (n > 0)
        return clamped(n);
#ifdef CPU_COUNT
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return clamped(CPU_COUNT(&set));
#endif
    return clamped(sysconf(_SC_NPROCESSORS_ONLN));
}

int ad_threads(int n)
{
    if (n >= 0)
        __atomic_store_n(&asked, n > 0 ? clamped(n) : 0, __ATOMIC_RELAXED);
    int now = __atomic_load_n(&asked, __ATOMIC_RELAXED);
    return now ? now : default_threads();
}

/* ---- Workers ----------------------------------------------------------------------------------------------------------- */

static void *worker(void *number)
{
    int me = (int)(intptr_t)number;
    unsigned long done = 0;
    pthread_mutex_lock(&pool.lock);
    while (!pool.closed) {
        if (!pool.share || pool.serial == done || me > pool.wanted) {
            pthread_cond_wait(&pool.job, &pool.lock);
            continue;
        }
        ad_share *share = pool.share;
        void *work = pool.work;
        done = pool.serial;
        pool.active++;
        pthread_mutex_unlock(&pool.lock);
        share(work, me);
        pthread_mutex_lock(&pool.lock);
        if (--pool.active == 0)
            pthread_cond_signal(&pool.idle);
    }
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

/* fork: the lock is held across it, so that the child, which has none of the threads, finds the pool in order. */
static void before_fork(void) { pthread_mutex_lock(&pool.lock); }
static void after_fork_here(void) { pthread_mutex_unlock(&pool.lock); }

static void after_fork_in_child(void)
{
    pool.workers = pool.active = pool.busy = 0;
    pool.share = NULL;
    pthread_cond_init(&pool.job, NULL);
    pthread_cond_init(&pool.idle, NULL);
    pthread_mutex_unlock(&pool.lock);
}

static void make_workers(int n)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (n <= pool.workers)
        return;
    if (!pool.fork_ready && pthread_atfork(before_fork, after_fork_here, after_fork_in_child))
        return;
    pool.fork_ready = 1;
    if (pthread_attr_init(&attributes))
        return;
    pthread_attr_setstacksize(&attributes, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool.workers < n &&
           !pthread_create(&pool.thread[pool.workers], &attributes, worker, (void *)(intptr_t)(pool.workers + 1)))
        pool.workers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

/* At exit, or when the library is unloaded: what workers are at they finish. */
static __attribute__((destructor)) void close_pool(void)
{
    pthread_mutex_lock(&pool.lock);
    int n = pool.workers;
    pool.closed = 1;
    pool.workers = 0;
    pthread_cond_broadcast(&pool.job);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < n; i++)
        if (!pthread_equal(pool.thread[i], pthread_self()))
            pthread_join(pool.thread[i], NULL);
}

/* ---- A job ------------------------------------------------------------------------------------------------------------- */

void ad_pool_run(int threads, ad_share *share, void *work)
{
    pthread_mutex_lock(&pool.lock);
    int mine = !pool.busy && !pool.closed && threads > 1;
    if (mine) {
        make_workers(threads - 1);
        pool.busy = 1;
        pool.share = share;
        pool.work = work;
        pool.wanted = threads - 1;
        pool.serial++;
        pthread_cond_broadcast(&pool.job);
    }
    pthread_mutex_unlock(&pool.lock);
    share(work, 0);
    if (!mine)
        return;
    pthread_mutex_lock(&pool.lock);
    pool.share = NULL;                     /* who comes now comes too late */
    while (pool.active)
        pthread_cond_wait(&pool.idle, &pool.lock);
    pool.busy = 0;
    pthread_mutex_unlock(&pool.lock);
}
