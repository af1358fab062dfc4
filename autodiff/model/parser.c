/* parser.c -- formulas by operator precedence: what waits for its end stands on a stack, what is read goes out in postfix. */
#include "parser.h"

#include "autodiff/rules/rules.h"
#include "autodiff/tape/operations.h"
#include "limits.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* From PAREN on they are open: nothing before them is settled until they close. */
enum waiting { BINARY, SIGN, CHOICE, PAREN, CALL, DERIVATIVE, QUESTION };

typedef struct pending {
    enum waiting kind;
    int    op, precedence;
    size_t at, length;                     /* its token; of a call, the function's name */
    size_t open;                           /* of a call or derivative: its parenthesis */
    uint32_t operands;                     /* arguments of a call before the present one */
} pending;

typedef struct parser {
    ad_lexer *lexer;
    ad_scope *scope;
    ad_arena *arena;
    ad_block nodes, stack;
    size_t   size, depth, order;
} parser;

static ad_node *node(const parser *p, size_t i) { return (ad_node *)p->nodes.base + i; }
static pending *top(const parser *p) { return (pending *)p->stack.base + p->depth - 1; }

static int fault(parser *p, size_t at, size_t length, const char *message)
{
    return ad_problem_at(p->lexer->problem, AD_ERROR_SYNTAX, p->lexer->text, p->lexer->size, at, length, "%s", message);
}

static int is(const char *name, size_t length, const char *word) { return length == strlen(word) && !memcmp(name, word, length); }

/* ---- Going out ------------------------------------------------------------------------------------------------------- */

/* The place for a node, its bytes [at, end), pointed at by a token. */
static ad_node *emit(parser *p, ad_node_kind kind, size_t at, size_t end, size_t where)
{
    if (!ad_block_grow(&p->nodes, &p->arena->allocator, (p->size + 1) * sizeof(ad_node))) {
        ad_problem_memory(p->lexer->problem);
        return NULL;
    }
    ad_node *n = node(p, p->size);
    *n = (ad_node){.kind = kind, .at = (uint32_t)at, .length = (uint32_t)(end - at), .where = (uint32_t)where,
                   .first = (uint32_t)p->size};
    p->size++;
    return n;
}

/* Makes a node over the last n ones. */
static ad_node *emit_over(parser *p, ad_node_kind kind, uint32_t n, size_t at, size_t end, size_t where)
{
    ad_node *made = emit(p, kind, at, end, where);
    size_t i = p->size - 1;
    for (uint32_t k = 0; made && k < n; k++)
        i = node(p, i - 1)->first;
    if (made) {
        made->operands = n;
        made->first = (uint32_t)i;
    }
    return made;
}

static int emit_row(parser *p, int op, uint32_t n, size_t at, size_t end, size_t where)
{
    ad_node *made = emit_over(p, AD_NODE_ROW, n, at, end, where);
    if (made)
        made->op = (enum ad_op)op;
    return made != NULL;
}

/* The last operand begins at start(p, 1), the one before it at start(p, 2), ... */
static size_t start(const parser *p, uint32_t back)
{
    size_t i = p->size - 1;
    for (uint32_t k = 1; k < back; k++)
        i = node(p, i)->first - 1u;
    return node(p, i)->at;
}

static size_t end_of_last(const parser *p) { return (size_t)node(p, p->size - 1)->at + node(p, p->size - 1)->length; }

static int push(parser *p, pending entry)
{
    if (p->depth == AD_NESTING)
        return ad_problem_at(p->lexer->problem, AD_ERROR_LIMIT, p->lexer->text, p->lexer->size, entry.at, entry.length,
                             "nested too deeply: more than %d parentheses, calls, signs, powers or choices are open here", AD_NESTING);
    if (!ad_block_grow(&p->stack, &p->arena->allocator, (p->depth + 1) * sizeof entry))
        return ad_problem_memory(p->lexer->problem);
    p->depth++;
    *top(p) = entry;
    return 1;
}

