/*
 * The table of type codes.
 *
 * CFFI's codes know no typedefs and no qualifiers, so several declared types
 * share an entry: each is found again by a key that is made of the indices of its
 * parts.  What only the compiler knows (the length of a `[...]`, the size of a
 * `typedef int...`) stays an expression for it.  Used by emit_descriptor.c, after
 * coil_module_finish().
 */
#include "stubgen/opcodes.h"

#include "proto/descriptor.h"

struct coil_opcodes *coil_opcodes_new(struct coil_module_model *module)
{
    struct coil_opcodes *opcodes = coil_arena_take(module->arena, sizeof *opcodes);

    opcodes->module = module;
    return opcodes;
}

static unsigned add(struct coil_opcodes *opcodes, const char *code, const char *comment)
{
    struct coil_opcode *opcode = coil_arena_take(opcodes->module->arena, sizeof *opcode);

    opcode->code = code;
    opcode->comment = comment;
    coil_list_add(&opcodes->entries, opcodes->module->arena, opcode);
    return (unsigned)opcodes->entries.count - 1;
}

/* Remembers that the next entry has this key. */
static void remember(struct coil_opcodes *opcodes, const char *key)
{
    unsigned *index = coil_arena_take(opcodes->module->arena, sizeof *index);

    *index = (unsigned)opcodes->entries.count;
    coil_table_put(&opcodes->known, opcodes->module->arena, key, index);
}

/* A type of one entry: found by its code, which is its key too. */
static unsigned add_single(struct coil_opcodes *opcodes, const char *code, struct coil_type *type)
{
    const unsigned *known = coil_table_get(&opcodes->known, code);

    if (known)
        return *known;
    remember(opcodes, code);
    return add(opcodes, code, coil_type_name(opcodes->module->arena, type));
}

static unsigned add_primitive(struct coil_opcodes *opcodes, struct coil_type *type)
{
    struct coil_arena *arena = opcodes->module->arena;
    const char *argument;

    if (type->primitive == COIL_PRIM_SOME_INTEGER)
        argument = coil_arena_printf(arena, "COIL_PRIM_INTEGER(%s)", type->name);
    else if (type->primitive == COIL_PRIM_SOME_REAL)
        argument = coil_arena_printf(arena, "COIL_PRIM_REAL(%s)", type->name);
    else
        argument = coil_arena_printf(arena, "COIL_PRIM_%s", coil_primitive_macro(type->primitive));
    return add_single(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_PRIMITIVE, %s)", argument), type);
}

/* The length that the compiler knows, from what has the type: "sizeof(v) / sizeof((v)[0])". */
static const char *compiled_length(struct coil_opcodes *opcodes, const struct coil_type *type)
{
    struct coil_arena *arena = opcodes->module->arena;
    const struct coil_record *record = type->subject_record;
    const char *subject = type->subject;

    while (record && record->is_anonymous)
        record = record->outer;
    if (record)
        subject = coil_arena_printf(arena, "((%s *)0)->%s", record->c_name, subject);
    for (unsigned i = 0; i < type->subject_depth; i++)
        subject = coil_arena_printf(arena, "%s[0]", subject);
    return coil_arena_printf(arena, "sizeof(%s) / sizeof(%s[0])", subject, subject);
}

static unsigned add_array(struct coil_opcodes *opcodes, struct coil_type *type)
{
    struct coil_arena *arena = opcodes->module->arena;
    unsigned item = coil_opcodes_index(opcodes, type->item);
    const char *length;
    const char *key;
    const unsigned *known;
    unsigned index;

    if (type->length_kind == COIL_LENGTH_OPEN)
        return add_single(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_OPEN_ARRAY, %u)", item), type);
    if (type->length_kind == COIL_LENGTH_COMPILED)
        length = compiled_length(opcodes, type);
    else
        length = coil_arena_printf(arena, "%llu", (unsigned long long)type->length);
    key = coil_arena_printf(arena, "array %u %s", item, length);
    known = coil_table_get(&opcodes->known, key);
    if (known)
        return *known;
    remember(opcodes, key);
    index = add(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_ARRAY, %u)", item), coil_type_name(arena, type));
    (void)add(opcodes, length, NULL);
    return index;
}

static unsigned add_function(struct coil_opcodes *opcodes, struct coil_type *type)
{
    struct coil_arena *arena = opcodes->module->arena;
    struct coil_buffer key = COIL_BUFFER_INIT(arena);
    unsigned result = coil_opcodes_index(opcodes, type->item);
    const unsigned *known;
    unsigned index;

    coil_buffer_printf(&key, "function %u %d", result, type->variadic);
    for (const struct coil_parameter *p = type->parameters; p; p = p->next)
        coil_buffer_printf(&key, " %u", coil_opcodes_parameter(opcodes, p->type));
    known = coil_table_get(&opcodes->known, key.text);
    if (known)
        return *known;
    remember(opcodes, key.text);
    index =
        add(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_FUNCTION, %u)", result), coil_type_name(arena, type));
    for (const struct coil_parameter *p = type->parameters; p; p = p->next)
        (void)add(opcodes,
                  coil_arena_printf(arena, "COIL_TYPE(COIL_OP_NOOP, %u)", coil_opcodes_parameter(opcodes, p->type)),
                  NULL);
    (void)add(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_FUNCTION_END, %d)", type->variadic), NULL);
    return index;
}

unsigned coil_opcodes_pointer(struct coil_opcodes *opcodes, struct coil_type *item)
{
    struct coil_arena *arena = opcodes->module->arena;
    unsigned index = coil_opcodes_index(opcodes, item);

    return add_single(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_POINTER, %u)", index),
                      coil_type_new(arena, COIL_KIND_POINTER, item));
}

unsigned coil_opcodes_parameter(struct coil_opcodes *opcodes, struct coil_type *type)
{
    struct coil_type *bare = coil_type_strip(type);

    if (bare->kind == COIL_KIND_ARRAY)
        return coil_opcodes_pointer(opcodes, bare->item);
    return bare->kind == COIL_KIND_FUNCTION ? coil_opcodes_pointer(opcodes, bare) : coil_opcodes_index(opcodes, bare);
}

unsigned coil_opcodes_index(struct coil_opcodes *opcodes, struct coil_type *type)
{
    struct coil_arena *arena = opcodes->module->arena;

    type = coil_type_strip(type);
    switch (type->kind) {
    case COIL_KIND_POINTER:
        return coil_opcodes_pointer(opcodes, type->item);
    case COIL_KIND_ARRAY:
        return add_array(opcodes, type);
    case COIL_KIND_RECORD:
        return add_single(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_STRUCT_UNION, %u)", type->record->index),
                          type);
    case COIL_KIND_ENUM:
        return add_single(opcodes, coil_arena_printf(arena, "COIL_TYPE(COIL_OP_ENUM, %u)", type->enumeration->index),
                          type);
    case COIL_KIND_FUNCTION:
        return add_function(opcodes, type);
    default:
        return add_primitive(opcodes, type);
    }
}
