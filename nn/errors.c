/* errors.c -- errors of a row and penalties, as sub-graphs. */
#include "errors.h"

#include <math.h>

/* Terms of one output and its target, added up in order. */
typedef ad_var term(ad_var y, ad_var t, double parameter);

static ad_var sum_of(term *of, double parameter, size_t n, const ad_var *y, size_t m, const ad_var *t)
{
    if (n != m || n == 0)
        return ad_const(NAN);
    ad_var E = of(y[0], t[0], parameter);
    for (size_t i = 1; i < n; i++)
        E = ad_add(E, of(y[i], t[i], parameter));
    return E;
}

static ad_var mean_of(term *of, double parameter, size_t n, const ad_var *y, size_t m, const ad_var *t)
{
    ad_var E = sum_of(of, parameter, n, y, m, t);
    return n > 1 ? ad_div(E, (double)n) : E;
}

static ad_var half_square(ad_var y, ad_var t, double unused)
{
    (void)unused;
    return ad_squared_error(t, y);
}

static ad_var square(ad_var y, ad_var t, double unused)
{
    (void)unused;
    return ad_square(ad_sub(t, y));
}

static ad_var absolute(ad_var y, ad_var t, double unused)
{
    (void)unused;
    return ad_abs(ad_sub(t, y));
}

/* With c the part of r within the bounds, c (r - c / 2) is r^2 / 2 within and delta (|r| - delta / 2) beyond. */
static ad_var huber(ad_var y, ad_var t, double delta)
{
    ad_var r = ad_sub(t, y), c = ad_clamp(r, -delta, delta);
    return ad_mul(c, ad_sub(r, ad_mul(0.5, c)));
}

/* -log s(y) is softplus(-y) and -log s(-y) is softplus(y): neither loses digits, in either tail. */
static ad_var binary(ad_var y, ad_var t, double unused)
{
    (void)unused;
    return ad_add(ad_chain(t, ad_softplus(ad_neg(y))), ad_chain(ad_sub(1, t), ad_softplus(y)));
}

static ad_var hinge(ad_var y, ad_var t, double unused)
{
    (void)unused;
    return ad_max(ad_sub(1, ad_mul(t, y)), 0);
}

ad_var nn_half_squared_error(size_t n, const ad_var *y, size_t m, const ad_var *t) { return sum_of(half_square, 0, n, y, m, t); }
ad_var nn_mean_squared_error(size_t n, const ad_var *y, size_t m, const ad_var *t) { return mean_of(square, 0, n, y, m, t); }
ad_var nn_mean_absolute_error(size_t n, const ad_var *y, size_t m, const ad_var *t) { return mean_of(absolute, 0, n, y, m, t); }
ad_var nn_huber_error(size_t n, const ad_var *y, size_t m, const ad_var *t) { return mean_of(huber, 1, n, y, m, t); }
ad_var nn_binary_cross_entropy(size_t n, const ad_var *y, size_t m, const ad_var *t) { return mean_of(binary, 0, n, y, m, t); }
ad_var nn_hinge_error(size_t n, const ad_var *y, size_t m, const ad_var *t) { return mean_of(hinge, 0, n, y, m, t); }

ad_var nn_huber_error_at(double delta, size_t n, const ad_var *y, size_t m, const ad_var *t)
{
    return mean_of(huber, delta, n, y, m, t);
}

/* A number near the largest logit, to be taken off all of them: what remains is small where it matters and keeps its digits.
 * floor has no slope, so that none is derived of the choice; the bounds keep infinite logits from meeting their like. */
static ad_var level_of(size_t n, const ad_var *y)
{
    ad_var m = y[0];
    for (size_t i = 1; i < n; i++)
        m = ad_max(m, y[i]);
    return ad_clamp(ad_floor(m), -0x1p1000, 0x1p1000);
}

/* log sum exp(y_i - level). */
static ad_var log_sum(size_t n, const ad_var *y, ad_var level)
{
    enum { CHUNK = 64 };
    ad_var z[CHUNK], all = ad_const(NAN);
    for (size_t i = 0; i < n; i += CHUNK) {
        size_t k = n - i < CHUNK ? n - i : CHUNK;
        for (size_t j = 0; j < k; j++)
            z[j] = ad_sub(y[i + j], level);
        all = i ? ad_logaddexp(all, ad_logsumexp(k, z)) : ad_logsumexp(k, z);
    }
    return all;
}

/* The class by number: a chain of choices, so that only the logit chosen is reached. */
static ad_var chosen(size_t n, const ad_var *y, ad_var class)
{
    ad_var z = ad_const(NAN);
    for (size_t i = n; i-- > 0;)
        z = ad_select(ad_equal(class, (double)i), y[i], z);
    return z;
}

ad_var nn_softmax_cross_entropy(size_t n, const ad_var *y, size_t m, const ad_var *t)
{
    if (n < 2 || (m != n && m != 1))
        return ad_const(NAN);
    ad_var level = level_of(n, y), all = log_sum(n, y, level);
    if (m == 1)
        return ad_sub(all, ad_sub(chosen(n, y, t[0]), level));
    ad_var E = ad_chain(t[0], ad_sub(all, ad_sub(y[0], level)));
    for (size_t i = 1; i < n; i++)
        E = ad_add(E, ad_chain(t[i], ad_sub(all, ad_sub(y[i], level))));
    return E;
}

void nn_softmax(size_t n, const ad_var *y, ad_var *p)
{
    if (!n)
        return;
    ad_var level = level_of(n, y), all = log_sum(n, y, level);
    for (size_t i = 0; i < n; i++)
        p[i] = ad_exp(ad_sub(ad_sub(y[i], level), all));
}

ad_var nn_l1(size_t n, const ad_var *w)
{
    ad_var sum = ad_const(0);
    for (size_t i = 0; i < n; i++)
        sum = i ? ad_add(sum, ad_abs(w[i])) : ad_abs(w[i]);
    return sum;
}

ad_var nn_l2(size_t n, const ad_var *w) { return n ? ad_mul(0.5, ad_dot(n, w, w)) : ad_const(0); }
