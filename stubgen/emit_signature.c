/*
 * Functions, variables and shapes in the descriptor: what they take and give, and how it crosses.
 *
 * Each value is a row: where it is in its frame or struct, which the compiler says, and what crossing.c has decided
 * about it.  What is of an included module, whose types this module's C source need not have, is written in
 * numbers.  Used by emit_descriptor.c.
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/emit_image.h"
#include "stubgen/length.h"

static const char *crossing_macro(unsigned crossing)
{
    static const char *const macros[COIL_CROSS_COUNT] = {
        [COIL_CROSS_VALUE] = "COIL_CROSS_VALUE",
        [COIL_CROSS_STRING_IN] = "COIL_CROSS_STRING_IN",
        [COIL_CROSS_STRING_INOUT] = "COIL_CROSS_STRING_INOUT",
        [COIL_CROSS_BLOCK_IN] = "COIL_CROSS_BLOCK_IN",
        [COIL_CROSS_BLOCK_INOUT] = "COIL_CROSS_BLOCK_INOUT",
        [COIL_CROSS_BLOCK_OUT] = "COIL_CROSS_BLOCK_OUT",
        [COIL_CROSS_FUNCTION] = "COIL_CROSS_FUNCTION",
        [COIL_CROSS_UNSAID] = "COIL_CROSS_UNSAID",
        [COIL_CROSS_FILE] = "COIL_CROSS_FILE",
    };

    return macros[crossing];
}

/* Whether a typedef is an included module's: the C source need not have it. */
static bool is_elsewhere(struct coil_module_model *module, const struct coil_type *type)
{
    const struct coil_name *name = coil_module_find(module, type->name);

    return name && name->position.section && name->position.section->included;
}

/* "sizeof(int)"; "4 * sizeof(int)" for an array parameter, which is no array in C. */
static const char *size_of(struct coil_image *image, struct coil_type *type)
{
    struct coil_arena *arena = image->arena;

    while (type->kind == COIL_KIND_QUALIFIED || (type->kind == COIL_KIND_TYPEDEF && is_elsewhere(image->module, type)))
        type = type->item;
    if (type->kind == COIL_KIND_ARRAY)
        return coil_arena_printf(arena, "%llu * %s", (unsigned long long)type->length, size_of(image, type->item));
    if (type->kind == COIL_KIND_RECORD && type->record->layout)
        return coil_arena_printf(arena, "%llu", (unsigned long long)type->record->layout->size);
    if (type->kind == COIL_KIND_ENUM && type->enumeration->known)
        return coil_arena_printf(arena, "sizeof(%s)", coil_primitive_name((int)type->enumeration->known->primitive));
    if (type->kind == COIL_KIND_POINTER)
        return "sizeof(void *)";
    return coil_arena_printf(arena, "sizeof(%s)", coil_type_name(arena, coil_type_unqualified(type)));
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
                           step->operand ? step->operand : coil_arena_printf(image->arena, "%u", step->value->number));
        if (step->comment)
            coil_buffer_printf(&image->expressions.text, " /* %s */", step->comment);
        coil_buffer_puts(&image->expressions.text, "\n");
        image->expressions.count++;
    }
    coil_buffer_puts(&image->expressions.text, "        { COIL_EXPRESSION_END, 0, 0 },\n");
    image->expressions.count++;
    return first + 1;
}

/* How a value crosses, as the end of its row: from what is behind it on. */
static const char *crossing_words(struct coil_image *image, const struct coil_passage *passage)
{
    struct coil_arena *arena = image->arena;
    const char *count =
        passage->is_to_null ? "COIL_COUNT_TO_NULL" : coil_arena_printf(arena, "%zu", add_length(image, passage->count));
    size_t length = add_length(image, passage->length);
    unsigned shape = passage->shape && passage->shape->is_needed ? passage->shape->index + 1 : 0;
    unsigned signature = 0;
    const char *extent = "0";

    if (passage->signature)
        signature = (unsigned)image->module->signatures.count + passage->signature->number + 1;
    if (passage->is_sized)
        extent = "1";
    else if (passage->block)
        extent = size_of(image, passage->block);
    return coil_arena_printf(arena, "%s, %s, %zu, %u, %u", extent, count, length, shape, signature);
}

static void add_parameters(struct coil_image *image, const struct coil_signature *signature)
{
    size_t i = 0;

    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next, i++) {
        const struct coil_passage *passage = &signature->passages[i];

        coil_buffer_printf(&image->values.text,
                           "        { %s, %u, %s, (uint32_t)offsetof(struct %scall, %s),\n"
                           "          sizeof(((struct %scall *)0)->%s), %s },\n",
                           coil_texts_print(image->texts, p->name ? p->name : ""),
                           coil_opcodes_parameter(image->opcodes, p->type), crossing_macro(passage->crossing),
                           signature->prefix, passage->name, signature->prefix, passage->name,
                           crossing_words(image, passage));
        image->values.count++;
    }
}

