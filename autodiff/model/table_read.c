/* table_read.c -- tables from text, a record at a time: a buffer that holds at least one whole record is cut into records,
 * a record into fields, a field into a number. What a table is once it is read is in table.c. */
#include "table_inside.h"

#include "decimal.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

enum { FIRST_BUFFER = 1 << 16 };

typedef struct field { char *text; size_t size; int quoted; } field;

typedef struct reader {
    ad_table        *table;
    ad_table_source *from;
    const ad_table_options *options;
    ad_block  buffer;                      /* with a byte to spare */
    size_t    begin, end;                  /* what is read and not yet cut */
    int       at_end;
    char      eol, separator;
    size_t    line, next_line;             /* where the record begins; where the next one will */
    ad_block  fields;                      /* of the record */
    size_t    n_fields, n_columns;
} reader;

static int fault(reader *R, const char *what)
{
    return ad_table_fault(R->table, AD_ERROR_DATA, "%s, line %zu: %s", ad_table_text_at(R->table, R->table->called), R->line,
                          what);
}

/* ---- Records ------------------------------------------------------------------------------------------------------------- */

/* More of the text behind what there is; 0 on a fault. */
static int more(reader *R)
{
    ad_table *t = R->table;
    char *base = R->buffer.base;
    if (R->begin) {
        memmove(base, base + R->begin, R->end - R->begin);
        R->end -= R->begin;
        R->begin = 0;
    }
    if (!ad_block_grow(&R->buffer, &t->allocator, R->end < FIRST_BUFFER / 2 ? FIRST_BUFFER : 2 * R->end + 1))
        return ad_table_fault_memory(t);
    size_t room = R->buffer.size - 1 - R->end, got;
    base = R->buffer.base;
    if (R->from->stream) {
        errno = 0;
        got = fread(base + R->end, 1, room, R->from->stream);
        if (got < room && ferror(R->from->stream))
            return ad_table_fault(t, AD_ERROR_IO, "%s: cannot be read: %s", ad_table_text_at(t, t->called),
                                  errno ? strerror(errno) : "input error");
        R->at_end = got < room;
    } else {
        got = R->from->size < room ? R->from->size : room;
        memcpy(base + R->end, R->from->text, got);
        R->from->text += got;
        R->from->size -= got;
        R->at_end = !R->from->size;
    }
    R->end += got;
    return 1;
}

static int is_blank(char c) { return c == ' ' || c == '\t'; }
static int separates(const reader *R, char c) { return R->separator == ' ' ? is_blank(c) : c == R->separator; }

/* Whether a record goes on, within quotes, at `to`, knowing how it stood at `from`. Before the separator is known any may be
 * it. A part is looked at once, so that a quote nobody closes costs no more than reading on. */
static int goes_on(const reader *R, const char *from, const char *to, int within)
{
    int at_start = !within;
    for (const char *p = from; p < to; p++) {
        if (within) {
            if (*p == '"' && p + 1 < to && p[1] == '"')
                p++;
            else
                within = *p != '"';
        } else if (*p == '"' && at_start)
            within = 1, at_start = 0;
        else
            at_start = (R->separator ? separates(R, *p) : strchr(",;|\t ", *p) != NULL) || (at_start && is_blank(*p));
    }
    return within;
}

static int is_comment(const char *begin, const char *end)
{
    while (begin < end && is_blank(*begin))
        begin++;
    return begin < end && *begin == '#';
}

/* The next record, without its line end, a 0 after it. 0 at the end and on faults. */
static int next_record(reader *R, char **text, size_t *size)
{
    size_t scanned = 0, part = 0, lines = 0;
    int within = 0;
    R->line = R->next_line;
    for (;;) {
        char *begin = (char *)R->buffer.base + R->begin, *eol = memchr(begin + scanned, R->eol, R->end - R->begin - scanned);
        if (!eol && !R->at_end) {
            scanned = R->end - R->begin;
            if (!more(R))
                return 0;
            continue;
        }
        char *end = eol ? eol : (char *)R->buffer.base + R->end;
        if (!eol && end == begin)
            return 0;
        lines++;
        if (memchr(begin + part, '"', (size_t)(end - begin) - part) && !(lines == 1 && is_comment(begin, end)))
            within = goes_on(R, begin + part, end, within);
        if (within) {
            if (!eol)
                return fault(R, "a quote that opens here is never closed; close it, or remove it");
            part = (size_t)(eol - begin);
            scanned = part + 1;
            continue;
        }
        R->next_line = R->line + lines;
        R->begin += (size_t)(end - begin) + (eol != NULL);
        if (end > begin && R->eol == '\n' && end[-1] == '\r')
            end--;
        *end = 0;
        *text = begin;
        *size = (size_t)(end - begin);
        return memchr(begin, 0, *size) ? fault(R, "a byte 0, so this is no text; save the table as CSV") : 1;
    }
}

