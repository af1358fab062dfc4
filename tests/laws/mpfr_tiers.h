/* mpfr_tiers.h -- what the tests of tiers against 256 bits share: the rows as they are recorded, blocks of points, the worst
 * errors found. The points and bounds are those of rules_mpfr.c.
 *
 * AD_TEST_POINTS is the number of points for a row (100000 is the soak), AD_TEST_TABLE prints what was measured,
 * AD_TEST_ROW=name tests that row alone.
 */
#ifndef AD_TESTS_LAWS_MPFR_TIERS_H
#define AD_TESTS_LAWS_MPFR_TIERS_H

#include <autodiff/autodiff.h>

#include "autodiff/rules/scalar.h"
#include "mpfr_points.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 128, MOST_TIERS = 12 };      /* points at a time: two blocks of lanes, with one constant */

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

static bool is_asked_for(const struct row *row)
{
    const char *only = getenv("AD_TEST_ROW");
    return !only || !strcmp(only, row->name);
}

static UNUSED long tier_points(void) { return getenv("AD_TEST_POINTS") ? points_asked_for() : 1024; }

/* For a row with a constant, which a block of points shares. */
static double draw_constant(const struct row *row)
{
    double at[3] = {0};
    draw_point(row->reference, row->operands, at);
    return fmod(at[1], 100);
}

static void draw_block(const struct row *row, double constant, double at[ROWS][3])
{
    for (int i = 0; i < ROWS; i++) {
        do {
            memset(at[i], 0, sizeof at[i]);
            draw_point(row->reference, row->operands, at[i]);
            if (row->partials < row->operands)
                at[i][1] = constant;
        } while (!row->holds(at[i][0], at[i][1], at[i][2]));
    }
}

/* ---- Errors ---------------------------------------------------------------------------------------------------------------- */

/* Of a tier: the value, the slopes, the value that is computed along with them. */
enum { BESIDE = 4, COLUMNS };

typedef double results[MOST_TIERS][COLUMNS][ROWS];

struct worst { double ulp[MOST_TIERS][COLUMNS], at[MOST_TIERS][COLUMNS][3]; };

static bool full(double a) { return a == 0 || isnormal(a); }

static UNUSED void note(const struct row *row, struct worst *worst, const double at[3], int tiers, results got, int i)
{
    const struct reference *r = row->reference;
    big_reset();
    big x = num(at[0]), y = num(at[1]), w = num(at[2]), value = r->value(x, y, w);
    double z = mpfr_get_d(value, MPFR_RNDN);
    bool tiny = r->normal && !(full(at[0]) && full(at[1]) && full(at[2]) && full(z) && (z != 0 || mpfr_zero_p(value)));
    for (int k = 0; k < COLUMNS; k++) {
        if (k > 0 && k < BESIDE && (tiny || k > row->partials))
            continue;
        int j = k % BESIDE;
        big exact = j ? r->partial[j - 1](x, y, w) : value, size = r->measure[j] ? r->measure[j](x, y, w) : NULL;
        for (int t = 0; t < tiers; t++) {
            double ulp = error_in_ulp(got[t][k][i], exact, size);
            if (ulp > worst->ulp[t][k]) {
                worst->ulp[t][k] = ulp;
                memcpy(worst->at[t][k], at, 3 * sizeof *at);
            }
        }
    }
}

/* bound_of(row, tier, column) in ulp. */
static UNUSED void expect_within(const struct row *row, const struct worst *worst, int tiers, const char *const *names,
                          double (*bound_of)(const struct row *row, int tier, int k))
{
    static const char *const columns[] = {"z", "dz/dx", "dz/dy", "dz/dw", "z beside slopes"};
    for (int t = 0; t < tiers; t++)
        for (int k = 0; k < COLUMNS; k++) {
            const double *a = worst->at[t][k], bound = bound_of(row, t, k);
            if (k > row->partials && k < BESIDE)
                continue;
            if (getenv("AD_TEST_TABLE"))
                printf("%-14s %-15s %-24s %9.3f ulp at (%.17g, %.17g, %.17g)\n", row->name, columns[k], names[t], worst->ulp[t][k],
                       a[0], a[1], a[2]);
            cr_expect(worst->ulp[t][k] <= bound, "%s: %s of %s is %g ulp off at (%.17g, %.17g, %.17g), %g allowed", row->name,
                      columns[k], names[t], worst->ulp[t][k], a[0], a[1], a[2], bound);
        }
}

#endif
