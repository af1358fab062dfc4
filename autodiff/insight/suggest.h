/* suggest.h -- composites for which the rule book has an operation that neither overflows nor cancels. Not installed. */
#ifndef AUTODIFF_INSIGHT_SUGGEST_H
#define AUTODIFF_INSIGHT_SUGGEST_H

#include "node.h"

/* For every node of [0, top], the root of the largest composite that it is part of, or UINT32_MAX. root [top + 1]; v [top + 1]
 * are the values in hand: what would not help there is not suggested. Composites are those of nodes whose mark [top + 1] is odd
 * (AD_MARK_NEEDED). */
void   ad_suggest_roots(const ad_tape *tape, const double *v, const unsigned char *mark, uint32_t top, uint32_t *root);
/* What to write instead of the composite at a root, as ad_text_of writes: "softplus(x)". Returns the length; 0: nothing. */
size_t ad_suggest_text(ad_tape *tape, const double *v, uint32_t root, char *text, size_t size);

#endif
