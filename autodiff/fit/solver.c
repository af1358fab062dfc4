/* solver.c -- how every solver begins. What each does then is in a file of its name. */
#include "solver.h"

#include <math.h>
#include <string.h>

void *ad_solver_begin(ad_objective *P, ad_fit_method which, size_t size, ad_solver_fill *fill, ad_solution *s)
{
    void **kept = &P->solvers[which - 1], *state = *kept ? *kept : ad_store_make(P->store, 1, size);
    s->offset = NAN;
    s->why = NULL;
    s->idle = SIZE_MAX;
    s->flat = 0;
    s->outcome = AD_FIT_FAILED;
    memset(s->moved, 0, P->n * sizeof *s->moved);
    if (!state || (!*kept && !fill(state, P))) {
        P->status = AD_ERROR_NO_MEMORY;
        return NULL;
    }
    return *kept = state;
}
