/*
 * Walking from a frame through shared memory.
 *
 * Blocks, which is what pointers lead to, wait in a list for their turn, so that a chain of any length
 * needs no stack; those with pointers in them are entered in a table, so that cycles
 * end.  Within a block only structs in structs recurse, and those the declaration limits.
 *
 * A group whose lengths are said over its own values is copied before they are read: between the check of a
 * pointer and the look behind it, the other side could write another one.
 *
 * Called by the worker for what comes, by the host for what goes, and by the client for staged addresses in it, and for
 * lengths in-process; any thread.
 */
#include "proto/reach.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/expression.h"

#define PAGE 4096u
#define DEPTH_MAX 64u /* structs in structs */
#define NONE UINT32_MAX
#define BUCKETS_FIRST 64u
#define PARENTS_NAMED 6u /* of a longer path, the beginning and the end are enough */

/* What one pointer leads to. */
struct block {
    uint64_t address;
    uint64_t size;
    uint32_t shape;  /* 1 + index */
    uint32_t parent; /* the block that the pointer lies in; NONE: the frame */
    uint64_t at;     /* where it lies there */
};

struct walk {
    const struct coil_reach *reach;
    const struct coil_reach_frame *frame;
    struct coil_error *error;
    struct block *blocks; /* owned */
    uint32_t count, room;
    uint32_t *buckets; /* 1 + number of a block, by its address and shape; 0: free; owned */
    uint32_t bucket_count;
    uint32_t current; /* whose elements are being looked at; NONE: the frame */
};

/* Values that lie beside each other, and what their lengths are said over. */
struct group {
    const struct coil_descriptor_value *values;
    uint32_t count;
    uint32_t first_value;
    const unsigned char *memory;    /* of the values; may change, unless it is the frame */
    const unsigned char *arguments; /* what lengths are said over; does not change; NULL: `memory` has to be copied */
    unsigned char *copy;            /* `arguments`, if they are a copy of `memory` */
    uint64_t at;                    /* offset of the group in the current block, or in the frame */
};

static void walk_deinit(struct walk *walk)
{
    free(walk->blocks);
    free(walk->buckets);
}

/* ---- names ---- */

static void name(const struct walk *walk, uint64_t at, struct coil_path *path)
{
    uint32_t parents[PARENTS_NAMED]; /* the nearest first */
    uint32_t count = 0, depth = 0;
    const struct block *root = NULL;

    *path = (struct coil_path){ 0 };
    for (uint32_t i = walk->current; i != NONE; i = root->parent) {
        root = &walk->blocks[i];
        depth++;
        if (count < PARENTS_NAMED)
            parents[count++] = i;
    }
    coil_path_append_in_frame(path, walk->reach->image, walk->frame->values, walk->frame->count, root ? root->at : at);
    if (depth > count)
        coil_path_append(path, "->...");
    while (count-- > 0) {
        const struct block *b = &walk->blocks[parents[count]];

        coil_path_append_element(path, walk->reach->image, b->shape, b->size,
                                 count > 0 ? walk->blocks[parents[count - 1]].at : at);
    }
}

static int tell_stray(const struct walk *walk, const struct group *group, const struct coil_descriptor_value *value,
                      uint64_t address)
{
    struct coil_path path;
    const struct coil_reach_stray stray = { .place = (uint64_t)(uintptr_t)(group->memory + value->offset),
                                            .address = address,
                                            .is_outermost = walk->current == NONE,
                                            .is_function = value->crossing == COIL_CROSS_FUNCTION,
                                            .path = &path };

    if (!walk->reach->stray)
        return 0;
    name(walk, group->at + value->offset, &path);
    return walk->reach->stray(walk->reach->context, &stray);
}

/* ---- blocks ---- */

