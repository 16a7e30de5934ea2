/*
 * The worker's own nouns: sessions, their channels, and the modules.
 *
 *     main.c      starts Python, then serves the link to the supervisor
 *     link.c      the supervisor's messages
 *     preload.c   modules that are opened before any program asks
 *     watch.c     edited files
 *     modules.c   descriptors by hash, open modules by slot
 *     memory.c    the address range and what is mapped into it
 *     functions.c function slots: of Python's functions, and of programs'
 *     heap.c      what Python shares with all programs
 *     blocks.c    what is known of its blocks, if programs are of several users
 *     mirror.c    what such a program has, and Python does not see
 *     loan.c      what is copied between the two for a call
 *     extents.c   which parts of it are in use
 *     shared.c    which memory a program sees
 *     session.c   one client process: its window and its channels
 *     move.c      those that can go on in a newer worker
 *     channel.c   one client thread: a thread that takes records and answers them
 *     call.c      one CALL record: from the ring to the host and back
 *     oneway.c    those that nobody waits for
 *     ask.c       what Python wants of the program: from the host to the ring and back
 *     service.c   the same where no call waits: through a thread of the program's
 *     files.c     lets a program take open files
 *     program.c   sessions as the host sees them
 *     staging.c   the worker's half of a session's staging area
 *     farewell.c  what Python does when a program has gone
 *     text.c      what Python writes, as records
 *     doing.h     what each channel does, for when the process is dead
 *     fatal.c     which of them has ended it
 *     check.c     COIL_CHECK: memory of calls that have ended
 *     running.h   which handlers run, and which of them nobody waits for any more
 *     late.c      what becomes of those
 *     tally.h     counts calls
 *     trace.h     shows them to who watches
 */
#ifndef COIL_WORKER_H
#define COIL_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/host/host.h"
#include "proto/image.h"
#include "proto/message.h"
#include "proto/ring.h"
#include "proto/wait.h"

struct coil_session;
struct coil_running;
struct coil_mirror;
struct coil_loan;
struct coil_channel;

/* The one host of this process; set before the first session comes. */
extern const struct coil_host_api *coil_worker_host;

/* Is it one program's own, now and for ever?  Set before the first session comes. */
extern bool coil_worker_is_private;

/* Does it serve programs of several users (coild --system), so that what they share is their own?  As above. */
extern bool coil_worker_is_system;

/* ---- modules.c: any thread ---- */

/* What is among a function's parameters. */
enum coil_worker_pointers { COIL_POINTERS_NONE = 0, COIL_POINTERS_FUNCTIONS, COIL_POINTERS_ANY };

/* A module this worker knows.  Immortal. */
struct coil_worker_module {
    uint8_t hash[COIL_HASH_SIZE];
    const struct coil_descriptor *image;
    uint32_t slot;
    uint32_t error_values_size; /* bytes of all error values; more than COIL_ERROR_VALUES_SIZE: not published */
    uint32_t *error_values;     /* one per function: offset of its error value among them */
    uint8_t *pointers;          /* one enum coil_worker_pointers per function, which call.c has to check */
    struct coil_host_module *_Atomic host; /* set once it has been opened; release O, acquire O in call.c */
    /* One per function, and one for the init code: why it must not be run; NULL: it may.  Immortal texts.  Release J in
     * modules.c, acquire J in call.c. */
    const char *_Atomic *refusals;
    struct coil_worker_count *count; /* of its calls: tally.h */
};

/* What a module's calls are counted with. */
struct coil_worker_count {
    struct coil_tally *tally; /* the supervisor's memory */
    uint64_t timed_calls;     /* how many calls there had been when one was timed last; with the GIL */
    _Atomic bool is_slow;     /* that one took long: all are timed.  Relaxed: it is a hint */
};

/* ---- tally.c; counting itself is in tally.h ---- */
struct coil_tally;

/* Maps the memory that the supervisor reads.  Once, before the first module.  `fd` stays the caller's. */
int coil_tally_open(int fd, struct coil_error *error);

/* For the module of this slot; free() it.  NULL: no memory. */
struct coil_worker_count *coil_tally_new(uint32_t slot);

/* A timed call has been counted; with the GIL. */
void coil_tally_time(struct coil_worker_count *count, int64_t start_ns);

