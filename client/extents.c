/*
 * Stretches of memory, found by address and by size.
 *
 * A treap: a search tree by address whose random priorities keep it flat, and in which each node
 * knows the largest stretch below it, so that the lowest one that is large enough is found in
 * one descent.  The nodes belong to the caller; no operation needs memory.
 *
 * Called by alloc.c, with its lock.
 */
#include "client/memory.h"

static uint32_t random_priority(void)
{
    static uint32_t state = 2463534242u;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void update(struct coil_extent *e)
{
    e->largest = e->size;
    if (e->left && e->left->largest > e->largest)
        e->largest = e->left->largest;
    if (e->right && e->right->largest > e->largest)
        e->largest = e->right->largest;
}

/* Splits a tree into what begins before `address` and the rest. */
static void split(struct coil_extent *e, uint64_t address, struct coil_extent **ret_left,
                  struct coil_extent **ret_right)
{
    if (!e) {
        *ret_left = NULL;
        *ret_right = NULL;
    } else if (e->begin < address) {
        split(e->right, address, &e->right, ret_right);
        update(e);
        *ret_left = e;
    } else {
        split(e->left, address, ret_left, &e->left);
        update(e);
        *ret_right = e;
    }
}

/* All of `left` lies before all of `right`. */
static struct coil_extent *join(struct coil_extent *left, struct coil_extent *right)
{
    if (!left || !right)
        return left ? left : right;
    if (left->priority > right->priority) {
        left->right = join(left->right, right);
        update(left);
        return left;
    }
    right->left = join(left, right->left);
    update(right);
    return right;
}

void coil_extents_insert(struct coil_extent **root, struct coil_extent *extent)
{
    struct coil_extent *left, *right;

    extent->priority = random_priority();
    extent->left = NULL;
    extent->right = NULL;
    update(extent);
    split(*root, extent->begin, &left, &right);
    *root = join(join(left, extent), right);
}

void coil_extents_remove(struct coil_extent **root, struct coil_extent *extent)
{
    struct coil_extent *left, *rest, *same, *right;

    split(*root, extent->begin, &left, &rest);
    split(rest, extent->begin + 1, &same, &right);
    *root = join(left, right);
}

struct coil_extent *coil_extents_fit(struct coil_extent *e, uint64_t size)
{
    while (e && e->largest >= size) {
        if (e->left && e->left->largest >= size)
            e = e->left;
        else if (e->size >= size)
            return e;
        else
            e = e->right;
    }
    return NULL;
}

struct coil_extent *coil_extents_before(struct coil_extent *e, uint64_t address)
{
    struct coil_extent *found = NULL;

    while (e) {
        if (e->begin <= address) {
            found = e;
            e = e->right;
        } else {
            e = e->left;
        }
    }
    return found;
}

struct coil_extent *coil_extents_after(struct coil_extent *e, uint64_t address)
{
    struct coil_extent *found = NULL;

    while (e) {
        if (e->begin > address) {
            found = e;
            e = e->left;
        } else {
            e = e->right;
        }
    }
    return found;
}
