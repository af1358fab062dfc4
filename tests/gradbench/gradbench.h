/* gradbench.h -- what the twelve evals share: a case is one input with all that is made for it. An eval's file records its
 * functions in prepare, runs them in evaluate and writes JSON in output.
 *
 * Errors do not return: gb_fail and what calls it (reading, memory, gb_check, gb_keep) leave for the answer to the message, and
 * all that the case holds is freed. So models read from top to bottom.
 */
#ifndef TESTS_GRADBENCH_GRADBENCH_H
#define TESTS_GRADBENCH_GRADBENCH_H

#include <autodiff/autodiff.h>
#include <jansson.h>
#include <setjmp.h>

typedef struct gb_case {
    json_t       *input;
    void         *state;                   /* the eval's own */
    struct gb_owned *owned;
    jmp_buf       failed;
    char          error[320];
} gb_case;

typedef struct gb_function {
    const char *name;
    void      (*prepare)(gb_case *c);      /* everything that is done once for an input: reading, recording, deriving, lowering */
    void      (*evaluate)(gb_case *c);     /* what is timed */
    json_t   *(*output)(gb_case *c);
} gb_function;

typedef struct gb_module {
    const char  *name;
    gb_function  functions[5];             /* up to the first without a name */
} gb_module;

extern const gb_module gb_ba, gb_det, gb_gmm, gb_hello, gb_ht, gb_kmeans, gb_llsq, gb_lse, gb_lstm, gb_ode, gb_particle, gb_saddle;

_Noreturn void gb_fail(gb_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Zeroed memory that lives as long as the case. */
void   *gb_make(gb_case *c, size_t n, size_t size);
/* What the case releases at its end; NULL fails. */
void   *gb_own(gb_case *c, void *thing, void (*release)(void *));
/* Releases it before the end of the case. */
void    gb_drop(gb_case *c, const void *thing);
/* Tapes and functions that the case frees; NULL fails, with the tape's message if there is a tape. */
ad_tape     *gb_tape(gb_case *c);
ad_function *gb_keep(gb_case *c, ad_function *f, const ad_tape *tape);
void         gb_check(gb_case *c, ad_status status);
void         gb_check_tape(gb_case *c, const ad_tape *tape);

/* Members of an object of the input; a missing or wrong one fails. A list is [*n]; a matrix [*rows][*columns], row-major, with
 * rows of one length. Lists and matrices leave the object as they are read: as JSON a number takes five times the memory. */
json_t       *gb_member(gb_case *c, const json_t *object, const char *name);
double        gb_number(gb_case *c, const json_t *object, const char *name);
size_t        gb_count(gb_case *c, const json_t *object, const char *name);
double       *gb_list(gb_case *c, json_t *object, const char *name, size_t *n);
double       *gb_matrix(gb_case *c, json_t *object, const char *name, size_t *rows, size_t *columns);
double       *gb_matrix_of(gb_case *c, const json_t *value, const char *name, size_t *rows, size_t *columns);
size_t       *gb_indices(gb_case *c, json_t *object, const char *name, size_t *n);
/* The columns of a row-major matrix, as functions want them. */
const double **gb_columns(gb_case *c, const double *matrix, size_t rows, size_t columns);

/* Rows over which prepare evaluates a function once, so that it is lowered and its memory there. */
static inline size_t gb_few(size_t rows) { return rows < 65 ? rows : 65; }

json_t *gb_json_list(const double *x, size_t n);
json_t *gb_json_matrix(const double *x, size_t rows, size_t columns);

#endif
