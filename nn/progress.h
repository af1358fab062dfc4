/* progress.h -- a bar for a terminal, and the clock beside it. Not installed. */
#ifndef NN_PROGRESS_H
#define NN_PROGRESS_H

#include <stdio.h>
#include <stddef.h>

typedef struct nn_progress {
    FILE  *stream;                         /* NULL: nothing is drawn */
    size_t epochs, rows;                   /* epochs; rows of an epoch */
    double drawn;                          /* when last, in seconds */
    int    width;                          /* of what is on the line */
} nn_progress;

/* Seconds of a clock that only goes forward. */
double nn_seconds(void);
/* Draws on a terminal alone. */
void   nn_progress_begin(nn_progress *p, FILE *stream, size_t epochs, size_t rows);
/* In epoch `epoch`, from 0, with so many rows done; at most ten times a second unless it must. NaN errors are left out. */
void   nn_progress_draw(nn_progress *p, size_t epoch, size_t rows, double error, double validation, double rows_per_second, int must);
/* Leaves the last state on a line of its own. */
void   nn_progress_end(nn_progress *p);

#endif
