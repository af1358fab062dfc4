/* lse.c -- the logarithm of a sum of exponentials, shifted by the largest: x is a column, the sum one over rows.
 *
 * The shift is a param: it changes nothing but the rounding, so that nothing is differentiated by it. */
#include "gradbench.h"

#include <math.h>

typedef struct lse {
    size_t        n;
    double       *x, value, *gradient;
    const double *columns[1];
    ad_function  *f;                             /* a + log(sum over rows of exp(x - a)), or its slope by x */
} lse;

static ad_function *record(gb_case *c)
{
    ad_tape *tape = gb_tape(c);
    ad_var a = ad_param(tape, "a", 0), x = ad_column(tape, "x"), y = ad_add(a, ad_log(ad_row_sum(ad_exp(ad_sub(x, a)))));
    return gb_keep(c, ad_function_new(tape, 1, &y), tape);
}

static double largest(const double *x, size_t n)
{
    double most[8];
    for (int k = 0; k < 8; k++)
        most[k] = -INFINITY;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            most[k] = x[i + k] > most[k] ? x[i + k] : most[k];
    for (; i < n; i++)
        most[0] = x[i] > most[0] ? x[i] : most[0];
    for (int k = 1; k < 8; k++)
        most[0] = most[k] > most[0] ? most[k] : most[0];
    return most[0];
}

static void prepare(gb_case *c)
{
    lse *l = c->state = gb_make(c, 1, sizeof *l);
    l->columns[0] = l->x = gb_list(c, c->input, "x", &l->n);
    l->gradient = gb_make(c, l->n, sizeof *l->gradient);
    l->f = record(c);
}

static void primal(gb_case *c)
{
    lse *l = c->state;
    double a = largest(l->x, l->n);
    gb_check(c, ad_function_over(l->f, &a, l->columns, l->n, &l->value));
}

static void gradient(gb_case *c)
{
    lse *l = c->state;
    double a = largest(l->x, l->n);
    gb_check(c, ad_function_rows(l->f, &a, l->columns, l->n, &l->gradient));
}

/* Lowered when first evaluated: here, over a few rows. */
static void prepare_primal(gb_case *c)
{
    prepare(c);
    lse *l = c->state;
    gb_check(c, ad_function_over(l->f, &(double){0}, l->columns, gb_few(l->n), &l->value));
}

static void prepare_gradient(gb_case *c)
{
    prepare(c);
    lse *l = c->state;
    l->f = gb_keep(c, ad_function_derive(l->f, (ad_derive_options){.n = 1, .inputs = &(size_t){1}}), NULL);
    gb_check(c, ad_function_rows(l->f, &(double){0}, l->columns, gb_few(l->n), &l->gradient));
}

static json_t *value(gb_case *c) { return json_real(((const lse *)c->state)->value); }

static json_t *slopes(gb_case *c)
{
    const lse *l = c->state;
    return gb_json_list(l->gradient, l->n);
}

const gb_module gb_lse = {"lse", {{"primal", prepare_primal, primal, value}, {"gradient", prepare_gradient, gradient, slopes}}};
