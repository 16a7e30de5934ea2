/*
 * The header for C and C++ programs that use the stub library.
 *
 * It has what embedding_api() declares: functions, variables, constants, and the
 * types they need, each after those it is made of.  A type with `...` is known to
 * the C source only: it is left opaque, and what needs more of it than a pointer
 * is declared only if the program says, by a macro, that it has declared those
 * types itself.
 */
#include <ctype.h>
#include <string.h>

#include "proto/descriptor.h"
#include "proto/version.h"
#include "stubgen/emit.h"
#include "stubgen/passage.h"

struct header {
    struct coil_module_model *module;
    struct coil_arena *arena;
    struct coil_buffer includes; /* come before extern "C" */
    struct coil_buffer out;
    struct coil_table done; /* what has been declared: "struct x", "x" */
    const char *own_types;  /* the macro */
};

static void declare_needs(struct header *header, struct coil_type *type);
static void declare_record(struct header *header, struct coil_record *record);

static bool is_of_api(struct coil_position position)
{
    return position.section && position.section->kind != COIL_SECTION_CDEF;
}

static bool is_done(struct header *header, const char *key)
{
    if (coil_table_get(&header->done, key))
        return true;
    coil_table_put(&header->done, header->arena, key, header);
    return false;
}

/* Whether a declaration with this type needs types that only the C source knows. */
static bool needs_own_types(struct coil_type *type)
{
    switch (type->kind) {
    case COIL_KIND_PRIMITIVE:
        return type->primitive < 0;
    case COIL_KIND_POINTER:
        return coil_type_strip(type->item)->kind != COIL_KIND_RECORD && needs_own_types(type->item);
    case COIL_KIND_ARRAY:
        return type->length_kind == COIL_LENGTH_COMPILED || needs_own_types(type->item);
    case COIL_KIND_RECORD:
        if (!type->record->is_complete || type->record->is_partial)
            return true;
        for (const struct coil_field *f = type->record->fields; f; f = f->next)
            if (needs_own_types(f->type))
                return true;
        return false;
    case COIL_KIND_ENUM:
        return !type->enumeration->is_complete || type->enumeration->is_partial;
    case COIL_KIND_FUNCTION:
        for (const struct coil_parameter *p = type->parameters; p; p = p->next)
            if (needs_own_types(p->type))
                return true;
        return !coil_type_is_void(type->item) && needs_own_types(type->item);
    default:
        return needs_own_types(type->item);
    }
}

/* ---- types ---- */

static const char *enumeration_body(struct header *header, const struct coil_enumeration *enumeration)
{
    struct coil_buffer body = COIL_BUFFER_INIT(header->arena);
    const char *separator = "";

    coil_buffer_printf(&body, "enum%s%s {", enumeration->tag ? " " : "", enumeration->tag ? enumeration->tag : "");
    for (const struct coil_enumerator *e = enumeration->enumerators; e; e = e->next, separator = ",")
        coil_buffer_printf(&body, "%s\n    %s = %s", separator, e->name,
                           coil_emit_number(header->arena, coil_module_find(header->module, e->name)->number));
    coil_buffer_puts(&body, "\n}");
    return body.text;
}

/* A field's type that has no name is declared where the field is. */
static const char *record_body(struct header *header, const struct coil_record *record, int indent);

static void put_field(struct header *header, struct coil_buffer *body, const struct coil_field *field, int indent)
{
    struct coil_type *type = coil_type_strip(field->type);
    struct coil_record *unnamed;
    const char *saved;

    while (type->kind == COIL_KIND_ARRAY || type->kind == COIL_KIND_POINTER)
        type = coil_type_strip(type->item);
    unnamed = type->kind == COIL_KIND_RECORD && coil_record_is_nameless(type->record) ? type->record : NULL;
    saved = unnamed ? unnamed->c_name : NULL;
    if (unnamed)
        unnamed->c_name = record_body(header, unnamed, indent);
    coil_buffer_printf(body, "%*s%s", indent, "", coil_type_declare(header->arena, field->type, field->name));
    if (field->bits >= 0)
        coil_buffer_printf(body, " : %d", field->bits);
    coil_buffer_puts(body, ";\n");
    if (unnamed)
        unnamed->c_name = saved;
}

