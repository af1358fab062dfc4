/* second.c -- second derivatives at kinks and where zero meets infinity: one number in every tier, and a direction of 0 gives
 * exactly nothing.
 *
 * Which number it is at a kink, a row's formula says, and no table: the tape's gradient of the gradient stands for it. The cases
 * and the instruction set are those of kinks.c.
 */
#include "emitted.h"
#include "kinks.h"

/* To a few roundings: the tiers add and multiply in different orders. */
static int same(double a, double b) { return a == b || (a != a && b != b) || fabs(a - b) <= 1e-14 * fabs(b); }

static double on_tape(int i, double *by_sweep)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "v", case_point(i)), E = case_of(i, x), g, h;
    ad_gradient(E, 1, &x, &g);
    ad_gradient(g, 1, &x, &h);
    if (!g.link)
        *by_sweep = h.value;
    else {
        ad_backward(g);
        *by_sweep = ad_grad(x);
    }
    cr_assert_eq(ad_tape_error(tape), AD_OK, "%s: %s", case_text(i), ad_tape_error_message(tape));
    ad_tape_free(tape);
    return h.value;
}

static void expect(int i, const char *tier, double got, double want)
{
    cr_expect(same(got, want), "%s at %g: %.17g by %s, not %.17g", case_text(i), case_point(i), got, tier, want);
}

static void expect_functions(int i, double want)
{
    const double *columns[] = {zeros}, x = case_point(i), one = 1, none = 0;
    for (int by_row = 0; by_row < 2; by_row++) {
        ad_function *f = function_of(i, by_row);
        size_t rows = by_row ? ROWS : 1;
        double H;
        cr_assert_eq(ad_function_hessian(f, &x, columns, rows, &H), AD_OK);
        expect(i, by_row ? "the Hessian in lanes" : "the Hessian", H / (double)rows, want);
        cr_assert_eq(ad_function_hessian_diagonal(f, &x, columns, rows, &H), AD_OK);
        expect(i, "the diagonal", H / (double)rows, want);
        cr_assert_eq(ad_function_hessian_vector(f, &x, columns, rows, &one, &H), AD_OK);
        expect(i, by_row ? "the product with 1 in lanes" : "the product with 1", H / (double)rows, want);
        cr_assert_eq(ad_function_hessian_vector(f, &x, columns, rows, &none, &H), AD_OK);
        cr_expect(H == 0, "%s at %g: %g by the product with 0", case_text(i), x, H);
        ad_function_free(f);
    }
}

static void expect_derived(int i, double want)
{
    static const ad_derive_mode modes[] = {AD_REVERSE, AD_FORWARD, AD_TANGENT, AD_ADJOINT};
    static const char *const names[] = {"reverse", "tangent", "adjoint", "forward"};
    char tier[64];
    double ones[ROWS];
    for (int r = 0; r < ROWS; r++)
        ones[r] = 1;
    ad_function *f = function_of(i, 1);
    for (int k = 0; k < 16; k++) {
        ad_derive_mode first = modes[k / 4], second = modes[k % 4];
        const double params[] = {case_point(i), 1, 1, 1}, *columns[] = {zeros, ones, ones};
        double at, rows[ROWS];
        ad_function *d = ad_function_derive(f, (ad_derive_options){.mode = first, .n = 1, .inputs = (size_t[]){0}});
        ad_function *dd = d ? ad_function_derive(d, (ad_derive_options){.mode = second, .n = 1, .inputs = (size_t[]){0}}) : NULL;
        cr_assert_not_null(dd);
        snprintf(tier, sizeof tier, "%s of %s", names[second], names[first]);
        cr_assert_eq(ad_function_at(dd, params, (double[]){0, 1, 1}, &at), AD_OK);
        expect(i, tier, at, want);
        cr_assert_eq(ad_function_rows(dd, params, columns, ROWS, (double *[]){rows}), AD_OK);
        expect(i, tier, rows[0], want);
        expect(i, tier, rows[ROWS - 1], want);
        ad_function_free(dd);
        ad_function_free(d);
    }
    ad_function_free(f);
}

Test(second_derivatives, are_one_in_every_tier)
{
    for (int i = 0; i < CASES; i++) {
        double by_sweep, want = on_tape(i, &by_sweep);
        if (getenv("AD_TEST_TABLE"))
            printf("%-60s at %4g  %g\n", case_text(i), case_point(i), want);
        expect(i, "the sweep", by_sweep, want);
        expect_functions(i, want);
        expect_derived(i, want);
    }
}

Test(second_derivatives, are_the_same_in_generated_c, .timeout = 120)
{
    if (!open_folder())
        return;
    char name[32];
    FILE *file = new_file("cases");
    for (int i = 0; i < CASES; i++) {
        ad_function *f = function_of(i, 0), *d = ad_function_derive(f, (ad_derive_options){0});
        snprintf(name, sizeof name, "case%d", i);
        emit_in(file, d, name);
        ad_function_free(d);
        ad_function_free(f);
    }
    fclose(file);
    build("-D_DEFAULT_SOURCE -O2");
    for (int i = 0; i < CASES; i++) {
        double x = case_point(i), slope = 12345, by_sweep;
        gradient_function *gradient;
        snprintf(name, sizeof name, "case%d", i);
        find(name, "gradient", &gradient);
        gradient(&x, NULL, &slope);
        expect(i, "generated C", slope, on_tape(i, &by_sweep));
    }
    close_folder();
}