/* Sends out what binds at least as tightly as `precedence`, down to what is open. */
static int settle(parser *p, int precedence)
{
    while (p->depth && top(p)->kind <= CHOICE && top(p)->precedence >= precedence) {
        pending done = *top(p);
        uint32_t n = done.kind == BINARY ? 2 : done.kind == SIGN ? 1 : 3;
        size_t at = done.kind == SIGN ? done.at : start(p, n);
        p->depth--;
        if (!emit_row(p, done.op, n, at, end_of_last(p), done.at))
            return 0;
    }
    return 1;
}

/* ---- Derivatives ------------------------------------------------------------------------------------------------------ */

/* The name after a "/": dw, d(w) or with a partial sign. */
static int read_by(parser *p, ad_token *by)
{
    ad_lexer *l = p->lexer;
    ad_token t = ad_lexer_next(l);
    char found[AD_QUOTED + 16];
    if (t.kind == AD_TOKEN_FAULT)
        return 0;
    int bare = t.kind == AD_TOKEN_PARTIAL || ad_token_is(l, &t, "d");
    if (!bare && t.kind == AD_TOKEN_NAME && l->text[t.at] == 'd') {
        *by = (ad_token){.kind = AD_TOKEN_NAME, .at = t.at + 1, .length = t.length - 1};
        return 1;
    }
    if (bare) {
        ad_token next = ad_lexer_next(l);
        if (next.kind == AD_TOKEN_NAME && t.kind == AD_TOKEN_PARTIAL) {
            *by = next;
            return 1;
        }
        if (next.kind == AD_TOKEN_OPEN) {
            *by = ad_lexer_next(l);
            if (by->kind == AD_TOKEN_FAULT)
                return 0;
            if (by->kind != AD_TOKEN_NAME) {
                ad_token_words(l, by, found, sizeof found);
                return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, by->at, by->length,
                                     "expected the name to differentiate by, found %s", found);
            }
            ad_token close = ad_lexer_next(l);
            if (close.kind == AD_TOKEN_CLOSE || close.kind == AD_TOKEN_FAULT)
                return close.kind == AD_TOKEN_CLOSE;
            return fault(p, close.at, close.length, "expected ')': a derivative is with respect to one name, d(E)/d(w)");
        }
        t = next.kind == AD_TOKEN_FAULT ? t : next;
    }
    ad_token_words(l, &t, found, sizeof found);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, t.length,
                         "expected d(NAME), what to differentiate by, found %s; a derivative is written d(E)/d(w)", found);
}

/* What a word is that cannot be a name, or NULL. Where any name will do, d and the keywords of models are names too. */
static const char *taken(const parser *p, const char *name, size_t length)
{
    int free = p->scope->kind == AD_SCOPE_OPEN && !is(name, length, "pi") && ad_row_named(name, length) < 0;
    return free ? NULL : ad_reserved(name, length);
}

/* The place of a name; AD_NAME_UNKNOWN with the problem stated. */
static ptrdiff_t look_up(parser *p, const ad_token *t)
{
    ad_lexer *l = p->lexer;
    const char *name = l->text + t->at, *reserved = taken(p, name, t->length);
    if (reserved)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length, "expected a name; '%.*s%s' is %s",
                             AD_QUOTE(t->length, name), reserved) + AD_NAME_UNKNOWN;
    ptrdiff_t symbol = ad_scope_find(p->scope, name, t->length);
    if (symbol == AD_NAME_NO_MEMORY)
        ad_problem_memory(l->problem);
    else if (symbol < 0)
        ad_unknown_name(l, t, p->scope);
    return symbol;
}

/* Gives a node its name. */
static int name_node(parser *p, ad_node *made, ptrdiff_t symbol)
{
    if (made) {
        made->symbol = (uint32_t)symbol;
        made->name = ad_scope_name(p->scope, made->symbol);
    }
    return made != NULL;
}

