/* paths.c -- part of a tape as places, and the sweeps over them at any point. */
#include "paths.h"

#include "autodiff/tape/operations.h"
#include "node.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;

/* ---- Taking -------------------------------------------------------------------------------------------------------------- */

static void *take(ad_paths *p, size_t n, size_t size) { return ad_resize(&p->allocator, NULL, 0, n * size + 1); }

static void drop(ad_paths *p, void *block, size_t n, size_t size)
{
    if (block)
        ad_resize(&p->allocator, block, n * size + 1, 0);
}

/* Marks what is needed in of_id with 0, and counts. */
static void need(ad_paths *p, size_t n_ids, const uint32_t *ids)
{
    for (size_t i = 0; i < n_ids; i++)
        p->of_id[ids[i]] = 0;
    for (size_t i = p->n_ids; i-- > 0;) {
        if (p->of_id[i] == NONE)
            continue;
        ad_node node = ad_node_at(p->tape, (uint32_t)i);
        p->n++;
        p->n_operands += node.n;
        p->most = node.n > p->most ? (uint32_t)node.n : p->most;
        for (size_t k = 0; k < node.n; k++)
            p->of_id[ad_node_operand(&node, k)] = 0;
    }
}

static void place_all(ad_paths *p)
{
    uint32_t i = 0;
    size_t operands = 0;
    for (uint32_t id = 0; id < p->n_ids; id++) {
        if (p->of_id[id] == NONE)
            continue;
        ad_node node = ad_node_at(p->tape, id);
        int input = node.op == AD_OP_PARAM || node.op == AD_OP_COLUMN;
        p->places[i] = (ad_place){.op = node.op, .id = id, .n = (uint32_t)node.n, .operands = operands,
                                  .input = input ? ad_word_y(p->tape->head->words[id]) : NONE,
                                  .number = p->tape->head->values[id]};
        for (size_t k = 0; k < node.n; k++)
            p->operands[operands++] = p->of_id[ad_node_operand(&node, k)];
        p->of_id[id] = i++;
    }
}

int ad_paths_take(ad_paths *p, ad_tape *tape, size_t n_ids, const uint32_t *ids)
{
    *p = (ad_paths){.allocator = tape->allocator, .tape = tape};
    for (size_t i = 0; i < n_ids; i++)
        p->n_ids = ids[i] >= p->n_ids ? ids[i] + (size_t)1 : p->n_ids;
    if (!(p->of_id = take(p, p->n_ids, sizeof *p->of_id)))
        return 0;
    memset(p->of_id, 0xff, p->n_ids * sizeof *p->of_id);
    need(p, n_ids, ids);
    p->places   = take(p, p->n, sizeof *p->places);
    p->operands = take(p, p->n_operands, sizeof *p->operands);
    p->list     = take(p, p->most, sizeof *p->list);
    if (!p->places || !p->operands || !p->list)
        return 0;
    place_all(p);
    return 1;
}

void ad_paths_free(ad_paths *p)
{
    drop(p, p->of_id, p->n_ids, sizeof *p->of_id);
    drop(p, p->places, p->n, sizeof *p->places);
    drop(p, p->operands, p->n_operands, sizeof *p->operands);
    drop(p, p->list, p->most, sizeof *p->list);
    *p = (ad_paths){0};
}

/* ---- Values ---------------------------------------------------------------------------------------------------------------- */

/* Of plain numbers an n-ary row gives a plain number. */
static double value_of_list(const ad_paths *p, enum ad_op op, size_t n, const uint32_t *operand, const double *value)
{
    int pairs = ad_rules[op].kind == AD_PAIRS;
    size_t rows = pairs ? n / 2 : n;
    for (size_t k = 0; k < n; k++)
        p->list[pairs ? k / 2 + k % 2 * rows : k] = ad_const(value[operand[k]]);
    switch (op) {
#define NA1(name, ...) case AD_OP_##name: return ad_##name(rows, p->list).value;
#define NA2(name, ...) case AD_OP_##name: return ad_##name(rows, p->list, p->list + rows).value;
#include "../ops.def"
    default: return NAN;
    }
}

