/* laws.c -- what the calculus says of all rows: slopes are limits of differences, up to the third, chains multiply,
 * sums add, mixed slopes commute; and identities between rows. Another witness, in 256 bits, is rules_mpfr.c.
 *
 * Differences are C. J. F. Ridders' (Adv. Eng. Software 4, 1982): extrapolated, with an estimate of their error, and a
 * point counts only where the estimate is small.
 */
#include "../unit/unit.h"
#include "../unit/rows.h"

#include <stdlib.h>

static ad_tape *tape;
static void begin(void) { tape = ad_tape_new(); }
static void end(void)
{
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
TestSuite(laws, .init = begin, .fini = end);

/* ---- Differences ------------------------------------------------------------------------------------------------- */

typedef double function(const void *context, double x);

static double extrapolated(function *f, const void *context, double x, double h, double *error)
{
    enum { MOST = 10 };
    const double shrink = 1.4;
    double a[MOST][MOST], best = NAN;
    *error = INFINITY;
    for (int i = 0; i < MOST; i++, h /= shrink) {
        volatile double right = x + h, left = x - h;
        a[0][i] = (f(context, right) - f(context, left)) / (right - left);
        double factor = shrink * shrink;
        for (int j = 1; j <= i; j++, factor *= shrink * shrink) {
            a[j][i] = (a[j - 1][i] * factor - a[j - 1][i - 1]) / (factor - 1);
            double e = fmax(fabs(a[j][i] - a[j - 1][i]), fabs(a[j][i] - a[j - 1][i - 1]));
            if (e <= *error) {
                *error = e;
                best = a[j][i];
            }
        }
        if (i && !(fabs(a[i][i] - a[i - 1][i - 1]) < 2 * *error))
            break;
    }
    return best;
}

/* How far the slopes to the left and to the right differ. */
static double bend(function *f, const void *context, double x, double h)
{
    volatile double right = x + h, left = x - h;
    double z = f(context, x);
    return fabs((f(context, right) - z) / (right - x) - (z - f(context, left)) / (x - left));
}

/* Where f has a kink (the bend does not shrink with the step) a central difference is the mean of two slopes. */
static int has_kink(function *f, const void *context, double x)
{
    double far = bend(f, context, x, 1e-3), near_ = bend(f, context, x, 1e-4);
    return !(near_ < far / 2) && near_ > 1e-3;
}

/* The best of several first steps. The error holds the rounding of f, whose terms are of size `terms`, and how far the
 * second best is away: one extrapolation alone now and then flatters itself, across a pole or a kink. */
static double difference(function *f, const void *context, double x, double terms, double *error)
{
    double size = x == 0 ? 1 : fmin(fmax(fabs(x), 1e-6), 1), noise = 1e-15 * fmax(fabs(f(context, x)), terms) / size;
    double best = NAN, second = NAN, second_error = INFINITY;
    *error = INFINITY;
    for (double h = 0.3; h > 1e-5; h /= 6) {
        double e, d = extrapolated(f, context, x, h * size, &e);
        e = 30 * e + 1e-11 * fabs(d) + 30 * noise / h;
        if (!isfinite(d))
            continue;
        if (e < *error) {
            second = best;
            second_error = *error;
            best = d;
            *error = e;
        } else if (e < second_error) {
            second = d;
            second_error = e;
        }
    }
    *error += isfinite(second_error) ? 2 * fabs(best - second) : INFINITY;
    return best;
}

/* ---- Points ------------------------------------------------------------------------------------------------------ */

static double some_point(uint64_t *state)
{
    static const double special[] = {0, 1, -1, 2, 0.5, -2, 3, -0.5};
    double sign = random_below(state, 2) ? 1 : -1;
    switch (random_below(state, 6)) {
    case 0:  return special[random_below(state, 8)];
    case 1:  return random_within(state, 0, 1);
    case 2:  return random_within(state, 1, 5);
    case 3:  return sign * pow(10, random_within(state, -3, 2));
    default: return random_within(state, -3, 3);
    }
}

/* A row at a point, by one of its operands. */
typedef struct place {
    const struct row *row;
    double v[OPERANDS];
    int    c, k, order;                    /* order: which derivative by operand k */
} place;

static int draw(place *p, uint64_t *state)
{
    for (int j = 0; j < OPERANDS; j++)
        p->v[j] = some_point(state);
    p->c = random_below(state, 5);
    double z = row_value(p->row, p->v, p->c);
    return isfinite(z) && fabs(z) < 1e8 && p->row->holds(p->v, p->c, z);
}

static const char *words_of(const place *p)
{
    static char text[256];
    snprintf(text, sizeof text, "%s at (%.17g, %.17g, %.17g), c = %d, by operand %d", p->row->name, p->v[0], p->v[1],
             p->v[2], p->c, p->k);
    return text;
}

/* The derivative of that order as recorded: its variable, and the operand. */
static ad_var derived(const place *p, int order, ad_var *x)
{
    ad_var v[OPERANDS];
    for (int j = 0; j < p->row->operands; j++)
        v[j] = ad_param(tape, NULL, p->v[j]);
    *x = v[p->k];
    ad_var d = p->row->record(v, p->c);
    for (int i = 0; i < order; i++)
        ad_gradient(d, 1, x, &d);
    return d;
}

static double derived_at(const void *context, double at)
{
    place p = *(const place *)context;
    ad_mark mark = ad_tape_mark(tape);
    ad_var x;
    p.v[p.k] = at;
    double d = ad_value(derived(&p, p.order, &x));
    ad_tape_rewind(tape, mark);
    return d;
}

/* ---- Slopes ------------------------------------------------------------------------------------------------------ */

enum { POINTS = 200, TRIES = 20000 };

/* Derivatives 1 to 3 of every row and operand, as nodes and by the sweep, against differences of the one before. */
static void derive_from(uint64_t state, int order)
{
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < rows[i].operands; k++) {
            place p = {.row = &rows[i], .k = k, .order = order - 1};
            int points = 0;
            for (int tries = 0; points < POINTS && tries < TRIES; tries++) {
                if (!draw(&p, &state))
                    continue;
                double size = p.v[k] == 0 ? 1 : fmax(fabs(p.v[k]), 1e-2);
                double terms = fmax(fabs(row_value(p.row, p.v, p.c)), 1) / pow(size, order - 1);
                double error, limit = difference(derived_at, &p, p.v[k], terms, &error);
                double before = derived_at(&p, p.v[k]);
                if (!(error < 1e-5 * (fabs(limit) + fabs(before) + 1e-3)) || fabs(limit) > 1e10 ||
                    (before != 0 && fabs(before) < 1e-280) || (order > 1 && has_kink(derived_at, &p, p.v[k])))
                    continue;
                if (order > 1)                         /* the terms of a higher slope may cancel one another */
                    error += 1e-7 * fabs(limit) + 1e-10 * fabs(before) + 3e-12 * terms;
                ad_mark mark = ad_tape_mark(tape);
                ad_var x, d = derived(&p, order - 1, &x), next;
                ad_backward(d);
                double swept = is_plain(d) ? 0 : ad_grad(x);
                ad_gradient(d, 1, &x, &next);
                ad_tape_rewind(tape, mark);
                cr_assert(fabs(swept - limit) <= error,
                          "%s: derivative %d is %.17g by the sweep, %.17g by differences, error %.2g", words_of(&p),
                          order, swept, limit, error);
                cr_assert(fabs(next.value - limit) <= error,
                          "%s: derivative %d is %.17g as nodes, %.17g by differences, error %.2g", words_of(&p), order,
                          next.value, limit, error);
                points++;
            }
            cr_assert(points == POINTS, "%s by operand %d: only %d points could be tested", rows[i].name, k, points);
        }
}

