#ifndef COIL_HOST_FORK_H
#define COIL_HOST_FORK_H

#include <stdbool.h>

/* struct coil_host_api tells. */
void coil_fork_before(void);
void coil_fork_after(bool in_child);

#endif
