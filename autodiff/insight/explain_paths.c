/* explain_paths.c -- the manual chain rule for one variable: every path as a product of slopes, beside the sweep, dual numbers
 * and finite differences. */
#include "explaining.h"
#include "ridders.h"

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

enum { MOST_WALKED = 100000 };

/* Adds text to a line as far as there is room. */
static void append(char *line, const char *text)
{
    size_t n = strlen(line);
    snprintf(line + n, AD_LINE - n, "%s", text);
}

double ad_explain_path_product(const ad_steps *s, const size_t *edges, size_t n)
{
    double value = 1;
    for (size_t k = n; k-- > 0;)
        value = ad_evaluate(AD_OP_chain, value, s->edge[edges[k]].value, 0);
    return value;
}

void ad_explain_path(ad_explaining *e, const size_t *edges, size_t n)
{
    const ad_steps *s = &e->s;
    ad_equation *q = &e->equation;
    double value = ad_explain_path_product(s, edges, n);
    ad_var ratios = ad_const(1), slopes = ad_const(1);
    memset(q, 0, sizeof *q);
    for (size_t k = n; k-- > 0;) {
        const ad_edge *edge = &s->edge[edges[k]];
        char ratio[2 * AD_STEP_NAME + 4];
        snprintf(ratio, sizeof ratio, "d%s/d%s", s->step[edge->to].name, s->step[edge->from].name);
        ad_var symbol = ad_param(s->notebook, ratio, edge->value);
        ratios = k == n - 1 ? symbol : ad_mul(ratios, symbol);
        ad_var slope = ad_explain_slope(e, edge, 0);
        slopes = k == n - 1 ? slope : ad_explain_product(e, slopes, slope);
    }
    ad_page_names(&e->page, ratios, q->left);
    ad_page_names(&e->page, slopes, q->right[0]);
    ad_explain_numbers(e, ratios, 1, value, q->right[1]);
    ad_page_number(&e->page, value, q->right[2]);
    q->lines = strcmp(q->right[1], q->right[2]) ? 3 : 2;
    q->below = n > 3;
}

/* Paths while they are walked, and the sum of their products as it is written. */
typedef struct writing {
    ad_explaining *e;
    size_t         shown;
    ad_var         terms;
} writing;

static int write_path(void *context, const ad_steps *s, const size_t *edges, size_t n)
{
    writing *w = context;
    ad_explaining *e = w->e;
    char way[AD_LINE] = "";
    if (w->shown >= e->options.most_paths)
        return 1;
    for (size_t k = 0; k < n; k++) {
        append(way, s->step[s->edge[edges[k]].from].name);
        append(way, " -> ");
    }
    append(way, s->step[s->n - 1].name);
    ad_page_say(&e->page, "%s", way);
    ad_explain_path(e, edges, n);
    ad_page_equation(&e->page, &e->equation);
    double value = ad_explain_path_product(s, edges, n);
    ad_var size = ad_param(s->notebook, "", value < 0 && w->shown ? -value : value);
    w->terms = !w->shown++ ? size : value < 0 ? ad_sub(w->terms, size) : ad_add(w->terms, size);
    return 1;
}

/* ---- Other ways --------------------------------------------------------------------------------------------------------------- */

typedef struct walking {
    ad_other_ways   *o;
    ad_path_visitor *visit;
    void            *context;
} walking;

static int walk(void *context, const ad_steps *s, const size_t *edges, size_t n)
{
    walking *w = context;
    w->o->sum += ad_explain_path_product(s, edges, n);
    if (w->visit)
        w->visit(w->context, s, edges, n);
    return ++w->o->walked < MOST_WALKED;
}

/* Forward mode: the derivative by the chosen variable carried along with every value. */
static double dual_numbers(ad_explaining *e)
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

static double moved(void *e, double x) { return ad_explain_moved(e, ((ad_explaining *)e)->by, x); }

/* Steps by the size of x; of a zero by 1. */
static void take_differences(ad_explaining *e, ad_other_ways *o)
{
    double x = e->s.step[e->by].symbol.value, size = x != 0 && isfinite(x) ? fabs(x) : 1;
    const double steps[AD_DIFFERENCES] = {1e-2 * size, cbrt(DBL_EPSILON) * size, 1e-12 * size};
    for (size_t k = 0; k < AD_DIFFERENCES; k++) {
        volatile double high = x + steps[k], low = x - steps[k];
        o->difference[k].step  = steps[k];
        o->difference[k].value = (moved(e, high) - moved(e, low)) / (high - low);
    }
    ad_estimate ridders = ad_ridders(moved, e, x, -INFINITY, INFINITY);
    o->extrapolated = isfinite(ridders.error) && !ridders.kink ? ridders.slope : NAN;
    o->estimate     = ridders.error;
}

int ad_explain_other_ways(ad_explaining *e, ad_other_ways *o, ad_path_visitor *visit, void *context)
{
    walking w = {o, visit, context};
    memset(o, 0, sizeof *o);
    if (!ad_paths_count(&e->s, e->by, &o->one, &o->all) || !ad_paths_visit(&e->s, e->by, walk, &w)) {
        e->failed = 1;
        return 0;
    }
    o->summed = o->walked < MOST_WALKED;
    o->dual = dual_numbers(e);
    take_differences(e, o);
    return !e->failed;
}

/* ---- Beside each other --------------------------------------------------------------------------------------------------------- */

