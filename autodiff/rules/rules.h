/* rules.h -- the rule book as data: what each operation is called, its columns as text and as programs. Not installed.
 *
 * A partial's program is its text in postfix order, for a small stack: operands, numbers, and rows applied to them. It
 * is what symbolic differentiation walks; the backward sweep compiles the same text as C.
 */
#ifndef AUTODIFF_RULES_RULES_H
#define AUTODIFF_RULES_RULES_H

#include "autodiff/tape/variable.h"

enum ad_kind { AD_LEAF, AD_FIXED, AD_WITH_CONSTANT, AD_LIST, AD_PAIRS };

typedef struct ad_rule {
    const char  *name;                     /* "mul"; the public function is ad_mul */
    enum ad_kind kind;
    int          arity;                    /* operands of a node: 1, 2, 3; for a list, of an element: 1 or 2 */
    int          partials;                 /* how many of them have a slope: the others are constants */
    const char  *value, *partial[3], *holds, *words;
} ad_rule;

AD_API extern const ad_rule ad_rules[AD_OPS];

enum { AD_STEPS = 48, AD_DEPTH = 12 };
enum { AD_PUSH_X = AD_OP_COUNT, AD_PUSH_Y, AD_PUSH_W, AD_PUSH_Z, AD_PUSH_N, AD_PUSH_M, AD_PUSH_NUMBER };

typedef struct ad_program {
    int    size;
    struct { int op; double number; } step[AD_STEPS];
} ad_program;

/* The row of a name, or -1. */
int ad_row_named(const char *name, size_t length);

/* The binary operators, longer ones before those that they begin with; a NULL text ends them. */
typedef struct ad_operator {
    const char *text;
    int         op, precedence;
} ad_operator;

extern const ad_operator ad_operators[];

/* The program of a partial; NULL for what is no row, or if the row's text is not of the language, which a test excludes. */
const ad_program *ad_partial_program(enum ad_op op, int operand);

/* slope.c: the partial by the operand at `place`, as a number, and whether the row's partial is the derivative there. For an
 * n-ary row x (and y) is the element in question, n how many there are, m how many equal z. NaN and 0 for what is no row. */
double ad_slope(enum ad_op op, int place, double x, double y, double w, double z, double n, double m);
int    ad_slope_holds(enum ad_op op, double x, double y, double w, double z, double n, double m);

#endif
