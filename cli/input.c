/* input.c -- models and data from the command line. */
#include "input.h"

#include "cli.h"
#include "output.h"

#include "autodiff/model/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

ad_model *cli_model_read(const char *file)
{
    int standard = !strcmp(file, "-");
    ad_problem problem;
    ad_model *model = standard ? ad_model_load_stream(stdin, &problem) : ad_model_load(file, &problem);
    if (!model)
        cli_problem(&problem, standard ? "<stdin>" : file);
    return model;
}

/* ---- --set --------------------------------------------------------------------------------------------------------------- */

static int unknown_name(const ad_model *model, const char *name)
{
    ad_nearest nearest = {.written = name, .length = strlen(name)};
    for (size_t i = 0; i < ad_model_symbols(model); i++)
        if (ad_model_symbol(model, i)->kind != AD_SYMBOL_FORMULA)
            ad_nearest_offer(&nearest, ad_model_symbol(model, i)->name);
    if (nearest.best)
        cli_message("--set: the model has no '%s'; did you mean '%s'?", name, nearest.best);
    else
        cli_message("--set: the model has no '%s'", name);
    return CLI_USAGE;
}

static int apply_set(ad_model *model, const char *text)
{
    const char *equals = strchr(text, '=');
    double value;
    if (!equals || equals == text || !cli_number(equals + 1, &value)) {
        cli_message("--set takes NAME=NUMBER, not '%s'", text);
        return CLI_USAGE;
    }
    char *name = strndup(text, (size_t)(equals - text));
    if (!name) {
        cli_message("no memory");
        return CLI_USAGE;
    }
    size_t symbol = ad_model_find(model, name);
    int status = CLI_RIGHT;
    if (symbol == AD_NO_SYMBOL)
        status = unknown_name(model, name);
    else if (ad_model_set(model, symbol, value) != AD_OK) {
        cli_message("--set: '%s' is computed, by the formula of line %zu; set what it is made of", name,
                    ad_model_symbol(model, symbol)->line);
        status = CLI_USAGE;
    }
    free(name);
    return status;
}

int cli_apply_sets(ad_model *model, const cli_options *options)
{
    int status = CLI_RIGHT;
    for (int i = 0; i < options->n_given && status == CLI_RIGHT; i++)
        if (!strcmp(options->given[i].option->name, "--set"))
            status = apply_set(model, options->given[i].value);
    return status;
}

/* ---- --data --------------------------------------------------------------------------------------------------------------- */

static int takes(const cli_options *options, const char *name)
{
    const cli_option *o = options->command->options;
    while (o->name && strcmp(o->name, name))
        o++;
    return o->name != NULL;
}

int cli_table_fault(const ad_table *table, const cli_options *options)
{
    static const char *const mends[][3] = {{"or give names", "--names", "NAME,..."}, {"ask to drop such rows", "--missing", "drop"}};
    const char *message = ad_table_error_message(table);
    for (size_t i = 0; i < sizeof mends / sizeof *mends; i++)
        if (strstr(message, mends[i][0]) && takes(options, mends[i][1])) {
            cli_message("%s with %s %s", message, mends[i][1], mends[i][2]);
            return CLI_DATA;
        }
    cli_message("%s", message);
    return CLI_DATA;
}

static int select_columns(cli_input *in, const cli_options *options)
{
    size_t n = ad_model_columns(in->model);
    const char **names = calloc(n + 1, sizeof *names);
    in->columns = calloc(n + 1, sizeof *in->columns);
    int done = names && in->columns;
    if (!done)
        cli_message("no memory");
    for (size_t i = 0; i < n && done; i++)
        names[i] = ad_model_symbol(in->model, ad_model_column(in->model, i))->name;
    if (done && ad_table_select(in->table, n, names, in->columns) != AD_OK) {
        cli_table_fault(in->table, options);
        done = 0;
    }
    free(names);
    return done ? CLI_RIGHT : CLI_DATA;
}

/* The names between the commas of a text, in a copy of it. NULL: no memory. */
static const char **split_names(const char *text, char **copy, size_t *n)
{
    const char **names = calloc(strlen(text) + 1, sizeof *names);
    char *rest = *copy = strdup(text);
    for (char *name; names && (name = strsep(&rest, ","));) {
        name += strspn(name, " ");
        name[strcspn(name, " ")] = 0;
        names[(*n)++] = name;
    }
    if (names && *copy)
        return names;
    free(names);
    free(*copy);
    return NULL;
}

