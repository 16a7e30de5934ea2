/*
 * Finds what pointers lead to.
 *
 * Breadth first: the pointers of a frame lead to the first level of blocks, those in the first to the second, and so
 * on, so that each level is read at once and a list of a hundred thousand nodes needs no stack.  What is
 * parsed is a private copy, and that same copy is what Python gets.  A block is known by its address, size and
 * shape, which is what ends cycles and keeps sharing.
 *
 * Pointers into memory that Python sees anyway are left as they are and not followed; marshal_shared.c goes on there.
 *
 * Called by marshal.c; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/expression.h"

#define FIRST_ROOM 16u
#define FEW_BLOCKS 8u /* up to here, looking through them is cheaper than a table */

/* The memory whose pointers are being followed. */
struct parsed {
    struct coil_walk *walk;
    const struct coil_link *link;
    uint32_t parent;           /* COIL_NO_BLOCK: a frame */
    const unsigned char *read; /* as the program has it: a frame, or a block's copy */
    unsigned char *frame;      /* where a frame's pointers are written */
    const unsigned char *home; /* where it lies in the program */
};

/* ---- tables that grow ---- */

int coil_marshal_grow(void *table, uint32_t *room, uint32_t need, size_t entry, struct coil_error *error)
{
    uint64_t wanted = *room ? 2 * (uint64_t)*room : FIRST_ROOM;
    void *grown;

    if (need <= *room)
        return 0;
    if (wanted < need)
        wanted = need;
    grown = wanted < COIL_NO_BLOCK ? realloc(*(void **)table, wanted * entry) : NULL;
    if (!grown)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    *(void **)table = grown;
    *room = (uint32_t)wanted;
    return 0;
}

struct coil_reader *coil_marshal_reader(struct coil_marshal *m, struct coil_error *error)
{
    if (!m->reader)
        m->reader = calloc(1, sizeof *m->reader);
    if (!m->reader)
        coil_error_set(error, -ENOMEM, "no memory for the arguments");
    return m->reader;
}

/* ---- which blocks are there ---- */

static uint64_t hash(const struct coil_block *b)
{
    uint64_t h = (uint64_t)(uintptr_t)b->own * UINT64_C(0x9e3779b97f4a7c15);

    h ^= (b->size + ((uint64_t)b->shape << 40)) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return h ^ h >> 32;
}

/*
 * Is block `a` what `b` would be?  One that has a length() of its own comes back by itself; one that has been
 * staged to be read cannot become one that comes back.
 */
static bool is_same(const struct coil_block *a, const struct coil_block *b)
{
    return a->own == b->own && a->size == b->size && a->shape == b->shape && a->in == b->in && a->link == b->link &&
           a->value->length == 0 && b->value->length == 0 && !(a->range && !a->back && b->back);
}

static void enter(struct coil_marshal *m, uint32_t block)
{
    uint64_t at = hash(&m->blocks[block]);

    while (m->buckets[at & (m->bucket_count - 1)])
        at++;
    m->buckets[at & (m->bucket_count - 1)] = block + 1;
    m->bucket_used++;
}

/* A table of all blocks, with room for one more: at most half of it is used. */
static int prepare_buckets(struct coil_marshal *m, struct coil_error *error)
{
    uint64_t need = 2 * ((uint64_t)m->block_count + 1);
    uint32_t count = m->bucket_count ? m->bucket_count : 64;
    uint32_t *buckets = m->buckets;

    if (m->bucket_used && need <= m->bucket_count)
        return 0;
    while (count < need)
        count *= 2;
    if (count != m->bucket_count) {
        buckets = malloc(count * sizeof *buckets);
        if (!buckets)
            return coil_error_set(error, -ENOMEM, "no memory for the arguments");
        free(m->buckets);
        m->buckets = buckets;
        m->bucket_count = count;
    }
    memset(buckets, 0, count * sizeof *buckets);
    m->bucket_used = 0;
    for (uint32_t i = 0; i < m->block_count; i++)
        enter(m, i);
    return 0;
}

