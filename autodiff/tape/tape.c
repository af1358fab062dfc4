/* tape.c -- the life of a tape: slots, epochs, marks, inputs, errors. Recording is in record.c, names in names.c. */
#include "call.h"
#include "internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* ---- Slots: which tape a link means -------------------------------------------------------------------------- */

/* What no link matches: slot 0 is of no tape, and a plain number's link is all 0. */
#define NO_TAG (UINT64_C(1) << (AD_ID_BITS + AD_SLOT_BITS))
#define R4(x) x, x, x, x
#define R16(x) R4(x), R4(x), R4(x), R4(x)
#define R64(x) R16(x), R16(x), R16(x), R16(x)

/* Heads are never freed: a thread may still hold one in ad_current when another has freed its tape. */
static ad_tape_head  heads[AD_SLOTS], no_tape = {.alive = {R64(NO_TAG)}};
static ad_tape      *tapes[AD_SLOTS];
static atomic_uchar  slot_in_use[AD_SLOTS];
/* These go on from tape to tape, so that what belonged to a freed tape stays dead. Epochs are counted in full here; a
 * link has their low bits. */
static uint64_t      slot_epoch[AD_SLOTS], slot_born[AD_SLOTS], slot_serial[AD_SLOTS];

AD_THREAD_LOCAL ad_tape_head *ad_current = &no_tape;

static unsigned take_slot(void)
{
    for (unsigned slot = 1; slot < AD_SLOTS; slot++) {
        unsigned char unused = 0;
        if (atomic_compare_exchange_strong(&slot_in_use[slot], &unused, 1))
            return slot;
    }
    return 0;
}

static unsigned slot_of(uint64_t link) { return (unsigned)(link >> AD_ID_BITS & (AD_SLOTS - 1)); }
static ad_tape *tape_in(unsigned slot) { return __atomic_load_n(&tapes[slot], __ATOMIC_ACQUIRE); }

/* An epoch's place in a link: its low bits on top, where they index alive[] at once, the others below. */
enum { LOW_BITS = 64 - AD_ALIVE_SHIFT, HIGH_SHIFT = AD_ID_BITS + AD_SLOT_BITS };

static uint64_t tag_of(unsigned slot, uint64_t epoch)
{
    uint64_t high = epoch >> LOW_BITS & ((UINT64_C(1) << (AD_EPOCH_BITS - LOW_BITS)) - 1);
    return epoch << AD_ALIVE_SHIFT | high << HIGH_SHIFT | (uint64_t)slot << AD_ID_BITS;
}

/* The last epoch of the slot that has the bits of a link. */
static uint64_t epoch_of(uint64_t link)
{
    uint64_t now = __atomic_load_n(&slot_epoch[slot_of(link)], __ATOMIC_RELAXED);
    uint64_t bits = (link & ((UINT64_C(1) << AD_ALIVE_SHIFT) - 1)) >> HIGH_SHIFT << LOW_BITS | link >> AD_ALIVE_SHIFT;
    return now - ((now - bits) & ((UINT64_C(1) << AD_EPOCH_BITS) - 1));
}

/* A link from before the slot's present tape was made is of one that was freed. */
ad_tape *ad_tape_in(uint64_t link)
{
    uint64_t born = __atomic_load_n(&slot_born[slot_of(link)], __ATOMIC_RELAXED);
    return (int64_t)(epoch_of(link) - born) >= 0 ? tape_in(slot_of(link)) : NULL;
}

/* ---- Epochs and segments ---------------------------------------------------------------------------------------- */

static ad_segment *segment(const ad_tape *tape, uint32_t i) { return (ad_segment *)tape->segments.base + i; }
static ad_segment *last_segment(const ad_tape *tape) { return segment(tape, tape->n_segments - 1); }

static uint64_t *alive_place(ad_tape *tape, uint64_t tag)
{
    return &tape->head->alive[tag >> AD_ALIVE_SHIFT];
}

