/* findings.c -- what is wrong at a point: the five kinds, node by node. What is left after that is lost.c. */
#include "report.h"

#include "beside.h"

#include <math.h>
#include <string.h>

static int out_of_range(ad_wide t) { return t != 0 && (fabsl(t) < DBL_MIN || fabsl(t) > DBL_MAX); }

double ad_digits(double number, ad_wide exact, ad_wide low, ad_wide doubt)
{
    ad_wide off = fabsl(number - exact - low), size = fabsl(exact + low);
    if (!AD_WIDE || !isfinite(number) || !isfinite(size))
        return NAN;
    if (doubt > 0 && off <= 4 * doubt && size <= 4 * doubt)
        return NAN;                        /* nothing is left, or next to it: long double knows no more */
    off = off > doubt / 4 ? off : doubt / 4;
    if (off == 0)
        return 16;
    double digits = size == 0 ? 0 : (double)-log10l(off / size);
    return digits > 16 ? 16 : digits > 0 ? digits : 0;
}

/* ---- 1. Values ----------------------------------------------------------------------------------------------------------- */

static int finite_operands(const ad_shadow *s, const ad_node *node)
{
    for (size_t k = 0; k < node->n; k++)
        if (!isfinite(s->v[ad_node_operand(node, k)]))
            return 0;
    return 1;
}

static int find_non_finite(ad_audit_report *r, const ad_shadow *s, const ad_node *node, uint32_t i, size_t row)
{
    if (!node->n || !(s->mark[i] & AD_MARK_MATTERS) || isfinite(s->v[i]) || !finite_operands(s, node))
        return 0;
    ad_finding *f = ad_report_entry(r, s, AD_AUDIT_NON_FINITE, i, row);
    if (!f)
        return 1;
    if (node->called)
        ad_say(r, f, "%s is %s: something inside, which is not seen from here", ad_title(f), isnan(s->v[i]) ? "not a number" : "infinite");
    else if (isfinite(s->t[i]) && isnan(s->v[i]) && !node->list)
        ad_say(r, f, "%s is not a number only because an operand was rounded or underflowed: it is about %.3Lg", ad_title(f), s->t[i]);
    else if (isnan(s->v[i]) && !(isfinite(s->t[i]) && node->list))
        ad_say(r, f, "%s is not a number: its operands are outside of where %s is defined", ad_title(f), node->rule->name);
    else if (isfinite(s->t[i]) && fabsl(s->t[i]) > DBL_MAX && fabsl(s->t[i]) < 1.01L * DBL_MAX)
        ad_say(r, f, "%s overflows: it is just beyond the largest double, %.3g", ad_title(f), DBL_MAX);
    else if (isfinite(s->t[i]) && fabsl(s->t[i]) > DBL_MAX)
        ad_say(r, f, "%s overflows: it is about %.3Lg, and the largest double is %.3g", ad_title(f), s->t[i], DBL_MAX);
    else if (isfinite(s->t[i]) && node->list)
        ad_say(r, f, "%s overflows on the way, in a sum: it is about %.3Lg", ad_title(f), s->t[i]);
    else if (isfinite(s->t[i]))
        ad_say(r, f, "%s is %g only because an operand was rounded or underflowed: it is about %.3Lg", ad_title(f), s->v[i], s->t[i]);
    else if (ad_holds_at(node->op, ad_at_operand(s, node, i, 0).x, ad_at_operand(s, node, i, 0).y, ad_at_operand(s, node, i, 0).w, s->v[i], node->ties))
        ad_say(r, f, "%s overflows", ad_title(f));
    else
        ad_say(r, f, "%s is infinite: its operand is at a pole", ad_title(f));
    return 1;
}

/* Where no operation is to blame: the inputs that bring what is not finite. */
static void find_inputs(ad_audit_report *r, const ad_shadow *s, size_t row)
{
    int trouble = !isfinite(s->v[s->top]);
    for (size_t j = 0; j < r->n_wanted; j++)
        trouble |= !ad_is_plain(r->wanted[j].v) && ad_id(r->wanted[j].v) <= s->top && !isfinite(s->g[ad_id(r->wanted[j].v)]);
    for (uint32_t i = 0; i <= s->top && trouble; i++) {
        enum ad_op op = (enum ad_op)ad_word_op(s->tape->head->words[i]);
        if (op > AD_OP_COLUMN || !(s->mark[i] & AD_MARK_MATTERS) || isfinite(s->v[i]))
            continue;
        ad_finding *f = ad_report_entry(r, s, AD_AUDIT_NON_FINITE, i, row);
        if (f && op == AD_OP_COLUMN && s->own)
            ad_say(r, f, "%s is a column: it has values by row, and none on the tape; audit rows with ad_audit_rows", ad_title(f));
        else if (f)
            ad_say(r, f, "%s is %s itself", op == AD_OP_CONSTANT ? "a constant" : ad_title(f), isnan(s->v[i]) ? "not a number" : "infinite");
    }
}

