/* hand.c -- derivatives of some evals written by hand, plainly, as references for speed: they loop over points and use what is
 * known of each problem. Compiled by itself, with HAND naming the variant; it knows nothing of Chainrule. */
#include "hand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define HANDS(name) PASTE(name, HAND)

void HANDS(llsq)(size_t m, size_t n, const double *x, double *g)
{
    double *power = malloc(m * sizeof *power);
    memset(g, 0, m * sizeof *g);
    for (size_t i = 0; i < n; i++) {
        double t = -1 + (double)i * 2 / (double)(n - 1), r = (t > 0) - (t < 0), p = 1;
        for (size_t j = 0; j < m; j++) {
            power[j] = p;
            p *= t;
        }
        double sum = 0;
        for (size_t j = 0; j < m; j++)
            sum += x[j] * power[j];
        r = sum - r;
        for (size_t j = 0; j < m; j++)
            g[j] += r * power[j];
    }
    free(power);
}

void HANDS(lse)(size_t n, const double *x, double *g)
{
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++)
        sum += g[i] = exp(x[i] - most);
    for (size_t i = 0; i < n; i++)
        g[i] /= sum;
}

void HANDS(kmeans)(size_t n, size_t k, size_t d, const double *points, const double *centroids, double *direction)
{
    size_t *members = calloc(k, sizeof *members);
    memset(direction, 0, k * d * sizeof *direction);
    for (size_t i = 0; i < n; i++) {
        const double *p = points + i * d;
        double least = INFINITY;
        size_t nearest = 0;
        for (size_t j = 0; j < k; j++) {
            double sum = 0;
            for (size_t l = 0; l < d; l++)
                sum += (centroids[j * d + l] - p[l]) * (centroids[j * d + l] - p[l]);
            if (sum < least) {
                least = sum;
                nearest = j;
            }
        }
        members[nearest]++;
        for (size_t l = 0; l < d; l++)
            direction[nearest * d + l] += 2 * (centroids[nearest * d + l] - p[l]);
    }
    for (size_t j = 0; j < k; j++)
        for (size_t l = 0; l < d; l++)
            direction[j * d + l] /= 2 * (double)members[j];
    free(members);
}

/* gamma 1, m 0; g in the order alpha, mu, q, l. */
void HANDS(gmm)(size_t d, size_t k, size_t n, const double *p, const double *x, double *g)
{
    size_t triangle = d * (d - 1) / 2;
    const double *alpha = p, *mu = p + k, *q = mu + k * d, *l = q + k * d;
    double *dmu = g + k, *dq = dmu + k * d, *dl = dq + k * d;
    double *Q = malloc((2 * k * d + 3 * k + d) * sizeof *Q), *c = Q + k * d, *term = c + k * d, *sum_q = term + k, *y = sum_q + k;
    double *all = malloc(k * d * sizeof *all), most = -INFINITY, sum = 0;
    memset(g, 0, (k + 2 * k * d + k * triangle) * sizeof *g);
    for (size_t i = 0; i < k; i++) {
        sum_q[i] = 0;
        for (size_t j = 0; j < d; j++) {
            Q[i * d + j] = exp(q[i * d + j]);
            sum_q[i] += q[i * d + j];
        }
    }
    for (size_t r = 0; r < n; r++) {
        most = -INFINITY, sum = 0;
        for (size_t i = 0; i < k; i++) {
            double *z = all + i * d, square = 0;
            const double *li = l + i * triangle;
            for (size_t j = 0; j < d; j++) {
                c[i * d + j] = x[r * d + j] - mu[i * d + j];
                z[j] = Q[i * d + j] * c[i * d + j];
            }
            for (size_t a = 0; a < d; a++)
                for (size_t b = a + 1; b < d; b++)
                    z[b] += *li++ * c[i * d + a];
            for (size_t j = 0; j < d; j++)
                square += z[j] * z[j];
            term[i] = alpha[i] + sum_q[i] - 0.5 * square;
            most = term[i] > most ? term[i] : most;
        }
        for (size_t i = 0; i < k; i++)
            sum += term[i] = exp(term[i] - most);
        for (size_t i = 0; i < k; i++) {
            double w = term[i] / sum, *z = all + i * d, *dli = dl + i * triangle;
            const double *li = l + i * triangle;
            g[i] += w;
            for (size_t j = 0; j < d; j++) {
                y[j] = -w * z[j] * Q[i * d + j];
                dq[i * d + j] += w + y[j] * c[i * d + j];
            }
            for (size_t a = 0; a < d; a++)
                for (size_t b = a + 1; b < d; b++) {
                    *dli++ -= w * z[b] * c[i * d + a];
                    y[a] -= w * z[b] * *li++;
                }
            for (size_t j = 0; j < d; j++)
                dmu[i * d + j] -= y[j];
        }
    }
    most = -INFINITY, sum = 0;
    for (size_t i = 0; i < k; i++)
        most = alpha[i] > most ? alpha[i] : most;
    for (size_t i = 0; i < k; i++)
        sum += exp(alpha[i] - most);
    for (size_t i = 0; i < k; i++)
        g[i] -= (double)n * exp(alpha[i] - most) / sum;
    for (size_t i = 0; i < k * d; i++)
        dq[i] -= Q[i] * Q[i];
    for (size_t i = 0; i < k * triangle; i++)
        dl[i] -= l[i];
    free(all);
    free(Q);
}

