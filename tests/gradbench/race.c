/* race.c -- the evals' derivatives, each in turn with the same written by hand (hand.c), and with ADOL-C where it is installed:
 * medians, and the ratio to the fastest compilation by hand. Inputs are GradBench's medium sizes, made here; --small: a few rounds of small ones.
 *
 * It ends with 1 if a derivative disagrees with the hand-written one, or ADOL-C's does; speed decides nothing. */
#include "case.h"
#include "hand.h"
#include "peer_adolc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VARIANTS = 0
#define V(v) + 1
HANDS
#undef V
};

static int small, wrong;
static uint64_t state;

static double within(double low, double high)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (high - low) * (double)(state >> 11) * 0x1p-53;
}

static double *numbers(size_t n, double low, double high)
{
    double *x = malloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = within(low, high);
    return x;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *t, int n)
{
    qsort(t, (size_t)n, sizeof *t, by_size);
    return t[n / 2];
}

/* ---- One race: `by_hand` runs a variant into the array that `result` is compared with ---------------------------------- */

typedef struct race {
    const char        *name;
    const gb_function *f;
    json_t            *input;
    double            *hand;               /* [n] what the hand-written one gives */
    size_t             n, size_of_hand;    /* n: of it, what is compared */
    void             (*by_hand)(struct race *r, int variant);
    const double      *data[4];
    size_t             size[3];
    void             (*by_adolc)(struct race *r);  /* into the same array; or NULL */
} race;

/* The output as the hand-written one has it. */
static double *flat(const race *r, const json_t *v, const char *const *keys)
{
    double *x = malloc((r->n + 1) * sizeof *x);
    size_t n = 0, i, j, l;
    const json_t *a, *b, *c;
    for (const char *const *key = keys; keys ? *key != NULL : key == keys; key++) {
        json_array_foreach(keys ? json_object_get(v, *key) : v, i, a) {
            if (json_is_number(a) && n < r->n)
                x[n++] = json_number_value(a);
            json_array_foreach(a, j, b) {
                if (json_is_number(b) && n < r->n)
                    x[n++] = json_number_value(b);
                json_array_foreach(b, l, c)
                    if (n < r->n)
                        x[n++] = json_number_value(c);
            }
        }
        if (!keys)
            break;
    }
    for (; n < r->n; n++)
        x[n] = NAN;
    return x;
}

static void compare(const race *r, const char *whose, const double *theirs, double bar)
{
    double most = 0, worst = 0;
    for (size_t i = 0; i < r->n; i++) {
        most = fmax(most, fabs(r->hand[i]));
        worst = fmax(worst, isnan(theirs[i]) ? INFINITY : fabs(theirs[i] - r->hand[i]));
    }
    if (!(worst <= bar * most) && most > 0) {
        printf("%s: the derivative of %s is off by %g of the largest entry\n", r->name, whose, worst / most);
        wrong = 1;
    }
}

/* A few runs; r->hand is as it was. */
static void race_adolc(race *r, double mine)
{
    enum { MOST = 5 };
    double t[MOST], *by_hand = r->hand, *theirs = r->hand = numbers(r->size_of_hand, 0, 0), spent = 0;
    int rounds = 0;
    for (; rounds < MOST && (rounds < 1 || (!small && spent < 3000)); rounds++) {
        double start = now();
        r->by_adolc(r);
        spent += t[rounds] = now() - start;
    }
    r->hand = by_hand;
    compare(r, "ADOL-C", theirs, 1e-8);
    free(theirs);
    double adolc = median(t, rounds);
    printf("  ADOL-C %9.3f ms, %.0f times as long", adolc, adolc / mine);
}

static void run(race *r, const char *const *keys, size_t compared)
{
    enum { MOST = 400 };
    static double ours[MOST], theirs[VARIANTS][MOST];
    gb_case c = {.input = r->input};
    if (setjmp(c.failed)) {
        printf("%s: %s\n", r->name, c.error);
        wrong = 1;
        gb_case_free(&c);
        return;
    }
    double start = now();
    r->f->prepare(&c);
    double prepare = now() - start, spent = 0;
    int rounds = 0;
    for (; rounds < 3 || (!small && rounds < MOST && spent < 1500); rounds++) {
        start = now();
        r->f->evaluate(&c);
        spent += ours[rounds] = now() - start;
        for (int v = 0; v < VARIANTS; v++) {
            start = now();
            r->by_hand(r, v);
            spent += theirs[v][rounds] = now() - start;
        }
    }
    json_t *output = r->f->output(&c);
    double *out;
    r->size_of_hand = r->n;
    r->n = compared;
    out = flat(r, output, keys);
    compare(r, "this library", out, 1e-10);
    free(out);
    json_decref(output);
    gb_case_free(&c);
    double best = INFINITY, mine = median(ours, rounds);
    for (int v = 0; v < VARIANTS; v++)
        best = fmin(best, median(theirs[v], rounds));
    printf("%-20s %9.4f ms  by hand %9.4f ms  ratio %5.2f  prepare %8.2f ms", r->name, mine, best, mine / best, prepare);
    if (r->by_adolc)
        race_adolc(r, mine);
    printf("\n");
    json_decref(r->input);
    free(r->hand);
}

