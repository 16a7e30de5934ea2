/*
 * Structs and unions in the descriptor: where their fields are.
 *
 * The C compiler says so, by offsetof and sizeof.  A struct that is declared in full is
 * compared with CFFI's own idea of it when Python loads the module; one with `...` is
 * not, and neither is one with anonymous members, whose fields are listed as its own, as
 * CFFI lists them.  Bit-fields have no offset: only Python's side can place them, which
 * needs the whole struct in its declared form.  A struct of an included module is laid
 * out as that module's descriptor says.  Used by emit_descriptor.c.
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/emit_image.h"

/* The first field in a struct that offsetof() takes, or NULL: one with a name and no bit-field. */
static const struct coil_field *find_leaf(const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next) {
        const struct coil_field *leaf = f;

        if (f->bits >= 0)
            continue;
        if (!*f->name)
            leaf = find_leaf(coil_type_strip(f->type)->record);
        if (leaf)
            return leaf;
    }
    return NULL;
}

static const char *anonymous_offset(struct coil_image *image, const struct coil_record *record,
                                    const struct coil_record *owner, const struct coil_field *field);

static const char *offset_of(struct coil_image *image, const struct coil_record *record,
                             const struct coil_record *owner, const struct coil_field *field)
{
    if (*field->name)
        return coil_arena_printf(image->arena, "offsetof(%s, %s)", owner->c_name, field->name);
    return anonymous_offset(image, record, owner, field);
}

static const char *size_of(struct coil_image *image, const struct coil_record *owner, const struct coil_field *field)
{
    if (*field->name)
        return coil_arena_printf(image->arena, "sizeof(((%s *)0)->%s)", owner->c_name, field->name);
    return coil_arena_printf(image->arena, "sizeof(%s)", coil_type_strip(field->type)->record->c_name);
}

/*
 * Where an anonymous struct lies in the one around it: told by a field of it that
 * both have, or, if it has bit-fields only, by the end of what is before it.
 */
static const char *anonymous_offset(struct coil_image *image, const struct coil_record *record,
                                    const struct coil_record *owner, const struct coil_field *field)
{
    const struct coil_record *anonymous = coil_type_strip(field->type)->record;
    const struct coil_field *leaf = find_leaf(anonymous);
    const struct coil_field *before = record->fields;

    if (leaf)
        return coil_arena_printf(image->arena, "offsetof(%s, %s) - offsetof(%s, %s)", owner->c_name, leaf->name,
                                 anonymous->c_name, leaf->name);
    if (record->fields == field || record->is_union)
        return "0";
    while (before->next != field)
        before = before->next;
    if (before->bits >= 0)
        coil_refuse_at(image->module->diagnostics, field->position,
                       "an anonymous struct that has only bit-fields and follows a bit-field must be given a name");
    return coil_arena_printf(image->arena, "(%s + %s + alignof(%s) - 1) / alignof(%s) * alignof(%s)",
                             offset_of(image, record, owner, before), size_of(image, owner, before), anonymous->c_name,
                             anonymous->c_name, anonymous->c_name);
}

static void add_field(struct coil_image *image, const struct coil_record *owner, const struct coil_field *field,
                      const char *offset)
{
    unsigned type = coil_opcodes_index(image->opcodes, field->type);
    struct coil_type *bare = coil_type_strip(field->type);
    const char *operation = field->bits >= 0 ? "BITFIELD" : "NOOP";
    const char *size;

    if (field->bits >= 0)
        size = coil_arena_printf(image->arena, "%d", field->bits);
    else if (bare->kind == COIL_KIND_ARRAY && bare->length_kind == COIL_LENGTH_OPEN)
        size = "UINT64_MAX";
    else
        size = size_of(image, owner, field);
    coil_buffer_printf(&image->fields.text, "        { %s, 0, COIL_TYPE(COIL_OP_%s, %u), %s, %s },\n",
                       coil_texts_print(image->texts, field->name), operation, type, offset, size);
    image->fields.count++;
}

static bool has_anonymous(const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next)
        if (!*f->name && f->bits < 0)
            return true;
    return false;
}

static bool is_flat(const struct coil_field *field)
{
    return !*field->name && field->bits < 0 && coil_record_is_flat(coil_type_strip(field->type)->record);
}

/* The fields of `record`, which are `owner`'s too (it is the record, or around an anonymous one). */
static void add_fields(struct coil_image *image, const struct coil_record *record, const struct coil_record *owner)
{
    for (const struct coil_field *f = record->fields; f; f = f->next) {
        if (is_flat(f))
            add_fields(image, coil_type_strip(f->type)->record, owner);
        else
            add_field(image, owner, f, f->bits < 0 ? offset_of(image, record, owner, f) : "UINT64_MAX");
    }
}

static const char *known_number(struct coil_image *image, uint64_t number)
{
    return number == UINT64_MAX ? "UINT64_MAX" : coil_arena_printf(image->arena, "%llu", (unsigned long long)number);
}

/* The same for a struct of an included module: its descriptor has the fields in the same order. */
static void add_known_fields(struct coil_image *image, const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next) {
        const struct coil_descriptor_field *known;

        if (is_flat(f)) {
            add_known_fields(image, coil_type_strip(f->type)->record);
            continue;
        }
        known = f->known;
        coil_buffer_printf(&image->fields.text, "        { %s, 0, COIL_TYPE(COIL_OP_%s, %u), %s, %s },\n",
                           coil_texts_print(image->texts, f->name), f->bits >= 0 ? "BITFIELD" : "NOOP",
                           coil_opcodes_index(image->opcodes, f->type), known_number(image, known->offset),
                           known_number(image, known->size));
        image->fields.count++;
    }
}

static const char *struct_flags(struct coil_image *image, const struct coil_record *record)
{
    struct coil_buffer flags = COIL_BUFFER_INIT(image->arena);

    if (record->is_union)
        coil_buffer_puts(&flags, " | COIL_STRUCT_UNION");
    if (!record->is_complete)
        coil_buffer_puts(&flags, " | COIL_STRUCT_OPAQUE");
    else if (!record->is_partial && record->pack <= 1 && (coil_record_has_bits(record) || !has_anonymous(record)))
        coil_buffer_puts(&flags, " | COIL_STRUCT_CHECK_FIELDS");
    if (record->is_complete && record->pack == 1)
        coil_buffer_puts(&flags, " | COIL_STRUCT_PACKED");
    return flags.size > 0 ? flags.text + strlen(" | ") : "0";
}

void coil_emit_struct(struct coil_image *image, const struct coil_record *record)
{
    struct coil_arena *arena = image->arena;
    size_t first = image->fields.count;
    unsigned type = coil_opcodes_index(image->opcodes, record->type);
    const char *alignment = "0";
    const char *size = "0";

    if (record->layout) {
        add_known_fields(image, record);
        alignment = coil_arena_printf(arena, "%u", record->layout->alignment);
        size = coil_arena_printf(arena, "%llu", (unsigned long long)record->layout->size);
    } else if (record->is_complete) {
        add_fields(image, record, record);
        alignment = coil_arena_printf(arena, "(uint32_t)alignof(%s)", record->c_name);
        size = coil_arena_printf(arena, "sizeof(%s)", record->c_name);
    }
    coil_buffer_printf(&image->structs.text, "        { %s, %u, %s,\n          %s, %s, %zu, %zu },\n",
                       coil_texts_print(image->texts, record->cffi_name), type, struct_flags(image, record), alignment,
                       size, first, image->fields.count - first);
    image->structs.count++;
}
