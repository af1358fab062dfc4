/* function_bench.h -- what the benchmarks of recorded functions share: two more lines to print. No measuring here. */
#ifndef FUNCTION_BENCH_H
#define FUNCTION_BENCH_H

#include "bench.h"
#include <autodiff/autodiff.h>

/* Value and gradient in lanes beside the value alone by hand, gcc's -O3. */
static inline void function_print_value(const bench_runner *r, bench_hand value, const char *problem)
{
    printf("%s value and gradient / value alone  %5.2fx hand O3 (%s)   (bar 0.40x)\n", problem,
           r->median / value.O3->median, value.O3->name);
}

#endif
