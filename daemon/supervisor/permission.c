/*
 * Which programs may use which modules.
 *
 * Purpose: a module whose section names users or groups is for them only.  Who a program is has been said by the kernel
 * when it connected: its user, its group, and its supplementary groups (SO_PEERGROUPS).
 *
 * Called by attach.c, main thread.
 */
#include "daemon/supervisor/permission.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/cleanup.h"

static bool has(const struct coil_config_ids *ids, uint32_t id)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->ids[i] == id)
            return true;
    }
    return false;
}

/* One of its supplementary groups is among them.  What cannot be found out does not count. */
static bool has_group_of(const struct coil_config_ids *ids, int fd)
{
    COIL_CLEANUP(coil_memory_free) gid_t *groups = NULL;
    socklen_t size = 0;

    if (ids->count == 0 || (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno != ERANGE) || size == 0)
        return false;
    groups = malloc(size);
    if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (size_t i = 0; i < size / sizeof *groups; i++) {
        if (has(ids, groups[i]))
            return true;
    }
    return false;
}

int coil_permission_check(const struct coil_config *config, const char *name, int fd, uid_t uid, gid_t gid,
                          struct coil_error *error)
{
    const struct coil_config_module *module = coil_config_module_find(config, name);

    if (!module || (module->users.count == 0 && module->groups.count == 0))
        return 0;
    if (has(&module->users, uid) || has(&module->groups, gid) || has_group_of(&module->groups, fd))
        return 0;
    return coil_error_set(
        error, -EACCES,
        "user %u, of group %u, may not use the module: [module %s] of the daemon's configuration names "
        "who may",
        (unsigned)uid, (unsigned)gid, name);
}
