/* fit.h -- what `chainrule fit` reads, fits and prints, as its files share it. */
#ifndef CLI_FIT_H
#define CLI_FIT_H

#include "input.h"

typedef struct cli_fitting {
    cli_input        in;                   /* a model file; without one, only its table */
    const char      *data;                 /* as messages name it; NULL: none */
    ad_function     *f;
    ad_fit_objective objective;
    size_t           n;                    /* params */
    double          *start, *lower, *upper;/* [n] */
    size_t           n_columns, rows;
    const char     **names;                /* [n_columns + those of the weights] */
    const double   **columns;
    double          *weights;              /* [rows] or NULL */
    ad_fit_result   *result;
} cli_fitting;

/* Both return CLI_RIGHT, or the status to end with after a message; free it in both cases. */
int  cli_fit_read(cli_fitting *fit, const cli_options *options);
void cli_fit_free(cli_fitting *fit);

/* Formulas in place of a model: reads their table and records f, the residuals; starts and bounds stay unset. As cli_fit_read. */
int  cli_fit_formulas(cli_fitting *fit, const cli_options *options);

/* The result in the form that the options ask for; the status to end with. */
int  cli_fit_print(const cli_fitting *fit, const cli_options *options);
/* A plot of what was fitted, to a file of SVG or, for "-", as text. */
int  cli_fit_plot(const cli_fitting *fit, const char *file);

#endif
