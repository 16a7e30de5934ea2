/*
 * The pointers in memory of a known shape.
 *
 * A call frame is a struct like any other: its values, and those of the structs and arrays that
 * lie in it, are visited in the order of the descriptor.  How deep structs lie in
 * structs is limited by the declaration, so this may recurse; what pointers lead to is
 * the walk's business, which must not.
 *
 * Any thread.
 */
#include "proto/places.h"

#include <stdio.h>

#define DEPTH_MAX 64u /* structs in structs */

struct visit {
    const struct coil_descriptor *image;
    coil_place_fn *fn;
    void *argument;
};

static int visit_group(const struct visit *v, const struct coil_descriptor_value *values, uint32_t count,
                       uint32_t first_value, uint64_t base, unsigned depth);

/* Elements of a shape, side by side. */
static int visit_elements(const struct visit *v, uint32_t shape, uint64_t base, uint64_t size, unsigned depth)
{
    const struct coil_descriptor_shape *s = &coil_image_shapes(v->image)[shape - 1];
    int r = 0;

    if (depth > DEPTH_MAX || s->size == 0)
        return 0;
    for (uint64_t at = 0; r == 0 && s->size <= size - at; at += s->size)
        r = visit_group(v, coil_image_values(v->image) + s->first_value, s->value_count, s->first_value, base + at,
                        depth);
    return r;
}

static int visit_group(const struct visit *v, const struct coil_descriptor_value *values, uint32_t count,
                       uint32_t first_value, uint64_t base, unsigned depth)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < count; i++) {
        const struct coil_place place = { &values[i], first_value, depth == 0, base };

        if (values[i].crossing == COIL_CROSS_VALUE && values[i].shape)
            r = visit_elements(v, values[i].shape, base + values[i].offset, values[i].size, depth + 1);
        else if (values[i].crossing != COIL_CROSS_VALUE || coil_image_is_pointer(v->image, &values[i]))
            r = v->fn(v->argument, &place);
    }
    return r;
}

int coil_places_visit(const struct coil_descriptor *image, const struct coil_descriptor_value *values, uint32_t count,
                      uint32_t first_value, coil_place_fn *fn, void *argument)
{
    const struct visit v = { image, fn, argument };

    return visit_group(&v, values, count, first_value, 0, 0);
}

int coil_places_visit_elements(const struct coil_descriptor *image, uint32_t shape, uint64_t size, coil_place_fn *fn,
                               void *argument)
{
    const struct visit v = { image, fn, argument };

    return visit_elements(&v, shape, 0, size, 1);
}

bool coil_value_leads(const struct coil_descriptor_value *value)
{
    switch ((enum coil_crossing)value->crossing) {
    case COIL_CROSS_STRING_IN:
    case COIL_CROSS_STRING_INOUT:
    case COIL_CROSS_BLOCK_IN:
    case COIL_CROSS_BLOCK_INOUT:
    case COIL_CROSS_BLOCK_OUT:
        return true;
    default:
        return false;
    }
}

/* ---- names ---- */

void coil_path_append(struct coil_path *path, const char *text)
{
    size_t size = strlen(text), room = COIL_PATH_MAX - 1 - path->used;

    if (size > room)
        size = room;
    memcpy(path->text + path->used, text, size);
    path->used += size;
    path->text[path->used] = '\0';
}

void coil_path_append_index(struct coil_path *path, uint64_t index)
{
    char text[32];

    (void)snprintf(text, sizeof text, "[%llu]", (unsigned long long)index);
    coil_path_append(path, text);
}

void coil_path_append_member(struct coil_path *path, const struct coil_descriptor *image,
                             const struct coil_descriptor_value *values, uint32_t count, uint64_t at,
                             const char *separator)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct coil_descriptor_value *v = &values[i];
        const struct coil_descriptor_shape *s = v->shape ? &coil_image_shapes(image)[v->shape - 1] : NULL;

        if (at < v->offset || at - v->offset >= v->size)
            continue;
        if (v->crossing == COIL_CROSS_VALUE && (!s || s->size == 0)) {
            if (!coil_image_is_pointer(image, v))
                continue;
            s = NULL;
        }
        if (coil_image_text(image, v->name)[0])
            coil_path_append(path, separator);
        coil_path_append(path, coil_image_text(image, v->name));
        if (v->crossing == COIL_CROSS_VALUE && s) {
            at -= v->offset;
            if (v->size > s->size)
                coil_path_append_index(path, at / s->size);
            coil_path_append_member(path, image, coil_image_values(image) + s->first_value, s->value_count,
                                    at % s->size, ".");
        }
        return;
    }
}

void coil_path_append_in_frame(struct coil_path *path, const struct coil_descriptor *image,
                               const struct coil_descriptor_value *values, uint32_t count, uint64_t at)
{
    if (count == 1 && !coil_image_text(image, values->name)[0])
        coil_path_append(path, "result");
    coil_path_append_member(path, image, values, count, at, "");
}

void coil_path_append_element(struct coil_path *path, const struct coil_descriptor *image, uint32_t shape,
                              uint64_t size, uint64_t at)
{
    const struct coil_descriptor_shape *s = &coil_image_shapes(image)[shape - 1];
    bool is_array = size > s->size;

    if (is_array)
        coil_path_append_index(path, at / s->size);
    coil_path_append_member(path, image, coil_image_values(image) + s->first_value, s->value_count, at % s->size,
                            is_array ? "." : "->");
}
