/* wide.h -- the rows of ops.def in long double: what the audit holds double precision against. Not installed.
 *
 * On x86 that is 64 bits and on others up to 113; where it is no wider than double (AD_WIDE is 0) there is nothing to hold
 * against, and the audit says that it cannot tell digits.
 */
#ifndef AUTODIFF_INSIGHT_WIDE_H
#define AUTODIFF_INSIGHT_WIDE_H

#include "node.h"

#include <float.h>

#define AD_WIDE (LDBL_MANT_DIG > DBL_MANT_DIG)
typedef long double ad_wide;

/* The value of a row of one to three operands, and its partial by operand k, z being its value. For the partials of an n-ary
 * row x, y is an element, n the length of the list, m the operands that equal z. */
ad_wide ad_wide_value(enum ad_op op, ad_wide x, ad_wide y, ad_wide w);
ad_wide ad_wide_partial(enum ad_op op, int k, ad_wide x, ad_wide y, ad_wide w, ad_wide z, ad_wide n, ad_wide m);
/* The value of an n-ary row, its operands [n] being places in value; pairs stand in turn. */
ad_wide ad_wide_of_list(enum ad_op op, size_t n, const uint32_t *operands, const ad_wide *value);
/* Adds to a sum kept in two parts. */
void    ad_wide_add(ad_wide *high, ad_wide *low, ad_wide term);

/* The same in double, as the sweep computes them; and whether the partials are derivatives there, by the row's word. */
double ad_partial_at(enum ad_op op, int k, double x, double y, double w, double z, double n, double m);
int    ad_holds_at(enum ad_op op, double x, double y, double w, double z, double m);

#endif
