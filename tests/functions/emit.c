/* emit.c -- generated C: it compiles without a warning, computes what the engine does, keeps names, and is the same each
 * time. Where no compiler is found when the tests run, those that need one pass with a message.
 */
#define _GNU_SOURCE                        /* mkdtemp, open_memstream */
#include <autodiff/autodiff.h>
#include <autodiff/rules/rules.h>
#include <autodiff/rules/sigmoid_both.h>
#include <stdint.h>
#include <unistd.h>

#include "emitted.h"

static void compile(const char *more)
{
    char command[512];
    build(more);
    if (have("clang")) {
        snprintf(command, sizeof command, "cd %s && clang" WARNINGS "-fsyntax-only *.c", folder);
        cr_assert_eq(system(command), 0, "%s", command);
    }
}

/* ---- Comparing ----------------------------------------------------------------------------------------------------------- */

static int same(double x, double y) { return (isnan(x) && isnan(y)) || !memcmp(&x, &y, sizeof x); }

static int near(double got, double wanted, double scale)
{
    return got == wanted || (isnan(got) && isnan(wanted)) || fabs(got - wanted) <= 1e-13 * scale;
}

/* At one point: the value's bits, and the gradient by the engine's. */
static void compare(const ad_function *f, const char *prefix, const double *params, const double *columns)
{
    loss_function *loss;
    gradient_function *gradient;
    enum { MOST = 16 };
    double value, summed, wanted[MOST], got[MOST];
    const double *arrays[MOST];
    size_t n = ad_function_params(f), m = ad_function_columns(f);
    cr_assert(n <= MOST && m <= MOST);
    find(prefix, "loss", &loss);
    find(prefix, "gradient", &gradient);
    cr_assert_eq(ad_function_at(f, params, columns, &value), AD_OK);
    double z = loss(params, columns);
    cr_assert(same(z, value), "%s: %.17g, at a point %.17g", prefix, z, value);
    for (size_t k = 0; k < m; k++)
        arrays[k] = &columns[k];
    cr_assert_eq(ad_function_sum_gradient(f, params, arrays, 1, &summed, wanted), AD_OK);
    z = gradient(params, columns, got);
    cr_assert(near(z, value, fabs(value)), "%s: the gradient's value is %.17g, at a point %.17g", prefix, z, value);
    for (size_t i = 0; i < n; i++)
        cr_assert(near(got[i], wanted[i], fabs(wanted[i])), "%s at %.17g %.17g %.17g: slope %zu is %.17g, the engine's "
                  "%.17g", prefix, params[0], n > 1 ? params[1] : 0, n > 2 ? params[2] : 0, i, got[i], wanted[i]);
}

/* ---- Every row ---------------------------------------------------------------------------------------------------------- */

static ad_function *row(int op)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 1), y = ad_param(tape, "y", 1), w = ad_param(tape, "w", 1), z = x;
    const ad_var three[] = {x, y, w}, other[] = {w, x, y};
    switch (op) {
#define OP1(name, ...) case AD_OP_##name: z = ad_##name(x); break;
#define OP2(name, ...) case AD_OP_##name: z = ad_##name(x, y); break;
#define OP3(name, ...) case AD_OP_##name: z = ad_##name(x, y, w); break;
#define FC1(name, ...) case AD_OP_##name: z = ad_##name(x, 3); break;
#define NA1(name, ...) case AD_OP_##name: z = ad_##name(3, three); break;
#define NA2(name, ...) case AD_OP_##name: z = ad_##name(3, three, other); break;
#include <autodiff/ops.def>
    default: break;
    }
    ad_function *f = ad_function_new(tape, 1, &z);
    ad_tape_free(tape);
    return f;
}

static const char *row_prefix(int op)
{
    static char prefix[64];
    snprintf(prefix, sizeof prefix, "row_%s", ad_rules[op].name);
    return prefix;
}

Test(emit, every_row_is_that_of_the_engine, .timeout = 60)
{
    static const double points[] = {0, -0.0, 0.5, -0.5, 1, -1, 2.25, -2.25, 3, 17.5, -17.5, 1e-9, -1e-9, 1e9, -1e9, 300, -300, 1e300,
                                    -1e300, 5e-324, INFINITY, -INFINITY, NAN};
    enum { POINTS = sizeof points / sizeof *points, FIRST = AD_OP_THIRD + 1 };
    ad_function *f[AD_OP_COUNT];
    if (!open_folder())
        return;
    for (int op = FIRST; op < AD_OP_COUNT; op++)
        emit(f[op] = row(op), row_prefix(op));
    compile("-O1");
    for (int op = FIRST; op < AD_OP_COUNT; op++) {
        for (int i = 0; i < POINTS * POINTS; i++) {
            double p[] = {points[i % POINTS], points[i / POINTS], points[(i + 7) % POINTS]};
            compare(f[op], row_prefix(op), p, NULL);
        }
        ad_function_free(f[op]);
    }
    close_folder();
}

