/* names.c -- names of variables. Naming appends to a list; the two indexes (by node, by name) are brought up to date
 * when a question is asked, for namings are many and questions few. */
#include "internal.h"

#include <math.h>
#include <string.h>

/* Open addressing: the latest naming of each key, + 1, or 0. The keys are in the list of namings. */
typedef struct index_by {
    ad_block places;                       /* [size] */
    uint32_t size, done;                   /* a power of two; namings entered */
} index_by;

struct ad_names {
    index_by id, name;
};

static ad_named *naming(const ad_tape *tape, uint32_t at) { return (ad_named *)tape->names.base + at; }
static char *text_of(const ad_tape *tape, uint32_t at) { return (char *)tape->text.base + naming(tape, at)->text; }

ad_var ad_name(ad_var v, const char *name)
{
    ad_tape *tape = ad_tape_of(v, "name");
    if (!tape || !name)
        return v;
    size_t length = strlen(name) + 1;
    int roomy = ad_block_grow(&tape->names, &tape->allocator, (tape->n_names + 1) * sizeof(ad_named)) &&
                ad_block_grow(&tape->text, &tape->allocator, tape->n_text + length);
    if (!roomy) {
        ad_fault_memory(tape, "name", "a name");
        return v;
    }
    memcpy((char *)tape->text.base + tape->n_text, name, length);
    *naming(tape, tape->n_names++) = (ad_named){ad_id(v), tape->n_text};
    tape->n_text += length;
    return v;
}

void ad_names_forget(ad_tape *tape)
{
    if (tape->index) {
        ad_block_free(&tape->index->id.places, &tape->allocator);
        ad_block_free(&tape->index->name.places, &tape->allocator);
        ad_resize(&tape->allocator, tape->index, sizeof *tape->index, 0);
    }
    tape->index = NULL;
    tape->n_indexed = 0;
}

/* A name, or (NULL) an id; FNV-1a for the one, Knuth's multiplication for both. */
static uint32_t hash(uint32_t id, const char *name)
{
    uint64_t h = id;
    for (h = name ? UINT64_C(0xcbf29ce484222325) : h; name && *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (uint32_t)((h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static uint32_t *place_of(const ad_tape *tape, const index_by *by, uint32_t id, const char *name)
{
    uint32_t *places = by->places.base, i = hash(id, name);
    for (;; i++) {
        uint32_t *place = &places[i & (by->size - 1)];
        if (!*place || (name ? !strcmp(text_of(tape, *place - 1), name) : naming(tape, *place - 1)->id == id))
            return place;
    }
}

static int make_room(ad_tape *tape, index_by *by)
{
    uint64_t size = by->size ? by->size : 64;
    while (size < 2 * (uint64_t)tape->n_names)
        size *= 2;
    if (size == by->size)
        return 1;
    if (size > UINT32_MAX || !ad_block_grow(&by->places, &tape->allocator, size * sizeof(uint32_t)))
        return 0;
    memset(by->places.base, 0, size * sizeof(uint32_t));
    by->size = (uint32_t)size;
    by->done = 0;
    return 1;
}

/* The index, up to date, or NULL and the fault. */
static const index_by *asked(ad_tape *tape, int by_name, const char *function)
{
    if (!tape->index && (tape->index = ad_resize(&tape->allocator, NULL, 0, sizeof *tape->index)) != NULL)
        *tape->index = (struct ad_names){0};
    index_by *by = !tape->index ? NULL : by_name ? &tape->index->name : &tape->index->id;
    if (!by || !make_room(tape, by)) {
        ad_fault_memory(tape, function, "the index of names");
        return NULL;
    }
    for (; by->done < tape->n_names; by->done++)
        *place_of(tape, by, naming(tape, by->done)->id, by_name ? text_of(tape, by->done) : NULL) = by->done + 1;
    tape->n_indexed = tape->n_names;
    return by;
}

/* The latest naming of a name, or (NULL) of an id; UINT32_MAX: there is none. */
static uint32_t ask(ad_tape *tape, uint32_t id, const char *name, const char *function)
{
    const index_by *by = asked(tape, name != NULL, function);
    return by ? *place_of(tape, by, id, name) - 1 : UINT32_MAX;
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