/* A comment or nothing. */
static int is_idle(const char *text)
{
    while (is_blank(*text) || *text == '\r')
        text++;
    return !*text || *text == '#';
}

/* ---- Fields -------------------------------------------------------------------------------------------------------------- */

static int add_field(reader *R, char *text, size_t size, int quoted)
{
    if (!ad_block_grow(&R->fields, &R->table->allocator, (R->n_fields + 1) * sizeof(field)))
        return ad_table_fault_memory(R->table);
    ((field *)R->fields.base)[R->n_fields++] = (field){text, size, quoted};
    return 1;
}

/* A field in quotes from p on: its text moves together over the doubled quotes. Returns where it ends, NULL on faults. */
static char *quoted_field(reader *R, char *p)
{
    char *from = ++p, *to = p;
    for (; *p; p++) {
        if (*p == '"' && *++p != '"')
            break;
        *to++ = *p;
    }
    while (is_blank(*p) && !separates(R, *p))
        p++;
    if (*p && !separates(R, *p) && *p != '\r') {
        fault(R, "text follows a closing quote; double the quotes within a field (\"\")");
        return NULL;
    }
    int done = add_field(R, from, (size_t)(to - from), 1);
    return done ? p : NULL;
}

static char *plain_field(reader *R, char *p)
{
    char *from = p;
    while (*p && !separates(R, *p))
        p++;
    char *to = p;
    while (to > from && (is_blank(to[-1]) || to[-1] == '\r'))
        to--;
    return add_field(R, from, (size_t)(to - from), 0) ? p : NULL;
}

static int cut(reader *R, char *p)
{
    R->n_fields = 0;
    for (;;) {
        while (is_blank(*p) && (R->separator == ' ' || *p != R->separator))
            p++;
        if (R->separator == ' ' && (!*p || *p == '#'))
            return 1;
        if (!(p = *p == '"' ? quoted_field(R, p) : plain_field(R, p)))
            return 0;
        if (!*p || *p == '\r')
            return 1;
        p++;
    }
}

/* ---- The header ---------------------------------------------------------------------------------------------------------- */

static size_t outside_quotes(const char *text, char c)
{
    size_t n = 0;
    for (int within = 0; *text; text++) {
        within ^= *text == '"';
        n += !within && *text == c;
    }
    return n;
}

/* What separates the fields of the header: what it has most of; a tab is white space where the record after it, which may be
 * NULL, would have another number of fields. */
static char separator_of(const char *header, const char *after)
{
    static const char candidates[] = ",;|";
    char best = 0;
    size_t most = 0;
    for (const char *c = candidates; *c; c++)
        if (outside_quotes(header, *c) > most)
            most = outside_quotes(header, best = *c);
    size_t tabs = outside_quotes(header, '\t');
    if (!best && tabs && (!after || outside_quotes(after, '\t') == tabs))
        return '\t';
    return best ? best : ' ';
}

static int is_number(const field *f)
{
    double ignored;
    return f->size && ad_decimal_read(f->text, f->size, &ignored);
}

static size_t count_numbers(const reader *R)
{
    const field *f = R->fields.base;
    size_t n = 0;
    for (size_t i = 0; i < R->n_fields; i++)
        n += is_number(&f[i]) != 0;
    return n;
}

static int all_numbers(const reader *R) { return R->n_fields && count_numbers(R) == R->n_fields; }

static int add_columns(reader *R, size_t n)
{
    ad_table *t = R->table;
    if (!ad_block_grow(&t->columns, &t->allocator, n * sizeof(ad_table_column_data)))
        return ad_table_fault_memory(t);
    memset(t->columns.base, 0, n * sizeof(ad_table_column_data));
    t->n_columns = R->n_columns = n;
    return 1;
}

static int take_header(reader *R)
{
    const field *f = R->fields.base;
    if (!add_columns(R, R->n_fields))
        return 0;
    for (size_t i = 0; i < R->n_fields; i++)
        if (!ad_table_keep(R->table, f[i].text, f[i].size, &ad_table_at(R->table, i)->name))
            return 0;
    return ad_table_index(R->table);
}

static int take_names(reader *R)
{
    const ad_table_options *o = R->options;
    if (!add_columns(R, o->n_names))
        return 0;
    for (size_t i = 0; i < o->n_names; i++)
        if (!ad_table_keep(R->table, o->names[i], strlen(o->names[i]), &ad_table_at(R->table, i)->name))
            return 0;
    return ad_table_index(R->table);
}

