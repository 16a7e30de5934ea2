/*
 * Where shared memory lies: the window of each session, the heap of each generation, the program's own
 * memory, function slots, and the tokens of ffi.new_handle().
 *
 * A session has three memfds, created and sized by the supervisor, sealed
 * against growing and shrinking, and mapped at the same addresses in the client
 * and in the worker:
 *
 *     base + 0                requests   client writes, worker reads (mapped read-only there)
 *     base + REPLIES_OFFSET   replies    worker writes, client reads (mapped read-only there)
 *     base + STAGING_OFFSET   staging    both read and write; each allocates in its own half
 *
 * `requests` and `replies` start with the control pages: one control block per
 * channel and side (proto/channel.h); then one ring per channel.  `replies` has the
 * error values between them.  Behind the rings each has a table that says what its writer's function slots stand for.
 *
 *     base + FUNCTIONS_OFFSET slots of the program's functions: code page from a file, data page private
 *
 * Base addresses are multiples of COIL_WINDOW_STRIDE between COIL_RANGE_BEGIN and
 * COIL_WINDOWS_END.  Behind the windows: heaps, one per generation (Python's shared objects, and the slots of
 * functions that Python made); regions of the program's memory (coil_alloc), which
 * the client chooses; and tokens, which are addresses that nothing is ever mapped at.  All of it lies in
 * a range that plain and AddressSanitizer processes leave free.
 */
#ifndef COIL_WINDOW_H
#define COIL_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "proto/slots.h"

#define COIL_RANGE_BEGIN UINT64_C(0x200000000000)
#define COIL_RANGE_END UINT64_C(0x500000000000)
#define COIL_WINDOWS_END UINT64_C(0x300000000000) /* 16 TiB of windows */
#define COIL_HEAPS_BEGIN COIL_WINDOWS_END         /* 8 TiB of heaps */
#define COIL_HEAPS_END UINT64_C(0x380000000000)
#define COIL_TOKENS_BEGIN UINT64_C(0x480000000000) /* 8 TiB of tokens */
#define COIL_TOKENS_END COIL_RANGE_END
#ifdef __SANITIZE_THREAD__
/* ThreadSanitizer leaves none of this range to programs; unit tests without a worker have their regions here. */
#define COIL_REGIONS_BEGIN UINT64_C(0x1000000000)
#define COIL_REGIONS_END UINT64_C(0x8000000000)
#else
#define COIL_REGIONS_BEGIN COIL_HEAPS_END /* 16 TiB of program memory */
#define COIL_REGIONS_END COIL_TOKENS_BEGIN
#endif

#define COIL_CHANNELS_MAX 1024u /* threads of one program that call at once */
#define COIL_RING_SIZE 32768u   /* bytes; a power of two */
#define COIL_RING_RESERVED 4096u /* of it, when a channel begins: I10 in proto/ring.h */
#define COIL_CONTROL_SIZE 128u  /* bytes of control per channel and side */
#define COIL_CONTROLS_SIZE (COIL_CHANNELS_MAX * COIL_CONTROL_SIZE)
#define COIL_ERROR_VALUES_SIZE 65536u /* published error values of the session's modules */
#define COIL_ERROR_VALUES_RESERVED 4096u /* of them, when a session begins; the worker asks for more */

/* Offsets within `requests`. */
#define COIL_REQUESTS_CONTROL(channel) ((size_t)(channel)*COIL_CONTROL_SIZE)
#define COIL_REQUESTS_RING(channel) (COIL_CONTROLS_SIZE + (size_t)(channel)*COIL_RING_SIZE)
#define COIL_REQUESTS_FUNCTIONS (COIL_REQUESTS_RING(COIL_CHANNELS_MAX)) /* the program's */
#define COIL_REQUESTS_SIZE (COIL_REQUESTS_FUNCTIONS + COIL_SLOTS_TABLE_SIZE)

/* Offsets within `replies`. */
#define COIL_REPLIES_CONTROL(channel) ((size_t)(channel)*COIL_CONTROL_SIZE)
#define COIL_REPLIES_ERROR_VALUES ((size_t)COIL_CONTROLS_SIZE)
#define COIL_REPLIES_RING(channel) (COIL_CONTROLS_SIZE + COIL_ERROR_VALUES_SIZE + (size_t)(channel)*COIL_RING_SIZE)
#define COIL_REPLIES_FUNCTIONS (COIL_REPLIES_RING(COIL_CHANNELS_MAX)) /* Python's */
#define COIL_REPLIES_SIZE (COIL_REPLIES_FUNCTIONS + COIL_SLOTS_TABLE_SIZE)

#define COIL_STAGING_SIZE (UINT64_C(1) << 32)
#define COIL_STAGING_CLIENT_SIZE (COIL_STAGING_SIZE / 2) /* the lower half is the client's */

/* The end of the worker's half: for each channel, what its one-way calls have brought along, while they run. */
#define COIL_ONEWAY_ROOM 32768u
#define COIL_STAGING_ONEWAY(channel) (COIL_STAGING_SIZE - (uint64_t)(COIL_CHANNELS_MAX - (channel)) * COIL_ONEWAY_ROOM)
#define COIL_STAGING_WORKER_SIZE (COIL_STAGING_ONEWAY(0) - COIL_STAGING_CLIENT_SIZE)

/* Offsets from the window's base. */
#define COIL_REQUESTS_OFFSET UINT64_C(0)
#define COIL_REPLIES_OFFSET (UINT64_C(1) << 30)
#define COIL_FUNCTIONS_OFFSET (UINT64_C(1) << 31)
#define COIL_STAGING_OFFSET (UINT64_C(1) << 32)
#define COIL_WINDOW_STRIDE (UINT64_C(1) << 33)
#define COIL_WINDOW_COUNT ((unsigned)((COIL_WINDOWS_END - COIL_RANGE_BEGIN) / COIL_WINDOW_STRIDE))

/* A generation's heap: one memfd; behind it its function slots. */
#define COIL_HEAP_SIZE (UINT64_C(1) << 35)
#define COIL_HEAP_FUNCTIONS_OFFSET COIL_HEAP_SIZE
#define COIL_HEAP_STRIDE (UINT64_C(1) << 36)
#define COIL_HEAP_COUNT ((unsigned)((COIL_HEAPS_END - COIL_HEAPS_BEGIN) / COIL_HEAP_STRIDE))

/* A region of program memory: a memfd of a multiple of this size, at a multiple of it. */
#define COIL_REGION_UNIT (UINT64_C(1) << 26)
#define COIL_REGION_SIZE_MAX (UINT64_C(1) << 40)

/* Where a window may lie. */
static inline int coil_window_is_valid(uint64_t base)
{
    return base >= COIL_RANGE_BEGIN && base <= COIL_WINDOWS_END - COIL_WINDOW_STRIDE && base % COIL_WINDOW_STRIDE == 0;
}

/* Where a heap may lie. */
static inline int coil_heap_is_valid(uint64_t base)
{
    return base >= COIL_HEAPS_BEGIN && base <= COIL_HEAPS_END - COIL_HEAP_STRIDE && base % COIL_HEAP_STRIDE == 0;
}

/* Where a region may lie. */
static inline int coil_region_is_valid(uint64_t base, uint64_t size)
{
    return size > 0 && size <= COIL_REGION_SIZE_MAX && size % COIL_REGION_UNIT == 0 && base >= COIL_REGIONS_BEGIN &&
           base <= COIL_REGIONS_END - size && base % COIL_REGION_UNIT == 0;
}

#endif
