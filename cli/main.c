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

int main(int n, char **words)
{
    const char *word = n > 1 ? words[1] : NULL;
    if (!word) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(word, commands[i]->name))
            return run(commands[i], n - 2, words + 2);
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
        print_overview(stdout);
    else if (!strcmp(word, "--version"))
        printf("chainrule %s\n", ad_version());
    else
        return unknown_command(word);
    return cli_finish(CLI_RIGHT);
}
