/* emit_plan.h -- which nodes of a function and its gradient become C, and in what form. Not installed. */
#ifndef AUTODIFF_FUNCTION_EMIT_PLAN_H
#define AUTODIFF_FUNCTION_EMIT_PLAN_H

#include "internal.h"

/* Marks of a node. */
enum {
    AD_MARK_VALUE      = 1,                /* the value needs it */
    AD_MARK_GRADIENT   = 2,                /* the function that computes value and gradient needs it */
    AD_MARK_HIDDEN     = 4,                /* a NaN in it need not reach the gradient */
    AD_MARK_PLAIN      = 8,                /* a product of the chain rule that is written as x * y */
    AD_MARK_CHECKED    = 16,               /* when it is finite, so is what the gradient is made of */
    AD_MARK_COMPLEMENT = 32,               /* sigmoid(-x), from its mate sigmoid(x) */
    AD_MARK_BOTH_SIGNS = 64,               /* sigmoid(x) with such a mate */
    AD_MARK_RESULT     = 128               /* a component of the gradient and nothing else: needs no variable */
};

typedef struct ad_emission {
    const ad_function *f;
    int                with_gradient, any_plain, failed;
    ad_graph           graph;
    uint32_t          *value, *gradient;   /* nodes: [n_outputs], [n_params] */
    unsigned char     *mark;               /* [graph.n] */
    uint32_t          *mate, *number;      /* [graph.n]; numbers of what becomes a variable, from 1 */
} ad_emission;

/* 0 when out of memory; ad_emission_free frees either way. */
int  ad_emission_make(ad_emission *e, const ad_function *f, int with_gradient);
void ad_emission_free(ad_emission *e);
/* What node i is computed from, in operand [3], and how many they are. */
int  ad_emission_operands(const ad_emission *e, uint32_t i, uint32_t *operand);

#endif
