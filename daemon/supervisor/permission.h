/* Which programs may use which modules. */
#ifndef COIL_SUPERVISOR_PERMISSION_H
#define COIL_SUPERVISOR_PERMISSION_H

#include <sys/types.h>

#include "daemon/supervisor/config.h"
#include "proto/error.h"

/*
 * May the program at the other end of `fd`, which is `uid` and `gid`, use the module of this name?  -EACCES with words
 * for it and for the log.
 */
int coil_permission_check(const struct coil_config *config, const char *name, int fd, uid_t uid, gid_t gid,
                          struct coil_error *error);

#endif
