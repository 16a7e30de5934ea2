/*
 * The descriptor as C: one constant structure without pointers.
 *
 * First every table is written as text, which gathers the type codes and texts
 * that the tables refer to; then the structure that holds them all is declared
 * and initialised.  Sizes and constants are left to the C compiler, except for what
 * comes from an included module, whose values are known (included.c).  Structs are
 * emit_layout.c's.  proto/descriptor.h says what each number means.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/emit_image.h"
#include "stubgen/length.h"

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

/* A floating-point number as C that gives the same one again. */
static const char *real_number(struct coil_arena *arena, double real)
{
    if (isnan(real))
        return "NAN";
    if (isinf(real))
        return real < 0 ? "-INFINITY" : "INFINITY";
    return coil_arena_printf(arena, "%.17g", real);
}

static void add_global(struct coil_image *image, const struct coil_name *name)
{
    const char *text = coil_texts_print(image->texts, name->name);
    struct coil_buffer *out = &image->globals.text;

    switch (name->kind) {
    case COIL_NAME_TYPEDEF:
        return;
    case COIL_NAME_INTEGER:
        add_integer(image, name);
        break;
    case COIL_NAME_REAL:
        coil_buffer_printf(out, "        { %s, 0, 0, 0, COIL_TYPE(COIL_OP_CONSTANT, %u), 0, (double)(%s) },\n", text,
                           coil_opcodes_index(image->opcodes, name->type),
                           name->known ? real_number(image->arena, name->known->real) : name->name);
        break;
    case COIL_NAME_VARIABLE:
        coil_buffer_printf(out, "        { %s, 0, 0, 0, COIL_TYPE(COIL_OP_GLOBAL_VAR, %u), 0, 0 },\n", text,
                           coil_opcodes_index(image->opcodes, name->type));
        break;
    case COIL_NAME_FUNCTION:
        if (name->linkage == COIL_LINKAGE_C)
            coil_buffer_printf(out, "        { %s, 0, 0, 0, COIL_TYPE(COIL_OP_DLOPEN_FUNC, %u), 0, 0 },\n", text,
                               coil_opcodes_index(image->opcodes, name->type));
        else
            coil_buffer_printf(out, "        { %s, 0, 0, 0, COIL_TYPE(COIL_OP_EXTERN_PYTHON, %u), 0, 0 },\n", text,
                               coil_opcodes_pointer(image->opcodes, name->type));
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

/* ---- functions ---- */

static const char *crossing_macro(unsigned crossing)
{
    static const char *const macros[COIL_CROSS_COUNT] = {
        [COIL_CROSS_VALUE] = "COIL_CROSS_VALUE",
        [COIL_CROSS_STRING_IN] = "COIL_CROSS_STRING_IN",
        [COIL_CROSS_STRING_INOUT] = "COIL_CROSS_STRING_INOUT",
        [COIL_CROSS_BLOCK_IN] = "COIL_CROSS_BLOCK_IN",
        [COIL_CROSS_BLOCK_INOUT] = "COIL_CROSS_BLOCK_INOUT",
        [COIL_CROSS_BLOCK_OUT] = "COIL_CROSS_BLOCK_OUT",
    };

    return macros[crossing];
}

/* The bytes behind a pointer: "4 * sizeof(int)" for an array parameter, which is no array in C. */
static const char *extent_of(struct coil_image *image, struct coil_type *block)
{
    struct coil_type *bare = coil_type_strip(block);

    if (bare->kind == COIL_KIND_RECORD && bare->record->layout)
        return coil_arena_printf(image->arena, "%llu", (unsigned long long)bare->record->layout->size);

    if (bare->kind == COIL_KIND_ARRAY)
        return coil_arena_printf(image->arena, "%llu * sizeof(%s)", (unsigned long long)bare->length,
                                 coil_type_name(image->arena, coil_type_unqualified(bare->item)));
    return coil_arena_printf(image->arena, "sizeof(%s)", coil_type_name(image->arena, coil_type_unqualified(block)));
}

/* The program of a length; returns 1 + where it begins, or 0. */
static size_t add_length(struct coil_image *image, const struct coil_length_program *length)
{
    size_t first = image->expressions.count;

    if (!length)
        return 0;
    for (size_t i = 0; i < length->steps.count; i++) {
        const struct coil_length_step *step = length->steps.items[i];

        coil_buffer_printf(&image->expressions.text, "        { COIL_EXPRESSION_%s, 0, %s },", step->operation,
                           step->operand);
        if (step->comment)
            coil_buffer_printf(&image->expressions.text, " /* %s */", step->comment);
        coil_buffer_puts(&image->expressions.text, "\n");
        image->expressions.count++;
    }
    coil_buffer_puts(&image->expressions.text, "        { COIL_EXPRESSION_END, 0, 0 },\n");
    image->expressions.count++;
    return first + 1;
}

static const char *function_flags(const struct coil_name *function)
{
    if (function->is_idempotent && function->is_in_process_only)
        return "COIL_FUNCTION_IDEMPOTENT | COIL_FUNCTION_IN_PROCESS_ONLY";
    if (function->is_idempotent)
        return "COIL_FUNCTION_IDEMPOTENT";
    return function->is_in_process_only ? "COIL_FUNCTION_IN_PROCESS_ONLY" : "0";
}

static void add_parameters(struct coil_image *image, const struct coil_name *function)
{
    const char *prefix = coil_emit_function_prefix(image->module, function);
    size_t i = 0;

    for (const struct coil_parameter *p = function->type->parameters; p; p = p->next, i++) {
        const struct coil_passage *passage = &function->passages[i];
        size_t count = add_length(image, passage->count);
        size_t length = add_length(image, passage->length);

        coil_buffer_printf(&image->values.text,
                           "        { %s, %u, %s, (uint32_t)offsetof(struct %scall, %s),\n"
                           "          sizeof(((struct %scall *)0)->%s), %s, %zu, %zu, 0, 0 },\n",
                           coil_texts_print(image->texts, p->name ? p->name : ""),
                           coil_opcodes_parameter(image->opcodes, p->type), crossing_macro(passage->crossing), prefix,
                           passage->name, prefix, passage->name,
                           passage->is_sized ? "1"
                           : passage->block  ? extent_of(image, passage->block)
                                             : "0",
                           count, length);
        image->values.count++;
    }
}

static void add_function(struct coil_image *image, const struct coil_name *function)
{
    struct coil_arena *arena = image->arena;
    const char *prefix = coil_emit_function_prefix(image->module, function);
    size_t first = image->values.count;
    const char *call_size = "0";
    const char *result_size = "0";
    const char *value_size = "0";

    add_parameters(image, function);
    if (function->type->parameters)
        call_size = coil_arena_printf(arena, "(uint32_t)sizeof(struct %scall)", prefix);
    if (!coil_type_is_void(function->type->item)) {
        result_size = coil_arena_printf(arena, "(uint32_t)sizeof(struct %sresult)", prefix);
        value_size = coil_arena_printf(arena, "sizeof(((struct %sresult *)0)->value)", prefix);
    }
    coil_buffer_printf(&image->functions.text,
                       "        { %s, %u, %s,\n          %s, %zu, %zu, %s, 0, 0, 0,\n          { 0, %u, COIL_CROSS_VALUE, "
                       "0, %s, 0, 0, 0, 0, 0 } },\n",
                       coil_texts_print(image->texts, function->name),
                       coil_opcodes_index(image->opcodes, function->type), call_size, result_size, first,
                       image->values.count - first, function_flags(function),
                       coil_opcodes_index(image->opcodes, function->type->item), value_size);
    image->functions.count++;
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

    for (const struct coil_name *name = module->first; name; name = name->next)
        if (coil_name_is_python(name))
            add_function(image, name);
    for (size_t i = 0; i < names.count; i++)
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
                                                &image->values, &image->expressions, &image->types };

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
    emit_values(out, "globals: name, not positive, entry, 0, what, value, value of a floating-point constant", &image.globals);
    emit_values(out, "structs: name, type, flags, alignment, size, first field, fields", &image.structs);
    emit_values(out, "fields: name, 0, type, offset, size", &image.fields);
    emit_values(out, "enums: name, type, integer type, enumerators", &image.enums);
    emit_values(out, "typenames: name, type", &image.typenames);
    emit_values(out, "functions: name, type, call size, result size, first parameter, parameters, flags, timeout, error value, "
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
