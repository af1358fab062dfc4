/* rules.c -- the table of rules, read from ops.def, and the reader of its expressions. */
#include "rules.h"

#include "autodiff/tape/operations.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const ad_rule ad_rules[AD_OPS] = {
    [AD_OP_CONSTANT] = {.name = "const",  .kind = AD_LEAF},
    [AD_OP_PARAM]    = {.name = "param",  .kind = AD_LEAF},
    [AD_OP_COLUMN]   = {.name = "column", .kind = AD_LEAF},
    [AD_OP_THIRD]    = {.name = "third",  .kind = AD_LEAF},
    [AD_OP_ROW_SUM]  = {.name = "row_sum", .kind = AD_FIXED, .arity = 1, .partials = 1, .words = "sum over rows"},
    [AD_OP_CALL]     = {.name = "call",   .kind = AD_LEAF, .words = "a function's result"},
#define OP1(name, z, dx, holds, words) [AD_OP_##name] = {#name, AD_FIXED, 1, 1, #z, {#dx}, #holds, words},
#define OP2(name, z, dx, dy, holds, words) [AD_OP_##name] = {#name, AD_FIXED, 2, 2, #z, {#dx, #dy}, #holds, words},
#define OP3(name, z, dx, dy, dw, holds, words) \
                                       [AD_OP_##name] = {#name, AD_FIXED, 3, 3, #z, {#dx, #dy, #dw}, #holds, words},
#define FC1(name, z, dx, holds, words) [AD_OP_##name] = {#name, AD_WITH_CONSTANT, 2, 1, #z, {#dx}, #holds, words},
#define NA1(name, z, dx, holds, words) [AD_OP_##name] = {#name, AD_LIST, 1, 1, #z, {#dx}, #holds, words},
#define NA2(name, z, dx, dy, holds, words) [AD_OP_##name] = {#name, AD_PAIRS, 2, 2, #z, {#dx, #dy}, #holds, words},
#include "../ops.def"
};

/* A row without its documented prototype, which carries a macro of the same name, stops the build here. The n-ary ones
 * have no macro: for them -Wmissing-prototypes does it. */
#define TEXT_(...) #__VA_ARGS__
#define TEXT(...) TEXT_(__VA_ARGS__)
#define HAS_PROTOTYPE(name, call) \
    _Static_assert(sizeof TEXT(call) > sizeof "ad_" #name "(0, 0, 0)", \
                   "the row " #name " of ops.def has no documented prototype in tape/operations.h");
#define OP1(name, ...) HAS_PROTOTYPE(name, ad_##name(0))
#define OP2(name, ...) HAS_PROTOTYPE(name, ad_##name(0, 0))
#define OP3(name, ...) HAS_PROTOTYPE(name, ad_##name(0, 0, 0))
#define FC1(name, ...) HAS_PROTOTYPE(name, ad_##name(0, 0))
#include "../ops.def"

/* ---- Reading an expression: operator precedence, two stacks, no recursion ------------------------------------------ */

/* What may wait on the operator stack: rows, and these. */
enum { OPEN = -1, CALL = -2, QUESTION = -3, COLON = -4 };

typedef struct reader {
    const char *at;
    ad_program *program;
    struct { int op, precedence, call; } stack[32];
    int depth, failed;
} reader;

static void emit(reader *r, int op, double number)
{
    if (r->program->size == AD_STEPS) {
        r->failed = 1;
        return;
    }
    r->program->step[r->program->size].op = op;
    r->program->step[r->program->size++].number = number;
}

static void defer(reader *r, int op, int precedence, int call)
{
    if (r->depth == (int)(sizeof r->stack / sizeof *r->stack)) {
        r->failed = 1;
        return;
    }
    r->stack[r->depth].op = op;
    r->stack[r->depth].precedence = precedence;
    r->stack[r->depth++].call = call;
}

/* Emits what binds at least as tightly as `precedence`. */
static void settle(reader *r, int precedence)
{
    while (r->depth && r->stack[r->depth - 1].op >= 0 && r->stack[r->depth - 1].precedence >= precedence)
        emit(r, r->stack[--r->depth].op, 0);
}

int ad_row_named(const char *name, size_t length)
{
    for (int op = AD_OP_THIRD + 1; op < AD_OP_COUNT; op++)
        if (ad_rules[op].name[0] == name[0] && strlen(ad_rules[op].name) == length && !memcmp(ad_rules[op].name, name, length))
            return op;
    return -1;
}

static const struct { const char *name; int op; double number; } words[] = {
    {"x", AD_PUSH_X, 0}, {"y", AD_PUSH_Y, 0}, {"w", AD_PUSH_W, 0}, {"z", AD_PUSH_Z, 0}, {"n", AD_PUSH_N, 0},
    {"m", AD_PUSH_M, 0},
    {"NAN", AD_PUSH_NUMBER, NAN}, {"INFINITY", AD_PUSH_NUMBER, INFINITY},
    {"M_E", AD_PUSH_NUMBER, 2.7182818284590452354}, {"M_PI", AD_PUSH_NUMBER, 3.14159265358979323846},
    {"M_LN2", AD_PUSH_NUMBER, 0.69314718055994530942}, {"M_LN10", AD_PUSH_NUMBER, 2.30258509299404568402},
    {"M_LOG2E", AD_PUSH_NUMBER, 1.4426950408889634074}, {"M_LOG10E", AD_PUSH_NUMBER, 0.43429448190325182765},
    {"M_2_SQRTPI", AD_PUSH_NUMBER, 1.12837916709551257390}, {"M_SQRT1_2", AD_PUSH_NUMBER, 0.70710678118654752440},
    {"M_SQRT2", AD_PUSH_NUMBER, 1.41421356237309504880}, {"M_1_PI", AD_PUSH_NUMBER, 0.31830988618379067154},
};

static void read_word(reader *r, int *operand_next)
{
    const char *start = r->at;
    while (isalnum((unsigned char)*r->at) || *r->at == '_')
        r->at++;
    size_t length = (size_t)(r->at - start);
    while (*r->at == ' ')
        r->at++;
    if (*r->at == '(') {
        r->at++;
        int op = length == 4 && !strncmp(start, "fabs", length) ? AD_OP_abs : ad_row_named(start, length);
        r->failed |= op < 0;
        defer(r, OPEN, 0, op);
        return;                            /* an operand comes next, as before */
    }
    *operand_next = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].name) == length && !strncmp(words[i].name, start, length)) {
            emit(r, words[i].op, words[i].number);
            return;
        }
    r->failed = 1;
}

