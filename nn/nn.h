/* nn.h -- networks built from the scalar graph. Start here. */
#ifndef NN_NN_H
#define NN_NN_H

#include "errors.h"
#include "network.h"
#include "optimisers.h"
#include "save.h"
#include "train.h"

#endif
