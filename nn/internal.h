/* internal.h -- a network as the files of this folder see it, and how they say what went wrong. Not installed. */
#ifndef NN_INTERNAL_H
#define NN_INTERNAL_H

#include "nn.h"

#include "autodiff/tape/memory.h"

#include <stdarg.h>
#include <string.h>

typedef struct nn_shape {
    size_t         inputs, neurons, weights, biases;   /* weights, biases: places of the first in the flat array */
    int            has_bias;
    nn_activation *activation;
} nn_shape;

struct nn_network {
    ad_allocator allocator;
    size_t       inputs, layers, size, widest;         /* parameters; neurons of the widest layer */
    nn_shape    *layer;                                /* [layers] */
    double      *value;                                /* [size] */
    char        *text;                                 /* [text_size] names, one after another */
    size_t       text_size;
    size_t      *name;                                 /* [size] their places in text */
};

/* Zeroed memory for n things, with a byte to spare, so that none of them is not NULL; and its return. */
static inline void *nn_make(const ad_allocator *a, size_t n, size_t size)
{
    void *block = n <= (SIZE_MAX - 1) / size ? ad_resize(a, NULL, 0, n * size + 1) : NULL;
    if (block)
        memset(block, 0, n * size + 1);
    return block;
}

static inline void nn_drop(const ad_allocator *a, void *block, size_t n, size_t size)
{
    if (block)
        ad_resize(a, block, n * size + 1, 0);
}

/* Tells a fault, if there is one to tell it to; returns the status. */
ad_status nn_tell(nn_fault *fault, ad_status status, const char *format, ...)
#if defined __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;
ad_status nn_tell_memory(nn_fault *fault, const char *who);

/* initialisers.c: draws all weights by the options that the network was made with. */
void nn_initialise(nn_network *net, const nn_network_options *options);

#endif
