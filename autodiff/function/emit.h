/* emit.h -- generated C: text that grows, and names fit for it. emit.c puts them together. Not installed. */
#ifndef AUTODIFF_FUNCTION_EMIT_H
#define AUTODIFF_FUNCTION_EMIT_H

#include "internal.h"

/* ---- emit_text.c ---- */

typedef struct ad_text {
    ad_allocator allocator;
    ad_block     block;                    /* [n], no 0 at the end */
    size_t       n;
    int          failed;                   /* no memory: what is there is to be thrown away */
} ad_text;

void ad_text_add(ad_text *t, const char *text);
void ad_text_add_n(ad_text *t, const char *text, size_t n);
void ad_text_count(ad_text *t, size_t n);
/* As a literal of C, in the fewest digits that read back; a negative one in parentheses. Whatever the locale. */
void ad_text_number(ad_text *t, double number);
/* Within a comment or a text in quotes: what might end either, or is not plain ASCII, is escaped. */
void ad_text_quoted(ad_text *t, const char *text);
void ad_text_free(ad_text *t);

/* ---- emit_names.c ---- */

typedef struct ad_names {
    ad_text   text;
    ad_block  place, table;                /* [n] where in the text each name begins, ended by 0; open addressing */
    uint32_t  n, n_table;
    char      stem[16];                    /* with a number behind it, no name of these */
} ad_names;

/* Names for the inputs of f that have any, params first, for local variables of a file whose own names begin with the
 * prefix. */
void        ad_names_make(ad_names *names, const ad_function *f, const char *prefix);
const char *ad_names_at(const ad_names *names, uint32_t input);       /* NULL: none */
int         ad_is_identifier(const char *text);
void        ad_names_free(ad_names *names);

#endif
