/* statements.c -- the statements of a model, line by line. The formulas in them are parser.c's. */
#include "internal.h"

#include "limits.h"

#include <math.h>
#include <string.h>

typedef struct reader {
    ad_model *model;
    ad_lexer  lexer;                       /* over the present line */
    size_t    line;
} reader;

static int wrong(reader *r, const ad_token *t, const char *expected)
{
    char found[AD_QUOTED + 16];
    ad_token_words(&r->lexer, t, found, sizeof found);
    if (t->kind == AD_TOKEN_END)
        snprintf(found, sizeof found, "the end of the line");
    return t->kind != AD_TOKEN_FAULT && ad_problem_at(r->lexer.problem, AD_ERROR_SYNTAX, r->lexer.text, r->lexer.size, t->at,
                                                      t->length, "expected %s, found %s", expected, found);
}

static int take(reader *r, enum ad_token_kind kind, const char *expected)
{
    ad_token t = ad_lexer_next(&r->lexer);
    return t.kind == kind || wrong(r, &t, expected);
}

static int no_memory(reader *r) { return ad_problem_memory(r->lexer.problem); }

/* ---- Parts ------------------------------------------------------------------------------------------------------------- */

/* A name that may be defined here. */
static int new_name(reader *r, ad_token *t)
{
    ad_lexer *l = &r->lexer;
    *t = ad_lexer_next(l);
    const char *name = l->text + t->at;
    if (t->kind != AD_TOKEN_NAME)
        return wrong(r, t, "a name");
    const char *reserved = ad_reserved(name, t->length);
    if (reserved)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                             "'%.*s' is %s: expected another name", (int)t->length, name, reserved);
    ptrdiff_t place = ad_scope_find(&r->model->scope, name, t->length);
    if (place >= 0)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                             "'%.*s%s' is defined already, in line %zu", AD_QUOTE(t->length, name),
                             ad_symbol_at(r->model, (size_t)place)->line);
    return 1;
}

static int take_equals(reader *r)
{
    ad_token t = ad_lexer_next(&r->lexer);
    if (t.kind == AD_TOKEN_EQUALS)
        return 1;
    return t.op >= 0 && r->lexer.text[t.at] == '=' ? wrong(r, &t, "'='; '==' compares") : wrong(r, &t, "'='");
}

/* A number with a sign if need be; where `endless`, inf too. */
static int number(reader *r, double *value, int endless)
{
    ad_token t = ad_lexer_next(&r->lexer);
    double sign = 1;
    if (t.kind == AD_TOKEN_OPERATOR && t.length == 1 && (r->lexer.text[t.at] == '-' || r->lexer.text[t.at] == '+')) {
        sign = r->lexer.text[t.at] == '-' ? -1 : 1;
        t = ad_lexer_next(&r->lexer);
    }
    if (endless && ad_token_is(&r->lexer, &t, "inf")) {
        *value = sign * INFINITY;
        return 1;
    }
    *value = sign * t.number;
    return t.kind == AD_TOKEN_NUMBER || wrong(r, &t, endless ? "a number, or inf" : "a number");
}

static int end(reader *r, const char *expected)
{
    ad_token t = ad_lexer_next(&r->lexer);
    return t.kind == AD_TOKEN_END || wrong(r, &t, expected);
}

/* ---- What a statement adds: all of it, or nothing ------------------------------------------------------------------------- */

static int add_symbol(reader *r, const ad_token *name, ad_symbol symbol)
{
    ad_model *m = r->model;
    const ad_allocator *a = &m->arena.allocator;
    int which = symbol.kind == AD_SYMBOL_COLUMN ? AD_COLUMNS : AD_PARAMS;
    int is_input = symbol.kind == AD_SYMBOL_COLUMN || symbol.kind == AD_SYMBOL_PARAM;
    if (!ad_block_grow(&m->symbols, a, (m->scope.count + 1) * sizeof symbol) ||
        (is_input && !ad_block_grow(&m->inputs[which], a, (m->n_inputs[which] + 1) * sizeof(size_t))))
        return no_memory(r);
    ptrdiff_t place = ad_scope_add(&m->scope, r->lexer.text + name->at, name->length);
    if (place < 0)
        return no_memory(r);
    symbol.name = ad_scope_name(&m->scope, (size_t)place);
    symbol.line = r->line;
    *ad_symbol_at(m, (size_t)place) = symbol;
    if (is_input)
        ((size_t *)m->inputs[which].base)[m->n_inputs[which]++] = (size_t)place;
    return 1;
}

