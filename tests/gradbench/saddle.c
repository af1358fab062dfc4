/* saddle.c -- min over x of max over y of f(x, y) = |x|^2 - |y|^2, x and y in the plane: a descent whose value is found by another
 * one. Either takes its gradients in forward or in reverse mode; the letters are those of the outer, then of the inner. */
#include "descent.h"
#include "outer.h"

enum { N = 2 };

typedef struct saddle {
    gb_case     *c;
    ad_tape     *tape;
    ad_function *f, *slopes;                                 /* f(x, y); its gradient by y, in the inner mode */
    int          outer_reverse;
    double       start[N], result[2 * N];
    ad_var       x[N];                                       /* of the inner problem */
} saddle;

/* ---- The inner problem: the most of f(x, .), as the least of -f --------------------------------------------------------- */

static ad_var at(const saddle *s, const ad_var *y)
{
    const ad_var both[] = {s->x[0], s->x[1], y[0], y[1]};
    return ad_call(s->f, 2 * N, both, 0, NULL, NULL);
}

static ad_var minus_f(void *user, const ad_var *y) { return ad_neg(at(user, y)); }

static void minus_slopes(void *user, const ad_var *y, ad_var *g)
{
    const saddle *s = user;
    const ad_var both[] = {s->x[0], s->x[1], y[0], y[1]};
    ad_call(s->slopes, 2 * N, both, 0, NULL, g);
    for (int i = 0; i < N; i++)
        g[i] = ad_neg(g[i]);
}

/* y where f(x, y) is largest. */
static void highest(saddle *s, const ad_var *x, ad_var *y)
{
    const gb_problem inner = {N, minus_f, minus_slopes, s};
    const ad_var start[] = {ad_const(s->start[0]), ad_const(s->start[1])};
    for (int i = 0; i < N; i++)
        s->x[i] = x[i];
    gb_argmin(s->c, &inner, start, y);
}

/* ---- The outer problem --------------------------------------------------------------------------------------------------- */

static ad_var height(void *user, const ad_var *x)
{
    ad_var y[N];
    highest(user, x, y);
    return at(user, y);
}

static void slope_of_height(void *user, const ad_var *x, ad_var *g)
{
    saddle *s = user;
    gb_outer_gradient(s->c, s->tape, s->outer_reverse, height, s, N, x, g);
}

/* ---- The eval ------------------------------------------------------------------------------------------------------------ */

static void prepare(gb_case *c, int outer_reverse, int inner_reverse)
{
    static const size_t y_of[] = {N, N + 1};
    saddle *s = c->state = gb_make(c, 1, sizeof *s);
    size_t n;
    double *start = gb_list(c, c->input, "start", &n);
    if (n != N)
        gb_fail(c, "\"start\" has %zu numbers, not %d", n, N);
    s->c = c;
    s->tape = gb_tape(c);
    s->outer_reverse = outer_reverse;
    ad_var v[2 * N];
    for (int i = 0; i < 2 * N; i++)
        v[i] = ad_param(s->tape, NULL, 0);
    ad_var f = ad_sub(ad_dot(N, v, v), ad_dot(N, v + N, v + N));
    s->f = gb_keep(c, ad_function_new(s->tape, 1, &f), s->tape);
    s->slopes = gb_keep(c, ad_function_derive(s->f, (ad_derive_options){.mode = inner_reverse ? AD_REVERSE : AD_FORWARD, .n = N,
                                                                        .inputs = y_of}), NULL);
    for (int i = 0; i < N; i++)
        s->start[i] = start[i];
}

static void prepare_rr(gb_case *c) { prepare(c, 1, 1); }
static void prepare_fr(gb_case *c) { prepare(c, 0, 1); }
static void prepare_rf(gb_case *c) { prepare(c, 1, 0); }
static void prepare_ff(gb_case *c) { prepare(c, 0, 0); }

static void evaluate(gb_case *c)
{
    saddle *s = c->state;
    const gb_problem outer = {N, height, slope_of_height, s};
    const ad_var start[] = {ad_const(s->start[0]), ad_const(s->start[1])};
    ad_var x[N], y[N];
    gb_argmin(c, &outer, start, x);
    highest(s, x, y);
    for (int i = 0; i < N; i++) {
        s->result[i] = ad_value(x[i]);
        s->result[N + i] = ad_value(y[i]);
    }
}

static json_t *output(gb_case *c) { return gb_json_list(((const saddle *)c->state)->result, 2 * N); }

const gb_module gb_saddle = {"saddle", {{"ff", prepare_ff, evaluate, output}, {"fr", prepare_fr, evaluate, output},
                                        {"rf", prepare_rf, evaluate, output}, {"rr", prepare_rr, evaluate, output}}};
