/* tidy.c -- a recorded derivative as people would write it.
 *
 * The rows of ops.def are written so that no digit is lost (sigmoid' is z sigmoid(-x)) and so that they hold everywhere
 * (x <= 0 ? 0 : 1). Whoever reads wants Y (1 - Y), and 1. Every rule here is an identity of real numbers, at the values
 * at hand for a choice; the value that a formula carries may change in its last digits. */
#include "steps.h"

#include "../tape/operations.h"
#include "node.h"

#include <math.h>
#include <string.h>

typedef struct tidying {
    const ad_tape *from;
    ad_tape       *to;
    ad_var        *made;                   /* [top + 1] by node of `from` */
    uint32_t       formula;                /* its node, and what it is called */
    ad_var         symbol;
    int            has_formula;
} tidying;

static ad_node node_of(const tidying *t, ad_var v) { return ad_node_at(t->to, ad_id(v)); }
static int is_number(ad_var v, double number) { return ad_is_plain(v) && v.value == number; }

/* Whether v was made by that row on the notebook. A symbol is no formula. */
static int is_row(const tidying *t, ad_var v, enum ad_op op) { return !ad_is_plain(v) && node_of(t, v).op == op; }

/* A constant on the notebook is a number again. */
static ad_var operand(const tidying *t, ad_var v, size_t k)
{
    ad_node node = node_of(t, v);
    uint32_t id = ad_node_operand(&node, k);
    return ad_word_op(t->to->head->words[id]) == AD_OP_CONSTANT ? ad_const(t->to->head->values[id]) : ad_var_at(t->to, id);
}

static ad_var negated(const tidying *t, ad_var x)
{
    return ad_is_plain(x) ? ad_const(-x.value) : is_row(t, x, AD_OP_neg) ? operand(t, x, 0) : ad_neg(x);
}

/* Takes a sign and a constant factor off. */
static double factor_of(const tidying *t, ad_var *x)
{
    double factor = 1;
    if (ad_is_plain(*x)) {
        factor = x->value;
        *x = ad_const(1);
        return factor;
    }
    for (int again = 1; again && !ad_is_plain(*x);) {
        again = 0;
        if (is_row(t, *x, AD_OP_neg)) {
            factor = -factor;
            *x = operand(t, *x, 0);
            again = 1;
        } else if (is_row(t, *x, AD_OP_mul) && ad_is_plain(operand(t, *x, 0))) {
            factor *= operand(t, *x, 0).value;
            *x = operand(t, *x, 1);
            again = 1;
        }
    }
    return factor;
}

static ad_var quotient(const tidying *t, ad_var x, ad_var y);
static ad_var sum(const tidying *t, ad_var x, ad_var y);
static ad_var power(ad_var x, ad_var y);

static int is_same(ad_var x, ad_var y) { return !ad_is_plain(x) && x.link == y.link; }

/* factor times what has none. */
static ad_var scaled(double factor, ad_var z)
{
    if (ad_is_plain(z))
        return ad_const(factor * z.value);
    if (factor == 1 || factor == -1)
        return factor == 1 ? z : ad_neg(z);
    return factor < 0 ? ad_neg(ad_mul(-factor, z)) : ad_mul(factor, z);
}

/* A number over something, else not. */
static int is_reciprocal(const tidying *t, ad_var x) { return is_row(t, x, AD_OP_div) && ad_is_plain(operand(t, x, 0)); }

static ad_var product(const tidying *t, ad_var x, ad_var y)
{
    double of_x = factor_of(t, &x), of_y = factor_of(t, &y), factor = of_x * of_y;
    if (of_x == 0 || of_y == 0 || factor == 0)
        return ad_const(0);                /* against an infinity or NaN too */
    if (is_reciprocal(t, x) || is_reciprocal(t, y)) {      /* 2 (1/n) (t - h) is 2 (t - h)/n */
        ad_var over = is_reciprocal(t, x) ? x : y, other = is_reciprocal(t, x) ? y : x;
        return quotient(t, scaled(factor * operand(t, over, 0).value, other), operand(t, over, 1));
    }
    if (is_same(x, y))
        return scaled(factor, power(x, ad_const(2)));
    if (is_row(t, x, AD_OP_div) && is_same(operand(t, x, 1), y))
        return scaled(factor, operand(t, x, 0));
    return scaled(factor, is_number(x, 1) ? y : is_number(y, 1) ? x : ad_mul(x, y));
}

