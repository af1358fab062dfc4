/* json.c -- JSON, value by value. */
#include "json.h"

#include "utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (size_t n; *text; text += n ? n : 1) {
        n = ad_utf8(text);
        if (!n)
            fputs("\\ufffd", out);
        else if ((unsigned char)*text < ' ' || *text == 0x7f)
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            fprintf(out, "%s%.*s", *text == '"' || *text == '\\' ? "\\" : "", (int)n, text);
    }
    fputc('"', out);
}

/* What stands before a value: a comma, a line, its key. */
static void begin(ad_json *j, const char *key)
{
    uint64_t bit = UINT64_C(1) << j->depth;
    if (j->depth)
        fprintf(j->out, "%s\n%*s", j->begun & bit ? "," : "", (int)(2 * j->depth), "");
    j->begun |= bit;
    if (key) {
        put_string(j->out, key);
        fputs(": ", j->out);
    }
}

void ad_json_open(ad_json *j, const char *key, char bracket)
{
    begin(j, key);
    fputc(bracket, j->out);
    j->begun &= ~(UINT64_C(1) << ++j->depth);
}

void ad_json_close(ad_json *j, char bracket)
{
    int begun = j->begun >> j->depth-- & 1;
    if (begun)
        fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
    fputc(bracket, j->out);
    if (!j->depth)
        fputc('\n', j->out);
}

void ad_json_text(ad_json *j, const char *key, const char *text)
{
    if (!text) {
        ad_json_null(j, key);
        return;
    }
    begin(j, key);
    put_string(j->out, text);
}

void ad_json_number(ad_json *j, const char *key, double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", number);
    text[strcspn(text, ",")] = text[strcspn(text, ",")] ? '.' : 0;     /* of the caller's locale */
    begin(j, key);
    if (isnan(number))
        fputs("\"nan\"", j->out);
    else if (isinf(number))
        fputs(number > 0 ? "\"inf\"" : "\"-inf\"", j->out);
    else
        fprintf(j->out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

void ad_json_count(ad_json *j, const char *key, size_t count)
{
    begin(j, key);
    fprintf(j->out, "%zu", count);
}

void ad_json_digits(ad_json *j, const char *key, const char *digits)
{
    int is_exact = strspn(digits, "0123456789") == strlen(digits) && strlen(digits) < 17 && strtod(digits, NULL) < 0x1p53;
    begin(j, key);
    if (is_exact)
        fputs(digits, j->out);
    else
        put_string(j->out, digits);
}

void ad_json_truth(ad_json *j, const char *key, int truth)
{
    begin(j, key);
    fputs(truth ? "true" : "false", j->out);
}

void ad_json_null(ad_json *j, const char *key)
{
    begin(j, key);
    fputs("null", j->out);
}
