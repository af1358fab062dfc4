/* variable.h -- the variable, the node, and how one operation is recorded.
 *
 * What a program sees is ad_var: a 16-byte value that carries its number and knows where it is recorded. What is
 * below "Machinery" is compiled into the caller's code for speed and is not an interface.
 *
 * A link is 64 bits: node id (27), tape slot (10), epoch (27, its five low bits on top). The epoch changes at every
 * reset and rewind, so a variable that outlived its node is told from a living one by one comparison. Link 0 is a
 * plain number.
 */
#ifndef AUTODIFF_TAPE_VARIABLE_H
#define AUTODIFF_TAPE_VARIABLE_H

#include <stddef.h>
#include <stdint.h>

#if defined __GNUC__
#define AD_API __attribute__((visibility("default")))
#define AD_THREAD_LOCAL __attribute__((tls_model("initial-exec"))) __thread
#define AD_LIKELY(c) __builtin_expect(!!(c), 1)
/* A guess at a tape may look at one that another thread has by now. gcc takes an atomic built-in for a barrier, after which it
 * reads the tape anew: only where a sanitizer looks for races is it one. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define AD_RELAXED(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#endif
#elif defined __SANITIZE_THREAD__
#define AD_RELAXED(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#endif
#ifndef AD_RELAXED
#define AD_RELAXED(place) (*(const volatile __typeof__(place) *)&(place))
#endif
#else
#define AD_API
#define AD_THREAD_LOCAL _Thread_local
#define AD_LIKELY(c) (c)
#define AD_RELAXED(place) (place)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A scalar: a number, and the node that made it (or none: a plain number). Copy it freely; nothing to free. */
typedef struct ad_var {
    double   value;
    uint64_t link;
} ad_var;

/** A plain number as a variable: it belongs to no tape and mixes with the variables of any. */
static inline ad_var ad_const(double value)
{
    ad_var v = {value, 0};
    return v;
}

/** The number that a variable carries. Never fails, also when the variable is stale. */
static inline double ad_value(ad_var v) { return v.value; }

/* ---- Machinery ------------------------------------------------------------------------------------------------ */

enum { AD_ID_BITS = 27, AD_SLOT_BITS = 10, AD_EPOCH_BITS = 27, AD_OP_SHIFT = 2 * AD_ID_BITS };
enum { AD_SLOTS = 1 << AD_SLOT_BITS, AD_ALIVE = 64, AD_ALIVE_SHIFT = 58, AD_CONSTANTS = 64, AD_CONSTANTS_SHIFT = 58 };
#define AD_ID_MASK ((UINT64_C(1) << AD_ID_BITS) - 1)

/* Operation codes: four that are no rows, then the rows of ops.def in order, then what functions add: the sum over rows,
 * and calls of functions (function/call.h). */
enum ad_op {
    AD_OP_CONSTANT, AD_OP_PARAM, AD_OP_COLUMN, AD_OP_THIRD,
#define OP1(name, ...) AD_OP_##name,
#define OP2(name, ...) AD_OP_##name,
#define OP3(name, ...) AD_OP_##name,
#define FC1(name, ...) AD_OP_##name,
#define NA1(name, ...) AD_OP_##name,
#define NA2(name, ...) AD_OP_##name,
#include "../ops.def"
    AD_OP_COUNT, AD_OP_ROW_SUM = AD_OP_COUNT, AD_OP_CALL, AD_OPS
};

/* What recording reads of a tape. A node is 16 bytes: its value, and its word, op << 54 | first operand << 27 | second
 * operand. A three-operand node is preceded by an AD_OP_THIRD record that holds the third; an n-ary node's low 54 bits
 * are its place in the operand lists; the results of a call are nodes one after another, with the call and the place among
 * its results for operands. alive[link >> AD_ALIVE_SHIFT] is the tag of a living epoch, or of none;
 * constants[] has the bits of numbers and the links of their nodes, the last ones used. */
typedef struct ad_tape_head {
    uint64_t  alive[AD_ALIVE];             /* first: one instruction less in every look at it */
    uint64_t  next, end;                   /* the link of the next node; the first one without room */
    uintptr_t value_of_0, word_of_0;       /* where link 0 would have its node: 8 * link further, modulo 2^64, is a link's */
    double   *values;                      /* of node 0 on: for all but recording */
    uint64_t *words;
    struct { uint64_t bits, link; } constants[AD_CONSTANTS];
} ad_tape_head;

/* The tape that this thread recorded on last: a guess that every operation checks against its operands. Held so that
 * a compiler can keep what it reads of it in registers from one operation to the next. */
AD_API extern AD_THREAD_LOCAL ad_tape_head *ad_current;

