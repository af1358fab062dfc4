/* hessian.c -- second derivatives of sums over rows: products, dense, diagonal and sparse Hessians agree with one another and
 * with gradients nested on the tape; patterns and colours are what the structure allows. */
#include "failing.h"
#include "formulas.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static int close_to(double got, double wanted, double tolerance)
{
    return got == wanted || (isnan(got) && isnan(wanted)) || fabs(got - wanted) <= tolerance * (1 + fabs(wanted));
}

/* Everything that is known of the Hessian of f says the same; H [n][n] is filled. */
static void is_consistent(const ad_function *f, const double *p, const double *const *columns, size_t rows, double *H,
                          const char *what)
{
    size_t n = ad_function_params(f);
    double *v = calloc(n + 1, sizeof *v), *Hv = calloc(n + 1, sizeof *Hv), *diagonal = calloc(n + 1, sizeof *diagonal);
    ad_sparsity S;
    cr_assert_eq(ad_function_hessian_pattern(f, &S), AD_OK);
    double *entries = calloc(S.nonzeros + 1, sizeof *entries);
    cr_assert_eq(S.n, n);
    cr_assert_eq(S.starts[n], S.nonzeros);
    cr_assert_eq(ad_function_hessian(f, p, columns, rows, H), AD_OK);
    cr_assert_eq(ad_function_hessian_diagonal(f, p, columns, rows, diagonal), AD_OK);
    cr_assert_eq(ad_function_hessian_sparse(f, p, columns, rows, entries), AD_OK);
    for (size_t i = 0; i < n; i++) {
        size_t e = S.starts[i];
        cr_assert(!memcmp(&diagonal[i], &H[i * n + i], sizeof *H), "%s: the diagonal differs at %zu", what, i);
        for (size_t j = 0; j < n; j++) {
            int there = e < S.starts[i + 1] && S.columns[e] == j;
            double entry = there ? entries[e++] : 0;
            cr_assert(!memcmp(&entry, &H[i * n + j], sizeof entry), "%s: %g sparse, %g dense at %zu %zu", what, entry,
                      H[i * n + j], i, j);
            cr_assert(!memcmp(&H[j * n + i], &H[i * n + j], sizeof entry), "%s: not symmetric at %zu %zu", what, i, j);
        }
        cr_assert_eq(e, S.starts[i + 1], "%s: columns out of order in row %zu", what, i);
    }
    for (size_t j = 0; j < n; j++) {
        v[j] = 1;
        cr_assert_eq(ad_function_hessian_vector(f, p, columns, rows, v, Hv), AD_OK);
        v[j] = 0;
        for (size_t i = 0; i < n; i++)
            cr_assert(close_to(Hv[i], H[i * n + j], 1e-9), "%s: %.17g from a product, %.17g in the Hessian at %zu %zu", what,
                      Hv[i], H[i * n + j], i, j);
    }
    free(v), free(Hv), free(diagonal), free(entries);
}

/* ---- Against the tape -------------------------------------------------------------------------------------------------- */

enum { ROWS = 70 };

/* Adds the Hessian by the params of one row on the tape, and its size to scale. */
static void add_row(uint64_t seed, const double *p, const double *x, double *H, double *scale)
{
    ad_tape *tape = ad_tape_new();
    ad_var inputs[PARAMS + COLUMNS], g[PARAMS], h[PARAMS];
    for (int i = 0; i < PARAMS + COLUMNS; i++)
        inputs[i] = ad_param(tape, NULL, i < PARAMS ? p[i] : x[i - PARAMS]);
    ad_var E = formula(inputs, seed);
    ad_gradient(E, PARAMS, inputs, g);
    for (int i = 0; i < PARAMS; i++) {
        ad_gradient(g[i], PARAMS, inputs, h);
        for (int j = 0; j < PARAMS; j++) {
            H[i * PARAMS + j] += ad_value(h[j]);
            scale[i * PARAMS + j] += fabs(ad_value(h[j]));
        }
    }
    ad_tape_free(tape);
}

