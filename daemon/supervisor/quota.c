/*
 * Bounds to what one user, and one connection, may take of the daemon.
 *
 * Purpose: everything that the daemon hands out is limited by something: descriptors, addresses, memory.  Whoever takes
 * all of it leaves nothing for others, so each user may have so many connections, sessions (programs) and channels
 * (their threads), and with them so much of the memory and so many of the descriptors that hang on these.  A connection
 * has so long for its first message, and sends so many within a second: what is beyond that stays in its socket until
 * there is time for it, and nobody else waits.
 *
 * The numbers are settings (setting.c).  Called by server.c, client.c, attach.c and session.c, main thread.
 */
#include "daemon/supervisor/quota.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/supervisor/client.h"
#include "daemon/supervisor/server.h"

#define BURST_S 2 /* a connection that was quiet may send as many as in so many seconds */
#define ACCEPT_RATE 2000 /* connections of all users together, each second; a full queue of them is half a second */

/* The settings, and what people call it. */
static uint64_t limit_of(const struct coil_server *server, enum coil_quota_kind kind, const char **ret_what)
{
    const struct coil_settings *settings = &server->configuration.effective;

    switch (kind) {
    case COIL_QUOTA_CONNECTIONS:
        *ret_what = "connections to the daemon (user-connections)";
        return settings->user_connections;
    case COIL_QUOTA_SESSIONS:
        *ret_what = "programs that use Python at once (user-programs)";
        return settings->user_programs;
    default:
        *ret_what = "threads of programs that use Python at once (user-threads)";
        return settings->user_threads;
    }
}

static struct coil_quota *find(struct coil_server *server, uid_t uid)
{
    struct coil_quota *quota;

    TAILQ_FOREACH(quota, &server->quotas, link)
    {
        if (quota->uid == uid)
            return quota;
    }
    quota = calloc(1, sizeof *quota);
    if (!quota)
        return NULL;
    quota->uid = uid;
    TAILQ_INSERT_TAIL(&server->quotas, quota, link);
    return quota;
}

static void forget_if_unused(struct coil_server *server, struct coil_quota *quota)
{
    for (unsigned i = 0; i < COIL_QUOTA_KINDS; i++) {
        if (quota->taken[i])
            return;
    }
    TAILQ_REMOVE(&server->quotas, quota, link);
    free(quota);
}

int coil_quota_take(struct coil_server *server, uid_t uid, enum coil_quota_kind kind, struct coil_quota **ret_quota,
                    struct coil_error *error)
{
    struct coil_quota *quota = find(server, uid);
    const char *what;
    uint64_t limit = limit_of(server, kind, &what);

    if (!quota)
        return coil_error_set(error, -ENOMEM, "no memory");
    if (limit && quota->taken[kind] >= limit) {
        forget_if_unused(server, quota);
        return coil_error_set(error, -EDQUOT, "user %u has %llu %s already, which is the limit", (unsigned)uid,
                              (unsigned long long)limit, what);
    }
    quota->taken[kind]++;
    *ret_quota = quota;
    return 0;
}

void coil_quota_give(struct coil_server *server, struct coil_quota *quota, enum coil_quota_kind kind, uint64_t count)
{
    if (!quota)
        return;
    quota->taken[kind] -= count;
    forget_if_unused(server, quota);
}

/* Takes one of those that there may be now.  False: there is none. */
static bool take_from(struct coil_quota_rate *bucket, uint64_t rate, uint64_t now_ms)
{
    uint64_t most = rate * BURST_S * 1000, passed_ms = now_ms - bucket->refilled_ms;

    /* One thousandth of the rate comes back each millisecond. */
    if (bucket->refilled_ms == 0 || passed_ms >= BURST_S * 1000)
        bucket->left = most;
    else
        bucket->left = bucket->left + passed_ms * rate < most ? bucket->left + passed_ms * rate : most;
    bucket->refilled_ms = now_ms;
    if (bucket->left < 1000)
        return false;
    bucket->left -= 1000;
    return true;
}

bool coil_quota_message(struct coil_client *client)
{
    uint64_t rate = client->server->configuration.effective.message_rate;

    return !rate || take_from(&client->rate, rate, uv_now(&client->server->loop));
}

bool coil_quota_accept(struct coil_server *server)
{
    return !server->is_system || take_from(&server->accepts, ACCEPT_RATE, uv_now(&server->loop));
}

bool coil_quota_look(struct coil_server *server)
{
    uint64_t timeout_ms = server->configuration.effective.handshake_timeout_s * 1000;
    uint64_t now_ms = uv_now(&server->loop);
    struct coil_client *client, *next;
    bool again = false;

    for (client = TAILQ_FIRST(&server->clients); client; client = next) {
        next = TAILQ_NEXT(client, link);
        coil_client_go_on(client);
        if (!coil_client_is_awaited(client) || !timeout_ms)
            continue;
        if (now_ms - client->awaited_ms >= timeout_ms)
            coil_client_give_up(client);
        else
            again = true;
    }
    return again;
}