/* Adds a descriptor (copied) that the supervisor sent.  0 also if it is there already.  -EBADMSG, -ENOMEM, -ENOSPC. */
int coil_modules_add(const uint8_t hash[COIL_HASH_SIZE], const void *image, size_t size, struct coil_error *error);
struct coil_worker_module *coil_modules_find(const uint8_t hash[COIL_HASH_SIZE]);

/* Function `function` (UINT32_MAX: the init code) of a module is refused from now on, with these words; "": no longer.
 * -ENOENT, -ENOMEM. */
int coil_modules_refuse(const uint8_t hash[COIL_HASH_SIZE], uint64_t function, const char *text,
                        struct coil_error *error);

/*
 * Opens the module in the host, with the GIL, and tells the supervisor what became of it, if that is news.  As the
 * host's module_open().  A forked child does not come back.
 */
int coil_modules_open(struct coil_worker_module *module, struct coil_host_module **ret_host, struct coil_error *error);
struct coil_worker_module *coil_modules_slot(uint32_t slot); /* NULL: no such slot */
/* The function that a CALL names, of a module that has been opened.  -EPROTO with words. */
struct coil_worker_function {
    const struct coil_worker_module *module;
    const struct coil_descriptor_function *descriptor;
    struct coil_host_module *host;
    unsigned index;
};
int coil_modules_function(uint32_t id, struct coil_worker_function *ret_function, struct coil_error *error);
struct coil_worker_module *coil_modules_of(const struct coil_host_module *host);

/* ---- memory.c ---- */

/* Reserves COIL_RANGE_BEGIN..END, so that nothing else is ever mapped there.  Once, before Python starts. */
int coil_memory_reserve(struct coil_error *error);

/* Maps a session's window over the reservation: requests read-only, the rest writable, none of it dumped.  `staging` -1:
 * what lies there stays this process's own. */
int coil_memory_map(uint64_t base, int requests, int replies, int staging, struct coil_error *error);

/* Covers a closed session's window with zero pages: stale pointers read zeros. */
void coil_memory_unmap(uint64_t base, bool keep_functions);

/* The same for a region of a program's own memory. */
int coil_memory_map_region(uint64_t base, uint64_t size, int fd, struct coil_error *error);
void coil_memory_unmap_region(uint64_t base, uint64_t size);

/* ---- heap.c ---- */

/* Maps the heap that the supervisor has made.  Once, by the link's thread, before the first session.  `fd` stays the
 * caller's. */
int coil_heap_open(uint64_t base, int fd, struct coil_error *error);

/* How many bytes of it lie from `address` on; 0: it is not there.  Any thread. */
uint64_t coil_heap_room(uint64_t address);

/* In a forked child: makes the heap its own. */
void coil_heap_forked(void);

/* How many blocks of it are in use.  Any thread. */
size_t coil_heap_count(void);

/* The host's callbacks: any thread, with the GIL. */
void *coil_heap_allocate(size_t size);
void *coil_heap_allocate_zeroed(size_t size);
void coil_heap_free(void *memory);
size_t coil_heap_size(void *memory);

/* Where it lies in the heap. */
uint64_t coil_heap_offset(uint64_t address);

/* ---- blocks.c: in a worker for programs of several users ---- */

/* A block of the heap. */
struct coil_heap_block {
    uint64_t begin, size;
    uint64_t owner;                 /* the session it was made for; 0: all */
    uint64_t serial;                /* of no other block */
    struct coil_host_layout layout; /* where its pointers are, which no program may change */
};

int coil_blocks_add(const void *memory, size_t size); /* with the GIL; -ENOMEM */
void coil_blocks_remove(const void *memory);          /* the same */
void coil_blocks_forked(void);                        /* in a forked child */

/* The block in which the address lies; false: none.  Any thread. */
bool coil_blocks_find(uint64_t address, struct coil_heap_block *ret_block);

/* The host's callback. */
void coil_blocks_describe(void *memory, struct coil_host_program *program, const struct coil_host_layout *layout);

/* ---- mirror.c: what a program has where Python has memory of its own; any thread ---- */

/* In a worker for programs of several users; elsewhere a session has none.  The fds stay the caller's. */
int coil_mirror_open(struct coil_session *session, int staging, int heap, struct coil_error *error);
void coil_mirror_close(struct coil_session *session); /* its channels have ended */
void coil_mirror_free(struct coil_session *session);

