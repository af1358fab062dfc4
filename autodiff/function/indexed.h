/* indexed.h -- columns from a table by index, and slopes by columns back into a table: for functions whose rows share values, as
 * the observations of a bundle adjustment share cameras and points.
 *
 * A function whose columns were gathered is differentiated by its columns; what a table's entry contributes through all rows that
 * name it is the sum of theirs: ad_scatter_add is the adjoint of ad_gather.
 */
#ifndef AUTODIFF_FUNCTION_INDEXED_H
#define AUTODIFF_FUNCTION_INDEXED_H

#include "function.h"

#ifdef __cplusplus
extern "C" {
#endif

/** columns[j][r] = table[index[r]][j].
 *  index [rows] each below table_rows; table [table_rows][width]; columns [width] arrays [rows], apart from the table.
 *  AD_ERROR_ARGUMENT for an index out of range, before anything is written, and for NULL where there are rows. */
AD_API ad_status ad_gather(size_t rows, const size_t *index, size_t table_rows, size_t width, const double *table,
                           double *const *columns);
/** table[index[r]][j] += columns[j][r], row after row: the same bits every time. Arguments and errors as above. */
AD_API ad_status ad_scatter_add(size_t rows, const size_t *index, size_t table_rows, size_t width, const double *const *columns,
                                double *table);

#ifdef __cplusplus
}
#endif
#endif
