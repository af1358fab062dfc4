/* file.h -- the format of save.h as save.c and checkpoint.c use it. Not installed. */
#ifndef NN_FILE_H
#define NN_FILE_H

#include "internal.h"
#include "save.h"

/* Numbers behind the parameters; [n], borrowed for writing, to be given back with nn_state_free after reading. */
typedef struct nn_state {
    size_t  n;
    double *numbers;
} nn_state;

/* Writes a network with these values in place of its own, and a state if there is one. */
ad_status nn_file_write(const nn_network *net, const double *values, const nn_state *state, const char *path, nn_fault *fault);
/* Reads values [size] and state of a file of this network's shape; nothing is touched on error. */
ad_status nn_file_read(const nn_network *net, const char *path, double *values, nn_state *state, nn_fault *fault);
void      nn_state_free(nn_state *state, const ad_allocator *a);

#endif
