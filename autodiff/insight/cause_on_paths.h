/* cause_on_paths.h -- what the searches over paths share: operands, slopes and what goes through them, point by point. Not
 * installed. */
#ifndef AUTODIFF_INSIGHT_CAUSE_ON_PATHS_H
#define AUTODIFF_INSIGHT_CAUSE_ON_PATHS_H

#include "cause_search.h"

#include <math.h>

#define AD_EACH_POINT(S, j, sample) for (size_t j = (sample) * (S)->s->rows; j < ((sample) + 1) * (S)->s->rows; j++)

static inline uint32_t ad_operand_in(const ad_search *S, uint32_t i, uint32_t k) { return ad_paths_operands(S->s->paths, i)[k]; }
static inline double   ad_product(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

/* What goes through operand k of node i, its own slope left out. */
static inline double ad_through(const ad_search *S, size_t j, uint32_t i, uint32_t k)
{
    return ad_product(ad_adjoint_in(S, j, i), ad_tangent_in(S, j, ad_operand_in(S, i, k)));
}

static inline double ad_slope_in(const ad_search *S, size_t j, uint32_t i, uint32_t k)
{
    return ad_paths_slope(S->s->paths, ad_values_at(S, j), i, k);
}

/* The first point of each sample that says something. */
#define AD_EACH_FIRST(S, j) for (size_t j = (S)->first * (S)->s->rows; j < (S)->points; j += (S)->s->rows) \
                                if (ad_says_something((S)->s, j / (S)->s->rows))

/* Whether a path goes on through operand k of node i, or through node i; a factor may be 0 at one point, not at all. */
static inline int ad_goes_on(const ad_search *S, uint32_t i, uint32_t k)
{
    AD_EACH_FIRST(S, j)
        if (ad_through(S, j, i, k) != 0 && ad_slope_in(S, j, i, k) != 0)
            return 1;
    return 0;
}

static inline int ad_is_active(const ad_search *S, uint32_t i)
{
    AD_EACH_FIRST(S, j)
        if (ad_adjoint_in(S, j, i) != 0 && ad_tangent_in(S, j, i) != 0)
            return 1;
    return 0;
}

/* Whether a slope is 1 or -1 everywhere, which is no factor to miss. */
static inline int ad_is_unit(const ad_search *S, uint32_t i, uint32_t k)
{
    AD_EACH_FIRST(S, j)
        if (fabs(ad_slope_in(S, j, i, k)) != 1)
            return 0;
    return 1;
}

/* cause_slopes.c: the slope of node i by its operand k, changed. `functions` are on the paths; bridge: every path goes through
 * both ends. */
void ad_seek_at_operand(ad_search *S, uint32_t i, uint32_t k, int bridge, double bits, double functions, int with_names);
/* cause_stale.c */
void ad_seek_stale(ad_search *S);

#endif
