/* call.c -- functions called on a tape, and the tape's own sums over rows. What a call is to the tape, is in tape/call.h; what it
 * calls, in callee.h. */
#include "call.h"

#include "autodiff/tape/call.h"
#include "callee.h"
#include "internal.h"

#include <math.h>
#include <stdio.h>

enum { MOST_DEPTH = 64 };                  /* an evaluation of calls within calls takes stack */

/* ---- What the tape asks of a callee ------------------------------------------------------------------------------------ */

static ad_status adjoint(void *callee, const double *x_and_g, double *dx)
{
    const ad_callee *c = callee;
    ad_status status;
    const ad_function *A = ad_function_adjoint(c->f, &status);
    return A ? ad_function_over(A, x_and_g, c->columns, c->rows, dx) : status;
}

static void *derived(void *callee, ad_status *status)
{
    const ad_callee *c = callee;
    ad_callee *its = ad_callee_with(c, ad_function_adjoint(c->f, status));
    if (!its)
        *status = AD_ERROR_NO_MEMORY;
    return its;
}

static const ad_called_kind of_a_function = {ad_callee_free, ad_callee_evaluate, adjoint, derived};

/* ---- Recording ---------------------------------------------------------------------------------------------------------- */

static ad_var all_nan(const ad_function *f, ad_var *results)
{
    for (uint32_t k = 0; f && results && k < f->n_outputs; k++)
        results[k] = ad_const(NAN);
    return ad_const(NAN);
}

typedef struct operands {
    size_t        n;
    const ad_var *x;                       /* NULL: none */
    const char   *what;
} operands;

/* The tape of the operands, with every one of them checked against it; NULL when there is none. 0 when an operand is not of it,
 * or of none that lives. */
static int find_tape(const char *function, const operands *list, size_t n_lists, ad_tape **tape)
{
    int some = 0;
    for (size_t l = 0; l < n_lists; l++)
        for (size_t i = 0; list[l].x && i < list[l].n && !*tape; i++) {
            some |= !ad_is_plain(list[l].x[i]);
            *tape = ad_is_plain(list[l].x[i]) ? NULL : ad_tape_in(list[l].x[i].link);
        }
    for (size_t l = 0; l < n_lists && *tape; l++)
        for (size_t i = 0; list[l].x && i < list[l].n; i++) {
            char operand[40];
            if (ad_is_plain(list[l].x[i]) || ad_living_id((*tape)->head, list[l].x[i].link) <= AD_ID_MASK)
                continue;
            snprintf(operand, sizeof operand, "%s[%zu]", list[l].what, i);
            if (!ad_accepts(*tape, list[l].x[i], function, operand))
                return 0;
        }
    return *tape || !some;
}

/* Whether the arguments have the shape that f asks for; if not, says so on the tape. */
static int fits(ad_tape *tape, const char *function, const ad_function *f, size_t n_params, const ad_var *params,
                size_t n_columns, const void *columns, size_t rows)
{
    if (!f)
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_%s: no function (NULL); ad_function_new says why on its tape", function);
    else if (n_params != f->n_params || n_columns != f->n_columns)
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_%s: %zu params and %zu columns are given; the function has %u params and %u columns",
                 function, n_params, n_columns, (unsigned)f->n_params, (unsigned)f->n_columns);
    else if ((n_params && !params) || (n_columns && !columns && rows))
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_%s: %s is NULL; the function has %u params and %u columns", function,
                 n_params && !params ? "params" : "columns", (unsigned)f->n_params, (unsigned)f->n_columns);
    else if (f->depth >= MOST_DEPTH)
        ad_fault(tape, AD_ERROR_ARGUMENT, "ad_%s: calls within calls %u deep; the most is %d", function, (unsigned)f->depth,
                 MOST_DEPTH);
    else
        return 1;
    return 0;
}

static ad_var *joined(const ad_allocator *a, size_t n, const ad_var *x, size_t m, const ad_var *y, size_t outputs)
{
    ad_var *all = ad_make(a, n + m + outputs, sizeof *all);
    if (all && n)
        memcpy(all, x, n * sizeof *all);
    if (all && m)
        memcpy(all + n, y, m * sizeof *all);
    return all;
}

