/* rules_mpfr.c -- every row of the rule book against 256-bit arithmetic: values, partials and special points.
 *
 * It tests the rows as C compiles them and the functions of rules/scalar.h; not the tape, and not the n-ary rows,
 * whose values need a list. AD_TEST_POINTS is the number of points for a row (100000 is the soak), AD_TEST_TABLE
 * prints what was measured.
 */
#include "autodiff/rules/scalar.h"
#include "mpfr_rules.h"

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

/* ---- points ---- */

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t random_bits(void) /* xorshift64*, G. Marsaglia and S. Vigna: the same points on every run */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1du;
}

static double uniform(double from, double to)
{
    double t = (double)(random_bits() >> 11) * 0x1p-53;
    return from * (1 - t) + to * t;
}

static double magnitude(double low, double high) /* log-uniform in 2^low .. 2^high, either sign */
{
    double e = floor(uniform(low, high));
    double m = ldexp(uniform(1, 2), (int)e);
    return random_bits() >> 63 ? m : -m;
}

static double neighbour(double c) /* c, or within a few ulps of it, or at a log-uniform distance */
{
    if (random_bits() >> 63) return c + magnitude(-60, 0) * fmax(fabs(c), 1);
    for (uint64_t n = random_bits() >> 61; n; n--) c = nextafter(c, random_bits() >> 63 ? INFINITY : -INFINITY);
    return c;
}

static double draw_once(const struct operand *from)
{
    if (from->whole) return round(random_bits() >> 63 ? magnitude(-1, 6) : magnitude(0, 31));
    switch (random_bits() >> 61) {
    case 0: case 1: return magnitude(-1074, 1024);
    case 2: case 3: return magnitude(-12, 10);
    case 4: case 5: return uniform(fmax(from->from, -40), fmin(from->to, 40));
    default: return neighbour(from->near[random_bits() % 6]);
    }
}

static double draw(const struct operand *from)
{
    double a;
    do a = draw_once(from); while (!(a >= from->from && a <= from->to));
    return a;
}

static void draw_point(const struct rule *rule, double a[3])
{
    const struct reference *r = rule->reference;
    for (int i = 0; i < rule->operands; i++) a[i] = draw(&r->operand[i]);
    if (random_bits() >> 62 == 0) return;
    double b = a[1];
    if (r->relation == ALIKE) b = a[0] * (random_bits() >> 63 ? magnitude(-3, 3) : neighbour(random_bits() >> 63 ? 1 : -1));
    if (r->relation == POWER) b = uniform(-745, 710) / log(fabs(a[0]));
    if (r->operand[1].whole) b = round(b);
    if (b >= r->operand[1].from && b <= r->operand[1].to) a[1] = b;
    if (rule->operands == 3 && r->relation == ALIKE && random_bits() >> 63)
        a[2] = rule->value == fma_value ? -(a[0] * a[1]) * neighbour(1) : neighbour(a[0]);
    if (rule->operands == 3 && !(fabs(a[2]) <= DBL_MAX)) a[2] = 1;
}

/* ---- errors ---- */

/* |got - exact| in units in the last place of the exact result, or of what its terms measure. Where the exact
 * result is not a normal double only the side is asked for: 0 when got is as tiny, or as huge, and infinity
 * (never NaN) when it is not. */
static double error_in_ulp(double got, big exact, big measure)
{
    if (mpfr_nan_p(exact)) return isnan(got) ? 0 : INFINITY;
    if (mpfr_zero_p(exact)) return got == 0 ? 0 : INFINITY;
    double rounded = mpfr_get_d(exact, MPFR_RNDN);
    if (isinf(rounded)) return got * copysign(1, rounded) > 0.999 * DBL_MAX ? 0 : INFINITY;
    if (fabs(rounded) < DBL_MIN) return fabs(got) < 1.001 * DBL_MIN ? 0 : INFINITY;
    if (!isfinite(got)) return fabs(rounded) > DBL_MAX * (1 - 4 * DBL_EPSILON) && got == copysign(INFINITY, rounded) ? 1 : INFINITY;
    mpfr_exp_t exponent = mpfr_get_exp(exact);
    if (measure && !mpfr_zero_p(measure) && mpfr_get_exp(measure) > exponent) exponent = mpfr_get_exp(measure);
    big error = big_abs(big_sub(num(got), exact));
    mpfr_mul_2si(error, error, 53 - exponent, MPFR_RNDN);
    return mpfr_get_d(error, MPFR_RNDN);
}

struct worst { double ulp[4], at[4][3]; long points[4]; };

static void note(struct worst *worst, int which, double ulp, const double a[3])
{
    worst->points[which]++;
    if (!(ulp > worst->ulp[which])) return;
    worst->ulp[which] = ulp;
    for (int i = 0; i < 3; i++) worst->at[which][i] = a[i];
}

static struct worst measure_rule(const struct rule *rule, long points)
{
    const struct reference *r = rule->reference;
    struct worst worst = { { 0 }, { { 0 } }, { 0 } };
    while (points--) {
        double a[3] = { 0 };
        draw_point(rule, a);
        big_reset();
        big x = num(a[0]), y = num(a[1]), w = num(a[2]);
        double z = rule->value(a[0], a[1], a[2], 0);
        note(&worst, 0, error_in_ulp(z, r->value(x, y, w), r->measure[0] ? r->measure[0](x, y, w) : NULL), a);
        if (!(rule->holds(a[0], a[1], a[2], z) != 0)) continue;
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

static long points_asked_for(void)
{
    const char *asked = getenv("AD_TEST_POINTS");
    long n = asked ? strtol(asked, NULL, 10) : 0;
    return n > 0 ? n : 2000;
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
            double bound = rule->reference->bound[j] ? rule->reference->bound[j] : 2;
            cr_expect(worst.points[j] > 0, "%s: no point tested %s", rule->name, column_names[j]);
            cr_expect(worst.ulp[j] <= bound, "%s: %s is %g ulp off at (%.17g, %.17g, %.17g), %g allowed", rule->name,
                      column_names[j], worst.ulp[j], worst.at[j][0], worst.at[j][1], worst.at[j][2], bound);
        }
    }
    big_stop();
}
