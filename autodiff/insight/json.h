/* json.h -- writing JSON value by value, indented, where no tree of it is held. Not installed.
 *
 *     ad_json j = {.out = out};
 *     ad_json_open(&j, NULL, '{');
 *     ad_json_number(&j, "value", 0.5);
 *     ad_json_close(&j, '}');                { "value": 0.5 } and a line end
 *
 * key is NULL within arrays and at the top. Numbers are %.17g, so that they read back; what is not finite is a string: "inf",
 * "-inf", "nan". Texts are UTF-8: what is none becomes U+FFFD. */
#ifndef AUTODIFF_INSIGHT_JSON_H
#define AUTODIFF_INSIGHT_JSON_H

#include <stdint.h>
#include <stdio.h>

typedef struct ad_json {
    FILE    *out;
    unsigned depth;                        /* brackets open, at most 63 */
    uint64_t begun;                        /* a bit for each: something stands in it */
} ad_json;

void ad_json_open(ad_json *j, const char *key, char bracket);
void ad_json_close(ad_json *j, char bracket);
void ad_json_text(ad_json *j, const char *key, const char *text);      /* NULL: null */
void ad_json_number(ad_json *j, const char *key, double number);
void ad_json_count(ad_json *j, const char *key, size_t count);
/* A count in digits: a number where doubles have it exactly (below 2^53), else a string. */
void ad_json_digits(ad_json *j, const char *key, const char *digits);
void ad_json_truth(ad_json *j, const char *key, int truth);
void ad_json_null(ad_json *j, const char *key);

#endif
