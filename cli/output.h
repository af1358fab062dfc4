/* output.h -- what the subcommands print: messages, numbers, aligned tables, CSV, JSON. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "autodiff/model/problem.h"

#include <jansson.h>
#include <stdio.h>

/* A message on stderr: "chainrule: ..." and a line end. */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says that there is no memory; returns CLI_USAGE. */
int  cli_no_memory(void);
/* A problem of a text, with its caret, on stderr. */
void cli_problem(const ad_problem *problem, const char *file);

/* The escape that begins a colour ("31" red, "32" green, "33" yellow, "1" bold, "2" faint) on a stream, and the one that ends
 * it; both empty unless the stream is a terminal that wants colours: NO_COLOR, TERM=dumb. */
const char *cli_color(FILE *stream, const char *code);
const char *cli_plain(FILE *stream);

/* %.17g, or inf, -inf, nan; the same in every locale. Returns text. */
enum { CLI_NUMBER = 40 };
char   *cli_format(char text[CLI_NUMBER], double value);
/* With fewer digits, for people. */
char   *cli_format_short(char text[CLI_NUMBER], double value);
/* A number as JSON: non-finite ones are the strings "inf", "-inf", "nan". */
json_t *cli_json_number(double value);
/* A value as text with a line end, to be freed; drops the value. NULL, with a message, without memory or value. */
char   *cli_json_text(json_t *value);
/* Writes that to stdout. Returns 0, with a message, where there is none. */
int     cli_json_print(json_t *value);
/* A field of CSV, quoted where it must be. */
void    cli_csv(FILE *stream, const char *text);

/* A table of texts, its columns aligned: text at the left, numbers at their points. */
typedef struct cli_table {
    int    columns;
    size_t cells, room;
    struct { char *text; int is_number; } *cell;
    int    failed;
} cli_table;

/* Cells come row by row. text is copied; NULL is empty. */
void cli_table_text(cli_table *table, const char *text);
void cli_table_number(cli_table *table, double value);
/* Prints it, each line after `indent`, and frees it; 0, with a message, when there was no memory. The first row is a heading:
 * faint on terminals. */
int  cli_table_print(cli_table *table, FILE *stream, const char *indent);

/* The status to end with: what was printed has reached stdout, or CLI_USAGE with a message. */
int  cli_finish(int status);

#endif
