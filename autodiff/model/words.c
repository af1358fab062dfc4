/* words.c -- which words are taken, and what to say of those that are not known: the nearest, the later, the other languages'. */
#include "parser.h"

#include "autodiff/rules/rules.h"

#include <string.h>

static const char *const keywords[] = {"const", "param", "column", "minimize", "claim", "in"};

static int is(const char *name, size_t length, const char *word) { return length == strlen(word) && !memcmp(name, word, length); }

const char *ad_reserved(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (is(name, length, keywords[i]))
            return "a keyword";
    return is(name, length, "pi") ? "the number pi" : is(name, length, "d") ? "the sign of a derivative"
         : ad_row_named(name, length) >= 0 ? "a function" : NULL;
}

void ad_token_words(const ad_lexer *l, const ad_token *t, char *words, size_t size)
{
    size_t shown = t->length > AD_QUOTED ? AD_QUOTED : t->length;
    while (shown < t->length && ((unsigned char)l->text[t->at + shown] & 0xc0) == 0x80)
        shown--;                                   /* between characters */
    if (t->kind == AD_TOKEN_END)
        snprintf(words, size, "the end");
    else
        snprintf(words, size, "'%.*s%s'", (int)shown, l->text + t->at, shown < t->length ? "..." : "");
}

static size_t next_line(const ad_lexer *l, size_t stop)
{
    return stop + 1 + (stop + 1 < l->size && l->text[stop] == '\r' && l->text[stop + 1] == '\n');
}

static int defines(const ad_lexer *l, size_t at, size_t stop, const ad_token *name)
{
    ad_lexer line = {l->text, l->size, at, stop, NULL};
    ad_token first = ad_lexer_next(&line), second = ad_lexer_next(&line);
    int declared = ad_token_is(l, &first, "const") || ad_token_is(l, &first, "param") || ad_token_is(l, &first, "column");
    const ad_token *defined = declared ? &second : &first;
    return defined->kind == AD_TOKEN_NAME && (declared || second.kind == AD_TOKEN_EQUALS) && defined->length == name->length &&
           !memcmp(l->text + defined->at, l->text + name->at, name->length);
}

/* The line that defines a name, from the one on where it stands; or 0. */
static size_t defined_later(const ad_lexer *l, const ad_token *name)
{
    for (size_t line = 1, at = 0, stop = 0; at < l->size; line++, at = next_line(l, stop)) {
        for (stop = at; stop < l->size && l->text[stop] != '\n' && l->text[stop] != '\r';)
            stop++;
        if (stop >= name->at && defines(l, at, stop, name))
            return line;
    }
    return 0;
}

int ad_unknown_name(ad_lexer *l, const ad_token *t, const ad_scope *scope)
{
    size_t later = l->problem && l->end < l->size ? defined_later(l, t) : 0;
    if (later)
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                             "'%.*s%s' is not defined yet: line %zu defines it, and a name is used below that line only",
                             AD_QUOTE(t->length, l->text + t->at), later);
    ad_nearest nearest = {.written = l->text + t->at, .length = t->length};
    ad_scope_offer(scope, &nearest);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                         nearest.best ? "unknown name '%.*s%s'; did you mean '%s'?" : "unknown name '%.*s%s'",
                         AD_QUOTE(t->length, l->text + t->at), nearest.best);
}

static const struct { const char *name, *row; } other_names[] = {
    {"ln", "log"}, {"fabs", "abs"}, {"arctan", "atan"}, {"arcsin", "asin"}, {"arccos", "acos"}, {"arctan2", "atan2"},
    {"logistic", "sigmoid"}, {"power", "pow"}, {"sgn", "sign"}, {"tg", "tan"}, {"sqr", "square"}, {"trunc", "floor"},
    {"avg", "mean"}, {"average", "mean"}, {"swish", "silu"}, {"norm", "norm2"},
    {"if", "select"}, {"where", "select"}, {"ReLU", "relu"}, {"gamma", "lgamma"}, {"lse", "logsumexp"},
};

int ad_unknown_function(ad_lexer *l, const ad_token *t)
{
    const char *name = l->text + t->at;
    ad_nearest nearest = {.written = name, .length = t->length};
    if (t->length == 2 && name[0] == 'd' && name[1] >= '2' && name[1] <= '9')
        return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                             "unknown function '%.2s'; a second derivative is written d(d(E)/d(w))/d(w)", name);
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
        if (is(name, t->length, other_names[i].name))
            nearest.best = other_names[i].row;
    for (int op = AD_OP_THIRD + 1; op < AD_OP_COUNT && !(nearest.best && !nearest.distance); op++)
        ad_nearest_offer(&nearest, ad_rules[op].name);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t->at, t->length,
                         nearest.best ? "unknown function '%.*s%s'; did you mean '%s'?" : "unknown function '%.*s%s'",
                         AD_QUOTE(t->length, name), nearest.best);
}
