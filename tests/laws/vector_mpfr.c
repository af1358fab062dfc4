/* vector_mpfr.c -- every row's vector form against 256-bit arithmetic, and against the scalar row at special points.
 *
 * It tests autodiff/function/vector.h for the instruction set it is compiled for (three builds make the whole test)
 * and passes unexamined on a machine without it. It does not test partials: the engine makes those of the same rows.
 * AD_TEST_POINTS is the number of points for a row (100000 is the soak), AD_TEST_ROW picks one, AD_TEST_TABLE prints
 * what was measured: the largest error, and nanoseconds per lane over 64 rows within cache.
 */
#include "autodiff/function/vector.h"
#include "mpfr_rules.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROWS = 64 };

/* ---- the rows: their vector form over 64 rows, their scalar expression ---- */

typedef void block(double *z, const double *x, const double *y, const double *w);
typedef double expression(double x, double y, double w);

struct row {
    const char *name;
    int operands, is_vector, constant; /* constant: y is one number for all rows */
    block *lanes;
    expression *scalar;
    const struct reference *reference;
};

static ad_lane lane_at(const double *x)
{
    ad_lane v;
    memcpy(&v, x, sizeof v);
    return v;
}

#define ROW_FUNCTIONS(name, value, ...)                                                                                \
    static __attribute__((noinline)) void name##_block(double *z, const double *x, const double *y, const double *w)   \
    {                                                                                                                  \
        (void)y, (void)w;                                                                                              \
        for (int i = 0; i < ROWS; i += AD_LANES) {                                                                     \
            ad_lane v = AD_LANE_VALUE(name, __VA_ARGS__);                                                              \
            memcpy(z + i, &v, sizeof v);                                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    static double name##_scalar(double x, double y, double w)                                                          \
    {                                                                                                                  \
        (void)x, (void)y, (void)w;                                                                                     \
        return value;                                                                                                  \
    }
#define OP1(name, z, dx, holds, words) ROW_FUNCTIONS(name, z, lane_at(x + i))
#define OP2(name, z, dx, dy, holds, words) ROW_FUNCTIONS(name, z, lane_at(x + i), lane_at(y + i))
#define OP3(name, z, dx, dy, dw, holds, words) ROW_FUNCTIONS(name, z, lane_at(x + i), lane_at(y + i), lane_at(w + i))
#define FC1(name, z, dx, holds, words) ROW_FUNCTIONS(name, z, lane_at(x + i), lane_at(y + i))
#include "autodiff/ops.def"

#define ROW(name, operands, constant)                                                                                  \
    {#name, operands, AD_LANE_IS_VECTOR(name), constant, name##_block, name##_scalar, &reference_##name},
#define OP1(name, ...) ROW(name, 1, 0)
#define OP2(name, ...) ROW(name, 2, 0)
#define OP3(name, ...) ROW(name, 3, 0)
#define FC1(name, ...) ROW(name, 2, 1)
static const struct row rows[] = {
#include "autodiff/ops.def"
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static bool cpu_has_it(void)
{
#if AD_LANE_BYTES == 64
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#elif AD_LANE_BYTES == 32
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return true;
#endif
}

static bool is_asked_for(const struct row *row)
{
    const char *only = getenv("AD_TEST_ROW");
    return !only || strcmp(only, row->name) == 0;
}

/* ---- points: as in rules_mpfr.c ---- */

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
    double m = ldexp(uniform(1, 2), (int)floor(uniform(low, high)));
    return random_bits() >> 63 ? m : -m;
}

static double neighbour(double c) /* c, or within a few ulps of it, or at a log-uniform distance */
{
    if (random_bits() >> 63)
        return c + magnitude(-60, 0) * fmax(fabs(c), 1);
    for (uint64_t n = random_bits() >> 61; n; n--)
        c = nextafter(c, random_bits() >> 63 ? INFINITY : -INFINITY);
    return c;
}

static double draw_once(const struct operand *from)
{
    if (from->whole)
        return round(random_bits() >> 63 ? magnitude(-1, 6) : magnitude(0, 31));
    switch (random_bits() >> 61) {
    case 0:
    case 1:
        return magnitude(-1074, 1024);
    case 2:
    case 3:
        return magnitude(-12, 10);
    case 4:
    case 5:
        return uniform(fmax(from->from, -40), fmin(from->to, 40));
    case 6:
        return uniform(fmax(from->from, -2), fmin(from->to, 2));
    default:
        return neighbour(from->near[random_bits() % 6]);
    }
}

static double draw(const struct operand *from)
{
    double a;
    do
        a = draw_once(from);
    while (!(a >= from->from && a <= from->to));
    return a;
}

static void draw_point(const struct row *row, double *x, double *y, double *w)
{
    const struct reference *r = row->reference;
    *x = draw(&r->operand[0]);
    *y = row->operands > 1 ? draw(&r->operand[1]) : 0;
    *w = row->operands > 2 ? draw(&r->operand[2]) : 0;
    if (r->relation == APART || random_bits() >> 62 == 0)
        return;
    double b = r->relation == POWER
                   ? uniform(-745, 710) / log(fabs(*x))
                   : *x * (random_bits() >> 63 ? magnitude(-3, 3) : neighbour(random_bits() >> 63 ? 1 : -1));
    if (r->operand[1].whole)
        b = round(b);
    if (b >= r->operand[1].from && b <= r->operand[1].to)
        *y = b;
    if (row->operands == 3 && random_bits() >> 63) {
        double c = strcmp(row->name, "fma") == 0 ? -(*x * *y) * neighbour(1) : neighbour(*x);
        *w = fabs(c) <= DBL_MAX ? c : 1;
    }
}

/* ---- errors ---- */

/* |got - exact| in units in the last place of the exact result (of 2^-1074 where it is subnormal), or of what its
 * terms measure. */
static double error_in_ulp(double got, big exact, big measure)
{
    if (mpfr_nan_p(exact))
        return isnan(got) ? 0 : INFINITY;
    if (mpfr_zero_p(exact))
        return got == 0 ? 0 : INFINITY;
    double rounded = mpfr_get_d(exact, MPFR_RNDN);
    if (isinf(rounded))
        return got * copysign(1, rounded) > 0.999 * DBL_MAX ? 0 : INFINITY;
    if (!isfinite(got))
        return fabs(rounded) > DBL_MAX * (1 - 4 * DBL_EPSILON) && got == copysign(INFINITY, rounded) ? 1 : INFINITY;
    mpfr_exp_t exponent = mpfr_get_exp(exact);
    if (measure && !mpfr_zero_p(measure) && mpfr_get_exp(measure) > exponent)
        exponent = mpfr_get_exp(measure);
    if (exponent < -1021)
        exponent = -1021;
    big error = big_abs(big_sub(num(got), exact));
    mpfr_mul_2si(error, error, 53 - exponent, MPFR_RNDN);
    return mpfr_get_d(error, MPFR_RNDN);
}

struct worst {
    double ulp, tiny_ulp, at[3];
}; /* tiny: of subnormal results, apart */

static struct worst measure_row(const struct row *row, long points)
{
    struct worst worst = {0};
    const struct reference *r = row->reference;
    for (long done = 0; done < points; done += ROWS) {
        double x[ROWS], y[ROWS], w[ROWS], z[ROWS];
        for (int i = 0; i < ROWS; i++)
            draw_point(row, &x[i], &y[i], &w[i]);
        for (int i = 1; row->constant && done % (2 * ROWS) && i < ROWS; i++)
            y[i] = y[0];
        row->lanes(z, x, y, w);
        for (int i = 0; i < ROWS; i++) {
            big_reset();
            big a = num(x[i]), b = num(y[i]), c = num(w[i]), exact = r->value(a, b, c);
            double ulp = error_in_ulp(z[i], exact, r->measure[0] ? r->measure[0](a, b, c) : NULL);
            if (isinf(z[i]) && z[i] == row->scalar(x[i], y[i], w[i]))
                ulp = 0; /* the row itself overflows on the way */
            if (mpfr_cmpabs(exact, num(DBL_MIN)) < 0 && ulp < INFINITY) {
                worst.tiny_ulp = fmax(worst.tiny_ulp, ulp);
            } else if (ulp > worst.ulp) {
                worst = (struct worst){ulp, worst.tiny_ulp, {x[i], y[i], w[i]}};
            }
        }
    }
    return worst;
}

/* ---- time ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double nanoseconds(const struct row *row) /* per lane, the best of many */
{
    double x[ROWS], y[ROWS], w[ROWS], z[ROWS], best = INFINITY;
    for (int i = 0; i < ROWS; i++) {
        const struct operand *from = row->reference->operand;
        x[i] = uniform(fmax(from[0].from, -8), fmin(from[0].to, 8));
        y[i] = from[1].whole ? 3 : uniform(fmax(from[1].from, -8), fmin(from[1].to, 8));
        w[i] = uniform(fmax(from[2].from, -8), fmin(from[2].to, 8));
    }
    for (int attempt = 0; attempt < 200; attempt++) {
        double start = now();
        for (int i = 0; i < 100; i++)
            row->lanes(z, x, y, w);
        best = fmin(best, now() - start);
    }
    return best / (100 * ROWS) * 1e9;
}

static void print_row(const struct row *row, const struct worst *worst)
{
    printf("%-9s %-14s %s %7.3f ulp %7.3f subnormal %7.2f ns per lane, worst at (%.17g", AD_LANE_ISA, row->name,
           row->is_vector ? "vector" : "scalar", worst->ulp, worst->tiny_ulp, nanoseconds(row), worst->at[0]);
    for (int i = 1; i < row->operands; i++)
        printf(", %.17g", worst->at[i]);
    printf(")\n");
    fflush(stdout);
}

/* ---- the tests ---- */

Test(vector, every_value_is_within_its_bound)
{
    if (!cpu_has_it())
        cr_skip("no " AD_LANE_ISA);
    const char *asked = getenv("AD_TEST_POINTS");
    long points = asked && atol(asked) > 0 ? atol(asked) : 2048;
    big_start();
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        if (!is_asked_for(row))
            continue;
        struct worst worst = measure_row(row, points);
        if (getenv("AD_TEST_TABLE"))
            print_row(row, &worst);
        double bound = row->reference->bound[0] ? row->reference->bound[0] : 2;
        cr_expect(worst.ulp <= bound, "%s: %g ulp off at (%.17g, %.17g, %.17g), %g allowed", row->name, worst.ulp,
                  worst.at[0], worst.at[1], worst.at[2], bound);
    }
    big_stop();
}

/* Two functions computed together, as the engine does where a value and its slope need both. */
static void sigmoids_block(double *z, double *other, const double *x)
{
    for (int i = 0; i < ROWS; i += AD_LANES) {
        struct ad_lane_sigmoids both = ad_lane_sigmoid_pair(lane_at(x + i));
        memcpy(z + i, &both.of, sizeof both.of);
        memcpy(other + i, &both.of_minus, sizeof both.of_minus);
    }
}

static void sine_cosine_block(double *z, double *other, const double *x)
{
    for (int i = 0; i < ROWS; i += AD_LANES) {
        struct ad_lane_sine_cosine both = ad_lane_sin_cos(lane_at(x + i));
        memcpy(z + i, &both.sine, sizeof both.sine);
        memcpy(other + i, &both.cosine, sizeof both.cosine);
    }
}

static void check_together(const char *what, double x, double got, const struct reference *r, double at)
{
    big_reset();
    big exact = r->value(num(at), num(0), num(0));
    double ulp = error_in_ulp(got, exact, NULL);
    if (mpfr_cmpabs(exact, num(DBL_MIN)) >= 0)
        cr_expect(ulp <= 2, "%s at %.17g: %g ulp off", what, x, ulp);
}

static void check_slope(double x, double got) /* of a sigmoid, whose two roundings and a third meet */
{
    big_reset();
    big exact = reference_sigmoid.partial[0](num(x), num(0), num(0));
    double ulp = error_in_ulp(got, exact, NULL);
    if (mpfr_cmpabs(exact, num(DBL_MIN)) >= 0)
        cr_expect(ulp <= 2, "the slope of sigmoid at %.17g: %g ulp off", x, ulp);
}

Test(vector, two_functions_at_once_are_within_two_ulp)
{
    if (!cpu_has_it())
        cr_skip("no " AD_LANE_ISA);
    const char *asked = getenv("AD_TEST_POINTS");
    long points = asked && atol(asked) > 0 ? atol(asked) : 2048;
    big_start();
    for (long done = 0; done < points; done += ROWS) {
        double x[ROWS], z[ROWS], other[ROWS];
        double from = done % (2 * ROWS) ? 40 : 745;     /* blocks within the common range, and beyond it */
        for (int i = 0; i < ROWS; i++)
            x[i] = i % 2 ? uniform(-from, from) : draw(&reference_sigmoid.operand[0]);
        sigmoids_block(z, other, x);
        for (int i = 0; i < ROWS; i++) {
            check_together("sigmoid(x)", x[i], z[i], &reference_sigmoid, x[i]);
            check_together("sigmoid(-x)", x[i], other[i], &reference_sigmoid, -x[i]);
            check_slope(x[i], z[i] * other[i]);
        }
        for (int i = 0; i < ROWS; i++)
            x[i] = draw(&reference_sin.operand[0]);
        sine_cosine_block(z, other, x);
        for (int i = 0; i < ROWS; i++) {
            check_together("sin(x)", x[i], z[i], &reference_sin, x[i]);
            check_together("cos(x)", x[i], other[i], &reference_cos, x[i]);
        }
    }
    big_stop();
}

static const double special[] = {0.0,     -0.0,     0x1p-1074, -0x1p-1074, 0x1p-1022, -0x1p-1022, 0x1.8p-1030, 1,
                                 -1,      0.5,      -0.5,      2,          -2,        3,          0x1p52,      -0x1p53,
                                 0x1p63,  700,      -700,      709.5,      710,       -746,       1e300,       -1e300,
                                 DBL_MAX, -DBL_MAX, INFINITY,  -INFINITY,  NAN};
enum { SPECIALS = sizeof special / sizeof *special };

/* Same kind, same sign of zero, same infinity; finite numbers within the two bounds of each other. */
static bool agrees(double got, double expected, double bound)
{
    if (isnan(expected))
        return isnan(got);
    if (expected == 0)
        return got == 0 && !signbit(got) == !signbit(expected);
    if (isinf(expected))
        return got == expected;
    int exponent = ilogb(expected);
    return fabs(got - expected) <= 2 * bound * ldexp(1, (exponent < -1022 ? -1022 : exponent) - 52);
}

/* One lane holds a special point, its neighbours ordinary numbers: it gives what the scalar row gives, and they are not
 * disturbed. */
Test(vector, special_points_agree_with_the_scalar_row)
{
    if (!cpu_has_it())
        cr_skip("no " AD_LANE_ISA);
    for (int r = 0; r < ROW_COUNT; r++) {
        const struct row *row = &rows[r];
        if (!is_asked_for(row))
            continue;
        double bound = row->reference->bound[0] ? row->reference->bound[0] : 2, plain[ROWS], z[ROWS];
        double x[ROWS], y[ROWS], w[ROWS];
        for (int i = 0; i < ROWS; i++)
            x[i] = 0.25 + i / 256.0, y[i] = 1, w[i] = 0.75;
        row->lanes(plain, x, y, w);
        int count_y = row->operands > 1 ? SPECIALS : 1, count_w = row->operands > 2 ? SPECIALS : 1;
        for (int i = 0; i < SPECIALS * count_y * count_w; i++) {
            int at = i % ROWS;
            double a = special[i % SPECIALS], b = special[i / SPECIALS % count_y], c = special[i / SPECIALS / count_y];
            double kept[] = {x[at], y[at], w[at]};
            x[at] = a, y[at] = b, w[at] = c;
            row->lanes(z, x, y, w);
            x[at] = kept[0], y[at] = kept[1], w[at] = kept[2];
            double expected = row->scalar(a, b, c);
            cr_expect(agrees(z[at], expected, bound), "%s(%g, %g, %g): %.17g, not %.17g", row->name, a, b, c, z[at],
                      expected);
            z[at] = plain[at];
            cr_expect(memcmp(z, plain, sizeof z) == 0, "%s(%g, %g, %g) disturbs other lanes", row->name, a, b, c);
        }
    }
}
