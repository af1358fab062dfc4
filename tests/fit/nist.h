/* nist.h -- a set of NIST's Statistical Reference Datasets for nonlinear regression, read from its file as published. */
#ifndef TESTS_FIT_NIST_H
#define TESTS_FIT_NIST_H

#include <autodiff/autodiff.h>

enum { NIST_PARAMS = 12, NIST_COLUMNS = 4, NIST_ROWS = 512 };

typedef struct nist {
    char   name[32], left[256], right[1024];                   /* the formulas of the response and of the model */
    char   params[NIST_PARAMS][16], columns[NIST_COLUMNS][16];
    size_t n, n_columns, rows;
    double start[2][NIST_PARAMS], certified[NIST_PARAMS], deviation[NIST_PARAMS], rss, s;
    double data[NIST_COLUMNS][NIST_ROWS];
} nist;

/* 0, with a line on stderr, where the file is not what it should be. */
int nist_read(nist *set, const char *path);
/* The residual of the set's model as a function; NULL, with a line on stderr, where the formula cannot be read. */
ad_function *nist_residual(const nist *set);

/* Correct digits of x: the log relative error, between 0 and 11. */
double nist_digits(double x, double certified);

#endif
