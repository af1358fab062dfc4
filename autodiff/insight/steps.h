/* steps.h -- a graph as the steps a person would write down: one for every name, with the slopes by what it is made of.
 * What explanations and drawings are made from. Not installed.
 *
 * A step is an input, or a formula of steps before it. Nodes without a name are part of the formula that uses them; where
 * two use one, or a formula would grow long, it gets a name, v1, v2, ... Formulas and slopes stand on a tape of their own,
 * the notebook, where every step is a param: writing them is ad_write_formula's work, deriving them ad_gradient's. */
#ifndef AUTODIFF_INSIGHT_STEPS_H
#define AUTODIFF_INSIGHT_STEPS_H

#include "node.h"

/* How a step changes with one that it is made of. */
typedef struct ad_edge {
    uint32_t from, to;                     /* steps; from is the operand, the earlier one */
    ad_var   slope;                        /* on the notebook, as people write it */
    double   value;                        /* of the slope, as the engine computes it */
    const char *rules[3];                  /* in the rule book's words, the outermost first; NULL where there are fewer */
    const char *rows[3];                   /* and their names */
} ad_edge;

enum { AD_STEP_NAME = 64 };

typedef struct ad_step {
    uint32_t node;                         /* on the tape that is explained */
    char     name[AD_STEP_NAME];
    int      input, given;                 /* no formula; one that nobody asked to differentiate by */
    ad_var   symbol, formula;              /* on the notebook: what stands for it, and what it is computed from */
    ad_var   adjoint;                      /* the symbol dE/dname, with its value */
    size_t   first_edge, n_edges;          /* to its operands */
    size_t   first_use, n_uses;            /* edges by which others use it: places in `uses` */
} ad_step;

typedef struct ad_steps {
    ad_allocator allocator;
    ad_tape *notebook;
    ad_step *step;                         /* [n] in order of evaluation; the last is E */
    ad_edge *edge;                         /* [n_edges] by the step that is made, then its operands in order */
    size_t  *uses;                         /* [n_edges] edges by the operand, the last user first: the order of the sweep */
    size_t   n, n_edges, step_size, edge_size;
} ad_steps;

/* Makes the steps of E. Sweeps E's tape (ad_backward). wrt [n_wrt] are the variables to differentiate by; NULL: all inputs.
 * Columns on the tape are inputs like others. On failure nothing is held: AD_ERROR_STALE, AD_ERROR_NO_MEMORY,
 * AD_ERROR_ARGUMENT for a plain number. */
ad_status ad_steps_make(ad_steps *s, ad_var E, size_t n_wrt, const ad_var *wrt);
void      ad_steps_free(ad_steps *s);
/* The step of a variable of the tape, or n when it is none. */
size_t    ad_step_of(const ad_steps *s, ad_var v);

/* A node of a tape, made again from what stands for its operands, on the tape of these. */
ad_var    ad_steps_again(ad_steps *s, const ad_node *node, const ad_var *form);

/* tidy.c: copies `what`, recorded on one tape, to the notebook, as people would write it at the values it has: constants
 * folded, signs and factors in front, branches that are not taken left out, what is known by a name called by it. `formula`
 * on that tape is known as `symbol` on the notebook, and its inputs as symbols [n]. */
ad_var ad_tidy(const ad_tape *from, ad_var what, ad_var formula, ad_var symbol, size_t n, const ad_var *symbols,
               ad_tape *notebook);

#endif
