/*
 * Copies of Python's own memory for one call into the program.
 *
 * The frame's pointers are followed as the declaration says, through structs and arrays of pointers, with sharing and
 * cycles kept: what overlaps is one range, and a range is copied once.  A pointer into shared memory crosses as it is;
 * what lies there is only looked at, to a bounded extent, for pointers to memory of Python's own, which C would
 * follow into nothing: they are an error with a name.
 *
 * Afterwards only bytes that C changed are written back, told apart by a snapshot: other threads of Python may
 * have written their neighbours meanwhile, and objects that nobody changed must not be written at all.  What is
 * `out` comes back whole, or as far as length() says.
 *
 * Used for lib.f() and for calls through function pointers of the program.  With the GIL, which is not given up in
 * here.
 */
#include "daemon/host/compat.h"

#include "daemon/host/outgoing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/callback.h"
#include "daemon/host/start.h"
#include "proto/cleanup.h"
#include "proto/expression.h"
#include "proto/places.h"

#define ALIGNMENT 16u
#define SHARED_GROUPS_MAX 256            /* that are looked at */
#define SIZE_MAX_OUT (UINT64_C(1) << 32) /* of all copies together; checked early, so that sums cannot overflow */

/* Memory for an argument that had none. */
struct coil_outgoing_block {
    struct coil_outgoing_block *next;
    void *shared, *own;
};

/* Private memory and its copy; ranges do not overlap once they are merged. */
struct coil_outgoing_range {
    uint64_t begin, end;
    unsigned char *memory;   /* the shared block; owned */
    unsigned char *copy;     /* of `begin`, in `memory` */
    unsigned char *snapshot; /* the copy as C got it; owned */
};

/* One pointer that leads into a range. */
struct coil_outgoing_pointer {
    const struct coil_descriptor_value *value;
    uint64_t group; /* where the value's group lies: the frame or a private struct */
    uint32_t first_value;
    uint64_t target, size;
};

/* Values that are still to be looked at. */
struct group {
    uint64_t base;
    uint32_t first_value, value_count;
    bool is_shared; /* only looked at for private pointers */
};

/* What gathering has found so far. */
struct search {
    struct coil_outgoing *outgoing;
    struct group *groups; /* all that were found; owned */
    size_t group_count, looked_at;
    size_t *known; /* numbers of groups + 1, hashed: a table of a power of two, at most half full; owned */
    size_t range_room, pointer_room, group_room, known_room, shared_count;
    uint64_t total;
};

static void search_deinit(struct search *search)
{
    free(search->groups);
    free(search->known);
}

static unsigned char *own_memory(uint64_t address)
{
    return (unsigned char *)(uintptr_t)address;
}

/* Says for whom the memory is: for C to use.  What it writes there, pointers included, no Python code looks at. */
static void describe(void *memory, struct coil_host_program *program)
{
    static const struct coil_host_layout all_bytes = { 0 };

    if (memory && coil_start_is_system())
        coil_start_callbacks()->heap_describe(memory, program, &all_bytes);
}

static void *heap_allocate(const struct coil_outgoing *outgoing, size_t size)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    void *memory = callbacks->heap_allocate ? callbacks->heap_allocate(size ? size : 1) : malloc(size ? size : 1);

    describe(memory, outgoing->program);
    return memory;
}

static void heap_free(void *memory)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();

    if (!memory)
        return;
    if (callbacks->heap_allocate)
        callbacks->heap_free(memory);
    else
        free(memory);
}

void *coil_outgoing_allocate(struct coil_outgoing *outgoing, size_t size, bool is_shared)
{
    COIL_CLEANUP(coil_memory_free) struct coil_outgoing_block *block = calloc(1, sizeof *block);
    void *memory;

    if (!block)
        return NULL;
    memory = is_shared ? heap_allocate(outgoing, size) : malloc(size ? size : 1);
    if (!memory)
        return NULL;
    memset(memory, 0, size);
    if (is_shared)
        block->shared = memory;
    else
        block->own = memory;
    block->next = outgoing->blocks;
    outgoing->blocks = coil_steal_memory(&block);
    return memory;
}

/* Does the address mean nothing to the program?  It may be one of shared memory, or the program's own. */
static bool is_private(const struct coil_outgoing *outgoing, uint64_t address)
{
    return !coil_start_callbacks()->is_shared(outgoing->program, address, 0);
}

static bool is_out(const struct coil_descriptor_value *value)
{
    return value->crossing == COIL_CROSS_BLOCK_OUT;
}