static uint32_t bucket_of(const struct walk *walk, uint64_t address, uint32_t shape)
{
    return (uint32_t)((address >> 3 ^ shape) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (walk->bucket_count - 1);
}

static int grow_buckets(struct walk *walk)
{
    uint32_t count = walk->bucket_count ? walk->bucket_count * 2 : BUCKETS_FIRST;
    uint32_t *grown = calloc(count, sizeof *grown);

    if (!grown)
        return coil_error_set(walk->error, -ENOMEM, "no memory to look at what pointers lead to");
    free(walk->buckets);
    walk->buckets = grown;
    walk->bucket_count = count;
    for (uint32_t i = 0; i < walk->count; i++) {
        uint32_t bucket = bucket_of(walk, walk->blocks[i].address, walk->blocks[i].shape);

        while (walk->buckets[bucket])
            bucket = (bucket + 1) & (count - 1);
        walk->buckets[bucket] = i + 1;
    }
    return 0;
}

static int grow_blocks(struct walk *walk)
{
    uint32_t room = walk->room ? walk->room * 2 : 16;
    struct block *grown;

    if (walk->count == COIL_REACH_BLOCKS_MAX)
        return coil_error_set(walk->error, -E2BIG, "more than %u pieces of memory hang together",
                              COIL_REACH_BLOCKS_MAX);
    grown = realloc(walk->blocks, room * sizeof *grown);
    if (!grown)
        return coil_error_set(walk->error, -ENOMEM, "no memory to look at what pointers lead to");
    walk->blocks = grown;
    walk->room = room;
    return 0;
}

/* Notes a block, unless as much of it is noted already. */
static int add(struct walk *walk, const struct block *block)
{
    uint32_t bucket;
    int r = 0;

    if (walk->count * 2 >= walk->bucket_count)
        r = grow_buckets(walk);
    if (r == 0 && walk->count == walk->room)
        r = grow_blocks(walk);
    if (r < 0)
        return r;
    for (bucket = bucket_of(walk, block->address, block->shape); walk->buckets[bucket];
         bucket = (bucket + 1) & (walk->bucket_count - 1)) {
        const struct block *other = &walk->blocks[walk->buckets[bucket] - 1];

        if (other->address == block->address && other->shape == block->shape && other->size >= block->size)
            return 0;
    }
    walk->blocks[walk->count++] = *block;
    walk->buckets[bucket] = walk->count;
    return 0;
}

/* ---- pointers ---- */

static bool is_shared(const struct walk *walk, uint64_t address, uint64_t size)
{
    return walk->reach->is_shared(walk->reach->context, address, size);
}

static const unsigned char *bytes_at(const struct walk *walk, uint64_t address)
{
    return walk->reach->bytes ? walk->reach->bytes(walk->reach->context, address)
                              : (const unsigned char *)(uintptr_t)address;
}

/*
 * Does a string end in shared memory?  Page by page, because nobody knows before how long it is; the last page may not
 * be shared to its end.
 */
static bool is_shared_string(const struct walk *walk, uint64_t begin, uint64_t *ret_size)
{
    uint64_t address = begin;

    for (;;) {
        uint64_t size = PAGE - address % PAGE;
        const unsigned char *bytes, *end;

        while (size > 0 && !is_shared(walk, address, size))
            size /= 2;
        if (size == 0)
            return false;
        bytes = bytes_at(walk, address);
        end = memchr(bytes, 0, size);
        if (end) {
            *ret_size = address - begin + (uint64_t)(end - bytes) + 1;
            return true;
        }
        address += size;
    }
}

/* Does an array end in shared memory, with an element that begins with a null pointer?  With that one. */
static bool is_shared_to_null(const struct walk *walk, uint64_t address, uint64_t extent, uint64_t *ret_size)
{
    uint64_t size = 0, first = 1;

    while (first) {
        if (extent < sizeof first || !is_shared(walk, address + size, extent))
            return false;
        memcpy(&first, bytes_at(walk, address + size), sizeof first);
        size += extent;
    }
    *ret_size = size;
    return true;
}

static int follow(struct walk *walk, const struct group *group, const struct coil_descriptor_value *value,
                  uint64_t address)
{
    const struct coil_descriptor *image = walk->reach->image;
    struct block block = { address, value->extent, value->shape, walk->current, group->at + value->offset };
    bool good;

    if (walk->reach->only_structs && !value->shape &&
        (value->count == COIL_COUNT_TO_NULL || value->crossing == COIL_CROSS_STRING_IN ||
         value->crossing == COIL_CROSS_STRING_INOUT))
        return 0;
    if (value->crossing == COIL_CROSS_STRING_IN || value->crossing == COIL_CROSS_STRING_INOUT) {
        good = is_shared_string(walk, address, &block.size);
    } else if (value->count == COIL_COUNT_TO_NULL) {
        good = is_shared_to_null(walk, address, value->extent, &block.size);
    } else {
        int r = coil_expression_extent(image, group->first_value, value, group->arguments, &block.size, walk->error);

        if (r < 0)
            return walk->reach->stray ? r : 0;
        if (walk->reach->only_structs && !value->shape && value->count)
            return 0;
        good = block.size == 0 || is_shared(walk, address, block.size);
    }
    if (good && block.size && walk->reach->take)
        good = walk->reach->take(walk->reach->context, value, address, block.size);
    if (!good) {
        if (group->copy) /* no length is read behind it */
            memset(group->copy + value->offset, 0, sizeof address);
        return tell_stray(walk, group, value, address);
    }
    return value->shape && block.size >= coil_image_shapes(image)[value->shape - 1].size ? add(walk, &block) : 0;
}

static int look_at(struct walk *walk, const struct group *group, const struct coil_descriptor_value *value)
{
    uint64_t address;

    memcpy(&address, (group->copy ? group->copy : group->memory) + value->offset, sizeof address);
    if (!address)
        return 0;
    if (walk->reach->seen)
        walk->reach->seen(walk->reach->context, value, (uint64_t)(uintptr_t)(group->memory + value->offset), address);
    if (value->crossing == COIL_CROSS_FUNCTION && walk->reach->is_callable &&
        !walk->reach->is_callable(walk->reach->context, value, address))
        return tell_stray(walk, group, value, address);
    return coil_value_leads(value) ? follow(walk, group, value, address) : 0;
}

/* ---- groups ---- */

static int look_at_group(struct walk *walk, const struct group *group, unsigned depth);

/* Structs side by side: the elements of a block, or what lies in a struct. */
static int look_at_elements(struct walk *walk, uint32_t shape, const unsigned char *memory, uint64_t at, uint64_t size,
                            unsigned depth)
{
    const struct coil_descriptor_shape *s = &coil_image_shapes(walk->reach->image)[shape - 1];
    int r = 0;

    if (depth > DEPTH_MAX || s->size == 0)
        return 0;
    for (uint64_t i = 0; r == 0 && s->size <= size - i; i += s->size) {
        const struct group group = { .values = coil_image_values(walk->reach->image) + s->first_value,
                                     .count = s->value_count,
                                     .first_value = s->first_value,
                                     .memory = memory + i,
                                     .at = at + i };

        r = look_at_group(walk, &group, depth);
    }
    return r;
}

static bool has_expression(const struct coil_descriptor_value *value)
{
    return coil_value_leads(value) && value->count && value->count != COIL_COUNT_TO_NULL;
}

/* Those without a length first, because lengths may be behind them. */
static int look_at_values(struct walk *walk, const struct group *group, bool with_expression, unsigned depth)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < group->count; i++) {
        const struct coil_descriptor_value *value = &group->values[i];

        if (has_expression(value) != with_expression)
            continue;
        if (value->crossing == COIL_CROSS_VALUE && value->shape)
            r = look_at_elements(walk, value->shape, group->memory + value->offset, group->at + value->offset,
                                 value->size, depth + 1);
        else if (value->crossing != COIL_CROSS_VALUE || coil_image_is_pointer(walk->reach->image, value))
            r = look_at(walk, group, value);
    }
    return r;
}

