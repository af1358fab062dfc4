/* tiers.h -- one graph, every tier: see tiers.c and nested.c. */
#ifndef TESTS_FUZZ_TIERS_H
#define TESTS_FUZZ_TIERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct tier_counts {
    unsigned long graphs, compared, untold;  /* numbers held against the witness; those of which nothing can be told */
} tier_counts;

/* Decodes a graph and compares the tape's values and gradients, the function at a point, over rows on every instruction set
 * and number of threads, its derivatives by reverse and tangent, and Hessian-vector products. NULL, or what disagreed, until
 * the next call. */
const char *tiers_disagree(const uint8_t *data, size_t size, tier_counts *counts);
/* The same of functions that call others at points and over data, sum over rows, are steps of scans: nested.c. */
const char *nested_disagree(const uint8_t *data, size_t size, tier_counts *counts);

#endif