/* Where the program's bytes at an address of its staging area lie here. */
unsigned char *coil_mirror_at(const struct coil_session *session, uint64_t address);

/* Not 0 ends it. */
typedef int coil_mirror_fn(void *context, uint64_t address, uint64_t size);

/*
 * Copies in those of the bytes, in the client's half of staging, that no call has yet; `taken` is told of each stretch
 * before, and gives it back.  -EBUSY: a call on another channel has some.
 */
int coil_mirror_take(struct coil_channel *channel, uint64_t address, uint64_t size, coil_mirror_fn *taken,
                     void *context);
void coil_mirror_give_back(struct coil_session *session, uint64_t address, uint64_t size);

/* Copies a block of the heap to the program, which may have it from now on. */
int coil_mirror_give(struct coil_session *session, const struct coil_heap_block *block);
/* May the program change the byte at this offset of a block that was made for it? */
bool coil_mirror_is_programs(const struct coil_heap_block *block, uint64_t offset);

bool coil_mirror_has(const struct coil_session *session, const struct coil_heap_block *block);

/* Copies what the program may have changed of a part of a block. */
int coil_mirror_read(struct coil_session *session, const struct coil_heap_block *block, uint64_t address,
                     uint64_t size);

/* ---- extents.c ---- */

/* All of [begin, end) is free.  Once.  -ENOMEM. */
int coil_extents_open(uint64_t begin, uint64_t end);

/* Takes `size` bytes, at `wanted` unless that is 0; whole pages.  0: there are none. */
uint64_t coil_extents_take(uint64_t wanted, uint64_t size, uint64_t alignment);

/* Gives back all or a part of what was taken.  -ENOMEM: it stays taken. */
int coil_extents_give(uint64_t begin, uint64_t size);

/* ---- shared.c: any thread ---- */

/* How many bytes that the program (NULL: every program) sees, too, lie from `address` on. */
uint64_t coil_shared_room(const struct coil_session *session, uint64_t address);

/* The same where the address is the program's word: only what it was given counts as given to it. */
uint64_t coil_shared_room_of(const struct coil_session *session, uint64_t address);

/* Is it the address of an object or function that Python has made, for whomever? */
bool coil_shared_is_pythons(uint64_t address);

/* The host's callback. */
bool coil_shared_is(struct coil_host_program *program, uint64_t address, uint64_t size);

/* ---- session.c ---- */

/* One channel: one client thread.  Used by its own thread, except as noted. */
struct coil_channel {
    struct coil_session *session;
    uint32_t index;
    pthread_t thread;
    struct coil_host_thread *host_thread;
    struct coil_consumer requests;
    struct coil_producer replies;
    struct coil_control *control; /* the worker's block */
    struct coil_spin spin;
    uint32_t doing;            /* as in `control`: doing.h */
    uint64_t calls;            /* the same */
    bool has_gil;              /* between two calls that follow each other closely, too */
    bool broken;               /* the client has been told that it broke the protocol */
    bool abandoned;            /* its client thread has ended in the middle of calls, which are being left */
    unsigned batch;            /* records carried out while others waited for the GIL */
    int64_t turn_ends_ns;      /* when the GIL goes to others who want it, coil_clock_ns() */
    unsigned oneway_depth;     /* one-way handlers that run */
    uint32_t oneway_count;     /* one-way calls carried out, ever: I4 */
    uint32_t oneway_used;      /* bytes of the channel's room for them (proto/window.h) */
    bool oneway_populated;     /* that has memory behind it */
    uint32_t oneway_refused;   /* not carried out, ever */
    uint64_t oneway_dropped;   /* not carried out, because the program has gone */
    bool text_in_log;          /* the program does not read, so text of one-way handlers goes there for now */
    bool serves;               /* it is the service channel */
    struct coil_running *running; /* the innermost handler; changed with the GIL */
    bool deserted;                /* its outermost call was given up, and is being left: I9 */
    uint64_t deserted_at;         /* then: where RESET will be */
    struct coil_loan *loan;    /* what the innermost call has been lent; NULL: no call runs, or no mirror */
    unsigned asks;             /* handlers of this thread that wait for the program, one within the other */
    void *paused;              /* the GIL is given up in such a one: what takes it back */
    _Atomic uint32_t waits_at; /* offset in the ring of the commit word it sleeps on; relaxed: the reaper tries again */
    _Atomic bool ended; /* the thread has left the rings for good; release E in channel.c, acquire E in session.c */
    bool parked;             /* it takes no more records until `standing` says how it goes on; the session's lock */
    uint32_t seen_started;   /* when move.c looked last; the link's thread only */
    struct coil_channel *next;
};

