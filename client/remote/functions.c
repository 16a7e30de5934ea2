/*
 * The program's functions, as pointers that both sides can call.
 *
 * Whenever a function pointer crosses to Python, it becomes a slot of the session, one per function and
 * signature, which lives as long as the session.  Here the slot leads to the function itself; in the worker
 * to a closure that asks the program, and finds in the table that this file writes with which signature.
 * A slot that comes back is the function's own address again, so that C code can compare pointers.
 *
 * The stub library's own functions, which Python implements, have slots of Python's (callbacks.c): what comes back is
 * the same lib.NAME, and calling it does not leave Python.
 *
 * A slot of an earlier worker that the program has kept is a function like any other, which fails when it is called.
 *
 * Any thread; the lock guards the table.
 */
#include "client/remote/remote.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>

#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/location.h"

/* A function with a signature, and what it is for Python. */
struct own_function {
    uint64_t address;
    const struct coil_link *link;
    uint32_t signature;
    uint64_t shared;
};

struct coil_functions {
    pthread_mutex_t lock;
    uint32_t first; /* the slot that is taken first: not the same in each session, so stale pointers meet nobody */
    uint32_t taken;
    struct own_function *functions; /* in the order in which they came; owned */
    size_t count, room;
    uint32_t *buckets;   /* 1 + index in `functions`; 0: free; owned */
    size_t bucket_count; /* a power of two, or 0 */
};

/* ---- areas ---- */

int coil_functions_map(uint64_t area, bool replace, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    char path[PATH_MAX];
    int r;

    coil_slots_resolver = coil_callback_resolve; /* all threads write the same */
    r = coil_location(COIL_SLOTS_FROM_LIB, path, sizeof path, error);
    if (r == 0)
        r = coil_slots_open(path, &fd, error);
    return r == 0 ? coil_slots_map(area, fd, replace, error) : r;
}

/* The windows whose areas are mapped: they stay when the session ends, because C may have got at an address. */
static bool windows[COIL_WINDOW_COUNT]; /* guarded by the runtime lock */

static uint64_t area_of(const struct coil_session *session)
{
    return session->base + COIL_FUNCTIONS_OFFSET;
}

int coil_functions_new(struct coil_session *session, struct coil_error *error)
{
    bool *is_mapped = &windows[(session->base - COIL_RANGE_BEGIN) / COIL_WINDOW_STRIDE];
    struct coil_functions *functions = calloc(1, sizeof *functions);
    int r;

    if (!functions)
        return coil_error_set(error, -ENOMEM, "no memory for a session");
    r = coil_functions_map(area_of(session), *is_mapped, error);
    if (r < 0) {
        free(functions);
        return r;
    }
    *is_mapped = true;
    if (getrandom(&functions->first, sizeof functions->first, GRND_NONBLOCK) < 0)
        functions->first = (uint32_t)session->number;
    (void)pthread_mutex_init(&functions->lock, NULL);
    session->functions = functions;
    return 0;
}

void coil_functions_free(struct coil_functions *functions)
{
    if (!functions)
        return;
    free(functions->functions);
    free(functions->buckets);
    free(functions);
}

/* ---- the table: with the lock ---- */

/* Where the function stands among the buckets, or would stand. */
static uint32_t *bucket_of(const struct coil_functions *f, uint64_t address, const struct coil_link *link,
                           uint32_t signature)
{
    size_t at = (size_t)((address + signature) * UINT64_C(0x9e3779b97f4a7c15) >> 32);

    for (;; at++) {
        uint32_t *bucket = &f->buckets[at & (f->bucket_count - 1)];
        const struct own_function *found = *bucket ? &f->functions[*bucket - 1] : NULL;

        if (!found || (found->address == address && found->link == link && found->signature == signature))
            return bucket;
    }
}

/* Room for one more.  -ENOMEM. */
static int grow(struct coil_functions *f)
{
    uint32_t *buckets = f->buckets;
    void *grown;

    if (f->count == f->room) {
        grown = reallocarray(f->functions, f->room ? f->room * 2 : 16, sizeof *f->functions);
        if (!grown)
            return -ENOMEM;
        f->functions = grown;
        f->room = f->room ? f->room * 2 : 16;
    }
    if (f->count * 2 < f->bucket_count)
        return 0;
    f->buckets = calloc(f->bucket_count ? f->bucket_count * 2 : 64, sizeof *f->buckets);
    if (!f->buckets) {
        f->buckets = buckets;
        return -ENOMEM;
    }
    f->bucket_count = f->bucket_count ? f->bucket_count * 2 : 64;
    free(buckets);
    for (uint32_t i = 0; i < f->count; i++)
        *bucket_of(f, f->functions[i].address, f->functions[i].link, f->functions[i].signature) = i + 1;
    return 0;
}

/* The slot that was taken as number `n`, from 0 on. */
static uint32_t slot_of(const struct coil_functions *f, uint32_t n)
{
    return 1 + (f->first % (COIL_SLOTS - 1) + n) % (COIL_SLOTS - 1);
}

