/* print.c -- the report of a fit, for people. */
#include "inside.h"

#include <errno.h>
#include <math.h>

static const char *known(char text[40], double x, const char *format)
{
    if (x != x)
        snprintf(text, 40, "-");
    else
        snprintf(text, 40, format, x);
    return text;
}

static void print_params(const ad_fit_result *r, FILE *stream)
{
    char a[40], b[40], c[40], d[40];
    int profiled = 0, width = 4;
    for (size_t j = 0; j < r->n; j++) {
        int length = (int)strlen(r->params[j].name);
        width = length > width && length < 30 ? length : width;
        profiled |= r->params[j].profile_low == r->params[j].profile_low || r->params[j].profile_high == r->params[j].profile_high;
    }
    fprintf(stream, "  %-*s %18s %12s   %12s  %12s%s\n", width, "", "estimate", "std. error", "low", "high",
            profiled ? "   profile low         high" : "");
    for (size_t j = 0; j < r->n; j++) {
        const ad_fit_param *q = &r->params[j];
        fprintf(stream, "  %-*s %18s %12s   %12s  %12s", width, q->name, known(a, q->last, "%.11g"), known(b, q->standard_error, "%.5g"),
                known(c, q->low, "%.6g"), known(d, q->high, "%.6g"));
        if (profiled)
            fprintf(stream, "  %12s %12s", known(a, q->profile_low, "%.6g"), known(b, q->profile_high, "%.6g"));
        fprintf(stream, "%s\n", q->bound == 2 ? "   held" : q->bound < 0 ? "   at its lower bound" : q->bound > 0 ? "   at its upper bound" : "");
    }
}

static int has_error(const ad_fit_result *r, size_t j) { return r->params[j].standard_error == r->params[j].standard_error; }

static void print_correlations(const ad_fit_result *r, FILE *stream)
{
    int any = 0;
    for (size_t i = 1; r->correlation && i < r->n; i++)
        for (size_t j = 0; j < i; j++)
            any |= r->correlation[i * r->n + j] == r->correlation[i * r->n + j];
    if (!any || r->n > 12)
        return;
    fprintf(stream, "\n  correlations\n");
    size_t first = 0, last = r->n - 1;                                     /* of the params that have a standard error */
    while (!has_error(r, first))
        first++;
    while (!has_error(r, last))
        last--;
    for (size_t i = first + 1; i <= last; i++) {
        if (!has_error(r, i))
            continue;
        fprintf(stream, "  %-8s", r->params[i].name);
        for (size_t j = first; j < i; j++)
            if (has_error(r, j))
                fprintf(stream, " %7.3f", r->correlation[i * r->n + j]);
        fputc('\n', stream);
    }
    fprintf(stream, "  %-8s", "");
    for (size_t j = first; j < last; j++)
        if (has_error(r, j))
            fprintf(stream, " %7.7s", r->params[j].name);
    fputc('\n', stream);
}

static void print_criteria(const ad_fit_result *r, FILE *stream)
{
    char a[40];
    if (r->least_squares) {
        fprintf(stream, "\n  residual sum of squares  %.11g\n", r->rss);
        fprintf(stream, "  residual std. deviation  %s  on %zu degrees of freedom (%zu observations)\n", known(a, r->s, "%.6g"), r->degrees,
                r->observations);
        if (r->r_squared == r->r_squared)
            fprintf(stream, "  R squared                %.6g\n", r->r_squared);
    } else
        fprintf(stream, "\n  loss                     %.11g  over %zu rows\n", r->loss, r->rows);
    if (r->log_likelihood == r->log_likelihood)
        fprintf(stream, "  log-likelihood           %.8g    AIC %.8g    BIC %.8g\n", r->log_likelihood, r->aic, r->bic);
}

static void print_gradient(const ad_fit_result *r, FILE *stream)
{
    double most = NAN;
    size_t at = 0;
    for (size_t j = 0; j < r->n; j++)
        if (!r->params[j].bound && !(fabs(r->params[j].gradient) <= most)) {
            most = fabs(r->params[j].gradient);
            at = j;
        }
    if (most == most)
        fprintf(stream, "  gradient at the end      at most %.2g, by %s", most, r->params[at].name);
    if (most == most && r->offset < INFINITY)
        fprintf(stream, "; the step left is %.1e standard errors", r->offset);
    if (most == most)
        fputc('\n', stream);
}

static const char *method_name(const ad_fit_result *r)
{
    return r->method == AD_FIT_LEAST_SQUARES ? "least squares (Levenberg-Marquardt, then Newton, exact derivatives)"
         : r->method == AD_FIT_NEWTON ? "Newton's method on the exact Hessian" : "L-BFGS on the exact gradient";
}

ad_status ad_fit_print(const ad_fit_result *r, FILE *stream)
{
    if (!r || !stream)
        return AD_ERROR_ARGUMENT;
    if (r->outcome == AD_FIT_CONVERGED)
        fprintf(stream, "%s: converged\n\n", method_name(r));
    else if (*r->message)
        fprintf(stream, "%s\n", r->message);
    if (r->outcome == AD_FIT_CONVERGED || r->outcome == AD_FIT_STOPPED || r->outcome == AD_FIT_NOT_CONVERGED) {
        if (r->outcome != AD_FIT_CONVERGED)
            fprintf(stream, "\nthe best so far, which is no estimate:\n\n");
        print_params(r, stream);
        if (r->outcome == AD_FIT_CONVERGED)
            print_criteria(r, stream);
        else
            fprintf(stream, "\n  %-24s %.11g\n", r->least_squares ? "residual sum of squares" : "loss", r->least_squares ? r->rss : r->loss);
        print_gradient(r, stream);
    }
    if (r->outcome == AD_FIT_CONVERGED) {
        if (*r->message)
            fprintf(stream, "  %s\n", r->message);
        else if (!r->covariance)
            fprintf(stream, "  standard errors          none: there are more params than the matrices of errors are made for\n");
        else
            fprintf(stream, "  standard errors          %s; intervals at %g %%\n",
                    r->least_squares ? "roots of the diagonal of s^2 (J'J)^-1" : "from the inverse Hessian of the loss, a negative log-likelihood",
                    100 * r->level);
        print_correlations(r, stream);
    }
    fprintf(stream, "\n  %zu iterations, %zu evaluations, %zu with derivatives, %.3g s\n", r->iterations, r->evaluations, r->jacobians, r->seconds);
    return ferror(stream) || fflush(stream) ? AD_ERROR_IO : AD_OK;
}
