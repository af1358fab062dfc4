/* explain_paths.c -- the manual chain rule for one variable: every path as a product of slopes, beside the sweep, dual numbers
 * and finite differences. */
#include "explaining.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- Evaluating anew --------------------------------------------------------------------------------------------------------- */

double ad_explain_moved(ad_explaining *e, size_t step, double value)
{
    const ad_tape *tape = e->tape;
    uint32_t top = e->s.step[e->s.n - 1].node, moved = e->s.step[step].node;
    size_t size = (top + (size_t)1) * sizeof(ad_var);
    ad_var *v = ad_resize(&tape->allocator, NULL, 0, size);
    if (!v) {
        e->failed = 1;
        return NAN;
    }
    for (uint32_t i = 0; i <= top; i++) {
        ad_node node = ad_node_at(tape, i);
        v[i] = ad_const(tape->head->values[i]);
        if (i > moved && node.rule->kind != AD_LEAF)
            v[i] = ad_steps_again(&e->s, &node, v);
        if (i == moved)
            v[i] = ad_const(value);
    }
    value = v[top].value;
    ad_resize(&tape->allocator, v, size, 0);
    return value;
}

/* ---- Paths -------------------------------------------------------------------------------------------------------------------- */

typedef struct walking {
    ad_explaining *e;
    size_t         shown, seen, most;      /* so far; walked at most */
    double         sum;
} walking;

enum { MOST_WALKED = 100000 };

/* Adds text to a line as far as there is room. */
static void append(char *line, const char *text)
{
    size_t n = strlen(line);
    snprintf(line + n, AD_LINE - n, "%s", text);
}

static void write_path(ad_explaining *e, const size_t *edges, size_t n, double value)
{
    const ad_steps *s = &e->s;
    ad_equation *q = &e->equation;
    ad_var ratios = ad_const(1), slopes = ad_const(1);
    char way[AD_LINE] = "";
    memset(q, 0, sizeof *q);
    for (size_t k = n; k-- > 0;) {
        const ad_edge *edge = &s->edge[edges[k]];
        char ratio[2 * AD_STEP_NAME + 4];
        snprintf(ratio, sizeof ratio, "d%s/d%s", s->step[edge->to].name, s->step[edge->from].name);
        ad_var symbol = ad_param(s->notebook, ratio, edge->value);
        ratios = k == n - 1 ? symbol : ad_mul(ratios, symbol);
        slopes = k == n - 1 ? edge->slope : ad_explain_product(e, slopes, edge->slope);
    }
    for (size_t k = 0; k < n; k++) {
        append(way, s->step[s->edge[edges[k]].from].name);
        append(way, " -> ");
    }
    append(way, s->step[s->n - 1].name);
    ad_page_say(&e->page, "%s", way);
    ad_page_names(&e->page, ratios, q->left);
    ad_page_names(&e->page, slopes, q->right[0]);
    ad_page_numbers(&e->page, ratios, 1, q->right[1]);
    ad_page_number(&e->page, value, q->right[2]);
    q->lines = strcmp(q->right[1], q->right[2]) ? 3 : 2;
    ad_page_equation(&e->page, q);
}

static int walk(void *context, const ad_steps *s, const size_t *edges, size_t n)
{
    walking *w = context;
    double value = 1;
    for (size_t k = n; k-- > 0;)
        value = ad_evaluate(AD_OP_chain, value, s->edge[edges[k]].value, 0);
    w->sum += value;
    if (w->shown < w->e->options.most_paths) {
        w->shown++;
        write_path(w->e, edges, n, value);
    }
    return ++w->seen < w->most;
}

/* ---- Beside each other --------------------------------------------------------------------------------------------------------- */

/* Forward mode: the derivative by the chosen variable carried along with every value. */
static double forward_mode(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    double *dot = ad_resize(&s->allocator, NULL, 0, s->n * sizeof *dot), last;
    if (!dot) {
        e->failed = 1;
        return NAN;
    }
    for (size_t i = 0; i < s->n; i++) {
        dot[i] = i == e->by;
        for (size_t k = 0; i != e->by && k < s->step[i].n_edges; k++) {
            const ad_edge *edge = &s->edge[s->step[i].first_edge + k];
            dot[i] += ad_evaluate(AD_OP_chain, edge->value, dot[edge->from], 0);
        }
    }
    last = dot[s->n - 1];
    ad_resize(&s->allocator, dot, s->n * sizeof *dot, 0);
    return last;
}

