/* squares.h -- seeing that a loss is a sum of squares, whatever way it was written. Not installed. */
#ifndef AUTODIFF_FIT_SQUARES_H
#define AUTODIFF_FIT_SQUARES_H

#include "store.h"
#include "autodiff/function/internal.h"

/* A loss as  factor * sum_k weight_k residual_k^2,  nodes of G, a copy of the function's graph with what was added. Constant
 * factors are divided by that of the first term written, so that r^2 / 2 and r^2 have the same residuals. */
typedef struct ad_squares {
    ad_graph  G;
    size_t    m;                           /* residuals a row */
    uint32_t *residual;                    /* [m] sqrt(weight) times the residual */
    uint32_t *weight;                      /* [m] of the response: free of params; a number 1 where none was written */
    uint32_t *fitted;                      /* [m] what the model says of it; as the response, where that can be seen */
    uint32_t *response;                    /* [m] what the residual compares the model with, or UINT32_MAX where that cannot be seen */
} ad_squares;

/* Reads a loss (the one output of f), or takes the outputs of f as residuals. `weighted`: G has one more column, after f's, that
 * multiplies every square; its square root is the column after it. 1: it is a sum of squares; 0: it is not, or no memory (which
 * store->failed or G.failed then say). G is to be freed either way. */
int ad_squares_read(const ad_function *f, int are_residuals, int weighted, ad_store *store, ad_squares *s);

/* Which of the graph's nodes depend on params: [G->n]. */
void ad_squares_mark(const ad_graph *G, unsigned char *depends);

#endif
