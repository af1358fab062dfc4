/* text.c -- formulas of nodes in infix. The way a row is written comes from its value in ops.def: what is one operator
 * between x and y there is that operator here, everything else is a call. */
#include "text.h"

#include "node.h"
#include "write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How tightly what is written binds, as in C, with powers above. */
enum { CHOICE = 1, EQUALITY = 3, ORDER, SUM, PRODUCT, MINUS, POWER, ATOM };

/* `between` separates operands; a call where `open` is NULL: its name and a parenthesis. Operands of what is `closed` stand
 * within braces or bars and need no parentheses. */
typedef struct form {
    const char *between, *open, *close;
    int         binds, closed;
} form;

static const struct { const char *value, *between; int binds; } infix[] = {
    {"x + y", " + ", SUM},      {"x - y", " - ", SUM},       {"x * y", "*", PRODUCT},  {"x / y", "/", PRODUCT},
    {"x < y", " < ", ORDER},    {"x <= y", " <= ", ORDER},   {"x > y", " > ", ORDER},  {"x >= y", " >= ", ORDER},
    {"x == y", " == ", EQUALITY}, {"x != y", " != ", EQUALITY}, {"pow(x, y)", "^", POWER}, {"powi(x, y)", "^", POWER},
    {"-x", "", MINUS},          {"chain(x, y)", "*", PRODUCT}, {"x != 0 ? y : w", " ? ", CHOICE},
    {"dot(n, x, y)", " + ", SUM},
};

/* What LaTeX writes otherwise; a function without an entry is an \\operatorname. */
static const struct { const char *value; form form; } in_latex[] = {
    {"x * y", {" \\cdot ", "", "", PRODUCT, 0}},   {"chain(x, y)", {" \\cdot ", "", "", PRODUCT, 0}},
    {"x / y", {"}{", "\\frac{", "}", MINUS, 1}},
    {"pow(x, y)", {"^{", "", "}", POWER, 0}},      {"powi(x, y)", {"^{", "", "}", POWER, 0}},
    {"x * x", {"", "", "^{2}", POWER, 0}},         {"x <= y", {" \\le ", "", "", ORDER, 0}},
    {"x >= y", {" \\ge ", "", "", ORDER, 0}},      {"x == y", {" = ", "", "", EQUALITY, 0}},
    {"x != y", {" \\ne ", "", "", EQUALITY, 0}},   {"x != 0 ? y : w", {" \\;?\\; ", "", "", CHOICE, 0}},
    {"sqrt(x)", {"", "\\sqrt{", "}", ATOM, 1}},    {"cbrt(x)", {"", "\\sqrt[3]{", "}", ATOM, 1}},
    {"fabs(x)", {"", "\\left|", "\\right|", ATOM, 1}}, {"floor(x)", {"", "\\lfloor ", "\\rfloor ", ATOM, 1}},
    {"ceil(x)", {"", "\\lceil ", "\\rceil ", ATOM, 1}}, {"sigmoid(x)", {"", "\\sigma\\left(", "\\right)", ATOM, 1}},
};
static const char *const latex_functions[] = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max"};

static form form_of(const ad_node *node, ad_style style)
{
    const char *value = node->rule->value ? node->rule->value : "";
    for (size_t i = 0; style.latex && i < sizeof in_latex / sizeof *in_latex; i++)
        if (!strcmp(in_latex[i].value, value))
            return in_latex[i].form;
    if (!strcmp(value, "x * x"))
        return (form){"", "", "^2", POWER, 0};
    for (size_t i = 0; i < sizeof infix / sizeof *infix; i++)
        if (!strcmp(infix[i].value, value))
            return (form){infix[i].between, "", "", node->op == AD_OP_dot && node->n == 2 ? PRODUCT : infix[i].binds, 0};
    return (form){", ", NULL, style.latex ? "\\right)" : ")", ATOM, 1};
}

/* What a call is called: as models have it. */
static const char *name_of(const ad_node *node)
{
    return node->op == AD_OP_maximum ? "max" : node->op == AD_OP_minimum ? "min" : node->rule->name;
}

/* ---- The writer: no recursion, a frame for every operation that is open ---------------------------------------------- */

enum { DEEPEST = 24, LATEX_WIDTH = 80 };

typedef struct writer {
    ad_tape *tape;
    ad_style style;
    char    *text;
    size_t   size, length;
    int      overflows, cuts;              /* the text was too long; then take what fits of it */
    int      depth, deepest;               /* frames open, and at most */
    size_t   longest;                      /* operands of a list that are shown, at most */
    struct frame { ad_node node; form form; size_t next, terms; int parentheses, behind; } frames[DEEPEST];
} writer;

