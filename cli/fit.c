/* fit.c -- chainrule fit: the command line, progress on a terminal, ^C. What is fitted is read in fit_input.c and printed in
 * fit_output.c. */
#include "cli.h"
#include "fit.h"
#include "output.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

/* The second ^C ends the program as ever. */
static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

typedef struct watching { int shown; double last; } watching;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* On a terminal, every fifth of a second. */
static int watch(void *user, const ad_fit_progress *p)
{
    watching *w = user;
    if (isatty(STDERR_FILENO) && now() - w->last > 0.2) {
        if (w->shown || w->last > 0) {
            fprintf(stderr, "\r\033[Kiteration %zu, start %zu: loss %.8g ", p->iteration, p->start + 1, p->loss);
            fflush(stderr);
            w->shown = 1;
        }
        w->last = now();
    }
    return interrupted != 0;
}

static int method_named(const char *name, ad_fit_method *method)
{
    static const struct { const char *name; ad_fit_method method; } methods[] = {
        {"auto", AD_FIT_AUTOMATIC}, {"squares", AD_FIT_LEAST_SQUARES}, {"newton", AD_FIT_NEWTON}, {"lbfgs", AD_FIT_LBFGS},
    };
    for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
        if (!strcmp(methods[k].name, name)) {
            *method = methods[k].method;
            return 1;
        }
    cli_message("--method is auto, squares, newton or lbfgs, not '%s'", name);
    return 0;
}

/* A number of things from 0 on, or `otherwise`. */
static int count(const cli_options *options, const char *name, size_t otherwise, size_t *to)
{
    const char *text = cli_value(options, name);
    double value;
    *to = otherwise;
    if (!text)
        return 1;
    if (!cli_number(text, &value) || value < 0 || value != floor(value) || value > 9e15) {
        cli_message("%s takes a whole number from 0 on, not '%s'", name, text);
        return 0;
    }
    *to = (size_t)value;
    return 1;
}

static int read_options(const cli_options *options, ad_fit_options *o)
{
    const char *method = cli_value(options, "--method"), *level = cli_value(options, "--level");
    size_t seed;
    if ((method && !method_named(method, &o->method)) || !count(options, "--starts", 0, &o->starts) ||
        !count(options, "--seed", 1, &seed) || !count(options, "--max-iterations", 0, &o->max_iterations))
        return CLI_USAGE;
    if (level && (!cli_number(level, &o->level) || !(o->level > 0 && o->level < 1))) {
        cli_message("--level is between 0 and 1, not '%s'", level);
        return CLI_USAGE;
    }
    o->seed = seed;
    o->profile = cli_has(options, "--profile");
    return CLI_RIGHT;
}

static int solve(cli_fitting *fit, ad_fit_options o)
{
    watching w = {0};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND}, before;
    sigaction(SIGINT, &action, &before);
    o.objective = fit->objective;
    o.weights = fit->weights;
    o.lower = fit->lower;
    o.upper = fit->upper;
    o.progress = watch;
    o.user = &w;
    fit->result = ad_fit(fit->f, fit->start, fit->columns, fit->rows, o);
    sigaction(SIGINT, &before, NULL);
    if (w.shown)
        fputs("\r\033[K", stderr);
    if (interrupted && fit->result && fit->result->outcome == AD_FIT_CONVERGED)
        cli_message("stopped: the best of the %zu start%s tried", fit->result->starts, fit->result->starts == 1 ? "" : "s");
    if (fit->result && fit->result->outcome != AD_FIT_FAILED)
        return CLI_RIGHT;
    cli_message("%s", fit->result ? fit->result->message : "no memory");
    int data = fit->result && (strstr(fit->result->message, "weight of row") || strstr(fit->result->message, "no rows"));
    return data ? CLI_DATA : CLI_USAGE;
}

static int fit_command(const cli_options *options)
{
    cli_fitting fit = {0};
    ad_fit_options o = {0};
    int status = read_options(options, &o);
    if (status == CLI_RIGHT)
        status = cli_fit_read(&fit, options);
    if (status == CLI_RIGHT)
        status = solve(&fit, o);
    if (status == CLI_RIGHT)
        status = cli_fit_print(&fit, options);
    const char *plot = cli_value(options, "--plot");
    if (status == CLI_RIGHT && plot)
        status = cli_fit_plot(&fit, plot);
    cli_fit_free(&fit);
    return status;
}

static const cli_option options[] = {
    {"--start", NULL, "NAME=VALUE,...", "where params begin; a formula needs it for each of them"},
    {"--hold", NULL, "NAME,...", "params that stay where they begin"},
    {"--bounds", NULL, "NAME=LOW:HIGH,...", "bounds of params, either of them may be empty"},
    {"--weights", NULL, "FORMULA", "of columns: what the squares or losses of rows are multiplied with"},
    {"--names", NULL, "NAME,...", "of the table's columns, where it has no header, or in place of it"},
    {"--likelihood", NULL, NULL, "take even a sum of squares for a negative log-likelihood"},
    {"--level", NULL, "LEVEL", "of the intervals (default 0.95)"},
    {"--profile", NULL, NULL, "profile-likelihood intervals too"},
    {"--starts", NULL, "K", "so many more starts at random places"},
    {"--seed", NULL, "K", "of those"},
    {"--method", NULL, "WHICH", "auto, squares, newton or lbfgs"},
    {"--max-iterations", NULL, "K", "at most so many"},
    {"--plot", NULL, "FILE", "data, fit and residuals as SVG; - draws them as text"},
    {"--csv", NULL, NULL, "CSV: name,estimate,standard_error,low,high"},
    CLI_COMMON, {0},
};

const cli_command cli_fit = {
    .name = "fit", .summary = "params fitted to data, with uncertainties", .arguments = "FILE | 'LEFT ~ RIGHT'...", .least = 1, .most = 64,
    .help = "Fits params to the rows of a table: those of a model's file, so that what it minimizes\n"
            "is least, or those of formulas LEFT ~ RIGHT, by least squares. In a formula the columns\n"
            "of the table go by their names; every other name is a param and needs a --start, or a\n"
            "constant with --set. Prints estimates, standard errors, intervals, correlations. Ends\n"
            "with status 4, and says why, where the data do not fix the params or it does not converge.\n",
    .example = "chainrule fit 'y ~ b1*(1 - exp(-b2*x))' --data d.csv --start b1=500,b2=1e-4   # two params",
    .options = options, .run = fit_command,
};
