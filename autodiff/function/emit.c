/* emit.c -- a function and its gradient as standalone C99: the text, from the rows of ops.def and the texts behind scalar.h.
 *
 * What is written, and in what form, is decided in emit_plan.c. There is no table of operations here: a node is its row's
 * value with the operands' names in place of x, y and w, and what the row calls beyond libm is copied from the library's
 * own source (autodiff/rules/helpers.h).
 */
#include "emit.h"
#include "emit_plan.h"

#include "autodiff/rules/helpers.h"

#include <stdio.h>

typedef struct writing {
    ad_emission    plan;
    ad_names       names;
    ad_text        text;
    const char    *prefix;
    int            with_value, careful;    /* the loss is written also; products are all with care at present */
    unsigned char *helper;                 /* [ad_helper_count] needed */
} writing;

static void add(writing *w, const char *text) { ad_text_add(&w->text, text); }

/* '@' stands for the prefix and '_'. */
static void add_own(writing *w, const char *text)
{
    for (const char *at; (at = strchr(text, '@')) != NULL; text = at + 1) {
        ad_text_add_n(&w->text, text, (size_t)(at - text));
        add(w, w->prefix);
        add(w, "_");
    }
    add(w, text);
}

/* ---- A node ---------------------------------------------------------------------------------------------------------------- */

static void add_place(writing *w, const char *array, size_t number)
{
    add(w, array);
    add(w, "[");
    ad_text_count(&w->text, number);
    add(w, "]");
}

/* The name of an input, or NULL. */
static const char *input_name(const writing *w, const ad_graph_node *n)
{
    return ad_names_at(&w->names, n->x + (n->op == AD_OP_COLUMN ? w->plan.f->n_params : 0));
}

/* A number, a variable, or the place of an input without a name. */
static void add_operand(writing *w, uint32_t i)
{
    const ad_graph_node *n = ad_graph_at(&w->plan.graph, i);
    if (n->op == AD_OP_CONSTANT)
        ad_text_number(&w->text, n->number);
    else if (n->op == AD_OP_PARAM || n->op == AD_OP_COLUMN) {
        if (input_name(w, n))
            add(w, input_name(w, n));
        else
            add_place(w, n->op == AD_OP_PARAM ? "params" : "columns", n->x);
    } else {
        add(w, w->names.stem);
        ad_text_count(&w->text, w->plan.number[i]);
    }
}

static int in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* The length of the word, number or mark that a row's text goes on with. */
static size_t token(const char *text)
{
    size_t n = 0;
    while (in_word(text[n]))
        n++;
    return n ? n : 1;
}

/* The helper of that name, or -1. */
static int helper_named(const char *name, size_t length)
{
    for (int i = 0; i < ad_helper_count; i++)
        if (strlen(ad_helpers[i].name) == length && !strncmp(ad_helpers[i].name, name, length))
            return i;
    return -1;
}

static void add_row(writing *w, const char *text, const uint32_t *operand)
{
    for (size_t n; *text; text += n) {
        n = token(text);
        int helper = text[n] == '(' ? helper_named(text, n) : -1;
        if (n == 1 && (*text == 'x' || *text == 'y' || *text == 'w'))
            add_operand(w, operand[*text == 'x' ? 0 : *text == 'y' ? 1 : 2]);
        else {
            add_own(w, helper >= 0 ? "@" : "");
            ad_text_add_n(&w->text, text, n);
        }
    }
}

/* sigmoid(x), where sigmoid(-x) is wanted too. */
static const char sigmoid_both[] = "sigmoid_both(x)";

static void add_value(writing *w, uint32_t i)
{
    uint32_t operand[3] = {0, 0, 0};
    ad_emission_operands(&w->plan, i, operand);
    add_row(w, (w->plan.mark[i] & AD_MARK_PLAIN) && !w->careful ? "x * y" : ad_rules[ad_graph_at(&w->plan.graph, i)->op].value,
            operand);
}

