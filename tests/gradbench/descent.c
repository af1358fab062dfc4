/* descent.c -- gradient descent on variables; decisions are taken by their values. */
#include "descent.h"

#include <math.h>
#include <string.h>

static double length(size_t n, const ad_var *x, const ad_var *y)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double d = ad_value(x[i]) - (y ? ad_value(y[i]) : 0);
        sum += d * d;
    }
    return sqrt(sum);
}

void gb_argmin(gb_case *c, const gb_problem *p, const ad_var *start, ad_var *x)
{
    ad_var g[GB_MOST_UNKNOWNS], next[GB_MOST_UNKNOWNS], value = p->value(p->user, start);
    double rate = 1e-5;
    memmove(x, start, p->n * sizeof *x);
    p->gradient(p->user, x, g);
    for (int step = 0, good = 0; length(p->n, g, NULL) > 1e-5; step++) {
        if (step == 1000000)
            gb_fail(c, "no minimum in %d steps", step);
        if (good == 10) {
            rate *= 2;
            good = 0;
        }
        for (size_t i = 0; i < p->n; i++)
            next[i] = ad_sub(x[i], ad_mul(rate, g[i]));
        if (length(p->n, x, next) <= 1e-5)
            return;
        ad_var there = p->value(p->user, next);
        if (ad_value(there) < ad_value(value)) {
            memcpy(x, next, p->n * sizeof *x);
            value = there;
            p->gradient(p->user, x, g);
            good++;
        } else {
            rate /= 2;
            good = 0;
        }
    }
}
