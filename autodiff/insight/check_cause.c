/* check_cause.c -- why an entry of a hand-written gradient is wrong: what all samples of it say, beside those of the others. */
#include "check_inside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double *row_of(const double *block, const ad_checking *c, size_t i) { return (double *)(uintptr_t)(block + i * c->samples); }

/* Whether what was claimed for one entry is the exact derivative of another, at every point that tells. */
static int is_other(const ad_checking *c, size_t claimed, size_t exact)
{
    const double *y = row_of(c->yours, c, claimed), *z = row_of(c->exact, c, exact), *t = row_of(c->tolerance, c, claimed);
    int told = 0;
    for (size_t s = 0; s < c->samples; s++) {
        if (!isfinite(y[s]) || !isfinite(z[s]) || c->state[claimed * c->samples + s] == AT_POINT_KINK)
            continue;
        if (!(fabs(y[s] - z[s]) <= t[s] + 1e-9 * fabs(z[s])))
            return 0;
        told = 1;
    }
    return told;
}

enum { MOST_ENTRIES = 16 };

static size_t find_entries(const ad_checking *c, size_t i, ad_entry *entries)
{
    size_t n = 0;
    for (size_t j = 0; j < c->n && n < MOST_ENTRIES; j++)
        if (j != i && is_other(c, i, j))
            entries[n++] = (ad_entry){c->entries[j].name, row_of(c->exact, c, j), is_other(c, j, i)};
    return n;
}

/* ---- Blocks ---------------------------------------------------------------------------------------------------------------------- */

/* Whether entries [first, first + rows columns) are a matrix written column by column. Its first and last stay in place. */
static int is_transposed(const ad_checking *c, size_t first, size_t rows, size_t columns)
{
    size_t moved = 0;
    for (size_t k = 0; k < rows * columns; k++) {
        size_t other = k % rows * columns + k / rows;
        if (!is_other(c, first + k, first + other))
            return 0;
        moved += c->entries[first + k].verdict == AD_WRONG;
    }
    return moved > 1;
}

/* The stretch of wrong entries around i, its neighbours included, as a transposed block. */
static int find_block(const ad_checking *c, size_t i, size_t *first, size_t *rows, size_t *columns)
{
    size_t low = i, high = i;
    for (size_t j = 0; j < c->n; j++)
        if (c->entries[j].verdict == AD_WRONG) {
            low = j < low ? j : low;
            high = j > high ? j : high;
        }
    if (low == 0 || high + 1 >= c->n)
        return 0;
    *first = low - 1;
    size_t size = high + 2 - *first;
    for (*rows = 2; *rows <= size / 2; ++*rows)
        if (size % *rows == 0 && is_transposed(c, *first, *rows, *columns = size / *rows))
            return 1;
    return 0;
}

/* ---- All together ------------------------------------------------------------------------------------------------------------------ */

/* Right at a point if it had been the one before, by code that keeps something from call to call. */
static int is_stale(const ad_checking *c, size_t i)
{
    const double *y = row_of(c->yours, c, i), *z = row_of(c->exact, c, i), *t = row_of(c->tolerance, c, i);
    size_t told = 0;
    for (size_t s = 1; s < c->samples; s++) {
        if (!isfinite(z[s - 1]) || !isfinite(y[s]) || !isfinite(z[s]))
            continue;
        if (!(fabs(y[s] - z[s - 1]) <= t[s] + 1e-9 * fabs(z[s - 1])))
            return 0;
        told++;
    }
    return told > 2;
}

typedef struct material {
    double       *claimed;                 /* [samples] not a number where a point is not to count */
    double       *inputs;                  /* [samples rows][n + columns] */
    const double **rows;                   /* [samples rows] */
    uint32_t     *names;                   /* [n_names] places whose values may stand at the wrong place */
    size_t        n_inputs, points, n_names, most_names;
} material;

/* All points that count, or the wrong ones alone. Returns how many. */
static size_t choose_samples(const ad_checking *c, size_t i, int wrong_alone, double *claimed)
{
    size_t told = 0;
    for (size_t s = 0; s < c->samples; s++) {
        int state = c->state[i * c->samples + s];
        int counts = state == AT_POINT_WRONG || (!wrong_alone && (state == AT_POINT_RIGHT || state == AT_POINT_NOISE));
        claimed[s] = counts ? c->yours[i * c->samples + s] : NAN;
        told += counts && isfinite(claimed[s]);
    }
    return told;
}

/* A recorded function has no names for what is between: all of it is looked at, where it is small. */
enum { MOST_INTERMEDIATES = 256 };