/* ---- Random formulas ----------------------------------------------------------------------------------------------------- */

static uint64_t state;
static uint32_t draw(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}
static double uniform(void) { return draw(1000001) / 500000.0 - 1; }

/* Three params and two columns; every operand within (-1, 1) or (0.5, 2.5). */
static ad_function *random_function(uint64_t seed)
{
    enum { INPUTS = 5, NODES = 30 };
    ad_tape *tape = ad_tape_new();
    ad_var v[INPUTS + NODES], E = ad_const(0);
    state = seed;
    for (int i = 0; i < INPUTS; i++)
        v[i] = i % 2 ? ad_column(tape, i == 1 ? "c" : NULL) : ad_param(tape, i == 2 ? NULL : i == 0 ? "a" : "v1", 0);
    for (int i = INPUTS; i < INPUTS + NODES; i++) {
        ad_var x = v[draw((uint32_t)i)], y = v[draw((uint32_t)i)], w = v[draw((uint32_t)i)], q = ad_mul(0.9, ad_tanh(x));
        ad_var p = ad_add(1.5, q), z = x;
        switch (AD_OP_THIRD + 1 + (int)draw(AD_OP_COUNT - AD_OP_THIRD - 1)) {
#define OP1(name, ...) case AD_OP_##name: z = ad_##name(AD_OP_##name == AD_OP_acosh ? ad_add(p, 1) : draw(2) ? p : q); break;
#define OP2(name, ...) case AD_OP_##name: z = ad_##name(p, ad_tanh(y)); break;
#define OP3(name, ...) case AD_OP_##name: z = ad_##name(q, ad_tanh(y), ad_tanh(w)); break;
#define FC1(name, ...) case AD_OP_##name: z = ad_##name(p, 2); break;
#include <autodiff/ops.def>
        default: break;
        }
        v[i] = ad_tanh(z);
    }
    for (int i = INPUTS + NODES - 6; i < INPUTS + NODES; i++)
        E = ad_add(E, v[i]);
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

Test(emit, random_formulas_are_those_of_the_engine, .timeout = 60)
{
    enum { FORMULAS = 24, TRIALS = 20 };
    ad_function *f[FORMULAS];
    char prefix[32];
    if (!open_folder())
        return;
    for (int k = 0; k < FORMULAS; k++) {
        snprintf(prefix, sizeof prefix, "random%d", k);
        emit(f[k] = random_function((uint64_t)k * 977 + 5), prefix);
    }
    compile("-O1");
    for (int k = 0; k < FORMULAS; k++) {
        snprintf(prefix, sizeof prefix, "random%d", k);
        for (int t = 0; t < TRIALS; t++) {
            double p[] = {3 * uniform(), 3 * uniform(), 3 * uniform()}, c[] = {3 * uniform(), 3 * uniform()};
            compare(f[k], prefix, p, c);
        }
        ad_function_free(f[k]);
    }
    close_folder();
}

/* ---- Names --------------------------------------------------------------------------------------------------------------- */

/* The text, to be freed. */
static char *text_of(const ad_function *f, ad_emit_options options)
{
    char *text = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&text, &n);
    cr_assert_eq(ad_function_emit_c(f, stream, options), AD_OK);
    fclose(stream);
    cr_assert_not_null(text);
    return text;
}

static void has(const char *text, const char *part) { cr_assert_not_null(strstr(text, part), "no \"%s\" in:\n%s", part, text); }

static const char *const awkward[] = {"double", "exp", "y1", "1st", "a b", "a-b", "a b", "v1", "v_2", "params", "M_PI", "_X", "int8_t", "*/",
                                      "/* ?\?/ \\", "\"\n", "names_loss", "names", "\xc3\xa9", "w'", "sinf", "linux", ""};
enum { AWKWARD = sizeof awkward / sizeof *awkward };

