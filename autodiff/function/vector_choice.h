/* vector_choice.h -- arithmetic, choices and steps over lanes: exact, or rounded once per operation as in C.
 *
 * Nothing here approximates. The conventions at kinks, signed zeros and NaN are those of rules/scalar.h.
 */
#ifndef AUTODIFF_FUNCTION_VECTOR_CHOICE_H
#define AUTODIFF_FUNCTION_VECTOR_CHOICE_H

#include "autodiff/rules/scalar.h"

#include "vector_lane.h"

LANE_INLINE ad_lane ad_lane_add(ad_lane x, ad_lane y) { return x + y; }
LANE_INLINE ad_lane ad_lane_sub(ad_lane x, ad_lane y) { return x - y; }
LANE_INLINE ad_lane ad_lane_mul(ad_lane x, ad_lane y) { return x * y; }
LANE_INLINE ad_lane ad_lane_div(ad_lane x, ad_lane y) { return x / y; }
LANE_INLINE ad_lane ad_lane_neg(ad_lane x) { return -x; }
LANE_INLINE ad_lane ad_lane_square(ad_lane x) { return x * x; }
LANE_INLINE ad_lane ad_lane_squared_error(ad_lane x, ad_lane y) { return (x - y) * 0.5 * (x - y); }
LANE_INLINE ad_lane ad_lane_sqrt(ad_lane x) { return lane_sqrt(x); }
#define AD_LANE_HAS_add ~, 1
#define AD_LANE_HAS_sub ~, 1
#define AD_LANE_HAS_mul ~, 1
#define AD_LANE_HAS_div ~, 1
#define AD_LANE_HAS_neg ~, 1
#define AD_LANE_HAS_square ~, 1
#define AD_LANE_HAS_squared_error ~, 1
#define AD_LANE_HAS_sqrt ~, 1

/* One rounding, always. */
LANE_INLINE ad_lane ad_lane_fma(ad_lane x, ad_lane y, ad_lane w)
{
#if AD_LANE_FUSED
    return lane_fma(x, y, w);
#else
    for (int i = 0; i < AD_LANES; i++)
        w[i] = fma(x[i], y[i], w[i]);
    return w;
#endif
}
#define AD_LANE_HAS_fma ~, 1

/* Whose products and quotients of three stay in range, with what they lack. */
LANE_INLINE lane_mask lane_moderate(ad_lane x)
{
    ad_lane a = lane_abs(x);
    return lane_and(lane_less(lane_all(0x1p-250), a), lane_less(a, lane_all(0x1p250)));
}

LANE_INLINE ad_lane ad_lane_product_over(ad_lane x, ad_lane y, ad_lane w)
{
    struct lane_pair q = lane_divide(lane_product(x, y), (struct lane_pair){w, LANE_0});
    lane_mask rare = lane_not(lane_and(lane_and(lane_moderate(x), lane_moderate(y)), lane_moderate(w)));
    ad_lane z = q.hi + q.lo;
    return lane_any(rare) ? lane_rare_3(z, rare, ad_scalar_product_over, x, y, w) : z;
}

LANE_INLINE ad_lane ad_lane_over_product(ad_lane x, ad_lane y, ad_lane w)
{
    struct lane_pair q = lane_divide((struct lane_pair){x, LANE_0}, lane_product(y, w));
    lane_mask rare = lane_not(lane_and(lane_and(lane_moderate(x), lane_moderate(y)), lane_moderate(w)));
    ad_lane z = q.hi + q.lo;
    return lane_any(rare) ? lane_rare_3(z, rare, ad_scalar_over_product, x, y, w) : z;
}
#define AD_LANE_HAS_product_over ~, 1
#define AD_LANE_HAS_over_product ~, 1

/* x y, but 0 when either is 0. */
LANE_INLINE ad_lane ad_lane_chain(ad_lane x, ad_lane y)
{
    return lane_where(lane_and(lane_unequal(x, LANE_0), lane_unequal(y, LANE_0)), x * y);
}
#define AD_LANE_HAS_chain ~, 1

LANE_INLINE ad_lane ad_lane_relu(ad_lane x) { return lane_where(lane_not(lane_less_equal(x, LANE_0)), x); }
#define AD_LANE_HAS_relu ~, 1