/* x (x/y) + y, which does not overflow, is (x^2 + y^2)/y. */
static int is_radius(const tidying *t, ad_var z, ad_var *x, ad_var *y)
{
    if (!is_row(t, z, AD_OP_add) || !is_row(t, operand(t, z, 0), AD_OP_mul))
        return 0;
    ad_var over = operand(t, operand(t, z, 0), 1);
    *y = operand(t, z, 1);
    *x = operand(t, operand(t, z, 0), 0);
    return is_row(t, over, AD_OP_div) && is_same(operand(t, over, 0), *x) && is_same(operand(t, over, 1), *y);
}

static ad_var quotient(const tidying *t, ad_var x, ad_var y)
{
    ad_var side, other;
    if (is_number(y, 1) || is_number(x, 0) || (ad_is_plain(x) && x.value != x.value))
        return x;
    if (is_radius(t, y, &side, &other))
        return quotient(t, product(t, x, other), sum(t, power(side, ad_const(2)), power(other, ad_const(2))));
    int minus = 0;
    if (is_row(t, x, AD_OP_neg) || (ad_is_plain(x) && x.value < 0)) {
        x = negated(t, x);
        minus = 1;
    }
    ad_var z = ad_div(x, y);
    return minus ? negated(t, z) : z;
}

static ad_var power(ad_var x, ad_var y)
{
    return is_number(y, 1) ? x : is_number(y, 0) ? ad_const(1) : ad_pow(x, y);
}

static ad_var sum(const tidying *t, ad_var x, ad_var y)
{
    if (is_same(x, y))
        return product(t, ad_const(2), x);
    if (is_number(x, 0) || is_number(y, 0))
        return is_number(x, 0) ? y : x;
    if (is_row(t, y, AD_OP_neg))
        return ad_sub(x, operand(t, y, 0));
    if (is_row(t, x, AD_OP_neg))
        return ad_sub(y, operand(t, x, 0));
    return ad_is_plain(y) && y.value < 0 ? ad_sub(x, -y.value) : ad_add(x, y);
}

static ad_var difference(const tidying *t, ad_var x, ad_var y)
{
    if (is_number(x, 0) || is_number(y, 0))
        return is_number(y, 0) ? x : negated(t, y);
    if (is_row(t, y, AD_OP_neg))
        return ad_add(x, operand(t, y, 0));
    return ad_is_plain(y) && y.value < 0 ? ad_add(x, -y.value) : ad_sub(x, y);
}

/* The formula's own value, when it is that row of this operand; else the row recorded. */
static ad_var called(const tidying *t, enum ad_op op, ad_var x)
{
    if (t->has_formula && ad_word_op(t->from->head->words[t->formula]) == op) {
        ad_node node = ad_node_at(t->from, t->formula);
        ad_var own = t->made[ad_node_operand(&node, 0)];
        if (own.link == x.link && own.value == x.value)
            return t->symbol;
    }
    return ad_record(op, x, ad_const(0), ad_const(0));
}

static ad_var fixed_row(const tidying *t, enum ad_op op, ad_var x, ad_var y, ad_var w)
{
    switch (op) {
    case AD_OP_add:    return sum(t, x, y);
    case AD_OP_sub:    return difference(t, x, y);
    case AD_OP_chain:
    case AD_OP_mul:    return product(t, x, y);
    case AD_OP_div:    return quotient(t, x, y);
    case AD_OP_fma:    return sum(t, product(t, x, y), w);
    case AD_OP_product_over: return quotient(t, product(t, x, y), w);
    case AD_OP_over_product: return quotient(t, quotient(t, x, y), w);
    case AD_OP_neg:    return negated(t, x);
    case AD_OP_powi:
    case AD_OP_pow:    return power(x, y);
    case AD_OP_select: return x.value != 0 ? y : w;
    case AD_OP_square:
        if (is_row(t, x, AD_OP_sech))
            return difference(t, ad_const(1), power(called(t, AD_OP_tanh, operand(t, x, 0)), ad_const(2)));
        return power(x, ad_const(2));
    case AD_OP_sigmoid:
        if (is_row(t, x, AD_OP_neg))
            return difference(t, ad_const(1), called(t, AD_OP_sigmoid, operand(t, x, 0)));
        return called(t, op, x);
    case AD_OP_softmax2:
        return called(t, AD_OP_sigmoid, difference(t, x, y));
    case AD_OP_gelu_slope:
        return sum(t, called(t, AD_OP_normal_cdf, x), product(t, x, called(t, AD_OP_normal_pdf, x)));
    case AD_OP_silu_slope: {
        ad_var s = called(t, AD_OP_sigmoid, x);
        return product(t, s, sum(t, ad_const(1), product(t, x, difference(t, ad_const(1), s))));
    }
    case AD_OP_less: case AD_OP_less_equal: case AD_OP_greater: case AD_OP_greater_equal: case AD_OP_equal:
    case AD_OP_not_equal: case AD_OP_sign:
        return ad_const(ad_evaluate(op, x.value, y.value, w.value));
    default:
        return ad_rules[op].arity == 1 ? called(t, op, x) : ad_record(op, x, y, w);
    }
}

