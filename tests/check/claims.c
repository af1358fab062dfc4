/* claims.c -- what is right, wrong, or cannot be told: printed digits, formulas, kinks, cancellation, what is carried forward. */
#include "judging.h"

#include "../functions/failing.h"

/* ---- Numbers ------------------------------------------------------------------------------------------------------------------- */

Test(claims, a_number_is_right_within_half_a_unit_of_its_last_digit)
{
    cr_expect_eq(verdict("param x = 0.12345\nclaim x = 0.1235\n"), AD_RIGHT);        /* a tie, decimal */
    cr_expect_eq(verdict("param x = 0.12345\nclaim x = 0.1234\n"), AD_RIGHT);        /* and its other side */
    cr_expect_eq(verdict("param x = 0.12345\nclaim x = 0.1233\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 0.12345\nclaim x = 0.1236\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 0.12345\nclaim x = 1.2e-1\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.12345\nclaim x = 0.123450\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.12345\nclaim x = 0.123451\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 1234.5\nclaim x = 1.2e3\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 1250.5\nclaim x = 1.2e3\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = -0.5\nclaim x = -0.5\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = -0.5\nclaim -0.5 = x\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 3e-7\nclaim x = 0.000\n"), AD_RIGHT);            /* below its printed precision */
}

Test(claims, a_number_without_point_and_exponent_is_exact)
{
    cr_expect_eq(verdict("param x = 3\nclaim d(x^2)/d(x) = 6\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 3.001\nclaim d(x^2)/d(x) = 6\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 3.001\nclaim d(x^2)/d(x) = 6.0\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.1\nclaim 3*x = 0.3\n"), AD_RIGHT);
    cr_expect_eq(verdict("claim 2 = 2\n"), AD_RIGHT);
    cr_expect_eq(verdict("claim 2 = 3\n"), AD_WRONG);
}

Test(claims, seventeen_digits_of_a_sum_in_another_order_are_not_wrong)
{
    char text[512];
    const double terms[] = {0.1, 0.7, 1e3, -1e3, 0.3};
    double sum = ((terms[4] + terms[3]) + terms[2]) + terms[1] + terms[0];
    snprintf(text, sizeof text, "param a = 0.1\ny = a + 0.7 + 1e3 - 1e3 + 0.3\nclaim y = %.17g\n", sum);
    cr_expect_neq(verdict(text), AD_WRONG);
    cr_expect_eq(verdict("param a = 0.1\ny = a + 0.7 + 1e3 - 1e3 + 0.3\nclaim y = 1.1000001\n"), AD_WRONG);
}

/* ---- Formulas ------------------------------------------------------------------------------------------------------------------- */

Test(claims, formulas_are_compared_around_the_point_too)
{
    cr_expect_eq(verdict("param x = 2\nclaim x^2 = 2*x\n"), AD_WRONG);               /* true at 2 alone */
    cr_expect_eq(verdict("const x = 2\nparam y = 1\nclaim y*x^2 = 2*x*y\n"), AD_RIGHT);   /* consts stay */
    cr_expect_eq(verdict("param x = 0.7\nclaim sin(x)^2 + cos(x)^2 = 1 + 0*x\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.7\nclaim (x + 1)*(x - 1) = x^2 - 1\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.7\nclaim (x + 1)*(x - 1) = x^2 - 1.0000001\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 0.5 in (0, 1)\nclaim d(log(x) + log(1 - x))/d(x) = 1/x - 1/(1 - x)\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.7\nclaim d(d(x^4)/d(x))/d(x) = 12*x^2\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.7\nparam y = 2\ne = x*y\nE = e^2*x\nclaim dE/dx = dE/de*y + e^2\n"), AD_RIGHT);
}

Test(claims, what_cancels_beyond_nine_digits_cannot_be_told)
{
    cr_expect_eq(verdict("param x = 0.7\nclaim (1e14 + x) - 1e14 = x\n"), AD_CANNOT_TELL);
    cr_expect_eq(verdict("param x = 0.7\nclaim (1e3 + x) - 1e3 = x\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.7\nclaim (1e3 + x) - 1e3 = 2*x\n"), AD_WRONG);
}

Test(claims, what_long_double_shows_is_told)
{
    cr_expect_eq(verdict("param x = 0.7\nclaim d(sin(x)^2 + cos(x)^2)/d(x) = 0\n"), AD_RIGHT);      /* 0 but for rounding */
    cr_expect_eq(verdict("param x = 0.7\nparam y = 0.3\nu = x*y\nclaim d(tanh(u)*u - u*tanh(u))/d(x) = y*tanh(u) - tanh(u)*y\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 5\ny = tanh(x)\nclaim dy/dx = 1 - y^2\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 40\ny = tanh(x)\nclaim dy/dx = 1 - y^2\n"), AD_CANNOT_TELL);      /* not that far */
    cr_expect_eq(verdict("param x = 12\ny = tanh(x)\nclaim dy/dx = 0\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 0.1\nclaim (x + 0.2) - 0.3 = 0\n"), AD_CANNOT_TELL);             /* 5.6e-17 or 0 */
}

