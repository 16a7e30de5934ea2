/*
 * Remote mode's nouns.
 *
 *     call.c       one call: request, text, answer; what happens when the worker dies
 *     ask.c        what Python asks of the program meanwhile (ask.h: its parts)
 *     process.c    and of the process as a whole
 *     service.c    a thread for what it asks outside of calls
 *     marshal.c    what pointers lead to: staged for the call, changes copied back (marshal.h: its parts)
 *     shared.c     which memory Python sees as it is
 *     regions.c    the program's regions, shown to workers
 *     staging.c    the client's half of the staging area: each channel's own piece
 *     large.c      the same: what does not fit there
 *     check.c      COIL_CHECK: staging that is not used again for long
 *     open.c       a module's first call: session, channel, init code
 *     functions.c  the program's functions, as pointers that both sides can call
 *     callbacks.c  Python's functions, as function pointers of the program
 *     echo.c       what init code prints when it is run twice
 *     channel.c    one thread's channel: acquiring, waiting, giving back
 *     session.c    one attachment to a worker: its window, and its end
 *     heap.c       what Python shares: one mapping per worker, which outlives it
 *     attach.c     the conversation with the daemon that makes a session
 *     standard.c   fds 0 to 2 of a program that has closed them, meanwhile
 *     autostart.c  starting the daemon
 *     oneway.c     one-way calls
 *     unsent.c     those whose worker died
 *     flush.c      waiting for them: coil_flush(), the end of threads and of the program
 *     late.c       calls whose deadline has passed
 */
#ifndef COIL_REMOTE_H
#define COIL_REMOTE_H

#include <sys/types.h>

#include "client/runtime.h"
#include "proto/ring.h"
#include "proto/wait.h"
#include "proto/wire.h"

struct coil_marshal;
struct coil_scope;

/* ---- staging.c ---- */

/* A channel's own piece of the staging area, used as a stack: calls nest. */
struct coil_staging {
    uint64_t base;
    uint32_t size;
    uint32_t used;
    uint32_t populated; /* bytes that are known to have memory behind them */
};

/* A piece of staging memory.  `address` is the same in the worker. */
struct coil_staged {
    unsigned char *address;
    uint64_t size;
    uint32_t mark; /* of the channel's stack before it; UINT32_MAX: from the session's large blocks */
};

/* ---- session.c ---- */
#define COIL_STAGING_PER_CHANNEL 262144u
#define COIL_LARGE_UNIT 65536u
#define COIL_LARGE_UNITS                                                                                               \
    ((uint32_t)((COIL_STAGING_CLIENT_SIZE - (uint64_t)COIL_CHANNELS_MAX * COIL_STAGING_PER_CHANNEL) / COIL_LARGE_UNIT))

enum coil_large_area {
    COIL_LARGE_ANY,
    COIL_LARGE_CHECKED /* told to the worker; comes again as late as possible */
};

struct coil_large_block {
    uint32_t first; /* unit */
    uint32_t units;
    uint32_t channel; /* whose call uses it */
};

/* Which file an fd of ours was: a program may close fds it does not know, and reuse their numbers. */
struct coil_own_fd {
    int fd;
    dev_t device;
    ino_t inode;
};

/* What a worker shares with all its programs: Python's objects.  Guarded by the runtime lock. */
struct coil_heap {
    uint64_t base;
    struct coil_own_fd memory; /* fd -1: the memory is this process's own by now, or zeros */
    unsigned references;       /* sessions; 0: the worker has gone, but the program may still look there */
    uint64_t bytes;            /* of memory behind it, once it is not referenced */
    struct coil_heap *next;
};

/* A region of coil_alloc(), as the session's worker knows it. */
struct coil_session_region {
    uint64_t base;
    bool shown; /* mapped there, too; otherwise what lies in it is staged */
};

