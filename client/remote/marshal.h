/*
 * The parts of marshalling, which nobody else sees.
 *
 *     marshal.c         one call's marshalling from its beginning to its end
 *     marshal_walk.c    finds what pointers lead to: blocks
 *     marshal_ranges.c  ranges by address
 *     marshal_place.c   gives blocks their places in staging, and fills them
 *     marshal_back.c    what Python changed, into the program's memory
 *     marshal_own.c     staged addresses back to the program's own
 *     marshal_shared.c  the same, in memory that both sides see
 *     marshal_path.c    how a message names a pointer
 *     reader.c          reading the program's memory without fault
 *     arena.c           private copies
 *
 * A **block** is what one pointer leads to.  Blocks whose memory overlaps lie in one **range**, which is
 * a stretch of the program's memory that has a copy in staging.  Ranges that were staged together lie in
 * one **piece** of staging, ascending in both.
 */
#ifndef COIL_MARSHAL_H
#define COIL_MARSHAL_H

#include <sys/uio.h>

#include "client/remote/remote.h"
#include "proto/places.h"

/* ---- arena.c: memory that is freed all at once.  Zero is empty ---- */
struct coil_chunk;
struct coil_arena {
    struct coil_chunk *chunks; /* the newest first; owned */
};

void *coil_arena_take(struct coil_arena *arena, uint64_t size); /* aligned to 16, not cleared; NULL: no memory */
void coil_arena_clear(struct coil_arena *arena);                /* keeps a little for later */
void coil_arena_deinit(struct coil_arena *arena);

/* ---- reader.c ---- */
#define COIL_READER_BATCH 256u
#define COIL_READER_PAGES 256u /* a power of two */

/* Reads the program's memory, many places at once.  Zero is empty. */
struct coil_reader {
    uint64_t pages[COIL_READER_PAGES]; /* 1 + number of pages that could be read a moment ago */
    struct iovec from[COIL_READER_BATCH];
    struct iovec to[COIL_READER_BATCH];
    bool *failed[COIL_READER_BATCH];
    unsigned count;
};

/*
 * Reads `size` bytes at `from`, now or when the reader is flushed; sets *failed if they cannot be read.
 * All three stay valid until then.
 */
void coil_reader_read(struct coil_reader *reader, const void *from, uint64_t size, void *to, bool *failed);
void coil_reader_flush(struct coil_reader *reader);

/* Can these bytes be read, right now? */
bool coil_reader_can_read(struct coil_reader *reader, const void *from, uint64_t size);

/* Forgets what could be read: the program has run since. */
void coil_reader_forget(struct coil_reader *reader);

/* The size of a string with its NUL.  -EFAULT: it runs into memory that cannot be read; -E2BIG: more than `limit`. */
int coil_reader_string(struct coil_reader *reader, const void *from, uint64_t limit, uint64_t *ret_size);

/*
 * The size of an array of elements of `size` bytes that ends with the first which begins with a null pointer; that
 * one included.  Errors as above.
 */
int coil_reader_to_null(struct coil_reader *reader, const void *from, uint64_t size, uint64_t limit,
                        uint64_t *ret_size);

/* ---- what one call has in staging ---- */

struct coil_range {
    uint64_t own; /* address in the program */
    uint64_t size;
    unsigned char *staged;
    uint32_t blocks;         /* how many blocks of the last filling lie in it */
    unsigned char *snapshot; /* what was put there, to tell changes from; in the arena or a block's copy; may be NULL */
};

struct coil_piece {
    struct coil_piece *older;
    struct coil_staged staged;
    uint32_t count;
    struct coil_range ranges[]; /* do not overlap; ascending by `own` and by `staged` */
};

#define COIL_NO_BLOCK UINT32_MAX

