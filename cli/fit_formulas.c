/* fit_formulas.c -- the formulas that `chainrule fit` is given in place of a model, LEFT ~ RIGHT: names that the table has are its
 * columns, --set makes constants, the rest are params; recorded as residuals LEFT - RIGHT. */
#include "fit.h"

#include "cli.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct name {
    const char *text;
    enum { COLUMN, PARAM, GIVEN } kind;
    size_t place;                          /* among the columns of the fit */
    double value;
    ad_var var;
} name;

typedef struct formulas {
    size_t          n;                     /* sides: left and right in turn */
    ad_expression **sides;
    size_t          n_names;
    name           *names;
} formulas;

static size_t find_name(const formulas *F, const char *text)
{
    size_t i = 0;
    while (i < F->n_names && strcmp(F->names[i].text, text))
        i++;
    return i;
}

/* The side of a formula from `at` on. Messages show all of the formula. */
static int parse_side(formulas *F, const char *formula, size_t at, size_t length)
{
    ad_problem problem;
    ad_expression *e = ad_expression_parse(formula + at, length, 0, NULL, &problem);
    if (!e) {
        if (problem.line == 1 && strlen(formula) < sizeof problem.excerpt && problem.caret + 1 == problem.column && !strchr(formula, '\n')) {
            strcpy(problem.excerpt, formula);
            for (size_t i = 0; i < at; i++) {
                size_t begins = ((unsigned char)formula[i] & 0xc0) != 0x80;    /* a character */
                problem.column += begins;
                problem.caret += begins;
            }
        }
        cli_problem(&problem, NULL);
        return CLI_USAGE;
    }
    F->sides[F->n++] = e;
    size_t most = F->n_names + ad_expression_names(e);
    name *names = realloc(F->names, (most + 1) * sizeof *names);
    if (!names)
        return cli_no_memory();
    F->names = names;
    for (size_t i = 0; i < ad_expression_names(e); i++)
        if (find_name(F, ad_expression_name(e, i)) == F->n_names)
            F->names[F->n_names++] = (name){.text = ad_expression_name(e, i)};
    return CLI_RIGHT;
}

static int parse_formula(formulas *F, const char *text)
{
    const char *tilde = strchr(text, '~');
    if (!tilde || strchr(tilde + 1, '~')) {
        cli_message("'%s' is no formula LEFT ~ RIGHT%s", text, tilde ? "; write one ~ only" : !access(text, F_OK)
                    ? "; give data with --data FILE" : strchr(text, '=') ? "; lists are written without spaces, --start a=1,b=2" : "");
        return CLI_USAGE;
    }
    int status = parse_side(F, text, 0, (size_t)(tilde - text));
    return status == CLI_RIGHT ? parse_side(F, text, (size_t)(tilde + 1 - text), strlen(tilde + 1)) : status;
}

/* --set NAME=VALUE makes a constant of a name that is no column. */
static int take_constants(formulas *F, const cli_options *options)
{
    for (int i = 0; i < options->n_given; i++) {
        const char *text = options->given[i].value, *equals = text ? strchr(text, '=') : NULL;
        if (strcmp(options->given[i].option->name, "--set"))
            continue;
        size_t k = 0;
        while (equals && k < F->n_names && (strlen(F->names[k].text) != (size_t)(equals - text) || memcmp(F->names[k].text, text, (size_t)(equals - text))))
            k++;
        if (!equals || k == F->n_names || F->names[k].kind == COLUMN || !cli_number(equals + 1, &F->names[k].value)) {
            cli_message(!equals || k < F->n_names ? "--set takes NAME=NUMBER of a name that is no column, not '%s'"
                                                  : "--set %s: no formula has that name", text);
            return CLI_USAGE;
        }
        F->names[k].kind = GIVEN;
    }
    return CLI_RIGHT;
}

/* What each name is: columns of the table are columns. */
static int sort_names(formulas *F, cli_fitting *fit, const cli_options *options)
{
    for (size_t i = 0; i < F->n_names; i++)
        F->names[i].kind = ad_table_find(fit->in.table, F->names[i].text) != SIZE_MAX ? COLUMN : PARAM;
    int status = take_constants(F, options);
    fit->names = calloc(F->n_names + 1, sizeof *fit->names);
    if (!fit->names)
        return cli_no_memory();
    for (size_t i = 0; i < F->n_names; i++)
        if (F->names[i].kind == COLUMN) {
            F->names[i].place = fit->n_columns;
            fit->names[fit->n_columns++] = ad_table_name(fit->in.table, ad_table_find(fit->in.table, F->names[i].text));
        }
    return status;
}

static ad_var side(const formulas *F, ad_tape *tape, const ad_expression *e, ad_var *vars)
{
    for (size_t i = 0; i < ad_expression_names(e); i++)
        vars[i] = F->names[find_name(F, ad_expression_name(e, i))].var;
    return ad_expression_record(e, tape, vars);
}

/* Residuals LEFT - RIGHT as a function of the params and the columns. */
static int record(formulas *F, cli_fitting *fit)
{
    ad_tape *tape = ad_tape_new();
    ad_var *vars = calloc(F->n_names + 1, sizeof *vars), *residuals = calloc(F->n, sizeof *residuals);
    int status = tape && vars && residuals ? CLI_RIGHT : cli_no_memory();
    for (size_t i = 0; i < F->n_names && status == CLI_RIGHT; i++) {
        name *n = &F->names[i];
        n->var = n->kind == COLUMN ? ad_column(tape, n->text) : n->kind == PARAM ? ad_param(tape, n->text, 0) : ad_const(n->value);
    }
    for (size_t k = 0; k < F->n && status == CLI_RIGHT; k += 2) {
        ad_var left = side(F, tape, F->sides[k], vars);
        residuals[k / 2] = ad_sub(left, side(F, tape, F->sides[k + 1], vars));
    }
    fit->f = status == CLI_RIGHT ? ad_function_new(tape, F->n / 2, residuals) : NULL;
    if (status == CLI_RIGHT && (!fit->f || ad_tape_error(tape) != AD_OK)) {
        cli_message("%s", ad_tape_error_message(tape));
        status = CLI_USAGE;
    }
    free(vars);
    free(residuals);
    ad_tape_free(tape);
    return status;
}

int cli_fit_formulas(cli_fitting *fit, const cli_options *options)
{
    formulas F = {.sides = calloc(2 * (size_t)options->n_arguments, sizeof *F.sides)};
    const char *data = cli_value(options, "--data");
    int status = F.sides ? CLI_RIGHT : cli_no_memory();
    for (int i = 0; i < options->n_arguments && status == CLI_RIGHT; i++)
        status = parse_formula(&F, options->arguments[i]);
    if (status == CLI_RIGHT && (cli_has(options, "--of") || cli_has(options, "--likelihood"))) {
        cli_message("%s is for models in files", cli_has(options, "--of") ? "--of" : "--likelihood");
        status = CLI_USAGE;
    }
    if (status == CLI_RIGHT && !data) {
        cli_message("there are no data to fit to: give them with --data FILE");
        status = CLI_DATA;
    }
    if (status == CLI_RIGHT)
        status = cli_table_read(&fit->in.table, data, options);
    if (status == CLI_RIGHT)
        status = sort_names(&F, fit, options);
    if (status == CLI_RIGHT)
        status = record(&F, fit);
    fit->objective = AD_FIT_RESIDUALS;
    for (size_t k = 0; k < F.n; k++)
        ad_expression_free(F.sides[k]);
    free(F.sides);
    free(F.names);
    return status;
}
