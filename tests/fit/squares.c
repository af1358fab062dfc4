/* squares.c -- sums of squares: seen in any spelling, solved as closed forms say, with weights, bounds and several responses. */
#include "fitting.h"

enum { ROWS = 40 };
static double x[ROWS], y[ROWS], z[ROWS], w[ROWS], sigma[ROWS];
static const double *const columns[] = {x, y, z, w, sigma};
static const char names[] = "x y z w sigma";

static void fill(void)
{
    uint64_t state = 3;
    for (int r = 0; r < ROWS; r++) {
        x[r] = 0.25 * (r - 11);
        y[r] = 1.5 - 0.75 * x[r] + 0.2 * normal(&state);
        z[r] = 4 + 0.5 * x[r] + 0.1 * normal(&state);
        w[r] = 1 + r % 4;
        sigma[r] = 1 / sqrt(w[r]);
    }
}

/* The weighted line through the points: estimates a and b, their standard errors, the sum of squares (any textbook). */
typedef struct line { double a, b, error_a, error_b, rss; } line;

static line weighted_line(const double *weights)
{
    double S = 0, Sx = 0, Sy = 0, Sxx = 0, Sxy = 0;
    line l = {0};
    int n = 0;
    for (int r = 0; r < ROWS; r++) {
        double v = weights ? weights[r] : 1;
        S += v, Sx += v * x[r], Sy += v * y[r], Sxx += v * x[r] * x[r], Sxy += v * x[r] * y[r];
        n += v > 0;
    }
    double det = S * Sxx - Sx * Sx;
    l.a = (Sxx * Sy - Sx * Sxy) / det;
    l.b = (S * Sxy - Sx * Sy) / det;
    for (int r = 0; r < ROWS; r++)
        l.rss += (weights ? weights[r] : 1) * (y[r] - l.a - l.b * x[r]) * (y[r] - l.a - l.b * x[r]);
    l.error_a = sqrt(l.rss / (n - 2) * Sxx / det);
    l.error_b = sqrt(l.rss / (n - 2) * S / det);
    return l;
}

static void expect_line(const char *what, const ad_fit_result *fit, line l)
{
    cr_assert_eq(fit->outcome, AD_FIT_CONVERGED, "%s: %s", what, fit->message);
    cr_assert(fit->least_squares, "%s is a sum of squares", what);
    cr_assert(is_near(fit->params[0].estimate, l.a, 1e-13) && is_near(fit->params[1].estimate, l.b, 1e-13), "%s: %.17g %.17g", what,
              fit->params[0].estimate, fit->params[1].estimate);
    cr_assert(is_near(fit->params[0].standard_error, l.error_a, 1e-12) && is_near(fit->params[1].standard_error, l.error_b, 1e-12),
              "%s: %.17g %.17g", what, fit->params[0].standard_error, fit->params[1].standard_error);
    cr_assert(is_near(fit->rss, l.rss, 1e-12), "%s: rss is %.17g, not %.17g", what, fit->rss, l.rss);
}

static const char *const plain[] = {
    "(y - (a + b*x))^2", "(y - (a + b*x))^2/2", "0.5*(y - a - b*x)^2", "square(y - (a + b*x))", "square(a + b*x - y)/2",
    "squared_error(y, a + b*x)", "squared_error(a + b*x, y)", "2*squared_error(y, a + b*x)", "powi(y - (a + b*x), 2)",
    "pow(y - (a + b*x), 2)", "(y - (a + b*x))*(y - (a + b*x))", "abs(y - (a + b*x))^2", "-(-(y - a - b*x)^2)",
    "(y - (a + b*x))^2/(2*0.3^2)", "sum((y - (a + b*x))^2, 0)", "mean((y - (a + b*x))^2)", "3*((y - a - b*x)^2/7)",
};
static const char *const weighted[] = {
    "w*(y - (a + b*x))^2", "(y - (a + b*x))^2*w/2", "w*squared_error(y, a + b*x)", "(y - (a + b*x))^2/sigma^2",
    "((y - (a + b*x))/sigma)^2/2", "(y - (a + b*x))^2/(2*sigma^2)", "0.5*((a + b*x - y)/sigma)^2", "square(sqrt(w)*(y - a - b*x))",
    "1/(2*sigma^2)*(y - (a + b*x))^2",
};
static const char *const others[] = {
    "(y - (a + b*x))^2/2 + 0.9189385", "(y - (a + b*x))^4", "abs(y - (a + b*x))", "softplus((y - (a + b*x))^2)",
    "(y - (a + b*x))^2/exp(b) + b", "(y - (a + b*x))^2 - z*(a + x)^2", "log(1 + (y - (a + b*x))^2)",
};

