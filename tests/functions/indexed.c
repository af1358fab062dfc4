/* indexed.c -- columns gathered from tables by index, and the slopes by a table through them. */
#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <math.h>

enum { ROWS = 77, TABLE = 9, WIDTH = 3 };

static size_t index_of[ROWS];
static double table[TABLE][WIDTH], gathered[WIDTH][ROWS];
static double *const columns[] = {gathered[0], gathered[1], gathered[2]};

static void fill(void)
{
    for (size_t r = 0; r < ROWS; r++)
        index_of[r] = r * r % TABLE;
    for (int i = 0; i < TABLE * WIDTH; i++)
        table[i / WIDTH][i % WIDTH] = sin(2 * i + 1);
}

/* The sum over rows of sin(a b) + c^2, each from the row of the table that the row names. */
static double sum(void)
{
    double s = 0;
    for (size_t r = 0; r < ROWS; r++) {
        const double *v = table[index_of[r]];
        s += sin(v[0] * v[1]) + v[2] * v[2];
    }
    return s;
}

Test(indexed, and_scatter_take_slopes_through_a_function_to_its_table)
{
    fill();
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_column(tape, "a"), b = ad_column(tape, "b"), c = ad_column(tape, "c"), y = ad_add(ad_sin(ad_mul(a, b)), ad_square(c));
    ad_function *f = ad_function_new(tape, 1, &y), *d = ad_function_derive(f, (ad_derive_options){.n = 3, .inputs = (size_t[]){0, 1, 2}});
    double value, slopes[WIDTH][ROWS], by_table[TABLE][WIDTH] = {{0}}, *const out[] = {slopes[0], slopes[1], slopes[2]};
    cr_assert_eq(ad_gather(ROWS, index_of, TABLE, WIDTH, table[0], columns), AD_OK);
    cr_assert_eq(ad_function_sum(f, NULL, (const double *const *)columns, ROWS, &value), AD_OK);
    cr_assert(fabs(value - sum()) < 1e-12);
    cr_assert_eq(ad_function_rows(d, NULL, (const double *const *)columns, ROWS, out), AD_OK);
    cr_assert_eq(ad_scatter_add(ROWS, index_of, TABLE, WIDTH, (const double *const *)out, by_table[0]), AD_OK);
    for (int i = 0; i < TABLE * WIDTH; i++) {
        double *at = &table[i / WIDTH][i % WIDTH], was = *at, up, e = 1e-6;
        *at = was + e;
        up = sum();
        *at = was - e;
        double slope = (up - sum()) / (2 * e);
        *at = was;
        cr_assert(fabs(by_table[i / WIDTH][i % WIDTH] - slope) < 1e-7 * (1 + fabs(slope)), "entry %d: %g is not %g", i,
                  by_table[i / WIDTH][i % WIDTH], slope);
    }
    ad_function_free(f), ad_function_free(d), ad_tape_free(tape);
}

Test(indexed, refuses_what_is_out_of_range_before_it_writes)
{
    fill();
    double before = gathered[0][0] = 42, *const lacking[] = {gathered[0], NULL, gathered[2]};
    index_of[ROWS - 1] = TABLE;
    cr_assert_eq(ad_gather(ROWS, index_of, TABLE, WIDTH, table[0], columns), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_scatter_add(ROWS, index_of, TABLE, WIDTH, (const double *const *)columns, table[0]), AD_ERROR_ARGUMENT);
    cr_assert_eq(gathered[0][0], before);
    fill();
    cr_assert_eq(ad_gather(ROWS, index_of, TABLE, WIDTH, table[0], lacking), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_gather(ROWS, NULL, TABLE, WIDTH, table[0], columns), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_gather(ROWS, index_of, TABLE, WIDTH, NULL, columns), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_gather(0, NULL, 0, WIDTH, NULL, NULL), AD_OK);
}
