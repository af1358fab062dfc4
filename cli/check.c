/* check.c -- chainrule check: the claims of a model, line by line. Code is checked by check_object.c. */
#include "check.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ------------------------------------------------------------------------------------------------------------------ */

json_t *cli_json_causes(size_t n, const ad_cause *causes)
{
    json_t *list = json_array();
    for (size_t k = 0; k < n; k++)
        json_array_append_new(list, json_string(ad_cause_name(causes[k])));
    return list;
}

json_t *cli_json_cause(ad_cause cause) { return cause == AD_CAUSE_NONE ? json_null() : json_string(ad_cause_name(cause)); }

static json_t *json_or_null(double value) { return isnan(value) ? json_null() : cli_json_number(value); }

static json_t *json_claim(const ad_judgement *c)
{
    json_t *o = json_object();
    json_object_set_new(o, "number", json_integer((json_int_t)c->claim->number));
    json_object_set_new(o, "line", json_integer((json_int_t)c->claim->line));
    json_object_set_new(o, "claim", json_string(c->claim->text));
    json_object_set_new(o, "note", c->claim->note ? json_string(c->claim->note) : json_null());
    json_object_set_new(o, "verdict", json_string(ad_verdict_name(c->verdict)));
    json_object_set_new(o, "cause", cli_json_cause(c->cause));
    json_object_set_new(o, "causes", cli_json_causes(c->n_causes, c->causes));
    json_object_set_new(o, "detail", *c->detail ? json_string(c->detail) : json_null());
    json_object_set_new(o, "computed", cli_json_number(c->computed));
    json_object_set_new(o, "claimed", cli_json_number(c->claimed));
    json_object_set_new(o, "recomputed", json_or_null(c->recomputed));
    json_object_set_new(o, "carried_forward", json_boolean(c->carried_forward));
    json_object_set_new(o, "follows_from", c->follows_from ? json_integer((json_int_t)c->follows_from) : json_null());
    json_object_set_new(o, "first_mistake", json_boolean(c->first_mistake));
    if (c->loss_name) {
        json_t *update = json_object();
        json_object_set_new(update, "of", json_string(c->loss_name));
        json_object_set_new(update, "before", cli_json_number(c->loss_before));
        json_object_set_new(update, "exact_step", cli_json_number(c->loss_exact));
        json_object_set_new(update, "claimed_step", cli_json_number(c->loss_claimed));
        json_object_set_new(o, "update", update);
    }
    return o;
}

static int print_json(const ad_judgements *j)
{
    json_t *all = json_object(), *claims = json_array();
    for (size_t i = 0; i < j->n; i++)
        json_array_append_new(claims, json_claim(&j->claims[i]));
    json_object_set_new(all, "claims", claims);
    json_object_set_new(all, "right", json_integer((json_int_t)j->right));
    json_object_set_new(all, "wrong", json_integer((json_int_t)j->wrong));
    json_object_set_new(all, "cannot_tell", json_integer((json_int_t)j->cannot_tell));
    return cli_json_print(all);
}

/* ---- Text -------------------------------------------------------------------------------------------------------------------- */

const char *cli_verdict_color(ad_verdict verdict)
{
    return cli_color(stdout, verdict == AD_RIGHT ? "32" : verdict == AD_WRONG ? "31" : "33");
}

/* A claim's text with its blanks put in order. */
static char *in_order(const char *text)
{
    char *copy = strdup(text), *to = copy;
    for (const char *at = text; copy && *at; at++)
        if (!isspace((unsigned char)*at) || (to > copy && !isspace((unsigned char)to[-1])))
            *to++ = isspace((unsigned char)*at) ? ' ' : *at;
    while (copy && to > copy && to[-1] == ' ')
        to--;
    if (copy)
        *to = 0;
    return copy;
}

static size_t width_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

enum { WIDEST = 58 };

