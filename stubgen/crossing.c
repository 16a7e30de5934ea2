/*
 * Crossing: for each parameter and result, whether and how it gets to Python.
 *
 * How much memory a pointer leads to, and who writes it, is known here or the
 * declaration is refused: nothing is guessed.  The rules are applied in the order
 * of the design's table of pointers.  Between the parser and the emitter; needs
 * coil_module_finish().
 */
#include "stubgen/crossing.h"

#include <string.h>

#include "proto/descriptor.h"

/* Where a refusal points, and what it is about. */
struct subject {
    struct coil_module_model *module;
    struct coil_position position;
    const char *name; /* "'p'", "argument 2", "the result of 'f'" */
};

#define REFUSE(subject, ...) coil_refuse_at((subject)->module->diagnostics, (subject)->position, __VA_ARGS__)

static void check_record(const struct subject *subject, struct coil_record *record);

/* Any annotation here would change how something crosses. */
static void check_annotation(struct coil_module_model *module, const struct coil_annotation *annotation)
{
    static const char *const known[] = {"in",         "out",    "inout",   "counted_by", "sized_by",
                                        "string",     "opaque", "or_null", "length",     "oneway",
                                        "idempotent", "error",  "timeout"};
    const char *word;
    size_t size;

    if (!annotation)
        return;
    word = annotation->text + strspn(annotation->text, " \t\r\n,");
    size = strcspn(word, " \t\r\n,(");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == size && strncmp(word, known[i], size) == 0)
            coil_refuse_at(
                module->diagnostics, annotation->position,
                "the annotation [%s] is not supported by this version: remove it, and pass scalars, strings, "
                "structs or arrays of fixed length",
                known[i]);
    coil_refuse_at(module->diagnostics, annotation->position,
                   "'%.*s' is not an annotation: there are in, out, inout, counted_by, sized_by, string, "
                   "opaque, or_null, "
                   "length, oneway, idempotent, error and timeout",
                   (int)size, word);
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name);
    size_t end_size = strlen(end);

    return size >= end_size && strcasecmp(name + size - end_size, end) == 0;
}

/* Whether an integer of that name may say how long something is. */
static bool is_length_name(const char *name)
{
    static const char *const ends[] = {"len",      "length", "size",  "count", "cnt",   "cap",
                                       "capacity", "num",    "bytes", "elems", "items", "sz"};

    if (strcasecmp(name, "n") == 0 || strncmp(name, "n_", 2) == 0 || strncmp(name, "num_", 4) == 0 ||
        ends_with(name, "_n"))
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(name, ends[i]))
            return true;
    return false;
}

static bool is_opaque_record(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_RECORD && !type->record->is_complete;
}

/* A pointer that is passed as it is, because nobody looks behind it. */
static bool is_opaque_pointer(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_POINTER && (coil_type_is_void(type->item) || is_opaque_record(type->item));
}

/*
 * Refuses a pointer that has an integer beside it which is or may be its length.
 * Nothing can be counted behind pointers to opaque structs and to functions.
 */
static void check_length(const struct subject *subject, struct coil_type *pointer, const char *length,
                         bool has_integer)
{
    struct coil_type *item = coil_type_strip(pointer)->item;
    const char *named = length ? coil_arena_printf(subject->module->arena, "'%s'", length) : "it has no name";
    const char *annotated = length ? length : "n";

    if (!has_integer || is_opaque_record(item) || coil_type_strip(item)->kind == COIL_KIND_FUNCTION)
        return;
    if (!coil_type_is_const(item))
        REFUSE(
            subject,
            "%s is a pointer next to an integer that may be its length (%s): it needs an annotation such as "
            "[inout, counted_by(%s)], [out, counted_by(%s)] or [opaque], which this version does not "
            "support: pass a "
            "struct or an array of fixed length, or give the integer another name if it is no length",
            subject->name, named, annotated, annotated);
    if (length)
        REFUSE(subject,
               "%s is counted by '%s', and arrays of variable length are not supported by this version: pass "
               "a struct or an "
               "array of fixed length, or give '%s' another name if it is no length",
               subject->name, length, length);
}

