/* losses.c -- other losses: likelihoods and robust ones, against closed forms and against one another. */
#include "fitting.h"

enum { ROWS = 60 };
static double x[ROWS], k[ROWS], b01[ROWS], y[ROWS];
static const double *const columns[] = {x, k, b01, y};
static const char names[] = "x k s y";

static void fill(void)
{
    uint64_t state = 5;
    for (int r = 0; r < ROWS; r++) {
        x[r] = 0.1 * (r - 20);
        k[r] = floor(exp(0.6 + 0.3 * x[r]) + 2 * uniform(&state));
        b01[r] = uniform(&state) < 1 / (1 + exp(-0.4 - 1.1 * x[r]));
        y[r] = 2 + 0.5 * x[r] + 0.1 * normal(&state) + (r % 20 == 7 ? 8 : 0);
    }
}

/* A constant rate: log of the mean, with error 1 / sqrt(total). */
Test(losses, poisson_rate)
{
    double total = 0;
    fill();
    for (int r = 0; r < ROWS; r++)
        total += k[r];
    ad_fit_result *fit = fitted("exp(a) - k*a", "a", (double[]){0}, names, columns, ROWS, (ad_fit_options){0});
    CONVERGED(fit);
    NEAR(fit->params[0].estimate, log(total / ROWS), 1e-14);
    NEAR(fit->params[0].standard_error, 1 / sqrt(total), 1e-13);
    NEAR(fit->params[0].high - fit->params[0].estimate, 1.959963984540054 / sqrt(total), 1e-12);
    cr_assert(!fit->least_squares && isnan(fit->rss));
    NEAR(fit->aic, 2 + 2 * fit->loss, 1e-14);
    ad_fit_free(fit);
}

/* A constant chance: its logit, with error 1 / sqrt(n p (1 - p)). */
Test(losses, logistic_chance)
{
    double p = 0;
    fill();
    for (int r = 0; r < ROWS; r++)
        p += b01[r] / ROWS;
    ad_fit_result *fit = fitted("softplus(a) - s*a", "a", (double[]){3}, names, columns, ROWS, (ad_fit_options){0});
    CONVERGED(fit);
    NEAR(fit->params[0].estimate, log(p / (1 - p)), 1e-13);
    NEAR(fit->params[0].standard_error, 1 / sqrt(ROWS * p * (1 - p)), 1e-13);
    ad_fit_free(fit);
}

/* The score equations hold at the estimates: sums of (s - p) and (s - p) x vanish. */
Test(losses, logistic_regression_by_every_method)
{
    fill();
    for (int method = AD_FIT_AUTOMATIC; method <= AD_FIT_LBFGS; method++) {
        if (method == AD_FIT_LEAST_SQUARES)
            continue;
        ad_fit_result *fit = fitted("-(s*log_sigmoid(a + b*x) + (1 - s)*log_sigmoid(-(a + b*x)))", "a b", (double[]){0, 0}, names, columns,
                                    ROWS, (ad_fit_options){.method = (ad_fit_method)method});
        CONVERGED(fit);
        double score[2] = {0}, I[3] = {0};
        for (int r = 0; r < ROWS; r++) {
            double p = 1 / (1 + exp(-fit->params[0].estimate - fit->params[1].estimate * x[r])), v = p * (1 - p);
            score[0] += b01[r] - p;
            score[1] += (b01[r] - p) * x[r];
            I[0] += v, I[1] += v * x[r], I[2] += v * x[r] * x[r];
        }
        double close = method == AD_FIT_LBFGS ? 1e-6 : 1e-12;
        cr_assert(fabs(score[0]) < close && fabs(score[1]) < close, "method %d: %g %g", method, score[0], score[1]);
        NEAR(fit->params[1].standard_error, sqrt(I[0] / (I[0] * I[2] - I[1] * I[1])), 1e-6);
        NEAR(fit->covariance[1], -I[1] / (I[0] * I[2] - I[1] * I[1]), 1e-6);
        ad_fit_free(fit);
    }
}