static void put_some(writer *w, const char *text, size_t n)
{
    if (w->overflows || n >= w->size - w->length) {
        n = w->cuts && !w->overflows ? w->size - w->length - 1 : 0;
        w->overflows = 1;
    }
    memcpy(w->text + w->length, text, n);
    w->text[w->length += n] = 0;
}

static void put(writer *w, const char *text) { put_some(w, text, strlen(text)); }

static void put_parenthesis(writer *w, int wanted, int opens)
{
    put(w, !wanted ? "" : w->style.latex ? (opens ? "\\left(" : "\\right)") : opens ? "(" : ")");
}

/* The fewest digits that read back, or as many as are asked for. */
static void put_number(writer *w, double number, int digits)
{
    char text[40];
    for (int n = digits ? digits : 15; n <= (digits ? digits : 17); n++) {
        snprintf(text, sizeof text, "%.*g", n, number);
        if (isnan(number) || strtod(text, NULL) == number)
            break;
    }
    char *e = strchr(text, 'e');
    if (!isfinite(number) && w->style.latex)
        put(w, isnan(number) ? "\\mathrm{nan}" : number < 0 ? "-\\infty" : "\\infty");
    else if (isnan(number))
        put(w, "nan");
    else if (e && w->style.latex) {
        put_some(w, text, (size_t)(e - text));
        snprintf(text, sizeof text, " \\times 10^{%ld}", strtol(e + 1, NULL, 10));
        put(w, text);
    } else
        put(w, text);
}

/* ---- Names --------------------------------------------------------------------------------------------------------------- */

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

static const char *const letters[] = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi",
    "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma",
    "Upsilon", "Phi", "Psi", "Omega",
};

/* A run of letters: one alone, a Greek one, or upright. */
static void put_word(writer *w, const char *word, size_t n)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (strlen(letters[i]) == n && !strncmp(letters[i], word, n)) {
            put(w, "\\");
            put_some(w, word, n);
            return;
        }
    put(w, n > 1 ? "\\mathrm{" : "");
    for (size_t i = 0; i < n; i++) {
        put(w, strchr("_#$%&{}", word[i]) ? "\\" : "");
        put(w, strchr("\\^~", word[i]) ? "?" : "");
        put_some(w, word + i, !strchr("\\^~", word[i]));
    }
    put(w, n > 1 ? "}" : "");
}

/* Letters with the digits behind them, or what follows an underscore, as a subscript. */
static void put_symbol(writer *w, const char *name, size_t n)
{
    size_t head = 0;
    while (head < n && is_letter(name[head]))
        head++;
    size_t sub = head + (head < n && name[head] == '_'), plain = sub;
    while (plain < n && (is_letter(name[plain]) || is_digit(name[plain])))
        plain++;
    if (!head || head == n || plain < n || sub == n) {
        put_word(w, name, n);
        return;
    }
    put_word(w, name, head);
    put(w, "_{");
    if (is_digit(name[sub]))
        put_some(w, name + sub, n - sub);
    else
        put_word(w, name + sub, n - sub);
    put(w, "}");
}

static void put_name(writer *w, const char *name)
{
    const char *by = name[0] == 'd' ? strstr(name, "/d") : NULL;
    if (!w->style.latex)
        put(w, name);
    else if (by) {
        put(w, "\\frac{\\partial ");
        put_symbol(w, name + 1, (size_t)(by - name) - 1);
        put(w, "}{\\partial ");
        put_symbol(w, by + 2, strlen(by + 2));
        put(w, "}");
    } else
        put_symbol(w, name, strlen(name));
}

/* ---- Nodes --------------------------------------------------------------------------------------------------------------- */

/* What is written as one list of terms or factors. */
static int is_sum(const ad_node *node) { return node->op == AD_OP_add || node->op == AD_OP_sub; }
static int is_chain(const ad_node *node) { return is_sum(node) || node->op == AD_OP_mul; }

/* The sum that a sum begins with, when it is written out in it, as in a + b + c; and so the product of a product. */
static int begins_alike(const writer *w, const ad_node *node, ad_node *first)
{
    if (!is_chain(node) || ad_name_of(ad_var_at(w->tape, node->fixed[0])))
        return 0;
    *first = ad_node_at(w->tape, node->fixed[0]);
    return is_chain(first) && is_sum(first) == is_sum(node);
}

