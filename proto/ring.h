/*
 * The ring: records from one producer to one consumer, over shared memory.
 *
 * A record starts on a cache line and has a header of 24 bytes and a payload;
 * the header and a payload of up to 40 bytes are one line, so that a small call moves one
 * line.  Positions count bytes since the ring's beginning and never wrap; the
 * place in memory is the position modulo the ring's size.
 *
 *      producer's cursor ----v
 *   | CALL 17 | (free) ...              a waiting consumer looks at one word only:
 *     ^---- consumer's cursor           the commit word at its own cursor
 *
 * Invariants:
 *
 *  I1  A record is committed when its commit word equals the sequence number the
 *      consumer expects.  Sequence numbers count records, skip 0, and are never
 *      repeated within 2^32 - 1 records.
 *  I2  Before the producer commits a record, the commit word of the line
 *      behind it is 0, or has been 0 since anything but a commit word was
 *      written there.  So stale payload never looks like a commit word.  The producer remembers in which
 *      lines it has put payload, because writing to a line that the consumer has just read costs as much as
 *      sending a record.
 *  I3  The producer never writes a line the consumer may still read: cursor +
 *      record + one line <= consumed + size.
 *  I4  Rewinding.  A place is used again when both sides know that nothing behind it is still
 *      to be read.  For a request on one ring and its answer on the other that is so, once the
 *      answer has been published, for the place of the answer itself: the answering side publishes
 *      nothing before the asking side's next record, which comes after the answer was read.  And
 *      for the place of the request: what the asking side published behind it (answers to what it was
 *      asked meanwhile, calls nested in those, one-way calls made there) the answering side has read, in
 *      order, before it answered.  So
 *        - the answering side sets its cursor of the request's ring back to the request before it publishes
 *          the answer, and takes back what it has told (`consumed`) of records behind it: the asking side
 *          never sees a `consumed` of before the rewinding;
 *        - each side stays at the answer's place on the answer's ring;
 *        - the asking side, having read the answer, sets its cursor of the request's ring back.
 *      Requests nest, and so does this; a sequence of small calls uses the same two lines for ever,
 *      which stay in the caches.  Nobody answers text, pads and one-way calls: they stay where they are, and the
 *      cursors move on.  A one-way call may write text at any time after it was published, so text may lie unread
 *      behind an ASK in which the program has made one-way calls: such an ASK is not rewound, which
 *      both sides know, because both count the one-way calls of the channel.  Nor is a place to which the ring
 *      has come round since, because what lies there now is somebody's payload (I2); both sides know how
 *      far the records have got.
 *  I5  Neither side trusts the other: the header is copied once, with atomic
 *      loads, and only the copy is judged and used; the size of the copy is checked
 *      against the ring before the payload is copied.
 *  I6  A side never reads what it has written to shared memory; cursors are private.
 *
 *  I7  Whoever sleeps says for which record, and only publishing that very record wakes it: a
 *      stream of records costs one system call for each sleep, however long the sleeper takes to get up.
 *  I8  A producer that dies before it stores the commit word has published nothing: what it
 *      wrote is never read.
 *  I9  Giving up.  The asking side may stop waiting for an answer, and says so with the request's sequence number
 *      (`given_up`), after all that it has published.  From then on it publishes nothing behind that request before
 *      the answer to it has come; only where the answering side itself waits for an answer, RESET may stand in that
 *      one's place.  So the answering side, if it finds there neither and the outermost request given up, may leave
 *      everything without an answer: the next record, at this very place, is RESET.
 *
 *  I10 A ring begins with the memory of its first page, which is all that small synchronous calls ever use (I4).  A producer
 *      that is to go further asks for the rest first, and has no room as long as there is none.  Nobody reads where
 *      no producer has been.
 *
 * Each side is used by one thread at a time.
 */
#ifndef COIL_RING_H
#define COIL_RING_H

#include <stdbool.h>
#include <string.h>

#include "proto/channel.h"
#include "proto/fault.h"

#define COIL_LINE 64u
#define COIL_RECORD_SIZE_MAX 4096u /* header and payload; larger frames lie in staging */