/* AD_SOAK: from a hundred seeds. */
static void derive(int order)
{
    for (uint64_t seed = 1; seed <= (getenv("AD_SOAK") ? 100u : 1u); seed++)
        derive_from(0x9e3779b97f4a7c15u * (seed * 4 + (unsigned)order), order);
}

Test(laws, slopes_are_limits_of_differences) { derive(1); }
Test(laws, second_slopes_are_limits_of_differences_of_the_first) { derive(2); }
Test(laws, third_slopes_are_limits_of_differences_of_the_second) { derive(3); }

Test(laws, mixed_slopes_commute)
{
    uint64_t state = 7;
    for (int i = 0; i < ROWS; i++)
        for (int points = 0, tries = 0; points < 50 && rows[i].operands > 1 && tries < TRIES; tries++) {
            place p = {.row = &rows[i]};
            if (!draw(&p, &state))
                continue;
            points++;
            ad_mark mark = ad_tape_mark(tape);
            ad_var v[OPERANDS], d[OPERANDS], dd[OPERANDS];
            double h[OPERANDS][OPERANDS], most = 0;
            int n = rows[i].operands;
            for (int k = 0; k < n; k++)
                v[k] = ad_param(tape, NULL, p.v[k]);
            ad_var z = rows[i].record(v, p.c);
            ad_gradient(z, (size_t)n, v, d);
            for (int k = 0; k < n; k++) {
                ad_gradient(d[k], (size_t)n, v, dd);
                for (int j = 0; j < n; j++) {
                    h[k][j] = dd[j].value;
                    most = fmax(most, fabs(h[k][j]));
                    cr_assert(isfinite(h[k][j]), "%s: second slope by %d and %d is %g", words_of(&p), k, j, h[k][j]);
                }
            }
            for (int k = 0; k < n; k++)
                for (int j = 0; j < k; j++)
                    cr_assert(fabs(h[k][j] - h[j][k]) <= 1e-11 * most, "%s: by %d and %d %.17g, by %d and %d %.17g",
                              words_of(&p), k, j, h[k][j], j, k, h[j][k]);
            ad_tape_rewind(tape, mark);
        }
}

