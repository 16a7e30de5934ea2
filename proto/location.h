/*
 * Where coil's other files are.
 *
 * An installed coil is found from the file one's own code came from, so a prefix
 * can be moved as a whole, and the build folder has the same shape.
 */
#ifndef COIL_LOCATION_H
#define COIL_LOCATION_H

#include <stddef.h>

#include "proto/error.h"

/* From the folder of libcoil.so. */
#ifndef COIL_HOST_FROM_LIB
#define COIL_HOST_FROM_LIB "coil/libcoil-host.so"
#endif
#ifndef COIL_DAEMON_FROM_LIB
#define COIL_DAEMON_FROM_LIB "../bin/coild"
#endif
#ifndef COIL_SLOTS_FROM_LIB
#define COIL_SLOTS_FROM_LIB "../libexec/coil/slots"
#endif
/* From the folder of coil-worker. */
#ifndef COIL_SLOTS_FROM_LIBEXEC
#define COIL_SLOTS_FROM_LIBEXEC "slots"
#endif
#ifndef COIL_HOST_FROM_LIBEXEC
#define COIL_HOST_FROM_LIBEXEC "../../lib/coil/libcoil-host.so"
#endif
/* From the folder of coild. */
#ifndef COIL_WORKER_FROM_BIN
#define COIL_WORKER_FROM_BIN "../libexec/coil/coil-worker"
#endif

/*
 * The file at `relative`, as seen from the folder of the program or library that
 * this code is linked into.  -ENOENT with words if it is not there;
 * -ENAMETOOLONG.
 */
int coil_location(const char *relative, char *ret_path, size_t size, struct coil_error *error);

#endif
