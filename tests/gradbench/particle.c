/* particle.c -- a charged particle among two fixed charges, followed by Euler's steps until it crosses the axis; w moves one of the
 * charges so that it crosses at the origin. The force is the gradient of the potential, and the search for w needs the
 * gradient of the path: modes are named outer, then inner.
 *
 * J. M. Siskind and B. A. Pearlmutter, "Using programming language theory to make automatic differentiation sound and
 * efficient" (2008). */
#include "descent.h"
#include "outer.h"

typedef struct particle {
    gb_case     *c;
    ad_tape     *tape;
    ad_function *slopes;                                     /* of the potential by the place, given place and w */
    int          outer_reverse;
    double       w, result;
} particle;

/* The potential at (x, y): charges at (10, 10 - w) and (10, 0). */
static ad_var potential(ad_var x, ad_var y, ad_var w)
{
    ad_var across = ad_square(ad_sub(x, 10));
    ad_var first = ad_sqrt(ad_add(across, ad_square(ad_sub(y, ad_sub(10, w))))), second = ad_sqrt(ad_add(across, ad_square(y)));
    return ad_add(ad_div(1, first), ad_div(1, second));
}

/* The square of where the path crosses y = 0. */
static ad_var crossing(void *user, const ad_var *w)
{
    const double step = 0.1;
    particle *p = user;
    ad_var x = ad_const(0), y = ad_const(8), vx = ad_const(0.75), vy = ad_const(0), slope[2];
    for (int i = 0; i < 1000000; i++) {
        ad_call(p->slopes, 3, (ad_var[]){x, y, w[0]}, 0, NULL, slope);
        ad_var next_y = ad_add(y, ad_mul(step, vy));
        if (!(ad_value(next_y) > 0))
            return ad_square(ad_sub(x, ad_mul(ad_div(y, vy), vx)));
        x = ad_add(x, ad_mul(step, vx));
        y = next_y;
        vx = ad_sub(vx, ad_mul(step, slope[0]));
        vy = ad_sub(vy, ad_mul(step, slope[1]));
    }
    gb_fail(p->c, "the path does not cross the axis");
}

static void slope_of_crossing(void *user, const ad_var *w, ad_var *g)
{
    particle *p = user;
    gb_outer_gradient(p->c, p->tape, p->outer_reverse, crossing, p, 1, w, g);
}

static void prepare(gb_case *c, int outer_reverse, int inner_reverse)
{
    particle *p = c->state = gb_make(c, 1, sizeof *p);
    p->c = c;
    p->w = gb_number(c, c->input, "w");
    p->tape = gb_tape(c);
    p->outer_reverse = outer_reverse;
    ad_var v[3];
    for (int i = 0; i < 3; i++)
        v[i] = ad_param(p->tape, NULL, 1);
    ad_var f = potential(v[0], v[1], v[2]);
    ad_function *at = gb_keep(c, ad_function_new(p->tape, 1, &f), p->tape);
    p->slopes = gb_keep(c, ad_function_derive(at, (ad_derive_options){.mode = inner_reverse ? AD_REVERSE : AD_FORWARD, .n = 2,
                                                                      .inputs = (const size_t[]){0, 1}}), NULL);
}

static void prepare_rr(gb_case *c) { prepare(c, 1, 1); }
static void prepare_fr(gb_case *c) { prepare(c, 0, 1); }
static void prepare_rf(gb_case *c) { prepare(c, 1, 0); }
static void prepare_ff(gb_case *c) { prepare(c, 0, 0); }

static void evaluate(gb_case *c)
{
    particle *p = c->state;
    const gb_problem outer = {1, crossing, slope_of_crossing, p};
    ad_var start = ad_const(p->w), w;
    gb_argmin(c, &outer, &start, &w);
    p->result = ad_value(w);
}

static json_t *output(gb_case *c) { return json_real(((const particle *)c->state)->result); }

const gb_module gb_particle = {"particle", {{"ff", prepare_ff, evaluate, output}, {"fr", prepare_fr, evaluate, output},
                                            {"rf", prepare_rf, evaluate, output}, {"rr", prepare_rr, evaluate, output}}};
