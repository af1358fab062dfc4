/* criterion.h -- assertions for users of Criterion: a hand-written gradient is right. Needs <criterion/criterion.h> and
 * Chainrule; the library itself needs neither it nor Criterion.
 *
 *     #include <autodiff/criterion.h>
 *
 *     Test(energy, gradient)
 *     {
 *         AD_ASSERT_GRADIENT(3, ((double[]){1, 2, 3}), .value = energy, .gradient = energy_gradient);
 *     }
 *
 * AD_ASSERT_GRADIENT(n, x, ...) and AD_EXPECT_GRADIENT(n, x, ...) take the members of ad_check_options (insight/check.h) and
 * pass when the verdict is right. When it is wrong or cannot be told, the message is the report: component by component,
 * yours beside the exact one, with the cause of what is wrong.
 */
#ifndef AUTODIFF_CRITERION_H
#define AUTODIFF_CRITERION_H

#include "insight/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* The report as text, to be freed; NULL without memory or a temporary file. */
static inline char *ad_criterion_report(const ad_check *check)
{
    FILE *stream = check ? tmpfile() : NULL;
    char *text = NULL;
    if (!stream)
        return NULL;
    ad_check_print(check, stream);
    long size = ftell(stream);
    if (size >= 0 && (text = (char *)malloc((size_t)size + 1)) != NULL) {
        rewind(stream);
        text[fread(text, 1, (size_t)size, stream)] = 0;
    }
    fclose(stream);
    return text;
}

#define AD_GRADIENT_(assertion, n, x, ...) \
    do { \
        ad_check *ad_check_ = ad_check_gradient((n), (x), (ad_check_options){__VA_ARGS__}); \
        int ad_right_ = ad_check_ && ad_check_->status == AD_OK && ad_check_->verdict == AD_RIGHT; \
        char *ad_report_ = ad_right_ ? NULL : ad_criterion_report(ad_check_); \
        ad_check_free(ad_check_); \
        char ad_text_[4096]; \
        snprintf(ad_text_, sizeof ad_text_, "%s", ad_report_ ? ad_report_ : "no memory for the report"); \
        free(ad_report_); \
        assertion(ad_right_, "the gradient is not right\n%s", ad_text_); \
    } while (0)
/** Fails the test, at once or at its end, unless the gradient is right at x [n] and around it. */
#define AD_ASSERT_GRADIENT(n, x, ...) AD_GRADIENT_(cr_assert, n, x, __VA_ARGS__)
#define AD_EXPECT_GRADIENT(n, x, ...) AD_GRADIENT_(cr_expect, n, x, __VA_ARGS__)

#endif