/* What becomes of a session that is open. */
enum coil_session_standing {
    COIL_SESSION_STAYS,
    COIL_SESSION_MOVING, /* it may move: its channels wait between calls */
    COIL_SESSION_MOVED,  /* it does: its channels end, whatever lies in their rings */
    COIL_SESSION_LEAVES  /* its channels end when they have carried out what lies in their rings */
};

#define COIL_SESSION_REGIONS_MAX 64u /* of a session; what lies in others is copied */

/* A region of the program's memory that is mapped here, too. */
struct coil_session_region {
    uint64_t base;
    uint64_t size;
};

/*
 * The host's `struct coil_host_program` is the session: program.c.  It is counted, and outlives its window.
 */
struct coil_session {
    _Atomic unsigned references; /* the sessions' list has one; release and acquire P in program.c */
    uint64_t number;
    struct coil_host_peer peer; /* the program: what never changes of it */
    uint64_t base;
    uint64_t close_request;         /* the message that asked to close; 0: open.  The link's thread only */
    bool is_given_up; /* its handlers have been told to end: late.c.  The link's thread only */
    _Atomic int64_t drain_until_ms; /* closing: when to stop carrying out one-way calls; written before `closing` */
    _Atomic bool closing; /* set by the link's thread, seen by channels between records; relaxed: they are woken until
                             they see it */
    _Atomic unsigned standing; /* enum coil_session_standing, seen by channels between calls only; relaxed, and
                                  MOVING begins and ends with `lock` */
    uint64_t move_request;     /* the message that asked to move; 0: none.  The link's thread only */
    int64_t move_until_ms;     /* its end; the link's thread only */
    _Atomic bool given;        /* the program has been given pointers into the heap; relaxed: it only ever becomes true */
    pthread_mutex_t
        service_lock;           /* held by the thread that uses the rings of the service channel; taken before `lock` */
    int64_t farewell_until_ms;  /* 0: not begun; the link's thread only */
    _Atomic bool farewell_said; /* relaxed: it says nothing about anything else */
    pthread_mutex_t lock;       /* guards what follows */
    struct coil_channel *service;   /* for asks outside of calls; NULL: none yet, or none any more */
    bool service_expected;          /* the program has been asked for it */
    pthread_cond_t service_changed; /* or the session closes, or `standing` has changed */
    uint32_t error_values_used;
    struct {
        struct coil_worker_module *module;
        uint32_t offset; /* of its error values, from the start of that area */
    } * modules;
    size_t module_count;
    struct coil_worker_block *blocks; /* of staging, in use, sorted by offset: staging.c */
    size_t block_count;
    struct coil_session_region regions[COIL_SESSION_REGIONS_MAX]; /* written by the link's thread */
    _Atomic unsigned region_count;       /* release G in coil_session_region, acquire G in coil_session_region_room */
    struct coil_mirror *mirror;          /* NULL: the program is the only user of this worker */
    struct coil_host_pointer **pointers; /* function pointers of the program that Python has called: functions.c */
    size_t pointer_count;
    bool has_ended;                /* there will be no more of them */
    struct coil_channel *channels; /* the link's thread only */
    struct coil_session *next;     /* guarded by the sessions' lock */
};

/* The link's thread.  The fds stay the caller's. */
int coil_session_open(const struct coil_message *message, const int fds[4], struct coil_error *error);
int coil_session_channel(uint64_t number, uint64_t index, struct coil_error *error);

/*
 * Maps a region of the program's memory.  -EADDRINUSE: another session has something there; -ENOSPC: it has
 * COIL_SESSION_REGIONS_MAX.  The link's thread.
 */
int coil_session_region(uint64_t number, uint64_t base, uint64_t size, int fd, struct coil_error *error);

