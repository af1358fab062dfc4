/* mpfr_big.h -- formulas in 256 bits (or AD_BITS), written as calls of each other. What the rules should give is in mpfr_rules.h. */
#ifndef AD_TESTS_LAWS_MPFR_BIG_H
#define AD_TESTS_LAWS_MPFR_BIG_H

#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdbool.h>
#include <stdlib.h>

#define UNUSED __attribute__((unused))     /* by one of the programs that include this */

/* ---- formulas in 256 bits: each call yields a number of a pool that big_reset empties ---- */

typedef mpfr_ptr big;

#ifndef AD_BITS
#define AD_BITS 256
#endif
enum { BITS = AD_BITS, POOL = 1024 };
static mpfr_t big_pool[POOL];
static int big_used;

static UNUSED void big_start(void) { for (int i = 0; i < POOL; i++) mpfr_init2(big_pool[i], BITS); }
static UNUSED void big_stop(void) { for (int i = 0; i < POOL; i++) mpfr_clear(big_pool[i]); mpfr_free_cache(); }
static UNUSED void big_reset(void) { big_used = 0; }
static UNUSED big big_new(void) { if (big_used == POOL) abort(); return big_pool[big_used++]; }

static UNUSED big num(double a) { big r = big_new(); mpfr_set_d(r, a, MPFR_RNDN); return r; }

#define BIG_UNARY(f) static UNUSED big big_##f(big a) { big r = big_new(); mpfr_##f(r, a, MPFR_RNDN); return r; }
#define BIG_BINARY(f) static UNUSED big big_##f(big a, big b) { big r = big_new(); mpfr_##f(r, a, b, MPFR_RNDN); return r; }
BIG_UNARY(neg) BIG_UNARY(abs) BIG_UNARY(sqr) BIG_UNARY(sqrt) BIG_UNARY(cbrt) BIG_UNARY(exp) BIG_UNARY(exp2)
BIG_UNARY(expm1) BIG_UNARY(log) BIG_UNARY(log2) BIG_UNARY(log10) BIG_UNARY(log1p) BIG_UNARY(sin) BIG_UNARY(cos)
BIG_UNARY(tan) BIG_UNARY(asin) BIG_UNARY(acos) BIG_UNARY(atan) BIG_UNARY(sinh) BIG_UNARY(cosh) BIG_UNARY(tanh)
BIG_UNARY(sech) BIG_UNARY(asinh) BIG_UNARY(acosh) BIG_UNARY(atanh) BIG_UNARY(erf) BIG_UNARY(erfc)
BIG_UNARY(digamma)
BIG_BINARY(add) BIG_BINARY(sub) BIG_BINARY(mul) BIG_BINARY(div) BIG_BINARY(pow) BIG_BINARY(atan2) BIG_BINARY(hypot)
BIG_BINARY(min) BIG_BINARY(max)

#define BIG_STEP(f) static UNUSED big big_##f(big a) { big r = big_new(); mpfr_##f(r, a); return r; }
BIG_STEP(floor) BIG_STEP(ceil) BIG_STEP(round)

static UNUSED big inverse(big a) { return big_div(num(1), a); }
static UNUSED big half(big a) { return big_mul(num(0.5), a); }
static UNUSED big constant_pi(void) { big r = big_new(); mpfr_const_pi(r, MPFR_RNDN); return r; }
static UNUSED big constant_log(double a) { return big_log(num(a)); }
static UNUSED bool below(big a, big b) { return mpfr_less_p(a, b) != 0; }
static UNUSED big truth(bool a) { return num(a); }
static UNUSED big sign_of(big a) { return num((double)mpfr_sgn(a)); }
static UNUSED big minus_square(big a) { return big_neg(big_sqr(a)); }
static UNUSED big one_less_square(big a) { return big_mul(big_sub(num(1), a), big_add(num(1), a)); }
static UNUSED big logistic(big a) { return inverse(big_add(num(1), big_exp(big_neg(a)))); }
static UNUSED big bell(big a) { return big_exp(minus_square(a)); }
static UNUSED big normal_density(big a)
{
    return big_div(big_exp(half(minus_square(a))), big_sqrt(big_mul(num(2), constant_pi())));
}
static UNUSED big normal_distribution(big a) { return half(big_erfc(big_neg(big_div(a, big_sqrt(num(2)))))); }
static UNUSED big log_gamma(big a) { big r = big_new(); int s; mpfr_lgamma(r, &s, a, MPFR_RNDN); return r; }
static UNUSED big sign_copied(big a, big b) { big r = big_new(); mpfr_copysign(r, a, b, MPFR_RNDN); return r; }

