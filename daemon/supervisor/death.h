/* What a worker died of, and what follows from it for the next ones. */
#ifndef COIL_SUPERVISOR_DEATH_H
#define COIL_SUPERVISOR_DEATH_H

#include <stddef.h>

struct coil_session;
struct coil_worker;

/* A worker is dead, and its sessions and modules are still there: says so in the log, and tells the policies. */
void coil_death_note(struct coil_worker *worker);

/* A session is about to lose its memory: has the worker served a call in it? */
void coil_death_look(struct coil_session *session);

#endif