/* How many bytes from `address` on lie in a region that was mapped; 0: none.  Any thread that keeps the session open.
 */
uint64_t coil_session_region_room(const struct coil_session *session, uint64_t address);

/* The one program of a private worker, or NULL.  It stays valid.  Any thread. */
struct coil_host_program *coil_sessions_private(void);

/*
 * Ask a session to end; coil_sessions_reap() says when it has.  Its program has gone; or it lives, and calls that run
 * may end, with all they ask of the program, but no other one begins.  -ENOENT.
 */
int coil_session_drain(uint64_t number, uint64_t request, struct coil_error *error);
int coil_session_move(uint64_t number, uint64_t request, struct coil_error *error); /* or, -EBUSY, why it stays */
int coil_session_close(uint64_t number, uint64_t request, struct coil_error *error);

/*
 * Wakes the channels of closing sessions, and frees one session whose channels have all
 * ended: true, with the request that asked for it.  *ret_closing: whether any is still ending.
 */
bool coil_sessions_reap(uint64_t *ret_request, bool *ret_closing);

/* Calls `look` for each channel that has not ended; true if that has been, once.  It must not take any lock that is
 * held around what sessions do.  Any thread. */
bool coil_sessions_look(bool (*look)(struct coil_channel *channel, int64_t now_ms), int64_t now_ms);

/* Where the session publishes the module's error values, filled with the current ones.  A channel's thread, with the
 * GIL. */
uint32_t coil_session_publish(struct coil_session *session, struct coil_worker_module *module);

/* The host's callback: a function's error value has changed. */
void coil_sessions_error_value(struct coil_host_module *host, unsigned function, const void *value, size_t size);

/* The session whose window is at `base`, counted as a program (program.c); NULL: there is none.  Any thread. */
struct coil_session *coil_session_hold(uint64_t base);

/* All of them, and those to come, may have pointers into the heap.  Any thread. */
void coil_sessions_given(void);
bool coil_session_is_given(const struct coil_session *session);

/* Tells all sessions what a slot of Python's stands for. */
void coil_sessions_function(uint32_t index, uint64_t entry);

/* ---- move.c: the link's thread, except as noted ---- */

/* Tries to move a session of which nobody would notice it; coil_move_look() goes on with that.  -EBUSY with words. */
int coil_move_begin(struct coil_session *session, uint64_t request, struct coil_error *error);

/* True: the move is neither refused nor decided yet.  A session that moves is asked to end; the answer is sent then. */
bool coil_move_look(struct coil_session *session);

/* The session ends in another way. */
void coil_move_cancel(struct coil_session *session);

/* The channel's own thread, between calls and without the GIL: waits for the decision.  enum coil_session_standing. */
unsigned coil_move_park(struct coil_channel *channel);

/* ---- functions.c ---- */

/* Has Python had a function pointer of the program?  With the session's lock. */
bool coil_functions_has_any(const struct coil_session *session);

/* How many functions that Python has made are known to programs.  Any thread. */
uint32_t coil_functions_count(void);

/* Once, before anything is mapped; `slots` is the path of the slots' code. */
int coil_functions_prepare(const char *slots, struct coil_error *error);

/* Maps the slots behind the heap.  Once, by the link's thread, before the first session. */
int coil_functions_open(uint64_t heap, struct coil_error *error);
void coil_functions_forked(void); /* in a forked child */

/* The slots in a session's window: the link's thread. */
int coil_functions_session_open(uint64_t base, struct coil_error *error);
void coil_functions_session_tell(const struct coil_session *session); /* when the session is in the list */
bool coil_functions_session_close(struct coil_session *session);      /* true: the slots must stay mapped */

/* Tells one session what a slot of Python's stands for. */
void coil_functions_tell(const struct coil_session *session, uint32_t index, uint64_t entry);

/* The host's callbacks. */
int coil_function_new(unsigned count, uint64_t *ret_address, uint32_t *ret_slot, struct coil_error *error);
void coil_function_lead(uint32_t slot, uint64_t target);
void coil_function_describe(uint32_t slot, struct coil_host_module *host, bool is_function, unsigned index);
void coil_function_free(uint32_t slot);
void coil_function_own(uint32_t slot, struct coil_host_program *program);

