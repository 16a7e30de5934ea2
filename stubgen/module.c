/*
 * The module under construction: its names, structs and enums.
 *
 * The parser fills it section by section; coil_module_finish() then gives every
 * struct and enum the name CFFI would give it, the name emitted C uses, and its
 * place in the sorted tables.  The later passes only read it.  All memory is the
 * arena's.  One thread.
 */
#include "stubgen/module.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/descriptor.h"

/* What the emitted C declares or includes for itself. */
static const char *const reserved[] = {
    "cffi_start_python", "coil_call",          "coil_crossing",     "coil_descriptor",
    "coil_module",       "coil_module_import", "coil_module_start", "coil_type_code",
};

/* Words of C that cannot name anything. */
static const char *const keywords[] = {
    "auto",   "break",    "case",     "char",     "const", "continue", "default", "do",     "double",
    "else",   "enum",     "extern",   "float",    "for",   "goto",     "if",      "inline", "int",
    "long",   "register", "restrict", "return",   "short", "signed",   "sizeof",  "static", "struct",
    "switch", "typedef",  "union",    "unsigned", "void",  "volatile", "while",
};

void coil_list_add(struct coil_list *list, struct coil_arena *arena, void *item)
{
    if (list->count == list->capacity) {
        size_t capacity = 2 * list->capacity + 16;
        void **larger = coil_arena_take(arena, capacity * sizeof *larger);

        if (list->count > 0)
            memcpy(larger, list->items, list->count * sizeof *larger);
        list->items = larger;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
}

unsigned coil_list_index(const struct coil_list *list, const void *item)
{
    unsigned index = 0;

    while (list->items[index] != item)
        index++;
    return index;
}

bool coil_module_name_is_good(const char *name)
{
    bool start = true;

    for (; *name; name++) {
        if (*name == '.'
                ? start
                : !(isalpha((unsigned char)*name) || *name == '_' || (!start && isdigit((unsigned char)*name))))
            return false;
        start = *name == '.';
    }
    return !start;
}

struct coil_module_model *coil_module_new(struct coil_arena *arena, struct coil_diagnostics *diagnostics,
                                          const char *name)
{
    struct coil_module_model *module = coil_arena_take(arena, sizeof *module);
    char *identifier = coil_arena_copy(arena, name, strlen(name));

    for (char *c = identifier; *c; c++)
        if (*c == '.')
            *c = '_';
    module->arena = arena;
    module->diagnostics = diagnostics;
    module->name = name;
    module->identifier = identifier;
    module->prefix = coil_arena_printf(arena, "coil_%s_", identifier);
    module->init_code = "";
    module->c_source = "";
    module->last = &module->first;
    return module;
}

static struct coil_name *add_name(struct coil_module_model *module, enum coil_name_kind kind, const char *text,
                                  struct coil_type *type, struct coil_position position)
{
    struct coil_name *name = coil_arena_take(module->arena, sizeof *name);

    name->kind = kind;
    name->name = text;
    name->type = type;
    name->position = position;
    *module->last = name;
    module->last = &name->next;
    coil_table_put(&module->names, module->arena, text, name);
    return name;
}

/* The typedefs CFFI knows without being told come into being when they are first used. */
static struct coil_name *add_builtin(struct coil_module_model *module, const char *text)
{
    static const struct {
        const char *name;
        const char *primitive;
    } aliases[] = {
        { "bool", "_Bool" },
        { "_cffi_float_complex_t", "float _Complex" },
        { "_cffi_double_complex_t", "double _Complex" },
    };
    struct coil_name *name = NULL;
    struct coil_position nowhere = { 0 };

    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].name, text) == 0)
            name = add_name(module, COIL_NAME_TYPEDEF, aliases[i].name,
                            coil_primitive_find(module, aliases[i].primitive), nowhere);
    if (strcmp(text, "FILE") == 0)
        name = add_name(module, COIL_NAME_TYPEDEF, "FILE",
                        coil_module_add_record(module, false, "_IO_FILE", nowhere)->type, nowhere);
    if (name)
        name->is_builtin = true;
    return name;
}

