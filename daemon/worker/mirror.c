/*
 * What a program and this process share, in a worker that serves programs of several users: nothing that Python sees.
 *
 * A program can write its staging area and its heap at any time.  In the worker of one user's programs Python works on
 * that very memory.  Here it must not, because a pointer that has been checked could be another one when it is used.  So
 * what Python sees at the addresses of the staging area is memory of this process, and what the program has there lies
 * elsewhere, as its **mirror**.  A call's arguments are copied from the mirror when they are looked at, once, and what
 * comes back is copied there when the call has ended (loan.c).  Since both lie at the same addresses for those who use them,
 * no pointer has to be translated.
 *
 *     what Python sees    base + COIL_STAGING_OFFSET    this process's own
 *     the mirror          COIL_MIRROR_OF(base)          what the program has there
 *
 * Bytes are copied in once, however many pointers lead to them, and by one channel at a time: a table with one bit
 * for each of them says that a call has them, another one whose: channels never share lines of staging, unless a
 * program wants to do harm.  Otherwise what has been found good as a struct could be replaced as an array of bytes.
 *
 * The heap is this process's alone, too.  A program has memory of its own at the heap's address, to which each block that
 * it is given a pointer to is copied; so it sees nothing that was not given to it.  That memory is a file and not mapped
 * here.  What was given is remembered: a program that names another address is refused.  In blocks that were made for
 * it, the program may change what is no pointer; Python sees that when a pointer to the block next comes from there.
 *
 * Any thread; each mirror has a lock.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/snapshot.h"

#define PAGE 4096u
#define GIVEN_FIRST 64u                       /* entries; a power of two */
#define BITS_SIZE (COIL_STAGING_CLIENT_SIZE / 8)    /* bytes; one bit for each byte of the client's half */
#define LINES_SIZE (COIL_STAGING_CLIENT_SIZE / 64 * 2) /* bytes; a channel for each word of bits */

/* Behind each mirror: its table.  Nothing else lies here, since such programs share no regions. */
#define COIL_MIRROR_OF(base) (COIL_REGIONS_BEGIN + ((base)-COIL_RANGE_BEGIN))
static_assert(COIL_STAGING_SIZE + BITS_SIZE + LINES_SIZE <= COIL_WINDOW_STRIDE, "a mirror and its table have room");

/* A block that the program has a copy of. */
struct given {
    uint64_t begin; /* 0: a free entry */
    uint64_t serial;
    unsigned char *snapshot; /* what it had last, to tell its changes from; NULL: nobody looks at them; owned */
};

struct coil_mirror {
    pthread_mutex_t lock;
    unsigned char *staging; /* what the program has there */
    uint64_t *bits;         /* which bytes of the client's half some call has */
    uint16_t *lines;        /* for each word of bits that is not 0: 1 + the channel that has them */
    int heap;               /* the program's copies of blocks; owned */
    struct given *given;    /* hashed by `begin`; owned */
    size_t given_room;      /* a power of two */
    size_t given_count;
};

static unsigned char *memory_at(uint64_t address)
{
    return (unsigned char *)(uintptr_t)address;
}

static uint64_t staging_of(const struct coil_session *session)
{
    return session->base + COIL_STAGING_OFFSET;
}

int coil_mirror_open(struct coil_session *session, int staging, int heap, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_mirror *mirror = calloc(1, sizeof *mirror);
    COIL_CLEANUP(coil_fd_close) int own = fcntl(heap, F_DUPFD_CLOEXEC, 3);
    uint64_t at = COIL_MIRROR_OF(session->base);

    if (!mirror)
        return coil_error_set(error, -ENOMEM, "no memory for a session");
    if (own < 0)
        return coil_error_set(error, -errno, "a session's memory cannot be kept: %s", strerror(errno));
    if (mmap(memory_at(at), COIL_STAGING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, staging,
             0) == MAP_FAILED)
        return coil_error_set(error, -errno, "a session's memory cannot be mapped: %s", strerror(errno));
    (void)madvise(memory_at(at), COIL_STAGING_SIZE, MADV_DONTDUMP);
    (void)pthread_mutex_init(&mirror->lock, NULL);
    mirror->staging = memory_at(at);
    mirror->bits = (uint64_t *)(void *)memory_at(at + COIL_STAGING_SIZE); /* of the reservation: zeros */
    mirror->lines = (uint16_t *)(void *)memory_at(at + COIL_STAGING_SIZE + BITS_SIZE);
    mirror->heap = coil_steal_fd(&own);
    session->mirror = coil_steal_memory(&mirror);
    return 0;
}

void coil_mirror_close(struct coil_session *session)
{
    struct coil_mirror *mirror = session->mirror;

    if (!mirror)
        return;
    (void)coil_snapshot_cover(COIL_MIRROR_OF(session->base), COIL_STAGING_SIZE + BITS_SIZE + LINES_SIZE);
    coil_fd_close(&mirror->heap);
    for (size_t i = 0; i < mirror->given_room; i++)
        free(mirror->given[i].snapshot);
    free(mirror->given);
    mirror->given = NULL;
    mirror->given_room = mirror->given_count = 0;
}

