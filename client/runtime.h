/*
 * The runtime's own nouns, shared by the client's files.
 *
 *     link.c         a stub library's module, from its first call on
 *     environment.c  what the environment variables say
 *     thread.c       what coil keeps for each thread
 *     deadline.c     how long calls may take
 *     status.c       failures: error value, one line on stderr, coil_last_error()
 *     output.c       Python's text, written with the program's own stdio
 *     process.c      the process's environment and folder, for Python
 *     program.c      the program's C functions and variables, as Python reaches them
 *     memory.h       coil_alloc(): memory that Python sees as it is
 *     available.c    is there memory for something large?
 *     fork.c         what becomes of all this in a forked child
 *     import.c       `import NAME` of a stub library
 *     remote/        carries frames to the daemon's worker
 *     inprocess/     carries frames to a host in this process
 *
 * One call: coil_call() [link.c] -> link->carry, which is coil_remote_call()
 * [remote/call.c] or coil_inprocess_call() [inprocess/inprocess.c], or, before the
 * first call has attached the module, the function that does so [link.c].
 */
#ifndef COIL_RUNTIME_H
#define COIL_RUNTIME_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/coil.h"
#include "client/stub.h"
#include "proto/error.h"
#include "proto/image.h"
#include "proto/native.h"
#include "proto/window.h"

struct coil_link;
struct coil_session;
struct coil_channel;
struct coil_host_api;
struct coil_host_thread;
struct coil_host_module;
struct coil_native;
struct coil_unsent;
struct coil_reader;

typedef void coil_carry_fn(struct coil_link *link, unsigned function, void *call, void *result);

/* What a call needs to know of its function. */
struct coil_client_function {
    uint32_t call_size;
    uint32_t result_size;
    bool plain;           /* nothing to stage: no pointers that Python follows, and small frames */
    bool functions;       /* nothing to stage either: as `plain`, with function pointers among the arguments */
    bool scalar;          /* no pointers at all, neither among the arguments nor in the result */
    bool counted;         /* an array's length is said by other arguments */
    bool counted_inside;  /* or by fields of a struct that the arguments lead to */
    bool result_pointers; /* the result is a pointer, or has some in it */
    bool oneway;          /* nobody waits for it */
    bool inlines;         /* all that it leads to may lie in its record */
    bool ordinary;        /* its arguments say no lengths, it has no limit of its own, and somebody waits for it */
    uint32_t own_ms;      /* its limit, as the declaration or the environment says; 0: none */
    _Atomic uint32_t
        limit_ms; /* the same, as far as the daemon allows; relaxed: an old one is good for one more call */
};

/* A module of this process.  Immortal: made at its first call. */
struct coil_link {
    coil_carry_fn *_Atomic carry;        /* release L in the openers, acquire L in coil_call */
    const struct coil_descriptor *image; /* a copy: the library may be unloaded */
    const struct coil_program *program;  /* the library's own: only while its functions are in use */
    void (**stubs)(void);                /* of `functions`: the library's own; NULL if it does not say */
    struct coil_client_function *functions;
    struct coil_client_function *signatures;
    uint8_t hash[COIL_HASH_SIZE];
    pthread_mutex_t lock;             /* guards opening */
    struct coil_thread *holder;       /* of `lock`; guarded by the runtime lock */
    const struct coil_module *module; /* the library's own, as `program` */
    uint32_t *error_value_offsets;    /* one per function, within `error_values` */
    uint32_t error_values_size;       /* more than COIL_ERROR_VALUES_SIZE: the worker does not publish them */
    unsigned char *error_values;      /* the last ones known; guarded by the runtime lock; what the declaration says
                                         at first */
    struct coil_error failure;        /* why the init code failed; written once, before `carry` says so */

    /* remote: which session has it open, and under which number.  Written under the runtime lock. */
    struct coil_session *_Atomic session; /* release N in remote/open.c, acquire N in remote/call.c */
    _Atomic uint32_t slot;                /* relaxed: written before `session`, read only if that is ours */
    uint32_t error_values_at;             /* offset in the session's area */

