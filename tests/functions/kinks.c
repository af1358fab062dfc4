/* kinks.c -- recorded functions, their lanes and generated C keep the conventions of autodiff/kinks.def, and zero against
 * infinity contributes nothing there too. tests/unit/kinks.c holds the tape to the same.
 *
 * Every entry is taken twice: with params for operands, and with a param plus a column of zeros, so that it is computed in
 * lanes, over more rows than a block has. The instruction set is that of AD_ISA.
 */
#include "emitted.h"
#include "zero_infinity.h"

static const struct kink { enum ad_op op; const char *row; int by; double at[3], slope; } kinks[] = {
#define KINK(row, by, x, y, w, left, slope, right, words) {AD_OP_##row, #row, by, {x, y, w}, slope},
#include "autodiff/kinks.def"
};
enum { KINKS = sizeof kinks / sizeof *kinks, ROWS = 130 };

static int same(double a, double b) { return a == b || (a != a && b != b); }

static ad_var row_of(const struct kink *k, const ad_var *v)
{
    switch (k->op) {
#define OP1(name, ...) case AD_OP_##name: return ad_##name(v[0]);
#define OP2(name, ...) case AD_OP_##name: return ad_##name(v[0], v[1]);
#define OP3(name, ...) case AD_OP_##name: return ad_##name(v[0], v[1], v[2]);
#define FC1(name, ...)
#include <autodiff/ops.def>
    case AD_OP_leaky_relu: return ad_leaky_relu(v[0], k->at[1]);
    case AD_OP_powi:       return ad_powi(v[0], (int)k->at[1]);
    default:               return ad_const(NAN);
    }
}

/* The row as a function of its operand; others are numbers. by_row: the operand gets a column added. */
static ad_function *function_of(const struct kink *k, int by_row)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[3] = {ad_const(k->at[0]), ad_const(k->at[1]), ad_const(k->at[2])};
    v[k->by] = ad_param(tape, "v", k->at[k->by]);
    if (by_row)
        v[k->by] = ad_add(v[k->by], ad_column(tape, "c"));
    ad_var E = row_of(k, v);
    ad_function *f = ad_function_new(tape, 1, &E);
    cr_assert_not_null(f, "%s: %s", k->row, ad_tape_error_message(tape));
    ad_tape_free(tape);
    return f;
}

static double slope_of(const ad_function *f, double x, size_t rows)
{
    static const double zeros[ROWS];
    const double *columns[] = {zeros};
    double value, slope = 12345;
    cr_assert_eq(ad_function_sum_gradient(f, &x, ad_function_columns(f) ? columns : NULL, rows, &value, &slope), AD_OK);
    return slope;
}

Test(kinks, of_functions_are_those_of_the_table)
{
    for (int i = 0; i < KINKS; i++) {
        const struct kink *k = &kinks[i];
        ad_function *f = function_of(k, 0), *by_row = function_of(k, 1);
        double x = k->at[k->by], one = slope_of(f, x, 1), lanes = slope_of(by_row, x, ROWS), few = slope_of(by_row, x, 1);
        cr_expect(same(one, k->slope), "%s: %g at one point, not %g", k->row, one, k->slope);
        cr_expect(same(few, k->slope), "%s: %g in one row, not %g", k->row, few, k->slope);
        cr_expect(same(lanes, ROWS * k->slope), "%s: %g in %d rows, not %g each", k->row, lanes, ROWS, k->slope);
        ad_function_free(f);
        ad_function_free(by_row);
    }
}

Test(kinks, of_derived_functions_are_those_of_the_table)
{
    static const double zeros[ROWS];
    const double *columns[] = {zeros};
    for (int i = 0; i < KINKS; i++) {
        const struct kink *k = &kinks[i];
        ad_function *f = function_of(k, 1), *derived = ad_function_derive(f, (ad_derive_options){0});
        double x = k->at[k->by], slopes[ROWS], *out[] = {slopes};
        cr_assert_not_null(derived);
        cr_assert_eq(ad_function_rows(derived, &x, columns, ROWS, out), AD_OK);
        for (int r = 0; r < ROWS; r++)
            cr_assert(same(slopes[r], k->slope), "%s: %g in row %d of the derivative, not %g", k->row, slopes[r], r, k->slope);
        ad_function_free(derived);
        ad_function_free(f);
    }
}