Test(claims, an_infinite_value_is_no_number)
{
    cr_expect_eq(verdict("param x = 0\nclaim 1/x = 3\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 0\nclaim log(x) = -745.1\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 10\nclaim 1e308*x = 1e308\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 0\nclaim 1/x = 1/x\n"), AD_RIGHT);
}

Test(claims, a_kink_that_is_none_is_no_excuse)
{
    cr_expect_eq(verdict("param x = 0.5\nparam y = 2\nz = max(x, min(x, y))\nclaim dz/dx = 1\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0.5\nparam y = 2\nz = max(x, min(x, y))\nclaim dz/dx = 2\n"), AD_WRONG);
    cr_expect_eq(verdict("param x = 0.5\nclaim d(abs(x - 0.5)*(x - 0.5))/d(x) = 0\n"), AD_RIGHT);
    judged d = judge("param x = 0\nz = abs(3*x)\nclaim dz/dx = 0\nu = relu(x) - relu(-x)\nclaim du/dx = 1\ns = sign(x) + x\nclaim ds/dx = 1\n");
    cr_expect_str_eq(d.j->claims[0].detail, "the point lies on a kink: dz/dx is -3 on its left and 3 on its right");
    cr_expect(strstr(d.j->claims[1].detail, "beside it du/dx is 1, at it the rules' convention gives 0"), "%s", d.j->claims[1].detail);
    cr_expect(strstr(d.j->claims[2].detail, "jump"), "%s", d.j->claims[2].detail);
    cr_expect_eq(d.j->cannot_tell, 3);
    drop(d);
}

Test(claims, kinks_cannot_be_told)
{
    cr_expect_eq(verdict("param x = 0\nclaim d(abs(x))/d(x) = 1\n"), AD_CANNOT_TELL);
    cr_expect_eq(verdict("param x = 0\nclaim d(relu(x))/d(x) = 0.5\n"), AD_CANNOT_TELL);
    cr_expect_eq(verdict("param x = 1\nclaim d(max(x, 1))/d(x) = 1\n"), AD_CANNOT_TELL);
    cr_expect_eq(verdict("param x = 0\nclaim d(x > 0 ? x : 0)/d(x) = 1\n"), AD_CANNOT_TELL);
    cr_expect_eq(verdict("param x = 0\nclaim d(sqrt(x))/d(x) = 0\n"), AD_CANNOT_TELL);
    cr_expect_eq(verdict("param x = -2\nclaim d(abs(x))/d(x) = -1\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = -2\nclaim d(x^2)/d(x) = -4\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0\nclaim d(x^2)/d(x) = 0\n"), AD_RIGHT);
    cr_expect_eq(verdict("param x = 0\nparam y = 1\nclaim d(abs(x) + y^2)/d(y) = 2\n"), AD_RIGHT);   /* felt by x alone */
    cr_expect_eq(verdict("param x = -1\nclaim log(x) = 0.5\n"), AD_CANNOT_TELL);
}

/* ---- Carried forward -------------------------------------------------------------------------------------------------------------- */

#define CHAIN "param x = 2\na = 3*x\nb = a^2\nE = b/2\n"

Test(claims, what_follows_from_an_earlier_wrong_number_is_carried_forward)
{
    judged d = judge(CHAIN "claim a = 6\nclaim a = 7\nclaim b = 49\nclaim E = 24.5\nclaim E = 25\n");
    cr_assert_eq(d.j->wrong, 4);
    cr_assert(d.j->claims[1].first_mistake && !d.j->claims[1].carried_forward);
    cr_assert(d.j->claims[2].carried_forward && !d.j->claims[2].first_mistake);
    cr_assert_eq(d.j->claims[2].follows_from, 6);
    cr_assert(d.j->claims[3].carried_forward && d.j->claims[3].follows_from == 7);
    cr_assert(!d.j->claims[4].carried_forward && !d.j->claims[4].first_mistake);
    cr_assert_eq(d.j->claims[2].cause, AD_CAUSE_NONE);
    cr_assert_float_eq(d.j->claims[3].recomputed, 24.5, 1e-12);
    drop(d);
}

