/* mpfr_rules.h -- what every row of ops.def should give, in 256 bits, written apart from the rule book.
 *
 * It is not a copy of it: each partial stands here in the form in which a textbook states it, since at this
 * precision cancellation and overflow do not matter. One reference per row: its value, its partials, where its
 * operands are drawn from, and the largest error allowed in units in the last place (2 unless stated).
 *
 * To add a row's reference: one REFERENCE_n below. A row without one does not compile. The n-ary rows are in mpfr_lists.h.
 */
#ifndef AD_TESTS_LAWS_MPFR_RULES_H
#define AD_TESTS_LAWS_MPFR_RULES_H

#include "mpfr_big.h"

/* ---- where operands are drawn from ---- */

struct operand {
    double from, to;   /* the interval tested */
    double near[6];    /* kinks, ends, zeros and tails that deserve a crowd; 0 always is one */
    bool whole;        /* whole numbers only */
};
enum relation { APART, ALIKE, POWER }; /* ALIKE: often nearly equal. POWER: x^y often within range */

#define ANY    { -DBL_MAX, DBL_MAX, { 0 }, false }
#define SMALL  { -800, 800, { 1, 20, 40, 700, 708, 745 }, false }
#define UNIT   { -1, 1, { 1, -1, 0.5 }, false }
#define OVER(from, to, ...)  { from, to, { __VA_ARGS__ }, false }
#define WHOLE(from, to, ...) { from, to, { __VA_ARGS__ }, true }

/* ---- the references ---- */

typedef big big_formula(big x, big y, big w);

struct reference {
    big_formula *value, *partial[3];
    struct operand operand[3];
    enum relation relation;
    double bound[4];     /* ulp: of the value, then of each partial */
    bool normal;         /* partials are held to the bound only where operands and value are normal doubles, or 0 */
    big_formula *measure[4]; /* where given, the error is counted in ulp of this if it is larger than the result: the
                            size of the terms that cancel */
};

#define FORMULA(name, expression) \
    static big name(big x, big y, big w) { (void)x, (void)y, (void)w; return expression; }
#define REFERENCE_1(name, z, dx, points, ...) \
    FORMULA(name##_z, z) FORMULA(name##_dx, dx) \
    static const struct reference reference_##name = { name##_z, { name##_dx }, { points }, \
                                                       .relation = APART, __VA_ARGS__ };
#define REFERENCE_2(name, z, dx, dy, points_x, points_y, how, ...) \
    FORMULA(name##_z, z) FORMULA(name##_dx, dx) FORMULA(name##_dy, dy) \
    static const struct reference reference_##name = { name##_z, { name##_dx, name##_dy }, { points_x, points_y }, \
                                                       .relation = how, __VA_ARGS__ };
#define REFERENCE_3(name, z, dx, dy, dw, points, how, ...) \
    FORMULA(name##_z, z) FORMULA(name##_dx, dx) FORMULA(name##_dy, dy) FORMULA(name##_dw, dw) \
    static const struct reference reference_##name = { name##_z, { name##_dx, name##_dy, name##_dw }, \
                                                       { points, points, points }, .relation = how, __VA_ARGS__ };
#define TWO_ULP .bound = { 2, 2, 2, 2 }

/* Sizes of cancelling terms: an error is counted in ulp of these where the sum itself is smaller. */
static big pole_term(big x, long n) /* of psi_n below 0, where terms of either sign meet; they carry 5 bits more */
{
    if (!below(x, num(0))) return num(0);
    big distance = big_abs(big_sub(x, big_round(x))), r = big_new();
    mpfr_fac_ui(r, (unsigned long)n, MPFR_RNDN);
    return big_mul(num(0x1p-5), big_div(r, big_pow(distance, num((double)n + 1))));
}
FORMULA(terms_of_lgamma, /* zeros below 0 lie between the poles and are no doubles: the C library's errors count there */
        below(x, num(0)) ? big_mul(num(0x1p-4), big_abs(log_gamma(big_sub(num(1), x)))) : num(0))
FORMULA(terms_of_digamma, pole_term(x, 0))
FORMULA(terms_of_polygamma, pole_term(x, whole(y)))
FORMULA(terms_of_next_polygamma, pole_term(x, whole(y) + 1))
FORMULA(slope_of_silu, big_mul(logistic(x), big_add(num(1), big_mul(x, logistic(big_neg(x))))))
FORMULA(slope_of_gelu, big_add(normal_distribution(x), big_mul(x, normal_density(x))))
FORMULA(twice_both_logistics, big_mul(num(2), big_mul(logistic(x), logistic(big_neg(x)))))
FORMULA(terms_of_gelu_curvature, /* and the density is no normal double beyond 37.5 */
        below(big_abs(x), num(37.5)) ? big_mul(num(2), normal_density(x)) : num(0x1p-1011))
