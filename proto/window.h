/*
 * The window: where a session's shared memory lies.
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
 * error values between them.
 *
 * Base addresses are multiples of COIL_WINDOW_STRIDE between COIL_RANGE_BEGIN and
 * COIL_RANGE_END, a range that plain and AddressSanitizer processes leave free.
 */
#ifndef COIL_WINDOW_H
#define COIL_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#define COIL_RANGE_BEGIN UINT64_C(0x200000000000)
#define COIL_RANGE_END UINT64_C(0x500000000000)

#define COIL_CHANNELS_MAX 1024u /* threads of one program that call at once */
#define COIL_RING_SIZE 16384u   /* bytes; a power of two */
#define COIL_CONTROL_SIZE 128u  /* bytes of control per channel and side */
#define COIL_CONTROLS_SIZE (COIL_CHANNELS_MAX * COIL_CONTROL_SIZE)
#define COIL_ERROR_VALUES_SIZE 65536u /* published error values of the session's modules */

/* Offsets within `requests`. */
#define COIL_REQUESTS_CONTROL(channel) ((size_t)(channel)*COIL_CONTROL_SIZE)
#define COIL_REQUESTS_RING(channel) (COIL_CONTROLS_SIZE + (size_t)(channel)*COIL_RING_SIZE)
#define COIL_REQUESTS_SIZE (COIL_CONTROLS_SIZE + (size_t)COIL_CHANNELS_MAX * COIL_RING_SIZE)

/* Offsets within `replies`. */
#define COIL_REPLIES_CONTROL(channel) ((size_t)(channel)*COIL_CONTROL_SIZE)
#define COIL_REPLIES_ERROR_VALUES ((size_t)COIL_CONTROLS_SIZE)
#define COIL_REPLIES_RING(channel) (COIL_CONTROLS_SIZE + COIL_ERROR_VALUES_SIZE + (size_t)(channel)*COIL_RING_SIZE)
#define COIL_REPLIES_SIZE (COIL_REPLIES_RING(COIL_CHANNELS_MAX))

#define COIL_STAGING_SIZE (UINT64_C(1) << 32)
#define COIL_STAGING_CLIENT_SIZE (COIL_STAGING_SIZE / 2) /* the lower half is the client's */

/* Offsets from the window's base. */
#define COIL_REQUESTS_OFFSET UINT64_C(0)
#define COIL_REPLIES_OFFSET (UINT64_C(1) << 30)
#define COIL_STAGING_OFFSET (UINT64_C(1) << 32)
#define COIL_WINDOW_STRIDE (UINT64_C(1) << 33)
#define COIL_WINDOW_COUNT ((unsigned)((COIL_RANGE_END - COIL_RANGE_BEGIN) / COIL_WINDOW_STRIDE))

/* Where a window may lie. */
static inline int coil_window_is_valid(uint64_t base)
{
    return base >= COIL_RANGE_BEGIN && base <= COIL_RANGE_END - COIL_WINDOW_STRIDE && base % COIL_WINDOW_STRIDE == 0;
}

#endif