/* The sum of i^2 times input i; inputs are params and columns by turns. */
static ad_function *awkward_function(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var E = ad_const(0);
    for (int i = 0; i < AWKWARD; i++)
        E = ad_add(E, ad_mul(i * i, ad_exp(i % 2 ? ad_column(tape, awkward[i]) : ad_param(tape, awkward[i], 0))));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

Test(emit, names_that_C_does_not_allow_are_mended_and_listed)
{
    ad_function *f = awkward_function();
    char *text = text_of(f, (ad_emit_options){.prefix = "names"});
    has(text, "params[0]  double_ for \"double\"");
    has(text, "columns[0]  exp_ for \"exp\"");
    has(text, "const double double_ = params[0];");
    has(text, "v_1st for \"1st\"");
    has(text, "a_b for \"a b\"");
    has(text, "a_b_2 for \"a-b\"");
    has(text, "a_b_3 for \"a b\"");
    has(text, "columns[3]  v1\n");
    has(text, "v_names_loss for \"names_loss\"");
    has(text, "params[11]  unnamed");
    free(text);
    if (open_folder()) {
        double p[AWKWARD] = {0}, c[AWKWARD] = {0}, g[AWKWARD], wanted = 0;
        gradient_function *gradient;
        emit(f, "names");
        compile("-O0");
        find("names", "gradient", &gradient);
        for (int i = 0; i < AWKWARD; i++) {
            *(i % 2 ? &c[i / 2] : &p[i / 2]) = i;
            wanted += i * i * exp(i);
        }
        double value = gradient(p, c, g);
        cr_assert(near(value, wanted, wanted), "%.17g is not %.17g", value, wanted);
        for (int i = 0; i < AWKWARD; i += 2)
            cr_assert_eq(g[i / 2], i * i * exp(i));
        close_folder();
    }
    ad_function_free(f);
}

Test(emit, the_same_function_gives_the_same_bytes)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        ad_function *f = random_function(seed), *g = random_function(seed);
        char *x = text_of(f, (ad_emit_options){0}), *y = text_of(f, (ad_emit_options){0}), *z = text_of(g, (ad_emit_options){0});
        cr_assert_str_eq(x, y);
        cr_assert_str_eq(x, z);
        free(x), free(y), free(z);
        ad_function_free(f);
        ad_function_free(g);
    }
}

Test(emit, what_is_asked_for_is_what_is_there)
{
    ad_function *f = row(AD_OP_tanh);
    char *both = text_of(f, (ad_emit_options){0}), *value = text_of(f, (ad_emit_options){.what = AD_EMIT_VALUE});
    char *gradient = text_of(f, (ad_emit_options){.prefix = "its", .what = AD_EMIT_GRADIENT});
    has(both, "double chainrule_loss(const double *params, const double *columns);");
    has(both, "double chainrule_gradient(const double *params, const double *columns, double *gradient);");
    has(value, "chainrule_loss(");
    cr_assert_null(strstr(value, "gradient"));
    cr_assert_null(strstr(value, "sech"), "a function that is not used");
    has(gradient, "its_gradient(");
    cr_assert_null(strstr(gradient, "loss"));
    cr_assert_null(strstr(gradient, "chainrule"));
    free(both), free(value), free(gradient);
    ad_function_free(f);
}

/* ---- Numbers, kinks, several outputs -------------------------------------------------------------------------------------- */

static const double constants[] = {0, -0.0, 1, -1, 0.1, 1.0 / 3, 1e22, 1e23, 123456789012345680.0, 5e-324, 1.7976931348623157e308, -2.5e-7,
                                   INFINITY, -INFINITY, NAN};
enum { CONSTANTS = sizeof constants / sizeof *constants };

static ad_function *constants_function(void)
{
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, "a", 0), z[2 * CONSTANTS];
    for (int i = 0; i < CONSTANTS; i++) {
        z[2 * i] = ad_const(constants[i]);
        z[2 * i + 1] = ad_sub(a, constants[i]);
    }
    ad_function *f = ad_function_new(tape, sizeof z / sizeof *z, z);
    ad_tape_free(tape);
    return f;
}

static void derived_values_are_the_engine_s(const ad_function *derived, const char *prefix, const double *p)
{
    values_function *values;
    double got[64], wanted[64];
    find(prefix, "values", &values);
    cr_assert_eq(ad_function_at(derived, p, NULL, wanted), AD_OK);
    values(p, NULL, got);
    for (size_t k = 0; k < ad_function_outputs(derived); k++)
        cr_assert(same(got[k], wanted[k]), "%s: output %zu is %.17g, at a point %.17g", prefix, k, got[k], wanted[k]);
}

