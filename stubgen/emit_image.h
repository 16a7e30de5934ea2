/* The descriptor while it is written as C: what emit_descriptor.c and emit_layout.c share. */
#ifndef STUBGEN_EMIT_IMAGE_H
#define STUBGEN_EMIT_IMAGE_H

#include "stubgen/emit.h"
#include "stubgen/opcodes.h"
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
    struct coil_image_table globals, structs, fields, enums, typenames, functions, signatures, variables, shapes, values,
        expressions, types;
};

/* Adds a struct or union, and its fields. */
void coil_emit_struct(struct coil_image *image, const struct coil_record *record);

#endif