struct coil_session {
    uint64_t number;
    uint64_t base;
    uint64_t heap_base;
    struct coil_functions *functions;
    struct coil_heap *heap; /* NULL: its address belongs to a later worker; changed only when this one is dead */
    bool check;             /* COIL_CHECK */
    _Atomic uint32_t max_call_ms; /* the longest that the daemon allows for one of its modules; 0: no bound; relaxed: it
                                     is a number for coil_flush() */
    _Atomic bool
        late_unsaid; /* the daemon is to be told that a deadline has passed; relaxed: whoever sees it says it */
    pid_t worker;
    struct coil_own_fd pidfd;
    struct coil_own_fd socket; /* of `wire` */
    _Atomic bool gone; /* dead, or lost to us; relaxed: only ever becomes true, and only says what looking says again */
    _Atomic int64_t cut_off_ms; /* when it was first seen that the daemon no longer serves it; 0: it does.  Relaxed */
    unsigned references;        /* links and channels; guarded by the runtime lock */
    bool is_private;            /* its worker serves no other program */
    bool is_systems;            /* the system daemon's */
    bool has_service;           /* guarded by the lock of service.c */
    pthread_mutex_t lock;       /* guards what follows */
    struct coil_wire *wire;
    uint64_t requests; /* numbers given to messages */
    uint32_t channel_count;
    struct coil_channel *free_channels;
    struct coil_large_block *large; /* in use, sorted by place */
    size_t large_count;
    uint64_t large_backed[COIL_LARGE_UNITS / 64]; /* one bit per unit: it has memory behind it */
    uint32_t large_backed_count;
    uint32_t large_next;                 /* where the next COIL_LARGE_CHECKED is looked for */
    struct coil_session_region *regions; /* that pointers have led to */
    size_t region_count;
    struct coil_session *next; /* guarded by the runtime lock */
};

/* ---- channel.c ---- */

/* Calls and asks that may be open at once: the last one is an ask that is refused. */
#define COIL_LEVELS_MAX (2 * COIL_DEPTH_MAX + 2)

struct coil_oneway;
struct coil_echo;
struct coil_late;

/* A function pointer that has crossed: calling C from Python mostly means the same one again. */
struct coil_known_function {
    const struct coil_link *link; /* NULL: there is none */
    uint32_t signature;
    uint64_t own;                     /* its address in the program */
    uint64_t shared;                  /* its slot */
    const struct coil_native *native; /* how to call it; NULL: nobody has yet */
};

struct coil_channel {
    struct coil_session *session;
    uint32_t index;
    bool resetting;  /* it is free, but its RESET has not been answered yet */
    bool reset_sent; /* it has been sent: a call that was cancelled, or one-way calls, may stand in the way */
    bool lost;       /* no answer will come to any of the calls that are open */
    bool forked;     /* this process is a child, and the calls that are open are its parent's */
    /*
     * The requests that have not been answered, in turns ours (a call, on the ring of requests) and the worker's (an
     * ask, on the other): where each lies (I4), and, in the lowest bit, of ours whether an ask has come for it, of the
     * worker's whether one-way calls have been made in it.
     */
    uint32_t level_count;
    uint64_t levels[COIL_LEVELS_MAX];
    struct coil_producer requests;
    struct coil_consumer replies;
    const struct coil_control *worker; /* the worker's control block */
    struct coil_spin spin;
    struct coil_staging staging;
    struct coil_check *check;         /* of the call that is being prepared; NULL: pieces are not told to the worker */
    bool is_broken;                   /* the worker has refused a record: the channel ends */
    bool is_service;                  /* its first request is SERVE, which is never answered */
    bool oneway_pending;              /* one-way calls may not have been carried out yet */
    uint32_t oneway_first;            /* pending: the sequence number of the first of them */
    uint32_t oneway_refused;          /* of which the thread knows, in the worker's control block */
    struct coil_oneway *oneway;       /* where they lie; NULL before the first one */
    struct coil_echo *echo;           /* while a module is opened: what is printed; borrowed */
    struct coil_staged environment;   /* what coil.environ() was last answered with */
    struct coil_known_function known; /* the last function pointer that crossed here */
    uint32_t late_count;              /* requests that are open and were given up */
    struct coil_late *late;           /* what they keep; the innermost first */
    struct coil_lent_file *files;     /* of Python's, for C; the innermost call's first */
    struct coil_scope *scopes;        /* calls for which an ask is being carried out, the innermost first */
    struct coil_marshal *marshals;    /* in use, the innermost first */
    struct coil_marshal *spare;       /* for the next call */
    struct coil_channel *next;        /* in the session's free list, or in the thread's list */
};

