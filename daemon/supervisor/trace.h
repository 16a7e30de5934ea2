/* coilctl trace: who watches calls, and which workers show theirs. */
#ifndef COIL_SUPERVISOR_TRACE_H
#define COIL_SUPERVISOR_TRACE_H

#include "proto/error.h"

struct coil_client;
struct coil_server;
struct coil_worker;

/* A connection wants to watch until it ends.  It is answered when all workers show their calls. */
void coil_trace_begin(struct coil_client *client);

/* A connection that watched has ended, and is not among the server's any more. */
void coil_trace_end(struct coil_server *server);

/* A worker is ready, before anybody has been told so: if somebody watches, it shows its calls from the first one on. */
void coil_trace_worker_ready(struct coil_worker *worker);

/* It is dead. */
void coil_trace_worker_died(struct coil_worker *worker);

/* Tells those who watch what has become of a worker; for the log as well. */
void coil_trace_log(const struct coil_server *server, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