const ad_operator ad_operators[] = {
    {"==", AD_OP_equal, 3}, {"!=", AD_OP_not_equal, 3}, {"<=", AD_OP_less_equal, 4}, {">=", AD_OP_greater_equal, 4},
    {"<", AD_OP_less, 4}, {">", AD_OP_greater, 4}, {"+", AD_OP_add, 5}, {"-", AD_OP_sub, 5}, {"*", AD_OP_mul, 6},
    {"/", AD_OP_div, 6}, {NULL, 0, 0},
};
enum { CHOICE = 1, UNARY = 7 };                /* the row select waits below all others, at 0 */

/* `c ? a : b` waits as a question mark, then as the row select, which takes all after the colon. */
static void read_mark(reader *r, int *operand_next)
{
    char c = *r->at;
    if (c == '?' || c == ':') {
        settle(r, c == '?' ? CHOICE : 0);
        if (c == '?')
            defer(r, QUESTION, 0, 0);
        else if (r->depth && r->stack[r->depth - 1].op == QUESTION) {
            r->depth--;
            defer(r, AD_OP_select, 0, 0);
        } else
            r->failed = 1;
        *operand_next = 1;
    } else if (c == ',' || c == ')') {
        settle(r, 0);
        if (!r->depth || r->stack[r->depth - 1].op != OPEN)
            r->failed = 1;
        else if (c == ')') {
            int call = r->stack[--r->depth].call;
            if (call >= 0)
                emit(r, call, 0);
        }
        *operand_next = c == ',';
    } else
        r->failed = 1;
    r->at++;
}

static void read_operator(reader *r, int *operand_next)
{
    for (const ad_operator *o = ad_operators; o->text; o++) {
        size_t length = strlen(o->text);
        if (!strncmp(r->at, o->text, length)) {
            settle(r, o->precedence);
            defer(r, o->op, o->precedence, 0);
            r->at += length;
            *operand_next = 1;
            return;
        }
    }
    read_mark(r, operand_next);
}

/* How many operands each step takes must fit; leaves one. */
static int balanced(const ad_program *program)
{
    int depth = 0;
    for (int i = 0; i < program->size; i++) {
        int op = program->step[i].op;
        depth += op >= AD_OP_COUNT ? 1 : 1 - ad_rules[op].arity;
        if (depth < 1 || depth > AD_DEPTH)
            return 0;
    }
    return depth == 1;
}

static int read_expression(const char *text, ad_program *program)
{
    reader r = {.at = text, .program = program};
    int operand_next = 1;
    program->size = 0;
    while (*r.at && !r.failed) {
        if (*r.at == ' ')
            r.at++;
        else if (operand_next && (isdigit((unsigned char)*r.at) || *r.at == '.')) {
            char *end;
            emit(&r, AD_PUSH_NUMBER, strtod(r.at, &end));
            r.at = end;
            operand_next = 0;
        } else if (operand_next && isalpha((unsigned char)*r.at))
            read_word(&r, &operand_next);
        else if (operand_next && *r.at == '(') {
            defer(&r, OPEN, 0, -1);
            r.at++;
        } else if (operand_next && *r.at == '-') {
            defer(&r, AD_OP_neg, UNARY, 0);
            r.at++;
        } else if (!operand_next)
            read_operator(&r, &operand_next);
        else
            r.failed = 1;
    }
    settle(&r, 0);
    return !r.failed && !operand_next && r.depth == 0 && balanced(program);
}

/* ---- Programs, read once for the process ---------------------------------------------------------------------------- */

static ad_program     programs[AD_OP_COUNT][3];
static unsigned char  sound[AD_OP_COUNT][3];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_all(void)
{
    for (int op = AD_OP_THIRD + 1; op < AD_OP_COUNT; op++)
        for (int i = 0; i < ad_rules[op].partials; i++)
            sound[op][i] = (unsigned char)read_expression(ad_rules[op].partial[i], &programs[op][i]);
}

const ad_program *ad_partial_program(enum ad_op op, int operand)
{
    pthread_once(&once, read_all);
    return op < AD_OP_COUNT && sound[op][operand] ? &programs[op][operand] : NULL;
}