static uint32_t find(const struct coil_marshal *m, const struct coil_block *wanted)
{
    if (m->bucket_used == 0) {
        for (uint32_t i = 0; i < m->block_count; i++)
            if (is_same(&m->blocks[i], wanted))
                return i;
        return COIL_NO_BLOCK;
    }
    for (uint64_t at = hash(wanted);; at++) {
        uint32_t entry = m->buckets[at & (m->bucket_count - 1)];

        if (!entry)
            return COIL_NO_BLOCK;
        if (is_same(&m->blocks[entry - 1], wanted))
            return entry - 1;
    }
}

void coil_walk_forget(struct coil_marshal *m)
{
    m->bucket_used = 0;
}

int coil_walk_append(struct coil_walk *walk, const struct coil_block *block)
{
    struct coil_marshal *m = walk->marshal;
    int r = coil_marshal_grow(&m->blocks, &m->block_room, m->block_count + 1, sizeof *m->blocks, walk->error);

    if (r == 0)
        m->blocks[m->block_count++] = *block;
    return r;
}

int coil_walk_add(struct coil_walk *walk, const struct coil_block *block, uint32_t *ret_block)
{
    struct coil_marshal *m = walk->marshal;
    uint32_t found = find(m, block);
    int r = 0;

    if (found != COIL_NO_BLOCK) {
        m->blocks[found].back |= block->back;
        if (block->parent == COIL_NO_BLOCK) /* whatever C does to what it was reached by before */
            m->blocks[found].parent = COIL_NO_BLOCK;
        *ret_block = found;
        return 0;
    }
    if (m->block_count >= FEW_BLOCKS)
        r = prepare_buckets(m, walk->error);
    if (r == 0)
        r = coil_walk_append(walk, block);
    if (r < 0)
        return r;
    *ret_block = m->block_count - 1;
    if (m->bucket_used)
        enter(m, *ret_block);
    return 0;
}

static int add_slot(struct parsed *p, uint64_t at, uint32_t target, uint64_t value)
{
    struct coil_marshal *m = p->walk->marshal;
    int r = coil_marshal_grow(&m->slots, &m->slot_room, m->slot_count + 1, sizeof *m->slots, p->walk->error);

    if (r < 0)
        return r;
    if (p->parent == COIL_NO_BLOCK)
        at = (uint64_t)(uintptr_t)(p->frame + at);
    m->slots[m->slot_count++] = (struct coil_slot){ p->parent, target, at, value };
    return 0;
}

/* ---- one pointer ---- */

static int unreadable(const struct coil_walk *walk, uint32_t parent, uint64_t at, const void *own)
{
    char path[COIL_PATH_MAX];

    return coil_error_set(walk->error, -EFAULT,
                          "'%s' leads to memory that cannot be read (%p): let it point to valid memory or be NULL",
                          coil_marshal_path(walk->marshal, walk->group, parent, at, path), own);
}

/* Can the integers be read that a length in a tree looks at behind pointers? */
static int check_length(struct parsed *p, const struct coil_place *place, const unsigned char *arguments)
{
    const struct coil_descriptor *image = p->link->image;
    const struct coil_descriptor_expression *e = coil_image_expressions(image) + place->value->count - 1;
    struct coil_reader *reader = coil_marshal_reader(p->walk->marshal, p->walk->error);

    for (; reader && e->operation != COIL_EXPRESSION_END; e++) {
        const struct coil_descriptor_value *v = &coil_image_values(image)[place->first_value + (uint32_t)e->operand];
        void *at;

        if (e->operation != COIL_EXPRESSION_DEREFERENCE)
            continue;
        memcpy(&at, arguments + v->offset, sizeof at);
        if (at && !coil_reader_can_read(reader, at, v->extent))
            return unreadable(p->walk, p->parent, place->base + v->offset, at);
    }
    return reader ? 0 : -ENOMEM;
}

