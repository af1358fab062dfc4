/* activations.c -- the unary rows of the rule book as activations, by name and by function. No list of its own. */
#include "network.h"

#include <string.h>

static const struct { const char *name; nn_activation *activation; } row[AD_OP_COUNT] = {
#define OP1(name, ...) [AD_OP_##name] = {#name, (ad_##name)},
#include "autodiff/ops.def"
};

nn_activation *nn_activation_named(const char *name)
{
    for (size_t op = 0; name && op < AD_OP_COUNT; op++)
        if (row[op].name && !strcmp(row[op].name, name))
            return row[op].activation;
    return NULL;
}

/* Its address does not tell: the arithmetic rows are compiled into whoever names them. So it is tried on a tape, where a row
 * leaves one node, with the row's code in its word. */
const char *nn_activation_name(nn_activation *activation)
{
    const char *name = NULL;
    ad_tape *tape = activation ? ad_tape_new() : NULL;
    ad_var x = ad_param(tape, NULL, 0.5), y = tape ? activation(x) : x;
    if (tape && ad_tape_error(tape) == AD_OK && y.link && ad_tape_size(tape) == 2) {
        const ad_tape_head *head = ad_current;
        if (ad_living_id(head, x.link) == 0 && ad_living_id(head, y.link) == 1)
            name = row[head->words[1] >> AD_OP_SHIFT].name;
    }
    ad_tape_free(tape);
    return name;
}
