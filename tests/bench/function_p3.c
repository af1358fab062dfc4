/* function_p3.c -- recorded functions on P3: a Jacobian for each of 30 000 rows, by columns and row-major, by hand beside.
 *
 * All inputs are columns; the Jacobian is the function that ad_function_derive makes in reverse.
 */
#include "bench.h"
#include "function_bench.h"
#include "hand.h"
#include "p3.h"

enum { ROWS = 30000, ROUNDS = 31, N = P3_OUT * P3_WRT };

#define V(variant) void HAND_EXPAND(p3, variant)(const p3_problem *);
HANDS
#undef V

typedef struct entry {
    p3_problem P;
    void (*hand)(const p3_problem *);
    const ad_function *f;
    const double *const *columns;
    double *const *out;                               /* [N] by columns; NULL: row-major        */
} entry;

static void run(void *problem)
{
    entry *e = problem;
    if (e->hand)
        e->hand(&e->P);
    else if (e->out)
        ad_function_rows(e->f, NULL, e->columns, e->P.rows, e->out);
    else
        ad_function_rows_interleaved(e->f, NULL, e->columns, e->P.rows, (double *)e->P.jacobian);
}

static ad_var dot(const ad_var *a, const ad_var *b)
{
    return ad_add(ad_add(ad_mul(a[0], b[0]), ad_mul(a[1], b[1])), ad_mul(a[2], b[2]));
}

static ad_function *record(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var in[P3_INPUTS], n[3], X[3], y[3], residual[2];
    for (int i = 0; i < P3_INPUTS; i++)
        in[i] = ad_column(tape, NULL);
    ad_var angle = ad_sqrt(dot(in, in)), c = ad_cos(angle), s = ad_sin(angle);
    for (int i = 0; i < 3; i++) {
        n[i] = ad_div(in[i], angle);
        X[i] = ad_sub(in[P3_POINT + i], in[P3_CENTRE + i]);
    }
    ad_var along = ad_mul(dot(n, X), ad_sub(1, c));
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        ad_var side = ad_sub(ad_mul(n[j], X[k]), ad_mul(n[k], X[j]));
        y[i] = ad_add(ad_add(ad_mul(X[i], c), ad_mul(side, s)), ad_mul(n[i], along));
    }
    ad_var p[2] = {ad_div(y[0], y[2]), ad_div(y[1], y[2])}, rr = ad_add(ad_square(p[0]), ad_square(p[1]));
    ad_var L = ad_add(ad_add(1, ad_mul(in[P3_RADIAL], rr)), ad_mul(in[P3_RADIAL + 1], ad_square(rr)));
    for (int e = 0; e < 2; e++) {
        ad_var seen = ad_add(ad_mul(ad_mul(p[e], L), in[P3_FOCAL]), in[P3_PRINCIPAL + e]);
        residual[e] = ad_mul(in[P3_WEIGHT], ad_sub(seen, in[P3_SEEN + e]));
    }
    ad_function *f = ad_function_new(tape, 2, residual);
    ad_tape_free(tape);
    static const size_t wrt[P3_WRT] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    ad_function *J = ad_function_derive(f, (ad_derive_options){.mode = AD_REVERSE, .n = P3_WRT, .inputs = wrt});
    ad_function_free(f);
    return J;
}

int main(int argc, char **argv)
{
    int small = bench_is_small(argc, argv), rounds = small ? 3 : ROUNDS, agree = 1;
    size_t rows = small ? 200 : ROWS;
    double (*in)[P3_INPUTS] = malloc(rows * sizeof *in), *turned = malloc(rows * sizeof *in), *out[N];
    double *block = malloc(rows * N * sizeof *block);
    double (*by_hand)[P3_OUT][P3_WRT] = malloc(rows * sizeof *by_hand), (*by_row)[P3_OUT][P3_WRT] = malloc(rows * sizeof *by_row);
    const double *columns[P3_INPUTS];
    if (!in || !turned || !block || !by_hand || !by_row)
        return 1;
    p3_make(rows, in);
    for (int i = 0; i < P3_INPUTS; i++) {
        columns[i] = turned + (size_t)i * rows;
        for (size_t r = 0; r < rows; r++)
            turned[(size_t)i * rows + r] = in[r][i];
    }
    for (int k = 0; k < N; k++)
        out[k] = block + (size_t)k * rows;
    ad_function *f = record();
    enum {
#define V(variant) HAND_EXPAND(HAND_OF, variant),
        HANDS
#undef V
        COLUMNS, BY_ROW, RUNNERS
    };
    entry e[RUNNERS];
    bench_runner runner[RUNNERS];
    for (int i = 0; i < RUNNERS; i++) {
        e[i] = (entry){.P = {rows, (const double (*)[P3_INPUTS])in, i < COLUMNS ? by_hand : by_row}, .f = f, .columns = columns};
        runner[i] = (bench_runner){"", run, &e[i], 0};
    }
#define V(variant) \
    e[HAND_EXPAND(HAND_OF, variant)].hand = HAND_EXPAND(p3, variant); \
    runner[HAND_EXPAND(HAND_OF, variant)].name = #variant;
    HANDS
#undef V
    e[COLUMNS].out = out;
    runner[COLUMNS].name = "P3 in lanes, Jacobian by columns";
    runner[BY_ROW].name = "P3 in lanes, Jacobian row-major";
    bench_begin(rounds);
    bench_race(RUNNERS, runner, rounds);
    bench_hand hand = bench_hands(COLUMNS, runner);
    bench_print_hand("P3 by hand, Jacobian row-major", P3_OPS * (double)rows, hand);
    bench_print(&runner[COLUMNS], P3_OPS * (double)rows, hand, "bar 0.60x best");
    bench_print(&runner[BY_ROW], P3_OPS * (double)rows, hand, "bar 0.75x best");
    for (size_t r = 0; r < rows && agree; r++) {
        double row[N];
        for (int k = 0; k < N; k++)
            row[k] = out[k][r];
        agree = bench_agree("P3 by columns", N, row, (double *)by_hand[r]) &&
                bench_agree("P3 row-major", N, (double *)by_row[r], (double *)by_hand[r]);
    }
    ad_function_free(f);
    free(in);
    free(turned);
    free(block);
    free(by_hand);
    free(by_row);
    return !agree;
}
