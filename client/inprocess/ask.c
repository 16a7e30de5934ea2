/*
 * What Python asks of the program, when both are one process: done at once, by the thread that asks.
 *
 * Outside of calls and sessions there is no program to ask, although there could be no other one: what a module does
 * must not depend on the mode.  With COIL_INTERPRETER=private, and where a private worker would be taken because init
 * code uses the program, there always is.
 *
 * The GIL is given up while C code of the program runs, as CFFI does it, so that other Python threads run and
 * the C code may call Python again.  Nothing is copied: pointers are what they are.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/inprocess/inprocess.h"
#include "proto/ring.h"

/* There is one program, this process, and nothing is to be known of it here. */
struct coil_host_program {
    char nothing;
};
static struct coil_host_program this_program;

/* Does Python serve this program always, and not only in calls?  Relaxed: it only ever becomes true. */
static _Atomic bool is_private;

struct coil_host_program *coil_inprocess_program(void *caller)
{
    return caller || atomic_load_explicit(&is_private, memory_order_relaxed) ? &this_program : NULL;
}

bool coil_inprocess_claim(void)
{
    atomic_store_explicit(&is_private, true, memory_order_relaxed);
    return true;
}

struct coil_host_program *coil_inprocess_program_ref(struct coil_host_program *program)
{
    return program;
}

void coil_inprocess_program_unref(struct coil_host_program *program)
{
    (void)program;
}

void coil_inprocess_program_peer(struct coil_host_program *program, struct coil_host_peer *ret_peer)
{
    (void)program;
    *ret_peer =
        (struct coil_host_peer){ .pid = (uint64_t)getpid(), .uid = geteuid(), .gid = getegid(), .is_private = true };
}

/* The library of a module: that of the call under way, or the one that was loaded last. */
static const struct coil_link *find_link(const struct coil_thread *thread, const struct coil_host_module *module,
                                         struct coil_error *error)
{
    const uint8_t *hash = coil_inprocess_host()->module_hash(module);
    const struct coil_link *link = thread->link;

    if (link && memcmp(link->hash, hash, COIL_HASH_SIZE) == 0)
        return link;
    (void)pthread_mutex_lock(&coil_runtime_lock);
    for (link = coil_links; link && memcmp(link->hash, hash, COIL_HASH_SIZE) != 0; link = link->next)
        ;
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    if (!link)
        coil_error_set(error, -EINVAL, "the module's library is not in this process");
    return link;
}

static int run(struct coil_thread *thread, const struct coil_link *link, struct coil_host_ask *ask,
               struct coil_error *error)
{
    const struct coil_descriptor_function *signature = coil_program_signature(link, ask->number, error);
    struct coil_variadic variadic = { 0 };
    void *paused;
    int cancel = PTHREAD_CANCEL_ENABLE;
    int r;

    if (!signature)
        return error->code;
    r = coil_program_enter(thread, error);
    if (r < 0)
        return r;
    paused = coil_inprocess_host()->pause();
    if (thread->cancel_state != COIL_CANCEL_UNTOUCHED)
        (void)pthread_setcancelstate(thread->cancel_state, &cancel);
    if (ask->kind == COIL_ASK_RUN) {
        coil_program_run(link, ask->number, ask->payload, ask->answer, &ask->error_number);
    } else {
        r = coil_variadic_unpack(&variadic, signature, ask->payload, ask->payload_size, error);
        if (r == 0)
            r = coil_program_run_variadic(link, ask->number, &variadic, ask->answer, &ask->error_number, error);
        free(variadic.memory);
    }
    if (thread->cancel_state != COIL_CANCEL_UNTOUCHED)
        (void)pthread_setcancelstate(cancel, NULL);
    coil_inprocess_host()->resume(paused);
    coil_program_leave(thread);
    return r;
}

static int use_variable(const struct coil_link *link, struct coil_host_ask *ask, struct coil_error *error)
{
    void *address;
    const struct coil_descriptor_value *variable = coil_program_variable(link, ask->number, &address, error);
    uint64_t at = (uint64_t)(uintptr_t)address;

    if (!variable)
        return error->code;
    if (ask->kind == COIL_ASK_READ)
        memcpy(ask->answer, address, variable->size);
    else if (ask->kind == COIL_ASK_WRITE)
        memcpy(address, ask->payload, variable->size);
    else
        memcpy(ask->answer, &at, sizeof at);
    return 0;
}

static int give_environment(struct coil_thread *thread, struct coil_host_ask *ask, struct coil_error *error)
{
    uint64_t answer[2];
    size_t size;
    int r;

    free(thread->environment);
    thread->environment = NULL;
    r = coil_process_environment(&thread->environment, &size, error);
    if (r < 0)
        return r;
    answer[0] = (uint64_t)(uintptr_t)thread->environment;
    answer[1] = size;
    memcpy(ask->answer, answer, sizeof answer);
    return 0;
}

static int give_folder(struct coil_host_ask *ask, struct coil_error *error)
{
    int r = coil_process_folder(ask->answer, ask->answer_size, error);

    if (r == 0)
        ask->answer_size = strlen(ask->answer);
    return r;
}

static int tell_address(const struct coil_link *link, struct coil_host_ask *ask, struct coil_error *error)
{
    uint64_t address;
    int r = ask->kind == COIL_ASK_ADDRESS ? coil_program_address(link, ask->number, &address, error)
                                          : coil_program_function(link, ask->number, &address, error);

    if (r == 0)
        memcpy(ask->answer, &address, sizeof address);
    return r;
}

int coil_inprocess_ask(void *caller, struct coil_host_program *program, struct coil_host_ask *ask,
                       struct coil_error *error)
{
    struct coil_thread *thread = coil_thread_get();
    const struct coil_link *link;

    (void)caller;
    (void)program;
    if (!thread)
        return coil_error_set(error, -ENOMEM, "no memory for this thread's state");
    link = ask->module ? find_link(thread, ask->module, error) : NULL;
    if (ask->module && !link)
        return error->code;
    switch (ask->kind) {
    case COIL_ASK_RUN:
    case COIL_ASK_VARIADIC:
        return run(thread, link, ask, error);
    case COIL_ASK_ADDRESS:
    case COIL_ASK_FUNCTION:
        return tell_address(link, ask, error);
    case COIL_ASK_READ:
    case COIL_ASK_WRITE:
    case COIL_ASK_REFER:
        return use_variable(link, ask, error);
    case COIL_ASK_SERVICE:
        return 0; /* the thread that asks does it */
    case COIL_ASK_ENVIRON:
        return give_environment(thread, ask, error);
    case COIL_ASK_CWD:
        return give_folder(ask, error);
    default:
        return coil_error_set(error, -EINVAL, "the program does not understand what it is asked for (%u)", ask->kind);
    }
}
