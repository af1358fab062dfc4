// peer_adolc.cpp -- some evals' derivatives with ADOL-C, beside the race: plain loops on adouble, recorded and swept back every time.
// Arguments and results as in hand.h. Built only where ADOL-C is installed.
#include "peer_adolc.h"

#include <adolc/adolc.h>
#include <vector>

namespace {

enum { TRACE = 1, OBSERVATION = 2, ROOM = 4096, CAMERA = 11, POINT = 3, INPUTS = CAMERA + POINT + 1 };

std::vector<adouble> independent(size_t n, const double *x)
{
    std::vector<adouble> a(n);
    for (size_t i = 0; i < n; i++)
        a[i] <<= x[i];
    return a;
}

// With rooms for so many operations: what is beyond them goes by way of files.
void record(size_t operations)
{
    const unsigned n = static_cast<unsigned>(operations) + 1000;
    trace_on(TRACE, 1, n, 4 * n, n, 2 * n);
}

void forget() { removeTape(TRACE, ADOLC_REMOVE_COMPLETELY); }

void sweep(size_t n, double *g)
{
    double one = 1;
    reverse(TRACE, 1, static_cast<int>(n), 0, &one, g);
}

adouble largest(size_t n, const adouble *x)
{
    adouble most = x[0];
    for (size_t i = 1; i < n; i++)
        most = fmax(most, x[i]);
    return most;
}

adouble logsumexp(size_t n, const adouble *x)
{
    adouble most = largest(n, x), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp(x[i] - most);
    return most + log(sum);
}

void cross(const adouble *a, const adouble *b, adouble *z)
{
    for (int i = 0; i < 3; i++)
        z[i] = a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3];
}

// Errors of one observation; x turned by r (Rodrigues).
void observe(const adouble *cam, const adouble *x, const adouble &w, const double *feature, adouble *error)
{
    adouble square = 0, along = 0, axis[3], centred[3], turned[3], seen[3];
    for (int i = 0; i < 3; i++) {
        square += cam[i] * cam[i];
        centred[i] = x[i] - cam[3 + i];
    }
    adouble angle = sqrt(square), cosine = cos(angle), sine = sin(angle);
    for (int i = 0; i < 3; i++) {
        axis[i] = cam[i] / angle;
        along += axis[i] * centred[i];
    }
    cross(axis, centred, turned);
    for (int i = 0; i < 3; i++)
        seen[i] = centred[i] * cosine + turned[i] * sine + axis[i] * along * (1 - cosine);
    adouble u[2] = {seen[0] / seen[2], seen[1] / seen[2]}, s = u[0] * u[0] + u[1] * u[1];
    adouble distortion = 1 + cam[9] * s + cam[10] * s * s;
    for (int i = 0; i < 2; i++)
        error[i] = w * (u[i] * distortion * cam[6] + cam[7 + i] - feature[i]);
}

} // namespace