Test(laws, the_slope_of_a_chain_is_the_product_of_slopes)
{
    uint64_t state = 11;
    int pairs = 0, unary = 0;
    for (int i = 0; i < ROWS; i++) {
        unary += rows[i].operands == 1 && !rows[i].is_list;
        for (int j = 0; j < ROWS; j++) {
            const struct row *f = &rows[i], *g = &rows[j];
            if (f->operands != 1 || g->operands != 1 || f->is_list || g->is_list)
                continue;
            int points = 0;
            for (int tries = 0; points < 3 && tries < 300; tries++) {
                double x = some_point(&state);
                int c = random_below(&state, 3);
                double y = row_value(g, &x, c), z = row_value(f, &y, c), dy = g->partial(0, &x, c, y),
                       dz = f->partial(0, &y, c, z);
                if (!isfinite(dy) || !isfinite(dz) || !isfinite(dy * dz) || !isfinite(z))
                    continue;
                points++;
                ad_var v = ad_param(tape, NULL, x), in = g->record(&v, c), out = f->record(&in, c), d;
                ad_backward(out);
                /* Not to the bit: the sweep's slope of a sigmoid comes from what the forward pass kept. */
                cr_assert(near(ad_grad(v), dz * dy, 1e-15), "%s(%s(%.17g)): %.17g, not %.17g", f->name, g->name, x, ad_grad(v),
                          dz * dy);
                ad_gradient(out, 1, &v, &d);
                cr_assert(near(d.value, dz * dy, 1e-15), "%s(%s(%.17g)) as nodes: %.17g, not %.17g", f->name, g->name,
                          x, d.value, dz * dy);
                ad_tape_reset(tape);
            }
            pairs += points > 0;
        }
    }
    cr_assert(unary > 35 && pairs > unary * unary * 3 / 4, "%d of %d pairs", pairs, unary * unary);
}

