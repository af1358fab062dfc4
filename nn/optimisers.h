/* optimisers.h -- how parameters move: gradient descent and its kin, L-BFGS, rates that change, gradients held in bounds.
 *
 * An optimiser works on plain arrays and knows no network: p are n parameters, g the gradient of what is to become small.
 * The formulas are those of PyTorch's documentation (torch.optim), so that trajectories can be compared; t counts steps from 1.
 *
 *     nn_optimiser *o = nn_optimiser_new(n, (nn_optimiser_options){.method = NN_ADAM, .rate = 0.01});
 *     for (...) { gradient(p, g);  nn_optimiser_step(o, p, g); }
 *     nn_optimiser_free(o);
 */
#ifndef NN_OPTIMISERS_H
#define NN_OPTIMISERS_H

#include <autodiff/autodiff.h>

#ifdef __cplusplus
extern "C" {
#endif

/** With d the weight decay: g <- g + d p, first, but where the method says otherwise.
 *
 *  NN_GRADIENT_DESCENT  p <- p - rate g
 *  NN_MOMENTUM          b <- momentum b + (1 - dampening) g (b = g in step 1);  p <- p - rate b
 *  NN_NESTEROV          b as before;  p <- p - rate (g + momentum b)
 *  NN_RMSPROP           v <- smoothing v + (1 - smoothing) g^2;  p <- p - rate g / (sqrt(v) + epsilon). With centred: less the
 *                       square of the smoothed gradient under the root; with a momentum: b <- momentum b + g / (...),
 *                       p <- p - rate b
 *  NN_ADAM              m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;
 *                       p <- p - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 *                       (D. P. Kingma and J. Ba, ICLR 2015). With amsgrad: the largest v so far in place of v
 *  NN_ADAMW             p <- p - rate d p instead of d in g, then as NN_ADAM (I. Loshchilov and F. Hutter, ICLR 2019)
 *  NN_LBFGS             limited-memory BFGS with the line search of Moré and Thuente: see nn_optimiser_iterate. No rate, no
 *                       weight decay */
typedef enum nn_method {
    NN_GRADIENT_DESCENT, NN_MOMENTUM, NN_NESTEROV, NN_RMSPROP, NN_ADAM, NN_ADAMW, NN_LBFGS
} nn_method;

/** Zero members are defaults (for a beta or a smoothing of 0 itself say DBL_MIN). */
typedef struct nn_optimiser_options {
    nn_method    method;
    double       rate;                     /* 0: 0.001 for Adam and AdamW, else 0.01                             */
    double       momentum;                 /* 0: 0.9 for NN_MOMENTUM and NN_NESTEROV, none for NN_RMSPROP        */
    double       dampening;                /* of NN_MOMENTUM                                                     */
    double       smoothing;                /* of NN_RMSPROP; 0: 0.99                                             */
    double       beta1, beta2;             /* 0: 0.9, 0.999                                                      */
    double       epsilon;                  /* 0: 1e-8                                                            */
    double       weight_decay;             /* 0: none, but 0.01 for NN_ADAMW                                     */
    int          centred, amsgrad;
    size_t       history;                  /* of NN_LBFGS: steps remembered; 0: 10                               */
    ad_allocator allocator;
} nn_optimiser_options;

typedef struct nn_optimiser nn_optimiser;

/** An optimiser of n parameters. NULL when there is no memory, n is 0, or an option is out of range (negative, NaN, a momentum,
 *  smoothing or beta of 1 or more). Free it with nn_optimiser_free. */
AD_API nn_optimiser *nn_optimiser_new(size_t n, nn_optimiser_options options);
AD_API void          nn_optimiser_free(nn_optimiser *o);

/** One step.  p [n] is changed, g [n] is read. AD_ERROR_ARGUMENT for NN_LBFGS, which needs more than one gradient. */
AD_API ad_status nn_optimiser_step(nn_optimiser *o, double *p, const double *g);
/** The rate of later steps, in absolute terms; and the present one. */
AD_API void      nn_optimiser_set_rate(nn_optimiser *o, double rate);
AD_API double    nn_optimiser_rate(const nn_optimiser *o);

/** What is to become small: value and gradient [n] at p [n]. Anything but AD_OK ends the iteration. */
typedef ad_status nn_objective(void *user, const double *p, double *value, double *gradient);

/** One iteration of any method, on an objective that stays the same from call to call. First-order methods take one gradient and
 *  one step; *value is the objective before it. NN_LBFGS (J. Nocedal, Math. Comp. 35, 1980) searches along its direction for a
 *  point of sufficient decrease and curvature (J. J. Moré and D. J. Thuente, ACM TOMS 20, 1994), takes 1 to 20 gradients for it,
 *  and never climbs; *value is the objective at the new p. p [n].
 *  *moved, if not NULL, is 0 when NN_LBFGS finds nothing lower in any direction it knows: then p is a minimum as far as doubles
 *  can tell, or the gradient does not belong to the value. AD_ERROR_ARGUMENT when the objective is not finite at p itself. */
AD_API ad_status nn_optimiser_iterate(nn_optimiser *o, double *p, nn_objective *objective, void *user, double *value, int *moved);

/** The state of an optimiser as numbers, to be kept with a checkpoint: how many, a copy out, and a copy in. It is that of the
 *  same method, options and n; AD_ERROR_ARGUMENT where it cannot be. state [nn_optimiser_state_size]. */
AD_API size_t    nn_optimiser_state_size(const nn_optimiser *o);
AD_API void      nn_optimiser_get_state(const nn_optimiser *o, double *state);
AD_API ad_status nn_optimiser_set_state(nn_optimiser *o, size_t n, const double *state);

/* ---- Rates that change -------------------------------------------------------------------------------------------------- */

/** What multiplies the rate in an epoch, counted from 0 here; zero members are defaults.
 *
 *  NN_CONSTANT     1
 *  NN_STEPS        factor^floor(epoch / every)                          every 0 means 1
 *  NN_EXPONENTIAL  factor^epoch
 *  NN_COSINE       least + (1 - least) (1 + cos(pi epoch / length)) / 2, and least from length on (I. Loshchilov and F. Hutter,
 *                  ICLR 2017); length 0 means the epochs of the training
 *  NN_CUSTOM       custom(epoch, user)
 *
 *  warm_up: the first so many epochs are multiplied by (epoch + 1) / (warm_up + 1) as well. */
typedef enum nn_schedule_kind { NN_CONSTANT, NN_STEPS, NN_EXPONENTIAL, NN_COSINE, NN_CUSTOM } nn_schedule_kind;
typedef struct nn_schedule {
    nn_schedule_kind kind;
    double           factor;               /* 0: 0.1 for NN_STEPS, 0.95 for NN_EXPONENTIAL */
    double           least;
    size_t           every, length, warm_up;
    double         (*custom)(size_t epoch, void *user);
    void            *user;
} nn_schedule;

AD_API double nn_schedule_at(const nn_schedule *schedule, size_t epoch);

/* ---- Gradients held in bounds ------------------------------------------------------------------------------------------- */

/** Shrinks g [n] to a Euclidean norm of `most`, if it is longer: times most / (norm + 1e-6), as PyTorch does. Returns the norm
 *  before. Does not overflow. */
AD_API double nn_clip_norm(size_t n, double *g, double most);
/** Holds every g[i] within +-most. NaN stays. */
AD_API void   nn_clip_value(size_t n, double *g, double most);

#ifdef __cplusplus
}
#endif
#endif
