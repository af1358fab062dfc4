/* fit_input.c -- what `chainrule fit` fits: the loss of a model's file, or formulas (fit_formulas.c); starts, bounds, rows, weights. */
#include "fit.h"

#include "cli.h"
#include "output.h"

#include "autodiff/model/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Lists of NAME=VALUE ---------------------------------------------------------------------------------------------------- */

/* Each item of each option of that name; stops at the first status that is not CLI_RIGHT. */
typedef int take_item(cli_fitting *fit, const char *option, const char *item);

static int each_item(cli_fitting *fit, const cli_options *options, const char *option, take_item *take)
{
    int status = CLI_RIGHT;
    for (int i = 0; i < options->n_given && status == CLI_RIGHT; i++) {
        if (strcmp(options->given[i].option->name, option))
            continue;
        char *copy = strdup(options->given[i].value), *rest = copy;
        if (!copy)
            return cli_no_memory();
        for (char *item; status == CLI_RIGHT && (item = strsep(&rest, ","));)
            if (*(item += strspn(item, " ")))
                status = take(fit, option, item);
        free(copy);
    }
    return status;
}

/* The param of a name [length], or n after a message. */
static size_t param_named(const cli_fitting *fit, const char *option, const char *name, size_t length)
{
    ad_nearest nearest = {.written = name, .length = length};
    for (size_t j = 0; j < fit->n; j++) {
        const char *known = ad_function_param_name(fit->f, j);
        if (strlen(known) == length && !memcmp(known, name, length))
            return j;
        ad_nearest_offer(&nearest, known);
    }
    char column[64] = "";
    snprintf(column, sizeof column, "%.*s", (int)length, name);
    if (fit->in.table && length < sizeof column && ad_table_find(fit->in.table, column) != SIZE_MAX)
        cli_message("%s: '%s' is a column of %s, not a param", option, column, fit->data);
    else if (nearest.best)
        cli_message("%s: no param is called '%.*s'; did you mean '%s'?", option, (int)length, name, nearest.best);
    else
        cli_message("%s: no param is called '%.*s'", option, (int)length, name);
    return fit->n;
}

static int take_start(cli_fitting *fit, const char *option, const char *item)
{
    const char *equals = strchr(item, '=');
    double value;
    if (!equals || equals == item || !cli_number(equals + 1, &value)) {
        cli_message("%s takes NAME=NUMBER, not '%s'", option, item);
        return CLI_USAGE;
    }
    if (!(fabs(value) < INFINITY)) {
        cli_message("%s '%s': begin at a finite number", option, item);
        return CLI_USAGE;
    }
    size_t j = param_named(fit, option, item, (size_t)(equals - item));
    if (j < fit->n)
        fit->start[j] = value;
    return j < fit->n ? CLI_RIGHT : CLI_USAGE;
}

static int take_hold(cli_fitting *fit, const char *option, const char *item)
{
    if (strchr(item, '=')) {
        cli_message("%s takes names alone, not '%s': say where they stay with --start", option, item);
        return CLI_USAGE;
    }
    size_t j = param_named(fit, option, item, strlen(item));
    if (j < fit->n)
        fit->lower[j] = fit->upper[j] = fit->start[j];
    return j < fit->n ? CLI_RIGHT : CLI_USAGE;
}

static int take_bound(cli_fitting *fit, const char *option, const char *item)
{
    const char *equals = strchr(item, '='), *colon = equals ? strchr(equals, ':') : NULL;
    double low = -INFINITY, high = INFINITY;
    char text[64];
    int read = colon && equals > item && (size_t)(colon - equals) < sizeof text;
    if (read && colon > equals + 1) {
        snprintf(text, sizeof text, "%.*s", (int)(colon - equals - 1), equals + 1);
        read = cli_number(text, &low);
    }
    if (!read || (colon[1] && !cli_number(colon + 1, &high))) {
        cli_message("%s takes NAME=LOW:HIGH, either of them may be empty, not '%s'", option, item);
        return CLI_USAGE;
    }
    size_t j = param_named(fit, option, item, (size_t)(equals - item));
    if (j == fit->n)
        return CLI_USAGE;
    if (!(low <= high)) {
        if (isnan(low) || isnan(high))
            cli_message("%s '%s': bounds are numbers, or empty", option, item);
        else
            cli_message("%s: %g is above %g", option, low, high);
        return CLI_USAGE;
    }
    fit->lower[j] = low;
    fit->upper[j] = high;
    return CLI_RIGHT;
}

/* ---- Formulas --------------------------------------------------------------------------------------------------------------- */

static int make_params(cli_fitting *fit)
{
    fit->n = ad_function_params(fit->f);
    fit->start = calloc(fit->n + 1, sizeof *fit->start);
    fit->lower = calloc(fit->n + 1, sizeof *fit->lower);
    fit->upper = calloc(fit->n + 1, sizeof *fit->upper);
    if (!fit->start || !fit->lower || !fit->upper)
        return cli_no_memory();
    for (size_t j = 0; j < fit->n; j++) {
        fit->start[j] = NAN;
        fit->lower[j] = -INFINITY;
        fit->upper[j] = INFINITY;
    }
    return CLI_RIGHT;
}

