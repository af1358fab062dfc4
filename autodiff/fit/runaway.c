/* runaway.c -- whether a fit that settled has a least value at all, or only went to where the loss no longer shows its slope.
 *
 * Classes that a line separates, counts that are all zero, a step that a sigmoid follows: the loss falls for ever as a param
 * grows, ever more slowly, until every test of a step against its standard error is met, for those grow faster. But a minimum
 * has a wall on every side: one standard error away the loss is larger by what the second derivative says. Here it is not.
 */
#include "inside.h"

#include <math.h>

static double largest(const ad_fit_param *q) { return fmax(fabs(q->last), fabs(q->start)); }

/* Whether no part and no multiple of a move [n] of one standard error makes the loss even a tenth as much larger as it should. */
static int never_rises(ad_fitting *F, const double *move, double *to)
{
    static const double parts[] = {1, 0.1, 1e-2, 1e-3, 1e3, 1e6};
    ad_objective *P = F->P;
    double least = ad_objective_value(P, F->p), rise = P->squares ? F->result.s * F->result.s : 0.5;
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        double t = parts[k];
        for (size_t j = 0; j < P->n; j++) {
            to[j] = F->p[j] + t * move[j];
            if (!(to[j] >= P->lower[j] && to[j] <= P->upper[j]))
                return 0;
        }
        double loss = ad_objective_value(P, to);
        if (P->status != AD_OK || !(loss - least < 0.1 * rise * t * t || (t > 1 && !(fabs(loss) < INFINITY))))
            return 0;
    }
    return 1;
}

/* Scales a direction to one standard error; whether some param then moves far more than all that it ever was, and the loss
 * never rises. */
static int is_endless(ad_fitting *F, double *direction, double scale, double *to)
{
    int wide = 0, whole = 1;
    for (size_t j = 0; j < F->P->n; j++) {
        direction[j] *= scale;
        wide |= fabs(direction[j]) > 100 * largest(&F->result.params[j]);
        whole &= fabs(direction[j]) < INFINITY;
    }
    return wide && whole && never_rises(F, direction, to);
}

const double *ad_fit_runs_away(ad_fitting *F, double *newton, double one, double *travelled, double other, const double *errors)
{
    ad_objective *P = F->P;
    double *to = ad_store_numbers(P->store, P->n), *alone = ad_store_numbers(P->store, P->n);
    if (!to || !alone)
        return NULL;
    if (is_endless(F, newton, one, to))
        return newton;
    if (is_endless(F, travelled, other, to))
        return travelled;
    for (size_t j = 0; j < P->n; j++)
        for (int sign = 1; sign >= -1; sign -= 2) {
            memset(alone, 0, P->n * sizeof *alone);
            alone[j] = sign * errors[j];
            if (is_endless(F, alone, 1, to))
                return alone;
        }
    return NULL;
}

int ad_fit_is_kink(ad_fitting *F, const double *direction)
{
    ad_objective *P = F->P;
    double *to = ad_store_numbers(P->store, P->n), least = ad_objective_value(P, F->p);
    int rises = 0;
    for (int sign = 1; to && sign >= -1; sign -= 2) {
        for (size_t j = 0; j < P->n; j++) {
            double size = largest(&F->result.params[j]);
            to[j] = F->p[j] + sign * 1e-4 * direction[j] * (size > 0 ? size : 1);
        }
        rises += ad_objective_value(P, to) - least > 1e-10 * fabs(least);
    }
    return rises == 2;
}