static const char *record_words(const struct subject *subject, const struct coil_record *record)
{
    if (record->has_twin)
        return record->is_union ? "a union without a name" : "a struct without a name";
    return coil_arena_printf(subject->module->arena, "'%s'",
                             coil_type_name(subject->module->arena, record->type));
}

static _Noreturn void refuse_pointer_field(const struct subject *subject, const struct coil_record *record,
                                           const struct coil_field *field)
{
    REFUSE(subject,
           "%s has a pointer in it: field '%s' of %s is '%s', and of pointers in structs only void * and "
           "pointers to opaque types cross in this version",
           subject->name, field->name, record_words(subject, record),
           coil_type_name(subject->module->arena, field->type));
}

/* The integer beside a field of pointer type, or NULL. */
static const char *length_beside(const struct coil_record *record, const struct coil_field *field)
{
    const struct coil_field *before = NULL;

    for (const struct coil_field *f = record->fields; f != field; f = f->next)
        before = f;
    if (field->next && *field->next->name && coil_type_is_integer(field->next->type) &&
        is_length_name(field->next->name))
        return field->next->name;
    if (before && *before->name && coil_type_is_integer(before->type) && is_length_name(before->name))
        return before->name;
    return NULL;
}

/* Whatever lies in an array, in its items if it is one of arrays. */
static struct coil_type *innermost(const struct subject *subject, struct coil_type *type)
{
    for (type = coil_type_strip(type); type->kind == COIL_KIND_ARRAY; type = coil_type_strip(type->item))
        if (type->length_kind == COIL_LENGTH_OPEN)
            REFUSE(subject, "%s ends in an array of open length, whose size is not known", subject->name);
    return type;
}

static void check_field(const struct subject *subject, struct coil_record *record, struct coil_field *field)
{
    struct coil_type *type;

    check_annotation(subject->module, field->annotation);
    type = innermost(subject, field->type);
    if (type->kind == COIL_KIND_RECORD) {
        check_record(subject, type->record);
    } else if (type->kind == COIL_KIND_POINTER) {
        const char *length = length_beside(record, field);
        struct subject inner = *subject;

        if (!is_opaque_pointer(type))
            refuse_pointer_field(subject, record, field);
        inner.name = coil_arena_printf(subject->module->arena, "field '%s' of %s", field->name,
                                       record_words(subject, record));
        check_length(&inner, type, length, length != NULL);
    }
}

/* What is in a struct must be bytes that mean the same on both sides. */
static void check_record(const struct subject *subject, struct coil_record *record)
{
    if (!record->is_complete)
        REFUSE(subject, "%s is a '%s', whose size is not known: declare its fields, or pass a pointer to it",
               subject->name, coil_type_name(subject->module->arena, record->type));
    for (struct coil_field *f = record->fields; f; f = f->next)
        check_field(subject, record, f);
}

/* C cannot assign such a struct. */
static const struct coil_field *find_const_field(const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next) {
        struct coil_type *type = coil_type_strip(f->type);

        while (type->kind == COIL_KIND_ARRAY && !coil_type_is_const(f->type))
            type = coil_type_strip(type->item);
        if (coil_type_is_const(f->type) || (type->kind == COIL_KIND_RECORD && find_const_field(type->record)))
            return f;
    }
    return NULL;
}

static void check_by_value(const struct subject *subject, struct coil_type *type)
{
    const struct coil_field *field;

    type = coil_type_strip(type);
    if (type->kind != COIL_KIND_RECORD)
        return;
    check_record(subject, type->record);
    field = find_const_field(type->record);
    if (field)
        REFUSE(subject, "%s cannot be passed by value, because its field '%s' is const: pass a pointer",
               subject->name, field->name);
}

static void decide_block(const struct subject *subject, struct coil_type *block, bool is_const,
                         struct coil_passage *passage)
{
    struct coil_type *type = innermost(subject, block);

