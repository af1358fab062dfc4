/* unit.h -- what the unit tests share: how numbers and errors are compared. It holds no test. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <autodiff/autodiff.h>
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__
#endif
#endif
#ifdef __SANITIZE_THREAD__
#include "without_criterion.h"
#else
#include <criterion/criterion.h>
#endif
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The same number: NaN is NaN, and the zeros are one. */
static inline int same(double a, double b) { return a == b || (a != a && b != b); }
/* The same bits. */
static inline int identical(double a, double b) { return !memcmp(&a, &b, sizeof a); }
static inline int near(double a, double b, double relative)
{
    return same(a, b) || fabs(a - b) <= relative * fmax(fabs(a), fabs(b));
}
static inline int is_plain(ad_var v) { return v.link == 0; }

#define EQUAL(got, want) \
    do { \
        double got_ = (got), want_ = (want); \
        cr_assert(same(got_, want_), "%s is %.17g, not %.17g", #got, got_, want_); \
    } while (0)
#define NEAR(got, want, relative) \
    do { \
        double got_ = (got), want_ = (want); \
        cr_assert(near(got_, want_, relative), "%s is %.17g, not %.17g", #got, got_, want_); \
    } while (0)
#define PRINTS(got, text) \
    do { \
        char printed_[64]; \
        snprintf(printed_, sizeof printed_, "%.12g", (got)); \
        cr_assert(!strcmp(printed_, text), "%s is %s, not %s", #got, printed_, text); \
    } while (0)
#define STATUS(tape, want) \
    do { \
        ad_status status_ = ad_tape_error(tape); \
        cr_assert(status_ == (want), "the status is %d, not %s: %s", (int)status_, #want, ad_tape_error_message(tape)); \
    } while (0)
#define SAYS(tape, text) \
    cr_assert(strstr(ad_tape_error_message(tape), text), "the message lacks \"%s\": %s", text, ad_tape_error_message(tape))
#define PLAIN_NAN(v) \
    do { \
        ad_var v_ = (v); \
        cr_assert(is_plain(v_) && isnan(v_.value), "%s is not a plain NaN but %g, link %llx", #v, v_.value, \
                  (unsigned long long)v_.link); \
    } while (0)

/* xorshift64*, G. Marsaglia and S. Vigna: the same numbers on every run. */
static inline uint64_t random_bits(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}
static inline int    random_below(uint64_t *state, int n) { return (int)(random_bits(state) >> 33) % n; }
static inline double random_within(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(random_bits(state) >> 11) * 0x1p-53;
}

#endif
