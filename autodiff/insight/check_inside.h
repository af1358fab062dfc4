/* check_inside.h -- a check of code while it goes on, as its files share it. Not installed.
 *
 *   check.c         arguments, points, verdicts, the report's memory
 *   check_exact.c   what the gradient is held against: a recorded function, or differences
 *   check_cause.c   why an entry is wrong
 *   check_print.c   the report in print
 */
#ifndef AUTODIFF_INSIGHT_CHECK_INSIDE_H
#define AUTODIFF_INSIGHT_CHECK_INSIDE_H

#include "cause.h"
#include "check.h"

/* What one point says of one component. */
enum { AT_POINT_NOTHING, AT_POINT_RIGHT, AT_POINT_WRONG, AT_POINT_KINK, AT_POINT_NOISE, AT_POINT_NO_DERIVATIVE };

typedef struct ad_checking {
    ad_check         check;                /* the report; first, so that it can be freed by its address */
    ad_check_options o;
    ad_allocator     allocator;
    size_t           n, samples;           /* components; points, the given one first */
    double          *points;               /* [samples][n] */
    double          *yours, *exact, *error, *tolerance;   /* [n][samples] */
    unsigned char   *state;                /* [n][samples] */
    ad_check_entry  *entries;
    char            *names, *details;      /* [n][AD_NAME_ROOM], [n][AD_DETAIL] */
    ad_cause        *causes;               /* [n][AD_SUSPICIONS] */
    double          *row;                  /* [n] scratch */

    /* Of a recorded function, when it can be looked into: its graph, rows included. */
    ad_tape         *tape;
    ad_paths         paths;
    int              looks_inside;
    uint32_t         of, *by, *slopes;     /* places: the output; [n] the params and their recorded derivatives, UINT32_MAX: none */
    double          *inputs;               /* [n + columns] scratch */
    double          *value, *adjoint, *tangent;           /* [paths.n] scratch */
    ad_wide         *wide;                 /* [paths.n] scratch */
} ad_checking;

enum { AD_NAME_ROOM = 96 };

void *ad_checking_take(ad_checking *c, size_t n, size_t size);
void  ad_checking_drop(ad_checking *c, void *block, size_t n, size_t size);

/* check_exact.c: fills exact, error, tolerance and state of every component at a point, whose gradient is in yours. */
ad_status ad_check_point(ad_checking *c, size_t sample);
int       ad_check_look_inside(ad_checking *c);
/* The inputs of row r at a point, params first. */
void      ad_check_inputs(const ad_checking *c, size_t sample, size_t row, double *inputs);

/* check_cause.c: cause and detail of component i, which is wrong. 0: no memory. */
int       ad_check_explain(ad_checking *c, size_t i);

static inline size_t ad_check_rows(const ad_checking *c) { return c->o.function && ad_function_columns(c->o.function) ? c->o.rows : 1; }

#endif
