/* side.c -- following a graph forward in a direction, through kinks. */
#include "side.h"

#include "beside.h"
#include "wide.h"

#include "autodiff/tape/operations.h"

#include <math.h>
#include <string.h>

static double times(double slope, double partial) { return slope == 0 || partial == 0 ? 0 : slope * partial; }

/* Which of two is larger just beside: by value, then by slope; 0 where they stay together. */
static double ahead(ad_beside x, ad_beside y) { return x.value != y.value ? x.value - y.value : x.slope - y.slope; }

static ad_beside of(double value, double slope) { return (ad_beside){value, slope, 1}; }
static ad_beside still(double value) { return (ad_beside){value, 0, 0}; }

/* Comparisons, steps, ties and corners; 0 where the row has its partials alone. */
static int decide(enum ad_op op, ad_beside x, ad_beside y, ad_beside w, ad_beside *z)
{
    double d = ahead(x, y);
    switch (op) {
    case AD_OP_less:          *z = of(d < 0, 0); return 1;
    case AD_OP_less_equal:    *z = of(d <= 0, 0); return 1;
    case AD_OP_greater:       *z = of(d > 0, 0); return 1;
    case AD_OP_greater_equal: *z = of(d >= 0, 0); return 1;
    case AD_OP_equal:         *z = of(d == 0, 0); return 1;
    case AD_OP_not_equal:     *z = of(d != 0, 0); return 1;
    case AD_OP_max:           *z = d >= 0 ? x : y; return d == d;
    case AD_OP_min:           *z = d <= 0 ? x : y; return d == d;
    case AD_OP_select:        *z = x.value != 0 ? y : w; return 1;
    case AD_OP_clamp:         *z = d < 0 ? y : ahead(x, w) > 0 ? w : x; return y.value <= w.value && d == d;
    case AD_OP_abs:           *z = of(fabs(x.value), fabs(x.slope)); return x.value == 0;
    case AD_OP_relu:          *z = of(0, x.slope > 0 ? x.slope : 0); return x.value == 0;
    case AD_OP_leaky_relu:    *z = of(0, x.slope > 0 ? x.slope : x.slope * y.value); return x.value == 0;
    case AD_OP_hypot:         *z = of(0, hypot(x.slope, y.slope)); return x.value == 0 && y.value == 0;
    case AD_OP_copysign:      *z = of(copysign(x.value, y.value != 0 ? y.value : y.slope),
                                      x.value != 0 ? (copysign(1, x.value) == copysign(1, y.value != 0 ? y.value : y.slope) ? x.slope : -x.slope)
                                                   : copysign(x.slope, y.value != 0 ? y.value : y.slope));
                              return (x.value == 0 && x.slope != 0) || (y.value == 0 && y.slope != 0);
    case AD_OP_sign:          *z = of((x.slope > 0) - (x.slope < 0), 0); return x.value == 0;
    case AD_OP_floor:         *z = of(x.value - (x.slope < 0), 0); return x.value == floor(x.value);
    case AD_OP_ceil:          *z = of(x.value + (x.slope > 0), 0); return x.value == floor(x.value);
    case AD_OP_round:         *z = of(x.slope > 0 ? ceil(x.value) : x.slope < 0 ? floor(x.value) : round(x.value), 0);
                              return fabs(x.value - trunc(x.value)) == 0.5;
    case AD_OP_atan2:         *z = of(atan2(x.slope, y.slope), 0);
                              return x.value == 0 && y.value == 0 && (x.slope != 0 || y.slope != 0);
    default:                  return 0;
    }
}

static double nudged(ad_beside a) { return a.slope == 0 ? a.value : nextafter(a.value, a.slope > 0 ? INFINITY : -INFINITY); }

/* At an end of a domain, and where the slope is infinite, the partials a step beside tell whether the function goes on
 * there, and in which direction. */
