/*
 * Included modules: ffi.include().
 *
 * The including module repeats the other's declarations, but its C source need not
 * have what they are about: the other module's has, and was compiled, and the
 * descriptor that came out of it knows every value, size and offset.  Here these are
 * put into the model, so that the emitter writes numbers where it would otherwise ask
 * the compiler.
 *
 * Names are looked up by name.  Types are walked side by side, the declared one and
 * the one in the descriptor: that finds structs without a name, and the lengths of
 * `[...]`, too.  The descriptor has been checked (coil_descriptor_check).
 */
#include "stubgen/included.h"

#include <string.h>

#include "proto/image.h"

/* One included module. */
struct included {
    struct coil_module_model *module;
    const struct coil_descriptor *image;
};

static void match(const struct included *included, struct coil_type *type, int64_t index);

static _Noreturn void refuse(const struct included *included, struct coil_position position, const char *name)
{
    coil_refuse_at(included->module->diagnostics, position,
                   "the descriptor of the included module '%s' does not have '%s' as it is declared here: "
                   "generate that module again",
                   coil_image_name(included->image), name);
}

static bool is_from(const struct included *included, const struct coil_section *section)
{
    return section && section->included == included->image;
}

/* ---- types ---- */

/* Fields are in the descriptor in the order of their declaration, also those of flat anonymous structs. */
static uint32_t match_fields(const struct included *included, struct coil_record *record,
                             const struct coil_descriptor_struct *layout, uint32_t next)
{
    const struct coil_descriptor_field *fields = coil_image_fields(included->image);

    for (struct coil_field *f = record->fields; f; f = f->next) {
        struct coil_type *type = coil_type_strip(f->type);

        if (!*f->name && f->bits < 0 && coil_record_is_flat(type->record)) {
            next = match_fields(included, type->record, layout, next);
            continue;
        }
        if (next >= layout->first_field + layout->field_count ||
            strcmp(coil_image_text(included->image, fields[next].name), f->name) != 0)
            refuse(included, f->position, f->name);
        f->known = &fields[next++];
        match(included, f->type, COIL_TYPE_ARGUMENT(f->known->code));
    }
    return next;
}

static void match_record(const struct included *included, struct coil_record *record,
                         const struct coil_descriptor_struct *layout)
{
    if (record->layout || !is_from(included, record->section))
        return;
    if (layout->flags & COIL_STRUCT_OPAQUE)
        refuse(included, record->position, coil_type_name(included->module->arena, record->type));
    record->layout = layout;
    record->has_twin = false;
    if (record->tag)
        record->c_name =
            coil_arena_printf(included->module->arena, "%s %s", record->is_union ? "union" : "struct", record->tag);
    (void)match_fields(included, record, layout, layout->first_field);
}

static void match_enumeration(const struct included *included, struct coil_enumeration *enumeration,
                              const struct coil_descriptor_enum *known)
{
    if (enumeration->known || !is_from(included, enumeration->section))
        return;
    enumeration->known = known;
    enumeration->has_twin = false;
    if (enumeration->tag)
        enumeration->c_name = coil_arena_printf(included->module->arena, "enum %s", enumeration->tag);
}

static void match_function(const struct included *included, struct coil_type *function, uint32_t index)
{
    const coil_type_code *types = coil_image_types(included->image);

    match(included, function->item, COIL_TYPE_ARGUMENT(types[index]));
    for (struct coil_parameter *p = function->parameters; p; p = p->next) {
        struct coil_type *type = coil_type_strip(p->type);
        uint32_t parameter;

        if (COIL_TYPE_OPERATION(types[++index]) == COIL_OP_FUNCTION_END)
            return;
        parameter = coil_image_resolve(included->image, index);
        /* Arrays and functions are pointers as parameters. */
        if (type->kind == COIL_KIND_ARRAY || type->kind == COIL_KIND_FUNCTION) {
            if (COIL_TYPE_OPERATION(types[parameter]) == COIL_OP_POINTER)
                match(included, type->kind == COIL_KIND_ARRAY ? type->item : type,
                      COIL_TYPE_ARGUMENT(types[parameter]));
        } else {
            match(included, type, parameter);
        }
    }
}

static void match_primitive(struct coil_type *type, int primitive)
{
    if (type->primitive >= 0)
        return;
    type->primitive = primitive;
    type->name = coil_primitive_name(primitive);
}

static void match_array(const struct included *included, struct coil_type *type, uint32_t index)
{
    const coil_type_code *types = coil_image_types(included->image);

    if (type->length_kind == COIL_LENGTH_COMPILED && COIL_TYPE_OPERATION(types[index]) == COIL_OP_ARRAY) {
        type->length_kind = COIL_LENGTH_FIXED;
        type->length = types[index + 1];
    }
    match(included, type->item, COIL_TYPE_ARGUMENT(types[index]));
}

