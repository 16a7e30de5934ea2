/*
 * The host: one CPython interpreter that runs modules.
 *
 * Used by the worker and by the client's in-process mode, through the table
 * that coil_host_get() returns; nobody else knows Python.  This header is free
 * of Python, so that both can include it.  libcoil-host.so does not link
 * libpython: host/load.c finds the Python that is already in the process, or
 * loads the one coil was built for, and then the host.
 *
 *     start
 *     thread_attach          a Python thread state for the calling thread
 *       enter                take the GIL
 *         module_open        once per module: types, `ffi`, `lib`, init code
 *         call               one frame in, one result out
 *       leave                drop the GIL
 *     thread_detach
 */
#ifndef COIL_HOST_H
#define COIL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/descriptor.h"
#include "proto/error.h"

struct coil_host_pointer; /* a function pointer of a program, callable here */
struct coil_host_module;  /* an open module; lives as long as the process */
struct coil_host_thread;  /* one thread's Python thread state and its text buffer */

enum coil_host_stream { COIL_HOST_STDOUT = 1, COIL_HOST_STDERR = 2 };

/* How a call ended. */
enum coil_host_outcome {
    COIL_HOST_RETURNED = 0,
    COIL_HOST_RAISED =
        1, /* exception or result of a wrong type; the report is on sys.stderr; result: the error value */
    COIL_HOST_NOT_ATTACHED = 2, /* no @ffi.def_extern() for this function; said on sys.stderr; result: zero */
    COIL_HOST_NO_FUNCTION = 3 /* call_slot: Python has dropped the function, or it has another type; nothing was done */
};

/*
 * A program that has modules open: the client of a session, or this process itself.  What it is, only the
 * embedder knows.  Handles are counted; one stays valid, if useless, after its program has gone.
 */
struct coil_host_program;

/* What Python can know about a program. */
struct coil_host_peer {
    uint64_t pid, uid, gid;
    bool is_gone;
    bool is_private; /* this Python serves no other program, now or later */
};

/* What Python wants of a program: see enum coil_ask (proto/ring.h) for what each kind takes and gives. */
struct coil_host_ask {
    unsigned kind;                   /* enum coil_ask */
    struct coil_host_module *module; /* whose table `number` is in; NULL for kinds without one */
    unsigned number;
    const void *payload; /* borrowed; a frame, or what the kind says */
    size_t payload_size;
    void *answer; /* receives exactly `answer_size` bytes; of texts (COIL_ASK_CWD) at most, and their size */
    size_t answer_size;
    int error_number; /* C's errno, both ways */
    void *paused;     /* not NULL: the GIL has been given up by `caller`'s own thread, and this takes it back */
};

/* Why nobody waits for a handler any more, and what is raised in it. */
enum coil_host_interrupt {
    COIL_HOST_LATE, /* its deadline has passed: coil.DeadlineExceeded */
    COIL_HOST_GONE  /* its program has ended: coil.ClientGone */
};

/* When it is raised again in code that has caught it so many times: after one second, two, four, up to 64. */
static inline int64_t coil_host_again_ms(unsigned raised)
{
    return INT64_C(1000) << (raised < 6 ? raised : 6);
}

/* Where pointers lie in a block of memory: none of these words may be anything that Python has not written there. */
struct coil_host_layout {
    uint64_t pointers; /* one bit for each of the first words; 0: there are none at all */
    uint32_t size;     /* of what the bits are about, bytes; 0: everything may be a pointer, unless there are none */
    bool repeats;      /* it is an array of such; otherwise nothing is known of what lies behind */
};

/* What the embedding process supplies.  Immortal; functions may be called by any thread, with the GIL unless they say
 * otherwise. */
struct coil_host_callbacks {
    /*
     * Python wrote text on a thread that has `caller` (see thread_attach).
     * Whole lines where possible; called while the handler still runs.  NULL:
     * the host leaves sys.stdout and sys.stderr alone, as it does in a process
     * that already runs Python.
     */
    void (*write)(void *caller, enum coil_host_stream stream, const char *text, size_t size);

    /* `function` of `module` has a new error value: `size` bytes, the result frame to be used in trouble.  May be NULL.
     */
    void (*error_value)(struct coil_host_module *module, unsigned function, const void *value, size_t size);

