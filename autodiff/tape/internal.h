/* internal.h -- the tape as the library's own files see it. Not installed. */
#ifndef AUTODIFF_TAPE_INTERNAL_H
#define AUTODIFF_TAPE_INTERNAL_H

#include "derivatives.h"
#include "memory.h"
#include "tape.h"

#include <string.h>

/* Nodes between two marks share an epoch: rewinding kills whole segments, so liveness is a matter of tags alone. */
typedef struct ad_segment {
    uint64_t tag, serial;
    uint32_t count, inputs, names, calls;  /* sizes when the segment began */
    size_t   lists, text;
} ad_segment;

struct ad_names;                           /* names.c: the two indexes */

typedef struct ad_named {
    uint32_t id;
    size_t   text;                         /* place in the text block */
} ad_named;

struct ad_tape {
    ad_tape_head *head;                    /* what inline recording reads */
    ad_allocator allocator;
    unsigned     slot;
    uint32_t     limit, room;              /* most nodes; nodes that fit without growing */
    ad_region    values, words, adjoints;
    ad_block     segments, inputs, lists, names, text, saved, calls;
    uint32_t     n_segments, n_inputs, n_names, n_calls;
    size_t       n_lists, n_text;
    struct ad_names *index;                /* of the first n_indexed names */
    uint32_t     n_indexed;
    uint64_t     faults;                   /* since it was made, the hidden ones too */
    uint32_t     leaves;                   /* nodes [0, leaves) are known to be leaves */
    uint32_t     swept;                    /* adjoints [0, swept) are of the last sweep */
    ad_status    status;
    char         message[256];
};

/* Nodes on the tape. */
static inline uint32_t ad_recorded(const ad_tape *tape) { return (uint32_t)(tape->head->next & AD_ID_MASK); }
static inline unsigned ad_word_op(uint64_t word) { return (unsigned)(word >> AD_OP_SHIFT); }
static inline uint32_t ad_word_x(uint64_t word) { return (uint32_t)(word >> AD_ID_BITS & AD_ID_MASK); }
static inline uint32_t ad_word_y(uint64_t word) { return (uint32_t)(word & AD_ID_MASK); }
/* The operand list of an n-ary node: its length, then the ids (NA2: x and y in turn). After those of a logsumexp stands, in
 * single precision, what its value lacks. */
static inline const uint32_t *ad_word_list(const ad_tape *tape, uint64_t word)
{
    return (const uint32_t *)tape->lists.base + (word & ((UINT64_C(1) << AD_OP_SHIFT) - 1));
}

static inline void ad_list_keep(uint32_t *place, double lost)
{
    const float kept = (float)lost;
    memcpy(place, &kept, sizeof kept);
}

static inline double ad_list_kept(const uint32_t *place)
{
    float kept;
    memcpy(&kept, place, sizeof kept);
    return kept;
}
static inline uint32_t ad_id(ad_var v) { return (uint32_t)(v.link & AD_ID_MASK); }
static inline int      ad_is_plain(ad_var v) { return v.link == 0; }

/* The tape that a link is or was of, or NULL when that was freed; whether the link is alive is another question. */
ad_tape *ad_tape_in(uint64_t link);
/* The tape that a living variable is on; NULL, with the fault noted, for any other. */
ad_tape *ad_tape_of(ad_var v, const char *function);
/* Whether a variable is on this tape and alive; else notes the fault. `function` is named without its prefix. */
int      ad_accepts(ad_tape *tape, ad_var v, const char *function, const char *operand);
/* The variable of a node. */
ad_var   ad_var_at(const ad_tape *tape, uint32_t id);
int      ad_is_alive_slowly(ad_tape *tape, uint64_t link);
int      ad_room_for(ad_tape *tape, uint32_t nodes, const char *function);
/* Notes a fault unless there is one already. Returns a plain NaN. */
ad_var   ad_fault(ad_tape *tape, ad_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
ad_var   ad_fault_memory(ad_tape *tape, const char *function, const char *what);
void     ad_names_forget(ad_tape *tape);
/* The names of all inputs at once, without an index: name [inputs]; what has none stays as it was. */
void     ad_names_of_inputs(const ad_tape *tape, const char **name);
/* Any row on plain operands or variables, by code; x, y, w as far as the row has them. */
ad_var   ad_record(enum ad_op op, ad_var x, ad_var y, ad_var w);
double   ad_evaluate(enum ad_op op, double x, double y, double w);
/* The id of a constant's node, made when it is not there; more than AD_ID_MASK, with the fault noted, without room. */
uint64_t ad_constant_id(ad_tape *tape, double value, const char *function);

#endif
