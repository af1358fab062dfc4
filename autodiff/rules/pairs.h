/* pairs.h -- what the special functions are built from: numbers as unevaluated sums of two doubles, and the exponential split
 * into a short exact factor and a small tail. No function of the rule book is here.
 *
 * The splittings are those of T. J. Dekker (Numer. Math. 18, 1971) and D. E. Knuth (TAOCP 2, 4.2.2); no fused multiply-add
 * is assumed, and none may be made by the compiler (-ffp-contract=off).
 */
#ifndef AUTODIFF_RULES_PAIRS_H
#define AUTODIFF_RULES_PAIRS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- numbers as sums of two doubles ---- */

struct pair { double hi, lo; };

static inline struct pair sum_of(double a, double b) /* exact: TwoSum */
{
    double s = a + b, t = s - a;
    return (struct pair){s, (a - (s - t)) + (b - t)};
}

static inline struct pair ordered_sum(double a, double b) /* exact when |a| >= |b| or a = 0: Fast2Sum */
{
    double s = a + b;
    return (struct pair){s, b - (s - a)};
}

static inline struct pair halves_of(double a) /* exact, 26 bits each; |a| < 2^996 */
{
    double c = 134217729 * a, hi = c - (c - a);
    return (struct pair){hi, a - hi};
}

static inline struct pair product_of(double a, double b) /* exact without under- or overflow: TwoProduct */
{
    struct pair p = halves_of(a), q = halves_of(b);
    double s = a * b;
    return (struct pair){s, ((p.hi * q.hi - s) + p.hi * q.lo + p.lo * q.hi) + p.lo * q.lo};
}

static inline struct pair add(struct pair a, struct pair b)
{
    struct pair s = sum_of(a.hi, b.hi), t = sum_of(a.lo, b.lo);
    s = ordered_sum(s.hi, s.lo + t.hi);
    return ordered_sum(s.hi, s.lo + t.lo);
}

static inline struct pair multiply(struct pair a, struct pair b)
{
    struct pair p = product_of(a.hi, b.hi);
    return ordered_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline struct pair divide(struct pair a, struct pair b)
{
    double q = a.hi / b.hi;
    struct pair p = product_of(q, b.hi);
    return ordered_sum(q, (((a.hi - p.hi) - p.lo) + (a.lo - q * b.lo)) / b.hi);
}

static inline double polynomial(double x, const double *coefficient, int n) /* Horner's rule, odd and even powers apart */
{
    double square = x * x, a = coefficient[n - 1], b = coefficient[n - 2];
    for (n -= 2; n > 1; n -= 2) {
        a = a * square + coefficient[n - 1];
        b = b * square + coefficient[n - 2];
    }
    return n ? (a * x + b) * x + coefficient[0] : a * x + b;
}

/* ---- the exponential in parts ---- */

/* 2^exponent (hi + lo): hi has at most 26 bits and lies in [1, 2), |lo| < 2^-5, and the whole is good to 2^-59.
 * The method is P. T. P. Tang's (ACM TOMS 15, 1989). */
struct parts { double hi, lo; int exponent; };

static const struct pair roots_of_two[32] = { /* 2^(i/32) */
    {0x1p+0, 0}, {0x1.059b0dp+0, 0x1.8ac2ba1d73e2ap-27},
    {0x1.0b5587p+0, -0x1.833b784eb3a37p-27}, {0x1.11301dp+0, 0x1.25b50a4ebbf1bp-32},
    {0x1.172b84p+0, -0x1.c15742919041cp-27}, {0x1.1d4873p+0, 0x1.68b9aa7805b8p-28},
    {0x1.2387a7p+0, -0x1.8a9dc7993e052p-28}, {0x1.29e9df8p+0, -0x1.70108f69ed175p-27},
    {0x1.306fe08p+0, 0x1.18db8a96f46adp-27}, {0x1.371a738p+0, -0x1.8aac6ab1d756p-29},
    {0x1.3dea65p+0, -0x1.f6e5eee525f6fp-27}, {0x1.44e086p+0, 0x1.8624b40c4dbdp-30},
    {0x1.4bfdad8p+0, -0x1.64eaec715e343p-27}, {0x1.5342b58p+0, -0x1.62b07e20f57c4p-28},
    {0x1.5ab07ep+0, -0x1.5bd5eb539b67fp-27}, {0x1.6247ebp+0, 0x1.d2ac258f87d03p-31},
    {0x1.6a09e68p+0, -0x1.80c4336f74d05p-28}, {0x1.71f75e8p+0, 0x1.d8bee7ba46e1ep-29},
    {0x1.7a1147p+0, 0x1.f580c36bea881p-27}, {0x1.8258998p+0, 0x1.4cce128acf88bp-28},
    {0x1.8ace54p+0, 0x1.15506dadd3e2bp-27}, {0x1.93737bp+0, 0x1.9b8bc9e8a0388p-29},
    {0x1.9c4918p+0, 0x1.51f8480e3e236p-27}, {0x1.a5503bp+0, 0x1.1f12ae45a1225p-27},
    {0x1.ae89f98p+0, 0x1.5ad3ad5e8734dp-28}, {0x1.b7f76fp+0, 0x1.7daf237553d84p-27},
    {0x1.c199bep+0, -0x1.3d56b1eeef9a7p-27}, {0x1.cb720ep+0, -0x1.8837cb757e1a1p-27},
    {0x1.d5818ep+0, -0x1.822dbc6d12fd3p-27}, {0x1.dfc973p+0, 0x1.bdcdaf5cb4656p-27},
    {0x1.ea4afap+0, 0x1.52486cc2c7b9dp-27}, {0x1.f507658p+0, 0x1.b722a033a7c26p-27}
};

static inline struct parts exp_parts(double x, double x_low) /* of x + x_low; |x| < 2000 */
{
    const double shift = 0x1.8p52, per_step = 0x1.71547652b82fep+5, step = 0x1.62e42fef8p-6,
                 step_low = 0x1.1cf79abc9e3b4p-41; /* step + step_low = log(2) / 32 */
    double shifted = x * per_step + shift, k = shifted - shift;
    double r = (x - k * step) - (k * step_low - x_low), r2 = r * r;
    double series = r + r2 * ((0.5 + r * (1.0 / 6)) + r2 * ((1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720)));
    int steps = (int)k, i = steps & 31, many = 1 << 20; /* keeps the division unsigned */
    struct pair root = roots_of_two[i];
    int exponent = (int)((unsigned)(steps - i + many) / 32) - many / 32;
    return (struct parts){root.hi, root.lo + series * (root.hi + root.lo), exponent};
}

static inline double power_of_two(int exponent) /* -1022 <= exponent <= 1023 */
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* ldexp without the call, where the result is normal. */
static inline double scaled(double x, int exponent)
{
    return exponent > -1021 && exponent < 1023 ? x * power_of_two(exponent) : ldexp(x, exponent);
}

static inline double first_26_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~UINT64_C(0x7ffffff);
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 1 / (1 + e + e_low) for e > 0 of 26 bits, as a head of 26 bits and the rest, good to 2^-57. The residual of the
 * head is exact: larger terms cancel first. */
static inline struct pair reciprocal_of_one_plus(double e, double e_low)
{
    double r = 1 / (1 + e + e_low), head = first_26_bits(r), part = e * head;
    double larger = part > head ? part : head, smaller = part < head ? part : head;
    return (struct pair){head, (((1 - larger) - smaller) - e_low * head) * r};
}

#endif
