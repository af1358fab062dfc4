/* explain.c -- chainrule explain: a model forward and backward, step by step, beside the manual chain rule. */
#include "cli.h"
#include "input.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

static const struct { const char *option; ad_question question; } questions[] = {
    {"--why-order", AD_WHY_THIS_ORDER}, {"--why-add", AD_WHY_ADD},   {"--twice", AD_WHAT_TWICE},
    {"--kinks", AD_WHAT_AT_KINKS},      {"--saturated", AD_WHY_SATURATED}, {"--questions", AD_ALL_QUESTIONS},
};

static int format_of(const cli_options *options, ad_format *format)
{
    static const char *const names[] = {"text", "markdown", "latex"};
    const char *asked = cli_value(options, "--format");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!asked || !strcmp(asked, names[i])) {
            *format = (ad_format)i;
            return 1;
        }
    cli_message("--format takes text, markdown or latex, not '%s'", asked);
    return 0;
}

/* The model on a tape; the variable of --wrt, a plain number where none is asked for. */
typedef struct recorded {
    ad_tape *tape;
    ad_var  *vars, *wrt, E, by;            /* wrt [ad_model_params] */
} recorded;

static int record(recorded *r, const cli_input *in, const ad_expression *of, const char *wrt)
{
    size_t symbols = ad_model_symbols(in->model), params = ad_model_params(in->model), by = AD_NO_SYMBOL;
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

static int explain_to(FILE *out, const recorded *r, const cli_input *in, const cli_options *options, ad_format format)
{
    ad_explain_options how = {.format = format, .n_wrt = ad_model_params(in->model), .wrt = r->wrt, .by = r->by};
    how.digits     = (int)cli_count(options, "--digits", 6);
    how.most_steps = cli_count(options, "--steps", 60);
    if (how.digits < 1 || how.digits > 17 || !how.most_steps) {
        if (how.digits > 17)
            cli_message("--digits takes 1 to 17");
        return CLI_USAGE;
    }
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (cli_has(options, questions[i].option))
            how.questions |= (unsigned)questions[i].question;
    switch (ad_explain(r->E, out, how)) {
    case AD_OK: return CLI_RIGHT;
    case AD_ERROR_ARGUMENT: cli_message("there is nothing to explain: the quantity is a number"); return CLI_USAGE;
    case AD_ERROR_IO: cli_message("the explanation cannot be written"); return CLI_USAGE;
    default: cli_message("%s", ad_tape_error_message(r->tape)); return CLI_USAGE;
    }
}

static int explain(const cli_options *options)
{
    cli_input in;
    recorded r = {0};
    ad_format format = AD_FORMAT_TEXT;
    const ad_expression *of = NULL;
    const char *name = NULL, *file = cli_value(options, "--output");
    if (!format_of(options, &format))
        return CLI_USAGE;
    int status = cli_input_read(&in, options);
    if (status == CLI_RIGHT)
        status = cli_quantity(&in, options, &of, &name);
    if (status == CLI_RIGHT)
        status = cli_needs_columns(&in);
    if (status == CLI_RIGHT && !of) {
        cli_message("%s does not say what to minimize: give --of NAME, or a line 'minimize NAME' in the model", in.file);
        status = CLI_USAGE;
    }
    if (status == CLI_RIGHT)
        status = record(&r, &in, of, cli_value(options, "--wrt"));
    if (status == CLI_RIGHT) {
        FILE *out = file && strcmp(file, "-") ? fopen(file, "w") : stdout;
        status = out ? explain_to(out, &r, &in, options, format) : CLI_USAGE;
        if (!out || (out != stdout && fclose(out))) {
            cli_message("%s cannot be written", file);
            status = CLI_USAGE;
        }
    }
    free(r.vars);
    free(r.wrt);
    ad_tape_free(r.tape);
    cli_input_free(&in);
    return status;
}

static const cli_option options[] = {
    {"--wrt", NULL, "NAME", "the manual chain rule for this variable: every path, and other ways to derive by it"},
    {"--format", NULL, "FORMAT", "text (default), markdown or latex"},
    {"--output", "-o", "FILE", "write to this file, not to the standard output"},
    {"--digits", NULL, "N", "significant digits of numbers (default 6)"},
    {"--steps", NULL, "N", "steps shown of each kind; the middle is left out of more (default 60)"},
    {"--why-order", NULL, NULL, "why this order: what comes out when a node is visited too early"},
    {"--why-add", NULL, NULL, "why contributions add"},
    {"--twice", NULL, NULL, "what a second backward call would do if it accumulated"},
    {"--kinks", NULL, NULL, "what happens at a kink"},
    {"--saturated", NULL, NULL, "why a saturated sigmoid learns slowly"},
    {"--questions", NULL, NULL, "all five"},
    CLI_SET, CLI_OF, CLI_DATA_OPTIONS, CLI_HELP, {0},
};

const cli_command cli_explain = {
    .name = "explain", .summary = "forward and backward, step by step, by hand", .arguments = "FILE", .least = 1, .most = 1,
    .help = "Explains a model's derivatives: every value with its numbers, every derivative in the\n"
            "order of the backward sweep with the rule that gives it, sums written out where paths\n"
            "meet; with --wrt the manual chain rule beside it, and the learner's questions.\n",
    .example = "chainrule explain net.model --wrt W11 --why-order   # three paths, one sum",
    .options = options, .run = explain,
};