/* What there is to say below a claim. */
static void print_remarks(const ad_judgement *c, int indent, int several)
{
    int bold = c->first_mistake && several;
    if (c->verdict != AD_RIGHT || *c->detail)
        printf("%*s%s%s%s%s\n", indent, "", cli_color(stdout, bold ? "1" : "2"), bold ? "the first mistake; " : "", c->detail,
               cli_plain(stdout));
    if (c->n_causes > 1) {
        printf("%*s%salso fits:", indent, "", cli_color(stdout, "2"));
        for (size_t k = 1; k < c->n_causes; k++) {
            char name[32];
            snprintf(name, sizeof name, "%s", ad_cause_name(c->causes[k]));
            for (char *p = name; *p; p++)
                *p = *p == '_' ? ' ' : *p;
            printf("%s %s", k > 1 ? "," : "", name);
        }
        printf("%s\n", cli_plain(stdout));
    }
    if (c->loss_name && c->verdict != AD_WRONG)
        printf("%*s%sthe step %s %s, from %.7g to %.7g%s\n", indent, "", cli_color(stdout, "2"),
               c->loss_claimed > c->loss_before ? "climbs: it raises" : "lowers", c->loss_name, c->loss_before, c->loss_claimed, cli_plain(stdout));
    if (c->claim->note)
        printf("%*s%s%s%s\n", indent, "", cli_color(stdout, "2"), c->claim->note, cli_plain(stdout));
}

static void print_claim(const ad_judgement *c, const char *text, int line_width, int width, int several)
{
    char number[CLI_NUMBER];
    int pad = width - (int)width_of(text);
    printf("%*zu  %s%-11s%s  %s%*s", line_width, c->claim->line, cli_verdict_color(c->verdict), ad_verdict_name(c->verdict), cli_plain(stdout), text,
           pad > 0 ? pad : 0, "");
    snprintf(number, sizeof number, "%.8g", isnan(c->computed) ? fabs(c->computed) : c->computed);
    printf("  %s%s", c->computed < 0 ? "" : " ", number);
    if (!c->is_number && c->verdict == AD_WRONG)
        printf(", not %.8g", c->claimed);
    printf("\n");
    print_remarks(c, line_width + 15, several);
}

static int digits_of(size_t n) { return n < 10 ? 1 : 1 + digits_of(n / 10); }

static int print_text(const ad_judgements *j, const cli_input *in)
{
    int width = 5, line_width = 4, carried = 0;
    size_t first = 0;
    char **texts = calloc(j->n + 1, sizeof *texts);
    int done = texts != NULL;
    for (size_t i = 0; i < j->n && done; i++) {
        const ad_judgement *c = &j->claims[i];
        done = (texts[i] = in_order(c->claim->text)) != NULL;
        int wide = done ? (int)width_of(texts[i]) : 0;
        width = wide > width && wide <= WIDEST ? wide : width;
        line_width = digits_of(c->claim->line) > line_width ? digits_of(c->claim->line) : line_width;
        carried += c->carried_forward;
        first = c->first_mistake ? c->claim->line : first;
    }
    if (!done)
        cli_message("no memory");
    if (done && in->columns)
        printf("row %zu of %zu; the loss and its gradient are sums over the rows\n", in->row, in->rows);
    if (done && j->n)
        printf("%s%*s  %-11s  %-*s   exact value%s\n", cli_color(stdout, "2"), line_width, "line", "verdict", width, "claim", cli_plain(stdout));
    for (size_t i = 0; i < j->n && done; i++)
        print_claim(&j->claims[i], texts[i], line_width, width, j->wrong > 1);
    if (done) {
        printf("%s%zu right, %zu wrong", j->n ? "\n" : "", j->right, j->wrong);
        if (carried)
            printf(" (%d carried forward)", carried);
        if (j->cannot_tell)
            printf(", %zu cannot be told", j->cannot_tell);
        printf(first && j->n > 1 ? "; the first mistake is in line %zu\n" : "\n", first);
    }
    for (size_t i = 0; texts && i < j->n; i++)
        free(texts[i]);
    free(texts);
    return done;
}