/* ---- gathering ---- */

/* Room for one more entry of `*array`. */
static int grow(void *array, size_t count, size_t *room, size_t size, struct coil_error *error)
{
    void **at = array;
    void *grown;

    if (count < *room)
        return 0;
    grown = reallocarray(*at, *room ? *room * 2 : 16, size);
    if (!grown)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    *at = grown;
    *room = *room ? *room * 2 : 16;
    return 0;
}

/* Where the group stands in the table, or would stand. */
static size_t *known_at(const struct search *s, uint64_t base, uint32_t first_value)
{
    size_t at = (size_t)((base ^ first_value) * UINT64_C(0x9e3779b97f4a7c15) >> 32);

    for (;; at++) {
        size_t *entry = &s->known[at & (s->known_room - 1)];

        if (*entry == 0 || (s->groups[*entry - 1].base == base && s->groups[*entry - 1].first_value == first_value))
            return entry;
    }
}

static int known_grow(struct search *s, struct coil_error *error)
{
    size_t *former = s->known;

    if (s->group_count * 2 < s->known_room)
        return 0;
    s->known_room = s->known_room ? s->known_room * 2 : 64;
    s->known = calloc(s->known_room, sizeof *s->known);
    free(former);
    if (!s->known)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    for (size_t i = 0; i < s->group_count; i++)
        *known_at(s, s->groups[i].base, s->groups[i].first_value) = i + 1;
    return 0;
}

/* Each group once: structs may lead to each other. */
static int add_group(struct search *s, uint64_t base, uint32_t shape, bool group_is_shared, struct coil_error *error)
{
    const struct coil_descriptor_shape *row = &coil_image_shapes(s->outgoing->image)[shape - 1];
    size_t *entry;
    int r = known_grow(s, error);

    if (r == 0)
        r = grow(&s->groups, s->group_count, &s->group_room, sizeof *s->groups, error);
    if (r < 0)
        return r;
    entry = known_at(s, base, row->first_value);
    if (*entry || (group_is_shared && s->shared_count++ >= SHARED_GROUPS_MAX))
        return 0;
    s->groups[s->group_count++] = (struct group){ base, row->first_value, row->value_count, group_is_shared };
    *entry = s->group_count;
    return 0;
}

/* What lies behind a pointer, or in an array in place, is `size` bytes of elements with the shape. */
static int add_groups(struct search *s, uint64_t base, uint64_t size, uint32_t shape, bool groups_are_shared,
                      struct coil_error *error)
{
    uint64_t step = coil_image_shapes(s->outgoing->image)[shape - 1].size;
    int r = 0;

    for (uint64_t at = 0; r == 0 && size - at >= step && !(groups_are_shared && s->shared_count > SHARED_GROUPS_MAX);
         at += step)
        r = add_group(s, base + at, shape, groups_are_shared, error);
    return r;
}

static int refuse(const struct search *s, const struct coil_descriptor_value *value, const char *why,
                  struct coil_error *error)
{
    return coil_error_set(error, -EFAULT, "'%s' leads to memory that only Python has, %s",
                          coil_image_text(s->outgoing->image, value->name), why);
}

/* How many bytes a private pointer leads to. */
static int measure(const struct search *s, const struct group *group, const struct coil_descriptor_value *value,
                   uint64_t target, uint64_t *ret_size, struct coil_error *error)
{
    const void *pointers = own_memory(target);
    uint64_t count = 0;
    void *element;

    switch ((enum coil_crossing)value->crossing) {
    case COIL_CROSS_STRING_IN:
    case COIL_CROSS_STRING_INOUT:
        *ret_size = strlen(pointers) + 1;
        return 0;
    case COIL_CROSS_BLOCK_IN:
    case COIL_CROSS_BLOCK_INOUT:
    case COIL_CROSS_BLOCK_OUT:
        break;
    case COIL_CROSS_UNSAID:
        return refuse(s, value,
                      "and its declaration does not say how much of it the function uses: write [in], [out], "
                      "[inout], [counted_by(n)], [sized_by(n)], [string] or [opaque] at it, or pass memory that "
                      "ffi.new() has made",
                      error);
    default:
        return refuse(s, value, "which does not cross", error);
    }
    if (value->count != COIL_COUNT_TO_NULL)
        return coil_expression_extent(s->outgoing->image, group->first_value, value, own_memory(group->base), ret_size,
                                      error);
    do {
        memcpy(&element, (const char *)pointers + count * sizeof element, sizeof element);
        count++;
    } while (element && count < SIZE_MAX_OUT / sizeof element);
    *ret_size = count * sizeof element;
    return 0;
}

