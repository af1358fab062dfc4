/* recorded.h -- the model of a command line on a tape, for what looks at its graph. */
#ifndef CLI_RECORDED_H
#define CLI_RECORDED_H

#include "input.h"

typedef struct cli_recorded {
    ad_tape *tape;
    ad_var  *vars, *wrt;           /* by symbols; the params, wrt [ad_model_params] */
    ad_var   E, by;                /* what --of asks for; the variable of --wrt, a plain number where none is asked for */
    char     note[200];            /* which row this is, and what all of them sum to; empty without data */
} cli_recorded;

/* CLI_RIGHT; else the status to end with, after a message. Free it in both cases; begin with zeros. */
int  cli_record(cli_recorded *r, const cli_input *in, const cli_options *options);
void cli_recorded_free(cli_recorded *r);

#endif