void coil_mirror_free(struct coil_session *session)
{
    free(session->mirror);
}

unsigned char *coil_mirror_at(const struct coil_session *session, uint64_t address)
{
    return session->mirror ? session->mirror->staging + (address - staging_of(session)) : memory_at(address);
}

/* ---- which bytes some call has ---- */

/* Where the bits from `at` on that are like the first one end, at most at `end`. */
static uint64_t run_end(const uint64_t *bits, uint64_t at, uint64_t end, bool *ret_set)
{
    bool set = bits[at / 64] >> at % 64 & 1;

    *ret_set = set;
    while (at < end) {
        uint64_t others = (set ? ~bits[at / 64] : bits[at / 64]) >> at % 64;

        if (others) {
            at += (unsigned)__builtin_ctzll(others);
            break;
        }
        at += 64 - at % 64;
    }
    return at < end ? at : end;
}

static void set_bits(uint64_t *bits, uint64_t at, uint64_t end, bool set)
{
    while (at < end) {
        uint64_t count = 64 - at % 64 < end - at ? 64 - at % 64 : end - at;
        uint64_t mask = (count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1) << at % 64;

        if (set)
            bits[at / 64] |= mask;
        else
            bits[at / 64] &= ~mask;
        at += count;
    }
}

/* Does another channel have bytes of these lines?  Those that nobody has become this one's. */
static int claim_lines(struct coil_mirror *mirror, uint64_t begin, uint64_t end, uint32_t channel)
{
    for (uint64_t line = begin / 64; line * 64 < end; line++)
        if (mirror->bits[line] && mirror->lines[line] != channel + 1)
            return -EBUSY;
    for (uint64_t line = begin / 64; line * 64 < end; line++)
        mirror->lines[line] = (uint16_t)(channel + 1);
    return 0;
}

int coil_mirror_take(struct coil_channel *channel, uint64_t address, uint64_t size, coil_mirror_fn *taken, void *context)
{
    struct coil_session *session = channel->session;
    struct coil_mirror *mirror = session->mirror;
    uint64_t begin = address - staging_of(session), end = begin + size;
    int r;

    (void)pthread_mutex_lock(&mirror->lock);
    r = claim_lines(mirror, begin, end, channel->index);
    for (uint64_t at = begin, next; r == 0 && at < end; at = next) {
        bool is_taken;

        next = run_end(mirror->bits, at, end, &is_taken);
        if (is_taken)
            continue;
        r = taken(context, staging_of(session) + at, next - at);
        if (r < 0)
            break;
        memcpy(memory_at(staging_of(session) + at), mirror->staging + at, next - at);
        set_bits(mirror->bits, at, next, true);
    }
    (void)pthread_mutex_unlock(&mirror->lock);
    return r;
}

void coil_mirror_give_back(struct coil_session *session, uint64_t address, uint64_t size)
{
    struct coil_mirror *mirror = session->mirror;
    uint64_t begin = address - staging_of(session);

    (void)pthread_mutex_lock(&mirror->lock);
    set_bits(mirror->bits, begin, begin + size, false);
    (void)pthread_mutex_unlock(&mirror->lock);
}

/* ---- the heap ---- */

