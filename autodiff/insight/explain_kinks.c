/* explain_kinks.c -- what is asked of the audit: what happens at a kink, where there is one at the point at hand, and which
 * slope is taken at those of the operations of the graph, as kinks.def has it; and why E is not finite. Nothing is known here
 * that is not asked of these two. */
#include "audit.h"
#include "explaining.h"

#include <math.h>
#include <string.h>

static const struct kink {
    enum ad_op  op;
    int         by;
    double      x, y, w, left, slope, right;
    const char *words;
} kinks[] = {
#define KINK(row, by, x, y, w, l, s, r, words) {AD_OP_##row, by, x, y, w, l, s, r, words},
#include "../kinks.def"
};
enum { KINKS = sizeof kinks / sizeof *kinks };

static int same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* The row that has the entries of an n-ary one. */
static enum ad_op row_of(enum ad_op op)
{
    return op == AD_OP_norm2 ? AD_OP_hypot : op == AD_OP_maximum ? AD_OP_max : op == AD_OP_minimum ? AD_OP_min : op;
}

/* Points that are in the table because they are easily got wrong are no kinks: one slope from both sides, and no step. */
static int is_kink(const struct kink *k)
{
    return !same(k->left, k->right) || !same(k->left, k->slope) || !isfinite(k->slope) || strstr(k->words, "flat");
}

static int was_told(size_t k, size_t first)
{
    for (size_t j = first; j < k; j++)
        if (is_kink(&kinks[j]) && !strcmp(kinks[j].words, kinks[k].words))
            return 1;
    return 0;
}

/* ---- Here --------------------------------------------------------------------------------------------------------------------- */

static ad_audit_report *audit(ad_explaining *e, ad_audit_kind kind)
{
    const ad_explain_options *o = &e->options;
    ad_var E = ad_var_at(e->tape, e->s.step[e->s.n - 1].node);
    ad_audit_report *r = ad_audit(E, (ad_audit_options){.n = o->wrt ? o->n_wrt : 0, .wrt = o->wrt, .kinds = 1u << kind});
    e->failed |= !r;
    return r;
}

void ad_explain_not_finite(ad_explaining *e)
{
    ad_audit_report *r = audit(e, AD_AUDIT_NON_FINITE);
    if (r && ad_audit_count(r))
        ad_page_say(&e->page, "It is not finite: %s.", ad_audit_finding(r, 0)->detail);
    ad_audit_free(r);
}

/* What the audit finds, sentence by sentence. 0 when it could not be asked. */
static int tell_findings(ad_explaining *e)
{
    enum { MOST = 12 };
    ad_audit_report *r = audit(e, AD_AUDIT_KINK);
    if (!r)
        return 0;
    size_t found = ad_audit_count(r);
    ad_explain_number(e, "kinks_here", (double)(found + ad_audit_left_out(r)));
    for (size_t i = 0; i < found && i < MOST; i++)
        ad_page_say(&e->page, "Here %s.", ad_audit_finding(r, i)->detail);
    if (found > MOST)
        ad_page_say(&e->page, "... and %zu more.", found + ad_audit_left_out(r) - MOST);
    if (!found)
        ad_page_say(&e->page, "No operation on the way to %s is at such a point here.", e->s.step[e->s.n - 1].name);
    ad_audit_free(r);
    return 1;
}

/* ---- In general --------------------------------------------------------------------------------------------------------------- */

/* The node of that row whose first operands are nearest to the point of its first entry; of rows of two operands that tie,
 * the two that are nearest to each other. */
typedef struct nearest {
    uint32_t node;
    double   distance;
    size_t   nodes;
} nearest;

static double distance_of(const ad_tape *tape, const ad_node *node, const struct kink *k)
{
    double x[2] = {0, 0};
    for (size_t j = 0; j < node->n && j < 2; j++)
        x[j] = tape->head->values[ad_node_operand(node, j)];
    if (node->n > 1 && k->x == k->y && k->x != 0)
        return fabs(x[0] - x[1]);
    return fabs(x[0] - k->x) + (node->n > 1 ? fabs(x[1] - k->y) : 0);
}