/* The first bytes: what is no text, a byte order mark, the kind of line ends. */
static int begin_text(reader *R)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf}, gzip[] = {0x1f, 0x8b}, wide[] = {0xff, 0xfe}, wide_other[] = {0xfe, 0xff};
    if (!more(R))
        return 0;
    const char *base = R->buffer.base;
    R->line = 1;
    if (R->end >= 2 && !memcmp(base, gzip, 2))
        return fault(R, "this is compressed; decompress it first (gunzip -c)");
    if (R->end >= 2 && (!memcmp(base, wide, 2) || !memcmp(base, wide_other, 2)))
        return fault(R, "this is UTF-16; save it as UTF-8");
    if (R->end >= 3 && !memcmp(base, mark, 3))
        R->begin = 3;
    R->eol = '\n';
    if (!memchr(base, '\n', R->end) && memchr(base, '\r', R->end))
        R->eol = '\r';
    return 1;
}

/* ---- Rows ---------------------------------------------------------------------------------------------------------------- */

static int stands_for_nothing(const reader *R, const field *f)
{
    static const char *const usual[] = {"NA", "N/A", "NaN", "null", "none", ".", "?"};
    const ad_table_options *o = R->options;
    const char *const *words = o->missing_words ? o->missing_words : usual;
    size_t n = o->missing_words ? o->n_missing_words : sizeof usual / sizeof *usual;
    if (!f->size)
        return 1;
    for (size_t k = 0; k < n; k++)
        if (strlen(words[k]) == f->size && !strncasecmp(words[k], f->text, f->size))
            return 1;
    return 0;
}

static int add_hole(ad_table *t, size_t row, size_t column)
{
    if (!ad_block_grow(&t->holes, &t->allocator, (t->n_holes + 1) * sizeof(ad_hole)))
        return ad_table_fault_memory(t);
    ((ad_hole *)t->holes.base)[t->n_holes++] = (ad_hole){row, column};
    return 1;
}

static int note_text(reader *R, ad_table_column_data *c, const field *f)
{
    char excerpt[AD_EXCERPT + 8];
    size_t n = f->size < AD_EXCERPT ? f->size : AD_EXCERPT;
    while (n < f->size && n && ((unsigned char)f->text[n] & 0xc0) == 0x80)     /* no half of a character */
        n--;
    memcpy(excerpt, f->text, n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)excerpt[i] < ' ')
            excerpt[i] = ' ';
    strcpy(excerpt + n, n < f->size ? "..." : "");
    c->text_line = R->line;
    return ad_table_keep(R->table, excerpt, strlen(excerpt), &c->excerpt);
}

/* A field that is no number as it stands: a missing value, or text. */
static int odd_field(reader *R, size_t i, double *value)
{
    ad_table *t = R->table;
    const field *f = (field *)R->fields.base + i;
    *value = NAN;
    if (stands_for_nothing(R, f))
        return add_hole(t, t->rows, i);
    if (is_number(f)) {                    /* nan, where that is no missing word */
        ad_decimal_read(f->text, f->size, value);
        return 1;
    }
    ad_table_column_data *c = ad_table_at(t, i);
    return c->text_line ? 1 : note_text(R, c, f);
}

static int add_line(reader *R)
{
    ad_table *t = R->table;
    const ad_table_lines *last = t->n_lines ? (ad_table_lines *)t->lines.base + (t->n_lines - 1) : NULL;
    if (last && last->line + (t->rows - last->row) == R->line)
        return 1;
    if (!ad_block_grow(&t->lines, &t->allocator, (t->n_lines + 1) * sizeof(ad_table_lines)))
        return ad_table_fault_memory(t);
    ((ad_table_lines *)t->lines.base)[t->n_lines++] = (ad_table_lines){t->rows, R->line};
    return 1;
}

static int wrong_count(reader *R)
{
    char what[200];
    const char *of = R->options->names ? (R->n_columns == 1 ? "name that was given" : "names that were given")
                   : R->n_columns == 1 ? "name of the header" : "names of the header";
    const char *why = R->separator == ' ' ? "separate fields by white space alone, and write NA for a missing value"
                    : "quote a field that holds a separator, and leave a missing value empty";
    snprintf(what, sizeof what, "%zu field%s, but there %s %zu %s; %s", R->n_fields, R->n_fields == 1 ? "" : "s",
             R->n_columns == 1 ? "is" : "are", R->n_columns,
             of, why);
    return fault(R, what);
}