static int look_at_group(struct walk *walk, const struct group *group, unsigned depth)
{
    COIL_CLEANUP(coil_memory_free) unsigned char *copy = NULL;
    struct group frozen = *group;
    uint64_t size = 0;
    bool counted = false;
    int r;

    for (uint32_t i = 0; i < group->count; i++) {
        counted = counted || has_expression(&group->values[i]);
        if (group->values[i].offset + group->values[i].size > size)
            size = group->values[i].offset + group->values[i].size;
    }
    if (counted && !group->arguments) {
        copy = malloc(size);
        if (!copy)
            return coil_error_set(walk->error, -ENOMEM, "no memory to look at what pointers lead to");
        memcpy(copy, group->memory, size);
        frozen.arguments = copy;
        frozen.copy = copy;
    }
    r = look_at_values(walk, &frozen, false, depth);
    return r == 0 && counted ? look_at_values(walk, &frozen, true, depth) : r;
}

/* Follows what has been noted, and what that leads to. */
static int follow_blocks(struct walk *walk)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < walk->count; i++) {
        const struct block block = walk->blocks[i]; /* the table may move */

        walk->current = i;
        r = look_at_elements(walk, block.shape, (const unsigned char *)(uintptr_t)block.address, 0, block.size, 0);
    }
    return r;
}

int coil_reach_walk(const struct coil_reach *reach, const struct coil_reach_frame *frame, struct coil_error *error)
{
    COIL_CLEANUP(walk_deinit)
    struct walk walk = { .reach = reach, .frame = frame, .error = error, .current = NONE };
    const struct group outermost = { .values = frame->values,
                                     .count = frame->count,
                                     .first_value = frame->first_value,
                                     .memory = frame->frame,
                                     .arguments = frame->arguments };
    int r = look_at_group(&walk, &outermost, 0);

    return r == 0 ? follow_blocks(&walk) : r;
}

int coil_reach_walk_blocks(const struct coil_reach *reach, const struct coil_reach_block *blocks, size_t count,
                           struct coil_error *error)
{
    COIL_CLEANUP(walk_deinit) struct walk walk = { .reach = reach, .error = error, .current = NONE };
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        const struct block block = { blocks[i].address, blocks[i].size, blocks[i].shape, NONE, 0 };

        r = add(&walk, &block);
    }
    return r == 0 ? follow_blocks(&walk) : r;
}
