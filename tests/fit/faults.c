/* faults.c -- a fit whose allocations fail, each once and all from one on: no crash, no leak, and it says so. */
#include "fitting.h"
#include "../functions/failing.h"

enum { ROWS = 24 };

typedef struct run { const char *formula; ad_fit_options options; double start[3]; } run;

static ad_fit_outcome fit_once(const run *r, failing *m, ad_status *status)
{
    static double x[ROWS], y[ROWS];
    uint64_t state = 8;
    for (int i = 0; i < ROWS; i++) {
        x[i] = 0.3 * i;
        y[i] = 2 + exp(-0.4 * x[i]) + 0.05 * normal(&state);
    }
    const double *const columns[] = {x, y};
    ad_allocator a = failing_allocator(m);
    ad_function *f = formulas(1, &r->formula, "a b c", "x y", &a);
    ad_fit_outcome outcome = AD_FIT_FAILED;
    *status = AD_ERROR_NO_MEMORY;
    if (f) {
        ad_fit_result *fit = ad_fit(f, r->start, columns, ROWS, r->options);
        outcome = fit ? fit->outcome : AD_FIT_FAILED;
        *status = fit ? fit->status : AD_ERROR_NO_MEMORY;
        ad_fit_free(fit);
    }
    ad_function_free(f);
    return outcome;
}

static void fail_everywhere(const run *r, ad_fit_outcome wanted, long most)
{
    failing m = {0};
    ad_status status;
    cr_assert_eq(fit_once(r, &m, &status), wanted, "%s", r->formula);
    long calls = m.calls;
    cr_assert(m.live == 0 && !m.wrong);
    for (int on = 0; on < 2; on++)
        for (long k = 1; k <= calls; k += 1 + calls / most) {
            m = (failing){.fail_at = k, .fail_on = on};
            ad_fit_outcome outcome = fit_once(r, &m, &status);
            cr_assert((outcome == AD_FIT_FAILED && status == AD_ERROR_NO_MEMORY) || (!on && outcome == wanted), "%s, call %ld of %ld: outcome %d, status %d",
                      r->formula, k, calls, outcome, status);
            cr_assert(m.live == 0 && !m.wrong, "%s, call %ld: %zu bytes left", r->formula, k, m.live);
        }
}

Test(faults, every_allocation_of_a_fit_may_fail)
{
    const run runs[] = {
        {"(y - a - b*exp(-c*x))^2/2", {.profile = 1}, {1, 1, 1}},
        {"softplus(y - a - b*exp(-c*x)) + 0.1*(a^2 + b^2 + c^2)", {0}, {1, 1, 1}},
        {"(y - a - b*exp(-c*x))^2", {.method = AD_FIT_LBFGS}, {1, 1, 1}},
        {"(y - a*b - c*x)^2", {0}, {1, 1, 1}},
        {"(y - a - b*log(x - c))^2", {0}, {1, 1, 1}},
    };
    const ad_fit_outcome outcomes[] = {AD_FIT_CONVERGED, AD_FIT_CONVERGED, AD_FIT_CONVERGED, AD_FIT_NOT_IDENTIFIABLE, AD_FIT_OUTSIDE_DOMAIN};
    for (int k = 0; k < 5; k++)
        fail_everywhere(&runs[k], outcomes[k], 400);
}
