/* explain_questions.c -- what learners ask of the backward sweep, answered with the numbers of the graph at hand. */
#include "explaining.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void number(const ad_explaining *e, double x, char *text)
{
    ad_write_number(x, (ad_style){.digits = e->page.numbers.digits}, text, AD_STEP_NAME);
}

static const char *name_of(const ad_explaining *e, size_t i) { return e->s.step[i].name; }
static const char *last_name(const ad_explaining *e) { return name_of(e, e->s.n - 1); }

/* ---- Sweeps that go wrong ------------------------------------------------------------------------------------------------------ */

/* The sweep in numbers, g [n] adjoints. `early` hands on what stands at it after its first contribution alone; `keep` begins
 * with what g holds. */
static void sweep(const ad_steps *s, double *g, size_t early, int keep)
{
    double at_early = NAN;
    for (size_t i = 0; i < s->n && !keep; i++)
        g[i] = 0;
    g[s->n - 1] = 1;
    for (size_t i = s->n; i-- > 0;) {
        double mine = i == early ? at_early : g[i];
        for (size_t k = 0; k < s->step[i].n_edges; k++) {
            const ad_edge *edge = &s->edge[s->step[i].first_edge + k];
            g[edge->from] += ad_evaluate(AD_OP_chain, mine, edge->value, 0);
            if (edge->from == early && isnan(at_early))
                at_early = g[early];
        }
    }
}

/* A step that several use and that is made of others, the chosen variable among what it is made of if possible; the chosen
 * variable itself when `inputs` will do. n: there is none. */
static size_t fan_out(const ad_explaining *e, int inputs)
{
    const ad_steps *s = &e->s;
    if (inputs && e->by < s->n && s->step[e->by].n_uses > 1)
        return e->by;
    for (size_t i = s->n - 1; i-- > 0;)
        if (s->step[i].n_uses > 1 && !s->step[i].given && (inputs || s->step[i].n_edges))
            return i;
    return s->n;
}

/* The wanted input, or the chosen variable, that two sweeps disagree on; n: none. */
static size_t victim(const ad_explaining *e, const double *wrong)
{
    const ad_steps *s = &e->s;
    for (size_t k = 0; k <= s->n; k++) {
        size_t i = k == 0 ? e->by : k - 1;
        if (i < s->n && !s->step[i].given && (k == 0 || s->step[i].input) && wrong[i] != s->step[i].adjoint.value)
            return i;
    }
    return s->n;
}

static void why_this_order(ad_explaining *e, double *g)
{
    const ad_steps *s = &e->s;
    size_t early = fan_out(e, 0), hurt;
    char part[AD_STEP_NAME], whole[AD_STEP_NAME], wrong[AD_STEP_NAME], right[AD_STEP_NAME];
    ad_page_heading(&e->page, "Why this order?");
    ad_page_say(&e->page, "A step hands its adjoint on once. So all that use it must have given their part before: the order of "
                "evaluation, backwards, sees to that.");
    if (early < s->n)
        sweep(s, g, early, 0);
    hurt = early < s->n ? victim(e, g) : s->n;
    if (hurt == s->n) {
        ad_page_say(&e->page, "Here no step that is made of others is used twice, so that every order from %s down would do.",
                    last_name(e));
        return;
    }
    const ad_edge *first = &s->edge[s->uses[s->step[early].first_use]];
    number(e, ad_explain_contribution(e, first), part);
    number(e, s->step[early].adjoint.value, whole);
    number(e, g[hurt], wrong);
    number(e, s->step[hurt].adjoint.value, right);
    ad_page_say(&e->page, "Visited too early, as soon as %s has given its part, %s would hand on %s in place of %s, and "
                "d%s/d%s would come out as %s: wrong, it is %s.", name_of(e, first->to), name_of(e, early), part, whole,
                last_name(e), name_of(e, hurt), wrong, right);
}

