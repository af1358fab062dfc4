/* train.c -- the loop: epochs, batches, validation, and when to stop. */
#include "optimiser_inside.h"
#include "trainer.h"

#include <math.h>

/* ---- The error of a row ------------------------------------------------------------------------------------------------- */

ad_var nn_record_error(const nn_network *net, nn_error *error, size_t targets, ad_tape *tape, nn_fault *fault)
{
    size_t outputs = nn_network_outputs(net), n = net->size + net->inputs + targets + outputs;
    ad_var *p = nn_make(&net->allocator, n, sizeof *p), *x = p + net->size, *t = x + net->inputs, *y = t + targets, E = ad_const(NAN);
    if (!p) {
        nn_tell_memory(fault, "nn_error_function");
        return E;
    }
    nn_network_params(net, tape, p);
    for (size_t i = 0; i < net->inputs + targets; i++) {
        char name[32];
        int is_target = i >= net->inputs;
        snprintf(name, sizeof name, "%c%zu", is_target ? 't' : 'x', i + 1 - (is_target ? net->inputs : 0));
        x[i] = ad_column(tape, name);
    }
    if (nn_mlp(net, p, x, y) != AD_OK)
        nn_tell_memory(fault, "nn_error_function");
    else if (E = (error ? error : nn_half_squared_error)(outputs, y, targets, t), ad_tape_error(tape) != AD_OK)
        nn_tell(fault, ad_tape_error(tape), "%s", ad_tape_error_message(tape));
    else if (!E.link)
        nn_tell(fault, AD_ERROR_DATA, "nn_train: the error does not take %zu targets for %zu outputs", targets, outputs);
    nn_drop(&net->allocator, p, n, sizeof *p);
    return ad_tape_error(tape) == AD_OK ? E : ad_const(NAN);
}

ad_function *nn_error_function(const nn_network *net, nn_error *error, size_t targets, nn_fault *fault)
{
    if (fault)
        *fault = (nn_fault){.status = AD_OK};
    if (!net) {
        nn_tell(fault, AD_ERROR_ARGUMENT, "nn_error_function: no network");
        return NULL;
    }
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = net->allocator});
    ad_var E = tape ? nn_record_error(net, error, targets, tape, fault) : ad_const(NAN);
    ad_function *f = E.link ? ad_function_new(tape, 1, &E) : NULL;
    if (!tape)
        nn_tell_memory(fault, "nn_error_function");
    else if (E.link && !f)
        nn_tell(fault, ad_tape_error(tape), "%s", ad_tape_error_message(tape));
    ad_tape_free(tape);
    return f;
}

/* ---- Gradients ---------------------------------------------------------------------------------------------------------- */

/* From the sum over rows to the mean, with the penalties on weights; returns whether all are finite. */
static int finish_gradient(const nn_trainer *T, const double *p, double *g, size_t rows)
{
    const nn_network *net = T->net;
    const double scale = 1 / (double)rows, l1 = T->options->l1, l2 = T->options->l2;
    double check = 0;
    for (size_t i = 0; i < net->size; i++) {
        g[i] *= scale;
        check += g[i] * 0;
    }
    for (size_t l = 0; (l1 != 0 || l2 != 0) && l < net->layers; l++)
        for (size_t i = net->layer[l].weights; i < net->layer[l].biases; i++)
            g[i] += l2 * p[i] + l1 * (double)((p[i] > 0) - (p[i] < 0));
    return check == 0;
}

static double penalty(const nn_trainer *T, const double *p)
{
    const nn_network *net = T->net;
    double sum = 0;
    for (size_t l = 0; l < net->layers; l++)
        for (size_t i = net->layer[l].weights; i < net->layer[l].biases; i++)
            sum += T->options->l1 * fabs(p[i]) + 0.5 * T->options->l2 * p[i] * p[i];
    return sum;
}

/* All rows at once, as L-BFGS wants it. */
static ad_status objective(void *user, const double *p, double *value, double *g)
{
    nn_trainer *T = user;
    ad_status status = ad_function_sum_gradient(T->loss, p, T->train.column, T->train.rows, value, g);
    finish_gradient(T, p, g, T->train.rows);
    *value = *value / (double)T->train.rows + penalty(T, p);
    T->rows_done += T->train.rows;
    return status;
}

/* ---- An epoch ----------------------------------------------------------------------------------------------------------- */

static int asked_to_stop(const nn_trainer *T) { return T->options->interrupted && *T->options->interrupted; }

static ad_status failed(nn_trainer *T, nn_reason reason, ad_status status)
{
    T->result->reason = reason;
    return status;
}

static int whole(const nn_trainer *T) { return T->batch == T->train.rows; }

