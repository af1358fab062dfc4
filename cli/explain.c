/* explain.c -- chainrule explain: a model forward and backward, step by step, beside the manual chain rule. */
#include "cli.h"
#include "input.h"
#include "output.h"
#include "recorded.h"

#include <string.h>

static const struct { const char *option; ad_question question; } questions[] = {
    {"--why-order", AD_WHY_THIS_ORDER}, {"--why-add", AD_WHY_ADD},   {"--twice", AD_WHAT_TWICE},
    {"--kinks", AD_WHAT_AT_KINKS},      {"--saturated", AD_WHY_SATURATED}, {"--questions", AD_ALL_QUESTIONS},
};

static int format_of(const cli_options *options, ad_format *format)
{
    static const char *const names[] = {"text", "markdown", "latex", "html"};
    const char *asked = cli_value(options, "--format");
    if (cli_has(options, "--json") && !asked) {
        *format = AD_FORMAT_JSON;
        return 1;
    }
    if (cli_has(options, "--json")) {
        cli_message("--json is a format of its own: leave --format out");
        return 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!asked || !strcmp(asked, names[i])) {
            *format = (ad_format)i;
            return 1;
        }
    cli_message("--format takes text, markdown, latex or html, not '%s'", asked);
    return 0;
}

static int explain_to(FILE *out, const cli_recorded *r, const cli_input *in, const cli_options *options, ad_format format)
{
    ad_explain_options how = {.format = format, .n_wrt = ad_model_params(in->model), .wrt = r->wrt, .by = r->by, .note = *r->note ? r->note : NULL};
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
    cli_recorded r = {0};
    ad_format format = AD_FORMAT_TEXT;
    const char *file = cli_value(options, "--output");
    if (!format_of(options, &format))
        return CLI_USAGE;
    int status = cli_input_read(&in, options);
    if (status == CLI_RIGHT)
        status = cli_record(&r, &in, options);
    if (status == CLI_RIGHT) {
        FILE *out = file && strcmp(file, "-") ? fopen(file, "w") : stdout;
        status = out ? explain_to(out, &r, &in, options, format) : CLI_USAGE;
        if (!out || (out != stdout && fclose(out))) {
            cli_message("%s cannot be written", file);
            status = CLI_USAGE;
        }
    }
    cli_recorded_free(&r);
    cli_input_free(&in);
    return status;
}

static const cli_option options[] = {
    {"--wrt", NULL, "NAME", "the manual chain rule for this variable: every path, and other ways to derive by it"},
    {"--format", NULL, "FORMAT", "text (default), markdown, latex, or html: a page to step through"},
    {"--output", "-o", "FILE", "write to this file, not to the standard output"},
    {"--digits", NULL, "N", "significant digits of numbers (default 6)"},
    {"--steps", NULL, "N", "steps shown of each kind; the middle is left out of more (default 60)"},
    {"--why-order", NULL, NULL, "why this order: what comes out when a node is visited too early"},
    {"--why-add", NULL, NULL, "why contributions add"},
    {"--twice", NULL, NULL, "what a second backward call would do if it accumulated"},
    {"--kinks", NULL, NULL, "what happens at a kink"},
    {"--saturated", NULL, NULL, "why a saturated sigmoid learns slowly"},
    {"--questions", NULL, NULL, "all five"},
    CLI_COMMON, {0},
};

const cli_command cli_explain = {
    .name = "explain", .summary = "forward and backward, step by step, by hand", .arguments = "FILE", .least = 1, .most = 1,
    .help = "Explains a model's derivatives: every value with its numbers, every derivative in the\n"
            "order of the backward sweep with the rule that gives it, sums written out where paths\n"
            "meet; with --wrt the manual chain rule beside it, and the learner's questions.\n",
    .example = "chainrule explain net.model --wrt W11 --why-order   # three paths, one sum",
    .options = options, .run = explain,
};
