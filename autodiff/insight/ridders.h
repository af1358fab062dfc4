/* ridders.h -- a derivative of plain C code along a line, with an estimate of its own error. Not installed.
 *
 * C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4 (1982): central
 * differences at falling steps, extrapolated to step 0. Here from several first steps, so that neither a step too large for
 * the function nor one too small for its rounding decides, and from either side alone, which shows a kink.
 */
#ifndef AUTODIFF_INSIGHT_RIDDERS_H
#define AUTODIFF_INSIGHT_RIDDERS_H

/* The function at a place of the line; not finite where it is not defined. */
typedef double ad_line(void *user, double x);

typedef struct ad_estimate {
    double slope, error;                   /* error INFINITY: no estimate */
    double nearby;                         /* the difference quotient at the widest step: what counts as steep here */
    int    kink;                           /* the slopes of both sides differ beyond their errors */
    double left, right;                    /* of a kink */
} ad_estimate;

/* The derivative at x, never looking beyond [lo, hi]; at one of these from inside alone. Around a nonzero x it first keeps
 * to the near half of the way to 0, and goes further only where that does not give eight digits. */
ad_estimate ad_ridders(ad_line *f, void *user, double x, double lo, double hi);

#endif
