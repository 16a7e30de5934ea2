/*
 * Fault points: named places at which a test stops or kills a process.
 *
 * They are there only in a build with FAULTS=1 (COIL_FAULTS); otherwise they are nothing.  A test names a control file
 * in the environment variable COIL_FAULT, which all processes of such a build map; coild and coil-worker inherit it.
 * Each process is known by its role: client, supervisor, worker.  tests/faults/ finds the points in the sources by
 * these macros, so a name is always a literal:
 *
 *     COIL_FAULT("call.started")                 the point worker:call.started
 *     COIL_FAULT_OF("wire.sent", name)           one for each name, such as client:wire.sent.attach
 *     COIL_FAULT_RECORD("ring.seen", kind)       one for each enum coil_record_kind, such as worker:ring.seen.call
 *
 * Any thread; errno is kept.
 */
#ifndef COIL_FAULT_H
#define COIL_FAULT_H

#ifdef COIL_FAULTS

/* The environment's name of the control file, in lists of variables that are passed on. */
#define COIL_FAULT_VARIABLE "COIL_FAULT",

#define COIL_FAULT(point) coil_fault_pass(point, NULL)
#define COIL_FAULT_OF(point, name) coil_fault_pass(point, name)
#define COIL_FAULT_RECORD(point, kind) coil_fault_pass(point, coil_fault_record_name(kind))

/* This process passes the point; `detail` may be NULL.  May not return. */
void coil_fault_pass(const char *point, const char *detail);
const char *coil_fault_record_name(unsigned kind);

#else

#define COIL_FAULT_VARIABLE
#define COIL_FAULT(point) ((void)0)
#define COIL_FAULT_OF(point, name) ((void)0)
#define COIL_FAULT_RECORD(point, kind) ((void)0)

#endif

#endif