Test(emit, several_outputs_constants_and_derived_functions_are_those_of_the_engine, .timeout = 30)
{
    if (!open_folder())
        return;
    ad_function *f = constants_function(), *g[3];
    static const int ops[] = {AD_OP_sigmoid, AD_OP_gelu, AD_OP_hypot};
    emit(f, "constants");
    for (int i = 0; i < 3; i++) {
        ad_function *plain = row(ops[i]);
        g[i] = ad_function_derive(plain, (ad_derive_options){.keep_outputs = 1});
        cr_assert_not_null(g[i]);
        emit(g[i], row_prefix(ops[i]));
        ad_function_free(plain);
    }
    compile("-O1");
    derived_values_are_the_engine_s(f, "constants", (const double[]){0.25});
    for (int i = 0; i < 3; i++)
        for (int t = 0; t < 100; t++)
            derived_values_are_the_engine_s(g[i], row_prefix(ops[i]), (const double[]){4 * uniform(), 4 * uniform(), t % 2});
    for (int i = 0; i < 3; i++)
        ad_function_free(g[i]);
    ad_function_free(f);
    close_folder();
}

Test(emit, what_has_no_operations_is_written_too)
{
    if (!open_folder())
        return;
    ad_tape *tape = ad_tape_new();
    ad_var a = ad_param(tape, NULL, 1), b = ad_param(tape, "b", 1), c = ad_column(tape, "c");
    const ad_var z[] = {a, b, c, ad_const(-2)};
    static const char *const prefix[] = {"a", "b", "c", "constant"};
    ad_function *f[4];
    for (int k = 0; k < 4; k++)
        emit(f[k] = ad_function_new(tape, 1, &z[k]), prefix[k]);
    compile("-O1");
    for (int k = 0; k < 4; k++) {
        compare(f[k], prefix[k], (const double[]){3, 5}, (const double[]){7});
        ad_function_free(f[k]);
    }
    ad_tape_free(tape);
    close_folder();
}

/* Formulas at points where a slope is a convention, or zero meets infinity, with the slopes by x and y. */
#define KINKS(K)                                                                  \
    K(abs_,    ad_abs(x),                                       0, 0,  0, 0)      \
    K(relu,    ad_relu(x),                                      0, 0,  0, 0)      \
    K(tie,     ad_max(x, y),                                    2, 2,  0.5, 0.5)  \
    K(norm,    ad_hypot(x, y),                                  0, 0,  0, 0)      \
    K(root,    ad_sqrt(x),                                      0, 0,  INFINITY, 0) \
    K(square_, ad_sqrt(ad_mul(x, x)),                           0, 0,  0, 0)      \
    K(nothing, ad_mul(0, ad_sqrt(x)),                           0, 0,  0, 0)      \
    K(power,   ad_pow(x, y),                                    0, 0,  0, NAN)    \
    K(untaken, ad_select(ad_greater(x, 0), ad_log(x), y),       0, 3,  0, 1)      \
    K(divided, ad_select(ad_equal(x, 0), y, ad_div(y, x)),      0, 3,  0, 1)      \
    K(clamped, ad_clamp(x, -1, y),                              3, 3,  1, 0)