    /* While it is being opened: by which thread, on which channel, and whether `slot` is known from what Python has
       asked for.  Changed under the runtime lock; `opener` is relaxed: without the lock what matters is whether it is
       the thread that looks. */
    struct coil_thread *_Atomic opener;
    struct coil_channel *opening_channel;
    bool opening_slot_known;
    struct coil_native **natives; /* of `signatures`, made when needed; guarded by a lock of program.c */

    struct coil_host_module *host_module; /* in-process */
    uint32_t max_call_ms;                 /* what the daemon allows its calls; 0: no bound; guarded by `lock` */
    bool needs_private;                   /* its init code needs the program; guarded by `lock` */
    _Atomic bool imported;  /* by a Python in this process, which is then the one that runs it; relaxed: set once */
    struct coil_link *next; /* guarded by the runtime lock */
};

/* ---- link.c ---- */
extern pthread_mutex_t coil_attach_lock;  /* held while attaching, which may take long; taken before the next one */
extern pthread_mutex_t coil_runtime_lock; /* guards the lists of links and sessions; never held for long */
extern struct coil_link *coil_links;

coil_carry_fn coil_link_carry_unopened; /* opens, then carries */
coil_carry_fn coil_link_carry_failed;   /* the init code has failed in this process */

/* The name of a function, as declared. */
const char *coil_link_function_name(const struct coil_link *link, unsigned function);

/* The module's link, made if there is none.  NULL: no memory, or a damaged descriptor (said on stderr). */
struct coil_link *coil_link_of(struct coil_module *module);

/* Are the lengths that the arguments say lengths?  For calls that nobody has to marshal.  -ERANGE. */
int coil_link_check_lengths(const struct coil_link *link, unsigned function, const void *call,
                            struct coil_error *error);

/* ---- environment.c ---- */
enum coil_mode { COIL_MODE_DAEMON, COIL_MODE_INPROCESS };

/* Do COIL_AUTOSTART, COIL_CHECK and COIL_ON_ERROR say something?  -EINVAL with words. */
int coil_environment_validate(struct coil_error *error);

/* What COIL_MODE says; in a worker always in-process.  -EINVAL with words. */
int coil_environment_mode(enum coil_mode *ret_mode, struct coil_error *error);

/* Is this process one of the daemon's workers? */
bool coil_environment_is_worker(void);

/* What COIL_INTERPRETER says.  -EINVAL with words. */
int coil_environment_interpreter(bool *ret_private, struct coil_error *error);

/* COIL_PYTHON as an absolute path; *ret_python is NULL if it is not set.  Freed by the caller.  -ENOENT. */
int coil_environment_python(char **ret_python, struct coil_error *error);

/* COIL_CHECK: is what Python does with memory that was lent to it to be checked? */
bool coil_environment_check(void);

/*
 * The interpreter's environment as the worker's key: python ("" if there is none in PATH) and PYTHON*=..., sorted.  Of
 * a private worker all variables, and the current folder ("" if there is none).
 */
struct coil_environment {
    char *python;
    char *cwd;
    char **variables; /* NULL-terminated */
};
int coil_environment_key(bool is_private, struct coil_environment *ret_environment, struct coil_error *error);
void coil_environment_deinit(struct coil_environment *environment);

/* Why the process may have no daemon of its own, as the subject of a sentence; NULL: it may. */
const char *coil_environment_disowned(void);

/* What COIL_TIMEOUT_MS says; 0: calls have no deadline.  What makes no sense is said on stderr, once. */
uint32_t coil_environment_timeout(void);

/* ---- deadline.c ---- */

/* A thread's. */
struct coil_deadline {
    int64_t end_ms;      /* nothing is waited for beyond it (coil_clock_ms); 0: no deadline */
    uint32_t limit_ms;   /* from which it was made */
    uint32_t pending_ms; /* a limit that becomes a deadline when the thread begins to wait; 0: none */
};

/* A call with a limit begins (0: with what the calls around it leave); it ends with coil_deadline_leave(). */
void coil_deadline_enter(struct coil_deadline *ret_outer, uint32_t limit_ms);
void coil_deadline_leave(const struct coil_deadline *outer);

void coil_deadline_begin(struct coil_deadline *deadline);
bool coil_deadline_has_passed(void);

