/* ode.c -- s Runge-Kutta steps of y_0' = x_0, y_i' = x_i y_(i-1) from y = 0 to time 2, and the gradient of the last component. */
#include "gradbench.h"

typedef struct ode {
    size_t   n, s;
    double  *x, *result;
    ad_tape *tape;
    ad_var  *v, *hx, *y, *at, *k[4];                         /* [n] params, h times them, state, where slopes are, h times those */
} ode;

static void slopes(const ode *o, const ad_var *hx, const ad_var *y, ad_var *k)
{
    k[0] = hx[0];
    for (size_t i = 1; i < o->n; i++)
        k[i] = ad_mul(hx[i], y[i - 1]);
}

static void integrate(ode *o)
{
    double h = 2 / (double)o->s;
    ad_var *hx = o->hx;
    for (size_t i = 0; i < o->n; i++) {
        hx[i] = ad_mul(h, o->v[i]);
        o->y[i] = ad_const(0);
    }
    for (size_t step = 0; step < o->s; step++) {
        slopes(o, hx, o->y, o->k[0]);
        for (int stage = 1; stage < 4; stage++) {
            for (size_t i = 0; i < o->n; i++)
                o->at[i] = ad_add(o->y[i], stage < 3 ? ad_mul(0.5, o->k[stage - 1][i]) : o->k[stage - 1][i]);
            slopes(o, hx, o->at, o->k[stage]);
        }
        for (size_t i = 0; i < o->n; i++) {
            ad_var inner = ad_add(o->k[1][i], o->k[2][i]), outer = ad_add(o->k[0][i], o->k[3][i]);
            o->y[i] = ad_add(o->y[i], ad_mul(1.0 / 6, ad_add(outer, ad_mul(2, inner))));
        }
    }
}

static void prepare(gb_case *c)
{
    ode *o = c->state = gb_make(c, 1, sizeof *o);
    o->x = gb_list(c, c->input, "x", &o->n);
    o->s = gb_count(c, c->input, "s");
    if (!o->n || !o->s)
        gb_fail(c, "%zu components, %zu steps", o->n, o->s);
    o->result = gb_make(c, o->n, sizeof *o->result);
    o->tape = gb_tape(c);
    ad_var **arrays[] = {&o->v, &o->hx, &o->y, &o->at, &o->k[0], &o->k[1], &o->k[2], &o->k[3]};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = gb_make(c, o->n, sizeof **arrays[i]);
}

static void primal(gb_case *c)
{
    ode *o = c->state;
    for (size_t i = 0; i < o->n; i++)
        o->v[i] = ad_const(o->x[i]);
    integrate(o);
    for (size_t i = 0; i < o->n; i++)
        o->result[i] = ad_value(o->y[i]);
}

static void gradient(gb_case *c)
{
    ode *o = c->state;
    ad_tape_reset(o->tape);
    for (size_t i = 0; i < o->n; i++)
        o->v[i] = ad_param(o->tape, NULL, o->x[i]);
    integrate(o);
    ad_backward(o->y[o->n - 1]);
    gb_check_tape(c, o->tape);
    for (size_t i = 0; i < o->n; i++)
        o->result[i] = ad_grad(o->v[i]);
}

static json_t *output(gb_case *c)
{
    const ode *o = c->state;
    return gb_json_list(o->result, o->n);
}

const gb_module gb_ode = {"ode", {{"primal", prepare, primal, output}, {"gradient", prepare, gradient, output}}};
