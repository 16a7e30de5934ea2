/* What Python prints: sys.stdout and sys.stderr that end in callbacks->write. */
#ifndef COIL_HOST_TEXT_H
#define COIL_HOST_TEXT_H

#include "daemon/host/thread.h"

/* Replaces sys.stdout, sys.stderr and their originals.  Once, with the GIL.  -1 with a Python exception. */
int coil_text_install(const struct coil_host_callbacks *callbacks);

/* Which of the program's streams (enum coil_host_stream) a file object of Python's is; 0: none of them. */
int coil_text_stream(PyObject *file);

/* Hands over what `thread` (may be NULL) has written.  With the GIL, which is released meanwhile. */
void coil_text_flush(struct coil_host_thread *thread);

#endif