LANE_INLINE ad_lane ad_lane_leaky_relu(ad_lane x, ad_lane slope)
{
    ad_lane below = lane_pick(lane_and(lane_equal(slope, LANE_0), lane_equal(x, x)), LANE_0, slope * x);
    return lane_pick(lane_less(LANE_0, x), x, below);
}
#define AD_LANE_HAS_leaky_relu ~, 1

LANE_INLINE ad_lane ad_lane_abs(ad_lane x) { return lane_abs(x); }
LANE_INLINE ad_lane ad_lane_copysign(ad_lane x, ad_lane y) 
{
    return lane_pick(lane_unequal(y, y), y, lane_copysign(x, y));
}
#define AD_LANE_HAS_abs ~, 1
#define AD_LANE_HAS_copysign ~, 1

LANE_INLINE ad_lane ad_lane_sign(ad_lane x)
{
    return lane_pick(lane_less(LANE_0, x), lane_all(1), lane_pick(lane_less(x, LANE_0), lane_all(-1), lane_abs(x)));
}
#define AD_LANE_HAS_sign ~, 1

/* NaN when either is; -0 is below 0: equal operands differ in no bit but the sign of zero. */
LANE_INLINE ad_lane ad_lane_min(ad_lane x, ad_lane y)
{
    ad_lane z = lane_pick(lane_or(lane_less(x, y), lane_unequal(x, x)), x, y);
    return lane_pick(lane_equal(x, y), lane_of_bits(lane_bits(x) | lane_bits(y)), z);
}
#define AD_LANE_HAS_min ~, 1

LANE_INLINE ad_lane ad_lane_max(ad_lane x, ad_lane y)
{
    ad_lane z = lane_pick(lane_or(lane_less(y, x), lane_unequal(x, x)), x, y);
    return lane_pick(lane_equal(x, y), lane_of_bits(lane_bits(x) & lane_bits(y)), z);
}
#define AD_LANE_HAS_max ~, 1

LANE_INLINE ad_lane ad_lane_clamp(ad_lane x, ad_lane low, ad_lane high)
{
    ad_lane z = lane_pick(lane_less(x, low), low, lane_pick(lane_less(high, x), high, x));
    return lane_pick(lane_or(lane_unequal(low, low), lane_unequal(high, high)), low + high, z);
}
#define AD_LANE_HAS_clamp ~, 1

LANE_INLINE ad_lane ad_lane_select(ad_lane x, ad_lane y, ad_lane w) { return lane_pick(lane_unequal(x, LANE_0), y, w); }
#define AD_LANE_HAS_select ~, 1

/* 1 or 0 */
LANE_INLINE ad_lane lane_truth(lane_mask m) { return lane_where(m, lane_all(1)); }
LANE_INLINE ad_lane ad_lane_less(ad_lane x, ad_lane y) { return lane_truth(lane_less(x, y)); }
LANE_INLINE ad_lane ad_lane_less_equal(ad_lane x, ad_lane y) { return lane_truth(lane_less_equal(x, y)); }
LANE_INLINE ad_lane ad_lane_greater(ad_lane x, ad_lane y) { return lane_truth(lane_less(y, x)); }
LANE_INLINE ad_lane ad_lane_greater_equal(ad_lane x, ad_lane y) { return lane_truth(lane_less_equal(y, x)); }
LANE_INLINE ad_lane ad_lane_equal(ad_lane x, ad_lane y) { return lane_truth(lane_equal(x, y)); }
LANE_INLINE ad_lane ad_lane_not_equal(ad_lane x, ad_lane y) { return lane_truth(lane_unequal(x, y)); }
#define AD_LANE_HAS_less ~, 1
#define AD_LANE_HAS_less_equal ~, 1
#define AD_LANE_HAS_greater ~, 1
#define AD_LANE_HAS_greater_equal ~, 1
#define AD_LANE_HAS_equal ~, 1
#define AD_LANE_HAS_not_equal ~, 1

LANE_INLINE ad_lane ad_lane_floor(ad_lane x) { return lane_floor(x); }
LANE_INLINE ad_lane ad_lane_ceil(ad_lane x) { return -lane_floor(-x); }
LANE_INLINE ad_lane ad_lane_round(ad_lane x) /* ties away from 0 */
{
    return lane_copysign(lane_floor(lane_abs(x) + 0x1.fffffffffffffp-2), x);
}
#define AD_LANE_HAS_floor ~, 1
#define AD_LANE_HAS_ceil ~, 1
#define AD_LANE_HAS_round ~, 1

#endif
