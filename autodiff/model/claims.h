/* claims.h -- judging the claims of a model: which are right, which are wrong, where it began, and why.
 *
 *     ad_judgements *j = ad_model_judge(model, (ad_judge_options){0});
 *     for (size_t i = 0; i < j->n; i++)
 *         printf("%zu %s\n", j->claims[i].line, ad_verdict_name(j->claims[i].verdict));
 *     ad_judgements_free(j);
 *
 * A number is right when the exact value is within half a unit of its last digit, ties included, plus 4 units in the last
 * place of double precision; one without point and exponent is exact. Two formulas must agree to 1e-9 of their largest term
 * at the model's point and at 20 random points around it: params move within max(|p|/2, 0.1) and their bounds, consts and data
 * stay; where there are rows of data each point is in one of them, for a formula is one of every row. Where a kink, or digits
 * that are rounding noise in long double too, leave it open, it cannot be told.
 *
 * A wrong number is carried forward when it follows from the author's own earlier numbers; the first that does not is the first
 * mistake. Causes are sought against the exact value and against the one from the author's own numbers.
 */
#ifndef AUTODIFF_MODEL_CLAIMS_H
#define AUTODIFF_MODEL_CLAIMS_H

#include "../insight/verdict.h"
#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Options of ad_model_judge; zero members are defaults. */
typedef struct ad_judge_options {
    uint64_t             seed;             /* of the random points; the same seed, the same points                        */
    const double *const *columns;          /* [ad_model_columns] arrays [rows]: the loss and its gradient by params are then */
    size_t               rows;             /* sums over the rows. NULL: all is of the model's present row                 */
    ad_allocator         allocator;
} ad_judge_options;

/** What was found of one claim. */
typedef struct ad_judgement {
    const ad_claim *claim;
    ad_verdict      verdict;
    double          computed, claimed;     /* the exact value and the number; of two formulas, left and right, at the model's point */
    int             is_number;             /* one side is a number                                                        */
    int             by_sum;                /* computed is a sum over the rows                                             */
    int             carried_forward;       /* it follows from earlier numbers of the author's, which are wrong            */
    int             first_mistake;         /* the first wrong one that is not                                             */
    double          recomputed;            /* from the author's own earlier numbers, NaN where there are none             */
    size_t          follows_from;          /* carried forward: the line of the latest wrong number it uses, else 0        */
    ad_cause        cause;                 /* AD_CAUSE_NONE unless wrong and not carried forward                          */
    size_t          n_causes;
    const ad_cause *causes;                /* [n_causes] all that fit, best first                                         */
    const char     *detail;                /* a sentence; "" where there is nothing to say                                */
    /* An update step, "w - rate*dE/dw": E at the present w, at the exact step, at the claimed one. Else NaN. */
    double          loss_before, loss_exact, loss_claimed;
    const char     *loss_name;             /* E; NULL: no update step                                                     */
} ad_judgement;

/** Read its members, write none; all it points to is its own or the model's. */
typedef struct ad_judgements {
    ad_status           status;            /* AD_OK, or why nothing was judged */
    const char         *message;           /* that in words                    */
    size_t              n, right, wrong, cannot_tell;
    const ad_judgement *claims;            /* [n] in the order of the text     */
} ad_judgements;

/** Judges all claims of a model at its point. The model must outlive the result. NULL only without memory for the result
 *  itself. Its status: AD_ERROR_NO_MEMORY, AD_ERROR_ARGUMENT (no model), AD_ERROR_LIMIT. */
AD_API ad_judgements *ad_model_judge(const ad_model *model, ad_judge_options options);
AD_API void           ad_judgements_free(ad_judgements *judgements);

#ifdef __cplusplus
}
#endif
#endif
