/* errors.h -- what training makes small: errors of one row as sub-graphs, and penalties on weights.
 *
 * Every error has the same shape, nn_error, and so may one of your own. y are the outputs of the network, t the targets.
 * The error of many rows is the mean of theirs.
 */
#ifndef NN_ERRORS_H
#define NN_ERRORS_H

#include <autodiff/autodiff.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The error of one row.  y [n] outputs, t [m] targets. m is n but where an error says otherwise; where it does not suit
 *  them the built-in ones give a plain NaN. */
typedef ad_var nn_error(size_t n, const ad_var *y, size_t m, const ad_var *t);

/** sum_i (t_i - y_i)^2 / 2: the article's. */
AD_API ad_var nn_half_squared_error(size_t n, const ad_var *y, size_t m, const ad_var *t);
/** (1/n) sum_i (t_i - y_i)^2. */
AD_API ad_var nn_mean_squared_error(size_t n, const ad_var *y, size_t m, const ad_var *t);
/** (1/n) sum_i |t_i - y_i|.  Slope 0 where y_i = t_i. */
AD_API ad_var nn_mean_absolute_error(size_t n, const ad_var *y, size_t m, const ad_var *t);
/** (1/n) sum_i h(t_i - y_i), h(r) = r^2 / 2 within |r| <= 1 and |r| - 1/2 beyond (P. J. Huber, Ann. Math. Stat. 35, 1964,
 *  with delta = 1). Continuous with its slope. */
AD_API ad_var nn_huber_error(size_t n, const ad_var *y, size_t m, const ad_var *t);
/** The same at another delta > 0: h(r) = r^2 / 2 within |r| <= delta and delta (|r| - delta / 2) beyond. For an nn_error of your
 *  own. */
AD_API ad_var nn_huber_error_at(double delta, size_t n, const ad_var *y, size_t m, const ad_var *t);
/** Binary cross-entropy from logits: (1/n) sum_i of -t_i log s(y_i) - (1 - t_i) log s(-y_i), s the sigmoid, t_i in [0, 1].
 *  The network's last layer has no activation. Value and slope s(y_i) - t_i keep their digits in both tails, however far;
 *  what an exact target makes 0 is exactly 0, also against an infinite logit. */
AD_API ad_var nn_binary_cross_entropy(size_t n, const ad_var *y, size_t m, const ad_var *t);
/** Softmax cross-entropy from logits: sum_i t_i (log sum_j exp y_j - y_i), with m = n probabilities t; or with m = 1 and
 *  n > 1 a class t from 0 to n - 1: log sum_j exp y_j - y_t, NaN where t is no class. The last layer has no activation. Keeps
 *  its digits at logits of any size: what counts is how they differ. */
AD_API ad_var nn_softmax_cross_entropy(size_t n, const ad_var *y, size_t m, const ad_var *t);
/** (1/n) sum_i max(0, 1 - t_i y_i), t_i either -1 or 1: the margin of support vector machines.  Slope at the corner: half. */
AD_API ad_var nn_hinge_error(size_t n, const ad_var *y, size_t m, const ad_var *t);

/** Probabilities of logits: p_i = exp(y_i - log sum_j exp y_j).  y [n], p [n], which may be y. */
AD_API void   nn_softmax(size_t n, const ad_var *y, ad_var *p);

/** Penalties on w [n]: sum |w_i|, and sum w_i^2 / 2. n = 0: a plain 0. */
AD_API ad_var nn_l1(size_t n, const ad_var *w);
AD_API ad_var nn_l2(size_t n, const ad_var *w);

#ifdef __cplusplus
}
#endif
#endif
