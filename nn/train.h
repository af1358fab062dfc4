/* train.h -- making the error of a network small on data: epochs, mini-batches, validation, when to stop.
 *
 * The error of one row is recorded once, as a function; batches run through it in lanes and on threads. The same seed gives the
 * same bits, whatever the number of threads (ad_threads). Nothing is printed but to the stream handed in, and nothing exits.
 */
#ifndef NN_TRAIN_H
#define NN_TRAIN_H

#include <autodiff/autodiff.h>
#include <autodiff/model/table.h>

#include <signal.h>
#include <stdio.h>

#include "errors.h"
#include "network.h"
#include "optimisers.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Lists for nn_data, ended by NULL: NN_NAMES("x", "y") and NN_COLUMNS(x, y). */
#define NN_NAMES(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define NN_COLUMNS(...) ((const double *const[]){__VA_ARGS__, NULL})

/** What a network learns from: inputs, one column each, and targets, by name from a table or as arrays. Borrowed.
 *
 *      (nn_data){.table = table, .inputs = NN_NAMES("x", "y"), .targets = NN_NAMES("class")}
 *      (nn_data){.rows = 100, .input_columns = NN_COLUMNS(x, y), .target_columns = NN_COLUMNS(t)}
 *
 *  Rows of the table that lack a value among those columns are refused or dropped, as it was read. */
typedef struct nn_data {
    ad_table            *table;
    const char *const   *inputs;                       /* names of its columns, to NULL             */
    const char *const   *targets;
    size_t               rows;                         /* without a table:                          */
    const double *const *input_columns;                /* arrays [rows], to NULL                    */
    const double *const *target_columns;
} nn_data;

/** How an epoch ended, for the callback. */
typedef struct nn_epoch {
    size_t            epoch, epochs;                   /* from 1; of so many                                        */
    double            error, validation_error;         /* means over rows, without penalties: the first as it was met
                                                          in the epoch; the second after it, NaN where there is none */
    double            rate, rows_per_second;
    const nn_network *net;
} nn_epoch;

/** Options; zero members are defaults. */
typedef struct nn_train_options {
    nn_error             *error;                       /* NULL: nn_half_squared_error                               */
    nn_optimiser_options  optimiser;
    nn_schedule           schedule;                    /* of its rate, by epoch                                     */
    size_t                epochs;                      /* 0: 100                                                    */
    size_t                batch;                       /* rows a step; 0: all                                       */
    uint64_t              seed;                        /* of split and shuffling                                    */
    int                   in_order;                    /* rows are not shuffled                                     */
    double                l1, l2;                      /* penalties l1 sum |w| + l2 sum w^2 / 2 on weights, not on biases,
                                                          added to the mean error of a batch                        */
    double                clip_norm, clip_value;       /* of a batch's gradient; 0: none. The norm first            */
    double                validation;                  /* the part of the rows, drawn by seed, held out of training */
    const nn_data        *validation_data;             /* or rows of their own                                      */
    size_t                patience;                    /* stop after so many epochs without a gain; 0: never        */
    double                least_gain;                  /* what counts as a gain in the validation error, or without
                                                          validation in the error                                   */
    double                goal;                        /* stop when the error is at or below; 0: never              */
    int                 (*each_epoch)(const nn_epoch *epoch, void *user);   /* anything but 0 stops                 */
    void                 *user;
    const volatile sig_atomic_t *interrupted;          /* anything but 0, set by a signal handler perhaps, stops after
                                                          the batch at hand                                         */
    FILE                 *progress;                    /* a bar is drawn there if it is a terminal                  */
    const char           *checkpoint;                  /* a file, replaced after every `checkpoint_every` epochs (0: 1)
                                                          and at the end                                            */
    size_t                checkpoint_every;
    int                   resume;                      /* go on from the checkpoint, where there is one, as if never
                                                          interrupted: the same bits                                */
} nn_train_options;

typedef enum nn_reason {
    NN_EPOCHS_DONE, NN_GOAL_REACHED, NN_NO_GAIN,       /* all epochs; the goal; patience at its end                 */
    NN_CONVERGED,                                      /* NN_LBFGS finds nothing lower                              */
    NN_STOPPED,                                        /* by the callback, or interrupted                           */
    NN_NOT_FINITE,                                     /* the error or its gradient is infinite or NaN              */
    NN_FAILED                                          /* for the reason that fault has                             */
} nn_reason;

/** What came of it. error and validation_error are those of the network as it is now; NaN where there is none. */
typedef struct nn_result {
    nn_fault  fault;                                   /* status AD_OK when all went well                           */
    nn_reason reason;
    size_t    epochs, steps, best_epoch;               /* done, a resumed training's included; of the least monitored error */
    double    error, validation_error;
    double    seconds, rows_per_second;                /* of training, without validation                           */
} nn_result;

/** Trains. Afterwards the network has the parameters of the least validation error, where there is validation, else the last
 *  ones. NN_LBFGS takes all rows at once, an iteration an epoch, and clips nothing.
 *
 *  An error that is not finite stops training: the message names epoch, row, line and the operation that made the first
 *  non-finite number, and the network is put back to its best, or else to the beginning of that epoch.
 *  AD_ERROR_ARGUMENT (also for an error that is not finite), AD_ERROR_DATA (columns missing, too many or too few; no rows),
 *  AD_ERROR_IO (the checkpoint), AD_ERROR_NO_MEMORY; nothing has changed unless training had begun. */
AD_API nn_result nn_train(nn_network *net, nn_data data, nn_train_options options);

/** The error of one row as a recorded function: params the network's flat array, columns the inputs x1, x2, ... and the targets
 *  t1, t2, .... All that functions do is there: gradients over rows, Hessians, emitted C. NULL on error. */
AD_API ad_function *nn_error_function(const nn_network *net, nn_error *error, size_t targets, nn_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
