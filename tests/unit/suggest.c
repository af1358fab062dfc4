/* suggest.c -- what the audit advises to write instead, in the forms in which people write it, and where it has no advice: where
 * nothing is wrong, and where the other operation would not help either.
 */
#include "unit.h"

#include <autodiff/insight/audit.h>
#include <autodiff/model/formula.h>

#include <string.h>

static ad_tape *tape;
static void begin(void) { tape = ad_tape_new(); }
static void end(void)
{
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
TestSuite(suggestions, .init = begin, .fini = end);
TestSuite(tails, .init = begin, .fini = end);

/* x and y at the values in question, anew. */
static ad_var x, y;
static void at(double a, double b)
{
    ad_tape_reset(tape);
    x = ad_param(tape, "x", a);
    y = ad_param(tape, "y", b);
}

/* The first suggestion is `want`; where that is NULL there is none. With `sound`, there are no findings at all. */
static void expect(int line, ad_var E, const char *want, int sound)
{
    ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
    const char *found = NULL;
    for (size_t i = 0; i < ad_audit_count(r) && !found; i++)
        found = ad_audit_finding(r, i)->suggestion;
    cr_expect(want ? found && !strcmp(found, want) : !found, "line %d: suggested is %s, not %s", line, found ? found : "nothing",
              want ? want : "nothing");
    cr_expect(!sound == (ad_audit_count(r) > 0), "line %d: %zu findings", line, ad_audit_count(r));
    ad_audit_free(r);
}
#define SUGGESTS(E, want) expect(__LINE__, E, want, 0)
#define UNHELPED(E)       expect(__LINE__, E, NULL, 0)
#define SOUND(E)          expect(__LINE__, E, NULL, 1)

static ad_var minus_exp(ad_var a) { return ad_exp(ad_neg(a)); }

Test(suggestions, logarithms)
{
    at(800, 801);
    SUGGESTS(ad_log(ad_add(1, ad_exp(x))), "softplus(x)");
    SUGGESTS(ad_log(ad_add(ad_exp(x), 1)), "softplus(x)");
    SUGGESTS(ad_log1p(ad_exp(x)), "softplus(x)");
    SUGGESTS(ad_log(ad_add(1, minus_exp(ad_neg(x)))), "softplus(-(-x))");
    SUGGESTS(ad_neg(ad_log(ad_sigmoid(ad_neg(x)))), "log_sigmoid(-x)");
    SUGGESTS(ad_log(ad_sub(1, ad_sigmoid(x))), "log_sigmoid(-x)");
    SUGGESTS(ad_log1p(ad_neg(ad_sigmoid(x))), "log_sigmoid(-x)");
    SUGGESTS(ad_log(ad_add(ad_exp(x), ad_exp(y))), "logsumexp(x, y)");
    SUGGESTS(ad_log(ad_mean(2, (ad_var[]){ad_exp(x), ad_exp(y)})), "logsumexp(x, y) - log(2)");
    SUGGESTS(ad_log(ad_div(ad_exp(x), ad_add(ad_exp(x), ad_exp(y)))), "x - logsumexp(x, y)");
    at(1e-12, 1);
    SUGGESTS(ad_log(ad_add(x, 1)), "log1p(x)");
    SUGGESTS(ad_log(ad_sub(1, x)), "log1p(-x)");
    SUGGESTS(ad_log(ad_sub(1, ad_mul(x, y))), "log1p(-(x*y))");
    at(1, 0);
    UNHELPED(ad_log(ad_sub(1, x)));        /* a pole by either */
    UNHELPED(ad_log(ad_add(1, ad_neg(x))));
}

Test(suggestions, the_logistic_function_and_softmax)
{
    at(-1000, 0);
    SUGGESTS(ad_div(1, ad_add(1, minus_exp(x))), "sigmoid(x)");
    SUGGESTS(ad_powi(ad_add(minus_exp(x), 1), -1), "sigmoid(x)");
    SUGGESTS(ad_pow(ad_add(1, minus_exp(x)), -1), "sigmoid(x)");
    at(1000, 0);
    SUGGESTS(ad_div(ad_exp(x), ad_add(1, ad_exp(x))), "sigmoid(x)");
    SUGGESTS(ad_div(ad_exp(y), ad_add(ad_exp(x), ad_exp(y))), "exp(y - logsumexp(x, y))");
    SUGGESTS(ad_div(ad_exp(y), ad_sum(2, (ad_var[]){ad_exp(x), ad_exp(y)})), "exp(y - logsumexp(x, y))");
    SUGGESTS(ad_div(ad_sub(ad_exp(x), minus_exp(x)), ad_add(ad_exp(x), minus_exp(x))), "tanh(x)");
    SUGGESTS(ad_div(ad_sinh(x), ad_cosh(x)), "tanh(x)");
    SUGGESTS(ad_div(ad_sub(ad_exp(x), 1), ad_add(ad_exp(x), 1)), "tanh(x/2)");
}

Test(suggestions, lengths)
{
    at(1e200, 1e200);
    SUGGESTS(ad_sqrt(ad_add(ad_square(x), ad_powi(y, 2))), "hypot(x, y)");
    SUGGESTS(ad_pow(ad_add(ad_mul(x, x), ad_pow(y, 2)), 0.5), "hypot(x, y)");
    SUGGESTS(ad_sqrt(ad_add(ad_add(ad_mul(x, x), ad_mul(y, y)), ad_square(ad_sin(x)))), "norm2(x, y, sin(x))");
    SUGGESTS(ad_sqrt(ad_add(1, ad_square(x))), "hypot(1, x)");
    SUGGESTS(ad_sqrt(ad_add(ad_mul(x, x), 0x1p-40)), "hypot(x, sqrt(9.094947017729282e-13))");
    UNHELPED(ad_sqrt(ad_add(ad_square(x), y)));
}

Test(suggestions, differences_from_1)
{
    at(1e-12, 1e-9);
    SUGGESTS(ad_sub(ad_exp(x), 1), "expm1(x)");
    SUGGESTS(ad_sub(1, ad_exp(x)), "-expm1(x)");
    SUGGESTS(ad_add(ad_neg(minus_exp(x)), 1), "-expm1(-x)");
    SUGGESTS(ad_sub(1, ad_cos(y)), "2*sin(y/2)^2");
    SUGGESTS(ad_sub(1, ad_cos(ad_add(x, y))), "2*sin((x + y)/2)^2");
    SUGGESTS(ad_div(ad_sub(ad_exp(y), minus_exp(y)), 2), "sinh(y)");
    SUGGESTS(ad_mul(0.5, ad_sub(ad_exp(y), minus_exp(y))), "sinh(y)");
    at(45, 1000);
    SUGGESTS(ad_sub(1, ad_sigmoid(x)), "sigmoid(-x)");
    SUGGESTS(ad_sub(1, ad_tanh(x)), "2*sigmoid(-2*x)");
    SUGGESTS(ad_sub(1, ad_erf(x)), "erfc(x)");
    SUGGESTS(ad_sub(1, ad_normal_cdf(x)), "normal_cdf(-x)");
    UNHELPED(ad_sub(ad_exp(y), 1));        /* expm1 overflows there too */
}

Test(suggestions, nothing_times_infinity)
{
    at(0, 0.3);
    SUGGESTS(ad_mul(x, ad_log(x)), "chain(x, log(x))");
    SUGGESTS(ad_mul(ad_log(x), x), "chain(x, log(x))");
    SUGGESTS(ad_mul(ad_greater(x, 1), ad_log(x)), "chain(x > 1, log(x))");
    UNHELPED(ad_mul(x, ad_div(1, x)));     /* the limit is 1 */
}

Test(suggestions, none_where_nothing_is_wrong)
{
    at(0.5, 0.7);
    SOUND(ad_log(ad_add(1, ad_exp(x))));
    SOUND(ad_div(1, ad_add(1, minus_exp(x))));
    SOUND(ad_log(ad_add(ad_exp(x), ad_exp(y))));
    SOUND(ad_sqrt(ad_add(ad_square(x), ad_square(y))));
    SOUND(ad_sub(ad_exp(x), 1));
    SOUND(ad_sub(1, ad_cos(x)));
    SOUND(ad_mul(0.5, ad_sub(ad_exp(x), minus_exp(x))));
    SOUND(ad_mul(x, ad_log(x)));
    SOUND(ad_div(x, INFINITY));
    SOUND(ad_min(x, INFINITY));
    SOUND(ad_add(x, ad_exp(-INFINITY)));   /* masks */
    SOUND(ad_logsumexp(3, (ad_var[]){x, y, ad_const(-INFINITY)}));
    SOUND(ad_sum(2, (ad_var[]){ad_mul(ad_exp(ad_add(x, -INFINITY)), x), ad_mul(ad_exp(y), y)}));
}

/* A text has as many nodes of w*x as it has it. */
#define WRITTEN(formula, want) expect(__LINE__, ad_formula(tape, formula), want, 0)

Test(suggestions, texts_that_say_the_same_twice)
{
    at(10, 80);
    WRITTEN("exp(x*y)/(1 + exp(x*y))", "sigmoid(x*y)");
    WRITTEN("exp(x*y)/(exp(x*y) + exp(y))", "exp(x*y - logsumexp(x*y, y))");
    WRITTEN("(exp(x*y) - exp(-(x*y)))/(exp(x*y) + exp(-(x*y)))", "tanh(x*y)");
    WRITTEN("exp(x*y)/(1 + exp(y*x))", "exp(x*y - logsumexp(0, y*x))");     /* the same to people alone */
    at(1e150, 1e100);
    WRITTEN("sqrt((x*y)*(x*y) + y*y)", "hypot(x*y, y)");
    WRITTEN("sqrt((x*y)*(x*x) + y*y)", NULL);
}

Test(suggestions, hyperbolic_functions_by_exponentials)
{
    at(400, 800);
    WRITTEN("(exp(2*x) - 1)/(exp(2*x) + 1)", "tanh(x)");
    WRITTEN("(1 - exp(2*x))/(1 + exp(2*x))", "tanh(-x)");
    WRITTEN("(1 - exp(y))/(1 + exp(y))", "tanh(-y/2)");
    WRITTEN("2/(exp(y) + exp(-y))", "sech(y)");
    WRITTEN("2/(exp(2*x) + exp(-2*x))", "sech(2*x)");
    WRITTEN("1/cosh(y)", "sech(y)");
    WRITTEN("log(cosh(y))", "logaddexp(y, -y) - log(2)");
    WRITTEN("log((exp(y) + exp(-y))/2)", "logsumexp(y, -y) - log(2)");
    at(-400, 1e-9);
    WRITTEN("(1 - exp(-2*x))/(1 + exp(-2*x))", "tanh(x)");
    WRITTEN("2/(1 + exp(-2*y)) - 1", "tanh(y)");
    WRITTEN("2/(1 + exp(y)) - 1", "tanh(-y/2)");
    WRITTEN("2*sigmoid(y) - 1", "tanh(y/2)");
    WRITTEN("1 - 2*sigmoid(y)", "tanh(-y/2)");
    WRITTEN("1 - 2/(1 + exp(2*y))", "tanh(y)");
    WRITTEN("3*sigmoid(y) - 1.5", NULL);
    at(25, -7);
    WRITTEN("1 - tanh(x)^2", "sech(x)^2");
    WRITTEN("1 + erf(y)", "erfc(-y)");
    WRITTEN("1 + tanh(2*y)", "2*sigmoid(2*(2*y))");
    at(1e-12, -1e10);
    WRITTEN("log(x + sqrt(x*x + 1))", "asinh(x)");
    WRITTEN("log(sqrt(1 + y^2) + y)", "asinh(y)");
    WRITTEN("log(y + sqrt(x*x + 1))", NULL);
    at(1e200, 0);
    WRITTEN("log(x + sqrt(x^2 - 1))", "acosh(x)");
}

Test(suggestions, numbers_among_exponentials)
{
    at(800, 900);
    WRITTEN("log(2 + exp(x))", "logsumexp(log(2), x)");
    WRITTEN("log(1 + exp(x) + exp(y))", "logsumexp(0, x, y)");
    WRITTEN("exp(x)/(1 + exp(x) + exp(y))", "exp(x - logsumexp(0, x, y))");
    WRITTEN("log((exp(x) + exp(y))/2)", "logsumexp(x, y) - log(2)");
    WRITTEN("log(exp(x) - 2)", NULL);
    at(-800, 0);                           /* the sum is 1, its share is not */
    WRITTEN("log(exp(x)/(exp(x) + exp(y)))", "x - logsumexp(x, y)");
    WRITTEN("exp(x)/(exp(x) + exp(y))", "exp(x - logsumexp(x, y))");
    at(0.5, -0.93275212956719);            /* close to 1: logsumexp would cancel as well */
    WRITTEN("log(exp(-x) + exp(y))", NULL);
}

Test(suggestions, entropies)
{
    at(0, 3);
    WRITTEN("-x*log(x)", "chain(-x, log(x))");
    WRITTEN("-(x*log(x))", "chain(x, log(x))");
    WRITTEN("x*log2(x)", "chain(x, log2(x))");
    WRITTEN("x*log10(x)", "chain(x, log10(x))");
    WRITTEN("x^2*log(x)", "chain(x^2, log(x))");
    WRITTEN("x*log(x/y)", "chain(x, log(x/y))");
    WRITTEN("x/y*log(x/y)", "chain(x/y, log(x/y))");
    WRITTEN("x*(log(x) - log(y))", "chain(x, log(x) - log(y))");
    at(0, 0);
    WRITTEN("x*log(y)", NULL);             /* no limit */
}

/* What another formula of the same tape would need is no advice for this one. */
Test(suggestions, of_other_formulas_are_not_given)
{
    at(800, 0);
    ad_var power = ad_exp(x), other = ad_log(ad_add(1, power));
    UNHELPED(ad_mul(power, 2));
    SUGGESTS(other, "softplus(x)");
}

/* Rows by themselves: what helps one may not help another. */
Test(suggestions, by_row)
{
    at(0, 0);
    ad_var c = ad_column(tape, "c"), E = ad_log(ad_sub(1, c));
    const double params[] = {0, 0}, values[] = {1, 1e-12}, *columns[] = {values};
    ad_audit_report *r = ad_audit_rows(E, (ad_audit_options){.n = 1, .wrt = &c}, params, columns, 2);
    cr_assert_eq(ad_audit_count(r), 2);
    cr_expect(!ad_audit_finding(r, 0)->suggestion);
    cr_expect_str_eq(ad_audit_finding(r, 1)->suggestion, "log1p(-c)");
    ad_audit_free(r);
}

/* Slopes below the range even of long double are 0, but not silently. */
#define VANISHES(E) do { \
        ad_audit_report *r = ad_audit(E, (ad_audit_options){0}); \
        cr_expect(ad_audit_gradient(r, 0) == 0 && ad_audit_count(r) == 1 && ad_audit_finding(r, 0)->kind == AD_AUDIT_RANGE, \
                  "line %d: %zu findings", __LINE__, ad_audit_count(r)); \
        ad_audit_free(r); \
    } while (0)

