/* nonfinite.c -- an error that is not finite: which row, which line, which operation. */
#include "trainer.h"

#include "autodiff/insight/audit.h"

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

/* What the audit says first of one row: of values that became infinite or NaN, or else of slopes. Nothing where it has no memory. */
static void audit(nn_trainer *T, const double *const *columns, char *to, size_t size)
{
    static const unsigned kinds[] = {1u << AD_AUDIT_NON_FINITE, 1u << AD_AUDIT_ZERO_TIMES_INFINITY | 1u << AD_AUDIT_KINK | 1u << AD_AUDIT_RANGE};
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = T->net->allocator});
    ad_var E = tape ? nn_record_error(T->net, T->options->error, T->source.targets, tape, NULL) : ad_const(NAN);
    for (size_t k = 0; E.link && !*to && k < 2; k++) {
        ad_audit_report *report = ad_audit_rows(E, (ad_audit_options){.kinds = kinds[k], .most = 1}, T->net->value, columns, 1);
        const ad_finding *first = report ? ad_audit_finding(report, 0) : NULL;
        if (first)
            snprintf(to, size, "; %s", first->detail);
        ad_audit_free(report);
    }
    ad_tape_free(tape);
}

ad_status nn_tell_nonfinite(nn_trainer *T, size_t epoch, size_t from, size_t rows)
{
    nn_fault *fault = &T->result->fault;
    size_t found = find_row(T, from, rows), row, line;
    if (found == SIZE_MAX)
        return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: epoch %zu: the errors of rows and their slopes are finite, their sums are not; "
                       "scale the data or lower the rate", epoch + 1);
    row = T->train.order[found];
    line = T->source.table ? ad_table_line(T->source.table, row) : 0;
    char where[48] = "", why[360] = "";
    if (line)
        snprintf(where, sizeof where, " (line %zu)", line);
    audit(T, nn_rows_from(&T->train, found), why, sizeof why);
    return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: epoch %zu: the error of row %zu%s or a slope of it is not finite%s", epoch + 1, row + 1,
                   where, why);
}
