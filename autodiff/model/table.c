/* table.c -- tables: their life, errors, names, and choosing complete columns. Reading them is in table_read.c. */
#include "table_inside.h"

#include "nearest.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* ---- Faults and memory --------------------------------------------------------------------------------------------------- */

int ad_table_fault(ad_table *t, ad_status status, const char *format, ...)
{
    if (t->status == AD_OK) {
        va_list more;
        va_start(more, format);
        vsnprintf(t->message, sizeof t->message, format, more);
        va_end(more);
        t->status = status;
    }
    t->rows = t->n_holes = t->n_lines = 0;
    return 0;
}

int ad_table_fault_memory(ad_table *t)
{
    return ad_table_fault(t, AD_ERROR_NO_MEMORY, "%s: no memory for its rows; choose fewer, or split it",
                          t->n_text ? ad_table_text_at(t, t->called) : "the data");
}

int ad_table_keep(ad_table *t, const char *text, size_t n, size_t *place)
{
    if (!ad_block_grow(&t->text, &t->allocator, t->n_text + n + 1))
        return ad_table_fault_memory(t);
    *place = t->n_text;
    memcpy(ad_table_text_at(t, *place), text, n);
    ad_table_text_at(t, *place)[n] = 0;
    t->n_text += n + 1;
    return 1;
}

/* ---- Life ---------------------------------------------------------------------------------------------------------------- */

static ad_table *table_new(const ad_table_options *o, const char *called)
{
    ad_allocator a = ad_allocator_complete(o->allocator);
    ad_table *t = ad_resize(&a, NULL, 0, sizeof *t);
    if (!t)
        return NULL;
    memset(t, 0, sizeof *t);
    t->allocator = a;
    t->missing = o->missing;
    called = o->called ? o->called : called;
    ad_table_keep(t, called, strlen(called), &t->called);
    return t;
}

static ad_table *table_read(ad_table_source from, const ad_table_options *o, const char *called)
{
    ad_table *t = table_new(o, called);
    if (t && t->status == AD_OK)
        ad_table_fill(t, &from, o);
    return t;
}

ad_table *ad_table_read(const char *path, ad_table_options options)
{
    FILE *stream = path ? fopen(path, "rb") : NULL;
    int error = path ? errno : EINVAL;
    if (!stream) {
        ad_table *t = table_new(&options, path ? path : "the data");
        if (t)
            ad_table_fault(t, AD_ERROR_IO, "%s: cannot be opened: %s", path ? path : "no path", strerror(error));
        return t;
    }
    ad_table *t = table_read((ad_table_source){.stream = stream}, &options, path);
    fclose(stream);
    return t;
}

ad_table *ad_table_read_stream(FILE *stream, ad_table_options options)
{
    return table_read((ad_table_source){.stream = stream}, &options, "the data");
}

ad_table *ad_table_read_text(const char *text, size_t size, ad_table_options options)
{
    return table_read((ad_table_source){.text = text ? text : "", .size = text ? size : 0}, &options, "the data");
}

void ad_table_free(ad_table *t)
{
    if (!t)
        return;
    ad_allocator a = t->allocator;
    for (size_t i = 0; i < t->columns.size / sizeof(ad_table_column_data) && i < t->n_columns; i++)
        ad_block_free(&ad_table_at(t, i)->values, &a);
    ad_block *blocks[] = {&t->columns, &t->holes, &t->lines, &t->text, &t->index};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
        ad_block_free(blocks[k], &a);
    ad_resize(&a, t, sizeof *t, 0);
}

/* ---- What there is ------------------------------------------------------------------------------------------------------- */

ad_status   ad_table_error(const ad_table *t) { return t ? t->status : AD_ERROR_NO_MEMORY; }
const char *ad_table_error_message(const ad_table *t) { return t ? t->message : "no memory for a table"; }
size_t      ad_table_rows(const ad_table *t) { return t ? t->rows : 0; }
size_t      ad_table_columns(const ad_table *t) { return t ? t->n_columns : 0; }
size_t      ad_table_dropped(const ad_table *t) { return t ? t->dropped : 0; }
size_t      ad_table_dropped_line(const ad_table *t) { return t ? t->dropped_line : 0; }

