/* optimisers.c -- first-order optimisers: their formulas, life and state. L-BFGS is in lbfgs.c. */
#include "optimiser_inside.h"

#include <float.h>
#include <math.h>

/* Loops over parameters: square roots and quotients in vectors, which gcc's -O2 leaves be. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("O3")
#endif

/* ---- Life --------------------------------------------------------------------------------------------------------------- */

static double chosen(double option, double fallback) { return option != 0 ? option : fallback; }

static nn_optimiser_options complete(nn_optimiser_options o)
{
    int adam = o.method == NN_ADAM || o.method == NN_ADAMW;
    o.rate         = chosen(o.rate, adam ? 0.001 : 0.01);
    o.momentum     = chosen(o.momentum, o.method == NN_MOMENTUM || o.method == NN_NESTEROV ? 0.9 : 0);
    o.smoothing    = chosen(o.smoothing, 0.99);
    o.beta1        = chosen(o.beta1, 0.9);
    o.beta2        = chosen(o.beta2, 0.999);
    o.epsilon      = chosen(o.epsilon, 1e-8);
    o.weight_decay = chosen(o.weight_decay, o.method == NN_ADAMW ? 0.01 : 0);
    o.history      = o.history ? o.history : 10;
    return o;
}

static int in_range(const nn_optimiser_options *o)
{
    const double below_one[] = {o->momentum, o->smoothing, o->beta1, o->beta2}, positive[] = {o->rate, o->epsilon, o->weight_decay};
    int fine = o->method >= NN_GRADIENT_DESCENT && o->method <= NN_LBFGS && o->dampening >= 0 && o->dampening <= 1;
    for (int i = 0; i < 4; i++)
        fine &= below_one[i] >= 0 && below_one[i] < 1;
    for (int i = 0; i < 3; i++)
        fine &= positive[i] >= 0 && positive[i] < INFINITY;
    return fine;
}

int nn_optimiser_fits(size_t n, nn_optimiser_options options)
{
    options = complete(options);
    return n && n <= AD_ID_MASK && options.history <= 1000 && in_range(&options);
}

/* Arrays of n that a method keeps. */
static size_t arrays(const nn_optimiser_options *o)
{
    switch (o->method) {
    case NN_GRADIENT_DESCENT: return 0;
    case NN_MOMENTUM:
    case NN_NESTEROV:         return 1;
    case NN_RMSPROP:          return 3;
    case NN_ADAM:
    case NN_ADAMW:            return o->amsgrad ? 3 : 2;
    case NN_LBFGS:            break;
    }
    return 0;
}

nn_optimiser *nn_optimiser_new(size_t n, nn_optimiser_options options)
{
    if (!nn_optimiser_fits(n, options))
        return NULL;
    options = complete(options);
    ad_allocator a = ad_allocator_complete(options.allocator);
    nn_optimiser *o = nn_make(&a, 1, sizeof *o);
    if (!o)
        return NULL;
    *o = (nn_optimiser){.options = options, .allocator = a, .n = n};
    o->numbers = NN_STATE_HEAD + (options.method == NN_LBFGS ? nn_lbfgs_numbers(n, options.history) : n * arrays(&options));
    o->state = nn_make(&a, o->numbers, sizeof *o->state);
    if (!o->state) {
        nn_drop(&a, o, 1, sizeof *o);
        return NULL;
    }
    o->state[NN_STATE_BETA1] = o->state[NN_STATE_BETA2] = 1;
    o->state[NN_STATE_RATE] = options.rate;
    return o;
}

void nn_optimiser_free(nn_optimiser *o)
{
    if (!o)
        return;
    ad_allocator a = o->allocator;
    nn_drop(&a, o->state, o->numbers, sizeof *o->state);
    nn_drop(&a, o, 1, sizeof *o);
}

void nn_optimiser_set_rate(nn_optimiser *o, double rate)
{
    if (o)
        o->state[NN_STATE_RATE] = rate;
}

double nn_optimiser_rate(const nn_optimiser *o) { return o ? o->state[NN_STATE_RATE] : NAN; }

size_t nn_optimiser_state_size(const nn_optimiser *o) { return o ? o->numbers : 0; }

void nn_optimiser_get_state(const nn_optimiser *o, double *state)
{
    if (o)
        memcpy(state, o->state, o->numbers * sizeof *state);
}

ad_status nn_optimiser_set_state(nn_optimiser *o, size_t n, const double *state)
{
    if (!o || n != o->numbers || !state || (o->options.method == NN_LBFGS && !nn_lbfgs_state_fits(o->options.history, state)))
        return AD_ERROR_ARGUMENT;
    memcpy(o->state, state, n * sizeof *state);
    return AD_OK;
}

/* ---- Steps -------------------------------------------------------------------------------------------------------------- */

/* What every method needs of its options and state. */
typedef struct numbers {
    size_t n;
    double rate, decay, momentum, keep, smoothing, beta1, beta2, epsilon, first, second;
} numbers;

static void descend(const numbers *c, double *restrict p, const double *restrict g)
{
    for (size_t i = 0; i < c->n; i++)
        p[i] -= c->rate * (g[i] + c->decay * p[i]);
}

/* keep is 1 in the first step, then 1 - dampening; look is the momentum again for Nesterov's look ahead, else 0. */
static void gather_momentum(const numbers *c, double *restrict p, const double *restrict g, double *restrict b, int nesterov)
{
    const double look = nesterov ? c->momentum : 1, own = nesterov ? 1 : 0;
    for (size_t i = 0; i < c->n; i++) {
        double d = g[i] + c->decay * p[i];
        b[i] = c->momentum * b[i] + c->keep * d;
        p[i] -= c->rate * (own * d + look * b[i]);
    }
}

