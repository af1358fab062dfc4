/* why.c -- chainrule why: what is wrong with the numbers of a model, where in its text, and what to write instead. */
#include "cli.h"
#include "input.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000, LONGEST = 4096 };

/* A finding, and where the text has it: `symbol` names the formula, bytes [at, at + length) of it are the operation. */
typedef struct found {
    ad_finding finding;                    /* its texts belong to a report */
    size_t     row, symbol, at, length;    /* row from 1, 0: none; symbol AD_NO_SYMBOL: no formula of a name */
} found;

typedef struct inquiry {
    cli_input            in;
    const ad_expression *of;               /* NULL: every formula is audited */
    const char          *name;
    ad_tape             *tape;
    ad_var              *vars, *wrt;       /* [symbols + 1]; [params] */
    size_t               symbols, params;
    ad_audit_report    **reports;          /* [n_reports] those that have findings */
    size_t               n_reports, room;
    found               *found;            /* [n_found] */
    size_t               n_found, left_out;
    ad_audit_report     *last;             /* among the reports unless it is empty */
    size_t               audits;
} inquiry;

/* ---- Where the text has it ------------------------------------------------------------------------------------------------ */

/* The next byte that is no blank, from *i on. */
static int next(const char *text, size_t length, size_t *i)
{
    while (*i < length && strchr(" \t", text[*i]))
        ++*i;
    return *i < length ? (unsigned char)text[(*i)++] : 0;
}

static int alike(const char *a, size_t n, const char *b, size_t m)
{
    size_t i = 0, j = 0;
    int c;
    do
        if ((c = next(a, n, &i)) != next(b, m, &j))
            return 0;
    while (c);
    return 1;
}

/* The part of a formula that reads as the operation does; all of it where none does, as numbers may be written in other
 * ways. */
static void point_at(found *f, const ad_expression *e, const char *operation)
{
    f->at = 0;
    f->length = e->length;
    for (size_t i = 0; i < e->size; i++) {
        size_t at = e->nodes[i].at, n = e->nodes[i].length;
        if (alike(e->text + at, n, operation, strlen(operation)) ||
            (n > 2 && e->text[at] == '(' && alike(e->text + at + 1, n - 2, operation, strlen(operation)))) {
            f->at = at;
            f->length = n;
            return;
        }
    }
}

/* Formulas are recorded in the order of the text: a node is of the first whose own node is not before it. */
static void locate(const inquiry *q, found *f)
{
    char operation[LONGEST];
    ad_formula_of(f->finding.node, operation, sizeof operation);
    f->symbol = AD_NO_SYMBOL;
    for (size_t i = 0; i < q->symbols; i++) {
        const ad_symbol *s = ad_model_symbol(q->in.model, i);
        if ((q->vars[i].link & AD_ID_MASK) < (f->finding.node.link & AD_ID_MASK) || q->vars[i].link == 0)
            continue;
        f->symbol = i;
        if (s->formula)
            point_at(f, s->formula, operation);
        return;
    }
}

/* ---- Auditing ---------------------------------------------------------------------------------------------------------------- */

static int is_known(const inquiry *q, const ad_finding *f, size_t row)
{
    for (size_t i = q->n_found; i-- > 0 && q->found[i].row == row;)
        if (q->found[i].finding.node.link == f->node.link && q->found[i].finding.kind == f->kind)
            return 1;
    return 0;
}

static int keep(inquiry *q, ad_audit_report *r)
{
    if (q->n_reports == q->room) {
        size_t room = q->room ? 2 * q->room : 16;
        ad_audit_report **reports = realloc(q->reports, room * sizeof *reports);
        if (!reports) {
            ad_audit_free(r);
            q->last = NULL;
            return cli_no_memory(), 0;
        }
        q->reports = reports;
        q->room = room;
    }
    q->reports[q->n_reports++] = r;
    return 1;
}

/* Takes what is new of a report, which the inquiry owns from now on; findings need it, and so do the digits of the last. */
static int take(inquiry *q, ad_audit_report *r, size_t row)
{
    if (!r) {
        cli_message("%s", ad_tape_error_message(q->tape));
        return 0;
    }
    for (size_t i = 0; i < ad_audit_count(r); i++) {
        const ad_finding *f = ad_audit_finding(r, i);
        if (is_known(q, f, row))
            continue;
        if (q->n_found == MOST) {
            q->left_out++;
            continue;
        }
        q->found[q->n_found] = (found){.finding = *f, .row = row};
        locate(q, &q->found[q->n_found++]);
    }
    q->left_out += ad_audit_left_out(r);
    if (q->last && !ad_audit_count(q->last))
        ad_audit_free(q->last);
    q->last = r;
    q->audits++;
    return !ad_audit_count(r) || keep(q, r);
}

