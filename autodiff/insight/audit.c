/* audit.c -- auditing a graph at its own point or over rows, and reading the report. What counts as wrong is findings.c. */
#include "audit.h"

#include "report.h"
#include "suggest.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* ---- A report's life ---------------------------------------------------------------------------------------------------- */

static ad_audit_report *blank(const ad_allocator *a, ad_audit_options options)
{
    ad_audit_report *r = ad_resize(a, NULL, 0, sizeof *r);
    if (!r)
        return NULL;
    memset(r, 0, sizeof *r);
    r->allocator = *a;
    r->most  = options.most ? options.most : 1000;
    r->kinds = options.kinds ? options.kinds : (1u << AD_AUDIT_KINDS) - 1;
    r->value_digits = 16;
    return r;
}

void ad_audit_free(ad_audit_report *r)
{
    if (!r)
        return;
    ad_allocator a = r->allocator;
    for (struct ad_chunk *c = r->chunks, *next; c; c = next) {
        next = c->next;
        ad_resize(&a, c, c->size, 0);
    }
    if (r->root)
        ad_resize(&a, r->root, r->nodes * sizeof *r->root, 0);
    ad_block_free(&r->entries, &a);
    ad_resize(&a, r, sizeof *r, 0);
}

/* ---- What is requested ---------------------------------------------------------------------------------------------------- */

/* The requested variables, or all params, copied into the report. */
static void want(ad_audit_report *r, ad_audit_options options)
{
    const uint32_t *inputs = r->tape->inputs.base;
    size_t n = options.n;
    for (uint32_t k = 0; !options.n && k < r->tape->n_inputs; k++)
        n += ad_word_op(r->tape->head->words[inputs[k]]) == AD_OP_PARAM;
    if (!(r->wanted = ad_report_room(r, n * sizeof *r->wanted + 1)))
        return;
    memset(r->wanted, 0, n * sizeof *r->wanted);
    if (options.n)
        for (; r->n_wanted < n; r->n_wanted++)
            r->wanted[r->n_wanted].v = options.wrt[r->n_wanted];
    else
        for (uint32_t k = 0; k < r->tape->n_inputs; k++)
            if (ad_word_op(r->tape->head->words[inputs[k]]) == AD_OP_PARAM)
                r->wanted[r->n_wanted++].v = ad_var_at(r->tape, inputs[k]);
    for (size_t j = 0; j < n; j++) {
        char text[AD_TEXT_SIZE];
        ad_text_of(r->wanted[j].v, text, sizeof text);
        r->wanted[j].name = ad_report_text(r, text);
        r->wanted[j].digits = 16;
    }
}

static int sound(ad_tape *tape, ad_audit_options options, const char *function)
{
    if (!tape)
        return 0;
    if (options.n && !options.wrt) {
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_%s: options.n is %zu and options.wrt NULL", function, options.n);
        return 0;
    }
    for (size_t j = 0; j < options.n; j++)
        if (!ad_is_plain(options.wrt[j]) && !ad_accepts(tape, options.wrt[j], function, "a requested variable"))
            return 0;
    return 1;
}

/* ---- Auditing ------------------------------------------------------------------------------------------------------------- */

static void add_exact(ad_wide *high, ad_wide *low, ad_wide term)
{
    ad_wide sum = *high + term, back = sum - *high, lost = (*high - (sum - back)) + (term - back);
    *high = sum;
    if (lost == lost)
        *low += lost;
}

/* Whether anything that was asked for has less than twelve right digits. What cancels or underflows without a trace in the
 * result, as in 1 + exp(-800), is not wrong. */
static int is_off(const ad_audit_report *r, const ad_shadow *s)
{
    int off = s->opaque || !(ad_digits(s->v[s->top], s->v[s->top], s->e[s->top], 0) >= 12);
    for (size_t j = 0; j < r->n_wanted; j++)
        if (!ad_is_plain(r->wanted[j].v) && ad_id(r->wanted[j].v) <= s->top) {
            uint32_t i = ad_id(r->wanted[j].v);
            off |= !(ad_digits(s->g[i], s->G[i], s->low[i], 0) >= 12);
        }
    return off;
}