ad_beside ad_row_beside(enum ad_op op, ad_beside x, ad_beside y, ad_beside w)
{
    ad_beside z, operand[3] = {x, y, w};
    if (decide(op, x, y, w, &z))
        return z;
    z = of(ad_evaluate(op, x.value, y.value, w.value), 0);
    int singular = !ad_holds_at(op, x.value, y.value, w.value, z.value, 1);
    double beside[3] = {nudged(x), nudged(y), nudged(w)}, there = singular ? ad_evaluate(op, beside[0], beside[1], beside[2]) : 0;
    for (int k = 0; k < ad_rules[op].partials; k++) {
        double slope = operand[k].slope, p = ad_partial_at(op, k, x.value, y.value, w.value, z.value, 1, 1);
        if (!operand[k].moves)
            continue;
        if (slope == 0) {                  /* the root of what stays at 0 to first order may have any slope */
            z.slope = isfinite(p) ? z.slope : NAN;
            continue;
        }
        if (singular) {
            double q = ad_partial_at(op, k, beside[0], beside[1], beside[2], there, 1, 1);
            p = !isfinite(p) && q == q && q != 0 ? copysign(INFINITY, q) : p == 0 && fabs(q) < 1e-100 ? 0 : q;
        }
        z.slope += times(slope, p);
    }
    return z;
}

/* ---- The graph ------------------------------------------------------------------------------------------------------------ */

typedef struct walk {
    ad_tape   *tape;
    ad_beside *at;                         /* [top + 1] */
    unsigned char *moves;                  /* [top + 1] depends on what is moved */
    ad_var    *list;
    double    *numbers;
} walk;

/* Of maximum and minimum: by value, then by slope. */
static ad_beside furthest(const walk *w, const ad_node *node)
{
    ad_beside z = w->at[node->list[0]];
    for (size_t k = 1; k < node->n; k++) {
        ad_beside x = w->at[node->list[k]];
        double d = node->op == AD_OP_maximum ? ahead(x, z) : ahead(z, x);
        if (!(d <= 0))
            z = d > 0 ? x : of(NAN, NAN);
    }
    return z;
}

/* A call is smooth as far as can be seen from here. */
static ad_beside call_beside(walk *w, const ad_node *node, double z)
{
    size_t n = node->n, m = node->called->m;
    double *x = w->numbers, *dx = x + n + m, slope = 0;
    for (size_t k = 0; k < n; k++)
        x[k] = w->at[node->list[k]].value;
    for (size_t k = 0; k < m; k++)
        x[n + k] = k == node->result;
    if (node->called->kind->adjoint(node->called->object, x, dx) != AD_OK)
        return of(z, NAN);
    for (size_t k = 0; k < n; k++)
        slope += times(w->at[node->list[k]].slope, dx[k]);
    return of(z, slope);
}

static ad_beside list_beside(walk *w, const ad_node *node)
{
    if (ad_ties(node->op))
        return furthest(w, node);
    size_t pairs = node->width == 2, n = node->n / node->width;
    double slope = 0, square = 0, top = 0;
    for (size_t k = 0; k < node->n; k++)
        w->list[pairs ? k / 2 + k % 2 * n : k] = ad_const(w->at[ad_node_operand(node, k)].value);
    double z = node->op == AD_OP_sum         ? ad_sum(n, w->list).value
               : node->op == AD_OP_mean      ? ad_mean(n, w->list).value
               : node->op == AD_OP_logsumexp ? ad_logsumexp(n, w->list).value
               : node->op == AD_OP_norm2     ? ad_norm2(n, w->list).value
                                             : ad_dot(n, w->list, w->list + n).value;
    for (size_t k = 0; k < node->n; k++)
        top = fmax(top, fabs(w->at[ad_node_operand(node, k)].slope));
    for (size_t k = 0; k < node->n; k++) {
        ad_beside x = w->at[ad_node_operand(node, pairs ? k / 2 * 2 : k)], y = pairs ? w->at[ad_node_operand(node, k / 2 * 2 + 1)] : of(0, 0);
        double dx = w->at[ad_node_operand(node, k)].slope;
        slope += times(dx, ad_partial_at(node->op, (int)(pairs ? k % 2 : 0), x.value, y.value, 0, z, (double)n, 1));
        square += top > 0 ? dx / top * (dx / top) : 0;
    }
    return of(z, node->op == AD_OP_norm2 && z == 0 ? top * sqrt(square) : slope);
}

