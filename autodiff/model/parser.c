/* parser.c -- formulas by operator precedence: what waits for its end stands on a stack, what is read goes out in postfix. */
#include "parser_inside.h"

#include <string.h>

static int is(const char *name, size_t length, const char *word) { return length == strlen(word) && !memcmp(name, word, length); }

/* ---- Where an operand is expected -------------------------------------------------------------------------------------- */

static int read_name(ad_parser *p, const ad_token *t, int *operand_next)
{
    ad_lexer *l = p->lexer;
    const char *name = l->text + t->at;
    ad_token next = ad_lexer_peek(l);
    int op = ad_row_named(name, t->length), called = next.kind == AD_TOKEN_OPEN;
    if (is(name, t->length, "d") && (called || p->scope->kind != AD_SCOPE_OPEN)) {
        if (!called)
            return ad_parser_fault(p, t->at, t->length, next.op == AD_OP_pow
                                   ? "expected '(' after d: a second derivative is written d(d(E)/d(w))/d(w)"
                                   : "expected '(' after d: a derivative is written d(E)/d(w)");
        if (p->order == AD_ORDER)
            return ad_parser_too_deep(p, t);
        ad_lexer_next(l);
        p->order++;
        return ad_push(p, (ad_pending){AD_WAITS_DERIVATIVE, 0, 0, t->at, t->length, next.at, 0});
    }
    if (op >= 0 && called) {
        ad_lexer_next(l);
        ad_token first = ad_lexer_peek(l);
        ad_pending call = {AD_WAITS_CALL, op, 0, t->at, t->length, next.at, 0};
        if (first.kind == AD_TOKEN_CLOSE) {
            ad_lexer_next(l);
            return ad_parser_wrong_count(p, &call, 0, ad_takes_any_number(op) ? "at least 1 argument" : "arguments");
        }
        return ad_push(p, call);
    }
    *operand_next = 0;
    if (op >= 0)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                             "'%s' is a function: expected its arguments, %s(x%s)", ad_rules[op].name, ad_rules[op].name,
                             ad_rules[op].arity == 3 ? ", y, w" : ad_rules[op].arity == 2 ? ", y" : "");
    if (is(name, t->length, "pi") && !called)
        return ad_emit(p, AD_NODE_PI, t->at, t->at + t->length, t->at) != NULL;
    const char *reserved = ad_taken(p, name, t->length);
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
    switch (ad_reading_of(p, t)) {
    case AD_READS_NO_MEMORY: return ad_problem_memory(l->problem);
    case AD_READS_BOTH:      return ad_parser_ambiguous(p, t);
    case AD_READS_SHORT_DERIVATIVE:
        return ad_parse_short(p, t->at, &(ad_token){.kind = AD_TOKEN_NAME, .at = t->at + 1, .length = t->length - 1});
    default:        return ad_emit_name(p, t);
    }
}

static int read_partial_sign(ad_parser *p, const ad_token *t, int *operand_next)
{
    ad_token next = ad_lexer_next(p->lexer);
    if (next.kind == AD_TOKEN_OPEN) {
        if (p->order == AD_ORDER)
            return ad_parser_too_deep(p, t);
        p->order++;
        return ad_push(p, (ad_pending){AD_WAITS_DERIVATIVE, 0, 0, t->at, t->length, next.at, 0});
    }
    *operand_next = 0;
    if (next.kind == AD_TOKEN_NAME)
        return ad_parse_short(p, t->at, &next);
    return next.kind != AD_TOKEN_FAULT && ad_parser_fault(p, next.at, next.length, "expected a name or '(' after the partial sign");
}

static int expected_operand(ad_parser *p, const ad_token *t)
{
    ad_lexer *l = p->lexer;
    char found[AD_QUOTED + 16];
    ad_token_words(l, t, found, sizeof found);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                         "expected a number, a name, '(' or '-', found %s", found);
}

static int read_operand(ad_parser *p, const ad_token *t, int *operand_next)
{
    switch (t->kind) {
    case AD_TOKEN_NUMBER: {
        ad_formula_node *made = ad_emit(p, AD_NODE_NUMBER, t->at, t->at + t->length, t->at);
        *operand_next = 0;
        if (made)
            made->number = t->number;
        return made != NULL;
    }
    case AD_TOKEN_NAME:    return read_name(p, t, operand_next);
    case AD_TOKEN_PARTIAL: return read_partial_sign(p, t, operand_next);
    case AD_TOKEN_OPEN:    return ad_push(p, (ad_pending){AD_WAITS_PAREN, 0, 0, t->at, 1, t->at, 0});
    case AD_TOKEN_FAULT:   return 0;
    case AD_TOKEN_OPERATOR:
        if (t->op == AD_OP_sub)
            return ad_push(p, (ad_pending){AD_WAITS_SIGN, AD_OP_neg, AD_BINDS_SIGN, t->at, 1, 0, 0});
        if (t->op == AD_OP_add)
            return 1;
        return expected_operand(p, t);
    default: return expected_operand(p, t);
    }
}