/* How far strings, and arrays that end with a null pointer, go. */
static int look_for_end(struct parsed *p, const struct coil_place *place, const void *own, uint64_t *ret_size)
{
    bool is_string = place->value->count != COIL_COUNT_TO_NULL;
    struct coil_reader *reader;
    char path[COIL_PATH_MAX];
    int r;

    if (is_string && p->parent == COIL_NO_BLOCK && place->is_outermost) {
        *ret_size = strlen(own) + 1;
        return 0;
    }
    reader = coil_marshal_reader(p->walk->marshal, p->walk->error);
    if (!reader)
        return -ENOMEM;
    r = is_string ? coil_reader_string(reader, own, COIL_STAGING_CLIENT_SIZE, ret_size)
                  : coil_reader_to_null(reader, own, place->value->extent, COIL_STAGING_CLIENT_SIZE, ret_size);
    if (r == -EFAULT)
        return unreadable(p->walk, p->parent, coil_place_offset(place), own);
    if (r == -E2BIG)
        return coil_error_set(
            p->walk->error, -ENOMEM, "'%s' has no end within the memory shared with Python",
            coil_marshal_path(p->walk->marshal, p->walk->group, p->parent, coil_place_offset(place), path));
    return r;
}

/* How many bytes a pointer leads to. */
static int measure(struct parsed *p, const struct coil_place *place, const void *own, uint64_t *ret_size)
{
    const struct coil_descriptor_value *v = place->value;
    const unsigned char *arguments = p->read + place->base;
    char path[COIL_PATH_MAX];
    int r = 0;

    if (v->crossing == COIL_CROSS_STRING_IN || v->crossing == COIL_CROSS_STRING_INOUT || v->count == COIL_COUNT_TO_NULL)
        return look_for_end(p, place, own, ret_size);
    if (p->parent == COIL_NO_BLOCK && place->is_outermost)
        arguments = p->walk->group->arguments;
    else if (v->count)
        r = check_length(p, place, arguments);
    if (r == 0)
        r = coil_expression_extent(p->link->image, place->first_value, v, arguments, ret_size, p->walk->error);
    /* Checked here, so that sums of sizes cannot overflow. */
    if (r == 0 && *ret_size > COIL_STAGING_CLIENT_SIZE)
        r = coil_error_set(
            p->walk->error, -ENOMEM, "'%s': %llu bytes are more than fit into the memory shared with Python",
            coil_marshal_path(p->walk->marshal, p->walk->group, p->parent, coil_place_offset(place), path),
            (unsigned long long)*ret_size);
    return r;
}

/* After C has run, what cannot be followed any more becomes NULL, and the first such error is remembered. */
static int lose(struct parsed *p, uint64_t at, int r)
{
    if (!p->walk->again || r == -ENOMEM)
        return r;
    if (p->walk->result == 0)
        p->walk->result = r;
    return add_slot(p, at, COIL_NO_BLOCK, 0);
}

/* A pointer that stays as it is: Python may store something behind it all the same. */
static int note_shared(struct parsed *p, const struct coil_block *block)
{
    const struct coil_root root = { .link = block->link,
                                    .address = (uint64_t)(uintptr_t)block->own,
                                    .size = block->size,
                                    .shape = block->shape,
                                    .is_of_call = block->parent == COIL_NO_BLOCK };

    return coil_shared_note(p->walk->marshal, &root, p->walk->error);
}

/* Follows one pointer to memory. */
static int follow(struct parsed *p, const struct coil_place *place, unsigned char *own)
{
    const struct coil_descriptor_value *v = place->value;
    uint64_t at = coil_place_offset(place);
    uint64_t room = coil_shared_room(p->walk->session, (uint64_t)(uintptr_t)own);
    struct coil_error *error = p->walk->error;
    struct coil_error unused;
    struct coil_block block = {
        .own = own,
        .link = p->link,
        .value = v,
        .first_value = place->first_value,
        .arguments = p->home ? p->home + place->base : NULL,
        .shape = v->shape,
        .alias_of = COIL_NO_BLOCK,
        .parent = p->parent,
        .at = at,
        .trusted = p->parent == COIL_NO_BLOCK && place->is_outermost,
        .in = v->crossing != COIL_CROSS_BLOCK_OUT,
        .back = v->crossing != COIL_CROSS_STRING_IN && v->crossing != COIL_CROSS_BLOCK_IN,
    };
    uint32_t number;
    int r;

    if (block.trusted)
        block.arguments = p->walk->group->arguments;
    if (p->walk->result < 0) /* only the first error has words */
        p->walk->error = &unused;
    r = measure(p, place, own, &block.size);
    p->walk->error = error;
    if (r < 0)
        return lose(p, at, r);
    if (room > 0 && block.size <= room)
        return v->shape ? note_shared(p, &block) : 0;
    r = coil_walk_add(p->walk, &block, &number);
    return r < 0 ? r : add_slot(p, at, number, 0);
}

