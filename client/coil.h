/*
 * coil.h - for C programs that want to know more than their stub library's API says.
 *
 * No program needs this header to call Python.  C89 and C++.
 */
#ifndef COIL_H
#define COIL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COIL_VERSION_MAJOR 0
#define COIL_VERSION_MINOR 1
#define COIL_VERSION_PATCH 0

/* Why the calling thread's last call into Python failed. */
enum coil_status {
    COIL_OK = 0,
    COIL_E_EXCEPTION = 1,    /* Python raised an exception, or its result did not fit the C type */
    COIL_E_NOT_ATTACHED = 2, /* no Python function is attached with @ffi.def_extern() */
    COIL_E_INIT = 3,         /* the module's init code failed */
    COIL_E_DIED = 4,         /* the worker died while it ran this call, which may have done its work */
    COIL_E_NO_DAEMON = 5,    /* no daemon could be reached or started */
    COIL_E_REFUSED = 6,      /* the daemon refused the program, or the program the daemon */
    COIL_E_MISMATCH = 7,     /* versions or descriptors differ */
    COIL_E_NO_PYTHON = 8,    /* Python, the host or _cffi_backend could not be loaded */
    COIL_E_MEMORY = 9,       /* no memory or no room for the arguments */
    COIL_E_PROTOCOL = 10,    /* the other side broke the protocol */
    COIL_E_LENGTH = 11,      /* a length among the arguments is negative or too large */
    COIL_E_POINTER = 12,     /* a pointer leads to memory that cannot be read, or that the other side cannot see */
    COIL_E_TIMEOUT = 13,     /* its deadline has passed: timeout() in the declaration, COIL_TIMEOUT_MS, or the daemon's.
                                What the handler may still do is not seen, but for memory that is shared with it */
    COIL_E_NOT_STARTED = 14  /* workers died one after the other, and none has begun this call: it has not run */
};

/*
 * The status of the calling thread's last call into Python: COIL_OK after a
 * call that returned its result.  If `ret_text` is not NULL, it receives one
 * sentence, owned by coil and valid until this thread's next call.
 */
int coil_last_error(const char **ret_text);

/*
 * Memory that Python sees as it is: pointers into it cross without a copy, in both modes, for as long as the
 * block lives.  `size` bytes of zeros, aligned to 64; NULL and errno: ENOMEM.  The block belongs to
 * the program until coil_free(), whatever becomes of Python.  Any thread; no daemon is needed.
 */
void *coil_alloc(size_t size);

/* Gives a block back; NULL is ignored.  Python must not look at it any more.  Any thread. */
void coil_free(void *memory);

/*
 * Waits until the one-way calls that this thread has made have been carried out.  0, or -1 if some made since the last
 * coil_flush() are lost, because Python died or could not be reached (said on stderr, and by coil_last_error()); or if
 * that takes longer than COIL_TIMEOUT_MS: COIL_E_TIMEOUT, and they will still be carried out.
 */
int coil_flush(void);

#ifdef __cplusplus
}
#endif

#endif
