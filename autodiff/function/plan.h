/* plan.h -- a function made ready to run over rows: what plan.c lowers a graph to and lanes.c executes. Not installed.
 *
 * A plan is a list of passes over the rows. Before a pass, the nodes that do not vary are computed, one number each
 * (uniform values, u); in the pass, blocks of AD_BLOCK rows run through the instructions, on slots of AD_BLOCK numbers;
 * row sums gather in accumulators, which are uniform values of the next pass. One pass is the rule; a row sum that a
 * later row needs makes another.
 *
 * Instructions are words: a code, a slot, operands. An operand is a slot's first number, or a uniform value (AD_UNIFORM |
 * index).
 */
#ifndef AUTODIFF_FUNCTION_PLAN_H
#define AUTODIFF_FUNCTION_PLAN_H

#include "graph.h"

enum { AD_BLOCK = 64, AD_FEW = 16, AD_SQUARED = 8, AD_CLASSES = 10 };
#define AD_UNIFORM 0x80000000u
#define AD_LAST    0x40000000u             /* of an operand while slots are placed: named here for the last time */

/* Codes beyond the rows of ops.def, which take: code, slot, operands. So do these fused ones, on a, b, c, d:
 *   AD_MUL_NEG  -a b        AD_MUL_ADD  a b + c     AD_MUL_SUB  a b - c     AD_SUB_MUL  c - a b
 *   AD_MUL_MUL  (a b) c
 *   AD_MUL_ADD_MUL  a b + c d     AD_MUL_SUB_MUL  a b - c d     AD_MUL_MUL_MUL  (a b) (c d)
 * AD_LINEAR (code, slot, n, then n times: class, count, operands) sets a slot to a sum of terms, by class: pairs v v, -v v,
 * u v, -u v, then v, -v, u, -u, then (v - u)^2, -(v - u)^2 as u v; AD_GATHER (the same) adds it to an accumulator. AD_LINEAR_TWO (code, slot, slot, n, then n
 * times: u, u of the second, v; then the other terms of the first, of the second, each as above from the number of classes
 * on) sets two slots.
 * AD_GATHER_PRODUCTS (code, factor, accumulator or UINT32_MAX, n, then n times: operand, accumulator) adds the factor to
 * an accumulator and its products to others. AD_GATHER_TWO (code, factor, factor, their accumulators, n, n of the first, n of
 * the second, then n times: operand, two accumulators; then for each: operand, accumulator) does so with two factors.
 * AD_GATHER_DIFFERENCES (code, factor, n, then n times: u, v, accumulator) adds the factor's products with v - u.
 * AD_SIGMOIDS and AD_SINE_COSINE (code, slot, slot, operand) set sigmoid(x) and sigmoid(-x), sin(x) and cos(x).
 * AD_STORE (code, output, operand) writes rows out. */
enum { AD_MUL_NEG = AD_GRAPH_OPS, AD_MUL_ADD, AD_MUL_SUB, AD_SUB_MUL, AD_MUL_MUL, AD_MUL_ADD_MUL, AD_MUL_SUB_MUL,
       AD_MUL_MUL_MUL, AD_LINEAR, AD_LINEAR_TWO, AD_SIGMOIDS, AD_SINE_COSINE, AD_GATHER, AD_GATHER_PRODUCTS, AD_GATHER_TWO,
       AD_GATHER_DIFFERENCES, AD_STORE, AD_END, AD_COPY };

/* A row on uniform values; or AD_COPY of one; or AD_OP_CALL of callee x on those from `to` on, results after them. */
typedef struct ad_uniform_step {
    uint32_t op, to, x, y, w;
} ad_uniform_step;

typedef struct ad_pass {
    ad_uniform_step *steps;                /* [n_steps] before the rows */
    uint32_t         n_steps;
    uint32_t        *code;                 /* [n_code] ends with AD_END */
    size_t           n_code;
    uint32_t         n_slots, n_sums;
    uint32_t        *sum_to;               /* [n_sums] the uniform value that an accumulator becomes; AD_UNIFORM: less it */
    uint32_t        *columns;              /* [n_columns] the column that slot 0, 1, ... holds */
    uint32_t         n_columns;
    double           cost;                 /* ns for a block of rows, roughly and on no machine in particular */
    ad_block         step_block, code_block, sum_block, column_block;
} ad_pass;

typedef struct ad_plan {
    ad_allocator allocator;
    struct ad_callee *const *callees;      /* of the graph, which stays as long as the plan is run */
    double      *uniform;                  /* [n_uniform] constants in their places */
    uint32_t     n_uniform;
    uint32_t    *param;                    /* [n_params] place of a param, or UINT32_MAX */
    uint32_t     n_params;
    ad_pass     *passes;
    uint32_t     n_passes;
    uint32_t    *output;                   /* [n_outputs] place of one that does not vary; else UINT32_MAX: it is stored */
    uint32_t     n_outputs;
    int          chains;                   /* products of the chain rule run as plain ones: a NaN asks for care */
    struct ad_runner *spare;               /* memory of the last run, taken and given back by exchange (run.h) */
    ad_block     uniform_block, param_block, pass_block, output_block;
} ad_plan;

/* Lowers the outputs of a graph. Returns 0 and leaves an empty plan when out of memory. */
int  ad_plan_make(ad_plan *plan, const ad_graph *G, uint32_t n_params, uint32_t n_outputs, const uint32_t *outputs);
void ad_plan_free(ad_plan *plan);

/* Words of a term of a linear instruction. */
static inline uint32_t ad_term_width(uint32_t class) { return class < 4 || class >= AD_SQUARED ? 2 : 1; }

/* Operands of a row's or a fused instruction. */
static inline int ad_code_arity(uint32_t code)
{
    return code < AD_GRAPH_OPS ? ad_graph_arity(code) : code == AD_MUL_NEG ? 2 : code < AD_MUL_ADD_MUL ? 3 : 4;
}

/* Where stored outputs go: to arrays of rows, or row-major by way of a block, which has what does not vary in its places. */
typedef struct ad_stored {
    double *const *rows;                   /* [n] arrays */
    double        *interleaved, *block;    /* [rows][n]; [n][AD_BLOCK], then [n][8] */
    size_t         n;
    int            far;                    /* more than a cache should hold: write past it */
} ad_stored;

/* lanes.c: runs a pass's code over rows [from, to), the caller's columns, work [n_slots][AD_BLOCK] aligned to 64 bytes,
 * sums [n_sums][8] (added to). Returns whether a stored number is NaN. */
typedef int  ad_lanes_run(const ad_pass *pass, const double *uniform, const double *const *columns, size_t from, size_t to,
                          double *work, double *sums, const ad_stored *stored);
ad_lanes_run  ad_lanes_baseline, ad_lanes_avx2, ad_lanes_avx512;  /* those that this build has */
ad_lanes_run  ad_few_lanes_baseline, ad_few_lanes_avx2, ad_few_lanes_avx512;   /* the same, AD_FEW rows at a time */

typedef struct ad_lanes_runs {
    ad_lanes_run *blocks, *few;
} ad_lanes_runs;

ad_lanes_runs ad_lanes_for_this_machine(void);

#endif