static void add_node(writing *w, uint32_t i, unsigned char mark)
{
    const ad_emission *e = &w->plan;
    int both = mark == AD_MARK_GRADIENT && (e->mark[i] & AD_MARK_BOTH_SIGNS), complement = e->mark[i] & AD_MARK_COMPLEMENT;
    if (both) {
        add_own(w, "    const struct @both ");
        add_operand(w, i);
        add(w, "_both = ");
        add_row(w, sigmoid_both, &ad_graph_at(&e->graph, i)->x);
        add(w, ";\n");
    }
    add(w, "    const double ");
    add_operand(w, i);
    add(w, " = ");
    if (both || complement) {
        add_operand(w, complement ? e->mate[i] : i);
        add(w, complement ? "_both.other" : "_both.value");
    } else
        add_value(w, i);
    add(w, ";\n");
}

/* ---- A function ------------------------------------------------------------------------------------------------------------- */

/* The inputs that are used and have names, then a line a node. */
static void add_nodes(writing *w, unsigned char mark)
{
    const ad_emission *e = &w->plan;
    int uses[2] = {0, 0}, named = 0;
    for (uint32_t i = 0; i < e->graph.n; i++) {
        const ad_graph_node *n = ad_graph_at(&e->graph, i);
        int column = n->op == AD_OP_COLUMN;
        if (!(e->mark[i] & mark) || (n->op != AD_OP_PARAM && !column))
            continue;
        uses[column] = 1;
        if (!input_name(w, n))
            continue;
        named = 1;
        add(w, "    const double ");
        add_operand(w, i);
        add(w, " = ");
        add_place(w, column ? "columns" : "params", n->x);
        add(w, ";\n");
    }
    add(w, uses[0] ? "" : "    (void)params;\n");
    add(w, uses[1] ? "" : "    (void)columns;\n");
    add(w, named ? "\n" : "");
    for (uint32_t i = 0; i < e->graph.n; i++)
        if ((e->mark[i] & mark) && !(e->mark[i] & AD_MARK_RESULT) && ad_graph_at(&e->graph, i)->op > AD_OP_THIRD)
            add_node(w, i, mark);
}

/* array[0] = ...; with the names of the params, if it is by them. */
static void add_results(writing *w, const char *array, uint32_t n, const uint32_t *nodes, int by_params)
{
    for (uint32_t k = 0; k < n; k++) {
        const char *name = by_params ? ad_names_at(&w->names, k) : NULL;
        add(w, "    ");
        add_place(w, array, k);
        add(w, " = ");
        if (w->plan.mark[nodes[k]] & AD_MARK_RESULT)
            add_value(w, nodes[k]);
        else
            add_operand(w, nodes[k]);
        add(w, name ? "; /* by " : ";");
        add(w, name ? name : "");
        add(w, name ? " */\n" : "\n");
    }
}

/* Whether all the factors are finite, as their sum's being so tells, which overflow may deny; in short sums, since each
 * waits for the one before. */
static void add_check(writing *w)
{
    uint32_t n = 0;
    add(w, "    if (!(0 * (");
    for (uint32_t i = 0; i < w->plan.graph.n; i++)
        if (w->plan.mark[i] & AD_MARK_CHECKED) {
            add(w, n % 8 ? " + " : n ? ") +\n               (" : "(");
            add_operand(w, i);
            n++;
        }
    add_own(w, ")) == 0))\n        return @careful(params, columns, gradient);\n");
}

static void add_gradient(writing *w, const char *head, int careful)
{
    const ad_emission *e = &w->plan;
    w->careful = careful;
    add_own(w, head);
    add(w, "{\n");
    add(w, e->f->n_params ? "" : "    (void)gradient;\n");
    add_nodes(w, AD_MARK_GRADIENT);
    add(w, "\n");
    add_results(w, "gradient", e->f->n_params, e->gradient, 1);
    if (e->any_plain && !careful)
        add_check(w);
    add(w, "    return ");
    add_operand(w, e->value[0]);
    add(w, ";\n}\n");
}