enum coil_record_kind {
    COIL_RECORD_PAD = 1, /* to the end of the ring's memory; the next record starts at its beginning */
    /* requests */
    COIL_RECORD_CALL = 2,  /* function: module slot << 16 | function; payload: the frame, see the flags */
    COIL_RECORD_OPEN = 3,  /* payload: the descriptor's hash */
    COIL_RECORD_RESET = 4, /* the client thread has ended: forget its Python thread state.  Where an ANSWER is waited for,
                              it ended in C code: none comes, to any ask of the channel, and no call of it is answered */
    /* replies */
    COIL_RECORD_RETURN = 5,     /* to CALL: outcome, errno, result */
    COIL_RECORD_OPENED = 6,     /* to OPEN: function: slot << 16; payload: uint32_t offset of the error values */
    COIL_RECORD_FAILED = 7,     /* to OPEN and CALL: outcome: enum coil_record_failure; payload: text */
    COIL_RECORD_RESET_DONE = 8, /* to RESET */
    COIL_RECORD_TEXT = 9,       /* outcome: 1 stdout, 2 stderr; payload: bytes that Python wrote */
    /* the other direction: what Python wants of the program, on the ring for replies; and its answer, on that for
       requests.  They nest: a program that is asked may call, and what it calls may ask. */
    COIL_RECORD_ASK = 10,    /* outcome: enum coil_ask, which says the rest */
    COIL_RECORD_ANSWER = 11, /* outcome: enum coil_answer, errno; payload: the result, or text */
    COIL_RECORD_FLUSH = 12,  /* request: all one-way calls before it have been carried out when it is answered */
    COIL_RECORD_FLUSHED = 13, /* all before have been carried out, or refused */
    COIL_RECORD_SERVE = 14 /* request, never answered: this channel is for what Python threads ask outside of calls */
};

/*
 * What Python can ask the program for.  `function` is module slot << 16 | number in the table named.
 * Payloads that do not fit into a record, and large results, lie in staging as those of calls do (the same flags);
 * the memory is the worker's half of it.
 */
enum coil_ask {
    COIL_ASK_RUN = 1,      /* signatures: run the C function; payload: the frame; answer: the result */
    COIL_ASK_VARIADIC = 2, /* signatures: the same for a variadic one; payload: uint32_t count, the COIL_PRIM_* of each
                              argument beyond the declared ones (COIL_PRIM_COUNT: a pointer) as uint32_t, then the
                              frame (its room rounded up to 8), then 16 bytes for each of those arguments */
    COIL_ASK_READ = 3,     /* variables: answer: its bytes */
    COIL_ASK_WRITE = 4,    /* variables: payload: its bytes */
    COIL_ASK_REFER = 5,    /* variables: answer: uint64_t address of a staged copy that is the variable for the rest of
                              the call */
    COIL_ASK_ADDRESS = 6,  /* signatures: answer: uint64_t address that is callable on both sides */
    COIL_ASK_FUNCTION = 7, /* functions: the same for a function that Python implements */
    COIL_ASK_POINTER = 8,  /* function: module slot << 16 | signature; payload: uint64_t address, then the frame: call what
                              a pointer of the program points to */
    COIL_ASK_SERVICE = 9,  /* start the service thread, if there is none; answer: nothing */
    COIL_ASK_ENVIRON = 10, /* answer: uint64_t address and size of "NAME=value" texts in staging, each with its NUL,
                              until the next answer to this channel */
    COIL_ASK_CWD = 11,     /* answer: the path */
    COIL_ASK_FILE = 12     /* payload: int32_t number of an fd of the worker, or COIL_FILE_*, uint32_t mode (enum
                              coil_file_mode); answer: uint64_t, the program's FILE * for it, closed when the call
                              ends; of asks outside of calls, when the next C function has returned */
};

/* How a FILE is opened for a file of Python's. */
enum coil_file_mode {
    COIL_FILE_READ = 0, /* "r" */
    COIL_FILE_READ_UPDATE = 1,
    COIL_FILE_WRITE = 2, /* "w" */
    COIL_FILE_WRITE_UPDATE = 3,
    COIL_FILE_APPEND = 4, /* "a" */
    COIL_FILE_APPEND_UPDATE = 5,
    COIL_FILE_COUNT = 6
};

