/* check.c -- the check of a hand-written gradient: its arguments, its points, its verdicts, its report's memory. */
#include "check_inside.h"

#include "sample.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Memory ------------------------------------------------------------------------------------------------------------------ */

void *ad_checking_take(ad_checking *c, size_t n, size_t size)
{
    void *block = n < SIZE_MAX / 2 / size ? ad_resize(&c->allocator, NULL, 0, n * size + 1) : NULL;
    if (block)
        memset(block, 0, n * size + 1);
    return block;
}

void ad_checking_drop(ad_checking *c, void *block, size_t n, size_t size)
{
    if (block)
        ad_resize(&c->allocator, block, n * size + 1, 0);
}

/* What the report does not need. */
static void forget_work(ad_checking *c)
{
    size_t all = c->n * c->samples, columns = ad_function_columns(c->o.function);
    double **blocks[] = {&c->yours, &c->exact, &c->error, &c->tolerance};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
        ad_checking_drop(c, *blocks[k], all, sizeof(double));
        *blocks[k] = NULL;
    }
    ad_checking_drop(c, c->state, all, 1);
    ad_checking_drop(c, c->row, c->n, sizeof *c->row);
    ad_checking_drop(c, c->by, c->n, sizeof *c->by);
    ad_checking_drop(c, c->slopes, c->n, sizeof *c->slopes);
    ad_checking_drop(c, c->inputs, c->n + columns, sizeof *c->inputs);
    ad_checking_drop(c, c->value, c->paths.n, sizeof *c->value);
    ad_checking_drop(c, c->adjoint, c->paths.n, sizeof *c->adjoint);
    ad_checking_drop(c, c->tangent, c->paths.n, sizeof *c->tangent);
    ad_checking_drop(c, c->wide, c->paths.n, sizeof *c->wide);
    if (c->paths.tape)
        ad_paths_free(&c->paths);
    ad_tape_free(c->tape);
    c->state = NULL;
    c->row = c->inputs = c->value = c->adjoint = c->tangent = NULL;
    c->wide = NULL;
    c->by = c->slopes = NULL;
    c->tape = NULL;
}

static int take_all(ad_checking *c)
{
    size_t all = c->n * c->samples;
    c->points    = ad_checking_take(c, all, sizeof(double));
    c->yours     = ad_checking_take(c, all, sizeof(double));
    c->exact     = ad_checking_take(c, all, sizeof(double));
    c->error     = ad_checking_take(c, all, sizeof(double));
    c->tolerance = ad_checking_take(c, all, sizeof(double));
    c->state     = ad_checking_take(c, all, 1);
    c->entries   = ad_checking_take(c, c->n, sizeof *c->entries);
    c->names     = ad_checking_take(c, c->n, AD_NAME_ROOM);
    c->details   = ad_checking_take(c, c->n, AD_DETAIL);
    c->causes    = ad_checking_take(c, c->n, AD_SUSPICIONS * sizeof *c->causes);
    c->row       = ad_checking_take(c, c->n, sizeof *c->row);
    return c->points && c->yours && c->exact && c->error && c->tolerance && c->state && c->entries && c->names && c->details &&
           c->causes && c->row;
}

void ad_check_free(ad_check *check)
{
    ad_checking *c = (ad_checking *)check;
    if (!c)
        return;
    ad_allocator a = c->allocator;
    forget_work(c);
    ad_checking_drop(c, c->points, c->n * c->samples, sizeof(double));
    ad_checking_drop(c, c->entries, c->n, sizeof *c->entries);
    ad_checking_drop(c, c->names, c->n, AD_NAME_ROOM);
    ad_checking_drop(c, c->details, c->n, AD_DETAIL);
    ad_checking_drop(c, c->causes, c->n, AD_SUSPICIONS * sizeof *c->causes);
    ad_resize(&a, c, sizeof *c, 0);
}

/* ---- Points ---------------------------------------------------------------------------------------------------------------------- */

