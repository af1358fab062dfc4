/* cause.h -- which mistake explains a wrong derivative or value. Shared by the check of code and of claims. Not installed.
 *
 * A cause is a hypothesis that predicts numbers: "the sign was lost" predicts minus the exact ones. One that predicts what
 * was claimed, at every sample, to the claim's own precision, fits. Hypotheses that could fit a number of few digits by
 * chance must earn their place: the digits of the claim, in bits, must outweigh how many such hypotheses there are.
 */
#ifndef AUTODIFF_INSIGHT_CAUSE_H
#define AUTODIFF_INSIGHT_CAUSE_H

#include "paths.h"
#include "verdict.h"

#include <math.h>

enum { AD_SUSPICIONS = 8, AD_DETAIL = 320 };

typedef struct ad_suspicion {
    ad_cause cause;
    double   rank;                         /* the smaller, the likelier before looking */
    char     detail[AD_DETAIL];            /* a sentence for people */
} ad_suspicion;

typedef struct ad_suspicions {
    size_t     n;
    ad_suspicion found[AD_SUSPICIONS];         /* best first, one of a cause */
} ad_suspicions;

/* Another value that a quantity had, or was given, when the claim may have been computed: by number, or as a place. */
typedef struct ad_other_value {
    uint32_t    of, place;                 /* whose; UINT32_MAX where it is only a number */
    double      value;
    const char *words;                     /* "the updated W36" */
} ad_other_value;

/* Another entry, whose exact numbers may have been claimed for this one. */
typedef struct ad_entry {
    const char   *name;
    const double *exact;                   /* [samples] */
    int           mutual;                  /* and this one's were claimed for it */
} ad_entry;

typedef struct ad_suspect {
    const double *claimed, *exact, *tolerance;   /* [samples]; where one is not finite, the sample says nothing */
    size_t        samples;
    int           printed;                 /* the claim is a number as printed, of digits digits */
    int           digits;
    const char   *quantity;                /* what was claimed: "dE/dw" */
    const char   *exact_words;             /* "the exact value", "the value from the author's own numbers" */

    int             repairs;               /* the formula of `of` was claimed, and is changed until it gives `claimed`, which is right */

    /* Where there is a graph: what of, by what (UINT32_MAX: a value is claimed, not a derivative), and where. */
    const ad_paths *paths;                 /* NULL: none */
    uint32_t        of, by;
    size_t          rows;                  /* points of a sample, whose derivatives add up; 1 without data */
    const double  *const *inputs;          /* [samples rows] values of the tape's inputs */
    const ad_given *given;                 /* [n_given] of the first sample */
    size_t          n_given;
    size_t          n_names;               /* places that people know by name */
    const uint32_t *names;

    const ad_entry       *entries;         /* [n_entries] */
    size_t                n_entries;
    const ad_other_value *others;          /* [n_others] */
    size_t                n_others;
} ad_suspect;

static inline int ad_says_something(const ad_suspect *s, size_t i)
{
    return isfinite(s->claimed[i]) && isfinite(s->exact[i]) && isfinite(s->tolerance[i]);
}

/* Fills in what fits, or AD_CAUSE_UNKNOWN alone. 0: no memory. */
int ad_cause_find(const ad_suspect *suspect, const ad_allocator *allocator, ad_suspicions *findings);
/* Adds a finding in its place; one of the same cause that is likelier stays. */
void ad_suspicions_add(ad_suspicions *findings, ad_cause cause, double rank, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The causes [AD_SUSPICIONS], best first; returns how many. Unknown is no other cause beside a known one. */
size_t ad_suspicions_causes(const ad_suspicions *findings, ad_cause *causes);

#endif
