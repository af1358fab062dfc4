/* audit_mpfr.c -- the digits that an audit says are trustworthy, against gradients in 256 bits; and silence where nothing
 * is wrong.
 *
 * Random formulas of all fixed rows, the same on every run; into some a large number is added and taken away again, so
 * that any number of digits is lost. The reference carries the derivatives forward with the rules of mpfr_rules.h.
 * AD_SOAK multiplies the number of formulas.
 */
#include "mpfr_rules.h"
#include "../unit/unit.h"
#include "../unit/rows.h"

#include "autodiff/rules/rules.h"

#include <stdlib.h>

enum { PARAMS = 3, NODES = 40 };

static const struct reference *const references[AD_OP_COUNT] = {
#define OP1(name, ...) [AD_OP_##name] = &reference_##name,
#define OP2(name, ...) [AD_OP_##name] = &reference_##name,
#define OP3(name, ...) [AD_OP_##name] = &reference_##name,
#define FC1(name, ...) [AD_OP_##name] = &reference_##name,
#include "autodiff/ops.def"
};

static long soak(void)
{
    const char *asked = getenv("AD_SOAK");
    long n = asked ? strtol(asked, NULL, 10) : 1;
    return n > 0 ? n : 1;
}

/* A formula: nodes as variables, and in 256 bits with their derivatives by the params. */
typedef struct formula_state {
    ad_tape *tape;
    uint64_t state;
    int      n;
    ad_var   v[NODES];
    mpfr_t   value[NODES], slope[NODES][PARAMS];
} formula_state;

static void make_numbers(formula_state *f)
{
    for (int i = 0; i < NODES; i++) {
        mpfr_init2(f->value[i], BITS);
        for (int j = 0; j < PARAMS; j++)
            mpfr_init2(f->slope[i][j], BITS);
    }
}

static void clear_numbers(formula_state *f)
{
    for (int i = 0; i < NODES; i++) {
        mpfr_clear(f->value[i]);
        for (int j = 0; j < PARAMS; j++)
            mpfr_clear(f->slope[i][j]);
    }
}

static int leaf(formula_state *f, double number, int param)
{
    int i = f->n++;
    f->v[i] = param >= 0 ? ad_param(f->tape, NULL, number) : ad_const(number);
    mpfr_set_d(f->value[i], number, MPFR_RNDN);
    for (int j = 0; j < PARAMS; j++)
        mpfr_set_si(f->slope[i][j], j == param, MPFR_RNDN);
    return i;
}

/* Below that, what is left of 256 bits after terms of size 1 cancelled may be the reference's own rounding. */
static int is_told(mpfr_ptr exact) { return mpfr_number_p(exact) && mpfr_cmp_abs(exact, num(1e-60)) > 0; }

/* Records a row on nodes and computes it in 256 bits; -1 where it is near a kink, out of its domain or large, or an operand is
 * not told: a step would be of that rounding. */
static int apply(formula_state *f, int row_at, const int *operand, int c)
{
    const struct row *row = &rows[row_at];
    const struct reference *r = references[AD_OP_THIRD + 1 + row_at];
    double v[OPERANDS] = {0};
    ad_var variable[OPERANDS];
    for (int k = 0; k < row->operands; k++) {
        variable[k] = f->v[operand[k]];
        v[k] = variable[k].value;
        if (!mpfr_zero_p(f->value[operand[k]]) && !is_told(f->value[operand[k]]))
            return -1;
    }
    double z = row_value(row, v, c);
    if (!(fabs(z) < 1e4) || !row->holds(v, c, z))
        return -1;
    for (int k = 0; k < row->operands; k++)
        if (!(fabs(row->partial(k, v, c, z)) < 1e4))
            return -1;
    ad_var made = row->record(variable, c);
    if (is_plain(made))
        return -1;
    big_reset();
    big x = f->value[operand[0]], y = row->has_constant ? num(c) : row->operands > 1 ? f->value[operand[1]] : num(0),
        w = row->operands > 2 ? f->value[operand[2]] : num(0);
    int i = f->n++;
    f->v[i] = made;
    mpfr_set(f->value[i], r->value(x, y, w), MPFR_RNDN);
    for (int j = 0; j < PARAMS; j++) {
        mpfr_set_zero(f->slope[i][j], 1);
        for (int k = 0; k < row->operands; k++) {
            big p = r->partial[k](x, y, w);
            mpfr_fma(f->slope[i][j], p, f->slope[operand[k]][j], f->slope[i][j], MPFR_RNDN);
        }
    }
    return i;
}

static int row_of(enum ad_op op) { return (int)op - AD_OP_THIRD - 1; }

/* Adds 10^1 to 10^14 to a node and takes it away. */
static void cancel(formula_state *f)
{
    int large = leaf(f, pow(10, random_within(&f->state, 1, 14)), -1), node = large - 1;
    const struct row *add = &rows[row_of(AD_OP_add)], *sub = &rows[row_of(AD_OP_sub)];
    ad_var up = add->record((ad_var[]){f->v[node], f->v[large]}, 0), down = sub->record((ad_var[]){up, f->v[large]}, 0);
    int i = f->n++;
    f->v[i] = down;
    mpfr_set(f->value[i], f->value[node], MPFR_RNDN);
    for (int j = 0; j < PARAMS; j++)
        mpfr_set(f->slope[i][j], f->slope[node][j], MPFR_RNDN);
}

