/* rows.h -- every row of ops.def as a table of functions: recorded, its partials as C, and where they hold.
 *
 * A row takes its operands as one array: 1, 2 or 3 of them; LIST for a list; 2 LIST for two lists, one after the other.
 * Rows with a constant take it apart. It holds no test.
 */
#ifndef TESTS_UNIT_ROWS_H
#define TESTS_UNIT_ROWS_H

#include <autodiff/autodiff.h>
#include "autodiff/rules/scalar.h"

enum { LIST = 3, OPERANDS = 2 * LIST };

struct row {
    const char *name;
    int         operands, has_constant, is_list;
    ad_var    (*record)(const ad_var *v, int c);
    double    (*partial)(int k, const double *v, int c, double z); /* with respect to operand k */
    int       (*holds)(const double *v, int c, double z);
};

#define ROW_(name, call, letters, partials, condition) \
    static ad_var name##_record(const ad_var *v, int c) { (void)c; return call; } \
    static double name##_partial(int k, const double *v, int c, double z) \
    { (void)k, (void)v, (void)c, (void)z; letters; return partials; } \
    static int name##_holds(const double *v, int c, double z) \
    { (void)v, (void)c, (void)z; const int k = 0; (void)k; letters; return (condition) != 0; }
#define X_ const double x = v[0]; (void)x
#define Y_ const double y = v[1]; (void)y
#define W_ const double w = v[2]; (void)w
#define C_ const double y = c; (void)y
#define E_ const double n = LIST, x = v[k % LIST], m = (v[0] == z) + (v[1] == z) + (v[2] == z); (void)n, (void)m, (void)x
#define F_ const double y = v[LIST + k % LIST]; (void)y
#define OP1(name, z_, dx, holds, words) ROW_(name, ad_##name(v[0]), X_, dx, holds)
#define OP2(name, z_, dx, dy, holds, words) ROW_(name, ad_##name(v[0], v[1]), X_; Y_, k == 0 ? (dx) : (dy), holds)
#define OP3(name, z_, dx, dy, dw, holds, words) \
    ROW_(name, ad_##name(v[0], v[1], v[2]), X_; Y_; W_, k == 0 ? (dx) : k == 1 ? (dy) : (dw), holds)
#define FC1(name, z_, dx, holds, words) ROW_(name, ad_##name(v[0], c), X_; C_, dx, holds)
#define NA1(name, z_, dx, holds, words) ROW_(name, ad_##name(LIST, v), E_, dx, holds)
#define NA2(name, z_, dx, dy, holds, words) ROW_(name, ad_##name(LIST, v, v + LIST), E_; F_, k < LIST ? (dx) : (dy), holds)
#include "autodiff/ops.def"
#undef X_
#undef Y_
#undef W_
#undef C_
#undef E_
#undef F_
#undef ROW_

static const struct row rows[] = {
#define ENTRY_(name, operands, constant, list) {#name, operands, constant, list, name##_record, name##_partial, name##_holds},
#define OP1(name, ...) ENTRY_(name, 1, 0, 0)
#define OP2(name, ...) ENTRY_(name, 2, 0, 0)
#define OP3(name, ...) ENTRY_(name, 3, 0, 0)
#define FC1(name, ...) ENTRY_(name, 1, 1, 0)
#define NA1(name, ...) ENTRY_(name, LIST, 0, 1)
#define NA2(name, ...) ENTRY_(name, 2 * LIST, 0, 1)
#include "autodiff/ops.def"
#undef ENTRY_
};
enum { ROWS = sizeof rows / sizeof *rows };

/* The value of a row at plain numbers. */
static inline double row_value(const struct row *row, const double *v, int c)
{
    ad_var plain[OPERANDS];
    for (int k = 0; k < row->operands; k++)
        plain[k] = ad_const(v[k]);
    return row->record(plain, c).value;
}

#endif
