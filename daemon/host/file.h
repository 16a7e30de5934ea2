/* Files of Python for C functions that take a FILE *. */
#ifndef COIL_HOST_FILE_H
#define COIL_HOST_FILE_H

#include <stdbool.h>

#include "daemon/host/program.h"

/* Is it a file object that has to be lent to the program?  -1 with an exception. */
int coil_file_is_lent(PyObject *object);

/* The program's FILE * for it, until the current call has ended.  -1 with an exception. */
int coil_file_lend(const struct coil_program_place *place, PyObject *file, void **ret_file);

#endif
