/*
 * Asks about the process as a whole: its environment, its folder, a thread of its own for Python.
 *
 * They have nothing to do with a module, nor with what calls have in staging.  The thread that waits.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"

/* The texts stay in staging until the channel is asked for them again, or serves another thread. */
static int give_environment(struct coil_channel *channel, unsigned char **ret_bytes, uint32_t *ret_size,
                            struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) char *texts = NULL;
    uint64_t *answer;
    size_t size;
    int r;

    coil_process_forget(channel);
    r = coil_process_environment(&texts, &size, error);
    if (r == 0)
        r = coil_staging_take_detached(channel, size ? size : 1, &channel->environment, error);
    if (r < 0)
        return r;
    memcpy(channel->environment.address, texts, size);
    answer = malloc(2 * sizeof *answer);
    if (!answer)
        return coil_error_set(error, -ENOMEM, "no memory for an answer");
    answer[0] = (uint64_t)(uintptr_t)channel->environment.address;
    answer[1] = size;
    *ret_bytes = (unsigned char *)answer;
    *ret_size = 2 * sizeof *answer;
    return 0;
}

static int give_folder(unsigned char **ret_bytes, uint32_t *ret_size, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) char *path = malloc(PATH_MAX);
    int r;

    if (!path)
        return coil_error_set(error, -ENOMEM, "no memory for an answer");
    r = coil_process_folder(path, COIL_PAYLOAD_MAX < PATH_MAX ? COIL_PAYLOAD_MAX : PATH_MAX, error);
    if (r < 0)
        return r;
    *ret_size = (uint32_t)strlen(path);
    *ret_bytes = (unsigned char *)coil_steal_memory(&path);
    return 0;
}

bool coil_process_is_asked(unsigned kind)
{
    return kind == COIL_ASK_SERVICE || kind == COIL_ASK_ENVIRON || kind == COIL_ASK_CWD;
}

int coil_process_answer(struct coil_channel *channel, unsigned kind, unsigned char **ret_bytes, uint32_t *ret_size,
                        struct coil_error *error)
{
    switch (kind) {
    case COIL_ASK_SERVICE:
        return coil_service_start(channel->session, error);
    case COIL_ASK_ENVIRON:
        return give_environment(channel, ret_bytes, ret_size, error);
    default:
        return give_folder(ret_bytes, ret_size, error);
    }
}

void coil_process_forget(struct coil_channel *channel)
{
    coil_staging_release(channel, &channel->environment);
    channel->environment = (struct coil_staged){ 0 };
}