static const char *record_body(struct header *header, const struct coil_record *record, int indent)
{
    struct coil_buffer body = COIL_BUFFER_INIT(header->arena);

    coil_buffer_printf(&body, "%s%s%s {\n", record->is_union ? "union" : "struct", record->tag ? " " : "",
                       record->tag ? record->tag : "");
    for (const struct coil_field *f = record->fields; f; f = f->next)
        put_field(header, &body, f, indent + 4);
    coil_buffer_printf(&body, "%*s}", indent, "");
    return body.text;
}

/* Enums without a name inside structs are declared before them, as C has it. */
static void declare_enumeration(struct header *header, struct coil_enumeration *enumeration)
{
    if (!enumeration->is_complete || enumeration->is_partial || (enumeration->typedef_name && !enumeration->tag) ||
        is_done(header, enumeration->c_name))
        return;
    if (!enumeration->tag) /* its copy in the source has a name of its own; here it needs one, too */
        coil_buffer_printf(&header->out, "%s;\n\n",
                           coil_arena_printf(header->arena, "%s%s", enumeration->c_name,
                                             strchr(enumeration_body(header, enumeration), ' ')));
    else
        coil_buffer_printf(&header->out, "%s;\n\n", enumeration_body(header, enumeration));
}

static void put_packed(struct header *header, const struct coil_record *record, const char *text)
{
    if (record->pack)
        coil_buffer_printf(&header->out, "#pragma pack(push, %u)\n%s#pragma pack(pop)\n\n", record->pack, text);
    else
        coil_buffer_printf(&header->out, "%s\n", text);
}

static void declare_fields_needs(struct header *header, const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next)
        declare_needs(header, f->type);
}

/* "struct tag;", unless it has been declared or mentioned. */
static void mention_record(struct header *header, const struct coil_record *record)
{
    if (is_done(header, coil_arena_printf(header->arena, "mention of %s", record->c_name)))
        return;
    if (!coil_table_get(&header->done, record->c_name) || needs_own_types(record->type))
        coil_buffer_printf(&header->out, "%s;\n\n", record->c_name);
}

static void declare_record(struct header *header, struct coil_record *record)
{
    /* Records without a tag are declared in their typedef, or where they are used. */
    if (!record->tag) {
        if (!record->is_partial && coil_record_is_nameless(record))
            declare_fields_needs(header, record);
        return;
    }
    if (is_done(header, record->c_name))
        return;
    if (needs_own_types(record->type)) {
        mention_record(header, record);
        return;
    }
    declare_fields_needs(header, record);
    put_packed(header, record, coil_arena_printf(header->arena, "%s;\n", record_body(header, record, 0)));
}

static void declare_builtin(struct header *header, const struct coil_name *name)
{
    if (strcmp(name->name, "FILE") == 0)
        coil_buffer_puts(&header->includes, "#include <stdio.h>\n");
    else if (strcmp(name->name, "bool") == 0)
        coil_buffer_puts(&header->includes, "#ifndef __cplusplus\n#include <stdbool.h>\n#endif\n");
    else
        coil_buffer_printf(&header->out, "typedef %s;\n\n", coil_type_declare(header->arena, name->type, name->name));
}

static void declare_typedef(struct header *header, struct coil_name *name)
{
    struct coil_type *type = name->type;
    struct coil_type *bare = coil_type_strip(type);
    const char *saved;

    if (is_done(header, name->name))
        return;
    if (name->is_builtin) {
        declare_builtin(header, name);
        return;
    }
    if (bare->kind == COIL_KIND_POINTER && coil_type_strip(bare->item)->kind == COIL_KIND_RECORD &&
        coil_type_strip(bare->item)->record->is_unknown_pointer && type->kind == COIL_KIND_POINTER) {
        coil_buffer_printf(&header->out, "#ifndef %s\ntypedef struct %s_behind *%s;\n#endif\n\n", header->own_types,
                           name->name, name->name);
        return;
    }
    if (type->kind == COIL_KIND_RECORD && !type->record->tag && type->record->typedef_name &&
        strcmp(type->record->typedef_name, name->name) == 0) {
        if (needs_own_types(type)) {
            coil_buffer_printf(&header->out, "#ifndef %s\ntypedef struct %s %s;\n#endif\n\n", header->own_types,
                               name->name, name->name);
            return;
        }
        declare_fields_needs(header, type->record);
        put_packed(
            header, type->record,
            coil_arena_printf(header->arena, "typedef %s %s;\n", record_body(header, type->record, 0), name->name));
        return;
    }
    if (type->kind == COIL_KIND_ENUM && !type->enumeration->tag && type->enumeration->typedef_name &&
        strcmp(type->enumeration->typedef_name, name->name) == 0) {
        if (!type->enumeration->is_partial)
            coil_buffer_printf(&header->out, "typedef %s %s;\n\n", enumeration_body(header, type->enumeration),
                               name->name);
        return;
    }
    if (needs_own_types(type) && !(bare->kind == COIL_KIND_RECORD && bare->record->tag)) {
        coil_buffer_printf(&header->out, "/* %s is known to the C source only. */\n\n", name->name);
        return;
    }
    declare_needs(header, type);
    saved = bare->kind == COIL_KIND_POINTER && coil_type_strip(bare->item)->kind == COIL_KIND_RECORD &&
                    coil_record_is_nameless(coil_type_strip(bare->item)->record)
                ? coil_type_strip(bare->item)->record->c_name
                : NULL;
    if (saved)
        coil_type_strip(bare->item)->record->c_name = record_body(header, coil_type_strip(bare->item)->record, 0);
    coil_buffer_printf(&header->out, "typedef %s;\n\n", coil_type_declare(header->arena, type, name->name));
    if (saved)
        coil_type_strip(bare->item)->record->c_name = saved;
}

