/* scan.c -- recurrences: values and gradients against the same recurrence unrolled on a tape, over all numbers of rows where
 * blocks and vectors end; what is refused; lack of memory. */
#include "failing.h"

#include <criterion/criterion.h>
#include <math.h>

enum { MOST_ROWS = 70, MOST_STEPS = 6, PARAMS = 2, COLUMNS = 8 };

/* a' = tanh(p a + w_(r-1) b_(r+1) + x), b' = b / 2 + sin(a_(r-2)) w q, total += log(1 + sum of exp(q a')) + p^2; v beside w, unused
 * but for its square in the total. */
static const ad_scan_column roles[COLUMNS] = {
    {AD_SCAN_STATE, 0, 0}, {AD_SCAN_FIXED, 0, -1}, {AD_SCAN_STATE, 1, 1}, {AD_SCAN_SEQUENCE, 0, 0}, {AD_SCAN_STATE, 1, 0},
    {AD_SCAN_STATE, 0, -2}, {AD_SCAN_FIXED, 0, 0}, {AD_SCAN_FIXED, 1, 0},
};

static ad_function *record(ad_allocator allocator, int with_total)
{
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = allocator});
    ad_var p = ad_param(tape, "p", 0), q = ad_param(tape, "q", 0), c[COLUMNS], y[3];
    for (int i = 0; i < COLUMNS; i++)
        c[i] = ad_column(tape, NULL);
    y[0] = ad_tanh(ad_add(ad_add(ad_mul(p, c[0]), ad_mul(c[1], c[2])), c[3]));
    y[1] = ad_add(ad_mul(0.5, c[4]), ad_mul(ad_mul(ad_sin(c[5]), c[6]), q));
    y[2] = ad_add(ad_log(ad_add(1, ad_row_sum(ad_exp(ad_mul(q, y[0]))))), ad_add(ad_square(p), ad_row_sum(ad_square(c[7]))));
    ad_function *f = ad_function_new(tape, with_total ? 3 : 2, y);
    ad_tape_free(tape);
    return f;
}

typedef struct problem {
    size_t rows, steps;
    double p[PARAMS], fixed[2][MOST_ROWS], x[MOST_STEPS * MOST_ROWS], start[2][MOST_ROWS], seed[2][MOST_ROWS];
} problem;

typedef struct answer {
    double total, end[2][MOST_ROWS], dp[PARAMS], dfixed[2][MOST_ROWS], dstart[2][MOST_ROWS];
} answer;

static void fill(problem *q, size_t rows, size_t steps)
{
    *q = (problem){.rows = rows, .steps = steps, .p = {0.7, -0.4}};
    for (size_t r = 0; r < rows; r++)
        for (int k = 0; k < 2; k++) {
            q->fixed[k][r] = sin(3.0 * (double)r + k + 1);
            q->start[k][r] = cos(2.0 * (double)r - k);
            q->seed[k][r] = sin(5.0 * (double)r + 2 * k);
        }
    for (size_t i = 0; i < steps * rows; i++)
        q->x[i] = 0.3 * cos((double)i);
}

static ad_var seen(const ad_var *v, size_t rows, size_t r, int shift)
{
    ptrdiff_t at = (ptrdiff_t)r + shift;
    return at < 0 || at >= (ptrdiff_t)rows ? ad_const(0) : v[at];
}

