/* reasons.c -- when a fit cannot: what it says is wrong, in the model's own names, and that no start passes for an estimate. */
#include "fitting.h"

enum { ROWS = 30 };
static double x[ROWS], y[ROWS], r[ROWS];
static const double *const columns[] = {x, y, r};

static void fill(void)
{
    uint64_t state = 2;
    for (int i = 0; i < ROWS; i++) {
        x[i] = 0.2 * (i + 1);
        y[i] = 1 + 2 * x[i] + 0.1 * normal(&state);
        r[i] = 2;
    }
}

static void expect_no_estimates(const ad_fit_result *fit)
{
    for (size_t j = 0; j < fit->n; j++)
        cr_assert(isnan(fit->params[j].estimate) && isnan(fit->params[j].standard_error) && isnan(fit->params[j].low),
                  "%s has an estimate", fit->params[j].name);
}

/* Params that cannot be told apart, and where they meet. */
static const struct { const char *formula, *params, *names, *meet; size_t flat; } cases[] = {
    {"y - (b*m*x + c)", "b m c", "b and m", "b*m", 1},
    {"y - b*r^-m", "b m", "b and m", "b*r^(-m)", 1},
    {"y - (a*x + b*(2*x) + c)", "a b c", "a and b", "a*x + b*x*2", 1},
    {"y - a*exp(b + x/9)", "a b", "a and b", "a*exp(b + x/9)", 1},
    {"y - (a + b + c*x)", "a b c", "a and b", "a + b", 1},
    {"y - (a - b)*x", "a b", "a and b", "a - b", 1},
    {"y - exp(a*x/b)/c", "a b c", "a and b", "a*x/b", 1},
    {"y - p*x/(q*r*3)", "p q", "p and q", "", 1},
    {"y - (a*x + 0*b)", "a b", "b", "it has no effect", 1},
    {"y - (a*x + sin(b)*floor(r/3))", "a b", "b", "it has no effect", 1},
};

Test(reasons, what_the_data_do_not_fix_is_named)
{
    fill();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double start[] = {0.9, 0.7, 0.6};
        char wanted[128];
        ad_fit_result *fit = fitted(cases[k].formula, cases[k].params, start, "x y r", columns, ROWS, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
        cr_assert_eq(fit->outcome, AD_FIT_NOT_IDENTIFIABLE, "%s: outcome %d, %s", cases[k].formula, fit->outcome, fit->message);
        snprintf(wanted, sizeof wanted, "the data do not fix %s: ", cases[k].names);
        cr_assert(strstr(fit->message, wanted) == fit->message, "%s: %s", cases[k].formula, fit->message);
        cr_assert(strstr(fit->message, cases[k].meet), "%s: %s", cases[k].formula, fit->message);
        cr_assert(fit->direction && fit->eigenvalue < 1e-20, "%s: %g", cases[k].formula, fit->eigenvalue);
        double length = 0;
        for (size_t j = 0; j < fit->n; j++)
            length = hypot(length, fit->direction[j]);
        NEAR(length, 1, 1e-9);
        expect_no_estimates(fit);
        ad_fit_free(fit);
    }
}

