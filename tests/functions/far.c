/* far.c -- results of more rows than a cache holds, which are written past it: the same numbers as few rows at a time, in
 * arrays however they are aligned, and nothing beside them. */
#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 11, ROWS = 60007, FEW = 1000, MARGIN = 9 };

/* Ten outputs that vary and one that does not. */
static ad_function *record(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0), x = ad_column(tape, "x"), y[OUTPUTS];
    for (int k = 0; k < OUTPUTS; k++)
        y[k] = k == 4 ? ad_square(a) : ad_add(ad_mul(x, k), ad_mul(a, ad_square(x)));
    ad_function *f = ad_function_new(tape, OUTPUTS, y);
    ad_tape_free(tape);
    return f;
}

/* [n] numbers between margins of NaN. */
static double *guarded(size_t n)
{
    double *block = malloc((n + 2 * MARGIN) * sizeof *block);
    for (size_t i = 0; i < n + 2 * MARGIN; i++)
        block[i] = NAN;
    return block + MARGIN;
}

static void release(double *block, size_t n)
{
    for (size_t i = 0; i < MARGIN; i++)
        cr_assert(isnan(block[n + i]) && isnan(*(block - 1 - i)), "%zu beside is written", i);
    free(block - MARGIN);
}

static const double a = 0.7;
static double x[ROWS];
static double few[OUTPUTS][ROWS];          /* what is expected */

static ad_function *prepare(void)
{
    ad_function *f = record();
    for (int r = 0; r < ROWS; r++)
        x[r] = sin(r);
    for (size_t r = 0; r < ROWS; r += FEW) {
        const double *column = x + r;
        double *rows[OUTPUTS];
        for (int k = 0; k < OUTPUTS; k++)
            rows[k] = few[k] + r;
        cr_assert_eq(ad_function_rows(f, &a, &column, ROWS - r < FEW ? ROWS - r : FEW, rows), AD_OK);
    }
    return f;
}

Test(far, columns_are_what_few_rows_give)
{
    ad_function *f = prepare();
    const double *column = x;
    double *rows[OUTPUTS];
    for (int k = 0; k < OUTPUTS; k++)
        rows[k] = guarded(ROWS + (size_t)k) + k;       /* aligned in every way */
    cr_assert_eq(ad_function_rows(f, &a, &column, ROWS, rows), AD_OK);
    for (int k = 0; k < OUTPUTS; k++) {
        cr_assert(!memcmp(rows[k], few[k], sizeof few[k]), "output %d", k);
        release(rows[k] - k, ROWS + (size_t)k);
    }
    ad_function_free(f);
}

Test(far, row_major_is_what_few_rows_give)
{
    ad_function *f = prepare();
    const double *column = x;
    for (size_t shift = 0; shift < 8; shift += 3) {
        double *block = guarded(ROWS * OUTPUTS + shift), *turned = block + shift;
        cr_assert_eq(ad_function_rows_interleaved(f, &a, &column, ROWS, turned), AD_OK);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t k = 0; k < OUTPUTS; k++)
                cr_assert(turned[r * OUTPUTS + k] == few[k][r], "row %zu, output %zu", r, k);
        release(block, ROWS * OUTPUTS + shift);
    }
    ad_function_free(f);
}
