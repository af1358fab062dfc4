/* options.c -- taking a command line apart, and saying what it may hold. */
#include "cli.h"
#include "output.h"

#include "autodiff/model/decimal.h"
#include "autodiff/model/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_named(const cli_option *o, const char *word, size_t length)
{
    return (strlen(o->name) == length && !memcmp(o->name, word, length)) ||
           (o->letter && strlen(o->letter) == length && !memcmp(o->letter, word, length));
}

static int unknown(const cli_command *command, const char *word, size_t length)
{
    ad_nearest nearest = {.written = word, .length = length};
    for (const cli_option *o = command->options; o->name; o++)
        ad_nearest_offer(&nearest, o->name);
    if (strpbrk(word, " ^*/+("))
        cli_message("'%s' begins like an option; what is none goes after --: chainrule %s -- '%s'", word, command->name, word);
    else if (nearest.best)
        cli_message("%s has no option '%.*s'; did you mean '%s'?", command->name, (int)length, word, nearest.best);
    else
        cli_message("%s has no option '%.*s'; see chainrule %s --help", command->name, (int)length, word, command->name);
    return 0;
}

/* Takes the option of words[*i], and its value. */
static int read_option(cli_options *options, int n, char **words, int *i)
{
    const char *word = words[*i], *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const cli_option *o = options->command->options;
    while (o->name && !is_named(o, word, length))
        o++;
    if (!o->name)
        return unknown(options->command, word, length);
    cli_given given = {o, NULL};
    if (o->value) {
        given.value = equals ? equals + 1 : *i + 1 < n ? words[++*i] : NULL;
        if (!given.value) {
            cli_message("%s needs a value: %s %s", o->name, o->name, o->value);
            return 0;
        }
    } else if (equals) {
        cli_message("%s takes no value", o->name);
        return 0;
    }
    options->given[options->n_given++] = given;
    return 1;
}

static int count_is_right(const cli_options *o)
{
    const cli_command *c = o->command;
    if (cli_has(o, "--help") || (o->n_arguments >= c->least && o->n_arguments <= c->most))
        return 1;
    if (o->n_arguments < c->least)
        cli_message("expected: chainrule %s %s; see chainrule %s --help", c->name, c->arguments, c->name);
    else
        cli_message("'%s' is one argument too many; expected: chainrule %s %s", o->arguments[c->most], c->name, c->arguments);
    return 0;
}

int cli_options_read(cli_options *options, const cli_command *command, int n, char **words)
{
    size_t room = (size_t)n + 1;
    *options = (cli_options){.command = command, .given = calloc(room, sizeof(cli_given)), .arguments = calloc(room, sizeof(char *))};
    if (!options->given || !options->arguments) {
        cli_message("no memory");
        return 0;
    }
    int only_arguments = 0;
    for (int i = 0; i < n; i++) {
        if (!only_arguments && !strcmp(words[i], "--"))
            only_arguments = 1;
        else if (only_arguments || words[i][0] != '-' || !words[i][1])
            options->arguments[options->n_arguments++] = words[i];
        else if (!read_option(options, n, words, &i))
            return 0;
    }
    return count_is_right(options);
}

void cli_options_free(cli_options *options)
{
    free(options->given);
    free(options->arguments);
}

int cli_has(const cli_options *options, const char *name)
{
    for (int i = 0; i < options->n_given; i++)
        if (!strcmp(options->given[i].option->name, name))
            return 1;
    return 0;
}

const char *cli_value(const cli_options *options, const char *name)
{
    const char *value = NULL;
    for (int i = 0; i < options->n_given; i++)
        if (!strcmp(options->given[i].option->name, name))
            value = options->given[i].value;
    return value;
}

int cli_number(const char *text, double *value) { return ad_decimal_read(text, strlen(text), value); }

size_t cli_count(const cli_options *options, const char *name, size_t otherwise)
{
    const char *text = cli_value(options, name);
    double value;
    if (!text)
        return otherwise;
    if (strspn(text, "0123456789") == strlen(text) && cli_number(text, &value) && value >= 1 && value < 9e15)
        return (size_t)value;
    cli_message("%s takes a whole number from 1 on, not '%s'", name, text);
    return 0;
}

/* ---- Help --------------------------------------------------------------------------------------------------------------- */

void cli_print_help(const cli_command *c, void *to)
{
    FILE *stream = to;
    char left[64];
    int width = 0;
    for (int measured = 0; measured < 2; measured++) {
        if (measured)
            fprintf(stream, "usage: chainrule %s %s [options]\n\n%s\noptions:\n", c->name, c->arguments, c->help);
        for (const cli_option *o = c->options; o->name; o++) {
            int n = snprintf(left, sizeof left, "%s%s%s%s%s", o->letter ? o->letter : "", o->letter ? ", " : "", o->name,
                             o->value ? " " : "", o->value ? o->value : "");
            if (measured)
                fprintf(stream, "  %-*s  %s\n", width, left, o->help);
            else
                width = n > width ? n : width;
        }
    }
    fprintf(stream, "\nexample:\n  %s\n", c->example);
}