static double value_at(const ad_paths *p, uint32_t i, const double *inputs, const double *value)
{
    const ad_place *place = &p->places[i];
    const uint32_t *operand = ad_paths_operands(p, i);
    const ad_rule *rule = &ad_rules[place->op];
    if (place->input != NONE && inputs)
        return inputs[place->input];
    if (rule->kind == AD_LEAF)
        return place->number;
    if (rule->kind == AD_LIST || rule->kind == AD_PAIRS)
        return value_of_list(p, place->op, place->n, operand, value);
    return ad_evaluate(place->op, value[operand[0]], place->n > 1 ? value[operand[1]] : 0, place->n > 2 ? value[operand[2]] : 0);
}

void ad_paths_values(const ad_paths *p, const double *inputs, size_t n_given, const ad_given *given, double *value)
{
    for (uint32_t i = 0; i < p->n; i++) {
        value[i] = value_at(p, i, inputs, value);
        if (n_given && given->place == i) {
            value[i] = given->value;
            given++, n_given--;
        }
    }
}

/* ---- Slopes and sweeps ------------------------------------------------------------------------------------------------------ */

/* The operands of a row as ops.def calls them. */
typedef struct letters { double x, y, w, z, n, m; int place; } letters;

static letters letters_of(const ad_paths *p, const double *value, uint32_t i, uint32_t k)
{
    const ad_place *place = &p->places[i];
    const uint32_t *operand = ad_paths_operands(p, i);
    const ad_rule *rule = &ad_rules[place->op];
    letters l = {.z = value[i], .n = place->n, .place = (int)k};
    if (rule->kind == AD_LIST) {
        l.x = value[operand[k]];
        l.place = 0;
        for (uint32_t j = 0; j < place->n && l.x == l.z; j++)
            l.m += value[operand[j]] == l.z;
    } else if (rule->kind == AD_PAIRS) {
        l.x = value[operand[k - k % 2]];
        l.y = value[operand[k - k % 2 + 1]];
        l.n = place->n / 2;
        l.place = (int)(k % 2);
    } else {
        l.x = value[operand[0]];
        l.y = place->n > 1 ? value[operand[1]] : 0;
        l.w = place->n > 2 ? value[operand[2]] : 0;
    }
    return l;
}

int ad_paths_has_slope(const ad_paths *p, uint32_t i, uint32_t k)
{
    const ad_place *place = &p->places[i];
    const ad_rule *rule = &ad_rules[place->op];
    return rule->kind != AD_LEAF && (rule->kind == AD_LIST || rule->kind == AD_PAIRS || (int)k < rule->partials);
}

double ad_paths_slope(const ad_paths *p, const double *value, uint32_t i, uint32_t k)
{
    if (!ad_paths_has_slope(p, i, k))
        return 0;
    letters l = letters_of(p, value, i, k);
    return ad_slope(p->places[i].op, l.place, l.x, l.y, l.w, l.z, l.n, l.m);
}

double ad_paths_slope_with(const ad_paths *p, const double *value, uint32_t i, uint32_t k, uint32_t j, double x)
{
    const ad_place *place = &p->places[i];
    const ad_rule *rule = &ad_rules[place->op];
    if (!ad_paths_has_slope(p, i, k) || rule->kind == AD_LIST)
        return NAN;
    letters l = letters_of(p, value, i, k);
    if (rule->kind == AD_PAIRS)
        return j / 2 != k / 2 ? ad_paths_slope(p, value, i, k)
                              : ad_slope(place->op, l.place, j % 2 ? l.x : x, j % 2 ? x : l.y, 0, l.z, l.n, l.m);
    *(j == 0 ? &l.x : j == 1 ? &l.y : &l.w) = x;
    return ad_slope(place->op, l.place, l.x, l.y, l.w, ad_evaluate(place->op, l.x, l.y, l.w), l.n, l.m);
}

