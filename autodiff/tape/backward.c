/* backward.c -- the backward sweep: numbers. The gradient as new nodes is in gradient.c.
 *
 * The quick sweep multiplies adjoints and partials as they come. Where zero met infinity that leaves a NaN, which the
 * operands hand on to the leaves; only then the careful sweep runs again, in which a zero of either contributes nothing.
 */
#include "internal.h"

#include "autodiff/rules/scalar.h"

#include <math.h>
#include <string.h>

#define ADD(i, partial) \
    do { \
        const double slope = (partial); \
        if (!careful || slope != 0) \
            A[i] += g * slope; \
    } while (0)

/* Adjoints of [bottom, top] are handed on; those below bottom only receive. Returns whether a leaf got a NaN. */
static inline __attribute__((always_inline)) int sweep(const ad_tape *tape, double *restrict A, uint32_t bottom,
                                                       uint32_t top, const int careful)
{
    const double *restrict V = tape->head->values;
    const uint64_t *restrict words = tape->head->words;
    int nan = 0;
    for (uint32_t i = top + 1; i-- > bottom;) {
        const double g = A[i];
        if (careful && g == 0)
            continue;
        const uint64_t word = words[i];
        const uint32_t a = ad_word_x(word), b = ad_word_y(word);
        switch (ad_word_op(word)) {
        case AD_OP_CONSTANT: case AD_OP_PARAM: case AD_OP_COLUMN:
            nan |= g != g;
            break;
        case AD_OP_THIRD:
            break;
#define X const double x = V[a]; (void)x
#define Y const double y = V[b]; (void)y
#define W const uint32_t c = ad_word_x(words[i - 1]); const double w = V[c]; (void)w
#define Z const double z = V[i]; (void)z
#define OP1(name, z_, dx, ...)         case AD_OP_##name: { X; Z; ADD(a, dx); } break;
#define OP2(name, z_, dx, dy, ...)     case AD_OP_##name: { X; Y; Z; ADD(a, dx); ADD(b, dy); } break;
#define OP3(name, z_, dx, dy, dw, ...) case AD_OP_##name: { X; Y; W; Z; ADD(a, dx); ADD(b, dy); ADD(c, dw); } break;
#define FC1(name, z_, dx, ...)         case AD_OP_##name: { X; Y; Z; ADD(a, dx); } break;
#define L const uint32_t *e = ad_word_list(tape, word); const double n = *e++; (void)n; const uint32_t *end = e
#define NA1(name, z_, dx, ...)         case AD_OP_##name: { Z; L + (size_t)n; for (; e < end; e++) { \
        const double x = V[*e]; (void)x; ADD(*e, dx); } } break;
#define NA2(name, z_, dx, dy, ...)     case AD_OP_##name: { Z; L + 2 * (size_t)n; for (; e < end; e += 2) { \
        const double x = V[e[0]], y = V[e[1]]; ADD(e[0], dx); ADD(e[1], dy); } } break;
#include "../ops.def"
#undef X
#undef Y
#undef W
#undef Z
#undef L
        default:
            break;
        }
    }
    return nan;
}

static __attribute__((noinline)) int sweep_quickly(const ad_tape *tape, double *A, uint32_t bottom, uint32_t top)
{
    return sweep(tape, A, bottom, top, 0);
}

static __attribute__((noinline)) void sweep_carefully(const ad_tape *tape, double *A, uint32_t bottom, uint32_t top)
{
    sweep(tape, A, bottom, top, 1);
}

/* Leaves at the start of the tape, as params usually are, need no visit. */
static uint32_t leading_leaves(ad_tape *tape)
{
    while (tape->leaves < tape->head->count && ad_word_op(tape->head->words[tape->leaves]) <= AD_OP_COLUMN)
        tape->leaves++;
    return tape->leaves;
}

