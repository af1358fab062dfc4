/* tiers.c -- one graph through every tier, each held against the witness of the function that it computes. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE                        /* setenv */
#endif
#include "tiers.h"

#include "decode.h"
#include "witness.h"

#include <stdio.h>
#include <stdlib.h>

enum { PERIOD = 8, MOST_RESULTS = MOST_OUTPUTS * (MOST_INPUTS + 1), MANY_ROWS = 60000 };

static const char *const isas[] = {"avx512", "avx2", "baseline"};

static char said[640];

/* A function of the graph with what its rows should give; rows repeat after PERIOD. */
typedef struct tier {
    const char  *name;
    ad_function *f;
    size_t       n;                        /* outputs */
    const double *params;
    const double *columns[2 * MOST_INPUTS];
    bounded      row[PERIOD][MOST_RESULTS];
} tier;

typedef struct run {
    decoded       g;
    size_t        inputs, columns, rows;
    tier_counts  *counts;
    double        params[2 * MOST_PARAMS], ones[MOST_INPUTS][MOST_ROWS];
    tier          value, slopes, tangent, hessian;  /* of all outputs, by all inputs, along the direction; of the first, by params */
    ad_function  *first;                   /* the first output alone */
} run;

#define SAY(...) (snprintf(said, sizeof said, __VA_ARGS__), 0)

/* Whether the number is what the witness says. Constants of a function were computed when it was made, and are nothing to
 * the witness but given: the tape may have rounded otherwise. */
static int holds(run *R, const char *tier_name, const char *how, size_t output, size_t row, double got, bounded wanted)
{
    if (!strcmp(tier_name, "the tape") && isfinite(wanted.value))
        wanted.error += 8 * ROUNDINGS * fabs(wanted.value);
    int told = agrees(got, wanted, 4);
    R->counts->compared += told >= 0;
    R->counts->untold += told < 0;
    return told != 0 || SAY("%s, %s: output %zu, row %zu is %.17g, not %.17g +- %.3g", tier_name, how, output, row, got, wanted.value,
                       wanted.error);
}

/* ---- The functions --------------------------------------------------------------------------------------------------- */

static void watch(tier *t)
{
    uint32_t most = t->f->graph.n;
    bounded *v = malloc((most + 1) * sizeof *v);
    for (size_t r = 0; v && r < PERIOD; r++) {
        double point[2 * MOST_INPUTS] = {0};
        for (size_t k = 0; k < ad_function_columns(t->f); k++)
            point[k] = t->columns[k][r];
        witness(&t->f->graph, t->params, point, v);
        for (size_t k = 0; k < t->n; k++)
            t->row[r][k] = v[t->f->outputs[k]];
    }
    free(v);
}

static int ready(run *R, tier *t, const char *name, ad_function *f)
{
    *t = (tier){.name = name, .f = f, .params = R->params};
    if (!f)
        return SAY("%s: no function", name);
    t->n = ad_function_outputs(f);
    for (size_t k = 0; k < ad_function_columns(f); k++)
        t->columns[k] = k < R->columns ? R->g.column[k] : R->ones[k - R->columns];
    watch(t);
    return 1;
}

static int make_functions(run *R)
{
    const decoded *g = &R->g;
    ad_tape *tape = ad_tape_new();
    ad_var inputs[MOST_INPUTS], outputs[MOST_OUTPUTS];
    size_t all[MOST_INPUTS];
    for (size_t i = 0; i < R->inputs; i++) {
        inputs[i] = i < (size_t)g->params ? ad_param(tape, NULL, g->param[i]) : ad_column(tape, NULL);
        all[i] = i;
    }
    record_decoded(g, inputs, outputs);
    int sound = ad_tape_error(tape) == AD_OK || SAY("the tape: %s", ad_tape_error_message(tape));
    sound = sound && ready(R, &R->value, "the function", ad_function_new(tape, (size_t)g->outputs, outputs));
    R->first = sound ? ad_function_new(tape, 1, outputs) : NULL;
    ad_tape_free(tape);
    if (sound && R->inputs) {
        ad_derive_options reverse = {.n = R->inputs, .inputs = all, .keep_outputs = 1},
                          tangent = {.mode = AD_TANGENT, .n = R->inputs, .inputs = all};
        sound = ready(R, &R->slopes, "the derivatives", ad_function_derive(R->value.f, reverse)) &&
                ready(R, &R->tangent, "the tangent", ad_function_derive(R->value.f, tangent));
    }
    if (sound && g->params) {
        ad_function *slopes = ad_function_derive(R->first, (ad_derive_options){0});
        sound = ready(R, &R->hessian, "the Hessian's product", ad_function_derive(slopes, (ad_derive_options){.mode = AD_TANGENT,
                      .n = (size_t)g->params, .inputs = all}));
        ad_function_free(slopes);
    }
    return sound;
}

