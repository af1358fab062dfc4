/* p4_hand.c -- the gradient of P4 derived by hand: the trajectory forward, the adjoint state backward.
 *
 * The reference the library is measured against, not a user of it; compiled several times like p1_hand.c.
 */
#include "p4.h"
#include "hand.h"
#include <math.h>

static double xs[P4_STEPS], vs[P4_STEPS];             /* the state before each step            */
static double turn[P4_STEPS / P4_KICK];               /* x where it is kicked                  */

double HAND_NAME(p4)(const double *params, double *gradient)
{
    const double k = params[0], b = params[1], c = params[2], a = params[3], h = p4_h;
    double x = params[4], v = params[5];

    for (int i = 0; i < P4_STEPS; i++) {
        xs[i] = x;
        vs[i] = v;
        v -= h * (k * x + b * (x * x * x) + c * v);
        x += h * v;
        if (i % P4_KICK == P4_KICK - 1) {
            turn[i / P4_KICK] = x;
            v += a * sin(x);
        }
    }
    const double E = 0.5 * (p4_t - x) * (p4_t - x);

    double gk = 0, gb = 0, gc = 0, ga = 0, gx = x - p4_t, gv = 0;
    for (int i = P4_STEPS - 1; i >= 0; i--) {
        if (i % P4_KICK == P4_KICK - 1) {
            ga += gv * sin(turn[i / P4_KICK]);
            gx += gv * a * cos(turn[i / P4_KICK]);
        }
        gv += h * gx;
        const double gf = -h * gv;                    /* of the force                          */
        x = xs[i];
        v = vs[i];
        gk += gf * x;
        gb += gf * (x * x * x);
        gc += gf * v;
        gx += gf * (k + 3 * b * (x * x));
        gv += gf * c;
    }
    const double g[P4_PARAMS] = {gk, gb, gc, ga, gx, gv};
    for (int i = 0; i < P4_PARAMS; i++)
        gradient[i] = g[i];
    return E;
}
