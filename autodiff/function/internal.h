/* internal.h -- a recorded function as the files of this folder see it. Not installed. */
#ifndef AUTODIFF_FUNCTION_INTERNAL_H
#define AUTODIFF_FUNCTION_INTERNAL_H

#include "function.h"
#include "graph.h"
#include "plan.h"

#include <pthread.h>

/* What a function is lowered for, each when first asked. */
enum { AD_FOR_ROWS, AD_FOR_SUM, AD_FOR_GRADIENT, AD_KINDS };

typedef struct ad_made {
    ad_graph  graph;                       /* the function's, and what was derived */
    uint32_t *outputs;                     /* [n_outputs] its nodes */
    uint32_t  n_outputs;
    ad_plan   plan;
} ad_made;

struct ad_function {
    ad_allocator    allocator;
    ad_graph        graph;                 /* never changed once the function is there */
    uint32_t       *outputs;               /* [n_outputs] nodes */
    uint32_t        n_outputs, n_params, n_columns;
    uint32_t       *param_nodes;           /* [n_params] */
    size_t         *names;                 /* [n_params + n_columns] places in text, SIZE_MAX for none; params first */
    char           *text;
    size_t          n_text;
    pthread_mutex_t lock;                  /* guards the making, not the use, of: */
    ad_made        *kinds[AD_KINDS];
};

#endif
