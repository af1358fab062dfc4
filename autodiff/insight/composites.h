/* composites.h -- the parts of composites, in the forms in which people write them: 1 + x, -x, x^2, sums of exponentials,
 * logistic functions. For suggest.c alone, which makes composites of them. Not installed.
 */
#ifndef AUTODIFF_INSIGHT_COMPOSITES_H
#define AUTODIFF_INSIGHT_COMPOSITES_H

#include "node.h"

#include <math.h>

/* What was recognised: its parts, and what goes between the parentheses. */
enum { PARTS = 64, ARGUMENTS = 6, TERMS = 4096 };

typedef struct match {
    const char *name;                      /* NULL: nothing. What stands before the first parenthesis */
    uint32_t    part[PARTS], argument[ARGUMENTS];
    int         parts, arguments;
    int         negated;                   /* the argument is minus what stands there */
    const char *factor, *after;            /* text before and after the argument, and its parenthesis: "2*", "/2)" */
    size_t      mean_of;                   /* less the logarithm of this number, if it is not 0 */
    int         less_first;                /* the first argument less the function of the others */
    int         more;                      /* further arguments are left out */
    int         mirrored;                  /* and minus the argument is another one */
} match;

typedef struct look {
    const ad_tape *tape;
    const double  *v;                      /* the values in hand */
    match         *m;
} look;

static ad_node node(const look *l, uint32_t i) { return ad_node_at(l->tape, i); }

static void part(look *l, uint32_t i)
{
    if (l->m->parts < PARTS)
        l->m->part[l->m->parts++] = i;
}

static void argument(look *l, uint32_t i)
{
    if (l->m->arguments < ARGUMENTS)
        l->m->argument[l->m->arguments++] = i;
    else
        l->m->more = 1;
}

/* Whether node i is this operation: then it is a part, and x is its operand. */
static int is(look *l, uint32_t i, enum ad_op op, uint32_t *x)
{
    ad_node n = node(l, i);
    if (n.op != op)
        return 0;
    part(l, i);
    *x = n.fixed[0];
    return 1;
}

static int is_number(const look *l, uint32_t i, double number)
{
    return node(l, i).op == AD_OP_CONSTANT && l->v[i] == number;
}

/* Whether two nodes compute the same: a text that has exp(w*x) twice has two of it. As far as so many steps tell. */
static int same(const look *l, uint32_t i, uint32_t j)
{
    enum { STEPS = 256 };
    uint32_t stack[2 * PARTS];
    int depth = 0;
    stack[depth++] = i, stack[depth++] = j;
    for (int step = 0; depth; step++) {
        uint32_t a = stack[--depth], b = stack[--depth];
        if (a == b)
            continue;
        ad_node n = node(l, a), m = node(l, b);
        if (n.op != m.op || n.n != m.n || n.called || step == STEPS || (size_t)depth + 2 * n.n > 2 * PARTS ||
            (!n.n && (n.op != AD_OP_CONSTANT || l->v[a] != l->v[b])))
            return 0;
        for (size_t k = 0; k < n.n; k++)
            stack[depth++] = ad_node_operand(&n, k), stack[depth++] = ad_node_operand(&m, k);
    }
    return 1;
}

/* Operand `at` of a part of the form, if there is one. */
static int is_operand(look *l, uint32_t i, int at, uint32_t *x)
{
    if (at < 0)
        return 0;
    part(l, i);
    *x = node(l, i).fixed[at];
    return 1;
}

/* 1 + x, in either order. */
static int is_one_plus(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    int at = n.op == AD_OP_add ? (is_number(l, n.fixed[0], 1) ? 1 : is_number(l, n.fixed[1], 1) ? 0 : -1)
             : n.op == AD_OP_sub && is_number(l, n.fixed[1], -1) ? 0 : -1;
    return is_operand(l, i, at, x);
}

