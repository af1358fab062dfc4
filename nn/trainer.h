/* trainer.h -- a training in progress, as train.c, checkpoint.c and nonfinite.c see it. Not installed. */
#ifndef NN_TRAINER_H
#define NN_TRAINER_H

#include "batches.h"
#include "progress.h"
#include "train.h"

typedef struct nn_trainer {
    nn_network             *net;
    const nn_train_options *options;
    nn_result              *result;
    nn_source               source, held_source;       /* of the rows; of validation_data */
    nn_rows                 train, held;
    uint32_t               *base;                      /* [train.rows] the order that every epoch shuffles */
    ad_function            *loss;
    nn_optimiser           *optimiser;
    double                 *gradient, *best, *begin;   /* [size]: of a batch; parameters of the least validation error; of the
                                                          beginning of the epoch */
    double                  rate;                      /* that the schedule multiplies */
    size_t                  epochs, batch;
    size_t                  waiting;                   /* epochs without a gain */
    int                     has_best;
    double                  least;                     /* monitored error so far; INFINITY at first */
    double                  error, validation_error;   /* of the last epoch */
    double                  sum;                       /* errors of the epoch's rows so far */
    size_t                  rows_done;                 /* in all */
    nn_progress             bar;
} nn_trainer;

/* train.c: the error of a row on a tape, columns x1, x2, ..., t1, t2, ...; a plain NaN, and a fault, where it cannot be. */
ad_var    nn_record_error(const nn_network *net, nn_error *error, size_t targets, ad_tape *tape, nn_fault *fault);
/* checkpoint.c: writes what is needed to go on; goes on from what was written, where there is a file. */
ad_status nn_checkpoint_write(const nn_trainer *T);
ad_status nn_checkpoint_resume(nn_trainer *T);
/* nonfinite.c: says which row, and which operation, made an error that is not finite, of rows [from, from + rows) of an epoch. */
ad_status nn_tell_nonfinite(nn_trainer *T, size_t epoch, size_t from, size_t rows);

#endif
