/* draw.c -- chainrule draw: the graph of a model as a picture, by Graphviz's command dot, or in the terminal. */
#include "cli.h"
#include "output.h"
#include "recorded.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct suffix {
    const char    *ending;
    ad_draw_format format;
    const char    *dot;            /* what the command dot is told; NULL: it is not needed */
} suffix;

static const suffix suffixes[] = {
    {".svg", AD_DRAW_DOT, "-Tsvg"}, {".png", AD_DRAW_DOT, "-Tpng"}, {".dot", AD_DRAW_DOT, NULL}, {".txt", AD_DRAW_TEXT, NULL},
    {".json", AD_DRAW_JSON, NULL},
};
enum { TXT = 3, JSON };

/* What to make of a file's name; NULL after a message. */
static const suffix *suffix_of(const char *file, int json)
{
    for (size_t i = 0; file && strcmp(file, "-") && i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n = strlen(file), m = strlen(suffixes[i].ending);
        if (n > m && !strcmp(file + n - m, suffixes[i].ending)) {
            if (!json || i == JSON)
                return &suffixes[i];
            cli_message("-o %s: --json writes to a file whose name ends in .json", file);
            return NULL;
        }
    }
    if (!file || !strcmp(file, "-"))
        return &suffixes[json ? JSON : TXT];
    cli_message("-o %s: the name ends in .svg, .png, .dot, .txt or .json, which says what to draw", file);
    return NULL;
}

static int draw_to(FILE *out, const cli_recorded *r, const cli_input *in, const cli_options *options, ad_draw_format format)
{
    ad_draw_options how = {.format = format, .n_wrt = ad_model_params(in->model), .wrt = r->wrt, .by = r->by,
                           .note = *r->note ? r->note : NULL};
    size_t digits = cli_count(options, "--digits", 4);
    how.digits = (int)(digits > 17 ? 18 : digits);
    how.most   = cli_count(options, "--boxes", 60);
    if (!digits || !how.most)
        return CLI_USAGE;
    if (digits > 17 || how.most < 3) {
        cli_message(digits > 17 ? "--digits takes 1 to 17" : "--boxes takes 3 or more");
        return CLI_USAGE;
    }
    switch (ad_draw(r->E, out, how)) {
    case AD_OK: return CLI_RIGHT;
    case AD_ERROR_ARGUMENT: cli_message("there is nothing to draw: the quantity is a number"); return CLI_USAGE;
    case AD_ERROR_IO: cli_message("the picture cannot be written"); return CLI_USAGE;
    default: cli_message("%s", ad_tape_error_message(r->tape)); return CLI_USAGE;
    }
}

static int copy(FILE *from, FILE *to)
{
    char block[65536];
    size_t n;
    rewind(from);
    while ((n = fread(block, 1, sizeof block, from)) > 0)
        if (fwrite(block, 1, n, to) != n)
            return 0;
    return !ferror(from);
}

/* Runs dot from one open file to another, without a shell. */
static int run_dot(FILE *from, FILE *to, const char *type)
{
    char dot[] = "dot", told[16];
    char *words[] = {dot, told, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int state = 0;
    snprintf(told, sizeof told, "%s", type);
    if (fflush(from) || lseek(fileno(from), 0, SEEK_SET) || posix_spawn_file_actions_init(&actions)) {
        cli_message("the picture cannot be handed to dot: %s", strerror(errno));
        return CLI_USAGE;
    }
    int failed = posix_spawn_file_actions_adddup2(&actions, fileno(from), STDIN_FILENO);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, fileno(to), STDOUT_FILENO);
    if (!failed)
        failed = posix_spawnp(&child, dot, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == ENOENT) {
        cli_message("the command dot is not installed: install the Debian package graphviz, or draw to a .dot or .txt file");
        return CLI_USAGE;
    }
    if (failed) {
        cli_message("the command dot cannot be run: %s", strerror(failed));
        return CLI_USAGE;
    }
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            break;
    if (WIFEXITED(state) && !WEXITSTATUS(state))
        return CLI_RIGHT;
    cli_message("the command dot failed");
    return CLI_USAGE;
}

/* The file is opened when there is something to put there: a failure leaves what was there. */
static int draw_by_dot(const char *file, const cli_recorded *r, const cli_input *in, const cli_options *options, const char *type)
{
    FILE *text = tmpfile(), *picture = tmpfile();
    int status = CLI_USAGE;
    if (text && picture)
        status = draw_to(text, r, in, options, AD_DRAW_DOT);
    else
        cli_message("no temporary file: %s", strerror(errno));
    if (status == CLI_RIGHT)
        status = run_dot(text, picture, type);
    if (status == CLI_RIGHT) {
        FILE *out = fopen(file, "wb");
        int written = out && copy(picture, out);
        if ((out && fclose(out)) || !written) {
            cli_message("%s cannot be written", file);
            status = CLI_USAGE;
        }
    }
    if (text)
        fclose(text);
    if (picture)
        fclose(picture);
    return status;
}

static int draw_directly(const char *file, const cli_recorded *r, const cli_input *in, const cli_options *options,
                         ad_draw_format format)
{
    FILE *out = file && strcmp(file, "-") ? fopen(file, "w") : stdout;
    int status = out ? draw_to(out, r, in, options, format) : CLI_USAGE;
    if (!out || (out != stdout && fclose(out))) {
        cli_message("%s cannot be written", file);
        status = CLI_USAGE;
    }
    return status;
}

static int draw(const cli_options *options)
{
    cli_input in;
    cli_recorded r = {0};
    const char *file = cli_value(options, "--output");
    const suffix *as = suffix_of(file, cli_has(options, "--json"));
    if (!as)
        return CLI_USAGE;
    int status = cli_input_read(&in, options);
    if (status == CLI_RIGHT)
        status = cli_record(&r, &in, options);
    if (status == CLI_RIGHT)
        status = as->dot ? draw_by_dot(file, &r, &in, options, as->dot) : draw_directly(file, &r, &in, options, as->format);
    cli_recorded_free(&r);
    cli_input_free(&in);
    return status;
}

static const cli_option options[] = {
    {"--output", "-o", "FILE", "draw there: .svg or .png (by Graphviz), .dot, .txt or .json; without it text on stdout"},
    {"--wrt", NULL, "NAME", "mark what lies on a path from this variable"},
    {"--boxes", NULL, "N", "fold layers, or the middle, of a graph of more boxes (default 60)"},
    {"--digits", NULL, "N", "significant digits (default 4)"},
    CLI_COMMON, {0},
};

const cli_command cli_draw = {
    .name = "draw", .summary = "a model's graph as a picture", .arguments = "FILE", .least = 1, .most = 1,
    .help = "Draws the graph of a model: every name with its value above and its adjoint below, the\n"
            "slopes on the edges, darker where the adjoint is larger. Names with dots are framed.\n",
    .example = "chainrule draw net.model -o net.svg   # by Graphviz",
    .options = options, .run = draw,
};
