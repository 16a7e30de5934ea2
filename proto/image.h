/*
 * Reading a descriptor: checking an image that came from someone else, naming
 * it by its hash, and reaching its tables.
 */
#ifndef COIL_IMAGE_H
#define COIL_IMAGE_H

#include <stdbool.h>
#include <string.h>

#include "proto/descriptor.h"
#include "proto/error.h"

#define COIL_HASH_SIZE 16
#define COIL_IMAGE_SIZE_MAX (8u << 20) /* bytes */

/*
 * Accepts an image of `size` bytes, aligned to 8: every table, text, index and
 * frame extent lies where it should, so that the accessors below and the host
 * need no checks of their own.  -EBADMSG with words; -ENOTSUP for another format
 * or data model.
 */
int coil_descriptor_check(const void *image, size_t size, struct coil_error *error);

/* The module's identity: a 128-bit SipHash of the whole image. */
void coil_descriptor_hash(const struct coil_descriptor *image, uint8_t ret_hash[COIL_HASH_SIZE]);

/*
 * Where the error value of each function lies among those of its module, for both
 * sides: fills `ret_offsets` (one per function, multiples of 16) and returns the size of
 * all; more than `limit`: they are not published, and offsets from there on mean nothing.
 */
uint32_t coil_image_error_values(const struct coil_descriptor *image, uint32_t limit, uint32_t *ret_offsets);

/* What error() in the declaration says, as `f->result_size` bytes; zeros without it. */
void coil_image_declared_error(const struct coil_descriptor *image, const struct coil_descriptor_function *f,
                               void *result);

/* The type behind names and no-ops. */
uint32_t coil_image_resolve(const struct coil_descriptor *image, uint32_t type);

/* A resolved type's size in bytes if it is an integer (or an enum), else 0; and whether it has a sign. */
unsigned coil_image_integer_size(const struct coil_descriptor *image, uint32_t type);
bool coil_image_integer_is_signed(const struct coil_descriptor *image, uint32_t type);

/* Is the value one pointer? */
bool coil_image_is_pointer(const struct coil_descriptor *image, const struct coil_descriptor_value *value);

/*
 * A private, aligned and checked copy of an image that is to have the hash
 * `hash` (NULL: any); freed with free().  -EBADMSG, -ENOTSUP, -ENOMEM, with words.
 */
int coil_descriptor_copy(const void *image, size_t size, const uint8_t hash[COIL_HASH_SIZE],
                         struct coil_descriptor **ret_copy, struct coil_error *error);

/* The tables of a checked image. */
static inline const void *coil_image_at(const struct coil_descriptor *image, struct coil_descriptor_table table)
{
    return (const char *)image + table.offset;
}

static inline const char *coil_image_text(const struct coil_descriptor *image, uint32_t text)
{
    return (const char *)image + image->strings.offset + text;
}

static inline const coil_type_code *coil_image_types(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->types);
}

static inline const struct coil_descriptor_global *coil_image_globals(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->globals);
}

/* Does `entry` of a variable or constant name a row of `variables`?  Else a constant has its value beside it. */
bool coil_image_is_variable(const struct coil_descriptor *image, const struct coil_descriptor_global *global);

static inline const struct coil_descriptor_struct *coil_image_structs(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->structs);
}

static inline const struct coil_descriptor_field *coil_image_fields(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->fields);
}

static inline const struct coil_descriptor_enum *coil_image_enums(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->enums);
}

static inline const struct coil_descriptor_typename *coil_image_typenames(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->typenames);
}

static inline const struct coil_descriptor_function *coil_image_functions(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->functions);
}

static inline const struct coil_descriptor_function *coil_image_signatures(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->signatures);
}

static inline const struct coil_descriptor_value *coil_image_variables(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->variables);
}

static inline const struct coil_descriptor_shape *coil_image_shapes(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->shapes);
}

static inline const struct coil_descriptor_value *coil_image_values(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->values);
}

static inline const struct coil_descriptor_expression *coil_image_expressions(const struct coil_descriptor *image)
{
    return coil_image_at(image, image->expressions);
}

static inline const char *coil_image_name(const struct coil_descriptor *image)
{
    return coil_image_text(image, image->name);
}

static inline const char *coil_image_function_name(const struct coil_descriptor *image, unsigned function)
{
    return coil_image_text(image, coil_image_functions(image)[function].name);
}

#endif
