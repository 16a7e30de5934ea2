/*
 * Function slots: addresses that are callable here and in programs alike.
 *
 * Functions that Python makes get slots of this worker, in an area behind its heap, which all programs map. Here a slot
 * leads to what the host says; what it stands for is told to every session, in a table that the client maps read-only.
 * A slot is used again only when all others have been, and with another number, so that a program which still calls the
 * former function gets an error.
 *
 * Functions of programs have slots in an area of each session's window.  Here they are empty until Python code calls
 * one: then the client's table says with which signature, and the host makes a closure that asks the program.  When
 * the session has gone, the area stays, with empty slots, if Python has had one of them, so that a pointer which it has
 * kept fails, and does not crash the interpreter that everyone shares.  Another session may come to the same place; it
 * begins with another slot than the one before it.
 *
 * The lock guards the slots of this worker; the sessions' locks guard the rest.
 */
#include <sys/random.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"

static int code_fd = -1;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t own_area;            /* 0: there is none yet; set before the first session comes */
static uint32_t numbers[COIL_SLOTS]; /* of the function that is there, or will be there next */
static uint64_t entries[COIL_SLOTS]; /* what it stands for; 0: that is not known, or there is none */
static uint32_t fresh = 1;           /* slots from here on have never been used */
static uint16_t freed[COIL_SLOTS];   /* the others that are free, a ring: used again in the order in which they came */
static uint32_t freed_first, freed_count;
static _Atomic uint64_t owners[COIL_SLOTS]; /* the session that alone may have it; 0: all.  Relaxed: set before anybody has the
                                               slot */
static uint32_t made; /* those of `entries` that Python has made with ffi.callback() */

static_assert(COIL_SLOTS <= 65536, "indices are 16 bits");

static uint64_t resolve(uint64_t area, uint32_t index);

int coil_functions_prepare(const char *slots, struct coil_error *error)
{
    coil_slots_resolver = resolve;
    return coil_slots_open(slots, &code_fd, error);
}

