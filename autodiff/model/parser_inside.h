/* parser_inside.h -- a formula being read, as the parser's files share it. Not installed.
 *
 *   parser.c             the grammar: operands and operators in turn
 *   parse_call.c         functions: how many arguments, and of which kind
 *   parse_derivative.c   dE/dw, d(E)/d(w): where they stand, and what is a quotient
 *   postfix.c            what waits for its end, on a stack, and the nodes that go out
 */
#ifndef AUTODIFF_MODEL_PARSER_INSIDE_H
#define AUTODIFF_MODEL_PARSER_INSIDE_H

#include "autodiff/rules/rules.h"
#include "limits.h"
#include "parser.h"

/* From PAREN on they are open: nothing before them is settled until they close. */
enum ad_waiting {
    AD_WAITS_BINARY, AD_WAITS_SIGN, AD_WAITS_CHOICE, AD_WAITS_PAREN, AD_WAITS_CALL, AD_WAITS_DERIVATIVE, AD_WAITS_QUESTION
};

typedef struct ad_pending {
    enum ad_waiting kind;
    int      op, precedence;
    size_t   at, length;                   /* its token; of a call, the function's name */
    size_t   open;                         /* of a call or derivative: its parenthesis */
    uint32_t operands;                     /* arguments of a call before the present one */
} ad_pending;

typedef struct ad_parser {
    ad_lexer *lexer;
    ad_scope *scope;
    ad_arena *arena;
    ad_block  nodes, stack;
    size_t    size, depth, order;          /* nodes, waiting, derivatives that are open */
} ad_parser;

static inline ad_formula_node *ad_node_of(const ad_parser *p, size_t i) { return (ad_formula_node *)p->nodes.base + i; }
static inline ad_pending *ad_waiting_last(const ad_parser *p) { return (ad_pending *)p->stack.base + p->depth - 1; }

/* All that return int give 0 with the problem stated. */

/* postfix.c */
/* What a word is that cannot be a name, or NULL. Where any name will do, d and the keywords of models are names too. */
const char *ad_taken(const ad_parser *p, const char *name, size_t length);
int ad_parser_fault(ad_parser *p, size_t at, size_t length, const char *message);
int ad_push(ad_parser *p, ad_pending entry);
/* Sends out what binds at least as tightly as `precedence`, down to what is open. */
int ad_settle(ad_parser *p, int precedence);
/* The place for a node, its bytes [at, end), pointed at by a token; NULL without memory. */
ad_formula_node *ad_emit(ad_parser *p, ad_node_kind kind, size_t at, size_t end, size_t where);
/* A row over the last n nodes. */
int ad_emit_row(ad_parser *p, int op, uint32_t n, size_t at, size_t end, size_t where);
int ad_emit_name(ad_parser *p, const ad_token *name);
/* The derivative of the last node by the name of a token. */
int ad_emit_derivative(ad_parser *p, size_t at, const ad_token *by);

/* parse_call.c */
int ad_takes_any_number(int op);
int ad_parser_wrong_count(ad_parser *p, const ad_pending *call, uint32_t n, const char *takes);
int ad_emit_call(ad_parser *p, const ad_pending *call);

/* parse_derivative.c: what follows a "/": dw, d(w) or with a partial sign. */
int ad_parse_by(ad_parser *p, ad_token *by);
/* dE/dw, or E and w after partial signs: the name E has been taken. */
int ad_parse_short(ad_parser *p, size_t at, const ad_token *name);
int ad_parser_too_deep(ad_parser *p, const ad_token *t);
/* Whether dA/dB is a derivative: A and B are names, dA and dB are not. `first` is dA and has been taken. */
enum ad_reading { AD_READS_QUOTIENT, AD_READS_SHORT_DERIVATIVE, AD_READS_BOTH, AD_READS_NO_MEMORY };
enum ad_reading ad_reading_of(ad_parser *p, const ad_token *first);
int ad_parser_ambiguous(ad_parser *p, const ad_token *first);

#endif
