/* claims.c -- no false alarm on correct derivatives of random models. Normal run: some thousand claims. AD_SOAK=1: 10^5, with
 * figures on stderr. Mistakes are mistakes.c's. */
#include "derivations.h"

Test(claims, correct_derivatives_are_never_wrong, .timeout = 0)
{
    size_t right = 0, cannot_tell = 0, most = wanted(4000, 100000);
    for (uint64_t trial = 0; right + cannot_tell < most; trial++) {
        model m;
        text t = {model_text, 0};
        paths p;
        state = trial * 7919 + 1;
        make(&m);
        if (!tame(&m))
            continue;
        put_model(&t, &m);
        int claims = 0;
        for (int c = 0; c < 20; c++) {
            int of = m.inputs + (int)draw((uint32_t)(m.n - m.inputs)), by = (int)draw((uint32_t)of);
            if (!find_paths(&p, &m, of, by))
                continue;
            put(&t, "claim ");
            put_quantity(&t, &m, &p);
            put(&t, " = ");
            double value = value_of(&m, &p, &(slip){.kind = NONE});
            if (draw(2) || value == 0)
                put_derivative(&t, &m, &p, &(slip){.kind = NONE});
            else
                put_number(&t, value, 1 + (int)draw(17));
            put(&t, "\n");
            claims++;
        }
        if (!claims)
            continue;
        ad_model *read;
        ad_judgements *j = judge(&t, &read, trial);
        for (size_t i = 0; i < j->n; i++)
            cr_assert(j->claims[i].verdict != AD_WRONG, "trial %d: %s: %.17g and %.17g: %s\n%s", (int)trial, j->claims[i].claim->text,
                      j->claims[i].computed, j->claims[i].claimed, j->claims[i].detail, model_text);
        right += j->right;
        cannot_tell += j->cannot_tell;
        ad_judgements_free(j);
        ad_model_free(read);
    }
    cr_assert(cannot_tell * 50 < right, "%zu right, but %zu cannot be told", right, cannot_tell);
    if (getenv("AD_SOAK"))
        fprintf(stderr, "correct: %zu right, 0 wrong, %zu cannot be told\n", right, cannot_tell);
}
