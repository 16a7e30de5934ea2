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

/* The folder of libraries, seen from the prefix; and the prefix, seen from there. */
#ifndef COIL_LIBDIR
#define COIL_LIBDIR "lib"
#define COIL_ABOVE_LIBDIR ".."
#endif

/* From the folder of libcoil.so. */
#define COIL_HOST_FROM_LIB "coil/libcoil-host.so"
#define COIL_SLOTS_FROM_LIB "coil/slots"
#define COIL_DAEMON_FROM_LIB COIL_ABOVE_LIBDIR "/bin/coild"
/* From the folder of coil-worker. */
#define COIL_SLOTS_FROM_LIBEXEC "../../" COIL_LIBDIR "/coil/slots"
#define COIL_HOST_FROM_LIBEXEC "../../" COIL_LIBDIR "/coil/libcoil-host.so"
/* From the prefix: descriptors of the system daemon's modules. */
#define COIL_MODULES_FROM_PREFIX "lib/coil/modules"
/* From the folder of coild. */
#define COIL_WORKER_FROM_BIN "../libexec/coil/coil-worker"

/*
 * The file at `relative`, as seen from the folder of the program or library that
 * this code is linked into.  -ENOENT with words if it is not there;
 * -ENAMETOOLONG.
 */
int coil_location(const char *relative, char *ret_path, size_t size, struct coil_error *error);

#endif
