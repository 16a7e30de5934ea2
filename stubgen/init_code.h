/* A module's init code: the Python that runs once, before its functions. */
#ifndef STUBGEN_INIT_CODE_H
#define STUBGEN_INIT_CODE_H

#include "proto/error.h"
#include "stubgen/arena.h"

/* As CFFI's embedding_init_code(): leading blank lines dropped, the common indentation removed. */
char *coil_init_code_dedent(struct coil_arena *arena, const char *text);

/* Compiles the code with Python.  -EINVAL: a syntax error, in Python's words. */
int coil_init_code_check(struct coil_arena *arena, const char *module, const char *text, struct coil_error *error);

#endif
