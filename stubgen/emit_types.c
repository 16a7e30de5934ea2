/*
 * What the emitted C needs before frames and descriptor can be written: includes,
 * names for types that have none in C or not the same in C and C++, and checks of
 * the values that the declarations and annotations claim.
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/emit.h"
#include "stubgen/passage.h"

/* Which builtin types the declarations use. */
struct usage {
    bool has_bool;     /* by the name bool */
    bool has_raw_bool; /* as _Bool */
    bool has_utf;      /* char16_t, char32_t */
    bool has_float_complex_name;
    bool has_double_complex_name;
};

static void note_type(struct usage *usage, const struct coil_type *type)
{
    for (; type; type = type->item) {
        if (type->kind == COIL_KIND_TYPEDEF) {
            usage->has_bool |= strcmp(type->name, "bool") == 0;
            usage->has_float_complex_name |= strcmp(type->name, "_cffi_float_complex_t") == 0;
            usage->has_double_complex_name |= strcmp(type->name, "_cffi_double_complex_t") == 0;
        }
        if (type->kind == COIL_KIND_PRIMITIVE) {
            usage->has_raw_bool |= type->primitive == COIL_PRIM_BOOL;
            usage->has_utf |= type->primitive == COIL_PRIM_CHAR16 || type->primitive == COIL_PRIM_CHAR32;
        }
        if (type->kind == COIL_KIND_FUNCTION)
            for (const struct coil_parameter *p = type->parameters; p; p = p->next)
                note_type(usage, p->type);
    }
}

static struct usage find_usage(const struct coil_module_model *module)
{
    struct usage usage = { 0 };

    for (const struct coil_name *name = module->first; name; name = name->next)
        if (!name->is_builtin)
            note_type(&usage, name->type);
    for (size_t i = 0; i < module->records.count; i++)
        for (const struct coil_field *f = ((struct coil_record *)module->records.items[i])->fields; f; f = f->next)
            note_type(&usage, f->type);
    return usage;
}

/* C++ has no _Bool; some compilers' <stdbool.h> gives it one, others' does so only outside of strict modes. */
const char coil_emit_raw_bool[] = "#if defined __cplusplus && !defined _Bool\n#define _Bool bool\n#endif\n";

void coil_emit_includes(struct coil_buffer *out, struct coil_module_model *module)
{
    /* C sources written for CFFI find these included, by <Python.h>. */
    static const char *const headers[] = { "assert", "errno", "inttypes", "limits", "math",      "stdalign", "stddef",
                                           "stdint", "stdio", "stdlib",   "string", "sys/types", "unistd",   "wchar" };
    struct usage usage = find_usage(module);

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        coil_buffer_printf(out, "#include <%s.h>\n", headers[i]);
    if (usage.has_bool)
        coil_buffer_puts(out, "#include <stdbool.h>\n");
    if (usage.has_raw_bool)
        coil_buffer_puts(out, coil_emit_raw_bool);
    if (usage.has_utf)
        coil_buffer_puts(out, "#ifndef __cplusplus\n#include <uchar.h>\n#endif\n");
    if (module->enumerations.count > 0)
        coil_buffer_printf(out,
                           "\n#ifdef __cplusplus\n"
                           "#include <type_traits>\n"
                           "#define %sinteger_of(enumeration) std::underlying_type<enumeration>::type\n"
                           "#else\n"
                           "#define %sinteger_of(enumeration) enumeration\n"
                           "#endif\n",
                           module->prefix, module->prefix);
    if (usage.has_float_complex_name)
        coil_buffer_puts(out, "\ntypedef float _Complex _cffi_float_complex_t;\n");
    if (usage.has_double_complex_name)
        coil_buffer_puts(out, "\ntypedef double _Complex _cffi_double_complex_t;\n");
    coil_buffer_puts(out, "\n");
}

/* A field of a struct that is declared inline, in the copy of the struct around it. */
static void emit_field(struct coil_buffer *out, struct coil_module_model *module, const struct coil_field *field,
                       int indent)
{
    struct coil_type *type = coil_type_strip(field->type);
    const char *text;

    if (!*field->name && field->bits < 0) {
        coil_buffer_printf(out, "%*s%s {\n", indent, "", type->record->is_union ? "union" : "struct");
        coil_emit_fields(out, module, type->record, indent + 4);
        coil_buffer_printf(out, "%*s};\n", indent, "");
        return;
    }
    text = coil_type_declare(module->arena, field->type, field->name);
    if (field->bits >= 0)
        coil_buffer_printf(out, "%*s%s : %d;\n", indent, "", text, field->bits);
    else
        coil_buffer_printf(out, "%*s%s;\n", indent, "", text);
}