/* The declared type is the one of that index, whatever the descriptor says about it is true of both. */
static void match(const struct included *included, struct coil_type *type, int64_t index)
{
    uint32_t at = coil_image_resolve(included->image, (uint32_t)index);
    coil_type_code code = coil_image_types(included->image)[at];
    int64_t argument = COIL_TYPE_ARGUMENT(code);

    type = coil_type_strip(type);
    switch (COIL_TYPE_OPERATION(code)) {
    case COIL_OP_PRIMITIVE:
        if (type->kind == COIL_KIND_PRIMITIVE)
            match_primitive(type, (int)argument);
        break;
    case COIL_OP_POINTER:
        if (type->kind == COIL_KIND_POINTER)
            match(included, type->item, argument);
        break;
    case COIL_OP_ARRAY:
    case COIL_OP_OPEN_ARRAY:
        if (type->kind == COIL_KIND_ARRAY)
            match_array(included, type, at);
        break;
    case COIL_OP_STRUCT_UNION:
        if (type->kind == COIL_KIND_RECORD)
            match_record(included, type->record, &coil_image_structs(included->image)[argument]);
        break;
    case COIL_OP_ENUM:
        if (type->kind == COIL_KIND_ENUM)
            match_enumeration(included, type->enumeration, &coil_image_enums(included->image)[argument]);
        break;
    case COIL_OP_FUNCTION:
        if (type->kind == COIL_KIND_FUNCTION)
            match_function(included, type, at);
        break;
    default:
        break;
    }
}

/* ---- names ---- */

static const struct coil_descriptor_typename *find_typename(const struct coil_descriptor *image, const char *text)
{
    for (uint32_t i = 0; i < image->typenames.count; i++)
        if (strcmp(coil_image_text(image, coil_image_typenames(image)[i].name), text) == 0)
            return &coil_image_typenames(image)[i];
    return NULL;
}

static const struct coil_descriptor_global *find_global(const struct coil_descriptor *image, const char *text)
{
    for (uint32_t i = 0; i < image->globals.count; i++)
        if (strcmp(coil_image_text(image, coil_image_globals(image)[i].name), text) == 0)
            return &coil_image_globals(image)[i];
    return NULL;
}

static void apply_typedef(const struct included *included, struct coil_name *name)
{
    const struct coil_descriptor_typename *known = find_typename(included->image, name->name);

    if (!known)
        refuse(included, name->position, name->name);
    match(included, name->type, known->type);
}

static void apply_global(const struct included *included, struct coil_name *name)
{
    const struct coil_descriptor_global *global = find_global(included->image, name->name);
    unsigned operation = global ? COIL_TYPE_OPERATION(global->code) : 0;
    int64_t argument = global ? COIL_TYPE_ARGUMENT(global->code) : 0;

    if (operation == COIL_OP_CONSTANT_INT || operation == COIL_OP_ENUM) {
        if (name->kind != COIL_NAME_INTEGER)
            refuse(included, name->position, name->name);
        name->known = global;
        name->number = (struct coil_number){ true, !global->negative, global->value };
        if (operation == COIL_OP_ENUM && name->enumeration && argument >= 0)
            match_enumeration(included, name->enumeration->type->enumeration,
                              &coil_image_enums(included->image)[argument]);
    } else if (operation == COIL_OP_CONSTANT && name->kind == COIL_NAME_REAL) {
        name->known = global;
        match(included, name->type, argument);
    } else if (name->kind == COIL_NAME_VARIABLE && operation == COIL_OP_GLOBAL_VAR) {
        match(included, name->type, argument);
    } else if (name->kind == COIL_NAME_FUNCTION && operation == COIL_OP_DLOPEN_FUNC) {
        match(included, name->type, argument);
    } else if (name->kind == COIL_NAME_FUNCTION && operation == COIL_OP_EXTERN_PYTHON) {
        match(included, coil_type_new(included->module->arena, COIL_KIND_POINTER, name->type), argument);
    } else {
        refuse(included, name->position, name->name);
    }
}

/* Structs and enums that have a name; nothing else needs to mention them. */
static void apply_tags(struct coil_module_model *module)
{
    struct included included = { .module = module };

    for (size_t i = 0; i < module->sorted_records.count; i++) {
        struct coil_record *record = module->sorted_records.items[i];

        included.image = record->section ? record->section->included : NULL;
        for (uint32_t k = 0; included.image && record->cffi_name[0] != '$' && k < included.image->structs.count; k++)
            if (strcmp(coil_image_text(included.image, coil_image_structs(included.image)[k].name),
                       record->cffi_name) == 0)
                match_record(&included, record, &coil_image_structs(included.image)[k]);
        if (included.image && record->tag && !record->layout)
            refuse(&included, record->position, record->tag);
    }
    for (size_t i = 0; i < module->sorted_enumerations.count; i++) {
        struct coil_enumeration *enumeration = module->sorted_enumerations.items[i];

        included.image = enumeration->section ? enumeration->section->included : NULL;
        for (uint32_t k = 0; included.image && enumeration->tag && k < included.image->enums.count; k++)
            if (strcmp(coil_image_text(included.image, coil_image_enums(included.image)[k].name),
                       enumeration->cffi_name) == 0)
                match_enumeration(&included, enumeration, &coil_image_enums(included.image)[k]);
        if (included.image && enumeration->tag && !enumeration->known)
            refuse(&included, enumeration->position, enumeration->tag);
    }
}

void coil_included_apply(struct coil_module_model *module)
{
    struct included included = { .module = module };

    apply_tags(module);
    for (struct coil_name *name = module->first; name; name = name->next) {
        included.image = name->position.section ? name->position.section->included : NULL;
        if (!included.image)
            continue;
        if (name->kind == COIL_NAME_TYPEDEF)
            apply_typedef(&included, name);
        else
            apply_global(&included, name);
    }
}