/* ---- open.c ---- */

/* This thread's channel to the session that has the module open; whatever that takes. */
int coil_remote_channel(struct coil_link *link, struct coil_channel **ret_channel, enum coil_status *ret_status,
                        struct coil_error *error);

/*
 * As coil_remote_channel(), with cancellation held back; and sends first what an earlier worker has not carried out.
 */
int coil_remote_find_slowly(struct coil_link *link, struct coil_channel **ret_channel, enum coil_status *ret_status,
                            struct coil_error *error);

/* This thread's channel to the session that has the module open; opened if need be. */
static inline int coil_remote_find(struct coil_link *link, struct coil_channel **ret_channel,
                                   enum coil_status *ret_status, struct coil_error *error)
{
    struct coil_thread *thread = coil_thread_self;
    struct coil_session *session = atomic_load_explicit(&link->session, memory_order_acquire); /* N */

    if (__builtin_expect(thread && thread->channel && thread->channel->session == session, 1)) {
        *ret_channel = thread->channel;
        return 0;
    }
    return coil_remote_find_slowly(link, ret_channel, ret_status, error);
}

/* Is there a call of this thread that waits for a worker which has died? */
bool coil_remote_is_inside_lost(const struct coil_thread *thread);

/*
 * Before a call finds its way to a worker by any other way than the thread's own channel: 0, or -ESRCH with words if
 * it would be made inside a call whose worker has died.  One-way calls may still lie in that one's ring, and come first.
 */
int coil_remote_check_inside(enum coil_status *ret_status, struct coil_error *error);

/* ---- oneway.c ---- */

/* Queues a one-way call; failures are said.  False: it is too large for that, and is to be sent as an ordinary call. */
bool coil_oneway_call(struct coil_link *link, unsigned function, const void *call);

/* ---- unsent.c ---- */

/* Saves what the worker has not begun from a channel that ends, and says what is lost. */
void coil_unsent_save(struct coil_thread *thread, struct coil_channel *channel);

/*
 * Sends what has been saved, or tells that it is lost.  Not while a call of this thread waits: what that one finds out
 * comes first.  0; -ETIME: the deadline of the call for which they are sent has passed, and the rest stays.
 */
int coil_unsent_send(struct coil_thread *thread);

/* Is there anything that it would send?  Finding a channel may find out that a worker is dead, and save more. */
bool coil_unsent_can_go(const struct coil_thread *thread);

/* Gives up what has been saved, and says `why`; NULL: silently, in a forked child, because it is the parent's. */
void coil_unsent_forget(struct coil_thread *thread, const char *why);

/* ---- echo.c ---- */

struct coil_echo *coil_echo_new(void);         /* NULL: no memory */
void coil_echo_free(struct coil_echo *echo);   /* NULL is ignored, as below */
void coil_echo_repeat(struct coil_echo *echo); /* what is heard from now on is the second attempt */

/* The init code prints.  How many of the bytes have been seen before. */
size_t coil_echo_heard(struct coil_echo *echo, int stream, const char *text, size_t size);

/* ---- attach.c ---- */

/* Does the system daemon come into question?  Not if COIL_SOCKET names another one.  With the attach lock. */
bool coil_attach_may_be_systems(void);

/*
 * Makes a session in which the worker knows the link's module.  With the attach
 * lock.  *ret_status says which kind of failure it was; -ENODEV: the daemon serves no such module, or is not there
 * (COIL_E_NO_DAEMON).
 */
int coil_attach(const struct coil_link *link, bool is_systems, bool is_private, struct coil_session **ret_session,
                enum coil_status *ret_status, struct coil_error *error);

/*
 * Makes the session's worker know one more module.  -EEXIST: it has another one of that name; -ENODEV: as above.  With
 * the attach lock.
 */
int coil_attach_module(struct coil_session *session, struct coil_link *link, enum coil_status *ret_status,
                       struct coil_error *error);

/* ---- standard.c ---- */

/* Numbers 0 to 2, those of them that were free. */
struct coil_standard_fds {
    struct coil_own_fd fds[3];
};

