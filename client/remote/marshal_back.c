/*
 * What Python changed, into the program's memory.
 *
 * Of what was sent, only the bytes that Python changed are written: another thread of the program may have written
 * their neighbours meanwhile, and a string constant that nobody changed must not be written at all.
 * What was not sent (`out`) comes back whole, or as far as its length() says.
 *
 * Pointers are looked at first, one by one: a changed one is written as the program's own address, or not at
 * all if it leads to memory the program cannot see.  Python's side may write staging at any time, so what has
 * pointers in it is copied once, and the copy is judged and used.
 *
 * Called by marshal.c; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/expression.h"

/* One block on its way back. */
struct back {
    struct coil_scope *scope;
    uint32_t number;
    const struct coil_block *block;
    unsigned char *now;    /* a private copy of its bytes */
    unsigned char *before; /* what was put there; NULL: nothing was sent */
    uint64_t size;         /* how much of it comes back */
    int result;
    struct coil_error *error; /* NULL: somebody else has failed before */
};

/* Writes the bytes of `now` that differ from `before` to `own`, and remembers that they have been. */
static void write_changes(unsigned char *own, const unsigned char *now, unsigned char *before, uint64_t size)
{
    uint64_t i = 0;

    for (; i + 8 <= size; i += 8) {
        uint64_t a, b;

        memcpy(&a, now + i, 8);
        memcpy(&b, before + i, 8);
        if (a == b)
            continue;
        memcpy(before + i, &a, 8);
        for (unsigned byte = 0; byte < 8; byte++, a >>= 8, b >>= 8)
            if ((unsigned char)a != (unsigned char)b)
                own[i + byte] = (unsigned char)a;
    }
    for (; i < size; i++) {
        unsigned char byte = now[i];

        if (byte != before[i]) {
            own[i] = byte;
            before[i] = byte;
        }
    }
}

/* How much of a block comes back at the end: as many elements as the program's own memory says by now. */
static uint64_t returned_size(const struct coil_block *b)
{
    uint64_t length;

    if (b->value->length == 0 || !b->arguments)
        return b->size;
    if (coil_expression_evaluate(b->link->image, b->first_value, b->value->length, b->arguments, &length, NULL) < 0)
        return 0;
    return b->value->extent && length < b->size / b->value->extent ? length * b->value->extent : b->size;
}

/* Does an address stand among these bytes? */
static bool has_address(const unsigned char *bytes, uint64_t size, uint64_t address)
{
    uint64_t value;

    for (uint64_t at = 0; bytes && at + sizeof value <= size; at += sizeof value) {
        memcpy(&value, bytes + at, sizeof value);
        if (value == address)
            return true;
    }
    return false;
}

/* Is it an address that the program gave Python itself, in this call or one around it: an opaque value, say? */
static bool is_of_program(const struct coil_scope *scope, uint64_t address)
{
    for (; scope; scope = scope->outer) {
        const struct coil_marshal *m = scope->marshal;

        if (m && has_address(m->frame, m->frame_size, address))
            return true;
        for (uint32_t i = 0; m && i < m->block_count; i++)
            if (!m->blocks[i].lost && m->blocks[i].in && has_address(m->blocks[i].own, m->blocks[i].size, address))
                return true;
    }
    return false;
}

/* The program's own address for a pointer that Python has stored.  -EFAULT with words. */
static int translate(struct back *b, const struct coil_place *place, uint64_t address, uint64_t *ret_own)
{
    struct coil_session *session = b->scope->channel->session;
    char path[COIL_PATH_MAX];

    if (place->value->crossing == COIL_CROSS_FUNCTION) {
        *ret_own = coil_function_to_own(session, address);
        return 0;
    }
    *ret_own = coil_marshal_to_own(b->scope, address);
    if (!coil_value_leads(place->value) || *ret_own != address || address == 0)
        return 0;
    if (coil_shared_room(session, address) > 0 && !coil_staging_contains(session, address))
        return coil_shared_note_given(b->scope, b->block->link, place, b->now + place->base, address, b->error);
    if (is_of_program(b->scope, address))
        return 0;
    return coil_error_set(b->error, -EFAULT,
                          "Python stored in '%s' a pointer (%p) to memory that the program cannot see: let it point to "
                          "what the program has passed, or to memory from ffi.new()",
                          coil_marshal_path(b->scope->marshal, NULL, b->number, coil_place_offset(place), path),
                          (void *)(uintptr_t)address);
}

