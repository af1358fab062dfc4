/* eval.c -- chainrule eval: the values of a model's names, and the gradient of its loss. */
#include "cli.h"
#include "input.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct evaluation {
    cli_input            in;
    const ad_expression *of;               /* NULL: nothing to differentiate */
    const char          *name;             /* what it is called */
    double               value;            /* of it, summed over the rows */
    size_t               symbols, params;
    double              *values;           /* [symbols] in the row; of the quantity itself, if it is a name, the sum */
    double              *gradient;         /* [params] */
    double              *hessian;          /* [params][params], or NULL */
} evaluation;

static int failed(const ad_problem *problem)
{
    cli_problem(problem, NULL);
    return CLI_USAGE;
}

/* ---- Computing ------------------------------------------------------------------------------------------------------------ */

static int at_the_row(evaluation *e)
{
    ad_tape *tape = ad_tape_new();
    ad_var *vars = calloc(e->symbols + 1, sizeof *vars);
    int status = tape && vars ? CLI_RIGHT : cli_no_memory();
    if (status == CLI_RIGHT && ad_model_record(e->in.model, tape, vars) != AD_OK) {
        cli_message("%s", ad_tape_error_message(tape));
        status = CLI_USAGE;
    }
    for (size_t i = 0; i < e->symbols && status == CLI_RIGHT; i++)
        e->values[i] = ad_value(vars[i]);
    if (status == CLI_RIGHT && e->of) {
        ad_var E = ad_expression_record(e->of, tape, vars);
        ad_backward(E);
        e->value = ad_value(E);
        for (size_t i = 0; i < e->params; i++)
            e->gradient[i] = ad_grad(vars[ad_model_param(e->in.model, i)]);
    }
    free(vars);
    ad_tape_free(tape);
    return status;
}

/* What is summed over rows, and second derivatives, come from the function. */
static int over_the_rows(evaluation *e)
{
    ad_problem problem;
    ad_function *f = ad_model_function(e->in.model, 1, &e->of, &problem);
    double *params = cli_params(e->in.model), *row = NULL;
    const double **columns = e->in.columns;
    size_t n_columns = ad_model_columns(e->in.model);
    if (!columns && n_columns) {                   /* set one by one */
        row = calloc(n_columns, sizeof *row);
        columns = calloc(n_columns, sizeof *columns);
        for (size_t i = 0; i < n_columns && row && columns; i++) {
            row[i] = ad_model_symbol(e->in.model, ad_model_column(e->in.model, i))->value;
            columns[i] = &row[i];
        }
    }
    int status = !f ? failed(&problem) : params && (!n_columns || columns) ? CLI_RIGHT : cli_no_memory();
    if (status == CLI_RIGHT && e->in.columns &&
        ad_function_sum_gradient(f, params, columns, e->in.rows, &e->value, e->gradient) != AD_OK)
        status = cli_no_memory();
    if (status == CLI_RIGHT && e->hessian && ad_function_hessian(f, params, columns, e->in.rows, e->hessian) != AD_OK)
        status = cli_no_memory();
    if (row)
        free(columns);
    free(row);
    free(params);
    ad_function_free(f);
    return status;
}

static int compute(evaluation *e, const cli_options *options)
{
    e->symbols = ad_model_symbols(e->in.model);
    e->params = ad_model_params(e->in.model);
    e->values = calloc(e->symbols + 1, sizeof *e->values);
    e->gradient = calloc(e->params + 1, sizeof *e->gradient);
    if (e->of && cli_has(options, "--hessian"))
        e->hessian = calloc(e->params * e->params + 1, sizeof *e->hessian);
    if (!e->values || !e->gradient || (e->of && cli_has(options, "--hessian") && !e->hessian))
        return cli_no_memory();
    int status = at_the_row(e);
    if (status == CLI_RIGHT && e->of && (e->in.columns || e->hessian))
        status = over_the_rows(e);
    size_t symbol = e->of ? ad_model_find(e->in.model, e->name) : AD_NO_SYMBOL;
    if (status == CLI_RIGHT && symbol != AD_NO_SYMBOL && ad_model_symbol(e->in.model, symbol)->kind == AD_SYMBOL_FORMULA)
        e->values[symbol] = e->value;
    return status;
}