/* ---- 2. Zero times infinity ---------------------------------------------------------------------------------------------- */

static void find_zero(ad_audit_report *r, const ad_shadow *s, const ad_node *node, uint32_t i, size_t row)
{
    double g = s->g[i];
    for (size_t k = 0; k + (size_t)node->constant < node->n; k++) {
        if (!(s->mark[ad_node_operand(node, k)] & AD_MARK_DEPENDS))
            continue;
        ad_at at = ad_at_operand(s, node, i, k);
        double p = ad_partial_at(node->op, at.place, at.x, at.y, at.w, at.z, at.n, at.m);
        int slope = g == 0 && (isinf(p) || (isnan(p) && finite_operands(s, node))), adjoint = p == 0 && !isfinite(g);
        if (!slope && !adjoint)
            continue;
        ad_finding *f = ad_report_entry(r, s, AD_AUDIT_ZERO_TIMES_INFINITY, i, row);
        if (f) {
            f->operand = k;
            f->slope = p;
            const char *operand = k < f->operands ? f->operand_names[k] : "an operand";
            if (slope)
                ad_say(r, f, "the slope of %s by %s is %g and met an adjoint of 0%s: it contributes nothing", ad_title(f), operand, ad_tidied(p),
                    s->mark[i] & AD_MARK_MATTERS ? "" : " (a branch that was not taken)");
            else
                ad_say(r, f, "the adjoint of %s is %g and met a slope of 0 by %s: it contributes nothing", ad_title(f), ad_tidied(g), operand);
        }
        return;
    }
}

/* ---- 3. Kinks ------------------------------------------------------------------------------------------------------------ */

static int same(double a, double b) { return a == b || (a != a && b != b); }

/* The convention in words, from the table: the entry of this row and operand that takes this slope, else the row's first. */
static const char *convention(enum ad_op op, int operand, double left, double slope, double right)
{
    static const struct { enum ad_op op; int operand; double left, slope, right; const char *words; } table[] = {
#define KINK(row, by, x, y, w, l, s, r, words) {AD_OP_##row, by, l, s, r, words},
#include "../kinks.def"
    };
    op = op == AD_OP_norm2 ? AD_OP_hypot : op == AD_OP_maximum ? AD_OP_max : op == AD_OP_minimum ? AD_OP_min : op;
    const char *words = NULL;
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        if (table[k].op != op)
            continue;
        if (table[k].operand == operand && same(table[k].left, left) && same(table[k].slope, slope) && same(table[k].right, right))
            return table[k].words;
        if (!words)
            words = table[k].words;
    }
    return words ? words : isnan(slope) ? "there is none" : "the rule's own value";
}

/* A slope that was found a step beside may differ in its last digits. */
static double near(double found, double slope) { return isfinite(slope) && fabs(found - slope) <= 1e-9 * fabs(slope) ? slope : ad_tidied(found); }

static int is_flat(const ad_node *node)
{
    for (int k = 0; k < node->rule->partials; k++)
        if (strcmp(node->rule->partial[k], "0"))
            return 0;
    return 1;
}

/* The row a little beside in one operand. */
static ad_beside beside(const ad_node *node, ad_at at, double direction)
{
    if (ad_ties(node->op))
        return (ad_beside){at.z, (direction > 0) == (node->op == AD_OP_maximum) ? direction : 0, 1};
    if (node->list)
        return (ad_beside){at.z, node->op == AD_OP_norm2 ? 1 : NAN, 1};
    ad_beside operand[3] = {{at.x, 0, 0}, {at.y, 0, 0}, {at.w, 0, 0}};
    operand[at.place].slope = direction;
    operand[at.place].moves = 1;
    return ad_row_beside(node->op, operand[0], operand[1], operand[2]);
}

