/* decimal.c -- numbers from text are those of strtod, bit for bit. */
#include "unit.h"
#include <autodiff/model/decimal.h>

#include <inttypes.h>

static void expect_as_strtod(const char *text)
{
    double got = -7, wanted = strtod(text, NULL);
    cr_assert(ad_decimal_read(text, strlen(text), &got), "'%s' is a number", text);
    cr_assert(memcmp(&got, &wanted, sizeof got) == 0, "'%s' is %a, not %a", text, wanted, got);
}

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 11 ^ *state << 21;
}

Test(decimal, numbers_are_rounded_as_by_strtod)
{
    static const char *const texts[] = {
        "0", "-0", "1", "+1", "1.", ".5", "-.5e1", "1e22", "1e23", "9007199254740993", "9007199254740992.5", "9007199254740995",
        "9223372036854775807", "18446744073709551615", "9999999999999999999", "1e-27", "1e27", "1e28", "1e308", "1e309", "1e-320",
        "4.9e-324", "2.2250738585072011e-308", "0.1", "0.3", "123456789.123456789", "1.7976931348623157e308", "0e999999999999",
        "1e-999999999999", "0x1p-1074", "0x.8p1", "inf", "-INFINITY", "00000000000000000000000001", "0.00000000000000000000000001",
        "8.5", "4503599627370496.5", "4503599627370497.5", "0.500000000000000166533453693773481063544750213623046875",
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        expect_as_strtod(texts[k]);
    uint64_t state = 1;
    char text[64];
    for (int k = 0; k < 20000; k++) {
        uint64_t m = next(&state) >> next(&state) % 64;
        int power = (int)(next(&state) % 60) - 30, digits = 1 + (int)(next(&state) % 19);
        snprintf(text, sizeof text, "%" PRIu64 "e%d", m, power);
        expect_as_strtod(text);
        snprintf(text, sizeof text, "%.*g", digits, ldexp((double)m, power));
        expect_as_strtod(text);
        double half = ldexp((double)(m >> 11 | UINT64_C(1) << 52) + 0.5, (int)(next(&state) % 8) - 4);   /* near ties */
        snprintf(text, sizeof text, "%.19g", half);
        expect_as_strtod(text);
    }
}

Test(decimal, what_is_no_number_is_refused)
{
    static const char *const texts[] = {
        "", " ", " 1", "1 ", "+", "-", ".", "e5", "1e", "1e+", "1..2", "1.2.3", "--1", "1,5", "0x", "1f", "1d5", "infinit", "x", "١",
    };
    double value;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        cr_assert(!ad_decimal_read(texts[k], strlen(texts[k]), &value), "'%s' is no number", texts[k]);
    cr_assert(ad_decimal_read("12,5", 2, &value) && value == 12);
}