/* ---- Printing -------------------------------------------------------------------------------------------------------------- */

static const ad_symbol *symbol_at(const evaluation *e, size_t i) { return ad_model_symbol(e->in.model, i); }
static const ad_symbol *param_at(const evaluation *e, size_t k) { return symbol_at(e, ad_model_param(e->in.model, k)); }

static json_t *json_values(const evaluation *e, int columns)
{
    json_t *values = json_object();
    for (size_t i = 0; i < e->symbols; i++)
        if ((symbol_at(e, i)->kind == AD_SYMBOL_COLUMN) == columns)
            json_object_set_new(values, symbol_at(e, i)->name, cli_json_number(e->values[i]));
    return values;
}

static json_t *json_by_param(const evaluation *e, const double *numbers)
{
    json_t *object = json_object();
    for (size_t k = 0; numbers && k < e->params; k++)
        json_object_set_new(object, param_at(e, k)->name, cli_json_number(numbers[k]));
    return object;
}

static int print_json(const evaluation *e)
{
    json_t *all = json_object();
    json_object_set_new(all, "values", json_values(e, 0));
    json_object_set_new(all, "loss", e->of ? json_string(e->name) : json_null());
    json_object_set_new(all, "loss_value", e->of ? cli_json_number(e->value) : json_null());
    json_object_set_new(all, "gradient", json_by_param(e, e->of ? e->gradient : NULL));
    if (e->hessian) {
        json_t *rows = json_object();
        for (size_t k = 0; k < e->params; k++)
            json_object_set_new(rows, param_at(e, k)->name, json_by_param(e, e->hessian + k * e->params));
        json_object_set_new(all, "hessian", rows);
    }
    if (ad_model_columns(e->in.model)) {
        json_object_set_new(all, "rows", json_integer((json_int_t)e->in.rows));
        json_object_set_new(all, "row", json_integer((json_int_t)e->in.row));
        json_object_set_new(all, "columns", json_values(e, 1));
    }
    return cli_json_print(all) ? CLI_RIGHT : CLI_USAGE;
}

static int print_csv(const evaluation *e)
{
    char text[CLI_NUMBER];
    printf("name,value,gradient");
    for (size_t k = 0; k < e->params && e->hessian; k++) {
        printf(",hessian ");
        cli_csv(stdout, param_at(e, k)->name);
    }
    putchar('\n');
    for (size_t i = 0, k = 0; i < e->symbols; i++) {
        const ad_symbol *s = symbol_at(e, i);
        int is_param = s->kind == AD_SYMBOL_PARAM;
        if (s->kind == AD_SYMBOL_COLUMN)
            continue;
        cli_csv(stdout, s->name);
        printf(",%s,", cli_format(text, e->values[i]));
        fputs(is_param && e->of ? cli_format(text, e->gradient[k]) : "", stdout);
        for (size_t j = 0; j < e->params && e->hessian; j++)
            printf(",%s", is_param ? cli_format(text, e->hessian[k * e->params + j]) : "");
        putchar('\n');
        k += (size_t)is_param;
    }
    return CLI_RIGHT;
}

static int print_hessian(const evaluation *e)
{
    cli_table table = {.columns = (int)e->params + 1};
    cli_table_text(&table, "");
    for (size_t k = 0; k < e->params; k++)
        cli_table_text(&table, param_at(e, k)->name);
    for (size_t i = 0; i < e->params; i++) {
        cli_table_text(&table, param_at(e, i)->name);
        for (size_t k = 0; k < e->params; k++)
            cli_table_number(&table, e->hessian[i * e->params + k]);
    }
    printf("\nHessian of %s\n", e->name);
    return cli_table_print(&table, stdout, "");
}

