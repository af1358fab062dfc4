/* graph.h -- a function as a graph: nodes in order of evaluation, equal ones shared. Not installed.
 *
 * Nodes are rows of ops.def on one to three operands, constants, inputs, the sum over rows, and AD_OP_SLOPE_OF: the value
 * of x with the derivative of y, for a function whose derivative the rows of its value would give a tie the wrong way.
 * Derivatives are added to the same graph as plain nodes; fusing and placing come later, in the plan. No recursion
 * anywhere.
 *
 * A call of a function that sums over rows of its own is a few nodes: AD_OP_ARGUMENT (the argument before, the value; of the
 * first one the value twice) for each of the callee's params, AD_OP_CALL (the last argument; y: which callee), and
 * AD_OP_RESULT (the call; y: which of its results). None of them varies.
 */
#ifndef AUTODIFF_FUNCTION_GRAPH_H
#define AUTODIFF_FUNCTION_GRAPH_H

#include "autodiff/rules/rules.h"
#include "autodiff/tape/memory.h"

enum { AD_GRAPH_GROWTH = 3 };              /* times a graph's nodes are those of its gradient, or so */
enum { AD_OP_SLOPE_OF = AD_OPS, AD_OP_ARGUMENT, AD_OP_RESULT, AD_GRAPH_OPS };

struct ad_callee;                          /* callee.h */

/* Operands not in use are 0. An input's x is its number. A constant has no operands. */
typedef struct ad_graph_node {
    union {
        double number;                     /* of a constant */
        struct {
            uint32_t x, y;
        };
    };
    uint32_t op, w;
} ad_graph_node;

typedef struct ad_graph {
    ad_allocator   allocator;
    ad_block       nodes, varying, table, callees;
    uint32_t       n, n_table, n_callees;
    int            failed;                 /* no memory: what is built is to be thrown away */
} ad_graph;

static inline ad_graph_node *ad_graph_at(const ad_graph *G, uint32_t i) { return (ad_graph_node *)G->nodes.base + i; }
/* Whether a node has one value per row. */
static inline int ad_graph_varies(const ad_graph *G, uint32_t i) { return ((unsigned char *)G->varying.base)[i]; }
static inline int ad_graph_arity(uint32_t op)
{
    return op <= AD_OP_THIRD ? 0 : op < AD_OP_COUNT ? ad_rules[op].arity : op == AD_OP_ARGUMENT || op == AD_OP_SLOPE_OF ? 2 : 1;
}
static inline uint32_t ad_graph_operand(const ad_graph_node *n, int k) { return k == 0 ? n->x : k == 1 ? n->y : n->w; }

/* The node, made or found; simplified where that changes no bit of a finite result. 0 when out of memory (failed). */
uint32_t ad_graph_make(ad_graph *G, uint32_t op, uint32_t x, uint32_t y, uint32_t w);
uint32_t ad_graph_number(ad_graph *G, double number);
/* Room for that many nodes in all, so that appending them moves nothing; or making them. 0: no memory. */
int      ad_graph_room(ad_graph *G, uint32_t n);
int      ad_graph_expect(ad_graph *G, uint32_t n);
/* A node that is known to be new and as simple as can be: nothing is looked for. */
uint32_t ad_graph_append(ad_graph *G, const ad_graph_node *n);
/* The sum over rows; a factor that does not vary is taken out of it. */
uint32_t ad_graph_row_sum(ad_graph *G, uint32_t x);
/* When nothing is derived any more: what has another's slope gives way to its value, in operands and in outputs [n]. */
void     ad_graph_settle(ad_graph *G, uint32_t n, uint32_t *outputs);
/* When no node is made any more: gives back the memory for making them. It is made anew if one is. */
void     ad_graph_close(ad_graph *G);
void     ad_graph_free(ad_graph *G);

/* callee.c: the call of a callee that the graph has, on the nodes x [its params]; its results are AD_OP_RESULT nodes of it. */
uint32_t ad_graph_call(ad_graph *G, uint32_t callee, const uint32_t *x);

/* derive.c: nodes of the derivatives of `of` with respect to wrt [n] (inputs or any nodes) in out [n]. `of` may vary: then
 * so do the derivatives, row by row; else contributions of varying nodes to others are summed over the rows. 0, and out is
 * to be thrown away, where `of` varies and depends on wrt through a row sum: its derivatives are rows by rows. */
int ad_graph_reverse(ad_graph *G, uint32_t of, uint32_t n, const uint32_t *wrt, uint32_t *out);

#endif
