/* What goes wrong in Python, told on sys.stderr. */
#ifndef COIL_HOST_REPORT_H
#define COIL_HOST_REPORT_H

#include "daemon/host/compat.h"
#include "proto/error.h"

/*
 * Reports `exception` and gives nothing back: as sys.unraisablehook's business if the
 * user has set one, else as traceback under the line `heading` (a sentence
 * without newline).  With the GIL; leaves no exception behind.
 */
void coil_report_exception(PyObject *exception, const char *heading);

/* Writes one line to sys.stderr, if there is one. */
void coil_report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports that the module could not be opened: the traceback, and where Python looked for things. */
void coil_report_open_failure(const char *module, PyObject *exception);

/* "ZeroDivisionError: division by zero", cut to `size`. */
void coil_report_summary(PyObject *exception, char *ret_text, size_t size);

#endif