/* One batch; the goal may be found met before its step when the batch is all rows. */
static ad_status step(nn_trainer *T, size_t epoch, size_t from, int *met)
{
    const nn_train_options *o = T->options;
    double value, *p = T->net->value, *g = T->gradient;
    size_t rows = T->train.rows - from < T->batch ? T->train.rows - from : T->batch;
    ad_status status = ad_function_sum_gradient(T->loss, p, nn_rows_from(&T->train, from), rows, &value, g);
    if (status != AD_OK)
        return failed(T, NN_FAILED, nn_tell_memory(&T->result->fault, "nn_train"));
    if (!(finish_gradient(T, p, g, rows) && isfinite(value)))
        return failed(T, NN_NOT_FINITE, nn_tell_nonfinite(T, epoch, from, rows));
    T->sum += value;
    *met = whole(T) && o->goal > 0 && value / (double)rows <= o->goal;
    if (*met)
        return AD_OK;
    if (o->clip_norm > 0)
        nn_clip_norm(T->net->size, g, o->clip_norm);
    if (o->clip_value > 0)
        nn_clip_value(T->net->size, g, o->clip_value);
    T->rows_done += rows;
    T->result->steps++;
    return nn_optimiser_step(T->optimiser, p, g);
}

static double speed(const nn_trainer *T, double since)
{
    double seconds = T->result->seconds + nn_seconds() - since;
    return seconds > 0 ? (double)T->rows_done / seconds : 0;
}

/* *end is set when training is over, for the reason then in the result. */
static ad_status descend(nn_trainer *T, size_t epoch, double since, int *end)
{
    const nn_train_options *o = T->options;
    nn_schedule schedule = o->schedule;
    if (!schedule.length)
        schedule.length = T->epochs;
    nn_optimiser_set_rate(T->optimiser, T->rate * nn_schedule_at(&schedule, epoch));
    if (!o->in_order && !whole(T)) {
        nn_rows_shuffle(&T->train, o->seed, epoch, T->base);
        nn_rows_gather(&T->train, &T->source);
    }
    T->sum = 0;
    for (size_t from = 0; from < T->train.rows; from += T->batch) {
        ad_status status = step(T, epoch, from, end);
        if (status != AD_OK)
            return status;
        size_t done = from + T->batch < T->train.rows ? from + T->batch : T->train.rows;
        T->error = T->sum / (double)done;
        if (*end) {
            T->result->reason = NN_GOAL_REACHED;
            return AD_OK;
        }
        if (asked_to_stop(T) && done < T->train.rows) {
            *end = 1;
            T->result->reason = NN_STOPPED;
            return AD_OK;
        }
        if (T->bar.stream)
            nn_progress_draw(&T->bar, epoch, done, T->error, T->validation_error, speed(T, since), 0);
    }
    T->result->epochs = epoch + 1;
    return AD_OK;
}

static ad_status iterate(nn_trainer *T, size_t epoch, int *end)
{
    double value;
    int moved;
    ad_status status = nn_optimiser_iterate(T->optimiser, T->net->value, objective, T, &value, &moved);
    if (status == AD_ERROR_ARGUMENT)
        return failed(T, NN_NOT_FINITE, nn_tell_nonfinite(T, epoch, 0, T->train.rows));
    if (status != AD_OK)
        return failed(T, NN_FAILED, nn_tell_memory(&T->result->fault, "nn_train"));
    T->error = value - penalty(T, T->net->value);
    *end = !moved;
    T->result->reason = NN_CONVERGED;
    T->result->epochs = epoch + (size_t)moved;
    T->result->steps += (size_t)moved;
    return AD_OK;
}

/* ---- After an epoch ----------------------------------------------------------------------------------------------------- */

static ad_status mean_error(const nn_trainer *T, const nn_rows *rows, double *error)
{
    *error = NAN;
    if (!rows->rows)
        return AD_OK;
    ad_status status = ad_function_sum(T->loss, T->net->value, rows->column, rows->rows, error);
    *error /= (double)rows->rows;
    return status;
}

/* Keeps what is best so far, and says whether to stop. */
static ad_status judge(nn_trainer *T, int *end)
{
    const nn_train_options *o = T->options;
    if (mean_error(T, &T->held, &T->validation_error) != AD_OK)
        return failed(T, NN_FAILED, nn_tell_memory(&T->result->fault, "nn_train"));
    double monitored = T->held.rows ? T->validation_error : T->error;
    int gain = monitored < T->least - o->least_gain || (T->least == INFINITY && monitored < INFINITY);
    T->waiting = gain ? 0 : T->waiting + 1;
    if (gain) {
        T->least = monitored;
        T->result->best_epoch = T->result->epochs;
        if (T->held.rows) {
            T->has_best = 1;
            memcpy(T->best, T->net->value, T->net->size * sizeof *T->best);
        }
    }
    nn_reason reason = o->goal > 0 && T->error <= o->goal ? NN_GOAL_REACHED
                     : o->patience && T->waiting >= o->patience ? NN_NO_GAIN : NN_EPOCHS_DONE;
    if (reason != NN_EPOCHS_DONE) {
        *end = 1;
        T->result->reason = reason;
    }
    return AD_OK;
}

