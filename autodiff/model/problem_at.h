/* problem_at.h -- how the readers state a problem. Not installed. */
#ifndef AUTODIFF_MODEL_PROBLEM_AT_H
#define AUTODIFF_MODEL_PROBLEM_AT_H

#include "nearest.h"
#include "problem.h"

/* States a problem at [at, at + length) of a text, unless one is stated already. Returns 0. problem may be NULL. */
int ad_problem_at(ad_problem *problem, ad_status status, const char *text, size_t size, size_t at, size_t length,
                  const char *format, ...) __attribute__((format(printf, 7, 8)));
/* One without a place. Returns 0. */
int ad_problem_state(ad_problem *problem, ad_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
int ad_problem_memory(ad_problem *problem);

/* A name as it is quoted in a message: `'%.*s%s'` with AD_QUOTE(length, text). */
enum { AD_QUOTED = 48 };
#define AD_QUOTE(length, text) (int)((length) > AD_QUOTED ? AD_QUOTED : (length)), (text), (length) > AD_QUOTED ? "..." : ""

/* The character at a place: its code point, and its bytes in *length. U+FFFD, one byte, where it is not UTF-8. */
unsigned long ad_character(const char *text, size_t size, size_t at, size_t *length);

#endif