/* Makes the derivative of the last node by the name of a token. */
static int emit_derivative(parser *p, size_t at, const ad_token *by)
{
    ptrdiff_t symbol = look_up(p, by);
    return symbol >= 0 && name_node(p, emit_over(p, AD_NODE_DERIVATIVE, 1, at, p->lexer->at, at), symbol);
}

static int emit_name(parser *p, const ad_token *t)
{
    ptrdiff_t symbol = look_up(p, t);
    return symbol >= 0 && name_node(p, emit(p, AD_NODE_NAME, t->at, t->at + t->length, t->at), symbol);
}

static int too_many_derivatives(parser *p, const ad_token *t)
{
    return ad_problem_at(p->lexer->problem, AD_ERROR_LIMIT, p->lexer->text, p->lexer->size, t->at, t->length,
                         "more than %d derivatives inside one another", AD_ORDER);
}

/* dE/dw, or E and w after partial signs: the name E has been taken. */
static int read_short(parser *p, size_t at, const ad_token *name)
{
    ad_lexer *l = p->lexer;
    ad_token by, slash;
    if (p->order == AD_ORDER)
        return too_many_derivatives(p, name);
    if (!emit_name(p, name))
        return 0;
    slash = ad_lexer_next(l);
    if (slash.kind == AD_TOKEN_FAULT)
        return 0;
    if (slash.op != AD_OP_div)
        return fault(p, slash.at, slash.length, "expected '/': a derivative is written d(E)/d(w)");
    return read_by(p, &by) && emit_derivative(p, at, &by);
}

enum reading { QUOTIENT, SHORT_DERIVATIVE, BOTH, NO_MEMORY };

/* Whether dA/dB is a derivative: A and B are names, dA and dB are not. `first` is dA and has been taken. */
static enum reading reading_of(parser *p, const ad_token *first)
{
    ad_lexer ahead = *p->lexer;
    const char *text = ahead.text;
    ahead.problem = NULL;
    if (p->scope->kind == AD_SCOPE_OPEN || text[first->at] != 'd' || first->length < 2)
        return QUOTIENT;
    ad_token slash = ad_lexer_next(&ahead), second = ad_lexer_next(&ahead), inner = second;
    if (slash.op != AD_OP_div || second.kind != AD_TOKEN_NAME || text[second.at] != 'd')
        return QUOTIENT;
    int spelled = second.length == 1;              /* dA/d(B) */
    if (spelled && (ad_lexer_next(&ahead).kind != AD_TOKEN_OPEN || (inner = ad_lexer_next(&ahead)).kind != AD_TOKEN_NAME))
        return QUOTIENT;
    if (!spelled) {
        inner.at++;
        inner.length--;
    }
    ptrdiff_t whole = ad_scope_find(p->scope, text + first->at, first->length);
    ptrdiff_t A = ad_scope_find(p->scope, text + first->at + 1, first->length - 1);
    ptrdiff_t B = ad_scope_find(p->scope, text + inner.at, inner.length);
    ptrdiff_t dB = spelled ? AD_NAME_UNKNOWN : ad_scope_find(p->scope, text + second.at, second.length);
    if (whole == AD_NAME_NO_MEMORY || A == AD_NAME_NO_MEMORY || B == AD_NAME_NO_MEMORY || dB == AD_NAME_NO_MEMORY)
        return NO_MEMORY;
    if (spelled)
        return whole < 0 && A >= 0 ? SHORT_DERIVATIVE : QUOTIENT;
    if (whole >= 0 && dB >= 0)
        return A >= 0 && B >= 0 ? BOTH : QUOTIENT;
    if (whole >= 0 || dB >= 0)
        return A >= 0 && B >= 0 ? BOTH : QUOTIENT;
    return A >= 0 ? SHORT_DERIVATIVE : QUOTIENT;   /* with B unknown, that is what to say */
}

