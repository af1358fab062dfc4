/* faults.c -- every allocation of reading, recording and making functions of models fails once: an error, no leak, no harm. */
#include "unit.h"
#include "failing.h"

#include <stdlib.h>

static const char text[] =
    "const c = 2   # a comment\nparam w = 0.6 in (0, inf)\ncolumn x\ny = sigmoid(w*x + c)\nn = 3\nE = (y - n)^2/2 + max(w, c, x) + dot(w, c, x, n)\n"
    "g = dE/dw + d(d(E)/d(c))/d(x)\ng2 = dE/dc\nminimize E\nclaim dE/dw = g + d(E)/d(n) \"here\"\nclaim g = 0.25\n";
static char *large;                                /* outgrows every first block */

static void make_large(void)
{
    size_t used = sizeof text - 1;
    large = malloc(1 << 16);
    memcpy(large, text, used);
    for (int i = 0; i < 40; i++)
        used += (size_t)sprintf(large + used, "param a_long_parameter_name_%d = %d\ncolumn k%d\nclaim k%d + w = ((((w))))*sin(k%d)\n", i, i, i, i, i);
}

/* All that can be asked; a digest of the answers, or the status of what failed. */
static ad_status scenario(ad_allocator allocator, double *digest)
{
    ad_problem problem;
    ad_model *m = ad_model_create(allocator, large, strlen(large), &problem);
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = allocator});
    ad_status status = problem.status;
    ad_var v[128];
    const ad_expression *e[2] = {NULL, NULL};
    *digest = 0;
    if (m && !tape)
        status = AD_ERROR_NO_MEMORY;
    if (status == AD_OK) {
        ad_model_set(m, 2, 0.7);
        status = ad_model_record(m, tape, v);
    }
    if (status == AD_OK && !(e[0] = ad_model_formula(m, "d(E)/d(w) + n", 13, &problem)))
        status = problem.status;
    if (status == AD_OK && !(e[1] = ad_model_formula(m, "dE/dc", 5, &problem)))
        status = problem.status;
    if (status == AD_OK && ad_model_extend(m, "last = w + 1\ncolumn tail\nclaim last = 2", 39, &problem) != AD_OK)
        status = problem.status;
    if (status == AD_OK) {
        for (size_t k = 0; k < 2; k++)
            *digest += ad_value(ad_expression_record(ad_model_claim(m, k)->left, tape, v));
        *digest += ad_value(ad_formula(tape, "tanh(w*y) + d(E)/d(w)"));
        status = ad_tape_error(tape);
    }
    if (status == AD_OK) {
        ad_function *f = ad_model_function(m, 2, e, &problem), *loss = f ? ad_model_function(m, 0, NULL, &problem) : NULL;
        status = problem.status;
        cr_assert((loss != NULL) == (status == AD_OK));
        *digest += f && loss ? (double)(ad_function_size(f) + ad_function_size(loss)) : 0;
        ad_function_free(loss);
        ad_function_free(f);
    }
    ad_tape_free(tape);
    ad_model_free(m);
    return status;
}

Test(faults, of_memory_are_told_wherever_they_happen, .timeout = 60)
{
    double expected, digest;
    long calls = 0;
    make_large();
    cr_assert(scenario((ad_allocator){0}, &expected) == AD_OK && isfinite(expected));
    for (long k = 0; k <= calls; k++)
        for (int from = 0; from < (k ? 2 : 1); from++) {
            failing mem = {.fail_at = k, .fail_on = from};
            ad_status status = scenario(failing_allocator(&mem), &digest);
            if (!k) {
                calls = mem.calls;
                cr_assert(status == AD_OK && calls > 60, "%ld allocations", calls);
                EQUAL(digest, expected);
            } else
                cr_assert(status == AD_ERROR_NO_MEMORY, "allocation %ld failed and the status is %d", k, (int)status);
            cr_assert(mem.live == 0 && !mem.wrong, "allocation %ld: %zu bytes are left", k, mem.live);
        }
    free(large);
}
