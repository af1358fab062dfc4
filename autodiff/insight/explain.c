/* explain.c -- forward steps, backward steps. The chosen variable's paths are in explain_paths.c, the learner's questions in
 * explain_questions.c. */
#include "explaining.h"

#include <math.h>
#include <string.h>

/* ---- Pieces of formulas, on the notebook ----------------------------------------------------------------------------------- */

ad_var ad_explain_product(const ad_explaining *e, ad_var x, ad_var slope)
{
    if (ad_is_plain(slope) && slope.value == 1)
        return x;
    if (!ad_is_plain(slope)) {
        const ad_tape *notebook = e->s.notebook;
        ad_node node = ad_node_at(notebook, ad_id(slope));
        if (node.op == AD_OP_div && ad_word_op(notebook->head->words[node.fixed[0]]) == AD_OP_CONSTANT &&
            notebook->head->values[node.fixed[0]] == 1)
            return ad_div(x, ad_var_at(notebook, node.fixed[1]));
    }
    return ad_is_plain(slope) && slope.value == -1 ? ad_neg(x) : ad_mul(x, slope);
}

/* What an edge gives to the operand's adjoint. E's own adjoint is 1 and stays out. */
static ad_var contribution(const ad_explaining *e, const ad_edge *edge)
{
    return edge->to == e->s.n - 1 ? edge->slope : ad_explain_product(e, e->s.step[edge->to].adjoint, edge->slope);
}

double ad_explain_contribution(const ad_explaining *e, const ad_edge *edge)
{
    return ad_evaluate(AD_OP_chain, e->s.step[edge->to].adjoint.value, edge->value, 0);
}

/* "product rule", or "sigmoid: z (1 - z)". */
static void rules_of(const ad_edge *edge, char *text)
{
    *text = 0;
    for (int k = 0; k < 3 && edge->rules[k]; k++) {
        size_t n = strlen(text);
        int is_rule = strstr(edge->rules[k], "rule") != NULL;
        snprintf(text + n, AD_LINE - n, "%s%s%s%s", n ? ", " : "", is_rule ? "" : edge->rows[k], is_rule ? "" : ": ",
                 edge->rules[k]);
    }
}

/* ---- Forward ---------------------------------------------------------------------------------------------------------------- */

/* Whether item i of n is left out, in the middle of too many; says so once. */
static int is_left_out(ad_explaining *e, size_t i, size_t n)
{
    size_t most = e->options.most_steps, first = most - most / 2;
    if (n <= most || i < first || i >= n - most / 2)
        return 0;
    if (i == first)
        ad_page_say(&e->page, "... %zu steps of this kind ...", n - most);
    return 1;
}

static void explain_forward(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    size_t n = 0, number = 0;
    for (size_t i = 0; i < s->n; i++)
        n += !s->step[i].input;
    ad_page_heading(&e->page, "Forward: every value from those before it");
    for (size_t i = 0; i < s->n; i++) {
        const ad_step *step = &s->step[i];
        ad_equation *q = &e->equation;
        if (step->input || is_left_out(e, number++, n))
            continue;
        memset(q, 0, sizeof *q);
        q->number = number;
        ad_page_name(&e->page, step->name, q->left);
        ad_page_formula(&e->page, step->formula, q->right[0]);
        ad_page_numbers(&e->page, step->formula, 0, q->right[1]);
        ad_page_number(&e->page, step->symbol.value, q->right[2]);
        q->lines = 3;
        if (!strcmp(q->right[1], q->right[2]))
            q->lines = 2;
        ad_page_equation(&e->page, q);
    }
}

/* ---- Backward --------------------------------------------------------------------------------------------------------------- */

/* x + y, or x - ... where y is the negative of something. */
static ad_var plus(const ad_explaining *e, ad_var x, ad_var y)
{
    ad_node node = {.op = AD_OP_CONSTANT};
    if (!ad_is_plain(y))
        node = ad_node_at(e->s.notebook, ad_id(y));
    return node.op == AD_OP_neg ? ad_sub(x, ad_var_at(e->s.notebook, node.fixed[0])) : ad_add(x, y);
}

