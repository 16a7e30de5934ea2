/*
 * The descriptor's tables, turned into _cffi_backend's.
 *
 * Type codes go over unchanged.  Of the globals only integer constants and
 * enumerators do: types may name them (`int[SIZE]`, enums), and everything else
 * that `lib` has is answered by coil's own `lib`.  One function tells the values
 * of all of them: it is handed the context and the global's number, and the
 * table of globals lies in a structure of ours.
 *
 * The converters need type objects for the values in frames, and the backend
 * gives them out by name only.  So each type that a frame holds, and that of each variable and C function, gets a
 * typedef name that no declaration can contain; ffi_wrapper.c hides them again.
 *
 * Called by module.c, with the GIL.  A context that the backend has seen is never
 * freed.
 */
#include "daemon/host/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cleanup.h"
#include "proto/image.h"

struct constants {
    const struct coil_descriptor_global **origins; /* of the entries, by number */
    struct coil_backend_global entries[];
};

struct coil_context {
    struct coil_backend_context tables;
    void **types;
    struct constants *constants;
    struct coil_backend_struct *structs;
    struct coil_backend_field *fields;
    struct coil_backend_enum *enums;
    struct coil_backend_typename *typenames;
    char (*type_names)[COIL_CONTEXT_TYPE_NAME_SIZE];
};

static int constant_tell(struct coil_backend_constant *constant)
{
    const char *entries = (const char *)constant->context->globals;
    const struct constants *constants = (const struct constants *)(entries - offsetof(struct constants, entries));
    const struct coil_descriptor_global *origin = constants->origins[constant->global];

    constant->value = origin->value;
    return (int)origin->negative;
}

static bool is_integer_constant(const struct coil_descriptor_global *global)
{
    unsigned operation = COIL_TYPE_OPERATION(global->code);

    return operation == COIL_OP_CONSTANT_INT || operation == COIL_OP_ENUM;
}

/* Arrays of no entries are one entry long, so that NULL means: no memory. */
static void *array_new(size_t count, size_t size)
{
    return calloc(count ? count : 1, size);
}

static bool types_build(struct coil_context *context, const struct coil_descriptor *image)
{
    const coil_type_code *codes = coil_image_types(image);

    context->types = array_new(image->types.count, sizeof *context->types);
    if (!context->types)
        return false;
    for (uint32_t i = 0; i < image->types.count; i++)
        context->types[i] = (void *)(uintptr_t)codes[i];
    context->tables.types = context->types;
    context->tables.type_count = (int)image->types.count;
    return true;
}

static bool constants_build(struct coil_context *context, const struct coil_descriptor *image)
{
    const struct coil_descriptor_global *globals = coil_image_globals(image);
    struct constants *constants;
    int count = 0;

    constants = array_new(1, sizeof *constants + image->globals.count * sizeof constants->entries[0]);
    context->constants = constants;
    if (!constants)
        return false;
    constants->origins = array_new(image->globals.count, sizeof *constants->origins);
    if (!constants->origins)
        return false;
    for (uint32_t i = 0; i < image->globals.count; i++) {
        if (!is_integer_constant(&globals[i]))
            continue;
        constants->origins[count] = &globals[i];
        constants->entries[count].name = coil_image_text(image, globals[i].name);
        constants->entries[count].address = (void *)(uintptr_t)constant_tell;
        constants->entries[count].code = (void *)(uintptr_t)globals[i].code;
        count++;
    }
    context->tables.globals = constants->entries;
    context->tables.global_count = count;
    return true;
}

static bool structs_build(struct coil_context *context, const struct coil_descriptor *image)
{
    const struct coil_descriptor_struct *structs = coil_image_structs(image);
    const struct coil_descriptor_field *fields = coil_image_fields(image);

    context->structs = array_new(image->structs.count, sizeof *context->structs);
    context->fields = array_new(image->fields.count, sizeof *context->fields);
    if (!context->structs || !context->fields)
        return false;
    for (uint32_t i = 0; i < image->structs.count; i++) {
        bool opaque = structs[i].flags & COIL_STRUCT_OPAQUE;

        context->structs[i] = (struct coil_backend_struct){
            .name = coil_image_text(image, structs[i].name),
            .type = (int)structs[i].type,
            .flags = (int)structs[i].flags,
            .size = opaque ? (size_t)-1 : (size_t)structs[i].size,
            .alignment = opaque ? -1 : (int)structs[i].alignment,
            .first_field = opaque ? -1 : (int)structs[i].first_field,
            .field_count = (int)structs[i].field_count,
        };
    }
    for (uint32_t i = 0; i < image->fields.count; i++)
        context->fields[i] = (struct coil_backend_field){
            .name = coil_image_text(image, fields[i].name),
            .offset = (size_t)fields[i].offset,
            .size = (size_t)fields[i].size,
            .code = (void *)(uintptr_t)fields[i].code,
        };
    context->tables.structs = context->structs;
    context->tables.struct_count = (int)image->structs.count;
    context->tables.fields = context->fields;
    return true;
}

