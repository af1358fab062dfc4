/* judge.c -- judging all claims of a model: their values point by point, their verdicts, the result's memory. */
#include "judge.h"

#include "autodiff/insight/beside.h"
#include "autodiff/insight/sample.h"
#include "autodiff/insight/side.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Memory -------------------------------------------------------------------------------------------------------------------- */

void *ad_judging_take(ad_judging *j, size_t n, size_t size)
{
    void *block = n < SIZE_MAX / 2 / size ? ad_resize(&j->allocator, NULL, 0, n * size + 1) : NULL;
    if (block)
        memset(block, 0, n * size + 1);
    return block;
}

void ad_judging_drop(ad_judging *j, void *block, size_t n, size_t size)
{
    if (block)
        ad_resize(&j->allocator, block, n * size + 1, 0);
}

static void forget_work(ad_judging *j)
{
    ad_judge_forget_sides(j);
    ad_judging_drop(j, j->names, j->symbols, sizeof *j->names);
    ad_judging_drop(j, j->inputs, j->samples * j->n_inputs, sizeof *j->inputs);
    ad_judging_drop(j, j->points, j->samples, sizeof *j->points);
    ad_judging_drop(j, j->numbers, 2 * j->n * j->samples, sizeof *j->numbers);
    double **scratch[] = {&j->value, &j->adjoint, &j->tangent, &j->fixed};
    for (size_t k = 0; k < sizeof scratch / sizeof *scratch; k++) {
        ad_judging_drop(j, *scratch[k], j->paths.n, sizeof(double));
        *scratch[k] = NULL;
    }
    ad_judging_drop(j, j->wide, j->paths.n, sizeof *j->wide);
    ad_judging_drop(j, j->own, j->n, sizeof *j->own);
    ad_judging_drop(j, j->given, j->n + 1, sizeof *j->given);
    if (j->taken)
        ad_paths_free(&j->paths);
    ad_tape_free(j->tape);
    j->names = NULL;
    j->inputs = j->numbers = NULL;
    j->points = NULL;
    j->wide = NULL;
    j->own = NULL;
    j->given = NULL;
    j->tape = NULL;
    j->taken = 0;
}

void ad_judgements_free(ad_judgements *judgements)
{
    ad_judging *j = (ad_judging *)judgements;
    if (!j)
        return;
    ad_allocator a = j->allocator;
    forget_work(j);
    ad_judging_drop(j, j->claims, j->n, sizeof *j->claims);
    ad_judging_drop(j, j->found, j->n, sizeof *j->found);
    ad_resize(&a, j, sizeof *j, 0);
}

/* ---- Points ---------------------------------------------------------------------------------------------------------------------- */

static double *input_of(const ad_judging *j, double *x, size_t symbol)
{
    return &x[ad_word_y(j->tape->head->words[ad_id(j->vars[symbol])])];
}

/* Every formula is per row: each random point is one of params in one of the rows. */
static void choose_row(ad_judging *j, size_t sample, double *x, uint64_t *state)
{
    size_t rows = j->o.columns ? j->o.rows : 0;
    j->row_of[sample] = rows ? (size_t)(ad_sample_uniform(state) * (double)rows) % rows : 0;
    for (size_t k = 0; rows && k < ad_model_columns(j->model); k++)
        *input_of(j, x, ad_model_column(j->model, k)) = j->o.columns[k][j->row_of[sample]];
}

static int choose_points(ad_judging *j)
{
    j->n_inputs = j->tape->n_inputs;
    j->inputs = ad_judging_take(j, j->samples * j->n_inputs, sizeof *j->inputs);
    j->points = ad_judging_take(j, j->samples, sizeof *j->points);
    if (!j->inputs || !j->points)
        return 0;
    uint64_t state = j->o.seed ^ UINT64_C(0x853c49e6748fea9b);
    for (size_t s = 0; s < j->samples; s++) {
        double *x = j->inputs + s * j->n_inputs;
        j->points[s] = x;
        for (size_t k = 0; k < j->n_inputs; k++)
            x[k] = j->tape->head->values[((const uint32_t *)j->tape->inputs.base)[k]];
        for (size_t k = 0; s && k < ad_model_params(j->model); k++) {
            size_t symbol = ad_model_param(j->model, k);
            const ad_symbol *p = ad_model_symbol(j->model, symbol);
            *input_of(j, x, symbol) = ad_sample_near(p->value, p->low, p->high, &state);
        }
        if (s)
            choose_row(j, s, x, &state);
    }
    return 1;
}