void coil_standard_fds_hold(struct coil_standard_fds *held);
void coil_standard_fds_release(struct coil_standard_fds *held);

/* ---- autostart.c ---- */

/* Starts coild for the socket `path` and waits until it listens.  -EPERM: COIL_AUTOSTART=0. */
int coil_autostart(const char *path, struct coil_error *error); /* -ETIME: within the deadline it has not */

/* ---- session.c ---- */
extern struct coil_session *coil_sessions; /* guarded by the runtime lock */

/*
 * Maps the window and the heap.  Takes `wire` and fds[3], the pidfd, on success, and fds[4], the heap's, if it is set
 * to -1; the other fds stay the caller's.  -EEXIST: the program uses the window's address; -EADDRNOTAVAIL: the heap's.
 */
int coil_session_new(const struct coil_message *attached, int fds[5], struct coil_wire *wire,
                     struct coil_session **ret_session, struct coil_error *error);

/* One more, one less user; the last one unmaps and frees.  With the runtime lock. */
void coil_session_ref(struct coil_session *session);
void coil_session_unref(struct coil_session *session);

/* Has the worker died?  Asks the pidfd, and nothing else. */
bool coil_session_is_dead(struct coil_session *session);

/* Does nobody serve the session any more?  Dead; or the daemon has closed it; or the program has closed our fds. */
bool coil_session_is_cut_off(struct coil_session *session);

/* Has it been cut off for so long that the worker must have noticed?  Then no answer can be waited for. */
bool coil_session_is_lost(struct coil_session *session);

/* Takes over the error values that the worker has published so far, for a call that fails in here.  Without the runtime
 * lock. */
void coil_session_keep_error_values(struct coil_link *link);

/* Takes a dead session's modules away from it, so that their next calls attach anew.  Without the runtime lock. */
void coil_session_retire(struct coil_session *session);

/* Which file an fd is; and whether the fd is still that file. */
struct coil_own_fd coil_own_fd_of(int fd);
bool coil_own_fd_check(const struct coil_own_fd *own_fd);

/* Unmaps and closes, without telling anybody and without its heap: for forked children. */
void coil_session_drop(struct coil_session *session);

static inline bool coil_staging_contains(const struct coil_session *session, uint64_t address)
{
    return address - (session->base + COIL_STAGING_OFFSET) < COIL_STAGING_SIZE;
}

static inline void *coil_session_at(const struct coil_session *session, uint64_t offset)
{
    return (void *)(uintptr_t)(session->base + offset);
}

/* ---- channel.c ---- */

/* The client's end of a channel that the worker has opened.  NULL: no memory. */
struct coil_channel *coil_channel_new(struct coil_session *session, uint32_t index);
void coil_channel_free(struct coil_channel *channel);

/* A channel for a thread that is none of the caller's yet; coil_channel_release() gives it back.  NULL with words. */
struct coil_channel *coil_channel_acquire(struct coil_session *session, struct coil_error *error);

/* This thread's channel of the session, acquired if it has none.  NULL with words. */
struct coil_channel *coil_channel_get(struct coil_session *session, struct coil_error *error);

#define COIL_LEVEL_ASKED UINT64_C(1)
#define COIL_LEVEL_ONEWAY UINT64_C(1)

/* A request is about to be published, for which room has been claimed.  Its answer ends it, or coil_channel_end(). */
static inline void coil_channel_begin(struct coil_channel *channel)
{
    channel->levels[channel->level_count++] = channel->requests.cursor;
}

/* No answer to the request can be waited for any longer. */
static inline void coil_channel_end(struct coil_channel *channel)
{
    channel->level_count--;
}

/*
 * Room for a request of `size` bytes; waits while one-way calls fill the ring.  NULL: *ret_error is what
 * coil_channel_receive() returns.
 */
void *coil_channel_await_room(struct coil_channel *channel, uint32_t size, int *ret_error);
static inline void *coil_channel_claim(struct coil_channel *channel, uint32_t size, int *ret_error)
{
    void *payload = coil_producer_claim(&channel->requests, size);

    return __builtin_expect(payload != NULL, 1) ? payload : coil_channel_await_room(channel, size, ret_error);
}