Test(squares, every_spelling_is_the_same_fit)
{
    const double start[] = {0.1, 0.1};
    fill();
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) {
        ad_fit_result *fit = fitted(plain[k], "a b", start, names, columns, ROWS, (ad_fit_options){0});
        expect_line(plain[k], fit, weighted_line(NULL));
        cr_assert(fit->observations == ROWS && fit->degrees == ROWS - 2);
        double mean = 0, total = 0;
        for (int r = 0; r < ROWS; r++)
            mean += y[r] / ROWS;
        for (int r = 0; r < ROWS; r++)
            total += (y[r] - mean) * (y[r] - mean);
        cr_assert(is_near(fit->r_squared, 1 - fit->rss / total, 1e-12), "%s: R squared is %g", plain[k], fit->r_squared);
        ad_fit_free(fit);
    }
    for (size_t k = 0; k < sizeof weighted / sizeof *weighted; k++) {
        ad_fit_result *fit = fitted(weighted[k], "a b", start, names, columns, ROWS, (ad_fit_options){0});
        expect_line(weighted[k], fit, weighted_line(w));
        ad_fit_free(fit);
    }
}

Test(squares, weights_of_the_options_are_those_of_the_formula)
{
    const double start[] = {0.1, 0.1};
    fill();
    w[3] = w[17] = 0;                                                      /* no observation at all */
    const ad_fit_objective kinds[] = {AD_FIT_LOSS, AD_FIT_RESIDUALS};
    const char *const texts[] = {"(y - a - b*x)^2/2", "y - a - b*x"};
    for (int k = 0; k < 2; k++) {
        ad_fit_result *fit = fitted(texts[k], "a b", start, names, columns, ROWS, (ad_fit_options){.weights = w, .objective = kinds[k]});
        expect_line(texts[k], fit, weighted_line(w));
        cr_assert_eq(fit->observations, ROWS - 2);
        ad_fit_free(fit);
    }
}

Test(squares, what_is_none_is_a_likelihood)
{
    const double start[] = {1, -0.5};
    fill();
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        ad_fit_result *fit = fitted(others[k], "a b", start, names, columns, ROWS, (ad_fit_options){0});
        cr_assert(!fit->least_squares && isnan(fit->rss), "%s", others[k]);
        ad_fit_free(fit);
    }
    ad_fit_result *fit = fitted("(y - a - b*x)^2/2", "a b", start, names, columns, ROWS, (ad_fit_options){.objective = AD_FIT_LIKELIHOOD});
    line l = weighted_line(NULL);
    CONVERGED(fit);
    NEAR(fit->params[1].estimate, l.b, 1e-12);
    NEAR(fit->params[1].standard_error, l.error_b / sqrt(l.rss / (ROWS - 2)), 1e-12);   /* sigma is 1 */
    cr_assert(isnan(fit->rss));
    ad_fit_free(fit);
}