/* -x: then x is what is negated. */
static int is_minus(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    int at = n.op == AD_OP_neg ? 0
             : n.op == AD_OP_sub && is_number(l, n.fixed[0], 0) ? 1
             : n.op == AD_OP_mul ? (is_number(l, n.fixed[0], -1) ? 1 : is_number(l, n.fixed[1], -1) ? 0 : -1) : -1;
    return is_operand(l, i, at, x);
}

/* 1 - x, in either order. */
static int is_one_minus(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    if (n.op == AD_OP_sub && is_number(l, n.fixed[0], 1)) {
        part(l, i);
        *x = n.fixed[1];
        return 1;
    }
    return n.op == AD_OP_add && is_one_plus(l, i, x) && is_minus(l, *x, x);
}

static int is_square(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    int square = n.op == AD_OP_square || (n.op == AD_OP_mul && same(l, n.fixed[0], n.fixed[1])) ||
                 ((n.op == AD_OP_pow || n.op == AD_OP_powi) && is_number(l, n.fixed[1], 2)) ||
                 (n.op == AD_OP_CONSTANT && l->v[i] > 0 && isfinite(l->v[i]));   /* the square of its root */
    if (!square)
        return 0;
    part(l, i);
    *x = n.op == AD_OP_CONSTANT ? i : n.fixed[0];
    return 1;
}

/* The terms of a sum written out or as a list, each of one form, become arguments. */
static int terms(look *l, uint32_t i, int (*of)(look *, uint32_t, uint32_t *))
{
    uint32_t stack[PARTS], x;
    int depth = 0, counted = 0, first = l->m->arguments;
    ad_node n = node(l, i);
    if (n.op == AD_OP_dot) {               /* x x + y y + ... */
        if (of != is_square)
            return 0;
        part(l, i);
        for (size_t k = 0; k < n.n; k += 2, counted++) {
            if (!same(l, n.list[k], n.list[k + 1]))
                return 0;
            argument(l, n.list[k]);
        }
        return counted;
    }
    if (n.op == AD_OP_sum || (n.op == AD_OP_mean && of != is_square)) {
        l->m->mean_of = n.op == AD_OP_mean ? n.n : 0;
        part(l, i);
        for (size_t k = 0; k < n.n; k++, counted++) {
            if (!of(l, n.list[k], &x))
                return 0;
            argument(l, x);
        }
        return counted;
    }
    stack[depth++] = i;
    while (depth) {
        uint32_t at = stack[--depth];
        n = node(l, at);
        if (n.op == AD_OP_add) {           /* the second first: sums are mostly written from left to right */
            if (depth + 2 > PARTS)
                return 0;
            part(l, at);
            stack[depth++] = n.fixed[0];
            stack[depth++] = n.fixed[1];
        } else if (counted < TERMS && of(l, at, &x)) {
            argument(l, x);
            counted++;
        } else
            return 0;
    }
    for (int k = first, last = l->m->arguments - 1; k < last && !l->m->more; k++, last--) {
        x = l->m->argument[k];             /* back into the order of writing */
        l->m->argument[k] = l->m->argument[last];
        l->m->argument[last] = x;
    }
    return counted;
}

static int is_exp(look *l, uint32_t i, uint32_t *x) { return is(l, i, AD_OP_exp, x); }

/* A number above 0 is the exponential of its logarithm: the number itself is the argument then. */
static int is_exp_or_number(look *l, uint32_t i, uint32_t *x)
{
    int number = node(l, i).op == AD_OP_CONSTANT && l->v[i] > 0 && isfinite(l->v[i]);
    if (number)
        *x = i;
    return number || is_exp(l, i, x);
}

static int is_in_range(const look *l, uint32_t i) { return l->v[i] > 1e-280 && l->v[i] < 1e280; }

/* A sum of exponentials that is out of range, or nearly so, as may be what is made of it: where neither is, logsumexp would lose what
 * the sum loses. */
