/* det.c -- the determinant by expansion along minors. Minors of the lower rows are shared by the expansions above them: each is
 * recorded once, by the set of its columns. */
#include "gradbench.h"

typedef struct det {
    size_t       n;                              /* rows */
    double      *A, value, *gradient;
    ad_function *f;
} det;

enum { MOST = 20 };

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

static ad_function *record(gb_case *c, size_t n)
{
    ad_tape *tape = gb_tape(c);
    size_t sets = (size_t)1 << n;
    ad_var *A = gb_make(c, n * n, sizeof *A), *minor = gb_make(c, sets, sizeof *minor);
    for (size_t i = 0; i < n * n; i++)
        A[i] = ad_param(tape, NULL, 0);
    minor[0] = ad_const(1);
    for (size_t columns = 1; columns < sets; columns++)      /* subsets before sets */
        minor[columns] = expand(n, A, columns, (size_t)__builtin_popcountll(columns), minor);
    return gb_keep(c, ad_function_new(tape, 1, &minor[sets - 1]), tape);
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
    d->f = record(c, d->n);
}

static void primal(gb_case *c)
{
    det *d = c->state;
    gb_check(c, ad_function_over(d->f, d->A, NULL, 1, &d->value));
}

static void gradient(gb_case *c)
{
    det *d = c->state;
    gb_check(c, ad_function_sum_gradient(d->f, d->A, NULL, 1, &d->value, d->gradient));
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
