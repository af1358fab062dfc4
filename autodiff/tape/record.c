/* record.c -- recording what the inline path leaves: functions, plain operands, faults, three operands, lists. */
#include "internal.h"
#include "list_values.h"

#include "autodiff/rules/rules.h"
#include "autodiff/rules/scalar.h"
#include "autodiff/rules/sigmoid_pair.h"
#include "operations.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t word_of(enum ad_op op, uint32_t x, uint32_t y)
{
    return (uint64_t)op << AD_OP_SHIFT | (uint64_t)x << AD_ID_BITS | y;
}

/* The node of a constant that has one, or more than AD_ID_MASK. */
static uint64_t known_constant(const ad_tape_head *head, uint64_t bits)
{
    unsigned place = ad_constant_place(bits);
    return head->constants[place].bits == bits ? ad_living_id(head, head->constants[place].link) : UINT64_MAX;
}

/* The id of the constant's node, made when it is not there; more than AD_ID_MASK, with the fault noted, without room. */
static uint64_t constant(ad_tape *tape, double value, const char *function)
{
    ad_tape_head *head = tape->head;
    uint64_t bits = ad_bits_of(value), id = known_constant(head, bits);
    if (id <= AD_ID_MASK)
        return id;
    if (head->next == head->end && !ad_room_for(tape, 1, function))
        return UINT64_MAX;
    ad_var v = ad_append(head, word_of(AD_OP_CONSTANT, 0, 0), value);
    unsigned place = ad_constant_place(bits);
    __atomic_store_n(&head->constants[place].bits, bits, __ATOMIC_RELAXED);
    __atomic_store_n(&head->constants[place].link, v.link, __ATOMIC_RELAXED);
    return ad_id(v);
}

uint64_t ad_constant_id(ad_tape *tape, double value, const char *function) { return constant(tape, value, function); }

/* ---- One, two, three operands --------------------------------------------------------------------------------------- */

static const char *const ordinal[] = {"the first operand", "the second operand", "the third operand"};

/* The first operand that is of a living tape finds it; NULL, with a fault noted where it can be, when none is or when
 * one is not of that tape. */
static ad_tape *tape_of_all(enum ad_op op, int n, const ad_var *v)
{
    const char *function = ad_rules[op].name;
    ad_tape *tape = NULL;
    int sound = 1;
    for (int i = 0; i < n && !tape; i++)
        tape = ad_is_plain(v[i]) ? NULL : ad_tape_in(v[i].link);
    for (int i = 0; i < n && sound && tape; i++)
        sound = ad_is_plain(v[i]) || ad_accepts(tape, v[i], function, ordinal[i]);
    return sound ? tape : NULL;
}

static ad_var record(enum ad_op op, int n, const ad_var *v, double z)
{
    uint64_t id[3] = {0, 0, 0}, links = 0;
    for (int i = 0; i < n; i++)
        links |= v[i].link;
    if (!links)
        return ad_const(z);
    ad_tape *tape = tape_of_all(op, n, v);
    const char *function = ad_rules[op].name;
    if (!tape)
        return ad_const(NAN);
    ad_current = tape->head;
    for (int i = 0; i < n; i++)
        if ((id[i] = ad_is_plain(v[i]) ? constant(tape, v[i].value, function) : ad_id(v[i])) > AD_ID_MASK)
            return ad_const(NAN);
    if (!ad_room_for(tape, n == 3 ? 2 : 1, function))
        return ad_const(NAN);
    if (n == 3)
        ad_append(tape->head, word_of(AD_OP_THIRD, (uint32_t)id[2], 0), NAN);
    return ad_append(tape->head, word_of(op, (uint32_t)id[0], (uint32_t)id[1]), z);
}

ad_var ad_record1_slowly(enum ad_op op, ad_var x, double z) { return record(op, 1, &x, z); }

/* A living variable and a plain number, the commonest mix, first. */
ad_var ad_record2_slowly(enum ad_op op, ad_var x, ad_var y, double z)
{
    ad_tape_head *head = ad_current;
    uint64_t link = x.link | y.link;
    if ((!x.link || !y.link) && ad_living_id(head, link) <= AD_ID_MASK && head->end - head->next >= 2) {
        ad_tape *tape = ad_tape_in(link);
        uint32_t id = (uint32_t)constant(tape, x.link ? y.value : x.value, NULL);
        return ad_append(head, x.link ? word_of(op, ad_id(x), id) : word_of(op, id, ad_id(y)), z);
    }
    return record(op, 2, (ad_var[]){x, y}, z);
}

