/* What Python has imported from files that people edit. */
#ifndef COIL_HOST_IMPORTS_H
#define COIL_HOST_IMPORTS_H

#include <stddef.h>

/* Tells callbacks->imported of every import from now on.  With the GIL.  -1 with an exception. */
int coil_imports_watch(void);

/* As in the host's table. */
int coil_imports_sources(char **ret_paths, size_t *ret_size);

#endif
