/* witness.h -- what a function's graph should give at a point, and how far any tier may be from it.
 *
 * Every node is evaluated by the rows of ops.def, one after another. Beside its value stands a bound of what rounding may
 * make of it: each operand is moved by its own bound, either way, and the farthest result counts, so kinks, jumps and poles
 * within reach are seen; then its own few roundings, in ulp of the terms that were added up, since lanes add them in another
 * order and take products together. INFINITY: nothing can be told. It is no test and knows no tier. Needs the inside of the
 * library.
 */
#ifndef TESTS_FUZZ_WITNESS_H
#define TESTS_FUZZ_WITNESS_H

#include "autodiff/function/internal.h"
#include "autodiff/tape/internal.h"

#include <math.h>

typedef struct bounded {
    double value, error, size;             /* size: of the terms that were added up */
} bounded;

static const double ROUNDINGS = 8 * 0x1p-53, LEAST = 1e-290, MOST = 1e300;

static inline int is_exact_row(uint32_t op)
{
    switch (op) {
    case AD_OP_neg: case AD_OP_relu: case AD_OP_abs: case AD_OP_min: case AD_OP_max: case AD_OP_floor: case AD_OP_ceil:
    case AD_OP_round: case AD_OP_sign: case AD_OP_copysign: case AD_OP_clamp: case AD_OP_select: case AD_OP_less:
    case AD_OP_less_equal: case AD_OP_greater: case AD_OP_greater_equal: case AD_OP_equal: case AD_OP_not_equal:
        return 1;
    default:
        return 0;
    }
}

static inline int is_product_or_sum(uint32_t op)
{
    return op == AD_OP_add || op == AD_OP_sub || op == AD_OP_mul || op == AD_OP_chain || op == AD_OP_square || op == AD_OP_fma ||
           op == AD_OP_squared_error || op == AD_OP_div || op == AD_OP_product_over || op == AD_OP_over_product;
}

static inline int both_nan_or(double a, double b) { return (isnan(a) && isnan(b)) || a == b; }

/* The terms that a row adds up, or that the lanes may. */
static inline double size_of(uint32_t op, const bounded *const x[3], double z)
{
    switch (op) {
    case AD_OP_add: case AD_OP_sub:
        return x[0]->size + x[1]->size;
    case AD_OP_neg:
        return x[0]->size;
    case AD_OP_mul: case AD_OP_chain:
        return z == 0 ? 0 : x[0]->size * x[1]->size;
    case AD_OP_square:
        return x[0]->size * x[0]->size;
    case AD_OP_fma:
        return x[0]->size * x[1]->size + x[2]->size;
    case AD_OP_squared_error:
        return (x[0]->size + x[1]->size) * (x[0]->size + x[1]->size);
    case AD_OP_logaddexp:                  /* 2 ulp of the larger operand, see scalar.h */
        return fmax(fabs(z), fmin(fabs(x[0]->value), fabs(x[1]->value)) + 1);
    case AD_OP_digamma: case AD_OP_polygamma: {        /* below 0, of the pole's term */
        double n = op == AD_OP_polygamma ? x[1]->value : 0, d = fabs(x[0]->value - round(x[0]->value));
        return x[0]->value < 0 ? fabs(z) + tgamma(n + 1) / pow(d, n + 1) : fabs(z);
    }
    default:
        return fabs(z);
    }
}

/* How far the value moves when operands do. */
static inline double moved(uint32_t op, int arity, const bounded *const x[3], double z)
{
    double most = 0, v[3] = {0, 0, 0};
    for (int corner = 1; corner < 27; corner++) {
        int turn = corner, skip = 0;
        for (int k = 0; k < 3; k++, turn /= 3) {
            double e = k < arity ? x[k]->error : 0;
            skip |= turn % 3 && e == 0;
            v[k] = (k < arity ? x[k]->value : 0) + (turn % 3 == 1 ? e : turn % 3 == 2 ? -e : 0);
        }
        if (skip)
            continue;
        double other = ad_evaluate((enum ad_op)op, v[0], v[1], v[2]);
        if (!both_nan_or(other, z))
            most = fmax(most, isfinite(other - z) ? fabs(other - z) : INFINITY);
    }
    return 1.5 * most;
}

static inline bounded witness_of_row(uint32_t op, const bounded *const x[3])
{
    int arity = ad_graph_arity(op), certain = 1, zero_or_infinite = 0;
    bounded z = {ad_evaluate((enum ad_op)op, x[0]->value, arity > 1 ? x[1]->value : 0, arity > 2 ? x[2]->value : 0), 0, 0};
    if (op == AD_OP_select && (x[0]->error < fabs(x[0]->value) || x[0]->error == 0 || isnan(x[0]->value)))
        return x[0]->value != 0 ? *x[1] : *x[2];
    if (op == AD_OP_chain && ((x[0]->value == 0 && x[0]->error == 0) || (x[1]->value == 0 && x[1]->error == 0)))
        return z;
    for (int k = 0; k < arity; k++) {
        certain &= x[k]->error < INFINITY && x[k]->error <= 1e-5 * fmax(fabs(x[k]->value), 1e-3);
        zero_or_infinite |= x[k]->value == 0 || isinf(x[k]->value);
    }
    z.size = size_of(op, x, z.value);
    z.error = certain ? moved(op, arity, x, z.value) : INFINITY;
    if (!is_exact_row(op)) {
        if (isfinite(z.value))
            z.error += ROUNDINGS * z.size;
        if (fabs(z.value) < LEAST && op != AD_OP_add && op != AD_OP_sub && !(zero_or_infinite && z.value == 0))
            z.error += LEAST;
        if ((isfinite(z.value) && !(z.size < MOST)) || (isinf(z.value) && is_product_or_sum(op) && !zero_or_infinite))
            z.error = INFINITY;
    }
    if (isnan(z.error))
        z.error = INFINITY;
    return z;
}

/* v [G->n] of one row: sums over rows are their term. columns one value each. */
static inline void witness(const ad_graph *G, const double *params, const double *columns, bounded *v)
{
    for (uint32_t i = 0; i < G->n; i++) {
        const ad_graph_node *n = ad_graph_at(G, i);
        if (n->op == AD_OP_ROW_SUM || n->op == AD_OP_SLOPE_OF) {
            v[i] = v[n->x];
            continue;
        }
        if (n->op > AD_OP_THIRD) {
            const bounded *x[3] = {&v[n->x], &v[n->y], &v[n->w]};
            v[i] = witness_of_row(n->op, x);
            continue;
        }
        double input = n->op == AD_OP_PARAM ? params[n->x] : n->op == AD_OP_COLUMN ? columns[n->x] : n->number;
        v[i] = (bounded){input, 0, fabs(input)};
    }
}

/* 1: they agree, 0: they do not, -1: nothing can be told. */
static inline int agrees(double got, bounded wanted, double times)
{
    if (wanted.error == INFINITY)
        return -1;
    return both_nan_or(got, wanted.value) || fabs(got - wanted.value) <= times * wanted.error;
}

#endif
