/* peer_adolc.h -- evals' derivatives with ADOL-C, arguments and results as in hand.h. */
#ifndef TESTS_GRADBENCH_PEER_ADOLC_H
#define TESTS_GRADBENCH_PEER_ADOLC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void llsq_adolc(size_t m, size_t n, const double *x, double *g);
void lse_adolc(size_t n, const double *x, double *g);
void kmeans_adolc(size_t n, size_t k, size_t d, const double *points, const double *centroids, double *direction);
void gmm_adolc(size_t d, size_t k, size_t n, const double *p, const double *x, double *g);
void ba_adolc(size_t n, size_t m, size_t p, const double *cams, const double *points, const double *w, const double *features,
              double *J);

#ifdef __cplusplus
}
#endif
#endif
