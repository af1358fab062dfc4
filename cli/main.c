/* main.c -- the command `chainrule`: finds the subcommand and hands it its command line. */
#include "cli.h"
#include "output.h"

#include "autodiff/model/nearest.h"

#include <autodiff/autodiff.h>
#include <stdlib.h>
#include <string.h>

static const cli_command *const commands[] = {
#define COMMAND(name) &cli_##name,
    CLI_COMMANDS(COMMAND)
#undef COMMAND
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_overview(FILE *stream)
{
    fprintf(stream, "usage: chainrule COMMAND ARGUMENTS [options]\n\n"
                    "Models in text, their exact derivatives, and what hand-derived ones are worth.\n\ncommands:\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(stream, "\n  chainrule COMMAND --help   its options and an example\n"
                    "  chainrule --version        the version\n\n"
                    "A FILE of - is the standard input. Exit status: 0 right, 1 a claim or gradient is wrong,\n"
                    "2 wrong usage or a malformed model, 3 missing or malformed data, 4 not converged, 5 cannot tell.\n");
}

static int unknown_command(const char *word)
{
    ad_nearest nearest = {.written = word, .length = strlen(word)};
    for (int i = 0; i < COMMANDS; i++)
        ad_nearest_offer(&nearest, commands[i]->name);
    if (nearest.best)
        cli_message("no command '%s'; did you mean '%s'?", word, nearest.best);
    else
        cli_message("no command '%s'; see chainrule --help", word);
    return CLI_USAGE;
}

static int run(const cli_command *command, int n, char **words)
{
    cli_options options;
    int status = CLI_USAGE;
    if (cli_options_read(&options, command, n, words)) {
        status = CLI_RIGHT;
        if (cli_has(&options, "--help"))
            cli_print_help(command, stdout);
        else
            status = command->run(&options);
    }
    cli_options_free(&options);
    return cli_finish(status);
}

static const cli_command *command_named(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(name, commands[i]->name))
            return commands[i];
    return NULL;
}

static int is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

int main(int n, char **words)
{
    if (n < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    const char *word = words[1];
    int helps = is_one_of(word, "help", "--help", "-h");
    const cli_command *command = command_named(helps && n > 2 ? words[2] : word);
    if (command && !helps)
        return run(command, n - 2, words + 2);
    if (command)
        cli_print_help(command, stdout);
    else if (helps && n == 2)
        print_overview(stdout);
    else if (is_one_of(word, "--version", "-V", "version"))
        printf("chainrule %s\n", ad_version());
    else
        return unknown_command(helps ? words[2] : word);
    return cli_finish(CLI_RIGHT);
}
