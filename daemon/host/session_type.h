/* coil.Session: a program, as Python code keeps it and makes it current. */
#ifndef COIL_HOST_SESSION_TYPE_H
#define COIL_HOST_SESSION_TYPE_H

#include "daemon/host/compat.h"
#include "daemon/host/host.h"

/* A new reference; -1 or NULL with an exception. */
int coil_session_type_prepare(PyObject *module); /* adds Session and Peer to the module `coil` */
PyObject *coil_session_new(struct coil_host_program *program);
PyObject *coil_session_peer(struct coil_host_program *program);

/*
 * The program of the innermost `with session:` around the running code, unless a call is further in; borrowed for as
 * long as that code runs.  NULL: there is none.
 */
struct coil_host_program *coil_session_entered(void);

#endif
