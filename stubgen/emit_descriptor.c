/*
 * The descriptor as C: one constant structure without pointers.
 *
 * First every table is written as text, which gathers the type codes and texts
 * that the tables refer to; then the structure that holds them all is declared
 * and initialised.  Sizes and constants are left to the C compiler, except for what
 * comes from an included module, whose values are known (included.c).  Structs are
 * emit_layout.c's, functions and variables emit_signature.c's.  proto/descriptor.h says what each number means.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/emit_image.h"

/* ---- enums, typedefs ---- */

static void add_enumeration(struct coil_image *image, const struct coil_enumeration *enumeration)
{
    struct coil_buffer names = COIL_BUFFER_INIT(image->arena);
    const char *separator = "";
    const char *primitive =
        enumeration->known
            ? coil_arena_printf(image->arena, "COIL_PRIM_%s", coil_primitive_macro((int)enumeration->known->primitive))
            : coil_arena_printf(image->arena, "COIL_PRIM_INTEGER(%sinteger_of(%s))", image->module->prefix,
                                enumeration->c_name);

    coil_buffer_puts(&names, "");
    for (const struct coil_enumerator *e = enumeration->enumerators; e; e = e->next, separator = ",")
        coil_buffer_printf(&names, "%s%s", separator, e->name);
    coil_buffer_printf(&image->enums.text, "        { %s, %u,\n          %s, %zu },\n",
                       coil_texts_print(image->texts, enumeration->cffi_name),
                       coil_opcodes_index(image->opcodes, enumeration->type), primitive,
                       coil_texts_offset(image->texts, names.text));
    image->enums.count++;
}

static void add_typename(struct coil_image *image, const struct coil_name *name)
{
    if (name->is_builtin) /* Python's side knows those by itself */
        return;
    coil_buffer_printf(&image->typenames.text, "        { %s, %u },\n", coil_texts_print(image->texts, name->name),
                       coil_opcodes_index(image->opcodes, name->type));
    image->typenames.count++;
}

/* ---- what lib has ---- */

static void add_integer(struct coil_image *image, const struct coil_name *name)
{
    const char *value = name->name;
    const char *code = "COIL_TYPE(COIL_OP_CONSTANT_INT, 0)";

    if (name->enumeration)
        code = coil_arena_printf(image->arena, "COIL_TYPE(COIL_OP_ENUM, %u)", name->enumeration->index);
    if (name->known || name->is_asserted)
        value = coil_emit_number(image->arena, name->number);
    else if (name->enumeration)
        value = coil_emit_enumerator(image->module, name->enumeration, name->name);
    coil_buffer_printf(&image->globals.text, "        { %s, (%s) <= 0, 0, 0, %s, (uint64_t)(%s), 0 },\n",
                       coil_texts_print(image->texts, name->name), value, code, value);
}

const char *coil_emit_real(struct coil_arena *arena, double real)
{
    if (isnan(real))
        return "NAN";
    if (isinf(real))
        return real < 0 ? "-INFINITY" : "INFINITY";
    return coil_arena_printf(arena, "%.17g", real);
}

/* A row of `globals` that has an entry in another table. */
static void put_entry(struct coil_image *image, const struct coil_name *name, unsigned entry, const char *operation,
                      unsigned type)
{
    coil_buffer_printf(&image->globals.text, "        { %s, 0, %u, 0, COIL_TYPE(COIL_OP_%s, %u), 0, 0 },\n",
                       coil_texts_print(image->texts, name->name), entry, operation, type);
}

static void add_global(struct coil_image *image, const struct coil_name *name)
{
    switch (name->kind) {
    case COIL_NAME_TYPEDEF:
        return;
    case COIL_NAME_INTEGER:
        add_integer(image, name);
        break;
    case COIL_NAME_REAL:
        coil_buffer_printf(&image->globals.text,
                           "        { %s, 0, 0, 0, COIL_TYPE(COIL_OP_CONSTANT, %u), 0, (double)(%s) },\n",
                           coil_texts_print(image->texts, name->name), coil_opcodes_index(image->opcodes, name->type),
                           name->known ? coil_emit_real(image->arena, name->known->real) : name->name);
        break;
    case COIL_NAME_VARIABLE:
        put_entry(image, name, coil_list_index(&image->module->variables, name),
                  name->is_constant ? "CONSTANT" : "GLOBAL_VAR", coil_opcodes_index(image->opcodes, name->type));
        break;
    case COIL_NAME_FUNCTION:
        if (coil_name_is_python(name))
            put_entry(image, name, coil_list_index(&image->module->functions, name), "EXTERN_PYTHON",
                      coil_opcodes_pointer(image->opcodes, name->type));
        else
            put_entry(image, name, coil_list_index(&image->module->signatures, name), "DLOPEN_FUNC",
                      coil_opcodes_index(image->opcodes, name->type));
        break;
    }
    image->globals.count++;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(struct coil_name *const *)a)->name, (*(struct coil_name *const *)b)->name);
}

