/* hand.h -- the variants of hand.c: one of each function for every compiler and level of HANDS. */
#ifndef TESTS_GRADBENCH_HAND_H
#define TESTS_GRADBENCH_HAND_H

#include <stddef.h>

#define DECLARE(v) \
    void llsq_##v(size_t m, size_t n, const double *x, double *g); \
    void lse_##v(size_t n, const double *x, double *g); \
    void kmeans_##v(size_t n, size_t k, size_t d, const double *points, const double *centroids, double *direction); \
    void gmm_##v(size_t d, size_t k, size_t n, const double *p, const double *x, double *g); \
    void ba_##v(size_t n, size_t m, size_t p, const double *cams, const double *points, const double *w, const double *features, \
                double *J); \
    void ode_##v(size_t n, size_t s, const double *x, double *g);
#ifdef HAND
#define DECLARE_(v) DECLARE(v)
DECLARE_(HAND)
#else
#define V(v) DECLARE(v)
HANDS
#undef V
#endif

#endif