/* Instead of an fd of the worker: the program's own. */
#define COIL_FILE_STDOUT (-1)
#define COIL_FILE_STDERR (-2)

enum coil_answer {
    COIL_ANSWER_DONE = 0,
    COIL_ANSWER_REFUSED = 1,  /* payload: text */
    COIL_ANSWER_TOO_DEEP = 2, /* COIL_DEPTH_MAX */
    COIL_ANSWER_POINTER = 3   /* a pointer cannot cross; payload: text */
};

/* How deep calls into Python and C may nest on one thread, in either mode; deeper is an error. */
#define COIL_DEPTH_MAX 250

/* Why a request failed. */
enum coil_record_failure {
    COIL_FAILED_PROTOCOL = 1, /* the request made no sense; the channel is closed */
    COIL_FAILED_INIT = 2,     /* the init code failed; its report has gone before as text */
    COIL_FAILED_CONFLICT = 3, /* another module of this name is open */
    COIL_FAILED_MEMORY = 4,
    COIL_FAILED_POINTER = 5, /* to CALL: a pointer leads to memory that the worker cannot see; the channel stays open */
    COIL_FAILED_PRIVATE = 6, /* to OPEN: the init code needs the program, so it needs a worker of its own */
    COIL_FAILED_FUNCTION = 7, /* to CALL with COIL_CALL_SLOT: Python has dropped the function; the channel stays open */
    COIL_FAILED_REFUSED = 8,  /* to CALL and OPEN: it has killed workers too often; payload: text */
    COIL_FAILED_REGION = 9,   /* to CALL: as _POINTER, but into a region that the worker has not been shown: can be sent
                                 again after that.  function: its place, in COIL_REGION_UNIT from COIL_REGIONS_BEGIN */
    COIL_FAILED_LATE = 10     /* to CALL: it was given up before its handler was entered, so nobody reads this */
};

/* Flags of COIL_RECORD_CALL. */
#define COIL_CALL_STAGED_FRAME 1u  /* the payload starts with the address of the frame, not with the frame */
#define COIL_CALL_STAGED_RESULT 2u /* the payload ends with the address where the result goes */
#define COIL_CALL_ONEWAY 4u        /* nothing answers; the function is COIL_FUNCTION_ONEWAY */
#define COIL_CALL_INLINE 8u        /* with ONEWAY: pointers in the frame are offsets into the payload, 0 is NULL */
#define COIL_CALL_SLOT 16u         /* `slot` is the number of a function that Python made, and `function` is module slot
                                      << 16 | signature */
#define COIL_CALL_CHECKED 32u      /* the payload ends with COIL_CHECKED_RANGES of struct coil_checked_range */

/*
 * COIL_CHECK=1: what the call has in staging, in whole pages; both 0: not used.  Nothing else lies there until the
 * call has been answered, and before it is, the worker makes it inaccessible for itself: whatever Python still has
 * there is a mistake.  A later call that names it again makes it accessible.
 */
struct coil_checked_range {
    uint64_t begin;
    uint64_t end;
};

#define COIL_CHECKED_RANGES 4u
#define COIL_CHECKED_SIZE (COIL_CHECKED_RANGES * (uint32_t)sizeof(struct coil_checked_range))

/* The header as it lies in shared memory.  Written by the producer before the commit word. */
struct coil_record {
    _Atomic uint32_t commit; /* release R in coil_producer_commit, acquire R in coil_consumer_ready */
    _Atomic uint32_t what;   /* kind | flags << 8 | outcome << 16 */
    _Atomic uint32_t size;   /* of the payload, in bytes */
    _Atomic uint32_t function;
    _Atomic int32_t error_number; /* errno */
    _Atomic uint32_t slot; /* CALL with COIL_CALL_SLOT; else 0 */
    unsigned char payload[];
};

static_assert(sizeof(struct coil_record) == 24, "shared layout");
static_assert(offsetof(struct coil_record, payload) == 24, "shared layout");

