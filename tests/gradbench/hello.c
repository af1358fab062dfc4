/* hello.c -- x^2 and its derivative: the smallest program there is. */
#include "gradbench.h"

typedef struct hello {
    ad_tape *tape;
    double   x, result;
} hello;

static void prepare(gb_case *c)
{
    hello *h = c->state = gb_make(c, 1, sizeof *h);
    if (!json_is_number(c->input))
        gb_fail(c, "the input is not a number");
    h->x = json_number_value(c->input);
    h->tape = gb_tape(c);
}

static void square(gb_case *c)
{
    hello *h = c->state;
    h->result = ad_value(ad_square(h->x));
}

static void derivative(gb_case *c)
{
    hello *h = c->state;
    ad_tape_reset(h->tape);
    ad_var x = ad_param(h->tape, "x", h->x);
    ad_backward(ad_square(x));
    h->result = ad_grad(x);
    gb_check_tape(c, h->tape);
}

static json_t *output(gb_case *c) { return json_real(((const hello *)c->state)->result); }

const gb_module gb_hello = {"hello", {{"square", prepare, square, output}, {"double", prepare, derivative, output}}};
