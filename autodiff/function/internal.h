/* internal.h -- a recorded function as the files of this folder see it. Not installed. */
#ifndef AUTODIFF_FUNCTION_INTERNAL_H
#define AUTODIFF_FUNCTION_INTERNAL_H

#include "function.h"
#include "graph.h"
#include "plan.h"

#include <pthread.h>
#include <string.h>

/* What a function is lowered for, each when first asked. */
enum { AD_FOR_ROWS, AD_FOR_SUM, AD_FOR_GRADIENT, AD_KINDS };

typedef struct ad_made {
    ad_graph  graph;                       /* the function's, and what was derived */
    int       shared;                      /* the graph is the function's own */
    uint32_t *outputs;                     /* [n_outputs] its nodes */
    uint32_t  n_outputs;
    ad_plan   plan;
} ad_made;

/* Functions made from it, each when first asked: jacobian.c and second.c. */
enum { AD_ITS_JACOBIAN, AD_ITS_TANGENT, AD_ITS_ADJOINT, AD_ITS_PRODUCT, AD_ITS_TOTAL, AD_ITS_POINT, AD_DERIVED };

struct ad_function {
    long              references;          /* the caller's, those of calls of it, of graphs with such calls */
    ad_allocator      allocator;
    ad_graph          graph;               /* never changed once the function is there */
    uint32_t         *outputs;             /* [n_outputs] nodes */
    uint32_t          n_outputs, n_params, n_columns;
    uint32_t          level;               /* directions and seeds named so far */
    uint32_t          depth;               /* calls within calls, at most */
    uint32_t         *param_nodes;         /* [n_params] */
    uint32_t         *column_nodes;        /* [n_columns] */
    size_t           *names;               /* [n_params + n_columns] places in text, SIZE_MAX for none; params first */
    ad_block          text;                /* [n_text] */
    size_t            n_text;
    pthread_mutex_t   lock;                /* guards the making, not the use, of: */
    ad_made          *kinds[AD_KINDS];
    ad_function      *derived[AD_DERIVED];
    struct ad_second *second;
};

/* Zeroed memory for n things, with a byte to spare, so that none of them is not NULL; and its return. */
static inline void *ad_make(const ad_allocator *a, size_t n, size_t size)
{
    void *block = ad_resize(a, NULL, 0, n * size + 1);
    if (block)
        memset(block, 0, n * size + 1);
    return block;
}

static inline void ad_drop(const ad_allocator *a, void *block, size_t n, size_t size)
{
    if (block)
        ad_resize(a, block, n * size + 1, 0);
}

/* function.c: a function with room for its inputs and outputs and no nodes yet; a copy of a graph (0: no memory, what is
 * there is to be freed); the name of an input, params first, as two parts (either NULL: nothing). */
ad_function *ad_function_blank(const ad_allocator *a, size_t n_params, size_t n_columns, size_t n_outputs);
int          ad_function_set_name(ad_function *f, size_t input, const char *name, const char *suffix);
int          ad_graph_copy(ad_graph *to, const ad_graph *from);
/* One more reference; ad_function_free gives it back. */
const ad_function *ad_function_hold(const ad_function *f);
/* Whether the arguments of an evaluation can be what they should. */
int          ad_arguments_fit(const ad_function *f, const double *params, const void *columns, size_t rows);
/* Lowers the function for a kind when that is new; NULL when out of memory. Runs what was lowered (see run.h). */
const ad_made *ad_made_for(const ad_function *f, int kind);
ad_status      ad_made_run(const ad_made *m, const double *params, const double *const *columns, size_t rows, double *values,
                           double *const *rows_out, double *interleaved);

/* derive.c: the partial of node i by its operand at `place`, as nodes. */
uint32_t ad_graph_partial(ad_graph *G, uint32_t i, int place);
/* tangent.c: in dot [n], given tangents of inputs, or UINT32_MAX for 0, become the tangents of all the first n nodes. */
void     ad_graph_tangent(ad_graph *G, uint32_t n, uint32_t *dot);

/* transform.c: the function of these outputs of a graph, with f's inputs and more of either kind, unnamed, whose nodes
 * are numbered after f's own. NULL: no memory. */
ad_function *ad_function_extract(const ad_function *f, const ad_graph *G, size_t more_params, size_t more_columns,
                                 size_t n_outputs, const uint32_t *outputs);
/* The nodes of another graph that are needed, added to one that has nothing but inputs; or (needed NULL) all of them, to any:
 * node [from->n] says where they went. Inputs become params [] and columns [] (nodes of `to`), sums over rows of one row that
 * row, if asked. */
void ad_graph_add(ad_graph *to, const ad_graph *from, const unsigned char *needed, const uint32_t *params,
                  const uint32_t *columns, int one_row, uint32_t *node);
/* How deep the calls of a function's graph are, once it is there. */
void ad_function_find_depth(ad_function *f);
/* A function of f's that is made once; `make` returns NULL and says why. */
typedef ad_function *ad_function_maker(const ad_function *f, ad_status *status);
const ad_function *ad_function_made_once(const ad_function *f, int which, ad_function_maker *make, ad_status *status);

/* pattern.c: which of n outputs, a gradient by n params, depend on which params other than through flat rows, as
 * compressed rows, columns in order: starts [n + 1], columns [starts[n]]. Symmetric: (j, i) comes with (i, j). */
typedef struct ad_pattern {
    size_t *starts, *columns;
    size_t  n, nonzeros;                   /* rows; entries */
} ad_pattern;
int  ad_pattern_of_graph(ad_pattern *p, const ad_graph *G, uint32_t n, const uint32_t *outputs);
void ad_pattern_free(ad_pattern *p, const ad_allocator *a);

/* colour.c: colours for the columns of a symmetric pattern such that every entry stands alone in a row of the product with
 * the columns of a colour summed up: in its own row, or (mirrored [nonzeros]) in that of the other half. 0: no memory. */
int ad_colour_symmetric(const ad_pattern *p, const ad_allocator *a, uint32_t *colour, unsigned char *mirrored,
                        uint32_t *n_colours);

/* Adjoints and tangents of f by all its params; the function of one row, its columns params after the params. */
const ad_function *ad_function_adjoint(const ad_function *f, ad_status *status);
const ad_function *ad_function_tangent(const ad_function *f, ad_status *status);
const ad_function *ad_function_its_total(const ad_function *f, ad_status *status);
const ad_function *ad_function_at_a_point(const ad_function *f, ad_status *status);

/* second.c */
void ad_second_free(struct ad_second *s, const ad_allocator *a);

#endif
