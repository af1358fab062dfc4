/* shadow.h -- a graph evaluated twice, in double as the tape does and in long double beside it, at the tape's own point or
 * at another. What is wrong with the numbers is read off the difference: findings.c, lost.c. Not installed.
 *
 * The exact value of node i is v + e. e is carried by itself through sums, products and choices, with the rounding error of
 * each, which is known exactly there; through functions it is the long double value less the double. So e is the error
 * that this evaluation has made (a first-order bound would be many times it), and it holds however much cancels: it keeps
 * (1e100 + x) - 1e100 = x. In the sweep every sum of contributions is a pair of long doubles for the same reason.
 */
#ifndef AUTODIFF_INSIGHT_SHADOW_H
#define AUTODIFF_INSIGHT_SHADOW_H

#include "wide.h"

enum {
    AD_MARK_NEEDED  = 1,                   /* an operand of an operand ... of E */
    AD_MARK_MATTERS = 2,                   /* E's value comes from it: not in a branch that was not taken */
    AD_MARK_DEPENDS = 4,                   /* a requested variable is among what it is computed from */
    AD_MARK_WANTED  = 8,                   /* a requested variable itself */
    AD_MARK_EXACT   = 16,                  /* its value is exactly what it would be without rounding, and that is known */
    AD_MARK_TOLD    = 32,                  /* something was found at this point that explains its slope */
    AD_MARK_OFF     = 64                   /* its value is wrong, as was found */
};

typedef struct ad_shadow {
    ad_tape       *tape;
    uint32_t       top;                    /* E's node */
    int            own;                    /* at the tape's own point */
    int            opaque;                 /* E comes from calls, or sums over rows, whose inside is not seen: digits are not told */
    int            off;                    /* E or a requested slope is: it has less than twelve right digits */
    double        *v;                      /* [top + 1] values */
    double        *g;                      /* [top + 1] adjoints, as the sweep computes them; two places before it */
    ad_wide       *t, *e;                  /* [top + 1] exact value, and what v lacks of it */
    ad_wide       *doubt;                  /* [top + 1] how far t itself may be off */
    ad_wide       *G, *low, *size;         /* [top + 1] exact adjoint, high and low; sum of contributions' sizes */
    ad_wide       *noise;                  /* [top + 1] how far that adjoint itself may be off */
    unsigned char *mark;                   /* [top + 1] */
    ad_var        *list;                   /* [longest] room for the operands of an n-ary node */
    size_t         longest, most;
    double        *numbers;                /* [most] room for operands, results and slopes of a call */
} ad_shadow;

/* The graph of E, at the tape's point: marks and values, nothing computed yet. wrt [n] are the requested variables.
 * 0: no memory; ad_shadow_free frees either way. */
int  ad_shadow_make(ad_shadow *s, ad_tape *tape, ad_var E, size_t n, const ad_var *wrt);
void ad_shadow_free(ad_shadow *s);
/* Moves it to another point: values of all params, and of all columns in one row, in order of creation. NULL where there
 * are none. Computes v. */
void ad_shadow_move(ad_shadow *s, const double *params, const double *const *columns, size_t row);
/* Which nodes matter, at the point where it is. */
void ad_shadow_choose(ad_shadow *s);
/* t, e and doubt; then g, G, low, size and noise. */
void ad_shadow_values(ad_shadow *s);
void ad_shadow_sweep(ad_shadow *s);

/* exact.c: the partial by operand k at exact values, and whether it has no error at all. */
ad_wide ad_exact_partial(const ad_shadow *s, uint32_t i, const ad_node *node, size_t k);
int     ad_partial_is_exact(const ad_shadow *s, const ad_node *node, size_t k);

/* Rows whose value is never 0, however small: where it is, that is underflow, and beyond long double too they count as more
 * than 0. */
int  ad_is_never_zero(enum ad_op op);
/* Whether the slope of such a row at x is not, though any format's may be. */
int  ad_is_never_flat(enum ad_op op, double x);

/* Node i, with its ties. */
ad_node ad_shadow_node(const ad_shadow *s, uint32_t i);
/* The three values of a node's operands, as ad_partial_at wants them: for element k of an n-ary node, those of its element. */
typedef struct ad_at { double x, y, w, z, n, m; int place; } ad_at;
ad_at ad_at_operand(const ad_shadow *s, const ad_node *node, uint32_t i, size_t k);

#endif