    if (type->kind == COIL_KIND_RECORD)
        check_record(subject, type->record);
    else if (type->kind == COIL_KIND_POINTER && !is_opaque_pointer(type))
        REFUSE(subject,
               "%s is an array of '%s', and of arrays of pointers only those of void * and of pointers to "
               "opaque "
               "types cross in this version",
               subject->name, coil_type_name(subject->module->arena, type));
    passage->crossing = is_const ? COIL_CROSS_BLOCK_IN : COIL_CROSS_BLOCK_INOUT;
    passage->block = block;
}

static void decide_pointer(const struct subject *subject, struct coil_type *pointer,
                           struct coil_passage *passage)
{
    struct coil_arena *arena = subject->module->arena;
    struct coil_type *item = coil_type_strip(pointer)->item;
    struct coil_type *bare = coil_type_strip(item);

    if (bare->kind == COIL_KIND_FUNCTION)
        REFUSE(subject, "%s is a pointer to a function, and those do not cross in this version",
               subject->name);
    if (is_opaque_pointer(pointer))
        return;
    if (bare->kind == COIL_KIND_PRIMITIVE && bare->primitive == COIL_PRIM_CHAR)
        passage->crossing = coil_type_is_const(item) ? COIL_CROSS_STRING_IN : COIL_CROSS_STRING_INOUT;
    else if (bare->kind == COIL_KIND_RECORD)
        decide_block(subject, item, coil_type_is_const(item), passage);
    else
        REFUSE(subject,
               "%s is '%s': how many items it leads to, and who writes them, must be said: pass an array of "
               "fixed "
               "length or a struct (this version does not support the annotations [out], [inout], "
               "[counted_by(n)], "
               "[sized_by(n)], [string] and [opaque])",
               subject->name, coil_type_name(arena, pointer));
}

/* The integer beside parameter `p` (`before` it, or after): its name if it may be a length, or "" if it has
 * no name. */
static const char *length_of(const struct coil_parameter *before, const struct coil_parameter *p)
{
    const struct coil_parameter *after = p->next;

    if (after && coil_type_is_integer(after->type) && (!after->name || is_length_name(after->name)))
        return after->name ? after->name : "";
    if (before && coil_type_is_integer(before->type) && before->name && is_length_name(before->name))
        return before->name;
    return NULL;
}

static void decide_parameter(const struct subject *subject, const struct coil_parameter *before,
                             const struct coil_parameter *p, struct coil_passage *passage)
{
    struct coil_arena *arena = subject->module->arena;
    struct coil_type *type = coil_type_strip(p->type);

    check_annotation(subject->module, p->annotation);
    passage->type = coil_type_unqualified(p->type);
    passage->crossing = COIL_CROSS_VALUE;
    if (type->kind == COIL_KIND_FUNCTION)
        REFUSE(subject, "%s is a pointer to a function, and those do not cross in this version",
               subject->name);
    if (type->kind == COIL_KIND_POINTER) {
        const char *length = length_of(before, p);

        check_length(subject, type, length && *length ? length : NULL, length != NULL);
        decide_pointer(subject, type, passage);
    } else if (type->kind == COIL_KIND_ARRAY) {
        passage->type = coil_type_new(arena, COIL_KIND_POINTER,
                                      coil_type_is_const(p->type) && !coil_type_is_const(type->item)
                                          ? coil_type_qualify(arena, type->item, COIL_QUALIFIER_CONST)
                                          : type->item);
        if (type->length_kind == COIL_LENGTH_OPEN) {
            const char *length = length_of(before, p);

            check_length(subject, passage->type, length && *length ? length : NULL, length != NULL);
            decide_pointer(subject, passage->type, passage);
        } else {
            decide_block(subject, type, coil_type_is_const(p->type), passage);
        }
    } else {
        check_by_value(subject, type);
    }
}