static int ambiguous(parser *p, const ad_token *first)
{
    ad_lexer *l = p->lexer;
    ad_lexer_next(l);
    ad_token second = ad_lexer_next(l);
    const char *a = l->text + first->at, *b = l->text + second.at;
    int n = (int)(first->length > AD_QUOTED ? AD_QUOTED : first->length), m = (int)(second.length > AD_QUOTED ? AD_QUOTED : second.length);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, first->at, second.at + second.length - first->at,
                         "a derivative or a quotient? Write d(%.*s)/d(%.*s), or (%.*s)/(%.*s)", n - 1, a + 1, m - 1, b + 1, n, a,
                         m, b);
}

/* ---- Calls ------------------------------------------------------------------------------------------------------------ */

static int wrong_count(parser *p, const pending *call, uint32_t n, const char *takes)
{
    ad_lexer *l = p->lexer;
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, call->at, l->at - call->at,
                         "%s takes %s, here %s %u", ad_rules[call->op].name, takes, n == 1 ? "is" : "are", n);
}

static int takes_any_number(int op) { return ad_rules[op].kind == AD_LIST || op == AD_OP_min || op == AD_OP_max; }

#define OP1(...)
#define OP2(...)
#define OP3(...)
#define FC1(name, ...) [AD_OP_##name] = _Generic((ad_##name), ad_var (*)(ad_var, int): 1, default: 0),
static const unsigned char wants_integer[AD_OP_COUNT] = {
#include "../ops.def"
    0
};

/* The constant of powi, leaky_relu, polygamma is the last node's value. */
static int constant_is_sound(parser *p, const pending *call)
{
    ad_lexer *l = p->lexer;
    const ad_node *last = node(p, p->size - 1);
    for (size_t i = last->first; i < p->size; i++)
        if (node(p, i)->kind == AD_NODE_NAME || node(p, i)->kind == AD_NODE_DERIVATIVE)
            return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, last->at, last->length,
                                 "the second argument of %s is a constant: expected a formula of numbers alone%s",
                                 ad_rules[call->op].name, call->op == AD_OP_powi ? "; a power of a name is written x^y" : "");
    if (!wants_integer[call->op])
        return 1;
    ad_expression constant = {.size = p->size - last->first, .nodes = node(p, last->first)};
    double value = 0;
    if (!ad_constant_value(&constant, &p->arena->allocator, &value))
        return ad_problem_memory(l->problem);
    if (value == floor(value) && fabs(value) <= INT_MAX && (value >= 0 || call->op != AD_OP_polygamma))
        return 1;
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, last->at, last->length,
                         "the second argument of %s is %g: expected an integer%s", ad_rules[call->op].name, value,
                         call->op == AD_OP_polygamma ? ", 0 or more" : "");
}

static int emit_call(parser *p, const pending *call)
{
    const ad_rule *rule = &ad_rules[call->op];
    uint32_t n = call->operands + 1;
    static const char *const counts[] = {"", "1 argument", "2 arguments", "3 arguments"};
    if (rule->kind == AD_PAIRS && n % 2)
        return wrong_count(p, call, n, "an even number of arguments");
    if ((rule->kind == AD_FIXED || rule->kind == AD_WITH_CONSTANT) && !takes_any_number(call->op) && n != (uint32_t)rule->arity)
        return wrong_count(p, call, n, counts[rule->arity]);
    if (rule->kind == AD_WITH_CONSTANT && !constant_is_sound(p, call))
        return 0;
    return emit_row(p, call->op, n, call->at, p->lexer->at, call->at);
}

/* ---- Where an operand is expected -------------------------------------------------------------------------------------- */

