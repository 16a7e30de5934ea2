/*
 * Declaring things in C: from a type to the text of a declaration.
 *
 * C's declarators are written inside out; so is this: the text of the name
 * grows around itself while the type is unwrapped.  Callers: the emitter, and
 * messages that name a type.
 */
#include "stubgen/types.h"

#include <string.h>

/* "base name", or "base" without a name. */
static char *beside(struct coil_arena *arena, const char *base, const char *name)
{
    return coil_arena_printf(arena, "%s%s%s", base, *name ? " " : "", name);
}

static const char *record_name(struct coil_arena *arena, const struct coil_record *record)
{
    const char *keyword = record->is_union ? "union" : "struct";

    if (record->c_name)
        return record->c_name;
    if (record->typedef_name)
        return record->typedef_name;
    return record->tag ? coil_arena_printf(arena, "%s %s", keyword, record->tag) : keyword;
}

static const char *enumeration_name(struct coil_arena *arena, const struct coil_enumeration *enumeration)
{
    if (enumeration->c_name)
        return enumeration->c_name;
    if (enumeration->typedef_name)
        return enumeration->typedef_name;
    return enumeration->tag ? coil_arena_printf(arena, "enum %s", enumeration->tag) : "enum";
}

static const char *qualifier_words(unsigned qualifiers)
{
    switch (qualifiers) {
    case COIL_QUALIFIER_CONST:
        return "const";
    case COIL_QUALIFIER_VOLATILE:
        return "volatile";
    default:
        return "const volatile";
    }
}

static char *declare_pointer(struct coil_arena *arena, struct coil_type *type, const char *name)
{
    struct coil_type *item = type->item;
    char *text = coil_arena_printf(arena, "*%s", name);

    while (item->kind == COIL_KIND_QUALIFIED)
        item = item->item;
    if (item->kind == COIL_KIND_ARRAY || item->kind == COIL_KIND_FUNCTION)
        text = coil_arena_printf(arena, "(%s)", text);
    return coil_type_declare(arena, type->item, text);
}

static char *declare_array(struct coil_arena *arena, struct coil_type *type, const char *name)
{
    char *text;

    switch (type->length_kind) {
    case COIL_LENGTH_FIXED:
        text = coil_arena_printf(arena, "%s[%llu]", name, (unsigned long long)type->length);
        break;
    case COIL_LENGTH_COMPILED:
        text = coil_arena_printf(arena, "%s[...]", name);
        break;
    default:
        text = coil_arena_printf(arena, "%s[]", name);
    }
    return coil_type_declare(arena, type->item, text);
}

static char *declare_qualified(struct coil_arena *arena, struct coil_type *type, const char *name)
{
    const char *words = qualifier_words(type->qualifiers);

    if (type->item->kind == COIL_KIND_POINTER)
        return coil_type_declare(arena, type->item, beside(arena, words, name));
    return coil_arena_printf(arena, "%s %s", words, coil_type_declare(arena, type->item, name));
}

char *coil_parameters_declare(struct coil_arena *arena, const struct coil_type *function, const char *const *names)
{
    struct coil_buffer text = COIL_BUFFER_INIT(arena);
    size_t i = 0;

    if (!function->parameters && !function->variadic)
        return coil_arena_printf(arena, "void");
    for (const struct coil_parameter *p = function->parameters; p; p = p->next, i++)
        coil_buffer_printf(&text, "%s%s", i > 0 ? ", " : "", coil_type_declare(arena, p->type, names ? names[i] : ""));
    if (function->variadic)
        coil_buffer_puts(&text, ", ...");
    return text.text;
}

char *coil_type_declare(struct coil_arena *arena, struct coil_type *type, const char *name)
{
    switch (type->kind) {
    case COIL_KIND_POINTER:
        return declare_pointer(arena, type, name);
    case COIL_KIND_ARRAY:
        return declare_array(arena, type, name);
    case COIL_KIND_QUALIFIED:
        return declare_qualified(arena, type, name);
    case COIL_KIND_FUNCTION:
        return coil_type_declare(arena, type->item,
                                 coil_arena_printf(arena, "%s(%s)", name, coil_parameters_declare(arena, type, NULL)));
    case COIL_KIND_RECORD:
        return beside(arena, record_name(arena, type->record), name);
    case COIL_KIND_ENUM:
        return beside(arena, enumeration_name(arena, type->enumeration), name);
    default:
        return beside(arena, type->name, name);
    }
}

char *coil_type_name(struct coil_arena *arena, struct coil_type *type)
{
    return coil_type_declare(arena, type, "");
}
