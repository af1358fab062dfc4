/* judge_own.c -- what follows from the author's own numbers: a claim computed again with those before it, right or wrong, in the
 * place of what they name. Derivatives follow by the chain rule from the author's own derivatives too. */
#include "judge.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- What was claimed so far ---------------------------------------------------------------------------------------------------- */

void ad_own_remember(ad_judging *j, size_t i)
{
    const ad_judged *c = &j->claims[i];
    const ad_side *side = ad_computed_side(c);
    uint32_t place = side->atom != AD_NO_ATOM ? j->atoms[side->atom].place : side->symbol != AD_NO_SYMBOL ? side->place : UINT32_MAX;
    if (place == UINT32_MAX)
        return;
    ad_own own = {.place = place, .value = c->found.claimed, .half = c->tolerance, .claim = i, .atom = side->atom,
                  .wrong = c->found.verdict == AD_WRONG};
    size_t at = 0, high = j->n_own;
    while (at < high) {
        size_t middle = at + (high - at) / 2;
        if (j->own[middle].place < place)
            at = middle + 1;
        else
            high = middle;
    }
    if (at == j->n_own || j->own[at].place != place)
        memmove(&j->own[at + 1], &j->own[at], (j->n_own++ - at) * sizeof *j->own);
    j->own[at] = own;
}

static uint32_t own_place(const ad_judging *j, size_t i)
{
    const ad_side *side = ad_computed_side(&j->claims[i]);
    return side->atom != AD_NO_ATOM ? j->atoms[side->atom].place : side->symbol != AD_NO_SYMBOL ? side->place : UINT32_MAX;
}

size_t ad_own_given(ad_judging *j, size_t i, int wrong_alone, ad_given *given)
{
    size_t n = 0;
    uint32_t its = own_place(j, i);
    for (size_t k = 0; k < j->n_own; k++)
        if (j->own[k].place != its && (j->own[k].wrong || !wrong_alone))
            given[n++] = (ad_given){j->own[k].place, j->own[k].value};
    return n;
}

/* ---- Values ------------------------------------------------------------------------------------------------------------------------ */

/* The side from the author's numbers; how far their rounding may move it; the line of the latest wrong one that it uses. */
static double recomputed(ad_judging *j, size_t i, int wrong_alone, double *slack, size_t *line, int *uses)
{
    const ad_side *side = ad_computed_side(&j->claims[i]);
    size_t n = ad_own_given(j, i, wrong_alone, j->given), latest = 0;
    *slack = 0;
    *line = 0;
    *uses = 0;
    if (!n || side->place == UINT32_MAX)
        return NAN;
    ad_paths_values(&j->paths, j->points[0], n, j->given, j->value);
    ad_paths_adjoints(&j->paths, j->value, side->place, j->adjoint);
    for (size_t k = 0; k < j->n_own; k++) {
        const ad_own *o = &j->own[k];
        if (o->place >= side->place || j->adjoint[o->place] == 0 || (wrong_alone && !o->wrong))
            continue;
        *uses = 1;
        *slack += fabs(j->adjoint[o->place]) * o->half;
        if (o->wrong && o->claim + 1 > latest) {
            latest = o->claim + 1;
            *line = ad_model_claim(j->model, o->claim)->line;
        }
    }
    return *uses ? j->value[side->place] : NAN;
}

/* ---- Derivatives by the chain rule --------------------------------------------------------------------------------------------------- */

static int is_bridge(ad_judging *j, uint32_t i, uint32_t of)
{
    double all = j->tangent[of], part = j->adjoint[i] * j->tangent[i];
    return fabs(part - all) <= 1e-9 * fabs(all) && all != 0;
}

/* The author's next step down from a place: from the nearest name below or at it that every path goes through, as far down as
 * one of the author's derivatives leads. NULL: there is none. */
