/* lexer.h -- a line of a model, or a formula, as tokens. It knows no grammar. Not installed. */
#ifndef AUTODIFF_MODEL_LEXER_H
#define AUTODIFF_MODEL_LEXER_H

#include "problem_at.h"

/* The binary operators are AD_TOKEN_OPERATOR, with their place in ad_operators. */
enum ad_token_kind {
    AD_TOKEN_END, AD_TOKEN_FAULT, AD_TOKEN_NAME, AD_TOKEN_NUMBER, AD_TOKEN_NOTE, AD_TOKEN_OPERATOR, AD_TOKEN_OPEN, AD_TOKEN_CLOSE,
    AD_TOKEN_COMMA, AD_TOKEN_QUESTION, AD_TOKEN_COLON, AD_TOKEN_EQUALS, AD_TOKEN_PARTIAL
};

typedef struct ad_token {
    enum ad_token_kind kind;
    size_t at, length;             /* its bytes; a note's, with its quotes */
    double number;
    int    op;                     /* a row: add, less, ...; pow for ^ */
    int    precedence;
} ad_token;

/* Reads [at, end) of a text that goes on to a 0 at text[size]. Ends of lines are blanks; a # begins a comment. */
typedef struct ad_lexer {
    const char *text;
    size_t      size, at, end;
    ad_problem *problem;
} ad_lexer;

/* Takes the next token. What is no token is a fault, with its problem stated, and nothing follows. */
ad_token ad_lexer_next(ad_lexer *lexer);
/* The next token, not taken; states no problem. */
ad_token ad_lexer_peek(const ad_lexer *lexer);
/* Reads a number in C notation at a place: its length, or 0. */
size_t   ad_read_number(const char *text, size_t end, size_t at, double *value);
int      ad_token_is(const ad_lexer *lexer, const ad_token *token, const char *word);

/* Powers bind tighter than a sign, a sign tighter than a product. */
enum { AD_BINDS_CHOICE = 1, AD_BINDS_EQUAL = 3, AD_BINDS_ORDER = 4, AD_BINDS_SUM = 5, AD_BINDS_PRODUCT = 6, AD_BINDS_SIGN = 7,
       AD_BINDS_POWER = 8 };

#endif
