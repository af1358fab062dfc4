/* options.h -- the command line of a subcommand: what it may hold, what it holds. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>

typedef struct cli_option {
    const char *name;              /* "--of"; for one letter too, "-o" stands in `letter` */
    const char *letter;            /* "-o", or NULL */
    const char *value;             /* "NAME": what follows it; NULL: nothing does */
    const char *help;
} cli_option;

/* What every subcommand takes. */
#define CLI_SET  {"--set", NULL, "NAME=VALUE", "another value for a const or param; may be repeated"}
#define CLI_OF   {"--of", NULL, "NAME", "of this quantity, or formula, not of the one to minimize"}
#define CLI_MISSING \
                 {"--missing", NULL, "WHAT", "drop rows that lack a value, or refuse them (the default)"}
#define CLI_DATA_OPTIONS \
                 {"--data", NULL, "FILE", "a table with the model's columns; loss and gradient are sums over its rows"}, \
                 {"--row", NULL, "K", "the row of which other values are given (default 1)"}, CLI_MISSING
#define CLI_JSON {"--json", NULL, NULL, "JSON, numbers to all their digits"}
#define CLI_HELP {"--help", "-h", NULL, "this text"}
#define CLI_COMMON CLI_SET, CLI_OF, CLI_DATA_OPTIONS, CLI_JSON, CLI_HELP

typedef struct cli_given {
    const cli_option *option;
    const char       *value;       /* NULL where the option takes none */
} cli_given;

/* A command line, taken apart. Options and other arguments may mix; `--` ends the options, `-` alone is an argument. */
typedef struct cli_options {
    const struct cli_command *command;
    int         n_given, n_arguments;
    cli_given  *given;
    const char **arguments;
} cli_options;

/* 1; or 0 with a message on stderr. Free it in both cases. */
int         cli_options_read(cli_options *options, const struct cli_command *command, int n, char **words);
void        cli_options_free(cli_options *options);
/* Whether an option is given; its last value, or NULL. */
int         cli_has(const cli_options *options, const char *name);
const char *cli_value(const cli_options *options, const char *name);
/* A number in C notation, all of the text. 0 if it is none. */
int         cli_number(const char *text, double *value);
/* An option's value as a number of things from 1 on, `otherwise` where it is not given; 0, with a message, if it is none. */
size_t      cli_count(const cli_options *options, const char *name, size_t otherwise);
/* `usage: chainrule NAME ...` with all options, on a stream. */
void        cli_print_help(const struct cli_command *command, void *stream);

#endif
