/* formulas.h -- random formulas over all rows of the rule book, the same for the same seed; what is checked with them is in
 * the tests that include this. */
#ifndef FORMULAS_H
#define FORMULAS_H

#include <autodiff/autodiff.h>
#include <autodiff/rules/rules.h>
#include <math.h>
#include <stdint.h>

enum { PARAMS = 4, COLUMNS = 3, NODES = 40 };

static uint64_t state;
static uint32_t draw(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}
static inline double uniform(void) { return draw(1000001) / 500000.0 - 1; }

/* Whether the formula stands within 1e-9 of a jump, where a last digit may decide. */
static int at_a_jump;

static void mind_jumps(int op, double x, double y)
{
    double margin = 1;
    switch (op) {
    case AD_OP_less: case AD_OP_less_equal: case AD_OP_greater: case AD_OP_greater_equal: case AD_OP_equal:
    case AD_OP_not_equal:
        margin = x - y;
        break;
    case AD_OP_floor: case AD_OP_ceil:
        margin = x - round(x);
        break;
    case AD_OP_round:
        margin = x - 0.5 - round(x - 0.5);
        break;
    case AD_OP_sign: case AD_OP_select: case AD_OP_atan2:
        margin = x;
        break;
    case AD_OP_copysign:
        margin = y;
        break;
    default:
        break;
    }
    int exact = op == AD_OP_select || op == AD_OP_floor || op == AD_OP_ceil || op == AD_OP_sign;   /* of a step: no chance */
    at_a_jump |= fabs(margin) < 1e-9 && !(exact && margin == 0);
}

/* One operation of row `op` on x, y, w; results are squashed so that formulas stay tame and smooth enough. */
static ad_var apply(int op, ad_var x, ad_var y, ad_var w)
{
    mind_jumps(op, ad_value(x), ad_value(y));
    ad_var p = ad_add(1.5, ad_tanh(x)), q = ad_mul(0.9, ad_tanh(x));
    switch (op) {
    case AD_OP_div: return ad_div(x, ad_add(2, ad_square(y)));
    case AD_OP_product_over: return ad_product_over(x, y, ad_add(2, ad_square(w)));
    case AD_OP_over_product: return ad_over_product(x, ad_add(2, ad_square(y)), p);
    case AD_OP_log: return ad_log(p);
    case AD_OP_log2: return ad_log2(p);
    case AD_OP_log10: return ad_log10(p);
    case AD_OP_log1p: return ad_log1p(p);
    case AD_OP_sqrt: return ad_sqrt(p);
    case AD_OP_cbrt: return ad_cbrt(p);
    case AD_OP_pow: return ad_pow(p, ad_tanh(y));
    case AD_OP_asin: return ad_asin(q);
    case AD_OP_acos: return ad_acos(q);
    case AD_OP_atanh: return ad_atanh(q);
    case AD_OP_acosh: return ad_acosh(ad_add(1.6, p));
    case AD_OP_tan: return ad_tan(q);
    case AD_OP_lgamma: return ad_lgamma(p);
    case AD_OP_digamma: return ad_digamma(p);
    case AD_OP_polygamma: return ad_tanh(ad_polygamma(p, 1));
    case AD_OP_powi: return ad_powi(p, (int)draw(7) - 3);
    case AD_OP_leaky_relu: return ad_leaky_relu(x, 0.125);
    case AD_OP_exp: case AD_OP_exp2: case AD_OP_expm1: case AD_OP_sinh: case AD_OP_cosh: x = q; break;
    case AD_OP_sum: return ad_tanh(ad_sum(3, (ad_var[]){x, y, w}));
    case AD_OP_mean: return ad_mean(3, (ad_var[]){x, y, w});
    case AD_OP_logsumexp: return ad_logsumexp(3, (ad_var[]){x, y, w});
    case AD_OP_norm2: return ad_tanh(ad_norm2(3, (ad_var[]){x, y, p}));
    case AD_OP_maximum: return ad_maximum(4, (ad_var[]){x, y, w, ad_mul(y, 0.5)});
    case AD_OP_minimum: return ad_minimum(3, (ad_var[]){x, y, w});
    case AD_OP_dot: return ad_tanh(ad_dot(2, (ad_var[]){x, y}, (ad_var[]){w, q}));
    default: break;
    }
    switch (op) {
#define OP1(name, ...) case AD_OP_##name: return ad_##name(x);
#define OP2(name, ...) case AD_OP_##name: return ad_##name(x, y);
#define OP3(name, ...) case AD_OP_##name: return ad_##name(x, y, w);
#include <autodiff/ops.def>
    default: return x;
    }
}

/* A formula of inputs [PARAMS + COLUMNS]. */
static ad_var formula(const ad_var *inputs, uint64_t seed)
{
    ad_var v[PARAMS + COLUMNS + 1 + NODES];
    int n = PARAMS + COLUMNS;
    state = seed;
    for (int i = 0; i < n; i++)
        v[i] = inputs[i];
    v[n++] = ad_const(0.75);
    for (int i = 0; i < NODES; i++, n++) {
        int op = AD_OP_THIRD + 1 + (int)draw(AD_OP_COUNT - AD_OP_THIRD - 1);
        ad_var x = v[draw((uint32_t)n)], y = v[draw((uint32_t)n)], w = v[draw((uint32_t)n)], z = apply(op, x, y, w);
        v[n] = i % 3 ? z : ad_tanh(z);
    }
    ad_var E = ad_tanh(v[n - 1]);
    for (int i = 2; i < 9; i++)
        E = ad_add(E, ad_tanh(v[n - i]));
    return E;
}

#endif
