/* exam.h -- a function with a hand-written gradient that makes one mistake at a time, for the tests of this folder. */
#ifndef EXAM_H
#define EXAM_H

#include <autodiff/autodiff.h>
#include <autodiff/insight/check.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A small network with a squared error: e = w x + b, y = sigmoid(e), h = tanh(u y), E = (t - h)^2 / n; x = 1.7, t = 0.25, n = 4.
 * The order of the params is w, b, u, v; v is used twice: y + v and v y. */
enum { W, B, U, V, PARAMS };
static const double POINT[PARAMS] = {0.6, -0.2, 1.3, 0.45};

typedef enum slip {
    NO_SLIP, SIGN, TWICE, HALF, TIMES_N, NO_SIGMOID, NO_X, NO_PATH, SWAP_W_U, B_FOR_W, AT_OTHER_POINT, PLUS_ONE, FLOATS, SLIPS
} slip;
static slip exam_slip;

static inline double exam_value(size_t n, const double *p)
{
    (void)n;
    double y = 1 / (1 + exp(-(p[W] * 1.7 + p[B]))), h = tanh(p[U] * y + p[V] * y * y + p[V]);
    return (0.25 - h) * (0.25 - h) / 4;
}

static inline void exam_gradient(size_t n, const double *p, double *g)
{
    (void)n;
    double y = 1 / (1 + exp(-(p[W] * 1.7 + p[B]))), h = tanh(p[U] * y + p[V] * y * y + p[V]);
    double dh = -2 * (0.25 - h) / 4, da = dh * (1 - h * h), dy = da * (p[U] + 2 * p[V] * y), de = dy * y * (1 - y);
    if (exam_slip == NO_SIGMOID)
        de = dy;
    if (exam_slip == NO_PATH)
        de = da * p[U] * y * (1 - y);
    if (exam_slip == AT_OTHER_POINT)
        de = dh * (1 - y * y) * (p[U] + 2 * p[V] * y) * y * (1 - y);
    g[W] = de * (exam_slip == NO_X ? 1 : 1.7);
    g[B] = de;
    g[U] = da * y;
    g[V] = da * (y * y + 1);
    double kept = g[W];
    switch (exam_slip) {
    case SIGN:     g[W] = -kept; break;
    case TWICE:    g[W] = 2 * kept; break;
    case HALF:     g[W] = kept / 2; break;
    case TIMES_N:  g[W] = 4 * kept; break;
    case SWAP_W_U: g[W] = g[U]; g[U] = kept; break;
    case B_FOR_W:  g[W] = g[U]; break;
    case PLUS_ONE: g[W] = kept + 1; break;
    case FLOATS:   g[W] = (float)kept; break;
    default:       break;
    }
}

static inline ad_function *exam_function(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0), b = ad_param(tape, "b", 0), u = ad_param(tape, "u", 0), v = ad_param(tape, "v", 0);
    ad_var y = ad_sigmoid(ad_add(ad_mul(w, 1.7), b));
    ad_var h = ad_tanh(ad_add(ad_add(ad_mul(u, y), ad_mul(v, ad_square(y))), v)), E = ad_div(ad_square(ad_sub(0.25, h)), 4);
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

static inline int has_cause(const ad_check_entry *e, ad_cause cause)
{
    for (size_t k = 0; k < e->n_causes; k++)
        if (e->causes[k] == cause)
            return 1;
    return 0;
}

#endif