static void unrolled(const problem *q, int with_total, int with_seeds, answer *z)
{
    static ad_var w[2][MOST_ROWS], s[2][MOST_ROWS], first[2][MOST_ROWS], next[2][MOST_ROWS], e[MOST_ROWS];
    ad_tape *tape = ad_tape_new();
    ad_var p = ad_param(tape, NULL, q->p[0]), o = ad_param(tape, NULL, q->p[1]), total = ad_const(0), E;
    for (size_t r = 0; r < q->rows; r++)
        for (int k = 0; k < 2; k++) {
            w[k][r] = ad_param(tape, NULL, q->fixed[k][r]);
            s[k][r] = first[k][r] = ad_param(tape, NULL, q->start[k][r]);
        }
    for (size_t t = 0; t < q->steps; t++) {
        ad_var squares = ad_const(0);
        for (size_t r = 0; r < q->rows; r++) {
            ad_var product = ad_mul(seen(w[0], q->rows, r, -1), seen(s[1], q->rows, r, 1));
            next[0][r] = ad_tanh(ad_add(ad_add(ad_mul(p, s[0][r]), product), q->x[t * q->rows + r]));
            next[1][r] = ad_add(ad_mul(0.5, s[1][r]), ad_mul(ad_mul(ad_sin(seen(s[0], q->rows, r, -2)), w[0][r]), o));
            e[r] = ad_exp(ad_mul(o, next[0][r]));
            squares = ad_add(squares, ad_square(w[1][r]));
        }
        memcpy(s, next, sizeof s);
        total = ad_add(total, ad_add(ad_log(ad_add(1, ad_sum(q->rows, e))), ad_add(ad_square(p), squares)));
    }
    E = with_total ? total : ad_const(0);
    for (size_t r = 0; r < q->rows && with_seeds; r++)
        for (int k = 0; k < 2; k++)
            E = ad_add(E, ad_mul(q->seed[k][r], s[k][r]));
    ad_backward(E);
    z->total = with_total ? ad_value(total) : 0;
    z->dp[0] = ad_grad(p);
    z->dp[1] = ad_grad(o);
    for (size_t r = 0; r < q->rows; r++)
        for (int k = 0; k < 2; k++) {
            z->end[k][r] = ad_value(s[k][r]);
            z->dfixed[k][r] = ad_grad(w[k][r]);
            z->dstart[k][r] = ad_grad(first[k][r]);
        }
    cr_assert_eq(ad_tape_error(tape), AD_OK);
    ad_tape_free(tape);
}

#define POINTERS(a) {(a)[0], (a)[1]}

static ad_status scanned(const ad_scan *s, const problem *q, int with_seeds, int gradient, answer *z)
{
    const double *const fixed[] = POINTERS(q->fixed), *const start[] = POINTERS(q->start), *const seeds[] = POINTERS(q->seed);
    const double *const x = q->x;
    double *const end[] = POINTERS(z->end), *const dfixed[] = POINTERS(z->dfixed), *const dstart[] = POINTERS(z->dstart);
    const ad_scan_data data = {q->rows, q->steps, q->p, fixed, &x, start};
    return gradient ? ad_scan_gradient(s, &data, with_seeds ? seeds : NULL, end, &z->total, &(ad_scan_slopes){z->dp, dfixed, dstart})
                    : ad_scan_run(s, &data, end, &z->total);
}

static void near(double got, double wanted, const char *what, size_t rows, size_t steps)
{
    cr_assert(fabs(got - wanted) <= 1e-12 * fmax(1, fabs(wanted)), "%s, %zu rows, %zu steps: %.17g is not %.17g", what, rows, steps,
              got, wanted);
}

Test(scan, has_the_values_and_slopes_of_the_unrolled_recurrence)
{
    static const size_t counts[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, MOST_ROWS};
    static problem q;
    static answer got, run, wanted;
    for (int with_total = 0; with_total < 2; with_total++) {
        ad_function *step = record((ad_allocator){0}, with_total);
        ad_status status;
        ad_scan *s = ad_scan_new(step, 2, roles, &status);
        cr_assert(s && status == AD_OK);
        ad_function_free(step);
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            for (size_t steps = 0; steps <= MOST_STEPS; steps += steps ? 2 : 1)
                for (int with_seeds = 0; with_seeds < 2; with_seeds++) {
                    fill(&q, counts[i], steps);
                    cr_assert_eq(scanned(s, &q, with_seeds, 1, &got), AD_OK);
                    cr_assert_eq(scanned(s, &q, with_seeds, 0, &run), AD_OK);
                    unrolled(&q, with_total, with_seeds, &wanted);
                    near(got.total, wanted.total, "total", q.rows, steps);
                    near(run.total, wanted.total, "total of the run", q.rows, steps);
                    for (int k = 0; k < 2; k++) {
                        near(got.dp[k], wanted.dp[k], "by a param", q.rows, steps);
                        for (size_t r = 0; r < q.rows; r++) {
                            near(got.end[k][r], wanted.end[k][r], "end", q.rows, steps);
                            near(run.end[k][r], wanted.end[k][r], "end of the run", q.rows, steps);
                            near(got.dfixed[k][r], wanted.dfixed[k][r], "by what is fixed", q.rows, steps);
                            near(got.dstart[k][r], wanted.dstart[k][r], "by the start", q.rows, steps);
                        }
                    }
                }
        ad_scan_free(s);
    }
}

