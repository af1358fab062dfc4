/* explain_questions.c -- what learners ask of the backward sweep, answered with the numbers of the graph at hand. What they
 * ask of kinks is in explain_kinks.c. */
#include "explaining.h"
#include "wide.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void number(const ad_explaining *e, double x, char *text)
{
    ad_write_number(x, (ad_style){.digits = e->page.numbers.digits}, text, AD_STEP_NAME);
}

static const char *name_of(const ad_explaining *e, size_t i) { return e->s.step[i].name; }
static const char *last_name(const ad_explaining *e) { return name_of(e, e->s.n - 1); }

/* The room of an answer: [n] adjoints, and marks. */
typedef struct asking {
    ad_explaining *e;
    double        *g;                      /* [n] */
    unsigned char *above;                  /* [n] steps on a path from the chosen one */
} asking;

/* ---- Facts -------------------------------------------------------------------------------------------------------------------- */

static ad_fact *add_fact(ad_explaining *e, const char *key)
{
    ad_fact *fact = &e->fact[e->facts < AD_FACTS ? e->facts++ : AD_FACTS - 1];
    fact->key = key;
    return fact;
}

void ad_explain_number(ad_explaining *e, const char *key, double x)
{
    ad_fact *fact = add_fact(e, key);
    fact->is_text = 0;
    fact->number  = x;
}

void ad_explain_text(ad_explaining *e, const char *key, const char *text)
{
    ad_fact *fact = add_fact(e, key);
    fact->is_text = 1;
    snprintf(fact->text, sizeof fact->text, "%s", text);
}

/* ---- Sweeps that go wrong ------------------------------------------------------------------------------------------------------ */

/* The sweep in numbers, g [n] adjoints. `early` hands on what stands at it after its first contribution alone; `keep` begins
 * with what g holds. */
static void sweep(const ad_steps *s, double *g, size_t early, int keep)
{
    double at_early = 0;
    int given = 0;
    for (size_t i = 0; i < s->n && !keep; i++)
        g[i] = 0;
    g[s->n - 1] = 1;
    for (size_t i = s->n; i-- > 0;) {
        double mine = i == early ? at_early : g[i];
        for (size_t k = 0; k < s->step[i].n_edges; k++) {
            const ad_edge *edge = &s->edge[s->step[i].first_edge + k];
            g[edge->from] += ad_evaluate(AD_OP_chain, mine, edge->value, 0);
            if (edge->from == early && !given++)
                at_early = g[early];
        }
    }
}

/* Whether two derivatives differ by more than rounding, and so in what is shown. */
static int differ(const ad_explaining *e, double x, double y)
{
    double digits = e->page.numbers.digits < 9 ? e->page.numbers.digits : 9;
    return fabs(x - y) > 2 * pow(10, 1 - digits) * fmax(fabs(x), fabs(y));
}

/* The chosen variable, or a wanted input, whose derivative came out wrong; n: none. */
static size_t victim(const ad_explaining *e, const double *wrong)
{
    const ad_steps *s = &e->s;
    if (e->by < s->n && differ(e, wrong[e->by], s->step[e->by].adjoint.value))
        return e->by;
    for (size_t i = 0; i < s->n; i++)
        if (s->step[i].input && !s->step[i].given && differ(e, wrong[i], s->step[i].adjoint.value))
            return i;
    return s->n;
}

/* A step that several use and that is made of others, which visited too early spoils a derivative: on a path of the chosen
 * variable if possible. Few are tried: a graph with many shows it soon. */
static size_t visited_early(const asking *a, size_t *hurt)
{
    enum { TRIES = 64 };
    const ad_steps *s = &a->e->s;
    for (int on_path = 1; on_path >= 0; on_path--) {
        int tries = 0;
        for (size_t i = s->n - 1; i-- > 0 && tries < TRIES;) {
            if (s->step[i].n_uses < 2 || !s->step[i].n_edges || a->above[i] != on_path)
                continue;
            tries++;
            sweep(s, a->g, i, 0);
            if ((*hurt = victim(a->e, a->g)) < s->n)
                return i;
        }
    }
    return s->n;
}

