/* input.h -- the model of a command line: its file, its values, its data. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "options.h"

#include <autodiff/autodiff.h>

typedef struct cli_input {
    const char    *file;           /* as messages name it */
    ad_model      *model;
    ad_table      *table;          /* NULL: no data */
    const double **columns;        /* [ad_model_columns] arrays [rows], NULL without data */
    size_t         rows, row;      /* 1 without data; row counts from 1 */
} cli_input;

/* Reads the model of the first argument, applies --set, reads --data, and moves the model to --row. Returns CLI_RIGHT; else
 * the status to end with, after a message. Free it in both cases. */
int  cli_input_read(cli_input *input, const cli_options *options);
/* The model alone: from a file, "-" is stdin. NULL after a message. */
ad_model *cli_model_read(const char *file);
/* A table from a file, "-" is stdin, as --missing says. CLI_RIGHT; else the status to end with, after a message. Free the table
 * in both cases. */
int  cli_table_read(ad_table **table, const char *file, const cli_options *options);
/* Says why a table cannot be read or used, with the options that mend it. CLI_DATA. */
int  cli_table_fault(const ad_table *table, const cli_options *options);
/* Applies --set to a model. CLI_RIGHT, or CLI_USAGE after a message. */
int  cli_apply_sets(ad_model *model, const cli_options *options);
void cli_input_free(cli_input *input);
/* Whether every column has a value: of the data, or set. CLI_RIGHT, or CLI_DATA after a message. */
int  cli_needs_columns(const cli_input *input);
/* What --of asks for, else the name to minimize: *formula, and what to call it. Both NULL where neither is there.
 * CLI_RIGHT, or CLI_USAGE after a message. */
int  cli_quantity(const cli_input *input, const cli_options *options, const ad_expression **formula, const char **name);
/* The present values of the params, [ad_model_params + 1]; NULL after a message. Free it. */
double *cli_params(const ad_model *model);

#endif
