/* tiers_mpfr.c -- every slope of the rule book in every tier against 256-bit arithmetic: the sweep on the tape, the gradient
 * recorded as nodes, the derivative of a recorded function at a point and over rows, in lanes.
 *
 * The instruction set of the lanes is that of AD_ISA. The points and bounds are those of rules_mpfr.c. AD_TEST_POINTS is the
 * number of points for a row (100000 is the soak), AD_TEST_TABLE prints what was measured, AD_TEST_ROW=name tests that row alone.
 */
#include <autodiff/autodiff.h>

#include "autodiff/rules/scalar.h"
#include "mpfr_points.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 128 };                       /* two blocks, with one constant */
enum tier { SWEEP, SYMBOLS, POINT, LANES, TIERS };
static const char *const tier_names[] = {"sweep", "symbols", "point", "lanes"};

struct row {
    const char *name;
    int operands, partials;
    ad_var (*record)(const ad_var *v);
    bool (*holds)(double x, double y, double w);
    const struct reference *reference;
};

#define HOLDS(name, condition) \
    static bool holds_##name(double x, double y, double w) { (void)x, (void)y, (void)w; return condition; }
#define OP1(name, z, dx, holds, words) HOLDS(name, holds)
#define OP2(name, z, dx, dy, holds, words) HOLDS(name, holds)
#define OP3(name, z, dx, dy, dw, holds, words) HOLDS(name, holds)
#define FC1 OP1
#include <autodiff/ops.def>

#define OP1(name, ...) static ad_var record_##name(const ad_var *v) { return ad_##name(v[0]); }
#define OP2(name, ...) static ad_var record_##name(const ad_var *v) { return ad_##name(v[0], v[1]); }
#define OP3(name, ...) static ad_var record_##name(const ad_var *v) { return ad_##name(v[0], v[1], v[2]); }
#include <autodiff/ops.def>
static ad_var record_powi(const ad_var *v) { return ad_powi(v[0], (int)v[1].value); }
static ad_var record_leaky_relu(const ad_var *v) { return ad_leaky_relu(v[0], v[1].value); }
static ad_var record_polygamma(const ad_var *v) { return ad_polygamma(v[0], (int)v[1].value); }

