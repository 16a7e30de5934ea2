/* Spares: private workers that are started before their programs. */
#ifndef COIL_SUPERVISOR_SPARE_H
#define COIL_SUPERVISOR_SPARE_H

struct coil_environment;
struct coil_server;
struct coil_worker;

/* A program has got its private worker: the next one like it shall find one that is there.  Nothing for shared ones. */
void coil_spare_want(struct coil_server *server, const struct coil_environment *environment);

/* A spare for this private environment, put into its list; it has to be told with `adopt` before it is used.  NULL: none. */
struct coil_worker *coil_spare_take(struct coil_server *server, struct coil_environment *environment);

/* The spare, if the environment is one's, leaves. */
void coil_spare_retire(struct coil_environment *environment, const char *why);

#endif