AD_API ad_var ad_record1_slowly(enum ad_op op, ad_var x, double z);
AD_API ad_var ad_record2_slowly(enum ad_op op, ad_var x, ad_var y, double z);
AD_API ad_var ad_record3(enum ad_op op, ad_var x, ad_var y, ad_var w, double z);

/* The id of a variable that is alive on this tape; for any other, and for a plain number, more than AD_ID_MASK. */
static inline uint64_t ad_living_id(const ad_tape_head *tape, uint64_t link)
{
    return AD_RELAXED(tape->alive[link >> AD_ALIVE_SHIFT]) ^ link;
}

static inline ad_var ad_append(ad_tape_head *tape, uint64_t word, double z)
{
    const uint64_t link = tape->next;
    ad_var v = {z, link};
    *(double *)(tape->value_of_0 + (uintptr_t)link * 8)  = z;
    *(uint64_t *)(tape->word_of_0 + (uintptr_t)link * 8) = word;
    tape->next = link + 1;
    return v;
}

static inline uint64_t ad_bits_of(double value)
{
    union { double value; uint64_t bits; } u = {value};
    return u.bits;
}

static inline unsigned ad_constant_place(uint64_t bits)
{
    return (unsigned)(bits * UINT64_C(0x9e3779b97f4a7c15) >> AD_CONSTANTS_SHIFT);
}

/* An operand's link. A number that the compiler knows to be plain, beside a variable, has that of its node, if it is
 * known; else its own, which is 0 and leaves the fast path. */
static inline uint64_t ad_link_beside(const ad_tape_head *tape, ad_var v, ad_var other)
{
#if defined __GNUC__
    if (__builtin_constant_p(v.link) && v.link == 0 && !(__builtin_constant_p(other.link) && other.link == 0)) {
        uint64_t bits = ad_bits_of(v.value);
        unsigned place = ad_constant_place(bits);
        return AD_RELAXED(tape->constants[place].bits) == bits ? AD_RELAXED(tape->constants[place].link) : 0;
    }
#endif
    (void)tape, (void)other;
    return v.link;
}

/* A plain operand, a stale or foreign one, and a full tape all leave the fast path and do not come back to it. */
static inline ad_var ad_record1(enum ad_op op, ad_var x, double z)
{
    ad_tape_head *tape = ad_current;
    const uint64_t a = ad_living_id(tape, x.link);
    if (AD_LIKELY(a <= AD_ID_MASK && tape->next < tape->end))
        return ad_append(tape, (uint64_t)op << AD_OP_SHIFT | a << AD_ID_BITS, z);
    return ad_record1_slowly(op, x, z);
}

static inline ad_var ad_record2(enum ad_op op, ad_var x, ad_var y, double z)
{
    ad_tape_head *tape = ad_current;
    const uint64_t a = ad_living_id(tape, ad_link_beside(tape, x, y)), b = ad_living_id(tape, ad_link_beside(tape, y, x));
    if (AD_LIKELY((a | b) <= AD_ID_MASK && tape->next < tape->end))
        return ad_append(tape, (uint64_t)op << AD_OP_SHIFT | a << AD_ID_BITS | b, z);
    return ad_record2_slowly(op, x, y, z);
}

#ifdef __cplusplus
}
#endif

/* Numbers on either side. The argument is named once: nesting must not double the source at every level. */
#define AD_PASTE_(a, b) a##b
#define AD_PASTE(a, b) AD_PASTE_(a, b)
#if defined __cplusplus
#define AD_LIFT1(f, x)       f(x)
#define AD_LIFT2(f, x, y)    f(x, y)
#define AD_LIFT3(f, x, y, w) f(x, y, w)
#define AD_LIFTC(f, x, c)    f(x, c)
#else
static inline ad_var ad_as_var(ad_var v) { return v; }
#if defined __GNUC__
#define AD_LIFT_(x, v) \
    (__extension__({ __auto_type v = (x); _Generic(v, ad_var: ad_as_var, default: ad_const)(v); }))
#define AD_LIFT(x) AD_LIFT_(x, AD_PASTE(ad_lifted_, __COUNTER__))
#else
#define AD_LIFT(x) _Generic((x), ad_var: ad_as_var, default: ad_const)(x)
#endif
#define AD_LIFT1(f, x)       (f)(AD_LIFT(x))
#define AD_LIFT2(f, x, y)    (f)(AD_LIFT(x), AD_LIFT(y))
#define AD_LIFT3(f, x, y, w) (f)(AD_LIFT(x), AD_LIFT(y), AD_LIFT(w))
#define AD_LIFTC(f, x, c)    (f)(AD_LIFT(x), c)
#endif

#endif
