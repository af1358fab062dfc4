/* emit.c -- chainrule emit: a model's loss and its gradient as standalone C. */
#include "cli.h"
#include "input.h"
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All of it, or no file. */
static int write_out(const char *text, size_t size, const char *file)
{
    FILE *out = file ? fopen(file, "w") : stdout;
    int done = out && fwrite(text, 1, size, out) == size;
    if (out && file)
        done = !fclose(out) && done;
    if (!done)
        cli_message("%s: cannot be written: %s", file ? file : "the output", strerror(errno));
    return done ? CLI_RIGHT : CLI_USAGE;
}

/* {"c": the text, "params": [names], "columns": [names]}, in place of the text; NULL after a message. */
static char *as_json(const ad_function *f, char *text, size_t *size)
{
    json_t *all = json_object(), *params = json_array(), *columns = json_array();
    json_object_set_new(all, "c", json_string(text));
    for (size_t i = 0; i < ad_function_params(f); i++)
        json_array_append_new(params, json_string(ad_function_param_name(f, i)));
    for (size_t i = 0; i < ad_function_columns(f); i++)
        json_array_append_new(columns, json_string(ad_function_column_name(f, i)));
    json_object_set_new(all, "params", params);
    json_object_set_new(all, "columns", columns);
    free(text);
    char *json = cli_json_text(all);
    *size = json ? strlen(json) : 0;
    return json;
}

static int emit_function(const ad_function *f, const cli_options *options)
{
    const char *prefix = cli_value(options, "--prefix"), *output = cli_value(options, "--output");
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    ad_status status = stream ? ad_function_emit_c(f, stream, (ad_emit_options){
                                    .prefix = prefix, .what = cli_has(options, "--value-only") ? AD_EMIT_VALUE : AD_EMIT_BOTH})
                              : AD_ERROR_NO_MEMORY;
    if (stream && fclose(stream))
        status = AD_ERROR_NO_MEMORY;
    int end = CLI_USAGE, json = cli_has(options, "--json");
    if (status == AD_ERROR_ARGUMENT)
        cli_message("--prefix takes a C identifier, not '%s'", prefix ? prefix : "");
    else if (status != AD_OK)
        cli_message("no memory");
    else if (!json || (text = as_json(f, text, &size)) != NULL)
        end = write_out(text, size, output && strcmp(output, "-") ? output : NULL);
    free(text);
    return end;
}

static int emit(const cli_options *options)
{
    cli_input in;
    const ad_expression *of = NULL;
    const char *name = NULL;
    int status = cli_input_read(&in, options);
    if (status == CLI_RIGHT)
        status = cli_quantity(&in, options, &of, &name);
    if (status == CLI_RIGHT && !of) {
        cli_message("%s does not say what to minimize: give --of NAME, or a line 'minimize NAME' in the model", in.file);
        status = CLI_USAGE;
    }
    if (status == CLI_RIGHT) {
        ad_problem problem;
        ad_function *f = ad_model_function(in.model, 1, &of, &problem);
        if (!f)
            cli_problem(&problem, in.file);
        status = f ? emit_function(f, options) : CLI_USAGE;
        ad_function_free(f);
    }
    cli_input_free(&in);
    return status;
}

static const cli_option options[] = {
    {"--output", "-o", "FILE", "write to this file, not to the standard output"},
    {"--prefix", NULL, "NAME", "what the functions' names begin with (default chainrule)"},
    {"--value-only", NULL, NULL, "without the gradient"},
    CLI_COMMON, {0},
};

const cli_command cli_emit = {
    .name = "emit", .summary = "the loss and its gradient as standalone C", .arguments = "FILE", .least = 1, .most = 1,
    .help = "Writes the loss of one row and its gradient by all params as C99 that needs math.h\n"
            "alone: double chainrule_loss(const double *params, const double *columns) and\n"
            "double chainrule_gradient(params, columns, gradient), inputs in the model's order.\n"
            "Consts become numbers. The same model gives the same bytes.\n",
    .example = "chainrule emit net.model -o net.c   # then: cc -O2 -c net.c",
    .options = options, .run = emit,
};
