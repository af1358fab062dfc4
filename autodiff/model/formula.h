/* formula.h -- formulas in text: read once, recorded on a tape as often as one likes, printed back, looked into.
 *
 *     + - * /  x^y  (x)  -x  < <= > >= == !=  c ? a : b  pi  2.5e-3  sigmoid(x)  max(x, y, z)  d(E)/d(w)
 *
 * Powers are right-associative and bind tighter than a sign: -x^2 is -(x^2), 2^-1 is 1/2, 2^3^2 is 2^9. A comparison is 1
 * or 0, and two of them are not chained. Functions are the rows of ops.def, by their names: sum mean logsumexp norm2 min
 * max take any number of arguments, dot(x1, ..., xn, y1, ..., yn) pairs them, and the second argument of powi, leaky_relu
 * and polygamma is a formula of numbers alone. Numbers are as in C.
 *
 * d(E)/d(w) is the derivative of a formula with respect to a name, an input or an intermediate, all others on the way
 * held as the graph has them; it nests. Shorter: dE/dw and, in UTF-8, partial signs in place of d. dE/dw is a derivative
 * where E and w are names and dE and dw are not; where both readings fit it is an error that asks for d(E)/d(w).
 *
 * Names are letters, digits and _, parts joined by dots; not a function, d or pi, nor const param column minimize claim in.
 *
 * Limits: a text of 2^28 bytes, a name of 255, 10000 parentheses, calls, signs, powers or choices open at once, 6
 * derivatives inside one another. Beyond: AD_ERROR_LIMIT.
 */
#ifndef AUTODIFF_MODEL_FORMULA_H
#define AUTODIFF_MODEL_FORMULA_H

#include "problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Records a formula of a tape's variables, by their names:  `ad_var y = ad_formula(tape, "sigmoid(w*x + b)");`
 *  What is wrong with the text sticks to the tape, AD_ERROR_SYNTAX or AD_ERROR_LIMIT (no text: AD_ERROR_ARGUMENT), with its
 *  place and how to mend it; the result is then a plain NaN. Of several variables of one name it takes the last. */
AD_API ad_var ad_formula(ad_tape *tape, const char *text);

/** What a node of a formula is. */
typedef enum ad_node_kind {
    AD_NODE_NUMBER,                /* number */
    AD_NODE_PI,
    AD_NODE_NAME,                  /* name, symbol */
    AD_NODE_ROW,                   /* op and its operands */
    AD_NODE_DERIVATIVE             /* of its one operand, with respect to name, symbol */
} ad_node_kind;

/** A node of a formula. Nodes stand in postfix order: operands before what is made of them, the whole last. So the last
 *  operand of node i is node i - 1, and the one before an operand k is node nodes[k].first - 1. */
typedef struct ad_formula_node {
    ad_node_kind kind;
    enum ad_op   op;               /* of a row: AD_OP_mul, AD_OP_sum, ...; min and max may have any number of operands  */
    uint32_t     operands;         /* how many                                                                        */
    uint32_t     first;            /* the node where its part of the formula begins; its own place for a leaf         */
    uint32_t     at, length;       /* its bytes in the text, its parentheses included                                 */
    uint32_t     where;            /* its operator, function or name in the text: where to point at                   */
    uint32_t     symbol;           /* the place of name among the names                                               */
    const char  *name;             /* borrowed from the formula                                                       */
    double       number;
} ad_formula_node;

/** A formula. Read its members, write none. */
typedef struct ad_expression {
    const char    *text;           /* as it was written, without space around it           */
    size_t         length;         /* bytes of it                                          */
    size_t         size;           /* nodes                                                */
    const ad_formula_node *nodes;  /* [size]                                               */
} ad_expression;

/** Reads text [length] as a formula of the given names [n], each of them known by its place. names NULL: any name will do,
 *  and gets the next place where it is first met; then every a/b is a quotient, a derivative is
 *  written d(E)/d(w), and d without a bracket is a name like others.
 *  Where the text is no formula, or there is no memory, the result is NULL and problem, which may be NULL, says why.
 *  Free it with ad_expression_free. */
AD_API ad_expression *ad_expression_parse(const char *text, size_t length, size_t n, const char *const *names,
                                          ad_problem *problem);
/** Frees a formula that ad_expression_parse made; NULL is legal. Those of a model are the model's. */
AD_API void           ad_expression_free(ad_expression *e);
/** The names that such a formula knows: how many, and each. NULL beyond. */
AD_API size_t         ad_expression_names(const ad_expression *e);
AD_API const char    *ad_expression_name(const ad_expression *e, size_t i);

/** Records a formula on a tape.  vars: the variables of the names, by place; plain numbers welcome. A derivative is recorded
 *  as ad_gradient does it, with respect to the variable of its name. Of plain numbers alone it gives a plain number.
 *  Errors are the tape's: AD_ERROR_STALE, AD_ERROR_FOREIGN, AD_ERROR_LIMIT, AD_ERROR_NO_MEMORY, and the result is NaN. */
AD_API ad_var ad_expression_record(const ad_expression *e, ad_tape *tape, const ad_var *vars);
/** Several of them; results [n]. Derivatives of one name are swept once for all formulas. */
AD_API void   ad_expressions_record(size_t n, const ad_expression *const *e, ad_tape *tape, const ad_var *vars,
                                    ad_var *results);

/** Writes a formula with the parentheses and blanks that it needs. Read again, it gives the same nodes. Numbers are as they
 *  were written. Errors: AD_ERROR_NO_MEMORY, AD_ERROR_IO. */
AD_API ad_status ad_expression_print(const ad_expression *e, FILE *stream);

/** A number as it was written. */
typedef struct ad_literal {
    double value;                  /* its sign included                                                            */
    int    exact;                  /* written without point and exponent, or in hexadecimal                        */
    int    exponent;               /* else its last digit counts 10^exponent: -3 in 0.125, 1 in 1.20e3; 0 if exact */
    int    digits;                 /* written from the first that is not 0 on; at least 1                          */
} ad_literal;

/** Whether a formula is an optionally signed number, and if so which. literal may be NULL. */
AD_API int ad_expression_literal(const ad_expression *e, ad_literal *literal);
/** Whether a formula uses the name of this place, to compute with or to differentiate by. */
AD_API int ad_expression_uses(const ad_expression *e, size_t symbol);

#ifdef __cplusplus
}
#endif
#endif
