/* nist.c -- reading NIST's files. Their first lines say on which lines the values and the data stand. */
#include "nist.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    int starts[2], certified[2], data[2];  /* first and last lines */
    int in_model, done_model;
    char formula[2048];
} reading;

static void note_lines(reading *r, const char *line)
{
    int from, to;
    const char *lines = strstr(line, "(lines");
    if (!lines || sscanf(lines, "(lines %d to %d)", &from, &to) != 2)
        return;
    int *place = strstr(line, "Starting") ? r->starts : strstr(line, "Certified") ? r->certified : strstr(line, "Data") ? r->data : NULL;
    if (place) {
        place[0] = from;
        place[1] = to;
    }
}

/* The formula stands between "n Parameters" and "Starting values"; a constant of its own, pi, we have. */
static void note_model(reading *r, const char *line)
{
    if (!strncmp(line, "Model:", 6))
        r->in_model = 1;
    else if (r->in_model == 1 && strstr(line, "Parameters ("))
        r->in_model = 2;
    else if (r->in_model == 2 && strstr(line, "tarting"))
        r->in_model = 3;
    else if (r->in_model == 2 && !strstr(line, "pi =") && strlen(r->formula) + strlen(line) < sizeof r->formula)
        strcat(r->formula, line);
}

/* Fortran's ** and brackets, and the error term at the end. */
static int take_formula(nist *set, char *formula)
{
    char text[2048], *to = text, *equals;
    for (const char *p = formula; *p; p++) {
        if (p[0] == '*' && p[1] == '*') {
            *to++ = '^';
            p++;
        } else if (!strncmp(p, "arctan", 6)) {
            to += sprintf(to, "atan");
            p += 5;
        } else if (*p == '[' || *p == ']')
            *to++ = *p == '[' ? '(' : ')';
        else
            *to++ = isspace((unsigned char)*p) ? ' ' : *p;
    }
    while (to > text && to[-1] == ' ')
        to--;
    if (to - text < 3 || to[-1] != 'e')
        return 0;
    for (to--; to > text && to[-1] == ' ';)
        to--;
    if (to[-1] != '+')
        return 0;
    to[-1] = 0;
    if (!(equals = strchr(text, '=')))
        return 0;
    *equals = 0;
    snprintf(set->left, sizeof set->left, "%.255s", text);
    snprintf(set->right, sizeof set->right, "%.1023s", equals + 1);
    return 1;
}

static void take_value(nist *set, const char *line)
{
    size_t k = set->n;
    if (k < NIST_PARAMS && sscanf(line, " %15[a-z0-9] = %lf %lf %lf %lf", set->params[k], &set->start[0][k], &set->start[1][k],
                                  &set->certified[k], &set->deviation[k]) == 5)
        set->n++;
    sscanf(line, "Residual Sum of Squares: %lf", &set->rss);
    sscanf(line, "Residual Standard Deviation: %lf", &set->s);
}

static void take_row(nist *set, char *line)
{
    char *end;
    for (size_t i = 0; i < set->n_columns && set->rows < NIST_ROWS; i++, line = end)
        set->data[i][set->rows] = strtod(line, &end);
    set->rows += set->rows < NIST_ROWS;
}

int nist_read(nist *set, const char *path)
{
    char line[512];
    reading r = {{0}, {0}, {0}, 0, 0, ""};
    FILE *file = fopen(path, "r");
    memset(set, 0, sizeof *set);
    for (int number = 1; file && fgets(line, sizeof line, file); number++) {
        sscanf(line, "Dataset Name: %31s", set->name);
        if (number < 12)
            note_lines(&r, line);
        note_model(&r, line);
        if (number >= r.starts[0] && number <= r.certified[1] + 5 && r.starts[0])
            take_value(set, line);
        if (r.data[0] && number == r.data[0] - 1 && !strncmp(line, "Data:", 5))
            set->n_columns = (size_t)(sscanf(line, "Data: %15s %15s %15s %15s", set->columns[0], set->columns[1], set->columns[2],
                                             set->columns[3]));
        if (r.data[0] && number >= r.data[0] && number <= r.data[1])
            take_row(set, line);
    }
    if (file)
        fclose(file);
    int whole = file && set->n && set->n_columns > 1 && set->rows == (size_t)(r.data[1] - r.data[0] + 1) && set->rss > 0;
    if (!whole || !take_formula(set, r.formula)) {
        fprintf(stderr, "%s: not read: %zu params, %zu columns, %zu rows, formula '%s'\n", path, set->n, set->n_columns, set->rows,
                r.formula);
        return 0;
    }
    return 1;
}

ad_function *nist_residual(const nist *set)
{
    ad_tape *tape = ad_tape_new();
    for (size_t k = 0; k < set->n; k++)
        ad_param(tape, set->params[k], set->start[0][k]);
    for (size_t i = 0; i < set->n_columns; i++)
        ad_column(tape, set->columns[i]);
    ad_var r = ad_sub(ad_formula(tape, set->left), ad_formula(tape, set->right));
    ad_function *f = ad_function_new(tape, 1, &r);
    if (!f)
        fprintf(stderr, "%s: %s\n", set->name, ad_tape_error_message(tape));
    ad_tape_free(tape);
    return f;
}

double nist_digits(double x, double certified)
{
    double error = fabs(x - certified) / fabs(certified);
    return error > 0 ? fmin(11, fmax(0, -log10(error))) : error == 0 ? 11 : 0;
}
