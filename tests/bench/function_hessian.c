/* function_hessian.c -- second derivatives of recorded functions: a Hessian-vector product of P1 against its gradient, the
 * Hessian of P1 whole, and a sparse Hessian against as many products as it has columns. One figure a line. */
#include "bench.h"
#include "p1_function.h"

enum { ROUNDS = 21, ROWS = 10000, FEW = 500, LINKS = 2000 };

typedef struct problem {
    ad_function *f;
    const double *params, *columns[3];
    size_t rows, n;
    double *v, *g, *Hv, *H;
} problem;

static void gradient(void *of)
{
    problem *P = of;
    ad_function_sum_gradient(P->f, P->params, P->columns, P->rows, NULL, P->g);
}

static void product(void *of)
{
    problem *P = of;
    ad_function_hessian_vector(P->f, P->params, P->columns, P->rows, P->v, P->Hv);
}

static void whole(void *of)
{
    problem *P = of;
    ad_function_hessian(P->f, P->params, P->columns, P->rows, P->H);
}

static void sparse(void *of)
{
    problem *P = of;
    ad_function_hessian_sparse(P->f, P->params, P->columns, P->rows, P->H);
}

/* A chain of springs that all hang on the first as well: neighbours interact, and everything with the first. */
static ad_function *springs(size_t n)
{
    ad_tape *tape = ad_tape_new();
    ad_var first = ad_param(tape, NULL, 0), before = first, E = ad_square(first);
    for (size_t i = 1; i < n; i++) {
        ad_var x = ad_param(tape, NULL, 0);
        E = ad_add(E, ad_add(ad_exp(ad_sub(x, before)), ad_sin(ad_mul(x, first))));
        before = x;
    }
    E = ad_add(E, ad_mul(0, ad_column(tape, NULL)));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

/* Whether H v is what the product says. */
static int agrees(const char *who, const problem *P)
{
    double *Hv = calloc(P->n, sizeof *Hv);
    for (size_t i = 0; Hv && i < P->n; i++)
        for (size_t j = 0; j < P->n; j++)
            Hv[i] += P->H[i * P->n + j] * P->v[j];
    int agree = Hv && bench_agree(who, P->n, P->Hv, Hv);
    free(Hv);
    return agree;
}

static int race_p1(int small, int rounds)
{
    size_t rows = small ? 200 : ROWS, few = small ? 65 : FEW;
    double (*x)[P1_INPUTS] = malloc(rows * sizeof *x), *column = malloc(3 * rows * sizeof *column);
    double *room = malloc((3 + P1_PARAMS) * P1_PARAMS * sizeof *room);
    if (!x || !column || !room)
        return 0;
    p1_problem data = p1_make(rows, x, column + 2 * rows);
    for (size_t r = 0; r < rows; r++) {
        column[r] = x[r][0];
        column[rows + r] = x[r][1];
    }
    problem P = {.f = p1_function(), .params = (const double *)&data.p, .rows = rows, .n = P1_PARAMS, .v = room,
                 .columns = {column, column + rows, column + 2 * rows}, .g = room + P1_PARAMS, .Hv = room + 2 * P1_PARAMS,
                 .H = room + 3 * P1_PARAMS}, Q = P;
    unsigned seed = 7;
    for (int i = 0; i < P1_PARAMS; i++)
        P.v[i] = p1_number(&seed);
    Q.rows = few;
    bench_runner race[] = {{"gradient", gradient, &P, 0}, {"product", product, &P, 0}};
    bench_runner hessian[] = {{"product", product, &Q, 0}, {"Hessian", whole, &Q, 0}};
    bench_race(2, race, rounds);
    bench_race(2, hessian, small ? 1 : 3);
    printf("P1 gradient                %8.3f ms\n", race[0].median / 1e6);
    printf("P1 Hessian times vector    %8.3f ms  %5.2fx the gradient   (bar 2.5x)\n", race[1].median / 1e6,
           race[1].median / race[0].median);
    printf("P1 Hessian, %d columns    %8.3f ms  %5.2fx a product for each column, over %zu rows\n", P1_PARAMS,
           hessian[1].median / 1e6, hessian[1].median / hessian[0].median / P1_PARAMS, few);
    int agree = agrees("P1 Hessian", &Q);
    ad_function_free(P.f);
    free(x);
    free(column);
    free(room);
    return agree;
}

static int race_springs(int small, int rounds)
{
    size_t n = small ? 50 : LINKS;
    double nothing = 0, *room = malloc(5 * n * sizeof *room);
    ad_sparsity S;
    if (!room)
        return 0;
    for (size_t i = 0; i < n; i++)
        room[i] = room[n + i] = sin((double)i);
    problem P = {.f = springs(n), .params = room, .columns = {&nothing}, .rows = 1, .n = n, .v = room + n, .g = room + 2 * n,
                 .Hv = room + 3 * n};
    double start = bench_now();
    if (ad_function_hessian_pattern(P.f, &S) != AD_OK || !(P.H = malloc(S.nonzeros * sizeof *P.H)))
        return 0;
    double made = bench_now() - start;
    bench_runner race[] = {{"product", product, &P, 0}, {"sparse", sparse, &P, 0}};
    bench_race(2, race, rounds);
    printf("springs, pattern of %zu     %8.3f ms  %zu entries, %zu colours\n", n, made / 1e6, S.nonzeros, S.colours);
    printf("springs, sparse Hessian    %8.3f ms  %7.5fx a product for each column\n", race[1].median / 1e6,
           race[1].median / race[0].median / (double)n);
    double *Hv = calloc(n, sizeof *Hv);
    for (size_t i = 0; Hv && i < n; i++)
        for (size_t e = S.starts[i]; e < S.starts[i + 1]; e++)
            Hv[i] += P.H[e] * P.v[S.columns[e]];
    int agree = Hv && bench_agree("springs", n, P.Hv, Hv);
    ad_function_free(P.f);
    free(P.H);
    free(Hv);
    free(room);
    return agree;
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 3 : ROUNDS;
    bench_begin(rounds);
    int agree = race_p1(small, rounds);
    return !(race_springs(small, rounds) && agree);
}