Test(hessian, of_random_formulas_is_what_nested_gradients_give, .timeout = 240)
{
    static const size_t counts[] = {0, 1, 63, 64, 65, ROWS};
    int trials = getenv("AD_SOAK") ? 6000 : 300, skipped = 0, told = 0;
    for (int trial = 0; trial < trials; trial++) {
        double p[PARAMS], data[COLUMNS][ROWS], H[PARAMS * PARAMS], wanted[PARAMS * PARAMS] = {0}, scale[PARAMS * PARAMS] = {0};
        const double *columns[COLUMNS];
        size_t rows = counts[trial % 6];
        state = (uint64_t)trial * 7919 + 1;
        for (int i = 0; i < PARAMS; i++)
            p[i] = 1.5 * uniform();
        for (int k = 0; k < COLUMNS; k++) {
            columns[k] = data[k];
            for (int r = 0; r < ROWS; r++)
                data[k][r] = 1.5 * uniform();
        }
        ad_tape *tape = ad_tape_new();
        ad_var inputs[PARAMS + COLUMNS];
        for (int i = 0; i < PARAMS + COLUMNS; i++)
            inputs[i] = i < PARAMS ? ad_param(tape, NULL, p[i]) : ad_column(tape, NULL);
        ad_var E = formula(inputs, (uint64_t)trial);
        ad_function *f = ad_function_new(tape, 1, &E);
        ad_tape_free(tape);
        is_consistent(f, p, columns, rows, H, "random");
        at_a_jump = 0;
        for (size_t r = 0; r < rows; r++) {
            double x[COLUMNS];
            for (int k = 0; k < COLUMNS; k++)
                x[k] = data[k][r];
            add_row((uint64_t)trial, p, x, wanted, scale);
        }
        skipped += at_a_jump;
        for (int i = 0; i < PARAMS * PARAMS && !at_a_jump; i++) {
            told += H[i] != 0;
            cr_assert(close_to(H[i], wanted[i], 1e-8) || fabs(H[i] - wanted[i]) <= 1e-9 * scale[i],
                      "trial %d: entry %d is %.17g, on the tape %.17g", trial, i, H[i], wanted[i]);
        }
        ad_function_free(f);
    }
    cr_assert(skipped < trials / 3 && told > 2 * trials, "%d skipped, %d entries not 0", skipped, told);
}

/* ---- Patterns ------------------------------------------------------------------------------------------------------------ */

/* Sums of couplings of pairs of params, and their number of colours. */
typedef struct coupling { unsigned x, y; } coupling;

static ad_function *coupled(size_t n, size_t count, const coupling *c)
{
    ad_tape *tape = ad_tape_new();
    ad_var *p = malloc((n + 1) * sizeof *p), E = ad_const(0);
    for (size_t i = 0; i < n; i++)
        p[i] = ad_param(tape, NULL, 0);
    ad_var x = ad_column(tape, "x");
    for (size_t k = 0; k < count; k++)
        E = ad_add(E, ad_sin(ad_mul(ad_mul(p[c[k].x], p[c[k].y]), x)));
    ad_function *f = ad_function_new(tape, 1, &E);
    cr_assert_not_null(f);
    ad_tape_free(tape);
    free(p);
    return f;
}

