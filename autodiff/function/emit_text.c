/* emit_text.c -- text that grows in memory, and numbers as C writes them. */
#include "emit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void ad_text_add_n(ad_text *t, const char *text, size_t n)
{
    if (t->failed || !ad_block_grow(&t->block, &t->allocator, t->n + n)) {
        t->failed = 1;
        return;
    }
    if (n)
        memcpy((char *)t->block.base + t->n, text, n);
    t->n += n;
}

void ad_text_add(ad_text *t, const char *text) { ad_text_add_n(t, text, strlen(text)); }

void ad_text_count(ad_text *t, size_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", n);
    ad_text_add(t, digits);
}

/* The fewest digits that read back, by a locale's own point. */
static void shortest(char *to, size_t size, double number)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(to, size, "%.*g", digits, number);
        if (strtod(to, NULL) == number)
            return;
    }
}

void ad_text_number(ad_text *t, double number)
{
    if (isnan(number))
        ad_text_add(t, "NAN");
    else if (isinf(number))
        ad_text_add(t, number > 0 ? "INFINITY" : "(-INFINITY)");
    else {
        char digits[64], literal[64];
        int n = 0, whole = 1;
        shortest(digits, sizeof digits, number);
        for (const char *c = digits; *c; c++) {
            int plain = strchr("0123456789+-e", *c) != NULL;
            whole &= plain && *c != 'e';
            if (plain || literal[n - 1] != '.')
                literal[n++] = plain ? *c : '.';
        }
        literal[n] = 0;
        ad_text_add(t, signbit(number) ? "(" : "");
        ad_text_add(t, literal);
        ad_text_add(t, whole ? ".0" : "");
        ad_text_add(t, signbit(number) ? ")" : "");
    }
}

void ad_text_quoted(ad_text *t, const char *text)
{
    for (char last = 0; *text; last = *text++) {
        int closes = (*text == '/' && last == '*') || (*text == '*' && last == '/') || (*text == '?' && last == '?');
        char code[8];
        if (*text < ' ' || *text > '~')
            snprintf(code, sizeof code, "\\%03o", (unsigned)(unsigned char)*text);
        else
            snprintf(code, sizeof code, "%s%c", closes || *text == '"' || *text == '\\' ? "\\" : "", *text);
        ad_text_add(t, code);
    }
}

void ad_text_free(ad_text *t) { ad_block_free(&t->block, &t->allocator); }