/* Second derivatives mean something where the first are numbers; NaN has them or not, as one goes about it. */
static void forgive(run *R)
{
    for (size_t r = 0; R->hessian.f && r < PERIOD; r++) {
        int finite = isfinite(R->value.row[r][0].value);
        for (size_t i = 0; i < R->inputs; i++)
            finite &= isfinite(R->slopes.row[r][(size_t)R->g.outputs + i].value);
        for (size_t i = 0; i < R->hessian.n && !finite; i++)
            R->hessian.row[r][i].error = INFINITY;
    }
}

/* ---- The tape ------------------------------------------------------------------------------------------------------------ */

/* The rows of lists are lowered, so that the tape has another formula, with cancellations of its own. */
static int second_order(run *R, ad_tape *tape, const ad_var *product, size_t r)
{
    size_t p = (size_t)R->g.params;
    double point[MOST_INPUTS] = {0};
    ad_function *f = ad_function_new(tape, p, product);
    bounded *v = f ? malloc((f->graph.n + (size_t)1) * sizeof *v) : NULL;
    int sound = v != NULL;
    for (size_t i = 0; i < R->inputs; i++)
        point[i] = i < p ? R->g.param[i] : R->g.column[i - p][r];
    if (sound)
        witness(&f->graph, point, NULL, v);
    for (size_t i = 0; i < p && sound; i++) {
        bounded wanted = R->hessian.row[r][i];
        wanted.error += v[f->outputs[i]].error;
        sound = holds(R, "the tape", "gradient of the gradient", i, r, ad_value(product[i]), wanted);
    }
    free(v);
    ad_function_free(f);
    return sound;
}

static int on_the_tape(run *R, size_t r)
{
    const decoded *g = &R->g;
    size_t n = R->inputs, m = (size_t)g->outputs;
    ad_tape *tape = ad_tape_new();
    ad_var inputs[MOST_INPUTS], outputs[MOST_OUTPUTS], slope[MOST_INPUTS], product[MOST_PARAMS], along = ad_const(0);
    int sound = 1;
    for (size_t i = 0; i < n; i++)
        inputs[i] = ad_param(tape, NULL, i < (size_t)g->params ? g->param[i] : g->column[i - (size_t)g->params][r]);
    record_decoded(g, inputs, outputs);
    for (size_t k = 0; k < m && sound; k++) {
        sound = holds(R, "the tape", "value", k, r, ad_value(outputs[k]), R->value.row[r][k]);
        if (!n || !sound)
            continue;
        ad_backward(outputs[k]);
        int plain = outputs[k].link == 0;
        for (size_t i = 0; i < n && sound; i++)
            sound = plain || holds(R, "the tape", "sweep", k * n + i, r, ad_grad(inputs[i]), R->slopes.row[r][m + k * n + i]);
        ad_gradient(outputs[k], n, inputs, slope);
        for (size_t i = 0; i < n && sound; i++)
            sound = plain || holds(R, "the tape", "gradient as nodes", k * n + i, r, ad_value(slope[i]), R->slopes.row[r][m + k * n + i]);
    }
    if (sound && g->params && outputs[0].link) {
        size_t p = (size_t)g->params;
        ad_gradient(outputs[0], p, inputs, slope);
        for (size_t i = 0; i < p; i++)
            along = ad_add(along, ad_chain(slope[i], g->direction[i]));
        ad_gradient(along, p, inputs, product);
        sound = !along.link || second_order(R, tape, product, r);
    }
    sound = sound && (ad_tape_error(tape) == AD_OK || SAY("the tape: %s", ad_tape_error_message(tape)));
    ad_tape_free(tape);
    return sound;
}

