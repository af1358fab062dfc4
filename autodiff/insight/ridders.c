/* ridders.c -- central and one-sided differences, extrapolated, from several first steps. */
#include "ridders.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

enum { ROWS = 10, MOST_LADDERS = 24 };

typedef struct line {
    ad_line *f;
    void    *user;
    double   x, fx, lo, hi, noise;
} line;

typedef struct ladder { double slope, error, first; } ladder;

/* One difference quotient: central (side 0), or from the right (1) or the left (-1). NaN where the function is not defined. */
static double quotient(const line *l, double h, int side, double *size)
{
    double above = side < 0 ? l->x : l->x + h, below = side > 0 ? l->x : l->x - h;
    if (above > l->hi || below < l->lo || !(above > below))
        return NAN;
    double fa = side < 0 ? l->fx : l->f(l->user, above), fb = side > 0 ? l->fx : l->f(l->user, below);
    *size = fmax(*size, fmax(fabs(fa), fabs(fb)));
    return (fa - fb) / (above - below);
}

/* Neville's tableau over steps h, h/c, h/c^2, ...: the entry that moved least, and by how much. */
static ladder climb(const line *l, double h, int side)
{
    const double shrink = side ? 2 : 1.4, power = side ? 2 : 1.4 * 1.4;
    double row[2][ROWS], size = fabs(l->fx);
    ladder best = {NAN, INFINITY, NAN};
    for (int i = 0; i < ROWS; i++, h /= shrink) {
        double *now = row[i & 1], *before = row[!(i & 1)], factor = power;
        now[0] = quotient(l, h, side, &size);
        if (!isfinite(now[0]))
            return best;
        if (i == 0)
            best.first = now[0];
        double noise = 4 * fmax(DBL_EPSILON * size, l->noise) / h;
        for (int k = 1; k <= i; k++, factor *= power) {
            now[k] = (now[k - 1] * factor - before[k - 1]) / (factor - 1);
            double moved = fmax(fabs(now[k] - now[k - 1]), fabs(now[k] - before[k - 1])), error = fmax(moved, noise);
            if (error < best.error)
                best = (ladder){now[k], error, best.first};
        }
        if (i > 1 && fabs(now[i] - before[i - 1]) >= 2 * best.error && noise > 0.01 * best.error)
            break;
    }
    return best;
}

/* How rough the function is at a spacing h, from differences of order 4 to 6, in which a smooth function vanishes and
 * rounding does not (J. J. More, S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011)). Where
 * neighbours are mostly equal, the largest step between them. INFINITY where it cannot be seen. */
static double roughness(const line *l, double h)
{
    enum { POINTS = 9 };
    static const double gamma[] = {1, 1. / 2, 1. / 6, 1. / 20, 1. / 70, 1. / 252, 1. / 924};     /* k!^2 / (2k)! */
    double f[POINTS], start = l->x - h * (POINTS / 2), most = 0, step = 0;
    int changes = 0;
    start = start < l->lo ? l->lo : start + h * (POINTS - 1) > l->hi ? l->hi - h * (POINTS - 1) : start;
    if (start < l->lo)
        return INFINITY;
    for (int i = 0; i < POINTS; i++) {
        f[i] = l->f(l->user, start + i * h);
        if (!isfinite(f[i]))
            return INFINITY;
        changes += i && f[i] != f[i - 1];
        step = i ? fmax(step, fabs(f[i] - f[i - 1])) : 0;
    }
    if (changes < POINTS / 2)
        return changes ? step / 3 : INFINITY;
    for (int k = 1; k <= 6; k++) {
        double sum = 0;
        for (int i = 0; i < POINTS - k; i++) {
            f[i] = f[i + 1] - f[i];
            sum += f[i] * f[i];
        }
        if (k >= 4)
            most = fmax(most, sqrt(gamma[k] * sum / (POINTS - k)));
    }
    return most;
}