static uint32_t segment_of(const ad_tape *tape, uint32_t id)
{
    uint32_t low = 0, high = tape->n_segments;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (segment(tape, middle)->count <= id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

ad_var ad_var_at(const ad_tape *tape, uint32_t id)
{
    return (ad_var){tape->head->values[id], segment(tape, segment_of(tape, id))->tag | id};
}

int ad_is_alive_slowly(ad_tape *tape, uint64_t link)
{
    uint32_t id = (uint32_t)(link & AD_ID_MASK);
    return id < ad_recorded(tape) && segment(tape, segment_of(tape, id))->tag == (link & ~AD_ID_MASK);
}

static int tag_in_use(const ad_tape *tape, uint64_t tag)
{
    for (uint32_t i = 0; i < tape->n_segments; i++)
        if (segment(tape, i)->tag == tag)
            return 1;
    return 0;
}

/* The next epoch. While few epochs are alive it avoids their places, so that every check stays one comparison; with many it
 * does not, for that would wear epochs out. */
enum { FEW = 8 };

static uint64_t next_epoch(ad_tape *tape)
{
    uint64_t epoch = slot_epoch[tape->slot], born = slot_born[tape->slot];
    int tries = tape->n_segments > FEW ? AD_ALIVE : 0;
    int came_round;
    do {
        uint64_t tag = tag_of(tape->slot, ++epoch);
        came_round = (epoch - born) >> AD_EPOCH_BITS && tag_in_use(tape, tag);
        if (*alive_place(tape, tag) == NO_TAG)
            tries = AD_ALIVE;
    } while (++tries < AD_ALIVE || came_round);
    return epoch;
}

static void set_alive(ad_tape *tape, uint64_t tag, uint64_t value)
{
    __atomic_store_n(alive_place(tape, tag), value, __ATOMIC_RELAXED);
}

/* What links find their nodes by, for the next one to be `next`. */
static void place(ad_tape *tape, uint64_t next)
{
    ad_tape_head *head = tape->head;
    const uint64_t tag = next & ~AD_ID_MASK;
    head->values     = tape->values.base;
    head->words      = tape->words.base;
    head->value_of_0 = (uintptr_t)head->values - (uintptr_t)tag * 8;
    head->word_of_0  = (uintptr_t)head->words - (uintptr_t)tag * 8;
    head->next       = next;
    head->end        = tag + tape->room;
}

static void open_epoch(ad_tape *tape, ad_segment *s, uint64_t epoch)
{
    __atomic_store_n(&slot_epoch[tape->slot], epoch, __ATOMIC_RELAXED);
    s->tag = tag_of(tape->slot, epoch);
    place(tape, s->tag | s->count);
    set_alive(tape, s->tag, s->tag);
}

static void close_epoch(ad_tape *tape, const ad_segment *s)
{
    if (*alive_place(tape, s->tag) == s->tag)
        set_alive(tape, s->tag, NO_TAG);
}

static int push_segment(ad_tape *tape)
{
    if (!ad_block_grow(&tape->segments, &tape->allocator, (tape->n_segments + 1) * sizeof(ad_segment)))
        return 0;
    uint64_t epoch = next_epoch(tape);
    ad_segment *s = segment(tape, tape->n_segments++);
    *s = (ad_segment){.serial = ++slot_serial[tape->slot], .count = ad_recorded(tape), .inputs = tape->n_inputs,
                      .names = tape->n_names, .calls = tape->n_calls, .lists = tape->n_lists, .text = tape->n_text};
    open_epoch(tape, s, epoch);
    return 1;
}

/* Forgets everything from the beginning of segment i on; it stays, empty. */
static void cut(ad_tape *tape, uint32_t i)
{
    int had_nodes = ad_recorded(tape) > segment(tape, i)->count;
    while (tape->n_segments > i + 1)
        close_epoch(tape, segment(tape, --tape->n_segments));
    ad_segment *s = segment(tape, i);
    tape->n_inputs   = s->inputs;
    tape->n_lists    = s->lists;
    tape->n_names    = s->names;
    tape->n_text     = s->text;
    ad_calls_cut(tape, s->calls);
    if (tape->leaves > s->count)
        tape->leaves = s->count;
    if (tape->swept > s->count)
        tape->swept = s->count;
    if (tape->n_names < tape->n_indexed)
        ad_names_forget(tape);
    if (had_nodes) {
        close_epoch(tape, s);
        s->tag = NO_TAG;
        open_epoch(tape, s, next_epoch(tape));
    } else {
        place(tape, s->tag | s->count);
        set_alive(tape, s->tag, s->tag);   /* another epoch may have taken its place */
    }
}

ad_mark ad_tape_mark(ad_tape *tape)
{
    if (!tape)
        return (ad_mark){0, 0, 0};
    const ad_segment *s = last_segment(tape);
    if ((s->count != ad_recorded(tape) || s->names != tape->n_names) && !push_segment(tape)) {
        ad_fault_memory(tape, "tape_mark", "the mark");
        return (ad_mark){0, 0, tape->slot};
    }
    return (ad_mark){last_segment(tape)->serial, ad_recorded(tape), tape->slot};
}

void ad_tape_rewind(ad_tape *tape, ad_mark mark)
{
    if (!tape)
        return;
    if (mark.slot && mark.slot != tape->slot) {
        ad_fault(tape, AD_ERROR_FOREIGN, "ad_tape_rewind: the mark is of another tape");
        return;
    }
    uint32_t i = segment_of(tape, mark.count);
    while (i > 0 && segment(tape, i)->serial > mark.serial)
        i--;
    if (segment(tape, i)->serial == mark.serial && segment(tape, i)->count == mark.count)
        cut(tape, i);
    else
        ad_fault(tape, AD_ERROR_STALE, "ad_tape_rewind: the mark is no longer valid: the tape was reset, or rewound to an "
                 "older mark, since; take a new one with ad_tape_mark");
}

/* Another thread may still guess at this head: it must find nothing alive. */
static void clear_head(ad_tape_head *head)
{
    for (int i = 0; i < AD_ALIVE; i++)
        __atomic_store_n(&head->alive[i], NO_TAG, __ATOMIC_RELAXED);
    head->next = head->end = 0;
    head->values = NULL;
    head->words = NULL;
}

/* ---- Life ------------------------------------------------------------------------------------------------------- */

ad_tape *ad_tape_create(ad_tape_options options)
{
    ad_allocator allocator = ad_allocator_complete(options.allocator);
    ad_tape *tape = ad_resize(&allocator, NULL, 0, sizeof *tape);
    if (!tape)
        return NULL;
    memset(tape, 0, sizeof *tape);
    tape->allocator = allocator;
    tape->limit = options.node_limit && options.node_limit < AD_ID_MASK ? (uint32_t)options.node_limit : AD_ID_MASK;
    tape->slot = take_slot();
    tape->head = &heads[tape->slot];
    clear_head(tape->head);
    __atomic_store_n(&slot_born[tape->slot], slot_epoch[tape->slot] + 1, __ATOMIC_RELAXED);
    if (!tape->slot || !push_segment(tape)) {
        ad_tape_free(tape);
        return NULL;
    }
    __atomic_store_n(&tapes[tape->slot], tape, __ATOMIC_RELEASE);
    return tape;
}

ad_tape *ad_tape_new(void) { return ad_tape_create((ad_tape_options){0}); }

void ad_tape_free(ad_tape *tape)
{
    if (!tape)
        return;
    if (tape->slot) {
        clear_head(tape->head);
        if (ad_current == tape->head)
            ad_current = &no_tape;
        __atomic_store_n(&tapes[tape->slot], NULL, __ATOMIC_RELEASE);
        atomic_store(&slot_in_use[tape->slot], 0);
    }
    ad_names_forget(tape);
    ad_calls_cut(tape, 0);
    ad_allocator a = tape->allocator;
    ad_region_free(&tape->values, &a);
    ad_region_free(&tape->words, &a);
    ad_region_free(&tape->adjoints, &a);
    ad_block *blocks[] = {&tape->segments, &tape->inputs, &tape->lists, &tape->names, &tape->text, &tape->saved,
                          &tape->calls};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        ad_block_free(blocks[i], &a);
    ad_resize(&a, tape, sizeof *tape, 0);
}

void ad_tape_reset(ad_tape *tape)
{
    if (!tape)
        return;
    cut(tape, 0);
    segment(tape, 0)->serial = ++slot_serial[tape->slot];
    tape->status = AD_OK;
}

size_t ad_tape_size(const ad_tape *tape) { return tape ? ad_recorded(tape) : 0; }

size_t ad_tape_memory(const ad_tape *tape)
{
    return tape ? sizeof *tape + tape->values.size + tape->words.size + tape->adjoints.size + tape->segments.size + tape->inputs.size
                  + tape->lists.size + tape->names.size + tape->text.size + tape->saved.size + tape->calls.size : 0;
}

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
const char *ad_version(void)
{
    return TEXT(AD_VERSION_MAJOR) "." TEXT(AD_VERSION_MINOR) "." TEXT(AD_VERSION_PATCH);
}

/* ---- Errors ----------------------------------------------------------------------------------------------------- */

ad_status ad_tape_error(const ad_tape *tape) { return tape ? tape->status : AD_ERROR_NO_MEMORY; }

const char *ad_tape_error_message(const ad_tape *tape)
{
    if (!tape)
        return "no tape: ad_tape_new had no memory, or 1023 tapes are alive";
    return tape->status == AD_OK ? "no error" : tape->message;
}

ad_var ad_fault(ad_tape *tape, ad_status status, const char *format, ...)
{
    if (tape)
        tape->faults++;
    if (tape && tape->status == AD_OK) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(tape->message, sizeof tape->message, format, arguments);
        va_end(arguments);
        tape->status = status;
    }
    return ad_const(NAN);
}

ad_var ad_fault_memory(ad_tape *tape, const char *function, const char *what)
{
    return ad_fault(tape, AD_ERROR_NO_MEMORY, "ad_%s: no memory for %s (%u nodes on the tape)", function, what,
                    (unsigned)ad_recorded(tape));
}

int ad_accepts(ad_tape *tape, ad_var v, const char *function, const char *operand)
{
    if (slot_of(v.link) == tape->slot && (ad_living_id(tape->head, v.link) <= AD_ID_MASK || ad_is_alive_slowly(tape, v.link)))
        return 1;
    ad_tape *other = slot_of(v.link) == tape->slot ? NULL : tape_in(slot_of(v.link));
    if (other && (ad_living_id(other->head, v.link) <= AD_ID_MASK || ad_is_alive_slowly(other, v.link)))
        for (int i = 0; i < 2; i++)
            ad_fault(i ? other : tape, AD_ERROR_FOREIGN, "ad_%s: %s (value %g) is on another tape than the other operands; "
                     "record on one tape, or pass its ad_value", function, operand, v.value);
    else
        ad_fault(tape, AD_ERROR_STALE, "ad_%s: %s (value %g) is stale: it was recorded before a reset, past a rewind, or on a "
                 "tape that was freed", function, operand, v.value);
    return 0;
}

ad_tape *ad_tape_of(ad_var v, const char *function)
{
    ad_tape *tape = ad_tape_in(v.link);
    return tape && ad_accepts(tape, v, function, "the variable") ? tape : NULL;
}

int ad_room_for(ad_tape *tape, uint32_t nodes, const char *function)
{
    uint64_t wanted = (uint64_t)ad_recorded(tape) + nodes;
    if (wanted <= tape->room)
        return 1;
    if (wanted > tape->limit) {
        ad_fault(tape, AD_ERROR_LIMIT, "ad_%s: the tape is full: its limit is %u nodes; record term by term with ad_tape_mark, "
                 "ad_accumulate and ad_tape_rewind, or raise node_limit", function, (unsigned)tape->limit);
        return 0;
    }
    size_t most = tape->limit * sizeof(double), bytes = wanted * sizeof(double);
    int grown = ad_region_grow(&tape->values, &tape->allocator, bytes, most) &&
                ad_region_grow(&tape->words, &tape->allocator, bytes, most);
    if (grown) {
        size_t size = tape->values.size < tape->words.size ? tape->values.size : tape->words.size;
        tape->room = size / sizeof(double) < tape->limit ? (uint32_t)(size / sizeof(double)) : tape->limit;
    } else {
        ad_fault_memory(tape, function, "another node");
    }
    place(tape, tape->head->next);         /* a block may have moved, also when the other then has no memory */
    return grown;
}

/* ---- Inputs ----------------------------------------------------------------------------------------------------- */

static ad_var input(ad_tape *tape, enum ad_op op, const char *name, double value, const char *function)
{
    if (!tape)
        return ad_const(NAN);
    if (!ad_room_for(tape, 1, function))
        return ad_const(NAN);
    if (!ad_block_grow(&tape->inputs, &tape->allocator, (tape->n_inputs + 1) * sizeof(uint32_t)))
        return ad_fault_memory(tape, function, "another input");
    ((uint32_t *)tape->inputs.base)[tape->n_inputs] = ad_recorded(tape);
    ad_current = tape->head;
    ad_var v = ad_append(tape->head, (uint64_t)op << AD_OP_SHIFT | tape->n_inputs++, value);
    return name ? ad_name(v, name) : v;
}

ad_var ad_param(ad_tape *tape, const char *name, double value)
{
    return input(tape, AD_OP_PARAM, name, value, "param");
}

ad_var ad_column(ad_tape *tape, const char *name) { return input(tape, AD_OP_COLUMN, name, NAN, "column"); }