const char *ad_table_name(const ad_table *t, size_t i)
{
    return t && i < t->n_columns ? ad_table_text_at(t, ad_table_at(t, i)->name) : NULL;
}

size_t ad_table_line(const ad_table *t, size_t row)
{
    if (!t || row >= t->rows)
        return 0;
    const ad_table_lines *lines = t->lines.base;
    size_t low = 0, high = t->n_lines;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(lines[middle].row <= row ? &low : &high) = middle;
    }
    return lines[low].line + (row - lines[low].row);
}

static size_t hashed(const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 32);
}

int ad_table_index(ad_table *t)
{
    size_t size = 16;
    while (size < 2 * t->n_columns)
        size *= 2;
    if (!ad_block_grow(&t->index, &t->allocator, size * sizeof(size_t)))
        return ad_table_fault_memory(t);
    size_t *index = t->index.base;
    memset(index, 0, size * sizeof *index);
    t->n_index = size;
    for (size_t i = 0; i < t->n_columns; i++) {
        const char *name = ad_table_name(t, i);
        size_t at = hashed(name) & (size - 1);
        while (index[at] && strcmp(ad_table_name(t, index[at] - 1), name))
            at = (at + 1) & (size - 1);
        if (!index[at])
            index[at] = i + 1;
        else
            ad_table_at(t, index[at] - 1)->twin = i + 1;
    }
    return 1;
}

size_t ad_table_find(const ad_table *t, const char *name)
{
    if (!t || !t->n_index || !name || !*name)
        return SIZE_MAX;
    const size_t *index = t->index.base;
    size_t at = hashed(name) & (t->n_index - 1);
    while (index[at] && strcmp(ad_table_name(t, index[at] - 1), name))
        at = (at + 1) & (t->n_index - 1);
    return index[at] ? index[at] - 1 : SIZE_MAX;
}

/* ---- Choosing ------------------------------------------------------------------------------------------------------------ */

/* "; did you mean 'time'?" or the names there are, as far as they fit. */
static void suggest(const ad_table *t, const char *name, char *text, size_t size)
{
    ad_nearest nearest = {.written = name, .length = strlen(name)};
    for (size_t i = 0; i < t->n_columns; i++)
        ad_nearest_offer(&nearest, ad_table_name(t, i));
    if (nearest.best) {
        snprintf(text, size, "; did you mean '%s'?", nearest.best);
        return;
    }
    size_t shown = 0, used = (size_t)snprintf(text, size, "; there %s", t->n_columns == 1 ? "is" : "are");
    for (; shown < t->n_columns && used < size - 150; shown++)
        used += (size_t)snprintf(text + used, size - used, "%s '%.60s'", shown ? "," : "", ad_table_name(t, shown));
    if (shown < t->n_columns)
        snprintf(text + used, size - used, " and %zu more", t->n_columns - shown);
}

static const ad_table_column_data *choose(ad_table *t, const char *name)
{
    char more[400];
    const char *called = ad_table_text_at(t, t->called);
    size_t i = ad_table_find(t, name);
    if (i == SIZE_MAX) {
        suggest(t, name ? name : "", more, sizeof more);
        ad_table_fault(t, AD_ERROR_DATA, "%s: has no column '%s'%s", called, name ? name : "", more);
        return NULL;
    }
    const ad_table_column_data *c = ad_table_at(t, i);
    if (c->twin) {
        ad_table_fault(t, AD_ERROR_DATA, "%s: columns %zu and %zu are both named '%s'; rename one", called, i + 1, c->twin, name);
        return NULL;
    }
    if (c->text_line) {
        const char *text = ad_table_text_at(t, c->excerpt);
        const char *hint = strpbrk(text, "0123456789") && strchr(text, ',')
                         ? "write a decimal point and no separators of thousands"
                         : "write a number, or leave it empty where there is none";
        ad_table_fault(t, AD_ERROR_DATA, "%s, line %zu: column '%s' holds '%s', which is not a number; %s", called, c->text_line,
                       name, text, hint);
        return NULL;
    }
    return c;
}

const double *ad_table_column(ad_table *t, const char *name)
{
    if (!t || t->status != AD_OK)
        return NULL;
    const ad_table_column_data *c = choose(t, name);
    return c ? c->values.base : NULL;
}