/* The derivative of digamma of order n: shifted up past 60 + n, then the asymptotic series (DLMF 5.15.8). */
static UNUSED big poly_gamma(big x, long n)
{
    if (n == 0) return big_digamma(x);
    if (n % 2 == 0 && mpfr_sgn(x) < 0 && mpfr_integer_p(x)) return num(NAN); /* from -inf to inf */
    mpfr_t y, term, sum, factor;
    mpfr_inits2(BITS + 64, y, term, sum, factor, (mpfr_ptr)NULL);
    mpfr_set(y, x, MPFR_RNDN);
    mpfr_set_zero(sum, 1);
    for (; mpfr_cmp_si(y, 60 + n) < 0; mpfr_add_ui(y, y, 1, MPFR_RNDN)) {
        mpfr_pow_si(term, y, -(n + 1), MPFR_RNDN);
        mpfr_add(sum, sum, term, MPFR_RNDN);
    }
    mpfr_pow_si(factor, y, -(n + 1), MPFR_RNDN); /* the sum from y on: y^-n / n + y^-(n+1) / 2 + ... */
    mpfr_div_2ui(term, factor, 1, MPFR_RNDN);
    mpfr_add(sum, sum, term, MPFR_RNDN);
    mpfr_mul(term, factor, y, MPFR_RNDN);
    mpfr_div_si(term, term, n, MPFR_RNDN);
    mpfr_add(sum, sum, term, MPFR_RNDN);
    mpfr_div(factor, factor, y, MPFR_RNDN);
    mpfr_mul_si(factor, factor, n + 1, MPFR_RNDN); /* (2k + n - 1)! / n! y^-(2k+n), k = 1 */
    static mpfr_t ratio[60];                       /* B_2k / (2k)! = -(-1)^k 2 zeta(2k) / (2 pi)^2k */
    static UNUSED bool have;
    if (!have) {
        mpfr_const_pi(term, MPFR_RNDN);
        mpfr_mul_2ui(term, term, 1, MPFR_RNDN);
        for (unsigned long k = 1; k < 60; k++) {
            mpfr_t power;
            mpfr_init2(power, BITS + 64);
            mpfr_init2(ratio[k], BITS + 64);
            mpfr_zeta_ui(ratio[k], 2 * k, MPFR_RNDN);
            mpfr_pow_ui(power, term, 2 * k, MPFR_RNDN);
            mpfr_div(ratio[k], ratio[k], power, MPFR_RNDN);
            mpfr_mul_si(ratio[k], ratio[k], k % 2 ? 2 : -2, MPFR_RNDN);
            mpfr_clear(power);
        }
        have = true;
    }
    for (long k = 1; k < 60; k++) {
        mpfr_mul(term, factor, ratio[k], MPFR_RNDN);
        mpfr_add(sum, sum, term, MPFR_RNDN);
        if (!mpfr_regular_p(sum) || !mpfr_regular_p(term)) break;
        if (mpfr_get_exp(term) < mpfr_get_exp(sum) - BITS - 40) break;
        mpfr_div(factor, factor, y, MPFR_RNDN);
        mpfr_div(factor, factor, y, MPFR_RNDN);
        mpfr_mul_si(factor, factor, (2 * k + n) * (2 * k + n + 1), MPFR_RNDN);
    }
    big r = big_new();
    mpfr_fac_ui(term, (unsigned long)n, MPFR_RNDN);
    mpfr_mul(r, sum, term, MPFR_RNDN);
    if (n % 2 == 0) mpfr_neg(r, r, MPFR_RNDN);
    mpfr_clears(y, term, sum, factor, (mpfr_ptr)NULL);
    return r;
}
static UNUSED long whole(big a) { return mpfr_get_si(a, MPFR_RNDN); }

#endif