static int gather(ad_checking *c, material *m)
{
    size_t rows = ad_check_rows(c);
    m->claimed = ad_checking_take(c, c->samples, sizeof *m->claimed);
    if (!m->claimed || !c->looks_inside)
        return m->claimed != NULL;
    m->points = c->samples * rows;
    m->n_inputs = c->n + ad_function_columns(c->o.function);
    if (!rows || m->n_inputs == 0 || m->points > ((size_t)1 << 24) / m->n_inputs) {
        m->points = 0;
        return 1;
    }
    m->most_names = c->of < MOST_INTERMEDIATES ? c->of + (size_t)1 : m->n_inputs;
    m->inputs = ad_checking_take(c, m->points * m->n_inputs, sizeof *m->inputs);
    m->rows   = ad_checking_take(c, m->points, sizeof *m->rows);
    m->names  = ad_checking_take(c, m->most_names, sizeof *m->names);
    if (!m->inputs || !m->rows || !m->names)
        return 0;
    for (size_t p = 0; p < m->points; p++) {
        m->rows[p] = m->inputs + p * m->n_inputs;
        ad_check_inputs(c, p / rows, p % rows, m->inputs + p * m->n_inputs);
    }
    for (uint32_t i = 0; i <= c->of && c->of < MOST_INTERMEDIATES; i++)
        if (c->paths.places[i].op != AD_OP_CONSTANT)
            m->names[m->n_names++] = i;
    for (size_t k = 0; k < m->n_inputs && c->of >= MOST_INTERMEDIATES; k++) {
        uint32_t place = ad_paths_place(&c->paths, ((const uint32_t *)c->tape->inputs.base)[k]);
        if (place != UINT32_MAX)
            m->names[m->n_names++] = place;
    }
    return 1;
}

static void scatter(ad_checking *c, material *m)
{
    ad_checking_drop(c, m->claimed, c->samples, sizeof *m->claimed);
    ad_checking_drop(c, m->inputs, m->points * m->n_inputs, sizeof *m->inputs);
    ad_checking_drop(c, m->rows, m->points, sizeof *m->rows);
    ad_checking_drop(c, m->names, m->most_names, sizeof *m->names);
}

static int seek(ad_checking *c, size_t i, const material *m, ad_suspicions *found)
{
    ad_entry entries[MOST_ENTRIES];
    ad_suspect s = {.claimed = m->claimed, .exact = row_of(c->exact, c, i), .tolerance = row_of(c->tolerance, c, i), .samples = c->samples,
                    .quantity = c->entries[i].name, .exact_words = c->o.function ? "the exact value" : "the estimate", .rows = 1,
                    .of = UINT32_MAX, .by = UINT32_MAX, .entries = entries, .n_entries = find_entries(c, i, entries)};
    if (m->points) {
        s.paths = &c->paths;
        s.of = c->of;
        s.by = c->by[i];
        s.rows = ad_check_rows(c);
        s.inputs = m->rows;
        s.names = m->names;
        s.n_names = m->n_names;
    }
    return ad_cause_find(&s, &c->allocator, found);
}

static void report(ad_checking *c, size_t i, const ad_suspicions *found, const char *where)
{
    ad_check_entry *e = &c->entries[i];
    char *detail = c->details + i * AD_DETAIL;
    e->cause = found->found[0].cause;
    e->causes = c->causes + i * AD_SUSPICIONS;
    e->n_causes = ad_suspicions_causes(found, c->causes + i * AD_SUSPICIONS);
    snprintf(detail, AD_DETAIL, "%s%.270s", where, found->found[0].detail);
    e->detail = detail;
}

int ad_check_explain(ad_checking *c, size_t i)
{
    material m = {0};
    ad_suspicions found = {0};
    size_t first, rows, columns, wrong;
    const char *where = "";
    int done = gather(c, &m);
    if (done && !isfinite(c->entries[i].yours))
        ad_suspicions_add(&found, AD_CAUSE_UNKNOWN, 9, "%s", isnan(c->entries[i].yours) ? "not a number, or never written" : "infinite");
    else if (done && is_stale(c, i))
        ad_suspicions_add(&found, AD_CAUSE_STALE_VALUE, 0, "a stale value: it is the derivative at the point of the call before");
    else if (done) {
        size_t all = choose_samples(c, i, 0, m.claimed);
        done = seek(c, i, &m, &found);
        wrong = found.found[0].cause == AD_CAUSE_UNKNOWN ? choose_samples(c, i, 1, m.claimed) : all;
        if (done && wrong < all) {
            where = "right at some points; at the others: ";
            done = seek(c, i, &m, &found);
        }
    }
    if (done && c->n <= 4096 && find_block(c, i, &first, &rows, &columns))
        ad_suspicions_add(&found, AD_CAUSE_SWAPPED, 0, "transposed: %s to %s are a %zu x %zu matrix written as %zu x %zu", c->entries[first].name,
                        c->entries[first + rows * columns - 1].name, rows, columns, columns, rows);
    if (done)
        report(c, i, &found, where);
    scatter(c, &m);
    return done;
}
