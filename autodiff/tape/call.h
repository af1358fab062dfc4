/* call.h -- an operation on a tape that is not of the rule book: it has any number of operands and results, and an object
 * of its own says what it is. function/call.c calls functions this way. Not installed.
 *
 * Results are nodes one after another; operands are a list of ids. The tape holds one reference on the object until the
 * call is rewound, reset or freed.
 */
#ifndef AUTODIFF_TAPE_CALL_H
#define AUTODIFF_TAPE_CALL_H

#include "internal.h"

/* What can be done with the object. x [n] operands, z [m] results, g [m] adjoints of the results. */
typedef struct ad_called_kind {
    void      (*release)(void *called);
    ad_status (*evaluate)(void *called, const double *x, double *z);
    /* dx [n] from x_and_g [n + m]; nothing comes of a g that is 0. */
    ad_status (*adjoint)(void *called, const double *x_and_g, double *dx);
    /* That adjoint as an object of the same kind, of n + m operands and n results; a new reference. */
    void     *(*derived)(void *called, ad_status *status);
} ad_called_kind;

typedef struct ad_called {
    const ad_called_kind *kind;
    void                 *object;
    size_t                list;            /* place of the operands in the tape's lists */
    uint32_t              n, m, first;     /* operands, results; node of the first result */
} ad_called;

static inline ad_called *ad_called_at(const ad_tape *tape, uint32_t k) { return (ad_called *)tape->calls.base + k; }
static inline const uint32_t *ad_called_operands(const ad_tape *tape, const ad_called *c)
{
    return (const uint32_t *)tape->lists.base + c->list;
}

/* Evaluates the object and records the call: x [n], at least one of them alive on this tape, all others too or plain. Takes
 * the reference over, whatever comes of it. z [m]; plain NaN on error, which the tape then has. */
void ad_call_record(ad_tape *tape, const char *function, const ad_called_kind *kind, void *object, size_t n, const ad_var *x,
                    size_t m, ad_var *z);
/* Hands the adjoints of results i .. top on to the operands; also where the nodes have values V, not the tape's own. */
void ad_call_backward(const ad_tape *tape, uint32_t call, uint32_t i, uint32_t top, double *A);
void ad_call_backward_at(const ad_tape *tape, const double *V, uint32_t call, uint32_t i, uint32_t top, double *A);
/* Forgets the calls from n on. */
void ad_calls_cut(ad_tape *tape, uint32_t n);

#endif
