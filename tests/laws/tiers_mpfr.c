/* tiers_mpfr.c -- the value and every slope of the rule book in every tier against 256-bit arithmetic: the sweep on the tape, the
 * gradient recorded as nodes, and of a recorded function its derivatives by reverse and forward sweep, its tangent in each unit
 * direction and its adjoint of seed 1, at a point and over rows, in lanes. Generated C is in emitted_mpfr.c.
 *
 * The instruction set of the lanes is that of AD_ISA.
 */
#include "mpfr_tiers.h"

enum tier { SWEEP, SYMBOLS, DERIVED, TIERS = DERIVED + 8 };
static const char *const tier_names[TIERS] = {"sweep",          "symbols",         "reverse at a point", "reverse in lanes",
                                              "forward at a point", "forward in lanes", "tangent at a point", "tangent in lanes",
                                              "adjoint at a point", "adjoint in lanes"};
static const ad_derive_mode modes[] = {AD_REVERSE, AD_FORWARD, AD_TANGENT, AD_ADJOINT};

/* On a tape, at each point. */
static void on_tape(const struct row *row, double at[ROWS][3], results got)
{
    ad_tape *tape = ad_tape_new();
    for (int i = 0; i < ROWS; i++) {
        ad_var v[3], g[3], z;
        ad_tape_reset(tape);
        for (int k = 0; k < row->operands; k++)
            v[k] = k < row->partials ? ad_param(tape, NULL, at[i][k]) : ad_const(at[i][k]);
        z = row->record(v);
        ad_backward(z);
        for (int k = 0; k < row->partials; k++)
            got[SWEEP][1 + k][i] = ad_grad(v[k]);
        ad_gradient(z, (size_t)row->partials, v, g);
        cr_assert_eq(ad_tape_error(tape), AD_OK, "%s: %s", row->name, ad_tape_error_message(tape));
        for (int k = 0; k < row->partials; k++)
            got[SYMBOLS][1 + k][i] = g[k].value;
        for (int t = SWEEP; t <= SYMBOLS; t++)
            got[t][0][i] = got[t][BESIDE][i] = z.value;
    }
    ad_tape_free(tape);
}

/* The row as a function of columns. */
static ad_function *function_of(const struct row *row, double constant)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[3] = {ad_const(0), ad_const(constant), ad_const(0)};
    for (int k = 0; k < row->partials; k++)
        v[k] = ad_column(tape, NULL);
    ad_var z = row->record(v);
    ad_function *f = ad_function_new(tape, 1, &z);
    cr_assert_not_null(f, "%s", row->name);
    ad_tape_free(tape);
    return f;
}

enum { MOST_COLUMNS = 3 + 9 };

/* Derivatives in one mode at a point, got[0], and in lanes, got[1]. Directions are unit vectors, the adjoint's seed is 1. */
static void derived(const struct row *row, const ad_function *f, ad_derive_mode mode, double at[ROWS][3], double got[2][COLUMNS][ROWS])
{
    static double column[MOST_COLUMNS][ROWS];
    const size_t n = (size_t)row->partials, chosen[] = {0, 1, 2};
    const double *columns[MOST_COLUMNS];
    double *values[] = {got[1][BESIDE], got[1][1], got[1][2], got[1][3]};
    ad_function *d = ad_function_derive(f, (ad_derive_options){.mode = mode, .n = n, .inputs = chosen, .directions = n,
                                                               .keep_outputs = 1});
    cr_assert_not_null(d, "%s", row->name);
    cr_assert_eq(ad_function_outputs(d), 1 + n);
    cr_assert_eq(ad_function_columns(d), n + (mode == AD_TANGENT ? n * n : mode == AD_ADJOINT ? 1 : 0));
    for (size_t c = 0; c < MOST_COLUMNS; c++) {
        columns[c] = column[c];
        for (int i = 0; i < ROWS; i++)
            column[c][i] = c < n ? at[i][c] : mode == AD_TANGENT ? (c - n) / n == (c - n) % n : 1;
    }
    cr_assert_eq(ad_function_rows(d, NULL, columns, ROWS, values), AD_OK);
    cr_assert_eq(ad_function_rows(f, NULL, columns, ROWS, (double *[]){got[1][0]}), AD_OK);
    for (int i = 0; i < ROWS; i++) {
        double point[MOST_COLUMNS], out[4];
        for (size_t c = 0; c < MOST_COLUMNS; c++)
            point[c] = column[c][i];
        cr_assert_eq(ad_function_at(f, NULL, point, &got[0][0][i]), AD_OK);
        cr_assert_eq(ad_function_at(d, NULL, point, out), AD_OK);
        got[0][BESIDE][i] = out[0];
        for (size_t k = 0; k < n; k++)
            got[0][1 + k][i] = out[1 + k];
    }
    ad_function_free(d);
}

static double bound_of(const struct row *row, int tier, int k)
{
    (void)tier;
    return row->reference->bound[k % BESIDE];
}

Test(tiers, every_value_and_slope_is_within_its_bound)
{
    static double at[ROWS][3];
    static results got;
    long points = tier_points();
    big_start();
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        struct worst worst = {0};
        if (!is_asked_for(row))
            continue;
        random_state = 0x9e3779b97f4a7c15u;
        for (long done = 0; done < points; done += ROWS) {
            double constant = draw_constant(row);
            draw_block(row, constant, at);
            on_tape(row, at, got);
            ad_function *f = function_of(row, constant);
            for (int m = 0; m < 4; m++)
                derived(row, f, modes[m], at, &got[DERIVED + 2 * m]);
            ad_function_free(f);
            for (int k = 0; k < ROWS; k++)
                note(row, &worst, at[k], TIERS, got, k);
        }
        expect_within(row, &worst, TIERS, tier_names, bound_of);
    }
    big_stop();
}