/* Both sides of all claims at all points. */
static int evaluate(ad_judging *j)
{
    double **scratch[] = {&j->value, &j->adjoint, &j->tangent, &j->fixed};
    for (size_t k = 0; k < sizeof scratch / sizeof *scratch; k++)
        if (!(*scratch[k] = ad_judging_take(j, j->paths.n, sizeof(double))))
            return 0;
    j->numbers = ad_judging_take(j, 2 * j->n * j->samples, sizeof *j->numbers);
    j->wide    = ad_judging_take(j, j->paths.n, sizeof *j->wide);
    j->own     = ad_judging_take(j, j->n, sizeof *j->own);
    j->given   = ad_judging_take(j, j->n + 1, sizeof *j->given);
    if (!j->numbers || !j->wide || !j->own || !j->given)
        return 0;
    for (size_t s = 0; s < j->samples; s++) {
        ad_paths_values(&j->paths, j->points[s], 0, NULL, j->value);
        for (size_t i = 0; i < 2 * j->n; i++) {
            const ad_side *side = &j->claims[i / 2].side[i % 2];
            j->numbers[i * j->samples + s] = side->place == UINT32_MAX ? ad_value(side->value) : j->value[side->place];
        }
    }
    for (size_t i = 0; i < j->n; i++)
        for (int k = 0; k < 2; k++)
            j->claims[i].value[k] = j->numbers + (2 * i + (size_t)k) * j->samples;
    return 1;
}

double ad_judge_rounding(ad_judging *j, size_t sample, uint32_t place, double *largest)
{
    *largest = 0;
    if (place == UINT32_MAX)
        return 0;
    ad_paths_values(&j->paths, j->points[sample], 0, NULL, j->value);
    ad_paths_adjoints(&j->paths, j->value, place, j->adjoint);
    return 8 * (ad_paths_rounding(&j->paths, j->value, j->adjoint, place, largest) + DBL_EPSILON * *largest);
}

/* A side in long double, at the sample for which values are there. */
static ad_wide wide_side(const ad_judging *j, const ad_side *side)
{
    return side->place == UINT32_MAX ? (ad_wide)ad_value(side->value) : j->wide[side->place];
}

/* ---- Kinks ------------------------------------------------------------------------------------------------------------------------ */

/* The derivative of the side that feels a kink or jump, or whose own formula sits on one; or NULL. */
static const ad_atom *at_kink(ad_judging *j, const ad_side *side)
{
    if (!j->has_kinks)
        return NULL;
    ad_paths_values(&j->paths, j->points[0], 0, NULL, j->value);
    for (int u = 0; u < side->n_atoms; u++) {
        const ad_atom *a = &j->atoms[j->uses[side->first_atom + u]];
        if (a->of_place == UINT32_MAX || a->by_place == UINT32_MAX || a->by_place > a->of_place)
            continue;
        ad_paths_adjoints(&j->paths, j->value, a->of_place, j->adjoint);
        ad_paths_tangents(&j->paths, j->value, a->by_place, j->tangent);
        if (ad_paths_kink(&j->paths, j->value, j->adjoint, j->tangent, a->of_place) != UINT32_MAX &&
            !ad_is_smooth_along(a->of, a->by, ad_value(a->value)))
            return a;
    }
    return NULL;
}

/* Whether the point lies on any kink at all: mostly not, and then no claim need be looked at. */
static void look_for_kinks(ad_judging *j)
{
    ad_paths_values(&j->paths, j->points[0], 0, NULL, j->value);
    for (uint32_t i = 0; i < j->paths.n; i++)
        j->adjoint[i] = 1;
    j->has_kinks = j->paths.n && ad_paths_kink(&j->paths, j->value, j->adjoint, NULL, j->paths.n - 1) != UINT32_MAX;
}

