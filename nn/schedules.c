/* schedules.c -- learning rates that change from epoch to epoch. */
#include "optimisers.h"

#include <math.h>

double nn_schedule_at(const nn_schedule *s, size_t epoch)
{
    double factor = 1;
    switch (s->kind) {
    case NN_CONSTANT:
        break;
    case NN_STEPS:
        factor = pow(s->factor != 0 ? s->factor : 0.1, (double)(epoch / (s->every ? s->every : 1)));
        break;
    case NN_EXPONENTIAL:
        factor = pow(s->factor != 0 ? s->factor : 0.95, (double)epoch);
        break;
    case NN_COSINE:
        factor = epoch < s->length
               ? s->least + (1 - s->least) * 0.5 * (1 + cos(M_PI * (double)epoch / (double)s->length)) : s->least;
        break;
    case NN_CUSTOM:
        factor = s->custom ? s->custom(epoch, s->user) : 1;
        break;
    }
    return epoch < s->warm_up ? factor * (double)(epoch + 1) / (double)(s->warm_up + 1) : factor;
}
