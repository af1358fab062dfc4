/* llsq.c -- least squares of a polynomial against sign(t): the error of one row, summed over n rows t in [-1, 1]. */
#include "gradbench.h"

typedef struct llsq {
    size_t        m, n;
    double       *x, *t, *s, value, *gradient;   /* [m] coefficients; [n] where and what; [m] */
    const double *columns[2];
    ad_function  *error;                         /* (s - sum of x_j t^j)^2 / 2 */
} llsq;

static ad_function *record(gb_case *c, size_t m)
{
    ad_tape *tape = gb_tape(c);
    ad_var *x = gb_make(c, m, sizeof *x), t = ad_column(tape, "t"), s = ad_column(tape, "s"), p = ad_const(0);
    for (size_t j = 0; j < m; j++)
        x[j] = ad_param(tape, NULL, 0);
    for (size_t j = m; j-- > 0;)                 /* as Horner has it */
        p = j + 1 == m ? x[j] : ad_add(ad_mul(p, t), x[j]);
    ad_var E = ad_squared_error(s, p);
    return gb_keep(c, ad_function_new(tape, 1, &E), tape);
}

static void prepare(gb_case *c)
{
    llsq *l = c->state = gb_make(c, 1, sizeof *l);
    l->x = gb_list(c, c->input, "x", &l->m);
    l->n = gb_count(c, c->input, "n");
    l->t = gb_make(c, l->n, sizeof *l->t);
    l->s = gb_make(c, l->n, sizeof *l->s);
    l->gradient = gb_make(c, l->m, sizeof *l->gradient);
    for (size_t i = 0; i < l->n; i++) {
        double t = l->n > 1 ? -1 + 2 * (double)i / (double)(l->n - 1) : -1;
        l->t[i] = t;
        l->s[i] = (t > 0) - (t < 0);
    }
    l->columns[0] = l->t;
    l->columns[1] = l->s;
    l->error = record(c, l->m);
}

static void primal(gb_case *c)
{
    llsq *l = c->state;
    gb_check(c, ad_function_sum(l->error, l->x, l->columns, l->n, &l->value));
}

static void gradient(gb_case *c)
{
    llsq *l = c->state;
    gb_check(c, ad_function_sum_gradient(l->error, l->x, l->columns, l->n, &l->value, l->gradient));
}

/* Lowered when first evaluated: here, over a few rows. */
static void prepare_primal(gb_case *c)
{
    prepare(c);
    llsq *l = c->state;
    gb_check(c, ad_function_sum(l->error, l->x, l->columns, gb_few(l->n), &l->value));
}

static void prepare_gradient(gb_case *c)
{
    prepare(c);
    llsq *l = c->state;
    gb_check(c, ad_function_sum_gradient(l->error, l->x, l->columns, gb_few(l->n), &l->value, l->gradient));
}

static json_t *value(gb_case *c) { return json_real(((const llsq *)c->state)->value); }

static json_t *slopes(gb_case *c)
{
    const llsq *l = c->state;
    return gb_json_list(l->gradient, l->m);
}

const gb_module gb_llsq = {"llsq", {{"primal", prepare_primal, primal, value}, {"gradient", prepare_gradient, gradient, slopes}}};