static int add_private(struct search *s, const struct group *group, const struct coil_descriptor_value *value,
                       uint64_t target, struct coil_error *error)
{
    struct coil_outgoing *o = s->outgoing;
    uint64_t size;
    int r = measure(s, group, value, target, &size, error);

    if (r < 0)
        return r;
    if (size > SIZE_MAX_OUT || (s->total += size) > SIZE_MAX_OUT)
        return coil_error_set(error, -ENOMEM, "'%s': %llu bytes are more than can be shared with a program",
                              coil_image_text(o->image, value->name), (unsigned long long)size);
    r = grow(&o->ranges, o->range_count, &s->range_room, sizeof *o->ranges, error);
    if (r == 0)
        r = grow(&o->pointers, o->pointer_count, &s->pointer_room, sizeof *o->pointers, error);
    if (r < 0)
        return r;
    o->ranges[o->range_count++] = (struct coil_outgoing_range){ .begin = target, .end = target + (size ? size : 1) };
    o->pointers[o->pointer_count++] =
        (struct coil_outgoing_pointer){ value, group->base, group->first_value, target, size };
    /* What is `out` is not read. */
    return value->shape && !is_out(value) ? add_groups(s, target, size, value->shape, false, error) : 0;
}

static bool is_pointer(const struct coil_descriptor_value *value)
{
    return value->crossing != COIL_CROSS_VALUE && value->crossing != COIL_CROSS_FUNCTION &&
           value->crossing != COIL_CROSS_FILE;
}

/* Is what the pointer leads to, in memory that both see, worth a look?  Its size is known then. */
static bool is_followed(const struct search *s, const struct group *group, const struct coil_descriptor_value *value,
                        uint64_t target, uint64_t *ret_size)
{
    if (!value->shape || is_out(value) || value->count == COIL_COUNT_TO_NULL)
        return false;
    return coil_expression_extent(s->outgoing->image, group->first_value, value, own_memory(group->base), ret_size,
                                  NULL) == 0 &&
           coil_start_callbacks()->is_shared(s->outgoing->program, target, *ret_size);
}

/* One value of a group: a pointer, or a struct that has some. */
static int look_at(struct search *s, const struct group *group, const struct coil_descriptor_value *value,
                   bool is_known_private, struct coil_error *error)
{
    bool is_opaque = value->crossing == COIL_CROSS_VALUE && coil_image_is_pointer(s->outgoing->image, value);
    uint64_t target, size;

    if (value->crossing == COIL_CROSS_FUNCTION) {
        memcpy(&target, own_memory(group->base + value->offset), sizeof target);
        return coil_callback_cross(s->outgoing->image, value, s->outgoing->program, target, error);
    }
    if (!is_pointer(value) && !is_opaque) {
        if (value->crossing != COIL_CROSS_VALUE || !value->shape)
            return 0;
        return add_groups(s, group->base + value->offset, value->size, value->shape, group->is_shared, error);
    }
    memcpy(&target, own_memory(group->base + value->offset), sizeof target);
    if (!target)
        return 0;
    if (is_known_private || is_private(s->outgoing, target))
        return is_opaque ? refuse(s, value,
                                  "and as it is opaque, nothing says how much is there: pass memory that "
                                  "ffi.new() has made, or say in the declaration what it leads to",
                                  error)
               : group->is_shared
                   ? refuse(s, value,
                            "but the struct it is a field of is shared with the program: store a pointer "
                            "to memory that ffi.new() has made",
                            error)
                   : add_private(s, group, value, target, error);
    return is_followed(s, group, value, target, &size) ? add_groups(s, target, size, value->shape, true, error) : 0;
}

static int gather(struct search *s, const struct coil_descriptor_function *signature, void *frame,
                  struct coil_error *error)
{
    const struct coil_descriptor_value *values = coil_image_values(s->outgoing->image);
    struct group group = { (uint64_t)(uintptr_t)frame, signature->first_value, signature->parameter_count, false };
    int r = 0;

    for (;;) {
        for (uint32_t i = 0; r == 0 && i < group.value_count; i++)
            r = look_at(s, &group, &values[group.first_value + i],
                        group.base == (uint64_t)(uintptr_t)frame && i < 64 && s->outgoing->known_private >> i & 1,
                        error);
        if (r < 0 || s->looked_at == s->group_count)
            return r;
        group = s->groups[s->looked_at++]; /* a copy: the array may move */
    }
}

