/*
 * What is alive for longer than Python needs it, because the program has a pointer to it.
 *
 * In C an object lives until somebody frees it, in Python until nobody refers to it; and pointers that the program has
 * are no references.  CFFI's users keep such objects in a variable, and mostly one is enough: the last result.  So coil
 * keeps the last one of each function for each thread, until that call has been made again and has ended.
 *
 * What a handler stores in the program's structs it may have let go of before it returns, and then
 * the block would be free, and something else soon.  So while such a call runs, blocks that Python frees wait in
 * a queue; those that can be reached from the arguments when it ends are kept like a
 * result, the others are freed.  The queue is bounded, because what a handler makes and drops may be much: past the
 * bound, the oldest are freed.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/keep.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/host/start.h"
#include "proto/reach.h"

#define BLOCKS_MAX 4096u
#define BYTES_MAX ((size_t)64 << 20)
#define BUCKETS 16u

struct coil_kept_block {
    void *memory;
    size_t size;
    bool is_reached;
};

/* What one function's last call on one thread has left. */
struct coil_kept {
    struct coil_kept *next; /* in its bucket */
    const void *function;
    PyObject *result; /* may be NULL */
    struct coil_kept_blocks blocks;
};

/* ---- blocks ---- */

static void blocks_drop_first(struct coil_kept_blocks *blocks)
{
    struct coil_kept_block *block = &blocks->list[blocks->begin++];

    blocks->bytes -= block->size;
    coil_start_callbacks()->heap_free(block->memory);
}

static void blocks_free(struct coil_kept_blocks *blocks)
{
    while (blocks->begin < blocks->end)
        blocks_drop_first(blocks);
    PyMem_Free(blocks->list);
    *blocks = (struct coil_kept_blocks){ 0 };
}

/* Room for one more at the end.  False: no memory. */
static bool blocks_grow(struct coil_kept_blocks *blocks)
{
    size_t count = blocks->end - blocks->begin;
    struct coil_kept_block *grown;

    if (blocks->begin >= count && blocks->begin > 0) { /* half of it is gone: cheaper than growing */
        memmove(blocks->list, blocks->list + blocks->begin, count * sizeof *blocks->list);
        blocks->begin = 0;
        blocks->end = count;
        return true;
    }
    grown = PyMem_Realloc(blocks->list, (blocks->room * 2 + 16) * sizeof *grown);
    if (!grown)
        return false;
    blocks->list = grown;
    blocks->room = blocks->room * 2 + 16;
    return true;
}

static void blocks_add(struct coil_kept_blocks *blocks, const struct coil_kept_block *block)
{
    if (block->size > BYTES_MAX || (blocks->end == blocks->room && !blocks_grow(blocks))) {
        coil_start_callbacks()->heap_free(block->memory);
        return;
    }
    blocks->list[blocks->end++] = *block;
    blocks->bytes += block->size;
    while (blocks->end - blocks->begin > BLOCKS_MAX || blocks->bytes > BYTES_MAX)
        blocks_drop_first(blocks);
}

void coil_keep_free(void *memory)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    const struct coil_host_thread *thread = coil_thread_current();

    if (thread && thread->keep) {
        const struct coil_kept_block block = { .memory = memory, .size = callbacks->heap_size(memory) };

        blocks_add(&thread->keep->blocks, &block);
    } else {
        callbacks->heap_free(memory);
    }
}

/* ---- which blocks the program has pointers to ---- */

static int compare_blocks(const void *a, const void *b)
{
    uintptr_t first = (uintptr_t)((const struct coil_kept_block *)a)->memory;
    uintptr_t second = (uintptr_t)((const struct coil_kept_block *)b)->memory;

    return first < second ? -1 : first > second;
}

/* What a walk from a call's arguments looks for. */
struct settlement {
    struct coil_kept_blocks *blocks;
    struct coil_host_program *program;
};

static void reach_block(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address)
{
    struct coil_kept_blocks *blocks = ((const struct settlement *)context)->blocks;
    size_t begin = blocks->begin, end = blocks->end;

    (void)value;
    (void)place;
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        struct coil_kept_block *block = &blocks->list[middle];

        if (address < (uintptr_t)block->memory) {
            end = middle;
        } else if (address - (uintptr_t)block->memory >= block->size) {
            begin = middle + 1;
        } else {
            block->is_reached = true;
            return;
        }
    }
}

static bool is_shared(void *context, uint64_t address, uint64_t size)
{
    return coil_start_callbacks()->is_shared(((const struct settlement *)context)->program, address, size);
}

static int ignore_stray(void *context, const struct coil_reach_stray *stray)
{
    (void)context;
    (void)stray;
    return 0;
}

/* Frees the blocks that no pointer behind the arguments leads to, or leaves them to the call that this one is part of.
 */
