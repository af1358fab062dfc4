/* network.h -- neuron, layer, network: sub-graphs of a tape, and the object that remembers shape and values.
 *
 *     ad_var h[2];
 *     nn_layer(2, 2, w, x, NULL, ad_sigmoid, h);           h = sigmoid(w x), two neurons of two inputs, no biases
 *     ad_var y = nn_neuron(2, v, h, &b, ad_sigmoid);       y = sigmoid(v . h + b)
 *
 * What comes out are ordinary variables: name them, look at them, differentiate by them. An nn_network keeps what these
 * need for layer upon layer (the multilayer perceptron, "mlp"): sizes, activations, and all parameters as one flat array
 * with a name for each. It records nothing by itself: nn_mlp puts it on a tape, nn_network_function makes it a recorded
 * function. How it learns is in train.h.
 *
 * The flat array goes layer by layer: the weights, a row a neuron, then the biases. Names count from 1:
 *
 *     layer1.neuron1.w1  layer1.neuron1.w2  layer1.neuron2.w1  ...  layer1.neuron1.b  layer1.neuron2.b  ...  layer2.neuron1.w1
 */
#ifndef NN_NETWORK_H
#define NN_NETWORK_H

#include <autodiff/autodiff.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What went wrong: what, where, how to mend it. Functions that fail fill the one they are handed; NULL is legal. */
typedef struct nn_fault {
    ad_status status;
    char      message[508];
} nn_fault;

/* ---- Neuron and layer --------------------------------------------------------------------------------------------------- */

/** Any operation of one operand: ad_sigmoid, ad_tanh, ad_relu, ... or a function of your own
 *  (`ad_var leaky(ad_var x) { return ad_leaky_relu(x, 0.01); }`). NULL leaves the sum as it is. */
typedef ad_var nn_activation(ad_var x);

/** activation(w[0] x[0] + ... + w[n-1] x[n-1] + bias).  w [n], x [n]; bias NULL for none. Each product and each sum is an
 *  operation of its own, in that order. n = 0 gives activation(bias). Errors: those of the operations. */
AD_API ad_var nn_neuron(size_t n, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation);

/** m neurons of the same n inputs.  w [m][n], a row a neuron; x [n]; bias [m] or NULL; y [m], not overlapping x. */
AD_API void nn_layer(size_t n, size_t m, const ad_var *w, const ad_var *x, const ad_var *bias, nn_activation *activation,
                     ad_var *y);

/** The unary row of the rule book (autodiff/ops.def) of that name, as an activation: "tanh" gives ad_tanh. NULL when there is
 *  none, or no name. */
AD_API nn_activation *nn_activation_named(const char *name);
/** The row that an activation is, by what it records: "tanh" for ad_tanh. NULL for one that is no row, for NULL, and when
 *  there is no memory for a look. */
AD_API const char    *nn_activation_name(nn_activation *activation);

/* ---- Networks ----------------------------------------------------------------------------------------------------------- */

typedef struct nn_network nn_network;

/** How weights begin; biases begin at 0. n inputs and m neurons of a layer, s the scale (0 means 1).
 *
 *  NN_XAVIER_UNIFORM  uniform within +-s sqrt(6 / (n + m))      X. Glorot and Y. Bengio, AISTATS 2010
 *  NN_XAVIER_NORMAL   normal, standard deviation s sqrt(2 / (n + m))
 *  NN_HE_UNIFORM      uniform within +-s sqrt(6 / n)            K. He and others, ICCV 2015
 *  NN_HE_NORMAL       normal, standard deviation s sqrt(2 / n)
 *  NN_UNIFORM         uniform within +-s
 *  NN_NORMAL          normal, standard deviation s
 *
 *  The same seed gives the same bits on every platform of IEEE 754 doubles: the generator is xoshiro256**, and normal
 *  numbers are drawn exactly by comparing uniform ones, with no function of libm but sqrt, which IEEE rounds. */
typedef enum nn_initialiser {
    NN_INITIALISER_DEFAULT,                /* of a layer: the network's; of the network: NN_XAVIER_UNIFORM */
    NN_XAVIER_UNIFORM, NN_XAVIER_NORMAL, NN_HE_UNIFORM, NN_HE_NORMAL, NN_UNIFORM, NN_NORMAL
} nn_initialiser;