static void row(ad_explaining *e, const char *how, double value, double exact)
{
    static const int widths[] = {36, 24, 12};
    char number[AD_LINE] = "derivative", error[AD_LINE] = "error";
    if (how) {
        snprintf(number, sizeof number, "%.17g", value);
        if (isnan(value))
            snprintf(number, sizeof number, "nan");
        if (value == exact || isnan(value))
            snprintf(error, sizeof error, "%s", isnan(value) ? "" : "0");
        else
            snprintf(error, sizeof error, "%.2g", value - exact);
    }
    ad_page_row(&e->page, 3, widths, (const char *const[]){how ? how : "by", number, error}, !how);
}

static void explain_others(ad_explaining *e, const ad_other_ways *o)
{
    const ad_step *by = &e->s.step[e->by];
    double exact = by->adjoint.value;
    ad_page_say(&e->page, "The same derivative in other ways, and how far each is from the sweep's:");
    row(e, NULL, 0, exact);
    row(e, "the backward sweep", exact, exact);
    if (o->summed)
        row(e, "the sum of all paths", o->sum, exact);
    row(e, "dual numbers (forward mode)", o->dual, exact);
    for (size_t k = 0; k < AD_DIFFERENCES; k++) {
        char how[AD_LINE];
        snprintf(how, sizeof how, "a central difference, h = %.1e", o->difference[k].step);
        row(e, how, o->difference[k].value, exact);
    }
    row(e, "differences extrapolated (Ridders)", o->extrapolated, exact);
    ad_page_end_table(&e->page);
    ad_page_say(&e->page, "A difference with a large step has the curve's error, with a small one that of rounding; no step has "
                "neither, and the extrapolation from many steps costs many evaluations. The sweep%s and dual numbers are exact but "
                "for the last digits.", o->summed ? ", the paths" : "");
}

static void explain_counts(ad_explaining *e, const ad_other_ways *o)
{
    char paths[AD_COUNT_TEXT], products[AD_COUNT_TEXT], all_paths[AD_COUNT_TEXT], all_products[AD_COUNT_TEXT];
    char all[2 * AD_COUNT_TEXT + 80];
    const ad_steps *s = &e->s;
    size_t inputs = 0, sweep = ad_sweep_count(s);
    for (size_t i = 0; i < s->n; i++)
        inputs += s->step[i].input && !s->step[i].given;
    ad_count_write(&o->one.paths, paths);
    ad_count_write(&o->one.multiplications, products);
    ad_count_write(&o->all.paths, all_paths);
    ad_count_write(&o->all.multiplications, all_products);
    snprintf(all, sizeof all, ", and the derivatives by all %zu inputs take %s (%s path%s)", inputs, all_products, all_paths,
             strcmp(all_paths, "1") ? "s" : "");
    ad_page_say(&e->page, "Path by path, d%s/d%s takes %s multiplication%s (%s path%s)%s. The sweep takes %zu%s: one for each slope "
                "on the way, since what paths share is computed once; from %s itself, whose adjoint is 1, nothing is to multiply.",
                s->step[s->n - 1].name, s->step[e->by].name, products, strcmp(products, "1") ? "s" : "", paths,
                strcmp(paths, "1") ? "s" : "", inputs > 1 ? all : "", sweep, inputs > 1 ? " for all of them at once" : "",
                s->step[s->n - 1].name);
}

/* The sum of the paths, when all of them are shown. */
static void write_sum(ad_explaining *e, const ad_other_ways *o, ad_var terms)
{
    ad_equation *q = &e->equation;
    memset(q, 0, sizeof *q);
    ad_page_say(&e->page, "Together");
    ad_page_names(&e->page, e->s.step[e->by].adjoint, q->left);
    ad_explain_numbers(e, terms, 1, o->sum, q->right[0]);
    ad_page_number(&e->page, o->sum, q->right[1]);
    q->lines = 2;
    ad_page_equation(&e->page, q);
}

void ad_explain_paths(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    const char *last = s->step[s->n - 1].name, *by = e->by < s->n ? s->step[e->by].name : ad_name_of(e->options.by);
    ad_other_ways o;
    ad_path_counts one, all;
    writing w = {.e = e};
    char heading[AD_LINE], count[AD_COUNT_TEXT];
    snprintf(heading, sizeof heading, "The manual chain rule: d%s/d%s", last, by ? by : "input");
    ad_page_heading(&e->page, heading);
    if (e->by >= s->n - 1) {
        if (e->by == s->n)
            ad_page_say(&e->page, "There is no path from %s to %s, which does not depend on it: the derivative is 0.",
                        by ? by : "that input", last);
        else
            ad_page_say(&e->page, "d%s/d%s = 1.", last, last);
        return;
    }
    if (!ad_paths_count(s, e->by, &one, &all)) {
        e->failed = 1;
        return;
    }
    ad_count_write(&one.paths, count);
    ad_page_say(&e->page, "There %s %s path%s from %s to %s; the derivative is the sum of the products of slopes along each.",
                strcmp(count, "1") ? "are" : "is", count, strcmp(count, "1") ? "s" : "", by, last);
    if (!ad_explain_other_ways(e, &o, write_path, &w))
        return;
    if (o.walked > w.shown)
        ad_page_say(&e->page, o.summed ? "... and %zu more." : "... and more: %zu were walked here.",
                    o.summed ? o.walked - w.shown : o.walked);
    else if (w.shown > 1)
        write_sum(e, &o, w.terms);
    explain_counts(e, &o);
    explain_others(e, &o);
}