Test(laws, slopes_are_linear)
{
    uint64_t state = 13;
    for (int i = 0; i < ROWS; i++)
        for (int tries = 0; tries < 20; tries++) {
            place p = {.row = &rows[i]}, q = {.row = &rows[random_below(&state, ROWS)]};
            if (!draw(&p, &state) || !draw(&q, &state))
                continue;
            p.v[0] = q.v[0];
            ad_var v[OPERANDS], w[OPERANDS];
            for (int k = 0; k < OPERANDS; k++) {
                v[k] = ad_param(tape, NULL, p.v[k]);
                w[k] = k ? ad_param(tape, NULL, q.v[k]) : v[0];
            }
            double a = random_within(&state, -2, 2), b = random_within(&state, -2, 2);
            ad_var f = p.row->record(v, p.c), g = q.row->record(w, q.c);
            ad_backward(f);
            double df = ad_grad(v[0]);
            ad_backward(g);
            double dg = ad_grad(v[0]);
            if (!isfinite(df) || !isfinite(dg)) {
                ad_tape_reset(tape);
                continue;
            }
            ad_backward(ad_add(ad_mul(a, f), ad_mul(g, b)));
            cr_assert(fabs(ad_grad(v[0]) - (a * df + b * dg)) <= 1e-12 * (fabs(a * df) + fabs(b * dg)),
                      "%s, %s: %.17g, not %.17g", words_of(&p), q.row->name, ad_grad(v[0]), a * df + b * dg);
            ad_tape_reset(tape);
        }
}

/* ---- Identities -------------------------------------------------------------------------------------------------- */

/* Two ways to write the same: value and slopes agree within `ulps` units of their sizes; 0 asks for the same bits. */
static void alike(const char *what, ad_var a, ad_var b, const ad_var *x, int n, double ulps)
{
    double slope[OPERANDS];
    cr_assert(fabs(a.value - b.value) <= ulps * 0x1p-52 * fabs(b.value), "%s: %.17g and %.17g", what, a.value, b.value);
    ad_backward(a);
    for (int k = 0; k < n; k++)
        slope[k] = ad_grad(x[k]);
    ad_backward(b);
    for (int k = 0; k < n; k++)
        cr_assert(fabs(slope[k] - ad_grad(x[k])) <= ulps * 0x1p-52 * fabs(slope[k]),
                  "%s at %.17g: slope %.17g and %.17g", what, x[k].value, slope[k], ad_grad(x[k]));
}