/* At the shadow's point; gradients and value add to what the report has. */
static void look(ad_audit_report *r, ad_shadow *s, size_t row)
{
    ad_shadow_choose(s);
    ad_shadow_values(s);
    ad_shadow_sweep(s);
    s->off = is_off(r, s);
    ad_audit_point(r, s, row);
    r->value += s->v[s->top];
    add_exact(&r->exact_value, &r->low_value, s->v[s->top]);
    add_exact(&r->exact_value, &r->low_value, s->e[s->top]);
    r->doubt += s->doubt[s->top];
    for (size_t j = 0; j < r->n_wanted; j++) {
        ad_wanted *w = &r->wanted[j];
        if (ad_is_plain(w->v) || ad_id(w->v) > s->top)
            continue;
        uint32_t i = ad_id(w->v);
        w->gradient += s->g[i];
        add_exact(&w->exact, &w->low, s->G[i]);
        add_exact(&w->exact, &w->low, s->low[i]);
        w->noise += s->noise[i];
    }
}

/* What is not finite has slopes by what it does not come from alone. */
static int has_slope(const ad_audit_report *r, const ad_shadow *s, size_t j)
{
    ad_var v = r->wanted[j].v;
    return isfinite(r->value) || ad_is_plain(v) || ad_id(v) > s->top || !(s->mark[ad_id(v)] & AD_MARK_NEEDED);
}

static void finish(ad_audit_report *r, const ad_shadow *s)
{
    ad_report_reaches(r, s);
    r->value_digits = s->opaque ? NAN : ad_digits(r->value, r->exact_value, r->low_value, r->doubt);
    for (size_t j = 0; j < r->n_wanted; j++) {
        ad_wanted *w = &r->wanted[j];
        w->digits = s->opaque || !has_slope(r, s, j) ? NAN : ad_digits(w->gradient, w->exact, w->low, w->noise);
    }
}

/* Only values that are not finite are sought, and there is none: nothing more of this row need be computed. */
static int passes_at_a_glance(const ad_audit_report *r, const ad_shadow *s)
{
    if (r->kinds != 1u << AD_AUDIT_NON_FINITE)
        return 0;
    double any = 0;
    for (uint32_t i = 0; i <= s->top; i++)
        any += s->v[i] * 0 * (s->mark[i] & AD_MARK_NEEDED);
    return any == 0;
}

/* Whether a row has no value of its own for want of a sum over all of them. */
static int sums_over_rows(const ad_shadow *s)
{
    for (uint32_t i = 0; i <= s->top; i++)
        if (s->mark[i] & AD_MARK_NEEDED && ad_word_op(s->tape->head->words[i]) == AD_OP_ROW_SUM)
            return 1;
    return 0;
}

