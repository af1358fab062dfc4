/* report.c -- the report in print, and the assertions for users of Criterion. */
#include "exam.h"

#include <autodiff/criterion.h>
#include <stdio.h>

static const char *printed(const ad_check *c)
{
    static char text[8192];
    FILE *stream = tmpfile();
    cr_assert_eq(ad_check_print(c, stream), AD_OK);
    rewind(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = 0;
    fclose(stream);
    return text;
}

Test(report, shows_yours_beside_the_exact_one_the_verdict_and_the_cause)
{
    ad_function *f = exam_function();
    exam_slip = NO_SIGMOID;
    ad_check *c = ad_check_gradient(PARAMS, POINT, (ad_check_options){.function = f, .gradient = exam_gradient});
    const char *text = printed(c);
    cr_assert(strstr(text, "gradient of 4 components, at the given point and 20 random ones, against exact derivatives"), "%s", text);
    cr_assert(strstr(text, "WRONG: missing factor sigmoid'(b + w*1.7)"), "%s", text);
    cr_assert(strstr(text, "2 right, 2 wrong\n"), "%s", text);
    ad_check_free(c);
    ad_function_free(f);
}

Test(report, a_check_that_could_not_be_made_says_why)
{
    ad_check *c = ad_check_gradient(1, (double[]){0}, (ad_check_options){0});
    cr_assert(strstr(printed(c), "gradient check: no gradient to check"));
    ad_check_free(c);
    cr_assert_eq(ad_check_print(NULL, stdout), AD_ERROR_ARGUMENT);
}

Test(report, the_assertion_passes_on_a_right_gradient)
{
    exam_slip = NO_SLIP;
    ad_function *f = exam_function();
    AD_ASSERT_GRADIENT(PARAMS, POINT, .function = f, .gradient = exam_gradient);
    AD_EXPECT_GRADIENT(PARAMS, POINT, .value = exam_value, .gradient = exam_gradient);
    ad_function_free(f);
}

/* What the macro says on a wrong one, without failing this test. */
static char said[8192];
#define NOTE(right, ...) ((right) ? (void)strcpy(said, "passed") : (void)snprintf(said, sizeof said, __VA_ARGS__))

Test(report, the_assertion_prints_the_report_of_a_wrong_one)
{
    exam_slip = SIGN;
    AD_GRADIENT_(NOTE, PARAMS, POINT, .value = exam_value, .gradient = exam_gradient);
    cr_assert(strstr(said, "the gradient is not right\n") && strstr(said, "WRONG: sign"), "%s", said);
    exam_slip = NO_SLIP;
    AD_GRADIENT_(NOTE, PARAMS, POINT, .value = exam_value, .gradient = exam_gradient);
    cr_assert_str_eq(said, "passed");
}
