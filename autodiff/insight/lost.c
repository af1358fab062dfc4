/* lost.c -- what no operation accounts for by itself: values and slopes that are off though nothing that was found explains it.
 * What operations do is findings.c.
 */
#include "report.h"

#include <math.h>

/* Whether a number is off by more than eight digits, and known to be. */
static int is_lost(ad_wide off, ad_wide exact, ad_wide doubt)
{
    return AD_WIDE && isfinite(exact) && off > 1e-8L * fabsl(exact) && off > 4 * doubt;
}

static int is_linear(enum ad_op op)
{
    return op == AD_OP_add || op == AD_OP_sub || op == AD_OP_neg || op == AD_OP_sum || op == AD_OP_mean;
}

/* Marks what the findings of this point are computed from, and what stands beside a wrong value where slopes depend on it; whether
 * one of them explains a value that is off. */
static int mark_told(ad_audit_report *r, const ad_shadow *s, size_t from)
{
    const unsigned char told = AD_MARK_TOLD, off = AD_MARK_OFF;
    int value = 0;
    for (uint32_t i = 0; i <= s->top; i++)
        s->mark[i] &= (unsigned char)~(told | off);
    for (size_t k = from; k < r->n; k++) {
        const ad_entry *e = (const ad_entry *)r->entries.base + k;
        if (e->finding.kind == AD_AUDIT_ZERO_TIMES_INFINITY)
            continue;
        int wrong = e->finding.kind != AD_AUDIT_KINK && (s->e[e->id] != 0 || !isfinite(s->v[e->id]));
        value |= wrong;
        s->mark[e->id] |= told | (wrong ? off : 0);
    }
    for (uint32_t i = 0; i <= s->top; i++) {
        ad_node node = ad_node_at(s->tape, i);
        for (size_t k = 0; k < node.n && s->mark[i] & AD_MARK_NEEDED; k++)
            if (s->mark[ad_node_operand(&node, k)] & off)
                s->mark[i] |= off | (is_linear(node.op) ? 0 : told);
    }
    for (uint32_t i = s->top + 1; i-- > 0;) {
        if (!(s->mark[i] & told))
            continue;
        ad_node node = ad_node_at(s->tape, i);
        for (size_t k = 0; k + (size_t)node.constant < node.n; k++)
            s->mark[ad_node_operand(&node, k)] |= told;
    }
    return value;
}

/* The first value whose digits are lost for want of range, as of a product below the normal numbers. */
static int find_underflow(ad_audit_report *r, const ad_shadow *s, size_t row)
{
    for (uint32_t i = 0; i <= s->top; i++) {
        int below = s->t[i] != 0 && fabsl(s->t[i]) < DBL_MIN;
        if (!(s->mark[i] & AD_MARK_MATTERS) || !below || !is_lost(fabsl(s->e[i]), s->t[i], s->doubt[i]))
            continue;
        ad_finding *f = ad_report_entry(r, s, AD_AUDIT_RANGE, i, row);
        if (f)
            ad_say(r, f, "%s underflows: it is about %s, and in double %.9g", ad_title(f),
                          ad_known(s->t[i], s->doubt[i]).text, s->v[i]);
        return 1;
    }
    return 0;
}

static void find_lost_value(ad_audit_report *r, const ad_shadow *s, size_t row)
{
    if (!isfinite(s->v[s->top]) || !is_lost(fabsl(s->e[s->top]), s->t[s->top], s->doubt[s->top]) || find_underflow(r, s, row))
        return;
    ad_finding *f = ad_report_entry(r, s, AD_AUDIT_CANCELLATION, s->top, row);
    if (f) {
        f->digits_lost = 16 - ad_digits(f->value, s->t[s->top], 0, 0);
        ad_say(r, f, "%s is %.9g, and exact is about %s: what several operations lose adds up", ad_title(f), f->value,
            ad_known(s->t[s->top], s->doubt[s->top]).text);
    }
}

/* No slope is silently 0, not finite or wrong: what no operation accounts for, as sums of contributions that overflow. */
static int is_lost_slope(const ad_shadow *s, uint32_t i)
{
    ad_wide exact = s->G[i] + s->low[i];
    if (s->mark[i] & AD_MARK_TOLD)
        return 0;
    return isfinite(s->g[i]) ? !s->opaque && is_lost(fabsl(s->g[i] - exact), exact, s->noise[i]) : isfinite(s->v[s->top]);
}

