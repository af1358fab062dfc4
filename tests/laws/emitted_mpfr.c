/* emitted_mpfr.c -- generated C against 256-bit arithmetic: the value and every slope of every row, compiled as its users might.
 *
 * Points and bounds are those of the other tiers (mpfr_tiers.h). A row with a constant is emitted once for each of a few. Where
 * no compiler is found when the test runs, it passes with a message.
 */
#include "mpfr_tiers.h"
#include "../functions/emitted.h"

static const struct way { const char *compiler, *flags, *object; } ways[] = {
    {"cc",    "-D_DEFAULT_SOURCE -O2 -ffp-contract=off", "cc_plain.so"},
    {"cc",    "-D_DEFAULT_SOURCE -O3 -march=native",     "cc_native.so"},
    {"clang", "-D_DEFAULT_SOURCE -O3 -march=native",     "clang_native.so"},
};
enum { WAYS = sizeof ways / sizeof *ways, CONSTANTS = 8 };

static double constants[ROW_COUNT][CONSTANTS];

static int constants_of(const struct row *row) { return row->partials < row->operands ? CONSTANTS : 1; }

static const char *prefix_of(const struct row *row, int constant)
{
    static char prefix[64];
    snprintf(prefix, sizeof prefix, "%s_%d", row->name, constant);
    return prefix;
}

/* The row as a function of params, its constant being a number. */
static void emit_row(const struct row *row, int constant, double y, FILE *file)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[3] = {ad_const(0), ad_const(y), ad_const(0)};
    for (int k = 0; k < row->partials; k++)
        v[k] = ad_param(tape, NULL, 1);
    ad_var z = row->record(v);
    ad_function *f = ad_function_new(tape, 1, &z);
    cr_assert_not_null(f, "%s", row->name);
    emit_in(file, f, prefix_of(row, constant));
    ad_function_free(f);
    ad_tape_free(tape);
}

static void emit_all(void)
{
    FILE *file = new_file("rows");
    for (int i = 0; i < ROW_COUNT; i++) {
        random_state = 0x9e3779b97f4a7c15u;
        for (int c = 0; is_asked_for(&rows[i]) && c < constants_of(&rows[i]); c++)
            emit_row(&rows[i], c, constants[i][c] = draw_constant(&rows[i]), file);
    }
    fclose(file);
}

/* ---- Measuring ------------------------------------------------------------------------------------------------------------- */

/* At points [row], of the loaded object. */
static void compute(const struct row *row, int constant, double at[ROWS][3], double got[COLUMNS][ROWS])
{
    loss_function *loss;
    gradient_function *gradient;
    find(prefix_of(row, constant), "loss", &loss);
    find(prefix_of(row, constant), "gradient", &gradient);
    for (int i = 0; i < ROWS; i++) {
        double slope[3] = {NAN, NAN, NAN};
        got[0][i] = loss(at[i], NULL);
        got[BESIDE][i] = gradient(at[i], NULL, slope);
        for (int k = 0; k < row->partials; k++)
            got[1 + k][i] = slope[k];
    }
}

/* Where a gradient needs sigmoid(x) and sigmoid(-x) they are from one exponential of the C library's, good to 3 ulp. */
static double bound_of(const struct row *row, int way, int k)
{
    (void)way;
    if (k && !strcmp(row->name, "sigmoid"))
        return k == BESIDE ? 3 : 5;        /* at 300000 points 2.33 and 3.98, at 10^7 4.65 */
    return row->reference->bound[k % BESIDE];
}

static void measure(const struct row *row, int n_ways, void *const *objects, const char *const *names)
{
    static double at[ROWS][3];
    static results got;
    struct worst worst = {0};
    long points = tier_points();
    random_state = 0x9e3779b97f4a7c15u;
    for (int b = 0; b * (long)ROWS < points; b++) {
        int constant = b % constants_of(row);
        draw_block(row, constants[row - rows][constant], at);
        for (int t = 0; t < n_ways; t++) {
            object = objects[t];
            compute(row, constant, at, got[t]);
        }
        for (int i = 0; i < ROWS; i++)
            note(row, &worst, at[i], n_ways, got, i);
    }
    expect_within(row, &worst, n_ways, names, bound_of);
}

Test(generated_c, every_value_and_slope_is_within_its_bound)
{
    void *objects[WAYS];
    const char *names[WAYS];
    int n = 0;
    if (!open_folder())
        return;
    emit_all();
    for (int i = 0; i < WAYS; i++)
        if (have(ways[i].compiler)) {
            build_with(ways[i].compiler, ways[i].flags, names[n] = ways[i].object);
            objects[n++] = object;
        }
    big_start();
    for (int i = 0; i < ROW_COUNT; i++)
        if (is_asked_for(&rows[i]))
            measure(&rows[i], n, objects, names);
    big_stop();
    for (int i = 0; i + 1 < n; i++)
        dlclose(objects[i]);
    close_folder();
}