static int is_tied_with_itself(const ad_node *node)
{
    for (size_t k = 1; ad_ties(node->op) && k < node->n; k++)
        if (node->list[k] == node->list[0] && k == node->n - 1)
            return node->ties == (double)node->n;
        else if (node->list[k] != node->list[0])
            break;
    return (node->op == AD_OP_max || node->op == AD_OP_min) && node->fixed[0] == node->fixed[1];
}

static int differ(const ad_shadow *s, uint32_t i, uint32_t j) { return fabsl(s->e[i] - s->e[j]) > s->doubt[i] + s->doubt[j]; }

/* Whether operand k would not be on its kink without rounding: of a tie or a comparison, not where the others are. */
static int is_by_rounding(const ad_shadow *s, const ad_node *node, size_t k)
{
    uint32_t o = ad_node_operand(node, k);
    int compares = node->op == AD_OP_max || node->op == AD_OP_min || node->op == AD_OP_clamp || ad_ties(node->op) ||
                   (node->op >= AD_OP_less && node->op <= AD_OP_not_equal);
    for (size_t j = 0; j < node->n && compares; j++) {
        uint32_t other = ad_node_operand(node, j);
        if (j != k && s->v[other] == s->v[o] && differ(s, o, other))
            return 1;
    }
    return !compares && fabsl(s->e[o]) > s->doubt[o];
}

static void find_kink(ad_audit_report *r, const ad_shadow *s, const ad_node *node, uint32_t i, size_t row)
{
    if (is_flat(node) ? !(s->mark[i] & AD_MARK_MATTERS) : s->g[i] == 0)
        return;
    if (is_tied_with_itself(node) || !finite_operands(s, node))
        return;
    for (size_t k = 0; k + (size_t)node->constant < node->n; k++) {
        uint32_t o = ad_node_operand(node, k);
        ad_at at = ad_at_operand(s, node, i, k);
        double p = ad_partial_at(node->op, at.place, at.x, at.y, at.w, at.z, at.n, at.m);
        if (!(s->mark[o] & AD_MARK_DEPENDS) || (s->v[o] == 0 && s->t[o] != 0 && fabsl(s->t[o]) < DBL_TRUE_MIN) ||
            (ad_holds_at(node->op, at.x, at.y, at.w, at.z, at.m) && !isnan(p)))
            continue;
        ad_beside after = beside(node, at, 1), before = beside(node, at, -1);
        double left = near(0 - before.slope, p), right = near(after.slope, p);
        int jumps = after.value != s->v[i] || before.value != s->v[i];
        int told = (isnan(left) || same(left, p)) && (isnan(right) || same(right, p)) && !(isnan(left) && isnan(right));
        if (told && isfinite(p) && !jumps)
            continue;
        ad_finding *f = ad_report_entry(r, s, AD_AUDIT_KINK, i, row);
        if (f) {
            f->operand = k;
            f->left = left, f->slope = ad_tidied(p), f->right = right;
            ad_say(r, f, "%s = %.9g%s is where %s %s: slope %g from the left, %g from the right, and %g is used (%s)",
                k < f->operands ? f->operand_names[k] : "an operand", s->v[o],
                is_by_rounding(s, node, k) ? ", by rounding alone," : "", ad_title(f),
                jumps ? "jumps" : isnan(left) != isnan(right) ? "ends" : "has no one slope", left, right, ad_tidied(p),
                convention(node->op, at.place, left, p, right));
        }
        return;
    }
}

/* ---- 4. Cancellation ----------------------------------------------------------------------------------------------------- */

/* Inputs count as exact, but of two that nearly agree only what they were rounded by is left, unless they are short. */
static int rounded_inputs(const ad_shadow *s, const ad_node *node)
{
    if (node->op != AD_OP_add && node->op != AD_OP_sub)
        return 0;
    int rounded = 0;
    for (size_t k = 0; k < 2; k++) {
        uint32_t o = node->fixed[k];
        if (ad_word_op(s->tape->head->words[o]) > AD_OP_COLUMN)
            return 0;
        rounded |= s->v[o] != floor(s->v[o]) && (ad_bits_of(s->v[o]) & 0xfffff) != 0;
    }
    return rounded && s->v[node->fixed[0]] != 0 && s->v[node->fixed[1]] != 0;
}