static size_t colours_of(size_t n, size_t count, const coupling *c, const char *what)
{
    ad_function *f = coupled(n, count, c);
    double *p = malloc(n * sizeof *p), *H = malloc(n * n * sizeof *H), x[] = {0.7, -0.2, 1.3};
    const double *columns[] = {x};
    unsigned char *linked = calloc(n * n, 1);
    ad_sparsity S;
    for (size_t i = 0; i < n; i++)
        p[i] = 1 + sin((double)i);
    is_consistent(f, p, columns, 3, H, what);
    cr_assert_eq(ad_function_hessian_pattern(f, &S), AD_OK);
    for (size_t k = 0; k < count; k++)     /* sin(x y z) links x and y, each with itself */
        linked[c[k].x * n + c[k].y] = linked[c[k].y * n + c[k].x] = linked[c[k].x * n + c[k].x] = linked[c[k].y * n + c[k].y] = 1;
    size_t entries = 0;
    for (size_t i = 0; i < n * n; i++)
        entries += linked[i];
    cr_assert_eq(S.nonzeros, entries, "%s: %zu entries in the pattern, %zu linked", what, S.nonzeros, entries);
    for (size_t i = 0; i < n; i++)
        for (size_t e = S.starts[i]; e < S.starts[i + 1]; e++)
            cr_assert(linked[i * n + S.columns[e]]);
    free(p), free(H), free(linked);
    ad_function_free(f);
    return S.colours;
}

Test(hessian, takes_as_few_products_as_the_structure_allows)
{
    enum { N = 60 };
    coupling c[N * N];
    size_t k = 0;
    for (unsigned i = 1; i < N; i++)
        c[k++] = (coupling){N - 1 - i, N - 1};
    cr_assert_eq(colours_of(N, k, c, "arrowhead"), 2);
    k = 0;
    for (unsigned i = 1; i < N; i++)
        c[k++] = (coupling){i - 1, i};
    cr_assert_eq(colours_of(N, k, c, "tridiagonal"), 3);
    for (unsigned i = 2; i < N; i++)
        c[k++] = (coupling){i - 2, i};
    cr_assert_eq(colours_of(N, k, c, "five diagonals"), 5);
    k = 0;
    for (unsigned i = 0; i < N; i++)
        c[k++] = (coupling){i, i};
    cr_assert_eq(colours_of(N, k, c, "diagonal"), 1);
    k = 0;
    for (unsigned i = 0; i < N / 4; i++)
        for (unsigned j = 0; j <= i; j++)
            c[k++] = (coupling){i, j};
    cr_assert_eq(colours_of(N / 4, k, c, "full"), N / 4);
    k = 0;
    for (unsigned i = 0; i < N; i++)
        for (unsigned j = i / 5 * 5; j <= i; j++)
            c[k++] = (coupling){i, j};
    cr_assert_eq(colours_of(N, k, c, "blocks of five"), 5);
    cr_assert_eq(colours_of(N, 0, c, "nothing"), 0);
}

Test(hessian, of_random_structures_is_read_off_right, .timeout = 240)
{
    for (int trial = 0; trial < (getenv("AD_SOAK") ? 2000 : 80); trial++) {
        coupling c[400];
        state = (uint64_t)trial * 31 + 7;
        size_t n = 2 + draw(48), count = draw((uint32_t)(4 * n));
        for (size_t k = 0; k < count; k++)
            c[k] = (coupling){draw((uint32_t)n), draw((uint32_t)n)};
        cr_assert_leq(colours_of(n, count, c, "random structure"), n);
    }
}

Test(hessian, links_only_what_interacts)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0), b = ad_param(tape, "b", 0), c = ad_param(tape, "c", 0), d = ad_param(tape, "d", 0);
    ad_var e = ad_param(tape, "e", 0), E = ad_add(ad_mul(3, a), ad_select(ad_less(b, c), ad_square(d), ad_exp(d)));
    E = ad_add(ad_sub(E, ad_relu(ad_add(b, c))), ad_div(ad_round(e), 2));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_sparsity S;
    double p[] = {1, 2, 3, 4, 5}, H[25];
    cr_assert_eq(ad_function_hessian_pattern(f, &S), AD_OK);
    cr_assert(S.nonzeros == 1 && S.colours == 1 && S.starts[3] == 0 && S.starts[4] == 1 && S.columns[0] == 3);
    is_consistent(f, p, NULL, 1, H, "flat");
    cr_assert_eq(H[18], 2);
    ad_function_free(f);
    ad_tape_free(tape);
}

