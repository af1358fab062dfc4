/* text.c -- formulas of nodes in infix. The way a row is written comes from its value in ops.def: what is one operator
 * between x and y there is that operator here, everything else is a call. */
#include "text.h"

#include "node.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How tightly what is written binds, as in C, with powers above. */
enum { CHOICE = 1, EQUALITY = 3, ORDER, SUM, PRODUCT, MINUS, POWER, ATOM };

/* `between` separates operands: NULL for a call. */
typedef struct form {
    const char *between;
    int         binds;
} form;

static form form_of(const ad_node *node)
{
    static const struct { const char *value, *between; int binds; } forms[] = {
        {"x + y", " + ", SUM},      {"x - y", " - ", SUM},       {"x * y", "*", PRODUCT},  {"x / y", "/", PRODUCT},
        {"x < y", " < ", ORDER},    {"x <= y", " <= ", ORDER},   {"x > y", " > ", ORDER},  {"x >= y", " >= ", ORDER},
        {"x == y", " == ", EQUALITY}, {"x != y", " != ", EQUALITY}, {"pow(x, y)", "^", POWER}, {"-x", "", MINUS},
        {"chain(x, y)", "*", PRODUCT}, {"x != 0 ? y : w", " ? ", CHOICE}, {"dot(n, x, y)", " + ", SUM},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (node->rule->value && !strcmp(forms[i].value, node->rule->value))
            return (form){forms[i].between, node->op == AD_OP_dot && node->n == 2 ? PRODUCT : forms[i].binds};
    return (form){NULL, ATOM};
}

/* What a call is called: as models have it. */
static const char *name_of(const ad_node *node)
{
    return node->op == AD_OP_maximum ? "max" : node->op == AD_OP_minimum ? "min" : node->rule->name;
}

/* ---- The writer: no recursion, a frame for every operation that is open ---------------------------------------------- */

enum { DEEPEST = 24 };

typedef struct writer {
    ad_tape *tape;
    char    *text;
    size_t   size, length;
    int      overflows, cuts;              /* the text was too long; then take what fits of it */
    int      depth, deepest;               /* frames open, and at most */
    size_t   longest;                      /* operands of a list that are shown, at most */
    struct frame { ad_node node; form form; size_t next; int parentheses; } frames[DEEPEST];
} writer;

static void put(writer *w, const char *text)
{
    size_t n = strlen(text);
    if (w->overflows || n >= w->size - w->length) {
        n = w->cuts && !w->overflows ? w->size - w->length - 1 : 0;
        w->overflows = 1;
    }
    memcpy(w->text + w->length, text, n);
    w->text[w->length += n] = 0;
}

static void put_number(writer *w, double number)
{
    char digits[40];
    for (int n = 15; n <= 17; n++) {
        snprintf(digits, sizeof digits, "%.*g", n, number);
        if (isnan(number) || strtod(digits, NULL) == number)
            break;
    }
    put(w, isnan(number) ? "nan" : digits);
}

/* Whether it begins with a minus: then it stands in parentheses behind an operator. */
static int begins_with_minus(const writer *w, uint32_t id, const ad_node *node)
{
    return node->op == AD_OP_neg || (node->op == AD_OP_CONSTANT && signbit(w->tape->head->values[id]));
}

/* Writes a node, or opens the frame that will. Parentheses where it binds less than `least`. */
static void visit(writer *w, uint32_t id, int least, int behind_operator, int named)
{
    ad_node node = ad_node_at(w->tape, id);
    const char *name = named ? ad_name_of(ad_var_at(w->tape, id)) : NULL;
    if (!name && (node.op == AD_OP_PARAM || node.op == AD_OP_COLUMN))
        name = ad_name_of(ad_var_at(w->tape, id));
    if (name) {
        put(w, name);
        return;
    }
    int minus = begins_with_minus(w, id, &node);
    if (node.op == AD_OP_CONSTANT) {
        int parentheses = minus && (behind_operator || least > MINUS);
        put(w, parentheses ? "(" : "");
        put_number(w, w->tape->head->values[id]);
        put(w, parentheses ? ")" : "");
    } else if (node.op <= AD_OP_COLUMN) {
        char place[40];
        snprintf(place, sizeof place, "input[%u]", (unsigned)ad_word_y(w->tape->head->words[id]));
        put(w, place);
    } else if (w->depth == w->deepest) {
        put(w, "...");
    } else {
        struct frame *f = &w->frames[w->depth++];
        *f = (struct frame){.node = node, .form = form_of(&node)};
        f->parentheses = f->form.binds < least || (minus && behind_operator);
        put(w, f->parentheses ? "(" : "");
        put(w, minus ? "-" : f->form.between ? "" : name_of(&node));
        put(w, f->form.between ? "" : "(");
    }
}

/* What operand k must bind at least as tightly as. Sums of sums and products of products need no parentheses. */
static int least_of(const writer *w, const struct frame *f, size_t k)
{
    const ad_node *node = &f->node;
    if (!f->form.between)
        return 0;
    if (node->op == AD_OP_dot)
        return k % 2 ? MINUS : PRODUCT;
    switch (f->form.binds) {
    case CHOICE: return k == 2 ? CHOICE : CHOICE + 1;
    case MINUS:  return PRODUCT;
    case POWER:  return k ? POWER : ATOM;
    case SUM: case PRODUCT: {
        ad_node operand = ad_node_at(w->tape, ad_node_operand(node, k));
        int same = (node->op == AD_OP_add && operand.op == AD_OP_add) || (node->op == AD_OP_mul && operand.op == AD_OP_mul);
        return f->form.binds + (k && !same);
    }
    default: return f->form.binds + 1;     /* comparisons do not chain */
    }
}

static void step(writer *w)
{
    struct frame *f = &w->frames[w->depth - 1];
    size_t k = f->next, n = f->node.n;
    if (k == n) {
        put(w, f->form.between ? "" : ")");
        put(w, f->parentheses ? ")" : "");
        w->depth--;
        return;
    }
    int pair = f->node.op == AD_OP_dot && k % 2;
    const char *between = pair ? "*" : f->form.between ? f->form.between : ", ";
    if (f->form.binds == CHOICE && k == 2)
        between = " : ";
    put(w, k ? between : "");
    size_t width = f->node.width;
    if (f->node.list && n > w->longest * width && k == (w->longest - 1) * width) {
        put(w, "...");                     /* the first ones, and the last */
        f->next = n - width;
        put(w, between);
        k = f->next;
    }
    f->next++;
    visit(w, ad_node_operand(&f->node, k), least_of(w, f, k), f->form.between && (k > 0 || f->form.binds == MINUS) && f->form.binds != CHOICE, 1);
}

static int attempt(writer *w, uint32_t id, int named, int deepest, size_t longest)
{
    w->length = 0;
    w->overflows = w->depth = 0;
    w->deepest = deepest;
    w->longest = longest;
    visit(w, id, 0, 0, named);
    while (w->depth && !w->overflows)
        step(w);
    return !w->overflows;
}

/* What was too long even so, by its names: the end of what fitted becomes dots, not within a character of UTF-8. */
static void end_in_dots(writer *w)
{
    size_t n = w->size > 4 ? w->size - 4 : 0;
    while (n && ((unsigned char)w->text[n] & 0xc0) == 0x80)
        n--;
    w->length = n;
    w->overflows = 0;
    put(w, &"..."[w->size > 4 ? 0 : 4 - w->size]);
}

static size_t write_text(ad_var v, char *text, size_t size, int named, const char *function)
{
    if (!size)
        return 0;
    text[0] = 0;
    writer w = {.text = text, .size = size};
    if (ad_is_plain(v)) {
        put_number(&w, v.value);
        return w.length;
    }
    if (!(w.tape = ad_tape_of(v, function))) {
        put(&w, "?");
        return w.length;
    }
    static const struct { int deepest; size_t longest; } tries[] = {
        {DEEPEST, 64}, {12, 16}, {8, 8}, {6, 8}, {5, 4}, {4, 4}, {3, 4}, {2, 4}, {2, 3}, {1, 3}, {1, 2},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        if (attempt(&w, ad_id(v), named, tries[i].deepest, tries[i].longest))
            return w.length;
    w.cuts = 1;
    if (!attempt(&w, ad_id(v), named, 1, 2))
        end_in_dots(&w);
    return w.length;
}

size_t ad_text_of(ad_var v, char *text, size_t size) { return write_text(v, text, size, 1, "text_of"); }
size_t ad_formula_of(ad_var v, char *text, size_t size) { return write_text(v, text, size, 0, "formula_of"); }

/* ---- Inputs ----------------------------------------------------------------------------------------------------------- */

size_t ad_inputs_of(ad_var v, size_t most, ad_var *inputs)
{
    ad_tape *tape = ad_is_plain(v) ? NULL : ad_tape_of(v, "inputs_of");
    if (!tape)
        return 0;
    uint32_t top = ad_id(v);
    size_t nodes = top + (size_t)1, found = 0;
    unsigned char *reached = ad_resize(&tape->allocator, NULL, 0, nodes);
    if (!reached) {
        ad_fault_memory(tape, "inputs_of", "its marks");
        return 0;
    }
    memset(reached, 0, nodes);
    reached[top] = 1;
    for (uint32_t i = top + 1; i-- > 0;) {
        if (!reached[i])
            continue;
        ad_node node = ad_node_at(tape, i);
        for (size_t k = 0; k < node.n; k++)
            reached[ad_node_operand(&node, k)] = 1;
    }
    const uint32_t *ids = tape->inputs.base;
    for (uint32_t k = 0; k < tape->n_inputs && ids[k] <= top; k++)
        if (reached[ids[k]] && found++ < most)
            inputs[found - 1] = ad_var_at(tape, ids[k]);
    ad_resize(&tape->allocator, reached, nodes, 0);
    return found;
}
