/* explain.h -- a graph explained to people: forward and backward step by step, beside the manual chain rule.
 *
 *     ad_explain(E, stdout, (ad_explain_options){.by = W11});
 *
 * writes every named quantity as a formula, with its numbers, and its value; then every derivative of E in the order of the
 * backward sweep, with the rule of the rule book that gives it and the sum written out where paths meet; then, for the
 * variable `by`, every path from it to E as a product of slopes, their sum beside the sweep's number, how many multiplications
 * the paths need and how many the sweep, and the same derivative by dual numbers and by finite differences.
 *
 * Steps are the variables that have names (ad_name, ad_param); what has none is part of a formula, and is called v1, v2, ...
 * where two formulas use it. Slopes are written as people write them (Y6*(1 - Y6)), at the point at hand (the branch taken).
 * Numbers are rounded to the digits asked for, each from the number that the engine computed. Computed with what is written,
 * a formula gives what is written behind it but for the last digit: where the digits asked for would not do for that, as in
 * 1 - 0.999999998, it is written with more.
 */
#ifndef AUTODIFF_INSIGHT_EXPLAIN_H
#define AUTODIFF_INSIGHT_EXPLAIN_H

#include "../tape/tape.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** HTML is one page, without a network, that is stepped through; its numbers follow when an input is moved.
 *
 *  JSON is one object, whose fields stay; more may come. Numbers have all their digits, texts those asked for; what is not
 *  finite is "inf", "-inf", "nan"; a count beyond 2^53 is a string of digits.
 *
 *    quantity, value, note (or null), digits
 *    inputs           [{name, value, derivative (null: not differentiated by)}]
 *    forward          [{number, name, formula, numbers, value}]                    no step is left out
 *    backward         [{number, name, formula, numbers, value, contributions}]     in the order of the sweep
 *      contributions  [{from, adjoint, slope_formula, slope, value, rules [{row, rule}]}]   value = adjoint slope; they add
 *    multiplications  {sweep, path_by_path, path_count}                            for all derivatives
 *    by               null, or {name, derivative}, and where there is a path
 *                     paths [{steps [names], formula, slopes [numbers], value}]    the first most_paths of them
 *                     path_count, multiplications, path_sum (null: too many), dual_number, extrapolated_difference {value, error}
 *                     differences [{step, value, error}]                           error: from the sweep's derivative
 *    questions        [{question, title, answer, facts}]
 *      question       why_order, why_add, twice, kinks, saturated
 *      answer         [sentences, and rows of tables as arrays of texts]
 *      facts          {key: number or text}, the numbers of the answer */
typedef enum ad_format { AD_FORMAT_TEXT, AD_FORMAT_MARKDOWN, AD_FORMAT_LATEX, AD_FORMAT_HTML, AD_FORMAT_JSON } ad_format;

/** A learner's questions, answered with the graph at hand. */
typedef enum ad_question {
    AD_WHY_THIS_ORDER    = 1,              /* what goes wrong when a node is visited too early: the wrong number */
    AD_WHY_ADD           = 2,              /* why adjoints of several paths add                                  */
    AD_WHAT_TWICE        = 4,              /* what a second backward call would do if it accumulated             */
    AD_WHAT_AT_KINKS     = 8,              /* where slopes have a convention, and whether this point is there    */
    AD_WHY_SATURATED     = 16,             /* why a saturated sigmoid learns slowly                              */
    AD_ALL_QUESTIONS     = 31
} ad_question;

/** Zero members are defaults. */
typedef struct ad_explain_options {
    ad_format     format;
    const char   *title;                   /* NULL: "E, step by step" with E's name                              */
    const char   *note;                    /* said below it; NULL: nothing                                       */
    size_t        n_wrt;                   /* wrt [n_wrt] inputs whose derivatives are wanted; NULL: all inputs.  */
    const ad_var *wrt;                     /*   the others are given numbers                                      */
    ad_var        by;                      /* an input or what has a name, whose paths are written out; a plain  */
                                           /*   number: none                                                     */
    int           digits;                  /* significant, 1 to 17; 0: 6                                         */
    size_t        most_steps, most_paths;  /* shown; the middle is left out of more. 0: 60 and 12                */
    unsigned      questions;               /* ad_question, or-ed                                                 */
} ad_explain_options;

/** Writes the explanation of E to a stream. Sweeps E's tape: ad_grad then answers for E.
 *  Errors: AD_ERROR_ARGUMENT (E is a plain number; digits out of range; no stream; `by` has no name and is no input; E's graph has calls of ad_call or sums over rows), AD_ERROR_STALE,
 *  AD_ERROR_FOREIGN (wrt, by), AD_ERROR_NO_MEMORY, AD_ERROR_IO. What was written before a failure of the stream stays. */
AD_API ad_status ad_explain(ad_var E, FILE *out, ad_explain_options options);

#ifdef __cplusplus
}
#endif
#endif
