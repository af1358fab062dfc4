/* recorded.c -- the model of a command line on a tape. */
#include "recorded.h"

#include "cli.h"
#include "output.h"

#include <stdlib.h>

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
    if (wrt && (by = ad_model_find(in->model, wrt)) == AD_NO_SYMBOL) {
        cli_message("--wrt %s: the model has no such name", wrt);
        return CLI_USAGE;
    }
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
    return CLI_RIGHT;
}

void cli_recorded_free(cli_recorded *r)
{
    free(r->vars);
    free(r->wrt);
    ad_tape_free(r->tape);
}