/* Gaussian with its sigma as a param: the mean, and the root of the mean square. */
Test(losses, normal_likelihood_with_its_sigma)
{
    double mean = 0, square = 0;
    fill();
    for (int r = 0; r < ROWS; r++)
        mean += y[r] / ROWS;
    for (int r = 0; r < ROWS; r++)
        square += (y[r] - mean) * (y[r] - mean) / ROWS;
    ad_fit_result *fit = fitted("log(sd) + (y - m)^2/(2*sd^2)", "m sd", (double[]){0, 10}, names, columns, ROWS,
                                (ad_fit_options){.lower = (double[]){-INFINITY, 1e-3}, .profile = 1});
    CONVERGED(fit);
    NEAR(fit->params[0].estimate, mean, 1e-12);
    NEAR(fit->params[1].estimate, sqrt(square), 1e-12);
    NEAR(fit->params[0].standard_error, sqrt(square / ROWS), 1e-12);
    NEAR(fit->params[1].standard_error, sqrt(square / ROWS / 2), 1e-12);
    /* the profile of m: n/2 log(1 + (m - mean)^2 / s^2) = z^2 / 2 */
    double z = 1.959963984540054, m = sqrt(square * expm1(z * z / ROWS));
    NEAR(fit->params[0].profile_high, mean + m, 1e-8);
    NEAR(fit->params[0].profile_low, mean - m, 1e-8);
    cr_assert(fit->params[1].profile_high - fit->params[1].estimate > fit->params[1].estimate - fit->params[1].profile_low);
    ad_fit_free(fit);
}

/* Huber's loss leaves outliers aside; where all residuals are small it is least squares. */
Test(losses, huber)
{
    const char text[] = "abs(y - a - b*x) < h ? (y - a - b*x)^2/2 : h*(abs(y - a - b*x) - h/2)";
    fill();
    ad_fit_result *fit = fitted(text, "a b h", (double[]){0, 0, 0.3}, names, columns, ROWS,
                                (ad_fit_options){.lower = (double[]){-INFINITY, -INFINITY, 0.3}, .upper = (double[]){INFINITY, INFINITY, 0.3}});
    CONVERGED(fit);
    cr_assert(fabs(fit->params[0].estimate - 2) < 0.1 && fabs(fit->params[1].estimate - 0.5) < 0.05, "%g %g", fit->params[0].estimate,
              fit->params[1].estimate);
    cr_assert(fit->params[2].bound == 2 && fit->params[2].estimate == 0.3);
    ad_fit_free(fit);
    fit = fitted(text, "a b h", (double[]){0, 0, 1e3}, names, columns, ROWS,
                 (ad_fit_options){.lower = (double[]){-INFINITY, -INFINITY, 1e3}, .upper = (double[]){INFINITY, INFINITY, 1e3}});
    ad_fit_result *squares = fitted("(y - a - b*x)^2", "a b", (double[]){0, 0}, names, columns, ROWS, (ad_fit_options){0});
    CONVERGED(fit);
    NEAR(fit->params[0].estimate, squares->params[0].estimate, 1e-12);
    NEAR(fit->params[1].estimate, squares->params[1].estimate, 1e-12);
    ad_fit_free(fit);
    ad_fit_free(squares);
}

/* Where there is no least loss the fit says which params run, by either method: classes that a line separates, or nearly, and
 * counts that are all zero. Bounds hold it. */