/* Every variant of a function, by number. */
#define V(v) case __COUNTER__ - FIRST_LLSQ: llsq_##v(r->size[0], r->size[1], r->data[0], r->hand); break;
enum { FIRST_LLSQ = __COUNTER__ + 1 };
static void hand_llsq(race *r, int variant) { switch (variant) { HANDS } }
#undef V
#define V(v) case __COUNTER__ - FIRST_LSE: lse_##v(r->size[0], r->data[0], r->hand); break;
enum { FIRST_LSE = __COUNTER__ + 1 };
static void hand_lse(race *r, int variant) { switch (variant) { HANDS } }
#undef V
#define V(v) case __COUNTER__ - FIRST_KMEANS: kmeans_##v(r->size[0], r->size[1], r->size[2], r->data[0], r->data[1], r->hand); break;
enum { FIRST_KMEANS = __COUNTER__ + 1 };
static void hand_kmeans(race *r, int variant) { switch (variant) { HANDS } }
#undef V
#define V(v) case __COUNTER__ - FIRST_GMM: gmm_##v(r->size[0], r->size[1], r->size[2], r->data[0], r->data[1], r->hand); break;
enum { FIRST_GMM = __COUNTER__ + 1 };
static void hand_gmm(race *r, int variant) { switch (variant) { HANDS } }
#undef V
#define V(v) case __COUNTER__ - FIRST_BA: ba_##v(r->size[0], r->size[1], r->size[2], r->data[0], r->data[1], r->data[2], r->data[3], \
                                                 r->hand); break;
enum { FIRST_BA = __COUNTER__ + 1 };
static void hand_ba(race *r, int variant) { switch (variant) { HANDS } }
#undef V
#define V(v) case __COUNTER__ - FIRST_ODE: ode_##v(r->size[0], r->size[1], r->data[0], r->hand); break;
enum { FIRST_ODE = __COUNTER__ + 1 };
static void hand_ode(race *r, int variant) { switch (variant) { HANDS } }
#undef V

#ifdef HAVE_ADOLC
static void by_adolc_llsq(race *r) { llsq_adolc(r->size[0], r->size[1], r->data[0], r->hand); }
static void by_adolc_lse(race *r) { lse_adolc(r->size[0], r->data[0], r->hand); }
static void by_adolc_kmeans(race *r) { kmeans_adolc(r->size[0], r->size[1], r->size[2], r->data[0], r->data[1], r->hand); }
static void by_adolc_gmm(race *r) { gmm_adolc(r->size[0], r->size[1], r->size[2], r->data[0], r->data[1], r->hand); }
static void by_adolc_ba(race *r)
{
    ba_adolc(r->size[0], r->size[1], r->size[2], r->data[0], r->data[1], r->data[2], r->data[3], r->hand);
}
#define ADOLC(eval) by_adolc_##eval
#else
#define ADOLC(eval) NULL
#endif

/* ---- The evals ----------------------------------------------------------------------------------------------------------- */

static void race_llsq(size_t m, size_t n)
{
    double *x = numbers(m, 0, 1);
    race r = {"llsq gradient", &gb_llsq.functions[1], json_pack("{s:o, s:I}", "x", gb_json_list(x, m), "n", (json_int_t)n),
              numbers(m, 0, 0), m, 0, hand_llsq, {x}, {m, n}, ADOLC(llsq)};
    run(&r, NULL, m);
    free(x);
}

static void race_lse(size_t n)
{
    double *x = numbers(n, 0, 1);
    race r = {"lse gradient", &gb_lse.functions[1], json_pack("{s:o}", "x", gb_json_list(x, n)), numbers(n, 0, 0), n, 0, hand_lse,
              {x}, {n}, ADOLC(lse)};
    run(&r, NULL, n);
    free(x);
}