static void find_cancellation(ad_audit_report *r, const ad_shadow *s, const ad_node *node, uint32_t i, size_t row)
{
    double z = s->v[i], largest = 0;
    ad_wide e = fabsl(s->e[i]);
    if (!AD_WIDE || !(s->mark[i] & AD_MARK_MATTERS) || (s->G[i] == 0 && i != s->top))
        return;
    int inputs = rounded_inputs(s, node);
    if ((e <= 1e-12L * fabsl(s->t[i]) || !s->off) && !inputs)
        return;
    for (size_t k = 0; k < node->n; k++) {
        ad_at at = ad_at_operand(s, node, i, k);
        if (k + (size_t)node->constant < node->n)
            largest = fmax(largest, fabs(s->v[ad_node_operand(node, k)] * ad_partial_at(node->op, at.place, at.x, at.y, at.w, at.z, at.n, at.m)));
    }
    if (!(largest > 1e8 * fabs(z)) || !isfinite(largest) || (z == 0 && e <= 4 * s->doubt[i]))
        return;                            /* errors that cancel too leave the noise of long double */
    if (fabsl(s->t[i]) < DBL_MIN && s->t[i] != 0)
        return;                            /* underflow is another matter */
    ad_finding *f = ad_report_entry(r, s, AD_AUDIT_CANCELLATION, i, row);
    if (!f)
        return;
    f->digits_lost = z == 0 ? 16 : fmin(16, log10(largest / fabs(z)));
    if (e <= 1e-12L * fabsl(s->t[i]))
        ad_say(r, f, "%s loses %.0f digits: inputs of size %.3g leave %.3g, and what they were rounded by", ad_title(f), f->digits_lost, largest, z);
    else
        ad_say(r, f, "%s loses %.0f digits: terms of size %.3g leave %.9g, and exact is about %s", ad_title(f), f->digits_lost, largest, z,
            ad_known(s->t[i], s->doubt[i]).text);
}

/* What paths contribute to a slope. */
static void find_cancelled_slope(ad_audit_report *r, const ad_shadow *s, uint32_t i, size_t row)
{
    ad_wide exact = s->G[i] + s->low[i], off = fabsl(s->g[i] - exact);
    if (!AD_WIDE || s->opaque || !(s->mark[i] & AD_MARK_WANTED) || i == s->top || !isfinite(s->g[i]) || !isfinite(exact) || !isfinite(s->size[i]))
        return;
    ad_wide slope = fabsl(exact) > fabs(s->g[i]) ? fabsl(exact) : fabs(s->g[i]);
    if (!(s->size[i] > 1e8L * slope) || off <= 1e-12L * fabsl(exact) || off <= 4 * s->noise[i])
        return;
    ad_finding *f = ad_report_entry(r, s, AD_AUDIT_CANCELLATION, i, row);
    if (f) {
        f->suggestion = NULL;
        f->digits_lost = slope > 0 ? fmin(16, (double)log10l(s->size[i] / slope)) : 16;
        ad_say(r, f, "the slope by %s loses %.0f digits: paths that contribute up to %.3Lg leave %.9g, and exact is about %s", ad_title(f),
            f->digits_lost, s->size[i], s->g[i], ad_known(exact, s->noise[i]).text);
    }
}

/* ---- 5. Range ------------------------------------------------------------------------------------------------------------ */

/* Which number left the range of doubles, for the sentence: an operand, the value, or the slope. */
static void say_range(ad_audit_report *r, ad_finding *f, const ad_shadow *s, const ad_node *node, uint32_t i, size_t k, double p, ad_wide P)
{
    const char *operand = k < f->operands ? f->operand_names[k] : "an operand";
    for (size_t j = 0; j < node->n && j < f->operands; j++) {
        ad_wide t = s->t[ad_node_operand(node, j)];
        if (out_of_range(t) && !(fabsl(s->e[ad_node_operand(node, j)]) <= 1e-8L * fabsl(t) && isfinite(s->v[ad_node_operand(node, j)]))) {
            ad_say(r, f, "the slope of %s by %s is %g for want of range: %s is about %.3Lg, and in double %g", ad_title(f), operand, ad_tidied(p),
                f->operand_names[j], t, s->v[ad_node_operand(node, j)]);
            return;
        }
    }
    if (s->v[i] == 0)
        ad_say(r, f, "%s underflows to 0, and so does its slope by %s", ad_title(f), operand);
    else if (P == 0)
        ad_say(r, f, "the slope of %s by %s is 0 for want of range: it is not 0, but far below the smallest double", ad_title(f), operand);
    else
        ad_say(r, f, "the slope of %s by %s is %g for want of range: it is about %.3Lg", ad_title(f), operand, ad_tidied(p), P);
}

