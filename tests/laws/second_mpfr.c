/* second_mpfr.c -- the second derivatives of every row against differences of its exact slopes in 2048 bits: the gradient of the
 * gradient on the tape, the Hessian of a function, the derivative of its derivative in lanes.
 *
 * A second derivative is made by the chain rule of the slope's formula, whose terms may cancel. An error counts against the
 * largest of |f''|, of what f'' changes by when an operand changes by its own size, x f''', and where it is stated of the terms.
 * Operands are 0 or within 2^-200 to 2^200, value and slopes normal doubles or 0: beyond, what is in between may leave the range,
 * and atan2's mixed one be a NaN, its two terms being infinite (at 1e-200, 1e-200).
 *
 * AD_TEST_POINTS, AD_TEST_TABLE and AD_TEST_ROW are as elsewhere; the instruction set is AD_ISA's.
 */
#define AD_BITS 2048
#include "mpfr_tiers.h"

enum tier { SYMBOLS, HESSIAN, LANES, TIERS };
static const char *const tier_names[TIERS] = {"symbols", "Hessian", "lanes"};

/* ---- What is right -------------------------------------------------------------------------------------------------------------- */

static big step_of(big x, int bits) { return big_mul(big_min(big_abs(x), num(1)), num(ldexp(1, -bits))); }

/* With one operand moved. */
typedef struct place { big at[3]; } place;
static place moved(const place *p, int j, big by)
{
    place q = *p;
    q.at[j] = big_add(p->at[j], by);
    return q;
}

/* The slope by operand k, derived by operand j. */
static big second_of(const struct row *row, int k, int j, const place *p)
{
    const struct reference *r = row->reference;
    if (r == &reference_lgamma || r == &reference_digamma || r == &reference_polygamma)
        return poly_gamma(p->at[0], r == &reference_lgamma ? 1 : r == &reference_digamma ? 2 : whole(p->at[1]) + 2);
    big h = step_of(p->at[j], 200);
    place above = moved(p, j, h), below = moved(p, j, big_neg(h));
    return big_div(big_sub(r->partial[k](above.at[0], above.at[1], above.at[2]), r->partial[k](below.at[0], below.at[1], below.at[2])),
                   big_add(h, h));
}

/* Terms that cancel: of the sigmoid and of softmax2 z (1 - z) (1 - z) - z z (1 - z), of hypot 1 / z less its like. */
static big terms_of(const struct row *row, const place *p)
{
    const struct reference *r = row->reference;
    big x = p->at[0], y = p->at[1], w = p->at[2];
    return r == &reference_sigmoid || r == &reference_softmax2 ? r->partial[0](x, y, w)
         : r == &reference_hypot ? inverse(r->value(x, y, w)) : num(0);
}

static big size_of(const struct row *row, int k, int j, const place *p, big exact)
{
    big most = big_max(big_abs(exact), terms_of(row, p));
    for (int m = 0; m < row->partials; m++) {
        big h = step_of(p->at[m], 100);
        place above = moved(p, m, h), below = moved(p, m, big_neg(h));
        big change = big_sub(second_of(row, k, j, &above), second_of(row, k, j, &below));
        most = big_max(most, big_abs(big_mul(p->at[m], big_div(change, big_add(h, h)))));
    }
    return most;
}

/* ---- What there is ---------------------------------------------------------------------------------------------------------------- */

typedef double seconds[TIERS][3][3][ROWS];

static void on_tape(const struct row *row, double at[ROWS][3], seconds got)
{
    ad_tape *tape = ad_tape_new();
    for (int i = 0; i < ROWS; i++) {
        ad_var v[3], g[3], h[3];
        ad_tape_reset(tape);
        for (int k = 0; k < row->operands; k++)
            v[k] = k < row->partials ? ad_param(tape, NULL, at[i][k]) : ad_const(at[i][k]);
        ad_gradient(row->record(v), (size_t)row->partials, v, g);
        for (int k = 0; k < row->partials; k++) {
            ad_gradient(g[k], (size_t)row->partials, v, h);
            for (int j = 0; j < row->partials; j++)
                got[SYMBOLS][k][j][i] = h[j].value;
        }
        cr_assert_eq(ad_tape_error(tape), AD_OK, "%s: %s", row->name, ad_tape_error_message(tape));
    }
    ad_tape_free(tape);
}

static ad_function *function_of(const struct row *row, double constant, int of_columns)
{
    ad_tape *tape = ad_tape_new();
    ad_var v[3] = {ad_const(0), ad_const(constant), ad_const(0)};
    for (int k = 0; k < row->partials; k++)
        v[k] = of_columns ? ad_column(tape, NULL) : ad_param(tape, NULL, 0);
    ad_var z = row->record(v);
    ad_function *f = ad_function_new(tape, 1, &z);
    cr_assert_not_null(f, "%s", row->name);
    ad_tape_free(tape);
    return f;
}