/* How long to wait, which would be for `most_ms`; at least a millisecond. */
int coil_deadline_cut(int most_ms);

/* Locks, within the deadline: 0, -ETIME. */
int coil_deadline_lock(pthread_mutex_t *mutex);

/* -ETIME with words. */
int coil_deadline_explain(enum coil_status *ret_status, struct coil_error *error, const char *meanwhile);

/* From now on no function of the module has a limit beyond `max_ms` (0: there is no such bound). */
void coil_deadline_cap(struct coil_link *link, uint32_t max_ms);

/* What a daemon says of it. */
static inline uint32_t coil_deadline_of(uint64_t max_ms)
{
    return max_ms < UINT32_MAX ? (uint32_t)max_ms : UINT32_MAX;
}

/* Of two limits, of which 0 is none. */
static inline uint32_t coil_deadline_shorter(uint32_t a, uint32_t b)
{
    return a && (!b || a < b) ? a : b;
}

/* ---- policy.c ---- */

/* May Python run in this process?  -EPERM: the machine's administrator says no; others: that cannot be told; with words. */
int coil_policy_check(struct coil_error *error);

/* The same, by the files at `path` and in the folder of its name with ".d". */
int coil_policy_read(const char *path, struct coil_error *error);

/* ---- thread.c ---- */
struct coil_thread {
    struct coil_thread *next, *previous; /* in the list of all */
    struct coil_channel *channel;        /* the one used last; the first of `channels` to look at */
    struct coil_channel *channels;       /* one per session this thread has called through */
    struct coil_host_thread *host_thread;
    struct coil_reader *reader;  /* in-process: for lengths in structs; owned, NULL before the first */
    int cancel_state;            /* in-process: what the thread's was before it went into Python */
    struct coil_link *link;      /* whose call is under way, the innermost one */
    struct coil_link *waits_for; /* whose `lock`; guarded by the runtime lock */
    unsigned depth;              /* how many C functions Python has called on this thread that have not returned yet */
    struct coil_error error;
    int status;                     /* enum coil_status of the last call */
    char *environment;              /* in-process: what coil.environ() was last answered with; owned */
    struct coil_deadline deadline;  /* of the call under way, the innermost one */
    struct coil_unsent *unsent;     /* one-way calls whose worker died before they began; owned */
    int oneway_lost;                /* enum coil_status: some are lost, since the last coil_flush(); 0: none */
    struct coil_error oneway_error; /* the last of them */
};

#define COIL_CANCEL_UNTOUCHED (-1) /* cancel_state: it is what it was */

extern _Thread_local struct coil_thread *coil_thread_self; /* NULL before the first call */
struct coil_thread *coil_thread_get(void);                 /* NULL: no memory */

/* This thread waits from here on: its limit becomes a deadline. */
static inline void coil_deadline_start(void)
{
    if (coil_thread_self && coil_thread_self->deadline.pending_ms)
        coil_deadline_begin(&coil_thread_self->deadline);
}

/* ---- status.c ---- */

/* Ends a failed call: fills `result` with the error value, remembers why, says so in one line on stderr. */
void coil_status_fail(struct coil_link *link, unsigned function, void *result, enum coil_status status,
                      const struct coil_error *error);

/* The same for a call through a function pointer with this signature. */
void coil_status_fail_pointer(struct coil_link *link, uint32_t signature, void *result, enum coil_status status,
                              const struct coil_error *error);

/* The same where not even the type of the result is known. */
void coil_status_fail_nameless(enum coil_status status, const struct coil_error *error);

/* The same for a call whose library's descriptor cannot be used, so that nothing of it is known. */
void coil_status_unusable(const struct coil_error *error);

/* Prints "coil: ..." on stderr in one write. */
void coil_status_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Notes how a call ended that the host has reported already; the usual case is COIL_OK. */
void coil_status_set(struct coil_thread *thread, struct coil_link *link, unsigned function, int outcome);
void coil_status_set_pointer(struct coil_thread *thread, struct coil_link *link, int outcome);

/* ---- output.c ---- */
void coil_output_write(int stream, const void *text, size_t size); /* enum coil_host_stream */

/* ---- program.c: both modes ---- */

