/* case.h -- the end of a case, for run.c alone. */
#ifndef TESTS_GRADBENCH_CASE_H
#define TESTS_GRADBENCH_CASE_H

#include "gradbench.h"

void gb_case_free(gb_case *c);

#endif
