/* suggest.c -- finding composites: log(1 + exp(x)) and its kin, in the forms in which people write them. */
#include "suggest.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

/* What was recognised: its parts, and what goes between the parentheses. */
enum { PARTS = 64, ARGUMENTS = 6, TERMS = 4096 };

typedef struct match {
    const char *name;                      /* NULL: nothing */
    uint32_t    part[PARTS], argument[ARGUMENTS];
    int         parts, arguments, negated; /* the argument is minus what stands there */
    int         more;                      /* further arguments are left out */
} match;

typedef struct look {
    const ad_tape *tape;
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
    return node(l, i).op == AD_OP_CONSTANT && l->tape->head->values[i] == number;
}

/* 1 + x, in either order. */
static int is_one_plus(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    int at = n.op == AD_OP_add ? (is_number(l, n.fixed[0], 1) ? 1 : is_number(l, n.fixed[1], 1) ? 0 : -1)
             : n.op == AD_OP_sub && is_number(l, n.fixed[1], -1) ? 0 : -1;
    if (at < 0)
        return 0;
    part(l, i);
    *x = n.fixed[at];
    return 1;
}

/* -x: then x is what is negated. */
static int is_minus(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    int at = n.op == AD_OP_neg ? 0
             : n.op == AD_OP_sub && is_number(l, n.fixed[0], 0) ? 1
             : n.op == AD_OP_mul ? (is_number(l, n.fixed[0], -1) ? 1 : is_number(l, n.fixed[1], -1) ? 0 : -1) : -1;
    if (at < 0)
        return 0;
    part(l, i);
    *x = n.fixed[at];
    return 1;
}

static int is_square(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    int square = n.op == AD_OP_square || (n.op == AD_OP_mul && n.fixed[0] == n.fixed[1]) ||
                 ((n.op == AD_OP_pow || n.op == AD_OP_powi) && is_number(l, n.fixed[1], 2));
    if (!square)
        return 0;
    part(l, i);
    *x = n.fixed[0];
    return 1;
}

