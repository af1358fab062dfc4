/* callee.h -- a function together with the data that it is summed over: what a call calls. Not installed.
 *
 * Shared by the tapes and graphs that call it, and freed with the last of them. The function's outputs do not vary; its
 * params are the call's operands.
 */
#ifndef AUTODIFF_FUNCTION_CALLEE_H
#define AUTODIFF_FUNCTION_CALLEE_H

#include "function.h"
#include "graph.h"

typedef struct ad_callee {
    ad_allocator       allocator;
    long               references;
    const ad_function *f;                  /* held */
    int                at_a_point;         /* no rows: its formula may stand in place of the call */
    size_t             rows, n_columns;
    const double      *columns[];          /* [n_columns] arrays [rows], the caller's */
} ad_callee;

/* Holds f. NULL: no memory. */
ad_callee *ad_callee_new(const ad_function *f, int at_a_point, const double *const *columns, size_t rows);
ad_callee *ad_callee_hold(ad_callee *c);
void       ad_callee_free(void *callee);
ad_status  ad_callee_evaluate(void *callee, const double *params, double *values);
/* The same data under another function, of as many columns. NULL without the function or memory. */
ad_callee *ad_callee_with(const ad_callee *c, const ad_function *f);

static inline ad_callee *ad_graph_callee(const ad_graph *G, uint32_t k) { return ((ad_callee **)G->callees.base)[k]; }
/* Its number in the graph, which takes the reference over, NULL for no memory; 0 and failed. */
uint32_t ad_graph_add_callee(ad_graph *G, ad_callee *c);
/* The nodes of a call's operands.  x [params of its callee] */
void     ad_graph_arguments(const ad_graph *G, uint32_t call, uint32_t *x);
uint32_t ad_callee_params(const ad_callee *c);
uint32_t ad_callee_outputs(const ad_callee *c);

/* Where a graph is evaluated node by node: the results of the call that was met last. */
typedef struct ad_last_call {
    uint32_t  call;                        /* UINT32_MAX: none yet */
    double   *values;                      /* [params + outputs] of its callee */
    size_t    size;
    ad_status status;
} ad_last_call;

/* The value of an AD_OP_RESULT node, v the values of nodes. NaN and a status without memory. */
double ad_last_call_result(ad_last_call *last, const ad_graph *G, uint32_t i, const double *v);
void   ad_last_call_free(ad_last_call *last, const ad_graph *G);

#endif