static void why_add(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    size_t i = fan_out(e, 1);
    char text[AD_STEP_NAME], by[AD_STEP_NAME], sum[AD_STEP_NAME];
    ad_page_heading(&e->page, "Why do the contributions add?");
    if (i == s->n) {
        ad_page_say(&e->page, "Here every variable is used once: there is one path, and nothing to add.");
        return;
    }
    static const int widths[] = {16, 16};
    const ad_step *step = &s->step[i];
    double h = 1e-4 * fmax(fabs(step->symbol.value), 1), total = 0;
    number(e, h, by);
    ad_page_say(&e->page, "Move %s by a little, %s. %s moves in as many ways as %s is used, each time by the slope along that way, "
                "and small movements add:", step->name, by, last_name(e), step->name);
    snprintf(by, sizeof by, "%.40s moves by", last_name(e));
    ad_page_row(&e->page, 2, widths, (const char *const[]){"through", by}, 1);
    for (size_t k = 0; k < step->n_uses && k < e->options.most_paths; k++) {
        const ad_edge *edge = &s->edge[s->uses[step->first_use + k]];
        number(e, h * ad_explain_contribution(e, edge), text);
        ad_page_row(&e->page, 2, widths, (const char *const[]){name_of(e, edge->to), text}, 0);
    }
    ad_page_end_table(&e->page);
    for (size_t k = 0; k < step->n_uses; k++)
        total += h * ad_explain_contribution(e, &s->edge[s->uses[step->first_use + k]]);
    number(e, total, sum);
    number(e, ad_explain_moved(e, i, step->symbol.value + h) - s->step[s->n - 1].symbol.value, text);
    ad_page_say(&e->page, "Together by %s. Evaluated anew with %s so moved, %s changes by %s; what differs is the curve.", sum,
                step->name, last_name(e), text);
}

static void what_twice(ad_explaining *e, double *g)
{
    const ad_steps *s = &e->s;
    size_t i = e->by, input = s->n;
    for (size_t k = 0; k < s->n && input == s->n; k++)
        if (s->step[k].input && !s->step[k].given)
            input = k;
    i = i < s->n - 1 ? i : input;
    char once[AD_STEP_NAME], twice[AD_STEP_NAME], kept[AD_STEP_NAME];
    ad_page_heading(&e->page, "What would a second backward call do?");
    if (i >= s->n)
        return;
    sweep(s, g, s->n, 0);
    sweep(s, g, s->n, 1);
    number(e, s->step[i].adjoint.value, once);
    number(e, 2 * s->step[i].adjoint.value, twice);
    number(e, g[i], kept);
    ad_page_say(&e->page, "Here the same again: ad_backward begins with adjoints of zero, so d%s/d%s stays %s. An engine that "
                "adds to what parameters hold has %s after the second call, twice the derivative (ad_accumulate does that, for "
                "sums over many terms). One that forgets to clear the adjoints within the graph, too, has %s: what is left of "
                "the first sweep is handed on once more.", last_name(e), name_of(e, i), once, twice, kept);
}

/* ---- Slopes with a convention, slopes that vanish -------------------------------------------------------------------------------- */

static void what_at_kinks(ad_explaining *e)
{
    const ad_tape *tape = e->tape;
    uint32_t top = e->s.step[e->s.n - 1].node;
    unsigned char listed[AD_OP_COUNT] = {0};
    static const int widths[] = {14, 26, 14, 10};
    int any = 0;
    ad_page_heading(&e->page, "What happens at a kink?");
    ad_page_say(&e->page, "Where a function bends, its slopes to the left and to the right differ, and there is no derivative. "
                "This library then takes the slope nearest zero between them (abs at 0: 0, relu at 0: 0), shares ties of max "
                "and min equally, and takes the branch that was taken as the function.");
    for (uint32_t i = 0; i <= top; i++) {
        ad_node node = ad_node_at(tape, i);
        if (node.rule->kind == AD_LEAF || node.op >= AD_OP_COUNT || listed[node.op] || !strcmp(node.rule->holds, "1") ||
            ad_grad(ad_var_at(tape, i)) == 0)
            continue;
        listed[node.op] = 1;
        char formula[AD_TEXT_SIZE], x[AD_STEP_NAME];
        ad_formula_of(ad_var_at(tape, i), formula, sizeof formula);
        for (size_t k = 0, n = 0; k < node.n && k < 3 && n < sizeof x; k++)
            n += (size_t)snprintf(x + n, sizeof x - n, k ? ", %.4g" : "%.4g", tape->head->values[ad_node_operand(&node, k)]);
        if (!any++)
            ad_page_row(&e->page, 4, widths, (const char *const[]){"operation", "its rule holds where", "here", "in"}, 1);
        ad_page_row(&e->page, 4, widths, (const char *const[]){node.rule->name, node.rule->holds, x, formula}, 0);
    }
    if (any)
        ad_page_end_table(&e->page);
    else
        ad_page_say(&e->page, "None of the operations on the way to %s has a kink or an end of its domain.", last_name(e));
}

