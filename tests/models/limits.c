/* limits.c -- how much a text may hold, and that more of it is an error and nothing worse. */
#include "unit.h"

#include <stdlib.h>

static const char *const names[] = {"x"};

static ad_status status_of(const char *text, size_t length)
{
    ad_problem problem;
    ad_expression *e = ad_expression_parse(text, length, 1, names, &problem);
    ad_expression_free(e);
    return problem.status;
}

/* n times `before`, x, n times `after`. */
static char *nested(size_t n, const char *before, const char *after)
{
    size_t b = strlen(before), a = strlen(after);
    char *text = malloc(n * (a + b) + 2), *p = text;
    for (size_t i = 0; i < n; i++, p += b)
        memcpy(p, before, b);
    *p++ = 'x';
    for (size_t i = 0; i < n; i++, p += a)
        memcpy(p, after, a);
    *p = '\0';
    return text;
}

Test(limits, are_10000_of_what_is_open_at_once)
{
    static const char *const nests[][2] = {{"(", ")"}, {"-", ""}, {"sin(", ")"}, {"x^", ""}, {"1?1:", ""}, {"1?", ":1"}, {"max(1,", ")"}};
    for (size_t k = 0; k < sizeof nests / sizeof *nests; k++)
        for (int more = 0; more < 2; more++) {
            char *text = nested(more ? 10001 : 10000, nests[k][0], nests[k][1]);
            ad_status status = status_of(text, strlen(text));
            cr_assert(status == (more ? AD_ERROR_LIMIT : AD_OK), "%s, %d more: status %d", nests[k][0], more, (int)status);
            free(text);
        }
    char *text = nested(3000000, "(", "");
    cr_assert(status_of(text, strlen(text)) == AD_ERROR_LIMIT);
    free(text);
}

/* The deepest formula is computed, differentiated, printed: none of it recurses. */
Test(limits, hold_for_everything_done_with_a_formula)
{
    char *text = nested(10000, "sin(", ")"), *again = NULL;
    size_t size;
    ad_problem problem;
    ad_expression *e = ad_expression_parse(text, strlen(text), 1, names, &problem);
    cr_assert(e, "%s", problem.message);
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0.5), y = ad_expression_record(e, tape, &x);
    double expected = 0.5, slope = 1;
    for (int i = 0; i < 10000; i++) {
        slope *= cos(expected);
        expected = sin(expected);
    }
    NEAR(ad_value(y), expected, 1e-12);
    ad_backward(y);
    NEAR(ad_grad(x), slope, 1e-9);
    FILE *stream = open_memstream(&again, &size);
    cr_assert(ad_expression_print(e, stream) == AD_OK && !fclose(stream));
    cr_assert_str_eq(text, again);
    free(again);
    free(text);
    ad_expression_free(e);
    ad_tape_free(tape);
}

Test(limits, are_255_bytes_of_a_name)
{
    char text[600];
    for (int more = 0; more < 2; more++) {
        int n = snprintf(text, sizeof text, "param ");
        memset(text + n, 'a', 255 + (size_t)more);
        snprintf(text + n + 255 + more, 64, " = 1");
        ad_problem problem;
        ad_model *m = ad_model_parse(text, strlen(text), &problem);
        cr_assert((m != NULL) == !more && problem.status == (more ? AD_ERROR_LIMIT : AD_OK), "%s", problem.message);
        ad_model_free(m);
    }
}

Test(limits, are_2_to_the_28_bytes_of_a_text)
{
    ad_problem problem;
    cr_assert(!ad_model_parse("", ((size_t)1 << 28) + 1, &problem) && problem.status == AD_ERROR_LIMIT);
    cr_assert(!ad_expression_parse("", ((size_t)1 << 28) + 1, 0, NULL, &problem) && problem.status == AD_ERROR_LIMIT);
}

Test(limits, are_6_derivatives_inside_one_another)
{
    for (int more = 0; more < 2; more++) {
        char text[256] = "x^8";
        for (int i = 0; i < 6 + more; i++) {
            char inner[200];
            snprintf(inner, sizeof inner, "%s", text);
            snprintf(text, sizeof text, "d(%s)/d(x)", inner);
        }
        cr_assert(status_of(text, strlen(text)) == (more ? AD_ERROR_LIMIT : AD_OK), "%s", text);
        if (more)
            continue;
        ad_tape *tape = ad_tape_new();
        ad_param(tape, "x", 2);
        EQUAL(ad_value(ad_formula(tape, text)), 8.0 * 7 * 6 * 5 * 4 * 3 * 4);
        STATUS(tape, AD_OK);
        ad_tape_free(tape);
    }
}

