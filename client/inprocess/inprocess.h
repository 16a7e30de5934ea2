/* In-process mode's files among themselves. */
#ifndef COIL_INPROCESS_H
#define COIL_INPROCESS_H

#include "client/runtime.h"
#include "daemon/host/host.h"

/* The host of this process; there is one when anything of Python runs. */
const struct coil_host_api *coil_inprocess_host(void);

/* ---- ask.c: the host's callbacks ---- */
int coil_inprocess_ask(void *caller, struct coil_host_program *program, struct coil_host_ask *ask,
                       struct coil_error *error);
struct coil_host_program *coil_inprocess_program(void *caller);
struct coil_host_program *coil_inprocess_program_ref(struct coil_host_program *program);
void coil_inprocess_program_unref(struct coil_host_program *program);
void coil_inprocess_program_peer(struct coil_host_program *program, struct coil_host_peer *ret_peer);

#endif