Test(claims, derivatives_follow_by_the_chain_rule_from_the_author_s_own)
{
    judged d = judge(CHAIN "claim dE/db = 0.5\nclaim db/da = 13\nclaim dE/da = 6.5\nclaim dE/dx = 19.5\nclaim dE/dx = 19\n");
    cr_assert(d.j->claims[1].first_mistake);
    cr_assert(d.j->claims[2].carried_forward && d.j->claims[2].follows_from == 6, "%s", d.j->claims[2].detail);
    cr_assert(d.j->claims[3].carried_forward, "%s", d.j->claims[3].detail);
    cr_assert(!d.j->claims[4].carried_forward);
    drop(d);
}

Test(claims, a_right_number_after_a_wrong_one_is_right)
{
    judged d = judge(CHAIN "claim a = 7\nclaim b = 36\n");
    cr_assert_eq(d.j->claims[1].verdict, AD_RIGHT);
    drop(d);
}

Test(claims, a_cause_may_show_against_the_author_s_own_numbers_alone)
{
    judged d = judge(CHAIN "claim a = 7.0\nclaim b = -49.0\n");
    cr_assert(!d.j->claims[1].carried_forward);
    cr_assert_eq(d.j->claims[1].cause, AD_CAUSE_SIGN, "%s", d.j->claims[1].detail);
    cr_assert(strstr(d.j->claims[1].detail, "own numbers"));
    drop(d);
}

/* ---- Updates ------------------------------------------------------------------------------------------------------------------------ */

Test(claims, an_update_step_tells_whether_the_loss_falls_or_climbs)
{
    judged d = judge("param w = 2\nE = (w - 1)^2\nminimize E\nclaim w - 0.1*dE/dw = 1.8\nclaim w - 0.1*dE/dw = 2.2\nclaim dE/dw = 2\n");
    cr_assert_eq(d.j->claims[0].verdict, AD_RIGHT);
    cr_assert_float_eq(d.j->claims[0].loss_before, 1, 1e-15);
    cr_assert_float_eq(d.j->claims[0].loss_claimed, 0.64, 1e-12);
    cr_assert_str_eq(d.j->claims[0].loss_name, "E");
    cr_assert_eq(d.j->claims[1].cause, AD_CAUSE_SIGN, "%s", d.j->claims[1].detail);
    cr_assert(strstr(d.j->claims[1].detail, "climbs: it raises E, from 1 to 1.44"), "%s", d.j->claims[1].detail);
    cr_assert(!d.j->claims[2].loss_name && isnan(d.j->claims[2].loss_before));
    drop(d);
}

/* ---- The published article ------------------------------------------------------------------------------------------------------------ */

Test(claims, rows_the_loss_and_its_gradient_are_sums)
{
    static const double x[] = {0.5, 1.5, -2, 3}, t[] = {1, 0, 1, 0}, *columns[] = {x, t};
    judged d = judge_with("column x\ncolumn t\nparam w = 0.3\nparam b = 0.1\ny = sigmoid(w*x + b)\nE = (t - y)^2/2\nminimize E\n"
                          "claim E = 0.757860\nclaim dE/dw = 0.89057\nclaim dE/dw = 0.8\n", (ad_judge_options){.columns = columns, .rows = 4});
    cr_assert(d.j->claims[0].verdict == AD_RIGHT && d.j->claims[0].by_sum);
    cr_assert_eq(d.j->claims[1].verdict, AD_RIGHT);
    cr_assert_eq(d.j->claims[2].verdict, AD_WRONG);
    drop(d);
}

Test(claims, rows_a_formula_is_held_against_all_of_them)
{
    static const double x[] = {1, 2, -1}, t[] = {0, 1, 1}, *columns[] = {x, t};
    static const char text[] = "column x\ncolumn t\nparam w = 0.3\ny = sigmoid(w*x)\nE = -(t*log(y) + (1 - t)*log(1 - y))\nminimize E\n"
                               "claim dE/dw = (y - t)*x\nclaim dE/dw = y - t\nclaim dE/dy = -t/y\n";
    ad_problem problem;
    judged d = {.model = ad_model_parse(text, sizeof text - 1, &problem)};
    for (size_t k = 0; k < 2; k++)
        ad_model_set(d.model, ad_model_column(d.model, k), columns[k][0]);
    d.j = ad_model_judge(d.model, (ad_judge_options){.columns = columns, .rows = 3});
    cr_assert_eq(d.j->claims[0].verdict, AD_RIGHT);
    cr_assert(d.j->claims[1].verdict == AD_WRONG && d.j->claims[1].computed == d.j->claims[1].claimed, "x is 1 in the first row");
    cr_assert(strstr(d.j->claims[1].detail, "in this row alone") && strstr(d.j->claims[1].detail, "missing factor x"), "%s", d.j->claims[1].detail);
    cr_assert_eq(d.j->claims[2].cause, AD_CAUSE_MISSING_PATH, "%s", d.j->claims[2].detail);
    drop(d);
}

/* ---- Edges ------------------------------------------------------------------------------------------------------------------------------- */