/*
 * What a failure of coil_channel_claim() or _receive() is to a request that has not begun.  -EAGAIN: the worker died,
 * the next one will do, after coil_channel_lost(); else it cannot be sent.  With words.
 */
int coil_channel_explain(struct coil_channel *channel, int code, enum coil_status *ret_status,
                         struct coil_error *error);

/* Reads what has come while nothing was waited for: text of one-way handlers.  0; -ESRCH: the channel ends; -EPROTO. */
int coil_channel_drain(struct coil_channel *channel);

/* May answers still come?  0; -ESRCH, -ETIMEDOUT, -ETIME as coil_channel_receive(). */
int coil_channel_look(struct coil_channel *channel);

/* Waits until a reply is ready: 0; else as coil_channel_receive(). */
int coil_channel_await(struct coil_channel *channel);

/* As coil_channel_receive(), for any case. */
int coil_channel_receive_any(struct coil_channel *channel, struct coil_header *ret_header, struct coil_scope *scope);

/*
 * Waits for the next reply and copies its header; text is written as it comes.  `scope` is the call that waits.
 * 0; -ESRCH: none will come, and coil_channel_started() says what has begun; -ETIMEDOUT: none
 * will come, and nobody knows what has begun; -ECHILD: this process has been forked meanwhile, and the reply is its
 * parent's; -ETIME: the thread's deadline has passed; -EPROTO.  The reply must be finished with coil_channel_finish(),
 * after its payload has been copied; without one, the request is ended with coil_channel_end().
 */
static inline int coil_channel_receive(struct coil_channel *channel, struct coil_header *ret_header,
                                       struct coil_scope *scope)
{
    if (__builtin_expect(coil_spin_brief(&channel->spin, &channel->replies) &&
                             coil_consumer_header(&channel->replies, ret_header) &&
                             ret_header->kind == COIL_RECORD_RETURN,
                         1))
        return 0;
    return coil_channel_receive_any(channel, ret_header, scope);
}

/* What a COIL_RECORD_FAILED says, copied into `ret_text`. */
const char *coil_channel_words(const struct coil_channel *channel, const struct coil_header *header,
                               char ret_text[COIL_ERROR_TEXT_MAX]);

/* The answer has been copied. */
static inline void coil_channel_finish(struct coil_channel *channel)
{
    coil_consumer_answered(&channel->replies);
    coil_producer_rewind(&channel->requests, channel->levels[--channel->level_count] & ~COIL_LEVEL_ASKED);
    channel->oneway_pending = false; /* they came before */
}

/* Gives a channel back to its session, or frees it if the worker is dead.  It is in no list of the thread any more. */
void coil_channel_release(struct coil_channel *channel);

/* This thread needs its channel no longer. */
void coil_channel_leave(struct coil_channel *channel);

/* Was the handler of this request, the innermost one, entered?  Only when nothing more will come. */
bool coil_channel_started(const struct coil_channel *channel, uint32_t sequence);

/*
 * To a request on this channel of this thread no answer has come: forgets the channel, once no other request is open on
 * it; retires its session, if that is the reason.
 */
void coil_channel_lost(struct coil_channel *channel);

/* ---- ask.c ---- */

/*
 * The ready reply, whose header is `header`, asks for something: carries it out and answers.  `scope` is the call that
 * waits.  0; else as coil_channel_receive().
 */
int coil_ask_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_scope *scope);

/* Answers the ready ask (NULL: the innermost one, which has been taken) that it is not done.  As above. */
int coil_ask_refuse(struct coil_channel *channel, const struct coil_header *header, const char *why);

/* Steps over the ready ask, which is the innermost request now. */
void coil_ask_begin(struct coil_channel *channel, const struct coil_header *header);

/* ---- files.c ---- */

/* Closes the files that were lent for calls further in than the first `level` requests. */
void coil_files_close(struct coil_channel *channel, uint32_t level);

/* ---- process.c ---- */

/* Is this an ask (enum coil_ask) about the process?  Then what is answered: *ret_bytes is freed by the caller with
 * free(). -EINVAL, -ENOMEM and others with words. */
bool coil_process_is_asked(unsigned kind);
int coil_process_answer(struct coil_channel *channel, unsigned kind, unsigned char **ret_bytes, uint32_t *ret_size,
                        struct coil_error *error);

