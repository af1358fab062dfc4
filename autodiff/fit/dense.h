/* dense.h -- small dense linear algebra: triangles from rows, singular values, eigenvalues, Cholesky. Not installed.
 *
 * Matrices are arrays of columns, column j from j * rows on, but where a comment says otherwise. Nothing here allocates.
 */
#ifndef AUTODIFF_FIT_DENSE_H
#define AUTODIFF_FIT_DENSE_H

#include <stddef.h>

/* The triangle of a QR factorisation takes more rows in: R [n][n] row by row, upper; A n columns of `rows` at distance
 * `stride`, spoiled. Householder reflections (Golub and Van Loan, 4th ed., 5.2), each of one row of R with all of A. */
void ad_triangle_absorb(size_t n, double *R, double *A, size_t stride, size_t rows);

/* Singular values by one-sided Jacobi rotations (Hestenes 1958; de Rijk 1989), which find small ones to high relative accuracy:
 * A [m rows][n columns] becomes A V with orthogonal columns, whose lengths are the singular values; V [n][n]. */
void ad_singular(size_t m, size_t n, double *A, double *V);

/* Eigenvalues of a symmetric A [n][n], which is spoiled: values [n] on A's diagonal, vectors the columns of V [n][n]; work
 * [3 n]. Small matrices by Jacobi rotations, larger ones by Householder's tridiagonal form and implicit QL steps (Golub and
 * Van Loan, 4th ed., 8.3; Bowdler, Martin, Reinsch and Wilkinson 1968). */
void ad_eigen(size_t n, double *A, double *V, double *work);

/* The Cholesky factor of a symmetric A [n][n] in its lower triangle (row i at i * n); 0 if A is not positive definite. And
 * the solution of A x = b in b. */
int  ad_cholesky(size_t n, double *A);
void ad_cholesky_solve(size_t n, const double *L, double *b);

double ad_dot_product(size_t n, const double *x, const double *y);
/* Without overflow or underflow. */
double ad_length(size_t n, const double *x);

#endif