int coil_functions_open(uint64_t heap, struct coil_error *error)
{
    uint32_t seed = 0;
    int r;

    r = coil_slots_map(heap + COIL_HEAP_FUNCTIONS_OFFSET, code_fd, true, error);
    if (r < 0)
        return r;
    /* A pointer of an earlier worker, whose heap lay here, must not have a number that is good again. */
    (void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
    for (uint32_t i = 0; i < COIL_SLOTS; i++)
        numbers[i] = (seed & ~(COIL_SLOTS - 1u)) | i;
    own_area = heap + COIL_HEAP_FUNCTIONS_OFFSET;
    return 0;
}

void coil_functions_forked(void)
{
    (void)pthread_mutex_init(&lock, NULL); /* another thread of the parent may have held it */
}

/* ---- slots of Python's functions: the host's callbacks ---- */

/* Index of the first of `count` free slots that follow each other; 0: there are none.  With the lock. */
static uint32_t take(uint32_t count)
{
    uint32_t index = 0;

    if (count <= COIL_SLOTS - fresh) {
        index = fresh;
        fresh += count;
    } else if (count == 1 && freed_count > 0) {
        index = freed[freed_first];
        freed_first = (freed_first + 1) % COIL_SLOTS;
        freed_count--;
    }
    return index;
}

int coil_function_new(unsigned count, uint64_t *ret_address, uint32_t *ret_slot, struct coil_error *error)
{
    uint32_t index = 0;

    (void)pthread_mutex_lock(&lock);
    if (own_area && count)
        index = take(count);
    if (index)
        *ret_slot = numbers[index];
    (void)pthread_mutex_unlock(&lock);
    if (!index)
        return coil_error_set(error, -ENOSPC,
                              "there are %d function pointers to Python functions already, and there can be no more: "
                              "drop what ffi.callback() returned when C does not need it any more",
                              COIL_SLOTS - 1);
    *ret_address = coil_slot_address(own_area, index);
    return 0;
}

void coil_function_lead(uint32_t slot, uint64_t target)
{
    coil_slot_lead(own_area, coil_slot_number_index(slot), target);
}

void coil_function_describe(uint32_t slot, struct coil_host_module *host, bool is_function, unsigned index)
{
    struct coil_worker_module *module = coil_modules_find(coil_worker_host->module_hash(host));
    struct coil_slot_entry entry = { .number = slot, .is_function = is_function, .index = index };
    uint32_t at = coil_slot_number_index(slot);

    if (!module)
        return;
    entry.module = module->slot;
    (void)pthread_mutex_lock(&lock);
    made += !is_function && !entries[at];
    entries[at] = coil_slot_entry_pack(entry);
    (void)pthread_mutex_unlock(&lock);
    if (!coil_worker_forked)
        coil_sessions_function(at, coil_slot_entry_pack(entry));
}

void coil_function_free(uint32_t slot)
{
    uint32_t index = coil_slot_number_index(slot);
    bool was_told;

    coil_slot_lead(own_area, index, 0);
    (void)pthread_mutex_lock(&lock);
    was_told = entries[index] != 0;
    made -= was_told; /* functions of modules are never dropped */
    entries[index] = 0;
    (void)pthread_mutex_unlock(&lock);
    if (was_told && !coil_worker_forked)
        coil_sessions_function(index, 0);
    (void)pthread_mutex_lock(&lock); /* only now: the next one's entry must come after the zero */
    atomic_store_explicit(&owners[index], 0, memory_order_relaxed);
    numbers[index] = coil_slot_number_next(slot);
    if (numbers[index] == 0)
        numbers[index] = coil_slot_number_next(numbers[index]);
    freed[(freed_first + freed_count) % COIL_SLOTS] = (uint16_t)index;
    freed_count++;
    (void)pthread_mutex_unlock(&lock);
}

void coil_function_own(uint32_t slot, struct coil_host_program *program)
{
    if (coil_worker_is_system && program)
        atomic_store_explicit(&owners[coil_slot_number_index(slot)], coil_program_session(program)->number,
                              memory_order_relaxed);
}

bool coil_function_is_pythons(uint64_t address)
{
    return coil_slot_index(own_area, address) != 0;
}

bool coil_function_is_for(const struct coil_session *session, uint32_t slot)
{
    uint64_t owner = atomic_load_explicit(&owners[coil_slot_number_index(slot)], memory_order_relaxed);

    return owner == 0 || owner == session->number;
}

uint32_t coil_functions_count(void)
{
    uint32_t count;

    (void)pthread_mutex_lock(&lock);
    count = made;
    (void)pthread_mutex_unlock(&lock);
    return count;
}

bool coil_function_is_slot(const struct coil_session *session, uint64_t address)
{
    uint32_t own = coil_slot_index(own_area, address);

    return own ? coil_function_is_for(session, own)
               : coil_slot_index(session->base + COIL_FUNCTIONS_OFFSET, address) != 0;
}

/* ---- sessions ---- */

static _Atomic uint64_t *told_to(const struct coil_session *session)
{
    return (_Atomic uint64_t *)(uintptr_t)(session->base + COIL_REPLIES_OFFSET + COIL_REPLIES_FUNCTIONS);
}

/* The client's table: copied entry by entry, and checked. */
static const _Atomic uint64_t *told_by(const struct coil_session *session)
{
    return (const _Atomic uint64_t *)(uintptr_t)(session->base + COIL_REQUESTS_OFFSET + COIL_REQUESTS_FUNCTIONS);
}

void coil_functions_tell(const struct coil_session *session, uint32_t index, uint64_t entry)
{
    struct coil_error error;

    if (!coil_function_is_for(session, index))
        return;
    if (coil_slots_table_prepare(told_to(session), index, &error) < 0)
        fprintf(stderr, "coil-worker: session %llu: %s\n", (unsigned long long)session->number, error.text);
    else
        atomic_store_explicit(&told_to(session)[index], entry, memory_order_release); /* F */
}

int coil_functions_session_open(uint64_t base, struct coil_error *error)
{
    return coil_slots_map(base + COIL_FUNCTIONS_OFFSET, code_fd, true, error); /* fresh pages: empty slots */
}

void coil_functions_session_tell(const struct coil_session *session)
{
    (void)pthread_mutex_lock(&lock);
    for (uint32_t i = 1; i < fresh; i++)
        if (entries[i])
            coil_functions_tell(session, i, entries[i]);
    (void)pthread_mutex_unlock(&lock);
}

bool coil_functions_has_any(const struct coil_session *session)
{
    const _Atomic uint64_t *table = told_by(session);

    return session->pointer_count > 0 || atomic_load_explicit(&table[0], memory_order_relaxed) != 0;
}

bool coil_functions_session_close(struct coil_session *session)
{
    bool keep;

    (void)pthread_mutex_lock(&session->lock);
    session->has_ended = true;
    keep = coil_functions_has_any(session);
    (void)pthread_mutex_unlock(&session->lock);
    coil_slots_clear(session->base + COIL_FUNCTIONS_OFFSET);
    for (size_t i = 0; i < session->pointer_count; i++)
        coil_worker_host->pointer_free(session->pointers[i]);
    free(session->pointers);
    session->pointers = NULL;
    session->pointer_count = 0;
    return keep;
}

/* ---- empty slots ---- */

/* What the client says of its slot, copied once and checked. */
static int find_signature(const struct coil_session *session, uint32_t index, struct coil_host_module **ret_module,
                          unsigned *ret_signature, struct coil_error *error)
{
    struct coil_slot_entry entry =
        coil_slot_entry_unpack(atomic_load_explicit(&told_by(session)[index], memory_order_acquire)); /* F */
    struct coil_worker_module *module = entry.number ? coil_modules_slot(entry.module) : NULL;

    *ret_module = module ? atomic_load_explicit(&module->host, memory_order_acquire) : NULL; /* O */
    *ret_signature = entry.index;
    if (!*ret_module || entry.is_function || entry.index >= module->image->signatures.count)
        return coil_error_set(error, -ENOENT, "the program has given no function pointer of this address to Python");
    return 0;
}

/* Gives the slot a closure, which belongs to the session.  With the session's lock, so that each slot gets one. */
static int lead_to_program(struct coil_session *session, uint32_t index, uint64_t *ret_code, struct coil_error *error)
{
    _Atomic uint64_t *word = coil_slot_word(session->base + COIL_FUNCTIONS_OFFSET, index);
    struct coil_host_module *module;
    struct coil_host_pointer *pointer;
    unsigned signature;
    void *grown;
    int r;

    if (session->has_ended)
        return coil_error_set(error, -ESRCH, "the program has ended");
    *ret_code = atomic_load_explicit(word, memory_order_relaxed);
    if (*ret_code)
        return 0;
    r = find_signature(session, index, &module, &signature, error);
    if (r < 0)
        return r;
    grown = reallocarray(session->pointers, session->pointer_count + 1, sizeof(struct coil_host_pointer *));
    if (!grown)
        return coil_error_set(error, -ENOMEM, "no memory for a function pointer");
    session->pointers = grown;
    r = coil_worker_host->pointer_new(module, signature, (struct coil_host_program *)(void *)session,
                                      coil_slot_address(session->base + COIL_FUNCTIONS_OFFSET, index), &pointer,
                                      ret_code, error);
    if (r < 0)
        return r;
    session->pointers[session->pointer_count++] = pointer;
    coil_slot_lead(session->base + COIL_FUNCTIONS_OFFSET, index, *ret_code);
    return 0;
}

static uint64_t resolve(uint64_t area, uint32_t index)
{
    struct coil_session *session;
    struct coil_error error;
    uint64_t code = 0;
    int r = -ESRCH;

    coil_error_set(&error, r, "the program has ended");
    if (area == own_area) {
        r = coil_worker_host->slot_resolve(numbers[index], &code, &error); /* the last word: nobody else says so */
    } else {
        session = coil_session_hold(area - COIL_FUNCTIONS_OFFSET);
        if (session) {
            (void)pthread_mutex_lock(&session->lock);
            r = lead_to_program(session, index, &code, &error);
            (void)pthread_mutex_unlock(&session->lock);
            coil_program_unref((struct coil_host_program *)(void *)session);
        }
    }
    if (r == 0)
        return code;
    coil_worker_host->pointer_failed(&error);
    return (uint64_t)(uintptr_t)coil_slots_nothing;
}