static void report(nn_trainer *T, int *end)
{
    const nn_train_options *o = T->options;
    nn_epoch e = {.epoch = T->result->epochs, .epochs = T->epochs, .error = T->error, .validation_error = T->validation_error,
                  .rate = nn_optimiser_rate(T->optimiser), .rows_per_second = speed(T, nn_seconds()), .net = T->net};
    if (T->bar.stream)
        nn_progress_draw(&T->bar, T->result->epochs - 1, T->train.rows, e.error, e.validation_error, e.rows_per_second,
                         *end || T->result->epochs == T->epochs);
    if ((o->each_epoch && o->each_epoch(&e, o->user)) || asked_to_stop(T)) {
        if (!*end)
            T->result->reason = NN_STOPPED;
        *end = 1;
    }
}

static ad_status save(nn_trainer *T, int end)
{
    size_t every = T->options->checkpoint_every ? T->options->checkpoint_every : 1;
    if (!T->options->checkpoint || (!end && T->result->epochs % every))
        return AD_OK;
    ad_status status = nn_checkpoint_write(T);
    return status == AD_OK ? status : failed(T, NN_FAILED, status);
}

static ad_status loop(nn_trainer *T)
{
    int end = T->options->patience && T->waiting >= T->options->patience;     /* resumed at its end */
    T->result->reason = end ? NN_NO_GAIN : NN_EPOCHS_DONE;
    for (size_t epoch = T->result->epochs; epoch < T->epochs && !end; epoch++) {
        double since = nn_seconds();
        memcpy(T->begin, T->net->value, T->net->size * sizeof *T->begin);
        ad_status status = T->options->optimiser.method == NN_LBFGS ? iterate(T, epoch, &end) : descend(T, epoch, since, &end);
        T->result->seconds += nn_seconds() - since;
        int finished = T->result->epochs == epoch + 1;
        if (status == AD_OK && finished)
            status = judge(T, &end);
        if (status == AD_OK && finished) {
            report(T, &end);
            status = save(T, end || epoch + 1 == T->epochs);
        } else if (status == AD_OK && T->result->reason != NN_STOPPED)         /* at its end before a step */
            status = save(T, 1);
        if (status != AD_OK)
            return status;
    }
    return AD_OK;
}

/* ---- Life --------------------------------------------------------------------------------------------------------------- */

static ad_status check_options(const nn_train_options *o, nn_fault *fault)
{
    const double not_negative[] = {o->l1, o->l2, o->clip_norm, o->clip_value, o->least_gain, o->goal};
    static const char *const names[] = {"l1", "l2", "clip_norm", "clip_value", "least_gain", "goal"};
    for (int i = 0; i < 6; i++)
        if (!(not_negative[i] >= 0))
            return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: .%s is %g; it must not be negative", names[i], not_negative[i]);
    if (!(o->validation >= 0 && o->validation < 1))
        return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: .validation is %g; it is a part of the rows, from 0 to less than 1", o->validation);
    if (!nn_optimiser_fits(1, o->optimiser))
        return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: an option of the .optimiser is negative, NaN or otherwise out of range");
    if (o->resume && !o->checkpoint)
        return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: .resume needs a .checkpoint to go on from");
    return AD_OK;
}