static void find_nearest(const ad_explaining *e, nearest *at)
{
    const ad_tape *tape = e->tape;
    uint32_t top = e->s.step[e->s.n - 1].node;
    for (uint32_t i = 0; i <= top; i++) {
        ad_node node = ad_node_at(tape, i);
        if (node.op >= AD_OP_COUNT || !node.n || ad_grad(ad_var_at(tape, i)) == 0)
            continue;
        enum ad_op op = row_of(node.op);
        size_t k = 0;
        while (k < KINKS && (kinks[k].op != op || !is_kink(&kinks[k])))
            k++;
        if (k == KINKS)
            continue;
        double distance = distance_of(tape, &node, &kinks[k]);
        if (!at[op].nodes++ || distance < at[op].distance) {
            at[op].node = i;
            at[op].distance = distance;
        }
    }
}

/* Whether the operand that the entry is about is a constant there: then its slope is nobody's. */
static int is_idle(const ad_explaining *e, const struct kink *k, const nearest *at)
{
    ad_node node = ad_node_at(e->tape, at->node);
    return !node.list && (size_t)k->by < node.n &&
           ad_word_op(e->tape->head->words[ad_node_operand(&node, (size_t)k->by)]) == AD_OP_CONSTANT;
}

/* The head without k; no operands without `at`. */
static void tell_row(ad_explaining *e, const struct kink *k, const nearest *at)
{
    static const int widths[] = {18, 16, 6, 6, 6, 16};
    char row[AD_STEP_NAME] = "operation", left[24] = "left", slope[24] = "taken", right[24] = "right", here[AD_STEP_NAME] = "nearest here";
    if (k) {
        ad_node node = {.n = 0};
        if (at)
            node = ad_node_at(e->tape, at->node);
        *here = 0;
        snprintf(row, sizeof row, ad_rules[k->op].arity > 1 ? "%s, by %c" : "%s", ad_rules[k->op].name, "xyw"[k->by]);
        snprintf(left, sizeof left, isnan(k->left) ? "none" : "%g", k->left);
        snprintf(slope, sizeof slope, isnan(k->slope) ? "none" : "%g", k->slope);
        snprintf(right, sizeof right, isnan(k->right) ? "none" : "%g", k->right);
        for (size_t j = 0, n = 0; j < node.n && j < 3 && n < sizeof here; j++)
            n += (size_t)snprintf(here + n, sizeof here - n, j ? ", %.4g" : "%.4g", e->tape->head->values[ad_node_operand(&node, j)]);
    }
    ad_page_row(&e->page, 7, widths, (const char *const[]){row, k ? ad_rules[k->op].holds : "smooth where", left, slope, right, here,
                                                           k ? k->words : "since"}, !k);
}

/* Two that learners meet, where the graph has none. */
static void tell_examples(ad_explaining *e)
{
    ad_page_say(&e->page, "Nor has any of them one: all are smooth. Others have, for example:");
    tell_row(e, NULL, NULL);
    for (size_t k = 0; k < KINKS; k++)
        if ((kinks[k].op == AD_OP_relu || kinks[k].op == AD_OP_max) && (!k || kinks[k].op != kinks[k - 1].op))
            tell_row(e, &kinks[k], NULL);
}

static void tell_conventions(ad_explaining *e, const nearest *at)
{
    size_t rows = 0;
    for (size_t k = 0, first = 0; k < KINKS; k++) {
        first = kinks[k].op == kinks[first].op ? first : k;
        if (!at[kinks[k].op].nodes || !is_kink(&kinks[k]) || was_told(k, first) || is_idle(e, &kinks[k], &at[kinks[k].op]))
            continue;
        if (!rows++) {
            ad_page_say(&e->page, "The operations on the way to %s that have such points, their slopes to the left and to the right of "
                        "one, the slope that is taken there, and the operands here that are nearest:", e->s.step[e->s.n - 1].name);
            tell_row(e, NULL, NULL);
        }
        tell_row(e, &kinks[k], &at[kinks[k].op]);
    }
    if (!rows)
        tell_examples(e);
    ad_page_end_table(&e->page);
}

void ad_explain_kinks(ad_explaining *e)
{
    size_t size = AD_OP_COUNT * sizeof(nearest);
    ad_page_say(&e->page, "Where a function bends, its slopes to the left and to the right differ, and there is no derivative; nor "
                "where it jumps, or where its domain ends. Each operation states which slope it takes at such a point, and every "
                "sweep keeps to that.");
    nearest *at = ad_resize(&e->s.allocator, NULL, 0, size);
    if (!at) {
        e->failed = 1;
        return;
    }
    memset(at, 0, size);
    if (tell_findings(e)) {
        find_nearest(e, at);
        tell_conventions(e, at);
    }
    ad_resize(&e->s.allocator, at, size, 0);
}