    /*
     * Asks a program for something and waits for it.  Called with the GIL, and returns with it; with `paused` in the ask
     * called and returns without it, and so may program() be then.  Waiting, the embedder
     * gives it up with api->pause(), as soon as it is not worth keeping.  `caller`: of the thread whose call
     * is being handled, if the program is to be asked on the very thread that waits for that call; else NULL, and the
     * program's service thread (in-process: the calling thread) answers.  Meanwhile the calling
     * thread may run calls of that program, nested, with or without enter and leave around them.
     *
     * 0; -ESRCH: the program has gone; -ETIME: it waits for the call no longer; -ELOOP: nested too deep; -EFAULT: a
     * pointer cannot cross; -ENOTCONN: it has no service thread; -EPERM, -EINVAL, -ENOMEM: refused; with words.
     */
    int (*ask)(void *caller, struct coil_host_program *program, struct coil_host_ask *ask, struct coil_error *error);

    /*
     * The program whose call `caller` is handling; borrowed for that long.  `caller` NULL: the one program of a private
     * Python, or NULL if there may be several.
     */
    struct coil_host_program *(*program)(void *caller);

    /*
     * Init code uses a program, of which none is current: is this Python to be private to one from now on, so that
     * program(NULL) is that one?  NULL: no; what ran of the init code is undone, and it runs elsewhere.
     */
    bool (*claim)(void);
    struct coil_host_program *(*program_ref)(struct coil_host_program *program);
    void (*program_unref)(struct coil_host_program *program);
    void (*program_peer)(struct coil_host_program *program, struct coil_host_peer *ret_peer);

    /*
     * Memory that all programs see at the same address: at least 16 bytes aligned, not cleared.  NULL without memory.
     * These, and what follows, are NULL in-process, where any memory is such.
     */
    void *(*heap_allocate)(size_t size);
    void *(*heap_allocate_zeroed)(size_t size); /* large ones cost nothing until they are written */
    void (*heap_free)(void *memory);
    size_t (*heap_size)(void *memory); /* of a block, at least what was asked for */

    /*
     * For whom (NULL: everybody) a block has been made, and where pointers lie in it: before its address has left the
     * host.  Of one that is not described, everything may be a pointer.
     */
    void (*heap_describe)(void *memory, struct coil_host_program *program, const struct coil_host_layout *layout);

    /*
     * May a program (NULL: any) follow a pointer to `size` bytes at `address`?  With a size of 0: may the address mean
     * something to it?  That is so for all but those of memory which only this process has.
     */
    bool (*is_shared)(struct coil_host_program *program, uint64_t address, uint64_t size);

    /*
     * Function slots (proto/slots.h): addresses that programs can call, too.  slot_new() gives `count` of them that
     * follow each other; *ret_slot is the number of the first one, and the others' follow it.  What one leads to here
     * is said by slot_lead(); one that leads nowhere asks api->slot_resolve() when it is called.  What it stands for is
     * said by slot_describe(): an extern "Python" function of `module`, or a function with a signature, by its index in
     * that table; also more than once.  All with the GIL.  -ENOSPC.
     */
    int (*slot_new)(unsigned count, uint64_t *ret_address, uint32_t *ret_slot, struct coil_error *error);
    void (*slot_lead)(uint32_t slot, uint64_t target);
    void (*slot_describe)(uint32_t slot, struct coil_host_module *module, bool is_function, unsigned index);
    void (*slot_free)(uint32_t slot);

    /* Only this program may call what is in the slot (NULL: all may).  Before anybody has its address. */
    void (*slot_own)(uint32_t slot, struct coil_host_program *program);

    /* Python has begun to import something that was not there.  Only in a Python that was started here. */
    void (*imported)(void);
};

struct coil_host_config {
    /*
     * The path of the Python executable the environment is found from (as
     * PyConfig.executable / program_name); NULL: what Python finds by itself.
     * Ignored if the process already runs Python.
     */
    const char *python;
    bool is_system; /* it serves programs of several users, which must not reach each other through it */
    const struct coil_host_callbacks *callbacks;
};

