/* fit_output.c -- what `chainrule fit` prints: the report for people, JSON, CSV; and why there are no estimates. */
#include "cli.h"
#include "fit.h"
#include "output.h"

#include <math.h>
#include <string.h>

/* What there is not is null. */
static json_t *number(double x) { return isnan(x) ? json_null() : cli_json_number(x); }

static const char *outcome_name(ad_fit_outcome outcome)
{
    static const char *const names[] = {"converged", "not converged", "not identifiable", "outside the domain", "stopped", "failed"};
    return names[outcome];
}

static json_t *json_param(const ad_fit_param *q)
{
    json_t *p = json_object();
    json_object_set_new(p, "name", json_string(q->name));
    json_object_set_new(p, "estimate", number(q->estimate));
    json_object_set_new(p, "standard_error", number(q->standard_error));
    json_object_set_new(p, "low", number(q->low));
    json_object_set_new(p, "high", number(q->high));
    json_object_set_new(p, "profile_low", number(q->profile_low));
    json_object_set_new(p, "profile_high", number(q->profile_high));
    json_object_set_new(p, "start", number(q->start));
    json_object_set_new(p, "last", number(q->last));
    json_object_set_new(p, "gradient", number(q->gradient));
    json_object_set_new(p, "bound", q->bound == 0 ? json_null() : json_string(q->bound == 2 ? "held" : q->bound < 0 ? "lower" : "upper"));
    return p;
}

static json_t *json_matrix(size_t n, const double *matrix)
{
    if (!matrix)
        return json_null();
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < n; j++)
            json_array_append_new(row, number(matrix[i * n + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static int print_json(const cli_fitting *fit)
{
    const ad_fit_result *r = fit->result;
    static const char *const methods[] = {"auto", "squares", "newton", "lbfgs"};
    json_t *all = json_object(), *params = json_array();
    for (size_t j = 0; j < r->n; j++)
        json_array_append_new(params, json_param(&r->params[j]));
    json_object_set_new(all, "parameters", params);
    json_object_set_new(all, "rss", number(r->rss));
    json_object_set_new(all, "converged", json_boolean(r->outcome == AD_FIT_CONVERGED));
    json_object_set_new(all, "iterations", json_integer((json_int_t)r->iterations));
    json_object_set_new(all, "outcome", json_string(outcome_name(r->outcome)));
    json_object_set_new(all, "message", *r->message ? json_string(r->message) : json_null());
    json_object_set_new(all, "kind", json_string(r->least_squares ? "least squares" : "likelihood"));
    json_object_set_new(all, "method", json_string(methods[r->method]));
    json_object_set_new(all, "loss", number(r->loss));
    json_object_set_new(all, "s", number(r->s));
    json_object_set_new(all, "r_squared", number(r->r_squared));
    json_object_set_new(all, "log_likelihood", number(r->log_likelihood));
    json_object_set_new(all, "aic", number(r->aic));
    json_object_set_new(all, "bic", number(r->bic));
    json_object_set_new(all, "level", number(r->level));
    json_object_set_new(all, "covariance", json_matrix(r->n, r->covariance));
    json_object_set_new(all, "correlation", json_matrix(r->n, r->correlation));
    json_object_set_new(all, "offset", number(r->offset));
    json_object_set_new(all, "condition", number(r->condition));
    json_object_set_new(all, "eigenvalue", number(r->eigenvalue));
    if (r->direction) {
        json_t *direction = json_object();
        for (size_t j = 0; j < r->n; j++)
            json_object_set_new(direction, r->params[j].name, number(r->direction[j]));
        json_object_set_new(all, "direction", direction);
    } else
        json_object_set_new(all, "direction", json_null());
    json_object_set_new(all, "rows", json_integer((json_int_t)r->rows));
    json_object_set_new(all, "dropped", json_integer((json_int_t)ad_table_dropped(fit->in.table)));
    json_object_set_new(all, "observations", json_integer((json_int_t)r->observations));
    json_object_set_new(all, "degrees_of_freedom", json_integer((json_int_t)r->degrees));
    json_object_set_new(all, "row", r->row == SIZE_MAX ? json_null() : json_integer((json_int_t)r->row + 1));
    json_object_set_new(all, "evaluations", json_integer((json_int_t)r->evaluations));
    json_object_set_new(all, "starts", json_integer((json_int_t)r->starts));
    json_object_set_new(all, "seconds", number(r->seconds));
    return cli_json_print(all);
}

static void print_field(double x)
{
    char text[CLI_NUMBER];
    printf(",%s", isnan(x) ? "" : cli_format(text, x));
}

static void print_csv(const ad_fit_result *r)
{
    printf("name,estimate,standard_error,low,high\n");
    for (size_t j = 0; j < r->n; j++) {
        const ad_fit_param *q = &r->params[j];
        cli_csv(stdout, q->name);
        print_field(q->estimate);
        print_field(q->standard_error);
        print_field(q->low);
        print_field(q->high);
        putchar('\n');
    }
}

/* Where it came to, which is no estimate. */
static int print_last(const ad_fit_result *r)
{
    cli_table table = {.columns = 4};
    cli_table_text(&table, "no estimates");
    cli_table_text(&table, "start");
    cli_table_text(&table, "best so far");
    cli_table_text(&table, "moved last by");
    for (size_t j = 0; j < r->n; j++) {
        cli_table_text(&table, r->params[j].name);
        cli_table_number(&table, r->params[j].start);
        cli_table_number(&table, r->params[j].last);
        cli_table_number(&table, r->params[j].moved);
    }
    int done = cli_table_print(&table, stdout, "");
    printf("\n%s %.10g after %zu iterations\n", r->least_squares ? "residual sum of squares" : "loss", r->least_squares ? r->rss : r->loss,
           r->iterations);
    return done;
}

int cli_fit_print(const cli_fitting *fit, const cli_options *options)
{
    const ad_fit_result *r = fit->result;
    int converged = r->outcome == AD_FIT_CONVERGED, done = 1;
    size_t line = r->row != SIZE_MAX ? ad_table_line(fit->in.table, r->row) : 0;
    if (line)
        cli_message("%s (row %zu is line %zu of %s)", r->message, r->row + 1, line, fit->data);
    else if (!converged)
        cli_message("%s", r->outcome == AD_FIT_STOPPED ? "stopped; this is the best so far" : r->message);
    if (cli_has(options, "--json"))
        done = print_json(fit);
    else if (cli_has(options, "--csv"))
        print_csv(r);
    else if (converged)
        ad_fit_print(r, stdout);
    else if (r->outcome == AD_FIT_STOPPED || r->outcome == AD_FIT_NOT_CONVERGED)
        done = print_last(r);
    return !done ? CLI_USAGE : converged ? CLI_RIGHT : CLI_NOT_CONVERGED;
}