/* ---- The command --------------------------------------------------------------------------------------------------------------- */

int cli_status_of(size_t wrong, size_t cannot_tell) { return wrong ? CLI_WRONG : cannot_tell ? CLI_CANNOT_TELL : CLI_RIGHT; }

/* A seed is any whole number; 0 with a message. */
int cli_seed(const cli_options *options, uint64_t *seed)
{
    const char *text = cli_value(options, "--seed");
    *seed = 0;
    if (!text)
        return 1;
    char *end;
    *seed = strtoull(text, &end, 10);
    if (*text && isdigit((unsigned char)*text) && !*end)
        return 1;
    cli_message("--seed takes a whole number, not '%s'", text);
    return 0;
}

static int judge(const cli_input *in, const cli_options *options, uint64_t seed)
{
    if (in->columns && !in->rows) {
        const char *file = cli_value(options, "--data");
        cli_message("%s: a header and no row", strcmp(file, "-") ? file : "<stdin>");
        return CLI_DATA;
    }
    if (!ad_model_claims(in->model))
        cli_message("%s: there are no claims to check", in->file);
    ad_judgements *j = ad_model_judge(in->model, (ad_judge_options){.seed = seed, .columns = in->columns, .rows = in->rows});
    int status = CLI_USAGE;
    if (!j || j->status != AD_OK)
        cli_message("%s", j ? j->message : "no memory");
    else if (cli_has(options, "--json") ? print_json(j) : print_text(j, in))
        status = cli_status_of(j->wrong, j->cannot_tell);
    ad_judgements_free(j);
    return status;
}

/* Makes a param of NAME=NUMBER; of several the last counts. */
static int add_set(ad_model *model, const char *set)
{
    const char *equals = strchr(set, '=');
    ad_problem problem = {0};
    double value;
    if (!equals || equals == set || !cli_number(equals + 1, &value)) {
        cli_message("--set takes NAME=NUMBER, not '%s'", set);
        return CLI_USAGE;
    }
    char *line = NULL;
    int n = asprintf(&line, "param %.*s = 0\n", (int)(equals - set), set);
    if (n < 0) {
        cli_message("no memory");
        return CLI_USAGE;
    }
    line[6 + (equals - set)] = 0;
    size_t symbol = ad_model_find(model, line + 6);
    line[6 + (equals - set)] = ' ';
    ad_status status = symbol == AD_NO_SYMBOL ? ad_model_extend(model, line, (size_t)n, &problem) : AD_OK;
    free(line);
    if (status != AD_OK) {
        cli_message("--set %s: %s", set, problem.message);
        return CLI_USAGE;
    }
    ad_model_set(model, symbol == AD_NO_SYMBOL ? ad_model_symbols(model) - 1 : symbol, value);
    return CLI_RIGHT;
}

/* A claim on the command line: every --set is a param. */
static int read_one_line(cli_input *in, const cli_options *options)
{
    static const char begins[] = "claim ";
    ad_problem problem;
    *in = (cli_input){.file = "<claim>", .rows = 1, .row = 1};
    if (!(in->model = ad_model_parse("", 0, &problem))) {
        cli_problem(&problem, NULL);
        return CLI_USAGE;
    }
    for (int i = 0; i < options->n_given; i++)
        if (!strcmp(options->given[i].option->name, "--set") && add_set(in->model, options->given[i].value) != CLI_RIGHT)
            return CLI_USAGE;
    char *line = NULL;
    int n = asprintf(&line, "%s%s\n", begins, options->arguments[0]);
    ad_status status = n < 0 ? AD_ERROR_NO_MEMORY : ad_model_extend(in->model, line, (size_t)n, &problem);
    free(line);
    if (status == AD_OK)
        return CLI_RIGHT;
    size_t shown = strlen(begins);                 /* the word that the user did not write */
    if (problem.line == 1 && problem.column > shown && !strncmp(problem.excerpt, begins, shown)) {
        problem.column -= shown;
        problem.caret -= shown;
        memmove(problem.excerpt, problem.excerpt + shown, strlen(problem.excerpt + shown) + 1);
    }
    cli_problem(&problem, "<claim>");
    if (!strncmp(problem.message, "unknown name", 12))
        cli_message("in a claim on the command line a name has its value from --set NAME=NUMBER");
    return CLI_USAGE;
}

