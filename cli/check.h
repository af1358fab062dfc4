/* check.h -- what the files of `chainrule check` share. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli.h"
#include "input.h"
#include "output.h"

/* check_object.c: checks a gradient in a shared object; the status to end with. */
int cli_check_object(const cli_options *options);

/* check.c */
json_t     *cli_json_cause(ad_cause cause);
json_t     *cli_json_causes(size_t n, const ad_cause *causes);
const char *cli_verdict_color(ad_verdict verdict);
int         cli_status_of(size_t wrong, size_t cannot_tell);
int         cli_seed(const cli_options *options, uint64_t *seed);

#endif
