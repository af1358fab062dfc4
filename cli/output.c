/* output.c -- messages, numbers, tables, CSV, JSON. */
#include "output.h"

#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wants_color(FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(fileno(stream)) && !(no && *no) && !(terminal && !strcmp(terminal, "dumb"));
}

const char *cli_color(FILE *stream, const char *code)
{
    static const struct { const char *code, *escape; } escapes[] = {
        {"31", "\033[31m"}, {"32", "\033[32m"}, {"33", "\033[33m"}, {"1", "\033[1m"}, {"2", "\033[2m"},
    };
    for (size_t i = 0; wants_color(stream) && i < sizeof escapes / sizeof *escapes; i++)
        if (!strcmp(escapes[i].code, code))
            return escapes[i].escape;
    return "";
}

const char *cli_plain(FILE *stream) { return wants_color(stream) ? "\033[0m" : ""; }

void cli_message(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%schainrule:%s ", cli_color(stderr, "1"), cli_plain(stderr));
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

int cli_no_memory(void)
{
    cli_message("no memory");
    return CLI_USAGE;
}

void cli_problem(const ad_problem *problem, const char *file)
{
    fputs(cli_color(stderr, "31"), stderr);
    ad_problem_print(problem, file, stderr);
    fputs(cli_plain(stderr), stderr);
}

/* ---- Numbers ------------------------------------------------------------------------------------------------------------ */

/* The command never calls setlocale: its numbers are those of C. */
static char *format(char text[CLI_NUMBER], double value, int digits)
{
    if (isnan(value))
        strcpy(text, "nan");
    else if (isinf(value))
        strcpy(text, value > 0 ? "inf" : "-inf");
    else
        snprintf(text, CLI_NUMBER, "%.*g", digits, value);
    return text;
}

char *cli_format(char text[CLI_NUMBER], double value) { return format(text, value, 17); }
char *cli_format_short(char text[CLI_NUMBER], double value) { return format(text, value, 10); }

json_t *cli_json_number(double value)
{
    char text[CLI_NUMBER];
    return isfinite(value) ? json_real(value) : json_string(format(text, value, 17));
}

char *cli_json_text(json_t *value)
{
    char *text = NULL, *ended = NULL;
    if (value)
        text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY);
    json_decref(value);
    if (text && (ended = realloc(text, strlen(text) + 2)))
        strcat(ended, "\n");
    else
        free(text);
    if (!ended)
        cli_message("no memory");
    return ended;
}

int cli_json_print(json_t *value)
{
    char *text = cli_json_text(value);
    if (text)
        fputs(text, stdout);
    int done = text != NULL;
    free(text);
    return done;
}

void cli_csv(FILE *stream, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

/* ---- Tables -------------------------------------------------------------------------------------------------------------- */

static void add(cli_table *t, const char *text, int is_number)
{
    if (t->cells == t->room) {
        size_t room = t->room ? 2 * t->room : 64;
        void *cell = realloc(t->cell, room * sizeof *t->cell);
        if (!cell) {
            t->failed = 1;
            return;
        }
        t->cell = cell;
        t->room = room;
    }
    char *copy = strdup(text ? text : "");
    t->failed |= !copy;
    t->cell[t->cells].text = copy;
    t->cell[t->cells++].is_number = is_number;
}

void cli_table_text(cli_table *table, const char *text) { add(table, text, 0); }

void cli_table_number(cli_table *table, double value)
{
    char text[CLI_NUMBER];
    add(table, cli_format_short(text, value), 1);
}

/* Characters, for UTF-8. */
static size_t width_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* What of a number stands before its point. */
static size_t whole_of(const char *text) { return strcspn(text, ".e"); }

typedef struct column {
    size_t before, after, text;
} column;

static void measure(const cli_table *t, column *columns)
{
    for (size_t i = 0; i < t->cells; i++) {
        column *c = &columns[i % (size_t)t->columns];
        size_t width = width_of(t->cell[i].text), whole = t->cell[i].is_number ? whole_of(t->cell[i].text) : 0;
        if (t->cell[i].is_number) {
            c->before = whole > c->before ? whole : c->before;
            c->after = width - whole > c->after ? width - whole : c->after;
        } else
            c->text = width > c->text ? width : c->text;
    }
}

static void print_row(const cli_table *t, const column *columns, size_t first, FILE *stream)
{
    size_t owed = 0;                       /* blanks, written only before more text */
    for (size_t k = 0; k < (size_t)t->columns && first + k < t->cells; k++) {
        const char *text = t->cell[first + k].text;
        const column *c = &columns[k];
        size_t numbers = c->before + c->after, width = numbers > c->text ? numbers : c->text;
        size_t lead = t->cell[first + k].is_number ? c->before - whole_of(text) : 0, length = width_of(text);
        if (length) {
            fprintf(stream, "%*s%s", (int)(owed + lead), "", text);
            owed = width - lead - length + 2;
        } else
            owed += width + 2;
    }
    fputc('\n', stream);
}

int cli_table_print(cli_table *t, FILE *stream, const char *indent)
{
    column *columns = calloc((size_t)t->columns, sizeof *columns);
    int done = columns && !t->failed;
    if (done)
        measure(t, columns);
    for (size_t first = 0; done && first < t->cells; first += (size_t)t->columns) {
        fputs(indent, stream);
        fputs(first ? "" : cli_color(stream, "2"), stream);
        print_row(t, columns, first, stream);
        fputs(first ? "" : cli_plain(stream), stream);
    }
    for (size_t i = 0; i < t->cells; i++)
        free(t->cell[i].text);
    free(t->cell);
    free(columns);
    *t = (cli_table){0};
    if (!done)
        cli_message("no memory");
    return done;
}

int cli_finish(int status)
{
    if (!ferror(stdout) && !fflush(stdout))
        return status;
    cli_message("cannot write the output: %s", strerror(errno));
    return CLI_USAGE;
}
