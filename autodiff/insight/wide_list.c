/* wide_list.c -- the n-ary rows of ops.def in long double, their sums in two parts. */
#include "wide.h"

#include <math.h>

void ad_wide_add(ad_wide *high, ad_wide *low, ad_wide term)
{
    ad_wide sum = *high + term, back = sum - *high, lost = (*high - (sum - back)) + (term - back);
    *high = sum;
    if (lost == lost)                      /* no infinity among them */
        *low += lost;
}

ad_wide ad_wide_of_list(enum ad_op op, size_t n, const uint32_t *operands, const ad_wide *value)
{
    ad_wide high = 0, low = 0, top = -INFINITY, bottom = INFINITY;
    for (size_t k = 0; k < n; k++)
        bottom = fminl(bottom, value[operands[k]]);
    for (size_t k = 0; k < n; k++)
        top = fmaxl(top, op == AD_OP_norm2 ? fabsl(value[operands[k]]) : value[operands[k]]);
    for (size_t k = 0; k < n; k++) {
        ad_wide x = value[operands[k]];
        if (op == AD_OP_logsumexp)
            ad_wide_add(&high, &low, isinf(top) ? expl(x) : expl(x - top));
        else if (op == AD_OP_norm2)
            ad_wide_add(&high, &low, top > 0 && !isinf(top) ? x / top * (x / top) : x * x);
        else if (op == AD_OP_dot) {
            if (k % 2)
                ad_wide_add(&high, &low, x * value[operands[k - 1]]);
        } else
            ad_wide_add(&high, &low, x);
    }
    high += low;
    switch (op) {
    case AD_OP_maximum:   return top;
    case AD_OP_minimum:   return bottom;
    case AD_OP_mean:      return high / (ad_wide)n;
    case AD_OP_logsumexp: return isinf(top) ? logl(high) : top + logl(high);
    case AD_OP_norm2:     return top > 0 && !isinf(top) ? top * sqrtl(high) : sqrtl(high);
    default:              return high;
    }
}
