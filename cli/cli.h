/* cli.h -- what the subcommands of `chainrule` share: how one is declared, and the exit statuses. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "options.h"

/* Stable: scripts rely on them. */
enum {
    CLI_RIGHT         = 0,
    CLI_WRONG         = 1,         /* a claim or a gradient is wrong                            */
    CLI_USAGE         = 2,         /* wrong usage; a model that cannot be read or is malformed  */
    CLI_DATA          = 3,         /* data missing, unreadable or malformed                     */
    CLI_NOT_CONVERGED = 4,
    CLI_CANNOT_TELL   = 5
};

typedef struct cli_command {
    const char       *name;
    const char       *summary;     /* after the name in `chainrule --help`: a few words                  */
    const char       *arguments;   /* in the usage line: "FILE"                                          */
    const char       *help;        /* what it does and prints, lines of at most 78                       */
    const char       *example;     /* one command line, and what it is for after two blanks and a #      */
    const cli_option *options;     /* its own and, mostly, CLI_COMMON; a NULL name ends them             */
    int               least, most; /* how many arguments that are no options                             */
    int             (*run)(const cli_options *options);
} cli_command;

/* Add a subcommand: (1) a line here, in the order of `chainrule --help`, (2) cli_NAME in a file cli/NAME.c, named in
 * cli/meson.build, (3) a section in chainrule.1 and a transcript in tests/cli. */
#define CLI_COMMANDS(COMMAND) \
    COMMAND(eval) \
    COMMAND(check) \
    COMMAND(why) \
    COMMAND(explain) \
    COMMAND(draw) \
    COMMAND(fit) \
    COMMAND(emit)

#define COMMAND(name) extern const cli_command cli_##name;
CLI_COMMANDS(COMMAND)
#undef COMMAND

#endif