static double chain_of(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

void ad_paths_adjoints(const ad_paths *p, const double *value, uint32_t of, double *adjoint)
{
    memset(adjoint, 0, p->n * sizeof *adjoint);
    adjoint[of] = 1;
    for (uint32_t i = of + 1; i-- > 0;)
        for (uint32_t k = 0; adjoint[i] != 0 && k < p->places[i].n; k++)
            if (ad_paths_has_slope(p, i, k))
                adjoint[ad_paths_operands(p, i)[k]] += chain_of(adjoint[i], ad_paths_slope(p, value, i, k));
}

void ad_paths_tangents(const ad_paths *p, const double *value, uint32_t by, double *tangent)
{
    memset(tangent, 0, p->n * sizeof *tangent);
    tangent[by] = 1;
    for (uint32_t i = by + 1; i < p->n; i++)
        for (uint32_t k = 0; k < p->places[i].n; k++) {
            double t = tangent[ad_paths_operands(p, i)[k]];
            if (t != 0 && ad_paths_has_slope(p, i, k))
                tangent[i] += chain_of(ad_paths_slope(p, value, i, k), t);
        }
}

/* ---- How far to trust them --------------------------------------------------------------------------------------------------- */

double ad_paths_rounding(const ad_paths *p, const double *value, const double *adjoint, uint32_t of, double *largest)
{
    double sum = 0;
    *largest = fabs(value[of]);
    for (uint32_t i = 0; i <= of; i++) {
        const ad_place *place = &p->places[i];
        if (adjoint[i] == 0 || ad_rules[place->op].kind == AD_LEAF)
            continue;
        sum += fabs(chain_of(adjoint[i], value[i]));
        int additive = place->op == AD_OP_add || place->op == AD_OP_sub || place->op == AD_OP_sum;
        for (uint32_t k = 0; additive && k < place->n; k++)
            *largest = fmax(*largest, fabs(chain_of(adjoint[i], value[ad_paths_operands(p, i)[k]])));
    }
    return sum * DBL_EPSILON;
}

/* A step or a comparison at its jump matters where what hangs on it does. */
static int is_step(enum ad_op op)
{
    for (int k = 0; k < ad_rules[op].partials; k++)
        if (strcmp(ad_rules[op].partial[k], "0"))
            return 0;
    return ad_rules[op].partials > 0;
}

/* The row pow is at home above 0; whole and large powers are smooth elsewhere too. */
static int is_whole_power(const letters *l)
{
    return l->place == 0 && ((l->y == floor(l->y) && (l->x != 0 || l->y >= 0)) || (l->x == 0 && l->y > 1));
}

/* max(x, x) and clamp(x, x, w) tie everywhere, and smoothly. */
static int is_of_itself(const ad_paths *p, uint32_t i)
{
    const uint32_t *operand = ad_paths_operands(p, i);
    switch (p->places[i].op) {
    case AD_OP_min: case AD_OP_max: case AD_OP_less: case AD_OP_less_equal: case AD_OP_greater: case AD_OP_greater_equal:
    case AD_OP_equal: case AD_OP_not_equal:
        return operand[0] == operand[1];
    case AD_OP_clamp:
        return operand[0] == operand[1] || operand[0] == operand[2];
    default:
        return 0;
    }
}

uint32_t ad_paths_kink(const ad_paths *p, const double *value, const double *adjoint, const double *tangent, uint32_t of)
{
    for (uint32_t i = 0; i <= of; i++) {
        const ad_place *place = &p->places[i];
        for (uint32_t k = 0; k < place->n; k++) {
            double t = tangent ? tangent[ad_paths_operands(p, i)[k]] : 1;
            if (t == 0 || !ad_paths_has_slope(p, i, k) || (adjoint[i] == 0 && !is_step(place->op)))
                continue;
            if (is_of_itself(p, i))
                continue;
            letters l = letters_of(p, value, i, k);
            if (!ad_slope_holds(place->op, l.x, l.y, l.w, l.z, l.n, l.m) && !(place->op == AD_OP_pow && is_whole_power(&l)))
                return i;
        }
    }
    return NONE;
}
