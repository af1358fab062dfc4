/* checkpoint.c -- what a training needs to go on as if never interrupted: a network's file with a state behind it. */
#include "file.h"
#include "trainer.h"

#include <math.h>

/* The state: what the training is, which must be the same; where it is; the present parameters; the optimiser. The file's own
 * parameters are the best ones, or without validation the present ones. */
enum { ROWS, HELD, BATCH, SEED_HIGH, SEED_LOW, METHOD, SAME, EPOCHS = SAME, STEPS, BEST_EPOCH, WAITING, LEAST, HAS_BEST, HEAD };

static void describe(const nn_trainer *T, double *head)
{
    const nn_train_options *o = T->options;
    head[ROWS]      = (double)T->train.rows;
    head[HELD]      = (double)T->held.rows;
    head[BATCH]     = (double)T->batch;
    head[SEED_HIGH] = (double)(o->seed >> 32);
    head[SEED_LOW]  = (double)(o->seed & UINT32_MAX);
    head[METHOD]    = (double)o->optimiser.method;
}

static size_t state_size(const nn_trainer *T) { return HEAD + T->net->size + nn_optimiser_state_size(T->optimiser); }

ad_status nn_checkpoint_write(const nn_trainer *T)
{
    const ad_allocator *a = &T->net->allocator;
    nn_state state = {.n = state_size(T)};
    double *s = state.numbers = nn_make(a, state.n, sizeof *s);
    if (!s)
        return nn_tell_memory(&T->result->fault, "nn_train");
    describe(T, s);
    s[EPOCHS]     = (double)T->result->epochs;
    s[STEPS]      = (double)T->result->steps;
    s[BEST_EPOCH] = (double)T->result->best_epoch;
    s[WAITING]    = (double)T->waiting;
    s[LEAST]      = T->least;
    s[HAS_BEST]   = T->has_best;
    memcpy(s + HEAD, T->net->value, T->net->size * sizeof *s);
    nn_optimiser_get_state(T->optimiser, s + HEAD + T->net->size);
    ad_status status = nn_file_write(T->net, T->has_best ? T->best : T->net->value, &state, T->options->checkpoint, &T->result->fault);
    nn_state_free(&state, a);
    return status;
}

static ad_status take(nn_trainer *T, const nn_state *state, const double *values)
{
    nn_fault *fault = &T->result->fault;
    const char *path = T->options->checkpoint;
    const double *s = state->numbers;
    double same[SAME];
    if (state->n != state_size(T))
        return nn_tell(fault, AD_ERROR_DATA, "nn_train: %.100s is no checkpoint of such a training: %zu numbers of state, not %zu", path,
                       state->n, state_size(T));
    describe(T, same);
    if (memcmp(same, s, sizeof same))
        return nn_tell(fault, AD_ERROR_DATA, "nn_train: %.100s is the checkpoint of another training: rows, batch, seed and method "
                       "must be the same", path);
    for (int i = EPOCHS; i < LEAST; i++)
        if (!(s[i] >= 0 && s[i] < 0x1p53))
            return nn_tell(fault, AD_ERROR_DATA, "nn_train: %.100s: %g is no number of epochs or steps", path, s[i]);
    if (nn_optimiser_set_state(T->optimiser, state->n - HEAD - T->net->size, s + HEAD + T->net->size) != AD_OK)
        return nn_tell(fault, AD_ERROR_DATA, "nn_train: %.100s: the state of the optimiser is none", path);
    T->result->epochs     = (size_t)s[EPOCHS];
    T->result->steps      = (size_t)s[STEPS];
    T->result->best_epoch = (size_t)s[BEST_EPOCH];
    T->waiting            = (size_t)s[WAITING];
    T->least              = s[LEAST];
    T->has_best           = s[HAS_BEST] != 0;
    memcpy(T->best, values, T->net->size * sizeof *T->best);
    memcpy(T->net->value, s + HEAD, T->net->size * sizeof *T->best);
    return AD_OK;
}

ad_status nn_checkpoint_resume(nn_trainer *T)
{
    const ad_allocator *a = &T->net->allocator;
    FILE *file = fopen(T->options->checkpoint, "rb");
    if (!file)                                     /* the first time */
        return AD_OK;
    fclose(file);
    nn_state state = {0};
    double *values = nn_make(a, T->net->size, sizeof *values);
    ad_status status = values ? nn_file_read(T->net, T->options->checkpoint, values, &state, &T->result->fault)
                              : nn_tell_memory(&T->result->fault, "nn_train");
    if (status == AD_OK)
        status = take(T, &state, values);
    nn_state_free(&state, a);
    nn_drop(a, values, T->net->size, sizeof *values);
    return status;
}
