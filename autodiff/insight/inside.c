/* inside.c -- auditing what E calls at a point: the function's graph at the operands' values, and what is found there told of the
 * call. Calls that sum over data of their own are not looked into.
 */
#include "replay.h"
#include "report.h"

#include "autodiff/function/callee.h"

enum { MOST = 16 };

static void tell(ad_audit_report *r, const ad_shadow *s, const ad_finding *inner, uint32_t i, size_t row)
{
    ad_finding *f = ad_report_entry(r, s, inner->kind, i, row);
    if (!f)
        return;
    f->left = inner->left, f->slope = inner->slope, f->right = inner->right, f->digits_lost = inner->digits_lost;
    f->suggestion = inner->suggestion ? ad_report_text(r, inner->suggestion) : NULL;
    ad_say(r, f, "inside %s: %s", ad_title(f), inner->detail);
}

int ad_audit_inside(ad_audit_report *r, const ad_shadow *s, const ad_node *node, uint32_t i, size_t row)
{
    const ad_callee *c = node->called->object;
    if (!c->at_a_point)
        return 0;
    double *x = ad_report_room(r, node->n * sizeof *x + 1);
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = r->allocator});
    ad_audit_report *inner = NULL;
    int blamed = 0;
    if (x && tape) {
        for (size_t k = 0; k < node->n; k++)
            x[k] = s->v[node->list[k]];
        ad_var E = ad_replay_output(c->f, tape, node->result);
        if (!ad_is_plain(E))
            inner = ad_audit_rows(E, (ad_audit_options){.kinds = r->kinds, .most = MOST}, x, NULL, 1);
    }
    r->failed |= !tape || ad_tape_error(tape) == AD_ERROR_NO_MEMORY;
    for (size_t k = 0; k < ad_audit_count(inner) && !r->failed; k++) {
        const ad_finding *f = ad_audit_finding(inner, k);
        blamed |= f->kind == AD_AUDIT_NON_FINITE;
        tell(r, s, f, i, row);
    }
    ad_audit_free(inner);
    ad_tape_free(tape);
    return blamed;
}