static size_t hash(uint64_t begin)
{
    return (size_t)((begin >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20);
}

/* Where the block stands, or would stand. */
static struct given *given_at(const struct coil_mirror *mirror, uint64_t begin)
{
    for (size_t at = hash(begin);; at++) {
        struct given *entry = &mirror->given[at & (mirror->given_room - 1)];

        if (entry->begin == begin || entry->begin == 0)
            return entry;
    }
}

/* What the program was given of the block that is there now; NULL: nothing. */
static struct given *given_find(const struct coil_mirror *mirror, const struct coil_heap_block *block)
{
    struct given *entry = mirror->given_room ? given_at(mirror, block->begin) : NULL;

    return entry && entry->begin == block->begin && entry->serial == block->serial ? entry : NULL;
}

static void given_drop(struct given *entry)
{
    free(entry->snapshot);
    *entry = (struct given){ 0 };
}

/* Makes room for another; what Python has freed since is left out. */
static int given_grow(struct coil_mirror *mirror)
{
    COIL_CLEANUP(coil_memory_free) struct given *former = NULL;
    size_t former_room = mirror->given_room, room = former_room ? former_room : GIVEN_FIRST, living = 0;
    struct coil_heap_block block;
    struct given *grown;

    if (mirror->given_count * 2 < former_room)
        return 0;
    for (size_t i = 0; i < former_room; i++)
        living += mirror->given[i].begin && coil_blocks_find(mirror->given[i].begin, &block) &&
                  block.serial == mirror->given[i].serial;
    while (living * 4 >= room)
        room *= 2;
    grown = calloc(room, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    former = mirror->given;
    mirror->given = grown;
    mirror->given_room = room;
    mirror->given_count = 0;
    for (size_t i = 0; i < former_room; i++) {
        struct given *entry = &former[i];

        if (!entry->begin || !coil_blocks_find(entry->begin, &block) || block.serial != entry->serial) {
            given_drop(entry);
            continue;
        }
        *given_at(mirror, entry->begin) = *entry;
        mirror->given_count++;
    }
    return 0;
}

static int write_all(int fd, const void *bytes, uint64_t size, uint64_t offset)
{
    for (uint64_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, (off_t)(offset + done));

        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

bool coil_mirror_is_programs(const struct coil_heap_block *block, uint64_t offset)
{
    const struct coil_host_layout *layout = &block->layout;

    if (layout->pointers == 0)
        return true;
    if (layout->size == 0 || (offset >= layout->size && !layout->repeats))
        return false;
    return !(layout->pointers >> offset % layout->size / sizeof(uint64_t) & 1);
}

/* Takes over what the program has changed since it was given the block: not what Python has, meanwhile. */
static void merge(const struct coil_heap_block *block, struct given *entry, uint64_t address, const unsigned char *bytes,
                  size_t size)
{
    unsigned char *before = entry->snapshot + (address - block->begin);

    if (memcmp(before, bytes, size) == 0)
        return;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == before[i])
            continue;
        if (coil_mirror_is_programs(block, address + i - block->begin))
            memory_at(address)[i] = bytes[i];
        before[i] = bytes[i];
    }
}

/* With the lock. */
static int read_changes(struct coil_mirror *mirror, const struct coil_heap_block *block, uint64_t address, uint64_t size)
{
    struct given *entry = given_find(mirror, block);
    unsigned char bytes[PAGE];

    if (!entry || !entry->snapshot)
        return 0;
    while (size > 0) {
        ssize_t n = pread(mirror->heap, bytes, size < sizeof bytes ? size : sizeof bytes,
                          (off_t)coil_heap_offset(address));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        merge(block, entry, address, bytes, (size_t)n);
        address += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return 0;
}

/* The program's copy becomes what Python has.  With the lock. */
static int write_changes(struct coil_mirror *mirror, const struct coil_heap_block *block, struct given *entry)
{
    int r;

    if (entry->begin && entry->snapshot && memcmp(entry->snapshot, memory_at(block->begin), block->size) == 0)
        return 0;
    r = write_all(mirror->heap, memory_at(block->begin), block->size, coil_heap_offset(block->begin));
    if (r == 0 && entry->snapshot)
        memcpy(entry->snapshot, memory_at(block->begin), block->size);
    return r;
}

int coil_mirror_give(struct coil_session *session, const struct coil_heap_block *block)
{
    struct coil_mirror *mirror = session->mirror;
    struct given *entry;
    int r;

    (void)pthread_mutex_lock(&mirror->lock);
    r = mirror->heap < 0 ? -ESRCH : given_grow(mirror);
    if (r == 0)
        r = read_changes(mirror, block, block->begin, block->size);
    if (r == 0) {
        entry = given_at(mirror, block->begin);
        if (entry->begin && entry->serial != block->serial) { /* another block lay there */
            free(entry->snapshot);
            entry->snapshot = NULL;
            entry->serial = 0;
        }
        if (entry->serial == 0 && block->owner == session->number) {
            entry->snapshot = malloc(block->size ? block->size : 1);
            r = entry->snapshot ? 0 : -ENOMEM;
            if (r == 0) /* differs, so that all of it is written */
                entry->snapshot[0] = (unsigned char)~*memory_at(block->begin);
        }
        if (r == 0)
            r = write_changes(mirror, block, entry);
        if (r == 0) {
            mirror->given_count += entry->begin == 0;
            entry->begin = block->begin;
            entry->serial = block->serial;
        } else if (entry->serial == 0) {
            free(entry->snapshot);
            entry->snapshot = NULL;
        }
    }
    (void)pthread_mutex_unlock(&mirror->lock);
    return r;
}

bool coil_mirror_has(const struct coil_session *session, const struct coil_heap_block *block)
{
    struct coil_mirror *mirror = session->mirror;
    bool has;

    (void)pthread_mutex_lock(&mirror->lock);
    has = given_find(mirror, block) != NULL;
    (void)pthread_mutex_unlock(&mirror->lock);
    return has;
}

int coil_mirror_read(struct coil_session *session, const struct coil_heap_block *block, uint64_t address, uint64_t size)
{
    struct coil_mirror *mirror = session->mirror;
    int r;

    (void)pthread_mutex_lock(&mirror->lock);
    r = mirror->heap < 0 ? -ESRCH : read_changes(mirror, block, address, size);
    (void)pthread_mutex_unlock(&mirror->lock);
    return r;
}
