/* nonfinite.c -- an error that is not finite: which row, which line, which operation. */
#include "trainer.h"

#include <math.h>

/* The first row of the batch whose error is not finite, or else whose gradient is not. */
static size_t find_row(nn_trainer *T, size_t from, size_t rows)
{
    const ad_allocator *a = &T->net->allocator;
    double *errors = nn_make(a, rows, sizeof *errors), value;
    size_t found = SIZE_MAX;
    if (errors && ad_function_rows(T->loss, T->net->value, nn_rows_from(&T->train, from), rows, &errors) == AD_OK)
        for (size_t r = rows; r-- > 0;)
            found = isfinite(errors[r]) ? found : r;
    nn_drop(a, errors, rows, sizeof *errors);
    for (size_t r = 0; found == SIZE_MAX && r < rows; r++) {
        int finite = ad_function_sum_gradient(T->loss, T->net->value, nn_rows_from(&T->train, from + r), 1, &value, T->gradient) == AD_OK;
        for (size_t i = 0; finite && i < T->net->size; i++)
            found = isfinite(T->gradient[i]) ? found : r;
    }
    return found == SIZE_MAX ? found : from + found;
}

ad_status nn_tell_nonfinite(nn_trainer *T, size_t epoch, size_t from, size_t rows)
{
    nn_fault *fault = &T->result->fault;
    size_t found = find_row(T, from, rows), row, line;
    if (found == SIZE_MAX)
        return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: epoch %zu, from row %zu of its order on: the errors of rows are finite, "
                       "their sum is not; scale the data or lower the rate", epoch + 1, from + 1);
    row = T->train.order[found];
    line = T->source.table ? ad_table_line(T->source.table, row) : 0;
    char where[48] = "";
    if (line)
        snprintf(where, sizeof where, " (line %zu)", line);
    return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: epoch %zu: the error of row %zu%s is not finite; scale the data or lower the rate",
                   epoch + 1, row + 1, where);
}