static ad_var list_row(tidying *t, const ad_node *node)
{
    ad_var *x = ad_resize(&t->to->allocator, NULL, 0, 2 * node->n * sizeof *x), z = ad_const(NAN);
    size_t width = (size_t)node->rule->arity, n = node->n / width;
    if (!x)
        return ad_fault_memory(t->to, node->rule->name, "the operands");
    for (size_t k = 0; k < node->n; k++)
        x[k % width * n + k / width] = t->made[ad_node_operand(node, k)];
    switch (node->op) {
#define NA1(name, ...) case AD_OP_##name: z = ad_##name(n, x); break;
#define NA2(name, ...) case AD_OP_##name: z = ad_##name(n, x, x + n); break;
#include "../ops.def"
    default: break;
    }
    ad_resize(&t->to->allocator, x, 2 * node->n * sizeof *x, 0);
    return z;
}

static void tidy_nodes(tidying *t, unsigned char *needed, uint32_t top, const ad_var *symbols, size_t n)
{
    needed[top] = 1;
    if (t->has_formula)
        needed[t->formula] = 1;
    for (uint32_t i = top + 1; i-- > 0;) {
        ad_node node = ad_node_at(t->from, i);
        for (size_t k = 0; needed[i] && k < node.n; k++)
            needed[ad_node_operand(&node, k)] = 1;
    }
    for (uint32_t i = 0; i <= top; i++) {
        ad_node node = ad_node_at(t->from, i);
        uint64_t word = t->from->head->words[i];
        if (!needed[i])
            continue;
        if (node.op == AD_OP_CONSTANT)
            t->made[i] = ad_const(t->from->head->values[i]);
        else if (node.rule->kind == AD_LEAF)
            t->made[i] = ad_word_y(word) < n ? symbols[ad_word_y(word)] : ad_const(NAN);
        else if (node.list)
            t->made[i] = list_row(t, &node);
        else
            t->made[i] = fixed_row(t, node.op, t->made[node.fixed[0]], node.n > 1 ? t->made[node.fixed[1]] : ad_const(0),
                                   node.n > 2 ? t->made[node.fixed[2]] : ad_const(0));
        if (t->has_formula && i == t->formula)
            t->made[i] = t->symbol;
    }
}

ad_var ad_tidy(const ad_tape *from, ad_var what, ad_var formula, ad_var symbol, size_t n, const ad_var *symbols,
               ad_tape *notebook)
{
    if (ad_is_plain(what))
        return what;
    uint32_t top = ad_id(what), has_formula = !ad_is_plain(formula) && ad_id(formula) <= top;
    size_t nodes = top + (size_t)1;
    tidying t = {.from = from, .to = notebook, .symbol = symbol, .has_formula = (int)has_formula,
                 .formula = has_formula ? ad_id(formula) : 0};
    unsigned char *needed = ad_resize(&notebook->allocator, NULL, 0, nodes);
    t.made = ad_resize(&notebook->allocator, NULL, 0, nodes * sizeof *t.made);
    ad_var tidied = ad_const(NAN);
    if (needed && t.made) {
        memset(needed, 0, nodes);
        tidy_nodes(&t, needed, top, symbols, n);
        tidied = is_number(t.made[top], 0) ? ad_const(0) : t.made[top];    /* of a zero the sign says nothing */
    } else
        ad_fault_memory(notebook, "explain", "a derivative");
    ad_resize(&notebook->allocator, needed, needed ? nodes : 0, 0);
    ad_resize(&notebook->allocator, t.made, t.made ? nodes * sizeof *t.made : 0, 0);
    return tidied;
}
