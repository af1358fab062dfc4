/* lexer.c -- tokens: names, numbers in C notation, notes, operators, and what to say of anything else. */
#include "lexer.h"

#include "autodiff/rules/rules.h"
#include "decimal.h"
#include "limits.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static int starts_name(char c) { return isalpha((unsigned char)c) || c == '_'; }
static int continues_name(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* ---- Numbers ------------------------------------------------------------------------------ */

static size_t digits(const char *text, size_t end, size_t *at, int hexadecimal)
{
    size_t start = *at;
    while (*at < end && (hexadecimal ? isxdigit((unsigned char)text[*at]) : isdigit((unsigned char)text[*at])))
        ++*at;
    return *at - start;
}

size_t ad_read_number(const char *text, size_t end, size_t at, double *value)
{
    size_t start = at, n;
    int hexadecimal = at + 1 < end && text[at] == '0' && (text[at + 1] == 'x' || text[at + 1] == 'X');
    at += hexadecimal ? 2 : 0;
    n = digits(text, end, &at, hexadecimal);
    if (at < end && text[at] == '.') {
        at++;
        n += digits(text, end, &at, hexadecimal);
    }
    if (!n)
        return 0;
    if (at < end && strchr(hexadecimal ? "pP" : "eE", text[at]) && text[at]) {
        size_t exponent = at + 1;
        if (exponent < end && (text[exponent] == '+' || text[exponent] == '-'))
            exponent++;
        if (digits(text, end, &exponent, 0))
            at = exponent;
    }
    return ad_decimal_read(text + start, at - start, value) ? at - start : 0;
}

static ad_token read_number(ad_lexer *l, ad_token t)
{
    t.kind = AD_TOKEN_NUMBER;
    t.length = ad_read_number(l->text, l->end, t.at, &t.number);
    size_t after = t.at + t.length, stop = after;
    while (stop < l->end && (continues_name(l->text[stop]) || l->text[stop] == '.'))
        stop++;
    if (!t.length || stop > after) {
        int hexadecimal = t.length == 1 && l->text[t.at] == '0' && (l->text[after] == 'x' || l->text[after] == 'X');
        int product = t.length && starts_name(l->text[after]) && !hexadecimal;
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, stop > t.at ? stop - t.at : 1,
                      product ? "expected an operator after the number; a product is written %.*s*%.*s"
                      : l->text[t.at] == '.' ? "neither a number nor part of a name: expected a digit after the '.' of a number, "
                                               "letters on both sides of one in a name"
                              : "not a number in C notation; expected one like 2, 0.5, .5, 1e-3 or 0x1p-3",
                      (int)(t.length > AD_QUOTED ? AD_QUOTED : t.length), l->text + t.at,
                      (int)(stop - after > AD_QUOTED ? AD_QUOTED : stop - after), l->text + after);
        t.kind = AD_TOKEN_FAULT;
    } else if (isinf(t.number)) {
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, t.length, "the number is too large for a double");
        t.kind = AD_TOKEN_FAULT;
    }
    return t;
}

/* ---- Words, notes, marks -------------------------------------------------------------------------------------------- */

static ad_token read_name(ad_lexer *l, ad_token t)
{
    size_t at = t.at;
    while (at < l->end && (continues_name(l->text[at]) || (l->text[at] == '.' && at + 1 < l->end && starts_name(l->text[at + 1]))))
        at++;
    t.kind = AD_TOKEN_NAME;
    t.length = at - t.at;
    if (t.length > AD_NAME_LENGTH) {
        ad_problem_at(l->problem, AD_ERROR_LIMIT, l->text, l->size, t.at, t.length,
                      "a name of %zu characters; the most is %d", t.length, AD_NAME_LENGTH);
        t.kind = AD_TOKEN_FAULT;
    }
    return t;
}

static ad_token read_note(ad_lexer *l, ad_token t)
{
    size_t at = t.at + 1, n;
    t.kind = AD_TOKEN_FAULT;
    for (; at < l->end && l->text[at] != '"'; at += n) {
        unsigned long c = ad_character(l->text, l->end, at, &n);
        if ((c == 0xfffd && n == 1) || (c < 0x20 && c != '\t')) {
            ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, at, 1, "byte 0x%02x is not UTF-8 text",
                          (unsigned char)l->text[at]);
            return t;
        }
    }
    t.length = at - t.at + 1;
    if (at == l->end)
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, 1, "the note has no closing quote in this line");
    else
        t.kind = AD_TOKEN_NOTE;
    return t;
}

