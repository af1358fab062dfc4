/* backward.c -- the backward sweep: numbers. The gradient as new nodes is in gradient.c.
 *
 * The quick sweep multiplies adjoints and partials as they come. Where zero met infinity that leaves a NaN, which the
 * operands hand on to the leaves; only then the careful sweep runs again, in which a zero of either contributes nothing.
 */
#include "call.h"
#include "sweep.h"

#include "autodiff/rules/scalar.h"
#include "autodiff/rules/sigmoid_pair.h"

#include <math.h>
#include <string.h>

/* Gives node j its contribution. The adjoints of the two nodes below i are held in registers: through memory a chain of
 * operations would hand its adjoint on by a store and a load of it, 12 cycles a link on Zen 5 instead of 2. */
#define GIVE(j, partial) \
    do { \
        const double slope = (partial); \
        if (!careful || slope != 0) \
            PLACE(j, g * slope); \
    } while (0)
#define PLACE(j, contribution) \
    do { \
        const double c_ = (contribution); \
        if ((j) == i - 1) \
            g1 += c_; \
        else if ((j) == i - 2) \
            g2 += c_; \
        else \
            A[j] += c_; \
    } while (0)
/* The same for a list, whose operands may be any number: all in memory. */
#define GIVE_ELEMENT(j, partial) \
    do { \
        const double slope = (partial); \
        if (!careful || slope != 0) \
            A[j] += g * slope; \
    } while (0)
#define STORE (A[i - 1] = g1, A[i - 2] = g2)
#define LOAD  (g1 = A[i - 1], g2 = A[i - 2])

/* In the row sigmoid alone, sigmoid(-x) comes from what its node kept. */
#undef sigmoid
#define sigmoid(t) (row == AD_OP_sigmoid && own ? ad_complement(x, z, (uint64_t)b) : ad_scalar_sigmoid(t))
#define ROW(name) const enum ad_op row = AD_OP_##name; const double lost = 0; (void)row, (void)lost

/* In the row logsumexp alone, exp(x - z) is of the z before it was rounded: at z = 700 the double is 350 ulp too coarse. */
#define exp(t) (row == AD_OP_logsumexp && own ? share_of(x, z, lost) : (exp)(t))
#define LIST(name) const enum ad_op row = AD_OP_##name; \
    const double lost = row == AD_OP_logsumexp && own ? ad_list_kept(end) : 0; (void)lost

/* exp(x - z - lost), the difference taken whole. */
static inline double share_of(double x, double z, double lost)
{
    const double d = x - z, t = d - x, more = (x - (d - t)) - (z + t), share = (exp)(d);
    return share == 0 ? 0 : share + share * (more - lost);
}

/* Adjoints of [bottom, top] are handed on; those below bottom only receive. Returns whether a leaf got a NaN. Values are the
 * tape's own where others is NULL: what a node kept belongs to those. */
static inline __attribute__((always_inline)) int sweep(const ad_tape *tape, const double *others, double *restrict A,
                                                       ptrdiff_t bottom, ptrdiff_t top, const int careful, const int own)
{
    const double *restrict V = own ? tape->head->values : others;
    const uint64_t *restrict words = tape->head->words;
    ptrdiff_t i = top + 1;
    double g1, g2;                         /* adjoints of i - 1 and i - 2, so far */
    /* The word that node i has if it is the sum of the two below it. Counted down, not made anew, and the registers that
     * this frees: P1 0.1 ns per operation, P4 0.4. */
    const uint64_t one_node = (UINT64_C(1) << AD_ID_BITS) + 1;
    uint64_t sum_of_two = ((uint64_t)AD_OP_add << AD_OP_SHIFT) + (uint64_t)i * one_node - (one_node + (one_node - 1));
    int nan = 0;
    LOAD;
    while (i > bottom) {
        const double g = g1;
        const uint64_t word = words[--i];
        sum_of_two -= one_node;
        A[i] = g;
        g1 = g2;
        g2 = A[i - 2];

        /* One exception from row by row, for the commonest pair of all: a sum whose second term is the product just
         * below it, e + w x. Both nodes in one step, without a jump: P1 0.5 ns per operation faster. */
        if (!careful && word == sum_of_two && AD_LIKELY(ad_word_op(words[i - 1]) == AD_OP_mul)) {
            const uint64_t product = words[--i];
            sum_of_two -= one_node;
            const ptrdiff_t a = ad_word_x(product), b = ad_word_y(product);
            const double h = g1 + g, ga = h * V[b], gb = h * V[a];
            A[i] = h;
            g1 = g2 + g;
            g2 = A[i - 2];
            if (AD_LIKELY(a < i - 2 && b < i - 2)) {
                A[a] += ga;
                A[b] += gb;
            } else {
                PLACE(a, ga);
                PLACE(b, gb);
            }
            continue;
        }

        if (careful && g == 0 && word >> AD_OP_SHIFT != AD_OP_CALL)
            continue;
        const ptrdiff_t a = ad_word_x(word), b = ad_word_y(word);
        switch (word >> AD_OP_SHIFT) {
        case AD_OP_CONSTANT: case AD_OP_PARAM: case AD_OP_COLUMN:
            nan |= g != g;
            break;
        case AD_OP_THIRD:
            break;
#define X const double x = V[a]; (void)x
#define Y const double y = V[b]; (void)y
#define W const ptrdiff_t c = ad_word_x(words[i - 1]); const double w = V[c]; (void)w
#define Z const double z = V[i]; (void)z
#define OP1(name, z_, dx, ...)         case AD_OP_##name: { X; Z; ROW(name); GIVE(a, dx); } break;
#define OP2(name, z_, dx, dy, ...)     case AD_OP_##name: { X; Y; Z; ROW(name); GIVE(a, dx); GIVE(b, dy); } break;
#define OP3(name, z_, dx, dy, dw, ...) case AD_OP_##name: { X; Y; W; Z; ROW(name); GIVE(a, dx); GIVE(b, dy); GIVE(c, dw); } break;
#define FC1(name, z_, dx, ...)         case AD_OP_##name: { X; Y; Z; ROW(name); GIVE(a, dx); } break;
#define L const uint32_t *e = ad_word_list(tape, word); const double n = *e++; (void)n; const uint32_t *end = e
#define M double m = 0; for (const uint32_t *k = e; k < end; k++) m += V[*k] == z; (void)m
#define NA1(name, z_, dx, ...)         case AD_OP_##name: { Z; L + (size_t)n; LIST(name); M; STORE; for (; e < end; e++) { \
        const double x = V[*e]; (void)x; GIVE_ELEMENT(*e, dx); } LOAD; } break;
#define NA2(name, z_, dx, dy, ...)     case AD_OP_##name: { Z; L + 2 * (size_t)n; LIST(name); STORE; for (; e < end; e += 2) { \
        const double x = V[e[0]], y = V[e[1]]; GIVE_ELEMENT(e[0], dx); GIVE_ELEMENT(e[1], dy); } LOAD; } break;
