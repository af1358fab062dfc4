/* network.c -- neuron, layer, network: life, names, and the way onto a tape. */
#include "internal.h"

#include <math.h>
#include <stdio.h>

/* ---- Neuron and layer --------------------------------------------------------------------------------------------------- */

ad_var nn_neuron(size_t n, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation)
{
    ad_var e = n ? ad_mul(w[0], x[0]) : ad_const(0);
    for (size_t i = 1; i < n; i++)
        e = ad_add(e, ad_mul(w[i], x[i]));
    if (bias)
        e = n ? ad_add(e, *bias) : *bias;
    return activation ? activation(e) : e;
}

void nn_layer(size_t n, size_t m, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation,
              ad_var *y)
{
    for (size_t i = 0; i < m; i++)
        y[i] = nn_neuron(n, w + i * n, x, bias ? bias + i : NULL, activation);
}

/* ---- What went wrong ---------------------------------------------------------------------------------------------------- */

ad_status nn_tell(nn_fault *fault, ad_status status, const char *format, ...)
{
    if (fault) {
        va_list arguments;
        va_start(arguments, format);
        fault->status = status;
        vsnprintf(fault->message, sizeof fault->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

ad_status nn_tell_memory(nn_fault *fault, const char *who) { return nn_tell(fault, AD_ERROR_NO_MEMORY, "%s: out of memory", who); }

/* ---- Life --------------------------------------------------------------------------------------------------------------- */

/* Adds up; past what a tape can hold it stays there. */
static size_t held(size_t count, size_t n, size_t m)
{
    size_t most = AD_ID_MASK;
    return n && m > most / n ? most + 1 : n * m > most - (count < most ? count : most) ? most + 1 : count + n * m;
}

static ad_status check(const nn_network_options *o, size_t *layers, size_t *size)
{
    const char *who = "nn_network_new";
    size_t count = 0, inputs = o->inputs, l = 0;
    if (!o->inputs)
        return nn_tell(o->fault, AD_ERROR_ARGUMENT, "%s: no inputs; set .inputs", who);
    for (; o->layers && o->layers[l].neurons; l++) {
        const nn_layer_options *layer = &o->layers[l];
        if (!layer->activation && layer->activation_name && !nn_activation_named(layer->activation_name))
            return nn_tell(o->fault, AD_ERROR_ARGUMENT,
                           "%s: \"%.60s\", the activation of layer %zu, is no unary row of the rule book (autodiff/ops.def)", who,
                           layer->activation_name, l + 1);
        count = held(count, inputs, layer->neurons);
        count = held(count, 1, layer->neurons);
        if (count > AD_ID_MASK)
            return nn_tell(o->fault, AD_ERROR_LIMIT, "%s: more than %llu parameters by layer %zu", who,
                           (unsigned long long)AD_ID_MASK, l + 1);
        inputs = layer->neurons;
    }
    if (!l)
        return nn_tell(o->fault, AD_ERROR_ARGUMENT, "%s: no layers; set .layers = NN_LAYERS({.neurons = 1})", who);
    *layers = l;
    *size = count;
    return AD_OK;
}

/* Sizes and places; fewer parameters than counted where there are no biases. */
static void lay_out(nn_network *net, const nn_network_options *o)
{
    size_t inputs = net->inputs = o->inputs, place = 0;
    for (size_t l = 0; l < net->layers; l++) {
        const nn_layer_options *layer = &o->layers[l];
        nn_shape *s = &net->layer[l];
        *s = (nn_shape){.inputs = inputs, .neurons = layer->neurons, .weights = place,
                        .biases = place + inputs * layer->neurons, .has_bias = !layer->no_bias && !o->no_bias,
                        .activation = layer->activation ? layer->activation : nn_activation_named(layer->activation_name)};
        place = s->biases + (s->has_bias ? s->neurons : 0);
        inputs = s->neurons;
        net->widest = inputs > net->widest ? inputs : net->widest;
    }
    net->size = place;
}

/* Of parameter i, or of its neuron with a letter for what of it. */
static int write_name(const nn_network *net, size_t i, char *to, size_t size)
{
    size_t l = 0;
    while (l + 1 < net->layers && i >= net->layer[l + 1].weights)
        l++;
    const nn_shape *s = &net->layer[l];
    if (i >= s->biases)
        return snprintf(to, size, "layer%zu.neuron%zu.b", l + 1, i - s->biases + 1);
    i -= s->weights;
    return snprintf(to, size, "layer%zu.neuron%zu.w%zu", l + 1, i / s->inputs + 1, i % s->inputs + 1);
}

static int name_all(nn_network *net)
{
    size_t size = 0;
    for (size_t i = 0; i < net->size; i++)
        size += (size_t)write_name(net, i, NULL, 0) + 1;
    net->text_size = size;
    net->text = nn_make(&net->allocator, size, 1);
    net->name = nn_make(&net->allocator, net->size, sizeof *net->name);
    if (!net->text || !net->name)
        return 0;
    for (size_t i = 0, at = 0; i < net->size; i++) {
        net->name[i] = at;
        at += (size_t)write_name(net, i, net->text + at, size - at) + 1;
    }
    return 1;
}

nn_network *nn_network_new(nn_network_options options)
{
    size_t layers = 0, counted = 0;
    if (options.fault)
        *options.fault = (nn_fault){.status = AD_OK};
    if (check(&options, &layers, &counted) != AD_OK)
        return NULL;
    ad_allocator a = ad_allocator_complete(options.allocator);
    nn_network *net = nn_make(&a, 1, sizeof *net);
    if (net) {
        net->allocator = a;
        net->layers = layers;
        net->layer = nn_make(&a, layers, sizeof *net->layer);
        if (net->layer)
            lay_out(net, &options);
        net->value = net->layer ? nn_make(&a, net->size, sizeof *net->value) : NULL;
    }
    if (!net || !net->value || !name_all(net)) {
        nn_network_free(net);
        nn_tell_memory(options.fault, "nn_network_new");
        return NULL;
    }
    if (options.values)
        memcpy(net->value, options.values, net->size * sizeof *net->value);
    else
        nn_initialise(net, &options);
    return net;
}

void nn_network_free(nn_network *net)
{
    if (!net)
        return;
    ad_allocator a = net->allocator;
    nn_drop(&a, net->name, net->size, sizeof *net->name);
    nn_drop(&a, net->text, net->text_size, 1);
    nn_drop(&a, net->value, net->size, sizeof *net->value);
    nn_drop(&a, net->layer, net->layers, sizeof *net->layer);
    nn_drop(&a, net, 1, sizeof *net);
}

/* ---- Shape and values --------------------------------------------------------------------------------------------------- */

size_t nn_network_inputs(const nn_network *net) { return net ? net->inputs : 0; }
size_t nn_network_layers(const nn_network *net) { return net ? net->layers : 0; }
size_t nn_network_outputs(const nn_network *net) { return net ? net->layer[net->layers - 1].neurons : 0; }

size_t nn_network_neurons(const nn_network *net, size_t layer)
{
    return net && layer < net->layers ? net->layer[layer].neurons : 0;
}

int nn_network_has_bias(const nn_network *net, size_t layer)
{
    return net && layer < net->layers && net->layer[layer].has_bias;
}

nn_activation *nn_network_activation(const nn_network *net, size_t layer)
{
    return net && layer < net->layers ? net->layer[layer].activation : NULL;
}

size_t  nn_network_size(const nn_network *net) { return net ? net->size : 0; }
double *nn_network_values(nn_network *net) { return net ? net->value : NULL; }
double  nn_network_value(const nn_network *net, size_t i) { return net && i < net->size ? net->value[i] : NAN; }

const char *nn_network_name(const nn_network *net, size_t i)
{
    return net && i < net->size ? net->text + net->name[i] : NULL;
}

size_t nn_network_find(const nn_network *net, const char *name)
{
    for (size_t i = 0; net && name && i < net->size; i++)
        if (!strcmp(net->text + net->name[i], name))
            return i;
    return SIZE_MAX;
}

/* ---- On a tape ---------------------------------------------------------------------------------------------------------- */

void nn_network_params(const nn_network *net, ad_tape *tape, ad_var *p)
{
    for (size_t i = 0; net && i < net->size; i++)
        p[i] = ad_param(tape, net->text + net->name[i], net->value[i]);
}

static ad_var named(ad_var v, size_t layer, size_t neuron, char what)
{
    char name[64];
    if (v.link) {
        snprintf(name, sizeof name, "layer%zu.neuron%zu.%c", layer, neuron, what);
        ad_name(v, name);
    }
    return v;
}

/* The values as plain numbers, a neuron at a time, in w [inputs + 1]. */
static void plain(const nn_network *net, const nn_shape *s, size_t neuron, ad_var *w)
{
    for (size_t k = 0; k < s->inputs; k++)
        w[k] = ad_const(net->value[s->weights + neuron * s->inputs + k]);
    if (s->has_bias)
        w[s->inputs] = ad_const(net->value[s->biases + neuron]);
}

static void apply_layer(const nn_network *net, size_t l, const ad_var *p, const ad_var *x, ad_var *y, ad_var *scratch)
{
    const nn_shape *s = &net->layer[l];
    for (size_t i = 0; i < s->neurons; i++) {
        const ad_var *w = p ? p + s->weights + i * s->inputs : scratch, *b = p ? p + s->biases + i : scratch + s->inputs;
        if (!p)
            plain(net, s, i, scratch);
        y[i] = named(nn_neuron(s->inputs, w, x, s->has_bias ? b : NULL, NULL), l + 1, i + 1, s->activation ? 'e' : 'y');
        if (s->activation)
            y[i] = named(s->activation(y[i]), l + 1, i + 1, 'y');
    }
}

ad_status nn_mlp(const nn_network *net, const ad_var *p, const ad_var *x, ad_var *y)
{
    if (!net || !x || !y)
        return AD_ERROR_ARGUMENT;
    size_t wide = net->widest > net->inputs ? net->widest : net->inputs, n = 3 * wide + 1;
    ad_var *h = nn_make(&net->allocator, n, sizeof *h);
    if (!h) {
        for (size_t i = 0; i < nn_network_outputs(net); i++)
            y[i] = ad_const(NAN);
        return AD_ERROR_NO_MEMORY;
    }
    memcpy(h, x, net->inputs * sizeof *h);
    for (size_t l = 0; l < net->layers; l++)
        apply_layer(net, l, p, h + (l % 2) * wide, h + !(l % 2) * wide, h + 2 * wide);
    memcpy(y, h + (net->layers % 2) * wide, nn_network_outputs(net) * sizeof *y);
    nn_drop(&net->allocator, h, n, sizeof *h);
    return AD_OK;
}

/* ---- Off the tape ------------------------------------------------------------------------------------------------------- */

static ad_function *record(const nn_network *net, ad_tape *tape, nn_fault *fault)
{
    size_t n = net->size + net->inputs + nn_network_outputs(net);
    ad_var *p = nn_make(&net->allocator, n, sizeof *p), *x = p + net->size, *y = x + net->inputs;
    ad_function *f = NULL;
    if (p) {
        nn_network_params(net, tape, p);
        for (size_t i = 0; i < net->inputs; i++) {
            char name[32];
            snprintf(name, sizeof name, "x%zu", i + 1);
            x[i] = ad_column(tape, name);
        }
        f = nn_mlp(net, p, x, y) == AD_OK ? ad_function_new(tape, nn_network_outputs(net), y) : NULL;
    }
    if (!f && ad_tape_error(tape) != AD_OK)
        nn_tell(fault, ad_tape_error(tape), "%s", ad_tape_error_message(tape));
    else if (!f)
        nn_tell_memory(fault, "nn_network_function");
    nn_drop(&net->allocator, p, n, sizeof *p);
    return f;
}

ad_function *nn_network_function(const nn_network *net, nn_fault *fault)
{
    if (fault)
        *fault = (nn_fault){.status = AD_OK};
    if (!net) {
        nn_tell(fault, AD_ERROR_ARGUMENT, "nn_network_function: no network");
        return NULL;
    }
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = net->allocator});
    ad_function *f = tape ? record(net, tape, fault) : NULL;
    if (!tape)
        nn_tell_memory(fault, "nn_network_function");
    ad_tape_free(tape);
    return f;
}

ad_status nn_predict(const nn_network *net, size_t rows, const double *const *columns, double *const *outputs)
{
    nn_fault fault;
    ad_function *f = nn_network_function(net, &fault);
    if (!f)
        return fault.status;
    ad_status status = ad_function_rows(f, net->value, columns, rows, outputs);
    ad_function_free(f);
    return status;
}