/* One value of a frame or block. */
static int look_at(void *argument, const struct coil_place *place)
{
    struct parsed *p = argument;
    unsigned char *own;
    uint64_t shared;
    int r;

    if (!coil_value_leads(place->value) && place->value->crossing != COIL_CROSS_FUNCTION)
        return 0;
    memcpy(&own, p->read + coil_place_offset(place), sizeof own);
    if (!own)
        return 0;
    if (place->value->crossing != COIL_CROSS_FUNCTION)
        return follow(p, place, own);
    r = coil_function_to_shared(p->walk->session, p->link, place->value->signature - 1, (uint64_t)(uintptr_t)own,
                                &shared, p->walk->error);
    return r < 0 ? r : add_slot(p, coil_place_offset(place), COIL_NO_BLOCK, shared);
}

int coil_walk_frame(struct coil_walk *walk, const void *own, void *frame)
{
    const struct coil_group *group = walk->group;
    struct parsed p = { walk, group->link, COIL_NO_BLOCK, own, frame, own };

    return coil_places_visit(group->link->image, group->values, group->count, group->first_value, look_at, &p);
}

/* ---- blocks ---- */

/* Reads the blocks of one level that have pointers in them. */
static int read_level(struct coil_walk *walk, uint32_t begin, uint32_t end)
{
    struct coil_marshal *m = walk->marshal;
    struct coil_reader *reader = NULL;

    for (uint32_t i = begin; i < end; i++) {
        struct coil_block *b = &m->blocks[i];

        if (!b->shape)
            continue;
        b->copy = coil_arena_take(&m->arena, b->size);
        if (!b->copy || !(reader = coil_marshal_reader(m, walk->error)))
            return coil_error_set(walk->error, -ENOMEM, "no memory for the arguments");
        if (b->in)
            coil_reader_read(reader, b->own, b->size, b->copy, &b->lost);
        else
            memset(b->copy, 0, b->size);
    }
    if (reader)
        coil_reader_flush(reader);
    return 0;
}

int coil_walk_lost(struct coil_walk *walk, uint32_t block)
{
    const struct coil_block *b = &walk->marshal->blocks[block];
    struct coil_error *error = walk->error;
    struct coil_error unused;
    int r;

    if (walk->again && b->parent == COIL_NO_BLOCK && !walk->group)
        return 0;
    if (walk->result < 0)
        walk->error = &unused;
    r = unreadable(walk, b->parent, b->at, b->own);
    walk->error = error;
    if (!walk->again)
        return r;
    if (walk->result == 0)
        walk->result = r;
    return 0;
}

int coil_walk_follow(struct coil_walk *walk, uint32_t first)
{
    struct coil_marshal *m = walk->marshal;
    int r = 0;

    for (uint32_t begin = first, end; r == 0 && begin < m->block_count; begin = end) {
        end = m->block_count; /* what is found from here on is the next level */
        r = read_level(walk, begin, end);
        for (uint32_t i = begin; r == 0 && i < end; i++) {
            const struct coil_block b = m->blocks[i]; /* the table may move */
            struct parsed p = { walk, b.link, i, b.copy, NULL, b.own };

            if (b.lost)
                r = coil_walk_lost(walk, i);
            else if (b.shape && b.in)
                r = coil_places_visit_elements(b.link->image, b.shape, b.size, look_at, &p);
        }
    }
    return r;
}
