/* run.h -- running plans over rows, and graphs with care. Not installed. */
#ifndef AUTODIFF_FUNCTION_RUN_H
#define AUTODIFF_FUNCTION_RUN_H

#include "plan.h"

/* Runs a plan. rows_out [n_outputs] arrays [rows], NULL where an output does not vary, whose value goes to values
 * [n_outputs]; either may be NULL where there is none of its kind. */
ad_status ad_plan_run(const ad_plan *plan, const double *params, const double *const *columns, size_t rows, double *values,
                      double *const *rows_out);
/* The same outputs of the graph itself, one node and one row after another, by the rows of ops.def: exact products of the
 * chain rule, and the bits of the tape. */
ad_status ad_graph_run(const ad_graph *G, uint32_t n_outputs, const uint32_t *outputs, const double *params,
                       const double *const *columns, size_t rows, double *values, double *const *rows_out);

#endif