/* ---- Numbers ---------------------------------------------------------------------------------------------------------------------- */

/* Half a unit of a number's last digit, 0 where it is exact. */
static double half_unit(const ad_literal *l)
{
    if (l->exact)
        return 0;
    char text[32];
    double half;
    snprintf(text, sizeof text, "5e%d", l->exponent - 1);
    return sscanf(text, "%lf", &half) == 1 ? half : 0;
}

double ad_number_tolerance(const ad_literal *l, double exact)
{
    return half_unit(l) + 4 * DBL_EPSILON * (isfinite(exact) ? fmax(fabs(exact), fabs(l->value)) : 0);
}

static void say(ad_judged *c, const char *words) { snprintf(c->detail, sizeof c->detail, "%s", words); }

/* With the slopes on both sides; where there is none, an end of a domain or a vertical. */
static void say_kink(ad_judged *c, const ad_atom *a)
{
    double left = ad_one_sided(a->of, a->by, -1) + 0.0, right = ad_one_sided(a->of, a->by, 1) + 0.0;       /* no -0 */
    if (isfinite(left) && isfinite(right) && left != right)
        snprintf(c->detail, sizeof c->detail, "the point lies on a kink: %.60s is %.6g on its left and %.6g on its right", a->text, left, right);
    else if (isfinite(left) && isfinite(right) && left == ad_value(a->value))
        say(c, "the point lies on a jump: the value itself changes there");
    else if (isfinite(left) && isfinite(right))
        snprintf(c->detail, sizeof c->detail, "the point lies on kinks: beside it %.60s is %.6g, at it the rules' convention gives %.6g",
                 a->text, left, ad_value(a->value));
    else
        snprintf(c->detail, sizeof c->detail, "%.60s does not exist here: %s", a->text,
                 isnan(left) || isnan(right) ? "the point lies at the end of a domain" : "the slope is infinite");
}

/* The loss, and its derivatives by params, are sums over rows where there are data. */
static int try_sum(ad_judging *j, size_t i)
{
    ad_judged *c = &j->claims[i];
    const ad_side *side = ad_computed_side(c);
    const ad_claim *claim = ad_model_claim(j->model, i);
    const ad_expression *e = c->quantity ? claim->right : claim->left;
    size_t loss = ad_model_minimize(j->model);
    int is_slope = side->atom != AD_NO_ATOM && j->atoms[side->atom].of_symbol == loss &&
                   ad_model_symbol(j->model, j->atoms[side->atom].by_symbol)->kind == AD_SYMBOL_PARAM;
    if (!j->o.columns || loss == AD_NO_SYMBOL || (side->symbol != loss && !is_slope))
        return 1;
    ad_function *f = ad_model_function(j->model, 1, &e, NULL);
    double *params = ad_judging_take(j, ad_model_params(j->model), sizeof *params), sum;
    int done = f && params;
    for (size_t k = 0; done && k < ad_model_params(j->model); k++)
        params[k] = ad_model_symbol(j->model, ad_model_param(j->model, k))->value;
    done = done && ad_function_sum(f, params, j->o.columns, j->o.rows, &sum) == AD_OK;
    if (done) {
        c->value[c->quantity][0] = sum;
        c->found.by_sum = 1;
    }
    ad_judging_drop(j, params, ad_model_params(j->model), sizeof *params);
    ad_function_free(f);
    return done;
}

/* A number that rounding in double keeps apart from the exact value, though it is that one as printed; or a 0 for what is
 * nothing but rounding among its terms. */
static int is_number_beyond_double(ad_judging *j, const ad_judged *c, double rounding)
{
    double claimed = c->value[!c->quantity][0];
    if (c->found.by_sum || !AD_WIDE)
        return 0;
    ad_paths_values_wide(&j->paths, j->points[0], j->wide);
    ad_wide exact = wide_side(j, ad_computed_side(c));
    return fabsl(exact - claimed) <= c->tolerance || (claimed == 0 && ad_wide_agree(exact, rounding, 0, 0, 0));
}

