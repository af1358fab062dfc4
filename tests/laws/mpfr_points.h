/* mpfr_points.h -- where the tests against 256 bits draw a row's operands: over its reference's intervals, log-uniformly and
 * crowded at kinks, ends, zeros and tails, pairs often nearly equal. */
#ifndef AD_TESTS_LAWS_MPFR_POINTS_H
#define AD_TESTS_LAWS_MPFR_POINTS_H

#include "mpfr_error.h"
#include "mpfr_rules.h"

static double draw_once(const struct operand *from)
{
    if (from->whole) return round(random_bits() >> 63 ? magnitude(-1, 6) : magnitude(0, 31));
    switch (random_bits() >> 61) {
    case 0: case 1: return magnitude(-1074, 1024);
    case 2: case 3: return magnitude(-12, 10);
    case 4: case 5: return uniform(fmax(from->from, -40), fmin(from->to, 40));
    default: return neighbour(either_sign(from->near[random_bits() % 6]));
    }
}

static double draw(const struct operand *from)
{
    double a;
    do a = draw_once(from); while (!(a >= from->from && a <= from->to));
    return a;
}

static void draw_point(const struct reference *r, int operands, double a[3])
{
    for (int i = 0; i < operands; i++) a[i] = draw(&r->operand[i]);
    if (random_bits() >> 62 == 0) return;
    double b = a[1];
    if (r->relation == ALIKE) b = a[0] * (random_bits() >> 63 ? magnitude(-3, 3) : neighbour(either_sign(1)));
    if (r->relation == POWER) b = uniform(-745, 710) / log(fabs(a[0]));
    if (r->operand[1].whole) b = round(b);
    if (b >= r->operand[1].from && b <= r->operand[1].to) a[1] = b;
    if (operands == 3 && r->relation == ALIKE && random_bits() >> 63)
        a[2] = r == &reference_fma ? -(a[0] * a[1]) * neighbour(1) : neighbour(a[0]);
    if (operands == 3 && !(fabs(a[2]) <= DBL_MAX)) a[2] = 1;
}

#endif