/* What people write instead; `with` NULL: a sentence of its own. */
static const struct { const char *instead; const char *advice; } habits[] = {
    {"**", "a power is written x^y"},
    {"&&", "'both' is written (a < b)*(c < d)"},
    {"||", "'either' is written max(a < b, c < d)"},
    {"!", "'not' is written x == 0"},
    {"[", "vectors are not of this language; every name is one number"},
    {"{", "parentheses are written ( and )"},
    {";", "a statement ends with its line"},
    {"%", "a remainder is written x - y*floor(x/y)"},
    {"'", "a name is made of letters, digits and _; a derivative is written d(E)/d(w)"},
    {"\xe2\x88\x92", "the sign is written -"},
    {"\xe2\x80\x93", "the sign is written -"},
    {"\xc2\xb7", "a product is written x*y"},
    {"\xc3\x97", "a product is written x*y"},
    {"\xc2\xb2", "a square is written x^2, a second derivative d(d(E)/d(w))/d(w)"},
    {"\xcf\x80", "it is written pi"},
    {"\xe2\x88\x9a", "a root is written sqrt(x)"},
    {"\xe2\x89\xa4", "it is written <="},
    {"\xe2\x89\xa5", "it is written >="},
};

static ad_token unknown(ad_lexer *l, ad_token t)
{
    const char *text = l->text + t.at;
    size_t n;
    unsigned long c = ad_character(l->text, l->end, t.at, &n);
    t.kind = AD_TOKEN_FAULT;
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        size_t length = strlen(habits[i].instead);
        if (l->end - t.at >= length && !memcmp(text, habits[i].instead, length)) {
            ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, length, "'%s' is not of this language: %s",
                          habits[i].instead, habits[i].advice);
            return t;
        }
    }
    if (c == 0)
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, 1, "a NUL byte: this is not text");
    else if (c == 0xfffd && n == 1)
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, 1, "byte 0x%02x is not UTF-8 text",
                      (unsigned char)*text);
    else if (c < 0x20 || c == 0x7f)
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, 1, "a control character, 0x%02x", (unsigned)c);
    else if (c < 0x80)
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, 1, "'%c' is not of this language", (int)c);
    else
        ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, n,
                      "the character '%.*s' (U+%04lX) is not of this language: names are of ASCII letters, digits and _",
                      (int)n, text, c);
    return t;
}

static ad_token read_mark(ad_lexer *l, ad_token t)
{
    static const struct { char mark; enum ad_token_kind kind; } marks[] = {
        {'(', AD_TOKEN_OPEN}, {')', AD_TOKEN_CLOSE}, {',', AD_TOKEN_COMMA}, {'?', AD_TOKEN_QUESTION}, {':', AD_TOKEN_COLON},
    };
    const char *text = l->text + t.at;
    size_t room = l->end - t.at;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (*text == marks[i].mark) {
            t.kind = marks[i].kind;
            return t;
        }
    if (*text == '^') {
        t.kind = AD_TOKEN_OPERATOR;
        t.op = AD_OP_pow;
        t.precedence = AD_BINDS_POWER;
        return t;
    }
    if (room >= 3 && !memcmp(text, "\xe2\x88\x82", 3)) {
        t.kind = AD_TOKEN_PARTIAL;
        t.length = 3;
        return t;
    }
    if (room >= 2 && !memcmp(text, "**", 2))
        return unknown(l, t);
    for (size_t i = 0; ad_operators[i].text; i++) {
        size_t length = strlen(ad_operators[i].text);
        if (room >= length && !memcmp(text, ad_operators[i].text, length)) {
            t.kind = AD_TOKEN_OPERATOR;
            t.op = ad_operators[i].op;
            t.precedence = ad_operators[i].precedence;
            t.length = length;
            return t;
        }
    }
    if (*text == '=') {
        t.kind = AD_TOKEN_EQUALS;
        return t;
    }
    return unknown(l, t);
}

ad_token ad_lexer_next(ad_lexer *l)
{
    for (int comment = 0; l->at < l->end; l->at++) {
        char c = l->text[l->at];
        comment = c == '\n' || c == '\r' ? 0 : comment || c == '#';
        if (!comment && c != ' ' && c != '\t' && c != '\n' && c != '\r')
            break;
    }
    ad_token t = {.kind = AD_TOKEN_END, .at = l->at, .length = 1, .op = -1};
    if (l->at < l->end) {
        char c = l->text[l->at];
        t = starts_name(c) ? read_name(l, t) : isdigit((unsigned char)c) || c == '.' ? read_number(l, t)
          : c == '"' ? read_note(l, t) : read_mark(l, t);
        l->at = t.kind == AD_TOKEN_FAULT ? l->end : t.at + t.length;
    } else
        t.length = 0;
    return t;
}

ad_token ad_lexer_peek(const ad_lexer *lexer)
{
    ad_lexer ahead = *lexer;
    ahead.problem = NULL;
    return ad_lexer_next(&ahead);
}

int ad_token_is(const ad_lexer *lexer, const ad_token *t, const char *word)
{
    return t->kind == AD_TOKEN_NAME && t->length == strlen(word) && !memcmp(lexer->text + t->at, word, t->length);
}