static void blocks_settle(struct coil_kept_blocks *blocks, const struct coil_keep *keep, const void *call)
{
    const struct coil_descriptor_function *f = keep->giver->function;
    struct settlement settlement = { blocks, coil_stray_program() };
    const struct coil_reach reach = { .image = keep->giver->image,
                                      .is_shared = is_shared,
                                      .stray = ignore_stray,
                                      .seen = reach_block,
                                      .context = &settlement };
    const struct coil_reach_frame frame = { .values = coil_image_values(keep->giver->image) + f->first_value,
                                            .count = f->parameter_count,
                                            .first_value = f->first_value,
                                            .arguments = call,
                                            .frame = call };
    struct coil_error error;
    size_t kept;

    qsort(blocks->list + blocks->begin, blocks->end - blocks->begin, sizeof *blocks->list, compare_blocks);
    for (size_t i = blocks->begin; i < blocks->end; i++)
        blocks->list[i].is_reached = false;
    if (coil_reach_walk(&reach, &frame, &error) < 0)
        return; /* nobody knows, so all are kept */
    kept = blocks->begin;
    for (size_t i = blocks->begin; i < blocks->end; i++) {
        struct coil_kept_block block = blocks->list[i];

        if (block.is_reached) {
            blocks->list[kept++] = block;
            continue;
        }
        blocks->bytes -= block.size;
        if (keep->outer)
            blocks_add(&keep->outer->blocks, &block);
        else
            coil_start_callbacks()->heap_free(block.memory);
    }
    blocks->end = kept;
}

/* ---- calls ---- */

static struct coil_kept **bucket_of(struct coil_host_thread *thread, const void *function)
{
    return &thread->kept[((uintptr_t)function >> 4 ^ (uintptr_t)function >> 10) % BUCKETS];
}

/* NULL: no memory, so nothing is kept. */
static struct coil_kept *kept_add(struct coil_host_thread *thread, const void *function)
{
    struct coil_kept *kept = PyMem_Calloc(1, sizeof *kept);

    if (!thread->kept)
        thread->kept = PyMem_Calloc(BUCKETS, sizeof(struct coil_kept *));
    if (!kept || !thread->kept) {
        PyMem_Free(kept);
        return NULL;
    }
    kept->function = function;
    kept->next = *bucket_of(thread, function);
    *bucket_of(thread, function) = kept;
    return kept;
}

static struct coil_kept *kept_find(struct coil_host_thread *thread, const void *function)
{
    struct coil_kept *kept = thread->kept ? *bucket_of(thread, function) : NULL;

    while (kept && kept->function != function)
        kept = kept->next;
    return kept ? kept : kept_add(thread, function);
}

void coil_keep_begin(struct coil_keep *keep, struct coil_host_thread *thread, const struct coil_giver *giver,
                     const void *function)
{
    keep->giver = giver;
    keep->thread = thread;
    keep->kept = kept_find(thread, function);
    keep->former = NULL;
    keep->gathers = giver->stores && coil_start_callbacks()->heap_free;
    if (keep->kept) {
        keep->former = keep->kept->result;
        keep->kept->result = NULL;
    }
    if (!keep->gathers)
        return;
    keep->blocks = keep->former_blocks = (struct coil_kept_blocks){ 0 };
    if (keep->kept) {
        keep->former_blocks = keep->kept->blocks;
        keep->kept->blocks = (struct coil_kept_blocks){ 0 };
    }
    keep->outer = thread->keep;
    thread->keep = keep;
}

static void blocks_move(struct coil_kept_blocks *to, struct coil_kept_blocks *from)
{
    for (size_t i = from->begin; i < from->end; i++)
        blocks_add(to, &from->list[i]);
    PyMem_Free(from->list);
    *from = (struct coil_kept_blocks){ 0 };
}

/* The call before may have stored what is still there; and calls made within this one have left theirs. */
static void settle(struct coil_keep *keep, const void *call)
{
    keep->thread->keep = keep->outer;
    blocks_move(&keep->blocks, &keep->former_blocks);
    if (keep->blocks.begin < keep->blocks.end)
        blocks_settle(&keep->blocks, keep, call);
    if (keep->kept)
        blocks_move(&keep->kept->blocks, &keep->blocks);
    else
        blocks_free(&keep->blocks);
}

void coil_keep_end(struct coil_keep *keep, PyObject *result, const void *call)
{
    struct coil_kept *kept = keep->kept;

    if (keep->gathers)
        settle(keep, call);
    if (kept && result) {
        /* Without memory for both, the last one is it. */
        PyObject *both = kept->result ? PyTuple_Pack(2, kept->result, result) : Py_NewRef(result);

        if (!both)
            PyErr_Clear();
        Py_XSETREF(kept->result, both ? both : Py_NewRef(result));
    }
    Py_XDECREF(keep->former); /* last, since it may run any code */
}

void coil_keep_forget(struct coil_host_thread *thread)
{
    struct coil_kept **buckets = thread->kept;

    thread->kept = NULL;
    for (unsigned i = 0; buckets && i < BUCKETS; i++)
        while (buckets[i]) {
            struct coil_kept *kept = buckets[i];

            buckets[i] = kept->next;
            blocks_free(&kept->blocks);
            Py_XDECREF(kept->result);
            PyMem_Free(kept);
        }
    PyMem_Free(buckets);
}