void coil_emit_fields(struct coil_buffer *out, struct coil_module_model *module, const struct coil_record *record,
                      int indent)
{
    for (const struct coil_field *f = record->fields; f; f = f->next)
        emit_field(out, module, f, indent);
}

/* The struct around something: what is in an anonymous struct is in the one around that. */
static const struct coil_record *scope_of(const struct coil_record *outer)
{
    while (outer && outer->is_anonymous)
        outer = outer->outer;
    return outer;
}

/* A struct that is declared inside another one is inside it in C++ only: a typedef reaches it in both. */
static void emit_inner_name(struct coil_buffer *out, const char *keyword, const char *tag,
                            const struct coil_record *outer, const char *name)
{
    const char *scope = outer->tag && strchr(outer->c_name, ' ') ? outer->tag : outer->c_name;

    if (outer->has_twin) {
        coil_buffer_printf(out, "typedef %s %s %s;\n\n", keyword, tag, name);
        return;
    }
    coil_buffer_printf(out, "#ifdef __cplusplus\ntypedef %s %s::%s %s;\n#else\ntypedef %s %s %s;\n#endif\n\n", keyword,
                       scope, tag, name, keyword, tag, name);
}

const char *coil_emit_enumerator(struct coil_module_model *module, const struct coil_enumeration *enumeration,
                                 const char *name)
{
    const struct coil_record *outer = scope_of(enumeration->outer);

    if (!outer || outer->has_twin)
        return name;
    return coil_arena_printf(module->arena, "%sin_%u(%s)", module->prefix, outer->index, name);
}

/* The same for enumerators. */
static void emit_inner_scope(struct coil_buffer *out, struct coil_module_model *module, const struct coil_record *outer)
{
    const char *scope = outer->tag && strchr(outer->c_name, ' ') ? outer->tag : outer->c_name;

    coil_buffer_printf(
        out, "#ifdef __cplusplus\n#define %sin_%u(name) %s::name\n#else\n#define %sin_%u(name) name\n#endif\n\n",
        module->prefix, outer->index, scope, module->prefix, outer->index);
}

static void emit_enumeration_twin(struct coil_buffer *out, struct coil_module_model *module,
                                  const struct coil_enumeration *enumeration)
{
    const char *separator = "";

    coil_buffer_printf(out, "%s {", enumeration->c_name);
    for (const struct coil_enumerator *e = enumeration->enumerators; e; e = e->next, separator = ",")
        coil_buffer_printf(out, "%s\n    %s%s_copy = %s", separator, module->prefix, e->name,
                           coil_emit_enumerator(module, enumeration, e->name));
    if (!enumeration->enumerators)
        coil_buffer_printf(out, "\n    %sunnamed_%u_has_no_names", module->prefix, enumeration->number);
    coil_buffer_puts(out, "\n};\n\n");
}

static void emit_record_twin(struct coil_buffer *out, struct coil_module_model *module,
                             const struct coil_record *record)
{
    if (record->pack)
        coil_buffer_printf(out, "#pragma pack(push, %u)\n", record->pack);
    coil_buffer_printf(out, "%s {\n", record->c_name);
    coil_emit_fields(out, module, record, 4);
    coil_buffer_puts(out, "};\n");
    if (record->pack)
        coil_buffer_puts(out, "#pragma pack(pop)\n");
    coil_buffer_puts(out, "\n");
}

/* Copies of what has no name in C have their layout from the compiler, too. */
static bool emit_twins(struct coil_buffer *out, struct coil_module_model *module)
{
    const struct coil_record *scope = NULL;
    bool any = false;

    for (size_t i = 0; i < module->enumerations.count; i++) {
        const struct coil_enumeration *enumeration = module->enumerations.items[i];
        const struct coil_record *outer = scope_of(enumeration->outer);

        if (enumeration->known)
            continue;
        /* Most often the enums of one struct come one after the other; the same macro twice does no harm. */
        if (outer && !outer->has_twin && outer != scope)
            emit_inner_scope(out, module, scope = outer);
        if (enumeration->has_twin)
            emit_enumeration_twin(out, module, enumeration);
        else if (outer && enumeration->tag)
            emit_inner_name(out, "enum", enumeration->tag, outer, enumeration->c_name);
        any |= enumeration->has_twin || (outer && enumeration->tag);
    }
    /* The structs inside another one were added after it: backwards, each is there before it is used. */
    for (size_t i = module->records.count; i > 0; i--) {
        const struct coil_record *record = module->records.items[i - 1];

        if (record->has_twin)
            emit_record_twin(out, module, record);
        any |= record->has_twin;
    }
    return any;
}