/* What has an equals sign and is not the name of a file is a claim. */
static int is_claim(const char *text)
{
    FILE *file = strchr(text, '=') ? fopen(text, "rb") : NULL;
    if (file)
        fclose(file);
    return strchr(text, '=') && !file;
}

/* Options that say nothing without, or with, --object. */
static int fit_together(const cli_options *options)
{
    static const char *const of_object[] = {"--gradient", "--value", "--at"};
    for (size_t i = 0; i < sizeof of_object / sizeof *of_object && !cli_has(options, "--object"); i++)
        if (cli_has(options, of_object[i])) {
            cli_message("%s goes with --object FILE.so", of_object[i]);
            return 0;
        }
    if (cli_has(options, "--object") && cli_has(options, "--set") && !options->n_arguments) {
        cli_message("--set is for a model; points of C code come with --at FILE.csv");
        return 0;
    }
    return 1;
}

static int check(const cli_options *options)
{
    cli_input in = {0};
    uint64_t seed;
    if (!fit_together(options) || !cli_seed(options, &seed))
        return CLI_USAGE;
    if (cli_has(options, "--object"))
        return cli_check_object(options);
    if (!options->n_arguments) {
        cli_message("expected: chainrule check FILE, or 'FORMULA = FORMULA', or --object FILE.so; see chainrule check --help");
        return CLI_USAGE;
    }
    int status = is_claim(options->arguments[0]) ? read_one_line(&in, options) : cli_input_read(&in, options);
    if (status == CLI_RIGHT)
        status = cli_needs_columns(&in);
    if (status == CLI_RIGHT)
        status = judge(&in, options, seed);
    cli_input_free(&in);
    return status;
}

static const cli_option options[] = {
    {"--object", NULL, "FILE.so", "check C code in a shared object, not claims"},
    {"--gradient", NULL, "NAME", "void NAME(size_t n, const double *x, double *gradient); default gradient"},
    {"--value", NULL, "NAME", "double NAME(size_t n, const double *x); default value"},
    {"--at", NULL, "FILE.csv", "its points: a header naming the n components, one point a row"},
    {"--seed", NULL, "N", "of the random points around the model's"},
    CLI_SET, CLI_DATA_OPTIONS, CLI_JSON, CLI_HELP, {0},
};

const cli_command cli_check = {
    .name = "check", .summary = "claims, or a gradient in C: right, wrong, why", .arguments = "FILE | 'FORMULA = FORMULA'", .least = 0, .most = 1,
    .help = "Judges every claim of a model: right, wrong or cannot tell; what is only carried\n"
            "forward from an earlier mistake; the first mistake; and the cause, where it can\n"
            "be recognised. Numbers are held to their printed digits, formulas to the model's\n"
            "point and 20 random ones around it, in random rows of data. A claim may stand on\n"
            "the command line, its names given by --set. With --object it checks a\n"
            "hand-written gradient in C, against a model's loss if FILE is given, else against\n"
            "the value by differences.\n"
            "Status 1: something is wrong; 5: something cannot be told; 0: all is right.\n",
    .example = "chainrule check 'd(sigmoid(e))/d(e) = sigmoid(e)*(1 - sigmoid(e))' --set e=0.3   # one line",
    .options = options, .run = check,
};
