/* quantile.c -- quantiles of Student's t against printed tables and closed forms. */
#include "fitting.h"
#include <autodiff/fit/quantile.h>

/* t with P(|T| <= t) = 0.95 and 0.99: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2. */
static const struct { double degrees, at95, at99; } table[] = {
    {1, 12.706, 63.657}, {2, 4.303, 9.925}, {3, 3.182, 5.841}, {4, 2.776, 4.604}, {5, 2.571, 4.032}, {7, 2.365, 3.499},
    {10, 2.228, 3.169}, {20, 2.086, 2.845}, {30, 2.042, 2.750}, {60, 2.000, 2.660}, {100, 1.984, 2.626}, {1e9, 1.960, 2.576},
};

Test(quantile, as_printed)
{
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        cr_assert(fabs(ad_student_quantile(0.95, table[k].degrees) - table[k].at95) <= 0.0005001, "%g", table[k].degrees);
        cr_assert(fabs(ad_student_quantile(0.99, table[k].degrees) - table[k].at99) <= 0.0005001, "%g", table[k].degrees);
    }
}

Test(quantile, closed_forms)
{
    for (double level = 0.01; level < 1; level += 0.07) {
        NEAR(ad_student_quantile(level, 1), tan(M_PI / 2 * level), 1e-12);
        NEAR(ad_student_quantile(level, 2), level * sqrt(2 / (1 - level * level)), 1e-12);
        NEAR(erf(ad_student_quantile(level, INFINITY) * M_SQRT1_2), level, 1e-13);
        for (double nu = 0.5; nu < 1e7; nu *= 3.7)
            NEAR(1 - ad_student_tails(ad_student_quantile(level, nu), nu), level, 1e-11);
    }
    NEAR(ad_incomplete_beta(2, 3, 0.4), 0.5248, 1e-13);                    /* 6x^2 - 8x^3 + 3x^4 */
    NEAR(ad_incomplete_beta(1, 7, 0.1), 1 - pow(0.9, 7), 1e-13);
    cr_assert(ad_incomplete_beta(2, 3, 0) == 0 && ad_incomplete_beta(2, 3, 1) == 1);
    cr_assert(isnan(ad_student_quantile(0.95, 0)) && ad_student_quantile(0, 5) == 0 && isinf(ad_student_quantile(1, 5)));
}