static int judge_number(ad_judging *j, size_t i)
{
    ad_judged *c = &j->claims[i];
    const ad_side *side = ad_computed_side(c);
    const ad_literal *l = &ad_claimed_side(c)->literal;
    double of_row = c->value[c->quantity][0];
    if (!try_sum(j, i))
        return 0;
    double exact = c->value[c->quantity][0], claimed = c->value[!c->quantity][0], largest, rounding;
    c->tolerance = ad_number_tolerance(l, exact);
    double difference = fabs(exact - claimed);
    const ad_atom *kink = at_kink(j, side);
    c->found.computed = exact;
    c->found.claimed = claimed;
    if (kink) {
        c->found.verdict = AD_CANNOT_TELL;
        say_kink(c, kink);
    } else if (isnan(exact)) {
        c->found.verdict = AD_CANNOT_TELL;
        say(c, "there is no value to compare with");
    } else if (isinf(exact)) {             /* which no number is */
        c->found.verdict = AD_WRONG;
    } else if (exact == claimed || difference <= c->tolerance) {
        c->found.verdict = AD_RIGHT;
    } else if (c->found.by_sum && fabs(of_row - claimed) <= c->tolerance) {
        c->found.verdict = AD_RIGHT;
        c->found.by_sum = 0;
        c->found.computed = c->value[c->quantity][0] = of_row;
        say(c, "right for the row, not for the sum over the rows");
    } else if (difference <= c->tolerance + (rounding = ad_judge_rounding(j, 0, side->place, &largest))) {
        c->found.verdict = is_number_beyond_double(j, c, rounding) ? AD_RIGHT : AD_CANNOT_TELL;
        say(c, c->found.verdict == AD_RIGHT ? "" : "it differs in digits that rounding alone decides");
    } else
        c->found.verdict = AD_WRONG;
    return 1;
}

/* ---- Formulas --------------------------------------------------------------------------------------------------------------------- */

enum { NOTHING, AGREE, DIFFER, BLURRED };

static const double AGREES = 1e-9;

static int compare(ad_judging *j, const ad_judged *c, size_t s)
{
    double left = c->value[0][s], right = c->value[1][s], size = fmax(fabs(left), fabs(right)), difference = fabs(left - right), most[2];
    if (isnan(left) || isnan(right))
        return NOTHING;
    if (left == right || difference <= AGREES * size)
        return AGREE;
    if (isinf(difference))
        return NOTHING;
    double rounding[2] = {ad_judge_rounding(j, s, c->side[0].place, &most[0]), ad_judge_rounding(j, s, c->side[1].place, &most[1])};
    if (difference > fmax(AGREES * fmax(most[0], most[1]), rounding[0] + rounding[1]))
        return DIFFER;
    ad_paths_values_wide(&j->paths, j->points[s], j->wide);
    return ad_wide_agree(wide_side(j, &c->side[0]), rounding[0], wide_side(j, &c->side[1]), rounding[1], AGREES) ? AGREE : BLURRED;
}

