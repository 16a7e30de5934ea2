/* Programs of a worker that another one has taken the place of follow it. */
#ifndef COIL_SUPERVISOR_MOVE_H
#define COIL_SUPERVISOR_MOVE_H

#include <stdbool.h>
#include <stdint.h>

struct coil_server;
struct coil_session;
struct coil_worker;

/*
 * The worker is retired: its sessions end between two calls as soon as nothing is lost by that, and their programs
 * attach anew with the next call.  `bound_ms` from now on they end in any case; 0: they stay for as long as they need.
 */
void coil_moves_begin(struct coil_worker *worker, uint64_t bound_ms);

/* Once a second.  False: there is nothing to do any more. */
bool coil_moves_look(struct coil_server *server);

/* Something else becomes of the session: what has been asked of the worker does not count. */
void coil_move_forget(struct coil_session *session);

#endif
