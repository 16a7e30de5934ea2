/* The Python module `coil`. */
#ifndef COIL_HOST_COIL_MODULE_H
#define COIL_HOST_COIL_MODULE_H

/* Makes `import coil` find it, unless there is a file of that name.  -1 with an exception. */
int coil_import_offer(void);

#endif
