/* run.h -- running plans over rows, and graphs with care. Not installed. */
#ifndef AUTODIFF_FUNCTION_RUN_H
#define AUTODIFF_FUNCTION_RUN_H

#include "plan.h"

/* Where results go; any may be NULL where there is nothing of its kind. */
typedef struct ad_results {
    double        *values;                 /* [n_outputs] of those that do not vary */
    double *const *rows;                   /* [n_outputs] arrays [rows] of those that vary */
    double        *interleaved;            /* or, all of them, [rows][n_outputs] */
    int            nan;                    /* set: whether one of them is NaN */
} ad_results;

/* Runs a plan, on several threads when that pays. */
ad_status ad_plan_run(const ad_plan *plan, const double *params, const double *const *columns, size_t rows, ad_results *to);
/* The same again and again over as many rows: memory is taken once. Open gives NULL without it; params NULL: as they were.
 * Outputs by rows alone. A runner that is closed, as after ad_plan_run, waits with its plan for the next run, unless it is large or
 * one waits already: to take the memory anew costs a small run more than its work. */
typedef struct ad_runner ad_runner;
ad_runner *ad_runner_open(const ad_plan *plan, size_t rows);
ad_status  ad_runner_go(ad_runner *r, const double *params, const double *const *columns, ad_results *to);
void       ad_runner_close(ad_runner *r);
void       ad_runner_free(ad_runner *r);
/* The same outputs of the graph itself, one node and one row after another, by the rows of ops.def: exact products of the
 * chain rule, and the bits of the tape. */
ad_status ad_graph_run(const ad_graph *G, uint32_t n_outputs, const uint32_t *outputs, const double *params,
                       const double *const *columns, size_t rows, ad_results *to);
/* Bytes that one thread works in. */
size_t    ad_plan_workspace(const ad_plan *plan, int interleaved);

#endif
