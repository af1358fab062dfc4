/* explain_json.c -- an explanation as JSON, for programs: what the page says, number by number. Its form is told in explain.h;
 * whoever changes it changes that. */
#include "explaining.h"

#include <math.h>
#include <string.h>

static void put_header(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    ad_json *j = &e->json;
    ad_json_text(j, "quantity", s->step[s->n - 1].name);
    ad_json_number(j, "value", s->step[s->n - 1].symbol.value);
    ad_json_text(j, "note", e->options.note);
    ad_json_count(j, "digits", (size_t)e->options.digits);
    ad_json_open(j, "inputs", '[');
    for (size_t i = 0; i < s->n; i++) {
        const ad_step *step = &s->step[i];
        if (!step->input)
            continue;
        ad_json_open(j, NULL, '{');
        ad_json_text(j, "name", step->name);
        ad_json_number(j, "value", step->symbol.value);
        if (step->given)
            ad_json_null(j, "derivative");
        else
            ad_json_number(j, "derivative", step->adjoint.value);
        ad_json_close(j, '}');
    }
    ad_json_close(j, ']');
}

static void put_forward(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    ad_json *j = &e->json;
    size_t number = 0;
    ad_json_open(j, "forward", '[');
    for (size_t i = 0; i < s->n; i++) {
        const ad_step *step = &s->step[i];
        if (step->input)
            continue;
        ad_explain_forward(e, i);
        ad_json_open(j, NULL, '{');
        ad_json_count(j, "number", ++number);
        ad_json_text(j, "name", step->name);
        ad_json_text(j, "formula", e->equation.right[0]);
        ad_json_text(j, "numbers", e->equation.right[1]);
        ad_json_number(j, "value", step->symbol.value);
        ad_json_close(j, '}');
    }
    ad_json_close(j, ']');
}

static void put_contribution(ad_explaining *e, const ad_edge *edge)
{
    ad_json *j = &e->json;
    char slope[AD_LINE];
    ad_page_names(&e->page, edge->slope, slope);
    ad_json_open(j, NULL, '{');
    ad_json_text(j, "from", e->s.step[edge->to].name);
    ad_json_number(j, "adjoint", e->s.step[edge->to].adjoint.value);
    ad_json_text(j, "slope_formula", slope);
    ad_json_number(j, "slope", edge->value);
    ad_json_number(j, "value", ad_explain_contribution(e, edge));
    ad_json_open(j, "rules", '[');
    for (int k = 0; k < 3 && edge->rules[k]; k++) {
        ad_json_open(j, NULL, '{');
        ad_json_text(j, "row", edge->rows[k]);
        ad_json_text(j, "rule", edge->rules[k]);
        ad_json_close(j, '}');
    }
    ad_json_close(j, ']');
    ad_json_close(j, '}');
}

static void put_backward(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    ad_json *j = &e->json;
    size_t number = 0;
    ad_json_open(j, "backward", '[');
    for (size_t i = s->n - 1; i-- > 0;) {
        const ad_step *step = &s->step[i];
        if (!ad_explain_has_adjoint(e, i))
            continue;
        ad_explain_adjoint(e, i);
        ad_json_open(j, NULL, '{');
        ad_json_count(j, "number", ++number);
        ad_json_text(j, "name", step->name);
        ad_json_text(j, "formula", e->equation.right[0]);
        ad_json_text(j, "numbers", e->equation.right[e->equation.lines > 1]);
        ad_json_number(j, "value", step->adjoint.value);
        ad_json_open(j, "contributions", '[');
        for (size_t k = 0; k < step->n_uses; k++)
            put_contribution(e, &s->edge[s->uses[step->first_use + k]]);
        ad_json_close(j, ']');
        ad_json_close(j, '}');
    }
    ad_json_close(j, ']');
}

/* ---- The chosen variable -------------------------------------------------------------------------------------------------- */

typedef struct putting {
    ad_explaining *e;
    size_t         shown;
} putting;

