#ifndef COIL_HOST_INIT_CODE_H
#define COIL_HOST_INIT_CODE_H

/* Runs `source` as the init code of `module`, in fresh globals.  With the GIL.  -1 with an exception. */
int coil_init_code_run(const char *module, const char *source);

/* Lets tracebacks show the lines of all init code so far; imports linecache.  Keeps no exception. */
void coil_init_code_show_sources(void);

#endif