struct coil_block {
    unsigned char *own;
    uint64_t size;
    const struct coil_link *link;
    const struct coil_descriptor_value *value; /* of a pointer that leads here: its name, and its length */
    const void *arguments;                     /* in the program: what its length is said over; may be NULL */
    uint32_t first_value;                      /* the same */
    uint32_t shape;                            /* 1 + index; 0: no pointers in it */
    uint32_t alias_of;                         /* the block whose memory this is another copy of; else COIL_NO_BLOCK */
    uint32_t parent;                           /* the block in which that pointer lies; COIL_NO_BLOCK: a frame */
    bool in;                                   /* what is there is sent; otherwise Python gets zeros */
    bool back;                                 /* changes come back; all of it, if it was not sent */
    bool trusted;                              /* an argument itself: read as any C function would read it */
    bool lost;                                 /* cannot be read */
    uint64_t at;                               /* where in the parent, or in the frame, that pointer lies */
    struct coil_range *range;                  /* NULL: not placed */
    unsigned char *copy;                       /* with a shape: its bytes as they were read; in the arena */
};

/* A pointer that was found, to be written when it is known where it leads. */
struct coil_slot {
    uint32_t block;  /* in which it lies; COIL_NO_BLOCK: a frame */
    uint32_t target; /* the block it leads to; COIL_NO_BLOCK: `value` */
    uint64_t at;     /* offset in its block; address in a frame */
    uint64_t value;
};

/* Memory that both sides see, where a walk of that memory begins. */
struct coil_root {
    const struct coil_link *link;
    uint64_t address, size;
    uint32_t shape;  /* 1 + index */
    bool is_of_call; /* a frame's pointer leads there; else a block's, which may be found again */
};

/* A pointer in such memory, which while C runs holds the program's own address. */
struct coil_lent {
    uint64_t place, staged, own;
};

struct coil_marshal {
    struct coil_marshal *outer; /* in the channel's list */
    struct coil_piece *pieces;  /* the newest first; owned */
    struct coil_block *blocks;  /* owned, as all that follows */
    struct coil_slot *slots;
    uint32_t *order;   /* blocks by address */
    uint32_t *buckets; /* 1 + number of a block, by what identifies it; 0: free */
    uint32_t block_count, block_room;
    uint32_t slot_count, slot_room;
    uint32_t order_room;
    uint32_t bucket_count; /* a power of two, or 0 */
    uint32_t bucket_used;
    struct {
        struct coil_range *range;
        uint64_t reach; /* where the farthest of all up to this one ends */
    } * ranges;         /* of all pieces, by their addresses in the program: marshal_ranges.c */
    uint32_t range_count, range_room;
    struct coil_root *roots;
    struct coil_lent *lent;
    uint32_t root_count, root_room;
    uint32_t lent_count, lent_room;
    const unsigned char *frame; /* the call's arguments in the program; NULL: there are none */
    uint64_t frame_size;
    struct coil_arena arena;
    struct coil_reader *reader; /* NULL: not needed so far */
};

/* ---- marshal_walk.c ---- */

/* What a walk is about. */
struct coil_walk {
    struct coil_marshal *marshal;
    struct coil_session *session;
    const struct coil_group *group; /* the frame it began with; NULL: blocks that were there */
    bool again;                     /* C has run: what cannot be followed is lost, and Python sees NULL */
    bool detached; /* the call is not the channel's innermost one: its staging cannot lie on the stack */
    int result;    /* again: the first such error, with words */
    struct coil_error *error;
};

/* Adds what the pointers of a frame lead to. */
int coil_walk_frame(struct coil_walk *walk, const void *own, void *frame);

/* Adds one block, or finds it if it is there.  Its `value`, `own`, `size` ... are given. */
int coil_walk_add(struct coil_walk *walk, const struct coil_block *block, uint32_t *ret_block);

/* Follows the blocks from number `first` on, level by level. */
int coil_walk_follow(struct coil_walk *walk, uint32_t first);

/* Adds a block, whatever is there. */
int coil_walk_append(struct coil_walk *walk, const struct coil_block *block);

/* Forgets which blocks are there, for coil_walk_add(). */
void coil_walk_forget(struct coil_marshal *marshal);