/* Gives back what a channel keeps for such answers. */
void coil_process_forget(struct coil_channel *channel);

/* ---- service.c ---- */

/* Starts the session's service thread, if it has none.  -EAGAIN, -ENOMEM and others with words. */
int coil_service_start(struct coil_session *session, struct coil_error *error);

/* A one-way handler wants it; failures are said. */
void coil_service_want(struct coil_channel *channel);

void coil_service_forget(void); /* in a forked child */

/* ---- heap.c: with the runtime lock ---- */

/*
 * The heap at `base`, mapped; counted.  *fd is taken, and set to -1, if the heap is new here.  -EADDRNOTAVAIL: the
 * program uses its address.
 */
int coil_heap_get(uint64_t base, int *fd, struct coil_heap **ret_heap, struct coil_error *error);

/* One user less.  The memory stays readable; NULL is ignored. */
void coil_heap_put(struct coil_heap *heap);

/* In a forked child: what is there is the child's own from now on. */
void coil_heaps_forget(void);

/* ---- staging.c ---- */

/* Finds the channel's own piece; nothing is used of it yet. */
void coil_staging_init(struct coil_channel *channel);

/* Memory in the staging area.  -ENOMEM with words.  Pieces of one channel are released in reverse order. */
int coil_staging_take(struct coil_channel *channel, uint64_t size, struct coil_staged *ret_staged,
                      struct coil_error *error);

/* Puts memory behind [address, address + size).  -ENOMEM with words; kernels that cannot are trusted to have enough. */
int coil_staging_populate(unsigned char *address, uint64_t size, struct coil_error *error);

/* The same, for pieces that may be released in any order: in whole pages. */
int coil_staging_take_detached(struct coil_channel *channel, uint64_t size, struct coil_staged *ret_staged,
                               struct coil_error *error);
void coil_staging_release(struct coil_channel *channel, const struct coil_staged *staged);

/*
 * Gives back what calls have left behind whose thread was cancelled in them; the worker must have left them, too.
 * With the session's lock.
 */
void coil_staging_reset(struct coil_channel *channel);

/* ---- large.c ---- */

/* Whole units for a call of this channel.  -ENOMEM with words. */
int coil_large_take(struct coil_session *session, uint32_t channel, enum coil_large_area area, uint64_t size,
                    unsigned char **ret_address, struct coil_error *error);
void coil_large_release(struct coil_session *session, const unsigned char *address);

/* What a channel's calls have left behind.  With the session's lock. */
void coil_large_reset(struct coil_session *session, uint32_t channel);

/* ---- check.c ---- */

/* What a checked call has in staging: COIL_CALL_CHECKED. */
struct coil_check {
    unsigned char *zone;       /* small pieces, of this call alone; NULL: not checked */
    struct coil_staging outer; /* the channel's own meanwhile */
    struct coil_checked_range ranges[COIL_CHECKED_RANGES];
};

/* The pieces that are taken from here on, up to coil_check_tell(), are told to the worker.  -ENOMEM with words. */
int coil_check_begin(struct coil_channel *channel, struct coil_check *check, struct coil_error *error);

/* Notes a large piece. */
void coil_check_note(struct coil_check *check, const unsigned char *address, uint64_t size);

/* Writes COIL_CHECKED_SIZE bytes for the request. */
void coil_check_tell(struct coil_channel *channel, const struct coil_check *check, void *payload);

/* The pieces have been released. */
void coil_check_end(struct coil_channel *channel, struct coil_check *check);

/* ---- functions.c ---- */
struct coil_functions;

/* Maps a slot area; `replace`: one that is mapped already.  With the runtime lock, as the next one. */
int coil_functions_map(uint64_t area, bool replace, struct coil_error *error);

/* Makes session->functions, and maps the slots of the session's window. */
int coil_functions_new(struct coil_session *session, struct coil_error *error);
void coil_functions_free(struct coil_functions *functions); /* the area stays mapped; NULL is ignored */

/*
 * The address under which a function of this program can be called on both sides: a slot of the session, with the
 * signature (index in the descriptor's table).  NULL stays NULL; an address that is such a slot, or one of
 * Python's, stays as it is.  -ENOSPC, -ENOMEM with words.
 */
