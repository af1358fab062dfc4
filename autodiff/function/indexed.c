/* indexed.c -- tables by index, both ways. */
#include "indexed.h"

static int fits(size_t rows, const size_t *index, size_t table_rows, size_t width, const void *table, const void *const *columns)
{
    if (rows && (!index || (width && (!table || !columns))))
        return 0;
    for (size_t j = 0; rows && j < width; j++)
        if (!columns[j])
            return 0;
    size_t most = 0;
    for (size_t r = 0; r < rows; r++)
        most = index[r] > most ? index[r] : most;
    return !rows || most < table_rows;
}

ad_status ad_gather(size_t rows, const size_t *index, size_t table_rows, size_t width, const double *table, double *const *columns)
{
    if (!fits(rows, index, table_rows, width, table, (const void *const *)columns))
        return AD_ERROR_ARGUMENT;
    for (size_t j = 0; rows && j < width; j++) {
        double *restrict column = columns[j];
        for (size_t r = 0; r < rows; r++)
            column[r] = table[index[r] * width + j];
    }
    return AD_OK;
}

ad_status ad_scatter_add(size_t rows, const size_t *index, size_t table_rows, size_t width, const double *const *columns,
                         double *table)
{
    if (!fits(rows, index, table_rows, width, table, (const void *const *)columns))
        return AD_ERROR_ARGUMENT;
    for (size_t j = 0; rows && j < width; j++) {
        const double *column = columns[j];
        for (size_t r = 0; r < rows; r++)
            table[index[r] * width + j] += column[r];
    }
    return AD_OK;
}