static void in_functions(const struct row *row, double at[ROWS][3], seconds got)
{
    const size_t n = (size_t)row->partials, chosen[] = {0, 1, 2};
    ad_derive_options by_columns = {.n = n, .inputs = chosen};
    ad_function *of_params = function_of(row, at[0][1], 0), *f = function_of(row, at[0][1], 1);
    ad_function *d = ad_function_derive(f, by_columns), *dd = ad_function_derive(d, by_columns);
    double column[3][ROWS], H[9], *values[9];
    cr_assert(d && dd, "%s", row->name);
    for (int i = 0; i < ROWS; i++) {
        cr_assert_eq(ad_function_hessian(of_params, at[i], NULL, 1, H), AD_OK);
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < n; j++)
                got[HESSIAN][k][j][i] = H[k * n + j];
        for (int k = 0; k < 3; k++)
            column[k][i] = at[i][k];
    }
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < n; j++)
            values[k * n + j] = got[LANES][k][j];
    cr_assert_eq(ad_function_rows(dd, NULL, (const double *[]){column[0], column[1], column[2]}, ROWS, values), AD_OK);
    ad_function_free(dd);
    ad_function_free(d);
    ad_function_free(f);
    ad_function_free(of_params);
}

/* ---- Errors ------------------------------------------------------------------------------------------------------------------------ */

struct worst_second { double error, at[3], got, exact; long points; };

/* Where the exact one is no normal double only its being tiny is asked for. */
static double error_of(double got, big exact, big size)
{
    if (mpfr_zero_p(size))
        return got == 0 ? 0 : INFINITY;
    if (!mpfr_zero_p(exact) && mpfr_cmpabs(exact, num(DBL_MIN)) < 0)
        return fabs(got) <= 2 * DBL_MIN ? 0 : INFINITY;
    if (!isfinite(got))
        return INFINITY;
    return mpfr_get_d(big_abs(big_div(big_sub(num(got), exact), size)), MPFR_RNDN);
}

static bool ordinary(double a) { return a == 0 || (fabs(a) > 0x1p-200 && fabs(a) < 0x1p200); }

static bool is_full(big a) { return mpfr_zero_p(a) || isnormal(mpfr_get_d(a, MPFR_RNDN)); }

static bool in_range(const struct row *row, const double at[3])
{
    big_reset();
    big x = num(at[0]), y = num(at[1]), w = num(at[2]);
    bool all = ordinary(at[0]) && ordinary(at[1]) && ordinary(at[2]) && is_full(row->reference->value(x, y, w));
    for (int k = 0; k < row->partials && all; k++)
        all = is_full(row->reference->partial[k](x, y, w));
    return all;
}

static void judge(const struct row *row, struct worst_second worst[TIERS][3][3], const double at[3], seconds got, int i)
{
    if (!in_range(row, at))
        return;
    for (int k = 0; k < row->partials; k++)
        for (int j = 0; j < row->partials; j++) {
            big_reset();
            place p = {{num(at[0]), num(at[1]), num(at[2])}};
            big exact = second_of(row, k, j, &p), size = size_of(row, k, j, &p, exact);
            double rounded = mpfr_get_d(exact, MPFR_RNDN), most = mpfr_get_d(size, MPFR_RNDN);
            if (!isfinite(rounded) || !isfinite(most))
                continue;
            for (int t = 0; t < TIERS; t++) {
                struct worst_second *w = &worst[t][k][j];
                double error = error_of(got[t][k][j][i], exact, size);
                w->points++;
                if (!(error > w->error))
                    continue;
                *w = (struct worst_second){error, {at[0], at[1], at[2]}, got[t][k][j][i], rounded, w->points};
            }
        }
}

Test(second_derivatives, are_within_their_bounds)
{
    static double at[ROWS][3];
    static seconds got;
    const double bound = 1e-15;            /* at 2048 points the largest was 6e-16 */
    long points = getenv("AD_TEST_POINTS") ? points_asked_for() : ROWS;
    big_start();
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        struct worst_second worst[TIERS][3][3] = {0};
        if (!is_asked_for(row))
            continue;
        random_state = 0x9e3779b97f4a7c15u;
        for (long done = 0; done < points; done += ROWS) {
            draw_block(row, draw_constant(row), at);
            on_tape(row, at, got);
            in_functions(row, at, got);
            for (int k = 0; k < ROWS; k++)
                judge(row, worst, at[k], got, k);
        }
        for (int t = 0; t < TIERS; t++)
            for (int k = 0; k < row->partials; k++)
                for (int j = 0; j < row->partials; j++) {
                    const struct worst_second *w = &worst[t][k][j];
                    if (getenv("AD_TEST_TABLE"))
                        printf("%-14s %d %d %-8s %5ld points %9.2g at (%.17g, %.17g, %.17g): %g, exactly %g\n", row->name, k, j,
                               tier_names[t], w->points, w->error, w->at[0], w->at[1], w->at[2], w->got, w->exact);
                    cr_expect(w->points > 0, "%s: no point tested %d %d", row->name, k, j);
                    cr_expect(w->error <= bound, "%s: second derivative %d %d by %s is %g off at (%.17g, %.17g, %.17g): "
                              "%g, exactly %g", row->name, k, j, tier_names[t], w->error, w->at[0], w->at[1], w->at[2], w->got, w->exact);
                }
        fflush(stdout);
    }
    big_stop();
}