static bool emit_inner_records(struct coil_buffer *out, struct coil_module_model *module)
{
    bool any = false;

    for (size_t i = 0; i < module->records.count; i++) {
        const struct coil_record *record = module->records.items[i];

        if (record->tag && record->outer && record->is_complete && !record->is_unknown && !record->layout) {
            emit_inner_name(out, record->is_union ? "union" : "struct", record->tag, scope_of(record->outer),
                            record->c_name);
            any = true;
        }
    }
    return any;
}

/* Opaque structs, and those of included modules, which the C source need not know. */
static bool emit_forward_declarations(struct coil_buffer *out, struct coil_module_model *module)
{
    bool any = false;

    for (size_t i = 0; i < module->records.count; i++) {
        const struct coil_record *record = module->records.items[i];

        if (record->tag && (record->layout ? !record->outer : !record->is_complete && record->position.section)) {
            coil_buffer_printf(out, "%s;\n", record->c_name);
            any = true;
        }
    }
    if (any)
        coil_buffer_puts(out, "\n");
    return any;
}

const char *coil_emit_number(struct coil_arena *arena, struct coil_number number)
{
    if (number.is_unsigned)
        return coil_arena_printf(arena, "%lluu", (unsigned long long)number.bits);
    if (number.bits == (uint64_t)INT64_MIN)
        return "(-9223372036854775807 - 1)";
    return coil_arena_printf(arena, "%lld", (long long)number.bits);
}

/* The values that `#define X 42` declares.  The macro need not be in the C source. */
static bool emit_checks(struct coil_buffer *out, struct coil_module_model *module)
{
    bool any = false;

    for (const struct coil_name *name = module->first; name; name = name->next)
        if (name->kind == COIL_NAME_INTEGER && name->is_asserted && !name->known) {
            const char *number = coil_emit_number(module->arena, name->number);

            coil_buffer_printf(out,
                               "#ifdef %s\nCOIL_STATIC_ASSERT((%s) == %s, \"%s is not %s, as its declaration "
                               "says\");\n#endif\n",
                               name->name, name->name, number, name->name, number);
            any = true;
        }
    if (any)
        coil_buffer_puts(out, "\n");
    return any;
}

/* A text within a literal. */
static const char *escaped(struct coil_arena *arena, const char *text)
{
    struct coil_buffer escaped = COIL_BUFFER_INIT(arena);

    for (; *text; text++)
        coil_buffer_printf(&escaped, strchr("\"\\", *text) ? "\\%c" : "%c", *text);
    return escaped.text;
}

/* What annotations of functions say, as far as only the compiler knows whether that is possible. */
static bool emit_function_checks(struct coil_buffer *out, struct coil_module_model *module)
{
    bool any = false;

    for (size_t i = 0; i < module->functions.count; i++) {
        const struct coil_signature *s = ((const struct coil_name *)module->functions.items[i])->signature;
        const char *type = coil_type_name(module->arena, coil_type_unqualified(s->type->item));

        if (s->is_error_unknown)
            coil_buffer_printf(
                out,
                "COIL_STATIC_ASSERT((intmax_t)(%s)(%s) == (intmax_t)(%s) && ((%s)(%s) < 1) == ((%s) < 1),\n"
                "                   \"error(%s) of %s() must fit into %s\");\n",
                type, s->error_integer, s->error_integer, type, s->error_integer, s->error_integer,
                escaped(module->arena, s->error_text), s->name, type);
        if (s->is_timeout_unknown)
            coil_buffer_printf(out,
                               "COIL_STATIC_ASSERT((%s) > 0 && (%s) <= INT32_MAX,\n"
                               "                   \"timeout(%s) of %s() must be from 1 to %d milliseconds\");\n",
                               s->timeout_ms, s->timeout_ms, escaped(module->arena, s->timeout_text), s->name,
                               INT32_MAX);
        any |= s->is_error_unknown || s->is_timeout_unknown;
    }
    if (any)
        coil_buffer_puts(out, "\n");
    return any;
}

void coil_emit_types(struct coil_buffer *out, struct coil_module_model *module)
{
    struct coil_buffer types = COIL_BUFFER_INIT(module->arena);
    bool any = emit_forward_declarations(&types, module);

    any |= emit_inner_records(&types, module);
    any |= emit_twins(&types, module);
    any |= emit_checks(&types, module);
    any |= emit_function_checks(&types, module);
    if (any) {
        coil_buffer_puts(out, "/* ---- types and constants that are declared ---- */\n\n");
        coil_buffer_puts(out, types.text);
    }
}
