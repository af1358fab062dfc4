/* batches.c -- choosing columns, splitting and shuffling rows, dealing them out. */
#include "batches.h"
#include "random.h"

/* Streams of random numbers of a training's seed: 1 splits, from 2 on epochs shuffle. */
enum { SPLIT = 1, SHUFFLE };

/* ---- Columns by name, or as arrays -------------------------------------------------------------------------------------- */

static size_t names_in(const char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static size_t arrays_in(const double *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static ad_status from_table(nn_source *s, const nn_data *data, const char **names, nn_fault *fault)
{
    for (size_t i = 0; i < s->inputs; i++)
        names[i] = data->inputs[i];
    for (size_t i = 0; i < s->targets; i++)
        names[s->inputs + i] = data->targets[i];
    if (ad_table_error(data->table) != AD_OK || ad_table_select(data->table, s->inputs + s->targets, names, s->column) != AD_OK)
        return nn_tell(fault, ad_table_error(data->table), "%s", ad_table_error_message(data->table));
    s->table = data->table;
    s->rows = ad_table_rows(data->table);
    return AD_OK;
}

static ad_status fill(nn_source *s, const nn_data *data, nn_fault *fault)
{
    size_t n = s->inputs + s->targets;
    s->column = nn_make(&s->allocator, n, sizeof *s->column);
    if (!s->column)
        return nn_tell_memory(fault, "nn_train");
    if (!data->table) {
        s->rows = data->rows;
        memcpy(s->column, data->input_columns, s->inputs * sizeof *s->column);
        memcpy(s->column + s->inputs, data->target_columns, s->targets * sizeof *s->column);
        return AD_OK;
    }
    const char **names = nn_make(&s->allocator, n, sizeof *names);
    ad_status status = names ? from_table(s, data, names, fault) : nn_tell_memory(fault, "nn_train");
    nn_drop(&s->allocator, names, n, sizeof *names);
    return status;
}

ad_status nn_source_open(nn_source *s, const nn_network *net, const nn_data *data, const char *what, nn_fault *fault)
{
    *s = (nn_source){.allocator = net->allocator};
    s->inputs = data->table ? names_in(data->inputs) : arrays_in(data->input_columns);
    s->targets = data->table ? names_in(data->targets) : arrays_in(data->target_columns);
    if (s->inputs != net->inputs)
        return nn_tell(fault, AD_ERROR_DATA, "nn_train: %s have %zu input columns, the network has %zu inputs", what, s->inputs,
                       net->inputs);
    if (!s->targets)
        return nn_tell(fault, AD_ERROR_DATA, "nn_train: %s have no target columns; name them in .%s", what,
                       data->table ? "targets" : "target_columns");
    ad_status status = fill(s, data, fault);
    if (status == AD_OK && !s->rows)
        status = nn_tell(fault, AD_ERROR_DATA, "nn_train: %s have no rows", what);
    if (status == AD_OK && s->rows > UINT32_MAX)
        status = nn_tell(fault, AD_ERROR_LIMIT, "nn_train: %s have more than %lu rows", what, (unsigned long)UINT32_MAX);
    if (status != AD_OK)
        nn_source_close(s);
    return status;
}

void nn_source_close(nn_source *s)
{
    nn_drop(&s->allocator, s->column, s->inputs + s->targets, sizeof *s->column);
    s->column = NULL;
}

/* ---- Rows --------------------------------------------------------------------------------------------------------------- */

static int rows_new(nn_rows *r, const nn_source *s, size_t rows)
{
    *r = (nn_rows){.rows = rows, .columns = s->inputs + s->targets, .allocator = s->allocator};
    r->order = nn_make(&s->allocator, rows, sizeof *r->order);
    r->numbers = rows <= SIZE_MAX / sizeof(double) / r->columns ? nn_make(&s->allocator, rows * r->columns, sizeof *r->numbers) : NULL;
    r->column = nn_make(&s->allocator, r->columns, sizeof *r->column);
    r->from = nn_make(&s->allocator, r->columns, sizeof *r->from);
    if (!r->order || !r->numbers || !r->column || !r->from)
        return 0;
    for (size_t k = 0; k < r->columns; k++)
        r->column[k] = r->numbers + k * rows;
    return 1;
}

void nn_rows_free(nn_rows *r)
{
    nn_drop(&r->allocator, r->order, r->rows, sizeof *r->order);
    nn_drop(&r->allocator, r->numbers, r->rows * r->columns, sizeof *r->numbers);
    nn_drop(&r->allocator, r->column, r->columns, sizeof *r->column);
    nn_drop(&r->allocator, r->from, r->columns, sizeof *r->from);
    *r = (nn_rows){.rows = 0};
}

/* Fisher and Yates. */
static void shuffle(nn_random *random, uint32_t *order, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        uint32_t k = nn_random_below(random, (uint32_t)i), held = order[k];
        order[k] = order[i - 1];
        order[i - 1] = held;
    }
}

int nn_rows_split(nn_rows *train, nn_rows *held, const nn_source *s, size_t held_rows, uint64_t seed)
{
    uint32_t *order = nn_make(&s->allocator, s->rows, sizeof *order);
    *held = (nn_rows){.rows = 0};
    int made = order && rows_new(train, s, s->rows - held_rows) && (!held_rows || rows_new(held, s, held_rows));
    for (size_t i = 0; made && i < s->rows; i++)
        order[i] = (uint32_t)i;
    if (made && held_rows) {
        nn_random random = nn_random_from(seed, SPLIT);
        shuffle(&random, order, s->rows);
        memcpy(held->order, order + train->rows, held_rows * sizeof *order);
    }
    if (made)
        memcpy(train->order, order, train->rows * sizeof *order);
    nn_drop(&s->allocator, order, s->rows, sizeof *order);
    return made;
}

void nn_rows_shuffle(nn_rows *r, uint64_t seed, size_t epoch, const uint32_t *base)
{
    nn_random random = nn_random_from(seed, SHUFFLE + epoch);
    memcpy(r->order, base, r->rows * sizeof *base);
    shuffle(&random, r->order, r->rows);
}

void nn_rows_gather(nn_rows *r, const nn_source *s)
{
    for (size_t k = 0; k < r->columns; k++) {
        double *to = r->numbers + k * r->rows;
        for (size_t i = 0; i < r->rows; i++)
            to[i] = s->column[k][r->order[i]];
    }
}

const double *const *nn_rows_from(nn_rows *r, size_t row)
{
    for (size_t k = 0; k < r->columns; k++)
        r->from[k] = r->column[k] + row;
    return r->from;
}