static size_t terms_of(const writer *w, const ad_node *node)
{
    ad_node at = *node, first;
    size_t n = at.n;
    while (begins_alike(w, &at, &first)) {
        at = first;
        n++;
    }
    return n;
}

/* Term k of n: an operand of one of the nodes down the chain; *node becomes that one, *place which of its operands it is. */
static uint32_t term_of(const writer *w, ad_node *node, size_t k, size_t n, size_t *place)
{
    ad_node first;
    for (size_t last = n - 1; last > k && last > 1 && begins_alike(w, node, &first); last--)
        *node = first;
    *place = k ? 1 : 0;
    return node->fixed[*place];
}

/* Whether what is written begins with a minus: then it stands in parentheses behind an operator; where that is of a number put
 * in, the number alone does. */
static int begins_with_minus(const writer *w, uint32_t id, int *is_number)
{
    for (;;) {
        ad_node node = ad_node_at(w->tape, id);
        int input = node.op == AD_OP_PARAM || node.op == AD_OP_COLUMN, named = w->style.digits && ad_name_of(ad_var_at(w->tape, id));
        *is_number = node.op == AD_OP_CONSTANT || (w->style.digits && (input || named));
        if (*is_number)
            return signbit(w->tape->head->values[id]) && !isnan(w->tape->head->values[id]);
        if (ad_name_of(ad_var_at(w->tape, id)) || node.op == AD_OP_neg || (node.op != AD_OP_mul && node.op != AD_OP_chain &&
            (node.op != AD_OP_div || w->style.latex)))
            return node.op == AD_OP_neg && !ad_name_of(ad_var_at(w->tape, id));
        id = ad_node_operand(&node, 0);
    }
}

static void put_value(writer *w, double value, int digits, int least, int behind_operator)
{
    int parentheses = signbit(value) && !isnan(value) && (behind_operator || least > MINUS);
    put_parenthesis(w, parentheses, 1);
    put_number(w, value, digits);
    put_parenthesis(w, parentheses, 0);
}

static void open_call(writer *w, const char *name)
{
    int known = 0;
    for (size_t i = 0; i < sizeof latex_functions / sizeof *latex_functions; i++)
        known |= !strcmp(latex_functions[i], name);
    put(w, !w->style.latex ? "" : known ? "\\" : "\\operatorname{");
    for (const char *at = name; *at; at++) {
        put(w, w->style.latex && *at == '_' ? "\\" : "");
        put_some(w, at, 1);
    }
    put(w, w->style.latex && !known ? "}" : "");
    put_parenthesis(w, 1, 1);
}

/* Writes a node, or opens the frame that will. Parentheses where it binds less than `least`. */
static void visit(writer *w, uint32_t id, int least, int behind_operator, int named)
{
    ad_node node = ad_node_at(w->tape, id);
    int input = node.op == AD_OP_PARAM || node.op == AD_OP_COLUMN;
    double value = w->tape->head->values[id];
    const char *name = named || input ? ad_name_of(ad_var_at(w->tape, id)) : NULL;
    if (w->style.digits && (name || input)) {
        put_value(w, value, w->style.digits, least, behind_operator);
        return;
    }
    if (input && w->style.marked) {
        char mark[16];
        snprintf(mark, sizeof mark, "%c%u%c", AD_MARK_BEGIN, (unsigned)ad_word_y(w->tape->head->words[id]), AD_MARK_END);
        put(w, mark);
        return;
    }
    if (name) {
        put_name(w, name);
        return;
    }
    if (node.op == AD_OP_CONSTANT) {
        put_value(w, value, w->style.constants && ad_is_long(value) ? w->style.constants : 0, least, behind_operator);
    } else if (node.op <= AD_OP_COLUMN) {
        char place[40];
        snprintf(place, sizeof place, "input[%u]", (unsigned)ad_word_y(w->tape->head->words[id]));
        put_name(w, place);
    } else if (w->depth == w->deepest) {
        put(w, w->style.latex ? "\\ldots" : "...");
    } else {
        struct frame *f = &w->frames[w->depth++];
        *f = (struct frame){.node = node, .form = form_of(&node, w->style), .terms = is_chain(&node) ? terms_of(w, &node) : node.n};
        int is_number = 0, minus = behind_operator && begins_with_minus(w, id, &is_number);
        is_number &= w->style.digits != 0;
        f->parentheses = f->form.binds < least || (minus && !is_number);
        f->behind = minus && !f->parentheses;
        put_parenthesis(w, f->parentheses, 1);
        put(w, node.op == AD_OP_neg ? "-" : f->form.open ? f->form.open : "");
        if (!f->form.open)
            open_call(w, name_of(&node));
    }
}

