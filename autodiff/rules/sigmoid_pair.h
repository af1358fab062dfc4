/* sigmoid_pair.h -- the sigmoid with what it lacks, and 1 - sigmoid(x) without a second exponential.
 *
 * The slope of z = sigmoid(x) is z times its complement sigmoid(-x) = 1 - z, which cancels near 1: the double z is not
 * enough. Its rounding error is. It fits the 27 bits that the word of a node with one operand leaves free, and with it
 * 1 - z is right to 1 ulp up to z = 1 - 2^-20; beyond, and where nothing was kept, the exponential is computed.
 * On P1 the sweep took 1.9 ns per operation with the exponential and takes 1.0 without.
 * It is not for other functions: none had an exponential to spare so often. Not installed.
 */
#ifndef AUTODIFF_RULES_SIGMOID_PAIR_H
#define AUTODIFF_RULES_SIGMOID_PAIR_H

#include "scalar.h"

#include <stdint.h>
#include <string.h>

struct ad_rounded { double value, error; }; /* error: what the value lacks */

/* 1 / (1 + exp(-x)). exp(-x) = e (1 + t), e of 26 bits (P. T. P. Tang, ACM TOMS 15, 1989). The division starts when e
 * is known and so runs beside the series for t, which then enters as 1 / (1 + h) = 1 - h (1 - h) (1 + h^2) (1 + h^4):
 * recording waits for this value, and its latency is what a sigmoid costs (80 cycles one after the other, 60 so). */
static inline struct ad_rounded ad_sigmoid_rounded(double x)
{
    static const struct { double lead, tail; } root[32] = { /* 2^(i/32) = lead (1 + tail), lead of 26 bits */
        { 0x1p+0, 0 }, { 0x1.059b0dp+0, 0x1.824d3f7ca7e82p-27 }, { 0x1.0b5587p+0, -0x1.72d09eac96345p-27 },
        { 0x1.11301dp+0, 0x1.133a6ed07def9p-32 }, { 0x1.172b84p+0, -0x1.9c0c21188b886p-27 }, { 0x1.1d4873p+0, 0x1.43b2cd7dab9f4p-28 },
        { 0x1.2387a7p+0, -0x1.5a85dbe4b1ae7p-28 }, { 0x1.29e9df8p+0, -0x1.3c4812b18d81cp-27 }, { 0x1.306fe08p+0, 0x1.d858224ef1477p-28 },
        { 0x1.371a738p+0, -0x1.44c49e358ed4ap-29 }, { 0x1.3dea65p+0, -0x1.94f4d171277e2p-27 }, { 0x1.44e086p+0, 0x1.336de2bf82bf8p-30 },
        { 0x1.4bfdad8p+0, -0x1.13389cfa17b53p-27 }, { 0x1.5342b58p+0, -0x1.0ba46fbfdc59dp-28 }, { 0x1.5ab07ep+0, -0x1.00d8ab9d946c5p-27 },
        { 0x1.6247ebp+0, 0x1.5136895145953p-31 }, { 0x1.6a09e68p+0, -0x1.101228e4e461cp-28 }, { 0x1.71f75e8p+0, 0x1.471e65bcfa71cp-29 },
        { 0x1.7a1147p+0, 0x1.5394e3cb8299bp-27 }, { 0x1.8258998p+0, 0x1.b90b9b9d9fe27p-29 }, { 0x1.8ace54p+0, 0x1.67a1ca2d673ep-28 },
        { 0x1.93737bp+0, 0x1.0522eeb05a67ap-29 }, { 0x1.9c4918p+0, 0x1.a3b5e35a78a53p-28 }, { 0x1.a5503bp+0, 0x1.5cdd5b31197bap-28 },
        { 0x1.ae89f98p+0, 0x1.9c72f01362449p-29 }, { 0x1.b7f76fp+0, 0x1.bc2ce1b05db11p-28 }, { 0x1.c199bep+0, -0x1.6961b3bf88747p-28 },
        { 0x1.cb720ep+0, -0x1.b5151d57fd718p-28 }, { 0x1.d5818ep+0, -0x1.a5217ca913feap-28 }, { 0x1.dfc973p+0, 0x1.dbbc214c4b51fp-28 },
        { 0x1.ea4afap+0, 0x1.61428dbdf59d5p-28 }, { 0x1.f507658p+0, 0x1.c0c0461e3ab4fp-28 }
    };
    const double shift = 0x1.8p52, per_step = -0x1.71547652b82fep+5, step = 0x1.62e42fef8p-6, step_low = 0x1.1cf79abc9e3b4p-41;

    if (!(fabs(x) < 708))
        return (struct ad_rounded){x > 0 ? 1 : exp(x), 0};

    /* -x = k log(2) / 32 + r; k stands in the low bits of `shifted`. */
    double shifted = x * per_step + shift, k = shifted - shift, r = (-x - k * step) - k * step_low, r2 = r * r;
    uint64_t steps, bits;
    memcpy(&steps, &shifted, sizeof steps);
    memcpy(&bits, &root[steps % 32].lead, sizeof bits);
    bits += steps / 32 << 52;
    double e;
    memcpy(&e, &bits, sizeof e);

    /* The head of 1 / (1 + e) has 26 bits, so that the residual is exact: the larger term cancels first. */
    double quotient = 1 / (1 + e), head, part;
    memcpy(&bits, &quotient, sizeof bits);
    bits &= ~UINT64_C(0x7ffffff);
    memcpy(&head, &bits, sizeof head);
    part = e * head;
    double larger = part > head ? part : head, smaller = part < head ? part : head;
    double rest = ((1 - larger) - smaller) * quotient;

    double series = r + r2 * ((0.5 + r * (1.0 / 6)) + r2 * ((1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720)));
    double tail = root[steps % 32].tail, h = e * quotient * (tail + (series + series * tail)), h2 = h * h;
    double low = rest - quotient * ((h * (1 - h)) * (1 + h2) * (1 + h2 * h2)), z = head + low;
    return (struct ad_rounded){z, low - (z - head)};
}

/* An error in units of 2^-79 is what the low 27 bits of `AD_KEPT_ZERO + error` hold: no conversion, which takes longer.
 * The odd last term makes them 2^26 for an error of 0, and never 0, which says: nothing kept. */
#define AD_KEPT_ZERO (0x1.8p-27 + 0x1p-53)

static inline uint64_t ad_keep(double error)
{
    double sum = AD_KEPT_ZERO + error;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits & ((1 << 27) - 1);
}

/* sigmoid(-x), given z = sigmoid(x) and what was kept of its error. */
static inline double ad_complement(double x, double z, uint64_t kept)
{
    if (!kept || !(z < 1 - 0x1p-20))
        return ad_scalar_sigmoid(-x);
    double sum = 0x1.8p-27, c = 1 - z, lost = (1 - c) - z;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    bits |= kept;
    memcpy(&sum, &bits, sizeof sum);
    return c + (lost - (sum - AD_KEPT_ZERO));
}

#endif
