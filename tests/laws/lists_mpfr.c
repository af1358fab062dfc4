/* lists_mpfr.c -- the n-ary rows against 256-bit arithmetic: values and slopes, on the tape, as recorded functions, as generated C.
 *
 * Lists have 1, 2, 3, 10 or 1000 elements (one in 256): of any magnitude, of one scale from 2^-1000 to 2^1000, with ties,
 * zeros and terms that cancel. AD_TEST_POINTS is the number of lists of a row; the rest as in rules_mpfr.c.
 */
#include "mpfr_error.h"
#include "mpfr_lists.h"
#include "../functions/emitted.h"

#include <autodiff/autodiff.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 1000, ROWS = 8, SLOPES = 10 };

typedef ad_var recorder(size_t n, const ad_var *v); /* v [n], of pairs [2 n]: x, then y */

struct row {
    const char *name;
    int arity;
    recorder *record;
    const struct list_reference *reference;
};

#define OP1(...)
#define OP2(...)
#define OP3(...)
#define NA1(name, ...) static ad_var record_##name(size_t n, const ad_var *v) { return ad_##name(n, v); }
#define NA2(name, ...) static ad_var record_##name(size_t n, const ad_var *v) { return ad_##name(n, v, v + n); }
#include "autodiff/ops.def"
#define OP1(...)
#define OP2(...)
#define OP3(...)
#define NA1(name, ...) { #name, 1, record_##name, &reference_##name },
#define NA2(name, ...) { #name, 2, record_##name, &reference_##name },
static const struct row rows[] = {
#include "autodiff/ops.def"
};

/* ---- lists ---- */

static size_t draw_length(void)
{
    static const size_t lengths[] = { 1, 2, 3, 10 };
    return random_bits() >> 56 == 0 ? LONGEST : lengths[random_bits() >> 62];
}

static double draw_element(const double *x, size_t i, int how, double scale)
{
    switch (how) {
    case 0: return magnitude(-1074, 1024);
    case 1: return magnitude(-3, 3) * scale;
    case 2: return uniform(0, 1) * scale;
    case 3: return uniform(-1, 1) * 40;
    case 4: return i && random_bits() >> 63 ? x[random_bits() % i] : round(uniform(-3, 3));  /* ties and zeros */
    case 5: return i % 2 ? -x[i - 1] * neighbour(1) : magnitude(-30, 30);
    default: return random_bits() >> 62 ? uniform(-700, 700) : 1e6 + uniform(-3, 3);
    }
}

static void draw_list(double *x, size_t n, double widest)
{
    int how = (int)(random_bits() % 7);
    double scale = ldexp(1, (int)uniform(-1000, fmin(1000, log2(widest) - 4)));
    for (size_t i = 0; i < n; i++)
        do x[i] = draw_element(x, i, how, scale); while (!(fabs(x[i]) <= widest));
}

/* A list that the row is promised for: nothing overflows on the way, no product underflows. */
static bool draw_lists(const struct row *row, struct list *l, double *x, double *y)
{
    double widest = row->reference->widest, sizes = 0;
    bool fits = true;
    draw_list(x, l->n, widest);
    draw_list(y, l->n, widest);
    for (size_t i = 0; i < l->n; i++) {
        double product = fabs(x[i] * y[i]);
        sizes += row->arity == 2 ? product : fabs(x[i]);
        fits &= row->arity == 1 || product == 0 || (product > 0x1p-960 && isfinite(product));
    }
    return fits && (row->reference->widest == DBL_MAX || isfinite(sizes));
}

/* ---- errors ---- */

static const char *const column_names[] = { "z", "dz/dx", "dz/dy" };

struct list_worst { double ulp[3], at[3][2]; size_t length[3]; long points[3]; };

/* Errors of the value and of the slopes by the element [k] of each list, against what is expected there. */
static void judge(const struct row *row, struct list_worst *worst, const struct list *l, int which, double got, bool in_function)
{
    big_reset();
    const struct list_reference *r = row->reference;
    big exact = which ? r->partial[which - 1](l) : r->value(l);
    list_formula *size = in_function && r->size_in_function[which] ? r->size_in_function[which] : r->size[which];
    double ulp = error_in_ulp(got, exact, size ? size(l) : NULL);
    worst->points[which]++;
    if (!(ulp > worst->ulp[which])) return;
    worst->ulp[which] = ulp;
    worst->length[which] = l->n;
    worst->at[which][0] = l->x[l->k];
    worst->at[which][1] = l->y[l->k];
}

static bool full(double a) { return a == 0 || isnormal(a); }