/* All names, sorted by bytes, as CFFI searches them. */
static struct coil_list sorted_names(struct coil_module_model *module)
{
    struct coil_list names = { 0 };

    for (struct coil_name *name = module->first; name; name = name->next)
        coil_list_add(&names, module->arena, name);
    if (names.count > 0)
        qsort(names.items, names.count, sizeof(void *), compare_names);
    return names;
}

/* ---- the whole ---- */

static void fill_types(struct coil_image *image)
{
    for (size_t i = 0; i < image->opcodes->entries.count; i++) {
        const struct coil_opcode *opcode = image->opcodes->entries.items[i];

        coil_buffer_printf(&image->types.text, "        %s,", opcode->code);
        if (opcode->comment)
            coil_buffer_printf(&image->types.text, " /* %zu: %s */", i, opcode->comment);
        coil_buffer_puts(&image->types.text, "\n");
        image->types.count++;
    }
}

static void fill_tables(struct coil_image *image)
{
    struct coil_module_model *module = image->module;
    struct coil_list names = sorted_names(module);

    for (size_t i = 0; i < module->functions.count; i++)
        coil_emit_signature(image, &image->functions,
                            ((const struct coil_name *)module->functions.items[i])->signature);
    for (size_t i = 0; i < module->signatures.count; i++)
        coil_emit_signature(image, &image->signatures,
                            ((const struct coil_name *)module->signatures.items[i])->signature);
    for (size_t i = 0; i < module->callbacks.count; i++)
        coil_emit_signature(image, &image->signatures, module->callbacks.items[i]);
    for (size_t i = 0; i < module->shapes.count; i++)
        coil_emit_shape(image, module->shapes.items[i]);
    for (size_t i = 0; i < module->variables.count; i++)
        coil_emit_variable(image, module->variables.items[i]);
    for (size_t i = 0; i < names.count; i++)
        if (!coil_name_is_elsewhere(names.items[i]))
            add_global(image, names.items[i]);
    for (size_t i = 0; i < module->sorted_records.count; i++)
        coil_emit_struct(image, module->sorted_records.items[i]);
    for (size_t i = 0; i < module->sorted_enumerations.count; i++)
        add_enumeration(image, module->sorted_enumerations.items[i]);
    for (size_t i = 0; i < names.count; i++)
        if (((struct coil_name *)names.items[i])->kind == COIL_NAME_TYPEDEF)
            add_typename(image, names.items[i]);
    fill_types(image);
}

/* A table's place in `head`, or its member, or its values; tables without entries have none of them. */
static void emit_place(struct coil_buffer *out, const struct coil_image *image, const char *name,
                       const struct coil_image_table *table)
{
    if (table->count > 0)
        coil_buffer_printf(out, "        { (uint32_t)offsetof(struct %simage, %s), %zu },\n", image->module->prefix,
                           name, table->count);
    else
        coil_buffer_printf(out, "        { 0, 0 }, /* no %s */\n", name);
}

static void emit_member(struct coil_buffer *out, const char *type, const char *name,
                        const struct coil_image_table *table)
{
    if (table->count > 0)
        coil_buffer_printf(out, "    %s %s[%zu];\n", type, name, table->count);
}

static void emit_values(struct coil_buffer *out, const char *name, const struct coil_image_table *table)
{
    if (table->count > 0)
        coil_buffer_printf(out, "    { /* %s */\n%s    },\n", name, table->text.text);
}

