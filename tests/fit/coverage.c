/* coverage.c -- intervals cover: of 2000 seeded fits to data with normal errors, 93 to 97 % of the 95 % intervals hold the truth;
 * so do profile-likelihood intervals, and likelihood intervals of counts. */
#include "fitting.h"

enum { ROWS = 40, FITS = 2000 };

static void expect_coverage(const char *what, int covered)
{
    cr_assert(covered >= 0.93 * FITS && covered <= 0.97 * FITS, "%s: %d of %d", what, covered, FITS);
}

Test(coverage, least_squares)
{
    const char *const text = "y - a*(1 - exp(-b*x))";
    double x[ROWS], y[ROWS], truth[] = {10, 0.3};
    const double *const columns[] = {x, y};
    ad_function *f = formulas(1, &text, "a b", "x y", NULL);
    int covered[2] = {0}, profiled[2] = {0};
    uint64_t state = 11;
    for (int k = 0; k < FITS; k++) {
        for (int r = 0; r < ROWS; r++) {
            x[r] = 0.25 * (r + 1);
            y[r] = truth[0] * (1 - exp(-truth[1] * x[r])) + 0.4 * normal(&state);
        }
        ad_fit_result *fit = ad_fit(f, (double[]){5, 1}, columns, ROWS, (ad_fit_options){.objective = AD_FIT_RESIDUALS, .profile = 1});
        CONVERGED(fit);
        for (int j = 0; j < 2; j++) {
            covered[j] += fit->params[j].low <= truth[j] && truth[j] <= fit->params[j].high;
            profiled[j] += fit->params[j].profile_low <= truth[j] && truth[j] <= fit->params[j].profile_high;
        }
        ad_fit_free(fit);
    }
    ad_function_free(f);
    printf("of %d: a %d, b %d; profile a %d, b %d\n", FITS, covered[0], covered[1], profiled[0], profiled[1]);
    expect_coverage("a", covered[0]);
    expect_coverage("b", covered[1]);
    expect_coverage("a, profile", profiled[0]);
    expect_coverage("b, profile", profiled[1]);
}

static double poisson(double mean, uint64_t *state)
{
    double p = exp(-mean), sum = p, u = uniform(state), k = 0;
    while (u > sum && k < 1000)
        sum += p *= mean / ++k;
    return k;
}

Test(coverage, likelihood_of_counts)
{
    const char *const text = "exp(a + b*x) - k*(a + b*x)";
    double x[ROWS], k[ROWS], truth[] = {1.2, 0.5};
    const double *const columns[] = {x, k};
    ad_function *f = formulas(1, &text, "a b", "x k", NULL);
    int covered[2] = {0};
    uint64_t state = 12;
    for (int i = 0; i < FITS; i++) {
        for (int r = 0; r < ROWS; r++) {
            x[r] = 0.05 * r - 1;
            k[r] = poisson(exp(truth[0] + truth[1] * x[r]), &state);
        }
        ad_fit_result *fit = ad_fit(f, (double[]){0, 0}, columns, ROWS, (ad_fit_options){0});
        CONVERGED(fit);
        for (int j = 0; j < 2; j++)
            covered[j] += fit->params[j].low <= truth[j] && truth[j] <= fit->params[j].high;
        ad_fit_free(fit);
    }
    ad_function_free(f);
    printf("of %d: a %d, b %d\n", FITS, covered[0], covered[1]);
    expect_coverage("a", covered[0]);
    expect_coverage("b", covered[1]);
}