/* Is it the address of a function that Python has made? */
bool coil_function_is_pythons(uint64_t address);

/* May the session's program call the function that Python has made? */
bool coil_function_is_for(const struct coil_session *session, uint32_t slot);

/* Is it the address of a function, of this Python or of the session's program? */
bool coil_function_is_slot(const struct coil_session *session, uint64_t address);

/* ---- channel.c ---- */
#define COIL_CHANNEL_STACK_SIZE ((size_t)8 << 20) /* bytes, whatever limit coild was started with: Python recurses */

int coil_channel_start(struct coil_session *session, uint32_t index, struct coil_channel **ret_channel,
                       struct coil_error *error);

/* Lets it look around, if it waits for a record.  Any thread. */
void coil_channel_wake(const struct coil_channel *channel);

/* Tells the client that it broke the protocol; the channel ends after that.  `what` goes to the log.  The channel's
 * thread. */
void coil_channel_break(struct coil_channel *channel, const char *what);

/* Publishes the answer, for which room has been claimed, to the request at `request_position`: I4. */
void coil_channel_answer(struct coil_channel *channel, uint64_t request_position, const struct coil_header *answer);

/*
 * For a request whose answer nobody waits for: the channel is broken, abandoned or deserted.  -ECANCELED: it ends; 0:
 * it goes on when all such requests have been left.
 */
int coil_channel_drop(struct coil_channel *channel, uint64_t request_position);

static inline bool coil_channel_has_nobody(const struct coil_channel *channel)
{
    return channel->broken || channel->abandoned || channel->deserted;
}

/*
 * Carries out what the client sends, until a record of kind `until` is there, whose header is copied (0: none ends it).
 * 0; -ESRCH: the session is closing, or the channel is closed; -EPROTO, -ECANCELED: the channel is at its end.
 */
int coil_channel_serve(struct coil_channel *channel, unsigned until, struct coil_header *ret_header);

/* Takes the GIL, if the channel has not kept it from its last call. */
void coil_channel_enter(struct coil_channel *channel);

/* Gives it up, if the channel has it. */
void coil_channel_leave(struct coil_channel *channel);

/*
 * True in a child that a handler has made with fork(): the rings belong to the parent, so the child must
 * neither write nor read them.
 */
extern bool coil_worker_forked;
int coil_channel_prepare(void); /* watches for fork(); once, before the first channel */

/* As coil_channel_claim(), for the answer to a request: gives up the GIL rather than wait for the client with it. */
void *coil_channel_claim_answer(struct coil_channel *channel, uint32_t size);

/* As coil_channel_claim(), but NULL as well when the client has read nothing for a while. */
void *coil_channel_claim_patiently(struct coil_channel *channel, uint32_t size);

/* Room for a reply of `size` bytes; waits while the client has not read enough.  NULL: the session is closing. */
void *coil_channel_claim(struct coil_channel *channel, uint32_t size);

/* The same for text.  NULL also when the program has given up the call. */
void *coil_channel_claim_text(struct coil_channel *channel, uint32_t size);

/* ---- call.c: 0; -EPROTO with words for the log; -ECANCELED: the session is closing ---- */
int coil_call_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error);
int coil_open_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error);

/* Ends a child that a handler has forked and that came back from it: its parent answers, and the rings are the
 * parent's. */
void coil_call_child_ends(void);

/* ---- oneway.c: as call.c ---- */
int coil_oneway_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error);

/* ---- ask.c: the host's callback ---- */
int coil_ask(void *caller, struct coil_host_program *program, struct coil_host_ask *ask, struct coil_error *error);

/* On a channel of the program, by the thread that is in its rings; with the GIL.  -ESRCH: without words. */
int coil_ask_on(struct coil_channel *channel, struct coil_host_ask *ask, struct coil_error *error);

/* ---- service.c ---- */

/* The channel's thread: carries out SERVE, which hands over its rings for good.  As call.c. */
int coil_service_park(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error);

/* The session is closing: whoever waits here looks.  Any thread. */
void coil_service_wake(struct coil_session *session);

/* Has the program been asked for its thread?  `expect`: it has now. */
bool coil_service_is_expected(struct coil_session *session, bool expect);

