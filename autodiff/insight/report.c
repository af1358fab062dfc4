/* report.c -- entries of an audit and the memory they live in. What is found is findings.c, what is printed print.c. */
#include "report.h"

#include "suggest.h"
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 4096, OPERANDS = 16 };

void *ad_report_room(ad_audit_report *r, size_t size)
{
    size = (size + 15) / 16 * 16;
    if (!r->chunks || r->chunks->size - r->chunks->used < size) {
        size_t head = (sizeof *r->chunks + 15) / 16 * 16, whole = head + (size > CHUNK ? size : CHUNK);
        struct ad_chunk *chunk = ad_resize(&r->allocator, NULL, 0, whole);
        if (!chunk) {
            r->failed = 1;
            return NULL;
        }
        *chunk = (struct ad_chunk){r->chunks, whole, head};
        r->chunks = chunk;
    }
    void *room = (char *)r->chunks + r->chunks->used;
    r->chunks->used += size;
    return room;
}

const char *ad_report_text(ad_audit_report *r, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = ad_report_room(r, n);
    return copy ? memcpy(copy, text, n) : NULL;
}

void ad_say(ad_audit_report *r, ad_finding *f, const char *format, ...)
{
    char text[640];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    f->detail = ad_report_text(r, text);
}

const char *ad_title(const ad_finding *f) { return f->name ? f->name : f->formula; }

double ad_tidied(double x) { return isnan(x) ? NAN : x + 0.0; }

ad_digits_text ad_known(ad_wide exact, ad_wide doubt)
{
    ad_digits_text n;
    ad_wide digits = doubt > 0 && exact != 0 ? log10l(fabsl(exact) / doubt) : 4;
    if (digits > 0 && (exact != 0 || doubt == 0))
        snprintf(n.text, sizeof n.text, "%.*Lg", digits >= 4 ? 4 : digits > 1 ? (int)digits : 1, exact);
    else
        snprintf(n.text, sizeof n.text, "0, within %.1Lg", doubt);
    return n;
}

static const char *name_of_node(ad_audit_report *r, uint32_t i)
{
    char text[AD_TEXT_SIZE];
    ad_text_of(ad_var_at(r->tape, i), text, 48);
    return ad_report_text(r, text);
}

static void add_operands(ad_audit_report *r, ad_finding *f, const ad_shadow *s, uint32_t i)
{
    ad_node node = ad_node_at(r->tape, i);
    f->operands = node.n < OPERANDS ? node.n : OPERANDS;
    const char **names = ad_report_room(r, f->operands * sizeof *names + 1);
    double *values = ad_report_room(r, f->operands * sizeof *values + 1);
    if (!names || !values) {
        f->operands = 0;
        return;
    }
    for (size_t k = 0; k < f->operands; k++) {
        names[k] = name_of_node(r, ad_node_operand(&node, k));
        values[k] = s->v[ad_node_operand(&node, k)];
    }
    f->operand_names = names;
    f->operand_values = values;
}

ad_finding *ad_report_entry(ad_audit_report *r, const ad_shadow *s, ad_audit_kind kind, uint32_t i, size_t row)
{
    if (!(r->kinds >> kind & 1) || r->failed)
        return NULL;
    if (r->n == r->most) {
        r->left_out++;
        return NULL;
    }
    if (!ad_block_grow(&r->entries, &r->allocator, (r->n + 1) * sizeof(ad_entry))) {
        r->failed = 1;
        return NULL;
    }
    ad_entry *e = (ad_entry *)r->entries.base + r->n;
    char text[AD_TEXT_SIZE];
    ad_var v = ad_var_at(r->tape, i);
    *e = (ad_entry){.id = i, .finding = {.kind = kind, .node = v, .value = s->v[i], .row = row, .left = NAN, .slope = NAN,
                                         .right = NAN, .digits_lost = NAN}};
    ad_finding *f = &e->finding;
    const char *name = ad_name_of(v);
    f->name = name ? ad_report_text(r, name) : NULL;
    ad_formula_of(v, text, sizeof text);
    f->formula = ad_report_text(r, text);
    add_operands(r, f, s, i);
    if (r->looked_at != row + 1) {         /* what helps depends on the values */
        ad_suggest_roots(r->tape, s->v, s->mark, s->top, r->root);
        r->looked_at = row + 1;
    }
    if (r->root[i] != UINT32_MAX && ad_suggest_text(r->tape, s->v, r->root[i], text, sizeof text))
        f->suggestion = ad_report_text(r, text);
    if (r->failed)
        return NULL;
    r->n++;
    return f;
}

/* Sixty-four nodes at a time, a bit each, down the graph. */
static void reaches_of(ad_audit_report *r, const ad_shadow *s, ad_entry *e, size_t n, uint64_t *mask)
{
    memset(mask, 0, r->nodes * sizeof *mask);
    for (size_t k = 0; k < n; k++)
        mask[e[k].id] |= UINT64_C(1) << k;
    for (uint32_t i = s->top + 1; i-- > 0;) {
        if (!mask[i])
            continue;
        ad_node node = ad_node_at(r->tape, i);
        for (size_t k = 0; k + (size_t)node.constant < node.n; k++)
            mask[ad_node_operand(&node, k)] |= mask[i];
    }
    for (size_t k = 0; k < n && !r->failed; k++) {
        ad_finding *f = &e[k].finding;
        const char **names = NULL;
        for (int pass = 0; pass < 2; pass++) {
            f->reached = 0;
            for (size_t j = 0; j < r->n_wanted; j++) {
                ad_var v = r->wanted[j].v;
                if (ad_is_plain(v) || ad_id(v) > s->top || !(mask[ad_id(v)] >> k & 1))
                    continue;
                if (pass)
                    names[f->reached] = r->wanted[j].name;
                f->reached++;
            }
            if (!pass && !(names = ad_report_room(r, f->reached * sizeof *names + 1)))
                break;
        }
        f->reaches = names;
    }
}

void ad_report_reaches(ad_audit_report *r, const ad_shadow *s)
{
    if (!r->n || r->failed)
        return;
    uint64_t *mask = ad_resize(&r->allocator, NULL, 0, r->nodes * sizeof *mask);
    r->failed |= !mask;
    for (size_t k = 0; mask && k < r->n; k += 64)
        reaches_of(r, s, (ad_entry *)r->entries.base + k, r->n - k < 64 ? r->n - k : 64, mask);
    if (mask)
        ad_resize(&r->allocator, mask, r->nodes * sizeof *mask, 0);
}
