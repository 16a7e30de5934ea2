/* Ending Python code from outside, and looking at code that cannot be ended. */
#ifndef COIL_HOST_INTERRUPT_H
#define COIL_HOST_INTERRUPT_H

#include "daemon/host/compat.h"
#include "daemon/host/host.h"

/* coil.DeadlineExceeded, borrowed; NULL with an exception. */
PyObject *coil_interrupt_exception(void);

/* The host's table: host.h. */
int coil_interrupt_raise(struct coil_host_thread *thread, enum coil_host_interrupt reason);
bool coil_interrupt_is_pending(const struct coil_host_thread *thread);
void coil_interrupt_clear(struct coil_host_thread *thread);
bool coil_interrupt_has_gil(const struct coil_host_thread *thread);
int coil_interrupt_prepare_stacks(int signal_number, int fd, struct coil_error *error);

#endif
