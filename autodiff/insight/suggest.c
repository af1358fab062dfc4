/* suggest.c -- finding composites: log(1 + exp(x)) and its kin, in the forms in which people write them. */
#include "suggest.h"

#include "composites.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* log(x + sqrt(x^2 + 1)), and with - 1. */
static int match_area(look *l, uint32_t i, uint32_t sum)
{
    ad_node n = node(l, sum);
    for (int k = 0; k < 2 && n.op == AD_OP_add; k++) {
        uint32_t x = n.fixed[k], root = n.fixed[1 - k], squares, y;
        anew(l, i);
        part(l, sum);
        if (!is(l, root, AD_OP_sqrt, &squares))
            continue;
        ad_node m = node(l, squares);
        part(l, squares);
        if (m.op == AD_OP_sub && is_number(l, m.fixed[1], 1) && is_square(l, m.fixed[0], &y) && same(l, x, y))
            return found(l, "acosh", x);
        if (is_one_plus(l, squares, &y) && is_square(l, y, &y) && same(l, x, y))
            return found(l, "asinh", x);
    }
    return 0;
}

static int match_log(look *l, uint32_t i, uint32_t x)
{
    uint32_t y, z;
    if (match_area(l, i, x))
        return 1;
    anew(l, i);
    if (is(l, x, AD_OP_cosh, &y)) {
        l->m->mirrored = 1;
        l->m->mean_of = 2;
        return found(l, "logaddexp", y);
    }
    anew(l, i);
    if (is_sigmoid(l, x, &y))
        return found(l, "log_sigmoid", y);
    anew(l, i);
    if (is_one_minus(l, x, &y)) {
        if (is_sigmoid(l, y, &z))
            return found_of_minus(l, "log_sigmoid", z);
        anew(l, i);
        part(l, x);
        if (is_small(l, y, 0.5))
            return found_of_minus(l, "log1p", y);
    }
    anew(l, i);
    if (is_one_plus(l, x, &y)) {
        if (is_exp(l, y, &z))
            return found(l, "softplus", z);
        if (is_small(l, y, 0.5))
            return found(l, "log1p", y);
    }
    anew(l, i);
    if (is_sum_of_exp(l, x, x))
        return found(l, "logsumexp", 0);
    anew(l, i);
    ad_node n = node(l, x);
    double count = n.op == AD_OP_div && node(l, n.fixed[1]).op == AD_OP_CONSTANT ? l->v[n.fixed[1]] : 0;
    if (count >= 2 && count <= 1e9 && count == floor(count) && is_sum_of_exp(l, n.fixed[0], x)) {
        part(l, x);
        l->m->mean_of = (size_t)count;
        return found(l, "logsumexp", 0);
    }
    anew(l, i);                            /* the logarithm of a softmax */
    if (n.op == AD_OP_div && is_exp(l, n.fixed[0], &y)) {
        part(l, x);
        argument(l, y);
        l->m->less_first = 1;
        if (is_sum_of_exp(l, n.fixed[1], x))
            return found(l, "logsumexp", 0);
    }
    return 0;
}

static int match_root(look *l, uint32_t x)
{
    int squares = terms(l, x, is_square);
    return squares == 1 ? found(l, "abs", 0) : squares == 2 ? found(l, "hypot", 0) : squares > 2 && found(l, "norm2", 0);
}

/* 2 sigmoid(x), or written out as 2/(1 + exp(-x)). */
static int is_twice_logistic(look *l, uint32_t i, uint32_t *x)
{
    ad_node n = node(l, i);
    uint32_t y, power;
    part(l, i);
    if (is_times(l, i, 2, &y))
        return is_sigmoid(l, y, x);
    if (n.op != AD_OP_div || !is_number(l, n.fixed[0], 2) || !is_one_plus(l, n.fixed[1], &y) || !is_exp(l, y, &power))
        return 0;
    l->m->negated = 1;                     /* 2/(1 + exp(p)) is 2 sigmoid(-p) */
    *x = power;
    return 1;
}

static int found_opposite_tanh(look *l, uint32_t x)
{
    int sign = l->m->negated ? 1 : -1;
    l->m->negated = 0;
    return found_tanh_of_half(l, x, sign);
}

