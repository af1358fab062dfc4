/* json_text.h -- whether a text is one value of JSON, in UTF-8. */
#ifndef TESTS_UNIT_JSON_TEXT_H
#define TESTS_UNIT_JSON_TEXT_H

#include <stdlib.h>
#include <string.h>

static const char *json_blanks(const char *at) { return at + strspn(at, " \n"); }

/* Each returns what follows, NULL where there is no such value. */
static const char *json_value(const char *at);

static const char *json_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        unsigned char c = (unsigned char)*at;
        size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
        if (c == '\\') {
            n = at[1] == 'u' ? 6 : 2;
            if (!at[1] || !strchr("\"\\/bfnrtu", at[1]) || (n == 6 && strspn(at + 2, "0123456789abcdefABCDEF") < 4))
                return NULL;
        }
        if (c < ' ' || !n || (c != '\\' && n > 1 && ((unsigned char)at[1] & 0xc0) != 0x80))
            return NULL;
        at += n;
    }
    return at + 1;
}

static const char *json_list(const char *at, char close)
{
    at = json_blanks(at + 1);
    if (*at == close)
        return at + 1;
    for (;;) {
        if (close == '}') {
            at = json_string(json_blanks(at));
            at = at ? json_blanks(at) : NULL;
            if (!at || *at++ != ':')
                return NULL;
        }
        at = json_value(at);
        at = at ? json_blanks(at) : NULL;
        if (!at || (*at != ',' && *at != close))
            return NULL;
        if (*at++ == close)
            return at;
    }
}

static const char *json_value(const char *at)
{
    static const char *const words[] = {"true", "false", "null"};
    char *end;
    at = json_blanks(at);
    if (*at == '"')
        return json_string(at);
    if (*at == '{' || *at == '[')
        return json_list(at, *at == '{' ? '}' : ']');
    for (size_t k = 0; k < 3; k++)
        if (!strncmp(at, words[k], strlen(words[k])))
            return at + strlen(words[k]);
    if (!strchr("-0123456789", *at) || !*at)
        return NULL;
    strtod(at, &end);
    return end > at ? end : NULL;
}

static inline int is_json(const char *text)
{
    const char *end = json_value(text);
    return end && !*json_blanks(end);
}

#endif
