/* lower.h -- what plan.c, fuse.c and place.c share while a graph becomes a plan. Not installed.
 *
 * plan.c says what is needed and in which pass, fuse.c (with forms.c and gather.c) turns a pass's nodes into instructions on
 * node ids, place.c turns the ids into slots. All are walks over ids in order: linear time, no recursion.
 */
#ifndef AUTODIFF_FUNCTION_LOWER_H
#define AUTODIFF_FUNCTION_LOWER_H

#include "plan.h"

/* The terms of a linear form by class: [n][2] or [n] ids. */
typedef struct lower_form {
    ad_block term[AD_CLASSES];
    uint32_t n[AD_CLASSES];
} lower_form;

/* A gathering of products with a common factor, not yet emitted. */
typedef struct lower_group {
    ad_block  pairs;                       /* [n][2] other factor, accumulator */
    uint32_t  n, factor, own, since;       /* own: accumulator of the factor alone, or NONE; since: instruction */
} lower_group;

enum { LOWER_GROUPS = 4 };

typedef struct lowering {
    ad_plan        *plan;
    const ad_graph *G;
    uint32_t       *uses;                  /* [n] by varying nodes, row sums and outputs of the pass */
    uint32_t       *first_sum;             /* [n] row sum of a node */
    uint32_t       *first_out, *next_out;  /* [n], [n_outputs] stored outputs of a node */
    union {                                /* [n] tables in pairs, of what does not vary and of what does: */
        struct {
            uint32_t *level;               /* row sums below a node, one after another (at first of all nodes) */
            uint32_t *uniform;             /* place of a uniform value */
            uint32_t *next_sum;            /* the next row sum of the same node */
        };
        struct {
            uint32_t *seen;                /* instruction that last named a node */
            uint32_t *slot;
            uint32_t *twin;                /* the node that one is computed together with, or NONE */
        };
    };
    unsigned char  *needed, *in_pass, *exact, *done, *compound;
    unsigned char  *fused;                 /* [n] dissolves in the instructions that need it: 1, or LOWER_DIFFERENCE */
    uint32_t       *stack;                 /* [n + 1] of nodes to expand, signs beside them */
    signed char    *signs;
    lower_form      form, other;           /* terms gathered for a linear instruction; for one that may join it */
    lower_group     group[LOWER_GROUPS];   /* [n_groups] products that may grow in number, the oldest first */
    uint32_t        n_groups;
    uint32_t       *mark;                  /* [n] where a node stands in a list, + 1, if it stands there */
    ad_block        starts;                /* where each instruction begins */
    uint32_t        n_starts, n_outputs, n_cheap;
    int             failed;
} lowering;

#define NONE UINT32_MAX
enum { LOWER_DIFFERENCE = 2 };

static inline const ad_graph_node *at(const lowering *L, uint32_t i) { return ad_graph_at(L->G, i); }
static inline int varies(const lowering *L, uint32_t i) { return ad_graph_varies(L->G, i); }

/* Operands are node ids until slots are known; uniform ones have their place at once. */
static inline uint32_t lower_operand(const lowering *L, uint32_t i) { return varies(L, i) ? i : AD_UNIFORM | L->uniform[i]; }

/* plan.c: more room, or NULL and failed. */
void *lower_grown(lowering *L, ad_block *block, size_t bytes);
/* fuse.c: the instructions of a pass, operands and results node ids. */
void lower_fuse(lowering *L, ad_pass *pass, uint32_t level, int last, const uint32_t *outputs);
/* fuse.c: an instruction begun, a word of it, a row's whole; what is done before an instruction names a node. */
void lower_begin(lowering *L, ad_pass *pass, uint32_t code, double cost);
void lower_emit(lowering *L, ad_pass *pass, uint32_t word);
void lower_emit_row(lowering *L, ad_pass *pass, uint32_t code, uint32_t to, const uint32_t *x);
void lower_near(lowering *L, ad_pass *pass, uint32_t i);
/* forms.c: the terms of a node (itself one, unless it is to be opened); their number, the class and operands of the k-th of
 * L->form; they as an instruction; the instruction of a sum. */
void     lower_collect(lowering *L, lower_form *f, uint32_t top, int open_top);
uint32_t lower_count_terms(const lower_form *f);
int      lower_term_at(const lowering *L, uint32_t k, uint32_t *x);
void     lower_near_terms(lowering *L, ad_pass *pass, const lower_form *f);
void     lower_emit_terms(lowering *L, ad_pass *pass, uint32_t code, uint32_t to);
void     lower_emit_sum(lowering *L, ad_pass *pass, uint32_t i);
/* gather.c: a sum over rows; what waits for more and has waited long; what still waits. */
void lower_emit_gather(lowering *L, ad_pass *pass, uint32_t sum);
void lower_age_groups(lowering *L, ad_pass *pass);
void lower_end_groups(lowering *L, ad_pass *pass);
/* place.c: ids become slots. */
void lower_place(lowering *L, ad_pass *pass);

#endif
