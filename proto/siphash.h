/* SipHash-2-4 with a 128-bit result (Aumasson, Bernstein: "SipHash: a fast short-input PRF"). */
#ifndef COIL_SIPHASH_H
#define COIL_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* Hashes `size` bytes under the all-zero key. */
void coil_siphash128(const void *data, size_t size, uint8_t ret_hash[16]);

#endif
