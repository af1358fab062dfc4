/* p4.h -- problem P4: a damped oscillator with a hard spring, stepped 8944 times; one long chain, nothing to vectorise.
 *
 * The statement of the problem; p4_hand.c has the gradient derived by hand, eager_p4.c the loss written with the library.
 *
 *     every step         v <- v - h (k x + b x^3 + c v)
 *                        x <- x + h v                               11 operations
 *     every 16th step    v <- v + a sin(x)                           3 more
 *     at the end         E = 1/2 (t - x)^2                           1
 *
 * The parameters are k, b, c, a and the start x, v; the step h and the target t are given.
 */
#ifndef P4_H
#define P4_H

enum { P4_STEPS = 8944, P4_KICK = 16, P4_PARAMS = 6, P4_OPS = 11 * P4_STEPS + 3 * (P4_STEPS / P4_KICK) + 1 };

static const double p4_h = 0.01, p4_t = 0.25;
static const double p4_params[P4_PARAMS] = {1.5, 0.7, 0.04, 0.02, 1.2, -0.3};       /* k b c a x v     */

#endif