static bool enums_build(struct coil_context *context, const struct coil_descriptor *image)
{
    const struct coil_descriptor_enum *enums = coil_image_enums(image);

    context->enums = array_new(image->enums.count, sizeof *context->enums);
    if (!context->enums)
        return false;
    for (uint32_t i = 0; i < image->enums.count; i++)
        context->enums[i] = (struct coil_backend_enum){
            .name = coil_image_text(image, enums[i].name),
            .type = (int)enums[i].type,
            .primitive = (int)enums[i].primitive,
            .enumerators = coil_image_text(image, enums[i].enumerators),
        };
    context->tables.enums = context->enums;
    context->tables.enum_count = (int)image->enums.count;
    return true;
}

static int typename_compare(const void *a, const void *b)
{
    return strcmp(((const struct coil_backend_typename *)a)->name, ((const struct coil_backend_typename *)b)->name);
}

/* Marks the types of all values in frames, of variables and of C functions; the number of different ones is returned.
 */
static size_t types_mark(const struct coil_descriptor *image, bool *marks)
{
    const struct coil_descriptor_function *functions = coil_image_functions(image);
    const struct coil_descriptor_function *signatures = coil_image_signatures(image);
    const struct coil_descriptor_value *parameters = coil_image_values(image);
    size_t count = 0;

    for (uint32_t i = 0; i < image->functions.count; i++)
        marks[functions[i].type] = marks[functions[i].result.type] = true;
    for (uint32_t i = 0; i < image->signatures.count; i++)
        marks[signatures[i].type] = marks[signatures[i].result.type] = true;
    for (uint32_t i = 0; i < image->variables.count; i++)
        marks[coil_image_variables(image)[i].type] = true;
    for (uint32_t i = 0; i < image->values.count; i++)
        marks[parameters[i].type] = true;
    for (uint32_t i = 0; i < image->types.count; i++)
        count += marks[i];
    return count;
}

static bool typenames_build(struct coil_context *context, const struct coil_descriptor *image)
{
    const struct coil_descriptor_typename *typenames = coil_image_typenames(image);
    COIL_CLEANUP(coil_memory_free) bool *marks = array_new(image->types.count, sizeof *marks);
    size_t count = 0;
    size_t marked;

    if (!marks)
        return false;
    marked = types_mark(image, marks);
    context->type_names = array_new(marked, sizeof *context->type_names);
    context->typenames = array_new(image->typenames.count + marked, sizeof *context->typenames);
    if (!context->type_names || !context->typenames)
        return false;
    for (uint32_t i = 0; i < image->types.count; i++) {
        if (!marks[i])
            continue;
        coil_context_type_name(i, context->type_names[count]);
        context->typenames[count] = (struct coil_backend_typename){ context->type_names[count], (int)i };
        count++;
    }
    for (uint32_t i = 0; i < image->typenames.count; i++)
        context->typenames[count++] =
            (struct coil_backend_typename){ coil_image_text(image, typenames[i].name), (int)typenames[i].type };
    qsort(context->typenames, count, sizeof *context->typenames, typename_compare);
    context->tables.typenames = context->typenames;
    context->tables.typename_count = (int)count;
    return true;
}

struct coil_context *coil_context_new(const struct coil_descriptor *image)
{
    COIL_CLEANUP(coil_context_freep) struct coil_context *context = calloc(1, sizeof *context);

    if (!context || !types_build(context, image) || !constants_build(context, image) ||
        !structs_build(context, image) || !enums_build(context, image) || !typenames_build(context, image))
        return NULL;
    context->tables.flags = COIL_BACKEND_EXTERN_PYTHON;
    return coil_steal_memory(&context);
}

void coil_context_free(struct coil_context *context)
{
    if (!context)
        return;
    if (context->constants)
        free(context->constants->origins);
    free(context->constants);
    free(context->types);
    free(context->structs);
    free(context->fields);
    free(context->enums);
    free(context->typenames);
    free(context->type_names);
    free(context);
}

const struct coil_backend_context *coil_context_tables(const struct coil_context *context)
{
    return &context->tables;
}

void coil_context_type_name(unsigned type, char ret_name[COIL_CONTEXT_TYPE_NAME_SIZE])
{
    (void)snprintf(ret_name, COIL_CONTEXT_TYPE_NAME_SIZE, COIL_CONTEXT_TYPE_NAME_PREFIX "%08x", type);
}
