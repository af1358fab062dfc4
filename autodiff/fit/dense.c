/* dense.c -- small dense linear algebra, for matrices as small as a model has params. */
#include "dense.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Four sums, so that additions do not wait for one another. */
double ad_dot_product(size_t n, const double *x, const double *y)
{
    double s[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += x[i + (size_t)k] * y[i + (size_t)k];
    for (; i < n; i++)
        s[0] += x[i] * y[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

double ad_length(size_t n, const double *x)
{
    double most = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    if (most == 0 || !(most < INFINITY))
        return most;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] / most) * (x[i] / most);
    return most * sqrt(sum);
}

static void add_scaled(size_t n, double *restrict to, double factor, const double *restrict x)
{
    for (size_t i = 0; i < n; i++)
        to[i] += factor * x[i];
}

void ad_triangle_absorb(size_t n, double *R, double *A, size_t stride, size_t rows)
{
    for (size_t j = 0; j < n; j++) {
        double *Aj = A + j * stride, corner = R[j * n + j], squares = ad_dot_product(rows, Aj, Aj);
        double scale = 1, length = sqrt(corner * corner + squares);
        if (!(length > 1e-140 && length < 1e140)) {                        /* rare: squares may over- or underflow */
            scale = hypot(corner, ad_length(rows, Aj));
            if (scale == 0)
                continue;
            for (size_t i = 0; i < rows; i++)
                Aj[i] /= scale;
            corner /= scale;
            squares = ad_dot_product(rows, Aj, Aj);
            length = sqrt(corner * corner + squares);
        }
        if (squares == 0 && scale == 1)
            continue;
        double to = corner > 0 ? -length : length, v = corner - to, tau = 2 / (v * v + squares);
        for (size_t k = j + 1; k < n; k++) {
            double t = tau * (v * R[j * n + k] + ad_dot_product(rows, Aj, A + k * stride));
            R[j * n + k] -= t * v;
            add_scaled(rows, A + k * stride, -t, Aj);
        }
        R[j * n + j] = to * scale;
    }
}

static void rotate(size_t n, double *x, double *y, double c, double s)
{
    for (size_t i = 0; i < n; i++) {
        double a = x[i], b = y[i];
        x[i] = c * a - s * b;
        y[i] = s * a + c * b;
    }
}

/* The rotation that makes [[a, g], [g, b]] diagonal. */
static void jacobi(double a, double b, double g, double *c, double *s)
{
    double z = (b - a) / (2 * g), t = copysign(1, z) / (fabs(z) + hypot(1, z));
    *c = 1 / sqrt(1 + t * t);
    *s = *c * t;
}

static void identity(size_t n, double *V)
{
    memset(V, 0, n * n * sizeof *V);
    for (size_t i = 0; i < n; i++)
        V[i * n + i] = 1;
}

enum { MOST_SWEEPS = 60 };

void ad_singular(size_t m, size_t n, double *A, double *V)
{
    identity(n, V);
    for (int sweep = 0, rotated = 1; rotated && sweep < MOST_SWEEPS; sweep++) {
        rotated = 0;
        for (size_t i = 0; i + 1 < n; i++)
            for (size_t j = i + 1; j < n; j++) {
                double *x = A + i * m, *y = A + j * m, c, s;
                double a = ad_dot_product(m, x, x), b = ad_dot_product(m, y, y), g = ad_dot_product(m, x, y);
                if (!(fabs(g) > 4 * DBL_EPSILON * sqrt(a) * sqrt(b)))
                    continue;
                jacobi(a, b, g, &c, &s);
                rotate(m, x, y, c, s);
                rotate(n, V + i * n, V + j * n, c, s);
                rotated = 1;
            }
    }
}

enum { SMALL = 32 };

static void eigen_by_rotations(size_t n, double *A, double *V)
{
    identity(n, V);
    for (int sweep = 0, rotated = 1; rotated && sweep < MOST_SWEEPS; sweep++) {
        rotated = 0;
        for (size_t i = 0; i + 1 < n; i++)
            for (size_t j = i + 1; j < n; j++) {
                double a = A[i * n + i], b = A[j * n + j], g = A[j * n + i], c, s;
                if (g == 0 || !(fabs(g) > DBL_EPSILON * 0x1p-8 * (fabs(a) + fabs(b)) || fabs(g) > DBL_EPSILON * sqrt(fabs(a)) * sqrt(fabs(b))))
                    continue;
                jacobi(a, b, g, &c, &s);
                rotate(n, A + i * n, A + j * n, c, s);                     /* columns, then rows */
                for (size_t k = 0; k < n; k++)
                    rotate(1, A + k * n + i, A + k * n + j, c, s);
                rotate(n, V + i * n, V + j * n, c, s);
                A[i * n + j] = A[j * n + i] = 0;
                rotated = 1;
            }
    }
}

/* A = Q T Q' with T tridiagonal: its diagonal stays on A's, what is beside it goes to e [n], Q to V. w, v [n]. */
static void tridiagonal(size_t n, double *A, double *V, double *e, double *w, double *v)
{
    identity(n, V);
    for (size_t k = 0; k + 1 < n; k++) {
        size_t m = n - k - 1;
        double *B = A + (k + 1) * n + k + 1, *Q = V + (k + 1) * n;         /* what is left of A; the columns of V it is of */
        memcpy(v, A + k * n + k + 1, m * sizeof *v);
        double length = ad_length(m, v), size, along;
        e[k] = v[0];
        if (ad_length(m - 1, v + 1) == 0)
            continue;
        e[k] = v[0] > 0 ? -length : length;
        v[0] -= e[k];
        size = ad_length(m, v);
        for (size_t i = 0; i < m; i++)
            v[i] /= size;                                                  /* the reflection is 1 - 2 v v' */
        for (size_t i = 0; i < m; i++)
            w[i] = ad_dot_product(m, B + i * n, v);
        along = ad_dot_product(m, v, w);
        for (size_t i = 0; i < m; i++)
            w[i] = 2 * (w[i] - along * v[i]);
        for (size_t j = 0; j < m; j++) {
            add_scaled(m, B + j * n, -w[j], v);
            add_scaled(m, B + j * n, -v[j], w);
        }
        memset(w, 0, n * sizeof *w);
        for (size_t j = 0; j < m; j++)
            add_scaled(n, w, v[j], Q + j * n);
        for (size_t j = 0; j < m; j++)
            add_scaled(n, Q + j * n, -2 * v[j], w);
    }
    e[n - 1] = 0;
}

/* One implicit QL step on T from l to m; d its diagonal, e beside it. */
static void step_ql(size_t n, size_t l, size_t m, double *d, double *e, double *V)
{
    double g = (d[l + 1] - d[l]) / (2 * e[l]), r = hypot(g, 1), s = 1, c = 1, p = 0;
    g = d[m] - d[l] + e[l] / (g + copysign(r, g));
    for (size_t i = m; i-- > l;) {
        double f = s * e[i], b = c * e[i];
        e[i + 1] = r = hypot(f, g);
        if (r == 0) {
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate(n, V + i * n, V + (i + 1) * n, c, s);
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

static void eigen_by_ql(size_t n, double *A, double *V, double *work)
{
    double *e = work, *d = work + n;
    tridiagonal(n, A, V, e, work + n, work + 2 * n);
    for (size_t i = 0; i < n; i++)
        d[i] = A[i * n + i];
    for (size_t l = 0; l < n; l++)
        for (int k = 0; k < MOST_SWEEPS; k++) {
            size_t m = l;
            while (m + 1 < n && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])))
                m++;
            if (m == l)
                break;
            step_ql(n, l, m, d, e, V);
        }
    for (size_t i = 0; i < n; i++)
        A[i * n + i] = d[i];
}

void ad_eigen(size_t n, double *A, double *V, double *work)
{
    if (n <= SMALL)
        eigen_by_rotations(n, A, V);
    else
        eigen_by_ql(n, A, V, work);
}

int ad_cholesky(size_t n, double *A)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double s = A[i * n + j] - ad_dot_product(j, A + i * n, A + j * n);
            if (i == j && !(s > 0))
                return 0;
            A[i * n + j] = i == j ? sqrt(s) : s / A[j * n + j];
        }
    return 1;
}

void ad_cholesky_solve(size_t n, const double *L, double *b)
{
    for (size_t i = 0; i < n; i++)
        b[i] = (b[i] - ad_dot_product(i, L + i * n, b)) / L[i * n + i];
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            b[i] -= L[k * n + i] * b[k];
        b[i] /= L[i * n + i];
    }
}