static int find_range(ad_audit_report *r, const ad_shadow *s, const ad_node *node, uint32_t i, size_t row)
{
    double g = s->g[i];
    if (!s->off || s->G[i] == 0 || node->op == AD_OP_logsumexp || node->op == AD_OP_logaddexp)
        return 0;                          /* weights of 0 in a softmax are as they should be */
    for (size_t k = 0; k + (size_t)node->constant < node->n; k++) {
        uint32_t o = ad_node_operand(node, k);
        if (!(s->mark[o] & AD_MARK_DEPENDS))
            continue;
        ad_at at = ad_at_operand(s, node, i, k);
        double p = ad_partial_at(node->op, at.place, at.x, at.y, at.w, at.z, at.n, at.m);
        int lost = g != 0 && isfinite(g) && p != 0 && isfinite(p) && (g * p == 0 || !isfinite(g * p));
        if (!lost && p != 0 && isfinite(p))
            continue;
        size_t first = k - (size_t)at.place;
        int outside = out_of_range(s->t[i]);
        ad_wide t[3] = {0, 0, 0};
        for (size_t j = 0; j < node->width; j++) {
            t[j] = s->t[ad_node_operand(node, first + j)];
            outside |= out_of_range(t[j]);
        }
        ad_wide P = ad_wide_partial(node->op, at.place, t[0], t[1], t[2], s->t[i], at.n, at.m);
        int vanished = p == 0 && ((P != 0 && isfinite(P) && (outside || fabsl(P) < 1e-290L)) ||
                                  ad_is_never_flat(node->op, s->v[o]));
        int burst = !isfinite(p) && isfinite(P) && P != 0 && (outside || fabsl(P) > 1e290L);
        if (!lost && !vanished && !burst)
            continue;
        ad_finding *f = ad_report_entry(r, s, AD_AUDIT_RANGE, i, row);
        if (f && lost) {
            f->operand = k;
            ad_say(r, f, "what %s hands to %s, %.3g times %.3g, is %s", ad_title(f), k < f->operands ? f->operand_names[k] : "an operand", g, p,
                g * p == 0 ? "too small for a double: 0" : "too large for a double");
        } else if (f) {
            f->operand = k;
            f->slope = p;
            say_range(r, f, s, node, i, k, p, P);
        }
        return 1;
    }
    return 0;
}

/* ---- All ------------------------------------------------------------------------------------------------------------------ */

void ad_audit_point(ad_audit_report *r, const ad_shadow *s, size_t row)
{
    size_t before = r->n + r->left_out, from = r->n;
    int blamed = 0;
    for (uint32_t i = 0; i <= s->top && !r->failed; i++) {
        if (!(s->mark[i] & AD_MARK_NEEDED))
            continue;
        ad_node node = ad_shadow_node(s, i);
        int looked = node.called && s->mark[i] & AD_MARK_MATTERS && (s->G[i] != 0 || i == s->top || !isfinite(s->v[i]));
        int non_finite = (looked && ad_audit_inside(r, s, &node, i, row)) || find_non_finite(r, s, &node, i, row);
        blamed |= non_finite;
        if (r->kinds == 1u << AD_AUDIT_NON_FINITE)
            continue;
        int is_row = node.n && !node.called && node.op != AD_OP_ROW_SUM;
        if (is_row && s->mark[i] & AD_MARK_DEPENDS) {
            find_zero(r, s, &node, i, row);
            if (!non_finite && !find_range(r, s, &node, i, row))
                find_kink(r, s, &node, i, row);
        }
        if (is_row && isfinite(s->v[i]))
            find_cancellation(r, s, &node, i, row);
        find_cancelled_slope(r, s, i, row);
    }
    if (!blamed && r->n + r->left_out == before)
        find_inputs(r, s, row);
    if (!r->failed && r->n - from + before == r->n + r->left_out && r->kinds == (1u << AD_AUDIT_KINDS) - 1)
        ad_audit_rest(r, s, from, row);
}