#define COIL_PAYLOAD_MAX (COIL_RECORD_SIZE_MAX - (uint32_t)sizeof(struct coil_record))

/* The private copy of a header. */
struct coil_header {
    uint8_t kind; /* enum coil_record_kind, unchecked */
    uint8_t flags;
    uint8_t outcome;
    uint32_t size;
    uint32_t function;
    uint32_t slot;
    int32_t error_number;
};

struct coil_producer {
    unsigned char *ring;
    uint64_t cursor;                 /* where the next record goes */
    uint64_t tainted[COIL_RING_SIZE / COIL_LINE / 64]; /* a bit for each line that payload has been put into: I2 */
    uint64_t consumed;               /* the consumer's cursor, as last seen */
    uint64_t high;                   /* the greatest position at which a record has been published */
    uint32_t sequence;               /* of the next record */
    uint32_t claimed;                /* bytes of the record being written */
    uint32_t reach;                  /* I10: how much of the ring has memory */
    bool is_starved;                 /* the rest was asked for in vain */
    const struct coil_control *peer; /* the consumer's block */
};

struct coil_consumer {
    const unsigned char *ring;
    uint64_t cursor;    /* of the record being waited for, or read */
    uint64_t published; /* our `consumed` as the producer sees it */
    uint64_t high;      /* the greatest position at which a record has been read */
    uint32_t sequence;  /* of that record */
    struct coil_control *own;
};

/* `ring` and the control blocks are zero when both sides begin. */
void coil_producer_init(struct coil_producer *producer, void *ring, const struct coil_control *peer);
void coil_consumer_init(struct coil_consumer *consumer, const void *ring, struct coil_control *own);

/* Wakes whoever sleeps on a commit word; any process that maps the ring.  Returns whether there was anyone. */
bool coil_ring_wake(const _Atomic uint32_t *commit);

static inline uint32_t coil_record_bytes(uint32_t payload)
{
    return ((uint32_t)sizeof(struct coil_record) + payload + COIL_LINE - 1) & ~(COIL_LINE - 1);
}

static inline uint32_t coil_sequence_next(uint32_t sequence)
{
    return sequence + 1 ? sequence + 1 : 1;
}

/* memcpy() for frames, which are mostly a few words: not worth a call. */
static inline void coil_frame_copy(void *to, const void *from, size_t size)
{
    if (size - 8 <= 8) { /* 8 to 16 bytes: the first and the last eight */
        uint64_t first, last;

        memcpy(&first, from, 8);
        memcpy(&last, (const char *)from + size - 8, 8);
        memcpy(to, &first, 8);
        memcpy((char *)to + size - 8, &last, 8);
    } else if (size == 4) {
        memcpy(to, from, 4);
    } else if (size) {
        memcpy(to, from, size);
    }
}

/* ---- producer ---- */

static inline struct coil_record *coil_producer_at(const struct coil_producer *p, uint64_t position)
{
    return (struct coil_record *)(void *)(p->ring + (position & (COIL_RING_SIZE - 1)));
}

/* I2: where is it noted whether there is payload in a line, and by which bit? */
static inline uint64_t *coil_producer_taint_word(struct coil_producer *p, uint64_t position)
{
    return &p->tainted[(position & (COIL_RING_SIZE - 1)) / COIL_LINE / 64];
}

static inline uint64_t coil_line_bit(uint64_t position)
{
    return UINT64_C(1) << (position / COIL_LINE % 64);
}

static inline bool coil_producer_is_tainted(struct coil_producer *p, uint64_t position)
{
    return *coil_producer_taint_word(p, position) & coil_line_bit(position);
}

/* I3, for a record of `bytes`.  What the consumer claims is believed only as far as it makes sense. */
static inline bool coil_producer_has_room(struct coil_producer *p, uint32_t bytes)
{
    uint64_t need = p->cursor + bytes + COIL_LINE;

    if (need <= p->consumed + COIL_RING_SIZE)
        return true;
    uint64_t consumed = atomic_load_explicit(&p->peer->consumed, memory_order_acquire); /* C */
    if (consumed > p->cursor)
        return false; /* the consumer has not rewound yet, or lies */
    p->consumed = consumed;
    return need <= p->consumed + COIL_RING_SIZE;
}