static const struct row rows[] = {
#define OP1(name, ...) {#name, 1, 1, record_##name, holds_##name, &reference_##name},
#define OP2(name, ...) {#name, 2, 2, record_##name, holds_##name, &reference_##name},
#define OP3(name, ...) {#name, 3, 3, record_##name, holds_##name, &reference_##name},
#define FC1(name, ...) {#name, 2, 1, record_##name, holds_##name, &reference_##name},
#include <autodiff/ops.def>
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* Slopes [tier][partial][row] at points [row], of which those with a constant share it. */
static void slopes_at(const struct row *row, double (*at)[3], double slope[TIERS][3][ROWS])
{
    double columns[3][ROWS], *values[3];
    size_t chosen[] = {0, 1, 2};
    ad_tape *tape = ad_tape_new();
    ad_var v[3] = {ad_const(0), ad_const(at[0][1]), ad_const(0)}, g[3];
    for (int k = 0; k < row->partials; k++)
        v[k] = ad_column(tape, NULL);
    ad_var z = row->record(v);
    ad_function *f = ad_function_new(tape, 1, &z);
    ad_function *d = ad_function_derive(f, (ad_derive_options){.n = (size_t)row->partials, .inputs = chosen});
    cr_assert(f && d, "%s", row->name);
    for (int i = 0; i < ROWS; i++) {
        double point[3], out[3];
        ad_tape_reset(tape);
        for (int k = 0; k < 3; k++)
            columns[k][i] = point[k] = at[i][k];
        for (int k = 0; k < row->operands; k++)
            v[k] = k < row->partials ? ad_param(tape, NULL, point[k]) : ad_const(point[k]);
        z = row->record(v);
        ad_backward(z);
        cr_assert_eq(ad_function_at(d, NULL, point, out), AD_OK);
        for (int k = 0; k < row->partials; k++) {
            slope[SWEEP][k][i] = ad_grad(v[k]);
            slope[POINT][k][i] = out[k];
        }
        ad_gradient(z, (size_t)row->partials, v, g);
        cr_assert_eq(ad_tape_error(tape), AD_OK, "%s: %s", row->name, ad_tape_error_message(tape));
        for (int k = 0; k < row->partials; k++)
            slope[SYMBOLS][k][i] = g[k].value;
    }
    for (int k = 0; k < row->partials; k++)
        values[k] = slope[LANES][k];
    cr_assert_eq(ad_function_rows(d, NULL, (const double *const[]){columns[0], columns[1], columns[2]}, ROWS, values), AD_OK);
    ad_function_free(d);
    ad_function_free(f);
    ad_tape_free(tape);
}

struct worst { double ulp[TIERS][3], at[TIERS][3][3]; };

static bool full(double a) { return a == 0 || isnormal(a); }

static void note(const struct row *row, struct worst *worst, const double at[3], double slope[TIERS][3][ROWS], int i)
{
    const struct reference *r = row->reference;
    big_reset();
    big x = num(at[0]), y = num(at[1]), w = num(at[2]), value = r->value(x, y, w);
    double z = mpfr_get_d(value, MPFR_RNDN);
    if (r->normal && !(full(at[0]) && full(at[1]) && full(at[2]) && full(z) && (z != 0 || mpfr_zero_p(value))))
        return;
    for (int k = 0; k < row->partials; k++) {
        big exact = r->partial[k](x, y, w), size = r->measure[k + 1] ? r->measure[k + 1](x, y, w) : NULL;
        for (int t = 0; t < TIERS; t++) {
            double ulp = error_in_ulp(slope[t][k][i], exact, size);
            if (ulp > worst->ulp[t][k]) {
                worst->ulp[t][k] = ulp;
                memcpy(worst->at[t][k], at, 3 * sizeof *at);
            }
        }
    }
}

static void draw_block(const struct row *row, double at[ROWS][3])
{
    for (int i = 0; i < ROWS; i++) {
        do {
            memset(at[i], 0, sizeof at[i]);
            draw_point(row->reference, row->operands, at[i]);
            if (row->partials < row->operands)
                at[i][1] = i ? at[0][1] : fmod(at[0][1], 100);
        } while (!row->holds(at[i][0], at[i][1], at[i][2]));
    }
}

Test(tiers, every_slope_is_within_its_bound)
{
    const char *asked = getenv("AD_TEST_POINTS"), *only = getenv("AD_TEST_ROW");
    long points = asked ? points_asked_for() : 1024;
    static double at[ROWS][3], slope[TIERS][3][ROWS];
    big_start();
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        struct worst worst = {0};
        if (only && strcmp(only, row->name) != 0)
            continue;
        random_state = 0x9e3779b97f4a7c15u;
        for (long done = 0; done < points; done += ROWS) {
            draw_block(row, at);
            slopes_at(row, at, slope);
            for (int k = 0; k < ROWS; k++)
                note(row, &worst, at[k], slope, k);
        }
        for (int t = 0; t < TIERS; t++)
            for (int k = 0; k < row->partials; k++) {
                const double *a = worst.at[t][k];
                if (getenv("AD_TEST_TABLE"))
                    printf("%-14s slope %d %-8s %9.3f ulp at (%.17g, %.17g, %.17g)\n", row->name, k, tier_names[t], worst.ulp[t][k],
                           a[0], a[1], a[2]);
                cr_expect(worst.ulp[t][k] <= row->reference->bound[k + 1], "%s: slope %d of the %s is %g ulp off at (%.17g, %.17g, "
                          "%.17g)", row->name, k, tier_names[t], worst.ulp[t][k], a[0], a[1], a[2]);
            }
    }
    big_stop();
}
