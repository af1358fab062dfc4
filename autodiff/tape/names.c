/* names.c -- names of variables. Naming appends to a list; the two indexes (by node, by name) are brought up to date
 * when a question is asked, for namings are many and questions few. */
#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) ad_resize(allocator, NULL, 0, size)
#define uthash_free(block, size) ad_resize(allocator, block, size, 0)
#define uthash_nonfatal_oom(entry) (failed = 1)

#include "internal.h"

#include <math.h>
#include <string.h>
#include <uthash.h>

/* One entry a key; a later naming of the same key moves `at` on. */
typedef struct entry {
    uint32_t       id, at;                 /* the node, the naming */
    UT_hash_handle hh;
} entry;

struct ad_names {
    entry *by_id, *by_name;
};

static ad_named *naming(const ad_tape *tape, uint32_t at) { return (ad_named *)tape->names.base + at; }
static char *text_of(const ad_tape *tape, uint32_t at) { return (char *)tape->text.base + naming(tape, at)->text; }

ad_var ad_name(ad_var v, const char *name)
{
    ad_tape *tape = ad_tape_of(v, "name");
    if (!tape || !name)
        return v;
    size_t length = strlen(name) + 1;
    const void *names = tape->names.base, *text = tape->text.base;
    int roomy = ad_block_grow(&tape->names, &tape->allocator, (tape->n_names + 1) * sizeof(ad_named)) &&
                ad_block_grow(&tape->text, &tape->allocator, tape->n_text + length);
    if (tape->names.base != names || tape->text.base != text)
        ad_names_forget(tape);             /* the index's keys moved */
    if (!roomy) {
        ad_fault_memory(tape, "name", "a name");
        return v;
    }
    memcpy((char *)tape->text.base + tape->n_text, name, length);
    *naming(tape, tape->n_names++) = (ad_named){ad_id(v), tape->n_text};
    tape->n_text += length;
    return v;
}

static void forget(entry **table, const ad_allocator *allocator)
{
    entry *e, *next;
    HASH_ITER(hh, *table, e, next) {
        HASH_DEL(*table, e);
        ad_resize(allocator, e, sizeof *e, 0);
    }
}

void ad_names_forget(ad_tape *tape)
{
    if (tape->index) {
        forget(&tape->index->by_id, &tape->allocator);
        forget(&tape->index->by_name, &tape->allocator);
        ad_resize(&tape->allocator, tape->index, sizeof *tape->index, 0);
    }
    tape->index = NULL;
    tape->n_indexed = 0;
}

static int note(entry **table, const ad_allocator *allocator, const void *key, size_t size, uint32_t id, uint32_t at)
{
    entry *e;
    int failed = 0;
    HASH_FIND(hh, *table, key, size, e);
    if (e) {
        e->id = id;
        e->at = at;
        return 1;
    }
    if (!(e = ad_resize(allocator, NULL, 0, sizeof *e)))
        return 0;
    *e = (entry){.id = id, .at = at};
    HASH_ADD_KEYPTR(hh, *table, key, size, e);
    if (failed)
        ad_resize(allocator, e, sizeof *e, 0);
    return !failed;
}

static int bring_up_to_date(ad_tape *tape)
{
    const ad_allocator *a = &tape->allocator;
    if (!tape->index) {
        if (!(tape->index = ad_resize(a, NULL, 0, sizeof *tape->index)))
            return 0;
        *tape->index = (struct ad_names){0};
    }
    for (; tape->n_indexed < tape->n_names; tape->n_indexed++) {
        uint32_t at = tape->n_indexed;
        ad_named *n = naming(tape, at);
        if (!note(&tape->index->by_id, a, &n->id, sizeof n->id, n->id, at) ||
            !note(&tape->index->by_name, a, text_of(tape, at), strlen(text_of(tape, at)), n->id, at))
            return 0;
    }
    return 1;
}

/* What the index says of a key, or NULL. */
static const entry *ask(ad_tape *tape, int by_name, const void *key, size_t size, const char *function)
{
    entry *e = NULL;
    if (!bring_up_to_date(tape)) {
        ad_fault_memory(tape, function, "the index of names");
        return NULL;
    }
    HASH_FIND(hh, by_name ? tape->index->by_name : tape->index->by_id, key, size, e);
    return e;
}

const char *ad_name_of(ad_var v)
{
    ad_tape *tape = ad_tape_of(v, "name_of");
    uint32_t id = ad_id(v);
    const entry *e = tape ? ask(tape, 0, &id, sizeof id, "name_of") : NULL;
    return e ? text_of(tape, e->at) : NULL;
}

ad_var ad_find(ad_tape *tape, const char *name)
{
    const entry *e = tape && name ? ask(tape, 1, name, strlen(name), "find") : NULL;
    const entry *its = e ? ask(tape, 0, &e->id, sizeof e->id, "find") : NULL;
    return its && its->at == e->at ? ad_var_at(tape, e->id) : ad_const(NAN);
}