static void why_this_order(asking *a)
{
    ad_explaining *e = a->e;
    const ad_steps *s = &e->s;
    size_t hurt = s->n, early = visited_early(a, &hurt);
    char part[AD_STEP_NAME], whole[AD_STEP_NAME], wrong[AD_STEP_NAME], right[AD_STEP_NAME];
    ad_page_say(&e->page, "A step hands its adjoint on once. So all that use it must have given their part before: the order of "
                "evaluation, backwards, sees to that.");
    if (early == s->n) {
        ad_page_say(&e->page, "Here no step that is made of others gets parts from two, so that every order from %s down would do.",
                    last_name(e));
        return;
    }
    const ad_edge *first = &s->edge[s->uses[s->step[early].first_use]];
    number(e, ad_explain_contribution(e, first), part);
    number(e, s->step[early].adjoint.value, whole);
    number(e, a->g[hurt], wrong);
    number(e, s->step[hurt].adjoint.value, right);
    ad_page_say(&e->page, "Visited too early, as soon as %s has given its part, %s would hand on %s in place of %s, and "
                "d%s/d%s would come out as %s: wrong, it is %s.", name_of(e, first->to), name_of(e, early), part, whole,
                last_name(e), name_of(e, hurt), wrong, right);
    ad_explain_text(e, "visited_early", name_of(e, early));
    ad_explain_text(e, "after", name_of(e, first->to));
    ad_explain_number(e, "hands_on", ad_explain_contribution(e, first));
    ad_explain_number(e, "in_place_of", s->step[early].adjoint.value);
    ad_explain_text(e, "derivative_by", name_of(e, hurt));
    ad_explain_number(e, "wrong", a->g[hurt]);
    ad_explain_number(e, "right", s->step[hurt].adjoint.value);
}

static void what_twice(asking *a)
{
    ad_explaining *e = a->e;
    const ad_steps *s = &e->s;
    size_t i = e->by, input = s->n;
    char once[AD_STEP_NAME], twice[AD_STEP_NAME], kept[AD_STEP_NAME];
    for (size_t k = 0; k < s->n && input == s->n; k++)
        if (s->step[k].input && !s->step[k].given)
            input = k;
    i = i < s->n - 1 ? i : input;
    if (i >= s->n) {
        ad_page_say(&e->page, "Here the same again: ad_backward begins with adjoints of zero.");
        return;
    }
    sweep(s, a->g, s->n, 0);
    sweep(s, a->g, s->n, 1);
    number(e, s->step[i].adjoint.value, once);
    number(e, 2 * s->step[i].adjoint.value, twice);
    number(e, a->g[i], kept);
    ad_page_say(&e->page, "Here the same again: ad_backward begins with adjoints of zero, so d%s/d%s stays %s. An engine that "
                "adds to what parameters hold has %s after the second call, twice the derivative (ad_accumulate does that, for "
                "sums over many terms). One that begins with 1 at %s and forgets to clear the adjoints within the graph, too, "
                "has %s: what is left of the first sweep is handed on once more.", last_name(e), name_of(e, i), once, twice,
                last_name(e), kept);
    ad_explain_text(e, "derivative_by", name_of(e, i));
    ad_explain_number(e, "once", s->step[i].adjoint.value);
    ad_explain_number(e, "accumulated", 2 * s->step[i].adjoint.value);
    ad_explain_number(e, "never_cleared", a->g[i]);
}

/* ---- Paths add ------------------------------------------------------------------------------------------------------------------ */

/* A step that several use: the chosen variable itself, else one on its paths, else any. */
static size_t fan_out(const asking *a)
{
    const ad_steps *s = &a->e->s;
    if (a->e->by < s->n && s->step[a->e->by].n_uses > 1)
        return a->e->by;
    for (int on_path = 1; on_path >= 0; on_path--)
        for (size_t i = s->n - 1; i-- > 0;)
            if (s->step[i].n_uses > 1 && !s->step[i].given && a->above[i] == on_path)
                return i;
    return s->n;
}

/* The largest movement, from a hundredth of the value down, at which the slope still tells it to within a thousandth; and how
 * E then changes. */
static double movement(ad_explaining *e, size_t i, double *change)
{
    double x = e->s.step[i].symbol.value, slope = e->s.step[i].adjoint.value, E = e->s.step[e->s.n - 1].symbol.value;
    double size = x != 0 && isfinite(x) ? pow(10, floor(log10(fabs(x)))) : 1, h = 1e-2 * size;
    for (int k = 0; k < 6; k++, h /= 10) {
        volatile double to = x + h;
        *change = ad_explain_moved(e, i, to) - E;
        if (fabs(*change - h * slope) <= 1e-3 * fabs(h * slope))
            return h;
    }
    h = 1e-4 * size;
    *change = ad_explain_moved(e, i, x + h) - E;
    return h;
}

