/* faults.c -- functions without memory: each allocation of taking, deriving, lowering, evaluating alone and on threads, and
 * emitting fails once, and from some one on all fail. Every call says so or succeeds, nothing is lost, and with memory back
 * the same function gives the same results. Jacobians and Hessians: see jacobian.c and hessian.c. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "failing.h"
#include "formulas.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { INPUTS = PARAMS + COLUMNS, ROWS = 1500, OUTPUTS = 2, FIGURES = 64 };

static double data[COLUMNS][ROWS], out[OUTPUTS * (INPUTS + 1)][ROWS], inter[OUTPUTS * ROWS], p[2 * PARAMS];

static int refused;                        /* calls that found no memory */

static int is_there(ad_status status)
{
    cr_assert(status == AD_OK || status == AD_ERROR_NO_MEMORY, "status %d", (int)status);
    refused += status != AD_OK;
    return status == AD_OK;
}

static ad_function *derived(const ad_function *f, ad_derive_options o)
{
    ad_status status = AD_OK;
    o.status = &status;
    ad_function *g = f ? ad_function_derive(f, o) : NULL;
    cr_assert(!f || (g != NULL) == (status == AD_OK));
    if (f)
        is_there(status);
    return g;
}

/* Everything that a function can be asked for; figures of it in r. */
static void ask(const ad_function *f, double *r)
{
    static const size_t some[] = {0, PARAMS, 2};
    const double *columns[2 * INPUTS];
    double *outs[OUTPUTS * (INPUTS + 1)], point[2 * INPUTS];
    for (int k = 0; k < 2 * INPUTS; k++) {
        columns[k] = data[k % COLUMNS];
        point[k] = data[k % COLUMNS][5];
    }
    for (int k = 0; k < OUTPUTS * (INPUTS + 1); k++)
        outs[k] = out[k];
    if (is_there(ad_function_at(f, p, point, r)) && is_there(ad_function_rows(f, p, columns, ROWS, outs)))
        r[2] = out[0][77] + out[1][ROWS - 1];
    if (is_there(ad_function_rows_interleaved(f, p, columns, ROWS, inter)))
        r[3] = inter[100];
    is_there(ad_function_sum(f, p, columns, ROWS, r + 4));
    is_there(ad_function_sum(f, p, columns, 0, r + 6));
    ad_function *total = ad_function_total(f), *slopes = total ? derived(total, (ad_derive_options){.keep_outputs = 1}) : NULL;
    refused += !total;
    if (slopes)
        is_there(ad_function_over(slopes, p, columns, ROWS, r + 8));
    ad_function *reverse = derived(f, (ad_derive_options){.n = 3, .inputs = some}),
                *tangent = derived(f, (ad_derive_options){.mode = AD_TANGENT, .n = 3, .inputs = some}),
                *adjoint = derived(f, (ad_derive_options){.mode = AD_ADJOINT, .n = 3, .inputs = some}),
                *twice = derived(reverse, (ad_derive_options){.mode = AD_TANGENT, .n = 1, .inputs = some});
    ad_function *all[] = {reverse, tangent, adjoint, twice, slopes, total};
    for (int k = 0; k < 4; k++)
        if (all[k] && is_there(ad_function_rows(all[k], p, columns, 70, outs)))
            r[24 + k] = out[1][69];
    char *text = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&text, &n);
    if (is_there(ad_function_emit_c(f, stream, (ad_emit_options){0})))
        r[30] = 1;
    fclose(stream);
    r[31] = (double)n;
    free(text);
    for (int k = 0; k < 6; k++)
        ad_function_free(all[k]);
}

/* One output, with a gradient. */
static void ask_one(const ad_function *f, double *r)
{
    const double *columns[COLUMNS];
    for (int k = 0; k < COLUMNS; k++)
        columns[k] = data[k];
    is_there(ad_function_sum_gradient(f, p, columns, ROWS, r + 40, r + 41));
    memcpy(r + 50, p, PARAMS * sizeof *p);
    is_there(ad_function_sum_gradient(f, r + 50, columns, 10, NULL, r + 50));
    ad_function *total = ad_function_total(f);
    refused += !total;
    if (total)
        is_there(ad_function_over(total, p, columns, ROWS, r + 60));
    ad_function_free(total);
}

static ad_function *take(ad_tape *tape, const ad_var *y, size_t n)
{
    ad_function *f = ad_function_new(tape, n, y);
    cr_assert((f != NULL) == (ad_tape_error(tape) == AD_OK), "a function and an error: %s", ad_tape_error_message(tape));
    refused += !f;
    return f;
}

/* Records, and from then on the k-th allocation fails. Returns whether none did. */
static int attempt(long k, int on, double *r)
{
    failing m = {0};
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = failing_allocator(&m)});
    ad_var inputs[INPUTS], y[OUTPUTS];
    for (int i = 0; i < INPUTS; i++)
        inputs[i] = i < PARAMS ? ad_param(tape, i % 2 ? "p" : NULL, 0) : ad_column(tape, "x");
    y[0] = formula(inputs, 11);
    y[1] = ad_mul(ad_maximum(4, inputs), ad_add(ad_norm2(3, inputs + 2), ad_logsumexp(4, inputs + 1)));
    cr_assert_eq(ad_tape_error(tape), AD_OK);
    refused = 0;
    m.fail_at = k ? m.calls + k : 0;
    m.fail_on = on;
    ad_function *f = take(tape, y, OUTPUTS), *one = f ? take(tape, y, 1) : NULL;
    memset(r, 0, FIGURES * sizeof *r);
    if (f)
        ask(f, r);
    if (one)
        ask_one(one, r);
    int failed = refused;
    m.fail_at = 0;
    if (failed && f && one) {
        refused = 0;
        memset(r, 0, FIGURES * sizeof *r);
        ask(f, r);
        ask_one(one, r);
        cr_assert_eq(refused, 0, "failure %ld: not whole again", k);
    }
    int whole = f && one;
    ad_function_free(one);
    ad_function_free(f);
    ad_tape_free(tape);
    cr_assert(m.live == 0 && !m.wrong, "failure %ld: %zu bytes leaked or a wrong size told", k, m.live);
    return whole ? !failed : -1;
}

static void fail_each(int threads, int on)
{
    double wanted[FIGURES], got[FIGURES];
    long k = 0, first_in_vain = 0;
    for (int i = 0; i < PARAMS; i++)
        p[i] = p[PARAMS + i] = 0.3 * i - 0.4;
    for (int c = 0; c < COLUMNS; c++)
        for (int r = 0; r < ROWS; r++)
            data[c][r] = sin(0.1 * (c + 1) * (r + 1));
    ad_threads(threads);
    cr_assert_eq(attempt(0, 0, wanted), 1);
    /* A failure that does no harm, as of room for threads, is none to the caller: some such in a row are the end. */
    for (k = 1; first_in_vain < 40; k++) {
        int sound = attempt(k, on, got);
        first_in_vain = sound == 1 ? first_in_vain + 1 : 0;
        cr_assert(sound < 0 || !memcmp(got, wanted, sizeof got), "failure %ld: other results than with memory", k);
    }
    cr_assert_gt(k, 200, "only %ld allocations", k);
}

Test(faults, each_allocation_may_fail, .timeout = 300) { fail_each(1, 0); }
Test(faults, memory_may_run_out_anywhere, .timeout = 300) { fail_each(1, 1); }
Test(faults, of_threads_too, .timeout = 300) { fail_each(3, 0); }