static const char *signature_flags(const struct coil_image *image, const struct coil_signature *signature)
{
    struct coil_buffer flags = COIL_BUFFER_INIT(image->arena);

    if (signature->is_idempotent)
        coil_buffer_puts(&flags, " | COIL_FUNCTION_IDEMPOTENT");
    if (signature->is_in_process_only)
        coil_buffer_puts(&flags, " | COIL_FUNCTION_IN_PROCESS_ONLY");
    if (signature->is_oneway)
        coil_buffer_puts(&flags, " | COIL_FUNCTION_ONEWAY");
    if (signature->type->variadic)
        coil_buffer_puts(&flags, " | COIL_FUNCTION_VARIADIC");
    if (signature->error_text)
        coil_buffer_puts(&flags, " | COIL_FUNCTION_HAS_ERROR");
    return flags.size > 0 ? flags.text + strlen(" | ") : "0";
}

void coil_emit_signature(struct coil_image *image, struct coil_image_table *table,
                         const struct coil_signature *signature)
{
    struct coil_arena *arena = image->arena;
    size_t first = image->values.count;
    const char *call_size = "0";
    const char *result_size = "0";
    const char *value_size = "0";

    add_parameters(image, signature);
    if (signature->type->parameters)
        call_size = coil_arena_printf(arena, "(uint32_t)sizeof(struct %scall)", signature->prefix);
    if (!coil_type_is_void(signature->result.type)) {
        result_size = coil_arena_printf(arena, "(uint32_t)sizeof(struct %sresult)", signature->prefix);
        value_size = coil_arena_printf(arena, "sizeof(((struct %sresult *)0)->value)", signature->prefix);
    }
    coil_buffer_printf(
        &table->text,
        "        { %s, %u, %s,\n          %s, %zu, %zu, %s, %s, %s, %s,\n          { 0, %u, %s, 0, %s, %s } },\n",
        coil_texts_print(image->texts, signature->name ? signature->name : ""),
        coil_opcodes_index(image->opcodes, signature->type), call_size, result_size, first, image->values.count - first,
        signature_flags(image, signature),
        signature->timeout_ms ? coil_arena_printf(arena, "(uint32_t)(%s)", signature->timeout_ms) : "0",
        signature->error_integer ? coil_arena_printf(arena, "(int64_t)(%s)", signature->error_integer) : "0",
        signature->error_real ? coil_arena_printf(arena, "(double)(%s)", signature->error_real) : "0",
        coil_opcodes_index(image->opcodes, signature->result.type), crossing_macro(signature->result.crossing),
        value_size, crossing_words(image, &signature->result));
    table->count++;
}

/* Whether its length, or that of an array in it, is left to the compiler. */
static bool has_compiled_length(struct coil_type *type)
{
    for (type = coil_type_strip(type); type->kind == COIL_KIND_ARRAY; type = coil_type_strip(type->item))
        if (type->length_kind == COIL_LENGTH_COMPILED)
            return true;
    return false;
}

/* As it is declared: CFFI's types say so, too. */
static const char *variable_size(struct coil_image *image, const struct coil_name *variable)
{
    if (coil_type_is_incomplete(variable->type))
        return "0";
    if (has_compiled_length(variable->type))
        return coil_arena_printf(image->arena, "sizeof(%s)", variable->name);
    return size_of(image, variable->type);
}

void coil_emit_variable(struct coil_image *image, const struct coil_name *variable)
{
    const struct coil_passage *passage = variable->passage;

    coil_buffer_printf(&image->variables.text, "        { %s, %u, %s, 0, %s, %s },\n",
                       coil_texts_print(image->texts, variable->name),
                       coil_opcodes_index(image->opcodes, variable->type), crossing_macro(passage->crossing),
                       variable_size(image, variable), crossing_words(image, passage));
    image->variables.count++;
}

/* ---- shapes ---- */

/* A field's place and size. */
static const char *field_place(struct coil_image *image, const struct coil_record *record,
                               const struct coil_passage *passage)
{
    const struct coil_field *field = passage->field;

    if (record->layout)
        return coil_arena_printf(image->arena, "%llu, %llu", (unsigned long long)(passage->base + field->known->offset),
                                 (unsigned long long)field->known->size);
    return coil_arena_printf(image->arena, "(uint32_t)offsetof(%s, %s),\n          sizeof(((%s *)0)->%s)",
                             record->c_name, field->name, record->c_name, field->name);
}

static void add_shape_value(struct coil_image *image, const struct coil_shape *shape,
                            const struct coil_passage *passage)
{
    if (passage->field)
        coil_buffer_printf(&image->values.text, "        { %s, %u, %s, %s, %s },\n",
                           coil_texts_print(image->texts, passage->field->name),
                           coil_opcodes_index(image->opcodes, passage->type), crossing_macro(passage->crossing),
                           field_place(image, shape->record, passage), crossing_words(image, passage));
    else
        coil_buffer_printf(&image->values.text, "        { 0, %u, %s, 0, sizeof(void *), %s },\n",
                           coil_opcodes_index(image->opcodes, passage->type), crossing_macro(passage->crossing),
                           crossing_words(image, passage));
    image->values.count++;
}

void coil_emit_shape(struct coil_image *image, const struct coil_shape *shape)
{
    struct coil_type *type = shape->record ? shape->record->type : shape->element;

    coil_buffer_printf(&image->shapes.text, "        { %s, %zu, %zu }, /* %s */\n", size_of(image, type),
                       image->values.count, shape->passage_count, coil_type_name(image->arena, type));
    for (size_t i = 0; i < shape->passage_count; i++)
        add_shape_value(image, shape, &shape->passages[i]);
    image->shapes.count++;
}
