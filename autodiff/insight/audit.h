/* audit.h -- what is wrong with the numbers of a graph, and why: which operation made the NaN, where a kink was hit and which
 * slope was taken, how many digits of a gradient can be trusted.
 *
 * NaN and infinity flow through a tape, a zero adjoint or partial contributes nothing, kinks have a stated slope: nothing of
 * it is an error, and nothing of it need stay unseen. One call on a finished graph lists, in order of evaluation:
 *
 *   AD_AUDIT_NON_FINITE           a value that became infinite or NaN from finite operands, where E comes from it. Where
 *                                 there is none, yet E or a slope is not finite, the inputs that are not are listed.
 *   AD_AUDIT_ZERO_TIMES_INFINITY  a zero that met an infinity or NaN in the sweep and contributed nothing: an adjoint of 0
 *                                 (a branch not taken, a factor 0) at an infinite slope, or a slope of 0 below an infinite one.
 *   AD_AUDIT_KINK                 an operand on a kink, a step or the end of a domain: the slope used, why, and both
 *                                 one-sided slopes.
 *   AD_AUDIT_CANCELLATION         more than eight digits lost where numbers cancelled, in a value or in the sum of what paths
 *                                 contribute to a slope, and the result is off by it; or by losses that add up.
 *   AD_AUDIT_RANGE                a number too large or too small for a double made a slope 0 or infinite that is neither, or a
 *                                 value or slope wrong; or inf met -inf in a slope.
 *
 * Where nothing is wrong it finds nothing.
 *
 * How digits are told: the graph is evaluated a second time in long double (64 bits on x86), where e, the error that the
 * double value has, is carried beside every value: exactly through sums, products and choices, as the difference of both
 * precisions through functions. The sweep likewise. So the digits are those of this very evaluation, not a bound: against
 * 256-bit arithmetic they are right to within one digit on more than 99 % of the slopes of random formulas
 * (tests/laws/audit_mpfr.c). NaN where cancellation leaves less than long double knows. Inputs count as exact. Where long double
 * is double (some ARM systems), digits are NaN and cancellation is not told. Digits of what goes through ad_call are NaN too; what is
 * wrong in a function called at a point is told of the call. Into ad_call_sum and ad_row_sum it does not see.
 *
 * It costs about a microsecond and 190 bytes a node, once; recording and sweeps cost what they did. The tape's own gradient
 * (ad_grad) stays as it is.
 */
#ifndef AUTODIFF_INSIGHT_AUDIT_H
#define AUTODIFF_INSIGHT_AUDIT_H

#include "../tape/tape.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ad_audit_kind {
    AD_AUDIT_NON_FINITE, AD_AUDIT_ZERO_TIMES_INFINITY, AD_AUDIT_KINK, AD_AUDIT_CANCELLATION, AD_AUDIT_RANGE, AD_AUDIT_KINDS
} ad_audit_kind;

/** Options; zero members are defaults: `ad_audit(E, (ad_audit_options){0})`. */
typedef struct ad_audit_options {
    size_t        n;                       /* how many variables are requested; 0: all params                        */
    const ad_var *wrt;                     /* [n] inputs or intermediates                                            */
    unsigned      kinds;                   /* sum of 1 << kind for what is sought; 0: all, and what no one operation explains */
    size_t        most;                    /* findings that are kept; 0: 1000. ad_audit_left_out counts the others   */
} ad_audit_options;

/** One finding. Its texts and arrays belong to the report. */
typedef struct ad_finding {
    ad_audit_kind      kind;
    ad_var             node;               /* with the value it has on the tape                                      */
    double             value;              /* where it was audited                                                   */
    const char        *name;               /* NULL: none                                                             */
    const char        *formula;            /* ad_formula_of                                                          */
    size_t             operands;
    const char *const *operand_names;      /* [operands] name or formula; of a long list the first sixteen           */
    const double      *operand_values;     /* [operands]                                                             */
    size_t             reached;
    const char *const *reaches;            /* [reached] the requested variables that the node is computed from       */
    size_t             row;                /* from 0; of ad_audit_rows                                               */
    size_t             operand;            /* of a kink: which one sits on it                                        */
    double             left, slope, right; /* of a kink: by that operand, one-sided and by convention; else NaN      */
    double             digits_lost;        /* of a cancellation, at most 16; else NaN                                */
    const char        *suggestion;         /* an operation that does without: "softplus(x)"; NULL: none              */
    const char        *detail;             /* the sentence for people                                                */
} ad_finding;

typedef struct ad_audit_report ad_audit_report;

/** Audits the graph of E at the values it was recorded with. A report, to be freed with ad_audit_free before the tape is; NULL
 *  on error, which the tape then has (AD_ERROR_STALE, AD_ERROR_FOREIGN, AD_ERROR_ARGUMENT, AD_ERROR_NO_MEMORY). A plain E: an empty report that
 *  needs no tape (NULL where the C library has no memory). A column has no value on the tape and is NaN there: for those,
 *  ad_audit_rows. */
AD_API ad_audit_report *ad_audit(ad_var E, ad_audit_options options);
/** The same for each of `rows` rows, of E as a function of the tape's inputs. params: values of all params on the tape, and
 *  columns: arrays [rows] for all columns, in order of creation (as ad_function_new numbers them); NULL where there are
 *  none. Findings come row by row; the first tells which operation failed first, and at which row. Gradients and digits
 *  are those of the sum over rows. With kinds = 1 << AD_AUDIT_NON_FINITE and most = 1 it stops at the first and costs
 *  little more than evaluation; rows that were not looked at are not in the gradient. */
AD_API ad_audit_report *ad_audit_rows(ad_var E, ad_audit_options options, const double *params, const double *const *columns,
                                      size_t rows);
/** Frees a report. NULL is legal. */
AD_API void             ad_audit_free(ad_audit_report *report);

/** How many findings there are, and each of them (NULL: no such). Findings beyond options.most are counted apart. */
AD_API size_t            ad_audit_count(const ad_audit_report *report);
AD_API const ad_finding *ad_audit_finding(const ad_audit_report *report, size_t i);
AD_API size_t            ad_audit_left_out(const ad_audit_report *report);
/** The requested variables: how many, each one's name or formula, dE/dv as the sweep computes it, and how many significant
 *  digits of that are right, 0 to 16; where terms cancel, no more than long double is sure of. NaN where it is not finite, nor is E,
 *  or digits cannot be told. */
AD_API size_t      ad_audit_wanted(const ad_audit_report *report);
AD_API const char *ad_audit_wanted_name(const ad_audit_report *report, size_t j);
AD_API double      ad_audit_gradient(const ad_audit_report *report, size_t j);
AD_API double      ad_audit_digits(const ad_audit_report *report, size_t j);
/** E, and how many of its digits are right. */
AD_API double      ad_audit_value(const ad_audit_report *report);
AD_API double      ad_audit_value_digits(const ad_audit_report *report);
/** "non_finite", "zero_times_infinity", "kink", "cancellation", "range". */
AD_API const char *ad_audit_kind_name(ad_audit_kind kind);
/** Writes the report for people: a paragraph a finding, then, where digits were lost, the digits of each slope; "nothing found" where
 *  there is nothing. AD_ERROR_IO when the stream fails, AD_ERROR_ARGUMENT for NULL. */
AD_API ad_status   ad_audit_print(const ad_audit_report *report, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