static void why_add(asking *a)
{
    static const int widths[] = {16, 16};
    ad_explaining *e = a->e;
    const ad_steps *s = &e->s;
    size_t i = fan_out(a);
    char text[AD_STEP_NAME], by[AD_STEP_NAME], sum[AD_STEP_NAME];
    if (i == s->n) {
        ad_page_say(&e->page, "Here every variable is used once: there is one path, and nothing to add.");
        return;
    }
    const ad_step *step = &s->step[i];
    double change = 0, h = movement(e, i, &change), total = 0;
    number(e, h, by);
    ad_page_say(&e->page, "Move %s by a little, %s. %s moves in as many ways as %s is used, each time by the slope along that way, "
                "and small movements add:", step->name, by, last_name(e), step->name);
    snprintf(by, sizeof by, "%.40s moves by", last_name(e));
    ad_page_row(&e->page, 2, widths, (const char *const[]){"through", by}, 1);
    for (size_t k = 0; k < step->n_uses; k++) {
        const ad_edge *edge = &s->edge[s->uses[step->first_use + k]];
        total += h * ad_explain_contribution(e, edge);
        number(e, h * ad_explain_contribution(e, edge), text);
        if (k < e->options.most_paths)
            ad_page_row(&e->page, 2, widths, (const char *const[]){name_of(e, edge->to), text}, 0);
        else if (k == e->options.most_paths)
            ad_page_row(&e->page, 2, widths, (const char *const[]){"...", "..."}, 0);
    }
    ad_page_end_table(&e->page);
    if (!isfinite(total) || !isfinite(change)) {
        ad_page_say(&e->page, "Here they are not finite: there is nothing to add up.");
        return;
    }
    number(e, total, sum);
    number(e, change, text);
    ad_page_say(&e->page, "Together by %s. Evaluated anew with %s so moved, %s changes by %s; %s.", sum, step->name, last_name(e),
                text, fabs(change - total) <= 1e-2 * fabs(total) ? "what differs is the curve" :
                "so far off, the curve is steep there, or this is a kink");
    ad_explain_text(e, "moved", step->name);
    ad_explain_number(e, "by", h);
    ad_explain_number(e, "uses", (double)step->n_uses);
    ad_explain_number(e, "sum", total);
    ad_explain_number(e, "change", change);
}

/* ---- Slopes that vanish ---------------------------------------------------------------------------------------------------------- */

/* How many times less, for reading. */
static void times_less(double times, char *text)
{
    if (times < 9999.5)
        snprintf(text, AD_STEP_NAME, times < 99.95 ? "%.3g" : "%.0f", times);
    else
        snprintf(text, AD_STEP_NAME, "%.1e", times);
}

/* The sigmoid or tanh on the way to E that is flattest beside what it is at 0, and its slope; 0: there is none. */
static uint32_t flattest(const ad_explaining *e, double *slope)
{
    const ad_tape *tape = e->tape;
    uint32_t top = e->s.step[e->s.n - 1].node, found = 0;
    double least = INFINITY;
    for (uint32_t i = 0; i <= top; i++) {
        enum ad_op op = (enum ad_op)ad_word_op(tape->head->words[i]);
        if ((op != AD_OP_sigmoid && op != AD_OP_tanh) || ad_grad(ad_var_at(tape, i)) == 0)
            continue;
        double x = tape->head->values[ad_word_x(tape->head->words[i])], z = tape->head->values[i];
        double here = ad_partial_at(op, 0, x, 0, 0, z, 1, 1), part = here * (op == AD_OP_tanh ? 1 : 4);
        if (part < least) {
            least = part;
            *slope = here;
            found = i;
        }
    }
    return found;
}

