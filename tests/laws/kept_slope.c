/* kept_slope.c -- the slope of a sigmoid on the tape, which comes from what recording kept of the forward pass, against
 * MPFR: the one slope that the sweep does not take from ops.def's text. */
#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <math.h>
#include <mpfr.h>
#include <stdint.h>
#include <stdlib.h>

static double uniform(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* How far a slope is from e/(1 + e)^2, e = exp(-|x|), in ulp of the exact one. */
static double ulps(double x, double slope, mpfr_t e, mpfr_t d)
{
    mpfr_set_d(e, -fabs(x), MPFR_RNDN);
    mpfr_exp(e, e, MPFR_RNDN);
    mpfr_add_ui(d, e, 1, MPFR_RNDN);
    mpfr_sqr(d, d, MPFR_RNDN);
    mpfr_div(e, e, d, MPFR_RNDN);
    double exact = mpfr_get_d(e, MPFR_RNDN), unit = nextafter(exact, INFINITY) - exact;
    mpfr_sub_d(d, e, slope, MPFR_RNDN);
    return fabs(mpfr_get_d(d, MPFR_RNDN)) / unit;
}

Test(kept_slope, of_a_sigmoid_is_within_two_ulp_at_any_argument)
{
    const char *points = getenv("AD_TEST_POINTS");
    int n = points ? atoi(points) : 20000;
    uint64_t state = 5;
    mpfr_t e, d;
    mpfr_inits2(256, e, d, (mpfr_ptr)0);
    ad_tape *tape = ad_tape_new();
    double worst = 0, at = 0;
    for (int i = 0; i < n; i++) {
        double u = uniform(&state), x = i % 4 == 0 ? exp(50 * u - 43) : i % 4 == 1 ? 40 * u - 20 : i % 4 == 2 ? 1400 * u - 700
                                        : -exp(50 * u - 43);
        if (i < 6)
            x = (double[]){0, -0.0, 40, -700, 13.8629, 18}[i];
        if (fabs(x) > 707)
            continue;
        ad_tape_reset(tape);
        ad_var v = ad_param(tape, NULL, x);
        ad_backward(ad_sigmoid(v));
        double off = ulps(x, ad_grad(v), e, d);
        if (!(off <= worst)) {
            worst = off;
            at = x;
        }
    }
    cr_assert(worst <= 2, "%.3f ulp at %.17g", worst, at);
    ad_tape_free(tape);
    mpfr_clears(e, d, (mpfr_ptr)0);
}