int coil_function_to_shared(struct coil_session *session, const struct coil_link *link, uint32_t signature,
                            uint64_t address, uint64_t *ret_shared, struct coil_error *error);

/*
 * What a shared address that comes from Python is for the program: its own function behind a slot of the session, or a
 * slot of Python's; any other address stays as it is.
 */
uint64_t coil_function_to_own(const struct coil_session *session, uint64_t address);

/* The same as coil_function_to_shared() for the thread that has the channel, which remembers the last one. */
int coil_function_share(struct coil_channel *channel, const struct coil_link *link, uint32_t signature,
                        uint64_t address, uint64_t *ret_shared, struct coil_error *error);

/*
 * The program's function behind a shared address, if it has given that to Python with this signature, and how to call
 * it.  By the thread that has the channel.  -ENOENT, -ENOMEM with words.
 */
int coil_function_find(struct coil_channel *channel, const struct coil_link *link, uint32_t signature, uint64_t address,
                       uint64_t *ret_own, const struct coil_native **ret_native, struct coil_error *error);

/* ---- callbacks.c ---- */

/* Maps the slots behind a heap that is new here.  With the runtime lock. */
int coil_callbacks_map(uint64_t heap, struct coil_error *error);
void coil_callbacks_forget(void); /* in a forked child */

/* Where an empty slot leads: proto/slots.h. */
uint64_t coil_callback_resolve(uint64_t area, uint32_t index);

/* For an address that Python gave the program: a stub's own function, or the address, bound to what it stands for now.
 */
uint64_t coil_callback_to_own(const struct coil_session *session, uint64_t address);

/* The shared address of a function of a stub library; 0: it is no such function. */
uint64_t coil_callback_of_stub(struct coil_session *session, uint64_t address);

/* ---- call.c ---- */

/* Calls a function that Python has made, as coil_remote_call(), but never twice. */
void coil_remote_call_slot(struct coil_link *link, uint32_t signature, struct coil_session *session,
                           const struct coil_slot_entry *entry, const void *call, void *result);

/* ---- marshal.c ---- */

/* Values in a frame: a function's parameters, its result. */
struct coil_group {
    const struct coil_link *link;
    const struct coil_descriptor_value *values;
    uint32_t count;
    /* What lengths are said over: the values from this number on, in this frame of the program.  If one of
       `values` has a length(), the frame is kept until the call has ended. */
    uint32_t first_value;
    const void *arguments;
};

/* The parameters of a function (of either table) whose call frame in the program is `call`. */
static inline struct coil_group coil_group_parameters(const struct coil_link *link,
                                                      const struct coil_descriptor_function *f, const void *call)
{
    return (struct coil_group){ link, coil_image_values(link->image) + f->first_value, f->parameter_count,
                                f->first_value, call };
}

/* Its result. */
static inline struct coil_group coil_group_result(const struct coil_link *link,
                                                  const struct coil_descriptor_function *f, const void *call)
{
    return (struct coil_group){ link, &f->result, f->result.size ? 1u : 0u, f->first_value, call };
}

/*
 * A call that waits for its answer, as the asks that come meanwhile see it.  It lies on the caller's stack.
 * While an ask is carried out it is the first of channel->scopes; asks of calls made meanwhile nest.
 */
struct coil_scope {
    struct coil_scope *outer; /* channel->scopes when it began */
    struct coil_channel *channel;
    const struct coil_link *link;
    struct coil_marshal *marshal; /* what it has in staging; NULL: nothing so far */
    bool is_late;                 /* it was given up, and `late` keeps all that (NULL: nobody, for want of memory) */
    struct coil_late *late;
};

/*
 * Stages everything that the pointers of `own`, a frame of the program, lead to, and writes the staged addresses into
 * `frame`, which is a copy of `own` (write-only).  Once for the arguments of the call; again for what
 * C has given Python during the call (a result, say), which stays staged until the call ends.  -ERANGE: a length is
 * none; -EFAULT: memory cannot be read; -ENOMEM; -ENOSPC; with words.
 */
int coil_marshal_out(struct coil_scope *scope, const struct coil_group *group, const void *own, void *frame,
                     struct coil_error *error);