/* One pointer of a block: translated in `now`, or taken back if it cannot be. */
static int look_at(void *argument, const struct coil_place *place)
{
    struct back *b = argument;
    uint64_t at = coil_place_offset(place);
    uint64_t now, before = 0, own;

    if (at + sizeof now > b->size)
        return 0;
    memcpy(&now, b->now + at, sizeof now);
    if (b->before)
        memcpy(&before, b->before + at, sizeof before);
    if (b->before && now == before)
        return 0;
    if (translate(b, place, now, &own) == 0) {
        if (b->before) { /* written here, so that the rest of the block is only bytes */
            memcpy(b->block->own + at, &own, sizeof own);
            memcpy(b->before + at, &now, sizeof now);
        } else {
            memcpy(b->now + at, &own, sizeof own);
        }
        return 0;
    }
    b->result = -EFAULT;
    b->error = NULL;
    memcpy(b->now + at, &before, sizeof before);
    return 0;
}

/* Keeps what was written back of a block that had not been sent: from now on, changes count. */
static int remember(struct coil_marshal *m, struct coil_block *block, const unsigned char *now,
                    struct coil_error *error)
{
    if (!block->range->snapshot)
        block->range->snapshot = coil_arena_take(&m->arena, block->range->size);
    if (!block->range->snapshot)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    memcpy(coil_block_snapshot(block), now, block->size);
    block->in = true;
    return 0;
}

/* Writes what is not zero: of an array with a length() that is not known yet, nothing else is Python's. */
static void write_nonzero(unsigned char *own, const unsigned char *now, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (now[i])
            own[i] = now[i];
}

static int write_back(struct back *b, bool ends)
{
    COIL_CLEANUP(coil_memory_free) unsigned char *copy = NULL;
    struct coil_block *block = &b->scope->marshal->blocks[b->number];
    unsigned char *staged = coil_block_staged(block);
    int r = 0;

    b->now = staged;
    b->size = ends ? returned_size(block) : block->size;
    b->before = block->in ? coil_block_snapshot(block) : NULL;
    if (block->in && (!b->before || memcmp(staged, b->before, b->size) == 0))
        return 0;
    if (block->shape) {
        copy = malloc(block->size ? block->size : 1);
        if (!copy)
            return coil_error_set(b->error, -ENOMEM, "no memory for what Python has changed");
        memcpy(copy, staged, block->size);
        b->now = copy;
    }
    if (!block->in && !ends)
        r = remember(b->scope->marshal, block, b->now, b->error);
    if (r < 0)
        return r;
    if (block->shape)
        (void)coil_places_visit_elements(block->link->image, block->shape, b->size, look_at, b);
    if (b->before)
        write_changes(block->own, b->now, b->before, b->size);
    else if (ends || block->value->length == 0)
        memcpy(block->own, b->now, b->size);
    else
        write_nonzero(block->own, b->now, b->size);
    return b->result;
}

int coil_marshal_back(struct coil_scope *scope, bool ends, struct coil_error *error)
{
    struct coil_marshal *m = scope->marshal;
    int result = 0;

    /* Those without a length first: a length may be behind one of them. */
    for (int with_length = 0; m && with_length <= 1; with_length++)
        for (uint32_t i = 0; i < m->block_count; i++) {
            struct coil_block *block = &m->blocks[i];
            struct back b = { .scope = scope, .number = i, .block = block, .error = result < 0 ? NULL : error };

            if (block->back && !block->lost && (block->value->length != 0) == with_length) {
                int r = write_back(&b, ends);

                if (result == 0)
                    result = r;
            }
        }
    if (m && m->root_count > 0 && ends) {
        int r = coil_marshal_lend(scope, true, result < 0 ? NULL : error);

        if (result == 0)
            result = r;
    }
    return result;
}
