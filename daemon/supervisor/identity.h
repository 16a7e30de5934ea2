/* Users and groups by their names, without the name service in this process. */
#ifndef COIL_SUPERVISOR_IDENTITY_H
#define COIL_SUPERVISOR_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"

/*
 * A number as it stands; a name as getent, a process of its own, knows it.  Waits for that, but not for long.
 * -ENOENT, -ETIMEDOUT, -EINVAL and what starting a process may give, with words.
 */
int coil_identity_resolve(const char *text, bool is_group, uint32_t *ret_id, struct coil_error *error);

#endif
