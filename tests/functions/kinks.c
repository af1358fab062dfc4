/* kinks.c -- recorded functions and their derivatives of every kind, in lanes and not, keep the conventions of autodiff/kinks.def,
 * and zero against infinity contributes nothing there too; so does generated C. tests/unit/kinks.c holds the tape to the same.
 *
 * Every case is taken twice: with a param for x, and with a param plus a column of zeros, so that it is computed in lanes, over
 * more rows than a block has. The instruction set is that of AD_ISA.
 */
#include "emitted.h"
#include "kinks.h"

static int same(double a, double b) { return a == b || (a != a && b != b); }

static double slope_of(const ad_function *f, double x, size_t rows)
{
    const double *columns[] = {zeros};
    double value, slope = 12345;
    cr_assert_eq(ad_function_sum_gradient(f, &x, ad_function_columns(f) ? columns : NULL, rows, &value, &slope), AD_OK);
    return slope;
}

Test(kinks, of_sums_over_rows)
{
    for (int i = 0; i < CASES; i++) {
        ad_function *f = function_of(i, 0), *by_row = function_of(i, 1);
        double x = case_point(i), want = case_slope(i), one = slope_of(f, x, 1), lanes = slope_of(by_row, x, ROWS);
        double few = slope_of(by_row, x, 1);
        cr_expect(same(one, want), "%s: %g at one point, not %g", case_text(i), one, want);
        cr_expect(same(few, want), "%s: %g in one row, not %g", case_text(i), few, want);
        cr_expect(same(lanes, ROWS * want) || fabs(lanes - ROWS * want) < 1e-12, "%s: %g in %d rows, not %g each", case_text(i), lanes,
                  ROWS, want);
        ad_function_free(f);
        ad_function_free(by_row);
    }
}

/* ---- Derived functions -------------------------------------------------------------------------------------------------------- */

/* The derivative in a mode, times a factor that is a param (a tangent's direction) or a column (an adjoint's seed). */
static void expect_derived(int i, const ad_function *f, ad_derive_mode mode, double factor)
{
    static const char *const names[] = {"reverse", "tangent", "adjoint", "forward"};
    ad_function *d = ad_function_derive(f, (ad_derive_options){.mode = mode, .n = 1, .inputs = (size_t[]){0}});
    double params[] = {case_point(i), factor}, factors[ROWS], slopes[ROWS], at, want = factor == 0 ? 0 : case_slope(i);
    cr_assert_not_null(d, "%s", case_text(i));
    for (int r = 0; r < ROWS; r++)
        factors[r] = factor;
    cr_assert_eq(ad_function_at(d, params, (double[]){0, factor}, &at), AD_OK);
    cr_expect(same(at, want), "%s: %g at a point, %s times %g, not %g", case_text(i), at, names[mode], factor, want);
    cr_assert_eq(ad_function_rows(d, params, (const double *[]){zeros, factors}, ROWS, (double *[]){slopes}), AD_OK);
    for (int r = 0; r < ROWS; r++)
        cr_expect(same(slopes[r], want), "%s: %g in row %d, %s times %g, not %g", case_text(i), slopes[r], r, names[mode], factor,
                  want);
    ad_function_free(d);
}

Test(kinks, of_derived_functions)
{
    for (int i = 0; i < CASES; i++) {
        ad_function *f = function_of(i, 1);
        expect_derived(i, f, AD_REVERSE, 1);
        expect_derived(i, f, AD_FORWARD, 1);
        for (int factor = 0; factor < 2; factor++) {
            expect_derived(i, f, AD_TANGENT, factor);
            expect_derived(i, f, AD_ADJOINT, factor);
        }
        ad_function_free(f);
    }
}

static void expect_rows(int i, const char *what, const double *got, double want)
{
    for (int r = 0; r < ROWS; r++)
        cr_expect(same(got[r], want), "%s: %s is %g in row %d, not %g", case_text(i), what, got[r], r, want);
}

Test(kinks, of_jacobians_and_their_products)
{
    const double *columns[] = {zeros}, one = 1, none = 0;
    double ones[ROWS], out[ROWS], *outs[] = {out};
    for (int r = 0; r < ROWS; r++)
        ones[r] = 1;
    for (int i = 0; i < CASES; i++) {
        ad_function *f = function_of(i, 1);
        double x = case_point(i), want = case_slope(i);
        ad_status status = ad_function_jacobian(f, &x, columns, ROWS, outs);
        expect_rows(i, "the Jacobian", out, want);
        status |= ad_function_jacobian_interleaved(f, &x, columns, ROWS, out);
        expect_rows(i, "the interleaved Jacobian", out, want);
        status |= ad_function_jacobian_vector(f, &x, columns, ROWS, &one, outs);
        expect_rows(i, "the Jacobian times 1", out, want);
        status |= ad_function_jacobian_vector(f, &x, columns, ROWS, &none, outs);
        expect_rows(i, "the Jacobian times 0", out, 0);
        status |= ad_function_vector_jacobian(f, &x, columns, ROWS, (const double *[]){ones}, outs);
        expect_rows(i, "1 times the Jacobian", out, want);
        status |= ad_function_vector_jacobian(f, &x, columns, ROWS, (const double *[]){zeros}, outs);
        expect_rows(i, "0 times the Jacobian", out, 0);
        cr_assert_eq(status, AD_OK);
        ad_function_free(f);
    }
}

/* ---- Zeros of a vector -------------------------------------------------------------------------------------------------------- */