/* ---- copying ---- */

static int range_compare(const void *a, const void *b)
{
    const struct coil_outgoing_range *left = a, *right = b;

    return left->begin < right->begin ? -1 : left->begin > right->begin;
}

/* Sorts the ranges, and makes one of those that overlap. */
static void merge(struct coil_outgoing *o)
{
    size_t kept = 0;

    qsort(o->ranges, o->range_count, sizeof *o->ranges, range_compare);
    for (size_t i = 1; i < o->range_count; i++) {
        struct coil_outgoing_range *last = &o->ranges[kept];

        if (o->ranges[i].begin >= last->end)
            o->ranges[++kept] = o->ranges[i];
        else if (o->ranges[i].end > last->end)
            last->end = o->ranges[i].end;
    }
    o->range_count = kept + 1;
}

/* The range that contains a private address; NULL: none. */
static struct coil_outgoing_range *range_of(const struct coil_outgoing *o, uint64_t address)
{
    size_t first = 0, end = o->range_count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (address < o->ranges[middle].begin)
            end = middle;
        else if (address >= o->ranges[middle].end)
            first = middle + 1;
        else
            return &o->ranges[middle];
    }
    return NULL;
}

/* Where the copy of a private address is. */
static unsigned char *copy_of(const struct coil_outgoing *o, uint64_t address)
{
    const struct coil_outgoing_range *range = range_of(o, address);

    return range->copy + (address - range->begin);
}

static bool comes_back(const struct coil_descriptor_value *value)
{
    return value->crossing == COIL_CROSS_STRING_INOUT || value->crossing == COIL_CROSS_BLOCK_INOUT || is_out(value);
}

/* Writes the address of the copy where the pointer lies: in the frame, or in the copy of a struct. */
static void redirect(struct coil_outgoing *o, const struct coil_outgoing_pointer *pointer)
{
    uint64_t place = pointer->group + pointer->value->offset;
    const struct coil_outgoing_range *range = range_of(o, place);
    unsigned char *copy = copy_of(o, pointer->target);

    memcpy(range ? range->copy + (place - range->begin) : own_memory(place), &copy, sizeof copy);
}

static int make_copies(struct coil_outgoing *o, struct coil_error *error)
{
    for (size_t i = 0; i < o->range_count; i++) {
        struct coil_outgoing_range *range = &o->ranges[i];
        size_t size = (size_t)(range->end - range->begin);

        range->memory = heap_allocate(o, size + ALIGNMENT);
        range->snapshot = malloc(size ? size : 1);
        if (!range->memory || !range->snapshot)
            return coil_error_set(error, -ENOMEM, "no memory for %zu bytes of arguments", size);
        range->copy = range->memory + range->begin % ALIGNMENT; /* as aligned as the original */
        memset(range->copy, 0, size);
    }
    for (size_t i = 0; i < o->pointer_count; i++)
        if (!is_out(o->pointers[i].value))
            memcpy(copy_of(o, o->pointers[i].target), own_memory(o->pointers[i].target), o->pointers[i].size);
    for (size_t i = 0; i < o->pointer_count; i++)
        redirect(o, &o->pointers[i]);
    for (size_t i = 0; i < o->range_count; i++)
        memcpy(o->ranges[i].snapshot, o->ranges[i].copy, o->ranges[i].end - o->ranges[i].begin);
    return 0;
}

int coil_outgoing_share(struct coil_outgoing *outgoing, struct coil_host_program *program,
                        const struct coil_descriptor *image, const struct coil_descriptor_function *signature,
                        void *frame, struct coil_error *error)
{
    COIL_CLEANUP(search_deinit) struct search search = { .outgoing = outgoing };
    int r;

    if (!coil_start_callbacks()->is_shared)
        return 0;
    outgoing->image = image;
    outgoing->program = program;
    for (const struct coil_outgoing_block *block = outgoing->blocks; block; block = block->next)
        describe(block->shared, program);
    r = gather(&search, signature, frame, error);
    if (r < 0 || outgoing->range_count == 0)
        return r;
    merge(outgoing);
    return make_copies(outgoing, error);
}

/* ---- back ---- */

