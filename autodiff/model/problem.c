/* problem.c -- stating a problem: its place as line and column, the excerpt; and printing it. */
#include "problem_at.h"

#include <stdarg.h>
#include <string.h>

unsigned long ad_character(const char *text, size_t size, size_t at, size_t *length)
{
    static const struct { unsigned lead, mask; unsigned long least; } form[] = {
        {0, 0, 0}, {0xc0, 0xe0, 0x80}, {0xe0, 0xf0, 0x800}, {0xf0, 0xf8, 0x10000},
    };
    unsigned char first = (unsigned char)text[at];
    *length = 1;
    if (first < 0x80)
        return first;
    for (size_t more = 1; more <= 3; more++) {
        if ((first & form[more].mask) != form[more].lead || at + more >= size)
            continue;
        unsigned long c = first & (0x3fu >> more);
        for (size_t i = 1; i <= more; i++) {
            unsigned char next = (unsigned char)text[at + i];
            if ((next & 0xc0) != 0x80)
                return 0xfffd;
            c = c << 6 | (next & 0x3f);
        }
        if (c < form[more].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
            return 0xfffd;
        *length = more + 1;
        return c;
    }
    return 0xfffd;
}

/* ---- The place --------------------------------------------------------------------------------------------------------- */

/* Copies characters [from, to) to the excerpt, unprintable ones made blank or '?'. */
static void quote_line(ad_problem *p, const char *text, size_t from, size_t to, size_t at, int cut_left, int cut_right)
{
    char *out = p->excerpt;
    p->caret = 0;
    if (cut_left) {
        memcpy(out, "...", 3);
        out += 3;
        p->caret = 3;
    }
    for (size_t i = from, n; i < to; i += n) {
        unsigned long c = ad_character(text, to, i, &n);
        p->caret += i < at;
        if (c == 0xfffd && n == 1)
            *out++ = '?';
        else if (c < 0x20 || c == 0x7f)
            *out++ = c == '\t' ? ' ' : '?';
        else {
            memcpy(out, text + i, n);
            out += n;
        }
    }
    if (cut_right) {
        memcpy(out, "...", 3);
        out += 3;
    }
    *out = '\0';
}

static int ends_line(char c) { return c == '\n' || c == '\r'; }

static void find_place(ad_problem *p, const char *text, size_t size, size_t at, size_t length)
{
    enum { BEFORE = 90, WHOLE = 150 };             /* bytes of a line that are shown */
    size_t start = 0, end = at;
    p->line = 1;
    for (size_t i = 0; i < at; i++)
        if (text[i] == '\n' || (text[i] == '\r' && !(i + 1 < size && text[i + 1] == '\n'))) {
            p->line++;
            start = i + 1;
        }
    while (end < size && !ends_line(text[end]))
        end++;
    p->column = 1;
    for (size_t i = start, n; i < at; i += n, p->column++)
        ad_character(text, size, i, &n);
    p->length = 0;
    for (size_t i = at, n; i < at + length && i < end; i += n, p->length++)
        ad_character(text, size, i, &n);
    p->length += !p->length;
    size_t from = at - start > BEFORE ? at - BEFORE : start, to = end - from > WHOLE ? from + WHOLE : end;
    while (from > start && from < at && ((unsigned char)text[from] & 0xc0) == 0x80)
        from++;
    while (to < end && to > at && ((unsigned char)text[to] & 0xc0) == 0x80)
        to--;
    quote_line(p, text, from, to, at, from > start, to < end);
}

/* Cut within a character, a message would no longer be UTF-8. */
static void say(ad_problem *p, const char *format, va_list arguments)
{
    int n = vsnprintf(p->message, sizeof p->message, format, arguments);
    size_t used = strlen(p->message);
    if (n >= (int)sizeof p->message) {
        while (used && ((unsigned char)p->message[used - 1] & 0xc0) == 0x80)
            used--;
        if (used && (unsigned char)p->message[used - 1] >= 0xc0)
            used--;
        p->message[used] = '\0';
    }
}

int ad_problem_at(ad_problem *problem, ad_status status, const char *text, size_t size, size_t at, size_t length,
                  const char *format, ...)
{
    if (problem && problem->status == AD_OK) {
        va_list arguments;
        problem->status = status;
        find_place(problem, text, size, at, length);
        va_start(arguments, format);
        say(problem, format, arguments);
        va_end(arguments);
    }
    return 0;
}

int ad_problem_state(ad_problem *problem, ad_status status, const char *format, ...)
{
    if (problem && problem->status == AD_OK) {
        va_list arguments;
        *problem = (ad_problem){.status = status};
        va_start(arguments, format);
        say(problem, format, arguments);
        va_end(arguments);
    }
    return 0;
}

int ad_problem_memory(ad_problem *problem) { return ad_problem_state(problem, AD_ERROR_NO_MEMORY, "no memory"); }

void ad_problem_print(const ad_problem *p, const char *file, FILE *stream)
{
    if (!p || p->status == AD_OK)
        return;
    if (file)
        fprintf(stream, p->line ? "%s:" : "%s: ", file);
    if (p->line)
        fprintf(stream, "%zu:%zu: ", p->line, p->column);
    fprintf(stream, "%s\n", p->message);
    if (!p->line)
        return;
    size_t bytes = strlen(p->excerpt), characters = 0;
    for (size_t i = 0, n; i < bytes; i += n, characters++)
        ad_character(p->excerpt, bytes, i, &n);
    fprintf(stream, "  %s\n  %*s^", p->excerpt, (int)p->caret, "");
    for (size_t i = 1; i < p->length && p->caret + i < characters; i++)
        fputc('~', stream);
    fputc('\n', stream);
}