static int read_name(parser *p, const ad_token *t, int *operand_next)
{
    ad_lexer *l = p->lexer;
    const char *name = l->text + t->at;
    ad_token next = ad_lexer_peek(l);
    int op = ad_row_named(name, t->length), called = next.kind == AD_TOKEN_OPEN;
    if (is(name, t->length, "d") && (called || p->scope->kind != AD_SCOPE_OPEN)) {
        if (!called)
            return fault(p, t->at, t->length, "expected '(' after d: a derivative is written d(E)/d(w)");
        if (p->order == AD_ORDER)
            return too_many_derivatives(p, t);
        ad_lexer_next(l);
        p->order++;
        return push(p, (pending){DERIVATIVE, 0, 0, t->at, t->length, next.at, 0});
    }
    if (op >= 0 && called) {
        ad_lexer_next(l);
        ad_token first = ad_lexer_peek(l);
        pending call = {CALL, op, 0, t->at, t->length, next.at, 0};
        if (first.kind == AD_TOKEN_CLOSE) {
            ad_lexer_next(l);
            return wrong_count(p, &call, 0, takes_any_number(op) ? "at least 1 argument" : "arguments");
        }
        return push(p, call);
    }
    *operand_next = 0;
    if (op >= 0)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                             "'%s' is a function: expected its arguments, %s(x%s)", ad_rules[op].name, ad_rules[op].name,
                             ad_rules[op].arity == 3 ? ", y, w" : ad_rules[op].arity == 2 ? ", y" : "");
    if (is(name, t->length, "pi") && !called)
        return emit(p, AD_NODE_PI, t->at, t->at + t->length, t->at) != NULL;
    const char *reserved = taken(p, name, t->length);
    if (reserved)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                             called ? "'%.*s' is %s; a product is written with *" : "expected a number, a name, '(' or '-'; '%.*s' is %s",
                             (int)t->length, name, reserved);
    if (called) {
        ptrdiff_t known = p->scope->kind == AD_SCOPE_OPEN ? AD_NAME_UNKNOWN : ad_scope_find(p->scope, name, t->length);
        if (known == AD_NAME_NO_MEMORY)
            return ad_problem_memory(l->problem);
        return known < 0 ? ad_unknown_function(l, t)
                         : ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                                         "'%.*s%s' is not a function; a product is written %.*s%s*(...)", AD_QUOTE(t->length, name),
                                         AD_QUOTE(t->length, name));
    }
    switch (reading_of(p, t)) {
    case NO_MEMORY: return ad_problem_memory(l->problem);
    case BOTH:      return ambiguous(p, t);
    case SHORT_DERIVATIVE:
        return read_short(p, t->at, &(ad_token){.kind = AD_TOKEN_NAME, .at = t->at + 1, .length = t->length - 1});
    default:        return emit_name(p, t);
    }
}

static int read_partial_sign(parser *p, const ad_token *t, int *operand_next)
{
    ad_token next = ad_lexer_next(p->lexer);
    if (next.kind == AD_TOKEN_OPEN) {
        if (p->order == AD_ORDER)
            return too_many_derivatives(p, t);
        p->order++;
        return push(p, (pending){DERIVATIVE, 0, 0, t->at, t->length, next.at, 0});
    }
    *operand_next = 0;
    if (next.kind == AD_TOKEN_NAME)
        return read_short(p, t->at, &next);
    return next.kind != AD_TOKEN_FAULT && fault(p, next.at, next.length, "expected a name or '(' after the partial sign");
}

static int expected_operand(parser *p, const ad_token *t)
{
    ad_lexer *l = p->lexer;
    char found[AD_QUOTED + 16];
    ad_token_words(l, t, found, sizeof found);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                         "expected a number, a name, '(' or '-', found %s", found);
}

