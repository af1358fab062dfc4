/* decimal.c -- numbers from text. Up to 19 digits times 10^-27 .. 10^27 are rounded in 128-bit integers, exactly; the rest is
 * left to strtod in the C locale. A number of 17 digits takes a fifth of strtod's time. */
#include "decimal.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { MOST_DIGITS = 19, MOST_POWER = 27 };

/* m 5^power 2^power to the nearest double, ties to even; m > 0, |power| <= MOST_POWER. */
static double rounded(uint64_t m, int power)
{
    uint64_t five = 1;
    for (int k = power < 0 ? -power : power; k > 0; k--)
        five *= 5;
    wide q;
    int shift = 0, sticky = 0;
    if (power >= 0)
        q = (wide)m * five;
    else {
        shift = 64 + __builtin_clzll(m);                                   /* m fills the numerator's upper bits */
        wide numerator = (wide)m << (shift - 1);
        q = numerator / five;
        sticky = q * five != numerator;
        shift = -(shift - 1);
    }
    int bits = (uint64_t)(q >> 64) ? 128 - __builtin_clzll((uint64_t)(q >> 64)) : 64 - __builtin_clzll((uint64_t)q);
    int cut = bits - 53;
    if (cut > 0) {
        wide rest = q & (((wide)1 << cut) - 1), half = (wide)1 << (cut - 1);
        q >>= cut;
        if (rest > half || (rest == half && (sticky || (q & 1))))
            q++;
        shift += cut;
    }
    union { uint64_t bits; double number; } scale = {.bits = (uint64_t)(1023 + shift + power) << 52};
    return (double)(uint64_t)q * scale.number;                             /* exact: no result here is subnormal */
}

static int by_library(const char *text, size_t size, double *value)
{
    static locale_t C;
    locale_t c = __atomic_load_n(&C, __ATOMIC_ACQUIRE);
    if (!c) {
        locale_t none = 0;
        c = newlocale(LC_ALL_MASK, "C", (locale_t)0);                      /* a static object of the C library's */
        if (!c)
            return 0;
        if (!__atomic_compare_exchange_n(&C, &none, c, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            if (c != none)
                freelocale(c);
            c = none;
        }
    }
    char *end;
    *value = strtod_l(text, &end, c);
    return end == text + size;
}

int ad_decimal_read(const char *text, size_t size, double *value)
{
    const char *p = text, *end = text + size;
    if (!size || *p == ' ' || (*p >= '\t' && *p <= '\r'))
        return 0;
    int negative = *p == '-', digits = 0, any = 0;
    long power = 0;
    uint64_t m = 0;
    p += *p == '-' || *p == '+';
    for (; p < end && *p >= '0' && *p <= '9'; p++, any = 1)
        if (m || *p != '0') {
            m = 10 * m + (uint64_t)(*p - '0');
            if (++digits > MOST_DIGITS)
                return by_library(text, size, value);
        }
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9'; p++, any = 1, power--)
            if (m || *p != '0') {
                m = 10 * m + (uint64_t)(*p - '0');
                if (++digits > MOST_DIGITS)
                    return by_library(text, size, value);
            }
    if (any && p < end && (*p == 'e' || *p == 'E')) {
        const char *sign = ++p;
        long e = 0;
        p += p < end && (*p == '-' || *p == '+');
        const char *first = p;
        for (; p < end && *p >= '0' && *p <= '9'; p++)
            e = e < 100000 ? 10 * e + (*p - '0') : e;
        if (p == first)
            return 0;
        power += *sign == '-' ? -e : e;
    }
    if (p != end || !any || power < -MOST_POWER || power > MOST_POWER)
        return by_library(text, size, value);
    double number = m ? rounded(m, (int)power) : 0;
    *value = negative ? -number : number;
    return 1;
}