struct coil_host_api {
    uint32_t size; /* of this table: a host of another version is refused */
    const char *coil_version;
    const char *python_version; /* "3.11" */

    /*
     * Starts the interpreter, if the process has none (no signal handlers, no
     * argv; as CFFI's embedding does), and loads _cffi_backend.  Any thread, any
     * number of times: the first success counts.  Without the GIL or with it (a process that
     * already runs Python); returns in the same state.  -ENOENT: `config->python` or _cffi_backend is not
     * there.  Nothing is ever finalised.
     */
    int (*start)(const struct coil_host_config *config, struct coil_error *error);

    /*
     * Gives the calling thread a Python thread state (its own one, if it has one
     * already), kept until thread_detach.  `caller` is handed to
     * callbacks->write for text written by this thread during a call; it may
     * be NULL.  Without the GIL or with it.  NULL: no memory.
     */
    struct coil_host_thread *(*thread_attach)(void *caller);
    void (*thread_detach)(struct coil_host_thread *thread); /* on the same OS thread; NULL is ignored */

    /* Takes and drops the GIL.  They nest, and a thread that holds the GIL for other reasons keeps it. */
    void (*enter)(struct coil_host_thread *thread);
    void (*leave)(struct coil_host_thread *thread);

    /*
     * Gives up the GIL in the middle of a callback, on any thread that Python knows, and takes it back.  Between the
     * two, enter and leave are balanced.
     */
    void *(*pause)(void);
    void (*resume)(void *paused);

    /*
     * Opens the module of a descriptor that coil_descriptor_check() has
     * accepted, or finds it among the open ones (same name, same `hash`), and
     * runs its init code.  Between enter and leave; the GIL is released while
     * another thread's init code of the same module is waited for; a thread that opens a
     * module from within that module's own init code gets it at once, and so does one that the opener waits for.
     * `image` is copied.  *ret_module is valid forever.  Returns 0, or 1 if the init code
     * of the module is still running: in this very thread, or in one that waits for it.
     *
     * -EEXIST: another module of the same name is open.  -ENOEXEC: the init code
     * failed; the traceback, module name, versions and sys.path were written to
     * sys.stderr (as text of this thread) and nothing of the module remains: the next open tries
     * afresh.  -EUNATCH: the same, silently: the init code asked for the program (lib.f, lib.var), which is possible
     * only in a Python that is private to it.
     */
    int (*module_open)(const struct coil_descriptor *image, const uint8_t hash[16],
                       struct coil_host_module **ret_module, struct coil_error *error);

    /*
     * Runs one call, between enter and leave: `call` is the frame (read only for
     * the host, except behind the pointers in it; may be NULL without
     * parameters), `result` receives `result_size` bytes in every case.  *inout_errno
     * is C's errno before and after (ffi.errno).  Text the call wrote is
     * flushed before it returns.  Returns enum coil_host_outcome.
     */
    int (*call)(struct coil_host_thread *thread, struct coil_host_module *module, unsigned function, const void *call,
                void *result, int *inout_errno);

    /* The body of PyInit_NAME: opens the module without running its init code, returns a new reference, or NULL with an
     * exception. */
    void *(*module_import)(const struct coil_descriptor *image, const uint8_t hash[16]);

    /*
     * `program` has opened the module (the host calls the module's on_open functions), or has gone, with every module
     * it had.  Between enter and leave.  Opening may fail as init code does: -ENOEXEC.
     */
    int (*program_opened)(struct coil_host_program *program, struct coil_host_module *module, struct coil_error *error);
    void (*program_gone)(struct coil_host_program *program);

    /* As call(), for the function in a slot; the frames are those of row `signature` of the module's table. */
    int (*call_slot)(struct coil_host_thread *thread, uint32_t slot, struct coil_host_module *module,
                     unsigned signature, const void *call, void *result, int *inout_errno);

    /* Where a slot of this Python that leads nowhere should lead.  Any thread, with or without the GIL.  -EFAULT. */
    int (*slot_resolve)(uint32_t slot, uint64_t *ret_code, struct coil_error *error);