Test(claims, the_same_seed_gives_the_same_judgement_and_no_claims_give_none)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        judged d = judge_with("param x = 0.4\nparam y = -1.2\nE = sigmoid(x*y)*tanh(y)\nclaim dE/dx = y*E*(1 - sigmoid(x*y))\nclaim dE/dx = x*E\n",
                              (ad_judge_options){.seed = seed});
        cr_assert_eq(d.j->claims[0].verdict, AD_RIGHT);
        cr_assert_eq(d.j->claims[1].verdict, AD_WRONG);
        drop(d);
    }
    judged d = judge("param x = 1\n");
    cr_assert_eq(d.j->n, 0);
    drop(d);
    ad_judgements *none = ad_model_judge(NULL, (ad_judge_options){0});
    cr_assert_eq(none->status, AD_ERROR_ARGUMENT);
    ad_judgements_free(none);
    ad_judgements_free(NULL);
}

Test(claims, odd_claims_do_no_harm)
{
    static const char *const odd[] = {
        "claim 1/0 = 1\n", "claim 0/0 = 0/0\n", "param x = 1e308\nclaim x*10 = 1\n", "param x = 0\nclaim d(1/x)/d(x) = 3\n",
        "param x = 1\nclaim d(2)/d(x) = 0\n", "const c = 2\nclaim d(c)/d(c) = 1\n", "const c = 2\nclaim d(c^2)/d(c) = 5\n",
        "param x = 1\nclaim x = x\n", "param x = 1\ny = x\nclaim dy/dx = 2\n", "param x = 1\ny = 2\nclaim dx/dy = 1.5\n",
        "param x = 1 in (1, 1.0000000000000002)\nclaim x = 2*x\n", "param x = 1\nclaim d(d(d(x^5)/d(x))/d(x))/d(x) = 61\n",
        "param x = 1\nclaim dx/dx = 1\n", "param x = 1\nclaim d(x)/d(x) + d(x^2)/d(x) = 4\n", "param x = 2\nclaim 1e300 = x\n",
        "param x = 1\nclaim (x > 0) = 1\n", "param x = 2\nclaim d(floor(x))/d(x) = 1\n", "param x = 1\nclaim sum(x, x, x) = 4\n",
        "param x = 1\nclaim d(logsumexp(x, 2*x, 3*x))/d(x) = 2.5\n", "param x = 1\nclaim d(norm2(x, x))/d(x) = 1\n",
        "param x = 1\nclaim d(dot(x, x, x, x))/d(x) = 1\n", "param x = 1\nclaim d(max(x, 2, 3))/d(x) = 1\n",
        "param x = 1\nclaim d(powi(x, 3))/d(x) = 2.5\n", "param x = 1\nclaim d(clamp(x, 0, 2))/d(x) = 2.5\n",
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        judged d = judge(odd[i]);
        cr_assert_eq(d.j->right + d.j->wrong + d.j->cannot_tell, d.j->n, "%s", odd[i]);
        drop(d);
    }
}

static const char many[] =
    "const x = 1.7\nconst t = 0.25\nconst n = 4\nparam w = 0.6\nparam b = -0.2\nparam u = 1.3\ne = w*x + b\ny = sigmoid(e)\nh = tanh(u*y) + y\n"
    "E = (t - h)^2/n\nminimize E\nclaim e = 0.9\nclaim y = 0.7\nclaim dE/dh = 2*(t - h)/n\nclaim dE/dw = 0.2\nclaim dE/du = -0.19565\n"
    "claim w - 0.5*dE/dw = 0.7709\nclaim y = sigmoid(1 + e)\nclaim dE/db = 0.34182637\nclaim dE/dw = 0.20107\n";

Test(claims, every_allocation_may_fail)
{
    ad_problem problem;
    ad_model *model = ad_model_parse(many, sizeof many - 1, &problem);
    failing m = {0};
    ad_judgements *j = ad_model_judge(model, (ad_judge_options){.allocator = failing_allocator(&m)});
    cr_assert(j && j->status == AD_OK && j->wrong > 5);
    ad_judgements_free(j);
    cr_assert(m.live == 0 && !m.wrong);
    long most = m.calls;
    for (long at = 1; at <= most; at++) {
        m = (failing){.fail_at = at};
        j = ad_model_judge(model, (ad_judge_options){.allocator = failing_allocator(&m)});
        cr_assert(!j ? at == 1 : j->status == AD_ERROR_NO_MEMORY && j->n == 0, "allocation %ld of %ld: %s", at, most, j ? j->message : "no result");
        ad_judgements_free(j);
        cr_assert(m.live == 0 && !m.wrong, "allocation %ld: %zu bytes left", at, m.live);
    }
    ad_model_free(model);
}
