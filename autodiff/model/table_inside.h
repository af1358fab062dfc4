/* table_inside.h -- a table as its own files see it. Not installed. */
#ifndef AUTODIFF_MODEL_TABLE_INSIDE_H
#define AUTODIFF_MODEL_TABLE_INSIDE_H

#include "autodiff/tape/memory.h"
#include "table.h"

#include <stdint.h>

enum { AD_EXCERPT = 40 };

typedef struct ad_table_column_data {
    ad_block values;                       /* [rows] */
    size_t   name;                         /* place in text */
    size_t   twin;                         /* place of the next column of that name + 1, or 0 */
    size_t   text_line;                    /* of the first field that is no number, or 0 */
    size_t   excerpt;                      /* that field, shortened: place in text */
} ad_table_column_data;

typedef struct ad_hole { size_t row, column; } ad_hole;
typedef struct ad_table_lines { size_t row, line; } ad_table_lines;   /* rows from here on stand on line, line + 1, ... */

struct ad_table {
    ad_allocator allocator;
    ad_missing   missing;
    size_t       rows, n_columns, n_holes, n_lines, n_text, n_index;
    ad_block     columns, holes, lines, text, index;   /* holes by row; index: places of columns + 1, by hash, 0 for none */
    size_t       dropped, dropped_line;
    size_t       called;                   /* place in text */
    ad_status    status;
    char         message[768];
};

static inline ad_table_column_data *ad_table_at(const ad_table *t, size_t i)
{
    return (ad_table_column_data *)t->columns.base + i;
}
static inline char *ad_table_text_at(const ad_table *t, size_t place) { return (char *)t->text.base + place; }

/* table.c: notes a fault unless there is one, and throws the rows away; returns 0. */
int ad_table_fault(ad_table *t, ad_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
int ad_table_fault_memory(ad_table *t);
/* A copy of text [n] and its place; 0: no memory. */
int ad_table_keep(ad_table *t, const char *text, size_t n, size_t *place);
int ad_table_index(ad_table *t);

/* table_read.c: where text comes from, and reading all of it. */
typedef struct ad_table_source {
    FILE       *stream;
    const char *text;                      /* [size], where there is no stream */
    size_t      size;
} ad_table_source;
int ad_table_fill(ad_table *t, ad_table_source *from, const ad_table_options *options);

#endif