/* Which columns are chosen and which rows have a hole in one of them; row by row, for holes are in order of rows. */
typedef struct chosen {
    unsigned char *columns;                /* [n_columns] */
    size_t         holes, first;           /* rows with a hole in a chosen column; the first such hole */
} chosen;

static void find_holes(const ad_table *t, chosen *c)
{
    const ad_hole *hole = t->holes.base;
    size_t last = SIZE_MAX;
    for (size_t k = 0; k < t->n_holes; k++)
        if (c->columns[hole[k].column] && hole[k].row != last) {
            c->first = c->holes++ ? c->first : k;
            last = hole[k].row;
        }
}

/* Closes the gaps: every column, the lines and the other holes. No memory is needed but for lines, taken before. */
static int drop_rows(ad_table *t, const chosen *c)
{
    if (!ad_block_grow(&t->lines, &t->allocator, (t->n_lines + c->holes + 1) * sizeof(ad_table_lines)))
        return ad_table_fault_memory(t);
    ad_hole *hole = t->holes.base;
    ad_table_lines *lines = t->lines.base;
    memmove(lines + c->holes + 1, lines, t->n_lines * sizeof *lines);      /* new ones never overtake the old */
    const ad_table_lines *old = lines + c->holes + 1;
    size_t to = 0, h = 0, kept_holes = 0, n_lines = 0, at = 0;
    for (size_t r = 0; r < t->rows; r++) {
        size_t begin = h, bad = 0;
        for (; h < t->n_holes && hole[h].row == r; h++)
            bad |= c->columns[hole[h].column];
        while (at + 1 < t->n_lines && old[at + 1].row <= r)
            at++;
        size_t line = old[at].line + (r - old[at].row);
        if (bad) {
            t->dropped_line = t->dropped++ ? t->dropped_line : line;
            continue;
        }
        if (!n_lines || lines[n_lines - 1].line + (to - lines[n_lines - 1].row) != line)
            lines[n_lines++] = (ad_table_lines){to, line};
        for (size_t k = begin; k < h; k++)
            hole[kept_holes++] = (ad_hole){to, hole[k].column};
        for (size_t i = 0; to != r && i < t->n_columns; i++)
            ((double *)ad_table_at(t, i)->values.base)[to] = ((double *)ad_table_at(t, i)->values.base)[r];
        to++;
    }
    t->n_lines = n_lines;
    t->n_holes = kept_holes;
    t->rows = to;
    return 1;
}

static int complete(ad_table *t, chosen *c)
{
    find_holes(t, c);
    if (!c->holes || t->missing == AD_MISSING_KEEP)
        return 1;
    if (t->missing == AD_MISSING_DROP)
        return drop_rows(t, c);
    const ad_hole *hole = (ad_hole *)t->holes.base + c->first;
    char more[80] = "";
    if (c->holes > 1)
        snprintf(more, sizeof more, ", nor in %zu more row%s", c->holes - 1, c->holes == 2 ? "" : "s");
    return ad_table_fault(t, AD_ERROR_DATA, "%s, line %zu: column '%s' has no value there%s; fill it in, or ask to drop such rows",
                          ad_table_text_at(t, t->called), ad_table_line(t, hole->row), ad_table_name(t, hole->column), more);
}

ad_status ad_table_select(ad_table *t, size_t n, const char *const *names, const double **columns)
{
    if (!t || t->status != AD_OK)
        return ad_table_error(t);
    size_t size = t->n_columns + 1;
    chosen c = {.columns = ad_resize(&t->allocator, NULL, 0, size)};
    if (!c.columns) {
        ad_table_fault_memory(t);
        return t->status;
    }
    memset(c.columns, 0, size);
    for (size_t k = 0; k < n && t->status == AD_OK; k++)
        if (choose(t, names[k]))
            c.columns[ad_table_find(t, names[k])] = 1;
    if (t->status == AD_OK && complete(t, &c))
        for (size_t k = 0; columns && k < n; k++)
            columns[k] = ad_table_at(t, ad_table_find(t, names[k]))->values.base;
    ad_resize(&t->allocator, c.columns, size, 0);
    return t->status;
}