static void add_values(writing *w)
{
    const ad_emission *e = &w->plan;
    int one = e->f->n_outputs == 1;
    add_own(w, one ? "\ndouble @loss(const double *params, const double *columns)\n{\n"
                   : "\nvoid @values(const double *params, const double *columns, double *values)\n{\n");
    add_nodes(w, AD_MARK_VALUE);
    add(w, "\n");
    if (one) {
        add(w, "    return ");
        add_operand(w, e->value[0]);
        add(w, ";\n");
    } else
        add_results(w, "values", e->f->n_outputs, e->value, 0);
    add(w, "}\n");
}

static void add_functions(writing *w)
{
    if (w->with_value)
        add_values(w);
    if (w->plan.with_gradient && w->plan.any_plain)
        add_gradient(w, "\n/* As @gradient, but a product of which a factor is 0 is 0, whatever the other: for where zero meets infinity. */\n"
                        "static double @careful(const double *restrict params, const double *restrict columns,\n"
                        "                               double *restrict gradient)\n", 1);
    if (w->plan.with_gradient)
        add_gradient(w, "\ndouble @gradient(const double *restrict params, const double *restrict columns, double *restrict gradient)\n", 0);
}

/* ---- What stands above ------------------------------------------------------------------------------------------------------ */

/* Marks what a row's text calls. */
static void need_helpers_of(writing *w, const char *text)
{
    for (size_t n; *text; text += n) {
        n = token(text);
        int helper = text[n] == '(' ? helper_named(text, n) : -1;
        if (helper >= 0)
            w->helper[helper] = 1;
    }
}

static void need_helpers(writing *w)
{
    const ad_emission *e = &w->plan;
    unsigned char row[AD_OP_COUNT] = {0}, marks = AD_MARK_GRADIENT | (w->with_value ? AD_MARK_VALUE : 0);
    for (uint32_t i = 0; i < e->graph.n; i++) {
        int in_loss = w->with_value && (e->mark[i] & AD_MARK_VALUE);
        if (!(e->mark[i] & marks))
            continue;
        if (e->mark[i] & AD_MARK_COMPLEMENT)
            need_helpers_of(w, sigmoid_both);
        else if (in_loss || !(e->mark[i] & AD_MARK_BOTH_SIGNS))
            row[ad_graph_at(&e->graph, i)->op] = 1;
    }
    for (int op = AD_OP_THIRD + 1; op < AD_OP_COUNT; op++)
        if (row[op])
            need_helpers_of(w, ad_rules[op].value);
    for (int i = ad_helper_count; i-- > 0;)
        for (const short *k = ad_helpers[i].needs; w->helper[i] && *k >= 0; k++)
            w->helper[*k] = 1;
}

/* A line for each input that has a name, one for several in a row that have none. */
static void add_inputs(writing *w, const char *array, uint32_t first, uint32_t n,
                       const char *(*own)(const ad_function *, size_t))
{
    for (uint32_t k = 0, last; k < n; k = last + 1) {
        const char *name = ad_names_at(&w->names, first + k);
        for (last = k; !name && last + 1 < n && !ad_names_at(&w->names, first + last + 1);)
            last++;
        add(w, " *   ");
        add_place(w, array, k);
        if (last > k) {
            add(w, " to ");
            add_place(w, array, last);
        }
        add(w, name ? "  " : "  unnamed");
        add(w, name ? name : "");
        if (name && strcmp(name, own(w->plan.f, k))) {
            add(w, " for \"");
            ad_text_quoted(&w->text, own(w->plan.f, k));
            add(w, "\", which C does not allow here");
        }
        add(w, "\n");
    }
}

static void add_number_of(writing *w, size_t n, const char *what)
{
    ad_text_count(&w->text, n);
    add(w, what);
    add(w, n == 1 ? "" : "s");
}