uint64_t coil_outgoing_own(const struct coil_outgoing *outgoing, uint64_t address)
{
    for (size_t i = 0; i < outgoing->range_count; i++) {
        const struct coil_outgoing_range *range = &outgoing->ranges[i];
        uint64_t copy = (uint64_t)(uintptr_t)range->copy;

        if (address >= copy && address - copy <= range->end - range->begin)
            return range->begin + (address - copy);
    }
    return address;
}

/* The copies of some structs. */
struct kept {
    const struct coil_outgoing *outgoing;
    unsigned char *now;
    const unsigned char *before;
};

/* What C has written is good if it leads to Python's own memory, or nowhere; else it was never written. */
static int keep_pointer(void *context, const struct coil_place *place)
{
    const struct kept *kept = context;
    uint64_t at = coil_place_offset(place), address;

    memcpy(&address, kept->now + at, sizeof address);
    if (address && memcmp(kept->now + at, kept->before + at, sizeof address) != 0 &&
        coil_outgoing_own(kept->outgoing, address) == address)
        memcpy(kept->now + at, kept->before + at, sizeof address);
    return 0;
}

/* With programs of several users: no program makes Python follow a pointer of its own making. */
static void keep_pointers(const struct coil_outgoing *o, const struct coil_outgoing_pointer *p, uint64_t size)
{
    const struct coil_outgoing_range *range = range_of(o, p->target);
    uint64_t offset = p->target - range->begin;
    struct kept kept = { o, range->copy + offset, range->snapshot + offset };

    (void)coil_places_visit_elements(o->image, p->value->shape, size, keep_pointer, &kept);
}

/* Copies what C changed of one pointer's memory. */
static void write_back(const struct coil_outgoing *o, const struct coil_outgoing_pointer *p)
{
    const struct coil_outgoing_range *range = range_of(o, p->target);
    const unsigned char *now, *before;
    uint64_t size = p->size, length;

    if (p->value->length) {
        if (coil_expression_evaluate(o->image, p->first_value, p->value->length, own_memory(p->group), &length, NULL) <
            0)
            return;
        if (p->value->extent && length < size / p->value->extent)
            size = length * p->value->extent;
    }
    now = range->copy + (p->target - range->begin);
    before = range->snapshot + (p->target - range->begin);
    if (p->value->shape && coil_start_is_system())
        keep_pointers(o, p, size);
    if (is_out(p->value))
        memcpy(own_memory(p->target), now, size);
    else if (memcmp(now, before, size) != 0)
        for (uint64_t i = 0; i < size; i++)
            if (now[i] != before[i])
                own_memory(p->target)[i] = now[i];
}

/* A pointer in a struct that C made lead elsewhere among the copies leads there in Python's memory. */
static void translate(const struct coil_outgoing *o, const struct coil_outgoing_pointer *p)
{
    unsigned char *place = own_memory(p->group + p->value->offset);
    uint64_t address;

    memcpy(&address, place, sizeof address);
    address = coil_outgoing_own(o, address);
    memcpy(place, &address, sizeof address);
}

void coil_outgoing_back(struct coil_outgoing *outgoing, void *frame)
{
    const struct coil_outgoing *o = outgoing;
    uint64_t frame_at = (uint64_t)(uintptr_t)frame;

    for (size_t i = 0; i < o->pointer_count; i++)
        if (o->pointers[i].group == frame_at)
            memcpy(own_memory(frame_at + o->pointers[i].value->offset), &o->pointers[i].target, sizeof(uint64_t));
    /* Those without a length first: a length may be behind one of them. */
    for (int with_length = 0; with_length <= 1; with_length++)
        for (size_t i = 0; i < o->pointer_count; i++)
            if (comes_back(o->pointers[i].value) && (o->pointers[i].value->length != 0) == with_length)
                write_back(o, &o->pointers[i]);
    for (size_t i = 0; i < o->pointer_count; i++)
        if (o->pointers[i].group != frame_at)
            translate(o, &o->pointers[i]);
}

void coil_outgoing_deinit(struct coil_outgoing *outgoing)
{
    while (outgoing->blocks) {
        struct coil_outgoing_block *block = outgoing->blocks;

        outgoing->blocks = block->next;
        heap_free(block->shared);
        free(block->own);
        free(block);
    }
    for (size_t i = 0; i < outgoing->range_count; i++) {
        heap_free(outgoing->ranges[i].memory);
        free(outgoing->ranges[i].snapshot);
    }
    free(outgoing->ranges);
    free(outgoing->pointers);
    *outgoing = (struct coil_outgoing){ 0 };
}
