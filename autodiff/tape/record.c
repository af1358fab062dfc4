/* record.c -- recording what the inline path leaves: functions, plain operands, faults, three operands, lists. */
#include "internal.h"

#include "autodiff/rules/rules.h"
#include "autodiff/rules/scalar.h"
#include "operations.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t word_of(enum ad_op op, uint32_t x, uint32_t y)
{
    return (uint64_t)op << AD_OP_SHIFT | (uint64_t)x << AD_ID_BITS | y;
}

uint32_t ad_constant(ad_tape *tape, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t *known = &tape->constants[(bits * UINT64_C(0x9e3779b97f4a7c15)) >> 56].id;
    ad_tape_head *head = tape->head;
    if (*known < head->count && head->words[*known] == word_of(AD_OP_CONSTANT, 0, 0) &&
        !memcmp(&head->values[*known], &bits, sizeof bits))
        return *known;
    *known = head->count;
    ad_append(head, word_of(AD_OP_CONSTANT, 0, 0), value);
    return *known;
}

/* ---- One, two, three operands --------------------------------------------------------------------------------------- */

static const char *const ordinal[] = {"the first operand", "the second operand", "the third operand"};

/* The ids of the operands, plain ones made into constants; the tape, or NULL with the fault noted. */
static ad_tape *settle(enum ad_op op, int n, const ad_var *v, uint32_t *id)
{
    const char *function = ad_rules[op].name;
    ad_tape *tape = NULL;
    for (int i = 0; i < n && !tape; i++)
        tape = ad_tape_of(v[i], function);
    if (!tape)
        return NULL;
    for (int i = 0; i < n; i++)
        if (!ad_is_plain(v[i]) && !ad_accepts(tape, v[i], function, ordinal[i]))
            return NULL;
    if (!ad_room_for(tape, 5, function))
        return NULL;
    for (int i = 0; i < n; i++)
        id[i] = ad_is_plain(v[i]) ? ad_constant(tape, v[i].value) : ad_id(v[i]);
    ad_current = tape->head;
    return tape;
}

static ad_var record(enum ad_op op, int n, const ad_var *v, double z)
{
    uint32_t id[3] = {0, 0, 0};
    uint64_t links = 0;
    for (int i = 0; i < n; i++)
        links |= v[i].link;
    if (!links)
        return ad_const(z);
    ad_tape *tape = settle(op, n, v, id);
    if (!tape)
        return ad_const(NAN);
    if (n == 3)
        ad_append(tape->head, word_of(AD_OP_THIRD, id[2], 0), NAN);
    return ad_append(tape->head, word_of(op, id[0], id[1]), z);
}

ad_var ad_record1_slowly(enum ad_op op, ad_var x, double z) { return record(op, 1, &x, z); }

/* A living variable and a plain number, the commonest mix, first. */
ad_var ad_record2_slowly(enum ad_op op, ad_var x, ad_var y, double z)
{
    ad_tape_head *head = ad_current;
    uint64_t link = x.link | y.link;
    if ((!x.link || !y.link) && ad_is_alive(head, link) && head->count + 2 <= head->room) {
        ad_tape *tape = ad_tape_in(link);
        if (x.link)
            return ad_append(head, word_of(op, ad_id(x), ad_constant(tape, y.value)), z);
        return ad_append(head, word_of(op, ad_constant(tape, x.value), ad_id(y)), z);
    }
    return record(op, 2, (ad_var[]){x, y}, z);
}

ad_var ad_record3(enum ad_op op, ad_var x, ad_var y, ad_var w, double z)
{
    return record(op, 3, (ad_var[]){x, y, w}, z);
}

