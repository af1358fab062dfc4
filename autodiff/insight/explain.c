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

/* What an edge gives to the operand's adjoint, by that slope. E's own adjoint is 1 and stays out. */
static ad_var contribution(const ad_explaining *e, const ad_edge *edge, ad_var slope)
{
    return edge->to == e->s.n - 1 ? slope : ad_explain_product(e, e->s.step[edge->to].adjoint, slope);
}

double ad_explain_contribution(const ad_explaining *e, const ad_edge *edge)
{
    return ad_evaluate(AD_OP_chain, e->s.step[edge->to].adjoint.value, edge->value, 0);
}

/* Adds "product rule", or "sigmoid: z (1 - z)". */
static void put_rule(const ad_edge *edge, int k, char *text)
{
    size_t n = strlen(text);
    int is_rule = strstr(edge->rules[k], "rule") != NULL;
    snprintf(text + n, AD_LINE - n, "%s%s%s%s", n ? ", " : "", is_rule ? "" : edge->rows[k], is_rule ? "" : ": ", edge->rules[k]);
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

void ad_explain_forward(ad_explaining *e, size_t i)
{
    const ad_step *step = &e->s.step[i];
    ad_equation *q = &e->equation;
    memset(q, 0, sizeof *q);
    ad_page_name(&e->page, step->name, q->left);
    ad_page_formula(&e->page, step->formula, q->right[0]);
    ad_explain_numbers(e, step->formula, 0, step->symbol.value, q->right[1]);
    ad_page_number(&e->page, step->symbol.value, q->right[2]);
    q->lines = strcmp(q->right[1], q->right[2]) ? 3 : 2;
}

static void forward(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    size_t n = 0, number = 0;
    for (size_t i = 0; i < s->n; i++)
        n += !s->step[i].input;
    ad_page_heading(&e->page, "Forward: every value from those before it");
    for (size_t i = 0; i < s->n; i++) {
        if (s->step[i].input || is_left_out(e, number++, n))
            continue;
        ad_explain_forward(e, i);
        e->equation.number = number;
        ad_page_equation(&e->page, &e->equation);
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

/* The rules by which all that use the step give, each once, as far as a line goes. */
static void rules_of_all(const ad_explaining *e, const ad_step *step, char *text)
{
    enum { ROOM = 72 };
    const ad_steps *s = &e->s;
    const char *told[16];
    size_t n = 0;
    for (size_t k = 0; k < step->n_uses; k++) {
        const ad_edge *edge = &s->edge[s->uses[step->first_use + k]];
        for (int j = 0; j < 3 && edge->rules[j]; j++) {
            size_t known = 0, length = strlen(text);
            while (known < n && told[known] != edge->rules[j])
                known++;
            if (known < n)
                continue;
            if (n == sizeof told / sizeof *told || length + strlen(edge->rules[j]) > ROOM) {
                snprintf(text + length, AD_LINE - length, ", ...");
                return;
            }
            told[n++] = edge->rules[j];
            put_rule(edge, j, text);
        }
    }
}

/* A line that says what the one before it says is none. */
static void drop_repeats(ad_equation *q)
{
    for (int i = 1; i < q->lines; i++)
        if (!q->goes_on[i] && !q->goes_on[i - 1] && !strcmp(q->right[i - 1], q->right[i])) {
            for (int k = i; k < q->lines - 1; k++) {
                memcpy(q->right[k], q->right[k + 1], AD_LINE);
                q->goes_on[k] = q->goes_on[k + 1];
            }
            q->lines--;
            i--;
        }
}

/* What each that uses the step gives, and their sums: in names, with numbers put in, in numbers alone. */
typedef struct giving {
    ad_var names, numbers, terms;
    double sum;
} giving;

static giving given_by(ad_explaining *e, const ad_step *step, size_t first, size_t n)
{
    const ad_steps *s = &e->s;
    giving all = {.names = ad_const(0)};
    for (size_t k = first; k < first + n; k++) {
        const ad_edge *edge = &s->edge[s->uses[step->first_use + k]];
        double value = ad_explain_contribution(e, edge);
        ad_var name   = contribution(e, edge, ad_explain_slope(e, edge, 0));
        ad_var number = contribution(e, edge, ad_explain_slope(e, edge, 1));
        ad_var size   = ad_param(s->notebook, "", value < 0 && k > first ? -value : value);
        all.names   = k > first ? plus(e, all.names, name) : name;
        all.numbers = k > first ? plus(e, all.numbers, number) : number;
        all.terms   = k == first ? size : value < 0 ? ad_sub(all.terms, size) : ad_add(all.terms, size);
        all.sum += value;
    }
    return all;
}

/* The sum on one line; where that would leave out too much, a line for each of the first and for the last. */
static void put_sum(ad_explaining *e, const ad_step *step, const giving *all, int numbers)
{
    enum { LINES = 5 };
    ad_equation *q = &e->equation;
    int first = q->lines;
    if (numbers)
        ad_explain_numbers(e, all->numbers, 1, all->sum, q->right[q->lines++]);
    else
        ad_page_names(&e->page, all->names, q->right[q->lines++]);
    if (step->n_uses < 2 || !ad_explain_is_torn(q->right[first]) || e->page.format == AD_FORMAT_JSON)
        return;
    q->lines = first;
    for (size_t k = 0; k < step->n_uses; k++) {
        if (step->n_uses > LINES && k == LINES - 2) {
            snprintf(q->right[q->lines], AD_LINE, e->page.format == AD_FORMAT_LATEX ? "\\ldots" : "...");
            q->goes_on[q->lines++] = '+';
            k = step->n_uses - 1;
        }
        giving one = given_by(e, step, k, 1);
        if (numbers)
            ad_explain_numbers(e, one.numbers, 1, one.sum, q->right[q->lines]);
        else
            ad_page_names(&e->page, one.names, q->right[q->lines]);
        int minus = k && *q->right[q->lines] == '-';
        if (minus)
            memmove(q->right[q->lines], q->right[q->lines] + 1, strlen(q->right[q->lines]));
        q->goes_on[q->lines++] = !k ? 0 : minus ? '-' : '+';
    }
}

/* The sum of what all users give: in names, with numbers, term by term. */
void ad_explain_adjoint(ad_explaining *e, size_t i)
{
    const ad_step *step = &e->s.step[i];
    ad_equation *q = &e->equation;
    memset(q, 0, sizeof *q);
    giving all = given_by(e, step, 0, step->n_uses);
    ad_page_names(&e->page, step->adjoint, q->left);
    put_sum(e, step, &all, 0);
    int numbers = q->lines;
    put_sum(e, step, &all, 1);
    if (step->n_uses > 1)
        ad_explain_numbers(e, all.terms, 1, all.sum, q->right[q->lines++]);
    ad_page_number(&e->page, step->adjoint.value, q->right[q->lines++]);
    if (step->n_uses > 1)
        snprintf(q->note[numbers - 1], AD_LINE, "used %zu times: the contributions add", step->n_uses);
    if (step->n_uses)
        rules_of_all(e, step, q->note[step->n_uses > 1 ? numbers : 0]);
    drop_repeats(q);
}

int ad_explain_has_adjoint(const ad_explaining *e, size_t i) { return !e->s.step[i].given && i < e->s.n - 1; }

static void backward(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    size_t n = 0, number = 0;
    const char *name = s->step[s->n - 1].name;
    for (size_t i = 0; i < s->n; i++)
        n += ad_explain_has_adjoint(e, i) ? 1 : 0;
    ad_page_heading(&e->page, "Backward: every derivative from those after it");
    ad_page_say(&e->page, "d%s/d%s = 1. Each line below is complete when its turn comes: all that use the variable came before.",
                name, name);
    for (size_t i = s->n - 1; i-- > 0;) {
        if (!ad_explain_has_adjoint(e, i) || is_left_out(e, number++, n))
            continue;
        ad_explain_adjoint(e, i);
        e->equation.number = number;
        ad_page_equation(&e->page, &e->equation);
    }
}

/* ---- The whole -------------------------------------------------------------------------------------------------------------- */

static void whole(ad_explaining *e)
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
    if (e->options.note)
        ad_page_say(&e->page, "%s", e->options.note);
    ad_write_number(last->symbol.value, (ad_style){.digits = e->page.numbers.digits}, value, sizeof value);
    ad_page_say(&e->page, "%s = %s, in %zu step%s from %zu input%s, %zu of them to differentiate by.", last->name, value,
                s->n - inputs, s->n - inputs == 1 ? "" : "s", inputs, inputs == 1 ? "" : "s", wanted);
    if (!isfinite(last->symbol.value))
        ad_explain_not_finite(e);
    forward(e);
    backward(e);
    if (!ad_is_plain(e->options.by))
        ad_explain_paths(e);
    ad_explain_questions(e);
    ad_page_end(&e->page);
}

/* Why it cannot be explained; AD_OK where it can. Inputs and what has a name are steps wherever E needs them. */
static ad_status refused(ad_var E, const FILE *out, const ad_explain_options *options)
{
    if (!out || ad_is_plain(E) || options->digits < 0 || options->digits > 17 || (unsigned)options->format > AD_FORMAT_JSON)
        return AD_ERROR_ARGUMENT;
    ad_tape *tape = ad_tape_of(E, "explain");
    if (!tape)
        return AD_ERROR_STALE;
    if (!ad_is_plain(options->by) && !ad_accepts(tape, options->by, "explain", "the variable `by`"))
        return ad_tape_error(tape);
    return AD_OK;
}

static ad_status explain(ad_explaining *e, ad_var E)
{
    ad_status status = ad_steps_make(&e->s, E, e->options.n_wrt, e->options.wrt);
    if (status != AD_OK)
        return status;
    e->by = ad_is_plain(e->options.by) ? e->s.n : ad_step_of(&e->s, e->options.by);
    ad_node by = {.rule = NULL};
    if (e->by == e->s.n && !ad_is_plain(e->options.by))
        by = ad_node_at(e->tape, ad_id(e->options.by));
    if (by.rule && by.rule->kind != AD_LEAF && !ad_name_of(e->options.by))
        status = AD_ERROR_ARGUMENT;
    else if (e->options.format == AD_FORMAT_JSON)
        ad_explain_json(e);
    else if (e->options.format == AD_FORMAT_HTML)
        ad_explain_html(e);
    else
        whole(e);
    if (status == AD_OK && (ad_tape_error(e->s.notebook) == AD_ERROR_NO_MEMORY || e->failed))
        status = AD_ERROR_NO_MEMORY;
    else if (status == AD_OK && ferror(e->page.out))
        status = AD_ERROR_IO;
    ad_explain_numbers_free(e);
    ad_steps_free(&e->s);
    return status;
}

ad_status ad_explain(ad_var E, FILE *out, ad_explain_options options)
{
    ad_status status = refused(E, out, &options);
    if (status != AD_OK)
        return status;
    ad_tape *tape = ad_tape_of(E, "explain");
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
    e->json.out = out;
    e->page = (ad_page){.out = out, .format = options.format, .json = &e->json,
                        .names = {.latex = options.format == AD_FORMAT_LATEX,
                                  .constants = options.format == AD_FORMAT_JSON ? 0 : options.digits}};
    e->page.numbers = e->page.names;
    e->page.numbers.digits = options.digits;
    status = explain(e, E);
    ad_resize(&tape->allocator, e, sizeof *e, 0);
    return status;
}
