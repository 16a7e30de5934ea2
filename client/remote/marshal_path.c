/*
 * How a message names a pointer: as the person who wrote the declaration would.
 *
 *     head->next->name      rows[3].text      names[12]
 *
 * Called when there is something to complain about; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#include <stdio.h>

#define ANCESTORS_MAX 6u /* of a longer path, the beginning and the end are enough */

struct path {
    char *text;
    size_t used;
};

static void append(struct path *path, const char *text)
{
    size_t size = strlen(text), room = COIL_PATH_MAX - 1 - path->used;

    if (size > room)
        size = room;
    memcpy(path->text + path->used, text, size);
    path->used += size;
    path->text[path->used] = '\0';
}

static void append_index(struct path *path, uint64_t index)
{
    char text[32];

    (void)snprintf(text, sizeof text, "[%llu]", (unsigned long long)index);
    append(path, text);
}

/* The value at an offset among those of a group, and of the structs in it. */
static void append_member(struct path *path, const struct coil_descriptor *image,
                          const struct coil_descriptor_value *values, uint32_t count, uint64_t at,
                          const char *separator)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct coil_descriptor_value *v = &values[i];
        const struct coil_descriptor_shape *s = v->shape ? &coil_image_shapes(image)[v->shape - 1] : NULL;

        if (at < v->offset || at - v->offset >= v->size)
            continue;
        if (v->crossing == COIL_CROSS_VALUE && (!s || s->size == 0))
            continue;
        if (coil_image_text(image, v->name)[0])
            append(path, separator);
        append(path, coil_image_text(image, v->name));
        if (v->crossing == COIL_CROSS_VALUE) {
            at -= v->offset;
            if (v->size > s->size)
                append_index(path, at / s->size);
            append_member(path, image, coil_image_values(image) + s->first_value, s->value_count, at % s->size, ".");
        }
        return;
    }
}

/* What lies at an offset of a block. */
static void append_in_block(struct path *path, const struct coil_block *b, uint64_t at)
{
    const struct coil_descriptor *image = b->link->image;
    const struct coil_descriptor_shape *s = &coil_image_shapes(image)[b->shape - 1];
    bool is_array = b->size > s->size;

    if (is_array)
        append_index(path, at / s->size);
    append_member(path, image, coil_image_values(image) + s->first_value, s->value_count, at % s->size,
                  is_array ? "." : "->");
}

/* The pointer that a frame begins with. */
static void append_in_frame(struct path *path, const struct coil_group *group, const struct coil_block *block,
                            uint64_t at)
{
    size_t used = path->used;

    if (group)
        append_member(path, group->link->image, group->values, group->count, at, "");
    if (path->used == used && block)
        append(path, coil_image_text(block->link->image, block->value->name));
    if (path->used == used)
        append(path, "result");
}

const char *coil_marshal_path(const struct coil_marshal *m, const struct coil_group *group, uint32_t parent,
                              uint64_t at, char ret_path[COIL_PATH_MAX])
{
    uint32_t chain[ANCESTORS_MAX]; /* the last ones, the nearest first */
    uint32_t count = 0, depth = 0, root = parent;
    struct path path = { .text = ret_path };

    ret_path[0] = '\0';
    for (uint32_t block = parent; block != COIL_NO_BLOCK; block = m->blocks[block].parent) {
        if (count < ANCESTORS_MAX)
            chain[count++] = block;
        root = block;
        depth++;
    }
    if (root == COIL_NO_BLOCK) {
        append_in_frame(&path, group, NULL, at);
        return ret_path;
    }
    append_in_frame(&path, group, &m->blocks[root], m->blocks[root].at);
    if (depth > count)
        append(&path, "->...");
    for (uint32_t i = count; i-- > 0;)
        if (i > 0)
            append_in_block(&path, &m->blocks[chain[i]], m->blocks[chain[i - 1]].at);
        else
            append_in_block(&path, &m->blocks[chain[0]], at);
    return ret_path;
}