/*
 * Room for a record with `size` bytes of payload (<= COIL_PAYLOAD_MAX): where to
 * write the payload, or NULL if the ring is full, or its memory is (`is_starved`).  A pad is written where the
 * ring's memory ends too early.
 */
void *coil_producer_claim_further(struct coil_producer *p, uint32_t size);
static inline void *coil_producer_claim(struct coil_producer *p, uint32_t size)
{
    uint32_t bytes = coil_record_bytes(size);

    if ((p->cursor & (COIL_RING_SIZE - 1)) + bytes + COIL_LINE > p->reach)
        return coil_producer_claim_further(p, size);
    if (!coil_producer_has_room(p, bytes))
        return NULL;
    p->claimed = bytes;
    for (uint64_t line = p->cursor + COIL_LINE; line < p->cursor + bytes; line += COIL_LINE)
        *coil_producer_taint_word(p, line) |= coil_line_bit(line);
    return coil_producer_at(p, p->cursor)->payload;
}

/*
 * Commits the claimed record.  True: the consumer sleeps for it, and must be woken with coil_ring_wake(*ret_commit).
 */
static inline bool coil_producer_commit(struct coil_producer *p, const struct coil_header *header,
                                        const _Atomic uint32_t **ret_commit)
{
    struct coil_record *record = coil_producer_at(p, p->cursor);
    uint64_t next = p->cursor + p->claimed;
    uint32_t sequence = p->sequence;

    atomic_store_explicit(&record->what,
                          (uint32_t)header->kind | (uint32_t)header->flags << 8 | (uint32_t)header->outcome << 16,
                          memory_order_relaxed);
    atomic_store_explicit(&record->size, header->size, memory_order_relaxed);
    atomic_store_explicit(&record->function, header->function, memory_order_relaxed);
    atomic_store_explicit(&record->error_number, header->error_number, memory_order_relaxed);
    atomic_store_explicit(&record->slot, header->slot, memory_order_relaxed);
    if (coil_producer_is_tainted(p, next)) { /* I2 */
        atomic_store_explicit(&coil_producer_at(p, next)->commit, 0, memory_order_relaxed);
        *coil_producer_taint_word(p, next) &= ~coil_line_bit(next);
    }
    COIL_FAULT_RECORD("ring.publish", header->kind);
    /* R: everything above is visible to whoever sees the commit word. */
    atomic_store_explicit(&record->commit, sequence, memory_order_release);
    COIL_FAULT_RECORD("ring.published", header->kind);
    if (p->high < p->cursor)
        p->high = p->cursor;
    p->cursor = next;
    p->sequence = coil_sequence_next(sequence);

    /*
     * W: either the consumer, which has set `sleeping` before its own fence, sees the
     * commit word and does not sleep, or we see that it sleeps for this record and wake it.
     */
    atomic_thread_fence(memory_order_seq_cst);
    *ret_commit = &record->commit;
    return atomic_load_explicit(&p->peer->sleeping, memory_order_relaxed) == sequence; /* I7 */
}

/* Commits the claimed record and wakes the consumer if it sleeps.  Returns the record's sequence number. */
static inline uint32_t coil_producer_publish(struct coil_producer *p, const struct coil_header *header)
{
    uint32_t sequence = p->sequence;
    const _Atomic uint32_t *commit;

    if (coil_producer_commit(p, header, &commit))
        (void)coil_ring_wake(commit);
    return sequence;
}

/* I4: may a place be used again, or has the ring come round to it since?  `high`: the same on both sides. */
static inline bool coil_ring_is_intact(uint64_t position, uint64_t high)
{
    return high + COIL_RECORD_SIZE_MAX <= position + COIL_RING_SIZE;
}

/* I4: back to `position`, when everything behind it has been, or will have been, consumed. */
static inline void coil_producer_rewind(struct coil_producer *p, uint64_t position)
{
    if (!coil_ring_is_intact(position, p->high))
        return;
    p->cursor = position;
    p->consumed = position;
}

