/* problem.h -- what is wrong with a text that was read: where, what was expected, how to mend it.
 *
 * Readers of formulas, models and tables fill one in and print nothing themselves.
 */
#ifndef AUTODIFF_MODEL_PROBLEM_H
#define AUTODIFF_MODEL_PROBLEM_H

#include "../tape/tape.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The first thing wrong with a text. Lines and columns count from 1, columns in characters (a tab is one); line 0 means
 *  that there is no place to point at (no memory, no such file). */
typedef struct ad_problem {
    ad_status status;              /* AD_OK when nothing is wrong                                            */
    size_t    line, column;        /* where                                                                  */
    size_t    length;              /* characters concerned, at least 1                                       */
    char      message[320];        /* what is wrong, what was expected, how to mend it: one line, no full stop */
    char      excerpt[160];        /* that line of the text, or the part of it around the place              */
    size_t    caret;               /* the place in the excerpt, in characters from 0                         */
} ad_problem;

/** Writes  FILE:LINE:COLUMN: MESSAGE,  the line, and a caret under the place:
 *
 *      net.model:7:6: unknown name 'W63'; did you mean 'W36'?
 *        e6 = W63*Y3 + W46*Y4
 *             ^~~
 *
 *  file may be NULL. Without a problem it writes nothing. */
AD_API void ad_problem_print(const ad_problem *problem, const char *file, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