/* Declares what a declaration with this type is made of, if that has not been done. */
static void declare_needs(struct header *header, struct coil_type *type)
{
    switch (type->kind) {
    case COIL_KIND_TYPEDEF:
        declare_typedef(header, coil_module_find(header->module, type->name));
        break;
    case COIL_KIND_RECORD:
        declare_record(header, type->record);
        break;
    case COIL_KIND_ENUM:
        declare_enumeration(header, type->enumeration);
        break;
    case COIL_KIND_FUNCTION:
        declare_needs(header, type->item);
        for (const struct coil_parameter *p = type->parameters; p; p = p->next)
            declare_needs(header, p->type);
        break;
    case COIL_KIND_POINTER:
        /* A pointer needs no more than the struct's name, and may be within that struct. */
        type = type->item->kind == COIL_KIND_QUALIFIED ? type->item->item : type->item;
        if (type->kind == COIL_KIND_RECORD && type->record->tag)
            mention_record(header, type->record);
        else
            declare_needs(header, type);
        break;
    case COIL_KIND_PRIMITIVE:
        if ((type->primitive == COIL_PRIM_CHAR16 || type->primitive == COIL_PRIM_CHAR32) && !is_done(header, "uchar.h"))
            coil_buffer_puts(&header->includes, "#ifndef __cplusplus\n#include <uchar.h>\n#endif\n");
        if (type->primitive == COIL_PRIM_BOOL && !is_done(header, "_Bool"))
            coil_buffer_puts(&header->includes, coil_emit_raw_bool);
        break;
    default:
        declare_needs(header, type->item);
    }
}

/* ---- names ---- */

static void declare_constant(struct header *header, const struct coil_name *name)
{
    if (name->enumeration)
        return;
    if (name->kind == COIL_NAME_INTEGER && name->number.is_known)
        coil_buffer_printf(&header->out, "#ifndef %s\n#define %s %s\n#endif\n\n", name->name, name->name,
                           coil_emit_number(header->arena, name->number));
    else
        coil_buffer_printf(&header->out, "/* The constant %s is known to the C source only. */\n\n", name->name);
}

static const char *prototype(struct header *header, const struct coil_name *function)
{
    struct coil_list names = { 0 };
    size_t i = 0;

    for (const struct coil_parameter *p = function->type->parameters; p; p = p->next)
        coil_list_add(&names, header->arena, (void *)(uintptr_t)function->signature->passages[i++].name);
    return coil_type_declare(
        header->arena, function->type->item,
        coil_arena_printf(header->arena, "%s(%s)", function->name,
                          coil_parameters_declare(header->arena, function->type, (const char *const *)names.items)));
}

/* Functions and variables: those that any program can declare, or the others. */
static void declare_symbols(struct header *header, bool own_types)
{
    for (const struct coil_name *name = header->module->first; name; name = name->next) {
        if (!is_of_api(name->position) || !name->type || needs_own_types(name->type) != own_types)
            continue;
        if (name->kind == COIL_NAME_FUNCTION && name->linkage == COIL_LINKAGE_EXPORTED)
            coil_buffer_printf(&header->out, "%s;\n", prototype(header, name));
        else if (name->kind == COIL_NAME_VARIABLE)
            coil_buffer_printf(&header->out, "extern %s;\n", coil_type_declare(header->arena, name->type, name->name));
    }
}

/* In the header there is no C++ scope around a struct: each has its own name (and its old one back
 * afterwards). */
