/* Emitting C: the stub library's source (emit.c and its parts), and the header for its users. */
#ifndef STUBGEN_EMIT_H
#define STUBGEN_EMIT_H

#include "stubgen/module.h"

/* The whole C source of the stub library.  After coil_crossing_decide(). */
const char *coil_emit_source(struct coil_module_model *module);

/* The whole header for C and C++ programs that use the library. */
const char *coil_emit_header(struct coil_module_model *module);

/* What makes _Bool known to C++, too. */
extern const char coil_emit_raw_bool[];

/* Parts of the source. */
void coil_emit_includes(struct coil_buffer *out, struct coil_module_model *module);
void coil_emit_types(struct coil_buffer *out, struct coil_module_model *module);
void coil_emit_frames(struct coil_buffer *out, struct coil_module_model *module);
void coil_emit_descriptor(struct coil_buffer *out, struct coil_module_model *module);
void coil_emit_functions(struct coil_buffer *out, struct coil_module_model *module);
void coil_emit_program(struct coil_buffer *out, struct coil_module_model *module);

/* The body of a struct, between its braces: one field per line, `indent` blanks in front. */
void coil_emit_fields(struct coil_buffer *out, struct coil_module_model *module, const struct coil_record *record,
                      int indent);

/* The integer constant as C that fits every compiler: INT64_MIN has no literal. */
const char *coil_emit_number(struct coil_arena *arena, struct coil_number number);

/* A floating-point number as C that gives the same one again. */
const char *coil_emit_real(struct coil_arena *arena, double real);

/* An enumerator as C and C++ reach it; C++ keeps those of an enum inside a struct in there. */
const char *coil_emit_enumerator(struct coil_module_model *module, const struct coil_enumeration *enumeration,
                                 const char *name);

/* Whether there is anything in the program that Python can reach. */
static inline bool coil_emit_has_program(const struct coil_module_model *module)
{
    return module->functions.count + module->signatures.count + module->variables.count > 0;
}

#endif
