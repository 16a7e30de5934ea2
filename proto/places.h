/*
 * The pointers in memory of a known shape: where they are, whether they are followed, and how a message names them.
 */
#ifndef COIL_PLACES_H
#define COIL_PLACES_H

#include "proto/image.h"

/* A pointer, or a value that may be one, in memory of a known shape. */
struct coil_place {
    const struct coil_descriptor_value *value;
    uint32_t first_value; /* of its group */
    bool is_outermost;    /* the group is the one the visit began with */
    uint64_t base;        /* offset of its group in the memory visited */
};

static inline uint64_t coil_place_offset(const struct coil_place *place)
{
    return place->base + place->value->offset;
}

/* Not 0 ends the visit. */
typedef int coil_place_fn(void *argument, const struct coil_place *place);

/*
 * Visits the pointers in a frame, and in the structs and arrays in it: those that cross, and those that
 * cross as their bytes (COIL_CROSS_VALUE).
 */
int coil_places_visit(const struct coil_descriptor *image, const struct coil_descriptor_value *values, uint32_t count,
                      uint32_t first_value, coil_place_fn *fn, void *argument);

/* The same for `size` bytes of elements of a shape (1 + index). */
int coil_places_visit_elements(const struct coil_descriptor *image, uint32_t shape, uint64_t size, coil_place_fn *fn,
                               void *argument);

/* Is it a pointer that leads to memory, described so that it can be followed? */
bool coil_value_leads(const struct coil_descriptor_value *value);

/* ---- names ---- */

#define COIL_PATH_MAX 160

/* How a message names a pointer, as people would write it: head->next->name, rows[3].text.  Cut off where it is full.
 */
struct coil_path {
    char text[COIL_PATH_MAX];
    size_t used;
};

void coil_path_append(struct coil_path *path, const char *text);
void coil_path_append_index(struct coil_path *path, uint64_t index);

/* The value at offset `at` among those of a group, and in the structs in it; nothing if none lies there. */
void coil_path_append_member(struct coil_path *path, const struct coil_descriptor *image,
                             const struct coil_descriptor_value *values, uint32_t count, uint64_t at,
                             const char *separator);

/* The same for a frame; where it says no name, it is the result. */
void coil_path_append_in_frame(struct coil_path *path, const struct coil_descriptor *image,
                               const struct coil_descriptor_value *values, uint32_t count, uint64_t at);

/* The same for what lies at offset `at` of `size` bytes of elements of a shape (1 + index) behind a pointer. */
void coil_path_append_element(struct coil_path *path, const struct coil_descriptor *image, uint32_t shape,
                              uint64_t size, uint64_t at);

#endif