static const ad_symbol blank = {.value = NAN, .low = -INFINITY, .high = INFINITY};

static int read_const(reader *r)
{
    ad_token name;
    ad_symbol s = blank;
    s.kind = AD_SYMBOL_CONST;
    return new_name(r, &name) && take_equals(r) && number(r, &s.value, 0) &&
           end(r, "the end of the line: a const is one number, a formula is written NAME = ...") && add_symbol(r, &name, s);
}

static int read_bounds(reader *r, ad_symbol *s, size_t value_at, size_t value_length)
{
    ad_lexer *l = &r->lexer;
    size_t open = l->at + strspn(l->text + l->at, " \t");
    if (l->text[open] == '[')
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, open, 1, "expected '(': bounds are written in (low, high)");
    if (!take(r, AD_TOKEN_OPEN, "'(': bounds are written in (low, high)"))
        return 0;
    size_t at = l->at;
    if (!number(r, &s->low, 1) || !take(r, AD_TOKEN_COMMA, "','") || !number(r, &s->high, 1))
        return 0;
    size_t length = l->at - at;
    if (!take(r, AD_TOKEN_CLOSE, "')'"))
        return 0;
    if (!(s->low < s->high))
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, at, length, "the low bound is not below the high one");
    if (s->value < s->low || s->value > s->high)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, value_at, value_length,
                             "the value %g is outside the bounds (%g, %g)", s->value, s->low, s->high);
    return 1;
}

static int read_param(reader *r)
{
    ad_token name;
    ad_symbol s = blank;
    s.kind = AD_SYMBOL_PARAM;
    if (!new_name(r, &name) || !take_equals(r))
        return 0;
    ad_token value = ad_lexer_peek(&r->lexer);
    if (!number(r, &s.value, 0))
        return 0;
    size_t length = r->lexer.at - value.at;
    ad_token in = ad_lexer_peek(&r->lexer);
    if (ad_token_is(&r->lexer, &in, "in")) {
        ad_lexer_next(&r->lexer);
        if (!read_bounds(r, &s, value.at, length))
            return 0;
    }
    return end(r, "'in (low, high)' or the end of the line: a param is one number") && add_symbol(r, &name, s);
}

static int read_column(reader *r)
{
    ad_token name;
    ad_symbol s = blank;
    s.kind = AD_SYMBOL_COLUMN;
    return new_name(r, &name) && end(r, "the end of the line: one column a line, its values come with the data") &&
           add_symbol(r, &name, s);
}

static int read_minimize(reader *r)
{
    ad_lexer *l = &r->lexer;
    ad_token t = ad_lexer_next(l);
    if (t.kind != AD_TOKEN_NAME)
        return wrong(r, &t, "the name to minimize");
    ptrdiff_t place = ad_scope_find(&r->model->scope, l->text + t.at, t.length);
    if (place < 0)
        return ad_unknown_name(l, &t, &r->model->scope);
    if (r->model->minimize != AD_NO_SYMBOL)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, t.length,
                             "line %zu says what to minimize already", r->model->minimize_line);
    if (!end(r, "the end of the line: what is minimized is a name; write E = ... above"))
        return 0;
    r->model->minimize = (size_t)place;
    r->model->minimize_line = r->line;
    return 1;
}

static size_t column_of(const ad_lexer *l, size_t at)
{
    size_t start = at, column = 1;
    while (start && l->text[start - 1] != '\n' && l->text[start - 1] != '\r')
        start--;
    for (size_t n; start < at; start += n, column++)
        ad_character(l->text, l->size, start, &n);
    return column;
}

/* What is expected after the left side of a claim. */
static const char *between(const ad_expression *left)
{
    const ad_formula_node *root = &left->nodes[left->size - 1];
    return root->kind == AD_NODE_ROW && root->op == AD_OP_equal ? "'=' (and '==' compares): a claim is FORMULA = FORMULA"
                                                                : "'=': a claim is FORMULA = FORMULA";
}

