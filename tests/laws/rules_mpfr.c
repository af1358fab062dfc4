/* rules_mpfr.c -- every row of the rule book against 256-bit arithmetic: values, partials and special points.
 *
 * It tests the rows as C compiles them and the functions of rules/scalar.h; not the tape. The n-ary rows, whose values
 * need a list, are in lists_mpfr.c, of the same program. AD_TEST_POINTS is the number of points for a row (100000 is the
 * soak, 4 minutes), AD_TEST_TABLE prints what was measured, AD_TEST_ROW=name tests that row alone.
 */
#include "autodiff/rules/scalar.h"
#include "mpfr_points.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- the rows, as C ---- */

typedef double column(double x, double y, double w, double z);

struct rule {
    const char *name;
    int operands, partials;
    column *value, *partial[3], *holds;
    const struct reference *reference;
};

#define COLUMN(id, expression) \
    static double id(double x, double y, double w, double z) { (void)x, (void)y, (void)w, (void)z; return expression; }
#define OP1(name, v, dx, holds, words) \
    COLUMN(name##_value, v) COLUMN(name##_by_x, dx) COLUMN(name##_holds, holds)
#define OP2(name, v, dx, dy, holds, words) \
    COLUMN(name##_value, v) COLUMN(name##_by_x, dx) COLUMN(name##_by_y, dy) COLUMN(name##_holds, holds)
#define OP3(name, v, dx, dy, dw, holds, words) \
    COLUMN(name##_value, v) COLUMN(name##_by_x, dx) COLUMN(name##_by_y, dy) COLUMN(name##_by_w, dw) \
    COLUMN(name##_holds, holds)
#define FN1 OP1
#define FN2 OP2
#define FN3 OP3
#define FC1 OP1
#define NA1(name, v, dx, holds, words)
#define NA2(name, v, dx, dy, holds, words)
#include "autodiff/ops.def"
#undef OP1
#undef OP2
#undef OP3
#undef FC1

#define OP1(name, v, dx, holds, words) \
    { #name, 1, 1, name##_value, { name##_by_x }, name##_holds, &reference_##name },
#define FC1(name, v, dx, holds, words) \
    { #name, 2, 1, name##_value, { name##_by_x }, name##_holds, &reference_##name },
#define OP2(name, v, dx, dy, holds, words) \
    { #name, 2, 2, name##_value, { name##_by_x, name##_by_y }, name##_holds, &reference_##name },
#define OP3(name, v, dx, dy, dw, holds, words) \
    { #name, 3, 3, name##_value, { name##_by_x, name##_by_y, name##_by_w }, name##_holds, &reference_##name },
static const struct rule rules[] = {
#include "autodiff/ops.def"
};
#undef OP1
#undef OP2
#undef OP3
#undef FN1
#undef FN2
#undef FN3
#undef FC1
#undef NA1
#undef NA2

enum { RULES = sizeof rules / sizeof *rules };

/* ---- errors ---- */

struct worst { double ulp[4], at[4][3]; long points[4]; };

static void note(struct worst *worst, int which, double ulp, const double a[3])
{
    worst->points[which]++;
    if (!(ulp > worst->ulp[which])) return;
    worst->ulp[which] = ulp;
    for (int i = 0; i < 3; i++) worst->at[which][i] = a[i];
}

static bool full(double a) { return a == 0 || isnormal(a); }

static struct worst measure_rule(const struct rule *rule, long points)
{
    const struct reference *r = rule->reference;
    struct worst worst = { { 0 }, { { 0 } }, { 0 } };
    random_state = 0x9e3779b97f4a7c15u;
    while (points--) {
        double a[3] = { 0 };
        draw_point(r, rule->operands, a);
        big_reset();
        big x = num(a[0]), y = num(a[1]), w = num(a[2]);
        double z = rule->value(a[0], a[1], a[2], 0);
        big value = r->value(x, y, w);
        note(&worst, 0, error_in_ulp(z, value, r->measure[0] ? r->measure[0](x, y, w) : NULL), a);
        if (!(rule->holds(a[0], a[1], a[2], z) != 0)) continue;
        if (r->normal && !(full(a[0]) && full(a[1]) && full(a[2]) && full(z))) continue;
        if (r->normal && z == 0 && !mpfr_zero_p(value)) continue;
        for (int i = 0; i < rule->partials; i++) {
            double partial = rule->partial[i](a[0], a[1], a[2], z);
            big size = r->measure[i + 1] ? r->measure[i + 1](x, y, w) : NULL;
            note(&worst, i + 1, error_in_ulp(partial, r->partial[i](x, y, w), size), a);
        }
    }
    return worst;
}

static const char *const column_names[] = { "z", "dz/dx", "dz/dy", "dz/dw" };

static void print_row(const struct rule *rule, const struct worst *worst)
{
    for (int i = 0; i <= rule->partials; i++) {
        printf("%-14s %-6s %8ld points %9.3f ulp at (%.17g", i ? "" : rule->name, column_names[i], worst->points[i],
               worst->ulp[i], worst->at[i][0]);
        for (int j = 1; j < rule->operands; j++) printf(", %.17g", worst->at[i][j]);
        printf(")\n");
    }
}

Test(rules, every_value_and_partial_is_within_its_bound)
{
    long points = points_asked_for();
    const char *only = getenv("AD_TEST_ROW");
    big_start();
    for (int i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        if (only && strcmp(only, rule->name) != 0) continue;
        struct worst worst = measure_rule(rule, points);
        if (getenv("AD_TEST_TABLE")) print_row(rule, &worst), fflush(stdout);
        for (int j = 0; j <= rule->partials; j++) {
            double bound = rule->reference->bound[j];
            cr_expect(worst.points[j] > 0, "%s: no point tested %s", rule->name, column_names[j]);
            cr_expect(worst.ulp[j] <= bound, "%s: %s is %g ulp off at (%.17g, %.17g, %.17g), %g allowed", rule->name,
                      column_names[j], worst.ulp[j], worst.at[j][0], worst.at[j][1], worst.at[j][2], bound);
        }
    }
    big_stop();
}

/* ---- special points: kinks, ends of domains, infinities, signed zeros ---- */

#define INF INFINITY
static const double any = 0x1.abcdefp-321; /* where nothing is promised */

static const struct special { const char *row; double at[3], want[4]; } specials[] = {
    /* row         at x, y, w             z, dz/dx, dz/dy, dz/dw */
    { "add",           { INF, 1 },            { INF, 1, 1 } },
    { "add",           { INF, -INF },         { NAN, 1, 1 } },
    { "sub",           { 1, INF },            { -INF, 1, -1 } },
    { "mul",           { 0, INF },            { NAN, INF, 0 } },
    { "div",           { 1, 0 },              { INF, INF, -INF } },
    { "div",           { 1, -0.0 },           { -INF, -INF, -INF } },
    { "div",           { 0, 0 },              { NAN, INF, NAN } },
    { "div",           { 1, INF },            { 0, 0, 0 } },
    { "div",           { 1e-200, 1e-200 },    { 1, 1e200, -1e200 } },
    { "neg",           { INF },               { -INF, -1 } },
    { "square",        { -INF },              { INF, -INF } },
    { "squared_error", { INF, 0 },            { INF, INF, -INF } },
    { "squared_error", { 0x1p512, 0 },        { 0x1p1023, 0x1p512, -0x1p512 } },
    { "relu",          { 0 },                 { 0, 0 } },
    { "relu",          { -0.0 },              { 0, 0 } },
    { "relu",          { 0x1p-1074 },         { 0x1p-1074, 1 } },
    { "relu",          { INF },               { INF, 1 } },
    { "relu",          { -INF },              { 0, 0 } },
    { "relu",          { NAN },               { NAN, any } },
    { "fma",           { 2, 3, -INF },        { -INF, 3, 2, 1 } },
    { "product_over",  { 1e200, 1e200, 1e250 }, { 1e150, 1e-50, 1e-50, -1e-100 } },
    { "product_over",  { 0, 2, 4 },           { 0, 0.5, 0, 0 } },
    { "product_over",  { 1e300, 1e300, INF }, { 0, 0, 0, 0 } },
    { "product_over",  { 2, 3, 0 },           { INF, INF, INF, -INF } },
    { "product_over",  { -2, INF, 4 },        { -INF, INF, -0.5, INF } },
    { "product_over",  { 0, INF, 4 },         { NAN, INF, 0, NAN } },
    { "product_over",  { NAN, 2, 4 },         { NAN, 0.5, NAN, NAN } },
    { "over_product",  { 1e250, 1e200, 1e200 }, { 1e-150, 0, any, any } },
    { "over_product",  { 6, 2, 3 },           { 1, 1.0 / 6, -0.5, -1.0 / 3 } },
    { "over_product",  { 0, 2, 4 },           { 0, 0.125, 0, 0 } },
    { "over_product",  { 1e-300, 1e-300, -0.0 }, { -INF, -INF, INF, -INF } },
    { "over_product",  { 1, INF, 2 },         { 0, 0, 0, 0 } },
    { "over_product",  { INF, INF, 2 },       { NAN, 0, NAN, NAN } },

    { "sqrt",          { 0 },                 { 0, INF } },
    { "sqrt",          { -0.0 },              { 0, INF } },
    { "sqrt",          { INF },               { INF, 0 } },
    { "sqrt",          { -1 },                { NAN, NAN } },
    { "cbrt",          { 0 },                 { 0, INF } },
    { "cbrt",          { -0.0 },              { 0, INF } },
    { "cbrt",          { INF },               { INF, 0 } },
    { "cbrt",          { -INF },              { -INF, 0 } },
    { "cbrt",          { -8 },                { -2, 1.0 / 12 } },
    { "cbrt",          { NAN },               { NAN, NAN } },
    { "pow",           { 0, 0 },              { 1, 0, -INF } },
    { "pow",           { -0.0, 0 },           { 1, 0, -INF } },
    { "pow",           { 0, 2 },              { 0, 0, 0 } },
    { "pow",           { -0.0, 3 },           { 0, 0, 0 } },
    { "pow",           { 0, 1 },              { 0, 1, 0 } },
    { "pow",           { 0, 0.7 },            { 0, INF, 0 } },
    { "pow",           { 0, 0.3 },            { 0, INF, 0 } },
    { "pow",           { -0.0, 0.3 },         { 0, INF, 0 } },
    { "pow",           { 0, -0.5 },           { INF, -INF, -INF } },
    { "pow",           { 0, -2 },             { INF, -INF, -INF } },
    { "pow",           { -0.0, -2 },          { INF, -INF, -INF } },
    { "pow",           { -0.0, -1 },          { -INF, -INF, any } },
    { "pow",           { -2, 3 },             { -8, 12, NAN } },
    { "pow",           { -2, -2 },            { 0.25, 0.25, NAN } },
    { "pow",           { -2, 0.5 },           { NAN, NAN, NAN } },
    { "pow",           { INF, 2 },            { INF, INF, INF } },
    { "pow",           { INF, 1 },            { INF, 1, INF } },
    { "pow",           { INF, 0.75 },         { INF, 0, INF } },
    { "pow",           { INF, 0.25 },         { INF, 0, INF } },
    { "pow",           { INF, 0 },            { 1, 0, INF } },
    { "pow",           { INF, -1 },           { 0, 0, 0 } },
    { "pow",           { 0.5, INF },          { 0, 0, 0 } },
    { "pow",           { 2, -INF },           { 0, 0, 0 } },
    { "powi",          { 0, 0 },              { 1, 0 } },
    { "powi",          { 0, 1 },              { 0, 1 } },
    { "powi",          { 0, 2 },              { 0, 0 } },
    { "powi",          { 0, -1 },             { INF, -INF } },
    { "powi",          { -0.0, -2 },          { INF, -INF } },
    { "powi",          { -0.0, -3 },          { -INF, -INF } },
    { "powi",          { -3, 2 },             { 9, -6 } },
    { "powi",          { INF, -1 },           { 0, 0 } },
    { "powi",          { INF, 2 },            { INF, INF } },
    { "powi",          { -INF, 0 },           { 1, 0 } },
    { "exp",           { -INF },              { 0, 0 } },
    { "exp",           { INF },               { INF, INF } },
    { "exp",           { 0 },                 { 1, 1 } },
    { "exp2",          { -INF },              { 0, 0 } },
    { "exp2",          { INF },               { INF, INF } },
    { "expm1",         { -INF },              { -1, 0 } },
    { "expm1",         { -0.0 },              { 0, 1 } },
    { "log",           { 0 },                 { -INF, INF } },
    { "log",           { -0.0 },              { -INF, INF } },
    { "log",           { INF },               { INF, 0 } },
    { "log",           { -1 },                { NAN, NAN } },
    { "log2",          { -0.0 },              { -INF, INF } },
    { "log2",          { INF },               { INF, 0 } },
    { "log2",          { -1 },                { NAN, NAN } },
    { "log10",         { -0.0 },              { -INF, INF } },
    { "log10",         { INF },               { INF, 0 } },
    { "log10",         { -1 },                { NAN, NAN } },
    { "log1p",         { -1 },                { -INF, INF } },
    { "log1p",         { -2 },                { NAN, NAN } },
    { "log1p",         { INF },               { INF, 0 } },

    { "sin",           { INF },               { NAN, NAN } },
    { "sin",           { -0.0 },              { 0, 1 } },
    { "cos",           { -0.0 },              { 1, 0 } },
    { "cos",           { -INF },              { NAN, NAN } },
    { "tan",           { 0 },                 { 0, 1 } },
    { "tan",           { INF },               { NAN, NAN } },
    { "asin",          { 1 },                 { M_PI_2, INF } },
    { "asin",          { -1 },                { -M_PI_2, INF } },
    { "asin",          { 2 },                 { NAN, NAN } },
    { "asin",          { INF },               { NAN, NAN } },
    { "acos",          { 1 },                 { 0, -INF } },
    { "acos",          { -1 },                { M_PI, -INF } },
    { "acos",          { -2 },                { NAN, NAN } },
    { "atan",          { INF },               { M_PI_2, 0 } },
    { "atan",          { -INF },              { -M_PI_2, 0 } },
    { "atan",          { 1e200 },             { M_PI_2, 0 } },
    { "atan2",         { 0, 0 },              { 0, 0, 0 } },
    { "atan2",         { 0, -0.0 },           { M_PI, 0, 0 } },
    { "atan2",         { -0.0, 0 },           { 0, 0, 0 } },
    { "atan2",         { 1e200, 1e200 },      { M_PI_4, 0.5 / 1e200, -0.5 / 1e200 } },
    { "atan2",         { 1e-200, 1e-200 },    { M_PI_4, 0.5 / 1e-200, -0.5 / 1e-200 } },
    { "atan2",         { 1e-200, 1e200 },     { 0, 1e-200, 0 } },
    { "atan2",         { INF, 1 },            { M_PI_2, 0, 0 } },
    { "atan2",         { 1, INF },            { 0, 0, 0 } },
    { "atan2",         { 1, -INF },           { M_PI, 0, 0 } },
    { "atan2",         { INF, INF },          { M_PI_4, 0, 0 } },
    { "atan2",         { NAN, 0 },            { NAN, NAN, NAN } },
    { "sinh",          { INF },               { INF, INF } },
    { "sinh",          { -INF },              { -INF, INF } },
    { "cosh",          { -INF },              { INF, -INF } },
    { "cosh",          { 0 },                 { 1, 0 } },
    { "tanh",          { INF },               { 1, 0 } },
    { "tanh",          { -INF },              { -1, 0 } },
    { "tanh",          { -0.0 },              { 0, 1 } },
    { "tanh",          { NAN },               { NAN, NAN } },
    { "sech",          { INF },               { 0, 0 } },
    { "sech",          { -INF },              { 0, 0 } },
    { "sech",          { 0 },                 { 1, 0 } },
    { "sech",          { NAN },               { NAN, NAN } },
    { "asinh",         { INF },               { INF, 0 } },
    { "asinh",         { 0 },                 { 0, 1 } },
    { "acosh",         { 1 },                 { 0, INF } },
    { "acosh",         { INF },               { INF, 0 } },
    { "acosh",         { 0.5 },               { NAN, NAN } },
    { "acosh",         { -2 },                { NAN, NAN } },
    { "atanh",         { 1 },                 { INF, INF } },
    { "atanh",         { -1 },                { -INF, INF } },
    { "atanh",         { 2 },                 { NAN, NAN } },

    { "abs",           { 0 },                 { 0, 0 } },
    { "abs",           { -0.0 },              { 0, 0 } },
    { "abs",           { -INF },              { INF, -1 } },
    { "min",           { 1, 1 },              { 1, 0.5, 0.5 } },
    { "min",           { 0, -0.0 },           { 0, 0.5, 0.5 } },
    { "min",           { -INF, 1 },           { -INF, 1, 0 } },
    { "min",           { NAN, 1 },            { NAN, any, any } },
    { "min",           { 1, NAN },            { NAN, any, any } },
    { "max",           { 0, 0 },              { 0, 0.5, 0.5 } },
    { "max",           { -0.0, 0 },           { 0, 0.5, 0.5 } },
    { "max",           { INF, 1 },            { INF, 1, 0 } },
    { "max",           { NAN, 1 },            { NAN, any, any } },
    { "max",           { 1, NAN },            { NAN, any, any } },
    { "hypot",         { 0, 0 },              { 0, 0, 0 } },
    { "hypot",         { -0.0, 0 },           { 0, 0, 0 } },
    { "hypot",         { INF, 1 },            { INF, 1, 0 } },
    { "hypot",         { 1, -INF },           { INF, 0, -1 } },
    { "hypot",         { -3, 4 },             { 5, -3.0 / 5, 4.0 / 5 } },
    { "hypot",         { 0, -2 },             { 2, 0, -1 } },
    { "hypot",         { NAN, 1 },            { NAN, NAN, NAN } },
    { "floor",         { 1 },                 { 1, 0 } },
    { "floor",         { -0.5 },              { -1, 0 } },
    { "floor",         { -INF },              { -INF, 0 } },
    { "ceil",          { 1 },                 { 1, 0 } },
    { "ceil",          { 0.5 },               { 1, 0 } },
    { "round",         { 0.5 },               { 1, 0 } },
    { "round",         { -2.5 },              { -3, 0 } },
    { "sign",          { 0 },                 { 0, 0 } },
    { "sign",          { -0.0 },              { 0, 0 } },
    { "sign",          { -INF },              { -1, 0 } },
    { "sign",          { NAN },               { NAN, 0 } },
    { "copysign",      { 3, -0.0 },           { -3, -1, 0 } },
    { "copysign",      { 0, -1 },             { 0, 0, 0 } },
    { "copysign",      { -INF, 1 },           { INF, -1, 0 } },
    { "clamp",         { 0, 0, 1 },           { 0, 1, 0, 0 } },
    { "clamp",         { 1, 0, 1 },           { 1, 1, 0, 0 } },
    { "clamp",         { -1, 0, 1 },          { 0, 0, 1, 0 } },
    { "clamp",         { 2, 0, 1 },           { 1, 0, 0, 1 } },
    { "clamp",         { INF, 0, 1 },         { 1, 0, 0, 1 } },
    { "clamp",         { 1, 2, 0 },           { 2, 0, 1, 0 } },
    { "clamp",         { NAN, 0, 1 },         { NAN, any, any, any } },
    { "clamp",         { 0.5, NAN, 1 },       { NAN, any, any, any } },
    { "select",        { 0, 5, 7 },           { 7, 0, 0, 1 } },
    { "select",        { -0.0, 5, 7 },        { 7, 0, 0, 1 } },
    { "select",        { 1, 5, NAN },         { 5, 0, 1, 0 } },
    { "select",        { 0, NAN, 7 },         { 7, 0, 0, 1 } },
    { "less",          { 0, -0.0 },           { 0, 0, 0 } },
    { "less_equal",    { 0, -0.0 },           { 1, 0, 0 } },
    { "greater",       { INF, 1 },            { 1, 0, 0 } },
    { "greater_equal", { 1, NAN },            { 0, 0, 0 } },
    { "equal",         { 0, -0.0 },           { 1, 0, 0 } },
    { "not_equal",     { NAN, NAN },          { 1, 0, 0 } },

    { "sigmoid",       { INF },               { 1, 0 } },
    { "sigmoid",       { -INF },              { 0, 0 } },
    { "sigmoid",       { 0 },                 { 0.5, 0.25 } },
    { "sigmoid",       { 800 },               { 1, 0 } },
    { "sigmoid",       { NAN },               { NAN, NAN } },
    { "log_sigmoid",   { INF },               { 0, 0 } },
    { "log_sigmoid",   { -INF },              { -INF, 1 } },
    { "log_sigmoid",   { -800 },              { -800, 1 } },
    { "softplus",      { INF },               { INF, 1 } },
    { "softplus",      { -INF },              { 0, 0 } },
    { "softplus",      { 800 },               { 800, 1 } },
    { "logaddexp",     { 0, 0 },              { M_LN2, 0.5, 0.5 } },
    { "logaddexp",     { 1e300, -1e300 },     { 1e300, 1, 0 } },
    { "logaddexp",     { INF, INF },          { INF, 0.5, 0.5 } },
    { "logaddexp",     { -INF, -INF },        { -INF, 0.5, 0.5 } },
    { "logaddexp",     { INF, -INF },         { INF, 1, 0 } },
    { "logaddexp",     { -INF, 3 },           { 3, 0, 1 } },
    { "logaddexp",     { NAN, 3 },            { NAN, NAN, NAN } },
    { "softmax2",      { 3, 3 },              { 0.5, 0.25, -0.25 } },
    { "softmax2",      { INF, INF },          { 0.5, 0.25, -0.25 } },
    { "softmax2",      { -INF, -INF },        { 0.5, 0.25, -0.25 } },
    { "softmax2",      { INF, -INF },         { 1, 0, 0 } },
    { "softmax2",      { -INF, 3 },           { 0, 0, 0 } },
    { "softmax2",      { 1e308, -1e308 },     { 1, 0, 0 } },
    { "softmax2",      { -1e308, 1e308 },     { 0, 0, 0 } },
    { "softmax2",      { 3, NAN },            { NAN, NAN, NAN } },
    { "leaky_relu",    { 0, 0.01 },           { 0, 0.01 } },
    { "leaky_relu",    { -0.0, 0.01 },        { 0, 0.01 } },
    { "leaky_relu",    { INF, 0.01 },         { INF, 1 } },
    { "leaky_relu",    { -INF, 0 },           { 0, 0 } },
    { "elu",           { 0 },                 { 0, 1 } },
    { "elu",           { INF },               { INF, 1 } },
    { "elu",           { -INF },              { -1, 0 } },
    { "gelu",          { INF },               { INF, 1 } },
    { "gelu",          { -INF },              { 0, 0 } },
    { "gelu",          { 0 },                 { 0, 0.5 } },
    { "gelu",          { -0.0 },              { 0, 0.5 } },
    { "gelu_slope",    { INF },               { 1, 0 } },
    { "gelu_slope",    { -INF },              { 0, 0 } },
    { "gelu_slope",    { 0 },                 { 0.5, any } },
    { "gelu_slope",    { NAN },               { NAN, NAN } },
    { "silu",          { INF },               { INF, 1 } },
    { "silu",          { -INF },              { 0, 0 } },
    { "silu",          { 0 },                 { 0, 0.5 } },
    { "silu",          { 800 },               { 800, 1 } },
    { "silu",          { NAN },               { NAN, NAN } },
    { "silu_slope",    { INF },               { 1, 0 } },
    { "silu_slope",    { -INF },              { 0, 0 } },
    { "silu_slope",    { 0 },                 { 0.5, 0.5 } },
    { "silu_slope",    { NAN },               { NAN, NAN } },
    { "gaussian",      { INF },               { 0, 0 } },
    { "gaussian",      { -INF },              { 0, 0 } },
    { "gaussian",      { 0 },                 { 1, 0 } },
    { "normal_pdf",    { INF },               { 0, 0 } },
    { "normal_pdf",    { -INF },              { 0, 0 } },
    { "normal_pdf",    { 0 },                 { 0.3989422804014327, 0 } },
    { "normal_cdf",    { INF },               { 1, 0 } },
    { "normal_cdf",    { -INF },              { 0, 0 } },
    { "normal_cdf",    { 0 },                 { 0.5, 0.3989422804014327 } },
    { "erf",           { INF },               { 1, 0 } },
    { "erf",           { -INF },              { -1, 0 } },
    { "erf",           { 0 },                 { 0, M_2_SQRTPI } },
    { "erfc",          { INF },               { 0, 0 } },
    { "erfc",          { -INF },              { 2, 0 } },
    { "erfc",          { NAN },               { NAN, NAN } },
    { "lgamma",        { 0 },                 { INF, -INF } },
    { "lgamma",        { -0.0 },              { INF, INF } },
    { "lgamma",        { -1 },                { INF, NAN } },
    { "lgamma",        { 1 },                 { 0, -0.57721566490153286 } },
    { "lgamma",        { 2 },                 { 0, 0.42278433509846714 } },
    { "lgamma",        { INF },               { INF, INF } },
    { "digamma",       { 0 },                 { -INF, INF } },
    { "digamma",       { -0.0 },              { INF, INF } },
    { "digamma",       { -3 },                { NAN, INF } },
    { "digamma",       { INF },               { INF, 0 } },
    { "digamma",       { -INF },              { NAN, NAN } },
    { "digamma",       { 1 },                 { -0.57721566490153286, M_PI * M_PI / 6 } },
    { "polygamma",     { 1, 0 },              { -0.57721566490153286, M_PI * M_PI / 6 } },
    { "polygamma",     { 0, 2 },              { -INF, INF } },
    { "polygamma",     { -0.0, 2 },           { INF, INF } },
    { "polygamma",     { -2, 1 },             { INF, NAN } },
    { "polygamma",     { INF, 1 },            { 0, 0 } },
    { "polygamma",     { 1, -1 },             { NAN, any } },
    { "polygamma",     { 1, 0.5 },            { NAN, NAN } },
    { "polygamma",     { NAN, 1 },            { NAN, NAN } },
    { "chain",         { 0, INF },            { 0, INF, 0 } },
    { "chain",         { NAN, 0 },            { 0, 0, NAN } },
    { "chain",         { -0.0, NAN },         { 0, NAN, 0 } },
    { "chain",         { 2, INF },            { INF, INF, 2 } },
};

static bool same(double got, double want)
{
    return want == any || got == want || (isnan(got) && isnan(want));
}

Test(rules, every_row_keeps_its_conventions_at_special_points)
{
    for (int i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        int tested = 0;
        for (size_t k = 0; k < sizeof specials / sizeof *specials; k++) {
            const struct special *s = &specials[k];
            const double *a = s->at;
            if (strcmp(s->row, rule->name) != 0) continue;
            tested++;
            double z = rule->value(a[0], a[1], a[2], 0);
            cr_expect(same(z, s->want[0]), "%s(%g, %g, %g) is %.17g, not %.17g", rule->name, a[0], a[1], a[2], z,
                      s->want[0]);
            for (int j = 0; j < rule->partials; j++) {
                double slope = rule->partial[j](a[0], a[1], a[2], z);
                cr_expect(same(slope, s->want[j + 1]), "%s: %s at (%g, %g, %g) is %.17g, not %.17g", rule->name,
                          column_names[j + 1], a[0], a[1], a[2], slope, s->want[j + 1]);
            }
        }
        cr_expect(tested > 0, "%s: no special point tested", rule->name);
    }
}