static struct list_worst measure_on_tape(const struct row *row, long lists)
{
    struct list_worst worst = { .points = { 0 } };
    static double x[LONGEST], y[LONGEST];
    ad_tape *tape = ad_tape_new();
    random_state = 0x9e3779b97f4a7c15u;
    while (lists--) {
        struct list l = { draw_length(), 0, x, y };
        if (!draw_lists(row, &l, x, y)) continue;
        ad_tape_reset(tape);
        ad_var v[2 * LONGEST];
        for (size_t i = 0; i < l.n; i++) v[i] = ad_param(tape, NULL, x[i]);
        for (size_t i = 0; i < l.n && row->arity == 2; i++) v[l.n + i] = ad_param(tape, NULL, y[i]);
        ad_var z = row->record(l.n, v);
        judge(row, &worst, &l, 0, ad_value(z), false);
        if (!full(ad_value(z))) continue;
        ad_backward(z);
        for (size_t i = 0; i < l.n && i < SLOPES; i++) {
            l.k = l.n > SLOPES ? random_bits() % l.n : i;
            judge(row, &worst, &l, 1, ad_grad(v[l.k]), false);
            if (row->arity == 2) judge(row, &worst, &l, 2, ad_grad(v[l.n + l.k]), false);
        }
    }
    cr_assert_eq(ad_tape_error(tape), AD_OK);
    ad_tape_free(tape);
    return worst;
}

/* The row's value and all its slopes as one function of columns. */
static ad_function *function_of(const struct row *row, size_t n)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[2 * LONGEST];
    for (size_t i = 0; i < n * (size_t)row->arity; i++) v[i] = ad_column(tape, NULL);
    ad_var z = row->record(n, v);
    ad_function *f = ad_function_new(tape, 1, &z);
    ad_tape_free(tape);
    size_t inputs[2 * LONGEST];
    for (size_t i = 0; i < n * (size_t)row->arity; i++) inputs[i] = i;
    ad_function *g = ad_function_derive(f, (ad_derive_options){ .n = n * (size_t)row->arity, .inputs = inputs, .keep_outputs = 1 });
    ad_function_free(f);
    return g;
}

/* Eight lists of one length at a time, one in each row. */
static struct list_worst measure_in_function(const struct row *row, size_t n, long lists)
{
    struct list_worst worst = { .points = { 0 } };
    size_t inputs = n * (size_t)row->arity, outputs = 1 + inputs;
    double (*x)[LONGEST] = malloc(ROWS * sizeof *x), (*y)[LONGEST] = malloc(ROWS * sizeof *y);
    double *column = malloc(inputs * ROWS * sizeof *column), *value = malloc(outputs * ROWS * sizeof *value);
    const double **columns = malloc(inputs * sizeof *columns);
    double **values = malloc(outputs * sizeof *values);
    ad_function *f = function_of(row, n);
    cr_assert(x && y && column && value && columns && values && f);
    for (size_t i = 0; i < inputs; i++) columns[i] = column + i * ROWS;
    for (size_t i = 0; i < outputs; i++) values[i] = value + i * ROWS;
    random_state = 0x9e3779b97f4a7c15u;
    for (; lists > 0; lists -= ROWS) {
        for (size_t r = 0; r < ROWS; r++) {
            while (!draw_lists(row, &(struct list){ n, 0, x[r], y[r] }, x[r], y[r])) { }
            for (size_t i = 0; i < n; i++) column[i * ROWS + r] = x[r][i];
            for (size_t i = 0; i < n && row->arity == 2; i++) column[(n + i) * ROWS + r] = y[r][i];
        }
        cr_assert_eq(ad_function_rows(f, NULL, columns, ROWS, values), AD_OK);
        for (size_t r = 0; r < ROWS; r++) {
            struct list l = { n, 0, x[r], y[r] };
            judge(row, &worst, &l, 0, values[0][r], true);
            if (!full(values[0][r])) continue;
            for (size_t i = 0; i < n && i < SLOPES; i++) {
                l.k = n > SLOPES ? random_bits() % n : i;
                if (!full(x[r][l.k])) continue;
                judge(row, &worst, &l, 1, values[1 + l.k][r], true);
                if (row->arity == 2) judge(row, &worst, &l, 2, values[1 + n + l.k][r], true);
            }
        }
    }
    ad_function_free(f);
    free(x), free(y), free(column), free(value), free(columns), free(values);
    return worst;
}

/* ---- generated C ---- */

static const size_t emitted_lengths[] = { 1, 2, 3, 10 };
enum { EMITTED_LENGTHS = sizeof emitted_lengths / sizeof *emitted_lengths, LONGEST_EMITTED = 10 };

static const char *prefix_of(const struct row *row, size_t n)
{
    static char prefix[64];
    snprintf(prefix, sizeof prefix, "%s_%zu", row->name, n);
    return prefix;
}