#define FN1(name, z, ...) \
    ad_var (ad_##name)(ad_var x_) { const double x = x_.value; return ad_record1(AD_OP_##name, x_, z); }
#define FN2(name, z, ...) \
    ad_var (ad_##name)(ad_var x_, ad_var y_) \
    { const double x = x_.value, y = y_.value; return ad_record2(AD_OP_##name, x_, y_, z); }
#define FN3(name, z, ...) \
    ad_var (ad_##name)(ad_var x_, ad_var y_, ad_var w_) \
    { const double x = x_.value, y = y_.value, w = w_.value; return ad_record3(AD_OP_##name, x_, y_, w_, z); }
#include "../ops.def"

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

static double value_sum(size_t n, const ad_var *x)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += x[i].value;
    return s;
}

static double value_dot(size_t n, const ad_var *x, const ad_var *y)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += x[i].value * y[i].value;
    return s;
}

/* max + log(sum of exp(x - max)); an infinite maximum is the answer itself. */
static double value_logsumexp(size_t n, const ad_var *x)
{
    double most = -INFINITY, s = 0;
    for (size_t i = 0; i < n; i++)
        most = max(most, x[i].value);
    if (!isfinite(most))
        return most;
    for (size_t i = 0; i < n; i++)
        s += exp(x[i].value - most);
    return most + log(s);
}

static double value_norm2(size_t n, const ad_var *x)
{
    double most = 0, s = 0;
    for (size_t i = 0; i < n; i++)
        most = max(most, fabs(x[i].value));
    if (most == 0 || !isfinite(most))
        return most;
    int exponent;
    frexp(most, &exponent);
    for (size_t i = 0; i < n; i++) {
        double scaled = ldexp(x[i].value, -exponent);
        s += scaled * scaled;
    }
    return ldexp(sqrt(s), exponent);
}

/* The tape of a list's variables with room for all that the list may add, or NULL, a fault noted on the tape if any. */
static ad_tape *tape_of_list(enum ad_op op, size_t n, const ad_var *x, const ad_var *y, int *plain)
{
    const char *function = ad_rules[op].name;
    char operand[48];
    ad_tape *tape = NULL;
    *plain = 1;
    for (size_t i = 0; i < n && *plain; i++)
        if (!ad_is_plain(x[i]) || (y && !ad_is_plain(y[i]))) {
            *plain = 0;
            tape = ad_tape_of(ad_is_plain(x[i]) ? y[i] : x[i], function);
        }
    if (!tape)
        return NULL;
    for (size_t i = 0; i < n; i++)
        for (int second = 0; second <= (y != NULL); second++) {
            ad_var v = second ? y[i] : x[i];
            if (ad_is_plain(v) || ad_is_alive(tape->head, v.link))
                continue;
            snprintf(operand, sizeof operand, "%s[%zu]", second ? "y" : "x", i);
            if (!ad_accepts(tape, v, function, operand))
                return NULL;
        }
    size_t ids = y ? 2 * n : n;
    if (ids > AD_ID_MASK - 1) {
        ad_fault(tape, AD_ERROR_LIMIT, "ad_%s: a list of %zu operands; the most is %u", function, n, (unsigned)AD_ID_MASK - 1);
        return NULL;
    }
    if (!ad_room_for(tape, (uint32_t)ids + 1, function))
        return NULL;
    ad_current = tape->head;
    if (!ad_block_grow(&tape->lists, &tape->allocator, (tape->n_lists + ids + 1) * sizeof(uint32_t))) {
        ad_fault_memory(tape, function, "the operand list");
        return NULL;
    }
    return tape;
}

static uint32_t id_in(ad_tape *tape, ad_var v) { return ad_is_plain(v) ? ad_constant(tape, v.value) : ad_id(v); }

static ad_var record_list(enum ad_op op, size_t n, const ad_var *x, const ad_var *y, double z)
{
    int plain;
    ad_tape *tape = tape_of_list(op, n, x, y, &plain);
    if (plain)
        return ad_const(z);
    if (!tape)
        return ad_const(NAN);
    uint64_t at = tape->n_lists;
    uint32_t *list = (uint32_t *)tape->lists.base + at;
    *list++ = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        *list++ = id_in(tape, x[i]);
        if (y)
            *list++ = id_in(tape, y[i]);
    }
    tape->n_lists += (y ? 2 * n : n) + 1;
    return ad_append(tape->head, (uint64_t)op << AD_OP_SHIFT | at, z);
}

ad_var ad_sum(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_sum, n, x, NULL, value_sum(n, x));
}

ad_var ad_mean(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_mean, n, x, NULL, value_sum(n, x) / (double)n);
}

ad_var ad_logsumexp(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_logsumexp, n, x, NULL, value_logsumexp(n, x));
}

ad_var ad_norm2(size_t n, const ad_var *x)
{
    return n && !x ? ad_const(NAN) : record_list(AD_OP_norm2, n, x, NULL, value_norm2(n, x));
}

ad_var ad_dot(size_t n, const ad_var *x, const ad_var *y)
{
    return n && (!x || !y) ? ad_const(NAN) : record_list(AD_OP_dot, n, x, y, value_dot(n, x, y));
}
