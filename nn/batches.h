/* batches.h -- data on their way into training: chosen by name, split, shuffled, dealt out as columns. Not installed. */
#ifndef NN_BATCHES_H
#define NN_BATCHES_H

#include "internal.h"

/* Columns of data as the caller has them: inputs, then targets. */
typedef struct nn_source {
    size_t         rows, inputs, targets;
    const double **column;                 /* [inputs + targets] arrays [rows], the caller's */
    ad_table      *table;                  /* for lines; NULL: none */
    ad_allocator   allocator;
} nn_source;

/* Rows of a source in an order, gathered into columns. */
typedef struct nn_rows {
    size_t         rows, columns;
    uint32_t      *order;                  /* [rows] of the source */
    double        *numbers;                /* [columns][rows] */
    const double **column, **from;         /* [columns] of numbers; and of those from some row on */
    ad_allocator   allocator;
} nn_rows;

ad_status nn_source_open(nn_source *s, const nn_network *net, const nn_data *data, const char *what, nn_fault *fault);
void      nn_source_close(nn_source *s);

/* Draws held_rows of the source for `held` by seed; `train` has the rest. Without any, the order is that of the source. Columns are
 * not filled yet. Returns 0 when there is no memory; what there is is to be freed. */
int  nn_rows_split(nn_rows *train, nn_rows *held, const nn_source *s, size_t held_rows, uint64_t seed);
void nn_rows_free(nn_rows *r);
/* Makes the order that of base [rows], shuffled by seed and epoch. */
void nn_rows_shuffle(nn_rows *r, uint64_t seed, size_t epoch, const uint32_t *base);
/* Fills the columns by the order. */
void nn_rows_gather(nn_rows *r, const nn_source *s);
/* The columns from a row on; valid until the next call. */
const double *const *nn_rows_from(nn_rows *r, size_t row);

#endif