Test(tails, slopes_that_vanish_are_told)
{
    at(1e5, 0);
    VANISHES(ad_tanh(x));
    VANISHES(ad_sigmoid(x));
    VANISHES(ad_erf(x));
    VANISHES(ad_erfc(x));
    VANISHES(ad_normal_cdf(x));
    VANISHES(ad_log_sigmoid(x));
    at(-1e5, 0);
    VANISHES(ad_elu(x));
    VANISHES(ad_expm1(x));
    VANISHES(ad_silu(x));
    VANISHES(ad_gelu(x));
    VANISHES(ad_softplus(x));
    at(INFINITY, 0);
    SOUND(ad_tanh(x));                     /* the limit */
    at(0, 0);
    SOUND(ad_sech(x));
    SOUND(ad_gaussian(x));
    at(1e5, 1);
    SOUND(ad_add(ad_tanh(x), ad_mul(x, y)));   /* lost beside another */
}

/* What a saturated function lacks of 1 is known though no format holds it. */
Test(tails, digits_of_what_is_close_to_1)
{
    at(50, 0);
    ad_audit_report *r = ad_audit(ad_log(ad_sub(1, ad_tanh(x))), (ad_audit_options){0});
    cr_assert_eq(ad_audit_count(r), 2);
    cr_expect_eq(ad_audit_finding(r, 0)->kind, AD_AUDIT_CANCELLATION);
    cr_expect_eq(ad_audit_finding(r, 1)->kind, AD_AUDIT_NON_FINITE);
    cr_expect(strstr(ad_audit_finding(r, 1)->detail, "about -99.3"), "%s", ad_audit_finding(r, 1)->detail);
    ad_audit_free(r);
}