/* The terms of a sum written out or as a list, each of one form, become arguments. */
static int terms(look *l, uint32_t i, int (*of)(look *, uint32_t, uint32_t *))
{
    uint32_t stack[PARTS], x;
    int depth = 0, counted = 0;
    ad_node n = node(l, i);
    if (n.op == AD_OP_dot) {               /* x x + y y + ... */
        if (of != is_square)
            return 0;
        part(l, i);
        for (size_t k = 0; k < n.n; k += 2, counted++) {
            if (n.list[k] != n.list[k + 1])
                return 0;
            argument(l, n.list[k]);
        }
        return counted;
    }
    if (n.op == AD_OP_sum) {
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
    for (int k = 0, last = l->m->arguments - 1; k < last && !l->m->more; k++, last--) {
        x = l->m->argument[k];             /* back into the order of writing */
        l->m->argument[k] = l->m->argument[last];
        l->m->argument[last] = x;
    }
    return counted;
}

static int is_exp(look *l, uint32_t i, uint32_t *x) { return is(l, i, AD_OP_exp, x); }

/* 1 / (1 + exp(-x)) or exp(x) / (1 + exp(x)); negated where x is minus what is found. */
static int is_logistic(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    uint32_t below, power, above;
    if (n.op != AD_OP_div || !is_one_plus(l, n.fixed[1], &below) || !is(l, below, AD_OP_exp, &power))
        return 0;
    part(l, i);
    if (is_number(l, n.fixed[0], 1)) {
        if (!is_minus(l, power, x)) {
            *x = power;
            l->m->negated = 1;
        }
        return 1;
    }
    *x = power;
    return is(l, n.fixed[0], AD_OP_exp, &above) && above == power;
}

static int found(look *l, const char *name, uint32_t x)
{
    l->m->name = name;
    if (!l->m->arguments)
        argument(l, x);
    return 1;
}

/* Starts a new attempt at the composite whose root is i. */
static void anew(look *l, uint32_t i)
{
    *l->m = (match){0};
    part(l, i);
}

static int match_log(look *l, uint32_t i, uint32_t x)
{
    uint32_t y, z;
    anew(l, i);
    if (is(l, x, AD_OP_sigmoid, &y))
        return found(l, "log_sigmoid", y);
    anew(l, i);
    if (is_logistic(l, x, &y))
        return found(l, "log_sigmoid", y);
    anew(l, i);
    if (is_one_plus(l, x, &y)) {
        if (is(l, y, AD_OP_exp, &z))
            return found(l, "softplus", z);
        return found(l, "log1p", y);
    }
    anew(l, i);
    if (terms(l, x, is_exp) > 1)
        return found(l, "logsumexp", 0);
    anew(l, i);
    ad_node n = node(l, x);                /* the logarithm of a softmax */
    if (n.op == AD_OP_div && is(l, n.fixed[0], AD_OP_exp, &y)) {
        part(l, x);
        argument(l, y);
        if (terms(l, n.fixed[1], is_exp) > 1)
            return found(l, "log_softmax", 0);
    }
    return 0;
}

static int match_at(look *l, uint32_t i)
{
    ad_node n = node(l, i);
    uint32_t x = n.fixed[0], y;
    anew(l, i);
    switch (n.op) {
    case AD_OP_log:
        return match_log(l, i, x);
    case AD_OP_log1p:
        return is(l, x, AD_OP_exp, &y) && found(l, "softplus", y);
    case AD_OP_sqrt: {
        int squares = terms(l, x, is_square);
        return squares == 1 ? found(l, "abs", 0) : squares == 2 ? found(l, "hypot", 0) : squares > 2 && found(l, "norm2", 0);
    }
    case AD_OP_sub:
        return is_number(l, n.fixed[1], 1) && is(l, x, AD_OP_exp, &y) && found(l, "expm1", y);
    case AD_OP_add: {
        int at = is_number(l, x, -1) ? 1 : is_number(l, n.fixed[1], -1) ? 0 : -1;
        return at >= 0 && is(l, n.fixed[at], AD_OP_exp, &y) && found(l, "expm1", y);
    }
    case AD_OP_div:
        return is_logistic(l, i, &y) && found(l, "sigmoid", y);
    default:
        return 0;
    }
}

/* In order of evaluation, so that the largest composite of a node claims it: what is written for log(1/(1 + exp(-x)))
 * serves better than what is written for its inside. */
void ad_suggest_roots(const ad_tape *tape, uint32_t top, uint32_t *root)
{
    match m;
    look l = {tape, &m};
    for (uint32_t i = 0; i <= top; i++)
        root[i] = UINT32_MAX;
    for (uint32_t i = 0; i <= top; i++) {
        m.name = NULL;
        if (match_at(&l, i) && m.name)
            for (int k = 0; k < m.parts; k++)
                root[m.part[k]] = i;
    }
}

size_t ad_suggest_text(ad_tape *tape, uint32_t i, char *text, size_t size)
{
    match m = {0};
    look l = {tape, &m};
    if (!match_at(&l, i) || !m.name)
        return 0;
    size_t n = 0, first = 0;
    char one[AD_TEXT_SIZE];
    if (!strcmp(m.name, "log_softmax")) {  /* x - logsumexp(x, ...) */
        ad_text_of(ad_var_at(tape, m.argument[0]), one, 32);
        n = (size_t)snprintf(text, size, "%s - logsumexp(", one);
        first = 1;
    } else
        n = (size_t)snprintf(text, size, "%s(", m.name);
    for (size_t k = first; k < (size_t)m.arguments && n < size; k++) {
        ad_text_of(ad_var_at(tape, m.argument[k]), one, m.arguments > 1 ? 32 : 64);
        int inside = m.negated && strpbrk(one, " +-*/^") != NULL;
        n += (size_t)snprintf(text + n, size - n, "%s%s%s%s", k > first ? ", " : m.negated ? "-" : "", inside ? "(" : "", one, inside ? ")" : "");
    }
    if (n < size)
        n += (size_t)snprintf(text + n, size - n, "%s)", m.more ? ", ..." : "");
    return n < size ? n : 0;
}
