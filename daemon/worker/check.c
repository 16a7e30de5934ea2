/*
 * COIL_CHECK: what a call had in staging becomes inaccessible when the call ends.
 *
 * Python code that has kept a pointer to it faults there and then, instead of reading what later calls put in the same
 * place.  Which call the memory belonged to is remembered, so that the worker's last words can name it: a fault
 * ends the worker as any other does.
 *
 * The ranges are the client's word, so they are checked; they can make nothing inaccessible but the client's own
 * half of its own staging.
 *
 * Called by call.c on channels' threads, and by fatal.c in a signal handler.
 */
#include <sys/mman.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/worker/worker.h"

#define PAGE 4096u
#define ENDED_MAX 65536u /* calls that are remembered; a power of two */

/* Memory of a call that has ended.  Relaxed: a torn entry names a wrong call in a message. */
struct ended {
    _Atomic uint64_t begin, end;
    const char *_Atomic module;
    const char *_Atomic function;
};

static struct ended ended[ENDED_MAX]; /* costs what is used of it */
static _Atomic uint32_t ended_count;  /* relaxed: unique numbers are all that matters */

static bool is_good(const struct coil_session *session, const struct coil_checked_range *range)
{
    uint64_t staging = session->base + COIL_STAGING_OFFSET;

    return range->begin < range->end && range->begin % PAGE == 0 && range->end % PAGE == 0 && range->begin >= staging &&
           range->end <= staging + COIL_STAGING_CLIENT_SIZE;
}

static int protect(const struct coil_checked_range *range, int protection)
{
    return mprotect((void *)(uintptr_t)range->begin, range->end - range->begin, protection) < 0 ? -errno : 0;
}

int coil_check_open(const struct coil_session *session, const struct coil_checked_range *ranges,
                    struct coil_error *error)
{
    for (unsigned i = 0; i < COIL_CHECKED_RANGES; i++) {
        if (ranges[i].end == 0)
            continue;
        if (!is_good(session, &ranges[i]))
            return coil_error_set(error, -EPROTO, "the client wants memory to be checked that is not its own");
        if (protect(&ranges[i], PROT_READ | PROT_WRITE) < 0)
            return coil_error_set(error, -ENOMEM, "the call's memory cannot be made accessible: %s", strerror(errno));
    }
    return 0;
}

void coil_check_close(const struct coil_checked_range *ranges, const char *module, const char *function)
{
    for (unsigned i = 0; i < COIL_CHECKED_RANGES; i++) {
        struct ended *e;

        if (ranges[i].end == 0)
            continue;
        e = &ended[atomic_fetch_add_explicit(&ended_count, 1, memory_order_relaxed) % ENDED_MAX];
        atomic_store_explicit(&e->module, module, memory_order_relaxed);
        atomic_store_explicit(&e->function, function, memory_order_relaxed);
        atomic_store_explicit(&e->begin, ranges[i].begin, memory_order_relaxed);
        atomic_store_explicit(&e->end, ranges[i].end, memory_order_relaxed);
        (void)protect(&ranges[i], PROT_NONE);
    }
}

/* ---- in a signal handler: nothing but memory and write() ---- */

static void append(char *line, size_t room, const char *text)
{
    size_t used = strlen(line), size = strlen(text);

    if (size > room - used - 1)
        size = room - used - 1;
    memcpy(line + used, text, size);
    line[used + size] = '\0';
}

void coil_check_explain(const void *address)
{
    uint32_t count = atomic_load_explicit(&ended_count, memory_order_relaxed);
    uint64_t at = (uint64_t)(uintptr_t)address;
    char line[512] = "coil-worker: Python used memory that had been lent to it for a call of ";

    for (uint32_t i = 1; i <= ENDED_MAX && i <= count; i++) {
        struct ended *e = &ended[(count - i) % ENDED_MAX];

        if (at < atomic_load_explicit(&e->begin, memory_order_relaxed) ||
            at >= atomic_load_explicit(&e->end, memory_order_relaxed))
            continue;
        append(line, sizeof line - 1, atomic_load_explicit(&e->module, memory_order_relaxed));
        append(line, sizeof line - 1, ".");
        append(line, sizeof line - 1, atomic_load_explicit(&e->function, memory_order_relaxed));
        append(line, sizeof line - 1, "(), which has ended: what is needed for longer must be copied (COIL_CHECK)");
        append(line, sizeof line, "\n");
        (void)!write(STDERR_FILENO, line, strlen(line));
        return;
    }
}
