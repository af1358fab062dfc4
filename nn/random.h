/* random.h -- numbers that are the same everywhere: uniform, normal, whole. Not installed.
 *
 * xoshiro256** of D. Blackman and S. Vigna (ACM TOMS 47, 2021), its state filled by splitmix64. Everything on top of the bits
 * is exact or one rounded operation of IEEE 754, so no libm can change a digit.
 */
#ifndef NN_RANDOM_H
#define NN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct nn_random {
    uint64_t s[4];
} nn_random;

/* Streams of one seed are told apart by a number: the initialiser's is 0. */
static inline nn_random nn_random_from(uint64_t seed, uint64_t stream)
{
    nn_random r;
    uint64_t x = seed + stream * UINT64_C(0xd1342543de82ef95);
    for (int i = 0; i < 4; i++) {
        uint64_t z = x += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        r.s[i] = z ^ z >> 31;
    }
    return r;
}

static inline uint64_t nn_rotated(uint64_t x, int k) { return x << k | x >> (64 - k); }

static inline uint64_t nn_random_bits(nn_random *r)
{
    uint64_t *s = r->s, result = nn_rotated(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = nn_rotated(s[3], 45);
    return result;
}

/* In [0, 1), a multiple of 2^-53. */
static inline double nn_random_unit(nn_random *r) { return (double)(nn_random_bits(r) >> 11) * 0x1p-53; }

/* 0 ... n - 1, each as likely; 0 < n < 2^32. D. Lemire, ACM TOMACS 29, 2019. */
static inline uint32_t nn_random_below(nn_random *r, uint32_t n)
{
    uint64_t product = (nn_random_bits(r) >> 32) * n;
    if ((uint32_t)product < n)
        for (uint32_t least = -n % n; (uint32_t)product < least;)
            product = (nn_random_bits(r) >> 32) * n;
    return (uint32_t)(product >> 32);
}

/* True with probability exp(-p), 0 <= p <= 1: whether an even number of uniform numbers fall one below the other, from p on.
 * J. von Neumann, 1951. */
static inline int nn_random_exp(nn_random *r, double p)
{
    for (int even = 1;; even = !even) {
        double u = nn_random_unit(r);
        if (u >= p)
            return even;
        p = u;
    }
}

/* Of the standard normal distribution: C. F. F. Karney, Sampling exactly from the normal distribution, ACM TOMS 42, 2016,
 * algorithm N. */
static inline double nn_random_normal(nn_random *r)
{
    for (;;) {
        int k = 0, accepted = 1;
        while (nn_random_exp(r, 0.5))
            k++;
        for (int i = 0; accepted && i < k * (k - 1); i++)
            accepted = nn_random_exp(r, 0.5);
        if (!accepted)
            continue;
        double x = nn_random_unit(r);
        for (int i = 0; accepted && i <= k; i++)
            accepted = nn_random_exp(r, x * (2 * k + x) / (2 * k + 2));
        if (accepted)
            return nn_random_bits(r) >> 63 ? -(k + x) : k + x;
    }
}

#endif
