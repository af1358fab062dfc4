/* path_counts.h -- the paths between two steps: how many there are, what they cost, one after another. Not installed. */
#ifndef AUTODIFF_INSIGHT_PATH_COUNTS_H
#define AUTODIFF_INSIGHT_PATH_COUNTS_H

#include "steps.h"

/* A count, exact below 10^306; beyond, it stays there. */
enum { AD_COUNT_LIMBS = 34 };
typedef struct ad_count {
    uint32_t limb[AD_COUNT_LIMBS];         /* base 10^9, the lowest first */
} ad_count;

/* In digits; text [AD_COUNT_TEXT]. */
enum { AD_COUNT_TEXT = 9 * AD_COUNT_LIMBS + 16 };
void ad_count_write(const ad_count *c, char *text);

typedef struct ad_path_counts {
    ad_count paths, multiplications;       /* a product of k slopes takes k - 1 */
} ad_path_counts;

/* Paths from a step up to E; and from all steps that are inputs to be differentiated by. 0 when there is no memory. */
int ad_paths_count(const ad_steps *s, size_t from, ad_path_counts *one, ad_path_counts *all);
/* Edges that the sweep passes: one multiplication each, for all derivatives at once. */
size_t ad_sweep_count(const ad_steps *s);

/* Calls visit for paths from a step to E, each as its edges [n] from the step up, until it returns 0. 0 when there is no
 * memory. */
typedef int ad_path_visitor(void *context, const ad_steps *s, const size_t *edges, size_t n);
int ad_paths_visit(const ad_steps *s, size_t from, ad_path_visitor *visit, void *context);

#endif
