/* paths.h -- the part of a tape that some nodes need, evaluated at any point, with what every path through it carries.
 *
 * A derivative dA/dB is the sum over all paths from B up to A of the products of slopes along them. At one point, tangents
 * (d node/dB, upwards) and adjoints (dA/d node, downwards) tell what goes through each operand of each node:
 * adjoint(node) slope(node, operand) tangent(operand). Changing that one slope changes dA/dB in proportion, which is how
 * a mistake made in one place is recognised. Nothing here records; no recursion. Not installed.
 */
#ifndef AUTODIFF_INSIGHT_PATHS_H
#define AUTODIFF_INSIGHT_PATHS_H

#include "autodiff/rules/rules.h"
#include "autodiff/tape/internal.h"
#include "wide.h"

typedef struct ad_place {                  /* a node; operands are places too */
    enum ad_op op;
    uint32_t   id, n;                      /* on the tape; operands */
    size_t     operands;                   /* where they begin among all */
    uint32_t   input;                      /* number of an input, else UINT32_MAX */
    double     number;                     /* its value on the tape */
} ad_place;

typedef struct ad_paths {
    ad_allocator allocator;
    ad_tape     *tape;
    uint32_t     n, most;                  /* places; most operands of one */
    size_t       n_operands, n_ids;
    ad_place    *places;                   /* [n] in order of evaluation */
    uint32_t    *operands;                 /* [n_operands] */
    uint32_t    *of_id;                    /* [n_ids] place of a node of the tape; UINT32_MAX: not needed */
    ad_var      *list;                     /* [most] scratch of n-ary rows */
} ad_paths;

/* What is given in place of the node's own value. */
typedef struct ad_given { uint32_t place; double value; } ad_given;

/* Takes what the nodes ids [n_ids] need off a tape. 0: no memory. Free it in either case. */
int  ad_paths_take(ad_paths *p, ad_tape *tape, size_t n_ids, const uint32_t *ids);
void ad_paths_free(ad_paths *p);

static inline const uint32_t *ad_paths_operands(const ad_paths *p, uint32_t i) { return p->operands + p->places[i].operands; }
static inline uint32_t ad_paths_place(const ad_paths *p, uint32_t id) { return id < p->n_ids ? p->of_id[id] : UINT32_MAX; }

/* Values of all places.  inputs: values of the tape's inputs in order of creation, NULL for those on the tape; given
 * [n_given] in rising order of places; value [n]. */
void   ad_paths_values(const ad_paths *p, const double *inputs, size_t n_given, const ad_given *given, double *value);
/* The slope of a place by its operand k at these values. */
int    ad_paths_has_slope(const ad_paths *p, uint32_t i, uint32_t k);
double ad_paths_slope(const ad_paths *p, const double *value, uint32_t i, uint32_t k);
/* The same with operand j of the row, and so its value, at x instead. NaN for n-ary rows other than pairs. */
double ad_paths_slope_with(const ad_paths *p, const double *value, uint32_t i, uint32_t k, uint32_t j, double x);
/* d of / d place and d place / d by, [n] each. A zero factor contributes exactly nothing. */
void   ad_paths_adjoints(const ad_paths *p, const double *value, uint32_t of, double *adjoint);
void   ad_paths_tangents(const ad_paths *p, const double *value, uint32_t by, double *tangent);
/* How far rounding may have moved `of`: every place by its own rounding, carried by its adjoint. Terms that cancel show in
 * *largest, the largest that any term of a sum contributes to it. */
double ad_paths_rounding(const ad_paths *p, const double *value, const double *adjoint, uint32_t of, double *largest);
/* The same values in long double, and whether two that double cannot tell apart agree there: to so much of their size, or
 * because both vanish among their own terms. rounding: how far rounding in double may have moved each. */
void   ad_paths_values_wide(const ad_paths *p, const double *inputs, ad_wide *value);
int    ad_wide_agree(ad_wide x, double rounding_x, ad_wide y, double rounding_y, double relative);
/* The first place up to `of`, on a path of nonzero slopes, where a rule is only a convention (a kink, a jump, an end of a
 * domain); UINT32_MAX: none. Without tangents, on a path from anywhere. */
uint32_t ad_paths_kink(const ad_paths *p, const double *value, const double *adjoint, const double *tangent, uint32_t of);

#endif
