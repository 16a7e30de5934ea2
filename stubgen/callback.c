/*
 * Callbacks: functions that are reached through pointers.
 *
 * Either side may have made such a function, so its arguments and its result are described like those of a C
 * function: what is not clear about them is no error.  Types may lead to themselves (a struct with a
 * callback that takes the struct), so a signature is known by the words of its declaration before its
 * parameters are decided.  Called by decide.c and shape.c; all memory is the arena's.
 */
#include "stubgen/callback.h"

#include "stubgen/passage.h"

/* An annotation as a part of a key. */
static void put_annotation(struct coil_buffer *key, const struct coil_annotation *annotation)
{
    for (; annotation; annotation = annotation->next)
        coil_buffer_printf(key, " [%s]", annotation->text);
}

/* The declaration with the names and annotations of its parameters, and of those of functions in it. */
static void put_key(struct coil_buffer *key, struct coil_arena *arena, struct coil_type *type)
{
    for (; type; type = type->item) {
        if (type->kind == COIL_KIND_TYPEDEF)
            return; /* its name has said it */
        if (type->kind != COIL_KIND_FUNCTION)
            continue;
        for (const struct coil_parameter *p = type->parameters; p; p = p->next) {
            coil_buffer_printf(key, ", %s", coil_type_declare(arena, p->type, p->name ? p->name : ""));
            put_annotation(key, p->annotation);
            put_key(key, arena, p->type);
        }
    }
}

const struct coil_signature *coil_callback_of(struct coil_module_model *module, struct coil_type *type,
                                              const struct coil_annotation *annotation, struct coil_position position)
{
    bool is_elsewhere = position.section && position.section->included;
    struct coil_buffer key = COIL_BUFFER_INIT(module->arena);
    struct coil_type *function = coil_type_strip(type);
    struct coil_signature *signature;

    if (function->kind == COIL_KIND_POINTER)
        function = coil_type_strip(function->item);
    coil_buffer_printf(&key, "%d %s", is_elsewhere, coil_type_name(module->arena, function));
    put_key(&key, module->arena, function);
    put_annotation(&key, annotation);
    signature = coil_table_get(&module->callbacks_by_text, key.text);
    if (signature)
        return signature;
    signature = coil_arena_take(module->arena, sizeof *signature);
    signature->type = function;
    signature->annotation = annotation;
    signature->is_elsewhere = is_elsewhere;
    coil_table_put(&module->callbacks_by_text, module->arena, key.text, signature);
    coil_list_add(&module->undecided_callbacks, module->arena, signature);
    return signature;
}
