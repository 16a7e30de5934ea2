/* A module's place in sys.modules. */
#ifndef COIL_HOST_NAMES_H
#define COIL_HOST_NAMES_H

#include "daemon/host/compat.h"

struct coil_names {
    PyObject *replaced;     /* dict: what stood under our names before */
    PyObject *parents_made; /* list: names of packages that were made up */
};

/*
 * Enters NAME and NAME.lib, and empty packages for the dotted parents that no
 * finder knows.  With the GIL.  -1 with an exception.
 */
int coil_names_publish(struct coil_names *names, const char *name, PyObject *module, PyObject *lib);

/* Puts sys.modules back as it was. */
void coil_names_withdraw(struct coil_names *names, const char *name);

#endif