static void judge_formulas(ad_judging *j, size_t i)
{
    ad_judged *c = &j->claims[i];
    size_t agree = 0, blurred = 0, differ = SIZE_MAX;
    int here = 0;
    const ad_atom *left_kink = at_kink(j, &c->side[0]), *kink = left_kink ? left_kink : at_kink(j, &c->side[1]);
    c->found.computed = c->value[0][0];
    c->found.claimed = c->value[1][0];
    for (size_t s = j->samples; s-- > 0;) {
        int at = compare(j, c, s);
        if (!s && kink)
            at = NOTHING;
        agree += at == AGREE;
        blurred += at == BLURRED;
        differ = at == DIFFER ? s : differ;
        here = at;
    }
    c->found.verdict = differ != SIZE_MAX ? AD_WRONG : kink || agree <= blurred ? AD_CANNOT_TELL : AD_RIGHT;
    if (c->found.verdict == AD_CANNOT_TELL && kink)
        say_kink(c, kink);
    else if (c->found.verdict == AD_CANNOT_TELL)
        say(c, agree + blurred ? "terms cancel, and what is left is rounding" : "there is no value to compare with, here or nearby");
    if (c->found.verdict == AD_WRONG && here == AGREE && j->o.columns && j->o.rows > 1)
        snprintf(c->detail, sizeof c->detail, "it holds at the model's point in this row alone: at random point %zu in row %zu, %.8g and %.8g",
                 differ, j->row_of[differ] + 1, c->value[0][differ], c->value[1][differ]);
    else if (c->found.verdict == AD_WRONG && here == AGREE)
        snprintf(c->detail, sizeof c->detail, "it holds at the model's point alone: at random point %zu, %.8g and %.8g", differ,
                 c->value[0][differ], c->value[1][differ]);
}

/* ---- All of it ---------------------------------------------------------------------------------------------------------------------- */

static int judge_all(ad_judging *j)
{
    int first = 0;
    look_for_kinks(j);
    for (size_t i = 0; i < j->n; i++) {
        ad_judged *c = &j->claims[i];
        c->found = (ad_judgement){.claim = ad_model_claim(j->model, i), .is_number = c->found.is_number, .recomputed = NAN,
                                  .loss_before = NAN, .loss_exact = NAN, .loss_claimed = NAN};
        if (!c->found.is_number)
            judge_formulas(j, i);
        else if (!judge_number(j, i))
            return 0;
        if (c->found.is_number) {
            ad_own_follow(j, i);
            ad_judge_update(j, i);
        }
        if (c->found.verdict == AD_WRONG && !c->found.carried_forward) {
            c->found.first_mistake = !first;
            first = 1;
            if (!ad_judge_explain(j, i))
                return 0;
        }
        if (c->found.is_number)
            ad_own_remember(j, i);
    }
    return ad_tape_error(j->tape) == AD_OK;
}

static void publish(ad_judging *j)
{
    for (size_t i = 0; i < j->n; i++) {
        ad_judged *c = &j->claims[i];
        c->found.causes = c->causes;
        c->found.detail = c->detail;
        j->report.right += c->found.verdict == AD_RIGHT;
        j->report.wrong += c->found.verdict == AD_WRONG;
        j->report.cannot_tell += c->found.verdict == AD_CANNOT_TELL;
        j->found[i] = c->found;
    }
    j->report.n = j->n;
    j->report.claims = j->found;
}

ad_judgements *ad_model_judge(const ad_model *model, ad_judge_options options)
{
    ad_allocator a = ad_allocator_complete(options.allocator);
    ad_judging *j = ad_resize(&a, NULL, 0, sizeof *j);
    if (!j)
        return NULL;
    *j = (ad_judging){.report = {.message = ""}, .allocator = a, .model = model, .o = options, .n = ad_model_claims(model),
                      .symbols = ad_model_symbols(model), .samples = 1 + AD_SAMPLES};
    j->tape   = ad_tape_create((ad_tape_options){.allocator = options.allocator});
    j->claims = ad_judging_take(j, j->n, sizeof *j->claims);
    j->found  = ad_judging_take(j, j->n, sizeof *j->found);
    int done = model && j->tape && j->claims && j->found && ad_judge_record(j) && ad_judge_take_paths(j) && choose_points(j) && evaluate(j) &&
               judge_all(j);
    if (done)
        publish(j);
    else {
        ad_status of_tape = j->tape ? ad_tape_error(j->tape) : AD_ERROR_NO_MEMORY;
        j->report.status = !model ? AD_ERROR_ARGUMENT : of_tape != AD_OK ? of_tape : AD_ERROR_NO_MEMORY;
        j->report.message = !model ? "no model" : j->report.status == AD_ERROR_LIMIT ? "the claims need more nodes than a tape has room for"
                          : "no memory to judge the claims";
    }
    forget_work(j);
    return &j->report;
}