static void row(ad_explaining *e, const char *how, double value, double exact, int head)
{
    static const int widths[] = {34, 24, 12};
    char number[AD_LINE] = "derivative", error[AD_LINE] = "error";
    if (!head) {
        snprintf(number, sizeof number, "%.17g", value);
        if (value == exact)
            snprintf(error, sizeof error, "0");
        else
            snprintf(error, sizeof error, "%.2g", value - exact);
    }
    ad_page_row(&e->page, 3, widths, (const char *const[]){how, number, error}, head);
}

static void explain_others(ad_explaining *e, double sum, int summed)
{
    const ad_step *by = &e->s.step[e->by];
    double exact = by->adjoint.value, x = by->symbol.value, best = cbrt(DBL_EPSILON) * fmax(fabs(x), 1);
    const double steps[] = {1e-2 * fmax(fabs(x), 1), best, 1e-12 * fmax(fabs(x), 1)};
    ad_page_say(&e->page, "The same derivative in other ways, and how far each is from the sweep's:");
    row(e, "by", 0, 0, 1);
    row(e, "the backward sweep", exact, exact, 0);
    if (summed)
        row(e, "the sum of all paths", sum, exact, 0);
    row(e, "dual numbers (forward mode)", forward_mode(e), exact, 0);
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        char how[AD_LINE];
        volatile double high = x + steps[k], low = x - steps[k];
        snprintf(how, sizeof how, "a central difference, h = %.1e", steps[k]);
        row(e, how, (ad_explain_moved(e, e->by, high) - ad_explain_moved(e, e->by, low)) / (high - low), exact, 0);
    }
    ad_page_end_table(&e->page);
    ad_page_say(&e->page, "A difference with a large step has the curve's error, with a small one that of rounding; no step has "
                "neither. The other three are exact but for the last digits.");
}

static void explain_counts(ad_explaining *e, const ad_path_counts *one, const ad_path_counts *all)
{
    char paths[AD_COUNT_TEXT], products[AD_COUNT_TEXT], all_paths[AD_COUNT_TEXT], all_products[AD_COUNT_TEXT];
    const ad_steps *s = &e->s;
    size_t inputs = 0;
    for (size_t i = 0; i < s->n; i++)
        inputs += s->step[i].input && !s->step[i].given;
    ad_count_write(&one->paths, paths);
    ad_count_write(&one->multiplications, products);
    ad_count_write(&all->paths, all_paths);
    ad_count_write(&all->multiplications, all_products);
    ad_page_say(&e->page, "Path by path, d%s/d%s takes %s multiplications (%s path%s), and the derivatives by all %zu input%s take "
                "%s (%s paths). The sweep takes %zu for all of them at once: one for each slope, since what paths share is "
                "computed once.", s->step[s->n - 1].name, s->step[e->by].name, products, paths, strcmp(paths, "1") ? "s" : "",
                inputs, inputs == 1 ? "" : "s", all_products, all_paths, ad_sweep_count(s));
}

void ad_explain_paths(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    const ad_step *by = &s->step[e->by], *last = &s->step[s->n - 1];
    ad_path_counts one, all;
    char heading[AD_LINE], count[AD_COUNT_TEXT];
    walking w = {.e = e, .most = MOST_WALKED};
    snprintf(heading, sizeof heading, "The manual chain rule: d%s/d%s", last->name, by->name);
    ad_page_heading(&e->page, heading);
    if (e->by == s->n - 1 || !ad_paths_count(s, e->by, &one, &all)) {
        e->failed |= e->by != s->n - 1;
        ad_page_say(&e->page, "d%s/d%s = 1.", last->name, last->name);
        return;
    }
    ad_count_write(&one.paths, count);
    ad_page_say(&e->page, "There %s %s path%s from %s to %s; the derivative is the sum of the products of slopes along each.",
                strcmp(count, "1") ? "are" : "is", count, strcmp(count, "1") ? "s" : "", by->name, last->name);
    if (!ad_paths_visit(s, e->by, walk, &w))
        e->failed = 1;
    int summed = w.seen < MOST_WALKED;
    if (w.seen > w.shown)
        ad_page_say(&e->page, summed ? "... and %zu more." : "... and more: %zu were walked here.", summed ? w.seen - w.shown : w.seen);
    explain_counts(e, &one, &all);
    explain_others(e, w.sum, summed);
}