/* 1 more than what may be close to -1, and twice a logistic less 1. */
static int match_one_plus(look *l, uint32_t i)
{
    ad_node n = node(l, i);
    uint32_t x, y;
    anew(l, i);
    if (n.op == AD_OP_add && is_one_plus(l, i, &x)) {
        if (is(l, x, AD_OP_erf, &y))
            return found_of_minus(l, "erfc", y);
        l->m->factor = "2*";
        return is(l, x, AD_OP_tanh, &y) && found(l, "2*sigmoid", y);
    }
    int at = n.op == AD_OP_sub && is_number(l, n.fixed[1], 1) ? 0
             : n.op == AD_OP_add ? (is_number(l, n.fixed[0], -1) ? 1 : is_number(l, n.fixed[1], -1) ? 0 : -1) : -1;
    if (at < 0 || !is_twice_logistic(l, n.fixed[at], &y))
        return 0;
    int sign = l->m->negated ? -1 : 1;
    l->m->negated = 0;
    return found_tanh_of_half(l, y, sign);
}

/* 1 less what may be close to 1. */
static int match_one_minus(look *l, uint32_t i)
{
    uint32_t x, y;
    anew(l, i);
    if (!is_one_minus(l, i, &x))
        return 0;
    if (is_exp(l, x, &y))
        return is_small(l, y, 1) && found(l, "-expm1", y);
    if (is(l, x, AD_OP_cos, &y))
        return is_small(l, y, 1) && found_of_half(l, "2*sin", y, "/2)^2");
    if (is(l, x, AD_OP_erf, &y))
        return found(l, "erfc", y);
    if (is(l, x, AD_OP_normal_cdf, &y))
        return found_of_minus(l, "normal_cdf", y);
    if (is(l, x, AD_OP_tanh, &y)) {
        l->m->factor = "2*";
        return found_of_minus(l, "2*sigmoid", y);
    }
    if (is_twice_logistic(l, x, &y))
        return found_opposite_tanh(l, y);
    anew(l, i);
    is_one_minus(l, i, &x);
    if (is_square(l, x, &y) && is(l, y, AD_OP_tanh, &y))
        return found_of_half(l, "sech", y, ")^2");
    anew(l, i);
    is_one_minus(l, i, &x);
    return is_sigmoid(l, x, &y) && found_of_minus(l, "sigmoid", y);
}

/* exp(x) - 1 */
static int match_expm1(look *l, uint32_t i, uint32_t power, uint32_t number, double one)
{
    uint32_t y;
    anew(l, i);
    return is_number(l, number, one) && is_exp(l, power, &y) && is_small(l, y, 1) && found(l, "expm1", y);
}

/* (exp(x) - exp(-x)) / 2 */
static int match_sinh(look *l, uint32_t i, uint32_t x)
{
    ad_node n = node(l, x);
    uint32_t y;
    anew(l, i);
    part(l, x);
    return n.op == AD_OP_sub && are_exp_of_both(l, n.fixed[0], n.fixed[1], &y) && is_small(l, y, 1) && found(l, "sinh", y);
}

/* tanh, by either pair of exponentials or as sinh(x) / cosh(x); a softmax. */
static int match_quotient(look *l, uint32_t i, uint32_t x, uint32_t y)
{
    ad_node top = node(l, x), below = node(l, y);
    uint32_t a, b, c;
    anew(l, i);
    if (is_logistic(l, i, &a))
        return found(l, "sigmoid", a);
    anew(l, i);
    if (is(l, x, AD_OP_sinh, &a) && is(l, y, AD_OP_cosh, &b) && same(l, a, b))
        return found(l, "tanh", a);
    anew(l, i);
    part(l, x), part(l, y);
    if (top.op == AD_OP_sub && below.op == AD_OP_add && are_exp_of_both(l, top.fixed[0], top.fixed[1], &a) &&
        are_exp_of_both(l, below.fixed[0], below.fixed[1], &b) && same(l, a, b))
        return found(l, "tanh", a);
    anew(l, i);
    part(l, x);
    if (top.op == AD_OP_sub && is_number(l, top.fixed[1], 1) && is_exp(l, top.fixed[0], &a) && is_one_plus(l, y, &b) &&
        is_exp(l, b, &c) && same(l, a, c))
        return found_tanh_of_half(l, a, 1);
    anew(l, i);
    if (is_one_minus(l, x, &c) && is_exp(l, c, &a) && is_one_plus(l, y, &b) && is_exp(l, b, &c) && same(l, a, c))
        return found_tanh_of_half(l, a, -1);
    anew(l, i);
    if (is_number(l, x, 1) && is(l, y, AD_OP_cosh, &a))
        return found(l, "sech", a);
    anew(l, i);
    part(l, y);
    if (is_number(l, x, 2) && below.op == AD_OP_add && are_exp_of_both(l, below.fixed[0], below.fixed[1], &a))
        return found(l, "sech", a);
    anew(l, i);
    if (is_exp(l, x, &a)) {
        argument(l, a);
        l->m->less_first = 2;
        if (is_sum_of_exp(l, y, i) && !l->m->mean_of)
            return found(l, "logsumexp", 0);
    }
    return 0;
}