/* I4: publishes the claimed record, an answer, whose place the next record will take. */
static inline void coil_producer_answer(struct coil_producer *p, const struct coil_header *header)
{
    uint64_t position = p->cursor;

    (void)coil_producer_publish(p, header);
    p->cursor = position;
    p->consumed = position;
}

/* ---- consumer ---- */

static inline const struct coil_record *coil_consumer_record(const struct coil_consumer *c)
{
    return (const struct coil_record *)(const void *)(c->ring + (c->cursor & (COIL_RING_SIZE - 1)));
}

/* Has the next record been committed? */
static inline bool coil_consumer_ready(const struct coil_consumer *c)
{
    return atomic_load_explicit(&coil_consumer_record(c)->commit, memory_order_acquire) == c->sequence; /* R */
}

/* Copies the header of a ready record.  False: its size cannot be (I5). */
static inline bool coil_consumer_header(const struct coil_consumer *c, struct coil_header *ret_header)
{
    const struct coil_record *record = coil_consumer_record(c);
    uint32_t what = atomic_load_explicit(&record->what, memory_order_relaxed);

    ret_header->kind = (uint8_t)what;
    ret_header->flags = (uint8_t)(what >> 8);
    ret_header->outcome = (uint8_t)(what >> 16);
    ret_header->size = atomic_load_explicit(&record->size, memory_order_relaxed);
    ret_header->function = atomic_load_explicit(&record->function, memory_order_relaxed);
    ret_header->error_number = atomic_load_explicit(&record->error_number, memory_order_relaxed);
    ret_header->slot = atomic_load_explicit(&record->slot, memory_order_relaxed);
    COIL_FAULT_RECORD("ring.seen", ret_header->kind);
    return ret_header->size <= COIL_RING_SIZE - sizeof *record - (c->cursor & (COIL_RING_SIZE - 1));
}

/* The payload of the ready record, `header.size` bytes: copy it before use. */
static inline const void *coil_consumer_payload(const struct coil_consumer *c)
{
    return coil_consumer_record(c)->payload;
}

/* Tells the producer how far we are, if that is news. */
static inline void coil_consumer_tell(struct coil_consumer *c)
{
    if (c->published != c->cursor) {
        atomic_store_explicit(&c->own->consumed, c->cursor, memory_order_release); /* C */
        c->published = c->cursor;
    }
}

/*
 * Tells the producer only if it might run out of room otherwise, or if we have gone back behind what it was told: nearly
 * always that line stays in the producer's cache.  What is held back is less than the room that the largest record needs.
 */
static inline void coil_consumer_keep_up(struct coil_consumer *c)
{
    if (c->cursor - c->published > COIL_RING_SIZE / 4) /* also if it is negative */
        coil_consumer_tell(c);
}

/* Steps over the ready record.  The producer is told by coil_consumer_tell or _keep_up. */
static inline void coil_consumer_advance(struct coil_consumer *c, const struct coil_header *header)
{
    if (c->high < c->cursor)
        c->high = c->cursor;
    c->cursor += coil_record_bytes(header->size);
    c->sequence = coil_sequence_next(c->sequence);
}

/* I4: the ready record is an answer, and has been copied. */
static inline void coil_consumer_answered(struct coil_consumer *c)
{
    if (c->high < c->cursor)
        c->high = c->cursor;
    c->sequence = coil_sequence_next(c->sequence);
    coil_consumer_keep_up(c);
}

/* I9: a record without payload will come here, or, if the ring's memory ends too early, at its beginning; before it
 * has, we leave. */
static inline void coil_consumer_expect(struct coil_consumer *c)
{
    uint64_t position = c->cursor;

    if ((position & (COIL_RING_SIZE - 1)) + coil_record_bytes(0) + COIL_LINE > COIL_RING_SIZE)
        position = (position | (COIL_RING_SIZE - 1)) + 1;
    if (c->high < position)
        c->high = position;
}

/* I4: back to a request, before it is answered. */
static inline void coil_consumer_rewind(struct coil_consumer *c, uint64_t position)
{
    if (coil_ring_is_intact(position, c->high))
        c->cursor = position;
    coil_consumer_keep_up(c);
}

#endif