/* The reader, made if there is none; NULL with words. */
struct coil_reader *coil_marshal_reader(struct coil_marshal *marshal, struct coil_error *error);

/*
 * A block could not be read: -EFAULT with words, or, after C has run, 0 and a walk->result.  Of the call's own
 * arguments nothing is said then: C may have freed them.
 */
int coil_walk_lost(struct coil_walk *walk, uint32_t block);

/* Room in a table for `need` entries of `entry` bytes.  -ENOMEM with words. */
int coil_marshal_grow(void *table, uint32_t *room, uint32_t need, size_t entry, struct coil_error *error);

/* ---- marshal_shared.c ---- */

/* Notes where a pointer leads that crosses as it is.  -ENOMEM with words. */
int coil_shared_note(struct coil_marshal *marshal, const struct coil_root *root, struct coil_error *error);

/*
 * The same for a pointer that Python gives, of a group whose values lie at `group`, and whose lengths are said over
 * `arguments`; nothing if it leads elsewhere.
 */
int coil_shared_note_given(const struct coil_scope *scope, const struct coil_link *link, const struct coil_place *place,
                           const void *arguments, uint64_t address, struct coil_error *error);

/*
 * What is staged for `scope`, and for those around it, becomes the program's own wherever roots lead: of `scope` alone,
 * whose call ends, or of all of them, before C runs.  -EFAULT: a pointer leads to what is staged no longer, and is NULL
 * now; -ENOMEM; with words.
 */
int coil_marshal_lend(const struct coil_scope *scope, bool ends, struct coil_error *error);

/* Python runs again: its own pointers are there as they were. */
void coil_shared_take_back(struct coil_marshal *marshal, struct coil_session *session);

/* ---- marshal_ranges.c ---- */

/* Adds a piece's ranges, whose own addresses are known, to the table.  -ENOMEM with words. */
int coil_ranges_add(struct coil_marshal *marshal, struct coil_piece *piece, struct coil_error *error);

/* A range that contains all of [own, own + size); the newest, if several begin together.  NULL: there is none. */
struct coil_range *coil_ranges_find(const struct coil_marshal *marshal, uint64_t own, uint64_t size);

/* Visits the ranges that overlap it, which may not change meanwhile.  Not 0 ends the visit. */
typedef int coil_range_fn(void *argument, struct coil_range *range);
int coil_ranges_overlapping(const struct coil_marshal *marshal, uint64_t own, uint64_t size, coil_range_fn *fn,
                            void *argument);

/* ---- marshal_place.c ---- */

/* Gives places to the blocks from number `first` on that have none. */
int coil_marshal_place(struct coil_walk *walk, struct coil_channel *channel, uint32_t first);

/*
 * Where memory has grown, or two blocks have become one, older copies of it stay: Python may have pointers to
 * them.  Makes blocks of them, too.  -ENOMEM.
 */
int coil_marshal_keep_copies(struct coil_walk *walk);

/* Fills the places of these blocks, and writes the slots. */
int coil_marshal_fill(struct coil_walk *walk, uint32_t first);

/* Where a block lies in staging, and in its range's snapshot (NULL if there is none). */
static inline unsigned char *coil_block_staged(const struct coil_block *block)
{
    return block->range->staged + ((uint64_t)(uintptr_t)block->own - block->range->own);
}

static inline unsigned char *coil_block_snapshot(const struct coil_block *block)
{
    return block->range->snapshot ? block->range->snapshot + ((uint64_t)(uintptr_t)block->own - block->range->own)
                                  : NULL;
}

/* ---- marshal_path.c ---- */

/*
 * Names the pointer at offset `at` of block `parent` (COIL_NO_BLOCK: of the frame of `group`, which may be NULL) as
 * people would write it: head->next->name, rows[3].text.  Returns `ret_path`.
 */
const char *coil_marshal_path(const struct coil_marshal *marshal, const struct coil_group *group, uint32_t parent,
                              uint64_t at, char ret_path[COIL_PATH_MAX]);

#endif
