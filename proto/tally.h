/*
 * Tallies: how many calls of each module there have been, how many went wrong, and how long they took.
 *
 * A worker counts, for each module by its slot, in a memfd that the supervisor has made for it and reads whenever
 * somebody wants to know.  Counting happens with the GIL, so there is one writer at a time, and no read-modify-write
 * instructions are needed; the reader may see one number older than another, which is good enough for people.
 *
 * How long a call took is looked at for every one of a module whose calls are slow enough not to notice, and for some
 * of the others (daemon/worker/tally.c).  One that was looked at stands for those since the last one.
 *
 * The histogram is log-linear: eight buckets for each power of two, so that a bucket's bounds are at most an eighth
 * apart.  The first has everything below 128 ns, the last everything from 2^42 ns (73 minutes) on.
 */
#ifndef COIL_TALLY_H
#define COIL_TALLY_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

#define COIL_TALLY_SLOTS 4096u /* modules of a worker: as many as there are slots */
#define COIL_TALLY_SIZE 4096u  /* bytes of each: a page, so that only those that are used need memory */
#define COIL_TALLIES_SIZE ((uint64_t)COIL_TALLY_SLOTS * COIL_TALLY_SIZE)

#define COIL_TALLY_FIRST_BIT 7u /* 128 ns */
#define COIL_TALLY_LAST_BIT 42u
#define COIL_TALLY_BUCKETS ((COIL_TALLY_LAST_BIT - COIL_TALLY_FIRST_BIT) * 8u + 2u)

/* Written by the worker, read by the supervisor; all relaxed. */
struct coil_tally {
    _Atomic uint64_t calls;    /* handlers that have returned */
    _Atomic uint64_t errors;   /* those of them that raised an exception, or were not attached */
    _Atomic uint64_t total_ns; /* how long all of them took, as far as is known */
    uint64_t unused[5];
    _Atomic uint64_t buckets[COIL_TALLY_BUCKETS];
};

static_assert(sizeof(struct coil_tally) <= COIL_TALLY_SIZE, "a tally fits its place");
static_assert(sizeof(_Atomic uint64_t) == 8, "shared layout");

/* Which bucket a duration belongs to. */
static inline unsigned coil_tally_bucket(uint64_t ns)
{
    unsigned bit;

    if (ns < UINT64_C(1) << COIL_TALLY_FIRST_BIT)
        return 0;
    bit = 63u - (unsigned)__builtin_clzll(ns);
    if (bit >= COIL_TALLY_LAST_BIT)
        return COIL_TALLY_BUCKETS - 1;
    return 1 + (bit - COIL_TALLY_FIRST_BIT) * 8 + (unsigned)(ns >> (bit - 3) & 7);
}

/* Where the bucket begins; that of the last but one ends there.  `bucket` may be COIL_TALLY_BUCKETS - 1 at most. */
static inline uint64_t coil_tally_begin(unsigned bucket)
{
    unsigned step = bucket ? bucket - 1 : 0;

    return bucket ? (8 + (uint64_t)(step & 7)) << (COIL_TALLY_FIRST_BIT + step / 8 - 3) : 0;
}

/* How long calls take of which so many of 1000 are quicker; 0: nothing is known. */
static inline uint64_t coil_tally_quantile_ns(const uint64_t buckets[COIL_TALLY_BUCKETS], unsigned per_mille)
{
    uint64_t known = 0, wanted, seen = 0;
    unsigned i = 0;

    for (unsigned j = 0; j < COIL_TALLY_BUCKETS; j++)
        known += buckets[j];
    if (known == 0)
        return 0;
    wanted = known / 1000 * per_mille + known % 1000 * per_mille / 1000;
    if (wanted >= known)
        wanted = known - 1;
    /* The first bucket that has more than so many, together with those before it; its middle. */
    while (i < COIL_TALLY_BUCKETS - 1 && (seen += buckets[i]) <= wanted)
        i++;
    return i == COIL_TALLY_BUCKETS - 1 ? coil_tally_begin(i) : (coil_tally_begin(i) + coil_tally_begin(i + 1)) / 2;
}

#endif
