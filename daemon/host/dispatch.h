#ifndef COIL_HOST_DISPATCH_H
#define COIL_HOST_DISPATCH_H

#include "daemon/host/host.h"

int coil_dispatch_call(struct coil_host_thread *thread, struct coil_host_module *module, unsigned function,
                       const void *call, void *result, int *inout_errno);

void coil_dispatch_error_value(struct coil_host_module *module, unsigned function, void *value);

#endif