/* n-ary ties, of which the table speaks for two. */
Test(kinks, of_lists_in_functions)
{
    static const double zeros[ROWS];
    const double *columns[] = {zeros};
    for (int which = 0; which < 4; which++) {
        ad_tape *tape = ad_tape_new();
        ad_var c = ad_column(tape, "c"), v[3];
        for (int j = 0; j < 3; j++)
            v[j] = ad_add(ad_param(tape, NULL, 0), c);
        ad_var E = which == 0 ? ad_maximum(3, v) : which == 1 ? ad_minimum(3, v) : which == 2 ? ad_norm2(3, v) : ad_logsumexp(3, v);
        ad_function *f = ad_function_new(tape, 1, &E);
        double params[3] = {0, 0, 0}, value, slope[3], want = which == 2 ? 0 : ROWS / 3.0;
        cr_assert_eq(ad_function_sum_gradient(f, params, columns, ROWS, &value, slope), AD_OK);
        for (int j = 0; j < 3; j++)
            cr_expect(fabs(slope[j] - want) <= 1e-12 * want, "list %d: slope %g, not %g", which, slope[j], want);
        ad_function_free(f);
        ad_tape_free(tape);
    }
}

/* ---- Zero times infinity -------------------------------------------------------------------------------------------------- */

static ad_function *zero_function(int i, int by_row)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", zeros_times_infinities[i].x);
    if (by_row)
        x = ad_add(x, ad_column(tape, "c"));
    ad_var E = zero_times_infinity(i, x);
    ad_function *f = ad_function_new(tape, 1, &E);
    cr_assert_not_null(f);
    ad_tape_free(tape);
    return f;
}

Test(zero_times_infinity, is_nothing_in_functions)
{
    for (int i = 0; i < ZEROS_TIMES_INFINITIES; i++) {
        double x = zeros_times_infinities[i].x, want = zeros_times_infinities[i].slope;
        ad_function *f = zero_function(i, 0), *by_row = zero_function(i, 1);
        double one = slope_of(f, x, 1), lanes = slope_of(by_row, x, ROWS);
        cr_expect(same(one, want), "%s: %g at one point, not %g", zeros_times_infinities[i].text, one, want);
        cr_expect(same(lanes, ROWS * want), "%s: %g in %d rows, not %g each", zeros_times_infinities[i].text, lanes, ROWS, want);
        ad_function_free(f);
        ad_function_free(by_row);
    }
}

/* ---- Generated C ----------------------------------------------------------------------------------------------------------- */

Test(generated_c, keeps_the_conventions_of_the_table_and_zero_times_infinity)
{
    if (!open_folder())
        return;
    char name[32];
    for (int i = 0; i < KINKS; i++) {
        ad_function *f = function_of(&kinks[i], 0);
        snprintf(name, sizeof name, "kink%d", i);
        emit(f, name);
        ad_function_free(f);
    }
    for (int i = 0; i < ZEROS_TIMES_INFINITIES; i++) {
        ad_function *f = zero_function(i, 0);
        snprintf(name, sizeof name, "zero%d", i);
        emit(f, name);
        ad_function_free(f);
    }
    build("-O0");
    for (int i = 0; i < KINKS + ZEROS_TIMES_INFINITIES; i++) {
        int z = i - KINKS;
        double x = i < KINKS ? kinks[i].at[kinks[i].by] : zeros_times_infinities[z].x, slope = 12345;
        double want = i < KINKS ? kinks[i].slope : zeros_times_infinities[z].slope;
        gradient_function *gradient;
        snprintf(name, sizeof name, i < KINKS ? "kink%d" : "zero%d", i < KINKS ? i : z);
        find(name, "gradient", &gradient);
        gradient(&x, NULL, &slope);
        cr_expect(same(slope, want), "%s at %g: %g in generated C, not %g",
                  i < KINKS ? kinks[i].row : zeros_times_infinities[z].text, x, slope, want);
    }
    close_folder();
}
