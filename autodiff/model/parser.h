/* parser.h -- a formula's grammar: tokens to nodes in postfix order. Two stacks, no recursion. Not installed. */
#ifndef AUTODIFF_MODEL_PARSER_H
#define AUTODIFF_MODEL_PARSER_H

#include "formula.h"
#include "lexer.h"
#include "scope.h"

/* Reads a formula from a lexer up to a token that cannot go on with it, which is left there. The result is the arena's;
 * NULL with the problem stated. Problems point into the lexer's text. */
ad_expression *ad_parse_formula(ad_lexer *lexer, ad_scope *scope, ad_arena *arena);
/* Reads all of a text, [length] and a 0, as a formula. */
ad_expression *ad_parse_whole(const char *text, size_t length, ad_scope *scope, ad_arena *arena, ad_problem *problem);

/* Whether a name is reserved: a keyword, pi, d or a function; in words, or NULL. */
const char    *ad_reserved(const char *name, size_t length);
/* A name that is not known, with the nearest that is. Returns 0. */
int            ad_unknown_name(ad_lexer *lexer, const ad_token *name, const ad_scope *scope);
int            ad_unknown_function(ad_lexer *lexer, const ad_token *name);
/* What a token is, for "expected ..., found ...". */
void           ad_token_words(const ad_lexer *lexer, const ad_token *token, char *words, size_t size);

/* Calls a row: a list row, min and max take n operands, the others as many as they have. */
ad_var         ad_apply(enum ad_op op, size_t n, const ad_var *operands);
/* The value of a formula without names; 0 without memory. */
int            ad_constant_value(const ad_expression *e, const ad_allocator *allocator, double *value);

#endif
