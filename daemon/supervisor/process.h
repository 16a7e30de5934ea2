/* Becoming a daemon: nothing of the program that started it may stay in this process. */
#ifndef COIL_SUPERVISOR_PROCESS_H
#define COIL_SUPERVISOR_PROCESS_H

#include <stdbool.h>
#include <sys/resource.h>

/*
 * Closes inherited fds but 0-2 and `ready_fd` (-1: none), gives the standard ones to
 * /dev/null if they are closed, sets signals to their defaults (SIGPIPE ignored), goes to "/", and
 * raises the limit of open files.  `detach`: also leaves the terminal.
 * *ret_files is the limit as it was.
 */
void coil_process_prepare(int ready_fd, bool detach, struct rlimit *ret_files);

/* stdin becomes /dev/null: a daemon reads nobody's terminal. */
void coil_process_silence(void);

#endif