static int is_sum_of_exp(look *l, uint32_t i, uint32_t made)
{
    return !(is_in_range(l, i) && is_in_range(l, made)) && terms(l, i, is_exp_or_number) > 1;
}

/* c x and -c x, with numbers c. */
static int are_opposite(const look *l, uint32_t i, uint32_t j)
{
    ad_node n = node(l, i), m = node(l, j);
    return n.op == AD_OP_mul && m.op == AD_OP_mul && node(l, n.fixed[0]).op == AD_OP_CONSTANT && is_number(l, m.fixed[0], -l->v[n.fixed[0]]) &&
           same(l, n.fixed[1], m.fixed[1]);
}

/* exp(x) and exp(-x). */
static int are_exp_of_both(look *l, uint32_t i, uint32_t j, uint32_t *x)
{
    uint32_t y;
    return is_exp(l, i, x) && is_exp(l, j, &y) && ((is_minus(l, y, &y) && same(l, y, *x)) || are_opposite(l, *x, y));
}

/* 1 / (1 + exp(-x)), as a power too, or exp(x) / (1 + exp(x)); negated where x is minus what is found. */
static int is_logistic(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    uint32_t below, power, above;
    int inverse = (n.op == AD_OP_pow || n.op == AD_OP_powi) && is_number(l, n.fixed[1], -1);
    if ((n.op != AD_OP_div && !inverse) || !is_one_plus(l, n.fixed[inverse ? 0 : 1], &below) || !is_exp(l, below, &power))
        return 0;
    part(l, i);
    if (inverse || is_number(l, n.fixed[0], 1)) {
        if (!is_minus(l, power, x)) {
            *x = power;
            l->m->negated = 1;
        }
        return 1;
    }
    *x = power;
    return is_exp(l, n.fixed[0], &above) && same(l, above, power);
}

/* sigmoid(x), or written out. */
static int is_sigmoid(look *l, uint32_t i, uint32_t *x) { return is(l, i, AD_OP_sigmoid, x) || is_logistic(l, i, x); }

static int found(look *l, const char *name, uint32_t x)
{
    l->m->name = name;
    if (!l->m->arguments)
        argument(l, x);
    return 1;
}

static int found_of_minus(look *l, const char *name, uint32_t x)
{
    l->m->negated = !l->m->negated;
    return found(l, name, x);
}

static int found_of_half(look *l, const char *name, uint32_t x, const char *after)
{
    l->m->after = after;
    return found(l, name, x);
}

/* c x, c being a number, in either order. */
static int is_times(look *l, uint32_t i, double c, uint32_t *x)
{
    ad_node n = node(l, i);
    int at = n.op != AD_OP_mul ? -1 : is_number(l, n.fixed[0], c) ? 1 : is_number(l, n.fixed[1], c) ? 0 : -1;
    if (at >= 0)
        *x = n.fixed[at];
    return at >= 0;
}

/* tanh(x/2), of -x where the sign is negative; shorter where x is 2 u or -2 u. */
static int found_tanh_of_half(look *l, uint32_t x, int sign)
{
    uint32_t u;
    if (is_times(l, x, -2, &u) || (is_minus(l, x, &u) && is_times(l, u, 2, &u)))
        return sign > 0 ? found_of_minus(l, "tanh", u) : found(l, "tanh", u);
    if (is_times(l, x, 2, &u))
        return sign > 0 ? found(l, "tanh", u) : found_of_minus(l, "tanh", u);
    if (sign < 0 && is_minus(l, x, &x))
        sign = 1;
    l->m->after = "/2)";
    return sign > 0 ? found(l, "tanh", x) : found_of_minus(l, "tanh", x);
}

/* Starts a new attempt at the composite whose root is i. */
static void anew(look *l, uint32_t i)
{
    *l->m = (match){.factor = "", .after = ")"};
    part(l, i);
}

static int is_small(const look *l, uint32_t i, double size) { return fabs(l->v[i]) <= size; }

#endif