#include "../ops.def"
#undef X
#undef Y
#undef W
#undef Z
#undef L
#undef M
        case AD_OP_ROW_SUM:                /* there are no rows here: its value is NaN as well */
            GIVE(a, NAN);
            break;
        case AD_OP_CALL:                   /* all results of the call at once, at the first of them */
            if (b)
                break;
            STORE;
            if (own)
                ad_call_backward(tape, (uint32_t)a, (uint32_t)i, (uint32_t)top, A);
            else
                ad_call_backward_at(tape, V, (uint32_t)a, (uint32_t)i, (uint32_t)top, A);
            LOAD;
            break;
        default:
            __builtin_unreachable();
        }
    }
    STORE;
    return nan;
}

static __attribute__((noinline)) int sweep_quickly(const ad_tape *tape, double *A, uint32_t bottom, uint32_t top)
{
    return sweep(tape, NULL, A, bottom, top, 0, 1);
}

static __attribute__((noinline)) void sweep_carefully(const ad_tape *tape, double *A, uint32_t bottom, uint32_t top)
{
    sweep(tape, NULL, A, bottom, top, 1, 1);
}

__attribute__((cold)) void ad_sweep_carefully(const ad_tape *tape, const double *values, int own, double *A, uint32_t top)
{
    if (own)
        sweep_carefully(tape, A, 0, top);
    else
        sweep(tape, values, A, 0, top, 1, 0);
}

/* Leaves at the start of the tape, as params usually are, need no visit. */
static uint32_t leading_leaves(ad_tape *tape)
{
    while (tape->leaves < ad_recorded(tape) && ad_word_op(tape->head->words[tape->leaves]) <= AD_OP_COLUMN)
        tape->leaves++;
    return tape->leaves;
}

/* Also for an infinity, which a careful sweep may find to be none. Sixteen sums, so that none waits for itself: P1 row by row,
 * where this is done once in 645 operations, 3.2 -> 3.0 ns an operation. */
static int any_nan(const double *A, size_t n)
{
    double s[4] = {0, 0, 0, 0}, t[4] = {0, 0, 0, 0}, u[4] = {0, 0, 0, 0}, v[4] = {0, 0, 0, 0}, all = 0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (size_t k = 0; k < 4; k++)
            s[k] += A[i + k] * 0;
        for (size_t k = 0; k < 4; k++)
            t[k] += A[i + 4 + k] * 0;
        for (size_t k = 0; k < 4; k++)
            u[k] += A[i + 8 + k] * 0;
        for (size_t k = 0; k < 4; k++)
            v[k] += A[i + 12 + k] * 0;
    }
    for (; i < n; i++)
        all += A[i] * 0;
    for (size_t k = 0; k < 4; k++)
        all += (s[k] + t[k]) + (u[k] + v[k]);
    return isnan(all);
}

static void clear(double *A, uint32_t from, uint32_t to)
{
    if (from < to)
        memset(A + from, 0, (to - from) * sizeof *A);
}

static double *adjoints(const ad_tape *tape) { return (double *)tape->adjoints.base + AD_SWEEP_BEFORE; }

static ad_tape *prepare(ad_var E, const char *function)
{
    ad_tape *tape = ad_tape_of(E, function);
    if (!tape)
        return NULL;
    if (ad_region_grow(&tape->adjoints, &tape->allocator, (ad_recorded(tape) + AD_SWEEP_BEFORE) * sizeof(double),
                       (tape->limit + AD_SWEEP_BEFORE) * sizeof(double)))
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
    double *A = adjoints(tape);
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
    double *A = adjoints(tape);
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
    return ad_id(v) < tape->swept ? adjoints(tape)[ad_id(v)] : 0;
}