/* The columns' names, as far as there is room. */
static void list_columns(const ad_table *table, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < ad_table_columns(table); i++) {
        const char *each = ad_table_name(table, i);
        if (used + strlen(each) + 8 > size) {
            snprintf(text + used, size - used, ", ...");
            return;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", each);
    }
}

static int needs_start(const cli_fitting *fit, size_t j) { return isnan(fit->start[j]); }

/* A formula's params all need a start. The nearest column may have been meant by the first that has none. */
static int needs_starts(const cli_fitting *fit)
{
    char columns[200], starts[400] = "";
    size_t n = 0, first = 0, used = 0;
    for (size_t j = fit->n; j-- > 0;)
        if (needs_start(fit, j)) {
            n++;
            first = j;
        }
    if (!n)
        return CLI_RIGHT;
    const char *param = ad_function_param_name(fit->f, first);
    ad_nearest nearest = {.written = param, .length = strlen(param)};
    for (size_t i = 0; i < ad_table_columns(fit->in.table); i++)
        if (*ad_table_name(fit->in.table, i))
            ad_nearest_offer(&nearest, ad_table_name(fit->in.table, i));
    for (size_t j = first; j < fit->n && used + 100 < sizeof starts; j++)
        if (needs_start(fit, j))
            used += (size_t)snprintf(starts + used, sizeof starts - used, "%s%.60s=NUMBER", used ? "," : "", ad_function_param_name(fit->f, j));
    list_columns(fit->in.table, columns, sizeof columns);
    cli_message("'%s' is no column of %s, so it is a param: say where it begins, --start %s (%s%s%s)", param, fit->data, starts,
                nearest.best ? "or did you mean the column '" : "the columns are ", nearest.best ? nearest.best : columns,
                nearest.best ? "'?" : "");
    return CLI_USAGE;
}

static int read_formulas(cli_fitting *fit, const cli_options *options)
{
    int status = cli_fit_formulas(fit, options);
    if (status == CLI_RIGHT)
        status = make_params(fit);
    if (status == CLI_RIGHT)
        status = each_item(fit, options, "--start", take_start);
    return status == CLI_RIGHT ? needs_starts(fit) : status;
}

/* ---- A model's file --------------------------------------------------------------------------------------------------------- */

static int take_model(cli_fitting *fit, const cli_options *options)
{
    const ad_model *model = fit->in.model;
    const ad_expression *loss;
    const char *called;
    ad_problem problem;
    int status = cli_quantity(&fit->in, options, &loss, &called);
    if (status != CLI_RIGHT)
        return status;
    if (!loss) {
        cli_message("nothing to fit: add a line 'minimize NAME' to the model, or say --of NAME");
        return CLI_USAGE;
    }
    fit->n_columns = ad_model_columns(model);
    if (fit->n_columns && !fit->in.table) {
        cli_message("the model has columns, and there are no data to fit to: give them with --data FILE");
        return CLI_DATA;
    }
    if (!(fit->f = ad_model_function(model, 1, &loss, &problem))) {
        cli_problem(&problem, NULL);
        return CLI_USAGE;
    }
    fit->names = calloc(fit->n_columns + 1, sizeof *fit->names);
    if (!fit->names || (status = make_params(fit)) != CLI_RIGHT)
        return cli_no_memory();
    for (size_t i = 0; i < fit->n_columns; i++)
        fit->names[i] = ad_model_symbol(model, ad_model_column(model, i))->name;
    for (size_t j = 0; j < fit->n; j++) {
        const ad_symbol *s = ad_model_symbol(model, ad_model_param(model, j));
        fit->start[j] = s->value;
        fit->lower[j] = s->low;
        fit->upper[j] = s->high;
    }
    fit->objective = cli_has(options, "--likelihood") ? AD_FIT_LIKELIHOOD : AD_FIT_LOSS;
    return each_item(fit, options, "--start", take_start);
}

static int read_model(cli_fitting *fit, const cli_options *options)
{
    int status = cli_input_read(&fit->in, options);
    if (status == CLI_RIGHT && options->n_arguments > 1) {
        cli_message("'%s' is one argument too many: a model's file, or formulas LEFT ~ RIGHT", options->arguments[1]);
        status = CLI_USAGE;
    }
    return status == CLI_RIGHT ? take_model(fit, options) : status;
}

/* ---- Rows and weights ------------------------------------------------------------------------------------------------------- */