struct coil_name *coil_module_find(struct coil_module_model *module, const char *text)
{
    struct coil_name *name = coil_table_get(&module->names, text);

    return name ? name : add_builtin(module, text);
}

bool coil_is_keyword(const char *word)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(word, keywords[i]) == 0)
            return true;
    return false;
}

static void check_not_reserved(struct coil_module_model *module, const char *name, struct coil_position position)
{
    if (coil_is_keyword(name))
        coil_refuse_at(module->diagnostics, position, "'%s' is a keyword of C: a name is needed here", name);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0)
            coil_refuse_at(module->diagnostics, position,
                           "'%s' is a name that generated code needs: choose another one", name);
    if (strncmp(name, module->prefix, strlen(module->prefix)) == 0 || strncmp(name, "PyInit_", 7) == 0 ||
        strncmp(name, "coil_descriptor_", 16) == 0)
        coil_refuse_at(module->diagnostics, position,
                       "names that start with '%.*s' are generated code's: choose another one",
                       name[0] == 'P'                               ? 7
                       : strncmp(name, "coil_descriptor_", 16) == 0 ? 16
                                                                    : (int)strlen(module->prefix),
                       name);
}

static bool is_repetition(const struct coil_name *old, enum coil_name_kind kind, struct coil_type *type)
{
    return old->kind == kind && !old->enumeration && (!old->type == !type) &&
           (!type || coil_type_equal(old->type, type));
}

static const char *kind_words(const struct coil_name *name)
{
    switch (name->kind) {
    case COIL_NAME_TYPEDEF:
        return "a type";
    case COIL_NAME_FUNCTION:
        return "a function";
    case COIL_NAME_VARIABLE:
        return "a variable";
    default:
        return "a constant";
    }
}

struct coil_name *coil_module_declare(struct coil_module_model *module, enum coil_name_kind kind, const char *text,
                                      struct coil_type *type, struct coil_position position)
{
    struct coil_name *old = coil_table_get(&module->names, text);

    check_not_reserved(module, text, position);
    if (!old)
        return add_name(module, kind, text, type, position);
    if (is_repetition(old, kind, type))
        return NULL;
    if (!old->position.section)
        coil_refuse_at(module->diagnostics, position, "'%s' is already %s that every module has", text,
                       kind_words(old));
    coil_refuse_at(module->diagnostics, position, "'%s' is already declared differently, as %s, at %s:%u", text,
                   kind_words(old), old->position.section->label, coil_position_line(old->position));
}

struct coil_record *coil_module_add_record(struct coil_module_model *module, bool is_union, const char *tag,
                                           struct coil_position position)
{
    struct coil_record *record = coil_arena_take(module->arena, sizeof *record);

    if (tag && position.section)
        check_not_reserved(module, tag, position);
    record->is_union = is_union;
    record->tag = tag;
    record->position = position;
    record->type = coil_type_new(module->arena, COIL_KIND_RECORD, NULL);
    record->type->record = record;
    coil_list_add(&module->records, module->arena, record);
    if (tag)
        coil_table_put(&module->tags, module->arena, tag, record->type);
    return record;
}

struct coil_enumeration *coil_module_add_enumeration(struct coil_module_model *module, const char *tag,
                                                     struct coil_position position)
{
    struct coil_enumeration *enumeration = coil_arena_take(module->arena, sizeof *enumeration);

    if (tag)
        check_not_reserved(module, tag, position);
    enumeration->tag = tag;
    enumeration->position = position;
    enumeration->type = coil_type_new(module->arena, COIL_KIND_ENUM, NULL);
    enumeration->type->enumeration = enumeration;
    coil_list_add(&module->enumerations, module->arena, enumeration);
    if (tag)
        coil_table_put(&module->tags, module->arena, tag, enumeration->type);
    return enumeration;
}