static int print_table(const evaluation *e)
{
    static const char *const kinds[] = {"const", "param", "column", ""};
    cli_table table = {.columns = e->of ? 5 : 4};
    char *heading = NULL;
    if (e->of && asprintf(&heading, "d(%s)/d", e->name) < 0)
        return cli_no_memory();
    cli_table_text(&table, "");
    cli_table_text(&table, "name");
    cli_table_text(&table, "value");
    if (e->of)
        cli_table_text(&table, heading);
    cli_table_text(&table, "formula");
    free(heading);
    for (size_t i = 0, k = 0; i < e->symbols; i++) {
        const ad_symbol *s = symbol_at(e, i);
        cli_table_text(&table, kinds[s->kind]);
        cli_table_text(&table, s->name);
        cli_table_number(&table, e->values[i]);
        if (e->of && s->kind == AD_SYMBOL_PARAM)
            cli_table_number(&table, e->gradient[k++]);
        else if (e->of)
            cli_table_text(&table, "");
        cli_table_text(&table, s->formula ? s->formula->text : "");
    }
    if (e->in.columns)
        printf("row %zu of %zu; %s%s\n\n", e->in.row, e->in.rows, e->of ? e->name : "nothing",
               e->of ? " and its derivatives are sums over the rows" : " is summed");
    if (!cli_table_print(&table, stdout, ""))
        return CLI_USAGE;
    if (e->of && (ad_model_find(e->in.model, e->name) == AD_NO_SYMBOL))
        printf("\n%s = %.10g\n", e->name, e->value);
    return !e->hessian || print_hessian(e) ? CLI_RIGHT : CLI_USAGE;
}

/* NaN is an answer, and one that is told. */
static void tell_nans(const evaluation *e)
{
    for (size_t i = 0; i < e->symbols; i++)
        if (isnan(e->values[i])) {
            cli_message("'%s' is nan; chainrule why names the operation that made it", symbol_at(e, i)->name);
            return;
        }
    for (size_t k = 0; k < e->params; k++)
        if (isnan(e->gradient[k])) {
            cli_message("the derivative by '%s' is nan; chainrule why names the operation that made it", param_at(e, k)->name);
            return;
        }
}

static int eval(const cli_options *options)
{
    evaluation e = {0};
    int status = cli_input_read(&e.in, options);
    if (status == CLI_RIGHT)
        status = cli_quantity(&e.in, options, &e.of, &e.name);
    if (status == CLI_RIGHT)
        status = cli_needs_columns(&e.in);
    if (status == CLI_RIGHT && !e.of && cli_has(options, "--hessian")) {
        cli_message("--hessian of what? Give --of NAME, or a line 'minimize NAME' in the model");
        status = CLI_USAGE;
    }
    if (status == CLI_RIGHT)
        status = compute(&e, options);
    if (status == CLI_RIGHT) {
        tell_nans(&e);
        status = cli_has(options, "--json") ? print_json(&e) : cli_has(options, "--csv") ? print_csv(&e) : print_table(&e);
    }
    free(e.values);
    free(e.gradient);
    free(e.hessian);
    cli_input_free(&e.in);
    return status;
}

static const cli_option options[] = {
    {"--csv", NULL, NULL, "CSV: name,value,gradient, numbers to all their digits"},
    {"--hessian", NULL, NULL, "the second derivatives by all pairs of params too"},
    CLI_COMMON, {0},
};

const cli_command cli_eval = {
    .name = "eval", .summary = "values of all names, gradient of the loss", .arguments = "FILE", .least = 1, .most = 1,
    .help = "Prints the value of every name of a model, and the derivative of what it minimizes\n"
            "with respect to every param: an aligned table, JSON or CSV.\n",
    .example = "chainrule eval net.model --set W36=0.1 --json   # the gradient at another point",
    .options = options, .run = eval,
};
