/* names.c -- names of variables. Naming appends to a list; the two indexes (by node, by name) are brought up to date
 * when a question is asked of one, for namings are many and questions few. */
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

/* The entries stand in one block, which is made anew, twice as large, when it is full: 670 000 of them by an allocation each
 * took five times as long. */
typedef struct index_by {
    entry   *table;
    ad_block entries;                      /* [room], n used */
    uint32_t room, n, done;                /* done: namings entered */
} index_by;

struct ad_names {
    index_by id, name;
};

static ad_named *naming(const ad_tape *tape, uint32_t at) { return (ad_named *)tape->names.base + at; }
static char *text_of(const ad_tape *tape, uint32_t at) { return (char *)tape->text.base + naming(tape, at)->text; }

static void empty(index_by *by, const ad_allocator *allocator)
{
    HASH_CLEAR(hh, by->table);
    by->n = by->done = 0;
}

ad_var ad_name(ad_var v, const char *name)
{
    ad_tape *tape = ad_tape_of(v, "name");
    if (!tape || !name)
        return v;
    size_t length = strlen(name) + 1;
    const void *text = tape->text.base;
    int roomy = ad_block_grow(&tape->names, &tape->allocator, (tape->n_names + 1) * sizeof(ad_named)) &&
                ad_block_grow(&tape->text, &tape->allocator, tape->n_text + length);
    if (tape->index && tape->text.base != text)
        empty(&tape->index->name, &tape->allocator);   /* its keys moved */
    if (!roomy) {
        ad_fault_memory(tape, "name", "a name");
        return v;
    }
    memcpy((char *)tape->text.base + tape->n_text, name, length);
    *naming(tape, tape->n_names++) = (ad_named){ad_id(v), tape->n_text};
    tape->n_text += length;
    return v;
}

static void forget(index_by *by, const ad_allocator *allocator)
{
    empty(by, allocator);
    ad_block_free(&by->entries, allocator);
}

void ad_names_forget(ad_tape *tape)
{
    if (tape->index) {
        forget(&tape->index->id, &tape->allocator);
        forget(&tape->index->name, &tape->allocator);
        ad_resize(&tape->allocator, tape->index, sizeof *tape->index, 0);
    }
    tape->index = NULL;
    tape->n_indexed = 0;
}

static int note(index_by *by, const ad_allocator *allocator, const char *name, uint32_t id, uint32_t at)
{
    entry *e;
    int failed = 0;
    if (name)
        HASH_FIND(hh, by->table, name, strlen(name), e);
    else
        HASH_FIND(hh, by->table, &id, sizeof id, e);
    if (e) {
        e->id = id;
        e->at = at;
        return 1;
    }
    e = (entry *)by->entries.base + by->n;
    *e = (entry){.id = id, .at = at};
    if (name)
        HASH_ADD_KEYPTR(hh, by->table, name, strlen(name), e);
    else
        HASH_ADD_KEYPTR(hh, by->table, &e->id, sizeof e->id, e);
    by->n += !failed;
    return !failed;
}

static int bring_up_to_date(ad_tape *tape, index_by *by, int by_name)
{
    if (tape->n_names > by->room) {
        uint64_t room = 2 * (uint64_t)tape->n_names + 64;
        empty(by, &tape->allocator);
        if (room > UINT32_MAX || !ad_block_grow(&by->entries, &tape->allocator, room * sizeof(entry)))
            return 0;
        by->room = (uint32_t)room;
    }
    for (; by->done < tape->n_names; by->done++)
        if (!note(by, &tape->allocator, by_name ? text_of(tape, by->done) : NULL, naming(tape, by->done)->id, by->done))
            return 0;
    return 1;
}

/* The index, up to date, or NULL and the fault. */
static const index_by *asked(ad_tape *tape, int by_name, const char *function)
{
    if (!tape->index && (tape->index = ad_resize(&tape->allocator, NULL, 0, sizeof *tape->index)) != NULL)
        *tape->index = (struct ad_names){0};
    index_by *by = !tape->index ? NULL : by_name ? &tape->index->name : &tape->index->id;
    if (!by || !bring_up_to_date(tape, by, by_name)) {
        ad_fault_memory(tape, function, "the index of names");
        return NULL;
    }
    tape->n_indexed = tape->n_names;
    return by;
}

/* The latest naming of a name, or (NULL) of an id; UINT32_MAX: there is none. */
static uint32_t ask(ad_tape *tape, uint32_t id, const char *name, const char *function)
{
    const index_by *by = asked(tape, name != NULL, function);
    entry *e = NULL;
    if (by && name)
        HASH_FIND(hh, by->table, name, strlen(name), e);
    else if (by)
        HASH_FIND(hh, by->table, &id, sizeof id, e);
    return e ? e->at : UINT32_MAX;
}

void ad_names_of_inputs(const ad_tape *tape, const char **name)
{
    for (uint32_t at = 0; at < tape->n_names; at++) {
        uint32_t id = naming(tape, at)->id;
        uint64_t word = id < ad_recorded(tape) ? tape->head->words[id] : 0;
        if (ad_word_op(word) == AD_OP_PARAM || ad_word_op(word) == AD_OP_COLUMN)
            name[word & ((UINT64_C(1) << AD_OP_SHIFT) - 1)] = text_of(tape, at);
    }
}

const char *ad_name_of(ad_var v)
{
    ad_tape *tape = ad_tape_of(v, "name_of");
    uint32_t at = tape ? ask(tape, ad_id(v), NULL, "name_of") : UINT32_MAX;
    return at == UINT32_MAX ? NULL : text_of(tape, at);
}

ad_var ad_find(ad_tape *tape, const char *name)
{
    uint32_t at = tape && name ? ask(tape, 0, name, "find") : UINT32_MAX;
    if (at == UINT32_MAX)
        return ad_const(NAN);
    uint32_t id = naming(tape, at)->id;
    return ask(tape, id, NULL, "find") == at ? ad_var_at(tape, id) : ad_const(NAN);
}