    /*
     * A function, at *ret_code, that has `program` call what it knows by `address`, with row `signature` of the
     * module's table.  Any thread.  -ENOTSUP, -ENOMEM with words.  pointer_free(): its program has gone, and nobody
     * should call it any more; who does all the same learns that.
     */
    int (*pointer_new)(struct coil_host_module *module, unsigned signature, struct coil_host_program *program,
                       uint64_t address, struct coil_host_pointer **ret_pointer, uint64_t *ret_code,
                       struct coil_error *error);
    void (*pointer_free)(struct coil_host_pointer *pointer);

    /* The calling thread has called a function pointer that leads nowhere: raises in its Python code. */
    void (*pointer_failed)(const struct coil_error *error);

    /*
     * What the embedder knows a module by: the hash it was opened with, and one word for its own use, which is NULL at
     * first.  The word: with the GIL.
     */
    const uint8_t *(*module_hash)(const struct coil_host_module *module);
    void **(*module_word)(struct coil_host_module *module);

    /*
     * The files of all modules that Python has imported and that people edit: not those of the standard library and of
     * installed packages.  Absolute paths, each with its NUL, in a block that the caller frees.  Between enter and
     * leave. -ENOMEM.
     */
    int (*sources)(char **ret_paths, size_t *ret_size);

    /* How many handles of ffi.new_handle() there are.  Any thread. */
    size_t (*handle_count)(void);

    /* Copies the current error value of a function into `value` (its result_size bytes).  Between enter and leave. */
    void (*error_value_get)(struct coil_host_module *module, unsigned function, void *value);

    /*
     * Around a fork() that the program does, on the thread that forks: Python is held up before, and goes on in both
     * processes afterwards; in the child without any other thread.  With the GIL (os.fork()) only the host's own things are
     * seen to.  Also before or during start.
     */
    void (*fork_before)(void);
    void (*fork_after)(bool in_child);

    /*
     * Handlers that are not waited for.  interrupt() raises an exception in the Python code that `thread` runs: at its
     * next bytecode, so while it waits somewhere else, interrupt_is_pending().  What was raised may not have come when
     * the call has returned: interrupt_clear().  With the GIL, on any thread.  -ENOMEM, -ESRCH.
     */
    int (*interrupt)(struct coil_host_thread *thread, enum coil_host_interrupt reason);
    bool (*interrupt_is_pending)(const struct coil_host_thread *thread);
    void (*interrupt_clear)(struct coil_host_thread *thread);

    /* Has the thread the GIL?  A guess for any thread, without the GIL; never true where Python does not tell. */
    bool (*has_gil)(const struct coil_host_thread *thread);

    /* From now on this signal has the stacks of all Python threads written to `fd`, whoever has the GIL.  Once, without
     * the GIL. */
    int (*prepare_stacks)(int signal_number, int fd, struct coil_error *error);

    /*
     * The interpreter, which has done nothing but start, is another program's than the one whose variables it was started
     * with: `variables` ("NAME=value", NULL-terminated) are all it has, and `folder` is the current one ("" or one that
     * cannot be entered: the root).  -ESTALE with words: one that starts now would start in another way, since files have
     * changed; nothing is done then.  Without the GIL.
     */
    int (*adopt)(const char *const *variables, const char *folder, struct coil_error *error);
};

/* The one symbol that libcoil-host.so exports: "coil_host_get". */
const struct coil_host_api *coil_host_get(void);
typedef const struct coil_host_api *(*coil_host_get_fn)(void);

/*
 * Finds or loads Python, then libcoil-host.so at `path` (host/load.c, linked
 * into libcoil and into the worker).  Everything is loaded RTLD_GLOBAL, because
 * extension modules do not link libpython themselves.  -ENOENT with the loader's
 * words if something is missing; -ELIBBAD if versions do not match.
 */
int coil_host_load(const char *path, const struct coil_host_api **ret_api, struct coil_error *error);

/*
 * Is the program file `path`, an absolute one, a Python that the host was built for?  By its name and by what lies beside it,
 * without running it.  0 also if that is not known.  -ELIBBAD with words that name both versions.
 */
int coil_host_check_python(const char *path, struct coil_error *error);

/* For an `import` that fails before there is a host: raises ImportError in the process's own Python.  With the GIL. */
void coil_host_raise_import_error(const char *text);

#endif
