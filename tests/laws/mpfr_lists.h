/* mpfr_lists.h -- what the n-ary rows of ops.def should give, in 256 bits: of a list, the value and the partials by element k.
 *
 * As in mpfr_rules.h each is written apart from the rule book, with the largest error allowed. Errors of sum, mean and dot
 * count in ulp of the sum of the absolute terms, since terms may cancel; those of a logsumexp in ulp of the larger of its
 * largest element and what is added to that. A row without a reference does not compile.
 */
#ifndef AD_TESTS_LAWS_MPFR_LISTS_H
#define AD_TESTS_LAWS_MPFR_LISTS_H

#include "mpfr_big.h"

#define TWO_ULP .bound = { 2, 2, 2 }

struct list { size_t n, k; const double *x, *y; };
typedef big list_formula(const struct list *l);

struct list_reference {
    list_formula *value, *partial[2];
    list_formula *size[3];   /* where given, errors count in ulp of this if it is larger than the result */
    double widest;           /* elements are drawn from -widest .. widest */
    double bound[3];
    list_formula *size_in_function[3]; /* the same of recorded functions, where they differ */
    double more_in_function;           /* ulp, beside those of a chain of additions */
};

/* A term of every element, added up. The pool would not hold a number for each. */
#define LIST_SUM(name, term) \
    static big name(const struct list *l) \
    { \
        big sum = num(0); \
        for (size_t i = 0; i < l->n; i++) { \
            int used = big_used; \
            big x = num(l->x[i]), y = num(l->y[i]); \
            (void)y; \
            mpfr_add(sum, sum, term, MPFR_RNDN); \
            big_used = used; \
        } \
        return sum; \
    }
LIST_SUM(sum_of, x)
LIST_SUM(sizes_of, big_abs(x))
LIST_SUM(products_of, big_mul(x, y))
LIST_SUM(product_sizes_of, big_abs(big_mul(x, y)))
LIST_SUM(squares_of, big_sqr(x))

static big extreme_of(const struct list *l, double sign)
{
    double most = sign * l->x[0];
    for (size_t i = 1; i < l->n; i++) most = fmax(most, sign * l->x[i]);
    return num(sign * most);
}
/* Of all but the largest, exp(x) over its exponential: the sum would swallow small ones if it began with 1. */
static big other_exponentials_of(const struct list *l)
{
    big most = extreme_of(l, 1), sum = num(0);
    double at = mpfr_get_d(most, MPFR_RNDN);
    for (size_t i = 0, seen = 0; i < l->n; i++) {
        int used = big_used;
        if (l->x[i] == at && !seen++) continue;
        mpfr_add(sum, sum, big_exp(big_sub(num(l->x[i]), most)), MPFR_RNDN);
        big_used = used;
    }
    return sum;
}
static big exponentials_of(const struct list *l) { return big_add(num(1), other_exponentials_of(l)); }
static big log_of_exponentials(const struct list *l) { return big_log1p(other_exponentials_of(l)); }
static big share_of(const struct list *l, double sign) /* of a tie */
{
    double most = mpfr_get_d(extreme_of(l, sign), MPFR_RNDN), ties = 0;
    for (size_t i = 0; i < l->n; i++) ties += l->x[i] == most;
    return l->x[l->k] == most ? inverse(num(ties)) : num(0);
}
static big by_n(const struct list *l, big a) { return big_div(a, num((double)l->n)); }
static big element(const struct list *l) { return num(l->x[l->k]); }
static big softmax_of(const struct list *l) { return big_div(big_exp(big_sub(element(l), extreme_of(l, 1))), exponentials_of(l)); }
static big side_over_length(const struct list *l)
{
    big z = big_sqrt(squares_of(l));
    return mpfr_zero_p(z) ? z : big_div(element(l), z);
}
static big sum_in_logarithms(const struct list *l) { return big_add(extreme_of(l, 1), log_of_exponentials(l)); }
/* Which is the largest plus a logarithm, and those may cancel. A function adds a whole number to one, whatever the size, and
 * takes no care of the rounding of x - z. */
static big larger_part_of(const struct list *l) { return big_max(big_abs(extreme_of(l, 1)), log_of_exponentials(l)); }
static big larger_part_or_1(const struct list *l) { return big_max(larger_part_of(l), num(1)); }
static big share_of_rounded_difference(const struct list *l)
{
    return big_mul(softmax_of(l), big_abs(big_sub(element(l), sum_in_logarithms(l))));
}

#define LIST_FORMULA(name, expression) static big name(const struct list *l) { (void)l; return expression; }
#define LIST_REFERENCE(name, z, dx, ...) \
    LIST_FORMULA(name##_z, z) LIST_FORMULA(name##_dx, dx) \
    static const struct list_reference reference_##name = { name##_z, { name##_dx }, __VA_ARGS__ };

LIST_FORMULA(mean_size, by_n(l, sizes_of(l)))
LIST_REFERENCE(sum, sum_of(l), num(1), { sizes_of }, 0x1p1000, TWO_ULP)
LIST_REFERENCE(mean, by_n(l, sum_of(l)), by_n(l, num(1)), { mean_size }, 0x1p1000, TWO_ULP)
LIST_REFERENCE(logsumexp, sum_in_logarithms(l), softmax_of(l), { larger_part_of }, 1e9, TWO_ULP,
               .size_in_function = { larger_part_or_1, share_of_rounded_difference }, .more_in_function = 5)
LIST_REFERENCE(norm2, big_sqrt(squares_of(l)), side_over_length(l), { NULL }, DBL_MAX, TWO_ULP)
LIST_REFERENCE(maximum, extreme_of(l, 1), share_of(l, 1), { NULL }, DBL_MAX, TWO_ULP)
LIST_REFERENCE(minimum, extreme_of(l, -1), share_of(l, -1), { NULL }, DBL_MAX, TWO_ULP)
LIST_FORMULA(dot_dy, element(l))
LIST_FORMULA(dot_dx, num(l->y[l->k]))
LIST_FORMULA(dot_z, products_of(l))
static const struct list_reference reference_dot = { dot_z, { dot_dx, dot_dy }, { product_sizes_of }, 0x1p480, TWO_ULP };

#endif
