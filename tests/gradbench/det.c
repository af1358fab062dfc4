/* det.c -- the determinant by expansion along minors. Minors of the lower rows are shared by the expansions above them: each is
 * recorded once, by the set of its columns. A large one is recorded anew for each evaluation and swept back. */
#include "gradbench.h"

typedef struct det {
    size_t       n;                              /* rows */
    double      *A, value, *gradient;
    ad_tape     *tape;
    ad_var      *on_tape, *minor;                /* A; by set of columns */
    ad_function *f;                              /* NULL where it is too large to keep */
} det;

/* As a function each of the n 2^n operations takes a few hundred bytes while its gradient is made, on the tape 24. */
enum { MOST_RECORDED = 13, MOST = 22 };

/* The minor of the last rows, as many as the set has columns, from those a column smaller. */
static ad_var expand(size_t n, const ad_var *A, size_t columns, size_t size, const ad_var *minor)
{
    const ad_var *row = A + (n - size) * n;
    ad_var sum = ad_const(0);
    int minus = 0, first = 1;
    for (size_t j = 0; j < n; j++) {
        if (!(columns >> j & 1))
            continue;
        ad_var term = size == 1 ? row[j] : ad_mul(row[j], minor[columns & ~((size_t)1 << j)]);
        sum = first ? term : minus ? ad_sub(sum, term) : ad_add(sum, term);
        minus = !minus;
        first = 0;
    }
    return sum;
}

/* The determinant, on the tape of A; minor [2^n] is filled. */
static ad_var determinant(size_t n, const ad_var *A, ad_var *minor)
{
    size_t sets = (size_t)1 << n;
    minor[0] = ad_const(1);
    for (size_t columns = 1; columns < sets; columns++)      /* subsets before sets */
        minor[columns] = expand(n, A, columns, (size_t)__builtin_popcountll(columns), minor);
    return minor[sets - 1];
}

static void put_on_tape(det *d, const double *values)
{
    for (size_t i = 0; i < d->n * d->n; i++)
        d->on_tape[i] = ad_param(d->tape, NULL, values ? values[i] : 0);
}

static void prepare(gb_case *c)
{
    det *d = c->state = gb_make(c, 1, sizeof *d);
    size_t size;
    d->A = gb_list(c, c->input, "A", &size);
    d->n = gb_count(c, c->input, "ell");
    if (!d->n || d->n > MOST || size != d->n * d->n)
        gb_fail(c, "\"A\" has %zu numbers and \"ell\" is %zu; at most %d, and its square are right", size, d->n, MOST);
    d->gradient = gb_make(c, size, sizeof *d->gradient);
    d->on_tape = gb_make(c, size, sizeof *d->on_tape);
    d->minor = gb_make(c, (size_t)1 << d->n, sizeof *d->minor);
    d->tape = gb_tape(c);
    if (d->n > MOST_RECORDED)
        return;
    put_on_tape(d, NULL);
    ad_var whole = determinant(d->n, d->on_tape, d->minor);
    d->f = gb_keep(c, ad_function_new(d->tape, 1, &whole), d->tape);
}

/* Recorded with its values each time. */
static ad_var on_tape(gb_case *c)
{
    det *d = c->state;
    ad_tape_reset(d->tape);
    put_on_tape(d, d->A);
    ad_var whole = determinant(d->n, d->on_tape, d->minor);
    gb_check_tape(c, d->tape);
    d->value = ad_value(whole);
    return whole;
}

static void primal(gb_case *c)
{
    det *d = c->state;
    if (d->f)
        gb_check(c, ad_function_over(d->f, d->A, NULL, 1, &d->value));
    else
        on_tape(c);
}

static void gradient(gb_case *c)
{
    det *d = c->state;
    if (d->f) {
        gb_check(c, ad_function_sum_gradient(d->f, d->A, NULL, 1, &d->value, d->gradient));
        return;
    }
    ad_backward(on_tape(c));
    gb_check_tape(c, d->tape);
    for (size_t i = 0; i < d->n * d->n; i++)
        d->gradient[i] = ad_grad(d->on_tape[i]);
}

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

static json_t *value(gb_case *c) { return json_real(((const det *)c->state)->value); }

static json_t *slopes(gb_case *c)
{
    const det *d = c->state;
    return gb_json_list(d->gradient, d->n * d->n);
}

const gb_module gb_det = {"det", {{"primal", prepare_primal, primal, value}, {"gradient", prepare_gradient, gradient, slopes}}};
