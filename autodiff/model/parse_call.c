/* parse_call.c -- calls of the rule book's rows: how many arguments they take, and which of them must be constants. */
#include "parser_inside.h"

#include "autodiff/tape/operations.h"

#include <limits.h>
#include <math.h>

int ad_parser_wrong_count(ad_parser *p, const ad_pending *call, uint32_t n, const char *takes)
{
    ad_lexer *l = p->lexer;
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, call->at, l->at - call->at,
                         "%s takes %s, here %s %u", ad_rules[call->op].name, takes, n == 1 ? "is" : "are", n);
}

int ad_takes_any_number(int op) { return ad_rules[op].kind == AD_LIST || op == AD_OP_min || op == AD_OP_max; }

#define OP1(...)
#define OP2(...)
#define OP3(...)
#define FC1(name, ...) [AD_OP_##name] = _Generic((ad_##name), ad_var (*)(ad_var, int): 1, default: 0),
static const unsigned char wants_integer[AD_OP_COUNT] = {
#include "../ops.def"
    0
};

/* The constant of powi, leaky_relu, polygamma is the last node's value. */
static int constant_is_sound(ad_parser *p, const ad_pending *call)
{
    ad_lexer *l = p->lexer;
    const ad_formula_node *last = ad_node_of(p, p->size - 1);
    for (size_t i = last->first; i < p->size; i++)
        if (ad_node_of(p, i)->kind == AD_NODE_NAME || ad_node_of(p, i)->kind == AD_NODE_DERIVATIVE)
            return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, last->at, last->length,
                                 "the second argument of %s is a constant: expected a formula of numbers alone%s",
                                 ad_rules[call->op].name, call->op == AD_OP_powi ? "; a power of a name is written x^y" : "");
    if (!wants_integer[call->op])
        return 1;
    ad_expression constant = {.size = p->size - last->first, .nodes = ad_node_of(p, last->first)};
    double value = 0;
    if (!ad_constant_value(&constant, &p->arena->allocator, &value))
        return ad_problem_memory(l->problem);
    if (value == floor(value) && fabs(value) <= INT_MAX && (value >= 0 || call->op != AD_OP_polygamma))
        return 1;
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, last->at, last->length,
                         "the second argument of %s is %g: expected an integer%s", ad_rules[call->op].name, value,
                         call->op == AD_OP_polygamma ? ", 0 or more" : "");
}

int ad_emit_call(ad_parser *p, const ad_pending *call)
{
    const ad_rule *rule = &ad_rules[call->op];
    uint32_t n = call->operands + 1;
    static const char *const counts[] = {"", "1 argument", "2 arguments", "3 arguments"};
    if (rule->kind == AD_PAIRS && n % 2)
        return ad_parser_wrong_count(p, call, n, "an even number of arguments");
    if ((rule->kind == AD_FIXED || rule->kind == AD_WITH_CONSTANT) && !ad_takes_any_number(call->op) && n != (uint32_t)rule->arity)
        return ad_parser_wrong_count(p, call, n, counts[rule->arity]);
    if (rule->kind == AD_WITH_CONSTANT && !constant_is_sound(p, call))
        return 0;
    return ad_emit_row(p, call->op, n, call->at, p->lexer->at, call->at);
}
