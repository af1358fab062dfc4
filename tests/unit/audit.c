/* audit.c -- programs that hurt users of automatic differentiation: each has the right gradient, or the audit says why there
 * is none. And what a report holds.
 */
#include "unit.h"

#include "../functions/failing.h"

#include <stdlib.h>

static ad_tape *tape;
static void begin(void) { tape = ad_tape_new(); }
static void end(void)
{
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
TestSuite(programs, .init = begin, .fini = end);
TestSuite(audit, .init = begin, .fini = end);

static ad_var in(const char *name, double x) { return ad_param(tape, name, x); }

/* The kinds found, in order, as letters: Non-finite, Zero times infinity, Kink, Cancellation, Range. */
static const char *kinds_of(const ad_audit_report *r)
{
    static char letters[64];
    size_t n = ad_audit_count(r);
    for (size_t i = 0; i < n && i < 63; i++)
        letters[i] = "NZKCR"[ad_audit_finding(r, i)->kind];
    letters[n < 63 ? n : 63] = 0;
    return letters;
}

/* Slope and findings of E at once. */
static void program(int line, ad_var E, ad_var x, double slope, const char *kinds)
{
    ad_backward(E);
    cr_expect(near(ad_grad(x), slope, 1e-14), "line %d: the slope is %.17g, not %.17g", line, ad_grad(x), slope);
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    cr_expect(!strcmp(kinds_of(r), kinds), "line %d: findings %s, not %s", line, kinds_of(r), kinds);
    for (size_t i = 0; i < ad_audit_count(r); i++) {
        const ad_finding *f = ad_audit_finding(r, i);
        cr_expect(f->formula && f->detail && strlen(f->detail) > 10 && f->reached > 0, "line %d", line);
    }
    ad_audit_free(r);
}
#define PROGRAM(E, x, slope, kinds) program(__LINE__, E, x, slope, kinds)

/* What the first finding of a kind suggests. */
static void suggests(int line, ad_var E, const char *want)
{
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    const char *found = NULL;
    for (size_t i = 0; i < ad_audit_count(r) && !found; i++)
        found = ad_audit_finding(r, i)->suggestion;
    cr_expect(found && !strcmp(found, want), "line %d: suggested is %s, not %s", line, found ? found : "nothing", want);
    ad_audit_free(r);
}
#define SUGGESTS(E, want) suggests(__LINE__, E, want)

/* ---- Branches that were not taken ---------------------------------------------------------------------------------------- */

Test(programs, a_select_whose_other_branch_divides_by_zero)
{
    ad_var x = in("x", 0);
    PROGRAM(ad_select(ad_not_equal(x, 5), ad_mul(3, x), ad_div(1, x)), x, 3, "Z");
}

Test(programs, a_select_whose_other_branch_takes_the_log_of_a_negative)
{
    ad_var x = in("x", -2);
    PROGRAM(ad_select(ad_greater(x, 0), ad_log(x), ad_square(x)), x, -4, "Z");
}

Test(programs, a_sinc_written_with_a_select_is_on_its_jump)
{
    ad_var x = in("x", 0);
    ad_var at_0 = ad_equal(x, 0);
    PROGRAM(ad_select(at_0, 1, ad_div(ad_sin(x), x)), x, 0, "KZ");
}

Test(programs, an_elu_of_a_huge_argument_in_the_branch_not_taken)
{
    ad_var x = in("x", 1000);
    PROGRAM(ad_select(ad_greater(x, 10), x, ad_elu(ad_exp(x))), x, 1, "Z");
    PROGRAM(ad_select(ad_greater(x, 0), x, ad_sub(ad_exp(x), 1)), x, 1, "Z");
}

Test(programs, a_maximum_beside_an_infinite_slope)
{
    ad_var x = in("x", 0);
    PROGRAM(ad_add(x, ad_max(ad_sqrt(x), 1)), x, 1, "Z");
}

/* ---- Roots and norms at 0 -------------------------------------------------------------------------------------------------- */

Test(programs, a_root_at_0_inside_a_norm)
{
    ad_var x = in("x", 0), y = in("y", 0);
    PROGRAM(ad_sqrt(ad_add(ad_square(x), ad_square(y))), x, 0, "ZZK");
    PROGRAM(ad_hypot(x, y), x, 0, "K");
    ad_var v[] = {x, y};
    PROGRAM(ad_norm2(2, v), y, 0, "K");
}

Test(programs, normalising_a_zero_vector)
{
    ad_var x = in("x", 0), y = in("y", 0), v[] = {x, y};
    ad_audit_report *r = ad_audit(ad_div(x, ad_norm2(2, v)), (ad_audit_options){0});
    cr_expect(strchr(kinds_of(r), 'N') && strchr(kinds_of(r), 'K'));
    ad_audit_free(r);
}

Test(programs, a_root_of_a_square_at_0)
{
    ad_var x = in("x", 0);
    PROGRAM(ad_sqrt(ad_mul(x, x)), x, 0, "ZK");
    SUGGESTS(ad_sqrt(ad_mul(x, x)), "abs(x)");
    PROGRAM(ad_mul(0, ad_sqrt(x)), x, 0, "Z");
    PROGRAM(ad_sqrt(x), x, INFINITY, "K");
}

Test(programs, norms_of_huge_and_tiny_vectors)
{
    ad_var x = in("x", 1e200), y = in("y", 1e-200);
    SUGGESTS(ad_sqrt(ad_add(ad_mul(x, x), ad_mul(x, x))), "hypot(x, x)");
    PROGRAM(ad_sqrt(ad_add(ad_mul(y, y), ad_mul(y, y))), y, INFINITY, "R");
    SUGGESTS(ad_sqrt(ad_add(ad_mul(y, y), ad_mul(y, y))), "hypot(y, y)");
    PROGRAM(ad_hypot(x, x), x, 1.4142135623730951, "");
    PROGRAM(ad_hypot(y, y), y, 1.4142135623730951, "");
}

/* ---- Powers at 0 ------------------------------------------------------------------------------------------------------------ */

Test(programs, powers_at_0)
{
    ad_var x = in("x", 0);
    PROGRAM(ad_add(x, ad_pow(x, 0)), x, 1, "");
    PROGRAM(ad_add(x, ad_pow(x, 2)), x, 1, "");
    PROGRAM(ad_pow(x, 0.5), x, INFINITY, "K");
    PROGRAM(ad_pow(x, -1), x, -INFINITY, "N");
    PROGRAM(ad_pow(0, x), x, -INFINITY, "K");
    ad_var y = in("y", 2);
    PROGRAM(ad_add(y, ad_pow(0, y)), y, 1, "");
    ad_var base = in("base", -2);
    PROGRAM(ad_pow(base, y), y, NAN, "K");
    PROGRAM(ad_pow(base, 2), base, -4, "");
}

/* ---- Ties and corners -------------------------------------------------------------------------------------------------------- */

Test(programs, ties_of_maxima)
{
    ad_var x = in("x", 2), y = in("y", 2);
    PROGRAM(ad_max(x, y), x, 0.5, "K");
    PROGRAM(ad_min(x, y), y, 0.5, "K");
    PROGRAM(ad_max(ad_max(x, y), 2), x, 0.25, "KK");
    PROGRAM(ad_max(x, x), x, 1, "");
    PROGRAM(ad_max(x, 3), x, 0, "");
}

Test(programs, ties_of_many)
{
    ad_var x = in("x", 2), y = in("y", 2), list[] = {x, y, ad_const(1)}, tied[] = {x, y, ad_mul(2, ad_log(ad_exp(1)))};
    PROGRAM(ad_maximum(3, list), x, 0.5, "K");
    PROGRAM(ad_minimum(3, list), x, 0, "");
    PROGRAM(ad_maximum(3, tied), x, 1.0 / 3, "K");
    ad_var alone[] = {x, x};
    PROGRAM(ad_maximum(2, alone), x, 1, "");
    ad_audit_report *r = ad_audit(ad_maximum(3, list), (ad_audit_options){0});
    cr_assert(ad_audit_finding(r, 0)->left == 0 && ad_audit_finding(r, 0)->right == 1);
    cr_assert(strstr(ad_audit_finding(r, 0)->detail, "operands that tie share equally"));
    ad_audit_free(r);
}

Test(programs, corners)
{
    ad_var x = in("x", 0);
    PROGRAM(ad_relu(x), x, 0, "K");
    PROGRAM(ad_abs(x), x, 0, "K");
    PROGRAM(ad_clamp(x, 0, 1), x, 1, "K");
    PROGRAM(ad_leaky_relu(x, 0.1), x, 0.1, "K");
    PROGRAM(ad_select(ad_greater(x, 0), x, 0), x, 0, "K");
    PROGRAM(ad_mul(ad_floor(x), x), x, 0, "K");
    PROGRAM(ad_elu(x), x, 1, "");
    PROGRAM(ad_gelu(x), x, 0.5, "");
    PROGRAM(ad_mul(0, ad_relu(x)), x, 0, "");
}

Test(programs, the_angle_of_the_origin)
{
    ad_var x = in("x", 0), y = in("y", 0);
    PROGRAM(ad_atan2(x, y), x, 0, "K");
    PROGRAM(ad_atan2(x, 1), x, 1, "");
}

/* ---- Masks and infinities ----------------------------------------------------------------------------------------------------- */

Test(programs, a_mask_times_infinity)
{
    ad_var x = in("x", 1000);
    PROGRAM(ad_mul(0, ad_exp(x)), x, 0, "NZ");       /* 0 inf is NaN: exp is to blame */
    PROGRAM(ad_select(0, ad_exp(x), x), x, 1, "Z");
    ad_var far = in("far", INFINITY);
    ad_audit_report *r = ad_audit(ad_mul(0, far), (ad_audit_options){0});
    cr_assert(ad_audit_count(r) == 1 && strstr(ad_audit_finding(r, 0)->detail, "far is infinite itself"));
    ad_audit_free(r);
}

Test(programs, a_logsumexp_of_minus_infinity)
{
    ad_var x = in("x", 3), some[] = {x, ad_const(-INFINITY)};
    PROGRAM(ad_logsumexp(2, some), x, 1, "");
    ad_var none[] = {ad_log(ad_mul(0, x)), ad_const(-INFINITY)};
    ad_audit_report *r = ad_audit(ad_logsumexp(2, none), (ad_audit_options){0});
    const ad_finding *f = ad_audit_finding(r, strchr(kinds_of(r), 'N') - kinds_of(r));
    cr_assert(f && !strcmp(f->formula, "log(0*x)"));
    ad_audit_free(r);
}

Test(programs, the_logarithm_of_a_probability_that_underflows)
{
    ad_var x = in("x", -800);
    SUGGESTS(ad_log(ad_sigmoid(x)), "log_sigmoid(x)");
    PROGRAM(ad_log_sigmoid(x), x, 1, "");
    ad_var p = ad_normal_cdf(ad_mul(x, 1));
    ad_audit_report *r = ad_audit(ad_log(p), (ad_audit_options){0});
    cr_assert(strchr(kinds_of(r), 'R') && strchr(kinds_of(r), 'N'));
    ad_audit_free(r);
}

Test(programs, cross_entropy_of_a_certain_and_wrong_prediction)
{
    ad_var x = in("x", 40), p = ad_sigmoid(x);
    ad_var E = ad_neg(ad_log(ad_sub(1, p)));         /* 1 - p is 0 */
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    cr_assert(strchr(kinds_of(r), 'N') && strchr(kinds_of(r), 'C'));
    ad_audit_free(r);
}

/* ---- Out of range --------------------------------------------------------------------------------------------------------------- */

Test(programs, exponentials_too_large_and_too_small)
{
    ad_var x = in("x", 800);
    SUGGESTS(ad_log(ad_add(1, ad_exp(x))), "softplus(x)");
    SUGGESTS(ad_log1p(ad_exp(x)), "softplus(x)");
    SUGGESTS(ad_div(1, ad_add(1, ad_exp(x))), "sigmoid(-x)");
    SUGGESTS(ad_div(1, ad_add(ad_exp(ad_mul(-1, ad_neg(x))), 1)), "sigmoid(-x)");
    SUGGESTS(ad_div(ad_exp(x), ad_add(1, ad_exp(x))), "sigmoid(x)");
    SUGGESTS(ad_log(ad_div(1, ad_add(1, ad_exp(x)))), "log_sigmoid(-x)");
    ad_var powers[] = {ad_exp(x), ad_exp(ad_mul(2, x))};
    SUGGESTS(ad_log(ad_sum(2, powers)), "logsumexp(x, 2*x)");
    SUGGESTS(ad_log(ad_add(ad_add(powers[0], powers[1]), ad_exp(3))), "logsumexp(x, 2*x, log(20.085536923187668))");
}

Test(programs, slopes_that_vanish_and_burst)
{
    ad_var x = in("x", -800), tiny = in("tiny", 1e-310);
    PROGRAM(ad_exp(x), x, 0, "R");
    PROGRAM(ad_exp(ad_mul(100, x)), x, 0, "R");
    PROGRAM(ad_sigmoid(x), x, 0, "R");
    PROGRAM(ad_tanh(x), x, 0, "R");
    PROGRAM(ad_gaussian(x), x, 0, "R");
    PROGRAM(ad_log(tiny), tiny, INFINITY, "R");
    PROGRAM(ad_add(x, ad_add(1, ad_exp(x))), x, 1, "");       /* without a trace */
    ad_var huge = in("huge", 1e200);
    PROGRAM(ad_mul(ad_mul(huge, 1e-200), huge), huge, 2, "");
    PROGRAM(ad_mul(ad_mul(huge, 1e-200), ad_mul(1e-150, ad_mul(1e-200, huge))), huge, 0, "RR");
}

Test(programs, what_a_clamp_cuts_off)
{
    ad_var x = in("x", 0);
    PROGRAM(ad_add(x, ad_clamp(ad_log(x), -10, 10)), x, 1, "Z");
}

Test(programs, sums_of_slopes_that_overflow)
{
    ad_var x = in("x", 1), h = ad_mul(1e308, x);
    PROGRAM(ad_mul(1e-10, ad_sub(ad_add(h, h), h)), x, 1e298, "N");
    ad_var half = ad_mul(x, 0.5), far = ad_mul(1e308, half);
    PROGRAM(ad_add(ad_add(far, ad_mul(1e308, half)), ad_sub(ad_mul(1e308, x), ad_mul(1e308, ad_mul(x, 1)))), x, INFINITY, "R");   /* by half it is 2e308 */
    PROGRAM(ad_sub(ad_add(ad_mul(1.5e308, x), ad_mul(-1e308, x)), ad_mul(-1.5e308, ad_mul(x, 1))), x, INFINITY, "N");
}

/* ---- Cancellation ---------------------------------------------------------------------------------------------------------------- */

Test(programs, differences_of_nearly_equal_numbers)
{
    ad_var x = in("x", 1e-12), far = in("far", 1e10);
    SUGGESTS(ad_sub(ad_exp(x), 1), "expm1(x)");
    SUGGESTS(ad_add(-1, ad_exp(x)), "expm1(x)");
    SUGGESTS(ad_log(ad_add(1, x)), "log1p(x)");
    SUGGESTS(ad_log(ad_add(x, 1)), "log1p(x)");
    PROGRAM(ad_sub(ad_add(1e16, x), 1e16), x, 1, "C");
    PROGRAM(ad_sub(ad_add(1e100, x), 1e100), x, 1, "C");
    PROGRAM(ad_expm1(x), x, 1.000000000001, "");
    PROGRAM(ad_log1p(x), x, 0.999999999999, "");
    PROGRAM(ad_sub(far, 9999999999), far, 1, "");    /* exact */
    PROGRAM(ad_sub(x, x), x, 0, "");
    PROGRAM(ad_sub(ad_sin(x), ad_sin(x)), x, 0, "");
    ad_var E = ad_div(ad_sub(1, ad_cos(ad_sqrt(x))), x);
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    cr_assert(ad_audit_count(r) && ad_audit_finding(r, 0)->kind == AD_AUDIT_CANCELLATION);
    cr_assert(ad_audit_finding(r, 0)->digits_lost > 11 && ad_audit_digits(r, 0) < 9);
    ad_audit_free(r);
}

/* ---- The report ------------------------------------------------------------------------------------------------------------------ */

Test(audit, names_node_formula_operands_and_parameters)
{
    ad_var a = in("a", 1), w = in("w", -3), unused = in("unused", 1);
    ad_var h = ad_name(ad_mul(a, w), "h"), y = ad_name(ad_log(h), "y");
    ad_audit_report *r = ad_audit(ad_square(ad_add(y, unused)), (ad_audit_options){0});
    const ad_finding *f = ad_audit_finding(r, 0);
    cr_assert(ad_audit_count(r) == 1 && f && f->kind == AD_AUDIT_NON_FINITE && f->node.link == y.link);
    cr_assert_str_eq(f->name, "y");
    cr_assert_str_eq(f->formula, "log(h)");
    cr_assert(f->operands == 1 && !strcmp(f->operand_names[0], "h") && f->operand_values[0] == -3);
    cr_assert(f->reached == 2 && !strcmp(f->reaches[0], "a") && !strcmp(f->reaches[1], "w"));
    cr_assert(isnan(f->value) && !f->suggestion);
    cr_assert(ad_audit_wanted(r) == 3 && !strcmp(ad_audit_wanted_name(r, 2), "unused") && isnan(ad_audit_digits(r, 2)));
    cr_assert_null(ad_audit_finding(r, 1));
    ad_audit_free(r);
}

Test(audit, tells_both_one_sided_slopes_and_the_convention)
{
    ad_var x = in("x", 0);
    ad_audit_report *r = ad_audit(ad_abs(x), (ad_audit_options){0});
    const ad_finding *f = ad_audit_finding(r, 0);
    cr_assert(f->left == -1 && f->slope == 0 && f->right == 1 && f->operand == 0);
    cr_assert(strstr(f->detail, "-1 from the left, 1 from the right, and 0 is used (the least slope in size, 0)"), "%s", f->detail);
    ad_audit_free(r);
}

/* The table that the conventions are tested from is what the audit tells. */
Test(audit, tells_every_kink_of_the_table)
{
    static const struct { const char *row; enum ad_op op; int by; double x, y, w, left, slope, right; const char *words; } kinks[] = {
#define KINK(row, by, x, y, w, left, slope, right, words) {#row, AD_OP_##row, by, x, y, w, left, slope, right, words},
#include "autodiff/kinks.def"
    };
    for (size_t i = 0; i < sizeof kinks / sizeof *kinks; i++) {
        ad_tape_reset(tape);
        double at[3] = {kinks[i].x, kinks[i].y, kinks[i].w};
        ad_var v[3];
        for (int k = 0; k < 3; k++)
            v[k] = k == kinks[i].by ? in("v", at[k]) : ad_const(at[k]);
        ad_var E = {0, 0};
        switch (kinks[i].op) {
#define OP1(name, ...) case AD_OP_##name: E = ad_##name(v[0]); break;
#define OP2(name, ...) case AD_OP_##name: E = ad_##name(v[0], v[1]); break;
#define OP3(name, ...) case AD_OP_##name: E = ad_##name(v[0], v[1], v[2]); break;
#define FC1(name, ...) case AD_OP_##name: E = ad_##name(v[0], (int)(ad_value(v[1]))); break;
#include "autodiff/ops.def"
        default: break;
        }
        if (kinks[i].op == AD_OP_leaky_relu)
            E = ad_leaky_relu(v[0], at[1]);
        ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
        const ad_finding *f = ad_audit_finding(r, 0);
        double left = ad_one_sided(E, v[kinks[i].by], -1), right = ad_one_sided(E, v[kinks[i].by], 1);
        cr_expect(near(left, kinks[i].left, 1e-9) && near(right, kinks[i].right, 1e-9), "%s: slopes %g and %g, not %g and %g", kinks[i].row,
                  left, right, kinks[i].left, kinks[i].right);
        if (f && f->kind == AD_AUDIT_KINK)
            cr_expect(same(f->left, kinks[i].left) && same(f->slope, kinks[i].slope) && same(f->right, kinks[i].right) &&
                      strstr(f->detail, kinks[i].words), "%s: %s", kinks[i].row, f->detail);
        else if (isfinite(ad_value(E)))
            cr_expect(!f && isfinite(kinks[i].slope) && (isnan(kinks[i].left) || kinks[i].left == kinks[i].slope) && kinks[i].right == kinks[i].slope,
                      "%s at (%g, %g): no kink found", kinks[i].row, at[0], at[1]);
        ad_audit_free(r);
    }
}

Test(audit, is_in_order_of_evaluation_and_keeps_as_many_as_asked_for)
{
    ad_var x = in("x", 0), E = x;
    for (int i = 0; i < 200; i++)
        E = ad_add(E, ad_abs(ad_mul(i + 1, x)));
    ad_audit_report *r = ad_audit(E, (ad_audit_options){.most = 150});
    cr_assert(ad_audit_count(r) == 150 && ad_audit_left_out(r) == 50);
    for (size_t i = 1; i < 150; i++)
        cr_assert((ad_audit_finding(r, i)->node.link & AD_ID_MASK) > (ad_audit_finding(r, i - 1)->node.link & AD_ID_MASK));
    for (size_t i = 0; i < 150; i++)
        cr_assert(ad_audit_finding(r, i)->reached == 1 && !strcmp(ad_audit_finding(r, i)->reaches[0], "x"));
    ad_audit_free(r);
}

Test(audit, seeks_what_was_requested)
{
    ad_var x = in("x", 0), y = in("y", -1), E = ad_add(ad_abs(x), ad_log(y));
    ad_audit_report *r = ad_audit(E, (ad_audit_options){.kinds = 1u << AD_AUDIT_KINK});
    cr_assert(ad_audit_count(r) == 1 && ad_audit_finding(r, 0)->kind == AD_AUDIT_KINK);
    ad_audit_free(r);
    r = ad_audit(E, (ad_audit_options){.n = 1, .wrt = &y});
    cr_assert(ad_audit_count(r) == 1 && ad_audit_finding(r, 0)->kind == AD_AUDIT_NON_FINITE);
    cr_assert(ad_audit_wanted(r) == 1 && isnan(ad_audit_gradient(r, 0)));
    ad_audit_free(r);
}

Test(audit, leaves_the_tape_as_it_was)
{
    ad_var x = in("x", 3), E = ad_square(x), other = ad_mul(x, 5);
    ad_backward(other);
    size_t size = ad_tape_size(tape);
    ad_audit_free(ad_audit(E, (ad_audit_options){0}));
    cr_assert(ad_tape_size(tape) == size && ad_grad(x) == 5);
}

Test(audit, of_rows_names_the_first_that_fails)
{
    ad_var w = in("w", NAN), t = ad_column(tape, "t"), E = ad_square(ad_log(ad_name(ad_mul(w, t), "m")));
    double params[] = {2}, column[] = {1, 0.5, -4, 0, 3};
    const double *columns[] = {column};
    ad_audit_report *r = ad_audit_rows(E, (ad_audit_options){0}, params, columns, 5);
    cr_assert(ad_audit_count(r) == 3);               /* the last: t = 0 against an infinite adjoint */
    const ad_finding *f = ad_audit_finding(r, 0);
    cr_assert(f->row == 2 && f->kind == AD_AUDIT_NON_FINITE && f->operand_values[0] == -8 && !strcmp(f->formula, "log(m)"));
    cr_assert(ad_audit_finding(r, 1)->row == 3 && ad_audit_finding(r, 1)->kind == AD_AUDIT_ZERO_TIMES_INFINITY);
    cr_assert(ad_audit_finding(r, 2)->row == 3 && ad_audit_finding(r, 2)->value == -INFINITY);
    ad_audit_free(r);
    r = ad_audit_rows(E, (ad_audit_options){.kinds = 1u << AD_AUDIT_NON_FINITE, .most = 1}, params, columns, 5);
    cr_assert(ad_audit_count(r) == 1 && ad_audit_left_out(r) == 0 && ad_audit_finding(r, 0)->row == 2);
    ad_audit_free(r);
    r = ad_audit_rows(E, (ad_audit_options){0}, params, columns, 2);
    double m0 = log(2), want = 2 * m0 / 2 + 2 * log(1) / 2;
    cr_assert(ad_audit_count(r) == 0 && near(ad_audit_gradient(r, 0), want, 1e-15) && ad_audit_digits(r, 0) > 15);
    ad_audit_free(r);
    cr_assert(isnan(ad_value(E)));
    r = ad_audit(E, (ad_audit_options){0});            /* on the tape a column has no value */
    cr_assert(ad_audit_count(r) == 2 && strstr(ad_audit_finding(r, 1)->detail, "ad_audit_rows"), "%zu", ad_audit_count(r));
    ad_audit_free(r);
}

Test(audit, over_rows_agrees_with_the_function)
{
    ad_var w = in("w", 0.5), b = in("b", 0.1), t = ad_column(tape, "t"), list[] = {w, t, b};
    ad_var E = ad_add(ad_logsumexp(3, list), ad_mul(ad_sigmoid(ad_mul(w, t)), ad_norm2(3, list)));
    double params[] = {0.7, -0.2}, column[40], value, gradient[2];
    for (int i = 0; i < 40; i++)
        column[i] = 0.1 * i - 2.05;
    const double *columns[] = {column};
    ad_function *f = ad_function_new(tape, 1, &E);
    cr_assert(ad_function_sum_gradient(f, params, columns, 40, &value, gradient) == AD_OK);
    ad_audit_report *r = ad_audit_rows(E, (ad_audit_options){0}, params, columns, 40);
    cr_assert(ad_audit_count(r) == 0 && near(ad_audit_value(r), value, 1e-13));
    cr_assert(near(ad_audit_gradient(r, 0), gradient[0], 1e-13) && near(ad_audit_gradient(r, 1), gradient[1], 1e-13));
    ad_audit_free(r);
    ad_function_free(f);
}

/* Their inside is not seen, so digits are not told; but what comes out is. */
Test(audit, of_calls_tells_what_comes_out_of_them)
{
    ad_tape *inner = ad_tape_new();
    ad_var p = ad_param(inner, "p", 1), e = ad_log(p);
    ad_function *f = ad_function_new(inner, 1, &e);
    ad_tape_free(inner);
    ad_var w = in("w", 3), v = in("v", -1), good = ad_call(f, 1, &w, 0, NULL, NULL), bad = ad_call(f, 1, &v, 0, NULL, NULL);
    ad_audit_report *r = ad_audit(ad_square(good), (ad_audit_options){0});
    cr_assert(ad_audit_count(r) == 0 && near(ad_audit_gradient(r, 0), 2 * log(3) / 3, 1e-14) && isnan(ad_audit_digits(r, 0)));
    ad_audit_free(r);
    r = ad_audit(ad_add(good, bad), (ad_audit_options){0});
    cr_assert(ad_audit_count(r) == 1 && ad_audit_finding(r, 0)->kind == AD_AUDIT_NON_FINITE && ad_audit_finding(r, 0)->node.link == bad.link);
    cr_assert(ad_audit_finding(r, 0)->reached == 1 && !strcmp(ad_audit_finding(r, 0)->reaches[0], "v"));
    ad_audit_free(r);
    double params[] = {2, 5};
    r = ad_audit_rows(ad_add(good, bad), (ad_audit_options){0}, params, NULL, 1);
    cr_assert(ad_audit_count(r) == 0 && near(ad_audit_value(r), log(10), 1e-14));
    cr_assert(near(ad_audit_gradient(r, 0), 0.5, 1e-15) && near(ad_audit_gradient(r, 1), 0.2, 1e-15));
    ad_audit_free(r);
    NEAR(ad_one_sided(good, w, -1), 1.0 / 3, 1e-15);
    ad_function_free(f);
}

Test(audit, of_sums_over_rows_needs_rows)
{
    ad_var t = ad_column(tape, "t"), w = in("w", 1), E = ad_log(ad_row_sum(ad_mul(w, t)));
    double params[] = {1}, column[] = {1, 2};
    const double *columns[] = {column};
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    cr_assert(r && ad_audit_count(r) == 1 && strstr(ad_audit_finding(r, 0)->detail, "t is a column"));
    ad_audit_free(r);
    cr_assert_null(ad_audit_rows(E, (ad_audit_options){0}, params, columns, 2));
    STATUS(tape, AD_ERROR_ARGUMENT);
    ad_tape_reset(tape);
}

Test(audit, of_nothing_wrong_is_empty_and_says_so)
{
    ad_var x = in("x", 0.3);
    ad_audit_report *r = ad_audit(ad_sigmoid(ad_mul(x, x)), (ad_audit_options){0});
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(ad_audit_count(r) == 0 && ad_audit_digits(r, 0) > 15 && ad_audit_print(r, stream) == AD_OK);
    fclose(stream);
    cr_assert_str_eq(text, "nothing found\n");
    free(text);
    ad_audit_free(r);
    r = ad_audit(ad_const(3), (ad_audit_options){0});
    cr_assert(r && ad_audit_count(r) == 0 && ad_audit_value(r) == 3 && ad_audit_wanted(r) == 0);
    ad_audit_free(r);
    ad_audit_free(NULL);
    cr_assert(ad_audit_print(NULL, stdout) == AD_ERROR_ARGUMENT);
}

Test(audit, prints_for_people)
{
    ad_var x = in("x", 1e-12), z = in("z", 0);
    ad_var growth = ad_name(ad_sub(ad_exp(x), 1), "growth"), E = ad_add(growth, ad_relu(z));
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    ad_audit_print(r, stream);
    fclose(stream);
    cr_assert_str_eq(text,
        "cancellation: growth = exp(x) - 1 = 1.0000889e-12\n"
        "    growth loses 12 digits: terms of size 1 leave 1.0000889e-12, and exact is about 1e-12\n"
        "    operands exp(x) = 1\n"
        "    reaches x\n"
        "    try expm1(x)\n"
        "a kink: relu(z) = 0\n"
        "    z = 0 is where relu(z) has no one slope: slope 0 from the left, 1 from the right, and 0 is used (the least slope in size, 0)\n"
        "    operands z = 0\n"
        "    reaches z\n"
        "digits that can be trusted:\n"
        "    E = 1.0000889e-12: 4\n"
        "    dE/d(x) = 1: 16\n"
        "    dE/d(z) = 0: 16\n", "%s", text);
    free(text);
    ad_audit_free(r);
}

Test(audit, survives_a_failure_of_every_allocation)
{
    int done = 0;
    for (int n = 0; !done && n < 400; n++) {
        failing m = {.fail_on = 1};
        ad_tape *t = ad_tape_create((ad_tape_options){.allocator = failing_allocator(&m)});
        ad_var x = ad_param(t, "x", 0), y = ad_param(t, "y", -1), list[] = {x, y, ad_abs(x)};
        ad_var E = ad_mul(ad_log(ad_add(1, ad_exp(ad_mul(1000, ad_neg(y))))), ad_norm2(3, list));
        m.fail_at = m.calls + n + 1;
        ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
        cr_assert(r || ad_tape_error(t) == AD_ERROR_NO_MEMORY);
        done = r != NULL && ad_tape_error(t) == AD_OK;
        ad_audit_free(r);
        ad_tape_free(t);
        cr_assert(m.live == 0 && !m.wrong, "%d: %zu bytes are left", n, m.live);
    }
    cr_assert(done);
}

Test(audit, of_foreign_and_stale_variables_is_an_error)
{
    ad_tape *other = ad_tape_new();
    ad_var x = ad_param(other, "x", 1), E = ad_square(x), here = in("here", 1);
    ad_tape_reset(other);
    cr_assert_null(ad_audit(E, (ad_audit_options){0}));
    STATUS(other, AD_ERROR_STALE);
    ad_tape_free(other);
    cr_assert_null(ad_audit(here, (ad_audit_options){.n = 1}));
    STATUS(tape, AD_ERROR_ARGUMENT);
    ad_tape_reset(tape);
}

Test(audit, of_a_deep_graph_takes_no_stack)
{
    ad_var x = in("x", 0.5), E = x;
    for (int i = 0; i < 200000; i++)
        E = ad_sin(E);
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    cr_assert(ad_audit_count(r) == 0);
    ad_audit_free(r);
    cr_assert(ad_one_sided(E, x, 1) == ad_one_sided(E, x, -1));
}
