/*
 * Regions of a program's own memory, on their way to its worker.
 *
 * Purpose: the worker maps what the program sends, so the supervisor looks at it first: a memfd of
 * the stated size that can never shrink, or the worker would die of SIGBUS when the
 * program cut it off.  Where it is to lie must be in the range for regions; whether that place is
 * free the worker knows.
 *
 * Called by client.c, main thread.  The request under way is the client's.
 */
#include "daemon/supervisor/region.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "daemon/supervisor/log.h"
#include "daemon/supervisor/session.h"
#include "proto/fault.h"
#include "proto/window.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* NULL: it is what it should be.  Otherwise what is wrong with it. */
static const char *find_fault(const struct coil_message *message, int fd)
{
    struct stat status;
    struct statfs system;
    int seals = fcntl(fd, F_GET_SEALS);

    if (!coil_region_is_valid(message->base, message->size))
        return "it would lie outside of the range for regions";
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return "it is no sealed memory file";
    if (fstatfs(fd, &system) < 0 || system.f_type != TMPFS_MAGIC) /* huge pages may be missing when they are needed */
        return "it is no ordinary memory file";
    if ((uint64_t)status.st_size != message->size)
        return "its size is not what was said";
    return NULL;
}

static void refuse(struct coil_client *client, enum coil_refusal code, const char *text)
{
    const struct coil_log_about about = coil_client_about(client);

    coil_log_about(&about, "a region of its memory is not shared: %s", text);
    coil_client_fail(client, code, "%s", text);
}

static void answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_client *client = (struct coil_client *)(void *)((char *)await - offsetof(struct coil_client, await));
    struct coil_message done = { .type = COIL_MESSAGE_DONE };

    if (!answer) /* its death ends the session, and the connection with it */
        refuse(client, COIL_REFUSED_OTHER, "the worker died");
    else if (answer->type == COIL_MESSAGE_FAILED)
        refuse(client, COIL_REFUSED_LIMIT, answer->text);
    else
        coil_client_answer(client, &done, NULL);
}

void coil_region_show(struct coil_client *client, const struct coil_message *message, int fd)
{
    struct coil_message forward = { .type = COIL_MESSAGE_REGION, .base = message->base, .size = message->size };
    const char *fault = find_fault(message, fd);

    if (!client->attached || message->session != client->session->number) {
        refuse(client, COIL_REFUSED_PROTOCOL, "this connection has no such session");
        return;
    }
    if (fault) {
        refuse(client, COIL_REFUSED_PROTOCOL, fault);
        return;
    }
    COIL_FAULT("region.checked");
    client->step = COIL_CLIENT_WORKER;
    forward.session = client->session->number;
    coil_worker_ask(client->session->worker, &forward, &fd, &client->await, answered);
}