static void emit_list(const struct row *row, size_t n)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[2 * LONGEST_EMITTED];
    for (size_t i = 0; i < n * (size_t)row->arity; i++) v[i] = ad_param(tape, NULL, 1);
    ad_var z = row->record(n, v);
    ad_function *f = ad_function_new(tape, 1, &z);
    ad_tape_free(tape);
    emit(f, prefix_of(row, n));
    ad_function_free(f);
}

static struct list_worst measure_emitted(const struct row *row, size_t n, long lists)
{
    struct list_worst worst = { .points = { 0 } };
    double p[2 * LONGEST_EMITTED], slope[2 * LONGEST_EMITTED];
    loss_function *loss;
    gradient_function *gradient;
    find(prefix_of(row, n), "loss", &loss);
    find(prefix_of(row, n), "gradient", &gradient);
    random_state = 0x9e3779b97f4a7c15u;
    while (lists-- > 0) {
        struct list l = { n, 0, p, p + n };
        while (!draw_lists(row, &l, p, p + n)) { }
        double z = gradient(p, NULL, slope);
        judge(row, &worst, &l, 0, loss(p, NULL), true);
        judge(row, &worst, &l, 0, z, true);
        if (!full(z)) continue;
        for (l.k = 0; l.k < n; l.k++) {
            if (!full(p[l.k])) continue;
            judge(row, &worst, &l, 1, slope[l.k], true);
            if (row->arity == 2) judge(row, &worst, &l, 2, slope[n + l.k], true);
        }
    }
    return worst;
}

/* ---- the tests ---- */

static void print_row(const struct row *row, const struct list_worst *worst)
{
    for (int i = 0; i <= row->arity; i++)
        printf("%-14s %-6s %8ld points %9.3f ulp at (%.17g, %.17g) of %zu\n", i ? "" : row->name, column_names[i],
               worst->points[i], worst->ulp[i], worst->at[i][0], worst->at[i][1], worst->length[i]);
    fflush(stdout);
}

static void expect_within(const struct row *row, const struct list_worst *worst, const double *bound, const char *where)
{
    for (int i = 0; i <= row->arity; i++) {
        cr_expect(worst->points[i] > 0, "%s%s: no point tested %s", row->name, where, column_names[i]);
        cr_expect(worst->ulp[i] <= bound[i], "%s%s: %s is %g ulp off at (%.17g, %.17g) in a list of %zu, %g allowed", row->name,
                  where, column_names[i], worst->ulp[i], worst->at[i][0], worst->at[i][1], worst->length[i], bound[i]);
    }
}

static bool is_asked_for(const struct row *row)
{
    const char *only = getenv("AD_TEST_ROW");
    return !only || strcmp(only, row->name) == 0;
}

Test(rules, every_value_and_slope_of_a_list_is_within_its_bound)
{
    big_start();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!is_asked_for(&rows[i])) continue;
        struct list_worst worst = measure_on_tape(&rows[i], points_asked_for());
        if (getenv("AD_TEST_TABLE")) print_row(&rows[i], &worst);
        expect_within(&rows[i], &worst, rows[i].reference->bound, "");
    }
    big_stop();
}

/* There a list is a chain of additions, one rounding an element, which meet like steps of a random walk. */
static void expect_within_chain(const struct row *row, const struct list_worst *worst, size_t length, const char *where)
{
    double each = fmax(2, 1.5 + 0.5 * sqrt((double)length)) + row->reference->more_in_function;
    if (getenv("AD_TEST_TABLE")) print_row(row, worst);
    expect_within(row, worst, (double[3]){ each, each, each }, where);
}

Test(rules, lists_in_functions_are_within_their_bounds)
{
    static const size_t lengths[] = { 1, 2, 3, 10, LONGEST };
    big_start();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            if (!is_asked_for(&rows[i])) continue;
            struct list_worst worst = measure_in_function(&rows[i], lengths[k], points_asked_for() / (lengths[k] > 10 ? 1000 : 8));
            expect_within_chain(&rows[i], &worst, lengths[k], " in a function");
        }
    big_stop();
}

Test(rules, lists_in_generated_c_are_within_their_bounds)
{
    if (!open_folder()) return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < EMITTED_LENGTHS; k++) emit_list(&rows[i], emitted_lengths[k]);
    build("-O2");
    big_start();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < EMITTED_LENGTHS; k++) {
            if (!is_asked_for(&rows[i])) continue;
            struct list_worst worst = measure_emitted(&rows[i], emitted_lengths[k], points_asked_for() / 8);
            expect_within_chain(&rows[i], &worst, emitted_lengths[k], " in generated C");
        }
    big_stop();
    close_folder();
}
