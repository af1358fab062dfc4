/* recorded.c -- the model of a command line on a tape. */
#include "recorded.h"

#include "cli.h"
#include "output.h"

#include "autodiff/model/nearest.h"

#include <stdlib.h>
#include <string.h>

static int unknown(const cli_input *in, const char *wrt)
{
    ad_nearest nearest = {.written = wrt, .length = strlen(wrt)};
    for (size_t i = 0; i < ad_model_symbols(in->model); i++)
        ad_nearest_offer(&nearest, ad_model_symbol(in->model, i)->name);
    if (nearest.best)
        cli_message("--wrt %s: the model has no such name; did you mean '%s'?", wrt, nearest.best);
    else
        cli_message("--wrt %s: the model has no such name", wrt);
    return CLI_USAGE;
}

/* A graph is that of one row; the loss of the model is the sum over all. */
static int note_row(cli_recorded *r, const cli_input *in, const ad_expression *of, const char *name)
{
    ad_problem problem;
    char number[CLI_NUMBER];
    double sum = 0, *params, *gradient;
    if (!in->columns)
        return CLI_RIGHT;
    ad_function *f = ad_model_function(in->model, 1, &of, &problem);
    params = cli_params(in->model);
    gradient = calloc(ad_model_params(in->model) + 1, sizeof *gradient);
    int done = f && params && gradient && ad_function_sum_gradient(f, params, in->columns, in->rows, &sum, gradient) == AD_OK;
    snprintf(r->note, sizeof r->note, "This is row %zu of %zu. Over all rows %.60s sums to %s, and so do its derivatives: chainrule "
             "eval has them.", in->row, in->rows, name, cli_format_short(number, sum));
    free(params);
    free(gradient);
    ad_function_free(f);
    if (!done)
        cli_message("no memory");
    return done ? CLI_RIGHT : CLI_USAGE;
}

int cli_record(cli_recorded *r, const cli_input *in, const cli_options *options)
{
    const ad_expression *of = NULL;
    const char *name = NULL, *wrt = cli_value(options, "--wrt");
    size_t symbols = ad_model_symbols(in->model), params = ad_model_params(in->model), by = AD_NO_SYMBOL;
    int status = cli_quantity(in, options, &of, &name);
    if (status == CLI_RIGHT)
        status = cli_needs_columns(in);
    if (status != CLI_RIGHT)
        return status;
    if (!of) {
        cli_message("%s does not say what to minimize: give --of NAME, or a line 'minimize NAME' in the model", in->file);
        return CLI_USAGE;
    }
    if (wrt && (by = ad_model_find(in->model, wrt)) == AD_NO_SYMBOL)
        return unknown(in, wrt);
    r->tape = ad_tape_new();
    r->vars = calloc(symbols + 1, sizeof *r->vars);
    r->wrt  = calloc(params + 1, sizeof *r->wrt);
    if (!r->tape || !r->vars || !r->wrt || ad_model_record(in->model, r->tape, r->vars) != AD_OK) {
        cli_message("%s", r->vars && r->wrt ? ad_tape_error_message(r->tape) : "no memory");
        return CLI_USAGE;
    }
    for (size_t i = 0; i < params; i++)
        r->wrt[i] = r->vars[ad_model_param(in->model, i)];
    r->E  = ad_expression_record(of, r->tape, r->vars);
    r->by = by == AD_NO_SYMBOL ? ad_const(0) : r->vars[by];
    return note_row(r, in, of, name);
}

void cli_recorded_free(cli_recorded *r)
{
    free(r->vars);
    free(r->wrt);
    ad_tape_free(r->tape);
}