ad_var ad_record3(enum ad_op op, ad_var x, ad_var y, ad_var w, double z)
{
    return record(op, 3, (ad_var[]){x, y, w}, z);
}

/* A sigmoid keeps with its node what the sweep needs to do without a second exponential: sigmoid_pair.h. */
static inline double sigmoid_keeping(double x, uint64_t *kept)
{
    struct ad_rounded z = ad_sigmoid_rounded(x);
    *kept = ad_keep(z.error);
    return z.value;
}

static inline ad_var record1_keeping(enum ad_op op, ad_var x, double z, uint64_t kept)
{
    ad_tape_head *tape = ad_current;
    const uint64_t a = ad_living_id(tape, x.link);
    if (AD_LIKELY(a <= AD_ID_MASK && tape->next < tape->end))
        return ad_append(tape, word_of(op, (uint32_t)a, (uint32_t)kept), z);
    return ad_record1_slowly(op, x, z);
}

#undef sigmoid
#define sigmoid(x) sigmoid_keeping(x, &kept)
#define FN1(name, z, ...) \
    ad_var (ad_##name)(ad_var x_) \
    { \
        const double x = x_.value; \
        uint64_t kept = 0; \
        const double value = z; \
        return record1_keeping(AD_OP_##name, x_, value, kept); \
    }
#define FN2(name, z, ...) \
    ad_var (ad_##name)(ad_var x_, ad_var y_) \
    { const double x = x_.value, y = y_.value; return ad_record2(AD_OP_##name, x_, y_, z); }
#define FN3(name, z, ...) \
    ad_var (ad_##name)(ad_var x_, ad_var y_, ad_var w_) \
    { const double x = x_.value, y = y_.value, w = w_.value; return ad_record3(AD_OP_##name, x_, y_, w_, z); }
#include "../ops.def"
#undef sigmoid
#define sigmoid(x) ad_scalar_sigmoid(x)

/* The rows with a constant differ in its type alone. */
static ad_var with_constant(enum ad_op op, ad_var x, double y)
{
    return ad_record2(op, x, ad_const(y), ad_evaluate(op, x.value, y, 0));
}

ad_var (ad_powi)(ad_var x, int n) { return with_constant(AD_OP_powi, x, n); }
ad_var (ad_leaky_relu)(ad_var x, double slope) { return with_constant(AD_OP_leaky_relu, x, slope); }
ad_var (ad_polygamma)(ad_var x, int order) { return with_constant(AD_OP_polygamma, x, order); }

double ad_evaluate(enum ad_op op, double x, double y, double w)
{
    (void)y, (void)w;
    switch (op) {
#define OP1(name, z, ...) case AD_OP_##name: return z;
#define OP2(name, z, ...) case AD_OP_##name: return z;
#define OP3(name, z, ...) case AD_OP_##name: return z;
#define FC1(name, z, ...) case AD_OP_##name: return z;
#include "../ops.def"
    default: return NAN;
    }
}

ad_var ad_record(enum ad_op op, ad_var x, ad_var y, ad_var w)
{
    double z = ad_evaluate(op, x.value, y.value, w.value);
    switch (ad_rules[op].arity) {
    case 1: return ad_record1(op, x, z);
    case 2: return ad_record2(op, x, y, z);
    default: return ad_record3(op, x, y, w, z);
    }
}

/* ---- Lists ---------------------------------------------------------------------------------------------------------- */

/* The tape of a list's variables, with room for the list itself; NULL, a fault noted where it can be, if any variable is
 * not of it. */
static __attribute__((noinline, cold)) ad_tape *tape_of_list(enum ad_op op, size_t n, const ad_var *x, const ad_var *y)
{
    const char *function = ad_rules[op].name;
    ad_tape *tape = NULL;
    for (size_t i = 0; i < n && !tape; i++) {
        tape = ad_is_plain(x[i]) ? NULL : ad_tape_in(x[i].link);
        if (!tape && y && !ad_is_plain(y[i]))
            tape = ad_tape_in(y[i].link);
    }
    for (size_t i = 0; i < n && tape; i++)
        for (int second = 0; second <= (y != NULL); second++) {
            ad_var v = second ? y[i] : x[i];
            char operand[32];
            if (ad_is_plain(v) || ad_living_id(tape->head, v.link) <= AD_ID_MASK)
                continue;
            snprintf(operand, sizeof operand, "%s[%zu]", second ? "y" : "x", i);
            if (!ad_accepts(tape, v, function, operand))
                return NULL;
        }
    size_t ids = y ? 2 * n : n;            /* and two words: the length, what a logsumexp lost */
    if (tape && n > AD_ID_MASK / 2) {
        ad_fault(tape, AD_ERROR_LIMIT, "ad_%s: a list of %zu operands; the most is %u", function, n, (unsigned)AD_ID_MASK / 2);
        return NULL;
    }
    if (tape && !ad_block_grow(&tape->lists, &tape->allocator, (tape->n_lists + ids + 2) * sizeof(uint32_t))) {
        ad_fault_memory(tape, function, "the operand list");
        return NULL;
    }
    return tape;
}

static int all_plain(size_t n, const ad_var *x, const ad_var *y)
{
    uint64_t links = 0;
    for (size_t i = 0; i < n; i++)
        links |= x[i].link | (y ? y[i].link : 0);
    return links == 0;
}

/* Writes a list whose variables are known to be alive; returns whether there was room for its constants and its node. */
static __attribute__((noinline, cold)) int write_list(ad_tape *tape, enum ad_op op, size_t n, const ad_var *x, const ad_var *y)
{
    uint32_t *list = (uint32_t *)tape->lists.base + tape->n_lists;
    *list++ = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        for (int second = 0; second <= (y != NULL); second++) {
            ad_var v = second ? y[i] : x[i];
            uint64_t id = ad_is_plain(v) ? constant(tape, v.value, ad_rules[op].name) : ad_id(v);
            if (id > AD_ID_MASK)
                return 0;
            *list++ = (uint32_t)id;
        }
    return ad_room_for(tape, 1, ad_rules[op].name);
}

static inline uint64_t list_id(ad_tape *tape, ad_var v)
{
    return v.link ? ad_living_id(tape->head, v.link) : constant(tape, v.value, NULL);
}

/* The commonest list: its first operand is a variable of the present tape, there is room, all others are alive or plain.
 * One pass writes the ids and checks them; NULL where anything else turns up, and then only constants were added. */
static inline __attribute__((always_inline)) ad_tape *list_quickly(size_t n, const ad_var *x, const ad_var *y)
{
    ad_tape_head *head = ad_current;
    if (!n || ad_living_id(head, x[0].link) > AD_ID_MASK)
        return NULL;
    ad_tape *tape = ad_tape_in(x[0].link);
    size_t ids = y ? 2 * n : n;
    if (n > AD_ID_MASK / 2 || head->end - head->next <= ids ||
        tape->lists.size / sizeof(uint32_t) - tape->n_lists <= ids + 1)
        return NULL;
    uint32_t *list = (uint32_t *)tape->lists.base + tape->n_lists;
    uint64_t all = 0;
    *list++ = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        uint64_t id = list_id(tape, x[i]);
        all |= id;
        *list++ = (uint32_t)id;
        if (y) {
            id = list_id(tape, y[i]);
            all |= id;
            *list++ = (uint32_t)id;
        }
    }
    return all <= AD_ID_MASK ? tape : NULL;
}

static inline __attribute__((always_inline)) ad_var record_list(enum ad_op op, size_t n, const ad_var *x, const ad_var *y,
                                                                double z, double lost)
{
    ad_tape *tape = list_quickly(n, x, y);
    if (!tape) {
        if (all_plain(n, x, y))
            return ad_const(z);
        tape = tape_of_list(op, n, x, y);
        if (tape)
            ad_current = tape->head;
        if (!tape || !write_list(tape, op, n, x, y))
            return ad_const(NAN);
    }
    uint64_t at = tape->n_lists;
    tape->n_lists += (y ? 2 * n : n) + 1;
    if (op == AD_OP_logsumexp)
        ad_list_keep((uint32_t *)tape->lists.base + tape->n_lists++, lost);
    return ad_append(tape->head, (uint64_t)op << AD_OP_SHIFT | at, z);
}

ad_var ad_sum(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_sum, n, x, NULL, ad_value_sum(n, x), 0);
}

ad_var ad_mean(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_mean, n, x, NULL, ad_value_sum(n, x) / (double)n, 0);
}

ad_var ad_logsumexp(size_t n, const ad_var *x)
{
    double lost = 0, z = n && !x ? NAN : ad_value_logsumexp(n, x, &lost);
    return n && !x ? ad_const(z) : record_list(AD_OP_logsumexp, n, x, NULL, z, lost);
}

ad_var ad_norm2(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_norm2, n, x, NULL, ad_value_norm2(n, x), 0);
}

ad_var ad_maximum(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_maximum, n, x, NULL, ad_value_maximum(n, x), 0);
}

ad_var ad_minimum(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_minimum, n, x, NULL, ad_value_minimum(n, x), 0);
}

/* Where the id of x stands in the 64 bits of a pair of ids. */
enum { X_SHIFT = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 32 : 0 };

/* Two operands side by side, with what SSE2, a baseline, does with them at once. */
typedef double   two_values __attribute__((vector_size(16)));
typedef uint64_t two_links __attribute__((vector_size(16)));
#define VALUES(v) (two_values){(v)[0].value, (v)[1].value}
#define LINKS(v)  (two_links){(v)[0].link, (v)[1].link}

/* ad_dot where x are all alive in one epoch, and y too, of the present tape: ids, liveness and value in one pass, each
 * list against the tag of its first. P1 row by row with ad_dot 2.35 -> 2.0 ns per operation, 0.15 of it by two at once.
 * 0 where anything else turns up, and then nothing was recorded. */
static inline int dot_quickly(size_t n, const ad_var *x, const ad_var *y, ad_var *z)
{
    ad_tape_head *head = ad_current;
    if (!n || ad_living_id(head, x[0].link) > AD_ID_MASK || ad_living_id(head, y[0].link) > AD_ID_MASK)
        return 0;
    ad_tape *tape = ad_tape_in(x[0].link);
    if (n > AD_ID_MASK / 2 || head->end == head->next || tape->lists.size / sizeof(uint32_t) - tape->n_lists <= 2 * n)
        return 0;
    const uint64_t x_tag = x[0].link & ~AD_ID_MASK, y_tag = y[0].link & ~AD_ID_MASK;
    uint32_t *list = (uint32_t *)tape->lists.base + tape->n_lists;
    two_links both = {0, 0};
    two_values s[2] = {{-0.0, -0.0}, {-0.0, -0.0}};
    struct ad_total total = {-0.0, 0};
    size_t i = 0;
    *list++ = (uint32_t)n;
    for (; i + 4 <= n; i += 4, x += 4, y += 4, list += 8) {
        if (i && i % AD_DOT_BLOCK == 0) {
            ad_total_add(&total, (s[0][0] + s[0][1]) + (s[1][0] + s[1][1]));
            s[0] = s[1] = (two_values){-0.0, -0.0};
        }
        for (int k = 0; k < 2; k++) {
            const two_links a = LINKS(x + 2 * k) ^ x_tag, b = LINKS(y + 2 * k) ^ y_tag, ids = a << X_SHIFT | b << (32 - X_SHIFT);
            both |= a | b;
            s[k] += VALUES(x + 2 * k) * VALUES(y + 2 * k);
            memcpy(list + 4 * k, &ids, sizeof ids);
        }
    }
    uint64_t all = both[0] | both[1];
    double rest = -0.0;
    for (; i < n; i++, x++, y++) {
        const uint64_t a = x->link ^ x_tag, b = y->link ^ y_tag;
        all |= a | b;
        rest += x->value * y->value;
        *list++ = (uint32_t)a;
        *list++ = (uint32_t)b;
    }
    if (all > AD_ID_MASK)
        return 0;
    uint64_t at = tape->n_lists;
    tape->n_lists += 2 * n + 1;
    ad_total_add(&total, ((s[0][0] + s[0][1]) + (s[1][0] + s[1][1])) + rest);
    *z = ad_append(head, (uint64_t)AD_OP_dot << AD_OP_SHIFT | at, ad_total_value(total));
    return 1;
}

ad_var ad_dot(size_t n, const ad_var *x, const ad_var *y)
{
    ad_var z;
    if (n && (!x || !y))
        return ad_const(NAN);
    return dot_quickly(n, x, y, &z) ? z : record_list(AD_OP_dot, n, x, y, ad_value_dot(n, x, y), 0);
}