Test(laws, two_ways_to_write_the_same_agree)
{
    uint64_t state = 17;
    for (int i = 0; i < 500; i++) {
        ad_var x[OPERANDS];
        for (int k = 0; k < OPERANDS; k++)
            x[k] = ad_param(tape, NULL, random_within(&state, -3, 3));
        ad_var p = ad_abs(x[0]), q = ad_abs(x[1]), list[] = {x[0], x[1], x[2]}, other[] = {x[3], x[4], x[5]};
        ad_var plus[] = {p, q, ad_abs(x[2])};  /* a list's sum does not lose what a chain does where terms cancel */
#define ALIKE(a, b, ulps) alike(#a " and " #b, a, b, x, OPERANDS, ulps)
        ALIKE(ad_square(x[0]), ad_mul(x[0], x[0]), 0);
        ALIKE(ad_sub(x[0], x[1]), ad_add(x[0], ad_neg(x[1])), 0);
        ALIKE(ad_squared_error(x[0], x[1]), ad_mul(0.5, ad_square(ad_sub(x[0], x[1]))), 0);
        ALIKE(ad_squared_error(x[0], x[1]), ad_squared_error(x[1], x[0]), 0);
        ALIKE(ad_sum(3, plus), ad_add(ad_add(plus[0], plus[1]), plus[2]), 2);
        ALIKE(ad_dot(3, list, other), ad_add(ad_add(ad_mul(x[0], x[3]), ad_mul(x[1], x[4])), ad_mul(x[2], x[5])), 0);
        ALIKE(ad_dot(3, list, list), ad_add(ad_add(ad_square(x[0]), ad_square(x[1])), ad_square(x[2])), 0);
        ALIKE(ad_mean(3, list), ad_div(ad_sum(3, list), 3), 0);
        ALIKE(ad_max(x[0], x[1]), ad_neg(ad_min(ad_neg(x[0]), ad_neg(x[1]))), 0);
        ALIKE(ad_max(x[0], x[1]), ad_select(ad_greater(x[0], x[1]), x[0], x[1]), 0);
        ALIKE(ad_relu(x[0]), ad_max(x[0], 0), 0);
        ALIKE(ad_relu(x[0]), ad_leaky_relu(x[0], 0), 0);
        ALIKE(ad_clamp(x[0], -1, 1), ad_min(ad_max(x[0], -1), 1), 0);
        ALIKE(ad_abs(x[0]), ad_mul(x[0], ad_sign(x[0])), 0);
        ALIKE(ad_abs(x[0]), ad_copysign(x[0], 1), 0);
        ALIKE(ad_chain(x[0], x[1]), ad_mul(x[0], x[1]), 0);
        ALIKE(ad_powi(x[0], 2), ad_square(x[0]), 2);
        ALIKE(ad_powi(x[0], -1), ad_div(1, x[0]), 4);
        ALIKE(ad_div(x[0], x[1]), ad_mul(x[0], ad_powi(x[1], -1)), 4);
        ALIKE(ad_sqrt(p), ad_pow(p, 0.5), 4);
        ALIKE(ad_powi(ad_cbrt(x[0]), 3), x[0], 8);
        ALIKE(ad_exp(ad_log(p)), p, 16);
        ALIKE(ad_log(ad_exp(x[0])), ad_mul(x[0], 1), 64 / fabs(x[0].value));
        ALIKE(ad_exp2(x[0]), ad_pow(2, x[0]), 8);
        ALIKE(ad_log2(ad_exp2(p)), p, 64 / p.value);
        ALIKE(ad_pow(p, q), ad_exp(ad_mul(q, ad_log(p))), 64 + 64 * fabs(log(p.value) * q.value));
        ALIKE(ad_expm1(p), ad_sub(ad_exp(p), 1), 64 / p.value);
        ALIKE(ad_log1p(p), ad_log(ad_add(1, p)), 64 / p.value);
        ALIKE(ad_hypot(x[0], x[1]), ad_norm2(2, list), 4);
        ALIKE(ad_hypot(x[0], x[1]), ad_sqrt(ad_add(ad_square(x[0]), ad_square(x[1]))), 8);
        ALIKE(ad_sech(x[0]), ad_div(1, ad_cosh(x[0])), 16);
        ALIKE(ad_sinh(x[0]), ad_mul(ad_tanh(x[0]), ad_cosh(x[0])), 64);
        ALIKE(ad_softplus(x[0]), ad_logsumexp(2, (ad_var[]){x[0], ad_const(0)}), 32);
        ALIKE(ad_log_sigmoid(x[0]), ad_neg(ad_softplus(ad_neg(x[0]))), 8);
        ALIKE(ad_log_sigmoid(x[0]), ad_log(ad_sigmoid(x[0])), 512);
        ALIKE(ad_silu(x[0]), ad_mul(x[0], ad_sigmoid(x[0])), 1e4);
        ALIKE(ad_gelu(x[0]), ad_mul(x[0], ad_normal_cdf(x[0])), 1e5);
        ALIKE(ad_gaussian(x[0]), ad_exp(ad_neg(ad_square(x[0]))), 64);
        ALIKE(ad_elu(x[0]), ad_select(ad_greater(x[0], 0), x[0], ad_expm1(x[0])), 2);
        ALIKE(ad_sigmoid(x[0]), ad_div(ad_add(ad_tanh(ad_div(x[0], 2)), 1), 2), 1e3);
        ALIKE(ad_erfc(p), ad_mul(2, ad_normal_cdf(ad_mul(p, -1.41421356237309504880))), 256);
        ALIKE(ad_lgamma(ad_add(p, 4)), ad_add(ad_lgamma(ad_add(p, 3)), ad_log(ad_add(p, 3))), 256);
        ALIKE(ad_digamma(ad_add(p, 2)), ad_polygamma(ad_add(p, 2), 0), 0);
        if (p.value > 0.1 && q.value > 0.1) {
            ALIKE(ad_atan2(p, q), ad_atan(ad_div(p, q)), 16);
            ALIKE(ad_asinh(p), ad_log(ad_add(p, ad_sqrt(ad_add(ad_square(p), 1)))), 1e3);
        }
        ad_tape_reset(tape);
    }
}
