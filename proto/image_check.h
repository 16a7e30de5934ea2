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
    uint32_t strings; /* bytes in the table of texts */
};

/*
 * Functions, signatures, variables, shapes and expressions, after types and structs have been found good.
 * Globals are checked after it.  -EBADMSG, -ENOMEM, with words.
 */
int coil_image_check_values(const struct coil_image_checker *c);

/* The words of a refusal: "descriptor: type code 3 is damaged". */
static inline int coil_image_bad(const struct coil_image_checker *c, const char *what, uint32_t index)
{
    return coil_error_set(c->error, -EBADMSG, "descriptor: %s %u is damaged", what, (unsigned)index);
}

static inline bool coil_image_is_text(const struct coil_image_checker *c, uint32_t text)
{
    return text < c->strings;
}

/* A text that names something: not empty. */
static inline bool coil_image_is_name(const struct coil_image_checker *c, uint32_t text)
{
    return coil_image_is_text(c, text) && coil_image_text(c->image, text)[0] != '\0';
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