/* What operand k of a node must bind at least as tightly as. Sums of sums and products of products need no parentheses. */
static int least_of(const writer *w, const struct frame *f, const ad_node *node, size_t k)
{
    if (f->form.closed)
        return 0;
    if (node->op == AD_OP_dot)
        return k % 2 ? MINUS : PRODUCT;
    switch (f->form.binds) {
    case CHOICE: return k == 2 ? CHOICE : CHOICE + 1;
    case MINUS:  return PRODUCT;
    case POWER:  return !k ? ATOM : w->style.latex ? 0 : POWER;
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
    size_t k = f->next, n = f->terms, width = f->node.width, place = k;
    if (k == n) {
        put(w, f->form.close);
        put_parenthesis(w, f->parentheses, 0);
        w->depth--;
        return;
    }
    ad_node node = f->node;
    if (is_chain(&node)) {
        width = 1;
        term_of(w, &node, k, n, &place);
    }
    const char *between = is_chain(&node) ? form_of(&node, w->style).between : f->form.between;
    if (f->node.op == AD_OP_dot && k % 2)
        between = w->style.latex ? " \\cdot " : "*";
    if (f->form.binds == CHOICE && k == 2)
        between = w->style.latex ? " \\;:\\; " : " : ";
    put(w, k ? between : "");
    if ((f->node.list || is_chain(&node)) && n > w->longest * width && k == (w->longest - 1) * width) {
        put(w, w->style.latex ? "\\ldots" : "...");   /* the first ones, and the last */
        k = n - width;
        node = f->node;
        place = is_chain(&node) ? 1 : k;
        put(w, is_chain(&node) ? form_of(&node, w->style).between : between);
    }
    f->next = k + 1;
    int behind_operator = !f->form.closed && (k > 0 || f->behind || f->form.binds == MINUS) && f->form.binds != CHOICE &&
                          !(w->style.latex && f->form.binds == POWER);
    visit(w, ad_node_operand(&node, place), least_of(w, f, &node, place), behind_operator, 1);
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

static size_t write_text(ad_var v, char *text, size_t size, int named, ad_style style, const char *function)
{
    if (!size)
        return 0;
    text[0] = 0;
    writer w = {.text = text, .size = size, .style = style};
    if (ad_is_plain(v)) {
        put_number(&w, v.value, 0);
        return w.length;
    }
    if (!(w.tape = ad_tape_of(v, function))) {
        put(&w, "?");
        return w.length;
    }
    static const struct { int deepest; size_t longest; } tries[] = {
        {DEEPEST, 64}, {12, 16}, {8, 8}, {6, 8}, {5, 4}, {4, 4}, {3, 4}, {2, 4}, {2, 3}, {1, 3}, {1, 2},
    };
    char plain[LATEX_WIDTH];
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        if (style.latex) {                         /* as much as in plain characters would fit a line of a page */
            writer measure = {.text = plain, .size = sizeof plain, .style = {.digits = style.digits, .constants = style.constants}, .tape = w.tape};
            if (!attempt(&measure, ad_id(v), named, tries[i].deepest, tries[i].longest) && i + 1 < sizeof tries / sizeof *tries)
                continue;
        }
        if (attempt(&w, ad_id(v), named, tries[i].deepest, tries[i].longest))
            return w.length;
    }
    w.cuts = 1;
    if (!attempt(&w, ad_id(v), named, 1, 2))
        end_in_dots(&w);
    return w.length;
}

size_t ad_text_of(ad_var v, char *text, size_t size) { return write_text(v, text, size, 1, (ad_style){0}, "text_of"); }
size_t ad_formula_of(ad_var v, char *text, size_t size)
{
    return write_text(v, text, size, 0, (ad_style){0}, "formula_of");
}

size_t ad_write_formula(ad_var v, int named, ad_style style, char *text, size_t size)
{
    return write_text(v, text, size, named, style, "formula_of");
}

int ad_is_long(double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.12g", number);
    return isfinite(number) && strtod(text, NULL) != number;
}

size_t ad_write_number(double number, ad_style style, char *text, size_t size)
{
    writer w = {.text = text, .size = size, .style = style, .cuts = 1};
    put_number(&w, number, style.digits);
    return w.length;
}

size_t ad_write_name(const char *name, ad_style style, char *text, size_t size)
{
    writer w = {.text = text, .size = size, .style = style, .cuts = 1};
    put_name(&w, name);
    return w.length;
}

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