static int read_claim(reader *r)
{
    ad_model *m = r->model;
    ad_lexer *l = &r->lexer;
    size_t at = ad_lexer_peek(l).at;
    ad_claim claim = {.number = m->n_claims + 1, .line = r->line, .column = column_of(l, at)};
    if (!(claim.left = ad_parse_formula(l, &m->scope, &m->arena)) || !take(r, AD_TOKEN_EQUALS, between(claim.left)) ||
        !(claim.right = ad_parse_formula(l, &m->scope, &m->arena)))
        return 0;
    size_t stop = l->at;
    ad_token note = ad_lexer_peek(l);
    if (note.kind == AD_TOKEN_NOTE) {
        ad_lexer_next(l);
        if (!(claim.note = ad_arena_text(&m->arena, l->text + note.at + 1, note.length - 2)))
            return no_memory(r);
    }
    if (!end(r, "a note in double quotes or the end of the line"))
        return 0;
    while (stop > at && (l->text[stop - 1] == ' ' || l->text[stop - 1] == '\t'))
        stop--;
    if (!(claim.text = ad_arena_text(&m->arena, l->text + at, stop - at)) ||
        !ad_block_grow(&m->claims, &m->arena.allocator, (m->n_claims + 1) * sizeof claim))
        return no_memory(r);
    ((ad_claim *)m->claims.base)[m->n_claims++] = claim;
    return 1;
}

static const struct { const char *word; int (*read)(reader *r); } statements[] = {
    {"const", read_const}, {"param", read_param}, {"column", read_column}, {"minimize", read_minimize}, {"claim", read_claim},
};

/* NAME = formula, or a word that is no statement. */
static int read_definition(reader *r, const ad_token *first)
{
    ad_lexer *l = &r->lexer;
    ad_token name, second;
    ad_symbol s = blank;
    s.kind = AD_SYMBOL_FORMULA;
    ad_lexer ahead = *l;
    ahead.problem = NULL;
    ad_lexer_next(&ahead);
    second = ad_lexer_next(&ahead);
    if (first->kind == AD_TOKEN_NAME && second.kind == AD_TOKEN_NAME) {
        ad_nearest nearest = {.written = l->text + first->at, .length = first->length};
        for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
            ad_nearest_offer(&nearest, statements[i].word);
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, first->at, first->length,
                             nearest.best ? "no statement begins with '%.*s%s'; did you mean '%s'?"
                                          : "no statement begins with '%.*s%s': expected const, param, column, minimize, claim or NAME = formula",
                             AD_QUOTE(first->length, l->text + first->at), nearest.best);
    }
    if (first->kind != AD_TOKEN_NAME) {
        ad_token t = ad_lexer_next(l);
        return wrong(r, &t, "const, param, column, minimize, claim or NAME = formula");
    }
    if (!new_name(r, &name) || !take_equals(r) || !(s.formula = ad_parse_formula(l, &r->model->scope, &r->model->arena)))
        return 0;
    ad_token rest = ad_lexer_next(l);
    if (rest.kind != AD_TOKEN_END)
        return wrong(r, &rest, rest.kind == AD_TOKEN_EQUALS ? "the end of the formula; a comparison is written =="
                                                            : "the end of the line; notes belong to claims");
    return add_symbol(r, &name, s);
}

static int read_statement(reader *r)
{
    ad_token first = ad_lexer_peek(&r->lexer);
    if (first.kind == AD_TOKEN_END)
        return 1;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (ad_token_is(&r->lexer, &first, statements[i].word)) {
            ad_lexer_next(&r->lexer);
            return statements[i].read(r);
        }
    return read_definition(r, &first);
}

int ad_read_statements(ad_model *model, const char *text, size_t length, ad_problem *problem)
{
    const char *nul = memchr(text, '\0', length);
    if (nul)
        return ad_problem_at(problem, AD_ERROR_SYNTAX, text, length, (size_t)(nul - text), 1, "a NUL byte: this is not text");
    size_t at = length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
    for (size_t line = 1; at < length; line++) {
        size_t stop = at;
        while (stop < length && text[stop] != '\n' && text[stop] != '\r')
            stop++;
        reader r = {model, {text, length, at, stop, problem}, line};
        if (!read_statement(&r))
            return 0;
        at = stop + 1 + (stop + 1 < length && text[stop] == '\r' && text[stop + 1] == '\n');
    }
    return 1;
}