/** One layer. Zero members are defaults. */
typedef struct nn_layer_options {
    size_t         neurons;
    nn_activation *activation;             /* ad_tanh, ...; NULL: activation_name, and without that none       */
    const char    *activation_name;        /* a unary row of the rule book: "tanh"                             */
    int            no_bias;
    nn_initialiser initialiser;
    double         scale;                  /* of the initialiser; 0: the network's                             */
} nn_layer_options;

/** The layers of nn_network_options: NN_LAYERS({.neurons = 16, .activation = ad_tanh}, {.neurons = 1}). Where there are no
 *  compound literals, an array that ends with a layer of 0 neurons. */
#define NN_LAYERS(...) ((const nn_layer_options[]){__VA_ARGS__, {.neurons = 0}})

/** A network. Zero members are defaults, but inputs and layers. */
typedef struct nn_network_options {
    size_t                  inputs;
    const nn_layer_options *layers;        /* in order, to a layer of 0 neurons                                */
    int                     no_bias;       /* in any layer                                                     */
    nn_initialiser          initialiser;
    double                  scale;         /* of the initialiser; 0 means 1                                    */
    uint64_t                seed;          /* of the initialiser; 0 is a seed like any other                   */
    const double           *values;        /* [nn_network_size] given parameters instead, in the flat order    */
    ad_allocator            allocator;     /* must outlive the network                                         */
    nn_fault               *fault;         /* told why there is no network                                     */
} nn_network_options;

/** A network of its own; what is passed in is borrowed until the call returns. NULL on error: AD_ERROR_ARGUMENT (no inputs,
 *  no layers, a name that is no unary row), AD_ERROR_LIMIT (more parameters than a tape holds nodes), AD_ERROR_NO_MEMORY.
 *  Free it with nn_network_free. One thread at a time may change it; any number may read. */
AD_API nn_network *nn_network_new(nn_network_options options);
AD_API void        nn_network_free(nn_network *net);

/** Its shape; layers count from 0 here. Activations are NULL where the layer has none. */
AD_API size_t         nn_network_inputs(const nn_network *net);
AD_API size_t         nn_network_outputs(const nn_network *net);
AD_API size_t         nn_network_layers(const nn_network *net);
AD_API size_t         nn_network_neurons(const nn_network *net, size_t layer);
AD_API int            nn_network_has_bias(const nn_network *net, size_t layer);
AD_API nn_activation *nn_network_activation(const nn_network *net, size_t layer);

/** How many parameters, and their values, to read and to write: [nn_network_size], alive as long as the network. */
AD_API size_t      nn_network_size(const nn_network *net);
AD_API double     *nn_network_values(nn_network *net);
/** One of them to read; NaN out of range. */
AD_API double      nn_network_value(const nn_network *net, size_t i);
/** The name of parameter i, "layer2.neuron3.w1" or "layer2.neuron3.b"; NULL when out of range. */
AD_API const char *nn_network_name(const nn_network *net, size_t i);
/** The place of a parameter of that name; SIZE_MAX when there is none. */
AD_API size_t      nn_network_find(const nn_network *net, const char *name);

/* ---- On a tape, and off it ---------------------------------------------------------------------------------------------- */

/** Makes the parameters params of the tape, with their names and values.  p [nn_network_size]. Errors: those of ad_param. */
AD_API void      nn_network_params(const nn_network *net, ad_tape *tape, ad_var *p);
/** The network as a sub-graph.  p [nn_network_size] as nn_network_params gave them, or NULL for the present values as plain
 *  numbers; x [inputs]; y [outputs]. Sums and outputs of neurons that are on a tape get names: layer1.neuron2.e,
 *  layer1.neuron2.y. With plain numbers for x and NULL for p it computes the outputs and records nothing.
 *  AD_ERROR_NO_MEMORY: y are plain NaN. */
AD_API ad_status nn_mlp(const nn_network *net, const ad_var *p, const ad_var *x, ad_var *y);

/** The network as a recorded function: params the flat array, columns x1, x2, ..., an output a neuron of the last layer.
 *  It knows nothing of the network any more: values are handed in. NULL on error. Free it with ad_function_free. */
AD_API ad_function *nn_network_function(const nn_network *net, nn_fault *fault);
/** The outputs over rows, with the present values.  columns [inputs] arrays [rows]; outputs [outputs] arrays [rows].
 *  Records anew at each call; hold on to nn_network_function where that matters. */
AD_API ad_status    nn_predict(const nn_network *net, size_t rows, const double *const *columns, double *const *outputs);

#ifdef __cplusplus
}
#endif
#endif