/* ---- Functions ----------------------------------------------------------------------------------------------------------- */

static int at_a_point(run *R, const tier *t, size_t r)
{
    double point[2 * MOST_INPUTS] = {0}, values[MOST_RESULTS];
    for (size_t k = 0; k < ad_function_columns(t->f); k++)
        point[k] = t->columns[k][r];
    if (ad_function_at(t->f, t->params, point, values) != AD_OK)
        return SAY("%s at a point: a status", t->name);
    for (size_t k = 0; k < t->n; k++)
        if (!holds(R, t->name, "at a point", k, r, values[k], t->row[r][k]))
            return 0;
    return 1;
}

/* The tangent is the Jacobian times the direction. */
static int forward_is_reverse(run *R, size_t r)
{
    size_t n = R->inputs, m = (size_t)R->g.outputs;
    for (size_t k = 0; k < m; k++) {
        bounded z = R->tangent.row[r][k], sum = {0, z.error, 0};
        for (size_t i = 0; i < n; i++) {
            bounded d = R->slopes.row[r][m + k * n + i];
            double v = R->g.direction[i];
            sum.value += v * d.value;
            sum.error += fabs(v) * d.error + 8 * ROUNDINGS * fabs(v) * fabs(d.value);
        }
        if (!isfinite(z.value) || !isfinite(sum.value) || isnan(sum.error))
            sum.error = INFINITY;          /* backward a difference of NaN and itself is nothing, forward it is NaN */
        if (!holds(R, "the tangent", "against the derivatives", k, r, z.value, sum))
            return 0;
    }
    return 1;
}

static int over_rows(run *R, const tier *t, const char *isa)
{
    static double out[MOST_RESULTS][MOST_ROWS], inter[MOST_RESULTS * MOST_ROWS];
    double *outs[MOST_RESULTS];
    for (size_t k = 0; k < MOST_RESULTS; k++)
        outs[k] = out[k];
    if (ad_function_rows(t->f, t->params, t->columns, R->rows, outs) != AD_OK ||
        ad_function_rows_interleaved(t->f, t->params, t->columns, R->rows, inter) != AD_OK)
        return SAY("%s over rows: a status", t->name);
    for (size_t k = 0; k < t->n; k++)
        for (size_t r = 0; r < R->rows; r++) {
            double a = out[k][r], b = inter[r * t->n + k];
            if (!holds(R, t->name, isa, k, r, a, t->row[r % PERIOD][k]))
                return 0;
            if (memcmp(&a, &b, sizeof a) && !(isnan(a) && isnan(b)))
                return SAY("%s, %s: output %zu, row %zu is %.17g by columns, %.17g row-major", t->name, isa, k, r, a, b);
        }
    return 1;
}

/* What the sum over the rows should be. Where a row is not finite, a sum may be another infinity or NaN, as its order has it. */
static bounded summed(const tier *t, size_t k, size_t rows)
{
    bounded s = {0, 0, 0};
    for (size_t r = 0; r < PERIOD; r++) {
        double times = (double)(rows / PERIOD + (r < rows % PERIOD));
        bounded z = t->row[r][k];
        if (times == 0)
            continue;
        s.value += times * z.value;
        s.error += times * (z.error + ((double)rows + 16) * ROUNDINGS * z.size);
        if (!isfinite(z.value) || !(times * z.size < MOST))
            s.error = INFINITY;
    }
    if (isnan(s.error))
        s.error = INFINITY;
    return s;
}

static int sums(run *R, const char *isa)
{
    size_t p = (size_t)R->g.params, m = (size_t)R->g.outputs, n = R->inputs;
    double value[MOST_OUTPUTS], one, slope[MOST_PARAMS], Hv[MOST_PARAMS];
    if (ad_function_sum(R->value.f, R->params, R->value.columns, R->rows, value) != AD_OK ||
        ad_function_sum_gradient(R->first, R->params, R->value.columns, R->rows, &one, slope) != AD_OK ||
        (p && ad_function_hessian_vector(R->first, R->params, R->value.columns, R->rows, R->g.direction, Hv) != AD_OK))
        return SAY("a sum: a status");
    for (size_t k = 0; k < m; k++)
        if (!holds(R, "the sum", isa, k, R->rows, value[k], summed(&R->value, k, R->rows)))
            return 0;
    if (!holds(R, "the sum beside its gradient", isa, 0, R->rows, one, summed(&R->value, 0, R->rows)))
        return 0;
    (void)n;
    for (size_t i = 0; i < p; i++)
        if (!holds(R, "the gradient of the sum", isa, i, R->rows, slope[i], summed(&R->slopes, m + i, R->rows)) ||
            !holds(R, "the Hessian's product of the sum", isa, i, R->rows, Hv[i], summed(&R->hessian, i, R->rows)))
            return 0;
    return 1;
}