static int any_nan(const double *A, size_t n)
{
    double s[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += A[i + k] * 0;
    for (; i < n; i++)
        s[0] += A[i] * 0;
    return isnan(s[0] + s[1] + s[2] + s[3]);
}

static void clear(double *A, uint32_t from, uint32_t to)
{
    if (from < to)
        memset(A + from, 0, (to - from) * sizeof *A);
}

static ad_tape *prepare(ad_var E, const char *function)
{
    ad_tape *tape = ad_tape_of(E, function);
    if (!tape)
        return NULL;
    if (ad_region_grow(&tape->adjoints, &tape->allocator, tape->head->count * sizeof(double), tape->limit * sizeof(double)))
        return tape;
    tape->swept = 0;
    ad_fault_memory(tape, function, "the adjoints");
    return NULL;
}

void ad_backward(ad_var E)
{
    ad_tape *tape = prepare(E, "backward");
    if (!tape)
        return;
    double *A = tape->adjoints.base;
    uint32_t top = ad_id(E), bottom = leading_leaves(tape);
    clear(A, 0, top + 1);
    A[top] = 1;
    if (sweep_quickly(tape, A, bottom, top) | any_nan(A, bottom <= top ? bottom : top + 1)) {
        clear(A, 0, top + 1);
        A[top] = 1;
        sweep_carefully(tape, A, bottom, top);
    }
    tape->swept = top + 1;
}

/* ---- Accumulating: inputs keep what they hold ------------------------------------------------------------------------ */

/* The inputs from node `bottom` on; those before it lie among the leading leaves. */
static const uint32_t *later_inputs(const ad_tape *tape, uint32_t bottom, uint32_t *n)
{
    const uint32_t *ids = tape->inputs.base, *end = ids + tape->n_inputs;
    *n = 0;
    while (*n < tape->n_inputs && end[-(ptrdiff_t)*n - 1] >= bottom)
        ++*n;
    return end - *n;
}

/* Zeroes [bottom, end) but for the inputs there. */
static void clear_between(double *A, uint32_t bottom, uint32_t end, const uint32_t *inputs, uint32_t n)
{
    for (uint32_t i = 0; i < n && inputs[i] < end; i++) {
        clear(A, bottom, inputs[i]);
        bottom = inputs[i] + 1;
    }
    clear(A, bottom, end);
}

void ad_accumulate(ad_var E)
{
    ad_tape *tape = prepare(E, "accumulate");
    if (!tape)
        return;
    double *A = tape->adjoints.base;
    uint32_t n, top = ad_id(E), bottom = leading_leaves(tape), end = top + 1 > tape->swept ? top + 1 : tape->swept;
    const uint32_t *later = later_inputs(tape, bottom, &n);
    if (!ad_block_grow(&tape->saved, &tape->allocator, (bottom + n) * sizeof *A)) {
        ad_fault_memory(tape, "accumulate", "the gradient so far");
        return;
    }
    end = end > bottom ? end : bottom;
    clear(A, tape->swept, end);
    double *held = tape->saved.base;
    memcpy(held, A, bottom * sizeof *A);
    for (uint32_t i = 0; i < n; i++)
        held[bottom + i] = later[i] < end ? A[later[i]] : 0;
    tape->swept = end;

    clear_between(A, bottom, end, later, n);
    A[top] += 1;
    if (sweep_quickly(tape, A, bottom, top) | any_nan(A, bottom)) {
        memcpy(A, held, bottom * sizeof *A);
        clear_between(A, bottom, end, later, n);
        for (uint32_t i = 0; i < n && later[i] < end; i++)
            A[later[i]] = held[bottom + i];
        A[top] += 1;
        sweep_carefully(tape, A, bottom, top);
    }
}

void ad_grad_clear(ad_tape *tape)
{
    if (tape)
        tape->swept = 0;
}

double ad_grad(ad_var v)
{
    if (ad_is_plain(v))
        return 0;
    const ad_tape *tape = ad_tape_of(v, "grad");
    if (!tape)
        return NAN;
    return ad_id(v) < tape->swept ? ((const double *)tape->adjoints.base)[ad_id(v)] : 0;
}
