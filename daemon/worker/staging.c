/*
 * The worker's half of a session's staging area: frames for C functions, and their results, that do
 * not fit into a record.
 *
 * Such frames are rare, since only structs by value are that large, so one list for all channels does.  Blocks are
 * whole pages, which are given back to the system at once.  The bookkeeping is in private memory: the client can
 * write the bytes, not the list.  Memory is populated before it is used, so that a full machine is an exception and not
 * SIGBUS.
 */
#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/worker.h"

#define PAGE 4096u
#define SIZE COIL_STAGING_WORKER_SIZE

struct coil_worker_block {
    uint64_t offset; /* from the beginning of the worker's half */
    uint64_t size;
};

static unsigned char *half(const struct coil_session *session)
{
    return (unsigned char *)(uintptr_t)(session->base + COIL_STAGING_OFFSET + COIL_STAGING_CLIENT_SIZE);
}

/* Where the program sees what is written. */
static unsigned char *shared_half(const struct coil_session *session)
{
    return coil_mirror_at(session, (uint64_t)(uintptr_t)half(session));
}

static void forget(struct coil_session *session, uint64_t offset)
{
    (void)pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < session->block_count; i++) {
        if (session->blocks[i].offset != offset)
            continue;
        session->block_count--;
        memmove(&session->blocks[i], &session->blocks[i + 1], (session->block_count - i) * sizeof *session->blocks);
        break;
    }
    (void)pthread_mutex_unlock(&session->lock);
}

/* The first gap that is large enough.  With the session's lock.  -ENOMEM. */
static int find(struct coil_session *session, uint64_t size, uint64_t *ret_offset)
{
    struct coil_worker_block *grown;
    uint64_t begin = 0;
    size_t at;

    for (at = 0; at < session->block_count && session->blocks[at].offset - begin < size; at++)
        begin = session->blocks[at].offset + session->blocks[at].size;
    if (size > SIZE - begin)
        return -ENOMEM;
    grown = reallocarray(session->blocks, session->block_count + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    session->blocks = grown;
    memmove(&grown[at + 1], &grown[at], (session->block_count - at) * sizeof *grown);
    grown[at] = (struct coil_worker_block){ begin, size };
    session->block_count++;
    *ret_offset = begin;
    return 0;
}

int coil_worker_staging_take(struct coil_session *session, uint64_t size, struct coil_worker_staged *ret_staged,
                             struct coil_error *error)
{
    uint64_t rounded = (size + PAGE - 1) / PAGE * PAGE, offset;
    int r = -ENOMEM;

    if (size <= SIZE) {
        (void)pthread_mutex_lock(&session->lock);
        r = find(session, rounded, &offset);
        (void)pthread_mutex_unlock(&session->lock);
    }
    /* Kernels that cannot populate are trusted to have enough. */
    if (r == 0 && madvise(shared_half(session) + offset, rounded, MADV_POPULATE_WRITE) < 0 && errno != EINVAL) {
        forget(session, offset);
        r = -ENOMEM;
    }
    if (r < 0)
        return coil_error_set(error, r, "no memory to share %llu bytes with the program", (unsigned long long)size);
    *ret_staged = (struct coil_worker_staged){ half(session) + offset, rounded };
    return 0;
}

void coil_worker_staging_release(struct coil_session *session, const struct coil_worker_staged *staged)
{
    if (!staged->address)
        return;
    /* Gives the memory back. */
    (void)madvise(coil_mirror_at(session, (uint64_t)(uintptr_t)staged->address), staged->size, MADV_REMOVE);
    forget(session, (uint64_t)(staged->address - half(session)));
}
