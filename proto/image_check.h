/* Checking descriptors: what image.c, which checks types and names, shares with image_values.c. */
#ifndef COIL_IMAGE_CHECK_H
#define COIL_IMAGE_CHECK_H

#include <errno.h>

#include "proto/image.h"

/* One walk over one image. */
struct coil_image_checker {
    const struct coil_descriptor *image;
    struct coil_error *error;
    const coil_type_code *types;
    bool *is_length;  /* per type code: the bare length behind an ARRAY, which nothing may name as a type; owned */
    uint64_t *sizes;  /* per type code, in bytes, once image_layout.c has found them; owned */
    uint32_t strings; /* bytes in the table of texts */
};

#define COIL_SIZE_UNKNOWN UINT64_MAX /* void, functions, opaque structs, arrays without a length */
#define COIL_NAME_SIZE_MAX 4096u     /* bytes with the NUL: names are compared, and may lie within each other */

/* That no type is part of itself; fills `sizes`.  After types, structs, enums and typenames.  -EBADMSG, -ENOMEM. */
int coil_image_check_layouts(const struct coil_image_checker *c);

/*
 * Functions, signatures, variables, shapes and expressions, after types and structs have been found good.
 * Globals are checked after it.  -EBADMSG, -ENOMEM, with words.
 */
int coil_image_check_values(const struct coil_image_checker *c);

/* Of a number below COIL_PRIM_COUNT (image_types.c). */
bool coil_image_primitive_is_integer(uint32_t primitive);

/* The words of a refusal: "descriptor: type code 3 is damaged". */
static inline int coil_image_bad(const struct coil_image_checker *c, const char *what, uint32_t index)
{
    return coil_error_set(c->error, -EBADMSG, "descriptor: %s %u is damaged", what, (unsigned)index);
}

static inline bool coil_image_is_text(const struct coil_image_checker *c, uint32_t text)
{
    return text < c->strings;
}

/* The same, and short enough to be a name, or empty. */
static inline bool coil_image_is_short(const struct coil_image_checker *c, uint32_t text)
{
    size_t left = text < c->strings ? c->strings - text : 0;

    return left && memchr(coil_image_text(c->image, text), 0, left < COIL_NAME_SIZE_MAX ? left : COIL_NAME_SIZE_MAX);
}

/* A text that names something: not empty. */
static inline bool coil_image_is_name(const struct coil_image_checker *c, uint32_t text)
{
    return coil_image_is_short(c, text) && coil_image_text(c->image, text)[0] != '\0';
}

static inline bool coil_image_is_index(int64_t index, uint32_t count)
{
    return index >= 0 && index < (int64_t)count;
}

static inline bool coil_image_is_type(const struct coil_image_checker *c, int64_t index)
{
    return coil_image_is_index(index, c->image->types.count) && !c->is_length[index];
}

#endif