static const ad_own *next_step(ad_judging *j, const ad_atom *a, uint32_t at, uint32_t its)
{
    const ad_own *step = NULL;
    for (size_t k = 0; k < j->n_own; k++) {
        const ad_own *o = &j->own[k];
        const ad_atom *b = o->atom == AD_NO_ATOM ? NULL : &j->atoms[o->atom], *best = step ? &j->atoms[step->atom] : NULL;
        if (!b || o->place == its || b->of_place == UINT32_MAX || b->of_place > at || b->by_place >= b->of_place || b->by_place < a->by_place)
            continue;
        if (best && (b->of_place < best->of_place || (b->of_place == best->of_place && b->by_place >= best->by_place)))
            continue;
        if ((b->of_place == a->of_place || is_bridge(j, b->of_place, a->of_place)) &&
            (b->by_place == a->by_place || is_bridge(j, b->by_place, a->of_place)))
            step = o;
    }
    return step;
}

/* Where every path goes through a name, the derivative is a product there, and the author's factors may stand for exact ones. */
double ad_own_derivative(ad_judging *j, size_t i, int atom, size_t *line, double *slack)
{
    const ad_atom *a = &j->atoms[atom];
    uint32_t its = own_place(j, i), at = a->of_place;
    double product = 1, relative = 0;
    const ad_own *step;
    int steps = 0;
    *line = 0;
    *slack = 0;
    if (a->of_place == UINT32_MAX || a->by_place == UINT32_MAX || a->by_place >= a->of_place)
        return NAN;
    ad_paths_values(&j->paths, j->points[0], ad_own_given(j, i, 0, j->given), j->given, j->value);
    ad_paths_adjoints(&j->paths, j->value, a->of_place, j->adjoint);
    ad_paths_tangents(&j->paths, j->value, a->by_place, j->tangent);
    for (; at > a->by_place && (step = next_step(j, a, at, its)) != NULL; steps++) {
        const ad_atom *b = &j->atoms[step->atom];
        product *= j->adjoint[b->of_place] / j->adjoint[at] * step->value;
        relative += step->value != 0 ? fabs(step->half / step->value) : 0;
        if (step->wrong && ad_model_claim(j->model, step->claim)->line > *line)
            *line = ad_model_claim(j->model, step->claim)->line;
        at = b->by_place;
    }
    if (at > a->by_place)
        product *= j->adjoint[a->by_place] / j->adjoint[at];
    *slack = relative * fabs(product);
    return steps ? product : NAN;
}

/* ---- Following ----------------------------------------------------------------------------------------------------------------------- */

static int meets(const ad_judged *c, double number, double slack)
{
    double difference = fabs(number - c->found.claimed), shift = fabs(number - c->found.computed);
    return difference <= c->tolerance + 4 * DBL_EPSILON * fabs(number) || (difference <= c->tolerance + slack && shift > 4 * (slack + c->tolerance));
}

static void carry(ad_judged *c, double number, size_t line)
{
    c->found.carried_forward = 1;
    c->found.recomputed = number;
    c->found.follows_from = line;
    snprintf(c->detail, sizeof c->detail, "carried forward: it follows from the number of line %zu", line);
}

void ad_own_follow(ad_judging *j, size_t i)
{
    ad_judged *c = &j->claims[i];
    const ad_side *side = ad_computed_side(c);
    double slack, number;
    size_t line;
    int uses;
    if (c->found.by_sum)
        return;
    number = recomputed(j, i, 0, &slack, &line, &uses);
    if (uses && isfinite(number))
        c->found.recomputed = number;
    for (int wrong_alone = 0; wrong_alone < 2 && c->found.verdict == AD_WRONG; wrong_alone++) {
        number = recomputed(j, i, wrong_alone, &slack, &line, &uses);
        if (line && isfinite(number) && meets(c, number, slack)) {
            carry(c, number, line);
            return;
        }
    }
    if (side->atom == AD_NO_ATOM || c->found.verdict != AD_WRONG)
        return;
    number = ad_own_derivative(j, i, side->atom, &line, &slack);
    if (line && isfinite(number) && meets(c, number, slack))
        carry(c, number, line);
}