Test(losses, a_loss_without_a_least_value_is_no_estimate)
{
    double u[20], t[20], nearly[20], none[20] = {0};
    for (int r = 0; r < 20; r++) {
        u[r] = r - 10 + (r == 11 ? -1 : 0);
        t[r] = r > 10;
        nearly[r] = r > 10;
    }
    const double *const table[] = {u, t, nearly, none};
    const struct { const char *loss, *params, *says; } cases[] = {
        {"softplus(w*x + b) - nearly*(w*x + b)", "w b", "however far w rises beyond "},
        {"exp(a) - none*a", "a", "however far a falls beyond -"},
        {"exp(a + b*x) - none*(a + b*x)", "a b", "however far a falls"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int method = AD_FIT_NEWTON; method <= AD_FIT_LBFGS; method++) {
            ad_fit_result *fit = fitted(cases[k].loss, cases[k].params, (double[]){0, 0}, "x t nearly none", table, 20,
                                        (ad_fit_options){.method = (ad_fit_method)method});
            cr_assert_eq(fit->outcome, AD_FIT_NOT_CONVERGED, "%zu: %s", k, fit->message);
            cr_assert(strstr(fit->message, "did not converge: the loss has no least value") == fit->message && strstr(fit->message, cases[k].says),
                      "%zu: %s", k, fit->message);
            cr_assert(isnan(fit->params[0].estimate) && isnan(fit->params[0].standard_error));
            ad_fit_free(fit);
        }
    ad_fit_result *held = fitted(cases[0].loss, "w b", (double[]){0, 0}, "x t nearly none", table, 20,
                                 (ad_fit_options){.upper = (double[]){5, INFINITY}});
    CONVERGED(held);
    cr_assert_eq(held->params[0].bound, 1);
    ad_fit_free(held);
}

/* A loss that is no number where a sigmoid rounds to 1: the iteration ends at that edge, and says so. */
Test(losses, the_edge_of_the_domain_is_named)
{
    double u[20], t[20];
    for (int r = 0; r < 20; r++) {
        u[r] = r - 9.5;
        t[r] = r > 9;
    }
    const double *const table[] = {u, t};
    ad_fit_result *fit = fitted("-(t*log(sigmoid(w*x)) + (1 - t)*log(1 - sigmoid(w*x)))", "w", (double[]){0}, "x t", table, 20, (ad_fit_options){0});
    cr_assert(fit->outcome == AD_FIT_NOT_CONVERGED && strstr(fit->message, "just beyond it is no number"), "%s", fit->message);
    ad_fit_free(fit);
}

/* Least absolute deviations: the median, without the errors that a Hessian of nothing would give. */
Test(losses, a_kink_at_the_least_value_has_no_standard_errors)
{
    fill();
    ad_fit_result *fit = fitted("abs(y - m)", "m", (double[]){0}, names, columns, ROWS - 1, (ad_fit_options){0});
    CONVERGED(fit);
    int below = 0;
    for (int r = 0; r < ROWS - 1; r++)
        below += y[r] < fit->params[0].estimate - 1e-9;
    cr_assert_eq(below, (ROWS - 2) / 2, "%d below %g", below, fit->params[0].estimate);
    cr_assert(isnan(fit->params[0].standard_error) && strstr(fit->message, "no standard errors"), "%s", fit->message);
    ad_fit_free(fit);
}

/* Many params: a smooth curve through points with a penalty, whose Hessian is a band. L-BFGS against Newton. */
Test(losses, many_params)
{
    enum { N = 300 };
    ad_tape *tape = ad_tape_new();
    ad_var p[N], E = ad_const(0);
    double start[N];
    for (int i = 0; i < N; i++)
        p[i] = ad_param(tape, NULL, start[i] = 0);
    for (int i = 0; i < N; i++) {
        E = ad_add(E, ad_softplus(ad_mul(i % 2 ? 1 : -1, ad_sub(p[i], sin(0.1 * i)))));
        E = ad_add(E, ad_mul(0.05, ad_square(ad_sub(p[i], i ? p[i - 1] : ad_const(0)))));
    }
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_fit_result *few = ad_fit(f, start, NULL, 1, (ad_fit_options){.method = AD_FIT_NEWTON});
    ad_fit_result *many = ad_fit(f, start, NULL, 1, (ad_fit_options){0});
    CONVERGED(few);
    CONVERGED(many);
    cr_assert_eq(many->method, AD_FIT_LBFGS);
    for (int i = 0; i < N; i++)
        cr_assert(fabs(many->params[i].estimate - few->params[i].estimate) < 1e-5, "p%d", i);
    ad_fit_free(few);
    ad_fit_free(many);
    ad_function_free(f);
    ad_tape_free(tape);
}

/* So many params that no matrix of them is made: the points themselves, pulled together a little. */
Test(losses, thousands_of_params)
{
    enum { N = 3000 };
    ad_tape *tape = ad_tape_new();
    static ad_var p[N], terms[2 * N];
    static double start[N];
    for (int i = 0; i < N; i++) {
        p[i] = ad_param(tape, NULL, 0);
        terms[2 * i] = ad_square(ad_sub(p[i], i % 2 ? 3 : 1));
        terms[2 * i + 1] = i ? ad_square(ad_sub(p[i], p[i - 1])) : ad_const(0);
    }
    ad_var E = ad_sum(2 * N, terms);
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_fit_result *fit = ad_fit(f, start, NULL, 1, (ad_fit_options){0});
    CONVERGED(fit);
    cr_assert(fit->method == AD_FIT_LBFGS && !fit->covariance && !fit->correlation && isnan(fit->params[7].standard_error));
    NEAR(fit->params[N / 2].estimate, 2 - 1 / 5.0, 1e-7);                  /* p - 1 + 2 (p - q) = 0, q - 3 + 2 (q - p) = 0 */
    NEAR(fit->params[N / 2 + 1].estimate, 2 + 1 / 5.0, 1e-7);
    ad_fit_free(fit);
    ad_function_free(f);
    ad_tape_free(tape);
}

/* Several minima: a start in the wrong valley, and more starts that find the right one, the same for the same seed. */
Test(losses, more_starts_find_the_lower_valley)
{
    const double start[] = {-2}, lower[] = {-4}, upper[] = {4};
    const char text[] = "(q^2 - 4)^2 - q";
    ad_function *f = formulas(1, (const char *const[]){text}, "q", "", NULL);
    ad_fit_result *one = ad_fit(f, start, NULL, 1, (ad_fit_options){0});
    ad_fit_options more = {.starts = 10, .seed = 4, .lower = lower, .upper = upper};
    ad_fit_result *many = ad_fit(f, start, NULL, 1, more), *again = ad_fit(f, start, NULL, 1, more);
    CONVERGED(one);
    CONVERGED(many);
    cr_assert(one->params[0].estimate < 0 && many->params[0].estimate > 0 && many->loss < one->loss && many->starts == 11);
    cr_assert(many->params[0].estimate == again->params[0].estimate && many->evaluations == again->evaluations);
    ad_fit_free(one);
    ad_fit_free(many);
    ad_fit_free(again);
    ad_function_free(f);
}

static int stop_at_third(void *user, const ad_fit_progress *progress)
{
    (*(int *)user)++;
    return progress->iteration >= 3;
}

Test(losses, the_callback_stops_it)
{
    int calls = 0;
    fill();
    ad_fit_result *fit = fitted("(y - a*exp(b*x))^2", "a b", (double[]){20, 3}, names, columns, ROWS,
                                (ad_fit_options){.progress = stop_at_third, .user = &calls});
    cr_assert_eq(fit->outcome, AD_FIT_STOPPED);
    cr_assert(calls == 3 && isnan(fit->params[0].estimate) && fit->params[0].last != 20 && isfinite(fit->rss));
    ad_fit_free(fit);
}

/* A loss that sums over the rows itself counts once: log of a sum of exponentials, whose slope at the minimum is known. */
Test(losses, a_loss_that_sums_over_the_rows_itself)
{
    fill();
    ad_tape *tape = ad_tape_new();
    ad_var q = ad_param(tape, "q", 0), u = ad_column(tape, "x");
    ad_var E = ad_sub(ad_log(ad_row_sum(ad_exp(ad_mul(q, u)))), ad_mul(1.5, q));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_fit_result *fit = ad_fit(f, (double[]){0}, columns, ROWS, (ad_fit_options){0});
    CONVERGED(fit);
    double p = fit->params[0].estimate, S = 0, Sx = 0, Sxx = 0;
    for (int r = 0; r < ROWS; r++)
        S += exp(p * x[r]), Sx += x[r] * exp(p * x[r]), Sxx += x[r] * x[r] * exp(p * x[r]);
    NEAR(Sx / S, 1.5, 1e-12);
    NEAR(fit->loss, log(S) - 1.5 * p, 1e-12);
    NEAR(fit->params[0].standard_error, 1 / sqrt(Sxx / S - 1.5 * 1.5), 1e-10);
    ad_fit_free(fit);
    ad_function_free(f);
    ad_tape_free(tape);
}
