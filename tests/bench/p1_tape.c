/* p1_tape.c -- P1 as users of the library write it. Not tuned to it: nothing here but the formulas of a network. */
#include "p1_tape.h"

typedef P1_NETWORK(ad_var) network;

static network params(ad_tape *tape, const p1_network *values)
{
    network p;
    ad_var *w = (ad_var *)&p;
    const double *value = (const double *)values;
    for (int i = 0; i < P1_PARAMS; i++)
        w[i] = ad_param(tape, NULL, value[i]);
    return p;
}

static void gradient(const network *p, p1_network *g)
{
    const ad_var *w = (const ad_var *)p;
    double *slope = (double *)g;
    for (int i = 0; i < P1_PARAMS; i++)
        slope[i] = ad_grad(w[i]);
}

/* -- every product and every sum an operation ------------------------------------------------------------------ */

static ad_var neuron(size_t n, const ad_var *w, const ad_var *x, ad_var b)
{
    ad_var e = b;
    for (size_t k = 0; k < n; k++)
        e = ad_add(e, ad_mul(w[k], x[k]));
    return ad_sigmoid(e);
}

static ad_var error(const network *p, const double *x, double t)
{
    ad_var y1[P1_HIDDEN], y2[P1_HIDDEN];
    for (int i = 0; i < P1_HIDDEN; i++) {
        ad_var e = p->b1[i];
        for (int k = 0; k < P1_INPUTS; k++)
            e = ad_add(e, ad_mul(p->w1[i][k], x[k]));
        y1[i] = ad_sigmoid(e);
    }
    for (int i = 0; i < P1_HIDDEN; i++)
        y2[i] = neuron(P1_HIDDEN, p->w2[i], y1, p->b2[i]);
    return ad_squared_error(t, neuron(P1_HIDDEN, p->w3, y2, p->b3));
}

double p1_tape_batch(ad_tape *tape, const p1_problem *P, p1_network *g)
{
    ad_tape_reset(tape);
    network p = params(tape, &P->p);
    ad_var E = error(&p, P->x[0], P->t[0]);
    for (size_t r = 1; r < P->rows; r++)
        E = ad_add(E, error(&p, P->x[r], P->t[r]));
    ad_backward(E);
    gradient(&p, g);
    return ad_value(E);
}

double p1_tape_rows(ad_tape *tape, const p1_problem *P, p1_network *g)
{
    ad_tape_reset(tape);
    network p = params(tape, &P->p);
    ad_mark start = ad_tape_mark(tape);
    double sum = 0;
    ad_grad_clear(tape);
    for (size_t r = 0; r < P->rows; r++) {
        ad_var E = error(&p, P->x[r], P->t[r]);
        ad_accumulate(E);
        sum += ad_value(E);
        ad_tape_rewind(tape, start);
    }
    gradient(&p, g);
    return sum;
}

/* -- a dot product an operation -------------------------------------------------------------------------------- */

static ad_var neuron_dot(size_t n, const ad_var *w, const ad_var *x, ad_var b)
{
    return ad_sigmoid(ad_add(ad_dot(n, w, x), b));
}

static ad_var error_dot(const network *p, const double *x, double t)
{
    const ad_var x0[P1_INPUTS] = {ad_const(x[0]), ad_const(x[1])};
    ad_var y1[P1_HIDDEN], y2[P1_HIDDEN];
    for (int i = 0; i < P1_HIDDEN; i++)
        y1[i] = neuron_dot(P1_INPUTS, p->w1[i], x0, p->b1[i]);
    for (int i = 0; i < P1_HIDDEN; i++)
        y2[i] = neuron_dot(P1_HIDDEN, p->w2[i], y1, p->b2[i]);
    return ad_squared_error(t, neuron_dot(P1_HIDDEN, p->w3, y2, p->b3));
}

double p1_tape_dots(ad_tape *tape, const p1_problem *P, p1_network *g)
{
    ad_tape_reset(tape);
    network p = params(tape, &P->p);
    ad_mark start = ad_tape_mark(tape);
    double sum = 0;
    ad_grad_clear(tape);
    for (size_t r = 0; r < P->rows; r++) {
        ad_var E = error_dot(&p, P->x[r], P->t[r]);
        ad_accumulate(E);
        sum += ad_value(E);
        ad_tape_rewind(tape, start);
    }
    gradient(&p, g);
    return sum;
}