/* Without a variable among the operands: numbers. */
static ad_status evaluate_plain(ad_callee *c, size_t n, ad_var *all)
{
    size_t m = ad_callee_outputs(c);
    double *numbers = ad_make(&c->allocator, n + m, sizeof *numbers);
    if (!numbers)
        return AD_ERROR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        numbers[i] = all[i].value;
    ad_status status = ad_callee_evaluate(c, numbers, numbers + n);
    for (size_t k = 0; k < m; k++)
        all[n + k] = ad_const(numbers[n + k]);
    ad_drop(&c->allocator, numbers, n + m, sizeof *numbers);
    return status;
}

/* `its`: what is evaluated, in f's place. Data, or one point `at`. */
static ad_var call(const char *function, const ad_function *f, const ad_function *its, ad_tape *tape, size_t n_params,
                   const ad_var *params, size_t more, const ad_var *at, int at_a_point, const double *const *columns, size_t rows,
                   ad_var *results)
{
    size_t n = n_params + more, m = f->n_outputs;
    ad_var *all = its ? joined(&f->allocator, n_params, params, more, at, m) : NULL, first = ad_const(NAN);
    ad_callee *c = all ? ad_callee_new(its, at_a_point, columns, rows) : NULL;
    ad_status status = c ? AD_OK : AD_ERROR_NO_MEMORY;
    if (c && tape) {
        ad_call_record(tape, function, &of_a_function, c, n, all, m, all + n);
    } else if (c) {
        status = evaluate_plain(c, n, all);
        ad_callee_free(c);
    }
    if (status == AD_OK) {
        first = all[n];
        if (results)
            memcpy(results, all + n, m * sizeof *all);
    } else {
        ad_fault_memory(tape, function, "the call");
        all_nan(f, results);
    }
    ad_drop(&f->allocator, all, n + m, sizeof *all);
    return first;
}

ad_var ad_call(const ad_function *f, size_t n_params, const ad_var *params, size_t n_columns, const ad_var *columns,
               ad_var *results)
{
    ad_tape *tape = NULL;
    ad_status status;
    const operands list[] = {{n_params, params, "params"}, {n_columns, columns, "columns"}};
    if (!find_tape("call", list, 2, &tape) || !fits(tape, "call", f, n_params, params, n_columns, columns, 1))
        return all_nan(f, results);
    return call("call", f, ad_function_at_a_point(f, &status), tape, n_params, params, n_columns, columns, 1, NULL, 1,
                results);
}

ad_var ad_call_sum(const ad_function *f, size_t n_params, const ad_var *params, size_t n_columns, const double *const *columns,
                   size_t rows, ad_var *results)
{
    ad_tape *tape = NULL;
    ad_status status;
    const operands list = {n_params, params, "params"};
    if (!find_tape("call_sum", &list, 1, &tape) || !fits(tape, "call_sum", f, n_params, params, n_columns, columns, rows))
        return all_nan(f, results);
    for (size_t k = 0; k < n_columns && rows; k++)
        if (!columns[k]) {
            ad_fault(tape, AD_ERROR_ARGUMENT, "ad_call_sum: column %zu is NULL; it has to be an array of %zu numbers", k, rows);
            return all_nan(f, results);
        }
    return call("call_sum", f, ad_function_its_total(f, &status), tape, n_params, params, 0, NULL, 0, columns, rows,
                results);
}

/* ---- The tape's own rows ------------------------------------------------------------------------------------------------ */

ad_var ad_row_sum(ad_var x)
{
    return ad_is_plain(x) ? ad_const(NAN) : ad_record1(AD_OP_ROW_SUM, x, NAN);
}

ad_var ad_rows(ad_tape *tape)
{
    uint64_t one = tape ? ad_constant_id(tape, 1, "rows") : UINT64_MAX;
    return one > AD_ID_MASK ? ad_const(NAN) : ad_row_sum(ad_var_at(tape, (uint32_t)one));
}