/* A new slot for the function, told to the worker. */
static int take_slot(struct coil_session *session, const struct coil_link *link, uint32_t signature, uint64_t address,
                     uint64_t *ret_shared, struct coil_error *error)
{
    struct coil_functions *f = session->functions;
    _Atomic uint64_t *table = coil_session_at(session, COIL_REQUESTS_OFFSET + COIL_REQUESTS_FUNCTIONS);
    uint32_t index = slot_of(f, f->taken);
    int r;

    if (f->taken == COIL_SLOTS - 1)
        return coil_error_set(
            error, -ENOSPC,
            "this program has given Python %d different function pointers, and there are no more: are "
            "functions made at run time, which could be used again?",
            COIL_SLOTS - 1);
    r = coil_slots_table_prepare(table, 0, error);
    if (r == 0)
        r = coil_slots_table_prepare(table, index, error);
    if (r < 0)
        return r;
    f->taken++;
    atomic_store_explicit(&table[0], f->taken, memory_order_relaxed); /* says that there are some */
    coil_slot_lead(area_of(session), index, address);
    atomic_store_explicit(&table[index],
                          coil_slot_entry_pack((struct coil_slot_entry){
                              1, false, atomic_load_explicit(&link->slot, memory_order_relaxed), signature }),
                          memory_order_release); /* F */
    *ret_shared = coil_slot_address(area_of(session), index);
    COIL_FAULT("function.told");
    return 0;
}

static int add(struct coil_session *session, const struct coil_link *link, uint32_t signature, uint64_t address,
               uint64_t *ret_shared, struct coil_error *error)
{
    struct coil_functions *f = session->functions;
    int r = 0;

    if (grow(f) < 0)
        return coil_error_set(error, -ENOMEM, "no memory for a function pointer");
    *ret_shared = coil_callback_of_stub(session, address);
    if (!*ret_shared)
        r = take_slot(session, link, signature, address, ret_shared, error);
    if (r < 0)
        return r;
    f->functions[f->count++] = (struct own_function){ address, link, signature, *ret_shared };
    *bucket_of(f, address, link, signature) = (uint32_t)f->count;
    return 0;
}

/* ---- crossing ---- */

int coil_function_to_shared(struct coil_session *session, const struct coil_link *link, uint32_t signature,
                            uint64_t address, uint64_t *ret_shared, struct coil_error *error)
{
    struct coil_functions *f = session->functions;
    uint32_t bucket;
    int r = 0;

    if (!address || coil_slot_index(area_of(session), address) ||
        coil_slot_index(session->heap_base + COIL_HEAP_FUNCTIONS_OFFSET, address)) {
        *ret_shared = address;
        return 0;
    }
    (void)pthread_mutex_lock(&f->lock);
    bucket = f->bucket_count ? *bucket_of(f, address, link, signature) : 0;
    if (bucket)
        *ret_shared = f->functions[bucket - 1].shared;
    else
        r = add(session, link, signature, address, ret_shared, error);
    (void)pthread_mutex_unlock(&f->lock);
    return r;
}

uint64_t coil_function_to_own(const struct coil_session *session, uint64_t address)
{
    uint32_t index = coil_slot_index(area_of(session), address);
    uint64_t own;

    if (!index)
        return coil_callback_to_own(session, address);
    own = atomic_load_explicit(coil_slot_word(area_of(session), index), memory_order_relaxed);
    return own ? own : address; /* empty: nobody has given Python this address */
}

int coil_function_share(struct coil_channel *channel, const struct coil_link *link, uint32_t signature,
                        uint64_t address, uint64_t *ret_shared, struct coil_error *error)
{
    const struct coil_known_function *known = &channel->known;
    int r;

    if (address && known->own == address && known->link == link && known->signature == signature) {
        *ret_shared = known->shared;
        return 0;
    }
    r = coil_function_to_shared(channel->session, link, signature, address, ret_shared, error);
    if (r == 0 && *ret_shared != address)
        channel->known = (struct coil_known_function){ link, signature, address, *ret_shared, NULL };
    return r;
}

/* Has the program given this address to Python, with this signature?  The one it is for the program, or 0. */
static uint64_t own_of(struct coil_session *session, const struct coil_link *link, uint32_t signature, uint64_t address)
{
    struct coil_functions *f = session->functions;
    uint64_t own = coil_function_to_own(session, address);
    uint32_t bucket = 0;

    (void)pthread_mutex_lock(&f->lock);
    if (f->bucket_count)
        bucket = *bucket_of(f, own, link, signature);
    if (bucket && f->functions[bucket - 1].shared != address)
        bucket = 0;
    (void)pthread_mutex_unlock(&f->lock);
    return bucket ? own : 0;
}

int coil_function_find(struct coil_channel *channel, const struct coil_link *link, uint32_t signature, uint64_t address,
                       uint64_t *ret_own, const struct coil_native **ret_native, struct coil_error *error)
{
    struct coil_known_function *known = &channel->known;
    bool is_known = known->shared == address && known->link == link && known->signature == signature;
    int r = 0;

    if (!is_known)
        *known = (struct coil_known_function){ link, signature, own_of(channel->session, link, signature, address),
                                               address, NULL };
    if (!known->own)
        r = coil_error_set(error, -ENOENT, "%p is no function pointer that this program has given to Python",
                           (void *)(uintptr_t)address);
    if (r == 0 && !known->native)
        r = coil_program_native(link, signature, &known->native, error);
    if (r < 0) {
        *known = (struct coil_known_function){ 0 };
        return r;
    }
    *ret_own = known->own;
    *ret_native = known->native;
    return 0;
}