static int read_operand(parser *p, const ad_token *t, int *operand_next)
{
    switch (t->kind) {
    case AD_TOKEN_NUMBER: {
        ad_node *made = emit(p, AD_NODE_NUMBER, t->at, t->at + t->length, t->at);
        *operand_next = 0;
        if (made)
            made->number = t->number;
        return made != NULL;
    }
    case AD_TOKEN_NAME:    return read_name(p, t, operand_next);
    case AD_TOKEN_PARTIAL: return read_partial_sign(p, t, operand_next);
    case AD_TOKEN_OPEN:    return push(p, (pending){PAREN, 0, 0, t->at, 1, t->at, 0});
    case AD_TOKEN_FAULT:   return 0;
    case AD_TOKEN_OPERATOR:
        if (t->op == AD_OP_sub)
            return push(p, (pending){SIGN, AD_OP_neg, AD_BINDS_SIGN, t->at, 1, 0, 0});
        if (t->op == AD_OP_add)
            return 1;
        return expected_operand(p, t);
    default: return expected_operand(p, t);
    }
}

/* ---- Where an operator is expected ------------------------------------------------------------------------------------- */

static int close_one(parser *p, const ad_token *t)
{
    pending open = p->depth ? *top(p) : (pending){.kind = BINARY};
    ad_lexer *l = p->lexer;
    if (open.kind < PAREN)
        return fault(p, t->at, 1, "')' without a '(' before it");
    if (open.kind == QUESTION)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, 1, "expected ':' for the other case of '?'");
    p->depth--;
    if (open.kind == CALL)
        return emit_call(p, &open);
    if (open.kind == PAREN) {
        ad_node *inner = node(p, p->size - 1);
        inner->at = (uint32_t)open.at;
        inner->length = (uint32_t)(l->at - open.at);
        return 1;
    }
    p->order--;
    ad_token slash = ad_lexer_next(l), by;
    if (slash.kind == AD_TOKEN_FAULT)
        return 0;
    if (slash.op != AD_OP_div)
        return fault(p, slash.at, slash.length, "expected '/d(NAME)' after d(...): a derivative is written d(E)/d(w)");
    return read_by(p, &by) && emit_derivative(p, open.at, &by);
}

static int read_binary(parser *p, const ad_token *t)
{
    int right = t->op == AD_OP_pow;
    if (!settle(p, t->precedence + 1))
        return 0;
    if (p->depth && top(p)->kind == BINARY && top(p)->precedence == t->precedence &&
        (t->precedence == AD_BINDS_ORDER || t->precedence == AD_BINDS_EQUAL))
        return ad_problem_at(p->lexer->problem, AD_ERROR_SYNTAX, p->lexer->text, p->lexer->size, t->at, t->length,
                             "comparisons do not chain: a < b < c is written (a < b)*(b < c)");
    return (right || settle(p, t->precedence)) && push(p, (pending){BINARY, t->op, t->precedence, t->at, t->length, 0, 0});
}

/* Whether the token was part of the formula; on 0 look at the problem. */
static int read_operator(parser *p, const ad_token *t, int *operand_next)
{
    *operand_next = 1;
    switch (t->kind) {
    case AD_TOKEN_OPERATOR: return read_binary(p, t);
    case AD_TOKEN_QUESTION:
        return settle(p, AD_BINDS_CHOICE + 1) && push(p, (pending){QUESTION, AD_OP_select, 0, t->at, 1, t->at, 0});
    case AD_TOKEN_COLON:
        if (!settle(p, 0))
            return 0;
        if (!p->depth || top(p)->kind != QUESTION)
            return fault(p, t->at, 1, "':' without a '?' before it");
        top(p)->kind = CHOICE;
        top(p)->precedence = AD_BINDS_CHOICE;
        return 1;
    case AD_TOKEN_COMMA:
        if (!settle(p, 0))
            return 0;
        if (p->depth && top(p)->kind == QUESTION)
            return fault(p, t->at, 1, "expected ':' for the other case of '?'");
        if (!p->depth || top(p)->kind != CALL)
            return fault(p, t->at, 1, "',' outside the arguments of a function");
        top(p)->operands++;
        return 1;
    case AD_TOKEN_CLOSE:
        *operand_next = 0;
        return settle(p, 0) && close_one(p, t);
    case AD_TOKEN_FAULT:
        return 0;
    default: {
        char found[AD_QUOTED + 16];
        ad_token_words(p->lexer, t, found, sizeof found);
        return ad_problem_at(p->lexer->problem, AD_ERROR_SYNTAX, p->lexer->text, p->lexer->size, t->at, t->length,
                             "expected an operator, found %s%s", found,
                             t->kind == AD_TOKEN_NAME || t->kind == AD_TOKEN_NUMBER || t->kind == AD_TOKEN_OPEN ||
                             t->kind == AD_TOKEN_PARTIAL ? "; a product is written x*y" : "");
    }
    }
}

