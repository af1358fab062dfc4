/* p2_function.h -- P2 as a recorded function: a row's term, params in the order of p2_mixture, columns x.
 *
 * The recording only; who evaluates it, and what of it, is in the benchmarks.
 */
#ifndef P2_FUNCTION_H
#define P2_FUNCTION_H

#include "p2.h"
#include <autodiff/autodiff.h>

static inline ad_function *p2_function(void)
{
    ad_tape *tape = ad_tape_new();
    static P2_MIXTURE(ad_var) p;
    ad_var x[P2_D], e[P2_K];
    for (int i = 0; i < P2_PARAMS; i++)
        ((ad_var *)&p)[i] = ad_param(tape, NULL, 0);
    for (int i = 0; i < P2_D; i++)
        x[i] = ad_column(tape, NULL);
    for (int k = 0; k < P2_K; k++) {
        const ad_var *l = p.l[k];
        ad_var d[P2_D], s = ad_const(0), offset = ad_add(p.alpha[k], ad_sum(P2_D, p.q[k]));
        for (int i = 0; i < P2_D; i++)
            d[i] = ad_sub(x[i], p.mu[k][i]);
        for (int i = 0; i < P2_D; i++) {
            ad_var z = ad_mul(ad_exp(p.q[k][i]), d[i]);
            for (int j = 0; j < i; j++)
                z = ad_add(z, ad_mul(*l++, d[j]));
            s = i ? ad_add(s, ad_square(z)) : ad_square(z);
        }
        e[k] = ad_sub(offset, ad_mul(0.5, s));
    }
    ad_var E = ad_sub(ad_logsumexp(P2_K, e), ad_logsumexp(P2_K, p.alpha));
    ad_function *f = ad_function_new(tape, 1, &E);
    ad_tape_free(tape);
    return f;
}

#endif