static void why_saturated(asking *a)
{
    ad_explaining *e = a->e;
    double slope = 0;
    uint32_t worst = flattest(e, &slope);
    if (!worst) {
        ad_page_say(&e->page, "There is no sigmoid or tanh on the way to %s.", last_name(e));
        return;
    }
    ad_node node = ad_node_at(e->tape, worst);
    int is_tanh = node.op == AD_OP_tanh;
    double x = e->tape->head->values[node.fixed[0]], far = is_tanh ? 5 : 10, top_slope = is_tanh ? 1 : 0.25;
    double far_slope = ad_partial_at(node.op, 0, far, 0, 0, ad_evaluate(node.op, far, 0, 0), 1, 1);
    char formula[AD_TEXT_SIZE], at[AD_STEP_NAME], text[AD_STEP_NAME], tail[AD_STEP_NAME], less[AD_STEP_NAME], times[AD_STEP_NAME];
    ad_formula_of(ad_var_at(e->tape, worst), formula, sizeof formula);
    number(e, x, at);
    number(e, slope, text);
    number(e, far_slope, tail);
    times_less(top_slope / slope, less);
    times_less(slope / far_slope, times);
    ad_page_say(&e->page, "All that lies before it receives its adjoint times the slope, which is at most %s, at 0. The flattest on "
                "the way to %s here is %s: at %s its slope is %s, %s times less than at 0.", is_tanh ? "1" : "1/4", last_name(e),
                formula, at, text, less);
    if (slope > 2 * far_slope)
        ad_page_say(&e->page, "At %g it would be %s, %s times less than here, and every derivative behind it, and every step of "
                    "gradient descent, that much smaller: wrong by far, and hardly moving.", far, tail, times);
    else
        ad_page_say(&e->page, "So is every derivative behind it, and every step of gradient descent: however wrong it is, it hardly "
                    "moves.");
    ad_explain_text(e, "flattest", formula);
    ad_explain_number(e, "at", x);
    ad_explain_number(e, "slope", slope);
    ad_explain_number(e, "slope_at_0", top_slope);
}

/* ---- All of them ------------------------------------------------------------------------------------------------------------------ */

static void what_at_kinks(asking *a) { ad_explain_kinks(a->e); }

static const struct { ad_question question; const char *key, *title; void (*answer)(asking *); } questions[] = {
    {AD_WHY_THIS_ORDER, "why_order", "Why this order?",                              why_this_order},
    {AD_WHY_ADD,        "why_add",   "Why do the contributions add?",                why_add},
    {AD_WHAT_TWICE,     "twice",     "What would a second backward call do?",        what_twice},
    {AD_WHAT_AT_KINKS,  "kinks",     "What happens at a kink?",                      what_at_kinks},
    {AD_WHY_SATURATED,  "saturated", "Why does a saturated sigmoid learn slowly?",   why_saturated},
};

static void put_facts(ad_explaining *e)
{
    ad_json_open(&e->json, "facts", '{');
    for (size_t k = 0; k < e->facts; k++)
        if (e->fact[k].is_text)
            ad_json_text(&e->json, e->fact[k].key, e->fact[k].text);
        else
            ad_json_number(&e->json, e->fact[k].key, e->fact[k].number);
    ad_json_close(&e->json, '}');
}

static void answer(asking *a, size_t k)
{
    ad_explaining *e = a->e;
    int json = e->options.format == AD_FORMAT_JSON;
    e->facts = 0;
    if (json) {
        ad_json_open(&e->json, NULL, '{');
        ad_json_text(&e->json, "question", questions[k].key);
        ad_json_text(&e->json, "title", questions[k].title);
        ad_json_open(&e->json, "answer", '[');
    } else
        ad_page_heading(&e->page, questions[k].title);
    questions[k].answer(a);
    if (json) {
        ad_json_close(&e->json, ']');
        put_facts(e);
        ad_json_close(&e->json, '}');
    }
}

void ad_explain_questions(ad_explaining *e)
{
    const ad_allocator *allocator = &e->s.allocator;
    size_t n = e->s.n;
    asking a = {e, ad_resize(allocator, NULL, 0, n * sizeof *a.g), ad_resize(allocator, NULL, 0, n)};
    if (a.g && a.above) {
        memset(a.above, 0, n);
        if (e->by < n)
            a.above[e->by] = 1;
        for (size_t k = 0; k < e->s.n_edges; k++)
            a.above[e->s.edge[k].to] |= a.above[e->s.edge[k].from];
        for (size_t k = 0; k < sizeof questions / sizeof *questions; k++)
            if (e->options.questions & (unsigned)questions[k].question)
                answer(&a, k);
    } else
        e->failed = 1;
    ad_resize(allocator, a.g, a.g ? n * sizeof *a.g : 0, 0);
    ad_resize(allocator, a.above, a.above ? n : 0, 0);
}
