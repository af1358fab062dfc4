/* vector.h -- every row of ops.def as a function over lanes: ad_lane_NAME, for the lane engine.
 *
 * It is not the engine: it neither loops over rows nor knows programs, and n-ary rows are not here. An operand or
 * result is an ad_lane (vector_lane.h), also the constant of an FC1 row. A row whose vector form stands in one of the
 * files below says so beside it, `#define AD_LANE_HAS_exp ~, 1`; a row that says nothing, a new one among them, runs
 * its own expression lane by lane. So AD_LANE_VALUE(name, x, ...) works for every row there will be.
 *
 * Values follow rules/scalar.h in kinks, domain errors, signed zeros and NaN, but not bit by bit. The bound is 2 ulp,
 * which tests/laws/vector_mpfr.c holds them to; the largest error found at 10^5 points a row is 1.6 (squared_error 1.9,
 * the roundings of its formula; lane by lane as the scalar row). Compile with -ffp-contract=off, in round-to-nearest.
 * The header is of use once per instruction set, each in its own file: everything in it is static.
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_H
#define AUTODIFF_FUNCTION_VECTOR_H

#include "autodiff/rules/scalar.h"

#include "vector_choice.h"
#include "vector_exp.h"
#include "vector_gamma.h"
#include "vector_inverse.h"
#include "vector_lane.h"
#include "vector_log.h"
#include "vector_normal.h"
#include "vector_power.h"
#include "vector_trig.h"

#define AD_LANE_VALUE(name, ...) ad_lane_##name(__VA_ARGS__)

/* 1 when the row has a vector form, 0 when it runs lane by lane; a constant for the preprocessor's ##. */
#define AD_LANE_IS_VECTOR(name) AD_LANE_SECOND(AD_LANE_HAS_##name, 0, ~)
#define AD_LANE_SECOND(...) AD_LANE_SECOND_OF(__VA_ARGS__)
#define AD_LANE_SECOND_OF(first, second, ...) second

/* ---- the rows without a vector form ---- */

#define AD_LANE_ROW(name, operands, value) AD_LANE_ROW_AS(AD_LANE_IS_VECTOR(name), name, operands, value)
#define AD_LANE_ROW_AS(...) AD_LANE_ROW_AS_OF(__VA_ARGS__)
#define AD_LANE_ROW_AS_OF(is_vector, name, operands, value) AD_LANE_ROW_##is_vector(name, operands, value)
#define AD_LANE_ROW_1(name, operands, value)
#define AD_LANE_ROW_0(name, operands, value) AD_LANE_LOOP_##operands(name, value)

#define AD_LANE_LOOP_1(name, value)                                                                                    \
    static __attribute__((noinline, unused)) ad_lane ad_lane_##name(ad_lane x_)                                        \
    {                                                                                                                  \
        for (int i = 0; i < AD_LANES; i++) {                                                                           \
            double x = x_[i];                                                                                          \
            x_[i] = value;                                                                                             \
        }                                                                                                              \
        return x_;                                                                                                     \
    }
#define AD_LANE_LOOP_2(name, value)                                                                                    \
    static __attribute__((noinline, unused)) ad_lane ad_lane_##name(ad_lane x_, ad_lane y_)                            \
    {                                                                                                                  \
        for (int i = 0; i < AD_LANES; i++) {                                                                           \
            double x = x_[i], y = y_[i];                                                                               \
            x_[i] = value;                                                                                             \
        }                                                                                                              \
        return x_;                                                                                                     \
    }
#define AD_LANE_LOOP_3(name, value)                                                                                    \
    static __attribute__((noinline, unused)) ad_lane ad_lane_##name(ad_lane x_, ad_lane y_, ad_lane w_)                \
    {                                                                                                                  \
        for (int i = 0; i < AD_LANES; i++) {                                                                           \
            double x = x_[i], y = y_[i], w = w_[i];                                                                    \
            x_[i] = value;                                                                                             \
        }                                                                                                              \
        return x_;                                                                                                     \
    }

#define OP1(name, z, dx, holds, words) AD_LANE_ROW(name, 1, z)
#define OP2(name, z, dx, dy, holds, words) AD_LANE_ROW(name, 2, z)
#define OP3(name, z, dx, dy, dw, holds, words) AD_LANE_ROW(name, 3, z)
#define FC1(name, z, dx, holds, words) AD_LANE_ROW(name, 2, z)
#include "autodiff/ops.def"

#undef AD_LANE_ROW
#undef AD_LANE_ROW_AS
#undef AD_LANE_ROW_AS_OF
#undef AD_LANE_ROW_0
#undef AD_LANE_ROW_1
#undef AD_LANE_LOOP_1
#undef AD_LANE_LOOP_2
#undef AD_LANE_LOOP_3

#endif
