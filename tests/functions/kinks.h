/* kinks.h -- all that has a slope by convention, as formulas of x: the entries of autodiff/kinks.def, by the operand that each is
 * about, and the formulas of zero_infinity.h. It holds no test.
 */
#ifndef TESTS_FUNCTIONS_KINKS_H
#define TESTS_FUNCTIONS_KINKS_H

#include "zero_infinity.h"

static const struct kink { enum ad_op op; const char *row; int by; double at[3], slope; } kinks[] = {
#define KINK(row, by, x, y, w, left, slope, right, words) {AD_OP_##row, #row, by, {x, y, w}, slope},
#include "autodiff/kinks.def"
};
enum { KINKS = sizeof kinks / sizeof *kinks, CASES = KINKS + ZEROS_TIMES_INFINITIES };

static inline const char *case_text(int i) { return i < KINKS ? kinks[i].row : zeros_times_infinities[i - KINKS].text; }
static inline double case_point(int i) { return i < KINKS ? kinks[i].at[kinks[i].by] : zeros_times_infinities[i - KINKS].x; }
static inline double case_slope(int i) { return i < KINKS ? kinks[i].slope : zeros_times_infinities[i - KINKS].slope; }

enum { ROWS = 130 };                       /* more than a block has */
static const double zeros[ROWS];

/* Other operands than x are numbers. */
static inline ad_var case_of(int i, ad_var x)
{
    if (i >= KINKS)
        return zero_times_infinity(i - KINKS, x);
    const struct kink *k = &kinks[i];
    ad_var v[3] = {ad_const(k->at[0]), ad_const(k->at[1]), ad_const(k->at[2])};
    v[k->by] = x;
    switch (k->op) {
#define OP1(name, ...) case AD_OP_##name: return ad_##name(v[0]);
#define OP2(name, ...) case AD_OP_##name: return ad_##name(v[0], v[1]);
#define OP3(name, ...) case AD_OP_##name: return ad_##name(v[0], v[1], v[2]);
#define FC1(name, ...)
#include <autodiff/ops.def>
    case AD_OP_leaky_relu: return ad_leaky_relu(v[0], k->at[1]);
    case AD_OP_powi:       return ad_powi(v[0], (int)k->at[1]);
    default:               return ad_const(NAN);
    }
}

/* The case as a function of a param v, and of a column c that is added to it if asked for. */
static inline ad_function *function_of(int i, int by_row)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "v", case_point(i));
    if (by_row)
        x = ad_add(x, ad_column(tape, "c"));
    ad_var E = case_of(i, x);
    ad_function *f = ad_function_new(tape, 1, &E);
    cr_assert_not_null(f, "%s: %s", case_text(i), ad_tape_error_message(tape));
    ad_tape_free(tape);
    return f;
}

#endif
