/* run.h -- one function on one input: prepared once, evaluated as often as the input asks, timed. */
#ifndef TESTS_GRADBENCH_RUN_H
#define TESTS_GRADBENCH_RUN_H

#include "gradbench.h"

/* NULL where there is none of the name. */
const gb_module   *gb_module_named(const char *name);
const gb_function *gb_function_named(const gb_module *m, const char *name);
/* {"success", "output", "timings"} or {"success", "error"}; NULL only without memory. */
json_t *gb_run(const gb_function *f, json_t *input);

#endif