/* ---- Where an operator is expected ------------------------------------------------------------------------------------- */

static int close_one(ad_parser *p, const ad_token *t)
{
    ad_pending open = p->depth ? *ad_waiting_last(p) : (ad_pending){.kind = AD_WAITS_BINARY};
    ad_lexer *l = p->lexer;
    if (open.kind < AD_WAITS_PAREN)
        return ad_parser_fault(p, t->at, 1, "')' without a '(' before it");
    if (open.kind == AD_WAITS_QUESTION)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, 1, "expected ':' for the other case of '?'");
    p->depth--;
    if (open.kind == AD_WAITS_CALL)
        return ad_emit_call(p, &open);
    if (open.kind == AD_WAITS_PAREN) {
        ad_formula_node *inner = ad_node_of(p, p->size - 1);
        inner->at = (uint32_t)open.at;
        inner->length = (uint32_t)(l->at - open.at);
        return 1;
    }
    p->order--;
    ad_token slash = ad_lexer_next(l), by;
    if (slash.kind == AD_TOKEN_FAULT)
        return 0;
    if (slash.op != AD_OP_div)
        return ad_parser_fault(p, slash.at, slash.length, "expected '/d(NAME)' after d(...): a derivative is written d(E)/d(w)");
    return ad_parse_by(p, &by) && ad_emit_derivative(p, open.at, &by);
}

static int read_binary(ad_parser *p, const ad_token *t)
{
    int right = t->op == AD_OP_pow;
    if (!ad_settle(p, t->precedence + 1))
        return 0;
    if (p->depth && ad_waiting_last(p)->kind == AD_WAITS_BINARY && ad_waiting_last(p)->precedence == t->precedence &&
        (t->precedence == AD_BINDS_ORDER || t->precedence == AD_BINDS_EQUAL))
        return ad_problem_at(p->lexer->problem, AD_ERROR_SYNTAX, p->lexer->text, p->lexer->size, t->at, t->length,
                             "comparisons do not chain: a < b < c is written (a < b)*(b < c)");
    return (right || ad_settle(p, t->precedence)) && ad_push(p, (ad_pending){AD_WAITS_BINARY, t->op, t->precedence, t->at, t->length, 0, 0});
}

/* Whether the token was part of the formula; on 0 look at the problem. */
static int read_operator(ad_parser *p, const ad_token *t, int *operand_next)
{
    *operand_next = 1;
    switch (t->kind) {
    case AD_TOKEN_OPERATOR: return read_binary(p, t);
    case AD_TOKEN_QUESTION:
        return ad_settle(p, AD_BINDS_CHOICE + 1) && ad_push(p, (ad_pending){AD_WAITS_QUESTION, AD_OP_select, 0, t->at, 1, t->at, 0});
    case AD_TOKEN_COLON:
        if (!ad_settle(p, 0))
            return 0;
        if (!p->depth || ad_waiting_last(p)->kind != AD_WAITS_QUESTION)
            return ad_parser_fault(p, t->at, 1, "':' without a '?' before it");
        ad_waiting_last(p)->kind = AD_WAITS_CHOICE;
        ad_waiting_last(p)->precedence = AD_BINDS_CHOICE;
        return 1;
    case AD_TOKEN_COMMA:
        if (!ad_settle(p, 0))
            return 0;
        if (p->depth && ad_waiting_last(p)->kind == AD_WAITS_QUESTION)
            return ad_parser_fault(p, t->at, 1, "expected ':' for the other case of '?'");
        if (!p->depth || ad_waiting_last(p)->kind != AD_WAITS_CALL)
            return ad_parser_fault(p, t->at, 1, "',' outside the arguments of a function");
        ad_waiting_last(p)->operands++;
        return 1;
    case AD_TOKEN_CLOSE:
        *operand_next = 0;
        return ad_settle(p, 0) && close_one(p, t);
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

static int finish(ad_parser *p, const ad_token *t)
{
    ad_lexer *l = p->lexer;
    if (!ad_settle(p, 0))
        return 0;
    if (!p->depth)
        return 1;
    if (ad_waiting_last(p)->kind == AD_WAITS_QUESTION)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length, "expected ':' for the other case of '?'");
    char found[AD_QUOTED + 16];
    ad_token_words(l, t, found, sizeof found);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, ad_waiting_last(p)->open, 1, "this '(' is not closed; expected ')', found %s",
                         found);
}

static int read_formula(ad_parser *p)
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
static ad_expression *keep(const ad_parser *p)
{
    const ad_formula_node *whole = ad_node_of(p, p->size - 1);
    ad_expression *e = ad_arena_take(p->arena, sizeof *e);
    ad_formula_node *nodes = ad_arena_take(p->arena, p->size * sizeof *nodes);
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
    ad_parser p = {.lexer = lexer, .scope = scope, .arena = arena};
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
