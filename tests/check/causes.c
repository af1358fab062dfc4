/* causes.c -- every cause that can be recognised is, and is named in the model's own words. */
#include "exam.h"

static void finds(slip s, ad_cause cause, const char *says)
{
    ad_function *f = exam_function();
    exam_slip = s;
    ad_check *c = ad_check_gradient(PARAMS, POINT, (ad_check_options){.function = f, .gradient = exam_gradient});
    const ad_check_entry *e = &c->entries[W];
    cr_assert_eq(e->verdict, AD_WRONG, "slip %d", s);
    cr_expect_eq(e->cause, cause, "slip %d: %s, %s", s, ad_cause_name(e->cause), e->detail);
    cr_expect(strstr(e->detail, says), "slip %d: %s", s, e->detail);
    cr_expect(e->n_causes > 0 && e->causes[0] == e->cause);
    ad_check_free(c);
    ad_function_free(f);
}

Test(causes, sign) { finds(SIGN, AD_CAUSE_SIGN, "the exact value is"); }
Test(causes, factor_two) { finds(TWICE, AD_CAUSE_FACTOR, "a factor 2 too large"); }
Test(causes, factor_half) { finds(HALF, AD_CAUSE_FACTOR, "a factor 2 too small"); }
Test(causes, factor_n) { finds(TIMES_N, AD_CAUSE_FACTOR, "a factor 4 too large"); }
Test(causes, missing_chain_factor) { finds(NO_SIGMOID, AD_CAUSE_MISSING_FACTOR, "missing factor sigmoid'("); }
Test(causes, missing_path) { finds(NO_PATH, AD_CAUSE_MISSING_PATH, "a missing path"); }
Test(causes, swapped) { finds(SWAP_W_U, AD_CAUSE_SWAPPED, "swapped with u"); }
Test(causes, other_variable) { finds(B_FOR_W, AD_CAUSE_OTHER_VARIABLE, "u"); }
Test(causes, wrong_point) { finds(AT_OTHER_POINT, AD_CAUSE_WRONG_POINT, "tanh'("); }
Test(causes, offset) { finds(PLUS_ONE, AD_CAUSE_OFFSET, "1 is added"); }
Test(causes, single_precision) { finds(FLOATS, AD_CAUSE_SINGLE_PRECISION, "single precision"); }

/* E = sum over a 2 x 3 matrix m, row by row, of k m^2 / 2: the slope of entry k is k m. */
static void column_by_column(size_t n, const double *x, double *g)
{
    g[0] = x[0], g[n - 1] = x[n - 1];
    for (size_t k = 0; k < 6; k++)
        g[1 + k % 2 * 3 + k / 2] = (double)(k + 1) * x[1 + k];            /* as if the rows were columns */
}

Test(causes, a_transposed_block)
{
    ad_tape *tape = ad_tape_new();
    ad_var E = ad_const(0), x[8];
    for (int i = 0; i < 8; i++)
        E = ad_add(E, ad_mul(i == 0 || i == 7 ? 0.5 : i / 2., ad_square(x[i] = ad_param(tape, NULL, 0))));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    double at[] = {1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1};
    ad_check *c = ad_check_gradient(8, at, (ad_check_options){.function = f, .gradient = column_by_column});
    cr_assert_eq(c->right, 4);
    for (size_t i = 2; i < 6; i++) {
        cr_assert_eq(c->entries[i].cause, AD_CAUSE_SWAPPED, "%zu: %s", i, c->entries[i].detail);
        cr_assert(strstr(c->entries[i].detail, "transposed: x[1] to x[6]"), "%s", c->entries[i].detail);
    }
    ad_check_free(c);
    ad_function_free(f);
}

static double kept[PARAMS];
static void of_the_call_before(size_t n, const double *x, double *g)
{
    exam_slip = NO_SLIP;
    memcpy(g, kept, sizeof kept);
    exam_gradient(n, x, kept);
}

Test(causes, a_stale_value)
{
    ad_function *f = exam_function();
    ad_check *c = ad_check_gradient(PARAMS, POINT, (ad_check_options){.function = f, .gradient = of_the_call_before});
    cr_assert_eq(c->wrong, PARAMS);
    for (size_t i = 0; i < PARAMS; i++)
        cr_assert_eq(c->entries[i].cause, AD_CAUSE_STALE_VALUE, "%s", c->entries[i].detail);
    ad_check_free(c);
    ad_function_free(f);
}

static void wrong_below(size_t n, const double *x, double *g)
{
    (void)n;
    g[0] = x[0] > 0.5 ? 2 * x[0] : -2 * x[0];
}

Test(causes, a_mistake_at_some_points_alone_is_said_to_be)
{
    ad_tape *tape = ad_tape_new();
    ad_var E = ad_square(ad_param(tape, "x", 0));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    ad_check *c = ad_check_gradient(1, (double[]){0.55}, (ad_check_options){.function = f, .gradient = wrong_below});
    cr_assert_eq(c->entries[0].cause, AD_CAUSE_SIGN);
    cr_assert(strstr(c->entries[0].detail, "right at some points"), "%s", c->entries[0].detail);
    ad_check_free(c);
    ad_function_free(f);
}