/* The second largest of several small spacings: rounded values of what is nearly straight may look exact at some by chance. */
static double noise_of(const line *l)
{
    static const double spacings[] = {1.29e-4, 3.71e-5, 1.43e-5, 5.3e-6, 1.31e-6, 4.7e-7};
    double most = 0, second = 0, size = l->x != 0 ? fabs(l->x) : 1;
    for (size_t i = 0; i < sizeof spacings / sizeof *spacings; i++) {
        double r = roughness(l, spacings[i] * size);
        if (!isfinite(r))
            continue;
        second = fmax(second, fmin(most, r));
        most = fmax(most, r);
    }
    return 3 * second;
}

/* The first steps to try, largest first within each kind; `far` are those that may cross 0. */
static int first_steps(const line *l, int side, int far, double *steps)
{
    double size = far || l->x == 0 ? fmax(1, fabs(l->x)) : fabs(l->x), down = l->x - l->lo, up = l->hi - l->x;
    double room = side > 0 ? up : side < 0 ? down : fmin(up, down), h = fmin(0.4 * size, room);
    int n = 0;
    for (int i = 0; i < 9 && h > 8 * DBL_EPSILON * fabs(l->x) && h > 1e-300; i++, h /= i < 3 ? 5 : 12)
        steps[n++] = h;
    return n;
}

/* The best of several ladders; the next best, from other steps, must bear it out. */
static ladder best_of(const line *l, int side, int far, double *nearby)
{
    double steps[MOST_LADDERS];
    ladder best = {NAN, INFINITY, NAN}, next = best;
    int n = first_steps(l, side, far, steps);
    for (int i = 0; i < n; i++) {
        ladder a = climb(l, steps[i], side);
        if (i == 0 && isfinite(a.first))
            *nearby = fmax(*nearby, fabs(a.first));
        if (a.error < best.error) {
            next = best;
            best = a;
        } else if (a.error < next.error)
            next = a;
    }
    if (isfinite(best.error))
        best.error = fmax(best.error, isfinite(next.error) ? fmin(fabs(best.slope - next.slope), best.error + next.error)
                                                           : fabs(best.slope));
    return best;
}

static ladder either(const line *l, int side, double *nearby)
{
    ladder near = best_of(l, side, 0, nearby);
    if (near.error <= 1e-8 * fabs(near.slope) || (near.error == 0 && *nearby == 0) || fabs(l->x) >= 1 || l->x == 0)
        return near;
    ladder far = best_of(l, side, 1, nearby);
    return far.error < near.error ? far : near;
}

ad_estimate ad_ridders(ad_line *f, void *user, double x, double lo, double hi)
{
    line l = {f, user, x, f(user, x), lo, hi, 0};
    ad_estimate e = {NAN, INFINITY, 0, 0, NAN, NAN};
    if (!isfinite(l.fx))
        return e;
    l.noise = noise_of(&l);
    int inside = x > lo && x < hi;
    ladder right = {NAN, INFINITY, NAN}, left = right, middle = right;
    if (x < hi)
        right = either(&l, 1, &e.nearby);
    if (x > lo)
        left = either(&l, -1, &e.nearby);
    if (inside && isfinite(right.error) && isfinite(left.error)) {
        middle = either(&l, 0, &e.nearby);
        e.left = left.slope;
        e.right = right.slope;
        double apart = fabs(left.slope - right.slope), size = fmax(fabs(left.slope), fabs(right.slope));
        double clear = l.noise > 1e-12 * fabs(l.fx) ? 0.3 : 1e-6;          /* rough functions have no fine kinks */
        e.kink = apart > 8 * (left.error + right.error) && apart > clear * size;
    }
    if (!inside)                           /* at an end of the interval, or of where the function is defined */
        middle = isfinite(right.error) ? right : left;
    if (isfinite(middle.slope)) {
        e.slope = middle.slope;
        e.error = middle.error;
    }
    return e;
}