Test(emit, kinks_and_zero_against_infinity_are_as_everywhere, .timeout = 30)
{
    if (!open_folder())
        return;
    ad_function *kept[32];
    int n = 0;
#define K(name, formula, ...)                                                   \
    {                                                                           \
        ad_tape *tape = ad_tape_new();                                          \
        ad_var x = ad_param(tape, "x", 1), y = ad_param(tape, "y", 1), z = formula; \
        (void)y;                                                                \
        emit(kept[n++] = ad_function_new(tape, 1, &z), "kink_" #name);          \
        ad_tape_free(tape);                                                     \
    }
    KINKS(K)
#undef K
    compile("-O1");
    n = 0;
#define K(name, formula, x, y, dx, dy)                                                                \
    {                                                                                                 \
        gradient_function *gradient;                                                                  \
        const double p[] = {x, y}, wanted[] = {dx, dy};                                               \
        double g[2];                                                                                  \
        find("kink_" #name, "gradient", &gradient);                                                   \
        gradient(p, NULL, g);                                                                         \
        compare(kept[n], "kink_" #name, p, NULL);                                                 \
        ad_function_free(kept[n++]);                                                                  \
        for (int i = 0; i < 2; i++)                                                                   \
            cr_assert(g[i] == wanted[i] || isnan(wanted[i]), #name ": slope %d is %g, not %g", i, g[i], wanted[i]); \
    }
    KINKS(K)
#undef K
    close_folder();
}

static void within_3_ulp(double x, double got, long double exact)
{
    double ulp = nextafter((double)exact, INFINITY) - (double)exact;
    cr_assert(exact < 1e-300L || fabsl(got - exact) <= 3 * ulp, "at %.17g: %.17g is %g ulp off", x, got,
              (double)fabsl(got - exact) / ulp);
}

Test(emit, both_signs_of_the_sigmoid_are_good_to_3_ulp)
{
    state = 1;
    for (int i = 0; i < 200000; i++) {
        double x = (i % 2 ? 800 : 40) * pow(uniform(), 3);
        struct ad_both both = ad_sigmoid_both(x);
        long double e = expl(-(long double)x), value = 1 / (1 + e);
        within_3_ulp(x, both.value, value);
        within_3_ulp(x, both.other, e * value);
    }
    cr_assert_eq(ad_sigmoid_both(INFINITY).value, 1);
    cr_assert_eq(ad_sigmoid_both(INFINITY).other, 0);
    cr_assert_eq(ad_sigmoid_both(-INFINITY).value, 0);
    cr_assert_eq(ad_sigmoid_both(-INFINITY).other, 1);
    cr_assert(isnan(ad_sigmoid_both(NAN).value) && isnan(ad_sigmoid_both(NAN).other));
}

/* ---- Large, refused, failing ---------------------------------------------------------------------------------------------- */

Test(emit, a_hundred_thousand_operations_are_written_in_linear_time, .timeout = 20)
{
    size_t length[2];
    for (int k = 0; k < 2; k++) {
        ad_tape *tape = ad_tape_new();
        ad_var z = ad_const(0);
        for (int i = 0; i < 25000 << k; i++)
            z = ad_tanh(ad_add(z, ad_mul(ad_param(tape, "x", 0.5), i)));       /* one name for all */
        ad_function *f = ad_function_new(tape, 1, &z);
        char *text = text_of(f, (ad_emit_options){0});
        length[k] = strlen(text);
        free(text);
        ad_function_free(f);
        ad_tape_free(tape);
    }
    cr_assert(length[1] > 1.9 * (double)length[0] && length[1] < 2.3 * (double)length[0]);
}

Test(emit, what_cannot_be_written_is_refused)
{
    ad_function *f = row(AD_OP_exp), *several = constants_function();
    char *text = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&text, &n);
    cr_assert_eq(ad_function_emit_c(NULL, stream, (ad_emit_options){0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(f, NULL, (ad_emit_options){0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(f, stream, (ad_emit_options){.prefix = "1"}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(f, stream, (ad_emit_options){.prefix = ""}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(f, stream, (ad_emit_options){.what = (ad_emit_what)9}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_function_emit_c(several, stream, (ad_emit_options){.what = AD_EMIT_GRADIENT}), AD_ERROR_ARGUMENT);
    fclose(stream);
    cr_assert_eq(n, 0);
    free(text);
    stream = fopen("/dev/full", "w");
    if (stream) {
        cr_assert_eq(ad_function_emit_c(f, stream, (ad_emit_options){0}), AD_ERROR_IO);
        fclose(stream);
    }
    ad_function_free(f);
    ad_function_free(several);
}

typedef struct memory {
    size_t live;
    long   calls, fail_at;
} memory;

static void *resize(void *user, void *block, size_t old_size, size_t new_size)
{
    memory *m = user;
    if (new_size && ++m->calls == m->fail_at)
        return NULL;
    m->live += new_size - old_size;
    void *new = new_size ? realloc(block, new_size) : NULL;
    if (!new_size)
        free(block);
    return new;
}

Test(emit, without_memory_nothing_is_written_and_nothing_lost, .timeout = 20)
{
    memory m = {0};
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = {.resize = resize, .user = &m}});
    ad_var x = ad_param(tape, "x", 1), y = ad_param(tape, "double", 1), t = ad_column(tape, "t"), z = ad_lgamma(ad_add(x, t));
    z = ad_add(ad_squared_error(t, ad_sigmoid(ad_mul(x, y))), ad_gelu(z));
    ad_function *f = ad_function_new(tape, 1, &z);
    cr_assert_not_null(f);
    size_t before = m.live;
    ad_status status = AD_ERROR_NO_MEMORY;
    long failed = 0;
    for (long at = 1; status != AD_OK; at++) {
        char *text = NULL;
        size_t n = 0;
        FILE *stream = open_memstream(&text, &n);
        m.calls = 0;
        m.fail_at = at;
        status = ad_function_emit_c(f, stream, (ad_emit_options){0});
        failed += status != AD_OK;
        fclose(stream);
        cr_assert(status == AD_OK || (status == AD_ERROR_NO_MEMORY && n == 0), "allocation %ld: status %d, %zu bytes", at, status, n);
        cr_assert_eq(m.live, before, "allocation %ld: %zu bytes lost", at, m.live - before);
        free(text);
    }
    cr_assert_gt(failed, 1);
    m.fail_at = 0;
    ad_function_free(f);
    ad_tape_free(tape);
    cr_assert_eq(m.live, 0);
}
