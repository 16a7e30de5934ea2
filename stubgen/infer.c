/*
 * Inference.
 *
 * Two questions with two answers on purpose.  Whether an integer MAY be a pointer's
 * length is asked before memory would be written: a yes is an error, so the
 * answer is generous.  Whether it is CLEARLY that is asked before memory is only read:
 * a yes makes an array of the pointer, so the answer is strict.  Names decide,
 * and places.  Called for parameters and fields by crossing.c, callback.c and shape.c.
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
           strcasecmp(name, "argc") == 0 || ends_with(name, "_n") || has_end(name, ends);
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

/* What may be a length as far as its type goes. */
static bool is_integer(const struct coil_member *member)
{
    return coil_type_is_integer(member->type) && coil_member_is_countable(member);
}

struct coil_beside coil_infer_length(const struct coil_group *group, size_t index)
{
    const struct coil_member *p = &group->members[index];
    const struct coil_member *after = index + 1 < group->count ? p + 1 : NULL;
    const struct coil_member *before = index > 0 ? p - 1 : NULL;
    const struct coil_member *before2 = index > 1 ? p - 2 : NULL;
    struct coil_beside beside = { 0 };

    if (after && is_integer(after) && (!after->name || is_length_name(after->name))) {
        beside.integer = after;
        beside.is_clear = after->name && is_clear(after->name, p->type);
        beside.is_after = true;
    } else if (before && is_integer(before) && before->name && is_length_name(before->name)) {
        beside.integer = before;
        /* In f(a, n, b) the length is a's. */
        beside.is_clear = is_clear(before->name, p->type) && !(before2 && coil_member_is_pointer(before2));
    }
    return beside;
}

const char *coil_infer_some_length(const struct coil_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->members[i].name && is_integer(&group->members[i]) && is_length_name(group->members[i].name))
            return group->members[i].name;
    return NULL;
}