static ad_status prepare_data(nn_trainer *T, const nn_data *data)
{
    const nn_train_options *o = T->options;
    nn_fault *fault = &T->result->fault;
    nn_rows unused = {.rows = 0};
    ad_status status = nn_source_open(&T->source, T->net, data, "the data", fault);
    if (o->validation_data && data->table && o->validation_data->table == data->table)   /* choosing anew would move the columns */
        status = nn_tell(fault, AD_ERROR_ARGUMENT, "nn_train: .validation_data are the same table as the data; .validation holds out a part of it");
    if (status == AD_OK && o->validation_data)
        status = nn_source_open(&T->held_source, T->net, o->validation_data, "the validation data", fault);
    if (status != AD_OK)
        return status;
    if (o->validation_data && T->held_source.targets != T->source.targets)
        return nn_tell(fault, AD_ERROR_DATA, "nn_train: the validation data have %zu target columns, the data %zu",
                       T->held_source.targets, T->source.targets);
    size_t held = o->validation_data ? 0 : (size_t)(o->validation * (double)T->source.rows + 0.5);
    if (held == T->source.rows)
        return nn_tell(fault, AD_ERROR_DATA, "nn_train: %zu rows are too few to hold out %g of them", T->source.rows, o->validation);
    int made = nn_rows_split(&T->train, &T->held, &T->source, held, o->seed);
    if (made && o->validation_data) {
        made = nn_rows_split(&T->held, &unused, &T->held_source, 0, o->seed);
        nn_rows_free(&unused);
    }
    T->base = made ? nn_make(&T->net->allocator, T->train.rows, sizeof *T->base) : NULL;
    if (!T->base)
        return nn_tell_memory(fault, "nn_train");
    memcpy(T->base, T->train.order, T->train.rows * sizeof *T->base);
    nn_rows_gather(&T->train, &T->source);
    if (T->held.rows)
        nn_rows_gather(&T->held, o->validation_data ? &T->held_source : &T->source);
    return AD_OK;
}

static ad_status prepare(nn_trainer *T, const nn_data *data, nn_optimiser_options with)
{
    const nn_train_options *o = T->options;
    nn_fault *fault = &T->result->fault;
    ad_status status = check_options(o, fault);
    if (status == AD_OK)
        status = prepare_data(T, data);
    if (status != AD_OK)
        return status;
    T->epochs = o->epochs ? o->epochs : 100;
    T->batch = o->batch && o->batch < T->train.rows && with.method != NN_LBFGS ? o->batch : T->train.rows;
    T->loss = nn_error_function(T->net, o->error, T->source.targets, fault);
    if (!T->loss)
        return fault->status;
    const ad_allocator *a = &T->net->allocator;
    size_t n = T->net->size;
    T->gradient = nn_make(a, n, sizeof *T->gradient);
    T->best = nn_make(a, n, sizeof *T->best);
    T->begin = nn_make(a, n, sizeof *T->begin);
    if (!T->gradient || !T->best || !T->begin)
        return nn_tell_memory(fault, "nn_train");
    with.allocator = *a;
    if (!(T->optimiser = nn_optimiser_new(n, with)))
        return nn_tell_memory(fault, "nn_train");
    T->rate = nn_optimiser_rate(T->optimiser);
    T->least = INFINITY;
    T->validation_error = NAN;
    return o->resume ? nn_checkpoint_resume(T) : AD_OK;
}

static void clean_up(nn_trainer *T)
{
    const ad_allocator *a = &T->net->allocator;
    size_t n = T->net->size;
    nn_optimiser_free(T->optimiser);
    ad_function_free(T->loss);
    nn_drop(a, T->gradient, n, sizeof *T->gradient);
    nn_drop(a, T->best, n, sizeof *T->best);
    nn_drop(a, T->begin, n, sizeof *T->begin);
    nn_drop(a, T->base, T->train.rows, sizeof *T->base);
    if (T->train.columns)
        nn_rows_free(&T->train);
    if (T->held.columns)
        nn_rows_free(&T->held);
    if (T->source.column)
        nn_source_close(&T->source);
    if (T->held_source.column)
        nn_source_close(&T->held_source);
}

/* The parameters that training leaves behind, and their errors. */
static void conclude(nn_trainer *T)
{
    nn_result *r = T->result;
    const double *keep = T->has_best ? T->best : r->reason == NN_NOT_FINITE ? T->begin : NULL;
    if (keep)
        memcpy(T->net->value, keep, T->net->size * sizeof *keep);
    r->rows_per_second = r->seconds > 0 ? (double)T->rows_done / r->seconds : 0;
    if (mean_error(T, &T->train, &r->error) != AD_OK || mean_error(T, &T->held, &r->validation_error) != AD_OK) {
        nn_tell_memory(&r->fault, "nn_train");
        r->reason = NN_FAILED;
    }
}

nn_result nn_train(nn_network *net, nn_data data, nn_train_options options)
{
    nn_result result = {.reason = NN_FAILED, .error = NAN, .validation_error = NAN};
    if (!net) {
        nn_tell(&result.fault, AD_ERROR_ARGUMENT, "nn_train: no network");
        return result;
    }
    nn_trainer T = {.net = net, .options = &options, .result = &result};
    if (prepare(&T, &data, options.optimiser) == AD_OK) {
        nn_progress_begin(&T.bar, options.progress, T.epochs, T.train.rows);
        loop(&T);
        conclude(&T);
        nn_progress_end(&T.bar);
    }
    clean_up(&T);
    return result;
}