static int is_comparison(enum ad_op op) { return op >= AD_OP_less && op <= AD_OP_not_equal; }

/* What makes a power, a multiple or a quotient 0. */
static uint32_t source_of_zero(const look *l, uint32_t i)
{
    for (int step = 0; step < PARTS; step++) {
        ad_node n = node(l, i);
        const uint32_t *o = n.fixed;
        if (n.op == AD_OP_neg || n.op == AD_OP_square || n.op == AD_OP_pow || n.op == AD_OP_powi || n.op == AD_OP_sqrt || n.op == AD_OP_div)
            i = o[0];
        else if (n.op == AD_OP_mul && (l->v[o[0]] == 0) != (l->v[o[1]] == 0))
            i = o[l->v[o[0]] != 0];
        else
            break;
    }
    return i;
}

/* The argument of the logarithm that makes this infinite, or UINT32_MAX. */
static uint32_t argument_of_log(look *l, uint32_t i)
{
    for (int step = 0; step < PARTS; step++) {
        part(l, i);
        ad_node n = node(l, i);
        const uint32_t *o = n.fixed;
        if (n.op == AD_OP_log || n.op == AD_OP_log2 || n.op == AD_OP_log10)
            return o[0];
        if (n.op == AD_OP_neg || ((n.op == AD_OP_add || n.op == AD_OP_sub || n.op == AD_OP_mul) && !isfinite(l->v[o[0]])))
            i = o[0];
        else if ((n.op == AD_OP_add || n.op == AD_OP_sub || n.op == AD_OP_mul) && !isfinite(l->v[o[1]]))
            i = o[1];
        else
            break;
    }
    return UINT32_MAX;
}

/* x log(x) at 0, whose limit is 0, and a mask of 0 that meets an infinity. */
static int match_nothing_times(look *l, uint32_t i, uint32_t x, uint32_t y)
{
    anew(l, i);
    if (l->v[x] != 0 || isfinite(l->v[y]))
        return 0;
    enum ad_op op = node(l, x).op;
    uint32_t of = argument_of_log(l, y);
    int vanishes = of != UINT32_MAX && l->v[of] == 0 && same(l, source_of_zero(l, x), source_of_zero(l, of));
    if (!vanishes && op != AD_OP_CONSTANT && op != AD_OP_COLUMN && !is_comparison(op))
        return 0;
    argument(l, x);
    argument(l, y);
    return found(l, "chain", 0);
}

static int match_at(look *l, uint32_t i)
{
    ad_node n = node(l, i);
    uint32_t x = n.fixed[0], y = n.fixed[1], z;
    anew(l, i);
    switch (n.op) {
    case AD_OP_log:
        return match_log(l, i, x);
    case AD_OP_log1p:
        if (is_exp(l, x, &z))
            return found(l, "softplus", z);
        anew(l, i);
        return is_minus(l, x, &z) && is_sigmoid(l, z, &z) && found_of_minus(l, "log_sigmoid", z);
    case AD_OP_sqrt:
        return match_root(l, x);
    case AD_OP_pow:
        if (is_number(l, y, 0.5))
            return match_root(l, x);
        return is_logistic(l, i, &z) && found(l, "sigmoid", z);
    case AD_OP_powi:
        return is_logistic(l, i, &z) && found(l, "sigmoid", z);
    case AD_OP_sub:
        return match_expm1(l, i, x, y, 1) || match_one_minus(l, i) || match_one_plus(l, i);
    case AD_OP_add:
        return match_expm1(l, i, x, y, -1) || match_expm1(l, i, y, x, -1) || match_one_minus(l, i) || match_one_plus(l, i);
    case AD_OP_div:
        return (is_number(l, y, 2) && match_sinh(l, i, x)) || match_quotient(l, i, x, y);
    case AD_OP_mul:
        return (is_number(l, y, 0.5) && match_sinh(l, i, x)) || (is_number(l, x, 0.5) && match_sinh(l, i, y)) ||
               match_nothing_times(l, i, x, y) || match_nothing_times(l, i, y, x);
    default:
        return 0;
    }
}