/* The sum of what all users give: in names, with numbers, term by term. */
static void explain_adjoint(ad_explaining *e, const ad_step *step, size_t number)
{
    const ad_steps *s = &e->s;
    ad_equation *q = &e->equation;
    ad_var in_names = ad_const(0), in_terms = ad_const(0);
    char rules[AD_LINE];
    size_t shown = step->n_uses < 64 ? step->n_uses : 64;
    memset(q, 0, sizeof *q);
    q->number = number;
    for (size_t k = 0; k < shown; k++) {
        const ad_edge *edge = &s->edge[s->uses[step->first_use + k]];
        ad_var term = contribution(e, edge);
        double value = ad_explain_contribution(e, edge);
        in_names = k ? plus(e, in_names, term) : term;
        in_terms = !k ? ad_param(s->notebook, "", value)
                 : value < 0 ? ad_sub(in_terms, ad_param(s->notebook, "", -value)) : ad_add(in_terms, ad_param(s->notebook, "", value));
        rules_of(edge, rules);
        if (step->n_uses == 1)
            snprintf(q->note[0], AD_LINE, "%s", rules);
    }
    if (step->n_uses > 1)
        snprintf(q->note[0], AD_LINE, "used %zu times: the contributions add", step->n_uses);
    ad_page_names(&e->page, step->adjoint, q->left);
    ad_page_names(&e->page, in_names, q->right[0]);
    ad_page_numbers(&e->page, in_names, 1, q->right[1]);
    q->lines = 2;
    if (step->n_uses > 1)
        ad_page_numbers(&e->page, in_terms, 1, q->right[q->lines++]);
    ad_page_number(&e->page, step->adjoint.value, q->right[q->lines++]);
    if (!strcmp(q->right[q->lines - 2], q->right[q->lines - 1]))
        q->lines--;
    if (q->lines > 1 && !strcmp(q->right[0], q->right[1])) {
        q->lines--;
        memmove(q->right[1], q->right[2], sizeof q->right[1] * (AD_LINES - 2));
    }
    ad_page_equation(&e->page, q);
}

static int has_adjoint(const ad_explaining *e, size_t i) { return !e->s.step[i].given && i < e->s.n - 1; }

static void explain_backward(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    size_t n = 0, number = 0;
    char name[AD_LINE];
    for (size_t i = 0; i < s->n; i++)
        n += has_adjoint(e, i) ? 1 : 0;
    ad_page_heading(&e->page, "Backward: every derivative from those after it");
    snprintf(name, sizeof name, "%s", s->step[s->n - 1].name);
    ad_page_say(&e->page, "d%s/d%s = 1. Each line below is complete when its turn comes: all that use the variable came before.",
                name, name);
    for (size_t i = s->n - 1; i-- > 0;) {
        if (!has_adjoint(e, i) || is_left_out(e, number++, n))
            continue;
        explain_adjoint(e, &s->step[i], number);
    }
}

/* ---- The whole -------------------------------------------------------------------------------------------------------------- */

static void explain_all(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    const ad_step *last = &s->step[s->n - 1];
    char title[AD_LINE], value[AD_LINE];
    size_t inputs = 0, wanted = 0;
    for (size_t i = 0; i < s->n; i++) {
        inputs += s->step[i].input != 0;
        wanted += s->step[i].input && !s->step[i].given;
    }
    snprintf(title, sizeof title, "%s, step by step", last->name);
    ad_page_begin(&e->page, e->options.title ? e->options.title : title);
    ad_write_number(last->symbol.value, (ad_style){.digits = e->page.numbers.digits}, value, sizeof value);
    ad_page_say(&e->page, "%s = %s, in %zu steps from %zu input%s, %zu of them to differentiate by.", last->name, value,
                s->n - inputs, inputs, inputs == 1 ? "" : "s", wanted);
    explain_forward(e);
    explain_backward(e);
    if (e->by < s->n)
        ad_explain_paths(e);
    ad_explain_questions(e);
    ad_page_end(&e->page);
}

ad_status ad_explain(ad_var E, FILE *out, ad_explain_options options)
{
    if (!out || ad_is_plain(E) || options.digits < 0 || options.digits > 17 || (unsigned)options.format > AD_FORMAT_HTML)
        return AD_ERROR_ARGUMENT;
    ad_tape *tape = ad_tape_of(E, "explain");
    if (!tape)
        return AD_ERROR_STALE;
    if (!ad_is_plain(options.by) && !ad_accepts(tape, options.by, "explain", "the variable `by`"))
        return ad_tape_error(tape);
    ad_explaining *e = ad_resize(&tape->allocator, NULL, 0, sizeof *e);
    if (!e) {
        ad_fault_memory(tape, "explain", "the page");
        return AD_ERROR_NO_MEMORY;
    }
    memset(e, 0, sizeof *e);
    options.digits     = options.digits ? options.digits : 6;
    options.most_steps = options.most_steps ? options.most_steps : 60;
    options.most_paths = options.most_paths ? options.most_paths : 12;
    e->options = options;
    e->tape = tape;
    e->page = (ad_page){.out = out, .format = options.format,
                        .names = {.latex = options.format == AD_FORMAT_LATEX},
                        .numbers = {.latex = options.format == AD_FORMAT_LATEX, .digits = options.digits}};
    ad_status status = ad_steps_make(&e->s, E, options.n_wrt, options.wrt);
    if (status == AD_OK) {
        e->by = ad_is_plain(options.by) ? e->s.n : ad_step_of(&e->s, options.by);
        if (options.format == AD_FORMAT_HTML)
            ad_explain_html(e);
        else
            explain_all(e);
        if (ad_tape_error(e->s.notebook) == AD_ERROR_NO_MEMORY || e->failed)
            status = AD_ERROR_NO_MEMORY;
        else if (ferror(out))
            status = AD_ERROR_IO;
        ad_steps_free(&e->s);
    }
    ad_resize(&tape->allocator, e, sizeof *e, 0);
    return status;
}
