/* explain_numbers.c -- formulas with their numbers put in, such that whoever computes what is written gets what is written
 * behind it. Numbers are rounded to the digits asked for; where that would spoil the result (1 - 0.999999998), to more. */
#include "explaining.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The nodes of one formula ------------------------------------------------------------------------------------------------ */

static int make_room(ad_explaining *e)
{
    const ad_allocator *a = &e->s.allocator;
    size_t nodes = ad_recorded(e->s.notebook), room = nodes + nodes / 2 + 64;
    if (nodes <= e->forms)
        return 1;
    ad_explain_numbers_free(e);
    e->form    = ad_resize(a, NULL, 0, room * sizeof *e->form);
    e->held    = ad_resize(a, NULL, 0, room * sizeof *e->held);
    e->is_held = ad_resize(a, NULL, 0, room);
    e->forms   = room;
    if (e->form && e->held && e->is_held) {
        memset(e->is_held, 0, room);
        return 1;
    }
    ad_explain_numbers_free(e);
    e->failed = 1;
    return 0;
}

void ad_explain_numbers_free(ad_explaining *e)
{
    const ad_allocator *a = &e->s.allocator;
    ad_resize(a, e->form, e->form ? e->forms * sizeof *e->form : 0, 0);
    ad_resize(a, e->held, e->held ? e->forms * sizeof *e->held : 0, 0);
    ad_resize(a, e->is_held, e->is_held ? e->forms : 0, 0);
    e->form = NULL, e->held = NULL, e->is_held = NULL;
    e->forms = 0;
}

static int in_order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* What v is made of, operands first. */
static size_t hold(ad_explaining *e, ad_var v)
{
    size_t n = 0;
    e->held[n++] = ad_id(v);
    e->is_held[ad_id(v)] = 1;
    for (size_t at = 0; at < n; at++) {
        ad_node node = ad_node_at(e->s.notebook, e->held[at]);
        for (size_t k = 0; k < node.n; k++) {
            uint32_t operand = ad_node_operand(&node, k);
            if (!e->is_held[operand])
                e->held[n++] = operand;
            e->is_held[operand] = 1;
        }
    }
    for (size_t at = 0; at < n; at++)
        e->is_held[e->held[at]] = 0;
    qsort(e->held, n, sizeof *e->held, in_order);
    return n;
}

static double rounded(double x, int digits)
{
    char text[40];
    snprintf(text, sizeof text, "%.*g", digits, x);
    return isfinite(x) ? strtod(text, NULL) : x;
}

/* The formula with its numbers rounded. */
static double evaluated(ad_explaining *e, size_t n, int digits)
{
    const ad_tape *notebook = e->s.notebook;
    for (size_t at = 0; at < n; at++) {
        uint32_t i = e->held[at];
        ad_node node = ad_node_at(notebook, i);
        double value = notebook->head->values[i];
        if (node.rule->kind != AD_LEAF)
            e->form[i] = ad_steps_again(&e->s, &node, e->form);
        else
            e->form[i] = ad_const(node.op == AD_OP_CONSTANT && !ad_is_long(value) ? value : rounded(value, digits));
    }
    return e->form[e->held[n - 1]].value;
}

/* ---- Digits ------------------------------------------------------------------------------------------------------------------- */

/* Equal but for the last of so many digits. */
static int agree(double x, double value, int digits)
{
    return x == value || fabs(x - value) <= pow(10, 1 - digits) * fabs(value) || (isnan(x) && isnan(value));
}

/* The digits that formula needs, 18: more than there are. */
static int digits_for(ad_explaining *e, ad_var v, double value)
{
    int digits = e->page.numbers.digits, least = digits < 15 ? digits : 15;
    if (ad_is_plain(v))
        return agree(v.value, value, least) ? digits : 18;
    if (!make_room(e))
        return digits;
    size_t n = hold(e, v);
    for (int more = digits; more <= 17; more++)
        if (agree(evaluated(e, n, more), value, least))
            return more;
    return 18;
}

int ad_explain_numbers(ad_explaining *e, ad_var v, int named, double value, char *text)
{
    ad_page page = e->page;
    int digits = digits_for(e, v, value);
    page.numbers.digits = page.numbers.constants = digits < 17 ? digits : 17;
    ad_page_numbers(&page, v, named, text);
    return digits <= 17;
}

int ad_explain_is_torn(const char *text)
{
    int gaps = 0;
    for (const char *at = text; *at; at++)
        gaps += !strncmp(at, "...", 3) || !strncmp(at, "\\ldots", 6);
    return gaps > 1;
}

static int is_too_long(ad_explaining *e, ad_var v)
{
    char text[AD_LINE];
    ad_page_names(&e->page, v, text);
    return ad_explain_is_torn(text);
}

ad_var ad_explain_slope(ad_explaining *e, const ad_edge *edge, int numbers)
{
    char ratio[2 * AD_STEP_NAME + 4];
    if (!is_too_long(e, edge->slope))
        return !numbers || digits_for(e, edge->slope, edge->value) <= 17 ? edge->slope : ad_param(e->s.notebook, "", edge->value);
    snprintf(ratio, sizeof ratio, "d%s/d%s", e->s.step[edge->to].name, e->s.step[edge->from].name);
    return ad_param(e->s.notebook, ratio, edge->value);
}