static void why_saturated(ad_explaining *e)
{
    const ad_tape *tape = e->tape;
    uint32_t top = e->s.step[e->s.n - 1].node, worst = 0;
    double least = INFINITY;
    for (uint32_t i = 0; i <= top; i++) {
        enum ad_op op = (enum ad_op)ad_word_op(tape->head->words[i]);
        if ((op != AD_OP_sigmoid && op != AD_OP_tanh) || ad_grad(ad_var_at(tape, i)) == 0)
            continue;
        double x = tape->head->values[ad_word_x(tape->head->words[i])], s = ad_evaluate(AD_OP_sech, x, 0, 0);
        double slope = op == AD_OP_tanh ? s * s : ad_evaluate(AD_OP_sigmoid, x, 0, 0) * ad_evaluate(AD_OP_sigmoid, -x, 0, 0);
        double part = slope / (op == AD_OP_tanh ? 1 : 0.25);
        if (part < least) {
            least = part;
            worst = i;
        }
    }
    ad_page_heading(&e->page, "Why does a saturated sigmoid learn slowly?");
    if (isinf(least)) {
        ad_page_say(&e->page, "There is no sigmoid or tanh on the way to %s.", last_name(e));
        return;
    }
    ad_node node = ad_node_at(tape, worst);
    int is_tanh = node.op == AD_OP_tanh;
    double x = tape->head->values[node.fixed[0]], far = is_tanh ? 5 : 10, top_slope = is_tanh ? 1 : 0.25;
    double s = ad_evaluate(AD_OP_sech, is_tanh ? far : far / 2, 0, 0), far_slope = is_tanh ? s * s : s * s / 4;
    char formula[AD_TEXT_SIZE], at[AD_STEP_NAME], slope[AD_STEP_NAME], tail[AD_STEP_NAME], times[AD_STEP_NAME];
    ad_formula_of(ad_var_at(tape, worst), formula, sizeof formula);
    number(e, x, at);
    number(e, least * top_slope, slope);
    number(e, far_slope, tail);
    ad_write_number(top_slope * least / far_slope, (ad_style){.digits = 3}, times, sizeof times);
    ad_page_say(&e->page, "All that lies before it receives its adjoint times the slope, which is at most %s, at 0. The flattest on "
                "the way to %s here is %s: at %s its slope is %s. At %g it would be %s, %s times less, and every derivative behind "
                "it, and every step of gradient descent, that much smaller: wrong by far, and hardly moving.",
                is_tanh ? "1" : "1/4", last_name(e), formula, at, slope, far, tail, times);
}

void ad_explain_questions(ad_explaining *e)
{
    unsigned asked = e->options.questions;
    size_t size = e->s.n * sizeof(double);
    double *g = ad_resize(&e->s.allocator, NULL, 0, size);
    if (!g) {
        e->failed = 1;
        return;
    }
    if (asked & AD_WHY_THIS_ORDER)
        why_this_order(e, g);
    if (asked & AD_WHY_ADD)
        why_add(e);
    if (asked & AD_WHAT_TWICE)
        what_twice(e, g);
    if (asked & AD_WHAT_AT_KINKS)
        what_at_kinks(e);
    if (asked & AD_WHY_SATURATED)
        why_saturated(e);
    ad_resize(&e->s.allocator, g, size, 0);
}