static void decide_result(const struct subject *subject, struct coil_type *result)
{
    struct coil_type *type = coil_type_strip(result);

    if (type->kind == COIL_KIND_POINTER && !is_opaque_pointer(type))
        REFUSE(subject,
               "%s is '%s', and of pointers only void * and pointers to opaque types can be results in this "
               "version: let the caller pass a struct, an array of fixed length or a char * that the "
               "function fills",
               subject->name, coil_type_name(subject->module->arena, result));
    check_by_value(subject, type);
}

/* Names that would mean something else within an emitted function. */
static bool is_bad_parameter_name(struct coil_module_model *module, const char *name)
{
    static const char *const bad[] = {
        "EOF",          "NULL",          "alignas",      "alignof",
        "and",          "and_eq",        "asm",          "assert",
        "bitand",       "bitor",         "bool",         "call",
        "catch",        "char16_t",      "char32_t",     "class",
        "coil_call",    "compl",         "const_cast",   "constexpr",
        "decltype",     "delete",        "dynamic_cast", "errno",
        "explicit",     "export",        "false",        "friend",
        "i386",         "linux",         "mutable",      "namespace",
        "new",          "noexcept",      "not",          "not_eq",
        "nullptr",      "operator",      "or",           "or_eq",
        "private",      "protected",     "public",       "reinterpret_cast",
        "result",       "static_assert", "static_cast",  "stderr",
        "stdin",        "stdout",        "template",     "this",
        "thread_local", "throw",         "true",         "try",
        "typeid",       "typename",      "typeof",       "unix",
        "using",        "virtual",       "wchar_t",      "xor",
        "xor_eq",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(bad[i], name) == 0)
            return true;
    return coil_module_find(module, name) || coil_primitive_find(module, name) ||
           strncmp(name, module->prefix, strlen(module->prefix)) == 0;
}

/* The parameter's own name where possible; unique among those before it. */
static const char *parameter_name(struct coil_module_model *module, const struct coil_type *function,
                                  const struct coil_parameter *p, const struct coil_passage *passages,
                                  size_t index)
{
    const char *name = p->name ? p->name : coil_arena_printf(module->arena, "argument_%zu", index + 1);
    bool is_taken;

    if (is_bad_parameter_name(module, name))
        name = coil_arena_printf(module->arena, "%s_", name);
    do {
        is_taken = is_bad_parameter_name(module, name);
        for (size_t i = 0; i < index; i++)
            is_taken |= strcmp(passages[i].name, name) == 0;
        for (const struct coil_parameter *other = function->parameters; other; other = other->next)
            is_taken |= other != p && other->name && strcmp(other->name, name) == 0;
        if (is_taken)
            name = coil_arena_printf(module->arena, "%s_", name);
    } while (is_taken);
    return name;
}

static void decide_function(struct coil_module_model *module, struct coil_name *function)
{
    struct coil_type *type = function->type;
    const struct coil_parameter *before = NULL;
    struct subject subject = {.module = module, .position = function->position};
    size_t count = 0;

    check_annotation(module, function->annotation);
    subject.name = coil_arena_printf(module->arena, "the result of '%s'", function->name);
    if (!coil_type_is_void(type->item))
        decide_result(&subject, type->item);
    for (const struct coil_parameter *p = type->parameters; p; p = p->next)
        count++;
    function->passages = coil_arena_take(module->arena, (count + 1) * sizeof *function->passages);
    count = 0;
    for (const struct coil_parameter *p = type->parameters; p; before = p, p = p->next, count++) {
        subject.position = p->position;
        subject.name =
            p->name ? coil_arena_printf(module->arena, "'%s'", p->name)
                    : coil_arena_printf(module->arena, "argument %zu of '%s'", count + 1, function->name);
        decide_parameter(&subject, before, p, &function->passages[count]);
        function->passages[count].name = parameter_name(module, type, p, function->passages, count);
    }
}

void coil_crossing_decide(struct coil_module_model *module)
{
    for (struct coil_name *name = module->first; name; name = name->next)
        if (coil_name_is_python(name))
            decide_function(module, name);
}