static const char *fault(const ad_checking *c, const double *x)
{
    const ad_check_options *o = &c->o;
    if (!o->gradient && !o->gradient_with)
        return "no gradient to check: set options.gradient or options.gradient_with";
    if (!o->function && !o->value && !o->value_with)
        return "nothing to hold the gradient against: set options.function, options.value or options.value_with";
    if (!x && c->n)
        return "no point: x is NULL";
    if (o->function && ad_function_outputs(o->function) != 1)
        return "the recorded function must have exactly one output";
    if (o->function && ad_function_params(o->function) != c->n)
        return "n is not the number of the recorded function's params";
    if (o->function && ad_function_columns(o->function) && !o->columns && o->rows)
        return "the recorded function has columns: set options.columns and options.rows";
    for (size_t i = 0; i < c->n; i++)
        if ((o->lower && !(x[i] >= o->lower[i])) || (o->upper && !(x[i] <= o->upper[i])))
            return "the point x lies outside the bounds";
    return NULL;
}

/* Random points; of C code alone so many that some 10^6 evaluations suffice, for each point takes about 500 a component. */
static size_t samples_of(const ad_checking *c)
{
    size_t points = c->o.given_only ? 0 : c->o.points ? c->o.points : AD_SAMPLES;
    size_t most = 2000 / (c->n + 1) + 1;
    return 1 + (c->o.function || c->o.points || points < most ? points : most);
}

static void choose_points(ad_checking *c, const double *x)
{
    uint64_t state = c->o.seed ^ UINT64_C(0x2545f4914f6cdd1d);
    memcpy(c->points, x, c->n * sizeof *x);
    for (size_t s = 1; s < c->samples; s++)
        for (size_t i = 0; i < c->n; i++)
            c->points[s * c->n + i] = ad_sample_near(x[i], c->o.lower ? c->o.lower[i] : -INFINITY, c->o.upper ? c->o.upper[i] : INFINITY,
                                                     &state);
}

/* Entries that the gradient leaves alone are not numbers afterwards. */
static void call_gradient(ad_checking *c, size_t sample)
{
    for (size_t i = 0; i < c->n; i++)
        c->row[i] = NAN;
    if (c->o.gradient)
        c->o.gradient(c->n, c->points + sample * c->n, c->row);
    else
        c->o.gradient_with(c->n, c->points + sample * c->n, c->row, c->o.user);
    for (size_t i = 0; i < c->n; i++)
        c->yours[i * c->samples + sample] = c->row[i];
}

/* ---- Verdicts ---------------------------------------------------------------------------------------------------------------------- */

static const char *why_not(int state)
{
    switch (state) {
    case AT_POINT_KINK:          return "the point lies on a kink: the slopes of both sides differ";
    case AT_POINT_NO_DERIVATIVE: return "there is no finite derivative at the point";
    case AT_POINT_NOISE:         return "the difference is within the rounding of the function itself";
    default:                     return "no point around could be used";
    }
}

/* The point that decides: the given one, unless only a random one is wrong. */
static void judge(ad_checking *c, size_t i)
{
    const unsigned char *state = c->state + i * c->samples;
    ad_check_entry *e = &c->entries[i];
    size_t right = 0, unclear = 0, wrong = SIZE_MAX;
    for (size_t s = c->samples; s-- > 0;) {
        right += state[s] == AT_POINT_RIGHT;
        unclear += state[s] == AT_POINT_NOISE;
        wrong = state[s] == AT_POINT_WRONG ? s : wrong;
    }
    e->verdict = wrong != SIZE_MAX ? AD_WRONG : state[0] == AT_POINT_KINK || state[0] == AT_POINT_NO_DERIVATIVE || right <= unclear
               ? AD_CANNOT_TELL : AD_RIGHT;
    e->point = wrong == SIZE_MAX ? 0 : wrong;
    size_t at = i * c->samples + e->point;
    e->yours = c->yours[at];
    e->exact = c->exact[at];
    e->error = c->error[at];
    double difference = fabs(e->yours - e->exact), size = fmax(fabs(e->exact), DBL_MIN);
    e->ulps = difference / (nextafter(size, INFINITY) - size);
    e->digits = difference == 0 ? 17 : fmin(17, fmax(0, -log10(difference / size)));
    e->detail = e->verdict == AD_CANNOT_TELL ? why_not(state[0] == AT_POINT_RIGHT ? AT_POINT_NOISE : state[0]) : "";
    c->check.right += e->verdict == AD_RIGHT;
    c->check.wrong += e->verdict == AD_WRONG;
    c->check.cannot_tell += e->verdict == AD_CANNOT_TELL;
}

