/* The descriptor while it is written as C: what emit_descriptor.c and its parts share. */
#ifndef STUBGEN_EMIT_IMAGE_H
#define STUBGEN_EMIT_IMAGE_H

#include "stubgen/emit.h"
#include "stubgen/opcodes.h"
#include "stubgen/passage.h"
#include "stubgen/texts.h"

/* One table: its entries as text, and how many they are. */
struct coil_image_table {
    struct coil_buffer text;
    size_t count;
};

struct coil_image {
    struct coil_module_model *module;
    struct coil_arena *arena;
    struct coil_opcodes *opcodes;
    struct coil_texts *texts;
    struct coil_image_table globals, structs, fields, enums, typenames, functions, signatures, variables, shapes,
        values, expressions, types;
};

/* Adds a function's row to one of the tables of functions, and its parameters' to the values. */
void coil_emit_signature(struct coil_image *image, struct coil_image_table *table,
                         const struct coil_signature *signature);

void coil_emit_variable(struct coil_image *image, const struct coil_name *variable);

/* Adds a shape's row, and those of its values. */
void coil_emit_shape(struct coil_image *image, const struct coil_shape *shape);

/* Adds a struct or union, and its fields. */
void coil_emit_struct(struct coil_image *image, const struct coil_record *record);

#endif