/* ---- Edges --------------------------------------------------------------------------------------------------------------- */

Test(hessian, counts_what_does_not_vary_once_a_row_and_knows_no_row)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0), b = ad_param(tape, "unused", 0), y = ad_mul(ad_square(a), a);
    ad_function *f = ad_function_new(tape, 1, &y);
    (void)b;
    double p[] = {2, 5}, H[4], v[] = {1, 1};
    cr_assert_eq(ad_function_hessian(f, p, NULL, 10, H), AD_OK);
    cr_assert(H[0] == 120 && H[1] == 0 && H[2] == 0 && H[3] == 0);
    cr_assert_eq(ad_function_hessian_vector(f, p, NULL, 10, v, v), AD_OK);
    cr_assert(v[0] == 120 && v[1] == 0);
    cr_assert_eq(ad_function_hessian(f, p, NULL, 0, H), AD_OK);
    cr_assert(H[0] == 0 && H[3] == 0);
    ad_function_free(f);
    y = a;
    f = ad_function_new(tape, 1, &y);
    is_consistent(f, p, NULL, 3, H, "an input");
    cr_assert(H[0] == 0 && H[1] == 0);
    ad_function_free(f);
    y = ad_const(4);
    f = ad_function_new(tape, 1, &y);
    is_consistent(f, p, NULL, 3, H, "a constant");
    ad_function_free(f);
    ad_tape_reset(tape);
    y = ad_exp(ad_column(tape, "x"));
    f = ad_function_new(tape, 1, &y);
    is_consistent(f, NULL, (const double *[]){p}, 2, H, "no params");
    ad_function_free(f);
    ad_tape_free(tape);
}

Test(hessian, zero_against_infinity_contributes_nothing)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0), x = ad_column(tape, "x"), ax = ad_mul(a, x);
    ad_var E = ad_select(ad_greater(x, 0), ad_log(ax), ad_mul(0, ad_div(1, ax)));
    E = ad_add(ad_add(E, ad_sqrt(ad_square(ax))), ad_mul(0, ad_sqrt(ax)));
    ad_function *f = ad_function_new(tape, 1, &E);
    const double xs[] = {2, 0, -3, 1}, *columns[] = {xs}, p[] = {2};
    double H, Hv, v = 1;
    cr_assert_eq(ad_function_hessian(f, p, columns, 2, &H), AD_OK);
    cr_assert_eq(ad_function_hessian_vector(f, p, columns, 2, &v, &Hv), AD_OK);
    cr_assert(fabs(H + 0.25) < 1e-15, "%g", H);         /* -1/a^2 where x > 0 */
    cr_assert(fabs(Hv + 0.25) < 1e-15, "%g", Hv);
    v = 0;
    cr_assert_eq(ad_function_hessian_vector(f, p, columns, 2, &v, &Hv), AD_OK);
    cr_assert_eq(Hv, 0);
    ad_function_free(f);
    ad_tape_free(tape);
}

