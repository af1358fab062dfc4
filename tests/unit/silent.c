/* silent.c -- nothing is wrong in silence: zeros, NaN and lost digits that no single operation accounts for are told all the same,
 * with numbers that are true; and nothing is told where nothing is wrong.
 */
#include "unit.h"

#include "../functions/failing.h"

#include <autodiff/insight/audit.h>
#include <autodiff/model/formula.h>

#include <stdlib.h>

static ad_tape *tape;
static ad_var x, y;
static void begin(void) { tape = ad_tape_new(); }
static void end(void)
{
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
TestSuite(silent, .init = begin, .fini = end);

static ad_audit_report *audited(double a, double b, const char *formula)
{
    ad_tape_reset(tape);
    x = ad_param(tape, "x", a);
    y = ad_param(tape, "y", b);
    return ad_audit(ad_formula(tape, formula), (ad_audit_options){0});
}

/* The findings of a formula at x = a, y = b: their kinds as letters, and what the first that has these words says. */
static void expect(int line, double a, double b, const char *formula, const char *kinds, const char *words)
{
    ad_audit_report *r = audited(a, b, formula);
    char letters[32] = "";
    int told = !*words;
    for (size_t i = 0; i < ad_audit_count(r) && i < 31; i++) {
        const ad_finding *f = ad_audit_finding(r, i);
        letters[i] = "NZKCR"[f->kind];
        told |= strstr(f->detail, words) != NULL;
    }
    cr_expect_str_eq(letters, kinds, "line %d: findings %s, not %s", line, letters, kinds);
    for (size_t i = 0; i < ad_audit_count(r) && !told; i++)
        cr_expect(0, "line %d: %s; not: %s", line, ad_audit_finding(r, i)->detail, words);
    ad_audit_free(r);
}
#define TELLS(a, b, formula, kinds, words) expect(__LINE__, a, b, formula, kinds, words)
#define SOUND(a, b, formula) expect(__LINE__, a, b, formula, "", "")

/* Slopes that are whole numbers are known exactly, however much cancels. */
Test(silent, a_slope_of_zero_beside_huge_ones_that_cancel)
{
    TELLS(0, 1, "x + 1e30*x - 1e30*x", "C", "leave 0, and exact is about 1");
    TELLS(3, 1, "x + 1e30*x - 1e30*x", "CC", "terms of size 3e+30 leave 0, and exact is about 3");
    TELLS(0, 1, "sum(x, 1e300*x, -1e300*x) + y", "C", "leave 0, and exact is about 1");
    TELLS(0, 3, "x + 1e30*x*y - 1e30*x*y", "C", "leave 0, and exact is about 1");
    SOUND(0, 1, "1e30*x - 1e30*x");
    SOUND(2, 3, "sin(x)*y - y*sin(x)");
    SOUND(1e3, 3, "x/x + y");
}

/* What a long double of the size of 1 or of x has no room for. */
Test(silent, differences_below_the_last_bit_of_a_long_double)
{
    TELLS(1e10, 0, "sqrt(x^2 + 1) - x", "C", "leave 0, and exact is about 5e-11");
    TELLS(1e14, 0, "sqrt(x^2 + 1) - x", "C", "leave 0, and exact is about 5e-15");
    TELLS(1e-25, 0, "log(1 + x)", "C", "leave 0, and exact is about 1e-25");
    TELLS(1e-25, 0, "(1 + x)^0.5 - 1", "C", "leave 0, and exact is about 5e-26");
    TELLS(1e-25, 0, "exp(x) - 1", "C", "leave 0, and exact is about 1e-25");
    TELLS(1e-25, 0, "exp2(x) - 1", "C", "leave 0, and exact is about 6.931e-26");
    TELLS(1e-12, 0, "1 - cos(x)", "C", "leave 0, and exact is about 5e-25");
    TELLS(1e-12, 0, "cosh(x) - 1", "C", "leave 0, and exact is about 5e-25");
    TELLS(1e-12, 0, "1 - sech(x)", "C", "leave 0, and exact is about 5e-25");
    TELLS(1e-12, 0, "1 - gaussian(x)", "C", "leave 0, and exact is about 1e-24");
    TELLS(40, 0, "1 - sigmoid(x)", "C", "exact is about 4.248e-18");
    TELLS(-40, 0, "1 + tanh(x)", "C", "exact is about 3.61e-35");
    TELLS(-7, 0, "1 + erf(x)", "C", "exact is about 4.184e-23");
    TELLS(9, 0, "1 - normal_cdf(x)", "C", "exact is about 1.129e-19");
    TELLS(1e-15, 0, "hypot(1, x) - 1", "C", "leave 0, and exact is about 5e-31");
    TELLS(1e-15, 2, "norm2(1, x, y) - norm2(y, 1)", "C", "leave 0, and exact is about 2.24e-31");
    SOUND(1e10, 0, "sqrt(x^2 + 1) + x");
}

Test(silent, functions_that_are_nearly_their_argument)
{
    TELLS(1e-10, 0, "(x - sin(x))/x^3", "C", "leave 0, and exact is about 1.667e-31");
    TELLS(1e-10, 0, "tan(x) - x", "C", "leave 0, and exact is about 3.333e-31");
    TELLS(1e-10, 0, "asin(x) - x", "C", "leave 0, and exact is about 1.667e-31");
    TELLS(1e-10, 0, "sinh(x) - x", "C", "leave 0, and exact is about 1.667e-31");
    TELLS(1e-10, 0, "x - atan(x)", "C", "leave 0, and exact is about 3.333e-31");
    TELLS(1e-10, 0, "x - tanh(x)", "C", "leave 0, and exact is about 3.333e-31");
    TELLS(1e-10, 0, "x - asinh(x)", "C", "leave 0, and exact is about 1.667e-31");
    TELLS(1e-10, 0, "atanh(x) - x", "C", "leave 0, and exact is about 3.333e-31");
    TELLS(1e-18, 0, "expm1(x) - x", "CC", "leave 0, and exact is about 5e-37");
    TELLS(40, 0, "softplus(x) - x", "CC", "leave 0, and exact is about 4.248e-18");
    TELLS(-40, 0, "log_sigmoid(x) - x", "CC", "leave 0, and exact is about -4.248e-18");
    TELLS(1e-18, 0, "log1p(x) - x", "CC", "leave 0, and exact is about -5e-37");
}

/* Arguments whose rounding is more than a long double of their size holds. */
Test(silent, what_rounding_does_to_large_arguments)
{
    TELLS(1e100, 0, "sin(x + 70)", "C", "leave -0.380637731, and exact is about 0.4746");
    TELLS(1e100, 10, "cos(y + x)", "C", "leave 0.924724239, and exact is about -0.983");
    TELLS(1e-17, 0, "(1 + x)^1e17", "C", "leave 1, and exact is about 2.718");
    ad_audit_report *r = audited(1e100, 0, "sin(x + 70)");   /* its slope: 0.9247 for 0.8802 */
    cr_expect(ad_audit_digits(r, 0) > 0.5 && ad_audit_digits(r, 0) < 2, "%g digits", ad_audit_digits(r, 0));
    ad_audit_free(r);
}

/* Where terms in long double cancel and the row itself does not. */
Test(silent, zeros_of_slopes)
{
    SOUND(-0.7517915246935645, 0, "gelu(x)");
    SOUND(-1.2784645427610738, 0, "silu(x)");
    SOUND(-0.7517915246935645, 0, "gelu_slope(x)*3");
}

/* A 0 of which long double knows nothing is no finding, as it mostly is one; but it is not passed over. */
Test(silent, a_zero_that_may_be_none)
{
    ad_audit_report *r = audited(1.5, 1, "(x/x)*(x - 1e30)*y");    /* dE/dx is 1 */
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(ad_audit_print(r, stream) == AD_OK);
    fclose(stream);
    cr_expect_str_eq(text, "nothing found\nof dE/d(x) = 0 no digit is known: it is what terms leave that cancel\n");
    free(text);
    cr_expect(ad_audit_gradient(r, 0) == 0 && isnan(ad_audit_digits(r, 0)) && ad_audit_digits(r, 1) > 15);
    ad_audit_free(r);
}

/* A number that is told has no digits that are not known. */
Test(silent, what_is_told_as_exact_is_true)
{
    TELLS(3, 0, "sqrt(x)^2 - 3", "C", "exact is about 0");
    TELLS(1e8, 0, "sqrt(x^2 + 1) - x", "CC", "leave 0, and exact is about 5e-09");
    TELLS(1e9, 0, "-x + sqrt(x^2 - 4)", "CC", "leave 0, and exact is about -2e-09");
    ad_audit_report *r = audited(1e10, 0, "sqrt(x^2 + 1) - x");
    cr_expect(ad_audit_value_digits(r) == 0, "%g digits", ad_audit_value_digits(r));
    cr_expect(isnan(ad_audit_digits(r, 0)), "%g digits of a slope that is 0 and should be -5e-21", ad_audit_digits(r, 0));
    ad_audit_free(r);
    r = audited(1e-12, 0, "expm1(x)/x");   /* 0.5 by luck, to 12 digits; of terms of 1e12 long double knows 7 */
    cr_expect(ad_audit_digits(r, 0) > 5 && ad_audit_digits(r, 0) < 12.5, "%g digits", ad_audit_digits(r, 0));
    ad_audit_free(r);
    TELLS(40, 0, "log(exp(x) + 1) - x", "C", "the slope by x loses 16 digits: paths that contribute up to 2 leave 0, and exact is about -4e-18");
}

/* A value that leaves the range need not make a slope 0 to be wrong. */
Test(silent, values_that_underflow)
{
    TELLS(1e-200, 1e-200, "x*y/1e-300", "R", "x*y underflows: it is about 1e-400, and in double 0");
    TELLS(1e-160, 1e-160, "x*y*1e300", "R", "x*y underflows: it is about 1e-320, and in double 9.99988867e-321");
    TELLS(-744, 0, "1e300*exp(x)", "R", "exp(x) underflows: it is about 7.672e-324, and in double 9.88131292e-324");
    TELLS(-744, 2, "y + 1e300*exp(x)", "R", "exp(x) underflows: it is about 7.672e-324");
    SOUND(1e-200, 1e-200, "1 + x*y");
    SOUND(1e-310, 2, "x*y");               /* below the normal numbers, and exact */
}

/* None of the operations loses eight digits. */
Test(silent, losses_that_add_up)
{
    TELLS(1.2345678e-7, 0, "((1 + x) - 1 - 1.23e-7)/1e-7", "C", "what several operations lose adds up");
}

Test(silent, an_infinity_that_met_its_opposite)
{
    TELLS(1e-320, 0, "x/abs(x)", "RR", "the slope by x is not a number: inf and -inf met in it; exact is about 0");
    TELLS(1e-320, 0, "log(x) - log(x)", "RRR", "the slope by x is not a number: inf and -inf met in it; exact is about 0");
    TELLS(-2, 3, "x^y", "K", "");          /* a NaN of its own */
}

/* Which operation made the NaN, and whether it was asked for. */
Test(silent, a_nan_by_rounding)
{
    TELLS(1e-200, 1e-200, "x*x/(y*y)", "N", "x*x/(y*y) is not a number only because an operand was rounded or underflowed: it is about 1");
    TELLS(1e308, 10, "dot(x, x, y, -y)", "N", "overflows on the way, in a sum: it is about 0");
    TELLS(0, 0, "x/y", "N", "its operands are outside of where div is defined");
    TELLS(1e-9, 0, "acos(cos(x))", "K", "cos(x) = 1, by rounding alone, is where acos(cos(x)) ends");
    TELLS(0, 0, "acos(cos(x))", "ZK", "cos(x) = 1 is where acos(cos(x)) ends");
}

Test(silent, a_tie_by_rounding)
{
    TELLS(0.1, 0.2, "max(x + y, 0.30000000000000004)", "K", "x + y = 0.3, by rounding alone, is where");
    ad_audit_report *r = audited(0.1, 0.2, "max(x + y, 0.30000000000000004)");
    cr_expect(ad_audit_gradient(r, 0) == 0.5 && ad_audit_digits(r, 0) == 0);         /* it should be 0 */
    ad_audit_free(r);
    TELLS(0.25, 0.5, "max(x + y, 0.75)", "K", "x + y = 0.75 is where");
    TELLS(0.1, 0.3, "max(x*y, y*x)", "K", "x*y = 0.03 is where");            /* rounded alike */
    TELLS(0.1, 0.2, "max(x + y, 0.30000000000000004, 1 - 0.7)", "K", "x + y = 0.3, by rounding alone, is where");
    TELLS(0.1, 0.2, "x + y > 0.30000000000000004 ? x : y", "K", "x + y = 0.3, by rounding alone, is where");
}

/* What is at fault is the slope, not an operand that is what it should be. */
Test(silent, slopes_out_of_range_of_operands_that_are_not)
{
    TELLS(5e-324, 0, "log(x)", "R", "the slope of log(x) by x is inf for want of range: it is about 2.02e+323");
    TELLS(2, 1023, "x^y*x", "RN", "x^y*x overflows: it is just beyond the largest double");
}

/* A factor of 0 leaves the other aside, and says so; an infinite slope is told. */
Test(silent, what_chain_leaves_aside)
{
    TELLS(0, 0.5, "chain(0, log(x)) + log(y)", "Z", "");
    TELLS(0, 0, "chain(x, log(x))", "ZR", "the slope by x is -inf");
    TELLS(0, 0, "chain(y, log(x))", "ZR", "the slope by y is -inf");
    TELLS(0, 1, "chain(y, log(x))", "N", "log(x) is infinite: its operand is at a pole");
}

/* A finding elsewhere explains nothing here. */
Test(silent, beside_another_finding)
{
    TELLS(0, 0, "x + (1e30*x - 1e30*x + abs(y))", "CK", "leave 0, and exact is about 1");
    TELLS(-744, 0, "abs(y) + 1e300*exp(x)", "KR", "exp(x) underflows");
}

/* By row, and for a sum over rows. */
Test(silent, by_row)
{
    ad_tape_reset(tape);
    x = ad_param(tape, "x", 1);
    ad_var c = ad_column(tape, "c"), E = ad_formula(tape, "x*(sqrt(c^2 + 1) - c)");
    const double params[] = {1}, values[] = {1, 1e10, 2}, *columns[] = {values};
    ad_audit_report *r = ad_audit_rows(E, (ad_audit_options){.n = 1, .wrt = &x}, params, columns, 3);
    cr_assert_eq(ad_audit_count(r), 1);
    cr_expect(ad_audit_finding(r, 0)->row == 1 && strstr(ad_audit_finding(r, 0)->detail, "about 5e-11"));
    cr_expect(ad_audit_digits(r, 0) > 9 && ad_audit_digits(r, 0) < 12);
    ad_audit_free(r);
    (void)c;
}

/* A sum over rows that E has nothing to do with. */
Test(silent, by_row_beside_a_sum_over_rows)
{
    ad_tape_reset(tape);
    x = ad_param(tape, "x", 1);
    ad_var c = ad_column(tape, "c"), all = ad_row_sum(ad_mul(x, c)), E = ad_log(ad_mul(x, c));
    const double params[] = {1}, values[] = {1, 0}, *columns[] = {values};
    ad_audit_report *r = ad_audit_rows(E, (ad_audit_options){.kinds = 1 << AD_AUDIT_NON_FINITE}, params, columns, 2);
    cr_assert_eq(ad_audit_count(r), 1);
    cr_expect_eq(ad_audit_finding(r, 0)->row, 1);
    ad_audit_free(r);
    (void)all;
}

/* ---- What a function at a point does is told of the call ------------------------------------------------------------------- */

static ad_function *function_of(const char *formula)
{
    ad_tape *inner = ad_tape_new();
    ad_param(inner, "p", 1);
    ad_param(inner, "q", 1);
    ad_var E = ad_formula(inner, formula);
    ad_function *f = ad_function_new(inner, 1, &E);
    ad_tape_free(inner);
    return f;
}

static void expect_inside(int line, double a, double b, const char *formula, const char *kinds, const char *words)
{
    ad_tape_reset(tape);
    ad_var operands[] = {ad_param(tape, "x", a), ad_param(tape, "y", b)};
    ad_function *f = function_of(formula);
    ad_audit_report *r = ad_audit(ad_add(ad_call(f, 2, operands, 0, NULL, NULL), 1), (ad_audit_options){0});
    char letters[32] = "";
    int told = !*words;
    for (size_t i = 0; i < ad_audit_count(r) && i < 31; i++) {
        letters[i] = "NZKCR"[ad_audit_finding(r, i)->kind];
        told |= strstr(ad_audit_finding(r, i)->detail, words) != NULL;
    }
    cr_expect(told && !strcmp(letters, kinds), "line %d: findings %s, not %s", line, letters, kinds);
    ad_audit_free(r);
    ad_function_free(f);
}
#define INSIDE(a, b, formula, kinds, words) expect_inside(__LINE__, a, b, formula, kinds, words)

Test(silent, inside_of_calls)
{
    INSIDE(-800, 1, "exp(p) + q", "R", "inside call(x, y): exp(p) underflows to 0, and so does its slope by p");
    INSIDE(0, 1, "relu(p) + q", "K", "inside call(x, y): p = 0 is where relu(p) has no one slope");
    INSIDE(1e10, 1, "sqrt(p^2 + 1) - p + q*0", "C", "leave 0, and exact is about 5e-11");
    INSIDE(0, 1, "log(p)", "N", "inside call(x, y): log(p) is infinite: its operand is at a pole");
    INSIDE(2, 3, "sin(p)*exp(q)", "", "");
}

Test(silent, inside_of_a_call_in_a_branch_that_was_not_taken)
{
    ad_var at = ad_param(tape, "x", -1), operands[] = {at, at};
    ad_function *f = function_of("log(p)");
    ad_var E = ad_select(ad_greater(at, 0), ad_call(f, 2, operands, 0, NULL, NULL), ad_square(at));
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    cr_expect_eq(ad_audit_count(r), 0);
    ad_audit_free(r);
    ad_backward(E);
    cr_expect_eq(ad_grad(at), -2);
    ad_function_free(f);
}

Test(silent, inside_of_calls_survives_a_failure_of_every_allocation)
{
    ad_function *f = function_of("log(1 + exp(p)) + abs(q)");
    int done = 0;
    for (int n = 0; !done && n < 400; n++) {
        failing m = {.fail_on = 1};
        ad_tape *t = ad_tape_create((ad_tape_options){.allocator = failing_allocator(&m)});
        ad_var operands[] = {ad_param(t, "x", 800), ad_param(t, "y", 0)}, E = ad_call(f, 2, operands, 0, NULL, NULL);
        m.fail_at = m.calls + n + 1;
        ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
        cr_assert(r ? ad_audit_count(r) == 4 : ad_tape_error(t) == AD_ERROR_NO_MEMORY, "%d: %zu", n, ad_audit_count(r));
        done = r != NULL;
        ad_audit_free(r);
        ad_tape_free(t);
        cr_assert(m.live == 0 && !m.wrong, "%d: %zu bytes are left", n, m.live);
    }
    cr_assert(done);
    ad_function_free(f);
}