/* Bounds on a line: where the free minimum is outside, the bound holds and the other param is fitted to what is left. */
Test(squares, bounds_hold)
{
    fill();
    double Sx = 0, Sy = 0, Sxx = 0, Sxy = 0, rss = 0;
    for (int r = 0; r < ROWS; r++)
        Sx += x[r], Sy += y[r], Sxx += x[r] * x[r], Sxy += x[r] * y[r];
    const struct { double start[2], lower[2], upper[2]; double a, b; int bound_a, bound_b; } cases[] = {
        {{3, 3}, {2, -INFINITY}, {INFINITY, INFINITY}, 2, (Sxy - 2 * Sx) / Sxx, -1, 0},
        {{0, 0}, {-INFINITY, -0.5}, {INFINITY, 0}, (Sy + 0.5 * Sx) / ROWS, -0.5, 0, -1},
        {{0, -2}, {-INFINITY, -INFINITY}, {INFINITY, -1}, (Sy + Sx) / ROWS, -1, 0, 1},
        {{2, 7}, {2, -0.5}, {5, 9}, 2, -0.5, -1, -1},
        {{2, 7}, {2, -INFINITY}, {2, INFINITY}, 2, (Sxy - 2 * Sx) / Sxx, 2, 0},
        {{-50, 50}, {-100, -100}, {100, 100}, weighted_line(NULL).a, weighted_line(NULL).b, 0, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int method = AD_FIT_AUTOMATIC; method <= AD_FIT_LBFGS; method++) {
            double close = method == AD_FIT_LBFGS ? 1e-6 : 1e-12;
            ad_fit_result *fit = fitted("(y - a - b*x)^2", "a b", cases[k].start, names, columns, ROWS,
                                        (ad_fit_options){.lower = cases[k].lower, .upper = cases[k].upper, .method = (ad_fit_method)method});
            cr_assert_eq(fit->outcome, AD_FIT_CONVERGED, "case %zu, method %d: %s", k, method, fit->message);
            cr_assert(is_near(fit->params[0].estimate, cases[k].a, close) && is_near(fit->params[1].estimate, cases[k].b, close),
                      "case %zu, method %d: %.17g %.17g", k, method, fit->params[0].estimate, fit->params[1].estimate);
            cr_assert(fit->params[0].bound == cases[k].bound_a && fit->params[1].bound == cases[k].bound_b, "case %zu, method %d", k, method);
            cr_assert(isnan(fit->params[0].standard_error) == (cases[k].bound_a != 0), "case %zu", k);
            ad_fit_free(fit);
        }
    ad_fit_result *fit = fitted("(y - a - b*x)^2", "a b", cases[0].start, names, columns, ROWS, (ad_fit_options){.lower = cases[0].lower});
    for (int r = 0; r < ROWS; r++)
        rss += (y[r] - 2 - cases[0].b * x[r]) * (y[r] - 2 - cases[0].b * x[r]);
    NEAR(fit->rss, rss, 1e-12);
    NEAR(fit->params[1].standard_error, sqrt(rss / (ROWS - 1) / Sxx), 1e-12);
    cr_assert_eq(fit->degrees, ROWS - 1);
    ad_fit_free(fit);
}

/* Two responses that share a slope: closed form by stacking them. */
Test(squares, several_responses_are_fitted_together)
{
    fill();
    const char *const residuals[] = {"y - (a + b*x)", "z - (c + b*x)"};
    ad_function *f = formulas(2, residuals, "a b c", names, NULL);
    ad_fit_result *fit = ad_fit(f, (double[]){1, 1, 1}, columns, ROWS, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    double mx = 0, my = 0, mz = 0, Sxx = 0, Sxy = 0;
    for (int r = 0; r < ROWS; r++)
        mx += x[r] / ROWS, my += y[r] / ROWS, mz += z[r] / ROWS;
    for (int r = 0; r < ROWS; r++)
        Sxx += 2 * (x[r] - mx) * (x[r] - mx), Sxy += (x[r] - mx) * (y[r] - my + z[r] - mz);
    CONVERGED(fit);
    NEAR(fit->params[1].estimate, Sxy / Sxx, 1e-12);
    NEAR(fit->params[0].estimate, my - Sxy / Sxx * mx, 1e-12);
    NEAR(fit->params[2].estimate, mz - Sxy / Sxx * mx, 1e-12);
    NEAR(fit->params[1].standard_error, sqrt(fit->rss / (2 * ROWS - 3) / Sxx), 1e-12);
    cr_assert(fit->observations == 2 * ROWS && fit->responses == 2 && fit->degrees == 2 * ROWS - 3);
    ad_fit_free(fit);
    ad_function_free(f);
    ad_fit_result *loss = fitted("(y - (a + b*x))^2/2 + squared_error(z, c + b*x)", "a b c", (double[]){1, 1, 1}, names, columns, ROWS,
                                 (ad_fit_options){0});
    NEAR(loss->params[1].estimate, Sxy / Sxx, 1e-12);
    NEAR(loss->rss, loss->s * loss->s * (2 * ROWS - 3), 1e-12);
    ad_fit_free(loss);
}

/* Data that a formula gives without error: estimates to the last digits, no standard errors to speak of. */
Test(squares, data_without_error_are_met)
{
    fill();
    for (int r = 0; r < ROWS; r++)
        y[r] = 2.5 * exp(-0.3 * x[r]) + 1;
    ad_fit_result *fit = fitted("(y - (a*exp(-b*x) + c))^2", "a b c", (double[]){1, 1, 0}, names, columns, ROWS, (ad_fit_options){0});
    CONVERGED(fit);
    NEAR(fit->params[0].estimate, 2.5, 1e-13);
    NEAR(fit->params[1].estimate, 0.3, 1e-13);
    NEAR(fit->params[2].estimate, 1, 1e-13);
    cr_assert(fit->rss < 1e-26 && fit->r_squared > 1 - 1e-14);
    ad_fit_free(fit);
}

/* Large enough for the sums over rows: the same answers as from the rows themselves. */
Test(squares, many_rows)
{
    enum { MANY = 20000 };
    static double u[MANY], v[MANY];
    uint64_t state = 9;
    double S = MANY, Sx = 0, Sy = 0, Sxx = 0, Sxy = 0;
    for (int r = 0; r < MANY; r++) {
        u[r] = uniform(&state);
        v[r] = 3 - 2 * u[r] + normal(&state);
        Sx += u[r], Sy += v[r], Sxx += u[r] * u[r], Sxy += u[r] * v[r];
    }
    const double *const many[] = {u, v};
    ad_fit_result *fit = fitted("v - a - b*u", "a b", (double[]){0, 0}, "u v", many, MANY, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    double det = S * Sxx - Sx * Sx;
    CONVERGED(fit);
    NEAR(fit->params[0].estimate, (Sxx * Sy - Sx * Sxy) / det, 1e-11);
    NEAR(fit->params[1].estimate, (S * Sxy - Sx * Sy) / det, 1e-11);
    NEAR(fit->params[1].standard_error, fit->s * sqrt(S / det), 1e-11);
    ad_fit_free(fit);
}