Test(hessian, wrong_arguments_are_refused)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0), two[] = {a, a}, y = ad_exp(a);
    ad_function *f = ad_function_new(tape, 1, &y), *g = ad_function_new(tape, 2, two);
    double p[] = {1}, H;
    ad_sparsity S;
    cr_assert_eq(ad_function_hessian(g, p, NULL, 1, &H), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian(NULL, p, NULL, 1, &H), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian(f, NULL, NULL, 1, &H), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian(f, p, NULL, 1, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_diagonal(f, p, NULL, 1, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_sparse(f, p, NULL, 1, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_vector(f, p, NULL, 1, NULL, &H), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_vector(f, p, NULL, 1, p, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_vector(g, p, NULL, 1, p, &H), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_pattern(g, &S), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_hessian_pattern(f, NULL), AD_ERROR_ARGUMENT);
    ad_function_free(f);
    ad_function_free(g);
    ad_tape_free(tape);
}

/* ---- Threads, and no memory ------------------------------------------------------------------------------------------------ */

enum { THREADS = 6, LINKS = 12 };
static const coupling links[LINKS] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}, {0, 4}, {0, 7}, {3, 3}, {2, 6}, {1, 5}};

typedef struct task {
    const ad_function *f;
    const double      *p, *const *columns;
    double             H[8 * 8], Hv[8];
    ad_status          status[2];
} task;

static void *work(void *of)
{
    task *t = of;
    t->status[0] = ad_function_hessian(t->f, t->p, t->columns, 100, t->H);
    t->status[1] = ad_function_hessian_vector(t->f, t->p, t->columns, 100, t->p, t->Hv);
    return NULL;
}

Test(hessian, many_threads_may_be_the_first_to_ask)
{
    static task tasks[THREADS];
    double p[8], x[100];
    const double *columns[] = {x};
    for (int i = 0; i < 100; i++)
        p[i % 8] = x[i] = cos(i);
    for (int trial = 0; trial < 20; trial++) {
        pthread_t thread[THREADS];
        ad_function *f = coupled(8, LINKS, links);
        for (int i = 0; i < THREADS; i++) {
            tasks[i].f = f;
            tasks[i].p = p;
            tasks[i].columns = columns;
            cr_assert_eq(pthread_create(&thread[i], NULL, work, &tasks[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(thread[i], NULL);
            cr_assert(tasks[i].status[0] == AD_OK && tasks[i].status[1] == AD_OK);
            cr_assert(!memcmp(tasks[i].H, tasks[0].H, sizeof tasks[0].H) && !memcmp(tasks[i].Hv, tasks[0].Hv, sizeof tasks[0].Hv));
        }
        ad_function_free(f);
    }
}

static int everything(const ad_function *f, const double *p, const double *const *columns, double *H)
{
    ad_sparsity S;
    ad_status status[] = {
        ad_function_hessian_vector(f, p, columns, 3, p, H), ad_function_hessian(f, p, columns, 3, H),
        ad_function_hessian_diagonal(f, p, columns, 3, H), ad_function_hessian_pattern(f, &S),
        ad_function_hessian_sparse(f, p, columns, 3, H),
    };
    int done = 1;
    for (size_t k = 0; k < sizeof status / sizeof *status; k++) {
        cr_assert(status[k] == AD_OK || status[k] == AD_ERROR_NO_MEMORY);
        done &= status[k] == AD_OK;
    }
    return done;
}

Test(hessian, every_allocation_may_fail, .timeout = 240)
{
    double x[] = {1, 2, 3}, p[] = {1, 2, 3, 4}, H[16];
    const double *columns[] = {x};
    for (int on = 0; on < 2; on++)
        for (long k = 1, done = 0; !done; k++) {
            failing m = {0};
            ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = failing_allocator(&m)});
            ad_var v[4], E = ad_column(tape, "x");
            for (int i = 0; i < 4; i++)
                v[i] = ad_param(tape, "p", 0);
            for (int i = 0; i < 3; i++)
                E = ad_add(E, ad_exp(ad_mul(v[i], v[i + 1])));
            m.fail_at = m.calls + k;
            m.fail_on = on;
            ad_function *f = ad_function_new(tape, 1, &E);
            if (f) {
                done = everything(f, p, columns, H);
                if (!done) {
                    m.fail_at = 0;
                    cr_assert(everything(f, p, columns, H), "not whole again after failure %ld", k);
                }
            }
            m.fail_at = 0;
            ad_function_free(f);
            ad_tape_free(tape);
            cr_assert(m.live == 0 && !m.wrong, "failure %ld: %zu bytes leaked or a wrong size told", k, m.live);
        }
}