FORMULA(larger_of_two, big_max(big_abs(big_max(x, y)), big_log1p(big_exp(big_neg(big_abs(big_sub(x, y)))))))

REFERENCE_2(add, big_add(x, y), num(1), num(1), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(sub, big_sub(x, y), num(1), num(-1), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(mul, big_mul(x, y), y, x, ANY, ANY, APART, TWO_ULP)
REFERENCE_2(div, big_div(x, y), inverse(y), big_neg(big_div(x, big_sqr(y))), ANY, ANY, ALIKE, TWO_ULP, .normal = true)
REFERENCE_1(neg, big_neg(x), num(-1), ANY, TWO_ULP)
REFERENCE_1(square, big_sqr(x), big_mul(num(2), x), ANY, TWO_ULP)
REFERENCE_2(squared_error, half(big_sqr(big_sub(x, y))), big_sub(x, y), big_sub(y, x), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_1(relu, big_max(x, num(0)), truth(below(num(0), x)), ANY, TWO_ULP)
REFERENCE_3(fma, big_add(big_mul(x, y), w), y, x, num(1), ANY, ALIKE, TWO_ULP)

REFERENCE_3(product_over, big_div(big_mul(x, y), w), big_div(y, w), big_div(x, w), big_neg(big_div(big_mul(x, y), big_sqr(w))),
            ANY, ALIKE, TWO_ULP, .normal = true)
REFERENCE_3(over_product, big_div(x, big_mul(y, w)), inverse(big_mul(y, w)), big_neg(big_div(x, big_mul(big_sqr(y), w))),
            big_neg(big_div(x, big_mul(y, big_sqr(w)))), ANY, ALIKE, TWO_ULP, .normal = true)

REFERENCE_1(sqrt, big_sqrt(x), inverse(big_mul(num(2), big_sqrt(x))), OVER(0, DBL_MAX, 1), TWO_ULP)
REFERENCE_1(cbrt, big_cbrt(x), inverse(big_mul(num(3), big_sqr(big_cbrt(x)))), ANY, TWO_ULP)
REFERENCE_2(pow, big_pow(x, y), big_mul(y, big_pow(x, big_sub(y, num(1)))), big_mul(big_pow(x, y), big_log(x)),
            OVER(0, DBL_MAX, 1), OVER(-0x1p53, 0x1p53, 0.5, 1, 2, -1), POWER, TWO_ULP, .normal = true)
REFERENCE_2(powi, big_pow(x, y), mpfr_zero_p(y) ? y : big_mul(y, big_pow(x, big_sub(y, num(1)))), num(0),
            OVER(-DBL_MAX, DBL_MAX, 1, -1), WHOLE(-2147483647, 2147483647, 1, 2, -1), POWER, TWO_ULP, .normal = true)
REFERENCE_1(exp, big_exp(x), big_exp(x), SMALL, TWO_ULP)
REFERENCE_1(exp2, big_exp2(x), big_mul(big_exp2(x), constant_log(2)),
            OVER(-1080, 1030, 1, 1022, 1024, -1022), TWO_ULP, .normal = true)
REFERENCE_1(expm1, big_expm1(x), big_exp(x), SMALL, TWO_ULP)
REFERENCE_1(log, big_log(x), inverse(x), OVER(0, DBL_MAX, 1), TWO_ULP)
REFERENCE_1(log2, big_log2(x), inverse(big_mul(x, constant_log(2))), OVER(0, DBL_MAX, 1), TWO_ULP)
REFERENCE_1(log10, big_log10(x), inverse(big_mul(x, constant_log(10))), OVER(0, DBL_MAX, 1, 10), TWO_ULP)
REFERENCE_1(log1p, big_log1p(x), inverse(big_add(num(1), x)), OVER(-1, DBL_MAX, -1), TWO_ULP)

REFERENCE_1(sin, big_sin(x), big_cos(x), OVER(-DBL_MAX, DBL_MAX, M_PI, M_PI_2, -M_PI_4), TWO_ULP)
REFERENCE_1(cos, big_cos(x), big_neg(big_sin(x)), OVER(-DBL_MAX, DBL_MAX, M_PI, M_PI_2, -M_PI_4), TWO_ULP)
REFERENCE_1(tan, big_tan(x), inverse(big_sqr(big_cos(x))), OVER(-DBL_MAX, DBL_MAX, M_PI, M_PI_2, -M_PI_4), TWO_ULP)
REFERENCE_1(asin, big_asin(x), inverse(big_sqrt(one_less_square(x))), UNIT, TWO_ULP)
REFERENCE_1(acos, big_acos(x), big_neg(inverse(big_sqrt(one_less_square(x)))), UNIT, TWO_ULP)
REFERENCE_1(atan, big_atan(x), inverse(big_add(num(1), big_sqr(x))), OVER(-DBL_MAX, DBL_MAX, 1, 1e154), TWO_ULP)
REFERENCE_2(atan2, big_atan2(x, y), big_div(y, big_add(big_sqr(x), big_sqr(y))),
            big_neg(big_div(x, big_add(big_sqr(x), big_sqr(y)))),
            OVER(-DBL_MAX, DBL_MAX, 1e200, 1e-200, 1),
            OVER(-DBL_MAX, DBL_MAX, 1e200, 1e-200, 1), ALIKE, TWO_ULP, .normal = true)
REFERENCE_1(sinh, big_sinh(x), big_cosh(x), SMALL, TWO_ULP)
REFERENCE_1(cosh, big_cosh(x), big_sinh(x), SMALL, TWO_ULP)
REFERENCE_1(tanh, big_tanh(x), inverse(big_sqr(big_cosh(x))), SMALL, TWO_ULP)
REFERENCE_1(sech, big_sech(x), big_neg(big_div(big_sinh(x), big_sqr(big_cosh(x)))), SMALL, TWO_ULP)
REFERENCE_1(asinh, big_asinh(x), inverse(big_sqrt(big_add(num(1), big_sqr(x)))),
            OVER(-DBL_MAX, DBL_MAX, 1, -1), TWO_ULP)
REFERENCE_1(acosh, big_acosh(x), inverse(big_sqrt(big_neg(one_less_square(x)))), OVER(1, DBL_MAX, 1, 2), TWO_ULP)
REFERENCE_1(atanh, big_atanh(x), inverse(one_less_square(x)), UNIT, TWO_ULP)

REFERENCE_1(abs, big_abs(x), sign_of(x), ANY, TWO_ULP)
REFERENCE_2(min, big_min(x, y), truth(below(x, y)), truth(below(y, x)), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(max, big_max(x, y), truth(below(y, x)), truth(below(x, y)), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(hypot, big_hypot(x, y), big_div(x, big_hypot(x, y)), big_div(y, big_hypot(x, y)),
            OVER(-DBL_MAX, DBL_MAX, 1e200, 1e-200, DBL_MAX),
            OVER(-DBL_MAX, DBL_MAX, 1e200, 1e-200, DBL_MAX), ALIKE, TWO_ULP, .normal = true)
REFERENCE_1(floor, big_floor(x), num(0), OVER(-DBL_MAX, DBL_MAX, 1, -1, 2, 0.5, -0.5), TWO_ULP)
REFERENCE_1(ceil, big_ceil(x), num(0), OVER(-DBL_MAX, DBL_MAX, 1, -1, 2, 0.5, -0.5), TWO_ULP)
REFERENCE_1(round, big_round(x), num(0), OVER(-DBL_MAX, DBL_MAX, 1, -1, 2, 0.5, -0.5), TWO_ULP)
REFERENCE_1(sign, sign_of(x), num(0), ANY, TWO_ULP)
REFERENCE_2(copysign, sign_copied(x, y), big_mul(sign_of(x), sign_of(y)), num(0), ANY, ANY, APART, TWO_ULP)
REFERENCE_3(clamp, below(x, y) ? y : below(w, x) ? w : x, truth(!below(x, y) && !below(w, x)), truth(below(x, y)),
            truth(!below(x, y) && below(w, x)), ANY, ALIKE, TWO_ULP)
REFERENCE_3(select, mpfr_zero_p(x) ? w : y, num(0), truth(!mpfr_zero_p(x)), truth(mpfr_zero_p(x)), ANY, ALIKE, TWO_ULP)
REFERENCE_2(less, truth(below(x, y)), num(0), num(0), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(less_equal, truth(!below(y, x)), num(0), num(0), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(greater, truth(below(y, x)), num(0), num(0), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(greater_equal, truth(!below(x, y)), num(0), num(0), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(equal, truth(mpfr_equal_p(x, y)), num(0), num(0), ANY, ANY, ALIKE, TWO_ULP)
REFERENCE_2(not_equal, truth(!mpfr_equal_p(x, y)), num(0), num(0), ANY, ANY, ALIKE, TWO_ULP)

REFERENCE_1(sigmoid, logistic(x), big_mul(logistic(x), logistic(big_neg(x))), SMALL, TWO_ULP)
REFERENCE_1(log_sigmoid, big_neg(big_log1p(big_exp(big_neg(x)))), logistic(big_neg(x)), SMALL, TWO_ULP)
REFERENCE_1(softplus, big_log1p(big_exp(x)), logistic(x), SMALL, TWO_ULP)
REFERENCE_2(logaddexp, big_add(big_max(x, y), big_log1p(big_exp(big_sub(big_min(x, y), big_max(x, y))))),
            logistic(big_sub(x, y)), logistic(big_sub(y, x)), SMALL, SMALL, ALIKE,
            TWO_ULP, .measure = { larger_of_two })
REFERENCE_2(softmax2, logistic(big_sub(x, y)), big_mul(logistic(big_sub(x, y)), logistic(big_sub(y, x))),
            big_neg(big_mul(logistic(big_sub(x, y)), logistic(big_sub(y, x)))), SMALL, SMALL, ALIKE, TWO_ULP, .normal = true)
REFERENCE_2(leaky_relu, below(num(0), x) ? x : big_mul(x, y), below(num(0), x) ? num(1) : y, num(0), ANY, UNIT, APART,
            TWO_ULP)
REFERENCE_1(elu, below(num(0), x) ? x : big_expm1(x), below(num(0), x) ? num(1) : big_exp(x), SMALL, TWO_ULP)
REFERENCE_1(gelu, big_mul(x, normal_distribution(x)), slope_of_gelu(x, y, w),
            OVER(-39, 39, -0.7517915246935645, -5, -30, -37.5, 5, -38.4), TWO_ULP)
REFERENCE_1(gelu_slope, slope_of_gelu(x, y, w), big_mul(normal_density(x), big_sub(num(2), big_sqr(x))),
            OVER(-39, 39, -0.7517915246935645, M_SQRT2, -0.5, -1, -37.5, -38.4), TWO_ULP,
            .measure = { NULL, terms_of_gelu_curvature })
REFERENCE_1(silu, big_mul(x, logistic(x)), slope_of_silu(x, y, w),
            OVER(-800, 800, -1.2784645427610738, -20, -40, -700, -710, 40), TWO_ULP)
REFERENCE_1(silu_slope, slope_of_silu(x, y, w),
            big_mul(big_mul(logistic(x), logistic(big_neg(x))), big_sub(num(2), big_mul(x, big_tanh(half(x))))),
            OVER(-800, 800, -1.2784645427610738, 2.3993572805154, -1, -40, -700, -710), .bound = { 2, 4 },
            .measure = { NULL, twice_both_logistics })
REFERENCE_1(gaussian, bell(x), big_mul(num(-2), big_mul(x, bell(x))),
            OVER(-28, 28, 1, 5, 20, 26.5, -26.6), TWO_ULP, .normal = true)
REFERENCE_1(normal_pdf, normal_density(x), big_neg(big_mul(x, normal_density(x))),
            OVER(-39, 39, 1, 5, 20, 37.5, -37.6), TWO_ULP, .normal = true)
REFERENCE_1(normal_cdf, normal_distribution(x), normal_density(x), OVER(-39, 39, 1, 5, -20, -37.5, 8), TWO_ULP)
REFERENCE_1(erf, big_erf(x), big_div(big_mul(num(2), bell(x)), big_sqrt(constant_pi())),
            OVER(-28, 28, 1, 5, 20, 26.5, -26.6), TWO_ULP)
REFERENCE_1(erfc, big_erfc(x), big_div(big_mul(num(-2), bell(x)), big_sqrt(constant_pi())),
            OVER(-28, 28, 1, 5, 20, 26.5, -26.6), TWO_ULP)
REFERENCE_1(lgamma, log_gamma(x), big_digamma(x), OVER(-200, 2e305, 1, 2, 1.4616321449683623, 8, -0.5, -1.5),
            TWO_ULP, .measure = { terms_of_lgamma, terms_of_digamma })
REFERENCE_1(digamma, big_digamma(x), poly_gamma(x, 1),
            OVER(-200, DBL_MAX, 1, 2, 1.4616321449683623, 12, -0.5, -1.5), TWO_ULP, .measure = { terms_of_digamma })
REFERENCE_2(polygamma, poly_gamma(x, whole(y)), poly_gamma(x, whole(y) + 1), num(0),
            OVER(-60, DBL_MAX, 1, 2, 9, 12, -0.5, -1.5), WHOLE(0, 40, 1, 2, 3), APART, TWO_ULP,
            .measure = { terms_of_polygamma, terms_of_next_polygamma })
REFERENCE_2(chain, big_mul(x, y), y, x, ANY, ANY, APART, TWO_ULP)

#endif
