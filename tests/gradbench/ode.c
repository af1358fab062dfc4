/* ode.c -- s Runge-Kutta steps of y_0' = x_0, y_i' = x_i y_(i-1) from y = 0 to time 2, and the gradient of the last component.
 *
 * A scan: a row is a component, which in one step depends on itself and on the four before it. Row 0 is the constant 1, as
 * though y_(-1) were 1 and x_(-1) were 0, so that all components follow one formula. */
#include "gradbench.h"

enum { STAGES = 4 };

typedef struct ode {
    size_t   n, s;
    double  *x, *y, *start, *seed, *slope;                   /* [1 + n], x[0] is 0; y at the end, at the start */
    ad_scan *scan;
} ode;

/* Slopes at components i, i - 1, ..., of which there is one fewer than of y. */
static void slopes(size_t n, const ad_var *x, const ad_var *y, ad_var *k)
{
    for (size_t j = 0; j + 1 < n; j++)
        k[j] = ad_mul(x[j], y[j + 1]);
}

/* The next y of a component: x and y are columns of it and of those before it. Every stage looks one component further. */
static ad_function *record(gb_case *c, double h)
{
    ad_tape *tape = gb_tape(c);
    ad_var y[STAGES + 1], x[STAGES], k[STAGES][STAGES], at[STAGES + 1];
    for (int j = 0; j <= STAGES; j++)
        y[j] = ad_column(tape, NULL);
    for (int j = 0; j < STAGES; j++)
        x[j] = ad_column(tape, NULL);
    slopes(STAGES + 1, x, y, k[0]);
    for (size_t stage = 1; stage < STAGES; stage++) {
        double step = stage + 1 < STAGES ? h / 2 : h;
        for (size_t j = 0; j + stage <= STAGES; j++)
            at[j] = ad_add(y[j], ad_mul(step, k[stage - 1][j]));
        slopes(STAGES + 1 - stage, x, at, k[stage]);
    }
    ad_var sum = ad_add(ad_add(k[0][0], ad_mul(2, k[1][0])), ad_add(ad_mul(2, k[2][0]), k[3][0]));
    ad_var next = ad_add(y[0], ad_mul(h / 6, sum));
    return gb_keep(c, ad_function_new(tape, 1, &next), tape);
}

static void free_scan(void *scan) { ad_scan_free(scan); }

static void evaluate(gb_case *c, const double *const *seeds)
{
    ode *o = c->state;
    const double *const x = o->x, *const start = o->start;
    const ad_scan_data data = {.rows = o->n + 1, .steps = o->s, .fixed = &x, .start = &start};
    gb_check(c, seeds ? ad_scan_gradient(o->scan, &data, seeds, NULL, NULL, &(ad_scan_slopes){.fixed = &o->slope})
                      : ad_scan_run(o->scan, &data, &o->y, NULL));
}

static void prepare(gb_case *c)
{
    ode *o = c->state = gb_make(c, 1, sizeof *o);
    ad_scan_column column[2 * STAGES + 1];
    ad_status status;
    double *x = gb_list(c, c->input, "x", &o->n);
    o->s = gb_count(c, c->input, "s");
    if (!o->n || !o->s)
        gb_fail(c, "%zu components, %zu steps", o->n, o->s);
    double **arrays[] = {&o->x, &o->y, &o->start, &o->seed, &o->slope};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = gb_make(c, o->n + 1, sizeof **arrays[i]);
    for (size_t i = 0; i < o->n; i++)
        o->x[1 + i] = x[i];
    o->start[0] = o->seed[o->n] = 1;
    for (int j = 0; j <= 2 * STAGES; j++)
        column[j] = j <= STAGES ? (ad_scan_column){AD_SCAN_STATE, 0, -j} : (ad_scan_column){AD_SCAN_FIXED, 0, STAGES + 1 - j};
    o->scan = ad_scan_new(record(c, 2 / (double)o->s), 1, column, &status);
    gb_own(c, o->scan, free_scan);
}

static void primal(gb_case *c) { evaluate(c, NULL); }

static void gradient(gb_case *c)
{
    const double *const seed = ((const ode *)c->state)->seed;
    evaluate(c, &seed);
}

/* Lowered when first evaluated, and memory for so many steps taken: here. */
static void prepare_primal(gb_case *c)
{
    prepare(c);
    primal(c);
}

static void prepare_gradient(gb_case *c)
{
    prepare(c);
    gradient(c);
}

static json_t *ends(gb_case *c) { return gb_json_list(((const ode *)c->state)->y + 1, ((const ode *)c->state)->n); }
static json_t *slopes_by_x(gb_case *c) { return gb_json_list(((const ode *)c->state)->slope + 1, ((const ode *)c->state)->n); }

const gb_module gb_ode = {"ode", {{"primal", prepare_primal, primal, ends}, {"gradient", prepare_gradient, gradient, slopes_by_x}}};
