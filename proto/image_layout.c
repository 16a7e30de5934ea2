/*
 * Checking what types take in memory: nothing is part of itself, and every type's size is known or is known not to be.
 *
 * Everybody after the check follows names to their types, arrays to their items and structs to their fields without
 * asking where it ends: the host, cffi, libffi.  So what lies within itself must not get past here, and what
 * nests deeper than declarations do, neither.  The walk keeps a stack of its own, because a descriptor could
 * otherwise choose how much of the thread's is used.  Called by image.c.  Any thread.
 */
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/image_check.h"

#define NESTING_MAX 4096u /* types within each other; coil-stubgen stops at 1000, and names count here */
#define NONE UINT32_MAX

/* Where a walk is. */
struct step {
    uint32_t type;
    uint32_t next;  /* the part to go into next */
    uint16_t depth; /* of the parts so far */
};

/* What all walks share. */
struct walk {
    struct step stack[NESTING_MAX + 1];
    uint16_t *depths; /* per type whose size is known: of types within it, itself counted; owned */
};

static void walk_free(struct walk **walk)
{
    if (*walk)
        free((*walk)->depths);
    free(*walk);
}

/* What is known of a type before its size is. */
#define SIZE_UNSEEN (UINT64_MAX - 1)
#define SIZE_UNDER_WAY (UINT64_MAX - 2)

static const struct coil_descriptor_struct *struct_of(const struct coil_image_checker *c, uint32_t type)
{
    return &coil_image_structs(c->image)[COIL_TYPE_ARGUMENT(c->types[type])];
}

/* The type of part number `part` of a type, or NONE behind the last one. */
static uint32_t part_of(const struct coil_image_checker *c, uint32_t type, uint32_t part)
{
    int64_t argument = COIL_TYPE_ARGUMENT(c->types[type]);
    const struct coil_descriptor_struct *s;

    switch (COIL_TYPE_OPERATION(c->types[type])) {
    case COIL_OP_NOOP:
    case COIL_OP_ARRAY:
    case COIL_OP_OPEN_ARRAY:
        return part == 0 ? (uint32_t)argument : NONE;
    case COIL_OP_TYPENAME:
        return part == 0 ? coil_image_typenames(c->image)[argument].type : NONE;
    case COIL_OP_STRUCT_UNION:
        s = struct_of(c, type);
        if (s->type != type) /* its fields are looked at once */
            return part == 0 ? s->type : NONE;
        return part < s->field_count
                   ? (uint32_t)COIL_TYPE_ARGUMENT(coil_image_fields(c->image)[s->first_field + part].code)
                   : NONE;
    default:
        return NONE;
    }
}

static uint64_t primitive_size(int64_t primitive)
{
    switch (primitive) {
    case COIL_PRIM_CHAR:
        return 1;
    case COIL_PRIM_FLOAT:
        return sizeof(float);
    case COIL_PRIM_DOUBLE:
        return sizeof(double);
    case COIL_PRIM_LONGDOUBLE:
        return sizeof(long double);
    case COIL_PRIM_WCHAR:
        return sizeof(wchar_t);
    case COIL_PRIM_FLOATCOMPLEX:
        return 2 * sizeof(float);
    case COIL_PRIM_DOUBLECOMPLEX:
        return 2 * sizeof(double);
    case COIL_PRIM_CHAR16:
        return 2;
    case COIL_PRIM_CHAR32:
        return 4;
    default:
        return COIL_SIZE_UNKNOWN;
    }
}

/* The size of a type whose parts are known.  False: more than there can be. */
static bool measure(const struct coil_image_checker *c, uint32_t type)
{
    int64_t argument = COIL_TYPE_ARGUMENT(c->types[type]);
    uint64_t size = coil_image_integer_size(c->image, type);

    if (size == 0)
        size = COIL_SIZE_UNKNOWN;
    switch (COIL_TYPE_OPERATION(c->types[type])) {
    case COIL_OP_PRIMITIVE:
        if (size == COIL_SIZE_UNKNOWN)
            size = primitive_size(argument);
        break;
    case COIL_OP_POINTER:
        size = sizeof(void *);
        break;
    case COIL_OP_NOOP:
    case COIL_OP_TYPENAME:
        size = c->sizes[part_of(c, type, 0)];
        break;
    case COIL_OP_ARRAY:
        size = c->sizes[argument];
        if (size != COIL_SIZE_UNKNOWN && (__builtin_mul_overflow(size, c->types[type + 1], &size) || size > INT64_MAX))
            return false;
        break;
    case COIL_OP_STRUCT_UNION:
        if (!(struct_of(c, type)->flags & COIL_STRUCT_OPAQUE))
            size = struct_of(c, type)->size;
        break;
    default:
        break;
    }
    c->sizes[type] = size;
    return true;
}

static void take_depth(struct step *step, uint16_t depth)
{
    if (step->depth < depth)
        step->depth = depth;
}

static int too_deep(const struct coil_image_checker *c, uint32_t type)
{
    return coil_error_set(c->error, -EBADMSG, "descriptor: type code %u is nested too deeply", (unsigned)type);
}

/* Measures a type and everything that is part of it. */
static int measure_all(const struct coil_image_checker *c, struct walk *w, uint32_t type)
{
    uint32_t depth = 0;

    w->stack[++depth] = (struct step){ .type = type };
    c->sizes[type] = SIZE_UNDER_WAY;
    while (depth > 0) {
        struct step *top = &w->stack[depth];
        uint32_t part = part_of(c, top->type, top->next++);

        if (part == NONE) {
            if (!measure(c, top->type))
                return coil_image_bad(c, "type code", top->type);
            w->depths[top->type] = (uint16_t)(top->depth + 1);
            if (top->depth == NESTING_MAX)
                return too_deep(c, top->type);
            if (--depth > 0)
                take_depth(&w->stack[depth], w->depths[top->type]);
        } else if (c->sizes[part] == SIZE_UNDER_WAY) {
            return coil_error_set(c->error, -EBADMSG, "descriptor: type code %u is part of itself", (unsigned)part);
        } else if (c->sizes[part] != SIZE_UNSEEN) {
            take_depth(top, w->depths[part]);
        } else if (depth == NESTING_MAX) {
            return too_deep(c, type);
        } else {
            w->stack[++depth] = (struct step){ .type = part };
            c->sizes[part] = SIZE_UNDER_WAY;
        }
    }
    return 0;
}

int coil_image_check_layouts(const struct coil_image_checker *c)
{
    COIL_CLEANUP(walk_free) struct walk *walk = calloc(1, sizeof *walk);
    int r = 0;

    if (walk)
        walk->depths = calloc(c->image->types.count + 1u, sizeof *walk->depths);
    if (!walk || !walk->depths)
        return coil_error_set(c->error, -ENOMEM, "no memory to check a descriptor");
    for (uint32_t i = 0; i < c->image->types.count; i++)
        c->sizes[i] = SIZE_UNSEEN;
    for (uint32_t i = 0; r == 0 && i < c->image->types.count; i++)
        if (!c->is_length[i] && c->sizes[i] == SIZE_UNSEEN)
            r = measure_all(c, walk, i);
    return r;
}