static ad_audit_report *audit(ad_var E, ad_audit_options options, const double *params, const double *const *columns,
                              size_t rows, const char *function)
{
    ad_tape *tape = ad_tape_of(E, function);
    if (!sound(tape, options, function))
        return NULL;
    ad_shadow s = {.tape = tape};
    ad_audit_report *r = blank(&tape->allocator, options);
    int made = 0;
    if (r) {
        r->tape = tape;
        r->rows = params || columns || rows != 1;
        r->nodes = ad_id(E) + (size_t)1;
        r->root = ad_resize(&r->allocator, NULL, 0, r->nodes * sizeof *r->root);
        want(r, options);
        ad_var *wrt = r->failed ? NULL : ad_report_room(r, r->n_wanted * sizeof *wrt + 1);
        for (size_t j = 0; wrt && j < r->n_wanted; j++)
            wrt[j] = r->wanted[j].v;
        made = wrt && r->root && ad_shadow_make(&s, tape, E, r->n_wanted, wrt);
    }
    if (made && r->rows && sums_over_rows(&s)) {
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_%s: E has a sum over rows, whose value no single row has", function);
        ad_shadow_free(&s);
        ad_audit_free(r);
        return NULL;
    }
    if (made) {
        for (size_t row = 0; row < rows && !r->failed && !(r->n == r->most && r->kinds == 1u << AD_AUDIT_NON_FINITE); row++) {
            if (r->rows)
                ad_shadow_move(&s, params, columns, row);
            if (!passes_at_a_glance(r, &s))
                look(r, &s, row);
        }
        finish(r, &s);
    }
    ad_shadow_free(&s);
    if (made && !r->failed) {
        ad_resize(&r->allocator, r->root, r->nodes * sizeof *r->root, 0);
        r->root = NULL;
        r->tape = NULL;
        return r;
    }
    ad_audit_free(r);
    ad_fault_memory(tape, function, "the audit");
    return NULL;
}

static ad_audit_report *of_a_number(double value, ad_audit_options options)
{
    ad_allocator a = ad_allocator_complete((ad_allocator){0});
    ad_audit_report *r = blank(&a, options);
    if (r)
        r->value = value;
    return r;
}

ad_audit_report *ad_audit(ad_var E, ad_audit_options options)
{
    return ad_is_plain(E) ? of_a_number(E.value, options) : audit(E, options, NULL, NULL, 1, "audit");
}

ad_audit_report *ad_audit_rows(ad_var E, ad_audit_options options, const double *params, const double *const *columns, size_t rows)
{
    if (ad_is_plain(E))
        return of_a_number(E.value * (double)rows, options);
    ad_tape *tape = ad_tape_of(E, "audit_rows");
    if (!tape)
        return NULL;
    int param = 0, column = 0;
    const uint32_t *inputs = tape->inputs.base;
    for (uint32_t k = 0; k < tape->n_inputs && inputs[k] <= ad_id(E); k++)
        *(ad_word_op(tape->head->words[inputs[k]]) == AD_OP_PARAM ? &param : &column) = 1;
    if (rows && ((param && !params) || (column && !columns))) {
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_audit_rows: %s is NULL, and E's tape has some", param && !params ? "params" : "columns");
        return NULL;
    }
    static const double none = 0;
    return audit(E, options, params ? params : &none, columns, rows, "audit_rows");
}

/* ---- Reading -------------------------------------------------------------------------------------------------------------- */

size_t ad_audit_count(const ad_audit_report *r) { return r ? r->n : 0; }
size_t ad_audit_left_out(const ad_audit_report *r) { return r ? r->left_out : 0; }

const ad_finding *ad_audit_finding(const ad_audit_report *r, size_t i)
{
    return r && i < r->n ? &((const ad_entry *)r->entries.base + i)->finding : NULL;
}

size_t      ad_audit_wanted(const ad_audit_report *r) { return r ? r->n_wanted : 0; }
const char *ad_audit_wanted_name(const ad_audit_report *r, size_t j) { return j < ad_audit_wanted(r) ? r->wanted[j].name : NULL; }
double      ad_audit_gradient(const ad_audit_report *r, size_t j) { return j < ad_audit_wanted(r) ? r->wanted[j].gradient : NAN; }
double      ad_audit_digits(const ad_audit_report *r, size_t j) { return j < ad_audit_wanted(r) ? r->wanted[j].digits : NAN; }
double      ad_audit_value(const ad_audit_report *r) { return r ? r->value : NAN; }
double      ad_audit_value_digits(const ad_audit_report *r) { return r ? r->value_digits : NAN; }

const char *ad_audit_kind_name(ad_audit_kind kind)
{
    static const char *const names[] = {"non_finite", "zero_times_infinity", "kink", "cancellation", "range"};
    return (unsigned)kind < AD_AUDIT_KINDS ? names[kind] : "none";
}
