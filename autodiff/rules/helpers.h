/* helpers.h -- the functions of scalar.h as text, for writing them into generated C. Not installed.
 *
 * The texts are those of sigmoid_both.h, sigmoid_pair.h, pairs.h, scalar.h, scalar.c and gamma.c, cut into functions, tables,
 * types and constants by helpers.py while the library is built: what is added there is found here. In a text '@' stands for
 * the prefix and the underscore that make a name the generated file's own.
 */
#ifndef AUTODIFF_RULES_HELPERS_H
#define AUTODIFF_RULES_HELPERS_H

/* What a text wants before it, as bits. */
enum { AD_WANTS_STDINT = 1, AD_WANTS_STRING = 2, AD_WANTS_LGAMMA_R = 4 };

typedef struct ad_helper {
    const char        *name;               /* "sigmoid": what ops.def calls it, or another helper */
    int                wants;
    const short       *needs;              /* helpers, all earlier in the table; ends with -1 */
    const char *const *lines;              /* ends with NULL */
} ad_helper;

extern const ad_helper ad_helpers[];
extern const int       ad_helper_count;

#endif