/* Asks where no call waits.  `own`: of the one-way handler that asks, else NULL.  With the GIL.  As coil_ask_on(). */
int coil_service_ask(struct coil_session *session, struct coil_channel *own, struct coil_host_ask *ask,
                     struct coil_error *error);

/* ---- files.c: around an ask for a file ---- */
void coil_files_offer(const struct coil_session *session); /* with the GIL, which it gives up if it has to wait */
void coil_files_withdraw(void);

/* ---- program.c: the host's callbacks; any thread ---- */
struct coil_host_program *coil_program_of(void *caller);
struct coil_host_program *coil_program_ref(struct coil_host_program *program);
void coil_program_unref(struct coil_host_program *program); /* NULL is ignored */
void coil_program_peer(struct coil_host_program *program, struct coil_host_peer *ret_peer);

static inline struct coil_host_program *coil_session_program(struct coil_session *session)
{
    return (struct coil_host_program *)(void *)session;
}

static inline struct coil_session *coil_program_session(struct coil_host_program *program)
{
    return (struct coil_session *)(void *)program;
}

/* ---- farewell.c: the link's thread ---- */

/* Of a session whose channels have all ended: has Python done what it wants to do then?  The first time, it is told. */
bool coil_farewell_is_over(struct coil_session *session);

/* ---- staging.c: a channel's thread ---- */

/* A piece of the worker's half; the address is the same in the client, the bytes lie at coil_mirror_at().  Zero is none.
 */
struct coil_worker_staged {
    unsigned char *address;
    uint64_t size;
};

/* -ENOMEM with words. */
int coil_worker_staging_take(struct coil_session *session, uint64_t size, struct coil_worker_staged *ret_staged,
                             struct coil_error *error);
void coil_worker_staging_release(struct coil_session *session, const struct coil_worker_staged *staged);

/* ---- check.c ---- */

/*
 * A checked call begins: its memory (COIL_CHECKED_RANGES, copied from the request) can be used.  -EPROTO, -ENOMEM with
 * words.
 */
int coil_check_open(const struct coil_session *session, const struct coil_checked_range *ranges,
                    struct coil_error *error);

/* It is about to be answered: whoever uses the memory from here on ends the worker.  The names are kept. */
void coil_check_close(const struct coil_checked_range *ranges, const char *module, const char *function);

/* In a signal handler: if the address lies in memory of a call that has ended, says so on standard error. */
void coil_check_explain(const void *address);

/* ---- fatal.c ---- */
int coil_fatal_prepare(void);                         /* once, before Python starts */
void coil_fatal_thread(struct coil_channel *channel); /* the calling thread serves it; NULL: no longer */

/* ---- text.c: the host's callback ---- */
void coil_text_write(void *caller, enum coil_host_stream stream, const char *text, size_t size);

/* ---- preload.c: the link's thread ---- */

/* Opens a module without any program, on a thread of its own, which answers the request.  -ENOENT, -EAGAIN. */
int coil_preload_start(const uint8_t hash[COIL_HASH_SIZE], uint64_t request, struct coil_error *error);

/* ---- watch.c ---- */

/* From now on the supervisor is told when a file that Python has imported changes.  Once, when Python runs. */
int coil_watch_start(struct coil_error *error);
void coil_watch_imported(void); /* the host's callback */

/* Watches what has been imported so far; a channel's thread, with the GIL. */
void coil_watch_look(void);

/* Has anything changed?  Then the supervisor was told.  Any thread. */
bool coil_watch_has_changed(void);

/* ---- late.c: the link's thread ---- */

/* Once, when Python runs: how long the GIL may be kept from calls that are late. */
int coil_late_prepare(unsigned gil_timeout_ms, struct coil_error *error);

/* Handlers are to end: a program has said that a deadline has passed, or has gone. */
void coil_late_look(bool has_deadline);

/* Has to be called again in so many milliseconds; -1: when coil_late_look() has been. */
int coil_late_tick(void);

/* ---- link.c ---- */

/* Serves the supervisor until it has gone; returns the exit status. */
int coil_link_serve(int fd);

/* Says something to the supervisor, or answers a request with a result and its words; any thread, without waiting. */
void coil_link_say(const struct coil_message *message);
void coil_link_answer(uint64_t request, int result, const struct coil_error *error);

/* Lets the link's thread look around. */
void coil_link_wake(void);

#endif