extern "C" {

void llsq_adolc(size_t m, size_t n, const double *x, double *g)
{
    double value;
    record(4 * m * n);
    {
        std::vector<adouble> a = independent(m, x);
        adouble E = 0;
        for (size_t i = 0; i < n; i++) {
            double t = -1 + double(i) * 2 / double(n - 1), power = 1;
            adouble r = double((t > 0) - (t < 0));
            for (size_t j = 0; j < m; j++, power *= t)
                r -= a[j] * power;
            E += r * r;
        }
        E *= 0.5;
        E >>= value;
    }
    trace_off();
    sweep(m, g);
    forget();
}

void lse_adolc(size_t n, const double *x, double *g)
{
    double value;
    record(8 * n);
    {
        std::vector<adouble> a = independent(n, x);
        adouble E = logsumexp(n, a.data());
        E >>= value;
    }
    trace_off();
    sweep(n, g);
    forget();
}

// The curvatures by a product of the Hessian with ones.
void kmeans_adolc(size_t n, size_t k, size_t d, const double *points, const double *centroids, double *direction)
{
    double value;
    std::vector<double> at(centroids, centroids + k * d), ones(k * d, 1), curvature(k * d);
    record(4 * n * k * d);
    {
        std::vector<adouble> c = independent(k * d, centroids);
        adouble E = 0;
        for (size_t i = 0; i < n; i++) {
            adouble least = INFINITY;
            for (size_t j = 0; j < k; j++) {
                adouble sum = 0;
                for (size_t l = 0; l < d; l++) {
                    adouble difference = c[j * d + l] - points[i * d + l];
                    sum += difference * difference;
                }
                least = j ? fmin(least, sum) : sum;
            }
            E += least;
        }
        E >>= value;
    }
    trace_off();
    sweep(k * d, direction);
    hess_vec(TRACE, static_cast<int>(k * d), at.data(), ones.data(), curvature.data());
    forget();
    for (size_t i = 0; i < k * d; i++)
        direction[i] /= curvature[i];
}

void gmm_adolc(size_t d, size_t k, size_t n, const double *p, const double *x, double *g)
{
    double value;
    size_t triangle = d * (d - 1) / 2, params = k * (1 + 2 * d + triangle);
    record(n * k * d * (d + 8) + 2 * params);
    {
        std::vector<adouble> a = independent(params, p), Q(k * d), sum_q(k), term(k), c(d), z(d);
        const adouble *alpha = a.data(), *mu = alpha + k, *q = mu + k * d, *l = q + k * d;
        adouble E = 0;
        for (size_t i = 0; i < k; i++) {
            sum_q[i] = 0;
            for (size_t j = 0; j < d; j++) {
                Q[i * d + j] = exp(q[i * d + j]);
                sum_q[i] += q[i * d + j];
                E -= 0.5 * Q[i * d + j] * Q[i * d + j];
            }
            for (size_t j = 0; j < triangle; j++)
                E -= 0.5 * l[i * triangle + j] * l[i * triangle + j];
        }
        for (size_t r = 0; r < n; r++) {
            for (size_t i = 0; i < k; i++) {
                const adouble *li = l + i * triangle;
                adouble square = 0;
                for (size_t j = 0; j < d; j++) {
                    c[j] = x[r * d + j] - mu[i * d + j];
                    z[j] = Q[i * d + j] * c[j];
                }
                for (size_t u = 0; u < d; u++)
                    for (size_t v = u + 1; v < d; v++)
                        z[v] += *li++ * c[u];
                for (size_t j = 0; j < d; j++)
                    square += z[j] * z[j];
                term[i] = alpha[i] + sum_q[i] - 0.5 * square;
            }
            E += logsumexp(k, term.data());
        }
        E -= double(n) * logsumexp(k, alpha);
        E >>= value;
    }
    trace_off();
    sweep(params, g);
    forget();
}

// One observation is recorded, its Jacobian evaluated for each; features are the same in all.
void ba_adolc(size_t n, size_t m, size_t p, const double *cams, const double *points, const double *w, const double *features, double *J)
{
    double at[INPUTS], value[2], *row[2];
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            at[j] = j < CAMERA ? cams[CAMERA * (i % n) + j] : j < CAMERA + POINT ? points[POINT * (i % m) + j - CAMERA] : w[i];
        if (i == 0) {
            trace_on(OBSERVATION, 0, ROOM, ROOM, ROOM, ROOM);
            std::vector<adouble> a = independent(INPUTS, at);
            adouble error[2];
            observe(a.data(), a.data() + CAMERA, a[CAMERA + POINT], features, error);
            error[0] >>= value[0];
            error[1] >>= value[1];
            trace_off();
        }
        row[0] = J + 2 * INPUTS * i;
        row[1] = row[0] + INPUTS;
        jacobian(OBSERVATION, 2, INPUTS, at, row);
    }
    removeTape(OBSERVATION, ADOLC_REMOVE_COMPLETELY);
    for (size_t i = 0; i < p; i++)
        J[2 * INPUTS * p + i] = -2 * w[i];
}

}
