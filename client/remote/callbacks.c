/*
 * Python's functions, as function pointers of the program.
 *
 * Their slots lie behind the worker's heap, at the same addresses in all its programs, and the worker says in a
 * table what each stands for.  Whoever calls an empty slot comes here (coil_callback_resolve), on whatever
 * thread, with whatever C code's locks held: the slot gets a closure that sends a frame, or, for a function of a stub
 * library, that library's own function.
 *
 * Python may drop a function that the program still has a pointer to, and use the slot again.  The table has
 * a number for each function, never used again; a pointer that has crossed to the program is bound to the
 * number it crossed with, so that calling it later is an error and not a call of something else.
 *
 * Closures belong to a slot and a signature.  They are never freed: C code may be on the way into one.  Nor
 * are areas: a pointer made by a worker that has gone fails when it is called, with words.
 *
 * Any thread.  The lock guards the lists; the runtime lock is taken before it.
 */
#include "client/remote/remote.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/native.h"

/* One slot with one signature. */
struct callback {
    struct callback *next;
    struct area *area;
    uint32_t index; /* of the slot */
    struct coil_link *link;
    uint32_t signature;
    struct coil_closure *closure;
    uint64_t code;
};

/* The slots behind one heap, whichever generation it belongs to just now. */
struct area {
    struct area *next;
    uint64_t base;
    _Atomic uint32_t numbers[COIL_SLOTS];   /* which function the program has; 0: it has none.  Relaxed: of one pointer
                                               that crosses and is called at once, either will do */
    struct callback *callbacks[COIL_SLOTS]; /* all that there have ever been, the one used last first */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct area *areas;

/* ---- areas ---- */

static struct area *find_area(uint64_t base)
{
    struct area *area = areas;