/* The slopes of an observation's two errors by camera [11], point [3], weight. */
static void observation(const double *cam, const double *x, double w, const double *feature, double *J)
{
    const double *r = cam;
    double c[3], a[3], cross[3], seen[3], turned[3][3], by_c[3][3], angle = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
    double cosine = cos(angle), sine = sin(angle), along = 0;
    for (int i = 0; i < 3; i++) {
        c[i] = x[i] - cam[3 + i];
        a[i] = r[i] / angle;
        along += a[i] * c[i];
    }
    for (int i = 0; i < 3; i++)
        cross[i] = a[(i + 1) % 3] * c[(i + 2) % 3] - a[(i + 2) % 3] * c[(i + 1) % 3];
    for (int i = 0; i < 3; i++)
        seen[i] = c[i] * cosine + cross[i] * sine + a[i] * along * (1 - cosine);
    for (int j = 0; j < 3; j++) {
        double da[3], dalong = 0;
        for (int i = 0; i < 3; i++) {
            da[i] = ((i == j) - a[i] * a[j]) / angle;
            dalong += da[i] * c[i];
        }
        for (int i = 0; i < 3; i++) {
            double dcross = da[(i + 1) % 3] * c[(i + 2) % 3] - da[(i + 2) % 3] * c[(i + 1) % 3];
            turned[i][j] = a[j] * (-c[i] * sine + cross[i] * cosine + a[i] * along * sine) + dcross * sine +
                           (1 - cosine) * (da[i] * along + a[i] * dalong);
            by_c[i][j] = (i == j) * cosine + a[i] * a[j] * (1 - cosine);
        }
        by_c[(j + 1) % 3][j] += a[(j + 2) % 3] * sine;
        by_c[(j + 2) % 3][j] -= a[(j + 1) % 3] * sine;
    }
    double u = seen[0] / seen[2], v = seen[1] / seen[2], s = u * u + v * v, L = 1 + cam[9] * s + cam[10] * s * s, f = cam[6];
    double dL = 2 * (cam[9] + 2 * cam[10] * s), p[2] = {u, v};
    for (int e = 0; e < 2; e++, J += 15) {
        double by_u = f * ((e == 0) * L + p[e] * dL * u), by_v = f * ((e == 1) * L + p[e] * dL * v), by_seen[3];
        by_seen[0] = w * by_u / seen[2];
        by_seen[1] = w * by_v / seen[2];
        by_seen[2] = -(by_seen[0] * u + by_seen[1] * v);
        for (int j = 0; j < 3; j++) {
            J[j] = by_seen[0] * turned[0][j] + by_seen[1] * turned[1][j] + by_seen[2] * turned[2][j];
            J[11 + j] = by_seen[0] * by_c[0][j] + by_seen[1] * by_c[1][j] + by_seen[2] * by_c[2][j];
            J[3 + j] = -J[11 + j];
        }
        J[6] = w * p[e] * L;
        J[7] = e == 0 ? w : 0;
        J[8] = e == 1 ? w : 0;
        J[9] = w * f * p[e] * s;
        J[10] = w * f * p[e] * s * s;
        J[14] = p[e] * L * f + cam[7 + e] - feature[e];
    }
}

/* Camera, point, weight and feature, the same in all p observations; J [p][2][15], then [p]. */
void HANDS(ba)(size_t n, size_t m, size_t p, const double *cams, const double *points, const double *w, const double *features, double *J)
{
    for (size_t i = 0; i < p; i++)
        observation(cams + 11 * (i % n), points + 3 * (i % m), w[i], features + 2 * i, J + 30 * i);
    for (size_t i = 0; i < p; i++)
        J[30 * p + i] = -2 * w[i];
}

/* All states and stages are kept, then swept back. */
void HANDS(ode)(size_t n, size_t s, const double *x, double *g)
{
    double h = 2 / (double)s, *y = calloc((s + 1) * n, sizeof *y), *at = malloc(s * 3 * n * sizeof *at);
    double *k[4], *dk[4], *dy = calloc(n, sizeof *dy), *room = calloc(9 * n, sizeof *room);
    static const double reach[] = {0, 0.5, 0.5, 1}, weight[] = {1, 2, 2, 1};
    for (int i = 0; i < 4; i++) {
        k[i] = room + (size_t)i * n;
        dk[i] = room + (size_t)(4 + i) * n;
    }
    for (size_t t = 0; t < s; t++) {
        const double *now = y + t * n;
        for (int stage = 0; stage < 4; stage++) {
            double *z = stage ? at + (3 * t + (size_t)stage - 1) * n : NULL;
            for (size_t i = 0; i < n && stage; i++)
                z[i] = now[i] + h * reach[stage] * k[stage - 1][i];
            const double *of = stage ? z : now;
            k[stage][0] = x[0];
            for (size_t i = 1; i < n; i++)
                k[stage][i] = x[i] * of[i - 1];
        }
        for (size_t i = 0; i < n; i++)
            y[(t + 1) * n + i] = now[i] + h / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
    }
    memset(g, 0, n * sizeof *g);
    dy[n - 1] = 1;
    for (size_t t = s; t-- > 0;) {
        for (int stage = 0; stage < 4; stage++)
            for (size_t i = 0; i < n; i++)
                dk[stage][i] = h / 6 * weight[stage] * dy[i];
        for (int stage = 4; stage-- > 0;) {
            const double *of = stage ? at + (3 * t + (size_t)stage - 1) * n : y + t * n;
            g[0] += dk[stage][0];
            for (size_t i = 1; i < n; i++) {
                double d = dk[stage][i] * x[i];
                g[i] += dk[stage][i] * of[i - 1];
                dy[i - 1] += d;
                if (stage)
                    dk[stage - 1][i - 1] += h * reach[stage] * d;
            }
        }
    }
    free(y), free(at), free(dy), free(room);
}