/* The formula of the weights as a function of columns, whose names are added; consts of the model are numbers. */
static ad_function *weights_function(cli_fitting *fit, const char *text, size_t *n_names, int *status)
{
    ad_problem problem;
    ad_expression *e = ad_expression_parse(text, strlen(text), 0, NULL, &problem);
    *status = CLI_USAGE;
    if (!e) {
        cli_problem(&problem, "--weights");
        return NULL;
    }
    size_t n = ad_expression_names(e);
    ad_tape *tape = ad_tape_new();
    ad_var *vars = calloc(n + 1, sizeof *vars);
    const char **names = realloc(fit->names, (fit->n_columns + n + 1) * sizeof *names);
    ad_function *f = NULL;
    int known = tape && vars && names;
    if (names)
        fit->names = names;
    if (!known)
        cli_no_memory();
    for (size_t i = 0; i < n && known; i++) {
        const char *each = ad_expression_name(e, i);
        size_t symbol = fit->in.model ? ad_model_find(fit->in.model, each) : AD_NO_SYMBOL, column = ad_table_find(fit->in.table, each);
        if (symbol != AD_NO_SYMBOL && ad_model_symbol(fit->in.model, symbol)->kind == AD_SYMBOL_CONST)
            vars[i] = ad_const(ad_model_symbol(fit->in.model, symbol)->value);
        else if (column != SIZE_MAX) {
            vars[i] = ad_column(tape, each);
            fit->names[fit->n_columns + (*n_names)++] = ad_table_name(fit->in.table, column);
        } else {
            ad_table_column(fit->in.table, each);                          /* says what there is */
            cli_message("--weights: %s", ad_table_error_message(fit->in.table));
            *status = CLI_DATA;
            known = 0;
        }
    }
    ad_var w = known ? ad_expression_record(e, tape, vars) : ad_const(NAN);
    if (known && !(f = ad_function_new(tape, 1, &w)))
        cli_message("--weights: %s", ad_tape_error_message(tape));
    free(vars);
    ad_expression_free(e);
    ad_tape_free(tape);
    return f;
}

static int select_rows(cli_fitting *fit, const cli_options *options)
{
    const char *text = cli_value(options, "--weights");
    size_t n_names = 0;
    int status = CLI_RIGHT;
    ad_function *weights = text ? weights_function(fit, text, &n_names, &status) : NULL;
    if (text && !weights)
        return status;
    status = CLI_RIGHT;
    fit->columns = calloc(fit->n_columns + n_names + 1, sizeof *fit->columns);
    if (!fit->columns)
        status = cli_no_memory();
    else if (ad_table_select(fit->in.table, fit->n_columns + n_names, fit->names, fit->columns) != AD_OK)
        status = cli_table_fault(fit->in.table, options);
    fit->rows = ad_table_rows(fit->in.table);
    if (status == CLI_RIGHT && !fit->rows) {
        cli_message("%s has no rows to fit to", fit->data);
        status = CLI_DATA;
    }
    if (status == CLI_RIGHT && weights) {
        fit->weights = calloc(fit->rows + 1, sizeof *fit->weights);
        if (!fit->weights || ad_function_rows(weights, NULL, fit->columns + fit->n_columns, fit->rows, &fit->weights) != AD_OK)
            status = cli_no_memory();
    }
    for (size_t r = 0; fit->weights && status == CLI_RIGHT && r < fit->rows; r++)
        if (!(fit->weights[r] >= 0 && fit->weights[r] < INFINITY)) {
            cli_message("%s, line %zu: the weight is %g; weights are finite, and 0 or more", fit->data, ad_table_line(fit->in.table, r),
                        fit->weights[r]);
            status = CLI_DATA;
        }
    ad_function_free(weights);
    return status;
}

static void tell_dropped(const cli_fitting *fit)
{
    size_t n = ad_table_dropped(fit->in.table);
    if (n)
        cli_message("%s: %zu row%s without a value dropped, the first on line %zu", fit->data, n, n == 1 ? "" : "s",
                    ad_table_dropped_line(fit->in.table));
}

int cli_fit_read(cli_fitting *fit, const cli_options *options)
{
    const char *first = options->arguments[0];
    const char *data = cli_value(options, "--data");
    fit->data = data && !strcmp(data, "-") ? "<stdin>" : data;
    fit->rows = 1;
    if (!strchr(first, '~') && strchr(first, '=') && access(first, F_OK)) {
        cli_message("'%s' is neither a file nor a formula: write LEFT ~ RIGHT, as in 'y ~ a*x + b'", first);
        return CLI_USAGE;
    }
    int status = strchr(first, '~') && access(first, F_OK) ? read_formulas(fit, options) : read_model(fit, options);
    if (status == CLI_RIGHT && fit->in.table)
        status = select_rows(fit, options);
    else if (status == CLI_RIGHT && cli_has(options, "--weights")) {
        cli_message("--weights needs rows: give them with --data FILE");
        status = CLI_USAGE;
    }
    if (status == CLI_RIGHT)
        status = each_item(fit, options, "--bounds", take_bound);
    if (status == CLI_RIGHT)
        status = each_item(fit, options, "--hold", take_hold);
    if (status == CLI_RIGHT && fit->in.table)
        tell_dropped(fit);
    return status;
}

void cli_fit_free(cli_fitting *fit)
{
    ad_fit_free(fit->result);
    ad_function_free(fit->f);
    free(fit->start);
    free(fit->lower);
    free(fit->upper);
    free(fit->names);
    free(fit->columns);
    free(fit->weights);
    cli_input_free(&fit->in);
}