/* At the model's point. Without a quantity, every formula of a name. */
static int audit_here(inquiry *q, size_t row)
{
    ad_tape_reset(q->tape);
    if (ad_model_record(q->in.model, q->tape, q->vars) != AD_OK) {
        cli_message("%s", ad_tape_error_message(q->tape));
        return CLI_USAGE;
    }
    for (size_t k = 0; k < q->params; k++)
        q->wrt[k] = q->vars[ad_model_param(q->in.model, k)];
    ad_audit_options options = {.n = q->params, .wrt = q->wrt, .most = MOST};
    if (q->of) {
        ad_var E = ad_expression_record(q->of, q->tape, q->vars);
        q->vars[q->symbols] = E;
        return take(q, ad_audit(E, options), row) ? CLI_RIGHT : CLI_USAGE;
    }
    for (size_t i = 0; i < q->symbols; i++)
        if (ad_model_symbol(q->in.model, i)->formula && !take(q, ad_audit(q->vars[i], options), row))
            return CLI_USAGE;
    return CLI_RIGHT;
}

static int audit_all(inquiry *q, const cli_options *options)
{
    size_t columns = ad_model_columns(q->in.model);
    if (!q->in.columns || cli_has(options, "--row"))
        return audit_here(q, q->in.columns ? q->in.row : 0);
    int status = CLI_RIGHT;
    for (size_t row = 0; row < q->in.rows && status == CLI_RIGHT; row++) {
        for (size_t i = 0; i < columns; i++)
            ad_model_set(q->in.model, ad_model_column(q->in.model, i), q->in.columns[i][row]);
        status = audit_here(q, row + 1);
    }
    return status;
}

/* ---- Printing ------------------------------------------------------------------------------------------------------------------ */

static json_t *json_names(size_t n, const char *const *names)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *json_operands(const ad_finding *f)
{
    json_t *list = json_array();
    for (size_t k = 0; k < f->operands; k++) {
        json_t *operand = json_object();
        json_object_set_new(operand, "name", json_string(f->operand_names[k]));
        json_object_set_new(operand, "value", cli_json_number(f->operand_values[k]));
        json_array_append_new(list, operand);
    }
    return list;
}

/* Digits, whose fractions mean little. */
static json_t *json_digits(double digits) { return cli_json_number(floor(10 * digits) / 10); }

static json_t *json_finding(const inquiry *q, const found *at)
{
    const ad_finding *f = &at->finding;
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(ad_audit_kind_name(f->kind)));
    json_object_set_new(o, "node", json_string(f->name ? f->name : f->formula));
    json_object_set_new(o, "formula", json_string(f->formula));
    json_object_set_new(o, "value", cli_json_number(f->value));
    json_object_set_new(o, "operands", json_operands(f));
    json_object_set_new(o, "reaches", json_names(f->reached, f->reaches));
    json_object_set_new(o, "suggestion", f->suggestion ? json_string(f->suggestion) : json_null());
    json_object_set_new(o, "row", at->row ? json_integer((json_int_t)at->row) : json_null());
    json_object_set_new(o, "line", at->symbol == AD_NO_SYMBOL ? json_null()
                                   : json_integer((json_int_t)ad_model_symbol(q->in.model, at->symbol)->line));
    json_object_set_new(o, "detail", json_string(f->detail));
    if (f->kind == AD_AUDIT_KINK) {
        json_object_set_new(o, "left", cli_json_number(f->left));
        json_object_set_new(o, "slope", cli_json_number(f->slope));
        json_object_set_new(o, "right", cli_json_number(f->right));
    }
    if (f->kind == AD_AUDIT_CANCELLATION)
        json_object_set_new(o, "digits_lost", json_digits(f->digits_lost));
    return o;
}

/* Of one point: digits are those of its slopes. */
static int one_point(const inquiry *q) { return q->of && q->audits == 1; }