/* Missing words that look like numbers ("-999") cost every number a comparison, so they are looked for only where given. */
static int take_row(reader *R)
{
    ad_table *t = R->table;
    const field *f = R->fields.base;
    int words = R->options->missing_words != NULL;
    if (R->n_fields != R->n_columns)
        return wrong_count(R);
    if (!add_line(R))
        return 0;
    for (size_t i = 0; i < R->n_columns; i++) {
        ad_block *values = &ad_table_at(t, i)->values;
        double value;
        if (!ad_block_grow(values, &t->allocator, (t->rows + 1) * sizeof value))
            return ad_table_fault_memory(t);
        if (!ad_decimal_read(f[i].text, f[i].size, &value) || isnan(value) || (words && stands_for_nothing(R, &f[i])))
            if (!odd_field(R, i, &value))
                return 0;
        ((double *)values->base)[t->rows] = value;
    }
    t->rows++;
    return 1;
}

/* ---- All of it ----------------------------------------------------------------------------------------------------------- */

static int keep(reader *R, const char *text, ad_block *copy)
{
    size_t size = strlen(text) + 1;
    if (!ad_block_grow(copy, &R->table->allocator, size))
        return ad_table_fault_memory(R->table);
    memcpy(copy->base, text, size);
    return 1;
}

/* The text behind the record just cut off, up to its line's end, as far as it has been read; NULL: nothing. */
static const char *next_line(reader *R, ad_block *copy)
{
    const char *begin = (char *)R->buffer.base + R->begin, *eol = memchr(begin, R->eol, R->end - R->begin);
    size_t size = eol ? (size_t)(eol - begin) : R->end - R->begin;
    if (!size || !ad_block_grow(copy, &R->table->allocator, size + 1))
        return NULL;
    memcpy(copy->base, begin, size);
    ((char *)copy->base)[size] = 0;
    return copy->base;
}

/* Numbers where names should be: the names may stand in the comment before. `record` is a copy of the numbers. */
static int take_commented_header(reader *R, char *comment, char *record)
{
    size_t n = R->n_fields;
    int named = comment && cut(R, comment) && R->n_fields == n && !all_numbers(R);
    if (R->table->status != AD_OK)
        return 0;
    if (!named)
        return fault(R, "numbers where the columns' names should be; begin with a line that names the columns, or give names");
    return take_header(R) && cut(R, record) && take_row(R);
}

/* The header, and with it perhaps the first row. comment and record are room for copies. */
static int read_header(reader *R, ad_block *comment, ad_block *record)
{
    char *text;
    size_t size;
    int commented = 0;
    do {
        if (!next_record(R, &text, &size))
            return R->table->status == AD_OK ? fault(R, "there is no header; begin with a line that names the columns") : 0;
        char *first = text + strspn(text, " \t");
        commented = *first == '#' ? 1 : commented;
        if (*first == '#' && !keep(R, first + 1, comment))
            return 0;
    } while (is_idle(text));
    if (!R->separator)
        R->separator = separator_of(text, next_line(R, record));
    if (!keep(R, text, record) || !cut(R, text))
        return 0;
    if (R->options->names)
        return take_names(R) && (count_numbers(R) ? take_row(R) : R->n_fields == R->n_columns || wrong_count(R));
    return all_numbers(R) ? take_commented_header(R, commented ? comment->base : NULL, record->base) : take_header(R);
}

static int read_rows(reader *R)
{
    char *text;
    size_t size;
    while (next_record(R, &text, &size))
        if (!is_idle(text) && (!cut(R, text) || !take_row(R)))
            return 0;
    return R->table->status == AD_OK;
}

int ad_table_fill(ad_table *t, ad_table_source *from, const ad_table_options *options)
{
    reader R = {.table = t, .from = from, .options = options, .separator = options->separator, .line = 1, .next_line = 1};
    ad_block comment = {0}, record = {0};
    if (R.separator && !strchr(",;|\t ", R.separator))
        return ad_table_fault(t, AD_ERROR_ARGUMENT, "'%c' cannot separate fields; take a comma, semicolon, bar, tab or blank",
                              R.separator);
    if (!from->stream && !from->text)
        return ad_table_fault(t, AD_ERROR_ARGUMENT, "%s: no stream to read", ad_table_text_at(t, t->called));
    int done = begin_text(&R) && read_header(&R, &comment, &record) && read_rows(&R);
    ad_block *blocks[] = {&comment, &record, &R.buffer, &R.fields};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
        ad_block_free(blocks[k], &t->allocator);
    return done;
}