static void race_kmeans(size_t n, size_t k, size_t d)
{
    double *points = numbers(n * d, 0, 1), *centroids = numbers(k * d, 0, 1);
    for (size_t i = 0; i < k * d; i++)
        points[i] = centroids[i] + 1e-3;   /* no centroid without a point */
    race r = {"kmeans direction", &gb_kmeans.functions[1],
              json_pack("{s:o, s:o}", "points", gb_json_matrix(points, n, d), "centroids", gb_json_matrix(centroids, k, d)),
              numbers(k * d, 0, 0), k * d, 0, hand_kmeans, {points, centroids}, {n, k, d}, ADOLC(kmeans)};
    run(&r, NULL, k * d);
    free(points), free(centroids);
}

static void race_gmm(size_t d, size_t k, size_t n)
{
    static const char *const keys[] = {"alpha", "mu", "q", "l", NULL};
    size_t triangle = d * (d - 1) / 2, params = k * (1 + 2 * d + triangle);
    double *p = numbers(params, -0.5, 0.5), *x = numbers(n * d, -1.5, 1.5), *mu = p + k, *q = mu + k * d, *l = q + k * d;
    json_t *input = json_pack("{s:I, s:I, s:I, s:i, s:f, s:o, s:o, s:o, s:o, s:o}", "d", (json_int_t)d, "k", (json_int_t)k, "n",
                              (json_int_t)n, "m", 0, "gamma", 1.0, "alpha", gb_json_list(p, k), "mu", gb_json_matrix(mu, k, d), "q",
                              gb_json_matrix(q, k, d), "l", gb_json_matrix(l, k, triangle), "x", gb_json_matrix(x, n, d));
    race r = {"gmm gradient", &gb_gmm.functions[1], input, numbers(params, 0, 0), params, 0, hand_gmm, {p, x}, {d, k, n}, ADOLC(gmm)};
    run(&r, keys, params);
    free(p), free(x);
}

static void race_ba(const char *name, size_t n, size_t m, size_t p)
{
    static const char *const keys[] = {"vals", NULL};
    static const double cam[] = {-0.75, -1.1, -0.85, 34.5, 39.5, 54, 420, 6, -8.5, 0.09, 0.003}, point[] = {7.2, 0.001, 3}, w = 0.4;
    static const double feature[] = {271, 834};
    double *cams = malloc(11 * n * sizeof *cams), *points = malloc(3 * m * sizeof *points), *ws = malloc(p * sizeof *ws);
    double *features = malloc(2 * p * sizeof *features);
    for (size_t i = 0; i < 11 * n; i++)
        cams[i] = cam[i % 11];
    for (size_t i = 0; i < 3 * m; i++)
        points[i] = point[i % 3];
    for (size_t i = 0; i < p; i++)
        ws[i] = w;
    for (size_t i = 0; i < 2 * p; i++)
        features[i] = feature[i % 2];
    json_t *input = json_pack("{s:I, s:I, s:I, s:o, s:o, s:f, s:o}", "n", (json_int_t)n, "m", (json_int_t)m, "p", (json_int_t)p, "cam",
                              gb_json_list(cam, 11), "x", gb_json_list(point, 3), "w", w, "feat", gb_json_list(feature, 2));
    race r = {name, &gb_ba.functions[1], input, numbers(31 * p, 0, 0), 31 * p, 0, hand_ba, {cams, points, ws, features}, {n, m, p}, ADOLC(ba)};
    run(&r, keys, 30);                     /* the rest is not put out */
    free(cams), free(points), free(ws), free(features);
}

static void race_ode(const char *name, size_t n, size_t s)
{
    double *x = numbers(n, 0.5, 1.5);
    race r = {name, &gb_ode.functions[1], json_pack("{s:o, s:I}", "x", gb_json_list(x, n), "s", (json_int_t)s), numbers(n, 0, 0), n, 0,
              hand_ode, {x}, {n, s}, NULL};
    run(&r, NULL, n);
    free(x);
}

int main(int argc, char **argv)
{
    small = argc > 1 && !strcmp(argv[1], "--small");
    ad_threads(1);
    printf("# GradBench's evals and the same by hand in turn, medians; by hand: the fastest of %d compilations\n", VARIANTS);
    race_llsq(small ? 16 : 128, small ? 100 : 2048);
    race_lse(small ? 300 : 80000);
    race_kmeans(small ? 40 : 1000, small ? 5 : 100, small ? 3 : 16);
    race_gmm(small ? 3 : 20, small ? 4 : 25, small ? 50 : 1000);
    race_ba("ba Jacobian", small ? 3 : 49, small ? 5 : 7776, small ? 20 : 31843);
    race_ode("ode gradient", small ? 5 : 1000, small ? 10 : 100);
    race_ode("ode gradient, n 10", 10, small ? 20 : 10000);
    return wrong;
}