static void set_public_names(struct coil_module_model *module, const char **inout_names)
{
    for (size_t i = 0; i < module->records.count; i++) {
        struct coil_record *record = module->records.items[i];
        const char *name = inout_names[i];

        inout_names[i] = record->c_name;
        record->c_name = name;
    }
    for (size_t i = 0; i < module->enumerations.count; i++) {
        struct coil_enumeration *enumeration = module->enumerations.items[i];
        const char *name = inout_names[module->records.count + i];

        inout_names[module->records.count + i] = enumeration->c_name;
        enumeration->c_name = name;
    }
}

static const char **public_names(struct coil_module_model *module)
{
    const char **names =
        coil_arena_take(module->arena, (module->records.count + module->enumerations.count + 1) * sizeof *names);

    for (size_t i = 0; i < module->records.count; i++) {
        const struct coil_record *record = module->records.items[i];

        names[i] = !record->tag || !record->outer
                       ? record->c_name
                       : coil_arena_printf(module->arena, "%s %s", record->is_union ? "union" : "struct", record->tag);
    }
    for (size_t i = 0; i < module->enumerations.count; i++) {
        const struct coil_enumeration *enumeration = module->enumerations.items[i];

        names[module->records.count + i] = !enumeration->tag || !enumeration->outer
                                               ? enumeration->c_name
                                               : coil_arena_printf(module->arena, "enum %s", enumeration->tag);
    }
    return names;
}

static void declare_types(struct header *header)
{
    struct coil_module_model *module = header->module;

    for (size_t i = 0; i < module->enumerations.count; i++) {
        struct coil_enumeration *enumeration = module->enumerations.items[i];

        if (is_of_api(enumeration->position) && !enumeration->outer)
            declare_enumeration(header, enumeration);
    }
    for (struct coil_name *name = module->first; name; name = name->next) {
        if (!is_of_api(name->position))
            continue;
        if (name->kind == COIL_NAME_TYPEDEF)
            declare_typedef(header, name);
        else if (name->kind == COIL_NAME_INTEGER || name->kind == COIL_NAME_REAL)
            declare_constant(header, name);
        else if (name->kind == COIL_NAME_VARIABLE || name->linkage == COIL_LINKAGE_EXPORTED)
            declare_needs(header, name->type);
    }
    for (size_t i = 0; i < module->records.count; i++) {
        struct coil_record *record = module->records.items[i];

        if (is_of_api(record->position) && record->tag && record->is_complete)
            declare_record(header, record);
    }
}

/* Everything between extern "C"'s braces. */
static void emit_declarations(struct header *header)
{
    size_t start;
    size_t before;

    declare_types(header);
    declare_symbols(header, false);
    start = header->out.size;
    coil_buffer_printf(&header->out, "\n#ifdef %s /* you have declared the types that only the C source knows */\n",
                       header->own_types);
    before = header->out.size;
    declare_symbols(header, true);
    if (header->out.size == before)
        header->out.size = start; /* nothing needs them */
    else
        coil_buffer_puts(&header->out, "#endif\n");
    header->out.text[header->out.size] = '\0';
}

const char *coil_emit_header(struct coil_module_model *module)
{
    struct coil_arena *arena = module->arena;
    struct header header = { .module = module, .arena = arena };
    const char **names = public_names(module);
    char *upper = coil_arena_copy(arena, module->identifier, strlen(module->identifier));

    for (char *c = upper; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    header.own_types = coil_arena_printf(arena, "COIL_%s_OWN_TYPES", upper);
    header.out.arena = header.includes.arena = arena;
    coil_buffer_puts(&header.includes, "");
    set_public_names(module, names);
    emit_declarations(&header);
    set_public_names(module, names);
    return coil_arena_printf(arena,
                             "/*\n"
                             " * Generated by coil-stubgen " COIL_VERSION " from the declarations of module \"%s\":\n"
                             " * what its stub library gives to C and C++ programs.\n"
                             " */\n"
                             "#ifndef COIL_%s_HEADER\n"
                             "#define COIL_%s_HEADER\n\n"
                             "#include <stddef.h>\n"
                             "#include <stdint.h>\n"
                             "#include <sys/types.h>\n"
                             "#include <wchar.h>\n"
                             "%s\n"
                             "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
                             "%s\n"
                             "#ifdef __cplusplus\n}\n#endif\n\n#endif\n",
                             module->name, upper, upper, header.includes.text, header.out.text);
}
