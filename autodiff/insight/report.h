/* report.h -- an audit's report while it is written: entries, and the texts that they point to. Not installed. */
#ifndef AUTODIFF_INSIGHT_REPORT_H
#define AUTODIFF_INSIGHT_REPORT_H

#include "audit.h"
#include "shadow.h"

typedef struct ad_entry {
    ad_finding finding;
    uint32_t   id;                         /* of its node */
} ad_entry;

typedef struct ad_wanted {
    ad_var      v;
    const char *name;
    double      gradient, digits;
    ad_wide     exact, low, noise;         /* summed over rows, as a pair, and how far that may be off */
} ad_wanted;

struct ad_audit_report {
    ad_allocator allocator;
    ad_tape     *tape;                     /* while it is written */
    ad_block     entries;                  /* [n] */
    size_t       n, left_out, most;
    unsigned     kinds;
    ad_wanted   *wanted;                   /* [n_wanted] */
    size_t       n_wanted;
    uint32_t    *root;                     /* [nodes] of ad_suggest_roots, while it is written */
    size_t       looked_at;                /* the row for which it was, from 1 */
    size_t       nodes;
    struct ad_chunk { struct ad_chunk *next; size_t size, used; } *chunks;
    double       value, value_digits;
    ad_wide      exact_value, low_value, doubt;
    int          failed;                   /* no memory: to be thrown away */
    int          rows;                     /* of ad_audit_rows */
};

/* report.c: memory that lives as long as the report, or NULL with failed set. */
void       *ad_report_room(ad_audit_report *r, size_t size);
const char *ad_report_text(ad_audit_report *r, const char *text);
/* A new entry about node i at the shadow's point, its texts filled in but for the detail; NULL where it is left out. */
ad_finding *ad_report_entry(ad_audit_report *r, const ad_shadow *s, ad_audit_kind kind, uint32_t i, size_t row);
/* Its sentence. What its node is called there; a number without a minus before nan and 0; an exact one as far as it is known, up
 * to four digits. */
typedef struct ad_digits_text { char text[32]; } ad_digits_text;
void           ad_say(ad_audit_report *r, ad_finding *f, const char *format, ...) __attribute__((format(printf, 3, 4)));
const char    *ad_title(const ad_finding *f);
double         ad_tidied(double x);
ad_digits_text ad_known(ad_wide exact, ad_wide doubt);
/* Fills in what the entries reach. */
void        ad_report_reaches(ad_audit_report *r, const ad_shadow *s);

/* findings.c: what is wrong at the shadow's point, all of whose values are there. */
void ad_audit_point(ad_audit_report *r, const ad_shadow *s, size_t row);
/* inside.c: what is wrong in a function that node i calls; whether that made a value that is not finite. */
int  ad_audit_inside(ad_audit_report *r, const ad_shadow *s, const ad_node *node, uint32_t i, size_t row);
/* lost.c: what those findings, entries `from` on, do not explain. */
void ad_audit_rest(ad_audit_report *r, const ad_shadow *s, size_t from, size_t row);
/* The digits of a number that are right, given the exact one as a pair and how far that may be off. */
double ad_digits(double number, ad_wide exact, ad_wide low, ad_wide doubt);

#endif
