/* tape.h -- the tape: its life, its errors, inputs, names, marks.
 *
 * A tape owns its nodes, names and adjoints; variables refer to them and own nothing. One tape belongs to one thread at
 * a time; distinct tapes share nothing that one can observe. Strings and arrays passed in are borrowed until the call
 * returns. Every function accepts a NULL tape.
 *
 * Errors wait: the first fault sticks to the tape with a message until ad_tape_reset; what follows is harmless, and the
 * program asks once. A faulty operation yields a plain NaN. NaN and infinity in the numbers are not errors: they flow.
 */
#ifndef AUTODIFF_TAPE_TAPE_H
#define AUTODIFF_TAPE_TAPE_H

#include "variable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ad_tape ad_tape;

typedef enum ad_status {
    AD_OK,
    AD_ERROR_NO_MEMORY,        /* an allocation failed, or there is no tape                                   */
    AD_ERROR_STALE,            /* a variable of before a reset, past a rewind, or of a tape that was freed    */
    AD_ERROR_FOREIGN,          /* a variable of another tape                                                  */
    AD_ERROR_ARGUMENT,         /* an argument out of range, the message says which                            */
    AD_ERROR_LIMIT,            /* more nodes than the tape may hold                                           */
    AD_ERROR_IO,               /* a file cannot be opened, or a stream read or written                        */
    AD_ERROR_DATA,             /* data that are malformed or missing, the message says where                  */
    AD_ERROR_SYNTAX            /* a text that is no formula or no model, the message says where                */
} ad_status;

/** Where a tape takes its memory from. All members NULL: the C library and the system's address space; of what is freed the GNU
 *  library then keeps up to 8 MB for what comes next.
 *
 *  resize   as realloc, told the old size: block NULL makes, new_size 0 frees (and returns NULL).
 *  reserve  bytes of address space, unusable yet; NULL when it cannot be had.
 *  commit   makes [0, bytes) of a reservation usable; returns 0 when it cannot. What was usable stays so.
 *  release  gives a reservation back.
 *
 *  With resize alone, nodes live in blocks that grow by it; no variable minds. user is handed to every call. */
typedef struct ad_allocator {
    void *(*resize)(void *user, void *block, size_t old_size, size_t new_size);
    void *(*reserve)(void *user, size_t bytes);
    int   (*commit)(void *user, void *block, size_t bytes);
    void  (*release)(void *user, void *block, size_t bytes);
    void  *user;
} ad_allocator;

/** Options of a tape; zero members are defaults. `ad_tape_create((ad_tape_options){.node_limit = 1000})`. */
typedef struct ad_tape_options {
    ad_allocator allocator;
    size_t       node_limit;   /* most nodes it may hold; 0 or more than 2^27 - 1 means 2^27 - 1 (134 217 727) */
} ad_tape_options;

/** A new, empty tape, or NULL when there is no memory (or 1023 tapes are alive). Free it with ad_tape_free. */
AD_API ad_tape *ad_tape_new(void);
AD_API ad_tape *ad_tape_create(ad_tape_options options);
/** Frees a tape; its variables are caught when they meet a living one. NULL is legal. */
AD_API void     ad_tape_free(ad_tape *tape);
/** Empties the tape and clears its error; keeps its memory for the next recording. Every variable becomes stale. */
AD_API void     ad_tape_reset(ad_tape *tape);

/** The first error since the tape was made or reset. NULL gives AD_ERROR_NO_MEMORY. */
AD_API ad_status   ad_tape_error(const ad_tape *tape);
/** That error in words: operation, operand, and how to mend it. Never NULL; valid until the tape's next call. */
AD_API const char *ad_tape_error_message(const ad_tape *tape);
/** Nodes on the tape, constants included. */
AD_API size_t ad_tape_size(const ad_tape *tape);
/** Bytes that the tape holds at present: nodes, adjoints, names, lists. */
AD_API size_t ad_tape_memory(const ad_tape *tape);

/** A place to come back to. Valid until the tape is rewound to an older mark, reset or freed. */
typedef struct ad_mark {
    uint64_t serial;
    uint32_t count, slot;
} ad_mark;

AD_API ad_mark ad_tape_mark(ad_tape *tape);
/** Forgets what was recorded since the mark: older variables stay valid, newer ones become stale. A mark may be used
 *  again. A mark that is no longer valid: AD_ERROR_STALE, one of another tape: AD_ERROR_FOREIGN; nothing is forgotten. */
AD_API void    ad_tape_rewind(ad_tape *tape, ad_mark mark);

/** A parameter: a named input, differentiated with respect to. name may be NULL. */
AD_API ad_var ad_param(ad_tape *tape, const char *name, double value);
/** A column: an input with one value per row of the data, given when a recorded function is evaluated. On the tape
 *  itself its value is NaN. */
AD_API ad_var ad_column(ad_tape *tape, const char *name);
/** Names a variable (a copy of the text is kept) and returns it. A variable may be named again; the last name counts,
 *  and so does the last variable of a name. A plain number has no name. */
AD_API ad_var ad_name(ad_var v, const char *name);
/** The name of a variable, or NULL. Valid until the tape is rewound past the naming, reset or freed. */
AD_API const char *ad_name_of(ad_var v);
/** The variable of that name, or a plain NaN when there is none (not an error). A name that was replaced finds nothing. */
AD_API ad_var ad_find(ad_tape *tape, const char *name);

#define AD_VERSION_MAJOR 0
#define AD_VERSION_MINOR 1
#define AD_VERSION_PATCH 0
/** The library's version, "major.minor.patch". */
AD_API const char *ad_version(void);

#ifdef __cplusplus
}
#endif
#endif
