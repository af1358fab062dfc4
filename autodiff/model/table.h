/* table.h -- tables of numbers from text: CSV, TSV and whitespace tables, as named columns of doubles.
 *
 *     ad_table *table = ad_table_read("growth.csv", (ad_table_options){.missing = AD_MISSING_DROP});
 *     const double *columns[2];
 *     if (ad_table_select(table, 2, (const char *[]){"time", "mass"}, columns) != AD_OK)
 *         fprintf(stderr, "%s\n", ad_table_error_message(table));
 *     ...                                            columns[1][r] is the mass in row r of ad_table_rows(table)
 *     ad_table_free(table);
 *
 * The first line that is neither blank nor a comment names the columns. Fields are separated by commas, semicolons, tabs, bars
 * or white space, whichever the header shows; lines that begin with # are comments, and in white-space tables so is what
 * follows a # that begins a field. A header may itself be such a comment ("# x y") where numbers follow it at once. Fields may
 * be quoted as in RFC 4180, line ends, separators and doubled quotes included. Line ends are LF, CRLF or CR; a byte order mark
 * is skipped. Numbers are those of C, whatever the locale: 1, -.5, 6.02e23, 0x1p-3, inf.
 *
 * Columns that hold other text are no error until they are asked for. A fault sticks to the table with one message that names
 * the file, the line, the column and the mend; what is asked of it later is harmless. A table belongs to one thread at a time.
 */
#ifndef AUTODIFF_MODEL_TABLE_H
#define AUTODIFF_MODEL_TABLE_H

#include "../tape/tape.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ad_table ad_table;

/** What ad_table_select does about rows where a chosen column has no value. */
typedef enum ad_missing {
    AD_MISSING_REFUSE,     /* it is an error, which names the line and the column */
    AD_MISSING_DROP,       /* the row is dropped                                  */
    AD_MISSING_KEEP        /* the value is NaN                                    */
} ad_missing;

/** How a table is read; zero members are defaults. */
typedef struct ad_table_options {
    char               separator;      /* , ; | or tab; ' ' for white space; 0: as the header shows                        */
    const char *const *names;          /* [n_names] the columns' names where the file has no header, or in place of what its */
    size_t             n_names;        /* header says, a first line without any number; NULL: those of the header          */
    ad_missing         missing;
    const char *const *missing_words;  /* [n_missing_words] texts that stand for no value, in any case of letters, beside  */
    size_t             n_missing_words;/* the empty one; NULL: NA N/A NaN null none . ?                                    */
    const char        *called;         /* the table's name in messages; NULL: its path, or "the data"                      */
    ad_allocator       allocator;
} ad_table_options;

/** Reads a table from a file, from a stream up to its end, from memory (text [size] bytes, borrowed until the call returns).
 *  NULL only when there is no memory for the table itself; ask ad_table_error, which accepts it. Free it with ad_table_free.
 *  Errors: AD_ERROR_IO (cannot be opened or read), AD_ERROR_DATA (malformed), AD_ERROR_ARGUMENT (no such separator),
 *  AD_ERROR_NO_MEMORY. After an error the table has no rows. */
AD_API ad_table *ad_table_read(const char *path, ad_table_options options);
AD_API ad_table *ad_table_read_stream(FILE *stream, ad_table_options options);
AD_API ad_table *ad_table_read_text(const char *text, size_t size, ad_table_options options);
AD_API void      ad_table_free(ad_table *table);

/** The first error, and in words: file, line, column, what, and how to mend it. NULL gives AD_ERROR_NO_MEMORY. The words are
 *  never NULL and live as long as the table. */
AD_API ad_status   ad_table_error(const ad_table *table);
AD_API const char *ad_table_error_message(const ad_table *table);

/** Numbers of rows and columns; the name of a column, NULL out of range; the place of a column, SIZE_MAX where there is none
 *  of that name (not an error). */
AD_API size_t      ad_table_rows(const ad_table *table);
AD_API size_t      ad_table_columns(const ad_table *table);
AD_API const char *ad_table_name(const ad_table *table, size_t column);
AD_API size_t      ad_table_find(const ad_table *table, const char *name);
/** The line of the file on which a row begins, from 1; 0 out of range. */
AD_API size_t      ad_table_line(const ad_table *table, size_t row);

/** Makes the named columns complete: rows in which one of them has no value are dropped, from all columns, or refused, as
 *  options.missing says.  names [n]; columns [n] receives their arrays of ad_table_rows numbers, which live until the next
 *  selection or ad_table_free; NULL: none is wanted. AD_ERROR_DATA: no such column, two of that name, not numbers. */
AD_API ad_status     ad_table_select(ad_table *table, size_t n, const char *const *names, const double **columns);
/** One column as it stands, NaN where there is no value.  [ad_table_rows]; NULL, and an error, as ad_table_select. */
AD_API const double *ad_table_column(ad_table *table, const char *name);
/** Rows dropped so far, and the line of the first of them (0: none). */
AD_API size_t        ad_table_dropped(const ad_table *table);
AD_API size_t        ad_table_dropped_line(const ad_table *table);

#ifdef __cplusplus
}
#endif
#endif