static void name_record(struct coil_module_model *module, struct coil_record *record)
{
    const char *keyword = record->is_union ? "union" : "struct";

    if (record->is_unknown || (record->typedef_name && !record->tag)) {
        record->cffi_name =
            coil_arena_printf(module->arena, "$%s%s", record->is_unknown_pointer ? "$" : "", record->typedef_name);
        record->c_name = record->typedef_name;
    } else if (record->tag) {
        record->cffi_name = record->tag;
        /* C++ keeps a struct that is declared inside another one in there; a typedef reaches it in both
         * languages. */
        record->c_name = record->outer && record->is_complete
                             ? coil_arena_printf(module->arena, "%s%s_inner", module->prefix, record->tag)
                             : coil_arena_printf(module->arena, "%s %s", keyword, record->tag);
    } else {
        record->number = ++module->records_without_name;
        record->cffi_name = coil_arena_printf(module->arena, "$%u", record->number);
        record->c_name = coil_arena_printf(module->arena, "%s %sunnamed_%u", keyword, module->prefix, record->number);
        record->has_twin = true;
    }
}

static void name_enumeration(struct coil_module_model *module, struct coil_enumeration *enumeration)
{
    if (enumeration->tag) {
        enumeration->cffi_name = enumeration->tag;
        enumeration->c_name = enumeration->outer
                                  ? coil_arena_printf(module->arena, "%s%s_inner", module->prefix, enumeration->tag)
                                  : coil_arena_printf(module->arena, "enum %s", enumeration->tag);
    } else if (enumeration->typedef_name) {
        enumeration->cffi_name = coil_arena_printf(module->arena, "$%s", enumeration->typedef_name);
        enumeration->c_name = enumeration->typedef_name;
    } else {
        enumeration->number = ++module->records_without_name;
        enumeration->cffi_name = coil_arena_printf(module->arena, "$%u", enumeration->number);
        enumeration->c_name =
            coil_arena_printf(module->arena, "enum %sunnamed_%u", module->prefix, enumeration->number);
        enumeration->has_twin = true;
    }
}

static int compare_records(const void *a, const void *b)
{
    return strcmp((*(struct coil_record *const *)a)->cffi_name, (*(struct coil_record *const *)b)->cffi_name);
}

static int compare_enumerations(const void *a, const void *b)
{
    return strcmp((*(struct coil_enumeration *const *)a)->cffi_name, (*(struct coil_enumeration *const *)b)->cffi_name);
}

void coil_module_finish(struct coil_module_model *module)
{
    struct coil_list *records = &module->sorted_records;
    struct coil_list *enumerations = &module->sorted_enumerations;

    for (size_t i = 0; i < module->records.count; i++) {
        struct coil_record *record = module->records.items[i];

        if (coil_record_is_flat(record)) {
            module->records_without_name++; /* CFFI numbers them, too */
            continue;
        }
        if (record->is_partial && !record->tag && !record->typedef_name)
            coil_refuse_at(module->diagnostics, record->position,
                           "a %s with '...' needs a tag or a typedef name, so that the compiler can be asked about it",
                           record->is_union ? "union" : "struct");
        name_record(module, record);
        coil_list_add(records, module->arena, record);
    }
    for (size_t i = 0; i < module->enumerations.count; i++) {
        name_enumeration(module, module->enumerations.items[i]);
        coil_list_add(enumerations, module->arena, module->enumerations.items[i]);
    }
    if (records->count > 0)
        qsort(records->items, records->count, sizeof(void *), compare_records);
    if (enumerations->count > 0)
        qsort(enumerations->items, enumerations->count, sizeof(void *), compare_enumerations);
    for (unsigned i = 0; i < records->count; i++)
        ((struct coil_record *)records->items[i])->index = i;
    for (unsigned i = 0; i < enumerations->count; i++)
        ((struct coil_enumeration *)enumerations->items[i])->index = i;
}