static void tell_lost_slope(ad_audit_report *r, const ad_shadow *s, uint32_t i, size_t row)
{
    ad_wide exact = s->G[i] + s->low[i];
    int finite = isfinite(s->g[i]);
    int vanished = finite && (s->g[i] == 0 || fabsl(exact) < DBL_MIN);
    ad_finding *f = ad_report_entry(r, s, finite && !vanished ? AD_AUDIT_CANCELLATION : AD_AUDIT_RANGE, i, row);
    if (!f)
        return;
    f->suggestion = NULL;
    f->digits_lost = finite && !vanished ? 16 - ad_digits(s->g[i], s->G[i], s->low[i], 0) : NAN;
    if (!isfinite(exact) && !finite)
        ad_say(r, f, "the slope by %s is %g, without rounding too", ad_title(f), ad_tidied(s->g[i]));
    else
        ad_say(r, f, "the slope by %s is %.9g, and exact is about %s", ad_title(f), ad_tidied(s->g[i]), ad_known(exact, s->noise[i]).text);
}

/* Where the sweep made a NaN though no slope is one: an infinity met its opposite. */
static void find_opposed_infinities(ad_audit_report *r, const ad_shadow *s, size_t row)
{
    for (uint32_t i = 0; i <= s->top; i++)
        s->mark[i] &= (unsigned char)~AD_MARK_TOLD;          /* of operands that are given a NaN */
    for (uint32_t i = s->top + 1; i-- > 0;) {
        if (s->g[i] == 0 || !(s->mark[i] & AD_MARK_NEEDED))
            continue;
        ad_node node = ad_shadow_node(s, i);
        if (isnan(s->g[i]) && !(s->mark[i] & AD_MARK_TOLD)) {
            ad_finding *f = ad_report_entry(r, s, AD_AUDIT_RANGE, i, row);
            ad_wide exact = s->G[i] + s->low[i];
            if (f && isfinite(exact))
                ad_say(r, f, "the slope by %s is not a number: inf and -inf met in it; exact is about %s", ad_title(f),
                    ad_known(exact, s->noise[i]).text);
            else if (f)
                ad_say(r, f, "the slope by %s is not a number: inf and -inf met in it", ad_title(f));
            return;
        }
        for (size_t k = 0; k + (size_t)node.constant < node.n; k++) {
            ad_at at = ad_at_operand(s, &node, i, k);
            double p = node.called || node.op == AD_OP_ROW_SUM ? NAN
                                                               : ad_partial_at(node.op, at.place, at.x, at.y, at.w, at.z, at.n, at.m);
            if (p != 0 && isnan(s->g[i] * p))
                s->mark[ad_node_operand(&node, k)] |= AD_MARK_TOLD;
        }
    }
}

/* Whether E or a requested slope is not finite, or lost: mostly they are not, and that is the end of it. */
static int is_any_lost(const ad_audit_report *r, const ad_shadow *s)
{
    int lost = !isfinite(s->v[s->top]) || is_lost(fabsl(s->e[s->top]), s->t[s->top], s->doubt[s->top]);
    for (size_t j = 0; j < r->n_wanted && !lost; j++) {
        ad_var v = r->wanted[j].v;
        uint32_t i = ad_is_plain(v) ? 0 : ad_id(v);
        if (!ad_is_plain(v) && i <= s->top)
            lost = !isfinite(s->g[i]) || is_lost(fabsl(s->g[i] - s->G[i] - s->low[i]), s->G[i] + s->low[i], s->noise[i]);
    }
    return lost;
}

void ad_audit_rest(ad_audit_report *r, const ad_shadow *s, size_t from, size_t row)
{
    if (!is_any_lost(r, s))
        return;
    int nan = 0;
    if (!mark_told(r, s, from) && !s->opaque)
        find_lost_value(r, s, row);
    mark_told(r, s, from);
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < r->n_wanted; j++) {
            ad_var v = r->wanted[j].v;
            if (ad_is_plain(v) || ad_id(v) > s->top)
                continue;
            nan |= isnan(s->g[ad_id(v)]);
            if (!is_lost_slope(s, ad_id(v)))
                continue;
            if (pass)
                tell_lost_slope(r, s, ad_id(v), row);
            else if (find_underflow(r, s, row)) {
                mark_told(r, s, from);
                break;
            }
        }
    if (nan && isfinite(s->v[s->top]))
        find_opposed_infinities(r, s, row);
}
