/* save.h -- networks in files, and back.
 *
 * The format is text, one thing a line, the same bytes for the same network whatever the locale:
 *
 *     chainrule network 1                     what it is, and the version of the format
 *     inputs 2
 *     layer 3 tanh bias                       neurons; a unary row of the rule book, "none" or "custom"; "bias" or "no_bias"
 *     layer 1 none bias
 *     parameters 13                           then so many, in the flat order:
 *     layer1.neuron1.w1 0.10000000000000001   name and value, %.17g: the same bits come back
 *     ...
 *     state 29                                in checkpoints alone: so many numbers, one a line, for nn_train to go on with
 *     ...
 *     checksum 1b2e0f6a                       CRC-32 (ISO 3309, as in zip and PNG) of every byte before this line, carriage
 *                                             returns apart; after editing by hand, "checksum none"
 *
 * A file that is damaged, cut short, of another shape or of another format is refused with the line and what is wrong with it,
 * and nothing has changed. A file is written beside its place and moved there when whole: at any time there is the old one or
 * the new one.
 */
#ifndef NN_SAVE_H
#define NN_SAVE_H

#include "network.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Writes the network to a file, in place of what was there. AD_ERROR_IO, AD_ERROR_NO_MEMORY. An activation that is no row of
 *  the rule book is saved as "custom". */
AD_API ad_status   nn_network_save(const nn_network *net, const char *path, nn_fault *fault);
/** Takes the parameters from a file of the same shape: sizes, biases and activations. AD_ERROR_IO (cannot be read), AD_ERROR_DATA
 *  (damaged, or another shape), AD_ERROR_NO_MEMORY; the network is as before. */
AD_API ad_status   nn_network_load(nn_network *net, const char *path, nn_fault *fault);
/** The network of a file. NULL on error, as nn_network_load; also AD_ERROR_DATA where an activation is "custom": build such a
 *  network and load into it. Free it with nn_network_free. */
AD_API nn_network *nn_network_open(const char *path, ad_allocator allocator, nn_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
