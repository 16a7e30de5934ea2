/*
 * Inference.
 *
 * Two questions with two answers on purpose.  Whether an integer MAY be a pointer's
 * length is asked before memory would be written: a yes is an error, so the
 * answer is generous.  Whether it is CLEARLY that is asked before memory is only read:
 * a yes makes an array of the pointer, so the answer is strict.  Names decide,
 * and places.  Called by crossing.c.
 */
#include "stubgen/infer.h"

#include <ctype.h>
#include <string.h>

#include "proto/descriptor.h"

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name);
    size_t end_size = strlen(end);

    return size >= end_size && strcasecmp(name + size - end_size, end) == 0;
}

static bool has_end(const char *name, const char *const *ends)
{
    for (; *ends; ends++)
        if (ends_with(name, *ends))
            return true;
    return false;
}

/* Names of numbers of elements. */
static bool is_count_name(const char *name)
{
    static const char *const ends[] = { "len", "length", "count", "cnt", "elems", "items", NULL };

    return strcasecmp(name, "n") == 0 || strncmp(name, "n_", 2) == 0 || strncmp(name, "num_", 4) == 0 ||
           ends_with(name, "_n") || has_end(name, ends);
}

/* Names of numbers of bytes, or of elements: who knows. */
static bool is_size_name(const char *name)
{
    static const char *const ends[] = { "size", "bytes", "sz", NULL };

    return has_end(name, ends);
}

/* Names of room rather than of what is there. */
static bool is_room_name(const char *name)
{
    static const char *const ends[] = { "cap", "capacity", "num", "max", NULL };

    return has_end(name, ends);
}

static bool is_length_name(const char *name)
{
    return is_count_name(name) || is_size_name(name) || is_room_name(name);
}

/* Elements of one byte: then sizes are counts. */
static bool is_bytes(struct coil_type *pointer)
{
    struct coil_type *item = coil_type_strip(coil_type_strip(pointer)->item);

    if (item->kind != COIL_KIND_PRIMITIVE)
        return false;
    switch (item->primitive) {
    case COIL_PRIM_VOID:
    case COIL_PRIM_CHAR:
    case COIL_PRIM_SCHAR:
    case COIL_PRIM_UCHAR:
    case COIL_PRIM_INT8:
    case COIL_PRIM_UINT8:
        return true;
    default:
        return false;
    }
}

/* `account` and `discount` end like a count and are none: there the end must be a word of its own, as in `row_count`.
 */
static bool is_other_count(const char *name)
{
    size_t before = strlen(name) - strlen("count");

    return ends_with(name, "count") && before > 0 && name[before - 1] != '_' &&
           !isdigit((unsigned char)name[before - 1]) && !isupper((unsigned char)name[before]);
}

static bool is_clear(const char *name, struct coil_type *pointer)
{
    return (is_count_name(name) && !is_other_count(name)) || (is_size_name(name) && is_bytes(pointer));
}

static bool is_pointer(const struct coil_parameter *p)
{
    enum coil_type_kind kind = coil_type_strip(p->type)->kind;

    return kind == COIL_KIND_POINTER || kind == COIL_KIND_ARRAY;
}

struct coil_beside coil_infer_length(const struct coil_parameter *before2, const struct coil_parameter *before,
                                     const struct coil_parameter *p)
{
    struct coil_beside beside = { 0 };
    const struct coil_parameter *after = p->next;

    if (after && coil_type_is_integer(after->type) && (!after->name || is_length_name(after->name))) {
        beside.integer = after;
        beside.is_clear = after->name && is_clear(after->name, p->type);
        beside.is_after = true;
    } else if (before && coil_type_is_integer(before->type) && before->name && is_length_name(before->name)) {
        beside.integer = before;
        /* In f(a, n, b) the length is a's. */
        beside.is_clear = is_clear(before->name, p->type) && !(before2 && is_pointer(before2));
    }
    return beside;
}

const char *coil_infer_length_field(const struct coil_record *record, const struct coil_field *field)
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

const char *coil_infer_some_length(const struct coil_type *function)
{
    for (const struct coil_parameter *p = function->parameters; p; p = p->next)
        if (p->name && coil_type_is_integer(p->type) && is_length_name(p->name))
            return p->name;
    return NULL;
}
