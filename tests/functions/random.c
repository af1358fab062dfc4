/* random.c -- random formulas over all rows of the rule book: the tape, a function at a point and its lanes agree. */
#include "formulas.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ROWS = 70 };

Test(random_formulas, tape_point_and_lanes_agree)
{
    int trials = getenv("AD_SOAK") ? 20000 : 1000, told = 0, skipped = 0;
    for (int trial = 0; trial < trials; trial++) {
        double p[PARAMS], data[COLUMNS][ROWS], row[ROWS], *out = row;
        const double *columns[COLUMNS];
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
        for (int i = 0; i < PARAMS; i++)
            inputs[i] = ad_param(tape, NULL, p[i]);
        for (int k = 0; k < COLUMNS; k++)
            inputs[PARAMS + k] = ad_column(tape, NULL);
        ad_var E = formula(inputs, (uint64_t)trial);
        cr_assert_eq(ad_tape_error(tape), AD_OK, "trial %d: %s", trial, ad_tape_error_message(tape));
        ad_function *f = ad_function_new(tape, 1, &E);
        cr_assert_not_null(f);
        double value, g[PARAMS], wanted = 0, size = 0, dw[PARAMS] = {0}, scale[PARAMS] = {0};
        cr_assert_eq(ad_function_sum_gradient(f, p, columns, ROWS, &value, g), AD_OK);
        cr_assert_eq(ad_function_rows(f, p, columns, ROWS, &out), AD_OK);
        int jumps = 0;
        for (int r = 0; r < ROWS; r++) {
            double x[COLUMNS], at;
            at_a_jump = 0;
            ad_tape_reset(tape);
            for (int i = 0; i < PARAMS; i++)
                inputs[i] = ad_param(tape, NULL, p[i]);
            for (int k = 0; k < COLUMNS; k++)
                inputs[PARAMS + k] = ad_param(tape, NULL, x[k] = data[k][r]);
            E = formula(inputs, (uint64_t)trial);
            ad_backward(E);
            cr_assert_eq(ad_function_at(f, p, x, &at), AD_OK);
            cr_assert(at_a_jump || at == ad_value(E) || fabs(at - ad_value(E)) <= 1e-13, "trial %d row %d: at a point %.17g, "
                      "on the tape %.17g", trial, r, at, ad_value(E));
            jumps += at_a_jump;
            cr_assert(at_a_jump || fabs(row[r] - at) <= 1e-11 * (1 + fabs(at)), "trial %d row %d: lanes %.17g, point %.17g", trial, r,
                      row[r], at);
            wanted += at;
            size += fabs(at);
            for (int i = 0; i < PARAMS; i++) {
                dw[i] += ad_grad(inputs[i]);
                scale[i] += fabs(ad_grad(inputs[i]));
            }
        }
        skipped += jumps > 0;
        cr_assert(jumps || fabs(value - wanted) <= 1e-12 * (1 + size), "trial %d: sum %.17g, tape %.17g", trial, value, wanted);
        for (int i = 0; i < PARAMS; i++) {
            told += dw[i] != 0;
            cr_assert(jumps || fabs(g[i] - dw[i]) <= 1e-9 * (1 + scale[i]), "trial %d: slope %d is %.17g in lanes, %.17g on the tape",
                      trial, i, g[i], dw[i]);
        }
        ad_function_free(f);
        ad_tape_free(tape);
    }
    cr_assert(skipped < trials / 3, "%d formulas of %d stood at a jump", skipped, trials);
    cr_assert(told > trials, "the formulas hardly depend on their params: %d slopes", told);
}