/*
 * Python is about to run C on this thread; coil_program_leave() when that has returned.  -ELOOP: nested COIL_DEPTH_MAX
 * deep, with words.
 */
int coil_program_enter(struct coil_thread *thread, struct coil_error *error);
void coil_program_leave(struct coil_thread *thread);

/* The function or variable number `number` of the descriptor's table, checked: NULL with words if there is none. */
const struct coil_descriptor_function *coil_program_signature(const struct coil_link *link, uint32_t number,
                                                              struct coil_error *error);
int coil_program_address(const struct coil_link *link, uint32_t number, uint64_t *ret_address,
                         struct coil_error *error);
int coil_program_function(const struct coil_link *link, uint32_t number, uint64_t *ret_address,
                          struct coil_error *error); /* the stub's own, of one that Python implements */
const struct coil_descriptor_value *coil_program_variable(const struct coil_link *link, uint32_t number,
                                                          void **ret_address, struct coil_error *error);

/* Runs a C function that is not variadic, on aligned frames; C's errno in and out. */
void coil_program_run(const struct coil_link *link, uint32_t signature, const void *call, void *result,
                      int *inout_errno);

/* The arguments of a variadic function, as COIL_ASK_VARIADIC has them, in aligned memory of their own. */
struct coil_variadic {
    void *memory; /* owned: free() it; the rest lies in it */
    unsigned char *frame;
    uint32_t count; /* of those beyond the declared ones */
    uint32_t *types;
    unsigned char *values; /* 16 bytes each */
};

/* -EINVAL: `payload` is none; -ENOMEM. */
int coil_variadic_unpack(struct coil_variadic *variadic, const struct coil_descriptor_function *signature,
                         const void *payload, size_t size, struct coil_error *error);
int coil_program_run_variadic(const struct coil_link *link, uint32_t signature, const struct coil_variadic *variadic,
                              void *result, int *inout_errno, struct coil_error *error);

void coil_program_forget(void); /* in a forked child */

/* What libffi knows of a signature (index in the table); made once, immortal.  -ENOTSUP, -ENOMEM. */
int coil_program_native(const struct coil_link *link, uint32_t signature, const struct coil_native **ret_native,
                        struct coil_error *error);

/* ---- available.c ---- */

/* Does the machine have so much memory left?  Before memory is put behind something large. */
bool coil_memory_is_available(uint64_t size);

/* ---- process.c ---- */

/* The environment as texts, each with its NUL, to be freed with free(); the current folder.  -ENOMEM and others with
 * words. */
int coil_process_environment(char **ret_texts, size_t *ret_size, struct coil_error *error);
int coil_process_folder(char *path, size_t size, struct coil_error *error);

/* ---- fork.c ---- */
void coil_fork_prepare(void); /* registers the handlers, once */

/* ---- remote/ ---- */

/*
 * Opens the module in the daemon's worker and sets `carry`; other threads wait meanwhile.  0 also
 * if another thread has opened it, or its init code has failed before (`carry` says which).  1: it is being opened
 * by this very thread, in C code that Python has called meanwhile, or by one that waits for this thread.
 */
int coil_remote_open(struct coil_link *link, enum coil_status *ret_status, struct coil_error *error);
bool coil_remote_is_opening(const struct coil_link *link); /* this very thread, further out */
coil_carry_fn coil_remote_call;
void coil_remote_thread_end(struct coil_thread *thread);
void coil_remote_thread_left(struct coil_thread *thread); /* it may have ended while it was opening modules */

/* What coil_flush() returns. */
int coil_remote_flush(struct coil_thread *thread);

/* The same at the end of a thread or of the program: for no more than some seconds. */
void coil_remote_drain(struct coil_thread *thread);
void coil_remote_forget(void); /* in a forked child, with the runtime lock */

/* ---- inprocess/ ---- */

/* The same in this process's Python. */
int coil_inprocess_open(struct coil_link *link, enum coil_status *ret_status, struct coil_error *error);
coil_carry_fn coil_inprocess_call;
void coil_inprocess_thread_end(struct coil_thread *thread);
void *coil_inprocess_import(struct coil_link *link);
void coil_inprocess_before_fork(void); /* holds up Python in this process */
void coil_inprocess_after_fork(bool in_child);

#endif