static int put_path(void *context, const ad_steps *s, const size_t *edges, size_t n)
{
    putting *p = context;
    ad_json *j = &p->e->json;
    if (p->shown >= p->e->options.most_paths)
        return 1;
    p->shown++;
    ad_explain_path(p->e, edges, n);
    ad_json_open(j, NULL, '{');
    ad_json_open(j, "steps", '[');
    for (size_t k = 0; k < n; k++)
        ad_json_text(j, NULL, s->step[s->edge[edges[k]].from].name);
    ad_json_text(j, NULL, s->step[s->n - 1].name);
    ad_json_close(j, ']');
    ad_json_text(j, "formula", p->e->equation.right[0]);
    ad_json_open(j, "slopes", '[');
    for (size_t k = 0; k < n; k++)
        ad_json_number(j, NULL, s->edge[edges[k]].value);
    ad_json_close(j, ']');
    ad_json_number(j, "value", ad_explain_path_product(s, edges, n));
    ad_json_close(j, '}');
    return 1;
}

static void put_way(ad_json *j, const char *key, double step, double value, double exact)
{
    ad_json_open(j, key, '{');
    if (!key)
        ad_json_number(j, "step", step);
    ad_json_number(j, "value", value);
    ad_json_number(j, "error", value - exact);
    ad_json_close(j, '}');
}

static void put_other_ways(ad_json *j, const ad_other_ways *o, double exact)
{
    char digits[AD_COUNT_TEXT];
    ad_count_write(&o->one.paths, digits);
    ad_json_digits(j, "path_count", digits);
    ad_count_write(&o->one.multiplications, digits);
    ad_json_digits(j, "multiplications", digits);
    if (o->summed)
        put_way(j, "path_sum", 0, o->sum, exact);
    else
        ad_json_null(j, "path_sum");
    put_way(j, "dual_number", 0, o->dual, exact);
    ad_json_open(j, "differences", '[');
    for (size_t k = 0; k < AD_DIFFERENCES; k++)
        put_way(j, NULL, o->difference[k].step, o->difference[k].value, exact);
    ad_json_close(j, ']');
    put_way(j, "extrapolated_difference", 0, o->extrapolated, exact);
}

static void put_by(ad_explaining *e)
{
    ad_json *j = &e->json;
    ad_other_ways o;
    putting p = {.e = e};
    if (ad_is_plain(e->options.by)) {
        ad_json_null(j, "by");
        return;
    }
    ad_json_open(j, "by", '{');
    ad_json_text(j, "name", e->by < e->s.n ? e->s.step[e->by].name : ad_name_of(e->options.by));
    ad_json_number(j, "derivative", e->by < e->s.n ? e->s.step[e->by].adjoint.value : 0);
    if (e->by < e->s.n - 1) {
        ad_json_open(j, "paths", '[');
        int done = ad_explain_other_ways(e, &o, put_path, &p);
        ad_json_close(j, ']');
        if (done)
            put_other_ways(j, &o, e->s.step[e->by].adjoint.value);
    }
    ad_json_close(j, '}');
}

/* ---- The whole -------------------------------------------------------------------------------------------------------------- */

static void put_counts(ad_explaining *e)
{
    ad_json *j = &e->json;
    ad_path_counts one, all;
    char digits[AD_COUNT_TEXT];
    if (!ad_paths_count(&e->s, e->s.n - 1, &one, &all)) {
        e->failed = 1;
        return;
    }
    ad_json_open(j, "multiplications", '{');
    ad_json_count(j, "sweep", ad_sweep_count(&e->s));
    ad_count_write(&all.multiplications, digits);
    ad_json_digits(j, "path_by_path", digits);
    ad_count_write(&all.paths, digits);
    ad_json_digits(j, "path_count", digits);
    ad_json_close(j, '}');
}

void ad_explain_json(ad_explaining *e)
{
    ad_json *j = &e->json;
    ad_json_open(j, NULL, '{');
    put_header(e);
    put_forward(e);
    put_backward(e);
    put_counts(e);
    put_by(e);
    ad_json_open(j, "questions", '[');
    ad_explain_questions(e);
    ad_json_close(j, ']');
    ad_json_close(j, '}');
}