static void name_entries(ad_checking *c)
{
    for (size_t i = 0; i < c->n; i++) {
        char *name = c->names + i * AD_NAME_ROOM;
        const char *given = c->o.names ? c->o.names[i] : ad_function_param_name(c->o.function, i);
        if (given)
            snprintf(name, AD_NAME_ROOM, "%s", given);
        else
            snprintf(name, AD_NAME_ROOM, "x[%zu]", i);
        c->entries[i].name = name;
    }
}

static ad_status run(ad_checking *c)
{
    if (c->o.function && !ad_check_look_inside(c))
        return AD_ERROR_NO_MEMORY;
    for (size_t s = 0; s < c->samples; s++) {
        call_gradient(c, s);
        ad_status status = ad_check_point(c, s);
        if (status != AD_OK)
            return status;
    }
    for (size_t s = 1; s < c->samples; s++) {
        size_t usable = 0;
        for (size_t i = 0; i < c->n; i++)
            usable += c->state[i * c->samples + s] != AT_POINT_NOTHING;
        c->check.points += usable > 0;
    }
    for (size_t i = 0; i < c->n; i++)
        judge(c, i);
    for (size_t i = 0; i < c->n; i++)
        if (c->entries[i].verdict == AD_WRONG && !ad_check_explain(c, i))
            return AD_ERROR_NO_MEMORY;
    return c->tape ? ad_tape_error(c->tape) : AD_OK;      /* words take memory of the tape's */
}

static void fail(ad_check *check, ad_status status, const char *message)
{
    check->status = status;
    check->message = message;
    check->verdict = AD_CANNOT_TELL;
    check->right = check->wrong = check->cannot_tell = 0;
}

ad_check *ad_check_gradient(size_t n, const double *x, ad_check_options options)
{
    ad_allocator a = ad_allocator_complete(options.allocator);
    ad_checking *c = ad_resize(&a, NULL, 0, sizeof *c);
    if (!c)
        return NULL;
    *c = (ad_checking){.o = options, .allocator = a, .n = n};
    const char *wrong_argument = fault(c, x);
    c->samples = samples_of(c);
    c->check = (ad_check){.status = AD_OK, .message = "", .verdict = AD_CANNOT_TELL, .by_differences = !options.function};
    if (wrong_argument) {
        c->n = 0;
        fail(&c->check, AD_ERROR_ARGUMENT, wrong_argument);
        return &c->check;
    }
    if (!take_all(c)) {
        fail(&c->check, AD_ERROR_NO_MEMORY, "no memory for the check");
        return &c->check;
    }
    c->check.n = n;
    c->check.entries = c->entries;
    c->check.x = c->points;
    name_entries(c);
    choose_points(c, x);
    ad_status status = run(c);
    if (status != AD_OK)
        fail(&c->check, status, status == AD_ERROR_NO_MEMORY ? "no memory for the check" : "the recorded function could not be evaluated");
    else
        c->check.verdict = c->check.wrong ? AD_WRONG : c->check.cannot_tell ? AD_CANNOT_TELL : AD_RIGHT;
    forget_work(c);
    return &c->check;
}