static void add_banner(writing *w)
{
    const ad_function *f = w->plan.f;
    add(w, "/* Generated by Chainrule from a recorded function of ");
    add_number_of(w, f->n_params, " param");
    add(w, " and ");
    add_number_of(w, f->n_columns, " column");
    add(w, "; C99, to be compiled as it is.\n *\n");
    if (w->with_value)
        add_own(w, f->n_outputs == 1
                ? " *   @loss(params, columns)                returns the function's value for one row\n"
                : " *   @values(params, columns, values)      computes the function's values for one row\n");
    if (w->plan.with_gradient)
        add_own(w, " *   @gradient(params, columns, gradient)  returns the value also, and sets gradient[i] to the derivative of\n"
                   " *       the value with respect to params[i], the columns held fixed\n");
    if (f->n_outputs != 1) {
        add(w, " *\n *   values [");
        ad_text_count(&w->text, f->n_outputs);
        add(w, "]\n");
    }
    add(w, f->n_params + f->n_columns ? " *\n * Inputs, by position:\n *\n" : "");
    add_inputs(w, "params", 0, f->n_params, ad_function_param_name);
    add_inputs(w, "columns", f->n_params, f->n_columns, ad_function_column_name);
    add(w, " *\n * Results may not overlap inputs. Not for -ffast-math, which takes NaN and infinities not to be.\n */\n");
}

static void add_includes(writing *w)
{
    int wants = 0;
    for (int i = 0; i < ad_helper_count; i++)
        wants |= w->helper[i] ? ad_helpers[i].wants : 0;
    if (wants & AD_WANTS_LGAMMA_R)
        add(w, "#ifndef _DEFAULT_SOURCE\n#define _DEFAULT_SOURCE /* for lgamma_r */\n#endif\n");
    add(w, "/* Every operation rounds once: none is contracted. */\n"
           "#if defined(__GNUC__) && !defined(__clang__)\n#pragma GCC optimize(\"fp-contract=off\")\n"
           "#else\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n#include <math.h>\n");
    add(w, wants & AD_WANTS_STDINT ? "#include <stdint.h>\n" : "");
    add(w, wants & AD_WANTS_STRING ? "#include <string.h>\n" : "");
}

static void add_prototypes(writing *w)
{
    add(w, "\n");
    if (w->with_value)
        add_own(w, w->plan.f->n_outputs == 1
                ? "double @loss(const double *params, const double *columns);\n"
                : "void @values(const double *params, const double *columns, double *values);\n");
    if (w->plan.with_gradient)
        add_own(w, "double @gradient(const double *params, const double *columns, double *gradient);\n");
}

static void add_helpers(writing *w)
{
    for (int i = 0; i < ad_helper_count; i++) {
        if (w->helper[i])
            add(w, "\n");
        for (const char *const *line = ad_helpers[i].lines; w->helper[i] && *line; line++) {
            add_own(w, *line);
            add(w, "\n");
        }
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------------------------- */

static int write_text(writing *w, const ad_function *f)
{
    w->text.allocator = w->names.text.allocator = f->allocator;
    if (!ad_emission_make(&w->plan, f, w->plan.with_gradient))
        return 0;
    w->helper = ad_make(&f->allocator, (size_t)ad_helper_count, 1);
    ad_names_make(&w->names, f, w->prefix);
    if (!w->helper || w->names.text.failed)
        return 0;
    need_helpers(w);
    add_banner(w);
    add_includes(w);
    add_prototypes(w);
    add_helpers(w);
    add_functions(w);
    return !w->text.failed;
}

ad_status ad_function_emit_c(const ad_function *f, FILE *stream, ad_emit_options options)
{
    const char *prefix = options.prefix ? options.prefix : "chainrule";
    int with_gradient = options.what != AD_EMIT_VALUE;
    if (!f || !stream || !ad_is_identifier(prefix) || (unsigned)options.what > AD_EMIT_GRADIENT ||
        (options.what == AD_EMIT_GRADIENT && f->n_outputs != 1) || f->graph.n_callees)
        return AD_ERROR_ARGUMENT;
    writing w = {.prefix = prefix, .with_value = options.what != AD_EMIT_GRADIENT};
    w.plan.with_gradient = with_gradient && f->n_outputs == 1;
    ad_status status = AD_ERROR_NO_MEMORY;
    if (write_text(&w, f))
        status = fwrite(w.text.block.base, 1, w.text.n, stream) == w.text.n && !fflush(stream) ? AD_OK : AD_ERROR_IO;
    ad_emission_free(&w.plan);
    ad_names_free(&w.names);
    ad_text_free(&w.text);
    ad_drop(&f->allocator, w.helper, (size_t)ad_helper_count, 1);
    return status;
}
