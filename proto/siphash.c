/*
 * SipHash-2-4-128, little-endian, with the all-zero key.
 *
 * A descriptor is named by its hash on every program start, so the hash must
 * be cheap without set-up; it guards against accidents, not against forgery: who may
 * offer a descriptor is decided by identity.
 */
#include "proto/siphash.h"

#include <string.h>

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_rounds(struct sip_state *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

static inline void sip_absorb(struct sip_state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_rounds(s, 2);
    s->v0 ^= word;
}

void coil_siphash128(const void *data, size_t size, uint8_t ret_hash[16])
{
    /* The specification's initial state, with key 0 and the mark of the 128-bit variant in v1. */
    struct sip_state s = {
        UINT64_C(0x736f6d6570736575),
        UINT64_C(0x646f72616e646f6d) ^ 0xee,
        UINT64_C(0x6c7967656e657261),
        UINT64_C(0x7465646279746573),
    };
    const uint8_t *bytes = data;
    size_t whole = size & ~(size_t)7;
    uint64_t word, half;

    for (size_t i = 0; i < whole; i += 8) {
        memcpy(&word, bytes + i, 8);
        sip_absorb(&s, word);
    }
    word = (uint64_t)size << 56;
    for (size_t i = 0; i < (size & 7); i++)
        word |= (uint64_t)bytes[whole + i] << (8 * i);
    sip_absorb(&s, word);

    s.v2 ^= 0xee;
    sip_rounds(&s, 4);
    half = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    memcpy(ret_hash, &half, 8);
    s.v1 ^= 0xdd;
    sip_rounds(&s, 4);
    half = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    memcpy(ret_hash + 8, &half, 8);
}
