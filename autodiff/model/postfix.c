/* postfix.c -- what the parser sends out, nodes in postfix order, and the stack of what waits for its end. It knows no grammar. */
#include "parser_inside.h"

int ad_parser_fault(ad_parser *p, size_t at, size_t length, const char *message)
{
    return ad_problem_at(p->lexer->problem, AD_ERROR_SYNTAX, p->lexer->text, p->lexer->size, at, length, "%s", message);
}

ad_formula_node *ad_emit(ad_parser *p, ad_node_kind kind, size_t at, size_t end, size_t where)
{
    if (!ad_block_grow(&p->nodes, &p->arena->allocator, (p->size + 1) * sizeof(ad_formula_node))) {
        ad_problem_memory(p->lexer->problem);
        return NULL;
    }
    ad_formula_node *n = ad_node_of(p, p->size);
    *n = (ad_formula_node){.kind = kind, .at = (uint32_t)at, .length = (uint32_t)(end - at), .where = (uint32_t)where,
                           .first = (uint32_t)p->size};
    p->size++;
    return n;
}

/* Makes a node over the last n ones. */
static ad_formula_node *emit_over(ad_parser *p, ad_node_kind kind, uint32_t n, size_t at, size_t end, size_t where)
{
    ad_formula_node *made = ad_emit(p, kind, at, end, where);
    size_t i = p->size - 1;
    for (uint32_t k = 0; made && k < n; k++)
        i = ad_node_of(p, i - 1)->first;
    if (made) {
        made->operands = n;
        made->first = (uint32_t)i;
    }
    return made;
}

int ad_emit_row(ad_parser *p, int op, uint32_t n, size_t at, size_t end, size_t where)
{
    ad_formula_node *made = emit_over(p, AD_NODE_ROW, n, at, end, where);
    if (made)
        made->op = (enum ad_op)op;
    return made != NULL;
}

static int is_pi(const char *name, size_t length) { return length == 2 && name[0] == 'p' && name[1] == 'i'; }

const char *ad_taken(const ad_parser *p, const char *name, size_t length)
{
    int free = p->scope->kind == AD_SCOPE_OPEN && !is_pi(name, length) && ad_row_named(name, length) < 0;
    return free ? NULL : ad_reserved(name, length);
}

/* The place of a name; AD_NAME_UNKNOWN with the problem stated. */
static ptrdiff_t look_up(ad_parser *p, const ad_token *t)
{
    ad_lexer *l = p->lexer;
    const char *name = l->text + t->at, *reserved = ad_taken(p, name, t->length);
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
static int name_node(ad_parser *p, ad_formula_node *made, ptrdiff_t symbol)
{
    if (made) {
        made->symbol = (uint32_t)symbol;
        made->name = ad_scope_name(p->scope, made->symbol);
    }
    return made != NULL;
}

int ad_emit_derivative(ad_parser *p, size_t at, const ad_token *by)
{
    ptrdiff_t symbol = look_up(p, by);
    return symbol >= 0 && name_node(p, emit_over(p, AD_NODE_DERIVATIVE, 1, at, p->lexer->at, at), symbol);
}

int ad_emit_name(ad_parser *p, const ad_token *t)
{
    ptrdiff_t symbol = look_up(p, t);
    return symbol >= 0 && name_node(p, ad_emit(p, AD_NODE_NAME, t->at, t->at + t->length, t->at), symbol);
}

/* ---- What waits ---------------------------------------------------------------------------------------------------------- */

/* The last operand begins at start(p, 1), the one before it at start(p, 2), ... */
static size_t start(const ad_parser *p, uint32_t back)
{
    size_t i = p->size - 1;
    for (uint32_t k = 1; k < back; k++)
        i = ad_node_of(p, i)->first - 1u;
    return ad_node_of(p, i)->at;
}

static size_t end_of_last(const ad_parser *p) { return (size_t)ad_node_of(p, p->size - 1)->at + ad_node_of(p, p->size - 1)->length; }

int ad_push(ad_parser *p, ad_pending entry)
{
    if (p->depth == AD_NESTING)
        return ad_problem_at(p->lexer->problem, AD_ERROR_LIMIT, p->lexer->text, p->lexer->size, entry.at, entry.length,
                             "nested too deeply: more than %d parentheses, calls, signs, powers or choices are open here", AD_NESTING);
    if (!ad_block_grow(&p->stack, &p->arena->allocator, (p->depth + 1) * sizeof entry))
        return ad_problem_memory(p->lexer->problem);
    p->depth++;
    *ad_waiting_last(p) = entry;
    return 1;
}

int ad_settle(ad_parser *p, int precedence)
{
    while (p->depth && ad_waiting_last(p)->kind <= AD_WAITS_CHOICE && ad_waiting_last(p)->precedence >= precedence) {
        ad_pending done = *ad_waiting_last(p);
        uint32_t n = done.kind == AD_WAITS_BINARY ? 2 : done.kind == AD_WAITS_SIGN ? 1 : 3;
        size_t at = done.kind == AD_WAITS_SIGN ? done.at : start(p, n);
        p->depth--;
        if (!ad_emit_row(p, done.op, n, at, end_of_last(p), done.at))
            return 0;
    }
    return 1;
}