int cli_table_read(ad_table **table, const char *file, const cli_options *options)
{
    const char *missing = cli_value(options, "--missing");
    if (missing && strcmp(missing, "drop") && strcmp(missing, "refuse")) {
        cli_message("--missing is 'drop' or 'refuse', not '%s'", missing);
        return CLI_USAGE;
    }
    ad_table_options how = {.missing = missing && *missing == 'd' ? AD_MISSING_DROP : AD_MISSING_REFUSE};
    char *copy = NULL;
    const char **names = NULL;
    if (cli_has(options, "--names") && !(names = split_names(cli_value(options, "--names"), &copy, &how.n_names))) {
        cli_message("no memory");
        return CLI_USAGE;
    }
    how.names = names;
    how.called = !strcmp(file, "-") ? "<stdin>" : NULL;
    *table = how.called ? ad_table_read_stream(stdin, how) : ad_table_read(file, how);
    free(copy);
    free(names);
    return ad_table_error(*table) == AD_OK ? CLI_RIGHT : cli_table_fault(*table, options);
}

static int read_data(cli_input *in, const char *file, const cli_options *options)
{
    if (!strcmp(file, "-") && !strcmp(in->file, "<stdin>")) {
        cli_message("the model and the data cannot both be -");
        return CLI_USAGE;
    }
    int read = cli_table_read(&in->table, file, options);
    if (read != CLI_RIGHT)
        return read;
    if (!ad_model_columns(in->model)) {
        cli_message("the model has no columns: the data are not used");
        return CLI_RIGHT;
    }
    int status = select_columns(in, options);
    if (status != CLI_RIGHT)
        return status;
    in->rows = ad_table_rows(in->table);
    if (in->rows && in->row > in->rows) {
        cli_message("--row %zu: the data have %zu row%s", in->row, in->rows, in->rows == 1 ? "" : "s");
        return CLI_DATA;
    }
    for (size_t i = 0; i < ad_model_columns(in->model) && in->rows; i++)
        ad_model_set(in->model, ad_model_column(in->model, i), in->columns[i][in->row - 1]);
    return CLI_RIGHT;
}

int cli_needs_columns(const cli_input *in)
{
    for (size_t i = 0; i < ad_model_columns(in->model) && !in->columns; i++) {
        const ad_symbol *s = ad_model_symbol(in->model, ad_model_column(in->model, i));
        if (isnan(s->value)) {
            cli_message("the column '%s' of line %zu has no values: give them with --data FILE, or one with --set %s=VALUE", s->name,
                        s->line, s->name);
            return CLI_DATA;
        }
    }
    return CLI_RIGHT;
}

int cli_input_read(cli_input *in, const cli_options *options)
{
    const char *file = options->arguments[0], *data = cli_value(options, "--data");
    *in = (cli_input){.file = !strcmp(file, "-") ? "<stdin>" : file, .rows = 1, .row = cli_count(options, "--row", 1)};
    if (!in->row || !(in->model = cli_model_read(file)))
        return CLI_USAGE;
    int status = cli_apply_sets(in->model, options);
    return status == CLI_RIGHT && data ? read_data(in, data, options) : status;
}

void cli_input_free(cli_input *in)
{
    ad_model_free(in->model);
    ad_table_free(in->table);
    free(in->columns);
}

/* ---- What is asked for ------------------------------------------------------------------------------------------------------ */

int cli_quantity(const cli_input *in, const cli_options *options, const ad_expression **formula, const char **name)
{
    const char *of = cli_value(options, "--of");
    size_t loss = ad_model_minimize(in->model);
    ad_problem problem = {0};
    *formula = NULL;
    *name = of ? of : loss != AD_NO_SYMBOL ? ad_model_symbol(in->model, loss)->name : NULL;
    if (*name && !(*formula = ad_model_formula(in->model, *name, strlen(*name), &problem))) {
        cli_problem(&problem, "--of");
        return CLI_USAGE;
    }
    if (*formula)
        *name = (*formula)->text;
    return CLI_RIGHT;
}

double *cli_params(const ad_model *model)
{
    size_t n = ad_model_params(model);
    double *values = malloc((n + 1) * sizeof *values);
    if (!values)
        cli_message("no memory");
    for (size_t i = 0; values && i < n; i++)
        values[i] = ad_model_symbol(model, ad_model_param(model, i))->value;
    return values;
}