static void emit_structure(struct coil_buffer *out, struct coil_image *image)
{
    coil_buffer_printf(out, "struct %simage {\n    struct coil_descriptor head;\n", image->module->prefix);
    emit_member(out, "coil_type_code", "types", &image->types);
    emit_member(out, "struct coil_descriptor_global", "globals", &image->globals);
    emit_member(out, "struct coil_descriptor_struct", "structs", &image->structs);
    emit_member(out, "struct coil_descriptor_field", "fields", &image->fields);
    emit_member(out, "struct coil_descriptor_enum", "enums", &image->enums);
    emit_member(out, "struct coil_descriptor_typename", "typenames", &image->typenames);
    emit_member(out, "struct coil_descriptor_function", "functions", &image->functions);
    emit_member(out, "struct coil_descriptor_function", "signatures", &image->signatures);
    emit_member(out, "struct coil_descriptor_value", "variables", &image->variables);
    emit_member(out, "struct coil_descriptor_shape", "shapes", &image->shapes);
    emit_member(out, "struct coil_descriptor_value", "values", &image->values);
    emit_member(out, "struct coil_descriptor_expression", "expressions", &image->expressions);
    coil_buffer_printf(out, "    struct {\n%s    } strings;\n};\n\n", coil_texts_members(image->texts));
}

static void emit_head(struct coil_buffer *out, const struct coil_image *image, const char *name, size_t init_code)
{
    coil_buffer_printf(out,
                       "    { /* head */\n"
                       "        COIL_DESCRIPTOR_MAGIC, COIL_DESCRIPTOR_FORMAT, (uint32_t)sizeof(struct "
                       "%simage), COIL_WORD,\n"
                       "        %s, %zu /* init code */,\n",
                       image->module->prefix, name, init_code);
    emit_place(out, image, "types", &image->types);
    emit_place(out, image, "globals", &image->globals);
    emit_place(out, image, "structs", &image->structs);
    emit_place(out, image, "fields", &image->fields);
    emit_place(out, image, "enums", &image->enums);
    emit_place(out, image, "typenames", &image->typenames);
    emit_place(out, image, "functions", &image->functions);
    emit_place(out, image, "signatures", &image->signatures);
    emit_place(out, image, "variables", &image->variables);
    emit_place(out, image, "shapes", &image->shapes);
    emit_place(out, image, "values", &image->values);
    emit_place(out, image, "expressions", &image->expressions);
    coil_buffer_printf(out, "        { (uint32_t)offsetof(struct %simage, strings), %zu },\n    },\n",
                       image->module->prefix, image->texts->size);
}

static void init_tables(struct coil_image *image)
{
    struct coil_image_table *const tables[] = { &image->globals,    &image->structs,     &image->fields,
                                                &image->enums,      &image->typenames,   &image->functions,
                                                &image->signatures, &image->variables,   &image->shapes,
                                                &image->values,     &image->expressions, &image->types };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        tables[i]->text.arena = image->arena;
}

void coil_emit_descriptor(struct coil_buffer *out, struct coil_module_model *module)
{
    struct coil_image image = {
        .module = module,
        .arena = module->arena,
        .opcodes = coil_opcodes_new(module),
        .texts = coil_texts_new(module->arena),
    };
    const char *name;
    size_t init_code;

    init_tables(&image);
    name = coil_texts_print(image.texts, module->name);
    fill_tables(&image);
    init_code = coil_texts_finish(image.texts, module->init_code);
    coil_buffer_puts(out, "/* ---- descriptor: the module as data, for libcoil and for Python's side ---- */\n\n");
    emit_structure(out, &image);
    coil_buffer_printf(out, "const struct %simage coil_descriptor_%s = {\n", module->prefix, module->identifier);
    emit_head(out, &image, name, init_code);
    emit_values(out, "types", &image.types);
    emit_values(out, "globals: name, not positive, entry, 0, what, value, value of a floating-point constant",
                &image.globals);
    emit_values(out, "structs: name, type, flags, alignment, size, first field, fields", &image.structs);
    emit_values(out, "fields: name, 0, type, offset, size", &image.fields);
    emit_values(out, "enums: name, type, integer type, enumerators", &image.enums);
    emit_values(out, "typenames: name, type", &image.typenames);
    emit_values(
        out,
        "functions: name, type, call size, result size, first parameter, parameters, flags, timeout, error value, "
        "result",
        &image.functions);
    emit_values(out, "signatures: the same", &image.signatures);
    emit_values(out, "variables: as values", &image.variables);
    emit_values(out, "shapes: size, first value, values", &image.shapes);
    emit_values(out,
                "values: name, type, crossing, offset, size, bytes behind the pointer, count, length, shape, signature",
                &image.values);
    emit_values(out, "expressions: operation, 0, operand", &image.expressions);
    coil_buffer_printf(out, "    { /* strings */\n%s    },\n};\n\n", coil_texts_values(image.texts));
}
