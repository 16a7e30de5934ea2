/*
 * Function slots: addresses that two processes can call alike.
 *
 * A slot area is code and, behind it, data.  The code comes from a file (proto/slots_code.S) and is the same in every
 * process, so it is never written and works where memory cannot be made executable.  The data is each
 * process's own: one word per slot, which says where the slot leads here.  In the
 * process that has the function it leads to the function; elsewhere to a closure that sends a frame.  An empty
 * slot asks first (coil_slots_resolver), because a thread may arrive before anybody has told its process about the
 * slot.
 *
 *     area          code   COIL_SLOTS * 32 bytes; slot 0 is none
 *     area + code   data   COIL_SLOTS words; the first leads to the resolver
 *
 * Areas begin at multiples of COIL_SLOTS_ALIGNMENT: one in each session's window, for the program's functions, and
 * one behind each generation's heap, for the functions that Python makes (proto/window.h).  What a slot stands for its
 * maker says in a table in shared memory, one word per slot: struct coil_slot_entry.
 */
#ifndef COIL_SLOTS_H
#define COIL_SLOTS_H

#define COIL_SLOTS 16384 /* per area; a power of two */
#define COIL_SLOT_SIZE 32
#define COIL_SLOTS_CODE_SIZE (COIL_SLOTS * COIL_SLOT_SIZE)
#define COIL_SLOTS_MARK "coil slots 0001." /* the second 16 bytes of the code */

#ifndef __ASSEMBLER__

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

#define COIL_SLOTS_DATA_SIZE (COIL_SLOTS * sizeof(uint64_t))
#define COIL_SLOTS_SIZE (COIL_SLOTS_CODE_SIZE + COIL_SLOTS_DATA_SIZE)
#define COIL_SLOTS_ALIGNMENT (UINT64_C(1) << 31)
#define COIL_SLOTS_TABLE_SIZE (COIL_SLOTS * sizeof(uint64_t)) /* of entries, in shared memory */

/*
 * Where the empty slot `index` of `area` leads: called by whatever thread calls the slot, without any lock, at any
 * time.  It may fill the slot.  Never 0; coil_slots_nothing() is a way out.  errno is kept for it.
 */
typedef uint64_t coil_slots_resolve_fn(uint64_t area, uint32_t index);

/* This process's; set before the first area is mapped. */
extern coil_slots_resolve_fn *coil_slots_resolver;

/* Returns zero, whatever its type is declared to be.  For its address only. */
void coil_slots_nothing(void);

/* Opens the file with the code.  -ENOENT, -EINVAL with words.  The caller closes it. */
int coil_slots_open(const char *path, int *ret_fd, struct coil_error *error);

/*
 * Maps an area with empty slots.  `replace`: over whatever is mapped there (an area whose slots go stale, a
 * reservation); else -EEXIST if something is.  Other errors with words; nothing stays mapped then, unless something
 * was.
 */
int coil_slots_map(uint64_t area, int fd, bool replace, struct coil_error *error);
void coil_slots_unmap(uint64_t area);

/* Empties all slots of a mapped area at once. */
void coil_slots_clear(uint64_t area);

static inline uint64_t coil_slot_address(uint64_t area, uint32_t index)
{
    return area + (uint64_t)index * COIL_SLOT_SIZE;
}

/* The number of the slot at `address`; 0 if it is no slot of this area. */
static inline uint32_t coil_slot_index(uint64_t area, uint64_t address)
{
    return address > area && address - area < COIL_SLOTS_CODE_SIZE && (address - area) % COIL_SLOT_SIZE == 0
               ? (uint32_t)((address - area) / COIL_SLOT_SIZE)
               : 0;
}

static inline _Atomic uint64_t *coil_slot_word(uint64_t area, uint32_t index)
{
    return (_Atomic uint64_t *)(uintptr_t)(area + COIL_SLOTS_CODE_SIZE) + index;
}

/* Where the slot leads in this process; 0: it is empty.  A closure is whole before its slot leads to it. */
static inline void coil_slot_lead(uint64_t area, uint32_t index, uint64_t target)
{
    atomic_store_explicit(coil_slot_word(area, index), target,
                          memory_order_release); /* F; read in proto/slots_code.S */
}

/*
 * What a slot stands for, as its maker tells the other side in one atomic word of a table that the other
 * side maps read-only.
 */
struct coil_slot_entry {
    uint32_t number;  /* never the same for another function: 0: no function */
    bool is_function; /* `index` is that of an extern "Python" function; else of a signature */
    uint32_t module;  /* the number by which the worker knows it */
    uint32_t index;
};

/*
 * Makes sure that there is memory behind the entry `index` of a table in shared memory, so that writing it cannot fail
 * any more.  -ENOMEM with words.
 */
int coil_slots_table_prepare(_Atomic uint64_t *table, uint32_t index, struct coil_error *error);

static inline uint64_t coil_slot_entry_pack(struct coil_slot_entry entry)
{
    return (uint64_t)entry.number << 32 | (uint64_t)entry.is_function << 31 | (uint64_t)(entry.module & 0x7fffu) << 16 |
           (entry.index & 0xffffu);
}

static inline struct coil_slot_entry coil_slot_entry_unpack(uint64_t word)
{
    return (struct coil_slot_entry){ .number = (uint32_t)(word >> 32),
                                     .is_function = word >> 31 & 1,
                                     .module = (uint32_t)(word >> 16) & 0x7fffu,
                                     .index = (uint32_t)word & 0xffffu };
}

/*
 * The numbers of slots that are used again: the slot's index, and how often it has been used.  A number comes back
 * after 2^32 functions.
 */
static inline uint32_t coil_slot_number_index(uint32_t number)
{
    return number & (COIL_SLOTS - 1);
}

static inline uint32_t coil_slot_number_next(uint32_t number)
{
    return number + COIL_SLOTS;
}

#endif
#endif
