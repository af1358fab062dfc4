/* print.c -- an audit's report for people. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const titles[] = {
    "a value that is not finite", "zero times infinity", "a kink", "cancellation", "out of range",
};

/* No minus before nan and 0. */
static double tidy(double x) { return isnan(x) ? NAN : x + 0.0; }

/* A number is its own name. */
static int is_number(const char *name)
{
    char *end;
    strtod(name, &end);
    return end != name && !*end;
}

static void print_list(FILE *stream, const char *before, const char *const *names, const double *values, size_t n)
{
    size_t shown = 0;
    for (size_t k = 0; k < n; k++) {
        if (values && is_number(names[k]))
            continue;
        fprintf(stream, "%s%s%s%s", shown ? "" : "    ", shown ? "" : before, shown ? ", " : " ", names[k]);
        if (values)
            fprintf(stream, " = %.9g", tidy(values[k]));
        shown++;
    }
    if (shown)
        fputc('\n', stream);
}

static void print_finding(const ad_finding *f, int rows, FILE *stream)
{
    if (rows)
        fprintf(stream, "row %zu: ", f->row + 1);
    fprintf(stream, "%s: ", titles[f->kind]);
    if (f->name && strcmp(f->name, f->formula))
        fprintf(stream, "%s = ", f->name);
    fprintf(stream, "%s = %.9g\n    %s\n", f->formula, tidy(f->value), f->detail);
    print_list(stream, "operands", f->operand_names, f->operand_values, f->operands);
    print_list(stream, "reaches", f->reaches, NULL, f->reached);
    if (f->suggestion)
        fprintf(stream, "    try %s\n", f->suggestion);
}

/* The slopes of which digits were lost. */
static void print_digits(const ad_audit_report *r, FILE *stream)
{
    int any = 0;
    for (size_t i = 0; i < r->n; i++)
        any |= ad_audit_finding(r, i)->kind == AD_AUDIT_CANCELLATION;
    if (!any)
        return;
    fputs("digits that can be trusted:\n", stream);
    if (r->value_digits == r->value_digits)
        fprintf(stream, "    E = %.9g: %.0f\n", r->value, floor(r->value_digits));
    for (size_t j = 0; j < r->n_wanted; j++)
        if (r->wanted[j].digits == r->wanted[j].digits)
            fprintf(stream, "    dE/d(%s) = %.9g: %.0f\n", r->wanted[j].name, r->wanted[j].gradient, floor(r->wanted[j].digits));
}

/* A slope may be 0 because it is, or because long double has no more of it: silence would be a guess. */
static void print_unknown(const ad_audit_report *r, FILE *stream)
{
    for (size_t j = 0; j < r->n_wanted && r->value_digits == r->value_digits; j++)
        if (isfinite(r->wanted[j].gradient) && isnan(r->wanted[j].digits))
            fprintf(stream, "of dE/d(%s) = %.9g no digit is known: it is what terms leave that cancel\n", r->wanted[j].name,
                    r->wanted[j].gradient);
}

ad_status ad_audit_print(const ad_audit_report *r, FILE *stream)
{
    if (!r || !stream)
        return AD_ERROR_ARGUMENT;
    if (!r->n)
        fputs("nothing found\n", stream);
    for (size_t i = 0; i < r->n; i++)
        print_finding(ad_audit_finding(r, i), r->rows, stream);
    if (r->left_out)
        fprintf(stream, "and %zu more\n", r->left_out);
    print_digits(r, stream);
    print_unknown(r, stream);
    return ferror(stream) ? AD_ERROR_IO : AD_OK;
}
