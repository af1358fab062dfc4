/* scope.h -- the names that a formula may use: a list with an index. Not installed.
 *
 * A closed scope has the names put into it. One over a tape takes in the tape's names as they are asked for, an open one
 * any name.
 */
#ifndef AUTODIFF_MODEL_SCOPE_H
#define AUTODIFF_MODEL_SCOPE_H

#include "arena.h"
#include "problem_at.h"

enum ad_scope_kind { AD_SCOPE_CLOSED, AD_SCOPE_OPEN, AD_SCOPE_OF_TAPE };

typedef struct ad_scope {
    enum ad_scope_kind kind;
    ad_tape   *tape;               /* of AD_SCOPE_OF_TAPE */
    ad_arena  *arena;              /* where names are kept */
    ad_block   names;              /* const char *[count] */
    size_t     count;
    struct ad_scope_entry *index;
} ad_scope;

enum { AD_NAME_UNKNOWN = -1, AD_NAME_NO_MEMORY = -2 };

/* The place of a name, AD_NAME_UNKNOWN or AD_NAME_NO_MEMORY. */
ptrdiff_t   ad_scope_find(ad_scope *scope, const char *name, size_t length);
/* Its place; it is not there yet. AD_NAME_NO_MEMORY. */
ptrdiff_t   ad_scope_add(ad_scope *scope, const char *name, size_t length);
const char *ad_scope_name(const ad_scope *scope, size_t i);
/* Offers every name. */
void        ad_scope_offer(const ad_scope *scope, ad_nearest *nearest);
/* Gives the index and the list back; the names are the arena's. */
void        ad_scope_free(ad_scope *scope);

#endif