Test(scan, carries_states_that_are_the_same_for_all_rows_and_constants)
{
    ad_tape *tape = ad_tape_new();
    ad_var p = ad_param(tape, "p", 0), a = ad_column(tape, "a"), y[] = {ad_square(p), ad_const(3), ad_row_sum(ad_mul(a, p))};
    ad_column(tape, "b");
    ad_function *step = ad_function_new(tape, 3, y);
    const ad_scan_column columns[] = {{AD_SCAN_STATE, 0, 0}, {AD_SCAN_STATE, 1, 0}};
    ad_scan *s = ad_scan_new(step, 2, columns, NULL);
    cr_assert(s);
    const double p_at = 1.5, start[2] = {2, 4}, *const starts[] = {start, start};
    double end[2][2], *const ends[] = {end[0], end[1]}, total, dp, dstart[2][2], *const dstarts[] = {dstart[0], dstart[1]};
    const ad_scan_data data = {.rows = 2, .steps = 3, .params = &p_at, .start = starts};
    cr_assert_eq(ad_scan_gradient(s, &data, NULL, ends, &total, &(ad_scan_slopes){.params = &dp, .start = dstarts}), AD_OK);
    cr_assert(end[0][1] == 2.25 && end[1][0] == 3);
    near(total, 1.5 * 6 + 2 * 2 * 1.5 * 2.25, "total", 2, 3);
    near(dp, 6 + 4 * 3 * 2.25, "by p", 2, 3);
    cr_assert(dstart[0][0] == 1.5 && dstart[1][1] == 0);
    ad_scan_free(s);
    ad_function_free(step);
    ad_tape_free(tape);
}

Test(scan, hands_nothing_on_from_a_zero_adjoint)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_column(tape, "w"), h = ad_column(tape, "h"), next = ad_select(ad_less(w, 0), h, ad_mul(h, ad_log(w)));
    ad_function *step = ad_function_new(tape, 1, &next);
    ad_scan *s = ad_scan_new(step, 1, (const ad_scan_column[]){{AD_SCAN_FIXED, 0, 0}, {AD_SCAN_STATE, 0, 0}}, NULL);
    const double ws[] = {-1, 2, 0.5}, start[] = {3, 3, 3}, ones[] = {1, 1, 1}, *const w_ = ws, *const start_ = start, *const seed = ones;
    double dw[3], dh[3], *const dw_ = dw, *const dh_ = dh;
    const ad_scan_data data = {.rows = 3, .steps = 2, .fixed = &w_, .start = &start_};
    cr_assert_eq(ad_scan_gradient(s, &data, &seed, NULL, NULL, &(ad_scan_slopes){.fixed = &dw_, .start = &dh_}), AD_OK);
    cr_assert(dw[0] == 0 && dh[0] == 1);
    near(dw[1], 3 * 2 * log(2) / 2, "by w", 3, 2);
    near(dh[2], log(0.5) * log(0.5), "by h", 3, 2);
    ad_scan_free(s), ad_function_free(step), ad_tape_free(tape);
}