    while (area && area->base != base)
        area = area->next;
    return area;
}

/* With the runtime lock. */
int coil_callbacks_map(uint64_t heap, struct coil_error *error)
{
    uint64_t base = heap + COIL_HEAP_FUNCTIONS_OFFSET;
    COIL_CLEANUP(coil_memory_free) struct area *fresh = calloc(1, sizeof *fresh); /* large: costs what is used of it */
    struct area *area;
    int r;

    if (!fresh)
        return coil_error_set(error, -ENOMEM, "no memory for a session");
    (void)pthread_mutex_lock(&lock);
    area = find_area(base);
    r = coil_functions_map(base, area != NULL, error);
    /* What is bound stays bound: each worker begins with other numbers, so pointers of the one before it fail. */
    if (r == 0 && !area) {
        fresh->base = base;
        fresh->next = areas;
        areas = fresh;
        fresh = NULL;
    }
    (void)pthread_mutex_unlock(&lock);
    return r;
}

void coil_callbacks_forget(void)
{
    (void)pthread_mutex_init(&lock, NULL); /* another thread of the parent may have held it */
}

/* The session whose worker's functions these are; counted.  NULL: the worker has gone. */
static struct coil_session *session_of(uint64_t area)
{
    struct coil_session *session;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    for (session = coil_sessions; session; session = session->next)
        if (session->heap && session->heap_base + COIL_HEAP_FUNCTIONS_OFFSET == area &&
            !atomic_load_explicit(&session->gone, memory_order_relaxed))
            break;
    if (session)
        coil_session_ref(session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    return session;
}

static void session_put(struct coil_session **session)
{
    if (!*session)
        return;
    (void)pthread_mutex_lock(&coil_runtime_lock);
    coil_session_unref(*session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

/* What the worker says of a slot; copied once, judged by whoever uses it. */
static struct coil_slot_entry entry_of(const struct coil_session *session, uint32_t index)
{
    const _Atomic uint64_t *table = coil_session_at(session, COIL_REPLIES_OFFSET + COIL_REPLIES_FUNCTIONS);

    return coil_slot_entry_unpack(atomic_load_explicit(&table[index], memory_order_acquire)); /* F */
}

/* The module that an entry names, if the program has it open there.  With the runtime lock. */
static struct coil_link *link_of(const struct coil_session *session, const struct coil_slot_entry *entry)
{
    for (struct coil_link *link = coil_links; link; link = link->next)
        if (atomic_load_explicit(&link->session, memory_order_relaxed) == session &&
            atomic_load_explicit(&link->slot, memory_order_relaxed) == entry->module)
            return entry->index < (entry->is_function ? link->image->functions.count : link->image->signatures.count)
                       ? link
                       : NULL;
    return NULL;
}

static struct coil_link *find_link(const struct coil_session *session, const struct coil_slot_entry *entry)
{
    struct coil_link *link;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    link = link_of(session, entry);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    return link;
}

static uint64_t stub_function(const struct coil_link *link, uint32_t function)
{
    return link->stubs ? (uint64_t)(uintptr_t)link->stubs[function] : 0;
}

/* ---- calling ---- */

/* The function that a pointer of the program stands for.  -ESRCH: it is no more. */
static int find_number(const struct callback *callback, const struct coil_session *session,
                       struct coil_slot_entry *ret_entry, struct coil_error *error)
{
    uint32_t number = atomic_load_explicit(&callback->area->numbers[callback->index], memory_order_relaxed);

    *ret_entry = entry_of(session, callback->index);
    if (ret_entry->number != 0 && (number == 0 || number == ret_entry->number))
        return 0;
    return coil_error_set(error, -ESRCH,
                          "Python has dropped the function behind this pointer: keep what ffi.callback() returned for "
                          "as long as C may call it");
}

static void run(void *data, void *call, void *result)
{
    const struct callback *callback = data;
    COIL_CLEANUP(session_put) struct coil_session *session = NULL;
    struct coil_slot_entry entry;
    struct coil_error error;
    int saved = errno;
    int r;

    session = session_of(callback->area->base);
    COIL_FAULT("callback.called");
    if (!call)
        r = coil_error_set(&error, -ENOMEM, "no memory for the arguments");
    else if (!session)
        r = coil_error_set(&error, -ESTALE, "the function behind this pointer was made by an earlier Python worker");
    else
        r = find_number(callback, session, &entry, &error);
    errno = saved;
    if (r == 0) {
        coil_remote_call_slot(callback->link, callback->signature, session, &entry, call, result);
        return;
    }
    coil_status_fail_pointer(callback->link, callback->signature, result,
                             r == -ENOMEM   ? COIL_E_MEMORY
                             : r == -ESTALE ? COIL_E_DIED
                                            : COIL_E_POINTER,
                             &error);
    errno = saved;
}

/* ---- closures ---- */

/* With the lock. */
static int callback_make(struct area *area, uint32_t index, struct coil_link *link, uint32_t signature,
                         struct callback **ret_callback, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct callback *callback = calloc(1, sizeof *callback);
    const struct coil_native *native = NULL;
    int r;

    if (!callback)
        return coil_error_set(error, -ENOMEM, "no memory for a function pointer");
    *callback = (struct callback){ .area = area, .index = index, .link = link, .signature = signature };
    r = coil_program_native(link, signature, &native, error);
    if (r == 0)
        r = coil_closure_new(native, run, callback, &callback->closure, &callback->code, error);
    if (r == 0)
        *ret_callback = coil_steal_memory(&callback);
    return r;
}

/* The closure for a slot with this signature; the slot leads to it from now on.  With the lock. */
static int callback_get(struct area *area, uint32_t index, struct coil_link *link, uint32_t signature,
                        uint64_t *ret_code, struct coil_error *error)
{
    struct callback **at = &area->callbacks[index], *callback;
    int r = 0;

    while (*at && ((*at)->link != link || (*at)->signature != signature))
        at = &(*at)->next;
    callback = *at;
    if (callback)
        *at = callback->next;
    else
        r = callback_make(area, index, link, signature, &callback, error);
    if (r < 0)
        return r;
    callback->next = area->callbacks[index];
    area->callbacks[index] = callback;
    coil_slot_lead(area->base, index, callback->code);
    *ret_code = callback->code;
    return 0;
}

/* ---- empty slots ---- */

/* A pointer that leads nowhere, and never did as far as is known. */
static uint64_t nowhere(const char *why)
{
    struct coil_error error;

    coil_error_set(&error, -ESRCH, "a function pointer that Python gave to this program was called: %s", why);
    coil_status_fail_nameless(COIL_E_POINTER, &error);
    return (uint64_t)(uintptr_t)coil_slots_nothing;
}

/* Where an empty slot leads whose worker is there. */
static uint64_t resolve_here(struct area *area, uint32_t index, const struct coil_session *session)
{
    struct coil_slot_entry entry = entry_of(session, index);
    struct coil_link *link = entry.number ? find_link(session, &entry) : NULL;
    struct coil_error error;
    uint64_t code = 0;
    int r;

    if (!entry.number)
        return nowhere("Python has dropped the function behind it, or it crossed as 'void *' only, so that nobody "
                       "knows its arguments");
    if (!link)
        return nowhere("it belongs to a module that this program has not got");
    if (entry.is_function) {
        code = stub_function(link, entry.index);
        if (!code)
            return nowhere("its stub library was generated by an older coil-stubgen");
        coil_slot_lead(area->base, index, code);
        return code;
    }
    (void)pthread_mutex_lock(&lock);
    r = callback_get(area, index, link, entry.index, &code, &error);
    (void)pthread_mutex_unlock(&lock);
    return r == 0 ? code : nowhere(error.text);
}

uint64_t coil_callback_resolve(uint64_t base, uint32_t index)
{
    COIL_CLEANUP(session_put) struct coil_session *session = session_of(base);
    struct area *area;
    uint64_t code;

    (void)pthread_mutex_lock(&lock);
    area = find_area(base);
    code = area && area->callbacks[index] ? area->callbacks[index]->code : 0;
    (void)pthread_mutex_unlock(&lock);
    COIL_FAULT("callback.resolve");
    if (area && session)
        return resolve_here(area, index, session);
    if (code) /* it knows the type of the result, and says what happened */
        return code;
    return nowhere("the Python worker that made it has ended");
}

/* ---- crossing ---- */

uint64_t coil_callback_to_own(const struct coil_session *session, uint64_t address)
{
    uint64_t base = session->heap_base + COIL_HEAP_FUNCTIONS_OFFSET;
    uint32_t index = coil_slot_index(base, address);
    struct coil_slot_entry entry;
    struct coil_link *link;
    struct area *area;
    uint64_t own = 0;

    if (!index)
        return address;
    entry = entry_of(session, index);
    link = entry.number ? find_link(session, &entry) : NULL;
    if (link && entry.is_function)
        own = stub_function(link, entry.index);
    if (!link || entry.is_function)
        return own ? own : address;
    (void)pthread_mutex_lock(&lock);
    area = find_area(base);
    if (area && atomic_load_explicit(&area->numbers[index], memory_order_relaxed) != entry.number) {
        atomic_store_explicit(&area->numbers[index], entry.number, memory_order_relaxed);
        coil_slot_lead(base, index, 0); /* it may have another signature than the function before it */
    }
    (void)pthread_mutex_unlock(&lock);
    return address;
}

/* Where the worker has put the slots of a module's own functions, which follow each other; 0: it has not said. */
static uint32_t first_slot(struct coil_session *session, const struct coil_link *link)
{
    for (uint32_t i = 1; i < COIL_SLOTS; i++) {
        struct coil_slot_entry entry = entry_of(session, i);

        if (entry.number && entry.is_function && entry.index == 0 &&
            entry.module == atomic_load_explicit(&link->slot, memory_order_relaxed))
            return i;
    }
    return 0;
}

uint64_t coil_callback_of_stub(struct coil_session *session, uint64_t address)
{
    struct coil_link *link;
    uint32_t function = 0, first = 0;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    for (link = coil_links; link; link = link->next) {
        if (atomic_load_explicit(&link->session, memory_order_relaxed) != session)
            continue;
        for (function = 0; function < link->image->functions.count; function++)
            if (stub_function(link, function) == address)
                break;
        if (function < link->image->functions.count)
            break;
    }
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    if (link)
        first = first_slot(session, link);
    if (!first || first + function >= COIL_SLOTS)
        return 0;
    return coil_slot_address(session->heap_base + COIL_HEAP_FUNCTIONS_OFFSET, first + function);
}