Test(reasons, too_few_observations)
{
    fill();
    ad_fit_result *fit = fitted("y - (a + b*x + c*x^2)", "a b c", (double[]){1, 1, 1}, "x y r", columns, 2, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    cr_assert_eq(fit->outcome, AD_FIT_NOT_IDENTIFIABLE);
    cr_assert_str_eq(fit->message, "2 observations cannot fix 3 params; give more data, or hold params");
    expect_no_estimates(fit);
    ad_fit_free(fit);
}

/* A likelihood whose Hessian is singular at its minimum. */
Test(reasons, a_likelihood_that_leaves_a_param_free)
{
    fill();
    ad_fit_result *fit = fitted("exp(a + b) - 3*(a + b)", "a b", (double[]){0, 0}, "x y r", columns, ROWS, (ad_fit_options){0});
    cr_assert_eq(fit->outcome, AD_FIT_NOT_IDENTIFIABLE, "%s", fit->message);
    cr_assert(strstr(fit->message, "a and b: they enter only through a + b"), "%s", fit->message);
    expect_no_estimates(fit);
    ad_fit_free(fit);
}

static const struct { const char *formula; double a, b; size_t row; const char *says; } domains[] = {
    {"y - a*log(x - b)", 1, 1, 0, "at the start, row 1: log(x - b) is not a number"},
    {"y - a*log(5 - b*x)", 1, 1, 24, "at the start, row 25: log(5 - b*x) is infinite: its operand is at a pole (5 - b*x = 0)"},
    {"y - a*exp(b*x)", 1, 300, 11, "at the start, row 12: exp(b*x) overflows: it is about 4.9"},
    {"y - log(1 + exp(b*x))*a", 1, 300, 11, "at the start, row 12: exp(b*x) overflows: it is about 4.9"},
    {"y - a/(x - b)", 1, 0.4, 1, "at the start, row 2: a/(x - b) is infinite: its operand is at a pole (a = 1, x - b = 0)"},
    {"y - a*sqrt(b*x)", 1, 0, 0, "at the start, row 1: b*x = 0 is where sqrt(b*x) ends: slope nan from the left, inf from the right"},
};

Test(reasons, a_start_outside_the_domain_names_operation_and_row)
{
    fill();
    for (size_t k = 0; k < sizeof domains / sizeof *domains; k++) {
        const double start[] = {domains[k].a, domains[k].b};
        ad_fit_result *fit = fitted(domains[k].formula, "a b", start, "x y r", columns, ROWS, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
        cr_assert_eq(fit->outcome, AD_FIT_OUTSIDE_DOMAIN, "%s: %s", domains[k].formula, fit->message);
        cr_assert(strstr(fit->message, domains[k].says) == fit->message, "%s: %s", domains[k].formula, fit->message);
        cr_assert(strstr(fit->message, "; start where it is one, or bound the params so that it stays one"), "%s", fit->message);
        cr_assert_eq(fit->row, domains[k].row, "%s: row %zu", domains[k].formula, fit->row);
        expect_no_estimates(fit);
        ad_fit_free(fit);
    }
    ad_fit_result *safe = fitted("y - a*log(1 + exp(b*x))", "a b", (double[]){1, 300}, "x y r", columns, ROWS, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    cr_assert(strstr(safe->message, "(b*x = 720); write softplus(b*x) instead; start where"), "%s", safe->message);
    ad_fit_free(safe);
    y[4] = INFINITY;
    ad_fit_result *fit = fitted("(y - a)^2", "a", (double[]){1}, "x y r", columns, ROWS, (ad_fit_options){0});
    cr_assert(strstr(fit->message, "at the start, row 5: y is infinite") == fit->message, "%s", fit->message);
    ad_fit_free(fit);
}

Test(reasons, an_iteration_that_does_not_settle_says_what_moved_last)
{
    fill();
    ad_fit_result *fit = fitted("y - a*exp(b*x)", "a b", (double[]){1, 5}, "x y r", columns, ROWS,
                                (ad_fit_options){.objective = AD_FIT_RESIDUALS, .max_iterations = 3});
    cr_assert_eq(fit->outcome, AD_FIT_NOT_CONVERGED);
    cr_assert(strstr(fit->message, "did not converge: it took as many iterations as it may; ") == fit->message, "%s", fit->message);
    cr_assert(strstr(fit->message, " moved last, by "), "%s", fit->message);
    expect_no_estimates(fit);
    ad_fit_free(fit);
    fit = fitted("a*x", "a", (double[]){1}, "x y r", columns, ROWS, (ad_fit_options){0});
    cr_assert(fit->outcome == AD_FIT_NOT_CONVERGED && strstr(fit->message, "a ran from 1 to -"), "%s", fit->message);
    expect_no_estimates(fit);
    ad_fit_free(fit);
}

/* NIST's BoxBOD (Box, Hunter and Hunter 1978): a long first step goes where b has no effect; another gets there. */
Test(reasons, a_param_that_ran_away_is_no_estimate)
{
    double t[] = {1, 2, 3, 5, 7, 10}, v[] = {109, 149, 149, 191, 213, 224};
    const double *const box[] = {t, v};
    ad_fit_result *fit = fitted("v - a*(1 - exp(-b*t))", "a b", (double[]){1, 500}, "t v", box, 6, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    cr_assert_eq(fit->outcome, AD_FIT_NOT_IDENTIFIABLE, "%s", fit->message);
    cr_assert(strstr(fit->message, "b"), "%s", fit->message);
    expect_no_estimates(fit);
    ad_fit_free(fit);
    fit = fitted("v - a*(1 - exp(-b*t))", "a b", (double[]){1, 1}, "t v", box, 6, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    CONVERGED(fit);
    NEAR(fit->params[0].estimate, 2.1380940889e2, 1e-10);
    NEAR(fit->params[1].estimate, 5.4723748542e-1, 1e-10);
    ad_fit_free(fit);
}

/* A sigmoid as steep as one likes goes through a step: only the product of its slope and its distance to one point is fixed. */
Test(reasons, a_step_does_not_fix_the_slope_of_a_sigmoid)
{
    double u[20], step[20];
    for (int r = 0; r < 20; r++) {
        u[r] = r;
        step[r] = (r > 10 ? 5 : 1) + (r % 4 < 2 ? 0.1 : -0.1);
    }
    const double *const table[] = {u, step};
    for (double k = 0.1; k < 1000; k *= 10) {
        ad_fit_result *fit = fitted("y - low - (high - low)*sigmoid(k*(u - c))", "low high k c", (double[]){1, 5, k, 10.2}, "u y", table, 20,
                                    (ad_fit_options){.objective = AD_FIT_RESIDUALS});
        cr_assert(fit->outcome == AD_FIT_NOT_IDENTIFIABLE || fit->outcome == AD_FIT_NOT_CONVERGED, "k = %g: %.8g +- %g", k,
                  fit->params[2].estimate, fit->params[2].standard_error);
        cr_assert(strstr(fit->message, "k"), "%s", fit->message);
        expect_no_estimates(fit);
        ad_fit_free(fit);
    }
}

/* ---- Arguments ----------------------------------------------------------------------------------------------------------- */

Test(reasons, arguments_that_cannot_be)
{
    const double start[] = {1, 1}, low[] = {2, 2}, high[] = {1, 3}, negative[ROWS] = {[7] = -1}, bad[] = {NAN, 1};
    fill();
    ad_function *f = formulas(1, (const char *const[]){"y - a - b*x"}, "a b", "x y r", NULL);
    ad_function *two = formulas(2, (const char *const[]){"y - a", "x - b"}, "a b", "x y r", NULL);
    ad_function *none = formulas(1, (const char *const[]){"y - x"}, "", "x y r", NULL);
    ad_fit_options residuals = {.objective = AD_FIT_RESIDUALS}, bounds = residuals, weights = residuals, level = residuals, squares = {0};
    bounds.lower = low;
    bounds.upper = high;
    weights.weights = negative;
    level.level = 1.5;
    squares.method = AD_FIT_LEAST_SQUARES;
    const struct { const ad_function *f; const double *start; size_t rows; ad_fit_options o; const char *says; } wrong[] = {
        {NULL, start, ROWS, residuals, "there is no function to fit"},
        {none, start, ROWS, residuals, "there is no param to fit"},
        {f, start, 0, residuals, "there are no rows to fit to"},
        {f, NULL, ROWS, residuals, "there is no start, or there are no columns"},
        {f, bad, ROWS, residuals, "the start of a is nan; start from a finite number"},
        {two, start, ROWS, (ad_fit_options){0}, "a loss is a function of one output; say AD_FIT_RESIDUALS if these are residuals"},
        {f, start, ROWS, bounds, "the bounds of a, 2 and 1, exclude one another"},
        {f, start, ROWS, weights, "the weight of row 8 is -1; weights are finite, and 0 or more"},
        {f, start, ROWS, level, "the level of intervals is between 0 and 1"},
        {f, start, ROWS, squares, "the loss is not a sum of squares that can be seen to be one; give residuals, or another method"},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        ad_fit_result *fit = ad_fit(wrong[k].f, wrong[k].start, columns, wrong[k].rows, wrong[k].o);
        cr_assert(fit->outcome == AD_FIT_FAILED && fit->status == AD_ERROR_ARGUMENT, "%zu: %s", k, fit->message);
        cr_assert_str_eq(fit->message, wrong[k].says, "%zu: %s", k, fit->message);
        ad_fit_free(fit);
    }
    ad_fit_free(NULL);
    ad_function_free(f), ad_function_free(two), ad_function_free(none);
}