static void rmsprop(const numbers *c, double *restrict p, const double *restrict g, double *restrict v, double *restrict mean,
                    double *restrict b, int centred)
{
    for (size_t i = 0; i < c->n; i++) {
        double d = g[i] + c->decay * p[i], under;
        v[i] = under = c->smoothing * v[i] + (1 - c->smoothing) * d * d;
        mean[i] = c->smoothing * mean[i] + (1 - c->smoothing) * d;
        if (centred)
            under = under - mean[i] * mean[i] > 0 ? under - mean[i] * mean[i] : 0;
        b[i] = c->momentum * b[i] + d / (sqrt(under) + c->epsilon);
        p[i] -= c->rate * b[i];
    }
}

/* first and second are the rate over 1 - beta1^t, and 1 over the root of 1 - beta2^t. */
static void adam(const numbers *c, double *restrict p, const double *restrict g, double *restrict m, double *restrict v)
{
    for (size_t i = 0; i < c->n; i++) {
        double d = g[i] + c->decay * p[i];
        m[i] = c->beta1 * m[i] + (1 - c->beta1) * d;
        v[i] = c->beta2 * v[i] + (1 - c->beta2) * d * d;
        p[i] -= c->first * m[i] / (sqrt(v[i]) * c->second + c->epsilon);
    }
}

/* most [n] is the largest v so far. */
static void adam_amsgrad(const numbers *c, double *restrict p, const double *restrict g, double *restrict m, double *restrict v,
                         double *restrict most)
{
    for (size_t i = 0; i < c->n; i++) {
        double d = g[i] + c->decay * p[i];
        m[i] = c->beta1 * m[i] + (1 - c->beta1) * d;
        v[i] = c->beta2 * v[i] + (1 - c->beta2) * d * d;
        most[i] = most[i] > v[i] ? most[i] : v[i];
        p[i] -= c->first * m[i] / (sqrt(most[i]) * c->second + c->epsilon);
    }
}

static void shrink(const numbers *c, double *restrict p, double by)
{
    for (size_t i = 0; i < c->n; i++)
        p[i] -= by * p[i];
}

ad_status nn_optimiser_step(nn_optimiser *o, double *p, const double *g)
{
    if (!o || !p || !g || o->options.method == NN_LBFGS)
        return AD_ERROR_ARGUMENT;
    const nn_optimiser_options *with = &o->options;
    double *s = o->state, *first = s + NN_STATE_HEAD;
    size_t n = o->n;
    s[NN_STATE_T] += 1;
    s[NN_STATE_BETA1] *= with->beta1;
    s[NN_STATE_BETA2] *= with->beta2;
    numbers c = {.n = n, .rate = s[NN_STATE_RATE], .decay = with->weight_decay, .momentum = with->momentum, .smoothing = with->smoothing,
                 .beta1 = with->beta1, .beta2 = with->beta2, .epsilon = with->epsilon,
                 .keep = s[NN_STATE_T] > 1 ? 1 - with->dampening : 1,
                 .first = s[NN_STATE_RATE] / (1 - s[NN_STATE_BETA1]), .second = 1 / sqrt(1 - s[NN_STATE_BETA2])};
    switch (with->method) {
    case NN_GRADIENT_DESCENT:
        descend(&c, p, g);
        break;
    case NN_MOMENTUM:
    case NN_NESTEROV:
        gather_momentum(&c, p, g, first, with->method == NN_NESTEROV);
        break;
    case NN_RMSPROP:
        rmsprop(&c, p, g, first, first + n, first + 2 * n, with->centred);
        break;
    case NN_ADAMW:
        shrink(&c, p, c.rate * c.decay);
        c.decay = 0;  /* fall through */
    case NN_ADAM:
        if (with->amsgrad)
            adam_amsgrad(&c, p, g, first, first + n, first + 2 * n);
        else
            adam(&c, p, g, first, first + n);
        break;
    case NN_LBFGS:
        break;
    }
    return AD_OK;
}

ad_status nn_optimiser_iterate(nn_optimiser *o, double *p, nn_objective *objective, void *user, double *value, int *moved)
{
    int unused;
    double unwanted;
    if (!o || !p || !objective)
        return AD_ERROR_ARGUMENT;
    if (o->options.method == NN_LBFGS)
        return nn_lbfgs_iterate(o, p, objective, user, value ? value : &unwanted, moved ? moved : &unused);
    double *g = nn_make(&o->allocator, o->n, sizeof *g);
    ad_status status = g ? objective(user, p, value ? value : &unwanted, g) : AD_ERROR_NO_MEMORY;
    if (status == AD_OK)
        status = nn_optimiser_step(o, p, g);
    if (moved)
        *moved = status == AD_OK;
    nn_drop(&o->allocator, g, o->n, sizeof *g);
    return status;
}

/* ---- Bounds ------------------------------------------------------------------------------------------------------------- */

double nn_clip_norm(size_t n, double *g, double most)
{
    double largest = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        largest = fabs(g[i]) > largest || isnan(g[i]) ? fabs(g[i]) : largest;
    if (!(largest > 0))
        return largest;
    for (size_t i = 0; i < n; i++)
        sum += (g[i] / largest) * (g[i] / largest);
    double norm = largest < INFINITY ? largest * sqrt(sum) : largest, factor = most / (norm + 1e-6);
    for (size_t i = 0; factor < 1 && i < n; i++)
        g[i] *= factor;
    return norm;
}

void nn_clip_value(size_t n, double *g, double most)
{
    for (size_t i = 0; i < n; i++)
        g[i] = g[i] > most ? most : g[i] < -most ? -most : g[i];
}
