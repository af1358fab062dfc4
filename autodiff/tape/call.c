/* call.c -- calls on the tape: recording, the backward sweep through one. What is called is the object's business. */
#include "call.h"

#include <math.h>
#include <string.h>

void ad_calls_cut(ad_tape *tape, uint32_t n)
{
    while (tape->n_calls > n) {
        ad_called *c = ad_called_at(tape, --tape->n_calls);
        c->kind->release(c->object);
    }
}

static void all_nan(size_t m, ad_var *z)
{
    for (size_t k = 0; k < m; k++)
        z[k] = ad_const(NAN);
}

/* Room for everything but the constants; they may still lack it. */
static int make_room(ad_tape *tape, const char *function, size_t n, size_t m)
{
    if (n > AD_ID_MASK / 2 || m > AD_ID_MASK / 2) {
        ad_fault(tape, AD_ERROR_LIMIT, "ad_%s: %zu operands and %zu results; the most is %u", function, n, m,
                 (unsigned)AD_ID_MASK / 2);
        return 0;
    }
    if (ad_block_grow(&tape->lists, &tape->allocator, (tape->n_lists + n) * sizeof(uint32_t)) &&
        ad_block_grow(&tape->calls, &tape->allocator, (tape->n_calls + (size_t)1) * sizeof(ad_called)))
        return 1;
    ad_fault_memory(tape, function, "the call");
    return 0;
}

static int write_operands(ad_tape *tape, const char *function, size_t n, const ad_var *x)
{
    uint32_t *list = (uint32_t *)tape->lists.base + tape->n_lists;
    for (size_t i = 0; i < n; i++) {
        uint64_t id = ad_is_plain(x[i]) ? ad_constant_id(tape, x[i].value, function) : ad_id(x[i]);
        if (id > AD_ID_MASK)
            return 0;
        list[i] = (uint32_t)id;
    }
    return 1;
}

/* The results' values, by numbers alone; 0 with the fault noted. */
static int evaluate(ad_tape *tape, const char *function, const ad_called_kind *kind, void *object, size_t n, const ad_var *x,
                    size_t m, ad_var *z)
{
    const ad_allocator *a = &tape->allocator;
    size_t bytes = (n + m) * sizeof(double);
    double *numbers = ad_resize(a, NULL, 0, bytes);
    ad_status status = AD_ERROR_NO_MEMORY;
    if (numbers) {
        for (size_t i = 0; i < n; i++)
            numbers[i] = x[i].value;
        status = kind->evaluate(object, numbers, numbers + n);
        for (size_t k = 0; k < m; k++)
            z[k].value = numbers[n + k];
        ad_resize(a, numbers, bytes, 0);
    }
    if (status != AD_OK)
        ad_fault_memory(tape, function, "the values of the call");
    return status == AD_OK;
}

void ad_call_record(ad_tape *tape, const char *function, const ad_called_kind *kind, void *object, size_t n, const ad_var *x,
                    size_t m, ad_var *z)
{
    ad_current = tape->head;
    if (!make_room(tape, function, n, m) || !write_operands(tape, function, n, x) ||
        !ad_room_for(tape, (uint32_t)m, function) || !evaluate(tape, function, kind, object, n, x, m, z)) {
        kind->release(object);
        all_nan(m, z);
        return;
    }
    uint32_t call = tape->n_calls++;
    *ad_called_at(tape, call) = (ad_called){kind, object, tape->n_lists, (uint32_t)n, (uint32_t)m, ad_recorded(tape)};
    tape->n_lists += n;
    for (size_t k = 0; k < m; k++)
        z[k] = ad_append(tape->head, (uint64_t)AD_OP_CALL << AD_OP_SHIFT | (uint64_t)call << AD_ID_BITS | k, z[k].value);
}

void ad_call_backward_at(const ad_tape *tape, const double *V, uint32_t call, uint32_t i, uint32_t top, double *A)
{
    const ad_called *c = ad_called_at(tape, call);
    const uint32_t *operand = ad_called_operands(tape, c);
    size_t n = c->n, m = c->m, known = top - i + (size_t)1 < m ? top - i + (size_t)1 : m, bytes = (2 * n + m) * sizeof(double);
    int some = 0;
    for (size_t k = 0; k < known; k++)
        some |= A[i + k] != 0;
    if (!some)
        return;
    double *x = ad_resize(&tape->allocator, NULL, 0, bytes), *g = NULL, *dx = NULL;
    ad_status status = AD_ERROR_NO_MEMORY;
    if (x) {
        g = x + n;
        dx = g + m;
        for (size_t j = 0; j < n; j++)
            x[j] = V[operand[j]];
        for (size_t k = 0; k < m; k++)
            g[k] = k < known ? A[i + k] : 0;
        status = c->kind->adjoint(c->object, x, dx);
    }
    for (size_t j = 0; j < n; j++)
        A[operand[j]] += status == AD_OK ? dx[j] : NAN;
    if (status != AD_OK)
        ad_fault_memory((ad_tape *)(uintptr_t)tape, "backward", "the adjoints of a call");
    if (x)
        ad_resize(&tape->allocator, x, bytes, 0);
}

void ad_call_backward(const ad_tape *tape, uint32_t call, uint32_t i, uint32_t top, double *A)
{
    ad_call_backward_at(tape, tape->head->values, call, i, top, A);
}
