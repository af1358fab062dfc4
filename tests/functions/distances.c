/* distances.c -- squared distances of rows to params, which have no slots of their own (lowering, mark_differences): values,
 * gradients and curvatures over any number of rows are the sums of what the tape gives row by row. */
#include <autodiff/autodiff.h>

#include <criterion/criterion.h>
#include <math.h>

enum { CENTRES = 7, COORDINATES = 3, PARAMS = CENTRES * COORDINATES, MOST = 131 };

/* A formula of the params and of a row. */
typedef ad_var formula(const ad_var *p, const ad_var *x);

static ad_var distance(const ad_var *p, const ad_var *x, int turned)
{
    ad_var sum = ad_const(0);
    for (int j = 0; j < COORDINATES; j++) {
        ad_var square = ad_square(turned ? ad_sub(x[j], p[j]) : ad_sub(p[j], x[j]));
        sum = j ? ad_add(sum, square) : square;
    }
    return sum;
}

static ad_var nearest(const ad_var *p, const ad_var *x)
{
    ad_var d[CENTRES];
    for (int i = 0; i < CENTRES; i++)
        d[i] = distance(p + i * COORDINATES, x, i % 2);
    return ad_minimum(CENTRES, d);
}

/* Every centre has a part in every row. */
static ad_var soft(const ad_var *p, const ad_var *x)
{
    ad_var d[CENTRES];
    for (int i = 0; i < CENTRES; i++)
        d[i] = ad_mul(-0.5, distance(p + i * COORDINATES, x, i % 2));
    return ad_logsumexp(CENTRES, d);
}

/* Differences that are squared and then something else, too; squares taken away; products of two of them; factors of two. */
static ad_var mixed(const ad_var *p, const ad_var *x)
{
    ad_var a = ad_sub(x[0], p[0]), b = ad_sub(p[1], x[1]), c = ad_sub(x[2], p[2]), d = ad_sub(p[3], x[0]), e = ad_sub(x[1], p[4]);
    ad_var sum = ad_sub(ad_sub(ad_square(a), ad_square(b)), ad_square(ad_mul(2, c)));
    sum = ad_add(sum, ad_mul(ad_mul(-4, d), ad_mul(0.25, e)));
    sum = ad_add(sum, ad_mul(ad_mul(3, a), ad_sin(b)));
    return ad_add(sum, ad_mul(ad_mul(x[2], ad_mul(0.5, ad_exp(ad_mul(0.1, x[0])))), ad_square(ad_sub(p[5], x[2]))));
}

static double x[COORDINATES][MOST + 1], p[PARAMS];
static const double *columns[] = {x[0], x[1], x[2]};

static void fill(size_t rows)
{
    for (int j = 0; j < COORDINATES; j++)
        for (size_t r = 0; r <= MOST; r++)
            x[j][r] = r < rows ? sin(3 * (double)r + j) : NAN;
    for (int i = 0; i < PARAMS; i++)
        p[i] = cos(2.3 * i);
}

static ad_function *record(formula *of)
{
    ad_tape *tape = ad_tape_new();
    ad_var q[PARAMS], c[COORDINATES];
    for (int i = 0; i < PARAMS; i++)
        q[i] = ad_param(tape, NULL, 0);
    for (int j = 0; j < COORDINATES; j++)
        c[j] = ad_column(tape, NULL);
    ad_var z = of(q, c);
    ad_function *f = ad_function_new(tape, 1, &z);
    ad_tape_free(tape);
    cr_assert_not_null(f);
    return f;
}

/* By the tape: value, gradient and the sums of their terms' sizes. */
static double by_tape(formula *of, size_t rows, double *gradient, double *size)
{
    double value = 0;
    ad_tape *tape = ad_tape_new();
    for (int i = 0; i < PARAMS; i++)
        gradient[i] = size[i] = 0;
    for (size_t r = 0; r < rows; r++) {
        ad_var q[PARAMS], c[COORDINATES];
        ad_tape_reset(tape);
        for (int i = 0; i < PARAMS; i++)
            q[i] = ad_param(tape, NULL, p[i]);
        for (int j = 0; j < COORDINATES; j++)
            c[j] = ad_const(x[j][r]);
        ad_var z = of(q, c);
        ad_backward(z);
        value += ad_value(z);
        for (int i = 0; i < PARAMS; i++) {
            gradient[i] += ad_grad(q[i]);
            size[i] += fabs(ad_grad(q[i]));
        }
    }
    ad_tape_free(tape);
    return value;
}

static void check(const char *name, formula *of)
{
    ad_function *f = record(of);
    for (size_t rows = 0; rows <= MOST; rows++) {
        double wanted[PARAMS], size[PARAMS], value, got[PARAMS];
        fill(rows);
        double total = by_tape(of, rows, wanted, size);
        cr_assert_eq(ad_function_sum_gradient(f, p, columns, rows, &value, got), AD_OK);
        cr_assert(fabs(value - total) <= 1e-13 * (1 + (double)rows), "%s, %zu rows: %.17g is not %.17g", name, rows, value, total);
        for (int i = 0; i < PARAMS; i++)
            cr_assert(fabs(got[i] - wanted[i]) <= 1e-13 * (1 + size[i]), "%s, %zu rows, slope %d: %.17g is not %.17g", name, rows, i,
                      got[i], wanted[i]);
    }
    ad_function_free(f);
}

Test(distances, to_the_nearest_are_those_of_the_tape) { check("nearest", nearest); }
Test(distances, to_all_are_those_of_the_tape) { check("soft", soft); }
Test(distances, among_other_things_are_those_of_the_tape) { check("mixed", mixed); }

/* Twice the rows that are nearest to the centre. */
Test(distances, to_the_nearest_have_a_diagonal_of_counts)
{
    ad_function *f = record(nearest);
    for (size_t rows = 1; rows <= MOST; rows += 26) {
        double diagonal[PARAMS];
        int members[CENTRES] = {0};
        fill(rows);
        for (size_t r = 0; r < rows; r++) {
            double least = INFINITY;
            int at = 0;
            for (int i = 0; i < CENTRES; i++) {
                double d = 0;
                for (int j = 0; j < COORDINATES; j++)
                    d += (p[i * COORDINATES + j] - x[j][r]) * (p[i * COORDINATES + j] - x[j][r]);
                if (d < least) {
                    least = d;
                    at = i;
                }
            }
            members[at]++;
        }
        cr_assert_eq(ad_function_hessian_diagonal(f, p, columns, rows, diagonal), AD_OK);
        for (int i = 0; i < PARAMS; i++)
            cr_assert_eq(diagonal[i], 2 * members[i / COORDINATES]);
    }
    ad_function_free(f);
}