/* In order of evaluation, so that the largest composite of a node claims it: what is written for log(1/(1 + exp(-x)))
 * serves better than what is written for its inside. */
void ad_suggest_roots(const ad_tape *tape, const double *v, const unsigned char *mark, uint32_t top, uint32_t *root)
{
    match m;
    look l = {tape, v, &m};
    for (uint32_t i = 0; i <= top; i++)
        root[i] = UINT32_MAX;
    for (uint32_t i = 0; i <= top; i++) {
        m.name = NULL;
        if (mark[i] & 1 && match_at(&l, i) && m.name)
            for (int k = 0; k < m.parts; k++)
                root[m.part[k]] = i;
    }
}

/* The argument as a factor of what stands around it. */
static size_t write_argument(const match *m, const char *one, char *text, size_t size)
{
    int bound = m->negated || *m->factor || m->after[0] != ')', inside = bound && strpbrk(one, " +-*/^") != NULL;
    return (size_t)snprintf(text, size, "%s%s%s%s%s", m->negated ? "-" : "", m->factor, inside ? "(" : "", one, inside ? ")" : "");
}

size_t ad_suggest_text(ad_tape *tape, const double *v, uint32_t i, char *text, size_t size)
{
    match m = {0};
    look l = {tape, v, &m};
    if (!match_at(&l, i) || !m.name)
        return 0;
    size_t n = 0, first = 0;
    char one[AD_TEXT_SIZE];
    if (m.less_first) {                    /* x - logsumexp(x, ...), or the exponential of that */
        ad_text_of(ad_var_at(tape, m.argument[0]), one, 32);
        n = (size_t)snprintf(text, size, "%s%s - ", m.less_first == 2 ? "exp(" : "", one);
        first = 1;
    }
    if (n < size)
        n += (size_t)snprintf(text + n, size - n, "%s(", m.name);
    for (size_t k = first; k < (size_t)m.arguments && n < size; k++) {
        ad_text_of(ad_var_at(tape, m.argument[k]), one, m.arguments > 1 ? 32 : 64);
        n += (size_t)snprintf(text + n, size - n, "%s", k > first ? ", " : "");
        int number = node(&l, m.argument[k]).op == AD_OP_CONSTANT, sum = !strcmp(m.name, "logsumexp"),
            length = !strcmp(m.name, "hypot") || !strcmp(m.name, "norm2");
        if (n < size && number && sum && v[m.argument[k]] == 1)
            n += (size_t)snprintf(text + n, size - n, "0");
        else if (n < size && number && (sum || (length && v[m.argument[k]] != 1)))
            n += (size_t)snprintf(text + n, size - n, "%s(%s)", sum ? "log" : "sqrt", one);
        else if (n < size)
            n += write_argument(&m, one, text + n, size - n);
    }
    if (m.mirrored && n < size) {
        n += (size_t)snprintf(text + n, size - n, ", ");
        m.negated = 1;
        if (n < size)
            n += write_argument(&m, one, text + n, size - n);
    }
    if (n < size)
        n += (size_t)snprintf(text + n, size - n, "%s%s", m.more ? ", ..." : "", m.after);
    if (m.mean_of && n < size)
        n += (size_t)snprintf(text + n, size - n, " - log(%zu)", m.mean_of);
    if (m.less_first == 2 && n < size)
        n += (size_t)snprintf(text + n, size - n, ")");
    return n < size ? n : 0;
}