/* ---- Threads --------------------------------------------------------------------------------------------------------- */

static int on_threads(run *R)
{
    static double column[MOST_COLUMNS][MANY_ROWS], out[2][MOST_OUTPUTS][MANY_ROWS];
    const double *columns[MOST_COLUMNS];
    double g[2][MOST_PARAMS + 1] = {{0}}, *outs[2][MOST_OUTPUTS];
    for (size_t k = 0; k < MOST_COLUMNS; k++) {
        columns[k] = column[k];
        for (size_t r = 0; r < MANY_ROWS && k < R->columns; r++)
            column[k][r] = R->g.column[k][r % PERIOD] + (double)(r % 1000) * 0x1p-12;
    }
    for (int again = 0; again < 2; again++)
        for (size_t k = 0; k < MOST_OUTPUTS; k++)
            outs[again][k] = out[again][k];
    static const int threads[] = {1, 2, 7};
    for (int i = 0; i < 3; i++) {
        ad_threads(threads[i]);
        int second = i > 0;
        if (ad_function_sum_gradient(R->first, R->params, columns, MANY_ROWS, &g[second][MOST_PARAMS], g[second]) != AD_OK ||
            ad_function_rows(R->value.f, R->params, columns, MANY_ROWS, outs[second]) != AD_OK)
            return SAY("on threads: a status");
        if (second && (memcmp(g[0], g[1], sizeof g[0]) || memcmp(out[0], out[1], sizeof out[0])))
            return SAY("%d threads give other bits than one", threads[i]);
    }
    ad_threads(0);
    return 1;
}

/* ---- All of it --------------------------------------------------------------------------------------------------------- */

static int agree(run *R)
{
    const decoded *g = &R->g;
    const tier *tiers[] = {&R->value, &R->slopes, &R->tangent, &R->hessian};
    if (!make_functions(R))
        return 0;
    forgive(R);
    for (size_t r = 0; r < (R->columns ? PERIOD / 2 : 1); r++) {
        if (!on_the_tape(R, r) || (R->inputs && !forward_is_reverse(R, r)))
            return 0;
        for (int k = 0; k < 4; k++)
            if (tiers[k]->f && !at_a_point(R, tiers[k], r))
                return 0;
    }
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        setenv("AD_ISA", isas[i], 1);
        for (int k = 0; k < 4; k++)
            if (tiers[k]->f && !over_rows(R, tiers[k], isas[i]))
                return 0;
        if (!sums(R, isas[i]))
            return 0;
    }
    unsetenv("AD_ISA");
    return !g->many || on_threads(R);
}

const char *tiers_disagree(const uint8_t *data, size_t size, tier_counts *counts)
{
    static run R;
    memset(&R, 0, sizeof R);
    decode(data, size, &R.g);
    R.counts = counts;
    R.inputs = (size_t)(R.g.params + R.g.columns);
    R.columns = (size_t)R.g.columns;
    R.rows = (size_t)R.g.rows;
    for (int i = 0; i < R.g.params; i++) {
        R.params[i] = R.g.param[i];
        R.params[R.g.params + i] = R.g.direction[i];
    }
    for (int k = 0; k < R.g.columns; k++)
        for (int r = 0; r < MOST_ROWS; r++) {
            R.g.column[k][r] = R.g.column[k][r % PERIOD];
            R.ones[k][r] = R.g.direction[R.g.params + k];
        }
    int sound = agree(&R);
    ad_function_free(R.value.f);
    ad_function_free(R.slopes.f);
    ad_function_free(R.tangent.f);
    ad_function_free(R.hessian.f);
    ad_function_free(R.first);
    counts->graphs++;
    return sound ? NULL : said;
}