static void step(walk *w, uint32_t i)
{
    ad_node node = ad_node_at(w->tape, i);
    ad_beside *at = w->at;
    for (size_t k = 0; k < node.n && !w->moves[i]; k++)
        w->moves[i] = w->moves[ad_node_operand(&node, k)];
    if (!w->moves[i])
        at[i] = still(w->tape->head->values[i]);
    else if (node.called)
        at[i] = call_beside(w, &node, w->tape->head->values[i]);
    else if (node.list)
        at[i] = list_beside(w, &node);
    else
        at[i] = ad_row_beside(node.op, at[node.fixed[0]], at[node.fixed[1]], at[node.fixed[2]]);
}

/* What E is beside; NaN without memory. */
static ad_beside follow(ad_tape *tape, const char *function, ad_var E, size_t n, const ad_var *x, const double *direction)
{
    const ad_allocator *a = &tape->allocator;
    uint32_t top = ad_id(E);
    size_t nodes = top + (size_t)1, longest = 1, most = 1;
    for (uint32_t i = 0; i <= top; i++) {
        ad_node node = ad_node_at(tape, i);
        longest = node.list && node.n > longest ? node.n : longest;
        most = node.called && 2 * node.n + node.called->m > most ? 2 * node.n + node.called->m : most;
    }
    walk w = {.tape = tape, .at = ad_resize(a, NULL, 0, nodes * sizeof *w.at), .moves = ad_resize(a, NULL, 0, nodes),
              .list = ad_resize(a, NULL, 0, longest * sizeof *w.list), .numbers = ad_resize(a, NULL, 0, most * sizeof *w.numbers)};
    ad_beside found = of(NAN, NAN);
    if (w.at && w.moves && w.list && w.numbers) {
        memset(w.moves, 0, nodes);
        for (uint32_t i = 0; i <= top; i++)
            w.at[i] = still(tape->head->values[i]);
        for (size_t j = 0; j < n; j++)
            if (!ad_is_plain(x[j]) && ad_id(x[j]) <= top) {
                w.at[ad_id(x[j])].slope += direction[j];
                w.at[ad_id(x[j])].moves = 1;
                w.moves[ad_id(x[j])] = 2;
            }
        for (uint32_t i = 0; i <= top; i++)
            if (w.moves[i] != 2)
                step(&w, i);
        found = w.at[top];
    } else
        ad_fault_memory(tape, function, "the direction");
    if (w.at)
        ad_resize(a, w.at, nodes * sizeof *w.at, 0);
    if (w.moves)
        ad_resize(a, w.moves, nodes, 0);
    if (w.list)
        ad_resize(a, w.list, longest * sizeof *w.list, 0);
    if (w.numbers)
        ad_resize(a, w.numbers, most * sizeof *w.numbers, 0);
    return found;
}

double ad_directional(ad_var E, size_t n, const ad_var *x, const double *direction)
{
    const char *function = "directional";
    if (ad_is_plain(E))
        return isnan(E.value) ? NAN : 0;
    ad_tape *tape = ad_tape_of(E, function);
    if (!tape)
        return NAN;
    if (n && (!x || !direction)) {
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_directional: x or direction is NULL; both have n elements");
        return NAN;
    }
    for (size_t j = 0; j < n; j++)
        if (!ad_is_plain(x[j]) && !ad_accepts(tape, x[j], function, "a variable of the direction"))
            return NAN;
    return follow(tape, function, E, n, x, direction).slope;
}

double ad_one_sided(ad_var E, ad_var x, int side)
{
    double direction = side < 0 ? -1 : 1;
    return direction * ad_directional(E, 1, &x, &direction);
}

int ad_is_smooth_along(ad_var E, ad_var x, double slope)
{
    double to_left = -1, to_right = 1, near = 1e-9 * fabs(slope);
    ad_tape *tape = ad_tape_of(E, "one_sided");
    if (!tape)
        return 0;
    ad_beside left = follow(tape, "one_sided", E, 1, &x, &to_left), right = follow(tape, "one_sided", E, 1, &x, &to_right);
    return left.value == right.value && left.value == ad_value(E) && fabs(-left.slope - slope) <= near && fabs(right.slope - slope) <= near;
}
