/* Running the C compiler on an emitted source. */
#ifndef STUBGEN_COMPILE_H
#define STUBGEN_COMPILE_H

#include "stubgen/options.h"

/*
 * Makes the shared library `output` of the C source and what the options add to it.
 * *ret_output: what the compiler said.  *ret_commands: the command, for --verbose.
 * -ENOEXEC with words: it failed; what is probably wrong with the declarations is among them.
 */
int coil_compile(struct coil_module_model *module, const struct coil_options *options, const char *prefix,
                 const char *c_source, const char *output, const char **ret_output, const char **ret_command,
                 struct coil_error *error);

#endif