Test(scan, refuses_what_is_no_step_and_data_that_is_missing)
{
    static problem q;
    static answer z;
    ad_status status;
    ad_function *step = record((ad_allocator){0}, 1);
    ad_scan_column wrong[COLUMNS];
    cr_assert(!ad_scan_new(NULL, 1, roles, &status) && status == AD_ERROR_ARGUMENT);
    cr_assert(!ad_scan_new(step, 0, roles, &status) && status == AD_ERROR_ARGUMENT);
    cr_assert(!ad_scan_new(step, 1, roles, &status) && status == AD_ERROR_ARGUMENT);
    cr_assert(!ad_scan_new(step, 4, roles, &status) && status == AD_ERROR_ARGUMENT);
    cr_assert(!ad_scan_new(step, 2, NULL, &status) && status == AD_ERROR_ARGUMENT);
    for (int k = 0; k < 3; k++) {
        memcpy(wrong, roles, sizeof wrong);
        if (k == 0)
            wrong[2].which = 2;                        /* no such state */
        else if (k == 1)
            wrong[3].shift = 1;                        /* a sequence */
        else
            wrong[1].role = (ad_scan_role)7;
        cr_assert(!ad_scan_new(step, 2, wrong, &status) && status == AD_ERROR_ARGUMENT);
    }
    ad_scan *s = ad_scan_new(step, 2, roles, NULL);
    fill(&q, 3, 2);
    const double *const fixed[] = POINTERS(q.fixed), *const start[] = POINTERS(q.start), *const lacking[] = {q.seed[0], NULL};
    const double *const x = q.x;
    const ad_scan_data whole = {3, 2, q.p, fixed, &x, start};
    for (int k = 0; k < 5; k++) {
        ad_scan_data data = whole;
        if (k == 0) data.params = NULL;
        if (k == 1) data.fixed = NULL;
        if (k == 2) data.sequences = NULL;
        if (k == 3) data.start = lacking;
        cr_assert_eq(ad_scan_run(s, k < 4 ? &data : NULL, NULL, NULL), AD_ERROR_ARGUMENT);
    }
    cr_assert_eq(ad_scan_gradient(s, &whole, lacking, NULL, NULL, &(ad_scan_slopes){0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_scan_gradient(s, &whole, NULL, NULL, NULL, NULL), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_scan_gradient(s, &whole, NULL, NULL, NULL, &(ad_scan_slopes){0}), AD_OK);
    cr_assert_eq(ad_scan_run(NULL, &whole, NULL, NULL), AD_ERROR_ARGUMENT);
    fill(&q, 0, 4);                                    /* no rows: the total is of none */
    cr_assert_eq(scanned(s, &q, 1, 1, &z), AD_OK);
    near(z.total, 4 * 0.49, "total of no rows", 0, 4);
    ad_scan_free(s);
    ad_scan_free(NULL);
    ad_function_free(step);
}

/* 1 if all went well. */
static int everything(ad_allocator allocator)
{
    static problem q;
    static answer z;
    ad_status status = AD_ERROR_NO_MEMORY;
    ad_function *step = record(allocator, 1);
    if (!step || ad_function_columns(step) != COLUMNS) {
        ad_function_free(step);
        return 0;
    }
    ad_scan *s = ad_scan_new(step, 2, roles, &status);
    cr_assert((s != NULL) == (status == AD_OK));
    ad_function_free(step);
    fill(&q, 9, 3);
    if (s)
        status = scanned(s, &q, 1, 1, &z);
    if (status == AD_OK)
        status = scanned(s, &q, 1, 0, &z);
    cr_assert(status == AD_OK || status == AD_ERROR_NO_MEMORY);
    ad_scan_free(s);
    return status == AD_OK;
}

Test(scan, survives_the_failure_of_every_allocation, .timeout = 60)
{
    for (int on = 0; on < 2; on++) {
        failing memory = {.fail_at = 1, .fail_on = on};
        while (!everything(failing_allocator(&memory))) {
            cr_assert_eq(memory.live, 0, "%zu bytes are lost after the failure of call %ld", memory.live, memory.fail_at);
            cr_assert(!memory.wrong);
            memory = (failing){.fail_at = memory.fail_at + 1, .fail_on = on};
            cr_assert(memory.fail_at < 20000);
        }
        cr_assert_eq(memory.live, 0);
    }
}
