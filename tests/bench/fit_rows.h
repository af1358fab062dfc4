/* fit_rows.h -- the data of the benchmark of fits: y = p + (q - p) / (1 + exp(-r (x - s))) with noise. */
#ifndef FIT_ROWS_H
#define FIT_ROWS_H

#include <stddef.h>

typedef struct fit_data {
    size_t rows;
    const double *x, *y;
} fit_data;

static const double fit_start[4] = {0.5, 4, 1, 3.5};

#endif
