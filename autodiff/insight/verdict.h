/* verdict.h -- the words of every check: what was found, and what caused it. */
#ifndef AUTODIFF_INSIGHT_VERDICT_H
#define AUTODIFF_INSIGHT_VERDICT_H

#include "../tape/variable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ad_verdict {
    AD_RIGHT,
    AD_WRONG,
    AD_CANNOT_TELL                 /* a kink, a place where there is no derivative, or digits that are rounding noise */
} ad_verdict;

/** What a mistake was, where it can be recognised. */
typedef enum ad_cause {
    AD_CAUSE_NONE,                 /* nothing is wrong                                                                    */
    AD_CAUSE_SIGN,                 /* the sign, of all of it or along one path                                            */
    AD_CAUSE_FACTOR,               /* a constant factor: 2, 1/2, n, 1/n, ...                                              */
    AD_CAUSE_MISSING_FACTOR,       /* a factor of the chain is missing: the slope of an operation on the path             */
    AD_CAUSE_MISSING_PATH,         /* where a value is used more than once, one of the uses is missing                    */
    AD_CAUSE_SWAPPED,              /* two entries stand in each other's place, or a block is transposed                   */
    AD_CAUSE_OTHER_VARIABLE,       /* it is the derivative with respect to another variable, or of another one            */
    AD_CAUSE_STALE_VALUE,          /* right if an earlier value is used, not the updated one, or the other way round      */
    AD_CAUSE_WRONG_POINT,          /* a rule's slope is taken at another node's value                                     */
    AD_CAUSE_OFFSET,               /* a constant is added                                                                 */
    AD_CAUSE_SINGLE_PRECISION,     /* right to the seven digits of single precision, and no further                       */
    AD_CAUSE_UNKNOWN
} ad_cause;

/** "right", "wrong", "cannot tell". */
AD_API const char *ad_verdict_name(ad_verdict verdict);
/** "sign", "factor", "missing_factor", ..., "unknown"; NULL for AD_CAUSE_NONE. */
AD_API const char *ad_cause_name(ad_cause cause);

#ifdef __cplusplus
}
#endif
#endif
