/* retrace.h -- a function recorded on a tape again, at one row, so that its nodes have values, slopes and formulas. Not installed. */
#ifndef AUTODIFF_FIT_RETRACE_H
#define AUTODIFF_FIT_RETRACE_H

#include "store.h"
#include "autodiff/function/internal.h"

typedef struct ad_retrace {
    ad_tape *tape, *scratch;               /* the second for slopes of single nodes */
    ad_var  *node;                         /* [f->graph.n] */
    const ad_function *f;
    int      failed;                       /* for want of memory */
} ad_retrace;

/* Records f at params and a row of columns; 0 where it cannot: no memory, or f computes with sums over rows. May be called
 * again, for another row. Free it with ad_retrace_end in both cases. */
int    ad_retrace_at(ad_retrace *R, const ad_function *f, ad_store *store, const double *params, const double *const *columns,
                    size_t row);
void   ad_retrace_end(ad_retrace *R);
/* The slope of node i by its operand at `place`; its value. */
double ad_retrace_slope(ad_retrace *R, uint32_t i, int place);
static inline double ad_retrace_value(const ad_retrace *R, uint32_t i) { return R->node[i].value; }

#endif