/*
 * Stages, for the rest of the call, a place of the program itself: the variable `value`, which lies at `own`.  Arrays
 * and structs; what is changed comes back.  An address that Python sees as it is, is returned as it is.  Errors as
 * above.
 */
int coil_marshal_add(struct coil_scope *scope, const struct coil_link *link, const struct coil_descriptor_value *value,
                     void *own, uint64_t *ret_staged, struct coil_error *error);

/*
 * Writes what Python has changed into the program's memory, and makes what both sides see lead there.  `ends`: the call has ended; else C is about
 * to run, and coil_marshal_refresh() follows.  -EFAULT: a pointer that Python stored cannot cross (all the rest has
 * been written); -ENOMEM; with words.
 */
int coil_marshal_back(struct coil_scope *scope, bool ends, struct coil_error *error);

/*
 * Stages again what may have changed while C ran: at the same addresses, and new memory where pointers lead elsewhere
 * now. -EFAULT, -ERANGE: something cannot be followed any more, Python sees NULL there; -ENOMEM; with words.
 */
int coil_marshal_refresh(struct coil_scope *scope, struct coil_error *error);

/* The same for the calls that wait on the channel, all of channel->scopes: around C that runs meanwhile. */
int coil_scopes_back(struct coil_channel *channel, struct coil_error *error);
int coil_scopes_refresh(struct coil_channel *channel, struct coil_error *error);

/* Of an address staged for this call, or one around it, the program's own; any other stays as it is. */
uint64_t coil_marshal_to_own(const struct coil_scope *scope, uint64_t address);

/*
 * The same for all pointers of a frame, a private copy of what the worker has sent; functions included.  Those that lead
 * to memory which both sides see are noted for coil_marshal_back().  -ENOMEM with words.
 */
int coil_marshal_frame_to_own(const struct coil_scope *scope, const struct coil_group *group, void *frame,
                              struct coil_error *error);

/* The same, and at once for what lies behind those, in place: for a frame that C gets.  Errors as coil_marshal_back().
 */
int coil_marshal_lend_frame(const struct coil_scope *scope, const struct coil_group *group, void *frame,
                            struct coil_error *error);

/* Gives back what has been staged for a scope that never ends, when it is much. */
void coil_marshal_trim(struct coil_scope *scope);

/* Gives back what the call has in staging.  Scopes end in reverse order. */
void coil_marshal_deinit(struct coil_scope *scope);

/*
 * Forgets the scopes of a thread that was cancelled in them, with what they had; frees what a channel keeps for its
 * next call.
 */
void coil_marshal_reset(struct coil_channel *channel);

/* ---- late.c ---- */

/*
 * The deadline of the innermost request has passed, and no answer is there.  What the call has in staging is kept until
 * it has been answered: coil_late_keep() adds the rest of it, instead of releasing it.  Then coil_late_leave(), where
 * the request was the `level`th that is open.
 */
void coil_late_begin(struct coil_channel *channel, uint32_t sequence, struct coil_scope *scope);
struct coil_check;
void coil_late_keep(struct coil_scope *scope, const struct coil_staged *frame, const struct coil_staged *result,
                    const struct coil_check *check);
void coil_late_leave(struct coil_channel *channel, uint32_t level);

/* C code has returned that may have left such requests open: waits until only `level` requests are.  As
 * coil_channel_receive(). */
int coil_late_await(struct coil_channel *channel, uint32_t level);

/* The channel is freed, or reset, and all its staging with it. */
void coil_late_free(struct coil_channel *channel);
void coil_late_forget(struct coil_channel *channel);

/* Tells the worker that a deadline has passed in this session; the second one: with the session's lock. */
void coil_late_say(struct coil_session *session);
void coil_late_tell(struct coil_session *session);

/* ---- shared.c ---- */

/* How many bytes from `address` on both sides see at this same address; 0: it is private memory. */
uint64_t coil_shared_room(struct coil_session *session, uint64_t address);

/* ---- regions.c ---- */

/* The same for an address in the range of regions: shows the region to the worker, if that has not been tried. */
uint64_t coil_regions_room(struct coil_session *session, uint64_t address);

#endif
