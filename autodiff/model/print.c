/* print.c -- formulas printed back, with the parentheses they need. What is left to write waits on a stack. */
#include "parser.h"

#include "autodiff/rules/rules.h"

#include <string.h>

enum { BINDS_ALL = 9 };

/* A node that must bind at least so tightly, or a mark if there is one. */
typedef struct rest {
    const char *mark;
    uint32_t    node;
    int         least;
} rest;

typedef struct printer {
    const ad_expression *e;
    FILE    *stream;
    ad_allocator allocator;
    ad_block stack;
    size_t   depth;
    int      failed, after_slash;
} printer;

/* The sign of a row that is written between its operands, blanks around it where it binds loosely. */
static const char *sign_of(const ad_formula_node *n, int *precedence)
{
    static const struct { enum ad_op op; const char *sign; int precedence; } signs[] = {
        {AD_OP_add, " + ", AD_BINDS_SUM}, {AD_OP_sub, " - ", AD_BINDS_SUM}, {AD_OP_mul, "*", AD_BINDS_PRODUCT},
        {AD_OP_div, "/", AD_BINDS_PRODUCT}, {AD_OP_pow, "^", AD_BINDS_POWER}, {AD_OP_less, " < ", AD_BINDS_ORDER},
        {AD_OP_less_equal, " <= ", AD_BINDS_ORDER}, {AD_OP_greater, " > ", AD_BINDS_ORDER},
        {AD_OP_greater_equal, " >= ", AD_BINDS_ORDER}, {AD_OP_equal, " == ", AD_BINDS_EQUAL},
        {AD_OP_not_equal, " != ", AD_BINDS_EQUAL},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (n->kind == AD_NODE_ROW && n->op == signs[i].op) {
            *precedence = signs[i].precedence;
            return signs[i].sign;
        }
    return NULL;
}

static int binds(const ad_formula_node *n)
{
    int precedence = BINDS_ALL;
    if (n->kind == AD_NODE_ROW && n->op == AD_OP_neg)
        return AD_BINDS_SIGN;
    if (n->kind == AD_NODE_ROW && n->op == AD_OP_select)
        return AD_BINDS_CHOICE;
    sign_of(n, &precedence);
    return precedence;
}

static void later(printer *p, const char *mark, uint32_t node, int least)
{
    if (!ad_block_grow(&p->stack, &p->allocator, (p->depth + 1) * sizeof(rest))) {
        p->failed = 1;
        return;
    }
    ((rest *)p->stack.base)[p->depth++] = (rest){mark, node, least};
}

static void write_text(printer *p, const char *text, size_t length)
{
    if (length)
        fwrite(text, 1, length, p->stream);
    p->after_slash = length && text[length - 1] == '/';
}

/* Operands, last first: so they come off the stack in order. */
static void later_call(printer *p, uint32_t i)
{
    const ad_formula_node *nodes = p->e->nodes;
    later(p, ")", 0, 0);
    for (uint32_t k = 0, at = i - 1; k < nodes[i].operands; k++, at = nodes[at].first - 1) {
        later(p, NULL, at, 0);
        if (k + 1 < nodes[i].operands)
            later(p, ", ", 0, 0);
    }
}

static void write_row(printer *p, uint32_t i)
{
    const ad_formula_node *nodes = p->e->nodes, *n = &nodes[i];
    uint32_t last = i - 1, before = n->operands > 1 ? nodes[last].first - 1 : 0;
    int precedence = 0;
    const char *sign = sign_of(n, &precedence);
    if (sign) {
        int power = n->op == AD_OP_pow, comparison = precedence < AD_BINDS_SUM;
        later(p, NULL, last, power ? AD_BINDS_SIGN : precedence + 1);
        later(p, sign, 0, 0);
        later(p, NULL, before, precedence + (power || comparison));
    } else if (n->op == AD_OP_neg) {
        later(p, NULL, last, AD_BINDS_POWER);
        later(p, "-", 0, 0);
    } else if (n->op == AD_OP_select) {
        later(p, NULL, last, AD_BINDS_CHOICE);
        later(p, " : ", 0, 0);
        later(p, NULL, before, AD_BINDS_CHOICE);
        later(p, " ? ", 0, 0);
        later(p, NULL, nodes[before].first - 1, AD_BINDS_CHOICE + 1);
    } else {
        write_text(p, ad_rules[n->op].name, strlen(ad_rules[n->op].name));
        write_text(p, "(", 1);
        later_call(p, i);
    }
}

/* x/dw would be read as part of a derivative. */
static void write_name(printer *p, const char *name)
{
    int hidden = p->after_slash && name[0] == 'd' && name[1];
    write_text(p, "(", (size_t)hidden);
    write_text(p, name, strlen(name));
    write_text(p, ")", (size_t)hidden);
}

static void write_node(printer *p, uint32_t i)
{
    const ad_formula_node *n = &p->e->nodes[i];
    double value;
    switch (n->kind) {
    case AD_NODE_NUMBER:
        write_text(p, p->e->text + n->where, ad_read_number(p->e->text, p->e->length, n->where, &value));
        break;
    case AD_NODE_PI:   write_text(p, "pi", 2); break;
    case AD_NODE_NAME: write_name(p, n->name); break;
    case AD_NODE_ROW:  write_row(p, i); break;
    default:
        write_text(p, "d(", 2);
        later(p, ")", 0, 0);
        later(p, n->name, 0, 0);
        later(p, ")/d(", 0, 0);
        later(p, NULL, i - 1, 0);
    }
}

ad_status ad_expression_print(const ad_expression *e, FILE *stream)
{
    printer p = {.e = e, .stream = stream, .allocator = ad_allocator_complete((ad_allocator){0})};
    if (!e || !stream)
        return AD_ERROR_ARGUMENT;
    later(&p, NULL, (uint32_t)e->size - 1, 0);
    while (p.depth && !p.failed) {
        rest next = ((rest *)p.stack.base)[--p.depth];
        if (next.mark)
            write_text(&p, next.mark, strlen(next.mark));
        else if (binds(&e->nodes[next.node]) < next.least) {
            write_text(&p, "(", 1);
            later(&p, ")", 0, 0);
            later(&p, NULL, next.node, 0);
        } else
            write_node(&p, next.node);
    }
    ad_block_free(&p.stack, &p.allocator);
    return p.failed ? AD_ERROR_NO_MEMORY : ferror(stream) ? AD_ERROR_IO : AD_OK;
}