/* A hundred thousand terms on a line, ten thousand lines, a list of ten thousand; AD_SOAK times as many. */
Test(limits, let_long_texts_pass, .timeout = 600)
{
    const char *soak = getenv("AD_SOAK");
    size_t times = soak && atoi(soak) > 1 ? (size_t)atoi(soak) : 1, n = 100000 * times, used = 0;
    int many = 10000 * (int)times;
    char *text = malloc(8 * n);
    for (size_t i = 0; i < n; i++)
        used += (size_t)sprintf(text + used, i ? "+x" : "x");
    ad_problem problem;
    ad_expression *e = ad_expression_parse(text, used, 1, names, &problem);
    cr_assert(e, "%s", problem.message);
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0.5);
    EQUAL(ad_value(ad_expression_record(e, tape, &x)), 0.5 * (double)n);
    ad_expression_free(e);
    ad_tape_free(tape);

    used = (size_t)sprintf(text, "param v0 = 1\n");
    char *lines = malloc(64 * (size_t)many);
    used = (size_t)sprintf(lines, "param v0 = 1\n");
    for (int i = 1; i < many; i++)
        used += (size_t)sprintf(lines + used, "v%d = v%d*0.5 + v%d\n", i, i - 1, i / 2);
    used += (size_t)sprintf(lines + used, "E = sum(v0");
    for (int i = 1; i < many; i++)
        used += (size_t)sprintf(lines + used, ", v%d", i);
    used += (size_t)sprintf(lines + used, ")\nminimize E\n");
    ad_model *m = ad_model_parse(lines, used, &problem);
    cr_assert(m, "%s", problem.message);
    ad_var *v = calloc(ad_model_symbols(m), sizeof *v);
    tape = ad_tape_new();
    cr_assert(ad_model_record(m, tape, v) == AD_OK);
    ad_backward(v[ad_model_minimize(m)]);
    NEAR(ad_grad(v[0]), ad_value(v[ad_model_minimize(m)]), 1e-13); /* E is proportional to v0 = 1 */
    free(v);
    free(lines);
    free(text);
    ad_tape_free(tape);
    ad_model_free(m);
}

/* As many derivatives as names: one sweep serves all of one quantity. */
Test(limits, let_the_gradient_of_many_names_be_asked_for_at_once, .timeout = 60)
{
    enum { N = 3000 };
    char *text = malloc(64 * N), name[32];
    size_t used = 0;
    for (int i = 0; i < N; i++)
        used += (size_t)sprintf(text + used, "param v%d = %d\n", i, i);
    used += (size_t)sprintf(text + used, "E = sum(0");
    for (int i = 0; i < N; i++)
        used += (size_t)sprintf(text + used, ", v%d^2", i);
    used += (size_t)sprintf(text + used, ")");
    ad_problem problem;
    ad_model *m = ad_model_parse(text, used, &problem);
    cr_assert(m, "%s", problem.message);
    const ad_expression **e = calloc(N, sizeof *e);
    ad_var *v = calloc(N + 1, sizeof *v), *slopes = calloc(N, sizeof *slopes);
    ad_tape *tape = ad_tape_new();
    ad_model_record(m, tape, v);
    for (int i = 0; i < N; i++)
        e[i] = ad_model_formula(m, name, (size_t)sprintf(name, "dE/dv%d", N - 1 - i), NULL);
    size_t before = ad_tape_size(tape);
    ad_expressions_record(N, e, tape, v, slopes);
    cr_assert(ad_tape_size(tape) - before < 5 * N, "%zu nodes", ad_tape_size(tape) - before);
    for (int i = 0; i < N; i++)
        EQUAL(ad_value(slopes[i]), 2.0 * (N - 1 - i));
    free(e);
    free(v);
    free(slopes);
    free(text);
    ad_tape_free(tape);
    ad_model_free(m);
}

/* So it is for a gradient that a model writes out as formulas. */
Test(limits, let_a_gradient_be_written_out_in_a_model, .timeout = 60)
{
    enum { N = 2000 };
    char *text = malloc(100 * N);
    size_t used = 0;
    for (int i = 0; i < N; i++)
        used += (size_t)sprintf(text + used, "param v%d = %d\n", i, i);
    used += (size_t)sprintf(text + used, "E = sum(0");
    for (int i = 0; i < N; i++)
        used += (size_t)sprintf(text + used, ", v%d^2", i);
    used += (size_t)sprintf(text + used, ")\n");
    for (int i = 0; i < N; i++)
        used += (size_t)sprintf(text + used, "g%d = d(E)/d(v%d)\nh%d = 3*dE/dv%d\n", i, i, i, i);
    used += (size_t)sprintf(text + used, "twice = d(h7)/d(v7) + d(h7)/d(g7)\n");
    ad_problem problem;
    ad_model *m = ad_model_parse(text, used, &problem);
    cr_assert(m, "%s", problem.message);
    ad_var *v = calloc(ad_model_symbols(m), sizeof *v);
    ad_tape *tape = ad_tape_new();
    cr_assert(ad_model_record(m, tape, v) == AD_OK);
    cr_assert(ad_tape_size(tape) < 12 * N, "%zu nodes", ad_tape_size(tape));
    for (size_t i = 0; i < N; i++) {
        EQUAL(ad_value(v[N + 1 + 2 * i]), 2.0 * (double)i);
        EQUAL(ad_value(v[N + 2 + 2 * i]), 6.0 * (double)i);
    }
    EQUAL(ad_value(v[3 * N + 1]), 6);                  /* h7 is not made of g7 */
    free(v);
    free(text);
    ad_tape_free(tape);
    ad_model_free(m);
}