static int print_json(const inquiry *q)
{
    json_t *all = json_object(), *findings = json_array();
    for (size_t i = 0; i < q->n_found; i++)
        json_array_append_new(findings, json_finding(q, &q->found[i]));
    json_object_set_new(all, "findings", findings);
    json_object_set_new(all, "left_out", json_integer((json_int_t)q->left_out));
    json_object_set_new(all, "of", q->of ? json_string(q->name) : json_null());
    if (one_point(q)) {
        json_t *digits = json_object();
        for (size_t k = 0; k < q->params; k++)
            json_object_set_new(digits, ad_model_symbol(q->in.model, ad_model_param(q->in.model, k))->name,
                                json_digits(ad_audit_digits(q->last, k)));
        json_object_set_new(all, "digits", digits);
    }
    return cli_json_print(all) ? CLI_RIGHT : CLI_USAGE;
}

static size_t characters(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* The formula, or what of it is about the operation, with a mark under that. */
static void print_place(const inquiry *q, const found *f)
{
    enum { WIDTH = 100 };
    const ad_symbol *s = ad_model_symbol(q->in.model, f->symbol);
    if (!s->formula)
        return;
    size_t from = f->at > WIDTH / 2 ? f->at - WIDTH / 2 : 0, to = s->formula->length;
    while (from && ((unsigned char)s->formula->text[from] & 0xc0) == 0x80)
        from++;
    if (to - from > WIDTH)
        to = from + WIDTH;
    while (to < s->formula->length && ((unsigned char)s->formula->text[to] & 0xc0) == 0x80)
        to++;
    size_t end = f->at + f->length < to ? f->at + f->length : to;
    printf("  %s = %s%.*s%s\n", s->name, from ? "..." : "", (int)(to - from), s->formula->text + from,
           to < s->formula->length ? "..." : "");
    size_t before = characters(s->name, strlen(s->name)) + 3 + (from ? 3 : 0) + characters(s->formula->text + from, f->at - from);
    size_t marks = characters(s->formula->text + f->at, end - f->at);
    printf("  %*s%s^", (int)before, "", cli_color(stdout, "32"));
    for (size_t i = 1; i < marks; i++)
        putchar('~');
    printf("%s\n", cli_plain(stdout));
}

static int is_number(const char *name)
{
    double value;
    return cli_number(name[0] == '-' ? name + 1 : name, &value);
}

static void print_finding(const inquiry *q, const found *at)
{
    const ad_finding *f = &at->finding;
    char number[CLI_NUMBER];
    int shown = 0;
    printf("%s%s", cli_color(stdout, "1"), q->in.file);
    if (at->symbol != AD_NO_SYMBOL)
        printf(":%zu", ad_model_symbol(q->in.model, at->symbol)->line);
    printf(": %s", cli_plain(stdout));
    if (at->row)
        printf("row %zu: ", at->row);
    printf("%s%s%s: %s\n", cli_color(stdout, "33"), ad_audit_kind_name(f->kind), cli_plain(stdout), f->detail);
    if (at->symbol != AD_NO_SYMBOL)
        print_place(q, at);
    for (size_t k = 0; k < f->operands; k++)
        if (!is_number(f->operand_names[k]))
            printf("%s%s = %s", shown++ ? ", " : "  operands  ", f->operand_names[k], cli_format_short(number, f->operand_values[k]));
    fputs(shown ? "\n" : "", stdout);
    for (size_t k = 0; k < f->reached; k++)
        printf("%s%s", k ? ", " : "  reaches   ", f->reaches[k]);
    fputs(f->reached ? "\n" : "", stdout);
    if (f->suggestion)
        printf("  try       %s\n", f->suggestion);
}

static void print_digits(const inquiry *q)
{
    char number[CLI_NUMBER];
    int lost = 0, known = 0;
    for (size_t i = 0; i < q->n_found; i++)
        lost |= q->found[i].finding.kind == AD_AUDIT_CANCELLATION;
    if (!lost || !one_point(q))
        return;
    known = !isnan(ad_audit_value_digits(q->last));
    for (size_t k = 0; k < q->params; k++)
        known |= !isnan(ad_audit_digits(q->last, k));
    if (!known)
        return;
    printf("digits that can be trusted:");
    const char *between = "";
    if (!isnan(ad_audit_value_digits(q->last))) {
        printf(" %.0f of %s = %s", floor(ad_audit_value_digits(q->last)), q->name, cli_format_short(number, ad_audit_value(q->last)));
        between = ";";
    }
    for (size_t k = 0; k < q->params; k++)
        if (!isnan(ad_audit_digits(q->last, k))) {
            printf("%s %.0f of d(%s)/d(%s) = %s", between, floor(ad_audit_digits(q->last, k)), q->name,
                   ad_audit_wanted_name(q->last, k), cli_format_short(number, ad_audit_gradient(q->last, k)));
            between = ",";
        }
    putchar('\n');
}

/* A slope may be 0 because it is, or because long double has no more of it. */
static int is_unknown(const inquiry *q, size_t k)
{
    return one_point(q) && !isnan(ad_audit_value_digits(q->last)) && isnan(ad_audit_digits(q->last, k)) &&
           isfinite(ad_audit_gradient(q->last, k));
}

static void print_unknown(const inquiry *q)
{
    char number[CLI_NUMBER];
    for (size_t k = 0; k < q->params; k++)
        if (is_unknown(q, k))
            printf("of d(%s)/d(%s) = %s no digit is known: it is what terms leave that cancel\n", q->name,
                   ad_audit_wanted_name(q->last, k), cli_format_short(number, ad_audit_gradient(q->last, k)));
}

static int print_text(const inquiry *q)
{
    for (size_t i = 0; i < q->n_found; i++)
        print_finding(q, &q->found[i]);
    if (q->left_out)
        printf("and %zu more\n", q->left_out);
    print_digits(q);
    int unknown = 0;
    for (size_t k = 0; k < q->params; k++)
        unknown |= is_unknown(q, k);
    if (!q->n_found)
        printf("nothing found: %s%s%s\n", q->of ? q->name : "all formulas", q->of ? " and its derivatives are sound" : " are sound",
               unknown ? ", as far as can be told" : "");
    print_unknown(q);
    return CLI_RIGHT;
}

static int why(const cli_options *options)
{
    inquiry q = {0};
    int status = cli_input_read(&q.in, options);
    if (status == CLI_RIGHT)
        status = cli_quantity(&q.in, options, &q.of, &q.name);
    if (status == CLI_RIGHT)
        status = cli_needs_columns(&q.in);
    if (status == CLI_RIGHT) {
        q.symbols = ad_model_symbols(q.in.model);
        q.params = ad_model_params(q.in.model);
        q.tape = ad_tape_new();
        q.vars = calloc(q.symbols + 1, sizeof *q.vars);
        q.wrt = calloc(q.params + 1, sizeof *q.wrt);
        q.found = calloc(MOST, sizeof *q.found);
        status = q.tape && q.vars && q.wrt && q.found ? audit_all(&q, options) : cli_no_memory();
    }
    if (status == CLI_RIGHT)
        status = cli_has(options, "--json") ? print_json(&q) : print_text(&q);
    if (status == CLI_RIGHT && q.n_found && cli_has(options, "--strict"))
        status = CLI_WRONG;
    if (q.last && !ad_audit_count(q.last))         /* else it is among the reports */
        ad_audit_free(q.last);
    for (size_t i = 0; i < q.n_reports; i++)
        ad_audit_free(q.reports[i]);
    free(q.reports);
    free(q.found);
    free(q.wrt);
    free(q.vars);
    ad_tape_free(q.tape);
    cli_input_free(&q.in);
    return status;
}

static const cli_option options[] = {
    {"--strict", NULL, NULL, "exit status 1 where anything is found"},
    CLI_SET, CLI_OF,
    {"--data", NULL, "FILE", "a table with the model's columns; every row is audited"},
    {"--row", NULL, "K", "this row alone"},
    CLI_MISSING,
    CLI_JSON, CLI_HELP, {0},
};

const cli_command cli_why = {
    .name = "why", .summary = "which operation made the NaN, lost digits, or hit a kink", .arguments = "FILE", .least = 1, .most = 1,
    .help = "Audits the numbers of a model and of its gradient: operations whose value is not finite,\n"
            "zeros that met infinities, kinks and the slopes used there, cancellation and how many\n"
            "digits are left, numbers out of range; and what to write instead. Where nothing is wrong\n"
            "it finds nothing. The exit status is 0 all the same: see --strict.\n",
    .example = "chainrule why net.model --data net.csv   # the first row and operation that fail",
    .options = options, .run = why,
};