/* ---- A formula --------------------------------------------------------------------------------------------------------- */

static int ends_formula(const ad_token *t)
{
    return t->kind == AD_TOKEN_END || t->kind == AD_TOKEN_EQUALS || t->kind == AD_TOKEN_NOTE;
}

static int finish(parser *p, const ad_token *t)
{
    ad_lexer *l = p->lexer;
    if (!settle(p, 0))
        return 0;
    if (!p->depth)
        return 1;
    if (top(p)->kind == QUESTION)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length, "expected ':' for the other case of '?'");
    char found[AD_QUOTED + 16];
    ad_token_words(l, t, found, sizeof found);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, top(p)->open, 1, "this '(' is not closed; expected ')', found %s",
                         found);
}

static int read_formula(parser *p)
{
    int operand_next = 1;
    for (;;) {
        ad_lexer before = *p->lexer;
        ad_token t = ad_lexer_next(p->lexer);
        if (!operand_next && ends_formula(&t)) {
            *p->lexer = before;
            return finish(p, &t);
        }
        if (!(operand_next ? read_operand(p, &t, &operand_next) : read_operator(p, &t, &operand_next)))
            return 0;
    }
}

/* The nodes and the text, moved to the arena. */
static ad_expression *keep(const parser *p)
{
    const ad_node *whole = node(p, p->size - 1);
    ad_expression *e = ad_arena_take(p->arena, sizeof *e);
    ad_node *nodes = ad_arena_take(p->arena, p->size * sizeof *nodes);
    size_t base = whole->at;
    char *text = ad_arena_text(p->arena, p->lexer->text + base, whole->length);
    if (!e || !nodes || !text) {
        ad_problem_memory(p->lexer->problem);
        return NULL;
    }
    memcpy(nodes, p->nodes.base, p->size * sizeof *nodes);
    for (size_t i = 0; i < p->size; i++) {
        nodes[i].at -= (uint32_t)base;
        nodes[i].where -= (uint32_t)base;
    }
    *e = (ad_expression){text, whole->length, p->size, nodes};
    return e;
}

ad_expression *ad_parse_formula(ad_lexer *lexer, ad_scope *scope, ad_arena *arena)
{
    parser p = {.lexer = lexer, .scope = scope, .arena = arena};
    ad_expression *e = read_formula(&p) ? keep(&p) : NULL;
    ad_block_free(&p.nodes, &arena->allocator);
    ad_block_free(&p.stack, &arena->allocator);
    return e;
}

ad_expression *ad_parse_whole(const char *text, size_t length, ad_scope *scope, ad_arena *arena, ad_problem *problem)
{
    const char *nul = memchr(text, '\0', length);
    ad_lexer l = {text, length, 0, length, problem};
    if (nul) {
        ad_problem_at(problem, AD_ERROR_SYNTAX, text, length, (size_t)(nul - text), 1, "a NUL byte: this is not text");
        return NULL;
    }
    ad_expression *e = ad_parse_formula(&l, scope, arena);
    ad_token t = e ? ad_lexer_next(&l) : (ad_token){.kind = AD_TOKEN_END};
    if (t.kind == AD_TOKEN_END)
        return e;
    ad_problem_at(problem, AD_ERROR_SYNTAX, text, length, t.at, t.length, "expected the end of the formula%s",
                  t.kind == AD_TOKEN_EQUALS ? "; a comparison is written ==" : "");
    return NULL;
}
