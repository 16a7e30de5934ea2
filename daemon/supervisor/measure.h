/* What a worker has used up. */
#ifndef COIL_SUPERVISOR_MEASURE_H
#define COIL_SUPERVISOR_MEASURE_H

#include <stdint.h>

struct coil_server;
struct coil_session;
struct coil_worker;

/* How many calls have returned from their handlers: of a session; of all sessions that there have been. */
uint64_t coil_measure_session_calls(const struct coil_session *session);
uint64_t coil_measure_calls(const struct coil_worker *worker);

/* Bytes of memory that its process has resident, shared ones included; 0: it is not known. */
uint64_t coil_measure_memory(const struct coil_worker *worker);

/* Bytes of memory behind its heap. */
uint64_t coil_measure_heap(const struct coil_worker *worker);

/* How long the daemon has been there. */
uint64_t coil_measure_uptime_ms(const struct coil_server *server);

/* How long its process has been there. */
uint64_t coil_measure_age_ms(const struct coil_worker *worker);

#endif
