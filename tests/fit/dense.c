/* dense.c -- small linear algebra: what is taken apart is what was there, at sizes that each way of doing it takes. */
#include "fitting.h"
#include <autodiff/fit/dense.h>
#include <autodiff/fit/region.h>

enum { MOST = 90 };
static const size_t sizes[] = {1, 2, 3, 7, 31, 33, 60, MOST};
static double A[MOST * MOST], B[MOST * MOST], V[MOST * MOST], work[3 * MOST];

static void expect_orthogonal(size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            cr_assert(fabs(ad_dot_product(n, V + i * n, V + j * n) - (i == j)) < 1e-13, "n %zu: %zu %zu", n, i, j);
}

Test(dense, eigenvalues)
{
    uint64_t state = 1;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (int graded = 0; graded < 3; graded++) {
            size_t n = sizes[k];
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j <= i; j++)
                    A[i * n + j] = A[j * n + i] = graded == 2 ? i == j : normal(&state) * (graded ? pow(0.7, (double)(i + j)) : 1);
            memcpy(B, A, n * n * sizeof *A);
            ad_eigen(n, A, V, work);
            expect_orthogonal(n);
            for (size_t j = 0; j < n; j++)
                for (size_t i = 0; i < n; i++) {
                    double Bv = 0;
                    for (size_t l = 0; l < n; l++)
                        Bv += B[i * n + l] * V[j * n + l];
                    cr_assert(fabs(Bv - A[j * n + j] * V[j * n + i]) < 1e-13 * (double)(n + 10), "n %zu: vector %zu, %zu", n, j, i);
                }
        }
}

Test(dense, singular_values_however_small)
{
    uint64_t state = 2;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k];
        for (size_t j = 0; j < n; j++)
            for (size_t i = 0; i < n; i++)
                B[j * n + i] = A[j * n + i] = normal(&state) * pow(10, -(double)(j % 12));   /* graded columns */
        ad_singular(n, n, A, V);
        expect_orthogonal(n);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++) {
                double *x = A + i * n, *y = A + j * n;
                cr_assert(fabs(ad_dot_product(n, x, y)) <= 1e-13 * ad_length(n, x) * ad_length(n, y), "n %zu: %zu %zu", n, i, j);
            }
        for (size_t j = 0; j < n; j++)
            for (size_t i = 0; i < n; i++) {
                double sum = 0;
                for (size_t l = 0; l < n; l++)
                    sum += A[l * n + i] * V[l * n + j];
                cr_assert(fabs(sum - B[j * n + i]) < 1e-12, "n %zu: %zu %zu", n, i, j);
            }
    }
}

/* R'R = A'A, in blocks of any height; columns of 1e-200 and 1e200 too. */
Test(dense, triangles_take_rows_in)
{
    enum { N = 5, ROWS = 61 };
    static double X[N * ROWS], block[N * ROWS], R[N * N];
    uint64_t state = 3;
    for (int scale = 0; scale < 2; scale++)
        for (size_t height = 1; height <= ROWS; height += 6) {
            const double sizes_of[] = {1, scale ? 1e200 : 3, scale ? 1e-200 : 0.1, 1, 1};
            for (size_t j = 0; j < N; j++)
                for (size_t i = 0; i < ROWS; i++)
                    X[j * ROWS + i] = sizes_of[j] * normal(&state);
            memset(R, 0, sizeof R);
            for (size_t begin = 0; begin < ROWS; begin += height) {
                size_t rows = ROWS - begin < height ? ROWS - begin : height;
                for (size_t j = 0; j < N; j++)
                    memcpy(block + j * height, X + j * ROWS + begin, rows * sizeof *X);
                ad_triangle_absorb(N, R, block, height, rows);
            }
            for (size_t i = 0; i < N; i++)
                for (size_t j = 0; j < N; j++) {
                    double RR = 0, XX = 0;
                    for (size_t l = 0; l < N; l++)
                        RR += R[l * N + i] / sizes_of[i] * (R[l * N + j] / sizes_of[j]);
                    for (size_t l = 0; l < ROWS; l++)
                        XX += X[i * ROWS + l] / sizes_of[i] * (X[j * ROWS + l] / sizes_of[j]);
                    cr_assert(fabs(RR - XX) < 1e-12 * ROWS, "height %zu, scale %d: %zu %zu: %g %g", height, scale, i, j, RR, XX);
                }
        }
}

/* The step is on the ball or the free minimum is inside it, and no other point of the ball is lower. */
Test(dense, least_within_a_ball)
{
    enum { N = 4 };
    uint64_t state = 4;
    for (int k = 0; k < 3000; k++) {
        double h[N], c[N], z[N], radius = pow(10, 4 * uniform(&state) - 2), value = 0, length = 0;
        for (int i = 0; i < N; i++) {
            h[i] = k % 3 == 0 ? fabs(normal(&state)) : normal(&state);
            c[i] = k % 5 == 0 && i < 2 ? 0 : normal(&state);
        }
        if (k % 7 == 0)
            h[0] = k % 2 ? -3 : 0;
        ad_region_least(N, h, c, radius, z);
        for (int i = 0; i < N; i++) {
            value += c[i] * z[i] + 0.5 * h[i] * z[i] * z[i];
            length = hypot(length, z[i]);
        }
        cr_assert(length <= 1.02 * radius, "%d: length %g, radius %g", k, length, radius);
        for (int trial = 0; trial < 30; trial++) {
            double other[N], size = 0, there = 0;
            for (int i = 0; i < N; i++)
                size = hypot(size, other[i] = normal(&state));
            for (int i = 0; i < N; i++) {
                other[i] *= radius * 0.98 * pow(uniform(&state), 0.25) / size;
                there += c[i] * other[i] + 0.5 * h[i] * other[i] * other[i];
            }
            cr_assert(value <= there + 0.03 * fabs(there) + 1e-12, "%d: %g, but %g", k, value, there);
        }
    }
}