/* E is node n - 1. */
static void grow(formula_state *f, uint64_t seed, int cancelling)
{
    f->state = seed * 0x9e3779b97f4a7c15u;
    f->n = 0;
    for (int j = 0; j < PARAMS; j++)
        leaf(f, random_within(&f->state, -3, 3), j);
    leaf(f, random_below(&f->state, 2) ? 0.75 : 3, -1);
    int size = 8 + random_below(&f->state, NODES - 12);
    for (int tries = 0; f->n < size && tries < 2000; tries++) {
        int row = random_below(&f->state, ROWS), operand[3];
        if (!references[AD_OP_THIRD + 1 + row])
            continue;
        for (int k = 0; k < 3; k++)
            operand[k] = random_below(&f->state, 2) ? f->n - 1 : random_below(&f->state, f->n);
        if (apply(f, row, operand, random_below(&f->state, 4)) >= 0 && cancelling && !random_below(&f->state, 12) && f->n < size - 2)
            cancel(f);
    }
    int a = f->n - 1, b = f->n - 2;
    apply(f, row_of(AD_OP_add), (int[]){a, b}, 0);
}

static double digits_of(double got, mpfr_ptr exact)
{
    big_reset();
    big off = big_abs(big_sub(num(got), exact));
    if (mpfr_zero_p(off))
        return 16;
    if (mpfr_zero_p(exact))
        return 0;
    double digits = -log10(mpfr_get_d(big_div(off, big_abs(exact)), MPFR_RNDN));
    return digits > 16 ? 16 : digits > 0 ? digits : 0;
}

Test(audit, tells_the_digits_of_a_slope_to_within_one)
{
    static formula_state f;
    long compared = 0, within = 0, told[17] = {0}, formulas = 4000 * soak();
    big_start();
    make_numbers(&f);
    f.tape = ad_tape_new();
    for (long seed = 1; seed <= formulas; seed++) {
        ad_tape_reset(f.tape);
        grow(&f, (uint64_t)seed, 1);
        ad_var E = f.v[f.n - 1];
        ad_audit_report *r = ad_audit(E, (ad_audit_options){0});
        cr_assert_not_null(r);
        if (is_plain(E)) {
            ad_audit_free(r);
            continue;
        }
        ad_backward(E);
        for (int j = 0; j < PARAMS; j++) {
            double slope = ad_grad(f.v[j]), says = ad_audit_digits(r, (size_t)j);
            cr_assert(same(slope, ad_audit_gradient(r, (size_t)j)), "seed %ld: the audit's slope is %.17g, the sweep's %.17g", seed,
                      ad_audit_gradient(r, (size_t)j), slope);
            if (!isfinite(slope) || !is_told(f.slope[f.n - 1][j]))
                continue;
            double exact = digits_of(slope, f.slope[f.n - 1][j]);
            compared++;
            within += fabs(exact - says) <= 1;
            told[(int)exact]++;
            if (fabs(exact - says) > 1 && getenv("AD_TEST_TABLE"))
                mpfr_printf("seed %ld, slope %d, %.17g, exact %.17Rg: %.1f digits, and the audit says %.1f\n", seed, j, slope,
                            f.slope[f.n - 1][j], exact, says);
        }
        ad_audit_free(r);
    }
    printf("%ld slopes, %.3f %% within one digit; by digits:", compared, 100.0 * (double)within / (double)compared);
    for (int d = 0; d <= 16; d++)
        printf(" %ld", told[d]);
    printf("\n");
    cr_expect(compared > formulas / 2 && (double)within >= 0.99 * (double)compared, "%ld of %ld within one digit", within, compared);
    STATUS(f.tape, AD_OK);
    ad_tape_free(f.tape);
    clear_numbers(&f);
    big_stop();
}

/* Whether all is well by the reference: value and slopes to twelve digits. */
static int is_well(const formula_state *f)
{
    ad_var E = f->v[f->n - 1];
    ad_backward(E);
    int well = digits_of(E.value, (mpfr_ptr)f->value[f->n - 1]) > 12;
    for (int j = 0; j < PARAMS; j++)
        well &= digits_of(ad_grad(f->v[j]), (mpfr_ptr)f->slope[f->n - 1][j]) > 12 ||
                (ad_grad(f->v[j]) == 0 && mpfr_zero_p(f->slope[f->n - 1][j]));
    return well;
}

Test(audit, finds_nothing_where_nothing_is_wrong)
{
    static formula_state f;
    long formulas = 5000 * soak(), well = 0, found = 0;
    big_start();
    make_numbers(&f);
    f.tape = ad_tape_new();
    for (long seed = 1; seed <= formulas; seed++) {
        ad_tape_reset(f.tape);
        grow(&f, (uint64_t)seed + 1000000, 0);
        if (is_plain(f.v[f.n - 1]))
            continue;
        int fine = is_well(&f);
        ad_audit_report *r = ad_audit(f.v[f.n - 1], (ad_audit_options){0});
        well += fine;
        if (fine && ad_audit_count(r)) {
            found++;
            printf("seed %ld:\n", seed);
            ad_audit_print(r, stdout);
        }
        ad_audit_free(r);
    }
    printf("%ld formulas, %ld of them well, findings in %ld\n", formulas, well, found);
    cr_expect(well > formulas * 9 / 10, "only %ld of %ld formulas are well", well, formulas);
    cr_expect(found == 0, "findings in %ld formulas", found);
    ad_tape_free(f.tape);
    clear_numbers(&f);
    big_stop();
}
