/*
 * How a message names a pointer: as the person who wrote the declaration would.
 *
 *     head->next->name      rows[3].text      names[12]
 *
 * Called when there is something to complain about; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#define ANCESTORS_MAX 6u /* of a longer path, the beginning and the end are enough */

/* What lies at an offset of a block. */
static void append_in_block(struct coil_path *path, const struct coil_block *b, uint64_t at)
{
    coil_path_append_element(path, b->link->image, b->shape, b->size, at);
}

/* The pointer that a frame begins with. */
static void append_in_frame(struct coil_path *path, const struct coil_group *group, const struct coil_block *block,
                            uint64_t at)
{
    size_t used = path->used;

    if (group)
        coil_path_append_in_frame(path, group->link->image, group->values, group->count, at);
    if (path->used == used && block)
        coil_path_append(path, coil_image_text(block->link->image, block->value->name));
    if (path->used == used)
        coil_path_append(path, "result");
}

const char *coil_marshal_path(const struct coil_marshal *m, const struct coil_group *group, uint32_t parent,
                              uint64_t at, char ret_path[COIL_PATH_MAX])
{
    uint32_t chain[ANCESTORS_MAX]; /* the last ones, the nearest first */
    uint32_t count = 0, depth = 0, root = parent;
    struct coil_path path = { 0 };

    for (uint32_t block = parent; block != COIL_NO_BLOCK; block = m->blocks[block].parent) {
        if (count < ANCESTORS_MAX)
            chain[count++] = block;
        root = block;
        depth++;
    }
    if (root == COIL_NO_BLOCK) {
        append_in_frame(&path, group, NULL, at);
        return memcpy(ret_path, path.text, COIL_PATH_MAX);
    }
    append_in_frame(&path, group, &m->blocks[root], m->blocks[root].at);
    if (depth > count)
        coil_path_append(&path, "->...");
    for (uint32_t i = count; i-- > 0;)
        if (i > 0)
            append_in_block(&path, &m->blocks[chain[i]], m->blocks[chain[i - 1]].at);
        else
            append_in_block(&path, &m->blocks[chain[0]], at);
    return memcpy(ret_path, path.text, COIL_PATH_MAX);
}
