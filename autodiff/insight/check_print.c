/* check_print.c -- the report of a gradient check, for people. */
#include "check.h"

#include <math.h>
#include <string.h>

static size_t longest_name(const ad_check *c)
{
    size_t n = 4;
    for (size_t i = 0; i < c->n; i++)
        n = strlen(c->entries[i].name) > n ? strlen(c->entries[i].name) : n;
    return n < 32 ? n : 32;
}

static void print_entry(const ad_check_entry *e, int width, FILE *stream)
{
    fprintf(stream, "  %-*s  %- 22.15g  %- 22.15g  ", width, e->name, e->yours, e->exact);
    if (e->verdict == AD_RIGHT)
        fprintf(stream, "right\n");
    else
        fprintf(stream, "%s: %s\n", e->verdict == AD_WRONG ? "WRONG" : "cannot tell", e->detail);
    if (e->verdict != AD_WRONG)
        return;
    if (e->point)
        fprintf(stream, "  %-*s  seen at random point %zu\n", width, "", e->point);
    if (isfinite(e->ulps))
        fprintf(stream, "  %-*s  %.1f digits agree, %.3g ulp apart\n", width, "", e->digits, e->ulps);
    if (e->n_causes > 1) {
        fprintf(stream, "  %-*s  what fits:", width, "");
        for (size_t k = 0; k < e->n_causes; k++)
            fprintf(stream, "%s %s", k ? "," : "", ad_cause_name(e->causes[k]));
        fprintf(stream, "\n");
    }
}

ad_status ad_check_print(const ad_check *c, FILE *stream)
{
    if (!c || !stream)
        return AD_ERROR_ARGUMENT;
    if (c->status != AD_OK) {
        fprintf(stream, "gradient check: %s\n", c->message);
        return ferror(stream) ? AD_ERROR_IO : AD_OK;
    }
    int width = (int)longest_name(c);
    fprintf(stream, "gradient of %zu component%s, at the given point and %zu random one%s, against %s\n", c->n, c->n == 1 ? "" : "s", c->points,
            c->points == 1 ? "" : "s", c->by_differences ? "differences of the value" : "exact derivatives");
    fprintf(stream, "  %-*s  %-22s  %-22s\n", width, "", " yours", c->by_differences ? " estimate" : " exact");
    for (size_t i = 0; i < c->n; i++)
        print_entry(&c->entries[i], width, stream);
    fprintf(stream, "%zu right, %zu wrong", c->right, c->wrong);
    if (c->cannot_tell)
        fprintf(stream, ", %zu cannot be told", c->cannot_tell);
    fprintf(stream, "\n");
    return ferror(stream) ? AD_ERROR_IO : AD_OK;
}
