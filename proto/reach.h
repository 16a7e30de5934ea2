/*
 * Does all that is followed lead into memory that both sides see?
 *
 * Python reads behind the pointers that a program sends, and the program behind those it
 * gets.  Before that, they are followed from a frame as far as the descriptor says, and each must lead, with all
 * that it leads to, into shared memory.  That memory may change while it is looked at, so what is
 * judged is a copy; what the other side changes later is its own affair.
 */
#ifndef COIL_REACH_H
#define COIL_REACH_H

#include "proto/places.h"

/* Blocks that one walk follows; more is taken for a mistake. */
#define COIL_REACH_BLOCKS_MAX (1u << 22)

/* A pointer that leads elsewhere. */
struct coil_reach_stray {
    uint64_t place;    /* where it lies: in the frame, or in shared memory */
    uint64_t address;  /* where it leads */
    bool is_outermost; /* it lies in the frame itself */
    bool is_function;  /* it is a function pointer */
    const struct coil_path *path;
};

/* What a walk asks its caller.  All with `context`. */
struct coil_reach {
    const struct coil_descriptor *image; /* checked */

    /* Do both sides see [address, address + size)? */
    bool (*is_shared)(void *context, uint64_t address, uint64_t size);

    /*
     * A pointer leads elsewhere; not 0 ends the walk with that result.  NULL: nobody asks, and what cannot be followed,
     * also for its length, is passed over.
     */
    int (*stray)(void *context, const struct coil_reach_stray *stray);

    /* Is a function pointer that is not NULL one that can be called on the other side?  NULL: nobody asks. */
    bool (*is_callable)(void *context, const struct coil_descriptor_value *value, uint64_t address);

    bool only_structs; /* only what has pointers in it is looked at; of the rest the length is evaluated */

    /* Every pointer that is not NULL, opaque ones included, and where it lies.  May be NULL. */
    void (*seen)(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address);
    void *context;

    /*
     * Where the bytes of a shared address are looked at for the end of a string or array; NULL: at the address.
     * What lies there may change at any time.
     */
    const unsigned char *(*bytes)(void *context, uint64_t address);

    /*
     * A followed pointer leads to `size` bytes (not 0) that both see; from here on what is at the address itself counts.
     * False: it leads elsewhere.  May be NULL.
     */
    bool (*take)(void *context, const struct coil_descriptor_value *value, uint64_t address, uint64_t size);
};

/* The pointers that a walk begins with: `count` values in `frame`, which is private memory. */
struct coil_reach_frame {
    const struct coil_descriptor_value *values;
    uint32_t count;
    uint32_t first_value;  /* what lengths are said over: the values from here on ... */
    const void *arguments; /* ... in this frame; private memory, too */
    const void *frame;
};

/* 0; -E2BIG: more than COIL_REACH_BLOCKS_MAX; -ERANGE: a length is none; -ENOMEM; with words; or what stray() returned.
 */
int coil_reach_walk(const struct coil_reach *reach, const struct coil_reach_frame *frame, struct coil_error *error);

/* Memory that a walk begins with: elements of a shape (1 + index). */
struct coil_reach_block {
    uint64_t address, size;
    uint32_t shape;
};

/* The same from blocks that have been found to be shared.  Pointers have no names then, so nobody may ask for strays. */
int coil_reach_walk_blocks(const struct coil_reach *reach, const struct coil_reach_block *blocks, size_t count,
                           struct coil_error *error);

#endif
