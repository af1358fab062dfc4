/* classes.h -- what the demos of two classes share: an interrupt that ends training and keeps the best, and the way they train. */
#ifndef DEMOS_CLASSES_H
#define DEMOS_CLASSES_H

#include "plot.h"

#include <signal.h>

static volatile sig_atomic_t classes_interrupted;
static plot_history classes_history;

static inline void classes_interrupt(int signal_number) { classes_interrupted = signal_number; }

/* Numbers in (-1, 1) that are the same everywhere. */
static inline double classes_number(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / (1 << 23) - 1;
}

/* Rows whose logit has the right sign. */
static inline size_t classes_right(const nn_network *net, size_t n, const double *const *columns, const double *class)
{
    double *e = malloc(n * sizeof *e);
    size_t right = 0;
    if (e && nn_predict(net, n, columns, &e) == AD_OK)
        for (size_t r = 0; r < n; r++)
            right += (e[r] > 0) == (class[r] > 0.5);
    free(e);
    return right;
}

/* Trains in mini-batches, a fifth of the rows held out, with a bar on the terminal; control-C keeps the best so far. */
static inline nn_result classes_train(nn_network *net, nn_data data, size_t epochs, double rate)
{
    signal(SIGINT, classes_interrupt);
    return nn_train(net, data, (nn_train_options){
        .error       = nn_binary_cross_entropy,
        .optimiser   = {.method = NN_ADAM, .rate = rate},
        .schedule    = {.kind = NN_COSINE, .least = 0.01},
        .epochs      = epochs,
        .batch       = 32,
        .seed        = 1,
        .validation  = 0.2,
        .each_epoch  = plot_remember,
        .user        = &classes_history,
        .interrupted = &classes_interrupted,
        .progress    = stderr,
    });
}

#endif