/* Formulas of x and y, their slopes where one is infinite, and the second derivatives f_xx, f_xy, f_yy. */
#define PAIRS(P) \
    P(ad_div(x, y),                            1, 0,    INFINITY, -INFINITY,  0, -INFINITY, INFINITY) \
    P(ad_pow(x, y),                            0, 0.25, INFINITY, 0,          -INFINITY, NAN, 0) \
    P(ad_add(ad_sqrt(x), ad_square(y)),        0, 3,    INFINITY, 6,          -INFINITY, 0, 2) \
    P(ad_add(ad_mul(x, 5), ad_log(y)),         2, 0,    5, INFINITY,          0, 0, -INFINITY) \
    P(ad_sum(2, LIST(ad_cbrt(x), ad_exp(y))),  0, 0,    INFINITY, 1,          NAN, 0, 1) \
    P(ad_mul(ad_asin(x), ad_square(y)),        1, 0,    0, 0,                 0, 0, M_PI)

static const struct pair { double x, y, by[2], second[3]; const char *text; } pairs[] = {
#define P(formula, x, y, dx, dy, dxx, dxy, dyy) {x, y, {dx, dy}, {dxx, dxy, dyy}, #formula},
    PAIRS(P)
#undef P
};
enum { PAIR_COUNT = sizeof pairs / sizeof *pairs };

static ad_function *function_of_pair(int i)
{
    ad_tape *tape = ad_tape_new();
    ad_var c = ad_column(tape, "c"), x = ad_add(ad_param(tape, "x", 0), c), y = ad_add(ad_param(tape, "y", 0), c), E = x;
    int at = 0;
#define P(formula, ...) if (at++ == i) E = formula;
    PAIRS(P)
#undef P
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

static double sum_of(double a, double v, double b, double u) { return (v ? a * v : 0) + (u ? b * u : 0); }

Test(kinks, a_zero_of_a_direction_hides_what_is_infinite_there)
{
    static const double directions[][2] = {{1, 0}, {0, 1}, {0, 0}, {2, 0}, {0, -3}};
    const double *columns[] = {zeros};
    double out[ROWS], Hv[2];
    for (int i = 0; i < PAIR_COUNT; i++) {
        const struct pair *p = &pairs[i];
        const double params[] = {p->x, p->y}, *H = p->second;
        ad_function *f = function_of_pair(i);
        for (int k = 0; k < 5; k++) {
            const double *v = directions[k], want = sum_of(p->by[0], v[0], p->by[1], v[1]);
            cr_assert_eq(ad_function_jacobian_vector(f, params, columns, ROWS, v, (double *[]){out}), AD_OK);
            for (int r = 0; r < ROWS; r++)
                cr_expect(same(out[r], want), "%s by (%g, %g): %g in row %d, not %g", p->text, v[0], v[1], out[r], r, want);
            cr_assert_eq(ad_function_hessian_vector(f, params, columns, 1, v, Hv), AD_OK);
            for (int j = 0; j < 2; j++) {
                double product = sum_of(H[j], v[0], H[j + 1], v[1]);
                cr_expect(isnan(product) || fabs(Hv[j] - product) <= 1e-15 * fabs(product) || same(Hv[j], product),
                          "%s: the Hessian's row %d by (%g, %g) is %g, not %g", p->text, j, v[0], v[1], Hv[j], product);
            }
        }
        ad_function_free(f);
    }
}

/* Three outputs of x, of which those with an infinite or no slope have no adjoint. */
Test(kinks, a_zero_of_an_adjoint_hides_what_is_infinite_there)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_add(ad_param(tape, "x", 0), ad_column(tape, "c")), outputs[] = {ad_sqrt(x), ad_mul(3, x), ad_log(ad_sub(x, 1))};
    ad_function *f = ad_function_new(tape, 3, outputs);
    double ones[ROWS], out[ROWS], zero = 0;
    ad_tape_free(tape);
    for (int r = 0; r < ROWS; r++)
        ones[r] = 1;
    for (int k = 0; k < 3; k++) {
        const double *g[] = {zeros, zeros, zeros}, want = k == 0 ? INFINITY : k == 1 ? 3 : NAN;
        g[k] = ones;
        cr_assert_eq(ad_function_vector_jacobian(f, &zero, (const double *[]){zeros}, ROWS, g, (double *[]){out}), AD_OK);
        for (int r = 0; r < ROWS; r++)
            cr_expect(same(out[r], want), "of output %d: %g in row %d, not %g", k, out[r], r, want);
    }
    ad_function_free(f);
}

/* A tie of params with others that are numbers is in the cases; here all three are params. */
Test(kinks, of_lists_in_functions)
{
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

/* ---- Generated C ----------------------------------------------------------------------------------------------------------- */

static const char *prefix_of(int i)
{
    static char name[32];
    snprintf(name, sizeof name, "case%d", i);
    return name;
}

static void expect_generated(const char *how)
{
    for (int i = 0; i < CASES; i++) {
        double x = case_point(i), slope = 12345;
        gradient_function *gradient;
        find(prefix_of(i), "gradient", &gradient);
        gradient(&x, NULL, &slope);
        cr_expect(same(slope, case_slope(i)), "%s at %g: %g in generated C %s, not %g", case_text(i), x, slope, how, case_slope(i));
    }
}

Test(generated_c, keeps_the_conventions_of_the_table_and_zero_times_infinity, .timeout = 120)
{
    if (!open_folder())
        return;
    FILE *file = new_file("cases");
    for (int i = 0; i < CASES; i++) {
        ad_function *f = function_of(i, 0);
        emit_in(file, f, prefix_of(i));
        ad_function_free(f);
    }
    fclose(file);
    build("-D_DEFAULT_SOURCE -O0");
    expect_generated("at -O0");
    dlclose(object);
    build_with("cc", "-D_DEFAULT_SOURCE -O3 -march=native", "native.so");
    expect_generated("at -O3 -march=native");
    close_folder();
}
